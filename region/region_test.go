package region_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/consentry/consentry/region"
)

// valid are regions, each with named corruptions: a replacement in its text and the path that the error must name.
var valid = []struct {
	name, text string
	broken     []struct{ name, old, new, path string }
}{
	{
		"rectangle-in-percent",
		`{"identifier":"p1/1","region":[{"type":"spatial","shape":{"type":"rectangle","unit":"percent","origin":{"x":10,"y":20},"width":30,"height":40}}]}`,
		[]struct{ name, old, new, path string }{
			{"no-origin", `"origin":{"x":10,"y":20},`, ``, "region[0].shape.origin"},
			{"origin-in-text", `"x":10`, `"x":"10"`, "region[0].shape.origin.x"},
			{"negative-width", `"width":30`, `"width":-30`, "region[0].shape.width"},
			{"no-height", `,"height":40`, ``, "region[0].shape.height"},
			{"unknown-unit", `percent`, `ells`, "region[0].shape.unit"},
			{"unknown-shape", `rectangle`, `star`, "region[0].shape.type"},
			{"unknown-range", `spatial`, `spacial`, "region[0].type"},
			{"identifier-a-number", `"p1/1"`, `1`, "identifier"},
			{"no-ranges", `"region":[{"type":"spatial","shape":{"type":"rectangle","unit":"percent","origin":{"x":10,"y":20},"width":30,"height":40}}]`, `"region":[]`, "region"},
			{"shape-missing", `"shape"`, `"form"`, "region[0].shape"},
			{"inside-in-text", `"width":30`, `"inside":"yes","width":30`, "region[0].shape.inside"},
		},
	},
	{
		"circle-outside",
		`{"region":[{"type":"spatial","shape":{"type":"circle","unit":"pixel","origin":{"x":50,"y":50},"width":20,"inside":false}}]}`,
		[]struct{ name, old, new, path string }{{"no-diameter", `"width":20,`, ``, "region[0].shape.width"}},
	},
	{
		"polygon",
		`{"region":[{"type":"spatial","shape":{"type":"polygon","unit":"pixel","vertices":[{"x":0,"y":0},{"x":100,"y":0},{"x":0,"y":100}]}}]}`,
		[]struct{ name, old, new, path string }{
			{"two-points", `,{"x":0,"y":100}`, ``, "region[0].shape.vertices"},
			{"point-without-y", `{"x":0,"y":100}`, `{"x":0}`, "region[0].shape.vertices[2].y"},
		},
	},
	{
		"time-and-place",
		`{"region":[{"type":"temporal","time":{"type":"npt","start":"1.5","end":"0:00:03"}},{"type":"temporal","time":{"start":"10"}},{"type":"spatial","shape":{"type":"rectangle","unit":"pixel","origin":{"x":0,"y":0},"width":100,"height":100}},{"type":"identified","item":{"identifier":"track_id","value":"2"}}]}`,
		[]struct{ name, old, new, path string }{
			{"start-in-words", `"1.5"`, `"soon"`, "region[0].time.start"},
			{"sixty-seconds", `0:00:03`, `0:00:60`, "region[0].time.end"},
			{"start-a-number", `"1.5"`, `1.5`, "region[0].time.start"},
			{"ends-before-it-starts", `"1.5"`, `"3.5"`, "region[0].time"},
			{"past-the-limit", `"10"`, `"360000001"`, "region[1].time.start"},
			{"item-without-value", `,"value":"2"`, ``, "region[3].item.value"},
			{"unknown-clock", `"npt"`, `"ntp"`, "region[0].time.type"},
			{"unknown-inclusivity", `"start":"10"`, `"endInclusivity":"both"`, "region[1].time.endInclusivity"},
		},
	},
	{
		"wall-clock",
		`{"region":[{"type":"temporal","time":{"type":"wallClock","start":"2026-10-03T10:00:00Z"}}]}`,
		[]struct{ name, old, new, path string }{
			{"no-end", `,"start":"2026-10-03T10:00:00Z"`, ``, "region[0].time"},
			{"no-zone", `00Z`, `00`, "region[0].time.start"},
		},
	},
	{
		"frames",
		`{"region":[{"type":"frame","frame":{"start":10,"end":20}}]}`,
		[]struct{ name, old, new, path string }{
			{"half-a-frame", `10`, `10.5`, "region[0].frame.start"},
			{"before-the-first", `10`, `-1`, "region[0].frame.start"},
			{"turned-round", `20`, `9`, "region[0].frame"},
		},
	},
	{
		"text",
		`{"region":[{"type":"textual","text":{"selectors":[]}}]}`,
		[]struct{ name, old, new, path string }{{"no-text", `{"selectors":[]}`, `1`, "region[0].text"}},
	},
}

func parse(t testing.TB, text string) (*region.Region, error) {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return region.Parse(v)
}

func TestParse(t *testing.T) {
	for _, c := range valid {
		t.Run(c.name, func(t *testing.T) {
			r, err := parse(t, c.text)
			if err != nil || len(r.Ranges) == 0 {
				t.Fatalf("Parse = %v, %v", r, err)
			}
			for _, b := range c.broken {
				text := strings.Replace(c.text, b.old, b.new, 1)
				if text == c.text {
					t.Fatalf("%s changes nothing", b.name)
				}
				r, err := parse(t, text)
				var se *region.SyntaxError
				if r != nil || !errors.As(err, &se) || se.Path != b.path {
					t.Errorf("%s: Parse = %v, %v; want an error at %s", b.name, r, err, b.path)
				}
			}
		})
	}
}

func TestContains(t *testing.T) {
	at := func(x, y, w, h float64) region.Place {
		return region.Place{Box: region.Box{X: x, Y: y, Width: w, Height: h}, Width: 200, Height: 100, Track: 2}
	}
	later := func(p region.Place, d time.Duration) region.Place { p.At = d; return p }
	frame := func(p region.Place, n int64) region.Place { p.Frame = n; return p }
	track := func(p region.Place, n int64) region.Place { p.Track = n; return p }
	unknown := func(p region.Place) region.Place { p.Width, p.Height = 0, 0; return p }
	for _, c := range []struct {
		name, region string
		place        region.Place
		want         float64
	}{
		{"percent-of-the-displayed-size", "rectangle-in-percent", at(20, 20, 60, 40), 1},
		{"half-out", "rectangle-in-percent", at(-10, 20, 60, 40), 0.5},
		{"outside", "rectangle-in-percent", at(100, 20, 60, 40), 0},
		{"size-unknown", "rectangle-in-percent", unknown(at(20, 20, 60, 40)), 0},
		{"not-in-the-hole", "circle-outside", at(48, 48, 4, 4), 0},
		{"beside-the-hole", "circle-outside", at(100, 0, 20, 20), 1},
		{"in-the-triangle", "polygon", at(5, 5, 10, 10), 1},
		{"across-the-long-side", "polygon", at(90, 90, 5, 5), 0},
		{"at-its-first-instant", "time-and-place", later(at(0, 0, 10, 10), 1500*time.Millisecond), 1},
		{"its-last-instant-is-out", "time-and-place", later(at(0, 0, 10, 10), 3*time.Second), 0},
		{"the-other-time-of-two", "time-and-place", later(at(0, 0, 10, 10), 11*time.Second), 1},
		{"right-time-wrong-place", "time-and-place", later(at(150, 0, 10, 10), 2*time.Second), 0},
		{"right-place-wrong-time", "time-and-place", at(0, 0, 10, 10), 0},
		{"another-track", "time-and-place", track(later(at(0, 0, 10, 10), 2*time.Second), 1), 0},
		{"wall-clock-is-nowhere", "wall-clock", at(0, 0, 10, 10), 0},
		{"last-frame-is-in", "frames", frame(at(0, 0, 10, 10), 20), 1},
		{"next-frame-is-out", "frames", frame(at(0, 0, 10, 10), 21), 0},
		{"text-is-nowhere", "text", at(0, 0, 10, 10), 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, v := range valid {
				if v.name != c.region {
					continue
				}
				r, err := parse(t, v.text)
				if err != nil {
					t.Fatal(err)
				}
				if got := r.Share(c.place); math.Abs(got-c.want) > 1.0/16 {
					t.Errorf("Share = %v, want %v", got, c.want)
				}
				if got := r.Contains(c.place); got != (c.want == 1) {
					t.Errorf("Contains = %v", got)
				}
				return
			}
			t.Fatalf("no region %s", c.region)
		})
	}
	if (*region.Region)(nil).Contains(at(0, 0, 1, 1)) || (&region.Region{}).Contains(at(0, 0, 1, 1)) {
		t.Error("no region contains something")
	}
}

func TestLimits(t *testing.T) {
	many := func(n int) string {
		return `{"region":[` + strings.Repeat(`{"type":"frame","frame":{}},`, n-1) + `{"type":"frame","frame":{}}]}`
	}
	corners := func(n int) string {
		return `{"region":[{"type":"spatial","shape":{"type":"polygon","unit":"pixel","vertices":[` + strings.Repeat(`{"x":0,"y":0},`, n-1) + `{"x":1,"y":1}]}}]}`
	}
	for _, c := range []struct {
		name, text string
		ok         bool
	}{
		{"ranges-at", many(region.MaxRanges), true},
		{"ranges-past", many(region.MaxRanges + 1), false},
		{"vertices-at", corners(region.MaxVertices), true},
		{"vertices-past", corners(region.MaxVertices + 1), false},
	} {
		if _, err := parse(t, c.text); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, c := range valid {
		f.Add([]byte(c.text))
		for _, b := range c.broken {
			f.Add([]byte(strings.Replace(c.text, b.old, b.new, 1)))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var v any
		if json.Unmarshal(b, &v) != nil {
			return
		}
		r, err := region.Parse(v)
		var se *region.SyntaxError
		if err != nil && (r != nil || !errors.As(err, &se)) {
			t.Fatalf("Parse = %v, %T", r, err)
		}
		if s := r.Share(region.Place{Box: region.Box{Width: 10, Height: 10}, Width: 100, Height: 100}); s < 0 || s > 1 {
			t.Fatalf("Share = %v", s)
		}
	})
}

func ExampleRegion_Contains() {
	r, _ := region.Parse(map[string]any{"region": []any{map[string]any{"type": "temporal", "time": map[string]any{"end": "2"}}}})
	fmt.Println(r.Contains(region.Place{At: time.Second}), r.Contains(region.Place{At: 3 * time.Second}))
	// Output: true false
}
