package bmff

import (
	"io"
	"sync"
)

const (
	// cached is how many stretches of a file are kept: one for each core that reads along the file, within reason.
	cached = 4
	// cacheMost is the longest read that goes through the cache; it is what a [window] asks for first.
	cacheMost = windowMin
)

// cache keeps the last stretches of a file that small reads touched. Whoever checks a file of many fragments reads
// some tables of each, in order, and again for the next question: without it, each of them is a call into the kernel.
// A stretch grows as reads follow it, and starts small, so that reads which jump over media do not fetch media. It is
// safe for concurrent use.
type cache struct {
	r    io.ReaderAt
	size int64

	mu    sync.Mutex
	tick  uint64
	parts [cached]stretch
}

type stretch struct {
	at   int64
	buf  []byte
	used uint64
	busy bool // being read
}

// follows says that a read at the offset stands close behind the start of the stretch.
func (s *stretch) follows(at int64) bool {
	return len(s.buf) > 0 && at >= s.at && at < s.at+int64(len(s.buf))+windowMax
}

// ReadAt implements [io.ReaderAt].
func (c *cache) ReadAt(p []byte, at int64) (int, error) {
	if len(p) > cacheMost || at < 0 || at > c.size-int64(len(p)) {
		return c.r.ReadAt(p, at)
	}
	c.mu.Lock()
	c.tick++
	pick := (*stretch)(nil)
	for i := range c.parts {
		s := &c.parts[i]
		switch {
		case s.busy:
			continue
		case at >= s.at && at+int64(len(p)) <= s.at+int64(len(s.buf)):
			s.used = c.tick
			n := copy(p, s.buf[at-s.at:])
			c.mu.Unlock()
			return n, nil
		case pick == nil, s.follows(at) && !pick.follows(at), s.follows(at) == pick.follows(at) && s.used < pick.used:
			pick = s
		}
	}
	if pick == nil {
		c.mu.Unlock()
		return c.r.ReadAt(p, at)
	}
	pick.busy = true
	c.mu.Unlock()

	want := int64(windowMin)
	if pick.follows(at) {
		want = min(2*int64(len(pick.buf)), windowMax)
	}
	want = min(max(want, int64(len(p))), c.size-at)
	if int64(cap(pick.buf)) < want {
		pick.buf = make([]byte, want)
	}
	pick.at, pick.buf = at, pick.buf[:want]
	var n int
	var err error
	if got, _ := c.r.ReadAt(pick.buf, at); got == len(pick.buf) { // why a read was short is said by the next one
		n = copy(p, pick.buf)
	} else {
		pick.buf = pick.buf[:0]
		n, err = c.r.ReadAt(p, at) // the file became shorter: what was asked for may still be there
	}

	c.mu.Lock()
	pick.used, pick.busy = c.tick, false
	c.mu.Unlock()
	return n, err
}
