package persons

import (
	"math"

	"github.com/consentry/consentry/video"
)

// upright says how frames of a track become pictures as displayed: turned, mirrored, with square pixels. ISO/IEC
// 14496-12, 8.3.2 (matrix) and 12.1.4 (pasp).
type upright struct {
	rotation int // degrees clockwise: 0, 90, 180, 270
	mirrored bool
	aspect   float64 // width of a sample by its height
}

// maxAspect bounds a sample's aspect either way. Anamorphic film has 2; a file that says 1000 draws lines.
const maxAspect = 4

func uprightOf(t *video.Track) upright {
	u := upright{rotation: t.Rotation, mirrored: t.Mirrored, aspect: 1}
	if n, d := t.SampleAspect[0], t.SampleAspect[1]; n > 0 && d > 0 {
		u.aspect = min(max(float64(n)/float64(d), 1.0/maxAspect), maxAspect)
	}
	return u
}

// displayed is the size in pixels at which a player shows a frame of this size.
func (u upright) displayed(width, height int) (int, int) {
	w := max(int(math.Round(float64(width)*u.aspect)), 1)
	if u.turned() {
		return height, w
	}
	return w, height
}

// turned says whether width and height change places.
func (u upright) turned() bool { return u.rotation == 90 || u.rotation == 270 }

// sizeWithin is the size at which a displayed picture of w × h is looked at.
func sizeWithin(w, h int) (int, int) { return within(w, h, MaxSide) }

// within is the size of a picture of w × h whose longer side is at most long. It is never made larger.
func within(w, h, long int) (int, int) {
	m := max(w, h)
	if m <= long {
		return w, h
	}
	return max((w*long+m/2)/m, 1), max((h*long+m/2)/m, 1)
}

// raw is what is kept of a frame until it was looked at: its planes with 8 bits a sample, square samples and at most
// MaxSide of them a side, as they lie in the frame. The decoder's own planes are gone by then.
type raw struct {
	width, height    int
	y, cb, cr        []byte
	chromaW, chromaH int // 0: grey
	matrix           *matrix
	up               upright

	eight []byte // samples of a deep plane, cut to 8 bits
	scale scaler
}

// take copies a frame into r, whose room is used again. It says false where the frame's planes are not those that its
// size wants.
func (r *raw) take(f *video.Frame, up upright) bool {
	if !f.Y.Holds(f.BitDepth, f.Width, f.Height) {
		return false
	}
	w, h := sizeWithin(up.displayed(f.Width, f.Height))
	if up.turned() {
		w, h = h, w
	}
	r.width, r.height, r.up, r.matrix = w, h, up, matrixOf(f.Color, f.Height)
	r.plane(&r.y, &f.Y, f.BitDepth, w, h)
	r.chromaW, r.chromaH = 0, 0
	if f.Cb.Width < 1 || f.Cb.Height < 1 {
		return true
	}
	if !f.Cb.Holds(f.BitDepth, f.Cb.Width, f.Cb.Height) || !f.Cr.Holds(f.BitDepth, f.Cb.Width, f.Cb.Height) {
		return false
	}
	r.chromaW, r.chromaH = min(f.Cb.Width, w), min(f.Cb.Height, h)
	r.plane(&r.cb, &f.Cb, f.BitDepth, r.chromaW, r.chromaH)
	r.plane(&r.cr, &f.Cr, f.BitDepth, r.chromaW, r.chromaH)
	return true
}

// upright is the size of the large picture as displayed.
func (r *raw) upright() (w, h int) {
	if r.up.turned() {
		return r.height, r.width
	}
	return r.width, r.height
}

// plane copies one component at w × h samples. Deeper samples lose their lowest bits; one above its depth is the
// brightest.
func (r *raw) plane(to *[]byte, p *video.Plane, depth, w, h int) {
	in, stride := p.Data, p.Stride
	if depth > 8 {
		r.eight = sized(r.eight, p.Width*p.Height)
		for y := range p.Height {
			row, out := p.Data[y*p.Stride:], r.eight[y*p.Width:(y+1)*p.Width]
			for x := range out {
				out[x] = byte(min((int(row[2*x])|int(row[2*x+1])<<8)>>(depth-8), 255))
			}
		}
		in, stride = r.eight, p.Width
	}
	r.scale.resample(to, in, stride, p.Width, p.Height, w, h)
}

// sized is room for n bytes, the one that is there if it will do.
func sized(b []byte, n int) []byte {
	if cap(b) < n {
		return make([]byte, n)
	}
	return b[:n]
}

// scaler makes pictures of planes. It keeps its room; one goroutine at a time.
type scaler struct {
	y, cb, cr []byte
	across    []span
	rows      []uint32
	rgb       []byte
}

// span is where one sample of the result comes from: from the middle of first to the middle of last, with the weights of
// the two ends in 256ths; those between count in full.
type span struct {
	first, last int
	head, tail  uint32
}

// spans divides n samples among m. Where there are fewer than are wanted they are repeated.
func (s *scaler) spans(n, m int) []span {
	if cap(s.across) < m {
		s.across = make([]span, m)
	}
	s.across = s.across[:m]
	for i := range s.across {
		from, to := i*n*256/m, (i+1)*n*256/m
		if n <= m {
			at := min((2*i+1)*n/(2*m), n-1)
			s.across[i] = span{at, at, 256, 0}
			continue
		}
		first, last := from>>8, (to-1)>>8
		sp := span{first, last, uint32(256 - from&255), uint32(to - last<<8)}
		if first == last {
			sp.head = uint32(to - from)
		}
		s.across[i] = sp
	}
	return s.across
}

// resample makes w × h samples of a plane: the mean of what each covers, or the nearest where there are too few.
func (s *scaler) resample(to *[]byte, in []byte, stride, inW, inH, w, h int) {
	out := sized(*to, w*h)
	*to = out
	switch {
	case inW == w && inH == h:
		for y := range h {
			copy(out[y*w:(y+1)*w], in[y*stride:])
		}
	case inW%w == 0 && inH%h == 0:
		shrinkWhole(out, in, stride, w, h, inW/w, inH/h)
	case inW <= w && inH <= h:
		s.enlarge(out, in, stride, inW, inH, w, h)
	default:
		s.resampleAny(out, in, stride, inW, inH, w, h)
	}
}

// enlarge repeats samples.
func (s *scaler) enlarge(out, in []byte, stride, inW, inH, w, h int) {
	across := s.spans(inW, w)
	for y := range h {
		row, o := in[((2*y+1)*inH/(2*h))*stride:], out[y*w:(y+1)*w]
		for x := range o {
			o[x] = row[across[x].first]
		}
	}
}

// shrinkWhole takes the mean of blocks of kx × ky samples.
func shrinkWhole(out, in []byte, stride, w, h, kx, ky int) {
	area := uint32(kx * ky)
	for y := range h {
		o := out[y*w : (y+1)*w]
		for x := range o {
			sum := area / 2
			at := y*ky*stride + x*kx
			for range ky {
				for _, v := range in[at : at+kx] {
					sum += uint32(v)
				}
				at += stride
			}
			o[x] = byte(sum / area)
		}
	}
}

// resampleAny does it for sizes that are no multiples: first along the rows, then down the columns.
func (s *scaler) resampleAny(out, in []byte, stride, inW, inH, w, h int) {
	if cap(s.rows) < w*inH {
		s.rows = make([]uint32, w*inH)
	}
	rows := s.rows[:w*inH]
	for x, sp := range s.spans(inW, w) {
		weight := sp.head + sp.tail
		if sp.last > sp.first {
			weight += uint32(sp.last-sp.first-1) << 8
		} else {
			weight = sp.head
		}
		for y := range inH {
			row := in[y*stride : y*stride+inW]
			sum := uint32(row[sp.first]) * sp.head
			for i := sp.first + 1; i < sp.last; i++ {
				sum += uint32(row[i]) << 8
			}
			if sp.last > sp.first {
				sum += uint32(row[sp.last]) * sp.tail
			}
			rows[y*w+x] = sum * 16 / weight // twelve bits are enough for the second pass
		}
	}
	for y, sp := range s.spans(inH, h) {
		for x := range w {
			sum, weight := uint64(rows[sp.first*w+x])*uint64(sp.head), uint64(sp.head)
			for i := sp.first + 1; i < sp.last; i++ {
				sum += uint64(rows[i*w+x]) << 8
				weight += 256
			}
			if sp.last > sp.first {
				sum += uint64(rows[sp.last*w+x]) * uint64(sp.tail)
				weight += uint64(sp.tail)
			}
			out[y*w+x] = byte((sum + weight*8) / (weight * 16))
		}
	}
}

// picture makes the upright picture of a frame with its longer side at most long. It lends it until the next call.
func (s *scaler) picture(r *raw, long int) *Picture {
	return s.cut(r, part{0, 0, r.width, r.height}, long)
}

// part is a rectangle of samples.
type part struct{ x, y, w, h int }

// partIn is where a part of the upright picture lies in a frame of w × h.
func (u upright) partIn(p part, w, h int) part {
	switch u.rotation {
	case 90:
		p = part{p.y, h - p.x - p.w, p.h, p.w}
	case 180:
		p = part{w - p.x - p.w, h - p.y - p.h, p.w, p.h}
	case 270:
		p = part{w - p.y - p.h, p.x, p.h, p.w}
	}
	if u.mirrored {
		p.x = w - p.x - p.w
	}
	return p
}

// cut makes the upright picture of a part of a frame as picture does of all of it. The part is one of the frame as it is
// stored, and inside it.
func (s *scaler) cut(r *raw, p part, long int) *Picture {
	tw, th := within(p.w, p.h, long)
	s.resample(&s.y, r.y[p.y*r.width+p.x:], r.width, p.w, p.h, tw, th)
	if r.chromaW > 0 {
		x, y := p.x*r.chromaW/r.width, p.y*r.chromaH/r.height
		w, h := max((p.x+p.w)*r.chromaW/r.width-x, 1), max((p.y+p.h)*r.chromaH/r.height-y, 1)
		x, y = min(x, r.chromaW-w), min(y, r.chromaH-h)
		s.resample(&s.cb, r.cb[y*r.chromaW+x:], r.chromaW, w, h, tw, th)
		s.resample(&s.cr, r.cr[y*r.chromaW+x:], r.chromaW, w, h, tw, th)
	}
	s.rgb = sized(s.rgb, 3*tw*th)
	s.paint(r, tw, th)
	if r.up.turned() {
		tw, th = th, tw
	}
	return &Picture{Width: tw, Height: th, RGB: s.rgb}
}

// paint writes the resampled planes into the picture, turned.
func (s *scaler) paint(r *raw, tw, th int) {
	start, right, down := r.up.walk(tw, th)
	m := r.matrix
	for y := range th {
		at := start + y*down
		ys := s.y[y*tw : (y+1)*tw]
		if r.chromaW == 0 {
			for _, v := range ys {
				l := clampByte(m.luma[v])
				s.rgb[3*at], s.rgb[3*at+1], s.rgb[3*at+2] = l, l, l
				at += right
			}
			continue
		}
		cbs, crs := s.cb[y*tw:(y+1)*tw], s.cr[y*tw:(y+1)*tw]
		for x, v := range ys {
			l, u, w := m.luma[v], int32(cbs[x])-128, int32(crs[x])-128
			p := s.rgb[3*at : 3*at+3 : 3*at+3]
			p[0] = clampByte(l + m.crR*w)
			p[1] = clampByte(l - m.cbG*u - m.crG*w)
			p[2] = clampByte(l + m.cbB*u)
			at += right
		}
	}
}

// walk says where in the upright picture, in pixels, the first sample of a frame of w × h goes, and how far the next
// one to the right and the next one down are from it.
func (u upright) walk(w, h int) (start, right, down int) {
	switch u.rotation {
	case 90:
		start, right, down = h-1, h, -1
	case 180:
		start, right, down = w*h-1, -1, -w
	case 270:
		start, right, down = (w-1)*h, -h, 1
	default:
		start, right, down = 0, 1, w
	}
	if u.mirrored { // flipped left to right before it is turned
		start, right = start+(w-1)*right, -right
	}
	return start, right, down
}

// matrix turns Y'CbCr into R'G'B', in 65536ths. ITU-T H.273, table 4.
type matrix struct {
	luma               [256]int32
	crR, cbG, crG, cbB int32
}

// matrices are those of ITU-R BT.709, BT.601 and BT.2020, with limited and with full range.
var matrices = [3][2]matrix{
	{newMatrix(0.2126, 0.0722, false), newMatrix(0.2126, 0.0722, true)},
	{newMatrix(0.299, 0.114, false), newMatrix(0.299, 0.114, true)},
	{newMatrix(0.2627, 0.0593, false), newMatrix(0.2627, 0.0593, true)},
}

func newMatrix(kr, kb float64, full bool) (m matrix) {
	black, luma, chroma := 16.0, 255.0/219, 255.0/224
	if full {
		black, luma, chroma = 0, 1, 1
	}
	fixed := func(v float64) int32 { return int32(math.Round(v * 65536)) }
	for i := range m.luma {
		m.luma[i] = fixed((float64(i)-black)*luma) + 32768
	}
	kg := 1 - kr - kb
	m.crR, m.cbB = fixed(2*(1-kr)*chroma), fixed(2*(1-kb)*chroma)
	m.crG, m.cbG = fixed(2*kr*(1-kr)/kg*chroma), fixed(2*kb*(1-kb)/kg*chroma)
	return m
}

// matrixOf chooses the matrix that a frame names; one that names none is read as players do, by its height.
func matrixOf(c video.Color, height int) *matrix {
	full := 0
	if c.FullRange {
		full = 1
	}
	switch c.Matrix {
	case 1:
		return &matrices[0][full]
	case 4, 5, 6, 7:
		return &matrices[1][full]
	case 9, 10:
		return &matrices[2][full]
	}
	if height >= 720 {
		return &matrices[0][full]
	}
	return &matrices[1][full]
}

func clampByte(v int32) byte {
	v >>= 16
	if v < 0 {
		return 0
	}
	if v > 255 {
		return 255
	}
	return byte(v)
}
