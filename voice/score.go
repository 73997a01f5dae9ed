package voice

import "math"

// weight is what one feature adds to the score: it is brought to the scale that it has on the material of the fit, and
// counts with its square, since speech has a middle: neither no voiced sounds nor many, neither a still pitch nor a wild
// one.
type weight struct{ mean, scale, linear, square float64 }

// weights come from a logistic regression over half of the sources of docs/accuracy.md, by internal/voicerates -fit.
var weights = [len(Features{})]weight{
	fRange: {2.084, 1.420, 0.467, 0.225},
	fFaint: {0.427, 0.176, 1.453, -0.614},
	fSyllables: {0.473, 0.170, 0.306, -0.156},
	fDepth: {0.645, 0.346, -2.087, 0.341},
	fBeat: {0.274, 0.157, -0.062, 0.116},
	fVoiced: {0.733, 0.207, -0.118, 0.211},
	fGlide: {1.916, 1.343, 0.516, -2.024},
	fSteady: {0.073, 0.142, -0.536, -0.364},
	fChange: {0.382, 0.130, 0.356, 0.104},
	fHiss: {0.750, 0.313, 0.924, -0.323},
	fRuns: {4.533, 2.024, 1.318, -0.219},
	fRunLength: {1.349, 1.519, 2.866, -0.920},
	fActive: {0.947, 0.118, 0.469, -0.112},
	fMelody: {0.448, 0.179, 0.713, -0.787},
	fBright: {-1.810, 0.974, 0.601, -0.792},
}

const (
	constant = 4.567
	// farthest bounds how far a feature counts from its mean, in scales: beyond, the material says nothing.
	farthest = 3
)

// Score says how much a window is like speech: 0 to 1. Of a window without features, in which nothing can be heard, it
// is 0.
func (f *Features) Score() float64 {
	if *f == (Features{}) {
		return 0
	}
	sum := float64(constant)
	for i, w := range weights {
		x := max(min((f[i]-w.mean)/w.scale, farthest), -farthest)
		sum += w.linear*x + w.square*x*x
	}
	return 1 / (1 + math.Exp(-sum))
}
