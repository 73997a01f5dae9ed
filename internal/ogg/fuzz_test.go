package ogg_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/internal/ogg"
	"github.com/consentry/consentry/internal/parts"
)

// FuzzWalk: whatever the bytes, the parts stand in order, meet, and fill the file; stores lie inside of it.
func FuzzWalk(f *testing.F) {
	for _, c := range []forge.Carrier{{Kind: "ogg"}, {Kind: "ogg", Split: true}, {Kind: "ogg", Split: true, Boxes: true}} {
		f.Add(forge.Make(forge.Recipe{Carrier: &c}).Data)
	}
	for _, s := range []string{"OggS\x00\x02", "OggS\x00\x02aaaaaaaassssnnnncccc\x01\x05\x00c2pa", "OggS\x00\x02aaaaaaaassssnnnncccc\x01\xff\x00c2pa"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := ogg.Walk(bytes.NewReader(data), int64(len(data)))
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
