package hashplan

import (
	"context"
	"hash"
	"io"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/consentry/consentry/internal/readat"
)

// Job gives the steps of the i-th digest, appended to buf. It is called from several goroutines at once.
type Job func(i int64, buf []Step) ([]Step, error)

// Done takes the i-th digest. It is called from several goroutines at once; sum is valid until it returns. An error
// ends the work.
type Done func(i int64, sum []byte) error

// batches sets how many neighbouring digests one core takes at a time: neighbours lie together in the file, so that
// small ones share a read. It aims at four blocks a batch, and at work for every core.
func batches(size, n int64, workers int) int64 {
	average := max(size/max(n, 1), 1)
	return max(1, min(4*blockSize/average, n/int64(workers), 1<<14))
}

// Each computes n digests on up to workers cores (0: all). The jobs' ranges must lie inside a file of the given size.
func Each(ctx context.Context, r io.ReaderAt, size, n int64, newHash func() hash.Hash, workers int, job Job, done Done) error {
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	batch := batches(size, n, workers)
	workers = int(min(int64(workers), (n+batch-1)/batch))
	if size <= 4*blockSize {
		workers, batch = 1, n // not worth a second core
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var next atomic.Int64
	var all sync.WaitGroup
	if n <= 0 {
		return ctx.Err()
	}
	for range workers {
		all.Go(func() {
			w := worker{r: r, size: size, h: newHash(), job: job, done: done}
			buf := blocks.Get().(*[]byte)
			defer blocks.Put(buf)
			w.win = window{r: r, buf: *buf, limit: size, greedy: true}
			for ctx.Err() == nil {
				first := next.Add(batch) - batch
				if first >= n {
					return
				}
				if err := w.run(ctx, first, min(first+batch, n)); err != nil {
					stop(err)
					return
				}
			}
		})
	}
	all.Wait()
	return context.Cause(ctx)
}

type worker struct {
	r     io.ReaderAt
	size  int64
	h     hash.Hash
	win   window
	steps []Step
	sum   []byte
	job   Job
	done  Done
}

func (w *worker) run(ctx context.Context, first, last int64) error {
	for i := first; i < last; i++ {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		var err error
		if w.steps, err = w.job(i, w.steps[:0]); err != nil {
			return err
		}
		p := Plan{Steps: w.steps}
		if err := p.Check(w.size); err != nil {
			return err
		}
		w.h.Reset()
		if err := w.win.feed(w.h, w.steps); err != nil {
			return err
		}
		w.sum = w.h.Sum(w.sum[:0])
		if err := w.done(i, w.sum); err != nil {
			return err
		}
	}
	return nil
}

// window reads ahead in one block, so that ranges which lie together cost one read.
type window struct {
	r      io.ReaderAt
	buf    []byte
	at     int64
	n      int
	limit  int64 // size of the file; used only when greedy
	greedy bool  // read a whole block even where the range is shorter: the next range follows
}

// feed hashes the steps.
func (w *window) feed(h hash.Hash, steps []Step) error {
	for i, s := range steps {
		mark(h, s.Prefix)
		for at, end := s.Offset, s.Offset+s.Length; at < end; {
			if at < w.at || at >= w.at+int64(w.n) {
				if err := w.fill(at, end, steps[i:]); err != nil {
					return err
				}
			}
			have := w.buf[at-w.at : min(int64(w.n), end-w.at)]
			h.Write(have)
			at += int64(len(have))
		}
	}
	return nil
}

// fill reads the block at the offset. Without greed it reads to the end of the last step that one block reaches.
func (w *window) fill(at, end int64, steps []Step) error {
	want := end
	if w.greedy {
		want = w.limit
	} else {
		for _, s := range steps {
			if e := s.Offset + s.Length; s.Length > 0 && e > want && e-at <= int64(len(w.buf)) {
				want = e
			}
		}
	}
	w.n = 0
	n := int(min(want-at, int64(len(w.buf))))
	if err := readat.Full("hashplan", w.r, w.buf[:n], at); err != nil {
		return err
	}
	w.at, w.n = at, n
	return nil
}
