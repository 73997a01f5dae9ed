package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/consentry/consentry"
	"github.com/consentry/consentry/internal/crops"
	"github.com/consentry/consentry/internal/render"
	"github.com/consentry/consentry/persons"
	"github.com/consentry/consentry/report"
)

// The page names declared people as the report does: by their ids, or by none where names are to be hidden.
func TestWriteCrops(t *testing.T) {
	const who = "Ada Lovelace"
	id := who
	found := &report.Persons{
		Status: "analysed", Undeclared: []int{2},
		Tracks:      []report.PersonTrack{{ID: 1, Class: "confirmed", EndMs: 1000, Person: &id}, {ID: 2, Class: "confirmed", EndMs: 1000}},
		VideoTracks: []report.VideoTrackPersons{{Track: 2, Tracks: []report.PersonTrack{{ID: 3, Class: "confirmed", EndMs: 1000}}, Undeclared: []int{3}}},
	}
	views := &consentry.Views{
		List:  []persons.View{{Track: 2, Picture: &persons.Picture{Width: 1, Height: 1, RGB: make([]byte, 3)}}, {Track: 3, Why: "it did not come"}},
		Lanes: []persons.Lane{{ID: who, Always: true}},
		More:  5,
	}
	for _, hide := range []bool{false, true} {
		dir := filepath.Join(t.TempDir(), "faces")
		f, err := crops.Open(dir, false)
		if err != nil {
			t.Fatal(err)
		}
		shown, names := found, (*render.Names)(nil)
		if hide {
			names = new(render.Names)
			if shown, _, err = names.Persons(found, nil); err != nil {
				t.Fatal(err)
			}
		}
		hint, err := writeCrops(f, "", "/home/ada/clip.mp4", nil, shown, views, names)
		if err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(filepath.Join(dir, "index.html"))
		if err != nil {
			t.Fatal(err)
		}
		page := string(b)
		if strings.Contains(page, who) == hide || strings.Contains(page, "/home/ada") {
			t.Errorf("hidden %v: the page has another name than the report", hide)
		}
		if word := names != nil && strings.Count(page, "person-1") < 2; word {
			t.Error("the lane and the track are not called the same")
		}
		for _, want := range []string{"pictures of 1 of 7 faces that no entry covers", "it did not come", "the limit is 64"} {
			if !strings.Contains(hint, want) {
				t.Errorf("%q does not say %q", hint, want)
			}
		}
		if _, err := writeCrops(f, "", "clip.mp4", nil, shown, views, names); err == nil {
			t.Error("what is there was written over")
		}
	}
}

// Where there is nothing to show, it is said why, and nothing is written.
func TestWriteCrops_nothing(t *testing.T) {
	why := "the model is missing"
	for want, c := range map[string]struct {
		found report.Persons
		views *consentry.Views
	}{
		"nobody looked for faces; --persons on": {report.Persons{Status: "off"}, nil},
		"not analysed: the model is missing":    {report.Persons{Status: "not-analysed", Reason: &why}, nil},
		"in what was looked at there is no":     {report.Persons{Status: "partial", Reason: &why}, &consentry.Views{}},
		"no face was found":                     {report.Persons{Status: "analysed"}, &consentry.Views{}},
		"an entry covers each face":             {report.Persons{Status: "analysed", Tracks: make([]report.PersonTrack, 1)}, &consentry.Views{}},
	} {
		dir := filepath.Join(t.TempDir(), "faces")
		f, err := crops.Open(dir, false)
		if err != nil {
			t.Fatal(err)
		}
		hint, err := writeCrops(f, "", "clip.mp4", nil, &c.found, c.views, nil)
		if err != nil || !strings.Contains(hint, want) {
			t.Errorf("%q, %v, want %q", hint, err, want)
		}
		if _, err := os.Stat(dir); err == nil {
			t.Errorf("%s: a folder was made", want)
		}
	}
}
