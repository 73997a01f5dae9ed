package network_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/persons"
	"github.com/consentry/consentry/persons/network"
)

var kinds = []string{network.CenterFace, network.YuNet, network.UltraFace}

// fake is a network that answers what a test wants.
type fake func(in network.Tensor) ([]network.Tensor, error)

func (f fake) Run(in network.Tensor) ([]network.Tensor, error) { return f(in) }

// made returns the network that the made model of a kind is recognised as.
func made(t testing.TB, kind string) *network.Network {
	t.Helper()
	n, opened, err := network.Recognise(forge.FaceModel(kind).Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if n.Kind != kind || len(opened) == 0 {
		t.Fatalf("%s is recognised as %s", kind, n.Kind)
	}
	return n
}

// shapes are those that a network of the kind answers in for an input of w × h.
func shapes(kind string, w, h int64) (s [][]int64) {
	switch kind {
	case network.CenterFace:
		for _, c := range []int64{1, 2, 2, 10} {
			s = append(s, []int64{1, c, h / 4, w / 4})
		}
	case network.YuNet:
		for _, c := range []int64{1, 1, 4, 10} {
			for _, stride := range []int64{8, 16, 32} {
				s = append(s, []int64{1, (w / stride) * (h / stride), c})
			}
		}
	case network.UltraFace:
		n := 3*(w/8)*(h/8) + 2*(w/16)*(h/16) + 2*(w/32)*(h/32) + 3*(w/64)*(h/64)
		s = [][]int64{{1, n, 2}, {1, n, 4}}
	}
	return s
}

// blank are answers in which nothing is a face.
func blank(kind string, in network.Tensor) (out []network.Tensor) {
	for _, s := range shapes(kind, in.Shape[3], in.Shape[2]) {
		size := int64(1)
		for _, d := range s {
			size *= d
		}
		out = append(out, network.Tensor{Shape: s, Data: make([]float32, size)})
	}
	if kind == network.UltraFace {
		for i := range out[0].Data {
			out[0].Data[i] = []float32{9, -9}[i%2]
		}
	}
	return out
}

func gray(w, h int) *persons.Picture {
	p := &persons.Picture{Width: w, Height: h, RGB: make([]byte, 3*w*h)}
	for i := range p.RGB {
		p.RGB[i] = byte(i % 3 * 50)
	}
	return p
}

// A picture lies at the left top of the input with zeros around it, in the order and scale that the network wants.
func TestDetect_input(t *testing.T) {
	for kind, want := range map[string][4]float32{ // value of the three planes, and the side for a picture of 33 pixels
		network.CenterFace: {0, 50, 100, 64},
		network.YuNet:      {100, 50, 0, 64},
		network.UltraFace:  {-127. / 128, -77. / 128, -27. / 128, 64},
	} {
		n := made(t, kind)
		var in network.Tensor
		for _, w := range []int{33, 64, 1} {
			ran := false
			_, err := n.Detect(fake(func(got network.Tensor) ([]network.Tensor, error) {
				ran = true
				side := int64(64)
				if w == 1 && kind != network.UltraFace {
					side = 32
				}
				if fmt.Sprint(got.Shape) != fmt.Sprint([]int64{1, 3, side, side}) || int64(len(got.Data)) != 3*side*side {
					t.Fatalf("%s: the input is %v with %d numbers", kind, got.Shape, len(got.Data))
				}
				for c := range int64(3) {
					for y := range side {
						for x := range side {
							v := float32(0)
							if int(x) < w && int(y) < w {
								v = want[c]
							}
							if at := got.Data[c*side*side+y*side+x]; math.Abs(float64(at-v)) > 1e-6 {
								t.Fatalf("%s: plane %d at %d, %d: %g, not %g", kind, c, x, y, at, v)
							}
						}
					}
				}
				return blank(kind, got), nil
			}), gray(w, w), &in)
			if err != nil || !ran {
				t.Fatal(err)
			}
		}
	}
}

// A face is read from where each network writes it.
func TestDetect_reads(t *testing.T) {
	const w, h = 128, 64
	at := func(d []float32, i int, v ...float64) {
		for k, x := range v {
			d[i+k] = float32(x)
		}
	}
	cases := map[string]struct {
		put       func(out []network.Tensor)
		want      [5]float64 // box in pixels, score
		landmarks bool
	}{
		network.CenterFace: {func(out []network.Tensor) {
			const cols, area = w / 4, w / 4 * h / 4
			i := 5*cols + 7 // centre at x 28, y 20, and half a cell
			at(out[0].Data, i, .9)
			out[1].Data[i], out[1].Data[area+i] = float32(math.Log(5)), float32(math.Log(4)) // 20 high, 16 wide
			out[2].Data[i], out[2].Data[area+i] = .25, -.25                                  // y 23, x 29
			for k := range 5 {
				out[3].Data[2*k*area+i], out[3].Data[(2*k+1)*area+i] = .5, .25 // y first
			}
		}, [5]float64{21, 13, 16, 20, .9}, true},
		network.YuNet: {func(out []network.Tensor) {
			i := 2*(w/16) + 3 // of the grid of 16
			at(out[1].Data, i, .81)
			at(out[4].Data, i, 1)
			at(out[7].Data, 4*i, .5, .25, math.Log(1), math.Log(1.25))
			at(out[10].Data, 10*i, .25, .5, .25, .5, .25, .5, .25, .5, .25, .5)
		}, [5]float64{48, 26, 16, 20, .9}, true},
		network.UltraFace: {func(out []network.Tensor) {
			i := 3*(w/8)*(h/8) + 2*((w/16)+2) + 1 // grid of 16, row 1, column 2, the anchor of 48
			at(out[0].Data, 2*i, 0, math.Log(9))
			at(out[1].Data, 4*i, 1, -1, 5*math.Log(.5), 5*math.Log(.25))
		}, [5]float64{32.8, 13.2, 24, 12, .9}, false},
	}
	for kind, c := range cases {
		faces, err := made(t, kind).Detect(fake(func(in network.Tensor) ([]network.Tensor, error) {
			out := blank(kind, in)
			c.put(out)
			return out, nil
		}), gray(w, h), &network.Tensor{})
		if err != nil || len(faces) != 1 {
			t.Fatalf("%s: %d faces: %v", kind, len(faces), err)
		}
		f := faces[0]
		got := [5]float64{f.X * w, f.Y * h, f.W * w, f.H * h, f.Score}
		for i := range got {
			if math.Abs(got[i]-c.want[i]) > 1e-3 {
				t.Errorf("%s: %.3f, not %.3f", kind, got, c.want)
				break
			}
		}
		l := f.Landmarks[4]
		if in := l[0]*w > got[0] && l[0]*w < got[0]+got[2] && l[1]*h > got[1] && l[1]*h < got[1]+got[3]; in != c.landmarks {
			t.Errorf("%s: the landmark is at %.3f", kind, l)
		}
	}
}

// many is CenterFace with a face of a size in every cell.
func many(size, score float32) fake {
	return func(in network.Tensor) ([]network.Tensor, error) {
		out := blank(network.CenterFace, in)
		for i := range out[0].Data {
			out[0].Data[i] = score
		}
		for i := range out[1].Data {
			out[1].Data[i] = float32(math.Log(float64(size) / 4))
		}
		return out, nil
	}
}

func TestDetect_limits(t *testing.T) {
	n := made(t, network.CenterFace)
	t.Run("a picture with a face in every cell", func(t *testing.T) {
		faces, err := n.Detect(many(3, .5), gray(640, 640), &network.Tensor{})
		if err != nil || len(faces) != persons.MaxFaces {
			t.Errorf("%d faces: %v", len(faces), err)
		}
	})
	t.Run("faces that lie on each other are one", func(t *testing.T) {
		faces, err := n.Detect(many(1e6, .5), gray(320, 320), &network.Tensor{})
		if err != nil || len(faces) != 1 || faces[0].W != 1 || faces[0].H != 1 {
			t.Errorf("%v: %v", faces, err)
		}
	})
	t.Run("smaller than a pixel", func(t *testing.T) {
		faces, err := n.Detect(many(.9, .5), gray(320, 320), &network.Tensor{})
		if err != nil || len(faces) != 0 {
			t.Errorf("%d faces: %v", len(faces), err)
		}
	})
	for before, want := range map[int]int{3_999: 2, 4_000: 1} {
		t.Run(fmt.Sprintf("a face behind %d that score higher", before), func(t *testing.T) {
			faces, err := n.Detect(fake(func(in network.Tensor) ([]network.Tensor, error) {
				out := blank(network.CenterFace, in)
				cells := len(out[0].Data)
				for i := range before { // all cover the whole picture: they are one face
					out[0].Data[i], out[1].Data[i], out[1].Data[cells+i] = .9, 9, 9
				}
				small := float32(math.Log(2))
				out[0].Data[cells/2], out[1].Data[cells/2], out[1].Data[cells+cells/2] = .5, small, small
				return out, nil
			}), gray(640, 640), &network.Tensor{})
			if err != nil || len(faces) != want {
				t.Errorf("%d faces, not %d: %v", len(faces), want, err)
			}
		})
	}
	for name, p := range map[string]*persons.Picture{
		"no picture":        {},
		"a side too long":   gray(persons.MaxSide+1, 1),
		"bytes are missing": {Width: 9, Height: 9, RGB: make([]byte, 3*81-1)},
		"bytes too many":    {Width: 9, Height: 9, RGB: make([]byte, 3*81+1)},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := n.Detect(many(9, .5), p, &network.Tensor{}); err == nil {
				t.Error("it was taken")
			}
		})
	}
	if _, err := n.Detect(many(9, .5), gray(persons.MaxSide, 1), &network.Tensor{}); err != nil {
		t.Errorf("a picture as wide as may be: %v", err)
	}
}

// Answers that a network does not give are errors, and numbers that are none are no faces.
func TestDetect_hostileAnswers(t *testing.T) {
	wrong := errors.New("of the library")
	for _, kind := range kinds {
		n := made(t, kind)
		for name, change := range map[string]func([]network.Tensor) ([]network.Tensor, error){
			"the runner fails":      func(o []network.Tensor) ([]network.Tensor, error) { return nil, wrong },
			"an answer too few":     func(o []network.Tensor) ([]network.Tensor, error) { return o[1:], nil },
			"no answers":            func(o []network.Tensor) ([]network.Tensor, error) { return nil, nil },
			"an answer of no shape": func(o []network.Tensor) ([]network.Tensor, error) { o[0].Shape = nil; return o, nil },
			"fewer numbers":         func(o []network.Tensor) ([]network.Tensor, error) { o[1].Data = o[1].Data[:1]; return o, nil },
			"a negative shape":      func(o []network.Tensor) ([]network.Tensor, error) { o[0].Shape[1] = -1; return o, nil },
			"another size": func(o []network.Tensor) ([]network.Tensor, error) {
				o[1] = network.Tensor{Shape: []int64{0}}
				return o, nil
			},
			"a shape that overflows": func(o []network.Tensor) ([]network.Tensor, error) {
				o[0].Shape = []int64{1 << 31, 1 << 31, 4}
				return o, nil
			},
		} {
			faces, err := n.Detect(fake(func(in network.Tensor) ([]network.Tensor, error) { return change(blank(kind, in)) }), gray(64, 64), &network.Tensor{})
			if err == nil || faces != nil {
				t.Errorf("%s: %s: %d faces: %v", kind, name, len(faces), err)
			}
		}
		for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), 1e30, -1e30} {
			faces, err := n.Detect(fake(func(in network.Tensor) ([]network.Tensor, error) {
				out := blank(kind, in)
				for _, o := range out[1:] {
					for i := range o.Data {
						o.Data[i] = float32(v)
					}
				}
				for i := range out[0].Data {
					out[0].Data[i] = float32(i%2) * 9
				}
				return out, nil
			}), gray(64, 64), &network.Tensor{})
			if err != nil {
				t.Errorf("%s: %g: %v", kind, v, err)
			}
			checkFaces(t, faces)
		}
	}
}

// checkFaces holds faces against what the contract of a detector says.
func checkFaces(t *testing.T, faces []persons.Face) {
	t.Helper()
	if len(faces) > persons.MaxFaces {
		t.Errorf("%d faces", len(faces))
	}
	last := 1.
	for _, f := range faces {
		if !(f.X >= 0 && f.Y >= 0 && f.W > 0 && f.H > 0 && f.X+f.W <= 1+1e-9 && f.Y+f.H <= 1+1e-9 && f.Score > 0 && f.Score <= last) {
			t.Errorf("%+v after a score of %g", f, last)
		}
		for _, l := range f.Landmarks {
			if !(l[0] >= -1 && l[0] <= 2 && l[1] >= -1 && l[1] <= 2) {
				t.Errorf("a landmark at %v", l)
			}
		}
		last = f.Score
	}
}

func TestRecognise_refuses(t *testing.T) {
	two := forge.FaceModel("centerface")
	two.Inputs = append(two.Inputs, forge.ModelValue{Name: "more", Type: 1, Shape: []int64{1, 3, 8, 8}})
	whole := forge.FaceModel("centerface")
	whole.Inputs[0].Type = 7
	flat := forge.FaceModel("yunet")
	flat.Inputs[0].Shape = []int64{3, 8, 8}
	other := forge.FaceModel("centerface")
	other.Outputs = other.Outputs[:3]
	hollow := forge.FaceModel("yunet")
	hollow.Nodes = nil
	for name, c := range map[string]struct{ model, says string }{
		"no model":                   {"%PDF", "model"},
		"two pictures":               {string(two.Bytes()), "one picture"},
		"a picture of whole numbers": {string(whole.Bytes()), "one picture"},
		"a flat picture":             {string(flat.Bytes()), "one picture"},
		"other outputs":              {string(other.Bytes()), "known"},
		"outputs that nobody makes":  {string(hollow.Bytes()), "no node"},
	} {
		if n, b, err := network.Recognise([]byte(c.model)); err == nil || b != nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, %v", name, n, err)
		}
	}
	if _, err := network.New("other", "in", nil); err == nil {
		t.Error("a kind that nobody knows was taken")
	}
}

// The self-test is passed by a network that sees the drawing, and by no other.
func TestSelfTest(t *testing.T) {
	n := made(t, network.CenterFace)
	sees := func(col, row int, score, side float64) fake {
		return func(in network.Tensor) ([]network.Tensor, error) {
			out := blank(network.CenterFace, in)
			area := len(out[0].Data)
			i := row*32 + col
			out[0].Data[i] = float32(score)
			out[1].Data[i], out[1].Data[area+i] = float32(math.Log(.522*side/4)), float32(math.Log(.446*side/4))
			out[2].Data[i], out[2].Data[area+i] = 0, -.2
			return out, nil
		}
	}
	if err := n.SelfTest(sees(16, 17, .801, 128)); err != nil {
		t.Errorf("one that sees: %v", err)
	}
	for name, r := range map[string]fake{
		"blind":          func(in network.Tensor) ([]network.Tensor, error) { return blank(network.CenterFace, in), nil },
		"unsure":         sees(16, 17, .7, 128),
		"too sure":       sees(16, 17, .9, 128),
		"elsewhere":      sees(10, 17, .801, 128),
		"too large":      sees(16, 17, .801, 160),
		"faces all over": many(8, .801),
		"broken":         func(network.Tensor) ([]network.Tensor, error) { return nil, errors.New("broken") },
	} {
		if err := n.SelfTest(r); err == nil {
			t.Errorf("one that is %s passes", name)
		}
	}
}

// Whatever a network answers, faces are faces.
func FuzzDetect(f *testing.F) {
	for i := range 6 {
		f.Add(byte(i), uint16(40+i*30), uint16(70-i*5), []byte{0, 0, 128, 63, byte(i), 2, 3, 64, 0, 0, 192, 127, 0, 0, 128, 255})
	}
	f.Fuzz(func(t *testing.T, which byte, w, h uint16, noise []byte) {
		kind := kinds[int(which)%len(kinds)]
		p := gray(1+int(w)%200, 1+int(h)%200)
		faces, err := made(t, kind).Detect(fake(func(in network.Tensor) ([]network.Tensor, error) {
			out := blank(kind, in)
			at := 0
			for _, o := range out {
				for i := range o.Data {
					if len(noise) < 4 {
						return out, nil
					}
					o.Data[i] = math.Float32frombits(uint32(noise[at%len(noise)]) | uint32(noise[(at+1)%len(noise)])<<8 | uint32(noise[(at+2)%len(noise)])<<16 | uint32(noise[(at+3)%len(noise)])<<24)
					at += 4
				}
			}
			return out, nil
		}), p, &network.Tensor{})
		if err != nil {
			t.Fatal(err)
		}
		checkFaces(t, faces)
	})
}

// The work around a network: pixels to numbers, and numbers to faces.
func BenchmarkDetect(b *testing.B) {
	for _, kind := range kinds {
		b.Run(kind, func(b *testing.B) {
			n, p := made(b, kind), gray(1280, 720)
			var in network.Tensor
			var out []network.Tensor
			r := fake(func(in network.Tensor) ([]network.Tensor, error) {
				if out == nil {
					out = blank(kind, in)
				}
				return out, nil
			})
			for b.Loop() {
				if _, err := n.Detect(r, p, &in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
