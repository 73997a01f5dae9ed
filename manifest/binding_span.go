package manifest

import (
	"context"
	"fmt"
	"hash"
	"slices"
	"strings"

	"github.com/consentry/consentry/internal/bmff"
	"github.com/consentry/consentry/internal/hashplan"
	"github.com/consentry/consentry/internal/parts"
	"github.com/consentry/consentry/report"
)

// hardBinding is a content hash assertion as its check needs it.
type hardBinding struct {
	label, uri string
	payload    []byte // of its cbor box
	alg        string // the claim's default; empty: none
	spec       string // the version that the claim generator names; empty: none
}

// spanCheck is one run of a check of a binding by ranges of bytes: a data hash, a boxes hash.
type spanCheck struct {
	ctx     context.Context
	c       *Content
	uri     string
	b       *Binding
	newHash func() hash.Hash

	mismatchCode, malformedCode string

	additional []string     // what is left out and is not the store
	partial    []string     // what of that decides what is presented; may hold repeats
	pieces     []boundPiece // see content
	sorted     bool
	cut        bool // more rows or digests than are listed
}

func (k *spanCheck) fail(code, format string, args ...any) {
	k.b.Findings = append(k.b.Findings, report.Newf(code, k.uri, format, args...))
}

// malformed notes that the assertion breaks the rules: then it binds nothing.
func (k *spanCheck) malformed(format string, args ...any) {
	k.fail(k.malformedCode, format, args...)
	if k.b.State != BindingAltered {
		k.b.State = BindingNotBound
	}
}

// mismatch notes that the content is not what was signed.
func (k *spanCheck) mismatch(format string, args ...any) {
	k.fail(k.mismatchCode, format, args...)
	k.b.State = BindingAltered
}

// algorithm looks a hash algorithm up. There is no default. C2PA 2.5, 14.4.
func (k *spanCheck) algorithm(name string) bool {
	h, ok := hashAlgorithm(name)
	if !ok {
		k.fail(codeAlgorithm, "hash algorithm %q is not one that C2PA allows", name)
		k.b.State = BindingUnknown
		return false
	}
	k.newHash = h
	if !slices.Contains(k.b.Algs, name) {
		k.b.Algs = append(k.b.Algs, name)
	}
	return true
}

// storePlace is where the embedded store lies.
type storePlace struct {
	hull  Range         // from the first to the last byte that belongs to it
	inner Range         // the same of the store's own bytes
	outer []parts.Range // what belongs to it
	wrap  []parts.Range // what of the container may be left out with it
	pad   []parts.Range // padding behind the store's bytes
}

// store says where the store lies that the manifest comes from; nil: in no part of the content.
func (k *spanCheck) store() *storePlace {
	l := k.c.Located
	if k.c.Detached || l == nil || l.Store == nil {
		return nil
	}
	if l.Parts == nil {
		r := parts.Range{Offset: l.StoreRange.Offset, Length: l.StoreRange.Length}
		return &storePlace{hull: l.StoreRange, inner: l.StoreRange, outer: []parts.Range{r}}
	}
	if len(l.Parts.Stores) != 1 {
		return nil
	}
	s := &l.Parts.Stores[0]
	p := &storePlace{hull: l.StoreRange, outer: s.Outer, wrap: s.Wrap}
	p.inner = Range{s.Inner[0].Offset, s.Inner[len(s.Inner)-1].End() - s.Inner[0].Offset}
	if s.Data == nil {
		left := int64(len(l.Store))
		for _, x := range s.Inner {
			n := min(left, x.Length)
			left -= n
			if n < x.Length {
				p.pad = append(p.pad, parts.Range{Offset: x.Offset + n, Length: x.Length - n})
			}
		}
	}
	return p
}

// foreign gives the first offset of a range that holds anything but the store, what the container puts around it,
// zeros, and the free boxes of a BMFF file; -1: none does. What else the store's part of the file holds is looked at
// wherever that part ends: content that is bound as such and read as padding of the store is not what was signed.
// C2PA 2.5, 14.12.1.
func (p *storePlace) foreign(k *spanCheck, x Range) (int64, error) {
	own := slices.Concat(p.wrap, p.outer)
	if f := k.c.Located.File; f != nil {
		for _, b := range f.Boxes {
			if b.Type == bmff.Free || b.Type == bmff.Skip {
				own = append(own, parts.Range{Offset: b.Offset, Length: b.Size})
			}
		}
	}
	slices.SortFunc(own, func(a, b parts.Range) int { return int(min(max(a.Offset-b.Offset, -1), 1)) })
	at := x.Offset
	for _, o := range own {
		if o.End() <= at {
			continue
		}
		if bad, err := notZero(k, at, min(o.Offset, x.End())); bad >= 0 || err != nil {
			return bad, err
		}
		at = max(at, o.End())
	}
	if bad, err := notZero(k, at, x.End()); bad >= 0 || err != nil {
		return bad, err
	}
	for _, o := range p.pad {
		if bad, err := notZero(k, o.Offset, o.End()); bad >= 0 || err != nil {
			return bad, err
		}
	}
	return -1, nil
}

// notZero gives the offset of the first byte that is not zero; -1: there is none.
func notZero(k *spanCheck, from, to int64) (int64, error) {
	to = min(to, k.c.Size)
	r := parts.NewReader(k.c.Data, k.c.Size)
	for at := from; at < to; {
		if err := k.ctx.Err(); err != nil {
			return -1, err
		}
		b, err := r.Bytes(at, min(to-at, 64<<10))
		if err != nil {
			return -1, err
		}
		for i, c := range b {
			if c != 0 {
				return at + int64(i), nil
			}
		}
		at += int64(len(b))
	}
	return -1, nil
}

// boundPiece is a range of the content that decides what is presented.
type boundPiece struct {
	parts.Range
	path string
}

// content notes that a range which is left out holds more than metadata: what is shown or heard, or what decides it.
func (k *spanCheck) content(x Range) {
	if !k.sorted {
		k.sorted, k.pieces = true, contentOf(k.c)
	}
	i, _ := slices.BinarySearchFunc(k.pieces, x.Offset, func(p boundPiece, at int64) int { return int(min(max(p.End()-at, -1), 1)) })
	const most = 16
	for n := 0; i < len(k.pieces) && k.pieces[i].Offset < x.End() && n < most; i++ {
		if k.pieces[i].End() > x.Offset && x.Length > 0 {
			k.partial = append(k.partial, "left out of the content hash: "+k.pieces[i].path)
			n++
		}
	}
}

// contentOf lists what of a file decides what is presented, in ascending order. Of a file that nobody divides that is
// all of it.
func contentOf(c *Content) []boundPiece {
	var out []boundPiece
	l := c.Located
	switch {
	case l != nil && l.Parts != nil:
		for i := range l.Parts.Parts {
			p := &l.Parts.Parts[i]
			if p.Meta {
				continue
			}
			for _, s := range p.Pieces() {
				out = append(out, boundPiece{s, p.Path})
			}
		}
		slices.SortFunc(out, func(a, b boundPiece) int { return int(min(max(a.Offset-b.Offset, -1), 1)) })
		out = punch(out, l.Parts.Free)
	case l != nil && l.File != nil:
		at := int64(0)
		for _, b := range l.File.Boxes {
			// Sample tables may point into any box: none but those with manifests and XMP are of no account.
			if b.UserType() != c2paUserType && b.UserType() != xmpUserType {
				out = append(out, boundPiece{parts.Range{Offset: b.Offset, Length: b.Size}, b.Path()})
			}
			at = b.End()
		}
		if at < c.Size {
			out = append(out, boundPiece{parts.Range{Offset: at, Length: c.Size - at}, "behind the last box"})
		}
	default:
		out = append(out, boundPiece{parts.Range{Length: c.Size}, "the file"})
	}
	return out
}

// punch cuts ranges out of pieces; both are in ascending order.
func punch(in []boundPiece, holes []parts.Range) []boundPiece {
	var out []boundPiece
	for _, p := range in {
		for _, h := range holes {
			if h.End() <= p.Offset || h.Offset >= p.End() {
				continue
			}
			if h.Offset > p.Offset {
				out = append(out, boundPiece{parts.Range{Offset: p.Offset, Length: h.Offset - p.Offset}, p.path})
			}
			p.Length, p.Offset = max(0, p.End()-h.End()), h.End()
		}
		if p.Length > 0 {
			out = append(out, p)
		}
	}
	return out
}

// include adds a range to a digest.
func (k *spanCheck) include(p *hashplan.Plan, x Range, digest string) {
	p.Add(x.Offset, x.Length)
	if x.Length > 0 {
		k.row(PlanRow{Range: x, Included: true, Digest: digest})
	}
}

// exclude notes a range that no digest covers.
func (k *spanCheck) exclude(x Range, rule string, expected bool, path string) {
	const most = 1024
	if len(k.b.Excluded) < most {
		k.b.Excluded = append(k.b.Excluded, Exclusion{Range: x, Path: path, Rule: rule, Expected: expected})
	}
	k.row(PlanRow{Range: x, Path: path, Rule: rule})
}

func (k *spanCheck) row(r PlanRow) {
	switch {
	case !k.c.Explain:
	case len(k.b.Rows) < maxRows:
		k.b.Rows = append(k.b.Rows, r)
	default:
		k.unlisted()
	}
}

// unlisted says, once, that there is more than is listed.
func (k *spanCheck) unlisted() {
	if !k.cut {
		k.cut = true
		k.b.Notes = append(k.b.Notes, restUnlisted())
	}
}

func (k *spanCheck) digest(name, alg string, computed, expected []byte) {
	switch {
	case !k.c.Explain:
	case len(k.b.Digests) < maxRows:
		k.b.Digests = append(k.b.Digests, planDigest(name, alg, computed, expected))
	default:
		k.unlisted()
	}
}

// hint says what about the container goes with a mismatch.
func (k *spanCheck) hint() string {
	l := k.c.Located
	if l == nil || l.Parts == nil || len(l.Parts.Problems) == 0 {
		return ""
	}
	return ": " + l.Parts.Problems[0].Text
}

// report notes what is left out beyond the store.
func (k *spanCheck) report(additionalCode string) {
	const most = 10
	if n := len(k.additional); n > 0 {
		text := strings.Join(k.additional[:min(n, most)], "; ")
		if n > most {
			text += fmt.Sprintf("; and %d more", n-most)
		}
		k.fail(additionalCode, "also left out: %s", text)
	}
	slices.Sort(k.partial)
	const shown = 16
	for i, p := range slices.Compact(k.partial) {
		if i < shown {
			k.fail("asset.partiallyBound", "%s", p)
		}
	}
}

// match notes that everything that is bound is as it was signed.
func (k *spanCheck) match(code string) {
	k.b.State = BindingIntact
	if len(k.partial) > 0 {
		k.b.State = BindingPartial
	}
	k.b.Findings = append([]report.Finding{report.New(code, k.uri, "")}, k.b.Findings...)
}
