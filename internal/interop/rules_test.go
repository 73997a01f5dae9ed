package interop_test

import (
	"testing"

	"github.com/consentry/consentry/internal/interop"
)

// TestARuleExplainsItsOwnFilesOnly holds rules against answers that they are about and others.
func TestARuleExplainsItsOwnFilesOnly(t *testing.T) {
	trusted, refused := interop.Answer{State: "Trusted"}, interop.Answer{Refused: "Other:  invalid JUMBF\nheader"}
	revoked := interop.Ours{Failures: []string{"consent.assertion.missing", "signingCredential.ocsp.revoked"}}
	accepted := interop.Ours{Accepts: true}
	for _, c := range []struct {
		name   string
		run    string
		oracle interop.Oracle
		file   string
		ours   interop.Ours
		theirs interop.Answer
		want   bool
	}{
		{"what the rule is about", "forged", interop.Encypher, "any", revoked, trusted, true},
		{"of another run", "corpus", interop.Encypher, "any", revoked, trusted, false},
		{"by somebody else", "forged", interop.Current, "any", revoked, trusted, false},
		{"for another reason", "forged", interop.Encypher, "any", interop.Ours{Failures: []string{"claim.missing"}}, trusted, false},
		{"the other way round", "forged", interop.Encypher, "any", accepted, interop.Answer{State: "Invalid", Failure: []string{"signingCredential.ocsp.revoked"}}, false},
		{"what they cannot read", "mutated", interop.Older, "any", accepted, refused, true},
		{"what neither accepts", "mutated", interop.Older, "any", interop.Ours{}, refused, false},
		{"a file of the pattern", "mutated", interop.Current, "a set, the root alone", interop.Ours{Failures: []string{"assertion.bmffHash.mismatch"}}, trusted, true},
		{"a file of another", "mutated", interop.Current, "flat", interop.Ours{Failures: []string{"assertion.bmffHash.mismatch"}}, trusted, false},
	} {
		rules := interop.ReadRules(t, c.run)
		before := len(rules.Stale(interop.Oracles()))
		if got := rules.Explain(c.oracle, c.file, c.ours, c.theirs); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
		if met := before - len(rules.Stale(interop.Oracles())); (met == 1) != c.want {
			t.Errorf("%s: %d rules were met", c.name, met)
		}
	}
}

// TestNobodyIsStaleWhoWasNotAsked leaves alone the rules about an implementation that is not here.
func TestNobodyIsStaleWhoWasNotAsked(t *testing.T) {
	rules := interop.ReadRules(t, "forged")
	if n := len(rules.Stale(nil)); n != 0 {
		t.Errorf("%d rules are stale, and nobody was asked", n)
	}
	if all, one := len(rules.Stale(interop.Oracles())), len(rules.Stale([]interop.Oracle{interop.Older})); one == 0 || one >= all {
		t.Errorf("of %d rules %d are about one implementation", all, one)
	}
}
