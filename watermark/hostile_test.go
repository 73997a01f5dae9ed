package watermark_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/imwatermark"
	"github.com/consentry/consentry/video"
	"github.com/consentry/consentry/watermark"
)

// Frames that no mark fits in, or that are not what they say, are counted and passed over.
func TestFramesThatCannotBeRead(t *testing.T) {
	good := func() *video.Frame { return frame(scene(256, 256, 1), layouts["4:2:0"]) }
	for name, change := range map[string]func(*video.Frame){
		"no colour":              func(f *video.Frame) { f.Cb, f.Cr = video.Plane{}, video.Plane{} },
		"a short plane":          func(f *video.Frame) { f.Cr.Data = f.Cr.Data[:len(f.Cr.Data)-1] },
		"a short row":            func(f *video.Frame) { f.Cb.Stride = f.Cb.Width - 1 },
		"a plane of other size":  func(f *video.Frame) { f.Cb.Width-- },
		"no luma":                func(f *video.Frame) { f.Y.Data = nil },
		"depth 7":                func(f *video.Frame) { f.BitDepth = 7 },
		"depth 17":               func(f *video.Frame) { f.BitDepth = 17 },
		"chroma of an eighth":    func(f *video.Frame) { f.ChromaX = 3 },
		"chroma below zero":      func(f *video.Frame) { f.ChromaY = -1 },
		"ten bits in eight":      func(f *video.Frame) { f.BitDepth = 10 },
		"width 0":                func(f *video.Frame) { f.Width = 0 },
		"a size that overflows":  func(f *video.Frame) { f.Width, f.Height = 1<<62, 1<<62 },
		"one row":                func(f *video.Frame) { *f = *frame(scene(4096, 1, 1), layouts["4:2:0"]) },
		"one column":             func(f *video.Frame) { *f = *frame(scene(1, 4096, 1), layouts["4:2:0"]) },
		"fewer blocks than bits": func(f *video.Frame) { *f = *frame(scene(63, 31, 1), layouts["4:2:0"]) },
	} {
		t.Run(name, func(t *testing.T) {
			f := good()
			change(f)
			res := look(watermark.Options{}, f, good())
			if res.Unread != 1 || res.Frames != 1 || len(res.Found)+len(res.Weak) != 0 {
				t.Errorf("%+v", res)
			}
		})
	}
}

// The smallest picture that is looked at has as many blocks as the shortest message has bits; the longest messages are
// not looked for in it.
func TestSmallestPicture(t *testing.T) {
	res := look(watermark.Options{}, frame(scene(64, 32, 1), layouts["4:2:0"]))
	if res.Frames != 1 || res.Unread != 0 || len(res.Found) != 0 {
		t.Errorf("%+v", res)
	}
}

// Samples above their depth are taken for the highest.
func TestSamplesAboveTheDepth(t *testing.T) {
	f := frame(scene(256, 256, 1), layouts["4:4:4 of 12 bits"])
	for i := range f.Cb.Data {
		f.Cb.Data[i] = 0xff
	}
	if res := look(watermark.Options{}, f); res.Frames != 1 || len(res.Found) != 0 {
		t.Errorf("%+v", res)
	}
}

// Times that stand still, run backwards or leap are no trouble; a look keeps so many parts of the time line at most that
// an hour takes no more memory than a minute.
func TestTimes(t *testing.T) {
	m := watermark.Known()[0]
	f := frame(imwatermark.Mark(scene(256, 256, 2), imwatermark.Way{}, bits(m.Hex(), m.Bits), false), layouts["4:2:0"])
	for name, at := range map[string]func(int) time.Duration{
		"still":     func(int) time.Duration { return 0 },
		"backwards": func(n int) time.Duration { return -time.Duration(n) * time.Second },
		"leaping":   func(n int) time.Duration { return time.Duration(n%3) * (1 << 61) },
		"long":      func(n int) time.Duration { return time.Duration(n) * time.Minute },
	} {
		t.Run(name, func(t *testing.T) {
			d := watermark.New(watermark.Options{})
			for n := range 300 {
				f.Time = at(n)
				if err := d.Frame(f); err != nil {
					t.Fatal(err)
				}
			}
			res := d.End(0)
			if len(res.Found) != 1 || res.Found[0].Scheme != m.Scheme || len(res.Found[0].Spans) == 0 || res.Frames != 300 {
				t.Fatalf("%+v", res)
			}
			for _, s := range res.Found[0].Spans {
				if s[1] < s[0] {
					t.Errorf("span %v", s)
				}
			}
		})
	}
}

// A size that changes on the way begins a new part, and what was seen before still counts.
func TestSizesThatChange(t *testing.T) {
	m := watermark.Known()[1]
	marked := frame(imwatermark.Mark(scene(512, 320, 2), imwatermark.Way{Floats: true}, bits(m.Hex(), m.Bits), true), layouts["4:2:0"])
	res := look(watermark.Options{}, marked, frame(scene(64, 64, 1), layouts["4:2:0"]), frame(scene(320, 256, 3), layouts["4:4:4 of 12 bits"]))
	if len(res.Found) != 1 || res.Found[0].Scheme != m.Scheme {
		t.Errorf("%+v", res)
	}
}

// An end without frames is no find.
func TestNothingToLookAt(t *testing.T) {
	if res := watermark.New(watermark.Options{}).End(time.Hour); len(res.Found)+len(res.Weak)+res.Frames+res.Keys+res.Unread != 0 {
		t.Errorf("%+v", res)
	}
}

// Other geometries are tried on the first key frames of not too large a picture; the picture as it is always counts.
func TestGeometryLimits(t *testing.T) {
	m := watermark.Known()[0]
	marked := imwatermark.Mark(scene(512, 320, 2), imwatermark.Way{}, bits(m.Hex(), m.Bits), false)
	mirrored := imwatermark.Picture{Width: 512, Height: 320, Pix: make([]byte, len(marked.Pix))}
	for i := range 512 * 320 {
		copy(mirrored.Pix[3*(i/512*512+511-i%512):][:3], marked.Pix[3*i:])
	}
	plain, flipped := frame(scene(512, 320, 2), layouts["4:2:0"]), frame(mirrored, layouts["4:2:0"])
	for before, want := range map[int]int{1: 1, 16: 0} {
		var frames []*video.Frame
		for range before {
			f := *plain
			frames = append(frames, &f)
		}
		for range 40 {
			f := *flipped
			frames = append(frames, &f)
		}
		if res := look(watermark.Options{}, frames...); len(res.Found) != want {
			t.Errorf("%d frames before: %+v", before, res.Found)
		}
	}
	if testing.Short() {
		return
	}
	for _, height := range []int{2304, 2306} {
		large := &video.Frame{Width: 4096, Height: height, BitDepth: 8, ChromaX: 1, ChromaY: 1, Key: true}
		for _, p := range []*video.Plane{&large.Y, &large.Cb, &large.Cr} {
			*p = video.Plane{Data: make([]byte, 4096*height), Stride: 4096, Width: 2048, Height: height / 2}
		}
		large.Y.Width, large.Y.Height = 4096, height
		for i := range large.Cb.Data {
			x, y := i%4096, i/4096
			if x < 2048 && y < height/2 {
				at := y%160*256 + x%256
				large.Cb.Data[i], large.Cr.Data[i] = flipped.Cb.Data[at], flipped.Cr.Data[at]
			}
		}
		if res := look(watermark.Options{}, large); res.Frames != 1 {
			t.Errorf("height %d: %+v", height, res)
		}
	}
}

var messages = []struct{ text, why string }{ // why empty: it is taken
	{"dwtDct:48:B3EC907BB19E", ""},
	{"dwtDctSvd:46:2afe879cf52e", ""},
	{"dwtDct:32:53445632", ""},
	{"dwtDct:33:153445632", ""},
	{"dwtDct:1024:" + strings.Repeat("0123456789abcdef", 15) + "fedcba9876543210", ""},
	{"", "the form is"},
	{"dwtDct", "the form is"},
	{"dwtDct:48", "the form is"},
	{"rivaGan:32:53445632", "algorithm"},
	{"DWTDCT:32:53445632", "algorithm"},
	{"dwtDct:31:53445632", "number of bits"},
	{"dwtDct:1025:" + strings.Repeat("0", 257), "number of bits"},
	{"dwtDct:-48:B3EC907BB19E", "number of bits"},
	{"dwtDct:99999999999999999999:B3", "number of bits"},
	{"dwtDct:48:B3EC907BB19", "hex digits"},
	{"dwtDct:48:B3EC907BB19E0", "hex digits"},
	{"dwtDct:46:FAFE879CF52E", "more than 46 bits"},
	{"dwtDct:48:B3EC907BB19G", "not a hex number"},
	{"dwtDct:48:B3EC:07BB19E", "not a hex number"},
	{"dwtDct:48:000000000000", "repeats"},
	{"dwtDct:48:AAAAAAAAAAAA", "repeats"},
	{"dwtDct:48:B3B3B3B3B3B3", "repeats"},
	{"dwtDct:48:12341234" + "1234", "repeats"},
}

func TestParseMessage(t *testing.T) {
	for _, c := range messages {
		m, err := watermark.ParseMessage(c.text)
		var bad *watermark.MessageError
		switch {
		case c.why == "" && (err != nil || fmt.Sprintf("%s:%d:%s", m.Algorithm, m.Bits, m.Hex()) != strings.Replace(strings.ToLower(c.text), "dwtdct", "dwtDct", 1) && !strings.Contains(c.text, "Svd")):
			t.Errorf("%q: %+v, %v", c.text, m, err)
		case c.why != "" && (!errors.As(err, &bad) || !strings.Contains(bad.Why, c.why)):
			t.Errorf("%q: %v, want %q", c.text, err, c.why)
		}
	}
}

// More messages than a look takes are not looked for; the first ones are.
func TestMaxMessages(t *testing.T) {
	var list []watermark.Message
	for i := range watermark.MaxMessages + 1 {
		m, err := watermark.ParseMessage(fmt.Sprintf("dwtDct:48:5C0%03xE9A3D7", i*37))
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, m)
	}
	for i, want := range map[int]int{0: 1, watermark.MaxMessages - 1: 1, watermark.MaxMessages: 0} {
		p := imwatermark.Mark(scene(512, 320, 4), imwatermark.Way{}, bits(list[i].Hex(), 48), false)
		found := 0
		for _, f := range look(watermark.Options{Messages: list}, frame(p, layouts["4:2:0"])).Found {
			if f.Message == list[i].Hex() {
				found++
			}
		}
		if found != want {
			t.Errorf("message %d: found %d times", i, found)
		}
	}
}

func FuzzParseMessage(f *testing.F) {
	for _, c := range messages {
		f.Add(c.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		m, err := watermark.ParseMessage(text)
		if err != nil {
			var bad *watermark.MessageError
			if !errors.As(err, &bad) || m.Bits != 0 {
				t.Fatalf("%v, %+v", err, m)
			}
			return
		}
		again, err := watermark.ParseMessage(fmt.Sprintf("%s:%d:%s", m.Algorithm, m.Bits, m.Hex()))
		if err != nil || again.Hex() != m.Hex() || m.Bits < watermark.MinBits || m.Bits > watermark.MaxBits {
			t.Fatalf("%+v, again %+v: %v", m, again, err)
		}
	})
}

// A frame of any bytes and any header gives no mark and counts once.
func FuzzFrame(f *testing.F) {
	f.Add(64, 64, 8, 1, 1, 1, []byte{128, 7, 200})
	f.Add(65, 33, 10, 0, 0, 9, []byte{255, 255})
	f.Add(1, 4096, 8, 1, 0, 2, []byte{0})
	f.Add(256, 256, 12, 2, 2, 6, []byte("a longer pattern that does not fit the rows"))
	f.Add(1023, 31, 16, 2, 0, 7, []byte{1, 2, 3, 4, 5, 6, 7})
	f.Add(-1, 1<<40, 8, 1, 1, 0, []byte{9})
	f.Fuzz(func(t *testing.T, width, height, depth, chromaX, chromaY, matrix int, pattern []byte) {
		v := &video.Frame{Width: width, Height: height, BitDepth: depth, ChromaX: chromaX, ChromaY: chromaY, Key: true, Color: video.Color{Matrix: matrix}}
		if width > 0 && height > 0 && width <= 1<<12 && height <= 1<<12 && width*height <= 1<<18 && chromaX >= 0 && chromaX < 4 && chromaY >= 0 && chromaY < 4 && len(pattern) > 0 {
			plane := func(sx, sy int) video.Plane {
				p := video.Plane{Width: (width + 1<<sx - 1) >> sx, Height: (height + 1<<sy - 1) >> sy}
				p.Stride = 2 * p.Width
				p.Data = make([]byte, p.Stride*p.Height)
				for i := range p.Data {
					p.Data[i] = pattern[i%len(pattern)]
				}
				return p
			}
			v.Y, v.Cb, v.Cr = plane(0, 0), plane(chromaX, chromaY), plane(chromaX, chromaY)
		}
		res := look(watermark.Options{Thorough: true}, v)
		if len(res.Found) != 0 || res.Frames+res.Unread != 1 {
			t.Fatalf("%+v", res)
		}
	})
}

// The sums of a segment have 16 bits: as many frames as one may have, and one more, say what a single one says.
func TestManyFramesSayWhatOneSays(t *testing.T) {
	m := watermark.Known()[0]
	marked := imwatermark.Mark(scene(256, 256, 7), imwatermark.Way{Floats: true}, bits(m.Hex(), m.Bits), true)
	one := frame(marked, layouts["4:2:0"])
	statistic := func(n int) float64 {
		d := watermark.New(watermark.Options{Algorithms: []watermark.Algorithm{watermark.DwtDct}})
		for i := range n {
			f := *one
			f.Time = time.Duration(i) * time.Millisecond
			if err := d.Frame(&f); err != nil {
				t.Fatal(err)
			}
		}
		res := d.End(0)
		if len(res.Found) != 1 {
			t.Fatalf("%d frames: %+v", n, res)
		}
		return res.Found[0].Statistic
	}
	want := statistic(1)
	for _, n := range []int{499, 500, 501} {
		if got := statistic(n); math.Abs(got-want) > 1e-4 {
			t.Errorf("%d frames: %.6f, one: %.6f", n, got, want)
		}
	}
}

// A part of the time line ends behind its five hundredth frame. A key frame without the mark that is the last of a part is
// one of many that have it; as the first of the next part it says that the mark has ended.
func TestAPartHasFiveHundredFrames(t *testing.T) {
	m := watermark.Known()[0]
	marked := frame(imwatermark.Mark(scene(256, 256, 7), imwatermark.Way{Floats: true}, bits(m.Hex(), m.Bits), true), layouts["4:2:0"])
	plain := frame(scene(256, 256, 7), layouts["4:2:0"])
	for before, end := range map[int]time.Duration{499: 350 * time.Millisecond, 500: 250 * time.Millisecond} {
		d := watermark.New(watermark.Options{Algorithms: []watermark.Algorithm{watermark.DwtDct}})
		for i := range 700 { // closer than key frames begin a part of their own
			f := *marked
			if i >= before {
				f = *plain
			}
			f.Time, f.Key = time.Duration(i)*time.Millisecond/2, i == 0 || i == before
			if err := d.Frame(&f); err != nil {
				t.Fatal(err)
			}
		}
		res := d.End(0)
		if len(res.Found) != 1 || len(res.Found[0].Spans) != 1 || res.Found[0].Spans[0] != [2]time.Duration{0, end} || res.Found[0].Partial != (before == 500) {
			t.Errorf("%d with the mark: %+v", before, res.Found)
		}
	}
}
