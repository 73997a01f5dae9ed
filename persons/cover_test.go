package persons_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/consentry/consentry/persons"
	"github.com/consentry/consentry/region"
	"github.com/consentry/consentry/report"
)

// entry makes an entry of regions in JSON.
func entry(t testing.TB, id string, group bool, regions ...string) persons.Entry {
	t.Helper()
	e := persons.Entry{ID: id, Group: group}
	for _, text := range regions {
		var v any
		if err := json.Unmarshal([]byte(text), &v); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		r, err := region.Parse(v)
		if err != nil {
			t.Fatal(err)
		}
		e.Regions = append(e.Regions, r)
	}
	return e
}

func ranges(list ...string) string { return `{"region":[` + strings.Join(list, ",") + `]}` }

func rect(x, y, w, h float64) string {
	return fmt.Sprintf(`{"type":"spatial","shape":{"type":"rectangle","unit":"percent","origin":{"x":%v,"y":%v},"width":%v,"height":%v}}`, x, y, w, h)
}

func npt(from, to float64) string {
	return fmt.Sprintf(`{"type":"temporal","time":{"type":"npt","start":"%v","end":"%v"}}`, from, to)
}

// The face of the tests is red, a quarter from the left and the top, a quarter wide and half as high, for two seconds.
// The other one is blue and at the right.
var (
	blue   = actor{blue: true, x: 0.65, y: 0.3, w: 0.2, h: 0.4}
	around = rect(24, 24, 27, 52)
	beside = rect(64, 29, 22, 42)
	whole  = rect(0, 0, 100, 100)
)

func TestAgainst_oneFace(t *testing.T) {
	for name, c := range map[string]struct {
		regions []string
		covered bool
		seen    bool // at least in part
	}{
		"around it":                          {[]string{ranges(around)}, true, true},
		"of no use":                          {[]string{ranges(rect(0, 0, 10, 10))}, false, false},
		"for all the time":                   {[]string{ranges(around, npt(0, 2))}, true, true},
		"for a quarter of the time":          {[]string{ranges(around, npt(0, 0.5))}, false, true},
		"for a moment":                       {[]string{ranges(around, npt(0, 0.2))}, false, false},
		"all but the last three frames":      {[]string{ranges(around, npt(0, 1.88))}, true, true},
		"all but the last ten frames":        {[]string{ranges(around, npt(0, 1.6))}, false, true},
		"with a hole of two frames":          {[]string{ranges(around, npt(0, 1), npt(1.08, 2))}, true, true},
		"with a hole of six frames":          {[]string{ranges(around, npt(0, 1), npt(1.24, 2))}, false, true},
		"in two parts, one after the other":  {[]string{ranges(around, npt(0, 1)), ranges(around, npt(1, 2))}, true, true},
		"in two parts with time and place":   {[]string{ranges(around, npt(0, 1)), ranges(beside, npt(1, 2))}, false, true},
		"one of two places":                  {[]string{ranges(beside, around)}, true, true},
		"in frames":                          {[]string{ranges(around, `{"type":"frame","frame":{"start":0,"end":49}}`)}, true, true},
		"in half of the frames":              {[]string{ranges(around, `{"type":"frame","frame":{"start":25}}`)}, false, true},
		"in its track":                       {[]string{ranges(around, `{"type":"identified","item":{"identifier":"track_id","value":"7"}}`)}, true, true},
		"in another track":                   {[]string{ranges(around, `{"type":"identified","item":{"identifier":"track_id","value":"2"}}`)}, false, false},
		"at a time of day":                   {[]string{ranges(around, `{"type":"temporal","time":{"type":"wallClock","start":"2026-10-03T10:00:00Z"}}`)}, false, false},
		"in words":                           {[]string{ranges(around, `{"type":"textual","text":{"selectors":[]}}`)}, false, false},
		"a time without a place":             {[]string{ranges(npt(0, 2))}, true, true},
		"a circle":                           {[]string{ranges(`{"type":"spatial","shape":{"type":"circle","unit":"percent","origin":{"x":37.5,"y":50},"width":40}}`)}, true, true},
		"a triangle":                         {[]string{ranges(`{"type":"spatial","shape":{"type":"polygon","unit":"percent","vertices":[{"x":0,"y":0},{"x":100,"y":0},{"x":0,"y":100}]}}`)}, true, true},
		"a triangle at the other side":       {[]string{ranges(`{"type":"spatial","shape":{"type":"polygon","unit":"percent","vertices":[{"x":100,"y":0},{"x":100,"y":100},{"x":60,"y":100}]}}`)}, false, false},
		"in pixels of the displayed picture": {[]string{ranges(`{"type":"spatial","shape":{"type":"rectangle","unit":"pixel","origin":{"x":78,"y":44},"width":84,"height":92}}`)}, true, true},
		"everything but it":                  {[]string{ranges(`{"type":"spatial","shape":{"type":"rectangle","unit":"percent","origin":{"x":20,"y":20},"width":40,"height":60,"inside":false}}`)}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			seen := stage{actors: []actor{red}}.look(t, &eye{network: "yunet"}, persons.Options{})
			a := seen.Against([]persons.Entry{entry(t, "p1", false, c.regions...)}, false)
			covered := len(a.Persons.Tracks) == 1 && a.Persons.Tracks[0].Person != nil
			if len(a.Persons.Tracks) != 1 || covered != c.covered || (len(a.Persons.Undeclared) == 0) != c.covered {
				t.Errorf("covered %v: %+v", covered, a.Persons.Tracks)
			}
			if notSeen := slices.Contains(a.Persons.NotSeen, "p1"); notSeen == c.seen {
				t.Errorf("not seen: %v", notSeen)
			}
			if (len(a.Spans["p1"]) == 1) != c.covered || slices.Contains(a.Partly, "p1") != (c.seen && !c.covered) {
				t.Errorf("spans %v, partly %v", a.Spans, a.Partly)
			}
		})
	}
}

func TestAgainst_whoIsWho(t *testing.T) {
	two := []actor{red, blue}
	for name, c := range map[string]struct {
		actors  []actor
		entries []persons.Entry
		want    string // entries by track, in the order of their places; - for none
		notSeen string
	}{
		"each their own":                           {two, []persons.Entry{entry(t, "p1", false, ranges(around)), entry(t, "p2", false, ranges(beside))}, "p1 p2", ""},
		"the other way round":                      {two, []persons.Entry{entry(t, "p2", false, ranges(beside)), entry(t, "p1", false, ranges(around))}, "p1 p2", ""},
		"one is missing":                           {two, []persons.Entry{entry(t, "p2", false, ranges(beside))}, "- p2", ""},
		"one region for two faces":                 {two, []persons.Entry{entry(t, "p1", false, ranges(whole))}, "one", ""},
		"a group":                                  {two, []persons.Entry{entry(t, "all", true, ranges(whole))}, "all all", ""},
		"a group that is elsewhere":                {two, []persons.Entry{entry(t, "all", true, ranges(rect(0, 0, 9, 9)))}, "- -", "all"},
		"a time without a place, for two":          {two, []persons.Entry{entry(t, "p1", false, ranges(npt(0, 2)))}, "one", ""},
		"without regions they are counted":         {two, []persons.Entry{entry(t, "p1", false), entry(t, "p2", false)}, "both", ""},
		"one too many to count":                    {two, []persons.Entry{entry(t, "p1", false)}, "one", ""},
		"the wide one gives way to the narrow one": {two, []persons.Entry{entry(t, "p1", false, ranges(whole)), entry(t, "p2", false, ranges(around))}, "p2 p1", ""},
		"a ghost":                                 {two[:1], []persons.Entry{entry(t, "p1", false, ranges(around)), entry(t, "p9", false, ranges(beside))}, "p1", "p9"},
		"nobody is there":                         {nil, []persons.Entry{entry(t, "p1", false, ranges(around))}, "", "p1"},
		"a region that could not be read":         {two[:1], []persons.Entry{{ID: "p1", Regions: []*region.Region{nil}}}, "-", "p1"},
		"one takes the place of the other":        {two[:1], []persons.Entry{entry(t, "p1", false, ranges(around, npt(0, 1.1))), entry(t, "p2", false, ranges(around, npt(0.9, 2)))}, "p1 p2", ""},
		"one takes the place, and there is a gap": {two[:1], []persons.Entry{entry(t, "p1", false, ranges(around, npt(0, 0.7))), entry(t, "p2", false, ranges(around, npt(1.2, 2)))}, "-", ""},
		"a face that walks from region to region": {[]actor{{x: 0.1, y: 0.25, w: 0.2, h: 0.5, move: 0.012}}, []persons.Entry{entry(t, "p1", false, ranges(rect(8, 24, 60, 52))), entry(t, "p2", false, ranges(rect(40, 24, 60, 52)))}, "-", ""},
	} {
		t.Run(name, func(t *testing.T) {
			seen := stage{actors: c.actors}.look(t, &eye{network: "yunet"}, persons.Options{})
			p := seen.Against(c.entries, false).Persons
			slices.SortStableFunc(p.Tracks, func(a, b report.PersonTrack) int { return int(a.Best.X - b.Best.X) })
			var got []string
			open := 0
			for _, tr := range p.Tracks {
				if tr.Person == nil {
					got, open = append(got, "-"), open+1
				} else {
					got = append(got, *tr.Person)
				}
			}
			if c.want == "one" { // which of the two cannot be said
				if len(p.Tracks) != 2 || open != 1 {
					t.Errorf("%v, want one of two covered", got)
				}
				return
			}
			if c.want == "both" {
				slices.Sort(got)
				c.want = "p1 p2"
			}
			if strings.Join(got, " ") != c.want || strings.Join(p.NotSeen, " ") != c.notSeen {
				t.Errorf("%q, not seen %q; want %q, %q", strings.Join(got, " "), p.NotSeen, c.want, c.notSeen)
			}
		})
	}
}

// Regions that were made to cost time end the work, and what was not held against them is covered by nobody.
func TestAgainst_costlyRegions(t *testing.T) {
	var vertices []string
	for i := range region.MaxVertices {
		vertices = append(vertices, fmt.Sprintf(`{"x":%d,"y":%d}`, i%100, i*7%100))
	}
	one := `{"type":"spatial","shape":{"type":"polygon","unit":"percent","vertices":[` + strings.Join(vertices, ",") + `]}}`
	costly := entry(t, "p1", false, ranges(one, one, one, one, one, one, one, one))
	costly.Regions = slices.Repeat(costly.Regions, 50)
	seen := stage{actors: []actor{red}}.look(t, &eye{network: "yunet"}, persons.Options{})
	p := seen.Against([]persons.Entry{costly, entry(t, "p2", false, ranges(around))}, false).Persons
	if p.Status != persons.StatusPartial || p.Reason == nil || !strings.Contains(*p.Reason, "too costly") || len(p.Undeclared) != 1 {
		t.Errorf("%s %v, undeclared %v", p.Status, p.Reason, p.Undeclared)
	}
}

// FuzzAgainst holds a face against any region: nothing is covered twice, and each track is covered or undeclared.
func FuzzAgainst(f *testing.F) {
	for _, s := range []string{
		ranges(around), ranges(around, npt(0, 1)), ranges(npt(0, 2)), ranges(beside, around),
		`{"region":[{"type":"frame","frame":{"start":3}}]}`, ranges(`{"type":"textual","text":{}}`), `{"region":[]}`,
	} {
		f.Add(s, false)
		f.Add(s, true)
	}
	seen := stage{frames: 30, actors: []actor{red, blue}}.look(f, &eye{network: "yunet"}, persons.Options{})
	f.Fuzz(func(t *testing.T, text string, group bool) {
		var v any
		if json.Unmarshal([]byte(text), &v) != nil {
			return
		}
		r, err := region.Parse(v)
		if err != nil {
			return
		}
		p := seen.Against([]persons.Entry{{ID: "p1", Group: group, Regions: []*region.Region{r}}}, false).Persons
		covered := 0
		for _, tr := range p.Tracks {
			if tr.Person != nil {
				covered++
			}
		}
		if len(p.Tracks) != 2 || covered+len(p.Undeclared) != 2 || covered == 2 && !group {
			t.Errorf("%d tracks, %d covered, %v undeclared", len(p.Tracks), covered, p.Undeclared)
		}
	})
}
