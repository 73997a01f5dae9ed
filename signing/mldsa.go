package signing

import (
	"bytes"
	"crypto/sha3"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"

	"filippo.io/mldsa"
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// mlDSA gives the parameter set of ML-DSA (FIPS 204) that an OID names: of keys, and of signatures without a hash in
// front and with an empty context. Those of HashML-DSA are others, and are not allowed. RFC 9881, 2.
func mlDSA(oid asn1.ObjectIdentifier) (set mldsa.Parameters, ok bool) {
	switch oid.String() {
	case "2.16.840.1.101.3.4.3.17":
		return mldsa.MLDSA44(), true
	case "2.16.840.1.101.3.4.3.18":
		return mldsa.MLDSA65(), true
	case "2.16.840.1.101.3.4.3.19":
		return mldsa.MLDSA87(), true
	}
	return set, false
}

// lattice reads the ML-DSA key that is the whole of subjectPublicKey. The parameters of the algorithm are absent: there
// is no NULL either. RFC 9881, 2 and 4.
func (k *publicKey) lattice(set mldsa.Parameters, params []byte) {
	k.kind = "ml-dsa"
	if len(params) != 0 {
		k.err = fmt.Errorf("an %s key with parameters", set)
		return
	}
	key, err := latticeKey(set, k.raw)
	if err != nil {
		k.err = err
		return
	}
	k.key = key
}

// latticeKey reads a public key. Every value of the right length is one. FIPS 204, 7.2.
func latticeKey(set mldsa.Parameters, raw []byte) (*mldsa.PublicKey, error) {
	if len(raw) != set.PublicKeySize() {
		return nil, fmt.Errorf("an %s key of %d bytes, where %d are wanted", set, len(raw), set.PublicKeySize())
	}
	return mldsa.NewPublicKey(set, raw)
}

// Bits of key usage that have no meaning for an ML-DSA key: it signs and does nothing else. RFC 9881, 5.
var notForMLDSA = []int{2, 3, 4, 7, 8} // keyEncipherment, dataEncipherment, keyAgreement, encipherOnly, decipherOnly

// usageOfLattice is the rule for the key usage of a certificate with an ML-DSA key. RFC 9881, 5.
func (c *certificate) usageOfLattice() []string {
	if c.key.kind != "ml-dsa" {
		return nil
	}
	for _, bit := range notForMLDSA {
		if c.usage.At(bit) == 1 {
			return []string{"its key usage names what an ML-DSA key cannot do: encryption or the agreement on a key"}
		}
	}
	return nil
}

// AKP gives the key of a certificate of the type AKP, which crypto/x509 does not read: its algorithm, "ML-DSA-44",
// "ML-DSA-65" or "ML-DSA-87", and its bytes. Both are empty for a certificate of another kind of key, or of one that is
// broken. RFC 9964, 3.
func AKP(c *x509.Certificate) (alg string, pub []byte) {
	in := cryptobyte.String(c.RawSubjectPublicKeyInfo)
	k, ok := readPublicKey(&in)
	if !ok || !in.Empty() {
		return "", nil
	}
	key, ok := k.key.(*mldsa.PublicKey)
	if !ok {
		return "", nil
	}
	return key.Parameters().String(), key.Bytes()
}

// errNotMLDSA says that a PKCS #8 key is of another algorithm.
var errNotMLDSA = errors.New("no ML-DSA key")

// latticePrivate reads a PKCS #8 key of ML-DSA. Its seed is the key; an expanded key beside it has to begin with what
// the seed gives, and one alone is not read. The error is errNotMLDSA for a key of another algorithm.
//
//	OneAsymmetricKey ::= SEQUENCE { version, AlgorithmIdentifier, OCTET STRING, [0] OPTIONAL, [1] OPTIONAL }
//	ML-DSA-PrivateKey ::= CHOICE { seed [0] OCTET STRING, expandedKey OCTET STRING, both SEQUENCE { seed, expandedKey } }
//
// RFC 5958, 2; RFC 9881, 6.
func latticePrivate(der []byte) (*mldsa.PrivateKey, error) {
	in := cryptobyte.String(der)
	var body, choice, seed, both, expanded cryptobyte.String
	var version int
	if !in.ReadASN1(&body, cbasn1.SEQUENCE) || !in.Empty() || !body.ReadASN1Integer(&version) {
		return nil, errNotMLDSA
	}
	id, ok := readIdentifier(&body)
	if !ok {
		return nil, errNotMLDSA
	}
	set, ok := mlDSA(id.oid)
	if !ok {
		return nil, errNotMLDSA
	}
	if len(id.params) != 0 {
		return nil, fmt.Errorf("an %s key with parameters", set)
	}
	if version != 0 && version != 1 || !body.ReadASN1(&choice, cbasn1.OCTET_STRING) {
		return nil, fmt.Errorf("an %s key that cannot be read", set)
	}
	broken := fmt.Errorf("an %s key whose seed cannot be read", set)
	switch {
	case choice.PeekASN1Tag(cbasn1.Tag(0).ContextSpecific()):
		if !choice.ReadASN1(&seed, cbasn1.Tag(0).ContextSpecific()) || !choice.Empty() {
			return nil, broken
		}
	case choice.PeekASN1Tag(cbasn1.SEQUENCE):
		if !choice.ReadASN1(&both, cbasn1.SEQUENCE) || !choice.Empty() || !both.ReadASN1(&seed, cbasn1.OCTET_STRING) ||
			!both.ReadASN1(&expanded, cbasn1.OCTET_STRING) || !both.Empty() || len(expanded) == 0 {
			return nil, broken
		}
	case choice.PeekASN1Tag(cbasn1.OCTET_STRING):
		return nil, fmt.Errorf("an %s key without its seed; the expanded form alone is not read", set)
	default:
		return nil, broken
	}
	if len(seed) != mldsa.PrivateKeySize {
		return nil, broken
	}
	key, err := mldsa.NewPrivateKey(set, seed)
	if err != nil {
		return nil, err
	}
	if len(expanded) > 0 && !expands(key.PublicKey(), expanded) {
		return nil, fmt.Errorf("an %s key whose seed and expanded form are two keys", set)
	}
	return key, nil
}

// expands reports whether an expanded key is of the public key's, by what can be told from that: its length, the seed of
// the matrix in front, and the public key's digest. Only the seed is ever used. FIPS 204, 7.2; RFC 9881, 6.
func expands(pub *mldsa.PublicKey, expanded []byte) bool {
	const matrix, secret, digest = 32, 32, 64
	size := map[string]int{"ML-DSA-44": 2560, "ML-DSA-65": 4032, "ML-DSA-87": 4896}[pub.Parameters().String()]
	raw := pub.Bytes()
	return len(expanded) == size && bytes.Equal(expanded[:matrix], raw[:matrix]) &&
		bytes.Equal(expanded[matrix+secret:matrix+secret+digest], sha3.SumSHAKE256(raw, digest))
}
