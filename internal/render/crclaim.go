package render

import (
	"crypto/x509/pkix"
	"fmt"

	"github.com/consentry/consentry/internal/cbortree"
)

// A claim is shown as the map that crJSON has for it: members of the right form, in the claim's own values. What the
// map has no place for is left out, and a claim that lacks a required member is absent as a whole, since it cannot be
// read; its failures say why.

// claimV2 is the map of a version 2 claim; nil where it cannot be read. C2PA 2.5, 10.2 and crJSON.
func claimV2(t cbortree.Value) map[string]any {
	c := &claimMap{tree: t, out: map[string]any{}}
	c.text("instanceID", true)
	c.text("signature", true)
	if info := generatorInfo(t.Get("claim_generator_info")); info != nil {
		c.out["claim_generator_info"] = info
	} else {
		c.broken = true
	}
	c.hashedURIs("created_assertions", true)
	c.hashedURIs("gathered_assertions", false)
	c.texts("redacted_assertions")
	for _, list := range []string{"gathered_assertions", "redacted_assertions"} {
		if c.out[list] == nil {
			c.out[list] = []any{} // crJSON wants the three lists always
		}
	}
	c.optional("specVersion")
	return c.done()
}

// claimV1 is the map of a version 1 claim; nil where it cannot be read. C2PA 2.5, 10.3 and crJSON.
func claimV1(t cbortree.Value) map[string]any {
	c := &claimMap{tree: t, out: map[string]any{}}
	for _, name := range []string{"claim_generator", "signature", "dc:format", "instanceID"} {
		c.text(name, true)
	}
	var infos []any
	for _, v := range t.Get("claim_generator_info").List() {
		if info := generatorInfo(v); info != nil {
			infos = append(infos, info)
		}
	}
	if infos != nil {
		c.out["claim_generator_info"] = infos
	}
	c.hashedURIs("assertions", true)
	c.texts("redacted_assertions")
	c.optional()
	return c.done()
}

type claimMap struct {
	tree   cbortree.Value
	out    map[string]any
	broken bool
}

func (c *claimMap) done() map[string]any {
	if c.broken {
		return nil
	}
	return c.out
}

func (c *claimMap) text(name string, required bool) {
	v := c.tree.Get(name)
	if v.IsText() {
		c.out[name] = v.Str()
	} else if required {
		c.broken = true
	}
}

// optional takes the members that both versions have, and more.
func (c *claimMap) optional(more ...string) {
	for _, name := range append([]string{"dc:title", "alg", "alg_soft"}, more...) {
		c.text(name, false)
	}
	if m := c.tree.Get("metadata"); m.Kind == cbortree.Map && allText(m) {
		c.out["metadata"] = m.JSON()
	}
}

// allText reports whether a map has texts alone. Metadata of a claim is deprecated; only the plain kind is shown.
func allText(m cbortree.Value) bool {
	for i := 0; i+1 < len(m.Items); i += 2 {
		if !m.Items[i].IsText() || !m.Items[i+1].IsText() || m.Items[i].Str() == "dateTime" {
			return false
		}
		switch m.Items[i].Str() {
		case "reviewRatings", "reference", "dataSource", "localizations", "regionOfInterest":
			return false
		}
	}
	return true
}

func (c *claimMap) texts(name string) {
	list := c.tree.Get(name).List()
	if list == nil {
		return
	}
	out := []any{}
	for _, v := range list {
		if v.IsText() {
			out = append(out, v.Str())
		}
	}
	c.out[name] = out
}

func (c *claimMap) hashedURIs(name string, required bool) {
	var out []any
	for _, v := range c.tree.Get(name).List() {
		if u := hashedURI(v); u != nil {
			out = append(out, u)
		}
	}
	if out != nil {
		c.out[name] = out
	} else if required {
		c.broken = true
	}
}

// hashedURI is a hashed URI, nil where it is none. C2PA 2.5, 9.4.
func hashedURI(v cbortree.Value) map[string]any {
	url, hash := v.Get("url"), v.Get("hash")
	if !url.IsText() || hash.Kind != cbortree.Bytes && !hash.IsText() {
		return nil
	}
	out := map[string]any{"url": url.Str(), "hash": hash.Name()}
	if alg := v.Get("alg"); alg.IsText() {
		out["alg"] = alg.Str()
	}
	return out
}

// generatorInfo is a generator-info map; nil without a name. Further members are kept as they are. C2PA 2.5, 10.2.
func generatorInfo(v cbortree.Value) map[string]any {
	if v.Kind != cbortree.Map || !v.Get("name").IsText() {
		return nil
	}
	out, ok := v.JSON().(map[string]any)
	if !ok {
		return nil
	}
	for _, name := range []string{"version", "operating_system"} {
		if _, there := out[name]; there && !v.Get(name).IsText() {
			delete(out, name)
		}
	}
	delete(out, "icon")
	if icon := hashedURI(v.Get("icon")); icon != nil {
		out["icon"] = icon
	}
	return out
}

// nameParts are the parts of a distinguished name that crJSON has. RFC 4519, RFC 2985, ETSI EN 319 412-1.
var nameParts = map[string]string{
	"2.5.4.6": "C", "2.5.4.8": "ST", "2.5.4.7": "L", "2.5.4.10": "O", "2.5.4.11": "OU", "2.5.4.3": "CN",
	"1.2.840.113549.1.9.1": "E", "2.5.4.97": "2.5.4.97",
}

func distinguishedName(names []pkix.AttributeTypeAndValue) map[string]string {
	out := map[string]string{}
	for _, n := range names {
		part, known := nameParts[n.Type.String()]
		if !known {
			continue
		}
		value := fmt.Sprint(n.Value)
		if before := out[part]; before != "" {
			value = before + ", " + value
		}
		out[part] = value
	}
	return out
}
