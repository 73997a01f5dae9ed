package labels

import (
	"context"
	"encoding/binary"
	"strings"
	"unicode/utf16"

	"github.com/consentry/consentry/internal/bmff"
	"github.com/consentry/consentry/internal/parts"
)

// xmpUserType is the user type of a uuid box with XMP. ISO 16684-3, 4.
var xmpUserType = [16]byte{0xbe, 0x7a, 0xcf, 0xcb, 0x97, 0xa9, 0x42, 0xe8, 0x9c, 0x71, 0x99, 0x94, 0x91, 0xe3, 0xaf, 0xac}

// Box types of metadata. QuickTime File Format, Metadata; iTunes' item list.
const (
	boxKeys = bmff.FourCC(0x6b657973)
	boxIlst = bmff.FourCC(0x696c7374)
	boxData = bmff.FourCC(0x64617461)
	boxName = bmff.FourCC(0x6e616d65)
	boxFree = bmff.FourCC(0x2d2d2d2d) // ----: an item with a name of its own
	boxCovr = bmff.FourCC(0x636f7672)
	boxXMP  = bmff.FourCC(0x584d505f)
)

// Limits of a movie's metadata; docs/limits.md has the reasons and the tests.
const (
	maxTracks = 64 // tracks whose own metadata are read
	maxValues = 64 // boxes of an item; items have one value
)

// movie collects the metadata of a BMFF file.
type movie struct {
	c   *collector
	f   *bmff.File
	out parts.Fields
	in  *parts.Reader
}

// boxes reads user data and metadata of the movie, of its tracks and of the file, and the packets of XMP. Boxes inside
// media data or free space are never looked for.
func (c *collector) boxes(ctx context.Context) error {
	m := &movie{c: c, f: c.src.Boxes, in: parts.NewReader(c.src.Data, c.src.Size)}
	for _, b := range m.f.Boxes {
		if err := ctx.Err(); err != nil {
			return err
		}
		var err error
		switch {
		case b.Type == bmff.UUID && b.UserType() == xmpUserType:
			err = m.userXMP(b)
		case b.Type == bmff.Meta:
			err = m.meta(b)
		case b.Type == bmff.Moov:
			err = m.inside(b)
		}
		if err != nil {
			return err
		}
	}
	c.left(m.out.Left)
	for _, p := range m.out.Pictures {
		if err := c.cover(p.Range); err != nil {
			return err
		}
	}
	return nil
}

// userXMP reads the packet in a uuid box. ISO 16684-3, 4.
func (m *movie) userXMP(b *bmff.Box) error {
	const userType = 16
	at := parts.Range{Offset: b.Payload() + userType, Length: max(0, b.End()-b.Payload()-userType)}
	return m.c.packet("uuid (XMP)", b.Path(), at)
}

// inside reads what a movie or track box holds of metadata.
func (m *movie) inside(b *bmff.Box) error {
	tracks := 0
	for _, child := range b.Children() {
		var err error
		switch child.Type {
		case bmff.Udta:
			err = m.udta(child)
		case bmff.Meta:
			err = m.meta(child)
		case bmff.UUID: // belongs beside the movie; some put it inside
			if child.UserType() == xmpUserType {
				err = m.userXMP(child)
			}
		case bmff.Trak:
			if tracks++; tracks > maxTracks {
				m.out.Leave("the metadata of more than 64 tracks")
				continue
			}
			err = m.inside(child)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// carrier is a box's path without indices: moov/udta/meta.
func carrier(b *bmff.Box) string {
	name := printable(b.Type)
	if p := b.Parent(); p != nil {
		return carrier(p) + "/" + name
	}
	return name
}

// printable is a box type for people: QuickTime's types of text begin with 0xa9, which is © in its character set.
func printable(t bmff.FourCC) string {
	s := t.String()
	if s[0] == 0xa9 {
		s = "©" + s[1:]
	}
	return strings.ToValidUTF8(s, "?")
}

// itemRole is what a type of items and texts is for: most are for people. QuickTime File Format, User Data Atoms.
func itemRole(t string) role {
	switch t {
	case "©too", "©swr", "©enc", "swre":
		return tool
	case labelName:
		return plain
	}
	return prose
}

// udta reads user data: metadata boxes, a packet of XMP, and texts of QuickTime.
func (m *movie) udta(u *bmff.Box) error {
	for _, b := range u.Children() {
		var err error
		switch {
		case b.Type == bmff.Meta:
			err = m.meta(b)
		case b.Type == boxXMP:
			err = m.c.packet(carrier(b), b.Path(), parts.Range{Offset: b.Payload(), Length: b.End() - b.Payload()})
		case byte(b.Type>>24) == 0xa9:
			err = m.quicktime(b)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// read gives a box's content within the limits; nil where it is left out.
func (m *movie) read(path string, at parts.Range) ([]byte, error) {
	n := len(m.out.List)
	if err := m.out.Read(m.in, "", path, at); err != nil || len(m.out.List) == n {
		return nil, err
	}
	return m.out.List[n].Text, nil
}

// quicktime reads a text of user data; a box that does not keep to the form is text as a whole.
//
//	{ uint16 length; uint16 language; text }[]
//
// QuickTime File Format, User Data Atoms.
func (m *movie) quicktime(b *bmff.Box) error {
	at := parts.Range{Offset: b.Payload(), Length: b.End() - b.Payload()}
	raw, err := m.read(b.Path(), at)
	if err != nil || raw == nil {
		return err
	}
	f := field{name: printable(b.Type), carrier: carrier(b), path: b.Path(), role: itemRole(printable(b.Type))}
	if len(raw) < 4 || int(binary.BigEndian.Uint16(raw)) > len(raw)-4 {
		f.text, f.offset = string(raw), at.Offset
		m.c.fields = append(m.c.fields, f)
		return nil
	}
	for i := 0; len(raw)-i >= 4; {
		n := int(binary.BigEndian.Uint16(raw[i:]))
		if i += 4; n > len(raw)-i {
			break
		}
		if n > 0 {
			f.text, f.offset = string(raw[i:i+n]), at.Offset+int64(i)
			m.c.fields = append(m.c.fields, f)
		}
		i += n
	}
	return nil
}

// meta reads a metadata box: items by key, by type, or without a name.
func (m *movie) meta(b *bmff.Box) error {
	var items []*bmff.Box // of one list, and of further ones that nobody should write
	for _, c := range b.Children() {
		if c.Type == boxIlst {
			items = append(items, c.Children()...)
		}
	}
	if len(items) == 0 {
		return nil
	}
	var keys []string
	if k := b.Child(boxKeys); k != nil {
		var err error
		if keys, err = m.keys(k); err != nil {
			return err
		}
	}
	for _, item := range items {
		f := field{path: item.Path(), carrier: carrier(b), role: bare}
		switch n := uint32(item.Type); {
		case n >= 1 && uint64(n) <= uint64(len(keys)):
			f.name = keys[n-1]
			f.role = named(f.name, plain)
		case item.Type == boxFree:
			f.carrier += "/----"
		case n > 0xffffff && len(keys) == 0:
			f.name = printable(item.Type)
			f.carrier, f.role = f.carrier+"/"+f.name, itemRole(f.name)
		}
		if err := m.item(f, item); err != nil {
			return err
		}
	}
	return nil
}

// keys reads the names of a metadata box.
//
//	keys FullBox { uint32 n; { uint32 size; char namespace[4]; utf8 name }[n] }
//
// QuickTime File Format, Metadata Item Keys Atom.
func (m *movie) keys(b *bmff.Box) ([]string, error) {
	raw, err := m.read(b.Path(), parts.Range{Offset: b.Payload(), Length: b.End() - b.Payload()})
	if err != nil || len(raw) < 8 {
		return nil, err
	}
	n := binary.BigEndian.Uint32(raw[4:])
	var out []string
	for raw = raw[8:]; n > 0 && len(raw) >= 8; n-- {
		size := binary.BigEndian.Uint32(raw)
		if size < 8 || uint64(size) > uint64(len(raw)) {
			break
		}
		out = append(out, strings.TrimRight(string(raw[8:size]), "\x00"))
		raw = raw[size:]
	}
	return out, nil
}

// The types of values. QuickTime File Format, Well-Known Types.
const (
	typeUTF16 = 2
	typeJPEG  = 13
	typePNG   = 14
	typeBMP   = 27
)

// item reads the values of an item.
//
//	item { [name FullBox { utf8 name }] data { uint32 type, locale; bytes }[] }
func (m *movie) item(f field, item *bmff.Box) error {
	for at, n := item.Payload(), 0; item.End()-at >= 8; n++ {
		if n == maxValues {
			m.out.Leave("more than 64 values of " + item.Path())
			return nil
		}
		h, err := m.in.Upto(at, 16)
		if err != nil {
			return err
		}
		size := int64(binary.BigEndian.Uint32(h))
		if size < 8 || size > item.End()-at {
			return nil
		}
		body := parts.Range{Offset: at + 8, Length: size - 8}
		at += size
		switch typ := bmff.FourCC(binary.BigEndian.Uint32(h[4:])); {
		case typ == boxName && item.Type == boxFree && body.Length > 4:
			name, err := m.read(f.path, parts.Range{Offset: body.Offset + 4, Length: body.Length - 4})
			if err != nil {
				return err
			}
			f.name = string(name)
			f.role = named(f.name, plain)
		case typ == boxData && body.Length >= 8 && len(h) == 16:
			kind := binary.BigEndian.Uint32(h[8:])
			body.Offset, body.Length = body.Offset+8, body.Length-8
			if err := m.value(f, item.Type, kind, body); err != nil {
				return err
			}
		}
	}
	return nil
}

// value takes a value of an item.
func (m *movie) value(f field, item bmff.FourCC, kind uint32, at parts.Range) error {
	if item == boxCovr || kind == typeJPEG || kind == typePNG || kind == typeBMP {
		m.out.Picture(parts.Picture{Path: f.path, Range: at})
		return nil
	}
	raw, err := m.read(f.path, at)
	if err != nil || raw == nil && at.Length > 0 {
		return err
	}
	f.text, f.offset = string(raw), at.Offset
	if kind == typeUTF16 {
		units := make([]uint16, 0, len(raw)/2)
		for ; len(raw) >= 2; raw = raw[2:] {
			units = append(units, binary.BigEndian.Uint16(raw))
		}
		f.text = string(utf16.Decode(units))
	}
	m.c.fields = append(m.c.fields, f)
	return nil
}
