package persons

import (
	"math"
)

// mixture asks whether the pictures of a window are mixtures of its start and its end.
type mixture struct {
	track *track
	grown float64
	round bool
	still bool // in one place; else along with the box
	place [4]float64

	a, b     [mixSide * mixSide]float64 // start and end, less their means
	aa, ab   float64                    // mean products
	bb, rest float64                    // rest: of b what is not a
	alike    float64
}

// fix takes one place for the whole window; false: the face does not stay there.
func (m *mixture) fix(points []int) bool {
	m.still = true
	n, width := float64(len(points)), 0.0
	first := m.track.box(points[0])
	far := 0.0
	for _, p := range points {
		b := m.track.box(p)
		for i := range b {
			m.place[i] += b[i] / n
		}
		width += b[2] / n
		// In widths and heights of the box: the sides of the picture are no unit.
		far = max(far, math.Hypot((b[0]+b[2]/2-first[0]-first[2]/2)/b[2], (b[1]+b[3]/2-first[1]-first[3]/2)/b[3]))
	}
	return far <= mixDrift
}

// patch is the picture of a glimpse, less its mean. Outside the ellipse it is zero.
func (m *mixture) patch(to *[mixSide * mixSide]float64, n int) {
	place := m.place
	if !m.still {
		place = m.track.box(n)
	}
	m.track.glimpses[n].patch(to[:], grownBox(place, m.grown))
	sum, count := 0.0, 0
	for i, v := range to {
		if m.counts(i) {
			sum += v
			count++
		}
	}
	for i := range to {
		if m.counts(i) {
			to[i] -= sum / float64(count)
		} else {
			to[i] = 0
		}
	}
}

func (m *mixture) counts(i int) bool {
	if !m.round {
		return true
	}
	x, y := float64(i%mixSide)+0.5-mixSide/2, float64(i/mixSide)+0.5-mixSide/2
	return x*x+y*y <= mixSide*mixSide/4
}

func product(a, b *[mixSide * mixSide]float64) (sum float64) {
	for i, v := range a {
		sum += v * b[i]
	}
	return sum / (mixSide * mixSide)
}

// ends takes start and end of the window; false: they are too much alike.
func (m *mixture) ends(points []int, alike float64) bool {
	var p [mixSide * mixSide]float64
	n := len(points)
	mean := func(to *[mixSide * mixSide]float64, first, second int) {
		m.patch(to, first)
		m.patch(&p, second)
		for i := range to {
			to[i] = (to[i] + p[i]) / 2
		}
	}
	mean(&m.a, points[0], points[1])
	mean(&m.b, points[n-2], points[n-1])
	m.aa, m.ab, m.bb = product(&m.a, &m.a), product(&m.a, &m.b), product(&m.b, &m.b)
	if m.aa < mixNoise || m.bb < mixNoise {
		return false // nothing to be seen
	}
	m.alike = m.ab / math.Sqrt(m.aa*m.bb)
	m.rest = min(m.aa, m.bb)*(1-m.alike*m.alike) + mixNoise
	return m.alike < alike
}

// share is how far a picture is on the way from start to end.
type share struct {
	a, b float64 // how much of start and end there is in it
	way  float64 // from 0 to 1, by what can be seen of either
	rest float64 // of the way's length, what no mixture explains
}

func (m *mixture) share(n int) (s share) {
	var p [mixSide * mixSide]float64
	m.patch(&p, n)
	pa, pb, det := product(&p, &m.a), product(&p, &m.b), m.aa*m.bb-m.ab*m.ab
	s.a, s.b = (pa*m.bb-pb*m.ab)/det, (pb*m.aa-pa*m.ab)/det
	s.rest = (product(&p, &p) - s.a*pa - s.b*pb) / m.rest
	s.a, s.b = max(s.a, 0), max(s.b, 0)
	s.way = s.b * math.Sqrt(m.bb) / (s.a*math.Sqrt(m.aa) + s.b*math.Sqrt(m.bb) + 1e-6)
	return s
}

// between asks whether the window's pictures lead from start to end, and says how many are on the way.
func (m *mixture) between(points []int, rest float64) (mid int, ok bool) {
	most := 0.0
	for i, p := range points {
		s := m.share(p)
		early, late := i < 2, i >= len(points)-2
		if s.rest > rest || max(s.a, s.b) > mixOver || s.way < most-mixBack || early && s.way > mixStart || late && s.way < 1-mixStart {
			return 0, false
		}
		most = max(most, s.way)
		if s.way > 0.12 && s.way < 0.88 {
			mid++
		}
	}
	return mid, true
}

// where finds the exchange between two glimpses: at the first that shows more of the new face than of the old one. Both
// are there where two glimpses at least show a good part of each.
func (m *mixture) where(from, to int) exchange {
	g := m.track.glimpses
	e := exchange{from: g[from].at, to: g[to].at, sight: g[to].sight}
	onTheWay, found := 0, false
	for n := from; n <= to; n++ {
		s := m.share(n)
		if s.way > 0.2 && s.way < 0.8 && s.a+s.b > 0.5 {
			onTheWay++
		}
		if !found && s.way <= 0.15 {
			e.from = g[n].at
		}
		if !found && s.b >= s.a {
			found, e.sight = true, g[n].sight
		}
		if found && s.way >= 0.85 {
			e.to = g[n].at
			break
		}
	}
	e.both = onTheWay >= 2
	return e
}
