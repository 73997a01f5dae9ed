package consent

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"strings"
	"testing"
	"time"
)

// The tests' own world: an issuer of every role, one generator, one person and one work. Keys come from fixed labels,
// texts from the standard library's encoders, so that a misreading of our own code is not shared.
var (
	made  = time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC) // the content
	today = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
)

const (
	generator = "https://generator.test"
	person    = "hand:10.23/P-1"
	child     = "hand:10.23/P-2"
	late      = "hand:10.23/P-3"
	character = "eidr:10.5240/C-1"
	enrolled  = "iss:https://platform.test#u-1"
	digest    = "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"
)

func testKey(t testing.TB, label, curve string) *PrivateKey {
	t.Helper()
	seed := sha512.Sum512([]byte("consentry test " + label))
	var raw any
	switch curve {
	case "Ed25519":
		raw = ed25519.NewKeyFromSeed(seed[:32])
	default:
		c, size := elliptic.P256(), 32
		if curve == "P-384" {
			c, size = elliptic.P384(), 48
		}
		d := new(big.Int).Mod(new(big.Int).SetBytes(seed[:]), new(big.Int).Sub(c.Params().N, big.NewInt(1)))
		k, err := ecdsa.ParseRawPrivateKey(c, d.Add(d, big.NewInt(1)).FillBytes(make([]byte, size)))
		if err != nil {
			t.Fatal(err)
		}
		raw = k
	}
	k, err := privateKey(raw, label)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// object is JSON being built.
type object map[string]any

// set returns a copy with the member at a dotted path set; nil takes it out.
func (o object) set(path string, to any) object {
	out := object{}
	for k, v := range o {
		out[k] = v
	}
	name, rest, deeper := strings.Cut(path, ".")
	switch {
	case deeper:
		inner, _ := out[name].(object)
		out[name] = inner.set(rest, to)
	case to == nil:
		delete(out, name)
	default:
		out[name] = to
	}
	return out
}

func (o object) text(t testing.TB) string {
	t.Helper()
	b, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func b64(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

// signText signs texts as they are, well-formed or not.
func signText(t testing.TB, header, payload string, key *PrivateKey) string {
	t.Helper()
	input := b64(header) + "." + b64(payload)
	sig, err := key.sign(input)
	if err != nil {
		t.Fatal(err)
	}
	return input + "." + base64.RawURLEncoding.EncodeToString(sig)
}

// signAs signs a payload with the key of an issuer.
func signAs(t testing.TB, typ string, payload object, key *PrivateKey) string {
	t.Helper()
	return signText(t, object{"alg": key.Alg(), "typ": typ, "kid": key.Kid}.text(t), payload.text(t), key)
}

// issuers of the tests' trust list: id, role, curve, subjects.
var issuers = []struct {
	name, role, curve, mode string
	ids                     []string
}{
	{"performer", "performer", "Ed25519", "list", []string{person, "name:Pat Doe"}},
	{"guardian", "guardian", "P-256", "list", []string{child}},
	{"estate", "estate", "P-384", "list", []string{late}},
	{"agency", "agency", "Ed25519", "roster", nil},
	{"guild", "guild", "Ed25519", "any", nil},
	{"studio", "studio", "P-256", "any", nil},
	{"platform", "platform", "Ed25519", "list", []string{enrolled}},
	{"rightsholder", "rightsholder", "P-256", "list", []string{character}},
	{"registry", "registry", "Ed25519", "any", nil},
}

func issuerURI(name string) string { return "https://" + name + ".test" }

// testTrust is the trust list as JSON; change may be nil.
func testTrust(t testing.TB) object {
	t.Helper()
	var entries []any
	for _, i := range issuers {
		k := testKey(t, i.name, i.curve)
		roles := []string{i.role}
		entry := object{"id": issuerURI(i.name), "roles": roles, "subjects": object{"mode": i.mode, "ids": append([]string{}, i.ids...)}, "keys": []any{object{
			"kid": k.Kid, "jwk": json.RawMessage(k.Public.JWK()), "nbf": made.AddDate(-2, 0, 0).Unix(), "exp": made.AddDate(5, 0, 0).Unix(), "revoked_at": json.RawMessage("null"),
		}}}
		if i.name == "platform" {
			entry["roles"] = []string{"platform", "provider"}
			entry["signers"] = []any{object{"dn": object{"O": "Platform"}}}
		}
		entries = append(entries, entry)
	}
	entries = append(entries, object{"id": generator, "roles": []string{"provider"}, "signers": []any{object{"spki#S256": signerSPKI}}})
	return object{"v": 1, "steward": "https://steward.test", "sequence": 3, "issued": "2026-01-01T00:00:00Z", "next_update": "2026-12-01T00:00:00Z", "entries": entries}
}

const signerSPKI, signerX5T, signerJKT = "c2lnbmVyLXNwa2k", "c2lnbmVyLXg1dA", "c2lnbmVyLWprdA"

// world is one file with one entry.
type world struct {
	c *checker
	e *entry
}

func newWorld(t testing.TB) *world {
	t.Helper()
	list, err := ParseTrustList([]byte(testTrust(t).text(t)))
	if err != nil {
		t.Fatal(err)
	}
	return &world{
		c: &checker{
			now: today, t: Time{At: made, Kind: "T2"},
			signer:     &Signer{DN: map[string]string{"O": "Generator"}, SPKI: signerSPKI, X5T: signerX5T, JKT: signerJKT, Trusted: true},
			generation: &Generation{Provider: generator, RequestID: "r-1", Purpose: []string{"entertainment.scripted"}, Territory: []string{"US"}},
			trust:      list, statusPolicy: StatusIgnore,
			hardBinding: &HardBinding{Label: "c2pa.hash.bmff.v3", SHA256: digest},
		},
		e: &entry{id: "p1", kind: "real", rendering: "replica", modality: []string{"face", "voice"}, subject: &Subject{Scheme: "hand", ID: "10.23/P-1"}},
	}
}

// aGrant is a token of the performer that holds.
func aGrant() object {
	return object{
		"iss": issuerURI("performer"), "sub": person, "aud": []string{generator}, "jti": "urn:test:1",
		"iat": made.Add(-24 * time.Hour).Unix(), "exp": made.AddDate(1, 0, 0).Unix(), "cnf": object{"jkt": signerJKT},
		"status": object{"status_list": object{"idx": 5, "uri": "https://performer.test/status"}},
		"consent": object{
			"type": "grant", "modality": []string{"face", "voice"}, "operation": []string{"generate"}, "purpose": []string{"entertainment"},
			"territory": []string{"US", "EU"}, "subject_status": "adult", "authority": "self", "custody": "self",
		},
	}
}

// by makes a token another issuer's, for whom that role may speak.
func by(name string) object {
	g := aGrant().set("iss", issuerURI(name)).set("consent.authority", roles[name].authority)
	switch name {
	case "guardian":
		return g.set("sub", child).set("consent.subject_status", "minor")
	case "estate":
		return g.set("sub", late).set("consent.subject_status", "deceased").set("consent.operation", []string{"reanimate"})
	case "rightsholder":
		return g.set("sub", character)
	case "platform":
		return g.set("sub", enrolled).set("aud", []string{issuerURI("platform")})
	}
	return g
}

func (w *world) of(name string) *world {
	s := map[string]string{"guardian": child, "estate": late, "rightsholder": character, "platform": enrolled}[name]
	if s != "" {
		o, _ := parseSubject(s)
		w.e.subject = &Subject{Scheme: o.scheme, ID: o.id}
	}
	switch name {
	case "estate":
		w.e.kind = "deceased"
	case "rightsholder":
		w.e.work, w.e.modality = true, nil
	case "platform":
		w.c.signer.DN["O"] = "Platform"
	}
	w.c.roster = func(issuer string, s openSubject, _ time.Time) bool {
		return issuer == issuerURI("agency") && s.String() == person
	}
	return w
}

func curveOf(name string) string {
	for _, i := range issuers {
		if i.name == name {
			return i.curve
		}
	}
	return "Ed25519"
}

// minted signs a payload with the key of the issuer that it names.
func minted(t testing.TB, payload object) string {
	t.Helper()
	name := strings.TrimSuffix(strings.TrimPrefix(payload["iss"].(string), "https://"), ".test")
	return signAs(t, "consent+jwt", payload, testKey(t, name, curveOf(name)))
}

func digestOf(s string) string {
	d := sha256.Sum256([]byte(s))
	return base64.RawURLEncoding.EncodeToString(d[:])
}
