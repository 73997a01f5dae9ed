package jail

import (
	"encoding/binary"

	"github.com/consentry/consentry/internal/packet"
	"github.com/consentry/consentry/video"
)

// cursor takes the fields that describe tracks off the front of a message.
type cursor struct{ packet.Fields }

// number is an int between 0 and maxNumber.
func (c *cursor) number() int {
	v := c.U32()
	c.Want(v <= maxNumber)
	return int(v)
}

// count is the length of a list. The list's items are read one by one and each takes bytes, so no room is made ahead.
func (c *cursor) count(most int) int {
	n := int(c.U16())
	c.Want(n <= most && n <= c.Left())
	if c.Bad() {
		return 0
	}
	return n
}

func (c *cursor) color() video.Color {
	return video.Color{Primaries: int(c.U8()), Transfer: int(c.U8()), Matrix: int(c.U8()), FullRange: c.Bool()}
}

func (c *cursor) ratio() [2]int { return [2]int{c.number(), c.number()} }

func (c *cursor) samples() video.Samples {
	s := video.Samples{Count: c.Natural(), First: c.I64(), Last: c.I64()}
	c.Want(s.First >= -1 && s.Last >= -1)
	return s
}

func appendNumber(b []byte, v int) []byte { return binary.LittleEndian.AppendUint32(b, uint32(v)) }

func appendCount(b []byte, n int) []byte { return binary.LittleEndian.AppendUint16(b, uint16(n)) }

func appendColor(b []byte, c video.Color) []byte {
	return packet.AppendBool(append(b, uint8(c.Primaries), uint8(c.Transfer), uint8(c.Matrix)), c.FullRange)
}

func appendRatio(b []byte, r [2]int) []byte { return appendNumber(appendNumber(b, r[0]), r[1]) }

func appendSamples(b []byte, s video.Samples) []byte {
	return packet.AppendI64(packet.AppendI64(packet.AppendI64(b, s.Count), s.First), s.Last)
}
