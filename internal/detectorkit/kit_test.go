//go:build linux

package detectorkit_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/consentry/consentry/detector"
	"github.com/consentry/consentry/internal/detectorkit"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == detector.Subcommand {
		os.Exit(detector.Become())
	}
	os.Exit(m.Run())
}

func built(t *testing.T, pkg string) *detector.Program {
	t.Helper()
	out := filepath.Join(t.TempDir(), "program")
	c := exec.Command("go", "build", "-o", out, pkg)
	c.Env, c.Stderr = append(os.Environ(), "CGO_ENABLED=0"), os.Stderr
	if err := c.Run(); err != nil {
		t.Fatal(err)
	}
	p, err := detector.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestTheExampleMeetsAllDemands(t *testing.T) {
	s, err := detectorkit.Run(context.Background(), built(t, "../../examples/detector"), 20)
	if err != nil {
		t.Fatal(err)
	}
	if !s.Met() || s.Clips != 20 || s.Alarms != 0 || s.Low != 0 || s.High < 0.1 || s.High > 0.2 || s.Claim == nil {
		t.Errorf("%+v", s)
	}
}

// Each of these fails the demand that is named.
func TestFaultsAreSeen(t *testing.T) {
	hostile := built(t, "../../detector/testdata/hostile")
	for mode, want := range map[string]string{
		"found":       "finds \"com.example.mark.1\"",
		"no hello":    "first line",
		"network":     "network",
		"hang":        "no findings within",
		"crash":       "a bug of the vendor's",
		"early":       "saw 0",
		"carries on":  "says that it is done",
		"changes":     "differ",
		"echoes":      "finds \"com.example.mark.1\"",
		"false alarm": "alarms in 20 clips",
	} {
		t.Run(mode, func(t *testing.T) {
			p := *hostile
			p.Args = []string{mode}
			p.Limits.End = 2 * time.Second
			if mode == "hang" {
				p.Limits.End = 20 * time.Millisecond
			}
			clips := 1
			if mode == "false alarm" {
				clips = 20
			}
			s, err := detectorkit.Run(context.Background(), &p, clips)
			if err != nil {
				t.Fatal(err)
			}
			var why []string
			for _, c := range s.Checks {
				if !c.OK {
					why = append(why, c.Why)
				}
			}
			if s.Met() || !strings.Contains(strings.Join(why, "\n"), want) {
				t.Errorf("%q, want %q", why, want)
			}
			if mode == "false alarm" && (s.Alarms == 0 || s.Alarms == 20 || s.Bound == nil) {
				t.Errorf("%+v", s)
			}
		})
	}
}
