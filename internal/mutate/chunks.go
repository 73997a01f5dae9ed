package mutate

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
)

// form is how the parts of a kind of container begin: where their size stands, and their type.
type form struct {
	name   string
	sizeAt int // of the size field
	width  int // bytes of it; 0: there is none
	little bool
	seven  bool // seven bits a byte
	less   int  // bytes of the part that its size does not count
	typeAt int
	types  []string // worth trying; the first three carry nothing
}

var (
	bmff = form{name: "bmff", width: 4, typeAt: 4, types: []string{
		"free", "skip", "uuid", "mdat", "moov", "moof", "ftyp", "styp", "mfra", "meta", "jumb", "jumd", "cbor", "trak", "stco", "zzzz",
	}}
	riffChunk  = form{name: "riff", sizeAt: 4, width: 4, little: true, less: 8, types: []string{"JUNK", "PAD ", "zzzz", "C2PA", "data", "fmt ", "LIST", "RIFF", "VP8 ", "ds64"}}
	pngChunk   = form{name: "png", width: 4, less: 12, typeAt: 4, types: []string{"tEXt", "zzZz", "tIME", "caBX", "IDAT", "IEND", "IHDR", "PLTE"}}
	jpegMarker = form{name: "jpeg", sizeAt: 2, width: 2, less: 2, types: []string{"\xff\xfe", "\xff\xe5", "\xff\xef", "\xff\xeb", "\xff\xe1", "\xff\xda", "\xff\xd9", "\xff\xd0"}}
	oggPage    = form{name: "ogg", typeAt: 14, types: []string{"\x00\x00\x00\x00", "\x01\x00\x00\x00", "zzzz"}} // its serial number
	id3Tag     = form{name: "tag", sizeAt: 6, width: 4, seven: true, less: 10, types: []string{"ID3", "TAG", "XYZ"}}
	id3Frame   = form{name: "frame", sizeAt: 4, width: 4, seven: true, less: 10, types: []string{"PRIV", "TXXX", "ZZZZ", "GEOB", "TIT2", "APIC"}}
	flacBlock  = form{name: "flac", less: 4, types: []string{"\x01", "\x02", "\x7f"}}
)

// get reads the size field of a part; ok is false where there is none.
func (f form) get(b []byte) (v uint64, ok bool) {
	if f.width == 0 || f.sizeAt+f.width > len(b) {
		return 0, false
	}
	for i := range f.width {
		c := b[f.sizeAt+i]
		switch {
		case f.little:
			v |= uint64(c) << (8 * i)
		case f.seven:
			v = v<<7 | uint64(c&0x7f)
		default:
			v = v<<8 | uint64(c)
		}
	}
	return v, true
}

// put writes it.
func (f form) put(b []byte, v uint64) {
	if f.sizeAt+f.width > len(b) {
		return
	}
	for i := range f.width {
		at := f.sizeAt + i
		switch last := f.width - 1 - i; {
		case f.little:
			b[at] = byte(v >> (8 * i))
		case f.seven:
			b[at] = byte(v>>(7*last)) & 0x7f
		default:
			b[at] = byte(v >> (8 * last))
		}
	}
}

// empty makes a part that carries n zeroes.
func (f form) empty(typ string, n int) []byte {
	b := make([]byte, max(f.sizeAt+f.width, f.typeAt+len(typ), f.less)+n)
	copy(b[f.typeAt:], typ)
	f.put(b, uint64(len(b)-f.less))
	switch f.name {
	case oggPage.name:
		copy(b, "OggS")
	case pngChunk.name:
		binary.BigEndian.PutUint32(b[len(b)-4:], crc32.ChecksumIEEE(b[4:len(b)-4]))
	}
	return b
}

// chunks are the parts of a file that is no BMFF file, and the boxes of the manifest store in it; nil: it is of no kind
// that is known here.
func chunks(data []byte) (out []Box) {
	has := func(at int, s string) bool { return len(data) >= at && bytes.HasPrefix(data[at:], []byte(s)) }
	switch {
	case has(0, "RIFF"), has(0, "RF64"):
		out = riffChunks(data)
	case has(0, "\x89PNG\r\n\x1a\n"):
		for at := 8; at+12 <= len(data); {
			n := int(binary.BigEndian.Uint32(data[at:])) + 12
			if n > len(data)-at {
				break
			}
			out = append(out, Box{Offset: at, Header: 8, Size: n, Type: string(data[at+4 : at+8]), Parent: -1, form: pngChunk})
			at += n
		}
	case has(0, "\xff\xd8\xff"):
		out = jpegSegments(data)
	case has(0, "OggS"):
		out = oggPages(data)
	case has(0, "ID3"):
		out = id3Frames(data)
	}
	if out == nil {
		return nil
	}
	if at := bytes.Index(data, []byte("jumb")) - 4; at >= 0 {
		first := len(out)
		for i, b := range boxes(data, at, len(data)) {
			if b.Parent < 0 && b.Type != "jumb" || i == 0 && around(out, b) < 0 {
				break // what stands behind the store, or a store in pieces
			}
			if b.Parent >= 0 {
				b.Parent += first
			} else {
				b.Parent = around(out[:first], b)
			}
			out = append(out, b)
		}
	}
	return out
}

// around is the innermost part that a box lies in.
func around(list []Box, b Box) int {
	in := -1
	for i, p := range list {
		if p.Offset <= b.Offset && b.End() <= p.End() {
			in = i
		}
	}
	return in
}

func riffChunks(data []byte) (out []Box) {
	for at := 0; at+12 <= len(data); {
		n := int(binary.LittleEndian.Uint32(data[at+4:])) + 8
		if n > len(data)-at || n < 12 {
			n = len(data) - at // of RF64, or wrong
		}
		parent := len(out)
		out = append(out, Box{Offset: at, Header: 12, Size: n, Type: string(data[at : at+4]), Parent: -1, form: riffChunk})
		for in := at + 12; in+8 <= at+n; {
			size := int(binary.LittleEndian.Uint32(data[in+4:]))
			if size == 1<<32-1 && len(data) >= 36 {
				size = int(binary.LittleEndian.Uint32(data[28:])) // of RF64, which has it in its first chunk
			}
			size += 8 + size%2
			if size > at+n-in {
				size = at + n - in
			}
			out = append(out, Box{Offset: in, Header: 8, Size: size, Type: string(data[in : in+4]), Parent: parent, form: riffChunk})
			in += size
		}
		at += n
	}
	return out
}

func jpegSegments(data []byte) (out []Box) {
	for at := 0; at+2 <= len(data) && data[at] == 0xff; {
		size, marker := 2, data[at+1]
		bare := marker == 0xd8 || marker == 0xd9 || marker&0xf8 == 0xd0
		f := jpegMarker
		if bare {
			f.width = 0
		} else {
			if at+4 > len(data) {
				break
			}
			size = 2 + int(binary.BigEndian.Uint16(data[at+2:]))
		}
		if marker == 0xda { // the scan goes with it
			for size < len(data)-at-1 && (data[at+size] != 0xff || data[at+size+1] == 0 || data[at+size+1]&0xf8 == 0xd0) {
				size++
			}
		}
		if size > len(data)-at {
			break
		}
		out = append(out, Box{Offset: at, Header: min(4, size), Size: size, Type: string(data[at : at+2]), Parent: -1, form: f})
		at += size
	}
	return out
}

func oggPages(data []byte) (out []Box) {
	for at := 0; at+27 <= len(data) && bytes.HasPrefix(data[at:], []byte("OggS")); {
		n := 27 + int(data[at+26])
		if n > len(data)-at {
			break
		}
		header := n
		for _, c := range data[at+27 : at+header] {
			n += int(c)
		}
		if n > len(data)-at {
			break
		}
		out = append(out, Box{Offset: at, Header: header, Size: n, Type: "OggS", Parent: -1, form: oggPage})
		at += n
	}
	return out
}

// id3Frames are a tag of version 2.3 or 2.4 with its frames, and what stands behind it: the blocks of FLAC, or the sound.
func id3Frames(data []byte) (out []Box) {
	if len(data) < 10 {
		return nil
	}
	n, _ := id3Tag.get(data)
	end := int(n) + 10
	if end > len(data) {
		end = len(data)
	}
	out = append(out, Box{Offset: 0, Header: 10, Size: end, Type: "ID3", Parent: -1, form: id3Tag})
	f := id3Frame
	f.seven = data[3] >= 4
	for at := 10; at+10 <= end && data[at] != 0 && data[3] >= 3; {
		v, _ := f.get(data[at:])
		if v > uint64(end-at-10) {
			break
		}
		size := int(v) + 10
		out = append(out, Box{Offset: at, Header: 10, Size: size, Type: string(data[at : at+4]), Parent: 0, form: f})
		at += size
	}
	if bytes.HasPrefix(data[end:], []byte("fLaC")) {
		for at := end + 4; at+4 <= len(data); {
			size := 4 + int(binary.BigEndian.Uint32(data[at:])&0xffffff)
			if size > len(data)-at {
				break
			}
			out = append(out, Box{Offset: at, Header: 4, Size: size, Type: "fLaC", Parent: -1, form: flacBlock})
			last := data[at]&0x80 != 0
			at += size
			if last {
				break
			}
		}
	}
	return out
}
