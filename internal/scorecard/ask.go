package scorecard

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// batch asks for all cases of facts or of tokens at once: one answer a line, in any order, by id.
func (r *Runner) batch(verb, folder string, cases []*Case) (map[string]json.RawMessage, error) {
	if len(cases) == 0 {
		return nil, nil
	}
	doc := struct {
		Cases []json.RawMessage `json:"cases"`
	}{}
	for _, c := range cases {
		doc.Cases = append(doc.Cases, c.blind)
	}
	b, err := json.Marshal(doc)
	if err != nil {
		return nil, err
	}
	f, err := os.CreateTemp("", "cases-*.json")
	if err != nil {
		return nil, err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(b)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return nil, err
	}
	a := r.Ask(folder, []string{"conformance", verb, f.Name()})
	out := map[string]json.RawMessage{}
	for line := range bytes.Lines(a.Out) {
		var id struct{ ID string }
		if json.Unmarshal(line, &id) == nil && id.ID != "" {
			out[id.ID] = bytes.Clone(line)
		}
	}
	return out, fmt.Errorf("exit %d: %s", a.Code, tail(a.Err))
}

func (c *Case) checkFacts(answers map[string]json.RawMessage, why error) []string {
	var bad complaints
	var v struct {
		view
		Error *string
	}
	line, ok := answers[c.ID]
	switch {
	case !ok:
		bad.addf("no answer (%v)", why)
	case json.Unmarshal(line, &v) != nil:
		bad.addf("the answer is not of the form")
	case c.expect.Error:
		if v.Error == nil || v.Verdict != "" {
			bad.addf("judged, expected an error")
		}
	default:
		c.expect.checkVerdict(&bad, &v.view)
	}
	return bad
}

func (c *Case) checkJose(answers map[string]json.RawMessage, why error) []string {
	var v struct{ Result string }
	line, ok := answers[c.ID]
	switch {
	case !ok:
		return []string{fmt.Sprintf("no answer (%v)", why)}
	case json.Unmarshal(line, &v) != nil || !slices.Contains(c.expect.anyResult, v.Result):
		return []string{fmt.Sprintf("%s, expected %s", v.Result, strings.Join(c.expect.anyResult, " or "))}
	}
	return nil
}

// endToEnd runs the command line of a case. Where that asks for another form than JSON, its text is held against what
// it must not hold, and a second run gives the answers. What a case may not ask for is not run.
func (r *Runner) endToEnd(s *Set, c *Case) []string {
	var bad complaints
	line, err := parseArgs(c.Args)
	if err != nil {
		return []string{err.Error()}
	}
	a := r.Ask(s.Folder, line.in(line.format))
	if want := c.expect.Exit; want != nil && a.Code != *want {
		bad.addf("exit %d, expected %d: %s", a.Code, *want, tail(a.Err))
	}
	for _, x := range c.expect.StdoutExcludes {
		if bytes.Contains(a.Out, []byte(x)) {
			bad.addf("standard output holds %q", x)
		}
	}
	if line.format != "json" {
		if len(bytes.TrimSpace(a.Out)) == 0 {
			bad.addf("nothing on standard output")
		}
		a = r.Ask(s.Folder, line.in("json"))
	}
	var v view
	if err := read(a, &v); err != nil {
		bad.addf("%v", err)
		return bad
	}
	c.expect.checkVerdict(&bad, &v)
	return bad
}

// arguments is the command line of a case about provenance, without its form.
func (s *Set) arguments(c *Case) []string {
	args := []string{"--no-state", "--trust-list", "none", "--frames", "off", "--persons", "off"}
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
			args = append(args, f.flag, s.find(name))
		}
	}
	for _, oid := range in.EKU {
		args = append(args, "--eku", oid)
	}
	if in.Time != "" {
		args = append(args, "--at", in.Time)
	}
	if c.Manifest != "" {
		args = append(args, "--manifest", filepath.Join(s.Folder, c.Manifest))
	}
	for _, f := range c.Fragments {
		args = append(args, "--fragment", filepath.Join(s.Folder, f))
	}
	return append(args, filepath.Join(s.Folder, c.Asset))
}

// find gives the path of a file of inputs: they start at the folder above the sets, which need not be the set's own.
func (s *Set) find(name string) string {
	up := filepath.Dir(s.Folder)
	for _, base := range []string{up, s.Folder, filepath.Dir(up)} {
		if p := filepath.Join(base, filepath.FromSlash(name)); exists(p) {
			return p
		}
	}
	return filepath.Join(up, filepath.FromSlash(name))
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// provenance holds a report and its crJSON against a case. The second is asked for only where codes are judged.
func (r *Runner) provenance(s *Set, c *Case) []string {
	args := s.arguments(c)
	a := r.Ask(s.Folder, append([]string{"verify", "--format", "json"}, args...))
	if a.Code < 0 || a.Code > 2 {
		return []string{fmt.Sprintf("exit %d: %s", a.Code, tail(a.Err))}
	}
	p := &provenanceAnswer{a: a}
	var v view
	if read(a, &v) == nil {
		p.v = &v
	}
	p.cr = func() (*crView, error) {
		if p.crDone == nil {
			p.crDone = &crView{}
			p.crErr = read(r.Ask(s.Folder, append([]string{"verify", "--format", "crjson"}, args...)), p.crDone)
		}
		return p.crDone, p.crErr
	}
	var bad complaints
	if c.expect.judgesItself() {
		bad = append(bad, p.check(&c.expect)...)
	}
	if want, known := exitOf[v.Verdict]; p.v != nil && (!known || want != a.Code) {
		bad.addf("verdict %s with exit %d", v.Verdict, a.Code)
	}
	if len(c.expect.AnyOf) > 0 {
		var first []string
		held := false
		for i := range c.expect.AnyOf {
			why := p.check(&c.expect.AnyOf[i])
			held = held || len(why) == 0
			if i == 0 {
				first = why
			}
		}
		if !held {
			bad.addf("none of anyOf holds; the first: %v", first)
		}
	}
	if r.Slow > 0 && a.Passed > r.Slow {
		bad.addf("took %.1f s", a.Passed.Seconds())
	}
	return bad
}

// judgesItself says that there is something to judge beside anyOf.
func (x *expectation) judgesItself() bool {
	return x.Reject || x.Store != nil || x.State != nil || x.StateNot != nil || x.Remote != "" || x.AI != "" || x.Manifests != nil || x.Ingredients != nil
}

// provenanceAnswer is what there is to judge of one asset.
type provenanceAnswer struct {
	a      Answer
	v      *view // nil: there was no report
	cr     func() (*crView, error)
	crDone *crView
	crErr  error
}

// rejected wants "cannot be judged": exit 2 with a message, and no report that says otherwise.
func (p *provenanceAnswer) rejected(bad *complaints) {
	switch {
	case p.a.Code != 2:
		bad.addf("exit %d, expected 2 (cannot be judged)", p.a.Code)
	case p.v == nil:
		if len(bytes.TrimSpace(p.a.Err)) == 0 {
			bad.addf("no message")
		}
	default:
		for _, f := range p.v.Findings {
			if strings.HasPrefix(f.Code, "asset.") && f.Outcome == "failure" {
				return
			}
		}
		store := p.v.Provenance.Store
		if store != nil && *store != "malformed" && (p.v.Complete == nil || *p.v.Complete) {
			bad.addf("judged: store %s", *store)
		}
	}
}

func (p *provenanceAnswer) check(x *expectation) []string {
	var bad complaints
	switch {
	case x.Reject:
		p.rejected(&bad)
		return bad
	case p.v == nil:
		bad.addf("no JSON report (exit %d): %s", p.a.Code, tail(p.a.Err))
		return bad
	}
	oneOf := func(what string, got *string, want words) {
		if want != nil && (got == nil || !slices.Contains(want, *got)) {
			bad.addf("%s: %s, expected %v", what, text(got), want)
		}
	}
	prov := &p.v.Provenance
	oneOf("store", prov.Store, x.Store)
	state := x.State
	if len(state) == 1 && state[0] == "invalid" { // in a case it means: not valid
		state = words{"invalid", "well-formed"}
	}
	oneOf("state", prov.State, state)
	if prov.State != nil && slices.Contains(x.StateNot, *prov.State) {
		bad.addf("state: %s must not be", *prov.State)
	}
	if x.Remote != "" && prov.Remote != x.Remote {
		bad.addf("remote: %q, expected %q", prov.Remote, x.Remote)
	}
	if x.AI != "" {
		want, known := map[string][]string{"generated": {"generated"}, "composite": {"partly-generated"}, "none": {"captured", "unknown"}}[x.AI]
		if !known {
			want = []string{x.AI}
		}
		if !slices.Contains(want, p.v.Origin.State) {
			bad.addf("origin: %s, expected %v", p.v.Origin.State, want)
		}
	}
	if x.Manifests != nil || x.Ingredients != nil {
		p.checkCodes(&bad, x)
	}
	return bad
}

// text shows a member that may be null.
func text(s *string) string {
	if s == nil {
		return "null"
	}
	return *s
}

func (p *provenanceAnswer) checkCodes(bad *complaints, x *expectation) {
	cr, err := p.cr()
	if err != nil {
		bad.addf("crJSON: %v", err)
		return
	}
	for i, want := range x.Manifests {
		if i >= len(cr.Manifests) {
			bad.addf("manifest %d missing", i)
			continue
		}
		want.check(bad, fmt.Sprintf("manifest %d", i), cr.Manifests[i].ValidationResults)
	}
	if x.Ingredients != nil {
		var all crCodes
		for _, m := range cr.Manifests {
			for _, d := range m.IngredientDeltas {
				all.Success = append(all.Success, d.ValidationDeltas.Success...)
				all.Informational = append(all.Informational, d.ValidationDeltas.Informational...)
				all.Failure = append(all.Failure, d.ValidationDeltas.Failure...)
			}
		}
		x.Ingredients.check(bad, "ingredients", all)
	}
}

func (g *groups) check(bad *complaints, what string, got crCodes) {
	g.Success.check(bad, what+" success", codesOf(got.Success))
	g.Informational.check(bad, what+" informational", codesOf(got.Informational))
	g.Failure.check(bad, what+" failure", codesOf(got.Failure))
}
