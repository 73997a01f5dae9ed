package labels_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/consentry/consentry/internal/corpustest"
	"github.com/consentry/consentry/labels"
	"github.com/consentry/consentry/report"
)

// TestCorpus: every label that others wrote is found with its value, and nothing on files without one.
func TestCorpus(t *testing.T) {
	var cases []struct {
		ID, Asset string
		Expect    struct {
			Labels []struct {
				Kind, Producer string
				Value          any
			}
			AI       string
			Findings []string
		}
	}
	corpustest.Cases(t, "marks", &cases)
	found := 0
	for _, c := range cases {
		t.Run(c.ID, func(t *testing.T) {
			data, err := os.ReadFile(filepath.Join(corpustest.Dir(t), "marks", filepath.FromSlash(c.Asset)))
			if err != nil {
				t.Fatal(err)
			}
			r := read(t, data)
			want, got := map[string]bool{}, map[string]bool{}
			for _, l := range c.Expect.Labels {
				want[l.Kind] = true
				if !slices.ContainsFunc(r.Labels, func(g report.Label) bool {
					return g.Kind == l.Kind && same(l.Value, g.Value) && (l.Producer == "" || l.Producer == g.Producer)
				}) {
					t.Errorf("no %s with %v in %+v", l.Kind, l.Value, r.Labels)
				}
				found++
			}
			generated := false
			for _, l := range r.Labels {
				if l.Kind != labels.Encoder {
					got[l.Kind] = true
				}
				generated = generated || l.Says == labels.Generated && l.Scope == labels.WholeAsset
			}
			if !maps.Equal(want, got) {
				t.Errorf("kinds %v, expected %v", got, want)
			}
			if len(want) > 0 && generated != (c.Expect.AI == "declared") {
				t.Errorf("generated: %v, expected %s", generated, c.Expect.AI)
			}
			hinted := c.Expect.AI == "possible" || c.Expect.AI == "hint"
			for code, expected := range map[string]bool{
				"label.malformed":             slices.Contains(c.Expect.Findings, "malformed-label"),
				"label.clash":                 slices.Contains(c.Expect.Findings, "clash"),
				"consent.metadata.unreadable": slices.Contains(c.Expect.Findings, "malformed-xmp"),
				"label.possible":              hinted,
			} {
				if report.Has(r.Findings, code) != expected {
					t.Errorf("%s: expected %v; findings %v", code, expected, r.Findings)
				}
			}
		})
	}
	if found < 40 {
		t.Errorf("%d labels are expected in all: the set is not the one that this test is for", found)
	}
}

// same holds a value against the expected one, of which empty members say nothing.
func same(want, got any) bool {
	w, ok := want.(map[string]any)
	g, ok2 := got.(map[string]any)
	if !ok || !ok2 {
		return fmt.Sprint(want) == fmt.Sprint(got)
	}
	for k, v := range w {
		if v != "" && fmt.Sprint(g[k]) != fmt.Sprint(v) {
			// The comment form has no tags of its own.
			return false
		}
	}
	return true
}
