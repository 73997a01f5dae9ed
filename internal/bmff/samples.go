package bmff

import (
	"encoding/binary"
	"math"
)

// Run is media data that lie together: the samples of a chunk or of a track run.
type Run struct {
	Track  uint32
	Offset int64
	Length int64
}

// Chunks visits the chunks of a track in the order of its sample table: where each lies and how long it is. Tables are
// streamed, so memory does not depend on their size. The problems say where tables contradict each other; then the
// visits may be incomplete. ISO/IEC 14496-12, 8.7.
func (f *File) Chunks(t *Track, visit func(Run) error) ([]Problem, error) {
	p := &tables{f: f, win: window{r: f.r, size: f.Size}}
	defer p.win.release()
	stbl := path(t.Box, Mdia, Minf, Stbl)
	if stbl == nil {
		return nil, nil
	}
	c := chunker{p: p, stbl: stbl, track: t.ID, visit: visit}
	err := c.run()
	return p.problems, err
}

func path(b *Box, types ...FourCC) *Box {
	for _, t := range types {
		if b == nil {
			return nil
		}
		b = b.Child(t)
	}
	return b
}

// column streams a table of numbers of one size.
type column struct {
	win   window
	at    int64
	width int64 // bytes of a row
	rows  int64
	next  int64
}

// table opens the rows of a table box that start skip bytes into its payload, with the count in the 4 bytes before.
// It gives nil where the box is missing, and notes a count that the box cannot hold.
func (p *tables) table(b *Box, skip, width int64) (*column, error) {
	if b == nil {
		return nil, nil
	}
	left := b.End() - b.Payload() - skip
	if left < 0 {
		p.problem(b, "too short for its fields")
		return nil, nil
	}
	h, err := p.win.bytes(b.Payload()+skip-4, 4)
	if err != nil {
		return nil, err
	}
	rows := int64(binary.BigEndian.Uint32(h))
	if rows > left/width {
		p.problem(b, "claims %d rows, has room for %d", rows, left/width)
		rows = left / width
	}
	return &column{win: window{r: p.f.r, size: p.f.Size}, at: b.Payload() + skip, width: width, rows: rows}, nil
}

// row gives the next row, or nil at the end.
func (c *column) row() ([]byte, error) {
	if c.next >= c.rows {
		return nil, nil
	}
	b, err := c.win.bytes(c.at+c.next*c.width, c.width)
	c.next++
	return b, err
}

// maxRun is more than any file holds: offsets and lengths below it can be added without overflow.
const maxRun = math.MaxInt64 / 4

type chunker struct {
	p     *tables
	stbl  *Box
	track uint32
	visit func(Run) error
	// sample, where it is set, sees every sample, or the samples of a chunk at once where all have one size.
	sample func(r Run, samples int64) error

	fixed int64   // size of every sample; 0: from sizes
	left  int64   // samples with the fixed size that are left
	sizes *column // rows of stsz
	small *column // rows of stz2 with 16 or 8 bits; with 4 bits two samples share a row
	bits  int
	half  int // stz2 with 4 bits: the second nibble, or -1
}

func (c *chunker) run() error {
	if err := c.openSizes(); err != nil {
		return err
	}
	offsets, width, err := c.offsets()
	if err != nil || offsets == nil {
		return err
	}
	stsc, err := c.p.table(c.stbl.Child(Stsc), 8, 12)
	if err != nil || stsc == nil {
		return err
	}
	var per, next uint32 // samples in a chunk of this row; first chunk of the next row
	row, err := stsc.row()
	if err != nil {
		return err
	}
	if row == nil {
		if offsets.rows > 0 {
			c.p.problem(c.stbl, "chunks without samples")
		}
		return nil
	}
	next = binary.BigEndian.Uint32(row)
	pending := binary.BigEndian.Uint32(row[4:])
	if next != 1 {
		c.p.problem(c.stbl, "the first row of stsc starts with chunk %d", next)
		next = 1
	}
	for chunk := uint32(1); int64(chunk) <= offsets.rows; chunk++ {
		if chunk == next {
			per = pending
			if row, err = stsc.row(); err != nil {
				return err
			}
			next = math.MaxUint32
			if row != nil {
				next, pending = binary.BigEndian.Uint32(row), binary.BigEndian.Uint32(row[4:])
				if next <= chunk {
					c.p.problem(c.stbl, "the rows of stsc are not in ascending order")
					next = math.MaxUint32
				}
			}
		}
		o, err := offsets.row()
		if err != nil {
			return err
		}
		var at uint64
		if width == 8 {
			at = binary.BigEndian.Uint64(o)
		} else {
			at = uint64(binary.BigEndian.Uint32(o))
		}
		n, ok, err := c.chunk(per, int64(min(at, maxRun)))
		if err != nil {
			return err
		}
		if at > maxRun {
			c.p.problem(c.stbl, "chunk %d at offset %d", chunk, at)
			return nil
		}
		if n > 0 {
			if err := c.visit(Run{Track: c.track, Offset: int64(at), Length: n}); err != nil {
				return err
			}
		}
		if !ok {
			return nil // samples ran out: noted
		}
	}
	return nil
}

func (c *chunker) offsets() (*column, int64, error) {
	if b := c.stbl.Child(Co64); b != nil {
		t, err := c.p.table(b, 8, 8)
		return t, 8, err
	}
	t, err := c.p.table(c.stbl.Child(Stco), 8, 4)
	return t, 4, err
}

// openSizes reads the heads of stsz or stz2. ISO/IEC 14496-12, 8.7.3.
func (c *chunker) openSizes() error {
	c.half = -1
	if b := c.stbl.Child(Stsz); b != nil {
		h, err := c.p.head(b, 12)
		if err != nil {
			return err
		}
		if len(h) < 12 {
			c.p.problem(b, "too short for its fields")
			return nil
		}
		if c.fixed = int64(binary.BigEndian.Uint32(h[4:])); c.fixed != 0 {
			c.left = int64(binary.BigEndian.Uint32(h[8:]))
			return nil
		}
		c.sizes, err = c.p.table(b, 12, 4)
		return err
	}
	b := c.stbl.Child(Stz2)
	h, err := c.p.head(b, 12)
	if err != nil || len(h) < 12 {
		return err
	}
	c.bits = int(h[7])
	switch c.bits {
	case 4:
		// Two samples a byte: the count is of samples, so the table is opened for half as many rows.
		rows := (int64(binary.BigEndian.Uint32(h[8:])) + 1) / 2
		rows = min(rows, b.End()-b.Payload()-12)
		c.small = &column{win: window{r: c.p.f.r, size: c.p.f.Size}, at: b.Payload() + 12, width: 1, rows: rows}
	case 8, 16:
		c.small, err = c.p.table(b, 12, int64(c.bits/8))
	default:
		c.p.problem(b, "sample sizes of %d bits", c.bits)
	}
	return err
}

// size gives the size of the next sample; ok is false when there is none.
func (c *chunker) size() (n int64, ok bool, err error) {
	switch {
	case c.fixed != 0:
		if c.left == 0 {
			return 0, false, nil
		}
		c.left--
		return c.fixed, true, nil
	case c.sizes != nil:
		row, err := c.sizes.row()
		if row == nil || err != nil {
			return 0, false, err
		}
		return int64(binary.BigEndian.Uint32(row)), true, nil
	case c.small != nil:
		if c.half >= 0 {
			n, c.half = int64(c.half), -1
			return n, true, nil
		}
		row, err := c.small.row()
		if row == nil || err != nil {
			return 0, false, err
		}
		switch c.bits {
		case 4:
			c.half = int(row[0] & 15)
			return int64(row[0] >> 4), true, nil
		case 8:
			return int64(row[0]), true, nil
		}
		return int64(binary.BigEndian.Uint16(row)), true, nil
	}
	return 0, false, nil
}

// chunk adds up the sizes of the next n samples, which start at an offset.
func (c *chunker) chunk(n uint32, at int64) (sum int64, ok bool, err error) {
	if c.fixed != 0 {
		take := min(int64(n), c.left)
		c.left -= take
		if take < int64(n) {
			c.p.problem(c.stbl, "fewer samples than the chunks ask for")
		}
		if take > 0 && c.fixed > maxRun/take {
			c.p.problem(c.stbl, "a chunk of %d samples of %d bytes", take, c.fixed)
			return 0, false, nil
		}
		if c.sample != nil && take > 0 {
			err = c.sample(Run{c.track, at, take * c.fixed}, take)
		}
		return take * c.fixed, take == int64(n), err
	}
	for range n {
		s, ok, err := c.size()
		if err != nil {
			return sum, false, err
		}
		if !ok {
			c.p.problem(c.stbl, "fewer samples than the chunks ask for")
			return sum, false, nil
		}
		if c.sample != nil {
			if err := c.sample(Run{c.track, at + sum, s}, 1); err != nil {
				return sum, false, err
			}
		}
		sum += s
	}
	return sum, true, nil
}

// Runs visits the media data of a movie fragment, track run by track run. fallback gives the default sample size of a
// track where the fragment names none (from trex). ISO/IEC 14496-12, 8.8.
func (f *File) Runs(moof *Box, fallback map[uint32]uint32, visit func(Run) error) ([]Problem, error) {
	full, problems := moof, []Problem(nil)
	if moof.Children() == nil && lazy(moof.Type) {
		w := walkers.Get().(*walker)
		defer walkers.Put(w)
		w.reuse(f)
		var err error
		if full, problems, err = w.expand(moof); err != nil {
			return nil, err
		}
	}
	p := &tables{f: f, win: window{r: f.r, size: f.Size}, problems: problems}
	defer p.win.release()
	end := moof.Offset // where the data of the next track run start if nothing says where
	for _, traf := range full.Children() {
		if traf.Type != Traf {
			continue
		}
		var err error
		if end, err = p.fragment(moof, traf, end, fallback, visit); err != nil {
			return p.problems, err
		}
	}
	return p.problems, nil
}

// fragment visits the runs of one track fragment and gives the offset behind the last.
func (p *tables) fragment(moof, traf *Box, prev int64, fallback map[uint32]uint32, visit func(Run) error) (int64, error) {
	tfhd := traf.Child(Tfhd)
	h, err := p.head(tfhd, 40)
	if err != nil {
		return prev, err
	}
	if len(h) < 8 || tfhd == nil || !tfhd.Full {
		p.problem(traf, "a track fragment without a header")
		return prev, nil
	}
	id := binary.BigEndian.Uint32(h[4:])
	size, ok := fallback[id], false
	base := prev
	if tfhd.Flags&0x020000 != 0 || prev == moof.Offset {
		base = moof.Offset
	}
	rest := h[8:]
	take := func(n int) uint64 {
		if len(rest) < n {
			ok = false
			return 0
		}
		var v uint64
		for _, x := range rest[:n] {
			v = v<<8 | uint64(x)
		}
		rest = rest[n:]
		return v
	}
	ok = true
	if tfhd.Flags&1 != 0 {
		v := take(8)
		if v > maxRun {
			p.problem(tfhd, "base data offset %d", v)
			return prev, nil
		}
		base = int64(v)
	}
	if tfhd.Flags&2 != 0 {
		take(4)
	}
	if tfhd.Flags&8 != 0 {
		take(4)
	}
	if tfhd.Flags&16 != 0 {
		size = uint32(take(4))
	}
	if !ok {
		p.problem(tfhd, "too short for its flags")
		return prev, nil
	}
	at := base
	for _, trun := range traf.Children() {
		if trun.Type != Trun {
			continue
		}
		if at, err = p.trackRun(trun, id, base, at, size, visit); err != nil {
			return at, err
		}
	}
	return at, nil
}

// trackRun visits the data of one trun box and gives the offset behind it. ISO/IEC 14496-12, 8.8.8.
func (p *tables) trackRun(trun *Box, id uint32, base, at int64, size uint32, visit func(Run) error) (int64, error) {
	h, err := p.head(trun, 12)
	if err != nil {
		return at, err
	}
	if len(h) < 8 || !trun.Full {
		p.problem(trun, "too short for its fields")
		return at, nil
	}
	skip := int64(8)
	if trun.Flags&1 != 0 {
		if len(h) < 12 {
			p.problem(trun, "too short for its fields")
			return at, nil
		}
		at = base + int64(int32(binary.BigEndian.Uint32(h[8:])))
		skip += 4
	}
	if trun.Flags&4 != 0 {
		skip += 4
	}
	count := int64(binary.BigEndian.Uint32(h[4:]))
	var sum int64
	if size > 0 && count > maxRun/int64(size) {
		p.problem(trun, "%d samples of %d bytes", count, size)
		return at, nil
	}
	sum = count * int64(size)
	if trun.Flags&0x200 != 0 {
		if sum, err = p.runSizes(trun, skip, count); err != nil {
			return at, err
		}
	}
	if at < 0 || at > maxRun || sum > maxRun {
		p.problem(trun, "data at offset %d, %d bytes", at, sum)
		return 0, nil
	}
	if sum > 0 {
		err = visit(Run{Track: id, Offset: at, Length: sum})
	}
	return at + sum, err
}

// runSizes adds up the sample sizes of a trun box whose rows start skip bytes into its payload.
func (p *tables) runSizes(trun *Box, skip, count int64) (int64, error) {
	width, before := int64(0), int64(0)
	for _, flag := range []uint32{0x100, 0x200, 0x400, 0x800} {
		if trun.Flags&flag == 0 {
			continue
		}
		if flag == 0x100 {
			before = 4
		}
		width += 4
	}
	room := (trun.End() - trun.Payload() - skip) / width
	if count > room {
		p.problem(trun, "claims %d samples, has room for %d", count, max(room, 0))
		count = max(room, 0)
	}
	c := column{win: window{r: p.f.r, size: p.f.Size}, at: trun.Payload() + skip, width: width, rows: count}
	defer c.win.release()
	var sum int64
	for range count {
		row, err := c.row()
		if err != nil {
			return sum, err
		}
		sum += int64(binary.BigEndian.Uint32(row[before:]))
	}
	return sum, nil
}

// SampleSizes reads the default sample size of each track in fragments, from the trex boxes. ISO/IEC 14496-12, 8.8.3.
func (f *File) SampleSizes() (map[uint32]uint32, error) { return f.defaults(16) }

// defaults reads a number of each trex box, by the track: the one at an offset behind the header.
func (f *File) defaults(at int) (map[uint32]uint32, error) {
	moov := f.First(Moov)
	mvex := path(moov, Mvex)
	out := map[uint32]uint32{}
	if mvex == nil {
		return out, nil
	}
	p := &tables{f: f, win: window{r: f.r, size: f.Size}}
	defer p.win.release()
	for _, b := range mvex.Children() {
		if b.Type != Trex || len(out) == maxTracks {
			continue
		}
		h, err := p.head(b, 24)
		if err != nil {
			return nil, err
		}
		if len(h) < 24 {
			continue // fragments of this track have to name their sizes
		}
		out[binary.BigEndian.Uint32(h[4:])] = binary.BigEndian.Uint32(h[at:])
	}
	return out, nil
}
