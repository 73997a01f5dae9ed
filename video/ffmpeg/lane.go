//go:build cgo && !noffmpeg

package ffmpeg

import (
	"fmt"
	"strconv"
	"time"

	"github.com/asticode/go-astiav"

	"github.com/consentry/consentry/video"
)

// lane is one track on its way through its decoder.
type lane struct {
	track   int
	codec   *astiav.CodecContext
	base    [2]int
	step    time.Duration // a frame's length, as far as known
	last    time.Duration // time of the last frame, -1 before the first
	next    time.Duration // when the next frame is due if it does not say
	idle    int           // packets in a row that gave no frame
	offset  int64         // of the last packet that went into the decoder
	packets int64
	keys    bool // only packets with key frames are decoded
	broken  *video.Broken
	emit    func(*lane) error
}

func (l *lane) free() {
	if l != nil && l.codec != nil {
		l.codec.Free()
		l.codec = nil
	}
}

// lane finds the lane of a track; nil: it is not decoded.
func (s *session) lane(track int) *lane {
	for _, l := range [2]*lane{s.picture, s.sound} {
		if l != nil && l.track == track && l.codec != nil {
			return l
		}
	}
	return nil
}

// choose finds the tracks to decode and opens their decoders. A file without such tracks has no lanes.
func (s *session) choose(threads int) error {
	picture, sound := -1, -1
	var err error
	if s.want.Mode != video.InfoOnly {
		if picture, err = s.pick(kindVideo, astiav.MediaTypeVideo, s.want.Track, -1); err != nil {
			return err
		}
	}
	if s.want.Audio {
		if sound, err = s.pick(kindAudio, astiav.MediaTypeAudio, s.want.AudioTrack, picture); err != nil {
			return err
		}
	}
	if picture >= 0 {
		if err := s.openPicture(picture, threads); err != nil {
			return err
		}
	}
	if sound >= 0 {
		if err := s.openSound(sound); err != nil {
			s.sound.free()
			if s.in.err != nil {
				return err
			}
			s.sound, s.res.Sound.Failed = nil, err
		}
	}
	return nil
}

// pick finds a track of a kind: the one that is wanted, the one that libavformat takes for the best, or the first.
func (s *session) pick(kind string, media astiav.MediaType, wanted, related int) (int, error) {
	if wanted >= 0 {
		if wanted >= len(s.info.Tracks) || s.info.Tracks[wanted].Kind != kind {
			return -1, &video.Error{Reason: video.ReasonFormat, Detail: fmt.Sprintf("track %d is no %s track", wanted, kind)}
		}
		return wanted, nil
	}
	if best, _, err := s.format.FindBestStream(media, -1, related); err == nil && s.info.Tracks[best.Index()].Kind == kind {
		return best.Index(), nil
	}
	for i, t := range s.info.Tracks {
		if t.Kind == kind {
			return i, nil
		}
	}
	return -1, nil
}

// wanted is the track whose frames will be handed out; -1: none, or none that can be.
func (s *session) wanted() int {
	if s.want.Mode == video.InfoOnly {
		return -1
	}
	picture, err := s.pick(kindVideo, astiav.MediaTypeVideo, s.want.Track, -1)
	if err != nil {
		return -1
	}
	return picture
}

func (s *session) openPicture(track, threads int) *video.Error {
	par := s.format.Streams()[track].CodecParameters()
	if w, h := int64(par.Width()), int64(par.Height()); w > 0 && h > 0 && w > s.lim.Pixels/h {
		return tooManyPixels(par.Width(), par.Height(), s.lim)
	}
	rate := s.info.Tracks[track].FrameRate
	s.picture = &lane{track: track, step: ticksToTime(1, rate[1], rate[0]), keys: s.want.Mode == video.KeyFrames, emit: s.emitPicture}
	if s.picture.step <= 0 {
		s.picture.step = time.Second / defaultSteps
	}
	options := [][2]string{{"max_pixels", strconv.FormatInt(padded(s.lim.Pixels), 10)}}
	if s.picture.keys {
		options = append(options, [2]string{"skip_frame", "nokey"})
	}
	return s.openCodec(s.picture, threads, options)
}

func (s *session) openSound(track int) *video.Error {
	t := s.info.Tracks[track]
	if err := soundLimits(t.Channels, t.SampleRate, s.lim); err != nil {
		return err
	}
	s.sound = &lane{track: track, emit: s.emitSound}
	return s.openCodec(s.sound, 1, nil)
}

// openCodec opens the decoder of a lane with these options.
func (s *session) openCodec(l *lane, threads int, set [][2]string) *video.Error {
	stream := s.format.Streams()[l.track]
	par, tb := stream.CodecParameters(), stream.TimeBase()
	l.base, l.last = [2]int{tb.Num(), tb.Den()}, -1
	decoder := astiav.FindDecoder(par.CodecID())
	if decoder == nil {
		return &video.Error{Reason: video.ReasonFormat, Detail: "no decoder for the codec " + par.CodecID().Name()}
	}
	if l.codec = astiav.AllocCodecContext(decoder); l.codec == nil {
		return noMemory(nil)
	}
	if err := par.ToCodecContext(l.codec); err != nil {
		return s.failed("preparing the decoder", err)
	}
	l.codec.SetThreadCount(threads)
	if l == s.sound {
		limitBlocks(l.codec, s.lim.BlockSamples)
	}
	setPacketTime(l.codec, l.base) // without it libavcodec cuts off an encoder's delay and leaves the time as it was
	options := astiav.NewDictionary()
	defer options.Free()
	for _, o := range set {
		if err := options.Set(o[0], o[1], 0); err != nil {
			return noMemory(err)
		}
	}
	if err := l.codec.Open(decoder, options); err != nil {
		return s.failed("opening the decoder", err)
	}
	return nil
}
