//go:build !linux

package jail

import (
	"context"
	"fmt"
	"os"
	"runtime"

	"github.com/consentry/consentry/video"
)

func (d *Decoder) decode(ctx context.Context, src video.Source, want video.Want, sink video.Sink) (*video.Result, error) {
	if d.AllowUnjailedUnsafe != nil {
		return d.AllowUnjailedUnsafe.Decode(ctx, src, want, sink)
	}
	return nil, &video.Error{Reason: video.ReasonUnavailable, Detail: "no jail for the decoder on " + runtime.GOOS}
}

// Serve refuses: there is no jail on this system.
func Serve(video.Decoder) int {
	fmt.Fprintln(os.Stderr, "no jail for the decoder on "+runtime.GOOS)
	return 2
}
