package region_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/consentry/consentry/region"
)

// The picture of the tests is 200 × 100 pixels. Each shape covers (60, 50) and not (150, 20), in both units.
var shapes = map[string]string{
	"rectangle/pixel":   `"type":"rectangle","unit":"pixel","origin":{"x":40,"y":30},"width":40,"height":40`,
	"rectangle/percent": `"type":"rectangle","unit":"percent","origin":{"x":20,"y":30},"width":20,"height":40`,
	"circle/pixel":      `"type":"circle","unit":"pixel","origin":{"x":60,"y":50},"width":40`,
	"circle/percent":    `"type":"circle","unit":"percent","origin":{"x":30,"y":50},"width":20`,
	"polygon/pixel":     `"type":"polygon","unit":"pixel","vertices":[{"x":40,"y":30},{"x":80,"y":30},{"x":80,"y":70},{"x":40,"y":70}]`,
	"polygon/percent":   `"type":"polygon","unit":"percent","vertices":[{"x":20,"y":30},{"x":40,"y":30},{"x":40,"y":70},{"x":20,"y":70}]`,
}

// Each time holds at 2 s, which is frame 50, in track 2, and not at 4 s, which is frame 100.
var times = map[string]string{
	"seconds":             `{"type":"temporal","time":{"type":"npt","start":"1.5","end":"3"}}`,
	"hours":               `{"type":"temporal","time":{"type":"npt","start":"0:00:01.5","end":"0:00:03"}}`,
	"seconds unnamed":     `{"type":"temporal","time":{"start":"1.5","end":"3"}}`,
	"open start":          `{"type":"temporal","time":{"type":"npt","end":"3"}}`,
	"end excluded":        `{"type":"temporal","time":{"type":"npt","start":"2","end":"4"}}`,
	"end included":        `{"type":"temporal","time":{"type":"npt","start":"1","end":"2","endInclusivity":"inclusive"}}`,
	"frames":              `{"type":"frame","frame":{"start":40,"end":50}}`,
	"frames, open start":  `{"type":"frame","frame":{"end":60}}`,
	"frames and a track":  `{"type":"frame","frame":{"start":50,"end":50}},{"type":"identified","item":{"identifier":"track_id","value":"2"}}`,
	"one of two times":    `{"type":"temporal","time":{"type":"npt","start":"7","end":"9"}},{"type":"temporal","time":{"type":"npt","start":"1","end":"3"}}`,
	"time and frames":     `{"type":"temporal","time":{"type":"npt","start":"1"}},{"type":"frame","frame":{"end":60}}`,
	"one of two tracks":   `{"type":"temporal","time":{"type":"npt","end":"3"}},{"type":"identified","item":{"identifier":"track_id","value":"1"}},{"type":"identified","item":{"identifier":"track_id","value":"2"}}`,
	"no clock among them": `{"type":"temporal","time":{"type":"wallClock","start":"2026-10-03T10:00:00Z"}},{"type":"temporal","time":{"type":"npt","start":"1","end":"3"}}`,
}

// never are conditions that nothing fulfils: they take the whole region with them, since all types must hold.
var never = map[string]string{
	"the clock on the wall": `{"type":"temporal","time":{"type":"wallClock","start":"2026-10-03T10:00:00Z","end":"2026-10-03T11:00:00Z"}}`,
	"another track":         `{"type":"identified","item":{"identifier":"track_id","value":"3"}}`,
	"another property":      `{"type":"identified","item":{"identifier":"name","value":"2"}}`,
	"text":                  `{"type":"textual","text":{"selectors":[]}}`,
	"frames and no time":    `{"type":"frame","frame":{"start":40,"end":60}},{"type":"temporal","time":{"type":"npt","start":"50"}}`,
}

// Every shape in every unit, inside and outside, with every form of time: all types must hold, and one of a type will do.
func TestEveryShapeAtEveryTime(t *testing.T) {
	at := func(x, y float64, seconds int) region.Place {
		return region.Place{
			Box: region.Box{X: x - 2, Y: y - 2, Width: 4, Height: 4}, Width: 200, Height: 100,
			At: time.Duration(seconds) * time.Second, Frame: int64(25 * seconds), Track: 2,
		}
	}
	read := func(ranges ...string) *region.Region {
		r, err := parse(t, `{"region":[`+strings.Join(ranges, ",")+`]}`)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	for shape, text := range shapes {
		for _, inside := range []bool{true, false} {
			spatial := fmt.Sprintf(`{"type":"spatial","shape":{%s,"inside":%v}}`, text, inside)
			for when, temporal := range times {
				r := read(temporal, spatial)
				for _, c := range []struct {
					what  string
					place region.Place
					want  bool
				}{
					{"there and then", at(60, 50, 2), inside},
					{"elsewhere, then", at(150, 20, 2), !inside},
					{"there, too late", at(60, 50, 4), false},
					{"elsewhere, too late", at(150, 20, 4), false},
				} {
					if got := r.Contains(c.place); got != c.want {
						t.Errorf("%s, inside %v, %s, %s: %v", shape, inside, when, c.what, got)
					}
				}
				if start, end, _, none := r.Window(); none || start > 2*time.Second || end < 2*time.Second {
					t.Errorf("%s: the window is %v to %v, never %v", when, start, end, none)
				}
			}
			for why, condition := range never {
				if r := read(condition, spatial); r.Contains(at(60, 50, 2)) || r.Contains(at(150, 20, 2)) {
					t.Errorf("%s, inside %v: contains something with %s", shape, inside, why)
				}
			}
		}
		corner := `{"type":"spatial","shape":{"type":"rectangle","unit":"pixel","origin":{"x":140,"y":10},"width":20,"height":20}}`
		if r := read(`{"type":"spatial","shape":{`+text+`}}`, corner); !r.Contains(at(60, 50, 9)) || !r.Contains(at(150, 20, 9)) || r.Contains(at(110, 90, 9)) {
			t.Errorf("%s or a corner: not the one and the other", shape)
		}
	}
}
