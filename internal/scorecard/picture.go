package scorecard

import (
	"encoding/base32"
	"encoding/json"
	"fmt"
	"math/bits"
	"path/filepath"
	"strings"
)

// isccSlack is how many of the 256 bits of a video code may differ from the reference's.
const isccSlack = 6

// mark names a watermark by its algorithm and its message.
func mark(algorithm, message string) string {
	return algorithm + ":" + strings.TrimLeft(strings.ToLower(message), "0")
}

// checkMarks wants the marks that a reader must or should find, and none that is not there.
func checkMarks(bad *complaints, v *view, there []wantMark) {
	got, must, may := set{}, set{}, set{}
	for _, w := range v.Watermarks.Found {
		got.add(mark(w.Algorithm, w.Message))
	}
	for _, w := range there {
		may.add(mark(w.Algorithm, w.Message))
		if w.asked() {
			must.add(mark(w.Algorithm, w.Message))
		}
	}
	for m := range must {
		if !got[m] {
			bad.addf("mark not found: %s", m)
		}
	}
	for m := range got {
		if !may[m] {
			bad.addf("FALSE mark: %s", m)
		}
	}
}

// asked says that a reader which does not find the mark is wrong.
func (w *wantMark) asked() bool { return w.Grade == "" || w.Grade == "must" || w.Grade == "should" }

// marks holds labels, watermarks, soft bindings and fingerprints against a case.
func (r *Runner) marks(s *Set, c *Case) []string {
	var bad complaints
	x := &c.expect
	args := []string{"verify", "--no-state", "--format", "json", "--trust-list", "none", "--frames", "all", "--persons", "off"}
	for _, anchor := range c.Inputs.Trust {
		args = append(args, "--trust", s.find(anchor))
	}
	if x.ISCC != nil {
		args = append(args, "--fingerprints", "on")
	}
	asset := filepath.Join(s.Folder, c.Asset)
	ask := func(extra ...string) *view {
		var v view
		a := r.Ask(s.Folder, append(append(append([]string{}, args...), extra...), asset))
		if err := read(a, &v); err != nil {
			bad.addf("%v", err)
			return nil
		}
		return &v
	}
	v := ask()
	if v == nil {
		return bad
	}
	if v.Watermarks.State != "analysed" {
		bad.addf("the watermarks' state is %q", v.Watermarks.State)
	}
	checkMarks(&bad, v, x.Watermarks)
	x.checkLabels(&bad, v)
	x.checkOrigin(&bad, v)
	x.checkSoftBinding(&bad, v)
	if x.ISCC != nil {
		checkISCC(&bad, v, x.ISCC.Video256)
	}
	for _, w := range x.WithMessage {
		if v := ask("--watermark", fmt.Sprintf("%s:%d:%s", w.Algorithm, w.Bits, w.Message)); v != nil {
			checkMarks(&bad, v, append(append([]wantMark{}, x.Watermarks...), w))
		}
	}
	return bad
}

func (x *expectation) checkLabels(bad *complaints, v *view) {
	if x.Labels == nil {
		return
	}
	got, want := set{}, set{}
	for _, l := range v.Labels {
		if l.Kind != "encoder" { // the weakest hint; cases do not list it
			got.add(l.Kind)
		}
	}
	for _, l := range x.Labels {
		want.add(l.Kind)
		if l.Kind == "tc260" && !sameValue(v, l.Value) {
			bad.addf("no tc260 label with the value %s", l.Value)
		}
	}
	for k := range want {
		if !got[k] {
			bad.addf("label not found: %s", k)
		}
	}
	for k := range got {
		if !want[k] {
			bad.addf("FALSE label: %s", k)
		}
	}
}

// sameValue says that a label of the report has the members of an object; empty ones are not judged.
func sameValue(v *view, value json.RawMessage) bool {
	var want map[string]any
	if json.Unmarshal(value, &want) != nil {
		return true // no object: the kind alone is judged
	}
	seen := false
	for _, l := range v.Labels {
		var got map[string]any
		if l.Kind != "tc260" {
			continue
		}
		seen = true
		if json.Unmarshal(l.Value, &got) != nil {
			continue
		}
		same := true
		for k, w := range want {
			if w != nil && w != "" && fmt.Sprint(got[k]) != fmt.Sprint(w) {
				same = false
			}
		}
		if same {
			return true
		}
	}
	return !seen // a label that is missing is told once, by its kind
}

// checkOrigin holds what labels and marks make of the origin; cases with a manifest judge that elsewhere.
func (x *expectation) checkOrigin(bad *complaints, v *view) {
	if x.AI == "" || x.C2PA != nil {
		return
	}
	generated := x.AI == "declared" || x.AI == "marked"
	if x.AI == "marked" {
		found := false
		for i := range x.Watermarks {
			found = found || x.Watermarks[i].asked()
		}
		if !found {
			return // whoever cannot read the mark is not wrong, and knows nothing of the origin
		}
	}
	if generated != (v.Origin.State == "generated") || v.Origin.State == "partly-generated" {
		bad.addf("origin: %s (%s)", v.Origin.State, x.AI)
	}
}

func (x *expectation) checkSoftBinding(bad *complaints, v *view) {
	want := x.SoftBinding
	if want == nil {
		return
	}
	got := set{}
	for _, b := range v.Watermarks.SoftBindings {
		got.add(b.Alg + " " + b.Result)
		if b.Result == want.Result && (want.Alg == "" || b.Alg == want.Alg) {
			return
		}
	}
	bad.addf("soft binding: %s, expected %s", got.list(), want.Result)
}

func checkISCC(bad *complaints, v *view, reference string) {
	for _, f := range v.Fingerprints {
		if f.Kind != "iscc-video" {
			continue
		}
		d, err := isccDistance(f.Value, reference)
		if err != nil {
			bad.addf("ISCC: %v", err)
		} else if d > isccSlack {
			bad.addf("ISCC differs from the reference code in %d of 256 bits", d)
		}
		return
	}
	bad.addf("no ISCC video code")
}

// isccDistance is the number of bits in which two codes differ behind their headers of two bytes.
func isccDistance(a, b string) (int, error) {
	var body [2][]byte
	for i, code := range []string{a, b} {
		raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.TrimPrefix(code, "ISCC:"))
		if err != nil {
			return 0, err
		}
		if len(raw) < 2 {
			return 0, fmt.Errorf("%q is too short for a code", code)
		}
		body[i] = raw[2:]
	}
	if len(body[0]) != len(body[1]) {
		return 0, fmt.Errorf("codes of %d and %d bytes", len(body[0]), len(body[1]))
	}
	d := 0
	for i := range body[0] {
		d += bits.OnesCount8(body[0][i] ^ body[1][i])
	}
	return d, nil
}

// personsView is what "persons" prints.
type personsView struct {
	Status  string
	Tracks  []struct{ Person, Class string }
	NotSeen []string
}

// persons holds the people of a clip against each of its declarations. Tracks that are hard to see may be missed, and
// so their people; a tracker may split a track; some clips allow false ones.
func (r *Runner) persons(s *Set, c *Case) []string {
	var bad complaints
	hard, err := s.hardPeople(c)
	if err != nil {
		return []string{err.Error()}
	}
	for _, d := range c.Declarations {
		args := append([]string{"persons"}, r.PersonsArgs...)
		args = append(args, "--format", "json", "--declared", filepath.Join(s.Folder, d.File), filepath.Join(s.Folder, c.Asset))
		var doc struct {
			personsView
			Persons *personsView
		}
		if err := read(r.Ask(s.Folder, args), &doc); err != nil {
			bad.addf("%s: %v", d.File, err)
			continue
		}
		v := &doc.personsView
		if doc.Persons != nil {
			v = doc.Persons
		}
		if v.Status != "analysed" && v.Status != "partial" {
			bad.addf("%s: status %s", d.File, v.Status)
			continue
		}
		undeclared, covered, notSeen := 0, set{}, set{}
		notSeen.add(v.NotSeen...)
		for _, t := range v.Tracks {
			covered.add(t.Person)
			if t.Person == "" && (t.Class == "" || t.Class == "confirmed") {
				undeclared++
			}
		}
		low, high := d.Expect.UndeclaredTracks-d.Missable, d.Expect.UndeclaredTracks+c.Tolerance.FalseTracks
		if d.Expect.UndeclaredTracks > 0 {
			high += c.Tolerance.ExtraFragments
		}
		if undeclared < low || undeclared > high {
			bad.addf("%s: %d undeclared tracks, expected %d to %d", d.File, undeclared, low, high)
		}
		differ(&bad, d.File+": covered", covered, d.Expect.Covered, hard)
		differ(&bad, d.File+": notSeen", notSeen, d.Expect.NotSeen, hard)
	}
	return bad
}

// differ complains of members that stand in one of two sets, but for those that may.
func differ(bad *complaints, what string, got set, want []string, may set) {
	wanted := set{}
	wanted.add(want...)
	for _, pair := range [][2]set{{got, wanted}, {wanted, got}} {
		for m := range pair[0] {
			if !pair[1][m] && !may[m] {
				bad.addf("%s %s, expected %s", what, got.list(), wanted.list())
				return
			}
		}
	}
}

// hardPeople are those without a track that any detector must find.
func (s *Set) hardPeople(c *Case) (set, error) {
	b, err := readFile(filepath.Join(s.Folder, c.Truth))
	if err != nil {
		return nil, fmt.Errorf("the case's truth: %w", err)
	}
	var truth struct {
		Tracks []struct{ Person, Level string }
	}
	if err := json.Unmarshal(b, &truth); err != nil {
		return nil, fmt.Errorf("the case's truth: %w", err)
	}
	hard := set{}
	for _, t := range truth.Tracks {
		hard.add(t.Person)
	}
	for _, t := range truth.Tracks {
		if t.Level == "clear" {
			delete(hard, t.Person)
		}
	}
	return hard, nil
}
