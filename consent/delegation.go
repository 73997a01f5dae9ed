package consent

import (
	"strconv"
)

// Limits of a chain. Consent format 1, 4.
const maxLinks = 3

// delegation is a chain of delegations that stands behind a token.
type delegation struct {
	root     *Issuer
	rootRole string // performer, estate, agency or rightsholder
	id       string // of the last delegate
	key      *Key   // of the last delegate
	last     *Scope
	exp      int64
	subject  openSubject
	problems []problem
	fatal    bool // the token's key cannot be believed
}

// problem is a failure that was found before it was known which person the token is held against.
type problem struct {
	code, text   string
	atGen, atNow bool
}

// link is one delegation, its form checked and nothing verified.
type link struct {
	c        *compact
	alg, kid string
	iss, sub string
	iat, exp int64
	delegate string
	key      *Key
	maxDepth int64
	scope    *Scope
}

func (d *delegation) fail(fatal bool, code, text string) {
	d.failAt(true, true, code, text)
	d.fatal = d.fatal || fatal
}

func (d *delegation) failAt(gen, now bool, code, text string) {
	d.problems = append(d.problems, problem{code, text, gen, now})
}

// parseLink reads a delegation. Consent format 1, 4.
func parseLink(raw string) (*link, *SyntaxError) {
	c, err := parseCompact(raw, tokenForm)
	if err != nil {
		return nil, err
	}
	if c.closed || c.header.get("typ").text != "consent-delegation+jwt" {
		return nil, &SyntaxError{Path: "header.typ", Reason: "not consent-delegation+jwt"}
	}
	m := &members{path: "payload", of: c.payload}
	l := &link{c: c, alg: c.header.get("alg").text, kid: c.header.get("kid").text, iss: m.text("iss"), sub: m.text("sub")}
	if c.header.get("kid").kind != jsonString || l.kid == "" {
		return nil, &SyntaxError{Path: "header.kid", Reason: "missing"}
	}
	for _, name := range []string{"iss", "sub", "jti"} {
		if m.text(name) == "" {
			m.bad(name, "missing")
		}
	}
	if iat, exp := m.date("iat"), m.date("exp"); iat == nil || exp == nil {
		m.bad("exp", "iat or exp is missing")
	} else {
		l.iat, l.exp = *iat, *exp
	}
	if n := m.integer("max_depth"); n == nil || *n < 0 {
		m.bad("max_depth", "not a number of links")
	} else {
		l.maxDepth = *n
	}
	if d := m.object("delegate"); d == nil {
		m.bad("delegate", "missing")
	} else {
		l.delegate = d.text("id")
		if l.delegate == "" {
			d.bad("id", "missing")
		}
		if j := d.object("jwk"); j == nil {
			d.bad("jwk", "missing")
		} else if key, err := keyOf(j.of); err != nil {
			d.bad("jwk", "not a key that the format allows")
		} else {
			l.key = key
		}
		m.take(d)
	}
	if s := m.object("consent"); s == nil {
		m.bad("consent", "missing")
	} else {
		l.scope = decodeScope(s)
		m.take(s)
	}
	if m.err != nil {
		return nil, m.err
	}
	return l, nil
}

// chain verifies the delegations of a token, root first. Consent format 1, 4.
func (c *checker) chain(t *Token) *delegation {
	d := &delegation{}
	raw := t.Consent.Chain
	if len(raw) == 0 {
		d.fail(true, "consent.delegation.missing", "the chain is empty")
		return d
	}
	if len(raw) > maxLinks {
		d.fail(true, "consent.delegation.depthExceeded", "the chain has "+strconv.Itoa(len(raw))+" links, "+strconv.Itoa(maxLinks)+" are allowed")
		return d
	}
	links := make([]*link, len(raw))
	for i, text := range raw {
		l, err := parseLink(text)
		if err != nil {
			d.fail(true, "consent.delegation.broken", "link "+strconv.Itoa(i)+": "+err.Error())
			return d
		}
		links[i] = l
	}
	if c.linkKeys(d, links); d.fatal {
		return d
	}
	c.linkRules(d, links)
	c.linkTimes(d, links)
	c.rootRules(d, t, links[0])
	end := links[len(links)-1]
	d.id, d.key, d.last, d.exp = end.delegate, end.key, end.scope, end.exp
	if t.Issuer != d.id {
		d.fail(true, "consent.delegation.broken", "the token's issuer is not the last delegate")
	}
	return d
}

// linkKeys verifies issuer, subject and signature of every link.
func (c *checker) linkKeys(d *delegation, links []*link) {
	for i, l := range links {
		broken := func(why string) { d.fail(true, "consent.delegation.broken", "link "+strconv.Itoa(i)+": "+why) }
		var key *Key
		if i == 0 {
			if d.root = c.trust.Entry(l.iss); d.root == nil {
				broken("its issuer is on no consent trust list")
				return
			}
			k := d.root.key(l.kid)
			switch {
			case k == nil || !k.window(l.iat) || !k.permits(UseToken):
				broken("the key is not the issuer's, or not then, or not for this")
				return
			case k.void(l.iat, c.timeOf()):
				d.fail(true, "consent.issuer.keyRevoked", "the key that signed the root of the chain was revoked")
				return
			}
			key = k.Key
		} else {
			key = links[i-1].key
			if l.iss != links[i-1].delegate {
				broken("its issuer is not the delegate of the link before")
				return
			}
			if key.kid != "" && key.kid != l.kid {
				broken("its key is not the delegate's")
				return
			}
		}
		if !key.verify(l.alg, l.c.input, l.c.signature) {
			broken("its signature does not verify")
			return
		}
		if l.sub != links[0].sub {
			broken("it is for another subject")
			return
		}
	}
}

// linkRules holds the links against each other: no issuer twice, depth, scope, end.
func (c *checker) linkRules(d *delegation, links []*link) {
	seen := map[string]bool{links[0].iss: true}
	for i, l := range links {
		if seen[l.delegate] {
			d.fail(false, "consent.delegation.cycle", "somebody stands in the chain twice")
		}
		seen[l.delegate] = true
		if left := int64(len(links) - i); left > l.maxDepth || l.maxDepth > maxLinks {
			d.fail(false, "consent.delegation.depthExceeded", "link "+strconv.Itoa(i)+" allows fewer links than there are, or more than the format")
		}
		if i == 0 {
			continue
		}
		if e := c.trust.Entry(l.iss); e != nil && !e.delegates() {
			d.fail(false, "consent.issuer.roleNotPermitted", "link "+strconv.Itoa(i)+": its issuer's own role may not delegate")
		}
		if l.exp > links[i-1].exp || !l.scope.within(links[i-1].scope) {
			d.fail(false, "consent.delegation.scopeWidened", "link "+strconv.Itoa(i)+" grants more than the link before, or for longer")
		}
	}
}

func (i *Issuer) delegates() bool {
	for _, name := range i.Roles {
		if roles[name].delegate {
			return true
		}
	}
	return false
}

// linkTimes holds the links against both clocks.
func (c *checker) linkTimes(d *delegation, links []*link) {
	at, now := c.timeOf().At.Unix(), c.now.Unix()
	for i, l := range links {
		if l.iat > now+skew {
			d.fail(false, "consent.token.notYetValid", "link "+strconv.Itoa(i)+" of the chain is dated in the future")
		}
		if gen, today := l.exp < at, l.exp < now; gen || today {
			d.failAt(gen, today, "consent.delegation.expired", "link "+strconv.Itoa(i)+" of the chain had ended")
		}
	}
}

// rootRules says whether the root may delegate, for this subject.
func (c *checker) rootRules(d *delegation, t *Token, root *link) {
	for _, name := range d.root.Roles {
		if r := roles[name]; r.delegate && (d.rootRole == "" || r.authority == t.Consent.Authority) {
			d.rootRole = name
		}
	}
	if d.rootRole == "" {
		d.fail(false, "consent.issuer.roleNotPermitted", "the role of the chain's root may not delegate")
		return
	}
	var ok bool
	if d.subject, ok = parseSubject(root.sub); !ok || !c.speaksFor(d.root, &d.subject, c.timeOf().At) || d.rootRole == "agency" && d.root.Mode != "roster" {
		d.fail(false, "consent.issuer.notAuthorizedForSubject", "the root of the chain may not speak for its subject")
	}
	if d.rootRole == "agency" && len(t.Consent.Chain) > 1 {
		d.fail(false, "consent.delegation.depthExceeded", "an agency delegates one step only")
	}
}

// hold holds the token against its chain.
func (d *delegation) hold(t *Token) {
	same := t.Subject == d.subject.String()
	if t.Subject == "" {
		same = t.SubjectCommit != "" && commits(t.SubjectCommit, t.salt, d.subject)
	}
	if !same {
		d.fail(false, "consent.delegation.broken", "the chain is for another subject than the token")
	}
	if t.Expires != nil && *t.Expires > d.exp || !t.Consent.within(d.last) {
		d.fail(false, "consent.delegation.scopeWidened", "the token grants more than was delegated, or for longer")
	}
}

// within says whether a scope lies inside another: nothing permitted that the other does not permit, nothing left out
// that it excludes. Terms are compared as written, known or not.
func (s *Scope) within(top *Scope) bool {
	plain := func(list, of []string) bool {
		for _, t := range list {
			if !contains(of, t) {
				return false
			}
		}
		return true
	}
	limited := func(list, of []string, absentOpens bool, in func(term, top string) bool) bool {
		if of == nil && absentOpens || contains(of, everything) {
			return true
		}
		if list == nil && absentOpens {
			return false
		}
		for _, t := range list {
			if !covered(t, of, in) {
				return false
			}
		}
		return true
	}
	for _, term := range top.Exclude {
		if !covered(term, s.Exclude, under) {
			return false
		}
	}
	return plain(s.Modality, top.Modality) && plain(s.Operation, top.Operation) &&
		limited(s.Purpose, top.Purpose, false, under) &&
		limited(s.Territory, top.Territory, true, territoryUnder) &&
		limited(s.Channel, top.Channel, true, same) &&
		limited(s.Works, top.Works, true, same)
}
