package jail

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/consentry/consentry/video"
)

const (
	childSocket = 3 // descriptors of the child, after the three standard ones
	childWindow = 4

	keptOutput = 2 << 10         // bytes of the child's standard error that are kept, to explain a crash
	outputWait = 2 * time.Second // for the rest of them, once the child is dead
)

// plan is what is tried to confine the child from outside.
type plan struct {
	clone    uintptr // namespaces
	landlock bool
}

// plans are tried in order until the system grants one. A user namespace comes first: it needs no privilege and takes
// those that the child would have.
func plans() []plan {
	landlock := landlockVersion() > 0
	ps := []plan{{unix.CLONE_NEWUSER | unix.CLONE_NEWNET | unix.CLONE_NEWIPC, landlock}}
	if os.Geteuid() == 0 {
		ps = append(ps, plan{unix.CLONE_NEWNET | unix.CLONE_NEWIPC, landlock})
	}
	ps = append(ps, plan{0, landlock})
	if landlock {
		ps = append(ps, plan{0, false})
	}
	return ps
}

// process is a child under way.
type process struct {
	conn   *os.File // our end of the socket
	window *shared  // what it reads lands here
	cmd    *exec.Cmd
	output tail
	done   chan struct{} // closed when the child was reaped
	err    error         // of waiting for it; read after done
	plan   plan

	mu     sync.Mutex
	killed bool // by us
}

// launch starts the child, under another name than its path where one is given. The caller must kill it and release the
// process.
func launch(command []string, name string, pl plan) (*process, error) {
	ours, theirs, err := socketpair()
	if err != nil {
		return nil, err
	}
	defer theirs.Close()
	window, err := newShared("reads", windowSize, true)
	if err != nil {
		ours.Close()
		return nil, err
	}
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		ours.Close()
		window.free()
		return nil, err
	}
	defer null.Close()

	p := &process{conn: ours, window: window, done: make(chan struct{}), plan: pl}
	p.cmd = exec.Command(command[0], command[1:]...)
	if name != "" {
		p.cmd.Args[0] = name
	}
	p.cmd.Env = []string{"GOTRACEBACK=none"}
	p.cmd.Dir = "/"
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = null, null, &p.output
	p.cmd.ExtraFiles = []*os.File{theirs, window.file}
	p.cmd.WaitDelay = outputWait
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: pl.clone, Pdeathsig: syscall.SIGKILL, Setpgid: true}

	started := make(chan error, 1)
	go onOwnThread(func() {
		defer close(p.done)
		if pl.landlock {
			if err := restrict(landlockVersion(), append([]string{p.cmd.Path}, libraries...)); err != nil {
				started <- fmt.Errorf("landlock: %w", err)
				return
			}
		}
		if err := p.cmd.Start(); err != nil {
			started <- err
			return
		}
		started <- nil
		p.err = p.cmd.Wait()
	})
	if err := <-started; err != nil {
		p.release()
		return nil, err
	}
	return p, nil
}

// onOwnThread runs f on a thread that nothing else ever uses, and ends that thread. Two things tie a child to the thread
// that starts it: it is born with the thread's Landlock rules, and dies when the thread does (Pdeathsig).
func onOwnThread(f func()) {
	runtime.LockOSThread()
	if unix.Gettid() == unix.Getpid() {
		// The main thread cannot end. While it is held here, the next goroutine gets another one.
		done := make(chan struct{})
		go func() {
			defer close(done)
			onOwnThread(f)
		}()
		<-done
		runtime.UnlockOSThread()
		return
	}
	f() // and no unlocking: the thread ends with the goroutine
}

func socketpair() (ours, theirs *os.File, err error) {
	fd, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("socket: %w", err)
	}
	theirs = os.NewFile(uintptr(fd[1]), "child")
	if err := unix.SetNonblock(fd[0], true); err != nil { // so that the runtime's poller waits, and not a thread
		unix.Close(fd[0])
		theirs.Close()
		return nil, nil, fmt.Errorf("socket: %w", err)
	}
	return os.NewFile(uintptr(fd[0]), "parent"), theirs, nil
}

// kill ends the child; it may be called at any time, from any goroutine, more than once.
func (p *process) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.killed = true
	if p.cmd.Process != nil && !p.reaped() {
		_ = unix.Kill(-p.cmd.Process.Pid, unix.SIGKILL) // its process group, should it have children
		_ = p.cmd.Process.Kill()                        // the only error of both is that it is gone already
	}
}

// reaped says whether the child's number may belong to somebody else by now.
func (p *process) reaped() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// release waits for the child's end and frees what belongs to it.
func (p *process) release() {
	<-p.done
	p.conn.Close()
	p.window.free()
}

// send writes a message, and hands over a descriptor with it where there is one.
func (p *process) send(message []byte, file *os.File) error {
	var rights []byte
	if file != nil {
		rights = unix.UnixRights(int(file.Fd()))
	}
	raw, err := p.conn.SyscallConn()
	if err != nil {
		return err
	}
	var sent error
	err = raw.Write(func(fd uintptr) bool {
		for {
			sent = unix.Sendmsg(int(fd), message, rights, nil, unix.MSG_NOSIGNAL)
			if sent != unix.EINTR {
				return sent != unix.EAGAIN
			}
		}
	})
	if err != nil {
		return err
	}
	return sent
}

// crash explains how the child ended when it should not have. It waits for that end.
func (p *process) crash() *video.Error {
	byUs := func() bool { p.mu.Lock(); defer p.mu.Unlock(); return p.killed }()
	p.kill() // it closed its socket: if it is not dying already, it will now
	<-p.done
	said := p.output.firstLine()
	e := &video.Error{Reason: video.ReasonCrash, Err: p.err}
	var exit *exec.ExitError
	switch {
	case errors.As(p.err, &exit):
		status, _ := exit.Sys().(syscall.WaitStatus)
		switch {
		case status.Signaled() && status.Signal() == syscall.SIGXCPU:
			e.Reason, e.Detail = video.ReasonTimeout, "the decoder used up its processor time"
		case status.Signaled() && status.Signal() == syscall.SIGKILL && !byUs:
			e.Detail = "the decoder was killed or fell silent"
		case status.Signaled():
			e.Detail = "the decoder died of a signal: " + status.Signal().String()
		default:
			e.Detail = "the decoder died: " + exit.Error()
		}
	default:
		e.Detail = "the decoder ended without an answer"
	}
	if said != "" {
		e.Detail += " (" + said + ")"
	}
	for _, words := range []string{"out of memory", "cannot allocate memory", "failed to allocate"} {
		if strings.Contains(said, words) {
			e.Reason = video.ReasonLimit
		}
	}
	return e
}

// tail keeps the beginning of what the child writes to its standard error and takes the rest without keeping it.
type tail struct {
	mu   sync.Mutex
	kept []byte
}

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = append(t.kept, b[:min(len(b), keptOutput-len(t.kept))]...)
	return len(b), nil
}

func (t *tail) firstLine() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	line, _, _ := strings.Cut(strings.TrimSpace(string(t.kept)), "\n")
	return printable(line, maxString)
}
