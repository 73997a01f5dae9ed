package bmff

import (
	"io"
	"slices"
	"sync"

	"github.com/consentry/consentry/internal/readat"
)

// File is the boxes of a file and what is wrong with them.
type File struct {
	Boxes    []*Box // top level, in the order of the file
	Size     int64
	Brand    FourCC   // major brand of the first ftyp or styp; 0: none
	Brands   []FourCC // compatible brands
	Problems []Problem
	// Parsed is the offset behind the last top-level box: what follows, up to Size, is no box.
	Parsed int64

	r   io.ReaderAt
	lim Limits
}

// Find gives the top-level boxes of the type, in the order of the file.
func (f *File) Find(t FourCC) []*Box {
	var out []*Box
	for _, b := range f.Boxes {
		if b.Type == t {
			out = append(out, b)
		}
	}
	return out
}

// First is the first top-level box of the type, or nil.
func (f *File) First(t FourCC) *Box {
	for _, b := range f.Boxes {
		if b.Type == t {
			return b
		}
	}
	return nil
}

// Read gives n bytes at the offset, fewer only where the file ends. n must be bounded by the caller.
func (f *File) Read(offset int64, n int) ([]byte, error) {
	return f.AppendRead(nil, offset, n)
}

// AppendRead is [File.Read] into memory of the caller: it appends to buf.
func (f *File) AppendRead(buf []byte, offset int64, n int) ([]byte, error) {
	if offset < 0 || offset >= f.Size || n <= 0 {
		return buf, nil
	}
	n = int(min(int64(n), f.Size-offset))
	have := len(buf)
	buf = slices.Grow(buf, n)[:have+n]
	if err := readat.Full("bmff", f.r, buf[have:], offset); err != nil {
		return nil, err
	}
	return buf, nil
}

// Expand reads the boxes inside a box that the walk did not keep (those of a movie fragment) and gives a copy of the
// box with them; f itself is unchanged. A box whose inside was kept is returned as it is. The problems are those of
// the inside only.
func (f *File) Expand(b *Box) (*Box, []Problem, error) {
	if b.inner != nil && b.inner.children != nil || !lazy(b.Type) {
		return b, nil, nil
	}
	return newWalker(f.r, f.Size, f.lim).expand(b)
}

func (w *walker) expand(b *Box) (*Box, []Problem, error) {
	defer w.win.release()
	w.keepAll = true
	c := &w.boxes.take(1)[0]
	*c = *b
	if err := w.inside(c); err != nil {
		return nil, nil, err
	}
	return c, w.file.Problems, nil
}

// walkers are for boxes that nobody keeps: a file of many fragments is asked for the samples of each.
var walkers = sync.Pool{New: func() any { return &walker{file: &File{}} }}

// reuse makes a walker as new, but for the memory of its boxes.
func (w *walker) reuse(f *File) {
	*w.file = File{Size: f.Size}
	w.boxes.reuse()
	w.inners.reuse()
	w.lists.reuse()
	*w = walker{win: window{r: f.r, size: f.Size}, file: w.file, lim: f.lim, boxes: w.boxes, inners: w.inners, lists: w.lists, stack: w.stack[:0]}
}
