package consent

import (
	"encoding/base64"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestThreats shows beaten, one by one, those threats of section 11 that a single token can carry. Those that need a
// whole file are shown where files are judged.
func TestThreats(t *testing.T) {
	key := testKey(t, "performer", "Ed25519")
	p256 := testKey(t, "guardian", "P-256")
	g := aGrant().text(t)
	with := func(header object, payload string) string { return signText(t, header.text(t), payload, key) }
	twice := strings.Replace(g, `"sub":`, `"sub":"hand:10.23/P-9","sub":`, 1)
	deputy := stranger(t, "deputy")
	chain := func(end func(object) object) string {
		return aChain(t, []delegate{listedDelegate(t, "performer"), deputy}, nil, end)
	}
	stranger := testKey(t, "stranger", "Ed25519")
	jwk := object{"kty": "OKP", "crv": "Ed25519", "x": stranger.Public.x}
	elsewhere := func(w *world) { w.c.signer = &Signer{SPKI: "eA", X5T: "eQ", JKT: "eg", Trusted: true} }
	runRows(t, []row{
		{name: "token replayed onto another signer's file", token: aGrant(), file: elsewhere, want: "consent.token.audienceMismatch"},
		{name: "token replayed onto another file of its audience", token: aGrant().set("aud", []string{"*"}), file: elsewhere, want: "consent.binding.signerMismatch"},
		{name: "clearance moved to another file", token: clearance(), file: func(w *world) { w.c.hardBinding.SHA256 = digestOf("other") }, want: "consent.binding.assetMismatch"},
		{name: "token for another person", token: aGrant(), file: func(w *world) { w.e.subject.ID = "10.23/P-9" }, want: "consent.token.subjectMismatch"},
		{name: "right person, wrong modality", token: aGrant(), file: func(w *world) { w.e.modality = []string{"body"} }, want: "consent.scope.modality"},
		{name: "right person, wrong purpose", token: aGrant(), file: func(w *world) { w.c.generation.Purpose = []string{"political"} }, want: "consent.scope.purpose"},
		{name: "right person, wrong territory", token: aGrant(), file: func(w *world) { w.c.generation.Territory = []string{"JP"} }, want: "consent.scope.territory"},
		{name: "alg none", raw: b64(head().set("alg", "none").text(t)) + "." + b64(g) + ".", want: "consent.token.algUnsupported"},
		{name: "HS256 with the public key", raw: with(head().set("alg", "HS256"), g), want: "consent.token.algUnsupported"},
		{name: "ES256 key with EdDSA", raw: signText(t, object{"alg": "EdDSA", "typ": "consent+jwt", "kid": "guardian"}.text(t), by("guardian").text(t), p256), of: "guardian", want: "consent.token.algUnsupported"},
		{name: "duplicate members", raw: with(head(), twice), want: "consent.token.malformed"},
		{name: "crit", raw: with(head().set("crit", []string{"exp"}), g), want: "consent.token.malformed"},
		{name: "header jwk", raw: signText(t, head().set("jwk", jwk).text(t), g, stranger), want: "consent.token.signatureInvalid"},
		{name: "expired at generation", token: aGrant().set("exp", at(-time.Hour)), want: "consent.token.expired"},
		{name: "expired since", token: aGrant().set("exp", at(time.Hour)), now: "consent.token.expired", info: "consent.token.expiredSince"},
		{name: "revoked before generation", token: aGrant(), file: revokedAt(-time.Hour), want: "consent.token.revoked"},
		{name: "revoked after generation, withdrawn", token: aGrant().set("consent.post_revocation", "withdraw"), file: revokedAt(time.Hour), now: "consent.token.revoked"},
		{name: "revoked after generation, surviving", token: aGrant(), file: revokedAt(time.Hour), info: "consent.token.revokedSince"},
		{name: "rogue issuer", raw: signText(t, object{"alg": "EdDSA", "typ": "consent+jwt", "kid": "k"}.text(t), aGrant().set("iss", "https://rogue.test").text(t), stranger), want: "consent.issuer.untrusted"},
		{name: "rogue issuer under a listed name", raw: signText(t, head().text(t), g, stranger), want: "consent.token.signatureInvalid"},
		{name: "agency outside its roster", token: by("agency").set("sub", "hand:10.23/P-9"), of: "agency", file: func(w *world) { w.e.subject.ID = "10.23/P-9" }, want: "consent.issuer.notAuthorizedForSubject"},
		{name: "agency after the person left it", token: by("agency"), of: "agency", file: func(w *world) {
			w.c.roster = func(_ string, _ openSubject, at time.Time) bool { return at.Before(made) }
		}, want: "consent.issuer.notAuthorizedForSubject"},
		{name: "widened delegation", raw: chain(func(o object) object { return o.set("consent.purpose", []string{"*"}) }), want: "consent.delegation.scopeWidened"},
		{name: "guild that grants", token: by("guild"), want: "consent.issuer.roleNotPermitted"},
		{name: "platform for another audience", token: by("platform").set("aud", []string{generator}), of: "platform", want: "consent.issuer.roleNotPermitted"},
		{name: "minor with an adult's token", token: aGrant(), file: func(w *world) { w.e.minor = true }, want: "consent.subject.minor"},
		{name: "deceased without estate", token: aGrant(), file: func(w *world) { w.e.kind = "deceased" }, want: "consent.subject.estateMissing"},
		{name: "names with bidi and control characters", token: aGrant().set("sub", person+"\u202e"), want: "consent.token.subjectMismatch"},
	})
}

func revokedAt(d time.Duration) func(*world) {
	return func(w *world) {
		w.c.revocation = func(string, string) *revocation { return &revocation{at: made.Add(d)} }
	}
}

// TestLimits goes to each limit of the token layer that no other test goes to, and one past it.
func TestLimits(t *testing.T) {
	k := testKey(t, "performer", "Ed25519")
	pad := func(text string, size int) []byte { return []byte(text + strings.Repeat(" ", size-len(text))) }
	jwk := string(k.Public.JWK())
	for _, c := range []struct {
		name string
		ok   bool
		try  func() error
	}{
		{"key file", true, func() error { _, err := ParseKey(pad(jwk, maxKeyText)); return err }},
		{"key file, one past", false, func() error { _, err := ParseKey(pad(jwk, maxKeyText+1)); return err }},
		{"private key file, one past", false, func() error { _, err := ParsePrivateKey(pad("{}", maxKeyText+1)); return err }},
		{"claims", true, func() error {
			_, err := readDescription(pad("{}", maxClaims), "claims", maxClaims, tokenJSON)
			return err
		}},
		{"claims, one past", false, func() error {
			_, err := readDescription(pad("{}", maxClaims+1), "claims", maxClaims, tokenJSON)
			return err
		}},
		{"keys of an issuer", true, func() error { _, err := ParseTrustList([]byte(manyKeys(t, maxIssuerKeys))); return err }},
		{"keys of an issuer, one past", false, func() error { _, err := ParseTrustList([]byte(manyKeys(t, maxIssuerKeys+1))); return err }},
		{"values of a trust list", true, func() error { _, err := ParseTrustList([]byte(manyIDs(maxListNodes))); return err }},
		{"values of a trust list, one past", false, func() error { _, err := ParseTrustList([]byte(manyIDs(maxListNodes + 1))); return err }},
		{"values of a status list", true, func() error { return formed(strings.Repeat("0,", maxStatusNodes-3)+"0", statusForm) }},
		{"values of a status list, one past", false, func() error { return formed(strings.Repeat("0,", maxStatusNodes-2)+"0", statusForm) }},
		{"values of a registry bundle", true, func() error { return formed(strings.Repeat("0,", maxBundleNodes-3)+"0", bundleForm) }},
		{"values of a registry bundle, one past", false, func() error { return formed(strings.Repeat("0,", maxBundleNodes-2)+"0", bundleForm) }},
		{"nesting of a registry bundle", true, func() error { return formed(nested(maxBundleDepth-2), bundleForm) }},
		{"nesting of a registry bundle, one past", false, func() error { return formed(nested(maxBundleDepth-1), bundleForm) }},
		{"trust list", true, func() error { _, err := ParseTrustList(pad(testTrust(t).text(t), maxTrustList)); return err }},
		{"trust list, one past", false, func() error { _, err := ParseTrustList(pad(testTrust(t).text(t), maxTrustList+1)); return err }},
	} {
		if err := c.try(); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	lst := aList(2, packed(t, 8, 2, 0, 0))
	many := slices.Repeat([]string{listToken(t, lst)}, maxStatusLists+1)
	if got := len(newStatusLists(many).byURI["https://performer.test/status"]); got != maxStatusLists {
		t.Errorf("%d status lists are kept", got)
	}
	bare := listToken(t, lst.set("pad", ""))
	if _, err := parseStatusList(listToken(t, lst.set("pad", strings.Repeat("x", (maxStatusText-len(bare))/4*3-3)))); err != nil {
		t.Errorf("a status list of just the limit: %v", err)
	}
	if _, err := parseStatusList(listToken(t, lst.set("pad", strings.Repeat("x", maxStatusText/4*3)))); err == nil || !err.Large {
		t.Errorf("a status list past the limit: %v", err)
	}
}

// formed reads a JWS whose payload is an object with one array of these items, and says only whether the form holds.
func formed(items string, lim formLimits) error {
	b64 := base64.RawURLEncoding.EncodeToString
	raw := b64([]byte(`{"alg":"EdDSA"}`)) + "." + b64([]byte(`{"a":[`+items+`]}`)) + ".AAAA"
	if _, err := parseCompact(raw, lim); err != nil {
		return err
	}
	return nil
}

// nested is n arrays one inside the other.
func nested(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }

func manyKeys(t *testing.T, n int) string {
	jwk := string(testKey(t, "performer", "Ed25519").Public.JWK())
	var b strings.Builder
	for i := range n {
		b.WriteString(`,{"kid":"` + strings.Repeat("k", i+1) + `","jwk":` + jwk + `}`)
	}
	return `{"v":1,"sequence":0,"entries":[{"id":"x","roles":[],"keys":[` + b.String()[1:] + `]}]}`
}

// manyIDs is a trust list of n JSON values.
func manyIDs(n int) string {
	const others = 10 // the list, v, sequence, entries, the entry, id, roles, subjects, mode, ids
	return `{"v":1,"sequence":0,"entries":[{"id":"x","roles":[],"subjects":{"mode":"list","ids":[` + strings.Repeat(`"a",`, n-others-1) + `"a"]}}]}`
}
