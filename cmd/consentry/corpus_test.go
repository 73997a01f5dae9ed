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
)

// maxStage is the stage of the corpus that this version answers.
const maxStage = 1

// corpusCase is a case of the corpus: a whole command line (args), or an asset with what it is verified against.
type corpusCase struct {
	ID        string
	Stage     int
	Args      []string
	Asset     string
	Manifest  string
	Fragments []string
	Inputs    struct {
		Trust, TSATrust, CAWGTrust, Allowed, CAWGAllowed, EKU []string
		Time                                                  string
	}
	Expect struct {
		Exit           *int
		Verdict        string
		Origin         string
		OriginBasis    string
		People, Works  map[string]personWant
		Codes          *codesWant
		StdoutExcludes []string
	}
}

type personWant struct {
	State, AtGeneration, Now, Level, Binding string
	Codes                                    *codesWant
}

type codesWant struct{ Exactly, Contains, ContainsAny, Excludes []string }

// asked runs the command line in this process, as a user would from the folder of the set.
func asked(t *testing.T, args ...string) (code int, out, talk string) {
	t.Helper()
	var o, e bytes.Buffer
	code = run(context.Background(), args, strings.NewReader(""), &o, &e)
	return code, o.String(), e.String()
}

// TestCorpusEndToEnd runs the command lines of the corpus and holds the whole answer against what each case expects.
func TestCorpusEndToEnd(t *testing.T) {
	const set = "consent/e2e"
	var cases []corpusCase
	corpustest.Cases(t, set, &cases)
	t.Chdir(filepath.Join(corpustest.Dir(t), filepath.FromSlash(set)))
	ran := 0
	for _, c := range cases {
		if c.Stage > maxStage {
			continue
		}
		ran++
		t.Run(c.ID, func(t *testing.T) {
			code, out, talk := asked(t, c.Args...)
			if want := c.Expect.Exit; want != nil && code != *want {
				t.Errorf("exit %d, want %d: %s", code, *want, talk)
			}
			for _, s := range c.Expect.StdoutExcludes {
				if strings.Contains(out, s) {
					t.Errorf("standard output holds %q", s)
				}
			}
			checkQuiet(t, out)
			_, out, _ = asked(t, withFormat(c.Args, "json")...)
			checkQuiet(t, out)
			if err := schematest.Check(schematest.Report, []byte(out)); err != nil {
				t.Error(err)
			}
			checkAnswer(t, &c, []byte(out))
			_, out, _ = asked(t, withFormat(c.Args, "crjson")...)
			if err := schematest.Check(schematest.CrJSON, []byte(out)); err != nil {
				t.Error(err)
			}
		})
	}
	if ran < 40 {
		t.Errorf("only %d cases ran", ran)
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

// answerView is what of a report the cases speak of.
type answerView struct {
	Verdict  string
	Origin   struct{ State, Basis string }
	People   []personView
	Works    []personView
	Findings []findingView
}

type personView struct {
	ID, State, AtGeneration, Now, Level, Binding string
	Findings                                     []findingView
	Tokens                                       []struct{ Findings []findingView }
}

type findingView struct{ Code, Person string }

func checkAnswer(t *testing.T, c *corpusCase, text []byte) {
	t.Helper()
	var got answerView
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	want := &c.Expect
	for _, pair := range [][3]string{{"verdict", want.Verdict, got.Verdict}, {"origin", want.Origin, got.Origin.State}, {"basis", want.OriginBasis, got.Origin.Basis}} {
		if pair[1] != "" && pair[1] != pair[2] {
			t.Errorf("%s %s, want %s", pair[0], pair[2], pair[1])
		}
	}
	all := map[string]bool{}
	people := map[string]*personView{}
	for _, f := range got.Findings {
		all[f.Code] = true
	}
	for _, list := range [][]personView{got.People, got.Works} {
		for i := range list {
			people[list[i].ID] = &list[i]
			for code := range codesOf(&list[i], nil) {
				all[code] = true
			}
		}
	}
	for _, wanted := range []map[string]personWant{want.People, want.Works} {
		for id, w := range wanted {
			p := people[id]
			if p == nil {
				t.Errorf("%s is missing", id)
				continue
			}
			for _, pair := range [][3]string{
				{"state", w.State, p.State},
				{"at generation", w.AtGeneration, p.AtGeneration},
				{"now", w.Now, p.Now},
				{"level", w.Level, p.Level},
				{"binding", w.Binding, p.Binding},
			} {
				if pair[1] != "" && pair[1] != pair[2] {
					t.Errorf("%s: %s %s, want %s", id, pair[0], pair[2], pair[1])
				}
			}
			w.Codes.check(t, id, codesOf(p, got.Findings))
		}
	}
	want.Codes.check(t, "codes", all)
}

// codesOf are the codes that speak of a person.
func codesOf(p *personView, report []findingView) map[string]bool {
	out := map[string]bool{}
	for _, f := range p.Findings {
		out[f.Code] = true
	}
	for _, tok := range p.Tokens {
		for _, f := range tok.Findings {
			out[f.Code] = true
		}
	}
	for _, f := range report {
		if f.Person == p.ID {
			out[f.Code] = true
		}
	}
	return out
}

func (w *codesWant) check(t *testing.T, what string, got map[string]bool) {
	t.Helper()
	if w == nil {
		return
	}
	for _, code := range append(slices.Clone(w.Contains), w.Exactly...) {
		if !got[code] {
			t.Errorf("%s: no %s", what, code)
		}
	}
	for _, code := range w.Excludes {
		if got[code] {
			t.Errorf("%s: has %s", what, code)
		}
	}
	if w.Exactly != nil && len(got) != len(w.Exactly) {
		t.Errorf("%s: %d codes, want %d", what, len(got), len(w.Exactly))
	}
	if w.ContainsAny != nil && !slices.ContainsFunc(w.ContainsAny, func(code string) bool { return got[code] }) {
		t.Errorf("%s: none of %q", what, w.ContainsAny)
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
