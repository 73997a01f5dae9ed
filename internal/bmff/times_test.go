package bmff_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/consentry/consentry/internal/bmff"
)

// stts is a table of sample durations: counts and durations.
func stts(rows ...int) []byte {
	out := be32(len(rows) / 2)
	for _, r := range rows {
		out = append(out, be32(r)...)
	}
	return full("stts", 0, 0, out)
}

// seen lists samples as offset+length@start-end.
func seen(out *[]string) func(bmff.Timed) error {
	return func(s bmff.Timed) error {
		*out = append(*out, fmt.Sprintf("%d+%d@%d-%d", s.Offset, s.Length, s.StartMs, s.EndMs))
		return nil
	}
}

func TestSamples(t *testing.T) {
	two := [][3]int{{1, 2, 1}}
	const normal = 1 << 16
	for name, c := range map[string]struct {
		sizes []byte
		stts  []byte
		edts  []byte
		want  []string
	}{
		"own-sizes":        {stsz(3, 4, 5), stts(3, 40), nil, []string{"100+3@0-40", "103+4@40-80", "200+5@80-120"}},
		"one-size":         {full("stsz", 0, 0, be32(10), be32(4)), stts(4, 25), nil, []string{"100+10@0-25", "110+10@25-50", "200+10@50-75", "210+10@75-100"}},
		"other-durations":  {stsz(3, 4, 5), stts(1, 40, 1, 100, 1, 7), nil, []string{"100+3@0-40", "103+4@40-140", "200+5@140-147"}},
		"too-few":          {stsz(3, 4, 5), stts(1, 40), nil, []string{"100+3@0-40", "103+4@40-80", "200+5@80-120"}},
		"a-late-start":     {stsz(3, 4, 5), stts(3, 40), elst(0, 2, row0(300, -1, normal), row0(600, 0, normal)), []string{"100+3@500-540", "103+4@540-580", "200+5@580-620"}},
		"a-cut-start":      {stsz(3, 4, 5), stts(3, 40), elst(0, 1, row0(600, 40, normal)), []string{"100+3@0-0", "103+4@0-40", "200+5@40-80"}},
		"no-durations":     {stsz(3, 4, 5), nil, nil, nil},
		"durations-of-all": {stsz(3, 4, 5), stts(-1, -1), nil, []string{"100+3@0-4294967295", "103+4@4294967295-8589934590", "200+5@8589934590-12884901885"}},
	} {
		t.Run(name, func(t *testing.T) {
			one := trak(table{id: 1, handler: "vide", entry: avc1(1, 1), sizes: cat(c.sizes, c.stts), stsc: two, offsets: stco(100, 200)})
			moov := box("moov", full("mvhd", 0, 0, be32(0), be32(0), be32(600), make([]byte, 84)), box("trak", one[8:], c.edts))
			f := walk(t, moov, bmff.Limits{})
			tracks, _, err := f.Tracks()
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			if err := f.Samples(&tracks[0], seen(&got)); err != nil || !slices.Equal(got, c.want) {
				t.Errorf("%q, %v; expected %q", got, err, c.want)
			}
			odd := errors.New("odd")
			if err := f.Samples(&tracks[0], func(bmff.Timed) error { return odd }); c.want != nil && !errors.Is(err, odd) {
				t.Errorf("not stopped: %v", err)
			}
		})
	}
}

func TestFragmentTimes(t *testing.T) {
	traf := func(parts ...[]byte) []byte { return box("traf", parts...) }
	tfhd := func(flags, id int, more ...[]byte) []byte { return full("tfhd", 0, flags, be32(id), cat(more...)) }
	run := func(flags, samples int, more ...[]byte) []byte {
		return full("trun", 0, flags, be32(samples), cat(more...))
	}
	at := func(n int) []byte { return full("tfdt", 0, 0, be32(n)) }
	for name, c := range map[string]struct {
		traf []byte
		want string
	}{
		"default-in-trex":    {traf(tfhd(0, 1), at(500), run(0, 2)), "1@500-580"},
		"default-in-tfhd":    {traf(tfhd(0x3b, 1, be64(1), be32(1), be32(7), be32(0), be32(0)), at(500), run(0, 2)), "1@500-514"},
		"own-durations":      {traf(tfhd(0, 1), at(500), run(0x305, 2, be32(0), be32(0), be32(10), be32(1), be32(20), be32(1))), "1@500-530"},
		"two-runs":           {traf(tfhd(0, 1), at(500), run(0, 1), run(0, 1)), "1@500-580"},
		"a-long-time":        {traf(tfhd(0, 1), full("tfdt", 1, 0, be64(1<<40)), run(0, 1)), fmt.Sprintf("1@%d-%d", 1<<40, 1<<40+40)},
		"longer-than-any":    {traf(tfhd(0, 1), full("tfdt", 1, 0, be64(1<<63)), run(0, -1)), fmt.Sprintf("1@%d-%d", 1<<53, 1<<53)},
		"another-track":      {traf(tfhd(0, 9), at(500), run(0, 2)), ""},
		"no-decode-time":     {traf(tfhd(0, 1), run(0, 2)), ""},
		"no-header":          {traf(at(500), run(0, 2)), ""},
		"header-too-short":   {traf(tfhd(8, 1), at(500), run(0, 2)), ""},
		"rows-that-are-gone": {traf(tfhd(0, 1), at(500), run(0x100, 1<<30, be32(10))), "1@500-510"},
		"time-too-short":     {traf(tfhd(0, 1), full("tfdt", 1, 0, be32(1)), run(0, 2)), ""},
	} {
		t.Run(name, func(t *testing.T) {
			mvex := box("mvex", full("trex", 0, 0, be32(1), be32(1), be32(40), be32(7), be32(0)))
			moov := box("moov", trak(table{id: 1, handler: "vide", entry: avc1(1, 1), sizes: stsz(), offsets: stco()}), mvex)
			f := walk(t, cat(moov, box("moof", full("mfhd", 0, 0, be32(1)), c.traf)), bmff.Limits{})
			tracks, _, err := f.Tracks()
			if err != nil {
				t.Fatal(err)
			}
			durations, err := f.Durations()
			if err != nil || durations[1] != 40 {
				t.Fatal(durations, err)
			}
			got := ""
			err = f.Fragment(f.First(bmff.Moof), tracks, durations, func(s bmff.Timed) error {
				got = fmt.Sprintf("%d@%d-%d", s.Track, s.StartMs, s.EndMs)
				return nil
			})
			if err != nil || got != c.want {
				t.Errorf("%q, %v; expected %q", got, err, c.want)
			}
		})
	}
}

// FuzzTimes: whatever the tables say, times are none that no film has, and none ends before it begins.
func FuzzTimes(f *testing.F) {
	one := trak(table{id: 1, handler: "vide", entry: avc1(1, 1), sizes: cat(stsz(3, 4, 5), stts(3, 40)), stsc: [][3]int{{1, 2, 1}}, offsets: stco(100, 200)})
	fixed := trak(table{id: 1, handler: "soun", entry: avc1(1, 1), sizes: cat(full("stsz", 0, 0, be32(2), be32(4000)), stts(4000, 1)), stsc: [][3]int{{1, 2000, 1}}, offsets: stco(100, 200)})
	f.Add(box("moov", one))
	f.Add(box("moov", fixed))
	f.Add(edited(elst(0, 2, row0(300, -1, 1<<16), row0(600, 40, 1<<16))))
	f.Add(cat(box("moov", one, box("mvex", full("trex", 0, 0, be32(1), be32(1), be32(40), be32(7), be32(0)))), fragment(1, 3, 4)))
	f.Add(cat(box("moov", one), box("moof", box("traf", full("tfhd", 0, 8, be32(1), be32(-1)), full("tfdt", 1, 0, be64(1<<63)), full("trun", 0, 0x100, be32(-1), be32(-1))))))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := bmff.Walk(bytes.NewReader(data), int64(len(data)), bmff.Limits{})
		if err != nil {
			return
		}
		tracks, _, err := file.Tracks()
		if err != nil {
			t.Fatal(err)
		}
		stop := errors.New("enough")
		n := 0
		visit := func(s bmff.Timed) error {
			if n++; n > 10_000 {
				return stop
			}
			if s.StartMs < 0 || s.EndMs < 0 || s.StartMs > 1<<53 || s.EndMs > 1<<53 || s.Length < 0 {
				t.Fatalf("%+v", s)
			}
			return nil
		}
		for i := range tracks {
			if err := file.Samples(&tracks[i], visit); err != nil && err != stop {
				t.Fatal(err)
			}
		}
		durations, err := file.Durations()
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range file.Find(bmff.Moof) {
			if err := file.Fragment(b, tracks, durations, visit); err != nil && err != stop {
				t.Fatal(err)
			}
		}
	})
}
