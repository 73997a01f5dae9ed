package manifest

import (
	"bytes"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/forge"
)

// Every byte of a file of every binding is in exactly one row, and what a row says goes into a digest that is there and
// holds: of the file, of leaves, of fragments.
func TestRowsAndDigestsOfEveryBinding(t *testing.T) {
	for _, c := range []struct {
		name    string
		r       forge.Recipe
		digests string // what the names of digests begin with
	}{
		{"the file", forge.Recipe{}, "file"},
		{"blocks", forge.Recipe{Merkle: &forge.Merkle{Block: 100}}, "leaf|file"},
		{"blocks alone", forge.Recipe{Merkle: &forge.Merkle{Block: 100, Only: true}}, "leaf"},
		{"blocks below a row of nodes", forge.Recipe{Merkle: &forge.Merkle{Block: 100, Level: 1, Only: true}}, "leaf|node"},
		{"fragments", forge.Recipe{Merkle: &forge.Merkle{Fragments: 3}}, "initialization segment|fragment"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, content := located(t, c.r)
			s, err := Parse(content.Located.Store, nil, Limits{})
			if err != nil {
				t.Fatal(err)
			}
			r, err := s.Validate(t.Context(), content, Options{Now: forge.Clock})
			if err != nil {
				t.Fatal(err)
			}
			b := r.Binding
			next, bound, used := int64(0), int64(0), map[string]bool{}
			for _, row := range b.Rows {
				if row.Offset != next || row.Length <= 0 || row.Included == (row.Rule != "") || row.Included == (row.Digest == "") {
					t.Fatalf("row %+v, expected offset %d", row, next)
				}
				if next = row.End(); row.Included {
					bound, used[row.Digest] = bound+row.Length, true
				}
			}
			if next != content.Size || bound != b.Bound {
				t.Errorf("rows up to offset %d of %d; %d bytes bound, %d said", next, content.Size, bound, b.Bound)
			}
			last := ""
			for _, d := range b.Digests {
				kind, _, _ := strings.Cut(d.Name, " ")
				if !d.OK || len(d.Computed) == 0 || d.Expected != nil && !bytes.Equal(d.Computed, d.Expected) || !strings.Contains("|"+c.digests, "|"+kind) {
					t.Errorf("digest %+v", d)
				}
				if len(d.Name) == len(last) && d.Name <= last {
					t.Errorf("%q stands behind %q", d.Name, last)
				}
				last = d.Name
				delete(used, d.Name)
				if kind == "leaf" || kind == "node" {
					delete(used, LeavesDigest)
				}
			}
			if len(used) > 0 || len(b.Digests) == 0 {
				t.Errorf("digests that are not there: %v", used)
			}
		})
	}
}
