package signing

import (
	"bytes"
	"crypto"
	"crypto/sha1" //nolint:gosec // names of issuers and responders in RFC 6960; no signature rests on it
	"encoding/asn1"
	"fmt"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Object identifiers of OCSP. RFC 6960.
var (
	oidBasicResponse = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 1}
	oidNonce         = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 2}
	oidSHA1          = asn1.ObjectIdentifier{1, 3, 14, 3, 2, 26}
)

// Bounds of an OCSP response. Those in the field have 0.5 to 3 kB, speak of one certificate, and bring the responder's.
const (
	maxOCSP             = 64 << 10
	maxOCSPSingles      = 64
	maxOCSPCertificates = 8
	maxOCSPExtensions   = 16 // nonce, archive cutoff, signed certificate timestamps
)

// The reasons of a revocation that mean something here. RFC 5280, 5.3.1.
const (
	reasonHold    = 6
	reasonRemoved = 8 // removeFromCRL: the hold was lifted
)

// reasons are the names of RFC 5280, 5.3.1; 7 is not used.
var reasons = map[int]string{
	0: "unspecified", 1: "keyCompromise", 2: "cACompromise", 3: "affiliationChanged", 4: "superseded",
	5: "cessationOfOperation", reasonHold: "certificateHold", reasonRemoved: "removeFromCRL", 9: "privilegeWithdrawn",
	10: "aACompromise",
}

// certStatus is what a responder says of one certificate. RFC 6960, 4.2.1.
type certStatus int

const (
	statusGood certStatus = iota
	statusRevoked
	statusUnknown
)

// OCSP is a response of an OCSP responder, read and not judged: who signed it and of which certificate it speaks is
// held against a signer's chain by [Verify]. RFC 6960, 4.2.1.
type OCSP struct {
	tbs          []byte // what is signed
	alg          identifier
	signature    []byte
	certificates []*certificate
	byName       []byte // responder's Name; nil: it is named by its key
	byKey        []byte // SHA-1 of the responder's public key
	producedAt   time.Time
	nonce        []byte // nil: none
	critical     bool   // has a critical extension that is not understood
	singles      []single
}

// single is what a response says of one certificate.
type single struct {
	hash                asn1.ObjectIdentifier // of the two digests
	issuerName, keyHash []byte
	serial              []byte // content octets of the INTEGER
	status              certStatus
	revoked             time.Time
	reason              int // -1: none
	thisUpdate          time.Time
	nextUpdate          time.Time // zero: none
	critical            bool
}

func badOCSP(format string, args ...any) error {
	return &SyntaxError{Path: "OCSPResponse", Reason: fmt.Sprintf(format, args...)}
}

// ParseOCSP reads an OCSPResponse in DER that is successful and basic; an error is a *[SyntaxError].
//
//	OCSPResponse ::= SEQUENCE { responseStatus ENUMERATED, responseBytes [0] EXPLICIT SEQUENCE { type OID, OCTET STRING } }
//	BasicOCSPResponse ::= SEQUENCE { ResponseData, AlgorithmIdentifier, BIT STRING, certs [0] EXPLICIT SEQUENCE OPTIONAL }
//
// RFC 6960, 4.2.1.
func ParseOCSP(der []byte) (*OCSP, error) {
	if len(der) > maxOCSP {
		return nil, badOCSP("%d bytes are more than the %d that are read", len(der), maxOCSP)
	}
	in := cryptobyte.String(der)
	var response, explicit, wrapped, content, basic cryptobyte.String
	var status int
	var oid asn1.ObjectIdentifier
	var present bool
	if !in.ReadASN1(&response, cbasn1.SEQUENCE) || !in.Empty() || !response.ReadASN1Enum(&status) {
		return nil, badOCSP("no OCSPResponse")
	}
	if status != 0 {
		return nil, badOCSP("the responder did not answer: status %d", status)
	}
	if !response.ReadOptionalASN1(&explicit, &present, cbasn1.Tag(0).Constructed().ContextSpecific()) || !present || !response.Empty() ||
		!explicit.ReadASN1(&wrapped, cbasn1.SEQUENCE) || !explicit.Empty() || !wrapped.ReadASN1ObjectIdentifier(&oid) ||
		!wrapped.ReadASN1(&content, cbasn1.OCTET_STRING) || !wrapped.Empty() {
		return nil, badOCSP("the response's bytes cannot be read")
	}
	if !oid.Equal(oidBasicResponse) {
		return nil, badOCSP("a response of the type %s", oid)
	}
	o := &OCSP{}
	if !content.ReadASN1(&basic, cbasn1.SEQUENCE) || !content.Empty() {
		return nil, badOCSP("no BasicOCSPResponse")
	}
	if err := o.readBasic(basic); err != nil {
		return nil, err
	}
	return o, nil
}

func (o *OCSP) readBasic(in cryptobyte.String) error {
	var tbs, certs, list cryptobyte.String
	var sig asn1.BitString
	var present, ok bool
	if !in.ReadASN1Element(&tbs, cbasn1.SEQUENCE) {
		return badOCSP("there is no ResponseData")
	}
	o.tbs = tbs
	if o.alg, ok = readIdentifier(&in); !ok || !in.ReadASN1BitString(&sig) || sig.BitLength%8 != 0 {
		return badOCSP("the signature cannot be read")
	}
	o.signature = sig.RightAlign()
	if !in.ReadOptionalASN1(&certs, &present, cbasn1.Tag(0).Constructed().ContextSpecific()) || !in.Empty() ||
		present && (!certs.ReadASN1(&list, cbasn1.SEQUENCE) || !certs.Empty()) {
		return badOCSP("the certificates cannot be read")
	}
	for !list.Empty() {
		var el cryptobyte.String
		if len(o.certificates) == maxOCSPCertificates {
			return badOCSP("more than %d certificates", maxOCSPCertificates)
		}
		if !list.ReadASN1Element(&el, cbasn1.SEQUENCE) {
			return badOCSP("the certificates cannot be read")
		}
		c, err := known.read(el)
		if err != nil {
			return badOCSP("certificate %d: %v", len(o.certificates), err)
		}
		o.certificates = append(o.certificates, c)
	}
	return o.readData(tbs)
}

// readData reads ResponseData.
//
//	ResponseData ::= SEQUENCE { version [0] EXPLICIT DEFAULT v1, responderID, producedAt GeneralizedTime,
//	    responses SEQUENCE OF SingleResponse, responseExtensions [1] EXPLICIT OPTIONAL }
func (o *OCSP) readData(tbs cryptobyte.String) error {
	bad := badOCSP("the ResponseData cannot be read")
	var body, field, id, list cryptobyte.String
	var present bool
	version := 0
	if !tbs.ReadASN1(&body, cbasn1.SEQUENCE) ||
		!body.ReadOptionalASN1(&field, &present, cbasn1.Tag(0).Constructed().ContextSpecific()) ||
		present && (!field.ReadASN1Integer(&version) || !field.Empty()) {
		return bad
	}
	if version != 0 {
		return badOCSP("version %d", version+1)
	}
	switch {
	case body.PeekASN1Tag(cbasn1.Tag(1).Constructed().ContextSpecific()):
		if !body.ReadASN1(&field, cbasn1.Tag(1).Constructed().ContextSpecific()) || !field.ReadASN1Element(&id, cbasn1.SEQUENCE) || !field.Empty() {
			return bad
		}
		o.byName = id
	default:
		if !body.ReadASN1(&field, cbasn1.Tag(2).Constructed().ContextSpecific()) || !field.ReadASN1(&id, cbasn1.OCTET_STRING) || !field.Empty() {
			return badOCSP("the responder is not named")
		}
		o.byKey = id
	}
	if !readGeneralized(&body, &o.producedAt) || !body.ReadASN1(&list, cbasn1.SEQUENCE) {
		return bad
	}
	for !list.Empty() {
		if len(o.singles) == maxOCSPSingles {
			return badOCSP("more than %d certificates that it speaks of", maxOCSPSingles)
		}
		s, ok := readSingle(&list)
		if !ok {
			return badOCSP("entry %d cannot be read", len(o.singles))
		}
		o.singles = append(o.singles, s)
	}
	if len(o.singles) == 0 {
		return badOCSP("it speaks of no certificate")
	}
	if !body.ReadOptionalASN1(&field, &present, cbasn1.Tag(1).Constructed().ContextSpecific()) || !body.Empty() {
		return bad
	}
	var ok bool
	if o.nonce, o.critical, ok = readOCSPExtensions(field, present); !ok {
		return badOCSP("the extensions cannot be read")
	}
	return nil
}

// readSingle reads a SingleResponse.
//
//	SingleResponse ::= SEQUENCE { CertID, CertStatus, thisUpdate GeneralizedTime, nextUpdate [0] EXPLICIT OPTIONAL,
//	    singleExtensions [1] EXPLICIT OPTIONAL }
//	CertStatus ::= CHOICE { good [0] NULL, revoked [1] { revocationTime, revocationReason [0] EXPLICIT OPTIONAL }, unknown [2] NULL }
func readSingle(in *cryptobyte.String) (single, bool) {
	s := single{reason: -1}
	var body, id, field, inner cryptobyte.String
	var present, ok bool
	if !in.ReadASN1(&body, cbasn1.SEQUENCE) || !body.ReadASN1(&id, cbasn1.SEQUENCE) {
		return s, false
	}
	alg, ok := readIdentifier(&id)
	var name, key, serial cryptobyte.String
	if !ok || !id.ReadASN1(&name, cbasn1.OCTET_STRING) || !id.ReadASN1(&key, cbasn1.OCTET_STRING) || !id.ReadASN1(&serial, cbasn1.INTEGER) || !id.Empty() {
		return s, false
	}
	s.hash, s.issuerName, s.keyHash, s.serial = alg.oid, name, key, serial
	switch {
	case body.PeekASN1Tag(cbasn1.Tag(0).ContextSpecific()):
		ok = body.ReadASN1(&field, cbasn1.Tag(0).ContextSpecific()) && field.Empty()
		s.status = statusGood
	case body.PeekASN1Tag(cbasn1.Tag(1).Constructed().ContextSpecific()):
		s.status = statusRevoked
		ok = body.ReadASN1(&field, cbasn1.Tag(1).Constructed().ContextSpecific()) && readGeneralized(&field, &s.revoked) &&
			field.ReadOptionalASN1(&inner, &present, cbasn1.Tag(0).Constructed().ContextSpecific()) && field.Empty() &&
			(!present || inner.ReadASN1Enum(&s.reason) && inner.Empty() && s.reason >= 0)
	default:
		s.status = statusUnknown
		ok = body.ReadASN1(&field, cbasn1.Tag(2).ContextSpecific()) && field.Empty()
	}
	if !ok || !readGeneralized(&body, &s.thisUpdate) ||
		!body.ReadOptionalASN1(&field, &present, cbasn1.Tag(0).Constructed().ContextSpecific()) ||
		present && (!readGeneralized(&field, &s.nextUpdate) || !field.Empty()) {
		return s, false
	}
	if !body.ReadOptionalASN1(&field, &present, cbasn1.Tag(1).Constructed().ContextSpecific()) || !body.Empty() {
		return s, false
	}
	_, s.critical, ok = readOCSPExtensions(field, present)
	return s, ok
}

// readGeneralized reads a GeneralizedTime as time-stamps and responses have it. RFC 6960, 4.2.2.1.
func readGeneralized(in *cryptobyte.String, out *time.Time) bool {
	var raw cryptobyte.String
	if !in.ReadASN1(&raw, cbasn1.GeneralizedTime) {
		return false
	}
	var ok bool
	*out, ok = generalized(raw)
	return ok
}

// readOCSPExtensions reads extensions of a response: its nonce, and whether one is critical that is not understood.
func readOCSPExtensions(field cryptobyte.String, present bool) (nonce []byte, critical, ok bool) {
	if !present {
		return nil, false, true
	}
	var list cryptobyte.String
	if !field.ReadASN1(&list, cbasn1.SEQUENCE) || !field.Empty() {
		return nil, false, false
	}
	for n := 0; !list.Empty(); n++ {
		var ext, value cryptobyte.String
		var oid asn1.ObjectIdentifier
		var must bool
		if n == maxOCSPExtensions || !list.ReadASN1(&ext, cbasn1.SEQUENCE) || !ext.ReadASN1ObjectIdentifier(&oid) ||
			ext.PeekASN1Tag(cbasn1.BOOLEAN) && !ext.ReadASN1Boolean(&must) || !ext.ReadASN1(&value, cbasn1.OCTET_STRING) || !ext.Empty() {
			return nil, false, false
		}
		if !oid.Equal(oidNonce) {
			critical = critical || must
			continue
		}
		var inner cryptobyte.String
		if nonce != nil {
			return nil, false, false // two of them
		}
		nonce = value // older responders put the bytes there as they are
		if value.ReadASN1(&inner, cbasn1.OCTET_STRING) && value.Empty() {
			nonce = inner
		}
	}
	return nonce, critical, true
}

// hashName digests what a CertID names. Beside those of C2PA's list it may be SHA-1: it only names a certificate, whose
// issuer has to have signed the response besides. RFC 6960, 4.1.1.
func hashName(oid asn1.ObjectIdentifier, b []byte) []byte {
	if oid.Equal(oidSHA1) {
		sum := sha1.Sum(b) //nolint:gosec // see above
		return sum[:]
	}
	var h crypto.Hash
	var ok bool
	if h, ok = hashOf(oid); !ok {
		return nil
	}
	d := h.New()
	d.Write(b)
	return d.Sum(nil)
}

// names reports whether the entry speaks of the certificate, which the issuer issued.
func (s *single) names(c, issuer *certificate) bool {
	if !bytes.Equal(s.serial, c.serial) || !bytes.Equal(issuer.subject, c.issuer) {
		return false
	}
	name := hashName(s.hash, c.issuer)
	return name != nil && bytes.Equal(name, s.issuerName) && bytes.Equal(hashName(s.hash, issuer.key.raw), s.keyHash)
}

// signer finds the certificate that signed the response and may: the issuer's own, or one that the issuer gave the
// right to, with id-kp-OCSPSigning. The error says why there is none. RFC 6960, 4.2.2.2.
func (o *OCSP) signer(issuer *certificate) (*certificate, error) {
	s, err := schemeOf(o.alg)
	if err != nil {
		return nil, err
	}
	why := fmt.Errorf("its responder is neither the issuer nor named by a certificate inside")
	for _, c := range append([]*certificate{issuer}, o.certificates...) {
		if !o.isBy(c) {
			continue
		}
		delegated := !bytes.Equal(c.der, issuer.der)
		if delegated {
			if bytes.Equal(c.key.raw, issuer.key.raw) && bytes.Equal(c.subject, issuer.subject) {
				continue // the issuer again, under another certificate: tried already
			}
			if why = o.authorised(c, issuer); why != nil {
				continue
			}
		}
		if why = s.check(c.key, o.tbs, o.signature); why == nil {
			return c, nil
		}
		why = fmt.Errorf("its signature is not one by the key of %q", c.name())
	}
	return nil, why
}

// isBy reports whether the response names the certificate's holder as the responder.
func (o *OCSP) isBy(c *certificate) bool {
	if o.byName != nil {
		return bytes.Equal(o.byName, c.subject)
	}
	return bytes.Equal(o.byKey, hashName(oidSHA1, c.key.raw))
}

// authorised says why a certificate inside the response is not a responder's whom the issuer named; nil: it is.
func (o *OCSP) authorised(c, issuer *certificate) error {
	if broken := c.profile(responder); len(broken) > 0 {
		return fmt.Errorf("the responder's certificate: %s", broken[0])
	}
	switch {
	case c.critical != "" || c.names || c.policies:
		return fmt.Errorf("%w: the responder's certificate has extensions that are not understood", errUnsupported)
	case !bytes.Equal(c.issuer, issuer.subject) || c.issuedBy(issuer) != nil:
		return fmt.Errorf("the certificate of the responder %q is not by the issuer of the signer's", c.name())
	case !c.validAt(o.producedAt):
		return fmt.Errorf("the certificate of the responder %q was not valid when it answered", c.name())
	}
	return nil
}
