package consent

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
)

// asked is a question about one person, with the tokens that there are.
func asked(t testing.TB, tokens ...string) Question {
	p := object{"id": "p1", "kind": "real", "rendering": "replica", "modality": []string{"face"}, "subject": object{"scheme": "hand", "id": "10.23/P-1"}}
	var list []any
	var indices []int
	for i, raw := range tokens {
		list, indices = append(list, object{"jwt": raw}), append(indices, i)
	}
	a := object{
		"v": 1, "completeness": "complete", "people": []any{p},
		"generation": object{"provider": generator, "purpose": []string{"entertainment.scripted"}, "territory": []string{"US"}},
	}
	if list != nil {
		a = a.set("tokens", list).set("people", []any{p.set("tokens", indices)})
	}
	return Question{
		Assertion: []byte(a.text(t)), Signer: &Signer{SPKI: signerSPKI, X5T: signerX5T, JKT: signerJKT}, At: made,
		Trust: &Trust{List: newWorld(t).c.trust}, Terms: Terms{Status: StatusIgnore},
	}
}

// TestAsk asks before anything is generated, and wants the answer that the finished file would get.
func TestAsk(t *testing.T) {
	bundle, err := BuildBundle(bundleInput(t, nil))
	if err != nil {
		t.Fatal(err)
	}
	grant := func(path string, to any) string { return minted(t, aGrant().set(path, to)) }
	for _, c := range []struct {
		name   string
		q      Question
		change func(*Question)
		may    bool
		why    string
	}{
		{"with a grant", asked(t, grant("jti", "1")), nil, true, ""},
		{"without", asked(t), nil, false, "p1 is undeclared"},
		{"a grant for something else", asked(t, grant("consent.purpose", []string{"education"})), nil, false, "p1 is out-of-scope"},
		{"a grant to another generator", asked(t, grant("aud", "https://other.test")), nil, false, "p1 is invalid"},
		{"nobody is trusted", asked(t, grant("jti", "1")), func(q *Question) { q.Trust = nil }, false, "p1 is unresolved"},
		{"another key signs", asked(t, grant("jti", "1")), func(q *Question) { q.Signer = &Signer{SPKI: "x"} }, false, "p1 is invalid"},
		{"a status that must be known", asked(t, grant("jti", "1")), func(q *Question) { q.Terms.Status = "" }, false, "p1 is unresolved"},
		{"all clients opted out", asked(t), func(q *Question) { q.Trust.Registries = []string{bundle} }, false, "p1 is refused"},
		{"opted out, and a grant", asked(t, grant("jti", "1")), func(q *Question) { q.Trust.Registries = []string{bundle} }, true, ""},
		{"a bundle that does not verify", asked(t, grant("jti", "1")), func(q *Question) { q.Trust.Registries = []string{bundle[:len(bundle)-4] + "AAAA"} }, false, "not used"},
		{"E4, and no time-stamp", asked(t, grant("jti", "1")), func(q *Question) { q.Terms.MinLevel = "E4" }, false, "p1 is declared"},
		{"E4, with a time-stamp", asked(t, grant("jti", "1")), func(q *Question) { q.Terms.MinLevel, q.Stamped = "E4", true }, true, ""},
	} {
		if c.change != nil {
			c.change(&c.q)
		}
		a, err := Ask(c.q)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if a.May != c.may || a.May != (len(a.Because) == 0) || !slices.ContainsFunc(append(a.Because, ""), func(s string) bool { return strings.Contains(s, c.why) }) {
			t.Errorf("%s: %v %q", c.name, a.May, a.Because)
		}
	}
	var bad *SyntaxError
	if _, err := Ask(Question{Assertion: json.RawMessage(`{"v": 2}`)}); !errors.As(err, &bad) {
		t.Errorf("a malformed assertion: %v", err)
	}
}
