package fingerprint

import (
	"hash/maphash"
	"time"

	"github.com/consentry/consentry/video"
)

// Limits of a [Video].
const (
	MaxSamples = 1 << 16 // pictures that are sampled: more than three and a half hours
	MaxSpans   = 16      // parts of the time line with a code of their own
)

// What a code needs to say anything: pictures that differ, and pairs of elements that do.
const (
	MinDistinct = 3
	MaxTies     = Bits / 4
)

// Span is a part of the time line; a picture belongs to it from Start up to before End.
type Span struct{ Start, End time.Duration }

// Result is what was computed of a video, or of a part of its time line.
type Result struct {
	Code     Code
	Frames   int // pictures that were sampled
	Distinct int // of them with a signature of their own
	Ties     int // bits that rest on a tie
}

// LowInformation reports that the code rests on hardly anything: stills, black, one flat colour. Such codes are close
// to each other whatever they show.
func (r *Result) LowInformation() bool { return r.Distinct < MinDistinct || r.Ties > MaxTies }

// Video takes the frames of a video in their order and computes its codes. The zero value computes the code of the
// whole. All memory that it needs is bounded: some 20 bytes for each distinct picture, and 40 for
// each window.
type Video struct {
	Spans   []Span // codes of parts, too; those beyond MaxSpans are not computed
	Windows bool   // codes of two seconds at a time, too

	turned  turned
	usual   time.Duration // how long a picture of this track stays
	sampler sampler
	grid    grid
	seed    maphash.Seed
	whole   tally
	parts   []tally
	windows windows

	unreadable int64
	full, cut  bool
}

// Track tells what the pictures come from. Without it they are taken as they are coded.
func (v *Video) Track(t *video.Track) {
	v.turned = turned{t.Rotation, t.Mirrored}
	if r := t.FrameRate; r[0] > 0 && r[1] > 0 {
		v.usual = time.Duration(float64(time.Second) * float64(r[1]) / float64(r[0]))
	}
}

// Frame takes the next picture. One that cannot be read, or that is smaller than 32 by 32, counts as unreadable and is
// passed over. Nothing of f is kept.
func (v *Video) Frame(f *video.Frame) {
	switch {
	case v.full:
		return
	case !readable(f):
		v.unreadable++
		return
	}
	// Whether a picture is taken is known when the next one comes: the grid still has it.
	if from, to, ok := v.sampler.next(f.Time); ok {
		v.add(from, to)
	}
	v.grid.take(f, v.turned)
}

// Finish ends the video: no frame may follow.
func (v *Video) Finish() {
	if from, to, ok := v.sampler.end(v.usual); ok && !v.full {
		v.add(from, to)
	}
	v.full = true
}

// add takes the picture in the grid for some slots.
func (v *Video) add(from, to int64) {
	if v.whole.frames == MaxSamples {
		v.full, v.cut = true, true
		return
	}
	s := v.grid.signature()
	if v.whole.seen == nil {
		v.seed = maphash.MakeSeed()
		v.parts = make([]tally, min(len(v.Spans), MaxSpans))
	}
	key := maphash.Bytes(v.seed, s[:])
	v.whole.add(&s, key)
	for i := range v.parts {
		if v.Spans[i].has(from, to) {
			v.parts[i].add(&s, key)
		}
	}
	if v.Windows {
		v.windows.add(from, to, &s)
	}
}

// has reports whether the span has one of the slots from from up to before to.
func (s Span) has(from, to int64) bool {
	return max(from, slotBehind(s.Start)) < min(to, slotBehind(s.End))
}

// slotBehind is the first slot that is not before a time.
func slotBehind(t time.Duration) int64 {
	n := int64(t / slotLength)
	if t > time.Duration(n)*slotLength {
		n++
	}
	return n
}

// Cut reports that the video has more pictures than go into a code: those behind MaxSamples are missing.
func (v *Video) Cut() bool { return v.cut }

// Unreadable is the number of pictures that were passed over.
func (v *Video) Unreadable() int64 { return v.unreadable }

// Result is what there is of the whole; nil where no picture was sampled, as in a clip that is shorter than half a slot.
func (v *Video) Result() *Result { return v.whole.result() }

// Part is what there is of Spans[i]; nil where no picture was sampled in it.
func (v *Video) Part(i int) *Result {
	if i < 0 || i >= len(v.parts) {
		return nil
	}
	return v.parts[i].result()
}

// tally sums the signatures of the distinct pictures. ISO 24138 (Video-Code).
type tally struct {
	frames   int
	distinct int
	sums     [Elements]int64
	seen     map[uint64]struct{}
}

func (t *tally) add(s *Signature, key uint64) {
	t.frames++
	if _, again := t.seen[key]; again {
		return
	}
	if t.seen == nil {
		t.seen = map[uint64]struct{}{}
	}
	t.seen[key] = struct{}{}
	t.take(s)
}

func (t *tally) take(s *Signature) {
	t.distinct++
	for i, x := range s {
		t.sums[i] += int64(x)
	}
}

func (t *tally) result() *Result {
	if t.frames == 0 {
		return nil
	}
	r := &Result{Frames: t.frames, Distinct: t.distinct}
	r.Code, r.Ties = project(&t.sums)
	return r
}
