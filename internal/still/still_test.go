package still_test

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/internal/parts"
	"github.com/consentry/consentry/internal/still"
)

type walker func(io.ReaderAt, int64) (*parts.File, error)

func walk(t *testing.T, w walker, data []byte) *parts.File {
	t.Helper()
	f, err := w(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Check(int64(len(data))); err != nil {
		t.Fatal(err)
	}
	return f
}

func names(f *parts.File) string {
	var out []string
	for _, p := range f.Parts {
		out = append(out, p.Name)
	}
	return strings.Join(out, ",")
}

func TestWalkNamesTheParts(t *testing.T) {
	xmp := []byte("<x/>")
	for name, c := range map[string]struct {
		carrier forge.Carrier
		walk    walker
		want    string
	}{
		"jpeg":                      {forge.Carrier{Kind: "jpeg"}, still.JPEG, "SOI,APP0,C2PA,DQT,SOF0,SOS,EOI"},
		"a store of many segments":  {forge.Carrier{Kind: "jpeg", Split: true, XMP: xmp}, still.JPEG, "SOI,APP0,C2PA,APP1,DQT,SOF0,SOS,EOI"},
		"what lies behind":          {forge.Carrier{Kind: "jpeg", After: []byte("\xff\xd8")}, still.JPEG, "SOI,APP0,C2PA,DQT,SOF0,SOS,EOI,"},
		"png":                       {forge.Carrier{Kind: "png"}, still.PNG, "PNGh,IHDR,C2PA,IDAT,IEND"},
		"png with XMP":              {forge.Carrier{Kind: "png", XMP: xmp}, still.PNG, "PNGh,IHDR,C2PA,iTXt,IDAT,IEND"},
		"png, and what lies behind": {forge.Carrier{Kind: "png", After: []byte("more than a chunk's header")}, still.PNG, "PNGh,IHDR,C2PA,IDAT,IEND,"},
	} {
		t.Run(name, func(t *testing.T) {
			b := forge.Make(forge.Recipe{Carrier: &c.carrier})
			f := walk(t, c.walk, b.Data)
			if names(f) != c.want {
				t.Errorf("parts %q, expected %q", names(f), c.want)
			}
			if len(f.Stores) != 1 || f.Stores[0].Fault != "" {
				t.Fatalf("stores %+v", f.Stores)
			}
			var have []byte
			for _, x := range f.Stores[0].Inner {
				have = append(have, b.Data[x.Offset:x.End()]...)
			}
			if !bytes.Equal(have, b.Store) {
				t.Errorf("%d bytes of store, expected %d", len(have), len(b.Store))
			}
			if c.carrier.XMP != nil && (len(f.XMP) != 1 || string(b.Data[f.XMP[0].Offset:f.XMP[0].End()]) != "<x/>") {
				t.Errorf("XMP at %+v", f.XMP)
			}
		})
	}
}

// TestTheEndOfAScanIsFound at every place of a block's border: the marker may lie across it.
func TestTheEndOfAScanIsFound(t *testing.T) {
	const block = 32 << 10
	for n := block - 3; n < block+3; n++ {
		for _, tail := range []string{"\xff\xd9", "\xff\xff\xd9", "\xff\x00\xff\xd9", "\xff\xd0\xff\xd9"} {
			data := slices.Concat([]byte("\xff\xd8\xff\xda\x00\x02"), make([]byte, n), []byte(tail))
			if f := walk(t, still.JPEG, data); names(f) != "SOI,SOS,EOI" || len(f.Problems) > 0 {
				t.Fatalf("%d bytes and %q: %s, %v", n, tail, names(f), f.Problems)
			}
		}
	}
}

func TestLimits(t *testing.T) {
	for name, c := range map[string]struct {
		walk       walker
		head, part string
	}{
		"jpeg": {still.JPEG, "\xff\xd8", "\xff\xfe\x00\x02"},
		"png":  {still.PNG, "\x89PNG\r\n\x1a\n", "\x00\x00\x00\x00tEXtcccc"},
	} {
		data := []byte(c.head + strings.Repeat(c.part, parts.MaxParts))
		var limit *parts.LimitError
		if _, err := c.walk(bytes.NewReader(data), int64(len(data))); !errors.As(err, &limit) {
			t.Errorf("%s: one past the limit: %v", name, err)
		}
		if got := len(walk(t, c.walk, data[:len(data)-len(c.part)]).Parts); got != parts.MaxParts {
			t.Errorf("%s: %d parts at the limit", name, got)
		}
	}
}

func BenchmarkScan(b *testing.B) {
	data := slices.Concat([]byte("\xff\xd8\xff\xda\x00\x02"), bytes.Repeat([]byte("scan\xff\x00"), 1<<20), []byte("\xff\xd9"))
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, err := still.JPEG(bytes.NewReader(data), int64(len(data))); err != nil {
			b.Fatal(err)
		}
	}
}
