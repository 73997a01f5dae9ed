//go:build linux

package detector_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/consentry/consentry/detector"
)

// A socket in the file system belongs to no network namespace, and Landlock does not see who connects to it.
func TestADetectorReachesNoSocket(t *testing.T) {
	folder, err := os.MkdirTemp("", "s") // the name of a socket is short
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	d, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path + ".datagrams", Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	bare, err := hostile()
	if err != nil {
		t.Fatal(err)
	}
	t.Run("one that is not held does", func(t *testing.T) { // or the test could not fail
		c := exec.Command(bare, "dials", path)
		c.Stdin = strings.NewReader(`{"type":"end"}` + "\n")
		said, err := c.Output()
		if err != nil || !strings.Contains(string(said), "a stream") || !strings.Contains(string(said), "a datagram of a pair") {
			t.Errorf("%s %v", said, err)
		}
	})
	out := ask(t, program(t, hostile, "dials", path), picture(0, true))
	if out.Err != nil || len(out.Findings) != 1 || out.Findings[0].Text != "nothing" {
		t.Errorf("%+v %v", out, out.Err)
	}
}

// withoutSeccomp is the argument of a test program that takes seccomp from itself and asks a detector.
const withoutSeccomp = "on a kernel without seccomp"

func onOldKernel(path string) int {
	const load, equal, answer = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, unix.BPF_RET | unix.BPF_K
	lacks := []unix.SockFilter{
		{Code: load},
		{Code: equal, K: unix.SYS_SECCOMP, Jf: 1},
		{Code: answer, K: unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)},
		{Code: answer, K: unix.SECCOMP_RET_ALLOW},
	}
	prog := unix.SockFprog{Len: uint16(len(lacks)), Filter: &lacks[0]}
	err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
	if _, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&prog))); err != nil || errno != 0 {
		fmt.Println("taking seccomp away:", err, errno)
		return 1
	}
	p, err := detector.Open(path)
	if err != nil {
		fmt.Println(err)
		return 1
	}
	p.Args = []string{"found"}
	s, err := p.Start(context.Background(), detector.Asset{})
	if err == nil {
		s.Abort("it started")
		fmt.Println("it started")
		return 1
	}
	fmt.Println(err)
	return 0
}

func TestWithoutSeccompNoDetectorIsStarted(t *testing.T) {
	path, err := hostile()
	if err != nil {
		t.Fatal(err)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	said, err := exec.Command(exe, withoutSeccomp, path).Output()
	if err != nil || !strings.Contains(string(said), detector.ReasonUnavailable) || !strings.Contains(string(said), "no filter of system calls") {
		t.Errorf("%s %v", said, err)
	}
}

// The kernel's limits are of each process; these are of all together.
func TestTheLimitsHoldForAllProcessesTogether(t *testing.T) {
	t.Run("memory", func(t *testing.T) { // each of six takes a quarter of what all may
		p := program(t, hostile, "hog together")
		p.Limits.Memory = 768 << 20 // the race detector needs some of it
		if out := ask(t, p, picture(0, true)); out.Err == nil || out.Err.Reason != detector.ReasonLimit || !strings.Contains(out.Err.Detail, "memory together") {
			t.Errorf("%+v %v", out, out.Err)
		}
	})
	const script = `#!/bin/sh
echo '{"type":"hello","protocol":"consentry.detector/1","name":"script","version":"1","algs":[],"wants":{"planes":["y"],"frames":"keys"},"network":false}'
n=0
while [ $n -lt COUNT ]; do sleep 3600 <&0 >/dev/null & n=$((n+1)); done
WAIT
while read -r line; do case $line in *'"end"'*) break;; esac; done
echo '{"type":"finding","claim":"hint","text":"all run"}'
echo '{"type":"done","frames":0}'
`
	for _, c := range []struct {
		name, count, wait string
		ok                bool
	}{
		{"as many threads as may be", "14", "sleep 0.3", true},
		{"one thread more", "16", "wait", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			name := filepath.Join(t.TempDir(), "script")
			if err := os.WriteFile(name, []byte(strings.NewReplacer("COUNT", c.count, "WAIT", c.wait).Replace(script)), 0o755); err != nil {
				t.Fatal(err)
			}
			p, err := detector.Open(name)
			if err != nil {
				t.Fatal(err)
			}
			p.Limits.Threads = 16
			out := ask(t, p)
			switch {
			case c.ok && (out.Err != nil || len(out.Findings) != 1):
				t.Errorf("%+v %v", out, out.Err)
			case !c.ok && (out.Err == nil || out.Err.Reason != detector.ReasonLimit || !strings.Contains(out.Err.Detail, "more than 16 threads")):
				t.Errorf("%+v %v", out, out.Err)
			}
		})
	}
}
