package persons_test

import (
	"context"
	"math"
	"sync/atomic"
	"testing"
	"time"

	"github.com/consentry/consentry/persons"
	"github.com/consentry/consentry/video"
)

// A stage is a video without a codec: grey frames with red and blue rectangles for faces, and a detector that finds
// exactly those. What it is shown must be upright, or the rectangles are not where they were put.

// actor is a rectangle of one colour, in fractions of the frame as it is stored.
type actor struct {
	blue       bool
	x, y, w, h float64
	from, to   int     // frames, to exclusive; 0: to the end
	move       float64 // to the right, a frame
}

type stage struct {
	width, height int // of the frames; 0: 320 × 180
	frames        int // 0: 50
	track         video.Track
	actors        []actor
	cuts          []int // frames from which on the ground is another
	ground, shade byte  // luma of the first shot, and how much brighter each further one is; 0: 60 and 60
	deep          bool  // ten bits
	full          bool  // 4:4:4
	spoil         int   // the frame whose plane is too short; 0: none
	step          time.Duration
}

const second = 25 // frames

// look shows the stage to an analysis and returns what was seen.
func (s stage) look(t testing.TB, d persons.Detector, o persons.Options) *persons.Seen {
	t.Helper()
	a, err := persons.NewAnalysis(context.Background(), d, o)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	s.play(t, a)
	seen, err := a.Finish(&video.Result{}, "")
	if err != nil {
		t.Fatal(err)
	}
	return seen
}

func (s *stage) play(t testing.TB, a *persons.Analysis) {
	t.Helper()
	if s.width == 0 {
		s.width, s.height = 320, 180
	}
	if s.frames == 0 {
		s.frames = 2 * second
	}
	if s.step == 0 {
		s.step = time.Second / second
	}
	s.track.ID, s.track.Kind = 7, "video"
	if err := a.Info(&video.Info{Tracks: []video.Track{s.track}}); err != nil {
		t.Fatal(err)
	}
	for n := range s.frames {
		if err := a.Frame(s.frame(n)); err != nil {
			t.Fatal(err)
		}
	}
}

// frame paints frame n in Y'CbCr of BT.709.
func (s *stage) frame(n int) *video.Frame {
	ground, shade := s.ground, s.shade
	if shade == 0 {
		ground, shade = 60, 60
	}
	for _, c := range s.cuts {
		if n >= c {
			ground += shade
		}
	}
	y, cb, cr := s.fill(ground), s.fill(128), s.fill(128)
	for _, a := range s.actors {
		if n < a.from || a.to > 0 && n >= a.to {
			continue
		}
		x0 := int((a.x + a.move*float64(n)) * float64(s.width))
		y0 := int(a.y * float64(s.height))
		for row := y0; row < y0+int(a.h*float64(s.height)) && row < s.height; row++ {
			for col := max(x0, 0); col < x0+int(a.w*float64(s.width)) && col < s.width; col++ {
				at := row*s.width + col
				if y[at], cb[at], cr[at] = 63, 102, 240; a.blue {
					y[at], cb[at], cr[at] = 32, 240, 118
				}
			}
		}
	}
	f := &video.Frame{
		Index: int64(n), Time: time.Duration(n) * s.step, Width: s.width, Height: s.height, BitDepth: 8,
		Color: video.Color{Matrix: 1}, ChromaX: 1, ChromaY: 1,
	}
	f.Y = s.plane(y, 1)
	if s.full {
		f.ChromaX, f.ChromaY, f.Cb, f.Cr = 0, 0, s.plane(cb, 1), s.plane(cr, 1)
	} else {
		f.Cb, f.Cr = s.plane(cb, 2), s.plane(cr, 2)
	}
	if s.deep {
		f.BitDepth = 10
	}
	if s.spoil > 0 && n == s.spoil {
		f.Y.Data = f.Y.Data[:len(f.Y.Data)/2]
	}
	return f
}

func (s *stage) fill(v byte) []byte {
	b := make([]byte, s.width*s.height)
	for i := range b {
		b[i] = v
	}
	return b
}

// plane keeps each by-th sample of each by-th row, with a stride that is odd.
func (s *stage) plane(in []byte, by int) video.Plane {
	w, h, size := (s.width+by-1)/by, (s.height+by-1)/by, 1
	if s.deep {
		size = 2
	}
	p := video.Plane{Stride: w*size + 3, Width: w, Height: h}
	p.Data = make([]byte, p.Stride*h)
	for y := range h {
		for x := range w {
			v := int(in[y*by*s.width+x*by])
			if s.deep {
				v <<= 2
				p.Data[y*p.Stride+2*x], p.Data[y*p.Stride+2*x+1] = byte(v), byte(v>>8)
			} else {
				p.Data[y*p.Stride+x] = byte(v)
			}
		}
	}
	return p
}

// eye is a detector that finds red and blue rectangles.
type eye struct {
	network string  // empty: centerface
	score   float64 // 0: .9
	failAt  int64   // the call that fails, and all after it; 0: none
	extra   int     // further faces in a raster, to be too many
	calls   atomic.Int64
	large   atomic.Int64
	sides   [persons.MaxSide + 1]atomic.Int64 // pictures by their longer side
	clear   int                               // pixels in width from which a face is one; below it is a trace. 0: all are
	dim     int                               // and below this it is nothing
	wrong   atomic.Int64                      // pictures that are none
}

func (e *eye) Network() string {
	if e.network == "" {
		return "centerface"
	}
	return e.network
}
func (e *eye) Models() []persons.Model { return []persons.Model{{Name: "eye"}} }
func (e *eye) Workers() int            { return 2 }
func (e *eye) Close() error            { return nil }

func (e *eye) Detect(_ context.Context, p *persons.Picture) ([]persons.Face, error) {
	if n := e.calls.Add(1); e.failAt > 0 && n >= e.failAt {
		return nil, &persons.Error{Reason: persons.ReasonCrash, Detail: "the eye closed"}
	}
	if !p.Valid() {
		e.wrong.Add(1)
	}
	if long := max(p.Width, p.Height); long <= persons.MaxSide {
		e.sides[long].Add(1)
		if long > 320 {
			e.large.Add(1)
		}
	}
	score := e.score
	if score == 0 {
		score = 0.9
	}
	var out []persons.Face
	for _, channel := range []int{0, 2} {
		if f, ok := box(p, channel); ok {
			switch wide := int(math.Round(f.W * float64(p.Width))); {
			case wide >= e.clear:
				f.Score = score
			case wide >= e.dim:
				f.Score = 0.08
			default:
				continue
			}
			out = append(out, f)
		}
	}
	for i := range e.extra {
		out = append(out, persons.Face{X: float64(i%40) / 40, Y: float64(i/40) / 40, W: 0.02, H: 0.02, Score: score})
	}
	return out, nil
}

// box is where a colour is.
func box(p *persons.Picture, channel int) (persons.Face, bool) {
	x0, y0, x1, y1 := p.Width, p.Height, 0, 0
	for y := range p.Height {
		for x := range p.Width {
			at := 3 * (y*p.Width + x)
			if p.RGB[at+channel] > 180 && p.RGB[at+1] < 90 && p.RGB[at+2-channel] < 90 {
				x0, y0, x1, y1 = min(x0, x), min(y0, y), max(x1, x+1), max(y1, y+1)
			}
		}
	}
	if x1 == 0 {
		return persons.Face{}, false
	}
	w, h := float64(p.Width), float64(p.Height)
	return persons.Face{X: float64(x0) / w, Y: float64(y0) / h, W: float64(x1-x0) / w, H: float64(y1-y0) / h}, true
}
