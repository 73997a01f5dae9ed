package fingerprint

import (
	"encoding/binary"
	"math"

	"github.com/consentry/consentry/video"
)

// grid is a frame of 32 by 32 cells.
type grid struct {
	sums   [side * side]int64 // of the luma samples of each cell, in 8 bits each
	counts [side * side]int64 // samples of each cell
	scale  int64              // what the mean of a cell is multiplied by to make it a whole number
	factor int64              // what the sum of some cells is multiplied by to make their mean one; 1: it is rounded
}

// maxSide bounds a frame's width and height: sums of more would not fit.
const maxSide = 1 << 15

// turned says how a player turns the pictures of a track: an implementation that is handed a file sees them turned.
type turned struct {
	degrees  int // clockwise: 0, 90, 180, 270
	mirrored bool
}

// readable reports whether a frame is as large as the grid and its plane is what it says.
func readable(f *video.Frame) bool {
	w, h, size := f.Width, f.Height, sampleSize(f)
	if w < side || h < side || w > maxSide || h > maxSide || f.BitDepth < 8 || f.BitDepth > 16 {
		return false
	}
	return f.Y.Stride >= w*size && f.Y.Stride <= math.MaxInt32 && len(f.Y.Data) >= (h-1)*f.Y.Stride+w*size
}

// sampleSize is the size of a sample in bytes.
func sampleSize(f *video.Frame) int {
	if f.BitDepth > 8 {
		return 2
	}
	return 1
}

// take reads the luma of a readable frame. ISO/IEC 15938-3:2002/Amd.4: a sample at column x of w belongs to column
// x·32/w of the grid, rounded down.
func (g *grid) take(f *video.Frame, t turned) {
	w, h, size, p := f.Width, f.Height, sampleSize(f), f.Y
	clear(g.sums[:])
	cols, rows := runs(w, t.columnsReversed()), runs(h, t.rowsReversed())
	top := int64(1)<<f.BitDepth - 1
	for r := range side {
		for y := rows[r].from; y < rows[r].to; y++ {
			line := p.Data[y*p.Stride:]
			for c := range side {
				part := line[cols[c].from*size : cols[c].to*size]
				g.sums[t.cell(r, c)] += sumOf(part, size)
			}
		}
	}
	for r := range side {
		for c := range side {
			i, n := t.cell(r, c), int64(rows[r].to-rows[r].from)*int64(cols[c].to-cols[c].from)
			g.counts[i] = n
			g.sums[i] = min(g.sums[i], top*n) // samples above the depth are a hostile decoder's
			if f.BitDepth > 8 {
				more := f.BitDepth - 8
				g.sums[i] = min((g.sums[i]+1<<(more-1))>>more, 255*n)
			}
		}
	}
	g.setScale(w, h)
}

func (t turned) quarter() bool { return t.degrees == 90 || t.degrees == 270 }

// columnsReversed and rowsReversed tell whether the columns and rows of the coded picture end at the start of the side
// of the turned picture that they run along.
func (t turned) columnsReversed() bool { return t.mirrored != (t.degrees == 180 || t.degrees == 270) }
func (t turned) rowsReversed() bool    { return t.degrees == 90 || t.degrees == 180 }

// cell is the place in the turned grid of what lies in run r of rows and c of columns.
func (t turned) cell(r, c int) int {
	if t.quarter() {
		r, c = c, r
	}
	return r*side + c
}

// run is a run of columns or rows that fall into one cell.
type run struct{ from, to int }

// runs are those of n columns or rows, by cell.
func runs(n int, reversed bool) (out [side]run) {
	for c := range side {
		// The first x with x·32/n at least c is c·n/32, rounded up.
		from, to := (c*n+side-1)/side, ((c+1)*n+side-1)/side
		if reversed {
			from, to = n-to, n-from
		}
		out[c] = run{from, to}
	}
	return out
}

// setScale finds a number that makes the mean of every cell whole: cells of one frame have at most two widths and two
// heights. Where the products would not fit, means are rounded as FFmpeg's filter rounds them.
func (g *grid) setScale(w, h int) {
	a, b := int64(w/side), int64(h/side)
	if a*(a+1)*(b*b+1) > math.MaxInt64/(cellsLCM*255) {
		g.scale, g.factor = 1<<16, 1
		return
	}
	g.scale, g.factor = sizesOf(w)*sizesOf(h), cellsLCM
}

func sizesOf(n int) int64 {
	k := int64(n / side)
	if n%side != 0 {
		k *= k + 1
	}
	return k
}

// areas sums the cells' means, times scale, from the corner.
func (g *grid) areas() *areas {
	t := areas{factor: g.factor}
	for r := range side {
		var row int64
		for c := range side {
			i := r*side + c
			row += g.sums[i] * g.scale / g.counts[i] // a sum has at most 28 bits, and the scale 26
			t.at[r+1][c+1] = t.at[r][c+1] + row
		}
	}
	return &t
}

// sumOf sums samples of one or two bytes.
func sumOf(p []byte, size int) int64 {
	if size == 2 {
		return sum16(p)
	}
	return sum8(p)
}

// sum8 sums bytes eight at a time. The four lanes of 16 bits hold the sum of 256 bytes together.
func sum8(p []byte) (sum int64) {
	const low = 0x00FF00FF00FF00FF
	for len(p) > 0 {
		q := p[:min(len(p), 256)]
		p = p[len(q):]
		var lanes uint64
		for len(q) >= 8 {
			x := binary.LittleEndian.Uint64(q)
			lanes += x&low + x>>8&low
			q = q[8:]
		}
		sum += int64(lanes * 0x0001000100010001 >> 48)
		for _, b := range q {
			sum += int64(b)
		}
	}
	return sum
}

// sum16 sums little-endian samples of 16 bits four at a time. Two lanes of 32 bits hold 2^15 samples.
func sum16(p []byte) (sum int64) {
	const low = 0x0000FFFF0000FFFF
	var lanes uint64
	for len(p) >= 8 {
		x := binary.LittleEndian.Uint64(p)
		lanes += x&low + x>>16&low
		p = p[8:]
	}
	sum = int64(lanes&0xFFFFFFFF + lanes>>32)
	for len(p) >= 2 {
		sum += int64(binary.LittleEndian.Uint16(p))
		p = p[2:]
	}
	return sum
}
