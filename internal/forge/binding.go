package forge

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
)

// Exclusion is one entry of a BMFF hash's exclusions; nil or zero members are left out. C2PA 2.5, 16.3.2.
type Exclusion struct {
	XPath   string
	Length  int64
	Version *int
	Flags   []byte // three bytes
	Inexact bool   // exact = false
	Data    []DataMatch
	Subset  []Range
}

// DataMatch is bytes that must stand in a box, counted from the start of its header.
type DataMatch struct {
	Offset int
	Value  []byte
}

// Range is a part of a box, counted from the start of its header.
type Range struct{ Offset, Length int64 }

// usual are the exclusions that the specification asks for. C2PA 2.5, A.5.5.
func usual() []Exclusion {
	return []Exclusion{{XPath: "/uuid", Data: []DataMatch{{8, c2paUser}}}, {XPath: "/mfra"}}
}

// Usual are the exclusions of a recipe that names none.
func Usual() []Exclusion { return usual() }

func (r *Recipe) exclusions() []Exclusion {
	list := r.Exclude
	if list == nil {
		list = usual()
	}
	if r.Container.LargeUUID {
		// With a 64-bit size the usertype stands eight bytes later.
		list = append([]Exclusion{{XPath: "/uuid", Data: []DataMatch{{16, c2paUser}}}}, list...)
	}
	return r.Merkle.exclusions(list)
}

// binding is the hard binding's assertion: of the first standard manifest on the way down from the active one the true
// digest, of others some digest. C2PA 2.5, 14.12.
func (b *builder) binding(m *Manifest) *Node {
	if m.Update || m.Binding == "none" {
		return nil
	}
	label := m.Binding
	if label == "" {
		label = b.recipe.bindingLabel()
	}
	sum := b.digest
	if bound := b.recipe.bound(); bound != m {
		sum = digest(m.Alg, []byte("another file"))
	} else if b.recipe.Hash != nil {
		sum = b.recipe.Hash(bytes.Clone(sum))
	}
	if c := b.recipe.Carrier; c != nil {
		bm := c.bind(m.Alg, sum)
		if m.BindingMap != nil {
			m.BindingMap(&bm)
		}
		return cborBox(label, CBOR(bm))
	}
	whole := sum
	sum = sum[:len(digest(m.Alg, nil))]
	var list []any
	for _, e := range b.recipe.exclusions() {
		list = append(list, e.cbor())
	}
	alg := m.Alg
	if alg == "" {
		alg = "sha256"
	}
	bm := Map{{"exclusions", list}, {"alg", alg}, {"hash", sum}, {"name", "forge"}}
	if b.recipe.Merkle != nil && b.recipe.bound() == m {
		b.recipe.Merkle.bind(&bm, b.recipe.Container, m.Alg, whole)
	}
	if m.BindingMap != nil {
		m.BindingMap(&bm)
	}
	return cborBox(label, CBOR(bm))
}

// bindingLabel is the usual kind of content hash for the file.
func (r *Recipe) bindingLabel() string {
	switch {
	case r.Carrier == nil:
		return "c2pa.hash.bmff.v3"
	case r.Carrier.Boxes:
		return "c2pa.hash.boxes"
	}
	return "c2pa.hash.data"
}

// bound is the manifest whose hard binding is held against the file.
func (r *Recipe) bound() *Manifest {
	m := &r.Manifest
	for m.Update {
		var next *Manifest
		for _, i := range m.Ingredients {
			if (i.Relationship == "" || i.Relationship == "parentOf") && i.Manifest != nil {
				next = i.Manifest
			}
		}
		if next == nil {
			return nil
		}
		m = next
	}
	return m
}

func (e Exclusion) cbor() Map {
	m := Map{{"xpath", e.XPath}}
	if e.Length > 0 {
		m.Set("length", e.Length)
	}
	if e.Version != nil {
		m.Set("version", *e.Version)
	}
	if e.Flags != nil {
		m.Set("flags", e.Flags)
	}
	if e.Inexact {
		m.Set("exact", false)
	}
	if e.Data != nil {
		var list []any
		for _, d := range e.Data {
			list = append(list, Map{{"offset", d.Offset}, {"value", d.Value}})
		}
		m.Set("data", list)
	}
	if e.Subset != nil {
		var list []any
		for _, s := range e.Subset {
			list = append(list, Map{{"offset", s.Offset}, {"length", s.Length}})
		}
		m.Set("subset", list)
	}
	return m
}

// contentHash is the flat BMFF hash of the built file: each top-level box that is not left out whole is preceded by
// its offset. C2PA 2.5, 16.3.2.
func (r *Recipe) contentHash(b *Built) []byte {
	alg := ""
	if m := r.bound(); m != nil {
		alg = m.Alg
	}
	if r.Carrier != nil {
		return r.Carrier.sums(alg, b.Places)
	}
	if r.Merkle != nil {
		return r.sums(alg, b)
	}
	return digest(alg, r.bytesToHash(b.Data))
}

func (r *Recipe) bytesToHash(file []byte) []byte { return r.partToHash(file, 0, int64(len(file))) }

// partToHash is what of a range of the file goes into a hash.
func (r *Recipe) partToHash(file []byte, from, to int64) []byte {
	return r.cover(file).part(from, to)
}

// cover says of each byte of a file whether a hash leaves it out, and of each top-level box whether its offset counts.
type cover struct {
	file   []byte
	skip   []bool
	starts map[int64]bool
}

func (r *Recipe) cover(file []byte) *cover {
	c := &cover{file: file, skip: make([]bool, len(file)), starts: map[int64]bool{}}
	whole := map[int64]bool{}
	for _, e := range r.exclusions() {
		for _, s := range find(file, 0, int64(len(file)), strings.TrimPrefix(e.XPath, "/")) {
			if !e.matches(file, s) {
				continue
			}
			ranges := e.Subset
			if ranges == nil {
				whole[s.Offset], ranges = true, []Range{{0, 0}}
			}
			for _, sub := range ranges {
				end := s.Offset + sub.Offset + sub.Length
				if sub.Length == 0 || end > s.Offset+s.Size {
					end = s.Offset + s.Size
				}
				for i := s.Offset + sub.Offset; i < end; i++ {
					c.skip[i] = true
				}
			}
		}
	}
	for _, s := range roots(file) {
		c.starts[s.Offset] = !whole[s.Offset]
	}
	return c
}

// part is what of a range goes into a hash.
func (c *cover) part(from, to int64) []byte {
	var out []byte
	for i := from; i < to; i++ {
		if c.starts[i] {
			out = binary.BigEndian.AppendUint64(out, uint64(i))
		}
		if !c.skip[i] {
			out = append(out, c.file[i])
		}
	}
	return out
}

// find gives the boxes of a path of four-character codes below a range, "moov/trak[2]/mdia".
func find(file []byte, from, to int64, path string) []Span {
	name, rest, deeper := strings.Cut(path, "/")
	name, index, _ := strings.Cut(name, "[")
	var out []Span
	n := 0
	for _, s := range roots(file[from:to]) {
		if s.Type != name {
			continue
		}
		n++
		if index != "" && index != fmt.Sprint(n, "]") {
			continue
		}
		s.Offset += from
		if !deeper {
			out = append(out, s)
			continue
		}
		out = append(out, find(file, s.Offset+headerSize(file, s), s.Offset+s.Size, rest)...)
	}
	return out
}

func headerSize(file []byte, s Span) int64 {
	if binary.BigEndian.Uint32(file[s.Offset:]) == 1 {
		return 16
	}
	return 8
}

func (e Exclusion) matches(file []byte, s Span) bool {
	b := file[s.Offset : s.Offset+s.Size]
	h := headerSize(file, s)
	if e.Length > 0 && e.Length != s.Size {
		return false
	}
	if e.Version != nil && (int64(len(b)) <= h || int(b[h]) != *e.Version) {
		return false
	}
	if e.Flags != nil {
		if int64(len(b)) < h+4 {
			return false
		}
		for i, f := range e.Flags {
			got := b[h+1+int64(i)]
			if e.Inexact {
				got &= f
			}
			if got != f {
				return false
			}
		}
	}
	for _, d := range e.Data {
		if d.Offset+len(d.Value) > len(b) || !bytes.Equal(b[d.Offset:d.Offset+len(d.Value)], d.Value) {
			return false
		}
	}
	return true
}
