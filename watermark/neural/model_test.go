package neural_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/video"
	"github.com/consentry/consentry/watermark/neural"
)

// value is an input or output of float32; -1 leaves a dimension open.
func value(name string, dims ...int64) forge.ModelValue { return modelValue(name, 1, dims) }

// model is a graph that takes and gives what a network of the kind does.
func model(kind neural.Kind) []byte {
	in, out := value("image", 1, 3, -1, -1), value("bits", 1, int64(kind.Bits()))
	switch kind {
	case neural.RivaGAN:
		in = value("frame", -1, 3, 1, -1, -1)
	case neural.VideoSeal:
		in, out = value("image", 1, 3, 256, 256), value("bits", 1, 257)
	}
	return forge.Model{Inputs: []forge.ModelValue{in}, Outputs: []forge.ModelValue{out}}.Bytes()
}

func TestAModelIsHeldAgainstWhatItsKindTakesAndGives(t *testing.T) {
	v := func(dims ...int64) forge.ModelValue { return value("x", dims...) }
	one := func(in, out forge.ModelValue) []byte {
		return forge.Model{Inputs: []forge.ModelValue{in}, Outputs: []forge.ModelValue{out}}.Bytes()
	}
	for _, c := range []struct {
		name, says string // empty: it is taken
		kind       neural.Kind
		model      []byte
	}{
		{"as published", "", neural.RivaGAN, model(neural.RivaGAN)},
		{"as published", "", neural.TrustMarkP, model(neural.TrustMarkP)},
		{"as published", "", neural.VideoSeal, model(neural.VideoSeal)},
		{"the largest square", "", neural.TrustMarkQ, one(v(1, 3, 512, 512), v(1, 100))},
		{"one past it", "a square of 32 to 512 pixels", neural.TrustMarkQ, one(v(1, 3, 513, 513), v(1, 100))},
		{"the smallest square", "", neural.TrustMarkQ, one(v(1, 3, 32, 32), v(1, 100))},
		{"one before it", "a square of 32 to 512 pixels", neural.TrustMarkQ, one(v(1, 3, 31, 31), v(1, 100))},
		{"no square", "a square", neural.TrustMarkQ, one(v(1, 3, 256, 224), v(1, 100))},
		{"a fixed size", "pictures of any size", neural.RivaGAN, one(v(1, 3, 1, 64, 64), v(1, 32))},
		{"many pictures", "pictures of three colours", neural.VideoSeal, one(v(8, 3, 256, 256), v(1, 257))},
		{"grey", "pictures of three colours", neural.VideoSeal, one(v(1, 1, 256, 256), v(1, 257))},
		{"four dimensions for five", "pictures of three colours", neural.RivaGAN, one(v(1, 3, -1, -1), v(1, 32))},
		{"other answers", "gives 100 numbers", neural.TrustMarkQ, one(v(1, 3, 256, 256), v(1, 32))},
		{"two inputs", "takes one picture", neural.TrustMarkQ, forge.Model{Inputs: []forge.ModelValue{v(1, 3, 256, 256), value("y", 1)}, Outputs: []forge.ModelValue{v(1, 100)}}.Bytes()},
		{"whole numbers", "takes one picture", neural.TrustMarkQ, one(modelValue("x", 7, []int64{1, 3, 256, 256}), v(1, 100))},
		{"no output", "takes one picture", neural.TrustMarkQ, forge.Model{Inputs: []forge.ModelValue{v(1, 3, 256, 256)}}.Bytes()},
		{"an unknown kind", "no network of kind", "SynthID", model(neural.VideoSeal)},
		{"no model", "model", neural.VideoSeal, []byte("hello")},
	} {
		t.Run(c.name+" "+string(c.kind), func(t *testing.T) {
			n, err := neural.Recognise(c.kind, c.model)
			switch {
			case c.says == "" && (err != nil || n.Kind != c.kind || n.Largest() < 3*32*32):
				t.Errorf("%v, %v", n, err)
			case c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)):
				t.Errorf("%v", err)
			}
		})
	}
}

// TestWhatANetworkIsShown: size, crop, colours and range of the numbers.
func TestWhatANetworkIsShown(t *testing.T) {
	// One colour: R'G'B' (200, 80, 40) in BT.601 with limited range is Y' 111.6, Cb 92.6, Cr 183.6.
	red := func(w, h, depth int) *video.Frame {
		plane := func(v, w, h int) video.Plane {
			var b []byte
			for range w * h {
				if depth > 8 {
					b = append(b, byte(v<<(depth-8)), byte(v<<(depth-8)>>8))
				} else {
					b = append(b, byte(v))
				}
			}
			return video.Plane{Data: b, Stride: len(b) / h, Width: w, Height: h}
		}
		return &video.Frame{Width: w, Height: h, BitDepth: depth, Y: plane(112, w, h), Cb: plane(93, (w+1)/2, (h+1)/2), Cr: plane(184, (w+1)/2, (h+1)/2), ChromaX: 1, ChromaY: 1, Color: video.Color{Matrix: 6}}
	}
	for _, c := range []struct {
		kind          neural.Kind
		w, h, depth   int
		shape         []int64
		first, second float64 // numbers of the first and the last colour
	}{
		{neural.RivaGAN, 64, 48, 8, []int64{1, 3, 1, 48, 64}, 40/127.5 - 1, 200/127.5 - 1},
		{neural.RivaGAN, 63, 47, 10, []int64{1, 3, 1, 47, 63}, 40/127.5 - 1, 200/127.5 - 1},
		{neural.RivaGAN, 2560, 100, 8, []int64{1, 3, 1, 50, 1280}, 40/127.5 - 1, 200/127.5 - 1},
		{neural.TrustMarkQ, 640, 360, 8, []int64{1, 3, 256, 256}, 200. / 255, 40. / 255},
		{neural.TrustMarkP, 64, 48, 8, []int64{1, 3, 224, 224}, 200. / 255, 40. / 255},
		{neural.VideoSeal, 1, 1, 8, []int64{1, 3, 256, 256}, 200. / 255, 40. / 255},
	} {
		t.Run(fmt.Sprintf("%s %dx%d %d bits", c.kind, c.w, c.h, c.depth), func(t *testing.T) {
			seen := false
			run := answers(func(in neural.Tensor) ([]float32, error) {
				seen = true
				size := len(in.Data) / 3
				if fmt.Sprint(in.Shape) != fmt.Sprint(c.shape) {
					t.Errorf("shape %v, want %v", in.Shape, c.shape)
				}
				for _, at := range []int{0, size / 2, size - 1} {
					if a, b := float64(in.Data[at]), float64(in.Data[2*size+at]); math.Abs(a-c.first) > 0.02 || math.Abs(b-c.second) > 0.02 {
						t.Errorf("at %d: %.3f and %.3f, want %.3f and %.3f", at, a, b, c.first, c.second)
					}
				}
				return make([]float32, c.kind.Bits()), nil
			})
			if err := neural.New(network(t, c.kind), run, nil).Frame(red(c.w, c.h, c.depth)); err != nil {
				t.Fatal(err)
			}
			if !seen {
				t.Error("the network was not asked")
			}
		})
	}
}

// TestTheMiddleIsShownWhereAPictureIsTooLong: TrustMark P always takes the middle square, Q from twice as wide as high.
func TestTheMiddleIsShownWhereAPictureIsTooLong(t *testing.T) {
	for _, c := range []struct {
		kind neural.Kind
		w    int
		edge bool // the picture's left edge is seen
	}{{neural.TrustMarkP, 96, false}, {neural.TrustMarkQ, 96, true}, {neural.TrustMarkQ, 192, true}, {neural.TrustMarkQ, 194, false}} {
		const h = 96
		f := picture(0)
		f.Width, f.Height = c.w, h
		f.Y = video.Plane{Data: make([]byte, c.w*h), Stride: c.w, Width: c.w, Height: h}
		chroma := make([]byte, c.w/2*h/2)
		for i := range chroma {
			chroma[i] = 128
		}
		f.Cb = video.Plane{Data: chroma, Stride: c.w / 2, Width: c.w / 2, Height: h / 2}
		f.Cr = f.Cb
		if c.kind == neural.TrustMarkP {
			f.Height = h / 2
			f.Y = video.Plane{Data: f.Y.Data[:c.w*h/2], Stride: c.w, Width: c.w, Height: h / 2}
			f.Cb = video.Plane{Data: chroma[:len(chroma)/2], Stride: c.w / 2, Width: c.w / 2, Height: h / 4}
			f.Cr = f.Cb
		}
		for i := range f.Y.Data {
			f.Y.Data[i] = 16
			if i%c.w < 1 {
				f.Y.Data[i] = 235 // a white edge
			}
		}
		bright := float32(0)
		run := answers(func(in neural.Tensor) ([]float32, error) {
			for _, v := range in.Data {
				bright = max(bright, v)
			}
			return make([]float32, c.kind.Bits()), nil
		})
		if err := neural.New(network(t, c.kind), run, nil).Frame(f); err != nil {
			t.Fatal(err)
		}
		if got := bright > 0.3; got != c.edge {
			t.Errorf("%s of %d: the edge is seen: %v", c.kind, c.w, got)
		}
	}
}

// FuzzFrame shows frames whose planes are as hostile bytes say: what a network is asked is a whole picture of the
// agreed size with numbers in range, or it is not asked.
func FuzzFrame(f *testing.F) {
	for _, c := range [][7]int{{64, 48, 8, 64, 32, 24, 0}, {1, 1, 8, 1, 1, 1, 1}, {2000, 2, 10, 4000, 1000, 1, 9}, {16, 16, 12, 31, 8, 8, 0}, {0, 0, 8, 0, 0, 0, 0}, {5, 3, 8, 5, 3, 2, 255}} {
		f.Add(uint16(c[0]), uint16(c[1]), uint8(c[2]), uint16(c[3]), uint16(c[4]), uint16(c[5]), uint8(c[6]))
	}
	f.Fuzz(func(t *testing.T, w, h uint16, depth uint8, stride, cw, ch uint16, matrix uint8) {
		data := make([]byte, min(int(stride)*int(h), 1<<16))
		for i := range data {
			data[i] = byte(i * 31)
		}
		y := video.Plane{Data: data, Stride: int(stride), Width: int(w), Height: int(h)}
		c := video.Plane{Data: data, Stride: int(stride), Width: int(cw), Height: int(ch)}
		frame := &video.Frame{Width: int(w), Height: int(h), BitDepth: int(depth % 17), Y: y, Cb: c, Cr: c, Color: video.Color{Matrix: int(matrix)}}
		for _, kind := range []neural.Kind{neural.RivaGAN, neural.TrustMarkQ} {
			n := network(t, kind)
			run := answers(func(in neural.Tensor) ([]float32, error) {
				size := int64(1)
				for _, d := range in.Shape {
					size *= d
				}
				if size != int64(len(in.Data)) || len(in.Data) > n.Largest() {
					t.Fatalf("%d numbers for %v", len(in.Data), in.Shape)
				}
				for _, v := range in.Data {
					if !(v >= -1 && v <= 1.001) {
						t.Fatalf("the number %v", v)
					}
				}
				return make([]float32, kind.Bits()), nil
			})
			if err := neural.New(n, run, nil).Frame(frame); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// FuzzPayload reads payloads out of any answer: what is read is a word of the code.
func FuzzPayload(f *testing.F) {
	for _, s := range []string{word, strings.Repeat("1", 100), strings.Repeat("0", 100), strings.Repeat("01", 50), strings.Repeat("0011", 25), strings.Repeat("0", 98) + "10"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		bits := make([]byte, 100)
		for i := range bits {
			bits[i] = '0'
			if i < len(b) && b[i]&1 == 1 {
				bits[i] = '1'
			}
		}
		first := look(t, neural.TrustMarkQ, plainOnly(string(bits)), 1)
		for _, p := range first.Payloads {
			// The read word, written again, is read as the same.
			if p.Agreed || p.Bits < 40 || len(p.Value) != (p.Bits+7)/8 {
				t.Fatalf("%+v", p)
			}
		}
	})
}

func BenchmarkFrame1080p(b *testing.B) {
	f := picture(0)
	y := make([]byte, 1920*1080)
	f.Width, f.Height = 1920, 1080
	f.Y = video.Plane{Data: y, Stride: 1920, Width: 1920, Height: 1080}
	f.Cb = video.Plane{Data: y, Stride: 1920, Width: 960, Height: 540}
	f.Cr = f.Cb
	run := answers(func(neural.Tensor) ([]float32, error) { return make([]float32, 257), nil })
	for b.Loop() {
		if err := neural.New(network(b, neural.VideoSeal), run, nil).Frame(f); err != nil {
			b.Fatal(err)
		}
	}
}

func modelValue(name string, kind int, dims []int64) forge.ModelValue {
	return forge.ModelValue{Name: name, Type: kind, Shape: dims}
}
