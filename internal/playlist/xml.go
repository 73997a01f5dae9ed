package playlist

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// element is an XML element. Namespaces are left out: what DASH knows has names of its own.
type element struct {
	name   string
	path   string
	offset int64
	attrs  map[string]string
	text   string
	kids   map[string][]*element // by name, in order; only those of a name that is read
	up     *element              // the same element further up, which hands down what this one lacks
}

// read are the names of elements that anybody asks for. Others are held against the limits and forgotten.
var read = map[string]bool{
	"Period": true, "AdaptationSet": true, "Representation": true, "BaseURL": true, "SegmentTemplate": true, "SegmentList": true, "SegmentBase": true,
	"Initialization": true, "SegmentURL": true, "SegmentTimeline": true, "S": true,
}

// all gives the children of a name, or else those that are handed down.
func (e *element) all(name string) []*element {
	for ; e != nil; e = e.up {
		if kids := e.kids[name]; len(kids) > 0 {
			return kids
		}
	}
	return nil
}

// first is the first child of a name, or nil.
func (e *element) first(name string) *element {
	if kids := e.all(name); len(kids) > 0 {
		return kids[0]
	}
	return nil
}

// attr is an attribute, its own or handed down; ok says that it is there.
func (e *element) attr(name string) (string, bool) {
	for ; e != nil; e = e.up {
		if v, ok := e.attrs[name]; ok {
			return v, true
		}
	}
	return "", false
}

// parseXML reads a document into elements, within the limits. Document types are refused, and with them all entities but
// XML's five.
func parseXML(file string, data []byte) (*element, error) {
	d := xml.NewDecoder(bytes.NewReader(data))
	d.CharsetReader = func(label string, _ io.Reader) (io.Reader, error) {
		return nil, fmt.Errorf("the encoding %.40q is not read", label)
	}
	var root *element
	var open []*element
	count := 0
	fail := func(format string, args ...any) (*element, error) {
		e := &SyntaxError{File: file, Offset: d.InputOffset(), Reason: fmt.Sprintf(format, args...)}
		if len(open) > 0 {
			e.Path = open[len(open)-1].path
		}
		return nil, e
	}
	for {
		at := d.InputOffset()
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fail("%v", err)
		}
		switch t := t.(type) {
		case xml.Directive:
			return fail("a document type: none is read")
		case xml.StartElement:
			if count++; count > MaxElements || len(open) == MaxDepth || len(t.Attr) > 64 {
				return fail("more than %d elements, %d levels or 64 attributes", MaxElements, MaxDepth)
			}
			e := &element{name: t.Name.Local, offset: at, path: "/" + clip(t.Name.Local), attrs: map[string]string{}}
			for _, a := range t.Attr {
				name := a.Name.Local
				if a.Name.Space != "" && a.Name.Space != "xmlns" {
					name = a.Name.Space + " " + name // xlink:href and the like are none of DASH's own
				}
				if _, twice := e.attrs[name]; twice {
					return fail("the attribute %q stands twice", clip(name))
				}
				e.attrs[name] = a.Value
			}
			switch {
			case len(open) > 0:
				up := open[len(open)-1]
				e.path = up.path + e.path
				up.take(e)
			case root != nil:
				return fail("a second document")
			default:
				root = e
			}
			open = append(open, e)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			if len(open) > 0 && open[len(open)-1].name == "BaseURL" {
				e := open[len(open)-1]
				if len(e.text)+len(t) > maxAddress {
					return fail("an address of more than %d bytes", maxAddress)
				}
				e.text += string(t)
			}
		}
	}
	if root == nil {
		return fail("no document")
	}
	return root, nil
}

// take takes a child that somebody asks for.
func (e *element) take(kid *element) {
	if !read[kid.name] {
		return
	}
	if e.kids == nil {
		e.kids = map[string][]*element{}
	}
	e.kids[kid.name] = append(e.kids[kid.name], kid)
}

func clip(s string) string {
	const most = 64
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
