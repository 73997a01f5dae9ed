package manifest

import (
	"context"
	"strings"

	"github.com/consentry/consentry/internal/jumbf"
	"github.com/consentry/consentry/report"
)

// collect reads the claim, the assertions and the ingredients of a manifest and of all that it leads to, each once.
// C2PA 2.5, 14.11.3.3. The specification bounds neither depth nor cycles; a manifest that is met again is not read
// again, and below the limit of levels nothing is read.
func (v *validator) collect(ctx context.Context, m *Manifest, depth int) error {
	w := v.works[m]
	if w.r.Reached {
		return nil
	}
	w.r.Reached = true
	if depth > v.lim.Ingredients {
		v.limit("levels of ingredients", int64(v.lim.Ingredients), m.URI())
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	w.redacted = map[string]string{}
	if m.Inner != nil {
		w.claim, w.claimFaults = v.readClaim(m)
	}
	if w.claim != nil {
		w.r.Claim = w.claim
		if len(w.claimFaults) == 0 && len(v.stamps)+len(v.status) == 0 {
			p, _ := v.find(w)
			w.offered = v.crew.offer(p)
		}
		v.list(w)
		v.readStamps(w)
		v.readStatus(w)
		v.readDataBoxes(w)
		v.readIngredients(w)
		v.readRedactions(w)
		for _, i := range w.r.Ingredients {
			if i.target == nil {
				continue
			}
			if err := v.collect(ctx, i.target, depth+1); err != nil {
				return err
			}
		}
	}
	v.order = append(v.order, w)
	return nil
}

// list resolves the claim's lists and reads the assertions that the store has.
func (v *validator) list(w *work) {
	w.assertions, w.listed = map[string]*Assertion{}, map[string]bool{}
	if !v.count(len(w.claim.Created)+len(w.claim.Gathered), w.m) {
		return
	}
	for i, refs := range [][]HashedURI{w.claim.Created, w.claim.Gathered} {
		for _, h := range refs {
			ref := v.reference(w, h, i == 1)
			w.refs = append(w.refs, ref)
			w.listed[ref.path] = true
			w.softBound = w.softBound || ref.a != nil && ref.a.Base == labelSoftBinding
		}
	}
	// C2PA 2.5, 14.10.4: what the assertion store holds and the claim does not list.
	for _, store := range w.m.child(typeAssertions) {
		for _, b := range store.Children {
			if b.Description == nil || w.assertions[b.Label()] != nil && w.assertions[b.Label()].box == b {
				continue
			}
			if !v.count(1, w.m) {
				return
			}
			w.r.Assertions = append(w.r.Assertions, newAssertion(w.m, b))
		}
	}
}

// count takes n off what the limit of assertions leaves.
func (v *validator) count(n int, m *Manifest) bool {
	if n > v.lim.Assertions-v.listed {
		v.limit("assertions", int64(v.lim.Assertions), m.URI())
		return false
	}
	v.listed += n
	return true
}

// reference resolves one entry of the claim's lists. C2PA 2.5, 14.10.4.1: it must lead to an assertion of the claim's
// own manifest.
func (v *validator) reference(w *work, h HashedURI, gathered bool) *reference {
	ref := &reference{HashedURI: h, gathered: gathered, path: pathBelow(h.URL)}
	b, err := v.store.resolveHere(w.m, h.URL)
	if err == nil && boxType(b.Parent()) != typeAssertions {
		err = errNoAssertion
	}
	if err != nil {
		ref.err = err
		return ref
	}
	a := w.assertions[b.Label()]
	if a == nil {
		a = newAssertion(w.m, b)
		w.assertions[b.Label()] = a
		w.r.Assertions = append(w.r.Assertions, a)
	}
	a.Created, a.Gathered = a.Created || !gathered, a.Gathered || gathered
	a.Alg, a.Hash = first(h.Alg, w.claim.Alg), h.Hash
	ref.a = a
	return ref
}

// pathBelow returns the part of a JUMBF URI below its manifest.
func pathBelow(uri string) string {
	u, err := jumbf.ParseURI(uri)
	if err != nil {
		return ""
	}
	if u.Absolute {
		u.Parts = u.Parts[min(2, len(u.Parts)):]
	}
	return strings.Join(u.Parts, "/")
}

// readRedactions notes which assertions of other manifests a claim declares redacted. C2PA 2.5, 14.10.2.
func (v *validator) readRedactions(w *work) {
	for _, uri := range w.claim.Redacted {
		x := Redaction{URI: uri}
		if u, err := jumbf.ParseURI(uri); err == nil && len(u.Parts) > 0 {
			x.Manifest, x.Label = w.m.Label, u.Parts[len(u.Parts)-1]
			if u.Absolute && len(u.Parts) > 2 {
				x.Manifest = u.Parts[1]
			}
		}
		w.r.Redactions = append(w.r.Redactions, x)
	}
}

// applyRedactions tells each manifest what of it is redacted. A claim can redact only what it leads to, and only
// if its signature verifies; its own assertions, actions and hard bindings never. C2PA 2.5, 8.8 and 14.10.2.
func (v *validator) applyRedactions() {
	for _, w := range v.order {
		if len(w.r.Redactions) == 0 {
			continue
		}
		below := v.below(w)
		// What a claim says that nobody signed, or that is rejected, takes nothing out of another's.
		v.verify(w)
		sound := len(w.claimFaults) == 0 && w.r.Signature != nil && w.r.Signature.Validated
		for _, x := range w.r.Redactions {
			target := v.store.Manifest(x.Manifest)
			if target == w.m {
				w.r.add(report.Newf("assertion.selfRedacted", w.claim.URI, "the claim redacts %q of its own", x.URI))
				continue
			}
			base := baseLabel(x.Label)
			switch {
			case isActions(base):
				w.r.add(report.New("assertion.action.redacted", x.URI, "the claim redacts actions"))
			case hardBindings[base] || base == labelBMFFv1:
				w.r.add(report.New("assertion.hardBinding.redacted", x.URI, "the claim redacts a content hash"))
			}
			if t := v.works[target]; target != nil && below[target] && sound {
				t.redacted[pathBelow(x.URI)] = w.m.Label
			}
		}
	}
}

// below returns the manifests that w leads to.
func (v *validator) below(w *work) map[*Manifest]bool {
	seen := map[*Manifest]bool{}
	queue := []*work{w}
	for len(queue) > 0 {
		next := queue[0]
		queue = queue[1:]
		if !v.step(1+len(next.r.Ingredients), w) {
			return seen
		}
		for _, i := range next.r.Ingredients {
			if i.target != nil && !seen[i.target] {
				seen[i.target] = true
				queue = append(queue, v.works[i.target])
			}
		}
	}
	return seen
}
