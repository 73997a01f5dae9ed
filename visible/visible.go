// Package visible looks for visible marks that generators put into a corner of their clips, or let wander over it. It
// turns frames into hints: shape and place that look like a mark, for as long as a mark stays. It refuses to say more:
// nothing bounds how often a caption or a texture looks like one. The shapes that it compares with are drawn here from
// simple lines; it holds no picture of anybody's logo. Start with Detector.
package visible

import (
	"image"
	"math"
	"time"

	"github.com/consentry/consentry/video"
)

// Rate is how many pictures a second are looked at, where all frames are handed in.
const Rate = 5

// Limits of a look.
const (
	Side     = 480  // of the shorter side of the picture that is looked at, which larger ones are shrunk to
	MinSide  = 240  // a smaller picture is not looked at: strokes of a mark would be thinner than a pixel
	MaxLong  = 1440 // of the longer side when the shorter is Side
	MaxSpans = 64   // spans that are kept of one mark; the last one grows after that
)

// Hint is a mark that a clip looks as if it had.
type Hint struct {
	Mark      string          // "sora", "veo", "gemini", "seedance", "dreamina"
	Vendor    string          // whose mark looks like that
	Box       image.Rectangle // where it was first seen in the longest run, in pixels of the picture as a player shows it
	Picture   image.Point     // size of that picture
	Spans     [][2]time.Duration
	Frames    int     // pictures that it was seen in, of all spans
	Statistic float64 // mean correlation in the longest run, at most 1
	Threshold float64 // from which a picture counts
}

// Result is what a look came to.
type Result struct {
	Hints  []Hint
	Frames int // pictures that were looked at
	Unread int // pictures that were too small, too long or not as they say
}

// Marks are the names of the marks that are looked for.
func Marks() (out []string) {
	for i := range marks {
		out = append(out, marks[i].name)
	}
	return out
}

// Detector takes the frames of a video in their order. The zero value is ready. It keeps two shrunk pictures and the
// shapes for their size, some 8 MiB.
type Detector struct {
	track   video.Track
	started bool
	slot    int64
	view    view
	size    image.Point // that the shapes are drawn for
	seekers []seeker
	runs    []tracker
	res     Result
}

// Track tells how a player turns the pictures. Without it they are taken as they are coded.
func (d *Detector) Track(t *video.Track) { d.track = *t }

// Frame takes the next picture, and looks at it if it is the first of its fifth of a second. Nothing of f is kept.
func (d *Detector) Frame(f *video.Frame) {
	slot := int64(math.Floor(f.Time.Seconds() * Rate))
	if d.started && slot == d.slot {
		return
	}
	d.started, d.slot = true, slot
	if !d.view.take(f, d.track.Rotation, d.track.Mirrored) {
		d.res.Unread++
		return
	}
	d.res.Frames++
	if d.runs == nil {
		d.runs = make([]tracker, len(marks))
	}
	if at := (image.Point{d.view.full.X, d.view.full.Y}); at != d.size {
		d.size, d.seekers = at, seekersFor(at, image.Pt(d.view.w, d.view.h))
		for i := range d.runs { // a box of another picture is no place of this one
			d.runs[i].stop(&marks[i])
		}
	}
	d.view.sum()
	for i := range d.seekers {
		box, ncc := d.seekers[i].best(&d.view)
		d.runs[i].picture(&marks[i], d.size, f.Time, d.view.outside(box), ncc)
	}
}

// End says what was found.
func (d *Detector) End() *Result {
	for i := range d.runs {
		m := &marks[i]
		d.runs[i].stop(m)
		if h, ok := d.runs[i].hint(m); ok {
			d.res.Hints = append(d.res.Hints, h)
		}
	}
	return &d.res
}
