package network

import (
	"math"

	"github.com/consentry/consentry/persons"
)

const ultraScore = 0.3

// The values before the decoder that the file's own graph ends with, which is fixed to one size.
const (
	ultraLogits = "461"
	ultraPlaces = "462"
)

// ultraAnchors are the sides of the square anchors of each grid, in pixels.
var ultraAnchors = []struct {
	stride int
	sides  []float64
}{{8, []float64{10, 16, 24}}, {16, []float64{32, 48}}, {32, []float64{64, 96}}, {64, []float64{128, 192, 256}}}

// readUltraFace reads two logits (something else, a face) and four offsets for each anchor; anchors run by grid, row,
// column and side.
func readUltraFace(out []Tensor, w, h int) ([]persons.Face, error) {
	total := int64(0)
	for _, a := range ultraAnchors {
		total += int64(w/a.stride) * int64(h/a.stride) * int64(len(a.sides))
	}
	if err := shaped(out[0], 1, total, 2); err != nil {
		return nil, err
	}
	if err := shaped(out[1], 1, total, 4); err != nil {
		return nil, err
	}
	var faces []persons.Face
	i := 0
	for _, a := range ultraAnchors {
		cols, rows := w/a.stride, h/a.stride
		for cell := range cols * rows {
			x, y := (float64(cell%cols)+.5)*float64(a.stride), (float64(cell/cols)+.5)*float64(a.stride)
			for _, side := range a.sides {
				logits, d := out[0].Data[2*i:][:2], out[1].Data[4*i:][:4]
				i++
				score := 1 / (1 + math.Exp(float64(logits[0])-float64(logits[1])))
				if !(score > ultraScore) {
					continue
				}
				f := persons.Face{Score: score, W: side * math.Exp(.2*float64(d[2])), H: side * math.Exp(.2*float64(d[3]))}
				f.X, f.Y = x+.1*float64(d[0])*side-f.W/2, y+.1*float64(d[1])*side-f.H/2
				faces = append(faces, f)
			}
		}
	}
	return faces, nil
}
