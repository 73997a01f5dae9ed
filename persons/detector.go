// Package persons says who can be seen in a video: when, and where in the picture, never who it is. Faces are found in
// each decoded picture, followed through the shots, and held against the regions that a declaration names.
//
// It finds faces only: a person who is seen from behind, masked or smaller than a few pixels is not found, and no
// answer of this package proves that nobody is there. It computes no template and compares no two faces unless a [Linker]
// is asked for that; that one picture gives way to another in the place of a face is told from a few seconds of pixels, as
// a cut is. It writes nothing and uses no network. The package is pure: what finds faces is a [Detector], and persons/jail
// has one.
package persons

import (
	"context"
	"slices"
)

const (
	// MaxSide bounds width and height of a picture that a detector takes, in pixels: the largest frame that is looked at
	// as it is. Memory and time of a network grow with the area.
	MaxSide = 1280
	// MaxFaces bounds what a detector finds in one picture. A picture with more is a pattern made against the detector.
	MaxFaces = 1000
)

// Face is one detection. All places are fractions of the width and height of the picture that the detector was given,
// which is upright as displayed and has square pixels.
type Face struct {
	X, Y, W, H float64 // left, top, width, height, inside the picture
	Score      float64 // between 0 and 1, on the model's own scale
	// Landmarks are x and y of the eye at the picture's left, the eye at its right, the nose, and the corners of the mouth
	// at the left and the right. They may lie outside the picture; all are zero where the model has none.
	Landmarks [5][2]float64
}

// Picture is a decoded frame as a detector takes it: upright as displayed, square pixels, no more than [MaxSide] wide
// and high.
type Picture struct {
	Width, Height int    // pixels
	RGB           []byte // red, green, blue of each pixel, row by row, without padding: 3 × Width × Height bytes
}

// Valid says whether the picture's bytes are those that its size wants, and the size is one that a detector takes.
func (p *Picture) Valid() bool {
	return p != nil && p.Width >= 1 && p.Width <= MaxSide && p.Height >= 1 && p.Height <= MaxSide && len(p.RGB) == 3*p.Width*p.Height
}

// Model is what a detector runs, for the report: two runs with the same digests see the same.
type Model struct {
	Name   string // of the network, such as "centerface", or of the library that runs it
	SHA256 string // of the file, in hexadecimal
}

// Detector finds faces in pictures.
type Detector interface {
	// Network names the kind of network, "centerface", "yunet" or "ultraface": each has a scale of scores of its own.
	Network() string
	// Models lists what runs, for the report: the network first, then the library.
	Models() []Model
	// Workers is how many calls of Detect make progress at the same time; further ones wait.
	Workers() int
	// Detect finds the faces in a picture, best score first, at most [MaxFaces]; of detections that overlap by more than
	// .3 (intersection over union) the best stays. Weak detections are among them: what score makes a face is for the
	// caller to say. It is safe for concurrent use and borrows the picture until it returns. The error is an
	// [*Error] where the detector could not do its work, and every later call fails then, too.
	Detect(ctx context.Context, p *Picture) ([]Face, error)
	// Close ends the detector and frees what belongs to it.
	Close() error
}

// Describer is a detector that makes templates of faces, too. Nothing asks for one unless faces are to be told apart.
type Describer interface {
	Detector
	// Template makes the template of a chip, which is [ChipSide] pixels wide and high. It borrows the chip until it
	// returns. The error is an [*Error], and every later call fails then, too.
	Template(ctx context.Context, chip *Picture) (Template, error)
}

// The reasons of an [Error].
const (
	ReasonCrash       = "crash"       // the process that runs the network died
	ReasonTimeout     = "timeout"     // it did not answer in time
	ReasonLimit       = "limit"       // one of our limits was reached
	ReasonProtocol    = "protocol"    // it said something that it must not say
	ReasonLibrary     = "library"     // the library is missing, is another than the pinned one, or does not load
	ReasonModel       = "model"       // the model is missing, is another than the pinned one, or is no network that is known
	ReasonSelfTest    = "self-test"   // the network does not see what it must see in a picture of our own
	ReasonUnavailable = "unavailable" // this binary or this system cannot run networks
	ReasonCancelled   = "cancelled"   // the caller gave up
)

// Error says why faces could not be looked for.
type Error struct {
	Reason string // one of the constants above
	Detail string
	Err    error
}

func (e *Error) Error() string {
	s := "not analysed: " + e.Reason
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// BestFirst sorts faces by their scores, the best first; those of one score stay in their order.
func BestFirst(faces []Face) {
	slices.SortStableFunc(faces, func(a, b Face) int {
		switch {
		case a.Score > b.Score:
			return -1
		case a.Score < b.Score:
			return 1
		}
		return 0
	})
}
