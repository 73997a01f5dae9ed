package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/corpustest"
)

// source is the least that the real schema has of what is changed.
const source = `{"$id": "x", "definitions": {
	"manifest": {"properties": {"label": {}}, "oneOf": []},
	"signature": {"required": ["algorithm"]},
	"manifestValidationResults": {"properties": {}},
	"validationStatusEntry": {"properties": {}},
	"claimV1": {"required": ["signature", "claim_generator_info"]}}}`

func TestDerive(t *testing.T) {
	out, err := derive([]byte(source))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"isUpdateManifest", "isCompressedManifest", "trustListUris", "resourceUrl", "dependentRequired", `"not"`} {
		if !strings.Contains(string(out), want) {
			t.Errorf("no %s in the schema", want)
		}
	}
	if strings.Contains(string(out), "claim_generator_info") || strings.Contains(string(out), "oneOf") {
		t.Errorf("something was not dropped: %s", out)
	}
}

func TestDeriveRefuses(t *testing.T) {
	for _, c := range []struct{ name, from, to, want string }{
		{"not-json", `{"$id"`, `{$id`, "invalid character"},
		{"no-definitions", `"definitions"`, `"$defs"`, "no object"},
		{"already-of-2.5", `"label": {}`, `"isUpdateManifest": {}`, "there already"},
		{"another-shape", `"oneOf"`, `"anyOf"`, "no oneOf to drop"},
		{"not-required-before", `"claim_generator_info"`, `"x"`, "is not required"},
		{"no-properties", `"validationStatusEntry": {"properties"`, `"validationStatusEntry": {"p"`, "no properties"},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, err := derive([]byte(strings.Replace(source, c.from, c.to, 1)))
			if err == nil || !strings.Contains(err.Error(), c.want) || out != nil {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

// TestSchemaInDocs makes the schema in the repository again from its source and wants the same bytes.
func TestSchemaInDocs(t *testing.T) {
	published, err := os.ReadFile(filepath.Join(corpustest.Trust(t), "schemas", "crjson.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	want, err := derive(published)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.FromSlash("../../docs/schemas/crjson-2.5.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Error("docs/schemas/crjson-2.5.schema.json is not what the source gives: run internal/schemagen")
	}
}
