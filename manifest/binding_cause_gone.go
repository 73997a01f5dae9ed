package manifest

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/consentry/consentry/internal/parts"
	"github.com/consentry/consentry/report"
)

// CauseCutOff is a file that ended later when it was signed.
const CauseCutOff = "end-missing"

// The ends that every whole file of a kind has: what is missing of one is known. ISO/IEC 10918-1, B.1.1.3; PNG, 11.2.5.
var ends = map[string][]byte{
	CarrierJPEG: []byte("\xff\xd9"),
	CarrierPNG:  []byte("\x00\x00\x00\x00IEND\xaeB`\x82"),
}

// cutOff tries whether the file went on: with the end that such files have, or with zeros, one after the other.
func (c *dataCauses) cutOff() (*report.Cause, error) {
	size := c.k.c.Size
	whole := shard{Range: parts.Range{Length: size}}
	if l := c.k.c.Located; l != nil {
		mark := ends[l.Carrier]
		for n := 1; n <= len(mark); n++ { // the longest piece that is there may be followed by what is missing
			if !bytes.HasSuffix(c.last, mark[:len(mark)-n]) {
				continue
			}
			rest := mark[len(mark)-n:]
			ok, err := c.matches([]shard{whole, {Range: parts.Range{Length: int64(len(rest))}, bytes: rest}})
			if err != nil || !ok {
				return nil, err
			}
			return c.foundGone(size, int64(n), "the end was cut off, %s: with the end that such files have the file is what was signed", report.Count(n, "byte")), nil
		}
	}
	if c.left < c.need {
		return nil, nil
	}
	c.left -= c.need
	h, buf, sum := c.k.newHash(), make([]byte, 64<<10), []byte(nil)
	write := func(from, to int64) error { return c.write(h, from, to, buf) }
	if err := c.bound(0, size, write); err != nil {
		return nil, err
	}
	for n := int64(1); n <= maxCauseTail; n++ {
		_ = c.bound(size+n-1, size+n, func(int64, int64) error { h.Write([]byte{0}); return nil })
		if k := len(c.ranges); k > 0 && c.ranges[k-1].End() > size+n {
			continue // what was left out must have been there
		}
		if sum = h.Sum(sum[:0]); bytes.Equal(sum, c.want) {
			return c.foundGone(size, n, "the end was cut off, %s: with as many zeros behind its end the file is what was signed", report.Count(n, "byte")), nil
		}
	}
	return nil, nil
}

// takenOut tries whether a part that only took room was taken out in front of what carries the store: where that was
// signed says how large it was.
func (c *dataCauses) takenOut() (*report.Cause, error) {
	for _, at := range c.signedAt() {
		n := at - c.store.hull.Offset
		if n <= 0 || n > maxCauseMovie {
			continue
		}
		for _, x := range c.between() {
			for _, edits := range c.fillers(x, n) {
				ok, err := c.matches(c.without(nil, edits...))
				if err != nil {
					return nil, err
				}
				if ok {
					return c.foundGone(x.Offset, n, "%d bytes of free space were taken out at offset %d: with them the file is what was signed", n, x.Offset), nil
				}
			}
		}
	}
	return nil, nil
}

// between are parts in front of which, up to the store, something may have stood.
func (c *dataCauses) between() []parts.Part {
	var out []parts.Part
	for _, p := range c.all {
		if p.Offset > c.store.hull.Offset || len(out) == maxCausePlaces {
			break
		}
		if p.Offset > 0 {
			out = append(out, p)
		}
	}
	return out
}

// fillers are what may have taken room of n bytes in front of a part: zeros, or a part of zeros as such files have.
func (c *dataCauses) fillers(p parts.Part, n int64) [][]edit {
	at := parts.Range{Offset: p.Offset}
	out := [][]edit{{{at: at, zeros: n}}}
	if n < 8 {
		return out
	}
	l := c.k.c.Located
	switch {
	case l != nil && l.Carrier == CarrierRIFF:
		head := append([]byte("JUNK"), binary.LittleEndian.AppendUint32(nil, uint32(n-8))...)
		filler := []edit{{at: at, bytes: head}, {at: at, zeros: n - 8}}
		size := []edit{}
		if b := c.headOf(4, 8); b != nil {
			size = []edit{{at: parts.Range{Offset: 4, Length: 4}, bytes: riffSize(b, n)}}
		}
		out = append(out, slices.Concat(size, filler), filler)
	case l != nil && l.File != nil:
		head := append(binary.BigEndian.AppendUint32(nil, uint32(n)), "free"...)
		out = append(out, []edit{{at: at, bytes: head}, {at: at, zeros: n - 8}})
	}
	return out
}

// headOf reads bytes of the file's start; nil: there are none.
func (c *dataCauses) headOf(from, to int64) []byte {
	b := make([]byte, to-from)
	if n, _ := c.k.c.Data.ReadAt(b, from); int64(n) < to-from {
		return nil
	}
	return b
}

// foundGone notes where bytes are missing, and gives the cause.
func (c *dataCauses) foundGone(at, n int64, format string, args ...any) *report.Cause {
	kind, where := CauseShifted, "free space"
	if at == c.k.c.Size {
		kind, where = CauseCutOff, "the end of the file"
	}
	c.k.b.Damage = []report.Damage{{Where: where, Offset: at}}
	return &report.Cause{Kind: kind, Offset: at, Length: n, Where: where, Explanation: fmt.Sprintf(format, args...)}
}

// lacks says what the file itself tells of bytes that are gone, where no change was proved: what they were nobody can
// know, so that they cannot be put back to see whether the hash matches.
func (c *dataCauses) lacks() {
	const unproved = "what they were nobody can know, so nothing proves that this is all that differs"
	say := func(format string, args ...any) {
		c.k.b.Missing = append(c.k.b.Missing, notChecked(causeUnproved, fmt.Sprintf(format, args...)+"; "+unproved))
	}
	for _, at := range c.signedAt() {
		hull := c.store.hull
		if n := at - hull.Offset; n > 0 {
			c.k.b.Damage = append(c.k.b.Damage, report.Damage{Where: "bytes in front of the manifest", Offset: hull.Offset})
			say("%d bytes are missing in front of what carries the manifest: it was signed at offset %d and stands at %d", n, at, hull.Offset)
			return
		}
	}
	if why := c.truncated(); why != "" {
		c.k.b.Damage = append(c.k.b.Damage, report.Damage{Where: "the end of the file", Offset: c.k.c.Size})
		say("bytes are missing at the end of the file: %s", why)
	}
}

// truncated is in plain words how the container says that the file ends too early; empty: it does not.
func (c *dataCauses) truncated() string {
	l := c.k.c.Located
	if l == nil {
		return ""
	}
	for _, f := range l.Findings {
		if f.Code == "asset.truncated" {
			return f.Explanation
		}
	}
	return ""
}
