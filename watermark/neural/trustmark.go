package neural

import (
	"math/big"
	"slices"
	"strings"
	"time"
)

// Payload is what a TrustMark says: an identifier, to be looked up where its maker keeps what it stands for.
type Payload struct {
	Schema string // BCH_SUPER, BCH_5, BCH_4, BCH_3
	Bits   int
	Value  []byte // big-endian, the last bit in the lowest one
	// Moments are where it was read, at least a second between one and the next.
	Moments []time.Duration
	// Mirrored says that it was also read in a mirrored picture, where none is to be expected: the network may answer so
	// by itself.
	Mirrored bool
	// Same says that all moments gave the very same wrong bits, as a picture that stands still does: they are one.
	Same bool
	// Agreed says that it was read at two moments or more that are not the same, or once without a wrong bit, and not
	// mirrored.
	Agreed bool
}

// schema is a division of the 96 bits in front of the version: data, and bits of an error-correcting code.
type schema struct {
	name         string
	data, errors int
}

// schemas by the last two bits of the version. TrustMark 0.9.2, datalayer.py.
var schemas = [4]schema{{"BCH_SUPER", 40, 8}, {"BCH_5", 61, 5}, {"BCH_4", 68, 4}, {"BCH_3", 75, 3}}

const (
	trustMarkBits = 100
	versionBits   = 4
	codeBits      = 7 // of the code for each error that it corrects
)

// reading is a payload as one picture gives it.
type reading struct {
	schema int
	data   string // zeros and ones
}

// sight is a reading with the bits as the network gave them.
type sight struct {
	reading
	raw   string
	wrong int // bits that the code corrected
}

// readPayload reads the payload out of a picture's votes. False: its code does not hold, as for most pictures without a
// mark (it does by chance for 2 in a million with BCH_SUPER, and for 7 in a hundred with BCH_3).
func readPayload(votes []float32) (sight, bool) {
	bits := make([]byte, trustMarkBits)
	for i, v := range votes[:trustMarkBits] {
		if v > 0 {
			bits[i] = 1
		}
	}
	n := int(bits[trustMarkBits-2])<<1 | int(bits[trustMarkBits-1])
	s := schemas[n]
	code := bits[s.data : trustMarkBits-versionBits][:codeBits*s.errors]
	// Data are filled up with zeros to whole bytes before the code is made.
	padding := (8 - s.data%8) % 8
	word := slices.Concat(bits[:s.data], make([]byte, padding), code)
	wrong, ok := correct(word, s.errors)
	if !ok || slices.Contains(word[s.data:s.data+padding], 1) {
		return sight{}, false
	}
	var text strings.Builder
	for _, b := range word[:s.data] {
		text.WriteByte('0' + b)
	}
	return sight{reading{n, text.String()}, string(bits), wrong}, true
}

// apart is the shortest time between two moments that count as two: neighbouring pictures are nearly one.
const apart = time.Second

// payloads are what was read, the ones that agree most first. Readings are in the order of time.
func payloads(readings []moment, mirrored []reading) (out []Payload) {
	at, first := map[reading]int{}, map[int]string{} // by place in out
	for _, m := range readings {
		i, known := at[m.reading]
		if !known {
			i = len(out)
			at[m.reading] = i
			s := schemas[m.schema]
			value, _ := new(big.Int).SetString(m.data, 2)
			out = append(out, Payload{
				Schema: s.name, Bits: s.data, Value: value.FillBytes(make([]byte, (s.data+7)/8)),
				Mirrored: slices.Contains(mirrored, m.reading),
			})
		}
		p := &out[i]
		if raw, seen := first[i]; !seen {
			first[i], p.Same = m.raw, m.wrong > 0
		} else if m.raw != raw || m.wrong == 0 {
			p.Same = false
		}
		if n := len(p.Moments); n == 0 || m.at-p.Moments[n-1] >= apart {
			p.Moments = append(p.Moments, m.at)
		}
	}
	for i := range out {
		out[i].Agreed = len(out[i].Moments) >= 2 && !out[i].Mirrored && !out[i].Same
	}
	slices.SortStableFunc(out, func(a, b Payload) int { return len(b.Moments) - len(a.Moments) })
	return out
}

// moment is a reading and when it was made.
type moment struct {
	sight
	at time.Duration
}
