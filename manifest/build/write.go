package build

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
)

// copyBuffer is how much is read and written at a time.
const copyBuffer = 1 << 20

// write puts all boxes but the store's into the output and returns the content hash: the SHA-256 of every box that is
// not left out, each preceded by its offset. C2PA 2.5, 16.3.2.
func (l *layout) write(ctx context.Context, in io.ReaderAt, out io.WriterAt) ([]byte, error) {
	sum := sha256.New()
	buf := make([]byte, copyBuffer)
	for _, p := range l.pieces {
		if p.store {
			continue
		}
		if p.typ != "" {
			sum.Write(binary.BigEndian.AppendUint64(nil, uint64(p.at)))
		}
		if p.data != nil {
			sum.Write(p.data)
			if _, err := out.WriteAt(p.data, p.at); err != nil {
				return nil, err
			}
			continue
		}
		for done := int64(0); done < p.size; {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			b := buf[:min(int64(len(buf)), p.size-done)]
			if n, err := in.ReadAt(b, p.from+done); n < len(b) {
				return nil, fmt.Errorf("reading at offset %d: %w", p.from+done, err)
			}
			sum.Write(b)
			if _, err := out.WriteAt(b, p.at+done); err != nil {
				return nil, err
			}
			done += int64(len(b))
		}
	}
	return sum.Sum(nil), nil
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
