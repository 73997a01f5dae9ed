package consentry

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/consentry/consentry/consent"
	"github.com/consentry/consentry/internal/xmp"
	"github.com/consentry/consentry/manifest"
	"github.com/consentry/consentry/report"
)

// Declarations outside the consent assertion that speak of people. Each may make a judgement stricter and none raises a
// person's state; what they are worth is said with each. Consent format 1, 9.

// maxMetadata bounds the findings about what metadata say.
const maxMetadata = 64

// metadataLabels are the assertions that hold XMP properties as JSON-LD. C2PA 2.5, 16.11; CAWG Metadata 1.1.
var metadataLabels = []string{"c2pa.metadata", "cawg.metadata"}

// trainingLabels are the assertions about training and mining.
var trainingLabels = []string{"c2pa.training-mining", "cawg.training-mining"}

// otherLabels are assertions of other consent schemes. Their form is not part of the consent format: that one is there
// is said, and nothing rests on it.
var otherLabels = []struct{ prefix, what string }{
	{"ddt.cro_binding", "a binding to a consent record (DDT); the record is not at hand"},
	{"pg.assertion", "a PRE-GEN assertion; no directory of its issuers is pinned"},
}

// personProperties are the XMP properties that are read, in the order in which they are reported.
var personProperties = []string{
	"Iptc4xmpExt:PersonInImage", "Iptc4xmpExt:PersonInImageWDetails", "Iptc4xmpExt:PersonHeard",
	"plus:ModelReleaseStatus", "plus:ModelReleaseID", "plus:MinorModelAgeDisclosure", "Iptc4xmpExt:ModelAge",
}

// readMetadata reads what XMP in the file, whose packets were read with the labels, and in the manifests says of people,
// and assertions about training and of other schemes.
func (r *run) readMetadata(context.Context) error {
	r.metadata.XMP = map[string]any{}
	for _, p := range r.labels.Packets {
		r.takeProperties(p.Properties, "", p.Path, "E1")
	}
	if r.result == nil {
		return nil
	}
	for _, m := range r.result.Manifests {
		if !m.Reached {
			continue
		}
		for _, a := range m.Assertions {
			if a.Intact && !a.Redacted {
				r.readDeclaration(m, a)
			}
		}
	}
	return nil
}

// takeProperties keeps the properties that speak of people, and says where they stand and what they are worth at most.
func (r *run) takeProperties(properties map[string]any, url, where, level string) {
	for _, name := range personProperties {
		v, ok := properties[name]
		if !ok {
			continue
		}
		r.metadata.XMP[name] = joined(r.metadata.XMP[name], v)
		at := name
		if where != "" {
			at = where + " " + name
		}
		one := consent.Metadata{XMP: map[string]any{name: v}}
		switch {
		case one.SaysMinor():
			r.tell("consent.metadata.minor", url, at, "the age that the metadata give is a minor's: everybody in the file is judged as one")
		case strings.Contains(name, "Person"):
			r.tell("consent.metadata.person", url, at, fmt.Sprintf("somebody is named (%s): worth %s, and no consent", worded(v), level))
		}
	}
}

// worded is the beginning of a value, quoted.
func worded(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return "a value"
	}
	const most = 120
	if s := string(b); len(s) > most {
		return fmt.Sprintf("%q…", strings.ToValidUTF8(s[:most], ""))
	}
	return fmt.Sprintf("%q", b)
}

// joined puts the values of one property from two places together: none hides another.
func joined(a, b any) any {
	if a == nil {
		return b
	}
	list := func(v any) []any {
		if l, ok := v.([]any); ok {
			return l
		}
		return []any{v}
	}
	return slices.Concat(list(a), list(b))
}

// tell reports what metadata say, up to a bound.
func (r *run) tell(code, url, where, text string) {
	if r.told++; r.told > maxMetadata {
		r.notChecked("metadata", fmt.Sprintf("more than %d statements about people: the rest is judged and not shown", maxMetadata))
		return
	}
	f := report.New(code, url, text)
	f.Where = where
	r.find(f)
}

// readDeclaration reads one assertion of a manifest, if it is of those that speak of people or of training.
func (r *run) readDeclaration(m *manifest.ManifestResult, a *manifest.Assertion) {
	for _, o := range otherLabels {
		if a.Base == o.prefix || strings.HasPrefix(a.Base, o.prefix+".") {
			r.tell("consent.metadata.otherScheme", a.URI, a.Label, fmt.Sprintf("the manifest holds %s: worth %s at most, and no consent", o.what, worth(m, a)))
		}
	}
	isMetadata, isTraining := slices.Contains(metadataLabels, a.Base), slices.Contains(trainingLabels, a.Base)
	if !isMetadata && !isTraining {
		return
	}
	v, err := a.JSON()
	content, ok := v.(map[string]any)
	if err != nil || !ok {
		r.tell("consent.metadata.unreadable", a.URI, a.Label, "the assertion does not read as a map")
		return
	}
	if isMetadata {
		level := "E1"
		if a.Base == "cawg.metadata" && vouched(m, a) {
			level = "E2"
		}
		r.takeProperties(expanded(content), a.URI, "", level)
		return
	}
	forbids, said := training(content)
	if !said {
		return
	}
	r.metadata.NoTraining = r.metadata.NoTraining || forbids
	text := "training on the content is allowed by the declarer: what a token says counts all the same"
	if forbids {
		text = "training on the content is not allowed by the declarer"
	}
	r.tell("consent.metadata.training", a.URI, a.Label, text)
}

// worth is what an assertion of another scheme is worth at most: E2 where somebody vouches for it, as for a declaration
// of consent. Consent format 1, 2 (created or gathered), 8 and 9.
func worth(m *manifest.ManifestResult, a *manifest.Assertion) string {
	if m.State == manifest.Trusted && (a.Created || vouched(m, a)) {
		return "E2"
	}
	return "E1"
}

// expanded gives the members of a JSON-LD map the common names of their properties: a prefix means what @context says.
func expanded(m map[string]any) map[string]any {
	context, _ := m["@context"].(map[string]any)
	out := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(m)) {
		prefix, local, ok := strings.Cut(name, ":")
		if !ok || strings.HasPrefix(name, "@") {
			continue
		}
		value := plainValue(m[name])
		if space, ok := context[prefix].(string); ok {
			name = xmp.Name(space, local)
		}
		out[name] = joined(out[name], value)
	}
	return out
}

// plainValue takes values out of JSON-LD's forms {"@value": …}, {"@id": …} and {"@list": […]}, and makes all numbers one
// type. The assertion's own parser has bounded the nesting.
func plainValue(v any) any {
	switch x := v.(type) {
	case map[string]any:
		for _, key := range []string{"@value", "@id", "@list", "@set"} {
			if inner, ok := x[key]; ok {
				return plainValue(inner)
			}
		}
	case []any:
		out := make([]any, len(x))
		for i, item := range x {
			out[i] = plainValue(item)
		}
		return out
	case json.Number:
		if f, err := x.Float64(); err == nil {
			return f
		}
		return x.String()
	}
	return v
}

// trainingEntries are the entries about training; those about mining and inference are no business of a person's
// consent to training.
var trainingEntries = []string{"c2pa.ai_training", "c2pa.ai_generative_training", "cawg.ai_training", "cawg.ai_generative_training"}

// training says whether an assertion forbids training, and whether it speaks of it at all. What is constrained without
// an explanation, or in words that nobody knows, is not allowed. Consent format 1, 9.
func training(content map[string]any) (forbids, said bool) {
	entries, _ := content["entries"].(map[string]any)
	for _, name := range trainingEntries {
		v, there := entries[name]
		if !there {
			continue
		}
		said = true
		e, _ := v.(map[string]any)
		switch e["use"] {
		case "allowed":
		case "constrained":
			info, _ := e["constraint_info"].(string)
			forbids = forbids || strings.TrimSpace(info) == ""
		default:
			forbids = true
		}
	}
	return forbids, said
}
