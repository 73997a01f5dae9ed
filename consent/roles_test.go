package consent

import (
	"testing"
	"time"
)

// TestWhoMaySpeakForWhom: anybody's, those that a list names, or the members of a roster at that time.
// Consent format 1, 3.2 and 4.
func TestWhoMaySpeakForWhom(t *testing.T) {
	ada, pat := &openSubject{"hand", "ada"}, &openSubject{"hand", "pat"}
	issuer := func(mode string) *Issuer { return &Issuer{ID: agent, Mode: mode, ids: set("hand:ada")} }
	members := func(id string, s openSubject, at time.Time) bool {
		return id == agent && s == *ada && at.Equal(made)
	}
	for _, c := range []struct {
		name   string
		issuer *Issuer
		who    *openSubject
		roster func(string, openSubject, time.Time) bool
		at     time.Time
		want   bool
	}{
		{"nobody", nil, ada, members, made, false},
		{"for somebody whom nothing opens", issuer("any"), nil, members, made, false},
		{"for anybody", issuer("any"), pat, nil, made, true},
		{"for one of a list", issuer("list"), ada, nil, made, true},
		{"for one whom the list does not name", issuer("list"), pat, members, made, false},
		{"for one of a roster", issuer("roster"), ada, members, made, true},
		{"for one of a list that is not asked", issuer("roster"), ada, func(string, openSubject, time.Time) bool { return false }, made, false},
		{"for one who is not on the roster", issuer("roster"), pat, members, made, false},
		{"for one who was on the roster", issuer("roster"), ada, members, today, false},
		{"with a roster that is not at hand", issuer("roster"), ada, nil, made, false},
		{"for nobody, since the list names no mode", issuer(""), ada, members, made, false},
	} {
		if got := (&checker{roster: c.roster}).speaksFor(c.issuer, c.who, c.at); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

// TestWhatARoleMaySign is the table of section 4, but for its conditions.
func TestWhatARoleMaySign(t *testing.T) {
	for name, want := range map[string]struct{ grant, clearance, refusal, orders, delegates bool }{
		"performer":    {true, true, true, true, true},
		"guardian":     {true, true, true, false, false},
		"estate":       {true, true, true, false, true},
		"agency":       {true, true, true, true, true},
		"guild":        {false, false, true, true, false},
		"studio":       {true, true, false, false, false},
		"platform":     {true, true, true, false, false},
		"rightsholder": {true, true, true, true, true},
		"registry":     {false, false, false, true, false},
		"provider":     {},
		"oracle":       {}, // stands in no row
	} {
		r := roles[name]
		if r.may("grant") != want.grant || r.may("clearance") != want.clearance || r.may("refusal") != want.refusal || r.orders != want.orders || r.delegate != want.delegates {
			t.Errorf("%s: %+v", name, r)
		}
		if got := (&Issuer{Roles: []string{"provider", name}}).delegates(); got != want.delegates {
			t.Errorf("%s delegates: %v", name, got)
		}
	}
}

// TestTheRoleOfAnAuthority: an issuer speaks in the first role that bears the authority. Consent format 1, 3 (authority).
func TestTheRoleOfAnAuthority(t *testing.T) {
	for _, c := range []struct {
		issuer          *Issuer
		authority, want string
	}{
		{nil, "self", ""},
		{&Issuer{}, "self", ""},
		{&Issuer{Roles: []string{"performer"}}, "self", "performer"},
		{&Issuer{Roles: []string{"performer"}}, "performer", ""},
		{&Issuer{Roles: []string{"guild", "agency"}}, "agency", "agency"},
		{&Issuer{Roles: []string{"oracle"}}, "oracle", ""},
		{&Issuer{Roles: []string{"oracle"}}, "", ""}, // a role of no row has no authority, and neither has a token of none
	} {
		if got := c.issuer.roleOf(c.authority); got != c.want {
			t.Errorf("%+v as %q: %q", c.issuer, c.authority, got)
		}
	}
}

// TestWhomAnIssuersListOpens: a commitment is opened by its salt, among those whom the list names. Consent format 1, 3.2.
func TestWhomAnIssuersListOpens(t *testing.T) {
	salt := []byte("0123456789abcdef")
	ada := Commit(salt, "hand", "ada")
	listed := &Issuer{IDs: []string{"ada", "hand:pat", "hand:ada"}}
	for _, c := range []struct {
		name   string
		issuer *Issuer
		token  Token
		want   string // empty: nobody
	}{
		{"one of the list", listed, Token{SubjectCommit: ada, salt: salt}, "hand:ada"},
		{"an issuer in no list", nil, Token{SubjectCommit: ada, salt: salt}, ""},
		{"no salt", listed, Token{SubjectCommit: ada}, ""},
		{"another salt", listed, Token{SubjectCommit: ada, salt: []byte("fedcba9876543210")}, ""},
		{"no commitment, and a salt that commits to nothing", listed, Token{salt: []byte("short")}, ""},
		{"somebody whom the list does not name", listed, Token{SubjectCommit: Commit(salt, "hand", "kim"), salt: salt}, ""},
		{"an id of the list that is no subject", listed, Token{SubjectCommit: Commit(salt, "ada", ""), salt: salt}, ""},
	} {
		got := ""
		if s := c.issuer.open(&c.token); s != nil {
			got = s.String()
		}
		if got != c.want {
			t.Errorf("%s: %q", c.name, got)
		}
	}
}
