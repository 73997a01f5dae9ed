package consent_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/consentry/consentry/consent"
	"github.com/consentry/consentry/internal/schematest"
)

// beyondSchema are the corruptions that a JSON Schema cannot see: it knows no uniqueness over lists, no length of another
// list, and no difference between 1 and 1.0.
var beyondSchema = map[string]bool{"version-as-a-fraction": true, "id-twice": true, "id-of-a-work-twice": true, "index-out-of-range": true}

// TestTheAssertionsSchema holds the schema against the reader: what the reader takes it takes, and it refuses each named
// corruption that a schema can see.
func TestTheAssertionsSchema(t *testing.T) {
	for _, text := range []string{whole, `{"v":1,"completeness":"complete","people":[]}`} {
		if _, err := consent.ParseAssertion([]byte(text), false); err != nil {
			t.Fatal(err)
		}
		if err := schematest.Check(schematest.Assertion, []byte(text)); err != nil {
			t.Errorf("the schema refuses what the reader takes: %v", err)
		}
	}
	seen := 0
	for _, c := range corruptions {
		text := corrupt(t, c.old, c.new)
		if _, err := consent.ParseAssertion([]byte(text), false); err == nil {
			t.Errorf("%s: the reader takes it", c.name)
		}
		taken := schematest.Check(schematest.Assertion, []byte(text)) == nil
		if taken != beyondSchema[c.name] {
			t.Errorf("%s: taken by the schema: %v", c.name, taken)
		}
		if beyondSchema[c.name] {
			seen++
		}
	}
	if seen != len(beyondSchema) {
		t.Errorf("%d of %d corruptions that a schema cannot see are there", seen, len(beyondSchema))
	}
}

// TestTheCDDLNamesTheMembers wants every member of the schema in the CDDL beside it.
func TestTheCDDLNamesTheMembers(t *testing.T) {
	read := func(name string) string {
		b, err := os.ReadFile("../docs/schemas/" + name)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	cddl := read("consent-1.cddl")
	var doc any
	if err := json.Unmarshal([]byte(read(schematest.Assertion)), &doc); err != nil {
		t.Fatal(err)
	}
	names := 0
	var walk func(v any)
	walk = func(v any) {
		switch x := v.(type) {
		case map[string]any:
			if properties, ok := x["properties"].(map[string]any); ok {
				for name := range properties {
					if names++; !strings.Contains(cddl, `"`+name+`":`) {
						t.Errorf("the CDDL lacks %q", name)
					}
				}
			}
			for _, inner := range x {
				walk(inner)
			}
		case []any:
			for _, inner := range x {
				walk(inner)
			}
		}
	}
	walk(doc)
	if names < 40 {
		t.Errorf("only %d members", names)
	}
}
