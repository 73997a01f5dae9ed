package manifest_test

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/manifest"
	"github.com/consentry/consentry/report"
	"github.com/consentry/consentry/signing"
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
	// And another that brings the news of a revocation.
	revoked := forge.Composed(12)
	withdrawn := forge.Signer{Name: "Withdrawn"}
	revoked.Ingredients[2].Manifest.Signer = withdrawn
	news := revoked.Ingredients[9].Manifest
	news.Assertions = append(news.Assertions, forge.CertificateStatus(forge.OCSP{Status: "revoked", Revoked: forge.Clock.AddDate(0, 0, -1), Reason: 1}.About(withdrawn)))
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
		{"a revoked certificate among them, says a manifest that is read later", revoked, manifest.Trusted, 1},
	} {
		file := forge.Make(one(c.recipe))
		var first string
		for _, cores := range []int{1, 2, 5, 5} {
			runtime.GOMAXPROCS(cores)
			r := validated(t, file, forgeTrust(t, ""))
			bad := 0
			for _, m := range r.Manifests {
				if slices.ContainsFunc(signatureFaults, func(code string) bool { return report.Has(m.Failure, code) }) {
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

// signatureFaults say that a signature, or who made it, is none that counts.
var signatureFaults = []string{"claimSignature.mismatch", "claimSignature.outsideValidity", "signingCredential.ocsp.revoked"}

// Whoever verifies signatures meanwhile has ended when a validation has, whole or not: the bubble waits for them.
func TestNobodyIsLeftOverFromAValidation(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	file, trust := forge.Make(one(forge.Edited(12))), forgeTrust(t, "")
	stopped, stop := context.WithCancel(context.Background())
	stop()
	for _, c := range []struct {
		name   string
		ctx    context.Context
		limits manifest.Limits
		wrong  func(error) bool
	}{
		{"whole", context.Background(), manifest.Limits{}, func(err error) bool { return err != nil }},
		{"stopped before", stopped, manifest.Limits{}, func(err error) bool { return !errors.Is(err, context.Canceled) }},
		{"stopped at a limit", context.Background(), manifest.Limits{Ingredients: 3}, func(err error) bool {
			var limit *manifest.LimitError
			return !errors.As(err, &limit)
		}},
		{"stopped on the way down", &countdown{Context: context.Background(), left: 5}, manifest.Limits{}, func(err error) bool { return !errors.Is(err, context.Canceled) }},
		{"stopped while it judges", &countdown{Context: context.Background(), left: 18}, manifest.Limits{}, func(err error) bool { return !errors.Is(err, context.Canceled) }},
	} {
		s, err := manifest.Parse(file.Store, nil, c.limits)
		if err != nil {
			t.Fatal(err)
		}
		synctest.Test(t, func(t *testing.T) {
			_, err := s.Validate(c.ctx, nil, manifest.Options{Now: forge.Clock, Trust: trust, Limits: c.limits})
			if c.wrong(err) {
				t.Errorf("%s: %v", c.name, err)
			}
		})
	}
}

// A bug in the verification of a signature is met where the result is asked for, and by no goroutine where nothing catches
// it: of many files one is lost and not all.
func TestAPanicIsMetByWhoeverAsks(t *testing.T) {
	verify := manifest.AfterCrew(func() *signing.Result { panic("a bug") })
	defer func() {
		if r := recover(); r != "a bug" {
			t.Errorf("met %v", r)
		}
	}()
	t.Errorf("got %v", verify())
}

// countdown is a context that ends when it was asked often enough whether it has.
type countdown struct {
	context.Context
	left int
}

func (c *countdown) Err() error {
	if c.left--; c.left < 0 {
		return context.Canceled
	}
	return nil
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
