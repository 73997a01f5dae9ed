package manifest

import (
	"bytes"
	"encoding/binary"
	"io"
)

// sniffed is what the first bytes of a file tell about its container.
type sniffed struct {
	container    string
	bmff         bool
	walk         string // the carrier, for files that are divided otherwise
	notSupported string // C2PA defines a carrier that is not read
	noCarrier    string // C2PA defines none
}

// sniffSize is how much of a file is looked at: six MPEG transport packets of 192 bytes.
const sniffSize = 6 * 192

// signature is a container that starts with fixed bytes at an offset. Carriers are those of C2PA 2.5, A.1.
type signature struct {
	name    string
	at      int
	magic   string
	walk    string // the carrier, where it is read
	carrier string // how C2PA puts a store in, where that is not read; both empty: it does not
}

var signatures = []signature{
	{"flac", 0, "fLaC", CarrierID3, ""},
	{"ogg", 0, "OggS", CarrierOgg, ""},
	{"jpeg", 0, "\xff\xd8\xff", CarrierJPEG, ""},
	{"png", 0, "\x89PNG\r\n\x1a\n", CarrierPNG, ""},
	{"gif", 0, "GIF87a", "", "an application extension"},
	{"gif", 0, "GIF89a", "", "an application extension"},
	{"tiff", 0, "II*\x00", "", "a private tag"},
	{"tiff", 0, "MM\x00*", "", "a private tag"},
	{"jxl", 0, "\x00\x00\x00\x0cJXL \r\n\x87\n", "", "a JUMBF box"},
	{"pdf", 0, "%PDF-", "", "an embedded file"},
	{"midi", 0, "MThd", "", "a chunk of its own"},
	{"vtt", 0, "WEBVTT", "", "a block of text"},
	{"mxf", 0, "\x06\x0e\x2b\x34\x02\x05\x01\x01\x0d\x01\x02", "", ""},
	{"flv", 0, "FLV\x01", "", ""},
	{"asf", 0, "\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c", "", ""},
	{"ivf", 0, "DKIF", "", ""},
	{"y4m", 0, "YUV4MPEG2 ", "", ""},
	{"mpegps", 0, "\x00\x00\x01\xba", "", ""},
	{"mpegvideo", 0, "\x00\x00\x01\xb3", "", ""},
	{"aiff", 0, "FORM", "", ""},
	{"caf", 0, "caff", "", ""},
	{"amr", 0, "#!AMR", "", ""},
	{"bmp", 0, "BM", "", ""},
}

// sniff tells the container by the first bytes of the file, never by its name.
func sniff(head []byte, r io.ReaderAt, size int64) sniffed {
	if name := sniffBMFF(head); name != "" {
		return sniffed{container: name, bmff: true}
	}
	if s, ok := sniffRIFF(head); ok {
		return s
	}
	if bytes.HasPrefix(head, []byte("ID3")) {
		return sniffed{container: sniffID3(head, r, size), walk: CarrierID3}
	}
	if bytes.HasPrefix(head, []byte{0x1a, 0x45, 0xdf, 0xa3}) {
		name := "mkv"
		if bytes.Contains(head, []byte("\x42\x82\x84webm")) {
			name = "webm"
		}
		return bare(name)
	}
	for _, s := range signatures {
		if len(head) >= s.at+len(s.magic) && string(head[s.at:s.at+len(s.magic)]) == s.magic {
			switch {
			case s.walk != "":
				return sniffed{container: s.name, walk: s.walk}
			case s.carrier != "":
				return carried(s.name, s.carrier)
			}
			return bare(s.name)
		}
	}
	switch {
	case len(head) == 0:
		return sniffed{notSupported: "not supported: the file is empty"}
	case transport(head, 188, 0), transport(head, 192, 4):
		return bare("mpegts")
	case adts(head):
		return bare("aac")
	case mpegAudio(head):
		return sniffed{container: "mp3", walk: CarrierID3}
	}
	return sniffed{notSupported: "not supported: the container is not recognized as video, sound or a picture"}
}

func carried(name, how string) sniffed {
	return sniffed{container: name, notSupported: "not supported yet: manifests in " + name + " files (" + how + ")"}
}

func bare(name string) sniffed {
	return sniffed{container: name, noCarrier: "this container has no C2PA carrier: " + name + " files can have a manifest beside them or elsewhere only"}
}

// sniffBMFF gives the kind of a BMFF file, or "".
func sniffBMFF(head []byte) string {
	if len(head) < 8 {
		return ""
	}
	typ := string(head[4:8])
	if size := binary.BigEndian.Uint32(head); size > 1 && size < 8 && typ != "ftyp" {
		return "" // the name of a box that only such files begin with is believed: that its size is wrong can be said then
	}
	switch typ {
	case "ftyp", "styp":
		if len(head) < 12 {
			return "mp4"
		}
		return brandName(string(head[8:12]))
	case "moov", "mdat", "wide", "pnot":
		return "mov" // QuickTime files may do without ftyp
	case "free", "skip", "moof", "uuid", "sidx", "emsg", "prft", "pdin", "mfra", "meta":
		return "mp4"
	}
	return ""
}

// brandName names the sort of file by its major brand. ISO/IEC 14496-12, Annex E; mp4ra.org.
func brandName(brand string) string {
	switch brand {
	case "qt  ":
		return "mov"
	case "M4A ", "M4B ", "M4P ":
		return "m4a"
	case "M4V ", "M4VH", "M4VP":
		return "m4v"
	case "heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1", "mif2":
		return "heif"
	case "avif", "avis", "avio":
		return "avif"
	}
	if brand[:2] == "3g" {
		return "3gp"
	}
	return "mp4"
}

func sniffRIFF(head []byte) (sniffed, bool) {
	if len(head) < 12 {
		return sniffed{}, false
	}
	switch string(head[:4]) {
	case "RIFF", "RF64", "BW64":
	default:
		return sniffed{}, false
	}
	name := "riff"
	switch string(head[8:12]) {
	case "AVI ":
		name = "avi"
	case "WAVE":
		name = "wav"
	case "WEBP":
		name = "webp"
	}
	return sniffed{container: name, walk: CarrierRIFF}, true
}

// sniffID3 tells what follows an ID3v2 tag. ID3v2.4.0, 3.1.
func sniffID3(head []byte, r io.ReaderAt, size int64) string {
	if len(head) < 10 {
		return "mp3"
	}
	at := int64(10)
	for i, b := range head[6:10] {
		at += int64(b&0x7f) << (7 * (3 - i))
	}
	if head[5]&0x10 != 0 {
		at += 10 // a footer
	}
	var next [4]byte
	if at <= size-4 {
		if n, _ := r.ReadAt(next[:], at); n == 4 && string(next[:]) == "fLaC" {
			return "flac"
		}
	}
	return "mp3"
}

// transport says that sync bytes stand where the packets of an MPEG-2 transport stream begin. ISO/IEC 13818-1, 2.4.3.2.
func transport(head []byte, packet, at int) bool {
	n := 0
	for ; at < len(head); at += packet {
		if head[at] != 0x47 {
			return false
		}
		n++
	}
	return n >= 3
}

// adts says that an AAC frame header starts the file. ISO/IEC 14496-3, 1.A.2.2.
func adts(head []byte) bool {
	return len(head) >= 7 && head[0] == 0xff && head[1]&0xf6 == 0xf0 && head[2]>>2&15 < 13
}

// mpegAudio says that an MPEG audio frame header starts the file. ISO/IEC 11172-3, 2.4.1.3.
func mpegAudio(head []byte) bool {
	return len(head) >= 4 && head[0] == 0xff && head[1]&0xe0 == 0xe0 && head[1]>>1&3 != 0 && head[1]>>3&3 != 1 && head[2]>>4 != 15 && head[2]>>2&3 != 3
}
