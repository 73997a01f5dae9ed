//go:build linux

package jail

import (
	"context"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/consentry/consentry/video"
)

// aPicture is a good frame message; the corruptions change one thing.
func aPicture() framed {
	return framed{shape: shape{width: 64, height: 48, depth: 8, chromaX: 1, chromaY: 1}}
}

func describe(c *child) { _ = c.send(appendInfo(nil, &video.Info{Format: "x"})) }

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
	"an error that we don't know": {video.ReasonProtocol, func(c *child) { describe(c); _ = c.send(end{reason: "fine"}.append(nil)) }},
	"text for a terminal": {video.ReasonProtocol, func(c *child) {
		_ = c.send(end{reason: video.ReasonFormat, detail: "\x1b]0;owned\x07"}.append(nil))
	}},
	"frames without end": {video.ReasonLimit, func(c *child) {
		describe(c)
		ringOf(c, 1<<20)
		go func() { // takes the slots back and does not care
			var b [maxMessage]byte
			for {
				if n, err := unix.Read(childSocket, b[:]); n == 0 || err != nil {
					return
				}
			}
		}()
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
	"silence": {video.ReasonTimeout, describe},
}

func TestDecode_hostileChild(t *testing.T) {
	limits := video.Limits{Frames: 5000, DecodeTime: 2 * time.Second, MemoryBytes: 256 << 20}
	for name, h := range hostiles {
		t.Run(name, func(t *testing.T) {
			var frames int64
			_, err := jailed(t, name).Decode(context.Background(), source(), video.Want{Mode: video.AllFrames, Track: -1, Limits: limits}, nothing, func(f *video.Frame) error {
				frames++
				sum := byte(0)
				for _, p := range []video.Plane{f.Y, f.Cb, f.Cr} { // every byte that it promises is there
					for _, b := range p.Data {
						sum ^= b
					}
				}
				_ = sum
				return nil
			})
			if reason(err) != h.reason {
				t.Errorf("%v, want %s", err, h.reason)
			}
			if frames > limits.Frames {
				t.Errorf("%d frames", frames)
			}
		})
	}
	t.Run("without greeting", func(t *testing.T) {
		_, err := jailed(t, "without greeting").Decode(context.Background(), source(), all, nothing, nil)
		if reason(err) != video.ReasonProtocol {
			t.Errorf("%v", err)
		}
	})
}
