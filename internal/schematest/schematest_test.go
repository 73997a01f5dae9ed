package schematest_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/schematest"
	"github.com/consentry/consentry/report"
)

// crDoc is a small crJSON document that is as it should be.
const crDoc = `{"@context": {"@vocab": "https://c2pa.org/crjson/"}, "jsonGenerator": {"name": "consentry", "version": "1.0.0"},
	"manifests": [{"label": "urn:c2pa:x", "assertions": {}, "signature": {},
	"validationResults": {"success": [], "informational": [], "failure": [{"code": "claim.malformed", "url": "self#jumbf=x"}], "specVersion": "2.5.0", "validationTime": "2026-11-22T10:00:00Z"}}]}`

func TestCheck(t *testing.T) {
	if err := schematest.Check(schematest.CrJSON, []byte(crDoc)); err != nil {
		t.Error(err)
	}
	for _, c := range []struct{ name, from, to string }{
		{"no-manifests", `"manifests"`, `"manifest"`},
		{"version-not-semver", `"1.0.0"`, `"one"`},
		{"time-not-a-date", `"2026-11-22T10:00:00Z"`, `"yesterday"`},
		{"unknown-member-of-a-manifest", `"label"`, `"extra": 1, "label"`},
		{"half-a-signature", `"signature": {}`, `"signature": {"algorithm": "ES256"}`},
		{"two-claims", `"label"`, `"claim": {}, "claim.v2": {}, "label"`},
		{"status-without-code", `{"code": "claim.malformed", `, `{`},
	} {
		t.Run(c.name, func(t *testing.T) {
			doc := strings.Replace(crDoc, c.from, c.to, 1)
			if doc == crDoc {
				t.Fatal("nothing changed")
			}
			if schematest.Check(schematest.CrJSON, []byte(doc)) == nil {
				t.Error("accepted")
			}
		})
	}
	if schematest.Check("no such", []byte(crDoc)) == nil {
		t.Error("an unknown schema accepts")
	}
}

// TestReportMembers walks the report's struct: every member that can be written stands in the schema, so that no
// report says something that its schema does not explain.
func TestReportMembers(t *testing.T) {
	text, err := os.ReadFile(filepath.FromSlash("../../docs/schemas/" + schematest.Report))
	if err != nil {
		t.Fatal(err)
	}
	var root map[string]any
	if err := json.Unmarshal(text, &root); err != nil {
		t.Fatal(err)
	}
	defs, _ := root["$defs"].(map[string]any)
	checked := 0
	var walk func(typ reflect.Type, schema map[string]any, path string)
	walk = func(typ reflect.Type, schema map[string]any, path string) {
		for typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice {
			if items, ok := schema["items"].(map[string]any); ok && typ.Kind() == reflect.Slice {
				schema = items
			}
			typ = typ.Elem()
		}
		if ref, ok := schema["$ref"].(string); ok {
			schema, _ = defs[strings.TrimPrefix(ref, "#/$defs/")].(map[string]any)
		}
		if typ.Kind() != reflect.Struct || typ.PkgPath() != reflect.TypeFor[report.Report]().PkgPath() {
			return
		}
		props, _ := schema["properties"].(map[string]any)
		for i := range typ.NumField() {
			name, _, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
			if name == "" || name == "-" {
				continue
			}
			checked++
			member, ok := props[name].(map[string]any)
			if !ok && props[name] != true {
				t.Errorf("%s.%s is not in the schema", path, name)
				continue
			}
			walk(typ.Field(i).Type, member, path+"."+name)
		}
	}
	walk(reflect.TypeFor[report.Report](), root, "report")
	if checked < 100 {
		t.Errorf("only %d members checked", checked)
	}
}
