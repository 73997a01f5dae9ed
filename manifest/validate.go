package manifest

import (
	"context"
	"errors"
	"slices"

	"github.com/consentry/consentry/internal/cbortree"
	"github.com/consentry/consentry/internal/jumbf"
	"github.com/consentry/consentry/report"
	"github.com/consentry/consentry/signing"
)

// validator is the state of one validation.
type validator struct {
	store   *Store
	content *Content
	opt     Options
	lim     Limits

	works   map[*Manifest]*work
	order   []*work // manifests that the active one leads to, ingredients before what they are ingredients of
	digests map[digestKey][]byte
	stamps  map[string][][]byte // time-stamp tokens for a manifest's label, of c2pa.time-stamp assertions
	status  []*signing.OCSP     // responses about certificates, of c2pa.certificate-status assertions
	cut     bool                // there are more than were read
	crew    *crew               // verifies signatures meanwhile; nil: nobody does
	bound   *ManifestResult     // whose binding counts: the active one, or the first below its updates; nil: none
	unread  []report.NotChecked // of those, what does not count
	items   int                 // CBOR items that may still be read
	listed  int                 // assertions and references so far
	acts    int                 // actions so far
	hashing int64               // bytes that may still be hashed
	stop    *LimitError         // the first limit that was reached

	hashable int64 // what hashing began with
	stamping int64 // bytes of time-stamp tokens that may still be tried
	steps    int   // what is left of maxSteps
}

// work is a manifest on the way through validation.
type work struct {
	m           *Manifest
	r           *ManifestResult
	claim       *Claim
	claimFaults []report.Finding
	refs        []*reference
	assertions  map[string]*Assertion // by label; only those that are there
	listed      map[string]bool       // paths below the manifest that the claim lists
	ingredients map[*jumbf.Box]*Ingredient
	instances   map[string]*Ingredient // by instance ID
	data        map[*jumbf.Box]*DataBox
	softBound   bool              // a soft binding is among the assertions
	pending     *pending          // its signature; nil: not looked for, or there is none
	unsigned    string            // why there is none; empty: not looked for, or there is one
	offered     bool              // the crew may be at it
	sought      bool              // and with all that it is held against
	redacted    map[string]string // path of a redacted box below the manifest → label of the manifest that redacts it
}

// reference is an entry of the claim's lists of assertions.
type reference struct {
	HashedURI
	gathered bool
	path     string     // below the manifest
	a        *Assertion // nil: there is none
	err      error      // why a is nil
}

// Validate runs C2PA 2.5, 14 on the store, in the order of its clauses, for the active manifest and for every manifest
// that it leads to as an ingredient. With a nil content no binding is checked and no manifest is judged valid with its
// content. An error means I/O, cancellation or a limit (*[LimitError]); what was found so far comes with it.
func (s *Store) Validate(ctx context.Context, c *Content, opt Options) (*Result, error) {
	v := &validator{
		store: s, content: c, opt: opt, lim: opt.Limits.withDefaults(), works: map[*Manifest]*work{},
		digests: map[digestKey][]byte{}, stamps: map[string][][]byte{},
	}
	v.items, v.steps = v.lim.Items, maxSteps
	for _, m := range s.Manifests {
		v.hashable += hashTimes * int64(len(m.Box.Raw))
		if m.Compressed && m.Inner != nil {
			v.hashable += hashTimes * int64(len(m.Inner.Raw))
		}
	}
	v.hashing, v.stamping = v.hashable, v.hashable
	active := s.Active
	if opt.Label != "" {
		if active = s.Manifest(opt.Label); active == nil {
			return nil, s.unknownLabel(opt.Label)
		}
	}
	r := v.results(active)
	if s.Update != nil && s.Active.Type != Update {
		// It is judged all the same: nothing that is bound depends on the box. C2PA 2.5, A.5.2 and 16.3.2.2.
		r.Active.Notes = append(r.Active.Notes, report.New(codeMoved, "", "the update box ends with a standard manifest: only update manifests belong there"))
	}
	// C2PA 2.5, 14.11.3.3: from the active manifest depth first, so that every redaction is known before an assertion
	// is looked at.
	v.crew = v.gather()
	defer v.crew.dismiss()
	if err := v.collect(ctx, active, 0); err != nil {
		return r, err
	}
	v.bound = v.boundManifest(r)
	v.applyRedactions()
	if err := v.validateAll(ctx); err != nil {
		return r, err
	}
	for _, w := range v.order {
		if err := ctx.Err(); err != nil {
			return r, err
		}
		v.deltas(w)
	}
	if v.stop != nil { // what was not read may be what binds: nothing more is spent on this store
		r.State, r.Active.State = "", ""
		return r, v.stop
	}
	// C2PA 2.5, 14.12: the content, by the binding of the active manifest or of the first one below its updates.
	if err := v.bind(ctx, r); err != nil {
		return r, err
	}
	// CAWG identity 1.3: who else vouches for what, in manifests that hold.
	if err := v.identities(ctx, r); err != nil {
		return r, err
	}
	for _, m := range r.Manifests {
		switch {
		case m.Reached:
		case s.Active != active && m.Label == s.Active.Label:
			r.NotChecked = append(r.NotChecked, report.NotChecked{What: m.Label, Why: "it is the active manifest of the store, and another one was asked for by its label"})
		default:
			r.NotChecked = append(r.NotChecked, report.NotChecked{What: m.Label, Why: "nothing leads to this manifest; it counts for nothing"})
		}
	}
	r.NotChecked = append(r.NotChecked, v.unread...)
	for _, label := range s.Skipped {
		r.NotChecked = append(r.NotChecked, report.NotChecked{What: label, Why: "the store holds a box that is no manifest that is known"})
	}
	return r, nil
}

// results makes the empty results: the active manifest first, then the store's order reversed.
func (v *validator) results(active *Manifest) *Result {
	r := &Result{}
	for i := len(v.store.Manifests) - 1; i >= 0; i-- {
		m := v.store.Manifests[i]
		mr := &ManifestResult{Label: m.Label, Type: m.Type, Compressed: m.Compressed, Active: m == active}
		v.works[m] = &work{m: m, r: mr}
		if m == active {
			r.Active = mr
			r.Manifests = append([]*ManifestResult{mr}, r.Manifests...)
			continue
		}
		r.Manifests = append(r.Manifests, mr)
	}
	return r
}

// limit remembers the first limit that was reached.
func (v *validator) limit(what string, n int64, where string) {
	if v.stop == nil {
		v.stop = &LimitError{What: what, Limit: n, Where: where}
	}
}

// step takes n of the steps that are left, and reports whether there were as many.
func (v *validator) step(n int, w *work) bool {
	if v.steps -= n; v.steps < 0 {
		v.limit("steps between manifests and their ingredients", maxSteps, w.m.URI())
		return false
	}
	return true
}

const (
	// hashTimes is how often a store's bytes may be hashed: in assertions, in manifests and in what refers to them, by
	// three algorithms. Real stores take less than three times.
	hashTimes = 8
	// maxSteps bounds the steps from claims that redact to what they redact, and the findings that are compared with
	// recorded ones: both can be asked for once for each way down to a manifest. 200 ingredients take some 10,000.
	maxSteps = 1 << 18
)

// tree reads CBOR within the limit of the whole validation.
func (v *validator) tree(data []byte) (cbortree.Value, error) {
	t, used, err := cbortree.ParseMax(data, v.items)
	v.items -= used
	if errors.Is(err, cbortree.ErrItems) {
		v.limit("CBOR items", int64(min(v.lim.Items, cbortree.MaxItems)), "an assertion or a claim")
	}
	return t, err
}

// treeOf is tree for an assertion, once.
func (v *validator) treeOf(a *Assertion) (cbortree.Value, error) {
	if !a.read {
		if a.ContentType != "cbor" {
			return a.Tree()
		}
		if a.released { // and counted; it is not given up again
			a.tree, a.broken = cbortree.Parse(a.Payload)
		} else {
			a.tree, a.broken = v.tree(a.Payload)
		}
		a.read = true
	}
	return a.tree, a.broken
}

// validateAll judges the manifests, ingredients first: all of them but for their signatures, which the crew verifies
// meanwhile, then those.
func (v *validator) validateAll(ctx context.Context) error {
	v.offerAll()
	for _, w := range v.order {
		if err := ctx.Err(); err != nil {
			return err
		}
		v.validate(w)
	}
	v.crew.help(ctx)
	for _, w := range v.order {
		if err := ctx.Err(); err != nil {
			return err
		}
		v.conclude(w)
	}
	return nil
}

// successes is how many findings say of a good manifest that it is good, beside those of its assertions and ingredients.
const successes = 5

// rejected reports whether a manifest's claim is rejected: what it would say of the rest counts for nothing.
func (w *work) rejected() bool { return w.m.fault != "" || w.claim == nil || len(w.claimFaults) > 0 }

// validate judges one manifest, except for its signature, its content and what changed since its ingredients were taken in.
func (v *validator) validate(w *work) {
	w.r.Reached = true
	// C2PA 2.5, 14.5.4: a compressed manifest is decompressed first.
	if w.m.fault != "" {
		w.r.add(report.New("manifest.compressed.invalid", w.m.URI(), w.m.fault))
		return
	}
	// C2PA 2.5, 14.6: the claim.
	for _, f := range w.claimFaults {
		w.r.add(f)
	}
	if w.rejected() {
		return
	}
	w.r.Success = slices.Grow(w.r.Success, successes+len(w.refs)+len(w.r.Ingredients))
	// C2PA 2.5, 14.10.1: what a manifest of its kind must and must not hold.
	v.structure(w)
	// C2PA 2.5, 14.10.2 to 14.10.4.1: each assertion against the claim.
	v.references(w)
	// C2PA 2.5, 14.10.4.2: the rules of standard assertions.
	v.actions(w)
	v.others(w)
	// C2PA 2.5, 14.11: the ingredients.
	v.ingredients(w)
}

// conclude judges a manifest's signature, C2PA 2.5, 14.7 to 14.9, and says what the manifest is worth with it. What the
// specification looks at first stands first in the result.
func (v *validator) conclude(w *work) {
	if !w.rejected() {
		first := &ManifestResult{Label: w.r.Label, Active: w.r.Active}
		v.signature(w, first)
		w.r.Success = slices.Insert(w.r.Success, 0, first.Success...)
		w.r.Informational = slices.Insert(w.r.Informational, 0, first.Informational...)
		w.r.Failure = slices.Insert(w.r.Failure, 0, first.Failure...)
		w.r.Notes = slices.Insert(w.r.Notes, 0, first.Notes...)
		w.r.Omitted += first.Omitted
	}
	for _, i := range w.r.Ingredients {
		switch {
		case i.assertion.Redacted || !i.hasManifest:
		case i.target != nil:
			i.Now = v.works[i.target].r.State
		default:
			i.Now = Invalid
		}
	}
	w.r.State = state(w.r)
}
