package interop_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
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
	f := interop.File{Path: put("file", b.Data), Mime: mimes[format], Trust: trust, At: clock}
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

// forged is a file of the forge with our answer.
type forged struct {
	name, state string
	failures    []string
}

// forgery makes every file of the forge, good and broken, and has our answers.
func forgery(t *testing.T) (all []forged, files []interop.File) {
	t.Helper()
	for _, c := range slices.Concat(forge.Good(), forge.Corruptions()) {
		trust := interop.Roots()
		if c.List == "none" {
			trust = interop.Trust{}
		}
		b := forge.Make(c.Recipe)
		state, format, failures := ours(t, b, trust)
		files = append(files, write(t, t.TempDir(), b, format, trust))
		all = append(all, forged{c.Name, state, failures})
	}
	return all, files
}

// TestAllAgreeOnForgedFiles holds all implementations against every file of the forge, good and broken. Where one
// accepts what consentry does not, or the other way round, testdata/interop/differences.yaml has to say by which clause;
// of implementations other than the newest c2pa-rs, testdata/interop/rules.yaml may say so as well.
func TestAllAgreeOnForgedFiles(t *testing.T) {
	known, rules, oracles := explanations(t), interop.ReadRules(t, "forged"), interop.Installed(t)
	all, files := forgery(t)
	for _, o := range oracles {
		who, answers := o.Ask(t, files)
		agreed, accept, silent := 0, 0, 0
		for i, f := range all {
			a := answers[i]
			if !a.Opinion() {
				silent++
				continue
			}
			if a.Accepts() {
				accept++
			}
			e, ok := known[f.name]
			same := accepted(f.state) == a.Accepts()
			if same {
				agreed++
			}
			if o == interop.Current {
				delete(known, f.name)
				exact(t, f, e, ok, who, a)
				continue
			}
			ok = ok && accepted(e.Ours) == accepted(f.state)
			if !same && !ok && !rules.Explain(o, f.name, interop.Ours{Accepts: accepted(f.state), Failures: f.failures}, a) {
				t.Errorf("%q: we say %s %q, %s says %.300s: no explanation", f.name, f.state, f.failures, who, a.Told())
			}
		}
		if o == interop.Current {
			for name := range known {
				t.Errorf("%q: an explanation of a file that is not there", name)
			}
			known = explanations(t)
		}
		if accept == 0 || agreed < len(all)/2 {
			t.Errorf("%s: %d of %d files are accepted, on %d both agree: was anything compared?", who, accept, len(all), agreed)
		}
		t.Logf("%s: agreed on %d of %d files, has no opinion on %d", who, agreed, len(all), silent)
	}
	for _, r := range rules.Stale(oracles) {
		t.Errorf("a rule about forged files that none has met: we %s, %q: %s", r.Ours, r.Oracles, r.Clause)
	}
}

// exact holds an answer of the newest c2pa-rs against its explanation, which must fit to the word.
func exact(t *testing.T, f forged, e explained, known bool, who string, a interop.Answer) {
	t.Helper()
	switch differ := accepted(f.state) != a.Accepts(); {
	case !differ && known:
		t.Errorf("%q: both say %s and %s now: take the explanation out", f.name, f.state, a.Word())
	case differ && !known:
		t.Errorf("%q: we say %s %q, %s says %s: no explanation", f.name, f.state, f.failures, who, a.Told())
	case differ && (e.Ours != f.state || e.Theirs != a.Word()):
		t.Errorf("%q: we say %s and they %s; the explanation is about %s and %s", f.name, f.state, a.Word(), e.Ours, e.Theirs)
	}
}
