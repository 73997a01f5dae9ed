//go:build cgo && !noffmpeg

package ffmpeg_test

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math"
	"testing"
	"time"

	"github.com/consentry/consentry/video"
	"github.com/consentry/consentry/video/ffmpeg"
)

// sounds are the files of testdata/make.sh with sound. The blocks are held against NAME.sound.framehash, which another
// program made, in the format that is named here: it holds the samples of the codec exactly. "lossy" codecs calculate
// with floating-point numbers, whose last bits depend on the processor and the version: count, time and size of every
// block are compared, and the first samples within one step of 16 bits.
var sounds = []struct {
	name, format, codec string
	rate, channels      int
	as                  string // "s16", "s24", "f32", "lossy"
}{
	{"aac.m4a", "m4a", "aac", 48000, 1, "lossy"},
	{"aac.stereo.m4a", "m4a", "aac", 48000, 2, "lossy"},
	{"aac.aac", "aac", "aac", 48000, 1, "lossy"},
	{"mp3.mp3", "mp3", "mp3", 48000, 1, "lossy"},
	{"vorbis.ogg", "ogg", "vorbis", 48000, 1, "lossy"},
	{"opus.ogg", "ogg", "opus", 48000, 1, "lossy"},
	{"ac3.ts", "mpegts", "ac3", 48000, 1, "lossy"},
	{"eac3.mp4", "mp4", "eac3", 48000, 1, "lossy"},
	{"latm.ts", "mpegts", "aac_latm", 48000, 1, "lossy"},
	{"h264.mp4", "mp4", "aac", 48000, 1, "lossy"},
	{"h264.flv", "flv", "aac", 44100, 1, "lossy"},
	{"vp8.webm", "matroska", "vorbis", 48000, 1, "lossy"},
	{"vp9.webm", "matroska", "opus", 48000, 1, "lossy"},
	{"mpeg4.avi", "avi", "mp3", 48000, 1, "lossy"},
	{"mpeg2.ts", "mpegts", "mp2", 48000, 1, "lossy"},
	{"alac.m4a", "m4a", "alac", 48000, 1, "s16"},
	{"flac.flac", "flac", "flac", 48000, 1, "s16"},
	{"flac.51.mkv", "matroska", "flac", 48000, 6, "s24"},
	{"ffv1.mkv", "matroska", "flac", 48000, 1, "s16"},
	{"tracks.mkv", "matroska", "flac", 16000, 1, "s16"},
	{"pcm16.wav", "wav", "pcm_s16le", 16000, 1, "s16"},
	{"pcm16.51.wav", "wav", "pcm_s16le", 48000, 6, "s16"},
	{"pcm16.w64", "w64", "pcm_s16le", 16000, 1, "s16"},
	{"pcm24.aiff", "aiff", "pcm_s24be", 16000, 1, "s24"},
	{"pcm.u8.wav", "wav", "pcm_u8", 8000, 1, "s16"},
	{"pcm.s24le.wav", "wav", "pcm_s24le", 8000, 1, "s24"},
	{"pcm.s32le.wav", "wav", "pcm_s32le", 8000, 1, "f32"},
	{"pcm.f32le.wav", "wav", "pcm_f32le", 8000, 1, "f32"},
	{"pcm.alaw.wav", "wav", "pcm_alaw", 8000, 1, "s16"},
	{"pcm.mulaw.wav", "wav", "pcm_mulaw", 8000, 1, "s16"},
	{"pcm.s8.mov", "mov", "pcm_s8", 8000, 1, "s16"},
	{"pcm.s16be.mov", "mov", "pcm_s16be", 8000, 1, "s16"},
	{"pcm.s32be.mov", "mov", "pcm_s32be", 8000, 1, "f32"},
	{"pcm.f32be.mov", "mov", "pcm_f32be", 8000, 1, "f32"},
}

var (
	onlySound = video.Want{Audio: true, AudioTrack: -1}
	both      = video.Want{Mode: video.AllFrames, Track: -1, Audio: true, AudioTrack: -1}
)

// pack puts the samples of a block behind each other as the format has them. Samples that the format does not hold
// exactly are counted.
func pack(a *video.Audio, as string) (b []byte, inexact int) {
	for i := range a.Samples {
		for _, p := range a.Planes {
			switch as {
			case "f32":
				b = binary.LittleEndian.AppendUint32(b, math.Float32bits(p[i]))
				continue
			case "s24":
				v := float64(p[i]) * (1 << 23)
				b = append(b, byte(int32(v)), byte(int32(v)>>8), byte(int32(v)>>16))
				if v != math.Trunc(v) {
					inexact++
				}
				continue
			}
			v := float64(p[i]) * (1 << 15)
			if v != math.Trunc(v) {
				inexact++
			}
			b = binary.LittleEndian.AppendUint16(b, uint16(int16(math.RoundToEven(min(max(v, math.MinInt16), math.MaxInt16)))))
		}
	}
	return b, inexact
}

func takeSound(a *video.Audio, as string) (shot, []byte, int) {
	b, inexact := pack(a, as)
	sum := sha256.Sum256(b)
	return shot{time: a.Time, size: len(b), hash: hex.EncodeToString(sum[:])}, b, inexact
}

func TestDecode_sound(t *testing.T) {
	for _, c := range sounds {
		t.Run(c.name, func(t *testing.T) {
			want := expected(t, c.name, ".sound")
			var got []shot
			var samples, blocks int64
			var all []byte
			info, res, err := decodeBoth(t, ffmpeg.Decoder{}, load(t, c.name), c.format, onlySound, func(*video.Frame) { t.Error("a frame") }, func(a *video.Audio) {
				s, b, inexact := takeSound(a, c.as)
				if a.Index != int64(len(got)) || a.Rate != c.rate || len(a.Planes) != c.channels || a.Corrupt || len(a.Planes[0]) != a.Samples {
					t.Errorf("block %d: %d, %d Hz, %d channels, corrupt %v", len(got), a.Index, a.Rate, len(a.Planes), a.Corrupt)
				}
				if inexact > 0 && c.as != "lossy" {
					t.Errorf("block %d: %d samples are not exact", len(got), inexact)
				}
				got, all = append(got, s), append(all, b...)
				samples += int64(a.Samples)
				blocks++
			})
			if err != nil || res.Sound.Failed != nil || res.Sound.Broken != nil {
				t.Fatalf("%+v, %v", res, err)
			}
			if tr := audioTracks(info)[0]; tr.Codec != c.codec || tr.SampleRate != c.rate || tr.Channels != c.channels {
				t.Errorf("%+v", tr)
			}
			if c.format == "wav" || c.format == "w64" {
				got = regroup(all, want, c.rate, len(all)/int(max(samples, 1)))
			}
			if len(got) != len(want) || res.Sound.Blocks != blocks || res.Sound.Samples != samples || res.Sound.Packets < 1 {
				t.Fatalf("%d blocks with %d samples, result %+v; want %d blocks", len(got), samples, res.Sound, len(want))
			}
			for i := range want {
				if got[i].size != want[i].size || (c.as != "lossy" && got[i].hash != want[i].hash) {
					t.Errorf("block %d: %d bytes, want %d, or others", i, got[i].size, want[i].size)
				}
				if d := got[i].time - want[i].time; d < -time.Millisecond || d > time.Millisecond {
					t.Errorf("block %d: at %v, want %v", i, got[i].time, want[i].time)
				}
			}
			if c.as == "lossy" {
				near(t, all, load(t, c.name+".sound.s16"))
			}
		})
	}
}

// regroup cuts sound into blocks of the sizes that are wanted: how a demuxer cuts samples that have no blocks of their own
// changes from one version to the next. Times follow from the samples, which start at zero.
func regroup(all []byte, want []shot, rate, frame int) (got []shot) {
	at := 0
	for _, w := range want {
		n := min(w.size, len(all)-at)
		sum := sha256.Sum256(all[at : at+n])
		got = append(got, shot{time: time.Duration(at/frame) * time.Second / time.Duration(rate), size: n, hash: hex.EncodeToString(sum[:])})
		at += n
	}
	if at < len(all) {
		got = append(got, shot{size: len(all) - at})
	}
	return got
}

// near holds samples of 16 bits against those that another program decoded.
func near(t *testing.T, got, want []byte) {
	t.Helper()
	const least = 1000 // samples
	if len(got) < len(want) || len(want) < 2*least {
		t.Fatalf("%d bytes of samples, want %d", len(got), len(want))
	}
	loudest := 0
	for i := 0; i+2 <= len(want); i += 2 {
		g, w := int(int16(binary.LittleEndian.Uint16(got[i:]))), int(int16(binary.LittleEndian.Uint16(want[i:])))
		if g-w > 1 || w-g > 1 {
			t.Fatalf("sample %d is %d, want %d", i/2, g, w)
		}
		loudest = max(loudest, w)
	}
	if loudest < 1000 {
		t.Errorf("the loudest sample is %d: what is compared is silence", loudest)
	}
}

func audioTracks(info *video.Info) (tracks []video.Track) {
	for _, tr := range info.Tracks {
		if tr.Kind == "audio" {
			tracks = append(tracks, tr)
		}
	}
	return tracks
}

// One pass gives the same frames and the same sound as one pass for each.
func TestDecode_framesAndSound(t *testing.T) {
	for _, c := range sounds {
		t.Run(c.name, func(t *testing.T) {
			for _, mode := range []video.Mode{video.KeyFrames, video.AllFrames} {
				var frames, blocks, frames2, blocks2 []shot
				keepFrame := func(to *[]shot) func(*video.Frame) { return func(f *video.Frame) { *to = append(*to, takeShot(f)) } }
				keepSound := func(to *[]shot) func(*video.Audio) {
					return func(a *video.Audio) { s, _, _ := takeSound(a, "f32"); *to = append(*to, s) }
				}
				data := load(t, c.name)
				_, res1, err1 := decodeBoth(t, ffmpeg.Decoder{}, data, c.format, video.Want{Mode: mode, Track: -1}, keepFrame(&frames), nil)
				_, res2, err2 := decodeBoth(t, ffmpeg.Decoder{}, data, c.format, onlySound, nil, keepSound(&blocks))
				_, res, err := decodeBoth(t, ffmpeg.Decoder{Threads: 2}, data, c.format, video.Want{Mode: mode, Track: -1, Audio: true, AudioTrack: -1}, keepFrame(&frames2), keepSound(&blocks2))
				if err1 != nil || err2 != nil || err != nil {
					t.Fatal(err1, err2, err)
				}
				if !equalShots(frames, frames2) || !equalShots(blocks, blocks2) || len(blocks2) == 0 {
					t.Errorf("mode %d: %d and %d frames, %d and %d blocks, or others", mode, len(frames), len(frames2), len(blocks), len(blocks2))
				}
				if res.Packets != res1.Packets || res.Frames != res1.Frames || res.Sound != res2.Sound || res1.Sound != (video.Sound{}) || res2.Packets != 0 {
					t.Errorf("mode %d: %+v, %+v, %+v", mode, res, res1, res2)
				}
			}
		})
	}
}

func equalShots(a, b []shot) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

func TestDecode_chosenSound(t *testing.T) {
	data := load(t, "tracks.mkv")
	for _, c := range []struct {
		track, index, rate int
		file               string
	}{{-1, 1, 16000, ".sound"}, {1, 1, 16000, ".sound"}, {2, 2, 8000, ".sound1"}} {
		want, n := expected(t, "tracks.mkv", c.file), 0
		_, _, err := decodeBoth(t, ffmpeg.Decoder{}, data, "matroska", video.Want{Audio: true, AudioTrack: c.track}, nil, func(a *video.Audio) {
			if s, _, _ := takeSound(a, "s16"); n >= len(want) || s.hash != want[n].hash || a.Track != c.index || a.Rate != c.rate {
				t.Errorf("track %d: block %d of track %d, %d Hz, is not the one that is wanted", c.track, n, a.Track, a.Rate)
			}
			n++
		})
		if err != nil || n != len(want) {
			t.Errorf("track %d: %d blocks, want %d; %v", c.track, n, len(want), err)
		}
	}
	for _, track := range []int{0, 3, 1 << 30} {
		if _, _, err := decodeBoth(t, ffmpeg.Decoder{}, data, "matroska", video.Want{Audio: true, AudioTrack: track}, nil, nil); reason(err) != video.ReasonFormat {
			t.Errorf("track %d: %v", track, err)
		}
	}
	// A file without sound has none, and that is no error.
	_, res, err := decodeBoth(t, ffmpeg.Decoder{}, load(t, "av1.mp4"), "mp4", onlySound, nil, nil)
	if err != nil || res.Sound != (video.Sound{}) {
		t.Errorf("%+v, %v", res, err)
	}
}

// A limit of sound ends the sound and says so; the frames go on.
func TestDecode_soundLimits(t *testing.T) {
	for _, c := range []struct {
		name         string
		clip, format string
		limits       video.Limits
		failed       bool
		samples      int64
		frames       int64
	}{
		{"channels at the limit", "flac.51.mkv", "matroska", video.Limits{Channels: 6}, false, 960, 0},
		{"one channel past it", "flac.51.mkv", "matroska", video.Limits{Channels: 5}, true, 0, 0},
		{"rate at the limit", "ffv1.mkv", "matroska", video.Limits{SampleRate: 48000}, false, 19200, 4},
		{"rate one past it", "ffv1.mkv", "matroska", video.Limits{SampleRate: 47999}, true, 0, 4},
		{"block at the limit", "ffv1.mkv", "matroska", video.Limits{BlockSamples: 4608}, false, 19200, 4},
		{"block one past it", "ffv1.mkv", "matroska", video.Limits{BlockSamples: 4607}, true, 0, 4},
		{"block of all channels at the limit", "flac.51.mkv", "matroska", video.Limits{BlockSamples: 6 * 960}, false, 960, 0},
		{"block of all channels one past it", "flac.51.mkv", "matroska", video.Limits{BlockSamples: 6*960 - 1}, true, 0, 0},
		{"samples at the limit", "ffv1.mkv", "matroska", video.Limits{Samples: 19200}, false, 19200, 4},
		{"samples one past it", "ffv1.mkv", "matroska", video.Limits{Samples: 19199}, true, 18432, 4},
		{"packets that give nothing, within the decoder's delay", "aac.m4a", "mp4", video.Limits{IdlePackets: 2}, false, 10240, 0},
		{"packets that give nothing, past it", "aac.m4a", "mp4", video.Limits{IdlePackets: 1}, true, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			var samples, frames int64
			want := both
			want.Limits = c.limits
			_, res, err := decodeBoth(t, ffmpeg.Decoder{}, load(t, c.clip), c.format, want, func(*video.Frame) { frames++ }, func(a *video.Audio) { samples += int64(a.Samples) })
			if err != nil {
				t.Fatal(err)
			}
			if f := res.Sound.Failed; (f != nil) != c.failed || (f != nil && f.Reason != video.ReasonLimit) {
				t.Errorf("failed: %v", f)
			}
			if samples != c.samples || res.Sound.Samples != samples || frames != c.frames {
				t.Errorf("%d samples, %+v, %d frames; want %d and %d", samples, res.Sound, frames, c.samples, c.frames)
			}
		})
	}
}

// Sound that was cut is the sound before the cut, and is called broken where the container says how long it should be.
func TestDecode_cutSound(t *testing.T) {
	for _, c := range []struct {
		name, format string
		tenths       int // that are left
		told         bool
	}{
		{"pcm16.wav", "wav", 6, true},
		{"flac.flac", "flac", 9, true},
		{"ffv1.mkv", "matroska", 6, true},
		{"h264.flv", "flv", 6, true},
		{"mpeg4.avi", "avi", 6, true},
		{"mp3.mp3", "mp3", 6, false},
		{"aac.aac", "aac", 6, false},
		{"ac3.ts", "mpegts", 6, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			whole := load(t, c.name)
			cut := whole[:len(whole)*c.tenths/10]
			before, n := 0, 0
			if _, _, err := decodeBoth(t, ffmpeg.Decoder{}, whole, c.format, onlySound, nil, func(*video.Audio) { before++ }); err != nil {
				t.Fatal(err)
			}
			_, res, err := decodeBoth(t, ffmpeg.Decoder{}, cut, c.format, onlySound, nil, func(*video.Audio) { n++ })
			if err != nil {
				t.Fatal(err)
			}
			if n < 1 || n > before || (res.Sound.Broken == nil && c.told) {
				t.Errorf("%d of %d blocks, %+v", n, before, res.Sound)
			}
			if b := res.Sound.Broken; b != nil && (b.Why == "" || b.Offset > int64(len(cut))) {
				t.Errorf("%+v", *b)
			}
		})
	}
}

// Samples that are no numbers are silence: a file of floating-point samples can hold anything.
func TestDecode_soundIsFinite(t *testing.T) {
	data := load(t, "pcm.f32le.wav")
	strange := []uint32{0x7fc00000, 0x7f800000, 0xff800000, 0x7f800001, math.Float32bits(1e30), math.Float32bits(-0.5)}
	at := len(data) - 4*len(strange)
	for i, v := range strange {
		binary.LittleEndian.PutUint32(data[at+4*i:], v)
	}
	var last []float32
	if _, _, err := decodeBoth(t, ffmpeg.Decoder{}, data, "wav", onlySound, nil, func(a *video.Audio) { last = append(last, a.Planes[0]...) }); err != nil {
		t.Fatal(err)
	}
	want := []float32{0, 0, 0, 0, 1e30, -0.5}
	for i, v := range last[len(last)-len(want):] {
		if v != want[i] {
			t.Errorf("sample %d is %v, want %v", i, v, want[i])
		}
	}
}

func BenchmarkDecode_sound(b *testing.B) {
	data := load(b, "flac.flac")
	samples := int64(0)
	for b.Loop() {
		_, res, err := decodeBoth(b, ffmpeg.Decoder{}, data, "flac", onlySound, nil, func(*video.Audio) {})
		if err != nil {
			b.Fatal(err)
		}
		samples += res.Sound.Samples
	}
	b.ReportMetric(float64(samples)/b.Elapsed().Seconds(), "samples/s")
}
