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
		"slip-of-inputs":    {`"inputs":{"trsut":["a"]},"expect":{"state":"valid"}`, []string{"inputs.trsut: no member that is read in a case of the kind provenance"}, nil},
		"slip-of-the-case":  {`"fragmens":["a"],"because":"x","expect":{"state":"valid"}`, nil, []string{"fragmens"}},
		"slip-alone":        {`"expect":{"stat":"valid"}`, []string{"expect.stat: makes it no kind of case that is known"}, nil},
		"slip-of-expect":    {`"expct":{"state":"valid"}`, []string{"expect: nothing is expected"}, []string{"expct"}},
		"expects-nothing":   {`"expect":{}`, []string{"expect: nothing is expected"}, nil},
		"slip-of-a-state":   {`"expect":{"stateNot":"trustd","anyOf":[{"state":["valid"]},{"store":"here"}]}`, []string{`expect.stateNot: "trustd" is none of trusted, valid, well-formed, invalid, absent`, `expect.anyOf.store: "here" is none of present, absent, malformed`}, nil},
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

// A file that is not there, or a time that is none, fails the case with its name, whatever it expects.
func TestACaseWhoseFilesAreNotThereIsNotAsked(t *testing.T) {
	for name, c := range map[string]struct {
		members string
		why     []string
	}{
		"all there":        {`"asset":"a","fragments":["b"],"inputs":{"trust":["a"],"time":"2026-11-22T10:00:00Z"},"expect":{"reject":true}`, nil},
		"a day":            {`"asset":"a","inputs":{"time":"2026-11-22"},"expect":{"reject":true}`, nil},
		"no asset":         {`"expect":{"store":"absent"}`, []string{`asset: a case of the kind provenance needs one`}},
		"an asset":         {`"asset":"none","expect":{"reject":true}`, []string{`asset: "none" is not there`}},
		"a store":          {`"asset":"a","manifest":"none","expect":{"reject":true}`, []string{`manifest: "none" is not there`}},
		"a fragment":       {`"asset":"a","fragments":["b","none"],"expect":{"reject":true}`, []string{`fragments: "none" is not there`}},
		"anchors":          {`"asset":"a","inputs":{"trust":["none.pem"],"allowed":["other.pem"]},"expect":{"reject":true}`, []string{`inputs.allowed: "other.pem" is not there`, `inputs.trust: "none.pem" is not there`}},
		"a time":           {`"asset":"a","inputs":{"time":"2026-13-01"},"expect":{"reject":true}`, []string{`inputs.time: "2026-13-01" is no time of RFC 3339, and no day`}},
		"a list":           {`"args":["verify","--consent-trust","none.json","--strict","a"],"expect":{"exit":2}`, []string{`consent-trust: "none.json" is not there`}},
		"a file of a line": {`"args":["none.mp4"],"expect":{"exit":2}`, []string{`args: "none.mp4" is not there`}},
		"a pattern":        {`"args":["none*.mp4"],"expect":{"exit":2}`, nil},
		"a declaration":    {`"asset":"a","truth":"t","declarations":[{"file":"none.json","expect":{}}]`, []string{`declarations: "none.json" is not there`}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := folder(t, map[string]string{"cases.json": `[{"id":"c",` + c.members + `}]`, "a": "", "b": "", "t": "{}"})
			sets, err := scorecard.Load(dir)
			if err != nil {
				t.Fatal(err)
			}
			var seen [][]string
			res := (&scorecard.Runner{Ask: answers(map[string]scorecard.Answer{"verify": says(2, broken)}, &seen)}).Run(&sets[0], nil)[0]
			if !slices.Equal(res.Why, c.why) {
				t.Errorf("why %q", res.Why)
			}
			if asked := len(seen) > 0; asked != (c.why == nil) {
				t.Errorf("asked: %v", seen)
			}
		})
	}
}
