package id3_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/internal/id3"
	"github.com/consentry/consentry/internal/parts"
)

// FuzzWalk: whatever the bytes, the parts stand in order, meet, and fill the file; stores lie inside of it.
func FuzzWalk(f *testing.F) {
	for _, c := range []forge.Carrier{{Kind: "mp3"}, {Kind: "mp3", Version: 2}, {Kind: "mp3", Version: 3, Unsync: true}, {Kind: "mp3", Compress: true, Unsync: true}, {Kind: "flac", Wide: true}} {
		f.Add(forge.Make(forge.Recipe{Carrier: &c}).Data)
	}
	for _, s := range []string{"ID3\x03\x00\xc0\x00\x00\x00\x20\x00\x00\x00\xff\xff\x00", "ID3\x04\x00\x40\x7f\x7f\x7f\x7f", "ID3\x04\x00\x00\x00\x00\x00\x20GEOB\x00\x00\x00\x16\x00\x08\x78\x9c"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := id3.Walk(bytes.NewReader(data), int64(len(data)), 1<<16)
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
