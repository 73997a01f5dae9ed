package neural

import (
	"math"
	"math/bits"
	"math/cmplx"
)

// What PerTh's decoder is shown: magnitudes in decibels, from 180 below full scale (0) to 15 above (1). AudioProcessor
// and cx_to_magphase of resemble-perth 1.0.1.
const (
	perthWindow = 2048 // samples
	perthHop    = 320
	perthBins   = perthWindow/2 + 1

	perthFloor    = 1e-9
	perthHeadroom = 15 // dB
)

// spectrum makes spectrograms. It keeps its memory for the next one.
type spectrum struct {
	window []float64
	turn   []complex128 // powers of the root of unity
	work   []complex128
	out    []float32
}

func newSpectrum() *spectrum {
	s := &spectrum{window: make([]float64, perthWindow), turn: make([]complex128, perthWindow/2), work: make([]complex128, perthWindow)}
	for i := range s.window {
		s.window[i] = 0.5 - 0.5*math.Cos(2*math.Pi*float64(i)/perthWindow)
	}
	for i := range s.turn {
		s.turn[i] = cmplx.Rect(1, -2*math.Pi*float64(i)/perthWindow)
	}
	return s
}

// of is the spectrogram of a piece of (columns-1)·perthHop samples, bin by bin: columns lie around every perthHop-th
// sample, and what lies before and behind the piece is its mirror image. The slice is valid until the next call.
func (s *spectrum) of(piece []float32, columns int) []float32 {
	if n := perthBins * columns; cap(s.out) < n {
		s.out = make([]float32, n)
	}
	out := s.out[:perthBins*columns]
	for c := range columns {
		for i := range s.work {
			at := c*perthHop + i - perthWindow/2
			if at < 0 {
				at = -at
			}
			if at >= len(piece) {
				at = 2*len(piece) - 2 - at
			}
			s.work[i] = complex(float64(piece[at])*s.window[i], 0)
		}
		s.transform()
		for k := range perthBins {
			db := 20 * math.Log10(max(cmplx.Abs(s.work[k]), perthFloor))
			low := 20 * math.Log10(perthFloor)
			out[k*columns+c] = float32((db - low) / (perthHeadroom - low))
		}
	}
	return out
}

// transform is the discrete Fourier transform in place, by halves (Cooley and Tukey).
func (s *spectrum) transform() {
	n := len(s.work)
	shift := 64 - bits.TrailingZeros(uint(n))
	for i := range s.work {
		if j := int(bits.Reverse64(uint64(i)) >> shift); i < j {
			s.work[i], s.work[j] = s.work[j], s.work[i]
		}
	}
	for size := 2; size <= n; size *= 2 {
		half, step := size/2, n/size
		for first := 0; first < n; first += size {
			for k := range half {
				a, b := s.work[first+k], s.work[first+k+half]*s.turn[k*step]
				s.work[first+k], s.work[first+k+half] = a+b, a-b
			}
		}
	}
}
