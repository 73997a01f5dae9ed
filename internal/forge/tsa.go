package forge

import (
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"time"
)

// Stamp says how a time-stamp token is made. The zero value is a good token of [TSA] at [Clock]. RFC 3161.
type Stamp struct {
	Time      time.Time               // genTime; zero: Clock
	Authority *Authority              // default TSA()
	Cert      func(*x509.Certificate) // edits the authority's end-entity certificate
	EKU       asn1.ObjectIdentifier   // in place of timeStamping
	Key       string                  // kind of the authority's key: P-256 (default) or ML-DSA
	NoCert    bool                    // leave the certificates out
	Imprint   []byte                  // in place of the right message imprint
	Hash      asn1.ObjectIdentifier   // names another hash of the imprint than the one used
	Unwrapped bool                    // imprint over the signature without its CBOR head (sigTst2)
	Status    int                     // of the response (sigTst): 0 granted, 2 rejected
	Info      func([]byte) []byte     // edits the TSTInfo before it is signed
	Digest    func([]byte) []byte     // edits the message digest attribute
	Alg       []byte                  // in place of the AlgorithmIdentifier of the signature
	Sig       func([]byte) []byte     // edits the signature
	Token     func([]byte) []byte     // edits the finished value
	Swap      bool                    // the other container: a bare token in sigTst, a response in sigTst2
}

var (
	oidSHA1       = asn1.ObjectIdentifier{1, 3, 14, 3, 2, 26}
	oidSHA256     = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}
	oidECDSA      = asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}
	oidTSTInfo    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}
	oidSignedData = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidType       = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	oidDigest     = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
	oidCertV2     = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 47}
)

// OIDSHA1 is an imprint algorithm that is not allowed any more.
var OIDSHA1 = oidSHA1

func splitDER(der []byte) (r, s *big.Int) {
	var v struct{ R, S *big.Int }
	must(asn1.Unmarshal(der, &v))
	return v.R, v.S
}

// stamp adds the time-stamp header. C2PA 2.5, 10.3.2.5.
func (s Signer) stamp(unprotected *Map, protected, claim, sig []byte) {
	if len(s.Stamps) == 0 {
		return
	}
	var tokens []any
	for _, st := range s.Stamps {
		tokens = append(tokens, Map{{"val", st.Make(protected, claim, sig, s.Stamp2)}})
	}
	name := "sigTst"
	if s.Stamp2 {
		name = "sigTst2"
	}
	if s.StampKey != "" {
		name = s.StampKey
	}
	unprotected.Set(name, Map{{"tstTokens", tokens}})
}

// Make is the value of a header: of sigTst (a response over the claim), or of sigTst2 (a token over the signature).
func (s Stamp) Make(protected, claim, sig []byte, second bool) []byte {
	payload := claim
	if second {
		payload = CBOR(sig)
		if s.Unwrapped {
			payload = sig
		}
	}
	token := s.Over(sigStructure("CounterSignature", protected, payload))
	if second == s.Swap {
		status := must(asn1.Marshal(struct{ Status int }{s.Status}))
		if s.Status > 1 {
			token = nil
		}
		token = seq(status, token)
	}
	if s.Token != nil {
		token = s.Token(token)
	}
	return token
}

// Over is a time-stamp token over data. RFC 3161, 2.4.2; RFC 5652, 5.
func (s Stamp) Over(data []byte) []byte {
	a := s.Authority
	if a == nil {
		a = TSA()
	}
	eku := s.EKU
	if eku == nil {
		eku = TimeStamping
	}
	kind := s.Key
	if kind == "" {
		kind = "P-256"
	}
	key := Key(kind, a.Name+" stamps")
	leaf := a.Issue(a.Name+" Stamps", key, eku, s.Cert)
	sum := sha256.Sum256(data)
	info := s.info(sum[:])
	if s.Info != nil {
		info = s.Info(info)
	}
	return signedData(info, leaf, a.Issuer.Cert, s)
}

func (s Stamp) info(imprint []byte) []byte {
	when := s.Time
	if when.IsZero() {
		when = Clock
	}
	if s.Imprint != nil {
		imprint = s.Imprint
	}
	hash := oidSHA256
	if s.Hash != nil {
		hash = s.Hash
	}
	return seq(
		der(1),
		der(asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 99999, 1}),
		seq(seq(der(hash), asn1.NullBytes), der(imprint)),
		der(serial("stamp "+when.String())),
		must(asn1.MarshalWithParams(when.UTC(), "generalized")),
	)
}

func signedData(info []byte, leaf Pair, issuer *x509.Certificate, s Stamp) []byte {
	sha := must(asn1.Marshal(pkix.AlgorithmIdentifier{Algorithm: oidSHA256}))
	dig := sha256.Sum256(info)
	md := dig[:]
	if s.Digest != nil {
		md = s.Digest(md)
	}
	ch := sha256.Sum256(leaf.Cert.Raw)
	attrs := tlv(0x31,
		seq(der(oidType), tlv(0x31, der(oidTSTInfo))),
		seq(der(oidDigest), tlv(0x31, der(md))),
		seq(der(oidCertV2), tlv(0x31, seq(seq(seq(der(ch[:])))))),
	)
	alg, sig := signBy(leaf.Key, attrs)
	if s.Alg != nil {
		alg = s.Alg
	}
	if s.Sig != nil {
		sig = s.Sig(sig)
	}
	implicit := append([]byte{0xa0}, attrs[1:]...)
	signer := seq(der(1), seq(leaf.Cert.RawIssuer, der(leaf.Cert.SerialNumber)), sha, implicit,
		alg, der(sig))
	var certs []byte
	if !s.NoCert {
		certs = tlv(0xa0, leaf.Cert.Raw, issuer.Raw)
	}
	data := seq(der(3), tlv(0x31, sha), seq(der(oidTSTInfo), tlv(0xa0, der(info))), certs, tlv(0x31, signer))
	return seq(der(oidSignedData), tlv(0xa0, data))
}

func der(v any) []byte { return must(asn1.Marshal(v)) }

func seq(parts ...[]byte) []byte { return tlv(0x30, parts...) }

// tlv writes a DER value of the tag around parts.
func tlv(tag byte, parts ...[]byte) []byte {
	var body []byte
	for _, p := range parts {
		body = append(body, p...)
	}
	out := []byte{tag}
	switch n := len(body); {
	case n < 0x80:
		out = append(out, byte(n))
	case n < 0x100:
		out = append(out, 0x81, byte(n))
	case n < 0x10000:
		out = append(out, 0x82, byte(n>>8), byte(n))
	default:
		out = append(out, 0x83, byte(n>>16), byte(n>>8), byte(n))
	}
	return append(out, body...)
}

// StampOf is an entry of a c2pa.time-stamp assertion. C2PA 2.5, 16.7.2.
type StampOf struct {
	Manifest *Manifest           // signed with ES256, and made before
	Key      func(string) string // edits its label
	Stamp    Stamp
	Of       *Manifest // the manifest whose signature is stamped, where it is another
}

// StampLabel is the label of an assertion that holds time-stamps.
const StampLabel = "c2pa.time-stamp"

// stamps is the content of a c2pa.time-stamp assertion.
func (b *builder) stamps(list []StampOf) Map {
	out := Map{}
	for _, s := range list {
		key, of := b.labels[s.Manifest], s.Of
		if of == nil {
			of = s.Manifest
		}
		if s.Key != nil {
			key = s.Key(key)
		}
		cose := b.out.Signatures[b.labels[of]]
		protected, _ := splitBytes(cose[2:])        // behind the tag and the array's head
		sig, _ := splitBytes(cose[len(cose)-64-2:]) // 64 bytes behind their head
		out.Set(key, s.Stamp.Make(protected, nil, sig, true))
	}
	return out
}

// splitBytes takes a CBOR byte string from the front.
func splitBytes(b []byte) (content, rest []byte) {
	switch n := b[0] & 0x1f; {
	case n < 24:
		return b[1 : 1+n], b[1+n:]
	case n == 24:
		return b[2 : 2+int(b[1])], b[2+int(b[1]):]
	case n == 25:
		l := int(b[1])<<8 | int(b[2])
		return b[3 : 3+l], b[3+l:]
	}
	panic("forge: a byte string that is too long")
}
