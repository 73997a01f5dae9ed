package persons

import (
	"context"
	"math"
	"slices"
)

// How a frame is looked at more closely. The whole large picture costs twenty times what the small one does, so most
// closer looks are at a middle one and a lesser one in turn, and at the places of the large one where these or the small
// one show something that is not known yet. docs/accuracy.md says what that finds, and docs/performance.md what it takes.
const (
	middleSide = 960 // the longer side of the middle picture, pixels
	lesserSide = 512 // of the lesser one: a face of 24 pixels in 1280 leaves a trace here, and not in the small one
	// middleFrom and lesserFrom are the longer sides of the large picture from which on these are worth their time.
	middleFrom, lesserFrom = 1100, 600
	// trace is the score that is worth a look at the place in the large picture. In the middle one, faces that the large
	// one shows with .3 have as much in them from 13 pixels on.
	trace = 0.06
	// leastPart is the side of a place that is looked at, pixels of the large picture. With less around it a face is
	// seen otherwise than in the whole.
	leastPart = 128
	// partWidths and partHeights are the side of a place by the face that is expected there, at least.
	partWidths, partHeights = 4, 2
	// partSide is the longer side at which a place is looked at, pixels: of what is larger a face has a quarter, which is
	// plenty.
	partSide = 384
	// grain is what the corners of places are multiples of, as far as the picture goes: the network's own raster, so
	// that a face falls into it as it does in the whole.
	grain = 32
	// dearest is the share of the large picture above which all of it is looked at instead of places.
	dearest = 0.4
)

// closer is what was seen of a frame in more than the small picture.
type closer struct {
	faces  []Face
	whole  bool   // all of the frame was looked at
	alone  bool   // and the small picture was not
	places []Face // else: where
}

// known leaves those faces out of detections, best first, that are a trace only.
func (s scale) known(faces []Face) []Face {
	n := slices.IndexFunc(faces, func(f Face) bool { return f.Score < s.least })
	if n < 0 {
		n = len(faces)
	}
	return slices.Clone(faces[:n])
}

// covers says whether a closer look was taken at a place.
func (c *closer) covers(f Face) bool {
	if c == nil {
		return false
	}
	x, y := f.X+f.W/2, f.Y+f.H/2
	return c.whole || slices.ContainsFunc(c.places, func(p Face) bool { return x >= p.X && x <= p.X+p.W && y >= p.Y && y <= p.Y+p.H })
}

// placeOf is the part of a picture of w × h pixels in which a face is looked for again.
func placeOf(f Face, w, h int) part {
	side := max(partWidths*f.W*float64(w), partHeights*f.H*float64(h), leastPart)
	along := func(centre float64, n int) (from, size int) {
		size = n
		if side < float64(n) {
			size = min((int(side)+grain-1)/grain*grain, n)
		}
		from = int(math.Round((centre*float64(n)-float64(size)/2)/grain)) * grain
		return min(max(from, 0), n-size), size
	}
	var p part
	p.x, p.w = along(min(max(f.X+f.W/2, 0), 1), w)
	p.y, p.h = along(min(max(f.Y+f.H/2, 0), 1), h)
	return p
}

// placesOf says what parts of a picture of w × h pixels are looked at for these faces; nil: all of it costs hardly more.
func placesOf(faces []Face, w, h int) (places []part) {
	budget := int(dearest * float64(w) * float64(h))
	for _, f := range faces {
		p := placeOf(f, w, h)
		if slices.ContainsFunc(places, func(q part) bool { return q.holds(p) }) {
			continue
		}
		if i := slices.IndexFunc(places, func(q part) bool { u := q.with(p); return u.small() && u.cost() <= p.cost()+q.cost() }); i >= 0 {
			p = places[i].with(p)
			budget += places[i].cost()
			places = slices.Delete(places, i, i+1)
		}
		if budget -= p.cost(); budget < 0 {
			return nil
		}
		places = append(places, p)
	}
	return places
}

// cost is the number of pixels that are looked at, and what a look costs whatever its size.
func (p part) cost() int {
	w, h := within(p.w, p.h, partSide)
	return w*h + 4096
}

// small says whether the part is looked at in its own size.
func (p part) small() bool { return max(p.w, p.h) <= partSide }

func (p part) holds(q part) bool {
	return q.x >= p.x && q.y >= p.y && q.x+q.w <= p.x+p.w && q.y+q.h <= p.y+p.h && (p.small() || !q.small())
}

// with is the part that has both.
func (p part) with(q part) part {
	x, y := min(p.x, q.x), min(p.y, q.y)
	return part{x, y, max(p.x+p.w, q.x+q.w) - x, max(p.y+p.h, q.y+q.h) - y}
}

// in is a part as fractions of a picture of w × h pixels.
func (p part) in(w, h int) Face {
	fw, fh := float64(w), float64(h)
	return Face{X: float64(p.x) / fw, Y: float64(p.y) / fh, W: float64(p.w) / fw, H: float64(p.h) / fh}
}

// out turns a face that is in fractions of a part into one that is in fractions of the whole.
func (f Face) out(of Face) Face {
	f.X, f.Y, f.W, f.H = of.X+f.X*of.W, of.Y+f.Y*of.H, f.W*of.W, f.H*of.H
	for i, l := range f.Landmarks {
		if l != [2]float64{} {
			f.Landmarks[i] = [2]float64{of.X + l[0]*of.W, of.Y + l[1]*of.H}
		}
	}
	return f
}

// detectIn looks for faces at places of a frame. A face that a place's edge cuts, where the picture goes on, is what
// another place is for.
func detectIn(ctx context.Context, d Detector, s *scaler, r *raw, places []part) ([]Face, error) {
	w, h := r.upright()
	var all []Face
	for _, p := range places {
		found, err := d.Detect(ctx, s.cut(r, r.up.partIn(p, r.width, r.height), partSide))
		if err != nil {
			return nil, err
		}
		of := p.in(w, h)
		for _, f := range found {
			if cut(f.X, f.W, p.x > 0, p.x+p.w < w) || cut(f.Y, f.H, p.y > 0, p.y+p.h < h) {
				continue
			}
			all = append(all, f.out(of))
		}
	}
	BestFirst(all)
	var kept []Face
	for _, f := range all {
		if !slices.ContainsFunc(kept, func(k Face) bool { return Overlap(k, f) > overlapTwice }) {
			kept = append(kept, f)
		}
	}
	return kept, nil
}

// cut says whether a face touches the edge of a place at either side, where there is one.
func cut(at, size float64, before, behind bool) bool {
	const edge = 1. / 64
	return before && at < edge || behind && at+size > 1-edge
}

// together is what was seen in the middle picture and at places of the large one, which say better what is there.
func (c *closer) together(middle []Face, start float64) {
	for _, m := range middle {
		twice := slices.ContainsFunc(c.faces, func(f Face) bool { return Overlap(f, m) > overlapTwice })
		if !twice && (m.Score >= start || !c.covers(m)) {
			c.faces = append(c.faces, m)
		}
	}
}
