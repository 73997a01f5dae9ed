package jail

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/consentry/consentry/internal/confine"
	"github.com/consentry/consentry/persons"
)

// Detector finds faces in child processes. Make one with [Open].
type Detector struct {
	prepared
	lim     Limits
	held    Confinement
	free    chan *worker
	workers int           // that were started
	closed  chan struct{} // when Close was called
	once    sync.Once

	mu  sync.Mutex
	err *persons.Error // why it works no more
}

var _ persons.Detector = (*Detector)(nil)

// worker is one child.
type worker struct {
	p      *confine.Process
	shared *confine.Shared
	buf    []byte
}

// Open checks the library and the model and starts the children; each has passed the self-test when it returns. The
// caller must Close the detector. The error is a [*persons.Error].
func Open(ctx context.Context, cfg Config) (*Detector, error) {
	ready, err := prepare(cfg)
	if err != nil {
		return nil, err
	}
	lib, err := confine.NewPinned("library", cfg.Library.Path, cfg.Library.SHA256, maxLibrary)
	if err != nil {
		return nil, &persons.Error{Reason: persons.ReasonLibrary, Detail: printable(err.Error(), maxDetail), Err: err}
	}
	defer lib.Close()
	model, err := confine.NewSealed("model", bytes.NewReader(ready.model))
	if err != nil {
		return nil, unavailable(err)
	}
	defer model.Close()
	given := []*os.File{model, lib}
	if ready.prints != nil {
		prints, err := confine.NewSealed("templates", bytes.NewReader(ready.prints))
		if err != nil {
			return nil, unavailable(err)
		}
		defer prints.Close()
		given = append(given, prints)
	}
	command := confine.Command{Role: "detector", Program: cfg.Command, Subcommand: Subcommand}
	if command.Itself() {
		return nil, unavailable(errors.New("this process was started as a detector's child and did not call jail.Serve"))
	}
	d := &Detector{prepared: ready, lim: cfg.Limits.WithDefaults(), closed: make(chan struct{})}
	d.free = make(chan *worker, d.lim.Workers)
	if err := d.startAll(ctx, command, given); err != nil {
		d.Close()
		return nil, err
	}
	return d, nil
}

func unavailable(err error) *persons.Error {
	return &persons.Error{Reason: persons.ReasonUnavailable, Detail: printable(err.Error(), maxDetail), Err: err}
}

// startAll starts the children side by side: loading the library takes most of the time of a start.
func (d *Detector) startAll(ctx context.Context, command confine.Command, given []*os.File) error {
	type started struct {
		w    *worker
		held Confinement
		err  *persons.Error
	}
	all := make(chan started)
	for range d.lim.Workers {
		go func() {
			w, held, err := d.start(ctx, command, given)
			all <- started{w, held, err}
		}()
	}
	var failed *persons.Error
	for range d.lim.Workers {
		s := <-all
		if s.err != nil {
			failed = s.err
			continue
		}
		d.workers++
		d.held = s.held
		d.free <- s.w
	}
	if failed != nil {
		return failed
	}
	return nil
}

// start starts a child, as confined as this system allows, and waits until it is ready.
func (d *Detector) start(ctx context.Context, command confine.Command, given []*os.File) (*worker, Confinement, *persons.Error) {
	var last *persons.Error
	var refused []string
	for _, pl := range confine.Plans() {
		shared, err := confine.NewShared("picture", pictureBytes, true)
		if err != nil {
			return nil, Confinement{}, unavailable(err)
		}
		command.Files = append([]*os.File{shared.File}, given...)
		p, err := confine.Start(command, pl)
		if err != nil {
			shared.Free()
			last = unavailable(fmt.Errorf("the detector could not be started: %w", err))
			if errors.Is(err, unix.ENOENT) {
				break
			}
			refused = append(refused, printable(fmt.Sprintf("%s: %v", pl, err), maxString))
			continue
		}
		w := &worker{p: p, shared: shared, buf: make([]byte, maxMessage+1)}
		r, failure := w.greet(ctx, d)
		if failure == nil {
			held := Confinement{Network: pl.Network(), Files: pl.Files(), Syscalls: r.syscalls, Missing: append(refused, r.missing...)}
			return w, held, nil
		}
		w.end()
		last = failure
		if ctx.Err() != nil || failure.Reason != persons.ReasonCrash && failure.Reason != persons.ReasonLibrary || !pl.Files() {
			break
		}
		// A library that is linked with others in unusual places does not load under our rules for files.
		refused = append(refused, printable(fmt.Sprintf("%s: %s", pl, failure.Detail), maxString))
	}
	return nil, Confinement{}, last
}

// greet tells the child what to run and waits until it is ready.
func (w *worker) greet(ctx context.Context, d *Detector) (ready, *persons.Error) {
	cfg := config{
		kind: d.net.Kind, input: d.net.Input, outputs: d.net.Outputs,
		modelSize: int64(len(d.model)), templates: int64(len(d.prints)), memory: d.lim.Memory, total: int64(d.lim.Total),
	}
	m, failure := w.ask(ctx, cfg.append(nil), d.lim.Start)
	if failure != nil {
		return ready{}, failure
	}
	r, ok := m.(ready)
	if !ok {
		return ready{}, protocolError("the detector did not greet first")
	}
	return r, r.failure.err()
}

// ask sends a message and waits for the answer. Where there is none the child is killed.
func (w *worker) ask(ctx context.Context, message []byte, within time.Duration) (any, *persons.Error) {
	defer context.AfterFunc(ctx, w.p.Kill)()
	if err := w.p.Conn.SetReadDeadline(time.Now().Add(within)); err != nil {
		return nil, unavailable(err)
	}
	if err := w.p.Send(message, nil); err != nil {
		return nil, w.died(ctx)
	}
	n, err := w.p.Conn.Read(w.buf)
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		w.p.Kill()
		return nil, &persons.Error{Reason: persons.ReasonTimeout, Detail: fmt.Sprintf("the detector did not answer within %s", within)}
	case err != nil || n == 0:
		return nil, w.died(ctx)
	}
	m, err := parse(w.buf[:n])
	if err != nil {
		return nil, protocolError("the detector sent a malformed message")
	}
	return m, nil
}

// died explains why the conversation is over.
func (w *worker) died(ctx context.Context) *persons.Error {
	if err := ctx.Err(); err != nil {
		reason := persons.ReasonCancelled
		if errors.Is(err, context.DeadlineExceeded) {
			reason = persons.ReasonTimeout
		}
		return &persons.Error{Reason: reason, Detail: "the detector was stopped", Err: err}
	}
	end := w.p.Ended()
	e := &persons.Error{Reason: persons.ReasonCrash, Detail: end.Detail, Err: end.Err}
	switch end.Kind {
	case confine.TooLong:
		e.Reason = persons.ReasonTimeout
	case confine.TooLarge:
		e.Reason = persons.ReasonLimit
	}
	return e
}

func (w *worker) end() {
	w.p.Kill()
	w.p.Release()
	w.shared.Free()
}

// Network implements [persons.Detector].
func (d *Detector) Network() string { return d.net.Kind }

// Models implements [persons.Detector].
func (d *Detector) Models() []persons.Model { return append([]persons.Model(nil), d.models...) }

// Workers implements [persons.Detector].
func (d *Detector) Workers() int { return d.lim.Workers }

// Confinement says what held the children.
func (d *Detector) Confinement() Confinement { return d.held }

// Detect implements [persons.Detector].
func (d *Detector) Detect(ctx context.Context, p *persons.Picture) ([]persons.Face, error) {
	if !p.Valid() {
		return nil, &persons.Error{Reason: persons.ReasonLimit, Detail: "no picture that a detector takes"}
	}
	answer, err := d.show(ctx, p, picture{uint16(p.Width), uint16(p.Height)}.append(nil))
	if err != nil {
		return nil, err
	}
	if found, ok := answer.(faces); ok {
		return found, nil
	}
	return nil, d.failed(protocolError("the detector spoke out of turn"))
}

// Template makes the template of a chip, see [persons.Describer]. It fails where [Config.Templates] was nil.
func (d *Detector) Template(ctx context.Context, p *persons.Picture) (persons.Template, error) {
	if !p.Valid() || p.Width != persons.ChipSide || p.Height != persons.ChipSide || d.prints == nil {
		return persons.Template{}, &persons.Error{Reason: persons.ReasonLimit, Detail: "no chip that a template is made of, or no network for it"}
	}
	answer, err := d.show(ctx, p, chip{}.append(nil))
	if err != nil {
		return persons.Template{}, err
	}
	if t, ok := answer.(*vector); ok {
		return t.take(), nil
	}
	return persons.Template{}, d.failed(protocolError("the detector spoke out of turn"))
}

// show puts a picture before a child and asks it something of it.
func (d *Detector) show(ctx context.Context, p *persons.Picture, message []byte) (any, error) {
	var w *worker
	select {
	case w = <-d.free:
	case <-d.closed:
		return nil, d.failed(nil)
	case <-ctx.Done():
		return nil, &persons.Error{Reason: persons.ReasonCancelled, Detail: "the caller gave up", Err: ctx.Err()}
	}
	defer func() { d.free <- w }()
	if err := d.failed(nil); err != nil {
		return nil, err
	}
	copy(w.shared.Data, p.RGB)
	answer, failed := w.ask(ctx, message, d.lim.Answer)
	if d.prints != nil {
		clear(w.buf) // a template was in it
	}
	if f, ok := answer.(failure); ok {
		failed = f.err()
	}
	if failed != nil {
		return nil, d.failed(failed)
	}
	return answer, nil
}

// failed notes the first failure, where there is one, and returns it.
func (d *Detector) failed(f *persons.Error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.err == nil {
		d.err = f
	}
	if d.err == nil {
		return nil
	}
	return d.err
}

// Close implements [persons.Detector]: it waits for the calls under way and ends the children. Later calls of Detect
// fail, and closing again does nothing.
func (d *Detector) Close() error {
	_ = d.failed(&persons.Error{Reason: persons.ReasonCancelled, Detail: "the detector is closed"})
	d.once.Do(func() {
		close(d.closed)
		for range d.workers {
			(<-d.free).end()
		}
	})
	return nil
}
