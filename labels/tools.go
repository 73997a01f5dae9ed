package labels

import (
	"strings"

	"github.com/consentry/consentry/report"
)

// jobTag is the keyword of the number of a job, in PNG files of Higgsfield.
const jobTag = "hf-job-id"

// product is the generator that a field names; empty: none.
func product(f field) string {
	switch {
	case f.name == jobTag:
		return "Higgsfield"
	case f.role == tool:
		return productIn(f.text, false)
	case f.role == prose:
		return productIn(f.text, true)
	}
	return ""
}

// toolTag takes a field that names a generator.
func (c *collector) toolTag(f field) {
	f.text = strings.Trim(f.text, "\x00 \t\r\n")
	p := product(f)
	if p == "" {
		return
	}
	means := "it names " + p + ", which generates content: the content may be generated"
	if f.scope == Cover {
		means = ofCover + means
	}
	c.label(f, report.Label{Kind: ToolTag, Value: shown(f.text), Class: classTool, Says: Possible, Producer: p, Means: means})
}

// ofCover begins what is said of the labels of a cover picture.
const ofCover = "of the cover picture, not of the film: "

// encoder takes a field that says what wrote the file, where that is no generator; each text once.
func (c *collector) encoder(f field) {
	f.text = strings.Trim(f.text, "\x00 \t\r\n")
	if f.role != tool || f.scope == Cover || f.text == "" || product(f) != "" || parameters(f.text) || c.knows(Encoder, f.text) {
		return
	}
	c.label(f, report.Label{Kind: Encoder, Value: shown(f.text), Class: classHint, Says: Nothing, Means: "what wrote the file; nothing follows from it"})
}

// knows says that a label with the value is listed.
func (c *collector) knows(kind, value string) bool {
	for _, l := range c.out.Labels {
		if l.Kind == kind && l.Value == value {
			return true
		}
	}
	return false
}

// productIn finds the product of a generator that a text names, as a whole word. In running text that is not enough,
// since most of these names are words or names of their own (a runway, Luma the town): there the whole text must be the
// name, or the name must stand with a version or behind words such as "made with".
func productIn(text string, running bool) string {
	if len(text) > 4096 {
		return "" // nobody names a tool at such length
	}
	lower := strings.ToLower(text)
	for _, v := range vendors {
		for _, p := range v.products {
			from, to, ok := find(lower, strings.ToLower(p))
			if !ok {
				continue
			}
			if !running || from == 0 && to == len(lower) || version(lower[to:]) || made(lower[:from]) {
				return p
			}
		}
	}
	return ""
}

// version says that a text begins with a version: "3.1", "v2", "AI 2.5", "Gen-4".
func version(s string) bool {
	s = strings.TrimLeft(s, " -_")
	for _, p := range []string{"ai ", "gen-", "gen", "v"} {
		s = strings.TrimPrefix(s, p)
	}
	return s != "" && s[0] >= '0' && s[0] <= '9'
}

// made says that a text ends in words such as "made with".
func made(s string) bool {
	s = strings.TrimRight(s, " :\"'")
	for _, verb := range []string{"made", "created", "generated", "produced", "rendered"} {
		for _, by := range []string{"with", "by", "using", "in", "on", "from"} {
			if strings.HasSuffix(s, verb+" "+by) {
				return true
			}
		}
	}
	return strings.HasSuffix(s, "video by") || strings.HasSuffix(s, "generator")
}

// parameters says that a text is the parameters of an image generator in the form that most of them write:
// "Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 42, …".
func parameters(text string) bool {
	for rest := text; ; {
		i := strings.Index(rest, "Steps: ")
		if i < 0 {
			return false
		}
		at := i + len("Steps: ")
		if at < len(rest) && rest[at] >= '0' && rest[at] <= '9' && (i == 0 || !letter(rest[i-1])) {
			break
		}
		rest = rest[at:]
	}
	n := 0
	for _, key := range []string{"Sampler: ", "CFG scale: ", "Seed: ", "Size: ", "Model: ", "Model hash: "} {
		if strings.Contains(text, key) {
			n++
		}
	}
	return n >= 2
}
