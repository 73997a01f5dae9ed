package render_test

import (
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/render"
	"github.com/consentry/consentry/report"
)

// What comparing faces found is told with the notice that it was done, and without a name that is to be hidden.
func TestPersonsText_links(t *testing.T) {
	one, three := 1, 3
	p1, why := "p1", "model: it is not installed"
	tracks := []report.PersonTrack{
		{ID: 1, Class: "confirmed", Person: &p1, PossiblyPicture: true, Best: report.FaceBox{X: 1, Y: 2, Width: 3, Height: 4}},
		{ID: 2, Class: "confirmed"},
	}
	for name, c := range map[string]struct {
		links *report.Links
		want  []string
		not   []string
	}{
		"nobody asked": {nil, []string{"possibly a picture"}, []string{"compared", "people"}},
		"one person": {
			&report.Links{Status: "analysed", PersonsMin: &one, PersonsMax: &one, Compared: 2, Alike: [][]int{{1, 2}}, AlikeCovered: []report.AlikeCovered{{Track: 2, Alike: 1, Person: "p1"}}},
			[]string{"of one person, by comparing them", "in memory only", "tracks 1, 2 are alike: probably one person", `track 2 is declared by nobody and is alike track 1 of "p1": that covers it not`},
			[]string{"NOT"},
		},
		"a range": {
			&report.Links{
				Status: "analysed", PersonsMin: &one, PersonsMax: &three, Compared: 1, NotCompared: []int{2}, IdentityDrift: []int{1},
				TokenCoversDifferentFaces: []report.DifferentFaces{{Person: "p1", Tracks: []int{1, 2}}, {Person: "p\x1b2", Tracks: []int{1}}},
			},
			[]string{"of 1 to 3 people", `"p1": the entry is for one person, and tracks 1, 2 are not alike`, `and track 1 is not alike`, "track 1 ends with another face", "track 2 cannot be compared"},
			[]string{"\x1b"},
		},
		"not installed": {
			&report.Links{Status: "not-analysed", Reason: &why}, []string{"the faces were NOT compared with each other"}, []string{"people", "person,"},
		},
	} {
		var b strings.Builder
		p := &report.Persons{Status: "analysed", Tracks: tracks, Links: c.links}
		if err := render.PersonsText(&b, "clip.mp4", p, nil, true); err != nil {
			t.Fatal(err)
		}
		for _, w := range c.want {
			if !strings.Contains(b.String(), w) {
				t.Errorf("%s: no %q in\n%s", name, w, b.String())
			}
		}
		for _, w := range c.not {
			if strings.Contains(b.String(), w) {
				t.Errorf("%s: %q in\n%s", name, w, b.String())
			}
		}
		var names render.Names
		hidden, _, err := names.Persons(p, nil)
		if err != nil {
			t.Fatal(err)
		}
		b.Reset()
		if err := render.PersonsText(&b, "clip.mp4", hidden, nil, true); err != nil || strings.Contains(b.String(), `"p1"`) {
			t.Errorf("%s: %v\n%s", name, err, b.String())
		}
	}
}

// TestPeopleAreCountedOnlyWhereFacesWereCompared: without a face that can be compared no number of people is told, least
// of all none.
func TestPeopleAreCountedOnlyWhereFacesWereCompared(t *testing.T) {
	for want, l := range map[string]*report.Links{
		"no faces to compare\n":             {Status: "analysed"},
		"none of the faces can be compared": {Status: "analysed", NotCompared: []int{1}},
		"of 1 to 2 people, by":              {Status: "analysed", PersonsMin: ptr(1), PersonsMax: ptr(2), Compared: 1, NotCompared: []int{2}},
		// After a look at a part there may be more in the rest.
		"no faces to compare in what was looked at":               {Status: "partial"},
		"none of the faces in what was looked at can be compared": {Status: "partial", NotCompared: []int{1}},
		"of 3 people in what was looked at, by":                   {Status: "partial", PersonsMin: ptr(3), PersonsMax: ptr(3), Compared: 3},
		"of 1 to 2 people in what was looked at, by":              {Status: "partial", PersonsMin: ptr(1), PersonsMax: ptr(2), Compared: 1, NotCompared: []int{2}},
	} {
		var b strings.Builder
		if err := render.PersonsText(&b, "a.mp4", &report.Persons{Status: l.Status, Links: l}, nil, false); err != nil {
			t.Fatal(err)
		}
		if got := b.String(); strings.Count(got, want) != 2 || l.Compared == 0 && strings.Contains(got, "by comparing") {
			t.Errorf("want %q:\n%s", want, got)
		}
	}
}

// A report gives the notice that faces were compared, and what that found, as a look at the people alone does.
func TestText_links(t *testing.T) {
	for name, c := range map[string]struct {
		links *report.Links
		want  []string
		not   string
	}{
		"nobody asked": {nil, nil, "compared with each other"},
		"two groups": {
			&report.Links{Status: "analysed", PersonsMin: ptr(2), PersonsMax: ptr(2), Compared: 4, Alike: [][]int{{1, 2}, {3, 4}}},
			[]string{"\nfaces compared with each other: in memory only, nothing of it is kept", "tracks 1, 2 are alike", "tracks 3, 4 are alike"},
			"NOT compared",
		},
		"in part": {
			&report.Links{Status: "partial", PersonsMin: ptr(1), PersonsMax: ptr(2), Compared: 1, NotCompared: []int{2}},
			[]string{"in memory only", "of 1 to 2 people in what was looked at", "track 2 cannot be compared: too small, weak, turned away, or not seen again"},
			"NOT compared",
		},
		"impossible": {&report.Links{Status: "not-analysed"}, []string{"the faces were NOT compared with each other"}, "in memory"},
	} {
		var b strings.Builder
		if err := render.Text(&b, &report.Report{Persons: report.Persons{Status: "analysed", Links: c.links}}, render.Options{}); err != nil {
			t.Fatal(err)
		}
		for _, w := range c.want {
			if !strings.Contains(b.String(), w) {
				t.Errorf("%s: no %q in\n%s", name, w, b.String())
			}
		}
		if strings.Contains(b.String(), c.not) {
			t.Errorf("%s: %q in\n%s", name, c.not, b.String())
		}
	}
}
