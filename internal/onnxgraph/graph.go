// Package onnxgraph reads what a model in the Open Neural Network Exchange format asks for and gives, and makes the few
// changes to its graph that running it on pictures of any size needs. It follows onnx.proto of ONNX 1.18 (IR version 11)
// and reads as much of it as that takes: inputs, outputs, the names that nodes use, and which weights lie in the file.
//
// It does not run a model, and it leaves all bytes that it does not change as they are. A model that keeps weights in
// other files is refused. Start with [Parse].
package onnxgraph

import (
	"fmt"
	"math"
)

const (
	// MaxModel is the largest model that is read, in bytes: the face detectors of 2026 have 0.2 to 30 MB.
	MaxModel = 128 << 20

	maxItems = 20_000 // nodes, weights, inputs, outputs of a graph; large detectors have some thousand
	maxNames = 1_000  // inputs, or outputs, of one node
	maxName  = 1_024  // bytes
	maxDims  = 16     // of a shape
)

// Numbers of fields in onnx.proto.
const (
	modelGraph     = 7
	modelTraining  = 20
	modelFunctions = 25

	graphNode        = 1
	graphInitializer = 5
	graphInput       = 11
	graphOutput      = 12
	graphValueInfo   = 13
	graphSparse      = 15

	nodeInput     = 1
	nodeOutput    = 2
	nodeAttribute = 5

	attributeTensor  = 5
	attributeGraph   = 6
	attributeTensors = 10
	attributeGraphs  = 11
	attributeSparse  = 22
	attributeSparses = 23

	tensorName     = 8
	tensorExternal = 13
	tensorLocation = 14

	valueName = 1
	valueType = 2

	typeTensor    = 1
	tensorElem    = 1
	tensorShape   = 2
	shapeDim      = 1
	dimValue      = 1
	dimParam      = 2
	elementFloat  = 1 // TensorProto.FLOAT
	externalPlace = 1 // TensorProto.EXTERNAL
)

// Open is a dimension that the model leaves open.
const Open = -1

// Value is an input or an output of a graph.
type Value struct {
	Name  string
	Float bool    // its elements are float32
	Shape []int64 // Open where the model does not say
}

// Model is a parsed model. It keeps the bytes that it was parsed from.
type Model struct {
	Inputs  []Value // without those that are weights
	Outputs []Value
	Nodes   int

	before, after []byte // of the model, around the graph
	graph         []item
	weights       map[string]bool
}

// item is a field of the graph.
type item struct {
	field
	value         Value    // of an input or an output
	name          string   // of a weight
	reads, writes []string // of a node
}

// Parse reads a model. Bytes that are none give a [*SyntaxError].
func Parse(model []byte) (*Model, error) {
	r := reader{b: model, path: "model"}
	if len(model) > MaxModel {
		return nil, r.fail(fmt.Sprintf("more than %d bytes", MaxModel))
	}
	m := &Model{weights: map[string]bool{}}
	seen := false
	err := r.each(func(f field) error {
		switch f.number {
		case modelTraining, modelFunctions:
			return r.fail("training or functions of its own: not read")
		case modelGraph:
			if seen {
				return &SyntaxError{Offset: f.at, Path: "model", Msg: "a second graph"}
			}
			seen = true
			g, err := r.inside(f, "graph")
			if err != nil {
				return err
			}
			return m.readGraph(g)
		}
		if seen {
			m.after = append(m.after, f.raw...)
		} else {
			m.before = append(m.before, f.raw...)
		}
		return nil
	})
	switch {
	case err != nil:
		return nil, err
	case !seen:
		return nil, r.fail("no graph")
	}
	for _, it := range m.graph {
		if it.number == graphInput && !m.weights[it.value.Name] {
			m.Inputs = append(m.Inputs, it.value)
		}
	}
	return m, nil
}

func (m *Model) readGraph(r reader) error {
	return r.each(func(f field) error {
		if len(m.graph) >= maxItems {
			return &SyntaxError{Offset: f.at, Path: "graph", Msg: fmt.Sprintf("more than %d parts", maxItems)}
		}
		it := item{field: f}
		var err error
		switch f.number {
		case graphNode:
			m.Nodes++
			err = it.readNode(r)
		case graphInitializer:
			if err = it.readWeight(r); err == nil {
				m.weights[it.name] = true
			}
		case graphSparse:
			err = r.fail("sparse weights: not read")
		case graphInput:
			it.value, err = r.value(f, "input")
		case graphOutput:
			it.value, err = r.value(f, "output")
			m.Outputs = append(m.Outputs, it.value)
		}
		m.graph = append(m.graph, it)
		return err
	})
}

func (it *item) readNode(r reader) error {
	n, err := r.inside(it.field, "node")
	if err != nil {
		return err
	}
	return n.each(func(f field) error {
		var list *[]string
		switch f.number {
		case nodeInput:
			list = &it.reads
		case nodeOutput:
			list = &it.writes
		case nodeAttribute:
			return n.plain(f)
		default:
			return nil
		}
		if len(*list) >= maxNames {
			return n.fail(fmt.Sprintf("more than %d names", maxNames))
		}
		name, err := n.text(f)
		*list = append(*list, name)
		return err
	})
}

// plain refuses an attribute that holds graphs, whose nodes may read values that nothing here sees, and one whose
// tensors lie in another file, as those of the operator Constant may.
func (r reader) plain(f field) error {
	a, err := r.inside(f, "attribute")
	if err != nil {
		return err
	}
	return a.each(func(f field) error {
		switch f.number {
		case attributeGraph, attributeGraphs:
			return a.fail("a graph inside a node: not read")
		case attributeSparse, attributeSparses:
			return a.fail("sparse weights: not read")
		case attributeTensor, attributeTensors:
			_, err := a.weight(f, "tensor")
			return err
		}
		return nil
	})
}

func (it *item) readWeight(r reader) (err error) {
	it.name, err = r.weight(it.field, "initializer")
	return err
}

// weight gives the name of a tensor, and refuses one whose data lie in another file.
func (r reader) weight(f field, what string) (name string, err error) {
	t, err := r.inside(f, what)
	if err != nil {
		return "", err
	}
	err = t.each(func(f field) error {
		switch {
		case f.number == tensorName:
			name, err = t.text(f)
			return err
		case f.number == tensorExternal, f.number == tensorLocation && f.value == externalPlace:
			return t.fail("weights in another file: not read")
		}
		return nil
	})
	return name, err
}

func (r reader) value(f field, name string) (Value, error) {
	var v Value
	in, err := r.inside(f, name)
	if err != nil {
		return v, err
	}
	err = in.each(func(f field) error {
		switch f.number {
		case valueName:
			v.Name, err = in.text(f)
			return err
		case valueType:
			t, err := in.inside(f, "type")
			if err != nil {
				return err
			}
			return t.each(func(f field) error {
				if f.number != typeTensor {
					return nil
				}
				return t.tensor(f, &v)
			})
		}
		return nil
	})
	return v, err
}

func (r reader) tensor(f field, v *Value) error {
	t, err := r.inside(f, "tensor")
	if err != nil {
		return err
	}
	return t.each(func(f field) error {
		switch f.number {
		case tensorElem:
			v.Float = f.wire == wireVarint && f.value == elementFloat
		case tensorShape:
			s, err := t.inside(f, "shape")
			if err != nil {
				return err
			}
			v.Shape = []int64{}
			return s.each(func(f field) error {
				if f.number != shapeDim {
					return nil
				}
				if len(v.Shape) >= maxDims {
					return s.fail(fmt.Sprintf("more than %d dimensions", maxDims))
				}
				n, err := s.dim(f)
				v.Shape = append(v.Shape, n)
				return err
			})
		}
		return nil
	})
}

func (r reader) dim(f field) (int64, error) {
	d, err := r.inside(f, "dim")
	if err != nil {
		return 0, err
	}
	n := int64(Open)
	err = d.each(func(f field) error {
		if f.number == dimValue && f.wire == wireVarint {
			if f.value > math.MaxInt32 {
				return d.fail("a dimension beyond all reason")
			}
			n = int64(f.value)
		}
		return nil
	})
	return n, err
}
