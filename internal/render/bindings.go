package render

import (
	"fmt"

	"github.com/consentry/consentry/report"
)

// bindings writes a line for each fingerprint and each soft binding.
func (t *text) bindings() {
	for _, f := range t.r.Fingerprints {
		state := "computed"
		if f.LowInformation {
			state = "says little"
		}
		t.axis("fingerprint", state, fmt.Sprintf("%s, %d distinct of %s", Clip(f.Value), f.DistinctFrames, plural(f.SampledFrames, "picture")))
	}
	list := t.r.Watermarks.SoftBindings
	for _, b := range list[:min(len(list), maxListed)] {
		t.axis("binding", b.Result, binding(&b))
	}
	if n := len(list) - maxListed; n > 0 {
		t.axis("binding", "", fmt.Sprintf("… and %d more", n))
	}
}

func binding(b *report.SoftBinding) string {
	s := Clip(b.Text)
	if b.Alg != "" {
		s = Clip(b.Alg) + ": " + s
	}
	if b.Strength == "weak" {
		s += ", alike"
	}
	if b.Span != nil {
		s += fmt.Sprintf(", from %d to %d ms", b.Span.StartMs, b.Span.EndMs)
	}
	return s
}

// bindingTerms are the results of soft bindings.
var bindingTerms = []Entry{
	{"match", "result of a soft binding", "the declared fingerprint and the clip's differ in at most 30 of 256 bits: the same picture content, not \"unaltered\"", "IEP-0020, Soft Binding Verification", ""},
	{"no-match", "result of a soft binding", "the declared fingerprint and the clip's differ in more than 30 of 256 bits; up to 60 they are alike (strength weak)", "IEP-0020, Soft Binding Verification", "Look at both clips; ask the publisher."},
	{"unusable", "result of a soft binding", "its value cannot be compared: neither a match nor a mismatch", "C2PA 2.5, 16.3.7", "Ask the publisher for a value in the form that the algorithm prescribes."},
	{"present", "result of a soft binding", "the declared mark was found in the picture", "C2PA 2.5, 16.3.7", ""},
	{"absent", "result of a soft binding", "the declared mark was looked for and not found", "C2PA 2.5, 16.3.7", "Encoding may have destroyed it, or the manifest is of another clip."},
	{"undeclared", "result of a soft binding", "a mark was found that the manifest does not name", "C2PA 2.5, 16.3.7", ""},
	{"other-message", "result of a soft binding", "the mark carries another message than the declared one", "C2PA 2.5, 16.3.7", "Manifest and picture contradict each other: ask the publisher."},
	{"not-checkable", "result of a soft binding", "nothing in this program, or nothing in this run, can check it", "C2PA 2.5, 16.3.7", ""},
	{"unknown-algorithm", "result of a soft binding", "its algorithm is on no list known here", "C2PA 2.5, 16.3.7", "A newer version may know it."},
	{"claimed-not-verified", "result of a soft binding", "an action only says that there is a mark", "C2PA 2.5, 16.4.1", "Only the vendor's own detector can tell."},
}
