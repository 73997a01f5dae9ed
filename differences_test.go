package consentry_test

import (
	"os"
	"testing"

	"github.com/goccy/go-yaml"
)

// difference is a case of the corpus to which another answer than the written one is right.
type difference struct {
	Set, Case, Clause, Theirs, Ours string
}

// differences reads testdata/differences.yaml for one set: case id → why.
func differences(t testing.TB, set string) map[string]difference {
	t.Helper()
	b, err := os.ReadFile("testdata/differences.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var all []difference
	if err := yaml.UnmarshalWithOptions(b, &all, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	out := map[string]difference{}
	for _, d := range all {
		if d.Set == "" || d.Case == "" || d.Clause == "" || d.Theirs == "" || d.Ours == "" {
			t.Errorf("a difference without all its members: %+v", d)
		}
		if d.Set == set {
			out[d.Case] = d
		}
	}
	return out
}
