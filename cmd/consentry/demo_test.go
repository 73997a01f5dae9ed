package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestDemo types what the demo says to try next, line by line, and holds the verdicts against those that it promises.
func TestDemo(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "my demo")
	var out, errs bytes.Buffer
	if code := run(context.Background(), []string{"demo", dir}, strings.NewReader(""), &out, &errs); code != exitMeets {
		t.Fatalf("exit %d\n%s", code, errs.String())
	}
	if errs.Len() > 0 {
		t.Errorf("on standard error: %s", errs.String())
	}
	if !regexp.MustCompile(`(?m)^FAIL  .*1 of 2 depicted people`).Match(out.Bytes()) {
		t.Errorf("the clip is not judged as it should be:\n%s", out.String())
	}
	promise := regexp.MustCompile(`\((FAIL|WARN|PASS)\)`)
	_, next, ok := strings.Cut(out.String(), "What to try next")
	if !ok {
		t.Fatal("nothing to try next")
	}
	tried := 0
	for _, block := range regexp.MustCompile(`(?m)^  \d\. `).Split(next, -1)[1:] {
		head, _, _ := strings.Cut(block, "\n")
		t.Run(strings.TrimSuffix(head, ":"), func(t *testing.T) {
			var script strings.Builder
			for _, line := range strings.Split(block, "\n")[1:] {
				if line = strings.TrimSpace(line); line != "" {
					script.WriteString(line + "\n")
				}
			}
			text := script.String()
			if newDecoder() == nil { // such a build cannot look at the picture, and what it says then is tested elsewhere
				text = strings.ReplaceAll(text, "consentry verify ", "consentry verify --frames off --persons off ")
			}
			cmd := exec.Command("sh", "-c", text)
			cmd.Dir = dir
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			got, _ := cmd.Output() // the exit code is the verdict's
			if stderr.Len() > 0 {
				t.Errorf("on standard error: %s", stderr.String())
			}
			if want := promise.FindStringSubmatch(head); want != nil && !regexp.MustCompile(`(?m)^`+want[1]+`  `).Match(got) {
				t.Errorf("%s is promised; the commands say\n%s", want[1], got)
			}
			if len(got) == 0 {
				t.Error("the commands say nothing")
			}
		})
		tried++
	}
	if tried != 4 {
		t.Errorf("%d things to try, want 4", tried)
	}
	t.Run("again in the same folder", func(t *testing.T) {
		out.Reset()
		if code := run(context.Background(), []string{"demo", dir}, strings.NewReader(""), &out, &errs); code != exitMeets {
			t.Errorf("exit %d: %s", code, errs.String())
		}
	})
	t.Run("keys are for nobody else to read", func(t *testing.T) {
		names, err := filepath.Glob(filepath.Join(dir, "*.key.pem"))
		if err != nil || len(names) != 3 {
			t.Fatalf("keys %q: %v", names, err)
		}
		for _, n := range names {
			if info, err := os.Stat(n); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%s: %v %v", n, info.Mode(), err)
			}
		}
	})
	t.Run("not in a folder of somebody else's", func(t *testing.T) {
		other := t.TempDir()
		if err := os.WriteFile(filepath.Join(other, "README.md"), []byte("mine"), 0o600); err != nil {
			t.Fatal(err)
		}
		if code := run(context.Background(), []string{"demo", other}, strings.NewReader(""), &out, &errs); code != exitUnknown {
			t.Errorf("exit %d", code)
		}
	})
}
