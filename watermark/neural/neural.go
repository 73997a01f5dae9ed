// Package neural reads marks that a trained network wrote and only its counterpart reads: RivaGAN, TrustMark and
// VideoSeal in pictures, PerTh and AudioSeal in sound. The networks are not part of this project: whoever has one names
// its file and its digest.
//
// A network answers with bits for every picture, marked or not, so its answer alone is no evidence. Two things are. A
// message that was named beforehand is compared bit by bit: how likely do as many agree, had the message been drawn by
// fair coins? And a TrustMark payload, which carries an error-correcting code, is told where it is read alike at
// moments that lie apart and not in the mirrored pictures; what network and pictures have in common may still be the
// reason, so that is a value to be looked up, never a statement about how the video was made. A network that only says
// whether there is a mark, as those for sound do, hints: nothing bounds how often it is wrong. How often it was wrong on
// sound without a mark is told where that was measured with this very file ([Measured]).
//
// The package is arithmetic: what runs a network is a [Runner], and watermark/neural/jail has one. It refuses to call a
// value evidence that nobody expected. Start with [Recognise], and [New] or [NewSound].
package neural

import (
	"fmt"
	"math"
	"slices"

	"github.com/consentry/consentry/internal/onnxgraph"
)

// Kind names a way of writing marks and the network that reads it.
type Kind string

// The kinds that are read.
const (
	RivaGAN    Kind = "rivaGan"     // 32 bits
	TrustMarkQ Kind = "trustmark-Q" // 100 bits, of which 40 to 75 are a payload
	TrustMarkP Kind = "trustmark-P"
	VideoSeal  Kind = "videoseal" // 256 bits
	PerTh      Kind = "perth"     // in sound: that there is one
	AudioSeal  Kind = "audioseal" // in sound: that there is one, and 16 bits
)

// Kinds are all that are read.
var Kinds = []Kind{RivaGAN, TrustMarkQ, TrustMarkP, VideoSeal, PerTh, AudioSeal}

// Tensor is an array of numbers in row-major order.
type Tensor struct {
	Shape []int64
	Data  []float32
}

// Runner computes the answer of a network. The tensor is valid until the next call.
type Runner interface {
	Run(input Tensor) (Tensor, error)
}

// Session is a network that is ready, until it is closed.
type Session interface {
	Runner
	Close() error
}

// MaxSide is the longest side of a picture that a network of open size is shown, in pixels: RivaGAN takes seven seconds
// for one of 1024 on one core, and the memory of its values grows with the picture.
const MaxSide = 1280

// MaxAnswer bounds the numbers of an answer. VideoSeal's 257 are the most of those that are known.
const MaxAnswer = 1024

// contract is what a network of a kind wants and gives.
type contract struct {
	side    int // of the square picture; 0: the picture's own size
	most    int // largest square that a graph may ask for
	time    bool
	bgr     bool
	scale   float32 // of samples from 0 to 255
	shift   float32
	bits    int
	skip    int     // numbers in front of the bits
	half    float32 // a number above it is a one
	crop    float64 // longer side by shorter from which the middle square is taken; 0: the whole is squeezed
	samples int     // pictures that are looked at, at most
	matched bool    // its bits count only against a message
}

// contracts are those of the published networks: RivaGAN's is that of the package invisible-watermark 0.2.0, TrustMark's
// that of the ONNX files of its demonstration in JavaScript (samples from 0 to 1; its Python code uses -1 to 1),
// VideoSeal's that of version 1.0.
var contracts = map[Kind]contract{
	RivaGAN:    {time: true, bgr: true, scale: 1 / 127.5, shift: -1, bits: 32, half: 0.52, samples: 4, matched: true},
	TrustMarkQ: {side: 256, most: 512, scale: 1. / 255, bits: 100, crop: 2, samples: 16},
	TrustMarkP: {side: 224, most: 512, scale: 1. / 255, bits: 100, crop: 1, samples: 16},
	VideoSeal:  {side: 256, most: 512, scale: 1. / 255, bits: 256, skip: 1, samples: 16, matched: true},
}

// Bits is how many bits a mark of the kind has; 0: the kind is not known, or its marks have none.
func (k Kind) Bits() int { return max(contracts[k].bits, soundContracts[k].bits) }

// Matched says whether only a message that is named beforehand counts.
func (k Kind) Matched() bool { return contracts[k].matched }

// Sound says whether the kind's marks are in sound.
func (k Kind) Sound() bool { return soundContracts[k].rate > 0 }

// Tried says whether a network of the kind with its published weights was ever asked in this project's measurements. Of the
// others only the code around them was tested, with answers that were made up.
func (k Kind) Tried() bool { return k == RivaGAN || k == PerTh }

// Network is a network of a known kind.
type Network struct {
	Kind   Kind
	Input  string // names in the graph
	Output string
	// Fold is how many rows of numbers an answer has that [Fold] makes short, where it is too long to be passed on; 0: it
	// is not folded.
	Fold int

	c contract
	s soundContract // of a network for sound; length is that of its input
}

// Recognise holds a model against what a network of its kind wants and gives. The error says in words what is amiss.
func Recognise(kind Kind, model []byte) (*Network, error) {
	c, ok := contracts[kind]
	if !ok && !kind.Sound() {
		return nil, fmt.Errorf("no network of kind %q is known", kind)
	}
	m, err := onnxgraph.Parse(model)
	if err != nil {
		return nil, err
	}
	if kind.Sound() {
		return recogniseSound(kind, m)
	}
	if len(m.Inputs) != 1 || !m.Inputs[0].Float || len(m.Outputs) < 1 {
		return nil, fmt.Errorf("a network of kind %s takes one picture as float32, and this one takes %d inputs", kind, len(m.Inputs))
	}
	in, out := m.Inputs[0], m.Outputs[0]
	rank, colors := 4, 1
	if c.time {
		rank, colors = 5, 1
	}
	if len(in.Shape) != rank || !fits(in.Shape[0], 1) || !fits(in.Shape[colors], 3) || c.time && !fits(in.Shape[2], 1) {
		return nil, fmt.Errorf("a network of kind %s takes pictures of three colours, and this one takes %v", kind, in.Shape)
	}
	if last := out.Shape; len(last) > 0 && last[len(last)-1] > 0 && last[len(last)-1] != int64(c.bits+c.skip) {
		return nil, fmt.Errorf("a network of kind %s gives %d numbers, and this one gives %v", kind, c.bits+c.skip, last)
	}
	h, w := in.Shape[rank-2], in.Shape[rank-1]
	switch {
	case c.side == 0 && (h > 0 || w > 0):
		return nil, fmt.Errorf("a network of kind %s takes pictures of any size, and this one %d×%d", kind, w, h)
	case c.side > 0 && h > 0 && w > 0:
		if h != w || h < 32 || h > int64(c.most) {
			return nil, fmt.Errorf("a network of kind %s takes a square of 32 to %d pixels, and this one %d×%d", kind, c.most, w, h)
		}
		c.side = int(h)
	}
	return &Network{Kind: kind, Input: in.Name, Output: out.Name, c: c}, nil
}

// fits says whether a dimension may be n.
func fits(dimension, n int64) bool { return dimension <= 0 || dimension == n }

// Largest is how many numbers the largest picture or piece of sound has that this network is shown.
func (n *Network) Largest() int {
	if n.Kind.Sound() {
		return n.s.rows * n.s.length
	}
	if n.c.side > 0 {
		return 3 * n.c.side * n.c.side
	}
	return 3 * MaxSide * MaxSide
}

// votes are the answer's bits: how far each number lies above what makes it a one. The slice is new.
func (n *Network) votes(t Tensor) ([]float32, error) {
	if len(t.Data) != n.c.bits+n.c.skip {
		return nil, fmt.Errorf("the network answered with %d numbers, not %d", len(t.Data), n.c.bits+n.c.skip)
	}
	v := slices.Clone(t.Data[n.c.skip:])
	for i := range v {
		if math.IsNaN(float64(v[i])) || math.IsInf(float64(v[i]), 0) {
			return nil, fmt.Errorf("the network answered with numbers that are none")
		}
		v[i] -= n.c.half
	}
	return v, nil
}

// ask shows the network a picture.
func (n *Network) ask(r Runner, in Tensor) ([]float32, error) {
	out, err := r.Run(in)
	if err != nil {
		return nil, err
	}
	return n.votes(out)
}
