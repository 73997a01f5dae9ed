package consentry

import (
	"context"
	"strings"

	"github.com/consentry/consentry/manifest"
	"github.com/consentry/consentry/report"
	"github.com/consentry/consentry/softbinding"
)

// Thumbprint is thumbprint.
var Thumbprint = thumbprint

// CompareSoftBindings holds what a validated manifest declares against marks that somebody found. Every algorithm whose
// name begins with "old." is deprecated.
func CompareSoftBindings(res *manifest.Result, found report.Watermarks) (*report.Report, error) {
	lookup := func(alg string) *softbinding.Algorithm {
		if strings.HasPrefix(alg, "old.") {
			return &softbinding.Algorithm{Alg: alg, Type: softbinding.Watermark, Deprecated: true}
		}
		return softbinding.Lookup(alg)
	}
	r := &run{v: &Verifier{}, result: res, out: &report.Report{Watermarks: found}, algorithm: lookup}
	if err := r.readSoftBindings(context.Background()); err != nil {
		return nil, err
	}
	return r.out, r.compareSoftBindings(context.Background())
}
