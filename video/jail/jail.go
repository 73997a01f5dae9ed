// Package jail decodes in a child process that can do nothing but decode: C code that reads untrusted files runs there.
//
// The child is this very binary, started again with a hidden subcommand that calls [Serve]. The parent serves its reads
// over a socket and receives pictures and sound through shared memory of the parent's making. On Linux the child has no
// environment, no network (a network namespace of its own), no files (Landlock), an allow-list of system calls
// (seccomp), limits of memory, files and processor time, and it dies at the deadline and with its parent.
// [video.Confinement] says what the system granted. Whatever the child sends is distrusted: a number is used after it
// was held against what the parent knows, and nothing that the child does can make the parent read outside the shared
// memory, allocate without bound, or wait past the deadline.
//
// A crash, a hang or a limit is a [video.Error] for that file only. On other systems than Linux there is no jail, and
// Decode says so. Call [Decoder.Decode]; in main, call [Serve] for the hidden subcommand before anything else.
package jail

import (
	"context"

	"github.com/consentry/consentry/video"
)

// Subcommand is the argument with which the child is started where [Decoder.Command] does not say otherwise.
const Subcommand = "__decode"

// Decoder decodes in a child process. The zero value starts this binary with [Subcommand]. It is safe for concurrent
// use; each Decode has a child of its own.
type Decoder struct {
	Command []string // program and arguments of the child; empty: this binary and Subcommand

	// AllowUnjailedUnsafe decodes in this process on systems that have no jail at all. nil: decoding is refused there.
	AllowUnjailedUnsafe video.Decoder
}

var _ video.Decoder = (*Decoder)(nil)

// Decode implements [video.Decoder]. The callbacks run in the caller's goroutine while the child decodes ahead by a few
// pictures or blocks of sound. The child is dead when Decode returns.
func (d *Decoder) Decode(ctx context.Context, src video.Source, want video.Want, sink video.Sink) (*video.Result, error) {
	if src.Data == nil || src.Size < 0 || len(src.Format) > maxString {
		return nil, &video.Error{Reason: video.ReasonFormat, Detail: "no source"}
	}
	return d.decode(ctx, src, want, sink.WithDefaults())
}

func protocolError(detail string) *video.Error {
	return &video.Error{Reason: video.ReasonProtocol, Detail: detail}
}
