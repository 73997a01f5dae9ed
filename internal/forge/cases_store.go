package forge

func claimCorruptions() []Case {
	return []Case{
		{Name: "claim box twice", Code: "claim.multiple", Recipe: Recipe{Manifest: Manifest{AfterSign: func(m *Node) {
			m.Kids = append(m.Kids, m.Find("c2pa.claim.v2"))
		}}}},
		{Name: "claims of both versions", Code: "claim.multiple", Recipe: Recipe{Manifest: Manifest{AfterSign: func(m *Node) {
			m.Kids = append(m.Kids, Super(kind("c2cl"), "c2pa.claim", m.Find("c2pa.claim.v2").Kids...))
		}}}},
		{Name: "no claim", Code: "claim.missing", Recipe: Recipe{Manifest: Manifest{AfterSign: func(m *Node) { m.Drop("c2pa.claim.v2") }}}},
		{Name: "claim is no CBOR", Code: "claim.cbor.invalid", Recipe: Recipe{Manifest: Manifest{ClaimBytes: garbage}}},
		{Name: "claim cut short", Code: "claim.cbor.invalid", Recipe: Recipe{Manifest: Manifest{ClaimBytes: cut(3)}}},
		{Name: "claim with bytes behind it", Code: "claim.cbor.invalid", Recipe: Recipe{Manifest: Manifest{ClaimBytes: func(b []byte) []byte { return append(b, 0xf6) }}}},
		{Name: "claim with a key twice", Code: "claim.cbor.invalid", Recipe: Recipe{Manifest: Manifest{Claim: func(c *Map) { *c = append(*c, Entry{"dc:title", "two"}) }}}},
		{Name: "claim is an array", Code: "claim.malformed", Recipe: Recipe{Manifest: Manifest{ClaimBytes: func([]byte) []byte { return CBOR([]any{1}) }}}},
		{Name: "claim without instanceID", Code: "claim.malformed", Recipe: claimLacks("instanceID")},
		{Name: "claim without generator info", Code: "claim.malformed", Recipe: claimLacks("claim_generator_info")},
		{Name: "claim without the generator's name", Code: "claim.malformed", Recipe: Recipe{Manifest: Manifest{Claim: func(c *Map) { c.Set("claim_generator_info", Map{{"version", "1"}}) }}}},
		{Name: "claim without created assertions", Code: "claim.malformed", Also: []string{"claim.hardBindings.missing", "claim.actions.missing", "assertion.undeclared"}, Recipe: claimLacks("created_assertions")},
		{Name: "claim with an empty list of created assertions", Code: "claim.malformed", Also: []string{"claim.hardBindings.missing", "claim.actions.missing", "assertion.undeclared"}, Recipe: Recipe{Manifest: Manifest{Claim: func(c *Map) { c.Set("created_assertions", []any{}) }}}},
		{Name: "claim with a number for its signature", Code: "claim.malformed", Also: []string{"claimSignature.missing"}, Recipe: Recipe{Manifest: Manifest{Claim: func(c *Map) { c.Set("signature", 7) }}}},
		{Name: "claim names another signature", Code: "claimSignature.missing", Recipe: Recipe{Manifest: Manifest{Claim: func(c *Map) { c.Set("signature", c.Get("signature").(string)+"x") }}}},
		{Name: "claim without an algorithm anywhere", Code: "algorithm.unsupported", Recipe: claimLacks("alg")},
		{Name: "claim with SHA-1", Code: "algorithm.unsupported", Recipe: Recipe{Manifest: Manifest{Claim: func(c *Map) { c.Set("alg", "sha1") }}}},
		{Name: "assertion with a misspelt algorithm", Code: "algorithm.unsupported", Recipe: Recipe{Manifest: Manifest{Assertions: []Assertion{{Label: "com.example.note", CBOR: Map{}, Alg: "sha-256"}}}}},
		{Name: "no signature", Code: "claimSignature.missing", Recipe: Recipe{Manifest: Manifest{AfterSign: func(m *Node) { m.Drop("c2pa.signature") }}}},
		{Name: "signature of another manifest", Code: "claimSignature.missing", Recipe: Recipe{Stored: []*Manifest{{}}, Manifest: Manifest{Claim: func(c *Map) { c.Set("signature", "self#jumbf=/c2pa/"+defaultLabel(0)+"/c2pa.signature") }}}},
		{Name: "claim changed after it was signed", Code: "claimSignature.mismatch", Recipe: Recipe{Manifest: Manifest{AfterSign: func(m *Node) {
			box := m.Find("c2pa.claim.v2").Kids[0]
			box.Data = replace(box.Data, "forged.mp4", "forgot.mp4")
		}}}},
	}
}

func claimLacks(key string) Recipe {
	return Recipe{Manifest: Manifest{Claim: func(c *Map) { c.Del(key) }}}
}

func storeCorruptions() []Case {
	const broken = "manifest.inaccessible.malformed"
	return []Case{
		{Name: "an empty store", Code: broken, Recipe: Recipe{Store: func([]byte) []byte { return nil }}},
		{Name: "random bytes for a store", Code: broken, Recipe: Recipe{Store: garbage}},
		{Name: "a store without manifests", Code: broken, Recipe: Recipe{Tree: func(s *Node) { s.Kids = nil }}},
		{Name: "a store with another label", Code: broken, Recipe: Recipe{Tree: func(s *Node) { s.Label = "c2pb" }}},
		{Name: "a store that cannot be requested", Code: broken, Recipe: Recipe{Tree: func(s *Node) { s.Toggles = 2 }}},
		{Name: "a manifest that cannot be requested", Code: broken, Recipe: Recipe{Tree: func(s *Node) { s.Kids[0].Toggles = 2 }}},
		{Name: "a claim that cannot be requested", Code: broken, Recipe: Recipe{Manifest: Manifest{AfterSign: func(m *Node) { m.Find("c2pa.claim.v2").Toggles = 2 }}}},
		{Name: "an assertion that cannot be requested", Code: broken, Recipe: Recipe{Manifest: Manifest{Before: func(m *Node) { m.Kids[0].Kids[0].Toggles = 2 }}}},
		{Name: "a store of another type", Code: broken, Recipe: Recipe{Tree: func(s *Node) { s.UUID = kind("c2pb") }}},
		{Name: "a store cut short", Code: broken, Recipe: Recipe{Store: func(b []byte) []byte { return b[:len(b)/2] }}},
		{Name: "a box larger than the store", Code: broken, Recipe: Recipe{Tree: func(s *Node) {
			k := s.Kids[len(s.Kids)-1]
			raw := k.Bytes()
			copy(raw, be32(len(raw)+100))
			k.Raw = raw
		}}},
		{Name: "a label without its end", Code: broken, Recipe: Recipe{Tree: func(s *Node) {
			k := s.Kids[len(s.Kids)-1]
			k.Raw = plain("jumb", plain("jumd", append(append(append([]byte{}, k.UUID[:]...), 3), "no end"...)))
		}}},
		{Name: "boxes a thousand deep", Code: broken, Recipe: Recipe{Tree: func(s *Node) {
			n := Super(kind("zzzz"), "x")
			for range 1000 {
				n = Super(kind("zzzz"), "x", n)
			}
			s.Kids = append(s.Kids[:0:0], n, s.Kids[len(s.Kids)-1])
		}}},
		{Name: "a compressed manifest that is none", Code: "manifest.compressed.invalid", Recipe: Recipe{Tree: func(s *Node) {
			k := s.Kids[len(s.Kids)-1]
			s.Kids[len(s.Kids)-1] = Super(kind("c2cm"), k.Label, Leaf("brob", random("brotli", 64)))
		}}},
		{Name: "an assertion that the claim does not list", Code: "assertion.undeclared", Recipe: Recipe{Manifest: Manifest{Assertions: []Assertion{{Label: "com.example.note", CBOR: Map{}, List: "none"}}}}},
		{Name: "a listed assertion is not there", Code: "assertion.missing", Recipe: Recipe{Manifest: Manifest{
			Assertions: []Assertion{{Label: "com.example.note", CBOR: Map{}}},
			AfterSign:  func(m *Node) { m.Find("c2pa.assertions").Drop("com.example.note") },
		}}},
		{Name: "an assertion twice under one label", Code: "assertion.missing", Also: []string{"assertion.undeclared"}, Recipe: Recipe{Manifest: Manifest{
			Assertions: []Assertion{{Label: "com.example.note", CBOR: Map{}}},
			AfterSign: func(m *Node) {
				s := m.Find("c2pa.assertions")
				s.Kids = append(s.Kids, s.Find("com.example.note"))
			},
		}}},
		{Name: "an assertion of another manifest", Code: "assertion.outsideManifest", Recipe: Recipe{Stored: []*Manifest{{}}, Manifest: Manifest{Claim: func(c *Map) {
			list := c.Get("created_assertions").([]any)
			first := list[0].(Map)
			c.Set("created_assertions", append(list, Map{{"url", "self#jumbf=/c2pa/" + defaultLabel(0) + "/c2pa.assertions/c2pa.actions.v2"}, {"hash", first.Get("hash")}}))
		}}}},
		{Name: "an assertion changed after it was signed", Code: "assertion.hashedURI.mismatch", Recipe: Recipe{Manifest: Manifest{
			Assertions: []Assertion{{Label: "com.example.note", JSON: []byte(`{"a":"one"}`)}},
			AfterSign: func(m *Node) {
				box := m.Find("c2pa.assertions").Find("com.example.note").Kids[0]
				box.Data = replace(box.Data, "one", "two")
			},
		}}},
		{Name: "a salt changed after it was signed", Code: "assertion.hashedURI.mismatch", Recipe: Recipe{Manifest: Manifest{
			Assertions: []Assertion{{Label: "com.example.note", JSON: []byte(`{}`), Salt: true}},
			AfterSign:  func(m *Node) { m.Find("c2pa.assertions").Find("com.example.note").Private = salt("another") },
		}}},
	}
}

// replace exchanges a text for one of the same length, once.
func replace(b []byte, from, to string) []byte {
	for i := 0; i+len(from) <= len(b); i++ {
		if string(b[i:i+len(from)]) == from {
			out := append([]byte{}, b[:i]...)
			return append(append(out, to...), b[i+len(from):]...)
		}
	}
	panic("forge: there is no " + from + " to replace")
}
