package signing

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"errors"
	"fmt"
	"slices"
	"time"

	"filippo.io/mldsa"
)

// SessionKey is a public key that a claim signer vouches for, and that signs the segments of a live stream. Whether the
// signer does is for [SessionKey.VouchedBy] to say. C2PA 2.5, 15.5.
type SessionKey struct {
	ID  []byte // kid
	key crypto.PublicKey
}

// Labels of COSE_Key. RFC 9052, 7.1; RFC 9053, 7; RFC 9964, 3.
const (
	keyTypeOKP = 1
	keyTypeEC2 = 2
	keyTypeAKP = 7
)

// coseKey is a COSE_Key. What its negative labels hold depends on its type.
type coseKey struct {
	Kty int64   `cbor:"1,keyasint"`
	Kid []byte  `cbor:"2,keyasint"`
	Alg rawItem `cbor:"3,keyasint"`
	A   rawItem `cbor:"-1,keyasint"` // the curve, or the key of the type AKP
	X   []byte  `cbor:"-2,keyasint"` // of the type AKP: the private key
	Y   []byte  `cbor:"-3,keyasint"`
}

// ParseSessionKey reads a COSE_Key with its key identifier: on a NIST curve, Ed25519, or ML-DSA. RFC 9052, 7; RFC 9053,
// 7; RFC 9964, 3.
func ParseSessionKey(raw []byte) (*SessionKey, error) {
	var k coseKey
	if err := strictCBOR.Unmarshal(raw, &k); err != nil {
		return nil, &SyntaxError{Path: "COSE_Key", Reason: err.Error()}
	}
	const maxKid = 1024
	if len(k.Kid) == 0 || len(k.Kid) > maxKid {
		return nil, &SyntaxError{Path: "COSE_Key", Reason: fmt.Sprintf("a kid of %d bytes", len(k.Kid))}
	}
	read := k.curved
	if k.Kty == keyTypeAKP {
		read = k.lattice
	}
	pub, err := read()
	if err != nil {
		return nil, &SyntaxError{Path: "COSE_Key", Reason: err.Error()}
	}
	return &SessionKey{k.Kid, pub}, nil
}

// curved reads a key on a curve.
func (k *coseKey) curved() (crypto.PublicKey, error) {
	crv, _ := integer(k.A)
	curve := map[int64]elliptic.Curve{1: elliptic.P256(), 2: elliptic.P384(), 3: elliptic.P521()}[crv]
	switch {
	case k.Kty == keyTypeOKP && crv == 6 && len(k.X) == ed25519.PublicKeySize:
		return ed25519.PublicKey(k.X), nil
	case k.Kty != keyTypeEC2 || curve == nil:
		return nil, fmt.Errorf("the key type %d on the curve %d is not read", k.Kty, crv)
	}
	if size := (curve.Params().BitSize + 7) / 8; len(k.X) != size || len(k.Y) != size {
		return nil, fmt.Errorf("coordinates of %d and %d bytes", len(k.X), len(k.Y))
	}
	pub, err := ecdsa.ParseUncompressedPublicKey(curve, slices.Concat([]byte{4}, k.X, k.Y))
	if err != nil {
		return nil, errors.New("the point is not on the curve")
	}
	return pub, nil
}

// lattice reads a key of the type AKP, whose alg says which one it is. Its private key has no place here.
func (k *coseKey) lattice() (crypto.PublicKey, error) {
	n, ok := integer(k.Alg)
	if !ok {
		return nil, errors.New("a key of the type 7 without its alg")
	}
	set, ok := map[int64]mldsa.Parameters{-48: mldsa.MLDSA44(), -49: mldsa.MLDSA65(), -50: mldsa.MLDSA87()}[n]
	if !ok {
		return nil, fmt.Errorf("the key type %d with the algorithm %d is not read", k.Kty, n)
	}
	if k.X != nil {
		return nil, errors.New("it holds the private key")
	}
	pub, err := byteString(k.A)
	if err != nil {
		return nil, fmt.Errorf("its key is %w", err)
	}
	return latticeKey(set, pub)
}

// VouchedBy checks the binding of the key to a certificate: a signature of the key over the certificate's DER as a CBOR
// byte string, with a payload that is nil or, as in the specification's own example, empty. C2PA 2.5, 15.5.
func (k *SessionKey) VouchedBy(binding, certificate []byte) error {
	s, err := parseSign1(binding)
	if err != nil {
		return err
	}
	if len(s.payload) > 0 {
		return errors.New("the binding has a payload of its own")
	}
	return s.verifyWith(k, append(appendHead(nil, 2, len(certificate)), certificate...))
}

// verifyWith checks a signature by a bare key.
func (s *sign1) verifyWith(k *SessionKey, payload []byte) error {
	if err := s.critical(); err != nil {
		return err
	}
	n, ok, said := s.alg()
	if !ok {
		return errors.New(said)
	}
	alg, ok := algorithms[n]
	if !ok {
		return fmt.Errorf("algorithm %d is not read", n)
	}
	return alg.verify(k.key, toBeSigned("Signature1", s.rawProtected, payload), s.signature)
}

// SegmentInfo is a signed statement about a segment: a COSE_Sign1 with its payload, the only place in C2PA where that
// is right. C2PA 2.5, 15.5.2.
type SegmentInfo struct {
	KeyID   []byte     // kid; nil: it names none
	Payload []byte     // unverified until [SegmentInfo.Verify]
	Time    *time.Time // iat of the protected header
	message *sign1
}

// ParseSegmentInfo reads the statement; an error is a *SyntaxError.
func ParseSegmentInfo(data []byte) (*SegmentInfo, error) {
	s, err := parseSign1(data)
	if err != nil {
		return nil, err
	}
	if s.detached || len(s.payload) == 0 {
		return nil, &SyntaxError{Path: "COSE_Sign1/payload", Reason: "the payload is not attached"}
	}
	out := &SegmentInfo{Payload: s.payload, Time: s.claimed(), message: s}
	for _, h := range []headers{s.protected, s.unprotected} {
		if raw, ok := h[int64(4)]; ok && out.KeyID == nil {
			if out.KeyID, err = byteString(raw); err != nil {
				return nil, &SyntaxError{Path: "COSE_Sign1/kid", Reason: err.Error()}
			}
		}
	}
	return out, nil
}

// Verify checks the statement's signature by a key.
func (i *SegmentInfo) Verify(k *SessionKey) error { return i.message.verifyWith(k, i.Payload) }

// Fits says whether the statement names the key.
func (i *SegmentInfo) Fits(k *SessionKey) bool { return bytes.Equal(i.KeyID, k.ID) }
