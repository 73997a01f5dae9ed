// Package mutate changes files in seeded ways: bits, bytes and ranges, boxes with their sizes and types (or the chunks,
// segments, pages and frames of other containers), the manifest store, and the order of fragments. What comes out of one number is the same in every run, so that a file
// which broke something can be made again.
//
// It knows containers by walks of its own, which share no code with the readers that are to be tried. It judges nothing.
// Start with [File.Mutate].
package mutate

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
)

// File is a file, or the initialization segment of a set with its fragments in playback order.
type File struct {
	Data  []byte
	Parts [][]byte
}

// clone copies everything, so that a mutation leaves the original alone.
func (f File) clone() File {
	out := File{Data: bytes.Clone(f.Data)}
	for _, p := range f.Parts {
		out.Parts = append(out.Parts, bytes.Clone(p))
	}
	return out
}

// Equal says that nothing differs.
func (f File) Equal(g File) bool {
	return bytes.Equal(f.Data, g.Data) && slices.EqualFunc(f.Parts, g.Parts, bytes.Equal)
}

// Mutate changes a copy of the file by the number, one to three times, and says what was done. donor lends bytes and
// boxes of another file.
func (f File) Mutate(seed, number uint64, donor File) (out File, what string) {
	m := &mutator{r: rand.New(rand.NewPCG(seed, number)), f: f.clone(), donor: donor}
	for m.once(); m.r.IntN(5) == 0 && len(m.did) < 3; m.once() {
	}
	for i, d := range m.did {
		if i > 0 {
			what += ", then "
		}
		what += d
	}
	return m.f, what
}

// mutator is one mutation under way.
type mutator struct {
	r     *rand.Rand
	f     File
	donor File
	did   []string
}

func (m *mutator) note(format string, args ...any) {
	m.did = append(m.did, fmt.Sprintf(format, args...))
}

// once changes one thing.
func (m *mutator) once() {
	if n := len(m.f.Parts); n > 0 && m.r.IntN(6) == 0 {
		m.order(n)
		return
	}
	data, name := &m.f.Data, ""
	if n := len(m.f.Parts); n > 0 && m.r.IntN(2) == 0 {
		i := m.r.IntN(n)
		data, name = &m.f.Parts[i], fmt.Sprintf("fragment %d: ", i)
	}
	before := len(m.did)
	if len(*data) == 0 {
		m.insert(data)
	} else if m.r.IntN(2) == 0 {
		m.bytes(data)
	} else {
		m.box(data)
	}
	for i := before; i < len(m.did); i++ {
		m.did[i] = name + m.did[i]
	}
}

// order changes which fragments there are, and in what order.
func (m *mutator) order(n int) {
	i, j := m.r.IntN(n), m.r.IntN(n)
	p := m.f.Parts
	switch m.r.IntN(5) {
	case 0:
		p[i], p[j] = p[j], p[i]
		m.note("fragments %d and %d swapped", i, j)
	case 1:
		p[i] = bytes.Clone(p[j])
		m.note("fragment %d in place of %d", j, i)
	case 2:
		m.f.Parts = slices.Delete(p, i, i+1)
		m.note("fragment %d dropped", i)
	case 3:
		m.f.Parts = slices.Insert(p, i, bytes.Clone(p[j]))
		m.note("fragment %d again before %d", j, i)
	default:
		if len(m.donor.Parts) > 0 {
			p[i] = bytes.Clone(m.donor.Parts[m.r.IntN(len(m.donor.Parts))])
			m.note("fragment %d of another set", i)
			return
		}
		p[i] = nil
		m.note("fragment %d emptied", i)
	}
}

// place is an offset into the file: anywhere, in a box's header, or in its first bytes.
func (m *mutator) place(data []byte) int {
	if boxes := Boxes(data); len(boxes) > 0 && m.r.IntN(2) == 0 {
		b := boxes[m.r.IntN(len(boxes))]
		return min(b.Offset+m.r.IntN(min(b.Size, 40)), len(data)-1)
	}
	return m.r.IntN(len(data))
}

// bytes changes the file without regard to its boxes.
func (m *mutator) bytes(data *[]byte) {
	d := *data
	at := m.place(d)
	n := min(1+m.r.IntN(1<<m.r.IntN(9)), len(d)-at)
	switch m.r.IntN(9) {
	case 0, 1:
		bit := m.r.IntN(8)
		d[at] ^= 1 << bit
		m.note("bit %d of byte %d", bit, at)
	case 2:
		d[at] = byte(m.r.Uint32())
		m.note("byte %d", at)
	case 3:
		v := []byte{0, 0xff, 0x7f, 0x80}[m.r.IntN(4)]
		for i := range n {
			d[at+i] = v
		}
		m.note("%d bytes from %d set to %#x", n, at, v)
	case 4:
		*data = d[:at]
		m.note("cut off at %d", at)
	case 5:
		m.insert(data)
	case 6:
		*data = slices.Delete(d, at, at+n)
		m.note("%d bytes from %d deleted", n, at)
	case 7:
		from := m.place(d)
		copy(d[at:at+n], d[from:])
		m.note("%d bytes from %d copied to %d", n, from, at)
	default:
		m.lend(d, at, n)
	}
}

// lend writes bytes of the donor over the file's own, mostly those of the same place.
func (m *mutator) lend(d []byte, at, n int) {
	from := at
	if len(m.donor.Data) == 0 {
		return
	}
	if m.r.IntN(2) == 0 || from >= len(m.donor.Data) {
		from = m.r.IntN(len(m.donor.Data))
	}
	copy(d[at:at+n], m.donor.Data[from:])
	m.note("%d bytes of another file's %d written to %d", n, from, at)
}

func (m *mutator) insert(data *[]byte) {
	at := 0
	if len(*data) > 0 {
		at = m.place(*data)
	}
	if m.r.IntN(8) == 0 {
		at = len(*data)
	}
	more := make([]byte, 1+m.r.IntN(64))
	switch m.r.IntN(3) {
	case 0:
		for i := range more {
			more[i] = byte(m.r.Uint32())
		}
	case 1:
		copy(more, (*data)[at:])
	}
	*data = slices.Insert(*data, at, more...)
	m.note("%d bytes inserted at %d", len(more), at)
}
