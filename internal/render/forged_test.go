package render_test

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/internal/render"
	"github.com/consentry/consentry/internal/schematest"
	"github.com/consentry/consentry/manifest"
	"github.com/consentry/consentry/signing"
)

// validated is what the library finds in a forged file.
func validated(t *testing.T, data []byte) (*manifest.Located, *manifest.Result) {
	t.Helper()
	claim, err := signing.ParseAnchors("claim", forge.ChainPEM(forge.CA().Root.Cert))
	if err != nil {
		t.Fatal(err)
	}
	tsa, err := signing.ParseAnchors("tsa", forge.ChainPEM(forge.TSA().Root.Cert))
	if err != nil {
		t.Fatal(err)
	}
	r, size := bytes.NewReader(data), int64(len(data))
	loc, err := manifest.Locate(context.Background(), r, size, manifest.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if loc.Store == nil {
		return loc, nil
	}
	store, err := manifest.Parse(loc.Store, loc.Update, manifest.Limits{})
	if err != nil {
		return loc, nil
	}
	res, err := store.Validate(context.Background(), &manifest.Content{Data: r, Size: size, Located: loc}, manifest.Options{
		Now: forge.Clock, Trust: &signing.Trust{Claim: []signing.List{claim}, TSA: []signing.List{tsa}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return loc, res
}

// crView is what the tests read of a crJSON document.
type crView struct {
	Manifests []struct {
		Label             string
		ClaimV1           map[string]any `json:"claim"`
		ClaimV2           map[string]any `json:"claim.v2"`
		Assertions        map[string]any `json:"assertions"`
		Signature         map[string]any
		ValidationResults struct {
			Success, Informational, Failure []struct{ Code, URL string }
			ValidationTime                  string
		}
		IsUpdateManifest     bool
		IsCompressedManifest bool
		IngredientDeltas     []any
	}
	JSONGenerator struct{ Name, Version string }
}

func crJSON(t *testing.T, res *manifest.Result) crView {
	t.Helper()
	var b bytes.Buffer
	if err := render.JSON(&b, render.NewCrJSON(res, "1.2.3", forge.Clock)); err != nil {
		t.Fatal(err)
	}
	if err := schematest.Check(schematest.CrJSON, b.Bytes()); err != nil {
		t.Error(err)
	}
	var v crView
	if err := json.Unmarshal(b.Bytes(), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// TestForgedFilesInEveryForm renders every good file and every named corruption: the documents keep to their schemas,
// say the one code that the corruption is for, and nothing of a file reaches the text as it is.
func TestForgedFilesInEveryForm(t *testing.T) {
	cases := append(forge.Good(), forge.Corruptions()...)
	if len(cases) < 100 {
		t.Errorf("only %d cases", len(cases))
	}
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			loc, res := validated(t, forge.Make(c.Recipe).Data)
			v := crJSON(t, res)
			if res != nil && len(v.Manifests) != len(res.Manifests) {
				t.Errorf("%d manifests of %d", len(v.Manifests), len(res.Manifests))
			}
			for _, m := range v.Manifests {
				for _, s := range append(append(m.ValidationResults.Success, m.ValidationResults.Informational...), m.ValidationResults.Failure...) {
					for _, own := range []string{"consent.", "asset.", "trust."} {
						if strings.HasPrefix(s.Code, own) {
							t.Errorf("carries %s, which is no code of C2PA", s.Code)
						}
					}
				}
			}
			in := render.NewInspection("clip.mp4", int64(len(c.Name)), loc, res)
			var b bytes.Buffer
			if err := in.Text(&b, render.Options{}); err != nil {
				t.Fatal(err)
			}
			if err := render.JSON(&b, in); err != nil {
				t.Fatal(err)
			}
			for _, line := range strings.Split(b.String(), "\n") {
				checkQuiet(t, line)
			}
		})
	}
}

func TestCrJSON(t *testing.T) {
	signer := forge.Signer{Stamps: []forge.Stamp{{}}, Stamp2: true}
	_, res := validated(t, forge.Make(forge.Recipe{Manifest: forge.Manifest{
		Signer: signer,
		Assertions: []forge.Assertion{
			{Label: "com.example.note", JSON: []byte(`{"@context":"https://example.com","n":12345678901234567890}`)},
			{Label: "com.example.cbor", CBOR: forge.Map{{K: 1, V: "one"}, {K: "when", V: forge.Tag{N: 0, V: "2026-06-01T12:00:00Z"}}, {K: "bytes", V: []byte{1, 2, 3}}}},
			{Label: "c2pa.thumbnail.claim", File: []byte("\xff\xd8\xff\xd9"), Media: "image/jpeg"},
		},
	}}).Data)
	v := crJSON(t, res)
	if v.JSONGenerator.Name != "consentry" || v.JSONGenerator.Version != "1.2.3" {
		t.Errorf("made by %+v", v.JSONGenerator)
	}
	if len(v.Manifests) != 1 {
		t.Fatalf("%d manifests", len(v.Manifests))
	}
	m := v.Manifests[0]
	for _, list := range []string{"created_assertions", "gathered_assertions", "redacted_assertions"} {
		if _, ok := m.ClaimV2[list].([]any); !ok {
			t.Errorf("claim.v2 has no list %s", list)
		}
	}
	if m.ClaimV1 != nil {
		t.Error("a claim of version 1 beside that of version 2")
	}
	object := func(label string) map[string]any { o, _ := m.Assertions[label].(map[string]any); return o }
	if got := object("com.example.cbor"); got["1"] != "one" || got["when"] != "2026-06-01T12:00:00Z" || got["bytes"] != "b64'AQID'" {
		t.Errorf("CBOR as %v", got)
	}
	if got := object("com.example.note"); got["@context"] != "https://example.com" {
		t.Errorf("JSON as %v", got)
	}
	if got := object("c2pa.thumbnail.claim"); got["mimeType"] != "image/jpeg" || got["thumbnailType"] != 0.0 {
		t.Errorf("a thumbnail as %v", got)
	}
	if m.Signature["algorithm"] != "ES256" || m.Signature["certificateInfo"] == nil {
		t.Errorf("signature as %v", m.Signature)
	}
	stamp, _ := m.Signature["timeStampInfo"].(map[string]any)
	if stamp["timestamp"] != "2026-06-01T12:00:00Z" || stamp["certificateInfo"] == nil {
		t.Errorf("time-stamp as %v", stamp)
	}
	if m.ValidationResults.ValidationTime != "2026-06-01T12:00:00Z" {
		t.Errorf("validated at %s", m.ValidationResults.ValidationTime)
	}
}

// TestCrJSONInventsNothing: what cannot be read is absent, and never made up for the schema's sake.
func TestCrJSONInventsNothing(t *testing.T) {
	for _, c := range []struct {
		name  string
		edit  func(*forge.Map)
		claim bool
	}{
		{"a good claim", func(*forge.Map) {}, true},
		{"an unknown member", func(m *forge.Map) { m.Set("com.example.extra", 1) }, true},
		{"a title that is no text", func(m *forge.Map) { m.Set("dc:title", 7) }, true},
		{"no instanceID", func(m *forge.Map) { m.Del("instanceID") }, false},
		{"a generator without a name", func(m *forge.Map) { m.Set("claim_generator_info", forge.Map{{K: "version", V: "1"}}) }, false},
		{"no created assertions", func(m *forge.Map) { m.Del("created_assertions") }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, res := validated(t, forge.Make(forge.Recipe{Manifest: forge.Manifest{Claim: c.edit}}).Data)
			v := crJSON(t, res)
			if got := v.Manifests[0].ClaimV2 != nil; got != c.claim {
				t.Errorf("claim shown: %v, want %v", got, c.claim)
			}
			if title := v.Manifests[0].ClaimV2["dc:title"]; title == 7.0 {
				t.Error("a title that is no text is shown")
			}
		})
	}
	if v := crJSON(t, nil); v.Manifests == nil || len(v.Manifests) != 0 {
		t.Errorf("without a store: %v", v.Manifests)
	}
}

func TestSemVer(t *testing.T) {
	for in, want := range map[string]string{
		"1.2.3": "1.2.3", "v1.2.3": "1.2.3", "1.2.3-rc.1+x": "1.2.3-rc.1+x", "": "0.0.0",
		"d29263f-dirty": "0.0.0+d29263f-dirty", "v1.2": "0.0.0+v1-2", "unknown": "0.0.0+unknown", "1.02.3": "0.0.0+1-02-3",
	} {
		if got := render.SemVer(in); got != want {
			t.Errorf("%q gives %q, want %q", in, got, want)
		}
	}
}
