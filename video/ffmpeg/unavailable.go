//go:build !cgo || noffmpeg

package ffmpeg

import (
	"context"

	"github.com/consentry/consentry/video"
)

// Available says whether this binary can decode.
const Available = false

// Decode refuses: this binary was built without FFmpeg.
func (d Decoder) Decode(context.Context, video.Source, video.Want, video.Sink) (*video.Result, error) {
	return nil, &video.Error{
		Reason: video.ReasonUnavailable,
		Detail: "this binary was built without FFmpeg: pixels cannot be analysed",
	}
}
