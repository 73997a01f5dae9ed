package id3

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/consentry/consentry/internal/parts"
)

// Texts are the text frames, comments and pictures of the tags at the start of a file, and of one at its end that has a
// footer. A user-defined text is called
// "TXXX:" and its description; other fields have the name of their frame, in versions 2.3 and 2.4. Texts are decoded
// to UTF-8; their offset is known where they stand in the file as they are. ID3v2.4.0-frames, 4.2, 4.10, 4.14.
func Texts(r io.ReaderAt, size int64) (*parts.Fields, error) {
	w := &walker{r: parts.NewReader(r, size), file: &parts.File{}, most: parts.MaxField, texts: &parts.Fields{}}
	at := int64(0)
	for n := 1; n <= maxTags; n++ {
		next, err := w.tag(at, n)
		var limit *parts.LimitError
		if errors.As(err, &limit) {
			w.texts.Leave(limit.Error())
			break
		}
		if err != nil {
			return nil, err
		}
		if next == at {
			break
		}
		at = next
	}
	if err := w.appended(at); err != nil {
		return nil, err
	}
	return w.texts, nil
}

// appended reads a tag of version 2.4 behind the sound, in front of an ID3v1 tag if there is one: its footer says where it
// begins. ID3v2.4.0-structure, 3.4 and 5.
//
//	footer { char id[3] = "3DI"; uint8 version, revision, flags; uint8 size[4], seven bits each }
func (w *walker) appended(from int64) error {
	for _, end := range []int64{w.r.Size, w.r.Size - oldLen} {
		if end-from < 2*headerLen {
			continue
		}
		b, err := w.r.Bytes(end-headerLen, headerLen)
		if err != nil {
			return err
		}
		size, ok := syncsafe(b[6:])
		at := end - 2*headerLen - size
		if string(b[:3]) != "3DI" || b[3] != 4 || !ok || at < from {
			continue
		}
		_, err = w.tag(at, maxTags+1)
		var limit *parts.LimitError
		if errors.As(err, &limit) {
			w.texts.Leave(limit.Error())
			return nil
		}
		return err
	}
	return nil
}

// short are the names of version 2.2 with those that took their place.
var short = map[string]string{"TXX": "TXXX", "TSS": "TSSE", "TEN": "TENC", "COM": "COMM", "TT2": "TIT2", "TT3": "TIT3", "PIC": "APIC"}

// wanted says that a frame is a text, a comment or a picture.
func wanted(id string) bool {
	return id != "" && id[0] == 'T' || id == "COMM" || id == "COM" || id == "APIC" || id == "PIC"
}

// text takes a frame of those that are [wanted].
func (w *walker) text(o *object, id string) error {
	if !wanted(id) || o.form.encrypted || !w.texts.Spend(0) {
		return nil
	}
	r, plain, err := w.reader(o)
	if err != nil {
		return w.unreadable(o, err)
	}
	long := id
	if known := short[id]; known != "" {
		long = known
	}
	most := int64(parts.MaxField)
	if long == "APIC" {
		most = maxHead
	}
	b, err := io.ReadAll(io.LimitReader(r, most+1))
	w.texts.Spend(int64(len(b)))
	if err != nil {
		return w.unreadable(o, err)
	}
	if long == "APIC" {
		w.picture(o, b, id == "PIC", plain)
		return nil
	}
	if int64(len(b)) > most {
		w.texts.Leave("a text of more than 1 MiB (" + o.path + ")")
		return nil
	}
	if len(b) < 2 {
		return nil
	}
	name, from := long, 1
	switch long {
	case "TXXX":
		n := textEnd(b[1:], b[0] == 1 || b[0] == 2)
		if n == 0 {
			return nil
		}
		name, from = "TXXX:"+string(decode(b[0], b[1:1+n])), 1+n
	case "COMM":
		if len(b) < 5 {
			return nil
		}
		n := textEnd(b[4:], b[0] == 1 || b[0] == 2)
		from = 4 + n
	}
	f := parts.Field{Name: name, Path: o.path, Offset: -1, Text: decode(b[0], b[from:])}
	if plain {
		f.Offset = o.at + int64(from)
	}
	w.texts.Put(f)
	return nil
}

// picture notes where a picture stands; b is the start of its frame.
//
//	APIC { uint8 encoding; latin1 media type, 0; uint8 kind; text description, 0; bytes }   2.2: the type has three letters
//
// ID3v2.4.0-frames, 4.14; ID3v2.2.0, 4.15.
func (w *walker) picture(o *object, b []byte, old, plain bool) {
	if len(b) < 6 {
		return
	}
	at := 1 + 3
	if !old {
		if at = 1 + textEnd(b[1:], false); at == 1 {
			return
		}
	}
	at++ // the kind
	n := 0
	if at < len(b) {
		n = textEnd(b[at:], b[0] == 1 || b[0] == 2)
	}
	switch from := o.at + int64(at+n); {
	case n == 0 || from >= o.end:
	case !plain:
		w.texts.Leave("a cover that does not stand in the file as it is")
	default:
		w.texts.Picture(parts.Picture{Path: o.path, Range: parts.Range{Offset: from, Length: o.end - from}})
	}
}

// decode gives a text in UTF-8, without what ends it. ID3v2.4.0-structure, 4.
func decode(encoding byte, b []byte) []byte {
	switch encoding {
	case 0: // ISO 8859-1, and in practice often UTF-8
		b = bytes.TrimRight(b, "\x00")
		if utf8.Valid(b) {
			return b
		}
		out := make([]rune, len(b))
		for i, c := range b {
			out[i] = rune(c)
		}
		return []byte(string(out))
	case 1, 2:
		order := binary.ByteOrder(binary.BigEndian)
		if len(b) >= 2 && b[0] == 0xff && b[1] == 0xfe {
			order, b = binary.LittleEndian, b[2:]
		} else if len(b) >= 2 && b[0] == 0xfe && b[1] == 0xff {
			b = b[2:]
		}
		units := make([]uint16, 0, len(b)/2)
		for ; len(b) >= 2; b = b[2:] {
			units = append(units, order.Uint16(b))
		}
		return bytes.TrimRight([]byte(string(utf16.Decode(units))), "\x00")
	}
	return bytes.TrimRight(b, "\x00")
}
