package consent

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

const aRoster = "scheme,id,from,until\nhand,10.23/P-1,2025-10-01,\nhand,10.23/P-2,2025-10-01,2026-04-01T00:00:00Z\nname,\"Doe, Pat\",2025-10-01,\n"

// described bundle: all clients opted out, one of them altogether.
func aDescription() object {
	return object{
		"iss": issuerURI("agency"), "sequence": 4, "next_update": "+90d",
		"orders": []any{
			anOrder(),
			anOrder().set("order", "2026/never").set("override", "none").set("subjects", object{"select": "ids", "ids": []string{"hand:10.23/P-2"}}).set("effective_until", "2027-01-01"),
		},
		"revocations": []any{object{"jti": "urn:test:9", "at": "2026-02-01", "effect": "revoke"}},
	}
}

func anOrder() object {
	return object{
		"order": "2025-10-01/all", "decision": "prohibit", "override": "grant", "subjects": object{"select": "roster"}, "providers": []string{"*"},
		"operation": []string{"generate", "alter"}, "modality": []string{"face", "voice"}, "effective_from": "2025-10-01", "effective_until": nil, "reason": "all clients opted out",
	}
}

func agencyKey(t testing.TB) *PrivateKey { return testKey(t, "agency", "Ed25519") }

func bundleInput(t testing.TB, change func(*BundleInput)) BundleInput {
	in := BundleInput{Description: []byte(aDescription().text(t)), Roster: []byte(aRoster), Key: agencyKey(t), Now: made, Random: strings.NewReader(strings.Repeat("salt", 64))}
	if change != nil {
		change(&in)
	}
	return in
}

// TestBuildBundle makes bundles in all forms, and asks what they say of whom and when.
func TestBuildBundle(t *testing.T) {
	for name, change := range map[string]func(*BundleInput){
		"open":              nil,
		"hashed":            func(in *BundleInput) { in.Hash = true },
		"by a key of P-384": func(in *BundleInput) { in.Key, in.Kid = testKey(t, "estate", "P-384"), "agency" },
		"a spreadsheet's":   func(in *BundleInput) { in.Roster = []byte("\uFEFF" + strings.ReplaceAll(aRoster, "\n", "\r\n")) },
		"columns in another way": func(in *BundleInput) {
			in.Roster = []byte("id,from,until,scheme\n10.23/P-1,2025-10-01,,hand\n10.23/P-2,2025-10-01,2026-04-01,hand\n\"Doe, Pat\",2025-10-01,,name\n")
		},
	} {
		t.Run(name, func(t *testing.T) {
			in := bundleInput(t, change)
			raw, err := BuildBundle(in)
			if err != nil {
				t.Fatal(err)
			}
			list := newWorld(t).c.trust
			list.Entry(issuerURI("agency")).Keys[0].Key = in.Key.Public
			s, err := ShowBundle(raw, list, made)
			if err != nil || !s.Verified {
				t.Fatalf("%v, %+v", err, s)
			}
			if s.Clients != 3 || s.Hashed != 3*bit(in.Hash) || len(s.Orders) != 2 || s.Revocations != 1 || s.Sequence != 4 || !s.NextUpdate.Equal(made.AddDate(0, 0, 90)) {
				t.Errorf("%+v", s)
			}
			for _, c := range []struct {
				id     string
				at     time.Time
				client bool
				orders string
			}{
				{"10.23/P-1", made, true, "2025-10-01/all"},
				{"10.23/P-2", made, true, "2025-10-01/all 2026/never"},
				{"10.23/P-2", today, false, "2026/never"}, // has left; an order for ids reaches the roster only, which Judge sees to
				{"10.23/P-1", time.Date(2025, 9, 30, 23, 59, 59, 0, time.UTC), false, ""},
				{"10.23/P-1", time.Date(2025, 10, 1, 0, 0, 0, 0, time.UTC), true, "2025-10-01/all"},
				{"10.23/P-9", made, false, ""},
			} {
				client, orders := s.About(Subject{Scheme: "hand", ID: c.id}, c.at)
				if client != c.client || strings.Join(orders, " ") != c.orders {
					t.Errorf("%s at %v: %v %q", c.id, c.at, client, orders)
				}
			}
			if in.Hash {
				shown, _ := Show(raw)
				for _, secret := range []string{"10.23", "Doe", "hand"} {
					if bytes.Contains(shown.Payload, []byte(secret)) {
						t.Errorf("a hashed bundle names %q: %s", secret, shown.Payload)
					}
				}
			}
		})
	}
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// TestHashedBundlesCannotBeHeldAgainstEachOther wants another salt in each.
func TestHashedBundlesCannotBeHeldAgainstEachOther(t *testing.T) {
	var hashes []string
	for range 2 {
		in := bundleInput(t, func(in *BundleInput) { in.Hash, in.Random = true, nil })
		raw, err := BuildBundle(in)
		if err != nil {
			t.Fatal(err)
		}
		c, _ := parseCompact(raw, bundleForm)
		hashes = append(hashes, c.payload.get("roster").items[0].get("h").text)
	}
	if hashes[0] == hashes[1] {
		t.Error("two bundles have one salt")
	}
}

// TestBundlesCountOn takes the sequence from the bundle before.
func TestBundlesCountOn(t *testing.T) {
	first, err := BuildBundle(bundleInput(t, nil))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		description object
		want        string // empty: the next number
	}{
		"counted":        {aDescription().set("sequence", nil), ""},
		"higher":         {aDescription().set("sequence", 5), ""},
		"the same":       {aDescription(), "readers use the higher one"},
		"lower":          {aDescription().set("sequence", 3), "readers use the higher one"},
		"another issuer": {aDescription().set("iss", issuerURI("guild")), "is of \"https://agency.test\""},
	} {
		raw, err := BuildBundle(bundleInput(t, func(in *BundleInput) { in.Description, in.Previous = []byte(c.description.text(t)), first }))
		if c.want != "" {
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if s, err := ShowBundle(raw, nil, made); err != nil || s.Sequence != 5 {
			t.Errorf("%s: %v, %+v", name, err, s)
		}
	}
}

// TestBuildBundleRefuses names what is not made: what could not be read back, and what would reach nobody.
func TestBuildBundleRefuses(t *testing.T) {
	order := func(o object) object { return aDescription().set("orders", []any{o}) }
	for _, c := range []struct {
		name        string
		description object
		roster      string
		want        string
	}{
		{"no issuer", aDescription().set("iss", nil), aRoster, "bundle.iss"},
		{"an issuer that is no URI", aDescription().set("iss", "agency"), aRoster, "bundle.iss"},
		{"an issuer that is a number", aDescription().set("iss", 1), aRoster, "bundle.iss"},
		{"no sequence", aDescription().set("sequence", nil), aRoster, "bundle.sequence"},
		{"a negative sequence", aDescription().set("sequence", -1), aRoster, "bundle.sequence"},
		{"a sequence that is a text", aDescription().set("sequence", "5"), aRoster, "bundle.sequence: not a sequence number"},
		{"no next update", aDescription().set("next_update", nil), aRoster, "bundle.next_update"},
		{"a next update that is past", aDescription().set("next_update", "2026-01-01"), aRoster, "bundle.next_update"},
		{"a next update that is no time", aDescription().set("next_update", "soon"), aRoster, "bundle.next_update"},
		{"a next update that is further than a span reaches", aDescription().set("next_update", "+99999d"), aRoster, "bundle.next_update"},
		{"a member of no meaning", aDescription().set("orderz", []any{}), aRoster, "bundle.orderz"},
		{"a salt of one's own", aDescription().set("salt", "AAAA"), aRoster, "bundle.salt"},
		{"orders that are no array", aDescription().set("orders", object{}), aRoster, "bundle.orders: not an array"},
		{"an order that is no object", aDescription().set("orders", []any{[]any{}}), aRoster, "bundle.orders[0]: not an object"},
		{"an order without subjects", order(anOrder().set("subjects", nil)), aRoster, "bundle.orders[0].subjects: missing"},
		{"subjects that are no object", order(anOrder().set("subjects", "roster")), aRoster, "bundle.orders[0].subjects: not an object"},
		{"a reason that is no text", order(anOrder().set("reason", 1)), aRoster, "bundle.orders[0].reason"},
		{"an order's member of no meaning", order(anOrder().set("overide", "grant")), aRoster, "bundle.orders[0].overide"},
		{"another decision", order(anOrder().set("decision", "permit")), aRoster, "bundle.orders[0].decision"},
		{"another override", order(anOrder().set("override", "agency")), aRoster, "bundle.orders[0].override"},
		{"no name", order(anOrder().set("order", nil)), aRoster, "name is missing"},
		{"one name twice", aDescription().set("orders", []any{anOrder(), anOrder()}), aRoster, "another order has it"},
		{"an unknown operation", order(anOrder().set("operation", []string{"copy"})), aRoster, `unknown term "copy"`},
		{"an unknown modality", order(anOrder().set("modality", []string{"smell"})), aRoster, `unknown term "smell"`},
		{"no operation", order(anOrder().set("operation", nil)), aRoster, "would meet nothing"},
		{"no provider", order(anOrder().set("providers", []string{})), aRoster, "would meet no provider"},
		{"no beginning", order(anOrder().set("effective_from", nil)), aRoster, "since when"},
		{"a span for a beginning", order(anOrder().set("effective_from", "+1d")), aRoster, "effective_from"},
		{"an end before the beginning", order(anOrder().set("effective_until", "2025-09-01")), aRoster, "does not come after"},
		{"a roster that is not there", aDescription(), "scheme,id,from\n", "there is none"},
		{"hashes by hand", order(anOrder().set("subjects", object{"select": "hash", "hashes": []string{"x"}})), aRoster, "hashes"},
		{"somebody who is no client", order(anOrder().set("subjects", object{"select": "ids", "ids": []string{"hand:10.23/P-7"}})), aRoster, "not on the roster"},
		{"nobody", order(anOrder().set("subjects", object{"select": "ids", "ids": []string{}})), aRoster, "would meet nobody"},
		{"an id without scheme", order(anOrder().set("subjects", object{"select": "ids", "ids": []string{"pat"}})), aRoster, "no scheme:id"},
		{"an id of an unknown scheme", order(anOrder().set("subjects", object{"select": "ids", "ids": []string{"Hand:10.23/P-1"}})), "scheme,id,from\n", `bundle.orders[0].subjects.ids: unknown scheme "Hand"`},
		{"revocations that are no array", aDescription().set("revocations", object{}), aRoster, "bundle.revocations: not an array"},
		{"an event's member of no meaning", aDescription().set("revocations", []any{object{"jti": "x", "at": "2026-01-01", "effect": "revoke", "why": "x"}}), aRoster, "bundle.revocations[0].why"},
		{"a revocation of no token", aDescription().set("revocations", []any{object{"at": "2026-01-01", "effect": "revoke"}}), aRoster, "bundle.revocations[0]: jti"},
		{"a revocation of another effect", aDescription().set("revocations", []any{object{"jti": "x", "at": "2026-01-01", "effect": "restore"}}), aRoster, "bundle.revocations[0]: jti"},
		{"another issuer's token", aDescription().set("revocations", []any{object{"jti": "x", "iss": issuerURI("guild"), "at": "2026-01-01", "effect": "revoke"}}), aRoster, "its own issuer's tokens only"},
		{"a revocation without a date", aDescription().set("revocations", []any{object{"jti": "x", "effect": "revoke"}}), aRoster, "are needed"},
		{"no header", aDescription(), "", "roster line 1: no header"},
		{"a header that lacks a column", aDescription(), "scheme,id\n", "the header lacks from"},
		{"another header", aDescription(), "scheme,id,since\n", "since"},
		{"a header twice", aDescription(), "scheme,id,from,id\n", "twice"},
		{"a line too short", aDescription(), "scheme,id,from\nhand,10.23/P-1\n", "roster line 2: wrong number of fields"},
		{"an unknown scheme", aDescription(), "scheme,id,from\nHand,10.23/P-1,2025-10-01\n", `line 2: unknown scheme "Hand"`},
		{"no id", aDescription(), "scheme,id,from\nhand,,2025-10-01\n", "line 2: the id is empty"},
		{"a blank after the id", aDescription(), "scheme,id,from\nhand,10.23/P-1 ,2025-10-01\n", "blank"},
		{"a control character in the id", aDescription(), "scheme,id,from\nhand,10.23/\aP-1,2025-10-01\n", "control character"},
		{"a day that is none", aDescription(), "scheme,id,from\nhand,10.23/P-1,01.10.2025\n", "line 2: from"},
		{"a span in the roster", aDescription(), "scheme,id,from\nhand,10.23/P-1,+3d\n", "line 2: from"},
		{"an end that is no day", aDescription(), "scheme,id,from,until\nhand,10.23/P-1,2025-10-01,soon\n", "line 2: until \"soon\" is neither"},
		{"gone before coming", aDescription(), "scheme,id,from,until\nhand,10.23/P-1,2025-10-01,2025-10-01\n", "until does not come after from"},
		{"a line twice", aDescription(), "scheme,id,from\nhand,10.23/P-1,2025-10-01\nhand,10.23/P-1,2025-10-01\n", "line 3: the same as line 2"},
		{"no UTF-8", aDescription(), "scheme,id,from\nname,\xff,2025-10-01\n", "UTF-8"},
	} {
		t.Run(c.name, func(t *testing.T) {
			raw, err := BuildBundle(bundleInput(t, func(in *BundleInput) { in.Description, in.Roster = []byte(c.description.text(t)), []byte(c.roster) }))
			if err == nil || raw != "" || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "offset") {
				t.Errorf("error %v, want one that says %q", err, c.want)
			}
		})
	}
}

// TestBundleLimits makes the largest roster that the format knows, and none that has one client more.
func TestBundleLimits(t *testing.T) {
	roster := func(n int) []byte {
		var b bytes.Buffer
		b.WriteString("scheme,id,from\n")
		for i := range n {
			fmt.Fprintf(&b, "hand,%d,2025-10-01\n", i)
		}
		return b.Bytes()
	}
	for _, c := range []struct {
		name string
		in   func(*BundleInput)
		ok   bool
	}{
		{"clients", func(in *BundleInput) { in.Roster = roster(maxRoster) }, true},
		{"clients, one past", func(in *BundleInput) { in.Roster = roster(maxRoster + 1) }, false},
		{"text of a roster, one past", func(in *BundleInput) { in.Roster = bytes.Repeat([]byte("\n"), maxRosterText+1) }, false},
		{"text of a description", func(in *BundleInput) {
			in.Description = append(in.Description, bytes.Repeat([]byte("\n"), maxBundleText-len(in.Description))...)
		}, true},
		{"text of a description, one past", func(in *BundleInput) {
			in.Description = append(in.Description, bytes.Repeat([]byte("\n"), maxBundleText-len(in.Description)+1)...)
		}, false},
	} {
		in := bundleInput(t, func(in *BundleInput) {
			in.Description = []byte(aDescription().set("orders", []any{anOrder()}).text(t))
			c.in(in)
		})
		_, err := BuildBundle(in)
		var bad *SyntaxError
		if c.ok != (err == nil) || !c.ok && (!errors.As(err, &bad) || !bad.Large) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// FuzzBuildBundle wants of every roster that is taken that each line is found again, and of none a panic.
func FuzzBuildBundle(f *testing.F) {
	for _, s := range []string{aRoster, "scheme,id,from\n", "id,from,scheme\n\"a\n b\",2025-01-01,name\n", "\uFEFFscheme,id,from,until\nhand,x,2025-01-01T00:00:00.5Z,2026-01-01\n", "scheme,id,from\n\"hand", "scheme,id,from\nhand,x\x00,2025-01-01\n"} {
		f.Add(s)
	}
	key := agencyKey(f)
	description := []byte(aDescription().set("orders", []any{}).text(f))
	f.Fuzz(func(t *testing.T, roster string) {
		raw, err := BuildBundle(BundleInput{Description: description, Roster: []byte(roster), Hash: len(roster)%2 == 0, Key: key, Now: made})
		if err != nil {
			return
		}
		s, err := ShowBundle(raw, nil, made)
		if err != nil {
			t.Fatal(err)
		}
		if lines := strings.Count(strings.TrimSpace(roster), "\n"); s.Clients > lines {
			t.Errorf("%d clients of %d lines", s.Clients, lines)
		}
	})
}
