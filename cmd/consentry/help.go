package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v2"
)

// helpWidth is the widest line of a help page: an old terminal's.
const helpWidth = 80

// writeAppHelp writes the page of the whole program.
func writeAppHelp(w io.Writer, commands []*cli.Command) error {
	var b strings.Builder
	b.WriteString("consentry: where a video comes from, whether it was generated,\nand whether consent was declared for the people in it\n\n")
	b.WriteString("usage: consentry COMMAND [flags] FILE…\n\n")
	writeCommands(&b, commands)
	b.WriteString("\nexit codes: 0 meets the policy, 1 does not, 2 could not tell\n")
	b.WriteString("consentry help COMMAND says more; consentry demo shows it at work\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func writeCommands(b *strings.Builder, commands []*cli.Command) {
	width := 0
	for _, c := range commands {
		if !c.Hidden {
			width = max(width, len(c.Name))
		}
	}
	for _, c := range commands {
		if !c.Hidden {
			fmt.Fprintf(b, "  %-*s  %s\n", width, c.Name, c.Usage)
		}
	}
}

// writeCommandHelp writes the page of one command.
func writeCommandHelp(w io.Writer, path []string, c *cli.Command) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n", c.Usage)
	b.WriteString("usage: consentry " + strings.Join(path, " "))
	if len(c.Subcommands) > 0 {
		b.WriteString(" COMMAND")
	}
	if len(c.Flags) > 0 {
		b.WriteString(" [flags]")
	}
	if c.ArgsUsage != "" {
		b.WriteString(" " + c.ArgsUsage)
	}
	b.WriteString("\n")
	if c.Description != "" {
		fmt.Fprintf(&b, "\n%s\n", c.Description)
	}
	if len(c.Subcommands) > 0 {
		b.WriteString("\n")
		writeCommands(&b, c.Subcommands)
	}
	if rows := flagRows(c.Flags); len(rows) > 0 {
		if headings[strings.Join(path, " ")] == nil { // a heading sets them off by itself, on a page that has no line to spare
			b.WriteString("\n")
		}
		width := 0
		for _, r := range rows {
			width = max(width, len(r[0]))
		}
		for _, r := range rows {
			flag, _, _ := strings.Cut(strings.TrimLeft(r[0], "-"), " ")
			if title := headings[strings.Join(path, " ")][flag]; title != "" {
				b.WriteString(title + ":\n")
			}
			fmt.Fprintf(&b, "  %-*s  %s\n", width, r[0], r[1])
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// headings stand above flags of a long page, by the command and the first flag under each.
var headings = map[string]map[string]string{
	"verify": {
		"profile": "what is asked", "trust-list": "who may sign", "consent-trust": "who may speak for people",
		"fetch": "the file, and what goes with it", "format": "the answer",
	},
}

// flagRows gives each visible flag with its placeholder, and what it does. The placeholder is the word of the usage
// text in back quotes, as in the flag package.
func flagRows(flags []cli.Flag) [][2]string {
	var rows [][2]string
	for _, f := range flags {
		if hiddenFlag(f) {
			continue
		}
		doc, ok := f.(cli.DocGenerationFlag)
		if !ok {
			continue
		}
		var names []string
		for _, n := range f.Names() {
			names = append(names, dashed(n))
		}
		left, usage := strings.Join(names, ", "), doc.GetUsage()
		if before, rest, ok := strings.Cut(usage, "`"); ok {
			if word, after, ok := strings.Cut(rest, "`"); ok {
				left += " " + word
				usage = strings.TrimSpace(before + strings.TrimPrefix(after, ":"))
			}
		}
		rows = append(rows, [2]string{left, usage})
	}
	return rows
}
