package store

import (
	"cmp"
	"slices"
	"time"

	"github.com/consentry/consentry/fingerprint"
)

// Limits of one search.
const (
	maxChecked = 1 << 27 // codes that are compared: half a second
	maxMatches = 1 << 20 // windows that match: a clip of which every second is in a thousand others
	maxApart   = 2       // slots that two windows of one copy may be out of step with each other
)

// Hit is a clip of the store that looks like the one that was looked up, wholly or in parts. It was found by look-alike
// and is not bound.
type Hit struct {
	Clip     int // in the store
	Distance int // of the whole clips, in bits of 256; -1: not compared, since one of them says little
	Weak     bool
	Parts    []Part
}

// Part is a run of the clip that was looked up, and where it lies in the store's clip.
type Part struct {
	Start, End time.Duration // in the clip that was looked up
	At         time.Duration // where Start lies in the store's clip, to some tenths of a second
	Windows    int           // that match, one a second
	Distance   int           // the largest of theirs
}

// Found is the answer of a search.
type Found struct {
	Hits  []Hit // best first
	Cut   bool  // there may be more: than were asked for, or than the search came to
	Ended bool  // a limit of ours ended the search before its end: asking for more hits finds no more
}

// Find looks for copies: clips whose whole code is near, and clips of which two seconds or more are in p. At most most
// hits are returned. p has a window for every slot, see [PrintsOf].
func (s *Store) Find(p Prints, most int) *Found {
	if s.index == nil {
		s.index = newIndex(s.codes)
	}
	hits := map[int]*Hit{}
	hit := func(clip int) *Hit {
		h := hits[clip]
		if h == nil {
			h = &Hit{Clip: clip, Distance: -1}
			hits[clip] = h
		}
		return h
	}
	if !p.Low {
		for i := range s.clips {
			if e := &s.clips[i]; !e.low {
				if d := e.code.Distance(&p.Whole); d <= fingerprint.MaxWeak {
					hit(i).Distance = d
				}
			}
		}
	}
	out := &Found{}
	matches := s.matches(p.Windows, out)
	for len(matches) > 0 {
		clip := s.owner[matches[0].window]
		n := 1
		for n < len(matches) && s.owner[matches[n].window] == clip {
			n++
		}
		h := hit(int(clip))
		h.Parts = s.parts(matches[:n], p.Windows)
		if e := &s.clips[clip]; h.Distance < 0 && !e.low && !p.Low {
			h.Distance = e.code.Distance(&p.Whole)
		}
		matches = matches[n:]
	}
	for _, h := range hits {
		// One window alone, of two seconds, is no more than a hint.
		h.Weak = (h.Distance < 0 || h.Distance > fingerprint.MaxMatch) && h.matched() < 2
		out.Hits = append(out.Hits, *h)
	}
	path := s.paths() // of clips that are alike in all else: by their names, however they were indexed
	slices.SortFunc(out.Hits, func(a, b Hit) int {
		return cmp.Or(cmp.Compare(b2i(a.Weak), b2i(b.Weak)), cmp.Compare(b.matched(), a.matched()),
			cmp.Compare(uint(a.Distance), uint(b.Distance)), cmp.Compare(a.apart(), b.apart()),
			cmp.Compare(path(a.Clip), path(b.Clip)), cmp.Compare(a.Clip, b.Clip))
	})
	if len(out.Hits) > most {
		out.Hits, out.Cut = out.Hits[:most], true
	}
	return out
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// matched is the number of windows that match.
func (h *Hit) matched() (n int) {
	for _, p := range h.Parts {
		n += p.Windows
	}
	return n
}

// apart is the sum of what the parts differ by.
func (h *Hit) apart() (n int) {
	for _, p := range h.Parts {
		n += p.Distance * p.Windows
	}
	return n
}

// paths gives the names of clips, each read once; one that cannot be read has none.
func (s *Store) paths() func(clip int) string {
	known := map[int]string{}
	return func(clip int) string {
		if p, ok := known[clip]; ok {
			return p
		}
		if c, err := s.Clip(clip); err == nil {
			known[clip] = c.Path
		} else {
			known[clip] = ""
		}
		return known[clip]
	}
}

// match is a window of the store, and the nearest window of the clip that was looked up.
type match struct {
	window   uint32
	with     int32
	distance int16
}

// matches are the windows of the store that are near to one of the list, in their order.
func (s *Store) matches(list []fingerprint.Window, out *Found) []match {
	best := map[uint32]match{}
	left := maxChecked
	for i := range list {
		left -= s.index.near(&list[i].Code, func(window uint32, d int) {
			if m, ok := best[window]; (!ok || d < int(m.distance)) && (ok || len(best) < maxMatches) {
				best[window] = match{window, int32(i), int16(d)}
			}
		})
		if left < 0 || len(best) == maxMatches {
			out.Cut, out.Ended = true, true
			break
		}
	}
	all := make([]match, 0, len(best))
	for _, m := range best {
		all = append(all, m)
	}
	slices.SortFunc(all, func(a, b match) int { return cmp.Compare(a.window, b.window) })
	return all
}

// parts puts the matches of one clip together, as far as they are in step: the same time apart in both clips.
func (s *Store) parts(list []match, with []fingerprint.Window) (out []Part) {
	var steps []int64 // of the last part, by window
	end := func() {
		if n := len(out); n > 0 {
			slices.Sort(steps)
			out[n-1].At = out[n-1].Start + time.Duration(steps[len(steps)/2])*slotTime
		}
	}
	for _, m := range list {
		w := &with[m.with]
		step := int64(s.starts[m.window]) - int64(w.Start/slotTime)
		if n := len(out); n > 0 {
			last := &out[n-1]
			if d := step - steps[len(steps)-1]; d >= -maxApart && d <= maxApart && w.Start <= last.End && w.Start+fingerprint.WindowTime >= last.End {
				last.End, last.Distance = w.Start+fingerprint.WindowTime, max(last.Distance, int(m.distance))
				last.Windows++
				steps = append(steps, step)
				continue
			}
		}
		end()
		steps = append(steps[:0], step)
		out = append(out, Part{Start: w.Start, End: w.Start + fingerprint.WindowTime, Windows: 1, Distance: int(m.distance)})
	}
	end()
	return out
}
