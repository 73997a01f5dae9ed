//go:build amd64 || arm64

package confine

import (
	"encoding/binary"
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The filter is an allow-list: what the Go runtime, the C library's allocator and threads, and the conversation with
// the parent need. Everything else fails with EPERM, as a program may ask for something that it can do without (the
// number of processors from a file, say): open, socket, exec, fork, ptrace, ioctl, mount and all that will be invented.

// allowed needs no look at the arguments.
var allowed = []uint32{
	// the conversation; descriptors are those that the parent gave
	unix.SYS_READ, unix.SYS_WRITE, unix.SYS_READV, unix.SYS_WRITEV, unix.SYS_PREAD64, unix.SYS_CLOSE, unix.SYS_FSTAT, unix.SYS_LSEEK,
	unix.SYS_RECVMSG, unix.SYS_SENDMSG, unix.SYS_RECVFROM, unix.SYS_SENDTO, unix.SYS_PPOLL,
	// memory
	unix.SYS_MUNMAP, unix.SYS_MREMAP, unix.SYS_BRK, unix.SYS_MADVISE, unix.SYS_MINCORE,
	// threads and signals of this process
	unix.SYS_FUTEX, unix.SYS_SET_ROBUST_LIST, unix.SYS_GET_ROBUST_LIST, unix.SYS_SET_TID_ADDRESS, unix.SYS_RSEQ, unix.SYS_SCHED_YIELD,
	unix.SYS_SCHED_GETAFFINITY, unix.SYS_GETPID, unix.SYS_GETTID, unix.SYS_EXIT, unix.SYS_EXIT_GROUP,
	unix.SYS_RT_SIGACTION, unix.SYS_RT_SIGPROCMASK, unix.SYS_RT_SIGRETURN, unix.SYS_SIGALTSTACK, unix.SYS_RESTART_SYSCALL, unix.SYS_MEMBARRIER,
	// time, and what the runtime's timers are made of
	unix.SYS_CLOCK_GETTIME, unix.SYS_CLOCK_GETRES, unix.SYS_GETTIMEOFDAY, unix.SYS_NANOSLEEP, unix.SYS_CLOCK_NANOSLEEP,
	unix.SYS_EPOLL_CREATE1, unix.SYS_EPOLL_CTL, unix.SYS_EPOLL_PWAIT, unix.SYS_EVENTFD2, unix.SYS_PIPE2, unix.SYS_FCNTL,
	// facts
	unix.SYS_GETRANDOM, unix.SYS_UNAME, unix.SYS_SYSINFO, unix.SYS_GETRLIMIT, unix.SYS_GETRUSAGE, unix.SYS_GETCPU,
}

// Offsets in struct seccomp_data.
const (
	dataNumber = 0
	dataArch   = 4
	dataArgs   = 16 // six of 8 bytes; little-endian, so the low half comes first
)

const (
	x32Bit  = 0x40000000 // system calls of the x32 interface carry it
	maxProg = 4096       // BPF_MAXINSNS
)

// program is a filter under construction.
type program []unix.SockFilter

func (p *program) stmt(code uint16, k uint32) { *p = append(*p, unix.SockFilter{Code: code, K: k}) }

func (p *program) jump(code uint16, k uint32, yes, no uint8) {
	*p = append(*p, unix.SockFilter{Code: code, Jt: yes, Jf: no, K: k})
}

func (p *program) load(offset uint32) { p.stmt(unix.BPF_LD|unix.BPF_W|unix.BPF_ABS, offset) }
func (p *program) ret(action uint32)  { p.stmt(unix.BPF_RET|unix.BPF_K, action) }

const (
	jeq  = unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K
	jge  = unix.BPF_JMP | unix.BPF_JGE | unix.BPF_K
	jset = unix.BPF_JMP | unix.BPF_JSET | unix.BPF_K

	deny = unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)
)

// on makes the rule for a system call; check must end with a return on every way.
func (p *program) on(number uint32, check func(*program)) {
	var rule program
	check(&rule)
	p.jump(jeq, number, 0, uint8(len(rule)))
	*p = append(*p, rule...)
}

func low(arg int) uint32  { return uint32(dataArgs + 8*arg) }
func high(arg int) uint32 { return low(arg) + 4 }

// native kills whoever calls by another interface than this machine's own, whose numbers mean something else, and loads
// the number of the call.
func (p *program) native() {
	p.load(dataArch)
	p.jump(jeq, auditArch, 1, 0)
	p.ret(unix.SECCOMP_RET_KILL_PROCESS)
	p.load(dataNumber)
	p.jump(jge, x32Bit, 0, 1)
	p.ret(unix.SECCOMP_RET_KILL_PROCESS)
}

// filter builds the program for this process.
func filter(pid int) program {
	var p program
	p.native()
	for _, n := range allowed {
		p.on(n, func(r *program) { r.ret(unix.SECCOMP_RET_ALLOW) })
	}
	p.on(unix.SYS_CLONE, func(r *program) { // threads, no processes
		r.load(low(0))
		r.jump(jset, unix.CLONE_THREAD, 0, 1)
		r.ret(unix.SECCOMP_RET_ALLOW)
		r.ret(deny)
	})
	p.on(unix.SYS_CLONE3, func(r *program) { // its flags are in memory; the C library falls back to clone
		r.ret(unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS))
	})
	for _, n := range []uint32{unix.SYS_MMAP, unix.SYS_MPROTECT} { // no new code
		p.on(n, func(r *program) {
			r.load(low(2))
			r.jump(jset, unix.PROT_EXEC, 1, 0)
			r.ret(unix.SECCOMP_RET_ALLOW)
			r.ret(deny)
		})
	}
	for _, n := range []uint32{unix.SYS_TGKILL, unix.SYS_KILL} { // signals to this process only
		p.on(n, func(r *program) {
			r.load(low(0))
			r.jump(jeq, uint32(pid), 0, 1)
			r.ret(unix.SECCOMP_RET_ALLOW)
			r.ret(deny)
		})
	}
	p.on(unix.SYS_PRLIMIT64, func(r *program) { // asking, not changing
		r.load(low(2))
		r.jump(jeq, 0, 0, 3)
		r.load(high(2))
		r.jump(jeq, 0, 0, 1)
		r.ret(unix.SECCOMP_RET_ALLOW)
		r.ret(deny)
	})
	p.on(unix.SYS_PRCTL, func(r *program) { // names of threads and of memory
		r.load(low(0))
		r.jump(jeq, unix.PR_SET_NAME, 1, 0)
		r.jump(jeq, unix.PR_SET_VMA, 0, 1)
		r.ret(unix.SECCOMP_RET_ALLOW)
		r.ret(deny)
	})
	p.ret(deny)
	return p
}

// Calls puts the filter on all threads of this process, for good. no_new_privs must be set.
func Calls() error { return filter(os.Getpid()).apply() }

func (p program) apply() error {
	if binary.NativeEndian.Uint16([]byte{1, 0}) != 1 {
		return fmt.Errorf("the filter is for little-endian machines: %w", unix.ENOSYS)
	}
	if len(p) > maxProg {
		return fmt.Errorf("the filter has %d instructions: %w", len(p), unix.E2BIG)
	}
	prog := unix.SockFprog{Len: uint16(len(p)), Filter: &p[0]}
	thread, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&prog)))
	if errno != 0 {
		return errno
	}
	if thread != 0 {
		return fmt.Errorf("thread %d could not be confined: %w", thread, unix.EBUSY)
	}
	return nil
}
