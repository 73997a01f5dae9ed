package interop_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/consentry/consentry"
	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/internal/interop"
	"github.com/consentry/consentry/manifest"
	"github.com/consentry/consentry/signing"
)

// clock is when both implementations judge.
var clock = forge.Clock.Add(time.Hour)

// explained is a file that one implementation accepts and the other does not, with the clause that says who is right.
type explained struct {
	Case, Ours, Theirs, Clause string
}

func explanations(t *testing.T) map[string]explained {
	t.Helper()
	b, err := os.ReadFile("../../testdata/interop/differences.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var all []explained
	if err := yaml.UnmarshalWithOptions(b, &all, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	out := map[string]explained{}
	for _, e := range all {
		if e.Case == "" || e.Ours == "" || e.Theirs == "" || e.Clause == "" {
			t.Errorf("an explanation without all its members: %+v", e)
		}
		if _, twice := out[e.Case]; twice {
			t.Errorf("%q is explained twice", e.Case)
		}
		out[e.Case] = e
	}
	return out
}

func anchors(t *testing.T, pem []byte) []signing.List {
	t.Helper()
	if pem == nil {
		return nil
	}
	l, err := signing.ParseAnchors("test", pem)
	if err != nil {
		t.Fatal(err)
	}
	return []signing.List{l}
}

// mimes are the types of containers by their formats in reports.
var mimes = map[string]string{
	"mp4": "video/mp4", "mov": "video/quicktime", "m4a": "audio/mp4", "avi": "video/avi", "wav": "audio/wav", "rf64": "audio/wav", "mp3": "audio/mpeg",
	"flac": "audio/flac", "ogg": "audio/ogg", "png": "image/png", "jpeg": "image/jpeg", "webp": "image/webp", "gif": "image/gif",
}

// write puts a forged file, and the fragments of a set, into a folder.
func write(t *testing.T, dir string, b *forge.Built, format string, trust interop.Trust) interop.File {
	t.Helper()
	put := func(name string, data []byte) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	f := interop.File{Path: put("file", b.Data), Mime: mimes[format], Trust: trust}
	if f.Mime == "" {
		f.Mime = "video/mp4" // what the forge makes most, whole or broken
	}
	for i, p := range b.Parts {
		f.Fragments = append(f.Fragments, put(fmt.Sprintf("part-%d.m4s", i), p))
	}
	return f
}

// ours is what consentry says: the state of the provenance, and the codes of failure.
func ours(t *testing.T, b *forge.Built, trust interop.Trust) (state, format string, failures []string) {
	t.Helper()
	a := consentry.Asset{Name: "file.mp4", Data: bytes.NewReader(b.Data), Size: int64(len(b.Data))}
	for i, p := range b.Parts {
		a.Parts = append(a.Parts, consentry.Part{Name: fmt.Sprint("part ", i), Data: bytes.NewReader(p), Size: int64(len(p))})
	}
	v := &consentry.Verifier{Trust: signing.Trust{Claim: anchors(t, trust.Claim), TSA: anchors(t, trust.TSA)}, Time: clock}
	r, err := v.Verify(context.Background(), a)
	if err != nil {
		return "refused", r.Asset.Format, []string{err.Error()} // a limit of ours: not judged
	}
	for _, f := range r.Findings {
		if f.Outcome == "failure" && !slices.Contains(failures, f.Code) {
			failures = append(failures, f.Code)
		}
	}
	if r.Provenance.State == nil {
		return "refused", r.Asset.Format, failures
	}
	return *r.Provenance.State, r.Asset.Format, failures
}

func accepted(state string) bool { return state == manifest.Trusted || state == manifest.Valid }

// unsupported are answers of who cannot read a kind of file, or a kind of hash for it.
var unsupported = regexp.MustCompile(`^C2paNotSupported:|not supported for:|expected "RIFF", got "RF64"`)

// TestBothAgreeOnForgedFiles holds both implementations against every file of the forge, good and broken. Where one
// accepts what the other does not, testdata/interop/differences.yaml has to say by which clause.
func TestBothAgreeOnForgedFiles(t *testing.T) {
	known := explanations(t)
	var names, states []string
	var codes [][]string
	var files []interop.File
	for _, c := range slices.Concat(forge.Good(), forge.Corruptions()) {
		trust := interop.Trust{Claim: forge.ChainPEM(forge.CA().Root.Cert), TSA: forge.ChainPEM(forge.TSA().Root.Cert)}
		if c.List == "none" {
			trust = interop.Trust{}
		}
		b := forge.Make(c.Recipe)
		state, format, failures := ours(t, b, trust)
		files = append(files, write(t, t.TempDir(), b, format, trust))
		names, states, codes = append(names, c.Name), append(states, state), append(codes, failures)
	}
	who, answers := interop.Ask(t, clock, files)
	agreed, accept, silent := 0, 0, 0
	for i, name := range names {
		a := answers[i]
		if unsupported.MatchString(a.Refused) {
			silent++ // no opinion
			continue
		}
		e, ok := known[name]
		delete(known, name)
		if a.Accepts() {
			accept++
		}
		switch differ := accepted(states[i]) != a.Accepts(); {
		case !differ && ok:
			t.Errorf("%q: both say %s and %s now: take the explanation out", name, states[i], a.Word())
		case differ && !ok:
			t.Errorf("%q: we say %s %q, %s says %s %q %s: no explanation", name, states[i], codes[i], who, a.Word(), a.Failure, a.Refused)
		case differ && (e.Ours != states[i] || e.Theirs != a.Word()):
			t.Errorf("%q: we say %s and they %s; the explanation is about %s and %s", name, states[i], a.Word(), e.Ours, e.Theirs)
		case !differ:
			agreed++
		}
	}
	for name := range known {
		t.Errorf("%q: an explanation of a file that is not there", name)
	}
	if accept == 0 || agreed < len(names)/2 {
		t.Errorf("%d of %d files are accepted, on %d both agree: was anything compared?", accept, len(names), agreed)
	}
	t.Logf("%s: agreed on %d of %d files, has no opinion on %d", who, agreed, len(names), silent)
}
