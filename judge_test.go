package consentry_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/consentry/consentry/report"
)

// ruling is a change of a world that passes, and what one entry then is.
type ruling struct {
	name    string
	change  func(w *world)
	id      string // empty: p1
	state   string
	level   string // empty: not looked at
	code    string // anywhere in the answer; empty: none in particular
	lacks   string // nowhere in the answer
	verdict report.Verdict
}

// derive turns the world into one whose active manifest only works on a parent, which carries what was active.
func (w *world) derive(actions ...string) (parent object) {
	parent = object{
		"relationship": "parentOf", "manifest": w.manifest, "claimSigner": w.facts["claimSigner"], "T": w.facts["T"], "assertion": w.assertion,
	}
	list := []object{{"action": "c2pa.opened"}}
	for _, a := range actions {
		list = append(list, object{"action": a})
	}
	w.facts["manifest"] = object{"label": "urn:c2pa:2", "state": "trusted", "created": true, "actions": list}
	w.facts["claimSigner"] = object{"dn": object{}, "x5t#S256": "e", "spki#S256": "e", "jkt": "e"}
	w.facts["assertion"], w.facts["ingredients"] = nil, []object{parent}
	return parent
}

// sidecar turns the world into a file without C2PA with a provider's sidecar; change may change its payload.
func (w *world) sidecar(typ, name string, change func(p object)) {
	p := object{"iss": uri(name), "iat": made.Unix(), "asset": object{"alg": "sha256", "hash": w.facts["assetSha256"]}, "consent": w.assertion}
	w.replace(w.token("ada", func(p, _ object) { delete(p, "cnf") }))
	if change != nil {
		change(p)
	}
	w.facts["sidecar"] = jws(typ, name, p)
	w.facts["manifest"], w.facts["claimSigner"], w.facts["assertion"] = object{"state": "absent"}, nil, nil
	w.facts["T"] = object{"kind": "T0"}
}

func (w *world) identity(trusted bool, id string, references ...string) {
	w.replace()
	w.facts["cawg"] = []object{{"trusted": trusted, "actor": object{"scheme": "hand", "id": id}, "references": references}}
}

func (w *world) work(change func(p, s object)) {
	w.assertion["works"] = []object{{"id": "w1", "kind": "character", "rendering": "replica", "subject": object{"scheme": "eidr", "id": "hero"}}}
	if change != nil {
		i := w.add(object{"jwt": w.token("owner", both(func(p, s object) { p["sub"], s["authority"] = "eidr:hero", "rightsholder" }, change))})
		w.assertion["works"].([]object)[0]["tokens"] = []int{i}
	}
}

func nothing(_, _ object) {}

var rulings = []ruling{
	// Section 8: states without a token that stands.
	{name: "nothing-declared", change: func(w *world) { w.replace() }, state: "undeclared", level: "E0", verdict: report.Warn},
	{name: "basis-unknown", change: func(w *world) { w.replace(); w.first()["basis"] = "unknown" }, state: "undeclared", level: "E0", verdict: report.Warn},
	{name: "basis-token-without-one", change: func(w *world) { w.replace(); w.first()["basis"] = "token" }, state: "declared", level: "E2", code: "consent.person.declaredOnly", verdict: report.Warn},
	{name: "basis-refused", change: func(w *world) { w.replace(); w.first()["basis"] = "refused" }, state: "refused", verdict: report.Fail},
	{name: "basis-refused-beside-a-token-that-stands", change: func(w *world) { w.first()["basis"] = "refused" }, state: "verified", verdict: report.Pass},
	{name: "basis-not-required-for-a-replica", change: func(w *world) { w.replace(); w.first()["basis"] = "not-required" }, state: "undeclared", verdict: report.Warn},
	{name: "exempt", change: func(w *world) { w.replace(); w.first()["basis"], w.first()["exemption"] = "exempt", "satire" }, state: "exempt-declared", code: "consent.person.exemptDeclared", verdict: report.Warn},
	{name: "synthetic", change: func(w *world) { w.replace(); w.first()["kind"] = "synthetic" }, state: "not-required", lacks: "consent.person.verified", verdict: report.Pass},
	{name: "authentic", change: func(w *world) { w.replace(); w.first()["rendering"] = "authentic" }, state: "not-required", verdict: report.Pass},
	{name: "group", change: func(w *world) { w.replace(); w.first()["kind"] = "group" }, state: "undeclared", verdict: report.Warn},
	{name: "name-alone", change: func(w *world) {
		w.entries = append(w.entries, issuer("a2", "performer", "list", "name:Ada"))
		w.first()["subject"] = object{"scheme": "name", "id": "Ada"}
		w.replace(w.token("a2", func(p, _ object) { p["sub"] = "name:Ada" }))
	}, state: "declared", level: "E2", verdict: report.Warn},
	{name: "token-unused", change: func(w *world) { w.add(object{"jwt": w.token("ada", nil)}) }, state: "verified", code: "consent.token.unused", verdict: report.Pass},

	// Several tokens of one person.
	{name: "good-beside-broken", change: func(w *world) { w.replace("a.b.c", w.token("ada", nil)) }, state: "verified", level: "E4", code: "consent.token.malformed", verdict: report.Pass},
	{name: "broken-beside-expired", change: func(w *world) {
		w.replace("a.b.c", w.token("ada", func(p, _ object) { p["exp"] = made.Add(-time.Hour).Unix() }))
	}, state: "invalid", verdict: report.Fail},
	{name: "weak-beside-revoked", change: func(w *world) {
		w.policy["require"] = []string{"licence"}
		w.replace(w.token("ada", nil), w.token("ada", func(p, s object) { p["jti"] = "gone"; s["licence"] = object{"uri": "x"} }))
		w.bundle("ada", object{"revocations": []object{{"jti": "gone", "iss": uri("ada"), "at": made.Add(-time.Hour), "effect": "revoke"}}})
	}, state: "revoked", verdict: report.Fail},
	{name: "out-of-scope-beside-expired", change: func(w *world) {
		w.replace(w.token("ada", func(_, s object) { s["territory"] = []string{"EU"} }), w.token("ada", func(p, _ object) { p["exp"] = made.Add(-time.Hour).Unix() }))
	}, state: "expired", verdict: report.Warn},
	{name: "status-due-beside-out-of-scope", change: func(w *world) {
		w.policy["status"] = "require"
		w.replace(w.token("ada", withStatus(1)), w.token("ada", func(_, s object) { s["territory"] = []string{"EU"} }))
	}, state: "unresolved", verdict: report.Indeterminate},
	{name: "one-token-twice-is-one-token", change: func(w *world) { t := w.token("ada", nil); w.replace(t, t) }, state: "verified", level: "E4", verdict: report.Pass},
	{name: "refusal-of-something-else-leaves-the-rest", change: func(w *world) {
		w.replace(w.token("ada", both(refusal("self"), func(_, s object) { s["purpose"] = []string{"political"} })))
		delete(w.first(), "basis")
	}, state: "undeclared", verdict: report.Warn},
	{name: "refusal-in-a-gathered-assertion", change: func(w *world) {
		w.manifest["created"] = false
		w.replace(w.token("ada", refusal("self")))
	}, state: "refused", code: "consent.token.refusal", verdict: report.Fail},
	{name: "refusal-by-a-guild-beside-the-persons-grant", change: func(w *world) {
		w.replace(w.token("ada", nil), w.token("guild", refusal("guild")))
	}, state: "refused", verdict: report.Fail},

	// Section 5: derived files.
	{name: "parent-transcoded", change: func(w *world) { w.derive("c2pa.transcoded") }, state: "verified", level: "E4", lacks: "consent.binding.inherited", verdict: report.Pass},
	{name: "parent-edited", change: func(w *world) { w.derive("c2pa.edited") }, state: "declared", level: "E2", code: "consent.binding.inherited", verdict: report.Warn},
	{name: "parent-edited-long-ago", change: func(w *world) {
		old := w.derive("c2pa.edited")
		w.facts["ingredients"] = []object{{
			"relationship": "parentOf", "ingredients": []object{old}, "T": w.facts["T"], "claimSigner": w.facts["claimSigner"],
			"manifest": object{"label": "urn:c2pa:3", "state": "trusted", "actions": []object{{"action": "c2pa.opened"}, {"action": "c2pa.dubbed"}}},
		}}
		w.facts["manifest"].(object)["actions"] = []object{{"action": "c2pa.opened"}, {"action": "c2pa.trimmed"}}
	}, state: "declared", level: "E2", code: "consent.binding.inherited", verdict: report.Warn},
	{name: "opened-from-something-else", change: func(w *world) {
		w.derive()
		w.facts["manifest"].(object)["actions"] = []object{{"action": "c2pa.opened", "ingredients": []string{"urn:c2pa:9"}}}
	}, state: "declared", level: "E2", code: "consent.binding.inherited", verdict: report.Warn},
	{name: "parent-of-an-untrusted-signer", change: func(w *world) { w.derive(); w.manifest["state"] = "valid" }, state: "declared", level: "E1", verdict: report.Warn},
	{name: "parent-with-its-own-time", change: func(w *world) { w.derive()["T"] = object{"kind": "T1", "time": made} }, state: "verified", level: "E3", code: "consent.time.claimedOnly", verdict: report.Pass},
	{name: "component", change: func(w *world) { w.derive("c2pa.placed")["relationship"] = "componentOf" }, state: "verified", level: "E4", verdict: report.Pass},
	{name: "component-of-an-edited-clip-is-not-edited", change: func(w *world) { w.derive("c2pa.placed", "c2pa.edited")["relationship"] = "componentOf" }, state: "verified", level: "E4", verdict: report.Pass},
	{name: "a-prompt-is-no-part-of-it", change: func(w *world) {
		w.derive()["relationship"] = "inputTo"
		w.facts["manifest"].(object)["actions"] = []object{{"action": "c2pa.created", "digitalSourceType": trainedType}}
	}, id: "-", code: "consent.assertion.missing", verdict: report.Warn},
	{name: "one-id-in-two-manifests", change: func(w *world) {
		w.derive()
		w.facts["assertion"] = object{"v": 1, "completeness": "complete", "people": []object{{"id": "p1", "kind": "synthetic", "rendering": "replica", "modality": []string{"face"}}}}
	}, id: "p1@urn:c2pa:1", state: "verified", verdict: report.Pass},
	{name: "clearance-of-a-whole-file-is-not-inherited", change: func(w *world) {
		w.replace(w.token("ada", func(_, s object) {
			s["type"] = "clearance"
			s["asset"] = object{"alg": "sha256", "of": "file", "hash": w.facts["assetSha256"]}
		}))
		w.derive()
	}, state: "invalid", verdict: report.Fail},

	{name: "parent-twice-once-edited", change: func(w *world) {
		old := w.derive("c2pa.trimmed")
		w.facts["ingredients"] = []object{old, {
			"relationship": "parentOf", "ingredients": []object{old}, "T": w.facts["T"], "claimSigner": w.facts["claimSigner"],
			"manifest": object{"label": "urn:c2pa:3", "state": "trusted", "actions": []object{{"action": "c2pa.opened"}, {"action": "c2pa.edited"}}},
		}}
	}, state: "declared", level: "E2", code: "consent.binding.inherited", verdict: report.Warn},
	{name: "ingredient-that-calls-itself-active", change: func(w *world) {
		w.facts["ingredients"] = []object{{"relationship": "componentOf", "manifest": w.manifest, "claimSigner": w.facts["claimSigner"], "T": w.facts["T"], "assertion": w.assertion}}
	}, state: "verified", level: "E4", verdict: report.Pass},

	// Section 2: the sidecar.
	{name: "sidecar", change: func(w *world) { w.sidecar("consent-sidecar+jwt", "generator", nil) }, state: "verified", level: "E3", verdict: report.Pass},
	{name: "sidecar-of-another-file", change: func(w *world) { w.sidecar("consent-sidecar+jwt", "generator", nil); w.facts["assetSha256"] = "x" }, id: "-", code: "consent.binding.assetMismatch", verdict: report.Indeterminate},
	{name: "sidecar-without-asset", change: func(w *world) {
		w.sidecar("consent-sidecar+jwt", "generator", func(p object) { delete(p, "asset") })
	}, id: "-", code: "consent.binding.missing", verdict: report.Indeterminate},
	{name: "sidecar-by-an-agency", change: func(w *world) { w.sidecar("consent-sidecar+jwt", "agency", nil) }, id: "-", code: "consent.issuer.roleNotPermitted", verdict: report.Indeterminate},
	{name: "sidecar-by-a-stranger", change: func(w *world) { w.sidecar("consent-sidecar+jwt", "rogue", nil) }, id: "-", code: "consent.issuer.untrusted", verdict: report.Indeterminate},
	{name: "sidecar-of-another-type", change: func(w *world) { w.sidecar("JWT", "generator", nil) }, id: "-", code: "consent.token.typeMismatch", verdict: report.Indeterminate},
	{name: "sidecar-from-the-future", change: func(w *world) {
		w.sidecar("consent-sidecar+jwt", "generator", func(p object) { p["iat"] = judged.Add(time.Hour).Unix() })
	}, id: "-", code: "consent.token.notYetValid", verdict: report.Indeterminate},
	{name: "sidecar-without-a-date", change: func(w *world) {
		w.sidecar("consent-sidecar+jwt", "generator", func(p object) { delete(p, "iat") })
	}, id: "-", code: "consent.token.missingClaim", verdict: report.Indeterminate},
	{name: "sidecar-altered", change: func(w *world) {
		w.sidecar("consent-sidecar+jwt", "generator", nil)
		s := w.facts["sidecar"].(string)
		w.facts["sidecar"] = s[:strings.LastIndexByte(s, '.')+1] + b64(make([]byte, 64))
	}, id: "-", code: "consent.token.signatureInvalid", verdict: report.Indeterminate},
	{name: "sidecar-beside-an-assertion-is-not-judged", change: func(w *world) {
		keep := []any{w.facts["manifest"], w.facts["claimSigner"], w.facts["assertion"], w.facts["T"]}
		w.sidecar("consent-sidecar+jwt", "rogue", nil)
		w.facts["manifest"], w.facts["claimSigner"], w.facts["assertion"], w.facts["T"] = keep[0], keep[1], keep[2], keep[3]
	}, state: "verified", code: "consent.issuer.untrusted", verdict: report.Pass},

	// Section 9: other declarations.
	{name: "identity-of-the-person", change: func(w *world) { w.identity(true, "ada", "hardBinding", "consent") }, state: "verified", level: "E5", verdict: report.Pass},
	{name: "identity-without-the-assertion", change: func(w *world) { w.identity(true, "ada", "hardBinding") }, state: "verified", level: "E3", verdict: report.Pass},
	{name: "identity-without-the-content", change: func(w *world) { w.identity(true, "ada", "consent") }, state: "undeclared", verdict: report.Warn},
	{name: "identity-of-somebody-else", change: func(w *world) { w.identity(true, "eve", "hardBinding", "consent") }, state: "undeclared", verdict: report.Warn},
	{name: "identity-that-nobody-trusts", change: func(w *world) { w.identity(false, "ada", "hardBinding", "consent") }, state: "undeclared", verdict: report.Warn},
	{name: "identity-of-a-minor", change: func(w *world) { w.identity(true, "ada", "hardBinding", "consent"); w.first()["minor"] = true }, state: "undeclared", verdict: report.Warn},
	{name: "identity-vouches-for-a-gathered-assertion", change: func(w *world) {
		w.manifest["created"] = false
		w.facts["cawg"] = []object{{"trusted": true, "actor": object{"scheme": "hand", "id": "publisher"}, "references": []string{"hardBinding", "consent"}}}
	}, state: "verified", level: "E4", lacks: "consent.assertion.unattributed", verdict: report.Pass},
	{name: "photo-release", change: func(w *world) {
		w.facts["assertion"] = nil
		w.facts["metadata"] = object{"xmp": object{"plus:ModelReleaseStatus": "http://ns.useplus.org/ldf/vocab/MR-LMR"}}
	}, id: "-", code: "consent.metadata.modelReleaseOnly", verdict: report.Warn},
	{name: "no-photo-release-is-no-refusal", change: func(w *world) {
		w.facts["metadata"] = object{"xmp": object{"plus:ModelReleaseStatus": "http://ns.useplus.org/ldf/vocab/MR-NON", "Iptc4xmpExt:ModelAge": []any{18, "-1", "grown up"}}}
	}, state: "verified", lacks: "consent.metadata.modelReleaseOnly", verdict: report.Pass},

	// Works.
	{name: "character-of-a-rightsholder", change: func(w *world) { w.work(nothing) }, id: "w1", state: "verified", level: "E4", verdict: report.Pass},
	{name: "character-without-anything", change: func(w *world) { w.work(nil) }, id: "w1", state: "undeclared", verdict: report.Warn},
	{name: "character-for-another-use", change: func(w *world) { w.work(func(_, s object) { s["purpose"] = []string{"political"} }) }, id: "w1", state: "out-of-scope", verdict: report.Warn},

	// Faces.
	{name: "seen-nowhere", change: func(w *world) { w.facts["faces"] = object{"status": "analysed"} }, state: "verified", code: "consent.person.notSeen", verdict: report.Pass},
	{name: "voice-is-not-compared", change: func(w *world) {
		w.facts["faces"] = object{"status": "analysed", "tracks": []object{{"id": 1, "coveredBy": "p1"}}}
	}, state: "verified", code: "consent.voice.unchecked", lacks: "consent.person.notSeen", verdict: report.Pass},
	{name: "a-face-of-nobody", change: func(w *world) { w.facts["faces"] = object{"status": "analysed", "tracks": []object{{"id": 2}}} }, state: "verified", code: "consent.face.undeclared", verdict: report.Warn},
	{name: "faces-not-analysed", change: func(w *world) { w.facts["faces"] = object{"status": "failed"} }, state: "verified", lacks: "consent.person.notSeen", verdict: report.Indeterminate},

	// Section 7.
	{name: "registry-clear", change: func(w *world) { w.bundle("agency", object{"orders": []object{order("none")}}) }, state: "verified", code: "consent.registry.clear", verdict: report.Pass},
	{name: "bundle-out-of-date", change: func(w *world) { w.bundle("agency", object{"next_update": made}) }, state: "verified", code: "consent.trust.stale", verdict: report.Pass},
	{name: "closed-commitment", change: func(w *world) {
		w.bundle("agency", object{"orders": []object{order("none")}})
		w.replace()
		w.first()["subject"] = object{"commit": b64(make([]byte, 32))}
	}, state: "undeclared", code: "consent.registry.noRecord", verdict: report.Warn},
	{name: "agencys-order-reaches-its-roster-only", change: func(w *world) {
		o := order("none")
		o["subjects"] = object{"select": "ids", "ids": []string{"hand:ada"}}
		w.bundle("agency", object{"orders": []object{o}})
	}, state: "verified", lacks: "consent.registry.refused", verdict: report.Pass},
	{name: "guilds-order-reaches-whom-it-names", change: func(w *world) {
		o := order("none")
		o["subjects"] = object{"select": "ids", "ids": []string{"hand:ada"}}
		w.bundle("guild", object{"orders": []object{o}})
	}, state: "refused", code: "consent.registry.refused", verdict: report.Fail},
	{name: "newer-bundle-counts", change: func(w *world) {
		members := object{"roster": []object{stays("ada", time.Time{})}, "orders": []object{order("none")}}
		w.bundle("agency", members)
		members["orders"], members["sequence"] = []object{}, 2
		w.bundle("agency", members)
	}, state: "verified", verdict: report.Pass},
	{name: "consulted-and-contradicted", change: func(w *world) {
		w.bundle("agency", object{"roster": []object{stays("ada", time.Time{})}, "orders": []object{order("grant")}})
		w.assertion["consulted"] = []object{{"registry": uri("agency"), "s256": digest(w.registries[0]), "as_of": made, "answers": object{"p1": "none"}}}
	}, state: "verified", code: "consent.declaration.contradicted", verdict: report.Warn},
	{name: "consulted-and-confirmed", change: func(w *world) {
		w.bundle("agency", object{"roster": []object{stays("ada", time.Time{})}, "orders": []object{order("grant")}})
		w.assertion["consulted"] = []object{{"registry": uri("agency"), "s256": digest(w.registries[0]), "as_of": made, "answers": object{"p1": "refuse"}}}
	}, state: "verified", lacks: "consent.declaration.contradicted", verdict: report.Pass},

	// Section 8: rules.
	{name: "rule-that-holds", change: func(w *world) {
		w.policy["rules"] = []object{{"id": "two-people", "when": "report.people.size() < 2", "outcome": "WARN", "message": "one alone"}}
	}, state: "verified", verdict: report.Warn},
	{name: "rule-that-would-be-milder", change: func(w *world) {
		w.replace()
		w.first()["basis"] = "refused"
		w.policy["rules"] = []object{{"id": "x", "when": "report.verdict == 'FAIL'", "outcome": "WARN"}}
	}, state: "refused", verdict: report.Fail},
	{name: "list-too-old", change: func(w *world) {
		w.policy["max_trust_age"] = "23h"
	}, state: "verified", verdict: report.Indeterminate},
	{name: "list-young-enough", change: func(w *world) { w.policy["max_trust_age"] = "24h" }, state: "verified", verdict: report.Pass},
	{name: "bundle-too-old", change: func(w *world) {
		w.bundle("agency", object{"iat": judged.Add(-25 * time.Hour).Unix()})
		w.policy["max_trust_age"] = "24h"
	}, state: "verified", verdict: report.Indeterminate},

	// The origin.
	{name: "captured", change: func(w *world) {
		w.manifest["actions"] = []object{{"action": "c2pa.created", "digitalSourceType": "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture"}}
	}, state: "verified", verdict: report.NotApplicable},
	{name: "captured-and-marked", change: func(w *world) {
		w.manifest["actions"] = []object{{"action": "c2pa.created", "digitalSourceType": "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture"}}
		w.facts["watermarks"] = []string{"dwtDct"}
	}, state: "verified", verdict: report.Pass},
}

func TestJudgeFacts(t *testing.T) {
	for _, c := range rulings {
		t.Run(c.name, func(t *testing.T) { c.run(t) })
	}
}

func (c ruling) run(t *testing.T) {
	w := newWorld(t)
	c.change(w)
	got := w.judge()
	if got.Error != "" {
		t.Fatal(got.Error)
	}
	if got.Verdict != c.verdict {
		t.Errorf("verdict %s (%v), want %s", got.Verdict, got.Reasons, c.verdict)
	}
	codes := allCodes(got)
	if c.code != "" && !slices.Contains(codes, c.code) {
		t.Errorf("no %s in %v", c.code, codes)
	}
	if c.lacks != "" && slices.Contains(codes, c.lacks) {
		t.Errorf("%s in %v", c.lacks, codes)
	}
	all := slices.Concat(got.People, got.Works)
	if c.id == "-" {
		if len(all) > 0 {
			t.Errorf("somebody was judged: %v", all)
		}
		return
	}
	id := c.id
	if id == "" {
		id = "p1"
	}
	i := slices.IndexFunc(all, func(p report.Person) bool { return p.ID == id })
	if i < 0 {
		t.Fatalf("%s is missing from %v", id, all)
	}
	if p := all[i]; p.State != c.state || c.level != "" && p.Level != c.level {
		t.Errorf("%s is %s at %s, want %s at %s; %v", id, p.State, p.Level, c.state, c.level, personCodes(p))
	}
}

// TestBundleCorruptions: a bundle with one thing wrong is not used, and the policy hears of it. One table with a row a
// corruption, hence its length.
func TestBundleCorruptions(t *testing.T) {
	good := func() object {
		return object{
			"iss": uri("agency"), "sequence": 1, "iat": made.Add(-time.Hour).Unix(), "salt": b64([]byte("salt")),
			"roster": []object{stays("ada", time.Time{})}, "orders": []object{order("none")},
			"revocations": []object{{"jti": "x", "iss": uri("agency"), "at": made, "effect": "revoke"}},
		}
	}
	for name, corrupt := range map[string]func(b object){
		"sequence-missing":     func(b object) { delete(b, "sequence") },
		"sequence-in-text":     func(b object) { b["sequence"] = "1" },
		"iat-missing":          func(b object) { delete(b, "iat") },
		"iat-in-the-future":    func(b object) { b["iat"] = judged.Add(time.Hour).Unix() },
		"issuer-unlisted":      func(b object) { b["iss"] = uri("rogue") },
		"salt-not-base64url":   func(b object) { b["salt"] = "+/" },
		"roster-in-text":       func(b object) { b["roster"] = "ada" },
		"stay-without-from":    func(b object) { delete(b["roster"].([]object)[0], "from") },
		"stay-without-subject": func(b object) { delete(b["roster"].([]object)[0], "id") },
		"stay-that-is-text":    func(b object) { b["roster"] = []string{"ada"} },
		"until-in-words":       func(b object) { b["roster"].([]object)[0]["until"] = "later" },
		"decision-permit":      func(b object) { b["orders"].([]object)[0]["decision"] = "permit" },
		"override-unknown":     func(b object) { b["orders"].([]object)[0]["override"] = "all" },
		"selector-unknown":     func(b object) { b["orders"].([]object)[0]["subjects"] = object{"select": "all"} },
		"selector-missing":     func(b object) { delete(b["orders"].([]object)[0], "subjects") },
		"effect-unknown":       func(b object) { b["revocations"].([]object)[0]["effect"] = "undo" },
		"event-without-time":   func(b object) { delete(b["revocations"].([]object)[0], "at") },
		"orders-past-the-limit": func(b object) {
			b["orders"] = slices.Repeat([]object{order("none")}, 10_001)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.registries = []string{jws("consent-registry+jwt", "agency", good())}
			if got := w.judge(); got.Verdict != report.Fail || got.People[0].State != "refused" {
				t.Fatalf("the bundle without corruption: %s, %s", got.Verdict, got.People[0].State)
			}
			b := good()
			corrupt(b)
			w.registries = []string{jws("consent-registry+jwt", "agency", b)}
			got := w.judge()
			want := "consent.registry.signatureInvalid"
			if name == "orders-past-the-limit" {
				want = "consent.input.tooLarge"
			}
			if !slices.Contains(codesOf(got.Findings), want) || got.Verdict != report.Indeterminate || got.People[0].State != "verified" {
				t.Errorf("%s, %s, %v; want %s", got.Verdict, got.People[0].State, got.Findings, want)
			}
		})
	}
	w := newWorld(t)
	b := good()
	b["orders"] = slices.Repeat([]object{order("none")}, 10_000)
	w.registries = []string{jws("consent-registry+jwt", "agency", b)}
	if got := w.judge(); got.People[0].State != "refused" {
		t.Errorf("at the limit of orders: %s", got.People[0].State)
	}
	for name, change := range map[string]func(k object){
		"key-revoked":     func(k object) { k["revoked_at"] = judged.Unix() },
		"key-without-use": func(k object) { k["use"] = []string{"token"} },
		"key-not-yet":     func(k object) { k["nbf"] = made.Unix() },
		"key-no-more":     func(k object) { k["exp"] = made.Add(-time.Hour).Unix() },
	} {
		w := newWorld(t)
		for _, e := range w.entries {
			if e["id"] == uri("agency") {
				change(e["keys"].([]object)[0])
			}
		}
		w.registries = []string{jws("consent-registry+jwt", "agency", good())}
		if got := w.judge(); !slices.Contains(codesOf(got.Findings), "consent.registry.signatureInvalid") || got.People[0].State != "verified" {
			t.Errorf("%s: %s, %v", name, got.People[0].State, got.Findings)
		}
	}
	for name, text := range map[string]string{
		"typ":       jws("consent+jwt", "agency", good()),
		"signature": jws("consent-registry+jwt", "rogue", good()),
		"form":      "a.b",
	} {
		w := newWorld(t)
		w.registries = []string{text}
		if got := w.judge(); !slices.Contains(codesOf(got.Findings), "consent.registry.signatureInvalid") {
			t.Errorf("%s: %v", name, got.Findings)
		}
	}
}

// TestRosterLimit: 200,000 clients are read, one more is not.
func TestRosterLimit(t *testing.T) {
	for _, n := range []int{200_000, 200_001} {
		w := newWorld(t)
		roster := strings.Repeat(`{"h":"x","from":"2026-01-01T00:00:00Z"},`, n-1) + string(marshal(stays("ada", time.Time{})))
		w.bundle("agency", object{"roster": json.RawMessage("[" + roster + "]"), "orders": []object{order("none")}})
		got := w.judge()
		if refused := got.People[0].State == "refused"; refused != (n == 200_000) {
			t.Errorf("%d clients: %s", n, got.People[0].State)
		}
		if large := slices.Contains(codesOf(got.Findings), "consent.input.tooLarge"); large != (n > 200_000) {
			t.Errorf("%d clients: %v", n, codesOf(got.Findings))
		}
	}
}

// TestManyIngredients: a thousand manifests are read; past them the report says so.
func TestManyIngredients(t *testing.T) {
	for _, n := range []int{999, 1000} {
		w := newWorld(t)
		list := make([]object, n)
		for i := range list {
			list[i] = object{"relationship": "componentOf", "manifest": object{"label": fmt.Sprint("urn:c2pa:x", i), "state": "trusted"}}
		}
		w.facts["ingredients"] = list
		if large := slices.Contains(codesOf(w.judge().Findings), "consent.input.tooLarge"); large != (n == 1000) {
			t.Errorf("%d ingredients: too large %v", n, large)
		}
	}
}

// TestManyTokens: past sixteen tokens of an entry their findings are put together, and no code is lost.
func TestManyTokens(t *testing.T) {
	for _, n := range []int{16, 17, 200} {
		w := newWorld(t)
		var tokens []string
		for i := range n - 2 {
			tokens = append(tokens, w.token("ada", func(p, _ object) { p["exp"] = made.Add(-time.Duration(i+1) * time.Hour).Unix() }))
		}
		tokens = append(tokens, "a.b.c", w.token("ada", nil))
		w.replace(tokens...)
		got := w.judge()
		p := got.People[0]
		if len(p.Tokens) != min(n, 16) || p.State != "verified" || p.Binding != "B2" {
			t.Errorf("%d tokens: %d shown, %s", n, len(p.Tokens), p.State)
		}
		for _, code := range []string{"consent.token.expired", "consent.token.malformed", "consent.token.valid", "consent.person.verified"} {
			if !slices.Contains(personCodes(p), code) {
				t.Errorf("%d tokens: no %s in %v", n, code, personCodes(p))
			}
		}
		if len(p.Findings) > 40 {
			t.Errorf("%d tokens: %d findings on the entry", n, len(p.Findings))
		}
	}
}

// TestAnswers: what cannot be judged is answered with an error and nothing else.
func TestAnswers(t *testing.T) {
	w := newWorld(t)
	w.policy["min_levle"] = "E3"
	got := w.judge()
	if b := marshal(got); got.Error == "" || bytes.Contains(b, []byte("verdict")) || !bytes.Contains(b, []byte(`"error":`)) {
		t.Errorf("a refused policy: %s", b)
	}
	if b := marshal(newWorld(t).judge()); bytes.Contains(b, []byte(`"error"`)) || !bytes.Contains(b, []byte(`"works":[]`)) {
		t.Errorf("an answer: %s", b)
	}
}

func TestJudgeIsTheSameEachTime(t *testing.T) {
	w := newWorld(t)
	w.bundle("agency", object{"roster": []object{stays("ada", time.Time{})}, "orders": []object{order("grant")}})
	w.bundle("guild", object{"orders": []object{order("grant")}})
	first := string(marshal(w.judge()))
	for range 20 {
		if again := string(marshal(w.judge())); again != first {
			t.Fatalf("%s\n%s", first, again)
		}
	}
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return b64(sum[:])
}
