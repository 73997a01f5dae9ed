package jail

import (
	"encoding/binary"
	"errors"
	"math"

	"github.com/consentry/consentry/watermark/neural"
)

// A message is one packet of the socket: a letter, then fields of fixed size, little-endian; texts after their length.
// Each has one encoding, so what is accepted encodes to the same bytes again.
const (
	kindConfig  = 'C' // parent: names of input and output, sizes, limits; the first message
	kindPicture = 'P' // parent: the shared memory holds numbers of this shape
	kindReady   = 'R' // child: confined; the first message
	kindAnswer  = 'A' // child: the network's numbers
	kindError   = 'E' // child: why there are none
)

const (
	maxMessage = 8 << 10 // bytes; MaxAnswer numbers have 4,099
	maxName    = 512     // bytes of a name in a graph
	maxRank    = 5
	maxMissing = 8
	maxSaid    = 128 // bytes of what the system did not grant
)

var errMessage = errors.New("malformed message")

type config struct {
	input, output                    string
	modelSize, numbers, memory, time int64
}

type picture []int64

type ready struct {
	syscalls bool
	missing  []string
}

type answer []float32

type failure string

// cursor reads fields off the front of a message. After the first that is missing or out of range everything is zero.
type cursor struct {
	b   []byte
	bad bool
}

func (c *cursor) take(n int) []byte {
	if c.bad || n > len(c.b) {
		c.bad = true
		return make([]byte, min(n, 8))
	}
	v := c.b[:n]
	c.b = c.b[n:]
	return v
}

func (c *cursor) natural() int64 {
	v := int64(binary.LittleEndian.Uint64(c.take(8)))
	c.bad = c.bad || v < 0
	return v
}

// text is a string of printable ASCII: it may end up in a report.
func (c *cursor) text(most int) string {
	n := int(binary.LittleEndian.Uint16(c.take(2)))
	if n > most || n > len(c.b) {
		c.bad = true
		return ""
	}
	v := c.take(n)
	for _, b := range v {
		c.bad = c.bad || b < ' ' || b > '~'
	}
	return string(v)
}

// name is a name in a graph: any bytes.
func (c *cursor) name() string {
	n := int(binary.LittleEndian.Uint16(c.take(2)))
	if n > maxName || n > len(c.b) {
		c.bad = true
		return ""
	}
	return string(c.take(n))
}

func (c *cursor) count(most int) int {
	n := int(c.take(1)[0])
	c.bad = c.bad || n > most
	if c.bad {
		return 0
	}
	return n
}

// parse reads a message of either side.
func parse(b []byte) (any, error) {
	if len(b) == 0 || len(b) > maxMessage {
		return nil, errMessage
	}
	c := cursor{b: b[1:]}
	var m any
	switch b[0] {
	case kindConfig:
		v := config{input: c.name(), output: c.name()}
		v.modelSize, v.numbers, v.memory, v.time = c.natural(), c.natural(), c.natural(), c.natural()
		m = v
	case kindPicture:
		p := picture{}
		for range c.count(maxRank) {
			p = append(p, c.natural())
		}
		m = p
	case kindReady:
		n := c.count(1)
		r := ready{syscalls: n == 1}
		for range c.count(maxMissing) {
			r.missing = append(r.missing, c.text(maxSaid))
		}
		m = r
	case kindAnswer:
		n := int(binary.LittleEndian.Uint16(c.take(2)))
		if n > neural.MaxAnswer || 4*n != len(c.b) {
			return nil, errMessage
		}
		a := make(answer, n)
		for i := range a {
			a[i] = math.Float32frombits(binary.LittleEndian.Uint32(c.take(4)))
		}
		m = a
	case kindError:
		m = failure(c.text(maxDetail))
	default:
		return nil, errMessage
	}
	if c.bad || len(c.b) > 0 {
		return nil, errMessage
	}
	return m, nil
}

func appendText(b []byte, s string) []byte {
	return append(binary.LittleEndian.AppendUint16(b, uint16(len(s))), s...)
}

func (v config) append(b []byte) []byte {
	b = appendText(appendText(append(b, kindConfig), v.input), v.output)
	for _, n := range []int64{v.modelSize, v.numbers, v.memory, v.time} {
		b = binary.LittleEndian.AppendUint64(b, uint64(n))
	}
	return b
}

func (p picture) append(b []byte) []byte {
	b = append(b, kindPicture, byte(len(p)))
	for _, n := range p {
		b = binary.LittleEndian.AppendUint64(b, uint64(n))
	}
	return b
}

func (r ready) append(b []byte) []byte {
	b = append(b, kindReady, 0, byte(len(r.missing)))
	if r.syscalls {
		b[len(b)-2] = 1
	}
	for _, s := range r.missing {
		b = appendText(b, s)
	}
	return b
}

func (a answer) append(b []byte) []byte {
	b = binary.LittleEndian.AppendUint16(append(b, kindAnswer), uint16(len(a)))
	for _, v := range a {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	return b
}

func (f failure) append(b []byte) []byte { return appendText(append(b, kindError), string(f)) }
