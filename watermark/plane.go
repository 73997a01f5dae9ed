package watermark

import (
	"encoding/binary"

	"github.com/consentry/consentry/video"
)

// The marks sit in the low band of a one-level Haar transform of U, of OpenCV's YUV. Each of its values is twice the
// mean of 2×2 pixels of U, which is what the chroma planes of 4:2:0 hold already. All values are kept as integers in
// which one step of the quantiser, 36, is a turn of 2^16.
const (
	scale = 36           // the quantiser's step in both algorithms
	turn  = 1 << 16      // the step, in our units
	unit  = turn / scale // about; exact in the weights below
	side  = 4            // values of a block across and down: 8×8 pixels
	block = side * side  // values of a block
	half  = 1 << (weightBits - 1)
	// weightBits is the number of fraction bits of a weight: 2^14 keeps products of 12-bit samples within 32 bits of
	// range and errs by less than a thousandth of a step.
	weightBits = 14
)

// order is the order of colours in which the writer handed its picture over. Some handed RGB to code that reads BGR.
type order int

const (
	bgr order = iota
	rgb
	orders
)

// weights turn a pair of chroma samples, as distances from the middle in 8-bit steps of 1/16, into the deviation of a
// low-band value from the middle. B−Y and R−Y have no part of Y, whatever the matrix: each order is a sum of the two.
type weights [orders][2]int64

// weightsOf are those of a colour description. What is not told is taken for BT.601, as the converters do that the
// marking scripts write with. ITU-T H.273, 8.3 (matrix coefficients).
func weightsOf(c video.Color) weights {
	kr, kb := 0.299, 0.114
	switch c.Matrix {
	case 1:
		kr, kb = 0.2126, 0.0722
	case 4:
		kr, kb = 0.30, 0.11
	case 7:
		kr, kb = 0.212, 0.087
	case 9, 10:
		kr, kb = 0.2627, 0.0593
	}
	kg := 1 - kr - kb
	// R, G and B less Y, for one unit of each chroma component.
	r := [2]float64{0, 2 * (1 - kr)}
	b := [2]float64{2 * (1 - kb), 0}
	g := [2]float64{-2 * kb * (1 - kb) / kg, -2 * kr * (1 - kr) / kg}
	steps := 255.0 / 224
	if c.FullRange {
		steps = 1
	}
	var w weights
	for i := range 2 {
		luma := 0.299*r[i] + 0.587*g[i] + 0.114*b[i]
		swapped := 0.299*b[i] + 0.587*g[i] + 0.114*r[i]
		// U is 0.492 of the difference, the low band twice that; samples come in sixteenths.
		const gain = 2 * 0.492 / 16 * turn / scale * (1 << weightBits)
		w[bgr][i] = int64(gain * steps * (b[i] - luma))
		w[rgb][i] = int64(gain * steps * (r[i] - swapped))
	}
	return w
}

// reader hands out the low band of a frame, row by row.
type reader struct {
	f             *video.Frame
	w             weights
	width, height int // of the low band
	cb, cr        []int32
	table         *table // of 8-bit 4:2:0, whose samples are the low band's; nil for others
}

// newReader is nil for a frame that has no colour, or whose planes are not what it says: the frame comes from a process
// that reads untrusted files.
func newReader(f *video.Frame) *reader {
	if f.Width < 1 || f.Height < 1 || f.BitDepth < 8 || f.BitDepth > 16 || f.ChromaX < 0 || f.ChromaX > 2 || f.ChromaY < 0 || f.ChromaY > 2 {
		return nil
	}
	for i, p := range []*video.Plane{&f.Y, &f.Cb, &f.Cr} {
		w, h := f.Width, f.Height
		if i > 0 {
			w, h = (w+1<<f.ChromaX-1)>>f.ChromaX, (h+1<<f.ChromaY-1)>>f.ChromaY
		}
		if !p.Holds(f.BitDepth, w, h) {
			return nil
		}
	}
	r := &reader{f: f, w: weightsOf(f.Color), width: f.Width / 2, height: f.Height / 2}
	if f.ChromaX == 1 && f.ChromaY == 1 && f.BitDepth == 8 {
		r.table = r.w.table()
		return r
	}
	r.cb, r.cr = make([]int32, r.width), make([]int32, r.width)
	return r
}

// table is what each value of 8-bit chroma adds to the low band, by order and component.
type table [orders][2][256]int32

func (w *weights) table() *table {
	t := new(table)
	for o := range t {
		for c := range t[o] {
			for v := range t[o][c] {
				t[o][c][v] = int32((w[o][c]*int64((v-128)<<4) + half) >> weightBits)
			}
		}
	}
	return t
}

// row writes a row of the low band, as deviations from the middle, for both orders.
func (r *reader) row(y int, out *[orders][]int32) {
	a, b := out[bgr][:r.width], out[rgb][:r.width]
	if r.table != nil {
		cb, cr := r.f.Cb.Data[y*r.f.Cb.Stride:][:r.width], r.f.Cr.Data[y*r.f.Cr.Stride:][:r.width]
		t := r.table
		for x := range a {
			u, v := cb[x], cr[x]
			a[x] = t[bgr][0][u] + t[bgr][1][v]
			b[x] = t[rgb][0][u] + t[rgb][1][v]
		}
		return
	}
	r.chroma(&r.f.Cb, y, r.cb)
	r.chroma(&r.f.Cr, y, r.cr)
	cb, cr := r.cb[:r.width], r.cr[:r.width]
	wb, wr := r.w[bgr], r.w[rgb]
	for x := range a {
		u, v := int64(cb[x]), int64(cr[x])
		a[x] = int32((u*wb[0] + v*wb[1] + half) >> weightBits)
		b[x] = int32((u*wr[0] + v*wr[1] + half) >> weightBits)
	}
}

// chroma writes a row of one component at half the picture's size, as distances from the middle in sixteenths of an
// 8-bit step: samples as they are in 4:2:0, means of what covers 2×2 pixels elsewhere.
func (r *reader) chroma(p *video.Plane, y int, out []int32) {
	f := r.f
	y0, y1 := 2*y>>f.ChromaY, (2*y+1)>>f.ChromaY
	top, bottom := p.Data[y0*p.Stride:], p.Data[y1*p.Stride:]
	for x := range out {
		x0, x1 := 2*x>>f.ChromaX, (2*x+1)>>f.ChromaX
		sum := r.sample(top, x0) + r.sample(top, x1) + r.sample(bottom, x0) + r.sample(bottom, x1)
		out[x] = sum<<2 - 128<<4
		if d := f.BitDepth - 8; d > 0 {
			out[x] = (sum<<2)>>d - 128<<4
		}
	}
}

// sample is one value; above the depth nothing is believed.
func (r *reader) sample(row []byte, x int) int32 {
	if r.f.BitDepth == 8 {
		return int32(row[x])
	}
	return min(int32(binary.LittleEndian.Uint16(row[2*x:])), 1<<r.f.BitDepth-1)
}
