package main

import (
	"github.com/urfave/cli/v2"
)

// commands is the command table, in the order of the help page: what a newcomer needs first comes first.
func (p *program) commands() []*cli.Command {
	list := []*cli.Command{
		p.demoCommand(),
		p.verifyCommand(),
		p.inspectCommand(),
		p.personsCommand(),
		p.indexCommand(),
		p.findCommand(),
		p.explainCommand(),
		p.trustCommand(),
		p.tokenCommand(),
		p.registryCommand(),
		p.statusCommand(),
		p.signCommand(),
		p.modelsCommand(),
		p.conformanceCommand(),
		p.versionCommand(),
	}
	for _, l := range laterCommands {
		list = append(list, l.command())
	}
	prepare(list)
	return list
}

// prepare sets on every command what urfave/cli has per command: no help of its own, and our usage errors.
func prepare(list []*cli.Command) {
	for _, c := range list {
		c.HideHelp = true
		c.HideHelpCommand = true
		c.OnUsageError = usageErrorOf
		prepare(c.Subcommands)
	}
}

// later is a command of the contract that is not built yet: by name it says so, and help does not list it.
type later struct{ name, what string }

var laterCommands = []later{
	{"evidence", "evidence packs"},
	{"serve", "a local page and API"},
}

func (l later) command() *cli.Command {
	return &cli.Command{
		Name: l.name, Usage: "Say that it is not built yet", Hidden: true, SkipFlagParsing: true,
		Action: func(*cli.Context) error { return &notYetError{What: l.name + " (" + l.what + ")"} },
	}
}

// redactFlag hides the names that a file gives, in every form of the answer.
func redactFlag() cli.Flag {
	return &cli.BoolFlag{Name: "redact-names", Usage: "hide the names of people and creators"}
}

// laterFlag is a flag of the contract that is not built yet: hidden, known, and refused in words when it is given.
func laterFlag(name string) cli.Flag { return &cli.StringFlag{Name: name, Hidden: true} }

// refuseLater gives the error for the first of the flags that was set. A check that was asked for and is not made must
// never look as if it had been.
func refuseLater(c *cli.Context, what map[string]string) error {
	for _, f := range c.Command.Flags {
		name := f.Names()[0]
		if why, ok := what[name]; ok && c.IsSet(name) {
			return &notYetError{What: "--" + name + " (" + why + ")"}
		}
	}
	return nil
}
