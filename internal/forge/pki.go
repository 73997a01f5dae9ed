package forge

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // key identifiers, RFC 5280, 4.2.1.2
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"io"
	"math/big"
	"sync"
	"time"
)

// Object identifiers of extended key usages. C2PA 2.5, 13.5.1.
var (
	ClaimSigning    = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 62558, 2, 1}
	EmailProtection = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 4}
	DocumentSigning = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 36}
	TimeStamping    = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 8}
	OCSPSigning     = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 9}
	AnyEKU          = asn1.ObjectIdentifier{2, 5, 29, 37, 0}
)

// Pair is a certificate with its key.
type Pair struct {
	Cert *x509.Certificate
	Key  crypto.Signer
}

var (
	keysMu sync.Mutex
	keys   = map[string]crypto.Signer{}
)

// Key is the key that belongs to a name: the same in every run. kind is P-224, P-256, P-384, P-521, Ed25519,
// ML-DSA-44, ML-DSA-65, ML-DSA-87, RSA-2048, RSA-1024 or another size.
func Key(kind, name string) crypto.Signer {
	keysMu.Lock()
	defer keysMu.Unlock()
	id := kind + "/" + name
	if k, ok := keys[id]; ok {
		return k
	}
	k := makeKey(kind, newDRBG("key "+id))
	keys[id] = k
	return k
}

func makeKey(kind string, seed *drbg) crypto.Signer {
	read := func(n int) []byte {
		b := make([]byte, n)
		_, _ = seed.Read(b)
		return b
	}
	ec := func(c elliptic.Curve) crypto.Signer {
		n := new(big.Int).Sub(c.Params().N, big.NewInt(1))
		size := (c.Params().BitSize + 7) / 8
		d := new(big.Int).SetBytes(read(size + 8))
		d.Mod(d, n).Add(d, big.NewInt(1))
		return must(ecdsa.ParseRawPrivateKey(c, d.FillBytes(make([]byte, size))))
	}
	switch kind {
	case "ML-DSA-44", "ML-DSA-65", "ML-DSA-87":
		return NewLattice(kind, read(32))
	case "P-224":
		return ec(elliptic.P224())
	case "P-256":
		return ec(elliptic.P256())
	case "P-384":
		return ec(elliptic.P384())
	case "P-521":
		return ec(elliptic.P521())
	case "Ed25519":
		return ed25519.NewKeyFromSeed(read(ed25519.SeedSize))
	case "RSA-1024":
		return rsaKey(1024, seed)
	case "RSA-2048":
		return rsaKey(2048, seed)
	case "RSA-3072":
		return rsaKey(3072, seed)
	}
	panic("forge: no such kind of key: " + kind)
}

// rsaKey searches its own primes, since crypto/rsa takes no seed.
func rsaKey(bits int, seed io.Reader) *rsa.PrivateKey {
	e, one := big.NewInt(65537), big.NewInt(1)
	prime := func() *big.Int {
		b := make([]byte, bits/16)
		_, _ = seed.Read(b)
		b[0] |= 0xc0
		b[len(b)-1] |= 1
		p := new(big.Int).SetBytes(b)
		for ; ; p.Add(p, big.NewInt(2)) {
			if new(big.Int).GCD(nil, nil, new(big.Int).Sub(p, one), e).Cmp(one) == 0 && p.ProbablyPrime(10) {
				return p
			}
		}
	}
	p, q := prime(), prime()
	phi := new(big.Int).Mul(new(big.Int).Sub(p, one), new(big.Int).Sub(q, one))
	k := &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: new(big.Int).Mul(p, q), E: 65537}, D: new(big.Int).ModInverse(e, phi), Primes: []*big.Int{p, q}}
	k.Precompute()
	return k
}

// KeyPEM is the key as PKCS #8 in PEM.
func KeyPEM(k crypto.Signer) []byte {
	if k, ok := k.(*Lattice); ok {
		return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: k.pkcs8()})
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: must(x509.MarshalPKCS8PrivateKey(k))})
}

// ChainPEM is certificates in PEM, in the order given.
func ChainPEM(certs ...*x509.Certificate) []byte {
	var b bytes.Buffer
	for _, c := range certs {
		_ = pem.Encode(&b, &pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
	}
	return b.Bytes()
}

// Authority is a root and an intermediate that issue end-entity certificates.
type Authority struct {
	Name         string
	Root, Issuer Pair
}

var (
	caOnce  = sync.OnceValue(func() *Authority { return NewAuthority("Forge Claim CA") })
	tsaOnce = sync.OnceValue(func() *Authority { return NewAuthority("Forge Time CA") })
)

// CA is the authority whose root the tests trust for claim signers.
func CA() *Authority { return caOnce() }

// TSA is the authority whose root the tests trust for time-stamps.
func TSA() *Authority { return tsaOnce() }

// NewAuthority makes a root and an intermediate; another name gives other keys.
func NewAuthority(name string) *Authority { return NewAuthorityOf(name, "P-256", "P-256") }

// NewAuthorityOf makes an authority whose root and intermediate have keys of these kinds: P-256 or ML-DSA.
func NewAuthorityOf(name, root, issuer string) *Authority {
	a := &Authority{Name: name}
	t := caTemplate(name + " Root")
	a.Root.Key = Key(root, name+" root")
	a.Root.Cert = sign(t, t, a.Root.Key.Public(), a.Root.Key)
	return a.with(issuer, nil)
}

// with is the same authority with another issuer; edit (nil: no change) sees its certificate before it is signed.
func (a *Authority) with(kind string, edit func(*x509.Certificate)) *Authority {
	out := &Authority{Name: a.Name, Root: a.Root}
	t := caTemplate(a.Name + " Issuer")
	if edit != nil {
		edit(t)
	}
	out.Issuer.Key = Key(kind, a.Name+" issuer")
	out.Issuer.Cert = sign(t, a.Root.Cert, out.Issuer.Key.Public(), a.Root.Key)
	return out
}

// Answering is the same authority with another issuer, whose certificate names a responder for revocation.
func (a *Authority) Answering(address string) *Authority {
	out := &Authority{Name: a.Name, Root: a.Root}
	t := caTemplate(a.Name + " Issuer that names a responder")
	t.OCSPServer = []string{address}
	out.Issuer.Key = Key("P-256", a.Name+" issuer that names a responder")
	out.Issuer.Cert = sign(t, a.Root.Cert, out.Issuer.Key.Public(), a.Root.Key)
	return out
}

// Issue makes an end-entity certificate for a key; edit (nil: no change) sees the template before it is signed.
func (a *Authority) Issue(name string, key crypto.Signer, eku asn1.ObjectIdentifier, edit func(*x509.Certificate)) Pair {
	t := leafTemplate(name, eku)
	if edit != nil {
		edit(t)
	}
	return Pair{sign(t, a.Issuer.Cert, key.Public(), a.Issuer.Key), key}
}

// SelfSigned makes an end-entity certificate that nobody else signed.
func SelfSigned(name string, key crypto.Signer, edit func(*x509.Certificate)) Pair {
	t := leafTemplate(name, ClaimSigning)
	if edit != nil {
		edit(t)
	}
	return Pair{sign(t, t, key.Public(), key), key}
}

func caTemplate(name string) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: serial(name), Subject: pkix.Name{CommonName: name, Organization: []string{"Forge, for tests only"}},
		NotBefore: Clock.AddDate(-5, 0, 0), NotAfter: Clock.AddDate(10, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
}

func leafTemplate(name string, eku asn1.ObjectIdentifier) *x509.Certificate {
	t := &x509.Certificate{
		SerialNumber: serial(name), Subject: pkix.Name{CommonName: name, Organization: []string{"Forge, for tests only"}},
		NotBefore: Clock.AddDate(0, -3, 0), NotAfter: Clock.AddDate(0, 9, 0),
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature,
	}
	if eku.Equal(TimeStamping) {
		t.NotBefore, t.NotAfter = Clock.AddDate(-4, 0, 0), Clock.AddDate(4, 0, 0)
		// RFC 3161, 2.3: the extension is critical and names this purpose alone.
		t.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: true, Value: must(asn1.Marshal([]asn1.ObjectIdentifier{eku}))}}
	} else if eku != nil {
		t.UnknownExtKeyUsage = []asn1.ObjectIdentifier{eku}
	}
	return t
}

func serial(name string) *big.Int {
	b := random("serial "+name, 8)
	b[0] = b[0]&0x7f | 1
	return new(big.Int).SetBytes(b)
}

func sign(t, parent *x509.Certificate, pub crypto.PublicKey, key crypto.Signer) *x509.Certificate {
	if t.SubjectKeyId == nil {
		sum := sha1.Sum(spkiOf(pub)) //nolint:gosec // an identifier, not a proof
		t.SubjectKeyId = sum[:]
	}
	_, of := pub.(LatticePublic)
	if _, by := key.(*Lattice); of || by {
		return latticeCertificate(t, parent, pub, key)
	}
	return must(x509.ParseCertificate(must(x509.CreateCertificate(newDRBG("certificate "+t.Subject.CommonName), t, parent, pub, steady{key}))))
}

// steady signs the same bytes with the same signature: without randomness, ECDSA's is that of RFC 6979.
type steady struct{ crypto.Signer }

func (s steady) Sign(_ io.Reader, sum []byte, opts crypto.SignerOpts) ([]byte, error) {
	if _, ok := s.Signer.(*rsa.PrivateKey); ok {
		return s.Signer.Sign(newDRBG("rsa"), sum, opts)
	}
	return s.Signer.Sign(nil, sum, opts)
}

// at is a validity that ends before or begins after a time.
func validity(from, until time.Time) func(*x509.Certificate) {
	return func(t *x509.Certificate) { t.NotBefore, t.NotAfter = from, until }
}
