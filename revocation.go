package consentry

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/consentry/consentry/manifest"
	"github.com/consentry/consentry/report"
	"github.com/consentry/consentry/signing"
)

// Responder asks the OCSP responders that certificates name. Only certificates under an anchor name one that is asked;
// all the same an address is somebody else's choice, and whoever implements this must keep it from reaching private
// networks, must not follow redirects, and must bound the time.
type Responder interface {
	// Post returns the HTTP status and the body of the answer, which has the media type want and most bytes at the
	// most. An error says why there is none; a status may come with it.
	Post(ctx context.Context, address, mediaType, want string, body []byte, most int64) (status int, answer []byte, err error)
}

const (
	// maxQuestions is how many questions about certificates one file may have asked for its active manifest and the one
	// whose binding counts, and maxQuestionsBelow for all others: a signature has one signer, and the files in the field
	// have one to five signatures by as many signers. What ingredients ask for takes nothing from the first.
	maxQuestions      = 8
	maxQuestionsBelow = 8
	// maxResponse is the largest answer that is taken; those in the field have 0.5 to 3 kB.
	maxResponse = 64 << 10
)

// Media types of OCSP over HTTP. RFC 6960, A.1.
const (
	ocspRequest  = "application/ocsp-request"
	ocspResponse = "application/ocsp-response"
)

// responder asks for the revocation of certificates, if the user allows the network. The same question is asked once
// for one file; every one is in the report. The first is for the active manifest and the one whose binding counts, the
// second for the others. nil: nobody is asked.
func (r *run) responder(ctx context.Context) (ask, below func(string, []byte) ([]byte, error)) {
	if r.v.Responders == nil {
		return nil, nil
	}
	type answer struct {
		body []byte
		err  error
	}
	known := map[string]answer{}
	within := func(most int, whom string) func(string, []byte) ([]byte, error) {
		asked := 0
		return func(address string, request []byte) ([]byte, error) {
			key := address + "\x00" + string(request)
			a, ok := known[key]
			switch {
			case ok:
			case asked == most:
				a.err = fmt.Errorf("a file may have responders asked %d times for %s", most, whom)
				r.notChecked("revocation", a.err.Error())
			default:
				asked++
				a.body, a.err = r.post(ctx, address, request)
				known[key] = a
			}
			return a.body, a.err
		}
	}
	return within(maxQuestions, "its active manifest"), within(maxQuestionsBelow, "its ingredients")
}

func (r *run) post(ctx context.Context, address string, request []byte) ([]byte, error) {
	out := report.Fetched{URL: address, Purpose: "ocsp"}
	var body []byte
	var err error
	out.Status, body, err = r.v.Responders.Post(ctx, address, ocspRequest, ocspResponse, request, maxResponse)
	if err == nil && len(body) == 0 {
		err = errors.New("the answer is empty")
	}
	if err != nil {
		out.Error = optional(err.Error())
	} else {
		sum := sha256.Sum256(body)
		out.Bytes, out.SHA256 = int64(len(body)), optional(hex.EncodeToString(sum[:]))
	}
	r.out.Fetched = append(r.out.Fetched, out)
	return body, err
}

// fillRevocation reports what is known of the certificate that signed the active manifest.
func (r *run) fillRevocation(v *signing.Revocation) {
	out := &r.out.Provenance.Revocation
	if v.Authorities != "" {
		r.notChecked("revocation of authorities", v.Authorities)
	}
	out.State, out.Source = v.State, optional(v.Source)
	if v.State == signing.RevocationNotChecked {
		r.notChecked("revocation", v.Reason)
		return
	}
	out.Responder, out.Reason = optional(v.Responder), optional(v.Why)
	at := v.ThisUpdate
	out.At = &at
	if !v.RevokedAt.IsZero() {
		when := v.RevokedAt
		out.RevokedAt = &when
	}
}

// unsettled says that a file cannot be judged where responses were left unread that may say that its signer was
// revoked: whoever puts more of them into a file than are looked at must not gain by it. INDETERMINATE in every profile.
func (r *run) unsettled(res *manifest.Result) {
	for _, m := range []*manifest.ManifestResult{res.Active, res.Bound} {
		if m == nil || m.Signature == nil || m.Signature.Revocation.Unsettled == "" {
			continue
		}
		v := &m.Signature.Revocation
		if m != res.Active || v.State != signing.RevocationNotChecked { // else it is said already
			r.notChecked("revocation", v.Unsettled)
		}
		r.unsupported = append(r.unsupported, "revocation is not settled: "+v.Unsettled)
		return
	}
}
