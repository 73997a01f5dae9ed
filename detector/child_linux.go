package detector

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"github.com/consentry/consentry/internal/confine"
)

// programs are the folders of the system's own programs, for detectors that are scripts, and devices that many open.
var programs = []string{"/usr/bin", "/bin", "/dev/zero", "/dev/urandom"}

// sinks are devices that keep nothing of what is written to them.
var sinks = []string{"/dev/null"}

// arguments of the subcommand, in front of the detector's own: bytes of memory, nanoseconds, threads, the name.
const arguments = 4

// slack is how many times the threads that it may have the kernel lets it start, before the parent looks.
const slack = 2

// start starts the program, as confined as this system allows, and never with a network.
func (p *Program) start() (*child, error) {
	if len(os.Args) > 1 && os.Args[1] == Subcommand {
		return nil, errors.New("this process was started as a detector and did not call detector.Become")
	}
	if err := confine.Filters(); err != nil {
		return nil, fmt.Errorf("no filter of system calls can be had, and without one no detector is started: %w", err)
	}
	lim := p.Limits.WithDefaults()
	code, err := confine.NewSealed("detector", bytes.NewReader(p.code))
	if err != nil {
		return nil, err
	}
	defer code.Close()
	command := confine.Command{
		Role:    "detector",
		Program: append([]string{"/proc/self/exe", Subcommand, strconv.FormatInt(lim.Memory, 10), strconv.FormatInt(int64(lim.Time), 10), strconv.Itoa(lim.Threads), p.Name}, p.Args...),
		Files:   []*os.File{code}, Readable: programs, Writable: sinks, Alone: true,
	}
	if p.folder != "" {
		command.Readable = append(command.Readable, p.folder)
		command.Dir, command.Env = p.folder, []string{"LD_LIBRARY_PATH=" + p.folder}
	}
	var refused []string
	for _, pl := range confine.Plans() {
		if !pl.Network() {
			continue
		}
		c, err := p.startAs(command, pl)
		if err == nil {
			c.held = Confinement{Files: pl.Files(), Missing: append(refused, c.held.Missing...)}
			return c, nil
		}
		refused = append(refused, confine.Printable(fmt.Sprintf("%s: %v", pl, err), maxText))
	}
	why := "this system has no network namespaces"
	if len(refused) > 0 {
		why = refused[len(refused)-1]
	}
	return nil, fmt.Errorf("no network namespace can be had, and without one no detector is started: %s", why)
}

func (p *Program) startAs(command confine.Command, pl confine.Plan) (*child, error) {
	stdin, in, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer stdin.Close()
	out, stdout, err := os.Pipe()
	if err != nil {
		in.Close()
		return nil, err
	}
	defer stdout.Close()
	command.Stdin, command.Stdout = stdin, stdout
	process, err := confine.Start(command, pl)
	if err != nil {
		in.Close()
		out.Close()
		return nil, err
	}
	var missing []string
	lim := p.Limits.WithDefaults()
	if err := process.Watch(lim.Threads, lim.Memory); err != nil {
		missing = append(missing, confine.Printable("limits of all its processes together: "+err.Error(), maxText))
	}
	return &child{
		held: Confinement{Missing: missing},
		in:   in, out: out, kill: process.Kill, exited: process.Done(), status: process.Err,
		release: func() { process.Kill(); process.Release(); in.Close(); out.Close() },
		ended: func() *Error {
			end := process.Ended()
			e := &Error{Reason: ReasonCrash, Detail: end.Detail, Err: end.Err}
			switch end.Kind {
			case confine.TooLong:
				e.Reason = ReasonTimeout
			case confine.TooLarge:
				e.Reason = ReasonLimit
			}
			return e
		},
	}, nil
}

// Become gives up what a detector must not have and turns this process into the detector that its parent handed over. It
// returns only where that fails, with the exit status.
func Become() int {
	if len(os.Args) < 2+arguments {
		fmt.Fprintln(os.Stderr, "not started as a detector by its parent")
		return 2
	}
	memory, err1 := strconv.ParseInt(os.Args[2], 10, 64)
	total, err2 := strconv.ParseInt(os.Args[3], 10, 64)
	threads, err3 := strconv.Atoi(os.Args[4])
	if err := errors.Join(err1, err2, err3); err != nil {
		fmt.Fprintln(os.Stderr, "not started as a detector by its parent:", err)
		return 2
	}
	if missing := confine.Bound(confine.Limits{Memory: memory, Time: time.Duration(total)}); len(missing) > 0 {
		fmt.Fprintln(os.Stderr, "the limits of a detector cannot be set:", missing[0])
		return 2
	}
	if err := confine.Fork(slack * threads); err != nil {
		fmt.Fprintln(os.Stderr, "the threads of a detector cannot be bounded:", err)
		return 2
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		fmt.Fprintln(os.Stderr, "giving up privileges:", err)
		return 2
	}
	if err := confine.Strange(); err != nil {
		fmt.Fprintln(os.Stderr, "system calls cannot be refused to it, and without that no detector is started:", err)
		return 2
	}
	unix.CloseOnExec(confine.Socket)
	err := unix.Exec(fmt.Sprintf("/proc/self/fd/%d", confine.FirstFile), os.Args[1+arguments:], os.Environ())
	fmt.Fprintln(os.Stderr, "it cannot be run here:", err)
	return 2
}
