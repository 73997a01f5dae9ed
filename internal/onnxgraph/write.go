package onnxgraph

import (
	"encoding/binary"
	"math"
	"slices"
)

// Fields of onnx.proto that only a graph that is written here needs.
const (
	modelIR        = 1
	modelOpset     = 8
	opsetVersion   = 2
	graphName      = 2
	nodeOp         = 4
	attributeName  = 1
	attributeInt   = 3
	attributeInts  = 8
	attributeType  = 20
	typeInt        = 2 // AttributeProto.INT
	typeInts       = 7 // AttributeProto.INTS
	tensorDims     = 1
	tensorDataType = 2
	tensorRaw      = 9
	elementInt64   = 7 // TensorProto.INT64
)

// The versions that are written: of the format, and of the set of operators.
const (
	writtenIR    = 7
	writtenOpset = 13
)

// Graph is a model that is written node by node. It is not checked: what runs it does that. The zero value is empty.
type Graph struct{ parts [][]byte }

// Attribute is a whole number, or a list of them, that a node is set to.
type Attribute struct {
	Name string
	Ints []int64 // one that is not a list, where One is set
	One  bool
}

// Node adds a node. Its operator is one of ONNX's own set, version 13.
func (g *Graph) Node(op string, inputs, outputs []string, attributes ...Attribute) {
	var n []byte
	for _, name := range inputs {
		n = appendMessage(n, nodeInput, []byte(name))
	}
	for _, name := range outputs {
		n = appendMessage(n, nodeOutput, []byte(name))
	}
	n = appendMessage(n, nodeOp, []byte(op))
	for _, a := range attributes {
		m := appendMessage(nil, attributeName, []byte(a.Name))
		if a.One {
			m = appendNumber(appendNumber(m, attributeInt, a.Ints[0]), attributeType, typeInt)
		} else {
			for _, v := range a.Ints {
				m = appendNumber(m, attributeInts, v)
			}
			m = appendNumber(m, attributeType, typeInts)
		}
		n = appendMessage(n, nodeAttribute, m)
	}
	g.parts = append(g.parts, appendMessage(nil, graphNode, n))
}

// Weights adds a constant of float32, in row-major order.
func (g *Graph) Weights(name string, shape []int64, data []float32) {
	raw := make([]byte, 0, 4*len(data))
	for _, v := range data {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
	}
	g.constant(name, shape, elementFloat, raw)
}

// Numbers adds a constant list of whole numbers.
func (g *Graph) Numbers(name string, data ...int64) {
	raw := make([]byte, 0, 8*len(data))
	for _, v := range data {
		raw = binary.LittleEndian.AppendUint64(raw, uint64(v))
	}
	g.constant(name, []int64{int64(len(data))}, elementInt64, raw)
}

func (g *Graph) constant(name string, shape []int64, element int64, raw []byte) {
	var t []byte // all but the numbers, which are most of it
	for _, d := range shape {
		t = appendNumber(t, tensorDims, d)
	}
	t = appendNumber(t, tensorDataType, element)
	t = appendMessage(t, tensorName, []byte(name))
	t = appendHead(t, tensorRaw, len(raw))
	g.parts = append(g.parts, append(appendHead(nil, graphInitializer, len(t)+len(raw)), t...), raw)
}

// Model returns the graph as a model that takes one input of float32 and gives one output.
func (g *Graph) Model(name, input string, shape []int64, output string) []byte {
	last := appendMessage(nil, graphName, []byte(name))
	last = appendMessage(last, graphInput, Value{Name: input, Float: true, Shape: shape}.opened(len(shape)))
	last = appendMessage(last, graphOutput, Value{Name: output, Float: true}.opened(0))
	size := len(last)
	for _, p := range g.parts {
		size += len(p)
	}
	m := appendNumber(nil, modelIR, writtenIR)
	m = appendMessage(m, modelOpset, appendNumber(nil, opsetVersion, writtenOpset))
	m = appendHead(m, modelGraph, size)
	return slices.Concat(append([][]byte{m}, append(g.parts, last)...)...)
}

// appendHead appends what stands before the bytes of a field.
func appendHead(b []byte, number, size int) []byte {
	return appendVarint(appendVarint(b, uint64(number)<<3|wireBytes), uint64(size))
}

// appendNumber appends a field that holds a whole number, which is not negative.
func appendNumber(b []byte, number int, v int64) []byte {
	return appendVarint(appendVarint(b, uint64(number)<<3|wireVarint), uint64(v))
}
