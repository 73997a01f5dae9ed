package manifest_test

import (
	"bytes"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/manifest"
	"github.com/consentry/consentry/report"
)

// folder is files in memory.
func folder(files map[string][]byte) *manifest.Folder {
	return &manifest.Folder{Names: slices.Sorted(maps.Keys(files)), Open: func(name string) (io.ReaderAt, int64, error) {
		b, ok := files[name]
		if !ok {
			return nil, 0, nil
		}
		return bytes.NewReader(b), int64(len(b)), nil
	}}
}

func TestCompound(t *testing.T) {
	for _, c := range forge.Compound() {
		t.Run(c.Name, func(t *testing.T) {
			got := judge(t, c)
			where := got.active
			if c.Ingredient {
				where = got.deeper
			}
			if !report.Has(where, c.Code) {
				t.Errorf("%s is not given", c.Code)
			}
			row, _ := report.Lookup(c.Code)
			for _, f := range where {
				if f.Outcome == report.Failure && f.Code != c.Code && !slices.Contains(c.Also, f.Code) {
					t.Errorf("unexpected failure %s: %s", f.Code, f.Explanation)
				}
			}
			if sound := row.Outcome != report.Failure; sound != (got.state == manifest.Trusted) {
				t.Errorf("state %q", got.state)
			}
			if strings.HasSuffix(c.Code, ".match") != (got.binding == manifest.BindingIntact) {
				t.Errorf("binding %q", got.binding)
			}
		})
	}
}
