package manifest_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/manifest"
	"github.com/consentry/consentry/report"
)

func FuzzStore(f *testing.F) {
	one := sketch{label: "urn:c2pa:1", entries: []entry{created}}.bytes()
	seeds := [][]byte{store(one), store(compressed("urn:c2pa:1", one)), lineage(3), store(), forge.Make(forge.Recipe{}).Store, forge.Make(forge.Recipe{Manifest: forge.Manifest{ClaimV1: true}}).Store, forge.Make(withIdentities(2)).Store}
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		lim := manifest.Limits{Store: 1 << 20, Decompressed: 1 << 16, Assertions: 1000, Items: 1 << 14, Manifests: 50}
		s, err := manifest.Parse(data, nil, lim)
		if err != nil {
			var syntax *manifest.SyntaxError
			if s != nil || !errors.As(err, &syntax) && !isLimit(err) {
				t.Fatalf("%v %v", s, err)
			}
			return
		}
		r, err := s.Validate(context.Background(), nil, manifest.Options{Now: forge.Clock, Limits: lim})
		if err != nil && !isLimit(err) {
			t.Fatal(err)
		}
		if r.State == manifest.Valid || r.State == manifest.Trusted {
			t.Fatal("valid without content")
		}
		if len(r.Manifests) != len(s.Manifests) || r.Manifests[0] != r.Active {
			t.Fatal("not every manifest has a result")
		}
		for _, m := range r.Manifests {
			if m.State == manifest.Trusted || m.State == manifest.Valid && (m.Signature == nil || !m.Signature.Validated) {
				t.Fatal("valid without a signature, or trusted by nobody")
			}
		}
	})
}

func FuzzClaim(f *testing.F) {
	for _, edit := range []func(*forge.Map){
		nil,
		func(m *forge.Map) { m.Del("instanceID") },
		func(m *forge.Map) { m.Set("created_assertions", 1) },
		func(m *forge.Map) { m.Set("redacted_assertions", []any{"self#jumbf=/c2pa/x/c2pa.assertions/y"}) },
		func(m *forge.Map) { m.Set("gathered_assertions", []any{kv("url", "x")}) },
	} {
		m := kv(
			"instanceID", "xmp:iid:1",
			"claim_generator_info", kv("name", "x"),
			"signature", "self#jumbf=c2pa.signature",
			"created_assertions", []any{kv("url", "self#jumbf=c2pa.assertions/c2pa.actions.v2", "hash", make([]byte, 32))},
			"alg", "sha256",
		)
		if edit != nil {
			edit(&m)
		}
		f.Add(forge.CBOR(m))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := study(t, store(sketch{label: "urn:c2pa:1", entries: []entry{created}, claim: data}.bytes()), manifest.Limits{Items: 1 << 14})
		if err != nil {
			if !isLimit(err) {
				t.Fatal(err)
			}
			return
		}
		m := r.Active
		said := slices.ContainsFunc(m.Failure, func(f report.Finding) bool { return strings.HasPrefix(f.Code, "claim.") })
		c := m.Claim
		whole := c != nil && c.InstanceID != "" && c.Signature != "" && len(c.Created) > 0 && c.Generator != ""
		if !whole && !said {
			t.Fatalf("a claim with holes, and nothing is said of it: %+v", m.Failure)
		}
		if c != nil && !bytes.Equal(c.Payload, data) {
			t.Fatal("the claim's bytes are not those of the file")
		}
	})
}

// hold puts fuzzed bytes into one assertion of a manifest and returns what is said of them.
func hold(t *testing.T, label string, data []byte) *manifest.ManifestResult {
	t.Helper()
	r, err := study(t, store(sketch{label: "urn:c2pa:1", entries: []entry{{label: label, cbor: data}}}.bytes()), manifest.Limits{Items: 1 << 14})
	if isLimit(err) {
		t.Skip("a limit of ours")
	}
	if err != nil {
		t.Fatal(err)
	}
	return r.Active
}

func FuzzActions(f *testing.F) {
	for _, m := range []forge.Map{
		kv("actions", []any{kv("action", "c2pa.created", "digitalSourceType", forge.IPTC("trainedAlgorithmicMedia"))}),
		kv("actions", []any{kv("action", "c2pa.opened", "parameters", kv("ingredients", []any{kv("url", "self#jumbf=c2pa.assertions/c2pa.ingredient.v3", "hash", make([]byte, 32))}))}),
		kv("actions", []any{kv("action", "c2pa.placed", "softwareAgentIndex", 0)}, "softwareAgents", []any{kv("name", "x")}, "templates", []any{kv("action", "*", "description", "d")}),
		kv("actions", []any{kv("action", "c2pa.redacted", "parameters", kv("redacted", "self#jumbf=/c2pa/x/y"))}),
		kv("actions", []any{}),
		kv("actions", []any{kv("when", forge.Tag{N: 0, V: "2026-01-01T00:00:00Z"}, "whenStart", "x", "related", []any{kv("action", "a")})}),
	} {
		f.Add(forge.CBOR(m))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m := hold(t, "c2pa.actions.v2", data)
		bad := report.Has(m.Failure, "assertion.action.malformed") || report.Has(m.Failure, "assertion.cbor.invalid")
		begins := 0
		for _, a := range m.Actions {
			if a.Action == "" && !bad {
				t.Fatal("an action without a name, and nothing is said of it")
			}
			if a.Action == "c2pa.created" || a.Action == "c2pa.opened" {
				begins++
			}
		}
		if begins != 1 && !bad {
			t.Fatalf("%d beginnings, and nothing is said of it", begins)
		}
	})
}

func FuzzIngredient(f *testing.F) {
	for _, m := range []forge.Map{
		kv("relationship", "parentOf"),
		kv("relationship", "inputTo", "dataTypes", []any{kv("type", "c2pa.types.generator.prompt")}),
		kv("relationship", "componentOf", "activeManifest", kv("url", "self#jumbf=/c2pa/urn:c2pa:1", "hash", make([]byte, 32)), "validationResults", kv("activeManifest", kv("failure", []any{kv("code", "general.error")}))),
		kv("relationship", "cousinOf", "thumbnail", kv("url", "self#jumbf=c2pa.assertions/x")),
		kv("relationship", "parentOf", "relatedAssertions", []any{1}),
		kv(),
	} {
		f.Add(forge.CBOR(m))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m := hold(t, "c2pa.ingredient.v3", data)
		for _, i := range m.Ingredients {
			known := slices.Contains([]string{"parentOf", "componentOf", "inputTo"}, i.Relationship)
			if !known && !report.Has(m.Failure, "assertion.ingredient.malformed") {
				t.Fatalf("relationship %q, and nothing is said of it", i.Relationship)
			}
			if i.Now == manifest.Valid || i.Now == manifest.Trusted {
				t.Fatal("an ingredient that nobody signed is valid")
			}
		}
		if len(m.Ingredients) == 0 && !report.Has(m.Failure, "assertion.cbor.invalid") {
			t.Fatal("the ingredient is lost")
		}
	})
}
