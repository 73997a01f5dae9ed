package consentry_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/consentry/consentry"
	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/persons"
	"github.com/consentry/consentry/policy"
	"github.com/consentry/consentry/report"
	"github.com/consentry/consentry/video"
)

// hand is a describer: a seer whose faces have eyes, nose and mouth, and whose templates of the faces in the first and in
// the second shot lie some way apart.
type hand struct {
	seer
	apart float32
	err   error
}

// secret is a number of a template: it must be nowhere.
const secret = 31.4159

func (h hand) Detect(ctx context.Context, p *persons.Picture) ([]persons.Face, error) {
	found := []persons.Face{{X: 0.25, Y: 0.25, W: 0.5, H: 0.5, Score: 0.9}} // in the part of the picture that is shown
	for k, at := range [5][2]float64{{.3, .4}, {.7, .4}, {.5, .6}, {.32, .8}, {.68, .8}} {
		found[0].Landmarks[k] = [2]float64{.25 + .5*at[0], .25 + .5*at[1]}
	}
	return found, h.err
}

func (h hand) Template(_ context.Context, chip *persons.Picture) (persons.Template, error) {
	t := persons.Template{0: secret}
	if chip.RGB[len(chip.RGB)/2] > 120 { // the second shot
		t[0] += h.apart
	}
	return t, nil
}

func (h hand) open(context.Context) (persons.Describer, error) { return h, nil }

func cannot(err error) func(context.Context) (persons.Describer, error) {
	return func(context.Context) (persons.Describer, error) { return nil, err }
}

// shots is a decoder that shows two shots of a second, each of its own grey, of 320 × 180; or one shot of two seconds that
// gets brighter.
type shots struct{ one bool }

func (d shots) Decode(_ context.Context, _ video.Source, want video.Want, sink video.Sink) (*video.Result, error) {
	tracks := []video.Track{{ID: 1, Kind: "video", Codec: "h264", Width: 320, Height: 180}, {ID: 2, Kind: "audio", Codec: "aac"}}
	if err := sink.Info(&video.Info{Tracks: tracks}); err != nil {
		return nil, err
	}
	if want.Audio {
		if err := sink.Audio(screening{}.sound(1)); err != nil {
			return nil, err
		}
	}
	res := &video.Result{}
	for n := range 50 {
		if sink.Frame == nil || want.Mode == video.KeyFrames && n > 0 {
			break
		}
		plane := video.Plane{Data: make([]byte, 320*180), Stride: 320, Width: 320, Height: 180}
		for i := range plane.Data {
			if plane.Data[i] = byte(40 + 150*(n/25)); d.one {
				plane.Data[i] = byte(60 + 2*n)
			}
		}
		if err := sink.Frame(&video.Frame{Index: int64(n), Time: time.Duration(n) * 40 * time.Millisecond, Width: 320, Height: 180, BitDepth: 8, Y: plane}); err != nil {
			return res, err
		}
		res.Frames++
	}
	return res, nil
}

var middleFace = []persons.Face{{X: 0.4, Y: 0.3, W: 0.2, H: 0.4, Score: 0.9}}

// A track that ends with another face than it begins with is told.
func TestATrackOfTwoFacesIsTold(t *testing.T) {
	m := forge.Depicted("p1", "")
	m.Set("kind", "synthetic")
	for apart, told := range map[float32]bool{0: false, .9: true} {
		v := looking(t, policy.Newsroom, shots{one: true}, seer{faces: middleFace}.open)
		v.LinkFaces = hand{apart: apart}.open
		r := verify(t, v, asset(depicts(m)))
		if reported(r, "consent.face.identityDrift") != told || (len(r.Persons.Links.IdentityDrift) > 0) != told {
			t.Errorf("%v apart: %+v, %v", apart, r.Persons.Links, r.Findings)
		}
	}
}

// Comparing the faces of a file with each other reports, hints, and may make a verdict worse; it never makes one better.
func TestLinkFaces(t *testing.T) {
	rank := map[report.Verdict]int{report.Pass: 0, report.Warn: 1, report.Indeterminate: 2, report.Fail: 3}
	synthetic := func() forge.Map {
		m := forge.Depicted("p1", "")
		m.Set("kind", "synthetic")
		return m
	}
	elsewhere := at(synthetic(), 0, 0, 5, 5)
	for name, c := range map[string]struct {
		file    []byte
		links   func(context.Context) (persons.Describer, error)
		people  [2]int // -1: not told
		verdict [3]report.Verdict
		code    string
		event   string
	}{
		"one person, declared":           {depicts(synthetic()), hand{}.open, [2]int{1, 1}, [3]report.Verdict{report.Pass, report.Pass, report.Pass}, "", ""},
		"two under one entry":            {depicts(synthetic()), hand{apart: .7}.open, [2]int{2, 2}, [3]report.Verdict{report.Warn, report.Warn, report.Warn}, "consent.token.coversDifferentFaces", policy.DifferentFaces},
		"perhaps two under one entry":    {depicts(synthetic()), hand{apart: .5}.open, [2]int{1, 2}, [3]report.Verdict{report.Pass, report.Pass, report.Pass}, "", ""},
		"alike, and nobody declared":     {depicts(), hand{}.open, [2]int{1, 1}, [3]report.Verdict{report.Warn, report.Fail, report.Fail}, "consent.face.undeclared", policy.UndeclaredFace},
		"alike, and declared elsewhere":  {depicts(elsewhere), hand{}.open, [2]int{1, 1}, [3]report.Verdict{report.Warn, report.Fail, report.Fail}, "consent.face.undeclared", policy.UndeclaredFace},
		"the model is not installed":     {depicts(synthetic()), cannot(&persons.Error{Reason: persons.ReasonModel, Detail: "it is not installed"}), [2]int{-1, -1}, [3]report.Verdict{report.Indeterminate, report.Indeterminate, report.Fail}, "", policy.NotAnalysed},
		"an error of another kind":       {depicts(synthetic()), cannot(errors.New("out of ink")), [2]int{-1, -1}, [3]report.Verdict{report.Indeterminate, report.Indeterminate, report.Fail}, "", policy.NotAnalysed},
		"the eye closes when they start": {depicts(synthetic()), hand{err: &persons.Error{Reason: persons.ReasonCrash, Detail: "out of breath"}}.open, [2]int{-1, -1}, [3]report.Verdict{report.Indeterminate, report.Indeterminate, report.Fail}, "", policy.NotAnalysed},
	} {
		for i, profile := range []string{policy.Newsroom, policy.Studio, policy.CI} {
			t.Run(name+"/"+profile, func(t *testing.T) {
				v := looking(t, profile, shots{}, seer{faces: middleFace}.open)
				without := verify(t, v, asset(c.file))
				v.LinkFaces = c.links
				r := verify(t, v, asset(c.file))
				if r.Verdict != c.verdict[i] || rank[r.Verdict] < rank[without.Verdict] {
					t.Errorf("%s, want %s; %s without the comparison: %v", r.Verdict, c.verdict[i], without.Verdict, without.Reasons)
				}
				l := r.Persons.Links
				if without.Persons.Links != nil || l == nil {
					t.Fatalf("not asked: %v; asked: %v", without.Persons.Links, l)
				}
				if got := [2]int{number(l.PersonsMin), number(l.PersonsMax)}; got != c.people {
					t.Errorf("%v people, want %v", got, c.people)
				}
				if c.code != "" && !reported(r, c.code) || c.event != "" && !hasEvent(r, c.event) {
					t.Errorf("no %q or no event %q among %v, %v", c.code, c.event, r.Findings, r.Reasons)
				}
				if c.people[0] < 0 && (l.Status != persons.StatusNotAnalysed || l.Reason == nil ||
					!slices.ContainsFunc(r.NotChecked, func(n report.NotChecked) bool { return n.What == "faces compared with each other" })) {
					t.Errorf("not said: %+v, %v", l, r.NotChecked)
				}
				keepsToSchema(t, r)
				r.Persons.Links = nil
				if !jsonEqual(t, r.Persons, without.Persons) {
					t.Error("the tracks are others than without the comparison")
				}
			})
		}
	}
}

func number(n *int) int {
	if n == nil {
		return -1
	}
	return *n
}

func jsonEqual(t *testing.T, a, b any) bool {
	t.Helper()
	x, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	y, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	return string(x) == string(y)
}

// Nothing of a template is in the report.
func TestLinkFaces_templatesStayInside(t *testing.T) {
	v := looking(t, policy.Newsroom, shots{}, seer{faces: middleFace}.open)
	v.LinkFaces = hand{}.open
	b, err := json.Marshal(verify(t, v, asset(depicts())))
	if err != nil {
		t.Fatal(err)
	}
	if s := string(b); strings.Contains(s, "31.41") || strings.Contains(s, "template") || !strings.Contains(s, `"personsMin":1`) {
		t.Error(s)
	}
}

// Who looked at a part of the picture has compared the faces of that part: there may be more people.
func TestLinkFaces_inPart(t *testing.T) {
	v := looking(t, policy.Newsroom, shots{}, seer{faces: middleFace}.open)
	v.LinkFaces, v.Persons = hand{}.open, consentry.PersonsFast
	r := verify(t, v, asset(depicts()))
	if l := r.Persons.Links; r.Persons.Status != persons.StatusPartial || l == nil || l.Status != persons.StatusPartial || l.Reason == nil || *l.Reason != *r.Persons.Reason {
		t.Errorf("%s, %+v", r.Persons.Status, l)
	}
}

// Who wants faces compared wants them looked for, wherever the picture comes from: comparing nothing would be no answer. A
// file without a picture has none, and where nothing may be decoded it is not analysed.
func TestLinkFaces_looksForFaces(t *testing.T) {
	unknown := forge.Recipe{}
	unknown.Manifest.Actions = []forge.Action{{Name: "c2pa.created"}}
	file := forge.Make(unknown).Data
	for name, c := range map[string]struct {
		links    func(context.Context) (persons.Describer, error)
		change   func(*consentry.Verifier)
		status   string // of the look for faces
		compared string // of the comparison; empty: there is none
		event    bool   // not_analysed
		because  string
	}{
		"not asked":                  {nil, func(*consentry.Verifier) {}, "off", "", false, ""},
		"asked":                      {hand{}.open, func(*consentry.Verifier) {}, "analysed", "analysed", false, ""},
		"asked, and not installed":   {cannot(&persons.Error{Reason: persons.ReasonModel, Detail: "it is not installed"}), func(*consentry.Verifier) {}, "analysed", "not-analysed", true, "they were not compared: model: it is not installed"},
		"asked, no detector":         {hand{}.open, func(v *consentry.Verifier) { v.Faces = nil }, "not-analysed", "not-analysed", true, "they were not compared: no detector of faces in this build"},
		"asked, nothing is decoded":  {hand{}.open, func(v *consentry.Verifier) { v.Frames = video.InfoOnly }, "off", "not-analysed", true, "they were not compared: decoding is switched off"},
		"asked, the look turned off": {hand{}.open, func(v *consentry.Verifier) { v.Persons = consentry.PersonsOff }, "off", "", false, "nobody looked for faces"},
	} {
		t.Run(name, func(t *testing.T) {
			v := looking(t, policy.Newsroom, shots{}, seer{faces: middleFace}.open)
			v.LinkFaces = c.links
			c.change(v)
			r := verify(t, v, asset(file))
			status := ""
			if r.Persons.Links != nil {
				status = r.Persons.Links.Status
			}
			if r.Persons.Status != c.status || status != c.compared || hasEvent(r, policy.NotAnalysed) != c.event {
				t.Errorf("faces %s, comparison %q, %v", r.Persons.Status, status, r.Reasons)
			}
			if c.because != "" && !slices.Contains(r.NotChecked, report.NotChecked{What: "faces compared with each other", Why: c.because}) {
				t.Errorf("not said: %v", r.NotChecked)
			}
			keepsToSchema(t, r)
		})
	}
}

// Frames that do not come the second time are said to be missing, and not that their faces are too small.
func TestLinkFaces_framesThatDoNotCome(t *testing.T) {
	v := looking(t, policy.Newsroom, &waning{}, seer{faces: middleFace}.open)
	v.LinkFaces = hand{}.open
	r := verify(t, v, asset(depicts()))
	l := r.Persons.Links
	if l == nil || l.Status != persons.StatusPartial || l.Reason == nil || !strings.Contains(*l.Reason, "did not come when decoded again") || !hasEvent(r, policy.NotAnalysed) {
		t.Fatalf("%+v, %v", l, r.Reasons)
	}
	for _, n := range r.NotChecked {
		if strings.Contains(n.Why, "too small") {
			t.Errorf("%d tracks were not seen again: %s", len(l.NotCompared), n.Why)
		}
	}
}

// waning is a decoder that gives the first ten frames only when it is asked for all once more.
type waning struct {
	shots
	asked int
}

func (w *waning) Decode(ctx context.Context, s video.Source, want video.Want, sink video.Sink) (*video.Result, error) {
	if w.asked++; w.asked == 1 {
		return w.shots.Decode(ctx, s, want, sink)
	}
	frame := sink.Frame
	sink.Frame = func(f *video.Frame) error {
		if f.Index >= 10 {
			return nil
		}
		return frame(f)
	}
	return w.shots.Decode(ctx, s, want, sink)
}

// Where nobody looks for faces, none are compared, and that is said.
func TestLinkFaces_nobodyLooked(t *testing.T) {
	v := looking(t, policy.Newsroom, shots{}, seer{faces: middleFace}.open)
	v.LinkFaces, v.Persons = hand{}.open, consentry.PersonsOff
	r := verify(t, v, asset(depicts()))
	if r.Persons.Links != nil || !slices.Contains(r.NotChecked, report.NotChecked{What: "faces compared with each other", Why: "nobody looked for faces"}) {
		t.Errorf("%+v, %v", r.Persons.Links, r.NotChecked)
	}
}
