package signing

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	_ "crypto/sha256" // for crypto.Hash
	_ "crypto/sha512"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"

	"filippo.io/mldsa"
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Object identifiers of keys, signatures and digests.
var (
	oidRSA     = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}
	oidPSS     = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 10}
	oidMGF1    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 8}
	oidEC      = asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1}
	oidEd25519 = asn1.ObjectIdentifier{1, 3, 101, 112}

	oidSHA256 = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}
	oidSHA384 = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 2}
	oidSHA512 = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 3}
)

// curves are the named curves that a certificate may have. C2PA 2.5, 13.5.1.1.
var curves = map[string]elliptic.Curve{
	"1.2.840.10045.3.1.7": elliptic.P256(),
	"1.3.132.0.34":        elliptic.P384(),
	"1.3.132.0.35":        elliptic.P521(),
}

// errUnsupported marks what cannot be checked here, in contrast to what is wrong.
var errUnsupported = errors.New("unsupported")

// identifier is an AlgorithmIdentifier: its parameters are whole elements; nil: absent.
type identifier struct {
	oid    asn1.ObjectIdentifier
	params []byte
	raw    []byte
}

func readIdentifier(in *cryptobyte.String) (identifier, bool) {
	var id identifier
	var el, body cryptobyte.String
	if !in.ReadASN1Element(&el, cbasn1.SEQUENCE) {
		return id, false
	}
	id.raw = el
	whole := el
	if !whole.ReadASN1(&body, cbasn1.SEQUENCE) || !body.ReadASN1ObjectIdentifier(&id.oid) {
		return id, false
	}
	if !body.Empty() {
		var params cryptobyte.String
		var tag cbasn1.Tag
		if !body.ReadAnyASN1Element(&params, &tag) || !body.Empty() {
			return id, false
		}
		id.params = params
	}
	return id, true
}

func (id identifier) noParams() bool {
	return len(id.params) == 0 || bytes.Equal(id.params, []byte{5, 0})
}

// scheme is how a signature on a certificate or a time-stamp is computed.
type scheme struct {
	family string // rsa, pss, ecdsa, ed25519, or the parameter set of ML-DSA
	hash   crypto.Hash
	salt   int // PSS, bytes
	// sameMGF says that PSS parameters are present and the mask generator has the same hash.
	sameMGF bool
}

// signatures are the schemes that name their hash in the OID. SHA-1 and SHA-224 are left out on purpose.
var signatures = map[string]scheme{
	"1.2.840.113549.1.1.11": {family: "rsa", hash: crypto.SHA256},
	"1.2.840.113549.1.1.12": {family: "rsa", hash: crypto.SHA384},
	"1.2.840.113549.1.1.13": {family: "rsa", hash: crypto.SHA512},
	"1.2.840.10045.4.3.2":   {family: "ecdsa", hash: crypto.SHA256},
	"1.2.840.10045.4.3.3":   {family: "ecdsa", hash: crypto.SHA384},
	"1.2.840.10045.4.3.4":   {family: "ecdsa", hash: crypto.SHA512},
	"1.3.101.112":           {family: "ed25519"},
}

// schemeOf reads a signature AlgorithmIdentifier. The error wraps errUnsupported where the algorithm is not one that
// is checked here.
func schemeOf(id identifier) (scheme, error) {
	if s, ok := signatures[id.oid.String()]; ok {
		if !id.noParams() {
			return scheme{}, fmt.Errorf("%w: %s with parameters", errUnsupported, id.oid)
		}
		return s, nil
	}
	if id.oid.Equal(oidPSS) {
		return pssScheme(id.params)
	}
	if set, ok := mlDSA(id.oid); ok {
		if len(id.params) != 0 { // NULL is as wrong as any. RFC 9881, 2
			return scheme{}, fmt.Errorf("%w: %s with parameters", errUnsupported, set)
		}
		return scheme{family: set.String()}, nil
	}
	return scheme{}, fmt.Errorf("%w: signature algorithm %s", errUnsupported, id.oid)
}

// hashOf returns the digest algorithms that C2PA allows.
func hashOf(oid asn1.ObjectIdentifier) (crypto.Hash, bool) {
	switch {
	case oid.Equal(oidSHA256):
		return crypto.SHA256, true
	case oid.Equal(oidSHA384):
		return crypto.SHA384, true
	case oid.Equal(oidSHA512):
		return crypto.SHA512, true
	}
	return 0, false
}

// pssScheme reads RSASSA-PSS-params. RFC 4055, 3.1; all parameters are spelled out for C2PA.
func pssScheme(params []byte) (scheme, error) {
	bad := func(what string) (scheme, error) {
		return scheme{}, fmt.Errorf("%w: RSASSA-PSS %s", errUnsupported, what)
	}
	if len(params) == 0 {
		return bad("without parameters")
	}
	in := cryptobyte.String(params)
	var body, field cryptobyte.String
	if !in.ReadASN1(&body, cbasn1.SEQUENCE) {
		return bad("parameters cannot be read")
	}
	s := scheme{family: "pss", salt: 20}
	var present bool
	if !body.ReadOptionalASN1(&field, &present, cbasn1.Tag(0).Constructed().ContextSpecific()) {
		return bad("parameters cannot be read")
	}
	if !present {
		return bad("with the default hash, SHA-1")
	}
	h, ok := readIdentifier(&field)
	if !ok || !h.noParams() {
		return bad("hash cannot be read")
	}
	if s.hash, ok = hashOf(h.oid); !ok {
		return bad("with hash " + h.oid.String())
	}
	if !body.ReadOptionalASN1(&field, &present, cbasn1.Tag(1).Constructed().ContextSpecific()) {
		return bad("parameters cannot be read")
	}
	if !present {
		return bad("with the default mask generator, SHA-1")
	}
	mgf, ok := readIdentifier(&field)
	if !ok || !mgf.oid.Equal(oidMGF1) {
		return bad("mask generator cannot be read")
	}
	inner := cryptobyte.String(mgf.params)
	mh, ok := readIdentifier(&inner)
	if !ok || !mh.oid.Equal(h.oid) {
		return bad("whose mask generator has another hash")
	}
	s.sameMGF = true
	if !body.ReadOptionalASN1(&field, &present, cbasn1.Tag(2).Constructed().ContextSpecific()) {
		return bad("parameters cannot be read")
	}
	if present && (!field.ReadASN1Integer(&s.salt) || s.salt < 0 || s.salt > 512 || !field.Empty()) {
		return bad("salt length cannot be read")
	}
	if !body.ReadOptionalASN1(&field, &present, cbasn1.Tag(3).Constructed().ContextSpecific()) {
		return bad("parameters cannot be read")
	}
	var trailer int
	if present && (!field.ReadASN1Integer(&trailer) || trailer != 1) || !body.Empty() {
		return bad("trailer field is not 1")
	}
	return s, nil
}

// check verifies a signature over the message.
func (s scheme) check(key *publicKey, message, signature []byte) error {
	if key.err != nil {
		return key.err
	}
	wrong := fmt.Errorf("a signature by %s with a key of another kind", s.family)
	var digest []byte
	if s.hash != 0 {
		h := s.hash.New()
		h.Write(message)
		digest = h.Sum(nil)
	}
	switch k := key.key.(type) {
	case *rsa.PublicKey:
		switch s.family {
		case "rsa":
			if key.pss != nil {
				return errors.New("an RSASSA-PSS key with an RSASSA-PKCS1-v1_5 signature")
			}
			return rsa.VerifyPKCS1v15(k, s.hash, digest, signature)
		case "pss":
			if key.pss != nil && (key.pss.hash != s.hash || s.salt < key.pss.salt) {
				return errors.New("the key's RSASSA-PSS parameters forbid the signature's")
			}
			// A salt of 0 bytes reads as "find out" in crypto/rsa; any salt that verifies is then as good.
			return rsa.VerifyPSS(k, s.hash, digest, signature, &rsa.PSSOptions{SaltLength: s.salt, Hash: s.hash})
		}
	case *ecdsa.PublicKey:
		if s.family == "ecdsa" {
			if !ecdsa.VerifyASN1(k, digest, signature) {
				return errors.New("the ECDSA signature does not verify")
			}
			return nil
		}
	case ed25519.PublicKey:
		if s.family == "ed25519" {
			if !ed25519.Verify(k, message, signature) {
				return errors.New("the Ed25519 signature does not verify")
			}
			return nil
		}
	case *mldsa.PublicKey:
		if s.family == k.Parameters().String() {
			return mldsa.Verify(k, message, signature, nil) // the context is empty. RFC 9881, 3
		}
	}
	return wrong
}

// publicKey is a SubjectPublicKeyInfo. crypto/x509 leaves id-RSASSA-PSS keys out, so they are read here.
type publicKey struct {
	kind  string // rsa, pss, ec, ed25519, ml-dsa, or the OID
	raw   []byte // content of subjectPublicKey, which digests of keys are over
	key   crypto.PublicKey
	bits  int     // RSA modulus
	curve string  // OID of an EC key's curve
	pss   *scheme // parameters of an id-RSASSA-PSS key; nil: none
	err   error   // why key is nil; wraps errUnsupported where it is not the certificate's fault
}

// readPublicKey reads SubjectPublicKeyInfo; false: the structure is broken.
func readPublicKey(in *cryptobyte.String) (*publicKey, bool) {
	var spki cryptobyte.String
	var bits asn1.BitString
	if !in.ReadASN1(&spki, cbasn1.SEQUENCE) {
		return nil, false
	}
	id, ok := readIdentifier(&spki)
	if !ok || !spki.ReadASN1BitString(&bits) || !spki.Empty() || bits.BitLength%8 != 0 {
		return nil, false
	}
	raw := bits.RightAlign()
	k := &publicKey{kind: id.oid.String(), raw: raw}
	switch {
	case id.oid.Equal(oidRSA), id.oid.Equal(oidPSS):
		k.kind = "rsa"
		if id.oid.Equal(oidPSS) {
			k.kind = "pss"
			if len(id.params) > 0 {
				s, err := pssScheme(id.params)
				if err != nil {
					k.err = err
					return k, true
				}
				k.pss = &s
			}
		}
		k.key, k.bits, k.err = rsaKey(raw)
	case id.oid.Equal(oidEC):
		k.kind = "ec"
		params := cryptobyte.String(id.params)
		var curve asn1.ObjectIdentifier
		if !params.ReadASN1ObjectIdentifier(&curve) || !params.Empty() {
			k.err = errors.New("an EC key without a named curve")
			return k, true
		}
		k.curve = curve.String()
		c, known := curves[k.curve]
		if !known {
			k.err = fmt.Errorf("%w: curve %s", errUnsupported, k.curve)
			return k, true
		}
		key, err := ecdsa.ParseUncompressedPublicKey(c, raw)
		if err != nil {
			k.err = errors.New("an EC point that is not on its curve")
			return k, true
		}
		k.key = key
	case id.oid.Equal(oidEd25519):
		k.kind = "ed25519"
		if len(raw) != ed25519.PublicKeySize || len(id.params) != 0 {
			k.err = errors.New("an Ed25519 key of the wrong form")
			return k, true
		}
		k.key = ed25519.PublicKey(bytes.Clone(raw))
	default:
		if set, ok := mlDSA(id.oid); ok {
			k.lattice(set, id.params)
			return k, true
		}
		k.err = fmt.Errorf("%w: key algorithm %s", errUnsupported, id.oid)
	}
	return k, true
}

// rsaKey reads RSAPublicKey. Sizes beyond maxRSABits are refused before anything is computed with them.
func rsaKey(raw []byte) (crypto.PublicKey, int, error) {
	in := cryptobyte.String(raw)
	var body cryptobyte.String
	n, e := new(big.Int), new(big.Int)
	if !in.ReadASN1(&body, cbasn1.SEQUENCE) || !in.Empty() ||
		!body.ReadASN1Integer(n) || !body.ReadASN1Integer(e) || !body.Empty() {
		return nil, 0, errors.New("an RSA key that cannot be read")
	}
	bits := n.BitLen()
	if n.Sign() <= 0 || e.Sign() <= 0 || e.BitLen() > 31 || e.Bit(0) == 0 || e.BitLen() < 2 {
		return nil, bits, errors.New("an RSA key whose numbers make no sense")
	}
	if bits > maxRSABits {
		return nil, bits, fmt.Errorf("%w: an RSA key of %d bits", errUnsupported, bits)
	}
	return &rsa.PublicKey{N: n, E: int(e.Int64())}, bits, nil
}
