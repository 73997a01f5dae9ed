package detector

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/consentry/consentry/video"
)

// Asset is what a detector is told before the first frame.
type Asset struct {
	DurationMs int64 // 0: not known
	// Expect are values that the manifest declares for the detector's algorithms: a hypothesis to test in place of
	// guessing. Others are left out when they are handed on.
	Expect []Expectation
}

// Expectation is a soft binding's value.
type Expectation struct {
	Alg   string `json:"alg"`
	Value []byte `json:"value"` // base64 in JSON
}

// begin is the first line to a detector.
type begin struct {
	Type       string        `json:"type"` // begin
	DurationMs int64         `json:"durationMs"`
	Expect     []Expectation `json:"expect"`
}

// Session is one asset's conversation with one detector. It is not safe for concurrent use.
type Session struct {
	Hello Hello

	p        *Program
	c        *child
	lim      Limits
	deadline time.Time
	stop     func() bool // of watching the context
	ctx      context.Context
	w        *bufio.Writer
	next     time.Duration // before which frames are passed over
	frames   int64
	unread   int64
	last     time.Duration
	err      *Error

	heard chan struct{} // closed when the first line is there, or the reader has ended
	over  chan struct{} // closed when the reader has ended
	once  sync.Once
	mu    sync.Mutex
	said  []message
	fault error // of reading; nil: it said that it is done, and ended
}

// Outcome is what a detector said of an asset. Findings are there only where Err is nil.
type Outcome struct {
	Hello       Hello // zero where it never came so far
	Frames      int64 // that it was shown
	Unread      int64 // frames that lack a plane that it wants
	Findings    []Finding
	Err         *Error
	Confinement Confinement
}

// Start starts the program and waits for its hello. The error is an [*Error]; the caller must call [Session.End] or
// [Session.Abort] otherwise.
func (p *Program) Start(ctx context.Context, a Asset) (*Session, error) {
	c, err := p.start()
	if err != nil {
		return nil, &Error{Reason: ReasonUnavailable, Detail: printable(err.Error()), Err: err}
	}
	lim := p.Limits.WithDefaults()
	s := &Session{
		p: p, c: c, lim: lim, ctx: ctx, deadline: time.Now().Add(lim.Time),
		stop: context.AfterFunc(ctx, c.kill), w: bufio.NewWriterSize(c.in, 256<<10),
		heard: make(chan struct{}), over: make(chan struct{}),
	}
	go s.listen()
	if err := s.greet(a); err != nil {
		s.finish()
		return nil, err
	}
	return s, nil
}

func (s *Session) greet(a Asset) *Error {
	if !s.wait(s.heard, s.lim.Start) {
		return s.late("it did not say hello within %s", s.lim.Start)
	}
	s.mu.Lock()
	said, fault := slices.Clone(s.said), s.fault
	s.mu.Unlock()
	switch {
	case len(said) == 0 && fault != nil:
		return s.failed(fault)
	case len(said) == 0 || said[0].hello == nil:
		return &Error{Reason: ReasonProtocol, Detail: "its first line is not hello"}
	case said[0].hello.Network:
		return &Error{Reason: ReasonNetwork, Detail: "it says that it needs the network, and no detector gets it"}
	}
	s.Hello = *said[0].hello
	b := begin{Type: "begin", DurationMs: max(0, a.DurationMs), Expect: []Expectation{}}
	for _, e := range a.Expect {
		if slices.Contains(s.Hello.Algs, e.Alg) {
			b.Expect = append(b.Expect, e)
		}
	}
	return s.write(func() error { return writeLine(s.w, b) })
}

// wait waits for something, within a time and the asset's.
func (s *Session) wait(done <-chan struct{}, within time.Duration) bool {
	t := time.NewTimer(min(within, time.Until(s.deadline)))
	defer t.Stop()
	select {
	case <-done:
		return true
	case <-t.C:
		return false
	}
}

func (s *Session) late(format string, args ...any) *Error {
	s.c.kill()
	return &Error{Reason: ReasonTimeout, Detail: fmt.Sprintf(format, args...)}
}

// write hands something over; a detector that does not take it in time is ended.
func (s *Session) write(what func() error) *Error {
	end := time.Now().Add(s.lim.Stall)
	if s.deadline.Before(end) {
		end = s.deadline
	}
	if err := s.c.in.SetWriteDeadline(end); err != nil {
		return &Error{Reason: ReasonUnavailable, Detail: printable(err.Error()), Err: err}
	}
	err := what()
	if err == nil {
		err = s.w.Flush()
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, os.ErrDeadlineExceeded):
		return s.late("it did not take what it was shown within %s, or all of it within %s", s.lim.Stall, s.lim.Time)
	}
	// It has closed its input. What it said before explains more than the broken pipe.
	s.wait(s.over, s.lim.Stall)
	s.mu.Lock()
	fault := s.fault
	s.mu.Unlock()
	if fault == nil {
		return &Error{Reason: ReasonProtocol, Detail: "it said that it was done before it had seen all frames"}
	}
	return s.failed(fault)
}

// failed explains the reader's error.
func (s *Session) failed(fault error) *Error {
	var syntax *SyntaxError
	var limit *Error
	switch err := s.ctx.Err(); {
	case err != nil:
		return &Error{Reason: ReasonCancelled, Detail: "it was stopped", Err: err}
	case errors.As(fault, &syntax):
		return &Error{Reason: ReasonProtocol, Detail: fault.Error(), Err: fault}
	case errors.As(fault, &limit):
		return limit
	}
	return s.c.ended()
}

// Frame shows a frame, if it is one that the detector wants. A detector that fails is passed over from then on: its
// failure is [Outcome].Err and ends no decode.
func (s *Session) Frame(f *video.Frame) {
	w := &s.Hello.Wants
	if s.err != nil || w.Frames == "keys" && !f.Key {
		return
	}
	if w.FPS > 0 && s.frames > 0 && f.Time < s.next && f.Time >= s.last {
		return
	}
	planes, ok := sources(f, w)
	if !ok {
		s.unread++
		return
	}
	if w.FPS > 0 {
		s.next = f.Time + time.Duration(float64(time.Second)/w.FPS)
	}
	s.last = f.Time
	s.frames++
	s.err = s.write(func() error { return writeFrame(s.w, f, planes) })
}

// Wants is what the detector needs to see.
func (s *Session) Wants() Wants { return s.Hello.Wants }

// End tells the detector that there are no more frames, and waits for its findings.
func (s *Session) End() Outcome {
	if s.err == nil {
		s.err = s.write(func() error {
			return writeLine(s.w, struct {
				Type string `json:"type"`
			}{"end"})
		})
	}
	if s.err == nil {
		s.c.in.Close()
		if !s.wait(s.over, s.lim.End) {
			s.err = s.late("it gave no findings within %s", s.lim.End)
		}
	}
	if s.err == nil {
		s.mu.Lock()
		fault := s.fault
		s.mu.Unlock()
		switch {
		case fault != nil:
			s.err = s.failed(fault)
		case !s.wait(s.c.exited, s.lim.End):
			s.err = s.late("it did not end within %s of being done", s.lim.End)
		case s.c.status() != nil:
			s.err = s.c.ended()
		}
	}
	return s.outcome()
}

// HangUp closes the detector's input before the end, as a parent that dies does. A program that then says it is done,
// or does not end, has a fault: it would call a part the whole. Nil: it ended without an answer, as it must.
func (s *Session) HangUp() *Error {
	defer s.finish()
	if s.err != nil {
		return s.err
	}
	s.c.in.Close()
	if !s.wait(s.over, s.lim.End) || !s.wait(s.c.exited, s.lim.End) {
		return s.late("it goes on for %s after its input was closed", s.lim.End)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fault == nil {
		return &Error{Reason: ReasonProtocol, Detail: "its input ended too early, and it says that it is done"}
	}
	return nil
}

// Abort ends the detector, whose answer nobody wants any more; why is the reason.
func (s *Session) Abort(why string) Outcome {
	if s.err == nil {
		s.err = &Error{Reason: ReasonCancelled, Detail: printable(why)}
	}
	return s.outcome()
}

func (s *Session) outcome() Outcome {
	s.finish()
	out := Outcome{Hello: s.Hello, Frames: s.frames, Unread: s.unread, Err: s.err, Confinement: s.c.held}
	if s.err != nil {
		return out
	}
	for _, m := range s.said {
		if m.done != nil && *m.done != s.frames {
			out.Findings, out.Err = nil, &Error{Reason: ReasonProtocol, Detail: fmt.Sprintf("it was shown %d frames and says that it saw %d", s.frames, *m.done)}
			return out
		}
		if m.finding == nil {
			continue
		}
		if f := m.finding; f.Alg != "" && !slices.Contains(s.Hello.Algs, f.Alg) {
			out.Findings, out.Err = nil, &Error{Reason: ReasonProtocol, Detail: "a finding names an algorithm that its hello does not"}
			return out
		}
		out.Findings = append(out.Findings, *m.finding)
	}
	return out
}

// finish ends the process and the reader.
func (s *Session) finish() {
	s.once.Do(func() {
		s.stop()
		s.c.kill()
		s.c.out.Close() // should something that it started still hold the other end
		<-s.over
		s.c.release()
	})
}

// listen reads what the detector says, to its end.
func (s *Session) listen() {
	err := s.read()
	s.mu.Lock()
	s.fault = err
	s.mu.Unlock()
	s.hear()
	if err != nil && err != errSilent { // one that is ending is left to say how
		s.c.kill()
	}
	close(s.over)
}

// hear says that the first line is there, or none will come.
func (s *Session) hear() {
	select {
	case <-s.heard:
	default:
		close(s.heard)
	}
}

// errSilent is the end of a detector's output before it said that it was done.
var errSilent = errors.New("it ended before it was done")

func (s *Session) read() error {
	r := reader{in: bufio.NewReaderSize(s.c.out, MaxLine)}
	for {
		m, err := r.next()
		if err != nil {
			return err
		}
		s.mu.Lock()
		s.said = append(s.said, m)
		s.mu.Unlock()
		s.hear()
		if m.done != nil {
			return r.end()
		}
	}
}

// reader reads the lines of a detector and holds them against the protocol's order and limits.
type reader struct {
	in       *bufio.Reader
	total    int64
	lines    int
	findings int
}

// next is the next line. The error is a [*SyntaxError], an [*Error] about a limit, or that of the pipe.
func (r *reader) next() (message, error) {
	line, err := r.in.ReadSlice('\n')
	at := r.total
	r.total += int64(len(line))
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		return message{}, &Error{Reason: ReasonLimit, Detail: fmt.Sprintf("a line of it has more than %d bytes", MaxLine)}
	case err == io.EOF:
		return message{}, errSilent
	case err != nil:
		return message{}, err
	case r.total > MaxOutput:
		return message{}, &Error{Reason: ReasonLimit, Detail: fmt.Sprintf("it says more than %d bytes", MaxOutput)}
	}
	m, err := parse(line[:len(line)-1])
	if err == nil && (r.lines == 0) != (m.hello != nil) {
		err = &SyntaxError{Why: "hello is the first line, and no other"}
	}
	var syntax *SyntaxError
	if errors.As(err, &syntax) {
		syntax.Offset += at
	}
	if err != nil {
		return message{}, err
	}
	r.lines++
	if m.finding != nil {
		if r.findings++; r.findings > MaxFindings {
			return message{}, &Error{Reason: ReasonLimit, Detail: fmt.Sprintf("it has more than %d findings", MaxFindings)}
		}
	}
	return m, nil
}

// end holds that nothing follows the last line.
func (r *reader) end() error {
	if _, err := r.in.ReadByte(); err == io.EOF {
		return nil
	} else if err != nil {
		return err
	}
	return &SyntaxError{Offset: r.total, Why: "something follows after done"}
}
