package consent

import (
	"fmt"
	"strconv"
	"strings"
)

// Links is what comparing the faces of a file with each other told, where that was asked for.
type Links struct {
	Missing   string // why they were not compared, or not all; empty: they were
	Different []DifferentFaces
	Drifts    []int // face tracks that end with another face than they begin with
}

// DifferentFaces is an entry for one person whose face tracks are not alike.
type DifferentFaces struct {
	Person string // as entries are named
	Tracks []int
}

// links tells of faces that are not alike though one entry covers them, and of such that change. It is for people to
// look at: it takes no coverage from an entry and gives none. Consent format 1, 8.
func (j *judge) links() {
	l := j.facts.Links
	if l == nil {
		return
	}
	j.out.Unlinked = l.Missing
	for _, d := range l.Different {
		j.out.DifferentFaces = append(j.out.DifferentFaces, d.Person)
		j.find("consent.token.coversDifferentFaces", "", "the entry %q is for one person and covers faces that are not alike: %s", clip(d.Person), tracksText(d.Tracks))
	}
	for _, track := range l.Drifts {
		j.out.Drifts = append(j.out.Drifts, track)
		j.find("consent.face.identityDrift", "", "track %d ends with another face than it begins with: it may be of two people", track)
	}
}

// tracksText lists tracks, the first few of them.
func tracksText(list []int) string {
	const most = 8
	var b strings.Builder
	b.WriteString("track ")
	if len(list) > 1 {
		b.Reset()
		b.WriteString("tracks ")
	}
	for i, t := range list[:min(len(list), most)] {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(strconv.Itoa(t))
	}
	if n := len(list) - most; n > 0 {
		fmt.Fprintf(&b, " and %d more", n)
	}
	return b.String()
}
