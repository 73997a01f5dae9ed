//go:build cgo && !noonnx && linux

package onnx_test

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/consentry/consentry/internal/corpustest"
	"github.com/consentry/consentry/persons"
	"github.com/consentry/consentry/persons/install"
	"github.com/consentry/consentry/persons/jail"
	"github.com/consentry/consentry/persons/network"
	"github.com/consentry/consentry/persons/onnx"
	"github.com/consentry/consentry/persons/template"
)

// templates runs the network of templates.
func templates(t testing.TB, lib *onnx.Library) network.Runner {
	t.Helper()
	dir := corpustest.Models(t)
	var files [2][]byte
	for i, name := range []string{"face_recognition_model-weights_manifest.json", "face_recognition_model.bin"} {
		var err error
		if files[i], err = os.ReadFile(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	model, err := template.Model(files[0], files[1])
	if err != nil {
		t.Fatal(err)
	}
	run, err := lib.Session(model, template.Graph())
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// formula is a chip whose colours follow a formula.
func formula(of func(x, y, c int) byte) *persons.Picture {
	p := &persons.Picture{Width: persons.ChipSide, Height: persons.ChipSide}
	for y := range p.Height {
		for x := range p.Width {
			for c := range 3 {
				p.RGB = append(p.RGB, of(x, y, c))
			}
		}
	}
	return p
}

// The templates of two patterns are those that the publisher's own program (face-api 1.7.15, in JavaScript) works out with
// the same weights: their first numbers, the length, and the distance of the two.
func TestTemplatesAreThePublishers(t *testing.T) {
	run := templates(t, library(t))
	if err := template.SelfTest(run); err != nil {
		t.Fatal(err)
	}
	var got [2]persons.Template
	var in network.Tensor
	for i, c := range []struct {
		chip   *persons.Picture
		first  []float64
		length float64
	}{
		{
			formula(func(x, y, c int) byte { return byte(3*x + 5*y + 70*c + (x*y)>>4) }),
			[]float64{-0.097583, 0.135495, 0.076329, -0.026675, -0.050983, -0.045592, -0.070689, 0.025266, 0.105907, 0.020798, 0.228198, -0.034793, -0.260573, -0.030187, -0.03665, 0.085718},
			1.281948,
		},
		{
			formula(func(x, y, c int) byte {
				return byte(128 + 90*math.Sin(float64(x)/17+float64(c))*math.Cos(float64(y)/11-float64(c)))
			}),
			[]float64{-0.081013, 0.083476, 0.079096, -0.038426, -0.053683, -0.065074, -0.060303, -0.014464, 0.131022, -0.028684, 0.215136, 0.010737, -0.196858, -0.050385, 0.044626, 0.062207},
			1.270486,
		},
	} {
		var err error
		if got[i], err = template.Make(run, c.chip, &in); err != nil {
			t.Fatal(err)
		}
		for k, want := range c.first {
			if d := math.Abs(float64(got[i][k]) - want); d > 2e-4 {
				t.Errorf("pattern %d: number %d is %.6f, not %.6f", i, k, got[i][k], want)
			}
		}
		if l := got[i].Distance(&persons.Template{}); math.Abs(l-c.length) > 1e-3 {
			t.Errorf("pattern %d: the length is %.5f, not %.5f", i, l, c.length)
		}
	}
	if d := got[0].Distance(&got[1]); math.Abs(d-0.342774) > 5e-4 {
		t.Errorf("the patterns are %.5f apart, not 0.34277", d)
	}
	for _, v := range in.Data {
		if v != 0 {
			t.Fatal("the chip is still in the memory that was used for it")
		}
	}
}

// What the jailed child makes of a chip is what the network gives; the report names its weights.
func TestTemplatesFromTheJail(t *testing.T) {
	item, ok := install.Library()
	if !ok {
		t.Skip("no library is pinned for this system")
	}
	path, err := item.Find([]string{corpustest.Runtime(t)})
	if err != nil {
		t.Fatal(err)
	}
	weights, list, err := install.ReadTemplates([]string{corpustest.Models(t)})
	if err != nil {
		t.Fatal(err)
	}
	model, err := template.Model(list, weights)
	if err != nil {
		t.Fatal(err)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cfg := jail.Config{
		Library: jail.Library{Path: path, SHA256: item.SHA256}, Model: installed(t), Command: []string{exe, childArgument},
		Limits: jail.Limits{Workers: 1}, Templates: &jail.Templates{Model: model, SHA256: "abc"},
	}
	d, err := jail.Open(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	got, err := d.Template(context.Background(), formula(func(x, y, c int) byte { return byte(3*x + 5*y + 70*c + (x*y)>>4) }))
	if err != nil || math.Abs(float64(got[0])+0.097583) > 2e-4 || math.Abs(float64(got[15])-0.085718) > 2e-4 {
		t.Errorf("%v, or other numbers", err)
	}
	if m := d.Models(); len(m) != 3 || m[1] != (persons.Model{Name: template.Kind, SHA256: "abc"}) {
		t.Errorf("%v", m)
	}
	if c := d.Confinement(); len(c.Missing) == 0 && !(c.Network && c.Files && c.Syscalls) {
		t.Errorf("%+v", c)
	}
	cfg.Templates = &jail.Templates{Model: model[:len(model)-1]}
	var failed *persons.Error
	if _, err := jail.Open(context.Background(), cfg); !errors.As(err, &failed) || failed.Reason != persons.ReasonModel {
		t.Errorf("a network that is cut: %v", err)
	}
}

// BenchmarkTemplate is one face.
func BenchmarkTemplate(b *testing.B) {
	run := templates(b, library(b))
	chip := formula(func(x, y, c int) byte { return byte(x*y + c) })
	var in network.Tensor
	for b.Loop() {
		if _, err := template.Make(run, chip, &in); err != nil {
			b.Fatal(err)
		}
	}
}
