package main

import (
	"bufio"
	"encoding/json"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/consentry/consentry/consent"
)

// maxCaseFile bounds a file of conformance cases: the largest that is known has six megabytes.
const maxCaseFile = 256 << 20

func (p *program) conformanceCommand() *cli.Command {
	return &cli.Command{
		Name: "conformance", Usage: "Run the rules over case files",
		Subcommands: []*cli.Command{
			{
				Name: "facts", Usage: "Judge facts about files, one answer a line", ArgsUsage: "FILE",
				Action: func(c *cli.Context) error { return p.conformanceFacts(c.Args().Slice()) },
			},
			{
				Name: "jose", Usage: "Judge consent tokens, one answer a line", ArgsUsage: "FILE",
				Action: func(c *cli.Context) error { return p.conformanceJose(c.Args().Slice()) },
			},
			p.conformanceRunCommand(),
			p.conformanceDetectorCommand(),
		},
	}
}

// conformanceJose answers every case of a file: its id, and "valid" or the first failure's code.
func (p *program) conformanceJose(args []string) error {
	var cases []consent.JoseCase
	if err := readCases(args, &cases); err != nil {
		return err
	}
	out := bufio.NewWriter(p.stdout)
	lines := json.NewEncoder(out)
	for _, c := range cases {
		answer, err := consent.JudgeJose(c)
		if err != nil {
			return err
		}
		if err := lines.Encode(answer); err != nil {
			return err
		}
	}
	return out.Flush()
}

// readCases reads the cases of the one file that args names into list, a pointer to a slice.
func readCases(args []string, list any) error {
	if len(args) != 1 {
		return &usageError{Text: fmt.Sprintf("one case file is needed, not %d", len(args)), Hint: "consentry conformance facts|jose FILE"}
	}
	b, err := readFile(args[0], maxCaseFile)
	if err != nil {
		return err
	}
	file := struct {
		Cases any `json:"cases"`
	}{list}
	if err := json.Unmarshal(b, &file); err != nil {
		return fmt.Errorf("%s: no case file: %w", args[0], err)
	}
	return nil
}
