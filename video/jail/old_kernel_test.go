//go:build linux && (amd64 || arm64)

package jail

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/consentry/consentry/internal/confine"
	"github.com/consentry/consentry/video"
)

// What a kernel may lack is taken from this one by a filter of system calls, which children inherit: they answer as a
// kernel does that was built without.
var oldKernels = map[string][]uint32{
	"a kernel without landlock":                  {unix.SYS_LANDLOCK_CREATE_RULESET},
	"a kernel without seccomp":                   {unix.SYS_SECCOMP},
	"a kernel without both":                      {unix.SYS_LANDLOCK_CREATE_RULESET, unix.SYS_SECCOMP},
	"a kernel without both and without new nets": {unix.SYS_LANDLOCK_CREATE_RULESET, unix.SYS_SECCOMP, unix.SYS_CLONE},
}

func init() {
	for name, lacks := range oldKernels {
		children[name] = func() int { return onOldKernel(lacks, "paint") }
		children[name+", a hog"] = func() int { return onOldKernel(lacks, "hog") }
	}
}

// seen is what a decode on an old kernel came to.
type seen struct {
	Confinement video.Confinement
	Frames      int64
	Reason      string
}

// onOldKernel takes the system calls away, decodes in a jail, and prints what it saw.
func onOldKernel(lacks []uint32, behaviour string) int {
	if err := takeAway(lacks); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	exe, err := os.Executable()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	var out seen
	d := &Decoder{Command: []string{exe, childArgument, behaviour}}
	want := all
	if behaviour == "hog" {
		want.Limits.MemoryBytes = 256 << 20
	}
	res, err := d.Decode(context.Background(), source(), want, video.Sink{
		Info:  func(i *video.Info) error { out.Confinement = i.Confinement; return nil },
		Frame: func(*video.Frame) error { return nil },
	})
	if res != nil {
		out.Frames = res.Frames
	}
	if err != nil {
		out.Reason = reason(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(out); err != nil {
		return 1
	}
	return 0
}

// takeAway makes system calls fail as those of a kernel that does not have them. Of clone only new network namespaces
// are refused, as by a kernel or an administrator that allows none.
func takeAway(lacks []uint32) error {
	const (
		load   = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS
		equal  = unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K
		masked = unix.BPF_JMP | unix.BPF_JSET | unix.BPF_K
		answer = unix.BPF_RET | unix.BPF_K
		number = 0  // offsets in struct seccomp_data
		flags  = 16 // the low half of the first argument
	)
	p := []unix.SockFilter{{Code: load, K: number}}
	for _, n := range lacks {
		if n == unix.SYS_CLONE {
			p = append(p,
				unix.SockFilter{Code: equal, K: n, Jf: 4},
				unix.SockFilter{Code: load, K: flags},
				unix.SockFilter{Code: masked, K: unix.CLONE_NEWNET, Jt: 1},
				unix.SockFilter{Code: answer, K: unix.SECCOMP_RET_ALLOW},
				unix.SockFilter{Code: answer, K: unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)},
			)
			continue
		}
		p = append(p,
			unix.SockFilter{Code: equal, K: n, Jf: 1},
			unix.SockFilter{Code: answer, K: unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)},
		)
	}
	p = append(p, unix.SockFilter{Code: answer, K: unix.SECCOMP_RET_ALLOW})
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	prog := unix.SockFprog{Len: uint16(len(p)), Filter: &p[0]}
	if _, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&prog))); errno != 0 {
		return fmt.Errorf("taking system calls away: %w", errno)
	}
	return nil
}

// A kernel that cannot confine is no reason not to decode, and none to say that the child was confined.
func TestOldKernels(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	run := func(t *testing.T, behaviour string) (out seen) {
		t.Helper()
		cmd := exec.Command(exe, childArgument, behaviour)
		var stderr strings.Builder
		cmd.Stderr = &stderr
		b, err := cmd.Output()
		if err != nil {
			t.Fatalf("%v: %s", err, stderr.String())
		}
		if err := json.Unmarshal(b, &out); err != nil {
			t.Fatal(err)
		}
		return out
	}
	for name, lacks := range oldKernels {
		t.Run(name, func(t *testing.T) {
			got := run(t, name)
			c := got.Confinement
			if got.Frames == 0 || got.Reason != "" || !c.Process {
				t.Errorf("%+v", got)
			}
			if slices.Contains(lacks, unix.SYS_LANDLOCK_CREATE_RULESET) == c.Files && (c.Files || confine.LandlockVersion() > 0) {
				t.Errorf("files: %v", c.Files)
			}
			if slices.Contains(lacks, unix.SYS_SECCOMP) == c.Syscalls {
				t.Errorf("system calls: %v", c.Syscalls)
			}
			if slices.Contains(lacks, unix.SYS_CLONE) && c.Network {
				t.Error("a network namespace where there are none")
			}
			if said := strings.Join(c.Missing, "; "); c.Syscalls != !strings.Contains(said, "seccomp") || c.Files != !strings.Contains(said, "landlock") || c.Network != !strings.Contains(said, "network") {
				t.Errorf("%+v", c)
			}
			// Memory and time are bounded on every kernel.
			if got := run(t, name+", a hog"); got.Reason != video.ReasonLimit && got.Reason != video.ReasonCrash {
				t.Errorf("a hog: %+v", got)
			}
		})
	}
}
