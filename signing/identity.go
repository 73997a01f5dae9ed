package signing

import (
	"encoding/asn1"
	"strings"
	"time"
)

// use is what a signature stands for: whose lists count, which purposes they accept, and what its codes are called.
type use struct {
	name      string // of the lists, for people
	signs     string // what is signed, for people
	lists     func(*Trust) []List
	accepts   func(*verification, *List) bool // whether the leaf's purposes suit the list
	oldStamps bool                            // time-stamps of version 1 count
	codes     map[string]string               // by C2PA's names for claim signatures; nil: those names
}

func (u *use) code(c2pa string) string {
	if u.codes == nil {
		return c2pa
	}
	return u.codes[c2pa]
}

var claimUse = use{
	name: "claim", signs: "the claim", oldStamps: true,
	lists:   func(t *Trust) []List { return t.Claim },
	accepts: func(v *verification, l *List) bool { return claimPurposes(v.leaf, l) },
}

// identityUse is a signature of an identity assertion with an X.509 credential. CAWG identity 1.3, 8.2.
var identityUse = use{
	name: "identity", signs: "the signer payload",
	lists:   func(t *Trust) []List { return t.Identity },
	accepts: func(v *verification, l *List) bool { return v.identityPurposes(l) },
	codes: map[string]string{
		"algorithm.unsupported":               "cawg.x509.algorithm.unsupported",
		"claimSignature.validated":            "cawg.x509.signature.validated",
		"claimSignature.mismatch":             "cawg.x509.signature.mismatch",
		"claimSignature.insideValidity":       "cawg.x509.signature.inside_validity",
		"claimSignature.outsideValidity":      "cawg.x509.signature.outside_validity",
		"signingCredential.trusted":           "cawg.x509.credential.trusted",
		"signingCredential.untrusted":         "cawg.x509.credential.untrusted",
		"signingCredential.invalid":           "cawg.x509.credential.untrusted",
		"signingCredential.ocsp.revoked":      "cawg.identity.credential_revoked",
		"signingCredential.ocsp.notRevoked":   "cawg.x509.ocsp.not_revoked",
		"signingCredential.ocsp.skipped":      "cawg.x509.ocsp.skipped",
		"signingCredential.ocsp.inaccessible": "cawg.x509.ocsp.inaccessible",
		"signingCredential.ocsp.unknown":      "cawg.x509.ocsp.unknown",
		"timeStamp.trusted":                   "cawg.x509.time_stamp.trusted",
		"timeStamp.validated":                 "cawg.x509.time_stamp.validated",
		"timeStamp.malformed":                 "cawg.x509.time_stamp.malformed",
		"timeStamp.mismatch":                  "cawg.x509.time_stamp.mismatch",
		"timeStamp.untrusted":                 "cawg.x509.time_stamp.untrusted",
		"timeStamp.outsideValidity":           "cawg.x509.time_stamp.outside_validity",
		"timeStamp.credentialInvalid":         "cawg.x509.time_stamp.credential_invalid",
		"timeOfSigning.insideValidity":        "cawg.x509.time_of_signing.inside_validity",
		"timeOfSigning.outsideValidity":       "cawg.x509.time_of_signing.outside_validity",
	},
}

// VerifyIdentity judges the signature of an identity assertion with an X.509 credential as [Verify] judges one of a
// claim: the payload is the encoding of the signer payload as it lies in the file, the lists are [Trust.Identity], and
// of time-stamps only those of version 2 count. CAWG identity 1.3, 8.2.
func VerifyIdentity(in Input) *Result { return verify(in, &identityUse) }

// smimeUntil is when the interim rule for S/MIME certificates ends. CAWG identity 1.3, 8.2.
var smimeUntil = time.Date(2027, 4, 1, 0, 0, 0, 0, time.UTC)

// smimePolicies begin the identifiers of the CA/Browser Forum's S/MIME policies for organisations, for persons of an
// organisation, and for persons; the last arc is the generation, of which the first is not accepted.
const smimePolicies = "2.23.140.1.5."

// identityPurposes reports whether the signer's certificate has a purpose that the list accepts. Unless the list says
// otherwise that is documentSigning. An e-mail certificate says only who reads a mailbox: whatever the list says, it
// needs a policy under which somebody looked at who that is, and a trusted time-stamp from before the end of the
// interim rule. timeStamping and OCSPSigning never are accepted. CAWG identity 1.3, 8.2.
func (v *verification) identityPurposes(l *List) bool {
	accepted := l.EKUs
	if len(accepted) == 0 {
		accepted = []asn1.ObjectIdentifier{EKUDocumentSigning, EKUEmailProtection}
	}
	for _, e := range accepted {
		switch {
		case !v.leaf.has(e), e.Equal(ekuTimeStamping), e.Equal(ekuOCSPSigning), e.Equal(ekuAny):
		case !e.Equal(EKUEmailProtection), v.interim():
			return true
		}
	}
	return false
}

// interim reports whether the interim rule for S/MIME certificates holds.
func (v *verification) interim() bool {
	s := v.r.Stamp
	if s == nil || !s.Trusted || !s.Time.Before(smimeUntil) {
		return false
	}
	for _, id := range v.leaf.policyIDs {
		rest, ok := strings.CutPrefix(id.String(), smimePolicies)
		switch {
		case !ok:
		case rest == "2.2", rest == "2.3", rest == "3.2", rest == "3.3", rest == "4.2", rest == "4.3":
			return true
		}
	}
	return false
}
