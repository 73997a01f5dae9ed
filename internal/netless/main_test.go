//go:build linux

package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

func TestMain(m *testing.M) {
	if os.Getenv("NETLESS_COMMAND") != "" || os.Getenv(inside) != "" {
		os.Unsetenv("NETLESS_COMMAND")
		main()
	}
	os.Exit(m.Run())
}

// netless runs a command as the program does and gives its output and its exit status.
func netless(t *testing.T, args ...string) (string, int) {
	t.Helper()
	cmd := exec.Command("/proc/self/exe", args...)
	cmd.Env = append(os.Environ(), "NETLESS_COMMAND=1")
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	if cmd.ProcessState.ExitCode() == refused {
		t.Skipf("this system grants no network namespace: %s", out)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

func TestACommandSeesTheLoopbackInterfaceAlone(t *testing.T) {
	out, _ := netless(t, "cat", "/proc/net/dev")
	for line := range strings.Lines(out) {
		if name, _, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) != "lo" {
			t.Errorf("the interface %s", strings.TrimSpace(name))
		}
	}
	if !strings.Contains(out, "lo:") {
		t.Errorf("no loopback interface: %s", out)
	}
}

func TestTheStatusIsThatOfTheCommand(t *testing.T) {
	if _, code := netless(t, "sh", "-c", "exit 7"); code != 7 {
		t.Errorf("exit %d", code)
	}
}

func TestTheCommandHasNoMoreRightsThanItsCaller(t *testing.T) {
	if out, _ := netless(t, "grep", "CapAmb", "/proc/self/status"); strings.Trim(strings.TrimPrefix(strings.TrimSpace(out), "CapAmb:"), "0\t ") != "" {
		t.Error(out)
	}
}
