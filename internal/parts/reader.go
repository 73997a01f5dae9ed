package parts

import (
	"fmt"
	"io"

	"github.com/consentry/consentry/internal/readat"
)

// Reader reads a file at random through a window, so that headers that stand close together cost one read.
type Reader struct {
	Size int64
	r    io.ReaderAt
	buf  []byte
	at   int64
	step int
}

// The window grows while reads follow one another closely, and shrinks when they jump over media.
const (
	windowMin = 4 << 10
	windowMax = 64 << 10
)

// NewReader reads a file of the given size.
func NewReader(r io.ReaderAt, size int64) *Reader { return &Reader{Size: size, r: r} }

// Bytes gives n bytes at the offset. It fails outside the file, which callers exclude before. The slice is valid until
// the next call.
func (r *Reader) Bytes(at, n int64) ([]byte, error) {
	if at < 0 || n < 0 || at > r.Size-n {
		return nil, fmt.Errorf("parts: read of %d bytes at offset %d outside the file: %w", n, at, io.ErrUnexpectedEOF)
	}
	if at >= r.at && at+n <= r.at+int64(len(r.buf)) {
		return r.buf[at-r.at : at-r.at+n], nil
	}
	if near := at >= r.at && at < r.at+int64(len(r.buf))+windowMin; near && len(r.buf) > 0 {
		r.step = min(2*r.step, windowMax)
	} else {
		r.step = windowMin
	}
	want := min(max(int64(r.step), n), r.Size-at)
	if int64(cap(r.buf)) < want {
		r.buf = make([]byte, want, max(want, windowMin))
	}
	r.buf, r.at = r.buf[:want], at
	if err := readat.Full("parts", r.r, r.buf, at); err != nil {
		r.buf = r.buf[:0]
		return nil, err
	}
	return r.buf[:n], nil
}

// Upto gives as many bytes at the offset as there are, at most n: none behind the end of the file.
func (r *Reader) Upto(at, n int64) ([]byte, error) {
	if at >= r.Size {
		return nil, nil
	}
	return r.Bytes(at, max(0, min(n, r.Size-at)))
}
