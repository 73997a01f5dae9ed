package consentry_test

import (
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/consentry/consentry"
	"github.com/consentry/consentry/report"
)

// threat is an attack: what it does to a world that passes, and what must come of it.
type threat struct {
	name    string
	attack  func(w *world)
	state   string // of p1
	now     string // of p1; empty: as state
	code    string // anywhere in the answer
	verdict report.Verdict
}

func about(subject string) func(p, s object) {
	return func(p, _ object) { p["sub"] = "hand:" + subject }
}

// by makes a change for a token of an authority over Ada.
func by(authority string) func(p, s object) {
	return func(p, s object) { p["sub"], s["authority"] = "hand:ada", authority }
}

func refusal(authority string) func(p, s object) {
	return func(p, s object) {
		p["sub"], s["authority"], s["type"] = "hand:ada", authority, "refusal"
		delete(p, "aud")
		delete(p, "cnf")
	}
}

func both(a, b func(p, s object)) func(p, s object) {
	return func(p, s object) { a(p, s); b(p, s) }
}

// mint signs Ada's claims in a form of its own.
func mint(w *world, sign func(claims object) string) { w.replace(sign(w.claims("ada", nil))) }

// header is Ada's header with other members.
func header(more object) object {
	h := object{"alg": "EdDSA", "typ": "consent+jwt", "kid": "ada"}
	for k, v := range more {
		h[k] = v
	}
	return h
}

func signed(h object, payload []byte) string {
	input := b64(marshal(h)) + "." + b64(payload)
	return input + "." + b64(ed25519.Sign(key("ada"), []byte(input)))
}

var tokenThreats = []threat{
	{"replayed-onto-another-signers-file", func(w *world) {
		w.facts["claimSigner"] = object{"dn": object{}, "x5t#S256": "x", "spki#S256": "spki-of-another", "jkt": "another"}
	}, "invalid", "", "consent.token.audienceMismatch", report.Fail},
	{"replayed-where-only-cnf-tells", func(w *world) {
		w.replace(w.token("ada", func(p, _ object) { p["aud"] = []string{uri("generator"), uri("other-generator")} }))
		w.facts["claimSigner"] = object{"dn": object{}, "x5t#S256": "x", "spki#S256": "spki-of-another", "jkt": "another"}
	}, "invalid", "", "consent.binding.signerMismatch", report.Fail},
	{"clearance-moved-to-another-file", func(w *world) {
		w.replace(w.token("ada", func(_, s object) {
			s["type"] = "clearance"
			s["asset"] = object{"alg": "sha256", "of": "c2pa.hash.bmff.v3", "hash": b64(make([]byte, 32))}
		}))
	}, "invalid", "", "consent.binding.assetMismatch", report.Fail},
	{"token-for-another-person", func(w *world) {
		w.entries = append(w.entries, issuer("both", "performer", "list", "hand:ada", "hand:ben"))
		w.replace(w.token("both", about("ben")))
	}, "invalid", "", "consent.token.subjectMismatch", report.Fail},
	{"performer-who-grants-for-another", func(w *world) { w.replace(w.token("ben", about("ada"))) }, "invalid", "", "consent.issuer.notAuthorizedForSubject", report.Fail},
	{"wrong-modality", func(w *world) { w.replace(w.token("ada", func(_, s object) { s["modality"] = []string{"face"} })) }, "out-of-scope", "", "consent.scope.modality", report.Warn},
	{"wrong-operation", func(w *world) { w.replace(w.token("ada", func(_, s object) { s["operation"] = []string{"alter"} })) }, "out-of-scope", "", "consent.scope.operation", report.Warn},
	{"wrong-purpose", func(w *world) { w.replace(w.token("ada", func(_, s object) { s["purpose"] = []string{"editorial"} })) }, "out-of-scope", "", "consent.scope.purpose", report.Warn},
	{"wrong-territory", func(w *world) { w.replace(w.token("ada", func(_, s object) { s["territory"] = []string{"EU"} })) }, "out-of-scope", "", "consent.scope.territory", report.Warn},
	{"alg-none", func(w *world) {
		mint(w, func(c object) string {
			return b64(marshal(header(object{"alg": "none"}))) + "." + b64(marshal(c)) + "."
		})
	}, "invalid", "", "consent.token.algUnsupported", report.Fail},
	{"alg-hs256-with-the-public-key", func(w *world) {
		mint(w, func(c object) string {
			return hs256(key("ada").Public().(ed25519.PublicKey), header(object{"alg": "HS256"}), c)
		})
	}, "invalid", "", "consent.token.algUnsupported", report.Fail},
	{"alg-eddsa-over-a-p256-key", func(w *world) {
		k, public := es256("eve")
		e := issuer("eve", "performer", "list", "hand:ada")
		e["keys"] = []object{{"kid": "eve", "jwk": public}}
		w.entries = append(w.entries, e)
		w.replace(signES256(k, object{"alg": "EdDSA", "typ": "consent+jwt", "kid": "eve"}, w.claims("eve", about("ada"))))
	}, "invalid", "", "consent.token.algUnsupported", report.Fail},
	{"signature-by-a-stranger", func(w *world) {
		mint(w, func(c object) string {
			good := jws("consent+jwt", "eve", c)
			return b64(marshal(header(nil))) + good[strings.IndexByte(good, '.'):]
		})
	}, "invalid", "", "consent.token.signatureInvalid", report.Fail},
	{"members-twice", func(w *world) {
		mint(w, func(c object) string {
			return signed(header(nil), []byte(strings.Replace(string(marshal(c)), `{`, `{"sub":"hand:eve",`, 1)))
		})
	}, "invalid", "", "consent.token.malformed", report.Fail},
	{"crit", func(w *world) {
		mint(w, func(c object) string { return signed(header(object{"crit": []string{"exp"}}), marshal(c)) })
	}, "invalid", "", "consent.token.malformed", report.Fail},
	{"key-in-the-header", func(w *world) {
		mint(w, func(c object) string {
			input := b64(marshal(header(object{"jwk": jwk("eve"), "kid": "eve"}))) + "." + b64(marshal(c))
			return input + "." + b64(ed25519.Sign(key("eve"), []byte(input)))
		})
	}, "invalid", "", "consent.token.keyUnknown", report.Fail},
	{"another-type-of-token", func(w *world) {
		mint(w, func(c object) string { return signed(header(object{"typ": "JWT"}), marshal(c)) })
	}, "invalid", "", "consent.token.typeMismatch", report.Fail},
	{"expired-at-generation", func(w *world) {
		w.replace(w.token("ada", func(p, _ object) { p["exp"] = made.Add(-time.Second).Unix() }))
	}, "expired", "", "consent.token.expired", report.Warn},
	{"expired-since", func(w *world) {
		w.replace(w.token("ada", func(p, _ object) { p["exp"] = made.Add(time.Second).Unix() }))
	}, "verified", "expired", "consent.token.expiredSince", report.Pass},
	{"rogue-issuer", func(w *world) { w.replace(w.token("rogue", about("ada"))) }, "unresolved", "", "consent.issuer.untrusted", report.Indeterminate},
	{"two-tokens-with-one-jti", func(w *world) {
		same := func(p, s object) { p["jti"] = "same"; s["territory"] = []string{"*"} }
		w.replace(w.token("ada", same), w.token("ada", both(same, func(_, s object) { s["purpose"] = []string{"*"} })))
	}, "invalid", "", "consent.token.malformed", report.Fail},
	{"two-people-share-a-token", func(w *world) {
		w.person("p2", "hand:ben")["tokens"] = []int{0}
		people := w.assertion["people"].([]object)
		people[0]["id"], people[1]["id"] = "p2", "p1"
	}, "invalid", "", "consent.token.subjectMismatch", report.Fail},
	{"token-that-names-two-subjects", func(w *world) {
		w.replace(w.token("ada", func(p, _ object) { p["sub_commit"] = b64(make([]byte, 32)) }))
		w.first()["subject"] = object{"commit": b64(make([]byte, 32))}
	}, "invalid", "", "consent.token.subjectMismatch", report.Fail},
	{"by-reference-and-absent", func(w *world) {
		w.assertion["tokens"] = []object{{"uri": "https://t.example/1", "s256": b64(make([]byte, 32))}}
	}, "unresolved", "", "consent.token.unavailable", report.Indeterminate},
	{"by-reference-and-altered", func(w *world) {
		token := w.token("ada", nil)
		sum := sha256.Sum256([]byte(token + " "))
		w.assertion["tokens"] = []object{{"uri": "https://t.example/1", "s256": b64(sum[:])}}
		w.facts["files"] = object{"https://t.example/1": token}
	}, "unresolved", "", "consent.token.unavailable", report.Indeterminate},
	{"names-with-bidi-and-control-characters", func(w *world) {
		w.first()["subject"] = object{"scheme": "hand", "id": "ada\u202e\u0007"}
	}, "invalid", "", "consent.token.subjectMismatch", report.Fail},
}

var authorityThreats = []threat{
	{"guild-that-grants", func(w *world) { w.replace(w.token("guild", by("guild"))) }, "invalid", "", "consent.issuer.roleNotPermitted", report.Fail},
	{"platform-for-another-audience", func(w *world) { w.replace(w.token("platform", by("platform"))) }, "invalid", "", "consent.issuer.roleNotPermitted", report.Fail},
	{"agency-without-a-roster", func(w *world) { w.replace(w.token("agency", by("agency"))) }, "invalid", "", "consent.registry.offline", report.Fail},
	{"agency-outside-its-roster", func(w *world) {
		w.bundle("agency", object{"roster": []object{stays("ben", time.Time{})}})
		w.replace(w.token("agency", by("agency")))
	}, "invalid", "", "consent.issuer.notAuthorizedForSubject", report.Fail},
	{"agency-after-the-person-left", func(w *world) {
		w.bundle("agency", object{"roster": []object{stays("ada", made)}})
		w.replace(w.token("agency", by("agency")))
	}, "invalid", "", "consent.issuer.notAuthorizedForSubject", report.Fail},
	{"agency-with-a-roster-that-a-stranger-signed", func(w *world) {
		w.bundle("agency", object{"roster": []object{stays("ada", time.Time{})}})
		w.registries[0] = w.registries[0][:strings.LastIndexByte(w.registries[0], '.')+1] + b64(make([]byte, 64))
		w.replace(w.token("agency", by("agency")))
	}, "invalid", "", "consent.registry.signatureInvalid", report.Fail},
	{"widened-delegation", func(w *world) { w.replace(w.delegated([]string{"face", "voice"})) }, "invalid", "", "consent.delegation.scopeWidened", report.Fail},
	{"minor-with-an-adults-token", func(w *world) { w.first()["minor"] = true }, "invalid", "", "consent.subject.minor", report.Fail},
	{"minor-by-the-metadata", func(w *world) {
		w.facts["metadata"] = object{"xmp": object{"Iptc4xmpExt:ModelAge": []int{34, 17}}}
	}, "invalid", "", "consent.subject.minor", report.Fail},
	{"minor-who-grants", func(w *world) {
		w.first()["subject"] = object{"scheme": "hand", "id": "kim"}
		w.replace(w.token("kim", func(_, s object) { s["subject_status"] = "minor" }))
	}, "invalid", "", "consent.subject.guardianMissing", report.Fail},
	{"dead-without-estate", func(w *world) {
		w.first()["kind"], w.first()["subject"] = "deceased", object{"scheme": "hand", "id": "old"}
		w.replace(w.token("old", func(_, s object) { s["operation"] = []string{"reanimate"} }))
	}, "invalid", "", "consent.subject.estateMissing", report.Fail},
	{"collective-opt-out", func(w *world) {
		w.bundle("agency", object{"roster": []object{stays("ada", time.Time{})}, "orders": []object{order("grant")}})
		w.replace()
	}, "refused", "", "consent.registry.refused", report.Fail},
	{"collective-opt-out-with-an-overriding-grant", func(w *world) {
		w.bundle("agency", object{"roster": []object{stays("ada", time.Time{})}, "orders": []object{order("grant")}})
	}, "verified", "", "consent.person.verified", report.Pass},
	{"collective-opt-out-that-nothing-lifts", func(w *world) {
		w.bundle("agency", object{"roster": []object{stays("ada", time.Time{})}, "orders": []object{order("none")}})
	}, "refused", "", "consent.registry.refused", report.Fail},
	{"opted-out-and-called-synthetic", func(w *world) {
		w.bundle("agency", object{"roster": []object{stays("ada", time.Time{})}, "orders": []object{order("grant")}})
		w.replace()
		w.first()["kind"] = "synthetic"
	}, "refused", "", "consent.registry.refused", report.Fail},
	{"conflicting-authorities", func(w *world) {
		w.bundle("agency", object{"roster": []object{stays("ada", time.Time{})}, "orders": []object{order("grant")}})
		w.bundle("agency2", object{"roster": []object{stays("ada", time.Time{})}})
		w.replace(w.token("agency2", by("agency")))
	}, "unresolved", "", "consent.registry.conflict", report.Indeterminate},
	{"refusal-beside-a-grant", func(w *world) { w.replace(w.token("ada", nil), w.token("ada", refusal("self"))) }, "refused", "", "consent.token.refusal", report.Fail},
	{"refusal-that-the-declarer-points-nobody-at", func(w *world) { w.add(object{"jwt": w.token("ada", refusal("self"))}) }, "refused", "", "consent.token.refusal", report.Fail},
	{"assertion-redacted", func(w *world) {
		w.manifest["redacted"] = []string{"self#jumbf=/c2pa/urn:c2pa:0/c2pa.assertions/io.github.consentry.consent__1"}
	}, "verified", "", "consent.assertion.redacted", report.Indeterminate},
	{"assertion-gathered-by-a-third-party", func(w *world) { w.manifest["created"] = false }, "declared", "", "consent.assertion.unattributed", report.Warn},
	{"declaration-of-an-invalid-manifest", func(w *world) { w.manifest["state"] = "invalid" }, "declared", "", "consent.person.declaredOnly", report.Fail},
	{"trust-list-rolled-back", func(w *world) { w.facts["lastTrustSequence"] = 6 }, "unresolved", "", "consent.trust.rollback", report.Indeterminate},
	{"257-people", func(w *world) {
		for i := range 256 {
			w.person(fmt.Sprintf("q%d", i), "")["kind"] = "synthetic"
		}
	}, "verified", "", "consent.input.tooLarge", report.Indeterminate},
	{"face-that-nobody-declares", func(w *world) {
		w.facts["faces"] = object{"status": "analysed", "tracks": []object{{"id": 1, "coveredBy": "p1"}, {"id": 2, "coveredBy": "nobody"}}}
	}, "verified", "", "consent.declaration.incomplete", report.Warn},
}

var statusThreats = []threat{
	{"status-missing", func(w *world) {
		w.policy["status"] = "require"
		w.replace(w.token("ada", withStatus(5)))
	}, "unresolved", "", "consent.status.skipped", report.Indeterminate},
	{"status-stale", func(w *world) {
		w.policy["status"] = "require"
		w.replace(w.token("ada", withStatus(5)))
		w.statuses = []string{w.status("ada", 5, 0, made.Add(-time.Minute), 16)}
	}, "unresolved", "", "consent.status.stale", report.Indeterminate},
	{"status-good", func(w *world) {
		w.policy["status"] = "require"
		w.replace(w.token("ada", withStatus(5)))
		w.statuses = []string{w.status("ada", 5, 0, judged.Add(time.Hour), 16)}
	}, "verified", "", "consent.status.good", report.Pass},
	{"status-says-revoked", func(w *world) {
		w.replace(w.token("ada", withStatus(5)))
		w.statuses = []string{w.status("ada", 5, 1, judged.Add(time.Hour), 16)}
	}, "unresolved", "revoked", "consent.token.revoked", report.Indeterminate},
	{"status-by-a-stranger", func(w *world) {
		w.policy["status"] = "require"
		w.replace(w.token("ada", withStatus(5)))
		list := w.status("ada", 5, 0, judged.Add(time.Hour), 16)
		w.statuses = []string{list[:strings.LastIndexByte(list, '.')+1] + b64(make([]byte, 64))}
	}, "unresolved", "", "consent.status.skipped", report.Indeterminate},
	{"zip-bomb-in-a-status-list", func(w *world) {
		w.policy["status"] = "require"
		w.replace(w.token("ada", withStatus(5)))
		w.statuses = []string{w.status("ada", 5, 0, judged.Add(time.Hour), 4<<20+1)}
	}, "unresolved", "", "consent.input.tooLarge", report.Indeterminate},
	{"revoked-before-generation", func(w *world) { w.revoke(made.Add(-time.Hour), "revoke") }, "revoked", "", "consent.token.revoked", report.Fail},
	{"revoked-after-generation", func(w *world) { w.revoke(made.Add(time.Hour), "revoke") }, "verified", "", "consent.token.revokedSince", report.Pass},
	{"suspended-after-generation", func(w *world) { w.revoke(made.Add(time.Hour), "suspend") }, "verified", "revoked", "consent.token.suspended", report.Pass},
	{"revoked-by-another-issuer", func(w *world) {
		w.bundle("ada", object{"revocations": []object{{"jti": "t1", "iss": uri("ben"), "at": made.Add(-time.Hour), "effect": "revoke"}}})
		w.bundle("ben", object{"revocations": []object{{"jti": "t1", "iss": uri("ada"), "at": made.Add(-time.Hour), "effect": "revoke"}}})
	}, "verified", "", "consent.person.verified", report.Pass},
}

// revoke puts an event for Ada's first token into her own bundle.
func (w *world) revoke(at time.Time, effect string) {
	w.bundle("ada", object{"revocations": []object{{"jti": "t1", "iss": uri("ada"), "at": at, "effect": effect}}})
}

// delegated is a studio's token under a delegation of Ada's for her face.
func (w *world) delegated(modality []string) string {
	link := jws("consent-delegation+jwt", "ada", object{
		"iss": uri("ada"), "sub": "hand:ada", "iat": made.Add(-48 * time.Hour).Unix(), "exp": made.Add(10 * 24 * time.Hour).Unix(), "jti": "d1",
		"delegate": object{"id": uri("deputy"), "jwk": jwk("deputy")}, "max_depth": 1,
		"consent": object{"modality": []string{"face"}, "operation": []string{"generate"}, "purpose": []string{"entertainment"}, "territory": []string{"US"}},
	})
	return w.token("deputy", func(p, s object) {
		p["sub"], s["modality"], s["chain"] = "hand:ada", modality, []string{link}
	})
}

func TestThreats(t *testing.T) {
	for _, profile := range []string{"newsroom", "studio", "ci"} {
		w := newWorld(t)
		w.policy["profile"] = profile
		if got := w.judge(); got.Verdict != report.Pass || got.People[0].State != "verified" || got.People[0].Level != "E4" || got.People[0].Binding != "B2" {
			t.Fatalf("%s: the world without an attack does not pass: %s, %+v", profile, got.Verdict, got.People)
		}
	}
	for _, c := range slices.Concat(tokenThreats, authorityThreats, statusThreats) {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			c.attack(w)
			got := w.judge()
			if got.Error != "" {
				t.Fatal(got.Error)
			}
			if got.Verdict != c.verdict {
				t.Errorf("verdict %s (%v), want %s", got.Verdict, got.Reasons, c.verdict)
			}
			i := slices.IndexFunc(got.People, func(p report.Person) bool { return p.ID == "p1" })
			if i < 0 {
				t.Fatalf("p1 is missing from %v", got.People)
			}
			p := got.People[i]
			if now := max(c.now, ""); p.State != c.state || now != "" && p.Now != now || now == "" && p.Now != c.state {
				t.Errorf("p1 is %s, now %s; want %s, now %s", p.State, p.Now, c.state, c.now)
			}
			if verified := slices.Contains(personCodes(p), "consent.person.verified"); verified != (c.state == "verified") {
				t.Errorf("consent.person.verified: %v", verified)
			}
			if !slices.Contains(allCodes(got), c.code) {
				t.Errorf("no %s in %v", c.code, allCodes(got))
			}
		})
	}
}

func allCodes(a consentry.FactsAnswer) []string {
	out := codesOf(a.Findings)
	for _, p := range slices.Concat(a.People, a.Works) {
		out = append(out, personCodes(p)...)
	}
	return out
}

// TestNarrowedDelegation: the same chain holds where the token stays within it.
func TestNarrowedDelegation(t *testing.T) {
	w := newWorld(t)
	w.first()["modality"] = []string{"face"}
	w.replace(w.delegated([]string{"face"}))
	if got := w.judge(); got.Verdict != report.Pass || got.People[0].State != "verified" {
		t.Errorf("%s: %+v", got.Verdict, got.People[0])
	}
}
