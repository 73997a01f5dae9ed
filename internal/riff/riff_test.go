package riff_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/internal/parts"
	"github.com/consentry/consentry/internal/riff"
)

func walk(t *testing.T, data []byte) *parts.File {
	t.Helper()
	f, err := riff.Walk(bytes.NewReader(data), int64(len(data)))
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
	for name, c := range map[string]struct {
		carrier forge.Carrier
		want    string
	}{
		"wav":                 {forge.Carrier{Kind: "wav"}, "WAVE,fmt ,data,C2PA"},
		"sound of odd size":   {forge.Carrier{Kind: "wav", Odd: true}, "WAVE,fmt ,data,C2PA"},
		"avi":                 {forge.Carrier{Kind: "avi"}, "AVI ,hdrl,movi,idx1,C2PA"},
		"two RIFF chunks":     {forge.Carrier{Kind: "avi", Split: true}, "AVI ,hdrl,movi,idx1,C2PA,AVIX,movi"},
		"sizes in ds64":       {forge.Carrier{Kind: "rf64"}, "WAVE,ds64,fmt ,data,C2PA"},
		"webp":                {forge.Carrier{Kind: "webp"}, "WEBP,VP8L,C2PA"},
		"XMP, then a store":   {forge.Carrier{Kind: "wav", XMP: []byte("<x/>")}, "WAVE,fmt ,data,_PMX,C2PA"},
		"bytes behind it all": {forge.Carrier{Kind: "wav", After: []byte("more")}, "WAVE,fmt ,data,C2PA,"},
	} {
		t.Run(name, func(t *testing.T) {
			b := forge.Make(forge.Recipe{Carrier: &c.carrier})
			f := walk(t, b.Data)
			if names(f) != c.want {
				t.Errorf("parts %q, expected %q", names(f), c.want)
			}
			if len(f.Stores) != 1 || f.Stores[0].Inner[0].Offset != b.Places.Inner.Offset || f.Stores[0].Inner[0].Length != b.Places.Inner.Length || f.Stores[0].Fault != "" {
				t.Errorf("stores %+v, expected one at %+v", f.Stores, b.Places.Inner)
			}
			if (len(f.XMP) > 0) != (c.carrier.XMP != nil) || (len(f.Problems) > 0) != (c.carrier.After != nil) {
				t.Errorf("XMP %v, problems %v", f.XMP, f.Problems)
			}
		})
	}
}

func chunks(n int) []byte {
	b := append([]byte("RIFF\x00\x00\x00\x00WAVE"), bytes.Repeat([]byte("JUNK\x00\x00\x00\x00"), n)...)
	binary.LittleEndian.PutUint32(b[4:], uint32(len(b)-8))
	return b
}

func TestLimits(t *testing.T) {
	if got := len(walk(t, chunks(parts.MaxParts-1)).Parts); got != parts.MaxParts {
		t.Errorf("%d parts at the limit", got)
	}
	data := chunks(parts.MaxParts)
	var limit *parts.LimitError
	if _, err := riff.Walk(bytes.NewReader(data), int64(len(data))); !errors.As(err, &limit) || limit.Limit != parts.MaxParts {
		t.Errorf("one past the limit: %v", err)
	}
	// A ds64 chunk has room for any number of sizes; of those past the limit none is believed.
	for _, n := range []int{64, 65} {
		table := bytes.Repeat([]byte("xxxx\x00\x00\x00\x00\x00\x00\x00\x00"), n)
		copy(table[12*(n-1):], "last\x02\x00\x00\x00\x00\x00\x00\x00")
		b := []byte("RF64\xff\xff\xff\xffWAVEds64")
		b = binary.LittleEndian.AppendUint32(b, uint32(28+len(table)))
		b = append(append(append(b, make([]byte, 24)...), byte(n), 0, 0, 0), table...)
		b = append(b, "last\xff\xff\xff\xff..junk"...)
		binary.LittleEndian.PutUint64(b[20:], uint64(len(b)-8))
		clipped := len(walk(t, b).Problems) > 0 && strings.Contains(walk(t, b).Problems[0].Text, "4294967295")
		if clipped != (n > 64) {
			t.Errorf("%d sizes: %v", n, walk(t, b).Problems)
		}
	}
}

func BenchmarkWalk(b *testing.B) {
	data := chunks(50_000)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, err := riff.Walk(bytes.NewReader(data), int64(len(data))); err != nil {
			b.Fatal(err)
		}
	}
}
