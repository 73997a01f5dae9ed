package forge

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// Carrier says that the file is no BMFF file, and how it looks. Its content is bound by c2pa.hash.data, or by
// c2pa.hash.boxes. C2PA 2.5, A.3.
type Carrier struct {
	Kind string // avi, wav, rf64, webp, mp3, flac, ogg, jpeg, png

	Boxes    bool // bound by the file's boxes
	Together bool // and all of them but the store's in two entries
	Split    bool // avi: a second RIFF chunk. jpeg: the store in several segments. ogg: pages of the store between others
	Odd      bool // riff: media and store with a pad byte
	Straight bool // jpeg: a scan without restart markers
	After    []byte

	Version  int  // of the ID3 tag; default 4
	Unsync   bool // the tag, or in version 4 the frame, is unsynchronised
	Compress bool // the frame is compressed
	Legacy   bool // the media type of older stores
	Wide     bool // texts in UTF-16

	Grown   int                              // bytes that the store has grown by since it was bound
	Exclude func(p Places, x []Any) []Any    // edits the exclusions of the data hash
	Entries func(p Places, list []Map) []Map // edits the entries of the boxes hash
	XMP     []byte
	// Lay writes the file around a store in place of the usual layout of the kind; nil: it has no store.
	Lay func(store []byte) Places

	size     int // of the store in the last pass
	detached bool
}

// Any is a value for CBOR.
type Any = any

// Places is where things lie in a file of a [Carrier].
type Places struct {
	Data  []byte
	Boxes []Span  // as c2pa.hash.boxes names them
	Store []Range // the container's part that carries the store, in one piece or several
	Inner Range   // the store's own bytes on disk
	Media Range   // of some of what is shown or heard
	pages map[string][]Range
	tag   int64 // where the ID3 tag ends
}

// writer puts a file together and remembers where its boxes lie.
type writer struct{ p Places }

func (w *writer) box(name string, data []byte) int64 {
	at := int64(len(w.p.Data))
	w.p.Boxes = append(w.p.Boxes, Span{name, at, int64(len(data))})
	w.p.Data = append(w.p.Data, data...)
	return at
}

// store adds the part that carries the store, of which head bytes stand in front of it; nil: the file has none.
func (w *writer) store(part []byte, head, n int) {
	if n == 0 {
		return
	}
	at := w.box("C2PA", part)
	w.p.Store = append(w.p.Store, Range{at, int64(len(part))})
	if w.p.Inner.Length == 0 {
		w.p.Inner = Range{at + int64(head), int64(n)}
	}
}

func (w *writer) media(name string, data []byte, head int) {
	at := w.box(name, data)
	w.p.Media = Range{at + int64(head), int64(len(data) - head)}
}

// layout writes the file around a store.
func (c *Carrier) layout(store []byte) Places {
	if c.Lay != nil {
		p := c.Lay(store)
		p.Data = append(p.Data, c.After...)
		return p
	}
	w := &writer{}
	switch c.Kind {
	case "avi", "wav", "rf64", "webp":
		c.riff(w, store)
	case "mp3", "flac":
		c.id3(w, store)
	case "ogg":
		c.ogg(w, store)
	case "jpeg":
		c.jpeg(w, store)
	case "png":
		c.png(w, store)
	default:
		panic("forge: no carrier " + c.Kind)
	}
	w.p.Data = append(w.p.Data, c.After...)
	return w.p
}

func le32(v int) []byte { return binary.LittleEndian.AppendUint32(nil, uint32(v)) }

// chunk is a chunk of RIFF: little-endian, padded to even.
func chunk(id string, data []byte) []byte {
	b := append(append([]byte(id), le32(len(data))...), data...)
	if len(data)%2 == 1 {
		b = append(b, 0)
	}
	return b
}

// riff writes one RIFF chunk, or two. The form's box is its first twelve bytes. C2PA 2.5, 16.3.3.3.5.
func (c *Carrier) riff(w *writer, store []byte) {
	media := random("media "+c.Kind, 600)
	if c.Odd {
		media = media[:599]
	}
	id, form := "RIFF", map[string]string{"avi": "AVI ", "wav": "WAVE", "rf64": "WAVE", "webp": "WEBP"}[c.Kind]
	if c.Kind == "rf64" {
		id = "RF64"
	}
	w.box(form, append(append([]byte(id), 0, 0, 0, 0), form...))
	switch c.Kind {
	case "wav", "rf64":
		if c.Kind == "rf64" {
			w.box("ds64", chunk("ds64", slices.Concat(le64(0), le64(len(media)), le64(0), le32(0))))
		}
		w.box("fmt ", chunk("fmt ", slices.Concat([]byte{1, 0, 1, 0}, le32(8000), le32(16000), []byte{2, 0, 16, 0})))
		data := chunk("data", media)
		if c.Kind == "rf64" {
			copy(data[4:], le32(-1))
		}
		w.media("data", data, 8)
	case "avi":
		w.box("hdrl", chunk("LIST", append([]byte("hdrl"), chunk("avih", make([]byte, 56))...)))
		w.media("movi", chunk("LIST", append([]byte("movi"), chunk("00dc", media)...)), 20)
		w.box("idx1", chunk("idx1", append([]byte("00dc"), make([]byte, 12)...)))
	case "webp":
		w.media("VP8L", chunk("VP8L", media), 8)
	}
	if c.XMP != nil {
		w.box("_PMX", chunk("_PMX", c.XMP))
	}
	if len(store) > 0 {
		w.store(chunk("C2PA", store), 8, len(store))
	}
	first := len(w.p.Data)
	if c.Kind == "rf64" {
		copy(w.p.Data[4:], le32(-1))
		copy(w.p.Data[20:], le64(first-8))
	} else {
		copy(w.p.Data[4:], le32(first-8))
	}
	if c.Split {
		movi := chunk("LIST", append([]byte("movi"), chunk("00dc", random("more media", 300))...))
		w.box("AVIX", slices.Concat([]byte("RIFF"), le32(4+len(movi)), []byte("AVIX")))
		w.box("movi", movi)
	}
}

func le64(v int) []byte { return binary.LittleEndian.AppendUint64(nil, uint64(v)) }

// jpeg writes a picture that no decoder will like. ISO/IEC 18477-3, B.2: every segment of a JUMBF box repeats its
// header.
func (c *Carrier) jpeg(w *writer, store []byte) {
	segment := func(marker byte, data []byte) []byte {
		return slices.Concat([]byte{0xff, marker}, be16(len(data)+2), data)
	}
	w.box("SOI", []byte{0xff, 0xd8})
	w.box("APP0", segment(0xe0, []byte("JFIF\x00\x01\x02\x00\x00\x01\x00\x01\x00\x00")))
	step := 60000
	if c.Split {
		step = 500
	}
	var all []byte
	for i, at := 0, 0; at < len(store); i++ {
		end := min(at+step, len(store))
		data := slices.Concat([]byte("JP\x02\x11"), be32(i+1))
		if i > 0 {
			data = append(data, store[:8]...)
		}
		all = append(all, segment(0xeb, append(data, store[at:end]...))...)
		at = end
	}
	w.store(all, 12, len(store))
	if c.XMP != nil {
		w.box("APP1", segment(0xe1, append([]byte("http://ns.adobe.com/xap/1.0/\x00"), c.XMP...)))
	}
	w.box("DQT", segment(0xdb, make([]byte, 65)))
	w.box("SOF0", segment(0xc0, unhex("080010001001011100")))
	scan := bytes.ReplaceAll(random("scan", 500), []byte{0xff}, []byte{0xff, 0})
	if !c.Straight {
		scan = slices.Concat(scan, []byte{0xff, 0xd0}, bytes.ReplaceAll(random("scan 2", 300), []byte{0xff}, []byte{0xff, 0}))
	}
	w.media("SOS", append(segment(0xda, unhex("010100003F00")), scan...), 10)
	w.box("EOI", []byte{0xff, 0xd9})
}

// png writes a picture of one colour.
func (c *Carrier) png(w *writer, store []byte) {
	w.box("PNGh", []byte("\x89PNG\r\n\x1a\n"))
	w.box("IHDR", pngChunk("IHDR", unhex("00000010000000100800000000")))
	if len(store) > 0 {
		w.store(pngChunk("caBX", store), 8, len(store))
	}
	if c.XMP != nil {
		w.box("iTXt", pngChunk("iTXt", append([]byte("XML:com.adobe.xmp\x00\x00\x00\x00\x00"), c.XMP...)))
	}
	w.media("IDAT", pngChunk("IDAT", random("idat", 400)), 8)
	w.box("IEND", pngChunk("IEND", nil))
}

// excluded says what of the file the data hash leaves out: what carries the store, with its headers; or for mp3 and flac
// the store's own bytes, as c2pa-rs does.
func (c *Carrier) excluded(p Places) []Range {
	switch {
	case p.Store == nil:
		return nil
	case c.Unsync, c.Compress:
		// How long the store becomes hangs on its bytes: the padding goes with it.
		return []Range{{p.Store[0].Offset, p.tag - p.Store[0].Offset}}
	case c.Kind == "mp3" || c.Kind == "flac":
		return []Range{p.Inner}
	}
	return p.Store
}

// exclusions are the exclusions as they stand in the assertion: with numbers of fixed width, so that the store's size
// does not hang on them.
func (c *Carrier) exclusions(p Places) []any {
	var list []any
	for _, x := range c.excluded(p) {
		x.Length -= int64(c.Grown)
		list = append(list, Map{{"start", fixed(x.Offset)}, {"length", fixed(x.Length)}})
	}
	if c.Exclude != nil {
		list = c.Exclude(p, list)
	}
	return list
}

// fixed writes a number in nine bytes.
func fixed(n int64) Raw {
	if n < 0 {
		return binary.BigEndian.AppendUint64([]byte{0x3b}, uint64(-1-n))
	}
	return binary.BigEndian.AppendUint64([]byte{0x1b}, uint64(n))
}

// rangesOf reads exclusions back.
func rangesOf(list []any) []Range {
	var out []Range
	number := func(v any) int64 {
		b := v.(Raw)
		n := int64(binary.BigEndian.Uint64(b[1:]))
		if b[0] == 0x3b {
			n = -1 - n
		}
		return n
	}
	for _, e := range list {
		m := e.(Map)
		out = append(out, Range{number(m.Get("start")), number(m.Get("length"))})
	}
	return out
}

// sums are the digests that bind the file: one, or one for each entry.
func (c *Carrier) sums(alg string, p Places) []byte {
	if c.Boxes {
		var out []byte
		for _, g := range c.groups(p) {
			var b []byte
			for _, x := range p.span(g) {
				b = append(b, p.Data[x.Offset:x.Offset+x.Length]...)
			}
			out = append(out, digest(alg, b)...)
		}
		return out
	}
	skip := make([]bool, len(p.Data))
	list := rangesOf(c.exclusions(p))
	for i, x := range list {
		if i == 0 {
			x.Length += int64(c.Grown) // the first is the store's, as it has become
		} else {
			x.Offset += int64(c.Grown)
		}
		for at := max(0, x.Offset); at < min(x.Offset+x.Length, int64(len(skip))); at++ {
			skip[at] = true
		}
	}
	var out []byte
	for i, b := range p.Data {
		if !skip[i] {
			out = append(out, b)
		}
	}
	return digest(alg, out)
}

// groups are the names of the entries of the boxes hash, as indices into the boxes.
func (c *Carrier) groups(p Places) [][]int {
	var out [][]int
	for i, b := range p.Boxes {
		last := len(out) - 1
		if c.Together && last >= 0 && b.Type != "C2PA" && p.Boxes[out[last][0]].Type != "C2PA" && len(out[last]) < 10 {
			out[last] = append(out[last], i)
			continue
		}
		out = append(out, []int{i})
	}
	return out
}

// span is where the boxes of an entry lie.
func (p Places) span(g []int) []Range {
	a, b := p.Boxes[g[0]], p.Boxes[g[len(g)-1]]
	if pages := p.pages[a.Type]; len(g) == 1 && pages != nil {
		return pages
	}
	return []Range{{a.Offset, b.Offset + b.Size - a.Offset}}
}

// bind makes the assertion's map. sum is what sums gave; of the first pass it is nothing.
func (c *Carrier) bind(alg string, sum []byte) Map {
	p := c.layout(make([]byte, c.size))
	if c.size == 0 && !c.detached {
		p = c.layout(make([]byte, 5000)) // the first pass knows no size yet
	}
	name := alg
	if name == "" {
		name = "sha256"
	}
	n := len(digest(alg, nil))
	if !c.Boxes {
		m := Map{{"alg", name}, {"hash", sum[:n]}, {"name", "forge"}, {"pad", make([]byte, 8)}}
		if x := c.exclusions(p); x != nil {
			m.Set("exclusions", x)
		}
		return m
	}
	groups := c.groups(p)
	if len(sum) != n*len(groups) {
		sum = make([]byte, n*len(groups))
	}
	var list []Map
	for i, g := range groups {
		e := Map{{"hash", sum[i*n : (i+1)*n]}, {"pad", []byte{}}}
		var names []any
		for _, j := range g {
			names = append(names, p.Boxes[j].Type)
		}
		if p.Boxes[g[0]].Type == "C2PA" {
			e.Set("hash", []byte{0})
		}
		e.Set("names", names)
		list = append(list, e)
	}
	if c.Entries != nil {
		list = c.Entries(p, list)
	}
	var entries []any
	for _, e := range list {
		entries = append(entries, e)
	}
	return Map{{"boxes", entries}, {"alg", name}}
}
