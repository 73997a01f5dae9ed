package consent

import (
	"bytes"
	"encoding/json"
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

func TestJSONLimits(t *testing.T) {
	lim := jsonLimits{depth: 3, nodes: 5}
	for text, ok := range map[string]bool{
		`[[[]]]`: true, `[[[[]]]]`: false, `[1,2,3,4]`: true, `[1,2,3,4,5]`: false, `{"a":{"b":{"c":1}}}`: true, `{"a":{"b":{"c":{}}}}`: false,
	} {
		if _, err := parseJSON(text, "x", lim); (err == nil) != ok {
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
			if s, err := Show(raw); err != nil || !json.Valid(s.Payload) || !json.Valid(s.Header) {
				t.Fatalf("a token that can be read cannot be shown: %v", err)
			}
		}
	})
}
