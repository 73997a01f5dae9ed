package main

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/consentry/consentry/consent"
	"github.com/consentry/consentry/internal/schematest"
)

// guides are the pages of docs/guides. Every block that is called "console" is run, from top to bottom in one folder:
// each line that starts with "$ " is given to sh, the lines below it are what it must print. "…" stands for any text,
// and for any lines where it stands alone. A block with a file's name after its language is that file.
const guides = "../../docs/guides"

func TestGuides(t *testing.T) {
	pages, err := filepath.Glob(guides + "/*.md")
	if err != nil || len(pages) == 0 {
		t.Fatalf("no guides: %v", err)
	}
	dir := t.TempDir()
	needs := map[string]string{"studio": "[!decoder] skip 'this binary has no decoder'\n"} // it looks at pictures
	if raced {
		for _, name := range []string{"ci", "studio", "conformance"} {
			needs[name] = "skip 'it looks at many pictures: the run without the race detector has it'\n"
		}
	}
	for _, page := range pages {
		path, err := filepath.Abs(page)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(page), ".md")
		if err := os.WriteFile(filepath.Join(dir, name+".txtar"), []byte(needs[name]+"guide "+path+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	testscript.Run(t, testscript.Params{Dir: dir, RequireExplicitExec: true, Condition: condition, Cmds: map[string]func(*testscript.TestScript, bool, []string){"guide": guide}})
}

// guide PAGE runs a page of the guides.
func guide(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: guide PAGE")
	}
	ts.Setenv("XDG_STATE_HOME", ts.MkAbs("state"))
	text, err := os.ReadFile(args[0])
	ts.Check(err)
	testdata := filepath.Join(filepath.Dir(args[0]), "..", "..", "testdata")
	ts.Check(os.Symlink(testdata, ts.MkAbs("testdata"))) // as in the repository's folder
	code, commands := 0, 0
	for _, b := range blocks(string(text)) {
		switch {
		case b.file != "":
			ts.Check(os.WriteFile(ts.MkAbs(b.file), []byte(b.text), 0o644))
		case b.language == "console":
			for _, step := range steps(b.text) {
				commands++
				if step.command == "echo $?" {
					if strings.TrimSpace(step.output) != strconv.Itoa(code) {
						ts.Fatalf("the exit code is %d, the guide says %q", code, step.output)
					}
					code = 0
					continue
				}
				if code != 0 {
					ts.Fatalf("exit code %d before %q, and the guide does not say so", code, step.command)
				}
				code = runStep(ts, step)
			}
		}
	}
	if code != 0 {
		ts.Fatalf("the guide ends with exit code %d and does not say so", code)
	}
	if commands == 0 {
		ts.Fatalf("the guide has no command")
	}
}

func runStep(ts *testscript.TestScript, step guideStep) int {
	code := 0
	if err := ts.Exec("sh", "-c", step.command); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%q did not run: %v", step.command, err)
		}
		code = exit.ExitCode()
	}
	if out := ts.ReadFile("stdout"); !step.matches(out) {
		ts.Fatalf("$ %s\nprints\n%s\nand the guide says\n%s", step.command, out, step.output)
	}
	return code
}

// block is a fenced block of a page.
type block struct{ language, file, text string }

func blocks(page string) []block {
	var out []block
	var at *block
	for _, line := range strings.SplitAfter(page, "\n") {
		info, fence := strings.CutPrefix(strings.TrimSpace(line), "```")
		switch {
		case fence && at == nil:
			language, file, _ := strings.Cut(info, " ")
			at = &block{language: language, file: file}
		case fence:
			out, at = append(out, *at), nil
		case at != nil:
			at.text += line
		}
	}
	return out
}

// guideStep is a command with what it prints.
type guideStep struct{ command, output string }

func steps(text string) []guideStep {
	var out []guideStep
	for _, line := range strings.SplitAfter(text, "\n") {
		if command, ok := strings.CutPrefix(line, "$ "); ok {
			out = append(out, guideStep{command: strings.TrimSpace(command)})
		} else if len(out) > 0 {
			out[len(out)-1].output += line
		}
	}
	return out
}

func (s guideStep) matches(printed string) bool {
	var pattern strings.Builder
	pattern.WriteString(`\A`)
	for _, line := range strings.SplitAfter(s.output, "\n") {
		if strings.TrimSpace(line) == "…" {
			pattern.WriteString(`(?:.*\n)*?`)
			continue
		}
		pattern.WriteString(strings.ReplaceAll(regexp.QuoteMeta(line), "…", `.*`))
	}
	pattern.WriteString(`\z`)
	return regexp.MustCompile(pattern.String()).MatchString(printed)
}

// TestGuideStepsCanFail shows that the test of the guides can fail.
func TestGuideStepsCanFail(t *testing.T) {
	for _, c := range []struct {
		says, prints string
		want         bool
	}{
		{"", "", true},
		{"", "a\n", false},
		{"a\n", "", false},
		{"a …\n", "a b\n", true},
		{"a …\n", "b b\n", false},
		{"a\n…\nc\n", "a\nb\nb\nc\n", true},
		{"a\n…\nc\n", "a\nb\n", false},
		{"a\n…\n", "a\n", true},
		{"a.b\n", "axb\n", false},
	} {
		if got := (guideStep{output: c.says}).matches(c.prints); got != c.want {
			t.Errorf("%q for %q: %v", c.says, c.prints, got)
		}
	}
}

// TestTheDefinitionForTheSDKs reads the manifest definition of the generator's guide: the assertion that it gives to the
// C2PA SDKs is a created one, in JSON, and our reader takes it.
func TestTheDefinitionForTheSDKs(t *testing.T) {
	page, err := os.ReadFile(guides + "/generator.md")
	if err != nil {
		t.Fatal(err)
	}
	var definition struct {
		Assertions []struct {
			Label, Kind string
			Created     bool
			Data        json.RawMessage
		}
	}
	for _, b := range blocks(string(page)) {
		if b.file == "definition.json" {
			if err := json.Unmarshal([]byte(b.text), &definition); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, a := range definition.Assertions {
		if a.Label != consent.Label {
			continue
		}
		if _, err := consent.ParseAssertion(a.Data, false); err != nil || !a.Created || a.Kind != "Json" {
			t.Errorf("%v, %+v", err, a)
		}
		if err := schematest.Check(schematest.Assertion, a.Data); err != nil {
			t.Error(err)
		}
		return
	}
	t.Error("no consent assertion in the definition")
}
