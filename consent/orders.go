package consent

import (
	"fmt"
	"time"

	"github.com/consentry/consentry/report"
)

// met finds the standing orders that meet an entry: the selector does at T, operation and modality intersect what the
// rendering needs, and the provider matches. Consent format 1, 7.
func (j *judge) met(u *unit, e *subjectJudge) []metOrder {
	j.offline(e)
	if len(j.books.issuers) == 0 {
		return nil
	}
	p := e.person
	need := orderNeed(p)
	if need == nil || p.Subject == nil {
		return nil
	}
	who := e.who
	if who == nil {
		e.find("consent.registry.noRecord", "named by a commitment only, which no token opens: no registry can be asked")
		return nil
	}
	t := u.check.timeOf()
	var out []metOrder
	for _, id := range j.books.issuers {
		b := j.books.byIssuer[id]
		for i := range b.orders {
			o := &b.orders[i]
			if !j.meets(u, p, b, o, *who, need, t.At) {
				continue
			}
			m := metOrder{
				name: o.name, issuer: id, override: o.override, bundle: fmt.Sprintf("bundle%s with the sequence %d", b.name, b.sequence), rank: orderRank(b.issuer, p.Work),
				generation: o.span.holds(t.At), now: o.span.holds(j.facts.Now),
			}
			if m.generation || m.now {
				out = append(out, m)
			}
		}
	}
	if len(out) == 0 {
		e.find("consent.registry.clear", "no standing order meets this entry, of those in %s at hand", report.Count(len(j.books.issuers), "bundle"))
	}
	return out
}

// recorded says whether an RSL-MEDIA record of the subject forbids what the entry needs, and reports one that permits.
// A prohibition is a refusal of the subject's own; a permission is worth E2 and satisfies nobody, least of all a minor.
// Consent format 1, 9.
func (j *judge) recorded(e *subjectJudge) bool {
	need := orderNeed(e.person)
	if e.who == nil || len(j.books.records) == 0 {
		return false
	}
	if contains(j.terms.Use.Operation, "train") {
		need = append(need[:len(need):len(need)], "train")
	}
	id, forbids := e.who.String(), false
	for _, r := range j.books.records {
		forbids = forbids || overlap(need, r.prohibit[id])
		if r.permit[id] && !e.entry.minor {
			e.find("consent.registry.permission", "an RSL-MEDIA record permits such a use: worth E2 at most, and no token")
		}
	}
	if forbids {
		e.find("consent.registry.refused", "an RSL-MEDIA record of this subject forbids such a use")
	}
	return forbids
}

// offline notes that an issuer's right to speak could not be looked up: its roster is not at hand.
func (j *judge) offline(e *subjectJudge) {
	for _, h := range e.tokens {
		t := h.result.token
		if t == nil {
			continue
		}
		if i := j.trust.List.Entry(t.Issuer); i != nil && i.Mode == "roster" && j.books.byIssuer[i.ID] == nil {
			e.find("consent.registry.offline", "no bundle of %q is at hand: whom it represents is not known", clip(i.ID))
		}
	}
}

// orderNeed is what an entry needs in the eyes of a standing order: somebody who opted out and is called invented is
// met all the same. nil: nothing.
func orderNeed(p *Person) []string {
	if !p.Work && (p.Kind == "synthetic" || p.Kind == "fictional") && p.Subject != nil && p.Rendering != "authentic" && p.Rendering != "none" {
		return []string{"generate"}
	}
	return needs(p.Work, p.Kind, p.Rendering, p.Modality)
}

// opened is the entry's subject where it is known: named, or opened by a token that verifies. Consent format 1, 3.2.
func (e *subjectJudge) opened() *openSubject {
	s := e.person.Subject
	if s == nil {
		return nil
	}
	if s.Commit == "" {
		return &openSubject{s.Scheme, s.ID}
	}
	for _, h := range e.tokens {
		if r := h.result; r.verified && r.opened != nil {
			if _, ok := r.token.matchSubject(s); ok {
				return r.opened
			}
		}
	}
	return nil
}

// meets says whether an order meets an entry, whenever the order is in force.
func (j *judge) meets(u *unit, p *Person, b *Registry, o *order, who openSubject, need []string, at time.Time) bool {
	if orderRank(b.issuer, p.Work) == rankNobody || !b.selects(j.books, o, who, at) {
		return false
	}
	if !overlap(need, o.operation) || !p.Work && !overlap(p.Modality, o.modality) {
		return false
	}
	if contains(o.providers, everything) {
		return true
	}
	if g := u.assertion.Generation; g != nil && contains(o.providers, g.Provider) {
		return true
	}
	return overlap(o.providers, u.check.providers())
}

// selects says whether the order's selector meets a subject at a time. An agency's order reaches its roster only, a
// performer's themselves only.
func (b *Registry) selects(books *registries, o *order, who openSubject, at time.Time) bool {
	switch o.selector {
	case "roster":
		if !b.holds(who, at) {
			return false
		}
	case "ids":
		if !o.ids[who.String()] {
			return false
		}
	case "hash":
		if !o.ids[b.hash(who)] {
			return false
		}
	default:
		return false
	}
	i := b.issuer
	switch i.Mode {
	case "list":
		return i.ids[who.String()]
	case "roster":
		return books.roster(i.ID, who, at)
	case "any":
		return true
	}
	return i.HasRole("registry") || i.HasRole("guild") // of public standing; the others speak for nobody they do not name
}

// orderRank is the highest rank of the issuer's roles that may give orders; rankNobody where none may.
func orderRank(i *Issuer, work bool) int {
	highest := rankNobody
	for _, name := range i.Roles {
		if roles[name].orders && work == (name == "rightsholder") {
			highest = max(highest, rank(name))
		}
	}
	return highest
}

// consulted recomputes what registries were said to have answered, with the same bundle at hand.
// Consent format 1, 7 (consulted).
func (j *judge) consulted() {
	for _, u := range j.units {
		for i, c := range u.assertion.Consulted {
			b := j.books.byIssuer[c.Registry]
			if b == nil || b.digest != c.S256 {
				continue // another bundle than the one that was asked: nothing can be said
			}
			for _, e := range u.people {
				said, asked := c.Answers[e.person.ID]
				if !asked {
					continue
				}
				answer, known := j.answer(u, e, b, c.AsOf)
				if known && answer != said {
					f := j.find("consent.declaration.contradicted", u.uri, "%q is said to have answered %q for %q, and the same bundle says %q", clip(c.Registry), said, e.name, answer)
					f.Where, f.Person = indexed("consulted", i), e.name
					j.out.Contradicted = append(j.out.Contradicted, f.Explanation)
				}
			}
		}
	}
}

// answer is what a bundle's orders say of an entry at a time.
func (j *judge) answer(u *unit, e *subjectJudge, b *Registry, at time.Time) (answer string, known bool) {
	p := e.person
	need := orderNeed(p)
	if need == nil || p.Subject == nil {
		return "none", true
	}
	who := e.who
	if who == nil {
		return "", false
	}
	for i := range b.orders {
		if o := &b.orders[i]; o.span.holds(at) && j.meets(u, p, b, o, *who, need, at) {
			return "refuse", true
		}
	}
	return "none", true
}
