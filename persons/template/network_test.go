package template_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/corpustest"
	"github.com/consentry/consentry/internal/onnxgraph"
	"github.com/consentry/consentry/persons"
	"github.com/consentry/consentry/persons/network"
	"github.com/consentry/consentry/persons/template"
)

// published are the list and the weights as they are published.
func published(t testing.TB) (list, weights []byte) {
	t.Helper()
	dir := corpustest.Models(t)
	var out [2][]byte
	for i, name := range []string{"face_recognition_model-weights_manifest.json", "face_recognition_model.bin"} {
		var err error
		if out[i], err = os.ReadFile(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	return out[0], out[1]
}

// The published weights make a graph with one convolution for each of theirs, that takes a chip and gives a template.
func TestModel(t *testing.T) {
	b, err := template.Model(published(t))
	if err != nil {
		t.Fatal(err)
	}
	m, err := onnxgraph.Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	g := template.Graph()
	if len(m.Inputs) != 1 || m.Inputs[0].Name != g.Input || fmt.Sprint(m.Inputs[0].Shape) != "[1 3 150 150]" || !m.Gives(g.Outputs[0]) {
		t.Errorf("%+v, %+v", m.Inputs, m.Outputs)
	}
	if n := strings.Count(string(b), "\x04Conv"); n != 29 {
		t.Errorf("%d convolutions", n)
	}
}

// Weights that are not those of the network make none, and the error says where.
func TestModel_refuses(t *testing.T) {
	list, weights := published(t)
	change := func(from, to string) []byte {
		if !strings.Contains(string(list), from) {
			t.Fatalf("no %q in the list", from)
		}
		return []byte(strings.Replace(string(list), from, to, 1))
	}
	var groups []map[string]any
	if err := json.Unmarshal(list, &groups); err != nil {
		t.Fatal(err)
	}
	many := fmt.Sprintf(`[{"weights":[%s]}]`, strings.TrimSuffix(strings.Repeat(`{},`, 1001), ","))
	first := `"conv32_down/conv/filters"`
	for name, c := range map[string]struct {
		list, weights []byte
		path          string
	}{
		"nothing":                    {nil, weights, "list"},
		"no JSON":                    {[]byte("["), weights, "list"},
		"something behind it":        {append(list[:len(list):len(list)], "[]"...), weights, "list"},
		"too long":                   {[]byte(strings.Repeat(" ", 64<<10) + "[]"), weights, "list"},
		"weights too long":           {list, make([]byte, 16<<20+1), "list"},
		"two groups":                 {[]byte(`[{"weights":[]},{"weights":[]}]`), nil, "list"},
		"too many arrays":            {[]byte(many), nil, "list"},
		"no arrays":                  {[]byte(`[{"weights":[]}]`), nil, "conv32_down/conv/filters"},
		"weights cut":                {list, weights[:len(weights)-1], "fc"},
		"weights left":               {list, append(weights[:len(weights):len(weights)], 0), "list"},
		"another name":               {change(first, `"other"`), weights, "conv32_down/conv/filters"},
		"listed twice":               {change(`"conv32_down/conv/bias"`, first), weights, "conv32_down/conv/filters"},
		"a shape that is turned":     {change("7,7,3,32", "3,7,7,32"), weights, "conv32_down/conv/filters"},
		"a shape beyond the weights": {change("7,7,3,32", "9000000000,9000000000,9000000000,4"), weights, "conv32_down/conv/filters"},
		"a shape of nothing":         {change("7,7,3,32", "7,0,3,32"), weights, "conv32_down/conv/filters"},
		"a shape below nothing":      {change("7,7,3,32", "-7,-7,3,32"), weights, "conv32_down/conv/filters"},
		"five dimensions":            {change("7,7,3,32", "7,7,3,32,1"), weights, "conv32_down/conv/filters"},
		"other numbers":              {change("float32", "int32"), weights, "conv32_down/conv/filters"},
		"kept otherwise":             {change("uint8", "uint16"), weights, "conv32_down/conv/filters"},
	} {
		b, err := template.Model(c.list, c.weights)
		var syntax *template.SyntaxError
		if b != nil || !errors.As(err, &syntax) || syntax.Path != c.path {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// still answers what it is told.
type still struct {
	out []network.Tensor
	err error
}

func (s still) Run(network.Tensor) ([]network.Tensor, error) { return s.out, s.err }

// A network that gives another answer than the known one is not used.
func TestSelfTest_refuses(t *testing.T) {
	nan := make([]float32, persons.TemplateSize)
	nan[127] = float32(nanOf())
	for name, r := range map[string]still{
		"an error":       {err: errors.New("out of ink")},
		"no answer":      {},
		"a short one":    {out: []network.Tensor{{Data: make([]float32, 127)}}},
		"no number":      {out: []network.Tensor{{Data: nan}}},
		"zeros":          {out: []network.Tensor{{Data: make([]float32, persons.TemplateSize)}}},
		"too much of it": {out: []network.Tensor{{Data: make([]float32, 128)}, {}}},
	} {
		if err := template.SelfTest(r); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	if _, err := template.Make(still{}, &persons.Picture{Width: 1, Height: 1, RGB: make([]byte, 3)}, &network.Tensor{}); err == nil {
		t.Error("a pixel is taken for a chip")
	}
}

func nanOf() float64 { zero := 0.0; return zero / zero }

// Whatever the list is, there is a model that can be read, or an error that says where.
func FuzzModel(f *testing.F) {
	for _, s := range []string{
		"", "[]", `[{"weights":[]}]`, `[{"weights":[{"name":"fc","shape":[1,2],"dtype":"float32"}]}]`,
		`[{"weights":[{"name":"fc","shape":[3],"dtype":"float32","quantization":{"dtype":"uint8","scale":1,"min":-1}}]}]`,
		`[{"weights":[{"name":"a","shape":[9007199254740993,9007199254740993],"dtype":"float32"}]}]`,
	} {
		f.Add([]byte(s), []byte("12345678"))
	}
	f.Fuzz(func(t *testing.T, list, weights []byte) {
		b, err := template.Model(list, weights)
		var syntax *template.SyntaxError
		switch {
		case err == nil:
			if _, err := onnxgraph.Parse(b); err != nil {
				t.Fatal(err)
			}
		case b != nil || !errors.As(err, &syntax) || syntax.Offset < 0 || syntax.Offset > int64(len(list)):
			t.Fatalf("%v", err)
		}
	})
}

// The list and the weights at their limits; one past each is among those that are refused.
func TestModel_limits(t *testing.T) {
	many := fmt.Sprintf(`[{"weights":[%s]}]`, strings.TrimSuffix(strings.Repeat(`{},`, 1000), ","))
	four := `[{"weights":[{"name":"a","shape":[1,1,1,2],"dtype":"float32"}]}]`
	for name, c := range map[string]struct {
		list    string
		weights int
		want    string // the error that comes next
	}{
		"bytes of the list":    {"[]" + strings.Repeat(" ", 64<<10-2), 0, "not one group"},
		"bytes of the weights": {`[{"weights":[]}]`, 16 << 20, "bytes of weights are not listed"},
		"arrays":               {many, 0, "no array of float32"},
		"dimensions":           {four, 8, "not there in the shape"},
	} {
		if _, err := template.Model([]byte(c.list), make([]byte, c.weights)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
