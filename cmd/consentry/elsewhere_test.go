package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/corpustest"
	"github.com/consentry/consentry/internal/interop"
)

// mimes are the types that other implementations want to be told, by the ends of files' names.
var mimes = map[string]string{
	".mp4": "video/mp4", ".m4v": "video/mp4", ".m4s": "video/mp4", ".mov": "video/quicktime", ".m4a": "audio/mp4", ".avi": "video/avi",
	".mkv": "video/x-matroska", ".webm": "video/webm", ".wav": "audio/wav", ".mp3": "audio/mpeg", ".flac": "audio/flac", ".ogg": "audio/ogg",
	".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".webp": "image/webp", ".avif": "image/avif", ".heic": "image/heic",
	".heif": "image/heif", ".gif": "image/gif", ".svg": "image/svg+xml", ".tif": "image/tiff", ".tiff": "image/tiff", ".pdf": "application/pdf",
}

// told is a case of the corpus with our answer.
type told struct {
	name string
	ours interop.Ours
	file interop.File
}

// elsewhereFile is what the other implementations are given for a case: the same as our command line.
func (c *corpusCase) elsewhereFile(t *testing.T, args []string) interop.File {
	t.Helper()
	f := interop.File{Path: args[len(args)-1], Mime: mimes[strings.ToLower(filepath.Ext(args[len(args)-1]))]}
	if f.Mime == "" {
		f.Mime = "application/octet-stream"
	}
	pem := map[string]*[]byte{"--trust": &f.Trust.Claim, "--tsa-trust": &f.Trust.TSA, "--cawg-trust": &f.Trust.CAWG, "--allowed": &f.Trust.Allowed, "--cawg-allowed": &f.Trust.CAWGAllowed}
	for i := 1; i+1 < len(args); i++ {
		switch value := args[i+1]; args[i] {
		case "--eku":
			f.Trust.EKU = append(f.Trust.EKU, value)
		case "--manifest":
			f.Manifest = value
		case "--fragment":
			f.Fragments = append(f.Fragments, value)
		case "--at":
			at, err := time.Parse(time.RFC3339, value)
			if err != nil {
				t.Fatal(err)
			}
			f.At = at
		default:
			if list := pem[args[i]]; list != nil {
				b, err := os.ReadFile(value)
				if err != nil {
					t.Fatal(err)
				}
				*list = append(append(*list, b...), '\n')
			}
		}
	}
	return f
}

// tellCorpus has our answers about the provenance sets.
func tellCorpus(t *testing.T) (all []told) {
	dir := corpustest.Dir(t)
	for _, set := range []string{"real-video", "real-audio", "real-image", "made-video", "hostile"} {
		var cases []corpusCase
		corpustest.Cases(t, set, &cases)
		for _, c := range cases {
			args := c.arguments(filepath.Join(dir, set), dir)
			_, out, _ := asked(t, append(slices.Clone(args), "--format", "json")...)
			var r struct {
				Provenance struct{ State string }
				Findings   []struct{ Code, Outcome string }
			}
			if err := json.Unmarshal([]byte(out), &r); err != nil && out != "" {
				t.Fatalf("%s: %v", c.ID, err)
			}
			x := told{name: set + " " + c.ID, file: c.elsewhereFile(t, args)}
			x.ours.Accepts = r.Provenance.State == "valid" || r.Provenance.State == "trusted"
			for _, f := range r.Findings {
				if f.Outcome == "failure" && !slices.Contains(x.ours.Failures, f.Code) {
					x.ours.Failures = append(x.ours.Failures, f.Code)
				}
			}
			all = append(all, x)
		}
	}
	return all
}

// TestCorpusElsewhere asks other implementations about every file of the provenance sets. Where one accepts what the
// other does not, testdata/interop/rules.yaml has to say by which clause.
func TestCorpusElsewhere(t *testing.T) {
	all := tellCorpus(t)
	oracles := interop.Installed(t)
	rules := interop.ReadRules(t, "corpus")
	// One process has one clock.
	slices.SortStableFunc(all, func(a, b told) int { return a.file.At.Compare(b.file.At) })
	var files []interop.File
	for _, x := range all {
		files = append(files, x.file)
	}
	for _, o := range oracles {
		who, answers := o.Ask(t, files)
		same, silent, explained := 0, 0, 0
		for i, a := range answers {
			x := all[i]
			switch {
			case !a.Opinion():
				silent++
			case a.Accepts() == x.ours.Accepts:
				same++
			case rules.Explain(o, x.name, x.ours, a):
				explained++
			default:
				t.Errorf("%s, %s: we accept: %v %q; they say %.300s; no rule explains it", o, x.name, x.ours.Accepts, x.ours.Failures, a.Told())
			}
		}
		t.Logf("%s: %d files, as we say: %d, explained: %d, no opinion: %d", who, len(answers), same, explained, silent)
		if same < len(answers)/2 {
			t.Errorf("%s: only %d of %d answers agree: was anything compared?", who, same, len(answers))
		}
	}
	for _, r := range rules.Stale(oracles) {
		t.Errorf("a rule about the corpus that no file has met: we %s, %q: %s", r.Ours, r.Oracles, r.Clause)
	}
}
