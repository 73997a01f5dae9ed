package render

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/consentry/consentry/report"
)

// linksText says in one line how many people the faces are of, where they were compared; empty: nobody asked for it.
func linksText(l *report.Links) string {
	where := ""
	if l != nil && l.Status == "partial" { // in the rest there may be more
		where = " in what was looked at"
	}
	switch {
	case l == nil:
		return ""
	case l.Status != "not-analysed" && l.Compared == 0 && len(l.NotCompared) == 0: // nought would say that nobody is there
		return "no faces to compare" + where
	case l.Status != "not-analysed" && l.Compared == 0:
		return "none of the faces" + where + " can be compared"
	case l.Status == "not-analysed" || l.PersonsMin == nil || l.PersonsMax == nil:
		return "the faces were NOT compared with each other"
	case *l.PersonsMin == *l.PersonsMax:
		return "of " + people(*l.PersonsMin) + where + ", by comparing them in memory"
	}
	return fmt.Sprintf("of %d to %s%s, by comparing them in memory", *l.PersonsMin, people(*l.PersonsMax), where)
}

func people(n int) string {
	if n == 1 {
		return "one person"
	}
	return strconv.Itoa(n) + " people"
}

// linksSection tells what comparing the faces of the file with each other found. Its first line is the notice that it was
// done at all.
func linksSection(b *strings.Builder, l *report.Links) {
	if l == nil || l.Status == "not-analysed" { // the first line and "not checked" say it
		return
	}
	b.WriteString("\nfaces compared with each other: in memory only, nothing of it is kept; a hint, and no one is named\n")
	if text := linksText(l); text != "" {
		b.WriteString("  " + strings.TrimPrefix(text, "the ") + "\n")
	}
	line := func(format string, args ...any) { fmt.Fprintf(b, "  "+format+"\n", args...) }
	for _, g := range l.Alike[:min(len(l.Alike), maxListed)] {
		line("%s are alike: probably one person", trackList(g))
	}
	for _, d := range l.TokenCoversDifferentFaces[:min(len(l.TokenCoversDifferentFaces), maxListed)] {
		line("%s: the entry is for one person, and %s not alike", Quote(d.Person), verbed(d.Tracks, "is", "are"))
	}
	for _, id := range l.IdentityDrift[:min(len(l.IdentityDrift), maxListed)] {
		line("track %d ends with another face than it begins with", id)
	}
	for _, a := range l.AlikeCovered[:min(len(l.AlikeCovered), maxListed)] {
		line("track %d is declared by nobody and is alike track %d of %s: that covers it not", a.Track, a.Alike, Quote(a.Person))
	}
	if len(l.NotCompared) > 0 {
		why := "too small, weak or turned away"
		if l.Status == "partial" {
			why = "too small, weak, turned away, or not seen again"
		}
		line("%s cannot be compared: %s", trackList(l.NotCompared), why)
	}
}

func verbed(tracks []int, one, more string) string {
	if len(tracks) == 1 {
		return trackList(tracks) + " " + one
	}
	return trackList(tracks) + " " + more
}

// trackList names tracks, the first few of them.
func trackList(list []int) string {
	const most = 12
	var parts []string
	for _, id := range list[:min(len(list), most)] {
		parts = append(parts, strconv.Itoa(id))
	}
	what := "tracks "
	if len(list) == 1 {
		what = "track "
	}
	out := what + strings.Join(parts, ", ")
	if n := len(list) - most; n > 0 {
		out += fmt.Sprintf(" and %d more", n)
	}
	return out
}
