package consentry_test

import (
	"bytes"
	"compress/zlib"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/consentry/consentry"
)

// The clocks of the tests: a clip is made, and judged a day later.
var (
	made   = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	judged = made.Add(24 * time.Hour)
)

const trainedType = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"

type object = map[string]any

// world is a file, those who may speak for the people in it, and what the operator has at hand. It writes and signs
// tokens with code of its own, so that a misreading is not shared with the judge.
type world struct {
	t          testing.TB
	facts      object
	manifest   object
	assertion  object
	entries    []object
	registries []string
	statuses   []string
	policy     object
	jti        int
}

// key is the Ed25519 key of a name: always the same one.
func key(name string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte("consentry test key: " + name))
	return ed25519.NewKeyFromSeed(seed[:])
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func jwk(name string) object {
	return object{"kty": "OKP", "crv": "Ed25519", "x": b64(key(name).Public().(ed25519.PublicKey))}
}

func uri(name string) string { return "https://" + name + ".example" }

func marshal(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

// jws signs a payload with a name's key.
func jws(typ, name string, payload any) string {
	input := b64(marshal(object{"alg": "EdDSA", "typ": typ, "kid": name})) + "." + b64(marshal(payload))
	return input + "." + b64(ed25519.Sign(key(name), []byte(input)))
}

// issuer is an entry of the trust list; ids nil: mode is roster.
func issuer(name, role, mode string, ids ...string) object {
	subjects := object{"mode": mode}
	if mode == "list" {
		subjects["ids"] = ids
	}
	return object{
		"id": uri(name), "roles": []string{role}, "subjects": subjects,
		"keys": []object{{"kid": name, "jwk": jwk(name), "use": []string{"token", "status", "registry"}}},
	}
}

// newWorld is a generated clip, signed by a trusted generator and time-stamped, that declares one person, Ada, with her
// own grant. It passes under every profile.
func newWorld(t testing.TB) *world {
	signer := object{"dn": object{"O": "Generator"}, "x5t#S256": b64(make([]byte, 32)), "spki#S256": "spki-of-the-generator", "jkt": "jkt-of-the-generator"}
	w := &world{t: t, policy: object{"profile": "newsroom"}}
	generator := issuer("generator", "provider", "any")
	generator["signers"] = []object{{"spki#S256": "spki-of-the-generator"}}
	other := issuer("other-generator", "provider", "any")
	other["signers"] = []object{{"spki#S256": "spki-of-another"}}
	w.entries = []object{
		generator, other, issuer("ada", "performer", "list", "hand:ada"), issuer("ben", "performer", "list", "hand:ben"),
		issuer("guardian", "guardian", "list", "hand:kim"), issuer("kim", "performer", "list", "hand:kim"), issuer("estate", "estate", "list", "hand:old"), issuer("old", "performer", "list", "hand:old"),
		issuer("agency", "agency", "roster"), issuer("agency2", "agency", "roster"), issuer("guild", "guild", "any"),
		issuer("platform", "platform", "list", "hand:ada"), issuer("owner", "rightsholder", "list", "eidr:hero"), issuer("studio", "studio", "any"),
	}
	w.manifest = object{
		"label": "urn:c2pa:1", "state": "trusted", "created": true, "redacted": []string{},
		"actions":     []object{{"action": "c2pa.created", "digitalSourceType": trainedType}},
		"hardBinding": object{"label": "c2pa.hash.bmff.v3", "sha256": b64(bytes.Repeat([]byte{7}, 32))},
	}
	w.assertion = object{
		"v": 1, "completeness": "complete", "people": []object{}, "tokens": []object{},
		"generation": object{"provider": uri("generator"), "purpose": []string{"entertainment"}, "territory": []string{"US"}, "request_id": "r1"},
	}
	w.facts = object{
		"now": judged, "T": object{"time": made, "kind": "T2"}, "claimSigner": signer, "manifest": w.manifest,
		"assertion": w.assertion, "assetSha256": b64(bytes.Repeat([]byte{9}, 32)), "faces": nil,
	}
	w.person("p1", "hand:ada", w.token("ada", nil))
	return w
}

// token signs a grant for six days, which need no status; change may change its payload.
func (w *world) token(name string, change func(payload, scope object)) string {
	return jws("consent+jwt", name, w.claims(name, change))
}

func (w *world) claims(name string, change func(payload, scope object)) object {
	w.jti++
	scope := object{
		"type": "grant", "modality": []string{"face", "voice"}, "operation": []string{"generate"}, "purpose": []string{"entertainment"},
		"territory": []string{"US"}, "subject_status": "adult", "authority": "self", "custody": "self",
	}
	p := object{
		"iss": uri(name), "sub": "hand:" + name, "aud": []string{uri("generator")}, "jti": fmt.Sprint("t", w.jti), "consent": scope,
		"iat": made.Add(-24 * time.Hour).Unix(), "exp": made.Add(5 * 24 * time.Hour).Unix(), "cnf": object{"jkt": "jkt-of-the-generator"},
	}
	if change != nil {
		change(p, scope)
	}
	return p
}

// person declares somebody with tokens of their own; subject empty: none is named.
func (w *world) person(id, subject string, tokens ...string) object {
	p := object{"id": id, "kind": "real", "rendering": "replica", "modality": []string{"face", "voice"}}
	if scheme, name, ok := cutSubject(subject); ok {
		p["subject"] = object{"scheme": scheme, "id": name}
	}
	var indices []int
	for _, t := range tokens {
		indices = append(indices, w.add(object{"jwt": t}))
	}
	if indices != nil {
		p["tokens"], p["basis"] = indices, "token"
	}
	w.assertion["people"] = append(w.assertion["people"].([]object), p)
	return p
}

func cutSubject(s string) (scheme, id string, ok bool) {
	for i := range s {
		if s[i] == ':' {
			return s[:i], s[i+1:], true
		}
	}
	return "", "", false
}

// add puts a token into the assertion and returns its index.
func (w *world) add(t object) int {
	list := w.assertion["tokens"].([]object)
	w.assertion["tokens"] = append(list, t)
	return len(list)
}

// first is the first declared person; replace gives them other tokens.
func (w *world) first() object { return w.assertion["people"].([]object)[0] }

func (w *world) replace(tokens ...string) {
	w.assertion["tokens"] = []object{}
	var indices []int
	for _, t := range tokens {
		indices = append(indices, w.add(object{"jwt": t}))
	}
	w.first()["tokens"] = indices
	if indices == nil {
		delete(w.first(), "tokens")
		delete(w.first(), "basis")
	}
}

// bundle signs a registry bundle.
func (w *world) bundle(name string, members object) {
	b := object{"iss": uri(name), "sequence": 1, "iat": made.Add(-48 * time.Hour).Unix(), "salt": b64([]byte("salt")), "roster": []object{}, "orders": []object{}, "revocations": []object{}}
	for k, v := range members {
		b[k] = v
	}
	w.registries = append(w.registries, jws("consent-registry+jwt", name, b))
}

// stays is a roster entry; left zero: still there.
func stays(id string, left time.Time) object {
	e := object{"scheme": "hand", "id": id, "from": made.Add(-1000 * time.Hour)}
	if !left.IsZero() {
		e["until"] = left
	}
	return e
}

// order is a standing order over a roster since long before.
func order(override string) object {
	return object{
		"order": "all", "decision": "prohibit", "override": override, "subjects": object{"select": "roster"}, "providers": []string{"*"},
		"operation": []string{"generate", "alter", "reanimate"}, "modality": []string{"face", "voice"},
		"effective_from": made.Add(-100 * time.Hour), "effective_until": nil,
	}
}

// status signs a status list of zeros but for one index; iat and exp as given.
func (w *world) status(name string, index int, value byte, exp time.Time, size int) string {
	bits := make([]byte, size)
	bits[index/4] |= value << (index % 4 * 2)
	var z bytes.Buffer
	d := zlib.NewWriter(&z)
	d.Write(bits)
	d.Close()
	return jws("statuslist+jwt", name, object{
		"sub": uri(name) + "/status", "iat": made.Add(-time.Hour).Unix(), "exp": exp.Unix(),
		"status_list": object{"bits": 2, "lst": b64(z.Bytes())},
	})
}

func withStatus(index int) func(p, s object) {
	return func(p, _ object) {
		p["exp"] = made.Add(300 * 24 * time.Hour).Unix()
		p["status"] = object{"status_list": object{"idx": index, "uri": p["iss"].(string) + "/status"}}
	}
}

// document is the world as a case of the conformance command.
func (w *world) document() []byte {
	list := object{"v": 1, "steward": uri("steward"), "sequence": 5, "issued": made, "entries": w.entries}
	if len(w.assertion["tokens"].([]object)) == 0 {
		delete(w.assertion, "tokens")
		defer func() { w.assertion["tokens"] = []object{} }()
	}
	return marshal(object{
		"id": "x", "facts": w.facts, "trustList": list, "registries": w.registries, "statusLists": w.statuses, "policy": w.policy,
	})
}

func (w *world) judge() consentry.FactsAnswer {
	w.t.Helper()
	var c consentry.FactsCase
	if err := json.Unmarshal(w.document(), &c); err != nil {
		w.t.Fatal(err)
	}
	return c.Answer()
}

// es256 signs with a P-256 key that is derived from a name.
func es256(name string) (*ecdsa.PrivateKey, object) {
	k, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), key(name).Seed()) // a seed is below the order but once in 2^32
	if err != nil {
		panic(err)
	}
	point, err := k.PublicKey.Bytes()
	if err != nil {
		panic(err)
	}
	return k, object{"kty": "EC", "crv": "P-256", "x": b64(point[1:33]), "y": b64(point[33:])}
}

// signES256 is a JWS by a P-256 key under any algorithm name.
func signES256(k *ecdsa.PrivateKey, header object, payload any) string {
	input := b64(marshal(header)) + "." + b64(marshal(payload))
	sum := sha256.Sum256([]byte(input))
	r, s, err := ecdsa.Sign(rand.Reader, k, sum[:])
	if err != nil {
		panic(err)
	}
	return input + "." + b64(append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...))
}

// hs256 is a JWS with a shared secret.
func hs256(secret []byte, header object, payload any) string {
	input := b64(marshal(header)) + "." + b64(marshal(payload))
	m := hmac.New(sha256.New, secret)
	m.Write([]byte(input))
	return input + "." + b64(m.Sum(nil))
}
