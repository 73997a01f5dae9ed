package persons

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/consentry/consentry/report"
	"github.com/consentry/consentry/video"
)

// The states of an analysis. A zero-person answer is one only where it is Analysed.
const (
	StatusAnalysed    = "analysed"
	StatusPartial     = "partial"
	StatusNotAnalysed = "not-analysed"
	StatusOff         = "off"
)

// The classes of a track.
const (
	ClassConfirmed = "confirmed" // a face
	ClassPossible  = "possible"  // what the network took for one several times, and never with certainty
)

// CrowdFrom is the number of faces at a time above which single people cannot be told apart by their regions.
const CrowdFrom = 20

// leastSights is how often a face that is never certain must be seen to be a possible one; the rest is dropped and
// counted.
const leastSights = 4

// Seen is what an analysis found. It is held against declarations with [Seen.Against].
type Seen struct {
	Status string // analysed, partial, not-analysed
	Reason string // why it is not analysed in full; empty: it is

	FramesTotal, FramesAnalysed, FramesFailed int
	FramesLarge                               int // looked at more closely than in the small picture
	Shots                                     int
	// MinFace and MinBrief are the widths from which faces are found, in pixels of the frame as displayed: such that
	// show for a quarter of a second or longer, and shorter ones.
	MinFace, MinBrief int
	Dropped           int // detections that came to nothing
	Crowd             int // the most faces in one frame
	// Others are what further video tracks show, each looked at for itself: players do not show them unless they are told.
	Others []*Seen

	width, height int
	trackID       int64
	times         []time.Duration
	tracks        []*track
	scale         scale
}

// seen sums up.
func (a *Analysis) seen(res *video.Result, why string) *Seen {
	s := &Seen{
		FramesTotal: a.total, FramesAnalysed: a.analysed, FramesFailed: a.failed, FramesLarge: a.large, Shots: a.cuts,
		Crowd: a.follow.crowd, width: a.width, height: a.height, times: a.follow.times, scale: a.scale,
	}
	if a.ratio > 0 {
		s.MinFace, s.MinBrief = int(math.Ceil(minFace*a.ratio)), int(math.Ceil(minFace*a.ratio))
		if a.scale.small {
			w, _ := within(a.width, a.height, smallSide)
			s.MinBrief = max(int(math.Ceil(minBrief*float64(a.width)/float64(w))), s.MinFace)
		}
	}
	if a.track != nil {
		s.trackID = a.track.ID
	}
	for _, t := range a.follow.done {
		if s.class(t) == "" {
			s.Dropped++
			continue
		}
		s.tracks = append(s.tracks, t)
	}
	slices.SortStableFunc(s.tracks, func(x, y *track) int { return cmp.Compare(x.sights[0].frame, y.sights[0].frame) })
	s.Status, s.Reason = a.state(res, why)
	return s
}

// state says how much of the video the answer stands on. persons.md, 7: whatever is missing is said.
func (a *Analysis) state(res *video.Result, why string) (status, reason string) {
	var reasons []string
	add := func(text string) {
		if text != "" {
			reasons = append(reasons, text)
		}
	}
	switch {
	case res == nil:
		add(strings.TrimPrefix(why, "not analysed: "))
	case res.Broken != nil:
		add(fmt.Sprintf("the stream breaks near %.1f s: %s", res.Broken.Time.Seconds(), res.Broken.Why))
	}
	var failed *Error
	switch {
	case errors.As(a.dead, &failed):
		add(strings.TrimPrefix(failed.Error(), "not analysed: "))
	case a.dead != nil:
		add(a.dead.Error())
	case a.failed > 0:
		add(fmt.Sprintf("%d of %d frames could not be looked at", a.failed, a.total))
	}
	if a.total == 0 {
		add("no frame was decoded")
	}
	if a.follow.over != "" {
		add("limit: " + a.follow.over)
	}
	if a.opts.Fast && a.total > 0 {
		add("fast: only four pictures a second were looked at; appearances shorter than 250 ms may be missed")
	}
	switch {
	case len(reasons) == 0:
		return StatusAnalysed, ""
	case a.analysed == 0:
		return StatusNotAnalysed, strings.Join(reasons, "; ")
	}
	return StatusPartial, strings.Join(reasons, "; ")
}

// Miss says that something of the video was not there to be looked at: the answer is partial at best.
func (s *Seen) Miss(what string) {
	if s.Status == StatusAnalysed {
		s.Status = StatusPartial
	}
	s.Reason = strings.TrimPrefix(s.Reason+"; "+what, "; ")
}

// class is that of a track; empty: it is dropped.
func (s *Seen) class(t *track) string {
	if float64(max(t.peak(), t.whole)) >= s.scale.confirm {
		return ClassConfirmed
	}
	n := 0
	for i := range t.sights {
		if float64(t.sights[i].score) >= s.scale.start {
			n++
		}
	}
	if n >= leastSights {
		return ClassPossible
	}
	return ""
}

// peak is the best score of a track.
func (t *track) peak() (best float32) {
	for i := range t.sights {
		best = max(best, t.sights[i].score)
	}
	return best
}

// row is a track as it is reported.
func (s *Seen) row(id int, t *judgedTrack, boxes bool) report.PersonTrack {
	best := t.sights[t.best]
	row := report.PersonTrack{
		ID: id, Class: ClassPossible, StartMs: s.times[t.sights[0].frame].Milliseconds(), EndMs: frameEnd(s.times, int(t.last().frame)).Milliseconds(),
		Score: round(float64(t.peak()), 100), Coverage: round(t.coverage, 1000), Best: s.box(best), Sights: len(t.sights),
		PossiblyPicture: t.still.picture(),
	}
	if t.confirmed {
		row.Class = ClassConfirmed
	}
	if boxes {
		for _, x := range t.sights {
			row.Boxes = append(row.Boxes, s.box(x))
		}
	}
	return row
}

// box is a sight as it is reported: in percent of the displayed picture, as regions are declared.
func (s *Seen) box(x sight) report.FaceBox {
	pc := func(v float32) float64 { return round(100*float64(v), 100) }
	return report.FaceBox{AtMs: s.times[x.frame].Milliseconds(), X: pc(x.x), Y: pc(x.y), Width: pc(x.w), Height: pc(x.h)}
}

func round(v, to float64) float64 { return math.Round(v*to) / to }
