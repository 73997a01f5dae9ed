// Package voice says whether a sound track sounds like speech, and when. It knows nothing of whose voice it hears or of
// what is said: it compares no voices, recognises no words, and keeps no sound. What it finds can make a judgement
// stricter and never raises one, so it is tuned to find speech rather than to be sure of it; and it never says that
// nobody speaks, only that no speech was found.
//
// The sound of each channel, and that of all together, is brought to 8 kHz, the bandwidth of a telephone, and cut into
// frames of 40 ms. Windows of two seconds are judged by what speech does and music, noise and tones seldom do together:
// its energy rises and falls at the rate of syllables, voiced and unvoiced sounds change places, the pitch glides, and
// the spectrum never stays the same. The weights come from a fit over material that docs/accuracy.md names. Start with
// [Detector].
package voice

import (
	"fmt"
	"slices"
	"time"

	"github.com/consentry/consentry/internal/resample"
	"github.com/consentry/consentry/video"
)

const (
	// MinRate is the lowest rate that is listened to, in samples a second: below it, most of the band that
	// tells speech from other sound is not there.
	MinRate = 6000
	// MaxLanes bounds the channels that are listened to one by one. 7.1 has eight; further ones are heard in the sum of
	// all.
	MaxLanes = 8
	// MaxSpans bounds the spans of speech that are kept. One begins at most every two seconds, so that many are more
	// than half an hour of speech with a pause after each sentence; the last one then takes what follows.
	MaxSpans = 1000
	// MaxRuns bounds how often a track may jump in time or change its rate or channels: each time listening begins anew,
	// and costs more than a block of one sample. Live recordings have some breaks an hour.
	MaxRuns = 10_000
	// MaxTime bounds what is listened to of a track: as long as a day. Beyond, the answer is partial.
	MaxTime = 24 * time.Hour
	// Threshold is the score from which a window sounds like speech, if the one before or behind it does so too, and
	// Alone that of a window by itself. Bars of music are like speech now and then, and seldom for long.
	Threshold = 0.5
	Alone     = 0.8
)

// Span is a part of a track, in presentation time.
type Span struct{ Start, End time.Duration }

// Result is what was heard in one track.
type Result struct {
	// Spans are the parts that sound like speech, in order of the track; windows that overlap are one. Their borders are
	// those of windows: half a second is as near as they get.
	Spans []Span
	// Heard is how long the sound was that was judged. Runs without a jump that are shorter than some 0.3 s are not.
	Heard time.Duration
	// Unheard says what of the track could not be listened to, in plain words; empty: nothing is known to be missing.
	Unheard string
	// Cut says that there were more than [MaxSpans]: the last one then ends where the last speech does.
	Cut bool
}

// Speech says whether anything sounds like speech.
func (r *Result) Speech() bool { return len(r.Spans) > 0 }

// Window is one judgement.
type Window struct {
	Span
	Features Features
	Score    float64 // 0 to 1, like a probability on the material of the fit
}

// Detector listens to one track. The zero value is ready for use; it is not safe for concurrent use.
type Detector struct {
	// Windows is called with each window of each channel, if it is not nil. The window is the callback's own.
	Windows func(Window)

	lanes   []*lane
	rate    int
	planes  int
	anchor  time.Duration // presentation time of the first sample of the present run
	samples int64         // of the present run
	run     time.Duration // the present run, of which nothing may have been judged
	heard   time.Duration // the runs before that were judged
	short   time.Duration // those that were too short to be
	spans   []Span
	cut     bool
	runs    int
	table   *resample.Kernel // of the present rate
	work    *scratch
	unheard string
	mixed   []float32
}

// Audio takes a block of sound. Rate and channels may change from one block to the next: listening then begins anew.
// What cannot be listened to is told by [Detector.Finish].
func (d *Detector) Audio(a *video.Audio) {
	switch {
	case len(a.Planes) == 0 || a.Samples <= 0 || slices.ContainsFunc(a.Planes, func(p []float32) bool { return len(p) < a.Samples }):
		d.miss("a block of sound is empty or cut short")
		return
	case a.Rate < MinRate:
		d.miss(fmt.Sprintf("sound with %d samples a second: too few to tell speech", a.Rate))
		return
	case d.heard+d.short+d.run >= MaxTime:
		d.miss(fmt.Sprintf("only the first %d hours were listened to", int(MaxTime.Hours())))
		return
	}
	if a.Corrupt {
		d.miss("parts of the sound were repaired or guessed")
	}
	// Small differences are rounding of the container's; greater ones are gaps or jumps, which end what was under way.
	gap := a.Time - d.clock(d.samples)
	if a.Rate != d.rate || len(a.Planes) != d.planes || gap > maxDrift || gap < -maxDrift {
		if d.runs++; d.runs > MaxRuns {
			d.miss(fmt.Sprintf("it jumps or changes more than %d times", MaxRuns))
			return
		}
		d.flush()
		d.begin(a)
	}
	for i, l := range d.lanes {
		l.take(d.source(i, a))
	}
	d.samples += int64(a.Samples)
	d.run += time.Duration(float64(a.Samples) / float64(a.Rate) * float64(time.Second))
}

// maxDrift is how far the time of a block may lie from the count of samples. Matroska rounds to a millisecond, AVI to a
// block; a tenth of a second is far below the two seconds of a window.
const maxDrift = 100 * time.Millisecond

// begin starts the lanes anew for sound like this block's.
func (d *Detector) begin(a *video.Audio) {
	d.rate, d.planes, d.anchor, d.samples = a.Rate, len(a.Planes), a.Time, 0
	n := 1
	if d.planes > 1 {
		n = min(d.planes, MaxLanes) + 1
	}
	if d.table == nil || d.table.From != a.Rate {
		d.table = resample.New(a.Rate, rate, places)
	}
	if d.work == nil {
		d.work = newScratch()
	}
	d.lanes = d.lanes[:0]
	for range n {
		d.lanes = append(d.lanes, newLane(d.table, d.work, d.window))
	}
}

// source is what lane i listens to: a channel, or, behind the channels, the sum of all. Speech that is in opposite
// phase in two channels is not in their sum, and faint speech in all of them may only be found there.
func (d *Detector) source(i int, a *video.Audio) []float32 {
	if d.planes == 1 || i < len(d.lanes)-1 {
		return a.Planes[i][:a.Samples]
	}
	d.mixed = slices.Grow(d.mixed[:0], a.Samples)[:a.Samples]
	scale := 1 / float32(d.planes)
	for n := range d.mixed {
		sum := float32(0)
		for _, p := range a.Planes {
			sum += p[n]
		}
		d.mixed[n] = sum * scale
	}
	return d.mixed
}

// clock is the presentation time of a sample of the present run.
func (d *Detector) clock(sample int64) time.Duration {
	if d.rate == 0 {
		return 0 // nothing was taken yet
	}
	return d.anchor + time.Duration(float64(sample)/float64(d.rate)*float64(time.Second))
}

// window takes the judgement of a lane; from and to are frames of the present run.
func (d *Detector) window(l *lane, from, to int, f Features) {
	w := Window{Span: Span{d.anchor + time.Duration(from)*hop, d.anchor + time.Duration(to)*hop}, Features: f, Score: f.Score()}
	if d.Windows != nil {
		d.Windows(w)
	}
	switch {
	case w.Score < Threshold:
		l.last = Span{}
		return
	case l.last != (Span{}):
		d.add(l.last)
		d.add(w.Span)
	case w.Score >= Alone || l.only:
		d.add(w.Span)
	}
	l.last = w.Span
}

// add joins a span to those before. Lanes tell of the same time one after the other.
func (d *Detector) add(s Span) {
	for i := len(d.spans) - 1; i >= 0 && i >= len(d.spans)-2; i-- {
		if last := &d.spans[i]; s.Start <= last.End && s.End >= last.Start {
			last.Start, last.End = min(last.Start, s.Start), max(last.End, s.End)
			return
		}
	}
	if len(d.spans) == MaxSpans {
		last := &d.spans[MaxSpans-1]
		last.End, d.cut = max(last.End, s.End), true
		return
	}
	d.spans = append(d.spans, s)
}

// maxShort bounds the sound in runs that are too short to be judged: what is said in a second of scraps is a word, and
// the start or end of a clean track is shorter. Beyond, somebody may have cut speech so that it is not found.
const maxShort = time.Second

// flush judges what is left of the present run, and counts it.
func (d *Detector) flush() {
	judged := false
	for _, l := range d.lanes {
		l.flush()
		judged = judged || l.judged > 0
	}
	if judged {
		d.heard += d.run
	} else {
		d.short += d.run
	}
	if d.run = 0; d.short > maxShort {
		d.miss(fmt.Sprintf("more than %s of it lie between jumps in pieces too short to tell speech", maxShort))
	}
}

func (d *Detector) miss(why string) {
	if d.unheard == "" {
		d.unheard = why
	}
}

// Finish judges what is left and says what was heard.
func (d *Detector) Finish() *Result {
	d.flush()
	d.lanes, d.rate = nil, 0
	slices.SortStableFunc(d.spans, func(a, b Span) int { return int(min(max(a.Start-b.Start, -1), 1)) })
	r := &Result{Heard: d.heard, Unheard: d.unheard, Cut: d.cut}
	for _, s := range d.spans {
		if n := len(r.Spans); n > 0 && s.Start <= r.Spans[n-1].End {
			r.Spans[n-1].End = max(r.Spans[n-1].End, s.End)
			continue
		}
		r.Spans = append(r.Spans, s)
	}
	return r
}
