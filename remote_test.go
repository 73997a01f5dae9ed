package consentry_test

import (
	"bytes"
	"crypto/sha256"
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

// pointing is a picture whose XMP names a store at an address, and the store that was made for it.
func pointing(address string, detached bool) *forge.Built {
	packet := fmt.Sprintf(`<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description xmlns:dcterms="http://purl.org/dc/terms/" dcterms:provenance="%s"/></rdf:RDF></x:xmpmeta>`, address)
	return forge.Make(forge.Recipe{Detached: detached, Carrier: &forge.Carrier{Kind: "png", XMP: []byte(packet)}})
}

// storeFor is a store by itself whose hash is over all of a file.
func storeFor(file []byte) *forge.Built {
	sum := sha256.Sum256(file)
	return forge.Make(forge.Recipe{Detached: true, Carrier: &forge.Carrier{Kind: "png"}, Manifest: forge.Manifest{BindingMap: func(m *forge.Map) {
		m.Del("exclusions")
		m.Set("hash", sum[:])
	}}})
}

// TestTheStoreThatAFileNames is long because each case stands beside what it expects.
func TestTheStoreThatAFileNames(t *testing.T) {
	var asked []string
	answers := map[string][]byte{}
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Path)
		if body, ok := answers[r.URL.Path]; ok {
			_, _ = w.Write(body)
			return
		}
		http.NotFound(w, r)
	}))
	t.Cleanup(server.Close)
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	address := server.URL + "/store"
	alone, other, within := pointing(address, true), forge.Make(forge.Recipe{Detached: true}), pointing(address, false)
	video := forge.Matroska("matroska", forge.Attachment("a.xmp", "text/xml", forge.XMPPacket(`xmlns:dcterms="http://purl.org/dc/terms/" dcterms:provenance="`+address+`"`, "")))
	whole := storeFor(video)
	inAsset := pointing(server.URL+"/asset#jumbf=c2pa", true)
	host := append(slices.Clone(within.Data[:0:0]), forge.Make(forge.Recipe{Carrier: &forge.Carrier{Kind: "png"}}).Data...)

	for name, c := range map[string]struct {
		file, beside []byte
		answer       []byte // at /store
		asset        []byte // at /asset
		off          bool
		asked        int
		carrier      string
		state        string
		verdict      report.Verdict // in the ci profile; empty: not looked at
		code         string
		unchecked    bool // "remote manifest" is among what was not checked
	}{
		"of this file":                      {file: alone.Data, answer: alone.Store, asked: 1, carrier: "remote", state: "trusted"},
		"without leave nothing is asked":    {file: alone.Data, answer: alone.Store, off: true, carrier: "null", state: "absent", unchecked: true},
		"of another file":                   {file: alone.Data, answer: other.Store, asked: 1, carrier: "remote", state: "invalid", code: "assertion.bmffHash.mismatch"},
		"that is not there":                 {file: alone.Data, asked: 1, carrier: "null", state: "absent", verdict: report.Indeterminate, code: "manifest.inaccessible", unchecked: true},
		"that is empty":                     {file: alone.Data, answer: []byte{}, asked: 1, carrier: "null", state: "absent", verdict: report.Indeterminate, code: "manifest.inaccessible", unchecked: true},
		"that is no store":                  {file: alone.Data, answer: []byte("<html>"), asked: 1, carrier: "remote", state: "null", code: "manifest.inaccessible.malformed"},
		"with a store in the file":          {file: within.Data, answer: other.Store, carrier: "png-chunk", state: "trusted", unchecked: true},
		"with a store beside the file":      {file: alone.Data, beside: alone.Store, answer: other.Store, carrier: "sidecar", state: "trusted", unchecked: true},
		"by an address that is not secured": {file: pointing("http://publisher.example/store", true).Data, carrier: "null", state: "absent", unchecked: true},
		"by a path inside the file":         {file: pointing("self#jumbf=/c2pa/x", true).Data, carrier: "null", state: "absent", unchecked: true},
		"by a path to the store in it":      {file: pointing("self#jumbf=/c2pa/x", false).Data, carrier: "png-chunk", state: "trusted"},
		"in another asset":                  {file: inAsset.Data, asset: host, asked: 1, carrier: "remote", state: "invalid"},
		"of a container without a carrier":  {file: video, answer: whole.Store, asked: 1, carrier: "remote", state: "trusted"},
		"of another such file":              {file: append(slices.Clone(video), 0xec, 0x81, 0), answer: whole.Store, asked: 1, carrier: "remote", state: "invalid", code: "assertion.dataHash.mismatch"},
		"in an asset that has none":         {file: inAsset.Data, asset: alone.Data, asked: 1, carrier: "null", state: "absent", verdict: report.Indeterminate, code: "manifest.inaccessible", unchecked: true},
	} {
		t.Run(name, func(t *testing.T) {
			asked = nil
			clear(answers)
			if c.answer != nil {
				answers["/store"] = c.answer
			}
			if c.asset != nil {
				answers["/asset"] = c.asset
			}
			v := trusting(t)
			v.Policy = &policy.Policy{Profile: policy.CI}
			if !c.off {
				v.Fetch = &fetch.Getter{Roots: roots, Allow: netip.Addr.IsLoopback}
			}
			a := consentry.Asset{Name: "a.png", Data: bytes.NewReader(c.file), Size: int64(len(c.file))}
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
			if len(asked) != c.asked || len(r.Fetched) != c.asked {
				t.Errorf("asked for %v, told of %v", asked, r.Fetched)
			}
			if carrier(r) != c.carrier || state(r) != c.state {
				t.Errorf("carrier %s, state %s", carrier(r), state(r))
			}
			if c.verdict != "" && r.Verdict != c.verdict {
				t.Errorf("verdict %s", r.Verdict)
			}
			if c.code != "" && !report.Has(r.Findings, c.code) && (len(r.Provenance.Manifests) == 0 || !report.Has(r.Provenance.Manifests[0].Failure, c.code)) {
				t.Errorf("no %s: %v", c.code, r.Findings)
			}
			if got := slices.ContainsFunc(r.NotChecked, func(n report.NotChecked) bool { return n.What == "remote manifest" }); got != c.unchecked {
				t.Errorf("not checked: %v", r.NotChecked)
			}
			if own := name == "by a path to the store in it"; (r.Provenance.Remote == nil) != own {
				t.Errorf("the address that is reported: %v", r.Provenance.Remote)
			}
		})
	}
}

// A store that is fetched may have as many bytes as the library reads of one.
func TestAFetchedStoreIsBounded(t *testing.T) {
	v := trusting(t)
	g := &greedy{nothing: true}
	v.Fetch = g
	verify(t, v, asset(pointing("https://stores.example/store", true).Data))
	if !slices.Equal(g.most, []int64{64 << 20}) {
		t.Errorf("%d bytes were allowed", g.most)
	}
}

// TestTheManifestThatSegmentsName: statements about live segments name the manifest with their keys by its address. With
// leave it is fetched once for all of them, and stands in the report; without, nobody can judge the stream.
func TestTheManifestThatSegmentsName(t *testing.T) {
	opening := forge.LiveStream{}.Make().Data
	asked := 0
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked++; r.URL.Path != "/init" {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write(opening)
	}))
	t.Cleanup(server.Close)
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	sum := sha256.Sum256(opening)
	for name, c := range map[string]struct {
		address string
		off     bool
		asked   int
		state   string
		verdict report.Verdict
		reason  string
	}{
		"that is there":           {server.URL + "/init", false, 1, "trusted", report.Warn, "generated, and nobody declares who is depicted"},
		"in an asset that has it": {server.URL + "/init#jumbf=c2pa", false, 1, "trusted", report.Warn, "generated, and nobody declares who is depicted"},
		"without leave":           {server.URL + "/init", true, 0, "null", report.Indeterminate, "live manifest: segments could not be judged: their keys lie elsewhere, and nothing is fetched without leave"},
		"that is not there":       {server.URL + "/other", false, 1, "null", report.Indeterminate, "they could not be had: "},
		"that is not secured":     {"http://live.example/init", false, 0, "null", report.Indeterminate, "they could not be had: it is no https address"},
		"that is no address":      {"init.mp4", false, 0, "null", report.Indeterminate, "they could not be had: it is no https address"},
	} {
		t.Run(name, func(t *testing.T) {
			asked = 0
			b := forge.LiveStream{NoKeys: true, Info: func(_ int, m *forge.Map) {
				m.Set("manifestUri", forge.Map{{K: "url", V: c.address}, {K: "alg", V: "sha256"}, {K: "hash", V: sum[:]}})
			}}.Make()
			v := trusting(t)
			if !c.off {
				v.Fetch = &fetch.Getter{Roots: roots, Allow: netip.Addr.IsLoopback}
			}
			a := asset(b.Data)
			for i, p := range b.Parts {
				a.Parts = append(a.Parts, consentry.Part{Name: fmt.Sprint("s", i), Data: bytes.NewReader(p), Size: int64(len(p))})
			}
			r := verify(t, v, a)
			if err := schematest.Check(schematest.Report, marshal(r)); err != nil {
				t.Error(err)
			}
			if asked != c.asked || len(r.Fetched) != c.asked {
				t.Errorf("asked %d times, told of %v", asked, r.Fetched)
			}
			if state(r) != c.state || r.Verdict != c.verdict {
				t.Errorf("%s, %s: %v", state(r), r.Verdict, r.Reasons)
			}
			if !slices.ContainsFunc(r.Reasons, func(x report.Reason) bool { return strings.Contains(x.Text, c.reason) }) {
				t.Errorf("reasons %v", r.Reasons)
			}
			for _, f := range r.Provenance.Integrity.Fragments {
				if want := map[bool]string{true: "intact", false: "unknown"}[c.state == "trusted"]; f.State != want {
					t.Errorf("%s: %s, %s", f.Name, f.State, f.Why)
				}
			}
		})
	}
}
