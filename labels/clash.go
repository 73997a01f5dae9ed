package labels

import (
	"slices"

	"github.com/consentry/consentry/report"
)

// Manifests is what the file's manifests say that labels are held against.
type Manifests struct {
	// Makers are the signers and claim generators of the manifests that say that they generated the content.
	Makers []string
	// Captured says that the manifests tell of a recording.
	Captured bool
}

// Clashes tells where labels and manifests contradict each other; where two labels do is among the findings already.
func (r *Result) Clashes(m Manifests) []report.Finding {
	var out []report.Finding
	own := r.ofAsset()
	if m.Captured {
		if i := slices.IndexFunc(own, func(l report.Label) bool { return l.Says == Generated }); i >= 0 {
			out = append(out, clash(own[i], "the manifest says that a camera took the content, and a label says: %s", own[i].Means))
		}
	}
	var families []string
	for _, name := range m.Makers {
		if f := SignerFamily(name); f != "" {
			families = append(families, f)
		}
	}
	if len(families) == 0 {
		return out // nobody who is known
	}
	for _, l := range own {
		if f := familyOf(l.Producer); f != "" && l.Kind == TC260 && !slices.Contains(families, f) {
			return append(out, clash(l, "the label names %s (%s) as the producer, and the manifest of the generated content is signed by %s", l.Producer, f, families[0]))
		}
	}
	return out
}

// Families are the companies that TC260 labels of the content name as the producer, as far as they are known.
func (r *Result) Families() (out []string) {
	for _, l := range r.ofAsset() {
		if f := familyOf(l.Producer); f != "" && l.Kind == TC260 && !slices.Contains(out, f) {
			out = append(out, f)
		}
	}
	return out
}

// clash is a finding at a label.
func clash(l report.Label, format string, args ...any) report.Finding {
	offset := int64(-1)
	if l.Offset != nil {
		offset = *l.Offset
	}
	return at(report.Newf("label.clash", "", format, args...), l.Carrier, offset)
}

// ofAsset are the labels that speak of the content itself and say anything.
func (r *Result) ofAsset() []report.Label {
	var out []report.Label
	for _, l := range r.Labels {
		if l.Scope == WholeAsset && l.Kind != Encoder {
			out = append(out, l)
		}
	}
	return out
}

// clashes holds labels against each other. One clash of a kind is told: the labels are listed.
func (r *Result) clashes() []report.Finding {
	var out []report.Finding
	own := r.ofAsset()
	tell := func(l report.Label, format string, args ...any) { out = append(out, clash(l, format, args...)) }
	first := func(is func(report.Label) bool) *report.Label {
		if i := slices.IndexFunc(own, is); i >= 0 {
			return &own[i]
		}
		return nil
	}
	generated := first(func(l report.Label) bool { return l.Says == Generated })
	captured := first(func(l report.Label) bool { return l.Says == Captured })
	if generated != nil && captured != nil {
		tell(*captured, "one label says: %s; another: %s", captured.Means, generated.Means)
	}
	tc := first(func(l report.Label) bool { return l.Kind == TC260 })
	if tc != nil {
		for _, l := range own {
			if l.Kind != TC260 {
				continue
			}
			if a, b := member(*tc, "Label"), member(l, "Label"); a != b {
				tell(l, "two labels of generated content differ: Label is %q and %q", clip(a), clip(b))
				return out
			}
			if a, b := member(*tc, "ContentProducer"), member(l, "ContentProducer"); a != b && a != "" && b != "" {
				tell(l, "two labels of generated content name different producers, %q and %q", clip(a), clip(b))
				return out
			}
		}
	}
	named := first(func(l report.Label) bool { return familyOf(l.Producer) != "" })
	if named == nil {
		return out
	}
	for _, l := range own {
		if x, y := familyOf(named.Producer), familyOf(l.Producer); y != "" && x != y {
			tell(l, "two labels name different producers, %s (%s) and %s (%s)", named.Producer, x, l.Producer, y)
			return out
		}
	}
	return out
}

func member(l report.Label, name string) string {
	m, _ := l.Value.(map[string]any)
	s, _ := m[name].(string)
	return s
}
