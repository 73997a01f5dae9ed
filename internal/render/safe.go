// Package render turns one report into what people and programs read: text, JSON, and crJSON (C2PA 2.5, crJSON). It
// judges nothing and looks nothing up: what it says stands in the report, or in the validation that the report was made
// of. Text that comes from a file never reaches the output as it is; see [Safe]. Start with [Text] and [JSON].
package render

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Safe returns s with every character spelled out that could move a cursor, hide text or turn its order around:
// controls, bidi and other format characters, separators of lines and paragraphs, characters without a glyph, private
// and unassigned ones, and bytes that are not UTF-8. The spelling is that of a Go string (\u202e). Everything else
// stays as it is, so that applying it twice changes nothing.
func Safe(s string) string {
	clean := true
	for i, r := range s {
		if r == utf8.RuneError {
			_, n := utf8.DecodeRuneInString(s[i:])
			clean = n != 1
		} else {
			clean = !hostile(r)
		}
		if !clean {
			break
		}
	}
	if clean {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case hostile(r):
			b.WriteString(spell(r))
		default:
			b.WriteRune(r)
		}
		i += n
	}
	return b.String()
}

func spell(r rune) string {
	switch {
	case r == '\n':
		return `\n`
	case r == '\t':
		return `\t`
	case r == '\r':
		return `\r`
	case r < 0x80:
		return fmt.Sprintf(`\x%02x`, r)
	case r <= 0xffff:
		return fmt.Sprintf(`\u%04x`, r)
	}
	return fmt.Sprintf(`\U%08x`, r)
}

// hostile reports whether a character must not reach a terminal or a page. Unicode 15, 4.5 (general category) and
// 5.21 (default ignorable code points).
func hostile(r rune) bool {
	if r < 0x80 {
		return r < 0x20 || r == 0x7f
	}
	switch {
	case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Cs, unicode.Co, unicode.Zl, unicode.Zp):
		return true
	case unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector):
		return true
	case r == 0x2800: // braille without dots: looks like a space and is none
		return true
	}
	return !unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.P, unicode.S, unicode.Zs)
}

// maxQuoted is how many characters of one text from a file the text report shows. Names of real signers and tools are
// under 100; the JSON report has the whole text.
const maxQuoted = 160

// Quote returns text that comes from a file for a line of the text report: in quotes, spelled as [Safe] does, and cut
// at 160 characters.
func Quote(s string) string {
	return Safe(strconv.Quote(cut(s, maxQuoted)))
}

// Clip is [Safe] and cut like [Quote], without quotes: for identifiers whose form is known, such as labels and URIs.
func Clip(s string) string { return Safe(cut(s, maxQuoted)) }

func cut(s string, n int) string {
	if len(s) <= n { // no more characters than bytes
		return s
	}
	for i := range s {
		if n == 0 {
			return s[:i] + "…"
		}
		n--
	}
	return s
}
