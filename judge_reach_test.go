package consentry_test

import (
	"testing"
	"time"

	"github.com/consentry/consentry/report"
)

// reaches are rulings about who is out of an authority's reach, where no second check stands behind the first.
var reaches = []ruling{
	{name: "guilds-order-by-ids-of-somebody-else", change: func(w *world) { w.guildOrder(object{"select": "ids", "ids": []string{"hand:ben"}}) }, state: "verified", lacks: "consent.registry.refused", verdict: report.Pass},
	{name: "guilds-order-by-hash-of-somebody-else", change: func(w *world) { w.guildOrder(object{"select": "hash", "hashes": []string{"AAAAAAAAAAAAAAAAAAAAAA"}}) }, state: "verified", lacks: "consent.registry.refused", verdict: report.Pass},
	{name: "guilds-order-over-a-roster-of-somebody-else", change: func(w *world) {
		w.bundle("guild", object{"roster": []object{stays("ben", time.Time{})}, "orders": []object{order("none")}})
	}, state: "verified", lacks: "consent.registry.refused", verdict: report.Pass},
	{name: "guilds-order-over-its-roster", change: func(w *world) {
		w.bundle("guild", object{"roster": []object{stays("ada", time.Time{})}, "orders": []object{order("none")}})
	}, state: "refused", code: "consent.registry.refused", verdict: report.Fail},
	{name: "older-bundle-that-comes-last", change: func(w *world) {
		w.bundle("agency", object{"roster": []object{stays("ada", time.Time{})}, "sequence": 2})
		w.bundle("agency", object{"roster": []object{stays("ada", time.Time{})}, "sequence": 1, "orders": []object{order("none")}})
	}, state: "verified", lacks: "consent.registry.refused", verdict: report.Pass},
	{name: "newer-bundle-that-comes-last", change: func(w *world) {
		w.bundle("agency", object{"roster": []object{stays("ada", time.Time{})}, "sequence": 1})
		w.bundle("agency", object{"roster": []object{stays("ada", time.Time{})}, "sequence": 2, "orders": []object{order("none")}})
	}, state: "refused", code: "consent.registry.refused", verdict: report.Fail},
	{name: "an-event-of-another-issuers-token", change: func(w *world) {
		w.replace(w.token("ada", func(p, _ object) { p["jti"] = "mine" }))
		w.bundle("ada", object{"revocations": []object{{"jti": "mine", "iss": uri("ben"), "at": made.Add(-time.Hour), "effect": "revoke"}}})
	}, state: "verified", lacks: "consent.token.revoked", verdict: report.Pass},
	{name: "an-event-of-the-issuers-own-token", change: func(w *world) {
		w.replace(w.token("ada", func(p, _ object) { p["jti"] = "mine" }))
		w.bundle("ada", object{"revocations": []object{{"jti": "mine", "iss": uri("ada"), "at": made.Add(-time.Hour), "effect": "revoke"}}})
	}, state: "revoked", verdict: report.Fail},
	{name: "signers-of-an-entry-that-is-no-provider", change: func(w *world) { w.entries[0]["roles"] = []string{"guild"} }, state: "invalid", code: "consent.token.audienceMismatch", verdict: report.Fail},
}

// guildOrder is an order that nothing lifts, by a guild that may speak for anybody.
func (w *world) guildOrder(subjects object) {
	o := order("none")
	o["subjects"] = subjects
	w.bundle("guild", object{"orders": []object{o}})
}

func TestReaches(t *testing.T) {
	for _, c := range reaches {
		t.Run(c.name, c.run)
	}
}
