package weblink_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/weblink"
)

func TestParse(t *testing.T) {
	of := func(target string, rel ...string) weblink.Link { return weblink.Link{Target: target, Rel: rel} }
	for value, want := range map[string][]weblink.Link{
		"":                                  nil,
		" , ,":                              nil,
		`<https://a.example/s>; rel="a"`:    {of("https://a.example/s", "a")},
		`<https://a.example/s>;rel=A`:       {of("https://a.example/s", "a")},
		`<s>; REL="next  C2PA-Manifest"`:    {of("s", "next", "c2pa-manifest")},
		`<s>; rel="a"; rel="b"`:             {of("s", "a")},
		`<s>; rel=""; rel="b"`:              {{Target: "s", Rel: []string{}}},
		`<s>`:                               {of("s")},
		`<s>;`:                              {of("s")},
		`<s>; ; x; rel = "a"`:               {of("s", "a")},
		`<>; rel=a`:                         {of("", "a")},
		`<s,t;u>; rel=a, <v>; rel=b,`:       {of("s,t;u", "a"), of("v", "b")},
		`<s>; title="a, <t>; rel=b"; rel=c`: {of("s", "c")},
		`<s>; title="a\"b\\"; rel=c`:        {of("s", "c")},
		`<s>; title*=UTF-8'en'a; rel=c`:     {of("s", "c")},
		`<s>; anchor="#x"; rel=c`:           {{Target: "s", Rel: []string{"c"}, Anchored: true}},
		`<s>; title="grün"; rel=c`:          {of("s", "c")},
	} {
		got, err := weblink.Parse(value)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v", value, got, err)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for value, offset := range map[string]int64{
		"https://a.example/":    0,
		"<s":                    2,
		"<a b>":                 2,
		"<a\x00b>":              2,
		"<ü>":                   1,
		"<<a>":                  1,
		"<s> x":                 4,
		"<s>; =a":               5,
		"<s>; rel=":             9,
		`<s>; rel="a`:           11,
		`<s>; rel="a\`:          12,
		"<s>; rel=\"a\nb\"":     11,
		`<s>; rel="a" b`:        13,
		"<s>; rel=a <t>; rel=b": 11,
		"<s>\r\nX: y":           3,
	} {
		got, err := weblink.Parse(value)
		var syntax *weblink.SyntaxError
		if !errors.As(err, &syntax) || got != nil || syntax.Offset != offset || syntax.Path == "" || syntax.Error() == "" {
			t.Errorf("%q: %+v, %v", value, got, err)
		}
	}
}

func TestLimits(t *testing.T) {
	fill := func(n int) string { return "<" + strings.Repeat("x", n-2) + ">" }
	for _, c := range []struct {
		name, value string
		ok          bool
	}{
		{"as many bytes as are read", fill(8 << 10), true},
		{"one byte more", fill(8<<10 + 1), false},
		{"as many links as are read", strings.Repeat("<x>,", 64), true},
		{"one link more", strings.Repeat("<x>,", 65), false},
		{"as many parameters as are read", "<x>" + strings.Repeat(";a=b", 16), true},
		{"one parameter more", "<x>" + strings.Repeat(";a=b", 17), false},
	} {
		if _, err := weblink.Parse(c.value); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// FuzzParse: links or an error with its place; what was read is part of the value, and written down again it reads the
// same.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"", `<https://a.example/s>; rel="c2pa-manifest"`, `<s,t>; title="a\"b, <t>"; rel=a, <v>; anchor="x"`, "<s> x", `<s>; rel="a`, "<a\x00b>", ",,<x>;;",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, value string) {
		links, err := weblink.Parse(value)
		if err != nil {
			var syntax *weblink.SyntaxError
			if !errors.As(err, &syntax) || links != nil || syntax.Offset < 0 || syntax.Offset > int64(len(value)) {
				t.Fatalf("%v", err)
			}
			return
		}
		var b strings.Builder
		for _, l := range links {
			if !strings.Contains(value, "<"+l.Target+">") {
				t.Fatalf("%q is not there", l.Target)
			}
			b.WriteString("<" + l.Target + ">")
			if l.Rel != nil {
				b.WriteString(`;rel="` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(strings.Join(l.Rel, " ")) + `"`)
			}
			if l.Anchored {
				b.WriteString(";anchor=x")
			}
			b.WriteString(",")
		}
		if b.Len() > weblink.MaxValue {
			return
		}
		again, err := weblink.Parse(b.String())
		if err != nil || !reflect.DeepEqual(again, links) {
			t.Fatalf("%q: %+v became %+v, %v", b.String(), links, again, err)
		}
	})
}
