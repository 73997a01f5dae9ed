package watermark

import "math"

// point is what all blocks of one bit said together.
type point struct{ re, im, votes float32 }

// pattern is the picture folded to the length of a message: block n says bit n mod bits.
type pattern struct {
	bits   int
	blocks []float64 // that said each bit
	points [kinds][]point
}

func newPattern(bits int) *pattern {
	p := &pattern{bits: bits, blocks: make([]float64, bits)}
	all := make([]point, int(kinds)*bits)
	for k := range p.points {
		p.points[k] = all[k*bits : (k+1)*bits]
	}
	return p
}

// fold adds cells whose first is block number first; each holds what frames frames said.
func (p *pattern) fold(cells []cell, first, frames int) {
	bit := first % p.bits
	for i := range cells {
		c := &cells[i]
		for k := range kinds {
			if re, im, votes, ok := c.sums(k, frames); ok {
				q := &p.points[k][bit]
				q.re += float32(re)
				q.im += float32(im)
				q.votes += float32(votes)
			}
		}
		p.blocks[bit] += float64(frames)
		if bit++; bit == p.bits {
			bit = 0
		}
	}
}

func (p *pattern) add(q *pattern) {
	for k := range p.points {
		for b := range p.points[k] {
			p.points[k][b].re += q.points[k][b].re
			p.points[k][b].im += q.points[k][b].im
			p.points[k][b].votes += q.points[k][b].votes
		}
	}
	for b := range p.blocks {
		p.blocks[b] += q.blocks[b]
	}
}

// sums are the patterns of a set of frames, for each length of message.
type sums struct {
	frames   int
	patterns []*pattern // by length, as in Detector.lengths
}

func newSums(lengths []int) *sums {
	s := &sums{}
	for _, l := range lengths {
		s.patterns = append(s.patterns, newPattern(l))
	}
	return s
}

func (s *sums) fold(cells []cell, first, frames int) {
	for _, p := range s.patterns {
		p.fold(cells, first, frames)
	}
}

func (s *sums) add(t *sums) {
	s.frames += t.frames
	for i, p := range s.patterns {
		p.add(t.patterns[i])
	}
}

// statistic says how a pattern is compared with a message.
type statistic int

const (
	fractions statistic = iota // r′: by the share of votes for a one
	phases                     // c′: by the mean phase, whatever the constant offset
	statistics
)

// evidence is what a pattern has to say to messages of its length, means taken away.
type evidence struct {
	statistic statistic
	re, im    []float64
	square    float64 // of its length
	bits      int     // that count

	along  float64 // length of the sum with the message's signs
	value  float64 // r′ or c′, 0 to 1
	chance float64 // bound of the probability that a random message has it
}

// evidenceOf is false where a bit was said by no block.
func evidenceOf(p *pattern, k kind, s statistic, classes []int, bits int) (evidence, bool) {
	e := evidence{statistic: s, bits: bits, re: make([]float64, p.bits)}
	if s == phases {
		e.im = make([]float64, p.bits)
	}
	for b, q := range p.points[k] {
		n := p.blocks[b]
		if n == 0 {
			return e, false
		}
		if s == fractions {
			e.re[b] = float64(q.votes) / (2 * n)
			continue
		}
		e.re[b], e.im[b] = float64(q.re)/(n*amplitude), float64(q.im)/(n*amplitude)
	}
	center(e.re, classes)
	e.square = dot(e.re, e.re)
	if s == phases {
		center(e.im, classes)
		e.square += dot(e.im, e.im)
	}
	return e, true
}

// minSpread is the least length, squared, that says anything: rounding alone leaves less.
const minSpread = 1e-12

// against compares with the signs of a message.
func (e evidence) against(signs []float64) evidence {
	e.along = dot(e.re, signs)
	if e.statistic == phases {
		e.along = math.Hypot(e.along, dot(e.im, signs))
	}
	e.chance = 1
	if e.square < minSpread || e.along <= 0 {
		return e
	}
	e.value = e.along / math.Sqrt(e.square*float64(e.bits))
	e.chance = e.bound(e.along)
	return e
}

// bound is the chance of a sum of length s.
func (e *evidence) bound(s float64) float64 {
	if e.statistic == phases {
		return tail2(e.re, e.im, s)
	}
	if b := math.Exp(-s * s / (2 * e.square)); b > coarse {
		return b // far from anything that counts
	}
	return tail(e.re, s)
}

// effect is how far the pattern goes with the message: 1 where each block says its bit.
func (e *evidence) effect() float64 { return e.along / float64(e.bits) }

// threshold is the value at which the chance would have been this.
func (e *evidence) threshold(chance float64) float64 {
	low, high := 0.0, 1.0
	for range 40 {
		t := (low + high) / 2
		if e.bound(t*math.Sqrt(e.square*float64(e.bits))) > chance {
			low = t
		} else {
			high = t
		}
	}
	return high
}

func dot(a, b []float64) (s float64) {
	for i, x := range a {
		s += x * b[i]
	}
	return s
}

// center takes the mean of each class from its members; those of class -1 are not counted at all.
func center(x []float64, classes []int) {
	var sum, n [8]float64
	for i, v := range x {
		if c := classes[i]; c >= 0 {
			sum[c] += v
			n[c]++
		}
	}
	for i := range x {
		if c := classes[i]; c >= 0 {
			x[i] -= sum[c] / n[c]
		} else {
			x[i] = 0
		}
	}
}
