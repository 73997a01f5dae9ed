package signing

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strings"
)

// Limits of DID documents, which are read from files, from DIDs themselves and from the network.
const (
	// MaxDIDDocument bounds a document in bytes; published ones have about 1 kB.
	MaxDIDDocument = 64 << 10
	// maxDIDKeys is how many keys of a document are tried: an issuer that renews them keeps two or three.
	maxDIDKeys = 16
	// maxDIDMethods is how many entries of assertionMethod are looked at, usable or not: each costs the work of reading a
	// key.
	maxDIDMethods = 64
)

// DIDDocument is a DID document at hand: whoever names one trusts its subject to aggregate identities. W3C DID 1.0, 5.
type DIDDocument struct {
	ID   string
	keys []crypto.PublicKey // of assertionMethod, as far as they can be used
}

// errNoKeys says that a document names no key that may sign credentials.
var errNoKeys = errors.New("the DID document has no usable key in assertionMethod")

// ParseDID reads a DID document. One without usable keys is read, and verifies nothing.
func ParseDID(data []byte) (*DIDDocument, error) {
	if len(data) > MaxDIDDocument {
		return nil, fmt.Errorf("a DID document of %d bytes, more than the %d that are read", len(data), MaxDIDDocument)
	}
	// A member that is there twice could be read in two ways.
	if err := eachOnce(data, "DID document"); err != nil {
		return nil, fmt.Errorf("no DID document: %w", err)
	}
	var doc struct {
		ID      string            `json:"id"`
		Methods []didMethod       `json:"verificationMethod"`
		Assert  []json.RawMessage `json:"assertionMethod"`
	}
	if err := json.Unmarshal(data, &doc); err != nil {
		return nil, fmt.Errorf("no DID document: %w", err)
	}
	if !strings.HasPrefix(doc.ID, "did:") {
		return nil, errors.New("no DID document: its id is no DID")
	}
	d := &DIDDocument{ID: doc.ID}
	for _, raw := range doc.Assert[:min(len(doc.Assert), maxDIDMethods)] {
		for _, m := range didMethods(raw, doc.ID, doc.Methods) {
			if k, err := m.Key.public(); err == nil && len(d.keys) < maxDIDKeys && (m.Type == "JsonWebKey2020" || m.Type == "JsonWebKey") {
				d.keys = append(d.keys, k)
			}
		}
	}
	return d, nil
}

type didMethod struct {
	ID   string `json:"id"`
	Type string `json:"type"`
	Key  jwk    `json:"publicKeyJwk"`
}

// didMethods is an entry of assertionMethod: a method, or the id of one of verificationMethod. Either may leave out the
// document's own DID in front of the fragment. W3C DID 1.0, 3.2.2.
func didMethods(raw json.RawMessage, did string, methods []didMethod) []didMethod {
	whole := func(id string) string {
		if strings.HasPrefix(id, "#") {
			return did + id
		}
		return id
	}
	var id string
	if json.Unmarshal(raw, &id) == nil {
		for _, m := range methods {
			if whole(m.ID) == whole(id) {
				return []didMethod{m}
			}
		}
		return nil
	}
	var m didMethod
	if json.Unmarshal(raw, &m) != nil {
		return nil
	}
	return []didMethod{m}
}

// didJWK is the document of a DID that is its own key. The did:jwk method, 3.
func didJWK(did string) (*DIDDocument, error) {
	text := strings.TrimPrefix(did, "did:jwk:")
	if len(text) > MaxDIDDocument {
		return nil, errors.New("the key of the DID is too long")
	}
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return nil, errors.New("the DID is no base64url")
	}
	var k jwk
	if err := json.Unmarshal(raw, &k); err != nil {
		return nil, errors.New("the DID holds no key")
	}
	key, err := k.public()
	if err != nil {
		return nil, err
	}
	return &DIDDocument{ID: did, keys: []crypto.PublicKey{key}}, nil
}

// jwk is a public key. RFC 7517, 4; RFC 7518, 6; RFC 8037, 2.
type jwk struct {
	Type  string `json:"kty"`
	Curve string `json:"crv"`
	X     string `json:"x"`
	Y     string `json:"y"`
	N     string `json:"n"`
	E     string `json:"e"`
}

var jwkCurves = map[string]int64{"P-256": -7, "P-384": -35, "P-521": -36}

func (k jwk) public() (crypto.PublicKey, error) {
	bad := errors.New("the key cannot be used")
	decode := base64.RawURLEncoding.DecodeString
	switch k.Type {
	case "OKP":
		x, err := decode(k.X)
		if k.Curve != "Ed25519" || err != nil || len(x) != ed25519.PublicKeySize {
			return nil, bad
		}
		return ed25519.PublicKey(x), nil
	case "EC":
		n, ok := jwkCurves[k.Curve]
		x, errX := decode(k.X)
		y, errY := decode(k.Y)
		if !ok || errX != nil || errY != nil || len(x) != len(y) {
			return nil, bad
		}
		key, err := ecdsa.ParseUncompressedPublicKey(algorithms[n].curve, bytes.Join([][]byte{{4}, x, y}, nil))
		if err != nil {
			return nil, bad
		}
		return key, nil
	case "RSA":
		n, errN := decode(k.N)
		e, errE := decode(k.E)
		if errN != nil || errE != nil || len(n) > maxRSABits/8 || len(e) == 0 || len(e) > 4 {
			return nil, bad
		}
		return &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(new(big.Int).SetBytes(e).Int64())}, nil
	}
	return nil, bad
}
