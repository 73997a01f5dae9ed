package visible

import "math"

// point is a place in a shape: its height is 1, and x runs from 0 to its aspect.
type point struct{ x, y float64 }

// shape is a white figure of simple parts. All of it is drawn here, with proportions of our own.
type shape struct {
	aspect  float64   // width by height
	strokes [][]point // lines of a pen
	pen     float64   // half the width of its line
	power   float64   // 0: none; else a star |x|^power + |y|^power <= 1 that fills the box
	disc    float64   // 0: none; else the diameter of a disc at the left edge, with two holes side by side
}

// covers says whether a place is white.
func (s *shape) covers(p point) bool {
	if s.power > 0 && math.Pow(math.Abs(2*p.x/s.aspect-1), s.power)+math.Pow(math.Abs(2*p.y-1), s.power) <= 1 {
		return true
	}
	if r := s.disc / 2; r > 0 && math.Hypot(p.x-r, p.y-0.5) <= r {
		for _, hole := range [2]float64{-0.14, 0.14} {
			if math.Hypot((p.x-r-hole)/0.1, (p.y-0.43)/0.15) <= 1 {
				return false
			}
		}
		return true
	}
	for _, line := range s.strokes {
		for i := 1; i < len(line); i++ {
			if distance(p, line[i-1], line[i]) <= s.pen*s.pen {
				return true
			}
		}
	}
	return false
}

// distance is the square of that of a place from a segment.
func distance(p, a, b point) float64 {
	dx, dy := b.x-a.x, b.y-a.y
	t := 0.0
	if n := dx*dx + dy*dy; n > 0 {
		t = min(max(((p.x-a.x)*dx+(p.y-a.y)*dy)/n, 0), 1)
	}
	dx, dy = p.x-a.x-t*dx, p.y-a.y-t*dy
	return dx*dx + dy*dy
}

// arc is a piece of an ellipse, in degrees clockwise from the right.
func arc(cx, cy, rx, ry, from, to float64) (out []point) {
	const steps = 16
	for i := range steps + 1 {
		t := (from + (to-from)*float64(i)/steps) * math.Pi / 180
		out = append(out, point{cx + rx*math.Cos(t), cy + ry*math.Sin(t)})
	}
	return out
}

// star has four points and sides that are drawn in, or straight ones where power is 1.
func star(power float64) *shape { return &shape{aspect: 1, power: power} }

// wordmark is a disc with two holes, and the word "Sora" beside it in letters of plain strokes.
func wordmark() *shape {
	return &shape{aspect: 180.0 / 64, pen: 0.05, disc: 1, strokes: [][]point{
		arc(1.52, 0.40, 0.16, 0.113, -30, -270), arc(1.52, 0.627, 0.16, 0.113, -90, 150),
		arc(1.97, 0.59, 0.155, 0.15, 0, 360),
		{{2.27, 0.44}, {2.27, 0.74}},
		arc(2.41, 0.58, 0.14, 0.14, 180, 290),
		arc(2.60, 0.65, 0.09, 0.09, 0, 360),
		{{2.74, 0.53}, {2.74, 0.74}},
		arc(2.62, 0.53, 0.12, 0.09, 200, 360),
	}}
}

// boxed is "AI" in a frame.
func boxed(aspect float64) *shape {
	const in = 0.05
	r, c := aspect-in, aspect/2
	return &shape{aspect: aspect, pen: 0.045, strokes: [][]point{
		{{in, in}, {r, in}, {r, 1 - in}, {in, 1 - in}, {in, in}},
		{{c - 0.33, 0.76}, {c - 0.1, 0.24}, {c + 0.13, 0.76}},
		{{c - 0.24, 0.58}, {c + 0.04, 0.58}},
		{{c + 0.28, 0.24}, {c + 0.28, 0.76}},
	}}
}

// drawn is a shape as a picture, with an empty margin around it.
func (s *shape) drawn(height float64, margin int) *grey {
	const fine = 4 // places across a pixel that are asked
	w, h := int(math.Ceil(height*s.aspect)), int(math.Ceil(height))
	g := newGrey(w+2*margin, h+2*margin)
	for y := range h {
		for x := range w {
			n := 0
			for i := range fine * fine {
				p := point{(float64(x) + (float64(i%fine)+0.5)/fine) / height, (float64(y) + (float64(i/fine)+0.5)/fine) / height}
				if p.x <= s.aspect && p.y <= 1 && s.covers(p) {
					n++
				}
			}
			g.pix[(y+margin)*g.w+x+margin] = byte(255 * n / (fine * fine))
		}
	}
	return g
}
