package forge

import (
	"bytes"
	"encoding/binary"
	"slices"
)

func bindingCorruptions() []Case {
	bm := func(name, code string, edit func(*Map)) Case {
		return Case{Name: "content hash: " + name, Code: code, Recipe: Recipe{Manifest: Manifest{BindingMap: edit}}}
	}
	file := func(name string, edit func(*Built) []byte) Case {
		return Case{Name: "content: " + name, Code: "assertion.bmffHash.mismatch", Recipe: Recipe{File: edit}}
	}
	const malformed, missing = "assertion.bmffHash.malformed", "claim.hardBindings.missing"
	seven := 7
	return []Case{
		{Name: "no content hash", Code: missing, Recipe: Recipe{Manifest: Manifest{Binding: "none"}}},
		{Name: "content hash: of version 1", Code: missing, Recipe: Recipe{Manifest: Manifest{Binding: "c2pa.hash.bmff"}}},
		{Name: "content hash: gathered", Code: missing, Recipe: Recipe{Manifest: Manifest{BindingList: "gathered"}}},
		{Name: "two content hashes", Code: "assertion.multipleHardBindings", Recipe: Recipe{Manifest: Manifest{Assertions: []Assertion{{Label: "c2pa.hash.bmff.v2", CBOR: Map{{"exclusions", []any{Map{{"xpath", "/uuid"}}}}, {"hash", make([]byte, 32)}, {"alg", "sha256"}}}}}}},
		bm("no exclusions", malformed, func(m *Map) { m.Del("exclusions") }),
		bm("exclusions that are no list", malformed, func(m *Map) { m.Set("exclusions", "all") }),
		bm("an empty list of exclusions", malformed, func(m *Map) { m.Set("exclusions", []any{}) }),
		bm("subsets that overlap", malformed, func(m *Map) { addExclusion(m, Exclusion{XPath: "/moov", Subset: []Range{{8, 8}, {12, 8}}}) }),
		bm("subsets out of order", malformed, func(m *Map) { addExclusion(m, Exclusion{XPath: "/moov", Subset: []Range{{40, 8}, {8, 8}}}) }),
		bm("a subset of a negative offset", malformed, func(m *Map) { addExclusion(m, Exclusion{XPath: "/moov", Subset: []Range{{-8, 8}}}) }),
		bm("no digest", malformed, func(m *Map) { m.Del("hash") }),
		bm("a digest that is too short", "assertion.bmffHash.mismatch", func(m *Map) { m.Set("hash", m.Get("hash").([]byte)[:16]) }),
		bm("an unknown algorithm", "algorithm.unsupported", func(m *Map) { m.Set("alg", "md5") }),
		{Name: "content hash: another digest", Code: "assertion.bmffHash.mismatch", Recipe: Recipe{Hash: flip(0)}},
		{Name: "content hash: an exclusion of a version on a box without one", Code: "assertion.bmffHash.mismatch", Recipe: Recipe{Exclude: append(usual(), Exclusion{XPath: "/ftyp", Version: &seven}), File: func(b *Built) []byte { return flipIn(b, "ftyp", 9) }}},
		file("a byte of the media", func(b *Built) []byte { return flipIn(b, "mdat", 40) }),
		file("the last byte", func(b *Built) []byte { return flip(-1)(b.Data) }),
		file("a byte of the movie's header", func(b *Built) []byte { return flipIn(b, "moov", 40) }),
		file("another brand", func(b *Built) []byte { return flipIn(b, "ftyp", 8) }),
		file("a free box at the end", func(b *Built) []byte { return append(bytes.Clone(b.Data), box("free", make([]byte, 8))...) }),
		file("a free box that moves the rest", func(b *Built) []byte { return insert(b, "moov", box("free", make([]byte, 16))) }),
		file("another box before the movie", func(b *Built) []byte { return insert(b, "moov", box("uuid", random("uuid", 40))) }),
		{Name: "content: a second movie", Code: "assertion.bmffHash.mismatch", Also: []string{"asset.malformed"}, Recipe: Recipe{File: func(b *Built) []byte { return append(bytes.Clone(b.Data), b.span("moov")...) }}},
		{Name: "content hash: leaves out a box of its own", Code: "assertion.bmffHash.additionalExclusionsPresent", Recipe: Recipe{
			Container: Container{Extra: box("free", nil), Free: 0}, After: box("abcd", make([]byte, 16)), Exclude: append(usual(), Exclusion{XPath: "/abcd"}),
		}},
		{Name: "content hash: leaves out ftyp by the rules of 2.5", Code: "assertion.bmffHash.additionalExclusionsPresent", Recipe: Recipe{
			Manifest: Manifest{SpecVersion: "2.5.0"}, Exclude: append(usual(), Exclusion{XPath: "/ftyp"}),
		}},
	}
}

func addExclusion(m *Map, e Exclusion) {
	m.Set("exclusions", append(m.Get("exclusions").([]any), e.cbor()))
}

// span is a top-level box of the file.
func (b *Built) span(typ string) []byte {
	for _, s := range b.Roots {
		if s.Type == typ {
			return b.Data[s.Offset : s.Offset+s.Size]
		}
	}
	panic("forge: no box " + typ)
}

func flipIn(b *Built, typ string, at int) []byte {
	out := bytes.Clone(b.Data)
	for _, s := range b.Roots {
		if s.Type == typ {
			out[s.Offset+int64(at)] ^= 1
			return out
		}
	}
	panic("forge: no box " + typ)
}

// insert puts bytes before a top-level box.
func insert(b *Built, typ string, more []byte) []byte {
	for _, s := range b.Roots {
		if s.Type == typ {
			out := bytes.Clone(b.Data[:s.Offset])
			return append(append(out, more...), b.Data[s.Offset:]...)
		}
	}
	panic("forge: no box " + typ)
}

// inBox is a recipe for a file with an update manifest in a box of its own.
func inBox(r Recipe) Recipe {
	r.UpdateBox = true
	r.Manifest = Manifest{Update: true, Ingredients: []Ingredient{{Manifest: &Manifest{}}}}
	return r
}

// lastBox is the last top-level box of the file.
func (b *Built) lastBox() []byte {
	s := b.Roots[len(b.Roots)-1]
	return b.Data[s.Offset : s.Offset+s.Size]
}

func containerCorruptions() []Case {
	const broken = "manifest.inaccessible.malformed"
	return []Case{
		{Name: "two stores", Code: "asset.multipleStores", Recipe: Recipe{File: func(b *Built) []byte { return insert(b, "moov", b.span("uuid")) }}},
		{Name: "an original store without an update", Code: broken, Recipe: Recipe{Purpose: "original"}},
		{Name: "an update store alone", Code: broken, Recipe: Recipe{Purpose: "update"}},
		{Name: "a manifest box and an update box", Code: "asset.multipleStores", Recipe: inBox(Recipe{Purpose: "manifest"})},
		{Name: "two original boxes", Code: "asset.multipleStores", Recipe: Recipe{Purpose: "original", File: func(b *Built) []byte { return insert(b, "moov", b.span("uuid")) }}},
		{Name: "two update boxes", Code: "asset.multipleStores", Recipe: inBox(Recipe{File: func(b *Built) []byte { return append(bytes.Clone(b.Data), b.lastBox()...) }})},
		{Name: "a manifest box beside original and update", Code: "asset.multipleStores", Recipe: inBox(Recipe{Tail: storeBox("manifest", Super(kind("c2pa"), "c2pa").Bytes(), 0, false)})},
		{Name: "an update box before the original one", Code: "asset.boxesMoved", Recipe: inBox(Recipe{moved: true, File: func(b *Built) []byte {
			last, front := b.lastBox(), len(b.Data)-len(b.span("uuid"))-len(b.lastBox())
			return slices.Concat(b.Data[:front], last, b.span("uuid"))
		}})},
		{Name: "an update box that is not the last", Code: "asset.boxesMoved", Recipe: inBox(Recipe{Exclude: append(usual(), Exclusion{XPath: "/free"}), File: func(b *Built) []byte { return append(bytes.Clone(b.Data), box("free", nil)...) }})},
		{Name: "a standard manifest in an update box", Code: "asset.boxesMoved", Recipe: Recipe{UpdateBox: true, Manifest: Manifest{Ingredients: []Ingredient{{Manifest: &Manifest{}}}}}},
		{Name: "an update box without a manifest", Code: broken, Recipe: inBox(Recipe{Tree: func(s *Node) { s.Kids = nil }})},
		{Name: "an update box that is cut off", Code: broken, Also: []string{"asset.truncated"}, Recipe: inBox(Recipe{File: func(b *Built) []byte { return b.Data[:len(b.Data)-10] }})},
		{Name: "a C2PA box of an unknown purpose beside the store", Code: "asset.unreadBox", Recipe: Recipe{Tail: storeBox("manifesto", []byte("something"), 0, false)}},
		{Name: "a file cut in its media", Code: "asset.truncated", Also: []string{"assertion.bmffHash.mismatch"}, Recipe: Recipe{File: func(b *Built) []byte { return b.Data[:len(b.Data)-100] }}},
		{Name: "a box of four bytes", Code: "asset.malformed", Also: []string{"assertion.bmffHash.mismatch"}, Recipe: Recipe{File: func(b *Built) []byte { return append(bytes.Clone(b.Data), 0, 0, 0, 4, 'b', 'a', 'd', '!') }}},
		{Name: "bytes behind the last box that are signed", Code: "asset.trailingBytes", Recipe: Recipe{Container: Container{Trailing: []byte{1, 2, 3}}}},
		{Name: "the store behind the movie", Code: "asset.boxesMoved", Recipe: Recipe{Tail: []byte{}, File: nil, Container: Container{}, moved: true}},
		{Name: "a store of another version", Code: broken, Recipe: Recipe{Box: func(b []byte) []byte { b[24] = 9; return b }}},
		{Name: "a store with an unknown purpose", Code: broken, Recipe: Recipe{Purpose: "manifesto"}},
		{Name: "a store's box without a purpose", Code: broken, Recipe: Recipe{Box: func([]byte) []byte { return box("uuid", c2paUser, make([]byte, 4)) }}},
		{Name: "samples in a box that is not bound", Code: "asset.unboundTrack", Recipe: Recipe{
			Container: Container{Extra: box("free", random("media in free", 2000))}, Exclude: append(usual(), Exclusion{XPath: "/free"}), pointToFree: true,
		}},
		{Name: "media in another file", Code: "asset.externalData", Recipe: Recipe{Container: Container{External: "http://example.com/media.mp4"}}},
	}
}

// pointChunks makes every chunk offset point into the free box.
func pointChunks(file []byte) {
	var free int64
	for _, s := range roots(file) {
		if s.Type == "free" {
			free = s.Offset + 8
		}
	}
	for _, s := range find(file, 0, int64(len(file)), "moov/trak/mdia/minf/stbl/stco") {
		binary.BigEndian.PutUint32(file[s.Offset+16:], uint32(free))
	}
}
