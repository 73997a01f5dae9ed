package manifest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// renditions is a set in two renditions, as a playlist lists it: each with an initialization segment of its own.
type renditions struct {
	a, b *dash
	m    obj
}

func newRenditions(n int) *renditions {
	r := &renditions{a: newDash(n, 1, 7, "a"), b: newDash(n, 1, 9, "b")}
	r.m = r.a.m.with("merkle", arr{treeOf(r.a.m), treeOf(r.b.m)})
	for i := range n {
		r.b.parts[i].rendition = "b"
	}
	return r
}

func (r *renditions) files() []setFile {
	return slices.Concat(r.a.parts, []setFile{{name: "init-b", data: file(r.b.init), rendition: "b"}}, r.b.parts)
}

func TestRenditions(t *testing.T) {
	const n = 4
	for _, c := range []struct {
		name   string
		change func(r *renditions)
		want   string
		bad    map[string]string // name of a file, or "part N" → state and a word of the reason
	}{
		{"sound", func(*renditions) {}, intact, nil},
		{"a fragment of one in the place of the other's", func(r *renditions) { r.b.parts[2].data = r.a.parts[2].data }, altered, map[string]string{
			"b2": "altered: another rendition", "part 2": "missing",
		}},
		{"two fragments exchanged between them", func(r *renditions) {
			r.a.parts[1].data, r.b.parts[1].data = r.b.parts[1].data, r.a.parts[1].data
		}, altered, map[string]string{"a1": "altered: another rendition", "b1": "altered: another rendition", "part 1": "missing"}},
		{"a listed file that is not there", func(r *renditions) { r.b.parts[1].gone = true }, altered, map[string]string{"b1": "missing: not there"}},
		{"the last listed file is not there", func(r *renditions) { r.a.parts[n-1].gone = true }, altered, map[string]string{"a3": "missing: not there"}},
		{"two listed files in a row are not there", func(r *renditions) { r.a.parts[1].gone, r.a.parts[2].gone = true, true }, altered, map[string]string{
			"a1": "missing: not there", "a2": "missing: not there",
		}},
		{"a hole that nothing lists", func(r *renditions) { r.b.parts = slices.Delete(r.b.parts, 1, 2) }, altered, map[string]string{"b2": "altered: out of order", "part 1": "missing"}},
		{"a damaged end of one is no slack for the other", func(r *renditions) {
			r.a.parts[n-1].data = flip(r.a.parts[n-1].data, len(r.a.parts[n-1].data)-1)
			r.b.parts = r.b.parts[1:]
		}, altered, map[string]string{"a3": "altered: not the one", "b1": "altered: out of order", "part 0": "missing"}},
		{"one without its initialization segment", func(r *renditions) { r.b.init = r.a.init }, altered, map[string]string{
			"b0": "altered: another initialization", "b1": "altered: another", "b2": "altered: another", "b3": "altered: another",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRenditions(n)
			c.change(r)
			b := check(t, file(r.a.init), r.m, "2.4", r.files()...)
			if got := codes(b); got != c.want {
				t.Errorf("%s, expected %s: %v", got, c.want, texts(b.Findings))
			}
			found := map[string]bool{}
			for _, p := range b.Parts {
				name := p.Name
				if name == "" {
					name = fmt.Sprint("part ", p.Location)
				}
				state, word, _ := strings.Cut(c.bad[name], ": ")
				if state == "" {
					state = BindingIntact
				}
				if found[name] = true; p.State != state || !strings.Contains(p.Why, word) {
					t.Errorf("%s: %s %q, expected %s %q", name, p.State, p.Why, state, word)
				}
			}
			for name := range c.bad {
				if !found[name] {
					t.Errorf("nothing is said of %s", name)
				}
			}
		})
	}
}

// A missing fragment gives a row up to a limit, and is counted past it.
func TestMissingRows(t *testing.T) {
	for _, c := range []struct{ holes, rows int }{{maxMissingRows, maxMissingRows}, {maxMissingRows + 1, maxMissingRows}} {
		d := newDash(c.holes+2, 0, 7, "s")
		d.parts = []setFile{d.parts[0], d.parts[c.holes+1]}
		b := check(t, file(d.init), d.m, "2.4", d.parts...)
		rows := 0
		for _, p := range b.Parts {
			if p.State == PartMissing {
				rows++
			}
		}
		if rows != c.rows || !strings.Contains(fmt.Sprint(texts(b.Findings)), fmt.Sprintf("%d of %d fragments are missing", c.holes, c.holes+2)) {
			t.Errorf("%d holes: %d rows, expected %d: %v", c.holes, rows, c.rows, texts(b.Findings))
		}
	}
}

// BenchmarkSet holds a set of 56 segments against its tree.
func BenchmarkSet(b *testing.B) {
	d := newDash(56, 3, 7, "s")
	size := int64(0)
	for _, p := range d.parts {
		size += int64(len(p.data))
	}
	b.SetBytes(size)
	for b.Loop() {
		if got := check(b, file(d.init), d.m, "2.4", d.parts...); got.State != BindingIntact {
			b.Fatal(got.State)
		}
	}
}
