package still_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/internal/parts"
	"github.com/consentry/consentry/internal/still"
)

// FuzzJPEG: whatever the bytes, the parts stand in order, meet, and fill the file; stores lie inside of it.
func FuzzJPEG(f *testing.F) {
	for _, c := range []forge.Carrier{{Kind: "jpeg"}, {Kind: "jpeg", Split: true}, {Kind: "jpeg", Split: true, XMP: []byte("<x/>")}} {
		f.Add(forge.Make(forge.Recipe{Carrier: &c}).Data)
	}
	for _, s := range []string{"\xff\xd8\xff\xff\xff\xeb\x00\x02\xff\xda\x00\x02\xff", "\xff\xd8\xff\xda\x00\x03a\xff\xd0\xff\xff\xd9\xff\xd9", "\xff\xd8\xff\xeb\x00\x22JP\x00\x01\x00\x00\x00\x01\x00\x00\x00\x20jumb\x00\x00\x00\x18jumdc2pa"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := still.JPEG(bytes.NewReader(data), int64(len(data)))
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
