package consent

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/consentry/consentry/report"
)

// linked is a token of a delegate under one link of the performer; header may alter the link's header.
func linked(t *testing.T, header, link, token func(object) object) string {
	t.Helper()
	same := func(o object) object { return o }
	if header == nil {
		header = same
	}
	if link == nil {
		link = same
	}
	if token == nil {
		token = same
	}
	performer, deputy := listedDelegate(t, "performer"), stranger(t, "deputy")
	h := header(object{"alg": performer.key.Alg(), "typ": "consent-delegation+jwt", "kid": performer.key.Kid})
	l := link(aLink(deputy, 1).set("iss", performer.id))
	g := token(aGrant().set("iss", deputy.id).set("consent.chain", []string{signText(t, h.text(t), l.text(t), performer.key)}).set("consent.exclude", []string{"violence"}))
	return signAs(t, "consent+jwt", g, deputy.key)
}

// TestLinks goes through the form of a link, the keys around it, and what a token under it may leave out.
// Consent format 1, 4.
func TestLinks(t *testing.T) {
	set := func(path string, to any) func(object) object { return func(o object) object { return o.set(path, to) } }
	deputyJWK := func(kid string) func(object) object {
		k := stranger(t, "deputy").key.Public
		return set("delegate.jwk", object{"kty": k.Type, "crv": k.Curve, "x": k.x, "y": k.y, "kid": kid})
	}
	salt := b64("0123456789abcdef")
	commitment := Commit([]byte("0123456789abcdef"), "hand", "10.23/P-1")
	root := func(change func(*Issuer)) func(*TrustList) {
		return func(l *TrustList) { change(l.Entry(issuerURI("performer"))) }
	}
	for _, c := range []struct {
		name                string
		header, link, token func(object) object
		trust               func(*TrustList)
		file                func(*world)
		want                string // at both clocks; empty: it holds
		level               string
		lacks               string // a code that must not be there
	}{
		{name: "a link that holds", level: "E4", lacks: "consent.issuer.trusted"},
		{name: "a typ that is no text", header: set("typ", []string{"consent-delegation+jwt"}), want: "consent.delegation.broken"},
		{name: "a token's typ", header: set("typ", "consent+jwt"), want: "consent.delegation.broken"},
		{name: "a kid that is no text", header: set("kid", 1), want: "consent.delegation.broken"},
		{name: "an empty kid", header: set("kid", ""), want: "consent.delegation.broken"},
		{name: "a kid that is a number, and the root's", header: set("kid", 1), trust: root(func(i *Issuer) { i.Keys[0].Kid = "1" }), want: "consent.delegation.broken"},
		{name: "no kid", header: set("kid", nil), want: "consent.delegation.broken"},
		{name: "a kid that the root does not have", header: set("kid", "other"), want: "consent.delegation.broken"},
		{name: "an algorithm of another key", header: set("alg", "ES256"), want: "consent.delegation.broken"},
		{name: "no iat", link: set("iat", nil), want: "consent.delegation.broken"},
		{name: "no exp", link: set("exp", nil), want: "consent.delegation.broken"},
		{name: "no sub", link: set("sub", nil), want: "consent.delegation.broken"},
		{name: "max_depth below zero", link: set("max_depth", -1), want: "consent.delegation.broken"},
		{name: "no delegate", link: set("delegate", nil), want: "consent.delegation.broken"},
		{name: "a delegate without id", link: set("delegate.id", nil), want: "consent.delegation.broken"},
		{name: "a delegate without key", link: set("delegate.jwk", nil), want: "consent.delegation.broken"},
		{name: "a delegate with a key that is none", link: set("delegate.jwk", object{"kty": "oct", "k": "AAAA"}), want: "consent.delegation.broken"},
		{name: "a scope that is none", link: set("consent.modality", "face"), want: "consent.delegation.broken"},
		{name: "a subject that is none", link: set("sub", "ada"), token: set("sub", "ada"), file: func(w *world) { w.e = nil }, want: "consent.issuer.notAuthorizedForSubject"},
		{name: "a subject that is none, by somebody who speaks for anybody", link: set("sub", "ada"), token: set("sub", "ada"), trust: root(func(i *Issuer) { i.Mode = "any" }), file: func(w *world) { w.e = nil }, want: "consent.issuer.notAuthorizedForSubject"},
		{name: "the delegate's kid", link: deputyJWK("deputy"), level: "E4"},
		{name: "another kid than the delegate's", link: deputyJWK("other"), want: "consent.token.keyUnknown"},
		{name: "a root's key for other things", trust: root(func(i *Issuer) { i.Keys[0].Use = []string{UseStatus, UseRegistry} }), want: "consent.delegation.broken"},
		{name: "a root's key that was revoked", trust: root(func(i *Issuer) { i.Keys[0].RevokedAt = new64(at(-96 * time.Hour)) }), want: "consent.issuer.keyRevoked"},
		{name: "a root's key that was revoked later, and stamped before", trust: root(func(i *Issuer) { i.Keys[0].RevokedAt = new64(at(time.Hour)) }), level: "E4"},
		{name: "a root of several roles speaks with the token's authority", trust: root(func(i *Issuer) { i.Roles = []string{"estate", "performer", "rightsholder"} }), level: "E4"},
		{name: "a root that may speak for anybody", trust: root(func(i *Issuer) { i.Mode = "any" }), level: "E3"},
		{name: "a root whose tokens live for a month", trust: root(func(i *Issuer) { i.MaxLifetime = new64(days(30)) }), want: "consent.token.lifetimeExceeded"},
		{name: "a root without a role", trust: root(func(i *Issuer) { i.Roles = nil }), want: "consent.issuer.roleNotPermitted"},
		{name: "a clearance by a delegate", token: func(o object) object {
			return o.set("consent.type", "clearance").set("consent.asset", clearance()["consent"].(object)["asset"])
		}, level: "E4"},
		{name: "a token that commits to the subject", token: func(o object) object { return o.set("sub", nil).set("sub_commit", commitment).set("sub_salt", salt) }, level: "E4"},
		{name: "a token that commits to somebody else", token: func(o object) object { return o.set("sub", nil).set("sub_commit", digest).set("sub_salt", salt) }, want: "consent.delegation.broken"},
		{name: "a token that names nobody", token: set("sub", nil), want: "consent.delegation.broken"},
		{name: "a token without end", token: set("exp", nil), want: "consent.token.missingClaim"},
		{name: "a token for more operations", token: set("consent.operation", []string{"generate", "alter"}), want: "consent.delegation.scopeWidened"},
		{name: "a token for more purposes", token: set("consent.purpose", []string{"commercial"}), want: "consent.delegation.scopeWidened"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			if c.trust != nil {
				c.trust(w.c.trust)
			}
			if c.file != nil {
				c.file(w)
			}
			r := w.c.check(tokenInput{raw: linked(t, c.header, c.link, c.token), entry: w.e})
			for _, o := range []outcome{r.atGeneration, r.atNow} {
				if c.want == "" && (len(o.failures) > 0 || o.level != c.level) || c.want != "" && (!slices.Contains(o.failures, c.want) || o.level > "E2") {
					t.Errorf("%v, %s: %v", o.failures, o.level, r.findings)
				}
			}
			if c.lacks != "" && report.Has(r.findings, c.lacks) {
				t.Errorf("%s must not be there", c.lacks)
			}
		})
	}
}

// TestTheMembersOfALink holds the named corruptions of a link: each is refused with the path of what is wrong.
// Consent format 1, 4.
func TestTheMembersOfALink(t *testing.T) {
	performer, deputy := listedDelegate(t, "performer"), stranger(t, "deputy")
	good := aLink(deputy, 1).set("iss", performer.id)
	header := object{"alg": "EdDSA", "typ": "consent-delegation+jwt", "kid": "performer"}
	for _, c := range []struct {
		name         string
		header, link object // nil: a good one
		after        string
		path         string // empty: accepted
	}{
		{name: "good"},
		{name: "as an SD-JWT", after: "~", path: "header.typ"},
		{name: "another typ", header: header.set("typ", "consent+jwt"), path: "header.typ"},
		{name: "no typ", header: header.set("typ", nil), path: "header.typ"},
		{name: "no kid", header: header.set("kid", nil), path: "header.kid"},
		{name: "an empty kid", header: header.set("kid", ""), path: "header.kid"},
		{name: "a kid that is a number", header: header.set("kid", 1), path: "header.kid"},
		{name: "no iss", link: good.set("iss", nil), path: "payload.iss"},
		{name: "no sub", link: good.set("sub", nil), path: "payload.sub"},
		{name: "no jti", link: good.set("jti", nil), path: "payload.jti"},
		{name: "no iat", link: good.set("iat", nil), path: "payload.exp"},
		{name: "no exp", link: good.set("exp", nil), path: "payload.exp"},
		{name: "an exp before 1970", link: good.set("exp", -1), path: "payload.exp"},
		{name: "no max_depth", link: good.set("max_depth", nil), path: "payload.max_depth"},
		{name: "a max_depth below zero", link: good.set("max_depth", -1), path: "payload.max_depth"},
		{name: "no delegate", link: good.set("delegate", nil), path: "payload.delegate"},
		{name: "a delegate that is a text", link: good.set("delegate", "deputy"), path: "payload.delegate"},
		{name: "a delegate without id", link: good.set("delegate.id", nil), path: "payload.delegate.id"},
		{name: "a delegate without key", link: good.set("delegate.jwk", nil), path: "payload.delegate.jwk"},
		{name: "a delegate with a key that is none", link: good.set("delegate.jwk", object{"kty": "oct"}), path: "payload.delegate.jwk"},
		{name: "no scope", link: good.set("consent", nil), path: "payload.consent"},
		{name: "a scope whose modality is a text", link: good.set("consent.modality", "face"), path: "payload.consent.modality"},
	} {
		if c.header == nil {
			c.header = header
		}
		if c.link == nil {
			c.link = good
		}
		l, err := parseLink(signText(t, c.header.text(t), c.link.text(t), performer.key) + c.after)
		if (l == nil) != (err != nil) || c.path == "" && err != nil || c.path != "" && (err == nil || err.Path != c.path) {
			t.Errorf("%s: %v, want the path %q", c.name, err, c.path)
		}
	}
}

// TestWhyAChainFails: a root that may not delegate is told apart from a token whose authority nobody has.
func TestWhyAChainFails(t *testing.T) {
	for name, roles := range map[string][]string{"a guild": {"guild"}, "a guardian": {"guardian"}, "nobody": nil} {
		w := newWorld(t)
		w.c.trust.Entry(issuerURI("performer")).Roles = roles
		r := w.c.check(tokenInput{raw: linked(t, nil, nil, nil), entry: w.e})
		said := slices.ContainsFunc(r.findings, func(f report.Finding) bool {
			return f.Code == "consent.issuer.roleNotPermitted" && strings.Contains(f.Explanation, "root may not delegate")
		})
		if !said {
			t.Errorf("%s: %v", name, r.findings)
		}
	}
}

// TestWithinMemberByMember: each member that limits a scope, alone. One that may be absent then permits all; of those
// that may not, an absent one permits nothing. Consent format 1, 3 and 4.
func TestWithinMemberByMember(t *testing.T) {
	type pair struct {
		list, of []string
		want     bool
	}
	all := []string{"*"}
	strict := []pair{ // an absent list permits nothing
		{nil, nil, true},
		{nil, []string{"x"}, true},
		{[]string{"x"}, nil, false},
		{[]string{"x"}, []string{}, false},
		{[]string{"x"}, []string{"x"}, true},
		{[]string{"x", "y"}, []string{"x"}, false},
		{[]string{"x"}, []string{"y", "x"}, true},
	}
	open := []pair{ // an absent list permits all
		{nil, nil, true},
		{nil, all, true},
		{nil, []string{"US"}, false},
		{[]string{"US"}, nil, true},
		{[]string{}, []string{"US"}, true},
		{[]string{"US"}, []string{}, false},
		{[]string{"US"}, []string{"US"}, true},
		{[]string{"US"}, all, true},
		{all, []string{"US"}, false},
		{all, nil, true},
		{[]string{"US", "JP"}, []string{"US"}, false},
	}
	for name, m := range map[string]struct {
		set   func(*Scope, []string)
		pairs []pair
	}{
		"modality":  {func(s *Scope, l []string) { s.Modality = l }, append(strict[:len(strict):len(strict)], pair{[]string{"x"}, all, false})},
		"operation": {func(s *Scope, l []string) { s.Operation = l }, append(strict[:len(strict):len(strict)], pair{[]string{"x"}, all, false})},
		"purpose": {func(s *Scope, l []string) { s.Purpose = l }, append(strict[:len(strict):len(strict)],
			pair{[]string{"x"}, all, true}, pair{[]string{"x.y"}, []string{"x"}, true}, pair{[]string{"x"}, []string{"x.y"}, false}, pair{all, []string{"x"}, false}, pair{nil, all, true})},
		"territory": {func(s *Scope, l []string) { s.Territory = l }, append(open[:len(open):len(open)],
			pair{[]string{"US-CA"}, []string{"US"}, true}, pair{[]string{"FR"}, []string{"EU"}, true}, pair{[]string{"US"}, []string{"US-CA"}, false})},
		"channel": {func(s *Scope, l []string) { s.Channel = l }, append(open[:len(open):len(open)], pair{[]string{"tv.live"}, []string{"tv"}, false})},
		"works":   {func(s *Scope, l []string) { s.Works = l }, open},
		"exclude": {func(s *Scope, l []string) { s.Exclude = l }, []pair{
			{nil, nil, true}, {[]string{"x"}, nil, true}, {nil, []string{"x"}, false}, {[]string{"x"}, []string{"x.y"}, true}, {[]string{"x.y"}, []string{"x"}, false}, {[]string{"x"}, []string{"x", "y"}, false},
		}},
	} {
		for _, p := range m.pairs {
			var child, top Scope
			m.set(&child, p.list)
			m.set(&top, p.of)
			if got := child.within(&top); got != p.want {
				t.Errorf("%s %#v within %#v: %v", name, p.list, p.of, got)
			}
		}
	}
}

// TestDelegatesOnTheList: a delegate that is itself in the trust list keeps its own role's limits.
// Consent format 1, 3 (iss) and 4.
func TestDelegatesOnTheList(t *testing.T) {
	performer := listedDelegate(t, "performer")
	for _, c := range []struct {
		name, delegate string
		roles          []string // in place of its own
		token          object   // members of the token by their paths
		want           string   // empty: it holds
	}{
		{name: "an agency", delegate: "agency"},
		{name: "an agency that is a guild too", delegate: "agency", roles: []string{"agency", "guild"}},
		{name: "another person, who may not speak for the first", delegate: "platform", roles: []string{"performer", "agency"}, want: "consent.issuer.notAuthorizedForSubject"},
		{name: "a studio that may speak for nobody", delegate: "studio", token: object{"consent.authority": "studio", "consent.works": []string{"w"}}},
		{name: "a studio for all works", delegate: "studio", token: object{"consent.authority": "studio", "consent.works": []string{"*"}}, want: "consent.token.missingClaim"},
		{name: "an agency with an authority that nobody has", delegate: "agency", token: object{"consent.authority": "guardian"}, want: "consent.issuer.roleNotPermitted"},
		{name: "a guild in its own name", delegate: "guild", token: object{"consent.authority": "guild"}, want: "consent.issuer.roleNotPermitted"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := listedDelegate(t, c.delegate)
			raw := aChain(t, []delegate{performer, d}, nil, func(o object) object {
				for path, to := range c.token {
					o = o.set(path, to)
				}
				return o
			})
			w := newWorld(t)
			i := w.c.trust.Entry(d.id)
			i.Mode, i.ids = "list", nil
			if c.roles != nil {
				i.Roles = c.roles
			}
			r := w.c.check(tokenInput{raw: raw, entry: w.e})
			if f := r.atGeneration.failures; c.want == "" && len(f) > 0 || c.want != "" && !slices.Contains(f, c.want) {
				t.Errorf("%v, want %q", f, c.want)
			}
		})
	}
}

// TestATokenForTwo: one that names somebody and commits to somebody else is for neither, whoever asks.
// Consent format 1, 3.2.
func TestATokenForTwo(t *testing.T) {
	salt := []byte("0123456789abcdef")
	two := func(o object) object {
		return o.set("sub_commit", Commit(salt, "name", "Pat Doe")).set("sub_salt", b64(string(salt)))
	}
	for name, raw := range map[string]string{"its own": minted(t, two(aGrant())), "by a chain": linked(t, nil, nil, two)} {
		for _, e := range []*entry{newWorld(t).e, {subject: &Subject{Scheme: "name", ID: "Pat Doe"}}, nil} {
			w := newWorld(t)
			r := w.c.check(tokenInput{raw: raw, entry: e})
			if !slices.Contains(r.atGeneration.failures, "consent.token.subjectMismatch") || r.opened != nil {
				t.Errorf("%s, held against %+v: %v, opened %v", name, e, r.atGeneration.failures, r.opened)
			}
		}
		if v := VerifyToken(raw, VerifyInput{Trust: newWorld(t).c.trust, Now: today}); v.Valid || v.Unknown {
			t.Errorf("%s, without a file: %v", name, v.Findings)
		}
	}
}

// TestAgencyAsRoot: an agency that may speak for anybody, rather than for its roster, delegates nothing.
func TestAgencyAsRoot(t *testing.T) {
	agency, deputy := listedDelegate(t, "agency"), stranger(t, "deputy")
	raw := aChain(t, []delegate{agency, deputy}, nil, func(o object) object { return o.set("consent.authority", "agency") })
	w := newWorld(t).of("agency")
	w.c.trust.Entry(agency.id).Mode = "any"
	if r := w.c.check(tokenInput{raw: raw, entry: w.e}); !slices.Contains(r.atGeneration.failures, "consent.issuer.notAuthorizedForSubject") {
		t.Errorf("%v", r.atGeneration.failures)
	}
	w = newWorld(t).of("agency")
	if r := w.c.check(tokenInput{raw: raw, entry: w.e}); len(r.atGeneration.failures) > 0 || r.atGeneration.level != "E3" {
		t.Errorf("with a roster: %v, %s", r.atGeneration.failures, r.atGeneration.level)
	}
}

// TestRowsSeldomMet are rows of the tables of section 3 that no other test comes by.
func TestRowsSeldomMet(t *testing.T) {
	sixYears := made.Add(-24*time.Hour).AddDate(6, 0, 0).Unix()
	runRows(t, []row{
		{name: "a platform refuses, and names no audience", token: by("platform").set("aud", nil).set("consent.type", "refusal"), of: "platform", level: "E0", check: lacks("consent.issuer.roleNotPermitted")},
		{name: "a minor's token of six years, called so by the token", token: aGrant().set("consent.subject_status", "minor").set("exp", sixYears), want: "consent.token.lifetimeExceeded"},
		{name: "a minor's token of six years, called so by the file", token: aGrant().set("exp", sixYears), file: func(w *world) { w.e.minor = true }, want: "consent.token.lifetimeExceeded"},
		{name: "a guardian's token of six years for an adult", token: by("guardian").set("consent.subject_status", "adult").set("exp", sixYears), of: "guardian", want: "consent.token.lifetimeExceeded"},
		{name: "a work of somebody who is dead", token: by("rightsholder").set("consent.subject_status", "deceased"), of: "rightsholder"},
		{name: "a work of a minor", token: by("rightsholder").set("consent.subject_status", "minor"), of: "rightsholder"},
		{name: "a rightsholder for a person", token: by("rightsholder"), of: "rightsholder", file: func(w *world) { w.e.work, w.e.modality = false, []string{"face"} }, want: "consent.issuer.roleNotPermitted"},
		{name: "a request where nobody declares a generation", token: aGrant().set("consent.request_id", "r-1"), file: func(w *world) { w.c.generation = nil }, want: "consent.binding.assetMismatch"},
		{name: "a request where the declaration names none", token: aGrant().set("consent.request_id", "r-1"), file: func(w *world) { w.c.generation.RequestID = "" }, want: "consent.binding.assetMismatch"},
		{name: "an empty request", token: aGrant().set("consent.request_id", "r-2"), file: func(w *world) { w.c.generation.RequestID = "r-1" }, want: "consent.binding.assetMismatch"},
		{name: "a region of the entry without a name", token: clearance().set("consent.regions", []string{""}), file: regions(""), want: "consent.binding.regionMismatch"},
		{name: "regions, and an entry without any", token: clearance().set("consent.regions", []string{"r"}), file: regions(), binding: "B4", level: "E5"},
		{name: "regions in a grant bind no content", token: aGrant().set("consent.regions", []string{"r"}), file: regions("r"), binding: "B2"},
	})
}

// TestIntimateContentByADelegate: only the person's own key permits it, not one that was lent to.
func TestIntimateContentByADelegate(t *testing.T) {
	w := newWorld(t)
	w.c.generation.Content = []string{"nudity"}
	raw := linked(t, nil, nil, func(o object) object { return o.set("consent.permit_content", []string{"nudity"}) })
	if r := w.c.check(tokenInput{raw: raw, entry: w.e}); !slices.Contains(r.atGeneration.failures, "consent.scope.excludedContent") {
		t.Errorf("%v, %s", r.atGeneration.failures, r.atGeneration.level)
	}
}

// TestAChainOpensACommitment: who is meant by a commitment, the root of the chain says.
func TestAChainOpensACommitment(t *testing.T) {
	salt := []byte("0123456789abcdef")
	commitment := Commit(salt, "hand", "10.23/P-1")
	w := newWorld(t)
	w.e.subject = &Subject{Commit: commitment}
	raw := linked(t, nil, nil, func(o object) object {
		return o.set("sub", nil).set("sub_commit", commitment).set("sub_salt", b64(string(salt)))
	})
	r := w.c.check(tokenInput{raw: raw, entry: w.e})
	if len(r.atGeneration.failures) > 0 || r.opened == nil || r.opened.String() != person {
		t.Errorf("%v, opened %v", r.atGeneration.failures, r.opened)
	}
	raw = linked(t, nil, nil, func(o object) object {
		return o.set("sub", nil).set("sub_commit", Commit(salt, "hand", "10.23/P-9")).set("sub_salt", b64(string(salt)))
	})
	if r := w.c.check(tokenInput{raw: raw, entry: w.e}); r.opened != nil {
		t.Errorf("somebody else's commitment: opened %v", r.opened)
	}
}

// TestFindingsAreTheTokensOwn: the lists of a manifest's tokens are cut from one piece, and none writes into another.
func TestFindingsAreTheTokensOwn(t *testing.T) {
	w := newWorld(t)
	first := w.c.check(tokenInput{raw: minted(t, aGrant()), entry: w.e})
	want := slices.Clone(first.findings)
	for range 3 {
		w.c.check(tokenInput{raw: minted(t, aGrant().set("exp", at(0)).set("jti", nil)), entry: w.e})
	}
	if !slices.EqualFunc(first.findings, want, func(a, b report.Finding) bool { return a.Code == b.Code && a.Explanation == b.Explanation }) {
		t.Errorf("%v became %v", want, first.findings)
	}
}
