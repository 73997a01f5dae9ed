package manifest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/consentry/consentry/internal/hashplan"
	"github.com/consentry/consentry/internal/parts"
	"github.com/consentry/consentry/report"
)

// Status codes of the boxes hash. C2PA 2.5, 14.12.3.
const (
	codeBoxesMatch      = "assertion.boxesHash.match"
	codeBoxesMismatch   = "assertion.boxesHash.mismatch"
	codeBoxesMalformed  = "assertion.boxesHash.malformed"
	codeBoxesUnknown    = "assertion.boxesHash.unknownBox"
	codeBoxesAdditional = "assertion.boxesHash.additionalExclusionsPresent"
)

const (
	// afterBoxes names what lies behind the last box. C2PA 2.5, 16.3.3.
	afterBoxes = "c2pa.after"
	// maxBoxNames is how many boxes one entry may name. C2PA 2.5, 16.3.3.
	maxBoxNames = 10
	// maxBoxEntries bounds the entries: no file has more parts.
	maxBoxEntries = parts.MaxParts
)

// boxesMap is the map of a boxes hash assertion:
//
//	boxes-hash-map = { boxes: [1* { names: [1*10 tstr], ? alg: tstr, hash: bstr, ? excluded: bool,
//	                   ? exclusions: [1* {start: uint, length: uint, ? boxIndex: uint}], ? pad, ? pad2 }], ? alg: tstr }
//
// C2PA 2.5, 16.3.3.
type boxesMap struct {
	Boxes boxEntries `cbor:"boxes"`
	Alg   *string    `cbor:"alg"`
}

type boxEntry struct {
	Names      nameList      `cbor:"names"`
	Alg        *string       `cbor:"alg"`
	Hash       []byte        `cbor:"hash"`
	Excluded   *bool         `cbor:"excluded"`
	Exclusions boxExclusions `cbor:"exclusions"`
}

type boxExclusion struct {
	Start    *int64 `cbor:"start"`
	Length   *int64 `cbor:"length"`
	BoxIndex *int64 `cbor:"boxIndex"`
}

type (
	boxEntries    []boxEntry
	boxExclusions []boxExclusion
	nameList      []string
)

// UnmarshalCBOR counts the entries while it reads them.
func (l *boxEntries) UnmarshalCBOR(b []byte) error {
	return decodeList(b, maxBoxEntries, (*[]boxEntry)(l))
}

// UnmarshalCBOR counts the entries while it reads them.
func (l *boxExclusions) UnmarshalCBOR(b []byte) error {
	return decodeList(b, maxDataExclusions, (*[]boxExclusion)(l))
}

// UnmarshalCBOR counts the names while it reads them.
func (l *nameList) UnmarshalCBOR(b []byte) error {
	return decodeList(b, maxBoxNames, (*[]string)(l))
}

// check holds the members of the map against 16.3.3, as far as that needs no file.
func (m *boxesMap) check() error {
	if len(m.Boxes) == 0 {
		return errors.New("boxes are missing or empty")
	}
	for i := range m.Boxes {
		e := &m.Boxes[i]
		if len(e.Names) == 0 {
			return fmt.Errorf("boxes[%d]: names are missing or empty", i)
		}
		for _, n := range e.Names {
			switch {
			case n == parts.StoreName && len(e.Names) > 1:
				return fmt.Errorf("boxes[%d]: the manifest's box stands among others", i)
			case n == afterBoxes && (len(e.Names) > 1 || i != len(m.Boxes)-1):
				return fmt.Errorf("boxes[%d]: %q must be alone, and the last", i, afterBoxes)
			}
		}
		for j, x := range e.Exclusions {
			if x.Start == nil || x.Length == nil || *x.Start < 0 || *x.Length < 0 {
				return fmt.Errorf("boxes[%d].exclusions[%d]: start or length is missing or negative", i, j)
			}
			if x.BoxIndex != nil && (*x.BoxIndex < 0 || *x.BoxIndex >= int64(len(e.Names))) {
				return fmt.Errorf("boxes[%d].exclusions[%d]: boxIndex %d of %d names", i, j, *x.BoxIndex, len(e.Names))
			}
		}
	}
	return nil
}

// checkBoxes holds a c2pa.hash.boxes assertion against the content. An error means I/O or cancellation. C2PA 2.5,
// 14.12.3.
func checkBoxes(ctx context.Context, c *Content, a *hardBinding) (*Binding, error) {
	k := &boxesCheck{spanCheck: spanCheck{ctx: ctx, c: c, uri: a.uri, mismatchCode: codeBoxesMismatch, malformedCode: codeBoxesMalformed, b: &Binding{Label: a.label}}}
	var m boxesMap
	err := bindingCBOR.Unmarshal(a.payload, &m)
	if err == nil {
		err = m.check()
	}
	switch {
	case err != nil:
		k.malformed("the content hash breaks the rules: %v", err)
		return k.b, nil
	case c.Located == nil || c.Located.Parts == nil || !c.Located.Parts.Boxes:
		k.mismatch("the content hash goes by the boxes of the file, and none are defined for files of this kind")
		return k.b, nil
	}
	k.alg = a.alg
	if m.Alg != nil {
		k.alg = *m.Alg
	}
	if err := k.divide(&m); err != nil {
		return nil, err
	}
	k.lastBox = k.end
	if err := k.run(&m); err != nil {
		return nil, err
	}
	if report.Has(k.b.Findings, codeBoxesMismatch) || report.Has(k.b.Findings, codeBoxesUnknown) {
		if err := k.findBoxesCause(&m); err != nil {
			return nil, err
		}
	}
	return k.b, nil
}

// boxesCheck is one run of checkBoxes.
type boxesCheck struct {
	spanCheck
	alg   string
	boxes []parts.Part
	loose []parts.Part // parts without a name that lie between boxes
	end   int64        // of the last box, and of what was gone through
	// lastBox is where the last box ends.
	lastBox int64
	spans   []Range // what entries with several names cover, gaps included
}

// divide lists the boxes of the file: the parts that have names.
func (k *boxesCheck) divide(m *boxesMap) error {
	for _, p := range k.c.Located.Parts.Parts {
		if p.Name != "" {
			k.boxes, k.end = append(k.boxes, p), max(k.end, p.End())
		} else {
			k.loose = append(k.loose, p)
		}
	}
	k.loose = slices.DeleteFunc(k.loose, func(p parts.Part) bool { return p.Offset >= k.end })
	for i := range m.Boxes {
		for _, n := range m.Boxes[i].Names {
			if strings.HasPrefix(n, "RST") {
				return k.restarts()
			}
		}
	}
	return nil
}

// run goes through the entries in the order of the file.
func (k *boxesCheck) run(m *boxesMap) error {
	at := 0
	for i := range m.Boxes {
		e := &m.Boxes[i]
		if err := k.ctx.Err(); err != nil {
			return err
		}
		if e.Names[0] == afterBoxes {
			tail := parts.Part{Path: "behind the last box", Range: parts.Range{Offset: k.end, Length: k.c.Size - k.end}}
			if err := k.entry(i, e, []parts.Part{tail}); err != nil {
				return err
			}
			k.end = k.c.Size
			continue
		}
		if e.Names[0] == parts.StoreName && k.c.Detached && (at == len(k.boxes) || k.boxes[at].Name != parts.StoreName) {
			continue // its place is empty: the store lies elsewhere
		}
		n := k.follow(m, i, at)
		if n < 0 {
			return nil
		}
		if err := k.entry(i, e, k.boxes[at:at+n]); err != nil {
			return err
		}
		at += n
	}
	if at < len(k.boxes) {
		k.unknown(&k.boxes[at])
		return nil
	}
	for _, p := range k.loose {
		if !slices.ContainsFunc(k.spans, func(x Range) bool { return x.Offset <= p.Offset && p.End() <= x.End() }) {
			k.mismatch("%s at offset %d, between boxes: not listed", report.Count(p.Length, "byte"), p.Offset)
			break
		}
	}
	if k.end < k.c.Size {
		k.mismatch("%s behind the last box: not listed", report.Count(k.c.Size-k.end, "byte"))
	}
	k.report(codeBoxesAdditional)
	if k.b.State == "" {
		k.match(codeBoxesMatch)
	}
	return nil
}

// follow holds the names of an entry against the boxes from at on, and gives how many these are; -1: they differ.
func (k *boxesCheck) follow(m *boxesMap, entry, at int) int {
	names := m.Boxes[entry].Names
	for j, n := range names {
		if at+j >= len(k.boxes) {
			k.mismatch("the content hash lists a box %q that is not in the file", n)
			if k.b.Damage == nil {
				k.b.Damage = []report.Damage{{Where: n, Offset: k.c.Size}}
			}
			return -1
		}
		b := &k.boxes[at+j]
		if b.Name == n {
			continue
		}
		rest := m.Boxes[entry:]
		listed := slices.ContainsFunc(rest, func(e boxEntry) bool { return slices.Contains(e.Names, b.Name) })
		if listed {
			k.mismatch("the file has %q at offset %d where the content hash lists %q", b.Path, b.Offset, n)
			return -1
		}
		k.unknown(b)
		return -1
	}
	return len(names)
}

// unknown notes a box that the content hash does not list.
func (k *boxesCheck) unknown(b *parts.Part) {
	k.fail(codeBoxesUnknown, "the content hash does not list %s at offset %d", b.Path, b.Offset)
	k.b.State = BindingAltered
	k.b.Damage = append(k.b.Damage, report.Damage{Where: b.Path, Offset: b.Offset, Length: b.Length})
}

// entry holds one entry against its boxes.
func (k *boxesCheck) entry(i int, e *boxEntry, boxes []parts.Part) error {
	hull := Range{boxes[0].Offset, boxes[len(boxes)-1].End() - boxes[0].Offset}
	path := boxes[0].Path
	if e.Names[0] == parts.StoreName {
		k.exclude(hull, "the manifest's box", !k.c.Detached, path)
		if k.c.Detached {
			k.additional = append(k.additional, path)
		}
		if !bytes.Equal(e.Hash, []byte{0}) && len(e.Hash) > 0 {
			k.b.Notes = append(k.b.Notes, fmt.Sprintf("boxes[%d]: the manifest's box has a digest other than a zero byte; it counts for nothing", i))
		}
		return nil
	}
	if e.Excluded != nil && *e.Excluded {
		k.additional = append(k.additional, path)
		for j := range boxes {
			for _, x := range boxes[j].Pieces() {
				k.leaveOut(Range{x.Offset, x.Length}, fmt.Sprintf("boxes[%d] is excluded", i), boxes[j].Path)
			}
		}
		return nil
	}
	alg := k.alg
	if e.Alg != nil {
		alg = *e.Alg
	}
	if !k.algorithm(alg) {
		return nil
	}
	include := []parts.Range{{Offset: hull.Offset, Length: hull.Length}}
	if len(boxes) == 1 {
		include = boxes[0].Pieces()
	} else {
		k.spans = append(k.spans, hull)
	}
	holes, ok := k.holes(i, e, boxes, hull)
	if !ok {
		return nil
	}
	var p hashplan.Plan
	for _, x := range include {
		at := x.Offset
		for _, h := range holes {
			from, to := max(h.Offset, at), min(h.End(), x.End())
			if from >= to {
				continue
			}
			k.include(&p, Range{at, from - at}, path)
			at = to
		}
		k.include(&p, Range{at, x.End() - at}, path)
	}
	sum, err := p.Sum(k.ctx, k.c.Data, k.c.Size, k.newHash())
	if err != nil {
		return err
	}
	k.b.Bound += p.Bytes()
	k.digest(path, alg, sum, e.Hash)
	if !bytes.Equal(sum, e.Hash) {
		if !report.Has(k.b.Findings, codeBoxesMismatch) {
			k.mismatch("the content hash of boxes[%d], from %s on, differs%s", i, path, k.hint())
		}
		k.damageAt(path, hull)
	}
	return nil
}

// damageAt notes which entry's boxes were changed.
func (k *boxesCheck) damageAt(path string, x Range) {
	const most = 256
	if len(k.b.Damage) < most {
		k.b.Damage = append(k.b.Damage, report.Damage{Where: path, Offset: x.Offset, Length: x.Length})
	}
}

// leaveOut notes a range that is not bound and is not the store.
func (k *boxesCheck) leaveOut(x Range, rule, path string) {
	k.exclude(x, rule, false, path)
	k.content(x)
}

// holes gives what an entry leaves out, in ascending order. Starts count from the box that boxIndex names, or from the
// first. C2PA 2.5, 16.3.3.
func (k *boxesCheck) holes(i int, e *boxEntry, boxes []parts.Part, hull Range) ([]Range, bool) {
	var out []Range
	end := hull.Offset
	for j, x := range e.Exclusions {
		b := boxes[0].Range
		if x.BoxIndex != nil {
			b = boxes[*x.BoxIndex].Range
		}
		at := satAdd(b.Offset, *x.Start)
		if at < end {
			k.malformed("boxes[%d].exclusions[%d]: overlaps the range before it or comes before it", i, j)
			return nil, false
		}
		if end = satAdd(at, *x.Length); end > hull.End() {
			k.mismatch("boxes[%d].exclusions[%d]: ends at offset %d, its boxes at %d", i, j, end, hull.End())
			return nil, false
		}
		h := Range{at, *x.Length}
		out = append(out, h)
		k.additional = append(k.additional, fmt.Sprintf("%d bytes at offset %d in %s", h.Length, h.Offset, boxes[0].Path))
		k.leaveOut(h, fmt.Sprintf("boxes[%d].exclusions[%d]", i, j), boxes[0].Path)
	}
	return out, true
}

// restarts divides the scans of a JPEG file at their restart markers, for a content hash that names them.
func (k *boxesCheck) restarts() error {
	if k.c.Located.Carrier != CarrierJPEG && k.c.Located.Container != "jpeg" {
		return nil
	}
	var out []parts.Part
	r := parts.NewReader(k.c.Data, k.c.Size)
	for _, b := range k.boxes {
		if b.Name != "SOS" {
			out = append(out, b)
			continue
		}
		for at := b.Offset + 2; at < b.End()-1; {
			buf, err := r.Bytes(at, min(b.End()-at, 32<<10))
			if err != nil {
				return err
			}
			n := int64(0)
			for ; n < int64(len(buf))-1; n++ {
				if buf[n] == 0xff && buf[n+1] >= 0xd0 && buf[n+1] <= 0xd7 {
					if len(out) >= parts.MaxParts {
						return &LimitError{What: "parts", Limit: parts.MaxParts, Where: b.Path}
					}
					rest := b
					b.Length = at + n - b.Offset
					out = append(out, b)
					name := fmt.Sprintf("RST%d", buf[n+1]-0xd0)
					b = parts.Part{Name: name, Path: "/" + name, Range: parts.Range{Offset: at + n, Length: rest.End() - at - n}}
				}
			}
			at += max(1, n)
		}
		out = append(out, b)
	}
	k.boxes = out
	return nil
}
