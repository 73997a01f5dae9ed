package manifest

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"

	"github.com/consentry/consentry/internal/bmff"
	"github.com/consentry/consentry/internal/hashplan"
	"github.com/consentry/consentry/report"
)

// The kinds of causes of a content hash that differs. Each is proved: with the change undone, the hash matches.
const (
	CauseAppended = "bytes-appended"    // bytes stand behind what was signed
	CauseInserted = "box-inserted"      // a box was put between those that were signed
	CauseMoved    = "box-moved"         // a box stands elsewhere than when it was signed
	CauseShifted  = "bytes-missing"     // bytes in front of a box are missing, or too many
	CauseMetadata = "metadata-added"    // metadata was put into the file
	CauseMetaEdit = "metadata-changed"  // only metadata is not what was signed
	CauseChanged  = "box-changed"       // some boxes are not what was signed, and all others are
	CauseMissing  = "box-missing"       // a box that was signed is not there, and all others are
	CausePadding  = "padding-changed"   // the content of free boxes is not the zeros that were signed
	CauseRewrite  = "moov-moved"        // the movie box was moved and its index rewritten, as for streaming ("fast start")
	causeUnproved = "content hash: why" // what is said where no cause was looked for
)

const (
	// maxCauseBytes bounds what is hashed to find a cause, beside one pass over the file: half a second's work.
	maxCauseBytes = 512 << 20
	// maxCauseBoxes is how many boxes a file may have for its causes to be looked for; films have some tens.
	maxCauseBoxes = 4096
	// maxCausePlaces is how many boxes, or places of a box, are tried for one kind of change.
	maxCausePlaces = 16
	// maxCauseMovie bounds the movie box that is held in memory to be changed.
	maxCauseMovie = 16 << 20
)

// slab is a top-level box in an order of boxes that might have been signed.
type slab struct {
	box    *bmff.Box
	size   int64
	marked bool // its offset goes into the digest
	steps  []hashplan.Step
	patch  []byte // what stands in the box's place; nil: the file's own bytes
}

// causes looks for the change that explains a hash that differs.
type causes struct {
	k    *bmffCheck
	all  []slab
	tail []hashplan.Step // behind the last box
	need int64           // bytes that one try hashes
	left int64
}

// findCause tries cheap changes of the file that, undone, give what was signed. It says nothing where none does: a
// change of the pictures has no cause that could be tried. An error means I/O or cancellation. No clause of the
// specification asks for it, and it changes no status code.
func (k *bmffCheck) findCause() error {
	if len(k.file.Boxes) > maxCauseBoxes {
		k.b.Missing = append(k.b.Missing, notChecked(causeUnproved, fmt.Sprintf("the file has more than %d boxes", maxCauseBoxes)))
		return nil
	}
	c := &causes{k: k, left: maxCauseBytes}
	for _, b := range k.file.Boxes {
		var p hashplan.Plan
		out, err := k.matcher.spans(b, nil)
		var limit *LimitError
		if errors.As(err, &limit) { // the answer stands without a cause
			k.b.Missing = append(k.b.Missing, notChecked(causeUnproved, limit.Error()))
			return nil
		}
		if err != nil {
			return err
		}
		k.matcher.planBox(b, out, true, &p, nil)
		s := slab{box: b, size: b.Size}
		for _, step := range p.Steps {
			if step.Prefix != hashplan.None {
				s.marked = true
			}
			if step.Length > 0 {
				s.steps = append(s.steps, step)
			}
		}
		c.all = append(c.all, s)
		c.need += s.hashed()
	}
	if n := k.c.Size - k.file.Parsed; n > 0 {
		c.tail = []hashplan.Step{{Offset: k.file.Parsed, Length: n, Prefix: hashplan.None}}
		c.need += n
	}
	return k.b.firstCause(&c.left, c.need, c.appended, c.padding, c.inserted, c.metadata, c.moved, c.shifted, c.rewritten)
}

// firstCause tries changes in turn and keeps the first that, undone, gives what was signed. Each try hashes need bytes at
// most and takes them off left; where none is found and left is less than need, not every change was tried.
func (b *Binding) firstCause(left *int64, need int64, tries ...func() (*report.Cause, error)) error {
	for _, try := range tries {
		cause, err := try()
		if err != nil {
			return err
		}
		if cause != nil {
			b.Cause = cause
			return nil
		}
	}
	if *left < need {
		b.notEveryCause()
	}
	return nil
}

// bytesWere begins a sentence about bytes that something was done to.
func bytesWere(n int64) string {
	if n == 1 {
		return "1 byte was"
	}
	return fmt.Sprintf("%d bytes were", n)
}

// notEveryCause says that the bytes which may be hashed to find a cause were used up.
func (b *Binding) notEveryCause() {
	b.Missing = append(b.Missing, notChecked(causeUnproved, fmt.Sprintf("%d MiB were hashed to find one; not every change was tried", maxCauseBytes>>20)))
}

func (s *slab) hashed() (n int64) {
	for _, step := range s.steps {
		n += step.Length
	}
	return n
}

// whole says that nothing of the box is left out, so that another content can be tried in its place.
func (s *slab) whole() bool { return s.marked && s.patch == nil && s.hashed() == s.size }

// write adds a box at a place to the digest.
func (c *causes) write(h hash.Hash, s *slab, at int64) error {
	if s.marked {
		var b [8]byte
		binary.BigEndian.PutUint64(b[:], uint64(at))
		h.Write(b[:])
	}
	if s.patch != nil {
		h.Write(s.patch)
		return nil
	}
	return c.copy(h, s.steps)
}

func (c *causes) copy(h hash.Hash, steps []hashplan.Step) error {
	for _, step := range steps {
		r := &contextReader{c.k.ctx, io.NewSectionReader(c.k.c.Data, step.Offset, step.Length)}
		if n, err := io.CopyBuffer(struct{ io.Writer }{h}, r, make([]byte, min(step.Length, 256<<10))); err != nil {
			return err
		} else if n < step.Length {
			return io.ErrUnexpectedEOF
		}
	}
	return nil
}

// contextReader gives up when the context ends.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

// Read reads, or says why it may not any more.
func (r *contextReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}

// matches says that boxes in an order, with the bytes behind the last box, give the hash that was signed; shift is what
// the boxes from one on are moved by. Where the work allowed is done, nothing matches.
func (c *causes) matches(order []slab, from int, shift int64) (bool, error) {
	if c.left < c.need {
		return false, nil
	}
	c.left -= c.need
	h := c.k.newHash()
	at := int64(0)
	for i := range order {
		if i == from {
			at += shift
		}
		if err := c.write(h, &order[i], at); err != nil {
			return false, err
		}
		at += order[i].size
	}
	if err := c.copy(h, c.tail); err != nil {
		return false, err
	}
	return bytes.Equal(h.Sum(nil), c.k.m.Hash), nil
}

// appended tries whether the file up to the end of some box is what was signed, in one pass.
func (c *causes) appended() (*report.Cause, error) {
	h := c.k.newHash()
	for i := range c.all {
		if err := c.write(h, &c.all[i], c.all[i].box.Offset); err != nil {
			return nil, err
		}
		end := c.all[i].box.End()
		if end < c.k.c.Size && bytes.Equal(h.Sum(nil), c.k.m.Hash) {
			c.k.b.Damage = nil
			c.k.damage("behind what was signed", end, c.k.c.Size-end)
			return &report.Cause{
				Kind: CauseAppended, Offset: end, Length: c.k.c.Size - end,
				Explanation: fmt.Sprintf("%s appended: the file up to byte %d is what was signed", bytesWere(c.k.c.Size-end), end),
			}, nil
		}
	}
	return nil, nil
}

// padding tries whether the content of free space was zeros.
func (c *causes) padding() (*report.Cause, error) {
	order, n, length := slices.Clone(c.all), 0, int64(0)
	var first *bmff.Box
	for i := range order {
		s := &order[i]
		if s.box.Type != bmff.Free && s.box.Type != bmff.Skip || !s.whole() || s.size > maxCauseMovie {
			continue
		}
		if length += s.size; length > maxCauseMovie {
			return nil, nil // before any of it is taken
		}
		head, err := c.k.file.Read(s.box.Offset, int(s.box.Header))
		if err != nil {
			return nil, err
		}
		s.patch = append(head, make([]byte, s.size-int64(len(head)))...)
		n++
		if first == nil {
			first = s.box
		}
	}
	if n == 0 {
		return nil, nil
	}
	ok, err := c.matches(order, -1, 0)
	if !ok {
		return nil, err
	}
	return &report.Cause{
		Kind: CausePadding, Offset: first.Offset, Length: first.Size, Where: first.Path(),
		Explanation: "only the content of free space was changed: with zeros in it the file is what was signed",
	}, nil
}

// inserted tries whether one of the boxes was not there. Boxes without media come first: they cost most writers nothing.
func (c *causes) inserted() (*report.Cause, error) {
	var which []int
	for _, media := range []bool{false, true} {
		for i := range c.all {
			t := c.all[i].box.Type
			if (t == bmff.Mdat || t == bmff.Moov || t == bmff.Ftyp) == media {
				which = append(which, i)
			}
		}
	}
	for _, i := range which[:min(len(which), maxCausePlaces)] {
		b := c.all[i].box
		ok, err := c.matches(slices.Delete(slices.Clone(c.all), i, i+1), -1, 0)
		if err != nil {
			return nil, err
		}
		if ok {
			return &report.Cause{
				Kind: CauseInserted, Offset: b.Offset, Length: b.Size, Where: b.Path(),
				Explanation: fmt.Sprintf("the box %s of %d bytes at offset %d was inserted: without it the file is what was signed", b.Path(), b.Size, b.Offset),
			}, nil
		}
	}
	return nil, nil
}

// shifted tries whether bytes in front of some box are missing or too many: as many as the index of the media is off.
func (c *causes) shifted() (*report.Cause, error) {
	mdat := c.k.file.First(bmff.Mdat)
	if mdat == nil {
		return nil, nil
	}
	first, err := c.firstChunk()
	if err != nil || first <= 0 {
		return nil, err
	}
	shift := first - mdat.Payload()
	for i := range c.all[:min(len(c.all), maxCausePlaces)] {
		b := c.all[i].box
		if shift == 0 || b.Offset > mdat.Offset || b.Offset+shift < 0 {
			break
		}
		if !c.all[i].marked {
			continue // where it stands is not signed
		}
		ok, err := c.matches(c.all, i, shift)
		if err != nil {
			return nil, err
		}
		if ok {
			text := fmt.Sprintf("%d bytes are missing in front of %s: with it %d bytes further on the file is what was signed", shift, b.Path(), shift)
			if shift < 0 {
				text = fmt.Sprintf("%d bytes in front of %s are too many: with it %d bytes further back the file is what was signed", -shift, b.Path(), -shift)
			}
			return &report.Cause{Kind: CauseShifted, Offset: b.Offset, Length: max(shift, -shift), Where: b.Path(), Explanation: text}, nil
		}
	}
	return nil, nil
}

// moved tries whether the box with the manifest stood elsewhere: what is signed there is the offsets of the others.
func (c *causes) moved() (*report.Cause, error) {
	from := slices.IndexFunc(c.all, func(s slab) bool { return s.box.Type == bmff.UUID && s.box.UserType() == c2paUserType })
	if from < 0 {
		return nil, nil
	}
	rest := slices.Delete(slices.Clone(c.all), from, from+1)
	for to := range min(len(rest)+1, maxCausePlaces) {
		if to == from || to == 0 && c.all[0].box.Type == bmff.Ftyp {
			continue // nothing stands in front of ftyp
		}
		ok, err := c.matches(slices.Insert(slices.Clone(rest), to, c.all[from]), -1, 0)
		if err != nil {
			return nil, err
		}
		if ok {
			b := c.all[from].box
			return &report.Cause{
				Kind: CauseMoved, Offset: b.Offset, Length: b.Size, Where: b.Path(),
				Explanation: fmt.Sprintf("the box with the manifest (%s) was moved: it was box %d of the file that was signed, and is box %d", b.Path(), to+1, from+1),
			}, nil
		}
	}
	return nil, nil
}
