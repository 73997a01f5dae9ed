package consentry

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/consentry/consentry/consent"
	"github.com/consentry/consentry/report"
)

// Fetcher gets a document from the network. It decides what may be asked at all: an address in a file is the file's
// choice, so whoever implements this must keep it from reaching private networks, and must bound time and redirects.
type Fetcher interface {
	// Get returns the HTTP status, the address that answered, and the body, which has most bytes at the most. An error
	// says why there is none; status and address may come with it.
	Get(ctx context.Context, address string, most int64) (status int, final string, body []byte, err error)
	// GetSameHost is Get of a server that the operator named: it follows no redirect to another host or port.
	GetSameHost(ctx context.Context, address string, most int64) (status int, final string, body []byte, err error)
}

// Limits of what is fetched for one file: a declaration names a token a person and a status list an issuer, so that
// real files ask for a few.
const (
	maxFetches     = 32
	maxFetchToken  = 16 << 10 // consent format 1, 2 (Limits)
	maxFetchStatus = 8 << 20  // as for a list of the operator's folder
	maxFetchTotal  = 32 << 20
)

// fetchReferences gets what the declarations name and is not at hand, if the user allows the network: tokens by
// reference first, then status lists, also those of the tokens that came. Everything that was asked is in the report.
// Consent format 1, 6 (sources).
func (r *run) fetchReferences(ctx context.Context, f *consent.Facts) (*consent.Trust, error) {
	trust := r.v.Consent
	if r.v.Fetch == nil {
		return trust, nil
	}
	asked, left := map[consent.Reference]bool{}, int64(maxFetchTotal)
	for range 2 { // a token that came names a list that may have to come too
		var lists []string
		for _, ref := range consent.References(f, trust) {
			if asked[ref] {
				continue
			}
			if len(asked) == maxFetches || left == 0 {
				r.notChecked("references", fmt.Sprintf("a file may ask for %d documents of %d MiB together; the rest was not fetched", maxFetches, maxFetchTotal>>20))
				break
			}
			asked[ref] = true
			body, err := r.fetch(ctx, ref, &left)
			switch {
			case err != nil:
				return nil, err
			case body == "":
			case ref.S256 == "":
				lists = append(lists, body)
			default:
				if f.Files == nil {
					f.Files = map[string]string{}
				}
				f.Files[ref.URI] = body
			}
		}
		trust = trust.WithStatusLists(lists)
	}
	return trust, nil
}

// fetch gets a token or a status list. The error is the context's: what the network does wrong is in the report.
func (r *run) fetch(ctx context.Context, ref consent.Reference, left *int64) (string, error) {
	purpose, most := "token", int64(maxFetchToken)
	if ref.S256 == "" {
		purpose, most = "status-list", maxFetchStatus
	}
	body, why, err := r.get(ctx, ref.URI, purpose, min(most, *left))
	if why != "" {
		r.notChecked(purpose, fmt.Sprintf("%q could not be fetched: %s", ref.URI, why))
	}
	*left -= int64(len(body))
	return strings.TrimSpace(string(body)), err
}

// get gets one document and reports it; why says what kept it from coming. The error is the context's.
func (r *run) get(ctx context.Context, address, purpose string, most int64) (body []byte, why string, err error) {
	out := report.Fetched{URL: address, Purpose: purpose}
	get := r.v.Fetch.Get
	if purpose == "resolver" || purpose == "look-alike" { // the operator said whom to ask
		get = r.v.Fetch.GetSameHost
	}
	status, final, body, err := get(ctx, address, most)
	if ctx.Err() != nil {
		return nil, "", ctx.Err()
	}
	out.Status = status
	if final != address {
		out.Final = final
	}
	if err != nil {
		out.Error = optional(err.Error())
		r.out.Fetched = append(r.out.Fetched, out)
		return nil, err.Error(), nil
	}
	sum := sha256.Sum256(body)
	out.Bytes, out.SHA256 = int64(len(body)), optional(hex.EncodeToString(sum[:]))
	r.out.Fetched = append(r.out.Fetched, out)
	return body, "", nil
}
