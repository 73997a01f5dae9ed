package labels

import "strings"

// Unread holds a tag of the decoder, whose text may be cut, against what was read of the file: it gives the kind of label
// that the tag looks like where none of that kind was read; empty: it looks like none, or one was read. It is no
// reading of the tag.
func (r *Result) Unread(name, text string) string {
	kind := tagKind(name, text)
	if kind == "" {
		return ""
	}
	for _, l := range r.Labels {
		if l.Kind == kind {
			return ""
		}
	}
	for _, f := range r.Findings { // one that is broken was read, too
		if kind == TC260 && f.Code == "label.malformed" {
			return ""
		}
	}
	return kind
}

// tagKind is the kind of label that a tag looks like. An encoder string is none: every demuxer makes its own of them.
func tagKind(name, text string) string {
	f := field{name: name, text: text, role: named(name, plain)}
	switch {
	case strings.EqualFold(name, labelName) && strings.TrimSpace(text) != "":
		return TC260
	case (strings.EqualFold(name, promptTag) || strings.EqualFold(name, workflowTag)) && strings.HasPrefix(strings.TrimSpace(text), "{"):
		return ComfyUI
	case parameters(text):
		return Parameters
	case product(f) != "":
		return ToolTag
	}
	return ""
}
