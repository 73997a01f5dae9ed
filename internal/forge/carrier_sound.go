package forge

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"hash/crc32"
	"slices"
)

// syncsafe writes a number with seven bits in each byte. ID3v2.4.0-structure, 6.2.
func syncsafe(n int) []byte {
	return []byte{byte(n >> 21 & 0x7f), byte(n >> 14 & 0x7f), byte(n >> 7 & 0x7f), byte(n & 0x7f)}
}

// unsynchronise puts a zero behind every 0xff. ID3v2.3.0, 5.
func unsynchronise(b []byte) []byte { return bytes.ReplaceAll(b, []byte{0xff}, []byte{0xff, 0}) }

// id3 writes a tag with a title, the store and padding, and a stream behind it. C2PA 2.5, A.3.5.
func (c *Carrier) id3(w *writer, store []byte) {
	version := c.Version
	if version == 0 {
		version = 4
	}
	media, one := "application/c2pa", []byte("c2pa\x00")
	if c.Legacy {
		media = "application/x-c2pa-manifest-store"
	}
	encoding := byte(0)
	if c.Wide {
		encoding, one = 1, []byte("\xff\xfec\x002\x00\x00\x00")
	}
	texts := slices.Concat([]byte{encoding}, []byte(media), []byte{0}, one, one)
	object := slices.Concat(texts, store)
	plain := len(object)
	if c.Compress {
		var z bytes.Buffer
		zw := must(zlib.NewWriterLevel(&z, zlib.NoCompression))
		_, _ = zw.Write(object)
		_ = zw.Close()
		object = z.Bytes()
	}
	flags := byte(0)
	if c.Compress {
		flags = map[int]byte{3: 0x80, 4: 0x08 | 0x01}[version]
		size := be32(plain)
		if version == 4 {
			size = syncsafe(plain)
		}
		object = append(size, object...)
	}
	if c.Unsync && version == 4 {
		flags |= 0x02
		object = unsynchronise(object)
	}
	frames := id3Frame(version, "TIT2", []byte("\x00forged"), 0)
	at := len(frames)
	if len(store) > 0 {
		frames = append(frames, id3Frame(version, "GEOB", object, flags)...)
	}
	raw, tagFlags := frames, byte(0)
	if c.Unsync && version < 4 {
		tagFlags, at, frames = 0x80, len(unsynchronise(frames[:at])), unsynchronise(frames)
	}
	pad := 32
	if c.Unsync || c.Compress {
		pad = 2*len(store) + 2000 - len(frames)
	}
	tag := append(bytes.Clone(frames), make([]byte, pad)...)
	w.p.Data = slices.Concat([]byte{'I', 'D', '3', byte(version), 0, tagFlags}, syncsafe(len(tag)), tag)
	w.p.tag = int64(len(w.p.Data))
	if len(store) > 0 {
		w.p.Store = []Range{{int64(10 + at), int64(len(frames) - at)}}
		w.p.Inner = w.p.Store[0]
		if !c.Compress && !c.Unsync {
			w.p.Inner = Range{int64(10 + len(raw) - len(store)), int64(len(store))}
		}
	}
	sound := random("sound", 800)
	if c.Kind == "flac" {
		sound = slices.Concat([]byte("fLaC\x80\x00\x00\x22"), make([]byte, 34), sound)
	} else {
		sound = append([]byte{0xff, 0xfb, 0x90, 0x64}, sound...)
	}
	w.media("", sound, 4)
}

func id3Frame(version int, id string, data []byte, flags byte) []byte {
	switch version {
	case 2:
		id = map[string]string{"TIT2": "TT2", "GEOB": "GEO"}[id]
		return slices.Concat([]byte(id), be32(len(data))[1:], data)
	case 3:
		return slices.Concat([]byte(id), be32(len(data)), []byte{0, flags}, data)
	}
	return slices.Concat([]byte(id), syncsafe(len(data)), []byte{0, flags}, data)
}

// The bitstreams of the forge's Ogg files.
const (
	oggSound = 7
	oggStore = 9
)

// page is a page of Ogg that carries a piece of a packet. RFC 3533, 6.
func page(serial, sequence int, flags byte, data []byte, ends bool) []byte {
	var lacing []byte
	for left := len(data); ; left -= 255 {
		if left < 255 {
			if ends {
				lacing = append(lacing, byte(left))
			}
			break
		}
		lacing = append(lacing, 255)
	}
	b := slices.Concat([]byte("OggS\x00"), []byte{flags}, make([]byte, 8), le32(serial), le32(sequence), make([]byte, 4), []byte{byte(len(lacing))}, lacing, data)
	binary.LittleEndian.PutUint32(b[22:], oggSum(b))
	return b
}

// oggSum is Ogg's checksum: CRC-32 of the same polynomial as Ethernet's, most significant bit first, without inversion.
func oggSum(b []byte) uint32 {
	var sum uint32
	for _, c := range b {
		sum ^= uint32(c) << 24
		for range 8 {
			if sum&(1<<31) != 0 {
				sum = sum<<1 ^ 0x04c11db7
			} else {
				sum <<= 1
			}
		}
	}
	return sum
}

// ogg writes two bitstreams, of sound and of the store. C2PA 2.5, A.3.7.
func (c *Carrier) ogg(w *writer, store []byte) {
	w.p.pages = map[string][]Range{}
	add := func(name string, b []byte) int64 {
		at := int64(len(w.p.Data))
		w.p.Data = append(w.p.Data, b...)
		list := w.p.pages[name]
		if n := len(list); n > 0 && list[n-1].Offset+list[n-1].Length == at {
			list[n-1].Length += int64(len(b))
		} else {
			w.p.pages[name] = append(list, Range{at, int64(len(b))})
		}
		return at
	}
	sound := "Stream-7"
	add(sound, page(oggSound, 0, 2, append([]byte("\x01vorbis"), make([]byte, 23)...), true))
	packet := append([]byte("\x00c2pa"), store...)
	step, flags, next := 255*8, byte(2), 1
	if c.Split {
		step = 255 * 2
	}
	for i := 0; len(store) > 0 && len(packet) > 0; i++ {
		n := min(step, len(packet))
		last := n < step || len(packet) == n && n%255 != 0
		if last {
			flags |= 4
		}
		add("C2PA", page(oggStore, i, flags, packet[:n], last))
		packet, flags = packet[n:], 1
		if c.Split && i == 0 {
			add(sound, page(oggSound, 1, 0, random("ogg header", 200), true))
			next = 2
		}
		if len(packet) == 0 && !last {
			add("C2PA", page(oggStore, i+1, 5, nil, true))
		}
	}
	at := add(sound, page(oggSound, next, 4, random("ogg sound", 700), true))
	w.p.Media = Range{at + 30, 600}
	for _, name := range []string{sound, "C2PA"} {
		if list := w.p.pages[name]; list != nil {
			end := list[len(list)-1]
			w.p.Boxes = append(w.p.Boxes, Span{name, list[0].Offset, end.Offset + end.Length - list[0].Offset})
		}
	}
	w.p.Store = w.p.pages["C2PA"]
	if len(store) > 0 {
		w.p.Inner = Range{w.p.Store[0].Offset + int64(27+step/255+5), int64(len(store))}
	}
}

func pngChunk(typ string, data []byte) []byte {
	b := slices.Concat(be32(len(data)), []byte(typ), data)
	return append(b, be32(int(crc32.ChecksumIEEE(b[4:])))...)
}
