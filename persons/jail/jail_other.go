//go:build !linux

package jail

import (
	"context"
	"fmt"
	"os"
	"runtime"

	"github.com/consentry/consentry/persons"
)

// Detector finds faces in child processes. There is none on this system.
type Detector struct{ persons.Detector }

// Confinement is empty: nothing was started.
func (*Detector) Confinement() Confinement { return Confinement{} }

// Template refuses: there is no jail on this system.
func (*Detector) Template(context.Context, *persons.Picture) (persons.Template, error) {
	return persons.Template{}, unavailable()
}

// Open refuses: there is no jail on this system.
func Open(context.Context, Config) (*Detector, error) {
	return nil, unavailable()
}

func unavailable() error {
	return &persons.Error{Reason: persons.ReasonUnavailable, Detail: "no jail for the detector on " + runtime.GOOS}
}

// Serve refuses: there is no jail on this system.
func Serve(func(path string) (Engine, error)) int {
	fmt.Fprintln(os.Stderr, "no jail for the detector on "+runtime.GOOS)
	return 2
}
