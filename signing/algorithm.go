package signing

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"errors"
	"fmt"

	"filippo.io/mldsa"
	"github.com/veraison/go-cose"
)

// algorithm is a row of the signature algorithms that a claim may use. C2PA 2.5, 12.3.1.
type algorithm struct {
	name  string
	cose  cose.Algorithm // what go-cose calls the computation; 0: ML-DSA with the parameter set of that name
	curve elliptic.Curve // nil: no ECDSA
}

// algorithms are those that can be verified, by their COSE number. The fully specified ESP* of RFC 9864 compute as ES*.
// The curve is part of the row: 2.5 makes the pairing mandatory for signers and lets validators insist on it. So is the
// parameter set of ML-DSA. RFC 9964, 5.
var algorithms = map[int64]algorithm{
	-7:  {"ES256", cose.AlgorithmES256, elliptic.P256()},
	-35: {"ES384", cose.AlgorithmES384, elliptic.P384()},
	-36: {"ES512", cose.AlgorithmES512, elliptic.P521()},
	-9:  {"ESP256", cose.AlgorithmES256, elliptic.P256()},
	-51: {"ESP384", cose.AlgorithmES384, elliptic.P384()},
	-52: {"ESP512", cose.AlgorithmES512, elliptic.P521()},
	-37: {"PS256", cose.AlgorithmPS256, nil},
	-38: {"PS384", cose.AlgorithmPS384, nil},
	-39: {"PS512", cose.AlgorithmPS512, nil},
	-8:  {"EdDSA", cose.AlgorithmEdDSA, nil},
	-48: {"ML-DSA-44", 0, nil},
	-49: {"ML-DSA-65", 0, nil},
	-50: {"ML-DSA-87", 0, nil},
}

// forbiddenAlgorithms have a name of their own in the explanation.
var forbiddenAlgorithms = map[int64]string{
	-47:  "ES256K is not allowed for claims",
	-53:  "Ed448 is not allowed for claims",
	-257: "RSASSA-PKCS1-v1_5 (RS256) is not allowed for claims",
	-258: "RSASSA-PKCS1-v1_5 (RS384) is not allowed for claims",
	-259: "RSASSA-PKCS1-v1_5 (RS512) is not allowed for claims",
}

// RSA keys. C2PA 2.5, 12.3.1: at least 2048 bits, and a validator may refuse more than 16384.
const (
	minRSABits = 2048
	maxRSABits = 16384
)

// errKeyMismatch says that the key cannot be used with the algorithm.
var errKeyMismatch = errors.New("the key does not fit the algorithm")

// verify checks a signature over the Sig_structure. ECDSA values are r||s of the curve's length, never DER.
func (a algorithm) verify(key crypto.PublicKey, toBeSigned, signature []byte) error {
	if err := a.fits(key); err != nil {
		return err
	}
	if k, ok := key.(*mldsa.PublicKey); ok {
		return mldsa.Verify(k, toBeSigned, signature, nil) // the context is empty. RFC 9964, 5
	}
	v, err := cose.NewVerifier(a.cose, key)
	if err != nil {
		return fmt.Errorf("%w: %w", errKeyMismatch, err)
	}
	return v.Verify(toBeSigned, signature)
}

// fits checks that the key is of the algorithm's type, curve and size.
func (a algorithm) fits(key crypto.PublicKey) error {
	switch k := key.(type) {
	case *ecdsa.PublicKey:
		if a.curve == nil || k.Curve != a.curve {
			return fmt.Errorf("%w: %s with a key on %s", errKeyMismatch, a.name, k.Curve.Params().Name)
		}
	case *rsa.PublicKey:
		if a.curve != nil || a.cose == cose.AlgorithmEdDSA || a.cose == 0 {
			return fmt.Errorf("%w: %s with an RSA key", errKeyMismatch, a.name)
		}
		if bits := k.N.BitLen(); bits < minRSABits || bits > maxRSABits {
			return fmt.Errorf("%w: an RSA key of %d bits", errKeyMismatch, bits)
		}
	case ed25519.PublicKey:
		if a.cose != cose.AlgorithmEdDSA {
			return fmt.Errorf("%w: %s with an Ed25519 key", errKeyMismatch, a.name)
		}
	case *mldsa.PublicKey:
		if k.Parameters().String() != a.name {
			return fmt.Errorf("%w: %s with an %s key", errKeyMismatch, a.name, k.Parameters())
		}
	default:
		return fmt.Errorf("%w: the key cannot be used", errKeyMismatch)
	}
	return nil
}
