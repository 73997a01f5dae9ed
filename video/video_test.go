package video_test

import (
	"errors"
	"io"
	"testing"

	"github.com/consentry/consentry/video"
)

func TestLimits_WithDefaults(t *testing.T) {
	if got := (video.Limits{}).WithDefaults(); got != video.DefaultLimits {
		t.Errorf("the zero value stands for %+v", got)
	}
	if got := (video.Limits{Pixels: -1, Tracks: -1, DecodeTime: -1}).WithDefaults(); got != video.DefaultLimits {
		t.Errorf("negative limits stand for %+v", got)
	}
	own := video.Limits{Pixels: 1, Tracks: 2, IdlePackets: 3, Frames: 4, DecodeTime: 5, MemoryBytes: 6, ProbeBytes: 7, OpenDuration: 8}
	if got := own.WithDefaults(); got != own {
		t.Errorf("%+v became %+v", own, got)
	}
}

func TestError(t *testing.T) {
	err := error(&video.Error{Reason: video.ReasonCrash, Detail: "it died", Err: io.EOF})
	if err.Error() != "not analysed: crash: it died" || !errors.Is(err, io.EOF) {
		t.Errorf("%v", err)
	}
	if got := (&video.Error{Reason: video.ReasonTimeout}).Error(); got != "not analysed: timeout" {
		t.Error(got)
	}
}
