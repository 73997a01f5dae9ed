package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"

	"github.com/urfave/cli/v2"
)

// The exit codes, as in grep and cmp: a script that only knows zero from non-zero is still right.
const (
	exitMeets   = 0 // meets the policy
	exitNot     = 1 // does not
	exitUnknown = 2 // could not tell: indeterminate, unreadable, a limit, usage, a crash
)

// decodeCommand is the hidden argument with which the binary starts itself as the decoder's child.
const decodeCommand = "__decode"

// program is one run of the command line.
type program struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	code           int // what the run ends with if no error says otherwise
}

// run is the whole program but for the process: it never exits, reads only the streams that it is given, and returns
// the exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) (code int) {
	p := &program{stdin: stdin, stdout: stdout, stderr: stderr}
	defer func() {
		if r := recover(); r != nil {
			p.say("error", fmt.Sprintf("internal error: %v", r))
			p.say("hint", "this is a bug of consentry, not a fault of the file; please report it with what follows")
			fmt.Fprintf(stderr, "%s\n", debug.Stack())
			code = exitUnknown
		}
	}()
	err := p.dispatch(ctx, args)
	if err == nil {
		return p.code
	}
	return p.fail(err)
}

// dispatch finds the command, puts its flags in front of its files, and runs it.
func (p *program) dispatch(ctx context.Context, args []string) error {
	commands := p.commands()
	in, err := resolve(commands, args)
	if err != nil {
		return err
	}
	switch {
	case in.version:
		return p.printVersion()
	case in.command == nil && in.help:
		return writeAppHelp(p.stdout, commands)
	case in.command == nil:
		if err := writeAppHelp(p.stderr, commands); err != nil {
			return err
		}
		p.code = exitUnknown
		return nil
	case in.help:
		return writeCommandHelp(p.stdout, in.path, in.command)
	}
	return p.app(commands).RunContext(ctx, append([]string{"consentry"}, in.argv()...))
}

// app is the command table as urfave/cli wants it, with everything switched off that would print to the wrong stream,
// exit from inside, or split a file name at its commas.
func (p *program) app(commands []*cli.Command) *cli.App {
	return &cli.App{
		Name:                      "consentry",
		Commands:                  commands,
		HideHelp:                  true,
		HideVersion:               true,
		DisableSliceFlagSeparator: true,
		Reader:                    p.stdin,
		Writer:                    p.stdout,
		ErrWriter:                 p.stderr,
		ExitErrHandler:            func(*cli.Context, error) {},
		OnUsageError:              usageErrorOf,
	}
}

// usageErrorOf turns the flag package's complaint (a value of the wrong form) into a usage error.
func usageErrorOf(_ *cli.Context, err error, _ bool) error {
	return &usageError{Text: err.Error()}
}

// usageError is a command line that cannot be understood.
type usageError struct {
	Text string
	Hint string // what to type instead; may be empty
}

func (e *usageError) Error() string { return e.Text }

// hintError is an error with a way out.
type hintError struct {
	Err  error
	Hint string
}

func (e *hintError) Error() string { return e.Err.Error() }
func (e *hintError) Unwrap() error { return e.Err }

// notYetError names something that belongs to the contract and is not built yet.
type notYetError struct{ What string }

func (e *notYetError) Error() string { return "not supported yet: " + e.What }

// fail says an error and gives the exit code: "could not tell", unless the error brings another one (cli.Exit). An
// error without text was said already.
func (p *program) fail(err error) int {
	code := exitUnknown
	var coder cli.ExitCoder
	if errors.As(err, &coder) {
		code = coder.ExitCode()
	}
	if err.Error() == "" {
		return code
	}
	p.say("error", err.Error())
	var usage *usageError
	var hinted *hintError
	switch {
	case errors.As(err, &usage) && usage.Hint != "":
		p.say("hint", usage.Hint)
	case errors.As(err, &hinted) && hinted.Hint != "":
		p.say("hint", hinted.Hint)
	}
	return code
}
