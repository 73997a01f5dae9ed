package onnxgraph_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/corpustest"
	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/internal/onnxgraph"
)

// graph wraps fields into a model whose graph is nothing but them.
func graph(fields []byte) []byte { return forge.ProtoBytes(nil, 7, fields) }

// inputWith is a graph's input with a shape of raw dimensions.
func inputWith(dims ...[]byte) []byte {
	var shape []byte
	for _, d := range dims {
		shape = forge.ProtoBytes(shape, 1, d)
	}
	tensor := forge.ProtoBytes(forge.ProtoNumber(nil, 1, 1), 2, shape)
	return forge.ProtoBytes(nil, 11, forge.ProtoBytes(forge.ProtoBytes(nil, 1, []byte("x")), 2, forge.ProtoBytes(nil, 1, tensor)))
}

func node(raw []byte) []byte { return forge.ProtoBytes(nil, 1, raw) }

// good are models that are read; broken ones say which message is at fault.
var good = map[string][]byte{
	"centerface":                forge.FaceModel("centerface").Bytes(),
	"yunet":                     forge.FaceModel("yunet").Bytes(),
	"ultraface":                 forge.FaceModel("ultraface").Bytes(),
	"fields that nobody knows":  forge.Model{Before: []byte("\x98\x06\x07\xa5\x06abcd\xa1\x06abcdefgh"), InGraph: []byte("\x9a\x06\x01x"), After: []byte("\x72\x02hi")}.Bytes(),
	"a graph of nothing":        graph(nil),
	"as many nodes as may be":   graph(bytes.Repeat(node(nil), 20_000)),
	"a name as long as may be":  graph(node(forge.ProtoBytes(nil, 1, bytes.Repeat([]byte("n"), 1024)))),
	"as many names as may be":   graph(node(bytes.Repeat(forge.ProtoBytes(nil, 1, []byte("n")), 1000))),
	"as many dims as may be":    graph(inputWith(make([][]byte, 16)...)),
	"the largest dimension":     graph(inputWith(forge.ProtoNumber(nil, 1, 1<<31-1))),
	"a constant in the file":    graph(node(forge.ProtoBytes(nil, 5, forge.ProtoBytes(nil, 5, forge.ProtoBytes(nil, 9, []byte("data")))))),
	"a number of ten bytes":     graph(node(append([]byte{0x98, 0x06}, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01))),
	"an output without a shape": forge.Model{Outputs: []forge.ModelValue{{Name: "o", Type: 1}}}.Bytes(),
}

var broken = map[string]struct {
	model []byte
	path  string
}{
	"nothing":                              {nil, "model"},
	"no graph":                             {forge.ProtoNumber(nil, 1, 8), "model"},
	"two graphs":                           {append(graph(nil), graph(nil)...), "model"},
	"text":                                 {[]byte("hello, this is no model"), "model"},
	"a field number of zero":               {[]byte{0x00, 0x01}, "model"},
	"a group":                              {[]byte{0x0b, 0x0c}, "model"},
	"a length past the end":                {[]byte{0x3a, 0x05, 1}, "model"},
	"a huge length":                        {[]byte{0x3a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}, "model"},
	"a number of eleven bytes":             {append(bytes.Repeat([]byte{0xff}, 10), 1), "model"},
	"a number beyond 64 bits":              {append(append([]byte{0x08}, bytes.Repeat([]byte{0xff}, 9)...), 2), "model"},
	"a number that is cut off":             {[]byte{0x08, 0x80}, "model"},
	"a graph that is a number":             {forge.ProtoNumber(nil, 7, 1), "model"},
	"training":                             {append(graph(nil), forge.ProtoBytes(nil, 20, nil)...), "model"},
	"functions of its own":                 {append(graph(nil), forge.ProtoBytes(nil, 25, nil)...), "model"},
	"one node too many":                    {graph(bytes.Repeat(node(nil), 20_001)), "graph"},
	"sparse weights":                       {graph(forge.ProtoBytes(nil, 15, nil)), "graph"},
	"a name one byte too long":             {graph(node(forge.ProtoBytes(nil, 1, bytes.Repeat([]byte("n"), 1025)))), "graph.node"},
	"a name that is a number":              {graph(node(forge.ProtoNumber(nil, 1, 5))), "graph.node"},
	"one name too many":                    {graph(node(bytes.Repeat(forge.ProtoBytes(nil, 1, []byte("n")), 1001))), "graph.node"},
	"a graph inside a node":                {graph(node(forge.ProtoBytes(nil, 5, forge.ProtoBytes(nil, 6, nil)))), "graph.node.attribute"},
	"graphs inside a node":                 {graph(node(forge.ProtoBytes(nil, 5, forge.ProtoBytes(nil, 11, nil)))), "graph.node.attribute"},
	"weights in another file":              {graph(forge.ProtoBytes(nil, 5, forge.ProtoBytes(nil, 13, nil))), "graph.initializer"},
	"weights that say they are elsewhere":  {graph(forge.ProtoBytes(nil, 5, forge.ProtoNumber(nil, 14, 1))), "graph.initializer"},
	"a constant in another file":           {graph(node(forge.ProtoBytes(nil, 5, forge.ProtoBytes(nil, 5, forge.ProtoBytes(nil, 13, nil))))), "graph.node.attribute.tensor"},
	"a constant that says so":              {graph(node(forge.ProtoBytes(nil, 5, forge.ProtoBytes(nil, 5, forge.ProtoNumber(nil, 14, 1))))), "graph.node.attribute.tensor"},
	"constants in another file":            {graph(node(forge.ProtoBytes(nil, 5, forge.ProtoBytes(nil, 10, forge.ProtoBytes(nil, 13, nil))))), "graph.node.attribute.tensor"},
	"a sparse constant":                    {graph(node(forge.ProtoBytes(nil, 5, forge.ProtoBytes(nil, 22, nil)))), "graph.node.attribute"},
	"sparse constants":                     {graph(node(forge.ProtoBytes(nil, 5, forge.ProtoBytes(nil, 23, nil)))), "graph.node.attribute"},
	"a dimension too many":                 {graph(inputWith(make([][]byte, 17)...)), "graph.input.type.tensor.shape"},
	"a dimension beyond all reason":        {graph(inputWith(forge.ProtoNumber(nil, 1, 1<<31))), "graph.input.type.tensor.shape.dim"},
	"a negative dimension":                 {graph(inputWith(forge.ProtoNumber(nil, 1, 1<<64-1))), "graph.input.type.tensor.shape.dim"},
	"an input whose type is a number":      {graph(forge.ProtoBytes(nil, 11, forge.ProtoNumber(nil, 2, 1))), "graph.input"},
	"a node whose attribute is a number":   {graph(node(forge.ProtoNumber(nil, 5, 1))), "graph.node"},
	"an output that is cut off in the end": {graph([]byte{0x62, 0x02, 0x0a, 0x09}), "graph.output"},
}

func TestParse(t *testing.T) {
	for name, model := range good {
		t.Run(name, func(t *testing.T) {
			if _, err := onnxgraph.Parse(model); err != nil {
				t.Error(err)
			}
		})
	}
	for name, c := range broken {
		t.Run(name, func(t *testing.T) {
			m, err := onnxgraph.Parse(c.model)
			var syntax *onnxgraph.SyntaxError
			if m != nil || !errors.As(err, &syntax) {
				t.Fatalf("read, or another error: %v", err)
			}
			if syntax.Path != c.path || syntax.Offset < 0 || syntax.Offset > int64(len(c.model)) {
				t.Errorf("at byte %d of %s, not in %s: %v", syntax.Offset, syntax.Path, c.path, err)
			}
		})
	}
}

func TestParse_tooLarge(t *testing.T) {
	model := make([]byte, onnxgraph.MaxModel+1)
	var syntax *onnxgraph.SyntaxError
	if _, err := onnxgraph.Parse(model); !errors.As(err, &syntax) || !strings.Contains(syntax.Msg, "more than") {
		t.Errorf("got %v", err)
	}
	// As large as may be: it is read, and is no model for another reason.
	if _, err := onnxgraph.Parse(model[1:]); !errors.As(err, &syntax) || strings.Contains(syntax.Msg, "more than") {
		t.Errorf("got %v", err)
	}
}

func outputNames(m *onnxgraph.Model) (names []string) {
	for _, o := range m.Outputs {
		names = append(names, o.Name)
	}
	return names
}

// The edit opens the sizes, takes weights out of the inputs, drops what is not needed, and changes nothing else.
func TestOpened(t *testing.T) {
	src := forge.FaceModel("centerface")
	src.Before, src.After, src.InGraph = forge.ProtoBytes(nil, 2, []byte("maker")), forge.ProtoBytes(nil, 6, []byte("words")), forge.ProtoBytes(nil, 13, []byte{0x0a, 1, 'v'})
	m, err := onnxgraph.Parse(src.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Inputs) != 1 || m.Inputs[0].Name != "picture" || !m.Inputs[0].Float || fmt.Sprint(m.Inputs[0].Shape) != "[10 3 32 32]" {
		t.Fatalf("inputs %+v", m.Inputs)
	}
	b, err := m.Opened([]string{"offset", "heat"})
	if err != nil {
		t.Fatal(err)
	}
	want := src
	want.Inputs = want.Inputs[:1]
	want.InGraph, want.Outputs = nil, nil
	want.Nodes = []forge.ModelNode{src.Nodes[1], src.Nodes[3]}
	w := want.Bytes()
	if !bytes.Contains(b, []byte("maker")) || !bytes.Contains(b, []byte("words")) || bytes.Contains(b, []byte("nowhere")) || bytes.Contains(b, []byte("scale")) {
		t.Error("parts are there that should not, or the other way round")
	}
	if !bytes.HasPrefix(b, w[:4]) {
		t.Error("what stands before the graph was changed")
	}
	e, err := onnxgraph.Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(e.Inputs, outputNames(e), e.Nodes); got != "[{picture true [1 3 -1 -1]}] [offset heat] 2" {
		t.Errorf("opened: %s", got)
	}
	again, err := e.Opened([]string{"offset", "heat"})
	if err != nil || !bytes.Equal(again, b) {
		t.Errorf("opening twice gives something else: %v", err)
	}
	if _, err := m.Opened([]string{"heat", "absent"}); err == nil {
		t.Error("an output that no node gives was taken")
	}
	if !m.Gives("heat") || m.Gives("picture") {
		t.Error("what nodes give is told wrongly")
	}
}

// A part of a model takes what it is cut at, keeps the nodes and weights between and no others, and can be read again.
func TestPart(t *testing.T) {
	src := forge.Model{
		Inputs:  []forge.ModelValue{{Name: "picture", Type: 1, Shape: []int64{1, 3, 8, 8}}, {Name: "v", Type: 1, Shape: []int64{1}}},
		Outputs: []forge.ModelValue{{Name: "end", Type: 1, Shape: []int64{1}}},
		Weights: []string{"v", "w"},
		Nodes: []forge.ModelNode{
			{Op: "A", Reads: []string{"picture", "v"}, Writes: []string{"first"}},
			{Op: "B", Reads: []string{"first", "w"}, Writes: []string{"second"}},
			{Op: "C", Reads: []string{"first", "second"}, Writes: []string{"end"}},
		},
	}
	m, err := onnxgraph.Parse(src.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		inputs, outputs []string
		want            string
		has, not        string
	}{
		{[]string{"picture"}, []string{"first"}, "[{picture true [1 -1 -1 -1]}] [first] 1", "\x01v", "\x01w"},
		{[]string{"first"}, []string{"second"}, "[{first true [1 -1 -1 -1]}] [second] 1", "\x01w", "\x01v"},
		{[]string{"first", "second"}, []string{"end"}, "[{first true [1 -1 -1 -1]} {second true [1 -1 -1 -1]}] [end] 1", "end", "\x01w"},
		{[]string{"picture"}, []string{"end", "second"}, "[{picture true [1 -1 -1 -1]}] [end second] 3", "\x01v", "none"},
	} {
		b, err := m.Part(c.inputs, c.outputs, 4)
		if err != nil {
			t.Fatal(err)
		}
		p, err := onnxgraph.Parse(b)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(p.Inputs, outputNames(p), p.Nodes); got != c.want {
			t.Errorf("%v to %v: %s", c.inputs, c.outputs, got)
		}
		if !bytes.Contains(b, []byte(c.has)) || bytes.Contains(b, []byte(c.not)) {
			t.Errorf("%v to %v: weights are there that should not, or the other way round", c.inputs, c.outputs)
		}
	}
	for _, c := range [][2][]string{{{"first"}, {"absent"}}, {{"second"}, {"end"}}, {nil, {"first"}}} {
		if _, err := m.Part(c[0], c[1], 4); err == nil {
			t.Errorf("%v to %v was taken", c[0], c[1])
		}
	}
}

// The real files: what they take and give, and how much of them the edit keeps.
func TestOpened_realModels(t *testing.T) {
	dir := corpustest.Models(t)
	files, err := filepath.Glob(filepath.Join(dir, "*.onnx"))
	if err != nil || len(files) < 5 {
		t.Fatalf("%d models: %v", len(files), err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		m, err := onnxgraph.Parse(b)
		if err != nil {
			t.Errorf("%s: %v", filepath.Base(file), err)
			continue
		}
		opened, err := m.Opened(outputNames(m))
		if err != nil {
			t.Errorf("%s: %v", filepath.Base(file), err)
			continue
		}
		e, err := onnxgraph.Parse(opened)
		if err != nil || len(e.Inputs) != 1 || len(m.Inputs) != 1 || e.Nodes > m.Nodes || len(opened) < len(b)*9/10 {
			t.Errorf("%s: %d of %d bytes, %d of %d nodes: %v", filepath.Base(file), len(opened), len(b), e.Nodes, m.Nodes, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, b := range good {
		if len(b) < 8<<10 {
			f.Add(b)
		}
	}
	for _, c := range broken {
		if len(c.model) < 8<<10 {
			f.Add(c.model)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := onnxgraph.Parse(b)
		var syntax *onnxgraph.SyntaxError
		if err != nil {
			if m != nil || !errors.As(err, &syntax) || syntax.Offset < 0 || syntax.Offset > int64(len(b)) {
				t.Fatalf("%v, %v", m, err)
			}
			return
		}
		names := outputNames(m)
		opened, err := m.Opened(names)
		if err != nil {
			return
		}
		e, err := onnxgraph.Parse(opened)
		if err != nil {
			t.Fatalf("what was opened cannot be read: %v", err)
		}
		if e.Nodes > m.Nodes || len(e.Inputs) != len(m.Inputs) || fmt.Sprint(outputNames(e)) != fmt.Sprint(names) {
			t.Fatalf("opened: %d of %d nodes, %d of %d inputs", e.Nodes, m.Nodes, len(e.Inputs), len(m.Inputs))
		}
		again, err := e.Opened(names)
		if err != nil || !bytes.Equal(again, opened) {
			t.Fatalf("opening twice gives something else: %v", err)
		}
	})
}

func BenchmarkOpened(b *testing.B) {
	model := forge.FaceModel("yunet").Bytes()
	b.SetBytes(int64(len(model)))
	for b.Loop() {
		m, err := onnxgraph.Parse(model)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := m.Opened(outputNames(m)); err != nil {
			b.Fatal(err)
		}
	}
}
