package jail

import (
	"fmt"
	"os"
	"runtime"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/consentry/consentry/internal/confine"
	"github.com/consentry/consentry/watermark/neural"
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
)

// Serve is the child's side: it loads the library, confines this process, and shows the network what the parent puts
// into the shared memory, until the parent ends it. It returns the exit status.
func Serve(load func(path string) (Engine, error)) int {
	runtime.LockOSThread() // the thread that computes is the one that is confined most
	var buf [maxMessage + 1]byte
	m, err := receive(buf[:])
	cfg, ok := m.(config)
	if err != nil || !ok {
		fmt.Fprintln(os.Stderr, "not started as the child of a reader of marks:", err)
		return exitWrong
	}
	for _, fd := range []int{confine.Socket, filePicture, fileModel, fileLibrary} {
		unix.CloseOnExec(fd)
	}
	r, run, numbers, err := start(cfg, load)
	if err != nil {
		_ = confine.Send(failure(confine.Printable(err.Error(), maxDetail)).append(nil))
		return exitWrong
	}
	if confine.Send(r.append(nil)) != nil {
		return exitWrong
	}
	for {
		m, err := receive(buf[:])
		if err != nil {
			return exitDone // the parent ends this process when it has asked all
		}
		shape, ok := m.(picture)
		size, fits := elements(shape, len(numbers))
		if !ok || !fits {
			return exitWrong
		}
		var said []byte
		out, err := run.Run(neural.Tensor{Shape: shape, Data: numbers[:size]})
		if err == nil && cfg.fold > 0 {
			out, err = neural.Fold(out, int(cfg.fold))
		}
		switch {
		case err != nil:
			said = failure(confine.Printable(err.Error(), maxDetail)).append(nil)
		case len(out.Data) > neural.MaxAnswer:
			said = failure(fmt.Sprintf("the network answered with %d numbers", len(out.Data))).append(nil)
		default:
			said = answer(out.Data).append(nil)
		}
		if confine.Send(said) != nil {
			return exitWrong
		}
	}
}

// start loads what the child needs and gives up what it does not need any more.
func start(cfg config, load func(path string) (Engine, error)) (r ready, run neural.Runner, numbers []float32, err error) {
	missing := confine.Bound(confine.Limits{Memory: cfg.memory, Time: time.Duration(cfg.time)})
	shared, err := unix.Mmap(filePicture, 0, int(4*cfg.numbers), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return r, nil, nil, fmt.Errorf("mapping the picture: %w", err)
	}
	numbers = unsafe.Slice((*float32)(unsafe.Pointer(&shared[0])), cfg.numbers) // pages are aligned
	model, err := unix.Mmap(fileModel, 0, int(cfg.modelSize), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return r, nil, nil, fmt.Errorf("mapping the model: %w", err)
	}
	// The library opens files while it loads: those of the C++ library that it is linked with.
	engine, err := load(fmt.Sprintf("/proc/self/fd/%d", fileLibrary))
	if err != nil {
		return r, nil, nil, err
	}
	r.syscalls, missing = confine.Shut(missing)
	r.missing = missing
	run, err = engine.Session(model, cfg.input, cfg.output)
	return r, run, numbers, err
}

// elements is how many numbers a shape has, where there is room for them.
func elements(shape []int64, room int) (int, bool) {
	n := int64(1)
	for _, d := range shape {
		if d < 1 || d > int64(room)/n {
			return 0, false
		}
		n *= d
	}
	return int(n), len(shape) > 0
}

func receive(buf []byte) (any, error) {
	b, _, err := confine.Receive(buf)
	if err != nil {
		return nil, err
	}
	return parse(b)
}
