//go:build !cgo || noffmpeg

package ffmpeg_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/consentry/consentry/video"
	"github.com/consentry/consentry/video/ffmpeg"
)

func TestDecode_withoutFFmpeg(t *testing.T) {
	res, err := ffmpeg.Decoder{}.Decode(context.Background(), video.Source{Data: bytes.NewReader(nil), Format: "mp4"}, video.Want{}, video.Sink{})
	var v *video.Error
	if res != nil || !errors.As(err, &v) || v.Reason != video.ReasonUnavailable || !strings.Contains(v.Error(), "pixels cannot be analysed") {
		t.Errorf("%v, %v", res, err)
	}
	if ffmpeg.Available {
		t.Error("called available")
	}
}
