package consent

import "slices"

// The states of a person or a work at one clock. Consent format 1, 8.
const (
	StateUnresolved     = "unresolved"
	StateRefused        = "refused"
	StateVerified       = "verified"
	StateInvalid        = "invalid"
	StateRevoked        = "revoked"
	StateExpired        = "expired"
	StateOutOfScope     = "out-of-scope"
	StateNotRequired    = "not-required"
	StateExemptDeclared = "exempt-declared"
	StateDeclared       = "declared"
	StateUndeclared     = "undeclared"
)

// states stand in the order in which the first that holds is taken; unresolved by conflict comes before all.
var states = []string{
	StateRefused, StateVerified, StateInvalid, StateRevoked, StateExpired, StateOutOfScope, StateUnresolved,
	StateNotRequired, StateExemptDeclared, StateDeclared, StateUndeclared,
}

// States returns the states, each once.
func States() []string { return slices.Clone(states) }

// class is what one token, or all of an entry's together, come to at one clock.
type class uint8

const (
	classNone      class = iota // says nothing here: a refusal of something else, or one that has ended
	classInvalid                // a failure that no other class knows
	classRevoked                // revoked, or suspended
	classAbsent                 // at hand only by name, altered, over a limit, or by an issuer that nobody knows
	classExpired                // outside its time
	classScope                  // outside its scope, and nothing else
	classStatusDue              // everything holds, but its status must be known and is not
	classHolds                  // holds; its level says how much it is worth
)

// soft are the failures that a class of their own stands for; any other makes a token invalid.
var soft = map[string]class{
	"consent.token.revoked":         classRevoked,
	"consent.token.suspended":       classRevoked,
	"consent.token.expired":         classExpired,
	"consent.token.notYetValid":     classExpired,
	"consent.delegation.expired":    classExpired,
	"consent.scope.modality":        classScope,
	"consent.scope.operation":       classScope,
	"consent.scope.purpose":         classScope,
	"consent.scope.territory":       classScope,
	"consent.scope.channel":         classScope,
	"consent.scope.work":            classScope,
	"consent.scope.training":        classScope,
	"consent.scope.excludedContent": classScope,
}

// classify says what a token's outcome at one clock comes to. Of several failures the class that stands first in the
// table of states counts. Consent format 1, 8 (state of a person).
func classify(o outcome) class {
	if len(o.failures) == 0 {
		if o.unresolved {
			return classStatusDue
		}
		return classHolds
	}
	if len(o.failures) == 1 && (o.failures[0] == "consent.issuer.untrusted" || o.failures[0] == "consent.token.unavailable") {
		return classAbsent
	}
	worst := classScope
	for _, code := range o.failures {
		c, ok := soft[code]
		if !ok {
			return classInvalid
		}
		worst = min(worst, c)
	}
	return worst
}

// tokenState is the state that a token of the class would put a person in, for the report.
var tokenState = map[class]string{
	classNone: "not-applicable", classInvalid: StateInvalid, classRevoked: StateRevoked, classAbsent: StateUnresolved,
	classExpired: StateExpired, classScope: StateOutOfScope, classStatusDue: StateUnresolved, classHolds: "valid",
}

// level is an evidence level from 0 (nothing) to 5 (a clearance). Consent format 1, 8.
type level int

func (l level) String() string { return "E" + string(rune('0'+l)) }

// levelOf reads E0 to E5; anything else is nothing.
func levelOf(s string) level {
	if len(s) == 2 && s[0] == 'E' && s[1] >= '0' && s[1] <= '5' {
		return level(s[1] - '0')
	}
	return 0
}
