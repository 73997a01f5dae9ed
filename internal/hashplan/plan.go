// Package hashplan computes digests over parts of a file: a content binding becomes an ordered list of byte ranges,
// some with an eight-byte prefix, and the list is read once, in large blocks, in bounded memory.
//
// [Sum] computes one digest and overlaps reading with hashing. [Each] computes very many small ones (the leaves of a
// Merkle tree, the fragments of a file) on all cores, without holding more than a block of the file a core. Both read
// an [io.ReaderAt] and stop when the context ends.
//
// The package knows nothing of containers or of what may be left out; it refuses ranges that are not in ascending order
// or lie outside the file. Start with [Plan] and [Sum].
package hashplan

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
	"sync"

	"github.com/consentry/consentry/internal/readat"
)

// Step is a range of the file that goes into a digest.
type Step struct {
	Offset int64
	Length int64 // 0: the prefix alone
	// Prefix, where not negative, is hashed before the range as eight bytes, most significant first.
	Prefix int64
}

// None is the [Step.Prefix] of a range without a prefix.
const None = int64(-1)

// Plan is what goes into one digest, in order.
type Plan struct {
	Steps []Step
}

// Add appends a range without a prefix; it joins the last range where they touch.
func (p *Plan) Add(offset, length int64) {
	if length == 0 {
		return
	}
	if n := len(p.Steps); n > 0 && p.Steps[n-1].Offset+p.Steps[n-1].Length == offset {
		p.Steps[n-1].Length += length
		return
	}
	p.Steps = append(p.Steps, Step{Offset: offset, Length: length, Prefix: None})
}

// Mark appends a prefix that stands before what is added next at the offset.
func (p *Plan) Mark(value, offset int64) {
	p.Steps = append(p.Steps, Step{Offset: offset, Prefix: value})
}

// Bytes is the number of bytes of the file that go into the digest.
func (p *Plan) Bytes() int64 {
	var n int64
	for _, s := range p.Steps {
		n += s.Length
	}
	return n
}

// ErrOrder says that the ranges of a plan overlap or are not in ascending order, or lie outside the file: a bug of the
// caller.
var ErrOrder = errors.New("hashplan: ranges out of order or outside the file")

// Check reports [ErrOrder] for a plan that cannot be read in one pass over a file of the given size.
func (p *Plan) Check(size int64) error {
	at := int64(0)
	for _, s := range p.Steps {
		if s.Length < 0 || s.Offset < at || s.Offset > size || s.Length > size-s.Offset {
			return fmt.Errorf("%w: %d bytes at offset %d", ErrOrder, s.Length, s.Offset)
		}
		at = s.Offset + s.Length
	}
	return nil
}

const (
	// blockSize is how much one read asks for: large enough that the cost of a call does not show, small enough that
	// a block is still in the processor's cache when it is hashed.
	blockSize = 256 << 10
	// ahead is how many blocks may be read while one is hashed.
	ahead = 4
)

var blocks = sync.Pool{New: func() any { b := make([]byte, blockSize); return &b }}

type block struct {
	buf  *[]byte
	n    int
	step int // index of the step that the block belongs to
	err  error
}

// Sum feeds the plan to h and gives the digest. Reading runs ahead of hashing.
func (p *Plan) Sum(ctx context.Context, r io.ReaderAt, size int64, h hash.Hash) ([]byte, error) {
	if err := p.Check(size); err != nil {
		return nil, err
	}
	if p.Bytes() <= blockSize {
		return p.small(ctx, r, h)
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ch := make(chan block, ahead)
	go p.read(ctx, r, ch)
	next := 0
	var failed error
	for b := range ch {
		if failed == nil && b.err == nil {
			p.marks(h, next, b.step)
			next = b.step + 1
			h.Write((*b.buf)[:b.n])
		} else if failed == nil {
			failed = b.err
			stop()
		}
		if b.buf != nil {
			blocks.Put(b.buf)
		}
	}
	if failed == nil {
		failed = ctx.Err()
	}
	if failed != nil {
		return nil, failed
	}
	p.marks(h, next, len(p.Steps)-1)
	return h.Sum(nil), nil
}

// marks writes the prefixes of the steps from first to last, both included, that have not been written yet.
func (p *Plan) marks(h hash.Hash, first, last int) {
	for i := first; i <= last; i++ {
		mark(h, p.Steps[i].Prefix)
	}
}

func mark(h hash.Hash, prefix int64) {
	if prefix < 0 {
		return
	}
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(prefix))
	h.Write(b[:])
}

// read sends the ranges in blocks. A block belongs to one step.
func (p *Plan) read(ctx context.Context, r io.ReaderAt, ch chan<- block) {
	defer close(ch)
	for i, s := range p.Steps {
		for at, end := s.Offset, s.Offset+s.Length; at < end; {
			b := block{buf: blocks.Get().(*[]byte), step: i}
			b.n = int(min(end-at, blockSize))
			b.err = readat.Full("hashplan", r, (*b.buf)[:b.n], at)
			at += int64(b.n)
			select {
			case ch <- b:
			case <-ctx.Done():
				blocks.Put(b.buf)
				return
			}
			if b.err != nil {
				return
			}
		}
	}
}

// small is Sum for plans that one block holds: no goroutine, few reads.
func (p *Plan) small(ctx context.Context, r io.ReaderAt, h hash.Hash) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	buf := blocks.Get().(*[]byte)
	defer blocks.Put(buf)
	w := window{r: r, buf: *buf}
	if err := w.feed(h, p.Steps); err != nil {
		return nil, err
	}
	return h.Sum(nil), nil
}
