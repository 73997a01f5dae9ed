package jail

import (
	"encoding/binary"

	"github.com/consentry/consentry/video"
)

// cursor reads fields off the front of a message. After the first that is missing or out of range everything is zero
// and bad is set.
type cursor struct {
	b   []byte
	bad bool
}

func (c *cursor) take(n int) []byte {
	if c.bad || n > len(c.b) {
		c.bad = true
		return nil
	}
	v := c.b[:n]
	c.b = c.b[n:]
	return v
}

func (c *cursor) want(ok bool) { c.bad = c.bad || !ok }

func (c *cursor) u8() uint8 {
	if v := c.take(1); v != nil {
		return v[0]
	}
	return 0
}

func (c *cursor) u16() uint16 {
	if v := c.take(2); v != nil {
		return binary.LittleEndian.Uint16(v)
	}
	return 0
}

func (c *cursor) u32() uint32 {
	if v := c.take(4); v != nil {
		return binary.LittleEndian.Uint32(v)
	}
	return 0
}

func (c *cursor) i64() int64 {
	if v := c.take(8); v != nil {
		return int64(binary.LittleEndian.Uint64(v))
	}
	return 0
}

// natural is an int64 that is not negative.
func (c *cursor) natural() int64 {
	v := c.i64()
	c.want(v >= 0)
	return v
}

// number is an int between 0 and maxNumber.
func (c *cursor) number() int {
	v := c.u32()
	c.want(v <= maxNumber)
	return int(v)
}

func (c *cursor) bool() bool {
	v := c.u8()
	c.want(v <= 1)
	return v == 1
}

// count is the length of a list. The list's items are read one by one and each takes bytes, so no room is made ahead.
func (c *cursor) count(most int) int {
	n := int(c.u16())
	if n > most || n > len(c.b) {
		c.bad = true
	}
	if c.bad {
		return 0
	}
	return n
}

// text is a string of printable ASCII: names and explanations, which end up in reports.
func (c *cursor) text(most int) string {
	n := int(c.u16())
	if n > most {
		c.bad = true
	}
	v := c.take(n)
	for _, b := range v {
		if b < ' ' || b > '~' {
			c.bad = true
			return ""
		}
	}
	return string(v)
}

func (c *cursor) color() video.Color {
	return video.Color{Primaries: int(c.u8()), Transfer: int(c.u8()), Matrix: int(c.u8()), FullRange: c.bool()}
}

func (c *cursor) ratio() [2]int { return [2]int{c.number(), c.number()} }

func (c *cursor) samples() video.Samples {
	s := video.Samples{Count: c.natural(), First: c.i64(), Last: c.i64()}
	c.want(s.First >= -1 && s.Last >= -1)
	return s
}

func appendI64(b []byte, v int64) []byte { return binary.LittleEndian.AppendUint64(b, uint64(v)) }

func appendNumber(b []byte, v int) []byte { return binary.LittleEndian.AppendUint32(b, uint32(v)) }

func appendCount(b []byte, n int) []byte { return binary.LittleEndian.AppendUint16(b, uint16(n)) }

func appendText(b []byte, s string) []byte { return append(appendCount(b, len(s)), s...) }

func appendBool(b []byte, v bool) []byte {
	if v {
		return append(b, 1)
	}
	return append(b, 0)
}

func appendColor(b []byte, c video.Color) []byte {
	return appendBool(append(b, uint8(c.Primaries), uint8(c.Transfer), uint8(c.Matrix)), c.FullRange)
}

func appendRatio(b []byte, r [2]int) []byte { return appendNumber(appendNumber(b, r[0]), r[1]) }

func appendSamples(b []byte, s video.Samples) []byte {
	return appendI64(appendI64(appendI64(b, s.Count), s.First), s.Last)
}
