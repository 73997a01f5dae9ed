package consent_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/consentry/consentry/consent"
)

// whole is an assertion with every member that the format knows.
const whole = `{"v":1,"completeness":"complete",
"people":[
 {"id":"p1","kind":"real","rendering":"replica","modality":["face","voice"],"replica_kind":"employment","subject":{"scheme":"hand","id":"10.23/A"},"regions":[{"identifier":"p1/1","region":[{"type":"temporal","time":{"start":"0","end":"4.5"}}]}],"audio_tracks":["2"],"minor":false,"tokens":[0,1],"basis":"token"},
 {"id":"p2","kind":"deceased","rendering":"altered","modality":["face"],"subject":{"commit":"AAAA"},"basis":"exempt","exemption":"news"}],
"works":[{"id":"w1","kind":"character","rendering":"resemblance","subject":{"scheme":"eidr","id":"10.5240/X"},"tokens":[1],"basis":"unknown"}],
"tokens":[{"jwt":"a.b.c","status":"d.e.f"},{"uri":"https://t.example/1","s256":"BBBB"}],
"generation":{"provider":"https://g.example","product":"p","model":"m","request_id":"r","purpose":["test"],"territory":["US"],"channel":["tv"],"works":["w"],"content":["violence"],"prompt_s256":"CCCC"},
"consulted":[{"registry":"https://r.example","s256":"DDDD","as_of":"2026-10-03T10:00:00Z","answers":{"p1":"none"}}],
"x-note":{"deep":[1,2.5,null,true,"ü"]}}`

// corruptions are changes of whole, each with the path that the error must name.
var corruptions = []struct{ name, old, new, path string }{
	{"version-2", `"v":1`, `"v":2`, "v"},
	{"version-in-text", `"v":1`, `"v":"1"`, "v"},
	{"version-as-a-fraction", `"v":1`, `"v":1.0`, "v"},
	{"no-version", `"v":1,`, ``, "v"},
	{"no-completeness", `"completeness":"complete",`, ``, "completeness"},
	{"completeness-null", `"completeness":"complete"`, `"completeness":null`, "completeness"},
	{"unknown-completeness", `"complete"`, `"yes"`, "completeness"},
	{"no-people", `"people":[`, `"persons":[`, "people"},
	{"id-in-capitals", `"id":"p1"`, `"id":"P1"`, "people[0].id"},
	{"id-too-long", `"id":"p1"`, `"id":"` + strings.Repeat("p", 33) + `"`, "people[0].id"},
	{"id-begins-with-a-dash", `"id":"p1"`, `"id":"-p"`, "people[0].id"},
	{"id-with-a-line-feed", `"id":"p1"`, `"id":"p1\n"`, "people[0].id"},
	{"no-id", `"id":"p1",`, ``, "people[0].id"},
	{"id-twice", `"id":"p2"`, `"id":"p1"`, "people[1].id"},
	{"id-of-a-work-twice", `"id":"w1"`, `"id":"p2"`, "works[0].id"},
	{"unknown-kind", `"kind":"real"`, `"kind":"person"`, "people[0].kind"},
	{"no-rendering", `"rendering":"replica",`, ``, "people[0].rendering"},
	{"unknown-rendering", `"rendering":"replica"`, `"rendering":"fake"`, "people[0].rendering"},
	{"no-modality", `"modality":["face","voice"],`, ``, "people[0].modality"},
	{"empty-modality", `["face","voice"]`, `[]`, "people[0].modality"},
	{"unknown-modality", `"voice"]`, `"hands"]`, "people[0].modality[1]"},
	{"unknown-replica-kind", `"employment"`, `"work"`, "people[0].replica_kind"},
	{"subject-twice", `{"commit":"AAAA"}`, `{"commit":"AAAA","scheme":"hand","id":"x"}`, "people[1].subject"},
	{"subject-half", `{"scheme":"hand","id":"10.23/A"}`, `{"scheme":"hand"}`, "people[0].subject"},
	{"subject-empty", `{"commit":"AAAA"}`, `{}`, "people[1].subject"},
	{"regions-empty", `[{"identifier":"p1/1","region":[{"type":"temporal","time":{"start":"0","end":"4.5"}}]}]`, `[]`, "people[0].regions"},
	{"region-in-text", `[{"identifier":"p1/1","region":[{"type":"temporal","time":{"start":"0","end":"4.5"}}]}]`, `["p1"]`, "people[0].regions[0]"},
	{"audio-track-a-number", `["2"]`, `[2]`, "people[0].audio_tracks[0]"},
	{"minor-in-text", `"minor":false`, `"minor":"no"`, "people[0].minor"},
	{"index-out-of-range", `"tokens":[0,1]`, `"tokens":[0,2]`, "people[0].tokens[1]"},
	{"index-negative", `"tokens":[0,1]`, `"tokens":[-1]`, "people[0].tokens[0]"},
	{"index-a-fraction", `"tokens":[0,1]`, `"tokens":[0.5]`, "people[0].tokens[0]"},
	{"index-too-large-for-any-number", `"tokens":[0,1]`, `"tokens":[18446744073709551616]`, "people[0].tokens[0]"},
	{"indices-empty", `"tokens":[0,1]`, `"tokens":[]`, "people[0].tokens"},
	{"unknown-basis", `"basis":"token"`, `"basis":"trust"`, "people[0].basis"},
	{"exemption-a-number", `"exemption":"news"`, `"exemption":1`, "people[1].exemption"},
	{"unknown-work", `"kind":"character"`, `"kind":"real"`, "works[0].kind"},
	{"work-altered", `"rendering":"resemblance"`, `"rendering":"altered"`, "works[0].rendering"},
	{"works-empty", `[{"id":"w1","kind":"character","rendering":"resemblance","subject":{"scheme":"eidr","id":"10.5240/X"},"tokens":[1],"basis":"unknown"}]`, `[]`, "works"},
	{"token-both", `{"uri":"https://t.example/1",`, `{"jwt":"x","uri":"https://t.example/1",`, "tokens[1]"},
	{"token-neither", `{"jwt":"a.b.c",`, `{`, "tokens[0]"},
	{"token-without-digest", `,"s256":"BBBB"`, ``, "tokens[1]"},
	{"no-provider", `"provider":"https://g.example",`, ``, "generation.provider"},
	{"purpose-empty", `"purpose":["test"]`, `"purpose":[]`, "generation.purpose"},
	{"purpose-in-text", `"purpose":["test"]`, `"purpose":"test"`, "generation.purpose"},
	{"no-as-of", `,"as_of":"2026-10-03T10:00:00Z"`, ``, "consulted[0].as_of"},
	{"as-of-in-words", `2026-10-03T10:00:00Z`, `today`, "consulted[0].as_of"},
	{"answer-permit", `{"p1":"none"}`, `{"p1":"permit"}`, "consulted[0].answers.p1"},
	{"no-answers", `{"p1":"none"}`, `{}`, "consulted[0].answers"},
	{"a-list", whole, `[]`, ""},
}

// corrupt is one corruption of whole. It fails the test if nothing changes.
func corrupt(t testing.TB, old, new string) string {
	t.Helper()
	text := strings.Replace(whole, old, new, 1)
	if text == whole {
		t.Fatalf("%q changes nothing", old)
	}
	return text
}

// inCBOR is the same map in CBOR, by the library's encoder.
func inCBOR(t testing.TB, text string) []byte {
	t.Helper()
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		t.Fatal(err)
	}
	b, err := cbor.Marshal(numbers(v))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// numbers makes JSON numbers what a CBOR writer makes of them: integers where they are, floats else.
func numbers(v any) any {
	switch x := v.(type) {
	case json.Number:
		if i, err := x.Int64(); err == nil {
			return i
		}
		f, _ := x.Float64()
		return f
	case []any:
		for i := range x {
			x[i] = numbers(x[i])
		}
	case map[string]any:
		for k := range x {
			x[k] = numbers(x[k])
		}
	}
	return v
}

func TestParseAssertion(t *testing.T) {
	a, err := consent.ParseAssertion([]byte(whole), false)
	if err != nil {
		t.Fatal(err)
	}
	if len(a.People) != 2 || len(a.Works) != 1 || len(a.Tokens) != 2 || a.Generation == nil || len(a.Consulted) != 1 || len(a.Over) != 0 {
		t.Fatalf("read %+v", a)
	}
	p := a.People[0]
	if p.ID != "p1" || p.Subject.ID != "10.23/A" || len(p.Regions) != 1 || p.Regions[0].Identifier != "p1/1" || len(p.Regions[0].Ranges) != 1 {
		t.Errorf("person %+v", p)
	}
	if a.Unknown["x-note"] != `{"deep":[1,2.5,null,true,"ü"]}` {
		t.Errorf("unknown member %q", a.Unknown["x-note"])
	}
	b, err := consent.ParseAssertion(inCBOR(t, whole), true)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(a, b, cmpopts.IgnoreUnexported(consent.Person{})); d != "" {
		t.Errorf("JSON and CBOR read differently: %s", d)
	}
	for _, c := range corruptions {
		t.Run(c.name, func(t *testing.T) {
			text := corrupt(t, c.old, c.new)
			for _, form := range []struct {
				b    []byte
				cbor bool
			}{{[]byte(text), false}, {inCBOR(t, text), true}} {
				a, err := consent.ParseAssertion(form.b, form.cbor)
				var bad *consent.SyntaxError
				if a != nil || !errors.As(err, &bad) || bad.Path != c.path || bad.Large {
					t.Errorf("cbor %v: %v, %v; want an error at %q", form.cbor, a, err, c.path)
				}
			}
		})
	}
}

// TestAssertionForm: what only one of the two forms can get wrong.
func TestAssertionForm(t *testing.T) {
	for name, text := range map[string]string{
		"member-twice":          corrupt(t, `"v":1,`, `"v":1,"v":1,`),
		"member-twice-inside":   corrupt(t, `"kind":"real"`, `"kind":"real","kind":"synthetic"`),
		"member-twice-in-extra": corrupt(t, `{"deep":`, `{"deep":1,"deep":`),
		"text-after":            whole + `{}`,
		"cut":                   whole[:len(whole)-1],
		"lone-surrogate":        corrupt(t, `"ü"`, `"\ud800"`),
		"byte-order-mark":       "\xef\xbb\xbf" + whole,
		"not-utf-8":             corrupt(t, `"ü"`, "\"\xff\""),
		"empty":                 "",
	} {
		if a, err := consent.ParseAssertion([]byte(text), false); a != nil || err == nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	good := inCBOR(t, whole)
	for name, b := range map[string][]byte{
		"cut":            good[:len(good)-1],
		"bytes-after":    append(append([]byte{}, good...), 0),
		"member-twice":   {0xa2, 0x61, 'v', 1, 0x61, 'v', 1},
		"key-a-number":   {0xa1, 1, 2},
		"text-not-utf-8": {0xa1, 0x61, 0xff, 1},
		"empty":          {},
		"length-of-4-gb": {0xba, 0xff, 0xff, 0xff, 0xff},
	} {
		if a, err := consent.ParseAssertion(b, true); a != nil || err == nil {
			t.Errorf("CBOR %s: %v", name, err)
		}
	}
	// A byte string where text is wanted is malformed; in a member that nobody knows it is kept.
	m := map[string]any{"v": 1, "completeness": "complete", "people": []any{}, "x-blob": []byte{1, 2}, "x-nan": math.NaN(), "x-map": map[int]int{1: 2}}
	b, err := cbor.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	a, err := consent.ParseAssertion(b, true)
	if err != nil || a.Unknown["x-blob"] != `"base64url:AQI"` || len(a.Unknown) != 3 {
		t.Errorf("unknown values: %v, %v", a, err)
	}
	m["completeness"] = []byte("complete")
	if b, err = cbor.Marshal(m); err != nil {
		t.Fatal(err)
	}
	if a, err := consent.ParseAssertion(b, true); a != nil || err == nil {
		t.Error("a byte string passed as text")
	}
}

// many joins n items.
func many(n int, item func(i int) string) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(item(i))
	}
	return b.String()
}

func person(i int) string {
	return fmt.Sprintf(`{"id":"p%d","kind":"synthetic","rendering":"replica","modality":["face"]}`, i)
}

// TestAssertionLimits: at the limit all is read; one past it the rest is read, and what was left out is said.
func TestAssertionLimits(t *testing.T) {
	base := func(people, more string) string {
		return `{"v":1,"completeness":"complete","people":[` + people + `]` + more + `}`
	}
	tokens := func(n int) string {
		return `,"tokens":[` + many(n, func(int) string { return `{"jwt":"a"}` }) + `]`
	}
	regions := func(n int) string {
		return `{"id":"p1","kind":"real","rendering":"replica","modality":["face"],"regions":[` + many(n, func(i int) string { return fmt.Sprintf(`{"identifier":"r%d"}`, i) }) + `]}`
	}
	nested := func(n int) string {
		return `,"x":` + strings.Repeat(`[`, n) + strings.Repeat(`]`, n)
	}
	padded := func(n int) string {
		text := base("", `,"x":""`)
		return text[:len(text)-2] + strings.Repeat("x", n-len(text)) + text[len(text)-2:]
	}
	for _, c := range []struct {
		name, at, past string
		kept           func(*consent.Assertion) (int, int)
	}{
		{"people", base(many(consent.MaxEntries, person), ""), base(many(consent.MaxEntries+1, person), ""), func(a *consent.Assertion) (int, int) { return len(a.People), consent.MaxEntries }},
		{"people-and-works", base(many(consent.MaxEntries-1, person), `,"works":[{"id":"w1","kind":"music","rendering":"replica"}]`), base(many(consent.MaxEntries, person), `,"works":[{"id":"w1","kind":"music","rendering":"replica"}]`), func(a *consent.Assertion) (int, int) {
			return len(a.People) + len(a.Works), consent.MaxEntries
		}},
		{"tokens", base("", tokens(consent.MaxTokens)), base("", tokens(consent.MaxTokens+1)), func(a *consent.Assertion) (int, int) { return len(a.Tokens), consent.MaxTokens }},
		{"regions", base(regions(consent.MaxRegions), ""), base(regions(consent.MaxRegions+1), ""), func(a *consent.Assertion) (int, int) { return len(a.People[0].Regions), consent.MaxRegions }},
		{"depth", base(person(1), nested(15)), base(person(1), nested(16)), func(a *consent.Assertion) (int, int) { return len(a.People), 1 }},
	} {
		for _, form := range []bool{false, true} {
			bytes := func(text string) []byte {
				if form {
					return inCBOR(t, text)
				}
				return []byte(text)
			}
			a, err := consent.ParseAssertion(bytes(c.at), form)
			if err != nil || len(a.Over) != 0 {
				t.Fatalf("%s, cbor %v: at the limit: %v, %v", c.name, form, a, err)
			}
			a, err = consent.ParseAssertion(bytes(c.past), form)
			if err != nil || len(a.Over) != 1 || !a.Over[0].Large {
				t.Fatalf("%s, cbor %v: past the limit: %v, %v", c.name, form, a, err)
			}
			if got, want := c.kept(a); got != want {
				t.Errorf("%s, cbor %v: %d were kept, want %d", c.name, form, got, want)
			}
		}
	}
	if _, err := consent.ParseAssertion([]byte(padded(consent.MaxAssertion)), false); err != nil {
		t.Errorf("a mebibyte: %v", err)
	}
	values := func(n int) []byte { // with the object, its members' values and the list itself
		return []byte(base("", `,"x":[`+many(n-5, func(int) string { return "1" })+`]`))
	}
	if a, err := consent.ParseAssertion(values(1<<18), false); err != nil || len(a.Over) != 0 {
		t.Errorf("as many values as are read: %v", err)
	}
	for name, b := range map[string][]byte{
		"a value more":                values(1<<18 + 1),
		"a byte more than a mebibyte": []byte(padded(consent.MaxAssertion + 1)),
		"half a million values":       []byte(base("", `,"x":[`+many(1<<19-64, func(int) string { return "1" })+`]`)),
	} {
		a, err := consent.ParseAssertion(b, false)
		var bad *consent.SyntaxError
		if a != nil || !errors.As(err, &bad) || !bad.Large {
			t.Errorf("%s: %v, %v", name, a, err)
		}
	}
	deep := append([]byte{0xa1, 0x61, 'x'}, []byte(strings.Repeat("\x81", 600))...)
	a, err := consent.ParseAssertion(append(deep, 0), true)
	var bad *consent.SyntaxError
	if a != nil || !errors.As(err, &bad) || !bad.Large {
		t.Errorf("600 levels of CBOR: %v, %v", a, err)
	}
	// In JSON any depth costs one pass.
	if a, err := consent.ParseAssertion([]byte(base(person(1), nested(400_000))), false); err != nil || len(a.Over) != 1 || len(a.People) != 1 {
		t.Errorf("400,000 levels of JSON: %v, %v", a, err)
	}
}

// FuzzParseAssertion: an assertion reads, or the error says where; what reads in JSON reads the same in CBOR.
func FuzzParseAssertion(f *testing.F) {
	f.Add([]byte(whole), false)
	f.Add(inCBOR(f, whole), true)
	f.Add([]byte(`{"v":1,"completeness":"complete","people":[]}`), false)
	f.Add([]byte{0xbf, 0x61, 'v', 1, 0xff}, true)
	f.Add([]byte(`{"x":`+strings.Repeat(`[{"a":`, 40)), false)
	for _, c := range corruptions {
		f.Add([]byte(corrupt(f, c.old, c.new)), false)
		f.Add(inCBOR(f, corrupt(f, c.old, c.new)), true)
	}
	f.Fuzz(func(t *testing.T, b []byte, isCBOR bool) {
		a, err := consent.ParseAssertion(b, isCBOR)
		var bad *consent.SyntaxError
		if (a == nil) == (err == nil) || err != nil && !errors.As(err, &bad) {
			t.Fatalf("ParseAssertion = %v, %v", a, err)
		}
		if a == nil {
			return
		}
		if len(a.People)+len(a.Works) > consent.MaxEntries || len(a.Tokens) > consent.MaxTokens {
			t.Fatal("more than the limits was kept")
		}
		for _, name := range []string{"people", "tokens", "v"} {
			if _, odd := a.Unknown[name]; odd {
				t.Fatalf("%s is not unknown", name)
			}
		}
		if isCBOR || len(a.Over) > 0 {
			return
		}
		again, err := consent.ParseAssertion(inCBOR(t, string(b)), true)
		if err != nil {
			t.Fatalf("reads in JSON, not in CBOR: %v", err)
		}
		ignore := cmpopts.IgnoreFields(consent.Assertion{}, "Unknown", "Over") // numbers may be written in another way
		if d := cmp.Diff(a, again, cmpopts.IgnoreUnexported(consent.Person{}), cmpopts.EquateNaNs(), ignore); d != "" {
			t.Fatal(d)
		}
	})
}

func BenchmarkParseAssertion(b *testing.B) {
	text := []byte(`{"v":1,"completeness":"complete","people":[` + many(consent.MaxEntries, person) + `]}`)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, err := consent.ParseAssertion(text, false); err != nil {
			b.Fatal(err)
		}
	}
}
