package fingerprint

import (
	"time"

	"github.com/consentry/consentry/video"
)

// SignatureOf is the signature of one frame as it is coded.
func SignatureOf(f *video.Frame) (s Signature, ok bool) {
	if !readable(f) {
		return s, false
	}
	var g grid
	g.take(f, turned{})
	return g.signature(), true
}

// SlotsOf is which picture fills each slot.
func SlotsOf(times []time.Duration, usual time.Duration) (out []int) {
	var s sampler
	fill := func(frame int, from, to int64, ok bool) {
		for ; ok && from < to; from++ {
			out = append(out, frame)
		}
	}
	for i, t := range times {
		from, to, ok := s.next(t)
		fill(i-1, from, to, ok)
	}
	from, to, ok := s.end(usual)
	fill(len(times)-1, from, to, ok)
	return out
}

// ProjectSums is the code of sums of elements.
func ProjectSums(sums [Elements]int64) Code {
	c, _ := project(&sums)
	return c
}
