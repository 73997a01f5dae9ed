package ffmpeg

import (
	"math"
	"math/big"
	"testing"
	"time"
)

func TestTicksToTime(t *testing.T) {
	for _, c := range []struct {
		name     string
		ticks    int64
		num, den int
		want     time.Duration
	}{
		{"a frame at 25 per second", 512, 1, 12800, 40 * time.Millisecond},
		{"rounded to the nearest", 1, 1, 3, 333333333},
		{"rounded up", 2, 1, 3, 666666667},
		{"before zero", -1024, 1, 12800, -80 * time.Millisecond},
		{"no time stamp", math.MinInt64, 1, 1000, 0},
		{"past what fits", math.MaxInt64, math.MaxInt32, 1, math.MaxInt64},
		{"no time base", 5, 0, 1, 0},
		{"a negative time base", 5, 1, -1, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := ticksToTime(c.ticks, c.num, c.den); got != c.want {
				t.Errorf("%v, want %v", got, c.want)
			}
		})
	}
}

func FuzzTicksToTime(f *testing.F) {
	f.Add(int64(0), int32(1), int32(25))
	f.Add(int64(-90000), int32(1), int32(90000))
	f.Add(int64(math.MaxInt64), int32(1001), int32(30000))
	f.Add(int64(math.MinInt64+1), int32(math.MaxInt32), int32(1))
	f.Add(int64(1), int32(1), int32(math.MaxInt32))
	f.Fuzz(func(t *testing.T, ticks int64, num, den int32) {
		got := ticksToTime(ticks, int(num), int(den))
		if num <= 0 || den <= 0 || ticks == math.MinInt64 {
			if got != 0 {
				t.Fatalf("%v for what is no time", got)
			}
			return
		}
		exact := new(big.Rat).SetFrac(new(big.Int).Mul(big.NewInt(ticks), big.NewInt(int64(num)*1e9)), big.NewInt(int64(den)))
		off := new(big.Rat).Sub(exact, new(big.Rat).SetInt64(int64(got)))
		if got != math.MaxInt64 && got != -math.MaxInt64 && off.Abs(off).Cmp(big.NewRat(1, 2)) > 0 {
			t.Fatalf("%d × %d/%d: %d is off by %v", ticks, num, den, got, off)
		}
	})
}

func TestTimeToTicks(t *testing.T) {
	for _, c := range []struct {
		d        time.Duration
		num, den int
		want     int64
	}{
		{40 * time.Millisecond, 1, 1200000, 48000},
		{time.Second, 1001, 30000, 29},
		{math.MaxInt64, 1, math.MaxInt32, 3600 * math.MaxInt32},
		{-time.Second, 1, 25, 0},
		{time.Second, 0, 25, 0},
	} {
		if got := timeToTicks(c.d, c.num, c.den); got != c.want {
			t.Errorf("%v in %d/%d s: %d, want %d", c.d, c.num, c.den, got, c.want)
		}
	}
}

// one is 1.0 in the fixed-point numbers of a display matrix.
const one = 1 << 16

func TestTurn(t *testing.T) {
	for _, c := range []struct {
		name       string
		a, b, c, d int32
		degrees    int
		mirrored   bool
	}{
		{"upright", one, 0, 0, one, 0, false},
		{"a quarter clockwise", 0, one, -one, 0, 90, false},
		{"upside down", -one, 0, 0, -one, 180, false},
		{"a quarter anticlockwise", 0, -one, one, 0, 270, false},
		{"flipped left to right", -one, 0, 0, one, 0, true},
		{"flipped top to bottom", one, 0, 0, -one, 180, true},
		{"transposed", 0, one, one, 0, 270, true},
		{"nothing", 0, 0, 0, 0, 0, false},
		{"slightly off", one, 500, -500, one, 0, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			degrees, mirrored := turn([9]int32{c.a, c.b, 0, c.c, c.d, 0, 0, 0, 1 << 30})
			if degrees != c.degrees || mirrored != c.mirrored {
				t.Errorf("%d, mirrored %v; want %d, %v", degrees, mirrored, c.degrees, c.mirrored)
			}
			// Doing the answer to a point must give what the matrix gives, except where the matrix is no exact turn.
			if c.name == "slightly off" || c.name == "nothing" {
				return
			}
			x, y := 3, 5
			if mirrored {
				x = -x
			}
			for range degrees / 90 {
				x, y = -y, x // clockwise where y grows downwards
			}
			wantX, wantY := int(c.a/one)*3+int(c.c/one)*5, int(c.b/one)*3+int(c.d/one)*5
			if x != wantX || y != wantY {
				t.Errorf("the point lands on %d,%d, the matrix says %d,%d", x, y, wantX, wantY)
			}
		})
	}
}
