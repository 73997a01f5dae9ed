package consentry_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/consentry/consentry"
	"github.com/consentry/consentry/consent"
	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/internal/schematest"
	"github.com/consentry/consentry/persons"
	"github.com/consentry/consentry/policy"
	"github.com/consentry/consentry/report"
	"github.com/consentry/consentry/video"
)

// screening is a decoder that shows grey frames, all or key frames, and counts how often it was asked.
type screening struct {
	frames int
	broken *video.Broken
	err    error // after the frames
	tracks []video.Track
	asked  *int
	cut    bool // the last frame lacks half of its samples
	fails  int  // index of a track that cannot be decoded; 0: none
	tags   []video.Tag
	hears  []float32 // at 8 kHz, in each sound track; nil: silence
}

func (d screening) Decode(_ context.Context, _ video.Source, want video.Want, sink video.Sink) (*video.Result, error) {
	if d.asked != nil {
		*d.asked++
	}
	if d.tracks == nil {
		d.tracks = []video.Track{{ID: 1, Kind: "video", Codec: "h264", Width: 32, Height: 18}, {ID: 2, Kind: "audio", Codec: "aac"}}
	}
	if d.fails > 0 && want.Track == d.fails {
		return nil, &video.Error{Reason: video.ReasonCrash, Detail: "the child died"}
	}
	if err := sink.Info(&video.Info{Tracks: d.tracks, Picture: max(want.Track, 0), Tags: video.Tags{List: d.tags}}); err != nil {
		return nil, err
	}
	res := &video.Result{Broken: d.broken}
	for n, track := range d.tracks {
		if track.Kind == "audio" && want.Audio && (want.AudioTrack < 0 || want.AudioTrack == n) {
			if err := sink.Audio(d.sound(n)); err != nil {
				return res, err
			}
			break
		}
	}
	for n := range d.frames {
		if want.Mode == video.KeyFrames && n > 0 || sink.Frame == nil {
			break
		}
		plane := video.Plane{Data: bytes.Repeat([]byte{90}, 32*18), Stride: 32, Width: 32, Height: 18}
		if d.cut && n == d.frames-1 {
			plane.Data = plane.Data[:32*9]
		}
		if err := sink.Frame(&video.Frame{Index: int64(n), Time: time.Duration(n) * 40 * time.Millisecond, Width: 32, Height: 18, BitDepth: 8, Y: plane}); err != nil {
			return res, err
		}
		res.Frames++
	}
	return res, d.err
}

// sound is a block of silence, or what was given.
func (d screening) sound(track int) *video.Audio {
	samples := d.hears
	if samples == nil {
		samples = make([]float32, 8000)
	}
	return &video.Audio{Track: track, Rate: 8000, Samples: len(samples), Planes: [][]float32{samples}}
}

// seer is a detector that sees the same faces in each picture.
type seer struct {
	faces []persons.Face
	err   error
}

func (s seer) Network() string { return "centerface" }
func (s seer) Workers() int    { return 1 }
func (s seer) Close() error    { return nil }
func (s seer) Models() []persons.Model {
	return []persons.Model{{Name: "seer", SHA256: strings.Repeat("0", 64)}}
}

func (s seer) Detect(context.Context, *persons.Picture) ([]persons.Face, error) {
	return s.faces, s.err
}

// stranger is a detector with scores of which nothing is known.
type stranger struct{ seer }

func (stranger) Network() string { return "another" }

func (s stranger) open(context.Context) (persons.Detector, error) { return s, nil }

// tired is a detector that fails after some pictures.
type tired struct {
	seer
	left int
}

func (d *tired) Detect(context.Context, *persons.Picture) ([]persons.Face, error) {
	if d.left--; d.left < 0 {
		return nil, &persons.Error{Reason: persons.ReasonCrash, Detail: "out of breath"}
	}
	return nil, nil
}

func (d *tired) open(context.Context) (persons.Detector, error) { return &tired{left: d.left}, nil }

func (s seer) open(context.Context) (persons.Detector, error) { return s, nil }

func refuse(err error) func(context.Context) (persons.Detector, error) {
	return func(context.Context) (persons.Detector, error) { return nil, err }
}

var oneFace = []persons.Face{{X: 0.2, Y: 0.2, W: 0.2, H: 0.3, Score: 0.9}}

// depicts is a generated file whose declaration names these people, and says that these are all.
func depicts(people ...forge.Map) []byte {
	r := forge.Recipe{}
	r.Manifest.Assertions = []forge.Assertion{{Label: forge.ConsentLabel, CBOR: forge.Consent(people)}}
	return forge.Make(r).Data
}

// at gives an entry a rectangle, in percent of the picture.
func at(m forge.Map, x, y, w, h float64) forge.Map {
	shape := forge.Map{
		{K: "type", V: "rectangle"}, {K: "unit", V: "percent"}, {K: "origin", V: forge.Map{{K: "x", V: x}, {K: "y", V: y}}}, {K: "width", V: w}, {K: "height", V: h},
	}
	m.Set("regions", []any{forge.Map{{K: "region", V: []any{forge.Map{{K: "type", V: "spatial"}, {K: "shape", V: shape}}}}}})
	return m
}

// looking is a verifier that looks for people with what sees and shows.
func looking(t *testing.T, profile string, d video.Decoder, faces func(context.Context) (persons.Detector, error)) *consentry.Verifier {
	t.Helper()
	v := trusting(t)
	p, err := policy.Load(profile, nil)
	if err != nil {
		t.Fatal(err)
	}
	v.Policy, v.Frames, v.Decoder, v.Persons, v.Faces = p, video.KeyFrames, d, consentry.PersonsAuto, faces
	return v
}

// Each way in which the people in the picture could not be looked for, or not in full, and what each profile makes of
// it: never silence, and never a yes.
func TestPeopleNotAnalysed(t *testing.T) {
	ten := screening{frames: 10}
	died := &video.Error{Reason: video.ReasonCrash, Detail: "the child died"}
	closed := &persons.Error{Reason: persons.ReasonCrash, Detail: "the eye closed"}
	for name, c := range map[string]struct {
		decoder video.Decoder
		faces   func(context.Context) (persons.Detector, error)
		change  func(*consentry.Verifier)
		status  string
		reason  string
	}{
		"no detector in the build": {ten, nil, nil, "not-analysed", "no detector of faces in this build"},
		"no library":               {ten, refuse(&persons.Error{Reason: persons.ReasonLibrary, Detail: "it is not installed"}), nil, "not-analysed", "library: it is not installed"},
		"another model":            {ten, refuse(&persons.Error{Reason: persons.ReasonModel, Detail: "another digest"}), nil, "not-analysed", "model: another digest"},
		"the self-test fails":      {ten, refuse(&persons.Error{Reason: persons.ReasonSelfTest, Detail: "it sees nobody"}), nil, "not-analysed", "self-test: it sees nobody"},
		"an error of another kind": {ten, refuse(errors.New("out of paper")), nil, "not-analysed", "out of paper"},
		"the detector fails":       {ten, seer{err: closed}.open, nil, "not-analysed", "crash: the eye closed"},
		"the detector is late":     {ten, seer{err: &persons.Error{Reason: persons.ReasonTimeout, Detail: "no answer"}}.open, nil, "not-analysed", "timeout: no answer"},
		"the detector needs more":  {ten, seer{err: &persons.Error{Reason: persons.ReasonLimit, Detail: "memory"}}.open, nil, "not-analysed", "limit: memory"},
		"the detector lies":        {ten, seer{err: &persons.Error{Reason: persons.ReasonProtocol, Detail: "malformed"}}.open, nil, "not-analysed", "protocol: malformed"},
		"no jail on this system":   {ten, refuse(&persons.Error{Reason: persons.ReasonUnavailable, Detail: "no jail"}), nil, "not-analysed", "unavailable: no jail"},
		"a network nobody knows":   {ten, stranger{}.open, nil, "not-analysed", "nothing is known of the scores"},
		"an inference error":       {ten, (&tired{left: 4}).open, nil, "partial", "crash: out of breath"},
		"a frame fails":            {screening{frames: 10, cut: true}, seer{}.open, nil, "partial", "1 of 10 frames could not be looked at"},
		"the decoder is late":      {screening{err: &video.Error{Reason: video.ReasonTimeout, Detail: "no answer"}}, seer{}.open, nil, "not-analysed", "timeout: no answer"},
		"no decoder":               {nil, seer{}.open, nil, "not-analysed", "no decoder in this build"},
		"the decoder fails":        {screening{err: died}, seer{}.open, nil, "not-analysed", "crash: the child died"},
		"the decoder fails later":  {screening{frames: 10, err: died}, seer{}.open, nil, "partial", "crash: the child died"},
		"no frame":                 {screening{}, seer{}.open, nil, "not-analysed", "no frame was decoded"},
		"the stream breaks":        {screening{frames: 5, broken: &video.Broken{Why: "it ends"}}, seer{}.open, nil, "partial", "the stream breaks"},
		"sampled":                  {ten, seer{}.open, func(v *consentry.Verifier) { v.Persons = consentry.PersonsFast }, "partial", "fast"},
		"decoding is off":          {ten, seer{}.open, func(v *consentry.Verifier) { v.Persons, v.Frames = consentry.PersonsOn, video.InfoOnly }, "not-analysed", "decoding is switched off"},
		"key frames only": {ten, seer{}.open, func(v *consentry.Verifier) {
			v.Persons, v.Frames, v.FramesFixed = consentry.PersonsOn, video.KeyFrames, true
		}, "not-analysed", "only key frames"},
	} {
		for profile, verdict := range map[string]report.Verdict{policy.Newsroom: report.Indeterminate, policy.Studio: report.Indeterminate, policy.CI: report.Fail} {
			t.Run(name+"/"+profile, func(t *testing.T) {
				v := looking(t, profile, c.decoder, c.faces)
				if c.change != nil {
					c.change(v)
				}
				r := verify(t, v, asset(depicts()))
				if r.Verdict != verdict || r.Persons.Status != c.status || r.Persons.Reason == nil || !strings.Contains(*r.Persons.Reason, c.reason) {
					t.Errorf("%s, %s %v; want %s, %s %q", r.Verdict, r.Persons.Status, r.Persons.Reason, verdict, c.status, c.reason)
				}
				if !slices.ContainsFunc(r.Reasons, func(x report.Reason) bool { return x.Event == policy.NotAnalysed && x.Outcome == verdict }) {
					t.Errorf("no event %s among %v", policy.NotAnalysed, r.Reasons)
				}
				if !slices.ContainsFunc(r.NotChecked, func(n report.NotChecked) bool { return n.What == "people in the picture" }) {
					t.Errorf("not said among %v", r.NotChecked)
				}
				keepsToSchema(t, r)
			})
		}
	}
}

// What is seen may make a verdict worse, and never better.
func TestPeopleSeen(t *testing.T) {
	weak := []persons.Face{{X: 0.2, Y: 0.2, W: 0.2, H: 0.3, Score: 0.4}}
	synthetic := func() forge.Map {
		m := forge.Depicted("p1", "")
		m.Set("kind", "synthetic")
		return m
	}
	for name, c := range map[string]struct {
		file    []byte
		faces   []persons.Face
		verdict [3]report.Verdict // newsroom, studio, ci
		codes   []string
		not     []string
	}{
		"nobody declared, nobody seen": {depicts(), nil, [3]report.Verdict{report.Pass, report.Pass, report.Pass}, nil, []string{"consent.face.undeclared"}},
		"nobody declared, one seen": {
			depicts(), oneFace,
			[3]report.Verdict{report.Warn, report.Fail, report.Fail},
			[]string{"consent.face.undeclared", "consent.declaration.incomplete"},
			nil,
		},
		"nobody declared, perhaps one seen": {depicts(), weak, [3]report.Verdict{report.Warn, report.Indeterminate, report.Fail}, []string{"consent.face.possible"}, []string{"consent.face.undeclared", "consent.declaration.incomplete"}},
		"declared where it is":              {depicts(at(synthetic(), 18, 18, 24, 34)), oneFace, [3]report.Verdict{report.Pass, report.Pass, report.Pass}, nil, []string{"consent.face.undeclared", "consent.person.notSeen"}},
		"declared elsewhere": {
			depicts(at(synthetic(), 60, 60, 24, 34)), oneFace,
			[3]report.Verdict{report.Warn, report.Fail, report.Fail},
			[]string{"consent.face.undeclared", "consent.declaration.incomplete", "consent.person.notSeen"},
			nil,
		},
		"declared and not there":             {depicts(at(synthetic(), 18, 18, 24, 34)), nil, [3]report.Verdict{report.Pass, report.Pass, report.Pass}, []string{"consent.person.notSeen"}, []string{"consent.face.undeclared"}},
		"declared without a place, one seen": {depicts(synthetic()), oneFace, [3]report.Verdict{report.Pass, report.Pass, report.Pass}, nil, []string{"consent.face.undeclared"}},
		"seen where nothing else is known":   {depicts(forge.Depicted("p1", "")), oneFace, [3]report.Verdict{report.Warn, report.Indeterminate, report.Fail}, nil, []string{"consent.face.undeclared"}},
	} {
		for n, profile := range []string{policy.Newsroom, policy.Studio, policy.CI} {
			t.Run(name+"/"+profile, func(t *testing.T) {
				r := verify(t, looking(t, profile, screening{frames: 10}, seer{faces: c.faces}.open), asset(c.file))
				v := looking(t, profile, screening{frames: 10}, nil)
				v.Persons = consentry.PersonsOff
				without := verify(t, v, asset(c.file))
				if r.Verdict != c.verdict[n] || rank(r.Verdict) < rank(without.Verdict) {
					t.Errorf("%s, want %s; %s without a look", r.Verdict, c.verdict[n], without.Verdict)
				}
				if r.Persons.Status != "analysed" || r.Persons.FramesAnalysed != 10 || len(r.Persons.Models) != 1 {
					t.Errorf("%+v", r.Persons)
				}
				var codes []string
				for _, f := range r.Findings {
					codes = append(codes, f.Code)
				}
				for _, p := range r.People {
					for _, f := range p.Findings {
						codes = append(codes, f.Code)
					}
					if covered := len(r.Persons.Tracks) == 1 && r.Persons.Tracks[0].Person != nil; (len(p.Seen) == 1) != covered {
						t.Errorf("seen %v", p.Seen)
					}
				}
				for _, want := range c.codes {
					if !slices.Contains(codes, want) {
						t.Errorf("no %s among %v", want, codes)
					}
				}
				for _, never := range c.not {
					if slices.Contains(codes, never) {
						t.Errorf("%s among %v", never, codes)
					}
				}
				keepsToSchema(t, r)
			})
		}
	}
}

func keepsToSchema(t *testing.T, r *report.Report) {
	t.Helper()
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := schematest.Check(schematest.Report, b); err != nil {
		t.Error(err)
	}
}

func rank(v report.Verdict) int {
	return slices.Index([]report.Verdict{report.NotApplicable, report.Pass, report.Warn, report.Indeterminate, report.Fail}, v)
}

// A possible face can be waived by a policy, a face cannot be by that.
func TestPossibleFaceIsWaived(t *testing.T) {
	p, err := policy.Load(policy.CI, []byte("profile: ci\non:\n  possible_face: PASS\n"))
	if err != nil {
		t.Fatal(err)
	}
	for score, want := range map[float64]report.Verdict{0.4: report.Pass, 0.9: report.Fail} {
		v := looking(t, policy.CI, screening{frames: 10}, seer{faces: []persons.Face{{X: 0.2, Y: 0.2, W: 0.2, H: 0.3, Score: score}}}.open)
		v.Policy = p
		if r := verify(t, v, asset(depicts())); r.Verdict != want {
			t.Errorf("score %v: %s", score, r.Verdict)
		}
	}
}

// Where nothing says that the picture was generated, and where it is switched off, nothing is opened or decoded for it.
func TestPeopleNotAskedFor(t *testing.T) {
	recorded := forge.Recipe{}
	recorded.Manifest.Actions = []forge.Action{{Name: "c2pa.created", Source: "digitalCapture"}}
	for name, c := range map[string]struct {
		file []byte
		mode consentry.PersonsMode
		want int // decodes
	}{
		"auto, recorded":  {forge.Make(recorded).Data, consentry.PersonsAuto, 1},
		"off, generated":  {depicts(), consentry.PersonsOff, 1},
		"auto, generated": {depicts(), consentry.PersonsAuto, 1},
	} {
		t.Run(name, func(t *testing.T) {
			asked, opened := 0, 0
			v := looking(t, policy.Newsroom, screening{frames: 3, asked: &asked}, func(ctx context.Context) (persons.Detector, error) {
				opened++
				return seer{}, nil
			})
			v.Persons = c.mode
			r := verify(t, v, asset(c.file))
			looked := name == "auto, generated"
			if asked != c.want || (opened == 1) != looked || (r.Persons.Status == "off") == looked {
				t.Errorf("%d decodes, %d detectors, status %s", asked, opened, r.Persons.Status)
			}
		})
	}
}

// Sound has no picture: in auto mode nobody is looked for, and asked for it could not be.
func TestPeopleInSound(t *testing.T) {
	sound := screening{tracks: []video.Track{{ID: 1, Kind: "audio"}}}
	for mode, want := range map[consentry.PersonsMode]string{consentry.PersonsAuto: "off", consentry.PersonsOn: "not-analysed"} {
		v := looking(t, policy.Newsroom, sound, seer{}.open)
		v.Persons = mode
		r := verify(t, v, asset(depicts()))
		if r.Persons.Status != want || r.Persons.Reason == nil || *r.Persons.Reason != "the file has no picture" {
			t.Errorf("mode %d: %s %v, want %s", mode, r.Persons.Status, r.Persons.Reason, want)
		}
	}
}

func TestPeopleCrowd(t *testing.T) {
	var many []persons.Face
	for i := range 25 {
		many = append(many, persons.Face{X: float64(i%5) / 5, Y: float64(i/5) / 5, W: 0.1, H: 0.1, Score: 0.9})
	}
	r := verify(t, looking(t, policy.Newsroom, screening{frames: 5}, seer{faces: many}.open), asset(depicts()))
	if len(r.Persons.Tracks) != 25 || !report.Has(r.Findings, "consent.face.crowd") {
		t.Errorf("%d tracks", len(r.Persons.Tracks))
	}
}

// A video track that players do not show by themselves is looked at, too: its faces are told with the track, count as
// any others do, and only regions that name the track cover them.
func TestPeopleOfFurtherTracks(t *testing.T) {
	synthetic := func(name string) forge.Map {
		m := forge.Depicted(name, "")
		m.Set("kind", "synthetic")
		return m
	}
	inTrack := func(m forge.Map, track string) forge.Map {
		shape := forge.Map{{K: "type", V: "rectangle"}, {K: "unit", V: "percent"}, {K: "origin", V: forge.Map{{K: "x", V: 18.0}, {K: "y", V: 18.0}}}, {K: "width", V: 24.0}, {K: "height", V: 34.0}}
		m.Set("regions", []any{forge.Map{{K: "region", V: []any{
			forge.Map{{K: "type", V: "spatial"}, {K: "shape", V: shape}},
			forge.Map{{K: "type", V: "identified"}, {K: "item", V: forge.Map{{K: "identifier", V: "track_id"}, {K: "value", V: track}}}},
		}}}})
		return m
	}
	film := video.Track{ID: 1, Kind: "video"}
	other := func(id int64) video.Track { return video.Track{ID: id, Kind: "video"} }
	for name, c := range map[string]struct {
		file       []byte
		tracks     []video.Track
		fails      int // index of the track that cannot be decoded
		verdict    report.Verdict
		status     string
		others     int
		undeclared int
		says       string // in a finding or in what was not checked
	}{
		"both covered by what names them": {depicts(inTrack(synthetic("p1"), "1"), inTrack(synthetic("p2"), "7")), []video.Track{film, other(7), {ID: 2, Kind: "audio"}}, 0, report.Pass, "analysed", 1, 0, ""},
		"one entry for both":              {depicts(at(synthetic("p1"), 18, 18, 24, 34)), []video.Track{film, other(7)}, 0, report.Fail, "analysed", 1, 1, "in video track 7"},
		"nobody declared":                 {depicts(), []video.Track{film, other(7), other(8)}, 0, report.Fail, "analysed", 2, 3, "in video track 8"},
		"one cannot be decoded":           {depicts(inTrack(synthetic("p1"), "1")), []video.Track{film, other(7)}, 1, report.Indeterminate, "partial", 1, 0, "video track 7: crash"},
		"as many as are looked at":        {depicts(at(synthetic("p1"), 18, 18, 24, 34)), []video.Track{film, other(2), other(3), other(4), other(5)}, 0, report.Fail, "analysed", 4, 4, ""},
		"one more than are looked at":     {depicts(at(synthetic("p1"), 18, 18, 24, 34)), []video.Track{film, other(2), other(3), other(4), other(5), other(6)}, 0, report.Fail, "partial", 4, 4, "1 of 5 further video tracks were not looked at"},
	} {
		t.Run(name, func(t *testing.T) {
			v := looking(t, policy.Studio, screening{frames: 10, tracks: c.tracks, fails: c.fails}, seer{faces: oneFace}.open)
			r := verify(t, v, asset(c.file))
			if r.Verdict != c.verdict || r.Persons.Status != c.status || len(r.Persons.VideoTracks) != c.others || len(r.Persons.AllUndeclared()) != c.undeclared {
				t.Errorf("%s, %s, %d further tracks, undeclared %v", r.Verdict, r.Persons.Status, len(r.Persons.VideoTracks), r.Persons.AllUndeclared())
			}
			said := ""
			for _, f := range r.Findings {
				said += f.Explanation + "\n"
			}
			for _, n := range r.NotChecked {
				said += n.Why + "\n"
			}
			if !strings.Contains(said, c.says) {
				t.Errorf("no %q in %s", c.says, said)
			}
			keepsToSchema(t, r)
		})
	}
}

// A region that nothing can be held against covers nobody, and the report says so.
func TestPeopleByTheClockOnTheWall(t *testing.T) {
	m := forge.Depicted("p1", "")
	m.Set("kind", "synthetic")
	m.Set("regions", []any{forge.Map{{K: "region", V: []any{forge.Map{
		{K: "type", V: "temporal"}, {K: "time", V: forge.Map{{K: "type", V: "wallClock"}, {K: "start", V: "2026-01-01T00:00:00Z"}}},
	}}}}})
	r := verify(t, looking(t, policy.Studio, screening{frames: 10}, seer{faces: oneFace}.open), asset(depicts(m)))
	said := slices.ContainsFunc(r.NotChecked, func(n report.NotChecked) bool {
		return n.What == "place of faces" && strings.HasPrefix(n.Why, "p1 declared in regions that contain no face")
	})
	if r.Verdict != report.Fail || len(r.Persons.Undeclared) != 1 || !said {
		t.Errorf("%s, undeclared %v, not checked %v", r.Verdict, r.Persons.Undeclared, r.NotChecked)
	}
}

// Declared people are held against the picture before anything is signed.
func TestLookAt(t *testing.T) {
	text := `{"v":1,"completeness":"complete","people":[{"id":"p1","kind":"real","rendering":"replica","modality":["face"],"regions":[{"region":[{"type":"spatial","shape":{"type":"rectangle","unit":"percent","origin":{"x":18,"y":18},"width":24,"height":34}}]}]}]}`
	declared, err := consent.ParseAssertion([]byte(text), false)
	if err != nil {
		t.Fatal(err)
	}
	v := &consentry.Verifier{Frames: video.AllFrames, Decoder: screening{frames: 10}, Faces: seer{faces: oneFace}.open, Boxes: true}
	with, err := v.LookAt(context.Background(), asset(depicts()), declared)
	if err != nil || len(with.Persons.Tracks) != 1 || with.Persons.Tracks[0].Person == nil || len(with.Persons.Tracks[0].Boxes) != 10 {
		t.Errorf("%+v, %v", with, err)
	}
	// Nobody reads the labels here, so tags that look like one are held against nothing.
	v.Decoder = screening{frames: 10, tags: []video.Tag{{Track: -1, Name: "AIGC", Value: "{}"}}}
	alone, err := v.LookAt(context.Background(), asset(depicts()), nil)
	if err != nil || len(alone.Persons.Undeclared) != 1 {
		t.Errorf("%+v, %v", alone, err)
	}
}

// Looking for faces is switched off by whoever asks for that and by nobody else; it is said, and the verdict is that of the
// declaration alone.
func TestPeopleSwitchedOff(t *testing.T) {
	for _, profile := range []string{policy.Newsroom, policy.Studio, policy.CI} {
		v := looking(t, profile, screening{frames: 10}, seer{faces: oneFace}.open)
		v.Persons = consentry.PersonsOff
		r := verify(t, v, asset(depicts()))
		said := slices.ContainsFunc(r.NotChecked, func(n report.NotChecked) bool {
			return n.What == "people in the picture" && strings.Contains(n.Why, "switched off")
		})
		if r.Persons.Status != "off" || !said || r.Verdict != report.Pass {
			t.Errorf("%s: %s, status %s, not checked %v", profile, r.Verdict, r.Persons.Status, r.NotChecked)
		}
	}
}
