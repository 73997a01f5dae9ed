package manifest

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/consentry/consentry/internal/parts"
	"github.com/consentry/consentry/report"
)

// boxesCauses looks for the change that explains a boxes hash which differs. Since every box has a digest of its own, a
// box that changed, was put in or taken out is named by holding the list against the file from the front and from the
// back: what matches on both sides has not changed. That takes three passes over the file at most.
type boxesCauses struct {
	k       *boxesCheck
	entries []*boxEntry
	from    []int // how many names stand in front of each entry; one more than there are entries
	boxes   []parts.Part
	after   *boxEntry // what the list says of bytes behind the last box
	sizes   bool      // what the head of a RIFF file says of its size is judged later
	left    int64
}

// findBoxesCause notes the change that explains what was found, if there is one. An error means I/O or cancellation.
func (k *boxesCheck) findBoxesCause(m *boxesMap) error {
	c := &boxesCauses{k: k, left: maxCauseBytes}
	for i := range m.Boxes {
		e := &m.Boxes[i]
		switch {
		case e.Names[0] == afterBoxes:
			c.after = e
		case e.Names[0] == parts.StoreName && k.c.Detached && !slices.ContainsFunc(k.boxes, func(p parts.Part) bool { return p.Name == parts.StoreName }):
		default:
			c.entries = append(c.entries, e)
		}
	}
	c.boxes = k.boxes
	c.count()
	cause, err := c.find()
	if err != nil {
		return err
	}
	if c.left < 0 {
		k.b.notEveryCause()
	}
	if k.b.Cause = cause; cause == nil {
		return nil
	}
	for i := range k.b.Findings {
		if f := &k.b.Findings[i]; f.Code == codeBoxesMismatch || f.Code == codeBoxesUnknown {
			f.Explanation += ": " + cause.Explanation
			break
		}
	}
	return nil
}

func (c *boxesCauses) count() {
	c.from = make([]int, 1, len(c.entries)+1)
	for i, e := range c.entries {
		c.from = append(c.from, c.from[i]+len(e.Names))
	}
}

func (c *boxesCauses) names() int { return c.from[len(c.entries)] }

// find chooses what can have happened by how many boxes there are and how many are listed.
func (c *boxesCauses) find() (*report.Cause, error) {
	tail, err := c.tail()
	if err != nil {
		return nil, err
	}
	more := len(c.boxes) - c.names()
	if more != 0 && !tail {
		return nil, nil // two changes
	}
	switch {
	case more > 0:
		return c.inserted(more)
	case more < 0:
		return c.missing(-more)
	}
	same, err := c.fits(0)
	if err != nil {
		return nil, err
	}
	var bad []int
	for i, ok := range same {
		if !ok {
			bad = append(bad, i)
		}
	}
	switch {
	case c.left < 0:
		return nil, nil
	case !tail && len(bad) == 0 && c.after == nil && len(c.boxes) > 0:
		end := c.boxes[len(c.boxes)-1].End()
		return c.found(CauseAppended, parts.Range{Offset: end, Length: c.k.c.Size - end}, "behind what was signed", "%s appended: the file up to byte %d is what was signed", bytesWere(c.k.c.Size-end), end), nil
	case !tail || len(bad) == 0:
		return nil, nil
	}
	if cause, err := c.moved(); cause != nil || err != nil {
		return cause, err
	}
	return c.changed(bad), nil
}

// found notes where the damage is, and gives the cause.
func (c *boxesCauses) found(kind string, x parts.Range, where, format string, args ...any) *report.Cause {
	c.k.b.Damage = []report.Damage{{Where: where, Offset: x.Offset, Length: x.Length}}
	return &report.Cause{Kind: kind, Offset: x.Offset, Length: x.Length, Where: where, Explanation: fmt.Sprintf(format, args...)}
}

// fit says that an entry is true of the boxes from a place on.
func (c *boxesCauses) fit(i, at int) (bool, error) {
	e := c.entries[i]
	if at < 0 || at+len(e.Names) > len(c.boxes) {
		return false, nil
	}
	for j, n := range e.Names {
		if c.boxes[at+j].Name != n {
			return false, nil
		}
	}
	if c.sizes && riffHead(c.boxes[at:at+len(e.Names)]) {
		return true, nil
	}
	return c.holds(e, c.boxes[at:at+len(e.Names)])
}

// riffHead says that a box is the head of a RIFF file, which counts the bytes of the whole.
func riffHead(boxes []parts.Part) bool {
	return len(boxes) == 1 && boxes[0].Path == "/RIFF[1]" && boxes[0].Length == 12
}

// headWithout says that the head of a RIFF file, if this is one, is what was signed: as it is, or with fewer bytes
// counted.
func (c *boxesCauses) headWithout(gone int64) (bool, error) {
	if len(c.entries) == 0 || !riffHead(c.boxes[:1]) || len(c.entries[0].Names) != 1 {
		return true, nil
	}
	head := c.boxes[:1]
	if ok, err := c.holds(c.entries[0], head); ok || err != nil {
		return ok, err
	}
	b := make([]byte, 12)
	if _, err := c.k.c.Data.ReadAt(b, 0); err != nil {
		return false, err
	}
	copy(b[4:], riffSize(b[4:8], -gone))
	changed := *c.k
	changed.c = &Content{Data: bytes.NewReader(b), Size: 12, Located: c.k.c.Located}
	return (&boxesCauses{k: &changed, left: 12}).holds(c.entries[0], head)
}

// holds says that the digest of an entry is that of some boxes. Where the work allowed is done, none is.
func (c *boxesCauses) holds(e *boxEntry, boxes []parts.Part) (bool, error) {
	if c.left -= boxes[len(boxes)-1].End() - boxes[0].Offset; c.left < 0 {
		return false, nil
	}
	quiet := &boxesCheck{alg: c.k.alg, spanCheck: spanCheck{
		ctx: c.k.ctx, c: c.k.c, mismatchCode: codeBoxesMismatch, malformedCode: codeBoxesMalformed, b: &Binding{}, sorted: true,
	}}
	err := quiet.entry(0, e, boxes)
	return err == nil && quiet.b.State == "", err
}

// fits says which entries are true of the file, with all boxes a number of places further on.
func (c *boxesCauses) fits(shift int) ([]bool, error) {
	out := make([]bool, len(c.entries))
	for i := range c.entries {
		ok, err := c.fit(i, c.from[i]+shift)
		if err != nil {
			return nil, err
		}
		out[i] = ok
	}
	return out, nil
}

// tail says that what stands behind the last box is what the list says.
func (c *boxesCauses) tail() (bool, error) {
	x := parts.Range{Offset: c.k.lastBox, Length: c.k.c.Size - c.k.lastBox}
	if c.after == nil {
		return x.Length == 0, nil
	}
	return c.holds(c.after, []parts.Part{{Path: "behind the last box", Range: x}})
}

// sides gives how many entries are true from the front, and from the back where the boxes there stand a number of places
// further on.
func (c *boxesCauses) sides(shift int) (front, back int, err error) {
	n, ok := len(c.entries), true
	for ; front < n && ok; front++ {
		if ok, err = c.fit(front, c.from[front]); err != nil {
			return 0, 0, err
		} else if !ok {
			break
		}
	}
	for ok = true; back < n && ok; back++ {
		i := n - 1 - back
		if ok, err = c.fit(i, c.from[i]+shift); err != nil {
			return 0, 0, err
		} else if !ok {
			break
		}
	}
	return front, back, nil
}

// inserted tries whether neighbouring boxes were not there.
func (c *boxesCauses) inserted(more int) (*report.Cause, error) {
	c.sizes = true
	front, back, err := c.sides(more)
	if err != nil || front+back < len(c.entries) {
		return nil, err
	}
	at := c.from[front] // as far back as it can be
	in := c.boxes[at : at+more]
	if slices.ContainsFunc(in, func(p parts.Part) bool { return p.Name == parts.StoreName }) {
		return nil, nil
	}
	kind, what := CauseMetadata, list(in)
	for _, p := range in {
		if !p.Meta {
			kind = CauseInserted
		}
	}
	x := parts.Range{Offset: in[0].Offset, Length: in[more-1].End() - in[0].Offset}
	if ok, err := c.headWithout(x.Length); !ok || err != nil {
		return nil, err
	}
	return c.found(kind, x, in[0].Path, "%s at offset %d (%d bytes) was added: all that was signed is there, as it was signed", what, x.Offset, x.Length), nil
}

// missing tries whether neighbouring boxes that were signed are not there.
func (c *boxesCauses) missing(less int) (*report.Cause, error) {
	front, back, err := c.sides(-less)
	if err != nil {
		return nil, err
	}
	for p := 0; p <= front && p < len(c.entries); p++ {
		q, ok := slices.BinarySearch(c.from, c.from[p]+less)
		if !ok || q < len(c.entries)-back {
			continue
		}
		var names []string
		for _, e := range c.entries[p:q] {
			names = append(names, e.Names...)
		}
		at := c.k.lastBox
		if i := c.from[p]; i < len(c.boxes) {
			at = c.boxes[i].Offset
		}
		what := fmt.Sprintf("%q", names[0])
		if len(names) > 1 {
			what += fmt.Sprintf(" and %d more", len(names)-1)
		}
		return c.found(CauseMissing, parts.Range{Offset: at}, names[0], "the box %s is missing at offset %d: all others are what was signed", what, at), nil
	}
	return nil, nil
}

// moved tries whether the box with the manifest, which has no digest, is all that stands elsewhere.
func (c *boxesCauses) moved() (*report.Cause, error) {
	store := func(p parts.Part) bool { return p.Name == parts.StoreName }
	at := slices.IndexFunc(c.boxes, store)
	was := slices.IndexFunc(c.entries, func(e *boxEntry) bool { return e.Names[0] == parts.StoreName })
	if at < 0 || was < 0 || c.from[was] == at {
		return nil, nil
	}
	rest := &boxesCauses{k: c.k, left: c.left}
	rest.boxes = slices.DeleteFunc(slices.Clone(c.boxes), store)
	rest.entries = slices.Delete(slices.Clone(c.entries), was, was+1)
	rest.count()
	same, err := rest.fits(0)
	if c.left = rest.left; err != nil || slices.Contains(same, false) {
		return nil, err
	}
	b := &c.boxes[at]
	return c.found(CauseMoved, b.Range, b.Path, "the box with the manifest (%s) was moved: it was box %d of what was signed, and is box %d", b.Path, c.from[was]+1, at+1), nil
}

// changed names the boxes that are not what was signed, where every other one is.
func (c *boxesCauses) changed(bad []int) *report.Cause {
	var boxes []parts.Part
	for _, i := range bad {
		boxes = append(boxes, c.boxes[c.from[i]:c.from[i+1]]...)
	}
	kind := CauseMetaEdit
	for _, p := range boxes {
		if !p.Meta {
			kind = CauseChanged
		}
	}
	n := len(c.boxes) - len(boxes)
	if n == 0 {
		return nil
	}
	cause := &report.Cause{Kind: kind, Where: boxes[0].Path, Offset: boxes[0].Offset, Length: boxes[0].Length}
	cause.Explanation = fmt.Sprintf("%s was changed: the %d other boxes are what was signed", list(boxes), n)
	if n == 1 {
		cause.Explanation = fmt.Sprintf("%s was changed: the other box is what was signed", list(boxes))
	}
	c.k.b.Damage = nil
	for _, p := range boxes {
		c.k.damageAt(p.Path, Range{p.Offset, p.Length})
	}
	return cause
}

// list names boxes for people.
func list(boxes []parts.Part) string {
	const most = 3
	var names []string
	for _, p := range boxes[:min(len(boxes), most)] {
		names = append(names, p.Path)
	}
	text := strings.Join(names, ", ")
	if n := len(boxes) - most; n > 0 {
		text += fmt.Sprintf(" and %d more", n)
	}
	return text
}
