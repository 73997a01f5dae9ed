package network

import (
	"math"

	"github.com/consentry/consentry/persons"
)

const (
	centerStride = 4
	centerScore  = 0.06 // what is below .1 is a trace that says where to look again
)

// centerCuts are the values at a quarter and an eighth of the size from which the rest of the network is computed. Of
// 1280 × 736 the first convolutions make 90 MB at a time, and a hundredth of it is kept. A row of the one value depends on
// 9 rows of the picture to either side (a convolution of 3 × 3 at half the size, the same with stride 2, and one at a
// quarter, after one with stride 2), one of the other on 1 row of the first.
var centerCuts = []Cut{
	{Value: "387", Planes: 24, Stride: 4, Area: 1280 * 128, Halo: 12},
	{Value: "394", Planes: 32, Stride: 2, Area: 320 * 64, Halo: 2},
}

// readCenterFace reads four maps at a quarter of the size: the score that a face has its centre there; log of height and
// width; where in the cell the centre is, y first; five landmarks as fractions of the box, y first.
func readCenterFace(out []Tensor, w, h int) ([]persons.Face, error) {
	cols, rows := w/centerStride, h/centerStride
	for i, n := range []int64{1, 2, 2, 10} {
		if err := shaped(out[i], 1, n, int64(rows), int64(cols)); err != nil {
			return nil, err
		}
	}
	area := rows * cols
	scale, offset, marks := out[1].Data, out[2].Data, out[3].Data
	var faces []persons.Face
	for i, score := range out[0].Data {
		if !(score > centerScore) {
			continue
		}
		at := func(plane []float32, n int) float64 { return float64(plane[n*area+i]) }
		f := persons.Face{Score: float64(score)}
		f.H, f.W = centerStride*math.Exp(at(scale, 0)), centerStride*math.Exp(at(scale, 1))
		f.X = max(centerStride*(float64(i%cols)+at(offset, 1)+.5)-f.W/2, 0)
		f.Y = max(centerStride*(float64(i/cols)+at(offset, 0)+.5)-f.H/2, 0)
		for k := range f.Landmarks {
			f.Landmarks[k] = [2]float64{at(marks, 2*k+1)*f.W + f.X, at(marks, 2*k)*f.H + f.Y}
		}
		faces = append(faces, f)
	}
	return faces, nil
}
