// Package corpustest finds the corpus that lies beside the project, for tests. Its files were made by others under
// licences of their own and are no part of the project: where they are missing a test skips and says so, and where
// CONSENTRY_REQUIRE_CORPUS is 1 that skip is a failure. Start with [Dir].
package corpustest

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// Dir returns the folder of the corpus, beside the module's root. It ends the test where there is none: skipped, or
// failed if CONSENTRY_REQUIRE_CORPUS is 1.
func Dir(t testing.TB) string {
	t.Helper()
	return shared(t, "corpus")
}

// Trust returns the folder of the published trust lists beside the module's root, under the same rule as [Dir].
func Trust(t testing.TB) string {
	t.Helper()
	return shared(t, "trust")
}

// Models returns the folder of face networks and golden pictures beside the module's root, under the same rule as [Dir].
func Models(t testing.TB) string {
	t.Helper()
	return shared(t, "models")
}

// Runtime returns the folder with the library and the model that find faces: the one that CONSENTRY_MODELS names, or
// build/models, which scripts/setup.sh makes. It ends the test where there is none: skipped, or failed if
// CONSENTRY_REQUIRE_MODELS is 1.
func Runtime(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("CONSENTRY_MODELS")
	if dir == "" {
		dir = filepath.Join(root(t), "build", "models")
	}
	if _, err := os.Stat(dir); err != nil {
		const text = "the library and the model that find faces are not installed: nothing was run with them"
		if os.Getenv("CONSENTRY_REQUIRE_MODELS") == "1" {
			t.Fatal(text)
		}
		t.Skip(text)
	}
	return dir
}

// root is the module's folder.
func root(t testing.TB) string {
	t.Helper()
	root, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(root, "go.mod")); err == nil {
			return root
		}
		up := filepath.Dir(root)
		if up == root {
			t.Fatal("no go.mod above the test's folder")
		}
		root = up
	}
}

func shared(t testing.TB, name string) string {
	t.Helper()
	dir := filepath.Join(filepath.Dir(root(t)), "shared", name)
	if _, err := os.Stat(dir); err != nil {
		const text = "the shared %s is not beside the project: nothing was checked against it"
		if os.Getenv("CONSENTRY_REQUIRE_CORPUS") == "1" {
			t.Fatalf(text, name)
		}
		t.Skipf(text, name)
	}
	return dir
}

// Cases decodes the cases of a set ("made-video", "consent/judge", …) into out, a pointer to a slice.
func Cases(t testing.TB, set string, out any) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(Dir(t), filepath.FromSlash(set), "cases.json"))
	if err != nil {
		t.Fatal(err)
	}
	doc := struct {
		Cases any `json:"cases"`
	}{out}
	if err := json.Unmarshal(b, &doc); err != nil {
		t.Fatalf("%s: %v", set, err)
	}
}
