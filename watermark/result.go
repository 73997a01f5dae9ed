package watermark

import "time"

// Found is a mark that was found.
type Found struct {
	Algorithm Algorithm
	Scheme    string // of the known messages; empty: the user's own
	Bits      int
	Message   string // lower-case hex, leading zero bits filled up to a whole digit
	// Statistic is the correlation with the message, r′ or c′ (the better), 0 to 1; Threshold is the value from which
	// this comparison counts.
	Statistic, Threshold float64
	// Bound is the probability, at most, that anything as strong is found in a video without a mark, all comparisons of
	// the look together.
	Bound    float64
	Spans    [][2]time.Duration // of presentation time, start inclusive, end exclusive
	Partial  bool               // other parts of the time line, which could have shown it, do not
	Geometry string             // what was done to the picture after it was marked; empty: nothing
}

// Result is what a look found.
type Result struct {
	Found []Found
	Weak  []Found // past the bound of one comparison, not of all together: no mark by our rule
	Tries int     // comparisons
	// Frames were looked at, of which Keys are key frames; Unread could not be: no colour, or too small.
	Frames, Keys, Unread int
}

// single is the bound of one comparison, from which a mark is weak.
const single = 1e-6

// End ends the look. The time line ends at end, or where the last frame does if that is later.
func (d *Detector) End(end time.Duration) *Result {
	d.close(max(end, d.last+d.step))
	s := &search{d: d, best: make([]candidate, len(d.targets))}
	for i := range s.best {
		s.best[i] = candidate{target: &d.targets[i], reading: [2]reading{{adjusted: 2}, {adjusted: 2}}, effect: map[string][2]float64{}}
	}
	s.whole()
	s.partsOfTime()
	s.otherGeometries()
	res := &Result{Tries: s.tries, Frames: d.looked, Unread: d.unread, Keys: d.top[0].frames}
	for i := range s.best {
		c := &s.best[i]
		switch {
		case s.echo(i):
		case c.adjusted() <= bound:
			res.Found = append(res.Found, s.found(c))
		case c.adjusted() < 2:
			res.Weak = append(res.Weak, s.found(c))
		}
	}
	return res
}

// found tells of a message by the reading that proves it, which may be the echo in what the other algorithm reads.
func (s *search) found(c *candidate) Found {
	n := c.algorithm()
	r := &c.reading[n]
	if r.adjusted > bound {
		r = &c.reading[c.best()]
	}
	f := Found{
		Algorithm: Algorithms[n], Scheme: c.target.Scheme, Bits: c.target.Bits, Message: c.target.Hex(),
		Statistic: r.evidence.value, Threshold: r.evidence.threshold(bound * r.share), Bound: r.adjusted, Geometry: r.geometry,
	}
	f.Spans, f.Partial = s.d.spans(c.target, r)
	return f
}

// The states of a part of the time line.
const (
	absent = iota
	open   // it cannot be told
	present
)

// spans are the parts of the time line that show the mark. A part counts as without it only where it has a key frame
// that speaks as clearly as those that show it, and says something else.
func (d *Detector) spans(t *target, r *reading) (out [][2]time.Duration, partial bool) {
	type part struct {
		start, end time.Duration
		state      int
	}
	var parts []part
	whole := [][2]time.Duration{{d.segments[0].start, d.segments[len(d.segments)-1].end}}
	if r.geometry != "" {
		return whole, false // only some key frames were looked at
	}
	for i := range d.segments {
		seg := &d.segments[i]
		state := d.shows(seg, t, r.kind)
		if n := len(parts); n > 0 && (seg.key.frames == 0 && state != present || state == parts[n-1].state) {
			parts[n-1].end = max(parts[n-1].end, seg.end)
			continue
		}
		parts = append(parts, part{seg.start, seg.end, state})
	}
	for i, p := range parts {
		// What is open goes with a neighbour that shows the mark.
		if p.state == open && (i > 0 && parts[i-1].state == present || i+1 < len(parts) && parts[i+1].state == present) {
			parts[i].state = present
		}
		partial = partial || p.state == absent
	}
	for _, p := range parts {
		switch n := len(out); {
		case p.state != present:
		case n > 0 && out[n-1][1] >= p.start:
			out[n-1][1] = max(out[n-1][1], p.end)
		default:
			out = append(out, [2]time.Duration{p.start, p.end})
		}
	}
	if len(out) == 0 { // no part shows it alone, all together do
		return whole, false
	}
	return out, partial
}

// shows says whether a segment shows the mark, with the better of its key frames and all its frames.
func (d *Detector) shows(seg *segment, t *target, k kind) int {
	const plain, nothing = 1e-4, 1e-2 // chances of a random message
	best, spread := 1.0, 0.0
	for _, set := range []*sums{seg.key, seg.all} {
		for st := range statistics {
			e, ok := evidenceOf(set.patterns[t.length], k, st, t.classes, t.counting)
			if !ok {
				continue
			}
			e = e.against(t.signs)
			best, spread = min(best, e.chance), max(spread, e.square)
		}
	}
	switch {
	case best <= plain:
		return present
	case best > nothing && spread > minSpread && seg.key.frames > 0:
		return absent
	}
	return open
}
