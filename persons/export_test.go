package persons

import "github.com/consentry/consentry/report"

// Templates are copies of what the linker holds of each track, by its number; tests measure with them how far apart faces
// are. Call it before Finish.
func (l *Linker) Templates() map[int]Template {
	out := map[int]Template{}
	for _, r := range l.rows {
		if r.sum(); r.template != nil {
			out[r.id] = *r.template
		}
	}
	return out
}

// SightBoxes are the boxes of the tracks by frame time, in milliseconds.
func SightBoxes(p *report.Persons) map[int][]report.FaceBox {
	out := map[int][]report.FaceBox{}
	for _, t := range p.Tracks {
		out[t.ID] = t.Boxes
	}
	return out
}
