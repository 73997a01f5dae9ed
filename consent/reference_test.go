package consent

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/consentry/consentry/report"
)

// TestReferences says what would be asked of the network: what a manifest that holds names and that is not at hand,
// each once. Consent format 1, 2 and 6.
func TestReferences(t *testing.T) {
	const address, status = "https://performer.test/token", "https://performer.test/status"
	grant := minted(t, aGrant())
	brief := minted(t, aGrant().set("status", nil).set("exp", made.Unix()+days(6)))
	unlisted := signAs(t, "consent+jwt", aGrant().set("iss", "https://else.test"), testKey(t, "else", "Ed25519"))
	ref := func(uri, text string) object { return object{"uri": uri, "s256": digestOf(text)} }
	value := func(text string) object { return object{"jwt": text} }
	fresh := listToken(t, aList(2, packed(t, 64, 2, 6, 1)))
	ended := listToken(t, aList(2, packed(t, 64, 2, 6, 1)).set("exp", made.Unix()))
	elsewhere := listToken(t, aList(2, packed(t, 64, 2, 6, 1)).set("sub", "https://performer.test/other"))
	list := func(uri string) string { return uri + " " }
	token := func(uri, text string) string { return uri + " " + digestOf(text) }
	of := func(state string, tokens ...object) *Facts {
		items := make([]any, len(tokens))
		for i, o := range tokens {
			items[i] = o
		}
		return &Facts{Now: today, Manifest: Manifest{Label: "active", State: state, Created: true}, Assertion: &Declaration{Bytes: []byte(object{"v": 1, "completeness": "complete", "people": []any{}, "tokens": items}.text(t))}}
	}
	with := func(f *Facts, files ...string) *Facts {
		f.Files = map[string]string{}
		for i := 0; i < len(files); i += 2 {
			f.Files[files[i]] = files[i+1]
		}
		return f
	}
	byDigest := func(f *Facts, text string) *Facts {
		f.TokensAtHand = ByDigest([]string{text})
		return f
	}
	parent := of(ManifestTrusted)
	parent.Assertion, parent.Ingredients = nil, []Ingredient{
		{Relationship: "parentOf", Manifest: Manifest{Label: "a", State: ManifestTrusted, Created: true}, Assertion: of("", ref(address, grant)).Assertion},
		{Relationship: "parentOf", Manifest: Manifest{Label: "b", State: ManifestInvalid, Created: true}, Assertion: of("", ref(address+"2", grant)).Assertion},
	}
	beside := of(ManifestAbsent)
	beside.Assertion, beside.AssetSHA256 = nil, digest
	key := testKey(t, "provider", "Ed25519")
	sidecar := func(hash string) *Facts {
		f := *beside
		f.Sidecar = signAs(t, "consent-sidecar+jwt", object{
			"iss": generator, "iat": made.Unix(), "asset": object{"alg": "sha256", "hash": hash},
			"consent": object{"v": 1, "completeness": "complete", "people": []any{}, "tokens": []any{ref(address, grant)}},
		}, key)
		return &f
	}
	for _, c := range []struct {
		name  string
		facts *Facts
		lists []string // at hand
		none  bool     // no trust at all
		want  []string
	}{
		{name: "nothing is declared", facts: &Facts{Now: today, Manifest: Manifest{State: ManifestTrusted}}},
		{name: "the list of a token by value", facts: of(ManifestTrusted, value(grant)), want: []string{list(status)}},
		{name: "a list that is at hand", facts: of(ManifestTrusted, value(grant)), lists: []string{fresh}},
		{name: "a list that has ended", facts: of(ManifestTrusted, value(grant)), lists: []string{ended}, want: []string{list(status)}},
		{name: "a list that has ended, and one that has not", facts: of(ManifestTrusted, value(grant)), lists: []string{ended, fresh}},
		{name: "another list", facts: of(ManifestTrusted, value(grant)), lists: []string{elsewhere}, want: []string{list(status)}},
		{name: "a token that needs no list", facts: of(ManifestTrusted, value(brief))},
		{name: "a token of an issuer on no list", facts: of(ManifestTrusted, value(unlisted))},
		{name: "no token", facts: of(ManifestTrusted, value("x"))},
		{name: "nobody is trusted", facts: of(ManifestTrusted, value(grant), ref(address, brief)), none: true, want: []string{token(address, brief)}},
		{name: "a token that is not at hand", facts: of(ManifestTrusted, ref(address, grant)), want: []string{token(address, grant)}},
		{name: "a token without an address", facts: of(ManifestTrusted, ref("", grant))},
		{name: "a token that is at hand", facts: with(of(ManifestTrusted, ref(address, grant)), address, grant), want: []string{list(status)}},
		{name: "a token that is at hand by its digest", facts: byDigest(of(ManifestTrusted, ref(address, grant)), grant), want: []string{list(status)}},
		{name: "another token in its place", facts: with(of(ManifestTrusted, ref(address, grant)), address, brief)},
		{
			name: "each once, in their order", facts: of(ManifestTrusted, ref(address, grant), value(grant), ref(address, grant), ref(address+"2", grant), value(grant)),
			want: []string{token(address, grant), list(status), token(address+"2", grant)},
		},
		{name: "a signer on no list", facts: of(ManifestValid, ref(address, grant)), want: []string{token(address, grant)}},
		{name: "a manifest that does not hold", facts: of(ManifestInvalid, ref(address, grant), value(grant))},
		{name: "a manifest of no state", facts: of("", ref(address, grant), value(grant))},
		{name: "manifests of earlier versions, of which one holds", facts: parent, want: []string{token(address, grant)}},
		{name: "a sidecar", facts: sidecar(digest), want: []string{token(address, grant)}},
		{name: "a sidecar of another file", facts: sidecar(digestOf("x"))},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := testList(t)
			l.Entry(generator).Keys = []*IssuerKey{{Kid: "provider", Key: key.Public}}
			trust := &Trust{List: l}
			if c.none {
				trust = nil
			}
			var got []string
			for _, r := range References(c.facts, trust.WithStatusLists(c.lists)) {
				got = append(got, r.URI+" "+r.S256)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%q, want %q", got, c.want)
			}
			if c.none {
				if n := len(References(c.facts, nil)); n != len(c.want) {
					t.Errorf("%d without a trust", n)
				}
			}
		})
	}
	before := &Trust{StatusLists: slices.Grow([]string{"a"}, 4)}
	one, two := before.WithStatusLists([]string{"b"}), before.WithStatusLists([]string{"c"})
	if got := fmt.Sprint(before.StatusLists, one.StatusLists, two.StatusLists); got != "[a] [a b] [a c]" {
		t.Error(got)
	}
}

// TestSidecars holds one good sidecar and its named corruptions: each has its one code. Consent format 1, 2 (Without
// C2PA).
func TestSidecars(t *testing.T) {
	key := testKey(t, "provider", "Ed25519")
	header := object{"alg": "EdDSA", "typ": "consent-sidecar+jwt", "kid": "7"}
	payload := object{"iss": generator, "iat": made.Unix(), "asset": object{"alg": "sha256", "hash": digest}, "consent": declaring("p1", "x")}
	good := signText(t, header.text(t), payload.text(t), key)
	head := func(name string, to any) string {
		return signText(t, header.set(name, to).text(t), payload.text(t), key)
	}
	body := func(path string, to any) string {
		return signText(t, header.text(t), payload.set(path, to).text(t), key)
	}
	entry := func(change func(*Issuer)) func(*TrustList) {
		return func(l *TrustList) { change(l.Entry(generator)) }
	}
	revoked := func(d int64) func(*TrustList) {
		return entry(func(i *Issuer) { i.Keys[0].RevokedAt = new64(made.Unix() + d) })
	}
	const mismatch, unknown = "consent.binding.assetMismatch", "consent.token.keyUnknown"
	for _, c := range []struct {
		name, text string
		trust      func(*TrustList)
		facts      func(*Facts)
		want       string // empty: it is used
	}{
		{name: "good", text: good},
		{name: "no token", text: "x", want: "consent.token.malformed"},
		{name: "too large", text: good + strings.Repeat("A", 2*MaxAssertion), want: "consent.input.tooLarge"},
		{name: "alg none", text: head("alg", "none"), want: "consent.token.algUnsupported"},
		{name: "alg none, of an issuer on no list", text: signText(t, header.set("alg", "none").text(t), payload.set("iss", "https://else.test").text(t), key), want: "consent.token.algUnsupported"},
		{name: "no alg", text: head("alg", nil), want: "consent.token.algUnsupported"},
		{name: "alg of another key", text: head("alg", "ES256"), want: "consent.token.algUnsupported"},
		{name: "a token's typ", text: head("typ", "consent+jwt"), want: "consent.token.typeMismatch"},
		{name: "no typ", text: head("typ", nil), want: "consent.token.typeMismatch"},
		{name: "room for disclosures", text: good + "~", want: "consent.token.typeMismatch"},
		{name: "an issuer on no list", text: body("iss", "https://else.test"), want: "consent.issuer.untrusted"},
		{name: "an issuer that is no text", text: body("iss", 1), want: "consent.issuer.untrusted"},
		{name: "a studio", text: good, trust: entry(func(i *Issuer) { i.Roles = []string{"studio"} })},
		{name: "a performer", text: good, trust: entry(func(i *Issuer) { i.Roles = []string{"performer"} }), want: "consent.issuer.roleNotPermitted"},
		{name: "no iat", text: body("iat", nil), want: "consent.token.missingClaim"},
		{name: "an iat that is no date", text: body("iat", "today"), want: "consent.token.missingClaim"},
		{name: "an iat before all dates", text: body("iat", -1), want: "consent.token.missingClaim"},
		{name: "no kid", text: head("kid", nil), want: unknown},
		{name: "a kid that is a number", text: head("kid", 7), want: unknown},
		{name: "another kid", text: head("kid", "8"), want: unknown},
		{name: "a key for status lists", text: good, trust: entry(func(i *Issuer) { i.Keys[0].Use = []string{UseStatus} }), want: unknown},
		{name: "a key that was not in use yet", text: good, trust: entry(func(i *Issuer) { i.Keys[0].NotBefore = new64(made.Unix() + 1) }), want: unknown},
		{name: "a key that was revoked", text: good, trust: revoked(-1), want: "consent.issuer.keyRevoked"},
		{name: "a key that was revoked since: nothing shows that the sidecar is older", text: good, trust: revoked(3600), want: "consent.issuer.keyRevoked"},
		{name: "a key of a type that is not allowed", text: good, trust: entry(func(i *Issuer) { i.Keys[0].Key = nil }), want: "consent.token.algUnsupported"},
		{name: "signed by another key", text: signText(t, header.text(t), payload.text(t), testKey(t, "guild", "Ed25519")), want: "consent.token.signatureInvalid"},
		{name: "dated five minutes ahead", text: body("iat", today.Unix()+skew)},
		{name: "dated further ahead", text: body("iat", today.Unix()+skew+1), want: "consent.token.notYetValid"},
		{name: "no asset", text: body("asset", nil), want: "consent.binding.missing"},
		{name: "an asset that is no object", text: body("asset", digest), want: "consent.binding.missing"},
		{name: "another digest", text: body("asset.hash", digestOf("x")), want: mismatch},
		{name: "another kind of digest", text: body("asset.alg", "sha512"), want: mismatch},
		{name: "no digest", text: body("asset.hash", nil), want: mismatch},
		{name: "no digest, and the file has none", text: body("asset.hash", nil), facts: func(f *Facts) { f.AssetSHA256 = "" }, want: mismatch},
		{name: "a file without digest", text: good, facts: func(f *Facts) { f.AssetSHA256 = "" }, want: mismatch},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := testList(t)
			l.Entry(generator).Keys = []*IssuerKey{{Kid: "7", Key: key.Public}}
			f := &Facts{Now: today, AssetSHA256: digest, Sidecar: c.text}
			if c.trust != nil {
				c.trust(l)
			}
			if c.facts != nil {
				c.facts(f)
			}
			s, findings := ReadSidecar(f, &Trust{List: l})
			j := Judge(f, &Trust{List: l}, Terms{})
			if (j.Sidecar != nil) != (c.want == "") || c.want != "" && !report.Has(j.Findings, c.want) {
				t.Errorf("judged: %v, %v", j.Sidecar, j.Findings)
			}
			switch {
			case c.want == "" && (s == nil || len(findings) > 0 || s.Issuer != generator || !s.Generated || s.t.Kind != "T1"):
				t.Errorf("%+v, %v", s, findings)
			case c.want != "" && (s != nil || len(findings) != 1 || findings[0].Code != c.want || findings[0].Where != "sidecar"):
				t.Errorf("%+v, %v, want %s", s, findings, c.want)
			}
		})
	}
	bare := signText(t, header.text(t), payload.set("consent.generation", nil).text(t), key)
	l := testList(t)
	l.Entry(generator).Keys = []*IssuerKey{{Kid: "7", Key: key.Public}}
	if s, _ := ReadSidecar(&Facts{Now: today, AssetSHA256: digest, Sidecar: bare}, &Trust{List: l}); s == nil || s.Generated {
		t.Errorf("without a generation: %+v", s)
	}
	for name, trust := range map[string]*Trust{"no trust": nil, "no list": {}} {
		if s, findings := ReadSidecar(&Facts{Now: today, AssetSHA256: digest, Sidecar: good}, trust); s != nil || len(findings) != 1 || findings[0].Code != "consent.issuer.untrusted" {
			t.Errorf("%s: %+v, %v", name, s, findings)
		}
	}
	if s, findings := ReadSidecar(&Facts{}, nil); s != nil || findings != nil {
		t.Errorf("no sidecar: %+v, %v", s, findings)
	}
}
