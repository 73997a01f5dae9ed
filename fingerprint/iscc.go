package fingerprint

import (
	"encoding/base32"
	"fmt"
	"strings"
)

// The kinds of units that a soft binding may hold, and the ones that are computed here. ISO 24138, table of MainTypes.
const (
	Meta     = 0
	Semantic = 1
	Content  = 2
	Data     = 3
	Instance = 4

	SubVideo = 3 // of Content
)

// maxLength is the largest length field of a unit: 256 bits.
const maxLength = 7

// MaxSequence bounds a sequence of units, in bytes: a hundred units of full length.
const MaxSequence = 4096

// Unit is one ISCC unit. ISO 24138, 5.2; draft IEP-0020.
type Unit struct {
	Main, Sub, Version int
	Body               []byte // 4 to 32 bytes
}

// SyntaxError says where a value is no ISCC sequence.
type SyntaxError struct {
	Offset int64 // bytes from the start; of a text from the start of its letters
	Path   string
	Text   string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("ISCC: %s at %s (offset %d)", e.Text, e.Path, e.Offset)
}

// Code is the body of a Content-Code Video of version 0 and full length; false: the unit is another one.
func (u *Unit) Code() (c Code, ok bool) {
	if u.Main != Content || u.Sub != SubVideo || u.Version != 0 || len(u.Body) != len(c) {
		return c, false
	}
	copy(c[:], u.Body)
	return c, true
}

// Bytes is the unit as it stands in a sequence.
func (u *Unit) Bytes() []byte {
	var n nibbles
	for _, v := range [...]int{u.Main, u.Sub, u.Version, len(u.Body)/4 - 1} {
		n.put(v)
	}
	return append(n.bytes(), u.Body...)
}

// base32 is the text form's alphabet. RFC 4648, 6, without padding.
var text32 = base32.StdEncoding.WithPadding(base32.NoPadding)

// String is the unit as text.
func (u *Unit) String() string { return "ISCC:" + text32.EncodeToString(u.Bytes()) }

// ParseSequence reads units that stand one behind the other. Units of kinds, versions and lengths that are not known
// are returned like others. The error is a *[SyntaxError]. IEP-0020, Decoding.
func ParseSequence(b []byte) ([]Unit, error) {
	if len(b) == 0 {
		return nil, &SyntaxError{Path: "unit[0]", Text: "there is no unit"}
	}
	if len(b) > MaxSequence {
		return nil, &SyntaxError{Offset: MaxSequence, Path: "sequence", Text: fmt.Sprintf("%d bytes; the limit is %d", len(b), MaxSequence)}
	}
	var out []Unit
	for at := 0; at < len(b); {
		fault := func(offset int, text string, args ...any) error {
			return &SyntaxError{Offset: int64(offset), Path: fmt.Sprintf("unit[%d]", len(out)), Text: fmt.Sprintf(text, args...)}
		}
		fields, n, why := header(b[at:])
		if why != "" {
			return nil, fault(at, "%s", why)
		}
		u := Unit{Main: fields[0], Sub: fields[1], Version: fields[2]}
		if u.Main > Instance {
			return nil, fault(at, "MainType %d is no kind of unit that a sequence holds", u.Main)
		}
		if fields[3] > maxLength {
			return nil, fault(at, "length field %d is above %d", fields[3], maxLength)
		}
		size := 4 * (fields[3] + 1)
		if size > len(b)-at-n {
			return nil, fault(at+n, "the body has %d bytes of %d", len(b)-at-n, size)
		}
		u.Body = b[at+n : at+n+size]
		out = append(out, u)
		at += n + size
	}
	return out, nil
}

// ParseText reads a unit or a sequence in its text form, with or without "ISCC:", letters of either case, and with
// hyphens between them. The error is a *[SyntaxError].
func ParseText(s string) ([]Unit, error) {
	const prefix = "ISCC:"
	if len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix) {
		s = s[len(prefix):]
	}
	if len(s) > 2*MaxSequence {
		return nil, &SyntaxError{Offset: 2 * MaxSequence, Path: "text", Text: fmt.Sprintf("%d letters; the limit is %d", len(s), 2*MaxSequence)}
	}
	letters := strings.ToUpper(strings.ReplaceAll(s, "-", ""))
	b, err := text32.DecodeString(letters)
	if err != nil || text32.EncodeToString(b) != letters {
		return nil, &SyntaxError{Path: "text", Text: "the letters are no base32"}
	}
	return ParseSequence(b)
}

// header reads four numbers of one to four nibbles each; the nibble that fills up the last byte must be zero. why says
// what is wrong. ISO 24138, 5.2.
func header(b []byte) (fields [4]int, size int, why string) {
	at := 0 // nibbles read
	nibble := func() (int, bool) {
		if at/2 >= len(b) {
			return 0, false
		}
		x := int(b[at/2]) >> (4 * (1 - at%2)) & 15
		at++
		return x, true
	}
	for i := range fields {
		x, ok := nibble()
		more, base := 0, 0
		switch {
		case x < 8: // 0xxx
		case x < 12: // 10xx
			x, more, base = x&3, 1, 8
		case x < 14: // 110x
			x, more, base = x&1, 2, 72
		case x < 15: // 1110
			x, more, base = 0, 3, 584
		default:
			return fields, 0, "a field of the header begins with 1111"
		}
		for range more {
			var low int
			if low, ok = nibble(); ok {
				x = x<<4 | low
			}
		}
		if !ok {
			return fields, 0, "the bytes end in the header"
		}
		fields[i] = x + base
	}
	if at%2 == 1 {
		if x, _ := nibble(); x != 0 {
			return fields, 0, "the nibble that fills up the header is not zero"
		}
	}
	return fields, at / 2, ""
}

// nibbles writes a header.
type nibbles struct{ list []byte }

func (n *nibbles) put(v int) {
	switch {
	case v < 8:
		n.list = append(n.list, byte(v))
	case v < 72:
		v -= 8
		n.list = append(n.list, byte(8|v>>4), byte(v&15))
	case v < 584:
		v -= 72
		n.list = append(n.list, byte(12|v>>8), byte(v>>4&15), byte(v&15))
	default:
		v -= 584
		n.list = append(n.list, 14, byte(v>>8&15), byte(v>>4&15), byte(v&15))
	}
}

func (n *nibbles) bytes() []byte {
	if len(n.list)%2 == 1 {
		n.list = append(n.list, 0)
	}
	out := make([]byte, len(n.list)/2)
	for i := range out {
		out[i] = n.list[2*i]<<4 | n.list[2*i+1]
	}
	return out
}
