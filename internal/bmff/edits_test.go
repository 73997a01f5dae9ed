package bmff_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/bmff"
)

// edited is a movie with one track that has these boxes behind its header and media: 600 units a second in the movie,
// 1000 in the media.
func edited(boxes ...[]byte) []byte {
	one := trak(table{id: 1, handler: "vide", entry: avc1(1, 1)})
	return box("moov", full("mvhd", 0, 0, be32(0), be32(0), be32(600), make([]byte, 84)), box("trak", one[8:], cat(boxes...)))
}

func elst(version, count int, rows ...[]byte) []byte {
	return box("edts", full("elst", version, 0, be32(count), cat(rows...)))
}

func row0(duration, media, rate int) []byte { return cat(be32(duration), be32(media), be32(rate)) }

func row1(duration, media uint64, rate int) []byte {
	return cat(be64(duration), be64(media), be32(rate))
}

func TestEdits(t *testing.T) {
	const normal = 1 << 16
	for name, c := range map[string]struct {
		boxes    []byte
		want     string // length, place in the media and rate of each edit
		problems int
	}{
		"none":                           {nil, "", 0},
		"one":                            {elst(0, 1, row0(1200, 500, normal)), "2000ms from 500 at 1", 0},
		"empty-then-media":               {elst(0, 2, row0(300, -1, normal), row0(600, 0, normal)), "500ms from -1 at 1; 1000ms from 0 at 1", 0},
		"version-1":                      {elst(1, 2, row1(300, 1<<64-1, normal), row1(600, 1<<33, normal)), "500ms from -1 at 1; 1000ms from 8589934592 at 1", 0},
		"dwell":                          {elst(0, 1, row0(600, 40, 0)), "1000ms from 40 at 0", 0},
		"half-speed-backwards":           {elst(0, 1, row0(600, 40, -normal/2)), "1000ms from 40 at -0.5", 0},
		"far-below-zero":                 {elst(1, 1, row1(600, 1<<63, normal)), "1000ms from -1 at 1", 0},
		"longer-than-any-movie":          {elst(1, 1, row1(1<<64-1, 1<<63-1, normal)), "0ms from 0 at 1", 0},
		"count-lies":                     {elst(0, 1<<30, row0(600, 0, normal)), "1000ms from 0 at 1", 1},
		"count-too-small":                {elst(0, 1, row0(600, 0, normal), row0(600, 7, normal)), "1000ms from 0 at 1", 0},
		"row-cut":                        {elst(0, 1, row0(600, 0, normal)[:11]), "", 1},
		"rows-of-version-0-in-version-1": {elst(1, 1, row0(600, 0, normal)), "", 1},
		"unknown-version":                {elst(2, 1, row0(600, 0, normal)), "", 1},
		"no-count":                       {box("edts", full("elst", 0, 0)), "", 1},
		"no-list":                        {box("edts"), "", 0},
		"no-bytes":                       {box("edts", box("elst")), "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			tracks, problems, err := walk(t, edited(c.boxes), bmff.Limits{}).Tracks()
			if err != nil || len(tracks) != 1 {
				t.Fatal(tracks, err)
			}
			var got []string
			for _, e := range tracks[0].Edits {
				got = append(got, fmt.Sprintf("%dms from %d at %g", tracks[0].EditDurationMs(e), tracks[0].EditMediaMs(e), e.Rate))
			}
			if s := strings.Join(got, "; "); s != c.want || len(problems) != c.problems {
				t.Errorf("%s, %v; expected %s and %d problems", s, problems, c.want, c.problems)
			}
		})
	}
	t.Run("257-edits", func(t *testing.T) {
		for n, bad := range map[int]bool{256: false, 257: true} {
			tracks, problems, err := walk(t, edited(elst(0, n, bytes.Repeat(row0(1, 1, 1<<16), n))), bmff.Limits{}).Tracks()
			if err != nil || len(tracks[0].Edits) != 256 || len(problems) > 0 != bad {
				t.Errorf("%d: %d edits, %v, %v", n, len(tracks[0].Edits), problems, err)
			}
		}
	})
	t.Run("no-timescale", func(t *testing.T) {
		one := trak(table{id: 1, handler: "vide", entry: avc1(1, 1)})
		tracks, _, err := walk(t, box("moov", box("trak", one[8:], elst(0, 1, row0(600, 500, 1<<16)))), bmff.Limits{}).Tracks()
		if err != nil || len(tracks[0].Edits) != 1 || tracks[0].EditDurationMs(tracks[0].Edits[0]) != 0 || tracks[0].EditMediaMs(tracks[0].Edits[0]) != 500 {
			t.Errorf("%+v, %v", tracks, err)
		}
	})
}

func TestHiddenMedia(t *testing.T) {
	const normal = 1 << 16 // the media are 2,500 ms long
	for name, c := range map[string]struct {
		boxes []byte
		total int64
		at    int64
	}{
		"no-list":               {nil, 0, 0},
		"all":                   {elst(0, 1, row0(1500, 0, normal)), 0, 0},
		"more-than-all":         {elst(0, 1, row0(9000, 0, normal)), 0, 0},
		"all-after-a-pause":     {elst(0, 2, row0(600, -1, normal), row0(1500, 0, normal)), 0, 0},
		"the-start":             {elst(0, 1, row0(900, 1000, normal)), 1000, 0},
		"the-end":               {elst(0, 1, row0(600, 0, normal)), 1500, 1000},
		"the-middle":            {elst(0, 2, row0(300, 0, normal), row0(600, 1500, normal)), 1000, 500},
		"in-another-order":      {elst(0, 2, row0(600, 1500, normal), row0(300, 0, normal)), 1000, 500},
		"two-pieces":            {elst(0, 1, row0(300, 500, normal)), 2000, 1000},
		"to-the-end":            {elst(0, 1, row0(0, 500, normal)), 500, 0},
		"twice-as-fast":         {elst(0, 1, row0(750, 0, 2*normal)), 0, 0},
		"half-as-fast":          {elst(0, 1, row0(1500, 0, normal/2)), 1250, 1250},
		"nothing-shown":         {elst(0, 1, row0(600, -1, normal)), 2500, 0},
		"behind-the-media":      {elst(0, 1, row0(600, 1<<30, normal)), 2500, 0},
		"far-behind-everything": {elst(1, 1, row1(1<<63, 1<<62, normal)), 2500, 0},
	} {
		t.Run(name, func(t *testing.T) {
			tracks, _, err := walk(t, edited(c.boxes), bmff.Limits{}).Tracks()
			if err != nil {
				t.Fatal(err)
			}
			if total, at := tracks[0].HiddenMs(); total != c.total || total > 0 && at != c.at {
				t.Errorf("%d ms, the longest at %d; expected %d at %d", total, at, c.total, c.at)
			}
		})
	}
	// What the track says of its length is the file's choice, and so the samples count.
	for name, c := range map[string]struct {
		length int
		times  []byte
		sizes  []byte
		total  int64
	}{
		"as long as it says":        {2500, full("stts", 0, 0, be32(1), be32(25), be32(100)), nil, 1500},
		"longer than it says":       {1000, full("stts", 0, 0, be32(1), be32(25), be32(100)), nil, 1500},
		"of no length, it says":     {0, full("stts", 0, 0, be32(2), be32(5), be32(100), be32(10), be32(200)), nil, 1500},
		"shorter than it says":      {2500, full("stts", 0, 0, be32(1), be32(5), be32(100)), nil, 1500},
		"more samples than times":   {0, full("stts", 0, 0, be32(1), be32(1), be32(100)), full("stsz", 0, 0, be32(1), be32(25)), 1500},
		"more small samples":        {0, full("stts", 0, 0, be32(1), be32(1), be32(100)), full("stz2", 0, 0, be32(8), be32(25), make([]byte, 25)), 1500},
		"samples that take no time": {0, full("stts", 0, 0, be32(1), be32(25), be32(0)), nil, 0},
		"a table cut short":         {0, full("stts", 0, 0, be32(9), be32(25), be32(100)), nil, 1500},
		"a table of nothing":        {0, box("stts", []byte{0, 0}), nil, 0},
		"times beyond any film's":   {0, full("stts", 0, 0, be32(2), be32(1<<32-1), be32(1<<32-1), be32(1<<32-1), be32(1<<32-1)), nil, (1<<53 - 1000)},
		"samples beyond any film's": {0, full("stts", 0, 0, be32(1), be32(1), be32(1<<32-1)), full("stsz", 0, 0, be32(1), be32(1<<32-1)), (1<<53 - 1000)},
	} {
		t.Run(name, func(t *testing.T) {
			one := trak(table{id: 1, handler: "vide", entry: avc1(1, 1), length: &c.length, times: c.times, sizes: c.sizes})
			tracks, problems, err := walk(t, box("moov", full("mvhd", 0, 0, be32(0), be32(0), be32(600), make([]byte, 84)), box("trak", one[8:], elst(0, 1, row0(600, 0, normal)))), bmff.Limits{}).Tracks()
			if err != nil || len(problems) > 0 {
				t.Fatal(problems, err)
			}
			if total, at := tracks[0].HiddenMs(); total != c.total || total > 0 && at != 1000 {
				t.Errorf("%d ms at %d; expected %d at 1000", total, at, c.total)
			}
		})
	}
	// Of fragments nobody knows how long they are.
	open := bmff.Track{Timescale: 1000, MovieTimescale: 600, Edits: []bmff.Edit{{Duration: 0, MediaTime: 700, Rate: 1}}}
	if total, at := open.HiddenMs(); total != 700 || at != 0 {
		t.Errorf("%d ms at %d", total, at)
	}
}
