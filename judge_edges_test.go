package consentry_test

import (
	"crypto/sha256"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/consentry/consentry/report"
)

// optOut gives the world an agency's order over its roster, with one member changed.
func (w *world) optOut(member string, v any) {
	o := order("none")
	o[member] = v
	w.bundle("agency", object{"roster": []object{stays("ada", time.Time{})}, "orders": []object{o}})
}

// commit names the first person by a commitment, which their grant opens.
func (w *world) commit() {
	salt := make([]byte, 16)
	sum := sha256.Sum256(slices.Concat([]byte("consentry/subject/1\x00"), salt, []byte("hand\x00ada")))
	w.first()["subject"] = object{"commit": b64(sum[:])}
	w.replace(w.token("ada", func(p, _ object) { p["sub_salt"] = b64(salt) }))
}

func (w *world) consulted(answer string) {
	w.assertion["consulted"] = []object{{"registry": uri("agency"), "s256": digest(w.registries[0]), "as_of": made, "answers": object{"p1": answer}}}
}

func clearanceOf(w *world) string {
	return w.token("ada", func(_, s object) {
		s["type"] = "clearance"
		s["asset"] = object{"alg": "sha256", "of": "c2pa.hash.bmff.v3", "hash": w.manifest["hardBinding"].(object)["sha256"]}
	})
}

// edges are rulings at the borders of the rules.
var edges = []ruling{
	{name: "order-for-this-provider", change: func(w *world) { w.optOut("providers", []string{uri("generator")}) }, state: "refused", verdict: report.Fail},
	{name: "order-for-another-provider", change: func(w *world) { w.optOut("providers", []string{uri("other-generator")}) }, state: "verified", verdict: report.Pass},
	{name: "order-for-the-provider-that-is-declared", change: func(w *world) {
		w.assertion["generation"].(object)["provider"] = "https://elsewhere.example"
		w.optOut("providers", []string{"https://elsewhere.example"})
	}, state: "refused", verdict: report.Fail},
	{name: "order-for-the-provider-that-signed", change: func(w *world) {
		delete(w.assertion, "generation")
		w.optOut("providers", []string{uri("generator")})
	}, state: "refused", verdict: report.Fail},
	{name: "order-that-only-the-person-lifts", change: func(w *world) { w.optOut("override", "self") }, state: "verified", verdict: report.Pass},
	{name: "order-that-the-agency-does-not-lift-itself", change: func(w *world) {
		w.optOut("override", "self")
		w.replace(w.token("agency", by("agency")))
	}, state: "refused", verdict: report.Fail},
	{name: "order-that-the-agency-lifts-itself", change: func(w *world) {
		w.optOut("override", "grant")
		w.replace(w.token("agency", by("agency")))
	}, state: "verified", level: "E4", verdict: report.Pass},
	{name: "order-of-a-guild-under-an-agencys-grant", change: func(w *world) {
		o := order("grant")
		o["subjects"] = object{"select": "ids", "ids": []string{"hand:ada"}}
		w.bundle("guild", object{"orders": []object{o}})
		w.bundle("agency", object{"roster": []object{stays("ada", time.Time{})}})
		w.replace(w.token("agency", by("agency")))
	}, state: "verified", verdict: report.Pass},
	{name: "refusal-by-whom-it-is-not-for", change: func(w *world) { w.replace(w.token("owner", refusal("rightsholder"))) }, state: "invalid", code: "consent.issuer.roleNotPermitted", verdict: report.Fail},
	{name: "refusal-of-another-issuer-that-nobody-points-at", change: func(w *world) { w.add(object{"jwt": w.token("owner", refusal("rightsholder"))}) }, state: "verified", verdict: report.Pass},
	{name: "every-token-is-used", change: func(*world) {}, state: "verified", lacks: "consent.token.unused", verdict: report.Pass},
	{name: "no-manifest-no-time", change: func(w *world) {
		w.facts["manifest"], w.facts["claimSigner"], w.facts["assertion"], w.facts["T"] = object{"state": "absent"}, nil, nil, object{"kind": "T0"}
	}, id: "-", lacks: "consent.time.claimedOnly", verdict: report.Indeterminate},
	{name: "order-against-another-operation", change: func(w *world) { w.optOut("operation", []string{"alter"}) }, state: "verified", verdict: report.Pass},
	{name: "order-against-another-modality", change: func(w *world) { w.optOut("modality", []string{"body"}) }, state: "verified", verdict: report.Pass},
	{name: "order-that-ended-at-generation", change: func(w *world) { w.optOut("effective_until", made) }, state: "verified", verdict: report.Pass},
	{name: "order-that-begins-at-generation", change: func(w *world) { w.optOut("effective_from", made) }, state: "refused", verdict: report.Fail},
	{name: "order-that-begins-later-counts-now", change: func(w *world) {
		w.policy["profile"] = "ci"
		w.optOut("effective_from", made.Add(time.Second))
	}, state: "refused", verdict: report.Fail},
	{name: "order-that-begins-later-does-not-count-then", change: func(w *world) { w.optOut("effective_from", made.Add(time.Second)) }, state: "verified", verdict: report.Pass},
	{name: "commitment-that-a-token-opens", change: func(w *world) { w.commit() }, state: "verified", level: "E4", verdict: report.Pass},
	{name: "opened-commitment-meets-an-order", change: func(w *world) { w.commit(); w.optOut("order", "x") }, state: "refused", verdict: report.Fail},
	{name: "consulted-about-an-order-that-had-ended", change: func(w *world) { w.optOut("effective_until", made.Add(-time.Second)); w.consulted("none") }, state: "verified", lacks: "consent.declaration.contradicted", verdict: report.Pass},
	{name: "consulted-about-an-order-of-something-else", change: func(w *world) { w.optOut("modality", []string{"body"}); w.consulted("none") }, state: "verified", lacks: "consent.declaration.contradicted", verdict: report.Pass},
	{name: "consulted-and-refused-without-an-order", change: func(w *world) { w.optOut("modality", []string{"body"}); w.consulted("refuse") }, state: "verified", code: "consent.declaration.contradicted", verdict: report.Warn},
	{name: "clearance", change: func(w *world) { w.policy["min_level"] = "E5"; w.replace(clearanceOf(w)) }, state: "verified", level: "E5", code: "consent.binding.asset", verdict: report.Pass},
	{name: "grant-where-a-clearance-is-asked-for", change: func(w *world) { w.policy["min_level"] = "E5" }, state: "declared", level: "E4", verdict: report.Warn},
	{name: "parent-twice-never-edited", change: func(w *world) {
		old := w.derive("c2pa.trimmed")
		w.facts["ingredients"] = []object{old, old}
	}, state: "verified", level: "E4", verdict: report.Pass},
	{name: "token-past-the-limit", change: func(w *world) {
		w.assertion["tokens"] = slices.Repeat([]object{{"jwt": w.token("ada", nil)}}, 257)
		w.first()["tokens"] = []int{256}
	}, state: "unresolved", code: "consent.input.tooLarge", verdict: report.Indeterminate},
	{name: "nobody-is-nobodys-identity", change: func(w *world) { w.identity(true, "ada", "hardBinding"); delete(w.first(), "subject") }, state: "undeclared", verdict: report.Warn},
	{name: "time-without-an-assertion", change: func(w *world) { w.facts["assertion"] = nil }, id: "-", code: "consent.time.attested", verdict: report.Warn},
	{name: "components-declaration-is-not-the-clips", change: func(w *world) {
		w.derive("c2pa.placed")["relationship"] = "componentOf"
		w.facts["manifest"].(object)["actions"] = []object{{"action": "c2pa.created", "digitalSourceType": trainedType}}
	}, state: "verified", code: "consent.assertion.missing", verdict: report.Warn},
	{name: "two-outcomes-equally-bad", change: func(w *world) {
		w.policy["profile"] = "studio"
		w.replace(w.token("ada", func(p, s object) {
			p["jti"], p["nbf"], s["post_revocation"] = "w", made.Add(time.Hour).Unix(), "withdraw"
		}))
		w.bundle("ada", object{"revocations": []object{{"jti": "w", "at": made.Add(2 * time.Hour), "effect": "revoke"}}})
	}, state: "revoked", verdict: report.Fail},
	{name: "worse-now", change: func(w *world) {
		w.policy["profile"] = "studio"
		w.replace(w.token("ada", func(p, _ object) { p["exp"] = made.Add(time.Hour).Unix() }))
	}, state: "expired", level: "E4", verdict: report.Fail},
	{name: "worse-then", change: func(w *world) {
		w.policy["profile"] = "studio"
		w.replace(w.token("ada", func(p, _ object) { p["nbf"] = made.Add(time.Hour).Unix() }))
	}, state: "expired", verdict: report.Fail},
}

func TestJudgeEdges(t *testing.T) {
	for _, c := range edges {
		t.Run(c.name, func(t *testing.T) { c.run(t) })
	}
}

// TestReportedEntry: where an entry comes from, and what its tokens were worth at the clock that counts.
func TestReportedEntry(t *testing.T) {
	for profile, want := range map[string]string{"newsroom": "valid", "ci": "expired"} {
		w := newWorld(t)
		w.policy["profile"] = profile
		w.replace(w.token("ada", func(p, _ object) { p["exp"] = made.Add(time.Hour).Unix() }))
		p := w.judge().People[0]
		if tok := p.Tokens[0]; tok.State != want || tok.Iss != uri("ada") || tok.Type != "grant" || tok.Index != 0 {
			t.Errorf("%s: token %+v, want %s", profile, tok, want)
		}
		if !strings.HasPrefix(p.Source, "self#jumbf=/c2pa/urn:c2pa:1/") || p.Manifest != "" {
			t.Errorf("source %q, manifest %q", p.Source, p.Manifest)
		}
		for _, f := range slices.Concat(p.Findings, p.Tokens[0].Findings) {
			if f.Person != "p1" || f.URL != p.Source || f.Clause == "" || f.Explanation == "" {
				t.Errorf("finding %+v", f)
			}
		}
	}
	w := newWorld(t)
	w.manifest["created"] = false
	if p := w.judge().People[0]; p.Tokens[0].Level != "E1" {
		t.Errorf("a token in an assertion that nobody vouches for is worth %s", p.Tokens[0].Level)
	}
	w = newWorld(t)
	w.work(nothing)
	if a := w.judge(); a.Works[0].Modality == nil || !slices.Equal(a.People[0].Modality, []string{"face", "voice"}) {
		t.Errorf("modality of the work %v, of the person %v", a.Works[0].Modality, a.People[0].Modality)
	}
	w = newWorld(t)
	w.facts["assertion"], w.facts["assertions"] = nil, []object{w.assertion, {"v": 1, "completeness": "complete", "people": []object{{"id": "p2", "kind": "synthetic", "rendering": "replica", "modality": []string{"face"}}}}}
	if a := w.judge(); !strings.HasSuffix(a.People[0].Source, ".consent") || !strings.HasSuffix(a.People[1].Source, ".consent__1") {
		t.Errorf("sources %q, %q", a.People[0].Source, a.People[1].Source)
	}
	w = newWorld(t)
	w.derive()
	if p := w.judge().People[0]; p.Manifest != "urn:c2pa:1" {
		t.Errorf("an ingredient's person is of manifest %q", p.Manifest)
	}
	w = newWorld(t)
	w.sidecar("consent-sidecar+jwt", "generator", nil)
	if p := w.judge().People[0]; p.Source != "" || p.Manifest != "" {
		t.Errorf("a sidecar's person is of %q", p.Source)
	}
}
