package consent

import (
	"slices"
	"testing"
)

// declaring is a consent assertion of the performer's token for one entry.
func declaring(id, token string) object {
	return object{
		"v": 1, "completeness": "complete", "tokens": []any{object{"jwt": token}},
		"people": []any{object{
			"id": id, "kind": "real", "rendering": "replica", "modality": []string{"face", "voice"}, "subject": object{"scheme": "hand", "id": "10.23/P-1"},
			"tokens": []int{0}, "basis": "token",
		}},
		"generation": object{"provider": generator, "request_id": "r-1", "purpose": []string{"entertainment.scripted"}, "territory": []string{"US"}},
	}
}

// TestSourcesByTheWorseWay: a manifest that is reached in several ways is judged once, under the worst of them, and
// whatever way is told first or in full.
func TestSourcesByTheWorseWay(t *testing.T) {
	list, err := ParseTrustList([]byte(testTrust(t).text(t)))
	if err != nil {
		t.Fatal(err)
	}
	declared := &Declaration{Bytes: []byte(declaring("p1", minted(t, aGrant())).text(t))}
	signer := &Signer{DN: map[string]string{}, SPKI: signerSPKI, X5T: signerX5T, JKT: signerJKT}
	ingredient := func(relationship, label, state, action string, below ...Ingredient) Ingredient {
		return Ingredient{
			Relationship: relationship, ClaimSigner: signer, T: Time{At: made, Kind: "T2"}, Ingredients: below,
			Manifest: Manifest{Label: label, State: state, Created: true, Actions: []Action{{Action: action}}},
		}
	}
	leaf := func(relationship, state string) Ingredient {
		i := ingredient(relationship, "leaf", state, "c2pa.created")
		i.Assertion = declared
		return i
	}
	bare := func(relationship, state string) Ingredient { // told by its label alone
		return Ingredient{Relationship: relationship, Manifest: Manifest{Label: "leaf", State: state, Created: true}}
	}
	parent, component := "parentOf", "componentOf"
	told := func(relationship, state string) Ingredient {
		return Ingredient{Relationship: relationship, Manifest: Manifest{Label: "m", State: state}}
	}
	clean := func(label string, below ...Ingredient) Ingredient {
		return ingredient(parent, label, ManifestTrusted, "c2pa.transcoded", below...)
	}
	edited := func(label string, below ...Ingredient) Ingredient {
		return ingredient(parent, label, ManifestTrusted, "c2pa.edited", below...)
	}
	for _, c := range []struct {
		name    string
		in      []Ingredient
		level   string
		missing bool
	}{
		{"one clean way", []Ingredient{clean("a", leaf(parent, ManifestTrusted))}, "E4", false},
		{"one way through an edit", []Ingredient{edited("a", leaf(parent, ManifestTrusted))}, "E2", false},
		{"two ways, the second through an edit", []Ingredient{clean("a", leaf(parent, ManifestTrusted)), edited("b", bare(parent, ManifestTrusted))}, "E2", false},
		{"two ways, the first through an edit", []Ingredient{edited("b", leaf(parent, ManifestTrusted)), clean("a", bare(parent, ManifestTrusted))}, "E2", false},
		{"a second way that is longer, through an edit far up", []Ingredient{clean("a", leaf(parent, ManifestTrusted)), edited("b", clean("c", clean("d", bare(parent, ManifestTrusted))))}, "E2", false},
		{
			"a manifest between that is reached a second time, through an edit",
			[]Ingredient{clean("a", clean("m", clean("n", leaf(parent, ManifestTrusted)))), clean("x", edited("y", clean("z", Ingredient{Relationship: parent, Manifest: Manifest{Label: "m", State: ManifestTrusted}})))},
			"E2", false,
		},
		{"a second way by a manifest that nobody trusts", []Ingredient{clean("a", leaf(parent, ManifestTrusted)), ingredient(parent, "b", ManifestValid, "c2pa.transcoded", bare(parent, ManifestTrusted))}, "E1", false},
		{"a manifest between, and a second way to it by one that nobody trusts", []Ingredient{clean("a", clean("m", leaf(parent, ManifestTrusted))), ingredient(parent, "b", ManifestValid, "c2pa.transcoded", clean("c", clean("d", told(parent, ManifestTrusted))))}, "E1", false},
		{"a manifest between that does not hold, as a second way says", []Ingredient{clean("a", clean("m", leaf(parent, ManifestTrusted))), clean("b", clean("c", clean("d", told(parent, ManifestInvalid))))}, "E1", false},
		{"a component between that is the parent's parent too", []Ingredient{ingredient(component, "m", ManifestTrusted, "c2pa.transcoded", leaf(parent, ManifestTrusted)), clean("b", clean("c", clean("d", told(parent, ManifestTrusted))))}, "E4", false},
		{"the active manifest as an ingredient of its own", []Ingredient{clean("a", leaf(parent, ManifestTrusted)), edited("b", Ingredient{Relationship: parent, Manifest: Manifest{Label: "active", State: ManifestInvalid}})}, "E4", false},
		{"told in full by the longer way", []Ingredient{bare(parent, ManifestTrusted), clean("a", leaf(parent, ManifestTrusted))}, "E4", false},
		{"a manifest between told in full by the longer way", []Ingredient{{Relationship: parent, Manifest: Manifest{Label: "m", State: ManifestTrusted}}, clean("a", clean("m", leaf(parent, ManifestTrusted)))}, "E4", false},
		{"not valid by one of two ways", []Ingredient{clean("a", leaf(parent, ManifestTrusted)), clean("b", bare(parent, ManifestInvalid))}, "E1", false},
		{"untrusted by the first of two ways", []Ingredient{clean("a", leaf(parent, ManifestValid)), clean("b", bare(parent, ManifestTrusted))}, "E1", false},
		{"by way of a manifest that nobody trusts", []Ingredient{ingredient(parent, "a", ManifestValid, "c2pa.transcoded", leaf(parent, ManifestTrusted))}, "E1", false},
		{"by way of a manifest that does not hold", []Ingredient{ingredient(parent, "a", ManifestInvalid, "c2pa.transcoded", clean("b", leaf(parent, ManifestTrusted)))}, "E1", false},
		{"a component and nothing else", []Ingredient{leaf(component, ManifestTrusted)}, "E4", true},
		{"a component, and then the parent", []Ingredient{bare(component, ManifestTrusted), clean("a", leaf(parent, ManifestTrusted))}, "E4", false},
		{"below a component", []Ingredient{ingredient(component, "a", ManifestTrusted, "c2pa.transcoded", leaf(parent, ManifestTrusted))}, "E4", true},
		{"ways that go round in a circle", []Ingredient{clean("a", leaf(parent, ManifestTrusted), clean("b", Ingredient{Relationship: parent, Manifest: Manifest{Label: "a", State: ManifestTrusted}}))}, "E4", false},
		{"an input is no source", []Ingredient{leaf("inputTo", ManifestTrusted)}, "", true},
		{"a manifest that is not there", []Ingredient{leaf(parent, ManifestAbsent), leaf(parent, "")}, "", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, turned := range []bool{false, true} {
				in := slices.Clone(c.in)
				if turned {
					slices.Reverse(in)
				}
				f := &Facts{
					Now: today, T: Time{At: made, Kind: "T2"}, ClaimSigner: signer, Ingredients: in,
					Manifest: Manifest{Label: "active", State: ManifestTrusted, Created: true, Actions: []Action{{Action: "c2pa.transcoded"}}},
				}
				j := Judge(f, &Trust{List: list}, Terms{MinLevel: "E3", Status: StatusIgnore, Asked: true, OwnAsked: true})
				level := ""
				for _, p := range j.People {
					level += p.Level
				}
				if level != c.level || j.Missing != c.missing {
					t.Errorf("turned around %v: level %q, missing %v", turned, level, j.Missing)
				}
			}
		})
	}
}
