package main

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/urfave/cli/v2"

	"github.com/consentry/consentry/detector"
	"github.com/consentry/consentry/internal/detectorkit"
	"github.com/consentry/consentry/internal/render"
)

// Clips of a null run: how many where nobody says, and the most.
const (
	nullClips    = 100
	maxNullClips = 100_000
)

func (p *program) conformanceDetectorCommand() *cli.Command {
	return &cli.Command{
		Name: "detector", Usage: "Check a program that looks for marks, and count its false alarms", ArgsUsage: "PATH",
		Description: "PATH is what verify --detector takes. The clips are drawn by this program and\ncarry no mark; a detector that is quiet on them may be wrong on others.",
		Flags: []cli.Flag{
			&cli.IntFlag{Name: "clips", Value: nullClips, Usage: "`N` clips without a mark; default 100"},
			&cli.StringFlag{Name: "format", Value: "text", Usage: "`FORM`: text (default) or json"},
		},
		Action: func(c *cli.Context) error {
			if c.NArg() != 1 {
				return &usageError{Text: fmt.Sprintf("one detector is needed, not %d", c.NArg()), Hint: "consentry conformance detector PATH"}
			}
			if f := c.String("format"); f != "text" && f != "json" {
				return &usageError{Text: fmt.Sprintf("--format %q: a score is text or json", f)}
			}
			n := c.Int("clips")
			if n < 1 || n > maxNullClips {
				return &usageError{Text: fmt.Sprintf("--clips %d: it is 1 to %d", n, maxNullClips)}
			}
			return p.conformanceDetector(c, n)
		},
	}
}

func (p *program) conformanceDetector(c *cli.Context, clips int) error {
	program, err := detector.Open(c.Args().First())
	if err != nil {
		return err
	}
	s, err := detectorkit.Run(c.Context, program, clips)
	if err != nil {
		return err
	}
	if !s.Met() {
		p.code = exitNot
	}
	if c.String("format") == "json" {
		out := json.NewEncoder(p.stdout)
		out.SetIndent("", "  ")
		return out.Encode(s)
	}
	return writeDetectorScore(p.stdout, s)
}

// writeDetectorScore writes the demands that are not met first, then the figure beside the claim.
func writeDetectorScore(w io.Writer, s *detectorkit.Score) error {
	if s.Name != "" {
		fmt.Fprintf(w, "%s %s, sha256 %.16s…\n", render.Safe(s.Name), render.Safe(s.Version), s.SHA256)
	}
	for _, ok := range []bool{false, true} {
		for _, c := range s.Checks {
			switch {
			case c.OK != ok:
			case ok:
				fmt.Fprintf(w, "ok    %s\n", c.Name)
			default:
				fmt.Fprintf(w, "FAIL  %s: %s\n", c.Name, render.Safe(c.Why))
			}
		}
	}
	if s.Clips == 0 || len(s.Checks) < 2 {
		_, err := fmt.Fprintln(w, "false alarms: not measured")
		return err
	}
	claim := "no rate is claimed"
	if s.Claim != nil {
		claim = fmt.Sprintf("%.1g is claimed", *s.Claim)
		if s.High > *s.Claim && s.Low <= *s.Claim {
			claim += ", which so few clips cannot confirm"
		}
	}
	_, err := fmt.Fprintf(w, "false alarms: %d of %d clips, a rate of %.2g to %.2g at 95 %%; %s; hints on %d more\n", s.Alarms, s.Clips, s.Low, s.High, claim, s.Hints)
	return err
}
