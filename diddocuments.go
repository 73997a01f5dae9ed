package consentry

import (
	"context"
	"errors"
	"fmt"

	"github.com/consentry/consentry/signing"
)

// maxDocuments is how many DID documents one file may have fetched: a manifest has one to three identities, most of them
// of one aggregator.
const maxDocuments = 8

// documents gets the DID documents of aggregators of identities, if the user allows the network. One is asked for once
// for a file; every request is in the report. nil: nothing is fetched. CAWG identity 1.3, 8.1.
func (r *run) documents(ctx context.Context) func(address string) ([]byte, error) {
	if r.v.Fetch == nil {
		return nil
	}
	type answer struct {
		body []byte
		err  error
	}
	known := map[string]answer{}
	return func(address string) ([]byte, error) {
		if a, ok := known[address]; ok {
			return a.body, a.err
		}
		if len(known) == maxDocuments {
			err := fmt.Errorf("a file may have %d DID documents fetched", maxDocuments)
			r.notChecked("identity assertions", err.Error()+"; the rest was not")
			return nil, err
		}
		body, why, err := r.get(ctx, address, "did", signing.MaxDIDDocument)
		if err == nil && why != "" {
			err = errors.New(why)
		}
		known[address] = answer{body, err}
		return body, err
	}
}
