package main

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/consentry/consentry/internal/render"
)

func (p *program) explainCommand() *cli.Command {
	return &cli.Command{
		Name: "explain", Usage: "Explain a status code or a word of a report", ArgsUsage: "CODE|WORD",
		Action: func(c *cli.Context) error {
			if c.NArg() == 0 {
				return &usageError{Text: "explain needs a status code or a word", Hint: "consentry explain signingCredential.untrusted"}
			}
			return p.explain(strings.Join(c.Args().Slice(), " "))
		},
	}
}

// explain writes what a code or a word means. A word may stand in several places (a manifest is valid, and so is a
// token): all are shown.
func (p *program) explain(word string) error {
	var entries []render.Entry
	names := map[string]bool{}
	for _, e := range render.Glossary() {
		if strings.EqualFold(e.Name, word) || strings.EqualFold(e.Name, strings.NewReplacer(" ", "-", "_", "-").Replace(word)) {
			entries = append(entries, e)
		}
		names[e.Name] = true
	}
	if len(entries) == 0 {
		all := make([]string, 0, len(names))
		for _, e := range render.Glossary() {
			if names[e.Name] {
				all = append(all, e.Name)
				delete(names, e.Name)
			}
		}
		err := &usageError{Text: fmt.Sprintf("nothing is known under %q", word), Hint: "a status code or state of a report is wanted, such as claimSignature.mismatch or undeclared"}
		if near := nearest(word, all, 3); len(near) > 0 {
			err.Hint = "did you mean " + strings.Join(near, ", ") + "?"
		}
		return err
	}
	return render.Explain(p.stdout, entries)
}
