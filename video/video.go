// Package video says what a decoded video is: tracks, frames, sound, and the interface of a decoder. It holds no decoder:
// video/ffmpeg has one in this process, video/jail has the same one in a child process. It refuses to own pixels and
// samples: they are lent to a callback and are gone when it returns. Start with [Decoder].
package video

import (
	"context"
	"io"
	"time"
)

// Mode says how much of a video is decoded.
type Mode int

// The modes. The zero value decodes nothing and only reads the tracks.
const (
	InfoOnly  Mode = iota
	KeyFrames      // key frames only
	AllFrames
)

// Limits bound a decode. They are set before the first packet is read; zero fields mean [DefaultLimits].
type Limits struct {
	Pixels       int64         // width × height of a frame
	Tracks       int           // streams in the container
	IdlePackets  int           // packets in a row that give no frame
	Frames       int64         // frames handed out
	Channels     int           // of an audio track
	SampleRate   int           // of an audio track, Hz
	BlockSamples int           // of all channels, in one block of sound as the codec makes it
	Samples      int64         // of each channel, handed out
	DecodeTime   time.Duration // wall time for the whole decode, callbacks included
	MemoryBytes  int64         // memory that the jailed child may write to
	ProbeBytes   int64         // bytes read to find the tracks
	OpenDuration time.Duration // wall time to read the tracks
}

// DefaultLimits are those that a zero [Limits] stands for.
var DefaultLimits = Limits{
	Pixels: 8192 * 8192, Tracks: 64, IdlePackets: 4096, Frames: 1 << 20, DecodeTime: 10 * time.Minute,
	MemoryBytes: 4 << 30, ProbeBytes: 64 << 20, OpenDuration: 30 * time.Second,
	Channels: 64, SampleRate: 384_000, BlockSamples: 1 << 22, Samples: 1 << 31,
}

// Source is what is decoded: the very reader that is hashed.
type Source struct {
	Data   io.ReaderAt
	Size   int64  // bytes
	Format string // container by content ("mp4", "mov", "matroska", "avi", …); it forces the demuxer, empty is refused
}

// Decoder reads tracks, frames and sound. Decode calls sink.Info once before anything else, then sink.Frame for each
// frame and sink.Audio for each block of sound, each in the order of the decoder's output; how the two interleave is up
// to the container. An error of a callback ends the decode and is returned. A damaged stream gives what it has and
// [Result].Broken. The error is an [*Error] where the decoder could not do its work (crash, hang, limit, unknown
// format): what needs pixels was not checked then, or only up to the frame that the result, never nil once sink.Info
// was called, counts last. A file without a video track has no frames and no error. What is wrong with the audio track
// alone is no error: [Sound].Failed says it, and the frames go on.
type Decoder interface {
	Decode(ctx context.Context, src Source, want Want, sink Sink) (*Result, error)
}

// Sink takes what a decoder gives. What has no function is not handed out. All are called one after the other.
type Sink struct {
	Info  func(*Info) error
	Frame func(*Frame) error
	Audio func(*Audio) error
}

// WithDefaults returns the sink with functions that do nothing in place of those that are missing.
func (s Sink) WithDefaults() Sink {
	if s.Info == nil {
		s.Info = func(*Info) error { return nil }
	}
	if s.Frame == nil {
		s.Frame = func(*Frame) error { return nil }
	}
	if s.Audio == nil {
		s.Audio = func(*Audio) error { return nil }
	}
	return s
}

// Want says what to decode.
type Want struct {
	Mode       Mode
	Track      int  // index into Info.Tracks of the video track; -1: the best one
	Audio      bool // decode an audio track, too; with InfoOnly: nothing else
	AudioTrack int  // index into Info.Tracks of that track; -1: the one that goes best with the video track
	Limits     Limits
}

// WithDefaults returns the limits with [DefaultLimits] in place of zero and negative fields.
func (l Limits) WithDefaults() Limits {
	d := DefaultLimits
	return Limits{
		Pixels: positive(l.Pixels, d.Pixels), Tracks: positive(l.Tracks, d.Tracks),
		IdlePackets: positive(l.IdlePackets, d.IdlePackets), Frames: positive(l.Frames, d.Frames),
		DecodeTime: positive(l.DecodeTime, d.DecodeTime), MemoryBytes: positive(l.MemoryBytes, d.MemoryBytes),
		ProbeBytes: positive(l.ProbeBytes, d.ProbeBytes), OpenDuration: positive(l.OpenDuration, d.OpenDuration),
		Channels: positive(l.Channels, d.Channels), SampleRate: positive(l.SampleRate, d.SampleRate),
		BlockSamples: positive(l.BlockSamples, d.BlockSamples), Samples: positive(l.Samples, d.Samples),
	}
}

func positive[T ~int | ~int64](v, otherwise T) T {
	if v > 0 {
		return v
	}
	return otherwise
}

// Info is what the container says before a frame is decoded.
type Info struct {
	Format      string // the demuxer's name
	Duration    time.Duration
	Tracks      []Track
	Picture     int // index into Tracks of the track whose frames are handed out; -1: none is
	Tags        Tags
	Confinement Confinement
}

// Tags are texts about the content as the demuxer gives them, those of the container first. They are the file's own
// words: any bytes.
type Tags struct {
	List []Tag
	More bool // there are more than [MaxTags], or texts were cut at [MaxTag]
}

// Tag is one of them.
type Tag struct {
	Track       int // index into Info.Tracks; -1: of the container
	Name, Value string
}

// Limits of tags: a file has a dozen, and whoever compares them needs a name and the beginning of a text.
const (
	MaxTags = 32
	MaxTag  = 128 // bytes of a name, and of a value
)

// Confinement says what held the decoder while it read the file. The zero value: nothing, it ran in this process.
type Confinement struct {
	Process  bool     // a process of its own, with limits of memory and time, killed at the deadline
	Network  bool     // in a network namespace of its own, with no way out
	Files    bool     // Landlock: no file but the system's libraries could be opened
	Syscalls bool     // seccomp: an allow-list of system calls without open, socket and exec
	Missing  []string // what the system did not grant, and why
}

// Track is one elementary stream.
type Track struct {
	Index        int
	ID           int64  // the container's own number (MP4 track_ID)
	Kind         string // video, audio, text, data; picture: a still picture that goes with the asset, such as a cover
	Codec        string // "h264", "aac", …
	Duration     time.Duration
	TimeBase     [2]int // numerator, denominator: seconds per tick
	FrameCount   int64  // as declared; 0: unknown
	Width        int    // coded pixels
	Height       int
	Rotation     int    // degrees clockwise that a player turns the picture: 0, 90, 180, 270
	Mirrored     bool   // a player flips the picture left to right before it turns it
	SampleAspect [2]int // 0:0 or 1:1: square
	FrameRate    [2]int // average, frames per second
	Color        Color
	SampleRate   int // audio, Hz
	Channels     int
	EditList     []Edit // empty: none declared, or not known
	Sample       Samples
}

// Samples says where the demuxer sees the media of a track, to be held against the bound ranges. [Info] has those of
// containers with an index of all samples (MP4 without fragments), [Result] what was known or seen at the end.
type Samples struct {
	Count       int64
	First, Last int64 // byte offset of the first sample, and of the byte after the last; -1: unknown
}

// Edit is one entry of an edit list, in the movie's time: shown for Duration, from MediaTime of the track.
// MediaTime below zero is an empty edit.
type Edit struct {
	Duration, MediaTime time.Duration
	Rate                float64
}

// Color says how samples are read (ITU-T H.273 numbers).
type Color struct {
	Primaries, Transfer, Matrix int
	FullRange                   bool
}

// Frame is one decoded picture. Planes are borrowed until the callback returns. Whoever reads samples of more than 8
// bits must stand values above the depth: the bytes come from a process that reads untrusted files.
type Frame struct {
	Index     int64
	Time      time.Duration // presentation time, edit lists applied
	Key       bool
	Width     int // pixels
	Height    int
	BitDepth  int   // 8, 10, 12; above 8 each sample is two bytes, little-endian, in the low bits
	Y, Cb, Cr Plane // Cb and Cr are empty for grey pictures; RGB sources are converted to YCbCr
	ChromaX   int   // log2 of the horizontal chroma subsampling
	ChromaY   int
	Color     Color
	Corrupt   bool // the decoder says that it repaired or guessed
}

// Plane is one component: row y starts at Data[y*Stride].
type Plane struct {
	Data          []byte
	Stride        int // bytes
	Width, Height int // samples
}

// Holds says whether the plane has w × h samples of the given depth, whatever its fields claim: the bytes come from a
// process that reads untrusted files.
func (p *Plane) Holds(depth, w, h int) bool {
	bytes := 1
	if depth > 8 {
		bytes = 2
	}
	if w < 1 || h < 1 || p.Width != w || p.Height != h || w > len(p.Data)/bytes {
		return false
	}
	row := w * bytes
	return p.Stride >= row && (len(p.Data)-row)/p.Stride >= h-1
}

// Audio is a run of decoded samples of one track. Rate and channels may change from one block to the next.
type Audio struct {
	Index   int64         // blocks before this one
	Track   int           // index into Info.Tracks
	Time    time.Duration // presentation time of the first sample, edit lists and the encoder's delay applied
	Rate    int           // samples of a channel per second
	Samples int           // of each channel
	// Planes has the samples by channel, full scale at -1 and 1; formats that may go beyond do so, but every value is
	// finite. Integer samples of up to 24 bits are exact, longer ones are rounded. The planes are borrowed until the
	// callback returns, and nothing else writes to them before.
	Planes  [][]float32
	Corrupt bool // the decoder says that it repaired or guessed
}

// Result says how a decode ended.
type Result struct {
	Frames  int64
	Key     int64
	Broken  *Broken   // nil: read to the end
	Packets int64     // of the video track that was decoded
	Samples []Samples // by track; empty: nothing was read
	Sound   Sound
}

// Sound says how the decode of the audio track ended.
type Sound struct {
	Blocks  int64
	Samples int64   // of each channel, handed out
	Packets int64   // of the track
	Broken  *Broken // nil: read to the end
	Failed  *Error  // why the track was not decoded, or no further; nil: it was, or there is none
}

// Broken says where a stream could not be decoded further, or from where it has holes.
type Broken struct {
	Time   time.Duration // presentation time near the break
	Offset int64         // byte offset of the packet; -1: unknown
	Why    string
}

// The reasons of an [Error].
const (
	ReasonCrash       = "crash"       // the decoder died
	ReasonTimeout     = "timeout"     // it did not finish in time
	ReasonLimit       = "limit"       // one of our limits was reached
	ReasonFormat      = "format"      // the container, the codec or the track is not one that it reads
	ReasonIO          = "io"          // the asset could not be read
	ReasonProtocol    = "protocol"    // the jailed decoder said something that it must not say
	ReasonUnavailable = "unavailable" // this binary or this system has no decoder, or no jail for it
	ReasonCancelled   = "cancelled"   // the caller gave up
)

// Error says why a decoder could not do its work.
type Error struct {
	Reason string // one of the constants above
	Detail string
	Err    error
}

func (e *Error) Error() string {
	s := "not analysed: " + e.Reason
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }
