package scorecard_test

import (
	"slices"
	"testing"

	"github.com/consentry/consentry/internal/scorecard"
)

// A slip in the name of a member fails the case and is named; what is known and not judged is told and fails nothing.
func TestAMemberThatNobodyJudgesIsNoExpectationThatHolds(t *testing.T) {
	for name, c := range map[string]struct {
		members    string
		slips, not []string
	}{
		"slip":              {`"expect":{"store":"present","stat":"valid"}`, []string{"expect.stat: no member that is judged in a case of the kind provenance"}, nil},
		"slip-in-any-of":    {`"expect":{"anyOf":[{"state":"valid"},{"stat":"x"}]}`, []string{"expect.anyOf.stat: no member that is judged in a case of the kind provenance"}, nil},
		"slip-in-a-group":   {`"expect":{"store":"present","manifests":[{"failures":{}},{"failure":{"contain":[]}}]}`, []string{"expect.manifests.failure.contain: no member that is judged in a case of the kind provenance", "expect.manifests.failures: no member that is judged in a case of the kind provenance"}, nil},
		"of-another-kind":   {`"expect":{"store":"present","verdict":"PASS"}`, []string{"expect.verdict: no member that is judged in a case of the kind provenance"}, nil},
		"in-a-person":       {`"args":["a"],"expect":{"people":{"p1":{"stat":"verified"}}}`, []string{"expect.people.p1.stat: no member that is judged in a case of the kind e2e"}, nil},
		"in-a-declaration":  {`"declarations":[{"file":"a","expect":{"cover":[]}}]`, []string{"declarations.expect.cover: no member that is judged in a case of the kind persons"}, nil},
		"expect-of-persons": {`"declarations":[],"expect":{}`, []string{"expect: no member that is judged in a case of the kind persons"}, nil},
		"known":             {`"expect":{"store":"present","aiFrom":[{"manifest":0}]}`, nil, []string{"expect.aiFrom"}},
		"known-of-marks":    {`"expect":{"watermarks":[{"algorithm":"dwtDct","message":"0a0b","scheme":"x"}],"labels":[{"kind":"tc260","value":{"Label":1},"carrier":"x"}]}`, nil, []string{"expect.labels.carrier", "expect.watermarks.scheme"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := folder(t, map[string]string{"cases.json": `[{"id":"c","asset":"a",` + c.members + `}]`, "a": ""})
			sets, err := scorecard.Load(dir)
			if err != nil {
				t.Fatal(err)
			}
			var seen [][]string
			by := map[string]scorecard.Answer{"verify": says(0, valid)}
			if name == "known-of-marks" {
				by["verify"] = says(0, marked)
			}
			res := (&scorecard.Runner{Ask: answers(by, &seen)}).Run(&sets[0], nil)[0]
			if !slices.Equal(res.Why, c.slips) || !slices.Equal(res.NotJudged, c.not) {
				t.Errorf("why %q, not judged %q", res.Why, res.NotJudged)
			}
			if len(c.slips) > 0 && len(seen) > 0 {
				t.Errorf("a case with a slip was asked: %q", seen)
			}
		})
	}
}
