package consent

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/consentry/consentry/report"
)

// VerifyInput is what a single token is verified against, away from any file.
type VerifyInput struct {
	Trust   *TrustList
	Status  []string  // status list tokens at hand
	Now     time.Time // validation time
	Subject *Subject  // whom the token is for; nil: not asked
}

// Verification is what a single token proves by itself.
type Verification struct {
	Token    *Token // nil: its form does not hold
	Verified bool   // form, issuer, key and signature hold
	Valid    bool   // and nothing that can be judged without a file speaks against it
	Unknown  bool   // nothing is wrong, but the issuer is on no list, or the status must be known and is not
	Findings []report.Finding
}

// VerifyToken verifies a token by itself, now: its form, its issuer's right to sign it, its dates and status.
// It says nothing of the file that the token may stand in: audience, signer, content and use are not judged.
func VerifyToken(raw string, in VerifyInput) *Verification {
	c := &checker{now: in.Now, t: Time{Kind: "T0"}, trust: in.Trust, status: newStatusLists(in.Status), statusPolicy: StatusRequire, standalone: true}
	r := c.check(tokenInput{raw: raw})
	out := &Verification{Token: r.token, Verified: r.verified, Findings: r.findings}
	failures := r.atNow.failures
	if in.Subject != nil && r.verified {
		if _, ok := r.token.matchSubject(in.Subject); !ok {
			f := report.New("consent.token.subjectMismatch", "", "the token is not for this subject")
			out.Findings, failures = append(out.Findings, f), append(failures, f.Code)
		}
	}
	out.Unknown = len(failures) == 0 && r.atNow.unresolved || len(failures) == 1 && failures[0] == "consent.issuer.untrusted"
	out.Valid = len(failures) == 0 && !out.Unknown
	return out
}

// Shown is a compact JWS or SD-JWT taken apart. Nothing of it is verified.
type Shown struct {
	Header      json.RawMessage   `json:"header"`
	Payload     json.RawMessage   `json:"payload"`
	Disclosures []json.RawMessage `json:"disclosures,omitempty"`
}

// Show takes any of the format's JWS apart: tokens, delegations, status lists, trust lists. The error is a
// [*SyntaxError]; disclosures that [ReadToken] leaves to the check of the signature have to be readable here.
func Show(raw string) (*Shown, error) {
	c, bad := parseCompact(raw, formLimits{text: maxTrustList, json: trustForm.json})
	if bad != nil {
		return nil, bad
	}
	s := &Shown{Header: c.header.encode(nil), Payload: c.payload.encode(nil)}
	for i, text := range c.disclosures {
		name := "disclosures[" + strconv.Itoa(i) + "]"
		b, ok := decodePart(text)
		if !ok {
			return nil, &SyntaxError{Path: name, Reason: "not the base64url of whole bytes"}
		}
		v, bad := parseJSON(string(b), name, tokenJSON)
		if bad != nil {
			return nil, bad
		}
		s.Disclosures = append(s.Disclosures, v.encode(nil))
	}
	return s, nil
}
