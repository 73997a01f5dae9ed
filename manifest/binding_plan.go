package manifest

import (
	"bytes"
	"cmp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/consentry/consentry/internal/bmff"
	"github.com/consentry/consentry/internal/hashplan"
)

// c2paUserType is the user type of the boxes that carry manifest stores and proofs. C2PA 2.5, A.5.1.1.
var c2paUserType = [16]byte{0xd8, 0xfe, 0xc3, 0xd6, 0x1b, 0x0e, 0x48, 0x3c, 0x92, 0x97, 0x58, 0x28, 0x87, 0x7e, 0xc4, 0x81}

// span is a part of the file that an exclusion leaves out; entry is its index in the assertion.
type span struct {
	from, to int64
	entry    int
	box      *bmff.Box
	whole    bool // the whole box, not a subset of it
}

// matcher holds exclusions against boxes. C2PA 2.5, 16.3.2.3.
type matcher struct {
	file     *bmff.File
	entries  []exclusionEntry
	byRoot   map[bmff.FourCC][]int
	intoMeta bool         // the second reading: meta is gone through though it is no plain container
	left     atomic.Int64 // of maxMatching
	spare    sync.Pool    // of *[]span: plans are made by several goroutines
}

const (
	// maxMatching bounds the work of holding exclusions against the boxes of one file: each of the one may ask for bytes
	// of each of the other. 64,000 fragments with the exclusions that writers make take a third of it; all of it takes
	// about two seconds.
	maxMatching = 1 << 25
	// What a comparison of bytes and a part that is left out cost, where a look at a box costs 1: time and memory.
	costCompare, costSpan = 16, 32
)

// asksIntoMeta says that an exclusion has a path that goes through meta.
func (m *matcher) asksIntoMeta() bool {
	for _, e := range m.entries {
		for _, s := range e.path[:len(e.path)-1] {
			if s.typ == bmff.Meta {
				return true
			}
		}
	}
	return false
}

// spend takes work off what is left.
func (m *matcher) spend(n int64) error {
	if m.left.Add(-n) < 0 {
		return &LimitError{What: "steps of holding exclusions against boxes", Limit: maxMatching, Where: "the content hash"}
	}
	return nil
}

func newMatcher(f *bmff.File, entries []exclusionEntry) *matcher {
	m := &matcher{file: f, entries: entries, byRoot: map[bmff.FourCC][]int{}}
	m.left.Store(maxMatching)
	for i, e := range entries {
		m.byRoot[e.path[0].typ] = append(m.byRoot[e.path[0].typ], i)
	}
	return m
}

// spans appends what is left out of a top-level box, in ascending order; parts may overlap.
func (m *matcher) spans(root *bmff.Box, out []span) ([]span, error) {
	which := m.byRoot[root.Type]
	if len(which) == 0 {
		return out, nil
	}
	first := len(out)
	box := root
	for _, i := range which {
		if len(m.entries[i].path) > 1 {
			// The boxes of a movie fragment are read only where an exclusion asks for them.
			full, _, err := m.file.Expand(root)
			if err != nil {
				return nil, err
			}
			box = full
			break
		}
	}
	for _, i := range which {
		var err error
		if out, err = m.match(box, i, 0, out); err != nil {
			return nil, err
		}
	}
	if len(out)-first > 1 {
		slices.SortFunc(out[first:], func(a, b span) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(b.to, a.to)) })
	}
	return out, nil
}

// match follows level by level. Boxes with fields of their own are not entered: their children have no path.
func (m *matcher) match(b *bmff.Box, entry, level int, out []span) ([]span, error) {
	if err := m.spend(1); err != nil {
		return nil, err
	}
	e := &m.entries[entry]
	step := e.path[level]
	if b.Type != step.typ || step.index != 0 && step.index != b.Index {
		return out, nil
	}
	if level < len(e.path)-1 {
		if !b.Plain() && !(m.intoMeta && b.Type == bmff.Meta) {
			return out, nil
		}
		var err error
		for _, c := range b.Children() {
			if out, err = m.match(c, entry, level+1, out); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	ok, err := m.holds(b, e)
	if err != nil || !ok {
		return out, err
	}
	if err := m.spend(costSpan * int64(max(1, len(e.Subset)))); err != nil {
		return nil, err
	}
	if len(e.Subset) == 0 {
		return append(out, span{b.Offset, b.End(), entry, b, true}), nil
	}
	for _, s := range e.Subset {
		if *s.Offset >= b.Size {
			break // parts behind the end of the box are ignored
		}
		to := b.Size
		if *s.Length != 0 {
			to = min(to, satAdd(*s.Offset, *s.Length))
		}
		out = append(out, span{b.Offset + *s.Offset, b.Offset + to, entry, b, false})
	}
	return out, nil
}

// holds says whether the conditions of an exclusion hold for a box at its path. A box that is not wholly there matches
// nothing. Version and flags match FullBoxes only.
func (m *matcher) holds(b *bmff.Box, e *exclusionEntry) (bool, error) {
	if b.Clipped || e.Length != nil && *e.Length != b.Size {
		return false, nil
	}
	if e.Version != nil && (!b.Full || int64(b.Version) != *e.Version) {
		return false, nil
	}
	if e.Flags != nil {
		want := uint32(e.Flags[0])<<16 | uint32(e.Flags[1])<<8 | uint32(e.Flags[2])
		exact := e.Exact == nil || *e.Exact
		if !b.Full || exact && b.Flags != want || !exact && b.Flags&want != want {
			return false, nil
		}
	}
	for _, d := range e.Data {
		n := int64(len(d.Value))
		if *d.Offset > b.Size || n > b.Size-*d.Offset {
			return false, nil
		}
		if err := m.spend(costCompare + n/costCompare); err != nil {
			return false, err
		}
		if b.Type == bmff.UUID && *d.Offset == 8 && b.Header == 8 && n == 16 {
			if t := b.UserType(); !bytes.Equal(t[:], d.Value) { // as the walk read it
				return false, nil
			}
			continue
		}
		have, err := m.file.Read(b.Offset+*d.Offset, len(d.Value))
		if err != nil {
			return false, err
		}
		if !bytes.Equal(have, d.Value) {
			return false, nil
		}
	}
	return true, nil
}

// row is one part of the file in a binding: what was done with it, and why.
type row struct {
	from, to int64
	box      *bmff.Box // nil behind the last box
	root     *bmff.Box // the top-level box around it
	entry    int       // index of the exclusion that matched; -1: included
	whole    bool      // excluded with its whole box
	prefix   bool      // the root box's offset goes into the digest in front of the range
}

// included says that the bytes go into the digest.
func (r row) included() bool { return r.entry < 0 }

// rowSink takes the rows of a plan in the order of the file.
type rowSink func(row)

// plan adds what is hashed of boxes first to last-1 and of the bytes behind the last box up to end. Each root box that
// is not left out as a whole is preceded by its offset, unless prefix is false. C2PA 2.5, 16.3.2.
func (m *matcher) plan(first, last int, end int64, prefix bool, p *hashplan.Plan, sink rowSink) error {
	spare, ok := m.spare.Get().(*[]span)
	if !ok {
		spare = new([]span)
	}
	defer m.spare.Put(spare)
	buf := *spare
	at := int64(0)
	if first < len(m.file.Boxes) {
		at = m.file.Boxes[first].Offset
	}
	for _, b := range m.file.Boxes[first:last] {
		var err error
		if buf, err = m.spans(b, buf[:0]); err != nil {
			return err
		}
		m.planBox(b, buf, prefix, p, sink)
		*spare = buf
		at = b.End()
	}
	if at < end {
		p.Add(at, end-at)
		if sink != nil {
			sink(row{from: at, to: end, entry: -1})
		}
	}
	return nil
}

func (m *matcher) planBox(b *bmff.Box, out []span, prefix bool, p *hashplan.Plan, sink rowSink) {
	for _, s := range out {
		if s.whole && s.from == b.Offset && s.to == b.End() {
			if sink != nil {
				sink(row{from: b.Offset, to: b.End(), box: b, root: b, entry: s.entry, whole: true})
			}
			return
		}
	}
	if prefix {
		p.Mark(b.Offset, b.Offset)
	}
	at, marked := b.Offset, !prefix
	include := func(to int64) {
		if to <= at {
			return
		}
		p.Add(at, to-at)
		if sink != nil {
			sink(row{from: at, to: to, box: b, root: b, entry: -1, prefix: !marked})
		}
		marked = true
	}
	for _, s := range out {
		include(s.from)
		if s.to <= at {
			continue
		}
		from := max(at, s.from)
		if sink != nil {
			sink(row{from: from, to: s.to, box: s.box, root: b, entry: s.entry, whole: s.whole})
		}
		at = s.to
	}
	include(b.End())
}

// String says what an exclusion asks for, in the words of the assertion.
func (e *exclusionEntry) String() string {
	var s strings.Builder
	s.WriteString(strconv.QuoteToGraphic(*e.XPath))
	if e.Length != nil {
		s.WriteString(" length " + strconv.FormatInt(*e.Length, 10))
	}
	if len(e.Data) > 0 {
		s.WriteString(" data")
		if e.isC2PA() {
			s.WriteString(" (C2PA box)")
		}
	}
	if e.Version != nil {
		s.WriteString(" version " + strconv.FormatInt(*e.Version, 10))
	}
	if e.Flags != nil {
		s.WriteString(" flags")
	}
	if len(e.Subset) > 0 {
		s.WriteString(" subset")
		for i, x := range e.Subset {
			if i == 4 {
				s.WriteString(" …")
				break
			}
			s.WriteString(" " + strconv.FormatInt(*x.Offset, 10) + "+" + strconv.FormatInt(*x.Length, 10))
		}
	}
	return s.String()
}

// isC2PA says that the entry asks for the C2PA user type at offset 8.
func (e *exclusionEntry) isC2PA() bool {
	for _, d := range e.Data {
		if *d.Offset == 8 && bytes.Equal(d.Value, c2paUserType[:]) {
			return true
		}
	}
	return false
}

// expected says that the specification asks for the exclusion or allows it without a word. both says that the map has
// hash and merkle; since25 that the file is of version 2.5 or later. C2PA 2.5, A.5.5.
func (e *exclusionEntry) expected(both, since25 bool) bool {
	if len(e.path) != 1 {
		return false
	}
	switch e.path[0].typ {
	case bmff.UUID:
		return e.isC2PA()
	case bmff.Mfra, bmff.Free, bmff.Skip:
		return true
	case bmff.Ftyp:
		return !since25
	case bmff.Mdat:
		return both && len(e.Subset) == 1 && *e.Subset[0].Offset == 16 && *e.Subset[0].Length == 0
	}
	return false
}

// atLeast25 compares the specVersion of a claim generator with 2.5; an absent or unreadable one is earlier.
func atLeast25(version string) bool {
	major, rest, _ := strings.Cut(version, ".")
	minor, _, _ := strings.Cut(rest, ".")
	a, err := strconv.Atoi(major)
	if err != nil {
		return false
	}
	b, err := strconv.Atoi(minor)
	return a > 2 || a == 2 && err == nil && b >= 5
}
