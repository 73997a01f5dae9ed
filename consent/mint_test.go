package consent

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"
)

const described = `
iss: https://performer.test
sub: hand:10.23/P-1
aud: [https://generator.test]
exp: 2027-01-01
status: {status_list: {idx: 5, uri: https://performer.test/status}}
consent:
  type: grant
  modality: [face, voice]
  operation: [generate]
  purpose: [entertainment]
  territory: [US]
  subject_status: adult
  authority: self
  custody: self
`

// TestMint mints what holds, and shows that what is minted is verified by the reader of any file.
func TestMint(t *testing.T) {
	when := made.Add(-time.Hour)
	for _, curve := range []string{"Ed25519", "P-256", "P-384"} {
		for _, text := range []string{described, strings.Replace(described, "2027-01-01", "+90d", 1), aGrant().set("exp", "+36h").set("status", nil).text(t)} {
			for _, hide := range [][]string{nil, {"sub"}, {"sub", "colour"}} {
				if hide != nil && !strings.HasPrefix(text, "{") {
					continue
				}
				claims := text
				if hide != nil {
					claims = visible().set("colour", "red").text(t)
				}
				key := testKey(t, "performer", curve)
				raw, err := Mint(MintInput{Claims: []byte(claims), Key: key, Now: when, Disclose: hide, Random: bytes.NewReader(make([]byte, 256))})
				if err != nil {
					t.Fatalf("%s: %v", curve, err)
				}
				w := newWorld(t)
				w.c.trust.Entry(issuerURI("performer")).Keys[0].Key = key.Public
				if r := w.c.check(tokenInput{raw: raw, entry: w.e}); len(r.atGeneration.failures) > 0 || r.atGeneration.level != "E3" && r.atGeneration.level != "E4" {
					t.Errorf("%s: %v", curve, r.findings)
				}
			}
		}
	}
}

// TestMintRefuses names what is not made: what no reader would accept.
func TestMintRefuses(t *testing.T) {
	guardian := by("guardian").set("aud", []string{generator})
	for _, c := range []struct {
		name    string
		claims  object
		hide    []string
		because string
	}{
		{"no issuer", aGrant().set("iss", nil), nil, "missingClaim"},
		{"no subject", aGrant().set("sub", nil), nil, "missingClaim"},
		{"no audience", aGrant().set("aud", nil), nil, "missingClaim"},
		{"no end", aGrant().set("exp", nil), nil, "missingClaim"},
		{"an end that is no time", aGrant().set("exp", "soon"), nil, "no RFC 3339 time"},
		{"ended already", aGrant().set("exp", at(-2*time.Hour)), nil, "expired"},
		{"too long", aGrant().set("exp", at(0)+maxLife+day), nil, "lifetimeExceeded"},
		{"too long for a minor", guardian.set("exp", at(0)+maxMinor+day), nil, "lifetimeExceeded"},
		{"no status", aGrant().set("status", nil), nil, "missingClaim"},
		{"an unknown type", aGrant().set("consent.type", "wish"), nil, "malformed"},
		{"a guild's grant", aGrant().set("consent.authority", "guild"), nil, "roleNotPermitted"},
		{"an authority that nobody knows", aGrant().set("consent.authority", "oracle"), nil, "roleNotPermitted"},
		{"a guardian for an adult", guardian.set("consent.subject_status", "adult"), nil, "roleNotPermitted"},
		{"a minor's own", aGrant().set("consent.subject_status", "minor"), nil, "guardianMissing"},
		{"a clearance without asset", aGrant().set("consent.type", "clearance"), nil, "binding.missing"},
		{"intimate content by an agency", aGrant().set("consent.authority", "agency").set("consent.permit_content", []string{"nudity"}), nil, "permits nothing"},
		{"a studio without chain", aGrant().set("consent.authority", "studio").set("consent.works", []string{"w"}), nil, "delegation.missing"},
		{"a broken chain", aGrant().set("consent.chain", []string{"a.b.c"}), nil, "link 0"},
		{"purpose hidden", visible(), []string{"consent.purpose"}, "must be visible"},
		{"cnf hidden", visible(), []string{"cnf"}, "must be visible"},
		{"hidden and not there", visible(), []string{"consent.licence"}, "is not there"},
		{"hidden, and the limits open", aGrant(), []string{"sub"}, "does not stand in the signed part"},
		{"too large", aGrant().set("pad", strings.Repeat("x", maxToken)), nil, "limit"},
		{"nested too deep", aGrant().set("x", []any{[]any{[]any{[]any{[]any{[]any{[]any{[]any{}}}}}}}}), nil, "nested deeper"},
	} {
		t.Run(c.name, func(t *testing.T) {
			raw, err := Mint(MintInput{Claims: []byte(c.claims.text(t)), Key: testKey(t, "performer", "Ed25519"), Now: made.Add(-time.Hour), Disclose: c.hide})
			if err == nil || !strings.Contains(err.Error(), c.because) {
				t.Errorf("error %v, want one that says %q", err, c.because)
			}
			if err != nil && raw != "" {
				var m *RefusedError
				if errors.As(err, &m) {
					t.Error("a token beside an error")
				}
			}
		})
	}
	for name, text := range map[string]string{
		"an anchor": "a: &x 1\nb: *x\n", "a merge": "a: &x {b: 1}\nc: {<<: *x}\n", "a list": "- 1\n", "a name twice": "a: 1\na: 2\n",
		"a tag": "a: !!binary AAAA\n", "a fraction in a date": "exp: 1.5\n", "nothing": "",
	} {
		if raw, err := Mint(MintInput{Claims: []byte(text), Key: testKey(t, "performer", "Ed25519"), Now: made}); err == nil || raw != "" {
			t.Errorf("%s: minted", name)
		}
	}
}

// TestMintChain mints a delegation and a token under it.
func TestMintChain(t *testing.T) {
	performer, deputy := listedDelegate(t, "performer"), stranger(t, "deputy")
	link, err := Mint(MintInput{Claims: []byte(aLink(deputy, 1).set("iss", performer.id).text(t)), Key: performer.key, Now: made})
	if err != nil {
		t.Fatal(err)
	}
	claims := aGrant().set("iss", deputy.id).set("consent.exclude", []string{"violence"}).set("consent.chain", []string{link})
	raw, err := Mint(MintInput{Claims: []byte(claims.text(t)), Key: deputy.key, Now: made})
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	if r := w.c.check(tokenInput{raw: raw, entry: w.e}); len(r.atGeneration.failures) > 0 {
		t.Errorf("%v", r.findings)
	}
	if _, err := Mint(MintInput{Claims: []byte(claims.text(t)), Key: testKey(t, "else", "P-256"), Now: made}); err == nil {
		t.Error("another key than the delegate's signs")
	}
	if _, err := Mint(MintInput{Claims: []byte(claims.set("consent.exclude", nil).text(t)), Key: deputy.key, Now: made}); err == nil {
		t.Error("a delegate grants more than was lent")
	}
}

func TestVerifyToken(t *testing.T) {
	w := newWorld(t)
	list := listToken(t, aList(2, packed(t, 64, 2, 6, 1)))
	for _, c := range []struct {
		name           string
		in             VerifyInput
		token          object
		valid, unknown bool
	}{
		{"holds", VerifyInput{Trust: w.c.trust, Status: []string{list}}, aGrant(), true, false},
		{"for this subject", VerifyInput{Trust: w.c.trust, Status: []string{list}, Subject: w.e.subject}, aGrant(), true, false},
		{"for another subject", VerifyInput{Trust: w.c.trust, Status: []string{list}, Subject: &Subject{Scheme: "hand", ID: "x"}}, aGrant(), false, false},
		{"for another subject, and the status is not known", VerifyInput{Trust: w.c.trust, Subject: &Subject{Scheme: "hand", ID: "x"}}, aGrant(), false, false},
		{"for another subject, and nobody is trusted", VerifyInput{Status: []string{list}, Subject: &Subject{Scheme: "hand", ID: "x"}}, aGrant(), false, true},
		{"nobody is trusted", VerifyInput{Status: []string{list}}, aGrant(), false, true},
		{"the status is not known", VerifyInput{Trust: w.c.trust}, aGrant(), false, true},
		{"a clearance for some content", VerifyInput{Trust: w.c.trust, Status: []string{list}}, clearance(), true, false},
		{"a clearance for no content", VerifyInput{Trust: w.c.trust, Status: []string{list}}, clearance().set("consent.asset", nil), false, false},
		{"for one request", VerifyInput{Trust: w.c.trust, Status: []string{list}}, aGrant().set("consent.request_id", "r-1"), true, false},
		{"expired", VerifyInput{Trust: w.c.trust, Status: []string{list}}, aGrant().set("exp", at(0)), false, false},
	} {
		c.in.Now = today
		v := VerifyToken(minted(t, c.token), c.in)
		if v.Valid != c.valid || v.Unknown != c.unknown {
			t.Errorf("%s: valid %v, unknown %v, %v", c.name, v.Valid, v.Unknown, v.Findings)
		}
	}
}

// TestTokensThatAreNone: whoever they are asked for, they are not valid, and nothing of them is shown.
func TestTokensThatAreNone(t *testing.T) {
	good := signAs(t, "consent+sd-jwt", visible(), testKey(t, "performer", "Ed25519"))
	for name, raw := range map[string]string{"nothing": "", "no token": "x", "a broken payload": strings.Replace(good, ".", ".e30", 1), "a broken disclosure": good + "~QUJD~", "a disclosure of a part of a byte": good + "~QUF~"} {
		v := VerifyToken(raw, VerifyInput{Trust: newWorld(t).c.trust, Now: today, Subject: &Subject{Scheme: "hand", ID: "10.23/P-1"}})
		if v.Valid || v.Unknown || v.Verified || len(v.Findings) == 0 {
			t.Errorf("%s: %+v", name, v)
		}
		s, err := Show(raw)
		if err == nil || s != nil {
			t.Errorf("%s: shown as %+v", name, s)
		}
		if where := "disclosures[0]"; strings.Contains(name, "disclosure") && (err == nil || !strings.Contains(err.Error(), where)) {
			t.Errorf("%s: %v does not say where", name, err)
		}
	}
	text, _ := disclosed(t, "salt", "licence", object{"uri": "https://x.test"})
	s, err := Show(good + "~" + text + "~")
	if err != nil || len(s.Disclosures) != 1 || string(s.Disclosures[0]) != `["salt","licence",{"uri":"https://x.test"}]` {
		t.Errorf("%+v, %v", s, err)
	}
}

// TestGenerateKey makes a key of each algorithm, and nothing else.
func TestGenerateKey(t *testing.T) {
	for _, alg := range []string{AlgEdDSA, AlgES256, AlgES384} {
		k, err := GenerateKey(alg)
		if err != nil || k.Alg() != alg {
			t.Fatalf("%s: %v", alg, err)
		}
		text, err := k.PEM()
		if err != nil {
			t.Fatal(err)
		}
		back, err := ParsePrivateKey(text)
		if err != nil {
			t.Fatal(err)
		}
		sig, err := back.sign("x")
		if err != nil || !k.Public.verify(alg, "x", sig) {
			t.Errorf("%s: the key that was written does not sign like the one that was made: %v", alg, err)
		}
	}
	for _, alg := range []string{"RS256", "ES512", "HS256", "none", ""} {
		if k, err := GenerateKey(alg); err == nil || k != nil {
			t.Errorf("%q: a key was made", alg)
		}
	}
	for name, text := range map[string]string{
		"no key": "hello", "a public key": string(testKey(t, "k", "P-256").Public.JWK()), "an empty block": "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n",
		"a private part that is no text": `{"kty":"OKP","crv":"Ed25519","d":1,"x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`,
	} {
		if k, err := ParsePrivateKey([]byte(text)); err == nil || k != nil {
			t.Errorf("%s: read as a private key", name)
		}
	}
}

// TestMintRefusesDelegations names delegations that lend nothing, or that no chain could hold.
func TestMintRefusesDelegations(t *testing.T) {
	performer, deputy := listedDelegate(t, "performer"), stranger(t, "deputy")
	good := aLink(deputy, 1).set("iss", performer.id)
	for _, c := range []struct {
		name    string
		claims  object
		because string
	}{
		{"max_depth 0", good.set("max_depth", 0), "max_depth"},
		{"max_depth 4", good.set("max_depth", 4), "max_depth"},
		{"no max_depth", good.set("max_depth", nil), "max_depth"},
		{"ends before it begins", good.set("exp", at(-100*time.Hour)), "ends before"},
		{"to oneself", good.set("delegate.id", performer.id), "its own issuer"},
		{"lends nothing", good.set("consent.purpose", nil), "delegates nothing"},
		{"no key", good.set("delegate.jwk", nil), "jwk"},
		{"no scope", good.set("consent", nil), "consent"},
		{"no subject", good.set("sub", nil), "sub"},
	} {
		raw, err := Mint(MintInput{Claims: []byte(c.claims.text(t)), Key: performer.key, Now: made})
		if err == nil || raw != "" || !strings.Contains(err.Error(), c.because) {
			t.Errorf("%s: %q, %v", c.name, raw, err)
		}
	}
	if _, err := Mint(MintInput{Claims: []byte(good.text(t)), Key: performer.key, Now: made, Disclose: []string{"sub"}}); err == nil {
		t.Error("a delegation with disclosures")
	}
}
