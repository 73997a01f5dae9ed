package consent_test

import (
	"testing"

	"github.com/consentry/consentry/consent"
)

func declaring(people string) *consent.Declaration {
	return &consent.Declaration{Bytes: []byte(`{"v":1,"completeness":"complete","people":[` + people + `]}`)}
}

const (
	somebody = `{"id":"p1","kind":"real","rendering":"replica","modality":["face"]}`
	another  = `{"id":"p2","kind":"real","rendering":"replica","modality":["face"]}`
)

// Who looks at the picture is told of each entry under the name that the judge reports, and whether its places are
// those of this picture.
func TestPeople(t *testing.T) {
	parent := func(relationship string, people string) []consent.Ingredient {
		return []consent.Ingredient{{Relationship: relationship, Manifest: consent.Manifest{Label: "parent", State: consent.ManifestTrusted}, Assertion: declaring(people)}}
	}
	active := func(actions ...string) consent.Manifest {
		m := consent.Manifest{Label: "active", State: consent.ManifestTrusted}
		for _, a := range actions {
			m.Actions = append(m.Actions, consent.Action{Action: a})
		}
		return m
	}
	type row struct {
		name  string
		moved bool
	}
	for name, c := range map[string]struct {
		facts consent.Facts
		want  []row
	}{
		"nobody declares":              {consent.Facts{Manifest: active()}, nil},
		"the file declares":            {consent.Facts{Manifest: active(), Assertion: declaring(somebody + "," + another)}, []row{{"p1", false}, {"p2", false}}},
		"what cannot be read":          {consent.Facts{Manifest: active(), Assertion: declaring(`{"id":1}`)}, nil},
		"an earlier version, copied":   {consent.Facts{Manifest: active("c2pa.opened", "c2pa.transcoded"), Ingredients: parent("parentOf", somebody)}, []row{{"p1", false}}},
		"an earlier version, cropped":  {consent.Facts{Manifest: active("c2pa.opened", "c2pa.cropped"), Ingredients: parent("parentOf", somebody)}, []row{{"p1", true}}},
		"an earlier version, edited":   {consent.Facts{Manifest: active("c2pa.edited"), Ingredients: parent("parentOf", somebody)}, []row{{"p1", true}}},
		"a component of the picture":   {consent.Facts{Manifest: active("c2pa.placed"), Ingredients: parent("componentOf", somebody)}, []row{{"p1", true}}},
		"the same id in two manifests": {consent.Facts{Manifest: active("c2pa.opened"), Assertion: declaring(somebody), Ingredients: parent("parentOf", somebody)}, []row{{"p1@active", false}, {"p1@parent", false}}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []row
			for _, d := range consent.People(&c.facts, nil) {
				got = append(got, row{d.Name, d.Moved})
			}
			if len(got) != len(c.want) {
				t.Fatalf("%v, want %v", got, c.want)
			}
			for i := range got {
				if got[i] != c.want[i] {
					t.Errorf("%v, want %v", got, c.want)
				}
			}
		})
	}
}

// What is seen for a part of its time is not "not seen", what may be no face is an event of its own, and a face is told
// with its time and place.
func TestJudge_faces(t *testing.T) {
	one := "p1"
	for name, c := range map[string]struct {
		faces              consent.Faces
		undeclared, maybe  int
		notSeen, complete  bool
		where, explanation string
	}{
		"covered":        {faces: consent.Faces{Status: "analysed", Tracks: []consent.FaceTrack{{ID: 1, CoveredBy: &one}}}, complete: true},
		"nobody seen":    {faces: consent.Faces{Status: "analysed"}, notSeen: true, complete: true},
		"seen in part":   {faces: consent.Faces{Status: "analysed", Partly: []string{"p1"}, Tracks: []consent.FaceTrack{{ID: 1}}}, undeclared: 1},
		"perhaps a face": {faces: consent.Faces{Status: "analysed", Tracks: []consent.FaceTrack{{ID: 1, Possible: true}}}, maybe: 1, notSeen: true, complete: true},
		"counted, not placed": {
			faces:      consent.Faces{Status: "analysed", Counted: []string{"p1"}, Tracks: []consent.FaceTrack{{ID: 1, CoveredBy: &one}, {ID: 2, StartMs: 1000, EndMs: 2000, Box: &[4]float64{10, 20, 30, 40}}}},
			undeclared: 1, where: "00:00:01.0–00:00:02.0",
			explanation: `there are more faces than are declared: "p1" is declared without a region, so that faces are counted only, and which of them is nobody's cannot be told; one of them is that of track 2: seen 00:00:01.0–00:00:02.0, at 10 % from the left and 20 % from the top, 30 × 40 % of the picture`,
		},
		"time and place": {
			faces:      consent.Faces{Status: "analysed", Tracks: []consent.FaceTrack{{ID: 1, StartMs: 3200, EndMs: 67900, Box: &[4]float64{10, 20, 30, 40}}}},
			undeclared: 1, notSeen: true, where: "00:00:03.2–00:01:07.9",
			explanation: "no entry covers the face of track 1: seen 00:00:03.2–00:01:07.9, at 10 % from the left and 20 % from the top, 30 × 40 % of the picture",
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := &consent.Facts{Manifest: consent.Manifest{Label: "active", State: consent.ManifestTrusted}, Assertion: declaring(somebody), Faces: &c.faces}
			j := consent.Judge(f, nil, consent.Terms{})
			notSeen := false
			for _, x := range j.People[0].Findings {
				notSeen = notSeen || x.Code == "consent.person.notSeen"
			}
			if len(j.UndeclaredFaces) != c.undeclared || len(j.PossibleFaces) != c.maybe || notSeen != c.notSeen || j.Incomplete == c.complete {
				t.Errorf("undeclared %v, possible %v, not seen %v, incomplete %v", j.UndeclaredFaces, j.PossibleFaces, notSeen, j.Incomplete)
			}
			if j.FacesCounted != (len(c.faces.Counted) > 0) {
				t.Errorf("counted: %v", j.FacesCounted)
			}
			for _, x := range j.Findings {
				if x.Code == "consent.face.undeclared" && c.where != "" && (x.Where != c.where || x.Explanation != c.explanation) {
					t.Errorf("%q: %q", x.Where, x.Explanation)
				}
			}
		})
	}
}
