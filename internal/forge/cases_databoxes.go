package forge

// storedData is a manifest whose ingredient is a prompt that lies in a data box, as it did before there were assertions for
// embedded data. edit changes the store of data boxes once the manifest is signed. C2PA 2.5, App. G.
func storedData(edit func(*Node)) Recipe {
	return Recipe{Manifest: Manifest{
		Ingredients: []Ingredient{{Relationship: "inputTo", Title: "the prompt", Edit: func(m *Map) {
			m.Set("data", Map{{"url", "self#jumbf=c2pa.databoxes/c2pa.data"}, {"hash", digest("", dataBoxes().Kids[0].Content())}})
			m.Set("dataTypes", []any{Map{{"type", "c2pa.types.generator.prompt"}}})
		}}},
		AfterSign: func(m *Node) {
			n := dataBoxes()
			if edit != nil {
				edit(n)
			}
			m.Kids = append(m.Kids, n)
		},
	}}
}

func dataBoxes() *Node {
	return Super(kind("c2db"), "c2pa.databoxes", cborBox("c2pa.data", CBOR(Map{
		{"dc:format", "text/plain"}, {"data", []byte("a street at dusk!")}, {"data_types", []any{Map{{"type", "c2pa.types.generator.prompt"}}}},
	})))
}

// renamedData is a data box that was changed together with the assertion that names it.
func renamedData() Recipe {
	r := storedData(atNoon)
	change := r.Manifest.AfterSign
	r.Manifest.AfterSign = func(m *Node) {
		change(m)
		was, is := digest("", dataBoxes().Kids[0].Content()), digest("", m.Find("c2pa.databoxes").Kids[0].Content())
		box := m.Find("c2pa.assertions").Find("c2pa.ingredient.v3").Kids[0]
		box.Data = replace(box.Data, string(was), string(is))
	}
	return r
}

func atNoon(n *Node) {
	box := n.Kids[0].Kids[0]
	box.Data = replace(box.Data, "at dusk!", "at noon!")
}

func goodDataBoxes() []Case {
	return []Case{{Name: "a data box", Code: "assertion.hashedURI.match", Recipe: storedData(nil)}}
}

func dataBoxCorruptions() []Case {
	return []Case{
		{Name: "a data box by another digest", Code: "hashedURI.mismatch", Recipe: storedData(atNoon)},
		{Name: "a data box that a changed assertion names", Code: "assertion.hashedURI.mismatch", Recipe: renamedData()},
		{Name: "a data box that is not there", Code: "hashedURI.missing", Recipe: storedData(func(n *Node) { n.Drop("c2pa.data") })},
	}
}
