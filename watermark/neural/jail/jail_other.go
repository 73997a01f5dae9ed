//go:build !linux

package jail

import (
	"context"
	"fmt"
	"os"
	"runtime"

	"github.com/consentry/consentry/watermark/neural"
)

// Process is a network in a child process. There is none on this system.
type Process struct{ neural.Runner }

// Missing is empty: nothing was started.
func (*Process) Missing() []string { return nil }

// Close does nothing.
func (*Process) Close() error { return nil }

// Open refuses: there is no jail on this system.
func Open(context.Context, Config) (*Process, error) {
	return nil, &Error{Detail: "no jail for a network on " + runtime.GOOS}
}

// Serve refuses: there is no jail on this system.
func Serve(func(path string) (Engine, error)) int {
	fmt.Fprintln(os.Stderr, "no jail for a network on "+runtime.GOOS)
	return 2
}
