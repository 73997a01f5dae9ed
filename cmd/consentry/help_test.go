package main

import (
	"bytes"
	"context"
	"io"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/urfave/cli/v2"
)

// helpHeight is the number of lines that a help page may have: a screen of today.
const helpHeight = 55

// verbs are the words that a command's line may begin with.
var verbs = regexp.MustCompile(`^(Add|Change|Explain|Find|Install|Keep|Judge|List|Make|Mint|Print|Run|Say|Show|Update|Compare|Verify|Check) `)

// TestHelp walks every command: its page fits a screen, its line starts with a verb and has no stop at its end, and it
// is an answer.
func TestHelp(t *testing.T) {
	p := &program{stdin: strings.NewReader(""), stdout: io.Discard, stderr: io.Discard}
	pages := 0
	var walk func(path []string, list []*cli.Command)
	walk = func(path []string, list []*cli.Command) {
		for _, c := range list {
			at := append(path[:len(path):len(path)], c.Name)
			t.Run(strings.Join(at, "-"), func(t *testing.T) { checkHelp(t, at, c) })
			pages++
			walk(at, c.Subcommands)
		}
	}
	walk(nil, p.commands())
	if pages < 12 {
		t.Errorf("only %d commands", pages)
	}
	t.Run("program", func(t *testing.T) { checkPage(t, []string{"--help"}) })
}

func checkHelp(t *testing.T, path []string, c *cli.Command) {
	if !verbs.MatchString(c.Usage) {
		t.Errorf("the line %q starts with no verb", c.Usage)
	}
	if strings.HasSuffix(c.Usage, ".") {
		t.Errorf("the line %q ends with a stop", c.Usage)
	}
	if c.SkipFlagParsing {
		return // says that it is not built, whatever it is given
	}
	seen := map[string]bool{}
	for _, f := range c.Flags {
		for _, n := range f.Names() {
			if seen[n] {
				t.Errorf("flag %s twice", n)
			}
			seen[n] = true
		}
		if d, ok := f.(cli.DocGenerationFlag); ok && strings.LastIndexByte(d.GetUsage(), '`') >= 0 && d.GetUsage()[0] != '`' {
			t.Errorf("flag %s: what it takes stands within its line, where the page leaves a gap: %q", f.Names()[0], d.GetUsage())
		}
	}
	for _, r := range flagRows(c.Flags) {
		first, _ := utf8.DecodeRuneInString(r[1])
		if r[1] == "" || strings.HasSuffix(r[1], ".") || unicode.IsSpace(first) {
			t.Errorf("flag %s: %q", r[0], r[1])
		}
	}
	for flag := range headings[strings.Join(path, " ")] {
		if findFlag(c.Flags, flag) == nil {
			t.Errorf("a heading over --%s, which is no flag", flag)
		}
	}
	checkPage(t, append([]string{"help"}, path...))
}

func checkPage(t *testing.T, args []string) {
	t.Helper()
	var out, talk bytes.Buffer
	if code := run(context.Background(), args, strings.NewReader(""), &out, &talk); code != 0 || talk.Len() > 0 {
		t.Fatalf("exit %d, stderr %q", code, talk.String())
	}
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	if len(lines) > helpHeight {
		t.Errorf("%d lines, a screen has %d", len(lines), helpHeight)
	}
	for _, l := range lines {
		if n := utf8.RuneCountInString(l); n > helpWidth {
			t.Errorf("%d columns: %s", n, l)
		}
	}
}
