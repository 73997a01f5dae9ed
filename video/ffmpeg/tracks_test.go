//go:build cgo && !noffmpeg

package ffmpeg_test

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/video"
	"github.com/consentry/consentry/video/ffmpeg"
)

// info reads the tracks only.
func info(t *testing.T, name, format string) *video.Info {
	t.Helper()
	i, res, err := decode(t, ffmpeg.Decoder{}, name, format, video.Want{Mode: video.InfoOnly}, func(*video.Frame) { t.Error("a frame was decoded") })
	if err != nil || i == nil || res == nil {
		t.Fatal(i, res, err)
	}
	return i
}

// The clips of testdata/make.sh with a sound of 0.2 s and no picture.
func TestDecode_audioTracks(t *testing.T) {
	for _, c := range []struct {
		name, format, codec string
		rate                int
	}{
		{"aac.m4a", "m4a", "aac", 48000},
		{"alac.m4a", "m4a", "alac", 48000},
		{"aac.aac", "aac", "aac", 48000},
		{"mp3.mp3", "mp3", "mp3", 48000},
		{"flac.flac", "flac", "flac", 48000},
		{"vorbis.ogg", "ogg", "vorbis", 48000},
		{"opus.ogg", "ogg", "opus", 48000},
		{"ac3.ts", "mpegts", "ac3", 48000},
		{"eac3.mp4", "mp4", "eac3", 48000},
		{"pcm16.wav", "wav", "pcm_s16le", 16000},
		{"pcm24.aiff", "aiff", "pcm_s24be", 16000},
		{"pcm16.w64", "w64", "pcm_s16le", 16000},
	} {
		t.Run(c.name, func(t *testing.T) {
			i := info(t, c.name, c.format)
			if len(i.Tracks) != 1 {
				t.Fatalf("%d tracks", len(i.Tracks))
			}
			tr := i.Tracks[0]
			if tr.Kind != "audio" || tr.Codec != c.codec || tr.SampleRate != c.rate || tr.Channels != 1 {
				t.Errorf("%+v", tr)
			}
			short := c.format == "mpegts" // whose length is that of its time stamps, and one packet has all frames
			if (i.Duration < 150*time.Millisecond && !short) || i.Duration <= 0 || i.Duration > 300*time.Millisecond {
				t.Errorf("%v long", i.Duration)
			}
			// Asked for frames, there are none, and that is no error.
			_, res, err := decode(t, ffmpeg.Decoder{}, c.name, c.format, video.Want{Mode: video.AllFrames, Track: -1}, func(*video.Frame) { t.Error("a frame") })
			if err != nil || res.Frames != 0 || res.Broken != nil {
				t.Errorf("%+v, %v", res, err)
			}
			// Asked for this very track, it is no video track.
			if _, _, err := decode(t, ffmpeg.Decoder{}, c.name, c.format, video.Want{Mode: video.AllFrames, Track: 0}, nil); reason(err) != video.ReasonFormat {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestDecode_trackFacts(t *testing.T) {
	for degrees, name := range map[int]string{0: "h264.mp4", 90: "h264.turn90.mp4", 180: "h264.turn180.mp4", 270: "h264.turn270.mp4"} {
		if tr := info(t, name, "mp4").Tracks[0]; tr.Rotation != degrees || tr.Mirrored {
			t.Errorf("%s: turned by %d, mirrored %v", name, tr.Rotation, tr.Mirrored)
		}
	}
	if tr := info(t, "h264.mirror.mp4", "mp4").Tracks[0]; tr.Rotation != 0 || !tr.Mirrored {
		t.Errorf("mirror: turned by %d, mirrored %v", tr.Rotation, tr.Mirrored)
	}
	if tr := info(t, "h264.aspect.mp4", "mp4").Tracks[0]; tr.SampleAspect != [2]int{4, 3} {
		t.Errorf("sample aspect %v", tr.SampleAspect)
	}
	if tr := info(t, "h264.color.mp4", "mp4").Tracks[0]; tr.Color != (video.Color{Primaries: 1, Transfer: 1, Matrix: 1, FullRange: true}) {
		t.Errorf("color %+v", tr.Color)
	}
	i := info(t, "h264.mp4", "mp4")
	v, a := i.Tracks[0], i.Tracks[1]
	if i.Format != "mov" || i.Duration != 800*time.Millisecond || len(i.Tracks) != 2 {
		t.Errorf("%+v", i)
	}
	if v.ID != 1 || v.Kind != "video" || v.Width != 96 || v.Height != 64 || v.FrameCount != 20 || v.Duration != 800*time.Millisecond ||
		v.TimeBase != [2]int{1, 12800} || v.FrameRate != [2]int{25, 1} {
		t.Errorf("%+v", v)
	}
	if a.ID != 2 || a.Kind != "audio" || a.Codec != "aac" || a.FrameCount != 20 {
		t.Errorf("%+v", a)
	}
	// Places of samples come from the index of an MP4, and from the packets that were read elsewhere.
	if v.Sample.Count != 20 || v.Sample.First != 48 || a.Sample.Count != 20 || a.Sample.First <= 48 {
		t.Errorf("samples %+v, %+v", v.Sample, a.Sample)
	}
	for _, c := range [][2]string{{"h264.fragments.mp4", "mp4"}, {"vp9.webm", "webm"}, {"mpeg2.ts", "ts"}} {
		before := info(t, c[0], c[1])
		_, res, err := decode(t, ffmpeg.Decoder{}, c[0], c[1], video.Want{Mode: video.AllFrames, Track: -1}, func(*video.Frame) {})
		if err != nil || len(res.Samples) != len(before.Tracks) {
			t.Fatalf("%+v, %v", res, err)
		}
		for i, s := range res.Samples {
			if s.Count < 5 || s.First < 0 || s.Last <= s.First {
				t.Errorf("%s, track %d: %+v", c[0], i, s)
			}
		}
	}
}

func TestDecode_chosenTrack(t *testing.T) {
	for track, ok := range map[int]bool{-1: true, 0: true, 1: false, 2: false, 1 << 30: false} {
		frames := 0
		info, _, err := decode(t, ffmpeg.Decoder{}, "h264.mp4", "mp4", video.Want{Mode: video.KeyFrames, Track: track}, func(*video.Frame) { frames++ })
		if want := map[bool]int{true: 0, false: -1}[ok]; info == nil || info.Picture != want {
			t.Errorf("track %d: the info says that the frames are of track %d, want %d", track, info.Picture, want)
		}
		if ok != (err == nil) || ok != (frames == 2) || (!ok && reason(err) != video.ReasonFormat) {
			t.Errorf("track %d: %d frames, %v", track, frames, err)
		}
	}
}

// TestTagsAreThoseOfTheDemuxer: of the container and of its tracks, cut where they are long, and as many as are taken.
func TestTagsAreThoseOfTheDemuxer(t *testing.T) {
	i := info(t, "aac.m4a", "m4a")
	var container, track bool
	for _, tag := range i.Tags.List {
		container = container || tag.Track == -1 && tag.Name == "major_brand" && tag.Value == "M4A "
		track = track || tag.Track == 0 && tag.Name == "handler_name" && tag.Value == "SoundHandler"
	}
	if !container || !track || i.Tags.More {
		t.Errorf("%+v", i.Tags)
	}
	var texts []forge.Text
	for n := range video.MaxTags + 9 {
		texts = append(texts, forge.Text{Name: fmt.Sprintf("I%03d", n), Value: strings.Repeat("\xff", video.MaxTag+n)})
	}
	wav, err := os.ReadFile(filepath.Join("testdata", "pcm16.wav"))
	if err != nil {
		t.Fatal(err)
	}
	wav = append(wav, forge.InfoList(texts...)...)
	binary.LittleEndian.PutUint32(wav[4:], uint32(len(wav)-8))
	got, _, err := decodeBytes(t, ffmpeg.Decoder{}, wav, "wav", video.Want{Mode: video.InfoOnly}, func(*video.Frame) {})
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Tags.List) != video.MaxTags || !got.Tags.More {
		t.Errorf("%d tags, more: %v", len(got.Tags.List), got.Tags.More)
	}
	for _, tag := range got.Tags.List {
		if len(tag.Name) > video.MaxTag || len(tag.Value) > video.MaxTag {
			t.Errorf("%d and %d bytes", len(tag.Name), len(tag.Value))
		}
	}
}
