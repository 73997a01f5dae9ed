package confine

import (
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Landlock is applied twice. The parent restricts the thread from which it starts the child, so that the whole child
// is born with it: it can read and run its program and the system's libraries, which its start needs, and nothing else.
// Once started, the child gives up that too, for the thread that decodes and those that it starts (for all threads
// where the kernel can do that). Landlock's rules are the kernel's documentation, "Landlock: unprivileged access
// control".

// libraries are the places of the dynamic loader's files.
var libraries = []string{"/lib", "/lib64", "/lib32", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache", "/nix/store"}

const (
	landlockTruncate = 3 // version of the interface that knows the right to truncate
	landlockNetwork  = 4
	landlockIoctl    = 5
	landlockThreads  = 8

	// What a start needs.
	readFile = unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_EXECUTE
	readTree = readFile | unix.LANDLOCK_ACCESS_FS_READ_DIR
)

// LandlockVersion is the version of the kernel's interface, 0 where there is none or it is switched off.
func LandlockVersion() int {
	v, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if errno != 0 {
		return 0
	}
	return int(v)
}

// handled is every right that this version knows: what is handled and not allowed by a rule is denied.
func handled(version int) unix.LandlockRulesetAttr {
	a := unix.LandlockRulesetAttr{Handled_access_fs: unix.LANDLOCK_ACCESS_FS_MAKE_SYM<<1 - 1}
	if version >= 2 {
		a.Handled_access_fs |= unix.LANDLOCK_ACCESS_FS_REFER
	}
	if version >= landlockTruncate {
		a.Handled_access_fs |= unix.LANDLOCK_ACCESS_FS_TRUNCATE
	}
	if version >= landlockNetwork {
		a.Handled_access_net = unix.LANDLOCK_ACCESS_NET_BIND_TCP | unix.LANDLOCK_ACCESS_NET_CONNECT_TCP
	}
	if version >= landlockIoctl {
		a.Handled_access_fs |= unix.LANDLOCK_ACCESS_FS_IOCTL_DEV
	}
	return a
}

// Restrict limits the calling thread, which must be locked and must not be used for anything else afterwards, to
// reading and running the named files and trees, and writing to the files that are named after them. Names that don't
// exist are passed over. It sets no_new_privs too.
func Restrict(version int, names []string, writable ...string) error {
	if version < 1 {
		return fmt.Errorf("not in this kernel: %w", unix.ENOSYS)
	}
	attr := handled(version)
	fd, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&attr)), unsafe.Sizeof(attr), 0)
	if errno != 0 {
		return fmt.Errorf("making rules: %w", errno)
	}
	defer unix.Close(int(fd))
	for _, name := range names {
		if err := allow(int(fd), name, 0); err != nil {
			return err
		}
	}
	for _, name := range writable {
		if err := allow(int(fd), name, unix.LANDLOCK_ACCESS_FS_WRITE_FILE); err != nil {
			return err
		}
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("giving up privileges: %w", err)
	}
	flags := uintptr(0)
	if version >= landlockThreads && len(names)+len(writable) == 0 {
		flags = unix.LANDLOCK_RESTRICT_SELF_TSYNC // the child's own step; the parent's is for one thread on purpose
	}
	if _, _, errno := unix.Syscall(unix.SYS_LANDLOCK_RESTRICT_SELF, fd, flags, 0); errno != 0 {
		return fmt.Errorf("applying rules: %w", errno)
	}
	return nil
}

// allow allows reading and running a file or tree, and further rights.
func allow(ruleset int, name string, further uint64) error {
	fd, err := unix.Open(name, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	f := os.NewFile(uintptr(fd), name)
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil
	}
	rule := unix.LandlockPathBeneathAttr{Allowed_access: readFile, Parent_fd: int32(fd)}
	if st.IsDir() {
		rule.Allowed_access = readTree
	}
	rule.Allowed_access |= further
	if _, _, errno := unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, uintptr(ruleset), unix.LANDLOCK_RULE_PATH_BENEATH, uintptr(unsafe.Pointer(&rule)), 0, 0, 0); errno != 0 {
		return fmt.Errorf("a rule for %s: %w", name, errno)
	}
	return nil
}
