package visible

import (
	"encoding/binary"
	"image"

	"github.com/consentry/consentry/video"
)

// grey is a picture of one component.
type grey struct {
	w, h int
	pix  []byte
}

func newGrey(w, h int) *grey { return &grey{w, h, make([]byte, w*h)} }

// fit makes it of a size; what it shows is undefined then.
func (g *grey) fit(w, h int) {
	if cap(g.pix) < w*h {
		g.pix = make([]byte, w*h)
	}
	g.w, g.h, g.pix = w, h, g.pix[:w*h]
}

// reach of the top-hat: a square of 7 by 7. What is wider than that in both directions is taken for the picture.
const reach = 3

// topHat leaves what is brighter than its surroundings and thin: the picture less its opening by a square.
func (g *grey) topHat(tmp *[2]grey) {
	a, b := &tmp[0], &tmp[1]
	a.fit(g.w, g.h)
	b.fit(g.w, g.h)
	spread(a, g, b, lesser)
	spread(a, a, b, greater)
	for i, v := range a.pix {
		g.pix[i] -= v // an opening is nowhere brighter than the picture
	}
}

// high is the high bit of each of eight bytes.
const high = 0x8080808080808080

// notLess has all bits of those bytes set that are not less in x than in y.
func notLess(x, y uint64) uint64 {
	low := (x | high) - y&^high // of the other seven bits
	return ((x&^y | ^(x^y)&low) & high) >> 7 * 0xff
}

// lesser and greater take eight bytes at a time: this is where most of the time goes.
func lesser(dst, x, y []byte) {
	x, y = x[:len(dst)], y[:len(dst)]
	i := 0
	for ; i+8 <= len(dst); i += 8 {
		a, b := binary.LittleEndian.Uint64(x[i:]), binary.LittleEndian.Uint64(y[i:])
		m := notLess(a, b)
		binary.LittleEndian.PutUint64(dst[i:], b&m|a&^m)
	}
	for ; i < len(dst); i++ {
		dst[i] = min(x[i], y[i])
	}
}

func greater(dst, x, y []byte) {
	x, y = x[:len(dst)], y[:len(dst)]
	i := 0
	for ; i+8 <= len(dst); i += 8 {
		a, b := binary.LittleEndian.Uint64(x[i:]), binary.LittleEndian.Uint64(y[i:])
		m := notLess(a, b)
		binary.LittleEndian.PutUint64(dst[i:], a&m|b&^m)
	}
	for ; i < len(dst); i++ {
		dst[i] = max(x[i], y[i])
	}
}

// spread gives each pixel the least, or the greatest, of the square around it. At an edge the square is cut. Seven are
// covered by two fours that overlap, a four by two twos.
func spread(dst, src, tmp *grey, pick func(dst, x, y []byte)) {
	w, h := src.w, src.h
	line, four := make([]byte, w+2*reach), make([]byte, w+2*reach)
	for y := range h {
		row := src.pix[y*w : (y+1)*w]
		copy(line[reach:], row)
		for i := range reach { // an edge goes on as it is: the square holds nothing new
			line[i], line[reach+w+i] = row[0], row[w-1]
		}
		n := len(line)
		pick(four[:n-1], line[:n-1], line[1:n])
		pick(line[:n-3], four[:n-3], four[2:n-1])
		pick(tmp.pix[y*w:(y+1)*w], line[:w], line[reach:reach+w])
	}
	at := func(y int) []byte {
		y = min(max(y, 0), h-1)
		return tmp.pix[y*w : (y+1)*w]
	}
	// A ring of rows: what four rows from y on come to, for the four last y.
	var ring [4][]byte
	for i := range ring {
		ring[i] = make([]byte, w)
	}
	for y := -reach; y < h; y++ {
		r := ring[(y+4)&3]
		pick(r, at(y), at(y+1))
		pick(r, r, at(y+2))
		pick(r, r, at(y+3))
		if y >= 0 {
			pick(dst.pix[y*w:(y+1)*w], ring[(y+4-reach)&3], r)
		}
	}
}

// view is a picture as it is looked at: shrunk, turned, and only what is bright and thin.
type view struct {
	grey
	full    image.Point // size of the picture that a player shows
	tmp     [2]grey
	row     []uint32
	columns []int
	sums    integral
	smaller map[int]*small // by factor
}

// take reads the luma of a frame; false: it cannot be looked at.
func (v *view) take(f *video.Frame, rotation int, mirrored bool) bool {
	w, h, size := f.Width, f.Height, 1
	if f.BitDepth > 8 {
		size = 2
	}
	short, long := min(w, h), max(w, h)
	if short < MinSide || long > 1<<15 || f.BitDepth < 8 || f.BitDepth > 16 || long*Side > short*MaxLong {
		return false
	}
	if f.Y.Stride < w*size || len(f.Y.Data) < w*size || (len(f.Y.Data)-w*size)/f.Y.Stride < h-1 {
		return false
	}
	s := min(short, Side)
	v.shrink(f, w*s/short, h*s/short, size)
	v.full = image.Pt(w, h)
	if mirrored {
		v.flip()
	}
	for range (rotation/90%4 + 4) % 4 {
		v.quarter()
		v.full = image.Pt(v.full.Y, v.full.X)
	}
	v.topHat(&v.tmp)
	return true
}

// shrink takes the mean of the pixels that fall together.
func (v *view) shrink(f *video.Frame, w, h, size int) {
	v.fit(w, h)
	if len(v.row) != w || len(v.columns) != w+1 {
		v.row, v.columns = make([]uint32, w), make([]int, w+1)
	}
	for x := range v.columns {
		v.columns[x] = x * f.Width / w
	}
	if w == f.Width && h == f.Height && size == 1 {
		for y := range h {
			copy(v.pix[y*w:(y+1)*w], f.Y.Data[y*f.Y.Stride:])
		}
		return
	}
	shift := f.BitDepth - 8
	for y := range h {
		from, to := y*f.Height/h, (y+1)*f.Height/h
		clear(v.row)
		for sy := from; sy < to; sy++ {
			line := f.Y.Data[sy*f.Y.Stride:][:f.Width*size]
			for x := range v.row {
				a, b := v.columns[x], v.columns[x+1]
				sum := uint32(0)
				if size == 1 {
					for _, p := range line[a:b] {
						sum += uint32(p)
					}
				} else {
					for i := a; i < b; i++ { // samples above the depth are a hostile decoder's
						sum += min((uint32(line[2*i])|uint32(line[2*i+1])<<8)>>shift, 255)
					}
				}
				v.row[x] += sum
			}
		}
		out := v.pix[y*w : (y+1)*w]
		for x, sum := range v.row {
			out[x] = byte(sum / uint32((to-from)*(v.columns[x+1]-v.columns[x])))
		}
	}
}

// flip turns left and right round.
func (v *view) flip() {
	for y := range v.h {
		row := v.pix[y*v.w : (y+1)*v.w]
		for i, j := 0, len(row)-1; i < j; i, j = i+1, j-1 {
			row[i], row[j] = row[j], row[i]
		}
	}
}

// quarter turns it clockwise.
func (v *view) quarter() {
	t := &v.tmp[0]
	t.fit(v.h, v.w)
	for y := range v.h {
		for x, p := range v.pix[y*v.w : (y+1)*v.w] {
			t.pix[x*v.h+v.h-1-y] = p
		}
	}
	v.grey, *t = *t, v.grey
}

// outside is a box of what is looked at, in pixels of the picture.
func (v *view) outside(r image.Rectangle) image.Rectangle {
	return image.Rect(r.Min.X*v.full.X/v.w, r.Min.Y*v.full.Y/v.h, r.Max.X*v.full.X/v.w, r.Max.Y*v.full.Y/v.h)
}

// integral has the sums of a picture's pixels, and of their squares, from its corner.
type integral struct {
	w, h    int
	one     []uint32
	squares []uint64
}

func (s *integral) of(g *grey) {
	w := g.w + 1
	if n := w * (g.h + 1); cap(s.one) < n {
		s.one, s.squares = make([]uint32, n), make([]uint64, n)
	}
	n := w * (g.h + 1)
	s.w, s.h, s.one, s.squares = w, g.h+1, s.one[:n], s.squares[:n]
	clear(s.one[:w])
	clear(s.squares[:w])
	for y := range g.h {
		s.one[(y+1)*w], s.squares[(y+1)*w] = 0, 0
		var a uint32
		var b uint64
		above, squares := s.one[y*w+1:(y+1)*w], s.squares[y*w+1:(y+1)*w]
		one, two := s.one[(y+1)*w+1:(y+2)*w], s.squares[(y+1)*w+1:(y+2)*w]
		for x, p := range g.pix[y*g.w : (y+1)*g.w] {
			a += uint32(p)
			b += uint64(p) * uint64(p)
			one[x], two[x] = above[x]+a, squares[x]+b
		}
	}
}

// box gives both sums of a rectangle.
func (s *integral) box(x, y, w, h int) (float64, float64) {
	a, b := y*s.w+x, (y+h)*s.w+x
	return float64(s.one[b+w] - s.one[b] - s.one[a+w] + s.one[a]), float64(s.squares[b+w] - s.squares[b] - s.squares[a+w] + s.squares[a])
}

// sum prepares what templates are compared with.
func (v *view) sum() {
	v.sums.of(&v.grey)
	for i := range marks {
		by := marks[i].factor
		if by == 0 {
			continue
		}
		if v.smaller == nil {
			v.smaller = map[int]*small{}
		}
		if v.smaller[by] == nil {
			v.smaller[by] = &small{}
		}
	}
	for by, s := range v.smaller {
		s.of(&v.grey, by)
		s.sums.of(&s.grey)
	}
}
