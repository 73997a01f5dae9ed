package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/consentry/consentry/internal/render"
	"github.com/consentry/consentry/internal/scorecard"
	"github.com/consentry/consentry/report"
)

const (
	// caseTimeout ends one question of a scorecard: what takes longer is no answer.
	caseTimeout = 5 * time.Minute
	// caseSlow is when an answer about provenance alone took too long.
	caseSlow = 5 * time.Second
	// maxCaseAnswer bounds what is kept of the answer to one question.
	maxCaseAnswer = 256 << 20
)

func (p *program) conformanceRunCommand() *cli.Command {
	return &cli.Command{
		Name: "run", Usage: "Run all cases of a folder and print a scorecard", ArgsUsage: "DIR",
		Description: "A case names the files that it reads, in the folder or elsewhere. What it asks\n" +
			"for writes no file, uses no network and keeps no state.",
		Flags: []cli.Flag{
			&cli.StringSliceFlag{Name: "set", Usage: "`NAME` of the one folder whose cases are asked; repeat for more"},
			&cli.StringFlag{Name: "only", Usage: "`TEXT` that the ids of the cases have, which are asked"},
			&cli.IntFlag{Name: "stage", Usage: "`N`: the last stage whose cases are asked"},
			&cli.IntFlag{Name: "jobs", Usage: "`N` cases at a time; default: one a core"},
			&cli.StringFlag{Name: "format", Value: "text", Usage: "`FORM`: text (default) or json"},
			&cli.StringFlag{Name: "o", Usage: "`FILE`: write the scorecard there"},
		},
		Action: func(c *cli.Context) error {
			if c.NArg() != 1 {
				return &usageError{Text: fmt.Sprintf("one folder of cases is needed, not %d", c.NArg()), Hint: "consentry conformance run DIR"}
			}
			if f := c.String("format"); f != "text" && f != "json" {
				return &usageError{Text: fmt.Sprintf("--format %q: a scorecard is text or json", f)}
			}
			if c.Int("jobs") < 0 || c.Int("stage") < 0 {
				return &usageError{Text: "--jobs and --stage cannot be below zero"}
			}
			return p.conformanceRun(c)
		},
	}
}

// scores is the scorecard in JSON.
type scores struct {
	Schema  string             `json:"schema"`
	Tool    string             `json:"tool"`
	Passed  int                `json:"passed"`
	Failed  int                `json:"failed"`
	Skipped int                `json:"skipped"`
	Sets    []scoreOfSet       `json:"sets"`
	Cases   []scorecard.Result `json:"cases"`
}

type scoreOfSet struct {
	Name    string `json:"name"`
	Passed  int    `json:"passed"`
	Failed  int    `json:"failed"`
	Skipped int    `json:"skipped"`
}

// conformanceRun asks by starting this program for every case: what a case does to it, a crash included, is an answer
// like another, and all that is asked is what anybody could type.
func (p *program) conformanceRun(c *cli.Context) error {
	dir := c.Args().First()
	if _, err := os.Stat(dir); err != nil {
		return plainError(dir, err)
	}
	sets, err := scorecard.Load(dir)
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding this program, to start it: %w", err)
	}
	r := &scorecard.Runner{Slow: caseSlow, Jobs: c.Int("jobs"), Ask: func(folder string, args []string) scorecard.Answer {
		return askProgram(c.Context, self, folder, args)
	}}
	if r.Jobs == 0 {
		r.Jobs = runtime.NumCPU()
	}
	keep := func(k *scorecard.Case) bool {
		return strings.Contains(k.ID, c.String("only")) && (c.Int("stage") == 0 || k.Stage <= c.Int("stage"))
	}
	out := &scores{Schema: "consentry.scorecard/1", Tool: toolVersion(), Sets: []scoreOfSet{}, Cases: []scorecard.Result{}}
	for i := range sets {
		if !wanted(sets[i].Name, c.StringSlice("set")) {
			continue
		}
		out.add(sets[i].Name, r.Run(&sets[i], keep))
		if err := c.Context.Err(); err != nil {
			return err
		}
	}
	if !slices.ContainsFunc(sets, func(s scorecard.Set) bool { return len(s.Cases) > 0 }) {
		return &hintError{Err: errors.New("no case was asked"), Hint: "the files of cases in the folder have none: cases stand in a list, or in the list \"cases\" of an object"}
	}
	if len(out.Cases) == 0 {
		return &hintError{Err: errors.New("no case was asked"), Hint: "--set, --only and --stage leave none of the folder's cases"}
	}
	p.code = out.exit()
	return p.writeScores(out, c.String("format"), c.String("o"))
}

// wanted says that a set is one of those that are named, or lies below one.
func wanted(name string, names []string) bool {
	for _, n := range names {
		n = strings.Trim(n, "/")
		if name == n || strings.HasPrefix(name, n+"/") {
			return true
		}
	}
	return len(names) == 0
}

func (s *scores) add(name string, results []scorecard.Result) {
	if len(results) == 0 {
		return
	}
	one := scoreOfSet{Name: name}
	for i := range results {
		switch results[i].Outcome() {
		case "pass":
			one.Passed++
		case "fail":
			one.Failed++
		default:
			one.Skipped++
		}
	}
	s.Passed, s.Failed, s.Skipped = s.Passed+one.Passed, s.Failed+one.Failed, s.Skipped+one.Skipped
	s.Sets, s.Cases = append(s.Sets, one), append(s.Cases, results...)
}

// exit is 0 where every case was asked and every answer is right, 1 where one is wrong, 2 where some could not be asked.
func (s *scores) exit() int {
	switch {
	case s.Failed > 0:
		return exitNot
	case s.Skipped > 0:
		return exitUnknown
	}
	return exitMeets
}

func (p *program) writeScores(s *scores, format, file string) error {
	out, err := p.openAnswer(file, nil)
	if err != nil {
		return err
	}
	defer out.abandon()
	if format == "json" {
		err = render.JSON(out, s)
	} else {
		err = s.writeText(out)
	}
	if err != nil {
		return err
	}
	return out.commit()
}

// writeText prints the cases that failed with the reasons, those that were not asked, and a line for each set.
func (s *scores) writeText(w io.Writer) error {
	var b bytes.Buffer
	for i := range s.Cases {
		c := &s.Cases[i]
		switch c.Outcome() {
		case "fail":
			fmt.Fprintf(&b, "FAIL  %s/%s\n", render.Safe(c.Set), render.Safe(c.ID))
			for _, why := range c.Why {
				fmt.Fprintf(&b, "      %s\n", render.Safe(why))
			}
		case "skip":
			fmt.Fprintf(&b, "skip  %s/%s: not asked, its kind of expectation is not known here\n", render.Safe(c.Set), render.Safe(c.ID))
		}
	}
	if b.Len() > 0 {
		b.WriteByte('\n')
	}
	width := len("all")
	for _, set := range s.Sets {
		width = max(width, len(set.Name))
	}
	for _, set := range append(s.Sets, scoreOfSet{"all", s.Passed, s.Failed, s.Skipped}) {
		fmt.Fprintf(&b, "%-*s  %d passed, %d failed, %d skipped\n", width, render.Safe(set.Name), set.Passed, set.Failed, set.Skipped)
	}
	if names, cases := s.notJudged(); cases > 0 {
		fmt.Fprintf(&b, "not judged, in %s: %s\n", report.Count(cases, "case"), render.Safe(strings.Join(names, ", ")))
	}
	_, err := w.Write(b.Bytes())
	return err
}

// notJudged are the members of expectations that are known and were held against nothing, and in how many cases.
func (s *scores) notJudged() (names []string, cases int) {
	for i := range s.Cases {
		if list := s.Cases[i].NotJudged; len(list) > 0 {
			names = append(names, list...)
			cases++
		}
	}
	slices.Sort(names)
	return slices.Compact(names), cases
}

// askProgram runs this program with arguments and gives what it printed.
func askProgram(ctx context.Context, self, folder string, args []string) scorecard.Answer {
	ctx, cancel := context.WithTimeout(ctx, caseTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, self, args...)
	cmd.Args[0] = "consentry"
	cmd.Dir = folder
	out, talk := &bounded{left: maxCaseAnswer}, &bounded{left: 1 << 20}
	cmd.Stdout, cmd.Stderr = out, talk
	start := time.Now()
	err := cmd.Run()
	a := scorecard.Answer{Code: cmd.ProcessState.ExitCode(), Out: out.b.Bytes(), Err: talk.b.Bytes(), Passed: time.Since(start)}
	switch {
	case ctx.Err() != nil:
		a.Code, a.Err = -1, []byte("no answer in time")
	case cmd.ProcessState == nil:
		a.Code, a.Err = -1, []byte(err.Error())
	}
	return a
}

// bounded keeps what is written up to a number of bytes and forgets the rest.
type bounded struct {
	b    bytes.Buffer
	left int
}

// Write takes all and keeps what fits.
func (w *bounded) Write(p []byte) (int, error) {
	k := min(len(p), w.left)
	w.left -= k
	w.b.Write(p[:k])
	return len(p), nil
}
