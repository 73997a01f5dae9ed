package manifest

import (
	"strings"
	"time"

	"github.com/consentry/consentry/internal/cbortree"
	"github.com/consentry/consentry/report"
)

// structure checks what a manifest of its kind must and must not hold. C2PA 2.5, 14.10.1.
func (v *validator) structure(w *work) {
	for _, g := range w.claim.GeneratorInfo {
		v.nested(w, w.claim.URI, "", g.icon)
	}
	if w.m.Type == Update {
		v.update(w)
		return
	}
	v.hardBinding(w)
}

// hardBinding finds the one hard binding of a standard manifest. C2PA 2.5, 14.10.1.2 and 14.12.
func (v *validator) hardBinding(w *work) {
	var created []*Assertion
	gathered, obsolete := false, false
	for _, a := range w.r.Assertions {
		switch {
		case a.box == nil || w.redacted[labelStore+"/"+a.Label] != "":
		case a.Base == labelBMFFv1:
			obsolete = true
		case hardBindings[a.Base] && a.Created:
			created = append(created, a)
		case hardBindings[a.Base] && a.Gathered:
			gathered = true
		}
	}
	switch {
	case len(created) == 1:
		w.r.HardBinding = created[0]
	case len(created) > 1:
		w.r.add(report.Newf("assertion.multipleHardBindings", w.m.URI(labelStore), "%d content hashes; there can be one", len(created)))
	case gathered:
		w.r.add(report.New("claim.hardBindings.missing", w.claim.URI, "the content hash stands in gathered_assertions: the signer does not vouch for it"))
	case obsolete:
		w.r.add(report.New("claim.hardBindings.missing", w.claim.URI, "the only content hash is c2pa.hash.bmff of version 1, which is obsolete since C2PA 2.0 and counts as absent"))
	default:
		w.r.add(report.New("claim.hardBindings.missing", w.claim.URI, "the claim lists no content hash"))
	}
}

// updateActions are the actions that an update manifest may hold. C2PA 2.5, 11.3.3.
var updateActions = map[string]bool{"c2pa.edited.metadata": true, actOpened: true, "c2pa.published": true, actRedacted: true}

// update checks the rules of update manifests. C2PA 2.5, 14.10.1.3.
func (v *validator) update(w *work) {
	invalid := func(format string, args ...any) {
		w.r.add(report.Newf("manifest.update.invalid", w.claim.URI, format, args...))
	}
	for _, a := range w.r.Assertions {
		switch {
		case strings.HasPrefix(a.Base, "c2pa.hash."):
			invalid("an update manifest holds a content hash (%q)", a.Label)
		case strings.HasPrefix(a.Base, "c2pa.thumbnail."):
			invalid("an update manifest holds a thumbnail (%q)", a.Label)
		case isActions(a.Base):
			t, err := v.treeOf(a)
			if err != nil {
				continue
			}
			for _, x := range t.Get("actions").List() {
				if name := x.Get("action").Str(); !updateActions[name] {
					invalid("an update manifest holds the action %q", name)
				}
			}
		}
	}
	i := w.r.Ingredients
	if len(i) != 1 || i[0].Relationship != "parentOf" || i[0].Version != 3 || !i[0].hasManifest || !i[0].hasSignature {
		w.r.add(report.New("manifest.update.wrongParents", w.claim.URI,
			"an update manifest has one ingredient: parentOf, of version 3, with its manifest and claim signature"))
	}
}

// others judges the standard assertions that have rules, except for actions, ingredients and content hashes.
// C2PA 2.5, 14.10.4.2.
func (v *validator) others(w *work) {
	stamps := 0
	for _, a := range w.r.Assertions {
		if a.box == nil || a.Redacted || !a.Created && !a.Gathered {
			continue
		}
		switch a.Base {
		case labelCloudData, labelExternalRef, labelTimeStamp, labelMetadata:
		default:
			continue
		}
		t, err := v.treeOf(a)
		if err != nil {
			continue // said to be broken already
		}
		switch a.Base {
		case labelCloudData:
			v.cloudData(w, a, t)
		case labelExternalRef:
			v.externalReference(w, a, t)
		case labelMetadata:
			v.metadata(w, a, t)
		case labelTimeStamp:
			if stamps++; stamps > 1 || !isStamps(t) {
				w.r.add(report.New("assertion.timestamp.malformed", a.URI, "it has to be the manifest's only one, and a map of manifests to tokens that is not empty"))
			}
		}
	}
}

// isStamps reports whether a tree is { 1* manifest-urn => bstr }. C2PA 2.5, 16.7.2.
func isStamps(t cbortree.Value) bool {
	if t.Kind != cbortree.Map || len(t.Items) == 0 {
		return false
	}
	for i := 0; i+1 < len(t.Items); i += 2 {
		if t.Items[i].Kind != cbortree.Text || t.Items[i+1].Kind != cbortree.Bytes {
			return false
		}
	}
	return true
}

// cloudData checks an assertion that lies elsewhere. Nothing is fetched.
//
//	cloud-data-map = { label: tstr, size: uint .ge 1, location: hashed-ext-uri-map, ? content_type: tstr, ? metadata }
//
// C2PA 2.5, 14.10.4.2 (cloud data).
func (v *validator) cloudData(w *work, a *Assertion, t cbortree.Value) {
	base := baseLabel(t.Get("label").Str())
	size, sized := t.Get("size").Int()
	location := t.Get("location")
	switch {
	case hardBindings[base] || base == labelBMFFv1:
		w.r.add(report.Newf("assertion.cloud-data.hardBinding", a.URI, "it stands for %q", base))
	case isActions(base) && w.m.Type == Update:
		w.r.add(report.Newf("assertion.cloud-data.actions", a.URI, "an update manifest's cloud data stands for %q", base))
	case base == "" || !sized || size < 1 || location.Get("url").Str() == "" || location.Get("alg").Str() == "" || location.Get("hash").Kind != cbortree.Bytes:
		w.r.add(report.New("assertion.cloud-data.malformed", a.URI, "label, size or location (url, alg, hash) is missing"))
	case isActions(base) || isIngredient(base) || base == labelCloudData || strings.HasPrefix(base, "c2pa.hash."):
		w.r.add(report.Newf("assertion.cloud-data.malformed", a.URI, "it must not stand for %q", base))
	}
}

// externalReference checks a reference to something that is no part of the manifest. Nothing is fetched.
//
//	external-reference-map = { location: { url: tstr, ? alg: tstr, ? hash: bstr, … }, ? label, ? description, ? metadata }
//
// C2PA 2.5, 14.10.4.2 (external reference).
func (v *validator) externalReference(w *work, a *Assertion, t cbortree.Value) {
	location, base := t.Get("location"), baseLabel(t.Get("label").Str())
	switch {
	case location.Get("url").Str() == "":
		w.r.add(report.New("assertion.external-reference.malformed", a.URI, "its location has no url"))
	case location.Has("alg") != location.Has("hash"):
		w.r.add(report.New("assertion.external-reference.malformed", a.URI, "its location has one of alg and hash without the other"))
	case hardBindings[base] || base == labelBMFFv1 || isActions(base) || isIngredient(base):
		w.r.add(report.Newf("assertion.external-reference.malformed", a.URI, "it must not stand for %q", base))
	}
}

// metadata checks the metadata of an assertion. C2PA 2.5, 16.9.
func (v *validator) metadata(w *work, a *Assertion, m cbortree.Value) {
	if m.Kind != cbortree.Map {
		return
	}
	v.nested(w, a.URI, "", m.Get("reference"))
	from, err1 := time.Parse(time.RFC3339, m.Get("processStart").Str())
	to, err2 := time.Parse(time.RFC3339, m.Get("processEnd").Str())
	if err1 == nil && err2 == nil && from.After(to) {
		w.r.add(report.New("assertion.metadata.malformed", a.URI, "its process ends before it starts"))
	}
}
