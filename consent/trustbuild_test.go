package consent

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"strings"
	"testing"
)

// describedTrust is a trust list with all helps: keys and certificates by their files.
func describedTrust() object {
	return object{
		"steward": "https://steward.test", "sequence": 3, "next_update": "+30d",
		"entries": []any{
			object{"id": issuerURI("agency"), "roles": []string{"agency"}, "subjects": object{"mode": "roster"}, "keys": []any{
				object{"file": "agency.json", "use": []string{"token", "registry"}, "nbf": "2025-01-01", "exp": "2030-01-01T00:00:00Z"},
				object{"kid": "old", "file": "bare.jwk", "revoked_at": "2026-01-01"},
			}},
			object{"id": generator, "roles": []string{"provider"}, "signers": []any{object{"cert": "leaf.pem"}}},
		},
	}
}

// certificate is a certificate of a key of its own.
func certificate(t testing.TB, ca bool) []byte {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "x"}, NotBefore: made, NotAfter: today, IsCA: ca, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, c, c, public, private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func trustInput(t testing.TB, description object) TrustListInput {
	agency := testKey(t, "agency", "Ed25519").Public
	files := map[string][]byte{
		"agency.json": []byte(fmt.Sprintf(`{"kid": %q, "jwk": %s}`, agency.Thumbprint(), agency.JWK())),
		"bare.jwk":    testKey(t, "old", "P-256").Public.JWK(),
		"secret.jwk":  []byte(`{"kty": "OKP", "crv": "Ed25519", "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`),
		"leaf.pem":    certificate(t, false),
		"ca.pem":      certificate(t, true),
	}
	return TrustListInput{Description: []byte(description.text(t)), Now: made, Read: func(name string) ([]byte, error) {
		if text, ok := files[name]; ok {
			return text, nil
		}
		return nil, os.ErrNotExist
	}}
}

func TestBuildTrustList(t *testing.T) {
	in := trustInput(t, describedTrust())
	plain, err := BuildTrustList(in)
	if err != nil {
		t.Fatal(err)
	}
	steward := testKey(t, "steward", "P-384")
	in.Steward = steward
	signed, err := BuildTrustList(in)
	if err != nil {
		t.Fatal(err)
	}
	for name, load := range map[string]TrustInput{"plain": {Text: plain, Now: made}, "signed": {Text: signed, Steward: steward.Public, Now: made}} {
		list, findings := LoadTrust(load)
		if list == nil || len(findings) > 0 {
			t.Fatalf("%s: %v", name, findings)
		}
		agency := list.Entry(issuerURI("agency"))
		if list.Sequence != 3 || !list.Issued.Equal(made) || !list.NextUpdate.Equal(made.AddDate(0, 0, 30)) || len(list.Entries) != 2 || len(agency.Keys) != 2 {
			t.Errorf("%s: %+v", name, list)
		}
		if k := agency.key(testKey(t, "agency", "Ed25519").Public.Thumbprint()); k == nil || k.Key == nil || *k.NotBefore != 1735689600 || *k.Expires != 1893456000 || k.permits(UseStatus) {
			t.Errorf("%s: %+v", name, k)
		}
		if k := agency.key("old"); k == nil || k.Key == nil || *k.RevokedAt != 1767225600 {
			t.Errorf("%s: %+v", name, k)
		}
		if s := list.Entry(generator).Signers; len(s) != 1 || len(s[0].SPKI) != 43 {
			t.Errorf("%s: %+v", name, s)
		}
	}
	if !json.Valid(plain) || !bytes.HasSuffix(plain, []byte("\n")) {
		t.Error("the plain list is no JSON text")
	}
}

func TestBuildTrustListRefuses(t *testing.T) {
	agency := func(path string, to any) object {
		d := describedTrust()
		entries := d["entries"].([]any)
		return d.set("entries", []any{entries[0].(object).set(path, to), entries[1]})
	}
	provider := func(path string, to any) object {
		d := describedTrust()
		entries := d["entries"].([]any)
		return d.set("entries", []any{entries[0], entries[1].(object).set(path, to)})
	}
	key := func(k object) object { return agency("keys", []any{k}) }
	for name, c := range map[string]struct {
		description object
		want        string
	}{
		"no sequence":                {describedTrust().set("sequence", nil), "trust.sequence"},
		"a negative sequence":        {describedTrust().set("sequence", -1), "trust.sequence"},
		"no next update":             {describedTrust().set("next_update", nil), "trust.next_update"},
		"a next update that is past": {describedTrust().set("next_update", "2026-01-01"), "trust.next_update"},
		"another version":            {describedTrust().set("v", 2), "trust.v"},
		"no entries":                 {describedTrust().set("entries", nil), "trust.entries"},
		"a member of no meaning":     {describedTrust().set("entires", 1), "trust.entires"},
		"an entry's":                 {agency("role", "agency"), "entries[0].role"},
		"a subject's":                {agency("subjects.id", "x"), "subjects.id"},
		"an unknown role":            {agency("roles", []string{"agent"}), `unknown role "agent"`},
		"no role":                    {agency("roles", []string{}), "entries[0].roles"},
		"an id that is no URI":       {agency("id", "agency"), "no URI"},
		"one id twice":               {agency("id", generator), "stands before it"},
		"nobody to speak for":        {agency("subjects", nil), "speak for nobody"},
		"a list of nobody":           {agency("subjects", object{"mode": "list", "ids": []string{}}), "speak for nobody"},
		"an id without scheme":       {agency("subjects", object{"mode": "list", "ids": []string{"pat"}}), "no scheme:id"},
		"an id of no scheme":         {agency("subjects", object{"mode": "list", "ids": []string{"Hand:pat"}}), "unknown scheme"},
		"another mode":               {agency("subjects", object{"mode": "all"}), "mode"},
		"no key":                     {agency("keys", []any{}), "nothing that"},
		"a private key":              {key(object{"file": "secret.jwk"}), "private key"},
		"a private key in the text":  {key(object{"jwk": object{"kty": "OKP", "crv": "Ed25519", "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}}), "private key"},
		"a key's file that is not":   {key(object{"file": "nowhere"}), "file does not exist"},
		"a key's file that is none":  {key(object{"file": "leaf.pem"}), "keys[0].file"},
		"an RSA key":                 {key(object{"jwk": object{"kty": "RSA", "n": "AQAB", "e": "AQAB"}}), "not allowed"},
		"an unknown use":             {key(object{"file": "agency.json", "use": []string{"tokens"}}), `unknown use "tokens"`},
		"a window that is shut":      {key(object{"file": "agency.json", "nbf": "2030-01-01", "exp": "2029-01-01"}), "does not come after nbf"},
		"a day that is none":         {key(object{"file": "agency.json", "nbf": "1.1.2030"}), "nbf"},
		"no signer":                  {provider("signers", []any{}), "no claim signer"},
		"an authority as signer":     {provider("signers", []any{object{"cert": "ca.pem"}}), "authority's certificate"},
		"no certificate":             {provider("signers", []any{object{"cert": "bare.jwk"}}), "no certificate"},
		"a signer's member":          {provider("signers", []any{object{"issuer": "x"}}), "signers[0].issuer"},
	} {
		out, err := BuildTrustList(trustInput(t, c.description))
		if err == nil || out != nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one that says %q", name, err, c.want)
		}
	}
}

func TestBuildTrustListLimit(t *testing.T) {
	for n, ok := range map[int]bool{maxTrustText: true, maxTrustText + 1: false} {
		in := trustInput(t, describedTrust())
		in.Description = append(in.Description, bytes.Repeat([]byte("\n"), n-len(in.Description))...)
		_, err := BuildTrustList(in)
		if ok != (err == nil) {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
}
