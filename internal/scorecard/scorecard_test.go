package scorecard_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/scorecard"
)

// folder writes files and gives their folder.
func folder(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// answers asks nobody: a verb ("verify", "verify crjson", "persons", "conformance facts", …) has its answer.
func answers(by map[string]scorecard.Answer, seen *[][]string) scorecard.Ask {
	return func(_ string, args []string) scorecard.Answer {
		*seen = append(*seen, args)
		verb := args[0]
		switch {
		case verb == "conformance":
			verb += " " + args[1]
		case slices.Contains(args, "crjson"):
			verb += " crjson"
		case slices.Contains(args, "--watermark"):
			verb += " watermark"
		}
		return by[verb]
	}
}

func says(code int, out string) scorecard.Answer {
	return scorecard.Answer{Code: code, Out: []byte(out), Err: []byte("consentry: error: no")}
}

const (
	valid  = `{"verdict":"PASS","complete":true,"provenance":{"store":"present","state":"valid"},"origin":{"state":"captured"}}`
	broken = `{"verdict":"INDETERMINATE","complete":false,"provenance":{"store":null,"state":null},"findings":[{"code":"asset.malformed","outcome":"failure"}]}`
	marked = `{"watermarks":{"state":"analysed","found":[{"algorithm":"dwtDct","message":"0a0b"}],"softBindings":[{"alg":"io.iscc.v0","result":"match"}]},
		"origin":{"state":"generated"},"labels":[{"kind":"encoder"},{"kind":"tc260","value":{"Label":1}}],"fingerprints":[{"kind":"iscc-video","value":"ISCC:AAAP77Y"}]}`
	crjson = `{"manifests":[{"validationResults":{"success":[{"code":"a"},{"code":"b"}],"failure":[]},"ingredientDeltas":[{"validationDeltas":{"failure":[{"code":"f"}]}}]}]}`
)

// Every rule is gone against twice: by an answer that keeps it, and by one that breaks it and is told how.
func TestEveryExpectationCanHoldAndFail(t *testing.T) {
	for name, c := range map[string]struct {
		members string // of the case, beside id and asset
		by      map[string]scorecard.Answer
		why     string // a part of each reason, joined by " | "; empty: it holds
	}{
		"state":                      {`"expect":{"store":"present","state":"valid"}`, map[string]scorecard.Answer{"verify": says(0, valid)}, ""},
		"another-state":              {`"expect":{"state":"trusted"}`, map[string]scorecard.Answer{"verify": says(0, valid)}, "state: valid, expected [trusted]"},
		"one-of-states":              {`"expect":{"state":["trusted","valid"]}`, map[string]scorecard.Answer{"verify": says(0, valid)}, ""},
		"state-that-must-not-be":     {`"expect":{"stateNot":["valid"]}`, map[string]scorecard.Answer{"verify": says(0, valid)}, "state: valid must not be"},
		"null-state":                 {`"expect":{"state":"valid"}`, map[string]scorecard.Answer{"verify": says(2, broken)}, "state: null"},
		"exit-not-of-the-verdict":    {`"expect":{"store":"present"}`, map[string]scorecard.Answer{"verify": says(1, valid)}, "verdict PASS with exit 1"},
		"crash":                      {`"expect":{"store":"present"}`, map[string]scorecard.Answer{"verify": says(-1, "")}, "exit -1"},
		"no-report":                  {`"expect":{"store":"present"}`, map[string]scorecard.Answer{"verify": says(2, "")}, "no JSON report"},
		"rejected":                   {`"expect":{"reject":true}`, map[string]scorecard.Answer{"verify": says(2, broken)}, ""},
		"rejected-without-a-report":  {`"expect":{"reject":true}`, map[string]scorecard.Answer{"verify": says(2, "")}, ""},
		"not-rejected":               {`"expect":{"reject":true}`, map[string]scorecard.Answer{"verify": says(0, valid)}, "exit 0, expected 2"},
		"any-of-holds":               {`"expect":{"anyOf":[{"state":"trusted"},{"state":"valid"}]}`, map[string]scorecard.Answer{"verify": says(0, valid)}, ""},
		"none-of-any-holds":          {`"expect":{"anyOf":[{"state":"trusted"},{"reject":true}]}`, map[string]scorecard.Answer{"verify": says(0, valid)}, "none of anyOf holds"},
		"remote":                     {`"expect":{"store":"present","remote":"https://a.example/m"}`, map[string]scorecard.Answer{"verify": says(0, valid)}, `remote: ""`},
		"origin":                     {`"expect":{"store":"present","ai":"generated"}`, map[string]scorecard.Answer{"verify": says(0, valid)}, "origin: captured"},
		"codes":                      {`"expect":{"manifests":[{"success":{"exactly":["a","b"]},"failure":{"exactly":[]}}],"ingredients":{"failure":{"contains":["f"]}}}`, map[string]scorecard.Answer{"verify": says(0, valid), "verify crjson": says(0, crjson)}, ""},
		"other-codes":                {`"expect":{"manifests":[{"success":{"exactly":["a"]},"informational":{"contains":["i"]}},{}],"ingredients":{"failure":{"excludes":["f"]},"success":{"containsAny":["s"]}}}`, map[string]scorecard.Answer{"verify": says(0, valid), "verify crjson": says(0, crjson)}, "missing [], extra [b] | missing [i]; has [] | manifest 1 missing | none of [s] | must not have f"},
		"end-to-end":                 {`"args":["verify","--format","text","x"],"expect":{"exit":1,"verdict":"FAIL","stdoutExcludes":["secret"],"people":{"p1":{"state":"verified","codes":{"contains":["c"]}}}}`, map[string]scorecard.Answer{"verify": says(1, `{"verdict":"FAIL","people":[{"id":"p1","state":"verified","tokens":[{"findings":[{"code":"c"}]}]}]}`)}, ""},
		"end-to-end-otherwise":       {`"args":["verify","x"],"expect":{"exit":0,"verdict":"PASS","origin":"generated","stdoutExcludes":["verified"],"people":{"p1":{"level":"E4"},"p2":{}},"codes":{"exactly":["d"]}}`, map[string]scorecard.Answer{"verify": says(1, `{"verdict":"FAIL","people":[{"id":"p1","state":"verified"}],"findings":[{"code":"c","person":"p1"}]}`)}, "exit 1, expected 0 | standard output holds | verdict: FAIL | origin: , expected generated | p1.level | p2 is missing | extra [c]"},
		"facts":                      {`"facts":{},"expect":{"verdict":"PASS"}`, map[string]scorecard.Answer{"conformance facts": says(0, `{"id":"k","verdict":"PASS"}`)}, ""},
		"facts-otherwise":            {`"facts":{},"expect":{"verdict":"PASS"}`, map[string]scorecard.Answer{"conformance facts": says(0, `{"id":"k","verdict":"FAIL"}`)}, "verdict: FAIL"},
		"facts-that-are-refused":     {`"facts":{},"expect":{"error":true}`, map[string]scorecard.Answer{"conformance facts": says(0, `{"id":"k","error":"no"}`)}, ""},
		"facts-that-are-not-refused": {`"facts":{},"expect":{"error":true}`, map[string]scorecard.Answer{"conformance facts": says(0, `{"id":"k","verdict":"PASS"}`)}, "judged, expected an error"},
		"facts-without-an-answer":    {`"facts":{},"expect":{"verdict":"PASS"}`, map[string]scorecard.Answer{"conformance facts": says(2, "")}, "no answer (exit 2"},
		"token":                      {`"token":"t","expect":["a","valid"]`, map[string]scorecard.Answer{"conformance jose": says(0, `{"id":"k","result":"valid"}`)}, ""},
		"token-otherwise":            {`"token":"t","expect":"a"`, map[string]scorecard.Answer{"conformance jose": says(0, `{"id":"k","result":"valid"}`)}, "valid, expected a"},
		"marks":                      {`"expect":{"watermarks":[{"algorithm":"dwtDct","message":"A0B"}],"labels":[{"kind":"tc260","value":{"Label":"1"}}],"ai":"marked","softBinding":{"alg":"io.iscc.v0","result":"match"},"iscc":{"video256":"ISCC:AAAP77Q"}}`, map[string]scorecard.Answer{"verify": says(0, marked)}, ""},
		"marks-otherwise":            {`"expect":{"watermarks":[{"algorithm":"dwtDctSvd","message":"1"},{"algorithm":"rivaGan","message":"2","grade":"may"}],"labels":[{"kind":"tc260","value":{"Label":"2"}},{"kind":"comfyui"}],"ai":"none","softBinding":{"result":"no-match"},"iscc":{"video256":"ISCC:AAAAAAA"}}`, map[string]scorecard.Answer{"verify": says(0, marked)}, "mark not found: dwtDctSvd:1 | FALSE mark: dwtDct:a0b | no tc260 label | label not found: comfyui | origin: generated (none) | soft binding: [io.iscc.v0 match] | ISCC differs"},
		"a-mark-of-ones-own":         {`"expect":{"watermarks":[],"withMessage":[{"algorithm":"dwtDct","bits":12,"message":"a0b"}]}`, map[string]scorecard.Answer{"verify": says(0, `{"watermarks":{"state":"analysed"}}`), "verify watermark": says(0, marked)}, ""},
		"nobody-looked-for-marks":    {`"expect":{"watermarks":[]}`, map[string]scorecard.Answer{"verify": says(0, `{"watermarks":{"state":"off"}}`)}, `state is "off"`},
		"persons":                    {`"truth":"truth.json","declarations":[{"file":"d","missable":1,"expect":{"undeclaredTracks":1,"covered":["p1"],"notSeen":["p3"]}}]`, map[string]scorecard.Answer{"persons": says(0, `{"persons":{"status":"analysed","tracks":[{"person":"p1"},{"person":"h1"},{"class":"possible"}],"notSeen":["p3"]}}`)}, ""},
		"persons-otherwise":          {`"truth":"truth.json","declarations":[{"file":"d","expect":{"undeclaredTracks":0,"covered":["p1"]}}]`, map[string]scorecard.Answer{"persons": says(0, `{"status":"analysed","tracks":[{"class":"confirmed"}],"notSeen":["p3"]}`)}, "1 undeclared tracks, expected 0 to 0 | covered [], expected [p1] | notSeen [p3]"},
		"persons-not-analysed":       {`"truth":"truth.json","declarations":[{"file":"d","expect":{}}]`, map[string]scorecard.Answer{"persons": says(2, `{"status":"not-analysed"}`)}, "status not-analysed"},
		"truth-that-is-missing":      {`"truth":"none.json","declarations":[]`, nil, "the case's truth"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := folder(t, map[string]string{
				"cases.json": `{"cases":[{"id":"k","asset":"a.mp4",` + c.members + `}]}`,
				"a.mp4":      "x",
				"x":          "x",
				"d":          "{}",
				"truth.json": `{"tracks":[{"person":"p1","level":"clear"},{"person":"h1","level":"hard"},{"person":"p1","level":"hard"}]}`,
			})
			sets, err := scorecard.Load(dir)
			if err != nil {
				t.Fatal(err)
			}
			var seen [][]string
			r := &scorecard.Runner{Ask: answers(c.by, &seen)}
			got := r.Run(&sets[0], nil)[0]
			if c.why == "" && got.Outcome() != "pass" || c.why != "" && got.Outcome() != "fail" {
				t.Fatalf("%s: %q", got.Outcome(), got.Why)
			}
			if c.why == "" {
				return
			}
			all := strings.Join(got.Why, "\n")
			for part := range strings.SplitSeq(c.why, " | ") {
				if !strings.Contains(all, part) {
					t.Errorf("no %q in %q", part, got.Why)
				}
			}
			if want := strings.Count(c.why, " | ") + 1; len(got.Why) != want {
				t.Errorf("%d reasons, want %d: %q", len(got.Why), want, got.Why)
			}
		})
	}
}

func TestWhoIsAskedNeverSeesWhatIsExpected(t *testing.T) {
	dir := folder(t, map[string]string{"cases.json": `{"cases":[{"id":"k","facts":{"n":1},"expect":{"verdict":"PASS"},"because":"SECRET"},{"id":"l","token":"t","expect":"SECRET"}]}`})
	sets, err := scorecard.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	asked := 0
	r := &scorecard.Runner{Ask: func(_ string, args []string) scorecard.Answer {
		b, err := os.ReadFile(args[2])
		if err != nil {
			t.Fatal(err)
		}
		var doc struct{ Cases []map[string]any }
		if err := json.Unmarshal(b, &doc); err != nil || len(doc.Cases) != 1 {
			t.Errorf("%v: %s", err, b)
		}
		if strings.Contains(string(b), "SECRET") || strings.Contains(string(b), "PASS") {
			t.Errorf("asked with %s", b)
		}
		asked++
		return scorecard.Answer{}
	}}
	r.Run(&sets[0], nil)
	if asked != 2 {
		t.Errorf("asked %d times", asked)
	}
}

func TestLoad(t *testing.T) {
	dir := folder(t, map[string]string{
		"b/cases.json": `{"cases":[{"id":"1","stage":2},{"id":"2"}]}`,
		"a/case.json":  `[{"id":"3","expect":{"store":null}}]`,
		"other.json":   `nothing`,
	})
	sets, err := scorecard.Load(dir)
	if err != nil || len(sets) != 2 || sets[0].Name != "a" || sets[1].Name != "b" {
		t.Fatalf("%v %+v", err, sets)
	}
	if k := sets[1].Cases[0].Kind(); k != scorecard.Unknown {
		t.Errorf("a case without an expectation is %s", k)
	}
	r := &scorecard.Runner{Ask: func(string, []string) scorecard.Answer { t.Error("asked"); return scorecard.Answer{} }}
	for _, got := range r.Run(&sets[1], func(c *scorecard.Case) bool { return c.Stage < 2 }) {
		if got.ID != "2" || got.Outcome() != "skip" {
			t.Errorf("%+v", got)
		}
	}
	for form, want := range map[string]string{
		`[{"id":"j"},{"id":"k","asset":"a","expect":{"stateNot":3}}]`: `case 2 ("k"): expect: stateNot: a number does not belong there`,
		`[{"id":"k","asset":3}]`:               `case 1 ("k"): asset: a number does not belong there`,
		`[{"id":"k","inputs":{"tsaTrust":3}}]`: `case 1 ("k"): inputs.tsaTrust: a number does not belong there`,
		`[{"id":"k"},{"id":"l"},{"id":"k"}]`:   `case 3 ("k"): its id is that of case 1`,
	} {
		if _, err := scorecard.Load(folder(t, map[string]string{"cases.json": form})); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "struct") {
			t.Errorf("%s: %v", form, err)
		}
	}
	for name, files := range map[string]map[string]string{
		"no cases at all": {"x.json": "[]"},
		"no JSON":         {"cases.json": "{"},
		"no id":           {"cases.json": `[{"asset":"a"}]`},
		"another form":    {"cases.json": `[{"id":"k","expect":{"manifests":3,"store":"present"}}]`},
		"token without":   {"cases.json": `[{"id":"k","token":"t"}]`},
	} {
		if _, err := scorecard.Load(folder(t, files)); err == nil {
			t.Errorf("%s: loaded", name)
		}
	}
}

func TestAFileThatIsMissingIsAFailure(t *testing.T) {
	sets, err := scorecard.Load(folder(t, map[string]string{"cases.json": `[{"id":"k","asset":"gone.mp4","expect":{"store":"absent"}}]`}))
	if err != nil {
		t.Fatal(err)
	}
	if got := (&scorecard.Runner{}).Run(&sets[0], nil)[0]; got.Outcome() != "fail" || !strings.Contains(got.Why[0], `"gone.mp4" is not there`) {
		t.Errorf("%+v", got)
	}
}

func TestACommandLineOfACaseOnlyReads(t *testing.T) {
	for name, c := range map[string]struct {
		args string // JSON
		why  string // empty: it is asked
		want []string
	}{
		"as-it-stands":           {`["verify","--strict","--format","json","x.mp4"]`, "", []string{"verify", "--no-state", "--format", "json", "--strict", "--", "x.mp4"}},
		"no-state-once":          {`["--no-state","--at=2026-01-01T00:00:00Z","x.mp4"]`, "", []string{"verify", "--no-state", "--format", "json", "--at", "2026-01-01T00:00:00Z", "--", "x.mp4"}},
		"a-file-with-a-dash":     {`["--","-o","x.mp4"]`, "", []string{"verify", "--no-state", "--format", "json", "--", "-o", "x.mp4"}},
		"a-value-with-a-dash":    {`["--eku","--fetch","x.mp4"]`, "", []string{"verify", "--no-state", "--format", "json", "--eku", "--fetch", "--", "x.mp4"}},
		"another-verb":           {`["sign","x.mp4"]`, "", []string{"verify", "--no-state", "--format", "json", "--", "sign", "x.mp4"}},
		"written-to-a-file":      {`["-o","/any/file","x.mp4"]`, "may not have the flag -o", nil},
		"written-behind-a-file":  {`["x.mp4","--o=/any/file"]`, "may not have the flag --o", nil},
		"the-network":            {`["--fetch","x.mp4"]`, "may not have the flag --fetch", nil},
		"the-network-said-so":    {`["--fetch=true","x.mp4"]`, "may not have the flag --fetch", nil},
		"the-state-after-all":    {`["--no-state=false","x.mp4"]`, "takes no value", nil},
		"models-of-its-own":      {`["--models-dir","/tmp","x.mp4"]`, "may not have the flag --models-dir", nil},
		"a-network-of-its-own":   {`["--face-model","m.onnx","x.mp4"]`, "may not have the flag --face-model", nil},
		"as-many-jobs-as-it-may": {`["--jobs","9999","x.mp4"]`, "may not have the flag --jobs", nil},
		"what-nobody-knows":      {`["--frobnicate","x.mp4"]`, "may not have the flag --frobnicate", nil},
		"standard-input":         {`["-"]`, "may not read standard input", nil},
		"a-value-that-is-gone":   {`["x.mp4","--trust"]`, "--trust has no value", nil},
		"a-form-that-is-none":    {`["--format","xml","x.mp4"]`, "no form", nil},
	} {
		t.Run(name, func(t *testing.T) {
			sets, err := scorecard.Load(folder(t, map[string]string{
				"cases.json": `[{"id":"k","args":` + c.args + `,"expect":{"exit":0}}]`, "x.mp4": "", "-o": "", "sign": "",
			}))
			if err != nil {
				t.Fatal(err)
			}
			var seen [][]string
			got := (&scorecard.Runner{Ask: answers(map[string]scorecard.Answer{"verify": says(0, valid)}, &seen)}).Run(&sets[0], nil)[0]
			if c.why != "" {
				if len(seen) != 0 || len(got.Why) != 1 || !strings.Contains(got.Why[0], c.why) {
					t.Errorf("asked %q: %q", seen, got.Why)
				}
				return
			}
			if len(seen) != 1 || !slices.Equal(seen[0], c.want) || got.Outcome() != "pass" {
				t.Errorf("asked %q: %q", seen, got.Why)
			}
		})
	}
}

// FuzzCases: whatever a file of cases holds, it is refused or its cases are counted one by one.
func FuzzCases(f *testing.F) {
	for _, seed := range []string{
		`[]`, `{"cases":[{"id":"k","facts":{},"expect":{"error":true}}]}`, `[{"id":"k","token":"t","expect":["a"]}]`,
		`[{"id":"k","args":["verify","--format"],"expect":{"exit":2}}]`, `[{"id":"k","asset":"cases.json","expect":{"anyOf":[{"anyOf":[{}]}],"state":["a",null]}}]`,
		`[{"id":"k","truth":"cases.json","declarations":[{}]}]`, `[{"id":"k","expect":{"labels":[{"kind":"tc260","value":{"a":null}}]}}]`,
	} {
		f.Add(seed)
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text string) {
		if err := os.WriteFile(filepath.Join(dir, "cases.json"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		sets, err := scorecard.Load(dir)
		if err != nil {
			return
		}
		r := &scorecard.Runner{Ask: func(string, []string) scorecard.Answer {
			return scorecard.Answer{Out: []byte(`{"verdict":"PASS","labels":[{"kind":"tc260","value":{"a":1}}]}`)}
		}}
		results := r.Run(&sets[0], nil)
		if len(results) != len(sets[0].Cases) {
			t.Fatalf("%d results of %d cases", len(results), len(sets[0].Cases))
		}
		for i, got := range results {
			if got.ID != sets[0].Cases[i].ID || (got.Outcome() == "fail") != (len(got.Why) > 0) {
				t.Fatal(fmt.Sprint(got))
			}
		}
	})
}

func TestLimits(t *testing.T) {
	deep := "1/2/3/4/5/6/7/8"
	dir := folder(t, map[string]string{deep + "/cases.json": `[{"id":"k"}]`, deep + "/9/cases.json": `[{"id":"k"}]`})
	sets, err := scorecard.Load(dir)
	if err != nil || len(sets) != 1 || sets[0].Name != deep {
		t.Errorf("%v: %+v", err, sets)
	}
	many := map[string]string{}
	for i := range 1000 {
		many[fmt.Sprintf("%d/cases.json", i)] = `[]`
	}
	dir = folder(t, many)
	if sets, err := scorecard.Load(dir); err != nil || len(sets) != 1000 {
		t.Errorf("%v, %d sets", err, len(sets))
	}
	if err := os.Mkdir(filepath.Join(dir, "one more"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "one more", "cases.json"), []byte("[]"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := scorecard.Load(dir); err == nil {
		t.Error("1,001 sets were loaded")
	}
	// Sparse files: one as long as may be is read and is no list, one byte more is not read.
	for size, limited := range map[int64]bool{256 << 20: false, 256<<20 + 1: true} {
		dir = t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "cases.json"), nil, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(filepath.Join(dir, "cases.json"), size); err != nil {
			t.Fatal(err)
		}
		if _, err := scorecard.Load(dir); err == nil || strings.Contains(err.Error(), "the limit is") != limited {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
}

// The cases of all sets count together. A million of them takes ten seconds to read: what is asked after each set is
// asked here.
func TestCasesOfAllSetsAreBounded(t *testing.T) {
	for cases, within := range map[int]bool{0: true, 1 << 20: true, 1<<20 + 1: false} {
		if err := scorecard.TooMany(1, cases); (err == nil) != within {
			t.Errorf("%d cases: %v", cases, err)
		}
	}
	if scorecard.TooMany(1000, 0) != nil || scorecard.TooMany(1001, 0) == nil {
		t.Error("not a thousand sets")
	}
}
