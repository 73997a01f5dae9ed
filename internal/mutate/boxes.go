package mutate

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// Box is where a box lies, by its size fields; or a chunk, a segment, a page, a frame, in containers of other kinds.
type Box struct {
	Offset, Header, Size int // bytes
	Type                 string
	Parent               int // index of the box around it; -1: none
	form                 form
}

// End is the offset of the first byte behind the box.
func (b Box) End() int { return b.Offset + b.Size }

// inside says how far behind its header the boxes in a box begin.
var inside = map[string]int{
	"moov": 0, "trak": 0, "mdia": 0, "minf": 0, "stbl": 0, "dinf": 0, "mvex": 0, "moof": 0, "traf": 0, "jumb": 0,
	"stsd": 8, "dref": 8,
}

// usertype is that of C2PA's uuid boxes. C2PA 2.5, A.5.1.1.
var usertype = []byte{0xd8, 0xfe, 0xc3, 0xd6, 0x1b, 0x0e, 0x48, 0x3c, 0x92, 0x97, 0x58, 0x28, 0x87, 0x7e, 0xc4, 0x81}

// Boxes are the boxes of a file in order, those within others behind them. What does not fit is left out.
func Boxes(data []byte) []Box {
	if out := chunks(data); out != nil {
		return out
	}
	return boxes(data, 0, len(data))
}

// boxes are those of BMFF or JUMBF that lie between two places.
func boxes(data []byte, from, to int) []Box {
	var out []Box
	var walk func(from, to, parent, depth int)
	walk = func(from, to, parent, depth int) {
		for at := from; at+8 <= to; {
			b := Box{Offset: at, Header: 8, Size: int(binary.BigEndian.Uint32(data[at:])), Type: string(data[at+4 : at+8]), Parent: parent, form: bmff}
			switch {
			case b.Size == 0:
				b.Size = to - at
			case b.Size == 1 && at+16 <= to:
				b.Header = 16
				b.Size = int(min(binary.BigEndian.Uint64(data[at+8:]), uint64(len(data)+1)))
			}
			if b.Size < b.Header || b.Size > to-at {
				return
			}
			self := len(out)
			out = append(out, b)
			if skip, ok := inside[b.Type]; ok && depth < 12 {
				walk(at+b.Header+skip, b.End(), self, depth+1)
			}
			if IsC2PA(data, b) {
				if i := bytes.Index(data[at:b.End()], []byte("jumb")); i >= 4 {
					walk(at+i-4, b.End(), self, depth+1)
				}
			}
			at += b.Size
		}
	}
	walk(from, to, -1, 0)
	return out
}

// IsC2PA says that a box is one of C2PA's, with a header of 8 bytes: the only one that the standard exclusion matches.
func IsC2PA(data []byte, b Box) bool {
	return b.Type == "uuid" && b.Header == 8 && b.Size >= 24 && bytes.Equal(data[b.Offset+8:b.Offset+24], usertype)
}

// sizes of a box that are worth trying.
func (m *mutator) size(b Box, file int) uint32 {
	odd := []int{0, 1, 2, 7, 8, 9, 15, 16, b.Size - 1, b.Size + 1, b.Size - 8, b.Size + 8, file, file - b.Offset, file - b.Offset + 1, 0x7fffffff, 0x80000000, 0xffffffff, b.Size / 2, b.Size * 2}
	if i := m.r.IntN(len(odd) + 2); i < len(odd) {
		return uint32(odd[i])
	}
	return m.r.Uint32()
}

// box changes a box as a whole.
func (m *mutator) box(data *[]byte) {
	d := *data
	boxes := Boxes(d)
	if len(boxes) == 0 {
		m.bytes(data)
		return
	}
	b := boxes[m.r.IntN(len(boxes))]
	raw := bytes.Clone(d[b.Offset:b.End()])
	to := boxes[m.r.IntN(len(boxes))].Offset
	switch m.r.IntN(9) {
	case 0, 1:
		v := m.size(b, len(d))
		b.form.put(d[b.Offset:b.End()], uint64(v))
		m.note("size of %s at %d set to %d", b.Type, b.Offset, v)
	case 2:
		typ := b.form.types[m.r.IntN(len(b.form.types))]
		copy(d[b.Offset+b.form.typeAt:b.End()], typ)
		m.note("%s at %d called %s", b.Type, b.Offset, typ)
	case 3:
		*data = m.grow(slices.Insert(d, to, raw...), boxes, to, len(raw))
		m.note("%s at %d again at %d", b.Type, b.Offset, to)
	case 4:
		*data = m.grow(slices.Delete(d, b.Offset, b.End()), boxes, b.Offset, -len(raw))
		m.note("%s at %d taken out", b.Type, b.Offset)
	case 5:
		if to > b.Offset && to < b.End() {
			to = len(d)
		}
		d = slices.Delete(d, b.Offset, b.End())
		if to > b.Offset {
			to -= len(raw)
		}
		*data = slices.Insert(d, to, raw...)
		m.note("%s at %d moved to %d", b.Type, b.Offset, to)
	case 6:
		n := m.r.IntN(40)
		more := b.form.empty(b.form.types[m.r.IntN(3)], n)
		*data = m.grow(slices.Insert(d, to, more...), boxes, to, len(more))
		m.note("an empty box of %d bytes put in at %d", len(more), to)
	case 7:
		if b.form.name != bmff.name {
			m.bytes(data)
			return
		}
		m.wide(data, boxes, b)
	default:
		m.exchange(data, boxes, b)
	}
}

// wide gives a box a 64-bit size, right or not.
func (m *mutator) wide(data *[]byte, boxes []Box, b Box) {
	size := uint64(b.Size + 8)
	if m.r.IntN(2) == 0 {
		size = []uint64{0, 1, 15, 16, 1 << 31, 1 << 32, 1<<63 - 1, 1 << 63, 1<<64 - 1}[m.r.IntN(9)]
	}
	d := slices.Insert(*data, b.Offset+8, binary.BigEndian.AppendUint64(nil, size)...)
	binary.BigEndian.PutUint32(d[b.Offset:], 1)
	*data = m.grow(d, boxes, b.Offset, 8)
	m.note("%s at %d with the 64-bit size %d", b.Type, b.Offset, size)
}

// exchange puts a box of the same type from the donor in the place of one.
func (m *mutator) exchange(data *[]byte, boxes []Box, b Box) {
	for _, o := range Boxes(m.donor.Data) {
		if o.Type != b.Type || m.r.IntN(3) == 0 {
			continue
		}
		raw := m.donor.Data[o.Offset:o.End()]
		*data = m.grow(slices.Replace(*data, b.Offset, b.End(), raw...), boxes, b.Offset, len(raw)-b.Size)
		m.note("%s at %d from another file", b.Type, b.Offset)
		return
	}
	m.note("nothing")
}

// grow makes the boxes around a place larger, or leaves them as they were.
func (m *mutator) grow(d []byte, boxes []Box, at, by int) []byte {
	if m.r.IntN(3) == 0 {
		return d
	}
	for _, b := range boxes {
		if b.Offset < at && at < b.End() && b.Offset+b.Header <= len(d) {
			if v, ok := b.form.get(d[b.Offset:]); ok && v > 1 {
				b.form.put(d[b.Offset:], v+uint64(by))
			}
		}
	}
	return d
}
