package still_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/internal/parts"
	"github.com/consentry/consentry/internal/still"
)

func texts(t testing.TB, data []byte) (*parts.Fields, bool) {
	t.Helper()
	r, walk := bytes.NewReader(data), still.JPEG
	if bytes.HasPrefix(data, []byte("\x89PNG")) {
		walk = still.PNG
	}
	f, err := walk(r, int64(len(data)))
	if err != nil {
		return nil, false // over a limit
	}
	out, err := still.Texts(r, int64(len(data)), f)
	if err != nil {
		t.Fatal(err)
	}
	return out, true
}

func TestTexts(t *testing.T) {
	exif := forge.EXIF("hello")
	little := "Exif\x00\x00II*\x00\x08\x00\x00\x00\x01\x00\x31\x01\x02\x00\x06\x00\x00\x00\x1a\x00\x00\x00\x00\x00\x00\x00tool 1"
	wide := strings.Replace(exif, "ASCII\x00\x00\x00hello", "UNICODE\x00\x00h\x00i\x00", 1)
	loop := strings.Replace(exif, "\x00\x00\x00\x1a\x00\x00\x00\x00\x00\x01", "\x00\x00\x00\x08\x00\x00\x00\x00\x00\x01", 1)
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"tEXt":                           {forge.PNG(forge.PNGText("tEXt", "AIGC", "{}")), "AIGC={}"},
		"zTXt":                           {forge.PNG(forge.PNGText("zTXt", "AIGC", "{}")), "AIGC={}"},
		"iTXt":                           {forge.PNG(forge.PNGText("iTXt", "AIGC", "{}")), "AIGC={}"},
		"a keyword without an end":       {forge.PNG(forge.PNGText("tEXt", strings.Repeat("k", 80), "{}")), ""},
		"a text that is not compressed":  {forge.PNG(bytes.Replace(forge.PNGText("zTXt", "AIGC", "{}"), []byte("\x78\x9c"), []byte("\x00\x00"), 1)), ""},
		"a label in a segment":           {forge.JPEG(forge.JPEGSegment(1, `AIGC{"Label":"1"}`)), `AIGC={"Label":"1"}`},
		"a label behind a zero":          {forge.JPEG(forge.JPEGSegment(11, "AIGC\x00{}")), "AIGC={}"},
		"a segment that begins as one":   {forge.JPEG(forge.JPEGSegment(1, "AIGC rules")), ""},
		"a user comment":                 {forge.JPEG(forge.JPEGSegment(1, exif)), "EXIF UserComment=hello"},
		"a user comment in UTF-16":       {forge.JPEG(forge.JPEGSegment(1, wide)), "EXIF UserComment=hi"},
		"the software, in little-endian": {forge.JPEG(forge.JPEGSegment(1, little)), "EXIF Software=tool 1"},
		"a directory that names itself":  {forge.JPEG(forge.JPEGSegment(1, loop)), ""},
		"no order of bytes":              {forge.JPEG(forge.JPEGSegment(1, strings.Replace(exif, "MM", "XX", 1))), ""},
		"a directory behind the end":     {forge.JPEG(forge.JPEGSegment(1, exif[:30])), ""},
		"behind the picture":             {append(forge.PNG(), forge.PNGText("tEXt", "AIGC", "{}")...), ""},
	} {
		t.Run(name, func(t *testing.T) {
			f, _ := texts(t, c.data)
			var got []string
			for _, x := range f.List {
				got = append(got, x.Name+"="+string(x.Text))
				if x.Offset >= 0 && !strings.Contains(c.want, "=hi") && !bytes.HasPrefix(c.data[x.Offset:], x.Text) {
					t.Errorf("%s does not stand at offset %d", x.Name, x.Offset)
				}
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("texts %q", got)
			}
		})
	}
}

// TestTextLimits: a text of a mebibyte is read, compressed or not, a larger one is not; neither is what comes after 32
// MiB of such.
func TestTextLimits(t *testing.T) {
	long := strings.Repeat("x", parts.MaxField)
	small := forge.PNGText("tEXt", "b", "c")
	if f, _ := texts(t, forge.PNG(forge.PNGText("zTXt", "a", long), small)); len(f.List) != 2 || f.Left != "" {
		t.Errorf("%d texts, left out: %q", len(f.List), f.Left)
	}
	for _, typ := range []string{"zTXt", "tEXt", "iTXt"} {
		if f, _ := texts(t, forge.PNG(forge.PNGText(typ, "a", long+"x"), small)); len(f.List) != 1 || f.Left == "" {
			t.Errorf("%s: %d texts, left out: %q", typ, len(f.List), f.Left)
		}
	}
	bomb := forge.PNGText("zTXt", "a", long+long)
	if f, _ := texts(t, forge.PNG(append(bytes.Repeat(bomb, 40), small...))); len(f.List) != 0 || f.Left == "" {
		t.Errorf("%d texts, left out: %q", len(f.List), f.Left)
	}
	// Of EXIF 64 KiB are read: a text that ends there, and one that ends a byte behind it.
	for n, want := range map[int]int{64 << 10: 1, 64<<10 + 1: 0} {
		exif := "*\x00\x00\x00\x08\x00\x01\x01\x31\x00\x02\x00\x00\x00\x09\x00\x00" + string([]byte{byte((n - 9) >> 8), byte(n - 9)})
		exif += strings.Repeat("\x00", n-9-len("MM\x00"+exif)) + "camera 1\x00"
		if f, _ := texts(t, forge.PNG(forge.PNGText("eXIf", "MM", exif))); len(f.List) != want {
			t.Errorf("%d bytes: %+v", n, f.List)
		}
	}
	// Of a directory 512 entries are read.
	for n, want := range map[int]int{512: 1, 513: 0} {
		d := "Exif\x00\x00MM\x00*\x00\x00\x00\x08" + string([]byte{byte(n >> 8), byte(n)}) + strings.Repeat("\x01\x00\x00\x03\x00\x00\x00\x01\x00\x01\x00\x00", n-1) + "\x01\x31\x00\x02\x00\x00\x00\x05\x00\x00\x00\x00"
		if f, _ := texts(t, forge.JPEG(forge.JPEGSegment(1, d))); len(f.List) != want {
			t.Errorf("%d entries: %+v", n, f.List)
		}
	}
}

// FuzzTexts: whatever the bytes, texts begin in the file and are no longer than their limit.
func FuzzTexts(f *testing.F) {
	for _, seed := range [][]byte{
		forge.PNG(forge.PNGText("tEXt", "AIGC", "{}")), forge.PNG(forge.PNGText("zTXt", "AIGC", "{}")), forge.PNG(forge.PNGText("iTXt", "AIGC", "{}")),
		forge.JPEG(forge.JPEGSegment(1, forge.EXIF("hello"))), forge.JPEG(forge.JPEGSegment(2, "AIGC{}")),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, ok := texts(t, data)
		if !ok {
			return
		}
		for _, x := range got.List {
			if x.Offset < -1 || x.Offset > int64(len(data)) || len(x.Text) > parts.MaxField {
				t.Fatalf("%+v in a file of %d bytes", x, len(data))
			}
		}
	})
}
