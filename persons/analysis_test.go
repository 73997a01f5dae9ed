package persons_test

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/consentry/consentry/persons"
	"github.com/consentry/consentry/video"
)

var red = actor{x: 0.25, y: 0.25, w: 0.25, h: 0.5}

// What is stored turned, mirrored, with samples that are not square, with more bits or more pixels, is found where a
// player shows it.
func TestAnalysis_findsFacesWhereTheyAreShown(t *testing.T) {
	for name, c := range map[string]struct {
		stage
		want [4]float64 // percent
	}{
		"as it is":                    {stage{}, [4]float64{25, 25, 25, 50}},
		"a quarter clockwise":         {stage{track: video.Track{Rotation: 90}}, [4]float64{25, 25, 50, 25}},
		"upside down":                 {stage{track: video.Track{Rotation: 180}}, [4]float64{50, 25, 25, 50}},
		"three quarters":              {stage{track: video.Track{Rotation: 270}}, [4]float64{25, 50, 50, 25}},
		"mirrored":                    {stage{track: video.Track{Mirrored: true}}, [4]float64{50, 25, 25, 50}},
		"mirrored, then turned":       {stage{track: video.Track{Mirrored: true, Rotation: 90}}, [4]float64{25, 50, 50, 25}},
		"twice as wide as stored":     {stage{track: video.Track{SampleAspect: [2]int{2, 1}}}, [4]float64{25, 25, 25, 50}},
		"an aspect beyond sense":      {stage{track: video.Track{SampleAspect: [2]int{1, 100000}}}, [4]float64{25, 25, 25, 50}},
		"ten bits":                    {stage{deep: true}, [4]float64{25, 25, 25, 50}},
		"all of the colour":           {stage{full: true}, [4]float64{25, 25, 25, 50}},
		"larger than is looked at":    {stage{width: 1920, height: 1080, frames: 8}, [4]float64{25, 25, 25, 50}},
		"sides that are no multiples": {stage{width: 1003, height: 701, frames: 8}, [4]float64{25, 25, 25, 50}},
		"smaller than the small one":  {stage{width: 64, height: 48}, [4]float64{25, 25, 25, 50}},
	} {
		t.Run(name, func(t *testing.T) {
			c.actors = []actor{red}
			e := &eye{}
			p := c.look(t, e, persons.Options{}).Against(nil, true).Persons
			if len(p.Tracks) != 1 || p.Status != persons.StatusAnalysed || e.wrong.Load() > 0 {
				t.Fatalf("%d tracks, %s, %d pictures that are none", len(p.Tracks), p.Status, e.wrong.Load())
			}
			got := p.Tracks[0].Best
			for i, v := range [4]float64{got.X, got.Y, got.Width, got.Height} {
				if math.Abs(v-c.want[i]) > 2.5 {
					t.Errorf("at %+v, want %v", got, c.want)
				}
			}
			if n := len(p.Tracks[0].Boxes); n != p.FramesTotal || p.FramesAnalysed != p.FramesTotal {
				t.Errorf("%d boxes, %d of %d frames", n, p.FramesAnalysed, p.FramesTotal)
			}
		})
	}
}

func TestAnalysis_followsFaces(t *testing.T) {
	until := func(a actor, from, to int) actor { a.from, a.to = from, to; return a }
	right := func(a actor, by float64) actor { a.x += by; return a }
	small := actor{x: 0.5, y: 0.5, w: 0.02, h: 0.04} // as wide as 24 of 1280 pixels
	for name, c := range map[string]struct {
		stage
		want  int // tracks
		shots int
	}{
		"nobody":                               {stage{}, 0, 1},
		"one":                                  {stage{actors: []actor{red}}, 1, 1},
		"one that moves":                       {stage{actors: []actor{{x: 0.05, y: 0.3, w: 0.2, h: 0.4, move: 0.01}}}, 1, 1},
		"two":                                  {stage{actors: []actor{red, {blue: true, x: 0.6, y: 0.2, w: 0.2, h: 0.4}}}, 2, 1},
		"two that take turns":                  {stage{actors: []actor{until(red, 0, 20), until(right(red, 0.5), 20, 0)}}, 2, 1},
		"a flash of three frames":              {stage{actors: []actor{until(red, 11, 14)}}, 1, 1},
		"a small flash in a large picture":     {stage{width: 1280, height: 720, frames: 30, actors: []actor{until(small, 11, 14)}}, 1, 1},
		"a flash of one frame":                 {stage{actors: []actor{until(red, 11, 12)}}, 1, 1},
		"hidden for three frames":              {stage{actors: []actor{until(red, 0, 20), until(red, 23, 0)}}, 1, 1},
		"gone for ten frames":                  {stage{actors: []actor{until(red, 0, 20), until(red, 30, 0)}}, 2, 1},
		"a cut between two dark shots":         {stage{actors: []actor{until(red, 0, 20), until(right(red, 0.4), 20, 0)}, ground: 18, shade: 20, cuts: []int{20}}, 2, 2},
		"a change of the light":                {stage{actors: []actor{red}, ground: 90, shade: 8, cuts: []int{20}}, 1, 1},
		"a cut, and the next one stands there": {stage{actors: []actor{red}, cuts: []int{20}}, 2, 2},
	} {
		t.Run(name, func(t *testing.T) {
			seen := c.look(t, &eye{}, persons.Options{})
			p := seen.Against(nil, false).Persons
			if len(p.Tracks) != c.want || p.Shots != c.shots || len(p.Undeclared) != c.want {
				t.Errorf("%d tracks in %d shots, want %d in %d: %+v", len(p.Tracks), p.Shots, c.want, c.shots, p.Tracks)
			}
		})
	}
}

// A network for which the small picture buys nothing sees every frame in full.
func TestAnalysis_everyFrameInFull(t *testing.T) {
	e := &eye{network: "yunet"}
	p := stage{width: 640, height: 360, frames: 20, actors: []actor{red}}.look(t, e, persons.Options{}).Against(nil, false).Persons
	if e.large.Load() != 20 || e.calls.Load() != 20 || p.FramesLarge != 20 {
		t.Errorf("%d of %d pictures are large, %d reported", e.large.Load(), e.calls.Load(), p.FramesLarge)
	}
}

func TestAnalysis_classes(t *testing.T) {
	for name, c := range map[string]struct {
		score    float64
		frames   int
		want     string
		declared int
	}{
		"certain":                        {0.6, 50, persons.ClassConfirmed, 1},
		"certain for three frames":       {0.6, 3, persons.ClassConfirmed, 1},
		"never certain":                  {0.4, 50, persons.ClassPossible, 0},
		"never certain for three frames": {0.4, 3, "", 0},
		"too weak to start":              {0.2, 50, "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			a := red
			a.to = c.frames
			seen := stage{actors: []actor{a}}.look(t, &eye{score: c.score}, persons.Options{})
			p := seen.Against(nil, false).Persons
			if c.want == "" {
				if len(p.Tracks) > 0 {
					t.Fatalf("%+v", p.Tracks)
				}
				return
			}
			if len(p.Tracks) != 1 || p.Tracks[0].Class != c.want || len(p.Undeclared) != c.declared {
				t.Errorf("%+v, undeclared %v", p.Tracks, p.Undeclared)
			}
		})
	}
}

// Each way in which an analysis can be missing, wholly or in part, is said: never silence, and never "nobody is there".
func TestAnalysis_whatIsMissingIsSaid(t *testing.T) {
	broken := &video.Result{Broken: &video.Broken{Time: time.Second, Why: "it ends here"}}
	for name, c := range map[string]struct {
		stage
		eye    *eye
		opts   persons.Options
		res    *video.Result
		why    string
		status string
		reason string
	}{
		"nothing":                         {stage{}, &eye{}, persons.Options{}, &video.Result{}, "", persons.StatusAnalysed, ""},
		"no frame":                        {stage{frames: -1}, &eye{}, persons.Options{}, &video.Result{}, "", persons.StatusNotAnalysed, "no frame was decoded"},
		"the decoder died first":          {stage{frames: -1}, &eye{}, persons.Options{}, nil, "not analysed: crash: it died", persons.StatusNotAnalysed, "crash: it died"},
		"the decoder died":                {stage{}, &eye{}, persons.Options{}, nil, "not analysed: crash: it died", persons.StatusPartial, "crash: it died"},
		"the stream breaks":               {stage{}, &eye{}, persons.Options{}, broken, "", persons.StatusPartial, "the stream breaks near 1.0 s: it ends here"},
		"the detector dies at once":       {stage{}, &eye{failAt: 1}, persons.Options{}, &video.Result{}, "", persons.StatusNotAnalysed, "crash: the eye closed"},
		"the detector dies on the way":    {stage{}, &eye{failAt: 20}, persons.Options{}, &video.Result{}, "", persons.StatusPartial, "crash: the eye closed"},
		"a frame is not what it says":     {stage{spoil: 9}, &eye{}, persons.Options{}, &video.Result{}, "", persons.StatusPartial, "1 of 50 frames could not be looked at"},
		"sampled":                         {stage{}, &eye{}, persons.Options{Fast: true}, &video.Result{}, "", persons.StatusPartial, "shorter than 250 ms may be missed"},
		"more faces than can be followed": {stage{frames: 9}, &eye{extra: 300}, persons.Options{}, &video.Result{}, "", persons.StatusPartial, "limit: more faces than are followed"},
	} {
		t.Run(name, func(t *testing.T) {
			a, err := persons.NewAnalysis(context.Background(), c.eye, c.opts)
			if err != nil {
				t.Fatal(err)
			}
			if c.frames < 0 {
				c.frames = 0
			} else {
				c.stage.play(t, a)
			}
			seen, err := a.Finish(c.res, c.why)
			if err != nil || seen.Status != c.status || !strings.Contains(seen.Reason, c.reason) || (c.reason == "") != (seen.Reason == "") {
				t.Errorf("%s: %q, %v; want %s: %q", seen.Status, seen.Reason, err, c.status, c.reason)
			}
			if p := seen.Against(nil, false).Persons; p.Status != c.status || (p.Reason == nil) != (c.reason == "") {
				t.Errorf("reported as %s", p.Status)
			}
		})
	}
}

func TestAnalysis_limits(t *testing.T) {
	everyFrame := make([]int, 16)
	for i := range everyFrame {
		everyFrame[i] = i + 1
	}
	for name, c := range map[string]struct {
		stage
		faces  int
		status string
	}{
		"as many at a time as are followed": {stage{frames: 3}, 256, persons.StatusAnalysed},
		"one more":                          {stage{frames: 3}, 257, persons.StatusPartial},
		"as many tracks as are kept":        {stage{frames: 16, ground: 1, shade: 13, cuts: everyFrame}, 256, persons.StatusAnalysed},
		"more":                              {stage{frames: 17, ground: 1, shade: 13, cuts: everyFrame}, 256, persons.StatusPartial},
	} {
		t.Run(name, func(t *testing.T) {
			e := &raster{n: c.faces}
			if seen := c.look(t, e, persons.Options{}); seen.Status != c.status {
				t.Errorf("%s %s, %d shots", seen.Status, seen.Reason, seen.Shots)
			}
		})
	}
}

// raster sees faces side by side, none of which overlap.
type raster struct {
	eye
	n int
}

func (r *raster) Detect(context.Context, *persons.Picture) ([]persons.Face, error) {
	var out []persons.Face
	for i := range r.n {
		out = append(out, persons.Face{X: float64(i%20) / 20, Y: float64(i/20) / 20, W: 0.02, H: 0.02, Score: 0.9})
	}
	return out, nil
}

func TestAnalysis_unknownNetwork(t *testing.T) {
	_, err := persons.NewAnalysis(context.Background(), &eye{network: "somebody's own"}, persons.Options{})
	var failed *persons.Error
	if !errors.As(err, &failed) || failed.Reason != persons.ReasonModel {
		t.Error(err)
	}
}

func TestAnalysis_cancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	a, err := persons.NewAnalysis(ctx, &eye{}, persons.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	s := stage{width: 320, height: 180, step: time.Second}
	if err := a.Frame(s.frame(0)); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := a.Frame(s.frame(1)); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// Faces are promised from a width on that grows with what the frame is made smaller by.
func TestSeen_smallestFace(t *testing.T) {
	for width, want := range map[int]int{640: 12, 1280: 12, 2560: 24} {
		s := stage{width: width, height: width / 16 * 9, frames: 2}.look(t, &eye{}, persons.Options{})
		if p := s.Against(nil, false).Persons; p.MinFacePx != want || p.MinBriefFacePx < want {
			t.Errorf("%d wide: %d and %d, want %d", width, p.MinFacePx, p.MinBriefFacePx, want)
		}
	}
}

// FuzzFrame gives frames of any shape: none ends the analysis, and every picture that the detector is given is one.
func FuzzFrame(f *testing.F) {
	f.Add(320, 180, 8, 1, 1, 0, 1, 1, []byte{1, 2, 3})
	f.Add(3, 5, 10, 0, 0, 90, 2, 1, []byte{255})
	f.Add(1, 1, 12, 1, 0, 270, 1, 9, []byte{})
	f.Add(2000, 2, 8, 2, 2, 180, 0, 0, []byte{7, 9})
	f.Add(-1, 4, 8, 1, 1, 45, 1, 1, []byte{7, 9})
	f.Fuzz(func(t *testing.T, w, h, depth, cx, cy, turn, n, d int, fill []byte) {
		if w > 3000 || h > 3000 || w < -1 || h < -1 || cx < 0 || cx > 4 || cy < 0 || cy > 4 {
			return
		}
		e := &eye{}
		a, err := persons.NewAnalysis(context.Background(), e, persons.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer a.Close()
		track := video.Track{Kind: "video", Rotation: []int{0, 90, 180, 270}[((turn%4)+4)%4], SampleAspect: [2]int{n, d}}
		if err := a.Info(&video.Info{Tracks: []video.Track{track}}); err != nil {
			t.Fatal(err)
		}
		plane := func(pw, ph int) video.Plane {
			size := 1
			if depth > 8 {
				size = 2
			}
			b := make([]byte, max(pw*ph*size-len(fill)%2, 0))
			for i := range b {
				if len(fill) > 0 {
					b[i] = fill[i%len(fill)]
				}
			}
			return video.Plane{Data: b, Stride: pw * size, Width: pw, Height: ph}
		}
		fr := &video.Frame{Width: w, Height: h, BitDepth: 8 + (depth&3)*2, Y: plane(w, h), Cb: plane(w>>cx, h>>cy), Cr: plane(w>>cx, h>>cy)}
		for range 3 {
			if err := a.Frame(fr); err != nil {
				t.Fatal(err)
			}
		}
		seen, err := a.Finish(&video.Result{}, "")
		if err != nil || e.wrong.Load() > 0 || seen.FramesAnalysed+seen.FramesFailed != 3 {
			t.Errorf("%v, %d pictures that are none, %d + %d frames", err, e.wrong.Load(), seen.FramesAnalysed, seen.FramesFailed)
		}
	})
}

func BenchmarkAnalysis(b *testing.B) {
	s := stage{width: 1280, height: 720, frames: second, actors: []actor{red}}
	for b.Loop() {
		s.look(b, &blind{}, persons.Options{})
	}
}

// blind finds nothing and takes no time: what is left is the work on the pictures.
type blind struct{ eye }

func (*blind) Detect(context.Context, *persons.Picture) ([]persons.Face, error) { return nil, nil }

// A face that stays where it is on a ground that stays, too, is possibly a picture; one that walks is none. Either is
// counted and covered alike.
func TestAnalysis_possiblyPicture(t *testing.T) {
	for name, c := range map[string]struct {
		actor actor
		want  bool
	}{
		"one that stays":   {red, true},
		"one that walks":   {actor{x: 0.05, y: 0.3, w: 0.2, h: 0.4, move: 0.01}, false},
		"one that flashes": {actor{x: 0.25, y: 0.25, w: 0.25, h: 0.5, from: 10, to: 20}, false},
	} {
		p := (stage{actors: []actor{c.actor}}).look(t, &eye{}, persons.Options{}).Against(nil, false).Persons
		if len(p.Tracks) != 1 || p.Tracks[0].PossiblyPicture != c.want || len(p.Undeclared) != 1 {
			t.Errorf("%s: %+v", name, p.Tracks)
		}
	}
}
