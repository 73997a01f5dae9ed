// Package accuracy measures how often the detectors of marks are right: clips that look like a camera's are made by
// code, marked or not, encoded by the system's ffmpeg program and looked at. The encodes are kept in the user's cache
// folder, so that a second run only looks. "make accuracy" runs it whole; the tests run a part. Start with [Lab].
package accuracy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/consentry/consentry/internal/imwatermark"
	"github.com/consentry/consentry/video"
	"github.com/consentry/consentry/watermark"
)

// Encode is one encoded clip.
type Encode struct {
	Scene         uint64
	Width, Height int
	Frames        int
	Codec         string // a key of [Codecs]
	Quality       int    // CRF, or the quantiser
	Mark          *Mark  // nil: none
}

// Mark is what a clip is marked with.
type Mark struct {
	Name    string
	Way     imwatermark.Way
	Message watermark.Message
}

// Codecs are the encoders' arguments; the quality follows the last one. Every clip has one key frame, the first.
var Codecs = map[string][]string{
	"x264":  {"-c:v", "libx264", "-preset", "medium", "-g", "250", "-sc_threshold", "0", "-crf"},
	"x265":  {"-c:v", "libx265", "-preset", "fast", "-x265-params", "log-level=none:keyint=250:scenecut=0:pools=1", "-crf"},
	"vp9":   {"-c:v", "libvpx-vp9", "-cpu-used", "4", "-g", "250", "-b:v", "0", "-crf"},
	"mpeg4": {"-c:v", "mpeg4", "-g", "250", "-q:v"},
	"mjpeg": {"-c:v", "mjpeg", "-huffman", "0", "-q:v"},
	"quick": {"-c:v", "libx264", "-preset", "veryfast", "-g", "250", "-sc_threshold", "0", "-crf"},
	"av1":   {"-c:v", "libsvtav1", "-preset", "8", "-g", "250", "-crf"},
}

// frameRate is that of all clips.
const frameRate = 24

func (e *Encode) name() string {
	mark := "unmarked"
	if e.Mark != nil {
		mark = e.Mark.Name
	}
	return fmt.Sprintf("v%d-%d-%dx%dx%d-%s-%d-%s.mkv", sceneVersion, e.Scene, e.Width, e.Height, e.Frames, e.Codec, e.Quality, mark)
}

// Lab makes encodes and looks at them.
type Lab struct {
	FFmpeg string // the program
	Cache  string // folder for the encodes
}

// errNoProgram says that there is nothing to encode with.
var errNoProgram = errors.New("no ffmpeg program: install the distribution's package")

// NewLab finds the program and the cache folder.
func NewLab() (*Lab, error) {
	program, err := exec.LookPath("ffmpeg")
	if err != nil {
		return nil, errNoProgram
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return nil, err
	}
	dir = filepath.Join(dir, "consentry", "accuracy")
	return &Lab{FFmpeg: program, Cache: dir}, os.MkdirAll(dir, 0o755)
}

// Look makes the encode, unless it is in the cache, and looks at all of its frames.
func (l *Lab) Look(ctx context.Context, e Encode) (*watermark.Result, error) {
	file := filepath.Join(l.Cache, e.name())
	if _, err := os.Stat(file); err != nil {
		if err := l.encode(ctx, e, file); err != nil {
			return nil, err
		}
	}
	out, err := l.run(ctx, nil, "-i", file, "-f", "rawvideo", "-pix_fmt", "yuv420p", "-")
	if err != nil {
		return nil, err
	}
	cw, ch := (e.Width+1)/2, (e.Height+1)/2
	size := e.Width*e.Height + 2*cw*ch
	if len(out) == 0 || len(out)%size != 0 {
		return nil, fmt.Errorf("%s: %d bytes of %d to a frame", e.name(), len(out), size)
	}
	d := watermark.New(watermark.Options{})
	for n := 0; n*size < len(out); n++ {
		data := out[n*size : (n+1)*size]
		chroma := data[e.Width*e.Height:]
		f := &video.Frame{
			Index: int64(n), Time: time.Duration(n) * time.Second / frameRate, Key: n == 0 || e.Codec == "mjpeg",
			Width: e.Width, Height: e.Height, BitDepth: 8, ChromaX: 1, ChromaY: 1,
			Y:  video.Plane{Data: data[:e.Width*e.Height], Stride: e.Width, Width: e.Width, Height: e.Height},
			Cb: video.Plane{Data: chroma[:cw*ch], Stride: cw, Width: cw, Height: ch},
			Cr: video.Plane{Data: chroma[cw*ch:], Stride: cw, Width: cw, Height: ch},
		}
		if err := d.Frame(f); err != nil {
			return nil, err
		}
	}
	return d.End(0), nil
}

// Unmarked hands out the frames of a clip without a mark, as they are before an encoder: key frames in 4:2:0, BT.601.
// Each number is another clip.
func Unmarked(number uint64, width, height, frames int, each func(*video.Frame) error) error {
	s := newScene(number, width, height)
	cw, ch := (width+1)/2, (height+1)/2
	f := &video.Frame{
		Key: true, Width: width, Height: height, BitDepth: 8, ChromaX: 1, ChromaY: 1, Color: video.Color{Matrix: 6},
		Y:  video.Plane{Data: make([]byte, width*height), Stride: width, Width: width, Height: height},
		Cb: video.Plane{Data: make([]byte, cw*ch), Stride: cw, Width: cw, Height: ch},
		Cr: video.Plane{Data: make([]byte, cw*ch), Stride: cw, Width: cw, Height: ch},
	}
	for n := range frames {
		p := s.frame(n)
		for i := range f.Y.Data {
			r, g, b := float64(p.Pix[3*i]), float64(p.Pix[3*i+1]), float64(p.Pix[3*i+2])
			luma := 0.299*r + 0.587*g + 0.114*b
			f.Y.Data[i] = byte(16.5 + luma*219/255)
			if x, y := i%width, i/width; x%2 == 0 && y%2 == 0 { // left-sited, one of four
				f.Cb.Data[y/2*cw+x/2] = byte(128.5 + (b-luma)/1.772*224/255)
				f.Cr.Data[y/2*cw+x/2] = byte(128.5 + (r-luma)/1.402*224/255)
			}
		}
		f.Index, f.Time = int64(n), time.Duration(n)*time.Second/frameRate
		if err := each(f); err != nil {
			return err
		}
	}
	return nil
}

func (l *Lab) encode(ctx context.Context, e Encode, file string) error {
	codec, ok := Codecs[e.Codec]
	if !ok {
		return fmt.Errorf("no codec %q", e.Codec)
	}
	var raw bytes.Buffer
	s := newScene(e.Scene, e.Width, e.Height)
	for n := range e.Frames {
		p := s.frame(n)
		if e.Mark != nil {
			p = imwatermark.Mark(p, e.Mark.Way, bitsOf(e.Mark.Message), true)
		}
		raw.Write(p.Pix)
	}
	// A name of its own until it is whole: several tests may make the same clip at once.
	part, err := os.CreateTemp(l.Cache, "part-*.mkv")
	if err != nil {
		return err
	}
	defer os.Remove(part.Name())
	if err := part.Close(); err != nil {
		return err
	}
	args := []string{"-f", "rawvideo", "-pix_fmt", "rgb24", "-s", fmt.Sprintf("%dx%d", e.Width, e.Height), "-r", fmt.Sprint(frameRate), "-i", "-"}
	args = append(append(args, codec...), fmt.Sprint(e.Quality), "-pix_fmt", "yuv420p", "-threads", "1", "-y", part.Name())
	if _, err := l.run(ctx, &raw, args...); err != nil {
		return err
	}
	return os.Rename(part.Name(), file)
}

func (l *Lab) run(ctx context.Context, in io.Reader, args ...string) ([]byte, error) {
	c := exec.CommandContext(ctx, l.FFmpeg, append([]string{"-hide_banner", "-v", "error"}, args...)...)
	var out, talk bytes.Buffer
	c.Stdin, c.Stdout, c.Stderr = in, &out, &talk
	if err := c.Run(); err != nil {
		return nil, fmt.Errorf("ffmpeg: %w: %.500s", err, talk.String())
	}
	return out.Bytes(), nil
}

// bitsOf are the bits of a message in the order in which blocks carry them.
func bitsOf(m watermark.Message) []bool {
	out := make([]bool, m.Bits)
	for i := range out {
		n := i + 8*len(m.Value) - m.Bits
		out[i] = m.Value[n/8]>>(7-n%8)&1 == 1
	}
	return out
}
