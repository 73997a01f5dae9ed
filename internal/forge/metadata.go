package forge

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"html"
	"math/bits"
	"slices"
	"unicode/utf16"
)

// This file writes unsigned files with metadata: titles, tags, labels, in every container that has a place for them.

// Text is a name with a text.
type Text struct{ Name, Value string }

// Box is a BMFF box of the given parts.
func Box(typ string, parts ...[]byte) []byte { return box(typ, parts...) }

// Movie is an MP4 file that plays nothing: ftyp, mdat with the given bytes, and moov with the given boxes.
func Movie(media []byte, boxes ...[]byte) []byte {
	mvhd := full("mvhd", 0, 0, make([]byte, 16), be32(0x10000), be16(0x100), make([]byte, 10), unity, make([]byte, 24), be32(1))
	return slices.Concat(box("ftyp", []byte("isom\x00\x00\x02\x00isom")), box("mdat", media), box("moov", append([][]byte{mvhd}, boxes...)...))
}

func hdlr(kind string) []byte {
	return full("hdlr", 0, 0, make([]byte, 4), []byte(kind), make([]byte, 13))
}

func dataBox(kind int, value string) []byte { return box("data", be32(kind), be32(0), []byte(value)) }

// KeyedMeta is a metadata box with items by key; isFull writes it as MP4 does, with version and flags.
func KeyedMeta(isFull bool, tags ...Text) []byte {
	var keys, items []byte
	for i, t := range tags {
		keys = append(keys, slices.Concat(be32(8+len(t.Name)), []byte("mdta"), []byte(t.Name))...)
		items = append(items, box(string(be32(i+1)), dataBox(1, t.Value))...)
	}
	parts := [][]byte{hdlr("mdta"), full("keys", 0, 0, be32(len(tags)), keys), box("ilst", items)}
	if isFull {
		return full("meta", 0, 0, parts...)
	}
	return box("meta", parts...)
}

// ItemMeta is iTunes' metadata box with items by type, such as "\xa9too"; the type "----" takes its name from a text
// of the form NAME=VALUE, and "covr" holds a picture.
func ItemMeta(items ...Text) []byte {
	var list [][]byte
	for _, t := range items {
		switch t.Name {
		case "----":
			name, value, _ := bytes.Cut([]byte(t.Value), []byte("="))
			list = append(list, box("----", full("mean", 0, 0, []byte("com.example")), full("name", 0, 0, name), dataBox(1, string(value))))
		case "covr":
			list = append(list, box("covr", dataBox(14, t.Value)))
		default:
			list = append(list, box(t.Name, dataBox(1, t.Value)))
		}
	}
	return full("meta", 0, 0, hdlr("mdir"), box("ilst", list...))
}

// QuickTimeText is a text of user data, such as "\xa9swr".
func QuickTimeText(typ, text string) []byte {
	return box(typ, be16(len(text)), be16(0x55c4), []byte(text))
}

// XMPBox is the uuid box of a packet.
func XMPBox(packet string) []byte {
	return box("uuid", unhex("BE7ACFCB97A942E89C71999491E3AFAC"), []byte(packet))
}

// XMPPacket is a packet with one description: attributes of it, and elements in it. The prefixes e (IPTC extension), xmp
// and t (TC260) are bound.
func XMPPacket(attributes, elements string) string {
	return `<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" ` +
		`xmlns:e="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:t="http://www.tc260.org.cn/ns/AIGC/1.0/">` +
		`<rdf:Description rdf:about="" ` + attributes + `>` + elements + `</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>`
}

// Escape is a text for XML.
func Escape(s string) string { return html.EscapeString(s) }

// Element is an EBML element.
func Element(id uint32, parts ...[]byte) []byte {
	data := bytes.Join(parts, nil)
	size := be64(int64(len(data)))
	size[0] = 1
	return slices.Concat(elementID(id), size, data)
}

// OpenElement is an EBML element of unknown length.
func OpenElement(id uint32, parts ...[]byte) []byte {
	return slices.Concat(elementID(id), []byte("\x01\xff\xff\xff\xff\xff\xff\xff"), bytes.Join(parts, nil))
}

func elementID(id uint32) []byte { return be32(int(id))[bits.LeadingZeros32(id)/8:] }

// The identifiers of Matroska's elements.
const (
	MkvSegment, MkvCluster, MkvBlock, MkvInfo, MkvMuxingApp, MkvTitle = 0x18538067, 0x1F43B675, 0xA3, 0x1549A966, 0x4D80, 0x7BA9
	MkvTags, MkvTag, MkvTargets, MkvChapterUID, MkvTrackUID           = 0x1254C367, 0x7373, 0x63C0, 0x63C4, 0x63C5
	MkvSimpleTag, MkvTagName, MkvTagString                            = 0x67C8, 0x45A3, 0x4487
	MkvAttachments, MkvAttached, MkvFileName, MkvFileType, MkvData    = 0x1941A469, 0x61A7, 0x466E, 0x4660, 0x465C
	MkvSeekHead, MkvSeek, MkvSeekID, MkvSeekPosition                  = 0x114D9B74, 0x4DBB, 0x53AB, 0x53AC
)

// Matroska is a file of the type, with the given elements in its segment.
func Matroska(docType string, parts ...[]byte) []byte {
	return append(Element(0x1A45DFA3, Element(0x4282, []byte(docType))), Element(MkvSegment, parts...)...)
}

// MatroskaTags are tags of the file; targets are the elements that say what they speak of.
func MatroskaTags(targets []byte, tags ...Text) []byte {
	list := [][]byte{Element(MkvTargets, targets)}
	for _, t := range tags {
		list = append(list, Element(MkvSimpleTag, Element(MkvTagName, []byte(t.Name)), Element(MkvTagString, []byte(t.Value))))
	}
	return Element(MkvTags, Element(MkvTag, list...))
}

// Attachment is a file in a Matroska file.
func Attachment(name, mediaType, data string) []byte {
	return Element(MkvAttachments, Element(MkvAttached, Element(MkvFileName, []byte(name)), Element(MkvFileType, []byte(mediaType)), Element(MkvData, []byte(data))))
}

// FLV is a Flash Video file of the tags.
func FLV(tags ...[]byte) []byte {
	return append([]byte("FLV\x01\x05\x00\x00\x00\x09\x00\x00\x00\x00"), bytes.Join(tags, nil)...)
}

// FLVTag is a tag: 8 is sound, 9 is a picture, 18 is a script, 15 is one in AMF 3.
func FLVTag(typ byte, data []byte) []byte {
	return slices.Concat([]byte{typ}, be32(len(data))[1:], make([]byte, 7), data, be32(11+len(data)))
}

// FLVPacket is a picture of enhanced RTMP: 0 begins a sequence, 1 is coded, 4 is metadata.
func FLVPacket(kind byte, codec string, data []byte) []byte {
	return FLVTag(9, append(append([]byte{0x90 | kind}, codec...), data...))
}

// FLVStatement is metadata of a stream with a statement of C2PA: a name and an array of bytes in AMF 3. C2PA 2.5, 15.5.3.
func FLVStatement(name string, data []byte) []byte {
	b := append([]byte{2, 0, byte(len(name))}, name...)
	b = append(b, 17, 12, byte(len(data)>>6|0x80), byte(len(data)<<1|1)&0x7f)
	return FLVPacket(4, "avc1", append(b, data...))
}

// FLVScript is a script tag with a map of texts, a number and a list before them.
func FLVScript(name string, texts ...Text) []byte {
	b := slices.Concat([]byte{2}, be16(len(name)), []byte(name), []byte{8}, be32(2+len(texts)))
	b = append(b, "\x00\x08duration\x00\x00\x00\x00\x00\x00\x00\x00\x00"...)
	b = append(b, "\x00\x04list\x0a\x00\x00\x00\x01\x03\x00\x01a\x02\x00\x04AIGC\x00\x00\x09"...)
	for _, t := range texts {
		b = slices.Concat(b, be16(len(t.Name)), []byte(t.Name))
		if len(t.Value) > 65535 {
			b = slices.Concat(b, []byte{12}, be32(len(t.Value)), []byte(t.Value))
		} else {
			b = slices.Concat(b, []byte{2}, be16(len(t.Value)), []byte(t.Value))
		}
	}
	return FLVTag(18, append(b, 0, 0, 9))
}

// RIFF is a file of the form with the given chunks.
func RIFF(form string, chunks ...[]byte) []byte {
	return chunk("RIFF", append([]byte(form), bytes.Join(chunks, nil)...))
}

// RIFFChunk is a chunk.
func RIFFChunk(id, data string) []byte { return chunk(id, []byte(data)) }

// InfoList is a LIST of the type INFO.
func InfoList(texts ...Text) []byte {
	b := []byte("INFO")
	for _, t := range texts {
		b = append(b, chunk(t.Name, []byte(t.Value))...)
	}
	return chunk("LIST", b)
}

// ID3Footer is a tag of version 2.4 as it stands at the end of a file: with a footer that says how long it is.
func ID3Footer(tag []byte) []byte {
	out := slices.Concat(tag, []byte("3DI"), tag[3:10])
	out[5] |= 0x10
	out[len(tag)+5] |= 0x10
	return out
}

// ID3 is a tag of a version with frames of the names; "TXXX:NAME" is a text of the user's own. encoding is that of the
// texts; unsync is for the whole tag, packed compresses the frames.
func ID3(version, encoding byte, unsync, packed bool, texts ...Text) []byte {
	var frames []byte
	for _, t := range texts {
		id, own, user := t.Name, "", false
		if len(id) > 5 && id[:5] == "TXXX:" {
			id, own, user = "TXXX", t.Name[5:], true
		}
		body := []byte{encoding}
		if id == "COMM" {
			body = append(body, "eng"...)
			body = append(body, id3Text(encoding, "", true)...)
		}
		if user {
			body = append(body, id3Text(encoding, own, true)...)
		}
		body = append(body, id3Text(encoding, t.Value, false)...)
		if id == "APIC" {
			body = slices.Concat([]byte{0}, []byte("image/png\x00\x03\x00"), []byte(t.Value))
		}
		flags := []byte{0, 0}
		if packed {
			var z bytes.Buffer
			w := zlib.NewWriter(&z)
			w.Write(body)
			w.Close()
			if version == 4 {
				flags[1], body = 0x09, append(syncsafe(len(body)), z.Bytes()...)
			} else {
				flags[1], body = 0x80, append(be32(len(body)), z.Bytes()...)
			}
		}
		switch version {
		case 2:
			id = map[string]string{"TXXX": "TXX", "TSSE": "TSS", "COMM": "COM", "APIC": "PIC"}[id]
			frames = slices.Concat(frames, []byte(id), be32(len(body))[1:], body)
		case 3:
			frames = slices.Concat(frames, []byte(id), be32(len(body)), flags, body)
		default:
			frames = slices.Concat(frames, []byte(id), syncsafe(len(body)), flags, body)
		}
	}
	flags := byte(0)
	if unsync {
		flags, frames = 0x80, unsynchronise(frames)
	}
	frames = append(frames, make([]byte, 16)...)
	return slices.Concat([]byte{'I', 'D', '3', version, 0, flags}, syncsafe(len(frames)), frames)
}

func id3Text(encoding byte, s string, ends bool) []byte {
	if encoding != 1 {
		if ends {
			s += "\x00"
		}
		return []byte(s)
	}
	b := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	if ends {
		b = append(b, 0, 0)
	}
	return b
}

// Comments is a list of comments as Xiph's formats write it.
func Comments(vendor string, texts ...Text) []byte {
	b := slices.Concat(le32(len(vendor)), []byte(vendor), le32(len(texts)))
	for _, t := range texts {
		b = slices.Concat(b, le32(len(t.Name)+1+len(t.Value)), []byte(t.Name+"="+t.Value))
	}
	return b
}

// OggHeaders is a bitstream with two packets, identification and comments, the second over as many pages as it takes,
// with pages of another bitstream between them.
func OggHeaders(serial int, first, comments []byte) []byte {
	return OggPages(serial, 8, first, comments)
}

// OggPages is [OggHeaders] with so many segments in a full page, at most 254.
func OggPages(serial, segments int, first, comments []byte) []byte {
	out := page(serial, 0, 2, first, true)
	out = append(out, page(serial+1000, 0, 2, []byte("\x01other"), true)...)
	flags := byte(0)
	for n := 1; ; n++ {
		most := 255 * segments
		if len(comments) < most {
			return append(out, page(serial, n, flags, comments, true)...)
		}
		out = append(out, page(serial, n, flags, comments[:most], false)...)
		out = append(out, page(serial+1000, n, 0, []byte("AIGC={}"), true)...)
		comments, flags = comments[most:], 1
	}
}

// FLACBlocks is a FLAC stream of metadata blocks by type, and some bytes of sound.
func FLACBlocks(blocks map[byte][]byte) []byte {
	out := []byte("fLaC")
	out = append(out, 0, 0, 0, 34)
	out = append(out, make([]byte, 34)...)
	for _, typ := range []byte{4, 6} {
		if b, ok := blocks[typ]; ok {
			out = slices.Concat(out, []byte{typ}, be32(len(b))[1:], b)
		}
	}
	return append(out, slices.Concat([]byte{0x81, 0, 0, 4}, make([]byte, 4), []byte("\xff\xf8sound"))...)
}

// FLACPicture is the content of a block with a picture.
func FLACPicture(data string) []byte {
	return slices.Concat(be32(3), be32(9), []byte("image/png"), be32(0), make([]byte, 16), be32(len(data)), []byte(data))
}

// PNG is a picture of one pixel with the given chunks before its data.
func PNG(chunks ...[]byte) []byte {
	return slices.Concat([]byte("\x89PNG\r\n\x1a\n"), pngChunk("IHDR", []byte("\x00\x00\x00\x01\x00\x00\x00\x01\x08\x00\x00\x00\x00")),
		bytes.Join(chunks, nil), pngChunk("IDAT", []byte("\x78\x9c\x62\x60\x00\x00\x00\x02\x00\x01")), pngChunk("IEND", nil))
}

// PNGText is a chunk of text: tEXt, zTXt or iTXt.
func PNGText(typ, keyword, text string) []byte {
	switch typ {
	case "zTXt":
		var z bytes.Buffer
		w := zlib.NewWriter(&z)
		w.Write([]byte(text))
		w.Close()
		return pngChunk(typ, slices.Concat([]byte(keyword), []byte{0, 0}, z.Bytes()))
	case "iTXt":
		return pngChunk(typ, []byte(keyword+"\x00\x00\x00\x00\x00"+text))
	}
	return pngChunk(typ, []byte(keyword+"\x00"+text))
}

// JPEG is the skeleton of a picture with the given segments before its data.
func JPEG(segments ...[]byte) []byte {
	return slices.Concat([]byte("\xff\xd8"), bytes.Join(segments, nil), []byte("\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00\x12\x34\xff\xd9"))
}

// JPEGSegment is an application segment.
func JPEGSegment(n byte, data string) []byte {
	return slices.Concat([]byte{0xff, 0xe0 + n}, be16(2+len(data)), []byte(data))
}

// EXIF is the content of an application segment with a user comment.
func EXIF(comment string) string {
	comment = "ASCII\x00\x00\x00" + comment
	b := slices.Concat([]byte("MM\x00*"), be32(8), be16(1), be16(0x8769), be16(4), be32(1), be32(26), be32(0),
		be16(1), be16(0x9286), be16(7), be32(len(comment)), be32(44), be32(0), []byte(comment))
	return "Exif\x00\x00" + string(b)
}
