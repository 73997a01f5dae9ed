package consent

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/consentry/consentry/report"
)

// packed makes a status list of n tokens with one of them set.
func packed(t testing.TB, n, bits, index int, v byte) string {
	t.Helper()
	data := make([]byte, (n*bits+7)/8)
	data[index*bits/8] |= v << (index * bits % 8)
	return deflated(t, data)
}

func deflated(t testing.TB, data []byte) string {
	t.Helper()
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	if _, err := z.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(b.Bytes())
}

// aList is a list of the performer that is fresh when the content was made and now.
func aList(bits int, lst string) object {
	return object{
		"sub": "https://performer.test/status", "iat": made.Add(-time.Hour).Unix(), "exp": today.Add(time.Hour).Unix(),
		"status_list": object{"bits": bits, "lst": lst},
	}
}

func listToken(t testing.TB, payload object) string {
	return signAs(t, "statuslist+jwt", payload, testKey(t, "performer", "Ed25519"))
}

// TestStatus judges a token that must be known to stand: what one or two lists, or an event, make of it at both clocks.
// It is one table with a row a case, hence its length.
func TestStatus(t *testing.T) {
	const idx = 5
	good := packed(t, 64, 2, 6, 1) // a neighbour is revoked
	revoked, suspended := packed(t, 64, 2, idx, 1), packed(t, 64, 2, idx, 2)
	then := func(l object) object { return l.set("exp", made.Add(time.Minute).Unix()) }
	event := func(at time.Duration, suspend bool) *revocation { return &revocation{made.Add(at), suspend} }
	type want struct {
		gen, now string // holds, open, or a failure's code
		info     string
	}
	const holds, open = "", "open"
	none := want{open, open, "consent.status.skipped"}
	stale := want{open, open, "consent.status.stale"}
	fresh := want{holds, holds, "consent.status.good"}
	lost := want{open, "consent.token.revoked", "consent.token.revoked"}
	for _, c := range []struct {
		name    string
		list    string // at hand
		stapled string // beside the token
		event   *revocation
		survive string // post_revocation
		kind    string // of T; empty: T2
		file    func(*world)
		want    want
	}{
		{name: "good", list: listToken(t, aList(2, good)), want: fresh},
		{name: "none", want: none},
		{name: "revoked by the list, since when is unknown", list: listToken(t, aList(2, revoked)), want: lost},
		{name: "suspended by the list", list: listToken(t, aList(2, suspended)), want: want{open, "consent.token.suspended", "consent.token.suspended"}},
		{name: "a value without meaning", list: listToken(t, aList(2, packed(t, 64, 2, idx, 3))), want: none},
		{name: "1 bit", list: listToken(t, aList(1, packed(t, 64, 1, idx, 1))), want: lost},
		{name: "4 bits", list: listToken(t, aList(4, packed(t, 64, 4, idx, 1))), want: lost},
		{name: "8 bits", list: listToken(t, aList(8, packed(t, 64, 8, idx, 1))), want: lost},
		{name: "3 bits", list: listToken(t, aList(3, good)), want: none},
		{name: "the last index", list: listToken(t, aList(8, packed(t, idx+1, 8, idx, 0))), want: fresh},
		{name: "one past the last index", list: listToken(t, aList(8, packed(t, idx, 8, 0, 0))), want: none},
		{name: "ended before the content was made", list: listToken(t, aList(2, good).set("exp", made.Add(-time.Second).Unix())), want: stale},
		{name: "ended at that second", list: listToken(t, aList(2, good).set("exp", made.Unix())), want: stale},
		{name: "ended since", list: listToken(t, then(aList(2, good))), want: want{holds, open, "consent.status.stale"}},
		{name: "iat and ttl are past", list: listToken(t, aList(2, good).set("ttl", 60)), want: stale},
		{name: "ttl alone", list: listToken(t, aList(2, good).set("exp", nil).set("ttl", 100*day)), want: fresh},
		{name: "neither exp nor ttl", list: listToken(t, aList(2, good).set("exp", nil)), want: none},
		{name: "a negative ttl", list: listToken(t, aList(2, good).set("ttl", -1)), want: none},
		{name: "made later than the content, good", list: listToken(t, aList(2, good).set("iat", today.Unix())), want: fresh},
		{name: "from the future", list: listToken(t, aList(2, good).set("iat", today.Unix()+skew+1).set("exp", today.Unix()+day)), want: none},
		{name: "for another uri", list: listToken(t, aList(2, good).set("sub", "https://performer.test/status/2")), want: none},
		{name: "of another typ", list: signAs(t, "JWT", aList(2, good), testKey(t, "performer", "Ed25519")), want: none},
		{name: "signed by a stranger", list: signText(t, object{"alg": "EdDSA", "typ": "statuslist+jwt", "kid": "performer"}.text(t), aList(2, good).text(t), testKey(t, "stranger", "Ed25519")), want: none},
		{name: "signed by another issuer", list: signAs(t, "statuslist+jwt", aList(2, good), testKey(t, "guild", "Ed25519")), want: none},
		{name: "no zlib", list: listToken(t, aList(2, b64("no zlib"))), want: none},
		{name: "bytes after the zlib stream", list: listToken(t, aList(2, func() string { b, _ := decodePart(good); return b64(string(b) + "x") }())), want: none},
		{name: "exactly 4 MiB", list: listToken(t, aList(2, deflated(t, make([]byte, maxStatusInflated)))), want: fresh},
		{name: "a zip bomb", list: listToken(t, aList(2, deflated(t, make([]byte, maxStatusInflated+1)))), want: want{open, open, "consent.input.tooLarge"}},
		{name: "stapled", stapled: listToken(t, then(aList(2, good))), want: want{holds, open, "consent.status.stale"}},
		{name: "stapled and a newer good one", stapled: listToken(t, then(aList(2, good))), list: listToken(t, aList(2, good)), want: fresh},
		{name: "stapled and a newer one that revokes", stapled: listToken(t, then(aList(2, good))), list: listToken(t, aList(2, revoked)), want: lost},
		{name: "revoked once, and called good again", stapled: listToken(t, then(aList(2, revoked))), list: listToken(t, aList(2, good)), want: lost},
		{name: "suspended then, and good now", stapled: listToken(t, then(aList(2, suspended))), list: listToken(t, aList(2, good).set("iat", made.Add(time.Hour).Unix())), want: want{open, holds, "consent.token.suspended"}},
		{name: "revoked after, survives", list: listToken(t, aList(2, revoked)), event: event(1, false), want: want{holds, holds, "consent.token.revokedSince"}},
		{name: "revoked after, withdraws", list: listToken(t, aList(2, revoked)), event: event(1, false), survive: "withdraw", want: want{holds, "consent.token.revoked", "consent.token.revoked"}},
		{name: "revoked after, and a word that nobody knows", list: listToken(t, aList(2, revoked)), event: event(1, false), survive: "perhaps", want: want{holds, "consent.token.revoked", "consent.token.revoked"}},
		{name: "revoked at that very second", list: listToken(t, aList(2, revoked)), event: event(0, false), want: want{"consent.token.revoked", "consent.token.revoked", "consent.token.revoked"}},
		{name: "revoked before", event: event(-time.Hour, false), want: want{"consent.token.revoked", "consent.token.revoked", "consent.token.revoked"}},
		{name: "revoked after a time that is only claimed", event: event(time.Hour, false), kind: "T1", want: lost},
		{name: "suspended after", list: listToken(t, aList(2, good)), event: event(time.Hour, true), want: want{holds, "consent.token.suspended", "consent.token.suspended"}},
		{name: "suspended before", list: listToken(t, aList(2, good)), event: event(-time.Hour, true), want: want{open, "consent.token.suspended", "consent.token.suspended"}},
		{name: "suspended by an event, revoked by the list", list: listToken(t, aList(2, revoked)), event: event(time.Hour, true), want: lost},
		{name: "an event that is still to come withdraws nothing yet", list: listToken(t, aList(2, good)), survive: "withdraw", event: &revocation{at: today.Add(time.Second)}, want: fresh},
		{name: "suspended after a time that is only claimed", list: listToken(t, aList(2, good)), event: event(time.Hour, true), kind: "T1", want: want{open, "consent.token.suspended", "consent.token.suspended"}},
		{name: "suspended by the list, since then as an event says", list: listToken(t, aList(2, suspended).set("iat", at(2*time.Hour))), event: event(time.Hour, true), want: want{holds, "consent.token.suspended", "consent.token.suspended"}},
		{name: "suspended by an event since, and by a list of that time already", list: listToken(t, aList(2, suspended)), event: event(time.Hour, true), want: want{open, "consent.token.suspended", "consent.token.suspended"}},
		{name: "suspended by the list, revoked after, survives", list: listToken(t, aList(2, suspended)), event: event(time.Hour, false), want: want{open, "consent.token.suspended", "consent.token.suspended"}},
		{name: "suspended by the list, revoked after, withdraws", list: listToken(t, aList(2, suspended)), event: event(time.Hour, false), survive: "withdraw", want: lost},
		{name: "suspended then, good now, and revoked since", stapled: listToken(t, then(aList(2, suspended))), list: listToken(t, aList(2, good).set("iat", at(time.Hour))), event: event(2*time.Hour, false), want: want{open, holds, "consent.token.suspended"}},
		{name: "revoked after, survives in so many words", list: listToken(t, aList(2, revoked)), event: event(1, false), survive: "survive", want: want{holds, holds, "consent.token.revokedSince"}},
		{name: "stapled rubbish", stapled: "a.b.c", want: none},
		{name: "stapled for another uri", stapled: listToken(t, aList(2, good).set("sub", "https://performer.test/status/2")), want: none},
		{name: "the newer list counts, wherever it comes from", stapled: listToken(t, aList(2, suspended).set("iat", at(time.Hour))), list: listToken(t, aList(2, good)), want: want{open, "consent.token.suspended", "consent.token.suspended"}},
		{name: "one that is fresh and one that has ended", stapled: listToken(t, aList(2, good)), list: listToken(t, aList(2, good).set("exp", at(-time.Second))), want: fresh},
		{name: "a stream that is cut off", list: listToken(t, aList(2, func() string { b, _ := decodePart(good); return b64(string(b[:len(b)-4])) }())), want: none},
		{name: "ended now, and the content is of tomorrow", list: listToken(t, aList(2, good)), file: func(w *world) { w.c.t.At = today.AddDate(0, 0, 1) }, want: want{open, holds, "consent.status.stale"}},
		{name: "with a disclosure's mark behind", list: listToken(t, aList(2, good)) + "~", want: none},
		{name: "an event that is still to come", list: listToken(t, aList(2, good)), event: &revocation{at: today.Add(time.Hour)}, want: fresh},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.c.statusPolicy = StatusRequire
			w.c.status = newStatusLists([]string{"rubbish", c.list})
			if c.kind != "" {
				w.c.t.Kind = c.kind
			}
			if c.file != nil {
				c.file(w)
			}
			if c.event != nil {
				w.c.revocation = func(iss, jti string) *revocation {
					if iss != issuerURI("performer") || jti != "urn:test:1" {
						return nil
					}
					return c.event
				}
			}
			payload := aGrant()
			if c.survive != "" {
				payload = payload.set("consent.post_revocation", c.survive)
			}
			r := w.c.check(tokenInput{raw: minted(t, payload), stapled: c.stapled, entry: w.e})
			for _, clock := range []struct {
				name, want string
				o          outcome
			}{{"at generation", c.want.gen, r.atGeneration}, {"now", c.want.now, r.atNow}} {
				got := ""
				if clock.o.unresolved {
					got = open
				}
				if len(clock.o.failures) > 0 {
					got = clock.o.failures[0]
				}
				if got != clock.want {
					t.Errorf("%s: %q, want %q", clock.name, got, clock.want)
				}
			}
			if !report.Has(r.findings, c.want.info) {
				t.Errorf("no finding %s in %v", c.want.info, r.findings)
			}
			for code, may := range map[string]bool{
				"consent.input.tooLarge":     c.want.info == "consent.input.tooLarge",
				"consent.token.revokedSince": c.want.info == "consent.token.revokedSince",
				"consent.status.good":        c.want.gen == holds && c.want.now == holds,
				"consent.status.skipped":     c.want.gen == open && c.want.now == open,
			} {
				if !may && report.Has(r.findings, code) {
					t.Errorf("%s must not be there", code)
				}
			}
		})
	}
}

// TestStatusPolicy shows what a missing list is worth.
func TestStatusPolicy(t *testing.T) {
	for policy, want := range map[string]struct {
		unresolved bool
		level      string
	}{StatusRequire: {true, "E4"}, StatusCap: {false, "E3"}, StatusIgnore: {false, "E4"}, "": {true, "E4"}} {
		w := newWorld(t)
		w.c.statusPolicy = policy
		r := w.c.check(tokenInput{raw: minted(t, aGrant()), entry: w.e})
		if o := r.atGeneration; o.unresolved != want.unresolved || o.level != want.level {
			t.Errorf("policy %q: unresolved %v, level %s", policy, o.unresolved, o.level)
		}
	}
}

// TestStatusKeys shows whose key counts for a list.
func TestStatusKeys(t *testing.T) {
	raw := listToken(t, aList(2, packed(t, 8, 2, 0, 0)))
	for name, c := range map[string]struct {
		change func(*IssuerKey)
		want   bool
	}{
		"any use":            {func(*IssuerKey) {}, true},
		"use status":         {func(k *IssuerKey) { k.Use = []string{UseStatus} }, true},
		"use token":          {func(k *IssuerKey) { k.Use = []string{UseToken} }, false},
		"outside its window": {func(k *IssuerKey) { k.NotBefore = new64(made.Unix()) }, false},
		"revoked before":     {func(k *IssuerKey) { k.RevokedAt = new64(made.Add(-2 * time.Hour).Unix()) }, false},
		"unusable":           {func(k *IssuerKey) { k.Key = nil }, false},
	} {
		w := newWorld(t)
		entry := w.c.trust.Entry(issuerURI("performer"))
		c.change(entry.Keys[0])
		l, err := parseStatusList(raw)
		if err != nil {
			t.Fatal(err)
		}
		if got := l.verified(entry.ID, entry, nil, w.c.t); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestStatusIsAskedOfTokensThatHaveOne: a token that lives for seven days needs none, and nothing is said of it.
func TestStatusIsAskedOfTokensThatHaveOne(t *testing.T) {
	w := newWorld(t)
	w.c.statusPolicy = StatusRequire
	r := w.c.check(tokenInput{raw: minted(t, aGrant().set("status", nil).set("exp", at(-24*time.Hour)+days(7))), entry: w.e})
	if r.atGeneration.unresolved || len(r.atGeneration.failures) > 0 {
		t.Errorf("unresolved %v, %v", r.atGeneration.unresolved, r.atGeneration.failures)
	}
	for _, f := range r.findings {
		if strings.HasPrefix(f.Code, "consent.status.") {
			t.Errorf("%s must not be there", f.Code)
		}
	}
}

// TestStatusAnswersAreKept: a list's signature is verified once for each issuer, but one delegate's answer is not
// another's, and nobody's key signs nothing.
func TestStatusAnswersAreKept(t *testing.T) {
	w := newWorld(t)
	list := func() *statusList {
		l, err := parseStatusList(listToken(t, aList(2, packed(t, 8, 2, 0, 0))))
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	mine, other := testKey(t, "performer", "Ed25519").Public, testKey(t, "else", "Ed25519").Public
	l := list()
	if !l.verified("https://deputy.test", nil, mine, w.c.t) || l.verified("https://deputy.test", nil, other, w.c.t) || !l.verified("https://deputy.test", nil, mine, w.c.t) {
		t.Error("two delegates with one name share an answer")
	}
	if list().verified("https://deputy.test", nil, nil, w.c.t) {
		t.Error("signed by nobody")
	}
	for _, name := range []string{"performer", "guild"} {
		l, entry := list(), w.c.trust.Entry(issuerURI(name))
		first := l.verified(entry.ID, entry, nil, w.c.t)
		l.signature("gone")
		if first != (name == "performer") || l.verified(entry.ID, entry, nil, w.c.t) != first || len(l.signers) != 1 {
			t.Errorf("%s: %v, and another answer after", name, first)
		}
	}
}

// signature replaces a list's signature.
func (l *statusList) signature(s string) { l.c.signature = []byte(s) }

// TestStatusListForm: what is no list by its form, and what the indices of one may be.
// draft-ietf-oauth-status-list-21, 5; consent format 1, 6.
func TestStatusListForm(t *testing.T) {
	good := aList(8, packed(t, 64, 8, 0, 1))
	for name, p := range map[string]object{
		"no sub":                       good.set("sub", nil),
		"an empty sub":                 good.set("sub", ""),
		"no iat":                       good.set("iat", nil),
		"a ttl longer than time":       good.set("ttl", int64(maxDate)+1),
		"no list":                      good.set("status_list", nil),
		"no bits":                      good.set("status_list.bits", nil),
		"no bytes":                     good.set("status_list.lst", nil),
		"an empty text":                good.set("status_list.lst", ""),
		"a text with unused bits":      good.set("status_list.lst", "AB"),
		"the same, behind whole bytes": good.set("status_list.lst", "AAAAAB"),
		"a text of another kind":       good.set("status_list.lst", "A+A="),
		"a list of another kind":       good.set("status_list", []int{1}),
		"bits of another kind":         good.set("status_list.bits", "8"),
		"an exp beyond 2100":           good.set("exp", int64(maxDate)+1),
		"an iat that is no number":     good.set("iat", "now"),
	} {
		if _, err := parseStatusList(listToken(t, p)); err == nil {
			t.Errorf("%s: is read", name)
		}
	}
	if _, err := parseStatusList(listToken(t, good.set("ttl", maxDate))); err != nil {
		t.Errorf("the longest ttl: %v", err)
	}
	l, err := parseStatusList(listToken(t, good))
	if err != nil {
		t.Fatal(err)
	}
	for _, index := range []int64{-1, 64, maxStatusInflated*8 + 1, 1 << 61} { // 8 bits times the last one are 0 again
		if v, ok := l.value(index, nil); ok {
			t.Errorf("index %d: %d", index, v)
		}
	}
}

// TestStatusListsAreInflatedOnce: a good one, a broken one and a bomb.
func TestStatusListsAreInflatedOnce(t *testing.T) {
	ok, _ := decodePart(packed(t, 64, 2, 5, 1))
	for name, lst := range map[string]string{
		"good": packed(t, 64, 2, 5, 1), "no zlib": b64("no zlib"), "a stream that is cut off": b64(string(ok[:len(ok)-4])),
		"a bomb": deflated(t, make([]byte, maxStatusInflated+1)),
	} {
		lists := newStatusLists(nil)
		l, err := parseStatusList(listToken(t, aList(2, lst)))
		if err != nil {
			t.Fatal(err)
		}
		_, first := l.value(5, lists)
		if l.deflated = ok; first {
			l.deflated = nil
		}
		if _, again := l.value(5, lists); again != first || first != (name == "good") {
			t.Errorf("%s: %v, then %v", name, first, again)
		}
	}
}

// TestStatusMemory shows that many large lists are not all kept, and that as many are as there is room for.
func TestStatusMemory(t *testing.T) {
	lists := newStatusLists(nil)
	lst := deflated(t, make([]byte, maxStatusInflated))
	kept := 0
	for i := 0; i < maxStatusKept/maxStatusInflated+2; i++ {
		l, err := parseStatusList(listToken(t, aList(2, lst)))
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := l.value(1, lists); !ok {
			t.Fatal("not read")
		}
		kept += len(l.data)
	}
	if lists.kept != maxStatusKept || kept != maxStatusKept {
		t.Errorf("%d bytes are kept, and %d are counted", kept, lists.kept)
	}
}

func BenchmarkStatusList(b *testing.B) {
	raw := listToken(b, aList(2, deflated(b, make([]byte, 1<<18)))) // 2^20 tokens
	for b.Loop() {
		l, err := parseStatusList(raw)
		if err != nil {
			b.Fatal(err)
		}
		if _, ok := l.value(1<<20-1, nil); !ok {
			b.Fatal("not read")
		}
	}
}

func FuzzStatusList(f *testing.F) {
	lst := packed(f, 64, 2, 5, 1)
	for _, p := range []object{
		aList(2, lst), aList(1, lst), aList(8, lst), aList(4, b64("x")), aList(2, deflated(f, make([]byte, 1<<20))),
		aList(2, lst).set("exp", nil).set("ttl", 5), aList(2, lst).set("status_list", object{}),
	} {
		f.Add(listToken(f, p), int64(5))
	}
	f.Add("a.b.c", int64(0))
	f.Fuzz(func(t *testing.T, raw string, index int64) {
		l, err := parseStatusList(raw)
		if (l == nil) == (err == nil) {
			t.Fatal("a list and an error, or neither")
		}
		if err != nil {
			return
		}
		v, ok := l.value(index, nil)
		if ok && int64(v) >= 1<<l.bits {
			t.Fatalf("value %d of %d bits", v, l.bits)
		}
		if ok && (index < 0 || index*l.bits/8 >= maxStatusInflated) {
			t.Fatal("an index past the limit was read")
		}
		again, ok2 := l.value(index, newStatusLists(nil))
		if again != v || ok2 != ok {
			t.Fatal("another answer to the same question")
		}
	})
}
