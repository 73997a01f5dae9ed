package manifest

import (
	"context"

	"github.com/consentry/consentry/internal/jumbf"
	"github.com/consentry/consentry/report"
)

// validator is the state of one validation.
type validator struct {
	digests map[digestKey][]byte
	_       *jumbf.Box
}

// Validate runs C2PA 2.5, 14 on the store. With a nil content no binding is checked, and no manifest is valid.
// An error means I/O, cancellation or a limit (*[LimitError]); what was found so far comes with it.
func (s *Store) Validate(ctx context.Context, c *Content, opt Options) (*Result, error) {
	r := &Result{NotChecked: []report.NotChecked{{What: "manifest", Why: "not supported yet: validation"}}}
	for i := len(s.Manifests) - 1; i >= 0; i-- {
		m := s.Manifests[i]
		r.Manifests = append(r.Manifests, &ManifestResult{Label: m.Label, Type: m.Type, Compressed: m.Compressed, Active: m == s.Active})
	}
	r.Active = r.Manifests[0]
	return r, nil
}
