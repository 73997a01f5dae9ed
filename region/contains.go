package region

import (
	"slices"
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
	if len(shapes) == 1 && shapes[0].Kind == "rectangle" && !shapes[0].Outside {
		return shapes[0].overlap(p)
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

// overlap is the share of a box that lies in a rectangle.
func (s *Shape) overlap(p Place) float64 {
	x, y, w, h := s.X, s.Y, s.Width, s.Height
	if s.Percent {
		if p.Width <= 0 || p.Height <= 0 {
			return 0 // the size is not known: nothing can be placed
		}
		x, y, w, h = x*p.Width/100, y*p.Height/100, w*p.Width/100, h*p.Height/100
	}
	share := 1.0
	for _, side := range [2][4]float64{{x, w, p.Box.X, p.Box.Width}, {y, h, p.Box.Y, p.Box.Height}} {
		if side[3] <= 0 {
			return 0
		}
		share *= max(min(side[0]+side[1], side[2]+side[3])-max(side[0], side[2]), 0) / side[3]
	}
	if share > 1-1e-9 {
		return 1
	}
	return share
}

func (f *Frames) contains(n int64) bool {
	return (f.Start == nil || n >= *f.Start) && (f.End == nil || n <= *f.End)
}

// Grown returns the region with its shapes made larger about their middle by a share of their size, 0.1 for a tenth;
// what is everything but a shape stays as it is. It is for boxes that were measured, and are off by a little.
func (r *Region) Grown(by float64) *Region {
	if r == nil {
		return nil
	}
	out := *r
	out.Ranges = slices.Clone(r.Ranges)
	for i := range out.Ranges {
		if s := out.Ranges[i].Shape; s != nil && !s.Outside {
			out.Ranges[i].Shape = s.grown(by)
		}
	}
	return &out
}

func (s *Shape) grown(by float64) *Shape {
	out := *s
	out.Width, out.Height = s.Width*(1+by), s.Height*(1+by)
	switch s.Kind {
	case "rectangle":
		out.X, out.Y = s.X-s.Width*by/2, s.Y-s.Height*by/2
	case "polygon":
		least, most := s.Vertices[0], s.Vertices[0]
		for _, v := range s.Vertices {
			for k := range v {
				least[k], most[k] = min(least[k], v[k]), max(most[k], v[k])
			}
		}
		out.Vertices = slices.Clone(s.Vertices)
		for i, v := range s.Vertices {
			for k := range v {
				middle := (least[k] + most[k]) / 2
				out.Vertices[i][k] = middle + (v[k]-middle)*(1+by)
			}
		}
	}
	return &out
}

// Window is the span of presentation time outside of which the region contains nothing: start inclusive, end inclusive.
// always is true where it has none, never where it contains nothing at any time.
func (r *Region) Window() (start, end time.Duration, always, never bool) {
	if r == nil || len(r.Ranges) == 0 {
		return 0, 0, false, true
	}
	timed, held := false, false
	for _, x := range r.Ranges {
		switch {
		case x.Type == Textual:
			return 0, 0, false, true
		case x.Type != Temporal:
			continue
		}
		timed = true
		if x.Time.Wall {
			continue
		}
		from, to := time.Duration(0), maxTime
		if x.Time.Start != nil {
			from = *x.Time.Start
		}
		if x.Time.End != nil {
			to = *x.Time.End
		}
		if !held {
			start, end, held = from, to, true
		}
		start, end = min(start, from), max(end, to)
	}
	if !timed {
		return 0, maxTime, true, false
	}
	return start, end, false, !held
}

// Placed says whether the region names a part of the picture; one that names only a time, frames or a track does not.
func (r *Region) Placed() bool {
	return r != nil && slices.ContainsFunc(r.Ranges, func(x Range) bool { return x.Type == Spatial })
}

// Cost is what one question to the region costs, in points that are held against an edge.
func (r *Region) Cost() int {
	shapes, edges, plain := 0, 0, true
	for _, x := range r.Ranges {
		if x.Shape != nil {
			shapes, edges = shapes+1, edges+1+len(x.Shape.Vertices)
			plain = plain && x.Shape.Kind == "rectangle" && !x.Shape.Outside
		}
	}
	if shapes == 0 || shapes == 1 && plain {
		return len(r.Ranges)
	}
	return len(r.Ranges) + edges*samples*samples
}
