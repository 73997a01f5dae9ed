package forge

import "encoding/binary"

// Model is an ONNX file, as far as tests of its readers need one: nothing in it can be computed unless the nodes say so.
// The encoder is written after onnx.proto of ONNX 1.18.
type Model struct {
	Inputs, Outputs []ModelValue
	Nodes           []ModelNode
	Weights         []string // names; each holds one number
	Before, After   []byte   // raw fields around the graph
	InGraph         []byte   // raw fields at the end of the graph
}

// ModelValue is an input or an output.
type ModelValue struct {
	Name  string
	Type  int     // of the elements; 1: float
	Shape []int64 // -1: a dimension with a name
}

// ModelNode is an operation.
type ModelNode struct {
	Op            string
	Reads, Writes []string
	Raw           []byte // further fields
}

// Bytes encodes the model.
func (m Model) Bytes() []byte {
	var g []byte
	for _, n := range m.Nodes {
		var b []byte
		for _, s := range n.Reads {
			b = ProtoBytes(b, 1, []byte(s))
		}
		for _, s := range n.Writes {
			b = ProtoBytes(b, 2, []byte(s))
		}
		g = ProtoBytes(g, 1, append(ProtoBytes(b, 4, []byte(n.Op)), n.Raw...))
	}
	g = ProtoBytes(g, 2, []byte("graph"))
	for _, w := range m.Weights {
		t := ProtoNumber(ProtoNumber(nil, 1, 1), 2, 1)
		g = ProtoBytes(g, 5, ProtoBytes(ProtoBytes(t, 8, []byte(w)), 9, []byte{0, 0, 128, 63}))
	}
	for _, v := range m.Inputs {
		g = ProtoBytes(g, 11, v.bytes())
	}
	for _, v := range m.Outputs {
		g = ProtoBytes(g, 12, v.bytes())
	}
	b := append(ProtoNumber(nil, 1, 8), m.Before...)
	b = ProtoBytes(b, 7, append(g, m.InGraph...))
	opset := ProtoNumber(nil, 2, 9)
	return append(ProtoBytes(b, 8, opset), m.After...)
}

func (v ModelValue) bytes() []byte {
	tensor := ProtoNumber(nil, 1, uint64(v.Type))
	if v.Shape != nil {
		var shape []byte
		for _, d := range v.Shape {
			dim := ProtoBytes(nil, 2, []byte("n"))
			if d >= 0 {
				dim = ProtoNumber(nil, 1, uint64(d))
			}
			shape = ProtoBytes(shape, 1, dim)
		}
		tensor = ProtoBytes(tensor, 2, shape)
	}
	return ProtoBytes(ProtoBytes(nil, 1, []byte(v.Name)), 2, ProtoBytes(nil, 1, tensor))
}

// ProtoBytes appends a field with a length.
func ProtoBytes(b []byte, number int, content []byte) []byte {
	b = binary.AppendUvarint(b, uint64(number)<<3|2)
	return append(binary.AppendUvarint(b, uint64(len(content))), content...)
}

// ProtoNumber appends a field that is a varint.
func ProtoNumber(b []byte, number int, v uint64) []byte {
	return binary.AppendUvarint(binary.AppendUvarint(b, uint64(number)<<3), v)
}

// FaceModel is a model with the inputs and outputs of a network that finds faces: "centerface", "yunet" or "ultraface".
func FaceModel(kind string) Model {
	m := Model{Weights: []string{"w"}, Nodes: []ModelNode{{Op: "Unused", Reads: []string{"picture"}, Writes: []string{"nowhere"}}}}
	m.Inputs = []ModelValue{{Name: "picture", Type: 1, Shape: []int64{10, 3, 32, 32}}, {Name: "w", Type: 1, Shape: []int64{1}}}
	out := func(name string, shape ...int64) {
		m.Nodes = append(m.Nodes, ModelNode{Op: "Made", Reads: []string{"picture", "w"}, Writes: []string{name}})
		m.Outputs = append(m.Outputs, ModelValue{Name: name, Type: 1, Shape: shape})
	}
	switch kind {
	case "centerface":
		out("heat", 10, 1, 8, 8)
		out("scale", 10, 2, 8, 8)
		out("offset", 10, 2, 8, 8)
		out("marks", 10, 10, 8, 8)
	case "yunet":
		for i, what := range []string{"cls", "obj", "bbox", "kps"} {
			for _, stride := range []string{"8", "16", "32"} {
				out(what+"_"+stride, -1, -1, []int64{1, 1, 4, 10}[i])
			}
		}
	case "ultraface":
		m.Nodes = append(m.Nodes, ModelNode{Op: "Made", Reads: []string{"picture"}, Writes: []string{"461"}})
		m.Nodes = append(m.Nodes, ModelNode{Op: "Made", Reads: []string{"picture"}, Writes: []string{"462"}})
		out("scores", 1, 4420, 2)
		out("boxes", 1, 4420, 4)
	}
	return m
}
