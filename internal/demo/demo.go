// Package demo holds the clip that "consentry demo" signs and judges: two faces side by side that move slowly for five
// seconds, with a tone, 640x360 at 25 frames a second, H.264 and AAC in MP4, without a manifest.
//
// The people in it do not exist. testdata/demo says where the pictures come from, and has the script that made the
// clip. Start with [Clip].
package demo

import (
	_ "embed"
	"slices"
)

//go:embed clip.mp4
var clip []byte

// Clip returns the clip, as a copy of its own.
func Clip() []byte { return slices.Clone(clip) }

// Region is the place of a person in the clip, in percent of the picture, wide enough for the way that they move.
type Region struct{ X, Y, Width, Height float64 }

// People are the places of the two faces, left and right, from the first frame to the last.
var People = [2]Region{
	{X: 14.5, Y: 36.5, Width: 21.5, Height: 40.5},
	{X: 63.5, Y: 36.5, Width: 22.5, Height: 43.5},
}
