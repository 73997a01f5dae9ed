package riff_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/internal/parts"
	"github.com/consentry/consentry/internal/riff"
)

// FuzzWalk: whatever the bytes, the parts stand in order, meet, and fill the file; stores lie inside of it.
//
// testdata: pad-byte-of-the-outer-chunk was in no part of the file.
func FuzzWalk(f *testing.F) {
	for _, c := range []forge.Carrier{{Kind: "wav"}, {Kind: "wav", Odd: true}, {Kind: "avi", Split: true}, {Kind: "rf64"}, {Kind: "webp", XMP: []byte("<x/>")}} {
		f.Add(forge.Make(forge.Recipe{Carrier: &c}).Data)
	}
	for _, s := range []string{"RIFF\xff\xff\xff\xffWAVEC2PA\xff\xff\xff\xff", "RIFF\x01\x00\x00\x00AVI ", "RF64\xff\xff\xff\xffWAVEds64\xff\xff\xff\xff"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := riff.Walk(bytes.NewReader(data), int64(len(data)))
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
