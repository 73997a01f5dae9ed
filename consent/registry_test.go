package consent

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/consentry/consentry/report"
)

// testBundle is a bundle of the agency that is used.
func testBundle() object {
	return object{
		"iss": agent, "sequence": 4, "iat": made.Add(-time.Hour).Unix(), "next_update": "2027-01-01T00:00:00Z", "salt": b64("salt"),
		"roster":      []any{clientLine("10.23/P-1", made.Add(-time.Hour), time.Time{})},
		"orders":      []any{anOrder().set("effective_from", "2025-10-01T00:00:00Z")},
		"revocations": []any{gone("urn:test:9", 0, "revoke")},
	}
}

// clientLine is a line of a roster; a zero until is left out.
func clientLine(id string, from, until time.Time) object {
	o := object{"scheme": "hand", "id": id, "from": from.Format(time.RFC3339)}
	if !until.IsZero() {
		o["until"] = until.Format(time.RFC3339)
	}
	return o
}

// gone is an event so long after the content was made.
func gone(jti string, after time.Duration, effect string) object {
	return object{"jti": jti, "iss": agent, "at": made.Add(after).Format(time.RFC3339), "effect": effect}
}

func testList(t testing.TB) *TrustList {
	t.Helper()
	list, err := ParseTrustList([]byte(testTrust(t).text(t)))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// TestBundlesAreVerified: whose bundle is used, signed by which key and when. Consent format 1, 4 and 7.
func TestBundlesAreVerified(t *testing.T) {
	key := agencyKey(t)
	iat := made.Add(-time.Hour).Unix()
	header := object{"alg": "EdDSA", "typ": "consent-registry+jwt", "kid": "agency"}
	keyed := func(change func(*IssuerKey)) func(*TrustList) {
		return func(l *TrustList) { change(l.Entry(agent).Keys[0]) }
	}
	for _, c := range []struct {
		name   string
		header object // nil: a good one
		bundle object // nil: a good one
		key    *PrivateKey
		after  string // behind the text
		trust  func(*TrustList)
		want   string // the error says it; empty: the bundle is used
	}{
		{name: "good"},
		{name: "without a typ", header: header.set("typ", nil), want: "header.typ"},
		{name: "a token's typ", header: header.set("typ", "consent+jwt"), want: "header.typ"},
		{name: "as an SD-JWT", after: "~", want: "header.typ"},
		{name: "no JWS", after: ".", want: "not three parts"},
		{name: "an issuer in no list", bundle: testBundle().set("iss", "https://else.test"), want: `"https://else.test" is on no consent trust list`},
		{name: "no issuer", bundle: testBundle().set("iss", nil), want: "on no consent trust list"},
		{name: "another issuer than the key's", bundle: testBundle().set("iss", issuerURI("guild")), want: `has no key "agency"`},
		{name: "no iat", bundle: testBundle().set("iat", nil), want: "payload.iat"},
		{name: "an iat that is a text", bundle: testBundle().set("iat", "now"), want: "payload.iat"},
		{name: "as far ahead as clocks may differ", bundle: testBundle().set("iat", today.Unix()+skew)},
		{name: "further ahead", bundle: testBundle().set("iat", today.Unix()+skew+1), want: "payload.iat"},
		{name: "a kid that the issuer does not have", header: header.set("kid", "other"), want: `has no key "other"`},
		{name: "no kid", header: header.set("kid", nil), want: "has no key"},
		{name: "a key for registries", trust: keyed(func(k *IssuerKey) { k.Use = []string{UseRegistry} })},
		{name: "a key for other things", trust: keyed(func(k *IssuerKey) { k.Use = []string{UseToken, UseStatus} }), want: "has no key"},
		{name: "a key from that second on", trust: keyed(func(k *IssuerKey) { k.NotBefore = new64(iat) })},
		{name: "a key that begins later", trust: keyed(func(k *IssuerKey) { k.NotBefore = new64(iat + 1) }), want: "has no key"},
		{name: "a key that has ended", trust: keyed(func(k *IssuerKey) { k.Expires = new64(iat) }), want: "has no key"},
		{name: "a key that was revoked before", trust: keyed(func(k *IssuerKey) { k.RevokedAt = new64(iat - 1) }), want: "was revoked"},
		{name: "a key that was revoked since, and nothing shows which was first", trust: keyed(func(k *IssuerKey) { k.RevokedAt = new64(today.Unix()) }), want: "was revoked"},
		{name: "a key of a type that is not allowed", trust: keyed(func(k *IssuerKey) { k.Key = nil }), want: "does not verify"},
		{name: "an algorithm of another key", header: header.set("alg", "ES256"), want: "does not verify"},
		{name: "no algorithm", header: header.set("alg", nil), want: "does not verify"},
		{name: "signed by a stranger", key: testKey(t, "stranger", "Ed25519"), want: "does not verify"},
		{name: "signed as it is, and malformed", bundle: testBundle().set("sequence", nil), want: "payload.sequence"},
	} {
		t.Run(c.name, func(t *testing.T) {
			list := testList(t)
			if c.trust != nil {
				c.trust(list)
			}
			if c.header == nil {
				c.header = header
			}
			if c.bundle == nil {
				c.bundle = testBundle()
			}
			if c.key == nil {
				c.key = key
			}
			b, err := openRegistry(signText(t, c.header.text(t), c.bundle.text(t), c.key)+c.after, list, today)
			if (b == nil) == (err == nil) {
				t.Fatal("a bundle and an error, or neither")
			}
			if c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("error %v, want one that says %q", err, c.want)
			}
			if c.want == "" && (err != nil || b.key != key.Public.Thumbprint() || b.issued.Unix() != c.bundle["iat"].(int64)) {
				t.Errorf("%v, %+v", err, b)
			}
		})
	}
}

// TestWhichBundlesAreUsed: of several at hand the newest, none that is older than one seen before, and of what is not
// used a finding that says which it was. Consent format 1, 7.
func TestWhichBundlesAreUsed(t *testing.T) {
	signed := func(sequence int, more object) string {
		o := testBundle().set("sequence", sequence)
		for path, to := range more {
			o = o.set(path, to)
		}
		return signAs(t, "consent-registry+jwt", o, agencyKey(t))
	}
	forged := signText(t, object{"alg": "EdDSA", "typ": "consent-registry+jwt", "kid": "agency"}.text(t), testBundle().set("sequence", 9).text(t), testKey(t, "stranger", "Ed25519"))
	due := func(after time.Duration) object { return object{"next_update": today.Add(after).Format(time.RFC3339)} }
	below, above := signed(4, nil), signed(4, object{"salt": b64("other")}) // by their digests, of one sequence
	if digestOf(below) > digestOf(above) {
		below, above = above, below
	}
	newer := signed(5, nil)
	for i := 0; digestOf(newer) < digestOf(below) || digestOf(newer) > digestOf(above); i++ {
		newer = signed(5, object{"salt": b64(strconv.Itoa(i))})
	}
	seen := func(key *PrivateKey) string { return agent + " " + key.Public.Thumbprint() }
	second := testKey(t, "second", "P-256")
	for _, c := range []struct {
		name    string
		bundles []string
		seen    map[string]int64
		used    string // empty: none
		code    string // of the one finding; empty: none
		where   string
	}{
		{name: "none"},
		{name: "one", bundles: []string{signed(4, nil)}, used: signed(4, nil)},
		{name: "the newer is last, and its digest is the higher", bundles: []string{below, newer}, used: newer},
		{name: "the newer is last, and its digest is the lower", bundles: []string{above, newer}, used: newer},
		{name: "the newer is first, and its digest is the higher", bundles: []string{newer, below}, used: newer},
		{name: "the newer is first, and its digest is the lower", bundles: []string{newer, above}, used: newer},
		{name: "two of one sequence, whatever their order", bundles: []string{below, above}, used: below},
		{name: "two of one sequence, the other way", bundles: []string{above, below}, used: below},
		{name: "one that a stranger signed", bundles: []string{signed(4, nil), forged}, used: signed(4, nil), code: "consent.registry.signatureInvalid", where: "registries[1]"},
		{name: "one that is too large", bundles: []string{strings.Repeat("x", maxBundle+1)}, code: "consent.input.tooLarge", where: "registries[0]"},
		{name: "one that is malformed", bundles: []string{"a.b.c"}, code: "consent.registry.signatureInvalid", where: "registries[0]"},
		{name: "records that cannot be read", bundles: []string{signed(4, nil), "<rsl"}, used: signed(4, nil), code: "consent.registry.unreadable", where: "registries[1]"},
		{name: "records that are too large", bundles: []string{"<" + strings.Repeat(" ", maxBundle)}, code: "consent.input.tooLarge", where: "registries[0]"},
		{name: "the sequence that was seen before", bundles: []string{signed(4, nil)}, seen: map[string]int64{seen(agencyKey(t)): 4}, used: signed(4, nil)},
		{name: "a lower one", bundles: []string{signed(4, nil)}, seen: map[string]int64{seen(agencyKey(t)): 5}, code: "consent.trust.rollback", where: "registries[0]"},
		{name: "a lower one beside one that is not", bundles: []string{signed(6, nil), signed(4, nil)}, seen: map[string]int64{seen(agencyKey(t)): 5}, used: signed(6, nil), code: "consent.trust.rollback", where: "registries[1]"},
		{name: "a lower one than one by the issuer's other key", bundles: []string{signed(4, nil)}, seen: map[string]int64{seen(agencyKey(t)): 3, seen(second): 5}, code: "consent.trust.rollback", where: "registries[0]"},
		{name: "a higher one by a key that the issuer does not have", bundles: []string{signed(4, nil)}, seen: map[string]int64{seen(testKey(t, "stranger", "Ed25519")): 5}, used: signed(4, nil)},
		{name: "a higher one of another issuer", bundles: []string{signed(4, nil)}, seen: map[string]int64{issuerURI("guild") + " " + agencyKey(t).Public.Thumbprint(): 5}, used: signed(4, nil)},
		{name: "due at this second", bundles: []string{signed(4, due(0))}, used: signed(4, due(0))},
		{name: "due a second ago", bundles: []string{signed(4, due(-time.Second))}, used: signed(4, due(-time.Second)), code: "consent.trust.stale"},
		{name: "due never", bundles: []string{signed(4, object{"next_update": nil})}, used: signed(4, object{"next_update": nil})},
	} {
		t.Run(c.name, func(t *testing.T) {
			list := testList(t)
			i := list.Entry(agent)
			i.Keys = append(i.Keys, &IssuerKey{Kid: "of a type that is not allowed"}, &IssuerKey{Kid: "second", Key: second.Public})
			r := openRegistries(&Trust{List: list, Registries: c.bundles, Seen: c.seen}, today)
			used := ""
			if b := r.byIssuer[agent]; b != nil {
				used = b.digest
			}
			if c.used == "" && used != "" || c.used != "" && used != digestOf(c.used) {
				t.Errorf("used: %q, %v", used, r.findings)
			}
			if c.code == "" && len(r.findings) > 0 || c.code != "" && (len(r.findings) != 1 || r.findings[0].Code != c.code || r.findings[0].Where != c.where) {
				t.Errorf("%+v, want %q at %q", r.findings, c.code, c.where)
			}
		})
	}
}

// TestTheMembersOfABundle holds the named corruptions of a bundle: each is refused with the path of what is wrong.
// Consent format 1, 7.
func TestTheMembersOfABundle(t *testing.T) {
	order := func(path string, to any) object {
		return testBundle().set("orders", []any{anOrder().set("effective_from", "2025-10-01T00:00:00Z").set(path, to)})
	}
	event := func(path string, to any) object {
		return testBundle().set("revocations", []any{gone("a", 0, "revoke"), gone("b", 0, "revoke").set(path, to)})
	}
	line := func(o object) object {
		return testBundle().set("roster", []any{clientLine("10.23/P-1", made, time.Time{}), o})
	}
	one := clientLine("10.23/P-2", made, time.Time{})
	hidden := object{"h": hashed("10.23/P-1"), "from": one["from"]}
	for _, c := range []struct {
		name   string
		bundle object
		path   string // empty: accepted
	}{
		{"good", testBundle(), ""},
		{"nothing but who and when", object{"iss": agent, "sequence": 0, "iat": made.Unix()}, ""},
		{"a negative sequence", testBundle().set("sequence", -1), "payload.sequence"},
		{"a sequence that is a text", testBundle().set("sequence", "4"), "payload.sequence"},
		{"a next update that is no time", testBundle().set("next_update", "soon"), "payload.next_update"},
		{"no salt", testBundle().set("salt", nil), ""},
		{"a salt that is a number", testBundle().set("salt", 1), "payload.salt"},
		{"a salt that is no base64url", testBundle().set("salt", "s="), "payload.salt"},
		{"a roster that is an object", testBundle().set("roster", object{}), "payload.roster"},
		{"orders that are a text", testBundle().set("orders", "all"), "payload.orders"},
		{"revocations that are an object", testBundle().set("revocations", object{}), "payload.revocations"},
		{"a line that is no object", testBundle().set("roster", []any{one, "10.23/P-2"}), "payload.roster[1]"},
		{"an order that is no object", testBundle().set("orders", []any{[]any{}}), "payload.orders[0]"},
		{"an event that is no object", testBundle().set("revocations", []any{1}), "payload.revocations[0]"},
		{"a line without a beginning", line(one.set("from", nil)), "payload.roster[1].from"},
		{"a line with a day for a time", line(one.set("from", "2025-10-01")), "payload.roster[1].from"},
		{"a line without a scheme", line(one.set("scheme", nil)), "payload.roster[1].id"},
		{"a line without an id", line(one.set("id", nil)), "payload.roster[1].id"},
		{"a line with an end that is no time", line(one.set("until", "soon")), "payload.roster[1].until"},
		{"a line with a hash", line(hidden), ""},
		{"a hash without a beginning", line(hidden.set("from", nil)), "payload.roster[1].from"},
		{"a hash that is a number", line(hidden.set("h", 1)), "payload.roster[1].h"},
		{"another decision", order("decision", "permit"), "payload.orders[0].decision"},
		{"no decision", order("decision", nil), "payload.orders[0].decision"},
		{"an order that a person lifts", order("override", "self"), ""},
		{"an order that nobody lifts", order("override", "none"), ""},
		{"another override", order("override", "agency"), "payload.orders[0].override"},
		{"no override", order("override", nil), "payload.orders[0].override"},
		{"no subjects", order("subjects", nil), "payload.orders[0].subjects"},
		{"subjects that are a text", order("subjects", "roster"), "payload.orders[0].subjects"},
		{"another selector", order("subjects", object{"select": "all"}), "payload.orders[0].subjects.select"},
		{"ids that are a text", order("subjects", object{"select": "ids", "ids": "x"}), "payload.orders[0].subjects.ids"},
		{"hashes that are a text", order("subjects", object{"select": "hash", "hashes": "x"}), "payload.orders[0].subjects.hashes"},
		{"providers that are a text", order("providers", "*"), "payload.orders[0].providers"},
		{"a beginning that is no time", order("effective_from", "2025"), "payload.orders[0].effective_from"},
		{"an event without a name", event("jti", nil), "payload.revocations[1].jti"},
		{"an event without a time", event("at", nil), "payload.revocations[1].jti"},
		{"an event at no time", event("at", "then"), "payload.revocations[1].at"},
		{"an event without an effect", event("effect", nil), "payload.revocations[1].effect"},
		{"an event of another effect", event("effect", "restore"), "payload.revocations[1].effect"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := openRegistry(signAs(t, "consent-registry+jwt", c.bundle, agencyKey(t)), testList(t), today)
			var bad *SyntaxError
			if c.path == "" && err != nil || c.path != "" && (!errors.As(err, &bad) || bad.Path != c.path || bad.Large) {
				t.Errorf("got %v, want the path %q", err, c.path)
			}
		})
	}
}

// TestListsOfABundle go to the limit of each, and one past it.
func TestListsOfABundle(t *testing.T) {
	for name, most := range map[string]int{"roster": maxRoster, "orders": maxOrders, "revocations": maxRoster} {
		for _, n := range []int{most, most + 1} {
			raw := signAs(t, "consent-registry+jwt", testBundle().set(name, make([]int, n)), agencyKey(t))
			_, err := openRegistry(raw, testList(t), today)
			var bad *SyntaxError
			if path := map[bool]string{true: "payload." + name, false: "payload." + name + "[0]"}[n > most]; !errors.As(err, &bad) || bad.Large != (n > most) || bad.Path != path {
				t.Errorf("%d entries of %s: %v", n, name, err)
			}
		}
	}
}

// TestWhoIsOnTheRoster: by name or by the salted hash, from inclusive, until exclusive, and as often as they came back.
// Consent format 1, 7.
func TestWhoIsOnTheRoster(t *testing.T) {
	line := func(id string, from, until time.Duration) object {
		return clientLine(id, made.Add(from), made.Add(until))
	}
	behind := func(o object) object {
		return o.set("h", hashed(o["id"].(string))).set("scheme", nil).set("id", nil)
	}
	lines := []object{line("10.23/P-1", 0, time.Hour), line("10.23/P-1", 3*time.Hour, 4*time.Hour), clientLine("10.23/P-2", made, time.Time{})}
	for name, c := range map[string]struct {
		lines []object
		salt  any
		lost  bool // nobody is found
	}{
		"by name":                      {lines: lines, salt: b64("salt")},
		"by hash":                      {lines: []object{behind(lines[0]), behind(lines[1]), behind(lines[2])}, salt: b64("salt")},
		"some by name, some by hash":   {lines: []object{lines[0], behind(lines[1]), behind(lines[2])}, salt: b64("salt")},
		"by hash, some by name":        {lines: []object{behind(lines[0]), lines[1], behind(lines[2])}, salt: b64("salt")},
		"by the hash of another salt":  {lines: []object{behind(lines[0]), behind(lines[1]), behind(lines[2])}, salt: b64("other"), lost: true},
		"by a hash, and there is none": {lines: []object{behind(lines[0]), behind(lines[1]), behind(lines[2])}, lost: true},
	} {
		roster := []any{}
		for _, l := range c.lines {
			roster = append(roster, l)
		}
		r := openRegistries(&Trust{List: testList(t), Registries: []string{signAs(t, "consent-registry+jwt", testBundle().set("roster", roster).set("salt", c.salt), agencyKey(t))}}, today)
		for _, at := range []struct {
			issuer, id string
			after      time.Duration
			want       bool
		}{
			{agent, "10.23/P-1", -time.Second, false},
			{agent, "10.23/P-1", 0, true},
			{agent, "10.23/P-1", time.Hour - time.Second, true},
			{agent, "10.23/P-1", time.Hour, false},
			{agent, "10.23/P-1", 3 * time.Hour, true},
			{agent, "10.23/P-1", 4 * time.Hour, false},
			{agent, "10.23/P-2", -time.Second, false},
			{agent, "10.23/P-2", 1000 * time.Hour, true},
			{agent, "10.23/P-9", 0, false},
			{issuerURI("guild"), "10.23/P-1", 0, false}, // whose bundle is not at hand
		} {
			if got := r.roster(at.issuer, openSubject{"hand", at.id}, made.Add(at.after)); got != (at.want && !c.lost) {
				t.Errorf("%s: %s of %s, %v after: %v (%v)", name, at.id, at.issuer, at.after, got, r.findings)
			}
		}
	}
}

// TestEventsOfATokenInABundle: its own issuer's alone, the revocation before the suspension, and the earlier of two
// alike, in whatever order they stand. Consent format 1, 6.
func TestEventsOfATokenInABundle(t *testing.T) {
	const hour = time.Hour
	revoked := func(after time.Duration) *revocation { return &revocation{at: made.Add(after)} }
	suspended := func(after time.Duration) *revocation { return &revocation{made.Add(after), true} }
	for name, c := range map[string]struct {
		events []object
		want   *revocation
	}{
		"none":                                      {},
		"revoked":                                   {[]object{gone("x", hour, "revoke")}, revoked(hour)},
		"suspended":                                 {[]object{gone("x", hour, "suspend")}, suspended(hour)},
		"of a bundle that names no issuer":          {[]object{gone("x", hour, "revoke").set("iss", nil)}, revoked(hour)},
		"of another issuer's token":                 {[]object{gone("x", hour, "revoke").set("iss", issuerURI("guild"))}, nil},
		"of another token":                          {[]object{gone("y", hour, "revoke")}, nil},
		"suspended, and revoked later":              {[]object{gone("x", hour, "suspend"), gone("x", 2*hour, "revoke")}, revoked(2 * hour)},
		"revoked, and suspended before":             {[]object{gone("x", 2*hour, "revoke"), gone("x", hour, "suspend")}, revoked(2 * hour)},
		"revoked, and suspended after":              {[]object{gone("x", hour, "revoke"), gone("x", 2*hour, "suspend")}, revoked(hour)},
		"suspended, and revoked before":             {[]object{gone("x", 2*hour, "suspend"), gone("x", hour, "revoke")}, revoked(hour)},
		"revoked twice":                             {[]object{gone("x", hour, "revoke"), gone("x", 2*hour, "revoke")}, revoked(hour)},
		"revoked twice, the earlier told last":      {[]object{gone("x", 2*hour, "revoke"), gone("x", hour, "revoke")}, revoked(hour)},
		"suspended twice":                           {[]object{gone("x", hour, "suspend"), gone("x", 2*hour, "suspend")}, suspended(hour)},
		"suspended twice, the earlier told last":    {[]object{gone("x", 2*hour, "suspend"), gone("x", hour, "suspend")}, suspended(hour)},
		"suspended, and another's token is revoked": {[]object{gone("x", hour, "suspend"), gone("x", 0, "revoke").set("iss", issuerURI("guild"))}, suspended(hour)},
	} {
		events := []any{}
		for _, e := range c.events {
			events = append(events, e)
		}
		r := openRegistries(&Trust{List: testList(t), Registries: []string{signAs(t, "consent-registry+jwt", testBundle().set("revocations", events), agencyKey(t))}}, today)
		got := r.revocation(agent, "x")
		if len(r.findings) > 0 || (got == nil) != (c.want == nil) || got != nil && (!got.at.Equal(c.want.at) || got.suspend != c.want.suspend) {
			t.Errorf("%s: %+v, want %+v (%v)", name, got, c.want, r.findings)
		}
		if got := r.revocation(issuerURI("guild"), "x"); got != nil {
			t.Errorf("%s: an event of an issuer whose bundle is not at hand: %+v", name, got)
		}
	}
}

// TestAJudgementNamesItsBundles: each with the time that it was signed for, and with what it was not used for.
func TestAJudgementNamesItsBundles(t *testing.T) {
	trust := &Trust{List: testList(t), Registries: []string{signAs(t, "consent-registry+jwt", testBundle(), agencyKey(t)), "a.b.c"}}
	j := Judge(&Facts{Now: today, T: Time{At: made, Kind: "T2"}, Manifest: Manifest{State: ManifestTrusted, Created: true}}, trust, Terms{Asked: true, OwnAsked: true})
	if !slices.ContainsFunc(j.Lists, func(d Dated) bool { return strings.Contains(d.Name, agent) && d.Issued.Equal(made.Add(-time.Hour)) }) {
		t.Errorf("%+v", j.Lists)
	}
	if len(j.RejectedLists) != 1 || !report.Has(j.Findings, "consent.registry.signatureInvalid") {
		t.Errorf("%v, %v", j.RejectedLists, j.Findings)
	}
}
