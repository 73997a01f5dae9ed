package fetch_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/consentry/consentry/internal/fetch"
)

func TestAHostIsANameAlone(t *testing.T) {
	long := strings.Repeat("a", 62) + "." + strings.Repeat("b", 190)
	for text, want := range map[string]string{
		"example.com": "example.com", "Example.COM.": "example.com", ".example.com": ".example.com", "xn--bcher-kva.example": "xn--bcher-kva.example",
		"127.0.0.1": "127.0.0.1", long: long, long + "b": "",
		"": "", ".": "", "..": "", "..com": "", "a..com": "", "https://example.com": "", "example.com:443": "", "example.com/x": "", "bücher.example": "", "a b": "", "*.example.com": "", "[::1]": "",
	} {
		if got, err := fetch.ParseHost(text); got != want || (err == nil) != (want != "") {
			t.Errorf("%q is %q, %v", text, got, err)
		}
	}
}

// TestOnlyTheHostsThatAreNamedAreAsked: neither an address nor a redirect nor a responder leads elsewhere, and where one
// may not be asked no connection is opened.
func TestOnlyTheHostsThatAreNamedAreAsked(t *testing.T) {
	var asked atomic.Int32
	s, g := server(t, func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if r.URL.Path == "/away" {
			http.Redirect(w, r, "https://elsewhere.example/", http.StatusFound)
			return
		}
		w.Header().Set("Content-Type", "a/b")
		fmt.Fprint(w, "document")
	})
	address := s.URL // https://127.0.0.1:PORT
	for _, c := range []struct {
		hosts  fetch.Hosts
		path   string
		served bool
		asked  int32 // requests that reach the server, of a get and a post
	}{
		{nil, "/doc", true, 2},
		{fetch.Hosts{"127.0.0.1"}, "/doc", true, 2},
		{fetch.Hosts{"example.com", ".0.0.1"}, "/doc", true, 2},
		{fetch.Hosts{"example.com"}, "/doc", false, 0},
		{fetch.Hosts{"27.0.0.1"}, "/doc", false, 0},
		{fetch.Hosts{".7.0.0.1"}, "/doc", false, 0},
		{fetch.Hosts{"127.0.0.1"}, "/away", false, 2},
	} {
		asked.Store(0)
		own := &fetch.Getter{Roots: g.Roots, Allow: g.Allow, Hosts: c.hosts}
		_, _, body, err := own.Get(context.Background(), address+c.path, 100)
		if (err == nil) != c.served || c.served != (string(body) == "document") || err != nil && !strings.Contains(err.Error(), "not among those that may be asked") {
			t.Errorf("%q, %s: %q, %v", c.hosts, c.path, body, err)
		}
		_, body, err = own.Post(context.Background(), address+c.path, "x/y", "a/b", nil, 100)
		if (err == nil) != c.served || c.served != (string(body) == "document") {
			t.Errorf("post, %q, %s: %q, %v", c.hosts, c.path, body, err)
		}
		if asked.Load() != c.asked {
			t.Errorf("%q, %s: %d requests", c.hosts, c.path, asked.Load())
		}
	}
}
