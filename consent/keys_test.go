package consent

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/consentry/consentry/report"
)

// TestKeysOfDelegatesOnTheList: a delegation does not heal a key that the list of the delegate's own entry revokes.
func TestKeysOfDelegatesOnTheList(t *testing.T) {
	performer, agency := listedDelegate(t, "performer"), listedDelegate(t, "agency")
	revoked := func(d time.Duration) func(*IssuerKey) { return func(k *IssuerKey) { k.RevokedAt = new64(at(d)) } }
	noIat := func(o object) object { return o.set("iat", nil) }
	for _, c := range []struct {
		name        string
		key         func(*IssuerKey)
		token       func(object) object
		want, lacks string // a failure at generation; empty: it holds
	}{
		{name: "in use", lacks: "consent.issuer.keyRevoked"},
		{name: "in use, of a token without iat", token: noIat, want: "consent.token.missingClaim", lacks: "consent.issuer.keyRevoked"},
		{name: "revoked before", key: revoked(-96 * time.Hour), want: "consent.issuer.keyRevoked"},
		{name: "revoked after the time-stamp", key: revoked(time.Hour), lacks: "consent.issuer.keyRevoked"},
		{name: "revoked after the time-stamp, of a token without iat", key: revoked(time.Hour), token: noIat, want: "consent.issuer.keyRevoked"},
		{name: "another one was revoked", key: func(k *IssuerKey) { k.Key, k.RevokedAt = performer.key.Public, new64(at(-96*time.Hour)) }, lacks: "consent.issuer.keyRevoked"},
		{name: "one of a type that is not allowed was revoked", key: func(k *IssuerKey) { k.Key, k.RevokedAt = nil, new64(at(-96*time.Hour)) }, lacks: "consent.issuer.keyRevoked"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			i := w.c.trust.Entry(agency.id)
			if i.Mode, i.ids = "list", nil; c.key != nil {
				c.key(i.Keys[0])
			}
			token := func(o object) object { return o }
			if c.token != nil {
				token = c.token
			}
			r := w.c.check(tokenInput{raw: aChain(t, []delegate{performer, agency}, nil, token), entry: w.e})
			if f := r.atGeneration.failures; c.want == "" && len(f) > 0 || c.want != "" && !slices.Contains(f, c.want) {
				t.Errorf("%v, want %q", f, c.want)
			}
			if c.lacks != "" && report.Has(r.findings, c.lacks) {
				t.Errorf("%s must not be there", c.lacks)
			}
		})
	}
}

// TestKeysAreNamedByText: a header that names no key, or names it by a number, is taken for nobody's, with a chain and
// without one.
func TestKeysAreNamedByText(t *testing.T) {
	performer, deputy := listedDelegate(t, "performer"), stranger(t, "deputy")
	link := signAs(t, "consent-delegation+jwt", aLink(deputy, 1).set("iss", performer.id), performer.key)
	lone := aGrant()
	lent := aGrant().set("iss", deputy.id).set("consent.chain", []string{link}).set("consent.exclude", []string{"violence"})
	for name, c := range map[string]struct {
		kid     any
		payload object
		by      *PrivateKey
		want    bool
	}{
		"by a text":              {"7", lone, performer.key, true},
		"by a number":            {7, lone, performer.key, false},
		"by an empty text":       {"", lone, performer.key, false},
		"not at all":             {nil, lone, performer.key, false},
		"by a text, lent":        {"7", lent, deputy.key, true},
		"by a number, lent":      {7, lent, deputy.key, false},
		"by an empty text, lent": {"", lent, deputy.key, false},
		"not at all, lent":       {nil, lent, deputy.key, false},
	} {
		w := newWorld(t)
		w.c.trust.Entry(performer.id).Keys[0].Kid = "7"
		if c.payload["iss"] == deputy.id {
			w.c.trust.Entry(performer.id).Keys[0].Kid = performer.key.Kid
		}
		raw := signText(t, object{"alg": c.by.Alg(), "typ": "consent+jwt"}.set("kid", c.kid).text(t), c.payload.text(t), c.by)
		r := w.c.check(tokenInput{raw: raw, entry: w.e})
		if holds := len(r.atGeneration.failures) == 0; holds != c.want || !holds && (r.atGeneration.failures[0] != "consent.token.keyUnknown" || r.verified) {
			t.Errorf("%s: %v", name, r.findings)
		}
		if !c.want && !strings.Contains(r.findings[0].Explanation, "the header names no key") {
			t.Errorf("%s: %v", name, r.findings)
		}
	}
}

// TestKeysOfListsAreNamedByText: the same holds for status lists and registry bundles.
func TestKeysOfListsAreNamedByText(t *testing.T) {
	performer, agency := testKey(t, "performer", "Ed25519"), agencyKey(t)
	for kid, want := range map[any]bool{"7": true, 7: false} {
		header := func(typ string) string { return object{"alg": "EdDSA", "typ": typ, "kid": kid}.text(t) }
		w := newWorld(t)
		w.c.trust.Entry(issuerURI("performer")).Keys = append(w.c.trust.Entry(issuerURI("performer")).Keys, &IssuerKey{Kid: "7", Key: performer.Public})
		list := signText(t, header("statuslist+jwt"), aList(2, packed(t, 64, 2, 6, 1)).text(t), performer)
		w.c.statusPolicy, w.c.status = StatusRequire, newStatusLists([]string{list})
		if r := w.c.check(tokenInput{raw: minted(t, aGrant()), entry: w.e}); r.atNow.unresolved == want {
			t.Errorf("a status list by the kid %v: %v", kid, r.findings)
		}
		l := testList(t)
		l.Entry(issuerURI("agency")).Keys = []*IssuerKey{{Kid: "7", Key: agency.Public}}
		if _, err := openRegistry(signText(t, header("consent-registry+jwt"), testBundle().text(t), agency), l, today); (err == nil) != want {
			t.Errorf("a bundle by the kid %v: %v", kid, err)
		}
	}
}

// TestATokenTwice: the same text twice is one token, whose jti nobody else has.
func TestATokenTwice(t *testing.T) {
	one, other := minted(t, aGrant()), minted(t, aGrant().set("aud", []string{"*"}))
	for _, c := range []struct {
		texts []string
		clash bool
	}{{[]string{one, one}, false}, {[]string{one, other}, true}, {[]string{one, one, other}, true}} {
		w := newWorld(t)
		w.c.readAll(c.texts)
		if r := w.c.check(tokenInput{raw: one, entry: w.e}); slices.Contains(r.atGeneration.failures, "consent.token.malformed") != c.clash {
			t.Errorf("%d tokens: %v", len(c.texts), r.atGeneration.failures)
		}
	}
}

// TestTimeOfGeneration: a time without a kind, or a kind without a time, is none: now counts. Consent format 1, 5.
func TestTimeOfGeneration(t *testing.T) {
	now := Time{At: today, Kind: "T0"}
	for _, c := range []struct{ said, want Time }{
		{Time{At: made, Kind: "T2"}, Time{At: made, Kind: "T2"}},
		{Time{At: made, Kind: "T1"}, Time{At: made, Kind: "T1"}},
		{Time{At: made, Kind: "T0"}, now},
		{Time{At: made}, now},
		{Time{Kind: "T2"}, now},
		{Time{}, now},
	} {
		if got := (&checker{now: today, t: c.said}).timeOf(); got != c.want {
			t.Errorf("%+v: %+v", c.said, got)
		}
	}
}
