package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/consentry/consentry/fingerprint/store"
	"github.com/consentry/consentry/report"
)

func TestFindCutsParts(t *testing.T) {
	for n, cut := range map[int]bool{maxParts: false, maxParts + 1: true} {
		a := &findings{Hits: []hit{{Strength: "match", Parts: make([]part, n)}}}
		var out bytes.Buffer
		if err := a.text(&out); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(out.String(), "… and 1 more part") != cut || strings.Count(out.String(), " is there from ") != maxParts {
			t.Errorf("%d parts:\n%s", n, out.String())
		}
	}
}

func TestNothingFoundIsAnAnswerOnlyWhereAllWasLookedAt(t *testing.T) {
	broken := unseen(&report.Report{NotChecked: []report.NotChecked{{What: "persons", Why: "x"}, {What: "pixels", Why: "the stream breaks near 3.0 s"}, {What: "fingerprint", Why: "only the first 65536 pictures"}}})
	if len(broken) != 2 {
		t.Fatal(broken)
	}
	for name, c := range map[string]struct {
		edit func(*findings)
		code int
		text string
	}{
		"all was looked at":                     {func(*findings) {}, exitNot, "nothing found among 3 clips"},
		"the stream breaks":                     {func(a *findings) { a.Clip.NotChecked = broken }, exitUnknown, "not looked at: the stream breaks near 3.0 s"},
		"more pictures than go in":              {func(a *findings) { a.Clip.NotChecked = broken[1:] }, exitUnknown, "not looked at: only the first 65536"},
		"an indexed clip is there in part":      {func(a *findings) { a.Store.Partly = 1 }, exitUnknown, "of 1 of the indexed clips only a part"},
		"the search ended":                      {func(a *findings) { a.Cut, a.Ended = true, true }, exitUnknown, "the search ended before it was through"},
		"something is found in what was looked": {func(a *findings) { a.Clip.NotChecked, a.Hits = broken, []hit{{}} }, exitMeets, "not looked at: the stream breaks"},
		"more hits than were asked for":         {func(a *findings) { a.Cut, a.Hits = true, []hit{{}} }, exitMeets, "ask for them with --most"},
		"more hits, and the search ended":       {func(a *findings) { a.Cut, a.Ended, a.Hits = true, true, []hit{{}} }, exitMeets, "the search ended"},
	} {
		t.Run(name, func(t *testing.T) {
			a := &findings{}
			a.Store.Clips = 3
			c.edit(a)
			var out bytes.Buffer
			if err := a.text(&out); err != nil || !strings.Contains(out.String(), c.text) || a.Ended && strings.Contains(out.String(), "--most") {
				t.Errorf("%v\n%s", err, out.String())
			}
			if got := a.exit(); got != c.code {
				t.Errorf("exit %d, expected %d", got, c.code)
			}
		})
	}
}

// What a manifest says goes to a terminal as text, whatever it holds.
func TestFindShowsWhatAFileSaysAsText(t *testing.T) {
	a := &findings{Hits: []hit{{Clip: store.Clip{
		Path:     "a\x1b[2J\u202emp4",
		Manifest: store.Manifest{State: "trusted", Signer: "\x1b]0;x\x07", Generator: "\u2066g", Label: "l\n", People: []string{"p\x1b[1m verified"}},
	}}}}
	var out bytes.Buffer
	if err := a.text(&out); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(out.String(), "\x1b\x07\u202e\u2066") {
		t.Errorf("%q", out.String())
	}
}

func TestKeptTexts(t *testing.T) {
	long := strings.Repeat("ä", maxKeptText)
	if got := kept(&long); len(got) > maxKeptText+3 || !strings.HasSuffix(got, "ä…") {
		t.Errorf("%d bytes", len(got))
	}
	short := long[:maxKeptText]
	if got := kept(&short); got != short {
		t.Errorf("%q", got)
	}
	for n, want := range map[int]int{maxKeptPeople: maxKeptPeople, maxKeptPeople + 1: maxKeptPeople} {
		if got := len(saidOf(&report.Report{People: make([]report.Person, n)}).People); got != want {
			t.Errorf("%d of %d people", got, n)
		}
	}
	for n, want := range map[int]int{maxKeptWhy: maxKeptWhy, maxKeptWhy + 1: maxKeptWhy} {
		var r report.Report
		for range n {
			r.NotChecked = append(r.NotChecked, report.NotChecked{What: "pixels", Why: "no decoder"})
		}
		if got := len(unseen(&r)); got != want {
			t.Errorf("%d of %d reasons", got, n)
		}
	}
}

// TestAClipThatIsIndexedInPartIsToldEachTime: a copy of the missing part cannot be found, however often the folder is
// indexed; of files outside the folder nobody asked.
func TestAClipThatIsIndexedInPartIsToldEachTime(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "clip.mp4")
	if err := os.WriteFile(name, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	var w store.Writer
	if err := w.Add(&store.Clip{Path: name, Size: info.Size(), Changed: info.ModTime(), NotChecked: []string{"the stream breaks near 3.0 s"}}, store.Prints{}); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if _, err := w.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	old, err := store.Open(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	for folder, want := range map[string]int{dir: 1, t.TempDir(): 0} {
		run := &indexing{}
		if todo, err := run.keep(old, []string{folder}, nil); err != nil || len(todo) != 0 || run.kept != 1 || len(run.partly) != want {
			t.Errorf("%v, %v: kept %d, told %q", todo, err, run.kept, run.partly)
		}
	}
}

func TestEndingsOfWhatIsLeftOut(t *testing.T) {
	many := map[string]int{}
	for i := range maxEndings {
		many[fmt.Sprintf(".x%d", i)] = 2
	}
	if got := endings(many); strings.Contains(got, "other") || strings.Count(got, "2 .x") != maxEndings {
		t.Errorf("%q", got)
	}
	many[".y"] = 1
	if got := endings(many); !strings.HasSuffix(got, ", 1 other file") {
		t.Errorf("%q", got)
	}
}
