package neural

import (
	"math"

	"github.com/consentry/consentry/video"
)

// feed makes a frame a network's input: the part that it looks at, at the size that it wants. It says false where the
// frame has no planes of three colours that fit its size. The tensor's room is used again.
func (n *Network) feed(f *video.Frame, to *Tensor) bool {
	if !f.Y.Holds(f.BitDepth, f.Width, f.Height) || !f.Cb.Holds(f.BitDepth, f.Cb.Width, f.Cb.Height) ||
		!f.Cr.Holds(f.BitDepth, f.Cb.Width, f.Cb.Height) {
		return false
	}
	x0, y0, w, h := 0.0, 0.0, float64(f.Width), float64(f.Height)
	if long, short := max(w, h), min(w, h); n.c.crop > 0 && long > n.c.crop*short {
		x0, y0, w, h = (w-short)/2, (h-short)/2, short, short
	}
	toW, toH := n.c.side, n.c.side
	if n.c.side == 0 {
		toW, toH = within(f.Width, f.Height)
	}
	size := toW * toH
	if cap(to.Data) < 3*size {
		to.Data = make([]float32, 3*size)
	}
	to.Data = to.Data[:3*size]
	to.Shape = []int64{1, 3, int64(toH), int64(toW)}
	if n.c.time {
		to.Shape = []int64{1, 3, 1, int64(toH), int64(toW)}
	}
	planes := [3]*video.Plane{&f.Y, &f.Cb, &f.Cr}
	for i, p := range planes {
		sx, sy := float64(p.Width)/float64(f.Width), float64(p.Height)/float64(f.Height)
		across, down := reaches(x0*sx, w*sx, p.Width, toW), reaches(y0*sy, h*sy, p.Height, toH)
		shrink(to.Data[i*size:(i+1)*size], p, f.BitDepth, across, down)
	}
	n.colour(to.Data, size, f)
	return true
}

// within is a size whose longer side is at most MaxSide.
func within(w, h int) (int, int) {
	if m := max(w, h); m > MaxSide {
		return max(w*MaxSide/m, 1), max(h*MaxSide/m, 1)
	}
	return w, h
}

// reach is what a sample of the result is made of: weights of the samples from first on.
type reach struct {
	first  int
	weight []float32
}

// reaches divide the stretch of a line from start, of the given length, among n samples: triangles as wide as the
// coarser of the two grids, so that nothing is passed over where the picture gets smaller.
func reaches(start, length float64, samples, n int) []reach {
	ratio := length / float64(n)
	half := max(1, ratio)
	out := make([]reach, n)
	for i := range out {
		at := start + (float64(i)+0.5)*ratio - 0.5
		low := max(int(math.Ceil(at-half)), 0)
		high := min(int(math.Floor(at+half)), samples-1)
		low = min(low, samples-1)
		high = max(high, low)
		r := reach{first: low, weight: make([]float32, high-low+1)}
		sum := 0.0
		for k := low; k <= high; k++ {
			v := max(1-math.Abs(float64(k)-at)/half, 0)
			r.weight[k-low] = float32(v)
			sum += v
		}
		if sum == 0 { // beyond the edge: the nearest sample
			r.weight[0], sum = 1, 1
		}
		for k := range r.weight {
			r.weight[k] /= float32(sum)
		}
		out[i] = r
	}
	return out
}

// shrink resamples a plane, first its lines and then its columns, to samples of 8 bits.
func shrink(out []float32, p *video.Plane, depth int, across, down []reach) {
	first, last := p.Height, -1
	for _, d := range down {
		first, last = min(first, d.first), max(last, d.first+len(d.weight)-1)
	}
	w := len(across)
	lines := make([]float32, w*(last-first+1))
	row := make([]float32, p.Width)
	deep := 1 / float32(int(1)<<max(depth-8, 0))
	for y := first; y <= last; y++ {
		in := p.Data[y*p.Stride:]
		for x := range row {
			if depth > 8 {
				row[x] = min(float32(int(in[2*x])|int(in[2*x+1])<<8)*deep, 255)
			} else {
				row[x] = float32(in[x])
			}
		}
		to := lines[(y-first)*w:]
		for x, r := range across {
			sum := float32(0)
			for k, v := range r.weight {
				sum += v * row[r.first+k]
			}
			to[x] = sum
		}
	}
	for y, d := range down {
		to := out[y*w : (y+1)*w]
		clear(to)
		for k, v := range d.weight {
			for x, s := range lines[(d.first-first+k)*w:][:w] {
				to[x] += v * s
			}
		}
	}
}

// colour turns planes of Y'CbCr into those of the network's colours, in place. ITU-T H.273, table 4.
func (n *Network) colour(v []float32, size int, f *video.Frame) {
	kr, kb := 0.299, 0.114
	switch m := f.Color.Matrix; {
	case m == 1, (m < 4 || m > 10 || m == 8) && f.Height >= 720:
		kr, kb = 0.2126, 0.0722
	case m == 9, m == 10:
		kr, kb = 0.2627, 0.0593
	}
	black, luma, chroma := float32(16), float32(255.0/219), float32(255.0/224)
	if f.Color.FullRange {
		black, luma, chroma = 0, 1, 1
	}
	crR, cbB := float32(2*(1-kr)), float32(2*(1-kb))
	kg := 1 - kr - kb
	crG, cbG := float32(2*(1-kr)*kr/kg), float32(2*(1-kb)*kb/kg)
	first, last := 0, 2*size // where red and blue go
	if n.c.bgr {
		first, last = last, first
	}
	for i := range size {
		y, cb, cr := (v[i]-black)*luma, (v[size+i]-128)*chroma, (v[2*size+i]-128)*chroma
		v[first+i] = n.number(y + crR*cr)
		v[size+i] = n.number(y - crG*cr - cbG*cb)
		v[last+i] = n.number(y + cbB*cb)
	}
}

// number is a sample as the network takes it.
func (n *Network) number(v float32) float32 {
	return min(max(v, 0), 255)*n.c.scale + n.c.shift
}

// mirror turns left and right around, in place.
func mirror(t *Tensor) {
	w := int(t.Shape[len(t.Shape)-1])
	for at := 0; at+w <= len(t.Data); at += w {
		for i, j := at, at+w-1; i < j; i, j = i+1, j-1 {
			t.Data[i], t.Data[j] = t.Data[j], t.Data[i]
		}
	}
}
