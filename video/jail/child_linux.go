package jail

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/consentry/consentry/internal/confine"
	"github.com/consentry/consentry/video"
)

// Exit statuses of the child.
const (
	exitDone  = 0
	exitWrong = 2 // it was not started by a parent, or the parent is gone
)

// Serve is the child's side: it confines this process, decodes what the parent says with d, and returns the exit status.
// A program that uses [Decoder] calls it at the start of main for the hidden subcommand, and for nothing else.
func Serve(d video.Decoder) int {
	runtime.LockOSThread() // the thread that decodes is the one that is confined most
	c := &child{}
	cfg, err := c.greeted()
	if err != nil {
		fmt.Fprintln(os.Stderr, "not started as the child of a decoder:", err)
		return exitWrong
	}
	c.lim, c.size = cfg.limits, cfg.size
	if err := c.send(confined(cfg.limits).append(nil)); err != nil {
		return exitWrong
	}
	want := video.Want{Mode: cfg.mode, Track: cfg.track, Audio: cfg.audio, AudioTrack: cfg.audioTrack, Limits: cfg.limits}
	res, err := d.Decode(context.Background(), video.Source{Data: c, Size: cfg.size, Format: cfg.format}, want,
		video.Sink{Info: c.onInfo, Frame: c.onFrame, Audio: c.onAudio})
	if c.gone {
		return exitWrong
	}
	if c.send(summary(res, err, cfg.limits).append(nil)) != nil {
		return exitWrong
	}
	for { // the parent ends this process when it has heard all
		if _, _, err := c.receive(); err != nil {
			return exitDone
		}
	}
}

// confined gives up what decoding does not need, and says what the system did not grant.
func confined(lim video.Limits) hello {
	syscalls, missing := confine.Self(confine.Limits{Memory: lim.MemoryBytes, Time: lim.DecodeTime})
	return hello{syscalls: syscalls, missing: missing}
}

// summary is the last message.
func summary(res *video.Result, err error, lim video.Limits) end {
	var e end
	if res != nil {
		e.packets, e.broken = max(res.Packets, 0), tidyBroken(res.Broken)
		for _, s := range res.Samples[:min(len(res.Samples), lim.Tracks)] {
			e.samples = append(e.samples, clampSamples(s))
		}
		e.sound = silence{packets: max(res.Sound.Packets, 0), broken: tidyBroken(res.Sound.Broken)}
		if f := res.Sound.Failed; f != nil {
			e.sound.failure = failure{reason: f.Reason, detail: printable(f.Detail, maxDetail)}
		}
	}
	var v *video.Error
	switch {
	case errors.As(err, &v):
		e.failure = failure{reason: v.Reason, detail: printable(v.Detail, maxDetail)}
	case err != nil:
		e.failure = failure{reason: video.ReasonCrash, detail: printable(err.Error(), maxDetail)}
	}
	return e
}

func tidyBroken(b *video.Broken) *video.Broken {
	if b == nil {
		return nil
	}
	return &video.Broken{Time: b.Time, Offset: max(b.Offset, -1), Why: printable(b.Why, maxDetail)}
}

// child talks to the parent. Its ReadAt is the source's.
type child struct {
	mu   sync.Mutex
	lim  video.Limits
	size int64
	buf  [maxMessage]byte
	gone bool // the parent

	window []byte // bytes of the file from start; the parent fills it when asked
	start  int64
	filled int64
	next   int64 // bytes to ask for when the reads are in sequence

	ring  []byte
	slot  int64
	free  []uint8
	spare []byte // for messages
}

// greeted takes the descriptors and the first message.
func (c *child) greeted() (config, error) {
	kind, err := unix.GetsockoptInt(confine.Socket, unix.SOL_SOCKET, unix.SO_TYPE)
	if err != nil || kind != unix.SOCK_SEQPACKET {
		return config{}, fmt.Errorf("descriptor %d is no socket of ours", confine.Socket)
	}
	for _, fd := range []int{confine.Socket, confine.FirstFile} {
		unix.CloseOnExec(fd)
	}
	if c.window, err = unix.Mmap(confine.FirstFile, 0, windowSize, unix.PROT_READ, unix.MAP_SHARED); err != nil {
		return config{}, fmt.Errorf("mapping the window: %w", err)
	}
	c.next = firstRead
	m, _, err := c.receive()
	if err != nil {
		return config{}, err
	}
	cfg, ok := m.(config)
	if !ok {
		return config{}, errMessage
	}
	return cfg, nil
}

func (c *child) send(message []byte) error {
	err := confine.Send(message)
	c.gone = c.gone || err != nil
	return err
}

// receive waits for a message; the descriptor that came with it is -1 where none did.
func (c *child) receive() (any, int, error) {
	b, fd, err := confine.Receive(c.buf[:])
	if err != nil {
		c.gone = true
		return nil, -1, err
	}
	m, err := parseParent(b)
	if err != nil {
		c.gone = true
		return nil, -1, err
	}
	return m, fd, nil
}

// await takes messages until one is of type T; slots that come back on the way are noted.
func await[T any](c *child) (T, int, error) {
	for {
		m, fd, err := c.receive()
		var none T
		if err != nil {
			return none, -1, err
		}
		if t, ok := m.(T); ok {
			return t, fd, nil
		}
		r, ok := m.(release)
		if !ok {
			return none, -1, errMessage
		}
		c.free = append(c.free, r.slot)
	}
}

// ReadAt asks the parent. Reads in sequence ask for more and more at a time.
func (c *child) ReadAt(b []byte, off int64) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if off < 0 {
		return 0, errors.New("negative offset")
	}
	n := 0
	for n < len(b) {
		at := off + int64(n)
		if at >= c.size {
			return n, io.EOF
		}
		if at < c.start || at >= c.start+c.filled {
			if err := c.fill(at, int64(len(b)-n)); err != nil {
				return n, err
			}
		}
		n += copy(b[n:], c.window[at-c.start:c.filled])
	}
	return n, nil
}

func (c *child) fill(at, wanted int64) error {
	if at == c.start+c.filled && c.filled > 0 {
		c.next = min(c.next*2, windowSize)
	} else {
		c.next = firstRead
	}
	ask := min(max(wanted, c.next), windowSize, c.size-at)
	c.start, c.filled = at, 0
	c.spare = read{offset: at, n: uint32(ask)}.append(c.spare[:0])
	if err := c.send(c.spare); err != nil {
		return err
	}
	d, _, err := await[data](c)
	switch {
	case err != nil:
		return err
	case d.status != dataOK || int64(d.n) > ask:
		return io.ErrUnexpectedEOF // the parent knows the real one
	}
	c.filled = int64(d.n)
	return nil
}

func (c *child) onInfo(i *video.Info) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.send(appendInfo(nil, tidy(i, c.lim)))
}

func (c *child) onFrame(f *video.Frame) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := shapeOf(f)
	if !s.valid(c.lim.Pixels) {
		return &video.Error{Reason: video.ReasonLimit, Detail: fmt.Sprintf("a picture of %d × %d with %d bits", f.Width, f.Height, f.BitDepth)}
	}
	_, _, bytes := s.planes()
	slot, room, err := c.take(bytes)
	if err != nil {
		return err
	}
	if !s.copyFrame(room, f) {
		return &video.Error{Reason: video.ReasonCrash, Detail: "the decoder's planes are not what it says"}
	}
	c.spare = framed{slot: slot, shape: s, time: f.Time, key: f.Key, corrupt: f.Corrupt, color: clampColor(f.Color)}.append(c.spare[:0])
	return c.send(c.spare)
}

func (c *child) onAudio(a *video.Audio) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := toneOf(a)
	if !t.valid(c.lim) || a.Track < 0 || a.Track >= min(c.lim.Tracks, math.MaxUint16) {
		return &video.Error{Reason: video.ReasonLimit, Detail: fmt.Sprintf("a block of %d × %d samples of sound at %d Hz of track %d", t.channels, t.samples, t.rate, a.Track)}
	}
	slot, room, err := c.take(t.bytes())
	if err != nil {
		return err
	}
	if !t.copySound(room, a) {
		return &video.Error{Reason: video.ReasonCrash, Detail: "the decoder's sound is not what it says"}
	}
	c.spare = heard{slot: slot, track: uint16(a.Track), tone: t, time: a.Time, corrupt: a.Corrupt}.append(c.spare[:0])
	return c.send(c.spare)
}

// take waits for a slot with room for that many bytes.
func (c *child) take(bytes int64) (uint8, []byte, error) {
	if bytes > c.slot {
		if err := c.grow(bytes); err != nil {
			return 0, nil, err
		}
	}
	for len(c.free) == 0 {
		r, _, err := await[release](c)
		if err != nil {
			return 0, nil, err
		}
		c.free = append(c.free, r.slot)
	}
	slot := c.free[0]
	c.free = c.free[1:]
	return slot, c.ring[int64(slot)*c.slot:][:c.slot], nil
}

// grow asks for slots of a size and maps them in place of those before.
func (c *child) grow(bytes int64) error {
	slot := (bytes + pageSize - 1) / pageSize * pageSize
	if err := c.send(need{slot: min(slot, max(slotCap(c.lim), bytes))}.append(nil)); err != nil {
		return err
	}
	r, fd, err := await[ringSize](c)
	if err != nil {
		return err
	}
	if fd < 0 {
		return errMessage
	}
	defer unix.Close(fd)
	if c.ring != nil {
		_ = unix.Munmap(c.ring) // our own mapping
		c.ring, c.slot, c.free = nil, 0, nil
	}
	if c.ring, err = unix.Mmap(fd, 0, int(r.slot)*int(r.slots), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED); err != nil {
		return &video.Error{Reason: video.ReasonLimit, Detail: "no room for pictures: " + err.Error(), Err: err}
	}
	c.slot, c.free = r.slot, nil
	for i := range r.slots {
		c.free = append(c.free, i)
	}
	return nil
}

const pageSize = 4096
