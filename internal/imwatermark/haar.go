package imwatermark

import "math"

// low is the low band of a one-level Haar transform, with the three detail bands.
type bands struct {
	width, height                  int
	low, vertical, horizontal, dia []float64
}

// transform multiplies as PyWavelets does: each pair with 1/√2, first down, then across. Halving sums of four instead
// gives another last bit, and votes on exact borders turn.
func transform(u []float32, stride, width, height int, floats bool) *bands {
	f := &bands{width: width / 2, height: height / 2}
	n := f.width * f.height
	f.low, f.vertical, f.horizontal, f.dia = make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)
	for i := range f.height {
		for j := range f.width {
			a, b := float64(u[2*i*stride+2*j]), float64(u[2*i*stride+2*j+1])
			c, d := float64(u[(2*i+1)*stride+2*j]), float64(u[(2*i+1)*stride+2*j+1])
			at := i*f.width + j
			left, right := pair(a, c, floats), pair(b, d, floats)
			downLeft, downRight := pair(a, -c, floats), pair(b, -d, floats)
			f.low[at] = pair(left, right, floats)
			f.vertical[at] = pair(left, -right, floats)
			f.horizontal[at] = pair(downLeft, downRight, floats)
			f.dia[at] = pair(downLeft, -downRight, floats)
		}
	}
	return f
}

// pair is the product sum of one step, in the precision of its input.
func pair(a, b float64, floats bool) float64 {
	if floats {
		const s = float32(0.7071067811865476)
		return float64(float32(float32(a)*s) + float32(float32(b)*s))
	}
	const s = 0.7071067811865476
	return float64(b*s) + float64(a*s)
}

// restore transforms back with the two detail bands exchanged, as the published encoder does.
func (f *bands) restore(u []float32, stride int, floats bool) {
	for i := range f.height {
		for j := range f.width {
			at := i*f.width + j
			ll, across, down, dia := f.low[at], f.horizontal[at], f.vertical[at], f.dia[at]
			left, right := pair(ll, across, floats), pair(ll, -across, floats)
			downLeft, downRight := pair(down, dia, floats), pair(down, -dia, floats)
			u[2*i*stride+2*j] = store(pair(left, downLeft, floats), floats)
			u[2*i*stride+2*j+1] = store(pair(right, downRight, floats), floats)
			u[(2*i+1)*stride+2*j] = store(pair(left, -downLeft, floats), floats)
			u[(2*i+1)*stride+2*j+1] = store(pair(right, -downRight, floats), floats)
		}
	}
}

// store writes a value back into the plane; a plane of bytes cuts it off, and goes round below 0 and past 255.
func store(v float64, floats bool) float32 {
	if floats {
		return float32(v)
	}
	return float32(byte(int64(v)))
}

// largest is the place of the entry of the largest magnitude, without the first.
func (f *bands) largest(i, j int) int {
	at := -1
	for y := range side {
		for x := range side {
			n := (i+y)*f.width + j + x
			if (y > 0 || x > 0) && (at < 0 || math.Abs(f.low[n]) > math.Abs(f.low[at])) {
				at = n
			}
		}
	}
	return at
}

func (f *bands) markLargest(i, j int, bit float64) {
	at := f.largest(i, j)
	v := f.low[at]
	q := (math.Floor(math.Abs(v)/step) + 0.25 + 0.5*bit) * step
	f.low[at] = math.Copysign(q, v)
	if v == 0 {
		f.low[at] = q
	}
}

// markSvd changes the largest singular value alone; the cosine transform around it is orthonormal.
func (f *bands) markSvd(i, j int, bit float64) {
	s, left, right := f.largestSingular(i, j)
	d := (math.Floor(s/step)+0.25+0.5*bit)*step - s
	for y := range side {
		for x := range side {
			f.low[(i+y)*f.width+j+x] += d * left[y] * right[x]
		}
	}
}

// largestSingular is the largest singular value of a block with its vectors, by Jacobi's rotations of BᵀB.
func (f *bands) largestSingular(i, j int) (s float64, left, right [side]float64) {
	var b, m, v [side][side]float64
	for y := range side {
		for x := range side {
			b[y][x] = f.low[(i+y)*f.width+j+x]
		}
		v[y][y] = 1
	}
	for p := range side {
		for q := range side {
			for y := range side {
				m[p][q] += b[y][p] * b[y][q]
			}
		}
	}
	for range 12 {
		for p := range side {
			for q := p + 1; q < side; q++ {
				rotate(&m, &v, p, q)
			}
		}
	}
	best := 0
	for p := range side {
		if m[p][p] > m[best][best] {
			best = p
		}
	}
	s = math.Sqrt(math.Max(0, m[best][best]))
	for x := range side {
		right[x] = v[x][best]
	}
	for y := range side {
		for x := range side {
			left[y] += b[y][x] * right[x]
		}
		if s > 0 {
			left[y] /= s
		}
	}
	return s, left, right
}

// rotate makes one pair of entries zero.
func rotate(m, v *[side][side]float64, p, q int) {
	if math.Abs(m[p][q]) < 1e-300 {
		return
	}
	theta := (m[q][q] - m[p][p]) / (2 * m[p][q])
	t := math.Copysign(1, theta) / (math.Abs(theta) + math.Sqrt(theta*theta+1))
	c := 1 / math.Sqrt(t*t+1)
	s := t * c
	for k := range side {
		a, b := m[k][p], m[k][q]
		m[k][p], m[k][q] = c*a-s*b, s*a+c*b
	}
	for k := range side {
		a, b := m[p][k], m[q][k]
		m[p][k], m[q][k] = c*a-s*b, s*a+c*b
		a, b = v[k][p], v[k][q]
		v[k][p], v[k][q] = c*a-s*b, s*a+c*b
	}
}
