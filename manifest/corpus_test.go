package manifest_test

import (
	"context"
	"encoding/asn1"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/consentry/consentry/internal/corpustest"
	"github.com/consentry/consentry/manifest"
	"github.com/consentry/consentry/report"
	"github.com/consentry/consentry/signing"
)

// corpusCase is a case of the corpus as its README describes it, as far as this package can answer it.
type corpusCase struct {
	ID        string
	Asset     string
	Manifest  string
	Fragments []string
	Stage     int
	Inputs    struct {
		Trust, TSATrust, CAWGTrust, Allowed, CAWGAllowed, EKU []string
		Time                                                  time.Time
	}
	Expect expectation
}

type expectation struct {
	Store, State *string
	StateNot     []string
	Reject       bool
	Manifests    []groups
	Ingredients  groups
	AnyOf        []expectation
}

type groups struct{ Success, Informational, Failure *codes }

type codes struct {
	Exactly, Contains, ContainsAny, Excludes []string
}

// answer is what the package says of an asset.
type answer struct {
	store, state string
	rejected     bool
	result       *manifest.Result
}

// corpusSets are the sets whose cases this package answers.
var corpusSets = []string{"real-video", "real-audio", "real-image", "hostile", "made-video"}

func TestCorpus(t *testing.T) {
	root := corpustest.Dir(t)
	known := differences(t)
	for _, set := range corpusSets {
		var cases []corpusCase
		corpustest.Cases(t, set, &cases)
		for _, c := range cases {
			t.Run(set+"/"+c.ID, func(t *testing.T) {
				start := time.Now()
				bad := c.Expect.holdsAgainst(ask(t, root, filepath.Join(root, set), c))
				if d := time.Since(start); d > 5*time.Second {
					bad = append(bad, fmt.Sprintf("took %v", d))
				}
				_, explained := known[set+"/"+c.ID]
				switch {
				case len(bad) > 0 && !explained:
					t.Error(strings.Join(bad, "\n"))
				case len(bad) == 0 && explained:
					t.Error("testdata/differences.yaml explains a difference that is gone")
				}
				delete(known, set+"/"+c.ID)
			})
		}
	}
	for id := range known {
		if set, _, _ := strings.Cut(id, "/"); slices.Contains(corpusSets, set) {
			t.Errorf("testdata/differences.yaml names %q, which is no case of this stage", id)
		}
	}
}

// differences reads which cases are answered otherwise, and why.
func differences(t *testing.T) map[string]bool {
	t.Helper()
	b, err := os.ReadFile("../testdata/differences.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var list []struct{ Set, Case, Clause, Ours, Theirs string }
	if err := yaml.UnmarshalWithOptions(b, &list, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, d := range list {
		if d.Set == "" || d.Case == "" || d.Clause == "" || d.Ours == "" || d.Theirs == "" {
			t.Errorf("testdata/differences.yaml: %+v lacks a member", d)
		}
		known[d.Set+"/"+d.Case] = true
	}
	return known
}

// ask runs the library over a case: locate, parse, validate.
func ask(t *testing.T, root, folder string, c corpusCase) answer {
	t.Helper()
	ctx := context.Background()
	f, size := open(t, filepath.Join(folder, c.Asset))
	loc, err := manifest.Locate(ctx, f, size, manifest.Limits{})
	if err != nil {
		return answer{rejected: true}
	}
	a := answer{store: "absent"}
	for _, x := range loc.Findings {
		a.rejected = a.rejected || x.Outcome == report.Failure && strings.HasPrefix(x.Code, "asset.")
	}
	detached := c.Manifest != ""
	store, update := loc.Store, loc.Update
	switch {
	case detached:
		if store, err = os.ReadFile(filepath.Join(folder, c.Manifest)); err != nil {
			t.Fatal(err)
		}
		update = nil
	case loc.NotSupported != "":
		return answer{rejected: true}
	case loc.Malformed, loc.Multiple:
		a.store, a.rejected = "malformed", true
		return a
	case loc.Store == nil:
		return a
	}
	a.store = "present"
	s, err := manifest.Parse(store, update, manifest.Limits{})
	if err != nil {
		return answer{store: "malformed", rejected: true}
	}
	content := &manifest.Content{Data: f, Size: size, Located: loc, Detached: detached}
	for _, name := range c.Fragments {
		p, n := open(t, filepath.Join(folder, name))
		content.Parts = append(content.Parts, manifest.Part{Name: filepath.Base(name), Data: p, Size: n})
	}
	a.result, err = s.Validate(ctx, content, manifest.Options{Trust: trust(t, root, c), Now: c.Inputs.Time})
	if err != nil {
		return answer{rejected: true, store: "present"}
	}
	a.state = a.result.State
	return a
}

func open(t *testing.T, path string) (*os.File, int64) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	i, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	return f, i.Size()
}

// trust reads the lists of a case.
func trust(t *testing.T, root string, c corpusCase) *signing.Trust {
	t.Helper()
	out := &signing.Trust{}
	ekus := []asn1.ObjectIdentifier{signing.EKUClaimSigning}
	for _, s := range c.Inputs.EKU {
		var oid asn1.ObjectIdentifier
		for _, part := range strings.Split(s, ".") {
			n, err := strconv.Atoi(part)
			if err != nil {
				t.Fatal(err)
			}
			oid = append(oid, n)
		}
		ekus = append(ekus, oid)
	}
	add := func(to *[]signing.List, paths []string, parse func(string, []byte) (signing.List, error)) {
		for _, p := range paths {
			b, err := os.ReadFile(filepath.Join(root, p))
			if err != nil {
				t.Fatal(err)
			}
			l, err := parse(filepath.Base(p), b)
			if err != nil {
				t.Fatal(err)
			}
			l.EKUs = ekus
			*to = append(*to, l)
		}
	}
	add(&out.Claim, c.Inputs.Trust, signing.ParseAnchors)
	add(&out.Claim, c.Inputs.Allowed, signing.ParseAllowed)
	add(&out.TSA, c.Inputs.TSATrust, signing.ParseAnchors)
	ekus = nil
	add(&out.Identity, c.Inputs.CAWGTrust, signing.ParseAnchors)
	add(&out.Identity, c.Inputs.CAWGAllowed, signing.ParseAllowed)
	return out
}

// holdsAgainst returns what of the expectation does not hold.
func (e expectation) holdsAgainst(a answer) []string {
	bad := e.itself(a)
	if len(e.AnyOf) == 0 {
		return bad
	}
	var reasons []string
	for _, x := range e.AnyOf {
		why := x.holdsAgainst(a)
		if len(why) == 0 {
			return bad
		}
		reasons = append(reasons, why...)
	}
	return append(bad, "none of anyOf holds: "+strings.Join(reasons, "; "))
}

func (e expectation) itself(a answer) (bad []string) {
	if e.Reject {
		if !a.rejected {
			bad = append(bad, "it was judged, and should have been refused")
		}
		return bad
	}
	if e.Store != nil && *e.Store != a.store {
		bad = append(bad, fmt.Sprintf("store %q, expected %q", a.store, *e.Store))
	}
	if e.State != nil && *e.State != a.state && !(*e.State == manifest.Invalid && a.state == manifest.WellFormed) {
		bad = append(bad, fmt.Sprintf("state %q, expected %q", a.state, *e.State))
	}
	if slices.Contains(e.StateNot, a.state) {
		bad = append(bad, fmt.Sprintf("state %q", a.state))
	}
	if (len(e.Manifests) > 0 || e.Ingredients != groups{}) && a.result == nil {
		return append(bad, "nothing was judged")
	}
	for i, g := range e.Manifests {
		if i >= len(a.result.Manifests) {
			return append(bad, fmt.Sprintf("manifest %d is missing", i))
		}
		m := a.result.Manifests[i]
		bad = append(bad, g.compare(fmt.Sprintf("manifest %d", i), m.Success, m.Informational, m.Failure)...)
	}
	if e.Ingredients != (groups{}) {
		var s, i, f []report.Finding
		for _, m := range a.result.Manifests {
			for _, d := range m.IngredientDeltas {
				s, i, f = append(s, d.Success...), append(i, d.Informational...), append(f, d.Failure...)
			}
		}
		bad = append(bad, e.Ingredients.compare("ingredients", s, i, f)...)
	}
	return bad
}

func (g groups) compare(name string, success, informational, failure []report.Finding) (bad []string) {
	bad = append(bad, g.Success.compare(name+" success", success)...)
	bad = append(bad, g.Informational.compare(name+" informational", informational)...)
	return append(bad, g.Failure.compare(name+" failure", failure)...)
}

func (c *codes) compare(name string, list []report.Finding) (bad []string) {
	if c == nil {
		return nil
	}
	got, text := map[string]bool{}, map[string]string{}
	for _, f := range list {
		got[f.Code] = true
		text[f.Code] += " [" + f.URL + ": " + f.Explanation + "]"
	}
	has := func(x string) bool { return got[x] }
	if c.Exactly != nil {
		for _, x := range c.Exactly {
			if !got[x] {
				bad = append(bad, fmt.Sprintf("%s: lacks %s", name, x))
			}
		}
		for x := range got {
			if !slices.Contains(c.Exactly, x) {
				bad = append(bad, fmt.Sprintf("%s: has %s%s", name, x, text[x]))
			}
		}
	}
	for _, x := range c.Contains {
		if !got[x] {
			bad = append(bad, fmt.Sprintf("%s: lacks %s; has %v", name, x, keys(got)))
		}
	}
	if len(c.ContainsAny) > 0 && !slices.ContainsFunc(c.ContainsAny, has) {
		bad = append(bad, fmt.Sprintf("%s: has none of %v; has %v", name, c.ContainsAny, keys(got)))
	}
	for _, x := range c.Excludes {
		if got[x] {
			bad = append(bad, fmt.Sprintf("%s: has %s%s", name, x, text[x]))
		}
	}
	return bad
}

func keys(m map[string]bool) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}
