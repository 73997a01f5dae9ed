package neural

import "math"

// MinMeasured is how many pieces of sound without a mark must have been shown to a network before anything is said of how
// often it is wrong.
const MinMeasured = 10_000

// Measurement is what a network said of pieces of sound in which there is no mark.
type Measurement struct {
	Clean  int // pieces
	Marked int // of them, that it took for marked
}

// measured are those of the files that the tool beside this package makes; docs/accuracy.md says of what sound.
var measured = map[string]Measurement{}

// Measured is what was measured with the very file that has this digest, in lower-case hexadecimal. False: nothing was,
// or too little to say anything of a rate.
func Measured(kind Kind, digest string) (Measurement, bool) {
	m, ok := measured[string(kind)+":"+digest]
	return m, ok && m.Clean >= MinMeasured
}

// AtMost is the rate of false alarms that a measurement shows at most, with 95 % confidence (Clopper and Pearson): had the
// rate been higher, so few pieces taken for marked would come by chance less than once in forty times.
func AtMost(m Measurement) float64 {
	low, high := 0., 1.
	for range 60 {
		p := (low + high) / 2
		if upTo(m.Clean, m.Marked, p) > 0.025 {
			low = p
		} else {
			high = p
		}
	}
	return high
}

// upTo is the chance that at most k of n happen, each with chance p between 0 and 1.
func upTo(n, k int, p float64) float64 {
	sum := 0.
	for i := range k + 1 {
		a, _ := math.Lgamma(float64(n + 1))
		b, _ := math.Lgamma(float64(i + 1))
		c, _ := math.Lgamma(float64(n - i + 1))
		sum += math.Exp(a - b - c + float64(i)*math.Log(p) + float64(n-i)*math.Log1p(-p))
	}
	return sum
}
