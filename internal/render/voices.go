package render

import (
	"fmt"
	"strings"

	"github.com/consentry/consentry/report"
)

// voicesState is the state of the line about voices; empty: there is nothing to tell. Where nobody could look or listen
// for one and the same reason, the line about faces says it.
func voicesState(p *report.Persons) string {
	v := &p.Voices
	switch {
	case v.Status == "off" || v.Status == "", v.Status == "analysed" && len(v.Tracks) == 0:
		return ""
	case v.Status == "not-analysed" && p.Status == v.Status && deref(v.Reason) == deref(p.Reason):
		return ""
	}
	return v.Status
}

// voicesText says in one line what was heard, track by track. It never says whose voice it is, nor that nobody speaks.
func voicesText(v *report.Voices) string {
	if len(v.Tracks) == 0 {
		if v.Reason != nil {
			return Safe(*v.Reason)
		}
		return ""
	}
	var parts []string
	for _, t := range v.Tracks[:min(len(v.Tracks), maxListed)] {
		said := "no speech found"
		switch {
		case t.Result == "not-analysed":
			said = "not listened to"
		case t.Result == "speech" && len(t.Spans) > 0:
			said = fmt.Sprintf("sounds like speech for %d s, first at %s", (t.SpeechMs+500)/1000, clock(t.Spans[0].StartMs))
			if len(t.DeclaredBy) == 0 {
				said += ", and no voice is declared for it"
			}
		}
		if t.Reason != nil {
			said += " (" + Safe(*t.Reason) + ")"
		}
		parts = append(parts, fmt.Sprintf("track %d %s", t.ID, said))
	}
	if n := len(v.Tracks) - maxListed; n > 0 {
		parts = append(parts, fmt.Sprintf("and %d more", n))
	}
	return strings.Join(parts, "; ")
}
