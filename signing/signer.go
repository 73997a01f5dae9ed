package signing

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"filippo.io/mldsa"
	"github.com/veraison/go-cose"
)

// Signer signs claims with one key and its certificates.
type Signer struct {
	number int64 // COSE algorithm
	alg    algorithm
	key    crypto.Signer
	chain  [][]byte
	leaf   *x509.Certificate
}

// NewSigner reads a private key (PKCS#8, SEC 1 or PKCS#1 PEM) and its certificates (PEM, the signer's first, then its
// issuers, the root best left out). The algorithm is one of ES256, ES384, ES512, PS256, PS384, PS512, Ed25519 (EdDSA),
// ML-DSA-44, ML-DSA-65 and ML-DSA-87; empty: the one that suits the key, PS256 for RSA. It is an error if the certificate
// is for another key, or breaks the certificate profile, as no verifier would accept what it signs. C2PA 2.5, 12.3.1 and
// 13.5.1.1.
func NewSigner(alg string, keyPEM, chainPEM []byte) (*Signer, error) {
	key, err := parsePrivateKey(keyPEM)
	if err != nil {
		return nil, err
	}
	ders, err := certificates(chainPEM)
	if err != nil {
		return nil, fmt.Errorf("certificates: %w", err)
	}
	if len(ders) > maxChain {
		return nil, fmt.Errorf("certificates: %d are more than the %d that verifiers read", len(ders), maxChain)
	}
	leaf, err := x509.ParseCertificate(ders[0])
	if err != nil {
		return nil, fmt.Errorf("certificates: %w", err)
	}
	c, err := parseCertificate(ders[0])
	if err != nil {
		return nil, fmt.Errorf("certificates: %w", err)
	}
	of := leaf.PublicKey
	if of == nil && c.key.kind == "ml-dsa" { // crypto/x509 does not read it
		of = c.key.key
	}
	type comparable interface{ Equal(crypto.PublicKey) bool }
	if pub, ok := key.Public().(comparable); !ok || !pub.Equal(of) {
		return nil, errors.New("the first certificate is for another key")
	}
	s := &Signer{key: key, chain: ders, leaf: leaf}
	if s.number, s.alg, err = pick(alg, key.Public()); err != nil {
		return nil, err
	}
	if broken := c.profile(claimSigner); len(broken) > 0 {
		return nil, fmt.Errorf("the certificate breaks the profile: %s", broken[0])
	}
	return s, nil
}

// pick finds the algorithm by its name and holds it against the key.
func pick(name string, key crypto.PublicKey) (int64, algorithm, error) {
	if name == "Ed25519" {
		name = "EdDSA"
	}
	for number, a := range algorithms {
		switch {
		case name != "" && a.name == name:
			return number, a, a.fits(key)
		case name == "" && a.fits(key) == nil && (a.name[0] != 'P' || a.name == "PS256") && a.name[:3] != "ESP":
			return number, a, nil
		}
	}
	if name == "" {
		return 0, algorithm{}, errors.New("no algorithm of C2PA suits the key")
	}
	var names []string
	for _, a := range algorithms {
		names = append(names, a.name)
	}
	slices.Sort(names)
	return 0, algorithm{}, fmt.Errorf("algorithm %q is none that C2PA allows: %s", name, strings.Join(slices.Compact(names), ", "))
}

// parsePrivateKey reads the first private key in PEM.
func parsePrivateKey(data []byte) (crypto.Signer, error) {
	certificate := false
	for {
		var block *pem.Block
		if block, data = pem.Decode(data); block == nil {
			if certificate {
				return nil, errors.New("no private key in PEM form: what was given as the key holds certificates")
			}
			return nil, errors.New("no private key in PEM form")
		}
		var key any
		var err error
		switch block.Type {
		case "PRIVATE KEY":
			if key, err = latticePrivate(block.Bytes); errors.Is(err, errNotMLDSA) {
				key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
			}
		case "EC PRIVATE KEY":
			key, err = x509.ParseECPrivateKey(block.Bytes)
		case "RSA PRIVATE KEY":
			key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
		case "ENCRYPTED PRIVATE KEY":
			return nil, errors.New("the private key is encrypted; decrypt it first")
		default:
			certificate = certificate || block.Type == "CERTIFICATE"
			continue // e.g. EC PARAMETERS
		}
		if err != nil {
			return nil, fmt.Errorf("private key: %w", err)
		}
		signer, ok := key.(crypto.Signer)
		if !ok {
			return nil, fmt.Errorf("private key: a %T cannot sign", key)
		}
		return signer, nil
	}
}

// Algorithm is the COSE name of what the signer computes.
func (s *Signer) Algorithm() string { return s.alg.name }

// Certificate is the signer's own.
func (s *Signer) Certificate() *x509.Certificate { return s.leaf }

// sign computes the signature over a Sig_structure: RSASSA-PSS with a random salt, all others deterministically.
func (s *Signer) sign(message []byte) ([]byte, error) {
	key := s.key
	if k, ok := key.(*mldsa.PrivateKey); ok {
		return k.SignDeterministic(message, nil) // the context is empty. RFC 9964, 5
	}
	if k, ok := key.(*ecdsa.PrivateKey); ok {
		key = deterministic{k}
	}
	signer, err := cose.NewSigner(s.alg.cose, key)
	if err != nil {
		return nil, err
	}
	return signer.Sign(rand.Reader, message)
}

// deterministic is an ECDSA key that signs by RFC 6979: the same claim gives the same signature.
type deterministic struct{ key *ecdsa.PrivateKey }

func (d deterministic) Public() crypto.PublicKey { return d.key.Public() }

func (d deterministic) Sign(_ io.Reader, digest []byte, _ crypto.SignerOpts) ([]byte, error) {
	hash := crypto.SHA256
	switch len(digest) {
	case crypto.SHA384.Size():
		hash = crypto.SHA384
	case crypto.SHA512.Size():
		hash = crypto.SHA512
	}
	return d.key.Sign(nil, digest, hash)
}

// chainHeader is the value of x5chain: a byte string for one certificate, an array for more. RFC 9360, 2.
func (s *Signer) chainHeader() []byte {
	var b []byte
	if len(s.chain) > 1 {
		b = appendHead(b, 4, len(s.chain))
	}
	for _, der := range s.chain {
		b = append(appendHead(b, 2, len(der)), der...)
	}
	return b
}
