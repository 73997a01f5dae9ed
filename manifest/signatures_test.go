package manifest_test

import (
	"crypto/x509"
	"encoding/json"
	"runtime"
	"testing"

	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/manifest"
	"github.com/consentry/consentry/report"
)

// TestCoresDoNotShow judges histories on one core and on several: the findings and their order are the same, whoever
// verified a signature, and a broken one is that of its manifest.
func TestCoresDoNotShow(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	broken := forge.Composed(12)
	broken.Ingredients[7].Manifest.Signer.Sig = func(s []byte) []byte { s[3] ^= 1; return s }
	// A part whose certificate has expired, and another, which is read later, that brings the time-stamp which saves it.
	stamped := forge.Composed(12)
	early, late := stamped.Ingredients[2].Manifest, stamped.Ingredients[9].Manifest
	early.Signer = forge.Signer{Cert: func(t *x509.Certificate) {
		t.NotBefore, t.NotAfter = forge.Clock.AddDate(-1, -1, 0), forge.Clock.AddDate(0, -1, 0)
	}}
	unsaved := forge.Composed(12)
	unsaved.Ingredients[2].Manifest.Signer = early.Signer
	late.Assertions = append(late.Assertions, forge.Assertion{Label: forge.StampLabel, Stamps: []forge.StampOf{
		{Manifest: early, Stamp: forge.Stamp{Time: forge.Clock.AddDate(0, -6, 0)}},
	}})
	for _, c := range []struct {
		name   string
		recipe forge.Manifest
		state  string
		bad    int
	}{
		{"12 wide", forge.Composed(12), manifest.Trusted, 0},
		{"12 deep", forge.Edited(12), manifest.Trusted, 0},
		{"a broken signature among them", broken, manifest.Trusted, 1},
		{"an expired certificate among them", unsaved, manifest.Trusted, 1},
		{"and a time-stamp in a manifest that is read later", stamped, manifest.Trusted, 0},
	} {
		file := forge.Make(one(c.recipe))
		var first string
		for _, cores := range []int{1, 2, 5, 5} {
			runtime.GOMAXPROCS(cores)
			r := validated(t, file, forgeTrust(t, ""))
			bad := 0
			for _, m := range r.Manifests {
				if report.Has(m.Failure, "claimSignature.mismatch") || report.Has(m.Failure, "claimSignature.outsideValidity") {
					bad++
				}
			}
			if r.Active.State != c.state || bad != c.bad {
				t.Errorf("%s, %d cores: %s, %d broken signatures", c.name, cores, r.Active.State, bad)
			}
			var all [][]report.Finding
			for _, m := range r.Manifests {
				all = append(all, m.Success, m.Informational, m.Failure, m.Notes)
			}
			text, err := json.Marshal(all)
			if err != nil {
				t.Fatal(err)
			}
			if first == "" {
				first = string(text)
			}
			if string(text) != first {
				t.Errorf("%s: other findings on %d cores", c.name, cores)
			}
		}
	}
}

// What an ingredient assertion says can still be asked for after the validation, which gave it up.
func TestIngredientAssertionsCanBeReadAgain(t *testing.T) {
	r := validated(t, forge.Make(one(forge.Edited(1))), forgeTrust(t, ""))
	list := r.Active.AssertionsOf("c2pa.ingredient.v3")
	if len(list) != 1 {
		t.Fatalf("%d ingredient assertions", len(list))
	}
	tree, err := list[0].Tree()
	if err != nil || tree.Get("dc:title").Str() != "save 0.mp4" || !tree.Has("validationResults") {
		t.Errorf("%q, %v", tree.Get("dc:title").Str(), err)
	}
}
