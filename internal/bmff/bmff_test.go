package bmff_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/bmff"
)

func walk(t testing.TB, data []byte, lim bmff.Limits) *bmff.File {
	t.Helper()
	f, err := bmff.Walk(bytes.NewReader(data), int64(len(data)), lim)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// show lists all boxes: path, offset, size.
func show(list []*bmff.Box) []string {
	var out []string
	for _, b := range list {
		out = append(out, fmt.Sprintf("%s %d+%d", b.Path(), b.Offset, b.Size))
		out = append(out, show(b.Children())...)
	}
	return out
}

var ftyp = box("ftyp", []byte("isom"), be32(512), []byte("isomavc1"))

func TestWalk(t *testing.T) {
	user := []byte("0123456789abcdef")
	for name, c := range map[string]struct {
		data     []byte
		want     []string
		problems []bmff.Kind
	}{
		"empty-file":       {nil, nil, nil},
		"one-box":          {ftyp, []string{"/ftyp[1] 0+24"}, nil},
		"64-bit-size":      {cat(ftyp, large("mdat", []byte("xyz"))), []string{"/ftyp[1] 0+24", "/mdat[1] 24+19"}, nil},
		"size-0-to-end":    {cat(ftyp, be32(0), []byte("mdat12345")), []string{"/ftyp[1] 0+24", "/mdat[1] 24+13"}, nil},
		"header-only":      {box("free"), []string{"/free[1] 0+8"}, nil},
		"indices-by-type":  {cat(box("free"), box("skip"), box("free")), []string{"/free[1] 0+8", "/skip[1] 8+8", "/free[2] 16+8"}, nil},
		"nested":           {box("moov", box("trak", box("mdia")), box("trak")), []string{"/moov[1] 0+32", "/moov[1]/trak[1] 8+16", "/moov[1]/trak[1]/mdia[1] 16+8", "/moov[1]/trak[2] 24+8"}, nil},
		"meta-full":        {full("meta", 0, 0, full("hdlr", 0, 0)), []string{"/meta[1] 0+24", "/meta[1]/hdlr[1] 12+12"}, nil},
		"meta-of-apple":    {box("meta", full("hdlr", 0, 0)), []string{"/meta[1] 0+20", "/meta[1]/hdlr[1] 8+12"}, nil},
		"udta-zero-end":    {box("moov", box("udta", box("name"), be32(0))), []string{"/moov[1] 0+28", "/moov[1]/udta[1] 8+20", "/moov[1]/udta[1]/name[1] 16+8"}, nil},
		"moof-not-kept":    {box("moof", box("traf")), []string{"/moof[1] 0+16"}, nil},
		"uuid":             {box("uuid", user, []byte("z")), []string{"/uuid[1] 0+25"}, nil},
		"uuid-of-15-bytes": {cat(ftyp, box("uuid", user[:15])), []string{"/ftyp[1] 0+24", "/uuid[1] 24+23"}, []bmff.Kind{bmff.BadSize}},
		"uuid-of-16-bytes": {cat(ftyp, box("uuid", user)), []string{"/ftyp[1] 0+24", "/uuid[1] 24+24"}, nil},
		"7-bytes-behind":   {cat(ftyp, make([]byte, 7)), []string{"/ftyp[1] 0+24"}, []bmff.Kind{bmff.Trailing}},
		"size-below-8":     {cat(ftyp, be32(7), []byte("free1234")), []string{"/ftyp[1] 0+24"}, []bmff.Kind{bmff.BadSize}},
		"largesize-15":     {cat(ftyp, be32(1), []byte("free"), be64(15)), []string{"/ftyp[1] 0+24"}, []bmff.Kind{bmff.BadSize}},
		"largesize-cut":    {cat(ftyp, be32(1), []byte("free1234")), []string{"/ftyp[1] 0+24"}, []bmff.Kind{bmff.BadSize}},
		"past-the-end":     {cat(ftyp, be32(100), []byte("mdat1234")), []string{"/ftyp[1] 0+24", "/mdat[1] 24+12"}, []bmff.Kind{bmff.Truncated}},
		"largesize-2^64-1": {cat(ftyp, be32(1), []byte("mdat"), be64(1<<64-1)), []string{"/ftyp[1] 0+24", "/mdat[1] 24+16"}, []bmff.Kind{bmff.Truncated}},
		"past-its-parent":  {cat(box("moov", be32(100), []byte("trak")), box("free")), []string{"/moov[1] 0+16", "/moov[1]/trak[1] 8+8", "/free[1] 16+8"}, []bmff.Kind{bmff.PastOuter}},
		"nested-size-0":    {box("moov", be32(0), []byte("trak")), []string{"/moov[1] 0+16"}, []bmff.Kind{bmff.BadSize}},
		"two-moov":         {cat(box("moov"), box("moov")), []string{"/moov[1] 0+8", "/moov[2] 8+8"}, []bmff.Kind{bmff.Repeated}},
	} {
		t.Run(name, func(t *testing.T) {
			f := walk(t, c.data, bmff.Limits{})
			if got := show(f.Boxes); !slices.Equal(got, c.want) {
				t.Errorf("boxes %q, expected %q", got, c.want)
			}
			var kinds []bmff.Kind
			for _, p := range f.Problems {
				kinds = append(kinds, p.Kind)
			}
			if !slices.Equal(kinds, c.problems) {
				t.Errorf("problems %v, expected %v", f.Problems, c.problems)
			}
		})
	}
}

func TestBrandsAreCounted(t *testing.T) {
	for _, c := range []struct{ there, read int }{{64, 64}, {65, 64}, {10_000, 64}} {
		brands := append([]byte("isom\x00\x00\x00\x00"), bytes.Repeat([]byte("avc1"), c.there)...)
		if f := walk(t, box("ftyp", brands), bmff.Limits{}); len(f.Brands) != c.read || f.Brand != bmff.CC("isom") {
			t.Errorf("%d brands: %d are read", c.there, len(f.Brands))
		}
	}
}

func TestWalkFields(t *testing.T) {
	user := []byte("0123456789abcdef")
	f := walk(t, cat(ftyp, box("uuid", user), box("moov", full("mvhd", 1, 0x010203, make([]byte, 20))), cat(be32(50), []byte("mdat"))), bmff.Limits{})
	if f.Brand.String() != "isom" || !slices.Equal(f.Brands, []bmff.FourCC{bmff.CC("isom"), bmff.CC("avc1")}) {
		t.Errorf("brand %q, brands %v", f.Brand, f.Brands)
	}
	if got := f.Boxes[1].UserType(); string(got[:]) != string(user) {
		t.Errorf("user type %q", got)
	}
	mvhd := f.First(bmff.Moov).Child(bmff.Mvhd)
	if !mvhd.Full || mvhd.Version != 1 || mvhd.Flags != 0x010203 || mvhd.Parent().Type != bmff.Moov || mvhd.Depth() != 1 {
		t.Errorf("mvhd %+v", mvhd)
	}
	if b := f.Boxes[3]; !b.Clipped || b.Full || b.Header != 8 {
		t.Errorf("mdat %+v", b)
	}
	if f.Parsed != f.Size {
		t.Errorf("parsed %d of %d", f.Parsed, f.Size)
	}
}

func TestDepthLimit(t *testing.T) {
	for name, c := range map[string]struct {
		levels int
		broken bool
	}{"at": {bmff.DefaultDepth + 1, false}, "past": {bmff.DefaultDepth + 2, true}, "absurd": {10_000, true}} {
		t.Run(name, func(t *testing.T) {
			f := walk(t, nested("moov", c.levels), bmff.Limits{})
			got := slices.ContainsFunc(f.Problems, func(p bmff.Problem) bool { return p.Kind == bmff.TooDeep })
			if got != c.broken {
				t.Errorf("too deep: %v, expected %v (%v)", got, c.broken, f.Problems)
			}
		})
	}
}

func TestBoxLimit(t *testing.T) {
	data := bytes.Repeat(box("free"), 100)
	if f := walk(t, data, bmff.Limits{Boxes: 100}); len(f.Boxes) != 100 {
		t.Errorf("%d boxes", len(f.Boxes))
	}
	f, err := bmff.Walk(bytes.NewReader(data), int64(len(data)), bmff.Limits{Boxes: 99})
	var limit *bmff.LimitError
	if !errors.As(err, &limit) || limit.Limit != 99 || limit.Offset != 99*8 || f != nil {
		t.Errorf("%v, %v", f, err)
	}
	absurd := bytes.Repeat(box("free"), bmff.DefaultBoxes+1)
	start := time.Now()
	if _, err := bmff.Walk(bytes.NewReader(absurd), int64(len(absurd)), bmff.Limits{}); !errors.As(err, &limit) {
		t.Errorf("%v, expected a limit", err)
	}
	if d := time.Since(start); d > 10*time.Second {
		t.Errorf("took %v", d)
	}
}

func TestProblemsAreBounded(t *testing.T) {
	for n, want := range map[int]int{62: 63, 63: 64, 64: 64, 5000: 64} {
		f := walk(t, bytes.Repeat(box("moov", be32(3), []byte("trak")), n), bmff.Limits{})
		if len(f.Problems) != want {
			t.Errorf("%d broken boxes: %d problems, expected %d", n, len(f.Problems), want)
		}
	}
}

func TestSoftProblems(t *testing.T) {
	odd := cat(be32(3), []byte("abcd"))
	for name, c := range map[string]struct {
		data []byte
		soft bool
	}{
		"user-data": {box("moov", box("udta", odd)), true},
		"metadata":  {full("meta", 0, 0, odd), true},
		"movie":     {box("moov", odd), false},
		"top":       {cat(box("free"), odd), false},
		"few-bytes": {cat(box("free"), []byte("abc")), true},
	} {
		t.Run(name, func(t *testing.T) {
			f := walk(t, c.data, bmff.Limits{})
			if len(f.Problems) != 1 || f.Problems[0].Soft() != c.soft {
				t.Errorf("%+v, expected soft %v", f.Problems, c.soft)
			}
		})
	}
}

// counter counts reads.
type counter struct {
	r io.ReaderAt
	n int
}

func (c *counter) ReadAt(p []byte, off int64) (int, error) {
	c.n++
	return c.r.ReadAt(p, off)
}

func TestWalkReadsLittle(t *testing.T) {
	small := &counter{r: bytes.NewReader(bytes.Repeat(box("free"), 10_000))}
	if _, err := bmff.Walk(small, 80_000, bmff.Limits{}); err != nil {
		t.Fatal(err)
	}
	if small.n > 10 {
		t.Errorf("%d reads for 80 kB of small boxes", small.n)
	}
	wide := cat(ftyp, box("mdat", make([]byte, 1<<20)), box("moov"))
	w := &counter{r: bytes.NewReader(wide)}
	if _, err := bmff.Walk(w, int64(len(wide)), bmff.Limits{}); err != nil {
		t.Fatal(err)
	}
	if w.n > 3 {
		t.Errorf("%d reads around 1 MiB of media", w.n)
	}
}

type failing struct{ err error }

func (f failing) ReadAt([]byte, int64) (int, error) { return 0, f.err }

func TestWalkErrors(t *testing.T) {
	odd := errors.New("odd")
	if f, err := bmff.Walk(failing{odd}, 100, bmff.Limits{}); !errors.Is(err, odd) || f != nil {
		t.Errorf("%v, %v", f, err)
	}
	if f, err := bmff.Walk(failing{io.EOF}, 100, bmff.Limits{}); !errors.Is(err, io.ErrUnexpectedEOF) || f != nil {
		t.Errorf("%v, %v: a file that became shorter is an error", f, err)
	}
	if f, err := bmff.Walk(failing{odd}, -1, bmff.Limits{}); err == nil || f != nil {
		t.Errorf("%v, %v: a negative size is an error", f, err)
	}
}

func TestExpand(t *testing.T) {
	f := walk(t, cat(ftyp, fragment(1, 10, 20)), bmff.Limits{})
	moof := f.First(bmff.Moof)
	whole, problems, err := f.Expand(moof)
	if err != nil || len(problems) > 0 {
		t.Fatal(problems, err)
	}
	want := []string{"/moof[1]/mfhd[1] 32+16", "/moof[1]/traf[1] 48+72", "/moof[1]/traf[1]/tfhd[1] 56+16", "/moof[1]/traf[1]/tfdt[1] 72+20", "/moof[1]/traf[1]/trun[1] 92+28"}
	if got := show(whole.Children()); !slices.Equal(got, want) {
		t.Errorf("%q, expected %q", got, want)
	}
	if moof.Children() != nil {
		t.Error("the walk's own box was changed")
	}
	if same, _, _ := f.Expand(f.Boxes[0]); same != f.Boxes[0] {
		t.Error("a box that is no fragment was copied")
	}
}

func FuzzWalk(f *testing.F) {
	t1 := trak(table{id: 1, handler: "vide", entry: avc1(64, 48), sizes: stsz(3, 4, 5), stsc: [][3]int{{1, 2, 1}, {2, 1, 1}}, offsets: stco(900, 910)})
	t2 := trak(table{id: 2, handler: "soun", entry: box("mp4a"), sizes: full("stz2", 0, 0, be32(4), be32(3), []byte{0x12, 0x30}), stsc: [][3]int{{1, 3, 1}}, offsets: co64(950), large: true, dref: url(0, "http://example.org")})
	f.Add(cat(ftyp, box("moov", t1, t2), box("mdat", make([]byte, 100))))
	f.Add(cat(ftyp, box("moov", box("mvex", full("trex", 0, 0, be32(1), be32(1), be32(0), be32(7), be32(0)))), fragment(1, 5, 6), fragment(1, 7)))
	f.Add(cat(ftyp, be32(1), []byte("mdat"), be64(1<<63), []byte("rest")))
	f.Add(cat(nested("moov", 40), box("meta", full("hdlr", 0, 0)), box("uuid", make([]byte, 30))))
	f.Add(cat(be32(0), []byte("moov"), box("udta", be32(0)), make([]byte, 5)))
	f.Add(edited(elst(1, 2, row1(300, 1<<64-1, 1<<16), row1(600, 1<<33, 1<<16))))
	f.Add(edited(elst(0, 1<<30, row0(600, 0, 1<<16))))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		r := bytes.NewReader(data)
		file, err := bmff.Walk(r, int64(len(data)), bmff.Limits{Boxes: 1000})
		if err != nil {
			var limit *bmff.LimitError
			if !errors.As(err, &limit) || file != nil {
				t.Fatalf("%v, %v", file, err)
			}
			return
		}
		tiles(t, file.Boxes, 0, file.Parsed)
		if file.Parsed > int64(len(data)) {
			t.Fatal("parsed more than there is")
		}
		tracks, _, err := file.Tracks()
		if err != nil {
			t.Fatal(err)
		}
		sizes, err := file.SampleSizes()
		if err != nil {
			t.Fatal(err)
		}
		visits := 0
		visit := func(r bmff.Run) error {
			if visits++; r.Offset < 0 || r.Length <= 0 || r.Offset+r.Length < 0 {
				t.Fatalf("run %+v", r)
			}
			return nil
		}
		for i := range tracks {
			edits := tracks[i].Edits
			if len(edits) > 256 || len(edits)*12 > len(data) {
				t.Fatalf("%d edits in %d bytes", len(edits), len(data))
			}
			for _, e := range edits {
				if tracks[i].EditDurationMs(e) < 0 || (tracks[i].EditMediaMs(e) < 0) != e.Empty() {
					t.Fatalf("edit %+v", e)
				}
			}
			if _, err := file.Chunks(&tracks[i], visit); err != nil {
				t.Fatal(err)
			}
		}
		for _, b := range file.Find(bmff.Moof) {
			whole, _, err := file.Expand(b)
			var limit *bmff.LimitError
			if errors.As(err, &limit) {
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			inside(t, whole)
			if _, err := file.Runs(b, sizes, visit); err != nil {
				t.Fatal(err)
			}
		}
		if visits > len(data) {
			t.Fatalf("%d runs in %d bytes", visits, len(data))
		}
	})
}

// tiles holds the boxes of the top level against the file: no gap, no overlap.
func tiles(t *testing.T, list []*bmff.Box, at, end int64) {
	for _, b := range list {
		if b.Offset != at || b.Size < int64(b.Header) {
			t.Fatalf("%s at %d+%d, expected offset %d", b.Path(), b.Offset, b.Size, at)
		}
		at = b.End()
		inside(t, b)
	}
	if at != end {
		t.Fatalf("boxes end at %d, expected %d", at, end)
	}
}

func inside(t *testing.T, b *bmff.Box) {
	at := b.Payload()
	for _, c := range b.Children() {
		if c.Offset < at || c.End() > b.End() || c.Depth() != b.Depth()+1 {
			t.Fatalf("%s at %d+%d is not inside %s at %d+%d", c.Path(), c.Offset, c.Size, b.Path(), b.Offset, b.Size)
		}
		at = c.End()
		inside(t, c)
	}
}

func BenchmarkWalk(b *testing.B) {
	one := cat(box("uuid", make([]byte, 300)), fragment(1, make([]int, 50)...))
	for _, n := range []int{4_000, 64_000} {
		b.Run(fmt.Sprintf("%d fragments", n), func(b *testing.B) {
			data := cat(ftyp, box("moov"), bytes.Repeat(one, n))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := bmff.Walk(bytes.NewReader(data), int64(len(data)), bmff.Limits{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
