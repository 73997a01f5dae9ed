// Command consentry verifies where a video comes from, whether it was generated, and whether consent was declared for
// the people that it shows. It follows C2PA 2.5 and version 1 of the consent format.
//
// The answer goes to standard output and nothing else does; talk goes to standard error. Exit codes are those of grep
// and cmp: 0 meets the policy, 1 does not, 2 could not tell. It touches no network and reads no configuration file.
// Start with "consentry demo", or "consentry verify FILE".
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/consentry/consentry/detector"
	"github.com/consentry/consentry/persons/jail"
	markjail "github.com/consentry/consentry/watermark/neural/jail"
)

func main() {
	// The children that decode, find faces and read marks are this very binary. They must not go through the command
	// table: they have no streams to talk on.
	if serve := childOf(os.Args); serve != nil {
		os.Exit(serve())
	}
	if len(os.Args) > 2 && os.Args[1] == detector.Subcommand {
		os.Exit(detector.Become())
	}
	frugal()
	os.Exit(interruptible(os.Args[1:]))
}

func interruptible(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return run(ctx, args, os.Stdin, os.Stdout, os.Stderr)
}

// childOf is what serves a parent of ours, where the arguments ask for it.
func childOf(args []string) func() int {
	if len(args) != 2 {
		return nil
	}
	return map[string]func() int{
		decodeCommand: decodeChild, jail.Subcommand: detectChild, markjail.Subcommand: readMarksChild,
	}[args[1]]
}
