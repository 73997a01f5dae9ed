package consent_test

import (
	"encoding/json"
	"testing"

	"github.com/consentry/consentry/consent"
	"github.com/consentry/consentry/internal/corpustest"
)

func TestJoseVectors(t *testing.T) {
	var cases []struct {
		consent.JoseCase
		Expect json.RawMessage `json:"expect"`
	}
	corpustest.Cases(t, "consent/jose", &cases)
	if len(cases) == 0 {
		t.Fatal("no cases")
	}
	for _, c := range cases {
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
