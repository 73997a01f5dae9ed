package labels

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/consentry/consentry/report"
)

// tc260Space is what a namespace of TC260's properties holds. TC260-PG-20257A.
const tc260Space = "tc260.org.cn/ns/AIGC"

// sourceTypes are where terms of digital source types stand. IPTC NewsCodes, digitalsourcetype.
var sourceTypes = []string{"http://cv.iptc.org/newscodes/digitalsourcetype/", "https://cv.iptc.org/newscodes/digitalsourcetype/"}

// systemProperties are the properties of AI systems. IPTC Photo Metadata 2025.1.
var systemProperties = []string{"AISystemUsed", "AISystemVersionUsed", "AIPromptInformation", "AIPromptWriterName"}

// properties makes labels of what a packet of XMP says. Namespaces decide, never prefixes.
func (c *collector) properties(p Packet) {
	f := field{carrier: p.Carrier, path: p.Path, offset: p.Offset}
	for _, name := range slices.Sorted(maps.Keys(p.Properties)) {
		space, local, ok := strings.Cut(strings.TrimPrefix(name, "{"), "}")
		if ok && local == labelName && strings.Contains(space, tc260Space) {
			for _, text := range stated(p.Properties[name]) {
				at := f
				at.carrier += " TC260:AIGC"
				c.declare(at, text)
			}
		}
	}
	for _, v := range texts(p.Properties["Iptc4xmpExt:DigitalSourceType"]) {
		c.sourceType(f, v)
	}
	used := map[string]any{}
	for _, name := range systemProperties {
		if v := texts(p.Properties["Iptc4xmpExt:"+name]); len(v) > 0 {
			used[name] = shown(strings.Join(v, "; "))
		}
	}
	if len(used) > 0 {
		system, _ := used["AISystemUsed"].(string)
		c.label(f, report.Label{
			Kind: SystemUsed, Value: used, Class: classDeclared, Says: Possible, Producer: productIn(system, false),
			Means: "IPTC properties of an AI system: it had a part in making the content",
		})
	}
	for _, v := range texts(p.Properties["xmp:CreatorTool"]) {
		f := f
		f.carrier, f.role, f.text = f.carrier+" xmp:CreatorTool", tool, v
		c.toolTag(f)
		c.encoder(f)
	}
}

// texts are the texts of a property: one, or those of an array or of an alternative in several languages.
func texts(v any) []string {
	switch x := v.(type) {
	case string:
		if x != "" {
			return []string{x}
		}
	case []any:
		var out []string
		for _, item := range x {
			if s, ok := item.(string); ok && s != "" {
				out = append(out, s)
			}
		}
		return out
	}
	return nil
}

// stated is a label's JSON in a property: a text, or the members as properties of a structure.
func stated(v any) []string {
	m, ok := v.(map[string]any)
	if !ok {
		if s, ok := v.(string); ok {
			return []string{s} // an empty one too: it is told
		}
		return texts(v)
	}
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(m)) {
		_, local, ok := strings.Cut(name, "}")
		s, text := m[name].(string)
		if ok && text {
			fmt.Fprintf(&b, ",%q:%q", local, s)
		}
	}
	return []string{"{" + strings.TrimPrefix(b.String(), ",") + "}"}
}

// sourceType makes a label of a digital source type. IPTC NewsCodes, digitalsourcetype; C2PA 2.5, 16.4.1.
func (c *collector) sourceType(f field, v string) {
	term := v
	for _, space := range sourceTypes {
		term = strings.TrimPrefix(term, space)
	}
	term = strings.TrimSuffix(term, "/")
	l := report.Label{Kind: SourceType, Value: shown(v), Class: classDeclared, Says: Nothing}
	switch term {
	case "trainedAlgorithmicMedia":
		l.Says, l.Means = Generated, "the content comes from a trained model"
	case "compositeWithTrainedAlgorithmicMedia":
		l.Says, l.Means = Generated, "parts of the content come from a trained model"
	case "compositeSynthetic":
		l.Says, l.Means = Possible, "parts of the content are synthetic, which may be classic computer graphics: the content may be generated"
	case "algorithmicMedia":
		l.Means = "an algorithm made the content, and no trained model"
	case "digitalCapture", "computationalCapture", "negativeFilm", "positiveFilm", "print":
		l.Says, l.Means = Captured, "a camera took the content; nobody signed that"
	default:
		l.Means = fmt.Sprintf("the digital source type %q, from which nothing follows here", clip(term))
	}
	c.label(f, l)
}

// Term is the digital source type that an XMP label gives, without the address of its list; empty: it is another kind.
func Term(l report.Label) string {
	v, _ := l.Value.(string)
	if l.Kind != SourceType {
		return ""
	}
	v = strings.TrimSuffix(v, "/")
	return v[strings.LastIndexByte(v, '/')+1:]
}
