package watermark

import "math"

// taps are the weights that one value of a resized line is made with.
type taps struct {
	first  int
	weight []float32
}

// tapsFor are those of a line: a cubic of Catmull and Rom, as wide as the coarser of the two grids.
func tapsFor(from, to int) []taps {
	ratio := float64(from) / float64(to)
	reach := max(1, ratio)
	out := make([]taps, to)
	for i := range out {
		at := (float64(i)+0.5)*ratio - 0.5
		low, high := int(math.Ceil(at-2*reach)), int(math.Floor(at+2*reach))
		t := taps{first: max(low, 0)}
		sum := 0.0
		w := make([]float64, min(high, from-1)-t.first+1)
		for n := low; n <= high; n++ {
			c := cubic((float64(n) - at) / reach)
			w[min(max(n, 0), from-1)-t.first] += c // the edge goes on outside
			sum += c
		}
		for _, c := range w {
			t.weight = append(t.weight, float32(c/sum))
		}
		out[i] = t
	}
	return out
}

func cubic(x float64) float64 {
	x = math.Abs(x)
	switch {
	case x < 1:
		return 1.5*x*x*x - 2.5*x*x + 1
	case x < 2:
		return -0.5*x*x*x + 2.5*x*x - 4*x + 2
	}
	return 0
}

// resize is the picture at another size.
func (p *plane) resize(width, height int) *plane {
	out := newPlane(width, height)
	across, down := tapsFor(p.width, width), tapsFor(p.height, height)
	wide := make([]float32, width*p.height)
	for o := range p.v {
		for y := range p.height {
			row := p.v[o][y*p.width : (y+1)*p.width]
			for x, t := range across {
				sum := float32(0)
				for i, w := range t.weight {
					sum += w * float32(row[t.first+i])
				}
				wide[y*width+x] = sum
			}
		}
		sums := make([]float32, width)
		for y, t := range down {
			clear(sums)
			for i, w := range t.weight {
				for x, v := range wide[(t.first+i)*width:][:width] {
					sums[x] += w * v
				}
			}
			for x, v := range sums {
				out.v[o][y*width+x] = int32(v)
			}
		}
	}
	return out
}
