package id3_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/internal/id3"
	"github.com/consentry/consentry/internal/parts"
)

func text(name, value string) forge.Text { return forge.Text{Name: name, Value: value} }

func texts(t testing.TB, data []byte) *parts.Fields {
	t.Helper()
	f, err := id3.Texts(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestTexts(t *testing.T) {
	for name, c := range map[string]struct {
		data       []byte
		field      string
		text       string
		pictures   int
		moved, off bool
	}{
		"2.2":                    {data: forge.ID3(2, 0, false, false, text("TXXX:A", "b")), field: "TXXX:A", text: "b"},
		"2.3, Latin":             {data: forge.ID3(3, 0, false, false, text("TSSE", "caf\xe9")), field: "TSSE", text: "café"},
		"2.3, said to be Latin":  {data: forge.ID3(3, 0, false, false, text("TSSE", "café")), field: "TSSE", text: "café"},
		"2.3, UTF-16":            {data: forge.ID3(3, 1, false, false, text("TXXX:Ä", "ü\U0001f600")), field: "TXXX:Ä", text: "ü\U0001f600"},
		"2.3, unsynchronised":    {data: forge.ID3(3, 1, true, false, text("TXXX:A", "ü")), field: "TXXX:A", text: "ü", moved: true},
		"2.4, UTF-8":             {data: forge.ID3(4, 3, false, false, text("TXXX:A", "ü")), field: "TXXX:A", text: "ü"},
		"2.4, compressed":        {data: forge.ID3(4, 3, false, true, text("TXXX:A", "b")), field: "TXXX:A", text: "b", moved: true},
		"a comment":              {data: forge.ID3(4, 3, false, false, text("COMM", "hello")), field: "COMM", text: "hello"},
		"a comment in UTF-16":    {data: forge.ID3(3, 1, false, false, text("COMM", "hello")), field: "COMM", text: "hello"},
		"a picture":              {data: forge.ID3(3, 0, false, false, text("APIC", "picture")), pictures: 1},
		"a picture, 2.2":         {data: []byte("ID3\x02\x00\x00\x00\x00\x00\x12PIC\x00\x00\x0c\x00PNG\x03\x00picture")[:27], pictures: 1},
		"a picture, compressed":  {data: forge.ID3(3, 0, false, true, text("APIC", "picture")), off: true},
		"no text at all":         {data: forge.ID3(4, 3, false, false)},
		"no tag":                 {data: []byte("\xff\xfb\x90\x00")},
		"a text without its end": {data: []byte("ID3\x04\x00\x00\x00\x00\x00\x0eTXXX\x00\x00\x00\x04\x00\x00\x03AIG")},
	} {
		t.Run(name, func(t *testing.T) {
			f := texts(t, c.data)
			if (f.Left != "") != c.off || len(f.Pictures) != c.pictures {
				t.Errorf("pictures %v, left out: %q", f.Pictures, f.Left)
			}
			if c.field == "" {
				if len(f.List) > 0 {
					t.Errorf("fields %+v", f.List)
				}
				return
			}
			if len(f.List) != 1 || f.List[0].Name != c.field || string(f.List[0].Text) != c.text || (f.List[0].Offset < 0) != c.moved {
				t.Errorf("fields %+v", f.List)
			}
		})
	}
}

// TestATagBehindTheSound: a tag with a footer at the end is read, in front of an ID3v1 tag or not, and nothing that only
// looks like one.
func TestATagBehindTheSound(t *testing.T) {
	front := forge.ID3(4, 3, false, false, text("TSSE", "x"))
	tag := forge.ID3Footer(forge.ID3(4, 3, false, false, text("TXXX:A", "b")))
	noise := []byte("\xff\xfb\x90\x00sound")
	old := append([]byte("TAG"), make([]byte, 125)...)
	with := func(at int, b byte) []byte { // a byte of the tag is another; from the end where below zero
		out := slices.Clone(tag)
		out[(at+len(out))%len(out)] = b
		return out
	}
	for _, c := range []struct {
		name  string
		data  [][]byte
		found string
	}{
		{"alone", [][]byte{tag}, "TXXX:A"},
		{"behind the sound", [][]byte{noise, tag}, "TXXX:A"},
		{"behind a tag and the sound", [][]byte{front, noise, tag}, "TSSE TXXX:A"},
		{"in front of an old tag", [][]byte{front, noise, tag, old}, "TSSE TXXX:A"},
		{"the only tag at the start is not read twice", [][]byte{tag, old}, "TXXX:A"},
		{"a byte behind it", [][]byte{noise, tag, {0}}, ""},
		{"a longer tag than there is", [][]byte{noise, with(-1, 0x7f)}, ""},
		{"a size that is none", [][]byte{noise, with(-1, 0x80)}, ""},
		{"a footer without its tag", [][]byte{noise, with(0, 'X')}, ""},
		{"an older version", [][]byte{noise, with(-7, 3)}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			data := slices.Concat(c.data...)
			var names []string
			for _, f := range texts(t, data).List {
				names = append(names, f.Name)
				if f.Offset < 0 || !bytes.HasPrefix(data[f.Offset:], f.Text) {
					t.Errorf("%s does not stand at offset %d", f.Name, f.Offset)
				}
			}
			if got := strings.Join(names, " "); got != c.found {
				t.Errorf("found %q", got)
			}
		})
	}
}

// TestTextLimits: a text of a mebibyte is read, a larger one is not, compressed or not; neither is what comes after 32
// MiB of such.
func TestTextLimits(t *testing.T) {
	long := strings.Repeat("x", parts.MaxField)
	for _, packed := range []bool{false, true} {
		if f := texts(t, forge.ID3(4, 3, false, packed, text("TXXX:A", long[:len(long)-10]), text("TSSE", "b"))); len(f.List) != 2 || f.Left != "" {
			t.Errorf("%d texts, left out: %q", len(f.List), f.Left)
		}
		if f := texts(t, forge.ID3(4, 3, false, packed, text("TXXX:A", long+"x"), text("TSSE", "b"))); len(f.List) != 1 || f.Left == "" {
			t.Errorf("%d texts, left out: %q", len(f.List), f.Left)
		}
	}
	bombs := make([]forge.Text, 40)
	for i := range bombs {
		bombs[i] = text("TXXX:A", long+long)
	}
	if f := texts(t, forge.ID3(4, 3, false, true, append(bombs, text("TSSE", "b"))...)); len(f.List) != 0 || f.Left == "" {
		t.Errorf("%d texts, left out: %q", len(f.List), f.Left)
	}
}

// FuzzTexts: whatever the bytes, texts begin in the file, are no longer than their limit, and pictures lie inside.
func FuzzTexts(f *testing.F) {
	for _, seed := range [][]byte{
		forge.ID3(2, 0, false, false, text("TXXX:AIGC", "{}")), forge.ID3(3, 1, true, false, text("TXXX:AIGC", "{}"), text("COMM", "x")),
		forge.ID3(4, 3, false, true, text("TXXX:AIGC", "{}")), forge.ID3(3, 0, false, false, text("APIC", "x")), []byte("ID3\x04\x00\x40\x00\x00\x00\x10"),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got := texts(t, data)
		for _, x := range got.List {
			if x.Offset < -1 || x.Offset > int64(len(data)) || len(x.Text) > parts.MaxField {
				t.Fatalf("field %+v in a file of %d bytes", x, len(data))
			}
		}
		for _, p := range got.Pictures {
			if p.Offset < 0 || p.Length < 0 || p.End() > int64(len(data)) {
				t.Fatalf("picture %+v in a file of %d bytes", p, len(data))
			}
		}
	})
}
