package consentry_test

import (
	"context"
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

// replay decodes as screening does, and counts the frames of each decode. From the second one on it may fail.
type replay struct {
	screening
	then   func(n int) (screening, error) // what the decode after the first n ones is
	frames *[]int
}

func (d replay) Decode(ctx context.Context, src video.Source, want video.Want, sink video.Sink) (*video.Result, error) {
	n := len(*d.frames)
	*d.frames = append(*d.frames, 0)
	take := sink.Frame
	sink.Frame = func(f *video.Frame) error { (*d.frames)[n]++; return take(f) }
	now := d.screening
	if d.then != nil && n > 0 {
		var err error
		if now, err = d.then(n); err != nil {
			return nil, err
		}
	}
	return now.Decode(ctx, src, want, sink)
}

func examine(t *testing.T, v *consentry.Verifier, a consentry.Asset) *consentry.Result {
	t.Helper()
	res, err := v.Examine(context.Background(), a)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// grid is n faces that do not touch.
func grid(n int) (out []persons.Face) {
	for i := range n {
		out = append(out, persons.Face{X: float64(i%10) * 0.1, Y: float64(i/10) * 0.1, W: 0.06, H: 0.06, Score: 0.9})
	}
	return out
}

// A picture is made of each face that nobody declared, in a second decode that ends with the last of them, and of no
// other; without a face of that kind, or unasked, there is no second decode.
func TestViews(t *testing.T) {
	declared := forge.Depicted("p1", "")
	declared.Set("kind", "synthetic")
	declared = at(declared, 18, 18, 24, 34)
	for _, tc := range []struct {
		name    string
		asked   bool
		file    []byte
		decodes int
		views   int
	}{
		{"undeclared", true, depicts(), 2, 1},
		{"declared", true, depicts(declared), 1, 0},
		{"not asked for", false, depicts(), 1, 0},
	} {
		var frames []int
		v := looking(t, policy.Newsroom, replay{screening: screening{frames: 50}, frames: &frames}, seer{faces: oneFace}.open)
		v.Views = tc.asked
		res := examine(t, v, asset(tc.file))
		if len(frames) != tc.decodes || tc.asked != (res.Views != nil) {
			t.Errorf("%s: %d decodes, views %+v", tc.name, len(frames), res.Views)
			continue
		}
		if !tc.asked {
			continue
		}
		if len(res.Views.List) != tc.views || res.Views.Missing() != "" {
			t.Errorf("%s: %+v", tc.name, res.Views)
		}
		if tc.views == 1 {
			track := res.Report.Persons.Tracks[0]
			if v := res.Views.List[0]; v.Track != track.ID || v.AtMs != track.Best.AtMs || !v.Picture.Valid() {
				t.Errorf("%s: %+v of %+v", tc.name, v, track)
			}
			if last := int(track.Best.AtMs/40) + 1; frames[1] != last {
				t.Errorf("%s: %d frames decoded again, want %d", tc.name, frames[1], last)
			}
		}
		if tc.name == "declared" && (len(res.Views.Lanes) != 1 || res.Views.Lanes[0].ID != "p1") {
			t.Errorf("lanes %+v", res.Views.Lanes)
		}
	}
}

// A second decode that fails, or gives other frames, is said and changes no verdict.
func TestViews_secondDecode(t *testing.T) {
	plain := looking(t, policy.CI, screening{frames: 10}, seer{faces: oneFace}.open)
	want := verify(t, plain, asset(depicts())).Verdict
	for _, tc := range []struct {
		name string
		then func(int) (screening, error)
		why  string
	}{
		{"crash", func(int) (screening, error) {
			return screening{}, &video.Error{Reason: video.ReasonCrash, Detail: "the child died"}
		}, "the child died"},
		{"no frames", func(int) (screening, error) { return screening{}, nil }, "did not give"},
		{"a frame without samples", func(int) (screening, error) { return screening{frames: 10, cut: true}, nil }, "not what it says"},
	} {
		var frames []int
		v := looking(t, policy.CI, replay{screening: screening{frames: 10}, then: tc.then, frames: &frames}, seer{faces: oneFace}.open)
		v.Views = true
		res := examine(t, v, asset(depicts()))
		if res.Views == nil || !strings.Contains(res.Views.Missing(), tc.why) || res.Views.List[0].Picture != nil {
			t.Errorf("%s: %+v", tc.name, res.Views)
		}
		said := slices.ContainsFunc(res.Report.NotChecked, func(n report.NotChecked) bool { return n.What == "pictures of faces" })
		if !said || res.Report.Verdict != want || !res.Report.Complete {
			t.Errorf("%s: said %v, %s, want %s", tc.name, said, res.Report.Verdict, want)
		}
	}
	broken := func(int) (screening, error) { return screening{}, errors.New("disk on fire") }
	var frames []int
	v := looking(t, policy.CI, replay{screening: screening{frames: 10}, then: broken, frames: &frames}, seer{faces: oneFace}.open)
	v.Views = true
	if res, err := v.Examine(context.Background(), asset(depicts())); err == nil || res.Report.Verdict != report.Indeterminate {
		t.Errorf("%v, %s", err, res.Report.Verdict)
	}
}

// As many pictures are made as the limit lets, and what is left out is counted.
func TestViews_limit(t *testing.T) {
	for n, more := range map[int]int{consentry.MaxViews: 0, consentry.MaxViews + 1: 1} {
		v := looking(t, policy.Newsroom, screening{frames: 10}, seer{faces: grid(n)}.open)
		v.Views = true
		res := examine(t, v, asset(depicts()))
		if len(res.Report.Persons.Undeclared) != n || len(res.Views.List) != consentry.MaxViews || res.Views.More != more || res.Views.Missing() != "" {
			t.Errorf("%d faces: %d undeclared, %d views, %d more, %s", n, len(res.Report.Persons.Undeclared), len(res.Views.List), res.Views.More, res.Views.Missing())
		}
	}
}

// Each further video track is decoded for its own faces.
func TestViews_furtherTracks(t *testing.T) {
	tracks := []video.Track{{ID: 1, Kind: "video", Codec: "h264", Width: 32, Height: 18}, {ID: 7, Kind: "video", Codec: "h264", Width: 32, Height: 18}}
	var frames []int
	v := looking(t, policy.Newsroom, replay{screening: screening{frames: 10, tracks: tracks}, frames: &frames}, seer{faces: oneFace}.open)
	v.Views = true
	res := examine(t, v, asset(depicts()))
	if len(frames) != 4 || len(res.Views.List) != 2 || res.Views.List[0].Track == res.Views.List[1].Track || res.Views.Missing() != "" {
		t.Errorf("%v frames, %+v", frames, res.Views)
	}
}

// Looking without judging makes pictures, too.
func TestLookAt_views(t *testing.T) {
	v := &consentry.Verifier{Frames: video.AllFrames, Decoder: screening{frames: 10}, Faces: seer{faces: oneFace}.open, Views: true}
	sight, err := v.LookAt(context.Background(), asset(depicts()), nil)
	if err != nil || sight.Views == nil || len(sight.Views.List) != 1 || !sight.Views.List[0].Picture.Valid() {
		t.Errorf("%+v, %v", sight, err)
	}
	ctx, stop := context.WithDeadline(context.Background(), time.Unix(0, 0))
	defer stop()
	if _, err := v.LookAt(ctx, asset(depicts()), nil); err == nil {
		t.Error("a run without time is no answer")
	}
}
