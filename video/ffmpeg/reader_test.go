package ffmpeg

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"
	"testing/iotest"
	"time"

	"github.com/consentry/consentry/video"
)

// oddReader answers as io.ReaderAt may: with bytes and an error at once, or with neither.
type oddReader struct {
	at func(b []byte, off int64) (int, error)
}

func (r oddReader) ReadAt(b []byte, off int64) (int, error) { return r.at(b, off) }

func testReader(data io.ReaderAt, size int64) *reader {
	r := newReader(context.Background(), video.Source{Data: data, Size: size}, video.DefaultLimits)
	r.opened()
	return r
}

// The binding drops bytes that come with an error, and takes nothing without an error for data.
func TestReader_neverBytesWithAnErrorAndNeverNothingWithout(t *testing.T) {
	data := []byte("0123456789")
	errDisk := errors.New("disk on fire")
	for _, c := range []struct {
		name string
		src  io.ReaderAt
		size int64
		want string
		err  error // after the bytes
	}{
		{"bytes and the end at once", bytes.NewReader(data), 10, "0123456789", io.EOF},
		{"a size smaller than the file", bytes.NewReader(data), 4, "0123", io.EOF},
		{"a file smaller than its size", bytes.NewReader(data), 20, "0123456789", io.ErrUnexpectedEOF},
		{"bytes and a failure at once", oddReader{at: func(b []byte, off int64) (int, error) {
			if off >= 4 {
				return 0, errDisk
			}
			return copy(b, data[off:4]), errDisk
		}}, 10, "0123", errDisk},
		{"nothing and no error", oddReader{at: func([]byte, int64) (int, error) { return 0, nil }}, 10, "", io.ErrNoProgress},
		{"one byte at a time", oddReader{at: func(b []byte, off int64) (int, error) { return copy(b[:1], data[off:]), nil }}, 10, "0123456789", io.EOF},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := testReader(c.src, c.size)
			var got []byte
			for {
				b := make([]byte, 7)
				n, err := r.read(b)
				if (n > 0) == (err != nil) {
					t.Fatalf("%d bytes and the error %v", n, err)
				}
				if err != nil {
					if !errors.Is(err, c.err) {
						t.Errorf("error %v, want %v", err, c.err)
					}
					if (c.err != io.EOF) != (r.err != nil) {
						t.Errorf("the reader keeps the error %v", r.err)
					}
					break
				}
				got = append(got, b[:n]...)
			}
			if string(got) != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func TestReader_seek(t *testing.T) {
	for _, c := range []struct {
		name   string
		offset int64
		whence int
		want   int64
		err    bool
	}{
		{"to a place", 3, io.SeekStart, 3, false},
		{"from here", 3, io.SeekCurrent, 5, false},
		{"from the end", -1, io.SeekEnd, 9, false},
		{"asking for the size", 99, 0x10000, 10, false},
		{"asking for the size, by force", 0, 0x10000 | 0x20000, 10, false},
		{"by force", 4, io.SeekStart | 0x20000, 4, false},
		{"past the end", 11, io.SeekStart, 11, false},
		{"before the start", -3, io.SeekCurrent, 0, true},
		{"past all numbers", 1<<63 - 1, io.SeekCurrent, 0, true},
		{"in an unknown way", 0, 7, 0, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := testReader(bytes.NewReader([]byte("0123456789")), 10)
			r.pos = 2
			got, err := r.seek(c.offset, c.whence)
			if (err != nil) != c.err || got != c.want {
				t.Errorf("%d, %v", got, err)
			}
			if size := c.whence&0x10000 != 0; size && r.pos != 2 || !size && err == nil && r.pos != c.want || err != nil && r.pos != 2 {
				t.Errorf("now at %d", r.pos)
			}
		})
	}
}

// Reading through the callbacks gives the file, as the standard library's own tester of readers sees it.
func TestReader_isAReader(t *testing.T) {
	data := bytes.Repeat([]byte("consent"), 100)
	r := testReader(bytes.NewReader(data), int64(len(data)))
	if err := iotest.TestReader(readerFunc(r.read), data); err != nil {
		t.Error(err)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	return f(b)
}

func TestReader_limitsOfOpening(t *testing.T) {
	data := make([]byte, 100)
	src := video.Source{Data: bytes.NewReader(data), Size: 100}
	lim := video.Limits{ProbeBytes: 50}.WithDefaults()
	r := newReader(context.Background(), src, lim)
	if n, err := r.read(make([]byte, 49)); n != 49 || err != nil {
		t.Fatal(n, err)
	}
	if n, err := r.read(make([]byte, 1)); n != 1 || err != nil {
		t.Fatalf("at the limit: %d, %v", n, err)
	}
	if _, err := r.read(make([]byte, 1)); err == nil || r.err.Reason != video.ReasonLimit {
		t.Errorf("one byte past the limit: %v", err)
	}
	r = newReader(context.Background(), src, lim)
	r.opened()
	if n, err := r.read(data); n != 100 || err != nil {
		t.Errorf("after opening: %d, %v", n, err)
	}
	r = newReader(context.Background(), src, video.Limits{OpenDuration: time.Hour}.WithDefaults())
	r.openBy = time.Now().Add(-time.Second)
	if _, err := r.read(data); err == nil || r.err.Reason != video.ReasonTimeout {
		t.Errorf("too late: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	r = newReader(ctx, src, lim)
	if _, err := r.read(data); err == nil || r.err.Reason != video.ReasonCancelled || !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
