package consent

import (
	"fmt"

	"github.com/consentry/consentry/report"
)

// Spans in seconds. Consent format 1, 3.
const (
	day       = 86_400
	year      = 31_557_600 // 365.25 days
	skew      = 300        // a clock may be this far ahead
	shortLife = 7 * day
	maxLife   = 10 * year
	maxMinor  = 5 * year
)

// check is one token held against one entry.
type check struct {
	c         *checker
	read      *reading
	token     *Token
	entry     *entry // nil: nobody names the token
	t         Time
	res       *tokenResult
	role      string // the token's issuer's; empty: a delegate that no list knows
	confirmed bool   // cnf holds
	bindings  []string
	weak      bool // E2 at most
	capped    bool // E3 at most
}

// check holds a token against an entry: first what it proves for itself, then the rows of the tables of section 3.
// Every row is judged, so that a report can say all that is wrong.
func (c *checker) check(in tokenInput) *tokenResult {
	read := c.readToken(in.raw)
	res := &tokenResult{token: read.token, verified: read.verified, binding: "B0"}
	k := &check{c: c, read: read, token: read.token, entry: in.entry, t: c.timeOf(), res: res}
	res.findings = c.room(read.findings)
	if !read.verified {
		for _, f := range read.findings {
			res.atGeneration.failures = append(res.atGeneration.failures, f.Code)
			res.atNow.failures = append(res.atNow.failures, f.Code)
		}
		res.atGeneration.level, res.atNow.level = "E2", "E2"
		return res
	}
	k.rows(in.stapled)
	k.conclude()
	return res
}

// rows judges the rows of both tables of section 3, in their order.
func (k *check) rows(stapled string) {
	t := k.token
	if t.Consent == nil {
		k.fail("consent.token.missingClaim", "the token has no member consent")
		return
	}
	k.authority()
	k.subject()
	k.audience()
	k.identifier()
	k.dates()
	if !k.c.standalone {
		k.confirmation()
	}
	k.status(stapled)
	k.required()
	if t.Consent.Type != "refusal" && k.entry != nil {
		for _, code := range k.c.scopeFailures(t, k.entry, k.alone()) {
			row, _ := report.Lookup(code)
			k.fail(code, "%s", row.Title)
		}
	}
	k.subjectStatus()
	k.informed()
	if k.c.standalone {
		if t.Consent.Type == "clearance" && t.Consent.Asset == nil {
			k.fail("consent.binding.missing", "a clearance names no content")
		}
		return
	}
	k.undeclared()
	k.bind()
}

// fail notes a failure at both clocks.
func (k *check) fail(code, format string, args ...any) { k.failAt(true, true, code, format, args...) }

// failAt notes a failure at one clock or both; at none, it is reported and counts nowhere.
func (k *check) failAt(gen, now bool, code, format string, args ...any) {
	k.find(code, format, args...)
	if gen {
		k.res.atGeneration.failures = append(k.res.atGeneration.failures, code)
	}
	if now {
		k.res.atNow.failures = append(k.res.atNow.failures, code)
	}
}

func (k *check) find(code, format string, args ...any) {
	k.note(code, fmt.Sprintf(format, args...))
}

// note is find for a text that is there already.
func (k *check) note(code, text string) {
	k.res.findings = append(k.res.findings, report.New(code, "", text))
}

// usualFindings is how many findings a token has that holds; usualRoom, for how many tokens room is made at once.
const (
	usualFindings = 7
	usualRoom     = 64
)

// room makes a list of findings that begins with some. 256 people with 256 tokens each have half a million findings:
// their lists are cut from larger pieces.
func (c *checker) room(first []report.Finding) []report.Finding {
	n := len(first) + usualFindings
	if cap(c.spare)-len(c.spare) < n {
		c.spare = make([]report.Finding, 0, max(n, usualFindings*usualRoom))
		if c.tokens++; c.tokens == 1 { // most files have a token or two
			c.spare = make([]report.Finding, 0, n)
		}
	}
	at := len(c.spare)
	c.spare = c.spare[:at+n]
	return append(c.spare[at:at:at+n], first...)
}

// minor and dead: the file's word beats the token's. Consent format 1, 3 (subject_status).
func (k *check) minor() bool {
	return k.entry != nil && k.entry.minor || k.token.Consent.SubjectStatus == "minor"
}

func (k *check) dead() bool {
	return k.entry != nil && k.entry.kind == "deceased" || k.token.Consent.SubjectStatus == "deceased"
}

// alone says that the person signed, with a key of their own, as an adult: who alone may permit intimate content.
func (k *check) alone() bool {
	s := k.token.Consent
	return k.res.role == "performer" && k.res.direct && s.Authority == "self" && s.Custody == "self" && s.SubjectStatus == "adult" && !k.minor() && !k.dead()
}

// authority judges whether the issuer's role may sign this, and the chain behind it. Consent format 1, 4.
func (k *check) authority() {
	s, r := k.token.Consent, k.read
	for _, p := range r.problems {
		k.failAt(p.atGen, p.atNow, p.code, "%s", p.text)
	}
	if s.Authority == "" || s.Type == "" {
		return // told with the members that are missing
	}
	k.role = r.issuer.roleOf(s.Authority)
	if d := r.chain; d != nil {
		k.res.role = d.rootRole
		byRoot := d.rootRole != "" && roles[d.rootRole].authority == s.Authority
		if r.issuer != nil && k.role == "" && byRoot {
			for _, name := range r.issuer.Roles {
				if roles[name].may(s.Type) {
					k.role = name
				}
			}
		}
		switch {
		case r.issuer == nil && byRoot && roles[d.rootRole].may(s.Type):
		case r.issuer != nil && k.role != "" && roles[k.role].may(s.Type):
		default:
			k.fail("consent.issuer.roleNotPermitted", "neither the issuer's role nor the chain's may sign a %s with authority %q", clip(s.Type), clip(s.Authority))
			return
		}
	} else {
		k.res.role, k.res.direct = k.role, true
		switch {
		case k.role == "":
			k.fail("consent.issuer.roleNotPermitted", "the issuer has no role with authority %q", clip(s.Authority))
			return
		case !roles[k.role].may(s.Type):
			k.fail("consent.issuer.roleNotPermitted", "a %s may not sign a %s", k.role, clip(s.Type))
			return
		case k.role == "studio":
			k.fail("consent.delegation.missing", "a studio needs a delegation")
		}
	}
	k.conditions()
}

// conditions judges the last column of the table of roles.
func (k *check) conditions() {
	s := k.token.Consent
	if k.entry != nil && k.entry.work != (k.res.role == "rightsholder") {
		k.fail("consent.issuer.roleNotPermitted", "a rightsholder speaks for works, nobody else does, and for works only")
	}
	switch k.role {
	case "guardian":
		if !k.minor() {
			k.fail("consent.issuer.roleNotPermitted", "a guardian speaks for minors only")
		}
	case "estate":
		if !k.dead() {
			k.fail("consent.issuer.roleNotPermitted", "an estate speaks for the dead only")
		}
	case "studio":
		if len(s.Works) == 0 || contains(s.Works, everything) {
			k.fail("consent.token.missingClaim", "a studio's token must name its works")
		}
	case "platform":
		if a := k.token.Audience; s.Type != "refusal" && (len(a) != 1 || a[0] != k.token.Issuer) {
			k.fail("consent.issuer.roleNotPermitted", "a platform grants to itself alone")
		}
	}
}

// subject judges whom the token is for, and whether its issuer may speak for them. Consent format 1, 3.2.
func (k *check) subject() {
	t := k.token
	if t.Subject == "" && t.SubjectCommit == "" {
		k.fail("consent.token.missingClaim", "the token names no subject")
		return
	}
	opened, agrees := k.open()
	switch {
	case !agrees:
		k.fail("consent.token.subjectMismatch", "the token names its subject twice, and not the same one")
	case k.entry != nil:
		shown, matched := t.matchSubject(k.entry.subject)
		if !matched {
			k.fail("consent.token.subjectMismatch", "the token is not for this entry's subject")
		}
		if shown != nil {
			opened = shown
		}
	}
	k.res.opened = opened
	if opened != nil && opened.weak() {
		k.weak = true
	}
	if k.read.chain != nil {
		// The root's right to speak was judged with the chain; an agency or studio may do what it was lent.
		if k.role == "" || k.role == "agency" || k.role == "studio" {
			k.capped = k.capped || k.read.chain.root.Mode == "any"
			return
		}
	}
	if !k.c.speaksFor(k.read.issuer, opened, k.t.At) {
		k.fail("consent.issuer.notAuthorizedForSubject", "the trust list does not let %q speak for this subject", clip(t.Issuer))
	}
	k.capped = k.capped || k.read.issuer.Mode == "any" || k.read.chain != nil && k.read.chain.root.Mode == "any"
}

// open finds the subject of the token without an entry: by its own name, or a commitment among those whom the issuer's
// list or the chain names. agrees is false where the token names two: then it is for neither. Consent format 1, 3.2.
func (k *check) open() (opened *openSubject, agrees bool) {
	t := k.token
	if !t.subjectAgrees() {
		return nil, false
	}
	if own, ok := parseSubject(t.Subject); ok {
		return &own, true
	}
	if opened = k.read.issuer.open(t); opened == nil && k.read.chain != nil && commits(t.SubjectCommit, t.salt, k.read.chain.subject) {
		opened = &k.read.chain.subject
	}
	return opened, true
}

// identifier judges `jti`.
func (k *check) identifier() {
	if k.token.ID == "" {
		k.fail("consent.token.malformed", "the token has no jti")
	} else if k.c.clash[k.read.text] {
		k.fail("consent.token.malformed", "another token of this issuer has the same jti")
	}
}

// life is how long a token lives: from iat, or nbf where that is later, to exp.
func (t *Token) life() (seconds int64, ok bool) {
	if t.IssuedAt == nil || t.Expires == nil {
		return 0, false
	}
	from := *t.IssuedAt
	if t.NotBefore != nil {
		from = max(from, *t.NotBefore)
	}
	return *t.Expires - from, true
}

// dates judges iat, exp and nbf at both clocks. Consent format 1, 3 and 5.
func (k *check) dates() {
	t := k.token
	at, now := k.t.At.Unix(), k.c.now.Unix()
	if t.IssuedAt == nil || t.Expires == nil {
		k.fail("consent.token.missingClaim", "the token lacks iat or exp")
	}
	if t.IssuedAt != nil {
		switch {
		case *t.IssuedAt > now+skew:
			k.fail("consent.token.notYetValid", "the token is dated in the future")
		case *t.IssuedAt > at:
			k.find("consent.token.retroactive", "the token was issued after the content was made")
		}
	}
	if t.Expires != nil {
		switch gen, today := *t.Expires < at, *t.Expires < now; {
		case gen:
			when := "had expired when the content was made"
			if k.c.standalone {
				when = "has expired"
			}
			k.failAt(true, today, "consent.token.expired", "the token %s", when)
		case today:
			k.res.atNow.failures = append(k.res.atNow.failures, "consent.token.expired")
			k.find("consent.token.expiredSince", "the token has expired since the content was made")
		}
	}
	if life, ok := t.life(); ok && life > k.longest() {
		k.fail("consent.token.lifetimeExceeded", "the token lives for %d days, %d are allowed", life/day, k.longest()/day)
	}
	if t.NotBefore != nil {
		if gen, today := *t.NotBefore > at, *t.NotBefore > now; gen || today {
			k.failAt(gen, today, "consent.token.notYetValid", "the token was not valid yet")
		}
	}
}

// longest is how long this token may live, in seconds.
func (k *check) longest() int64 {
	longest := int64(maxLife)
	if k.minor() || k.role == "guardian" {
		longest = maxMinor
	}
	for _, i := range []*Issuer{k.read.issuer, k.root()} {
		if i != nil && i.MaxLifetime != nil {
			longest = min(longest, *i.MaxLifetime)
		}
	}
	return longest
}

func (k *check) root() *Issuer {
	if k.read.chain == nil {
		return nil
	}
	return k.read.chain.root
}

// required judges that the members are there without which a token says nothing.
func (k *check) required() {
	s := k.token.Consent
	for _, m := range []struct{ name, text string }{
		{"type", s.Type}, {"authority", s.Authority}, {"custody", s.Custody}, {"subject_status", s.SubjectStatus},
	} {
		if m.text == "" {
			k.fail("consent.token.missingClaim", "consent.%s is missing", m.name)
		}
	}
	if s.Type != "" && s.Type != "grant" && s.Type != "clearance" && s.Type != "refusal" {
		k.fail("consent.token.malformed", "the type %q is unknown", clip(s.Type))
	}
	switch s.SubjectStatus {
	case "", "adult", "minor", "deceased", "undisclosed":
	default:
		k.fail("consent.token.malformed", "the subject_status %q is unknown", clip(s.SubjectStatus))
	}
}

// undeclared notes that a limit cannot be held against a use that nobody declares.
func (k *check) undeclared() {
	if k.token.Consent.Type == "refusal" {
		return
	}
	if k.c.measure(k.token.Consent).unchecked {
		k.capped = true
		k.find("consent.use.undeclared", "the token is limited, and neither the declaration nor the policy says the use")
	}
}

// subjectStatus judges who must sign for minors and the dead. A refusal needs no guardian and no estate: it asks for
// nothing, and whoever may speak for the subject may say no.
func (k *check) subjectStatus() {
	s := k.token.Consent
	if s.Type == "refusal" || k.entry != nil && k.entry.work {
		return
	}
	if k.dead() {
		if k.res.role != "estate" {
			k.fail("consent.subject.estateMissing", "the subject is dead, and the token is not their estate's")
		}
		return
	}
	if k.minor() && k.res.role != "guardian" {
		if s.SubjectStatus != "minor" {
			k.fail("consent.subject.minor", "the file says that the subject is a minor, the token says %q", clip(s.SubjectStatus))
		}
		k.fail("consent.subject.guardianMissing", "the subject is a minor, and the token is not a guardian's")
	}
}

// informed notes what is reported, and what lowers the level without failing. Consent format 1, 3 and 8.
func (k *check) informed() {
	s := k.token.Consent
	if s.Custody != "self" {
		k.capped = true
		k.find("consent.issuer.managedCustody", "the key is kept by somebody else (custody %q)", clip(s.Custody))
	}
	if s.MaxUses != nil {
		k.find("consent.use.uncounted", "the token allows %d uses; they cannot be counted offline", *s.MaxUses)
	}
	have := map[string]bool{
		"licence": s.Licence != nil, "compensation": s.Compensation != "", "representation": s.Representation != "",
		"use_s256": s.UseDigest != "", "assurance": s.Assurance != "",
	}
	for _, name := range k.c.require {
		if !have[name] && s.Type != "refusal" {
			k.weak = true
			k.find("consent.token.missingClaim", "the policy asks for consent.%s, which the token lacks", clip(name))
		}
	}
}

// conclude finds the level at both clocks and gives the success codes. Consent format 1, 8 (evidence levels).
func (k *check) conclude() {
	res := k.res
	if k.token.Consent == nil {
		res.atGeneration.level, res.atNow.level = "E2", "E2"
		return
	}
	s := k.token.Consent
	refusal := s.Type == "refusal"
	meets := refusal && k.entry != nil && k.c.refuses(k.token, k.entry)
	for _, o := range []*outcome{&res.atGeneration, &res.atNow} {
		o.refusal = meets && len(o.failures) == 0
		o.level = k.level(o)
		if refusal {
			o.level = "E0"
		}
	}
	if res.atGeneration.refusal || res.atNow.refusal {
		k.find("consent.token.refusal", "%q refuses this use", clip(k.token.Issuer))
	}
	if k.read.issuer != nil {
		if k.read.trusted == "" {
			k.read.trusted = fmt.Sprintf("the issuer %q is on the consent trust list", clip(k.token.Issuer))
		}
		k.note("consent.issuer.trusted", k.read.trusted)
	}
	if !refusal && k.entry != nil && (len(res.atGeneration.failures) == 0 || len(res.atNow.failures) == 0) {
		k.note("consent.token.valid", "the token holds for this entry and the declared use")
		k.bound()
	}
}

func (k *check) level(o *outcome) string {
	if len(o.failures) > 0 || k.weak {
		return "E2"
	}
	r := k.res
	capped := k.capped || o.capped || k.t.Kind != "T2" || r.binding < "B2" || contains(k.token.Audience, everything) || k.role == "platform"
	if capped {
		return "E3"
	}
	person := r.role == "performer" || r.role == "guardian" || r.role == "estate"
	if k.token.Consent.Type == "clearance" && r.binding >= "B4" && person && r.direct {
		return "E5"
	}
	rostered := r.role == "agency" && r.direct && k.read.issuer.Mode == "roster"
	if person || r.role == "rightsholder" || rostered {
		return "E4"
	}
	return "E3"
}
