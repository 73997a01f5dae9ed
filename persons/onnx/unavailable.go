//go:build !cgo || noonnx

package onnx

import (
	"github.com/consentry/consentry/persons"
	"github.com/consentry/consentry/persons/network"
)

// unavailable is the error of a binary that cannot run networks.
var unavailable = &persons.Error{
	Reason: persons.ReasonUnavailable,
	Detail: "this binary was built without ONNX Runtime: people in the picture cannot be looked for",
}

// Available says whether this binary can run networks.
const Available = false

// Library is ONNX Runtime, loaded. There is none in this build.
type Library struct{}

// Open refuses: this binary was built without what loads the library.
func Open(string) (*Library, error) { return nil, unavailable }

// Session refuses as [Open] does.
func (*Library) Session([]byte, *network.Network) (network.Runner, error) { return nil, unavailable }

// Close has nothing to free.
func (*Library) Close() error { return nil }
