package jail

import (
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"strings"

	"github.com/consentry/consentry/internal/confine"
	"github.com/consentry/consentry/persons"
)

// A message is one packet of the socket: a letter, then fields of fixed size, little-endian; strings and lists after
// their length. Each has one encoding, so what is accepted encodes to the same bytes again.
const (
	// from the parent
	kindConfig  = 'C' // which network to run, within which limits: the first message
	kindPicture = 'P' // the shared memory holds a picture
	// from the child
	kindReady = 'R' // confined and tested, or not: the first message
	kindFaces = 'F' // what was found
	kindError = 'E' // why nothing was
)

const (
	maxMessage = 128 << 10 // bytes; persons.MaxFaces faces have 60,003
	maxString  = 128       // bytes of a name
	maxDetail  = 512       // bytes of an explanation
	maxMissing = 8
	maxOutputs = 16
	faceFields = 15
)

var errMessage = errors.New("malformed message")

type config struct {
	kind, input string
	outputs     []string
	modelSize   int64
	memory      int64
	total       int64 // nanoseconds
}

type picture struct{ width, height uint16 }

// ready says that the child is confined. A failure says why it cannot find faces.
type ready struct {
	syscalls bool
	missing  []string
	failure  failure
}

type faces []persons.Face

// failure is an error in words.
type failure struct {
	reason string // empty: no error
	detail string
}

func (f failure) err() *persons.Error {
	if f.reason == "" {
		return nil
	}
	return &persons.Error{Reason: f.reason, Detail: f.detail}
}

// failureOf puts an error into words; what has no reason of its own gets the given one.
func failureOf(err error, reason string) failure {
	var e *persons.Error
	if errors.As(err, &e) {
		return failure{reason: e.Reason, detail: printable(e.Detail, maxDetail)}
	}
	return failure{reason: reason, detail: printable(err.Error(), maxDetail)}
}

func printable(s string, most int) string { return confine.Printable(s, most) }

// cursor reads fields off the front of a message. After the first that is missing or out of range everything is zero
// and bad is set.
type cursor struct {
	b   []byte
	bad bool
}

func (c *cursor) want(ok bool) { c.bad = c.bad || !ok }

func (c *cursor) take(n int) []byte {
	if c.bad || n > len(c.b) {
		c.bad = true
		return make([]byte, min(n, 8))
	}
	v := c.b[:n]
	c.b = c.b[n:]
	return v
}

func (c *cursor) u8() byte    { return c.take(1)[0] }
func (c *cursor) u16() uint16 { return binary.LittleEndian.Uint16(c.take(2)) }

func (c *cursor) natural() int64 {
	v := int64(binary.LittleEndian.Uint64(c.take(8)))
	c.want(v >= 0)
	return v
}

func (c *cursor) float() float64 {
	return float64(math.Float32frombits(binary.LittleEndian.Uint32(c.take(4))))
}

// text is a string of printable ASCII: it ends up in reports.
func (c *cursor) text(most int) string {
	n := int(c.u16())
	c.want(n <= most)
	if c.bad || n > len(c.b) {
		c.bad = true
		return ""
	}
	s := string(c.take(n))
	c.want(!strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' }))
	return s
}

func (c *cursor) texts(most, long int) (list []string) {
	n := int(c.u8())
	c.want(n <= most)
	for i := 0; i < n && !c.bad; i++ {
		list = append(list, c.text(long))
	}
	return list
}

// parse reads a message of the child: ready, faces or failure. Its numbers are those that a face can have.
func parse(b []byte) (any, error) {
	if len(b) == 0 || len(b) > maxMessage {
		return nil, errMessage
	}
	c := cursor{b: b[1:]}
	var m any
	switch b[0] {
	case kindReady:
		n := c.u8()
		c.want(n <= 1)
		m = ready{syscalls: n == 1, missing: c.texts(maxMissing, maxString), failure: c.failure(true)}
	case kindFaces:
		m = c.faces()
	case kindError:
		m = c.failure(false)
	default:
		return nil, errMessage
	}
	if c.bad || len(c.b) > 0 {
		return nil, errMessage
	}
	return m, nil
}

func (c *cursor) failure(may bool) failure {
	f := failure{reason: c.text(maxString), detail: c.text(maxDetail)}
	switch f.reason {
	case "":
		c.want(may && f.detail == "")
	case persons.ReasonCrash, persons.ReasonTimeout, persons.ReasonLimit, persons.ReasonProtocol, persons.ReasonLibrary,
		persons.ReasonModel, persons.ReasonSelfTest, persons.ReasonUnavailable:
	default:
		c.bad = true
	}
	return f
}

func (c *cursor) faces() faces {
	n := int(c.u16())
	c.want(n <= persons.MaxFaces && len(c.b) == 4*faceFields*n)
	var list faces
	last := 1.
	for i := 0; i < n && !c.bad; i++ {
		f := persons.Face{X: c.float(), Y: c.float(), W: c.float(), H: c.float(), Score: c.float()}
		for k := range f.Landmarks {
			f.Landmarks[k] = [2]float64{c.float(), c.float()}
			for _, v := range f.Landmarks[k] {
				c.want(v >= -1 && v <= 2)
			}
		}
		c.want(inside(f.X, f.W) && inside(f.Y, f.H) && f.Score > 0 && f.Score <= last)
		last = f.Score
		list = append(list, f)
	}
	return list
}

// inside says whether a side of a box lies in the picture, but for the rounding of float32. A NaN lies nowhere.
func inside(from, length float64) bool {
	return from >= 0 && length > 0 && from <= 1 && length <= 1 && from+length <= 1+1e-6
}

func (r ready) append(b []byte) []byte {
	b = append(b, kindReady, 0)
	if r.syscalls {
		b[len(b)-1] = 1
	}
	return r.failure.appendTo(appendTexts(b, r.missing))
}

func (f faces) append(b []byte) []byte {
	b = binary.LittleEndian.AppendUint16(append(b, kindFaces), uint16(len(f)))
	for _, v := range f {
		for _, n := range []float64{v.X, v.Y, v.W, v.H, v.Score} {
			b = appendFloat(b, n)
		}
		for _, l := range v.Landmarks {
			b = appendFloat(appendFloat(b, l[0]), l[1])
		}
	}
	return b
}

func (f failure) append(b []byte) []byte { return f.appendTo(append(b, kindError)) }

func (f failure) appendTo(b []byte) []byte { return appendText(appendText(b, f.reason), f.detail) }

func appendText(b []byte, s string) []byte {
	return append(binary.LittleEndian.AppendUint16(b, uint16(len(s))), s...)
}

func appendTexts(b []byte, list []string) []byte {
	b = append(b, byte(len(list)))
	for _, s := range list {
		b = appendText(b, s)
	}
	return b
}

func appendFloat(b []byte, v float64) []byte {
	return binary.LittleEndian.AppendUint32(b, math.Float32bits(float32(v)))
}

// The parent's messages. The child trusts them: they come from the process that started it.

func (c config) append(b []byte) []byte {
	b = appendTexts(appendText(appendText(append(b, kindConfig), c.kind), c.input), c.outputs)
	for _, v := range []int64{c.modelSize, c.memory, c.total} {
		b = binary.LittleEndian.AppendUint64(b, uint64(v))
	}
	return b
}

func (p picture) append(b []byte) []byte {
	b = binary.LittleEndian.AppendUint16(append(b, kindPicture), p.width)
	return binary.LittleEndian.AppendUint16(b, p.height)
}

// parseParent reads a message of the parent: config or picture.
func parseParent(b []byte) (any, error) {
	if len(b) == 0 {
		return nil, errMessage
	}
	c := cursor{b: b[1:]}
	var m any
	switch b[0] {
	case kindConfig:
		v := config{kind: c.text(maxString), input: c.text(maxDetail), outputs: c.texts(maxOutputs, maxDetail)}
		v.modelSize, v.memory, v.total = c.natural(), c.natural(), c.natural()
		m = v
	case kindPicture:
		p := picture{c.u16(), c.u16()}
		c.want(slices.Min([]uint16{p.width, p.height}) >= 1 && slices.Max([]uint16{p.width, p.height}) <= persons.MaxSide)
		m = p
	default:
		return nil, errMessage
	}
	if c.bad || len(c.b) > 0 {
		return nil, errMessage
	}
	return m, nil
}
