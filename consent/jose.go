package consent

// The only file that imports the JOSE library. It is asked for arithmetic: a key from coordinates, a signature over
// bytes. Which algorithm, which key and which text is decided by the callers, before.

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jwk"
	"github.com/lestrrat-go/jwx/v2/jws"
)

// Key is a public key that may sign tokens: Ed25519, P-256 or P-384. RFC 7517, RFC 8037.
type Key struct {
	Type  string // EC or OKP
	Curve string // Ed25519, P-256, P-384

	x, y string // coordinates as the JWK has them
	kid  string // of the JWK, if any
	raw  any    // ed25519.PublicKey or *ecdsa.PublicKey
}

// algorithms is the allow-list: nothing else is looked at, whatever key the header points at.
// Consent format 1, 3 (alg).
var algorithms = map[string]struct {
	jwa   jwa.SignatureAlgorithm
	curve string
	size  int // of a signature, bytes
}{
	"EdDSA":   {jwa.EdDSA, "Ed25519", ed25519.SignatureSize},
	"Ed25519": {jwa.EdDSA, "Ed25519", ed25519.SignatureSize},
	"ES256":   {jwa.ES256, "P-256", 64},
	"ES384":   {jwa.ES384, "P-384", 96},
}

// coordinate sizes in bytes, by curve.
var coordinateSize = map[string]int{"Ed25519": ed25519.PublicKeySize, "P-256": 32, "P-384": 48}

// ParseKey reads a public key from a JWK. Private members are ignored.
func ParseKey(text []byte) (*Key, error) {
	if len(text) > maxKeyText {
		return nil, &SyntaxError{Reason: "the key is larger than the limit", Large: true}
	}
	v, err := parseJSON(string(text), "jwk", tokenJSON)
	if err != nil {
		return nil, err
	}
	return keyOf(v)
}

// keyOf makes a key of a JWK that was read by our own scanner; only the coordinates reach the library.
func keyOf(v value) (*Key, error) {
	k := &Key{Type: v.get("kty").text, Curve: v.get("crv").text, x: v.get("x").text, y: v.get("y").text, kid: v.get("kid").text}
	size, known := coordinateSize[k.Curve]
	if !known || (k.Type == "OKP") != (k.Curve == "Ed25519") || k.Type != "OKP" && k.Type != "EC" {
		return nil, fmt.Errorf("key type %q with curve %q is not allowed", clip(k.Type), clip(k.Curve))
	}
	if k.Type == "OKP" {
		k.y = ""
	}
	for _, c := range []string{k.x, k.y} {
		if c == "" && k.Type == "OKP" {
			continue
		}
		if b, _ := decodePart(c); len(b) != size {
			return nil, errors.New("a coordinate of the key is not of the curve's size")
		}
	}
	parsed, err := jwk.ParseKey([]byte(k.canonical()))
	if err != nil {
		return nil, fmt.Errorf("jwk: %w", err)
	}
	if err := parsed.Raw(&k.raw); err != nil {
		return nil, fmt.Errorf("jwk: %w", err)
	}
	switch p := k.raw.(type) {
	case ed25519.PublicKey:
		if len(p) == ed25519.PublicKeySize {
			return k, nil
		}
	case *ecdsa.PublicKey:
		if _, err := p.ECDH(); err == nil { // the point is on the curve
			return k, nil
		}
	}
	return nil, errors.New("the key is no point of its curve")
}

// canonical is the JWK with its required members in the order of RFC 7638.
func (k *Key) canonical() string {
	if k.Type == "OKP" {
		return fmt.Sprintf(`{"crv":%q,"kty":"OKP","x":%q}`, k.Curve, k.x)
	}
	return fmt.Sprintf(`{"crv":%q,"kty":"EC","x":%q,"y":%q}`, k.Curve, k.x, k.y)
}

// JWK returns the key as a JWK without kid.
func (k *Key) JWK() []byte { return []byte(k.canonical()) }

// Thumbprint is the key's RFC 7638 digest, base64url.
func (k *Key) Thumbprint() string {
	d := sha256.Sum256([]byte(k.canonical()))
	return base64.RawURLEncoding.EncodeToString(d[:])
}

// fits says whether the key is of the type and curve that the algorithm needs.
func (k *Key) fits(alg string) bool {
	a, ok := algorithms[alg]
	return ok && k != nil && a.curve == k.Curve
}

// verify checks a signature; the algorithm must be on the allow-list and fit the key.
func (k *Key) verify(alg, input string, signature []byte) bool {
	a := algorithms[alg]
	if !k.fits(alg) || len(signature) != a.size {
		return false
	}
	v, err := jws.NewVerifier(a.jwa)
	return err == nil && v.Verify([]byte(input), signature, k.raw) == nil
}

// PrivateKey signs tokens and what belongs to them.
type PrivateKey struct {
	Public *Key
	Kid    string // of the file that it was read from, if any
	raw    any
}

// Algorithms that GenerateKey knows, by their JOSE names.
const (
	AlgEdDSA = "EdDSA"
	AlgES256 = "ES256"
	AlgES384 = "ES384"
)

// GenerateKey makes a key for an algorithm: EdDSA (Ed25519), ES256 or ES384.
func GenerateKey(alg string) (*PrivateKey, error) {
	switch alg {
	case AlgEdDSA, "Ed25519":
		_, k, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			return nil, err
		}
		return privateKey(k, "")
	case AlgES256, AlgES384:
		curve := elliptic.P256()
		if alg == AlgES384 {
			curve = elliptic.P384()
		}
		k, err := ecdsa.GenerateKey(curve, rand.Reader)
		if err != nil {
			return nil, err
		}
		return privateKey(k, "")
	}
	return nil, fmt.Errorf("algorithm %q is not one of EdDSA, ES256, ES384", clip(alg))
}

// ParsePrivateKey reads a private key from PEM (PKCS #8 or SEC 1) or a JWK.
func ParsePrivateKey(text []byte) (*PrivateKey, error) {
	if len(text) > maxKeyText {
		return nil, &SyntaxError{Reason: "the key is larger than the limit", Large: true}
	}
	if block, _ := pem.Decode(text); block != nil {
		if raw, err := x509.ParsePKCS8PrivateKey(block.Bytes); err == nil {
			return privateKey(raw, "")
		}
		raw, err := x509.ParseECPrivateKey(block.Bytes)
		if err != nil {
			return nil, errors.New("the PEM block holds no PKCS #8 or SEC 1 private key")
		}
		return privateKey(raw, "")
	}
	v, bad := parseJSON(string(text), "jwk", tokenJSON)
	if bad != nil {
		return nil, fmt.Errorf("neither PEM nor a JWK: %w", bad)
	}
	if _, err := keyOf(v); err != nil {
		return nil, err
	}
	if v.get("d").kind != jsonString {
		return nil, errors.New("the JWK has no private part")
	}
	parsed, err := jwk.ParseKey(v.encode(nil))
	if err != nil {
		return nil, errors.New("the JWK is not a private key")
	}
	var raw any
	if err := parsed.Raw(&raw); err != nil {
		return nil, errors.New("the JWK is not a private key")
	}
	return privateKey(raw, v.get("kid").text)
}

func privateKey(raw any, kid string) (*PrivateKey, error) {
	var public any
	switch k := raw.(type) {
	case ed25519.PrivateKey:
		public = k.Public()
	case *ecdsa.PrivateKey:
		private, err := k.ECDH()
		if err != nil {
			return nil, errors.New("the key is neither Ed25519 nor on P-256 or P-384, or it has no private part")
		}
		// A JWK has both parts, and may have them of two keys.
		if out, err := k.PublicKey.ECDH(); err != nil || !private.PublicKey().Equal(out) {
			return nil, errors.New("the private part of the key is that of another one")
		}
		public = k.Public()
	default:
		return nil, errors.New("the key is neither Ed25519 nor on P-256 or P-384")
	}
	parsed, err := jwk.FromRaw(public)
	if err != nil {
		return nil, fmt.Errorf("jwk: %w", err)
	}
	v := value{kind: jsonObject}
	for _, name := range []string{"kty", "crv", "x", "y"} {
		item, ok := parsed.Get(name)
		if !ok {
			continue
		}
		text := fmt.Sprint(item)
		if b, raw := item.([]byte); raw {
			text = base64.RawURLEncoding.EncodeToString(b)
		}
		v.names, v.items = append(v.names, name), append(v.items, value{kind: jsonString, text: text})
	}
	key, err := keyOf(v)
	if err != nil {
		return nil, err
	}
	return &PrivateKey{Public: key, Kid: kid, raw: raw}, nil
}

// Alg is the algorithm that the key signs with.
func (k *PrivateKey) Alg() string {
	return map[string]string{"Ed25519": AlgEdDSA, "P-256": AlgES256, "P-384": AlgES384}[k.Public.Curve]
}

// PEM returns the key in PKCS #8.
func (k *PrivateKey) PEM() ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(k.raw)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

// sign returns the JWS signature over a signing input.
func (k *PrivateKey) sign(input string) ([]byte, error) {
	s, err := jws.NewSigner(algorithms[k.Alg()].jwa)
	if err != nil {
		return nil, err
	}
	return s.Sign([]byte(input), k.raw)
}
