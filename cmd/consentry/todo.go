package main

import "github.com/urfave/cli/v2"

func demoCommand() *cli.Command {
	return notBuilt("demo", "Make a sample clip with two people and judge it")
}

// notBuilt stands for a command until its package is there.
func notBuilt(name, usage string) *cli.Command {
	return &cli.Command{
		Name: name, Usage: usage, SkipFlagParsing: true,
		Action: func(*cli.Context) error { return &notYetError{What: name} },
	}
}
