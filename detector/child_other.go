//go:build !linux

package detector

import (
	"errors"
	"fmt"
	"os"
	"runtime"
)

func (p *Program) start() (*child, error) {
	return nil, errors.New("nothing confines a detector on " + runtime.GOOS)
}

// Become refuses: nothing confines a detector on this system.
func Become() int {
	fmt.Fprintln(os.Stderr, "nothing confines a detector on "+runtime.GOOS)
	return 2
}
