package forge

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
)

// algorithm is a COSE signature algorithm of C2PA 2.5, 12.3.1.
type algorithm struct {
	id   int
	key  string
	hash crypto.Hash
	pss  bool
}

var algorithms = map[string]algorithm{
	"ES256":   {-7, "P-256", crypto.SHA256, false},
	"ES384":   {-35, "P-384", crypto.SHA384, false},
	"ES512":   {-36, "P-521", crypto.SHA512, false},
	"PS256":   {-37, "RSA-2048", crypto.SHA256, true},
	"PS384":   {-38, "RSA-2048", crypto.SHA384, true},
	"PS512":   {-39, "RSA-2048", crypto.SHA512, true},
	"Ed25519": {-8, "Ed25519", 0, false},

	"ML-DSA-44": {-48, "ML-DSA-44", 0, false},
	"ML-DSA-65": {-49, "ML-DSA-65", 0, false},
	"ML-DSA-87": {-50, "ML-DSA-87", 0, false},
}

// Algorithms are the names that [Signer] takes, in a fixed order.
var Algorithms = []string{"ES256", "ES384", "ES512", "PS256", "PS384", "PS512", "Ed25519", "ML-DSA-44", "ML-DSA-65", "ML-DSA-87"}

// Placements of the certificate chain in the COSE headers. C2PA 2.5, 12.3; the string label is of old files.
const (
	X5Protected         = ""                   // label 33, protected: what the specification asks for
	X5Unprotected       = "unprotected"        // label 33, unprotected
	X5String            = "string"             // label "x5chain", protected
	X5StringUnprotected = "string-unprotected" // label "x5chain", unprotected
	X5BothLabels        = "both-labels"        // 33 and "x5chain", the same chain
	X5BothBuckets       = "both-buckets"       // 33 in both buckets: to be refused
	X5None              = "none"               // no certificate at all: to be refused
	X5Empty             = "empty"              // an empty array: to be refused
)

// Signer says who signs a claim and how. The zero value is ES256 under [CA], chain in the protected header.
type Signer struct {
	Alg         string                  // default ES256
	Key         string                  // kind of key where it is not the algorithm's own
	Name        string                  // of the certificate's subject; default "Forge Signer"
	Pair        *Pair                   // a certificate of the test's own making
	Authority   *Authority              // default CA()
	Cert        func(*x509.Certificate) // edits the end-entity certificate
	Parts       func(*Parts)            // edits what of it crypto/x509 does not write otherwise
	RawChain    [][]byte                // the chain as it is to be written
	Placement   string                  // one of the X5 constants
	LeafOnly    bool                    // no intermediate; the certificate is then a bare byte string
	IncludeRoot bool
	IAT         int64 // claimed signing time, Unix seconds; 0: none
	Stamps      []Stamp
	Stamp2      bool                // sigTst2 in place of sigTst
	StampKey    string              // another name of the header, where a test wants one
	OCSP        []OCSP              // stapled responses; empty and not nil: the header with none
	Protected   func(*Map)          // edits the protected header
	Unprotected func(*Map)          // edits the unprotected header
	Payload     any                 // in place of nil: an attached payload
	Signed      []byte              // sign these bytes in place of the claim
	Context     string              // of an ML-DSA signature: there should be none
	Sig         func([]byte) []byte // edits the signature
	COSE        func([]byte) []byte // edits the whole message
	NoTag       bool                // leave tag 18 out
}

func (s Signer) alg() string {
	if s.Alg == "" {
		return "ES256"
	}
	return s.Alg
}

// Chain is the end-entity certificate with its key, and the certificates that go into the file.
func (s Signer) Chain() (Pair, []*x509.Certificate) {
	a := s.Authority
	if a == nil {
		a = CA()
	}
	if s.Pair != nil {
		return *s.Pair, []*x509.Certificate{s.Pair.Cert, a.Issuer.Cert}[:1+btoi(!s.LeafOnly)]
	}
	name := s.Name
	if name == "" {
		name = "Forge Signer"
	}
	kind := s.Key
	if kind == "" {
		kind = algorithms[s.alg()].key
	}
	leaf := a.Issue(name, Key(kind, name), ClaimSigning, s.Cert)
	if s.Parts != nil {
		leaf.Cert = reissue(leaf.Cert, a.Issuer.Key, s.Parts)
	}
	chain := []*x509.Certificate{leaf.Cert}
	if !s.LeafOnly {
		chain = append(chain, a.Issuer.Cert)
	}
	if s.IncludeRoot {
		chain = append(chain, a.Root.Cert)
	}
	return leaf, chain
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// sigStructure is what a COSE signature is over. RFC 9052, 4.4.
func sigStructure(context string, protected, payload []byte) []byte {
	return CBOR([]any{context, protected, []byte{}, payload})
}

// Sign makes the COSE_Sign1 of a claim. C2PA 2.5, 12.3.
func (s Signer) Sign(claim []byte) []byte {
	leaf, chain := s.Chain()
	alg := algorithms[s.alg()]
	protected, unprotected := Map{{1, alg.id}}, Map{}
	place(&protected, &unprotected, s, chain)
	if s.IAT != 0 {
		protected.Set("iat", s.IAT)
	}
	if s.Protected != nil {
		s.Protected(&protected)
	}
	prot := CBOR(protected)
	signed := claim
	if s.Signed != nil {
		signed = s.Signed
	}
	sig := s.raw(alg, leaf.Key, sigStructure("Signature1", prot, signed))
	if s.Sig != nil {
		sig = s.Sig(sig)
	}
	s.stamp(&unprotected, prot, claim, sig)
	s.staple(&unprotected, leaf.Cert)
	if s.Unprotected != nil {
		s.Unprotected(&unprotected)
	}
	var msg any = []any{prot, unprotected, s.Payload, sig}
	if !s.NoTag {
		msg = Tag{18, msg}
	}
	out := CBOR(msg)
	if s.COSE != nil {
		out = s.COSE(out)
	}
	return out
}

func place(protected, unprotected *Map, s Signer, certs []*x509.Certificate) {
	var list []any
	for _, c := range certs {
		list = append(list, c.Raw)
	}
	if s.RawChain != nil {
		list = nil
		for _, c := range s.RawChain {
			list = append(list, c)
		}
	}
	var chain any = list
	if len(list) == 1 {
		chain = list[0]
	}
	switch s.Placement {
	case X5Protected:
		protected.Set(33, chain)
	case X5Unprotected:
		unprotected.Set(33, chain)
	case X5String:
		protected.Set("x5chain", chain)
	case X5StringUnprotected:
		unprotected.Set("x5chain", chain)
	case X5BothLabels:
		protected.Set(33, chain)
		unprotected.Set("x5chain", chain)
	case X5BothBuckets:
		protected.Set(33, chain)
		unprotected.Set(33, chain)
	case X5Empty:
		protected.Set(33, []any{})
	case X5None:
	default:
		panic("forge: no such placement: " + s.Placement)
	}
}

// raw is the signature before it is edited.
func (s Signer) raw(alg algorithm, key crypto.Signer, msg []byte) []byte {
	if k, ok := key.(*Lattice); ok {
		return k.in(s.Context, msg)
	}
	return rawSignature(alg, key, msg)
}

// rawSignature signs as COSE wants it: ECDSA as r and s of fixed length. RFC 9053, 2.
func rawSignature(alg algorithm, key crypto.Signer, msg []byte) []byte {
	switch k := key.(type) {
	case ed25519.PrivateKey:
		return ed25519.Sign(k, msg)
	case *Lattice:
		return k.in("", msg)
	}
	h := alg.hash.New()
	h.Write(msg)
	sum := h.Sum(nil)
	switch k := key.(type) {
	case *ecdsa.PrivateKey:
		// Without a source of randomness the signature is that of RFC 6979.
		der := must(k.Sign(nil, sum, alg.hash))
		r, s := splitDER(der)
		n := (k.Curve.Params().BitSize + 7) / 8
		return append(r.FillBytes(make([]byte, n)), s.FillBytes(make([]byte, n))...)
	case *rsa.PrivateKey:
		if !alg.pss {
			return must(rsa.SignPKCS1v15(nil, k, alg.hash, sum))
		}
		return must(rsa.SignPSS(newDRBG("pss"), k, alg.hash, sum, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}))
	}
	panic("forge: cannot sign with this key")
}
