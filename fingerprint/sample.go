package fingerprint

import (
	"math"
	"time"
)

// Rate is how many pictures a second go into a code: those that FFmpeg's filter fps=5 hands on, which is what the
// reference implementations of ISCC use.
const Rate = 5

// slotLength is the time between two pictures that are sampled.
const slotLength = time.Second / Rate

// maxSlot is far beyond any time that a container can give.
const maxSlot = math.MaxInt64 / int64(slotLength) / 2

// slotOf is the number of the slot that a time is nearest to; half-way is away from zero, as in that filter.
func slotOf(t time.Duration) int64 {
	half := slotLength / 2
	switch {
	case t > time.Duration(maxSlot)*slotLength:
		return maxSlot
	case t < -time.Duration(maxSlot)*slotLength:
		return -maxSlot
	case t < 0:
		return -int64((-t + half) / slotLength)
	}
	return int64((t + half) / slotLength)
}

// sampler chooses the pictures: of those that fall into one slot the last one, and it fills the slots up to the next.
type sampler struct {
	started bool
	slot    int64         // the next to be filled
	held    int64         // slot of the picture at hand
	last    time.Duration // its time
	gap     time.Duration // between the last two pictures
}

// next takes the time of a picture. If ok, the picture before it is taken, for the slots from from up to to.
func (s *sampler) next(t time.Duration) (from, to int64, ok bool) {
	at := slotOf(t)
	if !s.started {
		s.started, s.slot, s.held, s.last = true, at, at, t
		return 0, 0, false
	}
	from, to, ok = s.fill(at)
	s.held, s.gap, s.last = at, max(t-s.last, 0), t
	return from, to, ok
}

// end says for which slots the last picture is taken: it stays for as long as the one before it did, and a picture that
// is alone for usual.
func (s *sampler) end(usual time.Duration) (from, to int64, ok bool) {
	if !s.started {
		return 0, 0, false
	}
	if s.gap == 0 {
		s.gap = usual
	}
	if s.last > math.MaxInt64-s.gap-rounding {
		return 0, 0, false
	}
	return s.fill(slotOf(s.last + s.gap + rounding))
}

// rounding is more than the rounding of three times to nanoseconds takes: an end that is half-way must stay so.
const rounding = 4 * time.Nanosecond

func (s *sampler) fill(to int64) (from, until int64, ok bool) {
	if to <= s.slot {
		return 0, 0, false
	}
	from, s.slot = s.slot, to
	return from, to, true
}
