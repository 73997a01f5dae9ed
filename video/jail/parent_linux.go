package jail

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/consentry/consentry/internal/confine"
	"github.com/consentry/consentry/video"
)

// queued is how many messages may wait for the caller. Pictures are bounded by their slots; reads never wait here.
const queued = 16

// conversation is what parent and child say to each other about one file.
type conversation struct {
	ctx context.Context
	src video.Source
	cfg config
	lim video.Limits
	p   *confine.Process
	win *confine.Shared // what the child reads lands here

	queue    chan any      // messages for the caller's goroutine; closed when the child says no more
	quit     chan struct{} // closed when the caller's goroutine listens no more
	received sync.WaitGroup
	leave    func() bool // takes back the order to kill the child at the deadline

	mu    sync.Mutex
	wrong *video.Error // the child said what it must not say
	ioErr error        // of the source

	ring  *confine.Shared
	slot  int64
	slots int
	ears  ears
}

func (d *Decoder) decode(ctx context.Context, src video.Source, want video.Want, sink video.Sink) (*video.Result, error) {
	lim := want.Limits.WithDefaults()
	ctx, cancel := context.WithTimeout(ctx, lim.DecodeTime)
	defer cancel()
	cfg := config{
		size: src.Size, mode: want.Mode, track: want.Track, audio: want.Audio, audioTrack: want.AudioTrack, format: src.Format, limits: lim,
	}
	c, confinement, err := d.begin(ctx, src, cfg)
	if err != nil {
		return nil, err
	}
	defer c.finish()
	return c.run(confinement, sink)
}

// begin starts a child, as confined as this system allows, and waits until it says that it is ready.
func (d *Decoder) begin(ctx context.Context, src video.Source, cfg config) (*conversation, video.Confinement, error) {
	command := confine.Command{Role: "decoder", Program: d.Command, Subcommand: Subcommand}
	if command.Itself() {
		return nil, video.Confinement{}, &video.Error{Reason: video.ReasonUnavailable, Detail: "this process was started as a decoder's child and did not call jail.Serve"}
	}
	var last *video.Error
	var refused []string
	for _, pl := range confine.Plans() {
		window, err := confine.NewShared("reads", windowSize, true)
		if err != nil {
			return nil, video.Confinement{}, &video.Error{Reason: video.ReasonUnavailable, Detail: printable(err.Error(), maxDetail), Err: err}
		}
		command.Files = []*os.File{window.File}
		p, err := confine.Start(command, pl)
		if err != nil {
			window.Free()
			last = &video.Error{Reason: video.ReasonUnavailable, Detail: "the decoder could not be started: " + printable(err.Error(), maxDetail), Err: err}
			if errors.Is(err, unix.ENOENT) {
				return nil, video.Confinement{}, last
			}
			refused = append(refused, printable(fmt.Sprintf("%s: %v", pl, err), maxString))
			continue
		}
		c := &conversation{ctx: ctx, src: src, cfg: cfg, lim: cfg.limits, p: p, win: window, queue: make(chan any, queued), quit: make(chan struct{})}
		c.leave = context.AfterFunc(ctx, p.Kill)
		h, failure := c.greet(cfg)
		if failure == nil {
			return c, confinement(pl, h, refused), nil
		}
		c.finish()
		last = failure
		if ctx.Err() != nil || failure.Reason != video.ReasonCrash || !pl.Files() {
			break
		}
		// A program with libraries in unusual places does not start under our rules for files.
		refused = append(refused, printable(fmt.Sprintf("%s: %s", pl, failure.Detail), maxString))
	}
	return nil, video.Confinement{}, last
}

func confinement(pl confine.Plan, h hello, refused []string) video.Confinement {
	v := video.Confinement{
		Process: true, Network: pl.Network(), Files: pl.Files(),
		Syscalls: h.syscalls, Missing: append(refused, h.missing...),
	}
	if !pl.Files() && confine.LandlockVersion() == 0 {
		v.Missing = append(v.Missing, "landlock: not in this kernel")
	}
	return v
}

// greet tells the child what to do and waits for its hello.
func (c *conversation) greet(cfg config) (hello, *video.Error) {
	c.received.Add(1)
	go c.receive()
	if err := c.p.Send(cfg.append(nil), nil); err != nil {
		return hello{}, c.ended()
	}
	late := time.NewTimer(c.lim.OpenDuration)
	defer late.Stop()
	select {
	case m, ok := <-c.queue:
		if !ok {
			return hello{}, c.ended()
		}
		h, ok := m.(hello)
		if !ok {
			return hello{}, protocolError("the decoder did not greet first")
		}
		return h, nil
	case <-late.C:
		return hello{}, &video.Error{Reason: video.ReasonTimeout, Detail: "the decoder did not greet"}
	case <-c.ctx.Done():
		return hello{}, c.ended()
	}
}

// finish ends the conversation: the child is dead and all memory is free when it returns.
func (c *conversation) finish() {
	c.leave()
	close(c.quit)
	c.p.Kill()
	// The socket need not be closed now: where there is no seccomp, the child may have had children.
	_ = c.p.Conn.SetReadDeadline(time.Now())
	c.received.Wait() // it may be reading into the window
	c.p.Release()
	c.win.Free()
	c.ring.Free()
	c.ring = nil
}

// receive serves reads and passes everything else on. It never waits for the caller while a read could be served,
// except when the child has sent more than a well-behaved one can.
func (c *conversation) receive() {
	defer c.received.Done()
	defer close(c.queue)
	buf := make([]byte, maxMessage+1)
	greeted := false
	for {
		n, err := c.p.Conn.Read(buf)
		if errors.Is(err, unix.ECONNRESET) {
			continue // said once, when the child went without reading all; what it sent before is still there
		}
		if n == 0 || err != nil {
			return
		}
		m, err := parse(buf[:n], c.lim)
		if err != nil {
			c.blame("the decoder sent a malformed message")
			return
		}
		if r, ok := m.(read); ok {
			if !greeted || r.offset >= c.src.Size {
				c.blame("the decoder asked for bytes that it must not ask for")
				return
			}
			if err := c.p.Send(c.read(r).append(nil), nil); err != nil {
				return
			}
			continue
		}
		greeted = true
		select {
		case c.queue <- m:
		case <-c.quit:
			return
		}
	}
}

func (c *conversation) blame(why string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wrong = protocolError(why)
}

// read puts bytes of the source into the window.
func (c *conversation) read(r read) data {
	n := int(min(int64(r.n), c.src.Size-r.offset))
	got, err := c.src.Data.ReadAt(c.win.Data[:n], r.offset)
	switch {
	case got > 0 && got <= n:
		return data{n: uint32(got), status: dataOK}
	case err == nil:
		err = io.ErrNoProgress
	case errors.Is(err, io.EOF):
		err = fmt.Errorf("the asset ends at byte %d of %d: %w", r.offset, c.src.Size, io.ErrUnexpectedEOF)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ioErr == nil {
		c.ioErr = err
	}
	return data{status: dataFailed}
}

// ended explains why the conversation is over before its last message.
func (c *conversation) ended() *video.Error {
	if err := c.ctx.Err(); err != nil {
		reason := video.ReasonCancelled
		if errors.Is(err, context.DeadlineExceeded) {
			reason = video.ReasonTimeout
		}
		return &video.Error{Reason: reason, Detail: "the decoder was stopped", Err: err}
	}
	c.mu.Lock()
	wrong := c.wrong
	c.mu.Unlock()
	if wrong != nil {
		return wrong
	}
	return crash(c.p.Ended())
}

// crash is the error for a child that ended when it should not have.
func crash(d confine.Death) *video.Error {
	e := &video.Error{Reason: video.ReasonCrash, Detail: d.Detail, Err: d.Err}
	switch d.Kind {
	case confine.TooLong:
		e.Reason = video.ReasonTimeout
	case confine.TooLarge:
		e.Reason = video.ReasonLimit
	}
	return e
}

// run takes the messages in order and hands out what they say.
func (c *conversation) run(confinement video.Confinement, sink video.Sink) (*video.Result, error) {
	var res *video.Result
	var tracks []video.Track // our own: the caller may do with the info what it likes
	for {
		var m any
		var ok bool
		select {
		case m, ok = <-c.queue:
		case <-c.ctx.Done():
		}
		if !ok {
			return res, c.ended()
		}
		if e, ok := m.(end); ok {
			return c.end(res, e)
		}
		if info, ok := m.(*video.Info); ok {
			if res != nil {
				return res, protocolError("the decoder described the file twice")
			}
			res = &video.Result{}
			info.Confinement, tracks = confinement, slices.Clone(info.Tracks)
			if err := sink.Info(info); err != nil {
				return res, err
			}
			continue
		}
		if res == nil {
			return nil, protocolError("the decoder did not describe the file first")
		}
		var err error
		switch m := m.(type) {
		case need:
			err = c.grow(m)
		case framed:
			err = c.show(m, res, sink.Frame)
		case heard:
			err = c.play(m, tracks, res, sink.Audio)
		default:
			err = protocolError("the decoder spoke out of turn")
		}
		if err != nil {
			return res, err
		}
	}
}

// grow makes a new ring. Every picture in the old one has been looked at: messages are taken in order.
func (c *conversation) grow(n need) error {
	if c.ring != nil && n.slot <= c.slot {
		return protocolError("the decoder asked for slots that it has")
	}
	slots := slotsFor(n.slot, c.lim)
	if slots == 0 {
		return &video.Error{Reason: video.ReasonLimit, Detail: fmt.Sprintf("a picture or a block of sound of %d bytes does not fit the limit of memory", n.slot)}
	}
	c.ring.Free()
	c.ring, c.slot, c.slots = nil, 0, 0
	ring, err := confine.NewShared("pictures", n.slot*int64(slots), false)
	if err != nil {
		return &video.Error{Reason: video.ReasonLimit, Detail: printable(err.Error(), maxDetail), Err: err}
	}
	c.ring, c.slot, c.slots = ring, n.slot, slots
	c.tell(ringSize{slot: n.slot, slots: uint8(slots)}.append(nil), ring.File)
	return nil
}

// tell sends what the child may not be there to hear any more: what it said before it went is still to be taken, and
// that it is gone shows at the end of the queue.
func (c *conversation) tell(message []byte, file *os.File) { _ = c.p.Send(message, file) }

// show lends a picture to the caller and gives its slot back.
func (c *conversation) show(m framed, res *video.Result, onFrame func(*video.Frame) error) error {
	if c.cfg.mode == video.InfoOnly {
		return protocolError("the decoder sent a picture that was not wanted")
	}
	if res.Frames >= c.lim.Frames {
		return &video.Error{Reason: video.ReasonLimit, Detail: fmt.Sprintf("more than %d frames", c.lim.Frames)}
	}
	slot, ok := c.slotBytes(m.slot)
	if !ok {
		return protocolError("the decoder named a slot that there is not")
	}
	f, ok := m.shape.frame(slot)
	if !ok {
		return protocolError("the decoder named a picture larger than its slot")
	}
	f.Index, f.Time, f.Key, f.Corrupt, f.Color = res.Frames, m.time, m.key, m.corrupt, m.color
	res.Frames++
	if m.key {
		res.Key++
	}
	if err := onFrame(&f); err != nil {
		return err
	}
	c.tell(release{slot: m.slot}.append(nil), nil)
	return nil
}

// slotBytes finds a slot; false where there is no such one.
func (c *conversation) slotBytes(n uint8) ([]byte, bool) {
	if int(n) >= c.slots {
		return nil, false
	}
	at := int64(n) * c.slot
	return c.ring.Data[at : at+c.slot : at+c.slot], true
}

// play takes a block of sound out of its slot, gives that back and lends the block to the caller.
func (c *conversation) play(m heard, tracks []video.Track, res *video.Result, onAudio func(*video.Audio) error) error {
	switch n := int(m.track); {
	case !c.cfg.audio:
		return protocolError("the decoder sent sound that was not wanted")
	case n >= len(tracks) || tracks[n].Kind != "audio" || (c.cfg.audioTrack >= 0 && n != c.cfg.audioTrack):
		return protocolError("the decoder sent sound of a track that it must not send")
	case int64(m.tone.samples) > c.lim.Samples-res.Sound.Samples:
		return &video.Error{Reason: video.ReasonLimit, Detail: fmt.Sprintf("more than %d samples of sound", c.lim.Samples)}
	}
	slot, ok := c.slotBytes(m.slot)
	if !ok {
		return protocolError("the decoder named a slot that there is not")
	}
	planes, ok := c.ears.take(m.tone, slot)
	if !ok {
		return protocolError("the decoder named a block of sound larger than its slot")
	}
	c.tell(release{slot: m.slot}.append(nil), nil)
	a := video.Audio{
		Index: res.Sound.Blocks, Track: int(m.track), Time: m.time, Rate: m.tone.rate, Samples: m.tone.samples, Planes: planes, Corrupt: m.corrupt,
	}
	res.Sound.Blocks++
	res.Sound.Samples += int64(m.tone.samples)
	return onAudio(&a)
}

// end takes the last message.
func (c *conversation) end(res *video.Result, e end) (*video.Result, error) {
	if res != nil {
		res.Packets, res.Broken, res.Samples = e.packets, e.broken, e.samples
		res.Sound.Packets, res.Sound.Broken, res.Sound.Failed = e.sound.packets, e.sound.broken, e.sound.failure.err()
	}
	c.mu.Lock()
	ioErr := c.ioErr
	c.mu.Unlock()
	switch {
	case ioErr != nil:
		return res, &video.Error{Reason: video.ReasonIO, Detail: printable(ioErr.Error(), maxDetail), Err: ioErr}
	case e.failure.reason != "":
		return res, e.failure.err()
	case res == nil:
		return nil, protocolError("the decoder did not describe the file")
	}
	return res, nil
}
