package persons

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/consentry/consentry/video"
)

// How a video is looked at. Every frame in a small picture, which shows what changes, or more closely: about eight times a
// second, at the start of each shot, and at the places where the small one shows a face that no track follows or loses
// one that was. closer.go says what a closer look is.
const (
	smallSide  = 320                    // the longer side of the small picture, pixels
	interval   = 120 * time.Millisecond // between two closer looks, so that nothing that lasts so long is between them
	wholeEvery = time.Second            // between two looks at the whole large picture
	// slack keeps an interval from slipping by a frame of 30 a second, or for a rounded time.
	slack = 21 * time.Millisecond
	// fastEvery is between two pictures where only some are looked at, and roomy its slack.
	fastEvery = 250 * time.Millisecond
	roomy     = 12 * time.Millisecond
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
	lastLook time.Duration // a closer look was scheduled
	lastAll  time.Duration // at the whole large picture
	lesser   bool          // the last one was at the lesser picture
	first    bool          // none was scheduled yet

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
	side        int    // of the picture of full: MaxSide, middleSide or lesserSide
	places      []part // of the upright large picture
	near        look   // at the places
}

// look is a picture that a worker looks at.
type look struct {
	asked bool
	done  chan struct{}
	faces []Face
	err   error
}

// job is one look at a frame.
type job struct {
	slot *slot
	what int
}

const (
	theSmall = iota
	theFull
	thePlaces
)

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
	s.small, s.full, s.near, s.places = look{}, look{}, look{}, nil
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
	switch {
	case a.due(s):
		a.ask(s, &s.full, theFull, a.jobs)
	case a.scale.small:
		a.ask(s, &s.small, theSmall, a.jobs)
	}
}

// due says whether a frame is looked at more closely whatever the small picture shows, and at what size.
func (a *Analysis) due(s *slot) bool {
	every := func(d, slack time.Duration, last time.Duration) bool {
		return a.first || s.starts || s.at-last >= d-slack || s.at < last
	}
	s.side = MaxSide
	if !a.scale.small {
		due := !a.opts.Fast || every(fastEvery, roomy, a.lastLook)
		if due {
			a.first, a.lastLook = false, s.at
		}
		return due
	}
	if !every(interval, slack, a.lastLook) {
		return false
	}
	long := max(s.raw.width, s.raw.height)
	switch {
	case every(wholeEvery, interval/2, a.lastAll):
		a.lastAll, a.lesser = s.at, false
	case !a.lesser && long >= lesserFrom:
		s.side, a.lesser = lesserSide, true
	case !a.lesser:
		a.lastLook, a.lesser = s.at, true // the small picture shows as much
		return false
	case long >= middleFrom:
		s.side, a.lesser = middleSide, false
	default:
		a.lesser = false
	}
	a.first, a.lastLook = false, s.at
	return true
}

func (a *Analysis) ask(s *slot, l *look, what int, to chan job) {
	*l = look{asked: true, done: make(chan struct{})}
	to <- job{s, what}
}

// wait is for a look that was asked for.
func (l *look) wait() error {
	if l.asked {
		<-l.done
	}
	return l.err
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
	seen, err := a.closer(s)
	if err != nil {
		if ctxErr := a.ctx.Err(); ctxErr != nil {
			return ctxErr
		}
		a.failed++
		if a.dead == nil {
			a.dead = err
		}
		return nil
	}
	if seen != nil {
		a.large++
	}
	if seen != nil || s.small.asked {
		a.analysed++
	}
	a.follow.scene = s.scene()
	a.follow.next(s.at, s.starts, s.small.faces, seen)
	a.stills(s)
	return nil
}

// scene is what the frame shows, as it is stored.
func (s *slot) scene() *scene {
	w, h := within(s.raw.width, s.raw.height, smallSide)
	return &scene{s.raw.up, s.pic.y, s.raw.y, w, h, s.raw.width, s.raw.height}
}

// closer waits for what was asked of a frame, and asks for what it needs now that its neighbours are known. It returns
// nil where the small picture says enough.
func (a *Analysis) closer(s *slot) (*closer, error) {
	if err := errors.Join(s.small.wait(), s.full.wait()); err != nil {
		return nil, err
	}
	if s.full.asked && a.scale.small && max(s.raw.width, s.raw.height) <= smallSide {
		s.small = s.full // it is the same picture
	}
	c := &closer{alone: !s.small.asked}
	var where []Face
	switch {
	case s.full.asked && s.side == MaxSide:
		c.faces, c.whole = a.scale.known(s.full.faces), true
		return c, nil
	case s.full.asked:
		where = a.follow.doubts(s.at, s.full.faces)
	case s.small.asked:
		if where = a.follow.wants(s.at, s.small.faces); len(where) == 0 {
			return nil, nil
		}
	default:
		return nil, nil
	}
	w, h := s.raw.upright()
	if s.places = placesOf(where, w, h); s.places == nil && len(where) > 0 {
		s.side = MaxSide
		a.ask(s, &s.full, theFull, a.urgent)
		err := s.full.wait()
		c.faces, c.whole = a.scale.known(s.full.faces), true
		return c, err
	}
	if len(s.places) > 0 {
		a.ask(s, &s.near, thePlaces, a.urgent)
		if err := s.near.wait(); err != nil {
			return nil, err
		}
		c.faces = a.scale.known(s.near.faces)
		for _, p := range s.places {
			c.places = append(c.places, p.in(w, h))
		}
	}
	if s.full.asked {
		c.together(a.scale.known(s.full.faces), a.scale.start)
		c.whole = true
	}
	return c, nil
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
		s := j.slot
		var l *look
		switch j.what {
		case thePlaces:
			l = &s.near
			l.faces, l.err = detectIn(a.ctx, a.det, &large, &s.raw, s.places)
		case theFull:
			l = &s.full
			l.faces, l.err = a.det.Detect(a.ctx, large.picture(&s.raw, s.side))
		default:
			l = &s.small
			l.faces, l.err = a.det.Detect(a.ctx, s.tiny)
		}
		close(l.done)
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
