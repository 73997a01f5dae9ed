package bmff

import "encoding/binary"

// Timed is media data of a track and when they are shown.
type Timed struct {
	Run
	StartMs int64 // in the presentation, from its beginning: edit lists are applied
	EndMs   int64
}

// maxTime is longer than any film, in any unit: times below it can be added without overflow.
const maxTime = 1 << 53

// chunkSteps is in how many steps, at least, the samples of a chunk are visited where all have one size.
const chunkSteps = 64

// Samples visits the samples of a track in the order of its tables, several at once where all have one size. Tables
// are streamed, as by [File.Chunks]; where they contradict each other the visits may be incomplete. Times are those of
// decoding: pictures are reordered by a few frames at most. ISO/IEC 14496-12, 8.6.1.
func (f *File) Samples(t *Track, visit func(Timed) error) error {
	p := &tables{f: f, win: window{r: f.r, size: f.Size}}
	defer p.win.release()
	stbl := path(t.Box, Mdia, Minf, Stbl)
	if stbl == nil {
		return nil
	}
	rows, err := p.table(stbl.Child(Stts), 8, 8)
	if err != nil || rows == nil {
		return err
	}
	clock := sampleClock{rows: rows}
	c := chunker{p: p, stbl: stbl, track: t.ID, visit: func(Run) error { return nil }}
	c.sample = func(r Run, samples int64) error {
		each, step := r.Length/samples, max(1, samples/chunkSteps)
		for at := int64(0); at < samples; at += step {
			n := min(step, samples-at)
			from, to, err := clock.next(n)
			if err != nil {
				return err
			}
			if err := visit(Timed{Run{r.Track, r.Offset + at*each, n * each}, t.shownMs(from), t.shownMs(to)}); err != nil {
				return err
			}
		}
		return nil
	}
	return c.run()
}

// sampleClock goes through the durations of a track's samples.
type sampleClock struct {
	rows  *column
	left  int64 // samples with the delta that are left
	delta int64
	now   int64
}

// next gives when the next samples begin and end.
func (c *sampleClock) next(samples int64) (from, to int64, err error) {
	from = c.now
	for samples > 0 {
		if c.left == 0 {
			row, err := c.rows.row()
			if err != nil {
				return 0, 0, err
			}
			if row == nil { // the last duration counts on
				c.now = min(c.now+min(samples, maxTime>>32)*c.delta, maxTime)
				break
			}
			c.left, c.delta = int64(binary.BigEndian.Uint32(row)), int64(binary.BigEndian.Uint32(row[4:]))
			continue
		}
		n := min(samples, c.left)
		c.left, samples = c.left-n, samples-n
		if c.delta > 0 && n > maxTime/c.delta {
			n, c.now = 0, maxTime
		}
		c.now = min(c.now+n*c.delta, maxTime)
	}
	return from, c.now, nil
}

// shownMs is when a time of the media is shown, by the first edit that shows it; the media's own time where none does.
func (t *Track) shownMs(at int64) int64 {
	before := int64(0) // length of the edits so far
	for _, e := range t.Edits {
		length := min(t.EditDurationMs(e), maxTime)
		if !e.Empty() && at >= e.MediaTime {
			in := min(milliseconds(uint64(at-e.MediaTime), t.Timescale), maxTime)
			if length == 0 || in <= length {
				return min(before+in, maxTime)
			}
		}
		before = min(before+length, maxTime)
	}
	return min(milliseconds(uint64(at), t.Timescale), maxTime)
}

// Durations reads the default sample duration of each track in fragments, from the trex boxes. ISO/IEC 14496-12, 8.8.3.
func (f *File) Durations() (map[uint32]uint32, error) { return f.defaults(12) }

// Fragment visits the tracks of a movie fragment: when what it holds of each is shown. Where lies and length are those
// of the fragment's box. tracks are those of the initialization segment, fallback is what [File.Durations] gives.
// Fragments without a decode time are passed over. ISO/IEC 14496-12, 8.8.7 to 8.8.12.
func (f *File) Fragment(moof *Box, tracks []Track, fallback map[uint32]uint32, visit func(Timed) error) error {
	full := moof
	if moof.Children() == nil && lazy(moof.Type) {
		var err error
		if full, _, err = f.Expand(moof); err != nil {
			return err
		}
	}
	p := &tables{f: f, win: window{r: f.r, size: f.Size}}
	defer p.win.release()
	for _, traf := range full.Children() {
		if traf.Type != Traf {
			continue
		}
		id, delta, ok, err := p.trackFragment(traf, fallback)
		if err != nil {
			return err
		}
		from, known, err := p.decodeTime(traf)
		if err != nil {
			return err
		}
		if !ok || !known {
			continue
		}
		to := from
		for _, trun := range traf.Children() {
			if trun.Type != Trun || !trun.Full {
				continue
			}
			n, err := p.runTime(trun, delta)
			if err != nil {
				return err
			}
			to = min(to+n, maxTime)
		}
		for i := range tracks {
			if t := &tracks[i]; t.ID == id {
				if err := visit(Timed{Run{id, moof.Offset, moof.Size}, t.shownMs(from), t.shownMs(to)}); err != nil {
					return err
				}
				break
			}
		}
	}
	return nil
}

// trackFragment reads a track fragment's header: the track, and how long its samples take unless they say so.
func (p *tables) trackFragment(traf *Box, fallback map[uint32]uint32) (id, delta uint32, ok bool, err error) {
	tfhd := traf.Child(Tfhd)
	h, err := p.head(tfhd, 24)
	if err != nil || len(h) < 8 || !tfhd.Full {
		return 0, 0, false, err
	}
	id = binary.BigEndian.Uint32(h[4:])
	at := 8
	if tfhd.Flags&1 != 0 {
		at += 8
	}
	if tfhd.Flags&2 != 0 {
		at += 4
	}
	switch {
	case tfhd.Flags&8 == 0:
		return id, fallback[id], true, nil
	case len(h) < at+4:
		return id, 0, false, nil
	}
	return id, binary.BigEndian.Uint32(h[at:]), true, nil
}

// decodeTime reads when a track fragment begins, in units of the track.
func (p *tables) decodeTime(traf *Box) (at int64, ok bool, err error) {
	tfdt := traf.Child(Tfdt)
	h, err := p.head(tfdt, 12)
	switch {
	case err != nil || len(h) < 8 || h[0] == 1 && len(h) < 12:
		return 0, false, err
	case h[0] == 1:
		return int64(min(binary.BigEndian.Uint64(h[4:]), maxTime)), true, nil
	}
	return int64(binary.BigEndian.Uint32(h[4:])), true, nil
}

// runTime adds up how long the samples of a track run take, in units of the track.
func (p *tables) runTime(trun *Box, delta uint32) (int64, error) {
	h, err := p.head(trun, 8)
	if err != nil || len(h) < 8 {
		return 0, err
	}
	count := int64(binary.BigEndian.Uint32(h[4:]))
	if trun.Flags&0x100 == 0 {
		if delta > 0 && count > maxTime/int64(delta) {
			return maxTime, nil
		}
		return count * int64(delta), nil
	}
	skip, width := int64(8), int64(0)
	for _, flag := range []uint32{1, 4} {
		if trun.Flags&flag != 0 {
			skip += 4
		}
	}
	for _, flag := range []uint32{0x100, 0x200, 0x400, 0x800} {
		if trun.Flags&flag != 0 {
			width += 4
		}
	}
	count = min(count, max(0, trun.End()-trun.Payload()-skip)/width)
	c := column{win: window{r: p.f.r, size: p.f.Size}, at: trun.Payload() + skip, width: width, rows: count}
	defer c.win.release()
	sum := int64(0)
	for range count {
		row, err := c.row()
		if err != nil {
			return 0, err
		}
		sum = min(sum+int64(binary.BigEndian.Uint32(row)), maxTime)
	}
	return sum, nil
}
