package consent

import (
	"testing"
	"time"
)

// TestLifted: which grant lifts which standing order. Consent format 1, 7 (override).
func TestLifted(t *testing.T) {
	const agency, other = "https://agency.test", "https://other.test"
	for _, c := range []struct {
		override   string
		rank       int
		role       string
		issuer     string
		lent, want bool
	}{
		{"grant", rankAgency, "performer", other, false, true},
		{"grant", rankSelf, "guardian", other, false, true},
		{"grant", rankSelf, "estate", other, false, true},
		{"grant", rankSelf, "agency", other, false, false},
		{"grant", rankAgency, "agency", other, false, false},
		{"grant", rankAgency, "agency", agency, false, true},
		{"grant", rankAgency, "guild", other, false, false},
		{"grant", rankGuild, "agency", other, false, true},
		{"grant", rankGuild, "platform", other, false, false},
		{"grant", rankSelf, "platform", agency, false, true},
		{"grant", rankGuild, "", other, false, false},
		{"self", rankAgency, "performer", other, false, true},
		{"self", rankAgency, "performer", other, true, false},
		{"self", rankSelf, "rightsholder", other, false, true},
		{"self", rankSelf, "rightsholder", other, true, false},
		{"self", rankAgency, "guardian", other, false, false},
		{"self", rankAgency, "agency", agency, false, false},
		{"none", rankAgency, "performer", agency, false, false},
		{"", rankAgency, "performer", agency, false, false},
	} {
		o := metOrder{override: c.override, issuer: agency, rank: c.rank}
		if got := o.lifted([]grant{{issuer: c.issuer, role: c.role, direct: !c.lent}}); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
		if o.lifted(nil) {
			t.Errorf("%+v: lifted by nobody", c)
		}
	}
}

// TestAuthority: who forbids, who grants, and which of the two counts. Consent format 1, 7 (precedence).
func TestAuthority(t *testing.T) {
	grants := func(list ...string) (out []grant) { // role, issuer
		for i := 0; i < len(list); i += 2 {
			out = append(out, grant{issuer: list[i+1], role: list[i], direct: true})
		}
		return out
	}
	order := func(override string, rank int, issuer string) metOrder {
		return metOrder{name: "o", override: override, rank: rank, issuer: issuer, generation: true}
	}
	for _, c := range []struct {
		name                string
		orders              []metOrder
		no                  []forbidding
		grants              []grant
		recorded, now       bool
		forbidden, conflict bool
	}{
		{name: "nobody forbids", grants: grants("performer", "a")},
		{name: "an order and nobody grants", orders: []metOrder{order("grant", rankAgency, "a")}, forbidden: true},
		{name: "an order that is not in force now", orders: []metOrder{order("grant", rankAgency, "a")}, now: true},
		{name: "an order that a grant lifts", orders: []metOrder{order("grant", rankAgency, "a")}, grants: grants("performer", "p")},
		{name: "an order that nothing lifts, before a conflict of equals", orders: []metOrder{order("none", rankSelf, "a")}, grants: grants("performer", "p"), forbidden: true},
		{name: "an order that nothing lifts, behind a conflict of equals", orders: []metOrder{order("grant", rankAgency, "b"), order("none", rankGuild, "a")}, grants: grants("agency", "c"), forbidden: true},
		{name: "two agencies", orders: []metOrder{order("grant", rankAgency, "a")}, grants: grants("agency", "b"), conflict: true},
		{name: "one agency with itself: the refusal wins", no: []forbidding{{"a", rankAgency}}, grants: grants("agency", "a"), forbidden: true},
		{name: "an agency's refusal against the person's grant", no: []forbidding{{"a", rankAgency}}, grants: grants("performer", "p"), forbidden: true},
		{name: "the person's refusal against an agency's grant", no: []forbidding{{"p", rankSelf}}, grants: grants("agency", "a"), forbidden: true},
		{name: "equals, and somebody higher forbids", no: []forbidding{{"a", rankAgency}, {"p", rankSelf}}, grants: grants("agency", "b"), forbidden: true},
		{name: "both of two equals forbid, and one grants too", no: []forbidding{{"a", rankAgency}, {"b", rankAgency}}, grants: grants("agency", "b"), forbidden: true},
		{name: "one of two equals forbids at a lower rank, and grants at the higher", no: []forbidding{{"a", rankAgency}, {"b", rankGuild}}, grants: grants("agency", "b"), conflict: true},
		{name: "a record and nobody grants", recorded: true, forbidden: true},
		{name: "a record against an agency", recorded: true, grants: grants("agency", "a"), forbidden: true},
		{name: "a record against the person", recorded: true, grants: grants("performer", "p"), conflict: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := &subjectJudge{person: &Person{ID: "p1"}, orders: c.orders, recorded: c.recorded}
			forbidden, conflict := (&judge{}).authority(nil, e, sum{no: c.no, grants: c.grants}, c.now)
			if forbidden != c.forbidden || conflict != c.conflict {
				t.Errorf("forbidden %v, conflict %v", forbidden, conflict)
			}
			said := ""
			for _, f := range e.findings {
				said += f.Code + " "
			}
			if c.conflict != (said == "consent.registry.conflict ") {
				t.Errorf("said %q", said)
			}
			if len(c.orders) > 0 && c.forbidden && said != "consent.registry.refused " {
				t.Errorf("said %q", said)
			}
		})
	}
}

// TestIdentityOfThePerson: what a trusted identity of the depicted person is worth. Consent format 1, 9.
func TestIdentityOfThePerson(t *testing.T) {
	who := Subject{Scheme: "hand", ID: "10.23/P-1"}
	named := Subject{Scheme: "name", ID: "Pat Doe"}
	both, content, declared := []string{"hardBinding", "consent"}, []string{"hardBinding"}, []string{"consent"}
	for _, c := range []struct {
		name   string
		person Person
		minor  bool
		id     []Identity
		most   level
		want   level
	}{
		{"of content and declaration", Person{Subject: &who}, false, []Identity{{true, &who, both}}, 5, 5},
		{"of the content alone", Person{Subject: &who}, false, []Identity{{true, &who, content}}, 5, 3},
		{"of the declaration alone", Person{Subject: &who}, false, []Identity{{true, &who, declared}}, 5, 0},
		{"the better of two", Person{Subject: &who}, false, []Identity{{true, &who, both}, {true, &who, content}}, 5, 5},
		{"of a declaration that is worth less", Person{Subject: &who}, false, []Identity{{true, &who, both}}, 2, 2},
		{"that nobody trusts", Person{Subject: &who}, false, []Identity{{false, &who, both}}, 5, 0},
		{"without an actor", Person{Subject: &who}, false, []Identity{{true, nil, both}}, 5, 0},
		{"of somebody else", Person{Subject: &who}, false, []Identity{{true, &named, both}}, 5, 0},
		{"of a person without subject", Person{}, false, []Identity{{true, &who, both}}, 5, 0},
		{"by a name, which two people may bear", Person{Subject: &named}, false, []Identity{{true, &named, both}}, 5, 2},
		{"of a work", Person{Subject: &who, Work: true}, false, []Identity{{true, &who, both}}, 5, 0},
		{"of somebody dead", Person{Subject: &who, Kind: "deceased"}, false, []Identity{{true, &who, both}}, 5, 0},
		{"of a minor", Person{Subject: &who}, true, []Identity{{true, &who, both}}, 5, 0},
	} {
		u := &unit{source: &source{identities: c.id}, most: c.most}
		if got := (&judge{}).identity(u, &subjectJudge{person: &c.person, entry: &entry{minor: c.minor}}); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestClassify(t *testing.T) {
	for _, c := range []struct {
		failures   []string
		unresolved bool
		want       class
	}{
		{nil, false, classHolds},
		{nil, true, classStatusDue},
		{[]string{"consent.issuer.untrusted"}, false, classAbsent},
		{[]string{"consent.token.unavailable"}, true, classAbsent},
		{[]string{"consent.issuer.untrusted", "consent.token.expired"}, false, classInvalid},
		{[]string{"consent.token.expired", "consent.issuer.untrusted"}, false, classInvalid},
		{[]string{"consent.token.expired", "consent.scope.purpose"}, false, classExpired},
		{[]string{"consent.scope.purpose", "consent.token.revoked"}, false, classRevoked},
		{[]string{"consent.scope.purpose", "consent.scope.work"}, true, classScope},
		{[]string{"consent.scope.purpose", "consent.token.audienceMismatch"}, false, classInvalid},
	} {
		if got := classify(outcome{failures: c.failures, unresolved: c.unresolved}); got != c.want {
			t.Errorf("%v: %v, want %v", c.failures, got, c.want)
		}
	}
	for text, want := range map[string]level{"E0": 0, "E3": 3, "E5": 5, "E6": 0, "E/": 0, "F3": 0, "E33": 0, "E": 0, "": 0} {
		if got := levelOf(text); got != want {
			t.Errorf("%q: %s", text, got)
		}
	}
}

// TestKeysInTime: a key's window, and what its revocation leaves of older signatures. Consent format 1, 4.
func TestKeysInTime(t *testing.T) {
	stamped := func(d time.Duration) Time { return Time{At: made.Add(d), Kind: "T2"} }
	k := &IssuerKey{NotBefore: new64(at(0)), Expires: new64(at(time.Hour)), RevokedAt: new64(at(time.Minute))}
	for when, want := range map[int64]bool{at(-time.Second): false, at(0): true, at(time.Hour) - 1: true, at(time.Hour): false} {
		if k.window(when) != want {
			t.Errorf("window at %d: %v", when, !want)
		}
	}
	if !(&IssuerKey{}).window(0) {
		t.Error("a key without a window has none")
	}
	for _, c := range []struct {
		name string
		iat  time.Duration
		t    Time
		want bool
	}{
		{"stamped before", 0, stamped(30 * time.Second), false},
		{"stamped at the moment", 0, stamped(time.Minute), true},
		{"stamped after", 0, stamped(time.Hour), true},
		{"claimed before", 0, Time{At: made, Kind: "T1"}, true},
		{"of no time", 0, Time{}, true},
		{"issued at the moment", time.Minute, stamped(0), true},
		{"issued after", time.Hour, stamped(0), true},
	} {
		if k.void(at(c.iat), c.t) != c.want {
			t.Errorf("%s: %v", c.name, !c.want)
		}
	}
	if (&IssuerKey{}).void(at(0), Time{}) {
		t.Error("a key that was not revoked voids nothing")
	}
	for _, c := range []struct {
		use  []string
		want bool
	}{{nil, true}, {[]string{}, false}, {[]string{UseStatus}, false}, {[]string{UseStatus, UseToken}, true}} {
		if (&IssuerKey{Use: c.use}).permits(UseToken) != c.want {
			t.Errorf("%v: %v", c.use, !c.want)
		}
	}
}
