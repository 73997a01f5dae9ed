package visible_test

import (
	"image"
	"math"
	"math/rand/v2"
	"time"

	"github.com/consentry/consentry/video"
	"github.com/consentry/consentry/visible"
)

// clip is a clip of ours: a ground that moves, sensor noise, and what is put over it.
type clip struct {
	w, h   int
	seed   uint64
	ground func(x, y, t float64) float64
	over   func(n int, pix []byte)
	noise  float64
}

// kinds of grounds. All but the first are what visible marks were mistaken for.
var kinds = []string{"texture", "wood", "steam", "grid", "caption", "clock", "logo", "leaves"}

const tile = 256

// smooth is noise that repeats after a tile of cells.
type smooth []float64

func newSmooth(r *rand.Rand) smooth {
	s := make(smooth, tile*tile)
	for i := range s {
		s[i] = 2*r.Float64() - 1
	}
	return s
}

func (s smooth) at(x, y float64) float64 {
	ix, iy := math.Floor(x), math.Floor(y)
	fx, fy := x-ix, y-iy
	fx, fy = fx*fx*(3-2*fx), fy*fy*(3-2*fy)
	g := func(i, j int) float64 { return s[(j&(tile-1))*tile+i&(tile-1)] }
	i, j := int(ix), int(iy)
	return (g(i, j)*(1-fx)+g(i+1, j)*fx)*(1-fy) + (g(i, j+1)*(1-fx)+g(i+1, j+1)*fx)*fy
}

func newClip(kind string, seed uint64, w, h int) *clip {
	r := rand.New(rand.NewPCG(seed, 0x715b1e))
	s := newSmooth(r)
	base, contrast := 60+110*r.Float64(), 12+28*r.Float64()
	panX, panY := 30*(r.Float64()-0.5), 15*(r.Float64()-0.5)
	if r.IntN(3) == 0 {
		panX, panY = 0, 0 // a camera on a stand
	}
	fine := 0.3 + 0.7*r.Float64()
	texture := func(x, y, t float64) float64 {
		x, y = x+panX*t, y+panY*t
		return base + contrast*(1.6*s.at(x/97, y/97)+0.8*s.at(x/23, y/23)+fine*0.6*s.at(x/7, y/7)+fine*0.4*s.at(x/2.7, y/2.7))
	}
	c := &clip{w: w, h: h, seed: seed, ground: texture, noise: 1 + 4*r.Float64()}
	angle, pitch := r.Float64()*0.4, 4+10*r.Float64()
	switch kind {
	case "wood":
		c.ground = func(x, y, t float64) float64 {
			x, y = x+panX*t/3, y+panY*t/3
			u := y + angle*x + 30*s.at(x/160, y/60)
			return base + contrast*(math.Sin(u*2*math.Pi/pitch)+0.6*s.at(x/60, u/2))
		}
	case "steam":
		c.ground = func(x, y, t float64) float64 {
			a := s.at(x/60+t, y/50+2*t) + 0.5*s.at(x/25-t, y/22+3*t)
			return base/2 + 90*max(a, 0) + 3*s.at(x/5, y/5+4*t)
		}
	case "grid":
		c.ground = func(x, y, t float64) float64 {
			x, y = x+panX*t/4, y+panY*t/4
			v := texture(x, y, 0)/2 + 40
			if math.Mod(x+1e5, pitch*5) < 3 || math.Mod(y+1e5, pitch*4) < 3 {
				v += 80
			}
			return v
		}
	case "leaves":
		c.ground = func(x, y, t float64) float64 {
			x, y = x+panX*t, y+panY*t
			v := texture(x, y, 0) - 20
			if s.at(x/9, y/5)+0.5*s.at(x/4, y/4) > 0.45 {
				v += 70
			}
			return v
		}
	case "caption", "clock", "logo":
		c.over = written(kind, r, w, h)
	}
	return c
}

// written puts strokes of letters on the picture: lines of text below, a clock in a corner that counts, or a box with
// other letters, a ring and a star of five points that stay.
func written(kind string, r *rand.Rand, w, h int) func(int, []byte) {
	size := min(w, h)
	seed := r.Uint64()
	alpha := 0.5 + 0.5*r.Float64()
	corner := r.IntN(4)
	return func(n int, pix []byte) {
		dot := func(x, y float64, pen float64) {
			for j := int(y - pen); j <= int(y+pen); j++ {
				for i := int(x - pen); i <= int(x+pen); i++ {
					if i >= 0 && j >= 0 && i < w && j < h {
						p := &pix[j*w+i]
						*p = byte(float64(*p) + alpha*(250-float64(*p)))
					}
				}
			}
		}
		stroke := func(x0, y0, x1, y1, pen float64) {
			steps := int(math.Hypot(x1-x0, y1-y0)/pen) + 1
			for i := range steps + 1 {
				f := float64(i) / float64(steps)
				dot(x0+f*(x1-x0), y0+f*(y1-y0), pen)
			}
		}
		letter := func(q *rand.Rand, x, y, s float64) {
			px, py := x+s*0.5*q.Float64(), y+s*float64(q.IntN(3))/2
			for range 3 + q.IntN(2) {
				nx, ny := x+s*0.5*float64(q.IntN(3))/2, y+s*float64(q.IntN(3))/2
				stroke(px, py, nx, ny, s/14)
				px, py = nx, ny
			}
		}
		fs := float64(size)
		x0, y0 := 0.04*fs, 0.05*fs
		if corner&1 == 1 {
			x0 = float64(w) - 0.26*fs
		}
		if corner&2 == 2 {
			y0 = float64(h) - 0.12*fs
		}
		switch kind {
		case "caption":
			q := rand.New(rand.NewPCG(seed, uint64(n/15)))
			s := fs * (0.04 + 0.02*q.Float64())
			for row := range 2 {
				for k := range 14 {
					if q.IntN(6) > 0 {
						letter(q, float64(w)*0.15+float64(k)*s*0.75, float64(h)*0.8+float64(row)*s*1.5, s)
					}
				}
			}
		case "clock":
			for k, digits := 0, n/5; k < 4; k, digits = k+1, digits/10 {
				letter(rand.New(rand.NewPCG(seed, uint64(digits%10))), x0+float64(3-k)*0.05*fs, y0, 0.06*fs)
			}
		case "logo":
			q := rand.New(rand.NewPCG(seed, 1))
			a, b := (0.1+0.1*q.Float64())*fs, (0.06+0.04*q.Float64())*fs
			stroke(x0, y0, x0+a, y0, 1.5)
			stroke(x0, y0+b, x0+a, y0+b, 1.5)
			stroke(x0, y0, x0, y0+b, 1.5)
			stroke(x0+a, y0, x0+a, y0+b, 1.5)
			for k := range 1 + q.IntN(3) {
				letter(q, x0+a*0.2+float64(k)*b*0.5, y0+b*0.25, b*0.5)
			}
			cx, cy, rad := x0+a+0.05*fs, y0+b/2, b*0.5
			for k := range 5 {
				f := func(k int) (float64, float64) {
					t := float64(k) * 4 * math.Pi / 5
					return cx + rad*math.Sin(t), cy - rad*math.Cos(t)
				}
				ax, ay := f(k)
				bx, by := f(k + 1)
				stroke(ax, ay, bx, by, 1.2)
			}
		}
	}
}

// picture is the n-th, at five a second.
func (c *clip) picture(n int) []byte {
	pix := make([]byte, c.w*c.h)
	r := rand.New(rand.NewPCG(c.seed, uint64(n)))
	t := float64(n) / visible.Rate
	for y := 0; y < c.h; y++ {
		for x := 0; x < c.w; x++ {
			u := r.Uint64()
			grain := float64(u&0xffff+u>>16&0xffff+u>>32&0xffff)/0x10000 - 1.5
			pix[y*c.w+x] = byte(min(max(c.ground(float64(x), float64(y), t)+2*c.noise*grain, 16), 235))
		}
	}
	if c.over != nil {
		c.over(n, pix)
	}
	return pix
}

// frame lends a picture.
func frame(w, h, n int, pix []byte) *video.Frame {
	return &video.Frame{
		Index: int64(n), Time: time.Duration(n) * time.Second / visible.Rate, Width: w, Height: h, BitDepth: 8,
		Y: video.Plane{Data: pix, Stride: w, Width: w, Height: h},
	}
}

// lay puts a white shape over a picture.
func lay(pix []byte, w int, at image.Point, sw, sh int, shape []byte, alpha float64) {
	for y := range sh {
		for x := range sw {
			p := &pix[(at.Y+y)*w+at.X+x]
			a := alpha * float64(shape[y*sw+x]) / 255
			*p = byte(float64(*p) + a*(245-float64(*p)))
		}
	}
}

// place is where a mark lies, and how high it is, in a picture of a size: another one for each variant.
func place(mark string, variant, w, h int) (at image.Point, height float64) {
	s := float64(min(w, h))
	u := s / 720
	switch mark {
	case "sora":
		height = s * (0.068 + 0.009*float64(variant%5))
		spots := []image.Point{{33, 60}, {w - 40 - int(height*2.9), h / 2}, {33, h - 40 - int(height)}}
		return spots[variant%3], height
	case "veo":
		g := [][3]float64{{56, 92, 92}, {48, 72, 72}, {44, 29, 40}}[variant%3]
		return image.Pt(w-int(math.Round((g[0]+g[1])*u)), h-int(math.Round((g[0]+g[2])*u))), g[0] * u
	case "gemini":
		if min(w, h) > 1024 {
			return image.Pt(w-160, h-160), 96
		}
		return image.Pt(w-80, h-80), 48
	case "seedance":
		height = s * (0.067 + 0.009*float64(variant%5))
		return image.Pt(w-int(1.5*height)-int(0.04*s), h-int(height)-int(0.04*s)), height
	}
	return image.Pt(int(0.04*s), int(0.04*s)), s * (0.067 + 0.009*float64(variant%5))
}
