// Package jumbf parses the bytes of a JUMBF superbox (ISO/IEC 19566-5:2023): boxes, description boxes, labels and
// what they hold, with the offset of everything.
//
// It works on bytes that are in memory and never copies them. It refuses boxes larger than what holds them, sizes
// that do not fit, nesting and counts beyond its limits, labels that C2PA forbids (C2PA 2.5, 9.2), and bytes that are
// left over. It interprets no content. Start with [Parse].
package jumbf

import (
	"encoding/binary"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Limits bound a parse. Zero members stand for [DefaultLimits].
type Limits struct {
	Depth int // superboxes within each other
	Boxes int // boxes in all; a superbox counts with its description as one
}

// DefaultLimits are those that a zero [Limits] stands for. A C2PA store nests 4 superboxes; 32 leaves room for what
// others put inside. 10,000 assertions of two boxes each, and what else a store needs, fit thrice into 2^16 boxes,
// which take some 15 MB.
var DefaultLimits = Limits{Depth: 32, Boxes: 1 << 16}

// SyntaxError says where bytes are no JUMBF.
type SyntaxError struct {
	Offset int64  // of the box, from the start of the parsed bytes
	Path   string // labels or types of the boxes down to it
	Text   string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("jumbf: %s at %s (offset %d)", e.Text, e.Path, e.Offset)
}

// LimitError says which limit of ours was reached, and where.
type LimitError struct {
	What   string // what there is too much of
	Limit  int
	Offset int64
	Path   string
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("jumbf: more than %d %s at %s (offset %d)", e.Limit, e.What, e.Path, e.Offset)
}

// Box is a box. A superbox (type jumb) has a description and children; every other box has only bytes.
type Box struct {
	Type        string // four bytes, as they are
	Offset      int64  // of the header, from the start of the parsed bytes
	Raw         []byte // the whole box with its header
	Header      int    // bytes of the header: 8, or 16 with an XLBox
	ToEnd       bool   // LBox is 0: the box reaches to the end
	Description *Description
	Children    []*Box // in order, without the description box

	parent  *Box
	byLabel map[string]*Box // nil value: the label is there more than once; nil map: few children
}

// Description is the description box of a superbox. ISO/IEC 19566-5, 4.2.
//
//	UUID(16) | toggles(1) | [label NUL] | [ID(4)] | [SHA-256(32)] | [private box]
type Description struct {
	Raw         []byte // the whole box with its header
	Header      int
	UUID        [16]byte
	Toggles     byte
	Label       string // empty: none
	ID          *uint32
	Hash        []byte // 32 bytes, or nil
	Private     []byte // the private box with its header, or nil
	Salt        []byte // content of a private c2sh box: 16 or 32 bytes, or nil. C2PA 2.5, 9.4
	Requestable bool
}

// Toggles of a description box.
const (
	toggleRequestable = 1 << iota
	toggleLabel
	toggleID
	toggleHash
	togglePrivate
)

// mapFrom is the number of children from which on a superbox keeps a map of labels: below it a scan is as fast.
const mapFrom = 8

// Payload returns what follows the header: for a superbox the bytes that its hash covers. C2PA 2.5, 9.4.2.3.
func (b *Box) Payload() []byte { return b.Raw[b.Header:] }

// Label returns the label of a superbox, or "" where it has none.
func (b *Box) Label() string {
	if b.Description == nil {
		return ""
	}
	return b.Description.Label
}

// Parent returns the superbox that holds the box; nil for the outermost.
func (b *Box) Parent() *Box { return b.parent }

// Path returns the labels (or types) from the outermost box down to b, divided by slashes.
func (b *Box) Path() string {
	var parts []string
	for x := b; x != nil; x = x.parent {
		name := x.Label()
		if name == "" {
			name = x.Type
		}
		parts = append(parts, name)
	}
	for i, j := 0, len(parts)-1; i < j; i, j = i+1, j-1 {
		parts[i], parts[j] = parts[j], parts[i]
	}
	return strings.Join(parts, "/")
}

// Content returns the first child of the type, or nil.
func (b *Box) Content(typ string) *Box {
	for _, c := range b.Children {
		if c.Type == typ {
			return c
		}
	}
	return nil
}

// Parse reads one superbox at the start of data and returns it with the number of bytes that it takes; what follows
// is the caller's to judge. The error is a *[SyntaxError] or a *[LimitError].
func Parse(data []byte, lim Limits) (*Box, int, error) {
	if lim.Depth <= 0 {
		lim.Depth = DefaultLimits.Depth
	}
	if lim.Boxes <= 0 {
		lim.Boxes = DefaultLimits.Boxes
	}
	p := parser{lim: lim}
	b, err := p.header(data, 0, nil)
	if err != nil {
		return nil, 0, err
	}
	if b.Type != "jumb" {
		return nil, 0, p.syntax(b, "%q where a superbox (jumb) is wanted", b.Type)
	}
	if err := p.superbox(b, 1); err != nil {
		return nil, 0, err
	}
	return b, len(b.Raw), nil
}

type parser struct {
	lim   Limits
	boxes int
}

func (p *parser) syntax(b *Box, format string, args ...any) error {
	return &SyntaxError{Offset: b.Offset, Path: b.Path(), Text: fmt.Sprintf(format, args...)}
}

// header reads the header of the box at the start of data, which is everything that its holder has left.
func (p *parser) header(data []byte, offset int64, parent *Box) (*Box, error) {
	b := &Box{Type: "?", Offset: offset, Header: 8, parent: parent}
	if len(data) < 8 {
		if parent == nil {
			b.Type = "the outermost box" // which has no type that could be read
		}
		return nil, p.syntax(b, "%d bytes where a box header is wanted", len(data))
	}
	b.Type = string(data[4:8])
	p.boxes++
	if p.boxes > p.lim.Boxes {
		return nil, &LimitError{What: "boxes", Limit: p.lim.Boxes, Offset: offset, Path: b.Path()}
	}
	size := uint64(binary.BigEndian.Uint32(data))
	switch {
	case size == 1:
		if len(data) < 16 {
			return nil, p.syntax(b, "the box ends inside its extended size")
		}
		size, b.Header = binary.BigEndian.Uint64(data[8:]), 16
		if size < 16 {
			return nil, p.syntax(b, "extended size %d is smaller than a header", size)
		}
	case size == 0:
		if parent != nil {
			return nil, p.syntax(b, "size 0 (to the end) in a box that is not the outermost")
		}
		size, b.ToEnd = uint64(len(data)), true
	case size < 8:
		return nil, p.syntax(b, "size %d is smaller than a header", size)
	}
	if size > uint64(len(data)) {
		return nil, p.syntax(b, "size %d, and %d bytes are left", size, len(data))
	}
	b.Raw = data[:size:size]
	return b, nil
}

func (p *parser) superbox(b *Box, depth int) error {
	if depth > p.lim.Depth {
		return &LimitError{What: "nested superboxes", Limit: p.lim.Depth, Offset: b.Offset, Path: b.Path()}
	}
	rest, at := b.Payload(), b.Offset+int64(b.Header)
	d, err := p.header(rest, at, b)
	if err != nil {
		return err
	}
	p.boxes--
	if d.Type != "jumd" {
		return p.syntax(d, "%q where a description box (jumd) is wanted", d.Type)
	}
	if b.Description, err = p.description(d); err != nil {
		return err
	}
	rest, at = rest[len(d.Raw):], at+int64(len(d.Raw))
	for len(rest) > 0 {
		c, err := p.header(rest, at, b)
		if err != nil {
			return err
		}
		if c.Type == "jumb" {
			if err := p.superbox(c, depth+1); err != nil {
				return err
			}
		}
		b.Children = append(b.Children, c)
		rest, at = rest[len(c.Raw):], at+int64(len(c.Raw))
	}
	if len(b.Children) >= mapFrom {
		b.byLabel = make(map[string]*Box, len(b.Children))
		for _, c := range b.Children {
			if l := c.Label(); l != "" {
				if _, twice := b.byLabel[l]; twice {
					c = nil
				}
				b.byLabel[l] = c
			}
		}
	}
	return nil
}

func (p *parser) description(d *Box) (*Description, error) {
	x := &Description{Raw: d.Raw, Header: d.Header}
	rest := d.Payload()
	if len(rest) < 17 {
		return nil, p.syntax(d, "description of %d bytes: the type and toggles take 17", len(rest))
	}
	x.UUID, x.Toggles, rest = [16]byte(rest[:16]), rest[16], rest[17:]
	x.Requestable = x.Toggles&toggleRequestable != 0
	if x.Toggles&toggleLabel != 0 {
		n := 0
		for n < len(rest) && rest[n] != 0 {
			n++
		}
		if n == len(rest) {
			return nil, p.syntax(d, "label without its closing NUL")
		}
		if why := labelFault(rest[:n]); why != "" {
			return nil, p.syntax(d, "label %q: %s", rest[:n], why)
		}
		x.Label, rest = string(rest[:n]), rest[n+1:]
	}
	if x.Toggles&toggleID != 0 {
		if len(rest) < 4 {
			return nil, p.syntax(d, "description ends inside its ID")
		}
		id := binary.BigEndian.Uint32(rest)
		x.ID, rest = &id, rest[4:]
	}
	if x.Toggles&toggleHash != 0 {
		if len(rest) < 32 {
			return nil, p.syntax(d, "description ends inside its hash")
		}
		x.Hash, rest = rest[:32:32], rest[32:]
	}
	if x.Toggles&togglePrivate != 0 {
		if len(rest) < 8 || uint64(binary.BigEndian.Uint32(rest)) != uint64(len(rest)) {
			return nil, p.syntax(d, "the private box does not fill the rest of the description")
		}
		x.Private = rest
		if string(rest[4:8]) == "c2sh" {
			if n := len(rest) - 8; n != 16 && n != 32 {
				return nil, p.syntax(d, "salt of %d bytes; 16 or 32 are allowed", n)
			}
			x.Salt = rest[8:]
		}
		rest = nil
	}
	if len(rest) > 0 {
		return nil, p.syntax(d, "%d bytes are left in the description", len(rest))
	}
	return x, nil
}

// labelFault says what forbids a label, or "". C2PA 2.5, 9.2; ISO/IEC 19566-5, 4.2.3.
func labelFault(b []byte) string {
	if len(b) == 0 {
		return "it is empty"
	}
	if !utf8.Valid(b) {
		return "it is not UTF-8"
	}
	for _, r := range string(b) {
		switch {
		case r < 0x20 || r >= 0x7F && r <= 0x9F || r == 0xFEFF || r == 0xFFFF:
			return fmt.Sprintf("%U is forbidden", r)
		case r == '/' || r == ';' || r == '?' || r == '#':
			return fmt.Sprintf("%q is forbidden", r)
		}
	}
	return ""
}

// Append appends the box as it was read, rebuilt from its parts, and returns the extended slice: the inverse of
// [Parse], for checks.
func (b *Box) Append(dst []byte) []byte {
	start := len(dst)
	dst = append(dst, 0, 0, 0, 0)
	dst = append(dst, b.Type...)
	if b.Header == 16 {
		dst = append(dst, make([]byte, 8)...)
	}
	if b.Description != nil {
		dst = b.Description.append(dst)
		for _, c := range b.Children {
			dst = c.Append(dst)
		}
	} else {
		dst = append(dst, b.Payload()...)
	}
	return patchSize(dst, start, b.Header, b.ToEnd)
}

func (x *Description) append(dst []byte) []byte {
	start := len(dst)
	dst = append(dst, 0, 0, 0, 0)
	dst = append(dst, "jumd"...)
	if x.Header == 16 {
		dst = append(dst, make([]byte, 8)...)
	}
	dst = append(append(dst, x.UUID[:]...), x.Toggles)
	if x.Toggles&toggleLabel != 0 {
		dst = append(append(dst, x.Label...), 0)
	}
	if x.ID != nil {
		dst = binary.BigEndian.AppendUint32(dst, *x.ID)
	}
	dst = append(append(dst, x.Hash...), x.Private...)
	return patchSize(dst, start, x.Header, false)
}

func patchSize(dst []byte, start, header int, toEnd bool) []byte {
	n := len(dst) - start
	switch {
	case header == 16:
		binary.BigEndian.PutUint32(dst[start:], 1)
		binary.BigEndian.PutUint64(dst[start+8:], uint64(n))
	case !toEnd:
		binary.BigEndian.PutUint32(dst[start:], uint32(n))
	}
	return dst
}
