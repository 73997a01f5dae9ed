package persons_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/consentry/consentry/persons"
	"github.com/consentry/consentry/video"
)

// likeness is what a face looks like, in luma, from -1 to 1 across its box and from 0 to 255.
type likeness func(x, y float64) float64

// somebody is a face that no other number has: soft light and dark places, as eyes and shadows are.
func somebody(n uint64) likeness {
	r := rand.New(rand.NewPCG(n, 7))
	type wave struct{ kx, ky, phase, high float64 }
	var waves [6]wave
	for i := range waves {
		waves[i] = wave{r.Float64()*8 - 4, r.Float64()*8 - 4, r.Float64() * 6, 8 + 8*r.Float64()}
	}
	return func(x, y float64) float64 {
		v := 128.0
		for _, w := range waves {
			v += w.high * math.Sin(w.kx*x+w.ky*y+w.phase)
		}
		return v
	}
}

// show is a second and more of one box in the picture, and what is in it.
type show struct {
	frames  int
	at      func(s float64) likeness // of the second
	ground  func(s float64) float64  // luma about the box; nil: 90
	rotated int
	network string  // empty: yunet
	score   float64 // 0: .95
	bare    bool    // without landmarks
}

// stare finds a face in one place, whatever is there.
type stare struct {
	eye
	bare bool
}

var staredAt = persons.Face{X: 0.4, Y: 0.3, W: 0.2, H: 0.4}

func (d *stare) Detect(context.Context, *persons.Picture) ([]persons.Face, error) {
	f := staredAt
	f.Score = d.score
	if !d.bare {
		for i, m := range [5][2]float64{{0.3, 0.4}, {0.7, 0.4}, {0.5, 0.6}, {0.35, 0.8}, {0.65, 0.8}} {
			f.Landmarks[i] = [2]float64{f.X + m[0]*f.W, f.Y + m[1]*f.H}
		}
	}
	return []persons.Face{f}, nil
}

func (s show) look(t *testing.T) *persons.Seen {
	t.Helper()
	const w, h = 160, 90
	d := &stare{bare: s.bare}
	if d.network, d.score = s.network, s.score; d.network == "" {
		d.network = "yunet"
	}
	if d.score == 0 {
		d.score = 0.95
	}
	a, err := persons.NewAnalysis(context.Background(), d, persons.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if err := a.Info(&video.Info{Tracks: []video.Track{{ID: 1, Kind: "video", Rotation: s.rotated}}}); err != nil {
		t.Fatal(err)
	}
	for n := range s.frames {
		at := float64(n) / second
		face, ground := s.at(at), 90.0
		if s.ground != nil {
			ground = s.ground(at)
		}
		fw, fh := w, h
		if s.rotated == 90 {
			fw, fh = h, w
		}
		p := video.Plane{Data: make([]byte, w*h), Stride: fw, Width: fw, Height: fh}
		for y := range h {
			for x := range w {
				v := ground
				u, o := (float64(x)/w-staredAt.X)/staredAt.W*2-1, (float64(y)/h-staredAt.Y)/staredAt.H*2-1
				if u*u+o*o < 1.4 {
					v = face(u, o)
				}
				to := y*w + x
				if s.rotated == 90 { // stored lying on its side
					to = (w-1-x)*fw + y
				}
				p.Data[to] = byte(min(max(v, 0), 255))
			}
		}
		f := &video.Frame{Index: int64(n), Time: time.Duration(n) * time.Second / second, Width: fw, Height: fh, BitDepth: 8, Y: p}
		if err := a.Frame(f); err != nil {
			t.Fatal(err)
		}
	}
	seen, err := a.Finish(&video.Result{}, "")
	if err != nil {
		t.Fatal(err)
	}
	return seen
}

// still is one face all the time.
func still(n uint64) func(float64) likeness { return func(float64) likeness { return somebody(n) } }

// dissolve goes from one to another between two seconds.
func dissolve(from, to func(float64) likeness, begin, end float64) func(float64) likeness {
	return func(s float64) likeness {
		k := min(max((s-begin)/max(end-begin, 1e-9), 0), 1)
		a, b := from(s), to(s)
		return func(x, y float64) float64 { return (1-k)*a(x, y) + k*b(x, y) }
	}
}

// changed is one face whose picture is changed with time.
func changed(n uint64, by func(s, x, y float64, l likeness) float64) func(float64) likeness {
	l := somebody(n)
	return func(s float64) likeness {
		return func(x, y float64) float64 { return by(s, x, y, l) }
	}
}

// A face that takes the place of another is another track, and what may happen to one face is not taken for that.
func TestAnalysis_exchangedFaces(t *testing.T) {
	one := changed(1, func(_, x, y float64, l likeness) float64 { return l(x, y) })
	for name, c := range map[string]struct {
		show
		tracks int
		open   int // of them, if one person is declared for all the time and no place
	}{
		"a dissolve of a second":              {show{frames: 100, at: dissolve(one, still(2), 1.5, 2.5)}, 2, 1},
		"a dissolve of a fifth of a second":   {show{frames: 100, at: dissolve(one, still(2), 1.9, 2.1)}, 2, 1},
		"a dissolve of three seconds":         {show{frames: 125, at: dissolve(one, still(2), 1, 4)}, 2, 1},
		"a dissolve, on its side":             {show{frames: 100, at: dissolve(one, still(2), 1.5, 2.5), rotated: 90}, 2, 1},
		"a dissolve, without landmarks":       {show{frames: 100, at: dissolve(one, still(2), 1.5, 2.5), bare: true}, 2, 1},
		"a dissolve, with the small picture":  {show{frames: 100, at: dissolve(one, still(2), 1.5, 2.5), network: "centerface"}, 2, 1},
		"a dissolve of what is never certain": {show{frames: 100, at: dissolve(one, still(2), 1.5, 2.5), score: 0.75}, 1, 0},
		"one after the other":                 {show{frames: 150, at: dissolve(dissolve(one, still(2), 1.2, 1.8), still(3), 4, 4.6)}, 3, 1},
		"there and back":                      {show{frames: 150, at: dissolve(dissolve(one, still(2), 1.2, 1.8), one, 4, 4.6)}, 3, 1},
		"at once":                             {show{frames: 100, at: dissolve(one, still(2), 2, 2)}, 2, 0},
		"one face":                            {show{frames: 100, at: one}, 1, 0},
		"the ground dissolves":                {show{frames: 100, at: one, ground: func(s float64) float64 { return 90 + 30*min(max(s-1.5, 0), 1) }}, 1, 0},
		"the light changes":                   {show{frames: 100, at: changed(1, func(s, x, y float64, l likeness) float64 { return l(x, y) * (0.75 + 0.25*math.Sin(4*s)) })}, 1, 0},
		"light from one side":                 {show{frames: 100, at: changed(1, func(s, x, y float64, l likeness) float64 { return l(x, y) + 12*x*math.Sin(2*s) })}, 1, 0},
		"the face turns pale":                 {show{frames: 100, at: changed(1, func(s, x, y float64, l likeness) float64 { k := min(s/4, 0.8); return 128*k + (1-k)*l(x, y) })}, 1, 0},
		"something passes before it": {show{frames: 100, at: changed(1, func(s, x, y float64, l likeness) float64 {
			if math.Abs(x-(s*1.2-2.4)) < 0.3 {
				return 30
			}
			return l(x, y)
		})}, 1, 0},
		"what is in the box moves": {show{frames: 100, at: changed(1, func(s, x, y float64, l likeness) float64 { return l(x+s, y) })}, 1, 0},
		"it sways":                 {show{frames: 100, at: changed(1, func(s, x, y float64, l likeness) float64 { return l(x+0.5*math.Sin(3*s), y) })}, 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			seen := c.look(t)
			p := seen.Against([]persons.Entry{entry(t, "p1", false, ranges(npt(0, 9)))}, false).Persons
			if len(p.Tracks) != c.tracks || len(p.Undeclared) != c.open {
				t.Errorf("%d tracks, not %d; undeclared %v, not %d: %+v", len(p.Tracks), c.tracks, p.Undeclared, c.open, p.Tracks)
			}
		})
	}
}

// Where one face takes the place of another the tracks end and begin, and the declaration of either holds its own.
func TestAnalysis_exchangedFacesHaveTheirTimes(t *testing.T) {
	for _, c := range []struct{ begin, end float64 }{{1.5, 2.5}, {1.9, 2.1}, {1, 3}, {2, 2}} {
		t.Run(fmt.Sprintf("from %g to %g", c.begin, c.end), func(t *testing.T) {
			seen := show{frames: 100, at: dissolve(still(1), still(2), c.begin, c.end)}.look(t)
			half := (c.begin + c.end) / 2
			place := rect(38, 26, 24, 48)
			p := seen.Against([]persons.Entry{
				entry(t, "p1", false, ranges(place, npt(0, half+0.05))),
				entry(t, "p2", false, ranges(place, `{"type":"frame","frame":{"start":`+fmt.Sprint(int(half*second)-1)+`}}`)),
			}, false).Persons
			if len(p.Tracks) != 2 || len(p.Undeclared) != 0 || len(p.NotSeen) != 0 {
				t.Fatalf("undeclared %v, not seen %v: %+v", p.Undeclared, p.NotSeen, p.Tracks)
			}
			first, then := p.Tracks[0], p.Tracks[1]
			if first.StartMs != 0 || then.EndMs != 4000 || math.Abs(float64(first.EndMs)/1000-half) > 0.1 || math.Abs(float64(then.StartMs)/1000-half) > 0.1 {
				t.Errorf("%d to %d and %d to %d ms", first.StartMs, first.EndMs, then.StartMs, then.EndMs)
			}
			if met := then.StartMs < first.EndMs; met != (c.end > c.begin) {
				t.Errorf("seen together: %v", met)
			}
			p = seen.Against([]persons.Entry{entry(t, "p1", false, ranges(place, npt(0, half+0.05)))}, false).Persons
			if len(p.Undeclared) != 1 || strings.Join(p.NotSeen, "") != "" {
				t.Errorf("one of them declared: undeclared %v, not seen %v", p.Undeclared, p.NotSeen)
			}
		})
	}
}
