package confine

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	keptOutput = 2 << 10         // bytes of the child's standard error that are kept, to explain a crash
	outputWait = 2 * time.Second // for the rest of them, once the child is dead
)

// Plan is what is tried to confine the child from outside.
type Plan struct {
	clone    uintptr // namespaces
	landlock bool
}

// Plans are tried in order until the system grants one. A user namespace comes first: it needs no privilege and takes
// those that the child would have.
func Plans() []Plan {
	landlock := LandlockVersion() > 0
	ps := []Plan{{unix.CLONE_NEWUSER | unix.CLONE_NEWNET | unix.CLONE_NEWIPC, landlock}}
	if os.Geteuid() == 0 {
		ps = append(ps, Plan{unix.CLONE_NEWNET | unix.CLONE_NEWIPC, landlock})
	}
	ps = append(ps, Plan{0, landlock})
	if landlock {
		ps = append(ps, Plan{0, false})
	}
	return ps
}

// Network says whether the child has a network namespace of its own.
func (pl Plan) Network() bool { return pl.clone&unix.CLONE_NEWNET != 0 }

// Files says whether the child is born under Landlock.
func (pl Plan) Files() bool { return pl.landlock }

func (pl Plan) String() string {
	s := ""
	if pl.clone&unix.CLONE_NEWUSER != 0 {
		s += "user and "
	}
	if pl.Network() {
		s += "network namespace"
	} else {
		s += "no namespace"
	}
	if pl.landlock {
		s += ", landlock"
	}
	return s
}

// Command says what to start.
type Command struct {
	Role string // in messages: "decoder"
	// Program is the program and its arguments; empty: this binary, under its own name, and Subcommand.
	Program    []string
	Subcommand string
	Files      []*os.File // descriptors of the child from [FirstFile] on
	// Stdin and Stdout are the child's standard streams; nil: nothing to read, and what it writes goes nowhere.
	Stdin, Stdout *os.File
	Readable      []string // files and trees that it may read and run, beside itself and the system's libraries
	Writable      []string // files, such as devices, that it may write to as well
	Dir           string   // that it starts in; empty: the root
	Env           []string // further variables of its environment
	// Alone puts it in a process namespace of its own, where the plan has namespaces: what it starts dies with it.
	Alone bool
}

// stream is f, or what takes its place.
func stream(f, otherwise *os.File) *os.File {
	if f == nil {
		return otherwise
	}
	return f
}

// Itself says whether this process was started by this very command: going on would start children without end.
func (c Command) Itself() bool {
	program, name := c.program()
	return len(program) > 1 && (name != "" || program[0] == os.Args[0]) && slices.Equal(os.Args[1:], program[1:])
}

// program is what to start, and the name to start it under where it is not its path: some programs choose by their name
// what they are.
func (c Command) program() (program []string, name string) {
	if len(c.Program) > 0 {
		return c.Program, ""
	}
	return []string{"/proc/self/exe", c.Subcommand}, os.Args[0]
}

// Process is a child under way.
type Process struct {
	Conn *os.File // our end of the socket
	Plan Plan

	role   string
	cmd    *exec.Cmd
	output tail
	done   chan struct{} // closed when the child was reaped
	err    error         // of waiting for it; read after done

	mu     sync.Mutex
	killed bool   // by us
	excess string // why [Process.Watch] ended it; empty: it did not
}

// Start starts the child. The caller must Kill and Release the process.
func Start(c Command, pl Plan) (*Process, error) {
	ours, theirs, err := socketpair()
	if err != nil {
		return nil, err
	}
	defer theirs.Close()
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		ours.Close()
		return nil, err
	}
	defer null.Close()

	p := &Process{Conn: ours, Plan: pl, role: c.Role, done: make(chan struct{})}
	program, name := c.program()
	p.cmd = exec.Command(program[0], program[1:]...)
	if name != "" {
		p.cmd.Args[0] = name
	}
	p.cmd.Env = append([]string{"GOTRACEBACK=none"}, c.Env...)
	p.cmd.Dir = cmp.Or(c.Dir, "/")
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = stream(c.Stdin, null), stream(c.Stdout, null), &p.output
	p.cmd.ExtraFiles = append([]*os.File{theirs}, c.Files...)
	p.cmd.WaitDelay = outputWait
	clone := pl.clone
	if c.Alone && clone != 0 {
		clone |= unix.CLONE_NEWPID
	}
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: clone, Pdeathsig: syscall.SIGKILL, Setpgid: true}

	started := make(chan error, 1)
	go onOwnThread(func() {
		defer close(p.done)
		if pl.landlock {
			if err := Restrict(LandlockVersion(), slices.Concat([]string{p.cmd.Path}, libraries, c.Readable), c.Writable...); err != nil {
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
		p.Release()
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

// Kill ends the child; it may be called at any time, from any goroutine, more than once.
func (p *Process) Kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.killed = true
	if p.cmd.Process != nil && !p.reaped() {
		_ = unix.Kill(-p.cmd.Process.Pid, unix.SIGKILL) // its process group, should it have children
		_ = p.cmd.Process.Kill()                        // the only error of both is that it is gone already
	}
}

// Done is closed when the child has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Err is how the child ended, once [Process.Done] is closed: nil for the exit status 0.
func (p *Process) Err() error { return p.err }

// reaped says whether the child's number may belong to somebody else by now.
func (p *Process) reaped() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// Release waits for the child's end and frees what belongs to it.
func (p *Process) Release() {
	<-p.done
	p.Conn.Close()
}

// Send writes a message, and hands over a descriptor with it where there is one.
func (p *Process) Send(message []byte, file *os.File) error {
	var rights []byte
	if file != nil {
		rights = unix.UnixRights(int(file.Fd()))
	}
	raw, err := p.Conn.SyscallConn()
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

// The kinds of a [Death].
const (
	Crashed  = iota // it died or fell silent
	TooLong         // it used up its processor time
	TooLarge        // it ran out of memory
)

// Death says how a child ended when it should not have.
type Death struct {
	Kind   int // Crashed, TooLong or TooLarge
	Detail string
	Err    error
}

// Ended waits for the child's end and explains it. Where it closed its socket and lives, it is killed.
func (p *Process) Ended() Death {
	byUs, excess := func() (bool, string) { p.mu.Lock(); defer p.mu.Unlock(); return p.killed, p.excess }()
	p.Kill() // it closed its socket: if it is not dying already, it will now
	<-p.done
	said := p.output.firstLine()
	d := Death{Kind: Crashed, Err: p.err}
	if excess != "" {
		d.Kind, d.Detail = TooLarge, excess
		return d
	}
	var exit *exec.ExitError
	switch {
	case errors.As(p.err, &exit):
		status, _ := exit.Sys().(syscall.WaitStatus)
		switch {
		case status.Signaled() && status.Signal() == syscall.SIGXCPU:
			d.Kind, d.Detail = TooLong, "the "+p.role+" used up its processor time"
		case status.Signaled() && status.Signal() == syscall.SIGKILL && !byUs:
			d.Detail = "the " + p.role + " was killed or fell silent"
		case status.Signaled():
			d.Detail = "the " + p.role + " died of a signal: " + status.Signal().String()
		default:
			d.Detail = "the " + p.role + " died: " + exit.Error()
		}
	default:
		d.Detail = "the " + p.role + " ended without an answer"
	}
	if said != "" {
		d.Detail += " (" + said + ")"
	}
	for _, words := range []string{"out of memory", "cannot allocate memory", "failed to allocate"} {
		if strings.Contains(said, words) {
			d.Kind = TooLarge
		}
	}
	return d
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
	return Printable(line, maxString)
}
