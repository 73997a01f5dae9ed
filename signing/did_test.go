package signing_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/report"
	"github.com/consentry/consentry/signing"
)

const someDID = "did:web:aggregator.example"

func TestParseDID(t *testing.T) {
	method := func(alg string) forge.Object {
		return forge.Object{"id": someDID + "#1", "type": "JsonWebKey2020", "publicKeyJwk": forge.JWK(alg)}
	}
	key := func(name, value string) func(forge.Object) {
		return func(o forge.Object) {
			m := method("ES256")
			m["publicKeyJwk"].(forge.Object)[name] = value
			o["assertionMethod"] = []any{m}
		}
	}
	for _, c := range []struct {
		name string
		edit func(forge.Object)
		keys int
	}{
		{"a key of each kind", nil, 5},
		{"a method by its id", func(o forge.Object) {
			o["verificationMethod"] = []any{method("ES256")}
			o["assertionMethod"] = []any{someDID + "#1"}
		}, 1},
		{"a method for something else", func(o forge.Object) { o["verificationMethod"], o["assertionMethod"] = []any{method("ES256")}, []any{} }, 0},
		{"a method by an id that is not there", func(o forge.Object) { o["assertionMethod"] = []any{someDID + "#2"} }, 0},
		{"a method of another type", func(o forge.Object) {
			m := method("ES256")
			m["type"] = "Multikey"
			o["assertionMethod"] = []any{m}
		}, 0},
		{"no assertionMethod", func(o forge.Object) { delete(o, "assertionMethod") }, 0},
		{"a method that is a number", func(o forge.Object) { o["assertionMethod"] = []any{1} }, 0},
		{"a key off its curve", key("x", strings.Repeat("A", 43)), 0},
		{"a key on another curve", key("crv", "secp256k1"), 0},
		{"a key that is no base64url", key("y", "+"), 0},
		{"a key of another kind", key("kty", "oct"), 0},
		{"sixteen keys", func(o forge.Object) { o["assertionMethod"] = times(16, method("ES256")) }, 16},
		{"a method by an id without the DID", func(o forge.Object) {
			o["verificationMethod"] = []any{method("ES256")}
			o["assertionMethod"] = []any{"#1"}
		}, 1},
		{"a method whose id leaves out the DID", func(o forge.Object) {
			m := method("ES256")
			m["id"] = "#1"
			o["verificationMethod"], o["assertionMethod"] = []any{m}, []any{someDID + "#1"}
		}, 1},
		{"a key behind sixty-three entries that are none", func(o forge.Object) { o["assertionMethod"] = append(times(63, 1), method("ES256")) }, 1},
		{"a key behind sixty-four", func(o forge.Object) { o["assertionMethod"] = append(times(64, 1), method("ES256")) }, 0},
		{"seventeen keys", func(o forge.Object) { o["assertionMethod"] = times(17, method("ES256")) }, 16},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := signing.ParseDID(forge.DIDDocument(someDID, c.edit, "Ed25519", "ES256", "ES384", "ES512", "PS256"))
			if err != nil {
				t.Fatal(err)
			}
			if d.ID != someDID || d.Keys() != c.keys {
				t.Errorf("%s with %d keys, want %d", d.ID, d.Keys(), c.keys)
			}
		})
	}
}

func times(n int, v any) []any {
	out := make([]any, n)
	for i := range out {
		out[i] = v
	}
	return out
}

func TestParseDIDRefuses(t *testing.T) {
	fill := func(n int) []byte {
		text := []byte(`{"id":"did:web:x"`)
		return append(append(text, bytes.Repeat([]byte(" "), n-len(text)-1)...), '}')
	}
	if _, err := signing.ParseDID(fill(64 << 10)); err != nil {
		t.Errorf("at the limit: %v", err)
	}
	nested := func(n int) []byte {
		return fmt.Appendf(nil, `{"id":"did:web:x","x":%s1%s}`, strings.Repeat("[", n), strings.Repeat("]", n))
	}
	if _, err := signing.ParseDID(nested(15)); err != nil {
		t.Errorf("as deep as is read: %v", err)
	}
	for name, data := range map[string][]byte{
		"one level deeper":           nested(16),
		"an id twice":                []byte(`{"id":"did:web:x","ID":"did:web:y"}`),
		"something behind it":        []byte(`{"id":"did:web:x"} {}`),
		"one byte more than is read": fill(64<<10 + 1),
		"no JSON":                    []byte("id"),
		"a list":                     []byte(`[{"id":"did:web:x"}]`),
		"no id":                      []byte(`{}`),
		"an id that is no DID":       []byte(`{"id":"https://x.example"}`),
	} {
		if d, err := signing.ParseDID(data); err == nil || d != nil {
			t.Errorf("%s: read", name)
		}
	}
}

// aggregated is the identity assertion's signature of a file that the forge makes, with the signer payload as JSON.
func aggregated(a *forge.Aggregator) signing.AggregationInput {
	asset := forge.Object{"sig_type": "cawg.identity_claims_aggregation", "referenced_assertions": []any{}}
	message := a.Sign(forge.Map{{K: "sig_type", V: "cawg.identity_claims_aggregation"}, {K: "referenced_assertions", V: []any{}}})
	return signing.AggregationInput{COSE: message, Asset: asset, URL: "self#jumbf=x", Now: forge.Clock}
}

func trustedDIDs(t testing.TB, algs ...string) *signing.Trust {
	d, err := signing.ParseDID(forge.DIDDocument(someDID, nil, algs...))
	if err != nil {
		t.Fatal(err)
	}
	return &signing.Trust{DIDs: []signing.DIDDocument{*d}}
}

func TestAggregationKeepsWhatWasVerified(t *testing.T) {
	in := aggregated(&forge.Aggregator{})
	in.Trust = trustedDIDs(t, "Ed25519")
	a := signing.VerifyAggregation(in)
	if !a.Valid || a.Issuer != someDID || a.Subject != "did:web:ada.example" || len(a.Verified) != 1 {
		t.Fatalf("%+v", a)
	}
	if v := a.Verified[0]; v.Username != "ada" || v.ProviderName != "Social" || v.VerifiedAt.IsZero() {
		t.Errorf("%+v", v)
	}
}

func TestAggregationByAnotherKeyThanTheDocuments(t *testing.T) {
	in := aggregated(&forge.Aggregator{})
	in.Trust = trustedDIDs(t, "ES256", "PS256")
	if a := signing.VerifyAggregation(in); a.Valid || a.Validated || !report.Has(a.Findings, "cawg.ica.signature_mismatch") {
		t.Errorf("%+v", a)
	}
}

func TestAggregationTrustsNobodyByItself(t *testing.T) {
	in := aggregated(&forge.Aggregator{Issuer: "did:jwk"})
	if a := signing.VerifyAggregation(in); a.Valid || !a.Validated || !report.Has(a.Findings, "cawg.ica.untrusted_issuer") {
		t.Errorf("%+v", a)
	}
	d, err := signing.ParseDID(forge.DIDDocument(signing.VerifyAggregation(in).Issuer, nil, "Ed25519"))
	if err != nil {
		t.Fatal(err)
	}
	in.Trust = &signing.Trust{DIDs: []signing.DIDDocument{*d}}
	if a := signing.VerifyAggregation(in); !a.Valid {
		t.Errorf("a DID that somebody named is not trusted: %+v", a.Findings)
	}
}

func TestAggregationLimits(t *testing.T) {
	people := func(n int) *forge.Aggregator {
		return &forge.Aggregator{Edit: func(o forge.Object) {
			s := o["credentialSubject"].(forge.Object)
			s["verifiedIdentities"] = times(n, s["verifiedIdentities"].([]any)[0])
		}}
	}
	deep := func(n int) *forge.Aggregator {
		return &forge.Aggregator{Text: func(b []byte) []byte {
			return fmt.Appendf(nil, `{"x":%s1%s,%s`, strings.Repeat("[", n), strings.Repeat("]", n), b[1:])
		}}
	}
	for _, c := range []struct {
		name string
		by   *forge.Aggregator
		code string
	}{
		{"as many identities as are read", people(256), ""},
		{"one more", people(257), "cawg.ica.verified_identities.invalid"},
		{"as deep as is read", deep(15), ""},
		{"one deeper", deep(16), "cawg.ica.invalid_verifiable_credential"},
	} {
		in := aggregated(c.by)
		in.Trust = trustedDIDs(t, "Ed25519")
		a := signing.VerifyAggregation(in)
		if a.Valid != (c.code == "") || c.code != "" && !report.Has(a.Findings, c.code) {
			t.Errorf("%s: %+v", c.name, a.Findings)
		}
	}
}

// FuzzAggregation: whatever the bytes are, the findings are of the table, and nobody is trusted without trust.
func FuzzAggregation(f *testing.F) {
	for _, a := range []*forge.Aggregator{
		{},
		{Issuer: "did:jwk"},
		{Issuer: "did:jwk", Alg: "ES256"},
		{Detached: true},
		{Issuer: "did:key:z"},
		{Edit: func(o forge.Object) { delete(o, "credentialSubject") }},
	} {
		f.Add(aggregated(a).COSE)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		a := signing.VerifyAggregation(signing.AggregationInput{COSE: data, Now: forge.Clock})
		if a.Valid || len(a.Findings) == 0 {
			t.Fatal("trusted by nobody, or nothing said")
		}
		for _, x := range a.Findings {
			if _, ok := report.Lookup(x.Code); !ok {
				t.Fatalf("%q is in no table", x.Code)
			}
		}
	})
}

// FuzzDID: a document or an error, and a document has a DID and no more keys than are kept.
func FuzzDID(f *testing.F) {
	for _, algs := range [][]string{nil, {"Ed25519"}, {"ES256", "ES384"}, {"PS256"}, {"ES512"}} {
		f.Add(forge.DIDDocument(someDID, nil, algs...))
	}
	f.Add([]byte(`{"id":"did:web:x","verificationMethod":[{"id":"a"}],"assertionMethod":["a"]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := signing.ParseDID(data)
		if (d == nil) == (err == nil) || err == nil && (!strings.HasPrefix(d.ID, "did:") || d.Keys() > 16) {
			t.Fatalf("%v %v", d, err)
		}
	})
}
