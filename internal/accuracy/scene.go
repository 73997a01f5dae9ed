package accuracy

import (
	"math"
	"math/rand/v2"

	"github.com/consentry/consentry/internal/imwatermark"
)

// sceneVersion changes when scenes do, so that the cache is not asked for old ones.
const sceneVersion = 1

// scene is a clip that looks like a camera's: a textured ground whose detail falls off with frequency as that of
// natural pictures does, colours that vary slowly, some objects that move, a slow pan, and the noise of a sensor. Each
// number is another one.
type scene struct {
	width, height int
	number        uint64
	octaves       []octave
	objects       []object
	base          [3]float64
	panX, panY    float64
	noise         float64
}

// octave is smooth noise of one size.
type octave struct {
	cell   float64 // pixels
	weight [3]float64
	grid   []float64
}

const gridSide = 64

type object struct {
	x, y, rx, ry, dx, dy float64
	color                [3]float64
	square               bool
}

func newScene(number uint64, width, height int) *scene {
	r := rand.New(rand.NewPCG(number, 0xacc))
	s := &scene{width: width, height: height, number: number, noise: 1 + 3*r.Float64()}
	s.panX, s.panY = 4*(r.Float64()-0.5), 2*(r.Float64()-0.5)
	contrast, colour := 15+30*r.Float64(), 0.2+0.5*r.Float64()
	for c := range 3 {
		s.base[c] = 60 + 120*r.Float64()
	}
	for size := 256.0; size >= 2; size /= 2 {
		o := octave{cell: size * (0.8 + 0.4*r.Float64()), grid: make([]float64, gridSide*gridSide)}
		for i := range o.grid {
			o.grid[i] = 2*r.Float64() - 1
		}
		a := contrast * math.Pow(size/256, 0.6)
		for c := range 3 {
			o.weight[c] = a * (1 + colour*(2*r.Float64()-1))
		}
		s.octaves = append(s.octaves, o)
	}
	for range 3 + r.IntN(6) {
		o := object{
			x: r.Float64() * float64(width), y: r.Float64() * float64(height),
			rx: 10 + r.Float64()*float64(width)/6, ry: 10 + r.Float64()*float64(height)/5,
			dx: 8 * (r.Float64() - 0.5), dy: 5 * (r.Float64() - 0.5), square: r.IntN(3) == 0,
		}
		for c := range 3 {
			o.color[c] = 110 * (r.Float64() - 0.5)
		}
		s.objects = append(s.objects, o)
	}
	return s
}

// at is the value of smooth noise at a place.
func (o *octave) at(x, y float64) float64 {
	x, y = x/o.cell, y/o.cell
	ix, iy := math.Floor(x), math.Floor(y)
	fx, fy := x-ix, y-iy
	fx, fy = fx*fx*(3-2*fx), fy*fy*(3-2*fy)
	g := func(i, j float64) float64 {
		return o.grid[(int(j)&(gridSide-1))*gridSide+int(i)&(gridSide-1)]
	}
	top := g(ix, iy)*(1-fx) + g(ix+1, iy)*fx
	bottom := g(ix, iy+1)*(1-fx) + g(ix+1, iy+1)*fx
	return top*(1-fy) + bottom*fy
}

// frame is the n-th picture.
func (s *scene) frame(n int) imwatermark.Picture {
	r := rand.New(rand.NewPCG(s.number, uint64(n)+1))
	p := imwatermark.Picture{Width: s.width, Height: s.height, Pix: make([]byte, 3*s.width*s.height)}
	ox, oy := s.panX*float64(n), s.panY*float64(n)
	for y := range s.height {
		for x := range s.width {
			v := s.base
			for i := range s.octaves {
				o := &s.octaves[i]
				a := o.at(float64(x)+ox, float64(y)+oy)
				for c := range 3 {
					v[c] += a * o.weight[c]
				}
			}
			for i := range s.objects {
				o := &s.objects[i]
				u, w := (float64(x)-o.x-o.dx*float64(n))/o.rx, (float64(y)-o.y-o.dy*float64(n))/o.ry
				if o.square && max(math.Abs(u), math.Abs(w)) < 1 || !o.square && u*u+w*w < 1 {
					for c := range 3 {
						v[c] += o.color[c] * (1 - 0.3*w)
					}
				}
			}
			for c := range 3 {
				grain := s.noise * (r.Float64() + r.Float64() + r.Float64() - 1.5)
				p.Pix[3*(y*s.width+x)+c] = byte(min(max(v[c]+grain, 0), 255))
			}
		}
	}
	return p
}
