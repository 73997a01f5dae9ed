package forge

import (
	"bytes"
	"encoding/binary"
)

// c2paUser is the usertype of C2PA's uuid boxes. C2PA 2.5, A.5.1.1.
var c2paUser = unhex("D8FEC3D61B0E483C92975828877EC481")

// Container says how the file around the store looks. The zero value is an MP4 with the moov box first.
type Container struct {
	Brand     string // major brand; default "isom"; "qt  " makes a QuickTime file
	MoovLast  bool   // mdat before moov
	LargeMdat bool   // mdat with a 64-bit size
	CO64      bool   // 64-bit chunk offsets
	ZeroMdat  bool   // size 0, to the end of the file: mdat is then last
	LargeUUID bool   // the store's uuid box with a 64-bit size
	Free      int    // size of a free box after the store, 0 for none
	Trailing  []byte // bytes after the last box
	Samples   int    // video samples; default 6
	MediaSize int    // bytes of a video sample; default 120
	PerChunk  int    // samples in a chunk; default: all of a track in one
	Raw       []byte // where set, a whole MP4 without store that the store is put into after ftyp (no offsets are fixed)
	External  string // where the data reference of the video track points; default: this file
	Extra     []byte // further top-level boxes, written before mdat
	Hide      int    // milliseconds at the start of the video track that its edit list leaves out
}

func (c Container) samples() int {
	if c.Samples > 0 {
		return c.Samples
	}
	return 6
}

func (c Container) mediaSize() int {
	if c.MediaSize > 0 {
		return c.MediaSize
	}
	return 120
}

func be16(v int) []byte   { return binary.BigEndian.AppendUint16(nil, uint16(v)) }
func be32(v int) []byte   { return binary.BigEndian.AppendUint32(nil, uint32(v)) }
func be64(v int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(v)) }

// box is a BMFF box of the given parts; full adds version and flags.
func box(typ string, parts ...[]byte) []byte { return plain(typ, bytes.Join(parts, nil)) }

func full(typ string, version byte, flags int, parts ...[]byte) []byte {
	return box(typ, append([][]byte{{version, byte(flags >> 16), byte(flags >> 8), byte(flags)}}, parts...)...)
}

// large writes a box with a 64-bit size.
func large(typ string, data []byte) []byte {
	b := append(be32(1), typ...)
	return append(append(b, be64(int64(16+len(data)))...), data...)
}

var unity = bytes.Join([][]byte{be32(0x10000), be32(0), be32(0), be32(0), be32(0x10000), be32(0), be32(0), be32(0), be32(0x40000000)}, nil)

// mvhd, tkhd and the rest: the smallest tables that make a file with one video and one audio track. ISO/IEC 14496-12, 8.
func moov(c Container, mdat int64) []byte {
	n, size := c.samples(), c.mediaSize()
	mvhd := full("mvhd", 0, 0, be32(0), be32(0), be32(1000), be32(n*100), be32(0x10000), be16(0x100), be16(0), be32(0), be32(0), unity, make([]byte, 24), be32(3))
	video := trak(c, track{id: 1, handler: "vide", w: 320, h: 180, scale: 10, delta: 1, n: n, size: size, offset: mdat, entry: avc1()})
	audio := trak(c, track{id: 2, handler: "soun", scale: 48000, delta: 4800, n: n, size: 16, offset: mdat + int64(n*size), entry: mp4a()})
	return box("moov", mvhd, video, audio)
}

type track struct {
	id, w, h, scale, delta, n, size int
	handler                         string
	offset                          int64
	entry                           []byte
}

func trak(c Container, t track) []byte {
	volume, header := 0, full("vmhd", 0, 1, make([]byte, 8))
	if t.handler == "soun" {
		volume, header = 0x100, full("smhd", 0, 0, make([]byte, 4))
	}
	tkhd := full("tkhd", 0, 3, be32(0), be32(0), be32(t.id), be32(0), be32(t.n*100), make([]byte, 8), be16(0), be16(0), be16(volume), be16(0), unity, be32(t.w<<16), be32(t.h<<16))
	mdhd := full("mdhd", 0, 0, be32(0), be32(0), be32(t.scale), be32(t.n*t.delta), be16(0x55c4), be16(0))
	hdlr := full("hdlr", 0, 0, be32(0), []byte(t.handler), make([]byte, 12), []byte("forge\x00"))
	where := full("url ", 0, 1)
	if c.External != "" {
		where = full("url ", 0, 0, []byte(c.External), []byte{0})
	}
	dinf := box("dinf", full("dref", 0, 0, be32(1), where))
	per := t.n
	if c.PerChunk > 0 {
		per = min(c.PerChunk, t.n)
	}
	chunks := (t.n + per - 1) / per
	places, wide := be32(chunks), be32(chunks)
	for i := range chunks {
		at := t.offset + int64(i*per*t.size)
		places, wide = append(places, be32(int(at))...), append(wide, be64(at)...)
	}
	offsets := full("stco", 0, 0, places)
	if c.CO64 {
		offsets = full("co64", 0, 0, wide)
	}
	stsc := full("stsc", 0, 0, be32(1), be32(1), be32(per), be32(1))
	if rest := t.n % per; rest > 0 {
		stsc = full("stsc", 0, 0, be32(2), be32(1), be32(per), be32(1), be32(chunks), be32(rest), be32(1))
	}
	stbl := box("stbl",
		full("stsd", 0, 0, be32(1), t.entry),
		full("stts", 0, 0, be32(1), be32(t.n), be32(t.delta)),
		stsc,
		full("stsz", 0, 0, be32(t.size), be32(t.n)),
		offsets)
	var edts []byte
	if c.Hide > 0 && t.handler == "vide" {
		edts = box("edts", full("elst", 0, 0, be32(1), be32(t.n*100-c.Hide), be32(c.Hide*t.scale/1000), be32(1<<16)))
	}
	return box("trak", tkhd, edts, box("mdia", mdhd, hdlr, box("minf", header, dinf, stbl)))
}

func avc1() []byte {
	sps, pps := unhex("6742C00BDA05067E5C"), unhex("68CE3C80")
	avcC := box("avcC", []byte{1, 0x42, 0xC0, 0x0B, 0xFF, 0xE1}, be16(len(sps)), sps, []byte{1}, be16(len(pps)), pps)
	return box("avc1", make([]byte, 6), be16(1), make([]byte, 16), be16(320), be16(180), be32(0x480000), be32(0x480000), be32(0), be16(1), make([]byte, 32), be16(24), be16(0xffff), avcC)
}

func mp4a() []byte {
	esds := full("esds", 0, 0, unhex("0319000100"+"04114015000000"+"0001F4000001F400"+"05021190"+"060102"))
	return box("mp4a", make([]byte, 6), be16(1), make([]byte, 8), be16(2), be16(16), be32(0), be32(48000<<16), esds)
}

// storeBox wraps a store in C2PA's uuid box. C2PA 2.5, A.5.1.
func storeBox(purpose string, store []byte, pad int, big bool) []byte {
	data := append([]byte{}, c2paUser...)
	data = append(data, 0, 0, 0, 0)
	data = append(append(data, purpose...), 0)
	if purpose == "manifest" || purpose == "original" {
		data = append(data, be64(0)...)
	}
	data = append(append(data, store...), make([]byte, pad)...)
	if big {
		return large("uuid", data)
	}
	return box("uuid", data)
}

// layout writes the file around a store's boxes (nil: none): first goes after ftyp, last to the end.
func (c Container) layout(first, last []byte) []byte {
	if c.Raw != nil {
		n := binary.BigEndian.Uint32(c.Raw)
		out := append([]byte{}, c.Raw[:n]...)
		out = append(append(out, first...), c.Raw[n:]...)
		return append(out, last...)
	}
	brand := c.Brand
	if brand == "" {
		brand = "isom"
	}
	ftyp := box("ftyp", []byte(brand), be32(0x200), []byte(brand), []byte("iso6"))
	if brand == "isom" {
		ftyp = box("ftyp", []byte(brand), be32(0x200), []byte("isomiso6mp41"))
	}
	head := append(append([]byte{}, ftyp...), first...)
	if c.Free > 0 {
		head = append(head, box("free", make([]byte, c.Free-8))...)
	}
	head = append(head, c.Extra...)
	media := c.media()
	mdat := box("mdat", media)
	payload := int64(8)
	if c.LargeMdat {
		mdat, payload = large("mdat", media), 16
	}
	if c.ZeroMdat {
		copy(mdat, be32(0))
	}
	var out []byte
	if c.MoovLast && !c.ZeroMdat {
		out = append(head, mdat...)
		out = append(out, moov(c, int64(len(head))+payload)...)
	} else {
		size := int64(len(moov(c, 0)))
		out = append(head, moov(c, int64(len(head))+size+payload)...)
		out = append(out, mdat...)
	}
	out = append(out, last...)
	return append(out, c.Trailing...)
}

// media is what the samples hold: bytes that no decoder will like, and that a hash can tell apart.
func (c Container) media() []byte {
	return random("media", c.samples()*(c.mediaSize()+16))
}

// roots walks the top-level boxes of a file that the forge wrote itself.
func roots(b []byte) []Span {
	var out []Span
	for at := int64(0); at+8 <= int64(len(b)); {
		n := int64(binary.BigEndian.Uint32(b[at:]))
		switch n {
		case 0:
			n = int64(len(b)) - at
		case 1:
			n = int64(binary.BigEndian.Uint64(b[at+8:]))
		}
		if n < 8 || n > int64(len(b))-at {
			break
		}
		out = append(out, Span{string(b[at+4 : at+8]), at, n})
		at += n
	}
	return out
}
