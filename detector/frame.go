package detector

import (
	"encoding/binary"
	"encoding/json"
	"io"

	"github.com/consentry/consentry/video"
)

// header is the line in front of a frame's planes.
type header struct {
	Type   string `json:"type"` // frame
	Index  int64  `json:"index"`
	TimeMs int64  `json:"timeMs"`
	Key    bool   `json:"key"`
	// Matrix is that of ITU-T H.273; 2: not told.
	Matrix    int      `json:"matrix"`
	FullRange bool     `json:"fullRange"`
	Planes    []extent `json:"planes"`
	Bytes     int64    `json:"bytes"` // of all planes, which follow the line's end
}

// extent is the size of one plane: rows of bytes without gaps, a byte to a sample.
type extent struct {
	Name   string `json:"name"`
	Width  int    `json:"width"`
	Height int    `json:"height"`
}

// source is one plane of a frame, and what it is scaled to.
type source struct {
	*video.Plane
	extent
	depth int
}

// sources are the planes that a detector wants; false: the frame lacks one, or its planes are not what it says. Frames
// come from a process that reads untrusted files.
func sources(f *video.Frame, w *Wants) ([]source, bool) {
	if f.Width < 1 || f.Height < 1 || f.BitDepth < 8 || f.BitDepth > 16 || f.ChromaX < 0 || f.ChromaX > 2 || f.ChromaY < 0 || f.ChromaY > 2 {
		return nil, false
	}
	width, height := scaled(f.Width, f.Height, w.MaxSide)
	var out []source
	for _, name := range w.Planes {
		s := source{Plane: &f.Y, extent: extent{name, width, height}, depth: f.BitDepth}
		pw, ph := f.Width, f.Height
		if name != "y" {
			s.Plane = &f.Cb
			if name == "cr" {
				s.Plane = &f.Cr
			}
			pw, ph = shifted(f.Width, f.ChromaX), shifted(f.Height, f.ChromaY)
			s.extent.Width, s.extent.Height = shifted(width, f.ChromaX), shifted(height, f.ChromaY)
		}
		if !s.Plane.Holds(f.BitDepth, pw, ph) {
			return nil, false
		}
		out = append(out, s)
	}
	return out, true
}

func shifted(n, by int) int { return (n + 1<<by - 1) >> by }

// scaled is the size of which the longer side is at most so long; 0: any.
func scaled(width, height, most int) (int, int) {
	long := max(width, height)
	if most == 0 || long <= most {
		return width, height
	}
	return max(1, width*most/long), max(1, height*most/long)
}

// writeFrame writes a frame's line and its planes.
func writeFrame(w io.Writer, f *video.Frame, planes []source) error {
	h := header{
		Type: "frame", Index: f.Index, TimeMs: max(0, f.Time.Milliseconds()), Key: f.Key,
		Matrix: f.Color.Matrix, FullRange: f.Color.FullRange,
	}
	for i := range planes {
		e := planes[i].extent
		h.Planes = append(h.Planes, e)
		h.Bytes += int64(e.Width) * int64(e.Height)
	}
	if err := writeLine(w, h); err != nil {
		return err
	}
	var row []byte
	for i := range planes {
		s := &planes[i]
		if len(row) < s.extent.Width {
			row = make([]byte, s.extent.Width)
		}
		for y := range s.extent.Height {
			s.row(y, row[:s.extent.Width])
			if _, err := w.Write(row[:s.extent.Width]); err != nil {
				return err
			}
		}
	}
	return nil
}

// row writes row y of the scaled plane: each sample is the mean of those that it covers.
func (s *source) row(y int, out []byte) {
	if s.depth == 8 && s.Plane.Width == s.extent.Width && s.Plane.Height == s.extent.Height {
		copy(out, s.Data[y*s.Stride:])
		return
	}
	top, bottom := y*s.Plane.Height/s.extent.Height, (y+1)*s.Plane.Height/s.extent.Height
	for x := range out {
		left, right := x*s.Plane.Width/s.extent.Width, (x+1)*s.Plane.Width/s.extent.Width
		sum, n := int64(0), int64(0)
		for j := top; j < max(bottom, top+1); j++ {
			line := s.Data[j*s.Stride:]
			for i := left; i < max(right, left+1); i++ {
				sum += s.sample(line, i)
				n++
			}
		}
		out[x] = byte((sum + n/2) / n)
	}
}

// sample is one value in eight bits; above the depth nothing is believed.
func (s *source) sample(line []byte, i int) int64 {
	if s.depth == 8 {
		return int64(line[i])
	}
	return min(int64(binary.LittleEndian.Uint16(line[2*i:]))>>(s.depth-8), 255)
}

func writeLine(w io.Writer, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = w.Write(append(b, '\n'))
	return err
}
