// Package detectorkit holds an external detector against the protocol of package detector and against unmarked clips:
// does it keep to the protocol whatever it is shown, and how often does it say that a mark is there where none is? The
// clips are drawn by code, as those of internal/accuracy are, and were never encoded: they stand for no footage, and a
// detector that is quiet on them may still be wrong on others. Start with [Run].
package detectorkit

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/consentry/consentry/detector"
	"github.com/consentry/consentry/internal/accuracy"
	"github.com/consentry/consentry/video"
)

// The clips of the null run.
const (
	width, height = 320, 192
	frames        = 4
	// firstScene keeps these clips apart from those that the project's own detectors are measured on.
	firstScene = 500_000
)

// Check is one demand and whether it is met.
type Check struct {
	Name string `json:"name"`
	OK   bool   `json:"ok"`
	Why  string `json:"why,omitempty"` // of a failure
}

// Score is what was found out.
type Score struct {
	Program string  `json:"program"`
	SHA256  string  `json:"sha256"`
	Name    string  `json:"name"`
	Version string  `json:"version"`
	Checks  []Check `json:"checks"`
	Clips   int     `json:"clips"`  // unmarked, that it was shown
	Alarms  int     `json:"alarms"` // of them, with a finding that counts
	Hints   int     `json:"hints"`  // of them, with one that only hints
	// Low and High are the 95 % interval of the rate of alarms (Clopper and Pearson).
	Low  float64 `json:"low"`
	High float64 `json:"high"`
	// Claim is the vendor's rate; Bound the largest bound that it gave a false alarm. Null: none.
	Claim *float64 `json:"claim"`
	Bound *float64 `json:"bound"`
}

// Met reports whether all demands are.
func (s *Score) Met() bool {
	for _, c := range s.Checks {
		if !c.OK {
			return false
		}
	}
	return len(s.Checks) > 0
}

// Run asks a program about everything, and about so many clips without a mark. The error is the context's, or that the
// program does not start; what it does wrong is in the score.
func Run(ctx context.Context, p *detector.Program, clips int) (*Score, error) {
	s := &Score{Program: p.Name, SHA256: p.SHA256, Clips: clips}
	first := &asking{ctx: ctx, p: p}
	out := first.ask(nil, nil)
	var fault *detector.Error
	if errors.As(first.err, &fault) && (fault.Reason == detector.ReasonUnavailable || fault.Reason == detector.ReasonCancelled) {
		return nil, first.err
	}
	s.add("says hello, and is done where there is no frame", quiet(out, first.err))
	s.Name, s.Version, s.Claim = out.Hello.Name, out.Hello.Version, out.Hello.FalsePositiveRate
	if first.err != nil {
		return s, nil
	}
	for _, c := range hostile {
		a := &asking{ctx: ctx, p: p}
		out := a.ask(nil, c.frames)
		s.add(c.name, quiet(out, a.err))
	}
	s.add("ends without an answer where its input ends too early", hangUp(ctx, p))
	s.add("says the same of the same clip", same(ctx, p))
	s.add("does not repeat a value that it is told to expect", echo(ctx, p, out.Hello.Algs))
	if err := s.null(ctx, p); err != nil {
		return nil, err
	}
	return s, ctx.Err()
}

func (s *Score) add(name string, err error) {
	c := Check{Name: name, OK: err == nil}
	if err != nil {
		c.Why = err.Error()
	}
	s.Checks = append(s.Checks, c)
}

// asking is one conversation.
type asking struct {
	ctx context.Context
	p   *detector.Program
	err error
}

// ask shows frames; those of show come as they are made.
func (a *asking) ask(expect []detector.Expectation, show func(func(*video.Frame) error) error) detector.Outcome {
	s, err := a.p.Start(a.ctx, detector.Asset{Expect: expect})
	if err != nil {
		a.err = err
		return detector.Outcome{}
	}
	if show != nil {
		if err := show(func(f *video.Frame) error { s.Frame(f); return nil }); err != nil {
			s.Abort(err.Error())
			a.err = err
			return detector.Outcome{}
		}
	}
	out := s.End()
	if out.Err != nil {
		a.err = out.Err
	}
	return out
}

// quiet is nil where a program answers and says nothing that counts.
func quiet(out detector.Outcome, err error) error {
	if err != nil {
		return err
	}
	for i := range out.Findings {
		if out.Findings[i].Counts() {
			return fmt.Errorf("it finds %q with a bound of %.1g in what carries nothing", out.Findings[i].Alg, *out.Findings[i].FalsePositiveBound)
		}
	}
	return nil
}

func clip(number uint64) func(func(*video.Frame) error) error {
	return func(each func(*video.Frame) error) error {
		return accuracy.Unmarked(number, width, height, frames, each)
	}
}

func hangUp(ctx context.Context, p *detector.Program) error {
	s, err := p.Start(ctx, detector.Asset{})
	if err != nil {
		return err
	}
	if err := clip(firstScene)(func(f *video.Frame) error { s.Frame(f); return nil }); err != nil {
		s.Abort(err.Error())
		return err
	}
	if err := s.HangUp(); err != nil {
		return err
	}
	return nil
}

func same(ctx context.Context, p *detector.Program) error {
	var said [2][]byte
	for i := range said {
		a := &asking{ctx: ctx, p: p}
		out := a.ask(nil, clip(firstScene))
		if a.err != nil {
			return a.err
		}
		said[i], _ = json.Marshal(out.Findings) // plain data: it cannot fail
	}
	if !bytes.Equal(said[0], said[1]) {
		return errors.New("two runs over one clip differ")
	}
	return nil
}

func echo(ctx context.Context, p *detector.Program, algs []string) error {
	var expect []detector.Expectation
	for _, a := range algs {
		expect = append(expect, detector.Expectation{Alg: a, Value: []byte{0x5a, 0xc3, 0x17, 0x88, 0x01, 0xfe, 0x42, 0x9d}})
	}
	a := &asking{ctx: ctx, p: p}
	return quiet(a.ask(expect, clip(firstScene+1)), a.err)
}

// null shows clips without a mark and counts the alarms.
func (s *Score) null(ctx context.Context, p *detector.Program) error {
	var failed error
	shown := 0
	for n := range s.Clips {
		a := &asking{ctx: ctx, p: p}
		out := a.ask(nil, clip(firstScene+2+uint64(n)))
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if a.err != nil {
			failed = fmt.Errorf("clip %d: %w", n+1, a.err)
			break
		}
		shown++
		s.count(out.Findings)
	}
	s.Clips = shown
	s.add("answers for every clip without a mark", failed)
	s.Low, s.High = accuracy.Interval(s.Alarms, s.Clips)
	s.add("false alarms do not contradict the claims", s.contradiction())
	return nil
}

// count counts one clip.
func (s *Score) count(findings []detector.Finding) {
	alarm := false
	for i := range findings {
		f := &findings[i]
		if !f.Counts() {
			continue
		}
		alarm = true
		if s.Bound == nil || *f.FalsePositiveBound > *s.Bound {
			s.Bound = f.FalsePositiveBound
		}
	}
	switch {
	case alarm:
		s.Alarms++
	case len(findings) > 0:
		s.Hints++
	}
}

// contradiction says which claim the count leaves no room for: alarms are more frequent, with 97.5 % certainty, than it
// allows.
func (s *Score) contradiction() error {
	switch {
	case s.Claim != nil && s.Low > *s.Claim:
		return fmt.Errorf("%d alarms in %d clips: the rate is %.2g at least, and %.1g is claimed", s.Alarms, s.Clips, s.Low, *s.Claim)
	case s.Bound != nil && s.Low > *s.Bound:
		return fmt.Errorf("%d alarms in %d clips: the rate is %.2g at least, and its findings say %.1g at most", s.Alarms, s.Clips, s.Low, *s.Bound)
	}
	return nil
}

// hostile are what a decoder may hand on from a hostile file.
var hostile = []struct {
	name   string
	frames func(func(*video.Frame) error) error
}{
	{"takes a picture of one pixel", shapes(shape{w: 1, h: 1})},
	{"takes pictures of odd sizes", shapes(shape{w: 17, h: 13}, shape{w: 333, h: 1}, shape{w: 1, h: 333})},
	{"takes pictures whose size changes", shapes(shape{w: 320, h: 180}, shape{w: 64, h: 48}, shape{w: 640, h: 360})},
	{"takes other forms than 4:2:0 of eight bits", shapes(shape{w: 64, h: 48, full: true}, shape{w: 64, h: 48, deep: true}, shape{w: 64, h: 48})},
	{"takes times that stand still or go back", shapes(shape{w: 64, h: 48, at: time.Second}, shape{w: 64, h: 48, at: time.Second}, shape{w: 64, h: 48})},
	{"finds nothing in black, white and grey", shapes(shape{w: 320, h: 180, level: 16}, shape{w: 320, h: 180, level: 235}, shape{w: 320, h: 180, level: 128})},
}

// shape is a flat picture.
type shape struct {
	w, h       int
	full, deep bool // 4:4:4; ten bits
	level      byte
	at         time.Duration
}

func shapes(list ...shape) func(func(*video.Frame) error) error {
	return func(each func(*video.Frame) error) error {
		for i, s := range list {
			f := &video.Frame{Index: int64(i), Time: s.at, Key: true, Width: s.w, Height: s.h, BitDepth: 8, ChromaX: 1, ChromaY: 1}
			if s.full {
				f.ChromaX, f.ChromaY = 0, 0
			}
			sample := 1
			if s.deep {
				f.BitDepth, sample = 10, 2
			}
			plane := func(w, h int, v byte) video.Plane {
				return video.Plane{Data: bytes.Repeat([]byte{v}, w*h*sample), Stride: w * sample, Width: w, Height: h}
			}
			cw, ch := (s.w+1<<f.ChromaX-1)>>f.ChromaX, (s.h+1<<f.ChromaY-1)>>f.ChromaY
			f.Y, f.Cb, f.Cr = plane(s.w, s.h, s.level), plane(cw, ch, 128), plane(cw, ch, 128)
			if err := each(f); err != nil {
				return err
			}
		}
		return nil
	}
}
