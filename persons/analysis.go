package persons

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/consentry/consentry/video"
)

// How a video is looked at. Every frame in a small picture, which shows what changes, and in the large one four times a
// second, at the start of each shot, and where the small one shows a face that no track follows or loses one that was.
const (
	smallSide = 320                    // the longer side of the small picture, pixels
	interval  = 250 * time.Millisecond // between two large pictures
	// slack keeps an interval that is a whole number of frames from slipping by one for a rounded time.
	slack = 12 * time.Millisecond
	// ahead is how many frames wait for each worker, so that none is idle while one frame is settled.
	ahead = 4
	// minFace is the width in pixels from which faces are found in the large picture, and minBrief in the small one.
	// docs/accuracy.md has the measurement.
	minFace  = 12
	minBrief = 7
)

// Options say how faces are looked for.
type Options struct {
	Fast bool // four pictures a second and the starts of shots only: the answer is partial
}

// Analysis looks at the frames of one track, in their order. Make one with [NewAnalysis], give it the tracks and the
// frames, and end it with [Analysis.Finish]. One goroutine at a time.
type Analysis struct {
	ctx   context.Context
	det   Detector
	opts  Options
	scale scale

	track    *video.Track // nil before Info
	up       upright
	width    int // of the first frame as displayed
	height   int
	ratio    float64 // source pixels by those of the large picture
	shots    shots
	cuts     int
	follow   follower
	lastFull time.Duration
	first    bool // no large picture was scheduled yet

	total, analysed, failed, large int
	dead                           error // the detector gave up

	slots   []*slot // free
	pending []*slot
	jobs    chan job
	urgent  chan job
	done    chan struct{} // one for each worker that ended
	workers int
}

// slot is a frame until it is settled.
type slot struct {
	at          time.Duration
	starts      bool
	bad         bool // the frame is not what it says
	raw         raw
	pic         scaler
	tiny        *Picture // the small picture, in pic
	small, full look
}

// look is a picture that a worker looks at.
type look struct {
	asked bool
	done  chan struct{}
	faces []Face
	err   error
}

type job struct {
	slot  *slot
	large bool
}

// NewAnalysis begins to look at a video with a detector. It does not close it.
func NewAnalysis(ctx context.Context, d Detector, o Options) (*Analysis, error) {
	sc, ok := scales[d.Network()]
	if !ok {
		return nil, &Error{Reason: ReasonModel, Detail: fmt.Sprintf("nothing is known of the scores of %q", d.Network())}
	}
	if o.Fast {
		sc.small = false
	}
	a := &Analysis{ctx: ctx, det: d, opts: o, scale: sc, first: true, workers: max(d.Workers(), 1)}
	a.follow.scale, a.follow.most = sc, maxSights
	n := a.workers*ahead + 1
	a.jobs, a.urgent, a.done = make(chan job, 2*n), make(chan job, 1), make(chan struct{}, a.workers)
	for range n {
		a.slots = append(a.slots, &slot{})
	}
	for range a.workers {
		go a.work()
	}
	return a, nil
}

// Info takes the tracks: frames are turned upright as the one says that they are of.
func (a *Analysis) Info(i *video.Info) error {
	if i.Picture >= 0 && i.Picture < len(i.Tracks) {
		a.track = &i.Tracks[i.Picture]
		a.up = uprightOf(a.track)
	}
	return nil
}

// Frame takes the next frame. It waits where the workers are behind. The error is that of the context; a detector that
// gives up makes the answer partial and is no error.
func (a *Analysis) Frame(f *video.Frame) error {
	if err := a.ctx.Err(); err != nil {
		return err
	}
	a.total++
	if a.dead != nil {
		a.failed++
		return nil
	}
	s := a.slots[len(a.slots)-1]
	a.slots = a.slots[:len(a.slots)-1]
	s.at, s.starts = f.Time, false
	s.small, s.full = look{}, look{}
	if s.bad = !s.raw.take(f, a.upOf()); !s.bad {
		a.measure(f)
		a.plan(s)
	}
	a.pending = append(a.pending, s)
	for len(a.slots) == 0 {
		if err := a.settle(); err != nil {
			return err
		}
	}
	return nil
}

func (a *Analysis) upOf() upright {
	if a.up.aspect == 0 {
		return upright{aspect: 1}
	}
	return a.up
}

// measure notes the displayed size of the first frame.
func (a *Analysis) measure(f *video.Frame) {
	if a.width > 0 {
		return
	}
	a.width, a.height = a.upOf().displayed(f.Width, f.Height)
	w, _ := sizeWithin(a.width, a.height)
	a.ratio = float64(a.width) / float64(w)
}

// plan decides what of a frame is looked at, as far as that is known before its neighbours were settled.
func (a *Analysis) plan(s *slot) {
	s.tiny = s.pic.picture(&s.raw, smallSide)
	w, h := within(s.raw.width, s.raw.height, smallSide)
	s.starts = a.shots.starts(s.pic.y, w, h)
	if s.starts {
		a.cuts++
	}
	due := a.first || s.starts || s.at-a.lastFull >= interval-slack || s.at < a.lastFull
	if due {
		a.first, a.lastFull = false, s.at
	}
	switch {
	case a.scale.small:
		s.small = look{asked: true, done: make(chan struct{})}
		a.jobs <- job{s, false}
	case !a.opts.Fast:
		due = true
	}
	if due {
		a.ask(s, a.jobs)
	}
}

func (a *Analysis) ask(s *slot, to chan job) {
	s.full = look{asked: true, done: make(chan struct{})}
	to <- job{s, true}
}

// settle ends the oldest frame: waits for what it needs, and lets the tracks go on.
func (a *Analysis) settle() error {
	s := a.pending[0]
	a.pending = append(a.pending[:0], a.pending[1:]...)
	defer func() { a.slots = append(a.slots, s) }()
	if s.bad {
		a.failed++
		a.follow.next(s.at, s.starts, nil, nil)
		return nil
	}
	if s.small.asked {
		<-s.small.done
	}
	if !s.full.asked && s.small.err == nil && a.scale.small && a.follow.wants(s.at, s.starts, s.small.faces) {
		a.ask(s, a.urgent)
	}
	if s.full.asked {
		<-s.full.done
	}
	if err := errors.Join(s.small.err, s.full.err); err != nil {
		if ctxErr := a.ctx.Err(); ctxErr != nil {
			return ctxErr
		}
		a.failed++
		if a.dead == nil {
			a.dead = err
		}
		return nil
	}
	var full []Face
	if s.full.asked {
		full = append([]Face{}, s.full.faces...)
		a.large++
	}
	if s.full.asked || s.small.asked {
		a.analysed++
	}
	a.follow.scene = s.scene()
	a.follow.next(s.at, s.starts, s.small.faces, full)
	a.stills(s)
	return nil
}

// scene is what the frame shows, as it is stored.
func (s *slot) scene() *scene {
	w, h := within(s.raw.width, s.raw.height, smallSide)
	return &scene{s.raw.up, s.pic.y, s.raw.y, w, h, s.raw.width, s.raw.height}
}

// work looks at pictures until there are no more. What was asked last and holds up everything comes first.
func (a *Analysis) work() {
	defer func() { a.done <- struct{}{} }()
	var large scaler
	for {
		var j job
		var ok bool
		select {
		case j = <-a.urgent:
			ok = true
		default:
			select {
			case j = <-a.urgent:
				ok = true
			case j, ok = <-a.jobs:
			}
		}
		if !ok {
			return
		}
		to, p := &j.slot.small, j.slot.tiny
		if j.large {
			to, p = &j.slot.full, large.picture(&j.slot.raw, MaxSide)
		}
		to.faces, to.err = a.det.Detect(a.ctx, p)
		close(to.done)
	}
}

// Finish settles what is left and ends the workers. res says how the decode ended; nil: it failed, and why says how.
func (a *Analysis) Finish(res *video.Result, why string) (*Seen, error) {
	defer a.Close()
	for len(a.pending) > 0 {
		if err := a.settle(); err != nil {
			return nil, err
		}
	}
	a.follow.finish()
	return a.seen(res, why), nil
}

// Close ends the workers of an analysis that was given up. After [Analysis.Finish] it does nothing.
func (a *Analysis) Close() {
	if a.jobs == nil {
		return
	}
	close(a.jobs)
	for range a.workers {
		<-a.done
	}
	a.jobs = nil
}
