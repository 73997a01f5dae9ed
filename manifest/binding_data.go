package manifest

import (
	"bytes"
	"context"
	"fmt"

	"github.com/consentry/consentry/internal/hashplan"
	"github.com/consentry/consentry/report"
)

// Status codes of the data hash. C2PA 2.5, 14.12.1.
const (
	codeDataMatch      = "assertion.dataHash.match"
	codeDataMismatch   = "assertion.dataHash.mismatch"
	codeDataMalformed  = "assertion.dataHash.malformed"
	codeDataAdditional = "assertion.dataHash.additionalExclusionsPresent"
)

// dataMap is the map of a data hash assertion:
//
//	data-hash-map = { ? exclusions: [1* {start: uint, length: uint}], ? alg: tstr, hash: bstr, pad: bytes,
//	                  ? pad2: bytes, ? name: tstr, ? url: uri }
//
// pad, pad2, name and url count for nothing. C2PA 2.5, 16.3.1.
type dataMap struct {
	Exclusions dataExclusions `cbor:"exclusions"`
	Alg        *string        `cbor:"alg"`
	Hash       []byte         `cbor:"hash"`
}

type dataExclusion struct {
	Start  *int64 `cbor:"start"`
	Length *int64 `cbor:"length"`
}

type dataExclusions []dataExclusion

// maxDataExclusions bounds the ranges that a data hash or one entry of a boxes hash leaves out; writers make one or two.
const maxDataExclusions = 1024

// UnmarshalCBOR counts the entries while it reads them.
func (l *dataExclusions) UnmarshalCBOR(b []byte) error {
	return decodeList(b, maxDataExclusions, (*[]dataExclusion)(l))
}

// ranges gives the exclusions, which must stand in ascending order and not overlap. C2PA 2.5, 14.12.1.
func (l dataExclusions) ranges() ([]Range, error) {
	var out []Range
	end := int64(0)
	for i, x := range l {
		switch {
		case x.Start == nil || x.Length == nil:
			return nil, fmt.Errorf("exclusions[%d]: start or length is missing", i)
		case *x.Start < 0 || *x.Length < 0:
			return nil, fmt.Errorf("exclusions[%d]: start or length is negative", i)
		case *x.Start < end:
			return nil, fmt.Errorf("exclusions[%d]: overlaps the range before it or comes before it", i)
		}
		end = satAdd(*x.Start, *x.Length)
		out = append(out, Range{*x.Start, end - *x.Start})
	}
	return out, nil
}

// checkData holds a c2pa.hash.data assertion against the content. updated says that the manifest which binds is not the
// active one: the store has grown since. An error means I/O or cancellation. C2PA 2.5, 14.12.1.
func checkData(ctx context.Context, c *Content, a *hardBinding, updated bool) (*Binding, error) {
	k := &spanCheck{ctx: ctx, c: c, uri: a.uri, mismatchCode: codeDataMismatch, malformedCode: codeDataMalformed, b: &Binding{Label: a.label}}
	var m dataMap
	err := bindingCBOR.Unmarshal(a.payload, &m)
	var ranges []Range
	if err == nil {
		ranges, err = m.Exclusions.ranges()
	}
	if err != nil {
		k.malformed("the content hash breaks the rules: %v", err)
		return k.b, nil
	}
	if len(m.Hash) == 0 {
		k.mismatch("the content hash holds no digest")
		return k.b, nil
	}
	alg := a.alg
	if m.Alg != nil {
		alg = *m.Alg
	}
	if !k.algorithm(alg) {
		return k.b, nil
	}
	return k.b, k.data(ranges, alg, m.Hash, updated)
}

// data computes the digest of all that is not left out.
func (k *spanCheck) data(ranges []Range, alg string, want []byte, updated bool) error {
	store := k.store()
	which := -1
	for i, x := range ranges {
		if store != nil && x.Offset < store.hull.End() && store.hull.Offset < x.End() {
			which = i
			break
		}
	}
	if updated && which >= 0 {
		grow(ranges, which, store)
	}
	if n := len(ranges); n > 0 && ranges[n-1].End() > k.c.Size {
		return k.differs(ranges, want, store, fmt.Sprintf("a range that is left out ends at offset %d, the content at %d", ranges[n-1].End(), k.c.Size))
	}
	var p hashplan.Plan
	at := int64(0)
	for _, x := range ranges {
		k.include(&p, Range{at, x.Offset - at}, "file")
		at = x.End()
		ours := store != nil && x.Offset < store.hull.End() && store.hull.Offset < x.End()
		k.exclude(x, fmt.Sprintf("bytes %d+%d", x.Offset, x.Length), ours, "")
		if ours {
			foreign, err := store.foreign(k, x)
			if err != nil {
				return err
			}
			if foreign >= 0 {
				why := fmt.Sprintf("the range that is left out for the store, %d bytes at offset %d, holds something else at offset %d", x.Length, x.Offset, foreign)
				if foreign >= x.End() {
					why = fmt.Sprintf("the store's part of the file holds something else at offset %d, behind the range that is left out for it", foreign)
				}
				return k.differs(ranges, want, store, why)
			}
		} else if x.Length > 0 {
			k.additional = append(k.additional, fmt.Sprintf("%d bytes at offset %d", x.Length, x.Offset))
			k.content(x)
		}
	}
	k.include(&p, Range{at, k.c.Size - at}, "file")
	sum, err := p.Sum(k.ctx, k.c.Data, k.c.Size, k.newHash())
	if err != nil {
		return err
	}
	k.b.Bound = p.Bytes()
	k.digest("file", alg, sum, want)
	k.report(codeDataAdditional)
	if !bytes.Equal(sum, want) {
		return k.differs(ranges, want, store, "the content hash differs"+k.hint())
	}
	k.match(codeDataMatch)
	return nil
}

// differs notes that the content is not what was signed, in the words of the change that explains it where one is found,
// else in those given.
func (k *spanCheck) differs(ranges []Range, want []byte, store *storePlace, why string) error {
	if err := k.findDataCause(ranges, want, store); err != nil {
		return err
	}
	if c := k.b.Cause; c != nil {
		why = "the content hash differs: " + c.Explanation
	} else {
		k.b.Damage = append(k.b.Damage, report.Damage{Where: "somewhere in the bound bytes", Length: k.c.Size})
	}
	k.mismatch("%s", why)
	return nil
}

// grow gives the store's range the length that the store has now, and moves what comes behind it: manifests were added
// since the hash was made. Where the range began with the container's header it ends with the container's end of the
// store, where it began with the store it ends with the store. C2PA 2.5, 14.12.1.
func grow(ranges []Range, which int, store *storePlace) {
	x := &ranges[which]
	end := x.End()
	switch x.Offset {
	case store.hull.Offset:
		end = store.hull.End()
	case store.inner.Offset:
		end = store.inner.End()
	}
	delta := end - x.End()
	x.Length += delta
	for i := which + 1; i < len(ranges); i++ {
		ranges[i].Offset = max(ranges[i].Offset+delta, ranges[i-1].End())
	}
}
