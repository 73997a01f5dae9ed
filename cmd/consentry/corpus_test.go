package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/consentry/consentry/internal/corpustest"
	"github.com/consentry/consentry/internal/schematest"
	"github.com/consentry/consentry/internal/scorecard"
)

// maxStage is the stage of the corpus that this version answers.
const maxStage = 3

// corpusCase is an asset of the corpus with what it is verified against.
type corpusCase struct {
	ID        string
	Asset     string
	Manifest  string
	Fragments []string
	Inputs    struct {
		Trust, TSATrust, CAWGTrust, Allowed, CAWGAllowed, EKU []string
		Time                                                  string
	}
}

// asked runs the command line in this process, as a user would from the folder of the set.
func asked(t *testing.T, args ...string) (code int, out, talk string) {
	t.Helper()
	var o, e bytes.Buffer
	code = run(context.Background(), args, strings.NewReader(""), &o, &e)
	return code, o.String(), e.String()
}

// TestCorpusEndToEnd runs the command lines of the corpus and holds the whole answer against what each case expects;
// every answer keeps to its schema, in every form.
func TestCorpusEndToEnd(t *testing.T) {
	sets, err := scorecard.Load(filepath.Join(corpustest.Dir(t), "consent", "e2e"))
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(sets[0].Folder)
	r := &scorecard.Runner{Ask: func(_ string, args []string) scorecard.Answer {
		code, out, talk := asked(t, args...)
		checkQuiet(t, out)
		_, text, _ := asked(t, withFormat(args, "json")...)
		if err := schematest.Check(schematest.Report, []byte(text)); err != nil {
			t.Errorf("%q: %v", args, err)
		}
		checkQuiet(t, text)
		_, text, _ = asked(t, withFormat(args, "crjson")...)
		if err := schematest.Check(schematest.CrJSON, []byte(text)); err != nil {
			t.Errorf("%q: %v", args, err)
		}
		return scorecard.Answer{Code: code, Out: []byte(out), Err: []byte(talk)}
	}}
	results := r.Run(&sets[0], func(c *scorecard.Case) bool { return c.Stage <= maxStage })
	for _, got := range results {
		if got.Outcome() != "pass" {
			t.Errorf("%s: %s %q", got.ID, got.Outcome(), got.Why)
		}
	}
	if len(results) < 40 {
		t.Errorf("only %d cases ran", len(results))
	}
}

// withFormat replaces the format that a command line asks for.
func withFormat(args []string, format string) []string {
	out := slices.Clone(args)
	if i := slices.Index(out, "--format"); i >= 0 {
		out[i+1] = format
		return out
	}
	return append(out, "--format", format)
}

// checkQuiet fails where an answer holds what could change a terminal: nothing of a file reaches it as it is.
func checkQuiet(t *testing.T, out string) {
	t.Helper()
	for _, r := range out {
		if r != '\n' && (unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp)) {
			t.Errorf("standard output holds %U", r)
			return
		}
	}
}

// exitOf is the exit code that goes with a verdict.
var exitOf = map[string]int{"PASS": exitMeets, "WARN": exitMeets, "NOT_APPLICABLE": exitMeets, "FAIL": exitNot, "INDETERMINATE": exitUnknown}

// TestCorpusForms runs every file of the provenance sets in every form: reports and crJSON documents keep to their
// schemas, the exit code is the verdict's, and nothing of a file reaches the terminal as it is.
func TestCorpusForms(t *testing.T) {
	dir := corpustest.Dir(t)
	ran := 0
	for _, set := range []string{"real-video", "made-video", "hostile"} {
		var cases []corpusCase
		corpustest.Cases(t, set, &cases)
		for _, c := range cases {
			ran++
			t.Run(set+"/"+c.ID, func(t *testing.T) {
				t.Parallel()
				checkForms(t, c.arguments(filepath.Join(dir, set), dir))
			})
		}
	}
	if ran < 250 {
		t.Errorf("only %d cases ran", ran)
	}
}

// arguments is the command line of a case without its form.
func (c *corpusCase) arguments(folder, corpus string) []string {
	args := []string{"verify", "--trust-list", "none", "--frames", "off", "--persons", "off"}
	in := &c.Inputs
	for _, f := range []struct {
		flag  string
		files []string
	}{
		{"--trust", in.Trust},
		{"--tsa-trust", in.TSATrust},
		{"--cawg-trust", in.CAWGTrust},
		{"--allowed", in.Allowed},
		{"--cawg-allowed", in.CAWGAllowed},
	} {
		for _, name := range f.files {
			for _, base := range []string{corpus, folder, filepath.Dir(corpus)} {
				if found, _ := filepath.Glob(filepath.Join(base, filepath.FromSlash(name))); len(found) == 1 {
					args = append(args, f.flag, found[0])
					break
				}
			}
		}
	}
	for _, oid := range in.EKU {
		args = append(args, "--eku", oid)
	}
	if in.Time != "" {
		args = append(args, "--at", in.Time)
	}
	if c.Manifest != "" {
		args = append(args, "--manifest", filepath.Join(folder, c.Manifest))
	}
	for _, f := range c.Fragments {
		args = append(args, "--fragment", filepath.Join(folder, f))
	}
	return append(args, filepath.Join(folder, c.Asset))
}

func checkForms(t *testing.T, args []string) {
	code, out, talk := asked(t, append(args, "--format", "json")...)
	var rep struct{ Verdict string }
	if out == "" {
		if code != exitUnknown || talk == "" {
			t.Fatalf("exit %d, no answer, standard error %q", code, talk)
		}
		return
	}
	checkQuiet(t, out)
	if err := schematest.Check(schematest.Report, []byte(out)); err != nil {
		t.Error(err)
	}
	if err := json.Unmarshal([]byte(out), &rep); err != nil {
		t.Fatal(err)
	}
	if want, ok := exitOf[rep.Verdict]; !ok || code != want {
		t.Errorf("verdict %s with exit %d", rep.Verdict, code)
	}
	if _, out, _ = asked(t, append(args, "--format", "crjson")...); out != "" {
		checkQuiet(t, out)
		if err := schematest.Check(schematest.CrJSON, []byte(out)); err != nil {
			t.Error(err)
		}
	}
	again, out, _ := asked(t, args...)
	checkQuiet(t, out)
	if !strings.HasPrefix(out, fmt.Sprintf("%s  ", rep.Verdict)) || again != code {
		t.Errorf("the text begins %q, exit %d; the report says %s", strings.SplitN(out, "\n", 2)[0], again, rep.Verdict)
	}
	code, out, _ = asked(t, "inspect", "--format", "json", args[len(args)-1])
	checkQuiet(t, out)
	if code == exitMeets && !json.Valid([]byte(out)) {
		t.Error("inspect gives no JSON")
	}
	_, out, _ = asked(t, "inspect", args[len(args)-1])
	checkQuiet(t, out)
}
