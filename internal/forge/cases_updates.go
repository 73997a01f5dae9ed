package forge

// redaction is one assertion that an update takes out of a manifest below it.
type redaction struct {
	of    *Manifest // labelled
	label string
}

func (x redaction) uri() string {
	return "self#jumbf=/c2pa/" + x.of.Label + "/c2pa.assertions/" + x.label
}

// updateOf is an update manifest that redacts assertions of manifests below it and says so in its actions. What they
// held is for the manifests below to leave out: see [emptied].
func updateOf(parent *Manifest, list ...redaction) *Manifest {
	m := &Manifest{Update: true, Ingredients: []Ingredient{{Manifest: parent}}}
	for _, x := range list {
		m.Redacts = append(m.Redacts, x.uri())
		m.Actions = append(m.Actions, Action{Name: "c2pa.redacted", Edit: func(a *Map) {
			a.Set("reason", "c2pa.PII.present")
			a.Set("parameters", Map{{"redacted", x.uri()}})
		}})
	}
	return m
}

// takenOut is a change of a manifest that takes an assertion out of it whole.
func takenOut(label string) func(*Node) {
	return func(m *Node) { m.Find("c2pa.assertions").Drop(label) }
}

// The labels of manifests that an update speaks of by name.
const (
	updatedURN  = "urn:c2pa:33333333-3333-4333-8333-333333333333"
	deeperURN   = "urn:c2pa:44444444-4444-4444-8444-444444444444"
	strangerURN = "urn:c2pa:55555555-5555-4555-8555-555555555555"
)

const (
	identityLabel = "cawg.identity"
	metadataLabel = "cawg.metadata"
	softLabel     = "c2pa.soft-binding"
	noteLabel     = "com.example.note"
)

func aNote() Assertion { return Assertion{Label: noteLabel, CBOR: Map{{"a", 1}}} }

func someMetadata() Assertion {
	return Assertion{Label: metadataLabel, JSON: []byte(`{"@context":{"dc":"http://purl.org/dc/elements/1.1/"},"dc:creator":["Somebody"]}`)}
}

// marked is a manifest with a soft binding and the action that bound it.
func marked(edit func(*Node)) *Manifest {
	soft := Map{{"alg", "com.example.mark"}, {"blocks", []any{Map{{"scope", Map{}}, {"value", []byte("mark")}}}}}
	return &Manifest{Label: updatedURN, AfterSign: edit, Assertions: []Assertion{{Label: softLabel, CBOR: soft}}, Actions: []Action{
		{Name: "c2pa.created", Source: "trainedAlgorithmicMedia"}, {Name: "c2pa.watermarked.bound"},
	}}
}

// updateChains are updates that redact what stands below them, one on another, with identities. C2PA 2.5, 8.8 and
// 14.10.1.3; CAWG identity 1.3, 5.2.
func updateChains() []Case {
	const whole, taken = "assertion.bmffHash.match", "ingredient.claimSignature.validated"
	base := func(edit func(*Node), list ...Assertion) *Manifest {
		return &Manifest{Label: updatedURN, Assertions: list, AfterSign: edit}
	}
	of := func(m *Manifest, label string) redaction { return redaction{m, label} }
	one := func(name, code string, m *Manifest) Case {
		return Case{Name: "update: " + name, Code: code, Recipe: Recipe{Manifest: *m}}
	}
	redacts := func(name, label string, m *Manifest) Case { return one(name, taken, updateOf(m, of(m, label))) }
	named := Assertion{Label: identityLabel, Identity: &Identity{}}
	overNote := Assertion{Label: identityLabel, Identity: &Identity{References: []string{"c2pa.hash.bmff.v3", noteLabel}}}

	deeper := &Manifest{Label: deeperURN, Assertions: []Assertion{aNote()}, AfterSign: emptied(noteLabel)}
	composed := &Manifest{Label: updatedURN, Ingredients: []Ingredient{{Relationship: "componentOf", Manifest: deeper}}, Actions: []Action{
		{Name: "c2pa.created", Source: "compositeSynthetic"}, {Name: "c2pa.placed", Ingredient: []int{0}},
	}}
	placed := &Manifest{Label: updatedURN, Ingredients: []Ingredient{{Relationship: "componentOf", Manifest: &Manifest{}}}, Actions: composed.Actions, AfterSign: emptied("c2pa.ingredient.v3")}

	first := &Manifest{Update: true, Label: deeperURN, Ingredients: []Ingredient{{Manifest: &Manifest{}}}, Assertions: []Assertion{aNote()}, AfterSign: emptied(noteLabel)}
	low := base(emptied(noteLabel), aNote())
	step := base(emptied(noteLabel), aNote())
	signed := base(nil)
	by := updateOf(signed)
	by.Assertions = []Assertion{aNote(), {Label: identityLabel, Identity: &Identity{Below: signed, Own: []string{noteLabel}}}}
	vouched := base(nil)
	aggregated := updateOf(vouched)
	aggregated.Assertions = []Assertion{{Label: identityLabel, Identity: &Identity{Below: vouched, Aggregator: &Aggregator{}}}}
	both := base(emptied(identityLabel), named)
	instead := updateOf(both, of(both, identityLabel))
	instead.Assertions = []Assertion{{Label: identityLabel, Identity: &Identity{Below: both}}}
	return []Case{
		redacts("an identity is redacted", identityLabel, base(emptied(identityLabel), named)),
		redacts("an identity is taken out", identityLabel, base(takenOut(identityLabel), named)),
		redacts("metadata are redacted", metadataLabel, base(emptied(metadataLabel), someMetadata())),
		redacts("metadata are taken out", metadataLabel, base(takenOut(metadataLabel), someMetadata())),
		redacts("what an identity is over is redacted", noteLabel, base(emptied(noteLabel), aNote(), overNote)),
		redacts("what an identity is over is taken out", noteLabel, base(takenOut(noteLabel), aNote(), overNote)),
		redacts("a soft binding that an action speaks of is redacted", softLabel, marked(emptied(softLabel))),
		redacts("a soft binding that an action speaks of is taken out", softLabel, marked(takenOut(softLabel))),
		one("an assertion of a parent's ingredient is redacted", taken, updateOf(composed, of(deeper, noteLabel))),
		redacts("an ingredient of the parent is redacted", "c2pa.ingredient.v3", placed),
		one("an assertion of the update below is redacted", taken, updateOf(first, of(first, noteLabel))),
		one("an assertion two updates below is redacted", taken, updateOf(updateOf(low), of(low, noteLabel))),
		one("above one that redacts", whole, updateOf(updateOf(step, of(step, noteLabel)))),
		one("an identity over the content hash below and over its own", "cawg.identity.trusted", by),
		one("an identity of an aggregator over the content hash below", "cawg.identity.trusted", aggregated),
		one("an identity in place of a redacted one", "cawg.identity.trusted", instead),
	}
}

// updateChainCorruptions are updates that take out what they may not, or say so of what is still there.
func updateChainCorruptions() []Case {
	const notRedacted = "assertion.notRedacted"
	base := func(edit func(*Node), list ...Assertion) *Manifest {
		return &Manifest{Label: updatedURN, Assertions: list, AfterSign: edit}
	}
	one := func(name, code string, m *Manifest, also ...string) Case {
		return Case{Name: "update: " + name, Code: code, Also: also, Recipe: Recipe{Manifest: *m}}
	}
	redacts := func(name, code, label string, m *Manifest, also ...string) Case {
		return one(name, code, updateOf(m, redaction{m, label}), also...)
	}
	below := func(c Case) Case { c.Ingredient = true; return c }
	named := Assertion{Label: identityLabel, Identity: &Identity{}}
	other := func(m *Node) {
		n := m.Find("c2pa.assertions").Find(identityLabel)
		*n = *cborBox(identityLabel, CBOR(Map{{"a", 2}}))
	}

	own := &Manifest{Update: true, Label: updatedURN, Ingredients: []Ingredient{{Manifest: &Manifest{}}}, Assertions: []Assertion{aNote()}}
	own.Redacts = []string{redaction{own, noteLabel}.uri()}

	deeper := &Manifest{Label: deeperURN, Assertions: []Assertion{aNote()}, AfterSign: emptied(noteLabel)}
	older := &Manifest{Label: updatedURN, Ingredients: []Ingredient{{Relationship: "componentOf", Manifest: deeper, Version: 2}}, Actions: []Action{
		{Name: "c2pa.created", Source: "compositeSynthetic"}, {Name: "c2pa.placed", Ingredient: []int{0}},
	}}

	stranger := &Manifest{Label: strangerURN, Assertions: []Assertion{aNote()}, AfterSign: takenOut(noteLabel)}
	outside := one("an assertion of a manifest that it does not lead to is redacted", "assertion.action.redactionMismatch", updateOf(base(nil), redaction{stranger, noteLabel}))
	outside.Recipe.Stored = []*Manifest{stranger}

	emptiedBelow := base(emptied(noteLabel), aNote())
	unsigned := updateOf(emptiedBelow, redaction{emptiedBelow, noteLabel})
	unsigned.Signer = Signer{Sig: flip(0)}

	return []Case{
		redacts("the content hash is redacted", "assertion.hardBinding.redacted", "c2pa.hash.bmff.v3", base(emptied("c2pa.hash.bmff.v3"))),
		redacts("the actions are redacted", "assertion.action.redacted", "c2pa.actions.v2", base(emptied("c2pa.actions.v2"))),
		one("an assertion of its own is redacted", "assertion.selfRedacted", own),
		below(redacts("an identity is still there", notRedacted, identityLabel, base(nil, named))),
		below(redacts("other content in the place of an identity", notRedacted, identityLabel, base(other, named))),
		below(redacts("metadata are still there", notRedacted, metadataLabel, base(nil, someMetadata()))),
		below(one("an assertion of an ingredient of version 2 is redacted", "ingredient.claimSignature.missing", updateOf(older, redaction{deeper, noteLabel}))),
		outside,
		below(one("a redaction that nobody signed", "assertion.hashedURI.mismatch", unsigned)),
	}
}

// updateIdentities are identities of updates that do not reach the content hash below. CAWG identity 1.3, 5.2.
func updateIdentities() []Case {
	one := func(name string, below *Manifest, id Identity, assertions ...Assertion) Case {
		m := updateOf(below)
		m.Assertions = append(assertions, Assertion{Label: identityLabel, Identity: &id})
		return Case{Name: "in an update: " + name, Code: "cawg.identity.hard_binding_missing", Recipe: Recipe{Manifest: *m}}
	}
	below := &Manifest{Label: updatedURN, Assertions: []Assertion{aNote()}}
	return []Case{
		one("its own assertion alone", below, Identity{References: []string{noteLabel}}, aNote()),
		one("another assertion below", below, Identity{Below: below, References: []string{noteLabel}}),
	}
}
