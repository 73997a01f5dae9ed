//go:build cgo && !noonnx

package onnx_test

import (
	"encoding/json"
	"image"
	_ "image/png"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/consentry/consentry/internal/corpustest"
	"github.com/consentry/consentry/persons"
	"github.com/consentry/consentry/persons/install"
	"github.com/consentry/consentry/persons/network"
	"github.com/consentry/consentry/persons/onnx"
)

// golden is the answer of another program that runs the same networks.
type golden struct {
	Pictures map[string]struct {
		UltraFace  []goldenFace `json:"ultraface"`
		YuNetN     []goldenFace `json:"yunet_n"`
		YuNetS     []goldenFace `json:"yunet_s"`
		CenterFace []goldenFace `json:"centerface"`
		UltraRaw   struct {
			Logits    goldenTensor `json:"logits"`
			Locations goldenTensor `json:"locations"`
		} `json:"ultraface_raw"`
		CenterRaw struct {
			Heatmap   goldenTensor `json:"537 heatmap"`
			Scale     goldenTensor `json:"538 scale"`
			Offset    goldenTensor `json:"539 offset"`
			Landmarks goldenTensor `json:"540 landmarks"`
		} `json:"centerface_raw"`
	} `json:"pictures"`
}

type goldenFace struct {
	Box       [4]float64 `json:"box"`
	Score     float64    `json:"score"`
	Landmarks []float64  `json:"landmarks"`
}

type goldenTensor struct {
	Shape          []int64
	Mean, Min, Max float64
	First8         []float64
}

// goldenOf reads the expected answers.
func goldenOf(t testing.TB, dir string) (g golden) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "golden", "golden.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &g); err != nil {
		t.Fatal(err)
	}
	if len(g.Pictures) == 0 {
		t.Fatal("no golden pictures")
	}
	return g
}

// picture reads a PNG.
func picture(t testing.TB, name string) *persons.Picture {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, _, err := image.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	b := img.Bounds()
	p := &persons.Picture{Width: b.Dx(), Height: b.Dy()}
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			r, g, bl, _ := img.At(x, y).RGBA()
			p.RGB = append(p.RGB, byte(r>>8), byte(g>>8), byte(bl>>8))
		}
	}
	return p
}

// taped keeps what the runner answered last.
type taped struct {
	network.Runner
	last []network.Tensor
}

func (r *taped) Run(in network.Tensor) ([]network.Tensor, error) {
	out, err := r.Runner.Run(in)
	r.last = out
	return out, err
}

// The goals of the golden set.
const (
	pixels = 0.1
	scores = 0.001
	raw    = 2e-3
)

// Boxes, scores, landmarks and raw answers are those of another program with the same models.
func TestGolden(t *testing.T) {
	lib := library(t)
	dir := corpustest.Models(t)
	g := goldenOf(t, dir)
	for _, m := range []struct {
		file, kind string
		score      float64
		want       func(name string) []goldenFace
		raw        func(name string) []goldenTensor
	}{
		{"centerface.onnx", network.CenterFace, .3, func(n string) []goldenFace { return g.Pictures[n].CenterFace }, func(n string) []goldenTensor {
			r := g.Pictures[n].CenterRaw
			return []goldenTensor{r.Heatmap, r.Scale, r.Offset, r.Landmarks}
		}},
		{"yunet_n_dynamic.onnx", network.YuNet, .7, func(n string) []goldenFace { return g.Pictures[n].YuNetN }, nil},
		{"yunet_s_dynamic.onnx", network.YuNet, .7, func(n string) []goldenFace { return g.Pictures[n].YuNetS }, nil},
		{"ultraface_rfb320_cut.onnx", network.UltraFace, .65, func(n string) []goldenFace { return g.Pictures[n].UltraFace }, func(n string) []goldenTensor {
			r := g.Pictures[n].UltraRaw
			return []goldenTensor{r.Logits, r.Locations}
		}},
		{"fr_detect.onnx", network.UltraFace, .65, func(n string) []goldenFace { return g.Pictures[n].UltraFace }, nil},
	} {
		t.Run(m.file, func(t *testing.T) {
			n, run := session(t, lib, filepath.Join(dir, m.file))
			if n.Kind != m.kind {
				t.Fatalf("recognised as %s", n.Kind)
			}
			tape := &taped{Runner: run}
			var in network.Tensor
			for name := range g.Pictures {
				p := picture(t, filepath.Join(dir, "golden", name+".png"))
				faces, err := n.Detect(tape, p, &in)
				if err != nil {
					t.Fatal(err)
				}
				compareFaces(t, name, faces, m.score, m.want(name), p)
				if m.raw != nil {
					for i, want := range m.raw(name) {
						compareTensor(t, name, n.Outputs[i], tape.last[i], want)
					}
				}
			}
		})
	}
}

func compareFaces(t *testing.T, name string, got []persons.Face, score float64, want []goldenFace, p *persons.Picture) {
	t.Helper()
	for len(got) > 0 && got[len(got)-1].Score <= score {
		got = got[:len(got)-1]
	}
	if len(got) != len(want) {
		t.Errorf("%s: %d faces, not %d", name, len(got), len(want))
		return
	}
	w, h := float64(p.Width), float64(p.Height)
	for i, f := range got {
		box := [4]float64{f.X * w, f.Y * h, (f.X + f.W) * w, (f.Y + f.H) * h}
		for k := range box {
			if math.Abs(box[k]-want[i].Box[k]) > pixels {
				t.Errorf("%s: face %d at %.2f, not %.2f", name, i, box, want[i].Box)
				break
			}
		}
		if math.Abs(f.Score-want[i].Score) > scores {
			t.Errorf("%s: face %d with score %.4f, not %.4f", name, i, f.Score, want[i].Score)
		}
		for k := range want[i].Landmarks {
			if at := f.Landmarks[k/2][k%2] * []float64{w, h}[k%2]; math.Abs(at-want[i].Landmarks[k]) > pixels {
				t.Errorf("%s: face %d: landmark number %d at %.2f, not %.2f", name, i, k, at, want[i].Landmarks[k])
			}
		}
	}
}

func compareTensor(t *testing.T, name, output string, got network.Tensor, want goldenTensor) {
	t.Helper()
	low, high, sum := math.Inf(1), math.Inf(-1), 0.
	for _, v := range got.Data {
		low, high, sum = min(low, float64(v)), max(high, float64(v)), sum+float64(v)
	}
	for what, d := range map[string]float64{"mean": sum/float64(len(got.Data)) - want.Mean, "minimum": low - want.Min, "maximum": high - want.Max} {
		if math.Abs(d) > raw {
			t.Errorf("%s: %s: the %s is off by %g", name, output, what, d)
		}
	}
	for i, v := range want.First8 {
		if math.Abs(float64(got.Data[i])-v) > raw {
			t.Errorf("%s: %s: number %d is %g, not %g", name, output, i, got.Data[i], v)
		}
	}
}

// library loads the installed library.
func library(t testing.TB) *onnx.Library {
	t.Helper()
	item, ok := install.Library()
	if !ok {
		t.Skip("no library is pinned for this system")
	}
	path, err := item.Find([]string{corpustest.Runtime(t)})
	if err != nil {
		t.Fatal(err)
	}
	if err := item.Check(path); err != nil {
		t.Fatal(err)
	}
	lib, err := onnx.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := lib.Close(); err != nil {
			t.Error(err)
		}
	})
	return lib
}

// session prepares a model file, after the network was changed where a test wants that.
func session(t testing.TB, lib *onnx.Library, file string, change ...func(*network.Network)) (*network.Network, network.Runner) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	n, opened, err := network.Recognise(b)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range change {
		f(n)
	}
	run, err := lib.Session(opened, n)
	if err != nil {
		t.Fatal(err)
	}
	return n, run
}
