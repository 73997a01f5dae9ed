//go:build cgo && !noonnx && !noffmpeg && linux

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/consentry/consentry/internal/corpustest"
	"github.com/consentry/consentry/persons/install"
	"github.com/consentry/consentry/report"
)

// Comparing faces was asked for: where the network for it is missing, or is another, the answer is not known, though the
// picture was looked at in full.
func TestLinkPersonsWithoutItsNetworkIsExit2(t *testing.T) {
	const finds, weights, list = "centerface.onnx", "face_recognition_model.bin", "face_recognition_model-weights_manifest.json"
	runtime, ok := install.Library()
	if !ok {
		t.Skip("no library is pinned for this system")
	}
	library, installed := runtime.Name, corpustest.Runtime(t)
	for name, c := range map[string]struct {
		files []string // that are installed
		wrong string   // and one of the name with other bytes
		args  []string
		code  int
		links string // status; empty: no comparison is in the answer
	}{
		"nobody asks":          {[]string{library, finds}, "", nil, exitMeets, ""},
		"missing":              {[]string{library, finds}, "", []string{"--link-persons"}, exitUnknown, "not-analysed"},
		"one of two files":     {[]string{library, finds, weights}, "", []string{"--link-persons"}, exitUnknown, "not-analysed"},
		"other weights":        {[]string{library, finds, list}, weights, []string{"--link-persons"}, exitUnknown, "not-analysed"},
		"another list":         {[]string{library, finds, weights}, list, []string{"--link-persons"}, exitUnknown, "not-analysed"},
		"all are there":        {[]string{library, finds, weights, list}, "", []string{"--link-persons"}, exitMeets, "analysed"},
		"a look at some of it": {[]string{library, finds, weights, list}, "", []string{"--link-persons", "--fast"}, exitUnknown, "partial"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for _, f := range c.files {
				from, err := filepath.Abs(filepath.Join(installed, f))
				if err != nil {
					t.Fatal(err)
				}
				if _, err := os.Stat(from); err != nil && (f == weights || f == list) {
					t.Skip("the network that compares faces is not installed: nothing was run with it")
				}
				if err := os.Symlink(from, filepath.Join(dir, f)); err != nil {
					t.Fatal(err)
				}
			}
			if c.wrong != "" {
				if err := os.WriteFile(filepath.Join(dir, c.wrong), []byte("these are no weights"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			args := append([]string{"persons", "--models-dir", dir, "--format", "json"}, c.args...)
			code, out, talk := asked(t, append(args, filepath.Join(clips, "other.mp4"))...)
			var got struct {
				Status string
				Links  *report.Links
			}
			if err := json.Unmarshal([]byte(out), &got); err != nil {
				t.Fatalf("%v: %s", err, talk)
			}
			status := ""
			if got.Links != nil {
				status = got.Links.Status
			}
			if code != c.code || status != c.links || status != "partial" && got.Status != "analysed" {
				t.Errorf("exit %d, want %d; faces %s, comparison %q, want %q", code, c.code, got.Status, status, c.links)
			}
			if status != "" && status != "analysed" && got.Links.Reason == nil {
				t.Error("no reason is given")
			}
		})
	}
}
