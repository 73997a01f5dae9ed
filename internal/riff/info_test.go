package riff_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/internal/parts"
	"github.com/consentry/consentry/internal/riff"
)

func texts(t testing.TB, data []byte) (*parts.Fields, bool) {
	t.Helper()
	r := bytes.NewReader(data)
	f, err := riff.Walk(r, int64(len(data)))
	if err != nil {
		return nil, false // over a limit
	}
	out, err := riff.Texts(r, int64(len(data)), f)
	if err != nil {
		t.Fatal(err)
	}
	return out, true
}

func TestTexts(t *testing.T) {
	text := func(name, value string) forge.Text { return forge.Text{Name: name, Value: value} }
	info := forge.InfoList(text("INAM", "odd"), text("AIGC", "{}"))
	long := bytes.Clone(info)
	copy(long[len(long)-6:], "\xff\xff\xff\xff")
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"entries of a list":        {forge.RIFF("AVI ", info), "INAM=odd AIGC={}"},
		"behind the media":         {forge.RIFF("AVI ", forge.RIFFChunk("LIST", "movi"), info), "INAM=odd AIGC={}"},
		"a chunk of its own":       {forge.RIFF("WAVE", forge.RIFFChunk("AIGC", "{ }")), "AIGC={ }"},
		"a list of another type":   {forge.RIFF("AVI ", forge.RIFFChunk("LIST", "movi"+string(forge.RIFFChunk("AIGC", "{}")))), ""},
		"an entry that is cut":     {forge.RIFF("AVI ", long), "INAM=odd AIGC={}"},
		"a list without entries":   {forge.RIFF("AVI ", forge.InfoList()), ""},
		"a list with a bit of one": {forge.RIFF("AVI ", forge.RIFFChunk("LIST", "INFOAIGC")), ""},
	} {
		t.Run(name, func(t *testing.T) {
			f, _ := texts(t, c.data)
			var got []string
			for _, x := range f.List {
				got = append(got, x.Name+"="+string(x.Text))
				if !bytes.HasPrefix(c.data[x.Offset:], x.Text) {
					t.Errorf("%s does not stand at offset %d", x.Name, x.Offset)
				}
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("texts %q", got)
			}
		})
	}
	for n, all := range map[int]bool{4096: true, 4097: false} {
		var list []forge.Text
		for range n {
			list = append(list, text("ICMT", ""))
		}
		if f, _ := texts(t, forge.RIFF("AVI ", forge.InfoList(list...))); len(f.List) != 4096 || (f.Left == "") != all {
			t.Errorf("%d entries: %d texts, left out: %q", n, len(f.List), f.Left)
		}
	}
}

// FuzzTexts: whatever the bytes, a text is one that stands in the file at its offset.
func FuzzTexts(f *testing.F) {
	label := forge.Text{Name: "AIGC", Value: "{}"}
	for _, seed := range [][]byte{
		forge.RIFF("AVI ", forge.InfoList(label)), forge.RIFF("WAVE", forge.RIFFChunk("AIGC", "{}")), forge.RIFF("AVI ", forge.InfoList(), forge.InfoList(label, label)),
		[]byte("RIFF\xff\xff\xff\xffAVI LIST\xff\xff\xff\xffINFOAIGC\xff\xff\xff\xff{}"), []byte("RIFF\x10\x00\x00\x00WAVEAIGC\x01\x00\x00\x00{"),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, ok := texts(t, data)
		if !ok {
			return
		}
		for _, x := range got.List {
			if x.Offset < 0 || x.Offset+int64(len(x.Text)) > int64(len(data)) || !bytes.Equal(data[x.Offset:x.Offset+int64(len(x.Text))], x.Text) {
				t.Fatalf("%q does not stand at offset %d", x.Text, x.Offset)
			}
		}
	})
}

// TestListsInTheHeaderAreBounded: as many chunks as are passed over, and one more.
func TestListsInTheHeaderAreBounded(t *testing.T) {
	info := string(forge.InfoList(forge.Text{Name: "AIGC", Value: "{}"}))
	for n, want := range map[int]int{255: 1, 256: 0} {
		out, _ := texts(t, forge.RIFF("AVI ", forge.RIFFChunk("LIST", "hdrl"+strings.Repeat(string(forge.RIFFChunk("JUNK", "    ")), n)+info)))
		if len(out.List) != want || (out.Left == "") != (want == 1) {
			t.Errorf("%d chunks before it: %+v", n, out)
		}
	}
}
