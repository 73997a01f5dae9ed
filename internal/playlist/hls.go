package playlist

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// hls reads a playlist of segments, or one of playlists, whose own may be no such again. RFC 8216, 4.
func (r *reader) hls(name string, data []byte, below bool) error {
	m := &hlsFile{reader: r, name: name}
	lines := 0
	for at := int64(0); len(data) > 0; {
		line, rest, _ := bytes.Cut(data, []byte("\n"))
		m.at = at
		at += int64(len(data) - len(rest))
		data = rest
		if lines++; lines > MaxElements {
			return m.fail("", "more than %d lines", MaxElements)
		}
		if err := m.line(strings.TrimSpace(string(line))); err != nil {
			return err
		}
	}
	switch {
	case m.pending:
		return m.fail("EXT-X-STREAM-INF", "no address follows")
	case len(m.lists) > 0 && len(m.items) > 0:
		return m.fail("", "segments and playlists in one file")
	case len(m.lists) > 0 && below:
		return m.fail("", "a playlist of playlists inside of one")
	}
	if len(m.lists) == 0 {
		if err := r.rendition(); err != nil {
			return m.fail("", "%v", err)
		}
		if len(m.items) == 0 {
			r.unread("%q lists no segment", name)
			return nil
		}
		r.add(name, m.items)
		return nil
	}
	for _, list := range m.lists {
		if r.open == nil {
			return m.fail("", "it names other playlists, and none can be read")
		}
		b, err := r.open(list)
		if err != nil {
			return err
		}
		if !bytes.HasPrefix(bytes.TrimPrefix(b, []byte("\ufeff")), []byte("#EXTM3U")) {
			return &SyntaxError{File: list, Reason: "no HLS playlist"}
		}
		if err := r.below(list, b); err != nil {
			return err
		}
	}
	return nil
}

// below reads a media playlist that another names.
func (r *reader) below(name string, data []byte) error {
	if len(data) > MaxFile {
		return &SyntaxError{name, MaxFile, "", fmt.Sprintf("more than %d bytes", MaxFile)}
	}
	return r.hls(name, bytes.TrimPrefix(data, []byte("\ufeff")), true)
}

// hlsFile is one file of HLS under way.
type hlsFile struct {
	*reader
	name    string
	at      int64 // of the line
	items   []Item
	lists   []string
	pending bool // the next address is a playlist
	rng     *Ref // of the next segment; its path is not known yet
	last    Ref  // the segment before, for ranges without an offset
	gap     bool
}

func (m *hlsFile) fail(tag, format string, args ...any) error {
	return &SyntaxError{m.name, m.at, tag, fmt.Sprintf(format, args...)}
}

// line reads a line: a tag, a comment, or an address.
func (m *hlsFile) line(line string) error {
	if line == "" {
		return nil
	}
	if strings.Contains(line, "{$") {
		return m.fail("", "variables are not filled in")
	}
	if line[0] != '#' {
		return m.address(line)
	}
	tag, value, _ := strings.Cut(strings.TrimPrefix(line, "#"), ":")
	switch tag {
	case "EXT-X-STREAM-INF":
		m.pending = true
	case "EXT-X-MEDIA", "EXT-X-I-FRAME-STREAM-INF", "EXT-X-MAP":
		attrs, err := attributes(value)
		if err != nil {
			return m.fail(tag, "%v", err)
		}
		return m.named(tag, attrs)
	case "EXT-X-BYTERANGE":
		ref, err := byteRange(value)
		if err != nil {
			return m.fail(tag, "%v", err)
		}
		m.rng = &ref
	case "EXT-X-GAP":
		m.gap = true
	case "EXT-X-KEY":
		if !strings.HasPrefix(value, "METHOD=NONE") {
			m.unread("segments of %q are said to be encrypted", m.name)
		}
	case "EXT-X-PART", "EXT-X-PRELOAD-HINT":
		m.unread("%q lists parts of segments beside the segments; the parts are not looked at", m.name)
	}
	return nil
}

// named handles the tags that name a file in an attribute. RFC 8216, 4.3.2.5, 4.3.4.1 and 4.3.4.3.
func (m *hlsFile) named(tag string, attrs map[string]string) error {
	uri, ok := attrs["URI"]
	switch {
	case !ok && tag == "EXT-X-MEDIA":
		return nil // it is part of the variants
	case !ok:
		return m.fail(tag, "no URI")
	}
	p, err := m.ref(m.name, uri)
	if err != nil {
		return m.fail(tag, "%v", err)
	}
	switch tag {
	case "EXT-X-I-FRAME-STREAM-INF":
		m.unread("%q is a list for trick play: it names parts of files that other lists name", p)
		return nil
	case "EXT-X-MEDIA":
		return m.list(p)
	}
	ref := Ref{p, 0, Whole}
	if s, ok := attrs["BYTERANGE"]; ok {
		if ref, err = byteRange(s); err != nil {
			return m.fail(tag, "%v", err)
		}
		ref.Path, ref.Offset = p, max(ref.Offset, 0)
	}
	return m.item(Item{ref, true})
}

// list notes a media playlist, once.
func (m *hlsFile) list(p string) error {
	for _, have := range m.lists {
		if have == p {
			return nil
		}
	}
	if len(m.lists) == MaxRenditions {
		return m.fail("", "more than %d playlists", MaxRenditions)
	}
	m.lists = append(m.lists, p)
	return nil
}

func (m *hlsFile) address(line string) error {
	p, err := m.ref(m.name, line)
	if err != nil {
		return m.fail("", "%v", err)
	}
	if m.pending {
		m.pending = false
		return m.list(p)
	}
	ref := Ref{p, 0, Whole}
	if m.rng != nil {
		ref.Length = m.rng.Length
		if ref.Offset = m.rng.Offset; ref.Offset < 0 { // it follows the segment before. RFC 8216, 4.3.2.2
			if m.last.Path != p || m.last.Length == Whole {
				return m.fail("EXT-X-BYTERANGE", "no offset, and the segment before is no range of the same file")
			}
			if ref.Offset = m.last.Offset + m.last.Length; ref.Offset > math.MaxInt64/2 {
				return m.fail("EXT-X-BYTERANGE", "no such range: it starts at byte %d", ref.Offset)
			}
		}
	}
	gap := m.gap
	m.rng, m.gap, m.last = nil, false, ref
	if gap {
		m.unread("%q is said to be missing (EXT-X-GAP)", p)
		return nil
	}
	return m.item(Item{ref, false})
}

func (m *hlsFile) item(i Item) error {
	if err := m.count(1); err != nil {
		return m.fail("", "%v", err)
	}
	m.items = append(m.items, i)
	return nil
}

// byteRange reads "n[@o]"; without an offset it is -1. RFC 8216, 4.3.2.2.
func byteRange(s string) (Ref, error) {
	length, offset, at := strings.Cut(strings.TrimSpace(s), "@")
	n, err := number(length)
	if err != nil {
		return Ref{}, fmt.Errorf("range %.40q: %w", s, err)
	}
	ref := Ref{Offset: -1, Length: n}
	if at {
		if ref.Offset, err = number(offset); err != nil {
			return Ref{}, fmt.Errorf("range %.40q: %w", s, err)
		}
	}
	if n == 0 || ref.Offset > math.MaxInt64/2 || n > math.MaxInt64/2 {
		return Ref{}, fmt.Errorf("range %.40q: no such range", s)
	}
	return ref, nil
}

// number reads a number without a sign.
func number(s string) (int64, error) {
	if s == "" || len(s) > 20 || s[0] < '0' || s[0] > '9' {
		return 0, errors.New("no number")
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0, errors.New("no number")
	}
	return n, nil
}

// attributes reads an attribute list. RFC 8216, 4.2.
func attributes(s string) (map[string]string, error) {
	out := map[string]string{}
	for s != "" {
		name, rest, ok := strings.Cut(s, "=")
		if !ok {
			return nil, errors.New("an attribute without a value")
		}
		var value string
		if strings.HasPrefix(rest, `"`) {
			if value, rest, ok = strings.Cut(rest[1:], `"`); !ok {
				return nil, errors.New("a quoted text that does not end")
			}
			if rest != "" && rest[0] != ',' {
				return nil, errors.New("something behind a quoted text")
			}
			rest = strings.TrimPrefix(rest, ",")
		} else {
			value, rest, _ = strings.Cut(rest, ",")
		}
		name = strings.TrimSpace(name)
		if _, twice := out[name]; twice {
			return nil, fmt.Errorf("the attribute %.40q stands twice", name)
		}
		if len(out) == 64 {
			return nil, errors.New("more than 64 attributes")
		}
		out[name], s = value, rest
	}
	return out, nil
}
