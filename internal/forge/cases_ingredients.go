package forge

var opened = []Action{{Name: "c2pa.opened", Ingredient: []int{0}}}

// child is a manifest that was made from a parent.
func child(parent *Manifest) Manifest {
	return Manifest{Ingredients: []Ingredient{{Manifest: parent}}, Actions: opened}
}

// chain is a manifest with n generations before it.
func chain(n int) *Manifest {
	m := &Manifest{}
	for range n {
		c := child(m)
		m = &c
	}
	return m
}

// Deep is a manifest with n generations before it.
func Deep(n int) Manifest { return *chain(n) }

// Wide is a manifest that was put together from n components.
func Wide(n int) Manifest {
	m := Manifest{Actions: []Action{{Name: "c2pa.created", Source: "compositeSynthetic"}}}
	for range n {
		m.Ingredients = append(m.Ingredients, Ingredient{Relationship: "componentOf", Manifest: &Manifest{}})
	}
	return m
}

func goodIngredients() []Case {
	shared := &Manifest{}
	left, right := child(shared), child(shared)
	placed := []Action{{Name: "c2pa.created", Source: "digitalCapture"}, {Name: "c2pa.placed", Ingredient: []int{0, 1}}}
	note := Assertion{Label: "com.example.note", CBOR: Map{{"a", 1}}}
	redacted := redactedBy(&Manifest{Assertions: []Assertion{note}, AfterSign: emptied(note.Label)}, note.Label)
	related := &Manifest{Assertions: []Assertion{note}, Actions: []Action{{Name: "c2pa.created", Source: "digitalCapture", Edit: func(m *Map) {
		m.Set("parameters", Map{{"relatedAssertions", []any{Map{{"url", "self#jumbf=c2pa.assertions/com.example.note"}, {"hash", digest("", note.node().Content())}}}}})
	}}}, AfterSign: emptied("com.example.note")}
	later := redactedBy(related, note.Label)
	return []Case{
		{Name: "a parent", Code: "ingredient.manifest.validated", Recipe: Recipe{Manifest: child(&Manifest{})}},
		{Name: "ten generations", Recipe: Recipe{Manifest: *chain(10)}},
		{Name: "two components of one parent", Recipe: Recipe{Manifest: Manifest{Actions: placed, Ingredients: []Ingredient{{Relationship: "componentOf", Manifest: &left}, {Relationship: "componentOf", Manifest: &right}}}}},
		{Name: "twenty components", Recipe: Recipe{Manifest: Wide(20)}},
		{Name: "a component without provenance", Code: "ingredient.unknownProvenance", Recipe: Recipe{Manifest: Manifest{Ingredients: []Ingredient{{Relationship: "componentOf"}}}}},
		{Name: "an input without provenance", Recipe: Recipe{Manifest: Manifest{Ingredients: []Ingredient{{Relationship: "inputTo"}}}}},
		{Name: "an ingredient of version 2", Recipe: Recipe{Manifest: Manifest{Ingredients: []Ingredient{{Manifest: &Manifest{}, Version: 2}}, Actions: opened}}},
		{Name: "an ingredient of version 1 in a claim of version 1", Recipe: Recipe{Manifest: Manifest{ClaimV1: true, ActionsV1: true, Ingredients: []Ingredient{{Manifest: &Manifest{ClaimV1: true, ActionsV1: true}, Version: 1}}, Actions: opened}}},
		{Name: "a manifest that nothing refers to", Recipe: Recipe{Stored: []*Manifest{{}}}},
		{Name: "a redacted assertion", Code: "ingredient.claimSignature.validated", Recipe: Recipe{Manifest: redacted}},
		{Name: "a redacted assertion that an action names", Code: "assertion.redacted", Ingredient: true, Recipe: Recipe{Manifest: later}},
		{Name: "a redacted assertion that was taken out", Code: "ingredient.claimSignature.validated", Recipe: Recipe{Manifest: redactedBy(&Manifest{Assertions: []Assertion{note}, AfterSign: func(m *Node) { m.Find("c2pa.assertions").Drop(note.Label) }}, note.Label)}},
		{Name: "an update manifest", Recipe: Recipe{Manifest: Manifest{Update: true, Ingredients: []Ingredient{{Manifest: &Manifest{}}}}}},
		{Name: "an update manifest of an update manifest", Recipe: Recipe{Manifest: Manifest{Update: true, Ingredients: []Ingredient{{Manifest: &Manifest{Update: true, Ingredients: []Ingredient{{Manifest: &Manifest{}}}}}}}}},
		{Name: "an update manifest in a box of its own", Recipe: Recipe{UpdateBox: true, Manifest: Manifest{Update: true, Ingredients: []Ingredient{{Manifest: &Manifest{}}}}}},
	}
}

func also(c Case, codes ...string) Case {
	c.Also = codes
	return c
}

func ingredientCorruptions() []Case {
	ing := func(name, code string, i Ingredient) Case {
		return Case{Name: "ingredient: " + name, Code: code, Recipe: Recipe{Manifest: Manifest{Ingredients: []Ingredient{i}, Actions: opened}}}
	}
	const malformed = "assertion.ingredient.malformed"
	wrong := make([]byte, 32)
	return []Case{
		ing("its manifest by another digest", "ingredient.manifest.mismatch", Ingredient{Manifest: &Manifest{}, ManifestHash: wrong}),
		ing("its manifest was changed", "ingredient.manifest.mismatch", Ingredient{Manifest: &Manifest{}, Edit: func(m *Map) {
			m.Get("activeManifest").(Map).Get("hash").([]byte)[0] ^= 1
		}}),
		ing("its manifest is not there", "ingredient.manifest.missing", Ingredient{Manifest: &Manifest{}, Edit: func(m *Map) {
			m.Set("activeManifest", Map{{"url", "self#jumbf=/c2pa/urn:c2pa:00000000-0000-4000-8000-000000000000"}, {"hash", wrong}})
		}}),
		also(ing("no relationship", malformed, Ingredient{Manifest: &Manifest{}, Edit: func(m *Map) { m.Del("relationship") }}), "assertion.action.ingredientMismatch"),
		also(ing("an unknown relationship", malformed, Ingredient{Manifest: &Manifest{}, Relationship: "cousinOf"}), "assertion.action.ingredientMismatch"),
		ing("a manifest without results", malformed, Ingredient{Manifest: &Manifest{}, Edit: func(m *Map) { m.Del("validationResults") }}),
		ing("a manifest and a source type", malformed, Ingredient{Manifest: &Manifest{}, Edit: func(m *Map) { m.Set("digitalSourceType", IPTC("digitalCapture")) }}),
		{Name: "ingredient: two parents", Code: "manifest.multipleParents", Recipe: Recipe{Manifest: Manifest{Ingredients: []Ingredient{{Manifest: &Manifest{}}, {Manifest: &Manifest{}}}, Actions: opened}}},
		{Name: "ingredient: its claim signature is broken", Code: "claimSignature.mismatch", Ingredient: true, Recipe: Recipe{Manifest: child(&Manifest{Signer: Signer{Sig: flip(0)}})}},
		{Name: "ingredient: its signer is on no list", Code: "signingCredential.untrusted", Ingredient: true, Recipe: Recipe{Manifest: child(&Manifest{Signer: Signer{Authority: NewAuthority("Forge Stranger CA")}})}},
	}
}

// redactedBy is a manifest that redacts assertions of its parent.
func redactedBy(parent *Manifest, labels ...string) Manifest {
	parent.Label = "urn:c2pa:11111111-1111-4111-8111-111111111111"
	m := child(parent)
	m.Actions = append([]Action{}, opened...)
	for _, l := range labels {
		uri := "self#jumbf=/c2pa/" + parent.Label + "/c2pa.assertions/" + l
		m.Redacts = append(m.Redacts, uri)
		m.Actions = append(m.Actions, Action{Name: "c2pa.redacted", Edit: func(a *Map) { a.Set("parameters", Map{{"redacted", uri}}) }})
	}
	return m
}

// emptied replaces the content of an assertion by zeroes, as a redaction does. C2PA 2.5, 14.10.3.
func emptied(label string) func(*Node) {
	return func(m *Node) {
		n := m.Find("c2pa.assertions").Find(label)
		*n = *Assertion{Label: label, Zero: true}.node()
	}
}

func redactionCorruptions() []Case {
	note := Assertion{Label: "com.example.note", CBOR: Map{{"a", 1}}}
	parent := func(edit func(*Node)) *Manifest {
		return &Manifest{Assertions: []Assertion{note}, AfterSign: edit}
	}
	forged := func(m *Node) {
		n := m.Find("c2pa.assertions").Find(note.Label)
		*n = *cborBox(note.Label, CBOR(Map{{"a", 2}}))
	}
	with := func(edit func(*Ingredient)) Recipe {
		m := redactedBy(parent(emptied(note.Label)), note.Label)
		edit(&m.Ingredients[0])
		return Recipe{Manifest: m}
	}
	own := Manifest{Label: "urn:c2pa:22222222-2222-4222-8222-222222222222", Assertions: []Assertion{note}}
	own.Redacts = []string{"self#jumbf=/c2pa/" + own.Label + "/c2pa.assertions/" + note.Label}
	return []Case{
		{Name: "redaction: the content is still there", Code: "assertion.notRedacted", Ingredient: true, Recipe: Recipe{Manifest: redactedBy(parent(nil), note.Label)}},
		{Name: "redaction: other content in its place", Code: "assertion.notRedacted", Ingredient: true, Recipe: Recipe{Manifest: redactedBy(parent(forged), note.Label)}},
		{Name: "redaction: of an assertion of its own", Code: "assertion.selfRedacted", Recipe: Recipe{Manifest: own}},
		{Name: "redaction: of actions", Code: "assertion.action.redacted", Recipe: Recipe{Manifest: redactedBy(&Manifest{AfterSign: emptied("c2pa.actions.v2")}, "c2pa.actions.v2")}},
		{Name: "redaction: of a content hash", Code: "assertion.hardBinding.redacted", Recipe: Recipe{Manifest: redactedBy(&Manifest{AfterSign: emptied("c2pa.hash.bmff.v3")}, "c2pa.hash.bmff.v3")}},
		{Name: "redaction: without the claim signature's digest", Code: "ingredient.claimSignature.missing", Recipe: with(func(i *Ingredient) { i.Edit = func(m *Map) { m.Del("claimSignature") } })},
		{Name: "redaction: another claim signature", Code: "ingredient.claimSignature.mismatch", Recipe: with(func(i *Ingredient) { i.ClaimHash = make([]byte, 32) })},
	}
}

func updateCorruptions() []Case {
	up := func(name, code string, m Manifest) Case {
		m.Update = true
		return Case{Name: "update manifest: " + name, Code: code, Recipe: Recipe{Manifest: m}}
	}
	parent := []Ingredient{{Manifest: &Manifest{}}}
	return []Case{
		up("with a content hash", "manifest.update.invalid", Manifest{Ingredients: parent, Assertions: []Assertion{{Label: "c2pa.hash.bmff.v3", CBOR: Map{{"exclusions", []any{Map{{"xpath", "/uuid"}}}}, {"hash", make([]byte, 32)}, {"alg", "sha256"}}}}}),
		up("with a thumbnail", "manifest.update.invalid", Manifest{Ingredients: parent, Assertions: []Assertion{{Label: "c2pa.thumbnail.claim", File: []byte("x"), Media: "image/png"}}}),
		up("with an action that changes the picture", "manifest.update.invalid", Manifest{Ingredients: parent, Actions: []Action{{Name: "c2pa.filtered"}}}),
		up("without a parent", "manifest.update.wrongParents", Manifest{Assertions: []Assertion{{Label: "com.example.note", CBOR: Map{{"a", 1}}}}}),
		up("with a component", "manifest.update.wrongParents", Manifest{Ingredients: []Ingredient{{Relationship: "componentOf", Manifest: &Manifest{}}}}),
		up("with two parents", "manifest.update.wrongParents", Manifest{Ingredients: []Ingredient{{Manifest: &Manifest{}}, {Manifest: &Manifest{}}}}),
		up("with cloud data for actions", "assertion.cloud-data.actions", Manifest{Ingredients: parent, Assertions: []Assertion{{Label: "c2pa.cloud-data", CBOR: Map{{"label", "c2pa.actions.v2"}, {"size", 10}, {"location", Map{{"url", "https://example.com/x"}, {"alg", "sha256"}, {"hash", make([]byte, 32)}}}}}}}),
	}
}
