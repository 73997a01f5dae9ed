package watermark_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/imwatermark"
	"github.com/consentry/consentry/video"
	"github.com/consentry/consentry/watermark"
)

// scene is a picture with slow colours, edges and grain; each number gives another one.
func scene(width, height int, number uint64) imwatermark.Picture {
	random := rand.New(rand.NewPCG(number, 7))
	p := imwatermark.Picture{Width: width, Height: height, Pix: make([]byte, 3*width*height)}
	var slope [3][2]int
	var base [3]int
	for c := range 3 {
		base[c], slope[c] = 60+random.IntN(100), [2]int{1 + random.IntN(6), 1 + random.IntN(6)}
	}
	for y := range height {
		for x := range width {
			grain := random.IntN(9)
			for c := range 3 {
				v := base[c] + x*slope[c][0]/24 - y*slope[c][1]/24 + grain + (x/31+y/23)%2*9
				p.Pix[3*(y*width+x)+c] = byte(min(max(v, 0), 255))
			}
		}
	}
	return p
}

// layout is how a frame holds its samples.
type layout struct {
	depth, chromaX, chromaY, matrix int
	full                            bool
}

var layouts = map[string]layout{
	"4:2:0":                      {8, 1, 1, 2, false},
	"4:2:0 of 10 bits":           {10, 1, 1, 6, false},
	"4:4:4 of 12 bits":           {12, 0, 0, 6, false},
	"4:2:2":                      {8, 1, 0, 5, false},
	"4:2:0, full range":          {8, 1, 1, 6, true},
	"4:2:0, BT.709":              {8, 1, 1, 1, false},
	"4:4:4, BT.2020, full range": {10, 0, 0, 9, true},
}

// frame converts a picture as its layout says.
func frame(p imwatermark.Picture, l layout) *video.Frame {
	kr, kb := 0.299, 0.114
	switch l.matrix {
	case 1:
		kr, kb = 0.2126, 0.0722
	case 9:
		kr, kb = 0.2627, 0.0593
	}
	top := float64(int(1) << (l.depth - 8))
	luma, chroma, foot := 219*top, 224*top, 16*top
	if l.full {
		luma, chroma, foot = 256*top-1, 256*top-1, 0
	}
	size := 1
	if l.depth > 8 {
		size = 2
	}
	plane := func(sx, sy int, value func(r, g, b float64) float64) video.Plane {
		w, h := (p.Width+1<<sx-1)>>sx, (p.Height+1<<sy-1)>>sy
		out := video.Plane{Data: make([]byte, w*h*size), Stride: w * size, Width: w, Height: h}
		for y := range h {
			for x := range w {
				var sum, n float64
				for v := y << sy; v < min((y+1)<<sy, p.Height); v++ {
					for u := x << sx; u < min((x+1)<<sx, p.Width); u++ {
						at := 3 * (v*p.Width + u)
						sum += value(float64(p.Pix[at])/255, float64(p.Pix[at+1])/255, float64(p.Pix[at+2])/255)
						n++
					}
				}
				s := int(sum/n + 0.5)
				out.Data[(y*w+x)*size] = byte(s)
				if size == 2 {
					out.Data[(y*w+x)*size+1] = byte(s >> 8)
				}
			}
		}
		return out
	}
	grey := func(r, g, b float64) float64 { return kr*r + (1-kr-kb)*g + kb*b }
	return &video.Frame{
		Width: p.Width, Height: p.Height, BitDepth: l.depth, ChromaX: l.chromaX, ChromaY: l.chromaY, Key: true,
		Color: video.Color{Matrix: l.matrix, FullRange: l.full},
		Y:     plane(0, 0, func(r, g, b float64) float64 { return foot + luma*grey(r, g, b) }),
		Cb: plane(l.chromaX, l.chromaY, func(r, g, b float64) float64 {
			return 128*top + chroma*(b-grey(r, g, b))/(2*(1-kb))
		}),
		Cr: plane(l.chromaX, l.chromaY, func(r, g, b float64) float64 {
			return 128*top + chroma*(r-grey(r, g, b))/(2*(1-kr))
		}),
	}
}

func bits(hex string, n int) []bool {
	var out []bool
	for _, d := range strings.ToLower(hex) {
		v := strings.IndexRune("0123456789abcdef", d)
		out = append(out, v&8 != 0, v&4 != 0, v&2 != 0, v&1 != 0)
	}
	return out[len(out)-n:]
}

// look hands frames to a detector, a tenth of a second apart.
func look(o watermark.Options, frames ...*video.Frame) *watermark.Result {
	d := watermark.New(o)
	for i, f := range frames {
		f.Time = time.Duration(i) * 100 * time.Millisecond
		if err := d.Frame(f); err != nil {
			panic(err)
		}
	}
	return d.End(0)
}

// Whatever way a mark was written and whatever the samples look like, it is found, and called by its algorithm.
func TestMarksAreFound(t *testing.T) {
	ways := map[string]imwatermark.Way{
		"dwtDct":                     {},
		"dwtDct, floats":             {Floats: true},
		"dwtDct, swapped":            {Swap: true},
		"dwtDct, floats, swapped":    {Floats: true, Swap: true},
		"dwtDctSvd":                  {Svd: true},
		"dwtDctSvd, floats, swapped": {Svd: true, Floats: true, Swap: true},
	}
	for name, w := range ways {
		for kind, l := range layouts {
			t.Run(name+" in "+kind, func(t *testing.T) {
				known := watermark.Known()
				if kind != "4:2:0" {
					known = known[:1]
				}
				for _, m := range known {
					p := imwatermark.Mark(scene(512, 320, 3), w, bits(m.Hex(), m.Bits), true)
					res := look(watermark.Options{}, frame(p, l))
					want := watermark.DwtDct
					if w.Svd {
						want = watermark.DwtDctSvd
					}
					if len(res.Found) != 1 || res.Found[0].Scheme != m.Scheme || res.Found[0].Algorithm != want || res.Found[0].Message != m.Hex() {
						t.Fatalf("%s: found %+v, weak %+v", m.Scheme, res.Found, res.Weak)
					}
					if f := res.Found[0]; f.Bound > 1e-6 || f.Statistic < f.Threshold || f.Statistic > 1 || f.Geometry != "" || f.Partial {
						t.Errorf("%s: %+v", m.Scheme, f)
					}
				}
			})
		}
	}
}

func TestUnmarkedPicturesHaveNoMark(t *testing.T) {
	for number := range uint64(40) {
		res := look(watermark.Options{}, frame(scene(384+8*int(number%9), 256, number), layouts["4:2:0"]))
		if len(res.Found) != 0 || len(res.Weak) != 0 || res.Frames != 1 {
			t.Fatalf("scene %d: %+v", number, res)
		}
	}
}

// Stripes as wide as blocks that repeat with the length of a message say the same of the same bits, all over the
// picture. They are no mark.
func TestStripesAreNoMark(t *testing.T) {
	for _, period := range []int{2, 4, 8, 16, 23, 24, 46, 48} {
		for number := range uint64(6) {
			random := rand.New(rand.NewPCG(number, uint64(period)))
			shade := make([]int, period)
			for i := range shade {
				shade[i] = random.IntN(60)
			}
			p := scene(768, 264, number)
			for i := range p.Pix {
				p.Pix[i] = byte(min(255, int(p.Pix[i])/2+shade[i/3%768/8%period]*(i%3)))
			}
			if res := look(watermark.Options{}, frame(p, layouts["4:2:0"])); len(res.Found) != 0 {
				t.Errorf("period %d, scene %d: %+v", period, number, res.Found)
			}
		}
	}
}

// A message that only the user names is found when it is named, and only then; one that is alike is not.
func TestOwnMessages(t *testing.T) {
	const own, alike = "dwtDct:48:5C0FFEE9A3D7", "dwtDct:48:5C0FFEE9A3E7"
	m, err := watermark.ParseMessage(own)
	if err != nil {
		t.Fatal(err)
	}
	other, err := watermark.ParseMessage(alike)
	if err != nil {
		t.Fatal(err)
	}
	f := frame(imwatermark.Mark(scene(512, 288, 5), imwatermark.Way{}, bits(m.Hex(), m.Bits), false), layouts["4:2:0"])
	if res := look(watermark.Options{}, f); len(res.Found) != 0 {
		t.Errorf("not named: %+v", res.Found)
	}
	for _, list := range [][]watermark.Message{{m}, {m, other}, {other, m}} {
		res := look(watermark.Options{Messages: list}, f)
		if len(res.Found) != 1 || res.Found[0].Message != m.Hex() || res.Found[0].Scheme != "" {
			t.Errorf("%d named: %+v", len(list), res.Found)
		}
	}
}

// What was done to a picture after it was marked is undone, and said.
func TestOtherGeometries(t *testing.T) {
	m := watermark.Known()[0]
	marked := imwatermark.Mark(scene(1024, 576, 11), imwatermark.Way{Floats: true}, bits(m.Hex(), m.Bits), true)
	part := func(x0, y0, x1, y1 int, bars int) imwatermark.Picture {
		out := imwatermark.Picture{Width: x1 - x0, Height: y1 - y0 + 2*bars}
		out.Pix = make([]byte, 3*out.Width*out.Height)
		for y := y0; y < y1; y++ {
			copy(out.Pix[3*(y-y0+bars)*out.Width:], marked.Pix[3*(y*marked.Width+x0):3*(y*marked.Width+x1)])
		}
		return out
	}
	mirrored := part(0, 0, 1024, 576, 0)
	for y := range 576 {
		for x := range 1024 {
			copy(mirrored.Pix[3*(y*1024+x):][:3], marked.Pix[3*(y*1024+1023-x):][:3])
		}
	}
	larger := imwatermark.Picture{Width: 1536, Height: 864, Pix: make([]byte, 3*1536*864)}
	for y := range 864 {
		for x := range 1536 {
			copy(larger.Pix[3*(y*1536+x):][:3], marked.Pix[3*(y*2/3*1024+x*2/3):][:3])
		}
	}
	for name, c := range map[string]struct {
		picture  imwatermark.Picture
		thorough bool
		want     string
	}{
		"as it is":                  {marked, false, "as it is"},
		"mirrored":                  {mirrored, false, "mirrored"},
		"bars":                      {part(0, 0, 1024, 576, 40), false, "bars around it"},
		"cut at blocks":             {part(40, 24, 1000, 560, 0), false, "a part cut out"},
		"cut elsewhere, thoroughly": {part(44, 28, 1004, 564, 0), true, "a part cut out, at an offset"},
		"resized":                   {larger, false, "resized from 1024×576"},
	} {
		t.Run(name, func(t *testing.T) {
			res := look(watermark.Options{Thorough: c.thorough}, frame(c.picture, layouts["4:2:0"]))
			got := ""
			for _, f := range res.Found {
				got += "as it is"
				if f.Geometry != "" {
					got = f.Geometry
				}
				if f.Scheme != m.Scheme {
					t.Errorf("%+v", f)
				}
			}
			if got != c.want {
				t.Errorf("found %q, want %q (weak %+v)", got, c.want, res.Weak)
			}
		})
	}
}

// A clip of which a part is marked has the mark in that part, and says that the rest is without.
func TestSpans(t *testing.T) {
	m, n := watermark.Known()[0], watermark.Known()[1]
	l := layouts["4:2:0"]
	plain := frame(scene(512, 320, 21), l)
	first := frame(imwatermark.Mark(scene(512, 320, 21), imwatermark.Way{Floats: true}, bits(m.Hex(), m.Bits), true), l)
	second := frame(imwatermark.Mark(scene(512, 320, 21), imwatermark.Way{Floats: true}, bits(n.Hex(), n.Bits), true), l)
	run := func(groups ...*video.Frame) *watermark.Result {
		var frames []*video.Frame
		for _, g := range groups {
			for i := range 10 { // a second each, one key frame
				f := *g
				f.Key = i == 0
				frames = append(frames, &f)
			}
		}
		return look(watermark.Options{}, frames...)
	}
	whole := run(first, first, first)
	if len(whole.Found) != 1 || whole.Found[0].Partial || len(whole.Found[0].Spans) != 1 || whole.Found[0].Spans[0] != [2]time.Duration{0, 3 * time.Second} {
		t.Errorf("whole: %+v", whole.Found)
	}
	part := run(plain, plain, first, first, plain)
	if len(part.Found) != 1 || !part.Found[0].Partial || len(part.Found[0].Spans) != 1 || part.Found[0].Spans[0] != [2]time.Duration{2 * time.Second, 4 * time.Second} {
		t.Errorf("part: %+v", part.Found)
	}
	both := run(first, second)
	if len(both.Found) != 2 || !both.Found[0].Partial || both.Found[0].Spans[0][1] != time.Second || both.Found[1].Spans[0][0] != time.Second {
		t.Errorf("both: %+v", both.Found)
	}
}
