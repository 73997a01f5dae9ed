package render

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/consentry/consentry/report"
)

// PersonsText writes what a look at the people in a picture found: a line about the whole, one for each track, and what
// was not looked at. declared says that there was a declaration to hold it against.
func PersonsText(w io.Writer, name string, p *report.Persons, left []report.NotChecked, declared bool) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s%s\n", Clip(name), uncovered(p, declared), facesText(p))
	if state := voicesState(p); state != "" {
		fmt.Fprintf(&b, "voices: %s\n", strings.TrimSuffix(words(state)+", "+voicesText(&p.Voices), ", "))
	}
	if line := notAnalysed(p); line != "" {
		b.WriteString("\n" + line + "\n")
	}
	if len(p.Tracks) > 0 {
		b.WriteString("\nwhen, and where a face shows best: its left and top, width × height, in percent of the picture\n")
	}
	tracksText(&b, p.Tracks, p.Counted, declared)
	for _, v := range p.VideoTracks[:min(len(p.VideoTracks), maxListed)] {
		fmt.Fprintf(&b, "\nvideo track %d, which players do not show by themselves: %s in %d of %d frames\n", v.Track, counted(v.Tracks), v.FramesAnalysed, v.FramesTotal)
		tracksText(&b, v.Tracks, p.Counted, declared)
	}
	linksSection(&b, p.Links)
	for _, id := range p.NotSeen[:min(len(p.NotSeen), maxListed)] {
		fmt.Fprintf(&b, "  %s is declared and was not seen\n", Quote(id))
	}
	if len(left) > 0 {
		b.WriteString("\nnot checked\n")
	}
	for _, n := range left[:min(len(left), maxListed)] {
		fmt.Fprintf(&b, "  %s: %s\n", Safe(n.What), Safe(n.Why))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// uncovered begins the first line where a face was found that the declaration does not cover, which is what the exit
// code says too; empty: there is none, or nothing was declared.
func uncovered(p *report.Persons, declared bool) string {
	n := len(p.AllUndeclared())
	switch {
	case !declared || n == 0:
		return ""
	case len(p.Counted) > 0:
		return plural(n, "face") + " more than the declaration covers; "
	}
	return plural(n, "face") + " that no entry covers; "
}

// tracksText writes one line for each face.
func tracksText(b *strings.Builder, list []report.PersonTrack, counted []string, declared bool) {
	for i := range list[:min(len(list), maxListed)] {
		t := &list[i]
		who := ""
		switch {
		case t.Person != nil && slices.Contains(counted, *t.Person):
			who = "counted for " + Quote(*t.Person) + ", which has no region"
		case t.Person != nil:
			who = "in the region of " + Quote(*t.Person)
		case declared && len(counted) > 0:
			who = "one more than is declared at this time"
		case declared:
			who = "covered by no entry"
		}
		if t.Class == "possible" {
			who = strings.TrimPrefix(who+", may be no face", ", ")
		}
		if t.PossiblyPicture {
			who = strings.TrimPrefix(who+", possibly a picture: nothing in it moves", ", ")
		}
		line := fmt.Sprintf("  track %-3d %s–%s  %s  %s", t.ID, clock(t.StartMs), clock(t.EndMs), boxText(t.Best), who)
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	if n := len(list) - maxListed; n > 0 {
		fmt.Fprintf(b, "  and %d more\n", n)
	}
}

// counted says how many faces there are, in words.
func counted(list []report.PersonTrack) string {
	certain := 0
	for _, t := range list {
		if t.Class != "possible" {
			certain++
		}
	}
	what := plural(certain, "face track")
	if n := len(list) - certain; n > 0 {
		what += fmt.Sprintf(" and %d that may be none", n)
	}
	return what
}

// boxText is the place of a face, as regions are declared.
func boxText(f report.FaceBox) string {
	return fmt.Sprintf("at %.0f %%, %.0f %%, %.0f × %.0f %%", f.X, f.Y, f.Width, f.Height)
}

// facesText says what was found in one line. No face that was found is no statement that nobody is there.
func facesText(p *report.Persons) string {
	if p.Status != "analysed" && p.Status != "partial" {
		if p.Reason != nil {
			return Safe(*p.Reason)
		}
		if p.Status == "off" {
			return "nobody looked for faces"
		}
		return ""
	}
	what := counted(p.Tracks)
	switch {
	case len(p.Tracks) > 0:
	case p.Status == "partial":
		what = "no face found in what was looked at"
	default:
		what = fmt.Sprintf("no face found (faces of %d pixels and more, frontal to profile)", p.MinFacePx)
	}
	frames := fmt.Sprintf("%d of %d frames", p.FramesAnalysed, p.FramesTotal)
	if p.Status == "partial" && p.FramesAnalysed == p.FramesTotal { // what is missing never came
		frames = "the " + plural(p.FramesTotal, "frame") + " that could be decoded"
	}
	out := fmt.Sprintf("%s in %s; faces only", what, frames)
	for _, v := range p.VideoTracks[:min(len(p.VideoTracks), maxListed)] {
		out += fmt.Sprintf("; %s in video track %d", counted(v.Tracks), v.Track)
	}
	if text := linksText(p.Links); text != "" {
		out += "; " + text
	}
	if p.Reason != nil {
		out += "; " + Safe(*p.Reason)
	}
	return out
}

// notAnalysed is the line that stands in every text where nobody looked though it was asked for.
func notAnalysed(p *report.Persons) string {
	if p.Status != "not-analysed" {
		return ""
	}
	why := "no reason is known"
	if p.Reason != nil {
		why = Safe(*p.Reason)
	}
	return "Persons were NOT analysed: " + why + ". No statement is made about who is depicted."
}
