package render

import (
	"fmt"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// spacedChunk is how much of a document is put together before it is written: one of many manifests has a megabyte, and
// is never there twice.
const spacedChunk = 32 << 10

// spaced takes one JSON document without white space in one Write, as encoding/json gives it, and passes it on with line
// ends and indentation (none where indent is empty), as [json.Indent] lays it out, and with every character that [Safe]
// spells out as \uXXXX. Outside strings JSON has none of these.
type spaced struct {
	w      io.Writer
	indent string
	out    []byte
	depth  int
	err    error // of w
}

// Write lays out the document.
func (s *spaced) Write(doc []byte) (int, error) {
	s.out = make([]byte, 0, min(2*len(doc), spacedChunk)+64)
	opened := false // the last was a bracket: what is between it and its other half is on lines of its own
	for i := 0; i < len(doc); i++ {
		c := doc[i]
		if opened && c != ']' && c != '}' {
			opened = false
			s.depth++
			s.line()
		}
		switch c {
		case '"':
			n := s.text(doc[i:])
			i += n - 1
			continue
		case '{', '[':
			opened = true
			s.out = append(s.out, c)
		case '}', ']':
			if !opened {
				s.depth--
				s.line()
			}
			opened = false
			s.out = append(s.out, c)
		case ',':
			s.out = append(s.out, c)
			s.line()
		case ':':
			s.out = append(s.out, c)
			if s.indent != "" {
				s.out = append(s.out, ' ')
			}
		default:
			s.out = append(s.out, c)
		}
		if len(s.out) >= spacedChunk {
			s.flush()
		}
	}
	s.flush()
	return len(doc), s.err
}

func (s *spaced) flush() {
	if s.err == nil && len(s.out) > 0 {
		_, s.err = s.w.Write(s.out)
	}
	s.out = s.out[:0]
}

func (s *spaced) line() {
	if s.indent == "" {
		return
	}
	s.out = append(s.out, '\n')
	for range s.depth {
		s.out = append(s.out, s.indent...)
	}
}

// text passes a string on with its quotation marks, and returns how many bytes it has.
func (s *spaced) text(doc []byte) int {
	at := 0 // what is before is passed on
	i := 1
	for i < len(doc) && doc[i] != '"' {
		switch c := doc[i]; {
		case c == '\\':
			i += 2
		case c < utf8.RuneSelf && c != 0x7f:
			i++
		default:
			r, n := utf8.DecodeRune(doc[i:])
			if r == utf8.RuneError && n == 1 || hostile(r) {
				s.out = escaped(append(s.out, doc[at:i]...), r)
				at = i + n
			}
			i += n
		}
	}
	i = min(i+1, len(doc))
	s.out = append(s.out, doc[at:i]...)
	return i
}

// escaped appends a character as \uXXXX. U+FFFD stands for a byte that is not UTF-8, as in encoding/json.
func escaped(out []byte, r rune) []byte {
	if r > 0xffff {
		hi, lo := utf16.EncodeRune(r)
		return fmt.Appendf(out, `\u%04x\u%04x`, hi, lo)
	}
	return fmt.Appendf(out, `\u%04x`, r)
}
