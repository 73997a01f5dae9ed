package build

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"io"
)

// copyBuffer is how much is read and written at a time.
const copyBuffer = 1 << 20

// write puts all boxes but the store's into the output and hashes them on the way: every box that is not left out,
// preceded by its offset, into one digest, and the payload of an mdat that is bound in blocks into its leaves. C2PA 2.5,
// 16.3.2.
func (l *layout) write(ctx context.Context, in io.ReaderAt, out io.WriterAt, block int64) (*content, error) {
	w := &writer{ctx: ctx, in: in, out: out, sum: sha256.New(), buf: make([]byte, copyBuffer)}
	c := &content{block: block}
	for _, p := range l.pieces {
		if p.store {
			continue
		}
		if p.typ != "" {
			w.sum.Write(binary.BigEndian.AppendUint64(nil, uint64(p.at)))
		}
		at := p.at
		for _, b := range [][]byte{p.head, p.data} {
			w.sum.Write(b)
			if _, err := out.WriteAt(b, at); err != nil {
				return nil, err
			}
			at += int64(len(b))
		}
		if p.data != nil {
			continue
		}
		into := io.Writer(w.sum)
		var t *leafHash
		if p.leaves {
			t = &leafHash{block: block, sum: sha256.New()}
			into = t
		}
		if err := w.copy(p.from, p.end()-p.from, at, into); err != nil {
			return nil, err
		}
		if t != nil {
			c.trees = append(c.trees, t.close())
		}
	}
	c.sum = w.sum.Sum(nil)
	return c, nil
}

// writer copies ranges of the input to the output.
type writer struct {
	ctx context.Context
	in  io.ReaderAt
	out io.WriterAt
	sum hash.Hash
	buf []byte
}

// copy copies a range, and shows it to a hash.
func (w *writer) copy(from, size, to int64, into io.Writer) error {
	for done := int64(0); done < size; {
		if err := w.ctx.Err(); err != nil {
			return err
		}
		b := w.buf[:min(int64(len(w.buf)), size-done)]
		if n, err := w.in.ReadAt(b, from+done); n < len(b) {
			return fmt.Errorf("reading at offset %d: %w", from+done, err)
		}
		_, _ = into.Write(b) // a hash never fails
		if _, err := w.out.WriteAt(b, to+done); err != nil {
			return err
		}
		done += int64(len(b))
	}
	return nil
}

// purpose is what the uuid box says of itself: a store that stands for the whole file. C2PA 2.5, A.5.1.
const purpose = "manifest\x00"

// storeHead is the size of the uuid box before the store: box header, usertype, version and flags, purpose, and the
// offset of the first Merkle box, which is 0 for none.
const storeHead = 8 + 16 + 4 + len(purpose) + 8

// storeBox is the uuid box of the size that was laid out; zeroes fill it up behind the store.
func storeBox(store []byte, size int64) ([]byte, error) {
	if int64(storeHead+len(store)) > size {
		return nil, refuse(fmt.Sprintf("the signature is larger than was reserved: the store has %d bytes and there is room for %d", len(store), size-int64(storeHead)), "")
	}
	b := make([]byte, 0, size)
	b = binary.BigEndian.AppendUint32(b, uint32(size))
	b = append(append(b, "uuid"...), c2paUser[:]...)
	b = append(append(b, 0, 0, 0, 0), purpose...)
	b = append(append(b, make([]byte, 8)...), store...)
	return append(b, make([]byte, size-int64(len(b)))...), nil
}
