package jail

import (
	"encoding/binary"
	"errors"

	"github.com/consentry/consentry/internal/packet"
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
	fold                             int64 // rows of an answer that is made short; 0: it is passed on as it is
}

type picture []int64

type ready struct {
	syscalls bool
	missing  []string
}

type answer []float32

type failure string

// parse reads a message of either side.
func parse(b []byte) (any, error) {
	if len(b) == 0 || len(b) > maxMessage {
		return nil, errMessage
	}
	c := packet.Of(b[1:])
	var m any
	switch b[0] {
	case kindConfig:
		v := config{input: c.Name(maxName), output: c.Name(maxName)}
		v.modelSize, v.numbers, v.memory, v.time = c.Natural(), c.Natural(), c.Natural(), c.Natural()
		v.fold = c.Natural()
		c.Want(v.fold <= neural.MaxAnswer)
		m = v
	case kindPicture:
		p := picture{}
		n := int(c.U8())
		c.Want(n <= maxRank)
		for i := 0; i < n && !c.Bad(); i++ {
			p = append(p, c.Natural())
		}
		m = p
	case kindReady:
		m = ready{syscalls: c.Bool(), missing: c.Texts(maxMissing, maxSaid)}
	case kindAnswer:
		n := int(c.U16())
		if n > neural.MaxAnswer || 4*n != c.Left() {
			return nil, errMessage
		}
		a := make(answer, n)
		for i := range a {
			a[i] = c.F32()
		}
		m = a
	case kindError:
		m = failure(c.Text(maxDetail))
	default:
		return nil, errMessage
	}
	if !c.Done() {
		return nil, errMessage
	}
	return m, nil
}

func (v config) append(b []byte) []byte {
	b = packet.AppendText(packet.AppendText(append(b, kindConfig), v.input), v.output)
	for _, n := range []int64{v.modelSize, v.numbers, v.memory, v.time, v.fold} {
		b = packet.AppendI64(b, n)
	}
	return b
}

func (p picture) append(b []byte) []byte {
	b = append(b, kindPicture, byte(len(p)))
	for _, n := range p {
		b = packet.AppendI64(b, n)
	}
	return b
}

func (r ready) append(b []byte) []byte {
	return packet.AppendTexts(packet.AppendBool(append(b, kindReady), r.syscalls), r.missing)
}

func (a answer) append(b []byte) []byte {
	b = binary.LittleEndian.AppendUint16(append(b, kindAnswer), uint16(len(a)))
	for _, v := range a {
		b = packet.AppendF32(b, v)
	}
	return b
}

func (f failure) append(b []byte) []byte { return packet.AppendText(append(b, kindError), string(f)) }
