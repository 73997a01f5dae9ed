package consentry_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/consentry/consentry"
	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/report"
	"github.com/consentry/consentry/video"
	"github.com/consentry/consentry/watermark/neural"
)

// sounding is a decoder whose tracks last so many seconds each; a pass gives one of them.
type sounding struct {
	seconds []int
	fails   map[int]error // by index
	gap     time.Duration // between two seconds, of which the last tenth is missing too
}

func (s sounding) Decode(_ context.Context, _ video.Source, want video.Want, sink video.Sink) (*video.Result, error) {
	sink = sink.WithDefaults()
	i := &video.Info{Picture: 0, Tracks: []video.Track{{Kind: "video", ID: 1, Codec: "h264"}}}
	for n := range s.seconds {
		i.Tracks = append(i.Tracks, video.Track{Index: n + 1, ID: int64(n + 2), Kind: "audio", Codec: "aac"})
	}
	if err := sink.Info(i); err != nil {
		return nil, err
	}
	track := max(want.AudioTrack, 1)
	res := &video.Result{}
	if !want.Audio || len(s.seconds) == 0 {
		return res, nil
	}
	if err := s.fails[track]; err != nil {
		return res, err
	}
	p := make([]float32, 8000)
	if s.gap > 0 {
		p = p[:7200]
	}
	for n := range p {
		p[n] = float32(0.1 * math.Sin(float64(n)/3))
	}
	for at := range s.seconds[track-1] {
		if err := sink.Audio(&video.Audio{Track: track, Time: time.Duration(at) * (time.Second + s.gap), Rate: 8000, Samples: len(p), Planes: [][]float32{p}}); err != nil {
			return res, err
		}
		res.Sound.Blocks++
	}
	return res, nil
}

// scores is a network that gives one score after the other.
type scores struct {
	list []float32
	n    int
	err  error
}

func (s *scores) Run(neural.Tensor) (neural.Tensor, error) {
	s.n++
	return neural.Tensor{Data: []float32{s.list[min(s.n, len(s.list))-1]}}, s.err
}

func (s *scores) Close() error { return nil }

func perth(t *testing.T, s *scores, err error) consentry.MarkNetwork {
	t.Helper()
	m := forge.Model{Inputs: []forge.ModelValue{{Name: "in", Type: 1, Shape: []int64{1, 1025, 301}}}, Outputs: []forge.ModelValue{{Name: "out", Type: 1, Shape: []int64{1, 1}}}}
	n, bad := neural.Recognise(neural.PerTh, m.Bytes())
	if bad != nil {
		t.Fatal(bad)
	}
	return consentry.MarkNetwork{Network: n, SHA256: strings.Repeat("ab", 32), Open: func(context.Context) (neural.Session, error) { return s, err }}
}

// TestAMarkInSoundBesideADeclaredRecordingIsTold: the origin stays what the manifest says.
func TestAMarkInSoundBesideADeclaredRecordingIsTold(t *testing.T) {
	recorded := forge.Make(forge.Recipe{Manifest: forge.Manifest{Actions: []forge.Action{{Name: "c2pa.created", Source: "digitalCapture"}}}}).Data
	v := trusting(t)
	v.Frames, v.Decoder, v.MarkNetworks = video.KeyFrames, sounding{seconds: []int{4}}, []consentry.MarkNetwork{perth(t, &scores{list: []float32{1}}, nil)}
	if r := verify(t, v, asset(recorded)); !report.Has(r.Findings, "watermark.soundClash") || report.Has(r.Findings, "watermark.clash") || r.Origin.State != "captured" {
		t.Errorf("%s: %+v", r.Origin.State, r.Findings)
	}
}

// TestMarksInSoundOnlyHint: every track has its row with spans, a finding says it, and neither origin nor verdict sees it.
func TestMarksInSoundOnlyHint(t *testing.T) {
	gone := errors.New("gone")
	for _, c := range []struct {
		name   string
		tracks sounding
		says   *scores
		open   error
		rows   []report.SoundMark // track, pieces, marked, spans
		state  string
		not    string // among what was not checked
	}{
		{"marked in the second track, in part", sounding{seconds: []int{4, 7}}, &scores{list: []float32{0, 0, 1}}, nil, []report.SoundMark{
			{Track: 2, Pieces: 1}, {Track: 3, Pieces: 2, Marked: 1, SpansMs: [][2]int64{{3000, 6000}}},
		}, "analysed", ""},
		{"none", sounding{seconds: []int{4}}, &scores{list: []float32{0.89}}, nil, []report.SoundMark{{Track: 2, Pieces: 1}}, "analysed", ""},
		{"no sound", sounding{}, &scores{list: []float32{1}}, nil, nil, "analysed", "there is no sound track to listen to"},
		{"a network that does not start", sounding{seconds: []int{4}}, &scores{list: []float32{1}}, gone, nil, "partial", "could not be asked: gone"},
		{"a network that dies", sounding{seconds: []int{4}}, &scores{list: []float32{1}, err: gone}, nil, []report.SoundMark{{Track: 2}}, "partial", "could not be asked: gone"},
		{"sound with gaps", sounding{seconds: []int{9}, gap: time.Minute}, &scores{list: []float32{0}}, nil, []report.SoundMark{{Track: 2, Pieces: 0}}, "partial", "no piece of it as long as a third"},
		{"a track that is not decoded", sounding{seconds: []int{4, 4}, fails: map[int]error{2: &video.Error{Reason: video.ReasonLimit, Detail: "too loud"}}}, &scores{list: []float32{0}}, nil, []report.SoundMark{{Track: 2, Pieces: 1}}, "partial", "too loud"},
	} {
		t.Run(c.name, func(t *testing.T) {
			judge := func(nets ...consentry.MarkNetwork) *report.Report {
				v := trusting(t)
				v.Frames, v.Decoder, v.MarkNetworks = video.KeyFrames, c.tracks, nets
				return verify(t, v, asset(forge.Movie(nil)))
			}
			r, without := judge(perth(t, c.says, c.open)), judge()
			if len(r.Watermarks.Sound) != len(c.rows) {
				t.Fatalf("%+v", r.Watermarks.Sound)
			}
			marked := false
			for i, want := range c.rows {
				got := r.Watermarks.Sound[i]
				if got.Kind != "perth" || got.Class != "F" || got.Measured != nil || got.Track != want.Track || got.Pieces != want.Pieces || got.Marked != want.Marked || !slices.Equal(got.SpansMs, want.SpansMs) {
					t.Errorf("%+v", got)
				}
				marked = marked || want.Marked > 0
			}
			if report.Has(r.Findings, "watermark.sound") != marked || report.Has(r.Findings, "watermark.soundClash") {
				t.Errorf("%+v", r.Findings)
			}
			if r.Verdict != without.Verdict || r.Origin.State != without.Origin.State {
				t.Errorf("%s and %s, without the network %s and %s", r.Verdict, r.Origin.State, without.Verdict, without.Origin.State)
			}
			said := c.not == ""
			for _, n := range r.NotChecked {
				said = said || strings.HasPrefix(n.What, "marks of perth") && strings.Contains(n.Why, c.not)
			}
			if !said || r.Watermarks.State != c.state {
				t.Errorf("%s: %+v", r.Watermarks.State, r.NotChecked)
			}
		})
	}
}

// TestANetworkThatWasNeverMeasuredIsSaidToBe: PerTh was, AudioSeal was not; the report says so whatever is found.
func TestANetworkThatWasNeverMeasuredIsSaidToBe(t *testing.T) {
	value := func(name string, shape ...int64) []forge.ModelValue {
		return []forge.ModelValue{{Name: name, Type: 1, Shape: shape}}
	}
	n, err := neural.Recognise(neural.AudioSeal, forge.Model{Inputs: value("in", 1, 1, 16000), Outputs: value("out", 1, 18, 16000)}.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	silent := func(context.Context) (neural.Session, error) { return &scores{list: []float32{0}}, nil }
	for _, c := range []struct {
		net  consentry.MarkNetwork
		said bool
	}{{perth(t, &scores{list: []float32{0}}, nil), false}, {consentry.MarkNetwork{Network: n, SHA256: strings.Repeat("cd", 32), Open: silent}, true}} {
		v := trusting(t)
		v.Frames, v.Decoder, v.MarkNetworks = video.KeyFrames, sounding{seconds: []int{4}}, []consentry.MarkNetwork{c.net}
		r := verify(t, v, asset(forge.Movie(nil)))
		what := "how often marks of " + string(c.net.Network.Kind) + " are found or missed"
		if said := slices.ContainsFunc(r.NotChecked, func(n report.NotChecked) bool {
			return n.What == what && strings.Contains(n.Why, "published weights was ever measured")
		}); said != c.said {
			t.Errorf("%s: said %v: %+v", c.net.Network.Kind, said, r.NotChecked)
		}
	}
}

// reads is a network for pictures whose answers are the same bits for each picture that is brighter on its left, and noise
// for one that is mirrored, if it tells them apart.
type reads struct{ mirrored bool }

func (r reads) Run(in neural.Tensor) (neural.Tensor, error) {
	out := neural.Tensor{Shape: []int64{1, 100}, Data: make([]float32, 100)}
	for i := range out.Data {
		out.Data[i] = -3
		if i >= 98 || !r.mirrored && in.Data[0] < in.Data[in.Shape[3]-1] && i%2 == 1 { // no wrong bits, in the schema BCH_3
			out.Data[i] = 3
		}
	}
	return out, nil
}

func (reads) Close() error { return nil }

// A payload that a network of the user's own reads is told where two moments agree, and doubted where a mirrored picture
// has it as well.
func TestPayloadsOfANetworkAreTold(t *testing.T) {
	value := func(name string, shape ...int64) []forge.ModelValue {
		return []forge.ModelValue{{Name: name, Type: 1, Shape: shape}}
	}
	n, err := neural.Recognise(neural.TrustMarkP, forge.Model{Inputs: value("in", 1, 3, 256, 256), Outputs: value("out", 1, 100)}.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	f := painted()
	for y := range f.Y.Height {
		for x := range f.Y.Width / 2 {
			f.Y.Data[y*f.Y.Stride+x] = 230
		}
	}
	for mirrored, want := range map[bool]string{false: "watermark.payload", true: "watermark.payloadDoubtful"} {
		v := trusting(t)
		v.Frames, v.Decoder = video.KeyFrames, showing{frames: []*video.Frame{f, f, f, f}}
		v.MarkNetworks = []consentry.MarkNetwork{{Network: n, SHA256: strings.Repeat("ab", 32), Open: func(context.Context) (neural.Session, error) { return reads{mirrored}, nil }}}
		r := verify(t, v, asset(generated().Data))
		for _, code := range []string{"watermark.payload", "watermark.payloadDoubtful"} {
			if report.Has(r.Findings, code) != (code == want) {
				t.Errorf("in the mirror too: %v, %s: %+v", mirrored, code, r.Findings)
			}
		}
	}
}
