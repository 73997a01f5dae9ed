package render

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/consentry/consentry/report"
)

func (t *text) watermarks() (state, detail string) {
	m := &t.r.Watermarks
	var parts []string
	if d := t.r.Decoded; d != nil && d.Frames == 0 && len(m.Found)+len(m.Networks)+len(m.Detectors) == 0 {
		if soundOnly(t.r) {
			return "not-checked", "the file has no picture"
		}
		return "not-checked", "there is no picture to look at"
	}
	if m.State == "analysed" || m.State == "partial" {
		state = "none found"
		counting, theirs := detectorMarks(m.Detectors)
		if n := len(m.Found) + counting; n > 0 {
			state = fmt.Sprintf("%d found", n)
		}
		if m.State == "partial" {
			parts = append(parts, "in what could be decoded")
		}
		for _, f := range m.Found[:min(len(m.Found), 3)] {
			parts = append(parts, fmt.Sprintf("%s %s", Clip(f.Algorithm), Clip(f.Message)))
		}
		if m.Reason != nil {
			parts = append(parts, Safe(*m.Reason))
		}
		return state, join(append(parts, theirs...))
	}
	if m.Reason != nil {
		parts = append(parts, Safe(*m.Reason))
	}
	return m.State, join(parts)
}

// detectorMarks counts what programs of others found that counts, and says for each program what it found or why it has
// no answer.
func detectorMarks(list []report.Detector) (counting int, parts []string) {
	for i := range list {
		d := &list[i]
		name := cmp.Or(d.Name, d.Program)
		if d.State == "detector-error" {
			parts = append(parts, fmt.Sprintf("%s: no answer, %s", Clip(name), Clip(deref(d.Reason))))
			continue
		}
		said := 0
		for n := range d.Findings {
			if f := &d.Findings[n]; f.Class == "C" {
				counting++
				said++
				parts = append(parts, strings.TrimSpace(fmt.Sprintf("%s %s", Clip(f.Algorithm), Clip(f.Message)))+" says "+Clip(name))
			}
		}
		if said == 0 {
			parts = append(parts, fmt.Sprintf("%s: nothing that counts", Clip(name)))
		}
	}
	return counting, parts
}
