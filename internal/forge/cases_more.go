package forge

import (
	"bytes"
	"slices"
	"strings"
)

// lay puts a file together of what stands before the store, the part that carries it, of which its bytes begin behind
// head, and what follows.
func lay(before, part []byte, head, n int, after []byte) Places {
	at := int64(len(before))
	p := Places{Data: slices.Concat(before, part, after)}
	if n > 0 {
		p.Store = []Range{{at, int64(len(part))}}
		p.Inner = Range{at + int64(head), int64(n)}
	}
	return p
}

// around is a carrier of a kind whose store stands between two pieces, in a part that wrap makes of it.
func around(kind string, before []byte, wrap func([]byte) ([]byte, int), after []byte) Recipe {
	return in(Carrier{Kind: kind, Lay: func(store []byte) Places {
		if store == nil {
			return lay(before, nil, 0, 0, after)
		}
		part, head := wrap(store)
		return lay(before, part, head, len(store), after)
	}})
}

// mpegSound is a stream of MPEG sound that no player will like.
func mpegSound() []byte { return append([]byte{0xff, 0xfb, 0x90, 0x64}, random("sound", 800)...) }

// geob is the content of an ID3 frame with a store. ID3v2.4.0-frames, 4.15.
func geob(encoding byte, media string, store []byte) []byte {
	end := []byte{0}
	if encoding == 1 || encoding == 2 {
		end = []byte{0, 0}
	}
	return slices.Concat([]byte{encoding}, []byte(media), []byte{0}, end, end, store)
}

// id3Tag is a recipe for an ID3 tag with frames before and behind the store's and sound after it.
type id3Tag struct {
	version, flags byte
	extended       []byte
	before, behind []byte
	frame          func(store []byte) ([]byte, int) // the store's frame, and how many bytes stand before the store in it
	pad            int
	footer         bool
	sound          []byte
}

func (t id3Tag) recipe(kind string) Recipe {
	if t.sound == nil {
		t.sound = mpegSound()
	}
	if t.frame == nil {
		t.frame = func(store []byte) ([]byte, int) {
			data := geob(0, "application/c2pa", store)
			return id3Frame(int(t.version), "GEOB", data, 0), 10 + len(data) - len(store)
		}
	}
	return in(Carrier{Kind: kind, Lay: func(store []byte) Places {
		var frame []byte
		head := 0
		if store != nil {
			frame, head = t.frame(store)
		}
		body := slices.Concat(t.extended, t.before, frame, t.behind, make([]byte, t.pad))
		h := slices.Concat([]byte{'I', 'D', '3', t.version, 0, t.flags}, syncsafe(len(body)))
		before := slices.Concat(h, t.extended, t.before)
		after := slices.Concat(t.behind, make([]byte, t.pad))
		if t.footer {
			after = slices.Concat(after, []byte{'3', 'D', 'I'}, h[3:])
		}
		p := lay(before, frame, head, len(store), append(after, t.sound...))
		if store != nil {
			p.Store = []Range{p.Inner} // as c2pa-rs does
		}
		return p
	}})
}

func moreID3() []Case {
	const match = "assertion.dataHash.match"
	flagged := func(flag byte, front []byte) func([]byte) ([]byte, int) {
		return func(store []byte) ([]byte, int) {
			data := append(bytes.Clone(front), geob(0, "application/c2pa", store)...)
			return id3Frame(4, "GEOB", data, flag), 10 + len(data) - len(store)
		}
	}
	coded := func(encoding byte) func([]byte) ([]byte, int) {
		return func(store []byte) ([]byte, int) {
			data := geob(encoding, "application/c2pa", store)
			return id3Frame(4, "GEOB", data, 0), 10 + len(data) - len(store)
		}
	}
	length := func(store []byte) ([]byte, int) {
		data := geob(0, "application/c2pa", store)
		data = append(syncsafe(len(data)), data...)
		return id3Frame(4, "GEOB", data, 1), 10 + len(data) - len(store)
	}
	title := id3Frame(4, "TIT2", []byte("\x03a title"), 0)
	other := id3Frame(4, "GEOB", geob(0, "text/plain", []byte("something else")), 0)
	flac := slices.Concat([]byte("fLaC\x00\x00\x00\x22"), make([]byte, 34), []byte("\x04\x00\x00\x08\x00\x00\x00\x00\x00\x00\x00\x00"), []byte("\x81\x00\x00\x10"), make([]byte, 16), random("flac", 500))
	return []Case{
		{Name: "mp3: an extended header of version 2.4", Code: match, Recipe: id3Tag{version: 4, flags: 0x40, extended: []byte{0, 0, 0, 6, 1, 0}, before: title, pad: 20}.recipe("mp3")},
		{Name: "mp3: an extended header of version 2.3", Code: match, Recipe: id3Tag{version: 3, flags: 0x40, extended: []byte{0, 0, 0, 6, 0, 0, 0, 0, 0, 20}, before: id3Frame(3, "TIT2", []byte("\x00t"), 0), pad: 20}.recipe("mp3")},
		{Name: "mp3: an extended header of version 2.3 with a checksum", Code: match, Recipe: id3Tag{version: 3, flags: 0x40, extended: []byte{0, 0, 0, 10, 0x80, 0, 0, 0, 0, 20, 1, 2, 3, 4}, before: id3Frame(3, "TIT2", []byte("\x00t"), 0), pad: 20}.recipe("mp3")},
		{Name: "mp3: a footer", Code: match, Recipe: id3Tag{version: 4, flags: 0x10, before: title, footer: true}.recipe("mp3")},
		{Name: "mp3: a frame of a group", Code: match, Recipe: id3Tag{version: 4, frame: flagged(0x40, []byte{9})}.recipe("mp3")},
		{Name: "mp3: a frame that gives its length", Code: match, Recipe: id3Tag{version: 4, frame: length}.recipe("mp3")},
		{Name: "mp3: texts in UTF-8", Code: match, Recipe: id3Tag{version: 4, frame: coded(3)}.recipe("mp3")},
		{Name: "mp3: texts in UTF-16 without a mark", Code: match, Recipe: id3Tag{version: 4, frame: coded(2)}.recipe("mp3")},
		{Name: "mp3: another object before the store", Code: match, Recipe: id3Tag{version: 4, before: slices.Concat(title, other), behind: other, pad: 7}.recipe("mp3")},
		{Name: "mp3: a tag without padding", Code: match, Recipe: id3Tag{version: 3}.recipe("mp3")},
		{Name: "mp3: an old tag behind the sound", Code: match, Recipe: id3Tag{version: 3, sound: append(mpegSound(), append([]byte("TAG"), make([]byte, 125)...)...)}.recipe("mp3")},
		{Name: "flac: comments and padding of its own", Code: match, Recipe: id3Tag{version: 4, sound: flac}.recipe("flac")},
		{Name: "flac: a tag of version 2.3", Code: match, Recipe: id3Tag{version: 3, pad: 100, sound: flac}.recipe("flac")},
	}
}

// riffOf is a RIFF file of chunks, with the store's among them.
func riffOf(id, form string, before, after []byte) func(store []byte) Places {
	return func(store []byte) Places {
		var part []byte
		if store != nil {
			part = chunk("C2PA", store)
		}
		n := 4 + len(before) + len(part) + len(after)
		head := slices.Concat([]byte(id), le32(n), []byte(form), before)
		return lay(head, part, 8, len(store), after)
	}
}

func moreRIFF() []Case {
	const match = "assertion.dataHash.match"
	fmtChunk := chunk("fmt ", slices.Concat([]byte{1, 0, 1, 0}, le32(8000), le32(16000), []byte{2, 0, 16, 0}))
	data, odd := chunk("data", random("wav data", 600)), chunk("data", random("wav data", 601))
	info := chunk("LIST", append([]byte("INFO"), chunk("INAM", []byte("a name\x00"))...))
	id3 := chunk("id3 ", slices.Concat([]byte("ID3\x04\x00\x00"), syncsafe(18), id3Frame(4, "TIT2", []byte("\x00a title"), 0)))
	extended := chunk("VP8X", []byte{0x0c, 0, 0, 0, 15, 0, 0, 15, 0, 0})
	exif, xmp := chunk("EXIF", []byte("II*\x00\x08\x00\x00\x00\x00\x00")), chunk("XMP ", []byte("<x:xmpmeta xmlns:x='adobe:ns:meta/'/>"))
	make1 := func(name, kind, code string, f func([]byte) Places) Case {
		return Case{Name: name, Code: code, Recipe: in(Carrier{Kind: kind, Lay: f})}
	}
	return []Case{
		make1("wav: broadcast chunks before the sound", "wav", match, riffOf("RIFF", "WAVE", slices.Concat(chunk("bext", make([]byte, 602)), chunk("JUNK", make([]byte, 28)), fmtChunk, data), nil)),
		make1("wav: names and a tag behind the sound", "wav", match, riffOf("RIFF", "WAVE", slices.Concat(fmtChunk, odd, info, id3), nil)),
		make1("wav: the store before the sound", "wav", match, riffOf("RIFF", "WAVE", fmtChunk, data)),
		make1("webp: a picture with EXIF and XMP", "webp", match, riffOf("RIFF", "WEBP", slices.Concat(extended, chunk("VP8L", random("vp8l", 333)), exif, xmp), nil)),
		make1("webp: an animation", "webp", match, riffOf("RIFF", "WEBP", slices.Concat(chunk("VP8X", []byte{2, 0, 0, 0, 15, 0, 0, 15, 0, 0}), chunk("ANIM", make([]byte, 6)), chunk("ANMF", random("frame", 200))), nil)),
		make1("avi: an index of OpenDML and padding", "avi", match, riffOf("RIFF", "AVI ", slices.Concat(
			chunk("LIST", slices.Concat([]byte("hdrl"), chunk("avih", make([]byte, 56)), chunk("LIST", slices.Concat([]byte("odml"), chunk("dmlh", make([]byte, 248)))))),
			chunk("JUNK", make([]byte, 31)), chunk("LIST", append([]byte("movi"), chunk("00dc", random("avi media", 501))...)), chunk("idx1", make([]byte, 16))), nil)),
		make1("bw64: by its bytes", "wav", match, func(store []byte) Places {
			ds64 := chunk("ds64", slices.Concat(le64(0), le64(600), le64(0), le32(0)))
			sound := bytes.Clone(data)
			copy(sound[4:], le32(-1))
			p := riffOf("BW64", "WAVE", slices.Concat(ds64, fmtChunk, sound), nil)(store)
			copy(p.Data[20:], le64(len(p.Data)-8))
			copy(p.Data[4:], le32(-1))
			return p
		}),
	}
}

// jpegSegment is a segment of a JPEG file.
func jpegSegment(marker byte, data []byte) []byte {
	return slices.Concat([]byte{0xff, marker}, be16(len(data)+2), data)
}

// jumbfSegments divides a JUMBF box into segments of APP11. ISO/IEC 19566-5, D.2.
func jumbfSegments(number int, box []byte, step int) (out [][]byte) {
	for i, at := 0, 0; at < len(box); i++ {
		end := min(at+step, len(box))
		data := slices.Concat([]byte("JP"), be16(number), be32(i+1))
		if i > 0 {
			data = append(data, box[:8]...)
		}
		out = append(out, jpegSegment(0xeb, append(data, box[at:end]...)))
		at = end
	}
	return out
}

func moreStills() []Case {
	const match, broken = "assertion.dataHash.match", "manifest.inaccessible.malformed"
	start := append([]byte{0xff, 0xd8}, jpegSegment(0xe0, []byte("JFIF\x00\x01\x02\x00\x00\x01\x00\x01\x00\x00"))...)
	picture := slices.Concat(jpegSegment(0xdb, make([]byte, 65)), jpegSegment(0xc0, unhex("080010001001011100")), jpegSegment(0xda, unhex("010100003F00")), bytes.ReplaceAll(random("scan", 500), []byte{0xff}, []byte{0xff, 0}), []byte{0xff, 0xd9})
	jpeg := func(name, code string, order func([][]byte) [][]byte, step int, before, after []byte) Case {
		return Case{Name: "jpeg: " + name, Code: code, Recipe: around("jpeg", append(bytes.Clone(start), before...), func(store []byte) ([]byte, int) {
			return bytes.Join(order(jumbfSegments(0x211, store, step)), nil), 12
		}, append(bytes.Clone(after), picture...))}
	}
	same := func(s [][]byte) [][]byte { return s }
	swapped := func(s [][]byte) [][]byte { // the first pass has none
		if s = slices.Clone(s); len(s) > 1 {
			s[0], s[1] = s[1], s[0]
		}
		return s
	}
	filled := func(s [][]byte) [][]byte { return append([][]byte{{0xff, 0xff}}, s...) }
	doubled := func(s [][]byte) [][]byte { return append(slices.Clone(s[:min(len(s), 1)]), s...) }
	foreign := jumbfSegments(7, Super(kind("abcd"), "com.example.box", Leaf("json", []byte("{}"))).Bytes(), 60000)[0]
	head := []byte("\x89PNG\r\n\x1a\n")
	ihdr, idat, iend := pngChunk("IHDR", unhex("00000010000000100800000000")), pngChunk("IDAT", random("idat", 400)), pngChunk("IEND", nil)
	png := func(name, code string, before, after []byte) Case {
		return Case{Name: "png: " + name, Code: code, Recipe: around("png", append(bytes.Clone(head), before...), func(store []byte) ([]byte, int) { return pngChunk("caBX", store), 8 }, after)}
	}
	return []Case{
		jpeg("segments of another box before the store", match, same, 60000, foreign, nil),
		jpeg("segments of another box behind the store", match, same, 60000, nil, foreign),
		jpeg("segments of the store that are as small as can be", match, same, 64, nil, nil),
		jpeg("EXIF and a comment around the store", match, same, 60000, jpegSegment(0xe1, []byte("Exif\x00\x00II*\x00\x08\x00\x00\x00\x00\x00")), jpegSegment(0xfe, []byte("comment"))),
		png("the store behind the picture", match, slices.Concat(ihdr, idat), iend),
		png("the store between pieces of the picture", match, slices.Concat(ihdr, idat), slices.Concat(idat, iend)),
		png("chunks of text and time around the store", match, slices.Concat(ihdr, pngChunk("tEXt", []byte("Comment\x00hello"))), slices.Concat(pngChunk("tIME", make([]byte, 7)), idat, iend)),
		png("an animation", match, slices.Concat(ihdr, pngChunk("acTL", make([]byte, 8))), slices.Concat(idat, pngChunk("fdAT", random("fdat", 90)), iend)),
		jpeg("segments of the store in another order", broken, swapped, 500, nil, nil),
		jpeg("a segment of the store twice", "asset.multipleStores", doubled, 500, nil, nil),
		jpeg("bytes that fill before the store", match, filled, 60000, nil, nil),
	}
}

func moreOgg() []Case {
	const match = "assertion.dataHash.match"
	vorbis := append([]byte("\x01vorbis"), make([]byte, 23)...)
	pages := func(serial int, store []byte, step int) (out [][]byte) {
		packet := append([]byte("\x00c2pa"), store...)
		flags := byte(2)
		for i := 0; len(packet) > 0; i++ {
			n := min(step, len(packet))
			last := n == len(packet)
			if last && n%255 == 0 {
				n--
				last = false
			}
			f := flags
			if last {
				f |= 4
			}
			out = append(out, page(serial, i, f, packet[:n], last))
			packet, flags = packet[n:], 1
		}
		return out
	}
	spread := func(name string, f func(store [][]byte) [][]byte) Case {
		return Case{Name: "ogg: " + name, Code: match, Recipe: in(Carrier{Kind: "ogg", Lay: func(store []byte) Places {
			var mine [][]byte
			if store != nil {
				mine = pages(9, store, 255*3)
			}
			p := Places{}
			for _, pg := range f(mine) {
				at := int64(len(p.Data))
				p.Data = append(p.Data, pg...)
				if store != nil && bytes.Equal(pg[14:18], le32(9)) {
					if n := len(p.Store); n > 0 && p.Store[n-1].Offset+p.Store[n-1].Length == at {
						p.Store[n-1].Length += int64(len(pg))
					} else {
						p.Store = append(p.Store, Range{at, int64(len(pg))})
					}
				}
			}
			if len(p.Store) > 0 {
				p.Inner = p.Store[0]
			}
			return p
		}})}
	}
	first, second, third := page(7, 0, 2, vorbis, true), page(8, 0, 2, append([]byte("\x80theora"), make([]byte, 35)...), true), page(7, 1, 4, random("ogg", 700), true)
	rest := page(8, 1, 4, random("ogg video", 900), true)
	return []Case{
		spread("the store's stream begins first", func(s [][]byte) [][]byte { return slices.Concat(s, [][]byte{first, third}) }),
		spread("the store among sound and pictures", func(s [][]byte) [][]byte {
			if len(s) == 0 {
				return [][]byte{first, second, third, rest}
			}
			return slices.Concat([][]byte{first, second, s[0]}, s[1:], [][]byte{third, rest})
		}),
		spread("the first pages of the store behind others", func(s [][]byte) [][]byte {
			if len(s) < 3 {
				return [][]byte{first, third}
			}
			out := [][]byte{first, s[0], page(7, 1, 0, random("between", 90), true), s[1], page(7, 2, 0, random("between 2", 90), true)}
			return append(append(out, s[2:]...), page(7, 3, 4, random("ogg", 700), true))
		}),
		spread("a second chain behind the first", func(s [][]byte) [][]byte {
			return slices.Concat([][]byte{first}, s, [][]byte{third, page(17, 0, 2, vorbis, true), page(17, 1, 4, random("chained", 300), true)})
		}),
	}
}

func moreBMFF() []Case {
	const match = "assertion.bmffHash.match"
	item := func(brand string) Container {
		meta := full("meta", 0, 0, full("hdlr", 0, 0, be32(0), []byte("pict"), make([]byte, 13)), full("pitm", 0, 0, be16(1)))
		return Container{Raw: slices.Concat(box("ftyp", []byte(brand), be32(0), []byte("mif1"+brand)), meta, box("mdat", random("item", 300)))}
	}
	out := []Case{
		{Name: "a picture in HEIF", Code: match, Recipe: Recipe{Container: item("heic")}},
		{Name: "a picture in AVIF", Code: match, Recipe: Recipe{Container: item("avif")}},
		{Name: "the store in a box with a 64-bit size", Code: match, Recipe: Recipe{Container: Container{LargeUUID: true}}},
		{Name: "moov behind mdat, with a free box and 64-bit sizes", Code: match, Recipe: Recipe{Container: Container{MoovLast: true, LargeMdat: true, CO64: true, Free: 8}}},
	}
	for _, brand := range []string{"3gp5", "3g2a", "M4A ", "M4V ", "M4B ", "dash", "iso6", "mp42"} {
		out = append(out, Case{Name: "a file of the brand " + brand, Code: match, Recipe: Recipe{Container: Container{Brand: brand}}})
	}
	return out
}

// brotliStored is a Brotli stream that compresses nothing: a window of 64 KiB, one piece as it is, and the end. RFC 7932,
// 9.
func brotliStored(b []byte) []byte {
	n := len(b) - 1
	bits := uint32(n)<<4 | 1<<20 // WBITS 0, ISLAST 0, MNIBBLES 0 0, MLEN in sixteen bits, ISUNCOMPRESSED
	return slices.Concat([]byte{byte(bits), byte(bits >> 8), byte(bits >> 16)}, b, []byte{3})
}

// compressed puts the manifests of a store, all or the active one, into boxes for compressed ones. C2PA 2.5, 11.2.2.
func compressed(all bool, edit func([]byte) []byte) func(*Node) {
	return func(s *Node) {
		for i, k := range s.Kids {
			if !all && i < len(s.Kids)-1 {
				continue
			}
			b := brotliStored(k.Bytes())
			if edit != nil {
				b = edit(b)
			}
			s.Kids[i] = Super(kind("c2cm"), k.Label, Leaf("brob", b))
		}
	}
}

func moreStores() []Case {
	const match = "assertion.bmffHash.match"
	note := Assertion{Label: "com.example.note", CBOR: Map{{"a", 1}}}
	base := &Manifest{Assertions: []Assertion{note}}
	update := func(m *Manifest) *Manifest { return &Manifest{Update: true, Ingredients: []Ingredient{{Manifest: m}}} }
	placed := []Action{{Name: "c2pa.created", Source: "digitalCapture"}, {Name: "c2pa.placed", Ingredient: []int{0, 1}}}
	shared := &Manifest{}
	return []Case{
		{Name: "a compressed manifest", Code: match, Recipe: Recipe{Tree: compressed(false, nil)}},
		{Name: "three updates one on another", Code: match, Recipe: Recipe{Manifest: *update(update(update(base)))}},
		{Name: "one manifest as two components", Code: match, Recipe: Recipe{Manifest: Manifest{Actions: placed, Ingredients: []Ingredient{{Relationship: "componentOf", Manifest: shared}, {Relationship: "componentOf", Manifest: shared}}}}},
		{Name: "an input with provenance", Code: match, Recipe: Recipe{Manifest: Manifest{Ingredients: []Ingredient{{Relationship: "inputTo", Manifest: &Manifest{}}}}}},
		{Name: "a parent, a component and an input", Code: match, Recipe: Recipe{Manifest: Manifest{
			Ingredients: []Ingredient{{Manifest: &Manifest{}}, {Relationship: "componentOf", Manifest: &Manifest{}}, {Relationship: "inputTo"}},
			Actions:     []Action{{Name: "c2pa.opened", Ingredient: []int{0}}, {Name: "c2pa.placed", Ingredient: []int{1}}},
		}}},
		{Name: "a time-stamp manifest beside the others", Code: match, Recipe: Recipe{Tree: func(s *Node) {
			s.Kids = append([]*Node{Super(kind("c2tm"), "urn:c2pa:11111111-0000-4000-8000-000000000000", Leaf("json", []byte("{}")))}, s.Kids...)
		}}},
		{Name: "a credential store of old", Code: match, Recipe: Recipe{Manifest: Manifest{AfterSign: func(m *Node) {
			m.Kids = append(m.Kids, Super(kind("c2vc"), "c2pa.credentials", Super(kind("json"), "did:example:1", Leaf("json", []byte("{}")))))
		}}}},
		{Name: "a vendor's label of the old kind", Code: match, Recipe: Recipe{Manifest: Manifest{Label: "forge:urn:uuid:F9168C5E-CEB2-4FAA-B6BF-329BF39FA1E4"}}},
		{Name: "several actions assertions", Code: match, Recipe: Recipe{Manifest: Manifest{Assertions: []Assertion{{Label: "c2pa.actions.v2__1", CBOR: Map{{"actions", []any{Map{{"action", "c2pa.edited"}}}}}}}}}},
		{Name: "gathered actions beside created ones", Code: match, Recipe: Recipe{Manifest: Manifest{Assertions: []Assertion{{Label: "c2pa.actions.v2__1", List: "gathered", CBOR: Map{{"actions", []any{Map{{"action", "c2pa.color_adjustments"}}}}}}}}}},
		{Name: "a claim of version 1 with its older generator", Code: match, Recipe: Recipe{Manifest: Manifest{ClaimV1: true, ActionsV1: true, Claim: func(c *Map) { c.Del("claim_generator_info") }}}},
		{Name: "a compressed manifest with bytes behind it", Code: "manifest.compressed.invalid", Recipe: Recipe{Tree: compressed(false, func(b []byte) []byte { return append(b, 1, 2, 3) })}},
		{Name: "a compressed manifest that is cut", Code: "manifest.compressed.invalid", Recipe: Recipe{Tree: compressed(false, func(b []byte) []byte { return b[:len(b)/2] })}},
		{Name: "a compressed manifest under another label", Code: "manifest.compressed.invalid", Recipe: Recipe{Tree: func(s *Node) {
			k := s.Kids[len(s.Kids)-1]
			s.Kids[len(s.Kids)-1] = Super(kind("c2cm"), "urn:c2pa:22222222-0000-4000-8000-000000000000", Leaf("brob", brotliStored(k.Bytes())))
		}}},
		{Name: "a manifest compressed twice", Code: "manifest.compressed.invalid", Recipe: Recipe{Tree: func(s *Node) { compressed(false, nil)(s); compressed(false, nil)(s) }}},
	}
}

func moreBindings() []Case {
	const match, malformed, partly = "assertion.dataHash.match", "assertion.dataHash.malformed", "asset.partiallyBound"
	one := func(start, length int64) any { return Map{{"start", fixed(start)}, {"length", fixed(length)}} }
	png := func(name, code string, x func(Places, []Any) []Any) Case {
		return Case{Name: "data hash: " + name, Code: code, Recipe: in(Carrier{Kind: "png", Exclude: x})}
	}
	edited := func(name, code string, m Manifest) Case {
		r := in(Carrier{Kind: "png"})
		r.Manifest = m
		return Case{Name: "data hash: " + name, Code: code, Recipe: r}
	}
	return []Case{
		png("the store's range in two that touch", match, func(p Places, _ []Any) []Any {
			s := p.Store[0]
			return []Any{one(s.Offset, 100), one(s.Offset+100, s.Length-100)}
		}),
		png("a range of no bytes", match, func(p Places, list []Any) []Any { return append([]Any{one(8, 0)}, list...) }),
		png("a range that touches the store's and takes of the picture", partly, func(p Places, list []Any) []Any {
			return append(list, one(p.Store[0].Offset+p.Store[0].Length, 12))
		}),
		png("one range twice", malformed, func(p Places, list []Any) []Any { return append(list, list...) }),
		edited("by SHA-512 under a claim of SHA-256", match, Manifest{BindingMap: func(m *Map) { m.Set("pad2", make([]byte, 3)) }}),
		edited("padding that is not zero", match, Manifest{BindingMap: func(m *Map) { m.Set("pad", []byte("padding!")) }}),
		edited("by SHA-384", match, Manifest{Alg: "sha384"}),
		edited("its algorithm is the claim's", match, Manifest{Alg: "sha512", BindingMap: func(m *Map) { m.Del("alg") }}),
		edited("members that nobody knows", match, Manifest{BindingMap: func(m *Map) { m.Set("com.example.more", "x") }}),
	}
}

// more are further files, by the variety of what writers make. Those whose code is that of a match are good.
func more(good bool) []Case {
	var out []Case
	for _, c := range slices.Concat(moreID3(), moreRIFF(), moreStills(), moreOgg(), moreBMFF(), moreStores(), moreBindings()) {
		if good == strings.HasSuffix(c.Code, "Hash.match") {
			out = append(out, c)
		}
	}
	return out
}
