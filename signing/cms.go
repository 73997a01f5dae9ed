package signing

import (
	"bytes"
	"crypto"
	"crypto/sha1" //nolint:gosec // ESSCertID of RFC 2634 names a certificate by SHA-1; no signature rests on it
	"encoding/asn1"
	"errors"
	"fmt"
	"sort"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Object identifiers of CMS and of time-stamps. RFC 5652, RFC 3161, RFC 5816.
var (
	oidSignedData    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidTSTInfo       = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}
	oidContentType   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	oidMessageDigest = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
	oidESSCertID     = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 12}
	oidESSCertIDv2   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 47}
)

const (
	// maxTokenCertificates bounds the certificates of one token; authorities send 1 to 5.
	maxTokenCertificates = 32
	// maxAttributes bounds the signed attributes; authorities send 4 to 6.
	maxAttributes = 64
)

// token is a TimeStampToken: CMS SignedData with one signer over a TSTInfo. RFC 3161, 2.4.2.
type token struct {
	content      []byte // eContent: the DER of the TSTInfo
	certificates []*certificate
	// of the one SignerInfo
	sidIssuer, sidSerial []byte // issuerAndSerialNumber
	sidSKI               []byte // subjectKeyIdentifier
	digest               identifier
	signatureAlg         identifier
	signature            []byte
	signedAttrs          []byte // DER of the attributes as SET OF
	attrs                map[string]cryptobyte.String
	info                 tstInfo
}

// tstInfo is TSTInfo. RFC 3161, 2.4.2.
type tstInfo struct {
	hash     identifier // of the imprint
	imprint  []byte     // nil: there is none
	genTime  time.Time
	critical bool // has a critical extension
}

func malformed(format string, args ...any) error {
	return &SyntaxError{Path: "token", Reason: fmt.Sprintf(format, args...)}
}

// parseToken reads a TimeStampToken; an error is a *SyntaxError.
func parseToken(raw []byte) (*token, error) {
	der, err := derOf(raw)
	if err != nil {
		return nil, err
	}
	in := cryptobyte.String(der)
	var info, explicit, data cryptobyte.String
	var oid asn1.ObjectIdentifier
	if !in.ReadASN1(&info, cbasn1.SEQUENCE) || !info.ReadASN1ObjectIdentifier(&oid) || !oid.Equal(oidSignedData) {
		return nil, malformed("no CMS SignedData")
	}
	if !info.ReadASN1(&explicit, cbasn1.Tag(0).Constructed().ContextSpecific()) || !info.Empty() ||
		!explicit.ReadASN1(&data, cbasn1.SEQUENCE) || !explicit.Empty() {
		return nil, malformed("SignedData cannot be read")
	}
	t := &token{}
	if err := t.readSignedData(data); err != nil {
		return nil, err
	}
	if err := t.readInfo(); err != nil {
		return nil, err
	}
	return t, nil
}

func (t *token) readSignedData(data cryptobyte.String) error {
	var version int
	var digests, encap, explicit, content, certs, signers cryptobyte.String
	var oid asn1.ObjectIdentifier
	var present bool
	if !data.ReadASN1Integer(&version) || !data.ReadASN1(&digests, cbasn1.SET) || !data.ReadASN1(&encap, cbasn1.SEQUENCE) ||
		!encap.ReadASN1ObjectIdentifier(&oid) {
		return malformed("SignedData cannot be read")
	}
	if !oid.Equal(oidTSTInfo) {
		return malformed("the signed content is no TSTInfo")
	}
	if !encap.ReadASN1(&explicit, cbasn1.Tag(0).Constructed().ContextSpecific()) || !encap.Empty() ||
		!explicit.ReadASN1(&content, cbasn1.OCTET_STRING) || !explicit.Empty() {
		return malformed("there is no TSTInfo inside")
	}
	t.content = content
	if !data.ReadOptionalASN1(&certs, &present, cbasn1.Tag(0).Constructed().ContextSpecific()) {
		return malformed("the certificates cannot be read")
	}
	for !certs.Empty() {
		var el cryptobyte.String
		var tag cbasn1.Tag
		if !certs.ReadAnyASN1Element(&el, &tag) {
			return malformed("the certificates cannot be read")
		}
		if tag != cbasn1.SEQUENCE {
			continue // an attribute certificate or another format: nothing that could sign here
		}
		if len(t.certificates) == maxTokenCertificates {
			return malformed("more than %d certificates", maxTokenCertificates)
		}
		c, err := known.read(el)
		if err != nil {
			return malformed("certificate %d: %v", len(t.certificates), err)
		}
		t.certificates = append(t.certificates, c)
	}
	if !data.SkipOptionalASN1(cbasn1.Tag(1).Constructed().ContextSpecific()) || // crls
		!data.ReadASN1(&signers, cbasn1.SET) || !data.Empty() {
		return malformed("the signers cannot be read")
	}
	var signer cryptobyte.String
	if !signers.ReadASN1(&signer, cbasn1.SEQUENCE) {
		return malformed("there is no signer")
	}
	if !signers.Empty() {
		return malformed("more than one signer")
	}
	return t.readSigner(signer)
}

func (t *token) readSigner(in cryptobyte.String) error {
	bad := malformed("the signer cannot be read")
	var version int
	var present bool
	if !in.ReadASN1Integer(&version) {
		return bad
	}
	if in.PeekASN1Tag(cbasn1.SEQUENCE) {
		var sid, issuer, serial cryptobyte.String
		if !in.ReadASN1(&sid, cbasn1.SEQUENCE) || !sid.ReadASN1Element(&issuer, cbasn1.SEQUENCE) ||
			!sid.ReadASN1(&serial, cbasn1.INTEGER) || !sid.Empty() {
			return bad
		}
		t.sidIssuer, t.sidSerial = issuer, serial
	} else {
		var ski cryptobyte.String
		if !in.ReadASN1(&ski, cbasn1.Tag(0).ContextSpecific()) || len(ski) == 0 {
			return bad
		}
		t.sidSKI = ski
	}
	var ok bool
	if t.digest, ok = readIdentifier(&in); !ok {
		return bad
	}
	var attrs, signature cryptobyte.String
	if !in.ReadOptionalASN1(&attrs, &present, cbasn1.Tag(0).Constructed().ContextSpecific()) || !present {
		return malformed("there are no signed attributes")
	}
	if t.signatureAlg, ok = readIdentifier(&in); !ok {
		return bad
	}
	if !in.ReadASN1(&signature, cbasn1.OCTET_STRING) ||
		!in.SkipOptionalASN1(cbasn1.Tag(1).Constructed().ContextSpecific()) || !in.Empty() {
		return bad
	}
	t.signature = signature
	return t.readAttributes(attrs)
}

// readAttributes keeps each attribute's one value, and the DER of the whole as the SET OF that was signed: sorted,
// under the universal tag. RFC 5652, 5.4.
func (t *token) readAttributes(in cryptobyte.String) error {
	t.attrs = map[string]cryptobyte.String{}
	var elements [][]byte
	for !in.Empty() {
		var el, attr, values, value cryptobyte.String
		var oid asn1.ObjectIdentifier
		var tag cbasn1.Tag
		if len(elements) == maxAttributes || !in.ReadASN1Element(&el, cbasn1.SEQUENCE) {
			return malformed("the signed attributes cannot be read")
		}
		elements = append(elements, el)
		if !el.ReadASN1(&attr, cbasn1.SEQUENCE) || !attr.ReadASN1ObjectIdentifier(&oid) || !attr.ReadASN1(&values, cbasn1.SET) ||
			!attr.Empty() || !values.ReadAnyASN1Element(&value, &tag) {
			return malformed("the signed attributes cannot be read")
		}
		if _, twice := t.attrs[oid.String()]; twice {
			return malformed("signed attribute %s is there twice", oid)
		}
		if !values.Empty() {
			value = nil // several values: of no use to the attributes that are read here
		}
		t.attrs[oid.String()] = value
	}
	sort.Slice(elements, func(i, j int) bool { return bytes.Compare(elements[i], elements[j]) < 0 })
	n := 0
	for _, el := range elements {
		n += len(el)
	}
	out := appendLength([]byte{0x31}, n)
	for _, el := range elements {
		out = append(out, el...)
	}
	t.signedAttrs = out

	value := t.attrs[oidContentType.String()]
	var oid asn1.ObjectIdentifier
	if !value.ReadASN1ObjectIdentifier(&oid) || !oid.Equal(oidTSTInfo) {
		return malformed("the signed content type is not that of a time-stamp")
	}
	return nil
}

// readInfo reads the TSTInfo.
func (t *token) readInfo() error {
	bad := malformed("the TSTInfo cannot be read")
	in := cryptobyte.String(t.content)
	var body, imprint, skip, gen cryptobyte.String
	var version int
	var oid asn1.ObjectIdentifier
	var ok, present bool
	if !in.ReadASN1(&body, cbasn1.SEQUENCE) || !in.Empty() || !body.ReadASN1Integer(&version) || version != 1 ||
		!body.ReadASN1ObjectIdentifier(&oid) {
		return bad
	}
	if !body.ReadASN1(&imprint, cbasn1.SEQUENCE) {
		return malformed("there is no messageImprint")
	}
	if t.info.hash, ok = readIdentifier(&imprint); !ok || !imprint.ReadASN1(&skip, cbasn1.OCTET_STRING) || !imprint.Empty() {
		return malformed("the messageImprint cannot be read")
	}
	t.info.imprint = skip
	if !body.SkipASN1(cbasn1.INTEGER) || !body.ReadASN1(&gen, cbasn1.GeneralizedTime) {
		return bad
	}
	if t.info.genTime, ok = generalized(gen); !ok {
		return malformed("genTime cannot be read")
	}
	for _, optional := range []cbasn1.Tag{
		cbasn1.SEQUENCE, cbasn1.BOOLEAN, cbasn1.INTEGER, // accuracy, ordering, nonce
		cbasn1.Tag(0).Constructed().ContextSpecific(), // tsa
	} {
		if !body.SkipOptionalASN1(optional) {
			return bad
		}
	}
	var extensions cryptobyte.String
	if !body.ReadOptionalASN1(&extensions, &present, cbasn1.Tag(1).Constructed().ContextSpecific()) || !body.Empty() {
		return bad
	}
	for !extensions.Empty() {
		var ext cryptobyte.String
		var critical bool
		if !extensions.ReadASN1(&ext, cbasn1.SEQUENCE) || !ext.ReadASN1ObjectIdentifier(&oid) ||
			ext.PeekASN1Tag(cbasn1.BOOLEAN) && !ext.ReadASN1Boolean(&critical) || !ext.SkipASN1(cbasn1.OCTET_STRING) {
			return bad
		}
		t.info.critical = t.info.critical || critical
	}
	return nil
}

// generalized reads the GeneralizedTime of a TSTInfo: UTC with Z, seconds, and a fraction if need be. RFC 3161, 2.4.2.
func generalized(raw []byte) (time.Time, bool) {
	s := string(raw)
	if len(s) < 15 || len(s) > 32 || s[len(s)-1] != 'Z' {
		return time.Time{}, false
	}
	layout := "20060102150405Z"
	if len(s) > 15 {
		if s[14] != '.' || len(s) == 16 {
			return time.Time{}, false
		}
		for _, c := range s[15 : len(s)-1] {
			if c < '0' || c > '9' {
				return time.Time{}, false
			}
		}
	}
	t, err := time.Parse(layout, s[:14]+"Z")
	if err != nil {
		return time.Time{}, false
	}
	scale := time.Second / 10
	if len(s) > 15 {
		for _, c := range s[15 : len(s)-1] {
			t = t.Add(time.Duration(c-'0') * scale)
			scale /= 10
		}
	}
	return t, true
}

// signer finds the authority's certificate in the token; nil: it is not there.
func (t *token) signer() *certificate {
	for _, c := range t.certificates {
		if t.sidSKI != nil {
			if c.hasSKI && bytes.Equal(c.ski, t.sidSKI) {
				return c
			}
		} else if bytes.Equal(c.issuer, t.sidIssuer) && bytes.Equal(c.serial, t.sidSerial) {
			return c
		}
	}
	return nil
}

// scheme returns how the token is signed. The bare rsaEncryption takes the hash of digestAlgorithm. RFC 5652, 5.3.
func (t *token) scheme() (scheme, crypto.Hash, error) {
	digest, ok := hashOf(t.digest.oid)
	if !ok {
		return scheme{}, 0, fmt.Errorf("%w: digest algorithm %s", errUnsupported, t.digest.oid)
	}
	if t.signatureAlg.oid.Equal(oidRSA) && t.signatureAlg.noParams() {
		return scheme{family: "rsa", hash: digest}, digest, nil
	}
	s, err := schemeOf(t.signatureAlg)
	return s, digest, err
}

// errNoDigest is a token whose attributes lack what RFC 5652 and RFC 3161 require.
var errNoDigest = errors.New("a required signed attribute is missing")

// verify checks messageDigest, the signature over the attributes, and that ESSCertID names the signer.
// RFC 5652, 5.4 and 5.6; RFC 5816, 2.2.1.
func (t *token) verify(by *certificate, s scheme, digest crypto.Hash) error {
	value, ok := t.attrs[oidMessageDigest.String()]
	var md cryptobyte.String
	if !ok || !value.ReadASN1(&md, cbasn1.OCTET_STRING) {
		return fmt.Errorf("%w: messageDigest", errNoDigest)
	}
	h := digest.New()
	h.Write(t.content)
	if !bytes.Equal(md, h.Sum(nil)) {
		return errors.New("messageDigest is not that of the TSTInfo")
	}
	if err := s.check(by.key, t.signedAttrs, t.signature); err != nil {
		return err
	}
	return t.names(by)
}

// names checks the signing certificate attribute: its first entry identifies the signer.
func (t *token) names(by *certificate) error {
	value, v2 := t.attrs[oidESSCertIDv2.String()]
	if !v2 {
		var v1 bool
		if value, v1 = t.attrs[oidESSCertID.String()]; !v1 {
			return fmt.Errorf("%w: signing certificate", errNoDigest)
		}
	}
	var body, ids, first, hash cryptobyte.String
	if !value.ReadASN1(&body, cbasn1.SEQUENCE) || !body.ReadASN1(&ids, cbasn1.SEQUENCE) || !ids.ReadASN1(&first, cbasn1.SEQUENCE) {
		return fmt.Errorf("%w: signing certificate", errNoDigest)
	}
	algorithm := crypto.SHA256
	if v2 && first.PeekASN1Tag(cbasn1.SEQUENCE) {
		id, ok := readIdentifier(&first)
		if !ok {
			return fmt.Errorf("%w: signing certificate", errNoDigest)
		}
		if algorithm, ok = hashOf(id.oid); !ok {
			return fmt.Errorf("the signing certificate is named by the hash %s", id.oid)
		}
	}
	if !first.ReadASN1(&hash, cbasn1.OCTET_STRING) {
		return fmt.Errorf("%w: signing certificate", errNoDigest)
	}
	var want []byte
	if v2 {
		h := algorithm.New()
		h.Write(by.der)
		want = h.Sum(nil)
	} else {
		sum := sha1.Sum(by.der)
		want = sum[:]
	}
	if !bytes.Equal(hash, want) {
		return errors.New("the signing certificate attribute names another certificate")
	}
	return nil
}

// responseToken takes the token out of a TimeStampResp; granted and grantedWithMods only. RFC 3161, 2.4.2.
func responseToken(raw []byte) ([]byte, error) {
	der, err := derOf(raw)
	if err != nil {
		return nil, err
	}
	in := cryptobyte.String(der)
	var resp, status, tok cryptobyte.String
	var code int
	if !in.ReadASN1(&resp, cbasn1.SEQUENCE) || !resp.ReadASN1(&status, cbasn1.SEQUENCE) || !status.ReadASN1Integer(&code) {
		return nil, malformed("no TimeStampResp")
	}
	if code != 0 && code != 1 {
		return nil, malformed("the authority refused: status %d", code)
	}
	if !resp.ReadASN1Element(&tok, cbasn1.SEQUENCE) || !resp.Empty() {
		return nil, malformed("the response holds no token")
	}
	return tok, nil
}
