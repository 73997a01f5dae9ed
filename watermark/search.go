package watermark

import (
	"math"
	"slices"
)

// reading is the best comparison of a message as one algorithm's.
type reading struct {
	kind     kind
	evidence evidence
	adjusted float64 // bound over all comparisons; 2: none was past the bound of one
	share    float64
	geometry string
}

// candidate is a message with its best readings.
type candidate struct {
	target  *target
	reading [2]reading            // by algorithm
	effect  map[string][2]float64 // the largest seen, by geometry and algorithm
}

func (c *candidate) adjusted() float64 { return min(c.reading[0].adjusted, c.reading[1].adjusted) }

// best is the reading that proves the most.
func (c *candidate) best() int {
	if c.reading[1].adjusted < c.reading[0].adjusted {
		return 1
	}
	return 0
}

// algorithm is the one that wrote the mark, as an index into [Algorithms]. Each algorithm's marks leave an echo in what
// the other reads. The largest singular value of a block that dwtDct changed is nearly the coefficient that it changed
// where the rest of the block is flat, but at most twice as clear (smooth pictures); what dwtDctSvd wrote is told five
// times as clearly and more by the singular values. What only one of the two can show is that one's.
func (c *candidate) algorithm() int {
	if n := c.best(); c.reading[n].adjusted <= bound && c.reading[1-n].adjusted > bound {
		return n
	}
	if e := c.effect[c.reading[c.best()].geometry]; e[1] > 3*e[0] {
		return 1
	}
	return 0
}

// search goes through the comparisons of a look.
type search struct {
	d     *Detector
	best  []candidate // by target
	tries int
}

// whole compares with the whole time line: key frames, which keep the most of a mark, and all frames.
func (s *search) whole() {
	d := s.d
	sets, share := []int{0, 1}, wholeShare*keyShare
	switch {
	case d.top[0].frames == 0:
		sets, share = sets[1:], wholeShare
	case d.top[1].frames == d.top[0].frames: // all are key frames
		sets, share = sets[:1], wholeShare
	}
	for _, set := range sets {
		all := d.total(set)
		for i := range d.targets {
			t := &d.targets[i]
			for k := range kinds {
				s.compare(i, all.patterns[t.length], k, share*t.shareOf(k), "", func(st statistic) bool { return d.halves(t, k, st, set) })
			}
		}
	}
}

// total is what the whole pictures of a set say.
func (d *Detector) total(set int) *sums {
	all := newSums(d.lengths)
	all.add(d.top[set])
	all.add(d.bottom[set])
	return all
}

// compare makes the comparisons of one message with one pattern. also is asked before one of them counts.
func (s *search) compare(i int, p *pattern, k kind, share float64, geometry string, also func(statistic) bool) {
	t := s.best[i].target
	for st := range statistics {
		e, ok := evidenceOf(p, k, st, t.classes, t.counting)
		if !ok {
			return
		}
		s.take(i, k, e.against(t.signs), share/float64(statistics), geometry, also)
	}
}

// take takes a comparison for the best of its message and algorithm if it is. Without a share it is not looked for and
// only tells the algorithms apart.
func (s *search) take(i int, k kind, e evidence, share float64, geometry string, also func(statistic) bool) {
	c, n := &s.best[i], k/(kinds/2)
	if e.statistic == phases {
		seen := c.effect[geometry]
		seen[n] = max(seen[n], e.effect())
		c.effect[geometry] = seen
	}
	r := &c.reading[n]
	if share == 0 {
		return
	}
	s.tries++
	if e.chance > single || also != nil && !also(e.statistic) {
		return
	}
	adjusted := min(1, e.chance/share)
	if adjusted < r.adjusted || adjusted <= bound && geometry == r.geometry && e.value > r.evidence.value {
		r.kind, r.evidence, r.share, r.geometry, r.adjusted = k, e, share, geometry, adjusted
	}
}

// halves says whether the upper and the lower half of the picture agree. It is asked for where a picture's own structure
// could repeat with the message: a row of blocks is a multiple of its length or of half of it, or the message is a short
// text.
func (d *Detector) halves(t *target, k kind, st statistic, set int) bool {
	if t.strict == nil && 2*gcd(d.cols, t.Bits) < t.Bits {
		return true
	}
	const plausible = 0.05
	for _, half := range []*sums{d.top[set], d.bottom[set]} {
		e, ok := evidenceOf(half.patterns[t.length], k, st, t.classes, t.counting)
		if !ok || e.against(t.signs).chance > plausible {
			return false
		}
	}
	if t.strict == nil {
		return true
	}
	// What is left of a short text without the habits of all texts must still agree.
	counting := 0
	for _, c := range t.strict {
		if c >= 0 {
			counting++
		}
	}
	e, ok := evidenceOf(d.total(set).patterns[t.length], k, st, t.strict, counting)
	return ok && e.against(t.signs).chance <= plausible
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// partsOfTime compares with runs of segments, each half over the one before: 1, 2, 4, … segments long.
func (s *search) partsOfTime() {
	n := len(s.d.segments)
	type run struct{ from, to int }
	var runs []run
	for size := 1; size < n; size *= 2 {
		for from := 0; from+size <= n; from += max(1, size/2) {
			runs = append(runs, run{from, from + size})
		}
	}
	for _, r := range runs {
		key, all := newSums(s.d.lengths), newSums(s.d.lengths)
		for _, seg := range s.d.segments[r.from:r.to] {
			key.add(seg.key)
			all.add(seg.all)
		}
		for i := range s.d.targets {
			t := &s.d.targets[i]
			own := t.homes()
			share := partShare * t.share / float64(2*len(runs)*max(1, len(own)))
			for _, k := range own {
				s.compare(i, key.patterns[t.length], k, share, "", nil)
				s.compare(i, all.patterns[t.length], k, share, "", nil)
			}
		}
	}
}

// otherGeometries compares with the pictures as they may have been before.
func (s *search) otherGeometries() {
	g := &s.d.geometries
	for i := range s.d.targets {
		t := &s.d.targets[i]
		own := t.homes()
		share := otherShare * t.share / float64(max(1, len(own)*(len(g.variants)+len(g.parts))))
		for k := range kinds {
			share := share
			if !slices.Contains(own, k) {
				share = 0 // only tells the algorithms apart
			}
			for _, v := range g.variants {
				s.compare(i, v.sums.patterns[t.length], k, share, v.name, nil)
			}
			for _, p := range g.parts {
				s.part(i, p, k, share)
			}
		}
	}
}

// part compares with each numbering of the blocks of a part.
func (s *search) part(i int, p *part, k kind, share float64) {
	t := s.best[i].target
	if p.rows[t.length] == nil || share == 0 && s.best[i].adjusted() > 1 {
		return
	}
	share /= float64(t.Bits * t.Bits * int(statistics))
	for rest := range t.Bits {
		pattern := p.numbered(t.length, rest, k)
		for st := range statistics {
			e, ok := evidenceOf(pattern, k, st, t.classes, t.counting)
			if !ok {
				continue
			}
			for turn := range t.Bits {
				s.take(i, k, e.against(t.turned(turn)), share, p.name, nil)
			}
		}
	}
}

// echo says whether a message is only seen because another one of its length, which is like it, is there.
func (s *search) echo(i int) bool {
	const like = 0.5 // correlation of two messages
	c := &s.best[i]
	for j := range s.best {
		o := &s.best[j]
		if j == i || o.target.Bits != c.target.Bits || o.adjusted() > bound {
			continue
		}
		same := dot(o.target.signs, c.target.signs) / float64(c.target.Bits)
		if math.Abs(same) < like {
			continue
		}
		a, b := o.strength(), c.strength()
		if a > b || a == b && j < i {
			return true
		}
	}
	return false
}

// strength is the statistic of the best reading.
func (c *candidate) strength() float64 { return c.reading[c.best()].evidence.value }
