//go:build cgo && !noffmpeg

package ffmpeg

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/asticode/go-astiav"

	"github.com/consentry/consentry/video"
)

const (
	ioBuffer = 64 << 10 // bytes that libavformat asks for at once; larger ones don't read faster
	// probeSize is libavformat's own default for the packets that probing keeps; Limits.ProbeBytes bounds everything
	// that opening reads.
	probeSize    = 5_000_000
	probeLeast   = 32 // the least that libavformat takes
	defaultSteps = 25 // frames per second where neither the container nor the stream says any
)

// session is one decode: what was allocated for it and how far it came.
type session struct {
	ctx     context.Context
	in      *reader
	lim     video.Limits
	mode    video.Mode
	onFrame func(*video.Frame) error

	demuxer string
	format  *astiav.FormatContext
	codec   *astiav.CodecContext
	packet  *astiav.Packet
	frame   *astiav.Frame
	conv    converter

	info    video.Info
	track   int // the one that is decoded; -1: none
	base    [2]int
	zero    time.Duration // what the container calls the time of the file's start
	step    time.Duration // a frame's length, as far as known
	last    time.Duration // time of the last frame, -1 before the first
	end     time.Duration // the latest end of a packet, of any track that is read
	idle    int
	offset  int64 // of the last packet that went into the decoder
	res     video.Result
	counted bool // the index told how many samples there are
}

// Decode implements [video.Decoder]. Once a call into FFmpeg runs, only its reads can be stopped: a decoder that spins
// without reading is beyond the reach of the context and of the limit of time. Package jail is the remedy.
func (d Decoder) Decode(ctx context.Context, src video.Source, want video.Want, onInfo func(*video.Info) error, onFrame func(*video.Frame) error) (*video.Result, error) {
	lim := want.Limits.WithDefaults()
	demuxer, ok := demuxers[src.Format]
	if !ok || src.Data == nil || src.Size < 0 {
		return nil, &video.Error{Reason: video.ReasonFormat, Detail: fmt.Sprintf("no demuxer for the container %q", src.Format)}
	}
	input := astiav.FindInputFormat(demuxer)
	if input == nil {
		return nil, &video.Error{Reason: video.ReasonUnavailable, Detail: "this FFmpeg was built without the demuxer " + demuxer}
	}
	ctx, cancel := context.WithTimeout(ctx, lim.DecodeTime)
	defer cancel()

	astiav.SetLogLevel(astiav.LogLevelQuiet) // and never a log callback: the binding's formats into a fixed buffer
	limitAllocations(lim.Pixels)
	s := &session{ctx: ctx, in: newReader(ctx, src, lim), lim: lim, mode: want.Mode, onFrame: onFrame, demuxer: demuxer, track: -1, last: -1}

	pb, err := astiav.AllocIOContext(ioBuffer, false, s.in.read, s.in.seek, nil)
	if err != nil {
		return nil, noMemory(err)
	}
	defer pb.Free()
	s.format = astiav.AllocFormatContext()
	if s.format == nil {
		return nil, noMemory(nil)
	}
	defer s.format.Free()
	s.format.SetPb(pb)
	s.format.SetFlags(s.format.Flags().Add(astiav.FormatContextFlagCustomIo))
	refuseFiles(s.format)
	options, err := openOptions(demuxer, input, lim)
	defer options.Free()
	if err != nil {
		return nil, noMemory(err)
	}
	if err := s.format.OpenInput("", input, options); err != nil {
		return nil, s.failed("reading the container", err) // the context is freed already; Free above is a no-op then
	}
	defer s.format.CloseInput()
	if err := s.open(); err != nil {
		return nil, err
	}
	s.in.opened()
	if err := onInfo(&s.info); err != nil {
		return &s.res, err
	}
	return s.run(d.threads(), want.Track)
}

func (d Decoder) threads() int { return min(max(d.Threads, 1), maxThreads) }

func openOptions(demuxer string, input *astiav.InputFormat, lim video.Limits) (*astiav.Dictionary, error) {
	d := astiav.NewDictionary()
	for _, o := range [][2]string{
		{"protocol_whitelist", ""},         // no protocol at all
		{"format_whitelist", input.Name()}, // no demuxer inside the demuxer
		{"probesize", strconv.FormatInt(min(max(lim.ProbeBytes, probeLeast), probeSize), 10)},
		{"analyzeduration", strconv.FormatInt(lim.OpenDuration.Microseconds(), 10)},
		// One more than the limit, so that one past it is seen as such; libavformat's own answer is "no memory".
		{"max_streams", strconv.Itoa(lim.Tracks + 1)},
	} {
		if err := d.Set(o[0], o[1], 0); err != nil {
			return d, err
		}
	}
	if demuxer == "mov" {
		return d, d.Set("enable_drefs", "0", 0) // media in another file is not read
	}
	return d, nil
}

// open reads the tracks and fills the info.
func (s *session) open() error {
	if err := s.checkTracks(); err != nil {
		return err
	}
	if err := findInfo(s.format, padded(s.lim.Pixels)); err != nil {
		return s.failed("finding the tracks", err)
	}
	if s.in.err != nil {
		return s.in.err // a limit or an I/O error that libavformat took for the end
	}
	if err := s.checkTracks(); err != nil {
		return err
	}
	s.describe()
	return nil
}

func (s *session) checkTracks() error {
	if n := s.format.NbStreams(); n > s.lim.Tracks {
		return &video.Error{Reason: video.ReasonLimit, Detail: fmt.Sprintf("more than %d tracks", s.lim.Tracks)}
	}
	return nil
}

// run chooses the track, opens its codec and decodes to the end.
func (s *session) run(threads, wanted int) (*video.Result, error) {
	if s.mode == video.InfoOnly {
		return &s.res, nil
	}
	stream, err := s.choose(wanted)
	if err != nil || stream == nil {
		return &s.res, err
	}
	par := stream.CodecParameters()
	if w, h := int64(par.Width()), int64(par.Height()); w > 0 && h > 0 && w > s.lim.Pixels/h {
		return &s.res, tooManyPixels(par.Width(), par.Height(), s.lim)
	}
	decoder := astiav.FindDecoder(par.CodecID())
	if decoder == nil {
		return &s.res, &video.Error{Reason: video.ReasonFormat, Detail: "no decoder for the codec " + par.CodecID().Name()}
	}
	s.codec = astiav.AllocCodecContext(decoder)
	s.packet, s.frame = astiav.AllocPacket(), astiav.AllocFrame()
	defer func() {
		if s.packet != nil {
			s.packet.Free()
		}
		if s.frame != nil {
			s.frame.Free()
		}
		s.conv.free()
		if s.codec != nil {
			s.codec.Free()
		}
	}()
	if s.codec == nil || s.packet == nil || s.frame == nil {
		return &s.res, noMemory(nil)
	}
	if err := s.openCodec(decoder, par, threads); err != nil {
		return &s.res, err
	}
	s.selectTracks(stream)
	err = s.loop()
	s.finish()
	return &s.res, err
}

func (s *session) openCodec(decoder *astiav.Codec, par *astiav.CodecParameters, threads int) error {
	if err := par.ToCodecContext(s.codec); err != nil {
		return s.failed("preparing the decoder", err)
	}
	s.codec.SetThreadCount(threads)
	options := astiav.NewDictionary()
	defer options.Free()
	set := [][2]string{{"max_pixels", strconv.FormatInt(padded(s.lim.Pixels), 10)}}
	if s.mode == video.KeyFrames {
		set = append(set, [2]string{"skip_frame", "nokey"})
	}
	for _, o := range set {
		if err := options.Set(o[0], o[1], 0); err != nil {
			return noMemory(err)
		}
	}
	if err := s.codec.Open(decoder, options); err != nil {
		return s.failed("opening the decoder", err)
	}
	return nil
}

// choose finds the track to decode; nil where the file has no video.
func (s *session) choose(wanted int) (*astiav.Stream, error) {
	streams := s.format.Streams()
	if wanted >= 0 {
		if wanted >= len(s.info.Tracks) || s.info.Tracks[wanted].Kind != kindVideo {
			return nil, &video.Error{Reason: video.ReasonFormat, Detail: fmt.Sprintf("track %d is no video track", wanted)}
		}
		s.track = wanted
	} else {
		if best, _, err := s.format.FindBestStream(astiav.MediaTypeVideo, -1, -1); err == nil && s.info.Tracks[best.Index()].Kind == kindVideo {
			s.track = best.Index()
		} else {
			for i, t := range s.info.Tracks {
				if t.Kind == kindVideo {
					s.track = i
					break
				}
			}
		}
		if s.track < 0 {
			return nil, nil
		}
	}
	return streams[s.track], nil
}

// selectTracks lets the demuxer skip what is not looked at. Where no index tells the places of samples, the other
// tracks are read too (not decoded): the container makes us read past them anyway.
func (s *session) selectTracks(stream *astiav.Stream) {
	for _, other := range s.format.Streams() {
		if other.Index() != s.track && sampleIndex(s.demuxer) {
			other.SetDiscard(astiav.DiscardAll)
		}
	}
	tb := stream.TimeBase()
	s.base = [2]int{tb.Num(), tb.Den()}
	rate := s.info.Tracks[s.track].FrameRate
	s.step = ticksToTime(1, rate[1], rate[0])
	if s.step <= 0 {
		s.step = time.Second / defaultSteps
	}
	if start := s.format.StartTime(); startsAnywhere(s.demuxer) && start != noTime {
		s.zero = ticksToTime(start, 1, 1_000_000)
	}
	s.res.Samples = make([]video.Samples, len(s.info.Tracks))
	for i := range s.res.Samples {
		s.res.Samples[i] = video.Samples{First: -1, Last: -1}
	}
	s.counted = sampleIndex(s.demuxer)
}

// failed explains an error of libavformat or libavcodec, with the reader's own error in front where there is one.
func (s *session) failed(doing string, err error) *video.Error {
	if s.in.err != nil {
		return s.in.err
	}
	reason := video.ReasonFormat
	if errors.Is(err, errNoMemory) {
		reason = video.ReasonLimit
	}
	return &video.Error{Reason: reason, Detail: doing + ": " + err.Error(), Err: err}
}

// padded is the limit of pixels for the decoder, which counts its rows with their padding. What is decoded is held
// against the limit itself before and after.
func padded(pixels int64) int64 {
	const padding, rows = 64, 1 << 16
	return min(pixels, math.MaxInt64/2) + padding*min(pixels, rows)
}

func noMemory(err error) *video.Error {
	return &video.Error{Reason: video.ReasonLimit, Detail: "no memory for the decoder", Err: err}
}

func tooManyPixels(w, h int, lim video.Limits) *video.Error {
	return &video.Error{Reason: video.ReasonLimit, Detail: fmt.Sprintf("a picture of %d × %d, more than %d pixels", w, h, lim.Pixels)}
}
