//go:build cgo && !noffmpeg

package ffmpeg

import (
	"errors"
	"fmt"
	"unsafe"

	"github.com/asticode/go-astiav"

	"github.com/consentry/consentry/video"
)

var errPicture = errors.New("the decoder's picture is not laid out as its format says")

// converter makes a [video.Frame] of a decoded picture: a view of it where its format allows, else of a copy that it
// keeps until the next picture.
type converter struct {
	scale *astiav.SoftwareScaleContext
	out   *astiav.Frame
	key   [3]int // width, height, pixel format that scale and out are for
	to    layout
	flip  [3][]byte
}

func (c *converter) free() {
	if c.scale != nil {
		c.scale.Free()
		c.scale = nil
	}
	if c.out != nil {
		c.out.Free()
		c.out = nil
	}
	c.key = [3]int{}
}

func (c *converter) frame(src *astiav.Frame, p picture) (*video.Frame, error) {
	l := layoutOf(p.format)
	if !l.known {
		return nil, fmt.Errorf("pixel format %d", p.format)
	}
	color := p.color
	color.FullRange = color.FullRange || l.fullRange
	if !l.direct {
		if err := c.prepare(p, l); err != nil {
			return nil, err
		}
		if err := c.scale.ScaleFrame(src, c.out); err != nil {
			return nil, err
		}
		if l.rgb {
			color.Matrix, color.FullRange = matrix601, false
		}
		converted := header(c.out)
		p.data, p.stride, l = converted.data, converted.stride, c.to
	}
	f := &video.Frame{
		Width: p.width, Height: p.height, BitDepth: l.depth,
		ChromaX: l.chromaX, ChromaY: l.chromaY, Color: color,
	}
	planes := []*video.Plane{&f.Y, &f.Cb, &f.Cr}
	if l.grey {
		planes = planes[:1]
	}
	for i, plane := range planes {
		w, h := p.width, p.height
		if i > 0 {
			w, h = subsampled(w, l.chromaX), subsampled(h, l.chromaY)
		}
		data, stride, ok := view(p.data[i], p.stride[i], w*bytesPerSample(l.depth), h, &c.flip[i])
		if !ok {
			return nil, errPicture
		}
		*plane = video.Plane{Data: data, Stride: stride, Width: w, Height: h}
	}
	return f, nil
}

// matrix601 is the number of ITU-R BT.601's matrix in ITU-T H.273, table 4: what RGB is converted with.
const matrix601 = 6

// prepare makes the conversion for pictures of this size and format.
func (c *converter) prepare(p picture, from layout) error {
	key := [3]int{p.width, p.height, p.format}
	if c.scale != nil && c.key == key {
		return nil
	}
	c.free()
	target := astiav.FindPixelFormatByName(targetFormat(from))
	c.to = layoutOf(int(target))
	if !c.to.direct {
		return fmt.Errorf("no conversion to %s", targetFormat(from))
	}
	var err error
	c.scale, err = astiav.CreateSoftwareScaleContext(p.width, p.height, astiav.PixelFormat(p.format), p.width, p.height, target,
		astiav.NewSoftwareScaleContextFlags(astiav.SoftwareScaleContextFlag(scaleFlags)))
	if err != nil {
		return err
	}
	c.out = astiav.AllocFrame()
	if c.out == nil {
		return errNoMemory
	}
	c.out.SetWidth(p.width)
	c.out.SetHeight(p.height)
	c.out.SetPixelFormat(target)
	if err := c.out.AllocBuffer(0); err != nil {
		return err
	}
	c.key = key
	return nil
}

// targetFormat names the planar format that a picture is converted to.
func targetFormat(l layout) string {
	deep := ""
	switch {
	case l.depth > 10:
		deep = "12le"
	case l.depth > 8:
		deep = "10le"
	}
	if l.grey && !l.rgb {
		return "gray" + deep
	}
	sampling := "444"
	switch {
	case l.rgb:
	case l.chromaX == 1 && l.chromaY == 1:
		sampling = "420"
	case l.chromaX == 1 && l.chromaY == 0:
		sampling = "422"
	case l.chromaX == 2 && l.chromaY == 0 && deep == "":
		sampling = "411"
	case l.chromaX == 2 && l.chromaY == 2 && deep == "":
		sampling = "410"
	}
	return "yuv" + sampling + "p" + deep
}

// subsampled is a picture's side in chroma samples: rounded up.
func subsampled(n, shift int) int { return (n + 1<<shift - 1) >> shift }

// view lends the rows of a plane. A picture that is stored bottom-up is copied into flip, in reading order.
func view(data unsafe.Pointer, stride, rowBytes, rows int, flip *[]byte) ([]byte, int, bool) {
	if data == nil || rows <= 0 || rowBytes <= 0 || (rows > 1 && abs(stride) < rowBytes) {
		return nil, 0, false
	}
	if stride >= 0 {
		return unsafe.Slice((*byte)(data), stride*(rows-1)+rowBytes), max(stride, rowBytes), true
	}
	if len(*flip) < rowBytes*rows {
		*flip = make([]byte, rowBytes*rows)
	}
	out := (*flip)[:rowBytes*rows]
	for y := range rows {
		copy(out[y*rowBytes:], unsafe.Slice((*byte)(unsafe.Add(data, y*stride)), rowBytes))
	}
	return out, rowBytes, true
}

func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}
