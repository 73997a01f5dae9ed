// Package imwatermark is the published arithmetic of the marks dwtDct and dwtDctSvd (PyPI invisible-watermark 0.2.0) on
// pictures of bytes: it writes marks for tests and for the measurement of accuracy, and reads single votes, which are
// held against the published package's own. It shares no code with package watermark, which looks for marks in decoded
// video. Start with [Mark] and [Votes].
package imwatermark

import "math"

// Way is a way of writing a mark.
type Way struct {
	Svd    bool // dwtDctSvd; else dwtDct
	Floats bool // the picture was handed over as floats from 0 to 255: grey is 0.5 and not 128
	Swap   bool // red and blue were exchanged, as some writers did
}

// Picture is a picture of bytes, red, green and blue in turn.
type Picture struct {
	Width, Height int
	Pix           []byte
}

const (
	step = 36 // of the quantiser
	side = 4  // values of a block across and down
)

// Mark writes a message into a picture, as the published encoder does, and rounds to bytes (the published scripts cut
// floats off: truncate). Pictures of fewer than 256×256 pixels are refused by that encoder and left alone here.
func Mark(p Picture, w Way, bits []bool, truncate bool) Picture {
	out := Picture{p.Width, p.Height, append([]byte(nil), p.Pix...)}
	if p.Width*p.Height < 256*256 || len(bits) == 0 {
		return out
	}
	y, u, v := planes(p, w)
	width, height := p.Width/4*4, p.Height/4*4
	f := transform(u, p.Width, width, height, w.Floats)
	n := 0
	for i := 0; i+side <= f.height; i += side {
		for j := 0; j+side <= f.width; j += side {
			bit := 0.0
			if bits[n%len(bits)] {
				bit = 1
			}
			if w.Svd {
				f.markSvd(i, j, bit)
			} else {
				f.markLargest(i, j, bit)
			}
			n++
		}
	}
	f.restore(u, p.Width, w.Floats)
	back(out.Pix, y, u, v, w, truncate)
	return out
}

// Vote is what one block says.
type Vote struct {
	One bool
	// Edge says how far the coefficient lies from the next border between zero and one, in the quantiser's units; near
	// zero rounding decides.
	Edge float64
}

// Votes reads all blocks, row by row.
func Votes(p Picture, w Way) []Vote {
	_, u, _ := planes(p, w)
	f := transform(u, p.Width, p.Width/4*4, p.Height/4*4, w.Floats)
	var out []Vote
	for i := 0; i+side <= f.height; i += side {
		for j := 0; j+side <= f.width; j += side {
			var c float64
			if w.Svd {
				c, _, _ = f.largestSingular(i, j)
			} else {
				at := f.largest(i, j)
				c = math.Abs(f.low[at])
			}
			rest := math.Mod(c, step)
			edge := math.Min(math.Min(rest, step-rest), math.Abs(rest-step/2))
			out = append(out, Vote{rest > step/2, edge})
		}
	}
	return out
}

// planes are OpenCV's Y, U and V: of bytes in its fixed-point arithmetic, each value a whole number, else of floats.
func planes(p Picture, w Way) (y, u, v []float32) {
	n := p.Width * p.Height
	y, u, v = make([]float32, n), make([]float32, n), make([]float32, n)
	for i := range n {
		r, g, b := int32(p.Pix[3*i]), int32(p.Pix[3*i+1]), int32(p.Pix[3*i+2])
		if w.Swap {
			r, b = b, r
		}
		if w.Floats {
			luma := float32(float32(r)*0.299) + float32(float32(g)*0.587) + float32(float32(b)*0.114)
			y[i] = luma
			u[i] = float32((float32(b)-luma)*0.492) + 0.5
			v[i] = float32((float32(r)-luma)*0.877) + 0.5
			continue
		}
		luma := (r*4899 + g*9617 + b*1868 + 1<<13) >> 14
		y[i] = float32(luma)
		u[i] = float32(clamp(((b-luma)*8061 + 128<<14 + 1<<13) >> 14))
		v[i] = float32(clamp(((r-luma)*14369 + 128<<14 + 1<<13) >> 14))
	}
	return y, u, v
}

// back turns the planes into bytes again.
func back(pix []byte, y, u, v []float32, w Way, truncate bool) {
	for i := range y {
		var r, g, b int32
		if w.Floats {
			du, dv := u[i]-0.5, v[i]-0.5
			b = toByte(y[i]+du*2.032, truncate)
			g = toByte(y[i]-du*0.395-dv*0.581, truncate)
			r = toByte(y[i]+dv*1.140, truncate)
		} else {
			luma, du, dv := int32(y[i]), int32(u[i])-128, int32(v[i])-128
			b = clamp(luma + (du*33292+1<<13)>>14)
			g = clamp(luma + (du*-6472+dv*-9519+1<<13)>>14)
			r = clamp(luma + (dv*18678+1<<13)>>14)
		}
		if w.Swap {
			r, b = b, r
		}
		pix[3*i], pix[3*i+1], pix[3*i+2] = byte(r), byte(g), byte(b)
	}
}

func clamp(v int32) int32 { return min(max(v, 0), 255) }

func toByte(v float32, truncate bool) int32 {
	if truncate {
		return clamp(int32(math.Floor(float64(v))))
	}
	return clamp(int32(math.RoundToEven(float64(v))))
}
