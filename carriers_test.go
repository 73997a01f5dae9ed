package consentry_test

import (
	"slices"
	"testing"

	"github.com/consentry/consentry"
	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/report"
)

// beside is an asset with files beside it, by suffix.
func beside(data []byte, files map[string][]byte) consentry.Asset {
	a := asset(data)
	a.Sidecar = func(suffix string) ([]byte, error) { return files[suffix], nil }
	return a
}

func carrier(r *report.Report) string {
	if r.Provenance.Carrier == nil {
		return "null"
	}
	return *r.Provenance.Carrier
}

func TestTheStoreBesideTheFile(t *testing.T) {
	alone, other := forge.Make(forge.Recipe{Detached: true}), forge.Make(forge.Recipe{Detached: true, Container: forge.Container{Samples: 9}})
	within := generated()
	mkv := append([]byte("\x1a\x45\xdf\xa3\x9f\x42\x82\x88matroska"), make([]byte, 200)...)
	for name, c := range map[string]struct {
		file, store    []byte
		given          bool
		carrier, state string
		code           string
	}{
		"of this file":                       {file: alone.Data, store: alone.Store, carrier: "sidecar", state: "trusted", code: "assertion.bmffHash.match"},
		"given by hand":                      {file: alone.Data, store: alone.Store, given: true, carrier: "detached", state: "trusted"},
		"of another file":                    {file: alone.Data, store: other.Store, carrier: "sidecar", state: "invalid", code: "assertion.bmffHash.mismatch"},
		"beside a file with its own":         {file: within.Data, store: other.Store, carrier: "bmff-uuid", state: "trusted"},
		"that is none":                       {file: alone.Data, store: []byte("no store"), carrier: "sidecar", state: "null", code: "manifest.inaccessible.malformed"},
		"that is empty":                      {file: alone.Data, store: []byte{}, carrier: "sidecar", state: "null", code: "manifest.inaccessible.malformed"},
		"beside a container without carrier": {file: mkv, store: other.Store, carrier: "sidecar", state: "invalid", code: "assertion.bmffHash.mismatch"},
		"that is not there":                  {file: alone.Data, carrier: "null", state: "absent"},
	} {
		t.Run(name, func(t *testing.T) {
			a := beside(c.file, map[string][]byte{".c2pa": c.store})
			if c.given {
				a.Manifest, a.Sidecar = c.store, nil
			}
			r := verify(t, trusting(t), a)
			if carrier(r) != c.carrier || state(r) != c.state {
				t.Errorf("carrier %s, state %s", carrier(r), state(r))
			}
			over := slices.ContainsFunc(r.NotChecked, func(n report.NotChecked) bool { return n.What == "manifest store beside the file" })
			if over != (c.carrier == "bmff-uuid") {
				t.Errorf("a store that is passed over: told %v; %v", over, r.NotChecked)
			}
			var all []report.Finding
			for _, m := range r.Provenance.Manifests {
				all = append(all, m.Success...)
			}
			if all = append(all, r.Findings...); c.code != "" && !report.Has(all, c.code) {
				t.Errorf("%s is not among %v", c.code, all)
			}
		})
	}
}
