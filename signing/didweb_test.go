package signing_test

import (
	"bytes"
	"errors"
	"net/netip"
	neturl "net/url"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/report"
	"github.com/consentry/consentry/signing"
)

func TestDIDWebAddress(t *testing.T) {
	long := func(n int) string { return "did:web:a.example:" + strings.Repeat("x", n-len("did:web:a.example:")) }
	for did, want := range map[string]string{
		"did:web:a.example":                 "https://a.example/.well-known/did.json",
		"did:web:A.Example":                 "https://a.example/.well-known/did.json",
		"did:web:a.example:user:alice":      "https://a.example/user/alice/did.json",
		"did:web:a.example%3A8443":          "https://a.example:8443/.well-known/did.json",
		"did:web:a.example%3a8443:x":        "https://a.example:8443/x/did.json",
		"did:web:xn--bcher-kva.example:a_b": "https://xn--bcher-kva.example/a_b/did.json",
		"did:web:a.example:%C3%BC":          "https://a.example/%C3%BC/did.json",
		"did:web:localhost":                 "https://localhost/.well-known/did.json", // whoever connects refuses it
		long(1024):                          "https://a.example/" + strings.Repeat("x", 1024-len("did:web:a.example:")) + "/did.json",
		long(1025):                          "",
		"did:web:":                          "",
		"did:web::x":                        "",
		"did:key:z":                         "",
		"did:web:192.168.0.1":               "",
		"did:web:2130706433":                "",
		"did:web:0x7f.1":                    "",
		"did:web:[::1]":                     "",
		"did:web:a.example.":                "",
		"did:web:-a.example":                "",
		"did:web:" + strings.Repeat("a", 64) + ".example": "",
		"did:web:a_b.example":                             "",
		"did:web:a.example%3A":                            "",
		"did:web:a.example%3A0":                           "",
		"did:web:a.example%3A65536":                       "",
		"did:web:a.example%3A+1":                          "",
		"did:web:a.example%3A080":                         "",
		"did:web:a.example%2Fx":                           "",
		"did:web:me%40a.example":                          "",
		"did:web:a.example%3A8443%3":                      "",
		"did:web:a.example:":                              "",
		"did:web:a.example::x":                            "",
		"did:web:a.example:x/y":                           "",
		"did:web:a.example:%2F":                           "",
		"did:web:a.example:..":                            "",
		"did:web:a.example:%2e%2E":                        "",
		"did:web:a.example:x?y":                           "",
		"did:web:a.example:x#y":                           "",
		"did:web:a.example:%0a":                           "",
		"did:web:a.example:%zz":                           "",
		"did:web:a.example:ü":                             "",
		"did:web:a.example\n":                             "",
		"did:web:\u212a.example":                          "", // the Kelvin sign, whose small letter is k
		"did:web:\u0130.example":                          "", // whose small letter is i
	} {
		got, err := signing.DIDWebAddress(did)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v; want %q", did, got, err, want)
		}
	}
}

// FuzzDIDWeb: whoever writes a DID chooses a host name and a path on it, and nothing else; and the address leads back to
// the DID.
func FuzzDIDWeb(f *testing.F) {
	for _, did := range []string{"did:web:a.example", "did:web:a.example%3A8443:x:y", "did:web:0x7f.1", "did:web:me%40a.example", "did:web:a.example:%2e%2e", "did:web:A.example:%C3%BC"} {
		f.Add(did)
	}
	f.Fuzz(func(t *testing.T, did string) {
		address, err := signing.DIDWebAddress(did)
		if err != nil {
			if address != "" {
				t.Fatalf("%q beside an error", address)
			}
			return
		}
		u, err := neturl.Parse(address)
		if err != nil || u.Scheme != "https" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Hostname() == "" || strings.Contains(u.Path, "/../") {
			t.Fatalf("%q became %q, %v", did, address, err)
		}
		if _, err := netip.ParseAddr(u.Hostname()); err == nil {
			t.Fatalf("%q names an address", did)
		}
		path := strings.TrimSuffix(strings.TrimSuffix(strings.TrimPrefix(address, "https://"), "/did.json"), "/.well-known")
		host, rest, below := strings.Cut(path, "/")
		back := "did:web:" + strings.ReplaceAll(host, ":", "%3a")
		if below {
			back += ":" + strings.ReplaceAll(rest, "/", ":")
		}
		// A path that is .well-known itself is left out above.
		if !strings.EqualFold(back, did) && !strings.EqualFold(back+":.well-known", did) {
			t.Fatalf("%q became %q, and that %q", did, address, back)
		}
	})
}

// A document that is fetched tells the issuer's keys. It makes nobody trusted, and is asked for only where it could tell
// something.
func TestAggregationFetches(t *testing.T) {
	good := forge.DIDDocument(someDID, nil, "Ed25519")
	const address = "https://aggregator.example/.well-known/did.json"
	for _, c := range []struct {
		name      string
		by        forge.Aggregator
		answer    []byte // nil: there is none
		validated bool
		code      string
		asked     bool
	}{
		{"the issuer's document", forge.Aggregator{}, good, true, "cawg.ica.untrusted_issuer", true},
		{"a document with another key", forge.Aggregator{}, forge.DIDDocument(someDID, nil, "ES256"), false, "cawg.ica.signature_mismatch", true},
		{"a document of another DID", forge.Aggregator{}, forge.DIDDocument("did:web:other.example", nil, "Ed25519"), false, "cawg.ica.invalid_did_document", true},
		{"a document of the DID in other letters", forge.Aggregator{}, forge.DIDDocument("did:web:Aggregator.example", nil, "Ed25519"), false, "cawg.ica.invalid_did_document", true},
		{"a document without keys", forge.Aggregator{}, forge.DIDDocument(someDID, nil), false, "cawg.ica.invalid_did_document", true},
		{"a page", forge.Aggregator{}, []byte("<html>"), false, "cawg.ica.invalid_did_document", true},
		{"nothing", forge.Aggregator{}, nil, false, "cawg.ica.did_unavailable", true},
		{"an address in place of a name", forge.Aggregator{Issuer: "did:web:127.0.0.1"}, good, false, "cawg.ica.invalid_issuer", false},
		{"a credential that fails", forge.Aggregator{Edit: func(o forge.Object) { delete(o, "validFrom") }}, good, false, "cawg.ica.did_unavailable", false},
		{"another method", forge.Aggregator{Issuer: "did:key:z"}, good, false, "cawg.ica.did_unsupported_method", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := aggregated(&c.by)
			var asked []string
			in.Get = func(address string) ([]byte, error) {
				asked = append(asked, address)
				if c.answer == nil {
					return nil, errors.New("it answers with the status 404")
				}
				return bytes.Clone(c.answer), nil
			}
			a := signing.VerifyAggregation(in)
			if a.Valid || a.Validated != c.validated || !report.Has(a.Findings, c.code) || a.Unfetched != "" {
				t.Errorf("%+v", a)
			}
			if len(asked) > 1 || (len(asked) == 1) != c.asked || c.asked && asked[0] != address {
				t.Errorf("asked for %v", asked)
			}
			if c.validated && report.Has(a.Findings, "cawg.ica.credential_valid") {
				t.Error("a document that was fetched made somebody trusted")
			}
		})
	}
	t.Run("without leave", func(t *testing.T) {
		a := signing.VerifyAggregation(aggregated(&forge.Aggregator{}))
		if a.Valid || a.Validated || a.Unfetched != address || !report.Has(a.Findings, "cawg.ica.did_unavailable") {
			t.Errorf("%+v", a)
		}
		a = signing.VerifyAggregation(aggregated(&forge.Aggregator{Edit: func(o forge.Object) { delete(o, "validFrom") }}))
		if a.Unfetched != "" {
			t.Errorf("%q would not be asked for", a.Unfetched)
		}
	})
	t.Run("a document at hand counts, and nothing is asked", func(t *testing.T) {
		in := aggregated(&forge.Aggregator{})
		in.Trust = trustedDIDs(t, "Ed25519")
		in.Get = func(string) ([]byte, error) { t.Error("asked"); return nil, nil }
		if a := signing.VerifyAggregation(in); !a.Valid {
			t.Errorf("%+v", a.Findings)
		}
	})
}
