package persons

import (
	"math"
	"slices"
	"time"
)

// A face that dissolves into another in the same place looks like one face to whoever follows boxes. What gives it away
// is how the picture changes: in a dissolve each picture on the way is a mixture of the one before and the one after, as
// no motion of a head is; and a head that is replaced at once changes all over without having turned. The pictures are
// held against each other as shots are, within one track and a few seconds: nothing is derived from a face that would tell
// it from others, and nothing is kept. docs/accuracy.md has the measurement behind the numbers.

const (
	glimpseSide  = 32 // samples of a glimpse a side
	glimpseGrown = 2  // sides of the box that it shows
	mixSide      = 16 // samples that are compared a side
	mixPoints    = 9  // pictures of a window: two of the start, two of the end, and those on the way
	mixLeast     = 5  // of them that differ, where the track is seen seldom
	mixDrift     = 0.35
	mixStart     = 0.25 // of the way at most, at the start, and at least at the end less this
	mixBack      = 0.2  // of the way that it may go back
	mixOver      = 1.3  // ways that a picture may be from the start: one beyond the end is of something else
	mixInner     = 0.92 // correlation of what lies inside the face, above which only its surroundings changed
	mixApart     = 320 * time.Millisecond
	mixNoise     = 1 // variance of luma that is put down to noise
	glimpseEvery = 30 * time.Millisecond
	mixEvery     = 100 * time.Millisecond
)

// mixRules say from when on a window is an exchange of faces. alike is the correlation of start and end, rest what no
// mixture of them explains of their difference, turned how far eyes, nose and mouth moved inside the box.
var mixRules = []struct {
	half        time.Duration // of the shortest window
	fixed       bool          // in one place of the picture; else along with the box
	grown       float64       // of the box
	round       bool          // only what lies in the ellipse
	step        bool          // at once: nothing on the way
	alike, rest float64
	turned      float64 // mean of the coordinates, in sides of the box
}{
	{640 * time.Millisecond, true, 1, true, false, 0.85, 0.04, math.Inf(1)},
	{640 * time.Millisecond, true, 1.5, false, false, 0.85, 0.04, math.Inf(1)},
	{1280 * time.Millisecond, true, 1, true, false, 0.85, 0.08, 0.06},
	{640 * time.Millisecond, false, 1, true, false, 0.85, 0.06, 0.035},
	{1280 * time.Millisecond, false, 1, true, false, 0.85, 0.11, 0.035},
	{1280 * time.Millisecond, false, 1.5, false, true, 0.75, 0.06, 0.036},
}

var mixHalves = []time.Duration{640 * time.Millisecond, 1280 * time.Millisecond, 2 * time.Second}

// scene is where glimpses of a frame are taken from: its luma as it is stored, small and large.
type scene struct {
	up           upright
	small, large []byte
	sw, sh       int
	lw, lh       int
}

// glimpse is what a track shows at a sight: luma of the box and of what is around it.
type glimpse struct {
	at    time.Duration
	sight int // index
	box   [4]float64
	marks [10]float64 // landmarks from the middle of the box, in its sides; all zero: the model has none
	luma  [glimpseSide * glimpseSide]byte
}

// exchange is a place in a track where one face takes the place of another.
type exchange struct {
	from, to time.Duration // on the way
	sight    int           // the first that shows the new face more than the old one
	both     bool          // both are seen for a moment
	worth    float64       // of the window: the longer it is and the greater the change that it shows, the more
}

// stored is where a box of the upright picture is in the frame as it is stored.
func (u upright) stored(b [4]float64) [4]float64 {
	x, y, w, h := b[0], b[1], b[2], b[3]
	switch u.rotation {
	case 90:
		x, y, w, h = y, 1-x-w, h, w
	case 180:
		x, y = 1-x-w, 1-y-h
	case 270:
		x, y, w, h = 1-y-h, x, h, w
	}
	if u.mirrored {
		x = 1 - x - w
	}
	return [4]float64{x, y, w, h}
}

// grownBox is a box made larger about its middle.
func grownBox(b [4]float64, by float64) [4]float64 {
	return [4]float64{b[0] - (by-1)/2*b[2], b[1] - (by-1)/2*b[3], b[2] * by, b[3] * by}
}

// look takes a glimpse of the last sight, and looks from time to time whether the face was exchanged. As glimpses have a
// distance in time, a track keeps 135 of them at most, of 1.2 kB each.
func (t *track) look(s *scene, face *Face, at time.Duration) {
	if s == nil || len(t.glimpses) > 0 && at-t.glimpses[len(t.glimpses)-1].at < glimpseEvery || face.W <= 0 || face.H <= 0 {
		return
	}
	g := glimpse{at: at, sight: len(t.sights) - 1, box: [4]float64{face.X, face.Y, face.W, face.H}}
	for i, m := range face.Landmarks {
		if m != [2]float64{} {
			g.marks[2*i], g.marks[2*i+1] = (m[0]-face.X)/face.W-0.5, (m[1]-face.Y)/face.H-0.5
		}
	}
	s.take(&g)
	oldest := at - 2*mixHalves[len(mixHalves)-1] - glimpseEvery
	drop := 0
	for drop < len(t.glimpses) && t.glimpses[drop].at < oldest {
		drop++
	}
	t.glimpses = append(slices.Delete(t.glimpses, 0, drop), g)
	if at-t.mixed >= mixEvery {
		t.mixed = at
		for _, half := range mixHalves {
			t.mix(half)
		}
	}
}

// take fills a glimpse with means of the luma that each of its samples covers; what is outside repeats the edge.
func (s *scene) take(g *glimpse) {
	b := s.up.stored(grownBox(g.box, glimpseGrown))
	luma, w, h := s.small, s.sw, s.sh
	if b[2]*float64(w) < glimpseSide && len(s.large) > 0 {
		luma, w, h = s.large, s.lw, s.lh
	}
	var xs, ys [glimpseSide + 1]int
	for i := range xs {
		xs[i] = int(math.Floor((b[0] + b[2]*float64(i)/glimpseSide) * float64(w)))
		ys[i] = int(math.Floor((b[1] + b[3]*float64(i)/glimpseSide) * float64(h)))
	}
	for j := range glimpseSide {
		y0, y1 := span1(ys[j], ys[j+1], h)
		for i := range glimpseSide {
			x0, x1 := span1(xs[i], xs[i+1], w)
			sum := 0
			for y := y0; y < y1; y++ {
				for _, v := range luma[y*w+x0 : y*w+x1] {
					sum += int(v)
				}
			}
			g.luma[j*glimpseSide+i] = byte(sum / ((y1 - y0) * (x1 - x0)))
		}
	}
}

// span1 is one sample at least of n, those from a to b where they are there.
func span1(a, b, n int) (from, to int) {
	from = min(max(a, 0), n-1)
	return from, max(min(b, n), from+1)
}

// patch is what a glimpse shows of a rectangle, at mixSide × mixSide samples, between which it is interpolated.
func (g *glimpse) patch(to []float64, r [4]float64) {
	b := grownBox(g.box, glimpseGrown)
	at := func(i int, r0, rn, b0, bn float64) (int, float64) {
		v := ((r0+rn*(float64(i)+0.5)/mixSide)-b0)/bn*glimpseSide - 0.5
		v = min(max(v, 0), glimpseSide-1.001)
		return int(v), v - math.Floor(v)
	}
	var xi [mixSide]int
	var xf [mixSide]float64
	for i := range mixSide {
		xi[i], xf[i] = at(i, r[0], r[2], b[0], b[2])
	}
	for j := range mixSide {
		y, fy := at(j, r[1], r[3], b[1], b[3])
		top, bottom := g.luma[y*glimpseSide:(y+1)*glimpseSide], g.luma[(y+1)*glimpseSide:(y+2)*glimpseSide]
		for i := range mixSide {
			x, fx := xi[i], xf[i]
			a := float64(top[x]) + fx*(float64(top[x+1])-float64(top[x]))
			c := float64(bottom[x]) + fx*(float64(bottom[x+1])-float64(bottom[x]))
			to[j*mixSide+i] = a + fy*(c-a)
		}
	}
}

// mix looks at the last window of twice a time.
func (t *track) mix(half time.Duration) {
	end := len(t.glimpses) - 1
	from := t.glimpses[end].at - 2*half
	if t.glimpses[0].at > from+2*half/100 {
		return
	}
	var points []int
	for i := range mixPoints {
		n := t.nearest(from + 2*half*time.Duration(i)/(mixPoints-1))
		if len(points) == 0 || n != points[len(points)-1] {
			points = append(points, n)
		} else if i == 1 || i == mixPoints-1 {
			return // start or end was seen once only: that may be anything
		}
	}
	if len(points) < mixLeast {
		return
	}
	turned := t.turned(points)
	for _, r := range mixRules {
		if half < r.half || turned > r.turned {
			continue
		}
		m := mixture{track: t, grown: r.grown, round: r.round}
		if r.fixed && !m.fix(points) || !m.ends(points, r.alike) {
			continue
		}
		if inner := (mixture{track: t, grown: 1, round: true, still: m.still, place: m.place}); !r.round && !inner.ends(points, mixInner) {
			continue
		}
		if mid, ok := m.between(points, r.rest); !ok || r.step && mid > 1 || !r.step && mid == 0 {
			continue
		}
		e := m.where(points[0], points[len(points)-1])
		e.worth = half.Seconds() * (1 - m.alike)
		t.exchanged(e)
		return
	}
}

// nearest is the glimpse that is nearest to a time.
func (t *track) nearest(at time.Duration) int {
	n, _ := slices.BinarySearchFunc(t.glimpses, at, func(g glimpse, at time.Duration) int { return int(g.at - at) })
	if n == len(t.glimpses) || n > 0 && at-t.glimpses[n-1].at <= t.glimpses[n].at-at {
		n--
	}
	return n
}

// median is the middle value of some glimpses about one, for what jumps by a little from one to the next.
func (t *track) median(n int, of func(*glimpse) float64) float64 {
	var v [5]float64
	list := v[:0]
	for i := max(n-2, 0); i <= min(n+2, len(t.glimpses)-1); i++ {
		list = append(list, of(&t.glimpses[i]))
	}
	slices.Sort(list)
	return list[len(list)/2]
}

// box is that of a glimpse, without jumps.
func (t *track) box(n int) (b [4]float64) {
	for i := range b {
		b[i] = t.median(n, func(g *glimpse) float64 { return g.box[i] })
	}
	return b
}

// turned is how far the landmarks moved inside the box; without landmarks it cannot be said.
func (t *track) turned(points []int) float64 {
	n := len(points)
	if t.glimpses[points[0]].marks == [10]float64{} {
		return math.MaxFloat64
	}
	sum := 0.0
	for i := range 10 {
		at := func(k int) float64 { return t.median(points[k], func(g *glimpse) float64 { return g.marks[i] }) }
		sum += math.Abs(at(0)+at(1)-at(n-2)-at(n-1)) / 2
	}
	return sum / 10
}

// exchanged notes an exchange; windows that show the same one are one, told by the one that is worth most.
func (t *track) exchanged(e exchange) {
	for i := 0; i < len(t.exchanges); i++ {
		o := &t.exchanges[i]
		if o.to+mixApart < e.from || e.to+mixApart < o.from {
			continue
		}
		from, to := min(o.from, e.from), max(o.to, e.to)
		if o.worth > e.worth {
			e = *o
		}
		e.from, e.to = from, to
		t.exchanges = slices.Delete(t.exchanges, i, i+1)
		i = -1
	}
	t.exchanges = append(t.exchanges, e)
}

// parts are the track, cut where its face was exchanged. Where both faces were seen the parts share a sight.
func (t *track) parts() []*track {
	slices.SortFunc(t.exchanges, func(a, b exchange) int { return a.sight - b.sight })
	var out []*track
	from := 0
	for _, e := range t.exchanges {
		if e.sight <= from || e.sight >= len(t.sights)-1 {
			continue
		}
		to := e.sight
		if e.both {
			to++
		}
		out = append(out, t.part(from, to))
		from = e.sight
	}
	if out == nil {
		return []*track{t}
	}
	return append(out, t.part(from, len(t.sights)))
}

// part is some sights of a track. It is as certain as the whole.
func (t *track) part(from, to int) *track {
	p := *t
	p.sights, p.best, p.whole = t.sights[from:to:to], 0, max(t.whole, t.peak())
	p.glimpses, p.exchanges = nil, nil
	for i := range p.sights {
		if s, b := &p.sights[i], &p.sights[p.best]; s.score*s.w > b.score*b.w {
			p.best = i
		}
	}
	return &p
}
