package build

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"sort"

	"github.com/consentry/consentry/internal/bmff"
)

// maxMoov bounds the movie box, which is held in memory to move its offsets: eight bytes for every chunk and some
// thirty for every sample make 64 MiB enough for ten hours of video with sound.
const maxMoov = 64 << 20

// maxDepth bounds the nesting of boxes on the way to a table: moov, trak, mdia, minf, stbl are five.
const maxDepth = 16

// largeHeader is the size of a box header with a 64-bit size. ISO/IEC 14496-12, 4.2.
const largeHeader = 16

// c2paUser is the usertype of C2PA's uuid boxes. C2PA 2.5, A.5.1.1.
var c2paUser = [16]byte{0xD8, 0xFE, 0xC3, 0xD6, 0x1B, 0x0E, 0x48, 0x3C, 0x92, 0x97, 0x58, 0x28, 0x87, 0x7E, 0xC4, 0x81}

// piece is a top-level box of the output: bytes in memory, or a range of the input.
type piece struct {
	from, size int64  // range of the input; size is that of the output
	data       []byte // in place of the range
	head       []byte // in front of the range: the new header of a box whose range is its payload
	store      bool   // the new uuid box: not hashed
	leaves     bool   // an mdat whose payload is bound in blocks
	typ        string
	at         int64 // offset in the output
}

// end is the first byte of the input behind the piece.
func (p *piece) end() int64 { return p.from + p.size - int64(len(p.head)) }

// layout is the output as a row of boxes. Only the movie box differs from the input, in its chunk offsets.
type layout struct {
	pieces []piece
	kept   []int // indices of those that come from the input, in its order
	store  int   // index of the place for the store
}

// plan lays out the output: what stands before the input's movie and media stays, the store comes after ftyp, old
// stores go, and every chunk offset follows the media that it points to. With blocks every mdat gets a header of 16
// bytes, so that all readings of where its payload starts agree: behind the header, as C2PA 2.5, 14.12.2.1 has it, or 16
// bytes into the box, as the exclusion beside it does. C2PA 2.5, A.5.2.
func plan(r io.ReaderAt, f *bmff.File, storeSize int64, blocks bool) (*layout, error) {
	if err := supported(f); err != nil {
		return nil, err
	}
	l := &layout{}
	moov := -1
	for _, b := range f.Boxes {
		if b.Type == bmff.UUID && b.UserType() == c2paUser {
			continue
		}
		p := piece{from: b.Offset, size: b.Size, typ: b.Type.String()}
		if b.Type == bmff.Moov {
			if b.Size > maxMoov {
				return nil, refuse(fmt.Sprintf("the movie box has %d bytes; up to %d are moved", b.Size, maxMoov), "")
			}
			p.data = make([]byte, b.Size)
			if _, err := r.ReadAt(p.data, b.Offset); err != nil {
				return nil, fmt.Errorf("reading the movie box: %w", err)
			}
			moov = len(l.pieces)
		}
		if b.Type == bmff.Mdat && blocks {
			p.from, p.leaves = b.Payload(), true
			p.size = largeHeader + b.End() - b.Payload()
			p.head = binary.BigEndian.AppendUint64([]byte("\x00\x00\x00\x01mdat"), uint64(p.size))
		}
		l.kept = append(l.kept, len(l.pieces))
		l.pieces = append(l.pieces, p)
		if b.Type == bmff.Ftyp && l.store == 0 {
			l.store = len(l.pieces)
			l.pieces = append(l.pieces, piece{size: storeSize, store: true, typ: "uuid"})
		}
	}
	if f.Parsed < f.Size {
		// Bytes behind the last box are hashed like the rest, without a place of their own. C2PA 2.5, 16.3.2.
		l.kept = append(l.kept, len(l.pieces))
		l.pieces = append(l.pieces, piece{from: f.Parsed, size: f.Size - f.Parsed})
	}
	return l, l.move(moov)
}

// supported refuses what this package would break. Fragments, items and auxiliary data name file offsets of their own.
func supported(f *bmff.File) error {
	for _, p := range f.Problems {
		if !p.Soft() {
			return refuse(fmt.Sprintf("the container is damaged: %s", p.Text), "repair or remux the file first")
		}
	}
	for _, t := range []struct{ typ, why string }{
		{"moof", "it is fragmented"}, {"sidx", "it is fragmented"}, {"mfra", "it is fragmented"}, {"styp", "it is a media segment"}, {"meta", "it holds items"},
	} {
		if f.First(bmff.CC(t.typ)) != nil {
			return refuse("not supported yet: signing this file, for "+t.why+" ("+t.typ+" box)", "remux it into one flat file first")
		}
	}
	moov := f.Find(bmff.Moov)
	if len(moov) != 1 || len(f.Find(bmff.Ftyp)) != 1 || f.Boxes[0].Type != bmff.Ftyp {
		return refuse("the file does not start with its one ftyp box, or has not exactly one movie box", "")
	}
	if moov[0].Child(bmff.Mvex) != nil {
		return refuse("not supported yet: signing this file, for it is fragmented (mvex box)", "remux it into one flat file first")
	}
	return nil
}

// move gives every box its new place and moves the chunk offsets. A table that no longer fits into 32 bits grows, which
// moves what lies behind the movie box once more: tables only ever grow, so this ends. C2PA 2.5, A.5.8.
func (l *layout) move(moov int) error {
	tables, err := chunkTables(l.pieces[moov].data)
	if err != nil {
		return err
	}
	wide := make([]bool, len(tables))
	grown := int64(0)
	for {
		at := int64(0)
		for i := range l.pieces {
			p := &l.pieces[i]
			p.at = at
			at += p.size
			if i == moov {
				at += grown
			}
		}
		again := false
		for i, t := range tables {
			if t.wide || wide[i] {
				continue
			}
			for _, old := range t.offsets {
				moved, err := l.moved(old)
				if err != nil {
					return err
				}
				if moved > math.MaxUint32 {
					wide[i], again = true, true
					grown += int64(16 + 8*len(t.offsets) - t.size)
					break
				}
			}
		}
		if !again {
			break
		}
	}
	p := &l.pieces[moov]
	p.data, err = l.rewrite(p.data, tables, wide)
	p.size = int64(len(p.data))
	return err
}

// moved is where a byte of the input stands in the output.
func (l *layout) moved(old int64) (int64, error) {
	i := sort.Search(len(l.kept), func(i int) bool {
		return l.pieces[l.kept[i]].end() > old
	})
	if i < len(l.kept) {
		if p := l.pieces[l.kept[i]]; old >= p.from {
			if p.data != nil {
				return 0, refuse("a chunk of media lies inside the movie box", "")
			}
			return old - p.from + p.at + int64(len(p.head)), nil
		}
	}
	return 0, refuse(fmt.Sprintf("a chunk of media is said to lie at offset %d, where the file has no box that is kept", old), "")
}

// table is a stco or co64 box inside the movie box. ISO/IEC 14496-12, 8.7.5.
type table struct {
	at, size int // of the box, inside the movie box
	parents  []int
	wide     bool
	offsets  []int64
}

// containers are the boxes on the way to the chunk offsets.
var containers = map[string]bool{"moov": true, "trak": true, "mdia": true, "minf": true, "stbl": true, "dinf": true}

// unmoved are boxes in a movie that hold offsets that are not moved here.
var unmoved = map[string]string{"saio": "encrypted media with auxiliary information", "iloc": "items", "cmov": "a compressed movie box"}

// chunkTables finds the tables of chunk offsets. The walk has looked at the same bytes, so a box that does not fit is
// a refusal and not a finding.
func chunkTables(moov []byte) ([]table, error) {
	var out []table
	var walk func(from, to int, parents []int) error
	walk = func(from, to int, parents []int) error {
		for at := from; at+8 <= to; {
			n, head := int(binary.BigEndian.Uint32(moov[at:])), 8
			if n == 1 && at+16 <= to {
				big := binary.BigEndian.Uint64(moov[at+8:])
				if big > uint64(to-at) {
					return refuse("a box in the movie box is larger than what holds it", "")
				}
				n, head = int(big), 16
			}
			if n == 0 && at+8 <= to {
				// QuickTime ends lists of user data with four zero bytes; a box without an end cannot be moved.
				return nil
			}
			if n < head || n > to-at {
				return refuse("a box in the movie box is larger than what holds it", "")
			}
			typ := string(moov[at+4 : at+8])
			if why, ok := unmoved[typ]; ok {
				return refuse("not supported yet: signing this file, for it has "+why+" ("+typ+" box)", "")
			}
			switch {
			case containers[typ] && len(parents) >= maxDepth:
				return refuse("the boxes in the movie box are nested too deep", "")
			case containers[typ]:
				if err := walk(at+head, at+n, append(parents[:len(parents):len(parents)], at)); err != nil {
					return err
				}
			case typ == "dref":
				if err := selfContained(moov[at+head : at+n]); err != nil {
					return err
				}
			case typ == "stco", typ == "co64":
				t, err := readTable(moov[at+head:at+n], typ == "co64")
				if err != nil {
					return err
				}
				if head != 8 {
					return refuse("not supported yet: a table of chunk offsets with a 64-bit size", "")
				}
				t.at, t.size, t.parents = at, n, parents
				out = append(out, t)
			}
			at += n
		}
		return nil
	}
	return out, walk(0, len(moov), nil)
}

func readTable(body []byte, wide bool) (table, error) {
	width := 4
	if wide {
		width = 8
	}
	if len(body) < 8 {
		return table{}, refuse("a table of chunk offsets is too short", "")
	}
	n := int64(binary.BigEndian.Uint32(body[4:]))
	if n > int64(len(body)-8)/int64(width) {
		return table{}, refuse("a table of chunk offsets promises more than it holds", "")
	}
	t := table{wide: wide, offsets: make([]int64, n)}
	for i := range t.offsets {
		b := body[8+i*width:]
		if wide {
			v := binary.BigEndian.Uint64(b)
			if v > math.MaxInt64 {
				return table{}, refuse("a chunk offset is beyond every file", "")
			}
			t.offsets[i] = int64(v)
		} else {
			t.offsets[i] = int64(binary.BigEndian.Uint32(b))
		}
	}
	return t, nil
}

// selfContained refuses media in other files: their offsets are not ours to move, and nothing would bind them.
func selfContained(dref []byte) error {
	for at := 8; at+12 <= len(dref); {
		n := int(binary.BigEndian.Uint32(dref[at:]))
		if n < 12 || n > len(dref)-at {
			return refuse("a data reference is larger than what holds it", "")
		}
		if dref[at+11]&1 == 0 {
			return refuse("the file takes media from another file, which a content hash would not bind", "remux it with its media inside")
		}
		at += n
	}
	return nil
}

// rewrite puts the moved offsets into the movie box, and makes room where a table grows.
func (l *layout) rewrite(moov []byte, tables []table, wide []bool) ([]byte, error) {
	out := make([]byte, 0, len(moov))
	done := 0
	type grow struct{ at, by int }
	var sizes []grow
	for i, t := range tables {
		out = append(out, moov[done:t.at]...)
		big := t.wide || wide[i]
		typ, width := "stco", 4
		if big {
			typ, width = "co64", 8
		}
		box := binary.BigEndian.AppendUint32(nil, uint32(16+width*len(t.offsets)))
		box = append(append(box, typ...), moov[t.at+8:t.at+16]...)
		for _, old := range t.offsets {
			v, err := l.moved(old)
			if err != nil {
				return nil, err
			}
			if big {
				box = binary.BigEndian.AppendUint64(box, uint64(v))
			} else {
				box = binary.BigEndian.AppendUint32(box, uint32(v))
			}
		}
		if !wide[i] {
			// What stands behind the last entry stays where it is: the size must not change.
			box = append(box, moov[t.at+len(box):t.at+t.size]...)
			binary.BigEndian.PutUint32(box, uint32(t.size))
		}
		for _, parent := range t.parents {
			sizes = append(sizes, grow{parent, len(box) - t.size})
		}
		out = append(out, box...)
		done = t.at + t.size
	}
	out = append(out, moov[done:]...)
	shift := func(at int) int {
		by := 0
		for i, t := range tables {
			if t.at < at && wide[i] {
				by += 16 + 8*len(t.offsets) - t.size
			}
		}
		return at + by
	}
	for _, g := range sizes {
		at := shift(g.at)
		if binary.BigEndian.Uint32(out[at:]) == 1 {
			binary.BigEndian.PutUint64(out[at+8:], uint64(int64(binary.BigEndian.Uint64(out[at+8:]))+int64(g.by)))
			continue
		}
		binary.BigEndian.PutUint32(out[at:], uint32(int(binary.BigEndian.Uint32(out[at:]))+g.by))
	}
	return out, nil
}
