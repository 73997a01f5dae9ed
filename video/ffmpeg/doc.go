// Package ffmpeg decodes video and its sound with FFmpeg 7 (libavformat 61, libavcodec 61) through go-astiav, in this
// process.
//
// FFmpeg reads nothing but the [io.ReaderAt] of the source: no protocol is allowed, no further file can be opened, and
// the demuxer is the one that the caller names, never one that FFmpeg guesses. Nested playlists and external references
// are refused. Limits on pixels, samples, tracks, packets and time are set before anything is decoded.
//
// C code that reads untrusted files belongs into the process of package jail; use [Decoder] directly only for files
// that you trust, or inside a jail of your own. Call [Decoder.Decode].
//
// Without cgo, or with the build tag noffmpeg, Decode returns a [video.Error] with the reason "unavailable".
package ffmpeg

import "github.com/consentry/consentry/video"

// Decoder decodes in this process. The zero value is ready and uses one thread. It is safe for concurrent use.
//
// Pictures are handed out as FFmpeg made them where they are planar YCbCr or grey with 8, 10 or 12 bits. Everything
// else is converted: packed and semi-planar YCbCr to planar with the same subsampling, other depths to the nearest of
// 8, 10 and 12 bits, RGB and palettes to 4:4:4 with the matrix of ITU-R BT.601 and limited range. Alpha is dropped.
//
// Sound becomes planar float32 without resampling or mixing; what is no number becomes 0.
type Decoder struct {
	// Threads is how many threads decode, 1 or 2; 0: 1. The pictures are the same, except for those that are guessed
	// where a stream is damaged: with two threads a guess may use less of the pictures around it.
	Threads int
}

var _ video.Decoder = Decoder{}

// maxThreads bounds [Decoder.Threads]: each further frame thread holds some more pictures in memory.
const maxThreads = 2
