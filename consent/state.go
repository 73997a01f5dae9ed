package consent

import (
	"fmt"
	"slices"
)

// state finds the state of an entry at one clock: the first row of the table that holds. Consent format 1, 8.
func (j *judge) state(u *unit, e *subjectJudge, now bool) verdict {
	s := sum{best: classNone}
	for _, h := range e.tokens {
		s.add(u, h, now)
	}
	identity := j.identity(u, e)
	base := j.base(u, e)
	reached := max(s.level, base)
	least := levelOf(j.terms.MinLevel)

	forbidden, conflict := j.authority(u, e, s, now)
	switch stands := s.level >= 3 || identity >= 3; {
	case conflict:
		return verdict{StateUnresolved, reached}
	case forbidden, e.person.Basis == "refused" && !stands:
		return verdict{StateRefused, reached}
	case s.best == classHolds && s.level >= least, identity > 0 && identity >= least:
		return verdict{StateVerified, max(s.level, identity)}
	case stands: // what is wrong with other tokens is reported; the one that stands is weaker than is asked for
		return verdict{StateDeclared, max(reached, identity)}
	case s.seen[classInvalid]:
		return verdict{StateInvalid, reached}
	case s.seen[classRevoked]:
		return verdict{StateRevoked, reached}
	}
	switch s.best {
	case classExpired:
		return verdict{StateExpired, reached}
	case classScope:
		if s.seen[classExpired] { // neither is better: the row that stands first
			return verdict{StateExpired, reached}
		}
		return verdict{StateOutOfScope, reached}
	case classStatusDue, classAbsent:
		return verdict{StateUnresolved, reached}
	}
	p := e.person
	switch {
	case needs(p.Work, p.Kind, p.Rendering, p.Modality) == nil:
		return verdict{StateNotRequired, reached}
	case p.Basis == "exempt" || p.Exemption != "":
		return verdict{StateExemptDeclared, reached}
	case s.best == classHolds, p.Basis == "token", identity > 0:
		return verdict{StateDeclared, max(reached, identity)}
	}
	return verdict{StateUndeclared, 0}
}

// base is what the declaration is worth by itself. Consent format 1, 8 (E0 to E2).
func (j *judge) base(u *unit, e *subjectJudge) level {
	switch p := e.person; {
	case p.Basis == "" || p.Basis == "unknown":
		if len(p.Tokens) == 0 && p.Exemption == "" {
			return 0
		}
	case p.Basis == "not-required" && needs(p.Work, p.Kind, p.Rendering, p.Modality) != nil:
		return 0
	}
	return min(2, u.most)
}

// sum is what an entry's tokens come to at one clock.
type sum struct {
	best   class
	level  level // of the best token that holds
	seen   [classHolds + 1]bool
	grants []grant
	no     []forbidding
}

// grant is a token that permits, at E3 at least. Consent format 1, 7.
type grant struct {
	issuer string
	role   string
	direct bool
}

// forbidding is a refusal token or a standing order that forbids.
type forbidding struct {
	issuer string
	rank   int
}

func (s *sum) add(u *unit, h *held, now bool) {
	o := h.result.atGeneration
	if now {
		o = h.result.atNow
	}
	c := classify(o)
	if t := h.result.token; h.result.verified && t.refusal() {
		if o.refusal {
			s.no = append(s.no, forbidding{t.Issuer, rank(h.result.role)})
		}
		if c != classInvalid {
			return // one of something else, or one that has ended, says nothing here
		}
	}
	s.seen[c] = true
	s.best = max(s.best, c)
	if c != classHolds {
		return
	}
	worth := min(levelOf(o.level), u.most)
	s.level = max(s.level, worth)
	if worth >= 3 {
		s.grants = append(s.grants, grant{h.result.token.Issuer, h.result.role, h.result.direct})
	}
}

// identity is what a trusted identity assertion of that very person is worth: E5 where it references the hard binding
// and the consent assertion, E3 with the hard binding alone. The caps of tokens do not apply; those of the declaration
// that says who the person is do. Consent format 1, 9.
func (j *judge) identity(u *unit, e *subjectJudge) level {
	p := e.person
	if p.Work || p.Subject == nil || p.Kind == "deceased" || e.entry.minor {
		return 0 // a work has no identity; the dead and minors do not sign for themselves
	}
	best := level(0)
	for _, i := range u.source.identities {
		if !i.Trusted || i.Actor == nil || *i.Actor != *p.Subject || !i.references("hardBinding") {
			continue
		}
		l := level(3)
		if i.references("consent") {
			l = 5
		}
		if p.Subject.Scheme == "name" {
			l = 2 // two people may bear one name
		}
		best = max(best, min(l, u.most))
	}
	return best
}

// ranks of those who may speak for a person. Consent format 1, 7 (precedence).
const (
	rankNobody = iota
	rankPlatform
	rankGuild
	rankAgency
	rankGuardian
	rankSelf
)

func rank(role string) int {
	switch role {
	case "performer", "rightsholder":
		return rankSelf
	case "guardian", "estate":
		return rankGuardian
	case "agency":
		return rankAgency
	case "guild", "registry":
		return rankGuild
	case "platform":
		return rankPlatform
	}
	return rankNobody
}

// recordIssuer stands for whoever wrote an RSL-MEDIA record. No issuer bears it: a trust list's ids are not empty.
const recordIssuer = "an RSL-MEDIA record"

// authority weighs those who forbid against those who permit. Consent format 1, 7.
func (j *judge) authority(u *unit, e *subjectJudge, s sum, now bool) (forbidden, conflict bool) {
	no := s.no
	var ordered *metOrder // the first that is not lifted
	for _, o := range e.orders {
		if !o.at(now) || o.lifted(s.grants) {
			continue
		}
		if o.override == "none" {
			e.find("consent.registry.refused", "%s forbids this, and nothing lifts it", o.words())
			return true, false
		}
		if ordered == nil {
			ordered = &o
		}
		no = append(no, forbidding{o.issuer, o.rank})
	}
	if e.recorded {
		no = append(no, forbidding{recordIssuer, rankSelf})
	}
	if len(no) == 0 {
		return false, false
	}
	highest := slices.MaxFunc(no, func(a, b forbidding) int { return a.rank - b.rank })
	for _, g := range s.grants {
		if rank(g.role) == highest.rank && !alsoForbids(no, g.issuer, highest.rank) {
			e.find("consent.registry.conflict", "%q forbids and %q grants, and neither stands above the other", clip(highest.issuer), clip(g.issuer))
			return false, true
		}
	}
	if ordered != nil {
		e.find("consent.registry.refused", "%s forbids this, and no token lifts it", ordered.words())
	}
	return true, false
}

// alsoForbids says that the issuer of a grant forbids too: of one issuer the refusal wins.
func alsoForbids(no []forbidding, issuer string, rank int) bool {
	return slices.ContainsFunc(no, func(n forbidding) bool { return n.issuer == issuer && n.rank == rank })
}

// metOrder is a standing order that meets an entry.
type metOrder struct {
	name, issuer, override string
	bundle                 string // in words
	rank                   int
	generation, now        bool // in force at the clock
}

// words names the order, whose it is, and the bundle that it stands in.
func (o metOrder) words() string {
	return fmt.Sprintf("the standing order %q of %q (%s)", clip(o.name), clip(o.issuer), o.bundle)
}

func (o metOrder) at(now bool) bool {
	if now {
		return o.now
	}
	return o.generation
}

// lifted says whether a token lifts the order. Consent format 1, 7 (override).
func (o metOrder) lifted(grants []grant) bool {
	for _, g := range grants {
		switch o.override {
		case "grant":
			if r := rank(g.role); r >= rankGuardian || g.issuer == o.issuer || r > o.rank {
				return true
			}
		case "self":
			if (g.role == "performer" || g.role == "rightsholder") && g.direct {
				return true
			}
		}
	}
	return false
}
