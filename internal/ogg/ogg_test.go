package ogg_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"

	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/internal/ogg"
	"github.com/consentry/consentry/internal/parts"
)

func walk(t *testing.T, data []byte) *parts.File {
	t.Helper()
	f, err := ogg.Walk(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Check(int64(len(data))); err != nil {
		t.Fatal(err)
	}
	return f
}

func TestWalkPutsThePacketTogether(t *testing.T) {
	for name, split := range map[string]bool{"pages that follow one another": false, "pages of others between": true} {
		t.Run(name, func(t *testing.T) {
			b := forge.Make(forge.Recipe{Carrier: &forge.Carrier{Kind: "ogg", Split: split}})
			f := walk(t, b.Data)
			if len(f.Stores) != 1 || f.Stores[0].Fault != "" || len(f.Problems) > 0 {
				t.Fatalf("stores %+v, problems %v", f.Stores, f.Problems)
			}
			var have []byte
			for _, x := range f.Stores[0].Inner {
				have = append(have, b.Data[x.Offset:x.End()]...)
			}
			if !bytes.Equal(have, b.Store) {
				t.Errorf("%d bytes of store, expected %d", len(have), len(b.Store))
			}
			if len(f.Parts) != 2 || f.Parts[0].Name != "Stream-7" || f.Parts[1].Name != parts.StoreName || f.Parts[0].Meta {
				t.Errorf("parts %+v", f.Parts)
			}
			if want := len(b.Places.Store); len(f.Stores[0].Outer) != want || split != (want > 1) {
				t.Errorf("%d runs of pages, expected %d", len(f.Stores[0].Outer), want)
			}
		})
	}
}

// empty is a page without a packet.
func empty(serial int) []byte {
	b := append([]byte("OggS\x00\x02"), make([]byte, 21)...)
	binary.LittleEndian.PutUint32(b[14:], uint32(serial))
	return b
}

func TestLimits(t *testing.T) {
	for what, c := range map[string]struct{ at, streams int }{
		"bitstreams":    {256, 1 << 30},
		"runs of pages": {1 << 18, 2},
	} {
		var data []byte
		for i := range c.at + 1 {
			data = append(data, empty(i%c.streams)...)
		}
		var limit *parts.LimitError
		if _, err := ogg.Walk(bytes.NewReader(data), int64(len(data))); !errors.As(err, &limit) || limit.Limit != int64(c.at) {
			t.Errorf("one past the limit of %s: %v", what, err)
		}
		walk(t, data[:len(data)-27])
	}
}

func BenchmarkWalk(b *testing.B) {
	var data []byte
	for i := range 100_000 {
		data = append(data, empty(i%2)...)
	}
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, err := ogg.Walk(bytes.NewReader(data), int64(len(data))); err != nil {
			b.Fatal(err)
		}
	}
}
