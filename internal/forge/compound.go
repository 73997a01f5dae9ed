package forge

import (
	"bytes"
	"fmt"
	"slices"
	"sort"
)

// partsOf is a file of several assets: one that carries the manifest, and what stands behind it. C2PA 2.5, 16.3.5.
type partsOf struct {
	Behind   []byte                         // the second part; a box where Box names it
	Box      string                         // its place as a box, in place of a range
	Optional bool                           // the second part may be left out
	Map      func(*Map)                     // edits the multi-asset hash
	Second   func(*Map)                     // edits the entry of the second part
	Label    string                         // of the second part's hash; default c2pa.hash.data.part__1
	Hash     func(*Map)                     // edits the second part's hash
	List     string                         // of the multi-asset hash
	Twice    bool                           // a second multi-asset hash
	Update   bool                           // an update manifest above
	Edit     func(*Node)                    // edits the box of the multi-asset hash once it is signed, and before the update
	File     func(first, all []byte) []byte // edits the file
}

// recipe makes the recipe of the file. The first part is hashed by what the file's own content hash is: it is right of
// the part, and wrong of the whole.
func (p partsOf) recipe() Recipe {
	alone := p
	alone.File = nil
	return p.with(len(Make(alone.with(0)).Data) - len(p.Behind))
}

// with makes it for a first part of the given size. The header of a part that is in a box is a part of its own.
func (p partsOf) with(size int) Recipe {
	label := p.Label
	if label == "" {
		label = "c2pa.hash.data.part__1"
	}
	const headLabel = "c2pa.hash.data.part__2"
	behind, head := p.Behind, []byte(nil)
	if p.Box != "" {
		head, behind = behind[:8], behind[8:]
	}
	hashOf := func(b []byte) Map { return Map{{"alg", "sha256"}, {"hash", digest("", b)}, {"pad", make([]byte, 8)}} }
	second := hashOf(behind)
	if p.Hash != nil {
		p.Hash(&second)
	}
	part := func(offset, length int, label string, content []byte) Map {
		ref := Map{{"url", "self#jumbf=c2pa.assertions/" + label}, {"hash", digest("", cborBox(label, content).Content())}}
		return Map{{"location", Map{{"byteOffset", fixed(int64(offset))}, {"length", fixed(int64(length))}}}, {"hashAssertion", ref}}
	}
	multi := func(binding []byte) any {
		a := part(0, size, "c2pa.hash.bmff.v3.part", binding)
		b := part(size, len(behind), label, CBOR(second))
		if p.Box != "" {
			b.Set("location", Map{{"bmffBox", p.Box}})
		}
		if p.Optional {
			b.Set("optional", true)
		}
		if p.Second != nil {
			p.Second(&b)
		}
		list := []any{a, b}
		if head != nil {
			list = append(list, part(size, len(head), headLabel, CBOR(hashOf(head))))
		}
		m := Map{{"parts", list}}
		if p.Map != nil {
			p.Map(&m)
		}
		return m
	}
	r := Recipe{File: func(b *Built) []byte {
		all := slices.Concat(b.Data, p.Behind)
		if p.File != nil {
			return p.File(b.Data, all)
		}
		return all
	}}
	r.Manifest.Assertions = []Assertion{
		{Label: "c2pa.hash.bmff.v3.part", Late: func(binding []byte) any { return Raw(binding) }},
		{Label: label, CBOR: second},
		{Label: headLabel, CBOR: hashOf(head)},
		{Label: "c2pa.hash.multi-asset", Late: multi, List: p.List},
	}
	if p.Twice {
		r.Manifest.Assertions = append(r.Manifest.Assertions, Assertion{Label: "c2pa.hash.multi-asset__1", Late: multi})
	}
	if p.Edit != nil {
		r.Manifest.AfterSign = func(m *Node) { p.Edit(m.Find("c2pa.assertions").Find("c2pa.hash.multi-asset")) }
	}
	if p.Update {
		below := r.Manifest
		r.Manifest = Manifest{Update: true, Ingredients: []Ingredient{{Manifest: &below}}}
	}
	return r
}

// folderOf is a folder with its manifest in a file of its own. C2PA 2.5, 16.3.4.
type folderOf struct {
	Files   map[string][]byte
	Map     func(*Map)              // edits the collection hash
	Change  func(map[string][]byte) // edits the folder once it is signed
	NoFiles bool                    // no folder is given
}

func (f folderOf) recipe() Recipe {
	return Recipe{
		Detached: true, Container: Container{Raw: f.Files["init.mp4"]},
		Folder: func() map[string][]byte {
			if f.NoFiles {
				return nil
			}
			out := map[string][]byte{}
			for name, b := range f.Files {
				out[name] = bytes.Clone(b)
			}
			if f.Change != nil {
				f.Change(out)
			}
			return out
		},
		Manifest: Manifest{Binding: "c2pa.hash.collection.data", BindingMap: func(m *Map) {
			var uris []any
			var names []string
			for name := range f.Files {
				names = append(names, name)
			}
			sort.Strings(names)
			for _, name := range names {
				uris = append(uris, Map{{"uri", name}, {"hash", digest("", f.Files[name])}, {"size", len(f.Files[name])}, {"dc:format", "video/mp4"}})
			}
			*m = Map{{"uris", uris}, {"alg", "sha256"}}
			if f.Map != nil {
				f.Map(m)
			}
		}},
	}
}

// stream is a folder of an initialization segment, fragments and a playlist.
func stream() map[string][]byte {
	out := map[string][]byte{"init.mp4": append(box("ftyp", []byte("iso6"), be32(0), []byte("iso6dash")), fragmentedMoov()...)}
	list := "#EXTM3U\n#EXT-X-MAP:URI=\"init.mp4\"\n"
	for i := range 3 {
		name := fmt.Sprintf("seg/%d.m4s", i)
		out[name] = append(segmentType(), fragment(0, i)...)
		list += name + "\n"
	}
	out["list.m3u8"] = []byte(list)
	return out
}

// Compound are files of several assets, and folders. Those whose Code is a match have nothing wrong with them. They
// stand apart because other implementations do not read them.
func Compound() []Case {
	const malformed, mismatch, missing = "assertion.multiAssetHash.malformed", "assertion.multiAssetHash.mismatch", "assertion.multiAssetHash.missingPart"
	tail := box("abcd", random("behind", 700))
	multi := func(name, code string, p partsOf) Case {
		if p.Behind == nil {
			p.Behind = tail
		}
		return Case{Name: "several assets: " + name, Code: code, Ingredient: p.Update, Recipe: p.recipe()}
	}
	at := func(offset, length int64) func(*Map) {
		return func(m *Map) { m.Set("location", Map{{"byteOffset", offset}, {"length", length}}) }
	}
	gone := func(first, _ []byte) []byte { return first }
	changed := func(n *Node) { n.Toggles, n.Private = 0x13, salt("another") }
	mpvd := box("mpvd", random("behind", 700))
	list := []Case{
		multi("two parts", "assertion.multiAssetHash.match", partsOf{}),
		multi("a part in a box", "assertion.multiAssetHash.match", partsOf{Behind: mpvd, Box: "/mpvd"}),
		multi("a part that may be left out and is there", "assertion.multiAssetHash.match", partsOf{Optional: true}),
		multi("a part that may be left out and is gone, the rest matches alone", "assertion.bmffHash.match", partsOf{Optional: true, File: gone}),
		multi("a part that is gone", "assertion.bmffHash.match", partsOf{File: gone}),
		multi("the hash of the parts is not vouched for", "assertion.bmffHash.mismatch", partsOf{List: "gathered"}),
		multi("below an update", "assertion.multiAssetHash.match", partsOf{Update: true}),
		also(multi("the hash of the parts is not what the claim lists", "assertion.bmffHash.mismatch", partsOf{Edit: changed}), "assertion.hashedURI.mismatch"),
		also(multi("below an update the hash of the parts is not what the claim lists", "assertion.bmffHash.mismatch", partsOf{Update: true, Edit: changed}), "assertion.hashedURI.mismatch"),
		multi("two hashes of parts", malformed, partsOf{Twice: true}),
		multi("no parts", malformed, partsOf{Map: func(m *Map) { m.Set("parts", []any{}) }}),
		multi("parts that are no list", malformed, partsOf{Map: func(m *Map) { m.Set("parts", 1) }}),
		multi("no location", malformed, partsOf{Second: func(m *Map) { m.Del("location") }}),
		multi("a location of both kinds", malformed, partsOf{Second: func(m *Map) {
			m.Set("location", Map{{"byteOffset", 1}, {"length", 1}, {"bmffBox", "/moov"}})
		}}),
		multi("a negative offset", malformed, partsOf{Second: at(-1, 5)}),
		multi("a part of no length", malformed, partsOf{Second: at(5, 0)}),
		multi("a path that is none", malformed, partsOf{Second: func(m *Map) { m.Set("location", Map{{"bmffBox", "moov"}}) }}),
		multi("a path of two boxes", malformed, partsOf{Second: func(m *Map) { m.Set("location", Map{{"bmffBox", "/moov/trak"}}) }}),
		multi("no hash of a part", malformed, partsOf{Second: func(m *Map) { m.Del("hashAssertion") }}),
		multi("a hash of a part that is not there", malformed, partsOf{Second: func(m *Map) {
			m.Set("hashAssertion", Map{{"url", "self#jumbf=c2pa.assertions/c2pa.hash.data.part__9"}, {"hash", make([]byte, 32)}})
		}}),
		multi("a hash of a part that is another", malformed, partsOf{Second: func(m *Map) {
			m.Set("hashAssertion", Map{{"url", "self#jumbf=c2pa.assertions/c2pa.hash.data.part__1"}, {"hash", make([]byte, 32)}})
		}}),
		multi("a hash of a part that is none", malformed, partsOf{Second: func(m *Map) {
			m.Set("hashAssertion", Map{{"url", "self#jumbf=c2pa.assertions/c2pa.actions.v2"}, {"hash", make([]byte, 32)}})
		}}),
		multi("a hash of a part without a hash", mismatch, partsOf{Hash: func(m *Map) { m.Del("hash") }}),
		multi("a hash of a part that breaks the rules", malformed, partsOf{Hash: func(m *Map) { m.Set("exclusions", []any{Map{{"start", -1}, {"length", 1}}}) }}),
		multi("parts that overlap", malformed, partsOf{Second: at(10, 5)}),
		multi("bytes between the parts", malformed, partsOf{Second: at(1<<20, 5), File: func(_, all []byte) []byte { return append(all, box("free", make([]byte, 1<<20))...) }}),
		multi("a part in a box that is gone", missing, partsOf{Second: func(m *Map) { m.Set("location", Map{{"bmffBox", "/mpvd"}}) }}),
		multi("a part behind the end", missing, partsOf{Second: at(1<<40, 5)}),
		multi("a byte of the first part", mismatch, partsOf{File: func(first, all []byte) []byte { return flip(len(first) - 1)(all) }}),
		multi("a byte of the second part", mismatch, partsOf{File: func(_, all []byte) []byte { return flip(-1)(all) }}),
		multi("a byte of a part in a box", mismatch, partsOf{Behind: mpvd, Box: "/mpvd", File: func(_, all []byte) []byte { return flip(-1)(all) }}),
		also(multi("a part that was cut", mismatch, partsOf{File: func(_, all []byte) []byte { return all[:len(all)-1] }}), "asset.truncated"),
	}
	return append(list, collections()...)
}

func collections() []Case {
	const malformed = "assertion.collectionHash.malformed"
	folder := func(name, code string, f folderOf) Case {
		f.Files = stream()
		return Case{Name: "a folder: " + name, Code: code, Recipe: f.recipe()}
	}
	first := func(edit func(*Map)) func(*Map) {
		return func(m *Map) {
			e := m.Get("uris").([]any)[0].(Map)
			edit(&e)
			m.Get("uris").([]any)[0] = e
		}
	}
	uri := func(to string) folderOf {
		return folderOf{Map: first(func(e *Map) { e.Set("uri", to) })}
	}
	list := []Case{
		folder("as it was signed", "assertion.collectionHash.match", folderOf{}),
		folder("without sizes", "assertion.collectionHash.match", folderOf{Map: first(func(e *Map) { e.Del("size") })}),
		folder("with letters of a URI", "assertion.collectionHash.match", folderOf{Map: first(func(e *Map) { e.Set("uri", "init%2Emp4") })}),
		folder("a file more", "asset.partiallyBound", folderOf{Change: func(m map[string][]byte) { m["seg/3.m4s"] = []byte("more") }}),
		folder("a file less", "assertion.collectionHash.incorrectFileCount", folderOf{Change: func(m map[string][]byte) { delete(m, "seg/1.m4s") }}),
		folder("a byte of a file", "assertion.collectionHash.mismatch", folderOf{Change: func(m map[string][]byte) { m["seg/1.m4s"][40] ^= 1 }}),
		folder("a byte more in a file", "assertion.collectionHash.mismatch", folderOf{Change: func(m map[string][]byte) { m["seg/1.m4s"] = append(m["seg/1.m4s"], 0) }}),
		folder("two files exchanged", "assertion.collectionHash.mismatch", folderOf{Change: func(m map[string][]byte) { m["seg/1.m4s"], m["seg/2.m4s"] = m["seg/2.m4s"], m["seg/1.m4s"] }}),
		folder("no list", malformed, folderOf{Map: func(m *Map) { m.Del("uris") }}),
		folder("an empty list", malformed, folderOf{Map: func(m *Map) { m.Set("uris", []any{}) }}),
		folder("a list that is none", malformed, folderOf{Map: func(m *Map) { m.Set("uris", 1) }}),
		folder("no uri", malformed, folderOf{Map: first(func(e *Map) { e.Del("uri") })}),
		folder("no hash", malformed, folderOf{Map: first(func(e *Map) { e.Del("hash") })}),
		folder("a negative size", malformed, folderOf{Map: first(func(e *Map) { e.Set("size", -1) })}),
		folder("one uri twice", malformed, folderOf{Map: first(func(e *Map) { e.Set("uri", "seg/1.m4s") })}),
		folder("an unknown algorithm", "algorithm.unsupported", folderOf{Map: func(m *Map) { m.Set("alg", "md5") }}),
	}
	for _, to := range []string{"../init.mp4", "seg/../init.mp4", "./init.mp4", "seg/./1.m4s", "%2e%2e/init.mp4", "/etc/passwd", "https://example.com/init.mp4", "//example.com/init.mp4", "a\\b", "a%00b", "", ".", "seg//1.m4s", "init.mp4?x", "%zz"} {
		list = append(list, folder(fmt.Sprintf("the uri %q", to), "assertion.collectionHash.invalidURI", uri(to)))
	}
	return list
}
