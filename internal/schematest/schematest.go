// Package schematest holds what consentry writes against its JSON Schemas, for tests. Start with [Check].
package schematest

import (
	"bytes"
	"fmt"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/consentry/consentry/docs/schemas"
)

// The schemas.
const (
	Report  = "consentry.report-1.schema.json"
	Batch   = "consentry.batch-1.schema.json"
	CrJSON  = "crjson-2.5.schema.json"
	Find    = "consentry.find-1.schema.json"
	Persons = "consentry.persons-1.schema.json"

	Assertion   = "consent-assertion-1.schema.json"
	Token       = "consent-token-1.schema.json"
	ConsentList = "consent-trust-1.schema.json"
	Bundle      = "consent-registry-1.schema.json"
	Policy      = "policy-1.schema.json"
)

var compiled = sync.OnceValues(func() (map[string]*jsonschema.Schema, error) {
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	ids := map[string]string{}
	for _, name := range []string{Report, Batch, CrJSON, Find, Persons, Assertion, Token, ConsentList, Bundle, Policy} {
		text, err := schemas.Files.ReadFile(name)
		if err != nil {
			return nil, err
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		id, ok := doc.(map[string]any)["$id"].(string)
		if !ok || !strings.HasSuffix(id, "/"+name) {
			return nil, fmt.Errorf("%s: its $id is %q", name, id)
		}
		if err := c.AddResource(id, doc); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		ids[name] = id
	}
	out := map[string]*jsonschema.Schema{}
	for name, id := range ids {
		s, err := c.Compile(id)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		out[name] = s
	}
	return out, nil
})

// Check holds a JSON document against a schema, one of the constants; the error says where it differs.
func Check(schema string, document []byte) error {
	all, err := compiled()
	if err != nil {
		return err
	}
	s := all[schema]
	if s == nil {
		return fmt.Errorf("no schema %q", schema)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		return err
	}
	return s.Validate(doc)
}
