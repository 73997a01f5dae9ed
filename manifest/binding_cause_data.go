package manifest

import (
	"bytes"
	"cmp"
	"fmt"
	"hash"
	"io"
	"slices"
	"strings"

	"github.com/consentry/consentry/internal/bmff"
	"github.com/consentry/consentry/internal/parts"
	"github.com/consentry/consentry/report"
)

// maxCauseTail is how many of a file's last bytes are tried one by one as the end of what was signed: many kinds of
// files have no parts that would say where they end. What people and programs write behind them is shorter.
const maxCauseTail = 64 << 10

// shard is a piece of a file that might have been signed: bytes of the file, other bytes, or zeros.
type shard struct {
	parts.Range        // in the file; of other bytes and of zeros only the length counts
	bytes       []byte // what stands there instead
	zeros       bool
}

// edit puts other bytes, or a number of zeros, in the place of a range of the file.
type edit struct {
	at    parts.Range
	bytes []byte
	zeros int64
}

// dataCauses looks for the change that explains a data hash that differs.
type dataCauses struct {
	k      *spanCheck
	ranges []Range // what the hash leaves out, as places in the file that was signed
	want   []byte
	store  *storePlace
	all    []parts.Part // in the order of the file
	last   []byte       // the last bytes of the file
	need   int64        // bytes that one try hashes, at most
	left   int64
}

// findDataCause tries cheap changes of the file that, undone, give what was signed. It says nothing where none does: a
// change of the pictures has no cause that could be tried. An error means I/O or cancellation. No clause of the
// specification asks for it, and it changes no status code.
func (k *spanCheck) findDataCause(ranges []Range, want []byte, store *storePlace) error {
	c := &dataCauses{k: k, ranges: ranges, want: want, store: store, need: k.c.Size, left: maxCauseBytes}
	c.all = partsOf(k.c)
	if len(c.all) > maxCauseBoxes {
		k.b.Missing = append(k.b.Missing, notChecked(causeUnproved, fmt.Sprintf("the file has more than %d parts", maxCauseBoxes)))
		return nil
	}
	last := make([]byte, min(k.c.Size, maxCauseTail))
	if _, err := k.c.Data.ReadAt(last, k.c.Size-int64(len(last))); err != nil && err != io.EOF {
		return err
	}
	c.last = last
	err := k.b.firstCause(&c.left, c.need, c.appended, c.moved, c.inserted, c.metadata, c.padding, c.cutOff, c.takenOut)
	if err == nil && k.b.Cause == nil {
		c.lacks()
	}
	return err
}

// partsOf divides the content: into parts, or the boxes at the top level of a BMFF file.
func partsOf(c *Content) []parts.Part {
	switch l := c.Located; {
	case l == nil:
		return nil
	case l.Parts != nil:
		return l.Parts.Parts
	case l.File != nil:
		var out []parts.Part
		for _, b := range l.File.Boxes {
			if len(out) > maxCauseBoxes {
				break
			}
			p := parts.Part{Name: b.Type.String(), Path: b.Path(), Range: parts.Range{Offset: b.Offset, Length: b.Size}}
			switch b.Type {
			case bmff.Free, bmff.Skip, bmff.UUID:
				p.Meta = true
			}
			out = append(out, p)
		}
		return out
	}
	return nil
}

// ours says that a part carries the store.
func (c *dataCauses) ours(p *parts.Part) bool {
	return c.store != nil && p.Offset < c.store.hull.End() && c.store.hull.Offset < p.End()
}

// bound visits what the hash does not leave out of a stretch of the file that was signed, in order.
func (c *dataCauses) bound(at, end int64, visit func(from, to int64) error) error {
	for _, x := range c.ranges {
		if x.End() <= at {
			continue
		}
		if x.Offset >= end {
			break
		}
		if x.Offset > at {
			if err := visit(at, x.Offset); err != nil {
				return err
			}
		}
		at = min(x.End(), end)
	}
	if at < end {
		return visit(at, end)
	}
	return nil
}

// write adds a stretch of the file to a digest.
func (c *dataCauses) write(h hash.Hash, from, to int64, buf []byte) error {
	if at := c.k.c.Size - int64(len(c.last)); from >= at {
		h.Write(c.last[from-at : to-at])
		return nil
	}
	r := &contextReader{c.k.ctx, io.NewSectionReader(c.k.c.Data, from, to-from)}
	n, err := io.CopyBuffer(struct{ io.Writer }{h}, r, buf)
	if err == nil && n < to-from {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// matches says that a file of the given shards is what was signed. Where the work allowed is done, nothing matches.
func (c *dataCauses) matches(file []shard) (bool, error) {
	if c.left < c.need {
		return false, nil
	}
	c.left -= c.need
	h, buf, at := c.k.newHash(), make([]byte, 64<<10), int64(0)
	for i := range file {
		s := &file[i]
		err := c.bound(at, at+s.Length, func(from, to int64) error {
			switch {
			case s.zeros:
				clear(buf)
				for n := to - from; n > 0; n -= int64(len(buf)) {
					h.Write(buf[:min(n, int64(len(buf)))])
				}
				return nil
			case s.bytes != nil:
				h.Write(s.bytes[from-at : to-at])
				return nil
			}
			return c.write(h, s.Offset+from-at, s.Offset+to-at, buf)
		})
		if err != nil {
			return false, err
		}
		at += s.Length
	}
	if n := len(c.ranges); n > 0 && c.ranges[n-1].End() > at {
		return false, nil // what was left out must have been there
	}
	return bytes.Equal(h.Sum(nil), c.want), nil
}

// without gives the file without some ranges, which do not overlap, and with edits elsewhere.
func (c *dataCauses) without(cut []parts.Range, edits ...edit) []shard {
	edits = slices.Clone(edits)
	for _, x := range cut {
		edits = append(edits, edit{at: x})
	}
	slices.SortStableFunc(edits, func(a, b edit) int { return cmp.Compare(a.at.Offset, b.at.Offset) })
	var out []shard
	at := int64(0)
	for _, e := range edits {
		if e.at.Offset < at {
			continue // of two edits at one place the first counts
		}
		out = append(out, shard{Range: parts.Range{Offset: at, Length: e.at.Offset - at}})
		at = e.at.End()
		switch {
		case e.zeros > 0:
			out = append(out, shard{Range: parts.Range{Length: e.zeros}, zeros: true})
		case len(e.bytes) > 0:
			out = append(out, shard{Range: parts.Range{Length: int64(len(e.bytes))}, bytes: e.bytes})
		}
	}
	return append(out, shard{Range: parts.Range{Offset: at, Length: c.k.c.Size - at}})
}

// appended tries whether the file up to the end of some part, or up to one of its last bytes, is what was signed, in one
// pass. What is left out must have been there.
func (c *dataCauses) appended() (*report.Cause, error) {
	h, buf, at, sum := c.k.newHash(), make([]byte, 64<<10), int64(0), []byte(nil)
	for _, end := range c.ends() {
		if end <= at || end >= c.k.c.Size {
			continue
		}
		if err := c.bound(at, end, func(from, to int64) error { return c.write(h, from, to, buf) }); err != nil {
			return nil, err
		}
		at = end
		if n := len(c.ranges); n > 0 && c.ranges[n-1].End() > end {
			continue
		}
		if sum = h.Sum(sum[:0]); bytes.Equal(sum, c.want) {
			x := parts.Range{Offset: end, Length: c.k.c.Size - end}
			return c.found(CauseAppended, x, "behind what was signed", "%s appended: the file up to byte %d is what was signed", bytesWere(x.Length), end), nil
		}
	}
	return nil, nil
}

// ends lists where the file that was signed may have ended, in ascending order.
func (c *dataCauses) ends() []int64 {
	var out []int64
	for i := range c.all {
		for _, x := range c.all[i].Pieces() {
			if len(out) < parts.MaxParts {
				out = append(out, x.End())
			}
		}
	}
	if l := c.k.c.Located; l != nil && l.Parts != nil {
		for _, p := range l.Parts.Problems {
			out = append(out, p.Offset)
		}
	}
	for at := max(1, c.k.c.Size-maxCauseTail); at < c.k.c.Size; at++ {
		out = append(out, at)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// found notes where the damage is, and gives the cause.
func (c *dataCauses) found(kind string, x parts.Range, where, format string, args ...any) *report.Cause {
	c.k.b.Damage = []report.Damage{{Where: where, Offset: x.Offset, Length: x.Length}}
	return &report.Cause{Kind: kind, Offset: x.Offset, Length: x.Length, Where: where, Explanation: fmt.Sprintf(format, args...)}
}

// signedAt is where what carries the store may have stood when the file was signed: where a range of its size was left out.
func (c *dataCauses) signedAt() (out []int64) {
	if c.store == nil {
		return nil
	}
	hull, inner := c.store.hull, c.store.inner
	for _, x := range c.ranges[:min(len(c.ranges), maxCausePlaces)] {
		switch {
		case x.Length == hull.Length:
			out = append(out, x.Offset)
		case x.Length == inner.Length:
			out = append(out, x.Offset-(inner.Offset-hull.Offset))
		}
	}
	return out
}

// moved tries whether the store stood elsewhere: its bytes are left out, so that only its place counts.
func (c *dataCauses) moved() (*report.Cause, error) {
	if c.store == nil {
		return nil, nil
	}
	hull := c.store.hull
	for _, at := range c.signedAt() {
		from := at // in the file as it is
		if at > hull.Offset {
			from += hull.Length
		}
		if at == hull.Offset || at < 0 || from > c.k.c.Size {
			continue
		}
		own := shard{Range: parts.Range{Offset: hull.Offset, Length: hull.Length}}
		var file []shard
		if rest := c.without([]parts.Range{own.Range}); at < hull.Offset {
			file = []shard{{Range: parts.Range{Length: at}}, own, {Range: parts.Range{Offset: at, Length: hull.Offset - at}}, rest[1]}
		} else {
			file = []shard{rest[0], {Range: parts.Range{Offset: hull.End(), Length: from - hull.End()}}, own, {Range: parts.Range{Offset: from, Length: c.k.c.Size - from}}}
		}
		ok, err := c.matches(file)
		if err != nil {
			return nil, err
		}
		if ok {
			return c.found(CauseMoved, own.Range, "the manifest's part of the file", "what carries the manifest was moved from offset %d to %d: moved back, the file is what was signed", at, hull.Offset), nil
		}
	}
	return nil, nil
}

// inserted tries whether one of the parts was not there. Those that nothing shown depends on come first: tools add these.
func (c *dataCauses) inserted() (*report.Cause, error) {
	var which []int
	for _, media := range []bool{false, true} {
		for i := range c.all {
			if p := &c.all[i]; p.Meta != media && p.Length > 0 && !c.ours(p) {
				which = append(which, i)
			}
		}
	}
	for _, i := range which[:min(len(which), maxCausePlaces)] {
		p := &c.all[i]
		ok, err := c.absent(p.Pieces(), p)
		if err != nil {
			return nil, err
		}
		if ok {
			kind := CauseInserted
			if p.Meta {
				kind = CauseMetadata
			}
			return c.found(kind, p.Range, p.Path, "%s, %d bytes at offset %d, was added: without it the file is what was signed", p.Path, p.Length, p.Offset), nil
		}
	}
	return nil, nil
}

// metadata tries whether neighbouring parts that nothing shown depends on were not there, or any of them.
func (c *dataCauses) metadata() (*report.Cause, error) {
	var every []parts.Range
	var runs [][]parts.Range
	for i := range c.all {
		p := &c.all[i]
		if !p.Meta || p.Length == 0 || c.ours(p) {
			continue
		}
		if n := len(runs); n > 0 && runs[n-1][len(runs[n-1])-1].End() == p.Offset {
			runs[n-1] = append(runs[n-1], p.Pieces()...)
		} else {
			runs = append(runs, slices.Clone(p.Pieces()))
		}
		every = append(every, p.Pieces()...)
	}
	if len(runs) > 1 {
		runs = append(runs[:min(len(runs), maxCausePlaces-1)], every)
	}
	for _, run := range runs {
		if len(run) < 2 {
			continue // tried as a part
		}
		slices.SortFunc(run, func(a, b parts.Range) int { return cmp.Compare(a.Offset, b.Offset) })
		i := slices.IndexFunc(c.all, func(p parts.Part) bool { return p.Offset == run[0].Offset })
		if i < 0 {
			continue
		}
		ok, err := c.absent(run, &c.all[i])
		if err != nil {
			return nil, err
		}
		if ok {
			x := parts.Range{Offset: run[0].Offset, Length: run[len(run)-1].End() - run[0].Offset}
			return c.found(CauseMetadata, x, c.all[i].Path, "%d parts with metadata were added, from %s at offset %d on: without them the file is what was signed", len(run), c.all[i].Path, x.Offset), nil
		}
	}
	return nil, nil
}

// absent tries the file without some ranges, with the size of what is around them as it was before, or as it is.
func (c *dataCauses) absent(cut []parts.Range, p *parts.Part) (bool, error) {
	gone := int64(0)
	for _, x := range cut {
		gone += x.Length
	}
	outer, err := c.around(p, gone)
	if err != nil {
		return false, err
	}
	for _, e := range outer {
		if ok, err := c.matches(c.without(cut, e)); ok || err != nil {
			return ok, err
		}
	}
	return c.matches(c.without(cut))
}

// around gives edits of what stands around a part and counts its bytes, as it may have been without some of them: the
// size of a RIFF chunk or of a tag, or the padding of a tag, which taggers take from.
func (c *dataCauses) around(p *parts.Part, gone int64) ([]edit, error) {
	outer, _, inside := strings.Cut(strings.TrimPrefix(p.Path, "/"), "/")
	head := slices.IndexFunc(c.all, func(q parts.Part) bool { return q.Path == "/"+outer })
	if !inside || head < 0 || c.all[head].Length < 10 {
		return nil, nil
	}
	at := c.all[head].Offset
	b := make([]byte, 10)
	if _, err := c.k.c.Data.ReadAt(b, at); err != nil && err != io.EOF {
		return nil, err
	}
	switch {
	case strings.HasPrefix(outer, "RIFF["):
		return []edit{{at: parts.Range{Offset: at + 4, Length: 4}, bytes: riffSize(b[4:8], -gone)}}, nil
	case strings.HasPrefix(outer, "ID3v2["):
		var out []edit
		if size, ok := tagSize(b[6:10], -gone); ok {
			out = append(out, edit{at: parts.Range{Offset: at + 6, Length: 4}, bytes: size})
		}
		if q := c.room("/" + outer); q != nil {
			out = append(out, edit{at: q.Range, zeros: q.Length + gone})
		} else if end := c.behind("/" + outer); end > 0 {
			out = append(out, edit{at: parts.Range{Offset: end}, zeros: gone})
		}
		return out, nil
	}
	return nil, nil
}

// room is the padding of an ID3 tag: what stands behind its frames; nil: it has none.
func (c *dataCauses) room(tag string) (out *parts.Part) {
	frames := false
	for i := range c.all {
		switch p := &c.all[i]; {
		case strings.HasPrefix(p.Path, tag+"/"):
			frames = true
		case p.Path == tag && frames:
			out = p
		}
	}
	return out
}

// behind is where the frames of an ID3 tag end; 0: it has none.
func (c *dataCauses) behind(tag string) (end int64) {
	for i := range c.all {
		if strings.HasPrefix(c.all[i].Path, tag+"/") {
			end = c.all[i].End()
		}
	}
	return end
}

// riffSize moves a size of RIFF by an amount.
func riffSize(b []byte, by int64) []byte {
	n := int64(b[0]) | int64(b[1])<<8 | int64(b[2])<<16 | int64(b[3])<<24
	n += by
	return []byte{byte(n), byte(n >> 8), byte(n >> 16), byte(n >> 24)}
}

// tagSize moves a size of ID3, seven bits in each byte, by an amount.
func tagSize(b []byte, by int64) ([]byte, bool) {
	n := int64(b[0])<<21 | int64(b[1])<<14 | int64(b[2])<<7 | int64(b[3])
	if n += by; n < 0 || n >= 1<<28 {
		return nil, false
	}
	return []byte{byte(n >> 21 & 0x7f), byte(n >> 14 & 0x7f), byte(n >> 7 & 0x7f), byte(n & 0x7f)}, true
}

// padding tries whether the content of what only takes room was zeros.
func (c *dataCauses) padding() (*report.Cause, error) {
	var fill []edit
	where := ""
	add := func(p *parts.Part, head int64) {
		if p.Spans != nil || p.Length <= head {
			return
		}
		x := parts.Range{Offset: p.Offset + head, Length: p.Length - head}
		fill = append(fill, edit{at: x, zeros: x.Length})
		if where == "" {
			where = p.Path
		}
	}
	tags := 0
	for i := range c.all {
		p := &c.all[i]
		switch p.Name {
		case "JUNK", "PAD ", "FLLR", "free", "skip":
			add(p, 8)
		}
		if tag := fmt.Sprintf("/ID3v2[%d]", tags+1); p.Path == tag {
			tags++
			if q := c.room(tag); q != nil {
				add(q, 0)
			}
		}
	}
	if where == "" {
		return nil, nil
	}
	ok, err := c.matches(c.without(nil, fill...))
	if !ok || err != nil {
		return nil, err
	}
	return c.found(CausePadding, fill[0].at, where, "only the content of free space was changed: with zeros in it the file is what was signed"), nil
}
