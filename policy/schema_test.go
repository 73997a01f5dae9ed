package policy_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/consentry/consentry/docs/schemas"
	"github.com/consentry/consentry/internal/schematest"
	"github.com/consentry/consentry/policy"
)

// TestTheSchemaOfPolicyFiles holds the schema against the reader, file by file.
func TestTheSchemaOfPolicyFiles(t *testing.T) {
	for _, text := range []string{
		`{"profile": "ci"}`, `{}`, `{"time_base": "both", "min_level": "E4", "status": "ignore", "require": ["licence"]}`,
		`{"use": {"purpose": ["test"], "territory": ["US"], "channel": ["tv"], "works": ["w"], "operation": ["train"]}}`,
		`{"on": {"undeclared": "INDETERMINATE"}, "network": "off", "max_trust_age": "30d"}`,
		`{"rules": [{"id": "a", "when": "true", "outcome": "WARN", "message": "m"}]}`,
	} {
		if _, err := policy.Load("", []byte(text)); err != nil {
			t.Errorf("%s: the reader: %v", text, err)
		}
		if err := schematest.Check(schematest.Policy, []byte(text)); err != nil {
			t.Errorf("%s: the schema: %v", text, err)
		}
	}
	for _, text := range []string{
		`[]`, `{"profle": "ci"}`, `{"profile": "press"}`, `{"time_base": "then"}`, `{"min_level": "E0"}`, `{"status": "maybe"}`, `{"require": []}`, `{"require": ["sub"]}`,
		`{"use": {"aim": ["test"]}}`, `{"use": {"purpose": "test"}}`, `{"use": {"purpose": [""]}}`, `{"use": {"operation": ["copy"]}}`, `{"on": {"undeclard": "WARN"}}`, `{"on": {"undeclared": "MAYBE"}}`,
		`{"network": "on"}`, `{"max_trust_age": 30}`, `{"rules": []}`, `{"rules": [{"id": "A", "when": "true", "outcome": "WARN"}]}`, `{"rules": [{"id": "a", "outcome": "WARN"}]}`,
		`{"rules": [{"id": "a", "when": "true", "outcome": "NO"}]}`, `{"rules": [{"id": "a", "when": "true", "outcome": "WARN", "then": 1}]}`,
	} {
		if _, err := policy.Load("", []byte(text)); err == nil {
			t.Errorf("%s: the reader takes it", text)
		}
		if schematest.Check(schematest.Policy, []byte(text)) == nil {
			t.Errorf("%s: the schema takes it", text)
		}
	}
}

// TestTheSchemaNamesTheEvents wants the same events in the schema as in the reader, which lists its own where it is
// asked for one that it does not know.
func TestTheSchemaNamesTheEvents(t *testing.T) {
	_, err := policy.Load("", []byte(`{"on": {"?": "WARN"}}`))
	var refused *policy.Error
	if !errors.As(err, &refused) {
		t.Fatal(err)
	}
	_, known, _ := strings.Cut(refused.Text, "known: ")
	text, err := schemas.Files.ReadFile(schematest.Policy)
	if err != nil {
		t.Fatal(err)
	}
	var s struct {
		Properties struct {
			On struct{ Properties map[string]any }
		}
	}
	if err := json.Unmarshal(text, &s); err != nil {
		t.Fatal(err)
	}
	var named []string
	for e := range s.Properties.On.Properties {
		named = append(named, e)
	}
	slices.Sort(named)
	want := strings.Split(known, ", ")
	slices.Sort(want)
	if !slices.Equal(named, want) {
		t.Errorf("the schema names %q, the reader %q", named, want)
	}
}
