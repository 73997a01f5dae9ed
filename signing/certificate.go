package signing

import (
	"bytes"
	"encoding/asn1"
	"errors"
	"strings"
	"time"
	"unicode/utf16"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Extensions that are read here.
var (
	oidSKI          = asn1.ObjectIdentifier{2, 5, 29, 14}
	oidKeyUsage     = asn1.ObjectIdentifier{2, 5, 29, 15}
	oidBasic        = asn1.ObjectIdentifier{2, 5, 29, 19}
	oidNames        = asn1.ObjectIdentifier{2, 5, 29, 30} // name constraints
	oidPolicies     = asn1.ObjectIdentifier{2, 5, 29, 32}
	oidAKI          = asn1.ObjectIdentifier{2, 5, 29, 35}
	oidPolicyLimit  = asn1.ObjectIdentifier{2, 5, 29, 36} // policy constraints
	oidExtKeyUsage  = asn1.ObjectIdentifier{2, 5, 29, 37}
	oidAIA          = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 1}
	oidCommonName   = asn1.ObjectIdentifier{2, 5, 4, 3}
	oidOrganization = asn1.ObjectIdentifier{2, 5, 4, 10}
	oidOCSP         = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1}
)

// understood are the extensions that may be critical: those read here, and those that only add a name or a policy to
// what is decided (subject and issuer alternative name, certificate policies, policy mappings, inhibit any policy).
// Name and policy constraints are understood as far as to say that they are not supported.
var understood = map[string]bool{
	"2.5.29.14": true, "2.5.29.15": true, "2.5.29.17": true, "2.5.29.18": true, "2.5.29.19": true, "2.5.29.30": true,
	"2.5.29.32": true, "2.5.29.33": true, "2.5.29.35": true, "2.5.29.36": true, "2.5.29.37": true, "2.5.29.54": true,
}

const (
	// maxCertificate bounds one certificate; those on the published lists have 0.5 to 2.5 kB.
	maxCertificate = 64 << 10
	// maxExtensions bounds a certificate's extensions; published ones have about ten.
	maxExtensions = 64
	// maxAddresses is how many addresses of OCSP responders are read; one is usual.
	maxAddresses = 2
)

// Key usage bits. RFC 5280, 4.2.1.3.
const (
	usageDigitalSignature = 0
	usageKeyCertSign      = 5
)

// certificate is an X.509 certificate with the fields that crypto/x509 hides: presence of extensions, unique
// identifiers, signature parameters, id-RSASSA-PSS keys. RFC 5280, 4.1.
type certificate struct {
	der []byte
	tbs []byte
	derived

	version         int // 1, 2, 3
	uniqueIDs       bool
	serial          []byte // content octets of the INTEGER
	issuer, subject []byte // raw Names
	notBefore       time.Time
	notAfter        time.Time
	innerAlg        identifier // tbsCertificate.signature
	outerAlg        identifier // signatureAlgorithm
	signature       []byte
	key             *publicKey

	duplicate string // OID of an extension that is there twice
	critical  string // OID of a critical extension that is not understood
	names     bool   // has name constraints
	policies  bool   // has policy constraints

	hasSKI, hasAKI   bool
	ski              []byte
	hasBasic, isCA   bool
	pathLen          int // -1: no bound
	hasUsage         bool
	usage            asn1.BitString
	hasEKU, critEKU  bool
	ekus             []asn1.ObjectIdentifier
	policyIDs        []asn1.ObjectIdentifier // of the certificate policies, as far as they can be read
	ocsp             bool                    // names an OCSP responder
	responders       []string                // addresses of OCSP responders, as written; of the first few that are URIs
	brokenExtensions string
}

// parseCertificate reads one certificate to its end. Faults of single extensions are kept for the profile; an error
// means that the structure is broken.
func parseCertificate(der []byte) (*certificate, error) {
	if len(der) > maxCertificate {
		return nil, errors.New("the certificate is larger than 64 KiB")
	}
	broken := errors.New("the certificate is not DER of RFC 5280")
	c := &certificate{der: der, pathLen: -1}
	in := cryptobyte.String(der)
	var cert, tbs cryptobyte.String
	if !in.ReadASN1(&cert, cbasn1.SEQUENCE) || !in.Empty() {
		return nil, broken
	}
	if !cert.ReadASN1Element(&tbs, cbasn1.SEQUENCE) {
		return nil, broken
	}
	c.tbs = tbs
	var ok bool
	if c.outerAlg, ok = readIdentifier(&cert); !ok {
		return nil, broken
	}
	var sig asn1.BitString
	if !cert.ReadASN1BitString(&sig) || !cert.Empty() || sig.BitLength%8 != 0 {
		return nil, broken
	}
	c.signature = sig.RightAlign()
	if !c.readTBS(tbs) {
		return nil, broken
	}
	return c, nil
}

func (c *certificate) readTBS(tbs cryptobyte.String) bool {
	var body, field cryptobyte.String
	var present bool
	if !tbs.ReadASN1(&body, cbasn1.SEQUENCE) {
		return false
	}
	c.version = 1
	if !body.ReadOptionalASN1(&field, &present, cbasn1.Tag(0).Constructed().ContextSpecific()) {
		return false
	}
	if present {
		if !field.ReadASN1Integer(&c.version) || !field.Empty() || c.version < 0 || c.version > 2 {
			return false
		}
		c.version++
	}
	var serial, issuer, validity, subject cryptobyte.String
	var ok bool
	if !body.ReadASN1(&serial, cbasn1.INTEGER) {
		return false
	}
	c.serial = serial
	if c.innerAlg, ok = readIdentifier(&body); !ok {
		return false
	}
	if !body.ReadASN1Element(&issuer, cbasn1.SEQUENCE) || !body.ReadASN1(&validity, cbasn1.SEQUENCE) ||
		!body.ReadASN1Element(&subject, cbasn1.SEQUENCE) {
		return false
	}
	c.issuer, c.subject = issuer, subject
	if !readTime(&validity, &c.notBefore) || !readTime(&validity, &c.notAfter) || !validity.Empty() {
		return false
	}
	if c.key, ok = readPublicKey(&body); !ok {
		return false
	}
	for _, n := range []uint8{1, 2} {
		if !body.ReadOptionalASN1(&field, &present, cbasn1.Tag(n).ContextSpecific()) {
			return false
		}
		c.uniqueIDs = c.uniqueIDs || present
	}
	if !body.ReadOptionalASN1(&field, &present, cbasn1.Tag(3).Constructed().ContextSpecific()) || !body.Empty() {
		return false
	}
	return !present || c.readExtensions(field)
}

func readTime(in *cryptobyte.String, out *time.Time) bool {
	if in.PeekASN1Tag(cbasn1.UTCTime) {
		return in.ReadASN1UTCTime(out)
	}
	return in.ReadASN1GeneralizedTime(out)
}

func (c *certificate) readExtensions(in cryptobyte.String) bool {
	var list cryptobyte.String
	if !in.ReadASN1(&list, cbasn1.SEQUENCE) || !in.Empty() {
		return false
	}
	seen := map[string]bool{}
	for !list.Empty() {
		var ext, value cryptobyte.String
		var oid asn1.ObjectIdentifier
		var critical bool
		if len(seen) == maxExtensions || !list.ReadASN1(&ext, cbasn1.SEQUENCE) || !ext.ReadASN1ObjectIdentifier(&oid) {
			return false
		}
		if ext.PeekASN1Tag(cbasn1.BOOLEAN) && !ext.ReadASN1Boolean(&critical) {
			return false
		}
		if !ext.ReadASN1(&value, cbasn1.OCTET_STRING) || !ext.Empty() {
			return false
		}
		name := oid.String()
		if seen[name] {
			c.duplicate = name
			continue
		}
		seen[name] = true
		if critical && !understood[name] && c.critical == "" {
			c.critical = name
		}
		if !c.readExtension(oid, critical, value) && c.brokenExtensions == "" {
			c.brokenExtensions = name
		}
	}
	return true
}

// readExtension reads one extension's value; false: it is broken.
func (c *certificate) readExtension(oid asn1.ObjectIdentifier, critical bool, v cryptobyte.String) bool {
	var body cryptobyte.String
	switch {
	case oid.Equal(oidSKI):
		c.hasSKI = true
		if !v.ReadASN1(&body, cbasn1.OCTET_STRING) || !v.Empty() {
			return false
		}
		c.ski = body
	case oid.Equal(oidAKI):
		c.hasAKI = true
		return v.ReadASN1(&body, cbasn1.SEQUENCE) && v.Empty()
	case oid.Equal(oidBasic):
		c.hasBasic = true
		if !v.ReadASN1(&body, cbasn1.SEQUENCE) || !v.Empty() {
			return false
		}
		if body.PeekASN1Tag(cbasn1.BOOLEAN) && !body.ReadASN1Boolean(&c.isCA) {
			return false
		}
		if body.PeekASN1Tag(cbasn1.INTEGER) && (!body.ReadASN1Integer(&c.pathLen) || c.pathLen < 0) {
			c.pathLen = 0
			return false
		}
		return body.Empty()
	case oid.Equal(oidKeyUsage):
		c.hasUsage = true
		return v.ReadASN1BitString(&c.usage) && v.Empty()
	case oid.Equal(oidExtKeyUsage):
		c.hasEKU, c.critEKU = true, critical
		if !v.ReadASN1(&body, cbasn1.SEQUENCE) || !v.Empty() {
			return false
		}
		for !body.Empty() {
			var eku asn1.ObjectIdentifier
			if len(c.ekus) == maxExtensions || !body.ReadASN1ObjectIdentifier(&eku) {
				return false
			}
			c.ekus = append(c.ekus, eku)
		}
	case oid.Equal(oidNames):
		c.names = true
	case oid.Equal(oidPolicyLimit):
		c.policies = true
	case oid.Equal(oidPolicies):
		c.policyIDs = readPolicies(v)
	case oid.Equal(oidAIA):
		if !v.ReadASN1(&body, cbasn1.SEQUENCE) || !v.Empty() {
			return false
		}
		for !body.Empty() {
			var access cryptobyte.String
			var method asn1.ObjectIdentifier
			if !body.ReadASN1(&access, cbasn1.SEQUENCE) || !access.ReadASN1ObjectIdentifier(&method) {
				return false
			}
			if !method.Equal(oidOCSP) {
				continue
			}
			c.ocsp = true
			var uri cryptobyte.String
			if len(c.responders) < maxAddresses && access.ReadASN1(&uri, cbasn1.Tag(6).ContextSpecific()) && access.Empty() {
				c.responders = append(c.responders, string(uri))
			}
		}
	}
	return true
}

// readPolicies reads the identifiers of certificate policies. They only ever add to what a certificate may do, so what
// cannot be read is no policy and breaks nothing. RFC 5280, 4.2.1.4.
func readPolicies(v cryptobyte.String) []asn1.ObjectIdentifier {
	var out []asn1.ObjectIdentifier
	var body cryptobyte.String
	if !v.ReadASN1(&body, cbasn1.SEQUENCE) || !v.Empty() {
		return nil
	}
	for !body.Empty() {
		var info cryptobyte.String
		var id asn1.ObjectIdentifier
		if len(out) == maxExtensions || !body.ReadASN1(&info, cbasn1.SEQUENCE) || !info.ReadASN1ObjectIdentifier(&id) {
			return nil
		}
		out = append(out, id)
	}
	return out
}

func (c *certificate) has(eku asn1.ObjectIdentifier) bool {
	for _, e := range c.ekus {
		if e.Equal(eku) {
			return true
		}
	}
	return false
}

func (c *certificate) selfIssued() bool { return bytes.Equal(c.issuer, c.subject) }

// validAt reports whether the time is within the validity. RFC 5280, 4.1.2.5: both ends are part of it.
func (c *certificate) validAt(t time.Time) bool {
	return !t.Before(c.notBefore) && !t.After(c.notAfter)
}

// name is the subject for people; quoted by the caller.
func (c *certificate) name() string { return nameOf(c.subject) }

// nameOf renders a Name for people: common name and organisation, in this order, as they are in the file.
func nameOf(raw []byte) string {
	var cn, org string
	in := cryptobyte.String(raw)
	var rdns cryptobyte.String
	if !in.ReadASN1(&rdns, cbasn1.SEQUENCE) {
		return ""
	}
	for !rdns.Empty() {
		var set, pair, value cryptobyte.String
		var oid asn1.ObjectIdentifier
		var tag cbasn1.Tag
		if !rdns.ReadASN1(&set, cbasn1.SET) || !set.ReadASN1(&pair, cbasn1.SEQUENCE) || !pair.ReadASN1ObjectIdentifier(&oid) ||
			!pair.ReadAnyASN1(&value, &tag) {
			break
		}
		text := string(value)
		if tag == cbasn1.Tag(30) { // BMPString
			text = string(utf16.Decode(bmp(value)))
		}
		text = strings.ToValidUTF8(text, "\uFFFD")
		switch {
		case oid.Equal(oidCommonName) && cn == "":
			cn = text
		case oid.Equal(oidOrganization) && org == "":
			org = text
		}
	}
	switch {
	case cn == "":
		return org
	case org == "":
		return cn
	}
	return cn + ", " + org
}

func bmp(b []byte) []uint16 {
	out := make([]uint16, 0, len(b)/2)
	for ; len(b) >= 2; b = b[2:] {
		out = append(out, uint16(b[0])<<8|uint16(b[1]))
	}
	return out
}

// issuedBy verifies the certificate's signature with the issuer's key.
func (c *certificate) issuedBy(issuer *certificate) error {
	if !bytes.Equal(c.innerAlg.raw, c.outerAlg.raw) {
		return errors.New("the two signature algorithms of the certificate differ")
	}
	s, err := schemeOf(c.outerAlg)
	if err != nil {
		return err
	}
	return links.check(c.der, issuer.der, func() error { return s.check(issuer.key, c.tbs, c.signature) })
}

// subjectOf finds the raw subject of a certificate without parsing the rest; nil: it has none.
func subjectOf(der []byte) []byte {
	in := cryptobyte.String(der)
	var cert, tbs, subject cryptobyte.String
	if !in.ReadASN1(&cert, cbasn1.SEQUENCE) || !cert.ReadASN1(&tbs, cbasn1.SEQUENCE) ||
		!tbs.SkipOptionalASN1(cbasn1.Tag(0).Constructed().ContextSpecific()) || !tbs.SkipASN1(cbasn1.INTEGER) ||
		!tbs.SkipASN1(cbasn1.SEQUENCE) || !tbs.SkipASN1(cbasn1.SEQUENCE) || !tbs.SkipASN1(cbasn1.SEQUENCE) ||
		!tbs.ReadASN1Element(&subject, cbasn1.SEQUENCE) {
		return nil
	}
	return subject
}
