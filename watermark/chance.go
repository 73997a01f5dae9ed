package watermark

import "math"

// The bounds speak about the draw of the message and assume nothing of the video: had the ±1 message been drawn by fair
// coins, independently of the pictures, how likely were a sum as large as the one seen?

// tail bounds P(Σ w·x ≥ s) for fair signs w by Chernoff's method with the numbers x themselves:
// min over λ of exp(−λs)·Π cosh(λx). It is never above Hoeffding's exp(−s²/2‖x‖²), and falls to 2^−n where s can only be
// reached by one draw.
func tail(x []float64, s float64) float64 {
	total, square := 0.0, 0.0
	for _, v := range x {
		total += math.Abs(v)
		square += v * v
	}
	switch {
	case s <= 0:
		return 1
	case s > total*(1+1e-12):
		return 0
	case square == 0:
		return 1
	}
	// The exponent is convex in λ; its slope is −s + Σ x·tanh(λx). Newton's steps, kept inside a bracket.
	low, high := 0.0, 64*s/square
	l := s / square
	for range 60 {
		slope, curve := -s, 0.0
		for _, v := range x {
			t := math.Tanh(l * v)
			slope += v * t
			curve += v * v * (1 - t*t)
		}
		if slope > 0 {
			high = l
		} else {
			low = l
		}
		if math.Abs(slope) < 1e-9*s {
			break
		}
		next := l - slope/curve
		if !(next > low && next < high) {
			next = (low + high) / 2
		}
		l = next
	}
	return math.Exp(exponent(x, s, l)) // any λ gives a bound; the best one the least
}

func exponent(x []float64, s, l float64) float64 {
	e := -l * s
	for _, v := range x {
		a := math.Abs(l * v)
		e += a + math.Log1p(math.Exp(-2*a)) - math.Ln2
	}
	return e
}

// directions is the number of directions in half a circle that a circle is covered with in [tail2]: a vector of length
// s reaches at least s·cos(π/2·directions) in one of them.
const directions = 16

// coarse is the chance above which Hoeffding's bound is good enough: far from anything that counts.
const coarse = 1e-3

// tail2 bounds P(|Σ w·z| ≥ s) for fair signs w and points z of the plane: Pinelis' vector form of Hoeffding's bound, or
// [tail] in each of the directions together, whichever is less.
func tail2(re, im []float64, s float64) float64 {
	square := 0.0
	for i := range re {
		square += re[i]*re[i] + im[i]*im[i]
	}
	if square == 0 || s <= 0 {
		return 1
	}
	bound := 2 * math.Exp(-s*s/(2*square))
	if bound > coarse {
		return min(bound, 1)
	}
	axis := principal(re, im)
	reach := s * math.Cos(math.Pi/(2*directions))
	x := make([]float64, len(re))
	sum := 0.0
	for d := range directions {
		sin, cos := math.Sincos(axis + math.Pi*float64(d)/directions)
		for i := range x {
			x[i] = cos*re[i] + sin*im[i]
		}
		sum += 2 * tail(x, reach)
	}
	return min(bound, sum, 1)
}

// principal is the angle of the line through the middle along which points spread most.
func principal(re, im []float64) float64 {
	var xx, xy, yy float64
	for i := range re {
		xx += re[i] * re[i]
		xy += re[i] * im[i]
		yy += im[i] * im[i]
	}
	return math.Atan2(2*xy, xx-yy) / 2
}
