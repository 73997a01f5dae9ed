package manifest

import (
	"errors"
	"strings"

	"github.com/consentry/consentry/internal/cbortree"
	"github.com/consentry/consentry/internal/jumbf"
	"github.com/consentry/consentry/report"
)

var errNoAssertion = errors.New("it leads to a box that is no assertion")

// references holds every assertion against the claim's lists. C2PA 2.5, 14.10.3 and 14.10.4.1.
func (v *validator) references(w *work) {
	for _, ref := range w.refs {
		if by, ok := w.redacted[ref.path]; ok {
			v.redacted(w, ref, by)
			continue
		}
		switch {
		case errors.Is(ref.err, errOtherManifest):
			w.r.add(report.Newf("assertion.outsideManifest", w.claim.URI, "the claim lists %q, which lies outside its manifest", ref.URL))
		case ref.err != nil:
			w.r.add(report.Newf("assertion.missing", w.claim.URI, "the claim lists %q: %v", ref.URL, ref.err))
		default:
			v.intact(w, ref)
		}
	}
	for _, a := range w.r.Assertions {
		if !a.Created && !a.Gathered && !a.Redacted && !w.listed[labelStore+"/"+a.Label] {
			w.r.add(report.Newf("assertion.undeclared", a.URI, "the claim does not list %q", a.Label))
		}
	}
	// C2PA 2.5, 14.10.4.1: the content of standard assertions.
	for _, a := range w.r.Assertions {
		if a.Redacted || a.box == nil || !a.Created && !a.Gathered {
			continue
		}
		if code, text := v.wellFormed(a); code != "" {
			w.r.add(report.New(code, a.URI, text))
		}
	}
}

// intact holds one assertion against its digest.
func (v *validator) intact(w *work, ref *reference) {
	ok, err := v.check(ref.a.box, first(ref.Alg, w.claim.Alg), ref.Hash)
	switch {
	case err != nil:
		w.r.add(report.Newf("algorithm.unsupported", ref.a.URI, "the reference to %q: %v", ref.a.Label, err))
	case !ok:
		ref.a.Intact, ref.a.differs = false, true
		w.r.add(report.Newf("assertion.hashedURI.mismatch", ref.a.URI, "%q is not what the claim lists", ref.a.Label))
	default:
		ref.a.Intact = !ref.a.differs // it may be listed twice
		w.r.add(report.New("assertion.hashedURI.match", ref.a.URI, ""))
	}
}

// redacted judges an assertion that some claim above declares redacted: it is gone, or nothing but zeros.
// C2PA 2.5, 14.10.3.
func (v *validator) redacted(w *work, ref *reference, by string) {
	a := ref.a
	if a == nil {
		label := ref.path[strings.LastIndexByte(ref.path, '/')+1:]
		a = &Assertion{Label: label, Base: baseLabel(label), URI: w.m.URI(ref.path), Created: !ref.gathered, Gathered: ref.gathered}
		a.Alg, a.Hash = first(ref.Alg, w.claim.Alg), ref.Hash
		w.r.Assertions = append(w.r.Assertions, a)
		ref.a = a // an identity may be over it: what the claim lists says so still
	}
	a.Redacted, a.RedactedBy, a.Intact = true, by, false
	if a.box == nil || a.zeroed() {
		return
	}
	f := report.Newf("assertion.notRedacted", a.URI, "%q is declared redacted and still has content", a.Label)
	w.r.add(f)
	// Nothing but this check stands between that content and whoever reads it under the redacting manifest's name:
	// where something is redacted the manifest's own digest no longer counts.
	if m := v.store.Manifest(by); m != nil {
		v.works[m].r.add(f)
	}
}

// nested checks a hashed URI inside an assertion. A redacted target is no fault. alg is that of the nearest structure
// around it that names one. C2PA 2.5, 14.10.4.1.
func (v *validator) nested(w *work, where, alg string, val cbortree.Value) {
	url := val.Get("url").Str()
	if !strings.HasPrefix(url, jumbf.Prefix) {
		return // an external reference: nothing is fetched
	}
	h, ok := hashedURI(val)
	owner, b, err := v.store.resolve(w.m, url)
	if owner != nil && v.works[owner].redacted[pathBelow(url)] != "" {
		return
	}
	if err != nil {
		w.r.add(report.Newf("hashedURI.missing", where, "the reference to %q: %v", url, err))
		return
	}
	if !ok {
		w.r.add(report.Newf("hashedURI.mismatch", where, "the reference to %q has no hash", url))
		return
	}
	same, err := v.check(b, first(h.Alg, alg, w.claim.Alg), h.Hash)
	switch {
	case err != nil:
		w.r.add(report.Newf("algorithm.unsupported", where, "the reference to %q: %v", url, err))
	case !same:
		w.r.add(report.Newf("hashedURI.mismatch", where, "%q is not what is referenced", url))
	case owner != nil && w.holds(where):
		v.works[owner].named(b)
	}
}

// holds reports whether what refers to something is as it was signed: the claim, or an assertion that it lists by its
// digest.
func (w *work) holds(where string) bool {
	if where == w.claim.URI {
		return true
	}
	a := w.assertions[where[strings.LastIndexByte(where, '/')+1:]]
	return a != nil && a.URI == where && a.Intact
}
