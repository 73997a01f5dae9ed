package manifest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/consentry/consentry/internal/cbortree"
	"github.com/consentry/consentry/report"
)

// Status codes of the multi-asset hash. C2PA 2.5, 14.12.4.
const (
	codeMultiMatch     = "assertion.multiAssetHash.match"
	codeMultiMismatch  = "assertion.multiAssetHash.mismatch"
	codeMultiMalformed = "assertion.multiAssetHash.malformed"
	codeMultiMissing   = "assertion.multiAssetHash.missingPart"
)

// maxAssetParts bounds the parts of a multi-asset hash: a motion photo has two, a depth picture three or four. Each may
// ask for all of the file's boxes and of its bytes.
const maxAssetParts = 64

// multiCheck is one run of a check of a file with several assets in it.
//
//	multi-asset-hash-map = { parts: [1* { location: { byteOffset: uint, length: uint } / { bmffBox: tstr },
//	                                      hashAssertion: hashed-uri, ? optional: bool }] }
//
// C2PA 2.5, 16.3.5.
type multiCheck struct {
	ctx context.Context
	v   *validator
	w   *work
	c   *Content
	uri string
	b   *Binding
}

// assetPart is a part of the file: where it lies, and the assertion that binds it.
type assetPart struct {
	Range
	index    int
	optional bool
	gone     bool // it is not in the file
	binding  *Assertion
}

// checkMulti judges a file whose ordinary content hash does not match, by the hashes of its parts. It gives nil where
// the manifest has no multi-asset hash that counts: the mismatch stands then. C2PA 2.5, 14.12.4.
func (v *validator) checkMulti(ctx context.Context, w *work) (*Binding, error) {
	var created []*Assertion
	for _, a := range w.r.AssertionsOf(labelMultiAsset) {
		if a.Created && !a.Redacted && a.box != nil {
			created = append(created, a)
		}
	}
	if len(created) == 0 || len(v.content.Parts) > 0 { // of a set, the parts are files
		return nil, nil
	}
	k := &multiCheck{ctx: ctx, v: v, w: w, c: v.content, uri: created[0].URI, b: &Binding{Label: created[0].Label}}
	if len(created) > 1 {
		k.malformed("%d of them; there can be one", len(created))
		return k.b, nil
	}
	if !created[0].Intact {
		return nil, nil // it is not what the claim lists: the signer of an update above could have put it there
	}
	t, err := v.treeOf(created[0])
	if err != nil {
		k.b.State = BindingUnknown // assertion.cbor.invalid says why
		return k.b, nil
	}
	parts, ok, err := k.parts(t)
	if err != nil || !ok {
		return k.b, err
	}
	return k.b, k.check(parts)
}

func (k *multiCheck) fail(code, format string, args ...any) {
	k.b.Findings = append(k.b.Findings, report.Newf(code, k.uri, format, args...))
}

// malformed notes that the assertion breaks the rules: then it binds nothing.
func (k *multiCheck) malformed(format string, args ...any) {
	k.fail(codeMultiMalformed, format, args...)
	k.b.State = BindingNotBound
}

// parts reads the assertion and finds its parts in the file: each byte of the file in one of them, and in no other.
func (k *multiCheck) parts(t cbortree.Value) (list []assetPart, ok bool, err error) {
	entries := t.Get("parts").List()
	if len(entries) == 0 || len(entries) > maxAssetParts {
		k.malformed("%d parts; there must be some, and no more than %d", len(entries), maxAssetParts)
		return nil, false, nil
	}
	for i, e := range entries {
		p, why, err := k.part(i, e)
		if err != nil {
			return nil, false, err
		}
		if why != "" {
			k.malformed("parts[%d]: %s", i, why)
			return nil, false, nil
		}
		if p.gone && !p.optional {
			k.fail(codeMultiMissing, "parts[%d] is not in the file", i)
			k.b.State = BindingAltered
		}
		list = append(list, p)
	}
	if k.b.State != "" {
		return nil, false, nil
	}
	here := slices.DeleteFunc(slices.Clone(list), func(p assetPart) bool { return p.gone })
	slices.SortStableFunc(here, func(a, b assetPart) int { return cmp.Compare(a.Offset, b.Offset) })
	at := int64(0)
	for _, p := range here {
		switch {
		case p.Offset < at:
			k.malformed("parts[%d] overlaps another, at offset %d", p.index, p.Offset)
			return nil, false, nil
		case p.Offset > at:
			k.malformed("no part covers the bytes %d to %d", at, p.Offset-1)
			return nil, false, nil
		}
		at = p.End()
	}
	switch {
	case at < k.c.Size:
		k.malformed("no part covers the bytes %d to %d", at, k.c.Size-1)
		return nil, false, nil
	case at > k.c.Size:
		k.fail(codeMultiMismatch, "the parts end at offset %d, the file at %d", at, k.c.Size)
		k.b.State = BindingAltered
		return nil, false, nil
	}
	return list, true, nil
}

// part reads one entry and finds its place; why says in words how it breaks the rules.
func (k *multiCheck) part(i int, e cbortree.Value) (p assetPart, why string, err error) {
	p.index = i
	p.optional = e.Get("optional").True()
	place := e.Get("location")
	if !e.Has("location") {
		place = e.Get("locator") // as the text of the validation calls it
	}
	offset, isOffset := place.Get("byteOffset").Int()
	length, isLength := place.Get("length").Int()
	box := place.Get("bmffBox")
	switch {
	case isOffset && isLength && !place.Has("bmffBox"):
		if offset < 0 || length <= 0 || length > 1<<62 || offset > 1<<62 {
			return p, fmt.Sprintf("%d bytes at offset %d", length, offset), nil
		}
		p.Range = Range{offset, length}
		p.gone = offset >= k.c.Size
	case box.IsText() && !isOffset && !isLength:
		if why, err = k.boxPart(&p, box.Str()); why != "" || err != nil {
			return p, why, err
		}
	default:
		return p, "its location has neither byteOffset and length nor bmffBox", nil
	}
	h, ok := hashedURI(e.Get("hashAssertion"))
	if !ok {
		return p, "it has no hashAssertion", nil
	}
	b, err := k.v.store.resolveHere(k.w.m, h.URL)
	if err != nil {
		return p, fmt.Sprintf("its hashAssertion %q: %v", h.URL, err), nil
	}
	p.binding = k.w.assertions[b.Label()]
	if p.binding == nil || p.binding.box != b || !p.binding.Created {
		return p, fmt.Sprintf("its hashAssertion %q is no assertion that the signer vouches for", h.URL), nil
	}
	if base, isPart := strings.CutSuffix(p.binding.Base, ".part"); !isPart || !hardBindings[base] || p.binding.ContentType != "cbor" {
		return p, fmt.Sprintf("its hashAssertion %q is no content hash of a part", h.URL), nil
	}
	same, err := k.v.check(b, first(h.Alg, k.w.claim.Alg), h.Hash)
	var alg errAlgorithm
	if errors.As(err, &alg) {
		return p, fmt.Sprintf("its hashAssertion: %v", err), nil
	}
	if !same || !p.binding.Intact {
		return p, fmt.Sprintf("its hashAssertion %q is not what is referenced", h.URL), err
	}
	return p, "", err
}

// boxPart finds a part that is the payload of a box.
func (k *multiCheck) boxPart(p *assetPart, xpath string) (why string, err error) {
	path, err := parseXPath(xpath)
	if err != nil {
		return err.Error(), nil
	}
	if k.c.Located == nil || k.c.Located.File == nil {
		p.gone = true
		return "", nil
	}
	e := exclusionEntry{path: path}
	m := newMatcher(k.c.Located.File, []exclusionEntry{e})
	var found []span
	for _, root := range k.c.Located.File.Boxes {
		if found, err = m.spans(root, found); err != nil {
			return "", boxLimit(err)
		}
	}
	switch len(found) {
	case 0:
		p.gone = true
	case 1:
		b := found[0].box
		p.Range = Range{b.Payload(), b.End() - b.Payload()}
	default:
		return fmt.Sprintf("%d boxes are at %q", len(found), xpath), nil
	}
	return "", nil
}

// check holds each part against its own content hash.
func (k *multiCheck) check(list []assetPart) error {
	gone := 0
	for _, p := range list {
		if p.gone {
			gone++
			what := fmt.Sprintf("part %d of the file, which may be left out, is not there", p.index)
			k.b.Missing = append(k.b.Missing, notChecked("parts", what))
			continue
		}
		if err := k.hash(p); err != nil {
			return err
		}
		if k.b.NotSupported != "" {
			k.b.State = BindingUnknown
			return nil
		}
	}
	if k.b.State != "" && k.b.State != BindingPartial {
		return nil
	}
	if k.b.State == "" {
		k.b.State = BindingIntact
	}
	text := fmt.Sprintf("each of %d parts is as it was signed", len(list)-gone)
	if gone > 0 {
		text += fmt.Sprintf("; %d that may be left out are not there", gone)
	}
	k.b.Findings = append([]report.Finding{report.New(codeMultiMatch, k.uri, text)}, k.b.Findings...)
	return nil
}

// hash holds one part against its hash. Offsets in it count from the start of the part.
func (k *multiCheck) hash(p assetPart) error {
	in := io.NewSectionReader(k.c.Data, p.Offset, p.Length)
	loc, err := Locate(k.ctx, in, p.Length, k.v.lim)
	if err != nil {
		return err
	}
	own := k.c.Located
	c := &Content{Data: in, Size: p.Length, Located: loc, Detached: true}
	if !k.c.Detached && own != nil && own.Store != nil && own.StoreRange.Offset >= p.Offset && own.StoreRange.End() <= p.End() {
		c.Detached = false
	}
	a := p.binding
	base := strings.TrimSuffix(a.Base, ".part")
	b, err := checkHard(k.ctx, c, base, &hardBinding{label: a.Label, uri: a.URI, payload: a.Payload, alg: k.w.claim.Alg, spec: k.w.claim.SpecVersion}, false)
	if err != nil {
		return fmt.Errorf("part %d: %w", p.index, err)
	}
	k.take(p, b)
	return nil
}

// take makes what was found of a part a part of the whole.
func (k *multiCheck) take(p assetPart, b *Binding) {
	k.b.Bound += b.Bound
	for _, alg := range b.Algs {
		if !slices.Contains(k.b.Algs, alg) {
			k.b.Algs = append(k.b.Algs, alg)
		}
	}
	for _, x := range b.Excluded {
		x.Offset += p.Offset
		k.b.Excluded = append(k.b.Excluded, x)
	}
	for _, d := range b.Damage {
		d.Offset += p.Offset
		d.Where = fmt.Sprintf("part %d: %s", p.index, d.Where)
		k.b.Damage = append(k.b.Damage, d)
	}
	k.b.Unbound = append(k.b.Unbound, b.Unbound...)
	k.b.Missing = append(k.b.Missing, b.Missing...)
	k.b.NotSupported = cmpOr(k.b.NotSupported, b.NotSupported)
	why := ""
	for _, f := range b.Findings {
		switch {
		case f.Outcome == report.Informational:
			k.b.Findings = append(k.b.Findings, f)
		case f.Outcome == report.Failure && why == "":
			why = f.Code + ": " + f.Explanation
		}
	}
	switch {
	case mismatched(b):
		k.fail(codeMultiMismatch, "part %d, %d bytes at offset %d, is not as it was signed (%s)", p.index, p.Length, p.Offset, why)
		k.b.State = BindingAltered
	case b.NotSupported != "":
	case !matched(b):
		k.fail(codeMultiMalformed, "the hash of part %d: %s", p.index, why)
		if k.b.State != BindingAltered {
			k.b.State = BindingNotBound
		}
	case b.State == BindingPartial && k.b.State == "":
		k.b.State = BindingPartial
	}
}
