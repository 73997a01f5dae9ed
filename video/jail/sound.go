package jail

import (
	"encoding/binary"
	"math"
	"time"

	"github.com/consentry/consentry/internal/packet"
	"github.com/consentry/consentry/video"
)

// tone is the layout of a block of sound: the samples of each channel behind each other, channel after channel.
type tone struct {
	rate, channels, samples int
}

// valid says whether a block of this layout is one that we take: both sides of the socket ask.
func (t tone) valid(lim video.Limits) bool {
	return t.rate >= 1 && t.rate <= lim.SampleRate && t.channels >= 1 && t.channels <= lim.Channels &&
		t.samples >= 1 && t.samples <= lim.BlockSamples/t.channels
}

// bytes is the size of a valid block.
func (t tone) bytes() int64 { return int64(t.channels) * int64(t.samples) * sampleSize }

func toneOf(a *video.Audio) tone {
	return tone{rate: a.Rate, channels: len(a.Planes), samples: a.Samples}
}

// copySound puts a block into a slot; false where the block is not what its header says.
func (t tone) copySound(slot []byte, a *video.Audio) bool {
	if t.bytes() > int64(len(slot)) {
		return false
	}
	for _, p := range a.Planes {
		if len(p) != t.samples {
			return false
		}
		for _, v := range p {
			binary.LittleEndian.PutUint32(slot, math.Float32bits(v))
			slot = slot[sampleSize:]
		}
	}
	return true
}

// ears is the parent's memory for a block of sound. A block is small enough to be copied out of the memory that the
// child can write to: the caller's samples stay as they are, and each is a number.
type ears struct {
	samples []float32
	planes  [][]float32
}

// take copies a block out of a slot; false where it does not fit.
func (e *ears) take(t tone, slot []byte) ([][]float32, bool) {
	if t.bytes() > int64(len(slot)) {
		return nil, false
	}
	if n := t.channels * t.samples; cap(e.samples) < n {
		e.samples = make([]float32, n)
	}
	e.planes = e.planes[:0]
	for c := range t.channels {
		plane := e.samples[c*t.samples:][:t.samples:t.samples]
		for i := range plane {
			v := math.Float32frombits(binary.LittleEndian.Uint32(slot))
			slot = slot[sampleSize:]
			if v-v != 0 { // a NaN or an infinity, which an honest child does not send
				v = 0
			}
			plane[i] = v
		}
		e.planes = append(e.planes, plane)
	}
	return e.planes, true
}

// heard says that a slot holds a block of sound.
type heard struct {
	slot    uint8
	track   uint16
	tone    tone
	time    time.Duration
	corrupt bool
}

func (c *cursor) heard(lim video.Limits) heard {
	h := heard{slot: c.U8(), track: c.U16()}
	h.tone = tone{rate: c.number(), channels: c.number(), samples: c.number()}
	h.time, h.corrupt = time.Duration(c.I64()), c.Bool()
	c.Want(h.slot < maxSlots && int(h.track) < lim.Tracks && h.tone.valid(lim))
	return h
}

func (h heard) append(b []byte) []byte {
	b = binary.LittleEndian.AppendUint16(append(b, kindSound, h.slot), h.track)
	b = appendNumber(appendNumber(appendNumber(b, h.tone.rate), h.tone.channels), h.tone.samples)
	return packet.AppendBool(packet.AppendI64(b, int64(h.time)), h.corrupt)
}
