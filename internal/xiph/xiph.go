// Package xiph reads comments as Xiph's formats carry them: in the second packet of a bitstream of an Ogg file
// (Vorbis, Theora, Opus, Speex, FLAC), and in a metadata block of a FLAC file. Vorbis I, 5; RFC 7845, 5.2; RFC 9639, 8.6.
//
// It reads headers only, never media, and takes every number as a claim. Start with [Ogg] and [FLAC].
package xiph

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/consentry/consentry/internal/parts"
)

// Limits of a file; docs/limits.md has the reasons and the tests.
const (
	maxPacket = 4 << 20 // bytes of a packet with comments; covers may be among them, in base64
	maxPages  = 1 << 10 // pages that are read in search of a bitstream's comments; such a packet of full pages has some 64
	maxAll    = 1 << 13 // pages that are read of all bitstreams
	maxBlocks = 256     // metadata blocks of a FLAC file; files have fewer than ten
)

// File is the comments of a file. A field's Path is "comment", or "vendor" for the library that wrote it.
type File struct {
	Fields   parts.Fields
	Problems []parts.Problem
}

func (f *File) problem(k parts.Kind, at int64, format string, args ...any) {
	if len(f.Problems) < 16 {
		f.Problems = append(f.Problems, parts.Problem{Kind: k, Offset: at, Text: fmt.Sprintf(format, args...)})
	}
}

// piece is where a run of a packet's bytes stands in the file.
type piece struct {
	from int // in the packet
	at   int64
}

// packet is a packet's bytes, with where they stand.
type packet struct {
	b      []byte
	pieces []piece
}

// offset is where a byte of the packet stands in the file.
func (p *packet) offset(i int) int64 {
	at := int64(-1)
	for _, x := range p.pieces {
		if x.from <= i {
			at = x.at + int64(i-x.from)
		}
	}
	return at
}

// Ogg reads the comments of the bitstreams whose first pages stand at the offsets. An error means I/O.
func Ogg(r io.ReaderAt, size int64, starts []int64) (*File, error) {
	f := &File{}
	in := parts.NewReader(r, size)
	pages := 0
	for _, at := range starts {
		p, err := f.second(in, at, &pages)
		if err != nil {
			return nil, err
		}
		if p != nil {
			f.stream(p)
		}
	}
	return f, nil
}

const pageHeader = 27

// second reads the second packet of the bitstream whose first page stands at an offset; nil where there is none.
//
//	page { char capture[4] = "OggS"; uint8 version = 0, flags; int64 granule; uint32 serial, sequence, checksum;
//	       uint8 segments; uint8 lacing[segments]; bytes }
func (f *File) second(r *parts.Reader, at int64, pages *int) (*packet, error) {
	p := &packet{}
	serial, number := uint32(0), 0
	for n := 0; at < r.Size; n++ {
		if *pages++; *pages > maxAll || n == maxPages {
			if len(p.b) > 0 || *pages > maxAll {
				f.Fields.Leave("comments over more than 1024 pages, or of very many bitstreams")
			}
			return nil, nil // a bitstream of a single packet has none
		}
		h, err := r.Upto(at, pageHeader+255)
		if err != nil {
			return nil, err
		}
		if len(h) < pageHeader || string(h[:4]) != "OggS" || len(h) < pageHeader+int(h[26]) {
			return nil, nil
		}
		lacing := append([]byte(nil), h[pageHeader:pageHeader+int(h[26])]...)
		if n == 0 {
			serial = binary.LittleEndian.Uint32(h[14:])
		}
		own := binary.LittleEndian.Uint32(h[14:]) == serial
		at += pageHeader + int64(len(lacing))
		for _, l := range lacing {
			if own && number == 1 {
				if len(p.b)+int(l) > maxPacket {
					f.Fields.Leave("comments of more than 4 MiB")
					return p, nil
				}
				if !f.Fields.Spend(int64(l)) {
					return nil, nil
				}
				b, err := r.Upto(at, int64(l))
				if err != nil {
					return nil, err
				}
				if k := len(p.pieces); k == 0 || p.pieces[k-1].at+int64(len(p.b)-p.pieces[k-1].from) != at {
					p.pieces = append(p.pieces, piece{len(p.b), at})
				}
				p.b = append(p.b, b...)
			}
			at += int64(l)
			if own && l < 255 {
				if number++; number == 2 {
					return p, nil
				}
			}
		}
	}
	return nil, nil
}

// stream reads a packet as comments, by what begins it; a packet of anything else is left alone.
func (f *File) stream(p *packet) {
	for _, head := range []string{"\x03vorbis", "\x81theora", "OpusTags"} {
		if bytes.HasPrefix(p.b, []byte(head)) {
			f.comments(p, len(head))
			return
		}
	}
	switch {
	case len(p.b) >= 4 && p.b[0]&0x7f == blockComment && len(p.b)-4 == int(p.b[1])<<16|int(p.b[2])<<8|int(p.b[3]):
		f.comments(p, 4) // a block of FLAC. RFC 9639, 10.1
	case len(p.b) >= 8 && uint64(binary.LittleEndian.Uint32(p.b)) <= uint64(len(p.b)-8):
		f.comments(p, 0) // Speex
	}
}

// comments reads a list of comments.
//
//	{ uint32 length; vendor; uint32 count; { uint32 length; "NAME=text" }[count] }
//
// Vorbis I, 5.2.1.
func (f *File) comments(p *packet, at int) {
	next := func() ([]byte, int, bool) {
		if len(p.b)-at < 4 {
			return nil, 0, false
		}
		n := int64(binary.LittleEndian.Uint32(p.b[at:]))
		if n > int64(len(p.b)-at-4) {
			return nil, 0, false
		}
		from := at + 4
		at = from + int(n)
		return p.b[from:at], from, true
	}
	broken := func() { f.problem(parts.Malformed, p.offset(at), "the comments end within one") }
	vendor, from, ok := next()
	if !ok {
		broken()
		return
	}
	f.Fields.Put(parts.Field{Name: "vendor", Path: "vendor", Offset: p.offset(from), Text: vendor})
	if len(p.b)-at < 4 {
		broken()
		return
	}
	count := binary.LittleEndian.Uint32(p.b[at:])
	at += 4
	for range count {
		c, from, ok := next()
		if !ok {
			broken()
			return
		}
		name, text, ok := bytes.Cut(c, []byte("="))
		if !ok {
			continue // no comment, and nobody reads it as one
		}
		if bytes.EqualFold(name, []byte("METADATA_BLOCK_PICTURE")) {
			f.Fields.Leave("a cover in base64 among the comments") // it does not stand in the file as it is
			continue
		}
		f.Fields.Put(parts.Field{Name: string(name), Path: "comment", Offset: p.offset(from + len(name) + 1), Text: text})
	}
}

// The types of FLAC's metadata blocks. RFC 9639, 8.1.
const (
	blockComment = 4
	blockPicture = 6
)

// FLAC reads the metadata blocks of the FLAC stream that begins at an offset. An error means I/O.
//
//	stream { char marker[4] = "fLaC"; { bit last; uint7 type; uint24 length; bytes }[] }
//
// RFC 9639, 8.
func FLAC(r io.ReaderAt, size, at int64) (*File, error) {
	f := &File{}
	in := parts.NewReader(r, size)
	if h, err := in.Upto(at, 4); err != nil || string(h) != "fLaC" {
		return f, err
	}
	at += 4
	for n := 0; ; n++ {
		if n == maxBlocks {
			f.Fields.Leave("more than 256 metadata blocks")
			return f, nil
		}
		h, err := in.Upto(at, 4)
		if err != nil {
			return nil, err
		}
		if len(h) < 4 {
			f.problem(parts.Truncated, at, "the metadata end at offset %d", at)
			return f, nil
		}
		last, typ := h[0]&0x80 != 0, h[0]&0x7f
		body := parts.Range{Offset: at + 4, Length: int64(h[1])<<16 | int64(h[2])<<8 | int64(h[3])}
		if body.Length > size-body.Offset {
			f.problem(parts.Truncated, at, "the block at offset %d ends behind the end of the file", at)
			body.Length, last = size-body.Offset, true
		}
		switch typ {
		case blockComment:
			if !f.Fields.Spend(min(body.Length, maxPacket)) {
				return f, nil
			}
			b, err := in.Upto(body.Offset, min(body.Length, maxPacket))
			if err != nil {
				return nil, err
			}
			if body.Length > maxPacket {
				f.Fields.Leave("comments of more than 4 MiB")
			}
			f.comments(&packet{b: append([]byte(nil), b...), pieces: []piece{{0, body.Offset}}}, 0)
		case blockPicture:
			if err := f.picture(in, body); err != nil {
				return nil, err
			}
		}
		if last {
			return f, nil
		}
		at = body.End()
	}
}

// picture finds where the bytes of a picture stand.
//
//	{ uint32 type; uint32 length; media type; uint32 length; description; uint32 width, height, depth, colours, length; bytes }
//
// RFC 9639, 8.8.
func (f *File) picture(r *parts.Reader, in parts.Range) error {
	at := in.Offset + 4
	for range 2 {
		b, err := r.Upto(at, min(4, in.End()-at))
		if err != nil {
			return err
		}
		if len(b) < 4 {
			return nil
		}
		if at += 4 + int64(binary.BigEndian.Uint32(b)); at > in.End() {
			return nil
		}
	}
	if at += 20; at < in.End() {
		f.Fields.Picture(parts.Picture{Path: "PICTURE", Range: parts.Range{Offset: at, Length: in.End() - at}})
	}
	return nil
}
