package jail

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/consentry/consentry/internal/confine"
	"github.com/consentry/consentry/watermark/neural"
)

// Process is a network in a child process. Make one with [Open]. It is not safe for concurrent use.
type Process struct {
	ctx     context.Context // of Open: what asks has no context of its own
	p       *confine.Process
	shared  *confine.Shared
	numbers []float32 // the shared memory
	buf     []byte
	lim     Limits
	missing []string
	err     error // why it works no more
}

// Open checks the library and starts the child. The context holds until Close, which the caller must call. The error
// is an [*Error].
func Open(ctx context.Context, cfg Config) (*Process, error) {
	lib, err := confine.NewPinned("library", cfg.Library, cfg.SHA256, maxLibrary)
	if err != nil {
		return nil, failed(err)
	}
	defer lib.Close()
	model, err := confine.NewSealed("model", bytes.NewReader(cfg.Model))
	if err != nil {
		return nil, failed(err)
	}
	defer model.Close()
	command := confine.Command{Role: "reader of marks", Program: cfg.Command, Subcommand: Subcommand}
	if command.Itself() {
		return nil, failed(errors.New("this process was started as the child of a reader of marks and did not call jail.Serve"))
	}
	var refused []string
	var last error
	for _, pl := range confine.Plans() {
		p, err := startUnder(ctx, cfg, command, pl, model, lib)
		if err == nil {
			p.missing = append(refused, p.missing...)
			return p, nil
		}
		last = err
		if ctx.Err() != nil || errors.Is(err, unix.ENOENT) || !pl.Files() {
			break
		}
		// A library that is linked with others in unusual places does not load under our rules for files.
		refused = append(refused, confine.Printable(fmt.Sprintf("%s: %v", pl, err), maxSaid))
	}
	return nil, failed(last)
}

// startUnder starts a child under a plan and waits until it is ready.
func startUnder(ctx context.Context, cfg Config, command confine.Command, pl confine.Plan, model, lib *os.File) (*Process, error) {
	numbers := cfg.Network.Largest()
	shared, err := confine.NewShared("picture", int64(4*numbers), true)
	if err != nil {
		return nil, err
	}
	command.Files = []*os.File{shared.File, model, lib}
	child, err := confine.Start(command, pl)
	if err != nil {
		shared.Free()
		return nil, fmt.Errorf("the reader of marks could not be started: %w", err)
	}
	p := &Process{
		ctx: ctx, p: child, shared: shared, buf: make([]byte, maxMessage+1), lim: cfg.Limits.WithDefaults(),
		numbers: unsafe.Slice((*float32)(unsafe.Pointer(&shared.Data[0])), numbers), // pages are aligned
	}
	greeting := config{
		input: cfg.Network.Input, output: cfg.Network.Output, modelSize: int64(len(cfg.Model)), numbers: int64(numbers),
		memory: p.lim.Memory, time: int64(p.lim.Total), fold: int64(cfg.Network.Fold),
	}
	m, err := p.ask(greeting.append(nil), p.lim.Start)
	if err == nil {
		r, ok := m.(ready)
		if ok {
			p.missing = r.missing
			if !r.syscalls {
				p.missing = append(p.missing, "no filter of system calls")
			}
			if !pl.Network() {
				p.missing = append(p.missing, "no network namespace")
			}
			return p, nil
		}
		err = errors.New("it did not greet first")
		if f, isFailure := m.(failure); isFailure {
			err = errors.New(string(f))
		}
	}
	p.end()
	return nil, err
}

// ask sends a message and waits for the answer. Where there is none the child is killed.
func (p *Process) ask(message []byte, within time.Duration) (any, error) {
	defer context.AfterFunc(p.ctx, p.p.Kill)()
	if err := p.p.Conn.SetReadDeadline(time.Now().Add(within)); err != nil {
		return nil, err
	}
	if err := p.p.Send(message, nil); err != nil {
		return nil, p.died()
	}
	n, err := p.p.Conn.Read(p.buf)
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		p.p.Kill()
		return nil, fmt.Errorf("the network did not answer within %s", within)
	case err != nil || n == 0:
		return nil, p.died()
	}
	m, err := parse(p.buf[:n])
	if err != nil {
		return nil, errors.New("the child sent a malformed message")
	}
	return m, nil
}

// died explains why the conversation is over.
func (p *Process) died() error {
	if err := p.ctx.Err(); err != nil {
		return fmt.Errorf("the network was stopped: %w", err)
	}
	end := p.p.Ended()
	if end.Err != nil {
		return fmt.Errorf("%s: %w", end.Detail, end.Err)
	}
	return errors.New(end.Detail)
}

// Run implements [neural.Runner].
func (p *Process) Run(in neural.Tensor) (neural.Tensor, error) {
	if p.err != nil {
		return neural.Tensor{}, p.err
	}
	if n, ok := elements(in.Shape, len(p.numbers)); !ok || n != len(in.Data) {
		return neural.Tensor{}, failed(fmt.Errorf("a picture of %v with %d numbers is none that the network takes", in.Shape, len(in.Data)))
	}
	copy(p.numbers, in.Data)
	m, err := p.ask(picture(in.Shape).append(nil), p.lim.Answer)
	if err == nil {
		switch m := m.(type) {
		case answer:
			return neural.Tensor{Shape: []int64{int64(len(m))}, Data: m}, nil
		case failure:
			err = errors.New(string(m))
		default:
			err = errors.New("the child spoke out of turn")
		}
	}
	p.err = failed(err)
	return neural.Tensor{}, p.err
}

// Missing is what the system did not grant to confine the child, and why.
func (p *Process) Missing() []string { return p.missing }

// Close ends the child. Later calls of Run fail, and closing again does nothing.
func (p *Process) Close() error {
	if p.p != nil && p.shared.Data != nil {
		p.end()
	}
	p.err = &Error{Detail: "the network is closed"}
	return nil
}

func (p *Process) end() {
	p.p.Kill()
	p.p.Release()
	p.shared.Free()
}
