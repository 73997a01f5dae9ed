package watermark

import "math"

// convention says from what middle the writer's arithmetic counts: 128 for pictures of bytes, 0.5 for pictures of floats.
type convention int

const (
	bytes convention = iota
	floats
	conventions
)

// middle is the low band's value of a grey picture, in our units.
var middle = [conventions]int32{2 * 128 * turn / scale, 2 * turn / 2 / scale}

// kind is one way in which a mark may have been written: algorithm, convention and order.
type kind int

const kinds = 2 * kind(conventions) * kind(orders)

func kindOf(a Algorithm, c convention, o order) kind {
	k := kind(o) + kind(orders)*kind(c)
	if a == DwtDctSvd {
		k += kinds / 2
	}
	return k
}

func (k kind) algorithm() Algorithm {
	if k >= kinds/2 {
		return DwtDctSvd
	}
	return DwtDct
}

// amplitude is the length of the phasors that are summed: 520 of them, none below zero, stay within 16 bits.
const amplitude = 63

// A cell keeps what one block said in one way as three sums side by side in a word: of the real parts of the phasors, of
// their imaginary parts, each with amplitude added so that none is below zero, and of the votes. 500 frames stay within
// the 16 bits that each has, so that one addition adds all three.
const (
	imaginary = 16 // bits up from the real part
	voted     = 32
	lane      = 1<<16 - 1
)

// phasors are the points of the circle for 1,024 phases, as they are added to a cell.
var phasors = func() (t [1024]uint64) {
	for i := range t {
		s, c := math.Sincos(2 * math.Pi * (float64(i) + 0.5) / float64(len(t)))
		re, im := int64(math.Round(amplitude*c)), int64(math.Round(amplitude*s))
		t[i] = uint64(re+amplitude) | uint64(im+amplitude)<<imaginary
	}
	return t
}()

// vote is what one coefficient says, in halves: 2 for a one, 0 for a zero, 1 where it lies so close to a border between
// the two that rounding decides.
func vote(phase uint16) uint64 {
	const rim = 8 // units, 1/228 of a step of 1
	if (phase+rim)&(turn/2-1) < 2*rim {
		return 1
	}
	return uint64(phase>>14) & 2 // the middle of the turn is in a rim
}

// cell sums what one block said, over the frames of a segment.
type cell [kinds]uint64

func (c *cell) add(k kind, value int32) {
	phase := uint16(value)
	c[k] += phasors[phase>>6] + vote(phase)<<voted
}

// sums are those of one kind over so many frames; false: nothing of that kind was added, as no phasor is zero in both
// parts.
func (c *cell) sums(k kind, frames int) (re, im, votes int, ok bool) {
	w := c[k]
	return int(w&lane) - amplitude*frames, int(w>>imaginary&lane) - amplitude*frames, int(w >> voted), w != 0
}

// blocks reads a row of blocks from four rows of the low band and adds it to the cells.
func blocks(rows *[side][orders][]int32, cells []cell, spectral bool) {
	var v [block]int32
	for j := range cells {
		c := &cells[j]
		for o := range orders {
			for i := range side {
				*(*[side]int32)(v[i*side:]) = *(*[side]int32)(rows[i][o][j*side:])
			}
			low, high := extremes(&v)
			for k := range conventions {
				// The entry of the largest magnitude is the highest or the lowest.
				c.add(kindOf(DwtDct, k, o), max(high+middle[k], -(low+middle[k])))
			}
			if spectral {
				c.add(kindOf(DwtDctSvd, bytes, o), int32(dominated(&v)))
				c.add(kindOf(DwtDctSvd, floats, o), int32(singular(&v, float32(middle[floats]))))
			}
		}
	}
}

// extremes are the lowest and the highest value of a block but for its first.
func extremes(v *[block]int32) (low, high int32) {
	// Pairs first: each costs three comparisons for two values, and the pairs do not wait for each other.
	a, b := min(v[2], v[3]), max(v[2], v[3])
	c, d := min(v[4], v[5]), max(v[4], v[5])
	e, f := min(v[6], v[7]), max(v[6], v[7])
	g, h := min(v[8], v[9]), max(v[8], v[9])
	i, j := min(v[10], v[11]), max(v[10], v[11])
	k, l := min(v[12], v[13]), max(v[12], v[13])
	m, n := min(v[14], v[15]), max(v[14], v[15])
	low = min(min(min(v[1], a), min(c, e)), min(min(g, i), min(k, m)))
	high = max(max(max(v[1], b), max(d, f)), max(max(h, j), max(l, n)))
	return low, high
}

// dominated is the largest singular value of a block to which the middle of bytes is added: the transform between the
// two in the published code is orthonormal and does not change it. The middle is so much larger than what a picture
// adds to it that the first step of the power method is enough, and Rayleigh's quotient squares what is left.
func dominated(v *[block]int32) float32 {
	mid := middle[bytes]
	x0 := float32(v[0] + v[4] + v[8] + v[12] + side*mid)
	x1 := float32(v[1] + v[5] + v[9] + v[13] + side*mid)
	x2 := float32(v[2] + v[6] + v[10] + v[14] + side*mid)
	x3 := float32(v[3] + v[7] + v[11] + v[15] + side*mid)
	y := float32(0)
	for i := 0; i < block; i += side {
		r := float32(v[i]+mid)*x0 + float32(v[i+1]+mid)*x1 + float32(v[i+2]+mid)*x2 + float32(v[i+3]+mid)*x3
		y += r * r
	}
	n := x0*x0 + x1*x1 + x2*x2 + x3*x3
	if n == 0 {
		return 0
	}
	return float32(math.Sqrt(float64(y / n)))
}

// symmetric is the upper half of a symmetric 4×4 matrix, row by row.
type symmetric [10]float32

// singular is the largest singular value of any block: powers of BᵀB by squaring, then Rayleigh's quotient.
func singular(v *[block]int32, mid float32) float32 {
	var b [block]float32
	for i, x := range v {
		b[i] = float32(x) + mid
	}
	var m symmetric
	n := 0
	for i := range side {
		for j := i; j < side; j++ {
			m[n] = b[i]*b[j] + b[4+i]*b[4+j] + b[8+i]*b[8+j] + b[12+i]*b[12+j]
			n++
		}
	}
	if m[0]+m[4]+m[7]+m[9] == 0 {
		return 0
	}
	var p symmetric
	m.square(&p)
	p.square(&p) // M⁴
	// The column with the largest diagonal is not orthogonal to the vector that is looked for.
	x, best := [side]float32{p[0], p[1], p[2], p[3]}, p[0]
	if p[4] > best {
		best, x = p[4], [side]float32{p[1], p[4], p[5], p[6]}
	}
	if p[7] > best {
		best, x = p[7], [side]float32{p[2], p[5], p[7], p[8]}
	}
	if p[9] > best {
		x = [side]float32{p[3], p[6], p[8], p[9]}
	}
	y0 := m[0]*x[0] + m[1]*x[1] + m[2]*x[2] + m[3]*x[3]
	y1 := m[1]*x[0] + m[4]*x[1] + m[5]*x[2] + m[6]*x[3]
	y2 := m[2]*x[0] + m[5]*x[1] + m[7]*x[2] + m[8]*x[3]
	y3 := m[3]*x[0] + m[6]*x[1] + m[8]*x[2] + m[9]*x[3]
	q := (y0*x[0] + y1*x[1] + y2*x[2] + y3*x[3]) / (x[0]*x[0] + x[1]*x[1] + x[2]*x[2] + x[3]*x[3])
	return float32(math.Sqrt(float64(q)))
}

// square writes the matrix times itself, its trace made one before.
func (m *symmetric) square(out *symmetric) {
	by := 1 / (m[0] + m[4] + m[7] + m[9])
	a, b, c, d := m[0]*by, m[1]*by, m[2]*by, m[3]*by
	e, f, g := m[4]*by, m[5]*by, m[6]*by
	h, i, j := m[7]*by, m[8]*by, m[9]*by
	out[0] = a*a + b*b + c*c + d*d
	out[1] = a*b + b*e + c*f + d*g
	out[2] = a*c + b*f + c*h + d*i
	out[3] = a*d + b*g + c*i + d*j
	out[4] = b*b + e*e + f*f + g*g
	out[5] = b*c + e*f + f*h + g*i
	out[6] = b*d + e*g + f*i + g*j
	out[7] = c*c + f*f + h*h + i*i
	out[8] = c*d + f*g + h*i + i*j
	out[9] = d*d + g*g + i*i + j*j
}
