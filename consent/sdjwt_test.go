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
