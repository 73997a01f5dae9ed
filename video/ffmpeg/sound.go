//go:build cgo && !noffmpeg

package ffmpeg

import (
	"errors"
	"fmt"
	"math"
	"time"
	"unsafe"

	"github.com/consentry/consentry/video"
)

var errBlock = errors.New("the decoder's sound is not laid out as its format says")

// soundLimits holds the channels and the rate of a track against the limits; 0: not known yet.
func soundLimits(channels, rate int, lim video.Limits) *video.Error {
	switch {
	case channels > lim.Channels:
		return &video.Error{Reason: video.ReasonLimit, Detail: fmt.Sprintf("sound with %d channels, more than %d", channels, lim.Channels)}
	case rate > lim.SampleRate:
		return &video.Error{Reason: video.ReasonLimit, Detail: fmt.Sprintf("sound with %d samples a second, more than %d", rate, lim.SampleRate)}
	}
	return nil
}

// emitSound hands out the block of sound at hand.
func (s *session) emitSound(l *lane) error {
	b := soundHeader(s.frame)
	if err := soundLimits(b.channels, b.rate, s.lim); err != nil {
		return s.unfit(l, err)
	}
	if b.channels < 1 || b.rate < 1 || b.samples < 1 {
		s.broken(l, b.offset, errBlock.Error())
		return nil
	}
	switch {
	case b.samples > s.lim.BlockSamples/b.channels:
		return s.unfit(l, &video.Error{Reason: video.ReasonLimit, Detail: fmt.Sprintf("a block of %d × %d samples of sound, more than %d", b.channels, b.samples, s.lim.BlockSamples)})
	case int64(b.samples) > s.lim.Samples-s.res.Sound.Samples:
		return s.unfit(l, &video.Error{Reason: video.ReasonLimit, Detail: fmt.Sprintf("more than %d samples of sound", s.lim.Samples)})
	}
	b.load(s.frame, s.mixer.pointers)
	s.mixer.pointers = b.planes
	planes, err := s.mixer.convert(b)
	if err != nil {
		s.broken(l, b.offset, err.Error())
		return nil
	}
	at := s.time(l, b.pts)
	if b.corrupt {
		s.brokenAt(l, at, b.offset, "the decoder repaired or guessed a block of sound")
	}
	l.last, l.step = max(at, 0), ticksToTime(int64(b.samples), 1, b.rate)
	l.next = min(at, math.MaxInt64-time.Hour) + min(l.step, time.Hour)
	a := video.Audio{
		Index: s.res.Sound.Blocks, Track: l.track, Time: at, Rate: b.rate, Samples: b.samples, Planes: planes, Corrupt: b.corrupt,
	}
	s.res.Sound.Blocks++
	s.res.Sound.Samples += int64(b.samples)
	return s.sink.Audio(&a)
}

// mixer turns the samples of a decoder into planes of float32. It keeps its memory for the next block.
type mixer struct {
	pointers []unsafe.Pointer
	samples  []float32
	planes   [][]float32
}

// convert reads a block whose numbers are within the limits.
func (m *mixer) convert(b block) ([][]float32, error) {
	perPlane := b.samples
	if !b.planar {
		perPlane *= b.channels
	}
	kind := sampleKind(b.format)
	size := map[string]int{"u8": 1, "s16": 2, "s32": 4, "flt": 4, "dbl": 8}[kind]
	if size == 0 {
		return nil, fmt.Errorf("samples of an unknown format %q", kind)
	}
	if b.size < perPlane*size || len(b.planes) == 0 || (b.planar && len(b.planes) != b.channels) {
		return nil, errBlock
	}
	for _, p := range b.planes {
		if p == nil {
			return nil, errBlock
		}
	}
	if n := b.channels * b.samples; cap(m.samples) < n {
		m.samples = make([]float32, n)
	}
	m.planes = m.planes[:0]
	for c := range b.channels {
		m.planes = append(m.planes, m.samples[c*b.samples:][:b.samples:b.samples])
	}
	switch kind {
	case "u8":
		spread(m.planes, b, func(v uint8) float32 { return (float32(v) - 128) / 128 })
	case "s16":
		spread(m.planes, b, func(v int16) float32 { return float32(v) / (1 << 15) })
	case "s32":
		spread(m.planes, b, func(v int32) float32 { return float32(v) / (1 << 31) })
	case "flt":
		spread(m.planes, b, finite)
	case "dbl":
		spread(m.planes, b, func(v float64) float32 { return finite(float32(v)) })
	}
	return m.planes, nil
}

// spread converts the samples of a block channel by channel.
func spread[T any](out [][]float32, b block, to func(T) float32) {
	for c, plane := range out {
		if b.planar {
			for i, v := range unsafe.Slice((*T)(b.planes[c]), b.samples) {
				plane[i] = to(v)
			}
			continue
		}
		in := unsafe.Slice((*T)(b.planes[0]), b.samples*len(out))
		for i := range plane {
			plane[i] = to(in[i*len(out)+c])
		}
	}
}

// finite is silence in place of what is no number: a file of floating-point samples can hold anything.
func finite(v float32) float32 {
	if v-v != 0 {
		return 0
	}
	return v
}
