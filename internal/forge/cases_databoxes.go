package forge

// storedData is a manifest whose ingredient is a prompt that lies in a data box, as it did before there were assertions for
// embedded data. edit changes the store of data boxes once the manifest is signed. C2PA 2.5, App. G.
func storedData(edit func(*Node)) Recipe {
	boxes := func() *Node {
		return Super(kind("c2db"), "c2pa.databoxes", cborBox("c2pa.data", CBOR(Map{
			{"dc:format", "text/plain"}, {"data", []byte("a street at dusk!")}, {"data_types", []any{Map{{"type", "c2pa.types.generator.prompt"}}}},
		})))
	}
	return Recipe{Manifest: Manifest{
		Ingredients: []Ingredient{{Relationship: "inputTo", Title: "the prompt", Edit: func(m *Map) {
			m.Set("data", Map{{"url", "self#jumbf=c2pa.databoxes/c2pa.data"}, {"hash", digest("", boxes().Kids[0].Content())}})
			m.Set("dataTypes", []any{Map{{"type", "c2pa.types.generator.prompt"}}})
		}}},
		AfterSign: func(m *Node) {
			n := boxes()
			if edit != nil {
				edit(n)
			}
			m.Kids = append(m.Kids, n)
		},
	}}
}

func goodDataBoxes() []Case {
	return []Case{{Name: "a data box", Code: "assertion.hashedURI.match", Recipe: storedData(nil)}}
}

func dataBoxCorruptions() []Case {
	return []Case{
		{Name: "a data box by another digest", Code: "hashedURI.mismatch", Recipe: storedData(func(n *Node) {
			box := n.Kids[0].Kids[0]
			box.Data = replace(box.Data, "at dusk!", "at noon!")
		})},
		{Name: "a data box that is not there", Code: "hashedURI.missing", Recipe: storedData(func(n *Node) { n.Drop("c2pa.data") })},
	}
}
