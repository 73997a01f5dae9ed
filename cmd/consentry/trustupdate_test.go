package main

import (
	"bytes"
	"context"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/fetch"
	"github.com/consentry/consentry/trust"
)

// TestListsAreFetched: each address is asked once, and what came is a bundle; an address that has none ends it.
func TestListsAreFetched(t *testing.T) {
	asked := 0
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		if r.URL.Path != "/C2PA-TRUST-LIST.json" {
			http.NotFound(w, r)
			return
		}
		w.Write(officialList(7, 0))
	}))
	t.Cleanup(server.Close)
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	g := &fetch.Getter{Roots: roots, Allow: netip.Addr.IsLoopback}
	var said bytes.Buffer
	p := &program{stdout: io.Discard, stderr: &said}
	b := &trust.Bundle{}
	if err := p.fetchLists(context.Background(), g, []string{server.URL + "/C2PA-TRUST-LIST.json"}, b); err != nil {
		t.Fatal(err)
	}
	plan, err := (&trust.Set{}).Plan(b)
	if err != nil || !plan.Differs() || plan.Refused() != nil || asked != 1 || !strings.Contains(said.String(), server.URL) {
		t.Errorf("%v, asked %d times, said %q", err, asked, said.String())
	}
	err = p.fetchLists(context.Background(), g, []string{server.URL + "/elsewhere.json"}, &trust.Bundle{})
	if err == nil || !strings.Contains(err.Error(), "status 404") {
		t.Errorf("got %v", err)
	}
}

// TestOfficialAddressesAreThoseOfTheEmbeddedLists: what is updated comes from where the embedded lists are from.
func TestOfficialAddressesAreThoseOfTheEmbeddedLists(t *testing.T) {
	l, err := trust.Describe(trust.ProductsList)
	if err != nil {
		t.Fatal(err)
	}
	products, err := (&trust.Set{}).Products()
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, part := range l.Parts {
		want = append(want, part.Sources[0].Repository+"/main/"+part.Sources[0].Path)
	}
	want = append(want, products.Source.Repository+"/main/"+products.Source.Path)
	if len(want) != len(officialLists) {
		t.Fatalf("%d addresses, %d sources", len(officialLists), len(want))
	}
	for i, w := range want {
		if !strings.HasPrefix(officialLists[i], "https://") || !strings.HasSuffix(officialLists[i], "/"+w) {
			t.Errorf("%s does not lead to %s", officialLists[i], w)
		}
	}
}

func TestBundleOfTooManyFiles(t *testing.T) {
	dir := t.TempDir()
	for n := range maxBundleFiles + 1 {
		err := readBundle([]string{dir}, &trust.Bundle{})
		if many := err != nil && strings.Contains(err.Error(), "more than 32 files"); many {
			t.Errorf("%d files are too many", n)
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%d.der", n)), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := readBundle([]string{dir}, &trust.Bundle{}); err == nil || !strings.Contains(err.Error(), "more than 32 files") {
		t.Errorf("got %v", err)
	}
}
