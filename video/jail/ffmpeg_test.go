//go:build linux && cgo && !noffmpeg

package jail

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/consentry/consentry/video"
	"github.com/consentry/consentry/video/ffmpeg"
)

func init() {
	children["ffmpeg"] = func() int { return Serve(ffmpeg.Decoder{}) }
	children["ffmpeg, two threads"] = func() int { return Serve(ffmpeg.Decoder{Threads: 2}) }
}

// formats are the containers of the clips by the end of their names, as sniffing calls them.
var formats = map[string]string{
	".mp4": "mp4", ".m4a": "mp4", ".mov": "mov", ".mkv": "matroska", ".webm": "matroska", ".avi": "avi", ".flv": "flv", ".mxf": "mxf",
	".ts": "mpegts", ".mpg": "mpegps", ".h264": "h264", ".hevc": "hevc", ".obu": "obu", ".ivf": "ivf",
	".mp3": "mp3", ".flac": "flac", ".ogg": "ogg", ".aac": "aac", ".wav": "wav", ".w64": "w64", ".aiff": "aiff",
}

// told is all that a decoder says about a file.
type told struct {
	info   video.Info
	frames []string
	sound  []string
	res    *video.Result
	reason string
}

func tell(d video.Decoder, src video.Source, want video.Want) told {
	var x told
	res, err := d.Decode(context.Background(), src, want, video.Sink{
		Info:  func(i *video.Info) error { x.info = *i; x.info.Confinement = video.Confinement{}; return nil },
		Frame: func(f *video.Frame) error { x.frames = append(x.frames, text(f)); return nil },
		Audio: func(a *video.Audio) error { x.sound = append(x.sound, words(a)); return nil },
	})
	x.res = res
	if err != nil {
		x.reason = reason(err)
	}
	return x
}

// The decoder says the same in the jail as in this process, of good clips and of damaged ones.
func TestDecode_sameAsInProcess(t *testing.T) {
	clips, err := filepath.Glob("../ffmpeg/testdata/*.*")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, clip := range clips {
		format := formats[filepath.Ext(clip)]
		if format == "" {
			continue
		}
		n++
		whole, err := os.ReadFile(clip)
		if err != nil {
			t.Fatal(err)
		}
		flipped := bytes.Clone(whole)
		for i := len(flipped) / 2; i < len(flipped); i += 997 {
			flipped[i] ^= 0x10
		}
		for name, data := range map[string][]byte{"whole": whole, "cut": whole[:len(whole)*2/3], "flipped": flipped} {
			t.Run(filepath.Base(clip)+"/"+name, func(t *testing.T) {
				src := video.Source{Data: bytes.NewReader(data), Size: int64(len(data)), Format: format}
				behaviour := "ffmpeg"
				if name == "whole" {
					behaviour = "ffmpeg, two threads" // must not show, except in what is guessed of damaged pictures
				}
				both := video.Want{Mode: video.AllFrames, Track: -1, Audio: true, AudioTrack: -1}
				want := tell(ffmpeg.Decoder{}, src, both)
				got := tell(jailed(t, behaviour), src, both)
				if !reflect.DeepEqual(got, want) {
					t.Errorf("in the jail: %d frames, %+v, %q\n%+v\nin process: %d frames, %+v, %q\n%+v", len(got.frames), got.res, got.reason, got.info, len(want.frames), want.res, want.reason, want.info)
				}
				if name == "whole" && (want.reason != "" || want.res.Sound.Failed != nil || len(want.frames)+len(want.sound) == 0) {
					t.Errorf("not decoded: %s, %+v", want.reason, want.res)
				}
			})
		}
	}
	if n < 60 {
		t.Errorf("only %d clips", n)
	}
}

// BenchmarkDecode compares decoding in this process with decoding in the jail, on a clip of 1920 × 1080 pixels that the
// ffmpeg program makes.
func BenchmarkDecode(b *testing.B) {
	program, err := exec.LookPath("ffmpeg")
	if err != nil {
		b.Skip("no ffmpeg program to make the clip with")
	}
	clip := filepath.Join(b.TempDir(), "clip.mp4")
	if out, err := exec.Command(program, "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=1920x1080:rate=30:duration=5,noise=alls=8",
		"-c:v", "libx264", "-preset", "veryfast", "-g", "30", "-pix_fmt", "yuv420p", clip).CombinedOutput(); err != nil {
		b.Skipf("the ffmpeg program cannot make the clip: %v: %s", err, out)
	}
	data, err := os.ReadFile(clip)
	if err != nil {
		b.Fatal(err)
	}
	src := video.Source{Data: bytes.NewReader(data), Size: int64(len(data)), Format: "mp4"}
	for name, d := range map[string]video.Decoder{
		"in-process/1": ffmpeg.Decoder{Threads: 1}, "jail/1": jailed(b, "ffmpeg"),
		"in-process/2": ffmpeg.Decoder{Threads: 2}, "jail/2": jailed(b, "ffmpeg, two threads"),
	} {
		b.Run(name, func(b *testing.B) {
			frames := int64(0)
			for b.Loop() {
				res, err := d.Decode(context.Background(), src, all, video.Sink{Info: nothing, Frame: func(*video.Frame) error { return nil }})
				if err != nil {
					b.Fatal(err)
				}
				frames += res.Frames
			}
			b.ReportMetric(float64(frames)/b.Elapsed().Seconds(), "frames/s")
		})
	}
	b.Run("start", func(b *testing.B) { // a process, its confinement, and the tracks
		for b.Loop() {
			if _, err := jailed(b, "ffmpeg").Decode(context.Background(), src, video.Want{}, video.Sink{Info: nothing}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
