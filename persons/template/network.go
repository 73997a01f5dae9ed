package template

import (
	"fmt"
	"slices"

	"github.com/consentry/consentry/internal/onnxgraph"
	"github.com/consentry/consentry/persons"
	"github.com/consentry/consentry/persons/network"
)

// Names of the graph's input and output.
const (
	input  = "chip"
	output = "template"
)

// Graph names what the network takes and gives, for what runs it.
func Graph() *network.Network {
	return &network.Network{Kind: Kind, Input: input, Outputs: []string{output}}
}

// stage is a run of blocks of the network: the first halves the picture where down is set, the others keep its size.
type stage struct {
	name   string
	planes int64
	blocks []string
	down   bool
	padded bool // its convolutions give one row and one column less than its short way
}

// The ResNet of dlib's dnn_face_recognition_resnet_model_v1, in the names of face-api's list of weights.
var stages = []stage{
	{"conv32", 32, []string{"1", "2", "3"}, false, false},
	{"conv64", 64, []string{"1", "2", "3"}, true, false},
	{"conv128", 128, []string{"1", "2"}, true, false},
	{"conv256", 256, []string{"1", "2"}, true, true},
}

// Model makes the network as an ONNX file of the list of weights and the weights, as face-api publishes them. The scale
// and the bias behind each convolution are folded into it. The error is a [*SyntaxError].
func Model(list, weights []byte) ([]byte, error) {
	a, err := arrays(list, weights)
	if err != nil {
		return nil, err
	}
	w := &writer{arrays: a}
	x := w.convolve(input, "conv32_down", 3, 32, 7, 2, 0)
	x = w.node("MaxPool", []string{x}, ints("kernel_shape", 3, 3), ints("strides", 2, 2))
	planes := int64(32)
	for _, s := range stages {
		if s.down {
			x = w.down(x, s.name+"_down", planes, s.planes, s.padded)
			planes = s.planes
		}
		for _, b := range s.blocks {
			name := s.name + "_" + b
			y := w.convolve(x, name+"/conv1", planes, planes, 3, 1, 1)
			y = w.convolve(y, name+"/conv2", planes, planes, 3, 1, 1)
			x = w.node("Relu", []string{w.node("Add", []string{y, x})})
		}
	}
	x = w.down(x, "conv256_down_out", planes, planes, true)
	x = w.node("GlobalAveragePool", []string{x})
	x = w.node("Flatten", []string{x}, onnxgraph.Attribute{Name: "axis", Ints: []int64{1}, One: true})
	fc := w.take("fc", planes, persons.TemplateSize)
	w.graph.Weights("fc", []int64{planes, persons.TemplateSize}, fc)
	w.graph.Node("MatMul", []string{x, "fc"}, []string{output})
	if w.err == nil && len(w.arrays) > 0 {
		w.err = &SyntaxError{Path: "list", Msg: fmt.Sprintf("%d arrays that the network does not have", len(w.arrays))}
	}
	if w.err != nil {
		return nil, w.err
	}
	return w.graph.Model("faces to templates", input, []int64{1, 3, persons.ChipSide, persons.ChipSide}, output), nil
}

// writer writes the graph. After the first array that is missing err is set.
type writer struct {
	graph  onnxgraph.Graph
	arrays map[string]array // that were not used yet
	n      int              // values so far
	err    error
}

// take returns an array, which is used once.
func (w *writer) take(name string, shape ...int64) []float32 {
	a, ok := w.arrays[name]
	delete(w.arrays, name)
	if w.err == nil && (!ok || !slices.Equal(a.shape, shape)) {
		w.err = &SyntaxError{Path: name, Msg: fmt.Sprintf("not there in the shape %v", shape)}
	}
	if w.err != nil {
		return nil
	}
	return a.numbers()
}

// node adds a node with one output and returns that.
func (w *writer) node(op string, inputs []string, attributes ...onnxgraph.Attribute) string {
	w.n++
	name := fmt.Sprintf("v%d", w.n)
	w.graph.Node(op, inputs, []string{name}, attributes...)
	return name
}

func ints(name string, v ...int64) onnxgraph.Attribute {
	return onnxgraph.Attribute{Name: name, Ints: v}
}

// convolve adds a convolution with its scale and bias folded in, and cuts off what is below zero unless it is the second
// of a block, whose sum with the short way is cut off instead.
func (w *writer) convolve(x, name string, from, to, side, stride, pad int64) string {
	filters := w.take(name+"/conv/filters", side, side, from, to)
	bias := w.take(name+"/conv/bias", to)
	scale := w.take(name+"/scale/weights", to)
	shift := w.take(name+"/scale/biases", to)
	if w.err != nil {
		return ""
	}
	area, data := int(side*side), make([]float32, len(filters))
	for i := range area { // from height, width, in, out to out, in, height, width
		for in := range int(from) {
			for out := range int(to) {
				data[(out*int(from)+in)*area+i] = filters[(i*int(from)+in)*int(to)+out] * scale[out]
			}
		}
	}
	shifts := make([]float32, to)
	for i := range shifts {
		shifts[i] = bias[i]*scale[i] + shift[i]
	}
	w.graph.Weights(name+".w", []int64{to, from, side, side}, data)
	w.graph.Weights(name+".b", []int64{to}, shifts)
	y := w.node("Conv", []string{x, name + ".w", name + ".b"}, ints("kernel_shape", side, side), ints("strides", stride, stride), ints("pads", pad, pad, pad, pad))
	if name[len(name)-1] == '2' {
		return y
	}
	return w.node("Relu", []string{y})
}

// down adds a block that halves the picture. Its short way is the mean of 2 × 2, with planes of zeros where there are
// more behind it; where that has a row and a column more, the convolutions' side gets them, filled with zeros.
func (w *writer) down(x, name string, from, to int64, padded bool) string {
	y := w.convolve(x, name+"/conv1", from, to, 3, 2, 0)
	y = w.convolve(y, name+"/conv2", to, to, 3, 1, 1)
	short := w.node("AveragePool", []string{x}, ints("kernel_shape", 2, 2), ints("strides", 2, 2))
	if padded {
		w.graph.Numbers(name+".pads", 0, 0, 0, 0, 0, 0, 1, 1)
		y = w.node("Pad", []string{y, name + ".pads"})
	}
	if to > from {
		w.graph.Numbers(name+".planes", 0, 0, 0, 0, 0, to-from, 0, 0)
		short = w.node("Pad", []string{short, name + ".planes"})
	}
	return w.node("Relu", []string{w.node("Add", []string{y, short})})
}
