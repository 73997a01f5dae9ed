package still

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"io"
	"unicode/utf16"

	"github.com/consentry/consentry/internal/parts"
)

// Texts reads the texts of a walked PNG or JPEG file: tEXt, zTXt and iTXt chunks under their keywords, of EXIF the
// software and the user comment, and an application segment that begins with a label (under "AIGC").
// PNG 1.2, 4.2.3; Exif 2.32, 4.6.5; ITU-T T.81, B.2.4.6.
func Texts(r io.ReaderAt, size int64, f *parts.File) (*parts.Fields, error) {
	w := &texts{in: parts.NewReader(r, size), out: &parts.Fields{}}
	for i := range f.Parts {
		p := &f.Parts[i]
		var err error
		switch {
		case p.Name == "tEXt" || p.Name == "zTXt" || p.Name == "iTXt":
			err = w.keyword(p)
		case p.Name == "eXIf" && p.Length > 12:
			err = w.exif(p.Path, parts.Range{Offset: p.Offset + 8, Length: p.Length - 12})
		case len(p.Name) >= 4 && p.Name[:3] == "APP":
			err = w.application(p)
		}
		if err != nil {
			return nil, err
		}
	}
	return w.out, nil
}

type texts struct {
	in  *parts.Reader
	out *parts.Fields
}

// keyword reads a chunk of text.
//
//	tEXt { keyword, 0; text }   zTXt { keyword, 0; uint8 method = 0; zlib text }
//	iTXt { keyword, 0; uint8 compressed, method; language, 0; translated keyword, 0; text }
func (w *texts) keyword(p *parts.Part) error {
	in := parts.Range{Offset: p.Offset + 8, Length: p.Length - 12}
	if in.Length > parts.MaxField {
		w.out.Leave("a text of more than 1 MiB (" + p.Path + ")")
		return nil
	}
	if !w.out.Spend(in.Length) {
		return nil
	}
	b, err := w.in.Upto(in.Offset, in.Length)
	if err != nil {
		return err
	}
	n := bytes.IndexByte(b, 0)
	if n < 1 || n > 79 {
		return nil
	}
	name, at, packed := string(b[:n]), n+1, p.Name == "zTXt"
	switch {
	case packed:
		at++
	case p.Name == "iTXt":
		if len(b) < at+2 {
			return nil
		}
		packed, at = b[at] == 1, at+2
		for range 2 {
			k := bytes.IndexByte(b[at:], 0)
			if k < 0 {
				return nil
			}
			at += k + 1
		}
	}
	if at > len(b) {
		return nil
	}
	field := parts.Field{Name: name, Path: p.Path, Offset: in.Offset + int64(at), Text: append([]byte(nil), b[at:]...)}
	if packed {
		field.Offset = -1
		z, err := zlib.NewReader(bytes.NewReader(b[at:]))
		if err != nil {
			return nil // a text that nobody can read is no text
		}
		// What comes before an error is what other readers show.
		field.Text, _ = io.ReadAll(io.LimitReader(z, parts.MaxField+1))
		w.out.Spend(int64(len(field.Text)))
	}
	w.out.Put(field)
	return nil
}

// application reads an application segment: EXIF, or a label.
func (w *texts) application(p *parts.Part) error {
	in := parts.Range{Offset: p.Offset + 4, Length: p.Length - 4}
	if in.Length < 6 {
		return nil
	}
	h, err := w.in.Upto(in.Offset, min(in.Length, 16))
	if err != nil {
		return err
	}
	switch {
	case bytes.HasPrefix(h, []byte("Exif\x00")):
		return w.exif(p.Path, parts.Range{Offset: in.Offset + 6, Length: in.Length - 6})
	case bytes.HasPrefix(h, []byte("AIGC")):
		skip := int64(4)
		for skip < int64(len(h)) && (h[skip] == 0 || h[skip] == ':' || h[skip] == ' ') {
			skip++
		}
		if skip < int64(len(h)) && h[skip] == '{' {
			return w.out.Read(w.in, "AIGC", p.Path, parts.Range{Offset: in.Offset + skip, Length: in.Length - skip})
		}
	}
	return nil
}

// The tags of EXIF that are read. Exif 2.32, 4.6.
const (
	exifSoftware = 0x0131
	exifIFD      = 0x8769
	exifComment  = 0x9286
)

// maxEntries bounds the entries of a directory; cameras write some sixty.
const maxEntries = 512

// exif reads the first directory of a TIFF structure and the one of EXIF that it names; no others are followed.
//
//	tiff { char order[2]; uint16 = 42; uint32 directory }
//	directory { uint16 n; { uint16 tag, type; uint32 count; uint32 value or offset }[n] }
//
// TIFF 6.0, 2.
func (w *texts) exif(path string, in parts.Range) error {
	const most = 64 << 10 // of which pictures within fill the most
	if !w.out.Spend(min(in.Length, most)) {
		return nil
	}
	b, err := w.in.Upto(in.Offset, min(in.Length, most))
	if err != nil || len(b) < 8 {
		return err
	}
	b = append([]byte(nil), b...)
	order := binary.ByteOrder(binary.LittleEndian)
	if string(b[:2]) == "MM" {
		order = binary.BigEndian
	} else if string(b[:2]) != "II" {
		return nil
	}
	next := int64(order.Uint32(b[4:]))
	for level := 0; level < 2 && next > 0; level++ {
		at := next
		next = 0
		if at+2 > int64(len(b)) {
			break
		}
		n := min(int(order.Uint16(b[at:])), maxEntries)
		for at += 2; n > 0 && at+12 <= int64(len(b)); n, at = n-1, at+12 {
			tag, count := order.Uint16(b[at:]), int64(order.Uint32(b[at+4:]))
			from := int64(order.Uint32(b[at+8:]))
			if tag == exifIFD && level == 0 {
				next = from
			}
			if tag != exifSoftware && tag != exifComment || count <= 4 || from > int64(len(b)) || count > int64(len(b))-from {
				continue
			}
			f := parts.Field{Name: "EXIF Software", Path: path, Offset: in.Offset + from, Text: b[from : from+count]}
			if tag == exifComment {
				f.Name = "EXIF UserComment"
				var head int64
				f.Text, head = comment(f.Text, order)
				f.Offset += head
			}
			f.Text = append([]byte(nil), bytes.TrimRight(f.Text, "\x00 ")...)
			w.out.Put(f)
		}
	}
	return nil
}

// comment decodes a user comment: eight bytes name its characters. Exif 2.32, 4.6.5 (UserComment).
func comment(b []byte, order binary.ByteOrder) ([]byte, int64) {
	if len(b) < 8 {
		return b, 0
	}
	switch string(b[:8]) {
	case "UNICODE\x00":
		units := make([]uint16, 0, len(b)/2)
		for c := b[8:]; len(c) >= 2; c = c[2:] {
			units = append(units, order.Uint16(c))
		}
		return []byte(string(utf16.Decode(units))), 8
	case "ASCII\x00\x00\x00", "\x00\x00\x00\x00\x00\x00\x00\x00", "JIS\x00\x00\x00\x00\x00":
		return b[8:], 8
	}
	return b, 0 // writers that leave the name out
}
