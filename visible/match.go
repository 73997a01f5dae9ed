package visible

import (
	"cmp"
	"image"
	"math"
	"slices"
)

// margin around a shape that is compared, too: a mark ends where the shape ends.
const margin = 4

// flat is the variance below which a place shows nothing, in squared steps of luma.
const flat = 2.0

// template is a shape as it looks after the top-hat.
type template struct {
	w, h  int
	lines []line // of pixels that are not black
	sum   float64
	norm  float64 // root of the sum of squared deviations
}

type line struct {
	x, y    int
	weights []int32
}

// templateOf is the one of a shape.
func templateOf(s *shape, height float64) *grey {
	g := s.drawn(height, margin)
	var tmp [2]grey
	g.topHat(&tmp)
	return g
}

// prepared makes a template of a picture.
func prepared(g *grey) *template {
	t := &template{w: g.w, h: g.h}
	squares := 0.0
	for y := range g.h {
		for x := 0; x < g.w; x++ {
			from := x
			for x < g.w && g.pix[y*g.w+x] != 0 {
				x++
			}
			if from == x {
				continue
			}
			l := line{x: from, y: y}
			for _, p := range g.pix[y*g.w+from : y*g.w+x] {
				l.weights = append(l.weights, int32(p))
				t.sum += float64(p)
				squares += float64(p) * float64(p)
			}
			t.lines = append(t.lines, l)
		}
	}
	t.norm = math.Sqrt(max(squares-t.sum*t.sum/float64(t.w*t.h), 0))
	return t
}

// layer is a picture with what is summed of it once.
type layer struct {
	*grey
	sums *integral
}

// at is the correlation of a template with a place, which must lie inside: 1 is the shape, whatever its contrast.
func (t *template) at(l layer, x, y int) float64 {
	n := float64(t.w * t.h)
	sum, squares := l.sums.box(x, y, t.w, t.h)
	variance := squares - sum*sum/n
	if variance < flat*n || t.norm == 0 {
		return 0
	}
	dot := 0
	for i := range t.lines {
		s := &t.lines[i]
		row := l.pix[(y+s.y)*l.w+x+s.x:]
		row = row[:len(s.weights)]
		sum := int32(0) // of at most 32,000 pixels: a line is far shorter
		for j, w := range s.weights {
			sum += w * int32(row[j])
		}
		dot += int(sum)
	}
	return (float64(dot) - t.sum*sum/n) / (t.norm * math.Sqrt(variance))
}

// spot is how well a form of a mark fits a place.
type spot struct {
	form int
	at   image.Point // of the template's corner
	ncc  float64
}

// search tries a template at all places of a region for its corner, every step pixels.
func (t *template) search(l layer, r image.Rectangle, step int) (best spot) {
	r = r.Intersect(image.Rect(0, 0, l.w-t.w+1, l.h-t.h+1))
	for y := r.Min.Y; y < r.Max.Y; y += step {
		for x := r.Min.X; x < r.Max.X; x += step {
			if c := t.at(l, x, y); c > best.ncc {
				best.ncc, best.at = c, image.Pt(x, y)
			}
		}
	}
	return best
}

// form is a mark in one size, and where its template's corner may be.
type form struct {
	fine, coarse *template // coarse: of the picture made smaller; nil: the region is small
	region       image.Rectangle
}

// seeker looks for one mark.
type seeker struct {
	forms  []form
	factor int // by which the picture is made smaller for a first look
}

// candidates are how many forms of the first look are looked at closely, and promising is how well they must fit for that.
const (
	candidates = 3
	promising  = 0.25
)

// best is the place that looks most like the mark. The box is that of the shape.
func (s *seeker) best(v *view) (image.Rectangle, float64) {
	fine := layer{&v.grey, &v.sums}
	var top spot
	keep := func(i int, c spot) {
		if c.ncc > top.ncc {
			top = c
			top.form = i
		}
	}
	var first []spot
	for i := range s.forms {
		f := &s.forms[i]
		if f.coarse == nil {
			near := f.fine.search(fine, f.region, 2)
			keep(i, f.fine.search(fine, around(near.at, 1).Intersect(f.region), 1))
			continue
		}
		c := f.coarse.search(v.smaller[s.factor].layer(), image.Rectangle{f.region.Min.Div(s.factor), f.region.Max.Div(s.factor).Add(image.Pt(1, 1))}, 1)
		c.form = i
		first = append(first, c)
	}
	slices.SortFunc(first, func(a, b spot) int { return cmp.Compare(b.ncc, a.ncc) })
	for _, c := range first[:min(len(first), candidates)] {
		if c.ncc < promising {
			break
		}
		for i := max(c.form-1, 0); i <= min(c.form+1, len(s.forms)-1); i++ {
			f := &s.forms[i]
			near := f.fine.search(fine, around(c.at.Mul(s.factor), s.factor).Intersect(f.region), 2)
			keep(i, f.fine.search(fine, around(near.at, 1).Intersect(f.region), 1))
		}
	}
	if top.ncc == 0 {
		return image.Rectangle{}, 0
	}
	t := s.forms[top.form].fine
	return image.Rect(top.at.X+margin, top.at.Y+margin, top.at.X+t.w-margin, top.at.Y+t.h-margin), top.ncc
}

func around(p image.Point, by int) image.Rectangle {
	return image.Rect(p.X-by, p.Y-by, p.X+by+1, p.Y+by+1)
}

// small is a picture made smaller by a whole number.
type small struct {
	grey
	sums integral
}

func (s *small) layer() layer { return layer{&s.grey, &s.sums} }

// of takes the mean of squares of pixels. What is left over at the right and below is not part of it.
func (s *small) of(g *grey, by int) {
	s.fit(g.w/by, g.h/by)
	row := make([]uint32, s.w)
	for y := range s.h {
		clear(row)
		for sy := y * by; sy < (y+1)*by; sy++ {
			line := g.pix[sy*g.w:][:s.w*by]
			for x := range row {
				for _, p := range line[x*by : (x+1)*by] {
					row[x] += uint32(p)
				}
			}
		}
		for x, n := range row {
			s.pix[y*s.w+x] = byte(n / uint32(by*by))
		}
	}
}
