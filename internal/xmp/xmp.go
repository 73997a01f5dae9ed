// Package xmp reads the properties of an XMP packet: the subset of RDF/XML that XMP uses (ISO 16684-1, 7), without
// document types and without entities beyond XML's five.
//
// It refuses packets that are larger, deeper or more than its limits, and never follows a reference. What it does not
// know (qualifiers, types) it leaves out; a property that stands twice keeps both values. Start with [Parse].
package xmp

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Limits of a packet. Packets of editors with a long history have some 100 kB and some thousand elements, seven deep.
const (
	MaxPacket   = 1 << 20 // bytes
	MaxElements = 20_000  // elements and attributes
	MaxDepth    = 32      // nested elements
)

// SyntaxError says where a packet breaks the rules, and which.
type SyntaxError struct {
	Offset int64  // in the packet
	Path   string // of elements, such as RDF/Description/ModelAge
	Reason string
}

// Error implements error.
func (e *SyntaxError) Error() string {
	if e.Path == "" {
		return fmt.Sprintf("XMP at byte %d: %s", e.Offset, e.Reason)
	}
	return fmt.Sprintf("XMP at byte %d (%s): %s", e.Offset, e.Path, e.Reason)
}

const (
	rdf = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
	xns = "http://www.w3.org/XML/1998/namespace"
)

// prefixes are those under which properties are commonly known, whatever prefix a packet gives them.
var prefixes = map[string]string{
	"http://ns.useplus.org/ldf/xmp/1.0/":          "plus",
	"http://iptc.org/std/Iptc4xmpExt/2008-02-29/": "Iptc4xmpExt",
	"http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/": "Iptc4xmpCore",
	"http://purl.org/dc/elements/1.1/":            "dc",
	"http://purl.org/dc/terms/":                   "dcterms",
	"http://ns.adobe.com/xap/1.0/":                "xmp",
	"http://ns.adobe.com/xap/1.0/rights/":         "xmpRights",
	"http://ns.adobe.com/photoshop/1.0/":          "photoshop",
	"http://ns.adobe.com/xmp/1.0/DynamicMedia/":   "xmpDM",
}

// Name is the name of a property: with the common prefix of its namespace, or with the namespace in braces.
func Name(space, local string) string {
	if p := prefixes[space]; p != "" {
		return p + ":" + local
	}
	return "{" + space + "}" + local
}

// Parse returns the properties of a packet by [Name]: each a string, a []any of an array's items, or a map[string]any
// of a structure's members. Zero bytes after the packet are padding. The error is a [*SyntaxError]; nothing of a packet
// with an error is returned.
func Parse(packet []byte) (map[string]any, error) {
	packet = bytes.TrimRight(packet, "\x00")
	if len(packet) > MaxPacket {
		return nil, &SyntaxError{MaxPacket, "", fmt.Sprintf("%d bytes; the limit is %d", len(packet), MaxPacket)}
	}
	if at := validUpTo(packet); at < len(packet) {
		return nil, &SyntaxError{int64(at), "", "not UTF-8"}
	}
	p := &parser{in: xml.NewDecoder(bytes.NewReader(packet)), out: map[string]any{}}
	for p.err == nil {
		t := p.token()
		if t == nil {
			break
		}
		if e, ok := t.(xml.StartElement); ok {
			if e.Name.Space == rdf && e.Name.Local == "RDF" {
				p.descriptions()
			}
			// Anything else is what the packet is wrapped in; what lies inside comes by itself.
		}
	}
	if p.err != nil {
		return nil, p.err
	}
	return p.out, nil
}

func validUpTo(b []byte) int {
	for at := 0; at < len(b); {
		r, n := utf8.DecodeRune(b[at:])
		if r == utf8.RuneError && n == 1 {
			return at
		}
		at += n
	}
	return len(b)
}

type parser struct {
	in    *xml.Decoder
	out   map[string]any
	path  []string
	count int
	err   error
}

func (p *parser) fail(format string, args ...any) {
	if p.err == nil {
		p.err = &SyntaxError{p.in.InputOffset(), strings.Join(p.path, "/"), fmt.Sprintf(format, args...)}
	}
}

// token returns the next token and keeps the path; nil at the end and after an error.
func (p *parser) token() xml.Token {
	if p.err != nil {
		return nil
	}
	t, err := p.in.Token()
	if errors.Is(err, io.EOF) {
		return nil
	}
	if err != nil {
		p.fail("%v", err)
		return nil
	}
	switch e := t.(type) {
	case xml.Directive:
		p.fail("a document type: none is read")
		return nil
	case xml.StartElement:
		p.path = append(p.path, clip(e.Name.Local))
		p.count += 1 + len(e.Attr)
		switch {
		case len(p.path) > MaxDepth:
			p.path = p.path[:MaxDepth]
			p.fail("nested deeper than %d", MaxDepth)
			return nil
		case p.count > MaxElements:
			p.fail("more than %d elements and attributes", MaxElements)
			return nil
		}
		for i, a := range e.Attr {
			for _, b := range e.Attr[:min(i, 64)] {
				if a.Name == b.Name {
					p.fail("the attribute %q stands twice", clip(a.Name.Local))
					return nil
				}
			}
		}
	case xml.EndElement:
		p.path = p.path[:len(p.path)-1]
	}
	return t
}

func clip(s string) string {
	const most = 64
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

// add keeps a property; one that is there already becomes an array of both.
func add(to map[string]any, name string, v any) {
	old, twice := to[name]
	if !twice {
		to[name] = v
		return
	}
	list, ok := old.([]any)
	if !ok {
		list = []any{old}
	}
	if more, ok := v.([]any); ok {
		to[name] = append(list, more...)
		return
	}
	to[name] = append(list, v)
}

// descriptions reads the children of rdf:RDF: what is said of the file.
func (p *parser) descriptions() {
	for {
		switch t := p.token().(type) {
		case nil, xml.EndElement:
			return
		case xml.StartElement:
			if t.Name.Space == rdf && t.Name.Local == "Description" {
				p.members(t, p.out)
			} else {
				p.skip()
			}
		}
	}
}

// members reads the properties of a description or structure, as attributes and as elements, up to its end.
func (p *parser) members(e xml.StartElement, to map[string]any) {
	attributes(e, to)
	for {
		switch t := p.token().(type) {
		case nil, xml.EndElement:
			return
		case xml.StartElement:
			if v := p.value(t); v != nil {
				add(to, Name(t.Name.Space, t.Name.Local), v)
			}
		}
	}
}

// attributes takes properties that are written as attributes. ISO 16684-1, 7.9.2.2.
func attributes(e xml.StartElement, to map[string]any) (any bool) {
	for _, a := range e.Attr {
		switch a.Name.Space {
		case "", "xmlns", rdf, xns:
			continue
		}
		add(to, Name(a.Name.Space, a.Name.Local), strings.TrimSpace(a.Value))
		any = true
	}
	return any
}

// value reads the value of a property element up to its end: text, a resource, an array, or a structure.
// ISO 16684-1, 7.4 to 7.9.
func (p *parser) value(e xml.StartElement) any {
	var found any
	members := map[string]any{}
	if attributes(e, members) {
		found = members
	}
	for _, a := range e.Attr {
		if a.Name.Space != rdf {
			continue
		}
		switch a.Name.Local {
		case "resource":
			found = strings.TrimSpace(a.Value)
		case "parseType":
			if a.Value == "Resource" {
				p.members(xml.StartElement{}, members)
				return members
			}
			p.fail("a parseType that XMP does not use")
			return nil
		}
	}
	var text strings.Builder
	for {
		switch t := p.token().(type) {
		case nil:
			return nil
		case xml.EndElement:
			if s := strings.TrimSpace(text.String()); found == nil && s != "" {
				return s
			}
			return found
		case xml.CharData:
			text.Write(t)
		case xml.StartElement:
			switch {
			case t.Name.Space == rdf && (t.Name.Local == "Bag" || t.Name.Local == "Seq" || t.Name.Local == "Alt"):
				found = p.items()
			case t.Name.Space == rdf && t.Name.Local == "Description":
				inner := map[string]any{}
				p.members(t, inner)
				found = inner
			default:
				p.skip()
			}
		}
	}
}

// items reads the items of an array up to its end.
func (p *parser) items() any {
	list := []any{}
	for {
		switch t := p.token().(type) {
		case nil, xml.EndElement:
			return list
		case xml.StartElement:
			if v := p.value(t); v != nil {
				list = append(list, v)
			}
		}
	}
}

// skip passes over an element and what is in it.
func (p *parser) skip() {
	for depth := len(p.path); p.token() != nil && len(p.path) >= depth; {
	}
}
