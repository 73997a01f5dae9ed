package forge

func assertionCorruptions() []Case {
	one := func(name, code string, a Assertion) Case {
		return Case{Name: name, Code: code, Recipe: Recipe{Manifest: Manifest{Assertions: []Assertion{a}}}}
	}
	ext := func(hash bool) Map {
		m := Map{{"url", "https://example.com/x"}, {"alg", "sha256"}}
		if hash {
			m.Set("hash", make([]byte, 32))
		}
		return m
	}
	const cloud, external = "assertion.cloud-data.malformed", "assertion.external-reference.malformed"
	return []Case{
		one("actions that are no CBOR", "assertion.cbor.invalid", Assertion{Label: "c2pa.actions.v2__1", CBOR: Raw{0xa1, 0x61}}),
		one("metadata that are no JSON", "assertion.json.invalid", Assertion{Label: "c2pa.metadata", JSON: []byte(`{"@context":`)}),
		one("cloud data without a location", cloud, Assertion{Label: "c2pa.cloud-data", CBOR: Map{{"label", "com.example.x"}, {"size", 10}}}),
		one("cloud data of no size", cloud, Assertion{Label: "c2pa.cloud-data", CBOR: Map{{"label", "com.example.x"}, {"size", 0}, {"location", ext(true)}}}),
		one("cloud data for a content hash", "assertion.cloud-data.hardBinding", Assertion{Label: "c2pa.cloud-data", CBOR: Map{{"label", "c2pa.hash.bmff.v3"}, {"size", 10}, {"location", ext(true)}}}),
		one("an external reference without a location", external, Assertion{Label: "c2pa.external-reference", CBOR: Map{}, List: "gathered"}),
		one("an external reference with an algorithm and no digest", external, Assertion{Label: "c2pa.external-reference", CBOR: Map{{"location", ext(false)}}, List: "gathered"}),
		one("metadata of a process that ends before it starts", "assertion.metadata.malformed", Assertion{Label: "c2pa.assertion.metadata", CBOR: Map{{"processStart", Tag{0, "2026-05-02T00:00:00Z"}}, {"processEnd", Tag{0, "2026-05-01T00:00:00Z"}}}}),
		one("a time-stamp assertion of no entries", "assertion.timestamp.malformed", Assertion{Label: "c2pa.time-stamp", CBOR: Map{}}),
		one("a time-stamp assertion that is a list", "assertion.timestamp.malformed", Assertion{Label: "c2pa.time-stamp", CBOR: []any{}}),
	}
}

func actionCorruptions() []Case {
	acts := func(name, code string, list ...Action) Case {
		return Case{Name: "actions: " + name, Code: code, Recipe: Recipe{Manifest: Manifest{Actions: list}}}
	}
	created := Action{Name: "c2pa.created", Source: "trainedAlgorithmicMedia"}
	set := func(name string, k string, v any) Action {
		return Action{Name: name, Edit: func(m *Map) { m.Set(k, v) }}
	}
	const malformed, mismatch = "assertion.action.malformed", "assertion.action.ingredientMismatch"
	nested := func(edit func(ref Map) Map) Recipe {
		return Recipe{Manifest: Manifest{Ingredients: []Ingredient{{Manifest: &Manifest{}}}, Actions: []Action{{Name: "c2pa.opened", Ingredient: []int{0}, Edit: func(m *Map) {
			ref := m.Get("parameters").(Map).Get("ingredients").([]any)[0].(Map)
			m.Set("parameters", Map{{"ingredients", []any{edit(ref)}}})
		}}}}}
	}
	return []Case{
		{Name: "actions: none", Code: "claim.actions.missing", Recipe: Recipe{Manifest: Manifest{NoActions: true}}},
		{Name: "actions: a map without them", Code: malformed, Recipe: Recipe{Manifest: Manifest{ActionsMap: func(m *Map) { m.Del("actions") }}}},
		acts("no beginning", malformed, Action{Name: "c2pa.edited"}),
		acts("created comes second", malformed, Action{Name: "c2pa.edited"}, created),
		acts("created twice", malformed, created, created),
		acts("both points and spans of time", malformed, created, Action{Name: "c2pa.edited", When: "2026-05-01T00:00:00Z", Edit: func(m *Map) {
			m.Set("whenStart", Tag{0, "2026-05-01T00:00:00Z"})
			m.Set("whenEnd", Tag{0, "2026-05-02T00:00:00Z"})
		}}),
		acts("a span of time that ends before it starts", malformed, created, Action{Name: "c2pa.edited", Edit: func(m *Map) {
			m.Set("whenStart", Tag{0, "2026-05-02T00:00:00Z"})
			m.Set("whenEnd", Tag{0, "2026-05-01T00:00:00Z"})
		}}),
		acts("opened without an ingredient", mismatch, Action{Name: "c2pa.opened"}),
		acts("placed without an ingredient", mismatch, created, Action{Name: "c2pa.placed"}),
		acts("a redaction of nothing", "assertion.action.redactionMismatch", created, Action{Name: "c2pa.redacted"}),
		acts("a redaction of what is not there", "assertion.action.redactionMismatch", created, set("c2pa.redacted", "parameters", Map{{"redacted", "self#jumbf=/c2pa/urn:c2pa:00000000-0000-4000-8000-000000000000/c2pa.assertions/x"}})),
		acts("a watermark without a soft binding", "assertion.action.softBindingMissing", created, Action{Name: "c2pa.watermarked.bound"}),
		acts("related assertions that are none", malformed, created, set("c2pa.edited", "parameters", Map{{"relatedAssertions", []any{}}})),
		{Name: "actions: opened a component", Code: mismatch, Recipe: Recipe{Manifest: Manifest{
			Ingredients: []Ingredient{{Relationship: "componentOf", Manifest: &Manifest{}}}, Actions: []Action{{Name: "c2pa.opened", Ingredient: []int{0}}},
		}}},
		{Name: "actions: placed a parent", Code: mismatch, Recipe: Recipe{Manifest: Manifest{
			Ingredients: []Ingredient{{Manifest: &Manifest{}}}, Actions: []Action{{Name: "c2pa.opened", Ingredient: []int{0}}, {Name: "c2pa.placed", Ingredient: []int{0}}},
		}}},
		{Name: "actions: an ingredient by another digest", Code: "hashedURI.mismatch", Recipe: nested(func(ref Map) Map { ref.Set("hash", make([]byte, 32)); return ref })},
		{Name: "actions: an ingredient that is not there", Code: mismatch, Recipe: nested(func(ref Map) Map {
			ref.Set("url", "self#jumbf=c2pa.assertions/c2pa.ingredient.v3__9")
			return ref
		})},
		{Name: "actions: opened an ingredient of the other list", Code: "assertion.action.ingredientLocationMismatch", Recipe: Recipe{Manifest: Manifest{
			Ingredients: []Ingredient{{Manifest: &Manifest{}, List: "gathered"}}, Actions: []Action{{Name: "c2pa.opened", Ingredient: []int{0}}},
		}}},
		{Name: "an ingredient's thumbnail that is not there", Code: "hashedURI.missing", Recipe: thumbnail("c2pa.thumbnail.ingredient__9", nil)},
		{Name: "an ingredient's thumbnail by another digest", Code: "hashedURI.mismatch", Recipe: thumbnail("c2pa.thumbnail.ingredient", make([]byte, 32))},
	}
}

// thumbnail is a file with an ingredient whose thumbnail is another assertion of the manifest.
func thumbnail(label string, hash []byte) Recipe {
	a := Assertion{Label: "c2pa.thumbnail.ingredient", File: []byte("\xff\xd8\xff\xd9"), Media: "image/jpeg"}
	if hash == nil {
		hash = digest("", a.node().Content())
	}
	return Recipe{Manifest: Manifest{Assertions: []Assertion{a}, Ingredients: []Ingredient{{Relationship: "componentOf", Edit: func(m *Map) {
		m.Set("thumbnail", Map{{"url", "self#jumbf=c2pa.assertions/" + label}, {"hash", hash}})
	}}}}}
}
