package watermark

import "testing"

// The parts of the time line that are kept apart: 256 at most, fewer where the sums of many long messages would take more
// than 48 MiB, and never fewer than eight.
func TestTheNumberOfPartsFollowsTheirSize(t *testing.T) {
	size := func(d *Detector) int {
		total := 0
		for _, n := range d.lengths {
			total += n
		}
		return 2 * total * int(kinds) * 12
	}
	fewer := false
	for n := 0; n <= MaxMessages; n++ {
		var o Options
		for i := range n {
			o.Messages = append(o.Messages, Message{Bits: MaxBits - i, Value: make([]byte, (MaxBits-i+7)/8)})
		}
		d := New(o)
		each := size(d)
		switch {
		case d.limit > 256 || d.limit < 8:
			t.Errorf("%d messages: %d parts", n, d.limit)
		case d.limit < 256 && (d.limit*each > 48<<20 && d.limit > 8 || (d.limit+1)*each <= 48<<20):
			t.Errorf("%d messages: %d parts of %d bytes", n, d.limit, each)
		case d.limit == 256 && 256*each > 48<<20:
			t.Errorf("%d messages: 256 parts of %d bytes", n, each)
		}
		fewer = fewer || d.limit < 256
	}
	if New(Options{}).limit != 256 || !fewer {
		t.Errorf("%d parts without messages of the user's own", New(Options{}).limit)
	}
}
