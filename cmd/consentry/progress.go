package main

import (
	"fmt"
	"io"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/consentry/consentry/internal/render"
)

// progress shows on a terminal how far a file was read, once a run takes over a second. Elsewhere it does nothing.
type progress struct {
	read atomic.Int64 // the furthest byte that was read
	quit chan struct{}
	done sync.WaitGroup
}

// progressDelay is how long a run may take before it is shown, and progressEvery how often.
const (
	progressDelay = time.Second
	progressEvery = 200 * time.Millisecond
)

// startProgress begins to watch a file. It returns nil where nobody would see it.
func (p *program) startProgress(name string, size int64) *progress {
	if !terminal(p.stderr) || size == 0 {
		return nil
	}
	b := &progress{quit: make(chan struct{})}
	b.done.Go(func() { b.show(p.stderr, render.Clip(filepath.Base(name)), size) })
	return b
}

func (b *progress) show(w io.Writer, name string, size int64) {
	timer := time.NewTimer(progressDelay)
	defer timer.Stop()
	shown := false
	for {
		select {
		case <-b.quit:
			if shown {
				fmt.Fprint(w, "\r\x1b[K")
			}
			return
		case <-timer.C:
			shown = true
			fmt.Fprintf(w, "\r\x1b[Kconsentry: %s: %3d%% of %s read", name, 100*min(b.read.Load(), size)/size, render.Size(size))
			timer.Reset(progressEvery)
		}
	}
}

// stop ends the show and clears its line.
func (b *progress) stop() {
	if b != nil {
		close(b.quit)
		b.done.Wait()
	}
}

// reader returns r, watched.
func (b *progress) reader(r io.ReaderAt) io.ReaderAt {
	if b == nil {
		return r
	}
	return &watched{r, b}
}

type watched struct {
	io.ReaderAt
	b *progress
}

func (w *watched) ReadAt(buf []byte, at int64) (int, error) {
	n, err := w.ReaderAt.ReadAt(buf, at)
	for end := at + int64(n); ; {
		old := w.b.read.Load()
		if end <= old || w.b.read.CompareAndSwap(old, end) {
			return n, err
		}
	}
}
