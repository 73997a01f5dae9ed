package forge

import (
	"crypto/sha1" //nolint:gosec // names of RFC 6960
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"time"
)

// OCSP says how a response about a certificate is made. The zero value is a good one: that the signer's certificate was
// good an hour before [Clock], by a responder whom the signer's issuer named. RFC 6960, 4.2.1.
type OCSP struct {
	Status    string // "" good, "revoked", "unknown"
	Revoked   time.Time
	Reason    int       // of a revocation; 0: none is given
	This      time.Time // thisUpdate; zero: an hour before Clock
	Next      time.Time // nextUpdate; zero: a week after This
	NoNext    bool      // no nextUpdate
	Produced  time.Time // producedAt; zero: This
	Hash      string    // of the names in CertID: sha1 (default), sha256, sha384, sha512; md5: an OID that is not allowed
	OfIssuer  bool      // about the issuer's certificate, by the root
	Of        *Pair     // about this certificate
	More      []OCSP    // further entries
	ByIssuer  bool      // signed by the issuer itself
	Authority *Authority
	EKU       asn1.ObjectIdentifier // of the responder's certificate, in place of OCSPSigning
	Cert      func(*x509.Certificate)
	Kind      string // of the responder's key: P-256 (default) or ML-DSA
	NoCert    bool   // leave the responder's certificate out
	Certs     []byte // further certificates behind the responder's
	ByKey     bool   // the responder is named by its key
	Nonce     []byte
	Critical  bool                // with a critical extension that nobody knows
	Name      func([]byte) []byte // edits issuerNameHash
	Key       func([]byte) []byte // edits issuerKeyHash
	Sig       func([]byte) []byte // edits the signature
	Data      func([]byte) []byte // edits the ResponseData before it is signed
	Answer    int                 // responseStatus; 0 successful
	DER       func([]byte) []byte // edits the whole
}

var (
	oidBasic = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 1}
	oidNonce = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 2}
	oidMD5   = asn1.ObjectIdentifier{1, 2, 840, 113549, 2, 5}
)

// About is the response about a signer's certificate.
func (o OCSP) About(s Signer) []byte {
	leaf, _ := s.Chain()
	a := s.Authority
	if a == nil {
		a = CA()
	}
	return o.make(leaf.Cert, a)
}

// make is the response about a certificate of an authority.
func (o OCSP) make(cert *x509.Certificate, a *Authority) []byte {
	signer := a.Issuer
	if o.OfIssuer {
		signer = a.Root
	}
	by := signer
	if !o.ByIssuer {
		by = o.responder(a, signer)
	}
	id := tlv(0xa1, by.Cert.RawSubject)
	if o.ByKey {
		id = tlv(0xa2, der(keyDigest("sha1", by.Cert)))
	}
	entries := [][]byte{o.single(cert, a)}
	for _, m := range o.More {
		entries = append(entries, m.single(cert, a))
	}
	produced := o.Produced
	if produced.IsZero() {
		produced = o.this()
	}
	data := seq(id, generalized(produced), seq(entries...), o.extensions())
	if o.Data != nil {
		data = o.Data(data)
	}
	alg, sig := signBy(by.Key, data)
	if o.Sig != nil {
		sig = o.Sig(sig)
	}
	var certs []byte
	if !o.NoCert && !o.ByIssuer {
		certs = tlv(0xa0, seq(by.Cert.Raw, o.Certs))
	}
	basic := seq(data, alg, tlv(3, append([]byte{0}, sig...)), certs)
	out := seq(tlv(0x0a, []byte{byte(o.Answer)}), tlv(0xa0, seq(der(oidBasic), der(basic))))
	if o.Answer != 0 {
		out = seq(tlv(0x0a, []byte{byte(o.Answer)}))
	}
	if o.DER != nil {
		out = o.DER(out)
	}
	return out
}

// responder is whom the issuer named for its answers.
func (o OCSP) responder(a *Authority, signer Pair) Pair {
	eku := o.EKU
	if eku == nil {
		eku = OCSPSigning
	}
	if o.Authority != nil {
		a, signer = o.Authority, o.Authority.Issuer
	}
	t := leafTemplate(a.Name+" Responder", eku)
	if o.Cert != nil {
		o.Cert(t)
	}
	kind := o.Kind
	if kind == "" {
		kind = "P-256"
	}
	key := Key(kind, a.Name+" responder")
	return Pair{sign(t, signer.Cert, key.Public(), signer.Key), key}
}

func (o OCSP) this() time.Time {
	if o.This.IsZero() {
		return Clock.Add(-time.Hour)
	}
	return o.This
}

func (o OCSP) single(cert *x509.Certificate, a *Authority) []byte {
	if o.Of != nil {
		cert = o.Of.Cert
	}
	issuer := a.Issuer.Cert
	if o.OfIssuer {
		cert, issuer = a.Issuer.Cert, a.Root.Cert
	}
	name, key := hashBy(o.Hash, issuer.RawSubject), keyDigest(o.Hash, issuer)
	if o.Name != nil {
		name = o.Name(name)
	}
	if o.Key != nil {
		key = o.Key(key)
	}
	id := seq(seq(der(map[string]asn1.ObjectIdentifier{"": oidSHA1, "sha1": oidSHA1, "sha256": oidSHA256, "sha384": {2, 16, 840, 1, 101, 3, 4, 2, 2}, "sha512": {2, 16, 840, 1, 101, 3, 4, 2, 3}, "md5": oidMD5}[o.Hash]), asn1.NullBytes),
		der(name), der(key), der(cert.SerialNumber))
	status := []byte{0x80, 0}
	switch o.Status {
	case "revoked":
		var reason []byte
		if o.Reason != 0 {
			reason = tlv(0xa0, tlv(0x0a, []byte{byte(o.Reason)}))
		}
		status = tlv(0xa1, generalized(o.Revoked), reason)
	case "unknown":
		status = []byte{0x82, 0}
	}
	next := o.Next
	if next.IsZero() {
		next = o.this().AddDate(0, 0, 7)
	}
	until := tlv(0xa0, generalized(next))
	if o.NoNext {
		until = nil
	}
	return seq(id, status, generalized(o.this()), until)
}

func (o OCSP) extensions() []byte {
	var list []byte
	if o.Nonce != nil {
		list = append(list, seq(der(oidNonce), der(der(o.Nonce)))...)
	}
	if o.Critical {
		list = append(list, der(pkix.Extension{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 99999, 2}, Critical: true, Value: asn1.NullBytes})...)
	}
	if list == nil {
		return nil
	}
	return tlv(0xa1, seq(list))
}

func generalized(t time.Time) []byte {
	return must(asn1.MarshalWithParams(t.UTC(), "generalized"))
}

// keyDigest is the digest of a certificate's public key, without tag and length. RFC 6960, 4.1.1.
func keyDigest(alg string, c *x509.Certificate) []byte {
	var spki struct {
		Algorithm pkix.AlgorithmIdentifier
		Key       asn1.BitString
	}
	must(asn1.Unmarshal(c.RawSubjectPublicKeyInfo, &spki))
	return hashBy(alg, spki.Key.Bytes)
}

func hashBy(alg string, b []byte) []byte {
	switch alg {
	case "", "sha1":
		sum := sha1.Sum(b) //nolint:gosec // see above
		return sum[:]
	case "md5":
		return random("md5", 16)
	}
	return digest(alg, b)
}

// staple adds the header of stapled responses. C2PA 2.5, 10.3.2.6.
func (s Signer) staple(unprotected *Map, leaf *x509.Certificate) {
	if s.OCSP == nil {
		return
	}
	a := s.Authority
	if a == nil {
		a = CA()
	}
	list := []any{}
	for _, o := range s.OCSP {
		list = append(list, o.make(leaf, a))
	}
	unprotected.Set("rVals", Map{{"ocspVals", list}})
}

// StatusLabel is the label of an assertion that holds responses about certificates. C2PA 2.5, 16.7.3.
const StatusLabel = "c2pa.certificate-status"

// CertificateStatus is an assertion that holds responses about certificates.
func CertificateStatus(responses ...[]byte) Assertion {
	list := []any{}
	for _, r := range responses {
		list = append(list, r)
	}
	return Assertion{Label: StatusLabel, CBOR: Map{{"ocspVals", list}}}
}
