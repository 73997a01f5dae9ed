//go:build linux && cgo && !noffmpeg

package jail

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"reflect"
	"strings"
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
	res    *video.Result
	reason string
}

func tell(d video.Decoder, src video.Source, want video.Want) told {
	var x told
	res, err := d.Decode(context.Background(), src, want,
		func(i *video.Info) error { x.info = *i; x.info.Confinement = video.Confinement{}; return nil },
		func(f *video.Frame) error { x.frames = append(x.frames, text(f)); return nil })
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
		if format == "" || strings.HasSuffix(clip, ".framehash") {
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
				want := tell(ffmpeg.Decoder{}, src, all)
				got := tell(jailed(t, behaviour), src, all)
				if !reflect.DeepEqual(got, want) {
					t.Errorf("in the jail: %d frames, %+v, %q\n%+v\nin process: %d frames, %+v, %q\n%+v", len(got.frames), got.res, got.reason, got.info, len(want.frames), want.res, want.reason, want.info)
				}
				if name == "whole" && want.reason != "" {
					t.Errorf("not decoded: %s", want.reason)
				}
			})
		}
	}
	if n < 40 {
		t.Errorf("only %d clips", n)
	}
}
