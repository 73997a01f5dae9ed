package store

import (
	"encoding/binary"

	"github.com/consentry/consentry/fingerprint"
)

// The search is multi-index hashing: a code is cut into sixteen words of sixteen bits, and there is a table of codes by
// each word. Codes that differ in at most 31 bits have a word in which they differ in at most one bit, so that 17
// look-ups in each table find them all.
const (
	words    = 16
	wordBits = 16
)

// reach is how far codes may be apart that the index finds without fail.
const reach = 2*words - 1

// The index must reach as far as a match does.
var _ [reach - fingerprint.MaxMatch]struct{}

// index has for each word and each of its values the codes that have it.
type index struct {
	codes []fingerprint.Code
	heads [words][]uint32 // of each value, where its codes begin in list
	list  [words][]uint32
	seen  []uint32 // of each code, the last look-up that found it
	turn  uint32
}

func word(c *fingerprint.Code, t int) uint16 { return binary.LittleEndian.Uint16(c[2*t:]) }

func newIndex(codes []fingerprint.Code) *index {
	x := &index{codes: codes, seen: make([]uint32, len(codes))}
	for t := range words {
		heads := make([]uint32, 1<<wordBits+1)
		for i := range codes {
			heads[int(word(&codes[i], t))+1]++
		}
		for v := 1; v < len(heads); v++ {
			heads[v] += heads[v-1]
		}
		next, list := append([]uint32(nil), heads...), make([]uint32, len(codes))
		for i := range codes {
			v := word(&codes[i], t)
			list[next[v]] = uint32(i)
			next[v]++
		}
		x.heads[t], x.list[t] = heads, list
	}
	return x
}

// near calls found for every code that differs from c in at most [fingerprint.MaxMatch] bits, once, and returns how
// many entries of tables it met.
func (x *index) near(c *fingerprint.Code, found func(code uint32, distance int)) (met int) {
	if x.turn++; x.turn == 0 {
		clear(x.seen)
		x.turn = 1
	}
	for t := range words {
		v := word(c, t)
		for flip := -1; flip < wordBits; flip++ {
			w := v
			if flip >= 0 {
				w ^= 1 << flip
			}
			list := x.list[t][x.heads[t][w]:x.heads[t][int(w)+1]]
			met += len(list)
			for _, i := range list {
				// Nearly all are far, and a look at the code is all that they cost.
				if d := x.codes[i].Distance(c); d <= fingerprint.MaxMatch && x.seen[i] != x.turn {
					x.seen[i] = x.turn
					found(i, d)
				}
			}
		}
	}
	return met
}
