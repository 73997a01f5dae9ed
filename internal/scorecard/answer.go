package scorecard

import (
	"encoding/json"
	"fmt"
	"strings"
)

// view is what of a report the cases speak of.
type view struct {
	Schema     string
	Verdict    string
	Complete   *bool
	Provenance struct {
		Store, State *string
		Remote       string
	}
	Origin     struct{ State, Basis string }
	People     []personView
	Works      []personView
	Findings   []findingView
	Labels     []labelView
	Watermarks struct {
		State        string
		Found        []struct{ Algorithm, Message string }
		SoftBindings []struct{ Alg, Result string }
	}
	Fingerprints []struct{ Kind, Value string }
}

type personView struct {
	ID, State, AtGeneration, Now, Level, Binding string
	Findings                                     []findingView
	Tokens                                       []struct{ Findings []findingView }
}

type findingView struct{ Code, Outcome, Person string }

type labelView struct {
	Kind  string
	Value json.RawMessage
}

// crView is what of a crJSON document the cases speak of.
type crView struct {
	Manifests []struct {
		ValidationResults crCodes
		IngredientDeltas  []struct{ ValidationDeltas crCodes }
	}
}

type crCodes struct{ Success, Informational, Failure []findingView }

func codesOf(list []findingView) set {
	out := set{}
	for _, f := range list {
		out.add(f.Code)
	}
	return out
}

// codes are those of an entry and of its tokens.
func (p *personView) codes() set {
	out := codesOf(p.Findings)
	for _, t := range p.Tokens {
		for _, f := range t.Findings {
			out.add(f.Code)
		}
	}
	return out
}

// tail is the end of what a command said, for messages.
func tail(b []byte) string {
	const most = 300
	s := strings.ToValidUTF8(string(b), "?")
	if len(s) > most {
		s = strings.ToValidUTF8(s[len(s)-most:], "?")
	}
	return strings.TrimSpace(s)
}

// read decodes the one JSON document of an answer.
func read(a Answer, into any) error {
	if err := json.Unmarshal(a.Out, into); err != nil {
		return fmt.Errorf("no JSON (exit %d): %s", a.Code, tail(a.Err))
	}
	return nil
}

// exitOf is the exit code that goes with a verdict.
var exitOf = map[string]int{"PASS": 0, "WARN": 0, "NOT_APPLICABLE": 0, "FAIL": 1, "INDETERMINATE": 2}

// checkVerdict holds verdict, origin, people and codes against a case.
func (x *expectation) checkVerdict(bad *complaints, v *view) {
	for _, m := range [][3]string{{"verdict", x.Verdict, v.Verdict}, {"origin", x.Origin, v.Origin.State}, {"origin's basis", x.OriginBasis, v.Origin.Basis}} {
		if m[1] != "" && m[1] != m[2] {
			bad.addf("%s: %s, expected %s", m[0], m[2], m[1])
		}
	}
	all := codesOf(v.Findings)
	people := map[string]*personView{}
	for _, list := range [][]personView{v.People, v.Works} {
		for i := range list {
			people[list[i].ID] = &list[i]
			for c := range list[i].codes() {
				all.add(c)
			}
		}
	}
	for _, wanted := range []map[string]wantPerson{x.People, x.Works} {
		for id, w := range wanted {
			p := people[id]
			if p == nil {
				bad.addf("%s is missing", id)
				continue
			}
			w.check(bad, p, v.Findings)
		}
	}
	x.Codes.check(bad, "codes", all)
}

func (w *wantPerson) check(bad *complaints, p *personView, report []findingView) {
	for _, m := range [][3]string{
		{"state", w.State, p.State},
		{"atGeneration", w.AtGeneration, p.AtGeneration},
		{"now", w.Now, p.Now},
		{"level", w.Level, p.Level},
		{"binding", w.Binding, p.Binding},
	} {
		if m[1] != "" && m[1] != m[2] {
			bad.addf("%s.%s: %s, expected %s", p.ID, m[0], m[2], m[1])
		}
	}
	got := p.codes()
	for _, f := range report {
		if f.Person == p.ID {
			got.add(f.Code)
		}
	}
	w.Codes.check(bad, p.ID+" codes", got)
}
