package forge

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"time"
)

// AggregatorDID is the DID whose document the tests have at hand.
const AggregatorDID = "did:web:aggregator.example"

// Aggregator says how the credential of an identity claims aggregator is made. The zero value is a good one of
// [AggregatorDID]. CAWG identity 1.3, 8.1.
type Aggregator struct {
	Alg       string // default Ed25519
	Issuer    string // default AggregatorDID; "did:jwk": a DID that is its own key
	Detached  bool   // the credential is left out of the message
	Edit      func(Object)
	Text      func([]byte) []byte // edits the credential's text
	Protected func(*Map)
	Signer    Signer // of this, Stamps, Sig and COSE count
}

func (a *Aggregator) alg() string {
	if a.Alg == "" {
		return "Ed25519"
	}
	return a.Alg
}

// JWK is the public key of the aggregator, by the name of an algorithm. RFC 7517.
func JWK(alg string) Object {
	switch k := Key(algorithms[alg].key, "aggregator").Public().(type) {
	case ed25519.PublicKey:
		return Object{"kty": "OKP", "crv": "Ed25519", "x": b64(k)}
	case *ecdsa.PublicKey:
		raw := must(k.Bytes())[1:]
		return Object{"kty": "EC", "crv": k.Curve.Params().Name, "x": b64(raw[:len(raw)/2]), "y": b64(raw[len(raw)/2:])}
	case LatticePublic:
		return Object{"kty": "AKP", "alg": k.Set, "pub": b64([]byte(k.Raw))}
	case *rsa.PublicKey:
		return Object{"kty": "RSA", "n": b64(k.N.Bytes()), "e": b64(big.NewInt(int64(k.E)).Bytes())}
	}
	panic("forge: no JWK for " + alg)
}

// DIDDocument is the document of a DID with the aggregator's keys; edit may change it. W3C DID 1.0, 5.
func DIDDocument(did string, edit func(Object), algs ...string) []byte {
	methods := []Object{}
	for _, alg := range algs {
		methods = append(methods, Object{"id": did + "#" + alg, "type": "JsonWebKey2020", "controller": did, "publicKeyJwk": JWK(alg)})
	}
	doc := Object{"@context": "https://www.w3.org/ns/did/v1", "id": did, "assertionMethod": methods}
	if edit != nil {
		edit(doc)
	}
	return must(json.Marshal(doc))
}

// Sign makes the credential for a signer payload, and the message around it.
func (a *Aggregator) Sign(payload Map) []byte {
	issuer := a.Issuer
	switch issuer {
	case "":
		issuer = AggregatorDID
	case "did:jwk":
		issuer = "did:jwk:" + b64(must(json.Marshal(JWK(a.alg()))))
	}
	vc := Object{
		"@context": []any{"https://www.w3.org/ns/credentials/v2", "https://cawg.io/identity/1.1/ica/context/"},
		"type":     []any{"VerifiableCredential", "IdentityClaimsAggregationCredential"},
		"issuer":   issuer, "validFrom": Clock.AddDate(0, -1, 0).Format(time.RFC3339),
		"credentialSubject": Object{
			"id": "did:web:ada.example", "c2paAsset": asJSON(payload),
			"verifiedIdentities": []any{Object{
				"type": "cawg.social_media", "username": "ada", "uri": "https://social.example/ada", "verifiedAt": Clock.AddDate(0, -2, 0).Format(time.RFC3339),
				"provider": Object{"id": "https://social.example", "name": "Social"},
			}},
		},
	}
	if a.Edit != nil {
		a.Edit(vc)
	}
	text := must(json.Marshal(vc))
	if a.Text != nil {
		text = a.Text(text)
	}
	alg := algorithms[a.alg()]
	protected := Map{{1, alg.id}, {3, "application/vc"}}
	if a.Protected != nil {
		a.Protected(&protected)
	}
	prot := CBOR(protected)
	sig := rawSignature(alg, Key(alg.key, "aggregator"), sigStructure("Signature1", prot, text))
	if a.Signer.Sig != nil {
		sig = a.Signer.Sig(sig)
	}
	unprotected := Map{}
	a.Signer.stamp(&unprotected, prot, text, sig)
	var attached any = text
	if a.Detached {
		attached = nil
	}
	out := CBOR(Tag{18, []any{prot, unprotected, attached, sig}})
	if a.Signer.COSE != nil {
		out = a.Signer.COSE(out)
	}
	return out
}

// asJSON is CBOR as c2paAsset has it.
func asJSON(v any) any {
	switch v := v.(type) {
	case []byte:
		return base64.StdEncoding.EncodeToString(v)
	case []any:
		out := []any{}
		for _, x := range v {
			out = append(out, asJSON(x))
		}
		return out
	case Map:
		out := Object{}
		for _, e := range v {
			out[e.K.(string)] = asJSON(e.V)
		}
		return out
	}
	return v
}

// Aggregations are files with an identity assertion of an aggregator, as [Identities].
func Aggregations() []Case {
	one := func(name, code string, a Aggregator, also ...string) Case {
		return Case{Name: name, Code: code, Also: also, Recipe: Recipe{Manifest: Manifest{Assertions: []Assertion{
			{Label: "cawg.identity", Identity: &Identity{Roles: []string{"cawg.creator"}, Aggregator: &a}},
		}}}}
	}
	list := []Case{
		one("aggregator: sound", "cawg.ica.credential_valid", Aggregator{}),
		one("aggregator: sound, of the older data model", "cawg.identity.trusted", Aggregator{Edit: func(o Object) {
			o["@context"] = []any{"https://www.w3.org/2018/credentials/v1"}
			o["issuanceDate"] = o["validFrom"]
			o["expirationDate"] = Clock.AddDate(1, 0, 0).Format(time.RFC3339)
			delete(o, "validFrom")
			o["issuer"] = Object{"id": o["issuer"], "name": "Aggregator"}
		}}),
		one("aggregator: sound, time-stamped", "cawg.ica.time_stamp.validated", Aggregator{Signer: Signer{Stamps: []Stamp{{}}, Stamp2: true}}),
		one("aggregator: expired since a time-stamp", "cawg.identity.trusted", Aggregator{
			Signer: Signer{Stamps: []Stamp{{Time: Clock.AddDate(0, 0, -7)}}, Stamp2: true}, Edit: func(o Object) { o["validUntil"] = Clock.AddDate(0, 0, -1).Format(time.RFC3339) },
		}),
		one("aggregator: a time-stamp of an unknown authority", "cawg.ica.time_stamp.invalid", Aggregator{Signer: Signer{Stamps: []Stamp{{Authority: CA()}}, Stamp2: true}}),
		one("aggregator: a credential with a status", "cawg.ica.revocation.unsupported", Aggregator{Edit: func(o Object) { o["credentialStatus"] = Object{"type": "x"} }}),
	}
	for _, alg := range Algorithms {
		code := "cawg.identity.trusted"
		if lattices[alg] != nil {
			code = "cawg.ica.invalid_alg" // the list of CAWG identity 1.3, 8.1, is its own
		}
		list = append(list, one("aggregator: signed with "+alg, code, Aggregator{Alg: alg}))
	}
	list = append(list, brokenMessages(one)...)
	return append(list, brokenCredentials(one)...)
}

type makeAggregation func(name, code string, a Aggregator, also ...string) Case

func brokenMessages(one makeAggregation) []Case {
	ica := func(name, code string, a Aggregator, also ...string) Case {
		return one("aggregator: "+name, "cawg.ica."+code, a, also...)
	}
	return []Case{
		ica("no COSE", "invalid_cose_sign1", Aggregator{Signer: Signer{COSE: garbage}}),
		ica("a detached credential", "invalid_cose_sign1", Aggregator{Detached: true}),
		ica("a critical header that nobody knows", "invalid_cose_sign1", Aggregator{Protected: func(m *Map) { m.Set(2, []any{"x"}); m.Set("x", 1) }}),
		ica("no algorithm", "invalid_alg", Aggregator{Protected: func(m *Map) { m.Del(1) }}),
		ica("an algorithm outside the list", "invalid_alg", Aggregator{Protected: func(m *Map) { m.Set(1, -9) }}),
		ica("no content type", "invalid_content_type", Aggregator{Protected: func(m *Map) { m.Del(3) }}),
		ica("another content type", "invalid_content_type", Aggregator{Protected: func(m *Map) { m.Set(3, "application/json") }}),
		ica("a bit of the signature", "signature_mismatch", Aggregator{Signer: Signer{Sig: flip(3)}}),
		ica("a key that the document lacks", "did_unavailable", Aggregator{Issuer: "did:web:nobody.example"}),
		ica("a document without keys", "invalid_did_document", Aggregator{Issuer: "did:web:empty.example"}),
		ica("another method", "did_unsupported_method", Aggregator{Issuer: "did:key:z6Mk"}),
		ica("an issuer that is no DID", "invalid_issuer", Aggregator{Issuer: "https://aggregator.example"}),
		ica("no issuer", "invalid_issuer", Aggregator{Edit: func(o Object) { delete(o, "issuer") }}),
		ica("a DID that is its own key", "untrusted_issuer", Aggregator{Issuer: "did:jwk"}),
		ica("a DID that is its own key, and another signed", "signature_mismatch", Aggregator{Issuer: "did:jwk", Signer: Signer{Sig: flip(0)}}, "cawg.ica.untrusted_issuer"),
		ica("a DID that holds no key", "invalid_did_document", Aggregator{Issuer: "did:jwk:e30"}, "cawg.ica.untrusted_issuer"),
	}
}

func brokenCredentials(one makeAggregation) []Case {
	const bad = "invalid_verifiable_credential"
	set := func(name, code, key string, v any) Case {
		return one("aggregator: "+name, "cawg.ica."+code, Aggregator{Edit: func(o Object) { o[key] = v }})
	}
	subject := func(name, code, key string, v any) Case {
		return one("aggregator: "+name, "cawg.ica."+code, Aggregator{Edit: func(o Object) { o["credentialSubject"].(Object)[key] = v }})
	}
	text := func(name string, edit func([]byte) []byte) Case {
		return one("aggregator: "+name, "cawg.ica."+bad, Aggregator{Text: edit})
	}
	account := func(key string, v any) []any {
		o := Object{"type": "cawg.social_media", "username": "ada", "verifiedAt": "2026-01-01T00:00:00Z", "provider": Object{"id": "https://social.example", "name": "Social"}}
		o[key] = v
		return []any{o}
	}
	const verified, invalid = "verifiedIdentities", "verified_identities.invalid"
	list := []Case{
		text("a credential that is no JSON", garbage),
		text("a credential with more behind it", func(b []byte) []byte { return append(b, '{', '}') }),
		text("a member twice", func(b []byte) []byte { return append([]byte(`{"ISSUER":"x",`), b[1:]...) }),
		text("a credential nested too deep", func(b []byte) []byte {
			return append([]byte(`{"x":[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]],`), b[1:]...)
		}),
		set("no context", bad, "@context", []any{}),
		set("another context", bad, "@context", []any{"https://example.com"}),
		set("another type", bad, "type", []any{"VerifiableCredential"}),
		set("a type that is text", bad, "type", "IdentityClaimsAggregationCredential"),
		set("no beginning", "valid_from.missing", "validFrom", nil),
		set("a beginning that is no time", "valid_from.invalid", "validFrom", "yesterday"),
		set("a beginning in the future", "valid_from.invalid", "validFrom", Clock.Add(time.Second).Format(time.RFC3339)),
		set("an end that has passed", "valid_until.invalid", "validUntil", Clock.Add(-time.Second).Format(time.RFC3339)),
		set("an end that is no time", "valid_until.invalid", "validUntil", "never"),
		subject("no asset", "signer_payload.mismatch", "c2paAsset", nil),
		subject("another asset", "signer_payload.mismatch", "c2paAsset", Object{"sig_type": "cawg.identity_claims_aggregation"}),
		subject("nothing verified", "verified_identities.missing", verified, []any{}),
		subject("no list of what was verified", "verified_identities.missing", verified, nil),
		subject("an identity of no type", invalid, verified, account("type", "")),
		subject("an account without a name", invalid, verified, account("username", "")),
		subject("a document without a name", invalid, verified, account("type", "cawg.document_verification")),
		subject("a web site without an address", invalid, verified, account("type", "cawg.web_site")),
		subject("a wallet without an address", invalid, verified, account("type", "cawg.crypto_wallet")),
		subject("an identity of nobody's", invalid, verified, account("provider", Object{"id": "https://social.example"})),
		subject("verified in the future", invalid, verified, account("verifiedAt", "2027-01-01T00:00:00Z")),
		subject("verified at no time", invalid, verified, account("verifiedAt", "")),
	}
	many := make([]any, 257)
	for i := range many {
		many[i] = account("username", "ada")[0]
	}
	return append(list, subject("more identities than are read", invalid, verified, many))
}
