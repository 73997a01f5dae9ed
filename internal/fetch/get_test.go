package fetch_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/fetch"
)

// server is one on loopback, with a getter that may ask it.
func server(t *testing.T, handle http.HandlerFunc) (*httptest.Server, *fetch.Getter) {
	t.Helper()
	s := httptest.NewTLSServer(handle)
	t.Cleanup(s.Close)
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	return s, &fetch.Getter{Roots: roots, Allow: netip.Addr.IsLoopback}
}

func TestGet(t *testing.T) {
	plain := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "no secret") }))
	t.Cleanup(plain.Close)
	s, g := server(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Cookie") != "" || r.Header.Get("Authorization") != "" || r.Header.Get("Referer") != "" {
			t.Errorf("it says too much: %v", r.Header)
		}
		switch n := 0; r.URL.Path {
		case "/doc":
			fmt.Fprint(w, "document")
		case "/limit":
			w.Write(bytes.Repeat([]byte("x"), 100))
		case "/large":
			w.Write(bytes.Repeat([]byte("x"), 101))
		case "/zipped":
			w.Header().Set("Content-Encoding", "gzip")
			fmt.Fprint(w, "as it is")
		case "/head":
			n, _ = strconv.Atoi(r.URL.RawQuery)
			w.Header().Set("X", strings.Repeat("x", n))
			fmt.Fprint(w, "document")
		case "/out":
			http.Redirect(w, r, plain.URL, http.StatusFound)
		case "/user":
			http.Redirect(w, r, "https://me:secret@"+r.Host+"/doc", http.StatusFound)
		case "/private":
			http.Redirect(w, r, "https://192.168.0.1/", http.StatusFound)
		default:
			if _, err := fmt.Sscanf(r.URL.Path, "/hop%d", &n); err != nil {
				http.NotFound(w, r)
				return
			}
			to := "/doc"
			if n > 1 {
				to = fmt.Sprint("/hop", n-1)
			}
			http.Redirect(w, r, to, http.StatusFound)
		}
	})
	for _, c := range []struct {
		name, address, want string
		status              int
		wrong               string // part of the error; empty: none
	}{
		{"a document", s.URL + "/doc", "document", 200, ""},
		{"a document at the limit", s.URL + "/limit", strings.Repeat("x", 100), 200, ""},
		{"a document one byte past it", s.URL + "/large", "", 200, "more than 100 bytes"},
		{"what is said to be packed is not unpacked", s.URL + "/zipped", "as it is", 200, ""},
		{"headers that just stay below 64 KiB", s.URL + fmt.Sprint("/head?", 64<<10-512), "document", 200, ""},
		{"headers past 64 KiB", s.URL + fmt.Sprint("/head?", 64<<10), "", 0, "header"},
		{"a header without end", s.URL + fmt.Sprint("/head?", 1<<20), "", 0, "header"},
		{"three redirects", s.URL + "/hop3", "document", 200, ""},
		{"four redirects", s.URL + "/hop4", "", 0, "redirects more than 3 times"},
		{"a redirect to http", s.URL + "/out", "", 0, "https"},
		{"a redirect with a user name", s.URL + "/user", "", 0, "https"},
		{"a redirect into a private network", s.URL + "/private", "", 0, "no public address"},
		{"nothing there", s.URL + "/no", "", 404, "status 404"},
		{"http", plain.URL, "", 0, "https"},
		{"a file", "file:///etc/passwd", "", 0, "https"},
		{"a user name", "https://me@agency.example/", "", 0, "https"},
		{"no host", "https:///x", "", 0, "https"},
		{"no address", "://", "", 0, "no web address"},
		{"an address at the limit", s.URL + "/doc?" + strings.Repeat("x", 2048-len(s.URL+"/doc?")), "document", 200, ""},
		{"an address one byte past it", s.URL + "/doc?" + strings.Repeat("x", 2049-len(s.URL+"/doc?")), "", 0, "no web address"},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, final, body, err := g.Get(t.Context(), c.address, 100)
			if string(body) != c.want || status != c.status || (err == nil) != (c.wrong == "") || err != nil && !strings.Contains(err.Error(), c.wrong) {
				t.Errorf("%d, %q, %v; want %d, %q, %q", status, body, err, c.status, c.want, c.wrong)
			}
			if c.name == "three redirects" && final != s.URL+"/doc" {
				t.Errorf("%s answered", final)
			}
		})
	}
}

// TestGetSameHost: a server that the operator named leads nowhere else, also when the other answer is at hand already.
func TestGetSameHost(t *testing.T) {
	var asked atomic.Int32
	other := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		fmt.Fprint(w, "elsewhere")
	}))
	t.Cleanup(other.Close)
	s, g := server(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/away":
			http.Redirect(w, r, other.URL+"/doc", http.StatusFound)
		case "/near":
			http.Redirect(w, r, "/away", http.StatusFound)
		case "/moved":
			http.Redirect(w, r, "/doc", http.StatusFound)
		default:
			fmt.Fprint(w, "here")
		}
	})
	g.Roots.AddCert(other.Certificate())
	for path, want := range map[string]string{"/doc": "here", "/moved": "here", "/away": "", "/near": ""} {
		_, _, body, err := g.GetSameHost(t.Context(), s.URL+path, 100)
		if string(body) != want || (err != nil) != (want == "") || err != nil && !strings.Contains(err.Error(), "another host") {
			t.Errorf("%s: %q, %v", path, body, err)
		}
	}
	if asked.Load() != 0 {
		t.Error("the other server was asked")
	}
	if _, _, body, err := g.Get(t.Context(), s.URL+"/away", 100); string(body) != "elsewhere" || err != nil {
		t.Errorf("Get: %q, %v", body, err)
	}
	if _, _, body, err := g.GetSameHost(t.Context(), s.URL+"/away", 100); body != nil || err == nil {
		t.Errorf("after Get: %q, %v", body, err)
	}
}

// TestGetStaysOutOfPrivateNetworks: without the hook of the tests a server on loopback is not asked, by address or by
// name.
func TestGetStaysOutOfPrivateNetworks(t *testing.T) {
	var asked atomic.Int32
	s, hooked := server(t, func(http.ResponseWriter, *http.Request) { asked.Add(1) })
	g := &fetch.Getter{Roots: hooked.Roots}
	for _, address := range []string{s.URL, strings.Replace(s.URL, "127.0.0.1", "localhost", 1), strings.Replace(s.URL, "127.0.0.1", "[::ffff:127.0.0.1]", 1)} {
		if _, _, body, err := g.Get(t.Context(), address, 100); err == nil || body != nil {
			t.Errorf("%s: %q, %v", address, body, err)
		}
	}
	if n := asked.Load(); n > 0 {
		t.Errorf("it was asked %d times", n)
	}
}

func TestPublic(t *testing.T) {
	for address, want := range map[string]bool{
		"93.184.215.14": true, "2606:2800:21f:cb07:6820:80da:af6b:8b2c": true,
		"127.0.0.1": false, "10.1.2.3": false, "172.16.0.1": false, "172.32.0.1": true, "192.168.1.1": false, "169.254.169.254": false, "100.64.0.1": false, "100.128.0.1": true,
		"0.0.0.0": false, "255.255.255.255": false, "224.0.0.1": false, "240.0.0.1": false, "198.18.0.1": false, "192.0.0.8": false, "192.0.2.1": false,
		"::1": false, "::": false, "fe80::1": false, "fe80::1%eth0": false, "fd00::1": false, "ff02::1": false, "::ffff:10.0.0.1": false, "::ffff:93.184.215.14": true,
		"::7f00:1": false, "64:ff9b::7f00:1": false, "64:ff9b:1::1": false, "2002:7f00:1::": false, "2001::1": false, "2001:db8::1": false, "fec0::1": false,
	} {
		if got := fetch.Public(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s: %v", address, got)
		}
	}
}

// TestGetAsksOnce: one list that many files name costs one request, also where there is no answer.
func TestGetAsksOnce(t *testing.T) {
	var asked atomic.Int32
	s, g := server(t, func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if r.URL.Path != "/doc" {
			http.NotFound(w, r)
		}
	})
	for range 3 {
		for _, path := range []string{"/doc", "/no"} {
			if _, _, _, err := g.Get(t.Context(), s.URL+path, 100); (err == nil) != (path == "/doc") {
				t.Error(err)
			}
		}
	}
	if n := asked.Load(); n != 2 {
		t.Errorf("it was asked %d times", n)
	}
	big, g := server(t, func(w http.ResponseWriter, _ *http.Request) { asked.Add(1); w.Write(make([]byte, 50)) })
	if _, _, body, err := g.Get(t.Context(), big.URL, 50); err != nil || len(body) != 50 {
		t.Error(err)
	}
	if _, _, body, err := g.Get(t.Context(), big.URL, 49); err == nil || body != nil {
		t.Error("what is kept is larger than what was asked for, and is given")
	}
}

// What is kept for a batch is bounded: a document that fits to the last byte is asked for once, one that does not each
// time.
func TestWhatIsKeptIsBounded(t *testing.T) {
	for over, want := range map[int64]int32{0: 1, 1: 2} {
		var asked atomic.Int32
		s, g := server(t, func(w http.ResponseWriter, _ *http.Request) { asked.Add(1); w.Write(make([]byte, 1000)) })
		g.Fill(fetch.MaxKept - int64(1000+len(s.URL)+256) + over) // 256 for the entry itself
		for range 2 {
			if _, _, body, err := g.Get(t.Context(), s.URL, 1000); err != nil || len(body) != 1000 {
				t.Fatalf("%d bytes, %v", len(body), err)
			}
		}
		if asked.Load() != want {
			t.Errorf("%d bytes too many: asked %d times", over, asked.Load())
		}
	}
}

// TestGetAsksAgainForMore: what was too large for one who asked is not too large for all who come later, and nobody is
// asked twice for less.
func TestGetAsksAgainForMore(t *testing.T) {
	type step struct {
		most  int64
		ok    bool
		asked int32 // so far
	}
	for _, c := range []struct {
		name  string
		steps []step
	}{
		{"a small limit, then a larger one", []step{{16 << 10, false, 1}, {8 << 20, true, 2}, {8 << 20, true, 2}}},
		{"what is kept is given to no one who takes less", []step{{8 << 20, true, 1}, {16 << 10, false, 1}, {8 << 20, true, 1}}},
		{"limits that are too small, and less each time", []step{{19_999, false, 1}, {19_998, false, 1}, {19_999, false, 1}, {20_000, true, 2}}},
		{"limits that are too small, and more each time", []step{{10, false, 1}, {100, false, 2}, {50, false, 2}, {100, false, 2}}},
		{"a limit of nothing", []step{{0, false, 1}, {20_000, true, 2}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var asked atomic.Int32
			s, g := server(t, func(w http.ResponseWriter, _ *http.Request) { asked.Add(1); w.Write(make([]byte, 20_000)) })
			for i, step := range c.steps {
				status, _, body, err := g.Get(t.Context(), s.URL, step.most)
				if (err == nil) != step.ok || step.ok != (len(body) == 20_000) || status != 200 || asked.Load() != step.asked {
					t.Errorf("step %d: %d, %d bytes, %v, asked %d times", i, status, len(body), err, asked.Load())
				}
				if want := fmt.Sprintf("it has more than %d bytes", step.most); err != nil && err.Error() != want {
					t.Errorf("step %d: %v; want %s", i, err, want)
				}
			}
		})
	}
}

func TestPostAsksResponders(t *testing.T) {
	const kind, reply = "application/ocsp-request", "application/ocsp-response"
	var asked atomic.Int32
	plain := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		w.Header().Set("Content-Type", reply)
		switch r.URL.Path {
		case "/type":
			w.Header().Set("Content-Type", "text/html")
		case "/away":
			http.Redirect(w, r, "/", http.StatusFound)
			return
		case "/busy":
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s to %s", r.Header.Get("Content-Type"), body)
	}))
	t.Cleanup(plain.Close)
	g := &fetch.Getter{Allow: netip.Addr.IsLoopback}
	const answer = kind + " to who"
	for _, c := range []struct {
		name, address, wrong string
		most, status         int
	}{
		{"an answer by http", plain.URL, "", len(answer), 200},
		{"an answer one byte past the limit", plain.URL + "/long", "more than", len(answer) - 1, 200},
		{"another kind of data", plain.URL + "/type", "another kind", 100, 200},
		{"a redirect", plain.URL + "/away", "status 302", 100, 302},
		{"a responder that is busy", plain.URL + "/busy", "status 503", 100, 503},
		{"a file", "file:///etc/passwd", "http and https", 100, 0},
		{"a user name", "http://me@ocsp.example/", "http and https", 100, 0},
		{"no address", "://", "no web address", 100, 0},
		{"a long address", "http://ocsp.example/" + strings.Repeat("x", 2048), "no web address", 100, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			for range 2 { // the second time from what is kept
				status, got, err := g.Post(t.Context(), c.address, kind, reply, []byte("who"), int64(c.most))
				if status != c.status || (err == nil) != (c.wrong == "") || err != nil && (!strings.Contains(err.Error(), c.wrong) || got != nil) {
					t.Errorf("%d, %q, %v; want %d, %q", status, got, err, c.status, c.wrong)
				}
				if err == nil && string(got) != answer {
					t.Errorf("it says %q", got)
				}
			}
		})
	}
	if n := asked.Load(); n != 5 {
		t.Errorf("it was asked %d times", n)
	}
	if _, got, err := g.Post(t.Context(), plain.URL, kind, reply, []byte("who else"), 100); err != nil || string(got) != kind+" to who else" {
		t.Errorf("another question has the answer %q, %v", got, err)
	}
	closed := &fetch.Getter{} // without the hook of the tests
	if _, got, err := closed.Post(t.Context(), plain.URL, kind, reply, nil, 100); err == nil || got != nil {
		t.Error("a private address was asked")
	}
}

func TestGetGivesUp(t *testing.T) {
	hang := make(chan struct{})
	s, g := server(t, func(http.ResponseWriter, *http.Request) { <-hang })
	defer close(hang)
	g.Timeout = 20 * time.Millisecond
	if _, _, _, err := g.Get(t.Context(), s.URL, 100); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	g.Timeout = 0
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, _, err := g.Get(ctx, s.URL+"/other", 100); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// FuzzPublic: however an address is written, it is as public as the machine that it reaches.
func FuzzPublic(f *testing.F) {
	for _, s := range []string{"\x5d\xb8\xd7\x0e", "\x7f\x00\x00\x01", "\xa9\xfe\xa9\xfe", "\x0a\x00\x00\x01", "\x26\x06\x28\x00\x02\x20\x00\x01\x02\x48\x18\x93\x25\xc8\x19\x46", "\xfe\x80\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		a, ok := netip.AddrFromSlice(b)
		if !ok {
			return
		}
		yes := fetch.Public(a)
		if yes && (a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast() || a.IsMulticast() || a.IsUnspecified()) {
			t.Errorf("%s is public", a)
		}
		if !a.Is4() {
			return
		}
		v4 := a.As4()
		if fetch.Public(netip.AddrFrom16(a.As16())) != yes {
			t.Errorf("%s is public in one form and not in the other", a)
		}
		translated := [16]byte{0, 0x64, 0xff, 0x9b, 12: v4[0], v4[1], v4[2], v4[3]}
		tunnelled := [16]byte{0x20, 2, v4[0], v4[1], v4[2], v4[3], 15: 1}
		if fetch.Public(netip.AddrFrom16(translated)) || fetch.Public(netip.AddrFrom16(tunnelled)) {
			t.Errorf("%s is reached by a translator or tunnel", a)
		}
	})
}
