package manifest

import (
	"crypto/subtle"
	"strings"

	"github.com/consentry/consentry/internal/cbortree"
	"github.com/consentry/consentry/internal/jumbf"
	"github.com/consentry/consentry/report"
)

// readIngredients reads the ingredient assertions that the claim lists. C2PA 2.5, 16.5.
func (v *validator) readIngredients(w *work) {
	w.ingredients, w.instances = map[*jumbf.Box]*Ingredient{}, map[string]*Ingredient{}
	for _, a := range w.r.Assertions {
		if !isIngredient(a.Base) || !a.Created && !a.Gathered || a.box == nil || a.zeroed() {
			continue
		}
		t, err := v.treeOf(a)
		if err != nil {
			continue // its content is said to be broken in its place
		}
		i := readIngredient(a, t)
		if i.hasManifest {
			if owner, b, err := v.store.resolve(w.m, i.activeManifest.URL); err == nil && b == owner.Box {
				i.target, i.Manifest = owner, owner.Label
			} else if u, uerr := jumbf.ParseURI(i.activeManifest.URL); uerr == nil && u.Absolute && len(u.Parts) == 2 {
				i.Manifest = u.Parts[1]
			}
		}
		w.r.Ingredients = append(w.r.Ingredients, i)
		w.ingredients[a.box] = i
		if i.InstanceID != "" && w.instances[i.InstanceID] == nil {
			w.instances[i.InstanceID] = i
		}
	}
}

// readIngredient reads an ingredient assertion of version 1, 2 or 3.
//
//	ingredient-map-v3 = { relationship: "parentOf" / "componentOf" / "inputTo", ? dc:title, ? dc:format,
//	    ? validationResults, ? instanceID, ? data, ? dataTypes, ? thumbnail, ? activeManifest: hashed-uri,
//	    ? claimSignature: hashed-uri, ? description, ? informationalURI, ? digitalSourceType, ? relatedAssertions, … }
//
// C2PA 2.5, 16.5. In versions 1 and 2 the manifest is c2pa_manifest, and what was found is validationStatus.
func readIngredient(a *Assertion, t cbortree.Value) *Ingredient {
	i := &Ingredient{
		Label: a.Label, URI: a.URI, Version: 1, Gathered: !a.Created, Relationship: t.Get("relationship").Str(),
		Title: t.Get("dc:title").Str(), Format: t.Get("dc:format").Str(), InstanceID: t.Get("instanceID").Str(),
		DigitalSourceType: t.Get("digitalSourceType").Str(), Description: t.Get("description").Str(), assertion: a, Now: "none",
	}
	manifest := t.Get("c2pa_manifest")
	switch a.Base {
	case labelIngredient + ".v2":
		i.Version = 2
	case labelIngredient + ".v3":
		i.Version = 3
		manifest = t.Get("activeManifest")
		if s := t.Get("claimSignature"); s.Kind != cbortree.None {
			i.claimSignature, _ = hashedURI(s)
			i.hasSignature = true
		}
	}
	if manifest.Kind != cbortree.None {
		i.activeManifest, _ = hashedURI(manifest)
		i.hasManifest = true
	}
	types := t.Get("dataTypes")
	if types.Kind == cbortree.None {
		types = t.Get("data_types")
	}
	for _, d := range types.List() {
		i.DataTypes = append(i.DataTypes, d.Get("type").Str())
	}
	i.Recorded = readRecorded(t)
	return i
}

// ingredients judges a manifest's ingredients. C2PA 2.5, 14.11.
func (v *validator) ingredients(w *work) {
	parents := 0
	for _, i := range w.r.Ingredients {
		if i.assertion.Redacted {
			continue
		}
		if i.Relationship == "parentOf" {
			parents++
		}
		v.ingredient(w, i)
		i.assertion.release()
	}
	if parents > 1 && w.m.Type != Update {
		w.r.add(report.Newf("manifest.multipleParents", w.claim.URI, "%d ingredients are parentOf; there can be one", parents))
	}
}

func (v *validator) ingredient(w *work, i *Ingredient) {
	t, err := v.treeOf(i.assertion)
	if err != nil {
		return
	}
	// C2PA 2.5, 14.11.3.1: the assertion itself.
	v.ingredientForm(w, i, t)
	for _, key := range []string{"thumbnail", "data"} {
		v.nested(w, i.URI, "", t.Get(key))
	}
	v.metadata(w, i.assertion, t.Get("metadata"))
	if !i.hasManifest {
		if i.Relationship == "parentOf" || i.Relationship == "componentOf" {
			w.r.add(report.Newf("ingredient.unknownProvenance", i.URI, "%q has no manifest", i.Title))
		}
		return
	}
	// C2PA 2.5, 14.11.3.3: its manifest, by the digest that was taken of it.
	v.ingredientManifest(w, i)
}

// knownRelationship reports whether an ingredient's relationship is one that its version has.
func knownRelationship(i *Ingredient) bool {
	return i.Relationship == "parentOf" || i.Relationship == "componentOf" || i.Relationship == "inputTo" && i.Version > 1
}

// ingredientForm checks the rules of an ingredient assertion's members. C2PA 2.5, 14.11.3.1.
func (v *validator) ingredientForm(w *work, i *Ingredient, t cbortree.Value) {
	fault := func(text string) { w.r.add(report.New("assertion.ingredient.malformed", i.URI, text)) }
	if !knownRelationship(i) {
		fault("its relationship is missing or unknown")
	}
	if i.hasManifest && (i.activeManifest.URL == "" || i.activeManifest.Hash == nil) {
		fault("its manifest is no hashed reference")
	}
	if i.Version < 3 {
		return
	}
	related := t.Get("relatedAssertions")
	if i.hasManifest {
		if t.Has("digitalSourceType") || related.Kind != cbortree.None {
			fault("it has a manifest and says of itself what only that may say (digitalSourceType, relatedAssertions)")
		}
		if t.Get("validationResults").Kind != cbortree.Map {
			fault("it has a manifest and no validationResults")
		}
	}
	if related.Kind != cbortree.None && len(related.List()) == 0 {
		fault("relatedAssertions is no list, or empty")
	}
	for _, item := range related.List() {
		b, err := v.store.resolveHere(w.m, item.Get("url").Str())
		if w.redacted[pathBelow(item.Get("url").Str())] != "" {
			w.r.add(report.Newf("assertion.redacted", i.URI, "it names %q, which was redacted", item.Get("url").Str()))
			continue
		}
		if err != nil || boxType(b.Parent()) != typeAssertions || !strings.HasSuffix(baseLabel(b.Label()), ".ingredient") {
			fault("relatedAssertions names what is no assertion of this manifest whose label ends in .ingredient")
			continue
		}
		v.nested(w, i.URI, "", item)
	}
}

// ingredientManifest holds an ingredient's manifest against the digest in its assertion. Where something of the
// manifest was redacted that digest cannot hold any more, and the digest of its claim signature counts instead; where
// nothing was, the manifest's digest covers the signature too. C2PA 2.5, 14.11.3.3.
func (v *validator) ingredientManifest(w *work, i *Ingredient) {
	if i.target == nil {
		w.r.add(report.Newf("ingredient.manifest.missing", i.URI, "the manifest %q is not in the store", i.activeManifest.URL))
		return
	}
	if len(v.works[i.target].redacted) == 0 {
		if v.claimTakenIn(w, i) {
			w.r.add(report.Newf("ingredient.manifest.validated", i.URI, "the claim of %s is as it was taken in: its digest stands where that of the manifest should", i.Manifest))
			return
		}
		v.digestOf(w, i, "ingredient.manifest", i.target.Box, i.activeManifest)
		return
	}
	if !i.hasSignature {
		w.r.add(report.New("ingredient.claimSignature.missing", i.URI, "something of the ingredient was redacted, and its signature was not recorded"))
		return
	}
	owner, b, err := v.store.resolve(w.m, i.claimSignature.URL)
	if err != nil || owner != i.target || boxType(b) != typeSignature {
		w.r.add(report.Newf("ingredient.claimSignature.missing", i.URI, "%q leads to no claim signature of the ingredient", i.claimSignature.URL))
		return
	}
	v.digestOf(w, i, "ingredient.claimSignature", b, i.claimSignature)
}

// claimTakenIn says that an ingredient of version 1 has the digest of the other manifest's claim in place of that of the
// manifest, as the first writers put it. The claim covers the assertions, and its signature is verified beside it.
// C2PA 1.0, 12; deprecated since 2.0.
func (v *validator) claimTakenIn(w *work, i *Ingredient) bool {
	claim := v.works[i.target].claim
	h := newHash(first(i.activeManifest.Alg, w.claim.Alg))
	if i.Version != 1 || claim == nil || claim.Version != 1 || h == nil {
		return false
	}
	if v.hashing -= int64(len(claim.Payload)); v.hashing < 0 {
		v.limit("bytes to hash, eight times what the store holds,", v.hashable, "the store")
		return false
	}
	h.Write(claim.Payload)
	return subtle.ConstantTimeCompare(h.Sum(nil), i.activeManifest.Hash) == 1
}

// digestOf holds a box of an ingredient against its digest and says so with the codes of the family.
func (v *validator) digestOf(w *work, i *Ingredient, family string, b *jumbf.Box, h HashedURI) {
	ok, err := v.check(b, first(h.Alg, w.claim.Alg), h.Hash)
	switch {
	case err != nil:
		w.r.add(report.Newf("algorithm.unsupported", i.URI, "the reference to %q: %v", h.URL, err))
	case ok:
		w.r.add(report.Newf(family+".validated", i.URI, "%s is as it was taken in", i.Manifest))
	default:
		w.r.add(report.Newf(family+".mismatch", i.URI, "%s is not as it was taken in", i.Manifest))
	}
}
