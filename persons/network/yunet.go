package network

import (
	"fmt"
	"math"

	"github.com/consentry/consentry/persons"
)

const yuNetScore = 0.3

var yuNetStrides = [...]int{8, 16, 32}

// yuNetNames are the outputs by what they hold, and in that by stride.
func yuNetNames() (names []string) {
	for _, what := range []string{"cls", "obj", "bbox", "kps"} {
		for _, s := range yuNetStrides {
			names = append(names, fmt.Sprintf("%s_%d", what, s))
		}
	}
	return names
}

// readYuNet reads, for each cell of three grids: that it is a face, that it is an object, a box and five landmarks in
// units of the grid.
func readYuNet(out []Tensor, w, h int) ([]persons.Face, error) {
	var faces []persons.Face
	for i, stride := range yuNetStrides {
		cols, cells := w/stride, int64(w/stride)*int64(h/stride)
		class, object, box, marks := out[i], out[3+i], out[6+i], out[9+i]
		for _, c := range []struct {
			t Tensor
			n int64
		}{{class, 1}, {object, 1}, {box, 4}, {marks, 10}} {
			if err := shaped(c.t, 1, cells, c.n); err != nil {
				return nil, err
			}
		}
		s := float64(stride)
		for c := range int(cells) {
			score := math.Sqrt(unit(class.Data[c]) * unit(object.Data[c]))
			if !(score > yuNetScore) {
				continue
			}
			col, row := float64(c%cols), float64(c/cols)
			b, k := box.Data[4*c:][:4], marks.Data[10*c:][:10]
			f := persons.Face{Score: score, W: math.Exp(float64(b[2])) * s, H: math.Exp(float64(b[3])) * s}
			f.X, f.Y = (col+float64(b[0]))*s-f.W/2, (row+float64(b[1]))*s-f.H/2
			for n := range f.Landmarks {
				f.Landmarks[n] = [2]float64{(col + float64(k[2*n])) * s, (row + float64(k[2*n+1])) * s}
			}
			faces = append(faces, f)
		}
	}
	return faces, nil
}

// unit is a probability between 0 and 1.
func unit(v float32) float64 { return min(max(float64(v), 0), 1) }
