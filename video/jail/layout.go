package jail

import (
	"math"

	"github.com/consentry/consentry/video"
)

const (
	maxSlots   = 4         // pictures under way: one being looked at, one ready, and the decoder one or two ahead
	bigPicture = 32 << 20  // bytes from which two slots are enough
	ringShare  = 2         // the ring may have 1/ringShare of the child's memory limit
	rowAlign   = 64        // bytes; a cache line, and what vector code likes
	maxSide    = 1 << 20   // pixels; far over any codec's, keeps products in an int64
	maxChroma  = 2         // log2 of the chroma subsampling (4:1:0)
	windowSize = 1 << 20   // bytes of one read at most
	firstRead  = 64 << 10  // bytes of a read that does not follow the one before
	maxMessage = 32 << 10  // bytes of a message; one with 64 tracks and their edit lists has 20,000
	maxString  = 128       // bytes of a name
	maxDetail  = 512       // bytes of an explanation
	sampleSize = 4         // bytes of a sample of sound: a little-endian float32
	maxEdits   = 8         // edits of a track that are handed over
	maxNumber  = 1<<31 - 1 // what fits the int of FFmpeg
)

// shape is the size and the sample layout of a picture.
type shape struct {
	width, height int
	depth         int
	chromaX       int
	chromaY       int
	grey          bool
}

// valid says whether a picture of this shape is one that we take: both sides of the socket ask.
func (s shape) valid(pixels int64) bool {
	if s.width < 1 || s.height < 1 || s.width > maxSide || s.height > maxSide || int64(s.width)*int64(s.height) > pixels {
		return false
	}
	if s.depth != 8 && s.depth != 10 && s.depth != 12 {
		return false
	}
	if s.grey {
		return s.chromaX == 0 && s.chromaY == 0
	}
	return s.chromaX >= 0 && s.chromaX <= maxChroma && s.chromaY >= 0 && s.chromaY <= maxChroma
}

// plane is where a component lies in a slot.
type plane struct {
	offset, stride, width, height int
	rowBytes                      int
}

// planes computes the places of the components in a slot, and the bytes that they take. The child never says where
// something lies: both sides compute it. The shape must be valid.
func (s shape) planes() (p [3]plane, n int, bytes int64) {
	sample := 1
	if s.depth > 8 {
		sample = 2
	}
	n = 3
	if s.grey {
		n = 1
	}
	at := 0
	for i := range n {
		w, h := s.width, s.height
		if i > 0 {
			w, h = (w+1<<s.chromaX-1)>>s.chromaX, (h+1<<s.chromaY-1)>>s.chromaY
		}
		row := w * sample
		p[i] = plane{offset: at, stride: align(row), width: w, height: h, rowBytes: row}
		at += p[i].stride * h
	}
	return p, n, int64(at)
}

func align(n int) int { return (n + rowAlign - 1) &^ (rowAlign - 1) }

// slotCap is the largest slot that can be asked for: a picture with all the pixels that the limits allow, three full
// components of two bytes, in the worst shape for the padding of rows that fits the limit on a side; or a block of sound
// with all the samples that they allow.
func slotCap(lim video.Limits) int64 {
	if lim.Pixels > math.MaxInt64/16 || int64(lim.BlockSamples) > math.MaxInt64/sampleSize {
		return math.MaxInt64
	}
	rows := min(lim.Pixels, maxSide)
	return max(3*(2*lim.Pixels+rows*rowAlign), int64(lim.BlockSamples)*sampleSize)
}

// slotsFor says how many slots of a size a ring gets within the limits; 0: not even one.
func slotsFor(slot int64, lim video.Limits) int {
	if slot < 1 || slot > slotCap(lim) {
		return 0
	}
	n := int64(maxSlots)
	if slot >= bigPicture {
		n = 2
	}
	return int(min(n, lim.MemoryBytes/ringShare/slot))
}

// frame makes the view of a slot's bytes.
func (s shape) frame(slot []byte) (video.Frame, bool) {
	p, n, bytes := s.planes()
	if bytes > int64(len(slot)) {
		return video.Frame{}, false
	}
	f := video.Frame{Width: s.width, Height: s.height, BitDepth: s.depth, ChromaX: s.chromaX, ChromaY: s.chromaY}
	out := [3]*video.Plane{&f.Y, &f.Cb, &f.Cr}
	for i := range n {
		end := p[i].offset + p[i].stride*(p[i].height-1) + p[i].rowBytes
		*out[i] = video.Plane{Data: slot[p[i].offset:end:end], Stride: p[i].stride, Width: p[i].width, Height: p[i].height}
	}
	return f, true
}

// shapeOf is the shape of a frame that a decoder handed out.
func shapeOf(f *video.Frame) shape {
	return shape{
		width: f.Width, height: f.Height, depth: f.BitDepth,
		chromaX: f.ChromaX, chromaY: f.ChromaY, grey: f.Cb.Data == nil && f.Cr.Data == nil,
	}
}

// copyFrame puts a frame into a slot; false where the frame is not what its header says.
func (s shape) copyFrame(slot []byte, f *video.Frame) bool {
	p, n, bytes := s.planes()
	if bytes > int64(len(slot)) {
		return false
	}
	in := [3]*video.Plane{&f.Y, &f.Cb, &f.Cr}
	for i := range n {
		from, to := in[i], p[i]
		if from.Width != to.width || from.Height != to.height || from.Stride < to.rowBytes ||
			len(from.Data) < from.Stride*(to.height-1)+to.rowBytes {
			return false
		}
		if from.Stride == to.stride {
			copy(slot[to.offset:to.offset+to.stride*(to.height-1)+to.rowBytes], from.Data)
			continue
		}
		for y := range to.height {
			copy(slot[to.offset+y*to.stride:][:to.rowBytes], from.Data[y*from.Stride:])
		}
	}
	return true
}
