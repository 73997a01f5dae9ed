package ffmpeg

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/consentry/consentry/video"
)

// Values of libavformat's whence argument for which there are no Go constants.
const (
	seekSize  = 0x10000 // AVSEEK_SIZE: the answer is the size, nothing moves
	seekForce = 0x20000 // AVSEEK_FORCE: a hint that is or-ed in
)

var errSeek = errors.New("seek outside the file")

// reader is libavformat's view of the asset. It keeps the first real error: libavformat only learns that there was one.
type reader struct {
	ctx  context.Context
	src  io.ReaderAt
	size int64
	pos  int64
	err  *video.Error

	opening  bool
	probeEnd int64     // bytes that may still be read while opening
	openBy   time.Time // when opening must be done
}

func newReader(ctx context.Context, src video.Source, lim video.Limits) *reader {
	return &reader{
		ctx: ctx, src: src.Data, size: src.Size,
		opening: true, probeEnd: lim.ProbeBytes, openBy: time.Now().Add(lim.OpenDuration),
	}
}

// opened ends the phase in which the limits of opening hold.
func (r *reader) opened() { r.opening = false }

// read is the read callback. It returns n > 0 only without an error and an error only with n = 0: the binding drops
// bytes that come with an error, and takes (0, nil) for data.
func (r *reader) read(b []byte) (int, error) {
	if err := r.check(); err != nil {
		return 0, err
	}
	left := r.size - r.pos
	if left <= 0 || len(b) == 0 {
		return 0, io.EOF
	}
	if int64(len(b)) > left {
		b = b[:left]
	}
	if r.opening && int64(len(b)) > r.probeEnd {
		b = b[:r.probeEnd]
	}
	n, err := r.src.ReadAt(b, r.pos)
	if n > 0 {
		r.pos += int64(n)
		r.probeEnd -= int64(n)
		return n, nil
	}
	switch {
	case errors.Is(err, io.EOF):
		err = fmt.Errorf("the asset ends at byte %d of %d: %w", r.pos, r.size, io.ErrUnexpectedEOF)
	case err == nil:
		err = io.ErrNoProgress
	}
	return 0, r.fail(video.ReasonIO, err)
}

// check says whether reading may go on, and remembers why not.
func (r *reader) check() error {
	if r.err != nil {
		return r.err
	}
	if err := r.ctx.Err(); err != nil {
		return r.fail(contextReason(err), err)
	}
	if r.opening {
		if r.probeEnd <= 0 {
			return r.fail(video.ReasonLimit, errors.New("too many bytes were read to find the tracks"))
		}
		if time.Now().After(r.openBy) {
			return r.fail(video.ReasonTimeout, errors.New("finding the tracks took too long"))
		}
	}
	return nil
}

func (r *reader) fail(reason string, err error) error {
	if r.err == nil {
		r.err = &video.Error{Reason: reason, Detail: err.Error(), Err: err}
	}
	return r.err
}

// seek is the seek callback.
func (r *reader) seek(offset int64, whence int) (int64, error) {
	if r.err != nil {
		return 0, r.err
	}
	whence &^= seekForce
	base := int64(0)
	switch whence {
	case seekSize:
		return r.size, nil
	case io.SeekStart:
	case io.SeekCurrent:
		base = r.pos
	case io.SeekEnd:
		base = r.size
	default:
		return 0, errSeek
	}
	pos := base + offset
	if pos < 0 || (offset > 0 && pos < base) {
		return 0, errSeek
	}
	r.pos = pos
	return pos, nil
}

func contextReason(err error) string {
	if errors.Is(err, context.DeadlineExceeded) {
		return video.ReasonTimeout
	}
	return video.ReasonCancelled
}
