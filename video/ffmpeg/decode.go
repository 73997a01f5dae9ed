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
	ctx  context.Context
	in   *reader
	lim  video.Limits
	want video.Want
	sink video.Sink

	demuxer string
	format  *astiav.FormatContext
	packet  *astiav.Packet
	frame   *astiav.Frame
	conv    converter
	mixer   mixer

	info    video.Info
	picture *lane         // nil: no track with pictures is decoded
	sound   *lane         // nil: no track with sound is decoded
	zero    time.Duration // what the container calls the time of the file's start
	end     time.Duration // the latest end of a packet, of any track that is read
	idle    int           // attempts in a row that gave no packet
	res     video.Result
	counted bool // the index told how many samples there are
}

// undecoded says why nothing of a container is decoded.
func undecoded(format string) string {
	if format == "" {
		return "the container is not recognized"
	}
	return fmt.Sprintf("video and sound are decoded, and a %s file is neither", format)
}

// Decode implements [video.Decoder]. Once a call into FFmpeg runs, only its reads can be stopped: a decoder that spins
// without reading is beyond the reach of the context and of the limit of time. Package jail is the remedy.
func (d Decoder) Decode(ctx context.Context, src video.Source, want video.Want, sink video.Sink) (*video.Result, error) {
	lim := want.Limits.WithDefaults()
	demuxer, ok := demuxers[src.Format]
	if !ok || src.Data == nil || src.Size < 0 {
		return nil, &video.Error{Reason: video.ReasonFormat, Detail: undecoded(src.Format)}
	}
	input := astiav.FindInputFormat(demuxer)
	if input == nil {
		return nil, &video.Error{Reason: video.ReasonUnavailable, Detail: "this FFmpeg was built without the demuxer " + demuxer}
	}
	ctx, cancel := context.WithTimeout(ctx, lim.DecodeTime)
	defer cancel()

	astiav.SetLogLevel(astiav.LogLevelQuiet) // and never a log callback: the binding's formats into a fixed buffer
	limitAllocations(lim)
	s := &session{ctx: ctx, in: newReader(ctx, src, lim), lim: lim, want: want, sink: sink.WithDefaults(), demuxer: demuxer}

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
	s.info.Picture = s.wanted()
	if err := s.sink.Info(&s.info); err != nil {
		return &s.res, err
	}
	return &s.res, s.run(d.threads())
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
	if err := findInfo(s.format, s.lim); err != nil {
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

// run chooses the tracks, opens their codecs and decodes to the end.
func (s *session) run(threads int) error {
	defer s.free()
	if err := s.choose(threads); err != nil {
		return err
	}
	if s.picture == nil && s.sound == nil {
		return nil
	}
	s.packet, s.frame = astiav.AllocPacket(), astiav.AllocFrame()
	if s.packet == nil || s.frame == nil {
		return noMemory(nil)
	}
	s.selectTracks()
	err := s.loop()
	s.finish()
	return err
}

func (s *session) free() {
	if s.packet != nil {
		s.packet.Free()
	}
	if s.frame != nil {
		s.frame.Free()
	}
	s.conv.free()
	s.picture.free()
	s.sound.free()
}

// selectTracks lets the demuxer skip what is not looked at. Where no index tells the places of samples, the other
// tracks are read too (not decoded): the container makes us read past them anyway.
func (s *session) selectTracks() {
	for _, st := range s.format.Streams() {
		if s.lane(st.Index()) == nil && sampleIndex(s.demuxer) {
			st.SetDiscard(astiav.DiscardAll)
		}
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
