package consent

import (
	"encoding/json"
	"strings"
	"testing"
)

// disclosed is a disclosure and its digest.
func disclosed(t testing.TB, items ...any) (text, digest string) {
	t.Helper()
	b, err := json.Marshal(items)
	if err != nil {
		t.Fatal(err)
	}
	text = b64(string(b))
	return text, digestOf(text)
}

// visible is a grant with the four limits that must stand in the signed part.
func visible() object {
	return aGrant().set("consent.channel", []string{"*"}).set("consent.works", []string{"*"}).set("consent.exclude", []string{})
}

// TestDisclosures walks SD-JWTs that hold and their named corruptions. RFC 9901; consent format 1, 3.1.
func TestDisclosures(t *testing.T) {
	licence, dLicence := disclosed(t, "salt-licence", "licence", object{"uri": "https://x.test"})
	sub, dSub := disclosed(t, "salt-sub", "sub", person)
	noText, dNoText := disclosed(t, "salt-sub", "sub", 5)
	inner, dInner := disclosed(t, "salt-inner", "colour", "red")
	outer, dOuter := disclosed(t, "salt-outer", "extra", object{"_sd": []string{dInner}})
	element, dElement := disclosed(t, "salt-element", "blue")
	face, dFace := disclosed(t, "salt-face", "face")
	hidden := object{"...": dFace}
	one := func(name string, v any) (string, string) { return disclosed(t, "salt-"+name, name, v) }
	purpose, dPurpose := one("purpose", []string{"*"})
	cnf, dCnf := one("cnf", object{})
	reserved, dReserved := one("_sd", []string{})
	dots, dDots := one("...", "x")
	bare, dBare := disclosed(t, "salt", "two")
	number, dNumber := disclosed(t, 1, "licence", "x")
	long, dLong := disclosed(t, "s", "licence", "x", "y")
	junk := "AAAA"
	commit, dCommit := one("sub_commit", "x")
	deep, dDeep := disclosed(t, "s", "deep", json.RawMessage(strings.Repeat("[", 7)+strings.Repeat("]", 7)))
	levels := func(inner any, n int) any {
		for range n {
			inner = object{"a": inner}
		}
		return inner
	}
	deepObject, dDeepObject := one("deep", levels(object{}, 6))
	edge, dEdge := one("deep", levels(object{"_sd": []string{}}, 4))
	other, dOther := disclosed(t, "another salt", "licence", object{"uri": "https://y.test"})
	unnamed, dUnnamed := disclosed(t, "salt", 1, "x")
	wrapped, dWrapped := disclosed(t, "salt-wrapped", object{"_sd": "x"})
	members := b64(`{"a":"salt","b":"licence","c":"x"}`)
	loose := b64(`["s","licence","x"]   `) // the last of its characters has four unused bits
	loose = loose[:len(loose)-1] + "B"
	const broken, missing = "consent.token.disclosureInvalid", "consent.token.missingClaim"
	digests := func(d ...string) []string { return d }
	for _, c := range []struct {
		name    string
		payload object
		given   []string
		want    string
	}{
		{"nothing to disclose", visible(), nil, ""},
		{"licence disclosed", visible().set("consent._sd", digests(dLicence)), digests(licence), ""},
		{"licence hidden", visible().set("consent._sd", digests(dLicence)), nil, ""},
		{"sub disclosed", visible().set("sub", nil).set("_sd", digests(dSub)), digests(sub), ""},
		{"sub hidden", visible().set("sub", nil).set("_sd", digests(dSub)), nil, missing},
		{"_sd_alg sha-256", visible().set("_sd_alg", "sha-256"), nil, ""},
		{"_sd_alg sha-512", visible().set("_sd_alg", "sha-512"), nil, broken},
		{"_sd_alg a number", visible().set("_sd_alg", 1), nil, broken},
		{"a decoy", visible().set("_sd", digests("decoy")), nil, ""},
		{"one inside another", visible().set("_sd", digests(dOuter)), digests(outer, inner), ""},
		{"the inner one without the outer", visible().set("_sd", digests(dOuter)), digests(inner), broken},
		{"an element of an unknown member", visible().set("colours", []any{object{"...": dElement}}), digests(element), ""},
		{"an element hidden", visible().set("colours", []any{object{"...": dElement}}), nil, ""},
		{"an element digest with another member", visible().set("colours", []any{object{"...": dElement, "x": 1}}), digests(element), broken},
		{"a member disclosed among elements", visible().set("colours", []any{object{"...": dLicence}}), digests(licence), broken},
		{"an element disclosed among members", visible().set("_sd", digests(dBare)), digests(bare), broken},
		{"territory missing", visible().set("consent.territory", nil), nil, missing},
		{"channel missing", visible().set("consent.channel", nil), nil, missing},
		{"works missing", visible().set("consent.works", nil), nil, missing},
		{"exclude missing", visible().set("consent.exclude", nil), nil, missing},
		{"purpose disclosed", visible().set("consent.purpose", nil).set("consent._sd", digests(dPurpose)), digests(purpose), broken},
		{"cnf disclosed", visible().set("cnf", nil).set("_sd", digests(dCnf)), digests(cnf), broken},
		{"sub_commit disclosed", visible().set("_sd", digests(dCommit)), digests(commit), broken},
		{"a member hidden in cnf", visible().set("cnf._sd", digests("x")), nil, broken},
		{"a member hidden in status", visible().set("status._sd", digests("x")), nil, broken},
		{"a member hidden in asset", visible().set("consent.asset", object{"alg": "sha256", "hash": "x", "of": "file", "_sd": digests("x")}), nil, broken},
		{"a name that is there", visible().set("consent.licence", object{"uri": "y"}).set("consent._sd", digests(dLicence)), digests(licence), broken},
		{"the name _sd", visible().set("_sd", digests(dReserved)), digests(reserved), broken},
		{"the name ...", visible().set("_sd", digests(dDots)), digests(dots), broken},
		{"a digest that is not signed", visible(), digests(licence), broken},
		{"given twice", visible().set("consent._sd", digests(dLicence)), digests(licence, licence), broken},
		{"a digest twice", visible().set("consent._sd", digests(dLicence, dLicence)), digests(licence), broken},
		{"a digest twice, in two places", visible().set("consent._sd", digests(dLicence)).set("_sd", digests(dLicence)), digests(licence), broken},
		{"a digest that is no text", visible().set("_sd", []int{1}), nil, broken},
		{"_sd that is no array", visible().set("_sd", "x"), nil, broken},
		{"a salt that is no text", visible().set("consent._sd", digests(dNumber)), digests(number), broken},
		{"four parts", visible().set("consent._sd", digests(dLong)), digests(long), broken},
		{"no JSON", visible(), digests(junk), broken},
		{"no JSON array", visible().set("consent._sd", digests(digestOf(members))), digests(members), broken},
		{"an empty array", visible(), digests(b64("[]")), broken},
		{"unused bits that are set", visible().set("consent._sd", digests(digestOf(loose))), digests(loose), broken},
		{"a name that is no text", visible().set("_sd", digests(dUnnamed)), digests(unnamed), broken},
		{"two with one name", visible().set("consent._sd", digests(dLicence, dOther)), digests(licence, other), broken},
		{"a member of the payload's, unknown in consent", visible().set("consent._sd", digests(dCnf)), digests(cnf), ""},
		{"a member of consent's, unknown in the payload", visible().set("_sd", digests(dPurpose)), digests(purpose), ""},
		{"inside unknown members, whatever they are called", visible().set("extra", object{
			"consent": object{"_sd": digests(dPurpose)}, "aud": object{"_sd": digests(dLicence)}, "purpose": object{"_sd": digests(dInner)},
		}), digests(purpose, licence, inner), ""},
		{"_sd_alg in cnf is a member that nobody knows", visible().set("cnf._sd_alg", "sha-256"), nil, "consent.binding.signerMismatch"},
		{"a member hidden two levels down in status", visible().set("status.status_list._sd", digests("x")), nil, broken},
		{"sub disclosed, and no text", visible().set("sub", nil).set("_sd", digests(dNoText)), digests(noText), "consent.token.malformed"},
		{"no consent", visible().set("consent", nil), nil, missing},
		{"an element hidden in status", visible().set("status.extra", []any{object{"...": dElement}}), digests(element), broken},
		{"an element digest that is no text", visible().set("colours", []any{object{"...": 1}}), nil, broken},
		{"an element digest twice", visible().set("colours", []any{object{"...": dElement}, object{"...": dElement}}), digests(element), broken},
		{"an element that breaks the rules itself", visible().set("colours", []any{object{"...": dWrapped}}), digests(wrapped), broken},
		{"objects nested past the limit", visible().set("a", object{"b": object{"_sd": digests(dDeepObject)}}), digests(deepObject), broken},
		{"objects nested up to the limit", visible().set("a", object{"b": object{"_sd": digests(dEdge)}}), digests(edge), ""},
		{"nested past the limit", visible().set("a", object{"b": object{"_sd": digests(dDeep)}}), digests(deep), broken},
	} {
		t.Run(c.name, func(t *testing.T) {
			checkDisclosed(t, c.payload, c.given, c.want)
		})
	}
	// Elements of what limits a grant have a type of their own, and fail by their form already.
	t.Run("an element of modality hidden", func(t *testing.T) {
		checkDisclosed(t, visible().set("consent.modality", []any{"voice", hidden}), []string{face}, "consent.token.malformed")
	})
}

func checkDisclosed(t *testing.T, payload object, given []string, want string) {
	t.Helper()
	k := testKey(t, "performer", "Ed25519")
	raw := signText(t, head().set("typ", "consent+sd-jwt").text(t), payload.text(t), k) + "~" + strings.Join(append(given, ""), "~")
	w := newWorld(t)
	r := w.c.check(tokenInput{raw: raw, entry: w.e})
	got := ""
	if len(r.atGeneration.failures) > 0 {
		got = r.atGeneration.failures[0]
	}
	if got != want {
		t.Errorf("got %q, want %q: %v", got, want, r.findings)
	}
	if _, says := payload["consent"]; !says && !r.verified {
		t.Error("a token that grants nothing is its issuer's word all the same")
	}
}

// TestDisclosuresInPlace: what is disclosed stands where its digest stood, and nothing of the digests is left.
// RFC 9901, 7.1.
func TestDisclosuresInPlace(t *testing.T) {
	colour, dColour := disclosed(t, "1", "red")
	inner, dInner := disclosed(t, "2", "inner", true)
	outer, dOuter := disclosed(t, "3", "outer", object{"a": 1, "_sd": []string{dInner, "decoy 1"}})
	payload, bad := parseJSON(object{
		"_sd": []string{"decoy 0", dOuter}, "_sd_alg": "sha-256", "plain": object{"_sd_alg": "x", "b": nil},
		"colours": []any{"blue", object{"...": dColour}, object{"...": "decoy 2"}, object{"c": 2}},
	}.text(t), "payload", tokenJSON)
	if bad != nil {
		t.Fatal(bad)
	}
	out, err := disclose(payload, []string{inner, colour, outer})
	const want = `{"colours":["blue","red",{"c":2}],"plain":{"_sd_alg":"x","b":null},"outer":{"a":1,"inner":true}}`
	if got := string(out.encode(nil)); err != nil || got != want {
		t.Errorf("%s, %v, want %s", got, err, want)
	}
}

// TestDisclosureForm shows the rules that hold before any signature is looked at.
func TestDisclosureForm(t *testing.T) {
	k := testKey(t, "performer", "Ed25519")
	raw := signText(t, head().set("typ", "consent+sd-jwt").text(t), visible().text(t), k)
	for name, c := range map[string]struct {
		text  string
		large bool
	}{
		"no final ~":           {raw + "~WyJhIl0", false},
		"a key binding behind": {raw + "~" + raw, false},
		"an empty one":         {raw + "~~", false},
		"padding":              {raw + "~WyJhIl0=~", false},
		"65 disclosures":       {raw + strings.Repeat("~AA", maxDisclosures+1) + "~", true},
	} {
		if _, err := parseCompact(c.text, tokenForm); err == nil || err.Large != c.large {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := parseCompact(raw+strings.Repeat("~AA", maxDisclosures)+"~", tokenForm); err != nil {
		t.Errorf("64 disclosures: %v", err)
	}
}
