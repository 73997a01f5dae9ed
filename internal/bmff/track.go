package bmff

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// Track is a track as the movie box declares it. ISO/IEC 14496-12, 8.3.
type Track struct {
	ID        uint32
	Handler   FourCC // vide, soun, text, subt, meta, …
	Codec     FourCC // type of the first sample entry: avc1, mp4a, …
	Entries   []FourCC
	Width     int // pixels, of the first visual sample entry; 0: none
	Height    int
	Timescale uint32 // units per second of Duration
	Duration  uint64 // of the media; 0: unknown
	Box       *Box   // the trak box
	External  []External

	MovieTimescale uint32 // units per second of the durations of Edits
	Edits          []Edit // empty: the whole media is shown; at most 256

	sampled int64 // what the samples take by their table, in units of Timescale; known where there are Edits
}

// DurationMs is the duration in milliseconds; 0 where it is unknown.
func (t *Track) DurationMs() int64 { return milliseconds(t.Duration, t.Timescale) }

// External is a data reference to somewhere else than this file. ISO/IEC 14496-12, 8.7.2.
type External struct {
	Type     FourCC // "url ", "urn ", "alis", …
	Location string // as written, at most 1,024 bytes; never fetched
	Offset   int64
}

const (
	maxTracks  = 256  // a file in use has fewer than 20
	maxEntries = 64   // sample entries or data references of one track that are read
	maxURL     = 1024 // bytes of a data reference that are shown
)

// Tracks reads the tracks of the first moov box, at most 256. The problems are those of the tables that were read.
func (f *File) Tracks() ([]Track, []Problem, error) {
	moov := f.First(Moov)
	if moov == nil {
		return nil, nil, nil
	}
	p := &tables{f: f, win: window{r: f.r, size: f.Size}}
	defer p.win.release()
	scale, err := p.movieTimescale(moov)
	if err != nil {
		return nil, nil, err
	}
	var out []Track
	for _, b := range moov.Children() {
		if b.Type != Trak {
			continue
		}
		if len(out) == maxTracks {
			p.problem(b, "more than %d tracks: the rest are not read", maxTracks)
			break
		}
		t, err := p.track(b)
		if err != nil {
			return nil, nil, err
		}
		t.MovieTimescale = scale
		if err := p.edits(&t); err != nil {
			return nil, nil, err
		}
		if len(t.Edits) > 0 {
			if t.sampled, err = p.sampled(b); err != nil {
				return nil, nil, err
			}
		}
		out = append(out, t)
	}
	return out, p.problems, nil
}

// tables reads small tables inside boxes.
type tables struct {
	f        *File
	win      window
	problems []Problem
}

func (p *tables) problem(b *Box, format string, args ...any) {
	if len(p.problems) < maxProblems {
		p.problems = append(p.problems, Problem{Kind: BadField, Offset: b.Offset, Path: b.Path(), Text: fmt.Sprintf(format, args...)})
	}
}

// head gives up to n bytes behind the box header; nil where the box is missing.
func (p *tables) head(b *Box, n int64) ([]byte, error) {
	if b == nil {
		return nil, nil
	}
	buf, err := p.win.bytes(b.Payload(), min(n, b.End()-b.Payload()))
	return append([]byte(nil), buf...), err
}

func (p *tables) track(b *Box) (Track, error) {
	t := Track{Box: b}
	tkhd, err := p.head(b.Child(Tkhd), 32)
	if err != nil {
		return t, err
	}
	switch {
	case len(tkhd) >= 24 && tkhd[0] == 1:
		t.ID = binary.BigEndian.Uint32(tkhd[20:])
	case len(tkhd) >= 16:
		t.ID = binary.BigEndian.Uint32(tkhd[12:])
	default:
		p.problem(b, "a track without a track header")
	}
	mdia := b.Child(Mdia)
	if mdia == nil {
		p.problem(b, "a track without media")
		return t, nil
	}
	mdhd, err := p.head(mdia.Child(Mdhd), 36)
	if err != nil {
		return t, err
	}
	switch {
	case len(mdhd) >= 32 && mdhd[0] == 1:
		t.Timescale, t.Duration = binary.BigEndian.Uint32(mdhd[20:]), binary.BigEndian.Uint64(mdhd[24:])
	case len(mdhd) >= 20:
		t.Timescale, t.Duration = binary.BigEndian.Uint32(mdhd[12:]), uint64(binary.BigEndian.Uint32(mdhd[16:]))
	}
	hdlr, err := p.head(mdia.Child(Hdlr), 12)
	if err != nil {
		return t, err
	}
	if len(hdlr) >= 12 {
		t.Handler = FourCC(binary.BigEndian.Uint32(hdlr[8:]))
	}
	minf := mdia.Child(Minf)
	if minf == nil {
		return t, nil
	}
	if err := p.references(&t, minf); err != nil {
		return t, err
	}
	return t, p.entries(&t, minf)
}

// references reads the data reference box. Flag 1 of an entry means "in this file". ISO/IEC 14496-12, 8.7.2.
func (p *tables) references(t *Track, minf *Box) error {
	dinf := minf.Child(Dinf)
	if dinf == nil {
		return nil
	}
	dref := dinf.Child(Dref)
	return p.list(dref, 8, func(typ FourCC, at, size int64) error {
		h, err := p.win.bytes(at, min(size, 12+maxURL))
		if err != nil {
			return err
		}
		if len(h) < 12 {
			p.problem(dref, "a data reference of %d bytes", size)
			return nil
		}
		if h[11]&1 == 0 {
			loc := strings.TrimRight(string(h[12:]), "\x00")
			t.External = append(t.External, External{Type: typ, Location: loc, Offset: at})
		}
		return nil
	})
}

// entries reads the types of the sample entries and the size of the first picture. ISO/IEC 14496-12, 8.5.2 and 12.1.3.
func (p *tables) entries(t *Track, minf *Box) error {
	stbl := minf.Child(Stbl)
	if stbl == nil {
		return nil
	}
	return p.list(stbl.Child(Stsd), 8, func(typ FourCC, at, size int64) error {
		t.Entries = append(t.Entries, typ)
		if len(t.Entries) > 1 {
			return nil
		}
		t.Codec = typ
		if t.Handler != CC("vide") || size < 36 {
			return nil
		}
		h, err := p.win.bytes(at, 36)
		if err != nil {
			return err
		}
		t.Width, t.Height = int(binary.BigEndian.Uint16(h[32:])), int(binary.BigEndian.Uint16(h[34:]))
		return nil
	})
}

// list visits the boxes in a table box whose payload starts with skip bytes of version, flags and count. The loop ends
// with the bytes, not with the count that the box claims.
func (p *tables) list(b *Box, skip int64, visit func(typ FourCC, at, size int64) error) error {
	if b == nil {
		return nil
	}
	at := b.Payload() + skip
	for n := 0; at+8 <= b.End(); n++ {
		if n == maxEntries {
			p.problem(b, "more than %d entries: the rest are not read", maxEntries)
			return nil
		}
		h, err := p.win.bytes(at, 8)
		if err != nil {
			return err
		}
		size, typ := int64(binary.BigEndian.Uint32(h)), FourCC(binary.BigEndian.Uint32(h[4:]))
		if size < 8 || size > b.End()-at {
			p.problem(b, "entry %d (%q) has size %d, %d bytes are left", n+1, typ, size, b.End()-at)
			return nil
		}
		if err := visit(typ, at, size); err != nil {
			return err
		}
		at += size
	}
	return nil
}
