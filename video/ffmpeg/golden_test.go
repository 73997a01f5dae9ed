//go:build cgo && !noffmpeg

package ffmpeg_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/consentry/consentry/video"
	"github.com/consentry/consentry/video/ffmpeg"
)

// clips are the files of testdata/make.sh with a picture. The frames themselves are held against NAME.framehash, which
// another program made; this table has what that file does not say.
var clips = []struct {
	name, format, codec string
	keys                int // key frames
	depth               int
	chroma              string // "420", "grey", …
}{
	{"h264.mp4", "mp4", "h264", 2, 8, "420"},
	{"h264.fragments.mp4", "mp4", "h264", 2, 8, "420"},
	{"h264.flv", "flv", "h264", 2, 8, "420"},
	{"h264.h264", "h264", "h264", 2, 8, "420"},
	{"h264.10bit.mp4", "mp4", "h264", 1, 10, "420"},
	{"h264.422.mkv", "matroska", "h264", 1, 8, "422"},
	{"h264.444.mkv", "matroska", "h264", 1, 8, "444"},
	{"h264.grey.mkv", "matroska", "h264", 1, 8, "420"}, // FFmpeg fills in neutral chroma
	{"h264.opengop.ts", "mpegts", "h264", 3, 8, "420"},
	{"h264.odd.mp4", "mp4", "h264", 1, 8, "444"},
	{"h264.aspect.mp4", "mp4", "h264", 1, 8, "420"},
	{"h264.color.mp4", "mp4", "h264", 1, 8, "420"},
	{"h264.turn90.mp4", "mp4", "h264", 1, 8, "420"},
	{"h264.turn180.mp4", "mp4", "h264", 1, 8, "420"},
	{"h264.turn270.mp4", "mp4", "h264", 1, 8, "420"},
	{"h264.mirror.mp4", "mp4", "h264", 1, 8, "420"},
	{"hevc.mp4", "mp4", "hevc", 2, 8, "420"},
	{"hevc.12bit.mp4", "mp4", "hevc", 1, 12, "420"},
	{"hevc.hevc", "hevc", "hevc", 1, 8, "420"},
	{"vp8.webm", "matroska", "vp8", 2, 8, "420"},
	{"vp9.webm", "matroska", "vp9", 2, 8, "420"},
	{"vp9.ivf", "ivf", "vp9", 1, 8, "420"},
	{"av1.mp4", "mp4", "av1", 2, 8, "420"},
	{"av1.obu", "obu", "av1", 1, 8, "420"},
	{"mpeg4.avi", "avi", "mpeg4", 2, 8, "420"},
	{"mpeg2.ts", "mpegts", "mpeg2video", 3, 8, "420"},
	{"mpeg1.mpg", "mpegps", "mpeg1video", 2, 8, "420"},
	{"prores.mov", "mov", "prores", 4, 10, "422"},
	{"mjpeg.avi", "avi", "mjpeg", 6, 8, "420"},
	{"dnxhd.mxf", "mxf", "dnxhd", 1, 8, "422"},
	{"ffv1.mkv", "matroska", "ffv1", 4, 8, "420"},
	{"ffv1.grey10.mkv", "matroska", "ffv1", 3, 10, "grey"},
	{"raw.nv12.avi", "avi", "rawvideo", 3, 8, "420"},
	{"raw.uyvy.mov", "mov", "rawvideo", 3, 8, "422"},
	{"raw.bgr.avi", "avi", "rawvideo", 3, 8, "444"},
	{"png.mov", "mov", "png", 3, 8, "444"},
	{"tracks.mkv", "matroska", "ffv1", 3, 8, "420"},
}

// shot is what a test keeps of a frame.
type shot struct {
	time time.Duration
	size int
	hash string
	key  bool
}

func TestDecode(t *testing.T) {
	for _, c := range clips {
		t.Run(c.name, func(t *testing.T) {
			want := expected(t, c.name, "")
			for threads := 1; threads <= 2; threads++ {
				var got []shot
				info, res, err := decode(t, ffmpeg.Decoder{Threads: threads}, c.name, c.format, video.Want{Mode: video.AllFrames, Track: -1}, func(f *video.Frame) {
					got = append(got, takeShot(f))
					if f.BitDepth != c.depth || chroma(f) != c.chroma {
						t.Errorf("frame %d has %d bits, %s", f.Index, f.BitDepth, chroma(f))
					}
					if f.Corrupt {
						t.Errorf("frame %d is called corrupt", f.Index)
					}
				})
				if err != nil {
					t.Fatal(err)
				}
				if res.Broken != nil {
					t.Errorf("called broken: %+v", *res.Broken)
				}
				track := videoTrack(t, info)
				if track.Codec != c.codec {
					t.Errorf("codec %s, want %s", track.Codec, c.codec)
				}
				if res.Frames != int64(len(want)) || len(got) != len(want) || res.Key != int64(c.keys) {
					t.Fatalf("%d frames, %d handed out, %d key; want %d and %d key", res.Frames, len(got), res.Key, len(want), c.keys)
				}
				for i := range want {
					if got[i].size != want[i].size || got[i].hash != want[i].hash {
						t.Errorf("threads %d, frame %d: the planes differ (%d bytes, want %d)", threads, i, got[i].size, want[i].size)
					}
					if d := got[i].time - want[i].time; d < -time.Millisecond || d > time.Millisecond {
						t.Errorf("threads %d, frame %d: at %v, want %v", threads, i, got[i].time, want[i].time)
					}
				}
			}
		})
	}
}

func TestDecode_keyFrames(t *testing.T) {
	for _, c := range clips {
		t.Run(c.name, func(t *testing.T) {
			all, keys := map[time.Duration]shot{}, 0
			_, _, err := decode(t, ffmpeg.Decoder{}, c.name, c.format, video.Want{Mode: video.AllFrames, Track: -1}, func(f *video.Frame) { all[f.Time] = takeShot(f) })
			if err != nil {
				t.Fatal(err)
			}
			_, res, err := decode(t, ffmpeg.Decoder{}, c.name, c.format, video.Want{Mode: video.KeyFrames, Track: -1}, func(f *video.Frame) {
				keys++
				if !f.Key {
					t.Errorf("frame at %v is no key frame", f.Time)
				}
				if s, ok := all[f.Time]; !ok || s.hash != takeShot(f).hash {
					t.Errorf("key frame at %v is not the one of the whole decode (known time: %v)", f.Time, ok)
				}
			})
			if err != nil {
				t.Fatal(err)
			}
			if keys != c.keys || res.Key != int64(c.keys) || res.Broken != nil {
				t.Errorf("%d key frames, result %+v; want %d", keys, res, c.keys)
			}
		})
	}
}

// decode runs a decoder over a file of testdata.
func decode(t testing.TB, d video.Decoder, name, format string, want video.Want, onFrame func(*video.Frame)) (*video.Info, *video.Result, error) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return decodeBytes(t, d, data, format, want, onFrame)
}

func decodeBytes(t testing.TB, d video.Decoder, data []byte, format string, want video.Want, onFrame func(*video.Frame)) (*video.Info, *video.Result, error) {
	t.Helper()
	return decodeBoth(t, d, data, format, want, onFrame, func(*video.Audio) { t.Error("sound that was not wanted") })
}

// decodeBoth decodes frames and sound of a file in memory.
func decodeBoth(t testing.TB, d video.Decoder, data []byte, format string, want video.Want, onFrame func(*video.Frame), onAudio func(*video.Audio)) (*video.Info, *video.Result, error) {
	t.Helper()
	var info *video.Info
	res, err := d.Decode(context.Background(), video.Source{Data: bytes.NewReader(data), Size: int64(len(data)), Format: format}, want, video.Sink{
		Info: func(i *video.Info) error {
			if info != nil {
				t.Error("the info came twice")
			}
			info = i
			return nil
		},
		Frame: func(f *video.Frame) error {
			if info == nil {
				t.Error("a frame came before the info")
			}
			onFrame(f)
			return nil
		},
		Audio: func(a *video.Audio) error {
			if info == nil {
				t.Error("sound came before the info")
			}
			onAudio(a)
			return nil
		},
	})
	return info, res, err
}

// takeShot digests the planes without their padding.
func takeShot(f *video.Frame) shot {
	h, size := sha256.New(), 0
	for _, p := range []video.Plane{f.Y, f.Cb, f.Cr} {
		row := p.Width
		if f.BitDepth > 8 {
			row *= 2
		}
		for y := range p.Height {
			h.Write(p.Data[y*p.Stride : y*p.Stride+row])
			size += row
		}
	}
	return shot{f.Time, size, hex.EncodeToString(h.Sum(nil)), f.Key}
}

func chroma(f *video.Frame) string {
	switch {
	case f.Cb.Data == nil:
		return "grey"
	case f.ChromaX == 0 && f.ChromaY == 0:
		return "444"
	case f.ChromaX == 1 && f.ChromaY == 0:
		return "422"
	case f.ChromaX == 1 && f.ChromaY == 1:
		return "420"
	}
	return fmt.Sprintf("%d:%d", f.ChromaX, f.ChromaY)
}

func videoTrack(t *testing.T, info *video.Info) video.Track {
	t.Helper()
	for _, tr := range info.Tracks {
		if tr.Kind == "video" {
			return tr
		}
	}
	t.Fatal("no video track")
	return video.Track{}
}

// expected reads NAME.framehash, or that of the sound. Broadcast containers start at an arbitrary time, that of any
// track, which is the file's zero for us.
func expected(t *testing.T, name, kind string) []shot {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", name+kind+".framehash"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var shots []shot
	num, den := 0.0, 1.0
	start := 0.0
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		line := lines.Text()
		if tb, ok := strings.CutPrefix(line, "#tb 0: "); ok {
			if _, err := fmt.Sscanf(tb, "%g/%g", &num, &den); err != nil {
				t.Fatal(err)
			}
		}
		if at, ok := strings.CutPrefix(line, "#start "); ok && (strings.HasSuffix(name, ".ts") || strings.HasSuffix(name, ".mpg")) {
			if start, err = strconv.ParseFloat(at, 64); err != nil {
				t.Fatal(err)
			}
		}
		if strings.HasPrefix(line, "#") {
			continue
		}
		fields := strings.Split(line, ",")
		if len(fields) != 6 {
			t.Fatalf("line %q", line)
		}
		pts, err1 := strconv.ParseInt(strings.TrimSpace(fields[2]), 10, 64)
		size, err2 := strconv.Atoi(strings.TrimSpace(fields[4]))
		if err1 != nil || err2 != nil {
			t.Fatalf("line %q", line)
		}
		at := float64(pts) * num / den
		shots = append(shots, shot{time: time.Duration(at * float64(time.Second)), size: size, hash: strings.TrimSpace(fields[5])})
	}
	if err := lines.Err(); err != nil || len(shots) == 0 {
		t.Fatalf("%d frames expected, error %v", len(shots), err)
	}
	for i := range shots {
		shots[i].time -= time.Duration(start * float64(time.Second))
	}
	return shots
}
