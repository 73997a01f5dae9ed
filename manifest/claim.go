package manifest

import (
	"strings"

	"github.com/consentry/consentry/internal/cbortree"
	"github.com/consentry/consentry/internal/jumbf"
	"github.com/consentry/consentry/report"
)

// Labels of claims. C2PA 2.5, 10.
const (
	labelClaimV1 = "c2pa.claim"
	labelClaimV2 = "c2pa.claim.v2"
)

// readClaim finds and reads a manifest's claim. Findings say what is wrong; a claim comes with them where enough of
// it can be read to go on. C2PA 2.5, 14.6.
func (v *validator) readClaim(m *Manifest) (*Claim, []report.Finding) {
	// C2PA 2.5, 14.6.1: exactly one claim.
	boxes := m.child(typeClaim)
	switch {
	case len(boxes) == 0:
		return nil, []report.Finding{report.New("claim.missing", m.URI(), "the manifest has no claim box")}
	case len(boxes) > 1:
		return nil, []report.Finding{report.Newf("claim.multiple", m.URI(), "the manifest has %d claim boxes", len(boxes))}
	}
	b := boxes[0]
	c := &Claim{URI: m.URI(b.Label())}
	switch b.Label() {
	case labelClaimV1:
		c.Version = 1
	case labelClaimV2:
		c.Version = 2
	default:
		return nil, []report.Finding{report.Newf("claim.missing", c.URI, "a claim labelled %q is of no version that is known", b.Label())}
	}
	content := b.Content("cbor")
	if content == nil || len(b.Children) != 1 {
		return nil, []report.Finding{report.New("claim.cbor.invalid", c.URI, "the claim box does not hold one cbor box")}
	}
	c.Payload = content.Payload()
	// C2PA 2.5, 14.6.2: well-formed CBOR with the members that are required.
	tree, err := v.tree(c.Payload)
	if err != nil {
		return nil, []report.Finding{report.Newf("claim.cbor.invalid", c.URI, "%v", err)}
	}
	if tree.Kind != cbortree.Map {
		return nil, []report.Finding{report.New("claim.malformed", c.URI, "the claim is no map")}
	}
	c.Tree = tree
	var lacks []string
	if c.Version == 2 {
		lacks = c.readV2(tree)
	} else {
		lacks = c.readV1(tree)
	}
	if lacks != nil {
		return c, []report.Finding{report.Newf("claim.malformed", c.URI, "the claim lacks %s", strings.Join(lacks, ", "))}
	}
	return c, nil
}

// need returns what is missing of text members that must be there.
func need(tree cbortree.Value, keys ...string) (lacks []string) {
	for _, k := range keys {
		if tree.Get(k).Str() == "" {
			lacks = append(lacks, k)
		}
	}
	return lacks
}

// readV2 reads a claim of version 2 and returns what it lacks.
//
//	claim-map-v2 = { instanceID: tstr, claim_generator_info: generator-info-map, signature: jumbf-uri,
//	    created_assertions: [1* hashed-uri], ? gathered_assertions: [1* hashed-uri], ? dc:title: tstr,
//	    ? redacted_assertions: [1* jumbf-uri], ? alg: tstr, ? alg_soft: tstr, ? specVersion: tstr, ? metadata }
//
// C2PA 2.5, 10.2.
func (c *Claim) readV2(tree cbortree.Value) []string {
	lacks := c.readCommon(tree)
	info := tree.Get("claim_generator_info")
	g := readGenerator(info)
	if g.Name == "" {
		lacks = append(lacks, "claim_generator_info.name")
	}
	c.GeneratorInfo = []GeneratorInfo{g}
	c.Generator = g.line()
	c.SpecVersion = first(g.SpecVersion, tree.Get("specVersion").Str())
	var ok bool
	if c.Created, ok = readReferences(tree.Get("created_assertions")); !ok || len(c.Created) == 0 {
		lacks = append(lacks, "created_assertions")
	}
	if gathered := tree.Get("gathered_assertions"); gathered.Kind != cbortree.None {
		if c.Gathered, ok = readReferences(gathered); !ok {
			lacks = append(lacks, "a readable gathered_assertions")
		}
	}
	return lacks
}

// readV1 reads a claim of version 1 and returns what it lacks. It has no split of created and gathered: all count as
// created. C2PA 1.4, 10; deprecated since 2.0.
func (c *Claim) readV1(tree cbortree.Value) []string {
	lacks := c.readCommon(tree)
	lacks = append(lacks, need(tree, "claim_generator")...)
	c.Generator = tree.Get("claim_generator").Str()
	c.Format = tree.Get("dc:format").Str()
	for _, i := range tree.Get("claim_generator_info").List() {
		c.GeneratorInfo = append(c.GeneratorInfo, readGenerator(i))
	}
	for _, g := range c.GeneratorInfo {
		c.SpecVersion = first(c.SpecVersion, g.SpecVersion)
	}
	var ok bool
	if c.Created, ok = readReferences(tree.Get("assertions")); !ok || len(c.Created) == 0 {
		lacks = append(lacks, "assertions")
	}
	return lacks
}

func (c *Claim) readCommon(tree cbortree.Value) []string {
	c.InstanceID = tree.Get("instanceID").Str()
	c.Title = tree.Get("dc:title").Str()
	c.Alg, c.AlgSoft = tree.Get("alg").Str(), tree.Get("alg_soft").Str()
	c.Signature = tree.Get("signature").Str()
	for _, r := range tree.Get("redacted_assertions").List() {
		c.Redacted = append(c.Redacted, r.Str())
	}
	lacks := need(tree, "signature")
	// An empty one is there all the same: some writers of update manifests leave it so.
	if !tree.Get("instanceID").IsText() {
		lacks = append(lacks, "instanceID")
	}
	return lacks
}

func readGenerator(v cbortree.Value) GeneratorInfo {
	return GeneratorInfo{
		Name: v.Get("name").Str(), Version: v.Get("version").Str(), OperatingSystem: v.Get("operating_system").Str(),
		SpecVersion: v.Get("specVersion").Str(), icon: v.Get("icon"),
	}
}

func (g GeneratorInfo) line() string { return strings.TrimSpace(g.Name + " " + g.Version) }

// readReferences reads a list of hashed URIs; ok is false where it is no list or an entry is none.
func readReferences(v cbortree.Value) (out []HashedURI, ok bool) {
	if v.Kind != cbortree.Array {
		return nil, false
	}
	for _, i := range v.Items {
		h, ok := hashedURI(i)
		if !ok {
			return out, false
		}
		out = append(out, h)
	}
	return out, true
}

// signatureBox resolves the claim's reference to its signature. C2PA 2.5, 14.7: it must lead to the signature box of
// the claim's own manifest.
func (s *Store) signatureBox(m *Manifest, c *Claim) (*jumbf.Box, string) {
	if c.Signature == "" {
		return nil, "the claim names no signature"
	}
	b, err := s.resolveHere(m, c.Signature)
	switch {
	case err != nil:
		return nil, "the claim's signature reference leads nowhere: " + err.Error()
	case boxType(b) != typeSignature:
		return nil, "the claim's signature reference leads to a box that is no claim signature"
	case b.Content("cbor") == nil:
		return nil, "the claim signature box holds no cbor box"
	}
	return b, ""
}
