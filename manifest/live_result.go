package manifest

import (
	"context"

	"github.com/consentry/consentry/internal/bmff"
)

// setApart takes the segments of a live stream out of the content: each is judged by itself, and the manifest of the
// initialization segment binds that segment alone. nil: the parts are none of a live stream. C2PA 2.5, 15.3.3.
func (v *validator) setApart() ([]Part, error) {
	if len(v.content.Parts) == 0 {
		return nil, nil
	}
	live, err := IsLive(v.content.Parts)
	if err != nil || !live {
		return nil, err
	}
	alone := *v.content
	alone.Parts = nil
	parts := v.content.Parts
	v.content = &alone
	return parts, nil
}

// live checks the segments of a live stream and makes what was found part of the result. C2PA 2.5, 15.8.
func (v *validator) live(ctx context.Context, r *Result, parts []Part) error {
	init := r
	if f := v.content.Located; f != nil && f.File != nil {
		switch {
		case f.File.First(bmff.Moof) != nil: // there is no initialization segment: the asset is the first of the segments
			init = nil
			parts = append([]Part{{Name: "the first segment", Data: v.content.Data, Size: v.content.Size, Rendition: v.content.Rendition}}, parts...)
		case f.File.First(bmff.Mdat) != nil:
			parts = append([]Part{{Name: "the initialization segment", Data: v.content.Data, Size: v.content.Size, Rendition: v.content.Rendition}}, parts...)
		}
	}
	worth := r.State
	var names []string
	renditions := map[string][]Part{} // each is a stream of its own
	for _, p := range parts {
		if renditions[p.Rendition] == nil {
			names = append(names, p.Rendition)
		}
		renditions[p.Rendition] = append(renditions[p.Rendition], p)
	}
	known := map[string]*elsewhere{}
	for _, name := range names {
		of := init
		if name != v.content.Rendition {
			of = nil // it brings its own initialization segment
		}
		found, err := checkLive(ctx, of, worth, renditions[name], v.opt, known)
		r.takeLive(found)
		if err != nil {
			v.unjudged(r)
			return err
		}
	}
	return nil
}

// takeLive makes what was found of a stream a part of the result.
func (r *Result) takeLive(found *live) {
	for _, f := range found.Findings {
		r.Active.add(f)
	}
	b := r.Binding
	b.Parts, b.Bound = append(b.Parts, found.Segments...), b.Bound+found.Bound
	b.Findings = append(b.Findings, found.Findings...)
	r.NotChecked = append(r.NotChecked, found.Missing...)
	switch {
	case found.Bad > 0 || len(found.Findings) > 0:
		b.State = BindingAltered
		r.Active.State, r.State = Invalid, Invalid
	case found.Unknown > 0:
		r.undecided()
	case len(found.Missing) > 0 && b.State == BindingIntact:
		b.State = BindingPartial
	}
}

// add counts a segment of so many bytes as what it turned out to be.
func (k *liveCheck) add(row PartBinding, size int64) {
	switch row.State {
	case BindingIntact:
		k.out.Bound += size
	case BindingUnknown:
		k.out.Unknown++
	default:
		k.out.Bad++
	}
	if row.State != BindingIntact && k.before != nil {
		k.before.lost = true
	}
	k.out.Segments = append(k.out.Segments, row)
}
