// Package template makes templates: 128 numbers of a picture of a face, which lie near each other for pictures of one
// person. They are made to tell faces of one file apart where that is asked for, and for nothing else; see
// [persons.Template] for what becomes of them.
//
// The network is the ResNet of dlib (dnn_face_recognition_resnet_model_v1, D. King, in the public domain) with the weights
// that npm's @vladmandic/face-api 1.7.15 publishes. [Model] makes an ONNX file of them, [Make] feeds it. The package is
// arithmetic only: what runs a network is a [network.Runner].
package template

import (
	"fmt"
	"math"

	"github.com/consentry/consentry/persons"
	"github.com/consentry/consentry/persons/network"
)

// Kind is the network's name in reports.
const Kind = "dlib-resnet-v1"

// mean is the mean colour of the faces that the network was trained on, as face-api takes it off.
var mean = [3]float32{122.782, 117.001, 104.298}

// Make runs the network on a chip. The tensor is memory that is used again from call to call; it is zero when Make
// returns. Errors are those of the runner, and answers of another shape than the network gives.
func Make(r network.Runner, chip *persons.Picture, in *network.Tensor) (persons.Template, error) {
	var t persons.Template
	if !chip.Valid() || chip.Width != persons.ChipSide || chip.Height != persons.ChipSide {
		return t, fmt.Errorf("no chip of a face")
	}
	const area = persons.ChipSide * persons.ChipSide
	in.Shape = append(in.Shape[:0], 1, 3, persons.ChipSide, persons.ChipSide)
	if cap(in.Data) < 3*area {
		in.Data = make([]float32, 3*area)
	}
	in.Data = in.Data[:3*area]
	defer clear(in.Data)
	for i := range area {
		for c := range mean {
			in.Data[c*area+i] = (float32(chip.RGB[3*i+c]) - mean[c]) / 255
		}
	}
	out, err := r.Run(*in)
	if err != nil {
		return t, err
	}
	if len(out) != 1 || len(out[0].Data) != len(t) {
		return t, fmt.Errorf("the network gives no template")
	}
	defer clear(out[0].Data)
	for i, v := range out[0].Data {
		if v-v != 0 {
			return persons.Template{}, fmt.Errorf("the network gives no number")
		}
		t[i] = v
	}
	return t, nil
}

// pattern is the chip of the self-test: colours that follow a formula, and no face.
func pattern() *persons.Picture {
	p := &persons.Picture{Width: persons.ChipSide, Height: persons.ChipSide, RGB: make([]byte, 3*persons.ChipSide*persons.ChipSide)}
	for y := range p.Height {
		for x := range p.Width {
			for c := range 3 {
				v := 128 + 90*math.Sin(float64(x)/17+float64(c))*math.Cos(float64(y)/11-float64(c))
				p.RGB[3*(y*p.Width+x)+c] = byte(v)
			}
		}
	}
	return p
}

// selfTest are the first numbers of the pattern's template, as the publisher's own program works them out.
var selfTest = []float64{-0.0810, 0.0835, 0.0791, -0.0384, -0.0537, -0.0651, -0.0603, -0.0145}

// slack is how far these may be off: rounding in another order.
const slack = 2e-3

// SelfTest runs the network on a pattern of our own and holds what it gives against what is known. It tells a network that
// does not work from faces that differ, and takes some milliseconds.
func SelfTest(r network.Runner) error {
	t, err := Make(r, pattern(), &network.Tensor{})
	if err != nil {
		return err
	}
	defer t.Forget()
	for i, want := range selfTest {
		if math.Abs(float64(t[i])-want) > slack {
			return fmt.Errorf("number %d of a known pattern is %.4f, not %.4f", i, t[i], want)
		}
	}
	return nil
}
