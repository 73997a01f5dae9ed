// Package weblink reads the value of a Link header: targets in angle brackets with what they are to the document that
// they came with. RFC 8288, 3.
//
// It refuses a value that breaks the grammar anywhere, rather than guess what it means, and one beyond its limits; it
// follows nothing and resolves nothing. Start with [Parse].
package weblink

import (
	"fmt"
	"strings"
)

// Limits of a value. Servers send one to ten links of some hundred bytes; what common servers take as one header field
// has 8 KiB.
const (
	MaxValue  = 8 << 10 // bytes
	MaxLinks  = 64
	MaxParams = 16 // of one link
)

// SyntaxError says where a value breaks the rules, and which.
type SyntaxError struct {
	Offset int64  // in the value
	Path   string // such as "link 2"
	Reason string
}

// Error implements error.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("Link header at byte %d (%s): %s", e.Offset, e.Path, e.Reason)
}

// Link is one link of a value.
type Link struct {
	Target   string   // as written: an address, or a part of one that is relative to the document
	Rel      []string // relation types in lower case; of several rel parameters the first counts. RFC 8288, 3.3
	Anchored bool     // it speaks of something else than the document that it came with. RFC 8288, 3.2
}

// Is reports whether the link is of a relation type, which is given in lower case. RFC 8288, 2.1.1.
func (l Link) Is(rel string) bool {
	for _, r := range l.Rel {
		if r == rel {
			return true
		}
	}
	return false
}

// Parse reads a value, which may be several header fields joined by commas. An error is a *[SyntaxError].
func Parse(value string) ([]Link, error) {
	p := &parser{s: value}
	if len(value) > MaxValue {
		p.i = MaxValue
		return nil, p.fail("more than %d bytes", MaxValue)
	}
	var out []Link
	for {
		for p.blank(); p.take(','); p.blank() { // elements of a list may be empty. RFC 9110, 5.6.1
		}
		if p.i == len(p.s) {
			return out, nil
		}
		if p.links++; p.links > MaxLinks {
			return nil, p.fail("more than %d links", MaxLinks)
		}
		l, err := p.link()
		if err != nil {
			return nil, err
		}
		out = append(out, l)
		if p.blank(); p.i < len(p.s) && p.s[p.i] != ',' {
			return nil, p.fail("a comma or a semicolon is wanted behind a link")
		}
	}
}

type parser struct {
	s     string
	i     int // what is read of it
	links int // begun so far
}

func (p *parser) fail(format string, args ...any) *SyntaxError {
	return &SyntaxError{Offset: int64(p.i), Path: fmt.Sprintf("link %d", max(p.links, 1)), Reason: fmt.Sprintf(format, args...)}
}

func (p *parser) take(c byte) bool {
	if p.i < len(p.s) && p.s[p.i] == c {
		p.i++
		return true
	}
	return false
}

func (p *parser) blank() {
	for p.i < len(p.s) && (p.s[p.i] == ' ' || p.s[p.i] == '\t') {
		p.i++
	}
}

// link reads <target> and its parameters. RFC 8288, 3.
func (p *parser) link() (Link, error) {
	if !p.take('<') {
		return Link{}, p.fail("a target in angle brackets is wanted")
	}
	from := p.i
	for p.i < len(p.s) && p.s[p.i] != '>' {
		if c := p.s[p.i]; c <= ' ' || c >= 0x7f || strings.IndexByte("<\"\\^`{|}", c) >= 0 {
			return Link{}, p.fail("the target holds what no address holds")
		}
		p.i++
	}
	l := Link{Target: p.s[from:p.i]}
	if !p.take('>') {
		return Link{}, p.fail("the target has no end")
	}
	said := false
	for n := 1; ; n++ {
		if p.blank(); !p.take(';') {
			return l, nil
		}
		if n > MaxParams {
			return Link{}, p.fail("more than %d parameters", MaxParams)
		}
		name, value, err := p.param()
		switch {
		case err != nil:
			return Link{}, err
		case strings.EqualFold(name, "rel") && !said:
			l.Rel, said = strings.Fields(strings.ToLower(value)), true
		case strings.EqualFold(name, "anchor"):
			l.Anchored = true
		}
	}
}

// param reads a parameter, which may be left out, may have no value, and a value in quotes or without.
func (p *parser) param() (name, value string, err error) {
	p.blank()
	name = p.token()
	if name == "" {
		if p.i == len(p.s) || p.s[p.i] == ';' || p.s[p.i] == ',' {
			return "", "", nil
		}
		return "", "", p.fail("a parameter's name is wanted")
	}
	if p.blank(); !p.take('=') {
		return name, "", nil
	}
	if p.blank(); p.take('"') {
		value, err = p.quoted()
		return name, value, err
	}
	if value = p.token(); value == "" {
		return "", "", p.fail("a parameter's value is wanted")
	}
	return name, value, nil
}

// token reads tchar. RFC 9110, 5.6.2.
func (p *parser) token() string {
	from := p.i
	for p.i < len(p.s) {
		c := p.s[p.i]
		if !(c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0) {
			break
		}
		p.i++
	}
	return p.s[from:p.i]
}

// quoted reads to the closing quote. RFC 9110, 5.6.4.
func (p *parser) quoted() (string, error) {
	var b strings.Builder
	for p.i < len(p.s) {
		c := p.s[p.i]
		if c < ' ' && c != '\t' || c == 0x7f {
			return "", p.fail("a control character in quotes")
		}
		p.i++
		switch {
		case c == '"':
			return b.String(), nil
		case c == '\\' && p.i < len(p.s) && (p.s[p.i] >= ' ' || p.s[p.i] == '\t') && p.s[p.i] != 0x7f:
			b.WriteByte(p.s[p.i])
			p.i++
		case c == '\\':
			return "", p.fail("nothing that can be escaped follows a backslash")
		default:
			b.WriteByte(c)
		}
	}
	return "", p.fail("the quotes have no end")
}
