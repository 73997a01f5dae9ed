package consent

import (
	"bytes"
	"encoding/json"
	"errors"
	"math/big"
	"strings"
	"testing"
	"unicode/utf8"
)

var jsonSeeds = []string{
	`{}`, `[]`, `""`, `0`, `-0`, `-1.5e+3`, `true`, `null`, `{"a":{"b":[1,2,{"c":null}]}}`, `{"a":1,"a":2}`, `{"a":1,"\u0061":2}`,
	`"\ud83d\ude00"`, `"\ud83d"`, `"\udc00"`, "\"\xff\"", "\"\x00\"", `[[[[[[[[]]]]]]]]`, `[[[[[[[[[]]]]]]]]]`, `01`, `1.`, `.1`, `1e`, `+1`, `NaN`,
	`{"a":1,}`, `[1,]`, `{"a" 1}`, `{a:1}`, ` 1 `, `1 1`, "\ufeff1", `"\q"`, `"\u12"`, `"\u+123"`, `{"":{"":""}}`, `"`, `"\`, `{"a`,
}

// FuzzJSON holds our scanner against the standard library's: what ours accepts, the library reads alike, and what is
// encoded again is the same value. The other way round it is stricter, by the rules of section 3.1 alone.
func FuzzJSON(f *testing.F) {
	for _, s := range jsonSeeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		v, bad := parseJSON(text, "x", jsonLimits{depth: 8, nodes: 1000})
		if bad != nil {
			if v.kind != absent || v.items != nil {
				t.Fatal("a value beside an error")
			}
			if bad.Offset < 0 || bad.Offset > int64(len(text)) {
				t.Fatalf("offset %d of %d", bad.Offset, len(text))
			}
			return
		}
		var std any
		d := json.NewDecoder(strings.NewReader(text))
		d.UseNumber()
		if err := d.Decode(&std); err != nil {
			t.Fatalf("the library refuses it: %v", err)
		}
		if !equal(t, v, std) {
			t.Fatalf("the library reads %v", std)
		}
		if !utf8.ValidString(text) && strings.Contains(text, "\xff") {
			t.Fatal("a byte that is no UTF-8 was accepted")
		}
		out := v.encode(nil)
		again, bad := parseJSON(string(out), "x", jsonLimits{depth: 8, nodes: 1000})
		if bad != nil {
			t.Fatalf("our own encoding is refused: %v", bad)
		}
		if !bytes.Equal(again.encode(nil), out) {
			t.Fatal("the encoding is not stable")
		}
	})
}

// equal compares a value with the library's reading of the same text, and finds any name that stands twice.
func equal(t *testing.T, v value, std any) bool {
	switch x := std.(type) {
	case nil:
		return v.kind == jsonNull
	case bool:
		return v.kind == jsonBool && (v.text == "true") == x
	case string:
		return v.kind == jsonString && v.text == x
	case json.Number:
		a, ok1 := new(big.Float).SetString(v.text)
		b, ok2 := new(big.Float).SetString(x.String())
		return v.kind == jsonNumber && ok1 == ok2 && (!ok1 || a.Cmp(b) == 0)
	case []any:
		if v.kind != jsonArray || len(v.items) != len(x) {
			return false
		}
		for i := range x {
			if !equal(t, v.items[i], x[i]) {
				return false
			}
		}
		return true
	case map[string]any:
		// The library keeps the last of two members: were a name accepted twice, the counts would differ.
		if v.kind != jsonObject || len(v.items) != len(x) {
			return false
		}
		for i, name := range v.names {
			item, ok := x[name]
			if !ok || !equal(t, v.items[i], item) {
				return false
			}
		}
		return true
	}
	return false
}

// TestJSONForm reads texts that are well-formed, as compactly as they can be written.
func TestJSONForm(t *testing.T) {
	for text, want := range map[string]string{
		" {\t\"a\" : [ 1 ,\r\n 2 ] , \"b\" : { } , \"c\":[\t] } \n\t\r": `{"a":[1,2],"b":{},"c":[]}`,
		"\t7 \n":                                    `7`,
		`[0,-0,10,0.5,1e5,1E+5,1e-5]`:               `[0,-0,10,0.5,1e5,1E+5,1e-5]`,
		`[-1.25,90,0e0,0E-1]`:                       `[-1.25,90,0e0,0E-1]`,
		`[true,false,null,"",{},[[]]]`:              `[true,false,null,"",{},[[]]]`,
		`"\"\\\/\u0041\u00e9\uD83D\uDE00é"`:         `"\"\\/Aéé"`,
		`"ab\"c"`:                                   `"ab\"c"`,
		`"\b\f\n\r\t"`:                              `"\u0008\u000c\u000a\u000d\u0009"`,
		`{"a":{"a":{"a":1}},"b":[{"a":1},{"a":2}]}`: `{"a":{"a":{"a":1}},"b":[{"a":1},{"a":2}]}`,
		"\"\x7f\u2028\"":                            "\"\x7f\u2028\"",
	} {
		want = strings.Replace(want, "Aéé", "Aé\U0001f600é", 1)
		v, err := parseJSON(text, "x", jsonLimits{depth: 8, nodes: 1000})
		if err != nil || string(v.encode(nil)) != want {
			t.Errorf("%s: %v, %s", text, err, v.encode(nil))
		}
	}
}

// TestJSONSaysWhere names what is not well-formed, with its place.
func TestJSONSaysWhere(t *testing.T) {
	const early, open, digits, hex, lone, control = "ends early", "a string without an end", "a number without digits", "without four hexadecimal digits", "a lone surrogate", "a control character"
	for _, c := range []struct {
		text, path string
		offset     int64
		reason     string
	}{
		{``, "x", 0, early},
		{` `, "x", 1, early},
		{`[`, "x[0]", 1, early},
		{`[1`, "x", 2, early},
		{`[1,`, "x[1]", 3, early},
		{`[1, ]`, "x[1]", 4, "no JSON value"},
		{`[[1],[2,x]]`, "x[1][1]", 8, "no JSON value"},
		{`[1x`, "x", 2, "neither a comma nor an end"},
		{`[1 2]`, "x", 3, "neither a comma nor an end"},
		{`{"a":1 "b":2}`, "x", 7, "neither a comma nor an end"},
		{"{\":1}\xff\":1}", "x", 2, "not valid UTF-8"},
		{`[1}`, "x", 2, "neither a comma nor an end"},
		{`{"a":1]`, "x", 6, "neither a comma nor an end"},
		{`{`, "x", 1, "a member's name is missing"},
		{`{a`, "x", 1, "a member's name is missing"},
		{`{"a":1,}`, "x", 7, "a member's name is missing"},
		{`{"a`, "x", 3, open},
		{`{"a"`, "x", 4, "no colon"},
		{`{"a" 1`, "x", 5, "no colon"},
		{`{"a":`, "x.a", 5, early},
		{`{"a":1`, "x", 6, early},
		{`{"a":{"b":[0,{"c":}]}}`, "x.a.b[1].c", 18, "no JSON value"},
		{`{"a":1,"b":2,"a":3}`, "x", 13, `the member "a" stands twice`},
		{`{"` + strings.Repeat("é", 40) + `":x}`, "x." + strings.Repeat("é", 32) + "…", 84, "no JSON value"},
		{`tru`, "x", 0, "no JSON value"},
		{`x`, "x", 0, "no JSON value"},
		{`:`, "x", 0, "no JSON value"},
		{`/`, "x", 0, "no JSON value"},
		{`1 x`, "x", 2, "text after the JSON value"},
		{`01`, "x", 1, "text after the JSON value"},
		{`-`, "x", 1, digits},
		{`-a`, "x", 1, digits},
		{`1.`, "x", 2, digits + " after the point"},
		{`1.e1`, "x", 2, digits + " after the point"},
		{`1e`, "x", 2, digits + " in the exponent"},
		{`1E-`, "x", 3, digits + " in the exponent"},
		{`1e+x`, "x", 3, digits + " in the exponent"},
		{`"`, "x", 1, open},
		{`"ab`, "x", 3, open},
		{`"a\`, "x", 2, open},
		{`"a\"`, "x", 4, open},
		{`"\nab`, "x", 5, open},
		{"\"a\n\"", "x", 2, control},
		{"\"a\x1f\"", "x", 2, control},
		{"\"\\n\x00\"", "x", 3, control},
		{"\"a\xff\"", "x", 1, "not valid UTF-8"},
		{"\"a\\n\xff\"", "x", 1, "not valid UTF-8"},
		{`"a\q"`, "x", 2, "an unknown escape"},
		{`"\x41"`, "x", 1, "an unknown escape"},
		{`"\u12`, "x", 1, hex},
		{`"\u12"`, "x", 1, hex},
		{`"\u+123"`, "x", 1, hex},
		{`"\u12_3"`, "x", 1, hex},
		{`"\u12g4"`, "x", 1, hex},
		{`"\ud83d"`, "x", 1, lone},
		{`"\ude00"`, "x", 1, lone},
		{`"\ud83d\ud83d"`, "x", 1, lone},
		{`"\ud83d\u0041"`, "x", 1, lone},
		{`"\ud83dxude00"`, "x", 1, lone},
		{`"\ud83d\xde00"`, "x", 1, lone},
		{`"\ud83d\ude0`, "x", 1, lone},
	} {
		v, err := parseJSON(c.text, "x", jsonLimits{depth: 8, nodes: 1000})
		if err == nil || v.kind != absent || err.Path != c.path || err.Offset != c.offset || !strings.Contains(err.Reason, c.reason) || err.Large {
			t.Errorf("%s: %+v, want %q at %s, offset %d", c.text, err, c.reason, c.path, c.offset)
		}
	}
}

// TestSyntaxErrorsAreRead as a person reads them: what is not known is not said.
func TestSyntaxErrorsAreRead(t *testing.T) {
	for want, e := range map[string]SyntaxError{
		"x.y: wrong (offset 3)": {Offset: 3, Path: "x.y", Reason: "wrong"},
		"wrong (offset 0)":      {Reason: "wrong"},
		"x: wrong":              {Offset: -1, Path: "x", Reason: "wrong"},
	} {
		if got := e.Error(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	for text, want := range map[string]string{
		strings.Repeat("a", 64): strings.Repeat("a", 64), strings.Repeat("a", 65): strings.Repeat("a", 64) + "…",
		strings.Repeat("a", 63) + "é": strings.Repeat("a", 63) + "…", strings.Repeat("\x80", 65): "…",
	} {
		if got := clip(text); got != want {
			t.Errorf("%q is shortened to %q", text, got)
		}
	}
}

func TestJSONLimits(t *testing.T) {
	lim := jsonLimits{depth: 3, nodes: 5}
	for text, ok := range map[string]bool{
		`[[[]]]`: true, `[[[[]]]]`: false, `[1,2,3,4]`: true, `[1,2,3,4,5]`: false, `{"a":{"b":{"c":1}}}`: true, `{"a":{"b":{"c":{}}}}`: false,
	} {
		if _, err := parseJSON(text, "x", lim); (err == nil) != ok || !ok && err.Large != strings.Contains(text, "5") {
			t.Errorf("%s: %v", text, err)
		}
	}
	// A large object is searched by another way than a small one.
	var b strings.Builder
	for i := range 40 {
		b.WriteString(`,"` + strings.Repeat("m", i+1) + `":0`)
	}
	large := jsonLimits{depth: 2, nodes: 100}
	if _, err := parseJSON("{"+b.String()[1:]+"}", "x", large); err != nil {
		t.Error(err)
	}
	for _, n := range []int{1, 16, 17, 40} {
		if _, err := parseJSON("{"+b.String()[1:]+`,"`+strings.Repeat("m", n)+`":1}`, "x", large); err == nil {
			t.Errorf("member %d stands twice, and it is accepted", n)
		}
	}
}

// FuzzToken reads any text as a token: no panic, a token or an error, and what is accepted keeps its bounds.
func FuzzToken(f *testing.F) {
	k := testKey(f, "performer", "Ed25519")
	h := head().text(f)
	for _, p := range []object{aGrant(), by("guardian"), clearance(), {}, aGrant().set("_sd", []string{"x"}), aGrant().set("consent.chain", []string{"a.b.c"})} {
		f.Add(signText(f, h, p.text(f), k))
	}
	f.Add(signText(f, head().set("typ", "consent+sd-jwt").text(f), aGrant().text(f), k) + "~WyJhIiwiYiIsMV0~")
	f.Add(signText(f, h, `{"exp":1,"exp":2}`, k))
	f.Add("")
	shared := newWorld(f)
	f.Fuzz(func(t *testing.T, raw string) {
		tok, err := ReadToken(raw)
		if (tok == nil) == (err == nil) {
			t.Fatal("a token and an error, or neither")
		}
		if _, ok := err.(*SyntaxError); err != nil && !ok {
			t.Fatalf("an error of another kind: %v", err)
		}
		w := &world{&checker{now: today, t: shared.c.t, signer: shared.c.signer, trust: shared.c.trust, statusPolicy: StatusCap}, shared.e}
		r := w.c.check(tokenInput{raw: raw, entry: w.e})
		if (r.token == nil) != (err != nil) {
			t.Fatal("the reader and the check disagree on the form")
		}
		if !r.verified && (len(r.atGeneration.failures) == 0 || len(r.atNow.failures) == 0) {
			t.Fatal("a token without a verified signature does not fail")
		}
		if err == nil {
			if len(raw) > maxToken {
				t.Fatal("over the limit")
			}
			if tok.Expires != nil && (*tok.Expires < minDate || *tok.Expires > maxDate) {
				t.Fatal("a date out of range")
			}
			// What its disclosures hold is looked at behind the signature; whoever wants to see them has to be able to read them.
			var hidden *SyntaxError
			if s, err := Show(raw); errors.As(err, &hidden) && strings.HasPrefix(hidden.Path, "disclosures[") {
				return
			} else if err != nil || !json.Valid(s.Payload) || !json.Valid(s.Header) {
				t.Fatalf("a token that can be read cannot be shown: %v", err)
			}
		}
	})
}

// TestValues reads values as what they are not: a text is no number, an object no list.
func TestValues(t *testing.T) {
	for text, want := range map[string]int64{`12`: 12, `-12`: -12, `9223372036854775807`: 1<<63 - 1, `"12"`: -1, `1.0`: -1, `1e2`: -1, `9223372036854775808`: -1, `true`: -1, `null`: -1, `[12]`: -1} {
		v, bad := parseJSON(text, "x", tokenJSON)
		if bad != nil {
			t.Fatal(bad)
		}
		if n, ok := v.integer(); ok != (want != -1) || ok && n != want {
			t.Errorf("%s as an integer: %d, %v", text, n, ok)
		}
	}
	for text, want := range map[string]string{`[]`: "", `["a","b"]`: "a b", `["a",1]`: "none", `[null]`: "none", `{"x":"a"}`: "none", `{}`: "none", `"a"`: "none", `null`: "none"} {
		v, bad := parseJSON(text, "x", tokenJSON)
		if bad != nil {
			t.Fatal(bad)
		}
		list, ok := v.strings()
		if ok != (want != "none") || ok && strings.Join(list, " ") != want || !ok && list != nil {
			t.Errorf("%s as a list: %q, %v", text, list, ok)
		}
	}
	for text, want := range map[string]string{
		`{ "a" : [ 1 , true , null ] , "b" : { } }`:  `{"a":[1,true,null],"b":{}}`,
		`"\"\\\/\b\f\n\r\t\u0000\u001f\u007f\u00e9"`: `"\"\\/\u0008\u000c\u000a\u000d\u0009\u0000\u001f` + "\x7fé" + `"`,
	} {
		v, bad := parseJSON(text, "x", tokenJSON)
		if bad != nil {
			t.Fatal(bad)
		}
		if got := string(v.encode(nil)); got != want {
			t.Errorf("%s is written as %s, want %s", text, got, want)
		}
		if v.get("a").kind != jsonArray && v.kind == jsonObject || v.get("c").kind != absent {
			t.Errorf("the members of %s are not found", text)
		}
	}
	if got := string((value{}).encode(nil)); got != "null" {
		t.Errorf("what is not there is written as %q", got)
	}
}
