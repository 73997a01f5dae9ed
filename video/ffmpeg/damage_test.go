//go:build cgo && !noffmpeg

package ffmpeg_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/consentry/consentry/video"
	"github.com/consentry/consentry/video/ffmpeg"
)

func reason(err error) string {
	var v *video.Error
	if errors.As(err, &v) {
		return v.Reason
	}
	return fmt.Sprint(err)
}

func load(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

var everything = video.Want{Mode: video.AllFrames, Track: -1}

// cutBehind are clips whose header stands in front, so that a cut leaves something to decode, with the least number of
// frames in what is left.
var cutBehind = []struct {
	name, format string
	least        int
}{
	{"h264.fragments.mp4", "mp4", 8},
	{"h264.flv", "flv", 4},
	{"h264.h264", "h264", 4},

	{"h264.opengop.ts", "mpegts", 8},
	{"vp8.webm", "matroska", 2},
	{"vp9.webm", "matroska", 4},
	{"vp9.ivf", "ivf", 2},
	{"mpeg4.avi", "avi", 2},
	{"mpeg2.ts", "mpegts", 4},
	{"mpeg1.mpg", "mpegps", 4},
	{"mjpeg.avi", "avi", 2},
	{"ffv1.mkv", "matroska", 2},
}

// A clip that is cut gives the frames before the cut, as they are, and says that it is broken.
func TestDecode_cut(t *testing.T) {
	for _, c := range cutBehind {
		t.Run(c.name, func(t *testing.T) {
			whole := load(t, c.name)
			original := map[int64]string{}
			if _, _, err := decodeBytes(t, ffmpeg.Decoder{}, whole, c.format, everything, func(f *video.Frame) { original[f.Index] = takeShot(f).hash }); err != nil {
				t.Fatal(err)
			}
			n, same := 0, 0
			_, res, err := decodeBytes(t, ffmpeg.Decoder{}, whole[:len(whole)*3/5], c.format, everything, func(f *video.Frame) {
				n++
				if original[f.Index] == takeShot(f).hash {
					same++
				}
			})
			if err != nil {
				t.Fatal(err)
			}
			if n < c.least || same < n-3 { // the last ones may be guessed in part
				t.Errorf("%d frames, %d as in the whole clip; want at least %d", n, same, c.least)
			}
			raw := c.format == "h264" || c.format == "hevc" || c.format == "mpegts" || c.format == "mpegps"
			if res.Broken == nil && !raw { // those say nowhere how long they are
				t.Error("not called broken")
			}
			if res.Broken != nil && (res.Broken.Why == "" || res.Broken.Offset > int64(len(whole)*3/5)) {
				t.Errorf("%+v", *res.Broken)
			}
		})
	}
}

// Cut anywhere, and with bytes changed anywhere: no crash, and an answer of a known kind.
func TestDecode_anyDamage(t *testing.T) {
	rng := rand.New(rand.NewSource(1))
	rounds := 12
	if testing.Short() {
		rounds = 2
	}
	files := map[string]string{} // formats by name
	for _, c := range clips {
		files[c.name] = c.format
	}
	for _, c := range sounds {
		files[c.name] = c.format
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		t.Run(name, func(t *testing.T) {
			whole := load(t, name)
			for range rounds {
				data := bytes.Clone(whole)
				if rng.Intn(2) == 0 {
					data = data[:rng.Intn(len(data))]
				}
				for range rng.Intn(20) {
					if len(data) > 0 {
						data[rng.Intn(len(data))] ^= 1 << rng.Intn(8)
					}
				}
				frames, samples := int64(0), int64(0)
				want := video.Want{
					Mode: video.Mode(rng.Intn(3)), Track: -1, Audio: true, AudioTrack: -1,
					Limits: video.Limits{Pixels: 1 << 16, DecodeTime: 20 * time.Second, Channels: 8, BlockSamples: 1 << 18, Samples: 1 << 20},
				}
				_, res, err := decodeBoth(t, ffmpeg.Decoder{Threads: 1 + rng.Intn(2)}, data, files[name], want, func(f *video.Frame) {
					frames++
					takeShot(f) // every byte that it promises is there
					if int64(f.Width)*int64(f.Height) > 1<<16 {
						t.Errorf("a picture of %d × %d", f.Width, f.Height)
					}
				}, func(a *video.Audio) {
					samples += int64(a.Samples)
					takeSound(a, "f32")
					if a.Samples < 1 || len(a.Planes) < 1 || len(a.Planes) > 8 || len(a.Planes)*a.Samples > 1<<18 || a.Rate < 1 || a.Rate > video.DefaultLimits.SampleRate {
						t.Errorf("a block of %d × %d samples at %d Hz", len(a.Planes), a.Samples, a.Rate)
					}
					for _, p := range a.Planes {
						for _, v := range p {
							if v-v != 0 {
								t.Fatalf("a sample is %v", v)
							}
						}
					}
				})
				if err != nil {
					switch reason(err) {
					case video.ReasonFormat, video.ReasonLimit:
					default:
						t.Errorf("%v", err)
					}
				} else if res.Frames != frames || res.Sound.Samples != samples || samples > 1<<20 {
					t.Errorf("%d frames and %d samples were handed out, the result has %d and %d", frames, samples, res.Frames, res.Sound.Samples)
				}
			}
		})
	}
}

func TestDecode_limits(t *testing.T) {
	for _, c := range []struct {
		name         string
		clip, format string
		limits       video.Limits
		reason       string // empty: none
		frames       int64
	}{
		{"pixels at the limit", "h264.mp4", "mp4", video.Limits{Pixels: 96 * 64}, "", 20},
		{"one pixel past it", "h264.mp4", "mp4", video.Limits{Pixels: 96*64 - 1}, video.ReasonLimit, 0},
		{"one pixel past it, in a stream without a header", "h264.opengop.ts", "mpegts", video.Limits{Pixels: 96*64 - 1}, video.ReasonLimit, 0},
		{"tracks at the limit", "h264.mp4", "mp4", video.Limits{Tracks: 2}, "", 20},
		{"one track past it", "h264.mp4", "mp4", video.Limits{Tracks: 1}, video.ReasonLimit, 0},
		{"one track past it, in a stream without a header", "mpeg2.ts", "mpegts", video.Limits{Tracks: 1}, video.ReasonLimit, 0},
		{"frames at the limit", "h264.mp4", "mp4", video.Limits{Frames: 20}, "", 20},
		{"one frame past it", "h264.mp4", "mp4", video.Limits{Frames: 19}, video.ReasonLimit, 19},
		{"bytes of opening at the file's size", "h264.mp4", "mp4", video.Limits{ProbeBytes: 1 << 20}, "", 20},
		{"too few bytes of opening", "h264.mp4", "mp4", video.Limits{ProbeBytes: 1}, video.ReasonLimit, 0},
		{"time", "h264.mp4", "mp4", video.Limits{DecodeTime: 1}, video.ReasonTimeout, 0},
		{"packets without a frame within the decoder's delay", "h264.mp4", "mp4", video.Limits{IdlePackets: 3}, "", 20},
		{"packets without a frame past it", "h264.mp4", "mp4", video.Limits{IdlePackets: 1}, video.ReasonLimit, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			frames := int64(0)
			_, _, err := decode(t, ffmpeg.Decoder{}, c.clip, c.format, video.Want{Mode: video.AllFrames, Track: -1, Limits: c.limits}, func(*video.Frame) { frames++ })
			if (err == nil) != (c.reason == "") || (err != nil && reason(err) != c.reason) || frames != c.frames {
				t.Errorf("%d frames, %v; want %d, %q", frames, err, c.frames, c.reason)
			}
		})
	}
}

// The demuxer is the one for the container that was found, never one that FFmpeg would guess.
func TestDecode_forcedDemuxer(t *testing.T) {
	playlist := []byte("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n")
	for _, c := range []struct {
		name, format string
		data         []byte
	}{
		{"an MP4 called Matroska", "matroska", load(t, "h264.mp4")},
		{"a Matroska called MP4", "mp4", load(t, "vp9.webm")},
		{"a playlist called MP4", "mp4", playlist},
		{"a playlist by its own name", "hls", playlist},
		{"a list of files", "concat", []byte("ffconcat version 1.0\nfile /etc/passwd\n")},
		{"no name", "", load(t, "h264.mp4")},
		{"a name that does more", "mov,hls", load(t, "h264.mp4")},
		{"nothing", "mp4", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := decodeBytes(t, ffmpeg.Decoder{}, c.data, c.format, everything, func(*video.Frame) { t.Error("a frame") })
			if reason(err) != video.ReasonFormat {
				t.Errorf("%v", err)
			}
		})
	}
}

// brokenReader fails from a place on.
type brokenReader struct {
	data []byte
	from int64
}

var errDisk = errors.New("disk on fire")

func (r brokenReader) ReadAt(b []byte, off int64) (int, error) {
	if off >= r.from {
		return 0, errDisk
	}
	return bytes.NewReader(r.data[:r.from]).ReadAt(b, off)
}

// A disk that fails is no damage of the file.
func TestDecode_sourceFails(t *testing.T) {
	whole := load(t, "h264.fragments.mp4")
	for _, from := range []int64{0, 600, int64(len(whole) / 2), int64(len(whole) - 1)} {
		_, err := ffmpeg.Decoder{}.Decode(context.Background(), video.Source{Data: brokenReader{whole, from}, Size: int64(len(whole)), Format: "mp4"}, everything, video.Sink{Info: func(*video.Info) error { return nil }, Frame: func(*video.Frame) error { return nil }})
		if reason(err) != video.ReasonIO || !errors.Is(err, errDisk) {
			t.Errorf("failing at %d: %v", from, err)
		}
	}
}

func TestDecode_callbacks(t *testing.T) {
	mine := errors.New("mine")
	src := video.Source{Data: bytes.NewReader(load(t, "h264.mp4")), Size: int64(len(load(t, "h264.mp4"))), Format: "mp4"}
	if _, err := (ffmpeg.Decoder{}).Decode(context.Background(), src, everything, video.Sink{Info: func(*video.Info) error { return mine }}); err != mine {
		t.Errorf("info: %v", err)
	}
	res, err := ffmpeg.Decoder{}.Decode(context.Background(), src, everything, video.Sink{Info: func(*video.Info) error { return nil }, Frame: func(f *video.Frame) error {
		if f.Index == 4 {
			return mine
		}
		return nil
	}})
	if err != mine || res.Frames != 5 {
		t.Errorf("frame: %v, %+v", err, res)
	}
	ctx, cancel := context.WithCancel(context.Background())
	res, err = ffmpeg.Decoder{}.Decode(ctx, src, everything, video.Sink{Info: func(*video.Info) error { return nil }, Frame: func(f *video.Frame) error {
		cancel()
		return nil
	}})
	if reason(err) != video.ReasonCancelled || !errors.Is(err, context.Canceled) || res.Frames != 1 {
		t.Errorf("cancelled: %v, %+v", err, res)
	}
}

func BenchmarkDecode(b *testing.B) {
	data := load(b, "h264.mp4")
	frames := int64(0)
	for b.Loop() {
		_, res, err := decodeBytes(b, ffmpeg.Decoder{}, data, "mp4", everything, func(*video.Frame) {})
		if err != nil {
			b.Fatal(err)
		}
		frames += res.Frames
	}
	b.ReportMetric(float64(frames)/b.Elapsed().Seconds(), "frames/s")
}
