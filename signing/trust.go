package signing

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// The extended key usages that have a meaning here. C2PA 2.5, 13.5.1.1.
var (
	// EKUClaimSigning is c2pa-kp-claimSigning: what every claim list accepts unless it says otherwise.
	EKUClaimSigning = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 62558, 2, 1}
	// EKUEmailProtection is id-kp-emailProtection, accepted by older lists.
	EKUEmailProtection = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 4}
	// EKUDocumentSigning is id-kp-documentSigning, accepted by older lists.
	EKUDocumentSigning = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 36}

	ekuTimeStamping = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 8}
	ekuOCSPSigning  = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 9}
	ekuAny          = asn1.ObjectIdentifier{2, 5, 29, 37, 0}
)

// Trust says who is believed for what. The zero value trusts nobody: the system's roots are never used, and an anchor
// of one kind never serves for another. C2PA 2.5, 13.4.
type Trust struct {
	Claim    []List // signers of claims
	TSA      []List // time-stamp authorities
	Identity []List // signers of identity assertions (CAWG)
	// DIDs are documents of those who are trusted to aggregate identities (CAWG), at hand so that nothing is fetched.
	DIDs []DIDDocument
}

// List is a trust list: anchors, and end-entity certificates that are trusted themselves.
type List struct {
	Name    string // as users name it: c2pa, c2pa-interim, or a file's name
	Anchors []Anchor
	// Allowed holds the SHA-256 of the DER of end-entity certificates that are trusted as they are (private
	// credential store). They never anchor anything and never serve for time-stamps.
	Allowed [][sha256.Size]byte
	// EKUs are the extended key usages of which a leaf under an anchor must have one; empty means claimSigning
	// alone in a claim list. Time-stamp lists always want timeStamping and ignore it.
	EKUs       []asn1.ObjectIdentifier
	Issued     time.Time // when its publisher issued it; zero: it does not say
	Dated      time.Time // when the file was last changed where it was taken from; zero: not known
	NextUpdate time.Time // when its publisher will have renewed it; zero: it does not say
	Digest     string    // SHA-256 of the list's source, lower-case hex
	Source     string    // how the operator came by it, in one word; empty: a file of theirs
	Legacy     bool      // frozen: a match is said with trust.legacyList
}

// Anchor is a trust anchor: a root or an intermediate, and from when to when it serves. The certificate is kept as
// DER and parsed when a path needs it.
type Anchor struct {
	DER       []byte
	NotBefore time.Time // of the configuration, not of the certificate; zero: no bound
	NotAfter  time.Time // zero: no bound
}

// Certificate parses the anchor.
func (a *Anchor) Certificate() (*x509.Certificate, error) { return x509.ParseCertificate(a.DER) }

// serves reports whether the anchor's configuration covers the time.
func (a *Anchor) serves(at time.Time) bool {
	return (a.NotBefore.IsZero() || !at.Before(a.NotBefore)) && (a.NotAfter.IsZero() || !at.After(a.NotAfter))
}

// allows reports whether the certificate itself is on the list.
func (l *List) allows(der []byte) bool {
	if len(l.Allowed) == 0 {
		return false
	}
	digest := sha256.Sum256(der)
	for i := range l.Allowed {
		if l.Allowed[i] == digest {
			return true
		}
	}
	return false
}

// maxListCertificates bounds a PEM list: the largest published one (Mozilla's e-mail roots) has some hundred.
const maxListCertificates = 4096

// ParseAnchors reads a PEM bundle of trust anchors. Text between the blocks is skipped, blocks of other kinds are an
// error, as is a bundle without a certificate. The list's name is the one given, its digest that of data.
func ParseAnchors(name string, data []byte) (List, error) {
	ders, err := certificates(data)
	if err != nil {
		return List{}, fmt.Errorf("%s: %w", name, err)
	}
	l := List{Name: name, Digest: digestOf(data)}
	for _, der := range ders {
		l.Anchors = append(l.Anchors, Anchor{DER: der})
	}
	return l, nil
}

// ParseAllowed reads a PEM bundle of end-entity certificates that are trusted themselves.
func ParseAllowed(name string, data []byte) (List, error) {
	ders, err := certificates(data)
	if err != nil {
		return List{}, fmt.Errorf("%s: %w", name, err)
	}
	l := List{Name: name, Digest: digestOf(data)}
	for _, der := range ders {
		l.Allowed = append(l.Allowed, sha256.Sum256(der))
	}
	return l, nil
}

func digestOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// certificates returns the DER of a PEM bundle's certificates. Only their frame is checked here; a certificate that
// crypto/x509 refuses stays on the list and can anchor nothing.
func certificates(data []byte) ([][]byte, error) {
	var out [][]byte
	for rest := data; ; {
		var block *pem.Block
		block, rest = pem.Decode(rest)
		if block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			return nil, fmt.Errorf("holds a %q where certificates are wanted", block.Type)
		}
		if !isSequence(block.Bytes) {
			return nil, fmt.Errorf("certificate %d is not DER", len(out)+1)
		}
		if len(out) == maxListCertificates {
			return nil, fmt.Errorf("more than %d certificates", maxListCertificates)
		}
		out = append(out, bytes.Clone(block.Bytes))
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("holds no certificate in PEM form")
	}
	return out, nil
}

// isSequence reports whether the bytes are one DER SEQUENCE, to their end.
func isSequence(der []byte) bool {
	var v asn1.RawValue
	rest, err := asn1.Unmarshal(der, &v)
	return err == nil && len(rest) == 0 && v.Class == asn1.ClassUniversal && v.Tag == asn1.TagSequence
}

// ParseOID reads an object identifier in dotted form, e.g. the one of an extended key usage.
func ParseOID(s string) (asn1.ObjectIdentifier, error) {
	parts := strings.Split(s, ".")
	if len(parts) < 2 || len(parts) > 32 {
		return nil, fmt.Errorf("%q is no object identifier", s)
	}
	oid := make(asn1.ObjectIdentifier, 0, len(parts))
	for _, p := range parts {
		n, err := strconv.ParseUint(p, 10, 31)
		if err != nil {
			return nil, fmt.Errorf("%q is no object identifier", s)
		}
		oid = append(oid, int(n))
	}
	if oid[0] > 2 || oid[0] < 2 && oid[1] > 39 {
		return nil, fmt.Errorf("%q is no object identifier", s)
	}
	return oid, nil
}
