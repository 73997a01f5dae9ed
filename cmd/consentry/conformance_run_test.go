package main

import (
	"context"
	"os"
	"strings"
	"testing"
)

func TestBoundedKeepsWhatFits(t *testing.T) {
	w := &bounded{left: 5}
	for _, part := range []string{"abc", "de", "f"} {
		if n, err := w.Write([]byte(part)); n != len(part) || err != nil {
			t.Fatal(n, err)
		}
	}
	if got := w.b.String(); got != "abcde" {
		t.Errorf("%q", got)
	}
}

// A question whose time is over has no answer, and says so.
func TestAskProgramGivesUp(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	over, cancel := context.WithCancel(context.Background())
	cancel()
	if a := askProgram(over, exe, t.TempDir(), []string{"version"}); a.Code != -1 || !strings.Contains(string(a.Err), "no answer in time") {
		t.Errorf("%d %s", a.Code, a.Err)
	}
	if a := askProgram(context.Background(), exe, t.TempDir(), []string{"version"}); a.Code != 0 || len(a.Out) == 0 {
		t.Errorf("%d %s", a.Code, a.Err)
	}
	if a := askProgram(context.Background(), "/no/such/program", t.TempDir(), nil); a.Code != -1 || len(a.Err) == 0 {
		t.Errorf("%d %s", a.Code, a.Err)
	}
}
