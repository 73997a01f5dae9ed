package onnxgraph

import (
	"fmt"
	"slices"
)

// Opened returns a model that gives the named values, in this order, for inputs of any size:
//
//   - the dimensions from the third on are left open in the inputs, and all in the outputs; sizes that the file states for
//     values in between are left out, as they were worked out for the size that it declares;
//   - weights are no longer listed as inputs, so that the runtime takes them for constants;
//   - nodes that none of the outputs needs are left out.
//
// Everything else is as in the file, byte for byte. The error says which name is not there.
func (m *Model) Opened(outputs []string) ([]byte, error) {
	needed, err := m.ancestors(outputs, nil)
	if err != nil {
		return nil, err
	}
	var g []byte
	for i, it := range m.graph {
		switch it.number {
		case graphNode:
			if !needed[i] {
				continue
			}
		case graphInput:
			if !m.weights[it.value.Name] {
				g = appendMessage(g, graphInput, it.value.opened(min(2, len(it.value.Shape))))
			}
			continue
		case graphOutput, graphValueInfo:
			continue
		}
		g = append(g, it.raw...)
	}
	return m.around(g, outputs), nil
}

// Part returns a model of its own of the nodes between some values and others: it takes the inputs, each with the given
// number of dimensions, and gives the outputs, in this order. Weights that these nodes do not read are left out. The
// values are as the whole model computes them. The error says which name is not there, or that the inputs do not
// suffice.
func (m *Model) Part(inputs, outputs []string, dims int) ([]byte, error) {
	needed, err := m.ancestors(outputs, inputs)
	if err != nil {
		return nil, err
	}
	read := map[string]bool{}
	for i := range needed {
		for _, name := range m.graph[i].reads {
			read[name] = true
		}
	}
	for _, in := range m.Inputs {
		if read[in.Name] && !slices.Contains(inputs, in.Name) {
			return nil, fmt.Errorf("onnx model: %v need %q too", outputs, in.Name)
		}
	}
	var g []byte
	for i, it := range m.graph {
		switch it.number {
		case graphNode:
			if !needed[i] {
				continue
			}
		case graphInitializer:
			if !read[it.name] {
				continue
			}
		case graphInput, graphOutput, graphValueInfo:
			continue
		}
		g = append(g, it.raw...)
	}
	shape := slices.Repeat([]int64{Open}, max(dims, 1))
	for _, name := range inputs {
		g = appendMessage(g, graphInput, Value{Name: name, Float: true, Shape: shape}.opened(1))
	}
	return m.around(g, outputs), nil
}

// around completes a graph by its outputs and what stands around it in the model.
func (m *Model) around(graph []byte, outputs []string) []byte {
	for _, name := range outputs {
		graph = appendMessage(graph, graphOutput, Value{Name: name, Float: true}.opened(0))
	}
	return slices.Concat(m.before, appendMessage(nil, modelGraph, graph), m.after)
}

// ancestors are the nodes that the outputs need where the inputs are given, by their place in the graph.
func (m *Model) ancestors(outputs, inputs []string) (map[int]bool, error) {
	writer := map[string]int{}
	for i, it := range m.graph {
		for _, name := range it.writes {
			if name != "" {
				writer[name] = i
			}
		}
	}
	needed := map[int]bool{}
	var todo []int
	want := func(name string) bool {
		i, ok := writer[name]
		if ok && !needed[i] {
			needed[i] = true
			todo = append(todo, i)
		}
		return ok
	}
	for _, name := range outputs {
		if !want(name) {
			return nil, fmt.Errorf("onnx model: no node gives %q", name)
		}
	}
	for len(todo) > 0 {
		it := m.graph[todo[len(todo)-1]]
		todo = todo[:len(todo)-1]
		for _, name := range it.reads {
			if !slices.Contains(inputs, name) {
				want(name)
			}
		}
	}
	return needed, nil
}

// Gives says whether a node of the graph makes a value of that name.
func (m *Model) Gives(name string) bool {
	return slices.ContainsFunc(m.graph, func(it item) bool { return slices.Contains(it.writes, name) })
}

// opened encodes the value with its dimensions from the given one on left open, under names of its own: a runtime takes
// those of one name for equal. A value without a shape stays so.
func (v Value) opened(from int) []byte {
	tensor := appendVarint(appendVarint(nil, tensorElem<<3|wireVarint), elementFloat)
	if from > 0 {
		var shape []byte
		for i, n := range v.Shape {
			var dim []byte
			switch {
			case i == 0:
				dim = appendVarint(appendVarint(dim, dimValue<<3|wireVarint), 1)
			case i < from && n != Open:
				dim = appendVarint(appendVarint(dim, dimValue<<3|wireVarint), uint64(n))
			default:
				dim = appendMessage(dim, dimParam, fmt.Appendf(nil, "%s.%d", v.Name, i))
			}
			shape = appendMessage(shape, shapeDim, dim)
		}
		tensor = appendMessage(tensor, tensorShape, shape)
	}
	b := appendMessage(nil, valueName, []byte(v.Name))
	return appendMessage(b, valueType, appendMessage(nil, typeTensor, tensor))
}
