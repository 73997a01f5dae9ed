package consentry_test

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/consentry/consentry"
	"github.com/consentry/consentry/internal/fetch"
	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/internal/schematest"
	"github.com/consentry/consentry/policy"
	"github.com/consentry/consentry/report"
)

// TestTheManifestThatALinkHeaderNames: what a server said of a file is reported always and fetched with leave only, where
// nothing at hand counts; and one header in an answer leads to no further question.
func TestTheManifestThatALinkHeaderNames(t *testing.T) {
	var asked []string
	answers := map[string][]byte{}
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Path)
		w.Header().Set("Link", `</other>; rel="c2pa-manifest"`)
		if body, ok := answers[r.URL.Path]; ok {
			_, _ = w.Write(body)
			return
		}
		http.NotFound(w, r)
	}))
	t.Cleanup(server.Close)
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	at := server.URL + "/store"
	link := func(target string) string { return "<" + target + `>; rel="c2pa-manifest"` }
	alone, other := forge.Make(forge.Recipe{Detached: true}), forge.Make(forge.Recipe{Detached: true, Manifest: forge.Manifest{Assertions: []forge.Assertion{{Label: "com.example.note", CBOR: forge.Map{{K: "a", V: 1}}}}}})
	within := forge.Make(forge.Recipe{})
	swapped := slices.Clone(alone.Data)
	swapped[len(swapped)-1] ^= 1
	named := pointing(server.URL+"/xmp", true)

	for _, c := range []struct {
		name, header  string
		file          []byte
		beside, given []byte
		answer        []byte // at /store
		off           bool
		asked         int
		carrier       string
		state         string
		verdict       report.Verdict // in the ci profile; empty: not looked at
		link          bool           // the address is reported
		unchecked     string         // part of why "remote manifest" was not checked; empty: it was
	}{
		{name: "of this file", header: link(at), file: alone.Data, answer: alone.Store, asked: 1, carrier: "remote", state: "trusted", link: true},
		{name: "among others", header: `<https://a.example/next>; rel=next, <` + at + `>; rel="preload C2PA-Manifest", `, file: alone.Data, answer: alone.Store, asked: 1, carrier: "remote", state: "trusted", link: true},
		{name: "twice the same", header: link(at) + "," + link(at), file: alone.Data, answer: alone.Store, asked: 1, carrier: "remote", state: "trusted", link: true},
		{name: "in an asset that has one", header: link(at + "#jumbf=c2pa"), file: within.Data, given: nil, answer: within.Data, carrier: "bmff-uuid", state: "trusted", link: true, unchecked: "the one in the file counts"},
		{name: "without leave", header: link(at), file: alone.Data, answer: alone.Store, off: true, carrier: "null", state: "absent", link: true, unchecked: "--fetch"},
		{name: "of a file that was changed", header: link(at), file: swapped, answer: alone.Store, asked: 1, carrier: "remote", state: "invalid", verdict: report.Fail, link: true},
		{name: "that is not there", header: link(at), file: alone.Data, asked: 1, carrier: "null", state: "absent", verdict: report.Indeterminate, link: true, unchecked: "could not be had"},
		{name: "beside one that was given", header: link(at), file: alone.Data, given: alone.Store, answer: other.Store, carrier: "detached", state: "trusted", link: true, unchecked: "a detached manifest was given"},
		{name: "beside one beside the file", header: link(at), file: alone.Data, beside: alone.Store, answer: other.Store, carrier: "sidecar", state: "trusted", link: true, unchecked: "the one beside the file counts"},
		{name: "of a file that names another", header: link(at), file: named.Data, answer: named.Store, asked: 1, carrier: "remote", state: "trusted", link: true, unchecked: "the one that the Link header names counts"},
		{name: "by a relative address", header: link("/store"), file: alone.Data, carrier: "null", state: "absent", link: true, unchecked: "relative address"},
		{name: "by a path inside some file", header: link("self#jumbf=c2pa"), file: alone.Data, carrier: "null", state: "absent", link: true, unchecked: "no"},
		{name: "by an address that is not secured", header: link("http://a.example/store"), file: alone.Data, carrier: "null", state: "absent", link: true, unchecked: "https"},
		{name: "by a path of this machine", header: link("file:///etc/passwd"), file: alone.Data, carrier: "null", state: "absent", link: true, unchecked: "https"},
		{name: "two of them", header: link(at) + ", " + link(at+"2"), file: alone.Data, answer: alone.Store, carrier: "null", state: "absent", unchecked: "names 2 manifests"},
		{name: "of something else", header: link(at) + `; anchor="https://a.example/other.mp4"`, file: alone.Data, answer: alone.Store, carrier: "null", state: "absent", unchecked: "anchor"},
		{name: "none", header: `<https://a.example/next>; rel=next`, file: alone.Data, carrier: "null", state: "absent", unchecked: "names no manifest"},
		{name: "a header that cannot be read", header: link(at) + " x", file: alone.Data, answer: alone.Store, carrier: "null", state: "absent", unchecked: "cannot be read: Link header at byte"},
	} {
		t.Run(c.name, func(t *testing.T) {
			asked = nil
			clear(answers)
			if c.answer != nil {
				answers["/store"] = c.answer
			}
			v := trusting(t)
			v.Policy = &policy.Policy{Profile: policy.CI}
			if !c.off {
				v.Fetch = &fetch.Getter{Roots: roots, Allow: netip.Addr.IsLoopback}
			}
			a := consentry.Asset{Name: "a", Data: bytes.NewReader(c.file), Size: int64(len(c.file)), LinkHeader: c.header, Manifest: c.given}
			a.Sidecar = func(suffix string) ([]byte, error) {
				if suffix == ".c2pa" {
					return c.beside, nil
				}
				return nil, nil
			}
			r := verify(t, v, a)
			if err := schematest.Check(schematest.Report, marshal(r)); err != nil {
				t.Error(err)
			}
			if len(asked) != c.asked || len(r.Fetched) != c.asked || c.asked > 0 && asked[0] != "/store" {
				t.Errorf("asked for %v, told of %v", asked, r.Fetched)
			}
			if carrier(r) != c.carrier || state(r) != c.state {
				t.Errorf("carrier %s, state %s", carrier(r), state(r))
			}
			if c.verdict != "" && r.Verdict != c.verdict {
				t.Errorf("verdict %s", r.Verdict)
			}
			if (r.Provenance.Link != nil) != c.link {
				t.Errorf("the address that is reported: %v", r.Provenance.Link)
			}
			why := ""
			for _, n := range r.NotChecked {
				if n.What == "remote manifest" {
					why += n.Why + "\n"
				}
			}
			if (why == "") != (c.unchecked == "") || !strings.Contains(why, c.unchecked) {
				t.Errorf("not checked: %s", fmt.Sprint(r.NotChecked))
			}
		})
	}
}
