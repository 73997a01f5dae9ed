package jumbf_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/jumbf"
)

func box(typ string, parts ...[]byte) []byte {
	body := bytes.Join(parts, nil)
	return append(append(binary.BigEndian.AppendUint32(nil, uint32(8+len(body))), typ...), body...)
}

func big(typ string, parts ...[]byte) []byte {
	body := bytes.Join(parts, nil)
	out := append([]byte{0, 0, 0, 1}, typ...)
	return append(binary.BigEndian.AppendUint64(out, uint64(16+len(body))), body...)
}

func desc(toggles byte, rest ...string) []byte {
	return box("jumd", []byte("c2pa\x00\x11\x00\x10\x80\x00\x00\xAA\x00\x38\x9B\x71"), []byte{toggles}, []byte(strings.Join(rest, "")))
}

func super(label string, kids ...[]byte) []byte {
	return box("jumb", append([][]byte{desc(3, label+"\x00")}, kids...)...)
}

// set overwrites bytes at a place.
func set(b []byte, at int, v ...byte) []byte {
	out := bytes.Clone(b)
	copy(out[at:], v)
	return out
}

var hash32 = strings.Repeat("h", 32)

var good = []struct {
	name string
	data []byte
}{
	{"one superbox", super("c2pa", box("cbor", []byte{0xA0}))},
	{"no content", super("c2pa")},
	{"an extended size", big("jumb", desc(3, "c2pa\x00"), big("cbor", []byte{1, 2}))},
	{"size 0 of the outermost box", set(super("c2pa", box("json", []byte("{}"))), 0, 0, 0, 0, 0)},
	{"everything in the description", box("jumb", desc(31, "c2pa\x00", "\x00\x00\x00\x07", hash32, string(box("c2sh", bytes.Repeat([]byte{5}, 16)))))},
	{"a salt of 32 bytes", box("jumb", desc(19, "c2pa\x00", string(box("c2sh", bytes.Repeat([]byte{5}, 32)))))},
	{"a private box of another kind", box("jumb", desc(19, "c2pa\x00", string(box("priv", []byte("abc")))))},
	{"no label", box("jumb", desc(1))},
	{"nested", super("c2pa", super("a", super("b", super("c", box("uuid", make([]byte, 16))))))},
	{"many children", super("c2pa", super("0"), super("1"), super("2"), super("3"), super("4"), super("5"), super("6"), super("7"), super("8"))},
	{"two of one label", super("c2pa", super("a"), super("a"))},
}

var whole = super("c2pa", super("manifest", box("cbor", []byte{0xA0})))

var bad = []struct {
	name, text string
	data       []byte
}{
	{"nothing", "box header", nil},
	{"seven bytes", "box header", whole[:7]},
	{"cut off", "are left", whole[:len(whole)-1]},
	{"no superbox", "superbox (jumb)", box("free")},
	{"size 7", "smaller than a header", set(whole, 3, 7)},
	{"size 2^32-1", "are left", set(whole, 0, 255, 255, 255, 255)},
	{"extended size 15", "smaller than a header", set(big("jumb", desc(3, "c2pa\x00")), 15, 15)},
	{"extended size 2^63", "are left", set(big("jumb", desc(3, "c2pa\x00")), 8, 0x80)},
	{"extended size cut off", "inside its extended size", append([]byte{0, 0, 0, 1}, "jumbabc"...)},
	{"child larger than its parent", "are left", super("c2pa", set(super("m"), 3, 200))},
	{"child of size 0", "not the outermost", super("c2pa", set(box("free"), 3, 0))},
	{"bytes behind the last child", "box header", box("jumb", desc(3, "c2pa\x00"), []byte{1, 2, 3})},
	{"no description", "description box", box("jumb", box("cbor", []byte{0xA0}))},
	{"an empty superbox", "box header", box("jumb")},
	{"description of 16 bytes", "description of", box("jumb", box("jumd", make([]byte, 16)))},
	{"label without NUL", "closing NUL", box("jumb", desc(3, "c2pa"))},
	{"label with a control character", "forbidden", super("c2\x01pa")},
	{"label with a C1 control character", "forbidden", super("c2\u0085pa")},
	{"label with a slash", "forbidden", super("c2/pa")},
	{"label with a byte order mark", "forbidden", super("c2\uFEFFpa")},
	{"label that is not UTF-8", "not UTF-8", super("c2\xFFpa")},
	{"label with a surrogate", "not UTF-8", super("c2\xED\xA0\x80pa")},
	{"an empty label", "empty", super("")},
	{"bytes behind a NUL in the label", "left in the description", super("c2pa\x00evil")},
	{"ID cut off", "inside its ID", box("jumb", desc(7, "c2pa\x00", "abc"))},
	{"hash cut off", "inside its hash", box("jumb", desc(11, "c2pa\x00", "abc"))},
	{"salt of 15 bytes", "salt of 15", box("jumb", desc(19, "c2pa\x00", string(box("c2sh", make([]byte, 15)))))},
	{"private box that is too short", "private box", box("jumb", desc(19, "c2pa\x00", string(box("c2sh", make([]byte, 16)))+"x"))},
	{"private toggle and no box", "private box", box("jumb", desc(19, "c2pa\x00"))},
}

func TestParse(t *testing.T) {
	for _, c := range good {
		t.Run(c.name, func(t *testing.T) {
			b, n, err := jumbf.Parse(append(bytes.Clone(c.data), trailing(c.data)...), jumbf.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if n != len(c.data) {
				t.Errorf("took %d of %d bytes", n, len(c.data))
			}
			if !bytes.Equal(b.Append(nil), c.data) {
				t.Error("what was read does not write back as it was")
			}
			offsets(t, b, c.data)
		})
	}
}

// trailing is padding behind a store; a box to the end would take it in.
func trailing(data []byte) []byte {
	if bytes.HasPrefix(data, []byte{0, 0, 0, 0}) {
		return nil
	}
	return make([]byte, 11)
}

func offsets(t *testing.T, b *jumbf.Box, data []byte) {
	t.Helper()
	if at := data[b.Offset:]; !bytes.HasPrefix(at, b.Raw) {
		t.Errorf("%s does not lie at offset %d", b.Path(), b.Offset)
	}
	for _, c := range b.Children {
		offsets(t, c, data)
	}
}

func TestParseRefuses(t *testing.T) {
	for _, c := range bad {
		t.Run(c.name, func(t *testing.T) {
			b, n, err := jumbf.Parse(c.data, jumbf.Limits{})
			var syntax *jumbf.SyntaxError
			if !errors.As(err, &syntax) {
				t.Fatalf("%v", err)
			}
			if b != nil || n != 0 {
				t.Error("an error comes with a result")
			}
			if !strings.Contains(syntax.Text, c.text) {
				t.Errorf("%q does not say %q", syntax.Text, c.text)
			}
			if syntax.Path == "" || syntax.Offset < 0 || syntax.Offset > int64(len(c.data)) {
				t.Errorf("no place: %+v", syntax)
			}
		})
	}
}

func TestLimits(t *testing.T) {
	deep := func(n int) []byte {
		b := super("x")
		for range n - 1 {
			b = super("x", b)
		}
		return b
	}
	wide := func(n int) []byte { // n boxes with the outermost
		var kids [][]byte
		for range n - 1 {
			kids = append(kids, box("free"))
		}
		return super("x", kids...)
	}
	cases := []struct {
		name string
		data []byte
		lim  jumbf.Limits
		ok   bool
	}{
		{"depth at the limit", deep(32), jumbf.Limits{}, true},
		{"depth one past it", deep(33), jumbf.Limits{}, false},
		{"depth far past it", deep(2000), jumbf.Limits{}, false},
		{"boxes at the limit", wide(100), jumbf.Limits{Boxes: 100}, true},
		{"boxes one past it", wide(101), jumbf.Limits{Boxes: 100}, false},
		{"boxes at the default limit", wide(1 << 16), jumbf.Limits{}, true},
		{"boxes past the default limit", wide(1<<16 + 1), jumbf.Limits{}, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := jumbf.Parse(c.data, c.lim)
			var limit *jumbf.LimitError
			if c.ok != (err == nil) || !c.ok && !errors.As(err, &limit) {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestURI(t *testing.T) {
	root, _, err := jumbf.Parse(super("c2pa", super("m", super("s", super("a"), super("b"), super("b")))), jumbf.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		uri      string
		absolute bool
		parts    string
		err      error
	}{
		{"self#jumbf=/c2pa/m/s/a", true, "c2pa m s a", nil},
		{"self#jumbf=s/a", false, "s a", nil},
		{"self#jumbf=c2pa/m/s", true, "c2pa m s", nil}, // as files of 2021 write it
		{"self#jumbf=", false, "", jumbf.ErrURI},
		{"self#jumbf=/", false, "", jumbf.ErrURI},
		{"self#jumbf=s/../m", false, "", jumbf.ErrURI},
		{"self#jumbf=./s", false, "", jumbf.ErrURI},
		{"self#jumbf=s//a", false, "", jumbf.ErrURI},
		{"self#jumbf=s/a/", false, "", jumbf.ErrURI},
		{"self#jumbf=s/a&cbor=/actions/0", false, "", jumbf.ErrURI},
		{"self#jumbf=s?x", false, "", jumbf.ErrURI},
		{"https://example.com/#jumbf=s", false, "", jumbf.ErrURI},
		{"", false, "", jumbf.ErrURI},
	}
	for _, c := range cases {
		t.Run(c.uri, func(t *testing.T) {
			u, err := jumbf.ParseURI(c.uri)
			if !errors.Is(err, c.err) || u.Absolute != c.absolute || strings.Join(u.Parts, " ") != c.parts {
				t.Errorf("%+v %v", u, err)
			}
			if spelled := err == nil && c.uri == jumbf.Prefix+"/"+strings.Join(u.Parts, "/"); jumbf.Spelled(c.uri) != spelled {
				t.Errorf("spelled %v", !spelled)
			}
		})
	}
	for _, c := range []struct {
		path string
		err  error
	}{
		{"m s a", nil},
		{"m s", nil},
		{"m s b", jumbf.ErrAmbiguous},
		{"m s c", jumbf.ErrMissing},
		{"m x a", jumbf.ErrMissing},
	} {
		t.Run("find "+c.path, func(t *testing.T) {
			b, err := root.Find(strings.Fields(c.path))
			if !errors.Is(err, c.err) || err == nil && b.Path() != "c2pa/"+strings.ReplaceAll(c.path, " ", "/") {
				t.Errorf("%v %v", b, err)
			}
		})
	}
	t.Run("many children are found alike", func(t *testing.T) {
		var kids [][]byte
		for i := range 40 {
			kids = append(kids, super(fmt.Sprint("k", i%39)))
		}
		root, _, err := jumbf.Parse(super("c2pa", kids...), jumbf.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		for label, want := range map[string]error{"k0": jumbf.ErrAmbiguous, "k7": nil, "k39": jumbf.ErrMissing, "": jumbf.ErrMissing} {
			if _, err := root.Child(label); !errors.Is(err, want) {
				t.Errorf("%q: %v", label, err)
			}
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, c := range good {
		f.Add(c.data)
	}
	for _, c := range bad {
		f.Add(c.data)
	}
	if len(good)+len(bad) < 5 {
		f.Fatal("no seeds")
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		lim := jumbf.Limits{Boxes: 1 << 12}
		b, n, err := jumbf.Parse(data, lim)
		if err != nil {
			var syntax *jumbf.SyntaxError
			var limit *jumbf.LimitError
			if b != nil || n != 0 || !errors.As(err, &syntax) && !errors.As(err, &limit) {
				t.Fatalf("%v %d %v", b, n, err)
			}
			return
		}
		if out := b.Append(nil); !bytes.Equal(out, data[:n]) {
			t.Fatal("what was read does not write back as it was")
		}
		if count(b) > lim.Boxes {
			t.Fatal("more boxes than the limit")
		}
	})
}

func count(b *jumbf.Box) int {
	n := 1
	for _, c := range b.Children {
		n += count(c)
	}
	return n
}

func BenchmarkParse(b *testing.B) {
	var kids [][]byte
	for i := range 1000 {
		kids = append(kids, super(fmt.Sprint("assertion", i), box("cbor", make([]byte, 1000))))
	}
	data := super("c2pa", kids...)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, _, err := jumbf.Parse(data, jumbf.Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}
