package bmff_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/consentry/consentry/internal/bmff"
)

// counted counts reads of the bytes below it, and may lose its end.
type counted struct {
	data  []byte
	reads atomic.Int64
	bytes atomic.Int64
	end   atomic.Int64 // 0: all are there
}

func (c *counted) ReadAt(p []byte, at int64) (int, error) {
	c.reads.Add(1)
	c.bytes.Add(int64(len(p)))
	data := c.data
	if end := c.end.Load(); end > 0 {
		data = data[:end]
	}
	return bytes.NewReader(data).ReadAt(p, at)
}

// mediaFile is a file of one media data box with noise.
func mediaFile(n int) []byte {
	b := append([]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}, "mdat"...)
	r := rand.New(rand.NewPCG(5, 6))
	for len(b) < n {
		b = append(b, byte(r.Uint32()))
	}
	return b
}

func walked(t *testing.T, c *counted) *bmff.File {
	t.Helper()
	f, err := bmff.Walk(c, int64(len(c.data)), bmff.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	c.reads.Store(0)
	c.bytes.Store(0)
	return f
}

func TestSmallReads(t *testing.T) {
	t.Run("in order, they share reads", func(t *testing.T) {
		c := &counted{data: mediaFile(1 << 20)}
		f := walked(t, c)
		for at := int64(0); at < 1<<20; at += 512 {
			got, err := f.Read(at, 300)
			if err != nil || !bytes.Equal(got, c.data[at:min(at+300, 1<<20)]) {
				t.Fatalf("offset %d: other bytes, %v", at, err)
			}
		}
		if n := c.reads.Load(); n > 40 {
			t.Errorf("%d reads of the file for 2,048", n)
		}
	})
	t.Run("far apart, they fetch little", func(t *testing.T) {
		c := &counted{data: mediaFile(4 << 20)}
		f := walked(t, c)
		for at := int64(0); at < 4<<20; at += 256 << 10 {
			if _, err := f.Read(at, 16); err != nil {
				t.Fatal(err)
			}
		}
		if n := c.bytes.Load(); n > 16*4096 {
			t.Errorf("%d bytes read for 16 of 16", n)
		}
	})
	t.Run("large ones are read as they are", func(t *testing.T) {
		c := &counted{data: mediaFile(1 << 20)}
		f := walked(t, c)
		got, err := f.Read(5, 100_000)
		if err != nil || !bytes.Equal(got, c.data[5:100_005]) || c.reads.Load() != 1 || c.bytes.Load() != 100_000 {
			t.Errorf("%d reads of %d bytes, %v", c.reads.Load(), c.bytes.Load(), err)
		}
	})
	t.Run("of a file that became shorter", func(t *testing.T) {
		c := &counted{data: mediaFile(1 << 20)}
		f := walked(t, c)
		c.end.Store(10_000)
		if got, err := f.Read(9_000, 1_000); err != nil || !bytes.Equal(got, c.data[9_000:10_000]) {
			t.Errorf("what is still there: %v", err)
		}
		if _, err := f.Read(9_500, 1_000); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("what is not: %v", err)
		}
	})
	t.Run("of many goroutines", func(t *testing.T) {
		c := &counted{data: mediaFile(1 << 20)}
		f := walked(t, c)
		var all sync.WaitGroup
		for g := range 8 {
			all.Go(func() {
				r := rand.New(rand.NewPCG(1, uint64(g)))
				for range 2_000 {
					at, n := r.Int64N(1<<20-5000), 1+r.IntN(5000)
					got, err := f.Read(at, n)
					if err != nil || !bytes.Equal(got, c.data[at:at+int64(n)]) {
						t.Errorf("%d bytes at %d: %v", n, at, err)
						return
					}
				}
			})
		}
		all.Wait()
	})
}
