package watermark

import (
	"fmt"
	"math"
	"slices"

	"github.com/consentry/consentry/video"
)

// Limits of the search for other geometries, which looks at key frames alone.
const (
	geometryFrames = 16          // key frames: more say little that these did not
	geometryPixels = 4096 * 2304 // of a frame; no generator's picture is as large
	maxNative      = 5           // sizes that a picture may have been made in, of its own proportions
)

// natives are sizes that generators make, in pixels, those of generators that write marks first.
var natives = [][2]int{
	{1024, 576},
	{1024, 1024},
	{512, 512},
	{768, 768},
	{1152, 896},
	{1216, 832},
	{1344, 768},
	{1536, 640},
	{1280, 720},
	{640, 360},
	{1920, 1080},
	{848, 480},
	{768, 512},
	{960, 544},
	{1360, 768},
	{832, 480},
}

// rect is a part of the low band.
type rect struct{ x0, y0, x1, y1 int }

func (r rect) empty() bool { return r.x0 >= r.x1 || r.y0 >= r.y1 }

func (r rect) union(s rect) rect {
	if r.empty() {
		return s
	}
	if s.empty() {
		return r
	}
	return rect{min(r.x0, s.x0), min(r.y0, s.y0), max(r.x1, s.x1), max(r.y1, s.y1)}
}

// variant is a geometry in which the picture may have been marked, with what key frames say in it.
type variant struct {
	name string
	sums *sums
}

// plane is the low band of one picture in both orders.
type plane struct {
	width, height int
	v             [orders][]int32
}

func newPlane(width, height int) *plane {
	p := &plane{width: width, height: height}
	for o := range p.v {
		p.v[o] = make([]int32, width*height)
	}
	return p
}

// geometries looks at key frames as they may have been before somebody changed their size, mirrored them, put bars
// around them or cut something off.
type geometries struct {
	lengths  []int
	thorough bool
	spectral bool // dwtDctSvd is looked for
	frames   int
	size     [2]int // of the low band of the frames that are looked at: the first that is not black
	content  rect   // what is not black bars, in all frames so far
	variants []*variant
	parts    []*part
}

// add looks at a key frame. It is passed over once enough were seen.
func (g *geometries) add(f *video.Frame, r *reader) {
	if g.frames == geometryFrames || f.Width*f.Height > geometryPixels || r.width < 2*side || r.height < 2*side {
		return
	}
	size := [2]int{r.width, r.height}
	if g.frames > 0 && g.size != size {
		return
	}
	content := contentOf(f, r.width, r.height)
	if content.empty() {
		return // black
	}
	g.size = size
	if all := g.content.union(content); all != g.content {
		g.content, g.variants, g.parts, g.frames = all, nil, nil, 0
	}
	g.frames++
	whole := readPlane(r)
	inner := whole.cut(g.content)
	if inner.width != whole.width || inner.height != whole.height {
		g.look("bars around it", inner)
	}
	g.look("mirrored", inner.mirror())
	for _, n := range nativesOf(2*inner.width, 2*inner.height) {
		g.look(fmt.Sprintf("resized from %d×%d", n[0], n[1]), inner.resize(n[0]/2, n[1]/2))
	}
	g.cropped(inner)
}

// look adds what a picture says in one geometry.
func (g *geometries) look(name string, p *plane) {
	if p.width/side*(p.height/side) < MinBits {
		return
	}
	i := slices.IndexFunc(g.variants, func(v *variant) bool { return v.name == name })
	if i < 0 {
		i = len(g.variants)
		g.variants = append(g.variants, &variant{name: name, sums: newSums(g.lengths)})
	}
	s := g.variants[i].sums
	s.fold(p.cells(0, 0, g.spectral), 0, 1)
	s.frames++
}

// contentOf is what of the picture is not a black bar, in values of the low band. ITU-R BT.601: black is 16 of 255 and
// has no colour.
func contentOf(f *video.Frame, width, height int) rect {
	shift := f.BitDepth - 8
	const black, grey = 28, 6
	dark := func(x, y int) bool {
		c := reader{f: f}
		cx, cy := 2*x>>f.ChromaX, 2*y>>f.ChromaY
		b := c.sample(f.Cb.Data[cy*f.Cb.Stride:], cx) >> shift
		r := c.sample(f.Cr.Data[cy*f.Cr.Stride:], cx) >> shift
		if b < 128-grey || b > 128+grey || r < 128-grey || r > 128+grey {
			return false
		}
		return c.sample(f.Y.Data[2*y*f.Y.Stride:], 2*x)>>shift <= black
	}
	row := func(y int) bool { return all(width, func(x int) bool { return dark(x, y) }) }
	r := rect{0, 0, width, height}
	for r.y0 < r.y1 && row(r.y0) {
		r.y0++
	}
	for r.y1 > r.y0 && row(r.y1-1) {
		r.y1--
	}
	col := func(x int) bool { return all(r.y1-r.y0, func(y int) bool { return dark(x, r.y0+y) }) }
	for r.x0 < r.x1 && col(r.x0) {
		r.x0++
	}
	for r.x1 > r.x0 && col(r.x1-1) {
		r.x1--
	}
	return r
}

func all(n int, f func(int) bool) bool {
	for i := range n {
		if !f(i) {
			return false
		}
	}
	return true
}

func readPlane(r *reader) *plane {
	p := newPlane(r.width, r.height)
	var row [orders][]int32
	for y := range r.height {
		for o := range row {
			row[o] = p.v[o][y*p.width : (y+1)*p.width]
		}
		r.row(y, &row)
	}
	return p
}

// cells reads all blocks from an offset on.
func (p *plane) cells(x0, y0 int, spectral bool) []cell {
	cols, lines := (p.width-x0)/side, (p.height-y0)/side
	out := make([]cell, cols*lines)
	var rows [side][orders][]int32
	for i := range lines {
		for y := range side {
			for o := range orders {
				rows[y][o] = p.v[o][(y0+i*side+y)*p.width+x0:][:cols*side]
			}
		}
		blocks(&rows, out[i*cols:(i+1)*cols], spectral)
	}
	return out
}

func (p *plane) cut(r rect) *plane {
	out := newPlane(r.x1-r.x0, r.y1-r.y0)
	for o := range p.v {
		for y := range out.height {
			copy(out.v[o][y*out.width:(y+1)*out.width], p.v[o][(r.y0+y)*p.width+r.x0:])
		}
	}
	return out
}

func (p *plane) mirror() *plane {
	out := newPlane(p.width, p.height)
	for o := range p.v {
		for y := range p.height {
			in, to := p.v[o][y*p.width:(y+1)*p.width], out.v[o][y*p.width:(y+1)*p.width]
			for x, v := range in {
				to[p.width-1-x] = v
			}
		}
	}
	return out
}

// nativesOf are the sizes of about the same proportions, other than the picture's own.
func nativesOf(width, height int) (out [][2]int) {
	for _, n := range natives {
		for _, s := range [][2]int{n, {n[1], n[0]}} {
			ratio := float64(width) * float64(s[1]) / (float64(height) * float64(s[0]))
			if math.Abs(ratio-1) > 0.012 || len(out) == maxNative || abs(s[0]-width) < 2 && abs(s[1]-height) < 2 {
				continue
			}
			if out = append(out, s); n[0] == n[1] {
				break
			}
		}
	}
	return out
}

func abs(n int) int { return max(n, -n) }
