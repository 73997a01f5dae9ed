package manifest_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/manifest"
	"github.com/consentry/consentry/report"
	"github.com/consentry/consentry/signing"
)

// validated validates a forged file with its content.
func validated(t *testing.T, file *forge.Built, trust *signing.Trust) *manifest.Result {
	t.Helper()
	res, err := validate(t, file, trust)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// validate is validated with the error of a limit.
func validate(t *testing.T, file *forge.Built, trust *signing.Trust) (*manifest.Result, error) {
	t.Helper()
	ctx := context.Background()
	loc, err := manifest.Locate(ctx, bytes.NewReader(file.Data), int64(len(file.Data)), manifest.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	store, err := manifest.Parse(loc.Store, loc.Update, manifest.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	content := &manifest.Content{Data: bytes.NewReader(file.Data), Size: int64(len(file.Data)), Located: loc}
	return store.Validate(ctx, content, manifest.Options{Trust: trust, Now: forge.Clock})
}

func TestIdentitiesAreJudgedAndNeverChangeTheState(t *testing.T) {
	for _, c := range slices.Concat(forge.Identities(), forge.Aggregations()) {
		t.Run(c.Name, func(t *testing.T) {
			res := validated(t, forge.Make(c.Recipe), forgeTrust(t, c.List))
			if res.State != manifest.Trusted {
				t.Errorf("state %q, want trusted", res.State)
			}
			m := res.Active
			if !report.Has(slices.Concat(m.Success, m.Informational, m.Failure), c.Code) {
				t.Errorf("%s is not given, but %v", c.Code, m.Failure)
			}
			broken := false
			for _, f := range m.Failure {
				broken = true
				if f.Code != c.Code && !slices.Contains(c.Also, f.Code) {
					t.Errorf("unexpected failure %s: %s", f.Code, f.Explanation)
				}
				if !strings.HasSuffix(f.URL, "/c2pa.assertions/cawg.identity") {
					t.Errorf("%s has the URL %q", f.Code, f.URL)
				}
			}
			if len(m.Identities) == 0 {
				t.Fatal("no identity was judged")
			}
			open := c.Code == "cawg.ica.revocation.unsupported" // nothing is wrong, and nobody can tell
			if trusted := m.Identities[0].Trusted; trusted == (broken || open) || trusted != report.Has(m.Success, "cawg.identity.trusted") {
				t.Errorf("trusted is %v, failures are %v", trusted, m.Failure)
			}
		})
	}
}

// withIdentities is a file with n sound identity assertions.
func withIdentities(n int) forge.Recipe {
	var r forge.Recipe
	for i := range n {
		a := forge.Assertion{Label: "cawg.identity", Identity: &forge.Identity{}}
		if i > 0 {
			a.Label += fmt.Sprintf("__%d", i)
		}
		r.Manifest.Assertions = append(r.Manifest.Assertions, a)
	}
	return r
}

func TestIdentitiesOfAManifestThatDoesNotHoldAreNotJudged(t *testing.T) {
	recipe := withIdentities(1)
	recipe.File = func(b *forge.Built) []byte {
		out := bytes.Clone(b.Data)
		out[len(out)-1] ^= 1
		return out
	}
	m := validated(t, forge.Make(recipe), forgeTrust(t, "")).Active
	if m.State != manifest.Invalid {
		t.Fatalf("state %q", m.State)
	}
	for _, f := range slices.Concat(m.Success, m.Informational, m.Failure) {
		if strings.HasPrefix(f.Code, "cawg.") {
			t.Errorf("%s is given", f.Code)
		}
	}
	if m.Identities != nil {
		t.Error("an identity was judged")
	}
}

func TestIdentitiesBeyondTheLimitAreNotJudged(t *testing.T) {
	const limit = 64
	for _, n := range []int{limit, limit + 1} {
		res := validated(t, forge.Make(withIdentities(n)), forgeTrust(t, ""))
		if got := len(res.Active.Identities); got != limit {
			t.Errorf("%d of %d were judged", got, n)
		}
		said := slices.ContainsFunc(res.NotChecked, func(n report.NotChecked) bool { return n.What == "identity assertions" })
		if said != (n > limit) {
			t.Errorf("%d: said to be left out: %v", n, said)
		}
		if res.State != manifest.Trusted {
			t.Errorf("%d: state %q", n, res.State)
		}
	}
}

func TestIdentitiesOfAnUpdateReferenceTheBindingBelow(t *testing.T) {
	parent := &forge.Manifest{Label: "urn:c2pa:F9168C5E-CEB2-4FAA-B6BF-329BF39FA1E4"}
	other := &forge.Manifest{Label: "urn:c2pa:F9168C5E-CEB2-4FAA-B6BF-329BF39FA1E5"}
	for _, c := range []struct {
		name, code string
		of         *forge.Manifest
		label      string
	}{
		{"the binding in force", "cawg.identity.trusted", parent, "c2pa.hash.bmff.v3"},
		{"another assertion below", "cawg.identity.hard_binding_missing", parent, "c2pa.actions.v2"},
		{"a manifest that nothing leads to", "cawg.identity.hard_binding_incorrect", other, "c2pa.hash.bmff.v3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			// The signature covers the digest, so it is made from the file as it was without the identity.
			recipe := func(entry func(*forge.Map)) forge.Recipe {
				return forge.Recipe{Stored: []*forge.Manifest{other}, Manifest: forge.Manifest{
					Update: true, Ingredients: []forge.Ingredient{{Manifest: parent}},
					Assertions: []forge.Assertion{{Label: "cawg.identity", Identity: &forge.Identity{Entry: entry}}},
				}}
			}
			sum := make([]byte, 32)
			var file *forge.Built
			for range 2 {
				file = forge.Make(recipe(func(e *forge.Map) {
					e.Set("url", "self#jumbf=/c2pa/"+c.of.Label+"/c2pa.assertions/"+c.label)
					e.Set("hash", sum)
				}))
				for _, m := range validated(t, file, nil).Manifests {
					for _, a := range m.AssertionsOf(c.label) {
						if m.Label == c.of.Label && a.Hash != nil {
							sum = a.Hash
						}
					}
				}
			}
			m := validated(t, file, forgeTrust(t, "")).Active
			if m.State != manifest.Trusted {
				t.Errorf("state %q: %v", m.State, m.Failure)
			}
			if !report.Has(slices.Concat(m.Success, m.Failure), c.code) {
				t.Errorf("%s is not given, but %v", c.code, m.Failure)
			}
		})
	}
}

func TestIdentitiesOfIngredientsAreJudgedToo(t *testing.T) {
	below := withIdentities(1).Manifest
	res := validated(t, forge.Make(forge.Recipe{Manifest: forge.Manifest{Ingredients: []forge.Ingredient{{Manifest: &below}}}}), forgeTrust(t, ""))
	if len(res.Active.Identities) != 0 {
		t.Error("the ingredient's identity counts for the file")
	}
	if m := res.Manifests[1]; len(m.Identities) != 1 || !m.Identities[0].Trusted {
		t.Errorf("identities %v, failures %v", m.Identities, m.Failure)
	}
}
