package manifest

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/consentry/consentry/internal/bmff"
	"github.com/consentry/consentry/report"
)

// movie is the movie box with its bytes in memory, to try what it might have been.
type movie struct {
	at    int // its place among the boxes
	box   *bmff.Box
	data  []byte
	first bool // it stands before media
}

// movieBox reads the movie box; nil: there is none that could be tried.
func (c *causes) movieBox() (*movie, error) {
	i := slices.IndexFunc(c.all, func(s slab) bool { return s.box.Type == bmff.Moov })
	if i < 0 || !c.all[i].whole() || c.all[i].size > maxCauseMovie {
		return nil, nil
	}
	m := &movie{at: i, box: c.all[i].box}
	var err error
	if m.data, err = c.k.file.Read(m.box.Offset, int(m.box.Size)); err != nil || int64(len(m.data)) < m.box.Size {
		return nil, err
	}
	mdat := c.k.file.First(bmff.Mdat)
	m.first = mdat != nil && mdat.Offset > m.box.Offset
	return m, nil
}

// tables are the boxes of a movie box that hold offsets of chunks: stco and co64 of each track.
func (m *movie) tables() (out []*bmff.Box) {
	for _, trak := range m.box.Children() {
		b := trak
		for _, t := range []bmff.FourCC{bmff.Mdia, bmff.Minf, bmff.Stbl} {
			if b != nil {
				b = b.Child(t)
			}
		}
		if trak.Type != bmff.Trak || b == nil {
			continue
		}
		for _, t := range b.Children() {
			if t.Type == bmff.Stco || t.Type == bmff.Co64 {
				out = append(out, t)
			}
		}
	}
	return out
}

// chunks visits the rows of a table of chunk offsets in data, which starts at an offset of the file.
func chunks(data []byte, start int64, table *bmff.Box, visit func(row []byte)) {
	width := int64(4)
	if table.Type == bmff.Co64 {
		width = 8
	}
	at := table.Payload() - start + 8 // version, flags and the number of rows
	if at < 8 || at > int64(len(data)) {
		return
	}
	count := int64(binary.BigEndian.Uint32(data[at-4 : at]))
	end := min(at+count*width, table.End()-start, int64(len(data)))
	for ; at+width <= end; at += width {
		visit(data[at : at+width])
	}
}

// shiftChunks gives the movie box with all offsets of chunks moved by an amount.
func (m *movie) shiftChunks(by int64) []byte {
	out := slices.Clone(m.data)
	for _, t := range m.tables() {
		chunks(out, m.box.Offset, t, func(row []byte) {
			if len(row) == 4 {
				binary.BigEndian.PutUint32(row, uint32(int64(binary.BigEndian.Uint32(row))+by))
			} else {
				binary.BigEndian.PutUint64(row, uint64(int64(binary.BigEndian.Uint64(row))+by))
			}
		})
	}
	return out
}

// firstChunk is the lowest offset of a chunk in the index; 0: there is none.
func (c *causes) firstChunk() (int64, error) {
	m, err := c.movieBox()
	if m == nil {
		return 0, err
	}
	low := int64(0)
	for _, t := range m.tables() {
		chunks(m.data, m.box.Offset, t, func(row []byte) {
			at := uint64(0)
			for _, b := range row {
				at = at<<8 | uint64(b)
			}
			if at > 0 && at < 1<<62 && (low == 0 || int64(at) < low) {
				low = int64(at)
			}
		})
	}
	return low, nil
}

// metadata tries whether a box with metadata was put into the movie box, or into its user data. What follows moves by
// its size, and tools that know move the offsets of chunks as well.
func (c *causes) metadata() (*report.Cause, error) {
	m, err := c.movieBox()
	if m == nil {
		return nil, err
	}
	tries := 0
	for _, b := range m.box.Children() {
		kids := []*bmff.Box{}
		switch b.Type {
		case bmff.Udta:
			kids = append(append(kids, b), b.Children()...)
		case bmff.Meta, bmff.UUID, bmff.Free, bmff.Skip:
			kids = append(kids, b)
		}
		for _, kid := range kids {
			if tries++; tries > maxCausePlaces {
				return nil, nil
			}
			ok, err := c.without(m, kid)
			if err != nil {
				return nil, err
			}
			if ok {
				return &report.Cause{
					Kind: CauseMetadata, Offset: kid.Offset, Length: kid.Size, Where: kid.Path(),
					Explanation: fmt.Sprintf("%s of %d bytes was added to the movie box: without it the file is what was signed", kid.Path(), kid.Size),
				}, nil
			}
		}
	}
	return nil, nil
}

// without tries the file without a box of its movie box.
func (c *causes) without(m *movie, kid *bmff.Box) (bool, error) {
	moves := []int64{0}
	if m.first {
		moves = append(moves, -kid.Size)
	}
	for _, by := range moves {
		data := m.shiftChunks(by)
		for up := kid.Parent(); up != nil; up = up.Parent() {
			if up.Header != 8 {
				return false, nil // a 64-bit size is nothing that writers of metadata make
			}
			at := up.Offset - m.box.Offset
			binary.BigEndian.PutUint32(data[at:at+4], uint32(up.Size-kid.Size))
		}
		from := kid.Offset - m.box.Offset
		data = slices.Delete(data, int(from), int(from+kid.Size))
		order := slices.Clone(c.all)
		order[m.at].patch, order[m.at].size = data, int64(len(data))
		if ok, err := c.matches(order, -1, 0); ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}

// parked tries whether the movie box was moved and free space of its size left in its place, or taken up at its new one:
// no byte of the media moved, and the index is as it was.
func (c *causes) parked(m *movie) (*report.Cause, error) {
	was := func(order []slab, from, to string) (*report.Cause, error) {
		ok, err := c.matches(order, -1, 0)
		if !ok {
			return nil, err
		}
		return &report.Cause{
			Kind: CauseRewrite, Offset: m.box.Offset, Length: m.box.Size, Where: m.box.Path(),
			Explanation: fmt.Sprintf("the movie box was moved from %s to %s: moved back, the file is what was signed", from, to),
		}, nil
	}
	tries := 0
	for i, s := range c.all {
		if s.box.Type != bmff.Free && s.box.Type != bmff.Skip || s.size != m.box.Size {
			continue
		}
		if tries++; tries > maxCausePlaces {
			return nil, nil
		}
		order := slices.Clone(c.all)
		order[i] = c.all[m.at]
		cause, err := was(slices.Delete(order, m.at, m.at+1), fmt.Sprintf("where %s is now", s.box.Path()), fmt.Sprintf("offset %d", m.box.Offset))
		if cause != nil || err != nil {
			return cause, err
		}
	}
	if !m.first {
		return nil, nil
	}
	space := c.all[m.at]
	space.patch = append(binary.BigEndian.AppendUint32(nil, uint32(space.size)), "free"...)
	space.patch = append(space.patch, make([]byte, space.size-8)...)
	order := slices.Clone(c.all)
	order[m.at] = space
	return was(append(order, c.all[m.at]), "the end of the file", "the place of a free box")
}

// rewritten tries whether the movie box was moved in front of the media or behind it, with the offsets of chunks
// rewritten or left as they were.
func (c *causes) rewritten() (*report.Cause, error) {
	m, err := c.movieBox()
	if m == nil {
		return nil, err
	}
	if cause, err := c.parked(m); cause != nil || err != nil {
		return cause, err
	}
	rest := slices.Delete(slices.Clone(c.all), m.at, m.at+1)
	places, by, text := []int{len(rest)}, -m.box.Size, "from the end of the file to its front"
	if !m.first {
		places, by, text = nil, m.box.Size, "from the front of the file to its end"
		for i := range rest {
			places = append(places, i)
			if rest[i].box.Type == bmff.Mdat {
				break
			}
		}
	}
	for _, place := range places[:min(len(places), maxCausePlaces)] {
		for _, by := range []int64{by, 0} {
			moov := c.all[m.at]
			moov.patch = m.shiftChunks(by)
			ok, err := c.matches(slices.Insert(slices.Clone(rest), place, moov), -1, 0)
			if err != nil {
				return nil, err
			}
			if ok {
				what := ""
				if by != 0 {
					what = " and its index rewritten"
				}
				return &report.Cause{
					Kind: CauseRewrite, Offset: m.box.Offset, Length: m.box.Size, Where: m.box.Path(),
					Explanation: fmt.Sprintf("the movie box was moved %s%s, as tools do that prepare a file for streaming: moved back, the file is what was signed", text, what),
				}, nil
			}
		}
	}
	return nil, nil
}
