package consent

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/consentry/consentry/report"
)

// delegate is somebody in a chain.
type delegate struct {
	id  string
	key *PrivateKey
}

func listedDelegate(t testing.TB, name string) delegate {
	return delegate{id: issuerURI(name), key: testKey(t, name, curveOf(name))}
}

func stranger(t testing.TB, name string) delegate {
	return delegate{id: issuerURI(name), key: testKey(t, name, "P-256")}
}

func lent() object {
	return object{"modality": []string{"face", "voice"}, "operation": []string{"generate"}, "purpose": []string{"entertainment"}, "territory": []string{"US", "EU"}, "exclude": []string{"violence"}}
}

// aLink is a delegation from one to the next.
func aLink(to delegate, depth int) object {
	return object{
		"sub": person, "iat": at(-72 * time.Hour), "exp": made.AddDate(2, 0, 0).Unix(), "jti": "urn:test:d", "max_depth": depth,
		"delegate": object{"id": to.id, "jwk": object{"kty": to.key.Public.Type, "crv": to.key.Public.Curve, "x": to.key.Public.x, "y": to.key.Public.y}}, "consent": lent(),
	}
}

// aChain makes a token by the last of the people, lent to by those before; change may alter each link, end the token.
func aChain(t testing.TB, people []delegate, change func(i int, l object) object, end func(object) object) string {
	t.Helper()
	var chain []string
	for i := range len(people) - 1 {
		l := aLink(people[i+1], len(people)-1-i).set("iss", people[i].id)
		if change != nil {
			l = change(i, l)
		}
		chain = append(chain, signAs(t, "consent-delegation+jwt", l, people[i].key))
	}
	last := people[len(people)-1]
	g := aGrant().set("iss", last.id).set("consent.chain", chain).set("consent.exclude", []string{"violence"})
	if end != nil {
		g = end(g)
	}
	return signAs(t, "consent+jwt", g, last.key)
}

func only(n int, change func(object) object) func(int, object) object {
	return func(i int, l object) object {
		if i == n {
			return change(l)
		}
		return l
	}
}

// TestDelegation walks chains that hold and their named corruptions, a row each, hence its
// length. Consent format 1, 4.
func TestDelegation(t *testing.T) {
	performer, agency, studio := listedDelegate(t, "performer"), listedDelegate(t, "agency"), listedDelegate(t, "studio")
	guild, estate, guardian := listedDelegate(t, "guild"), listedDelegate(t, "estate"), listedDelegate(t, "guardian")
	house, deputy := stranger(t, "house"), stranger(t, "deputy")
	direct := []delegate{performer, deputy}
	two := []delegate{performer, house, deputy}
	set := func(path string, to any) func(object) object {
		return func(o object) object { return o.set(path, to) }
	}
	named := func(kid string) func(object) object { return set("delegate.jwk.kid", kid) }
	nameless := house
	nameless.key = func() *PrivateKey { k := *house.key; k.Kid = ""; return &k }()
	unverified := func(t *testing.T, r *tokenResult) {
		if r.verified {
			t.Error("the token's own words are believed")
		}
	}
	for _, c := range []struct {
		name   string
		people []delegate
		link   func(int, object) object
		end    func(object) object
		of     string // of the file's entry
		want   string
		now    string // a failure now alone
		level  string // empty: E4
		file   func(*world)
		check  func(*testing.T, *tokenResult)
	}{
		{name: "one link to somebody in no list", people: direct},
		{name: "one link to an agency without a roster", people: []delegate{performer, agency}, end: set("consent.authority", "agency")},
		{name: "an agency under the person's authority", people: []delegate{performer, agency}},
		{name: "two links", people: two},
		{name: "three links", people: []delegate{performer, house, stranger(t, "third"), deputy}},
		{name: "four links", people: []delegate{performer, house, stranger(t, "third"), stranger(t, "fourth"), deputy}, want: "consent.delegation.depthExceeded", check: unverified},
		{name: "an agency between, which may lend on", people: []delegate{performer, agency, deputy}},
		{name: "the kid that the link before gives", people: two, link: only(0, named("house"))},
		{name: "another kid than the link before gives", people: two, link: only(0, named("other")), want: "consent.delegation.broken", check: unverified},
		{name: "a second link without a kid", people: []delegate{performer, nameless, deputy}, want: "consent.delegation.broken", check: unverified},
		{name: "a studio with its works", people: []delegate{performer, studio}, end: func(o object) object {
			return o.set("consent.authority", "studio").set("consent.works", []string{"w"})
		}, level: "E3"},
		{name: "a studio without works", people: []delegate{performer, studio}, end: set("consent.authority", "studio"), want: "consent.token.missingClaim"},
		{name: "an agency with roster as root", people: []delegate{agency, deputy}, end: set("consent.authority", "agency"), of: "agency", level: "E3"},
		{name: "an agency as root off its roster", people: []delegate{agency, deputy}, end: set("consent.authority", "agency"), want: "consent.issuer.notAuthorizedForSubject"},
		{name: "an agency as root, two steps", people: []delegate{agency, house, deputy}, end: set("consent.authority", "agency"), of: "agency", want: "consent.delegation.depthExceeded"},
		{name: "empty", people: []delegate{performer}, end: set("consent.chain", []string{}), want: "consent.delegation.missing"},
		{name: "rubbish", people: []delegate{performer}, end: set("consent.chain", []string{"a.b.c"}), want: "consent.delegation.broken"},
		{name: "root in no list", people: []delegate{house, deputy}, want: "consent.delegation.broken"},
		{name: "guild as root", people: []delegate{guild, deputy}, end: set("consent.authority", "guild"), want: "consent.issuer.roleNotPermitted"},
		{name: "guardian as root", people: []delegate{guardian, deputy}, end: set("consent.authority", "guardian"), want: "consent.issuer.roleNotPermitted"},
		{name: "estate as root, for the living", people: []delegate{estate, deputy}, want: "consent.issuer.notAuthorizedForSubject"},
		{name: "guild as delegate", people: []delegate{performer, guild}, want: "consent.issuer.roleNotPermitted"},
		{name: "guild between", people: []delegate{performer, guild, deputy}, want: "consent.issuer.roleNotPermitted"},
		{name: "authority that nobody in the chain has", people: direct, end: set("consent.authority", "agency"), want: "consent.issuer.roleNotPermitted"},
		{name: "root signed by a stranger", people: []delegate{{id: performer.id, key: func() *PrivateKey { k := *testKey(t, "x", "Ed25519"); k.Kid = "performer"; return &k }()}, deputy}, want: "consent.delegation.broken"},
		{name: "second link signed by a stranger", people: two, link: only(0, set("delegate.jwk", object{"kty": "EC", "crv": "P-256", "x": deputy.key.Public.x, "y": deputy.key.Public.y})), want: "consent.delegation.broken"},
		{name: "second link by another issuer", people: two, link: only(1, set("iss", "https://else.test")), want: "consent.delegation.broken"},
		{name: "second link for another person", people: two, link: only(1, set("sub", child)), want: "consent.delegation.broken"},
		{name: "token by another issuer", people: direct, end: set("iss", "https://else.test"), want: "consent.delegation.broken"},
		{name: "token for another person", people: direct, end: set("sub", child), want: "consent.delegation.broken"},
		{name: "a link without jti", people: direct, link: only(0, set("jti", nil)), want: "consent.delegation.broken"},
		{name: "a link without max_depth", people: direct, link: only(0, set("max_depth", nil)), want: "consent.delegation.broken"},
		{name: "a link without scope", people: direct, link: only(0, set("consent", nil)), want: "consent.delegation.broken"},
		{name: "max_depth 0", people: direct, link: only(0, set("max_depth", 0)), want: "consent.delegation.depthExceeded"},
		{name: "max_depth 4", people: direct, link: only(0, set("max_depth", 4)), want: "consent.delegation.depthExceeded"},
		{name: "root allows one of two", people: two, link: only(0, set("max_depth", 1)), want: "consent.delegation.depthExceeded"},
		{name: "in a circle", people: []delegate{performer, house, performer}, want: "consent.delegation.cycle"},
		{name: "in a circle behind the root", people: []delegate{performer, house, deputy, house}, want: "consent.delegation.cycle"},
		{name: "ended, when the content says that it is of tomorrow", people: direct, link: only(0, set("exp", today.Unix()+3600)), end: set("exp", today.Unix()+3600), file: func(w *world) { w.c.t = Time{At: today.AddDate(0, 0, 1), Kind: "T1"} }, want: "consent.delegation.expired"},
		{name: "to oneself", people: []delegate{performer, performer}, want: "consent.delegation.cycle"},
		{name: "ended before", people: direct, link: only(0, set("exp", at(-time.Second))), end: set("exp", at(-time.Second)), want: "consent.delegation.expired"},
		{name: "ended since", people: direct, link: only(0, set("exp", at(time.Second))), end: set("exp", at(time.Second)), now: "consent.delegation.expired"},
		{name: "from the future", people: direct, link: only(0, set("iat", today.Unix()+skew+1)), want: "consent.token.notYetValid"},
		{name: "outside the root's key's window", people: direct, link: only(0, set("iat", made.AddDate(-3, 0, 0).Unix())), want: "consent.delegation.broken"},
		{name: "token outlives the link", people: direct, link: only(0, set("exp", at(time.Hour))), want: "consent.delegation.scopeWidened"},
		{name: "second link outlives the first", people: two, link: only(0, set("exp", at(0))), end: set("exp", at(0)), want: "consent.delegation.scopeWidened"},
		{name: "second link wider than the first", people: two, link: only(0, set("consent.modality", []string{"face"})), end: set("consent.modality", []string{"face"}), want: "consent.delegation.scopeWidened"},
		{name: "an exclusion dropped", people: direct, end: set("consent.exclude", nil), want: "consent.delegation.scopeWidened"},
		{name: "an exclusion widened", people: direct, link: only(0, set("consent.exclude", []string{"violence.graphic"}))},
		{name: "a territory left open", people: direct, end: set("consent.territory", nil), want: "consent.delegation.scopeWidened"},
		{name: "a part of the territory", people: direct, end: set("consent.territory", []string{"US"})},
		{name: "a channel left open", people: direct, link: only(0, set("consent.channel", []string{"tv"})), want: "consent.delegation.scopeWidened"},
		{name: "intimate content by a delegate", people: direct, end: set("consent.permit_content", []string{"nudity"}), level: "E4"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t).of(c.of)
			if c.of == "" {
				w.c.roster = nil
			}
			if c.file != nil {
				c.file(w)
			}
			r := w.c.check(tokenInput{raw: aChain(t, c.people, c.link, c.end), entry: w.e})
			if c.want == "" && len(r.atGeneration.failures) > 0 || c.want != "" && !slices.Contains(r.atGeneration.failures, c.want) {
				t.Errorf("failures %v, want %q: %v", r.atGeneration.failures, c.want, r.findings)
			}
			if c.want == "" && c.now == "" && report.Has(r.findings, "consent.delegation.expired") {
				t.Errorf("nothing has ended: %v", r.findings)
			}
			if c.check != nil {
				c.check(t, r)
			}
			if c.now != "" && !slices.Contains(r.atNow.failures, c.now) {
				t.Errorf("failures now %v, want %q", r.atNow.failures, c.now)
			}
			if c.level == "" {
				c.level = "E4"
			}
			if c.want == "" && r.atGeneration.level != c.level {
				t.Errorf("level %s, want %s", r.atGeneration.level, c.level)
			}
			if c.want != "" && r.atGeneration.level != "E2" {
				t.Errorf("level %s of a token that fails", r.atGeneration.level)
			}
		})
	}
}

// TestDelegateStatus shows that a delegate in no list signs its own status list, and nobody else does.
func TestDelegateStatus(t *testing.T) {
	performer, deputy := listedDelegate(t, "performer"), stranger(t, "deputy")
	raw := aChain(t, []delegate{performer, deputy}, nil, nil)
	lst := aList(2, packed(t, 64, 2, 6, 1))
	for name, c := range map[string]struct {
		key  *PrivateKey
		want string
	}{
		"the delegate":     {deputy.key, "consent.status.good"},
		"the chain's root": {performer.key, "consent.status.skipped"},
		"another":          {testKey(t, "else", "P-256"), "consent.status.skipped"},
	} {
		w := newWorld(t)
		w.c.status = newStatusLists([]string{signAs(t, "statuslist+jwt", lst, c.key)})
		if r := w.c.check(tokenInput{raw: raw, entry: w.e}); !report.Has(r.findings, c.want) {
			t.Errorf("signed by %s: no %s", name, c.want)
		}
	}
}

// TestDelegateKey shows that a chain does not heal a key that the trust list calls revoked.
func TestDelegateKey(t *testing.T) {
	w := newWorld(t)
	w.c.trust.Entry(issuerURI("agency")).Keys[0].RevokedAt = new64(at(-48 * time.Hour))
	raw := aChain(t, []delegate{listedDelegate(t, "performer"), listedDelegate(t, "agency")}, nil, nil)
	r := w.c.check(tokenInput{raw: raw, entry: w.e})
	if !slices.Equal(r.atGeneration.failures, []string{"consent.issuer.keyRevoked"}) {
		t.Errorf("failures %v", r.atGeneration.failures)
	}
}

// scopes are all scopes over small vocabularies, in the members that limit a grant.
func scopes() []*Scope {
	lists := [][]string{nil, {}, {"*"}, {"a"}, {"a.b"}, {"b"}, {"a", "b"}}
	var out []*Scope
	for i := range len(lists) * len(lists) {
		a, b := lists[i%len(lists)], lists[i/len(lists)]
		out = append(out, &Scope{Modality: a, Operation: b, Purpose: a, Channel: b, Works: a, Exclude: b},
			&Scope{Modality: b, Operation: b, Purpose: b, Channel: a, Works: a, Exclude: a, Territory: []string{"US"}},
			&Scope{Modality: a, Operation: a, Purpose: a, Channel: a, Works: a, Exclude: nil, Territory: []string{"US-CA", "FR"}})
	}
	return out
}

// TestWithinNeverWidens: whatever a scope inside another covers, the other covers; whatever the other excludes, it
// excludes. So a chain of scopes, each within the one before, never permits what the root does not.
func TestWithinNeverWidens(t *testing.T) {
	all := scopes()
	uses := []string{"a", "a.b", "b", "c"}
	inside := 0
	for i, child := range all {
		for j, top := range all {
			if !child.within(top) {
				continue
			}
			inside++
			where := strconv.Itoa(i) + " in " + strconv.Itoa(j)
			for _, use := range uses {
				for _, m := range []struct {
					a, b  []string
					opens bool
				}{{child.Purpose, top.Purpose, false}, {child.Channel, top.Channel, true}, {child.Works, top.Works, true}} {
					within := under
					if m.opens {
						within = same
					}
					covers := func(l []string) bool {
						return dimension{known: anything, within: within, permits: l, any: l == nil && m.opens || contains(l, everything), uses: []string{use}}.covers()
					}
					if covers(m.a) && !covers(m.b) {
						t.Fatalf("%s: %q is covered by %v, not by %v", where, use, m.a, m.b)
					}
				}
				if covered(use, top.Exclude, under) && !covered(use, child.Exclude, under) {
					t.Fatalf("%s: %q is no longer excluded", where, use)
				}
			}
		}
	}
	if inside < len(all) {
		t.Errorf("only %d of %d pairs lie within each other: the property was hardly asked", inside, len(all)*len(all))
	}
}

func FuzzDelegation(f *testing.F) {
	performer, deputy := listedDelegate(f, "performer"), stranger(f, "deputy")
	good := aLink(deputy, 1).set("iss", performer.id)
	for _, p := range []object{good, good.set("max_depth", 9), good.set("delegate", object{}), good.set("consent", nil), good.set("exp", "x"), good.set("consent.chain", []string{"x"})} {
		f.Add(signAs(f, "consent-delegation+jwt", p, performer.key))
	}
	f.Fuzz(func(t *testing.T, raw string) {
		l, err := parseLink(raw)
		if (l == nil) == (err == nil) {
			t.Fatal("a link and an error, or neither")
		}
		if l != nil && (l.key == nil || l.scope == nil || l.iss == "" || l.sub == "" || l.delegate == "" || l.maxDepth < 0) {
			t.Fatal("a link that lacks what it must have")
		}
	})
}
