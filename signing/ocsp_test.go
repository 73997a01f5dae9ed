package signing_test

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/report"
	"github.com/consentry/consentry/signing"
)

const (
	ocspGood    = "signingCredential.ocsp.notRevoked"
	ocspRevoked = "signingCredential.ocsp.revoked"
	ocspSkipped = "signingCredential.ocsp.skipped"
)

// stapled is a signer with responses as they are.
func stapled(responses ...[]byte) forge.Signer {
	list := []any{}
	for _, r := range responses {
		list = append(list, r)
	}
	return forge.Signer{Unprotected: func(m *forge.Map) { m.Set("rVals", forge.Map{{K: "ocspVals", V: list}}) }}
}

// about is a good response about the signer of a zero forge.Signer.
func about(edit func(*forge.OCSP)) []byte {
	var o forge.OCSP
	if edit != nil {
		edit(&o)
	}
	return o.About(forge.Signer{})
}

func TestRevocationIsSaidToBeUnchecked(t *testing.T) {
	pointer := func(c *x509.Certificate) { c.OCSPServer = []string{"http://ocsp.invalid/"} }
	for _, tc := range []struct {
		name      string
		signer    forge.Signer
		want, not []string
	}{
		{"a certificate that names a responder", forge.Signer{Cert: pointer}, []string{ocspSkipped}, nil},
		{"a header without responses", forge.Signer{Unprotected: func(m *forge.Map) { m.Set("rVals", forge.Map{}) }}, []string{ocspSkipped}, nil},
		{"a certificate that names none", forge.Signer{}, nil, []string{ocspSkipped, ocspGood}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := verify(t, tc.signer, nil)
			expect(t, r, tc.want, tc.not)
			if r.Revocation.State != signing.RevocationNotChecked || r.Revocation.Reason == "" {
				t.Errorf("%+v", r.Revocation)
			}
		})
	}
}

// TestRevocationOfAnotherEncoder holds responses that golang.org/x/crypto/ocsp wrote against what is read here.
func TestRevocationOfAnotherEncoder(t *testing.T) {
	leaf, _ := forge.Signer{}.Chain()
	ca := forge.CA()
	named := ca.Issue("Other Responder", forge.Key("P-256", "other responder"), forge.OCSPSigning, func(c *x509.Certificate) {
		c.NotBefore, c.NotAfter = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC) // producedAt is the present
	})
	for _, tc := range []struct {
		name   string
		by     forge.Pair
		edit   func(*ocsp.Response)
		want   string
		reason string
	}{
		{"good, by the issuer", ca.Issuer, func(*ocsp.Response) {}, ocspGood, ""},
		{"good, by a named responder", named, func(r *ocsp.Response) { r.Certificate = named.Cert }, ocspGood, ""},
		{"good, named by SHA-256", ca.Issuer, func(r *ocsp.Response) { r.IssuerHash = crypto.SHA256 }, ocspGood, ""},
		{"revoked", ca.Issuer, func(r *ocsp.Response) {
			r.Status, r.RevokedAt, r.RevocationReason = ocsp.Revoked, forge.Clock.Add(-time.Hour), ocsp.KeyCompromise
		}, ocspRevoked, "keyCompromise"},
		{"unknown", ca.Issuer, func(r *ocsp.Response) { r.Status = ocsp.Unknown }, "signingCredential.ocsp.unknown", ""},
		{"another serial number", ca.Issuer, func(r *ocsp.Response) { r.SerialNumber = named.Cert.SerialNumber }, ocspSkipped, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			template := ocsp.Response{Status: ocsp.Good, SerialNumber: leaf.Cert.SerialNumber, ThisUpdate: forge.Clock.Add(-time.Hour), NextUpdate: forge.Clock.Add(time.Hour)}
			tc.edit(&template)
			raw := must(ocsp.CreateResponse(ca.Issuer.Cert, tc.by.Cert, template, tc.by.Key))
			r := verify(t, stapled(raw), nil)
			expect(t, r, []string{tc.want}, nil)
			if r.Revocation.Why != tc.reason || (r.Revocation.RevokedAt.IsZero() != (tc.reason == "")) {
				t.Errorf("%+v", r.Revocation)
			}
		})
	}
}

// TestOCSPRequestIsReadByAnother: what is sent names the certificate, as another reader understands it.
func TestOCSPRequestIsReadByAnother(t *testing.T) {
	signer := forge.Signer{Cert: func(c *x509.Certificate) {
		c.OCSPServer = []string{"http://ocsp.invalid/", "http://second.invalid/", "http://third.invalid/"}
	}}
	leaf, _ := signer.Chain()
	if got := signing.Responders(leaf.Cert.Raw); len(got) != signing.MaxAddresses {
		t.Errorf("responders %q", got)
	}
	var asked []string
	r := verify(t, signer, func(in *signing.Input) {
		in.Nonce = []byte("a nonce of 16 by")
		in.Ask = func(address string, request []byte) ([]byte, error) {
			asked = append(asked, address)
			got := must(ocsp.ParseRequest(request))
			want := must(ocsp.ParseRequest(must(ocsp.CreateRequest(leaf.Cert, forge.CA().Issuer.Cert, nil))))
			if got.SerialNumber.Cmp(want.SerialNumber) != 0 || !bytes.Equal(got.IssuerNameHash, want.IssuerNameHash) || !bytes.Equal(got.IssuerKeyHash, want.IssuerKeyHash) {
				t.Errorf("%+v, want %+v", got, want)
			}
			if !bytes.Contains(request, in.Nonce) {
				t.Error("the nonce is not sent")
			}
			if len(asked) == 1 {
				return nil, errors.New("nobody there")
			}
			return forge.OCSP{Nonce: in.Nonce}.About(signer), nil
		}
	})
	expect(t, r, []string{ocspGood}, nil)
	if !slices.Equal(asked, []string{"http://ocsp.invalid/", "http://second.invalid/"}) || r.Revocation.Source != "online" {
		t.Errorf("asked %q, %+v", asked, r.Revocation)
	}
}

func TestRevocationSaysWhatIsKnown(t *testing.T) {
	gone := forge.Clock.Add(-48 * time.Hour)
	r := verify(t, stapled(about(func(o *forge.OCSP) { o.Status, o.Revoked, o.Reason = "revoked", gone, 4 })), nil)
	v := r.Revocation
	if v.State != signing.RevocationRevoked || v.Source != "rVals" || v.Responder != "Forge Claim CA Responder, Forge, for tests only" || !v.RevokedAt.Equal(gone) || v.Why != "superseded" {
		t.Errorf("%+v", v)
	}
	if r.Trusted || r.List != nil {
		t.Error("a revoked signer is trusted")
	}
	o := must(signing.ParseOCSP(about(nil)))
	r = verify(t, forge.Signer{}, func(in *signing.Input) { in.Status = []*signing.OCSP{o} })
	if v = r.Revocation; v.State != signing.RevocationGood || v.Source != "c2pa.certificate-status" || v.ThisUpdate.IsZero() || v.NextUpdate.IsZero() || !r.Trusted {
		t.Errorf("%+v", v)
	}
	// A certificate that is trusted itself can be revoked as well.
	leaf, _ := forge.Signer{}.Chain()
	r = verify(t, stapled(about(func(o *forge.OCSP) { o.Status, o.Revoked = "revoked", gone })), func(in *signing.Input) {
		in.Trust = &signing.Trust{Claim: []signing.List{must(signing.ParseAllowed("own", forge.ChainPEM(leaf.Cert)))}}
	})
	expect(t, r, []string{ocspRevoked}, []string{"signingCredential.trusted"})
}

// Each limit at its value and one past it. docs/limits.md.
func TestLimitsOfResponses(t *testing.T) {
	entries := func(n int) []byte {
		return about(func(o *forge.OCSP) { o.OfIssuer, o.More = false, make([]forge.OCSP, n-1) })
	}
	long := func(size int) []byte { // a nonce that fills it
		base := len(about(func(o *forge.OCSP) { o.Nonce = make([]byte, size/2) })) - size/2
		return about(func(o *forge.OCSP) { o.Nonce = make([]byte, size-base) })
	}
	extension := seq(der(oid(1, 3, 6, 1, 4, 1, 99999, 3)), der([]byte{5, 0}))
	extensions := func(n int) []byte {
		return about(func(o *forge.OCSP) {
			o.Data = func(data []byte) []byte { return reseq(data, tlv(0xa1, seq(slices.Repeat(extension, n)))) }
		})
	}
	certificates := func(n int) []byte {
		extra := bytes.Repeat(forge.CA().Issuer.Cert.Raw, n-1)
		return about(func(o *forge.OCSP) { o.Certs = extra })
	}
	for _, tc := range []struct {
		name     string
		at, past []byte
	}{
		{"bytes", long(signing.MaxOCSP), long(signing.MaxOCSP + 1)},
		{"entries", entries(signing.MaxOCSPSingles), entries(signing.MaxOCSPSingles + 1)},
		{"extensions", extensions(signing.MaxOCSPExtensions), extensions(signing.MaxOCSPExtensions + 1)},
		{"certificates", certificates(signing.MaxOCSPCertificates), certificates(signing.MaxOCSPCertificates + 1)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			expect(t, verify(t, stapled(tc.at), nil), []string{ocspGood}, nil)
			expect(t, verify(t, stapled(tc.past), nil), []string{ocspSkipped, "signingCredential.trusted"}, []string{ocspGood})
			var syntax *signing.SyntaxError
			if o, err := signing.ParseOCSP(tc.past); !errors.As(err, &syntax) || o != nil {
				t.Errorf("%v", err)
			}
		})
	}
	other := about(func(o *forge.OCSP) { o.OfIssuer = true })
	for n, want := range map[int]string{signing.MaxStapled: ocspGood, signing.MaxStapled + 1: ocspSkipped} {
		t.Run(fmt.Sprint(n, " stapled"), func(t *testing.T) {
			expect(t, verify(t, stapled(append(slices.Repeat([][]byte{other}, n-1), about(nil))...), nil), []string{want}, nil)
		})
	}
	broken := must(signing.ParseOCSP(about(func(o *forge.OCSP) { o.Sig = func(b []byte) []byte { b[len(b)-1] ^= 1; return b } })))
	for n, want := range map[int]string{signing.MaxOCSPChecks: ocspGood, signing.MaxOCSPChecks + 1: ocspSkipped} {
		t.Run(fmt.Sprint(n, " signatures"), func(t *testing.T) {
			r := verify(t, forge.Signer{}, func(in *signing.Input) {
				in.Status = append(slices.Repeat([]*signing.OCSP{broken}, n-1), must(signing.ParseOCSP(about(nil))))
			})
			expect(t, r, []string{want}, nil)
			if (r.Revocation.Unsettled != "") != (n > signing.MaxOCSPChecks) {
				t.Errorf("%+v", r.Revocation)
			}
		})
	}
}

// junk is a response with entries about the signer of a zero forge.Signer whose signature is broken.
func junk(entries int) []byte {
	return about(func(o *forge.OCSP) {
		o.More, o.Sig = make([]forge.OCSP, entries-1), func(b []byte) []byte { b[len(b)-1] ^= 1; return b }
	})
}

// answering is a signer that names a responder, and that responder.
func answering(s forge.Signer, o forge.OCSP) (forge.Signer, func(*signing.Input)) {
	s.Cert = func(c *x509.Certificate) { c.OCSPServer = []string{"http://ocsp.invalid/"} }
	return s, func(in *signing.Input) { in.Ask = func(string, []byte) ([]byte, error) { return o.About(s), nil } }
}

// TestJunkHidesNoRevocation: however many entries a response has that nobody signed, the others count.
func TestJunkHidesNoRevocation(t *testing.T) {
	gone := forge.OCSP{Status: "revoked", Revoked: forge.Clock.Add(-time.Hour)}
	const n = signing.MaxOCSPChecks + 1
	asked, answer := answering(stapled(junk(n), junk(n)), gone)
	upper := gone
	upper.OfIssuer = true
	for _, tc := range []struct {
		name   string
		signer forge.Signer
		edit   func(*signing.Input)
		want   string
	}{
		{"said by the responder", asked, answer, ocspRevoked},
		{"said by an assertion", stapled(junk(n)), func(in *signing.Input) {
			in.Status = []*signing.OCSP{must(signing.ParseOCSP(gone.About(forge.Signer{})))}
		}, ocspRevoked},
		{"said by a response behind it", stapled(junk(n), gone.About(forge.Signer{})), nil, ocspRevoked},
		{"of the authority", stapled(junk(n), upper.About(forge.Signer{})), nil, "signingCredential.untrusted"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := verify(t, tc.signer, tc.edit)
			expect(t, r, []string{tc.want}, []string{"signingCredential.trusted"})
			if r.Revocation.Unsettled != "" {
				t.Errorf("%+v", r.Revocation)
			}
		})
	}
}

// TestMoreResponsesThanAreLookedAtSettleNothing: neither a good answer among them nor silence counts as not revoked;
// only the responder's own word does.
func TestMoreResponsesThanAreLookedAtSettleNothing(t *testing.T) {
	crowd := func(last []byte, of int) []*signing.OCSP {
		return append(slices.Repeat([]*signing.OCSP{must(signing.ParseOCSP(junk(1)))}, of), must(signing.ParseOCSP(last)))
	}
	gone := forge.OCSP{Status: "revoked", Revoked: forge.Clock.Add(-time.Hour)}
	upperJunk := must(signing.ParseOCSP(about(func(o *forge.OCSP) {
		o.OfIssuer, o.Sig = true, func(b []byte) []byte { b[len(b)-1] ^= 1; return b }
	})))
	for _, tc := range []struct {
		name      string
		signer    forge.Signer
		status    []*signing.OCSP
		online    *forge.OCSP
		state     string
		unsettled bool
	}{
		{"a revocation past the limit", forge.Signer{}, crowd(gone.About(forge.Signer{}), signing.MaxOCSPChecks), nil, signing.RevocationNotChecked, true},
		{"a good answer that is stapled", stapled(about(nil)), crowd(about(nil), signing.MaxOCSPChecks), nil, signing.RevocationNotChecked, true},
		{"a good answer, and all are looked at", stapled(about(nil)), crowd(about(nil), signing.MaxOCSPChecks-1), nil, signing.RevocationGood, false},
		{"a good answer before responses that are not read", stapled(append([][]byte{about(nil)}, slices.Repeat([][]byte{junk(1)}, signing.MaxStapled)...)...), nil, nil, signing.RevocationNotChecked, true},
		{"many good answers about signer and authority", stapled(about(nil)), append(slices.Repeat([]*signing.OCSP{must(signing.ParseOCSP(about(nil)))}, 2*signing.MaxOCSPChecks),
			slices.Repeat([]*signing.OCSP{must(signing.ParseOCSP(about(func(o *forge.OCSP) { o.OfIssuer = true })))}, 2*signing.MaxOCSPChecks)...), nil, signing.RevocationGood, false},
		{"the responder says good", forge.Signer{}, crowd(about(nil), signing.MaxOCSPChecks), &forge.OCSP{}, signing.RevocationGood, false},
		{"the responder says revoked", stapled(about(nil)), crowd(about(nil), signing.MaxOCSPChecks), &gone, signing.RevocationRevoked, false},
		{"the responder says nothing", stapled(about(nil)), crowd(about(nil), signing.MaxOCSPChecks), &forge.OCSP{Answer: 6}, signing.RevocationNotChecked, true},
		{"responses about the authority", stapled(about(nil)), slices.Repeat([]*signing.OCSP{upperJunk}, signing.MaxOCSPChecks+1), nil, signing.RevocationGood, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			signer, edit := tc.signer, func(*signing.Input) {}
			if tc.online != nil {
				signer, edit = answering(signer, *tc.online)
			}
			r := verify(t, signer, func(in *signing.Input) {
				in.Status = tc.status
				edit(in)
			})
			v := r.Revocation
			if v.State != tc.state || (v.Unsettled != "") != tc.unsettled || report.Has(r.Notes, "trust.revocationUnsettled") != tc.unsettled {
				t.Errorf("%+v, notes %v", v, r.Notes)
			}
		})
	}
}

// TestAuthoritiesAreAskedAbout: whether a CA was revoked is asked of its responder, after the signer's own, where nothing
// at hand says so; what stays open is told.
func TestAuthoritiesAreAskedAbout(t *testing.T) {
	const address = "http://ca.ocsp.invalid/"
	a := forge.CA().Answering(address)
	gone := forge.OCSP{Status: "revoked", Revoked: forge.Clock.Add(-time.Hour), OfIssuer: true}
	good, silent := forge.OCSP{OfIssuer: true}, errors.New("nobody there")
	both := forge.Signer{Authority: a, Cert: func(c *x509.Certificate) { c.OCSPServer = []string{"http://ocsp.invalid/"} }}
	for name, tc := range map[string]struct {
		signer forge.Signer
		upper  *forge.OCSP // what the authority's responder says; nil: nothing
		asked  string      // whom, in order
		want   string
		open   bool
	}{
		"good":                            {forge.Signer{Authority: a}, &good, address, "signingCredential.trusted", false},
		"revoked":                         {forge.Signer{Authority: a}, &gone, address, "signingCredential.untrusted", false},
		"silent":                          {forge.Signer{Authority: a}, nil, address, "signingCredential.trusted", true},
		"after the signer's own":          {both, &gone, "http://ocsp.invalid/ " + address, "signingCredential.untrusted", false},
		"good by a response at hand":      {forge.Signer{Authority: a, OCSP: []forge.OCSP{good}}, &gone, "", "signingCredential.trusted", false},
		"revoked by a response at hand":   {forge.Signer{Authority: a, OCSP: []forge.OCSP{gone}}, &good, "", "signingCredential.untrusted", false},
		"of an authority that names none": {forge.Signer{}, &gone, "", "signingCredential.trusted", false},
	} {
		t.Run(name, func(t *testing.T) {
			var asked []string
			r := verify(t, tc.signer, func(in *signing.Input) {
				in.Ask = func(to string, _ []byte) ([]byte, error) {
					asked = append(asked, to)
					switch {
					case to != address:
						return forge.OCSP{}.About(tc.signer), nil
					case tc.upper == nil:
						return nil, silent
					}
					return tc.upper.About(tc.signer), nil
				}
			})
			expect(t, r, []string{tc.want}, nil)
			if got := strings.Join(asked, " "); got != tc.asked || (r.Revocation.Authorities != "") != tc.open {
				t.Errorf("asked %q, open %q", got, r.Revocation.Authorities)
			}
		})
	}
	offline := verify(t, forge.Signer{Authority: a}, nil)
	if !strings.Contains(offline.Revocation.Authorities, "its responder was not asked") {
		t.Errorf("%q", offline.Revocation.Authorities)
	}
	// A file that nobody trusts gets nobody asked.
	stranger := forge.NewAuthority("Forge Stranger CA").Answering(address)
	verify(t, forge.Signer{Authority: stranger}, func(in *signing.Input) {
		in.Ask = func(string, []byte) ([]byte, error) { t.Error("asked"); return nil, silent }
	})
}

// reseq puts more at the end of a sequence.
func reseq(sequence, more []byte) []byte {
	head := 2
	if sequence[1]&0x80 != 0 {
		head += int(sequence[1] & 0x7f)
	}
	return seq(sequence[head:], more)
}

func seedResponses() [][]byte {
	return [][]byte{
		{},
		about(nil),
		about(func(o *forge.OCSP) { o.ByKey, o.NoNext, o.Nonce = true, true, []byte("nonce") }),
		about(func(o *forge.OCSP) { o.Status, o.Revoked, o.Reason = "revoked", forge.Clock, 1 }),
		about(func(o *forge.OCSP) { o.Status, o.Critical, o.ByIssuer = "unknown", true, true }),
		about(func(o *forge.OCSP) { o.Answer = 6 }),
		about(func(o *forge.OCSP) { o.More = make([]forge.OCSP, 3) }),
	}
}

// FuzzParseOCSP: an error is a *SyntaxError with nothing beside it, what is signed is part of the response, nothing is
// kept beyond the limits, and no response that the forge's CA did not sign says anything.
func FuzzParseOCSP(f *testing.F) {
	seeds := seedResponses()
	if len(seeds) < 5 {
		f.Fatal("seeds are missing")
	}
	for _, s := range seeds {
		f.Add(s)
	}
	trust := trustForge(f)
	message := forge.Signer{}.Sign(claim)
	f.Fuzz(func(t *testing.T, data []byte) {
		before := bytes.Clone(data)
		o, err := signing.ParseOCSP(data)
		if !bytes.Equal(data, before) {
			t.Fatal("the input was changed")
		}
		if err != nil {
			var syntax *signing.SyntaxError
			if !errors.As(err, &syntax) || o != nil {
				t.Fatalf("%T: %v", err, err)
			}
			return
		}
		singles, certificates, signed := o.Spoken()
		if singles == 0 || singles > signing.MaxOCSPSingles || certificates > signing.MaxOCSPCertificates || !bytes.Contains(data, signed) {
			t.Fatalf("%d entries, %d certificates", singles, certificates)
		}
		in := signing.Input{COSE: message, Payload: claim, URL: url, Now: forge.Clock, Trust: trust, Status: []*signing.OCSP{o}}
		known := slices.ContainsFunc(seeds, func(s []byte) bool {
			k, err := signing.ParseOCSP(s)
			if err != nil {
				return false
			}
			_, _, tbs := k.Spoken()
			return bytes.Equal(tbs, signed)
		})
		if r := signing.Verify(in); r.Revocation.State != signing.RevocationNotChecked && !known {
			t.Fatalf("%s by nobody's signature", r.Revocation.State)
		}
	})
}
