package visible

import "image"

// Shape is a mark's own drawing, white on black.
func Shape(mark string, variant int, height float64) (w, h int, pix []byte) {
	var s *shape
	switch mark {
	case "sora":
		s = wordmark()
	case "veo", "gemini":
		s = star([]float64{0.6, 1, 0.5, 0.75}[variant%4])
	default:
		s = boxed([]float64{1, 1.25, 1.5, 1.1, 1.35}[variant%5])
	}
	g := s.drawn(height, 0)
	return g.w, g.h, g.pix
}

// TopHat is that of a picture.
func TopHat(w, h int, pix []byte) []byte {
	g := &grey{w, h, pix}
	var tmp [2]grey
	g.topHat(&tmp)
	return g.pix
}

// Best is the best correlation of every mark in one picture.
func (d *Detector) Best() (out []float64, at []image.Rectangle) {
	for i := range d.seekers {
		r, c := d.seekers[i].best(&d.view)
		out, at = append(out, c), append(at, r)
	}
	return out, at
}
