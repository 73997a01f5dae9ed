package parts

import (
	"fmt"
	"slices"
)

// Check reports the first promise of [File] that does not hold for a file of the given size: a bug of a walker.
func (f *File) Check(size int64) error {
	inside := func(what string, r Range) error {
		if r.Offset < 0 || r.Length < 0 || r.Offset > size || r.Length > size-r.Offset {
			return fmt.Errorf("parts: %s, %d bytes at offset %d, lies outside the file of %d", what, r.Length, r.Offset, size)
		}
		return nil
	}
	var pieces []Range
	last := int64(0)
	for i := range f.Parts {
		p := &f.Parts[i]
		if err := inside(p.Path, p.Range); err != nil {
			return err
		}
		if p.Offset < last {
			return fmt.Errorf("parts: %s at offset %d is out of order", p.Path, p.Offset)
		}
		last = p.Offset
		for _, x := range p.Pieces() {
			if err := inside(p.Path, x); err != nil {
				return err
			}
			if x.Offset < p.Offset || x.End() > p.End() {
				return fmt.Errorf("parts: a piece of %s lies outside of it", p.Path)
			}
			pieces = append(pieces, x)
		}
	}
	slices.SortFunc(pieces, func(a, b Range) int { return int(min(max(a.Offset-b.Offset, -1), 1)) })
	at := int64(0)
	for _, x := range pieces {
		if x.Offset != at {
			return fmt.Errorf("parts: the parts do not meet at offset %d, or leave bytes out there", min(at, x.Offset))
		}
		at = x.End()
	}
	if at != size {
		return fmt.Errorf("parts: the parts end at offset %d, the file at %d", at, size)
	}
	for _, s := range f.Stores {
		for _, x := range slices.Concat(s.Outer, s.Inner, s.Wrap) {
			if err := inside(s.Path, x); err != nil {
				return err
			}
		}
		if len(s.Outer) == 0 || len(s.Inner) == 0 && s.Fault == "" {
			return fmt.Errorf("parts: %s lies nowhere", s.Path)
		}
	}
	for _, x := range slices.Concat(f.XMP, f.Free) {
		if err := inside("a packet or a field", x); err != nil {
			return err
		}
	}
	return nil
}
