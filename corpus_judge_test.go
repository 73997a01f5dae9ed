package consentry_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/consentry/consentry"
	"github.com/consentry/consentry/internal/corpustest"
	"github.com/consentry/consentry/report"
)

type wantCodes struct {
	Contains, ContainsAny, Excludes []string
}

func (w wantCodes) check(t *complaints, who string, got []string) {
	for _, c := range w.Contains {
		if !slices.Contains(got, c) {
			t.Errorf("%s: no %s in %v", who, c, got)
		}
	}
	if len(w.ContainsAny) > 0 && !slices.ContainsFunc(w.ContainsAny, func(c string) bool { return slices.Contains(got, c) }) {
		t.Errorf("%s: none of %v in %v", who, w.ContainsAny, got)
	}
	for _, c := range w.Excludes {
		if slices.Contains(got, c) {
			t.Errorf("%s: %s in %v", who, c, got)
		}
	}
}

type wantEntry struct {
	State, AtGeneration, Now, Level, Binding string
	Codes                                    wantCodes
}

type judgeCase struct {
	consentry.FactsCase
	Stage  int
	Expect struct {
		Error               bool
		Verdict             string
		Origin, OriginBasis string
		People, Works       map[string]wantEntry
		Codes               wantCodes
	}
}

// TestJudgeCorpus runs the vectors of an independent implementation of the consent format.
func TestJudgeCorpus(t *testing.T) {
	var cases []json.RawMessage
	corpustest.Cases(t, "consent/judge", &cases)
	if len(cases) == 0 {
		t.Fatal("no cases")
	}
	known := differences(t, "consent/judge")
	for _, raw := range cases {
		var c judgeCase
		if err := json.Unmarshal(raw, &c); err != nil {
			t.Fatal(err)
		}
		t.Run(c.ID, func(t *testing.T) {
			bad := &complaints{}
			c.run(bad)
			why, differs := known[c.ID]
			switch {
			case differs && len(*bad) == 0:
				t.Errorf("the difference is gone; strike it from testdata/differences.yaml: %+v", why)
			case !differs && len(*bad) > 0:
				t.Error(strings.Join(*bad, "\n"))
			}
		})
		delete(known, c.ID)
	}
	for id := range known {
		t.Errorf("testdata/differences.yaml names %s, which is no case", id)
	}
}

// complaints are what is wrong with an answer.
type complaints []string

func (c *complaints) Errorf(format string, args ...any) {
	*c = append(*c, fmt.Sprintf(format, args...))
}

func (c *judgeCase) run(t *complaints) {
	got := c.Answer()
	x := c.Expect
	if (got.Error != "") != x.Error {
		t.Errorf("error %q, expected one: %v", got.Error, x.Error)
		return
	}
	if x.Error {
		return
	}
	if x.Verdict != "" && string(got.Verdict) != x.Verdict {
		t.Errorf("verdict %s, want %s: %v", got.Verdict, x.Verdict, got.Reasons)
	}
	if x.Origin != "" && got.Origin.State != x.Origin {
		t.Errorf("origin %s, want %s", got.Origin.State, x.Origin)
	}
	if x.OriginBasis != "" && got.Origin.Basis != x.OriginBasis {
		t.Errorf("origin's basis %s, want %s", got.Origin.Basis, x.OriginBasis)
	}
	all := codesOf(got.Findings)
	for _, group := range []struct {
		want map[string]wantEntry
		got  []report.Person
	}{{x.People, got.People}, {x.Works, got.Works}} {
		for _, p := range group.got {
			all = append(all, personCodes(p)...)
		}
		for id, w := range group.want {
			i := slices.IndexFunc(group.got, func(p report.Person) bool { return p.ID == id })
			if i < 0 {
				t.Errorf("%s is missing", id)
				continue
			}
			w.check(t, group.got[i])
		}
	}
	x.Codes.check(t, "report", all)
}

func (w wantEntry) check(t *complaints, p report.Person) {
	for _, m := range [][3]string{
		{"state", p.State, w.State},
		{"atGeneration", p.AtGeneration, w.AtGeneration},
		{"now", p.Now, w.Now},
		{"level", p.Level, w.Level},
		{"binding", p.Binding, w.Binding},
	} {
		if m[2] != "" && m[1] != m[2] {
			t.Errorf("%s.%s: %s, want %s", p.ID, m[0], m[1], m[2])
		}
	}
	w.Codes.check(t, p.ID, personCodes(p))
}

func personCodes(p report.Person) []string {
	out := codesOf(p.Findings)
	for _, t := range p.Tokens {
		out = append(out, codesOf(t.Findings)...)
	}
	return out
}

func codesOf(list []report.Finding) []string {
	var out []string
	for _, f := range list {
		out = append(out, f.Code)
	}
	return out
}
