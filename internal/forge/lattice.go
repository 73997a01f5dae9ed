package forge

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"io"
	"slices"

	circl "github.com/cloudflare/circl/sign"
	"github.com/cloudflare/circl/sign/mldsa/mldsa44"
	"github.com/cloudflare/circl/sign/mldsa/mldsa65"
	"github.com/cloudflare/circl/sign/mldsa/mldsa87"
)

// lattices are the parameter sets of ML-DSA, by another implementation than the one that verifies. FIPS 204, 4.
var lattices = map[string]func() circl.Scheme{"ML-DSA-44": mldsa44.Scheme, "ML-DSA-65": mldsa65.Scheme, "ML-DSA-87": mldsa87.Scheme}

// Lattice is an ML-DSA key. It is a crypto.Signer that signs messages, never digests, and without randomness.
type Lattice struct {
	set  circl.Scheme
	Seed []byte // 32 bytes
	key  circl.PrivateKey
}

// LatticePublic is the public key of a [Lattice].
type LatticePublic struct {
	Set string // ML-DSA-44, ML-DSA-65, ML-DSA-87
	Raw string // the encoding of FIPS 204, 7.2
}

// Equal compares two keys.
func (p LatticePublic) Equal(x crypto.PublicKey) bool { return p == x }

// NewLattice is the key of a parameter set that a seed of 32 bytes gives.
func NewLattice(set string, seed []byte) *Lattice {
	s := lattices[set]()
	_, key := s.DeriveKey(seed)
	return &Lattice{s, seed, key}
}

// Public is a [LatticePublic].
func (k *Lattice) Public() crypto.PublicKey {
	return LatticePublic{k.set.Name(), string(must(k.key.Public().(circl.PublicKey).MarshalBinary()))}
}

// Expanded is the private key in the form of FIPS 204, 7.2.
func (k *Lattice) Expanded() []byte { return must(k.key.MarshalBinary()) }

// Sign signs a message.
func (k *Lattice) Sign(_ io.Reader, message []byte, _ crypto.SignerOpts) ([]byte, error) {
	return k.in("", message), nil
}

// in signs a message in a context, which neither COSE nor X.509 has. FIPS 204, 5.2.
func (k *Lattice) in(context string, message []byte) []byte {
	return k.set.Sign(k.key, message, &circl.SignatureOpts{Context: context})
}

// pkcs8 is the key by its seed. RFC 9881, 6.
func (k *Lattice) pkcs8() []byte {
	return seq(der(0), latticeID(k.set.Name()), tlv(4, tlv(0x80, k.Seed)))
}

// latticeID is the AlgorithmIdentifier of keys and of signatures; its parameters are absent. RFC 9881, 2.
func latticeID(set string) []byte {
	return seq(der(lattices[set]().(interface{ Oid() asn1.ObjectIdentifier }).Oid()))
}

// spkiOf is the SubjectPublicKeyInfo of a key.
func spkiOf(pub crypto.PublicKey) []byte {
	if p, ok := pub.(LatticePublic); ok {
		return seq(latticeID(p.Set), tlv(3, []byte{0}, []byte(p.Raw)))
	}
	return must(x509.MarshalPKIXPublicKey(pub))
}

// signBy signs as certificates, OCSP responses and CMS have it, and names the algorithm.
func signBy(key crypto.Signer, message []byte) (alg, sig []byte) {
	switch k := key.(type) {
	case *Lattice:
		return latticeID(k.set.Name()), k.in("", message)
	case *ecdsa.PrivateKey:
		sum := sha256.Sum256(message)
		return seq(der(oidECDSA)), must(k.Sign(nil, sum[:], crypto.SHA256))
	}
	panic("forge: nothing is signed by this key but claims")
}

// Parts are the parts of a certificate that crypto/x509 does not write as a test wants them.
type Parts struct {
	SPKI []byte // SubjectPublicKeyInfo
	Alg  []byte // AlgorithmIdentifier of the signature, in both places
	Sig  func([]byte) []byte
}

// reissue writes a certificate again with other parts and signs it by the issuer's key.
func reissue(c *x509.Certificate, by crypto.Signer, edit func(*Parts)) *x509.Certificate {
	alg, _ := signBy(by, nil)
	p := Parts{SPKI: c.RawSubjectPublicKeyInfo, Alg: alg}
	edit(&p)
	var fields []asn1.RawValue
	must(asn1.Unmarshal(c.RawTBSCertificate, &fields))
	const version, serial, signature, key = 0, 1, 2, 6 // of TBSCertificate. RFC 5280, 4.1
	out := slices.Concat(fields[version].FullBytes, fields[serial].FullBytes, p.Alg)
	for i := signature + 1; i < len(fields); i++ {
		part := fields[i].FullBytes
		if i == key {
			part = p.SPKI
		}
		out = append(out, part...)
	}
	tbs := seq(out)
	_, sig := signBy(by, tbs)
	if p.Sig != nil {
		sig = p.Sig(sig)
	}
	return must(x509.ParseCertificate(seq(tbs, p.Alg, tlv(3, []byte{0}, sig))))
}

// latticeCertificate is a certificate in which crypto/x509 cannot write the key or the signature: made with another key
// in their place, and written again.
func latticeCertificate(t, parent *x509.Certificate, pub crypto.PublicKey, key crypto.Signer) *x509.Certificate {
	stand := Key("P-256", "in place of ML-DSA")
	above := *parent
	above.PublicKey = nil // or it would have to be the stand-in's
	return reissue(sign(t, &above, stand.Public(), stand), key, func(p *Parts) { p.SPKI = spkiOf(pub) })
}

// withNull is the AlgorithmIdentifier of an ML-DSA parameter set with NULL for parameters, which are to be absent.
func withNull(set string) []byte {
	var id pkix.AlgorithmIdentifier
	must(asn1.Unmarshal(latticeID(set), &id))
	return seq(der(id.Algorithm), asn1.NullBytes)
}

// hashML44 names HashML-DSA-44 with SHA-512, which signs a digest. NIST, Computer Security Objects Register.
var hashML44 = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 3, 32}

// keyBits is the BIT STRING of a SubjectPublicKeyInfo.
func keyBits(spki []byte) []byte {
	var fields []asn1.RawValue
	must(asn1.Unmarshal(spki, &fields))
	return fields[1].FullBytes
}
