package template

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
)

// Limits of the files that the network is made of. Both are pinned by their digests, and nothing else is read: the limits
// keep a mistake small.
const (
	maxManifest = 64 << 10 // bytes; the one that is pinned has 19,615
	maxWeights  = 16 << 20 // bytes; the pinned ones have 6,444,032
	maxEntries  = 1_000    // the network has 117
	maxDims     = 4
)

// SyntaxError says where a list of weights is not one that is read.
type SyntaxError struct {
	Offset int64  // in the list; 0: what is wrong is no single place
	Path   string // the entry, such as "conv32_down/conv/filters"
	Msg    string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("weights of the network: %s at byte %d: %s", e.Path, e.Offset, e.Msg)
}

// entry is one array of the list, in the form of TensorFlow.js: a name, a shape, and how its numbers are kept.
type entry struct {
	Name         string  `json:"name"`
	Shape        []int64 `json:"shape"`
	DType        string  `json:"dtype"`
	Quantization *struct {
		DType string  `json:"dtype"`
		Scale float64 `json:"scale"`
		Min   float64 `json:"min"`
	} `json:"quantization"`
}

// array is an array of weights, in row-major order, as it is kept in the file.
type array struct {
	shape      []int64
	raw        []byte
	bytes      bool // one byte each
	scale, min float64
}

// numbers are the weights themselves: four times as many bytes, so they are made when they are wanted.
func (a *array) numbers() []float32 {
	if !a.bytes {
		out := make([]float32, len(a.raw)/4)
		for i := range out {
			out[i] = math.Float32frombits(binary.LittleEndian.Uint32(a.raw[4*i:]))
		}
		return out
	}
	out := make([]float32, len(a.raw))
	for i, v := range a.raw {
		out[i] = float32(float64(v)*a.scale + a.min)
	}
	return out
}

// arrays reads the weights that a list describes, one after the other in its order. Some are float32, the others one
// byte each: value × scale + min.
func arrays(list, weights []byte) (map[string]array, error) {
	if len(list) > maxManifest || len(weights) > maxWeights {
		return nil, &SyntaxError{Path: "list", Msg: "longer than any that is known"}
	}
	dec := json.NewDecoder(bytes.NewReader(list))
	var groups []struct {
		Weights []entry `json:"weights"`
	}
	if err := dec.Decode(&groups); err != nil {
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			return nil, &SyntaxError{Offset: syntax.Offset, Path: "list", Msg: syntax.Error()}
		}
		return nil, &SyntaxError{Offset: dec.InputOffset(), Path: "list", Msg: err.Error()}
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, &SyntaxError{Offset: dec.InputOffset(), Path: "list", Msg: "something follows it"}
	}
	if len(groups) != 1 || len(groups[0].Weights) > maxEntries {
		return nil, &SyntaxError{Path: "list", Msg: "not one group of arrays, or too many"}
	}
	out := map[string]array{}
	at := 0
	for _, e := range groups[0].Weights {
		n, err := e.size(len(weights) - at)
		if err != nil {
			return nil, err
		}
		if _, twice := out[e.Name]; twice {
			return nil, &SyntaxError{Path: e.Name, Msg: "listed twice"}
		}
		a := array{shape: e.Shape, raw: weights[at : at+n : at+n]}
		if q := e.Quantization; q != nil {
			a.bytes, a.scale, a.min = true, q.Scale, q.Min
		}
		at += n
		out[e.Name] = a
	}
	if at != len(weights) {
		return nil, &SyntaxError{Path: "list", Msg: fmt.Sprintf("%d bytes of weights are not listed", len(weights)-at)}
	}
	return out, nil
}

// size is how many bytes an entry has; they are among those that are left.
func (e *entry) size(left int) (int, error) {
	bad := func(msg string) (int, error) { return 0, &SyntaxError{Path: e.Name, Msg: msg} }
	n := 4
	switch q := e.Quantization; {
	case e.DType != "float32":
		return bad("no array of float32")
	case q == nil:
	case q.DType != "uint8":
		return bad("numbers of a kind that is not read")
	default:
		n = 1
	}
	if len(e.Shape) == 0 || len(e.Shape) > maxDims {
		return bad("no array of one to four dimensions")
	}
	for _, d := range e.Shape {
		if d < 1 || d > int64(left/n) {
			return bad("larger than what is left of the weights")
		}
		n *= int(d)
	}
	return n, nil
}
