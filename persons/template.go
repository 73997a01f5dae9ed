package persons

import (
	"fmt"
	"math"
)

const (
	// ChipSide is the width and the height of a chip, in pixels: the picture of one face, turned upright and cut, of which
	// a template is made.
	ChipSide = 150
	// TemplateSize is how many numbers a template has.
	TemplateSize = 128
)

// Template stands for a face: those of one person lie near each other, by [Template.Distance]. It is made only where
// somebody asks whether faces of this one file are alike, it never leaves the process and is in no report and no log, and
// whoever holds one calls [Template.Forget] when it has served. Nothing compares templates of two files.
type Template [TemplateSize]float32

// Distance is the Euclidean distance of two templates.
func (t *Template) Distance(o *Template) float64 {
	sum := 0.0
	for i := range t {
		d := float64(t[i]) - float64(o[i])
		sum += d * d
	}
	return math.Sqrt(sum)
}

// Forget zeroes the template. Copies that the runtime made when it grew a stack are beyond it.
func (t *Template) Forget() { clear(t[:]) }

// Format keeps the numbers from whoever prints one by mistake, with whatever verb.
func (t Template) Format(f fmt.State, _ rune) { fmt.Fprint(f, "template") }

// MarshalText keeps them out of JSON.
func (t Template) MarshalText() ([]byte, error) { return []byte("template"), nil }

// mean is the mean of templates, of which there is one at least.
func mean(list []*Template) *Template {
	out := &Template{}
	for _, t := range list {
		for i, v := range t {
			out[i] += v / float32(len(list))
		}
	}
	return out
}
