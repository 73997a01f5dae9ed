package signing

import (
	"errors"
	"fmt"
)

// role is what a certificate is held against the profile for.
type role int

const (
	claimSigner role = iota
	timeAuthority
	responder // of OCSP
	issuer
)

// breaks works out what [certificate.profile] answers.
func (c *certificate) breaks(as role) []string {
	var broken []string
	say := func(cond bool, format string, args ...any) {
		if cond {
			broken = append(broken, fmt.Sprintf(format, args...))
		}
	}
	if as == claimSigner {
		broken = append(broken, c.algorithmRules()...)
	}
	say(c.version != 3, "it is X.509 v%d, where v3 is wanted", c.version)
	say(c.uniqueIDs, "it has an issuer or subject unique identifier")
	say(c.duplicate != "", "extension %s is there twice", c.duplicate)
	say(c.brokenExtensions != "", "extension %s cannot be read", c.brokenExtensions)
	say(!c.hasAKI && !c.selfIssued(), "it has no authority key identifier")
	say(!c.hasUsage, "it has no key usage")
	broken = append(broken, c.usageOfLattice()...)
	certSign := c.usage.At(usageKeyCertSign) == 1
	if as == issuer {
		say(!c.hasBasic || !c.isCA, "it issued a certificate and is no CA")
		say(!c.hasSKI, "it is a CA without subject key identifier")
		say(c.hasUsage && !certSign, "its key usage does not allow it to issue certificates")
		return broken
	}
	say(c.isCA, "it is a CA; only end-entity certificates sign")
	say(!c.isCA && certSign, "its key usage has keyCertSign and it is no CA")
	say(c.hasUsage && c.usage.At(usageDigitalSignature) == 0, "its key usage lacks digitalSignature")
	return append(broken, c.purposeRules(as)...)
}

// algorithmRules are those for the key and the signature of a claim signer's certificate.
func (c *certificate) algorithmRules() []string {
	var broken []string
	if _, err := schemeOf(c.outerAlg); err != nil {
		broken = append(broken, "it is signed with an algorithm that is not allowed ("+c.outerAlg.oid.String()+": "+err.Error()+")")
	}
	switch k := c.key; {
	case k.kind == "ec" && curves[k.curve] == nil:
		broken = append(broken, "its EC key is not on P-256, P-384 or P-521")
	case (k.kind == "rsa" || k.kind == "pss") && k.bits > 0 && k.bits < minRSABits:
		broken = append(broken, fmt.Sprintf("its RSA key has %d bits, fewer than %d", k.bits, minRSABits))
	case k.err != nil && !errors.Is(k.err, errUnsupported):
		broken = append(broken, "its key cannot be used: "+k.err.Error())
	}
	return broken
}

// purposeRules are those for the extended key usage of an end-entity certificate.
func (c *certificate) purposeRules(as role) []string {
	stamps, ocsp := c.has(ekuTimeStamping), c.has(ekuOCSPSigning)
	switch {
	case !c.hasEKU || len(c.ekus) == 0:
		return []string{"it has no extended key usage"}
	case c.has(ekuAny):
		return []string{"it has anyExtendedKeyUsage"}
	case stamps && ocsp:
		return []string{"it has timeStamping and OCSPSigning together"}
	case (stamps || ocsp) && len(c.ekus) > 1:
		return []string{"it has timeStamping or OCSPSigning beside another purpose"}
	case as == timeAuthority && !stamps:
		return []string{"its extended key usage lacks timeStamping"}
	case as == timeAuthority && !c.critEKU:
		return []string{"its extended key usage is not critical"} // RFC 3161, 2.3
	case as == responder && !ocsp:
		return []string{"its extended key usage lacks OCSPSigning"}
	}
	return nil
}
