package bmff_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/bmff"
)

func TestTracks(t *testing.T) {
	f := walk(t, box("moov",
		trak(table{id: 7, handler: "vide", entry: avc1(640, 360), sizes: stsz(1), stsc: [][3]int{{1, 1, 1}}, offsets: stco(1)}),
		trak(table{id: 9, handler: "soun", entry: box("mp4a", make([]byte, 28)), sizes: stsz(1), stsc: [][3]int{{1, 1, 1}}, offsets: stco(1), large: true, dref: url(0, "http://example.org/a\x00")})), bmff.Limits{})
	tracks, problems, err := f.Tracks()
	if err != nil || len(problems) > 0 || len(tracks) != 2 {
		t.Fatal(tracks, problems, err)
	}
	v, a := tracks[0], tracks[1]
	if v.ID != 7 || v.Handler.String() != "vide" || v.Codec.String() != "avc1" || v.Width != 640 || v.Height != 360 || v.DurationMs() != 2500 || v.External != nil {
		t.Errorf("video %+v", v)
	}
	if a.ID != 9 || a.Codec.String() != "mp4a" || a.Width != 0 || a.DurationMs() != 2500 || len(a.External) != 1 || a.External[0].Location != "http://example.org/a" {
		t.Errorf("audio %+v", a)
	}
}

func TestTrackProblems(t *testing.T) {
	for name, data := range map[string][]byte{
		"no-header":      box("trak", box("mdia")),
		"no-media":       box("trak", full("tkhd", 0, 0, make([]byte, 80))),
		"entry-size-0":   trak(table{id: 1, handler: "vide", entry: cat(be32(0), []byte("avc1"))}),
		"entry-past-end": trak(table{id: 1, handler: "vide", entry: cat(be32(99), []byte("avc1"))}),
		"short-dref":     trak(table{id: 1, handler: "vide", entry: avc1(1, 1), dref: box("url ")}),
	} {
		t.Run(name, func(t *testing.T) {
			_, problems, err := walk(t, box("moov", data), bmff.Limits{}).Tracks()
			if err != nil || len(problems) == 0 {
				t.Errorf("%v, %v; expected a problem", problems, err)
			}
		})
	}
	t.Run("257-tracks", func(t *testing.T) {
		one := trak(table{id: 1, handler: "vide", entry: avc1(1, 1)})
		for n, bad := range map[int]bool{256: false, 257: true} {
			var all []byte
			for range n {
				all = append(all, one...)
			}
			tracks, problems, err := walk(t, box("moov", all), bmff.Limits{}).Tracks()
			if err != nil || len(tracks) != 256 || len(problems) > 0 != bad {
				t.Errorf("%d: %d tracks, %v, %v", n, len(tracks), problems, err)
			}
		}
	})
}

// An address of data that lie elsewhere is shown up to 1,024 bytes: it is in a report, and nothing is fetched from it.
func TestTheAddressOfADataReferenceIsCut(t *testing.T) {
	for n, want := range map[int]int{1024: 1024, 1025: 1024, 100_000: 1024} {
		data := trak(table{id: 1, handler: "vide", entry: avc1(1, 1), dref: url(0, strings.Repeat("a", n))})
		tracks, problems, err := walk(t, box("moov", data), bmff.Limits{}).Tracks()
		if err != nil || len(problems) > 0 || len(tracks) != 1 || len(tracks[0].External) != 1 || len(tracks[0].External[0].Location) != want {
			t.Errorf("%d bytes: %.200v, %v, %v", n, tracks, problems, err)
		}
	}
}

func TestChunks(t *testing.T) {
	two := [][3]int{{1, 2, 1}, {3, 1, 1}}
	for name, c := range map[string]struct {
		t        table
		want     []string
		problems int
	}{
		"stsz-stco":        {table{sizes: stsz(1, 2, 3, 4, 5), stsc: two, offsets: stco(100, 200, 300)}, []string{"100+3", "200+7", "300+5"}, 0},
		"fixed-size":       {table{sizes: full("stsz", 0, 0, be32(10), be32(5)), stsc: two, offsets: stco(100, 200, 300)}, []string{"100+20", "200+20", "300+10"}, 0},
		"co64":             {table{sizes: stsz(1, 2), stsc: two, offsets: co64(1 << 40)}, []string{fmt.Sprint(1<<40, "+3")}, 0},
		"stz2-4-bit":       {table{sizes: full("stz2", 0, 0, be32(4), be32(3), []byte{0x12, 0x30}), stsc: [][3]int{{1, 3, 1}}, offsets: stco(7)}, []string{"7+6"}, 0},
		"stz2-8-bit":       {table{sizes: full("stz2", 0, 0, be32(8), be32(2), []byte{200, 3}), stsc: two, offsets: stco(7)}, []string{"7+203"}, 0},
		"stz2-16-bit":      {table{sizes: full("stz2", 0, 0, be32(16), be32(2), be16(300), be16(4)), stsc: two, offsets: stco(7)}, []string{"7+304"}, 0},
		"empty-chunk":      {table{sizes: stsz(0, 0, 5), stsc: two, offsets: stco(1, 2)}, []string{"2+5"}, 1},
		"samples-run-out":  {table{sizes: stsz(1, 2, 3), stsc: two, offsets: stco(100, 200, 300)}, []string{"100+3", "200+3"}, 1},
		"no-stsc":          {table{sizes: stsz(1), offsets: stco(100)}, nil, 1},
		"stsc-not-from-1":  {table{sizes: stsz(1), stsc: [][3]int{{2, 1, 1}}, offsets: stco(100)}, []string{"100+1"}, 1},
		"stsc-descending":  {table{sizes: stsz(1, 1, 1), stsc: [][3]int{{1, 1, 1}, {1, 2, 1}}, offsets: stco(1, 2, 3)}, []string{"1+1", "2+1", "3+1"}, 1},
		"count-lies":       {table{sizes: stsz(1), stsc: [][3]int{{1, 1, 1}}, offsets: full("stco", 0, 0, be32(1<<30), be32(5))}, []string{"5+1"}, 1},
		"offset-2^63":      {table{sizes: stsz(1), stsc: [][3]int{{1, 1, 1}}, offsets: co64(1 << 63)}, nil, 1},
		"sizes-overflow":   {table{sizes: full("stsz", 0, 0, be32(-1), be32(-1)), stsc: [][3]int{{1, -1, 1}}, offsets: stco(5)}, nil, 1},
		"stz2-odd-bits":    {table{sizes: full("stz2", 0, 0, be32(5), be32(2), be16(0)), stsc: two, offsets: stco(7)}, nil, 2},
		"too-short-tables": {table{sizes: full("stsz", 0, 0), stsc: two, offsets: stco(1)}, nil, 2},
	} {
		t.Run(name, func(t *testing.T) {
			c.t.id, c.t.handler, c.t.entry = 1, "vide", avc1(1, 1)
			f := walk(t, box("moov", trak(c.t)), bmff.Limits{})
			tracks, _, err := f.Tracks()
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			problems, err := f.Chunks(&tracks[0], func(r bmff.Run) error {
				got = append(got, fmt.Sprintf("%d+%d", r.Offset, r.Length))
				return nil
			})
			if err != nil || !slices.Equal(got, c.want) || len(problems) != c.problems {
				t.Errorf("%q, %v, %v; expected %q and %d problems", got, problems, err, c.want, c.problems)
			}
		})
	}
	t.Run("stop", func(t *testing.T) {
		f := walk(t, box("moov", trak(table{id: 1, handler: "vide", entry: avc1(1, 1), sizes: stsz(1), stsc: two, offsets: stco(1)})), bmff.Limits{})
		tracks, _, _ := f.Tracks()
		odd := errors.New("odd")
		if _, err := f.Chunks(&tracks[0], func(bmff.Run) error { return odd }); !errors.Is(err, odd) {
			t.Error(err)
		}
	})
}

func TestRuns(t *testing.T) {
	moof := func(parts ...[]byte) []byte { return box("moof", full("mfhd", 0, 0, be32(1)), cat(parts...)) }
	traf := func(parts ...[]byte) []byte { return box("traf", parts...) }
	for name, c := range map[string]struct {
		moof     []byte
		want     []string
		problems int
	}{
		"sizes-in-trun":       {moof(traf(full("tfhd", 0, 0x020000, be32(1)), full("trun", 0, 0x201, be32(2), be32(50), be32(3), be32(4)))), []string{"1:150+7"}, 0},
		"default-in-tfhd":     {moof(traf(full("tfhd", 0, 0x020010, be32(1), be32(9)), full("trun", 0, 1, be32(2), be32(50)))), []string{"1:150+18"}, 0},
		"default-in-trex":     {moof(traf(full("tfhd", 0, 0x020000, be32(5)), full("trun", 0, 1, be32(2), be32(50)))), []string{"5:150+14"}, 0},
		"base-data-offset":    {moof(traf(full("tfhd", 0, 1, be32(1), be64(1000)), full("trun", 0, 0x201, be32(1), be32(5), be32(3)))), []string{"1:1005+3"}, 0},
		"runs-follow":         {moof(traf(full("tfhd", 0, 0x020000, be32(1)), full("trun", 0, 0x201, be32(1), be32(10), be32(3)), full("trun", 0, 0x200, be32(1), be32(4)))), []string{"1:110+3", "1:113+4"}, 0},
		"tracks-follow":       {moof(traf(full("tfhd", 0, 0, be32(1)), full("trun", 0, 0x201, be32(1), be32(10), be32(3))), traf(full("tfhd", 0, 0, be32(2)), full("trun", 0, 0x200, be32(1), be32(4)))), []string{"1:110+3", "2:113+4"}, 0},
		"all-fields":          {moof(traf(full("tfhd", 0, 0x02003b, be32(1), be64(7), be32(1), be32(2), be32(3), be32(4)), full("trun", 0, 0xf05, be32(1), be32(10), be32(0), be32(1), be32(20), be32(2), be32(3)))), []string{"1:17+20"}, 0},
		"no-tfhd":             {moof(traf(full("trun", 0, 1, be32(1), be32(1)))), nil, 1},
		"tfhd-too-short":      {moof(traf(full("tfhd", 0, 0x020001, be32(1)))), nil, 1},
		"base-2^63":           {moof(traf(full("tfhd", 0, 1, be32(1), be64(1<<63)), full("trun", 0, 1, be32(1), be32(1)))), nil, 1},
		"offset-before-start": {moof(traf(full("tfhd", 0, 0x020010, be32(1), be32(9)), full("trun", 0, 1, be32(2), be32(-500)))), nil, 1},
		"trun-count-lies":     {moof(traf(full("tfhd", 0, 0x020000, be32(1)), full("trun", 0, 0x201, be32(1<<30), be32(50), be32(3)))), []string{"1:150+3"}, 1},
		"trun-too-short":      {moof(traf(full("tfhd", 0, 0x020000, be32(1)), full("trun", 0, 1, be32(1)))), nil, 1},
		"sizes-overflow":      {moof(traf(full("tfhd", 0, 0x020010, be32(1), be32(-1)), full("trun", 0, 1, be32(-1), be32(0)))), nil, 1},
	} {
		t.Run(name, func(t *testing.T) {
			mvex := box("moov", box("mvex", full("trex", 0, 0, be32(5), be32(1), be32(0), be32(7), be32(0))))
			data := cat(mvex, box("free", make([]byte, 100-8-len(mvex))), c.moof)
			f := walk(t, data, bmff.Limits{})
			sizes, err := f.SampleSizes()
			if err != nil || sizes[5] != 7 {
				t.Fatal(sizes, err)
			}
			var got []string
			problems, err := f.Runs(f.First(bmff.Moof), sizes, func(r bmff.Run) error {
				got = append(got, fmt.Sprintf("%d:%d+%d", r.Track, r.Offset, r.Length))
				return nil
			})
			if err != nil || !slices.Equal(got, c.want) || len(problems) != c.problems {
				t.Errorf("%q, %v, %v; expected %q and %d problems", got, problems, err, c.want, c.problems)
			}
		})
	}
}

func TestEntryLimit(t *testing.T) {
	for n, bad := range map[int]bool{64: false, 65: true} {
		f := walk(t, box("moov", trak(table{id: 1, handler: "vide", entry: bytes.Repeat(avc1(1, 1), n)})), bmff.Limits{})
		tracks, problems, err := f.Tracks()
		if err != nil || len(tracks[0].Entries) != 64 || len(problems) > 0 != bad {
			t.Errorf("%d: %d entries, %v, %v", n, len(tracks[0].Entries), problems, err)
		}
	}
}
