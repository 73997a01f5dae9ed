package bmff_test

import (
	"bytes"
	"encoding/binary"
)

// The encoders of these tests; they share nothing with the reader.

func be16(v int) []byte    { return binary.BigEndian.AppendUint16(nil, uint16(v)) }
func be32(v int) []byte    { return binary.BigEndian.AppendUint32(nil, uint32(v)) }
func be64(v uint64) []byte { return binary.BigEndian.AppendUint64(nil, v) }

func cat(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

func box(typ string, parts ...[]byte) []byte {
	p := cat(parts...)
	return cat(be32(8+len(p)), []byte(typ), p)
}

func full(typ string, version, flags int, parts ...[]byte) []byte {
	return box(typ, be32(version<<24|flags), cat(parts...))
}

func large(typ string, parts ...[]byte) []byte {
	p := cat(parts...)
	return cat(be32(1), []byte(typ), be64(uint64(16+len(p))), p)
}

func nested(typ string, n int) []byte {
	b := box(typ)
	for range n - 1 {
		b = box(typ, b)
	}
	return b
}

type table struct {
	id      int
	handler string
	entry   []byte
	sizes   []byte // stsz or stz2
	stsc    [][3]int
	offsets []byte // stco or co64
	dref    []byte
	large   bool   // version 1 headers
	length  *int   // what version 0 says of the media's, ms; nil: 2,500
	times   []byte // stts
}

func stsz(sizes ...int) []byte {
	b := cat(be32(0), be32(len(sizes)))
	for _, s := range sizes {
		b = append(b, be32(s)...)
	}
	return full("stsz", 0, 0, b)
}

func stco(offsets ...int) []byte {
	b := be32(len(offsets))
	for _, o := range offsets {
		b = append(b, be32(o)...)
	}
	return full("stco", 0, 0, b)
}

func co64(offsets ...uint64) []byte {
	b := be32(len(offsets))
	for _, o := range offsets {
		b = append(b, be64(o)...)
	}
	return full("co64", 0, 0, b)
}

func avc1(w, h int) []byte {
	return box("avc1", make([]byte, 24), be16(w), be16(h), make([]byte, 50))
}

func url(flags int, location string) []byte { return full("url ", 0, flags, []byte(location)) }

func trak(t table) []byte {
	tkhd := full("tkhd", 0, 3, be32(0), be32(0), be32(t.id), make([]byte, 68))
	long := 2500
	if t.length != nil {
		long = *t.length
	}
	mdhd := full("mdhd", 0, 0, be32(0), be32(0), be32(1000), be32(long), be32(0))
	if t.large {
		tkhd = full("tkhd", 1, 3, be64(0), be64(0), be32(t.id), make([]byte, 76))
		mdhd = full("mdhd", 1, 0, be64(0), be64(0), be32(1000), be64(2500), be32(0))
	}
	rows := be32(len(t.stsc))
	for _, r := range t.stsc {
		rows = cat(rows, be32(r[0]), be32(r[1]), be32(r[2]))
	}
	dref := t.dref
	if dref == nil {
		dref = url(1, "")
	}
	return box("trak", tkhd, box("mdia", mdhd, full("hdlr", 0, 0, be32(0), []byte(t.handler), make([]byte, 13)),
		box("minf", full("vmhd", 0, 1, make([]byte, 8)), box("dinf", full("dref", 0, 0, be32(1), dref)),
			box("stbl", full("stsd", 0, 0, be32(1), t.entry), full("stsc", 0, 0, rows), t.sizes, t.offsets, t.times))))
}

// fragment is a moof box with one run, and the mdat box behind it.
func fragment(id int, sizes ...int) []byte {
	var rows, media []byte
	for _, s := range sizes {
		rows = append(rows, be32(s)...)
		media = append(media, make([]byte, s)...)
	}
	moof := func(data int) []byte {
		return box("moof", full("mfhd", 0, 0, be32(1)), box("traf", full("tfhd", 0, 0x020000, be32(id)), full("tfdt", 1, 0, be64(0)),
			full("trun", 0, 0x201, be32(len(sizes)), be32(data), rows)))
	}
	return cat(moof(len(moof(0))+8), box("mdat", media))
}
