package persons

import (
	"math"

	"github.com/consentry/consentry/report"
	"github.com/consentry/consentry/video"
)

// View is what a track shows where it is seen best, for people to look at. Pictures are made only for whoever asks for
// them, of a decode of their own: an analysis keeps none.
type View struct {
	Track   int // number of the track in the report
	AtMs    int64
	Picture *Picture // the face and what is around it; nil: there is none, and Why says why
	Why     string
}

// Lane says when an entry of a declaration may be seen, whatever the place in the picture.
type Lane struct {
	ID     string
	Always bool // at any time
	Spans  []report.Span
	More   int // spans that are left out
}

// The bounds of what is made for people.
const (
	viewMargin = 0.5 // of the box, on each of its sides
	maxLane    = 64  // spans of a lane: a page shows no more
	maxLanes   = 256 // entries
)

// Still is the picture of a frame as a player shows it, of the track that it is of, with its longer side at most
// [MaxSide]. It is nil where the frame's planes are not those that its size wants.
func Still(f *video.Frame, t *video.Track) *Picture {
	var r raw
	if !r.take(f, uprightOf(t)) {
		return nil
	}
	return new(scaler).picture(&r, MaxSide) // nobody else has this scaler: the picture stays
}

// Cut is a copy of the part of a picture around a box, which is in percent of it, with a margin; its longer side is at
// most long pixels. It keeps nothing of the rest.
func (p *Picture) Cut(box report.FaceBox, long int) *Picture {
	x0, x1 := extent(box.X, box.Width, p.Width)
	y0, y1 := extent(box.Y, box.Height, p.Height)
	return p.part(x0, y0, x1, y1, long)
}

// part is a copy of a rectangle of a picture, right and bottom not included; its longer side is at most long pixels.
func (p *Picture) part(x0, y0, x1, y1, long int) *Picture {
	inW, inH := x1-x0, y1-y0
	w, h := within(inW, inH, long)
	out := &Picture{Width: w, Height: h, RGB: make([]byte, 3*w*h)}
	for y := range h {
		top, bottom := y0+y*inH/h, y0+max((y+1)*inH/h, y*inH/h+1)
		for x := range w {
			left, right := x0+x*inW/w, x0+max((x+1)*inW/w, x*inW/w+1)
			p.mean(out.RGB[3*(y*w+x):], left, top, right, bottom)
		}
	}
	return out
}

// extent is where a span in percent of n pixels begins and ends, with the margin; at least one pixel, all of them inside.
func extent(from, size float64, n int) (first, end int) {
	at := func(pc float64) int { return int(min(max(math.Round(pc/100*float64(n)), 0), float64(n))) }
	first = min(at(from-viewMargin*size), n-1)
	return first, max(at(from+(1+viewMargin)*size), first+1)
}

// mean writes the mean colour of a rectangle, right and bottom not included.
func (p *Picture) mean(to []byte, left, top, right, bottom int) {
	var sum [3]int
	for y := top; y < bottom; y++ {
		for at := 3 * (y*p.Width + left); at < 3*(y*p.Width+right); at += 3 {
			sum[0] += int(p.RGB[at])
			sum[1] += int(p.RGB[at+1])
			sum[2] += int(p.RGB[at+2])
		}
	}
	n := (right - left) * (bottom - top)
	for c := range sum {
		to[c] = byte((sum[c] + n/2) / n)
	}
}

// Pixelated is a copy of the picture in blocks of one colour, at most n along its longer side. What is left of a face
// are n blocks less the margin: a few dozen colours. That hides who it is from strangers, not from whoever knows the clip.
func (p *Picture) Pixelated(n int) *Picture {
	out := &Picture{Width: p.Width, Height: p.Height, RGB: make([]byte, len(p.RGB))}
	block := max((max(p.Width, p.Height)+n-1)/n, 1)
	for top := 0; top < p.Height; top += block {
		for left := 0; left < p.Width; left += block {
			right, bottom := min(left+block, p.Width), min(top+block, p.Height)
			var colour [3]byte
			p.mean(colour[:], left, top, right, bottom)
			for y := top; y < bottom; y++ {
				for x := left; x < right; x++ {
					copy(out.RGB[3*(y*p.Width+x):], colour[:])
				}
			}
		}
	}
	return out
}

// Lanes are the times of the entries, in their order, and how many entries are left out.
func Lanes(entries []Entry) (lanes []Lane, more int) {
	for n, e := range entries {
		if n == maxLanes {
			return lanes, len(entries) - n
		}
		l := Lane{ID: e.ID, Always: len(e.Regions) == 0}
		for _, r := range e.Regions {
			start, end, always, never := r.Window()
			switch {
			case always:
				l.Always = true
			case never || end < start:
			case len(l.Spans) == maxLane:
				l.More++
			default:
				l.Spans = append(l.Spans, report.Span{StartMs: start.Milliseconds(), EndMs: end.Milliseconds()})
			}
		}
		lanes = append(lanes, l)
	}
	return lanes, 0
}
