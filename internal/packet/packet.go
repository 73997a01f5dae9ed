// Package packet reads and writes the fields of the messages that a process and its confined child exchange: numbers
// of fixed size, little-endian, and texts after their length. Each value has one encoding, so a message that is
// accepted encodes to the same bytes again. A child is as untrusted as the file that it works on: what is read is
// bounded by the caller and by what is left of the message.
package packet

import (
	"encoding/binary"
	"math"
)

// Fields takes fields off the front of a message. After the first that is missing or out of range everything that is
// read is zero, and Bad says so.
type Fields struct {
	left []byte
	bad  bool
}

// Of is the fields of a message. They refer to its bytes.
func Of(message []byte) Fields { return Fields{left: message} }

// Bad says that a field was missing or out of range.
func (f *Fields) Bad() bool { return f.bad }

// Done says that every field was there and in range, and that nothing is left.
func (f *Fields) Done() bool { return !f.bad && len(f.left) == 0 }

// Left is how many bytes were not taken yet.
func (f *Fields) Left() int { return len(f.left) }

// Want makes the message bad where a condition does not hold.
func (f *Fields) Want(ok bool) { f.bad = f.bad || !ok }

// Take is the next n bytes, or nil where they are missing.
func (f *Fields) Take(n int) []byte {
	if f.bad || n > len(f.left) {
		f.bad = true
		return nil
	}
	v := f.left[:n]
	f.left = f.left[n:]
	return v
}

// U8 is an unsigned number of one byte.
func (f *Fields) U8() uint8 {
	if v := f.Take(1); v != nil {
		return v[0]
	}
	return 0
}

// U16 is an unsigned number of two bytes.
func (f *Fields) U16() uint16 {
	if v := f.Take(2); v != nil {
		return binary.LittleEndian.Uint16(v)
	}
	return 0
}

// U32 is an unsigned number of four bytes.
func (f *Fields) U32() uint32 {
	if v := f.Take(4); v != nil {
		return binary.LittleEndian.Uint32(v)
	}
	return 0
}

// I64 is a number of eight bytes.
func (f *Fields) I64() int64 {
	if v := f.Take(8); v != nil {
		return int64(binary.LittleEndian.Uint64(v))
	}
	return 0
}

// Natural is an I64 that is not negative.
func (f *Fields) Natural() int64 {
	v := f.I64()
	if v < 0 {
		f.bad = true
		return 0
	}
	return v
}

// F32 is a number of single precision; it may be a NaN.
func (f *Fields) F32() float32 { return math.Float32frombits(f.U32()) }

// Bool is one byte, 0 or 1.
func (f *Fields) Bool() bool {
	v := f.U8()
	f.Want(v <= 1)
	return v == 1
}

// Text is a string of at most so many bytes of printable ASCII: names and explanations, which end up in reports.
func (f *Fields) Text(most int) string {
	s := f.Name(most)
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			f.bad = true
			return ""
		}
	}
	return s
}

// Name is a string of at most so many bytes, whatever they are.
func (f *Fields) Name(most int) string {
	n := int(f.U16())
	f.Want(n <= most)
	return string(f.Take(n))
}

// Texts is a list of at most so many texts of at most so many bytes each. Its length takes one byte.
func (f *Fields) Texts(most, long int) (list []string) {
	n := int(f.U8())
	f.Want(n <= most)
	for i := 0; i < n && !f.bad; i++ {
		list = append(list, f.Text(long))
	}
	return list
}

// AppendI64 adds an I64.
func AppendI64(b []byte, v int64) []byte { return binary.LittleEndian.AppendUint64(b, uint64(v)) }

// AppendF32 adds an F32.
func AppendF32(b []byte, v float32) []byte {
	return binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
}

// AppendBool adds a Bool.
func AppendBool(b []byte, v bool) []byte {
	if v {
		return append(b, 1)
	}
	return append(b, 0)
}

// AppendText adds a text or a name of at most 65,535 bytes.
func AppendText(b []byte, s string) []byte {
	return append(binary.LittleEndian.AppendUint16(b, uint16(len(s))), s...)
}

// AppendTexts adds a list of at most 255 texts.
func AppendTexts(b []byte, list []string) []byte {
	b = append(b, byte(len(list)))
	for _, s := range list {
		b = AppendText(b, s)
	}
	return b
}
