// Package network knows the networks that find faces: how a model file is recognised by its graph, what a network wants
// to be fed, and how faces are read out of what it answers. It knows CenterFace, YuNet (sizes n and s) and UltraFace RFB.
//
// Detections are read down to a score at which most are no face: a weak one says where to look again, and what counts as
// a face is for the caller to say.
//
// The package is arithmetic only: what runs a network is a [Runner], and persons/onnx has one. Start with [Recognise].
package network

import (
	"fmt"
	"math"
	"slices"

	"github.com/consentry/consentry/internal/onnxgraph"
	"github.com/consentry/consentry/persons"
)

// The kinds of networks.
const (
	CenterFace = "centerface"
	YuNet      = "yunet"
	UltraFace  = "ultraface"
)

// overlap is the intersection over union from which two detections are one face.
const overlap = 0.3

// candidates bounds the detections that are held against each other; those with the best scores stay. The densest
// picture of the tests has some hundred.
const candidates = 4_000

// Tensor is an array of numbers in row-major order.
type Tensor struct {
	Shape []int64
	Data  []float32
}

// Runner computes the outputs of a network, in the order of [Network.Outputs]. The tensors are valid until the next call.
type Runner interface {
	Run(input Tensor) ([]Tensor, error)
}

// Network is a network of a known kind.
type Network struct {
	Kind    string
	Input   string   // name of the graph's input
	Outputs []string // names of the values that are read, in order

	// Cuts are where the network may be cut in two, in this order, so that the first parts are run on one band of rows
	// after the other: their values in between take most of the memory. None: it is run as a whole.
	Cuts []Cut

	multiple int // sides of the input are a multiple of this
	layout   layout
	read     func(out []Tensor, w, h int) ([]persons.Face, error) // in pixels of the input
}

// Cut is a value inside a network that depends on a few rows around it only.
type Cut struct {
	Value  string // its name in the model
	Planes int64
	Stride int64 // sides of what it is computed from, which is the input or the value of the cut before, by its own
	Area   int64 // of a band, in what it is computed from: columns times rows, without the halo
	Halo   int64 // rows above and below the band that its value depends on, at least; a multiple of Stride
}

// layout says how pixels become numbers: (value - mean) × scale, one plane for each color.
type layout struct {
	bgr         bool
	mean, scale float32
}

// New returns the network of a kind, with the names that its input and outputs have in the model.
func New(kind, input string, outputs []string) (*Network, error) {
	n := &Network{Kind: kind, Input: input, Outputs: outputs}
	want := 0
	switch kind {
	case CenterFace:
		n.multiple, n.layout, n.read, want = 32, layout{scale: 1}, readCenterFace, 4
		n.Cuts = centerCuts
	case YuNet:
		n.multiple, n.layout, n.read, want = 32, layout{bgr: true, scale: 1}, readYuNet, 4*len(yuNetStrides)
	case UltraFace:
		n.multiple, n.layout, n.read, want = 64, layout{mean: 127, scale: 1. / 128}, readUltraFace, 2
	}
	if want == 0 || len(outputs) != want || input == "" {
		return nil, fmt.Errorf("no network of kind %q with %d outputs", kind, len(outputs))
	}
	return n, nil
}

// Recognise tells by its graph what kind of network a model is, and returns the network and the model as it is to be run:
// open for pictures of any size. A model that is none of the known ones gives an error in words.
func Recognise(model []byte) (*Network, []byte, error) {
	m, err := onnxgraph.Parse(model)
	if err != nil {
		return nil, nil, err
	}
	if len(m.Inputs) != 1 || len(m.Inputs[0].Shape) != 4 || !m.Inputs[0].Float {
		return nil, nil, fmt.Errorf("the model does not take one picture")
	}
	names := make([]string, len(m.Outputs))
	for i, o := range m.Outputs {
		names[i] = o.Name
	}
	kind := ""
	switch {
	case channels(m.Outputs, 1, 2, 2, 10):
		kind = CenterFace
	case sameNames(names, yuNetNames()):
		kind, names = YuNet, yuNetNames()
	case len(names) == 2 && m.Gives(ultraLogits) && m.Gives(ultraPlaces):
		kind, names = UltraFace, []string{ultraLogits, ultraPlaces}
	default:
		return nil, nil, fmt.Errorf("the model is none of the known ones: CenterFace, YuNet, UltraFace RFB")
	}
	n, err := New(kind, m.Inputs[0].Name, names)
	if err != nil {
		return nil, nil, err
	}
	opened, err := m.Opened(names)
	return n, opened, err
}

// channels says whether the outputs are maps with these numbers of channels.
func channels(outputs []onnxgraph.Value, want ...int64) bool {
	return slices.EqualFunc(outputs, want, func(o onnxgraph.Value, n int64) bool { return len(o.Shape) == 4 && o.Shape[1] == n })
}

func sameNames(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

// Detect finds the faces in a picture. The tensor is memory that is used again from call to call. Errors are those of
// the runner, and answers of another shape than the network gives.
func (n *Network) Detect(r Runner, p *persons.Picture, in *Tensor) ([]persons.Face, error) {
	if !p.Valid() {
		return nil, fmt.Errorf("no picture that a network takes: %d by %d", p.Width, p.Height)
	}
	n.prepare(p, in)
	out, err := r.Run(*in)
	if err != nil {
		return nil, err
	}
	if len(out) != len(n.Outputs) {
		return nil, fmt.Errorf("%d answers of the network, not %d", len(out), len(n.Outputs))
	}
	for _, t := range out {
		if size, ok := elements(t.Shape); !ok || size != int64(len(t.Data)) {
			return nil, fmt.Errorf("an answer of the network has %d numbers for %v", len(t.Data), t.Shape)
		}
	}
	faces, err := n.read(out, int(in.Shape[3]), int(in.Shape[2]))
	if err != nil {
		return nil, err
	}
	return tidy(faces, float64(p.Width), float64(p.Height)), nil
}

// elements is the product of the dimensions.
func elements(shape []int64) (int64, bool) {
	n := int64(1)
	for _, d := range shape {
		if d < 0 || d > math.MaxInt32 || n > math.MaxInt32 {
			return 0, false
		}
		n *= d
	}
	return n, true
}

// prepare fills the tensor: the picture at the left top, zeros at the right and at the bottom.
func (n *Network) prepare(p *persons.Picture, in *Tensor) {
	w, h := up(p.Width, n.multiple), up(p.Height, n.multiple)
	in.Shape = append(in.Shape[:0], 1, 3, int64(h), int64(w))
	if size := 3 * w * h; cap(in.Data) < size {
		in.Data = make([]float32, size)
	} else {
		in.Data = in.Data[:size]
		clear(in.Data)
	}
	var table [256]float32
	for v := range table {
		table[v] = (float32(v) - n.layout.mean) * n.layout.scale
	}
	planes := [3][]float32{in.Data[:w*h], in.Data[w*h : 2*w*h], in.Data[2*w*h:]}
	if n.layout.bgr {
		planes[0], planes[2] = planes[2], planes[0]
	}
	for y := range p.Height {
		row := p.RGB[3*y*p.Width:][:3*p.Width]
		r, g, b := planes[0][y*w:][:p.Width], planes[1][y*w:][:p.Width], planes[2][y*w:][:p.Width]
		for x := range r {
			px := row[3*x : 3*x+3 : 3*x+3]
			r[x], g[x], b[x] = table[px[0]], table[px[1]], table[px[2]]
		}
	}
}

func up(n, multiple int) int { return (n + multiple - 1) / multiple * multiple }

// tidy clips boxes in pixels to the picture, drops what is smaller than a pixel, takes overlapping boxes for one and returns fractions
// of the picture, best score first.
func tidy(faces []persons.Face, w, h float64) []persons.Face {
	faces = slices.DeleteFunc(faces, func(f persons.Face) bool { return !finite(f) || f.Score > 1 })
	persons.BestFirst(faces)
	faces = faces[:min(len(faces), candidates)]
	var kept []persons.Face
	for _, f := range faces {
		x, y := min(max(f.X, 0), w), min(max(f.Y, 0), h)
		f.W, f.H = min(f.X+f.W, w)-x, min(f.Y+f.H, h)-y
		f.X, f.Y = x, y
		if f.W < 1 || f.H < 1 || slices.ContainsFunc(kept, func(k persons.Face) bool { return persons.Overlap(f, k) > overlap }) {
			continue
		}
		kept = append(kept, f)
		if len(kept) == persons.MaxFaces {
			break
		}
	}
	for i := range kept {
		f := &kept[i]
		f.X, f.Y, f.W, f.H = f.X/w, f.Y/h, f.W/w, f.H/h
		for k := range f.Landmarks {
			f.Landmarks[k] = [2]float64{near(f.Landmarks[k][0] / w), near(f.Landmarks[k][1] / h)}
		}
	}
	return kept
}

// near keeps a landmark in the surroundings of the picture.
func near(v float64) float64 { return min(max(v, -1), 2) }

func finite(f persons.Face) bool {
	sum := f.X + f.Y + f.W + f.H + f.Score
	for _, l := range f.Landmarks {
		sum += l[0] + l[1]
	}
	return sum-sum == 0
}

// shaped says that an answer has another shape than the network gives.
func shaped(t Tensor, want ...int64) error {
	if slices.Equal(t.Shape, want) {
		return nil
	}
	return fmt.Errorf("an answer of the network has the shape %v, not %v", t.Shape, want)
}
