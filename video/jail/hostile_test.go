//go:build linux

package jail

import (
	"context"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/consentry/consentry/internal/confine"
	"github.com/consentry/consentry/video"
)

// aPicture is a good frame message; the corruptions change one thing.
func aPicture() framed {
	return framed{shape: shape{width: 64, height: 48, depth: 8, chromaX: 1, chromaY: 1}}
}

// aBlock is a good message of sound.
func aBlock() heard { return heard{track: 1, tone: tone{rate: 48000, channels: 2, samples: 100}} }

func describe(c *child) {
	_ = c.send(appendInfo(nil, &video.Info{Format: "x", Tracks: []video.Track{{Kind: "video"}, {Kind: "audio"}}}))
}

// ignore takes the slots back and does not care.
func ignore() {
	var b [maxMessage]byte
	for {
		if n, err := unix.Read(confine.Socket, b[:]); n == 0 || err != nil {
			return
		}
	}
}

// speak sends a changed block of sound, with slots of a size; 0: without slots.
func speak(slot int64, change func(*heard)) func(*child) {
	return func(c *child) {
		describe(c)
		if slot > 0 {
			ringOf(c, slot)
		}
		h := aBlock()
		change(&h)
		_ = c.send(h.append(nil))
	}
}

// ringOf asks for slots and takes what comes.
func ringOf(c *child, slot int64) {
	_ = c.send(need{slot: slot}.append(nil))
	_, _, _ = await[ringSize](c)
}

var hostiles = map[string]struct {
	reason string
	say    func(*child)
}{
	"garbage":          {video.ReasonProtocol, func(c *child) { _ = c.send([]byte("\xff\x00\x17 nonsense")) }},
	"an unknown kind":  {video.ReasonProtocol, func(c *child) { _ = c.send([]byte{'z'}) }},
	"a message cut":    {video.ReasonProtocol, func(c *child) { _ = c.send(aPicture().append(nil)[:20]) }},
	"a message padded": {video.ReasonProtocol, func(c *child) { _ = c.send(append(aPicture().append(nil), 0)) }},
	"a message too long": {video.ReasonProtocol, func(c *child) {
		_ = c.send(make([]byte, maxMessage+2000))
	}},
	"a frame before the info": {video.ReasonProtocol, func(c *child) { _ = c.send(aPicture().append(nil)) }},
	"the end before the info": {video.ReasonProtocol, func(c *child) { _ = c.send(end{}.append(nil)) }},
	"two infos":               {video.ReasonProtocol, func(c *child) { describe(c); describe(c) }},
	"two greetings":           {video.ReasonProtocol, func(c *child) { describe(c); _ = c.send(hello{}.append(nil)) }},
	"a frame without slots":   {video.ReasonProtocol, func(c *child) { describe(c); _ = c.send(aPicture().append(nil)) }},
	"a slot past the last": {video.ReasonProtocol, func(c *child) {
		describe(c)
		ringOf(c, 40<<20) // so large that there are two
		f := aPicture()
		f.slot = 2
		_ = c.send(f.append(nil))
	}},
	"a slot past all": {video.ReasonProtocol, func(c *child) {
		describe(c)
		f := aPicture()
		f.slot = 255
		_ = c.send(f.append(nil))
	}},
	"a picture larger than its slot": {video.ReasonProtocol, func(c *child) {
		describe(c)
		ringOf(c, 4096)
		_ = c.send(aPicture().append(nil))
	}},
	"a picture one row larger than its slot": {video.ReasonProtocol, func(c *child) {
		describe(c)
		f := aPicture()
		_, _, bytes := f.shape.planes()
		ringOf(c, bytes)
		f.shape.height++
		_ = c.send(f.append(nil))
	}},
	"a picture over the limit": {video.ReasonProtocol, func(c *child) {
		describe(c)
		f := aPicture()
		f.shape.width, f.shape.height = 1<<15, 1<<15
		_ = c.send(f.append(nil))
	}},
	"sides that overflow": {video.ReasonProtocol, func(c *child) {
		describe(c)
		f := aPicture()
		f.shape.width, f.shape.height = 1<<32-1, 1<<32-1
		_ = c.send(f.append(nil))
	}},
	"a depth of 64 bits": {video.ReasonProtocol, func(c *child) {
		describe(c)
		f := aPicture()
		f.shape.depth = 64
		_ = c.send(f.append(nil))
	}},
	"a huge chroma shift": {video.ReasonProtocol, func(c *child) {
		describe(c)
		f := aPicture()
		f.shape.chromaX = 200
		_ = c.send(f.append(nil))
	}},
	"slots beyond the cap":    {video.ReasonProtocol, func(c *child) { describe(c); _ = c.send(need{slot: 1 << 60}.append(nil)) }},
	"slots of no size":        {video.ReasonProtocol, func(c *child) { describe(c); _ = c.send(need{slot: 0}.append(nil)) }},
	"slots beyond the memory": {video.ReasonLimit, func(c *child) { describe(c); _ = c.send(need{slot: 300 << 20}.append(nil)) }},
	"slots that shrink": {video.ReasonProtocol, func(c *child) {
		describe(c)
		ringOf(c, 8192)
		_ = c.send(need{slot: 4096}.append(nil))
	}},
	"a read past the end":         {video.ReasonProtocol, func(c *child) { _ = c.send(read{offset: c.size, n: 1}.append(nil)) }},
	"a read before the start":     {video.ReasonProtocol, func(c *child) { _ = c.send(read{offset: -1, n: 1}.append(nil)) }},
	"a read too long":             {video.ReasonProtocol, func(c *child) { _ = c.send(read{offset: 0, n: windowSize + 1}.append(nil)) }},
	"a read of nothing":           {video.ReasonProtocol, func(c *child) { _ = c.send(read{offset: 0}.append(nil)) }},
	"an error that we don't know": {video.ReasonProtocol, func(c *child) { describe(c); _ = c.send(end{failure: failure{reason: "fine"}}.append(nil)) }},
	"text for a terminal": {video.ReasonProtocol, func(c *child) {
		_ = c.send(end{failure: failure{reason: video.ReasonFormat, detail: "\x1b]0;owned\x07"}}.append(nil))
	}},
	"frames without end": {video.ReasonLimit, func(c *child) {
		describe(c)
		ringOf(c, 1<<20)
		go ignore()
		for c.send(aPicture().append(nil)) == nil {
		}
	}},
	"frames whose slots are not taken back": {video.ReasonTimeout, func(c *child) {
		describe(c)
		ringOf(c, 1<<20)
		for c.send(aPicture().append(nil)) == nil {
		}
	}},
	"reads without end": {video.ReasonTimeout, func(c *child) {
		describe(c)
		for c.send(read{offset: 0, n: windowSize}.append(nil)) == nil {
			if _, _, err := c.receive(); err != nil {
				return
			}
		}
	}},
	"requests whose answers are not read": {video.ReasonTimeout, func(c *child) {
		describe(c)
		for c.send(read{offset: 0, n: 1}.append(nil)) == nil {
		}
	}},
	"silence":                               {video.ReasonTimeout, describe},
	"sound before the info":                 {video.ReasonProtocol, func(c *child) { _ = c.send(aBlock().append(nil)) }},
	"sound without slots":                   {video.ReasonProtocol, speak(0, func(*heard) {})},
	"sound in a slot past all":              {video.ReasonProtocol, speak(4096, func(h *heard) { h.slot = 255 })},
	"sound in a slot past the last":         {video.ReasonProtocol, speak(40<<20, func(h *heard) { h.slot = 2 })},
	"sound one sample larger than its slot": {video.ReasonProtocol, speak(800, func(h *heard) { h.tone.samples++ })},
	"sound of a track that there is not":    {video.ReasonProtocol, speak(4096, func(h *heard) { h.track = 2 })},
	"sound of the track with the pictures":  {video.ReasonProtocol, speak(4096, func(h *heard) { h.track = 0 })},
	"sound with channels without end":       {video.ReasonProtocol, speak(4096, func(h *heard) { h.tone.channels = maxNumber })},
	"sound whose size overflows":            {video.ReasonProtocol, speak(4096, func(h *heard) { h.tone.channels, h.tone.samples = 1<<16, 1<<16 })},
	"sound faster than the limit":           {video.ReasonProtocol, speak(4096, func(h *heard) { h.tone.rate = maxNumber })},
	"sound of no samples":                   {video.ReasonProtocol, speak(4096, func(h *heard) { h.tone.samples = 0 })},
	"sound without end": {video.ReasonLimit, func(c *child) {
		describe(c)
		ringOf(c, 1<<20)
		go ignore()
		for c.send(aBlock().append(nil)) == nil {
		}
	}},
}

func TestDecode_hostileChild(t *testing.T) {
	limits := video.Limits{Frames: 5000, Samples: 500_000, DecodeTime: 2 * time.Second, MemoryBytes: 256 << 20}
	for name, h := range hostiles {
		t.Run(name, func(t *testing.T) {
			var frames, samples int64
			_, err := jailed(t, name).Decode(context.Background(), source(), video.Want{Mode: video.AllFrames, Track: -1, Audio: true, AudioTrack: -1, Limits: limits}, video.Sink{Info: nothing, Audio: func(a *video.Audio) error {
				samples += int64(a.Samples)
				for _, p := range a.Planes {
					for _, v := range p {
						if v-v != 0 {
							t.Errorf("a sample is %v", v)
						}
					}
				}
				return nil
			}, Frame: func(f *video.Frame) error {
				frames++
				sum := byte(0)
				for _, p := range []video.Plane{f.Y, f.Cb, f.Cr} { // every byte that it promises is there
					for _, b := range p.Data {
						sum ^= b
					}
				}
				_ = sum
				return nil
			}})
			if reason(err) != h.reason {
				t.Errorf("%v, want %s", err, h.reason)
			}
			if frames > limits.Frames {
				t.Errorf("%d frames", frames)
			}
			if samples > limits.Samples {
				t.Errorf("%d samples", samples)
			}
		})
	}
	t.Run("without greeting", func(t *testing.T) {
		_, err := jailed(t, "without greeting").Decode(context.Background(), source(), all, video.Sink{Info: nothing})
		if reason(err) != video.ReasonProtocol {
			t.Errorf("%v", err)
		}
	})
}

// What was not asked for is not taken.
func TestDecode_unwanted(t *testing.T) {
	for name, want := range map[string]video.Want{
		"an unwanted frame": {Audio: true, AudioTrack: -1},
		"unwanted sound":    {Mode: video.AllFrames, Track: -1},
		"sound of another track": {
			Audio: true, AudioTrack: 2,
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := jailed(t, name).Decode(context.Background(), source(), want, video.Sink{
				Frame: func(*video.Frame) error { t.Error("a frame"); return nil }, Audio: func(*video.Audio) error { t.Error("sound"); return nil },
			})
			if reason(err) != video.ReasonProtocol {
				t.Errorf("%v", err)
			}
		})
	}
}

// What a child writes into the shared memory is made a number before it is handed out, and stays as it was.
func TestDecode_soundIsOurs(t *testing.T) {
	blocks := 0
	_, err := jailed(t, "noise").Decode(context.Background(), source(), video.Want{Audio: true, AudioTrack: -1}, video.Sink{Audio: func(a *video.Audio) error {
		blocks++
		want := []float32{0, 0, 0.25}
		if len(a.Planes) != 1 || a.Samples != 3 || a.Track != 1 {
			t.Fatalf("%+v", a)
		}
		for i, v := range a.Planes[0] {
			if v != want[i] {
				t.Errorf("sample %d is %v, want %v", i, v, want[i])
			}
		}
		return nil
	}})
	if err != nil || blocks != 1 {
		t.Errorf("%d blocks, %v", blocks, err)
	}
}
