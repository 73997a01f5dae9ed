package softbinding_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/consentry/consentry/softbinding"
)

func TestParseResolver(t *testing.T) {
	for address, want := range map[string]string{
		"https://r.example/v1": "https://r.example/v1", "https://r.example/v1/": "https://r.example/v1", "https://r.example": "https://r.example",
		"http://r.example/v1": "", "https://me@r.example/": "", "https:///v1": "", "https://r.example/v1?key=x": "", "https://r.example/#x": "", "://": "",
		"https://r.example/" + strings.Repeat("a", 1100): "",
	} {
		r, err := softbinding.ParseResolver(address)
		if (err == nil) != (want != "") || err == nil && r.String() != want {
			t.Errorf("%s: %v, %v", address, r, err)
		}
	}
}

func TestAddresses(t *testing.T) {
	r, err := softbinding.ParseResolver("https://r.example/v1/")
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(r.ByBinding("io.iscc.v0", []byte{0xfb, 0xff, 0}))
	if err != nil || u.Path != "/v1/matches/byBinding" || u.Query().Get("alg") != "io.iscc.v0" || u.Query().Get("value") != "+/8A" || u.Query().Get("maxResults") != "10" {
		t.Errorf("%v %v", u, err)
	}
	for _, c := range []struct {
		m    softbinding.Match
		want string
	}{
		{softbinding.Match{ManifestID: "urn:c2pa:1/../../x?y#z"}, "https://r.example/v1/manifests/urn:c2pa:1%2F..%2F..%2Fx%3Fy%23z"},
		{softbinding.Match{ManifestID: "a", Endpoint: "https://r.example/v2"}, "https://r.example/v2/manifests/a"},
		{softbinding.Match{ManifestID: "a", Endpoint: "https://elsewhere.example/v1"}, ""},
		{softbinding.Match{ManifestID: "a", Endpoint: "https://r.example:444/v1"}, ""},
		{softbinding.Match{ManifestID: "a", Endpoint: "http://r.example/v1"}, ""},
		{softbinding.Match{ManifestID: "a", Endpoint: "https://r.example@elsewhere.example"}, ""},
	} {
		if got, err := r.Manifest(&c.m); got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%+v: %s, %v", c.m, got, err)
		}
	}
}

// An address leaves room for what is asked for.
func TestTheAddressOfAResolverIsBounded(t *testing.T) {
	for n, ok := range map[int]bool{1024: true, 1025: false} {
		if _, err := softbinding.ParseResolver("https://r.example/" + strings.Repeat("a", n-len("https://r.example/"))); (err == nil) != ok {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
}

func many(n int) string {
	var list []string
	for i := range n {
		list = append(list, fmt.Sprintf(`{"manifestId":"m%d"}`, i))
	}
	return `{"matches":[` + strings.Join(list, ",") + `]}`
}

var answers = []struct {
	text string
	n    int // matches; -1: refused
	path string
}{
	{`{"matches":[]}`, 0, ""},
	{`{"matches":[{"manifestId":"urn:c2pa:1","endpoint":"https://r.example/v1","similarityScore":97.5,"more":{}}],"next":null}`, 1, ""},
	{many(softbinding.MaxMatches), softbinding.MaxMatches, ""},
	{many(softbinding.MaxMatches + 1), -1, "matches"},
	{`{"matches":[{"manifestId":"` + strings.Repeat("a", 512) + `"}]}`, 1, ""},
	{`{"matches":[{"manifestId":"` + strings.Repeat("a", 513) + `"}]}`, -1, "matches[0].manifestId"},
	{`{"matches":[{"manifestId":"a"},{"manifestId":""}]}`, -1, "matches[1].manifestId"},
	{`{"matches":[{"manifestId":"a\u001b[31m"}]}`, -1, "matches[0].manifestId"},
	{`{"matches":[{"manifestId":"a\u202eb"}]}`, -1, "matches[0].manifestId"},
	{`{"matches":[{"manifestId":"a","similarityScore":100.5}]}`, -1, "matches[0].similarityScore"},
	{`{"matches":[{"manifestId":"a","similarityScore":-1}]}`, -1, "matches[0].similarityScore"},
	{`{"matches":[{"manifestId":"a","endpoint":"https://` + strings.Repeat("a", 2048-8) + `"}]}`, 1, ""},
	{`{"matches":[{"manifestId":"a","endpoint":"https://` + strings.Repeat("a", 2048-7) + `"}]}`, -1, "matches[0].endpoint"},
	{`{"matches":[{"manifestId":7}]}`, -1, "matches.manifestId"},
	{`{"matches":null}`, -1, "matches"},
	{`{}`, -1, "matches"},
	{`[]`, -1, ""},
	{`{"matches":[`, -1, ""},
	{"<html>", -1, ""},
	{"\xff", -1, ""},
	{``, -1, ""},
	{`{"matches":[]}` + strings.Repeat(" ", softbinding.MaxAnswer-14), 0, ""},
	{`{"matches":[]}` + strings.Repeat(" ", softbinding.MaxAnswer-13), -1, ""},
}

func TestParseMatches(t *testing.T) {
	for _, c := range answers {
		got, err := softbinding.ParseMatches([]byte(c.text))
		var syntax *softbinding.SyntaxError
		switch {
		case (err == nil) != (c.n >= 0) || err == nil && len(got) != c.n || err != nil && got != nil:
			t.Errorf("%.100s: %+v, %v", c.text, got, err)
		case err != nil && (!errors.As(err, &syntax) || syntax.Path != c.path):
			t.Errorf("%.100s: %v, want a fault of %q", c.text, err, c.path)
		}
	}
}

// What is taken is bounded, leads to no other host, and says the same when it is written and read again.
func FuzzParseMatches(f *testing.F) {
	for _, c := range answers {
		if len(c.text) < 8<<10 {
			f.Add([]byte(c.text))
		}
	}
	r, err := softbinding.ParseResolver("https://r.example/v1")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, answer []byte) {
		got, err := softbinding.ParseMatches(answer)
		if err != nil {
			var syntax *softbinding.SyntaxError
			if !errors.As(err, &syntax) || got != nil {
				t.Fatalf("%T %v", err, err)
			}
			return
		}
		for i := range got {
			address, err := r.Manifest(&got[i])
			if err != nil {
				continue
			}
			if u, err := url.Parse(address); err != nil || u.Host != "r.example" || u.Scheme != "https" {
				t.Fatalf("%q leads to %q: %v", got[i].ManifestID, address, err)
			}
		}
		b, err := json.Marshal(map[string]any{"matches": got})
		if err != nil {
			t.Fatal(err)
		}
		again, err := softbinding.ParseMatches(b)
		if err != nil || !reflect.DeepEqual(again, got) && len(got) > 0 {
			t.Fatalf("%+v, then %+v: %v", got, again, err)
		}
	})
}
