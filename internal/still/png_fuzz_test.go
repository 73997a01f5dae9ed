package still_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/internal/parts"
	"github.com/consentry/consentry/internal/still"
)

// FuzzPNG: whatever the bytes, the parts stand in order, meet, and fill the file; stores lie inside of it.
func FuzzPNG(f *testing.F) {
	for _, c := range []forge.Carrier{{Kind: "png"}, {Kind: "png", XMP: []byte("<x/>")}, {Kind: "png", Boxes: true}} {
		f.Add(forge.Make(forge.Recipe{Carrier: &c}).Data)
	}
	for _, s := range []string{"\x89PNG\r\n\x1a\n\xff\xff\xff\xffcaBX\x00\x00\x00\x00", "\x89PNG\r\n\x1a\n\x00\x00\x00\x00IEND\x00\x00\x00\x00more", "\x89PNG"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := still.PNG(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			var limit *parts.LimitError
			if !errors.As(err, &limit) {
				t.Fatal(err)
			}
			return
		}
		if err := got.Check(int64(len(data))); err != nil {
			t.Fatal(err)
		}
		if len(got.Stores) > 2 || len(got.Parts) > parts.MaxParts {
			t.Fatalf("%d stores, %d parts", len(got.Stores), len(got.Parts))
		}
	})
}
