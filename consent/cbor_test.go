package consent

import (
	"bytes"
	"strings"
	"testing"
)

// TestCBORSaysWhy names what is not read, and whether a limit was passed.
func TestCBORSaysWhy(t *testing.T) {
	for name, c := range map[string]struct {
		b      []byte
		reason string
		large  bool
	}{
		"nothing":                {nil, "not well-formed CBOR", false},
		"text that is not UTF-8": {[]byte{0x61, 0xff}, "not well-formed CBOR", false},
		"cut off":                {[]byte{0x82, 1}, "not well-formed CBOR", false},
		"a member twice":         {[]byte{0xa2, 0x61, 'v', 1, 0x61, 'v', 1}, `the member "v" stands twice`, false},
		"more than an item":      {[]byte{1, 0}, "bytes after the CBOR item", false},
		"levels past the limit":  {append(bytes.Repeat([]byte{0x81}, maxCBORNesting+1), 1), "nested deeper than 512", true},
		"items past the limit":   {append([]byte{0x9a, 0, 2, 0, 1}, make([]byte, 1<<17+1)...), "more values in one array or map", true},
		"members past the limit": {append([]byte{0xba, 0, 2, 0, 1}, make([]byte, 2<<17+2)...), "more values in one array or map", true},
	} {
		v, cut, err := parseCBOR(c.b, "x", 16)
		if err == nil || v.kind != absent || cut || err.Path != "x" || err.Offset != -1 || !strings.HasPrefix(err.Reason, c.reason) || err.Large != c.large {
			t.Errorf("%s: %+v", name, err)
		}
	}
	if _, cut, err := parseCBOR(append(bytes.Repeat([]byte{0x81}, maxCBORNesting), 1), "x", 16); err != nil || !cut {
		t.Errorf("as many levels as the limit allows: cut %v, %v", cut, err)
	}
	if v, _, err := parseCBOR(append([]byte{0x9a, 0, 2, 0, 0}, make([]byte, 1<<17)...), "x", 16); err != nil || len(v.items) != 1<<17 {
		t.Errorf("as many items as the limit allows: %v", err)
	}
}

// TestCBORAsJSON: what JSON has a form for reads as that form; the rest is shown and is of no kind that a rule takes.
func TestCBORAsJSON(t *testing.T) {
	const none = `"a CBOR value that JSON has no form for"`
	for name, c := range map[string]struct {
		b    string
		want string
		cut  bool
	}{
		"null":                           {"\xf6", "null", false},
		"truth":                          {"\x82\xf5\xf4", "[true,false]", false},
		"integers":                       {"\x83\x00\x20\x1b\x7f\xff\xff\xff\xff\xff\xff\xff", "[0,-1,9223372036854775807]", false},
		"an integer of 64 bits":          {"\x1b\xff\xff\xff\xff\xff\xff\xff\xff", "18446744073709551615", false},
		"a big number of 64 bits":        {"\xc2\x48\xff\xff\xff\xff\xff\xff\xff\xff", "18446744073709551615", false},
		"a big number of 65 bits":        {"\xc2\x49\x01\x00\x00\x00\x00\x00\x00\x00\x00", none, false},
		"a whole number as a float":      {"\xfa\x3f\x80\x00\x00", "1.0", false},
		"a fraction":                     {"\xf9\x3e\x00", "1.5", false},
		"a float with an exponent":       {"\xfb\x7e\x37\xe4\x3c\x88\x00\x75\x9c", "1e+300", false},
		"no number":                      {"\xf9\x7e\x00", none, false},
		"infinity":                       {"\xf9\x7c\x00", none, false},
		"infinity below":                 {"\xf9\xfc\x00", none, false},
		"bytes":                          {"\x42\x01\x02", `"base64url:AQI"`, false},
		"another simple value":           {"\xf0", none, false},
		"names in their order":           {"\xa6\x61f\x01\x61b\x02\x61e\x03\x61a\x04\x61d\x05\x61c\x06", `{"a":4,"b":2,"c":6,"d":5,"e":3,"f":1}`, false},
		"a map whose keys are no text":   {"\xa1\x01\x02", `"a CBOR map with keys that are no text"`, false},
		"arrays up to the limit":         {"\x81\x81\x81\x01", "[[[1]]]", false},
		"arrays past the limit":          {"\x82\x81\x82\x01\x81\x02\x03", "[[[1,[]]],3]", true},
		"maps up to the limit":           {"\xa1\x61a\xa1\x61a\xa1\x61a\x01", `{"a":{"a":{"a":1}}}`, false},
		"maps past the limit":            {"\xa1\x61a\xa1\x61a\xa1\x61a\xa1\x61a\x01", `{"a":{"a":{"a":{}}}}`, true},
		"a map past the limit in arrays": {"\x81\x81\x81\xa1\x61a\x01", "[[[{}]]]", true},
	} {
		v, cut, err := parseCBOR([]byte(c.b), "x", 3)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := string(v.encode(nil)); got != c.want || cut != c.cut {
			t.Errorf("%s: %s, cut %v; want %s", name, got, cut, c.want)
		}
	}
}

// TestShallow: what lies too deep is null, whatever stands in its texts; everything else is byte by byte as it was.
func TestShallow(t *testing.T) {
	for text, want := range map[string]string{
		`{"a":[1],"b":{}}`:              `{"a":[1],"b":{}}`,
		`{"a":[[1]]}`:                   `{"a":[null]}`,
		`{"a":[[1],2,{"b":3}],"c":[4]}`: `{"a":[null,2,null],"c":[4]}`,
		`[[[[[[]]],[]],1],2]`:           `[[null,1],2]`,
		`{"a":"[[[[","b":["\"]}[[["]}`:  `{"a":"[[[[","b":["\"]}[[["]}`,
		`["\\",[["x"]]]`:                `["\\",[null]]`,
		`[[["]\"]","\\",{"]":1}]],2]`:   `[[null],2]`,
		`[["a\`:                         `[["a\`,
		`[[["a\`:                        `[[null`,
		`[\[[x]]`:                       `[\[null]`,
		`]]]][[[[[[[`:                   `]]]][[[[[[null`,
		``:                              ``,
	} {
		out, cut := shallow([]byte(text), 2)
		if string(out) != want || cut != strings.Contains(want, "null") {
			t.Errorf("%s: %s, cut %v; want %s", text, out, cut, want)
		}
	}
}
