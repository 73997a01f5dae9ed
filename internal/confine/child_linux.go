package confine

import (
	"math"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// reserve is address space beyond the limit of memory: what Go and the C library set aside for every thread and
	// never touch, and the shared pictures, whose size the parent bounds.
	reserve      = 4 << 30
	descriptors  = 16 // the standard ones, the two of the conversation, pictures, the runtime's poller
	processors   = 4  // processor time may be this many times the wall time
	processorMin = 2  // seconds
)

// Limits bound a child. Nothing of this is on by default: zero members are limits of zero.
type Limits struct {
	Memory int64         // bytes that it may write to
	Time   time.Duration // wall time that it may take; its processor time is bounded by a multiple
}

// Missing is what the system did not grant, and why.
type Missing []string

func (m *Missing) add(what string, err error) {
	if err != nil && len(*m) < maxMissing {
		*m = append(*m, Printable(what+": "+err.Error(), maxString))
	}
}

// Self gives up what the child does not need, for good: [Bound], then [Shut].
func Self(lim Limits) (syscalls bool, missing Missing) {
	missing = Bound(lim)
	return Shut(missing)
}

// Bound sets the limits of this process. It may still open files that its parent's rules allow, such as a library.
func Bound(lim Limits) Missing {
	var m Missing
	seconds := uint64(lim.Time/time.Second+processorMin) * processors
	for _, l := range []struct {
		name  string
		which int
		value uint64
	}{
		{"limit of memory", unix.RLIMIT_DATA, uint64(lim.Memory)},
		{"limit of address space", unix.RLIMIT_AS, uint64(min(lim.Memory, math.MaxInt64-reserve) + reserve)},
		{"limit of processor time", unix.RLIMIT_CPU, seconds},
		{"limit of file size", unix.RLIMIT_FSIZE, 0},
		{"limit of core files", unix.RLIMIT_CORE, 0},
		{"limit of open files", unix.RLIMIT_NOFILE, descriptors},
	} {
		m.add(l.name, lower(l.which, l.value))
	}
	m.add("being closed to debuggers", unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0))
	return m
}

// Shut closes files and system calls to this process. It adds what the system did not grant to m, and says whether the
// list of system calls holds.
func Shut(m Missing) (syscalls bool, _ Missing) {
	m.add("giving up privileges", unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
	if v := LandlockVersion(); v > 0 {
		m.add("landlock", Restrict(v, nil))
	}
	err := Calls()
	m.add("seccomp", err)
	return err == nil, m
}

// lower sets a limit for good; one that is lower already stays.
func lower(which int, value uint64) error {
	var l unix.Rlimit
	if err := unix.Getrlimit(which, &l); err != nil {
		return err
	}
	value = min(value, l.Max)
	return unix.Setrlimit(which, &unix.Rlimit{Cur: value, Max: value})
}
