package watermark

import (
	"slices"
	"time"

	"github.com/consentry/consentry/video"
)

// Limits of a look.
const (
	maxSegments   = 256      // parts of the time line that are kept apart
	segmentMemory = 48 << 20 // bytes that they may take together
	segmentFrames = 500      // whose phasors of length 63 stay within 16 bits
	segmentMin    = 400 * time.Millisecond
	segmentMax    = 2 * time.Second
)

// Options say what to look for beside the known messages.
type Options struct {
	Messages   []Message   // of the user's own; those past MaxMessages are not looked for
	Algorithms []Algorithm // nil: all
	// Thorough asks for parts that were cut out of a marked picture anywhere, not only at its blocks.
	Thorough bool
}

func (o *Options) looksFor(a Algorithm) bool {
	return o.Algorithms == nil || slices.Contains(o.Algorithms, a)
}

// target is a message with what is needed to compare it.
type target struct {
	Message
	length   int       // index of its length
	signs    []float64 // −1, 1
	twice    []float64 // the signs, twice
	classes  []int     // by bit: means are taken away within a class; -1: the bit does not count
	counting int       // bits that count
	strict   []int     // classes of the second look at a short text; nil: none
	share    float64   // of the error budget
	own      bool      // the user's
}

// segment is a part of the time line.
type segment struct {
	start, end time.Duration
	key, all   *sums
}

// Detector looks for marks in frames that are handed to it one after the other. It keeps sums, never pixels. The zero
// value is not ready: use [New]. It is not safe for concurrent use.
type Detector struct {
	targets []target
	lengths []int
	limit   int // of segments

	rows                [side][orders][]int32
	width, height       int // of the frames that the cells stand for
	cols, lines         int // of blocks
	keys, rest          []cell
	keyCount, restCount int
	start, last         time.Duration
	segments            []segment
	top, bottom         [2]*sums // halves of the picture: of key frames, of all
	looked, unread      int
	step                time.Duration // between two frames
	geometries          geometries
	spectral            bool // dwtDctSvd is looked for
}

// New is a detector of the known messages and those of the options.
func New(o Options) *Detector {
	d := &Detector{targets: targets(o), spectral: o.looksFor(DwtDctSvd)}
	total := 0
	for i := range d.targets {
		t := &d.targets[i]
		t.length = -1
		for j, l := range d.lengths {
			if l == t.Bits {
				t.length = j
			}
		}
		if t.length < 0 {
			t.length = len(d.lengths)
			d.lengths = append(d.lengths, t.Bits)
			total += t.Bits
		}
	}
	d.geometries = geometries{lengths: d.lengths, thorough: o.Thorough, spectral: d.spectral}
	d.limit = min(maxSegments, max(8, segmentMemory/(2*total*int(kinds)*12)))
	for i := range d.top {
		d.top[i], d.bottom[i] = newSums(d.lengths), newSums(d.lengths)
	}
	return d
}

// Frame looks at a picture. What it cannot read (no colour, planes that do not fit, fewer blocks than the shortest
// message has bits) is counted and passed over. The frame is not kept.
func (d *Detector) Frame(f *video.Frame) error {
	r := newReader(f)
	if r == nil || r.width/side*(r.height/side) < MinBits || f.Height > 1<<16 || f.Width > 1<<16 {
		d.unread++
		return nil
	}
	d.looked++
	if f.Width != d.width || f.Height != d.height {
		d.close(f.Time)
		d.resize(f.Width, f.Height, r)
	}
	if n := d.keyCount + d.restCount; n > 0 {
		age := f.Time - d.start
		if n >= segmentFrames || age >= segmentMax || age < 0 || f.Key && age >= segmentMin {
			d.close(f.Time)
		}
	}
	if d.keyCount+d.restCount == 0 {
		d.start = f.Time
	}
	if s := f.Time - d.last; s > 0 {
		d.step = s
	}
	d.last = f.Time
	cells := d.rest
	if f.Key {
		d.geometries.add(f, r)
		cells = d.keys
		d.keyCount++
	} else {
		d.restCount++
	}
	for i := range d.lines {
		for y := range side {
			r.row(i*side+y, &d.rows[y])
		}
		blocks(&d.rows, cells[i*d.cols:(i+1)*d.cols], d.spectral)
	}
	return nil
}

func (d *Detector) resize(width, height int, r *reader) {
	d.width, d.height = width, height
	d.cols, d.lines = r.width/side, r.height/side
	d.keys, d.rest = make([]cell, d.cols*d.lines), make([]cell, d.cols*d.lines)
	for y := range d.rows {
		for o := range d.rows[y] {
			d.rows[y][o] = make([]int32, r.width)
		}
	}
}

// close ends the segment under way before a time.
func (d *Detector) close(end time.Duration) {
	if d.keyCount+d.restCount == 0 {
		return
	}
	s := segment{start: d.start, end: max(end, d.start), key: newSums(d.lengths), all: newSums(d.lengths)}
	mid := d.lines / 2 * d.cols
	for _, part := range []struct {
		cells  []cell
		frames int
		set    int
		into   *sums
	}{{d.keys, d.keyCount, 0, s.key}, {d.rest, d.restCount, 1, s.all}} {
		if part.frames == 0 {
			continue
		}
		top, bottom := newSums(d.lengths), newSums(d.lengths)
		top.frames, bottom.frames = part.frames, 0 // a frame is counted once
		top.fold(part.cells[:mid], 0, part.frames)
		bottom.fold(part.cells[mid:], mid, part.frames)
		part.into.add(top)
		part.into.add(bottom)
		d.top[part.set].add(top)
		d.bottom[part.set].add(bottom)
		if part.set == 0 { // all frames have the key frames among them
			d.top[1].add(top)
			d.bottom[1].add(bottom)
		}
		clear(part.cells)
	}
	s.all.add(s.key)
	d.keyCount, d.restCount = 0, 0
	if d.segments = append(d.segments, s); len(d.segments) > d.limit {
		d.merge()
	}
}

// merge joins neighbours, so that a long video is told in parts twice as long.
func (d *Detector) merge() {
	n := 0
	for i := 0; i < len(d.segments); i += 2 {
		s := d.segments[i]
		if i+1 < len(d.segments) {
			t := d.segments[i+1]
			s.end = max(s.end, t.end)
			s.key.add(t.key)
			s.all.add(t.all)
		}
		d.segments[n] = s
		n++
	}
	clear(d.segments[n:])
	d.segments = d.segments[:n]
}
