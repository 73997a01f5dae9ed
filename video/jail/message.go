package jail

import (
	"encoding/binary"
	"errors"
	"math"
	"time"

	"github.com/consentry/consentry/internal/packet"
	"github.com/consentry/consentry/video"
)

// A message is one packet of the socket: a letter, then fields of fixed size, little-endian; strings and lists after
// their length. Each has one encoding, so what is accepted encodes to the same bytes again.
const (
	// from the parent
	kindConfig  = 'C' // what to decode, within which limits: the first message
	kindData    = 'D' // how much was read into the window
	kindRing    = 'R' // slots; the shared memory comes with it
	kindRelease = 'L' // a slot may be used again
	// from the child
	kindHello = 'H' // confined, with what the system granted
	kindRead  = 'r' // wants bytes
	kindInfo  = 'i' // the tracks
	kindNeed  = 'n' // wants slots of a size
	kindFrame = 'f' // a slot holds a picture
	kindSound = 's' // a slot holds a block of sound
	kindEnd   = 'e' // how it ended: the last message
)

// Statuses of a data message.
const (
	dataOK = iota
	dataFailed
)

type config struct {
	size       int64
	mode       video.Mode
	track      int
	audio      bool
	audioTrack int
	format     string
	limits     video.Limits
}

type data struct {
	n      uint32
	status uint8
}

type ringSize struct {
	slot  int64 // bytes
	slots uint8
}

type release struct{ slot uint8 }

type hello struct {
	syscalls bool
	missing  []string
}

type read struct {
	offset int64
	n      uint32
}

type need struct{ slot int64 }

type framed struct {
	slot    uint8
	shape   shape
	time    time.Duration
	key     bool
	corrupt bool
	color   video.Color
}

type end struct {
	packets int64
	broken  *video.Broken
	samples []video.Samples
	sound   silence
	failure failure
}

// silence says how the sound ended.
type silence struct {
	packets int64
	broken  *video.Broken
	failure failure
}

// failure is an error in words.
type failure struct {
	reason string // empty: no error
	detail string
}

func (f failure) err() *video.Error {
	if f.reason == "" {
		return nil
	}
	return &video.Error{Reason: f.reason, Detail: f.detail}
}

var errMessage = errors.New("malformed message")

// maxMissing bounds the list of what the system did not grant.
const maxMissing = 8

// parse reads a message of the child. It returns hello, read, *video.Info, need, framed, heard or end, whose numbers are in
// range by themselves; what depends on the state of the conversation is checked where that is known.
func parse(b []byte, lim video.Limits) (any, error) {
	if len(b) > maxMessage {
		return nil, errMessage
	}
	c := cursor{packet.Of(b)}
	var m any
	switch c.U8() {
	case kindHello:
		h := hello{syscalls: c.Bool()}
		for range c.count(maxMissing) {
			h.missing = append(h.missing, c.Text(maxString))
		}
		m = h
	case kindRead:
		r := read{offset: c.I64(), n: c.U32()}
		c.Want(r.offset >= 0 && r.n > 0 && r.n <= windowSize)
		m = r
	case kindInfo:
		m = c.info(lim)
	case kindNeed:
		n := need{slot: c.I64()}
		c.Want(n.slot > 0 && n.slot <= slotCap(lim))
		m = n
	case kindFrame:
		m = c.framed(lim)
	case kindSound:
		m = c.heard(lim)
	case kindEnd:
		m = c.end(lim)
	default:
		return nil, errMessage
	}
	if !c.Done() {
		return nil, errMessage
	}
	return m, nil
}

func (c *cursor) framed(lim video.Limits) framed {
	f := framed{slot: c.U8()}
	f.shape = shape{
		width: int(c.U32()), height: int(c.U32()), depth: int(c.U8()),
		chromaX: int(c.U8()), chromaY: int(c.U8()), grey: c.Bool(),
	}
	f.time, f.key, f.corrupt, f.color = time.Duration(c.I64()), c.Bool(), c.Bool(), c.color()
	c.Want(f.slot < maxSlots && f.shape.valid(lim.Pixels))
	return f
}

func (f framed) append(b []byte) []byte {
	b = append(b, kindFrame, f.slot)
	b = binary.LittleEndian.AppendUint32(b, uint32(f.shape.width))
	b = binary.LittleEndian.AppendUint32(b, uint32(f.shape.height))
	b = append(b, uint8(f.shape.depth), uint8(f.shape.chromaX), uint8(f.shape.chromaY))
	b = packet.AppendBool(b, f.shape.grey)
	b = packet.AppendI64(b, int64(f.time))
	b = packet.AppendBool(b, f.key)
	b = packet.AppendBool(b, f.corrupt)
	return appendColor(b, f.color)
}

func (c *cursor) end(lim video.Limits) end {
	e := end{packets: c.Natural(), broken: c.broken()}
	for range c.count(lim.Tracks) {
		e.samples = append(e.samples, c.samples())
	}
	e.sound = silence{packets: c.Natural(), broken: c.broken(), failure: c.failure()}
	e.failure = c.failure()
	return e
}

func (c *cursor) broken() *video.Broken {
	if !c.Bool() {
		return nil
	}
	b := &video.Broken{Time: time.Duration(c.I64()), Offset: c.I64(), Why: c.Text(maxDetail)}
	c.Want(b.Offset >= -1)
	return b
}

func (c *cursor) failure() failure {
	f := failure{reason: c.Text(maxString), detail: c.Text(maxDetail)}
	switch f.reason {
	case "":
		c.Want(f.detail == "")
	case video.ReasonCrash, video.ReasonTimeout, video.ReasonLimit, video.ReasonFormat, video.ReasonIO,
		video.ReasonProtocol, video.ReasonUnavailable, video.ReasonCancelled:
	default:
		c.Want(false)
	}
	return f
}

func (e end) append(b []byte) []byte {
	b = append(b, kindEnd)
	b = appendBroken(packet.AppendI64(b, e.packets), e.broken)
	b = appendCount(b, len(e.samples))
	for _, s := range e.samples {
		b = appendSamples(b, s)
	}
	b = appendBroken(packet.AppendI64(b, e.sound.packets), e.sound.broken)
	return appendFailure(appendFailure(b, e.sound.failure), e.failure)
}

func appendBroken(b []byte, v *video.Broken) []byte {
	b = packet.AppendBool(b, v != nil)
	if v == nil {
		return b
	}
	return packet.AppendText(packet.AppendI64(packet.AppendI64(b, int64(v.Time)), v.Offset), v.Why)
}

func appendFailure(b []byte, f failure) []byte {
	return packet.AppendText(packet.AppendText(b, f.reason), f.detail)
}

func (h hello) append(b []byte) []byte {
	b = packet.AppendBool(append(b, kindHello), h.syscalls)
	b = appendCount(b, len(h.missing))
	for _, s := range h.missing {
		b = packet.AppendText(b, s)
	}
	return b
}

func (r read) append(b []byte) []byte {
	return binary.LittleEndian.AppendUint32(packet.AppendI64(append(b, kindRead), r.offset), r.n)
}

func (n need) append(b []byte) []byte { return packet.AppendI64(append(b, kindNeed), n.slot) }

// The parent's messages. The child trusts them: they come from the process that started it.

func (c config) append(b []byte) []byte {
	b = append(b, kindConfig)
	l := c.limits
	for _, v := range []int64{
		c.size, int64(c.mode), int64(c.track), l.Pixels, int64(l.Tracks), int64(l.IdlePackets), l.Frames,
		int64(l.DecodeTime), l.MemoryBytes, l.ProbeBytes, int64(l.OpenDuration),
		int64(l.Channels), int64(l.SampleRate), int64(l.BlockSamples), l.Samples, int64(c.audioTrack),
	} {
		b = packet.AppendI64(b, v)
	}
	return packet.AppendText(packet.AppendBool(b, c.audio), c.format)
}

func (d data) append(b []byte) []byte {
	return append(binary.LittleEndian.AppendUint32(append(b, kindData), d.n), d.status)
}

func (r ringSize) append(b []byte) []byte {
	return append(packet.AppendI64(append(b, kindRing), r.slot), r.slots)
}

func (r release) append(b []byte) []byte { return append(b, kindRelease, r.slot) }

// parseParent reads a message of the parent: config, data, ringSize or release.
func parseParent(b []byte) (any, error) {
	c := cursor{packet.Of(b)}
	var m any
	switch c.U8() {
	case kindConfig:
		v := config{size: c.I64(), mode: video.Mode(c.I64()), track: int(c.I64())}
		v.limits = video.Limits{
			Pixels: c.I64(), Tracks: int(c.I64()), IdlePackets: int(c.I64()), Frames: c.I64(),
			DecodeTime: time.Duration(c.I64()), MemoryBytes: c.I64(), ProbeBytes: c.I64(), OpenDuration: time.Duration(c.I64()),
			Channels: int(c.I64()), SampleRate: int(c.I64()), BlockSamples: int(c.I64()), Samples: c.I64(),
		}
		v.audioTrack, v.audio, v.format = int(c.I64()), c.Bool(), c.Text(maxString)
		c.Want(v.size >= 0 && v.limits == v.limits.WithDefaults())
		m = v
	case kindData:
		d := data{n: c.U32(), status: c.U8()}
		c.Want(d.n <= windowSize && d.status <= dataFailed && (d.n > 0) == (d.status == dataOK))
		m = d
	case kindRing:
		r := ringSize{slot: c.I64(), slots: c.U8()}
		c.Want(r.slot > 0 && r.slots >= 1 && r.slots <= maxSlots && r.slot <= math.MaxInt64/maxSlots)
		m = r
	case kindRelease:
		r := release{slot: c.U8()}
		c.Want(r.slot < maxSlots)
		m = r
	default:
		return nil, errMessage
	}
	if !c.Done() {
		return nil, errMessage
	}
	return m, nil
}
