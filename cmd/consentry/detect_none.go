//go:build !cgo || noonnx

package main

import (
	"context"
	"fmt"
	"os"

	"github.com/consentry/consentry/persons"
	"github.com/consentry/consentry/persons/jail"
	"github.com/consentry/consentry/watermark/neural"
)

// openDetector refuses: this binary was built without what runs networks, so nobody is looked for, and every report that
// is asked for people says so.
func openDetector(context.Context, string, string) (persons.Detector, error) { return nil, errNoEngine }

// openDescriber refuses, too.
func openDescriber(context.Context, string, string) (persons.Describer, error) {
	return nil, errNoEngine
}

func tryDetector(context.Context, string, bool) (jail.Confinement, error) {
	return jail.Confinement{}, errNoEngine
}

// detectChild is the detector's child process; there is none in this build.
func detectChild() int {
	fmt.Fprintln(os.Stderr, "consentry: error: this binary was built without what runs networks")
	return exitUnknown
}

var errNoEngine = &persons.Error{Reason: persons.ReasonUnavailable, Detail: "this binary was built without what runs networks"}

func openMarkNetwork(context.Context, *neural.Network, []byte, string) (neural.Session, error) {
	return nil, errNoEngine
}

// readMarksChild is the child process of a network that reads marks; there is none in this build.
func readMarksChild() int { return detectChild() }
