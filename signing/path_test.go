package signing_test

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/report"
	"github.com/consentry/consentry/signing"
)

// ca is an issuer under another.
func ca(name string, by *minted, edit func(*mint)) *minted {
	m := mint{Name: name, Key: forge.Key("P-256", name), By: by, CA: true}
	if edit != nil {
		edit(&m)
	}
	return m.make()
}

func leafUnder(by *minted, edit func(*mint)) *minted {
	m := mint{Name: "Mint Signer", Key: forge.Key("P-256", "mint signer"), By: by}
	if edit != nil {
		edit(&m)
	}
	return m.make()
}

// With no list nobody is trusted, even where the system trusts the signer's root.
func TestSystemRootsAreNeverUsed(t *testing.T) {
	pem := filepath.Join(t.TempDir(), "roots.pem")
	if err := os.WriteFile(pem, forge.ChainPEM(forge.CA().Root.Cert, forge.TSA().Root.Cert), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SSL_CERT_FILE", pem)
	t.Setenv("SSL_CERT_DIR", t.TempDir())
	s := forge.Signer{Stamps: []forge.Stamp{{}}, Stamp2: true}
	leaf, _ := s.Chain()
	pool := x509.NewCertPool()
	pool.AddCert(forge.CA().Issuer.Cert)
	opts := x509.VerifyOptions{Intermediates: pool, CurrentTime: forge.Clock, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}}
	if _, err := leaf.Cert.Verify(opts); err != nil {
		t.Fatalf("the system does not trust the root, so this test shows nothing: %v", err)
	}
	for name, trust := range map[string]*signing.Trust{
		"nil":         nil,
		"zero":        {},
		"empty lists": {Claim: []signing.List{{Name: "empty"}}, TSA: []signing.List{{Name: "empty"}}},
	} {
		r := verify(t, s, func(in *signing.Input) { in.Trust = trust })
		expect(t, r, []string{"signingCredential.untrusted", "timeStamp.untrusted"}, []string{"signingCredential.trusted", "timeStamp.trusted"})
		if r.Trusted || r.Stamp.Trusted {
			t.Errorf("%s trust trusts somebody", name)
		}
	}
}

// Chains, and whether they reach the anchor: one table with a row a rule, hence its length. C2PA 2.5, 13.4 and 14.7.2;
// RFC 5280, 6.1.
func TestPathToAnAnchor(t *testing.T) {
	top := root()
	mid := ca("Mint Middle", top, nil)
	low := ca("Mint Low", mid, nil)
	other := mint{Name: "Mint Root", Key: forge.Key("P-256", "another root of that name"), CA: true}.make()
	for _, tc := range []struct {
		name    string
		leaf    *minted
		chain   []*minted
		anchors []*minted
		ok      bool
		words   string
	}{
		{"directly under the anchor", leafUnder(top, nil), nil, []*minted{top}, true, ""},
		{"under two intermediates", leafUnder(low, nil), []*minted{low, mid}, []*minted{top}, true, ""},
		{"with the intermediates in another order", leafUnder(low, nil), []*minted{mid, low}, []*minted{top}, true, ""},
		{"with the root in the chain", leafUnder(mid, nil), []*minted{mid, top}, []*minted{top}, true, ""},
		{"under an intermediate that is the anchor", leafUnder(low, nil), []*minted{low}, []*minted{mid}, true, ""},
		{"beside an anchor of the same name", leafUnder(top, nil), nil, []*minted{other, top}, true, ""},
		{"without an intermediate", leafUnder(low, nil), []*minted{low}, []*minted{top}, false, "no path"},
		{"under another root of the same name", leafUnder(top, nil), nil, []*minted{other}, false, "no path"},
		{"with an unanchored root in the chain", leafUnder(mid, nil), []*minted{mid, top}, []*minted{other}, false, "no path"},
		{"that signed itself", leafUnder(nil, nil), nil, []*minted{top}, false, "signed its own"},
		{
			"whose issuer is a signer", leafUnder(leafUnder(top, func(m *mint) { m.Name, m.Key = "Issuer", forge.Key("P-256", "issuer") }), nil),
			[]*minted{leafUnder(top, func(m *mint) { m.Name, m.Key = "Issuer", forge.Key("P-256", "issuer") })},
			[]*minted{top},
			false, "no CA",
		},
		{
			"whose issuer has no basic constraints", leafUnder(ca("Bare", top, func(m *mint) { m.Without = []string{"basic"} }), nil),
			[]*minted{ca("Bare", top, func(m *mint) { m.Without = []string{"basic"} })},
			[]*minted{top},
			false, "no CA",
		},
		{
			"whose issuer has no keyCertSign", leafUnder(ca("Mute", top, func(m *mint) { m.Usage = []int{0} }), nil),
			[]*minted{ca("Mute", top, func(m *mint) { m.Usage = []int{0} })},
			[]*minted{top},
			false, "key usage",
		},
		{
			"whose issuer has no key usage", leafUnder(ca("Blank", top, func(m *mint) { m.Without = []string{"usage"} }), nil),
			[]*minted{ca("Blank", top, func(m *mint) { m.Without = []string{"usage"} })},
			[]*minted{top},
			false, "no key usage",
		},
		{
			"whose issuer has no subject key identifier", leafUnder(ca("Nameless", top, func(m *mint) { m.Without = []string{"ski"} }), nil),
			[]*minted{ca("Nameless", top, func(m *mint) { m.Without = []string{"ski"} })},
			[]*minted{top},
			false, "subject key identifier",
		},
		{
			"below a path length of 0", leafUnder(ca("Mint Low", ca("Tight", top, func(m *mint) { m.PathLen = intp(0) }), nil), nil),
			[]*minted{ca("Mint Low", ca("Tight", top, func(m *mint) { m.PathLen = intp(0) }), nil), ca("Tight", top, func(m *mint) { m.PathLen = intp(0) })},
			[]*minted{top},
			false, "longer",
		},
		{
			"within a path length of 0", leafUnder(ca("Tight", top, func(m *mint) { m.PathLen = intp(0) }), nil),
			[]*minted{ca("Tight", top, func(m *mint) { m.PathLen = intp(0) })},
			[]*minted{top},
			true, "",
		},
		{
			"below an anchor's path length", leafUnder(low, nil),
			[]*minted{low, mid},
			[]*minted{mint{Name: "Mint Root", Key: top.Key, CA: true, PathLen: intp(1)}.make()},
			false, "longer",
		},
		{"under an anchor that is a signer", leafUnder(leafUnder(top, nil), nil), nil, []*minted{leafUnder(top, nil)}, false, "no CA"},
		{
			"under an anchor without keyCertSign", leafUnder(top, nil), nil,
			[]*minted{mint{Name: "Mint Root", Key: top.Key, CA: true, Usage: []int{0}}.make()},
			false, "no CA",
		},
		{
			"under an anchor without key usage", leafUnder(top, nil), nil,
			[]*minted{mint{Name: "Mint Root", Key: top.Key, CA: true, Without: []string{"usage"}}.make()},
			true, "",
		},
		{"under an anchor of version 1", leafUnder(top, nil), nil, []*minted{mint{Name: "Mint Root", Key: top.Key, V1: true}.make()}, true, ""},
		{
			"with a critical extension that nobody knows", leafUnder(top, func(m *mint) { m.Extra = [][]byte{ext(true, []byte{5, 0}, 1, 2, 3)} }),
			nil,
			[]*minted{top},
			false, "unsupported",
		},
		{
			"whose issuer has a critical extension that nobody knows", leafUnder(ca("Odd", top, func(m *mint) { m.Extra = [][]byte{ext(true, []byte{5, 0}, 1, 2, 3)} }), nil),
			[]*minted{ca("Odd", top, func(m *mint) { m.Extra = [][]byte{ext(true, []byte{5, 0}, 1, 2, 3)} })},
			[]*minted{top},
			false, "unsupported",
		},
		{
			"whose issuer has policy constraints", leafUnder(ca("Strict", top, func(m *mint) { m.Extra = [][]byte{ext(true, seq(), 2, 5, 29, 36)} }), nil),
			[]*minted{ca("Strict", top, func(m *mint) { m.Extra = [][]byte{ext(true, seq(), 2, 5, 29, 36)} })},
			[]*minted{top},
			false, "unsupported",
		},
		{
			"whose issuer has an extension twice", leafUnder(ca("Twice", top, func(m *mint) { m.Extra = [][]byte{ext(true, bits(5), 2, 5, 29, 15)} }), nil),
			[]*minted{ca("Twice", top, func(m *mint) { m.Extra = [][]byte{ext(true, bits(5), 2, 5, 29, 15)} })},
			[]*minted{top},
			false, "is there twice",
		},
		{
			"whose issuer has name constraints", leafUnder(ca("Narrow", top, func(m *mint) { m.Extra = [][]byte{ext(true, seq(), 2, 5, 29, 30)} }), nil),
			[]*minted{ca("Narrow", top, func(m *mint) { m.Extra = [][]byte{ext(true, seq(), 2, 5, 29, 30)} })},
			[]*minted{top},
			false, "unsupported",
		},
		{"whose two signature algorithms differ", leafUnder(top, func(m *mint) { m.Inner = ecdsaSHA1 }), nil, []*minted{top}, false, "no path"},
		{"whose signature was touched", leafUnder(top, func(m *mint) { m.Sig = func(b []byte) []byte { b[len(b)-1] ^= 1; return b } }), nil, []*minted{top}, false, "no path"},
	} {
		t.Run("a certificate "+tc.name, func(t *testing.T) {
			var anchors [][]byte
			for _, a := range tc.anchors {
				anchors = append(anchors, a.DER)
			}
			r := signing.Verify(signing.Input{
				COSE: signMint("ES256", tc.leaf, tc.chain...).Sign(claim), Payload: claim, URL: url, Now: forge.Clock,
				Trust: &signing.Trust{Claim: []signing.List{list(t, "mint", anchors...)}},
			})
			if tc.ok {
				expect(t, r, []string{"signingCredential.trusted", "claimSignature.validated"}, []string{"signingCredential.untrusted"})
				return
			}
			expect(t, r, []string{"signingCredential.untrusted", "claimSignature.validated"}, []string{"signingCredential.trusted", "signingCredential.invalid"})
			if !says(r, "signingCredential.untrusted", tc.words) {
				t.Errorf("%q is not said: %s", tc.words, explain(r))
			}
		})
	}
}

// An anchor of one kind never serves for another. C2PA 2.5, 13.4.
func TestListsAreKeptApart(t *testing.T) {
	s := forge.Signer{Stamps: []forge.Stamp{{}}, Stamp2: true}
	r := verify(t, s, func(in *signing.Input) { in.Trust.Claim, in.Trust.TSA = in.Trust.TSA, in.Trust.Claim })
	expect(t, r, []string{"signingCredential.untrusted", "timeStamp.untrusted"}, []string{"signingCredential.trusted", "timeStamp.trusted"})
	r = verify(t, s, func(in *signing.Input) {
		in.Trust = &signing.Trust{Identity: append(in.Trust.Claim, in.Trust.TSA...)}
	})
	expect(t, r, []string{"signingCredential.untrusted", "timeStamp.untrusted"}, []string{"signingCredential.trusted", "timeStamp.trusted"})
	// A certificate that is allowed for claims proves no time.
	r = verify(t, s, func(in *signing.Input) {
		leaf := forge.TSA().Issue("Forge Time CA Stamps", forge.Key("P-256", "Forge Time CA stamps"), forge.TimeStamping, nil)
		allowed, err := signing.ParseAllowed("allowed", forge.ChainPEM(leaf.Cert))
		if err != nil {
			t.Fatal(err)
		}
		in.Trust.TSA = []signing.List{allowed}
	})
	expect(t, r, []string{"timeStamp.untrusted"}, []string{"timeStamp.trusted"})
}

// The purposes that a list accepts. C2PA 2.5, 13.4.
func TestPurposesOfAList(t *testing.T) {
	top := root()
	for _, tc := range []struct {
		name string
		leaf []asn1.ObjectIdentifier
		list []asn1.ObjectIdentifier
		ok   bool
	}{
		{"claimSigning on a list that says nothing", []asn1.ObjectIdentifier{forge.ClaimSigning}, nil, true},
		{"emailProtection on a list that says nothing", []asn1.ObjectIdentifier{forge.EmailProtection}, nil, false},
		{"emailProtection on a list for it", []asn1.ObjectIdentifier{forge.EmailProtection}, []asn1.ObjectIdentifier{forge.ClaimSigning, forge.EmailProtection}, true},
		{"documentSigning on a list for e-mail", []asn1.ObjectIdentifier{forge.DocumentSigning}, []asn1.ObjectIdentifier{forge.EmailProtection}, false},
		{"claimSigning on a list for e-mail", []asn1.ObjectIdentifier{forge.ClaimSigning}, []asn1.ObjectIdentifier{forge.EmailProtection}, false},
		{"timeStamping on a list that names it", []asn1.ObjectIdentifier{forge.TimeStamping}, []asn1.ObjectIdentifier{forge.TimeStamping, forge.ClaimSigning}, false},
		{"OCSPSigning on a list that names it", []asn1.ObjectIdentifier{forge.OCSPSigning}, []asn1.ObjectIdentifier{forge.OCSPSigning, forge.ClaimSigning}, false},
		{"serverAuth on a list that says nothing", []asn1.ObjectIdentifier{oid(1, 3, 6, 1, 5, 5, 7, 3, 1)}, nil, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			l := list(t, "mint", top.DER)
			l.EKUs = tc.list
			r := signing.Verify(signing.Input{
				COSE: signMint("ES256", leafUnder(top, func(m *mint) { m.EKUs = tc.leaf })).Sign(claim), Payload: claim, URL: url, Now: forge.Clock,
				Trust: &signing.Trust{Claim: []signing.List{l}},
			})
			want, not := "signingCredential.trusted", "signingCredential.untrusted"
			if !tc.ok {
				want, not = not, want
			}
			expect(t, r, []string{want}, []string{not, "signingCredential.invalid"})
			if !tc.ok && !says(r, want, "extended key usages") {
				t.Errorf("the purpose is not said: %s", explain(r))
			}
		})
	}
}

// From when to when an anchor serves is held against the time-stamp, or now. C2PA 2.5, 13.4.
func TestAnchorServesWithinItsBounds(t *testing.T) {
	day := func(n int) time.Time { return forge.Clock.AddDate(0, 0, n) }
	for _, tc := range []struct {
		name     string
		from, to time.Time
		stamp    bool // ten days before now
		ok       bool
	}{
		{"without bounds", time.Time{}, time.Time{}, false, true},
		{"from now on", day(0), time.Time{}, false, true},
		{"from tomorrow on", day(1), time.Time{}, false, false},
		{"until now", time.Time{}, day(0), false, true},
		{"until yesterday", time.Time{}, day(-1), false, false},
		{"from after the time-stamp on", day(-5), time.Time{}, true, false},
		{"until after the time-stamp", time.Time{}, day(-5), true, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := forge.Signer{}
			if tc.stamp {
				s = forge.Signer{Stamp2: true, Stamps: []forge.Stamp{{Time: day(-10)}}}
			}
			r := verify(t, s, func(in *signing.Input) {
				a := &in.Trust.Claim[0].Anchors[0]
				a.NotBefore, a.NotAfter = tc.from, tc.to
			})
			if r.Trusted != tc.ok {
				t.Errorf("trusted: %v; %s", r.Trusted, explain(r))
			}
			if !tc.ok && !says(r, "signingCredential.untrusted", "does not serve") {
				t.Errorf("the bound is not said: %s", explain(r))
			}
		})
	}
}

// The validity of the whole chain, at the time-stamp or now. C2PA 2.5, 14.8.2.
func TestValidityOfTheWholeChain(t *testing.T) {
	old := mint{Name: "Mint Old Root", Key: forge.Key("P-256", "old root"), CA: true, From: forge.Clock.AddDate(-9, 0, 0), To: forge.Clock.AddDate(0, -1, 0)}.make()
	top := root()
	expired := func(m *mint) { m.From, m.To = forge.Clock.AddDate(-3, 0, 0), forge.Clock.AddDate(0, -1, 0) }
	midOld := ca("Mint Middle", top, expired)
	midNew := ca("Mint Middle", top, nil)
	for _, tc := range []struct {
		name   string
		leaf   *minted
		chain  []*minted
		anchor *minted
		ok     bool
	}{
		{"a signer that has expired", leafUnder(top, expired), nil, top, false},
		{"a signer of tomorrow", leafUnder(top, func(m *mint) { m.From = forge.Clock.Add(time.Second) }), nil, top, false},
		{"a signer's last second", leafUnder(top, func(m *mint) { m.To = forge.Clock }), nil, top, true},
		{"a signer's first second", leafUnder(top, func(m *mint) { m.From = forge.Clock }), nil, top, true},
		{"an issuer that has expired", leafUnder(midOld, nil), []*minted{midOld}, top, false},
		{"an issuer that was renewed", leafUnder(midOld, nil), []*minted{midOld, midNew}, top, true},
		{"an anchor that has expired", leafUnder(old, nil), nil, old, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := judge(t, "ES256", tc.leaf, tc.anchor, tc.chain...)
			want, not := "claimSignature.insideValidity", "claimSignature.outsideValidity"
			if !tc.ok {
				want, not = not, want
			}
			expect(t, r, []string{want, "claimSignature.validated"}, []string{not, "signingCredential.invalid"})
			if !r.At.Equal(forge.Clock) {
				t.Errorf("held against %v", r.At)
			}
		})
	}
	t.Run("an expired certificate with the issuer's key and another name", func(t *testing.T) {
		namesake := ca("Mint Elsewhere", root2(), func(m *mint) { m.Key = midNew.Key; expired(m) })
		r := judge(t, "ES256", leafUnder(midNew, nil), root2(), namesake)
		expect(t, r, []string{"claimSignature.insideValidity", "signingCredential.untrusted"}, nil)
	})
	t.Run("an issuer that has expired, on no list", func(t *testing.T) {
		r := judge(t, "ES256", leafUnder(midOld, nil), root2(), midOld)
		expect(t, r, []string{"claimSignature.outsideValidity", "signingCredential.untrusted"}, nil)
	})
}

func root2() *minted {
	return mint{Name: "Mint Other", Key: forge.Key("P-256", "mint other"), CA: true}.make()
}

func TestNotesAboutTheListThatMatched(t *testing.T) {
	s := forge.Signer{Stamps: []forge.Stamp{{}}, Stamp2: true}
	r := verify(t, s, nil)
	if len(r.Notes) != 0 {
		t.Errorf("notes on lists in force: %v", r.Notes)
	}
	r = verify(t, s, func(in *signing.Input) {
		in.Trust.Claim[0].Legacy = true
		in.Trust.TSA[0].NextUpdate = forge.Clock.AddDate(0, 0, -1)
	})
	if !report.Has(r.Notes, "trust.legacyList") || !report.Has(r.Notes, "trust.stale") || len(r.Notes) != 2 {
		t.Errorf("notes: %v", r.Notes)
	}
	for _, f := range r.Findings {
		if report.Has(r.Notes, f.Code) {
			t.Errorf("%s stands among the codes of C2PA", f.Code)
		}
	}
	// Where another list has the signer too, the frozen one is not needed.
	r = verify(t, s, func(in *signing.Input) {
		frozen := in.Trust.Claim[0]
		frozen.Legacy = true
		in.Trust.Claim = append(in.Trust.Claim, frozen)
	})
	if len(r.Notes) != 0 {
		t.Errorf("notes: %v", r.Notes)
	}
}

func TestParseAnchors(t *testing.T) {
	good := root().PEM()
	l, err := signing.ParseAnchors("mine.pem", append([]byte("Subject\tC = XX\n"), append(good, good...)...))
	if err != nil || len(l.Anchors) != 2 || l.Name != "mine.pem" || len(l.Digest) != 64 || len(l.Allowed) != 0 {
		t.Errorf("list %+v, %v", l, err)
	}
	if c, err := l.Anchors[0].Certificate(); err != nil || c.Subject.CommonName != "Mint Root" {
		t.Errorf("anchor %v, %v", c, err)
	}
	a, err := signing.ParseAllowed("mine.pem", good)
	if err != nil || len(a.Allowed) != 1 || len(a.Anchors) != 0 {
		t.Errorf("allowed %+v, %v", a, err)
	}
	for name, bad := range map[string][]byte{
		"nothing":              nil,
		"text":                 []byte("no certificates"),
		"a private key":        forge.KeyPEM(forge.Key("P-256", "x")),
		"a key among them":     append(bytes.Clone(good), forge.KeyPEM(forge.Key("P-256", "x"))...),
		"something else's DER": []byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
	} {
		if l, err := signing.ParseAnchors("bad.pem", bad); err == nil || l.Anchors != nil {
			t.Errorf("%s was accepted", name)
		} else if !contains(err.Error(), "bad.pem") {
			t.Errorf("%s: %v does not name the file", name, err)
		}
		if _, err := signing.ParseAllowed("bad.pem", bad); err == nil {
			t.Errorf("%s was accepted as allowed", name)
		}
	}
}

// The search for a path is bounded whatever the chain holds.
func TestSearchIsBounded(t *testing.T) {
	top := root()
	// Issuers of one name and other keys: each has to be tried.
	var chain []*minted
	for i := range 15 {
		chain = append(chain, mint{Name: "Same", Key: forge.Key("P-256", fmt.Sprint("same ", i)), By: &minted{Name: nameOf("Same"), Key: forge.Key("P-256", fmt.Sprint("same ", (i+1)%15))}, CA: true}.make())
	}
	leaf := leafUnder(chain[0], nil)
	start := time.Now()
	r := judge(t, "ES256", leaf, top, chain...)
	expect(t, r, []string{"signingCredential.untrusted", "claimSignature.validated"}, nil)
	if d := time.Since(start); d > 10*time.Second {
		t.Errorf("took %v", d)
	}
}

func TestParseOID(t *testing.T) {
	for s, want := range map[string]asn1.ObjectIdentifier{
		"1.3.6.1.4.1.62558.2.1": forge.ClaimSigning, "2.5.29.37.0": forge.AnyEKU, "0.39": oid(0, 39),
		"": nil, "1": nil, "1.": nil, ".1": nil, "1.40": nil, "3.1": nil, "1.-1": nil, "1.+1": nil, "1.2.x": nil,
		"1.99999999999": nil, strings.Repeat("1.", 40) + "1": nil,
	} {
		if got, err := signing.ParseOID(s); !got.Equal(want) || (err == nil) != (want != nil) {
			t.Errorf("%q: %v, %v", s, got, err)
		}
	}
}
