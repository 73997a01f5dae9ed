package onnxgraph

import "fmt"

// SyntaxError says where bytes are not a model, or not one that is read.
type SyntaxError struct {
	Offset int64  // in the model
	Path   string // of the message that holds it, such as "graph.input"
	Msg    string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("onnx model: %s at byte %d: %s", e.Path, e.Offset, e.Msg)
}

// Wire types of protocol buffers (encoding, "Message Structure").
const (
	wireVarint = 0
	wire64     = 1
	wireBytes  = 2
	wire32     = 5
)

// field is one field of a message.
type field struct {
	number int
	wire   int
	value  uint64 // of a varint or a fixed number
	bytes  []byte // of a field with a length
	at     int64  // offset of bytes in the model
	raw    []byte // the field as it stands, its tag included
}

// reader walks the fields of a message.
type reader struct {
	b    []byte
	at   int64 // offset of b in the model
	path string
}

func (r *reader) fail(msg string) error { return &SyntaxError{Offset: r.at, Path: r.path, Msg: msg} }

func (r *reader) varint() (uint64, error) {
	var v uint64
	for i := 0; i < len(r.b) && i < 10; i++ {
		c := r.b[i]
		if i == 9 && c > 1 {
			break
		}
		v |= uint64(c&0x7f) << (7 * i)
		if c < 0x80 {
			r.b, r.at = r.b[i+1:], r.at+int64(i+1)
			return v, nil
		}
	}
	return 0, r.fail("a number that is cut off or too long")
}

// take returns the next n bytes.
func (r *reader) take(n uint64) ([]byte, error) {
	if n > uint64(len(r.b)) {
		return nil, r.fail(fmt.Sprintf("%d bytes wanted, %d left", n, len(r.b)))
	}
	v := r.b[:n:n]
	r.b, r.at = r.b[n:], r.at+int64(n)
	return v, nil
}

// each calls do for every field of the message.
func (r reader) each(do func(f field) error) error {
	for len(r.b) > 0 {
		f, err := r.next()
		if err != nil {
			return err
		}
		if err := do(f); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) next() (field, error) {
	start := *r
	tag, err := r.varint()
	if err != nil {
		return field{}, err
	}
	f := field{number: int(tag >> 3), wire: int(tag & 7)}
	if tag>>3 == 0 || tag>>3 > 1<<29-1 {
		return field{}, start.fail("no number of a field")
	}
	switch f.wire {
	case wireVarint:
		f.value, err = r.varint()
	case wire64, wire32:
		n := uint64(8)
		if f.wire == wire32 {
			n = 4
		}
		f.bytes, err = r.take(n)
	case wireBytes:
		var n uint64
		if n, err = r.varint(); err == nil {
			f.at = r.at
			f.bytes, err = r.take(n)
		}
	default:
		err = start.fail("a wire type that is not read")
	}
	f.raw = start.b[:r.at-start.at]
	return f, err
}

// inside is a reader of a field's own message.
func (r reader) inside(f field, name string) (reader, error) {
	if f.wire != wireBytes {
		return reader{}, r.fail(name + " is no message")
	}
	path := name
	if r.path != "model" {
		path = r.path + "." + name
	}
	return reader{b: f.bytes, at: f.at, path: path}, nil
}

// text is a field that holds a name.
func (r reader) text(f field) (string, error) {
	if f.wire != wireBytes || len(f.bytes) > maxName {
		return "", r.fail(fmt.Sprintf("a name longer than %d bytes, or none", maxName))
	}
	return string(f.bytes), nil
}

func appendVarint(b []byte, v uint64) []byte {
	for v >= 0x80 {
		b = append(b, byte(v)|0x80)
		v >>= 7
	}
	return append(b, byte(v))
}

func appendMessage(b []byte, number int, m []byte) []byte {
	b = appendVarint(b, uint64(number)<<3|wireBytes)
	return append(appendVarint(b, uint64(len(m))), m...)
}
