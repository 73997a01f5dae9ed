//go:build amd64 || arm64

package confine

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A program of somebody else's cannot be held by a list of what it may call: nobody here knows what it needs. Its filter
// is a list of what it may not, and stays with whatever it runs.

// refused are the ways out that neither a network namespace nor Landlock closes, and what only attacks need.
var refused = []uint32{
	// A socket of the file system belongs to no network namespace, and Landlock does not see that one connects to it. A
	// pair of datagram sockets could be connected to such a name too.
	unix.SYS_SOCKET, unix.SYS_SOCKETPAIR, unix.SYS_CONNECT, unix.SYS_BIND,
	unix.SYS_IO_URING_SETUP, unix.SYS_IO_URING_ENTER, unix.SYS_IO_URING_REGISTER, // makes sockets past every filter
	// other processes
	unix.SYS_PTRACE, unix.SYS_PROCESS_VM_READV, unix.SYS_PROCESS_VM_WRITEV, unix.SYS_PROCESS_MADVISE, unix.SYS_PIDFD_GETFD, unix.SYS_KCMP,
	// namespaces of its own, in which it would have privileges
	unix.SYS_UNSHARE, unix.SYS_SETNS, unix.SYS_MOUNT, unix.SYS_UMOUNT2, unix.SYS_PIVOT_ROOT, unix.SYS_CHROOT,
	// parts of the kernel that no filter of pictures has a use for
	unix.SYS_BPF, unix.SYS_USERFAULTFD, unix.SYS_PERF_EVENT_OPEN, unix.SYS_KEYCTL, unix.SYS_ADD_KEY, unix.SYS_REQUEST_KEY,
}

// namespaces are the flags of clone that make one.
const namespaces = unix.CLONE_NEWUSER | unix.CLONE_NEWNET | unix.CLONE_NEWIPC | unix.CLONE_NEWPID | unix.CLONE_NEWNS | unix.CLONE_NEWUTS | unix.CLONE_NEWCGROUP

// strange builds the filter of a program of somebody else's.
func strange() program {
	var p program
	p.native()
	for _, n := range refused {
		p.on(n, func(r *program) { r.ret(deny) })
	}
	p.on(unix.SYS_CLONE, func(r *program) {
		r.load(low(0))
		r.jump(jset, namespaces, 0, 1)
		r.ret(deny)
		r.ret(unix.SECCOMP_RET_ALLOW)
	})
	p.on(unix.SYS_CLONE3, func(r *program) { // its flags are in memory; libraries fall back to clone
		r.ret(unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS))
	})
	p.ret(unix.SECCOMP_RET_ALLOW)
	return p
}

// Strange refuses to this process, for good, the system calls by which a program of somebody else's could leave its
// confinement. no_new_privs must be set.
func Strange() error { return strange().apply() }

// Filters says why this system has no filters of system calls; nil: it has.
func Filters() error {
	action := uint32(unix.SECCOMP_RET_ERRNO)
	if _, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_GET_ACTION_AVAIL, 0, uintptr(unsafe.Pointer(&action))); errno != 0 {
		return fmt.Errorf("seccomp: %w", errno)
	}
	return nil
}
