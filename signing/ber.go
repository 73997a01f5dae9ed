package signing

import "fmt"

// Bounds of a time-stamp token. Tokens in the field have 3 to 10 kB, most of it certificates.
const (
	maxToken    = 256 << 10
	maxBERDepth = 32 // a token with certificates and attributes nests about 16 deep
)

// derOf turns BER into DER as far as older time-stamp tokens need it: indefinite and long-winded lengths get their
// shortest form, constructed octet strings become primitive. What was DER stays as it is, byte for byte, so that
// certificates and signed content keep their signatures. X.690, 8.1 and 10.1.
func derOf(ber []byte) ([]byte, error) {
	if len(ber) > maxToken {
		return nil, &SyntaxError{Path: "token", Reason: fmt.Sprintf("%d bytes are more than the %d that are read", len(ber), maxToken)}
	}
	r := berReader{in: ber}
	out, err := r.element(make([]byte, 0, len(ber)), 0)
	if err != nil {
		return nil, err
	}
	if r.pos != len(ber) {
		return nil, r.fail("bytes after the token's end")
	}
	return out, nil
}

type berReader struct {
	in  []byte
	pos int
}

func (r *berReader) fail(reason string) error {
	return &SyntaxError{Path: "token", Offset: int64(r.pos), Reason: reason}
}

// header reads tag and length; indefinite lengths are -1.
func (r *berReader) header(end int) (tag byte, length int, err error) {
	if end-r.pos < 2 {
		return 0, 0, r.fail("cut off")
	}
	tag = r.in[r.pos]
	if tag&0x1f == 0x1f {
		return 0, 0, r.fail("a tag beyond 30")
	}
	first := r.in[r.pos+1]
	switch {
	case first < 0x80:
		length = int(first)
		r.pos += 2
	case first == 0x80:
		if tag&0x20 == 0 {
			return 0, 0, r.fail("an indefinite length of a primitive")
		}
		r.pos += 2
		return tag, -1, nil
	default:
		n := int(first & 0x7f)
		if n > 8 || end-r.pos < 2+n {
			return 0, 0, r.fail("a length that cannot be read")
		}
		for _, b := range r.in[r.pos+2 : r.pos+2+n] {
			if length > maxToken {
				return 0, 0, r.fail("a length beyond the token")
			}
			length = length<<8 | int(b)
		}
		r.pos += 2 + n
	}
	if length > end-r.pos {
		return 0, 0, r.fail("a length beyond what is left")
	}
	return tag, length, nil
}

// element appends the DER of the element at the position.
func (r *berReader) element(out []byte, depth int) ([]byte, error) {
	return r.within(out, len(r.in), depth)
}

func (r *berReader) within(out []byte, end, depth int) ([]byte, error) {
	if depth > maxBERDepth {
		return nil, r.fail("nested too deeply")
	}
	tag, length, err := r.header(end)
	if err != nil {
		return nil, err
	}
	if tag&0x20 == 0 {
		out = appendLength(append(out, tag), length)
		out = append(out, r.in[r.pos:r.pos+length]...)
		r.pos += length
		return out, nil
	}
	stop := end
	if length >= 0 {
		stop = r.pos + length
	}
	octets := tag == 0x24 // constructed OCTET STRING
	start := len(out)
	for {
		if length >= 0 && r.pos == stop {
			break
		}
		if length < 0 && stop-r.pos >= 2 && r.in[r.pos] == 0 && r.in[r.pos+1] == 0 {
			r.pos += 2
			break
		}
		part := len(out)
		if octets && (r.pos >= stop || r.in[r.pos]&^0x20 != 4) {
			return nil, r.fail("an octet string made of something else")
		}
		if out, err = r.within(out, stop, depth+1); err != nil {
			return nil, err
		}
		if octets {
			out = append(out[:part], contentOf(out[part:])...)
		}
	}
	if octets {
		tag = 4
	}
	return withHead(out, start, tag), nil
}

// withHead puts tag and length before what was appended since start.
func withHead(out []byte, start int, tag byte) []byte {
	n := len(out) - start
	var buf [5]byte
	head := appendLength(append(buf[:0], tag), n)
	out = append(out, head...)
	copy(out[start+len(head):], out[start:start+n])
	copy(out[start:], head)
	return out
}

// contentOf strips the head of a DER element that this reader made.
func contentOf(der []byte) []byte {
	if der[1] < 0x80 {
		return der[2:]
	}
	return der[2+int(der[1]&0x7f):]
}

// appendLength appends the shortest DER length.
func appendLength(out []byte, n int) []byte {
	switch {
	case n < 0x80:
		return append(out, byte(n))
	case n <= 0xff:
		return append(out, 0x81, byte(n))
	case n <= 0xffff:
		return append(out, 0x82, byte(n>>8), byte(n))
	default:
		return append(out, 0x83, byte(n>>16), byte(n>>8), byte(n))
	}
}
