package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// changing is what differs from one run of the demo to the next: the folder, the program's name and version, the time.
var changing = []*regexp.Regexp{
	regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`),
	regexp.MustCompile(`made by "consentry [^"]*"`),
	regexp.MustCompile(`(?m)^  \$ \S+ verify`),
	regexp.MustCompile(`\b\d+\.\d kB\b`),
}

// decoderLine is a line that says something else in a build without a decoder.
var decoderLine = regexp.MustCompile(`^  (watermarks?|pixels|picture|voices)\b`)

// seenSpan is what a look for faces adds to a person.
var seenSpan = regexp.MustCompile(`seen [0-9:.]+–[0-9:.]+, `)

// faceless takes out of the demo's output what a look for faces puts there, for systems that have nothing to look with.
func faceless(lines []string) (out []string) {
	for _, l := range lines {
		if l == "why" || l == "to know" {
			return out // from here on it is said, in several places, that nobody looked
		}
		if l = seenSpan.ReplaceAllString(l, ""); !strings.HasPrefix(l, "  faces ") && !strings.HasPrefix(l, "  Persons were NOT analysed") && l != "" {
			out = append(out, l)
		}
	}
	return out
}

// steady takes out of the demo's output what changes, and the lines that depend on whether the build has a decoder.
func steady(text, dir string) []string {
	text = strings.ReplaceAll(text, dir, "build/demo")
	for _, re := range changing {
		text = re.ReplaceAllString(text, "…")
	}
	var out []string
	for _, l := range strings.Split(strings.TrimSpace(text), "\n") {
		if !decoderLine.MatchString(l) {
			out = append(out, strings.TrimRight(l, " "))
		}
	}
	return out
}

// TestReadmeShowsTheDemo holds the output in the README against the demo's own.
func TestReadmeShowsTheDemo(t *testing.T) {
	if raced {
		t.Skip("TestDemo looks at the same pictures: the run without the race detector has it")
	}
	readme, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, block, ok := strings.Cut(string(readme), "```\nA clip")
	block, _, closed := strings.Cut(block, "```")
	if !ok || !closed {
		t.Fatal("the README shows no output of the demo")
	}
	dir := filepath.Join(t.TempDir(), "demo")
	var out, errs bytes.Buffer
	if code := run(context.Background(), []string{"demo", dir}, strings.NewReader(""), &out, &errs); code != exitMeets {
		t.Fatalf("exit %d: %s", code, errs.String())
	}
	shown, _, _ := strings.Cut(out.String(), "What to try next")
	got, want := steady(shown, dir), steady("A clip"+block, dir)
	if _, err := tryDetector(context.Background(), "", false); err != nil {
		t.Logf("without the lines about faces: %v", err)
		got, want = faceless(got), faceless(want)
	}
	for i := 0; i < len(got) || i < len(want); i++ {
		var g, w string
		if i < len(got) {
			g = got[i]
		}
		if i < len(want) {
			w = want[i]
		}
		if g != w {
			t.Fatalf("line %d of the demo is\n%s\nand in the README\n%s", i+1, g, w)
		}
	}
}
