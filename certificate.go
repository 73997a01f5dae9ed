package consentry

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"math/big"
	"time"

	"github.com/consentry/consentry/signing"
)

// name is what a person would call the subject of a certificate: its organisation, else its common name.
func name(c *x509.Certificate) string { return nameOf(c.Subject) }

func issuer(c *x509.Certificate) string { return nameOf(c.Issuer) }

func nameOf(n pkix.Name) string {
	if len(n.Organization) > 0 && n.Organization[0] != "" {
		return n.Organization[0]
	}
	if n.CommonName != "" {
		return n.CommonName
	}
	return n.String()
}

// shortNames are the attribute types of a distinguished name that a trust list may ask for. RFC 4514, 3.
var shortNames = map[string]string{
	"2.5.4.3": "CN", "2.5.4.5": "serialNumber", "2.5.4.6": "C", "2.5.4.7": "L", "2.5.4.8": "ST", "2.5.4.9": "STREET",
	"2.5.4.10": "O", "2.5.4.11": "OU", "0.9.2342.19200300.100.1.25": "DC", "2.5.4.97": "organizationIdentifier",
}

// dn is a distinguished name by short names. A name that stands twice is left out: which one would be meant?
func dn(n pkix.Name) map[string]string {
	out, twice := map[string]string{}, map[string]bool{}
	for _, a := range n.Names {
		short, ok := shortNames[a.Type.String()]
		text, isText := a.Value.(string)
		if !ok || !isText {
			continue
		}
		if _, seen := out[short]; seen {
			twice[short] = true
		}
		out[short] = text
	}
	for short := range twice {
		delete(out, short)
	}
	return out
}

// inside reports whether a time lies in the validity of the signer's certificate.
func inside(s *signing.Result, at time.Time) bool {
	return len(s.Chain) > 0 && !at.Before(s.Chain[0].NotBefore) && !at.After(s.Chain[0].NotAfter)
}

// thumbprint is the JWK thumbprint of a certificate's key, base64url without padding; empty for a kind of key that has
// none. RFC 7638, 3; RFC 8037, 2; RFC 9964, 6.
func thumbprint(c *x509.Certificate) string {
	b64 := base64.RawURLEncoding.EncodeToString
	var text string
	switch k := c.PublicKey.(type) {
	case *ecdsa.PublicKey:
		point, err := k.Bytes()
		if err != nil || len(point)%2 != 1 {
			return ""
		}
		half := len(point) / 2
		text = fmt.Sprintf(`{"crv":%q,"kty":"EC","x":%q,"y":%q}`, k.Curve.Params().Name, b64(point[1:1+half]), b64(point[1+half:]))
	case ed25519.PublicKey:
		text = fmt.Sprintf(`{"crv":"Ed25519","kty":"OKP","x":%q}`, b64(k))
	case *rsa.PublicKey:
		text = fmt.Sprintf(`{"e":%q,"kty":"RSA","n":%q}`, b64(big.NewInt(int64(k.E)).Bytes()), b64(k.N.Bytes()))
	default: // ML-DSA is none that crypto/x509 reads
		alg, pub := signing.AKP(c)
		if alg == "" {
			return ""
		}
		text = fmt.Sprintf(`{"alg":%q,"kty":"AKP","pub":%q}`, alg, b64(pub))
	}
	sum := sha256.Sum256([]byte(text))
	return b64(sum[:])
}
