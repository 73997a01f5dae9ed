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
			s.all(func(l *lane) { s.broken(l, l.offset, "the container: "+err.Error()) })
			return s.drain()
		}
		s.idle = 0
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

// all visits the lanes that are decoded.
func (s *session) all(visit func(*lane)) {
	for _, l := range [2]*lane{s.picture, s.sound} {
		if l != nil && l.codec != nil {
			visit(l)
		}
	}
}

// take decodes the packet at hand, if it is of a track that is decoded.
func (s *session) take() error {
	if err := s.checkTracks(); err != nil {
		return err // a track that appeared while reading
	}
	p := s.packet
	s.note(p)
	l := s.lane(p.StreamIndex())
	if l == nil {
		return nil
	}
	l.packets++
	flags := p.Flags()
	if l.keys && !flags.Has(astiav.PacketFlagKey) {
		return nil // the decoder's own option alone would do, but decoders differ in what they skip
	}
	if l.keys && p.Pts() == noTime && p.Dts() == noTime {
		// A raw stream has no times: count its pictures, those that are skipped too.
		p.SetPts((l.packets - 1) * timeToTicks(l.step, l.base[0], l.base[1]))
	}
	l.offset = p.Pos()
	if flags.Has(astiav.PacketFlagCorrupt) {
		s.broken(l, p.Pos(), "a packet is cut short or damaged")
	}
	if l.idle++; l.idle > s.lim.IdlePackets {
		return s.unfit(l, s.tooIdle())
	}
	return s.feed(l, p)
}

// unfit ends what cannot go on: the whole decode, or where only the sound is at fault, the sound.
func (s *session) unfit(l *lane, err *video.Error) error {
	if l != s.sound || err == s.in.err {
		return err
	}
	s.res.Sound.Failed = err
	l.free()
	return nil
}

// refused explains an allocation that was refused while decoding.
func (s *session) refused(l *lane, err error) *video.Error {
	if l == s.sound && s.in.err == nil {
		return &video.Error{Reason: video.ReasonLimit, Detail: fmt.Sprintf("a block of sound with more than %d samples, or no memory for it", s.lim.BlockSamples), Err: err}
	}
	return s.failed("decoding", err)
}

// feed sends a packet, or the end for nil, and hands out the frames that come of it.
func (s *session) feed(l *lane, p *astiav.Packet) error {
	for {
		err := l.codec.SendPacket(p)
		full := errors.Is(err, astiav.ErrEagain)
		switch {
		case full || err == nil || errors.Is(err, astiav.ErrEof):
		case errors.Is(err, errNoMemory):
			return s.unfit(l, s.refused(l, err))
		default:
			s.broken(l, l.offset, "the decoder: "+err.Error())
		}
		n, err := s.receive(l)
		if err != nil {
			return err
		}
		if !full || l.codec == nil {
			return nil
		}
		if n == 0 {
			s.broken(l, l.offset, "the decoder takes no more and gives nothing")
			return nil
		}
	}
}

// receive hands out the frames that are ready.
func (s *session) receive(l *lane) (n int, err error) {
	for l.codec != nil {
		err := l.codec.ReceiveFrame(s.frame)
		switch {
		case errors.Is(err, astiav.ErrEagain), errors.Is(err, astiav.ErrEof):
			return n, nil
		case errors.Is(err, errNoMemory):
			return n, s.unfit(l, s.refused(l, err))
		case err != nil:
			// One frame is lost; the decoder goes on with the next.
			s.broken(l, l.offset, "the decoder: "+err.Error())
			if l.idle++; l.idle > s.lim.IdlePackets {
				return n, s.unfit(l, s.tooIdle())
			}
			continue
		}
		l.idle = 0
		n++
		err = l.emit(l)
		s.frame.Unref()
		if err != nil {
			return n, err
		}
		if err := s.stopped(); err != nil {
			return n, err
		}
	}
	return n, nil
}

func (s *session) drain() error {
	if err := s.stopped(); err != nil {
		return err
	}
	for _, l := range [2]*lane{s.picture, s.sound} {
		if l == nil || l.codec == nil {
			continue
		}
		if err := s.feed(l, nil); err != nil {
			return err
		}
	}
	if s.in.err != nil {
		return s.in.err
	}
	s.all(s.complete)
	return nil
}

func (s *session) tooIdle() *video.Error {
	return &video.Error{Reason: video.ReasonLimit, Detail: fmt.Sprintf("%d packets in a row gave no frame", s.lim.IdlePackets)}
}

// emitPicture hands out the picture at hand.
func (s *session) emitPicture(l *lane) error {
	if s.res.Frames >= s.lim.Frames {
		return &video.Error{Reason: video.ReasonLimit, Detail: fmt.Sprintf("more than %d frames", s.lim.Frames)}
	}
	p := header(s.frame)
	if p.width <= 0 || p.height <= 0 || int64(p.width) > s.lim.Pixels/int64(p.height) {
		return tooManyPixels(p.width, p.height, s.lim)
	}
	at := s.time(l, p.pts)
	f, err := s.conv.frame(s.frame, p)
	if err != nil {
		if errors.Is(err, errNoMemory) {
			return s.failed("converting", err)
		}
		s.broken(l, p.offset, "the picture could not be converted: "+err.Error())
		return nil
	}
	f.Index, f.Time, f.Key, f.Corrupt = s.res.Frames, at, p.key, p.corrupt
	if p.corrupt {
		s.brokenAt(l, at, p.offset, "the decoder repaired or guessed a picture")
	}
	l.last, l.next = max(at, 0), max(at, 0)+l.step
	s.res.Frames++
	if p.key {
		s.res.Key++
	}
	return s.sink.Frame(f)
}

// time is the presentation time of a frame: what it says, or where it says none when it is due.
func (s *session) time(l *lane, pts int64) time.Duration {
	if pts == noTime {
		return l.next
	}
	return ticksToTime(pts, l.base[0], l.base[1]) - s.zero
}

// broken remembers the first damage of a lane, near the time of its last frame.
func (s *session) broken(l *lane, offset int64, why string) {
	s.brokenAt(l, max(l.last, 0), offset, why)
}

func (s *session) brokenAt(l *lane, at time.Duration, offset int64, why string) {
	if l.broken == nil {
		if offset < 0 || offset > s.in.size {
			offset = -1
		}
		l.broken = &video.Broken{Time: at, Offset: offset, Why: why}
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
func (s *session) complete(l *lane) {
	if s.counted {
		if n := indexed(s.format.Streams()[l.track]).Count; l.packets < n {
			s.broken(l, l.offset, fmt.Sprintf("%d of %d samples could be read", l.packets, n))
		}
		return
	}
	// Containers round their durations and let one track run on a little.
	if slack := max(2*l.step, 100*time.Millisecond); s.end+slack < s.info.Duration {
		s.broken(l, l.offset, fmt.Sprintf("the media ends at %v of %v", s.end.Round(time.Millisecond), s.info.Duration.Round(time.Millisecond)))
	}
}

// finish sums up the lanes, and completes the places of samples from the index, which has grown while fragments were
// read.
func (s *session) finish() {
	if l := s.picture; l != nil {
		s.res.Packets, s.res.Broken = l.packets, l.broken
	}
	if l := s.sound; l != nil {
		s.res.Sound.Packets, s.res.Sound.Broken = l.packets, l.broken
	}
	if !s.counted {
		return
	}
	for i, st := range s.format.Streams() {
		if x := indexed(st); i < len(s.res.Samples) && x.Count > 0 {
			s.res.Samples[i] = x
		}
	}
}
