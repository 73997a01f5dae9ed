package manifest

import (
	"context"

	"github.com/consentry/consentry/report"
)

// trustOnly are failures that make a manifest untrusted and nothing worse. C2PA 2.5, 13.3.
var trustOnly = map[string]bool{"signingCredential.untrusted": true}

// credential are failures of the signer's credential or of its time: the manifest keeps the rules and is as it was
// signed, so it is well-formed, and it is not valid. C2PA 2.5, 13.3.
var credential = map[string]bool{
	"claimSignature.outsideValidity": true, "signingCredential.invalid": true, "signingCredential.ocsp.revoked": true,
}

// state says what a manifest is worth by itself, without its content. What was changed after signing is called
// invalid, though the specification's words would still allow well-formed. C2PA 2.5, 13.3.
func state(r *ManifestResult) string {
	wellFormed := true
	for _, f := range r.Failure {
		switch {
		case trustOnly[f.Code]:
		case credential[f.Code]:
			wellFormed = false
		default:
			return Invalid
		}
	}
	switch s := r.Signature; {
	case s == nil:
		return Invalid
	case !wellFormed || !s.Validated && len(s.Unsupported) == 0 || s.Validated && !s.InsideValidity:
		return WellFormed
	case !s.Validated:
		return "" // nobody said no: the signature could not be judged
	case s.Trusted && !report.Has(r.Failure, "signingCredential.untrusted"):
		return Trusted
	}
	return Valid
}

// bind holds the content against the binding of the active manifest or, where that is an update, of the first standard
// manifest below it, and settles the state of the whole. C2PA 2.5, 14.12.
func (v *validator) bind(ctx context.Context, r *Result) error {
	r.Bound = v.boundManifest(r)
	r.State = r.Active.State
	if r.Bound == nil || r.Bound.HardBinding == nil {
		r.Binding = &Binding{State: BindingNotBound}
		// An update that leads to no binding is bound to nothing, whatever else it is.
		r.Active.State, r.State = Invalid, Invalid
		return nil
	}
	if v.content == nil {
		r.NotChecked = append(r.NotChecked, report.NotChecked{What: "content", Why: "no content was given"})
		v.unjudged(r)
		return nil
	}
	w := v.works[v.store.Manifest(r.Bound.Label)]
	if w == nil {
		r.Binding = &Binding{State: BindingNotBound}
		r.Active.State, r.State = Invalid, Invalid
		return nil
	}
	a := r.Bound.HardBinding
	live, err := v.setApart()
	if err != nil {
		v.unjudged(r)
		return err
	}
	r.Binding, err = v.checkBinding(ctx, w, a, r.Bound != r.Active)
	if r.Binding == nil {
		v.unjudged(r)
		return err
	}
	b := r.Binding
	for _, f := range b.Findings {
		r.Bound.add(f)
	}
	r.NotChecked = append(r.NotChecked, b.Missing...)
	if err != nil {
		v.unjudged(r)
		return err
	}
	v.settle(r)
	if live != nil {
		return v.live(ctx, r, live)
	}
	return nil
}

// checkBinding holds one hard binding against the content. C2PA 2.5, 14.12.
func (v *validator) checkBinding(ctx context.Context, w *work, a *Assertion, updated bool) (*Binding, error) {
	if a.ContentType != "cbor" {
		return &Binding{Label: a.Label, State: BindingUnknown}, nil // assertion.cbor.invalid says why
	}
	h := &hardBinding{label: a.Label, uri: a.URI, payload: a.Payload, alg: w.claim.Alg, spec: w.claim.SpecVersion}
	b, err := checkHard(ctx, v.content, a.Base, h, updated)
	if b == nil || err != nil {
		return b, err
	}
	// C2PA 2.5, 14.12.4: with a multi-asset hash a mismatch is not the last word.
	if mismatched(b) {
		if multi, err := v.checkMulti(ctx, w); multi != nil || err != nil {
			return multi, err
		}
	}
	return b, nil
}

// checkHard holds a hard binding of any kind against content.
func checkHard(ctx context.Context, c *Content, base string, h *hardBinding, updated bool) (*Binding, error) {
	switch base {
	case "c2pa.hash.bmff.v2", "c2pa.hash.bmff.v3":
		return checkBMFF(ctx, c, h.label, h.uri, h.payload, h.alg, h.spec)
	case "c2pa.hash.data":
		return checkData(ctx, c, h, updated)
	case "c2pa.hash.boxes":
		return checkBoxes(ctx, c, h)
	case "c2pa.hash.collection.data":
		return checkCollection(ctx, c, h)
	}
	return &Binding{Label: h.label, State: BindingUnknown, NotSupported: "not supported yet: " + base}, nil
}

// matched says that some content hash came out as signed.
func matched(b *Binding) bool {
	for _, code := range []string{codeBMFFMatch, codeDataMatch, codeBoxesMatch, codeMultiMatch, codeCollectionMatch} {
		if report.Has(b.Findings, code) {
			return true
		}
	}
	return false
}

// mismatched says that the content is not the one that was signed, in whole or as the binding divides it.
func mismatched(b *Binding) bool {
	for _, code := range []string{codeBMFFMismatch, codeDataMismatch, codeBoxesMismatch, codeBoxesUnknown, codeCollectionMismatch, codeCollectionCount} {
		if report.Has(b.Findings, code) {
			return true
		}
	}
	return false
}

// settle makes the active manifest's state with its content from what the binding gave.
func (v *validator) settle(r *Result) {
	b := r.Binding
	failed := false
	for _, f := range b.Findings {
		failed = failed || f.Outcome == report.Failure
	}
	own := r.Active.State
	switch {
	case failed:
		r.Active.State = Invalid
	case r.Bound != r.Active && (r.Bound.Signature == nil || !r.Bound.Signature.Validated || !r.Bound.HardBinding.Intact):
		// The binding below an update counts only as it was signed.
		r.Active.State = Invalid
	case b.NotSupported != "":
		r.NotChecked = append(r.NotChecked, report.NotChecked{What: "content", Why: b.NotSupported})
		v.unjudged(r)
		return
	case !matched(b):
		v.unjudged(r)
		return
	default:
		r.Active.State = own
	}
	if r.Bound != r.Active && failed {
		r.Bound.State = Invalid
	}
	r.State = r.Active.State
}

// unjudged takes a state back that needs the content: nobody may read valid where the content was not checked.
func (v *validator) unjudged(r *Result) {
	if s := r.Active.State; s == Valid || s == Trusted {
		r.Active.State = ""
	}
	r.State = r.Active.State
}

// boundManifest follows parentOf from update manifests to the first manifest that is none. C2PA 2.5, 14.12.2.
func (v *validator) boundManifest(r *Result) *ManifestResult { return v.boundOf(r.Active) }

func (v *validator) boundOf(m *ManifestResult) *ManifestResult {
	seen := map[*ManifestResult]bool{}
	for m != nil && m.Type == Update && !seen[m] {
		seen[m] = true
		p := m.Parent()
		if len(m.Ingredients) != 1 || p == nil || p.target == nil {
			return nil // manifest.update.wrongParents: which one it updates cannot be said
		}
		m = v.works[p.target].r
	}
	if m == nil || m.Type == Update {
		return nil
	}
	return m
}
