package forge

import (
	"fmt"
	"strings"
)

// What editors leave in a history beside what the specification asks for, as read from files of the reference
// implementation: validation results in full, a thumbnail of each state, the steps of each edit with their tool, a
// time-stamp with each signature, and a signature box that is padded to a size that was set aside for it.
const (
	// thumbnailSize is what a JPEG of a whole frame of the forge's 320 × 180 pixels takes.
	thumbnailSize = 8 << 10
	// signaturePad fills signature boxes to the 10 to 25 kB that those in the field have.
	signaturePad = 8 << 10
)

// Edited is a file that was saved n times by an editor, each time with the one before as its parent: a history of n
// ingredients, one below the other.
func Edited(n int) Manifest {
	m := saved(0, []Action{{Name: "c2pa.created", Source: "digitalCapture", When: "2026-05-01T09:00:00Z"}})
	for i := range n {
		parent := m
		step := func(name string, minute int) Action {
			return Action{Name: name, When: fmt.Sprintf("2026-05-%02dT%02d:%02d:00Z", 2+i/24, i%24, minute), Edit: func(a *Map) {
				a.Set("softwareAgent", Map{{"name", "forge"}, {"version", "1"}})
				a.Set("parameters", Map{{"name", "step"}, {"description", fmt.Sprintf("%s of save %d", name, i+1)}})
			}}
		}
		m = saved(i+1, []Action{
			{Name: "c2pa.opened", Ingredient: []int{0}}, step("c2pa.color_adjustments", 10), step("c2pa.cropped", 20), step("c2pa.edited", 30),
		})
		m.Ingredients = []Ingredient{{Manifest: &parent, Title: fmt.Sprintf("save %d.mp4", i), Edit: recorded, Full: true}}
	}
	return m
}

// Composed is a file that an editor put together from n components, each with a manifest of its own.
func Composed(n int) Manifest {
	m := saved(0, nil)
	var all []int
	for i := range n {
		part := saved(i+1, []Action{{Name: "c2pa.created", Source: "digitalCapture", When: "2026-05-01T09:00:00Z"}})
		m.Ingredients = append(m.Ingredients, Ingredient{Relationship: "componentOf", Manifest: &part, Title: fmt.Sprintf("part %d.mp4", i+1), Edit: recorded, Full: true})
		all = append(all, i)
	}
	m.Actions = []Action{{Name: "c2pa.created", Source: "compositeSynthetic"}, {Name: "c2pa.placed", Ingredient: all}}
	return m
}

// saved is a manifest as an editor signs it.
func saved(i int, actions []Action) Manifest {
	return Manifest{
		Actions:    actions,
		Assertions: []Assertion{{Label: "c2pa.thumbnail.claim", Media: "image/jpeg", File: random(fmt.Sprint("thumbnail ", i), thumbnailSize)}},
		Signer: Signer{Stamps: []Stamp{{}}, Stamp2: true, Unprotected: func(h *Map) {
			h.Set("pad", make([]byte, signaturePad))
		}},
	}
}

// recorded adds the members of an ingredient assertion that say what it was taken from.
func recorded(im *Map) {
	im.Set("dc:format", "video/mp4")
	im.Set("instanceID", "xmp:iid:"+strings.TrimPrefix(fmt.Sprint(im.Get("activeManifest").(Map).Get("url")), "self#jumbf=/c2pa/urn:c2pa:"))
}

// fullResults are validation results as the reference implementation records them when it takes in a manifest that holds:
// a success for each thing that was checked, and for the ingredients of that manifest what was found of them.
func fullResults(node *Node) Map {
	base := "self#jumbf=/c2pa/" + node.Label
	say := func(code, url, explanation string) any {
		return Map{{"code", code}, {"url", url}, {"explanation", explanation}}
	}
	signature := base + "/c2pa.signature"
	success := []any{
		say("timeStamp.validated", signature, "timestamp message digest matched: Forge TSA"),
		say("timeStamp.trusted", signature, "timestamp cert trusted: Forge TSA"),
		say("signingCredential.trusted", signature, "signing certificate trusted, found in System trust anchors"),
		say("claimSignature.insideValidity", signature, "claim signature valid"),
		say("claimSignature.validated", signature, "claim signature valid"),
	}
	var deltas []any
	for _, a := range node.Find("c2pa.assertions").Kids {
		url := base + "/c2pa.assertions/" + a.Label
		success = append(success, say("assertion.hashedURI.match", url, "hashed uri matched: self#jumbf=c2pa.assertions/"+a.Label))
		if strings.HasPrefix(a.Label, "c2pa.ingredient") {
			deltas = append(deltas, Map{{"ingredientAssertionURI", url}, {"validationDeltas", Map{
				{"success", []any{say("ingredient.manifest.validated", url, "ingredient hash matched")}}, {"informational", []any{}}, {"failure", []any{}},
			}}})
		}
	}
	success = append(success, say("assertion.bmffHash.match", base+"/c2pa.assertions/c2pa.hash.bmff.v3", "BMFF hash valid"))
	results := Map{{"activeManifest", Map{{"success", success}, {"informational", []any{}}, {"failure", []any{}}}}}
	if deltas != nil {
		results.Set("ingredientDeltas", deltas)
	}
	return results
}
