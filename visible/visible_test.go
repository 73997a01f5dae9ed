package visible_test

import (
	"bytes"
	"image"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/consentry/consentry/video"
	"github.com/consentry/consentry/visible"
)

// plain is a grey picture, with a mark where one is named.
func plain(w, h int, mark string, variant int) []byte {
	pix := bytes.Repeat([]byte{110}, w*h)
	if mark != "" {
		at, height := place(mark, variant, w, h)
		sw, sh, shape := visible.Shape(mark, variant, height)
		lay(pix, w, at, sw, sh, shape, 0.6)
	}
	return pix
}

// show hands pictures in, five a second; each letter is one: 's', 't' and 'u' have a Sora mark at three places, others by
// the first letter of the mark, '.' has none.
func show(d *visible.Detector, w, h int, said string) *visible.Result {
	shown := map[rune][]byte{}
	for n, c := range []rune(said) {
		if shown[c] == nil {
			names := map[rune]string{'s': "sora", 't': "sora", 'u': "sora", 'v': "veo", 'g': "gemini", 'e': "seedance", 'd': "dreamina"}
			shown[c] = plain(w, h, names[c], map[rune]int{'t': 1, 'u': 2}[c])
		}
		d.Frame(frame(w, h, n, shown[c]))
	}
	return d.End()
}

func repeat(s string, n int) string { return string(bytes.Repeat([]byte(s), n)) }

func TestAMarkCountsWhenItStays(t *testing.T) {
	for i, c := range []struct {
		name, pictures, mark string
		frames, spans        int
	}{
		{"nothing", repeat(".", 20), "", 0, 0},
		{"eleven pictures are too few", repeat("v", 11) + "....", "", 0, 0},
		{"twelve are enough", repeat("v", 12), "veo", 12, 1},
		{"two without it in between", repeat("v", 6) + ".." + repeat("v", 6), "veo", 12, 1},
		{"three without it in between", repeat("v", 6) + "..." + repeat("v", 6), "", 0, 0},
		{"a star in pixels of the picture", repeat("g", 12), "gemini", 12, 1},
		{"a box at the right", repeat("e", 13), "seedance", 13, 1},
		{"a box at the left", repeat("d", 13), "dreamina", 13, 1},
		{"a word that jumps", repeat("s", 5) + repeat("t", 6) + repeat("u", 5), "sora", 16, 3},
		{"a word that jumps too soon", repeat("s", 4) + repeat("t", 4) + repeat("u", 4), "", 0, 0},
		{"a word that comes back", repeat("s", 5) + repeat(".", 5) + repeat("s", 7), "sora", 12, 2},
	} {
		if raced && i > 2 {
			break
		}
		t.Run(c.name, func(t *testing.T) {
			var d visible.Detector
			res := show(&d, 854, 480, c.pictures)
			if res.Frames != len(c.pictures) || res.Unread != 0 {
				t.Errorf("%+v", res)
			}
			if c.mark == "" {
				if len(res.Hints) != 0 {
					t.Errorf("%+v", res.Hints)
				}
				return
			}
			if len(res.Hints) != 1 {
				t.Fatalf("%+v", res.Hints)
			}
			if h := res.Hints[0]; h.Mark != c.mark || h.Frames != c.frames || len(h.Spans) != c.spans || h.Statistic < h.Threshold || h.Statistic > 1 {
				t.Errorf("%+v", h)
			}
		})
	}
}

func TestAHintSaysWhereAndWhen(t *testing.T) {
	var d visible.Detector
	res := show(&d, 1280, 720, repeat(".", 5)+repeat("v", 15)+".....")
	if len(res.Hints) != 1 {
		t.Fatalf("%+v", res.Hints)
	}
	h := res.Hints[0]
	want := image.Rect(1280-92-56, 720-92-56, 1280-92, 720-92)
	if !h.Box.Inset(-6).Eq(h.Box.Inset(-6).Union(want)) || !want.Inset(-6).Eq(want.Inset(-6).Union(h.Box)) || h.Picture != image.Pt(1280, 720) {
		t.Errorf("at %v of %v, is at %v", h.Box, h.Picture, want)
	}
	if !slices.Equal(h.Spans, [][2]time.Duration{{time.Second, 4 * time.Second}}) || h.Vendor != "Google" {
		t.Errorf("%+v", h)
	}
}

// A picture that a player turns has its marks where the player shows them.
func TestMarksAreLookedForInThePictureAsAPlayerShowsIt(t *testing.T) {
	const w, h = 640, 480
	shown := plain(w, h, "dreamina", 0)
	for _, c := range []struct {
		rotation int
		mirrored bool
		coded    func(x, y int) (int, int) // where a shown pixel is kept
	}{
		{0, true, func(x, y int) (int, int) { return w - 1 - x, y }},
		{90, false, func(x, y int) (int, int) { return y, w - 1 - x }},
		{180, false, func(x, y int) (int, int) { return w - 1 - x, h - 1 - y }},
		{270, false, func(x, y int) (int, int) { return h - 1 - y, x }},
	} {
		cw, ch := w, h
		if c.rotation%180 != 0 {
			cw, ch = h, w
		}
		pix := make([]byte, w*h)
		for y := range h {
			for x := range w {
				cx, cy := c.coded(x, y)
				pix[cy*cw+cx] = shown[y*w+x]
			}
		}
		var d visible.Detector
		d.Track(&video.Track{Rotation: c.rotation, Mirrored: c.mirrored})
		for n := range 12 {
			d.Frame(frame(cw, ch, n, pix))
		}
		if res := d.End(); len(res.Hints) != 1 || res.Hints[0].Mark != "dreamina" || res.Hints[0].Picture != image.Pt(w, h) {
			t.Errorf("%d, %v: %+v", c.rotation, c.mirrored, res)
		}
	}
}

func TestFiveAreLookedAtOfThirtyPicturesASecond(t *testing.T) {
	var d visible.Detector
	pix := plain(320, 240, "", 0)
	for n := range 60 {
		f := frame(320, 240, n, pix)
		f.Time = time.Duration(n) * time.Second / 30
		d.Frame(f)
	}
	if res := d.End(); res.Frames != 10 {
		t.Errorf("%+v", res)
	}
}

func TestSamplesOfTwoBytesSayWhatThoseOfOneSay(t *testing.T) {
	pix := plain(640, 480, "veo", 1)
	for _, depth := range []int{10, 12} {
		var d visible.Detector
		for n := range 12 {
			f := frame(640, 480, n, nil)
			f.BitDepth, f.Y.Stride, f.Y.Data = depth, 1280, make([]byte, 2*len(pix))
			for i, p := range pix {
				v := int(p) << (depth - 8)
				f.Y.Data[2*i], f.Y.Data[2*i+1] = byte(v), byte(v>>8)
			}
			d.Frame(f)
		}
		if res := d.End(); len(res.Hints) != 1 || res.Hints[0].Mark != "veo" {
			t.Errorf("%d bits: %+v", depth, res)
		}
	}
}

func TestLimits(t *testing.T) {
	for _, c := range []struct {
		name   string
		w, h   int
		change func(*video.Frame)
		ok     bool
	}{
		{"the least side", visible.MinSide, visible.MinSide, nil, true},
		{"one less", visible.MinSide - 1, visible.MinSide, nil, false},
		{"the longest", visible.MaxLong / 2, visible.Side / 2, nil, true},
		{"one longer", visible.MaxLong/2 + 1, visible.Side / 2, nil, false},
		{"a plane that is too short", 320, 240, func(f *video.Frame) { f.Y.Data = f.Y.Data[:len(f.Y.Data)-1] }, false},
		{"rows that overlap", 320, 240, func(f *video.Frame) { f.Y.Stride = 319 }, false},
		{"no depth", 320, 240, func(f *video.Frame) { f.BitDepth = 0 }, false},
	} {
		var d visible.Detector
		f := frame(c.w, c.h, 0, plain(c.w, c.h, "", 0))
		if c.change != nil {
			c.change(f)
		}
		d.Frame(f)
		if res := d.End(); (res.Frames == 1) != c.ok || res.Frames+res.Unread != 1 {
			t.Errorf("%s: %+v", c.name, res)
		}
	}
}

func TestSpansAreBounded(t *testing.T) {
	for _, n := range []int{visible.MaxSpans, visible.MaxSpans + 1} {
		var d visible.Detector
		said := repeat("sssss...", n)
		res := show(&d, 320, 240, said)
		if len(res.Hints) != 1 {
			t.Fatalf("%+v", res)
		}
		h := res.Hints[0]
		if len(h.Spans) != visible.MaxSpans || h.Frames != 5*n {
			t.Errorf("%d runs: %d spans, %d frames", n, len(h.Spans), h.Frames)
		}
		if end := time.Duration(8*n-3) * time.Second / visible.Rate; h.Spans[visible.MaxSpans-1][1] != end {
			t.Errorf("%d runs end at %v, want %v", n, h.Spans[visible.MaxSpans-1][1], end)
		}
	}
}

// A box of a picture of another size is no place of this one.
func TestARunEndsWhereTheSizeOfThePictureChanges(t *testing.T) {
	var d visible.Detector
	for n := range 22 {
		w, h := 640, 480
		if n >= 11 {
			w, h = 854, 480
		}
		d.Frame(frame(w, h, n, plain(w, h, "veo", 0)))
	}
	if res := d.End(); len(res.Hints) != 0 {
		t.Errorf("%+v", res.Hints)
	}
}

func TestTheTopHatIsThatOfItsDefinition(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	for _, size := range [][2]int{{1, 1}, {3, 9}, {16, 7}, {31, 20}, {64, 33}} {
		w, h := size[0], size[1]
		pix := make([]byte, w*h)
		for i := range pix {
			pix[i] = byte(r.Uint32())
		}
		pass := func(in []byte, pick func(a, b byte) byte) []byte {
			out := make([]byte, len(in))
			for y := range h {
				for x := range w {
					v := in[y*w+x]
					for j := max(y-3, 0); j <= min(y+3, h-1); j++ {
						for i := max(x-3, 0); i <= min(x+3, w-1); i++ {
							v = pick(v, in[j*w+i])
						}
					}
					out[y*w+x] = v
				}
			}
			return out
		}
		opened := pass(pass(pix, func(a, b byte) byte { return min(a, b) }), func(a, b byte) byte { return max(a, b) })
		want := make([]byte, len(pix))
		for i := range pix {
			want[i] = pix[i] - opened[i]
		}
		if got := visible.TopHat(w, h, slices.Clone(pix)); !bytes.Equal(got, want) {
			t.Errorf("%d by %d differs", w, h)
		}
	}
}

// Whatever a decoder hands in, the planes stay as they are, every picture is accounted for, and a box lies in its picture.
func FuzzFrame(f *testing.F) {
	f.Add(320, 240, 8, 320, 0, false, []byte{1, 2, 3})
	f.Add(240, 320, 10, 480, 90, true, []byte{255, 0})
	f.Add(241, 243, 12, 482, -90, false, []byte{9, 200, 9, 9, 255, 0, 0})
	f.Add(1<<15, 240, 8, 1<<15, 180, false, []byte{})
	f.Add(0, -1, 8, -5, 270, false, []byte{7})
	f.Add(720, 240, 16, 1440, 1<<30, true, []byte{0, 255, 255})
	f.Fuzz(func(t *testing.T, w, h, depth, stride, rotation int, mirrored bool, pattern []byte) {
		n := 0
		if w > 0 && h > 0 && w <= 800 && h <= 800 && stride > 0 && stride <= 1700 {
			n = stride * h
		}
		data := make([]byte, n)
		for i := range data {
			if len(pattern) > 0 {
				data[i] = pattern[i*i%len(pattern)]
			}
		}
		before := slices.Clone(data)
		var d visible.Detector
		d.Track(&video.Track{Rotation: rotation, Mirrored: mirrored})
		for k := range 6 {
			d.Frame(&video.Frame{Time: time.Duration(k) * time.Second, Width: w, Height: h, BitDepth: depth, Y: video.Plane{Data: data, Stride: stride, Width: w, Height: h}})
		}
		res := d.End()
		if !bytes.Equal(before, data) || res.Frames+res.Unread != 6 {
			t.Errorf("%+v", res)
		}
		for _, h := range res.Hints {
			if !h.Box.In(image.Rectangle{Max: h.Picture}) || h.Box.Empty() || h.Statistic > 1+1e-9 || math.IsNaN(h.Statistic) {
				t.Errorf("%+v", h)
			}
		}
	})
}
