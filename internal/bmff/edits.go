package bmff

import (
	"cmp"
	"encoding/binary"
	"slices"
)

// Edit is one entry of an edit list: for Duration of the movie the track shows its media from MediaTime on.
// ISO/IEC 14496-12, 8.6.6.
type Edit struct {
	Duration  uint64  // in units of Track.MovieTimescale; 0 in a fragmented file: to the end
	MediaTime int64   // in units of Track.Timescale; negative: an empty edit, nothing is shown
	Rate      float64 // 0: the picture stands still
}

// Empty says that nothing of the media is shown.
func (e Edit) Empty() bool { return e.MediaTime < 0 }

// EditDurationMs is the length of an edit in milliseconds; 0 where it is unknown.
func (t *Track) EditDurationMs(e Edit) int64 { return milliseconds(e.Duration, t.MovieTimescale) }

// EditMediaMs is where an edit begins in the media, in milliseconds; -1 for an empty one.
func (t *Track) EditMediaMs(e Edit) int64 {
	if e.Empty() {
		return -1
	}
	return milliseconds(uint64(e.MediaTime), t.Timescale)
}

// milliseconds is 0 for a time that no scale is known for, and for one that no file has.
func milliseconds(units uint64, scale uint32) int64 {
	if scale == 0 || units > 1<<53 {
		return 0
	}
	return int64(float64(units) * 1000 / float64(scale))
}

// maxEdits bounds the entries of a track that are read: cut films have some dozens, other files one or two.
const maxEdits = 256

// edits reads the edit list of a track.
func (p *tables) edits(t *Track) error {
	b := path(t.Box, Edts, Elst)
	h, err := p.head(b, 1)
	if err != nil || len(h) == 0 {
		return err
	}
	width := int64(12)
	switch h[0] {
	case 0:
	case 1:
		width = 20
	default:
		p.problem(b, "an edit list of version %d: it is not read", h[0])
		return nil
	}
	rows, err := p.table(b, 8, width)
	if err != nil || rows == nil {
		return err
	}
	if rows.rows > maxEdits {
		p.problem(b, "more than %d edits: the rest are not read", maxEdits)
		rows.rows = maxEdits
	}
	for {
		r, err := rows.row()
		if err != nil || r == nil {
			return err
		}
		t.Edits = append(t.Edits, editOf(r))
	}
}

// editOf reads a row of 12 or 20 bytes.
func editOf(r []byte) Edit {
	var e Edit
	if len(r) == 20 {
		e.Duration, e.MediaTime = binary.BigEndian.Uint64(r), int64(binary.BigEndian.Uint64(r[8:]))
		r = r[16:]
	} else {
		e.Duration, e.MediaTime = uint64(binary.BigEndian.Uint32(r)), int64(int32(binary.BigEndian.Uint32(r[4:])))
		r = r[8:]
	}
	e.Rate = float64(int32(binary.BigEndian.Uint32(r))) / (1 << 16)
	return e
}

// movieTimescale reads the units per second of the movie's own times. ISO/IEC 14496-12, 8.2.2.
func (p *tables) movieTimescale(moov *Box) (uint32, error) {
	mvhd, err := p.head(moov.Child(Mvhd), 24)
	switch {
	case err != nil:
		return 0, err
	case len(mvhd) >= 24 && mvhd[0] == 1:
		return binary.BigEndian.Uint32(mvhd[20:]), nil
	case len(mvhd) >= 16:
		return binary.BigEndian.Uint32(mvhd[12:]), nil
	}
	return 0, nil
}

// sampled adds up how long the samples of a track take, at most maxTime. Samples beyond the table of times last as long
// as its last one, which is how decoders take them. ISO/IEC 14496-12, 8.6.1.2 and 8.7.3.
func (p *tables) sampled(trak *Box) (int64, error) {
	stbl := path(trak, Mdia, Minf, Stbl)
	if stbl == nil {
		return 0, nil
	}
	defer func(told []Problem) { p.problems = told }(p.problems) // who reads the samples tells of their tables
	rows, err := p.table(stbl.Child(Stts), 8, 8)
	if err != nil || rows == nil {
		return 0, err
	}
	defer rows.win.release()
	var sum, samples, delta int64
	add := func(n int64) {
		if samples += n; delta > 0 && n > maxTime/delta {
			sum = maxTime
			return
		}
		sum = min(sum+n*delta, maxTime)
	}
	for {
		r, err := rows.row()
		if err != nil {
			return 0, err
		}
		if r == nil {
			break
		}
		delta = int64(binary.BigEndian.Uint32(r[4:]))
		add(int64(binary.BigEndian.Uint32(r)))
	}
	for _, typ := range []FourCC{Stsz, Stz2} { // both count at the same place
		h, err := p.head(stbl.Child(typ), 12)
		if err != nil {
			return 0, err
		}
		if len(h) == 12 {
			add(max(0, int64(binary.BigEndian.Uint32(h[8:]))-samples))
		}
	}
	return sum, nil
}

// HiddenMs is how much of a track's media its edit list shows nowhere, in milliseconds, and where the longest such piece
// begins in the media; 0: nothing, or there is no list. The media end where the track says so or where its samples do,
// whichever is later: a file may say what it likes. Of media whose length neither says, as in fragments, only what lies
// before the last edit counts. ISO/IEC 14496-12, 8.6.6.
func (t *Track) HiddenMs() (total, longestAt int64) {
	type span struct{ from, to int64 }
	var shown []span
	for _, e := range t.Edits {
		if e.Empty() || e.MediaTime > maxTime {
			continue
		}
		s := span{e.MediaTime, maxTime} // to the end, where the list does not say how long
		if e.Duration > 0 && t.MovieTimescale > 0 {
			length := float64(e.Duration) / float64(t.MovieTimescale) * float64(t.Timescale)
			if rate := e.Rate; rate > 0 {
				length *= rate
			}
			s.to = e.MediaTime + int64(min(length, maxTime))
		}
		shown = append(shown, s)
	}
	end := max(int64(min(t.Duration, maxTime)), t.sampled)
	if len(t.Edits) == 0 || len(shown) == 0 && end == 0 || t.Timescale == 0 {
		return 0, 0
	}
	slices.SortFunc(shown, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	if end == 0 {
		end = shown[len(shown)-1].from
	}
	shown = append(shown, span{end, end})
	at, longest := int64(0), int64(0)
	for _, s := range shown {
		if gap := milliseconds(uint64(max(0, min(s.from, end)-at)), t.Timescale); gap > 0 {
			if total = min(total+gap, maxTime); gap > longest {
				longest, longestAt = gap, milliseconds(uint64(at), t.Timescale)
			}
		}
		at = max(at, s.to)
	}
	return total, longestAt
}
