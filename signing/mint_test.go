package signing_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/report"
	"github.com/consentry/consentry/signing"
)

// claim is what the tests sign; the package takes it as bytes.
var claim = []byte("the claim, as it is in its box")

const url = "self#jumbf=c2pa.signature"

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// der, seq and tlv are the tests' own encoder.
func der(v any) []byte { return must(asn1.Marshal(v)) }

func tlv(tag byte, parts ...[]byte) []byte {
	body := slices.Concat(parts...)
	switch n := len(body); {
	case n < 0x80:
		return append([]byte{tag, byte(n)}, body...)
	case n < 0x100:
		return append([]byte{tag, 0x81, byte(n)}, body...)
	case n < 0x10000:
		return append([]byte{tag, 0x82, byte(n >> 8), byte(n)}, body...)
	default:
		return append([]byte{tag, 0x83, byte(n >> 16), byte(n >> 8), byte(n)}, body...)
	}
}

func seq(parts ...[]byte) []byte { return tlv(0x30, parts...) }

func oid(n ...int) asn1.ObjectIdentifier { return n }

var (
	oidSHA256    = oid(2, 16, 840, 1, 101, 3, 4, 2, 1)
	oidSHA384    = oid(2, 16, 840, 1, 101, 3, 4, 2, 2)
	ecdsaSHA256  = seq(der(oid(1, 2, 840, 10045, 4, 3, 2)))
	ecdsaSHA1    = seq(der(oid(1, 2, 840, 10045, 4, 1)))
	rsaSHA256    = seq(der(oid(1, 2, 840, 113549, 1, 1, 11)), asn1.NullBytes)
	ed25519Alg   = seq(der(oid(1, 3, 101, 112)))
	mlDSA44      = seq(der(oid(2, 16, 840, 1, 101, 3, 4, 3, 17)))
	hashSHA256   = seq(der(oidSHA256), asn1.NullBytes)
	hashSHA384   = seq(der(oidSHA384), asn1.NullBytes)
	mgfOf        = func(hash []byte) []byte { return seq(der(oid(1, 2, 840, 113549, 1, 1, 8)), hash) }
	purposeClaim = []asn1.ObjectIdentifier{forge.ClaimSigning, forge.EmailProtection}
)

func pss(params ...[]byte) []byte {
	return seq(append([][]byte{der(oid(1, 2, 840, 113549, 1, 1, 10))}, params...)...)
}

func pssParams(hash, mgf []byte, salt int) []byte {
	var parts [][]byte
	if hash != nil {
		parts = append(parts, tlv(0xa0, hash))
	}
	if mgf != nil {
		parts = append(parts, tlv(0xa1, mgf))
	}
	return seq(append(parts, tlv(0xa2, der(salt)))...)
}

// ext is an extension.
func ext(critical bool, value []byte, id ...int) []byte {
	parts := [][]byte{der(oid(id...))}
	if critical {
		parts = append(parts, []byte{1, 1, 0xff})
	}
	return seq(append(parts, tlv(4, value))...)
}

// rsaSPKI is a public key of a number of that many bits; nobody has its private half.
func rsaSPKI(n int) []byte {
	number := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), uint(n)), big.NewInt(1))
	return must(x509.MarshalPKIXPublicKey(&rsa.PublicKey{N: number, E: 65537}))
}

// rsaNumbers is an RSA key of 2048 bits with an exponent as it is to be written.
func rsaNumbers(exponent []byte) []byte {
	n := append([]byte{0}, bytes.Repeat([]byte{0xff}, 256)...)
	key := seq(tlv(2, n), exponent)
	return seq(seq(der(oid(1, 2, 840, 113549, 1, 1, 1)), asn1.NullBytes), der(asn1.BitString{Bytes: key, BitLength: 8 * len(key)}))
}

func bits(set ...int) []byte {
	var b [2]byte
	n := 0
	for _, i := range set {
		b[i/8] |= 0x80 >> (i % 8)
		n = max(n, i+1)
	}
	return der(asn1.BitString{Bytes: b[:(n+7)/8], BitLength: n})
}

// mint is a certificate of which every part can be wrong. The zero value, but for Key and By, is a good signer's.
type mint struct {
	Name     string
	Subject  []byte // in place of Name
	Key      crypto.Signer
	SPKI     []byte // in place of Key's
	By       *minted
	Version  int // as encoded; 0: v3
	V1       bool
	Serial   int64
	From, To time.Time
	Unique   []byte // issuerUniqueID
	Alg      []byte // signatureAlgorithm; nil: by the issuer's key
	Inner    []byte // tbsCertificate.signature; nil: Alg
	CA       bool
	PathLen  *int
	Usage    []int // nil: digitalSignature, for a CA keyCertSign
	EKUs     []asn1.ObjectIdentifier
	EKUCrit  bool
	Without  []string // aki, ski, usage, eku, basic
	Extra    [][]byte
	Sig      func([]byte) []byte
}

type minted struct {
	DER  []byte
	Key  crypto.Signer
	Name []byte
	By   []byte // name of the issuer, where a test needs to say it; nil: the usual one
}

func (m *minted) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: m.DER})
}

func nameOf(cn string) []byte {
	return seq(tlv(0x31, seq(der(oid(2, 5, 4, 3)), tlv(0x0c, []byte(cn)))))
}

func (m mint) make() *minted {
	self := m.By == nil
	out := &minted{Key: m.Key, Name: nameOf(m.Name)}
	if m.Subject != nil {
		out.Name = m.Subject
	}
	by := m.By
	if self {
		by = out
	}
	spki := m.SPKI
	if spki == nil {
		spki = spkiOf(m.Key)
	}
	alg := m.Alg
	if alg == nil {
		alg = algOf(by.Key)
	}
	inner := m.Inner
	if inner == nil {
		inner = alg
	}
	if m.From.IsZero() {
		m.From = forge.Clock.AddDate(-1, 0, 0)
	}
	if m.To.IsZero() {
		m.To = forge.Clock.AddDate(1, 0, 0)
	}
	version := 2
	if m.Version != 0 {
		version = m.Version
	}
	parts := [][]byte{}
	if !m.V1 {
		parts = append(parts, tlv(0xa0, der(version)))
	}
	until := "utc"
	if m.To.Year() >= 2050 {
		until = "generalized"
	}
	parts = append(parts, der(m.Serial+1), inner, by.Name,
		seq(must(asn1.MarshalWithParams(m.From.UTC(), "utc")), must(asn1.MarshalWithParams(m.To.UTC(), until))), out.Name, spki)
	if m.Unique != nil {
		parts = append(parts, tlv(0x81, append([]byte{0}, m.Unique...)))
	}
	if !m.V1 {
		parts = append(parts, tlv(0xa3, seq(m.extensions(by, spki)...)))
	}
	tbs := seq(parts...)
	sig := signWith(by.Key, alg, tbs)
	if m.Sig != nil {
		sig = m.Sig(sig)
	}
	out.DER = seq(tbs, alg, der(asn1.BitString{Bytes: sig, BitLength: 8 * len(sig)}))
	return out
}

func (m mint) extensions(by *minted, spki []byte) [][]byte {
	var out [][]byte
	has := func(what string) bool { return !slices.Contains(m.Without, what) }
	if has("ski") {
		sum := sha256.Sum256(spki)
		out = append(out, ext(false, tlv(4, sum[:20]), 2, 5, 29, 14))
	}
	if has("aki") {
		sum := sha256.Sum256(by.Name)
		out = append(out, ext(false, seq(tlv(0x80, sum[:20])), 2, 5, 29, 35))
	}
	if has("basic") {
		var body [][]byte
		if m.CA {
			body = append(body, []byte{1, 1, 0xff})
		}
		if m.PathLen != nil {
			body = append(body, der(*m.PathLen))
		}
		out = append(out, ext(true, seq(body...), 2, 5, 29, 19))
	}
	if has("usage") {
		usage := m.Usage
		if usage == nil {
			usage = []int{0}
			if m.CA {
				usage = []int{5, 6}
			}
		}
		out = append(out, ext(true, bits(usage...), 2, 5, 29, 15))
	}
	if has("eku") && !m.CA {
		ekus := m.EKUs
		if ekus == nil {
			ekus = purposeClaim
		}
		out = append(out, ext(m.EKUCrit, der(ekus), 2, 5, 29, 37))
	}
	return append(out, m.Extra...)
}

func spkiOf(key crypto.Signer) []byte {
	if k, ok := key.Public().(forge.LatticePublic); ok {
		return latticeSPKI(algOf(key), []byte(k.Raw))
	}
	return must(x509.MarshalPKIXPublicKey(key.Public()))
}

func algOf(key crypto.Signer) []byte {
	switch k := key.(type) {
	case *forge.Lattice:
		for _, s := range sets {
			if s.name == k.Public().(forge.LatticePublic).Set {
				return seq(der(latticeOID(s.arc)))
			}
		}
	case *rsa.PrivateKey:
		return rsaSHA256
	case ed25519.PrivateKey:
		return ed25519Alg
	}
	return ecdsaSHA256
}

// signWith signs as the AlgorithmIdentifier says, as far as the tests use it; what it does not know it signs by SHA-256.
func signWith(key crypto.Signer, alg, message []byte) []byte {
	sum := sha256.Sum256(message)
	switch k := key.(type) {
	case *forge.Lattice:
		return must(k.Sign(nil, message, nil))
	case *rsa.PrivateKey:
		if len(alg) > 15 { // RSASSA-PSS with parameters
			h, salt := crypto.SHA256, 32
			digest := sum[:]
			return must(rsa.SignPSS(zeros{}, k, h, digest, &rsa.PSSOptions{SaltLength: salt}))
		}
		return must(rsa.SignPKCS1v15(nil, k, crypto.SHA256, sum[:]))
	case ed25519.PrivateKey:
		return ed25519.Sign(k, message)
	case *ecdsa.PrivateKey:
		return must(k.Sign(nil, sum[:], crypto.SHA256))
	}
	panic("no such key")
}

// zeros is a source for salts in tests.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// root is the tests' claim root, of their own encoder.
func root() *minted {
	return mint{Name: "Mint Root", Key: forge.Key("P-256", "mint root"), CA: true, To: forge.Clock.AddDate(10, 0, 0)}.make()
}

func rootRSA() *minted {
	return mint{Name: "Mint RSA Root", Key: forge.Key("RSA-2048", "mint rsa root"), CA: true, To: forge.Clock.AddDate(10, 0, 0)}.make()
}

// list is a claim list with an anchor.
func list(t testing.TB, name string, anchors ...[]byte) signing.List {
	t.Helper()
	var data []byte
	for _, a := range anchors {
		data = append(data, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a})...)
	}
	l, err := signing.ParseAnchors(name, data)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// trustForge trusts forge's own authorities.
func trustForge(t testing.TB) *signing.Trust {
	return &signing.Trust{
		Claim: []signing.List{list(t, "claims", forge.CA().Root.Cert.Raw)},
		TSA:   []signing.List{list(t, "times", forge.TSA().Root.Cert.Raw)},
	}
}

// verify judges what a forge signer signs.
func verify(t testing.TB, s forge.Signer, edit func(*signing.Input)) *signing.Result {
	in := signing.Input{COSE: s.Sign(claim), Payload: claim, URL: url, Now: forge.Clock, Trust: trustForge(t)}
	if edit != nil {
		edit(&in)
	}
	return signing.Verify(in)
}

// signMint signs the claim with minted certificates; the key is the leaf's.
func signMint(alg string, leaf *minted, chain ...*minted) forge.Signer {
	raw := [][]byte{leaf.DER}
	for _, c := range chain {
		raw = append(raw, c.DER)
	}
	return forge.Signer{Alg: alg, Pair: &forge.Pair{Key: leaf.Key, Cert: &x509.Certificate{Raw: leaf.DER}}, LeafOnly: true, RawChain: raw}
}

func codes(r *signing.Result) []string {
	var out []string
	for _, f := range r.Findings {
		out = append(out, f.Code)
	}
	return out
}

// expect checks that the codes wanted are there and those unwanted are not, and that findings name the box and a clause.
func expect(t *testing.T, r *signing.Result, want, not []string) {
	t.Helper()
	for _, code := range want {
		if !report.Has(r.Findings, code) {
			t.Errorf("no %s in %s", code, explain(r))
		}
	}
	for _, code := range not {
		if report.Has(r.Findings, code) {
			t.Errorf("%s in %s", code, explain(r))
		}
	}
	for _, f := range r.Findings {
		if f.URL != url || f.Clause == "" || f.Explanation == "" {
			t.Errorf("%s lacks its box, its clause or its explanation", f.Code)
		}
	}
	if r.Trusted && (r.List == nil || !report.Has(r.Findings, "signingCredential.trusted")) {
		t.Error("trusted without a list or a finding")
	}
	if r.Validated != report.Has(r.Findings, "claimSignature.validated") ||
		r.InsideValidity != report.Has(r.Findings, "claimSignature.insideValidity") {
		t.Errorf("validated %v, inside %v: not what the findings say: %v", r.Validated, r.InsideValidity, codes(r))
	}
}

func explain(r *signing.Result) string {
	out := ""
	for _, f := range r.Findings {
		out += "\n\t" + f.Code + ": " + f.Explanation
	}
	return out
}

// says reports whether a finding of the code has the words in its explanation.
func says(r *signing.Result, code, words string) bool {
	for _, f := range r.Findings {
		if f.Code == code && contains(f.Explanation, words) {
			return true
		}
	}
	return false
}

func contains(s, words string) bool { return strings.Contains(s, words) }

func intp(n int) *int { return &n }
