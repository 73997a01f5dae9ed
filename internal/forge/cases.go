package forge

import "slices"

// Case is a recipe with what a validator has to say of it.
type Case struct {
	Name   string
	Recipe Recipe
	// Code is the status code that must be given: of a corruption the reason why it is one.
	Code string
	// Also are failures that come with Code and cannot be told apart from it; no other failure may be given.
	Also []string
	// List says how the authority that signed is listed: "" trusted, "none" on no list, "legacy" on a frozen list,
	// "stale" on a list past its date of renewal.
	List string
	// Where the code is given: of an ingredient's manifest and not of the active one.
	Ingredient bool
	// Ask is the responder for revocation, where there is a network; nil: there is none.
	Ask func(address string, request []byte) ([]byte, error)
}

// Corruptions are good files broken in one way each, with the one code that says how.
func Corruptions() []Case {
	return slices.Concat(claimCorruptions(), storeCorruptions(), signatureCorruptions(), latticeCorruptions(), stampCorruptions(), revocationCorruptions(), bindingCorruptions(), containerCorruptions(), assertionCorruptions(), actionCorruptions(), ingredientCorruptions(), redactionCorruptions(), updateCorruptions(), updateChainCorruptions(), dataBoxCorruptions(), merkleCorruptions(), carrierCorruptions(), more(false))
}

// Good are files in which nothing is wrong; Code, where set, is one that must be given all the same.
func Good() []Case {
	list := []Case{
		{Name: "the zero recipe", Code: "assertion.bmffHash.match"},
		{Name: "moov behind mdat", Recipe: Recipe{Container: Container{MoovLast: true}}},
		{Name: "a QuickTime file", Recipe: Recipe{Container: Container{Brand: "qt  "}}},
		{Name: "mdat with a 64-bit size", Recipe: Recipe{Container: Container{LargeMdat: true}}},
		{Name: "mdat to the end of the file", Recipe: Recipe{Container: Container{ZeroMdat: true}}},
		{Name: "64-bit chunk offsets", Recipe: Recipe{Container: Container{CO64: true}}},
		{Name: "a free box behind the store", Recipe: Recipe{Container: Container{Free: 64}}},
		{Name: "zeroes behind the store", Recipe: Recipe{Pad: 100}},
		{Name: "a free box that the hash leaves out", Recipe: Recipe{Container: Container{Free: 64}, Exclude: append(usual(), Exclusion{XPath: "/free"})}},
		{Name: "claim of version 1", Code: "claimSignature.validated", Recipe: Recipe{Manifest: Manifest{ClaimV1: true, ActionsV1: true, Binding: "c2pa.hash.bmff.v2"}}},
		{Name: "binding of version 2", Recipe: Recipe{Manifest: Manifest{Binding: "c2pa.hash.bmff.v2"}}},
		{Name: "SHA-384", Recipe: Recipe{Manifest: Manifest{Alg: "sha384"}}},
		{Name: "SHA-512", Recipe: Recipe{Manifest: Manifest{Alg: "sha512"}}},
		{Name: "an algorithm in every hashed URI and none in the claim", Recipe: Recipe{Manifest: Manifest{AssertAlg: "sha256", Claim: func(c *Map) { c.Del("alg") }}}},
		{Name: "a manifest of the old type", Recipe: Recipe{Manifest: Manifest{Legacy: true}}},
		{Name: "a label of the old kind", Recipe: Recipe{Manifest: Manifest{Label: "urn:uuid:F9168C5E-CEB2-4FAA-B6BF-329BF39FA1E4"}}},
		{Name: "a label with vendor and version", Recipe: Recipe{Manifest: Manifest{Label: "urn:c2pa:F9168C5E-CEB2-4FAA-B6BF-329BF39FA1E4:forge:2_1"}}},
		{Name: "salted assertions", Recipe: Recipe{Manifest: Manifest{Assertions: []Assertion{{Label: "com.example.note", CBOR: Map{{"a", 1}}, Salt: true}}}}},
		{Name: "a gathered assertion", Recipe: Recipe{Manifest: Manifest{Assertions: []Assertion{{Label: "com.example.note", JSON: []byte(`{"a":1}`), List: "gathered"}}}}},
		{Name: "an assertion with instances", Recipe: Recipe{Manifest: Manifest{Assertions: []Assertion{{Label: "com.example.note", CBOR: Map{}}, {Label: "com.example.note__1", CBOR: Map{}}}}}},
		{Name: "an embedded file", Recipe: Recipe{Manifest: Manifest{Assertions: []Assertion{{Label: "c2pa.thumbnail.claim", File: []byte("\xff\xd8\xff\xd9"), Media: "image/jpeg"}}}}},
		{Name: "a claimed signing time", Code: "timeOfSigning.insideValidity", Recipe: Recipe{Manifest: Manifest{Signer: Signer{IAT: Clock.Unix() - 60}}}},
		{Name: "a claim in no deterministic order", Recipe: Recipe{Manifest: Manifest{ClaimBytes: indefinite}}},
		{Name: "an unknown box in the store", Recipe: Recipe{Tree: func(s *Node) {
			s.Kids = append([]*Node{Super(kind("zzzz"), "com.example.box", Leaf("json", []byte("{}")))}, s.Kids...)
		}}},
		{Name: "a consent assertion in CBOR", Recipe: Recipe{Manifest: Manifest{Assertions: []Assertion{{Label: ConsentLabel, CBOR: consentMap()}}}}},
		{Name: "a consent assertion in JSON, gathered", Recipe: Recipe{Manifest: Manifest{Assertions: []Assertion{{Label: ConsentLabel, JSON: []byte(`{"v":1,"completeness":"complete","people":[]}`), List: "gathered"}}}}},
		{Name: "a certificate that names a revocation service", Code: "signingCredential.ocsp.skipped", Recipe: Recipe{Manifest: Manifest{Signer: Signer{Cert: ocspPointer}}}},
	}
	for _, alg := range Algorithms {
		list = append(list, Case{Name: "signed with " + alg, Code: "signingCredential.trusted", Recipe: Recipe{Manifest: Manifest{Signer: Signer{Alg: alg}}}})
	}
	for _, p := range [][2]string{{"unprotected", X5Unprotected}, {"under its old name", X5String}, {"unprotected, under its old name", X5StringUnprotected}, {"under both names", X5BothLabels}} {
		list = append(list, Case{Name: "the chain " + p[0], Recipe: stamped(Signer{Placement: p[1]})})
	}
	list = append(list,
		Case{Name: "a chain with its root", Recipe: Recipe{Manifest: Manifest{Signer: Signer{IncludeRoot: true}}}},
		Case{Name: "a time-stamp over the claim", Code: "timeStamp.trusted", Recipe: stamped(Signer{Stamps: []Stamp{{}}})},
		Case{Name: "a time-stamp over the signature", Code: "timeStamp.validated", Recipe: stamped(Signer{Stamps: []Stamp{{}}, Stamp2: true})},
		Case{Name: "a certificate that has expired since a time-stamp", Code: "claimSignature.insideValidity", Recipe: stamped(Signer{Cert: validity(Clock.AddDate(-2, 0, 0), Clock.AddDate(-1, 0, 0)), Stamps: []Stamp{{Time: Clock.AddDate(-1, -6, 0)}}, Stamp2: true})},
	)
	list = append(list, goodLattice()...)
	list = append(list, goodRevocation()...)
	list = append(list, goodIngredients()...)
	list = append(list, updateChains()...)
	list = append(list, goodDataBoxes()...)
	list = append(list, goodMerkle()...)
	list = append(list, goodCarriers()...)
	list = append(list, more(true)...)
	return list
}

// ConsentLabel is the label of the consent assertion. Consent format 1, 2.
const ConsentLabel = "io.github.consentry.consent"

func consentMap() Map {
	person := Map{{"id", "p1"}, {"kind", "real"}, {"rendering", "replica"}, {"modality", []any{"face"}}, {"basis", "unknown"}}
	return Map{{"v", 1}, {"completeness", "complete"}, {"people", []any{person}}}
}

func stamped(s Signer) Recipe { return Recipe{Manifest: Manifest{Signer: s}} }

// indefinite rewrites a map of fewer than 24 entries in indefinite length. RFC 8949, 3.2.2.
func indefinite(claim []byte) []byte {
	out := append([]byte{0xbf}, claim[1:]...)
	return append(out, 0xff)
}

// flip changes one bit at a place counted from the front, or from the back if negative.
func flip(at int) func([]byte) []byte {
	return func(b []byte) []byte {
		b = slices.Clone(b)
		if at < 0 {
			b[len(b)+at] ^= 1
		} else {
			b[at] ^= 1
		}
		return b
	}
}

func cut(n int) func([]byte) []byte {
	return func(b []byte) []byte { return slices.Clone(b[:len(b)-n]) }
}

func garbage(b []byte) []byte { return random("garbage", len(b)) }
