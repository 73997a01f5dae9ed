package ffmpeg

import (
	"math"
	"math/bits"
	"time"
)

// ticksToTime is ticks × num/den seconds, rounded to the nearest nanosecond; what does not fit is the largest time
// there is. A time base that is not positive gives 0.
func ticksToTime(ticks int64, num, den int) time.Duration {
	if num <= 0 || den <= 0 || ticks == math.MinInt64 {
		return 0
	}
	negative := ticks < 0
	if negative {
		ticks = -ticks
	}
	// num is an int32 in FFmpeg, so num × 1e9 fits 64 bits.
	hi, lo := bits.Mul64(uint64(ticks), uint64(num)*uint64(time.Second))
	lo, carry := bits.Add64(lo, uint64(den)/2, 0)
	hi += carry
	ns := uint64(math.MaxInt64)
	if hi < uint64(den) {
		if q, _ := bits.Div64(hi, lo, uint64(den)); q < ns {
			ns = q
		}
	}
	if negative {
		return -time.Duration(ns)
	}
	return time.Duration(ns)
}

// timeToTicks is how many ticks of num/den seconds fit into a time of at most an hour, rounded down.
func timeToTicks(d time.Duration, num, den int) int64 {
	d = min(max(d, 0), time.Hour)
	if num <= 0 || den <= 0 {
		return 0
	}
	// 3.6e12 × 2^31 needs 73 bits, and the quotient 64: the divisor is at least 1e9.
	hi, lo := bits.Mul64(uint64(d), uint64(den))
	q, _ := bits.Div64(hi, lo, uint64(num)*uint64(time.Second))
	return int64(min(q, math.MaxInt64))
}

// turn reads a display matrix: the clockwise quarter turns nearest to it, and whether the picture is flipped left to
// right before. The matrix has 16.16 fixed-point numbers, row by row; a point (x, y) becomes (a·x + c·y, b·x + d·y).
func turn(m [9]int32) (degrees int, mirrored bool) {
	a, b, c, d := float64(m[0]), float64(m[1]), float64(m[3]), float64(m[4])
	if a*d-b*c < 0 {
		mirrored = true
		a, b = -a, -b // flipping left to right first turns (x, y) into (-x, y)
	}
	if a == 0 && b == 0 {
		return 0, mirrored
	}
	// y grows downwards, so a turn that takes the x axis to (a, b) is clockwise.
	quarter := int(math.Round(math.Atan2(b, a) / (math.Pi / 2)))
	return ((quarter%4 + 4) % 4) * 90, mirrored
}
