package consentry_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/fetch"
	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/internal/schematest"
	"github.com/consentry/consentry/policy"
	"github.com/consentry/consentry/report"
)

// renamed asks a server on loopback for what lies at a host name, as a did:web cannot name an address.
type renamed struct {
	*fetch.Getter
	names map[string]string // https://HOST to the server's address
}

func (n renamed) Get(ctx context.Context, address string, most int64) (int, string, []byte, error) {
	for name, at := range n.names {
		if rest, ok := strings.CutPrefix(address, name+"/"); ok {
			status, final, body, err := n.Getter.Get(ctx, at+"/"+rest, most)
			if rest, ok := strings.CutPrefix(final, at); ok {
				final = name + rest
			}
			return status, final, body, err
		}
	}
	return n.Getter.Get(ctx, address, most)
}

// TestDIDDocumentsAreFetched: the document of an aggregator tells with leave whether its signature verifies, and nobody
// is trusted by it, whatever it holds.
func TestDIDDocumentsAreFetched(t *testing.T) {
	const did, path = forge.AggregatorDID, "/.well-known/did.json"
	var asked []string
	var answer func(w http.ResponseWriter, r *http.Request)
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Path)
		answer(w, r)
	}))
	t.Cleanup(server.Close)
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	good := forge.DIDDocument(did, nil, "Ed25519")
	bytesOf := func(b []byte) func(http.ResponseWriter, *http.Request) {
		return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(b) }
	}
	to := func(address string) func(http.ResponseWriter, *http.Request) {
		return func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/moved" {
				_, _ = w.Write(good)
				return
			}
			http.Redirect(w, r, address, http.StatusFound)
		}
	}
	sized := func(n int) []byte { return append(bytes.Clone(good), bytes.Repeat([]byte(" "), n-len(good))...) }
	method := forge.Object{"id": did + "#1", "type": "JsonWebKey2020", "publicKeyJwk": forge.JWK("ES256")}
	many := forge.DIDDocument(did, func(o forge.Object) {
		list := []any{}
		for range 200 {
			list = append(list, method)
		}
		o["assertionMethod"] = list
	})
	note := forge.Assertion{Label: "com.example.note", CBOR: forge.Map{{K: "a", V: 1}}}
	file := func(edit func(*forge.Identity)) forge.Recipe {
		r := aggregated(note, "")
		id := r.Manifest.Assertions[1].Identity
		id.References = []string{"c2pa.hash.bmff.v3"}
		if edit != nil {
			edit(id)
		}
		return r
	}
	broken := file(nil)
	broken.Manifest.Signer.Sig = func(b []byte) []byte { b[0] ^= 1; return b }
	swapped := file(nil)
	swapped.Hash = func(b []byte) []byte { b[0] ^= 1; return b }

	for _, c := range []struct {
		name   string
		recipe forge.Recipe
		answer func(http.ResponseWriter, *http.Request)
		off    bool
		state  string // empty: no identity is judged
		code   string
		asked  int
		wrong  string // part of the error that the report tells of the request
	}{
		{"the issuer's document", file(nil), bytesOf(good), false, "well-formed", "cawg.ica.untrusted_issuer", 1, ""},
		{"without leave", file(nil), bytesOf(good), true, "invalid", "cawg.ica.did_unavailable", 0, ""},
		{"nothing there", file(nil), http.NotFound, false, "invalid", "cawg.ica.did_unavailable", 1, "status 404"},
		{"a redirect on its server", file(nil), to("/moved"), false, "well-formed", "cawg.ica.untrusted_issuer", 2, ""},
		{"a redirect into a private network", file(nil), to("https://192.168.0.1/did.json"), false, "invalid", "cawg.ica.did_unavailable", 1, "no public address"},
		{"a redirect to http", file(nil), to("http://aggregator.example/did.json"), false, "invalid", "cawg.ica.did_unavailable", 1, "https"},
		{"a document at the limit", file(nil), bytesOf(sized(64 << 10)), false, "well-formed", "cawg.ica.untrusted_issuer", 1, ""},
		{"a document one byte past it", file(nil), bytesOf(sized(64<<10 + 1)), false, "invalid", "cawg.ica.did_unavailable", 1, "more than 65536 bytes"},
		{"a document without end", file(nil), bytesOf(bytes.Repeat([]byte("["), 8<<20)), false, "invalid", "cawg.ica.did_unavailable", 1, "more than 65536 bytes"},
		{"a deep document", file(nil), bytesOf(bytes.Repeat([]byte("["), 60<<10)), false, "invalid", "cawg.ica.invalid_did_document", 1, ""},
		{"a document of another DID", file(nil), bytesOf(forge.DIDDocument("did:web:other.example", nil, "Ed25519")), false, "invalid", "cawg.ica.invalid_did_document", 1, ""},
		{"a document with many methods", file(nil), bytesOf(many), false, "invalid", "cawg.ica.signature_mismatch", 1, ""},
		{"an issuer that is an address", file(func(i *forge.Identity) { i.Aggregator.Issuer = "did:web:127.0.0.1" }), bytesOf(good), false, "invalid", "cawg.ica.invalid_issuer", 0, ""},
		{"an assertion that does not hold", file(func(i *forge.Identity) { i.References = []string{note.Label} }), bytesOf(good), false, "invalid", "cawg.ica.did_unavailable", 0, ""},
		{"a manifest whose signature is broken", broken, bytesOf(good), false, "", "", 0, ""},
		{"content that was changed", swapped, bytesOf(good), false, "", "", 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			asked, answer = nil, c.answer
			v := trusting(t)
			v.Trust.DIDs, v.Policy = nil, &policy.Policy{Profile: policy.CI}
			if !c.off {
				v.Fetch = renamed{&fetch.Getter{Roots: roots, Allow: netip.Addr.IsLoopback}, map[string]string{"https://aggregator.example": server.URL}}
			}
			r := verify(t, v, asset(forge.Make(c.recipe).Data))
			if err := schematest.Check(schematest.Report, marshal(r)); err != nil {
				t.Error(err)
			}
			m := r.Provenance.Manifests[0]
			if c.state == "" {
				if m.Identities != nil {
					t.Errorf("%+v", m.Identities)
				}
			} else if len(m.Identities) != 1 || m.Identities[0].State != c.state || !report.Has(append(m.Failure, m.Success...), c.code) {
				t.Errorf("%+v, %v", m.Identities, m.Failure)
			}
			if len(asked) != c.asked || len(asked) > 0 && asked[0] != path {
				t.Errorf("asked for %v", asked)
			}
			if len(r.Fetched) != min(1, c.asked) {
				t.Fatalf("told of %+v", r.Fetched)
			}
			for _, f := range r.Fetched {
				if f.Purpose != "did" || f.URL != "https://aggregator.example"+path || (f.Error == nil) != (c.wrong == "") || f.Error != nil && !strings.Contains(*f.Error, c.wrong) {
					t.Errorf("%+v", f)
				}
			}
			if told := slices.ContainsFunc(r.NotChecked, func(n report.NotChecked) bool {
				return n.What == "identity assertions" && strings.Contains(n.Why, "--fetch")
			}); told != c.off {
				t.Errorf("not checked: %v", r.NotChecked)
			}
		})
	}
	t.Run("cancelled while it waits", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		v := trusting(t)
		v.Trust.DIDs, v.Fetch = nil, cancelling(cancel)
		if _, err := v.Verify(ctx, asset(forge.Make(file(nil)).Data)); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
}

// TestDIDDocumentsOfAFileAreBounded: a file has a number of documents fetched, each of them once.
func TestDIDDocumentsOfAFileAreBounded(t *testing.T) {
	for n, told := range map[int]bool{8: false, 9: true} {
		r := forge.Recipe{Manifest: forge.Manifest{}}
		for i := range 2 * n {
			label := "cawg.identity"
			if i > 0 {
				label += fmt.Sprint("__", i)
			}
			r.Manifest.Assertions = append(r.Manifest.Assertions, forge.Assertion{Label: label, Identity: &forge.Identity{
				References: []string{"c2pa.hash.bmff.v3"}, Aggregator: &forge.Aggregator{Issuer: fmt.Sprintf("did:web:a%d.example", i%n)},
			}})
		}
		v := trusting(t)
		g := &greedy{nothing: true}
		v.Trust.DIDs, v.Fetch = nil, g
		out := verify(t, v, asset(forge.Make(r).Data))
		if len(g.most) != 8 || len(out.Fetched) != 8 || slices.ContainsFunc(g.most, func(most int64) bool { return most != 64<<10 }) {
			t.Errorf("%d issuers: asked for %v", n, g.most)
		}
		if got := slices.ContainsFunc(out.NotChecked, func(n report.NotChecked) bool { return strings.Contains(n.Why, "8 DID documents") }); got != told {
			t.Errorf("%d issuers: %v", n, out.NotChecked)
		}
	}
}
