package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/urfave/cli/v2"
)

// version is set by the build (-ldflags "-X main.version=…"). It must be of the form of semver.org, since crJSON says
// which version wrote it.
var version = ""

// toolVersion is the version that reports carry.
func toolVersion() string {
	if version != "" {
		return version
	}
	return "0.0.0-dev"
}

func (p *program) versionCommand() *cli.Command {
	return &cli.Command{
		Name:  "version",
		Usage: "Print the version, and what it was built from",
		Action: func(c *cli.Context) error {
			if c.NArg() > 0 {
				return &usageError{Text: fmt.Sprintf("version takes no argument, and %q was given", c.Args().First()), Hint: "consentry version"}
			}
			return p.printVersion()
		},
	}
}

func (p *program) printVersion() error {
	line := fmt.Sprintf("consentry %s (C2PA 2.5, consent format 1; %s %s/%s", toolVersion(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" && len(s.Value) >= 12 {
				line += ", commit " + s.Value[:12]
			}
		}
	}
	decoder := "no decoder"
	if newDecoder() != nil {
		decoder = "with a decoder"
	}
	_, err := fmt.Fprintf(p.stdout, "%s, %s)\n", line, decoder)
	return err
}
