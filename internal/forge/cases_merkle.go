package forge

import "bytes"

// blocks is a flat file that is bound by blocks of 100 bytes, beside a hash over the rest.
func blocks(m Merkle) Recipe {
	if m.Block == 0 && m.Sizes == nil {
		m.Block = 100
	}
	return Recipe{Container: Container{LargeMdat: true}, Merkle: &m}
}

// chunks is a flat file whose tracks are bound by their chunks, four samples in the first and two in the second.
func chunks(m Merkle) Recipe {
	m.Timed = true
	return Recipe{Container: Container{PerChunk: 4}, Merkle: &m}
}

// fragments is a fragmented file of five.
func fragments(m Merkle) Recipe {
	m.Fragments = 5
	return Recipe{Merkle: &m}
}

func goodMerkle() []Case {
	return []Case{
		{Name: "blocks of one size", Recipe: blocks(Merkle{})},
		{Name: "blocks of several sizes", Recipe: blocks(Merkle{Sizes: []int{100, 316, 400}})},
		{Name: "blocks and a row above the leaves", Recipe: blocks(Merkle{Level: 2})},
		{Name: "blocks and the root alone", Recipe: blocks(Merkle{Level: 4})},
		{Name: "blocks by SHA-384", Recipe: Recipe{Container: Container{LargeMdat: true}, Manifest: Manifest{Alg: "sha384"}, Merkle: &Merkle{Block: 100}}},
		{Name: "chunks of tracks", Recipe: chunks(Merkle{})},
		{Name: "chunks of tracks and a row above the leaves", Recipe: chunks(Merkle{Level: 1})},
		{Name: "fragments", Code: "assertion.bmffHash.match", Recipe: fragments(Merkle{})},
		{Name: "fragments and a row above the leaves", Recipe: fragments(Merkle{Level: 1})},
		{Name: "fragments and the root alone", Recipe: fragments(Merkle{Level: 3})},
		{Name: "a set of fragments", Recipe: fragments(Merkle{Set: true, Level: 1})},
	}
}

func merkleCorruptions() []Case {
	const malformed, mismatch = "assertion.bmffHash.malformed", "assertion.bmffHash.mismatch"
	edit := func(f func(*Map)) Merkle { return Merkle{Map: f} }
	aux := func(f func(i int, m *Map)) Merkle { return Merkle{Level: 1, Aux: f} }
	set := func(f func(*Built)) Recipe { return fragments(Merkle{Set: true, Level: 1, Fragment: f}) }
	flat := func(name, code string, m Merkle) Case {
		return Case{Name: "blocks: " + name, Code: code, Recipe: blocks(m)}
	}
	frag := func(name, code string, r Recipe) Case {
		return Case{Name: "fragments: " + name, Code: code, Recipe: r}
	}
	changed := fragments(Merkle{})
	changed.File = func(b *Built) []byte { return flip(-20)(b.Data) }
	dropped := fragments(Merkle{})
	dropped.File = func(b *Built) []byte { return b.Data[:b.moofs()[4].Offset] }
	opening := fragments(Merkle{})
	opening.File = func(b *Built) []byte { return flipIn(b, "moov", 40) }
	both := fragments(Merkle{})
	both.Manifest.BindingMap = func(m *Map) { m.Set("hash", make([]byte, 32)) }
	block := blocks(Merkle{})
	block.File = func(b *Built) []byte { return flipIn(b, "mdat", 300) }
	return append(chunkCorruptions(), []Case{
		{Name: "blocks: a byte of the media", Code: mismatch, Recipe: block},
		flat("a digest of a leaf", mismatch, edit(func(m *Map) { m.Get("hashes").([]any)[3] = make([]byte, 32) })),
		flat("a count of one more", malformed, edit(func(m *Map) { m.Set("count", m.Get("count").(int)+1) })),
		flat("a row that no tree has", malformed, edit(func(m *Map) { m.Set("hashes", m.Get("hashes").([]any)[:7]) })),
		flat("blocks of no size", malformed, edit(func(m *Map) { m.Set("fixedBlockSize", 0) })),
		flat("sizes of both kinds", malformed, edit(func(m *Map) { m.Set("variableBlockSizes", []any{816}) })),
		flat("sizes that leave bytes over", malformed, Merkle{Sizes: []int{100, 316, 400}, Map: func(m *Map) { m.Set("variableBlockSizes", []any{100, 316, 300}) }}),
		flat("a digest of an opening that is none", malformed, edit(func(m *Map) { m.Set("initHash", make([]byte, 32)) })),
		flat("a tree over the media alone", "asset.partiallyBound", Merkle{Only: true}),
		frag("a byte of the media", mismatch, changed),
		frag("a byte of the opening", mismatch, opening),
		frag("the last one is gone", mismatch, dropped),
		frag("no digest of the opening", malformed, fragments(edit(func(m *Map) { m.Del("initHash") }))),
		frag("a hash over the whole as well", malformed, both),
		also(frag("one without its proof", malformed, fragments(Merkle{Level: 1, DropAux: func(i int) bool { return i == 2 }})), mismatch),
		frag("a proof of another tree", mismatch, fragments(aux(func(i int, m *Map) {
			if i == 2 {
				m.Set("uniqueId", 815)
			}
		}))),
		frag("one place twice", mismatch, fragments(aux(func(i int, m *Map) {
			if i == 2 {
				m.Set("location", 1)
			}
		}))),
		also(frag("a place outside the tree", malformed, fragments(aux(func(i int, m *Map) {
			if i == 4 {
				m.Set("location", 5)
			}
		}))), mismatch),
		frag("a proof with more than it needs", malformed, fragments(aux(func(i int, m *Map) {
			if i == 1 {
				m.Set("hashes", append(m.Get("hashes").([]any), make([]byte, 32)))
			}
		}))),
		frag("two files of a set in each other's place", mismatch, set(func(b *Built) { b.Parts[1], b.Parts[2] = swapMedia(b.Parts[1], b.Parts[2]) })),
		frag("a byte of a file of a set", mismatch, set(func(b *Built) { b.Parts[3] = flip(-20)(b.Parts[3]) })),
	}...)
}

// chunkCorruptions are those of trees over the chunks of tracks, as before C2PA 2.2.
func chunkCorruptions() []Case {
	const malformed, mismatch = "assertion.bmffHash.malformed", "assertion.bmffHash.mismatch"
	edit := func(f func(*Map)) Merkle { return Merkle{Map: f} }
	timed := func(name, code string, m Merkle) Case {
		return Case{Name: "chunks: " + name, Code: code, Recipe: chunks(m)}
	}
	first, second, last := chunks(Merkle{Level: 1}), chunks(Merkle{}), chunks(Merkle{Level: 1})
	first.File = func(b *Built) []byte { return flipIn(b, "mdat", 40) }
	second.File = func(b *Built) []byte { return flipIn(b, "mdat", 8+4*120) }
	last.File = func(b *Built) []byte { return flipIn(b, "mdat", 8+6*136-1) }
	one := chunks(Merkle{Map: func(m *Map) {
		if m.Get("localId") == 2 {
			m.Set("localId", 1)
		}
	}})
	return []Case{
		{Name: "chunks: a byte of the first one", Code: mismatch, Recipe: first},
		{Name: "chunks: a byte of the second one", Code: mismatch, Recipe: second},
		{Name: "chunks: a byte of the last one", Code: mismatch, Recipe: last},
		{Name: "chunks: two trees for a track", Code: malformed, Recipe: one},
		timed("a count of one more", malformed, edit(func(m *Map) { m.Set("count", m.Get("count").(int)+1) })),
		timed("a digest of a leaf", mismatch, edit(func(m *Map) { m.Get("hashes").([]any)[1] = make([]byte, 32) })),
		timed("one without its proof", malformed, Merkle{DropAux: func(i int) bool { return i == 1 }}),
		timed("one place twice", malformed, Merkle{Aux: func(_ int, m *Map) { m.Set("location", 0) }}),
		timed("a proof of another chunk", mismatch, Merkle{Level: 1, Aux: func(i int, m *Map) {
			if i == 0 {
				m.Set("hashes", []any{make([]byte, 32)})
			}
		}}),
		timed("trees of tracks that there are not", mismatch, edit(func(m *Map) { m.Set("localId", m.Get("localId").(int)+7) })),
		timed("a tree over the media alone", "asset.partiallyBound", Merkle{Only: true}),
	}
}

// moofs are the movie fragments of the file.
func (b *Built) moofs() []Span {
	var out []Span
	for _, s := range b.Roots {
		if s.Type == "moof" {
			out = append(out, s)
		}
	}
	return out
}

// swapMedia exchanges the media of two files whose sizes are the same.
func swapMedia(a, b []byte) ([]byte, []byte) {
	x, y := bytes.Clone(a), bytes.Clone(b)
	n := 300
	copy(x[len(x)-n:], b[len(b)-n:])
	copy(y[len(y)-n:], a[len(a)-n:])
	return x, y
}
