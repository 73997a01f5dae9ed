package accuracy

import "math"

// Interval is Clopper and Pearson's 95 % interval of a rate of which k of n were seen. It holds whatever the rate is.
func Interval(k, n int) (low, high float64) {
	const half = 0.025
	if k > 0 {
		low = solve(func(p float64) bool { return 1-below(k-1, n, p) < half })
	}
	high = 1
	if k < n {
		high = solve(func(p float64) bool { return below(k, n, p) > half })
	}
	return low, high
}

// solve is the border between rates for which ok holds, from 0 on, and those for which it does not.
func solve(ok func(float64) bool) float64 {
	low, high := 0.0, 1.0
	for range 60 {
		if mid := (low + high) / 2; ok(mid) {
			low = mid
		} else {
			high = mid
		}
	}
	return (low + high) / 2
}

// below is the probability of at most k of n at a rate p.
func below(k, n int, p float64) float64 {
	if p <= 0 {
		return 1
	}
	if p >= 1 {
		if k >= n {
			return 1
		}
		return 0
	}
	sum := 0.0
	for i := 0; i <= k; i++ {
		a, _ := math.Lgamma(float64(n + 1))
		b, _ := math.Lgamma(float64(i + 1))
		c, _ := math.Lgamma(float64(n - i + 1))
		sum += math.Exp(a - b - c + float64(i)*math.Log(p) + float64(n-i)*math.Log1p(-p))
	}
	return min(sum, 1)
}
