package interop

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// Rule explains a class of differences: one implementation accepts what the other does not, and a clause says who is
// right. A rule never makes a file acceptable; it says why somebody else thinks otherwise.
type Rule struct {
	Runs    []string // the tests that meet it: forged, mutated, corpus
	Oracles []Oracle
	Files   []string // patterns of the files' names ("wav*"); none: all
	Ours    string   // accept or reject
	Code    string   // one of our failures, of what we reject
	Says    string   // in what they say, by [Answer.Told]: a regular expression
	Clause  string   // why
	Seldom  bool     // a run may well meet no such file
	says    *regexp.Regexp
	met     bool
}

// Rules are those of testdata/interop/rules.yaml for one test.
type Rules []*Rule

// ReadRules reads the rules that a test has to meet.
func ReadRules(t testing.TB, run string) Rules {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(moduleRoot(t), "testdata", "interop", "rules.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var all, out Rules
	if err := yaml.UnmarshalWithOptions(b, &all, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	for i, r := range all {
		if err := r.check(); err != nil {
			t.Fatalf("rule %d: %v", i+1, err)
		}
		if slices.Contains(r.Runs, run) {
			out = append(out, r)
		}
	}
	return out
}

// check wants a rule to be narrow: it names who, what we say, and by which code or in which words.
func (r *Rule) check() (err error) {
	switch {
	case len(r.Runs) == 0 || len(r.Oracles) == 0 || r.Clause == "":
		return fmt.Errorf("runs, oracles or clause are missing")
	case r.Ours != "accept" && r.Ours != "reject":
		return fmt.Errorf("ours is %q", r.Ours)
	case r.Ours == "reject" && r.Code == "" || r.Ours == "accept" && (r.Says == "" || r.Code != ""):
		return fmt.Errorf("a file that we reject needs our code, one that they reject their words")
	}
	for _, o := range r.Oracles {
		if !slices.Contains(Oracles(), o) {
			return fmt.Errorf("nobody is called %q", o)
		}
	}
	r.says, err = regexp.Compile(r.Says)
	return err
}

// Ours is what consentry says of a file.
type Ours struct {
	Accepts  bool
	Failures []string // codes
}

// Explain says whether a rule is about this difference, and remembers that it was met.
func (l Rules) Explain(o Oracle, file string, ours Ours, theirs Answer) bool {
	for _, r := range l {
		if r.about(o, file, ours, theirs) {
			r.met = true
			return true
		}
	}
	return false
}

func (r *Rule) about(o Oracle, file string, ours Ours, theirs Answer) bool {
	if !slices.Contains(r.Oracles, o) || (r.Ours == "accept") != ours.Accepts || r.Code != "" && !slices.Contains(ours.Failures, r.Code) {
		return false
	}
	named := len(r.Files) == 0
	for _, pattern := range r.Files {
		ok, err := path.Match(pattern, strings.ReplaceAll(file, "/", " "))
		if err != nil {
			panic(err)
		}
		named = named || ok
	}
	return named && r.says.MatchString(theirs.Told())
}

// Stale are the rules about those who were asked that no file has met.
func (l Rules) Stale(asked []Oracle) (out []*Rule) {
	for _, r := range l {
		here := slices.ContainsFunc(r.Oracles, func(o Oracle) bool { return slices.Contains(asked, o) })
		if here && !r.met && !r.Seldom {
			out = append(out, r)
		}
	}
	return out
}

// Told is the answer in one line: the state with the failures, or the error.
func (a Answer) Told() string {
	if a.Refused != "" {
		return "refused: " + strings.Join(strings.Fields(a.Refused), " ")
	}
	return strings.Join(append([]string{strings.ToLower(a.State)}, a.Failure...), " ")
}
