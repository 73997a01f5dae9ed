package visible

import "image"

// mark is a mark that is looked for: its shapes, where they are, and when they count.
type mark struct {
	name, vendor string
	threshold    float64 // correlation from which a picture counts
	run          int     // pictures in a row that make a span
	forms        func(p picture) []form
	factor       int
}

// picture is the size of the picture that a player shows, and of the one that is looked at.
type picture struct {
	full, size image.Point
	short      float64 // shorter side of the one that is looked at
}

// marks are those whose shape can be drawn from simple lines. Thresholds are those that no clip of ours without a mark
// comes near; docs/accuracy.md, Visible marks.
var marks = []mark{
	{"sora", "OpenAI", 0.60, 5, soraForms, 8},
	{"veo", "Google", 0.55, 12, veoForms, 0},
	{"gemini", "Google", 0.55, 12, geminiForms, 0},
	{"seedance", "ByteDance", 0.70, 12, seedanceForms, 5},
	{"dreamina", "ByteDance", 0.70, 12, dreaminaForms, 5},
}

// slack is how far from its place a mark in a fixed corner may be, as a share of the shorter side: rounding, and some
// pixels that an encoder crops.
const slack = 0.008

// soraForms: anywhere, 6.5 to 10.5 % of the shorter side high.
func soraForms(p picture) (out []form) {
	s := wordmark()
	for _, height := range []float64{0.065, 0.074, 0.084, 0.095, 0.105} {
		out = append(out, formOf(s, height*p.short, image.Rectangle{Max: p.size}, 8))
	}
	return out
}

// veoForms: bottom right, size and distances from the edges of a picture whose shorter side is 720.
func veoForms(p picture) (out []form) {
	for _, g := range [][3]float64{{56, 92, 92}, {48, 72, 72}, {44, 29, 40}} {
		out = append(out, p.corner(g, p.short/720)...)
	}
	return out
}

// geminiForms: bottom right, in pixels of the picture as it is.
func geminiForms(p picture) []form {
	g := [3]float64{48, 32, 32}
	if min(p.full.X, p.full.Y) > 1024 {
		g = [3]float64{96, 64, 64}
	}
	return p.corner(g, float64(p.size.X)/float64(p.full.X))
}

// corner is a star at a place of its own: size, and distances from the right and the lower edge, each times unit.
func (p picture) corner(g [3]float64, unit float64) (out []form) {
	for _, power := range []float64{0.6, 1} {
		s := star(power)
		for _, about := range []float64{0.94, 1, 1.06} {
			size := g[0] * unit
			f := formOf(s, size*about, image.Rectangle{}, 0)
			// The centre stays where it is.
			x := float64(p.size.X) - g[1]*unit - size/2 - float64(f.fine.w)/2
			y := float64(p.size.Y) - g[2]*unit - size/2 - float64(f.fine.h)/2
			f.region = around(image.Pt(int(x+0.5), int(y+0.5)), int(slack*p.short+0.5))
			out = append(out, f)
		}
	}
	return out
}

// seedanceForms: bottom right, beyond 68 % of the width and 72 % of the height.
func seedanceForms(p picture) []form {
	return p.boxes(image.Rect(p.size.X*68/100, p.size.Y*72/100, p.size.X, p.size.Y))
}

// dreaminaForms: the same at the top left.
func dreaminaForms(p picture) []form {
	return p.boxes(image.Rect(0, 0, p.size.X*32/100, p.size.Y*28/100))
}

// boxes are "AI" in a frame, 6.5 to 10.5 % of the shorter side high. How wide the frame is was not to be found: three are tried.
func (p picture) boxes(region image.Rectangle) (out []form) {
	for _, aspect := range []float64{1, 1.25, 1.5} {
		s := boxed(aspect)
		for _, height := range []float64{0.065, 0.074, 0.084, 0.095, 0.105} {
			out = append(out, formOf(s, height*p.short, region, 5))
		}
	}
	return out
}

// formOf is a shape in a size, whose box with its margin lies in a region; factor is that of the first look, or 0.
func formOf(s *shape, height float64, region image.Rectangle, factor int) form {
	g := templateOf(s, height)
	f := form{fine: prepared(g), region: region}
	f.region.Max = f.region.Max.Sub(image.Pt(g.w-1, g.h-1))
	if factor > 0 {
		var c small
		c.of(g, factor)
		f.coarse = prepared(&c.grey)
	}
	return f
}

// seekersFor are those of all marks, for pictures of a size that are looked at in another.
func seekersFor(full, size image.Point) (out []seeker) {
	p := picture{full, size, float64(min(size.X, size.Y))}
	for i := range marks {
		m := &marks[i]
		out = append(out, seeker{m.forms(p), m.factor})
	}
	return out
}
