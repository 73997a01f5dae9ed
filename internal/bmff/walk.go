package bmff

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"sync"

	"github.com/consentry/consentry/internal/readat"
)

// The defaults of [Limits]. docs/limits.md has the reasons and the tests.
const (
	// DefaultBoxes is the number of boxes that are kept. A fragment of a long live recording has three top-level
	// boxes; 64,000 fragments need 200,000. A kept box takes some 50 bytes.
	DefaultBoxes = 1 << 19
	// DefaultDepth is the number of levels below the top. The deepest path in use, moov/trak/mdia/minf/dinf/dref,
	// has five.
	DefaultDepth = 16
	// fewBoxes is how many boxes at the top level are read before their number is estimated.
	fewBoxes = 1024
	// maxProblems bounds the list of problems: a broken file needs no more to be called broken.
	maxProblems = 64
)

// Walk reads the structure of a file of the given size. An error means I/O or a limit ([*LimitError]); what is wrong
// with the file is in [File.Problems]. ISO/IEC 14496-12, 4.2.
func Walk(r io.ReaderAt, size int64, lim Limits) (*File, error) {
	if size < 0 {
		return nil, errors.New("bmff: negative file size")
	}
	if lim.Boxes <= 0 {
		lim.Boxes = DefaultBoxes
	}
	if lim.Depth <= 0 {
		lim.Depth = DefaultDepth
	}
	w := newWalker(r, size, lim)
	defer w.win.release()
	boxes, end, err := w.siblings(nil, 0, size)
	if err != nil {
		return nil, err
	}
	f := w.file
	f.Boxes, f.Parsed = boxes, end
	f.r, f.lim = r, lim
	if _, here := r.(*bytes.Reader); !here { // what is in memory already needs no cache
		f.r = &cache{r: r, size: size}
	}
	if err := w.brands(); err != nil {
		return nil, err
	}
	seen := false
	for _, b := range boxes {
		if b.Type != Moov {
			continue
		}
		if seen {
			w.problem(Repeated, b.Offset, b, "a second moov box: readers differ in which one they follow")
			break
		}
		seen = true
	}
	return f, nil
}

type walker struct {
	win     window
	file    *File
	lim     Limits
	count   int
	keepAll bool
	user    *inner // of the last uuid box
	boxes   arena[Box]
	inners  arena[inner]
	lists   arena[*Box]
	stack   []*Box // the boxes found so far of those that lie in one another
}

func newWalker(r io.ReaderAt, size int64, lim Limits) *walker {
	return &walker{win: window{r: r, size: size}, file: &File{Size: size}, lim: lim}
}

func (w *walker) problem(k Kind, offset int64, b *Box, format string, args ...any) {
	if len(w.file.Problems) >= maxProblems {
		return
	}
	path := ""
	if b != nil {
		path = b.Path()
	}
	w.file.Problems = append(w.file.Problems, Problem{Kind: k, Offset: offset, Path: path, Text: fmt.Sprintf(format, args...)})
}

// arena gives out memory of blocks: one object for many. What it gave is not cleared when it is used again.
type arena[T any] struct{ free, block []T }

func (a *arena[T]) take(n int) []T {
	if len(a.free) < n {
		a.block = make([]T, max(n, min(2*len(a.block)+16, 256)))
		a.free = a.block
	}
	out := a.free[:n:n]
	a.free = a.free[n:]
	return out
}

// reuse gives the last block out again: nobody may hold what was taken.
func (a *arena[T]) reuse() { a.free = a.block }

func (w *walker) newInner(in inner) *inner {
	p := &w.inners.take(1)[0]
	*p = in
	return p
}

// siblings reads the boxes between start and end. It gives the offset where the boxes stop.
func (w *walker) siblings(parent *Box, start, end int64) ([]*Box, int64, error) {
	var out []*Box
	var counts counter
	var same *inner
	first := len(w.stack)
	if parent != nil {
		same = w.newInner(inner{parent: parent})
	}
	at := start
	for at < end {
		b, ok, err := w.header(parent, same, at, end)
		if err != nil {
			return nil, 0, err
		}
		if !ok {
			break
		}
		if w.count++; w.count > w.lim.Boxes {
			return nil, 0, &LimitError{What: "boxes", Limit: int64(w.lim.Boxes), Offset: at}
		}
		b.Index = counts.next(b.Type)
		if len(out) == fewBoxes && parent == nil {
			// A file of many fragments: what was read tells how many there may be. Growing step by step would leave
			// the smaller lists behind.
			each := (at - start) / fewBoxes
			out = slices.Grow(out, int(min((end-at)/each+(end-at)/each/8, int64(w.lim.Boxes-len(out)))))
		}
		if parent == nil {
			out = append(out, b)
		} else {
			w.stack = append(w.stack, b)
		}
		if b.Clipped {
			k := Truncated
			if parent != nil {
				k = PastOuter
			}
			w.problem(k, b.Offset, b, "box %q at offset %d ends behind the %s", b.Type, b.Offset, outer(parent))
		} else if b.Type == UUID && b.End()-b.Payload() < 16 {
			// It may have been anything, a manifest store too. ISO/IEC 14496-12, 4.2.
			w.problem(BadSize, b.Offset, b, "box %q at offset %d has size %d, too little for its user type", b.Type, b.Offset, b.Size)
		}
		if container(b.Type) && (w.keepAll || !lazy(b.Type)) {
			if err := w.inside(b); err != nil {
				return nil, 0, err
			}
		}
		at = b.End()
	}
	if len(w.stack) > first {
		out = w.lists.take(len(w.stack) - first)
		copy(out, w.stack[first:])
		w.stack = w.stack[:first]
	}
	return out, at, nil
}

// counter gives boxes their index among the siblings of the same type. Most boxes have children of few types: no map is
// made for these.
type counter struct {
	few [6]struct {
		t FourCC
		n uint32
	}
	used int
	many map[FourCC]uint32
}

func (c *counter) next(t FourCC) uint32 {
	for i := range c.few[:c.used] {
		if c.few[i].t == t {
			c.few[i].n++
			return c.few[i].n
		}
	}
	if c.used < len(c.few) {
		c.few[c.used].t, c.few[c.used].n = t, 1
		c.used++
		return 1
	}
	if c.many == nil {
		c.many = map[FourCC]uint32{}
	}
	c.many[t]++
	return c.many[t]
}

func outer(parent *Box) string {
	if parent == nil {
		return "end of the file"
	}
	return fmt.Sprintf("end of box %q", parent.Type)
}

// header reads one box header; same is what is known of all boxes of the parent. ok is false where there is none: the problem is noted and the rest is no box.
func (w *walker) header(parent *Box, same *inner, at, end int64) (b *Box, ok bool, err error) {
	left := end - at
	h, err := w.win.bytes(at, min(left, 36))
	if err != nil {
		return nil, false, err
	}
	if left < 8 {
		// QuickTime ends user data with four zero bytes. QuickTime File Format, User Data Atoms.
		if parent != nil && parent.Type == Udta && left == 4 && binary.BigEndian.Uint32(h) == 0 {
			return nil, false, nil
		}
		w.problem(Trailing, at, parent, "%d bytes at offset %d are too few for a box", left, at)
		return nil, false, nil
	}
	size := int64(binary.BigEndian.Uint32(h))
	typ := FourCC(binary.BigEndian.Uint32(h[4:]))
	header := int64(8)
	switch {
	case size == 0 && parent == nil:
		size = left // to the end of the file
	case size == 0:
		w.problem(BadSize, at, parent, "box %q at offset %d has size 0 and is no top-level box", typ, at)
		return nil, false, nil
	case size == 1:
		header = 16
		if left < 16 {
			w.problem(BadSize, at, parent, "box %q at offset %d announces a 64-bit size and ends before it", typ, at)
			return nil, false, nil
		}
		large := binary.BigEndian.Uint64(h[8:])
		if large > math.MaxInt64 {
			large = math.MaxInt64 // clipped below
		}
		size = int64(large)
	}
	if size < header {
		w.problem(BadSize, at, parent, "box %q at offset %d has size %d, less than its header", typ, at, size)
		return nil, false, nil
	}
	b = &w.boxes.take(1)[0]
	*b = Box{Offset: at, Size: size, Type: typ, Header: uint8(header), inner: same}
	if size > left {
		b.Size, b.Clipped = left, true
	}
	w.fields(b, h)
	return b, true, nil
}

// fields fills in what the first bytes behind the header say.
func (w *walker) fields(b *Box, h []byte) {
	p := h[b.Header:min(int64(len(h)), b.Size)]
	switch {
	case b.Type == UUID && len(p) >= 16:
		// Fragments have a box of the same user type each: they share one.
		if w.user == nil || w.user.parent != b.Parent() || string(w.user.userType[:]) != string(p[:16]) {
			w.user = w.newInner(inner{parent: b.Parent()})
			copy(w.user.userType[:], p)
		}
		b.inner = w.user
	case b.Type == Meta && len(p) >= 8 && CC(string(p[4:8])) == Hdlr:
		// Apple's meta box is a plain box: its first child follows at once. QuickTime File Format, Metadata Atom.
	case fullBox(b.Type) && len(p) >= 4:
		v := binary.BigEndian.Uint32(p)
		b.Full, b.Version, b.Flags = true, uint8(v>>24), v&0xffffff
	}
}

// inside reads the children of a container.
func (w *walker) inside(b *Box) error {
	start := b.Payload()
	if b.Full {
		start += 4
	}
	in := w.newInner(inner{parent: b.Parent(), plain: plain(b.Type)})
	b.inner = in
	if start >= b.End() {
		return nil
	}
	if b.Depth()+1 > w.lim.Depth {
		w.problem(TooDeep, b.Offset, b, "boxes nested deeper than %d levels at offset %d are not read", w.lim.Depth, b.Offset)
		return nil
	}
	children, _, err := w.siblings(b, start, b.End())
	if err != nil {
		return err
	}
	in.children = children
	return nil
}

// brands reads the ftyp (or a segment's styp) box. ISO/IEC 14496-12, 4.3 and 8.16.2.
func (w *walker) brands() error {
	for _, b := range w.file.Boxes {
		if b.Type != Ftyp && b.Type != Styp {
			continue
		}
		const most = 64 // brands; files have fewer than 20
		p, err := w.win.bytes(b.Payload(), min(b.End()-b.Payload(), 8+4*most))
		if err != nil {
			return err
		}
		if len(p) < 4 {
			return nil
		}
		w.file.Brand = FourCC(binary.BigEndian.Uint32(p))
		for p = p[min(8, len(p)):]; len(p) >= 4; p = p[4:] {
			w.file.Brands = append(w.file.Brands, FourCC(binary.BigEndian.Uint32(p)))
		}
		return nil
	}
	return nil
}

// window is a read-ahead over an io.ReaderAt: headers that stand close together cost one read.
type window struct {
	r    io.ReaderAt
	size int64
	buf  []byte
	at   int64
	step int
	// pooled is buf where it comes from the pool: a file of many fragments opens many windows.
	pooled *[windowMin]byte
}

var windows = sync.Pool{New: func() any { return new([windowMin]byte) }}

// release gives the buffer back. What bytes returned must not be used any more.
func (w *window) release() {
	if w.pooled != nil {
		windows.Put(w.pooled)
	}
	w.pooled, w.buf = nil, nil
}

// The window grows while reads follow one another closely, and shrinks when they jump over media.
const (
	windowMin = 4 << 10
	windowMax = 64 << 10
)

// bytes gives n bytes at the offset, which the caller has checked to lie inside the file. The slice is valid until the
// next call.
func (w *window) bytes(at, n int64) ([]byte, error) {
	if at < 0 || n < 0 || at > w.size-n {
		return nil, fmt.Errorf("bmff: read of %d bytes at offset %d outside the file: %w", n, at, io.ErrUnexpectedEOF)
	}
	if at >= w.at && at+n <= w.at+int64(len(w.buf)) {
		return w.buf[at-w.at : at-w.at+n], nil
	}
	near := at >= w.at && at < w.at+int64(len(w.buf))+windowMin
	if near && len(w.buf) > 0 {
		w.step = min(2*w.step, windowMax)
	} else {
		w.step = windowMin
	}
	want := min(max(int64(w.step), n), w.size-at)
	if w.pooled == nil && want <= windowMin {
		w.pooled = windows.Get().(*[windowMin]byte)
		w.buf = w.pooled[:]
	}
	if int64(cap(w.buf)) < want {
		w.release()
		w.buf = make([]byte, want)
	}
	w.buf = w.buf[:want]
	w.at = at
	if err := readat.Full("bmff", w.r, w.buf, at); err != nil {
		w.buf = w.buf[:0]
		return nil, err
	}
	return w.buf[:n], nil
}
