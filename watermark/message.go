package watermark

import (
	"encoding/hex"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
)

// Algorithm names a way of writing a mark, as the published package spells it.
type Algorithm string

// The algorithms that are read.
const (
	DwtDct    Algorithm = "dwtDct"
	DwtDctSvd Algorithm = "dwtDctSvd"
)

// Algorithms are all that are read, in the order of the reports.
var Algorithms = []Algorithm{DwtDct, DwtDctSvd}

// Bounds of a message.
const (
	// MinBits is the shortest message that is looked for: 2^-32 is the chance that random bits are a given word of 32,
	// and shorter words cannot be told from chance at a millionth for all looks together.
	MinBits = 32
	// MaxBits is the longest: a frame of 512×512 pixels has 4,096 blocks, four for each bit.
	MaxBits = 1024
	// MaxMessages is how many messages of the user's own one look takes: each costs a share of the error budget.
	MaxMessages = 64
	// minPeriod is the shortest period that a message may repeat with: stripes in a picture repeat, too.
	minPeriod = 17
)

// Message is what a mark says: the pattern of bits that is looked for.
type Message struct {
	Scheme string // who writes it; empty: the user's own
	Bits   int
	Value  []byte // big-endian, the last bit of the message in the lowest bit
	// Algorithm that it is looked for with; empty: all.
	Algorithm Algorithm
}

// Hex is the message in lower-case hex, leading zero bits filled up to a whole digit.
func (m Message) Hex() string {
	s := hex.EncodeToString(m.Value)
	return s[len(s)-(m.Bits+3)/4:]
}

// bit is the n-th bit in the order in which blocks carry them.
func (m Message) bit(n int) bool {
	n += len(m.Value)*8 - m.Bits
	return m.Value[n/8]>>(7-n%8)&1 == 1
}

// signs are the bits as −1 and 1.
func (m Message) signs() []float64 {
	out := make([]float64, m.Bits)
	for i := range out {
		out[i] = -1
		if m.bit(i) {
			out[i] = 1
		}
	}
	return out
}

// text says whether the message is ASCII text, whose every eighth bit is 0 and whose other bits are far from random.
func (m Message) text() bool {
	if m.Bits%8 != 0 {
		return false
	}
	for i := 0; i < m.Bits; i += 8 {
		if m.bit(i) {
			return false
		}
	}
	return true
}

// period is the shortest period of the message, its length at most.
func (m Message) period() int {
	for p := 1; p < m.Bits; p++ {
		ok := true
		for i := p; i < m.Bits && ok; i++ {
			ok = m.bit(i) == m.bit(i-p)
		}
		if ok {
			return p
		}
	}
	return m.Bits
}

// Known are the messages that public generators write, in the order of their weight.
func Known() []Message {
	return []Message{
		// Sampling scripts of Stable Video Diffusion; SDXL in diffusers.
		known("sdxl-svd-48", 48, "b3ec907bb19e"),
		// Reference code of FLUX: 48 bits are meant, but the two leading zeros are lost on the way to a list of bits.
		known("flux-46", 46, "2afe879cf52e"),
		// Scripts of Stable Diffusion 1: "StableDiffusionV1".
		known("sd1-136", 136, hex.EncodeToString([]byte("StableDiffusionV1"))),
		// Scripts of Stable Diffusion 2: "SDV2".
		known("sd2-32", 32, hex.EncodeToString([]byte("SDV2"))),
	}
}

func known(scheme string, bits int, digits string) Message {
	v, err := hex.DecodeString(digits)
	if err != nil {
		panic("watermark: " + err.Error())
	}
	return Message{Scheme: scheme, Bits: bits, Value: v}
}

// MessageError says what is wrong with a message as it was given.
type MessageError struct {
	Text string // as given
	Why  string
}

func (e *MessageError) Error() string { return fmt.Sprintf("%q: %s", e.Text, e.Why) }

// ParseMessage reads a message of the user's own in the form ALGORITHM:BITS:HEX, such as "dwtDct:48:B3EC907BB19E". The
// number is right-aligned: leading zero bits fill up a whole digit. The error is a [*MessageError].
func ParseMessage(s string) (Message, error) { return ParseMessageOf(s, Algorithms...) }

// ParseMessageOf is [ParseMessage] for other algorithms than those that this package reads.
func ParseMessageOf(s string, algorithms ...Algorithm) (Message, error) {
	bad := func(why string, args ...any) (Message, error) {
		return Message{}, &MessageError{s, fmt.Sprintf(why, args...)}
	}
	alg, rest, ok := strings.Cut(s, ":")
	count, digits, ok2 := strings.Cut(rest, ":")
	if !ok || !ok2 {
		return bad("the form is ALGORITHM:BITS:HEX, such as dwtDct:48:B3EC907BB19E")
	}
	m := Message{Algorithm: Algorithm(alg)}
	if !slices.Contains(algorithms, m.Algorithm) {
		names := make([]string, len(algorithms))
		for i, a := range algorithms {
			names[i] = string(a)
		}
		return bad("the algorithm %q is not one of %s", alg, strings.Join(names, ", "))
	}
	bits, err := strconv.ParseUint(count, 10, 16)
	if err != nil || bits < MinBits || bits > MaxBits {
		return bad("the number of bits is %d to %d: fewer cannot be told from chance", MinBits, MaxBits)
	}
	m.Bits = int(bits)
	if len(digits) != (m.Bits+3)/4 {
		return bad("%d bits are %d hex digits, not %d", m.Bits, (m.Bits+3)/4, len(digits))
	}
	if len(digits)%2 == 1 {
		digits = "0" + digits
	}
	if m.Value, err = hex.DecodeString(digits); err != nil {
		return bad("not a hex number")
	}
	if new(big.Int).SetBytes(m.Value).BitLen() > m.Bits {
		return bad("the number has more than %d bits", m.Bits)
	}
	if p := m.period(); p < minPeriod {
		return bad("the message repeats every %d bits, as the stripes of a picture do: it cannot be told from them", p)
	}
	return m, nil
}
