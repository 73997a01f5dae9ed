package visible

import (
	"image"
	"time"
)

// A run goes on while the box stays where it was: it overlaps the last one and the first one, and no more than two
// pictures in a row are without it.
const (
	overlapLast  = 0.55
	overlapFirst = 0.80
	maxGap       = 2
)

// run is a mark at one place.
type run struct {
	size        image.Point
	first, last image.Rectangle
	from, to    time.Duration
	frames      int
	sum         float64
	missed      int
}

// tracker follows one mark over time.
type tracker struct {
	now     run
	longest run
	spans   [][2]time.Duration
	frames  int
}

// picture takes the best place of the next picture.
func (t *tracker) picture(m *mark, size image.Point, at time.Duration, box image.Rectangle, ncc float64) {
	if t.now.frames > 0 && ncc >= m.threshold && !(overlap(box, t.now.last) >= overlapLast && overlap(box, t.now.first) >= overlapFirst) {
		t.stop(m) // it is elsewhere now
	}
	switch {
	case ncc >= m.threshold:
		r := &t.now
		if r.frames == 0 {
			*r = run{size: size, first: box, from: at}
		}
		r.last, r.to, r.missed = box, at, 0
		r.frames++
		r.sum += ncc
	case t.now.frames > 0:
		if t.now.missed++; t.now.missed > maxGap {
			t.stop(m)
		}
	}
}

// stop ends a run, and keeps it if it is long enough.
func (t *tracker) stop(m *mark) {
	r := t.now
	t.now = run{}
	if r.frames < m.run {
		return
	}
	t.frames += r.frames
	if r.frames > t.longest.frames {
		t.longest = r
	}
	end := max(r.to+time.Second/Rate, r.from)
	if n := len(t.spans); n == MaxSpans {
		t.spans[n-1][1] = end
		return
	}
	t.spans = append(t.spans, [2]time.Duration{r.from, end})
}

func (t *tracker) hint(m *mark) (Hint, bool) {
	if len(t.spans) == 0 {
		return Hint{}, false
	}
	r := &t.longest
	return Hint{
		Mark: m.name, Vendor: m.vendor, Box: r.first, Picture: r.size, Spans: t.spans, Frames: t.frames,
		Statistic: r.sum / float64(r.frames), Threshold: m.threshold,
	}, true
}

// overlap is the share that two boxes have in common of what they cover together.
func overlap(a, b image.Rectangle) float64 {
	area := func(r image.Rectangle) float64 { return float64(r.Dx()) * float64(r.Dy()) }
	both := area(a.Intersect(b))
	if all := area(a) + area(b) - both; all > 0 {
		return both / all
	}
	return 0
}
