//go:build cgo && !noonnx && linux

package onnx_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/consentry/consentry/internal/corpustest"
	"github.com/consentry/consentry/persons"
	"github.com/consentry/consentry/persons/install"
	"github.com/consentry/consentry/persons/jail"
	"github.com/consentry/consentry/persons/network"
	"github.com/consentry/consentry/persons/onnx"
)

// childArgument starts this test binary as the detector's child.
const childArgument = "__child"

func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == childArgument {
		os.Exit(jail.Serve(func(path string) (jail.Engine, error) {
			lib, err := onnx.Open(path)
			if err != nil {
				return nil, err
			}
			return lib, nil
		}))
	}
	os.Exit(m.Run())
}

// jailed starts the detector with the installed library and a model file.
func jailed(t testing.TB, model []byte, lim jail.Limits) (*jail.Detector, error) {
	t.Helper()
	item, ok := install.Library()
	if !ok {
		t.Skip("no library is pinned for this system")
	}
	path, err := item.Find([]string{corpustest.Runtime(t)})
	if err != nil {
		t.Fatal(err)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	d, err := jail.Open(context.Background(), jail.Config{
		Library: jail.Library{Path: path, SHA256: item.SHA256}, Model: model, Command: []string{exe, childArgument}, Limits: lim,
	})
	if err == nil {
		t.Cleanup(func() { d.Close() })
	}
	return d, err
}

// installed is the default model.
func installed(t testing.TB) []byte {
	t.Helper()
	b, err := install.ReadModel([]string{corpustest.Runtime(t)})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The real library starts, tests itself and works where nothing is open to it, and answers there what it answers in
// this process.
func TestJail(t *testing.T) {
	dir := corpustest.Models(t)
	g := goldenOf(t, dir)
	for file, score := range map[string]float64{"centerface.onnx": .3, "yunet_n_dynamic.onnx": .7, "yunet_s_dynamic.onnx": .7, "fr_detect.onnx": .65} {
		t.Run(file, func(t *testing.T) {
			model, err := os.ReadFile(filepath.Join(dir, file))
			if err != nil {
				t.Fatal(err)
			}
			d, err := jailed(t, model, jail.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			held := d.Confinement()
			t.Logf("%+v", held)
			for name, pic := range g.Pictures {
				p := picture(t, filepath.Join(dir, "golden", name+".png"))
				faces, err := d.Detect(context.Background(), p)
				if err != nil {
					t.Fatal(err)
				}
				want := map[string][]goldenFace{"centerface.onnx": pic.CenterFace, "yunet_n_dynamic.onnx": pic.YuNetN, "yunet_s_dynamic.onnx": pic.YuNetS, "fr_detect.onnx": pic.UltraFace}[file]
				compareFaces(t, name, faces, score, want, p)
			}
		})
	}
}

// The largest picture fits the memory that a child may have, and a frame of 720 lines takes what the documentation says.
func TestJail_memory(t *testing.T) {
	const most = 230 << 20 // of a child, for a frame of 1280 × 720
	d, err := jailed(t, installed(t), jail.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	for range 4 {
		if _, err := d.Detect(context.Background(), flat(1280, 720)); err != nil {
			t.Fatal(err)
		}
	}
	d.Close()
	var use syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_CHILDREN, &use); err != nil {
		t.Fatal(err)
	}
	t.Logf("a child takes up to %d MB", use.Maxrss>>10)
	if use.Maxrss<<10 > most*raceFactor {
		t.Errorf("more than %d MB", most>>20)
	}
	largest, err := jailed(t, installed(t), jail.Limits{Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := largest.Detect(context.Background(), flat(persons.MaxSide, persons.MaxSide)); err != nil {
		t.Error(err)
	}
}

// Too little memory is a limit that is told, not a crash of the program.
func TestJail_tooLittleMemory(t *testing.T) {
	d, err := jailed(t, installed(t), jail.Limits{Workers: 1, Memory: 110 << 20})
	if err == nil {
		_, err = d.Detect(context.Background(), flat(persons.MaxSide, persons.MaxSide))
	}
	var e *persons.Error
	// With the race detector not even the library finds room.
	if !errors.As(err, &e) || e.Reason != persons.ReasonLimit && (raceFactor == 1 || e.Reason != persons.ReasonLibrary) {
		t.Errorf("%v", err)
	}
}

// A file that is no library, and a model that ONNX Runtime refuses, are ordinary errors.
func TestOpen_refuses(t *testing.T) {
	var e *persons.Error
	if _, err := onnx.Open(filepath.Join(t.TempDir(), "none.so")); !errors.As(err, &e) || e.Reason != persons.ReasonLibrary {
		t.Errorf("a library that is not there: %v", err)
	}
	lib := library(t)
	if _, err := onnx.Open("again"); !errors.As(err, &e) || e.Reason != persons.ReasonLibrary {
		t.Errorf("a second library: %v", err)
	}
	n, err := network.New(network.CenterFace, "in", []string{"a", "b", "c", "d"})
	if err != nil {
		t.Fatal(err)
	}
	for _, model := range [][]byte{nil, []byte("no model"), installed(t)[:1<<20]} {
		if _, err := lib.Session(model, n); !errors.As(err, &e) || e.Reason != persons.ReasonModel {
			t.Errorf("%d bytes: %v", len(model), err)
		}
	}
}

func flat(w, h int) *persons.Picture {
	return &persons.Picture{Width: w, Height: h, RGB: make([]byte, 3*w*h)}
}

// Time of one picture on one thread, and of the jail around it.
func BenchmarkDetect(b *testing.B) {
	sizes := [][2]int{{320, 180}, {640, 360}, {1280, 720}}
	files := map[string]string{"centerface": "centerface.onnx", "yunet-n": "yunet_n_dynamic.onnx", "ultraface": "ultraface_rfb320_cut.onnx"}
	for name, file := range files {
		for _, s := range sizes {
			b.Run(fmt.Sprintf("%s/%dx%d", name, s[0], s[1]), func(b *testing.B) {
				n, run := session(b, library(b), filepath.Join(corpustest.Models(b), file))
				p := flat(s[0], s[1])
				var in network.Tensor
				for b.Loop() {
					if _, err := n.Detect(run, p, &in); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
	b.Run("jailed/centerface/640x360", func(b *testing.B) {
		d, err := jailed(b, installed(b), jail.Limits{Workers: 1})
		if err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			if _, err := d.Detect(context.Background(), flat(640, 360)); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// What looking for people costs before the first picture.
func BenchmarkOpen(b *testing.B) {
	model := installed(b)
	for b.Loop() {
		d, err := jailed(b, model, jail.Limits{})
		if err != nil {
			b.Fatal(err)
		}
		d.Close()
	}
}
