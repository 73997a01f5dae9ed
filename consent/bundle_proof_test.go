package consent

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestWhatStandsInABundle reads the text of bundles: an open one has no salt, and its lines as they came; a hashed one
// has the salt that it was given, and its lines in an order of their own.
func TestWhatStandsInABundle(t *testing.T) {
	read := func(change func(*BundleInput)) value {
		raw, err := BuildBundle(bundleInput(t, change))
		if err != nil {
			t.Fatal(err)
		}
		c, bad := parseCompact(raw, bundleForm)
		if bad != nil {
			t.Fatal(bad)
		}
		return c.payload
	}
	open := read(nil)
	lines := open.get("roster").items
	if len(lines) != 3 || open.get("salt").text != "" || open.get("orders").items[1].get("subjects").get("select").text != "ids" {
		t.Fatalf("%s", open.encode(nil))
	}
	for i, want := range []string{"10.23/P-1", "10.23/P-2", "Doe, Pat"} {
		if lines[i].get("id").text != want || (lines[i].get("until").kind != absent) != (i == 1) {
			t.Errorf("line %d: %s", i, lines[i].encode(nil))
		}
	}
	secret := strings.Repeat("s", saltSize)
	hidden := read(func(in *BundleInput) { in.Hash, in.Random = true, strings.NewReader(secret) })
	if got := hidden.get("salt").text; got != b64(secret) {
		t.Errorf("salt %q", got)
	}
	if !slices.IsSortedFunc(hidden.get("roster").items, func(a, b value) int { return strings.Compare(a.get("h").text, b.get("h").text) }) {
		t.Errorf("the lines stand as they came: %s", hidden.get("roster").encode(nil))
	}
	if s := hidden.get("orders").items[1].get("subjects"); s.get("select").text != "hash" || len(s.get("hashes").items) != 1 {
		t.Errorf("an order names somebody: %s", s.encode(nil))
	}
}

// TestWhatABundleMayLack makes bundles of little.
func TestWhatABundleMayLack(t *testing.T) {
	unnamed := *agencyKey(t)
	unnamed.Kid = ""
	byIDs := anOrder().set("subjects", object{"select": "ids", "ids": []string{person}}).set("reason", nil)
	for _, c := range []struct {
		name                string
		in                  func(*BundleInput)
		kid                 string
		clients, orders, of int // of revocations
	}{
		{"an empty roster", func(in *BundleInput) { in.Roster = []byte("scheme,id,from\n") }, "agency", 0, 1, 1},
		{"no roster", func(in *BundleInput) { in.Roster = nil }, "agency", 0, 1, 1},
		{"no orders", func(in *BundleInput) { in.Description = []byte(aDescription().set("orders", nil).text(t)) }, "agency", 3, 0, 1},
		{"no revocations", func(in *BundleInput) {
			in.Description = []byte(aDescription().set("orders", []any{byIDs}).set("revocations", nil).text(t))
		}, "agency", 3, 1, 0},
		{"a revocation that names the issuer", func(in *BundleInput) {
			in.Description = []byte(aDescription().set("orders", nil).set("revocations", []any{object{"jti": "x", "iss": agent, "at": "2026-01-01", "effect": "suspend"}}).text(t))
		}, "agency", 3, 0, 1},
		{"a key without a name", func(in *BundleInput) { in.Key = &unnamed }, unnamed.Public.Thumbprint(), 3, 1, 1},
		{"a key by another name", func(in *BundleInput) { in.Kid = "2026" }, "2026", 3, 1, 1},
	} {
		raw, err := BuildBundle(bundleInput(t, func(in *BundleInput) {
			in.Description = []byte(aDescription().set("orders", []any{byIDs}).text(t))
			c.in(in)
		}))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		s, err := ShowBundle(raw, nil, made)
		if err != nil || s.Kid != c.kid || s.Clients != c.clients || len(s.Orders) != c.orders || s.Revocations != c.of {
			t.Errorf("%s: %v, %+v", c.name, err, s)
		}
	}
}

// TestBundlesThatCannotBeMade: what is wrong with the key, the clock, the salt and the bundle before.
func TestBundlesThatCannotBeMade(t *testing.T) {
	broken := *agencyKey(t)
	broken.raw = nil
	for _, c := range []struct {
		name string
		in   func(*BundleInput)
		want string
	}{
		{"a clock that stands before 1970", func(in *BundleInput) { in.Now = time.Unix(-1, 0) }, "payload.iat"},
		{"a key that cannot sign", func(in *BundleInput) { in.Key = &broken }, "private key"},
		{"a salt cut off", func(in *BundleInput) { in.Hash, in.Random = true, strings.NewReader("short") }, "EOF"},
		{"a bundle before that is none", func(in *BundleInput) { in.Previous = "a.b.c" }, "the bundle before: header"},
		{"more events than a bundle holds", func(in *BundleInput) {
			in.Description = []byte(aDescription().set("revocations", make([]int, maxRoster+1)).text(t))
		}, "bundle.revocations: more than 200000"},
		{"as many events as a bundle holds, of no meaning", func(in *BundleInput) {
			in.Description = []byte(aDescription().set("revocations", make([]int, maxRoster)).text(t))
		}, "bundle.revocations[0]: not an object"},
	} {
		raw, err := BuildBundle(bundleInput(t, c.in))
		if err == nil || raw != "" || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one that says %q", c.name, err, c.want)
		}
	}
}

// TestBundlesAreReadBack holds a finished bundle against what should stand in it: whatever is lost, it is not given out.
func TestBundlesAreReadBack(t *testing.T) {
	raw, err := BuildBundle(bundleInput(t, nil))
	if err != nil {
		t.Fatal(err)
	}
	book, err := openRegistry(raw, testList(t), made)
	if err != nil {
		t.Fatal(err)
	}
	event := value{kind: jsonObject}.with("jti", textValue("urn:test:9"))
	for name, c := range map[string]struct {
		change func(*bundle)
		want   string // empty: all is there
	}{
		"as it should be": {func(*bundle) {}, ""},
		"another key":     {func(b *bundle) { b.in.Key, b.in.Kid = testKey(t, "guild", "Ed25519"), "agency" }, "does not verify"},
		"a client is lost": {func(b *bundle) {
			b.roster = append(b.roster, rosterLine{openSubject{"hand", "lost"}, stay{from: made}})
		}, "is not found on its roster"},
		"a client came late": {func(b *bundle) { b.roster[0].from = b.roster[0].from.Add(-time.Second) }, "is not found on its roster"},
		"an order is lost":   {func(b *bundle) { b.orders = append(b.orders, order{name: "lost"}) }, "its orders read back otherwise"},
		"an order too many":  {func(b *bundle) { b.orders = b.orders[:1] }, "its orders read back otherwise"},
		"another sequence":   {func(b *bundle) { b.sequence++ }, "its dates read back otherwise"},
		"another day":        {func(b *bundle) { b.nextUpdate = b.nextUpdate.Add(time.Second) }, "its dates read back otherwise"},
		"an event is lost":   {func(b *bundle) { b.events = append(b.events, event.with("jti", textValue("lost"))) }, `the revocation of "lost" is not found`},
	} {
		b := &bundle{
			in: bundleInput(t, nil), issuer: agent, sequence: book.sequence, nextUpdate: book.nextUpdate, orders: slices.Clone(book.orders), events: []value{event},
			roster: []rosterLine{{openSubject{"hand", "10.23/P-1"}, stay{from: time.Date(2025, 10, 1, 0, 0, 0, 0, time.UTC)}}},
		}
		c.change(b)
		err := b.proof(raw)
		var refused *RefusedError
		if c.want == "" && err != nil || c.want != "" && (!errors.As(err, &refused) || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}
