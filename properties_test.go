package consentry_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/consentry/consentry"
	"github.com/consentry/consentry/report"
)

// crowd is a world with many people of every kind, tokens good and bad, orders and refusals.
func crowd(t testing.TB, r *rand.Rand) *world {
	w := newWorld(t)
	w.policy["profile"] = []string{"newsroom", "studio", "ci"}[r.IntN(3)]
	w.bundle("agency", object{"roster": []object{stays("ada", time.Time{}), stays("ben", made)}, "orders": []object{order("grant")}})
	w.bundle("agency2", object{"roster": []object{stays("ben", time.Time{})}})
	changes := []func(p, s object){
		nil,
		func(p, _ object) { p["aud"] = []string{"*"} },
		func(p, _ object) { p["exp"] = made.Add(time.Hour).Unix() },
		func(p, _ object) { p["exp"] = made.Add(-time.Hour).Unix() },
		func(_, s object) { s["territory"] = []string{"EU"} },
		func(p, _ object) { p["jti"] = "same" },
		func(_, s object) { s["custody"] = "managed" },
		func(_, s object) { s["type"] = "refusal" },
		func(p, _ object) { p["cnf"] = object{"jkt": "another"} },
		withStatus(3),
	}
	for i := range 12 {
		name := []string{"ada", "ben", "rogue"}[r.IntN(3)]
		var tokens []string
		for range r.IntN(4) {
			issuer := name
			change := changes[r.IntN(len(changes))]
			if r.IntN(5) == 0 {
				issuer = []string{"agency", "agency2"}[r.IntN(2)]
			}
			tokens = append(tokens, w.token(issuer, func(p, s object) {
				p["sub"] = "hand:" + name
				if issuer != name {
					s["authority"] = "agency"
				}
				if change != nil {
					change(p, s)
				}
			}))
		}
		p := w.person(fmt.Sprintf("q%d", i), "hand:"+name, tokens...)
		p["kind"] = []string{"real", "real", "synthetic", "unknown"}[r.IntN(4)]
		p["basis"] = []string{"token", "exempt", "unknown", "refused"}[r.IntN(4)]
	}
	return w
}

// outline is what must not depend on any order: of a person, and of the report.
type outline struct {
	verdict report.Verdict
	people  map[string]string
	codes   []string
}

func outlineOf(a consentry.FactsAnswer) outline {
	o := outline{verdict: a.Verdict, people: map[string]string{}, codes: codesOf(a.Findings)}
	slices.Sort(o.codes)
	for _, p := range slices.Concat(a.People, a.Works) {
		codes := personCodes(p)
		slices.Sort(codes)
		o.people[p.ID] = fmt.Sprint(p.State, p.AtGeneration, p.Now, p.Level, p.Binding, codes)
	}
	return o
}

// TestOrderOfPeopleAndTokensDoesNotMatter shuffles both, and the bundles and lists beside them.
func TestOrderOfPeopleAndTokensDoesNotMatter(t *testing.T) {
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 1))
		w := crowd(t, r)
		before := outlineOf(w.judge())
		if len(before.people) != 13 {
			t.Fatalf("%d people", len(before.people))
		}
		w.shuffle(r)
		after := outlineOf(w.judge())
		if fmt.Sprint(before) != fmt.Sprint(after) {
			t.Fatalf("seed %d:\n%v\n%v", seed, before, after)
		}
	}
}

// shuffle puts people, tokens, the tokens of each person, trust list and bundles into another order.
func (w *world) shuffle(r *rand.Rand) {
	tokens := w.assertion["tokens"].([]object)
	to := r.Perm(len(tokens))
	moved := make([]object, len(tokens))
	for from, n := range to {
		moved[n] = tokens[from]
	}
	w.assertion["tokens"] = moved
	people := w.assertion["people"].([]object)
	for _, p := range people {
		list, _ := p["tokens"].([]int)
		var indices []int
		for _, i := range list {
			indices = append(indices, to[i])
		}
		if indices != nil {
			r.Shuffle(len(indices), func(i, j int) { indices[i], indices[j] = indices[j], indices[i] })
			p["tokens"] = indices
		}
	}
	r.Shuffle(len(people), func(i, j int) { people[i], people[j] = people[j], people[i] })
	r.Shuffle(len(w.entries), func(i, j int) { w.entries[i], w.entries[j] = w.entries[j], w.entries[i] })
	r.Shuffle(len(w.registries), func(i, j int) { w.registries[i], w.registries[j] = w.registries[j], w.registries[i] })
}

// TestWithoutAGrantNobodyIsBetterOff takes away, one by one, the tokens that hold. A refusal or a token that does not
// hold may go and leave a person better off; a grant never does.
func TestWithoutAGrantNobodyIsBetterOff(t *testing.T) {
	removed := 0
	for seed := range uint64(20) {
		w := crowd(t, rand.New(rand.NewPCG(seed, 2)))
		w.policy["profile"] = "newsroom"
		before := w.judge()
		for _, p := range before.People {
			for _, tok := range p.Tokens {
				if tok.State != "valid" || tok.Type == "refusal" {
					continue
				}
				removed++
				after := w.without(p.ID, tok.Index)
				i := slices.IndexFunc(after.People, func(x report.Person) bool { return x.ID == p.ID })
				if q := after.People[i]; goodness(q.AtGeneration) > goodness(p.AtGeneration) || q.Level > p.Level {
					t.Errorf("seed %d: %s was %s at %s, and is %s at %s without token %d", seed, p.ID, p.AtGeneration, p.Level, q.AtGeneration, q.Level, tok.Index)
				}
			}
		}
	}
	if removed < 20 {
		t.Fatalf("only %d grants were taken away", removed)
	}
}

// without judges the world after one person lost one token.
func (w *world) without(id string, index int) consentry.FactsAnswer {
	for _, p := range w.assertion["people"].([]object) {
		if p["id"] != id {
			continue
		}
		list := p["tokens"].([]int)
		defer func() { p["tokens"] = list }()
		rest := slices.DeleteFunc(slices.Clone(list), func(n int) bool { return n == index })
		if p["tokens"] = rest; len(rest) == 0 {
			delete(p, "tokens")
		}
	}
	return w.judge()
}

// goodness orders the states by the newsroom's outcomes, and verified above what merely passes.
func goodness(state string) int {
	switch state {
	case "verified":
		return 4
	case "not-required":
		return 3
	case "unresolved":
		return 1
	case "refused", "invalid", "revoked":
		return 0
	}
	return 2
}

// TestMoreTroubleIsNeverABetterVerdict adds what can go wrong to worlds in which other things went wrong.
func TestMoreTroubleIsNeverABetterVerdict(t *testing.T) {
	rank := map[report.Verdict]int{report.Pass: 0, report.Warn: 1, report.Indeterminate: 2, report.Fail: 3}
	trouble := map[string]func(*world){
		"invalid":    func(w *world) { w.manifest["state"] = "invalid" },
		"untrusted":  func(w *world) { w.manifest["state"] = "valid" },
		"gathered":   func(w *world) { w.manifest["created"] = false },
		"redacted":   func(w *world) { w.manifest["redacted"] = []string{"x/io.github.consentry.consent"} },
		"no time":    func(w *world) { w.facts["T"] = object{"kind": "T0"} },
		"partial":    func(w *world) { w.assertion["completeness"] = "partial" },
		"face":       func(w *world) { w.facts["faces"] = object{"status": "analysed", "tracks": []object{{"id": 9}}} },
		"no pixels":  func(w *world) { w.facts["faces"] = object{"status": "failed"} },
		"forged":     func(w *world) { w.registries = append(w.registries, "a.b.c") },
		"malformed":  func(w *world) { w.assertion["v"] = 2 },
		"somebody":   func(w *world) { w.person("x1", "") },
		"refused":    func(w *world) { w.person("x2", "hand:ada", w.token("ada", refusal("self"))) },
		"bad":        func(w *world) { w.person("x3", "hand:ben", "a.b.c") },
		"cut":        func(w *world) { w.facts["malformed"] = "cut" },
		"fragments":  func(w *world) { w.facts["notSupported"] = []string{"fragments"} },
		"rolledback": func(w *world) { w.facts["lastTrustSequence"] = 99 },
	}
	for one, first := range trouble {
		for other, second := range trouble {
			if one == other {
				continue
			}
			for _, profile := range []string{"newsroom", "studio", "ci"} {
				w := newWorld(t)
				w.policy["profile"] = profile
				first(w)
				before := w.judge()
				if before.Error != "" {
					t.Fatal(before.Error)
				}
				second(w)
				after := w.judge()
				if after.Verdict == report.Pass {
					t.Errorf("%s: %s and %s pass", profile, one, other)
				}
				if replaces(one, other) {
					continue
				}
				if rank[after.Verdict] < rank[before.Verdict] {
					t.Errorf("%s: %s is %s, with %s it is %s (%v)", profile, one, before.Verdict, other, after.Verdict, after.Reasons)
				}
			}
		}
	}
}

// replaces says that the second trouble does not come on top of the first: it takes the first's place in the facts, or
// the ground on which the first was judged, so that what was bad is now not known.
func replaces(one, other string) bool {
	switch other {
	case "untrusted":
		return one == "invalid"
	case "malformed", "rolledback":
		return one == "refused" || one == "bad" || one == "somebody" || one == "gathered" || one == "partial" || one == "face"
	case "partial":
		return one == "face" // not declared complete: the face contradicts nothing
	case "face", "no pixels":
		return one == "face" || one == "no pixels"
	}
	return false
}
