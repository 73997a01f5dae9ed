package id3_test

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/internal/id3"
	"github.com/consentry/consentry/internal/parts"
)

func walk(t *testing.T, data []byte) *parts.File {
	t.Helper()
	f, err := id3.Walk(bytes.NewReader(data), int64(len(data)), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Check(int64(len(data))); err != nil {
		t.Fatal(err)
	}
	return f
}

// TestWalkGivesTheStore: in every form the store's bytes come out as they were put in, and where they lie is where they
// lie on disk.
func TestWalkGivesTheStore(t *testing.T) {
	for name, c := range map[string]forge.Carrier{
		"2.2":                             {Kind: "mp3", Version: 2},
		"2.2, unsynchronised":             {Kind: "mp3", Version: 2, Unsync: true},
		"2.3":                             {Kind: "mp3", Version: 3},
		"2.3, unsynchronised":             {Kind: "mp3", Version: 3, Unsync: true},
		"2.3, compressed":                 {Kind: "mp3", Version: 3, Compress: true},
		"2.3, compressed, unsynchronised": {Kind: "mp3", Version: 3, Compress: true, Unsync: true},
		"2.4":                             {Kind: "mp3"},
		"2.4, unsynchronised":             {Kind: "mp3", Unsync: true},
		"2.4, compressed, unsynchronised": {Kind: "mp3", Compress: true, Unsync: true},
		"2.4, of the older type, UTF-16":  {Kind: "mp3", Legacy: true, Wide: true},
		"2.4, in front of FLAC":           {Kind: "flac"},
	} {
		t.Run(name, func(t *testing.T) {
			b := forge.Make(forge.Recipe{Carrier: &c})
			f := walk(t, b.Data)
			if len(f.Stores) != 1 || len(f.Problems) != 0 {
				t.Fatalf("stores %+v, problems %v", f.Stores, f.Problems)
			}
			s := f.Stores[0]
			have := s.Data
			if have == nil {
				have = b.Data[s.Inner[0].Offset:s.Inner[0].End()]
			}
			if !bytes.Equal(have, b.Store) || s.Fault != "" {
				t.Errorf("%d bytes of store, expected %d; fault %q", len(have), len(b.Store), s.Fault)
			}
			if s.Outer[0].Offset != b.Places.Store[0].Offset || s.Outer[0].Length != b.Places.Store[0].Length {
				t.Errorf("the frame lies at %+v, expected %+v", s.Outer, b.Places.Store)
			}
			if last := f.Parts[len(f.Parts)-1]; last.Meta || last.Path != "audio" {
				t.Errorf("the last part is %+v", last)
			}
		})
	}
}

func TestAnOldTagAtTheEndIsNoSound(t *testing.T) {
	tail := append([]byte("TAG"), make([]byte, 125)...)
	f := walk(t, forge.Make(forge.Recipe{Carrier: &forge.Carrier{Kind: "mp3", After: tail}}).Data)
	if last := f.Parts[len(f.Parts)-1]; !last.Meta || last.Length != 128 {
		t.Errorf("the last part is %+v", last)
	}
}

func syncsafe(n int) []byte {
	return []byte{byte(n >> 21 & 127), byte(n >> 14 & 127), byte(n >> 7 & 127), byte(n & 127)}
}

func tag(frames ...[]byte) []byte {
	all := slices.Concat(frames...)
	return slices.Concat([]byte("ID3\x04\x00\x00"), syncsafe(len(all)), all)
}

func geob(flags byte, body []byte) []byte {
	return slices.Concat([]byte("GEOB"), syncsafe(len(body)), []byte{0, flags}, body)
}

func TestLimits(t *testing.T) {
	one := geob(0, []byte("\x00application/c2pa\x00\x00\x00store"))
	for _, n := range []int{8, 9} { // tags, of which the last holds a store
		data := append(bytes.Repeat(tag(), n-1), tag(one)...)
		if got := len(walk(t, data).Stores); got != map[int]int{8: 1, 9: 0}[n] {
			t.Errorf("%d tags: %d stores", n, got)
		}
	}
	for _, n := range []int{4096, 4097} { // bytes of texts in front of the object
		name := strings.Repeat("n", n-len("\x00application/c2pa\x00\x00\x00"))
		s := walk(t, tag(geob(0, []byte("\x00application/c2pa\x00"+name+"\x00\x00store")))).Stores
		if len(s) != 1 || (s[0].Fault == "") != (n == 4096) {
			t.Errorf("texts of %d bytes: %+v", n, s)
		}
	}
	for _, n := range []int{1 << 20, 1<<20 + 1} { // bytes of a store, decompressed
		var z bytes.Buffer
		zw := zlib.NewWriter(&z)
		_, _ = zw.Write(append([]byte("\x00application/c2pa\x00\x00\x00"), make([]byte, n)...))
		_ = zw.Close()
		data := tag(geob(0x09, append(binary.BigEndian.AppendUint32(nil, 0), z.Bytes()...)))
		_, err := id3.Walk(bytes.NewReader(data), int64(len(data)), 1<<20)
		var limit *parts.LimitError
		if errors.As(err, &limit) != (n > 1<<20) {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
}

func BenchmarkUnsynchronised(b *testing.B) {
	c := forge.Carrier{Kind: "mp3", Version: 3, Unsync: true}
	data := forge.Make(forge.Recipe{Carrier: &c, Pad: 1 << 20}).Data
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, err := id3.Walk(bytes.NewReader(data), int64(len(data)), 1<<24); err != nil {
			b.Fatal(err)
		}
	}
}
