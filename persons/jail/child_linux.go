package jail

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"time"

	"golang.org/x/sys/unix"

	"github.com/consentry/consentry/internal/confine"
	"github.com/consentry/consentry/persons"
	"github.com/consentry/consentry/persons/network"
	"github.com/consentry/consentry/persons/template"
)

// Exit statuses of the child.
const (
	exitDone  = 0
	exitWrong = 2 // it was not started by a parent, or the parent is gone
)

// Descriptors that the parent hands over.
const (
	filePicture = confine.FirstFile
	fileModel   = confine.FirstFile + 1
	fileLibrary = confine.FirstFile + 2
	// fileTemplates is there where templates are wanted.
	fileTemplates = confine.FirstFile + 3
)

const pictureBytes = 3 * persons.MaxSide * persons.MaxSide

// Serve is the child's side: it loads the library, confines this process, and looks for faces in what the parent shows
// until the parent ends it. It returns the exit status. A program that uses [Open] calls it at the start of main for the
// hidden subcommand, and for nothing else.
func Serve(load func(path string) (Engine, error)) int {
	runtime.LockOSThread() // the thread that computes is the one that is confined most
	c := &child{}
	cfg, err := c.greeted()
	if err != nil {
		fmt.Fprintln(os.Stderr, "not started as the child of a detector:", err)
		return exitWrong
	}
	r, n := c.start(cfg, load)
	// From here on nearly all that is allocated is the picture as numbers, which is kept.
	debug.SetGCPercent(20)
	debug.FreeOSMemory()
	if confine.Send(r.append(nil)) != nil || r.failure.reason != "" {
		return exitWrong
	}
	for {
		m, err := c.receive()
		if err != nil {
			return exitDone // the parent ends this process when it has seen all
		}
		answer, ok := n.answer(m, c.shared)
		if !ok || confine.Send(answer) != nil {
			return exitWrong
		}
		clear(answer) // it may be a template
	}
}

// networks are those that a child runs.
type networks struct {
	net       *network.Network
	run       network.Runner
	templates network.Runner // nil: none are wanted
	in        network.Tensor
}

// answer does what a message asks for; false: it is none that a parent sends.
func (n *networks) answer(m any, shared []byte) ([]byte, bool) {
	var message interface{ append([]byte) []byte }
	var err error
	switch m := m.(type) {
	case picture:
		w, h := int(m.width), int(m.height)
		var found []persons.Face
		found, err = n.net.Detect(n.run, &persons.Picture{Width: w, Height: h, RGB: shared[:3*w*h]}, &n.in)
		message = faces(found)
	case chip:
		if n.templates == nil {
			return nil, false
		}
		var t persons.Template
		p := &persons.Picture{Width: persons.ChipSide, Height: persons.ChipSide, RGB: shared[:3*persons.ChipSide*persons.ChipSide]}
		t, err = template.Make(n.templates, p, &n.in)
		defer t.Forget()
		message = (*vector)(&t)
	default:
		return nil, false
	}
	if err != nil {
		message = failureOf(err, persons.ReasonCrash)
	}
	return message.append(nil), true
}

// start loads what the child needs, gives up what it does not need any more, and tests the network.
func (c *child) start(cfg config, load func(path string) (Engine, error)) (ready, *networks) {
	var r ready
	fail := func(err error, reason string) (ready, *networks) {
		r.failure = failureOf(err, reason)
		return r, nil
	}
	missing := confine.Bound(confine.Limits{Memory: cfg.memory, Time: time.Duration(cfg.total)})
	model, err := unix.Mmap(fileModel, 0, int(cfg.modelSize), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return fail(err, persons.ReasonLimit)
	}
	var second []byte
	if cfg.templates > 0 {
		if second, err = unix.Mmap(fileTemplates, 0, int(cfg.templates), unix.PROT_READ, unix.MAP_SHARED); err != nil {
			return fail(err, persons.ReasonLimit)
		}
	}
	// The library opens files while it loads: those of the C++ library that it is linked with.
	engine, err := load(fmt.Sprintf("/proc/self/fd/%d", fileLibrary))
	if err != nil {
		return fail(err, persons.ReasonLibrary)
	}
	r.syscalls, missing = confine.Shut(missing)
	r.missing = missing
	net, err := network.New(cfg.kind, cfg.input, cfg.outputs)
	if err != nil {
		return fail(err, persons.ReasonModel)
	}
	run, err := engine.Session(model, net)
	if err != nil {
		return fail(err, persons.ReasonModel)
	}
	if err := net.SelfTest(run); err != nil {
		return fail(err, persons.ReasonSelfTest)
	}
	n := &networks{net: net, run: run}
	if second == nil {
		return r, n
	}
	if n.templates, err = engine.Session(second, template.Graph()); err != nil {
		return fail(err, persons.ReasonModel)
	}
	if err := template.SelfTest(n.templates); err != nil {
		return fail(err, persons.ReasonSelfTest)
	}
	return r, n
}

// child talks to the parent.
type child struct {
	buf    [4 << 10]byte
	shared []byte // the picture
}

// greeted takes the descriptors and the first message.
func (c *child) greeted() (config, error) {
	kind, err := unix.GetsockoptInt(confine.Socket, unix.SOL_SOCKET, unix.SO_TYPE)
	if err != nil || kind != unix.SOCK_SEQPACKET {
		return config{}, fmt.Errorf("descriptor %d is no socket of ours", confine.Socket)
	}
	for _, fd := range []int{confine.Socket, filePicture, fileModel, fileLibrary} {
		unix.CloseOnExec(fd)
	}
	if c.shared, err = unix.Mmap(filePicture, 0, pictureBytes, unix.PROT_READ, unix.MAP_SHARED); err != nil {
		return config{}, fmt.Errorf("mapping the picture: %w", err)
	}
	m, err := c.receive()
	if err != nil {
		return config{}, err
	}
	cfg, ok := m.(config)
	if !ok {
		return config{}, errMessage
	}
	return cfg, nil
}

func (c *child) receive() (any, error) {
	b, _, err := confine.Receive(c.buf[:])
	if err != nil {
		return nil, err
	}
	return parseParent(b)
}
