package consent_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/consentry/consentry/consent"
)

// corpus opens a file of the shared corpus, which lies beside the checkout and is not part of the project.
func corpus(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "shared", "corpus", filepath.FromSlash(name)))
	if err != nil {
		if os.Getenv("CONSENTRY_REQUIRE_CORPUS") == "1" {
			t.Fatal(err)
		}
		t.Skip("corpus not here")
	}
	return b
}

func TestJoseVectors(t *testing.T) {
	var file struct {
		Cases []struct {
			consent.JoseCase
			Expect json.RawMessage `json:"expect"`
		} `json:"cases"`
	}
	if err := json.Unmarshal(corpus(t, "consent/jose/cases.json"), &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Cases) == 0 {
		t.Fatal("no cases")
	}
	for _, c := range file.Cases {
		t.Run(c.ID, func(t *testing.T) {
			var want []string
			if json.Unmarshal(c.Expect, &want) != nil {
				var one string
				if err := json.Unmarshal(c.Expect, &one); err != nil {
					t.Fatal(err)
				}
				want = []string{one}
			}
			got, err := consent.JudgeJose(c.JoseCase)
			if err != nil {
				t.Fatal(err)
			}
			for _, w := range want {
				if got.Result == w {
					return
				}
			}
			t.Errorf("result %q, expected one of %q", got.Result, want)
		})
	}
}
