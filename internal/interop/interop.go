// Package interop asks another implementation of C2PA what it says of files, for tests: c2pa-rs, as PyPI has it in
// c2pa-python. "scripts/setup.sh test" installs it into a folder of its own, outside of what is built.
//
// It has the files of docs/comparison.md as well ([Kinds]), made with the forge. It is no judge: the specification
// decides where two implementations differ. Only tests and the command beside it import it. Start with [Ask].
package interop

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// claimSigning, timeStamping and ocspSigning are the key usages that the other implementation is told to accept.
// C2PA 2.5, 13.5.1.
const claimSigning, timeStamping, ocspSigning = "1.3.6.1.4.1.62558.2.1", "1.3.6.1.5.5.7.3.8", "1.3.6.1.5.5.7.3.9"

// Trust is whom the other implementation is to trust: certificates in PEM.
type Trust struct {
	Claim, TSA []byte
}

// File is a file to be read.
type File struct {
	Path      string
	Mime      string
	Fragments []string // files of the set whose initialization segment Path is
	Trust     Trust
}

// Answer is what the other implementation says of a file.
type Answer struct {
	State         string   // Trusted, Valid or Invalid; empty where Refused is not
	Success       []string // status codes of the active manifest
	Informational []string
	Failure       []string
	Refused       string // the one-line error that came in place of a report
}

// Accepts says whether the file is taken for what it says it is, by a trusted signer or not.
func (a Answer) Accepts() bool { return a.State == "Trusted" || a.State == "Valid" }

// Word is the answer in one word.
func (a Answer) Word() string {
	if a.Refused != "" {
		return "refused"
	}
	return strings.ToLower(a.State)
}

// settings are those of c2pa-rs 0.91: separate lists of anchors, and no network.
func (t Trust) settings() map[string]any {
	anchors := []map[string]string{}
	for _, a := range []struct {
		kind string
		pem  []byte
	}{{"manifest", t.Claim}, {"tsa", t.TSA}} {
		if len(a.pem) > 0 {
			anchors = append(anchors, map[string]string{"trust_kind": a.kind, "trust_uri": "urn:x-test:" + a.kind, "trust_anchors": string(a.pem)})
		}
	}
	trust := map[string]any{"trust_config": strings.Join([]string{claimSigning, timeStamping, ocspSigning}, "\n")}
	if len(anchors) > 0 {
		trust["anchors"] = anchors
	}
	return map[string]any{
		"verify": map[string]bool{"remote_manifest_fetch": false, "ocsp_fetch": false, "verify_trust": true},
		"trust":  trust,
	}
}

// Ask gives an answer for each file, and the name of who answered. at sets the clock of the other implementation; zero
// leaves it. Where it is not installed, or its clock cannot be set, the test is skipped, or fails if CI is set or
// CONSENTRY_REQUIRE_INTEROP is 1.
func Ask(t testing.TB, at time.Time, files []File) (who string, answers []Answer) {
	t.Helper()
	root := moduleRoot(t)
	python := filepath.Join(root, "build", "interop", "bin", "python")
	if _, err := os.Stat(python); err != nil {
		missing(t, "no other implementation is installed: nothing was checked against one (run: scripts/setup.sh test)")
	}
	env := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()}
	if !at.IsZero() {
		lib := clockLibrary()
		if lib == "" {
			missing(t, "no libfaketime (Debian package faketime): the other implementation's clock cannot be set")
		}
		env = append(env, "LD_PRELOAD="+lib, "TZ=UTC", "FAKETIME_DONT_FAKE_MONOTONIC=1", "FAKETIME="+at.UTC().Format("@2006-01-02 15:04:05"))
	}
	job := struct {
		Files []any `json:"files"`
	}{}
	for _, f := range files {
		job.Files = append(job.Files, map[string]any{"path": f.Path, "mime": f.Mime, "fragments": f.Fragments, "settings": f.Trust.settings()})
	}
	in, err := json.Marshal(job)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, python, "-I", filepath.Join(root, "testdata", "interop", "read.py"))
	var errs bytes.Buffer
	cmd.Stdin, cmd.Stderr, cmd.Env = bytes.NewReader(in), &errs, env
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("the other implementation: %v\n%s", err, errs.String())
	}
	var got struct {
		Version string
		Clock   float64
		Answers []Answer
	}
	if err := json.Unmarshal(out, &got); err != nil || len(got.Answers) != len(files) {
		t.Fatalf("the other implementation gave %d answers for %d files: %v", len(got.Answers), len(files), err)
	}
	if clock := time.Unix(int64(got.Clock), 0); !at.IsZero() && clock.Sub(at).Abs() > time.Hour {
		missing(t, fmt.Sprintf("the other implementation's clock says %v and not %v", clock.UTC(), at))
	}
	return got.Version, got.Answers
}

// missing ends a test that cannot be made here.
func missing(t testing.TB, why string) {
	t.Helper()
	if os.Getenv("CI") != "" || os.Getenv("CONSENTRY_REQUIRE_INTEROP") == "1" {
		t.Fatal(why)
	}
	t.Skip(why)
}

// clockLibrary is libfaketime as the faketime command sets it; empty: there is none.
func clockLibrary() string {
	out, err := exec.Command("faketime", "-m", "-f", "+0", "printenv", "LD_PRELOAD").Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}

func moduleRoot(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Fatal("no go.mod above the test's folder")
		}
		dir = up
	}
}
