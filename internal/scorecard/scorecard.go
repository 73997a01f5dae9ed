// Package scorecard holds what a verifier answers against cases with expectations: files with the manifest states and
// status codes that are right for them, command lines with verdicts, facts and tokens with their judgement, labels,
// watermarks and people. The form is that of "consentry conformance run".
//
// It asks by command line and reads the JSON that comes back, as anybody else would, so that what it counts is what
// users get. It never sees how an answer was found, and never hands an expectation to whom it asks. Start with [Load]
// and [Runner.Run].
package scorecard

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	// maxFile bounds a file of cases or of truth: the largest that is known has six megabytes.
	maxFile = 256 << 20
	// maxSets bounds the files of cases below a folder, and maxCases what they hold together.
	maxSets, maxCases = 1000, 1 << 20
	// maxDepth bounds how deep below the folder they are looked for.
	maxDepth = 8
)

// Set is one file of cases.
type Set struct {
	Name   string // its folder, as a path from the folder that was loaded
	Folder string // what the paths of its cases start from
	Cases  []Case
}

// Case is one question with its expectation.
type Case struct {
	ID    string
	Stage int // from which on it counts; 0: always
	// One of the kinds has its members.
	Asset, Manifest, Truth string
	Fragments, Args        []string
	Inputs                 Inputs
	Declarations           []Declaration
	Tolerance              struct{ ExtraFragments, FalseTracks int }

	kind   Kind
	expect expectation
	blind  json.RawMessage // the case without its expectation, for files of facts and tokens
	// Members by their paths: of the case and its expectation that are not judged, and of its inputs and expectation
	// that nobody knows.
	notJudged, slips []string
	senseless        []string // what no case can mean, in words
}

// Inputs are what an asset is verified against. Paths start at the folder above the set, or at the set's own.
type Inputs struct {
	Trust, TSATrust, CAWGTrust, Allowed, CAWGAllowed, EKU []string
	Time                                                  string
}

// Declaration is a consent map with what the people of a clip come to under it.
type Declaration struct {
	File     string
	Missable int
	Expect   struct {
		UndeclaredTracks int
		Covered, NotSeen []string
	}
}

// Kind says how a case is asked.
type Kind string

// The kinds of cases.
const (
	Provenance Kind = "provenance"
	EndToEnd   Kind = "e2e"
	Facts      Kind = "facts"
	Jose       Kind = "jose"
	Marks      Kind = "marks"
	Persons    Kind = "persons"
	Unknown    Kind = "unknown" // nothing that this version can hold an answer against
)

// Kind says how the case is asked.
func (c *Case) Kind() Kind { return c.kind }

// Load reads every cases.json and case.json in and below a folder. Names of sets are in ascending order. A folder
// without any is an error.
func Load(dir string) ([]Set, error) {
	var sets []Set
	total := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			if strings.Count(rel, string(filepath.Separator)) >= maxDepth {
				return fs.SkipDir
			}
			return nil
		}
		if d.Name() != "cases.json" && d.Name() != "case.json" {
			return nil
		}
		s, err := loadSet(path)
		if err != nil {
			return fmt.Errorf("%s: %w", rel, err)
		}
		s.Name = filepath.ToSlash(filepath.Dir(rel))
		if s.Name == "." {
			s.Name = filepath.Base(s.Folder)
		}
		sets = append(sets, *s)
		total += len(s.Cases)
		return tooMany(len(sets), total)
	})
	if err == nil && len(sets) == 0 {
		err = fmt.Errorf("%s: no cases.json in it or below it", dir)
	}
	return sets, err
}

func loadSet(path string) (*Set, error) {
	b, err := readFile(path)
	if err != nil {
		return nil, err
	}
	folder, err := filepath.Abs(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	var raw []json.RawMessage
	if err := json.Unmarshal(b, &raw); err != nil {
		var doc struct{ Cases []json.RawMessage }
		if err := json.Unmarshal(b, &doc); err != nil {
			return nil, fmt.Errorf("no file of cases: %w", err)
		}
		raw = doc.Cases
	}
	s := &Set{Folder: folder}
	first := map[string]int{}
	for i, r := range raw {
		c, err := parseCase(r)
		if err != nil {
			return nil, fmt.Errorf("case %d%s: %w", i+1, called(r), plainForm(err))
		}
		if n := first[c.ID]; n > 0 {
			return nil, fmt.Errorf("case %d (%q): its id is that of case %d", i+1, c.ID, n)
		}
		first[c.ID] = i + 1
		s.Cases = append(s.Cases, *c)
	}
	return s, nil
}

// called is the id of a case that cannot be read, if that much can.
func called(raw json.RawMessage) string {
	var c struct{ ID string }
	_ = json.Unmarshal(raw, &c) // what is wrong elsewhere in it was told
	if c.ID != "" {
		return fmt.Sprintf(" (%q)", c.ID)
	}
	return ""
}

// tooMany holds what was found so far against the limits.
func tooMany(sets, cases int) error {
	if sets > maxSets || cases > maxCases {
		return fmt.Errorf("more than %d sets or %d cases", maxSets, maxCases)
	}
	return nil
}

// readFile reads a file of bounded size.
func readFile(path string) ([]byte, error) {
	st, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if st.Size() > maxFile {
		return nil, fmt.Errorf("%d bytes; the limit is %d", st.Size(), maxFile)
	}
	return os.ReadFile(path)
}

// parseCase reads a case and says by its members of which kind it is.
func parseCase(raw json.RawMessage) (*Case, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(raw, &members); err != nil {
		return nil, err
	}
	c := &Case{}
	if err := json.Unmarshal(raw, c); err != nil {
		return nil, err
	}
	if c.ID == "" {
		return nil, errors.New("no id")
	}
	expect := members["expect"]
	switch has := func(k string) bool { _, ok := members[k]; return ok }; {
	case has("facts"):
		c.kind = Facts
	case has("token"):
		c.kind = Jose
	case has("args"):
		c.kind = EndToEnd
	case has("declarations"):
		c.kind = Persons
	default:
		c.kind = kindOfAsset(expect)
	}
	if c.kind == Jose {
		return c, c.parseJose(members)
	}
	c.readMembers(members)
	c.readInputs(members)
	if len(expect) > 0 {
		if err := json.Unmarshal(expect, &c.expect); err != nil {
			return nil, fmt.Errorf("expect: %w", plainForm(err))
		}
	}
	c.readSense(members)
	if c.kind == Facts {
		return c, c.hide(members)
	}
	return c, nil
}

// kindOfAsset tells a case about manifests from one about marks by what it expects.
func kindOfAsset(expect json.RawMessage) Kind {
	var x map[string]json.RawMessage
	if json.Unmarshal(expect, &x) != nil {
		return Unknown
	}
	for _, k := range []string{"store", "state", "stateNot", "manifests", "ingredients", "reject", "anyOf", "remote"} {
		if _, ok := x[k]; ok {
			return Provenance
		}
	}
	if _, ok := x["watermarks"]; ok {
		return Marks
	}
	if _, ok := x["labels"]; ok {
		return Marks
	}
	return Unknown
}

// parseJose reads the codes of which any is right.
func (c *Case) parseJose(members map[string]json.RawMessage) error {
	if err := json.Unmarshal(members["expect"], &c.expect.anyResult); err != nil {
		var one string
		if err := json.Unmarshal(members["expect"], &one); err != nil {
			return fmt.Errorf("expect: %w", err)
		}
		c.expect.anyResult = []string{one}
	}
	return c.hide(members)
}

// hide keeps the case without what would give its answer away.
func (c *Case) hide(members map[string]json.RawMessage) (err error) {
	for _, k := range []string{"expect", "because", "about"} {
		delete(members, k)
	}
	c.blind, err = json.Marshal(members)
	return err
}

// Result is what came of one case.
type Result struct {
	Set  string   `json:"set"`
	ID   string   `json:"id"`
	Kind Kind     `json:"kind"`
	Why  []string `json:"why,omitempty"` // what is wrong with the answer; empty: nothing
	// Skipped says that the case was not asked: its kind is not known here.
	Skipped bool `json:"skipped,omitempty"`
	// NotJudged are members that were held against nothing: of its expectation, and of the case where no remark is called so.
	NotJudged []string `json:"notJudged,omitempty"`
}

// Outcome is pass, fail or skip.
func (r *Result) Outcome() string {
	switch {
	case r.Skipped:
		return "skip"
	case len(r.Why) > 0:
		return "fail"
	}
	return "pass"
}

// Ask runs a command line in a folder of its own choice; paths of args are absolute but for those of end-to-end cases,
// which start at folder.
type Ask func(folder string, args []string) Answer

// Answer is what a command line gave.
type Answer struct {
	Code     int
	Out, Err []byte
	Passed   time.Duration // on the clock
}

// Runner asks for every case.
type Runner struct {
	Ask Ask
	// PersonsArgs are further arguments of "persons".
	PersonsArgs []string
	// Slow is when an answer about one asset took too long; 0: never.
	Slow time.Duration
	Jobs int // cases at a time; 0: one
}

// Run gives the results of a set's cases, in their order. keep says which cases are asked; nil: all.
func (r *Runner) Run(s *Set, keep func(*Case) bool) []Result {
	kept := slices.DeleteFunc(slices.Clone(s.Cases), func(c Case) bool { return keep != nil && !keep(&c) })
	var batches [2][]*Case
	for i := range kept {
		switch kept[i].kind {
		case Facts:
			batches[0] = append(batches[0], &kept[i])
		case Jose:
			batches[1] = append(batches[1], &kept[i])
		}
	}
	facts, factsErr := r.batch("facts", s.Folder, batches[0])
	jose, joseErr := r.batch("jose", s.Folder, batches[1])
	out := make([]Result, len(kept))
	free := make(chan struct{}, max(1, r.Jobs))
	var all sync.WaitGroup
	for i := range kept {
		c, res := &kept[i], &out[i]
		*res = Result{Set: s.Name, ID: c.ID, Kind: c.kind, NotJudged: c.notJudged}
		if res.Why = c.slipped(); len(res.Why) > 0 {
			continue // what such a case would show is not what its author meant
		}
		switch c.kind {
		case Unknown:
			res.Skipped = true
		case Facts:
			res.Why = c.checkFacts(facts, factsErr)
		case Jose:
			res.Why = c.checkJose(jose, joseErr)
		default:
			free <- struct{}{}
			all.Go(func() {
				defer func() { <-free }()
				res.Why = r.one(s, c)
			})
		}
	}
	all.Wait()
	return out
}

// one asks for a case with an asset.
func (r *Runner) one(s *Set, c *Case) []string {
	if why := s.lacking(c); len(why) > 0 {
		return why
	}
	switch c.kind {
	case EndToEnd:
		return r.endToEnd(s, c)
	case Marks:
		return r.marks(s, c)
	case Persons:
		return r.persons(s, c)
	}
	return r.provenance(s, c)
}
