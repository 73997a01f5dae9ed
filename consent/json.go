package consent

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// SyntaxError says where a text breaks the rules of its form.
type SyntaxError struct {
	Offset int64  // bytes from the start of the part that Path starts in; -1: not known
	Path   string // such as payload.consent.type; empty: the text as a whole
	Reason string // plain words; text of the file in it is quoted
	Large  bool   // a limit was passed, rather than a rule broken
}

// Error implements error.
func (e *SyntaxError) Error() string {
	text := e.Reason
	if e.Path != "" {
		text = e.Path + ": " + text
	}
	if e.Offset < 0 {
		return text
	}
	return fmt.Sprintf("%s (offset %d)", text, e.Offset)
}

// jsonLimits bounds a JSON text.
type jsonLimits struct {
	depth int // arrays and objects count, the outermost is 1
	nodes int // values in all
}

// parseJSON reads a JSON text (RFC 8259) strictly: one value, valid UTF-8, no byte order mark, no lone surrogate, no
// name twice in an object at any level. The standard library accepts duplicates, lets the last one win, compares
// names without regard to case and replaces invalid UTF-8, all of which a second reader may see differently.
func parseJSON(text, path string, lim jsonLimits) (value, *SyntaxError) {
	s := &scanner{in: text, lim: lim, path: []step{{name: path}}}
	s.space()
	v, ok := s.value(1)
	if !ok {
		return value{}, s.err
	}
	s.space()
	if s.pos != len(s.in) {
		s.fail("text after the JSON value")
		return value{}, s.err
	}
	return v, nil
}

type scanner struct {
	in    string
	pos   int
	nodes int
	lim   jsonLimits
	path  []step // joined only for an error: most texts have none
	err   *SyntaxError

	// Members and items of what is open; one that closes takes its own off the end, in a slice of its very size.
	names []string
	items []value
}

// push adds an item. Room is doubled: the runtime's quarter more would copy a long array five times over.
func (s *scanner) push(item value) {
	if len(s.items) == cap(s.items) {
		s.items = slices.Grow(s.items, max(16, len(s.items)))
	}
	s.items = append(s.items, item)
}

// close takes what was read since off the open values.
func (s *scanner) close(v *value, names, items int) {
	if v.items = slices.Clone(s.items[items:]); v.kind == jsonObject {
		v.names = slices.Clone(s.names[names:])
	}
	clear(s.items[items:]) // nothing is kept alive by the room that it took
	s.names, s.items = s.names[:names], s.items[:items]
}

// step is a part of a path: a member's name, or an item's index.
type step struct {
	name  string
	index int
	item  bool
}

// fail says what is wrong where the scanner stands. Nothing is read after it.
func (s *scanner) fail(reason string) bool {
	var path strings.Builder
	path.WriteString(s.path[0].name)
	for _, p := range s.path[1:] {
		if p.item {
			path.WriteString("[" + strconv.Itoa(p.index) + "]")
		} else {
			path.WriteString("." + clip(p.name))
		}
	}
	s.err = &SyntaxError{Offset: int64(s.pos), Path: path.String(), Reason: reason}
	return false
}

func (s *scanner) space() {
	for s.pos < len(s.in) {
		switch s.in[s.pos] {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return
		}
	}
}

func (s *scanner) value(depth int) (value, bool) {
	if s.nodes++; s.nodes > s.lim.nodes {
		s.fail("more values than the limit of " + strconv.Itoa(s.lim.nodes))
		s.err.Large = true
		return value{}, false
	}
	if s.pos >= len(s.in) {
		return value{}, s.fail("the JSON text ends early")
	}
	switch c := s.in[s.pos]; {
	case c == '{' || c == '[':
		if depth > s.lim.depth {
			return value{}, s.fail("nested deeper than " + strconv.Itoa(s.lim.depth))
		}
		if c == '{' {
			return s.object(depth)
		}
		return s.array(depth)
	case c == '"':
		text, ok := s.string()
		return value{kind: jsonString, text: text}, ok
	case c == '-' || c >= '0' && c <= '9':
		return s.number()
	}
	for _, w := range [...]struct {
		word string
		kind kind
	}{{"true", jsonBool}, {"false", jsonBool}, {"null", jsonNull}} {
		if strings.HasPrefix(s.in[s.pos:], w.word) {
			s.pos += len(w.word)
			return value{kind: w.kind, text: w.word}, true
		}
	}
	return value{}, s.fail("no JSON value")
}

func (s *scanner) object(depth int) (value, bool) {
	v := value{kind: jsonObject}
	names, items := len(s.names), len(s.items)
	var seen map[string]struct{} // for large objects only; small ones are searched
	s.pos++
	s.space()
	if s.pos < len(s.in) && s.in[s.pos] == '}' {
		s.pos++
		return v, true
	}
	for {
		if s.pos >= len(s.in) || s.in[s.pos] != '"' {
			return v, s.fail("a member's name is missing")
		}
		at := s.pos
		name, ok := s.string()
		if !ok {
			return v, false
		}
		if seen == nil && len(s.names) == names+16 {
			seen = make(map[string]struct{}, 64)
			for _, n := range s.names[names:] {
				seen[n] = struct{}{}
			}
		}
		twice := false
		if seen == nil {
			for _, n := range s.names[names:] {
				twice = twice || n == name
			}
		} else {
			_, twice = seen[name]
			seen[name] = struct{}{}
		}
		if twice {
			s.pos = at
			return v, s.fail(fmt.Sprintf("the member %q stands twice", clip(name)))
		}
		s.space()
		if s.pos >= len(s.in) || s.in[s.pos] != ':' {
			return v, s.fail("no colon after a member's name")
		}
		s.pos++
		s.space()
		s.path = append(s.path, step{name: name})
		s.names = append(s.names, name)
		item, ok := s.value(depth + 1)
		if !ok {
			return v, false
		}
		s.path = s.path[:len(s.path)-1]
		s.push(item)
		if done, ok := s.next('}'); done || !ok {
			s.close(&v, names, items)
			return v, ok
		}
	}
}

func (s *scanner) array(depth int) (value, bool) {
	v := value{kind: jsonArray}
	names, items := len(s.names), len(s.items)
	s.pos++
	s.space()
	if s.pos < len(s.in) && s.in[s.pos] == ']' {
		s.pos++
		return v, true
	}
	for {
		s.path = append(s.path, step{index: len(s.items) - items, item: true})
		item, ok := s.value(depth + 1)
		if !ok {
			return v, false
		}
		s.path = s.path[:len(s.path)-1]
		s.push(item)
		if done, ok := s.next(']'); done || !ok {
			s.close(&v, names, items)
			return v, ok
		}
	}
}

// next reads what follows an item: a comma and the next item's start, or the end.
func (s *scanner) next(end byte) (done, ok bool) {
	s.space()
	if s.pos >= len(s.in) {
		return false, s.fail("the JSON text ends early")
	}
	switch s.in[s.pos] {
	case end:
		s.pos++
		return true, true
	case ',':
		s.pos++
		s.space()
		return false, true
	}
	return false, s.fail("neither a comma nor an end after a value")
}

func (s *scanner) number() (value, bool) {
	start := s.pos
	digits := func() bool {
		from := s.pos
		for s.pos < len(s.in) && s.in[s.pos] >= '0' && s.in[s.pos] <= '9' {
			s.pos++
		}
		return s.pos > from
	}
	if s.in[s.pos] == '-' {
		s.pos++
	}
	if s.pos < len(s.in) && s.in[s.pos] == '0' {
		s.pos++
	} else if !digits() {
		return value{}, s.fail("a number without digits")
	}
	if s.pos < len(s.in) && s.in[s.pos] == '.' {
		s.pos++
		if !digits() {
			return value{}, s.fail("a number without digits after the point")
		}
	}
	if s.pos < len(s.in) && (s.in[s.pos] == 'e' || s.in[s.pos] == 'E') {
		s.pos++
		if s.pos < len(s.in) && (s.in[s.pos] == '+' || s.in[s.pos] == '-') {
			s.pos++
		}
		if !digits() {
			return value{}, s.fail("a number without digits in the exponent")
		}
	}
	return value{kind: jsonNumber, text: s.in[start:s.pos]}, true
}

// string reads a string that starts at the current quotation mark. The text is shared with the input where it can be.
func (s *scanner) string() (string, bool) {
	s.pos++
	start := s.pos
	for s.pos < len(s.in) {
		switch c := s.in[s.pos]; {
		case c == '"':
			text := s.in[start:s.pos]
			if !utf8.ValidString(text) {
				s.pos = start
				return "", s.fail("a string is not valid UTF-8")
			}
			s.pos++
			return text, true
		case c == '\\':
			return s.escaped(start)
		case c < 0x20:
			return "", s.fail("a control character in a string")
		default:
			s.pos++
		}
	}
	return "", s.fail("a string without an end")
}

// escaped reads on from the first escape of a string that started at start.
func (s *scanner) escaped(start int) (string, bool) {
	var b strings.Builder
	b.WriteString(s.in[start:s.pos])
	for s.pos < len(s.in) {
		c := s.in[s.pos]
		switch {
		case c == '"':
			s.pos++
			if text := b.String(); utf8.ValidString(text) {
				return text, true
			}
			s.pos = start
			return "", s.fail("a string is not valid UTF-8")
		case c < 0x20:
			return "", s.fail("a control character in a string")
		case c != '\\':
			b.WriteByte(c)
			s.pos++
			continue
		}
		if s.pos+1 >= len(s.in) {
			break
		}
		const from, to = `"\/bfnrt`, "\"\\/\b\f\n\r\t"
		e := s.in[s.pos+1]
		if i := strings.IndexByte(from, e); i >= 0 {
			b.WriteByte(to[i])
			s.pos += 2
			continue
		}
		if e != 'u' {
			return "", s.fail("an unknown escape in a string")
		}
		r, ok := s.unicodeEscape()
		if !ok {
			return "", false
		}
		b.WriteRune(r)
	}
	return "", s.fail("a string without an end")
}

// unicodeEscape reads \uXXXX, and its second half where it is the first of a surrogate pair.
func (s *scanner) unicodeEscape() (rune, bool) {
	first, ok := s.hex4(s.pos)
	if !ok {
		return 0, s.fail(`\u without four hexadecimal digits`)
	}
	if !utf16.IsSurrogate(first) {
		s.pos += 6
		return first, true
	}
	second, _ := s.hex4(s.pos + 6)
	r := utf16.DecodeRune(first, second)
	if r == utf8.RuneError {
		return 0, s.fail("a lone surrogate in a string")
	}
	s.pos += 12
	return r, true
}

func (s *scanner) hex4(at int) (rune, bool) {
	if at+6 > len(s.in) || s.in[at] != '\\' || s.in[at+1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(s.in[at+2:at+6], 16, 16)
	return rune(n), err == nil
}

// clip shortens a text of the file for a message.
func clip(s string) string {
	const longest = 64
	if len(s) <= longest {
		return s
	}
	n := longest
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}
