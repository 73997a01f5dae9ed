package region

import (
	"strconv"
	"time"
)

// Box is a rectangle of the displayed picture in pixels, origin at the top left.
type Box struct{ X, Y, Width, Height float64 }

// Place is what is asked about: a box in a frame.
type Place struct {
	Box           Box
	Width, Height float64       // displayed size of the picture, pixels; 0: not known
	At            time.Duration // presentation time of the frame, from the start of the asset
	Frame         int64         // number of the frame, counted from 0
	Track         int64         // track id of the picture
}

// samples is the number of points a side at which Share probes a box: 1/256 of its area is finer than any threshold
// that is held against it.
const samples = 16

// Contains says whether the whole box at its time is inside the region, judged at the points of Share's grid.
func (r *Region) Contains(p Place) bool { return r.Share(p) == 1 }

// Share returns how much of the box at its time is inside the region, from 0 to 1. Alternatives of one type are joined,
// types must all hold. A nil region contains nothing.
func (r *Region) Share(p Place) float64 {
	if r == nil || len(r.Ranges) == 0 {
		return 0
	}
	var shapes []*Shape
	seen, held := map[Type]bool{}, map[Type]bool{}
	for _, x := range r.Ranges {
		seen[x.Type] = true
		switch x.Type {
		case Spatial:
			shapes = append(shapes, x.Shape)
			held[x.Type] = true
		case Temporal:
			held[x.Type] = held[x.Type] || x.Time.contains(p.At)
		case Frame:
			held[x.Type] = held[x.Type] || x.Frame.contains(p.Frame)
		case Identified:
			held[x.Type] = held[x.Type] || x.Item.Identifier == "track_id" && x.Item.Value == strconv.FormatInt(p.Track, 10)
		}
	}
	for t := range seen {
		if !held[t] {
			return 0
		}
	}
	if len(shapes) == 0 {
		return 1
	}
	in := 0
	for i := range samples * samples {
		x := p.Box.X + p.Box.Width*(float64(i%samples)+0.5)/samples
		y := p.Box.Y + p.Box.Height*(float64(i/samples)+0.5)/samples
		for _, s := range shapes {
			if s.contains(x, y, p) {
				in++
				break
			}
		}
	}
	return float64(in) / (samples * samples)
}

func (f *Frames) contains(n int64) bool {
	return (f.Start == nil || n >= *f.Start) && (f.End == nil || n <= *f.End)
}
