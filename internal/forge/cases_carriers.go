package forge

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// kinds are the files that are no BMFF files, and those of them that have boxes.
var (
	kinds      = []string{"avi", "wav", "rf64", "webp", "mp3", "flac", "ogg", "jpeg", "png"}
	boxedKinds = []string{"avi", "wav", "webp", "ogg", "jpeg", "png"}
)

// in is a recipe for a file of a kind.
func in(c Carrier) Recipe { return Recipe{Carrier: &c} }

// without adds a range to the exclusions, in order.
func without(x func(p Places) Range) func(Places, []Any) []Any {
	return func(p Places, list []Any) []Any {
		r := x(p)
		more := Map{{"start", fixed(r.Offset)}, {"length", fixed(r.Length)}}
		if len(list) > 0 && r.Offset < p.Inner.Offset {
			return append([]Any{more}, list...)
		}
		return append(list, more)
	}
}

func goodCarriers() []Case {
	const match, boxes = "assertion.dataHash.match", "assertion.boxesHash.match"
	var out []Case
	for _, k := range kinds {
		out = append(out, Case{Name: k + ": by its bytes", Code: match, Recipe: in(Carrier{Kind: k})})
	}
	for _, k := range boxedKinds {
		out = append(out, Case{Name: k + ": by its boxes", Code: boxes, Recipe: in(Carrier{Kind: k, Boxes: true})})
	}
	size := without(func(Places) Range { return Range{4, 4} })
	grown := in(Carrier{Kind: "wav", Grown: 700})
	base := grown.Manifest
	grown.Manifest = Manifest{Update: true, Ingredients: []Ingredient{{Manifest: &base}}}
	detached := in(Carrier{Kind: "wav"})
	detached.Detached = true
	detachedBoxes := in(Carrier{Kind: "png", Boxes: true})
	detachedBoxes.Detached = true
	padded := in(Carrier{Kind: "wav"})
	padded.Pad = 100
	after := in(Carrier{Kind: "jpeg", Boxes: true, After: []byte("a second picture"), Entries: func(p Places, list []Map) []Map {
		return append(list, Map{{"names", []any{"c2pa.after"}}, {"hash", digest("", []byte("a second picture"))}})
	}})
	return append(out,
		Case{Name: "avi: of two RIFF chunks", Recipe: in(Carrier{Kind: "avi", Split: true})},
		Case{Name: "avi: of two RIFF chunks, by its boxes", Code: boxes, Recipe: in(Carrier{Kind: "avi", Split: true, Boxes: true})},
		Case{Name: "wav: sound of odd length", Recipe: in(Carrier{Kind: "wav", Odd: true})},
		Case{Name: "wav: zeroes behind the store", Recipe: padded},
		Case{Name: "wav: the size field is not bound", Code: "assertion.dataHash.additionalExclusionsPresent", Recipe: in(Carrier{Kind: "wav", Exclude: size})},
		Case{Name: "wav: a store that has grown by an update", Code: match, Recipe: grown},
		Case{Name: "wav: the store beside the file", Code: match, Recipe: detached},
		Case{Name: "png: the store beside the file, by its boxes", Code: boxes, Recipe: detachedBoxes},
		Case{Name: "mp3: a tag of version 2.2", Recipe: in(Carrier{Kind: "mp3", Version: 2})},
		Case{Name: "mp3: a tag of version 2.3", Recipe: in(Carrier{Kind: "mp3", Version: 3})},
		Case{Name: "mp3: the older media type, texts in UTF-16", Recipe: in(Carrier{Kind: "mp3", Legacy: true, Wide: true})},
		Case{Name: "mp3: an unsynchronised tag", Recipe: in(Carrier{Kind: "mp3", Version: 3, Unsync: true})},
		Case{Name: "mp3: an unsynchronised frame", Recipe: in(Carrier{Kind: "mp3", Unsync: true})},
		Case{Name: "mp3: a compressed frame", Recipe: in(Carrier{Kind: "mp3", Compress: true})},
		Case{Name: "mp3: a compressed and unsynchronised frame of version 2.3", Recipe: in(Carrier{Kind: "mp3", Version: 3, Compress: true, Unsync: true})},
		Case{Name: "ogg: pages between those of the store", Recipe: in(Carrier{Kind: "ogg", Split: true})},
		Case{Name: "ogg: pages between those of the store, by its boxes", Code: boxes, Recipe: in(Carrier{Kind: "ogg", Split: true, Boxes: true})},
		Case{Name: "jpeg: a store in several segments", Recipe: in(Carrier{Kind: "jpeg", Split: true})},
		Case{Name: "jpeg: several boxes in one digest", Code: boxes, Recipe: in(Carrier{Kind: "jpeg", Split: true, Boxes: true, Together: true})},
		Case{Name: "jpeg: what lies behind the picture is listed", Code: boxes, Recipe: after},
		Case{Name: "png: XMP that names a store elsewhere", Recipe: in(Carrier{Kind: "png", XMP: []byte("<x/>")})},
	)
}

// damage edits the finished file of a kind.
func damage(c Carrier, f func(p Places) []byte) Recipe {
	r := in(c)
	r.File = func(b *Built) []byte { p := b.Places; p.Data = bytes.Clone(p.Data); return f(p) }
	return r
}

// mediaBit changes a bit of what is shown or heard.
func mediaBit(p Places) []byte {
	p.Data[p.Media.Offset+p.Media.Length/2] ^= 1
	return p.Data
}

// twice puts a copy of the store's part behind itself.
func twice(p Places) []byte {
	s := p.Store[len(p.Store)-1]
	end := s.Offset + s.Length
	return slices.Concat(p.Data[:end], p.Data[p.Store[0].Offset:end], p.Data[end:])
}

func carrierCorruptions() []Case {
	const mismatch, broken = "assertion.dataHash.mismatch", "manifest.inaccessible.malformed"
	var out []Case
	for _, k := range kinds {
		out = append(out,
			Case{Name: k + ": a bit of the media", Code: mismatch, Recipe: damage(Carrier{Kind: k}, mediaBit)},
			Case{Name: k + ": a byte appended", Code: mismatch, Recipe: damage(Carrier{Kind: k}, func(p Places) []byte { return append(p.Data, 1) })},
			Case{Name: k + ": a byte that is no JUMBF in the store's header", Code: broken, Recipe: damage(Carrier{Kind: k}, noJUMBF)},
		)
	}
	for _, k := range boxedKinds {
		out = append(out, Case{Name: k + ": a bit of the media, by its boxes", Code: "assertion.boxesHash.mismatch", Recipe: damage(Carrier{Kind: k, Boxes: true}, mediaBit)})
	}
	return slices.Concat(out, dataHashCorruptions(), boxesHashCorruptions(), placeCorruptions())
}

// noJUMBF takes the first box's type away, in the first place where it stands.
func noJUMBF(p Places) []byte {
	at := p.Inner.Offset + 4
	if k := bytes.Index(p.Data[p.Store[0].Offset:], []byte("jumb")); k >= 0 {
		at = p.Store[0].Offset + int64(k)
	}
	copy(p.Data[at:], "xxxx")
	return p.Data
}

func dataHashCorruptions() []Case {
	const mismatch, malformed, more = "assertion.dataHash.mismatch", "assertion.dataHash.malformed", "assertion.dataHash.additionalExclusionsPresent"
	wav := func(name, code string, x func(Places, []Any) []Any) Case {
		return Case{Name: "data hash: " + name, Code: code, Recipe: in(Carrier{Kind: "wav", Exclude: x})}
	}
	edit := func(name, code string, f func(*Map)) Case {
		r := in(Carrier{Kind: "wav"})
		r.Manifest.BindingMap = f
		return Case{Name: "data hash: " + name, Code: code, Recipe: r}
	}
	one := func(start, length int64) []Any { return []Any{Map{{"start", fixed(start)}, {"length", fixed(length)}}} }
	dirty := in(Carrier{Kind: "wav"})
	dirty.Pad, dirty.Padding = 64, func(b []byte) { b[len(b)-1] = 1 }
	foreign := in(Carrier{Kind: "wav", Exclude: func(_ Places, list []Any) []Any { return append(one(100, 50), list...) }})
	foreign.Detached = true
	return []Case{
		wav("ranges in another order", malformed, func(p Places, list []Any) []Any { return append(list, one(4, 4)...) }),
		wav("ranges that overlap", malformed, func(p Places, list []Any) []Any { return append(list, one(p.Store[0].Offset+1, 1)...) }),
		wav("a range of a negative start", malformed, func(_ Places, list []Any) []Any { return append(one(-8, 4), list...) }),
		wav("a range of a negative length", malformed, func(_ Places, list []Any) []Any { return append(one(4, -4), list...) }),
		wav("a range behind the end", mismatch, func(p Places, list []Any) []Any { return append(list, one(int64(len(p.Data)), 1)...) }),
		wav("a range of every number there is", mismatch, func(p Places, list []Any) []Any { return append(list, one(int64(len(p.Data)), 1<<63-1)...) }),
		wav("the store's range takes sound along", mismatch, func(p Places, _ []Any) []Any { return one(p.Store[0].Offset-40, p.Store[0].Length+40) }),
		wav("sound is left out", more, without(func(p Places) Range { return Range{p.Media.Offset + 100, 200} })),
		{Name: "data hash: sound is left out, which binds part of it", Code: "asset.partiallyBound", Recipe: in(Carrier{Kind: "wav", Exclude: without(func(p Places) Range { return Range{p.Media.Offset + 100, 200} })})},
		{Name: "data hash: the store lies elsewhere and sound is left out", Code: "asset.partiallyBound", Recipe: foreign},
		{Name: "data hash: something else behind the store", Code: mismatch, Recipe: dirty},
		edit("exclusions that are no list", malformed, func(m *Map) { m.Set("exclusions", "all") }),
		edit("an exclusion without a length", malformed, func(m *Map) { m.Set("exclusions", []any{Map{{"start", fixed(4)}, {"lengthy", fixed(4)}}}) }),
		edit("no digest", mismatch, func(m *Map) { m.Del("hash") }),
		edit("no algorithm that is allowed", "algorithm.unsupported", func(m *Map) { m.Set("alg", "md5sum") }),
	}
}

func boxesHashCorruptions() []Case {
	const mismatch, malformed = "assertion.boxesHash.mismatch", "assertion.boxesHash.malformed"
	const unknown, more = "assertion.boxesHash.unknownBox", "assertion.boxesHash.additionalExclusionsPresent"
	png := func(name, code string, f func(p Places, list []Map) []Map) Case {
		return Case{Name: "boxes hash: " + name, Code: code, Recipe: in(Carrier{Kind: "png", Boxes: true, Entries: f})}
	}
	edit := func(i int, f func(*Map)) func(Places, []Map) []Map {
		return func(_ Places, list []Map) []Map { f(&list[i]); return list }
	}
	hole := func(x ...Map) func(*Map) {
		return func(m *Map) {
			var list []any
			for _, e := range x {
				list = append(list, e)
			}
			m.Set("exclusions", list)
		}
	}
	insert := func(p Places) []byte {
		at := p.Boxes[2].Offset
		return slices.Concat(p.Data[:at], pngChunk("zzZz", []byte("new")), p.Data[at:])
	}
	swap := func(p Places) []byte {
		a, b := p.Boxes[2], p.Boxes[3]
		x, y, z := p.Data[a.Offset:a.Offset+a.Size], p.Data[b.Offset:b.Offset+b.Size], p.Data[b.Offset+b.Size:]
		return slices.Concat(p.Data[:a.Offset], y, x, z)
	}
	all := in(Carrier{Kind: "png"})
	all.Manifest.Binding = "c2pa.hash.boxes"
	return []Case{
		{Name: "boxes hash: a chunk that it does not list", Code: unknown, Recipe: damage(Carrier{Kind: "png", Boxes: true}, insert)},
		{Name: "boxes hash: chunks in another order", Code: mismatch, Recipe: damage(Carrier{Kind: "png", Boxes: true}, swap)},
		{Name: "boxes hash: bytes behind the picture", Code: mismatch, Recipe: damage(Carrier{Kind: "png", Boxes: true}, func(p Places) []byte { return append(p.Data, 0) })},
		{Name: "boxes hash: the last chunk is not listed", Code: unknown, Recipe: in(Carrier{Kind: "png", Boxes: true, Entries: func(_ Places, l []Map) []Map { return l[:len(l)-1] }})},
		{Name: "boxes hash: not a list of boxes", Code: malformed, Recipe: all},
		{Name: "boxes hash: on a file without boxes", Code: mismatch, Recipe: boxesOn("mp3")},
		png("a chunk that the file does not have", mismatch, func(_ Places, l []Map) []Map {
			return append(l, Map{{"names", []any{"tEXt"}}, {"hash", make([]byte, 32)}})
		}),
		png("an entry without names", malformed, edit(1, func(m *Map) { m.Del("names") })),
		png("an entry with eleven names", malformed, edit(1, func(m *Map) { m.Set("names", slices.Repeat([]any{"x"}, 11)) })),
		png("the store among others", malformed, edit(2, func(m *Map) { m.Set("names", []any{"C2PA", "IDAT"}) })),
		png("an entry without a digest", mismatch, edit(1, func(m *Map) { m.Del("hash") })),
		png("an algorithm that is not allowed", "algorithm.unsupported", edit(1, func(m *Map) { m.Set("alg", "crc") })),
		png("exclusions in another order", malformed, edit(1, hole(Map{{"start", 8}, {"length", 4}}, Map{{"start", 4}, {"length", 4}}))),
		png("an exclusion of a box that is not named", malformed, edit(1, hole(Map{{"start", 8}, {"length", 4}, {"boxIndex", 1}}))),
		png("an exclusion that ends behind its box", mismatch, edit(1, hole(Map{{"start", 8}, {"length", 4000}}))),
		png("a chunk that is left out", more, edit(3, func(m *Map) { m.Set("excluded", true) })),
		{Name: "boxes hash: a chunk of the picture is left out, which binds part of it", Code: "asset.partiallyBound", Recipe: in(Carrier{Kind: "png", Boxes: true, Entries: edit(3, func(m *Map) { m.Set("excluded", true) })})},
		{Name: "boxes hash: bytes of a chunk are left out", Code: "asset.partiallyBound", Recipe: in(Carrier{Kind: "png", Boxes: true, Entries: func(p Places, l []Map) []Map {
			idat := p.Boxes[3]
			b := slices.Concat(p.Data[idat.Offset:idat.Offset+8], p.Data[idat.Offset+108:idat.Offset+idat.Size])
			hole(Map{{"start", 8}, {"length", 100}, {"boxIndex", 0}})(&l[3])
			l[3].Set("hash", digest("", b))
			return l
		}})},
	}
}

// boxesOn binds a file of a kind that has no boxes by some.
func boxesOn(kind string) Recipe {
	r := in(Carrier{Kind: kind})
	r.Manifest.Binding = "c2pa.hash.boxes"
	r.Manifest.BindingMap = func(m *Map) {
		*m = Map{{"boxes", []any{Map{{"names", []any{"audio"}}, {"hash", make([]byte, 32)}}}}, {"alg", "sha256"}}
	}
	return r
}

// placeCorruptions are about where the store lies and the container around it.
func placeCorruptions() []Case {
	const broken, several, cut, mismatch = "manifest.inaccessible.malformed", "asset.multipleStores", "asset.truncated", "assertion.dataHash.mismatch"
	var out []Case
	for _, k := range []string{"wav", "avi", "webp", "png", "jpeg"} {
		out = append(out, Case{Name: k + ": two stores", Code: several, Recipe: damage(Carrier{Kind: k}, func(p Places) []byte { return resized(k, twice(p)) })})
	}
	number := func(at int, v uint32) func(p Places) []byte {
		return func(p Places) []byte { binary.LittleEndian.PutUint32(p.Data[at:], v); return p.Data }
	}
	return append(out,
		Case{Name: "wav: the store's end is missing", Code: broken, Also: []string{cut}, Recipe: damage(Carrier{Kind: "wav"}, func(p Places) []byte { return p.Data[:len(p.Data)-10] })},
		Case{Name: "wav: a size of everything", Code: mismatch, Also: []string{cut}, Recipe: damage(Carrier{Kind: "wav"}, number(4, 1<<32-2))},
		Case{Name: "wav: a chunk that says more than there is", Code: cut, Also: []string{mismatch}, Recipe: damage(Carrier{Kind: "wav"}, number(40, 1<<31))},
		Case{Name: "avi: a chunk behind the store", Code: "asset.boxesMoved", Recipe: damage(Carrier{Kind: "avi"}, func(p Places) []byte {
			return resized("avi", append(p.Data, chunk("JUNK", make([]byte, 8))...))
		}), Also: []string{mismatch}},
		Case{Name: "png: a chunk that ends behind the file", Code: cut, Also: []string{mismatch}, Recipe: damage(Carrier{Kind: "png"}, func(p Places) []byte { return p.Data[:len(p.Data)-20] })},
		Case{Name: "png: the store's chunk reaches over the picture", Code: mismatch, Also: []string{cut}, Recipe: damage(Carrier{Kind: "png"}, func(p Places) []byte {
			at := p.Store[0].Offset
			binary.BigEndian.PutUint32(p.Data[at:], uint32(int64(len(p.Data))-at-12))
			return p.Data
		})},
		Case{Name: "jpeg: the store's segment reaches over the picture", Code: mismatch, Also: []string{cut}, Recipe: damage(Carrier{Kind: "jpeg"}, func(p Places) []byte {
			binary.BigEndian.PutUint16(p.Data[p.Store[0].Offset+2:], 0xfff0)
			return p.Data
		})},
		Case{Name: "mp3: a tag that ends behind the file", Code: cut, Also: []string{broken, "asset.malformed"}, Recipe: damage(Carrier{Kind: "mp3"}, func(p Places) []byte { return p.Data[:p.Inner.Offset+100] })},
		Case{Name: "mp3: a frame that ends behind its tag", Code: "asset.malformed", Also: []string{broken}, Recipe: damage(Carrier{Kind: "mp3"}, func(p Places) []byte {
			copy(p.Data[p.Store[0].Offset+4:], []byte{0x7f, 0, 0, 0})
			return p.Data
		})},
		Case{Name: "mp3: a compressed frame that is none", Code: broken, Recipe: damage(Carrier{Kind: "mp3", Compress: true}, func(p Places) []byte {
			copy(p.Data[p.Inner.Offset+p.Inner.Length-1000:], make([]byte, 40))
			return p.Data
		})},
		Case{Name: "ogg: a page of the store is missing", Code: broken, Recipe: damage(Carrier{Kind: "ogg", Split: true}, func(p Places) []byte {
			at := p.Store[1].Offset
			return slices.Concat(p.Data[:at], p.Data[at+27+2+255*2:])
		})},
		Case{Name: "ogg: the file ends in the store", Code: broken, Also: []string{cut}, Recipe: damage(Carrier{Kind: "ogg"}, func(p Places) []byte { return p.Data[:p.Inner.Offset+1500] })},
		Case{Name: "jpeg: a segment of the store is missing", Code: broken, Recipe: damage(Carrier{Kind: "jpeg", Split: true}, func(p Places) []byte {
			at := p.Store[0].Offset + 2 + 2 + 8 + 500
			return slices.Concat(p.Data[:at], p.Data[at+2+2+8+8+500:])
		})},
		Case{Name: "jpeg: a segment between those of the store", Code: broken, Recipe: damage(Carrier{Kind: "jpeg", Split: true}, func(p Places) []byte {
			at := p.Store[0].Offset + 2 + 2 + 8 + 500
			return slices.Concat(p.Data[:at], []byte{0xff, 0xfe, 0, 4, 'h', 'i'}, p.Data[at:])
		})},
	)
}

// resized corrects the size of a RIFF file to what it now has.
func resized(kind string, b []byte) []byte {
	if kind != "png" && kind != "jpeg" {
		binary.LittleEndian.PutUint32(b[4:], uint32(len(b)-8))
	}
	return b
}
