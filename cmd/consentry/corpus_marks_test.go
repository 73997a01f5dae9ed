package main

import (
	"encoding/json"
	"path/filepath"
	"testing"

	"github.com/consentry/consentry/internal/corpustest"
	"github.com/consentry/consentry/internal/schematest"
	"github.com/consentry/consentry/internal/scorecard"
)

// every is which of the cases with marks are asked: all of them, and one in sixteen under the race detector.
func every() int {
	if raced {
		return 16
	}
	return 1
}

// TestCorpusMarks asks about the files of the corpus with marks, labels and soft bindings: what must be found is, most of
// what a change of geometry hides is, and nothing is found where nothing is. Every report keeps to its schema.
func TestCorpusMarks(t *testing.T) {
	if newDecoder() == nil {
		t.Skip("this binary has no decoder: labels alone are held against the corpus, in package labels")
	}
	sets, err := scorecard.Load(filepath.Join(corpustest.Dir(t), "marks"))
	if err != nil {
		t.Fatal(err)
	}
	geometry := hiddenByGeometry(t)
	t.Chdir(sets[0].Folder)
	changed, read := 0, 0
	r := &scorecard.Runner{Ask: func(_ string, args []string) scorecard.Answer {
		code, out, talk := asked(t, args...)
		if err := schematest.Check(schematest.Report, []byte(out)); err != nil {
			t.Errorf("%q: %v", args, err)
		}
		if geometry[filepath.Base(args[len(args)-1])] {
			var rep struct{ Watermarks struct{ Found []struct{} } }
			if err := json.Unmarshal([]byte(out), &rep); err != nil {
				t.Errorf("%q: %v", args, err)
			}
			changed++
			if len(rep.Watermarks.Found) > 0 {
				read++
			}
		}
		return scorecard.Answer{Code: code, Out: []byte(out), Err: []byte(talk)}
	}}
	n := 0
	results := r.Run(&sets[0], func(*scorecard.Case) bool { n++; return n%every() == 0 })
	for _, got := range results {
		if got.Outcome() != "pass" {
			t.Errorf("%s: %s %q", got.ID, got.Outcome(), got.Why)
		}
	}
	if len(results) < 200/every() {
		t.Errorf("only %d cases ran", len(results))
	}
	if every() == 1 && (changed < 5 || 2*read <= changed) {
		t.Errorf("of %d marks in pictures whose geometry was changed %d were read", changed, read)
	}
}

// hiddenByGeometry are the files whose mark can only be read once a change of geometry is undone.
func hiddenByGeometry(t *testing.T) map[string]bool {
	t.Helper()
	var cases []struct {
		Asset  string
		Expect struct{ Watermarks []struct{ Grade string } }
	}
	corpustest.Cases(t, "marks", &cases)
	out := map[string]bool{}
	for _, c := range cases {
		for _, m := range c.Expect.Watermarks {
			if m.Grade == "geometry" {
				out[filepath.Base(c.Asset)] = true
			}
		}
	}
	return out
}
