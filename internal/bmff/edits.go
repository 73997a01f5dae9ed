package bmff

import "encoding/binary"

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
