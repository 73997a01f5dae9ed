// Package jail runs a network that reads marks in a child process that can do nothing else: C++ code that computes on
// pictures from untrusted files, with a model that somebody supplied.
//
// A child is this very binary, started again with a hidden subcommand that calls [Serve], and confined as the decoder's
// child is (internal/confine): no environment, no network, no files, an allow-list of system calls, limits of memory and
// processor time. The library and the model reach it as sealed memory, copied from the bytes whose digests were checked;
// a picture reaches it through shared memory, as numbers. Its answer is distrusted: it has as many numbers as was
// agreed, or it is none.
//
// A crash, a hang or a limit is an [*Error], and every later call gives it, too. On other systems than Linux there is no
// jail, and [Open] says so. In main, call [Serve] for the hidden subcommand before anything else.
package jail

import (
	"time"

	"github.com/consentry/consentry/internal/confine"
	"github.com/consentry/consentry/watermark/neural"
)

// Subcommand is the argument with which a child is started where [Config.Command] does not say otherwise.
const Subcommand = "__read"

// Config says what to run.
type Config struct {
	Library string // the file of ONNX Runtime
	SHA256  string // of that file, in hexadecimal; another one is not loaded
	Network *neural.Network
	Model   []byte   // the ONNX file, which the network was recognised in
	Command []string // program and arguments of the child; empty: this binary and Subcommand
	Limits  Limits
}

// Limits bound the child. Zero members mean [DefaultLimits].
type Limits struct {
	Start  time.Duration // wall time until the child is ready
	Answer time.Duration // wall time of one picture
	Total  time.Duration // processor time of the child is at most four times this
	Memory int64         // bytes that the child may write to
}

// DefaultLimits are those that a zero [Limits] stands for. RivaGAN takes seven seconds and 1.2 GB for a picture of
// 1024 × 576, the others a fraction of a second.
var DefaultLimits = Limits{Start: 30 * time.Second, Answer: time.Minute, Total: 30 * time.Minute, Memory: 4 << 30}

// maxLibrary bounds the library's file, in bytes; ONNX Runtime 1.32 for processors has 35 MB.
const maxLibrary = 256 << 20

// WithDefaults returns the limits with [DefaultLimits] in place of zero and negative members.
func (l Limits) WithDefaults() Limits {
	d := DefaultLimits
	for _, t := range []struct{ to, from *time.Duration }{{&d.Start, &l.Start}, {&d.Answer, &l.Answer}, {&d.Total, &l.Total}} {
		if *t.from > 0 {
			*t.to = *t.from
		}
	}
	if l.Memory > 0 {
		d.Memory = l.Memory
	}
	return d
}

// Engine is a library that runs networks, loaded.
type Engine interface {
	// Session prepares a model whose input and output have these names; one goroutine uses it at a time.
	Session(model []byte, input, output string) (neural.Runner, error)
}

// Error says why a network could not be asked.
type Error struct {
	Detail string // printable ASCII
	Err    error  // may be nil
}

func (e *Error) Error() string { return e.Detail }
func (e *Error) Unwrap() error { return e.Err }

// maxDetail bounds an explanation, in bytes.
const maxDetail = 512

func failed(err error) *Error {
	return &Error{Detail: confine.Printable(err.Error(), maxDetail), Err: err}
}

var _ neural.Runner = (*Process)(nil)
