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
	own := video.Limits{
		Pixels: 1, Tracks: 2, IdlePackets: 3, Frames: 4, DecodeTime: 5, MemoryBytes: 6, ProbeBytes: 7, OpenDuration: 8,
		Channels: 9, SampleRate: 10, BlockSamples: 11, Samples: 12,
	}
	if got := own.WithDefaults(); got != own {
		t.Errorf("%+v became %+v", own, got)
	}
}

func TestSink_WithDefaults(t *testing.T) {
	none := video.Sink{}.WithDefaults()
	if none.Info(nil) != nil || none.Frame(nil) != nil || none.Audio(nil) != nil {
		t.Error("a function that was not given fails")
	}
	own := video.Sink{
		Info: func(*video.Info) error { return io.EOF }, Frame: func(*video.Frame) error { return io.EOF }, Audio: func(*video.Audio) error { return io.EOF },
	}.WithDefaults()
	if own.Info(nil) != io.EOF || own.Frame(nil) != io.EOF || own.Audio(nil) != io.EOF {
		t.Error("a function that was given is not called")
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
