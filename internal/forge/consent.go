package forge

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"time"
)

// Object is a JSON object.
type Object = map[string]any

// Provider is the id under which [ConsentTrust] knows the signer of a zero [Signer].
const Provider = "https://generator.example"

// URI is the id of an issuer by its short name.
func URI(name string) string { return "https://" + name + ".example" }

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// JWS signs a payload with the Ed25519 key of an issuer; header members replace the usual ones. RFC 7515, 3.1.
func JWS(typ, name string, header Object, payload any) string {
	h := Object{"alg": "EdDSA", "typ": typ, "kid": name}
	maps.Copy(h, header)
	input := b64(must(json.Marshal(h))) + "." + b64(must(json.Marshal(payload)))
	return input + "." + b64(ed25519.Sign(Key("Ed25519", "issuer "+name).(ed25519.PrivateKey), []byte(input)))
}

// Token is a grant of a performer for herself: for six days around [Clock], which need no status. edit may change the
// payload and its consent member. Consent format 1, 3.
func Token(name string, edit func(payload, scope Object)) string {
	scope := Object{
		"type": "grant", "modality": []string{"face"}, "operation": []string{"generate"}, "purpose": []string{"test"},
		"subject_status": "adult", "authority": "self", "custody": "self",
	}
	p := Object{
		"iss": URI(name), "sub": "hand:" + name, "aud": Provider, "jti": name + "-1",
		"iat": Clock.AddDate(0, 0, -1).Unix(), "exp": Clock.AddDate(0, 0, 5).Unix(), "consent": scope,
	}
	if edit != nil {
		edit(p, scope)
	}
	return JWS("consent+jwt", name, nil, p)
}

// StatusList is a token status list of one bit: the indices that are revoked. Consent format 1, 6.
func StatusList(name, uri string, lst []byte) string {
	return JWS("statuslist+jwt", name, nil, Object{
		"sub": uri, "iat": Clock.Add(-time.Hour).Unix(), "exp": Clock.AddDate(0, 0, 1).Unix(), "status_list": Object{"bits": 1, "lst": b64(lst)},
	})
}

// ConsentTrust is a trust list of consent issuers: performers by their names, and the provider whose key signed leaf.
// Consent format 1, 4.
func ConsentTrust(leaf *x509.Certificate, performers ...string) []byte {
	entries := []Object{{"id": Provider, "roles": []string{"provider"}, "signers": []Object{{"spki#S256": SPKI(leaf)}}}}
	for _, n := range performers {
		public := Key("Ed25519", "issuer "+n).Public().(ed25519.PublicKey)
		entries = append(entries, Object{
			"id": URI(n), "roles": []string{"performer"}, "subjects": Object{"mode": "list", "ids": []string{"hand:" + n}},
			"keys": []Object{{"kid": n, "jwk": Object{"kty": "OKP", "crv": "Ed25519", "x": b64(public)}, "use": []string{"token", "status"}}},
		})
	}
	return must(json.Marshal(Object{
		"v": 1, "steward": URI("steward"), "sequence": 1, "issued": Clock.AddDate(0, -1, 0).Format(time.RFC3339),
		"next_update": Clock.AddDate(1, 0, 0).Format(time.RFC3339), "entries": entries,
	}))
}

// SPKI is the digest of a certificate's key, as cnf and signers name it.
func SPKI(c *x509.Certificate) string {
	sum := sha256.Sum256(c.RawSubjectPublicKeyInfo)
	return b64(sum[:])
}

// X5T is the digest of a certificate. RFC 7515, 4.1.8.
func X5T(c *x509.Certificate) string {
	sum := sha256.Sum256(c.Raw)
	return b64(sum[:])
}

// JKT is the thumbprint of a P-256 key. RFC 7638, 3.
func JKT(key crypto.PublicKey) string {
	raw := must(key.(*ecdsa.PublicKey).Bytes())
	text := fmt.Sprintf(`{"crv":"P-256","kty":"EC","x":"%s","y":"%s"}`, b64(raw[1:33]), b64(raw[33:65]))
	sum := sha256.Sum256([]byte(text))
	return b64(sum[:])
}

// Depicted is an entry of a consent assertion's people: a replica of a real face, with tokens by their indices.
func Depicted(id, name string, tokens ...int) Map {
	m := Map{{"id", id}, {"kind", "real"}, {"rendering", "replica"}, {"modality", []any{"face"}}}
	if name != "" {
		m.Set("subject", Map{{"scheme", "hand"}, {"id", name}})
	}
	var list []any
	for _, t := range tokens {
		list = append(list, t)
	}
	if list != nil {
		m.Set("tokens", list)
		m.Set("basis", "token")
	}
	return m
}

// Consent is the content of a consent assertion: people, and tokens by value. Consent format 1, 2.
func Consent(people []Map, tokens ...string) Map {
	var list, jwts []any
	for _, p := range people {
		list = append(list, p)
	}
	for _, t := range tokens {
		jwts = append(jwts, Map{{"jwt", t}})
	}
	if list == nil {
		list = []any{}
	}
	m := Map{{"v", 1}, {"completeness", "complete"}, {"people", list}, {"generation", Map{{"provider", Provider}, {"purpose", []any{"test"}}, {"request_id", "r-1"}}}}
	if jwts != nil {
		m.Set("tokens", jwts)
	}
	return m
}

// HardBindingDigest is what a clearance says of a hard binding: the digest of its content. Consent format 1, 3.
func HardBindingDigest(payload []byte) string {
	sum := sha256.Sum256(payload)
	return b64(sum[:])
}
