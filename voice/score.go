package voice

import "math"

// weight is what one feature adds to the score: it is brought to the scale that it has on the material of the fit, and
// counts with its square, since speech has a middle: neither no voiced sounds nor many, neither a still pitch nor a wild
// one.
type weight struct{ mean, scale, linear, square float64 }

// weights come from a logistic regression over half of the sources of docs/accuracy.md, by internal/voicerates -fit.
var weights = [len(Features{})]weight{
	fRange:     {2.545, 1.768, 2.024, -0.332},
	fFaint:     {0.434, 0.189, 1.652, -0.774},
	fSyllables: {0.467, 0.179, 0.112, -0.119},
	fDepth:     {0.702, 0.400, -3.405, 0.803},
	fBeat:      {0.282, 0.167, -0.490, -0.005},
	fVoiced:    {0.756, 0.210, -0.429, 0.097},
	fGlide:     {1.950, 1.474, -0.155, -1.761},
	fSteady:    {0.077, 0.155, -0.738, 0.024},
	fChange:    {0.411, 0.152, 0.609, -0.254},
	fHiss:      {0.712, 0.375, 1.558, -0.483},
	fRuns:      {4.161, 2.001, 1.296, -0.319},
	fRunLength: {1.521, 1.718, 2.306, -0.763},
	Active:     {0.904, 0.154, 0.487, 0.206},
	fMelody:    {0.410, 0.190, 0.258, -0.492},
}

const (
	constant = 3.775
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
