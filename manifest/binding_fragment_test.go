package manifest

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// moofOf is a movie fragment of one run in a following mdat of n bytes.
func moofOf(seq, n int) []byte {
	build := func(data int) []byte {
		return mkbox("moof", mkfull("mfhd", 0, 0, u32(seq)), mkbox("traf", mkfull("tfhd", 0, 0x020000, u32(1)), mkfull("trun", 0, 0x201, u32(1), u32(data), u32(n))))
	}
	return build(len(build(0)) + 8)
}

func mdatOf(seq int) []byte {
	return mkbox("mdat", bytes.Repeat([]byte{byte(seq), byte(seq >> 8)}, 60+seq%64))
}

func initOf() []piece {
	moov := moovWith(mkfull("stco", 0, 0, u32(0)), mkfull("url ", 0, 1), mkbox("mvex", mkfull("trex", 0, 0, u32(1), u32(1), u32(0), u32(0), u32(0))))
	return []piece{skipped(ftypBox), skipped(mkStore("manifest")), kept(moov)}
}

// fragFile is a single file of n fragments, and the map that binds it: the row at the level is stored.
type fragFile struct {
	init  []piece
	frags [][]piece // proof, moof, mdat
	m     obj
}

func (f *fragFile) bytes() []byte {
	out := file(f.init)
	for _, p := range f.frags {
		out = append(out, file(p)...)
	}
	return out
}

func newFragFile(n, level int) *fragFile {
	f := &fragFile{init: initOf()}
	// A proof box is left out of the hash, and its size does not depend on its content, so it can be made twice.
	leaves := make([][]byte, n)
	for i := range n {
		leaves[i] = sha()
	}
	for pass := range 2 {
		f.frags = nil
		at := len(file(f.init))
		next := make([][]byte, n)
		for i := range n {
			ps := []piece{skipped(proofBoxOf(7, 1, i, proof(leaves, i, level))), kept(moofOf(i+1, 120+2*(i%64))), kept(mdatOf(i))}
			leaf := slices.Clone(ps[1:])
			if i+1 < n {
				leaf = append(leaf, skipped(nil))
			}
			next[i] = sha(hashed(leaf, at+len(ps[0].b)))
			at += len(file(ps))
			f.frags = append(f.frags, ps)
		}
		if pass == 0 {
			leaves = next
			continue
		}
		leaves = next
	}
	tree := obj{"uniqueId", 7, "localId", 1, "count", n, "alg", "sha256", "initHash", sha(hashed(f.init, 0)), "hashes", hashArr(rows(leaves)[level])}
	f.m = obj{"exclusions", exDefault, "alg", "sha256", "merkle", arr{tree}}
	return f
}

func TestFragments(t *testing.T) {
	for _, n := range []int{1, 2, 5, 8} {
		for level := range 4 {
			if level > 0 && len(rows(make([][]byte, n))) <= level {
				continue
			}
			t.Run(fmt.Sprintf("%d-fragments-row-%d", n, level), func(t *testing.T) { fragmentCases(t, n, level) })
		}
	}
}

func fragmentCases(t *testing.T, n, level int) {
	run := func(name string, change func(f *fragFile) []byte, want ...string) {
		t.Run(name, func(t *testing.T) {
			f := newFragFile(n, level)
			b := check(t, change(f), f.m, "2.4")
			if got := codes(b); !slices.Contains(want, got) {
				t.Errorf("%s, expected %q: %v", got, want, texts(b.Findings))
			}
			if b.State == BindingAltered && len(b.Damage) == 0 && !strings.Contains(fmt.Sprint(texts(b.Findings)), "missing") {
				t.Error("altered, and nothing says where")
			}
		})
	}
	last := n - 1
	tree := func(f *fragFile, change func(obj) obj) { f.m = withTree(f.m, change(treeOf(f.m))) }
	run("sound", func(f *fragFile) []byte { return f.bytes() }, intact)
	run("last-bit", func(f *fragFile) []byte { b := f.bytes(); return flip(b, len(b)-1) }, altered)
	run("moof-bit", func(f *fragFile) []byte { f.frags[0][1].b = flip(f.frags[0][1].b, 20); return f.bytes() }, altered)
	run("movie-bit", func(f *fragFile) []byte { f.init[2].b = flip(f.init[2].b, 40); return f.bytes() }, altered)
	run("mfra-appended", func(f *fragFile) []byte { return cat(f.bytes(), mkbox("mfra", mkfull("mfro", 0, 0, u32(24)))) }, intact)
	run("mdat-appended", func(f *fragFile) []byte { return cat(f.bytes(), mkbox("mdat", media(10))) }, altered)
	run("byte-appended", func(f *fragFile) []byte { return cat(f.bytes(), []byte{0}) }, altered)
	run("free-in-front", func(f *fragFile) []byte { f.init = append(f.init, skipped(mkbox("free"))); return f.bytes() }, altered)
	run("no-initHash", func(f *fragFile) []byte { tree(f, func(o obj) obj { return o.without("initHash") }); return f.bytes() }, malformed)
	run("no-initHash-and-changed", func(f *fragFile) []byte {
		tree(f, func(o obj) obj { return o.with("initHash", nil) })
		f.init[2].b = flip(f.init[2].b, 40)
		return f.bytes()
	}, malformed)
	run("hash-too", func(f *fragFile) []byte { f.m = f.m.with("hash", sha()); return f.bytes() }, malformed)
	run("last-dropped", func(f *fragFile) []byte { f.frags = f.frags[:last]; return f.bytes() }, altered, "unknown [assertion.bmffHash.mismatch]")
	run("last-twice", func(f *fragFile) []byte { f.frags = append(f.frags, f.frags[last]); return f.bytes() }, altered)
	run("proof-box-gone", func(f *fragFile) []byte {
		f.frags[0][0] = skipped(mkbox("free", make([]byte, len(f.frags[0][0].b)-8)))
		return f.bytes()
	}, altered, bothCodes)
	run("proof-of-another-tree", func(f *fragFile) []byte {
		f.frags[0][0] = skipped(proofBoxOf(8, 1, 0, proof(rows(make([][]byte, n))[0], 0, 0)))
		return f.bytes()
	}, altered)
	run("location-lie", func(f *fragFile) []byte { f.frags[0][0] = skipped(proofBoxOf(7, 1, n, arr{})); return f.bytes() }, altered, bothCodes)
	run("location-negative", func(f *fragFile) []byte { f.frags[0][0] = skipped(proofBoxOf(7, 1, -1, arr{})); return f.bytes() }, altered, bothCodes)
	run("count-plus-one", func(f *fragFile) []byte {
		tree(f, func(o obj) obj { return o.with("count", n+1) })
		return f.bytes()
	}, altered, malformed, bothCodes)
	run("count-2^40", func(f *fragFile) []byte { tree(f, func(o obj) obj { return o.with("count", 1<<40) }); return f.bytes() }, malformed, altered, bothCodes)
	if n == 1 {
		return
	}
	run("first-dropped", func(f *fragFile) []byte { f.frags = f.frags[1:]; return f.bytes() }, altered)
	run("two-exchanged", func(f *fragFile) []byte { f.frags[0], f.frags[1] = f.frags[1], f.frags[0]; return f.bytes() }, altered)
	run("a-proof-box-between", func(f *fragFile) []byte {
		f.frags[1] = append([]piece{f.frags[1][0]}, append([]piece{skipped(mkbox("free"))}, f.frags[1][1:]...)...)
		return f.bytes()
	}, altered, bothCodes)
}

// Each fragment of a file that is missing, stands twice or in another place, or is from elsewhere is named, the first
// five in words. What stands behind it was moved, and differs too.
func TestFragmentsOfAFileAreNamed(t *testing.T) {
	const differs = "its hash is not the one that was signed"
	for _, c := range []struct {
		name   string
		change func(f *fragFile)
		want   []string
		not    string
	}{
		{"missing", func(f *fragFile) { f.frags = slices.Delete(f.frags, 1, 2) }, []string{
			"fragment 1 at offset ", differs + "; by its proof it is out of order: it is part 2 of its tree, part 1 was expected",
			"merkle[0]: 1 of 8 fragments are missing, the first is 1, by the proofs of the others", "; and 1 more",
		}, "the last"},
		{"missing at the end", func(f *fragFile) { f.frags = f.frags[:6] }, []string{"merkle[0]: the last 2 of 8 fragments are missing"}, "not as signed"},
		{"repeated", func(f *fragFile) { f.frags = slices.Insert(f.frags, 7, f.frags[6]) }, []string{
			"2 of 9 fragments are not as signed", "fragment 7 at offset ", differs + "; by its proof it is repeated: part 6 of its tree stood before", "fragment 8 at offset ",
		}, "missing"},
		{"exchanged", func(f *fragFile) { f.frags[6], f.frags[7] = f.frags[7], f.frags[6] }, []string{
			"2 of 8 fragments are not as signed", "it is part 7 of its tree, part 6 was expected", "part 6 of its tree stands after part 7",
		}, "missing"},
		{"foreign", func(f *fragFile) {
			f.frags[7][0] = skipped(proofBoxOf(8, 1, 7, proof(rows(make([][]byte, 8))[0], 7, 0)))
		}, []string{
			"1 of 8 fragments are not as signed", "fragment 7 at offset ", "foreign: its proof is for a tree that the manifest does not have (uniqueId 8, localId 1)",
			"merkle[0]: the last 1 of 8 fragments are missing, by the proofs of the others",
		}, "more"},
		{"moved, five of them", func(f *fragFile) { f.frags[3][1].b = mkbox("moof", f.frags[3][1].b[8:], mkbox("free")) }, []string{"5 of 8", "fragment 7 at offset "}, "more"},
		{"moved, six of them", func(f *fragFile) { f.frags[2][1].b = mkbox("moof", f.frags[2][1].b[8:], mkbox("free")) }, []string{"6 of 8", "fragment 6 at offset ", "; and 1 more"}, "fragment 7"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFragFile(8, 0)
			c.change(f)
			b := check(t, f.bytes(), f.m, "2.4")
			said := strings.Join(texts(b.Findings), "\n")
			for _, w := range c.want {
				if !strings.Contains(said, w) {
					t.Errorf("not said: %q\n%s", w, said)
				}
			}
			if strings.Contains(said, c.not) || codes(b) != altered {
				t.Errorf("%s, and no word of %q was expected:\n%s", codes(b), c.not, said)
			}
		})
	}
}

// dash is a set of files: an initialization segment and fragments, each a file of its own.
type dash struct {
	init  []piece
	parts []setFile
	m     obj
}

// newDash makes a set of n fragments whose names start with the prefix; the row at the level is stored.
func newDash(n, level, unique int, prefix string) *dash {
	d := &dash{init: initOf()}
	styp := mkbox("styp", []byte("msdh"), u32(0))
	d.init[2].b = append(bytes.Clone(d.init[2].b), nil...)
	if unique != 7 { // another rendition has another movie box
		d.init[2].b = flip(d.init[2].b, 60)
	}
	pieces := make([][]piece, n)
	leaves := make([][]byte, n)
	for i := range n {
		leaves[i] = sha()
	}
	for range 2 {
		next := make([][]byte, n)
		for i := range n {
			pieces[i] = []piece{kept(styp), skipped(proofBoxOf(unique, 1, i, proof(leaves, i, level))), kept(moofOf(i+1, 120+2*(i%64))), kept(mdatOf(i + unique))}
			next[i] = sha(hashed(pieces[i], 0))
		}
		leaves = next
	}
	for i := range n {
		d.parts = append(d.parts, setFile{name: fmt.Sprintf("%s%d", prefix, i), data: file(pieces[i])})
	}
	tree := obj{"uniqueId", unique, "localId", 1, "count", n, "alg", "sha256", "initHash", sha(hashed(d.init, 0)), "hashes", hashArr(rows(leaves)[level])}
	d.m = obj{"exclusions", exDefault, "alg", "sha256", "merkle", arr{tree}}
	return d
}

func TestSets(t *testing.T) {
	for _, level := range []int{0, 1, 2} {
		t.Run(fmt.Sprintf("row-%d", level), func(t *testing.T) { setCases(t, level) })
	}
}

func setCases(t *testing.T, level int) {
	const n = 5
	// bad maps the names of the fragments that must not be intact to a word of the reason.
	run := func(name string, change func(d *dash), want string, bad map[string]string) {
		t.Run(name, func(t *testing.T) {
			d := newDash(n, level, 7, "s")
			change(d)
			b := check(t, file(d.init), d.m, "2.4", d.parts...)
			if got := codes(b); got != want {
				t.Errorf("%s, expected %s: %v", got, want, texts(b.Findings))
			}
			for _, p := range b.Parts {
				if p.Name == "" {
					p.Name = fmt.Sprint("part ", p.Location)
				}
				word, ok := bad[p.Name]
				if (p.State == BindingIntact) == ok || !strings.Contains(p.Why, word) {
					t.Errorf("%s: %s %q, expected %q", p.Name, p.State, p.Why, word)
				}
			}
		})
	}
	part := func(i int, change func([]byte) []byte) func(*dash) {
		return func(d *dash) { d.parts[i].data = change(d.parts[i].data) }
	}
	tree := func(d *dash, change func(obj) obj) { d.m = withTree(d.m, change(treeOf(d.m))) }
	all := func(word string) map[string]string {
		m := map[string]string{}
		for i := range n {
			m[fmt.Sprintf("s%d", i)] = word
		}
		return m
	}
	run("sound", func(*dash) {}, intact, nil)
	run("media-bit", part(2, func(b []byte) []byte { return flip(b, len(b)-1) }), altered, map[string]string{"s2": "not the one that was signed"})
	run("moof-bit", part(0, func(b []byte) []byte { return flip(b, at(b, "mfhd", 0)+13) }), altered, map[string]string{"s0": "not the one that was signed"})
	run("free-appended", part(1, func(b []byte) []byte { return cat(b, mkbox("free", media(5))) }), intact, nil)
	run("mdat-appended", part(1, func(b []byte) []byte { return cat(b, mkbox("mdat", media(5))) }), altered, map[string]string{"s1": "not the one"})
	run("truncated", part(4, func(b []byte) []byte { return b[:len(b)-9] }), altered, map[string]string{"s4": "not the one"})
	run("no-proof-box", part(3, func(b []byte) []byte { return flip(b, at(b, "uuid", 0)+7) }), bothCodes, map[string]string{"part 3": "missing", "s3": "no proof box"})
	run("unreadable-proof", part(3, func(b []byte) []byte {
		return bytes.Replace(b, cb(obj{"uniqueId", 7})[1:], append(cb("uniqueId"), 0xff), 1)
	}), bothCodes, map[string]string{"part 3": "missing", "s3": ""})
	run("an-empty-file", part(3, func([]byte) []byte { return nil }), bothCodes, map[string]string{"part 3": "missing", "s3": "no fragment"})
	run("two-exchanged", func(d *dash) { d.parts[1].data, d.parts[2].data = d.parts[2].data, d.parts[1].data }, altered, map[string]string{"s1": "out of order", "s2": "out of order"})
	run("one-in-place-of-another", func(d *dash) { d.parts[2].data = d.parts[1].data }, altered, map[string]string{"part 2": "missing", "s2": "repeated"})
	run("one-twice-at-the-end", func(d *dash) { d.parts = append(d.parts, setFile{name: "again", data: d.parts[4].data}) }, altered, map[string]string{"again": "repeated"})
	run("a-hole", func(d *dash) { d.parts = slices.Delete(d.parts, 2, 3) }, altered, map[string]string{"part 2": "missing", "s3": "out of order"})
	run("the-first-missing", func(d *dash) { d.parts = d.parts[1:] }, altered, map[string]string{"part 0": "missing", "s1": "out of order"})
	run("the-last-missing", func(d *dash) { d.parts = d.parts[:n-2] }, partialOnly, nil)
	run("none-given", func(d *dash) { d.parts = nil }, "unknown [assertion.bmffHash.mismatch]", nil)
	run("none-given-and-changed", func(d *dash) { d.parts = nil; d.init[2].b = flip(d.init[2].b, 40) }, altered, nil)
	run("initialization-changed", func(d *dash) { d.init[2].b = flip(d.init[2].b, 40) }, altered, all("another initialization segment"))
	run("no-initHash", func(d *dash) { tree(d, func(o obj) obj { return o.without("initHash") }) }, malformed, nil)
	run("hash-too", func(d *dash) { d.m = d.m.with("hash", sha()) }, malformed, nil)
	run("hash-alone", func(d *dash) { d.m = d.m.without("merkle").with("hash", sha(hashed(d.init, 0))) }, altered, nil)
	run("foreign", func(d *dash) { d.parts[2] = newDash(n, level, 9, "x").parts[2] }, altered, map[string]string{"part 2": "missing", "x2": "foreign"})
	two := func(d *dash) *dash {
		other := newDash(n, level, 9, "x")
		d.m = d.m.with("merkle", arr{treeOf(d.m), treeOf(other.m)})
		return other
	}
	run("two-renditions-one-given", func(d *dash) { two(d) }, intact, nil)
	run("two-renditions-one-fragment-of-the-other", func(d *dash) { d.parts[2] = two(d).parts[2] }, altered, map[string]string{"part 2": "missing", "x2": "another initialization segment"})
	run("two-renditions-crossed", func(d *dash) { d.parts = two(d).parts }, altered, map[string]string{"x0": "another", "x1": "another", "x2": "another", "x3": "another", "x4": "another"})
	run("two-renditions-all-given", func(d *dash) {
		o := two(d)
		d.parts = append(append(d.parts, setFile{name: "init-x", data: file(o.init)}), o.parts...)
	}, intact, nil)
	run("two-renditions-other-initialization-changed", func(d *dash) {
		o := two(d)
		o.init[2].b = flip(o.init[2].b, 40)
		d.parts = append(append(d.parts, setFile{name: "init-x", data: file(o.init)}), o.parts...)
	}, altered, map[string]string{"init-x": "differs", "x0": "another", "x1": "another", "x2": "another", "x3": "another", "x4": "another"})
}
