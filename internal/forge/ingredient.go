package forge

import "fmt"

// ingredientLabel is the label of the ith ingredient assertion, with its instance number. C2PA 2.5, 8.5.
func ingredientLabel(m *Manifest, i int) string {
	label := "c2pa.ingredient"
	if v := m.Ingredients[i].version(); v > 1 {
		label += fmt.Sprint(".v", v)
	}
	same := 0
	for _, other := range m.Ingredients[:i] {
		same += btoi(other.version() == m.Ingredients[i].version())
	}
	if same > 0 {
		label += fmt.Sprint("__", same)
	}
	return label
}

func (i Ingredient) version() int {
	if i.Version == 0 {
		return 3
	}
	return i.Version
}

func (b *builder) ingredient(m *Manifest, i int) *Node {
	ing := m.Ingredients[i]
	rel := ing.Relationship
	if rel == "" {
		rel = "parentOf"
	}
	im := Map{{"relationship", rel}}
	title := ing.Title
	if title == "" {
		title = fmt.Sprint("ingredient ", i+1)
	}
	im.Set("dc:title", title)
	if ing.version() < 3 {
		im.Set("dc:format", "video/mp4")
		im.Set("instanceID", fmt.Sprint("xmp:iid:", i+1))
	}
	if ing.Manifest != nil {
		b.refer(&im, m, ing)
	}
	if ing.Edit != nil {
		ing.Edit(&im)
	}
	return cborBox(ingredientLabel(m, i), CBOR(im))
}

// refer adds what an ingredient assertion says about the ingredient's manifest.
func (b *builder) refer(im *Map, m *Manifest, ing Ingredient) {
	node := b.made[ing.Manifest]
	base := "self#jumbf=/c2pa/" + node.Label
	mh, ch := ing.ManifestHash, ing.ClaimHash
	if mh == nil {
		mh = digest(m.Alg, node.Content())
	}
	if sig := node.Find("c2pa.signature"); ch == nil && sig != nil {
		ch = digest(m.Alg, sig.Content())
	}
	manifest := Map{{"url", base}, {"hash", mh}}
	if ing.version() < 3 {
		im.Set("c2pa_manifest", manifest)
		return
	}
	im.Set("activeManifest", manifest)
	im.Set("claimSignature", Map{{"url", base + "/c2pa.signature"}, {"hash", ch}})
	results := ing.Results
	if ing.Full {
		results = fullResults(node)
		if t := node.Find("c2pa.assertions").Find("c2pa.thumbnail.claim"); t != nil {
			im.Set("thumbnail", Map{{"url", base + "/c2pa.assertions/" + t.Label}, {"hash", digest(m.Alg, t.Content())}})
		}
	}
	if results == nil {
		status := func(code, url string) any { return Map{{"code", code}, {"url", url}} }
		results = Map{{"activeManifest", Map{
			{"success", []any{status("claimSignature.validated", base+"/c2pa.signature"), status("claimSignature.insideValidity", base+"/c2pa.signature"), status("signingCredential.trusted", base+"/c2pa.signature")}},
			{"informational", []any{}},
			{"failure", []any{}},
		}}}
	}
	im.Set("validationResults", results)
}
