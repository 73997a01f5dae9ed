package video_test

import (
	"errors"
	"io"
	"math"
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

// TestAPlaneHoldsWhatItsSizeWants, to the last byte of its last line, and not one less.
func TestAPlaneHoldsWhatItsSizeWants(t *testing.T) {
	for _, c := range []struct {
		name                               string
		stride, bytes, width, height, deep int
		want                               bool
	}{
		{"as wide as it is", 4, 12, 4, 3, 8, true},
		{"a byte short", 4, 11, 4, 3, 8, false},
		{"lines apart, the last one bare", 6, 16, 4, 3, 8, true},
		{"lines apart, a byte short", 6, 15, 4, 3, 8, false},
		{"lines over each other", 3, 12, 4, 3, 8, false},
		{"two bytes a sample", 8, 24, 4, 3, 10, true},
		{"two bytes a sample, a byte short", 8, 23, 4, 3, 10, false},
		{"nothing", 0, 0, 0, 0, 8, false},
		{"a stride that no memory has", math.MaxInt, 12, 4, 3, 8, false},
		{"no line goes back", -4, 12, 4, 3, 8, false},
	} {
		p := video.Plane{Data: make([]byte, c.bytes), Stride: c.stride, Width: c.width, Height: c.height}
		if got := p.Holds(c.deep, c.width, c.height); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
		if p.Holds(c.deep, c.width+1, c.height) || p.Holds(c.deep, c.width, c.height+1) {
			t.Errorf("%s: another size is held", c.name)
		}
	}
}
