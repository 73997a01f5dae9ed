//go:build cgo && !noonnx

package onnx_test

import (
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"github.com/consentry/consentry/internal/corpustest"
	"github.com/consentry/consentry/persons"
	"github.com/consentry/consentry/persons/network"
)

// A network that is run in bands answers what it answers as a whole, number by number, whatever the picture's size.
func TestBands(t *testing.T) {
	lib, file := library(t), filepath.Join(corpustest.Models(t), "centerface.onnx")
	n, banded := session(t, lib, file)
	if len(n.Cuts) == 0 {
		t.Fatal("the network is not cut")
	}
	whole, run := session(t, lib, file, func(n *network.Network) { n.Cuts = nil })
	random := rand.New(rand.NewPCG(1, 2))
	for _, size := range [][2]int{{640, 360}, {32, 32}, {33, 1000}, {500, 129}, {128, 64}, {1280, 300}} {
		p := flat(size[0], size[1])
		for i := range p.RGB {
			p.RGB[i] = byte(random.Uint32())
		}
		copyInto(p, picture(t, filepath.Join(corpustest.Models(t), "golden", "a-two-320x240.png")))
		one, other := &taped{Runner: banded}, &taped{Runner: run}
		var in, again network.Tensor
		got, err := n.Detect(one, p, &in)
		if err != nil {
			t.Fatal(err)
		}
		want, err := whole.Detect(other, p, &again)
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != len(want) {
			t.Errorf("%v: %d faces in bands and %d as a whole", size, len(got), len(want))
		}
		for i := range one.last {
			if !slices.EqualFunc(one.last[i].Data, other.last[i].Data, func(a, b float32) bool { return math.Abs(float64(a-b)) < 1e-4 }) {
				t.Errorf("%v: answer %d differs", size, i)
			}
		}
	}
}

// copyInto lays as much of a picture over the left top of another as has room.
func copyInto(to, from *persons.Picture) {
	w := min(to.Width, from.Width)
	for y := range min(to.Height, from.Height) {
		copy(to.RGB[3*y*to.Width:][:3*w], from.RGB[3*y*from.Width:])
	}
}
