package consent

import "time"

// role is a row of the table of roles. Consent format 1, 4.
type role struct {
	authority string // the word in `consent.authority`
	grant     bool   // grants and clearances alike
	refusal   bool
	orders    bool
	delegate  bool
}

var roles = map[string]role{
	"performer":    {authority: "self", grant: true, refusal: true, orders: true, delegate: true},
	"guardian":     {authority: "guardian", grant: true, refusal: true},
	"estate":       {authority: "estate", grant: true, refusal: true, delegate: true},
	"agency":       {authority: "agency", grant: true, refusal: true, orders: true, delegate: true},
	"guild":        {authority: "guild", refusal: true, orders: true},
	"studio":       {authority: "studio", grant: true},
	"platform":     {authority: "platform", grant: true, refusal: true},
	"rightsholder": {authority: "rightsholder", grant: true, refusal: true, orders: true, delegate: true},
	"registry":     {authority: "registry", orders: true},
	"provider":     {authority: "provider"},
}

// may says whether the role may sign a token of that type.
func (r role) may(tokenType string) bool {
	if tokenType == "refusal" {
		return r.refusal
	}
	return r.grant
}

// roleOf returns the issuer's role that bears the authority; empty where it has none.
func (i *Issuer) roleOf(authority string) string {
	if i == nil {
		return ""
	}
	for _, name := range i.Roles {
		if r, known := roles[name]; known && r.authority == authority {
			return name
		}
	}
	return ""
}

// speaksFor says whether the issuer may speak for a subject at a time. A subject that could not be opened is nobody's.
// Consent format 1, 3.2 and 4.
func (c *checker) speaksFor(i *Issuer, s *openSubject, at time.Time) bool {
	if i == nil || s == nil {
		return false
	}
	switch i.Mode {
	case "any":
		return true
	case "list":
		return i.ids[s.String()]
	case "roster":
		return c.roster != nil && c.roster(i.ID, *s, at)
	}
	return false
}

// open finds the subject of a token that gives a commitment and its salt only, among those that the issuer's list
// names. Consent format 1, 3.2.
func (i *Issuer) open(t *Token) *openSubject {
	if i == nil {
		return nil
	}
	for _, id := range i.IDs {
		if s, ok := parseSubject(id); ok && commits(t.SubjectCommit, t.salt, s) {
			return &s
		}
	}
	return nil
}
