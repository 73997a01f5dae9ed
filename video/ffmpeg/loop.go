//go:build cgo && !noffmpeg

package ffmpeg

import (
	"errors"
	"fmt"
	"time"

	"github.com/asticode/go-astiav"

	"github.com/consentry/consentry/video"
)

// errNoMemory is ENOMEM as FFmpeg says it: a refused allocation, hence a limit.
var errNoMemory = astiav.Error(-12)

// loop reads packets, decodes and hands out frames until the end, the first fatal error, or a limit.
func (s *session) loop() error {
	for reads := 0; ; reads++ {
		if err := s.stopped(); err != nil {
			return err
		}
		err := s.format.ReadFrame(s.packet)
		switch {
		case errors.Is(err, astiav.ErrEof):
			return s.drain()
		case errors.Is(err, astiav.ErrEagain):
			if s.idle++; s.idle > s.lim.IdlePackets {
				return s.tooIdle()
			}
			continue
		case err != nil:
			if errors.Is(err, errNoMemory) {
				return s.failed("reading", err)
			}
			s.broken(s.offset, "the container: "+err.Error())
			return s.drain()
		}
		if err := s.take(); err != nil {
			s.packet.Unref()
			return err
		}
		s.packet.Unref()
	}
}

// stopped reports the caller's or our own reason to end.
func (s *session) stopped() error {
	if s.in.err != nil && s.in.err.Reason != video.ReasonIO {
		return s.in.err
	}
	if err := s.ctx.Err(); err != nil {
		return &video.Error{Reason: contextReason(err), Detail: fmt.Sprintf("after %d frames", s.res.Frames), Err: err}
	}
	return nil
}

// take decodes the packet at hand, if it is of our track.
func (s *session) take() error {
	if err := s.checkTracks(); err != nil {
		return err // a track that appeared while reading
	}
	p := s.packet
	s.note(p)
	if p.StreamIndex() != s.track {
		return nil
	}
	s.res.Packets++
	flags := p.Flags()
	if s.mode == video.KeyFrames && !flags.Has(astiav.PacketFlagKey) {
		return nil // the decoder's own option alone would do, but decoders differ in what they skip
	}
	if s.mode == video.KeyFrames && p.Pts() == noTime && p.Dts() == noTime {
		// A raw stream has no times: count its pictures, those that are skipped too.
		p.SetPts((s.res.Packets - 1) * timeToTicks(s.step, s.base[0], s.base[1]))
	}
	s.offset = p.Pos()
	if flags.Has(astiav.PacketFlagCorrupt) {
		s.broken(p.Pos(), "a packet is cut short or damaged")
	}
	if s.idle++; s.idle > s.lim.IdlePackets {
		return s.tooIdle()
	}
	return s.feed(p)
}

// feed sends a packet, or the end for nil, and hands out the frames that come of it.
func (s *session) feed(p *astiav.Packet) error {
	for {
		err := s.codec.SendPacket(p)
		full := errors.Is(err, astiav.ErrEagain)
		switch {
		case full || err == nil || errors.Is(err, astiav.ErrEof):
		case errors.Is(err, errNoMemory):
			return s.failed("decoding", err)
		default:
			s.broken(s.offset, "the decoder: "+err.Error())
		}
		n, err := s.receive()
		if err != nil {
			return err
		}
		if !full {
			return nil
		}
		if n == 0 {
			s.broken(s.offset, "the decoder takes no more and gives nothing")
			return nil
		}
	}
}

// receive hands out the frames that are ready.
func (s *session) receive() (n int, err error) {
	for {
		err := s.codec.ReceiveFrame(s.frame)
		switch {
		case errors.Is(err, astiav.ErrEagain), errors.Is(err, astiav.ErrEof):
			return n, nil
		case errors.Is(err, errNoMemory):
			return n, s.failed("decoding", err)
		case err != nil:
			// One picture is lost; the decoder goes on with the next.
			s.broken(s.offset, "the decoder: "+err.Error())
			if s.idle++; s.idle > s.lim.IdlePackets {
				return n, s.tooIdle()
			}
			continue
		}
		s.idle = 0
		n++
		err = s.emit()
		s.frame.Unref()
		if err != nil {
			return n, err
		}
		if err := s.stopped(); err != nil {
			return n, err
		}
	}
}

func (s *session) drain() error {
	if err := s.stopped(); err != nil {
		return err
	}
	if err := s.feed(nil); err != nil {
		return err
	}
	if s.in.err != nil {
		return s.in.err
	}
	s.complete()
	return nil
}

func (s *session) tooIdle() error {
	return &video.Error{Reason: video.ReasonLimit, Detail: fmt.Sprintf("%d packets in a row gave no frame", s.lim.IdlePackets)}
}

// emit hands out the frame at hand.
func (s *session) emit() error {
	if s.res.Frames >= s.lim.Frames {
		return &video.Error{Reason: video.ReasonLimit, Detail: fmt.Sprintf("more than %d frames", s.lim.Frames)}
	}
	p := header(s.frame)
	if p.width <= 0 || p.height <= 0 || int64(p.width) > s.lim.Pixels/int64(p.height) {
		return tooManyPixels(p.width, p.height, s.lim)
	}
	at := s.last + s.step
	if p.pts != noTime {
		at = ticksToTime(p.pts, s.base[0], s.base[1]) - s.zero
	} else if s.last < 0 {
		at = 0
	}
	f, err := s.conv.frame(s.frame, p)
	if err != nil {
		if errors.Is(err, errNoMemory) {
			return s.failed("converting", err)
		}
		s.broken(p.offset, "the picture could not be converted: "+err.Error())
		return nil
	}
	f.Index, f.Time, f.Key, f.Corrupt = s.res.Frames, at, p.key, p.corrupt
	if p.corrupt {
		s.brokenAt(at, p.offset, "the decoder repaired or guessed a picture")
	}
	s.last = max(at, 0)
	s.res.Frames++
	if p.key {
		s.res.Key++
	}
	return s.onFrame(f)
}

// broken remembers the first damage, near the time of the last frame.
func (s *session) broken(offset int64, why string) { s.brokenAt(max(s.last, 0), offset, why) }

func (s *session) brokenAt(at time.Duration, offset int64, why string) {
	if s.res.Broken == nil {
		if offset < 0 || offset > s.in.size {
			offset = -1
		}
		s.res.Broken = &video.Broken{Time: at, Offset: offset, Why: why}
	}
}

// note keeps where packets lie and how far their times reach.
func (s *session) note(p *astiav.Packet) {
	i := p.StreamIndex()
	if i < 0 || i >= len(s.res.Samples) {
		return
	}
	sm := &s.res.Samples[i]
	sm.Count++
	if at := p.Pos(); at >= 0 {
		if sm.First < 0 || at < sm.First {
			sm.First = at
		}
		sm.Last = max(sm.Last, at+int64(p.Size()))
	}
	ts := p.Pts()
	if ts == noTime {
		ts = p.Dts()
	}
	if ts == noTime {
		return
	}
	tb := s.info.Tracks[i].TimeBase
	s.end = max(s.end, ticksToTime(ts, tb[0], tb[1])+ticksToTime(p.Duration(), tb[0], tb[1])-s.zero)
}

// complete asks at the end of the file whether everything came that the container promised. Demuxers take a cut file
// for one that ends there.
func (s *session) complete() {
	if s.counted {
		if n := indexed(s.format.Streams()[s.track]).Count; s.res.Packets < n {
			s.broken(s.offset, fmt.Sprintf("%d of %d samples could be read", s.res.Packets, n))
		}
		return
	}
	// Containers round their durations and let one track run on a little.
	if slack := max(2*s.step, 100*time.Millisecond); s.end+slack < s.info.Duration {
		s.broken(s.offset, fmt.Sprintf("the media ends at %v of %v", s.end.Round(time.Millisecond), s.info.Duration.Round(time.Millisecond)))
	}
}

// finish completes the places of samples from the index, which has grown while fragments were read.
func (s *session) finish() {
	if !s.counted {
		return
	}
	for i, st := range s.format.Streams() {
		if x := indexed(st); i < len(s.res.Samples) && x.Count > 0 {
			s.res.Samples[i] = x
		}
	}
}
