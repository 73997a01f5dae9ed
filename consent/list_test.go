package consent

import (
	"errors"
	"strings"
	"testing"
	"time"
)

const listURI = "https://performer.test/status"

func listInput(t testing.TB) StatusInput {
	return StatusInput{Key: testKey(t, "performer", "Ed25519"), Expires: "+30d", Now: made}
}

// TestStatusLists makes lists, changes them, and asks the reader of any file what they say of a token.
func TestStatusLists(t *testing.T) {
	for _, c := range []struct {
		name string
		bits int
		set  []StatusChange
		want string // of token 5, now: holds, or the failure's code
	}{
		{"all valid", 1, nil, "holds"},
		{"a neighbour revoked", 1, []StatusChange{{4, "invalid"}, {6, "invalid"}}, "holds"},
		{"revoked", 1, []StatusChange{{5, "invalid"}}, "consent.token.revoked"},
		{"revoked, of two bits", 2, []StatusChange{{5, "invalid"}}, "consent.token.revoked"},
		{"suspended", 2, []StatusChange{{5, "suspended"}}, "consent.token.suspended"},
		{"suspended and back", 2, []StatusChange{{5, "suspended"}, {5, "valid"}}, "holds"},
		{"suspended, then revoked", 2, []StatusChange{{5, "suspended"}, {5, "invalid"}}, "consent.token.revoked"},
	} {
		t.Run(c.name, func(t *testing.T) {
			list, err := BuildStatusList(listURI, 1000, c.bits, listInput(t))
			if err != nil {
				t.Fatal(err)
			}
			for _, one := range c.set {
				in := listInput(t)
				in.Expires, in.Now = "", made.Add(time.Hour)
				if list, err = ChangeStatusList(list, []StatusChange{one}, in); err != nil {
					t.Fatal(err)
				}
			}
			s, err := ShowStatusList(list)
			if err != nil || s.Size != 1000 || s.Bits != int64(c.bits) || s.Fresh.Sub(s.Issued) != 30*24*time.Hour {
				t.Errorf("%v, %+v", err, s)
			}
			w := newWorld(t)
			w.c.statusPolicy, w.c.now, w.c.status = StatusRequire, made.Add(2*time.Hour), newStatusLists([]string{list})
			r := w.c.check(tokenInput{raw: minted(t, aGrant()), entry: w.e})
			got := "holds"
			if r.atNow.unresolved {
				got = "open"
			}
			if len(r.atNow.failures) > 0 {
				got = r.atNow.failures[0]
			}
			if got != c.want {
				t.Errorf("%s, want %s: %v", got, c.want, r.findings)
			}
		})
	}
}

// TestStatusListsAreShown counts what stands in a list.
func TestStatusListsAreShown(t *testing.T) {
	list, err := BuildStatusList(listURI, 9, 2, listInput(t))
	if err != nil {
		t.Fatal(err)
	}
	if list, err = ChangeStatusList(list, []StatusChange{{0, "invalid"}, {8, "invalid"}, {3, "suspended"}}, listInput(t)); err != nil {
		t.Fatal(err)
	}
	s, err := ShowStatusList(list + "\n")
	if err != nil || s.Invalid != 2 || s.Suspended != 1 || s.Other != 0 || s.URI != listURI {
		t.Errorf("%v, %+v", err, s)
	}
	for i, want := range map[int64]string{0: "invalid", 1: "valid", 3: "suspended", 8: "invalid"} {
		if got, ok := s.At(i); !ok || got != want {
			t.Errorf("token %d: %q", i, got)
		}
	}
	for _, i := range []int64{-1, s.Size, 1 << 62} {
		if _, ok := s.At(i); ok {
			t.Errorf("token %d is in the list", i)
		}
	}
}

// TestStatusListsKeepTheirLife changes lists that say in different ways how long they hold.
func TestStatusListsKeepTheirLife(t *testing.T) {
	for name, c := range map[string]struct {
		expires string
		ttl     int64
		want    time.Duration // fresh after the change
	}{"an end": {"+2d", 0, 48 * time.Hour}, "a ttl": {"", 3600, time.Hour}, "both": {"+2d", 3600, time.Hour}} {
		in := listInput(t)
		in.Expires, in.TTL = c.expires, c.ttl
		list, err := BuildStatusList(listURI, 8, 1, in)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		in.Expires, in.TTL, in.Now = "", 0, made.Add(100*time.Hour)
		if list, err = ChangeStatusList(list, []StatusChange{{1, "invalid"}}, in); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if s, _ := ShowStatusList(list); s.Fresh.Sub(in.Now) != c.want {
			t.Errorf("%s: %+v", name, s)
		}
	}
}

// TestStatusListsTakeANewLife: what the change says of the end takes the place of all that the list said.
func TestStatusListsTakeANewLife(t *testing.T) {
	in := listInput(t)
	in.Expires, in.TTL = "+30d", 3600
	list, err := BuildStatusList(listURI, 8, 1, in)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		expires string
		ttl     int64
		want    time.Duration
	}{{"+2d", 0, 48 * time.Hour}, {"", 90 * 86400, 90 * 24 * time.Hour}} {
		in.Expires, in.TTL = c.expires, c.ttl
		changed, err := ChangeStatusList(list, nil, in)
		if err != nil {
			t.Fatal(err)
		}
		if s, err := ShowStatusList(changed); err != nil || s.Fresh.Sub(in.Now) != c.want {
			t.Errorf("%q and %d: %v, %+v", c.expires, c.ttl, err, s)
		}
	}
}

// TestStatusListsThatAreNotShown names what is no list.
func TestStatusListsThatAreNotShown(t *testing.T) {
	good := aList(2, packed(t, 64, 2, 6, 1))
	for name, c := range map[string]struct{ text, path string }{
		"no token":         {"x", ""},
		"does not inflate": {listToken(t, good.set("status_list.lst", "AAAA")), "payload.status_list.lst"},
		"of another typ":   {signAs(t, "consent+jwt", good, testKey(t, "performer", "Ed25519")), "header.typ"},
	} {
		s, err := ShowStatusList(c.text)
		var syntax *SyntaxError
		if s != nil || !errors.As(err, &syntax) || syntax.Path != c.path {
			t.Errorf("%s: %+v, %v", name, s, err)
		}
	}
}

// TestStatusListsThatAreNotMade names them.
func TestStatusListsThatAreNotMade(t *testing.T) {
	good := listInput(t)
	list, err := BuildStatusList(listURI, 8, 1, good)
	if err != nil {
		t.Fatal(err)
	}
	two, err := BuildStatusList(listURI, 8, 2, good)
	if err != nil {
		t.Fatal(err)
	}
	dead := signAs(t, "statuslist+jwt", aList(1, packed(t, 8, 1, 0, 0)).set("iat", made.Unix()).set("exp", made.Unix()).set("ttl", nil), good.Key)
	short := good
	short.Expires = ""
	change := func(c StatusChange, edit func(*StatusInput)) func() (string, error) {
		in := good
		if edit != nil {
			edit(&in)
		}
		return func() (string, error) { return ChangeStatusList(list, []StatusChange{c}, in) }
	}
	build := func(uri string, size int64, bits int, edit func(*StatusInput)) func() (string, error) {
		in := good
		if edit != nil {
			edit(&in)
		}
		return func() (string, error) { return BuildStatusList(uri, size, bits, in) }
	}
	for name, c := range map[string]struct {
		try  func() (string, error)
		want string
	}{
		"no uri":                     {build("list", 8, 1, nil), "no URI"},
		"no token":                   {build(listURI, 0, 1, nil), "there is room for 1"},
		"as many as fit":             {build(listURI, maxStatusInflated*4, 2, nil), ""},
		"one more than fits":         {build(listURI, maxStatusInflated*4+1, 2, nil), "there is room for"},
		"4 bits":                     {build(listURI, 8, 4, nil), "1 bit"},
		"no end":                     {build(listURI, 8, 1, func(in *StatusInput) { in.Expires = "" }), "how long it holds"},
		"ended":                      {build(listURI, 8, 1, func(in *StatusInput) { in.Expires = "2026-01-01" }), "no later time"},
		"an end too far off":         {build(listURI, 8, 1, func(in *StatusInput) { in.Expires = "+70000d" }), "no later time"},
		"a ttl of a century":         {build(listURI, 8, 1, func(in *StatusInput) { in.TTL = maxDate }), ""},
		"a ttl of more":              {build(listURI, 8, 1, func(in *StatusInput) { in.TTL = maxDate + 1 }), "a ttl of"},
		"a kid that no reader takes": {build(listURI, 8, 1, func(in *StatusInput) { in.Kid = strings.Repeat("k", 3000) }), "header"},
		"a key that is not its own": {build(listURI, 8, 1, func(in *StatusInput) {
			in.Key = &PrivateKey{Public: testKey(t, "guild", "Ed25519").Public, raw: in.Key.raw}
		}), "reads back otherwise"},
		"a key that does not sign": {build(listURI, 8, 1, func(in *StatusInput) { in.Key = &PrivateKey{Public: in.Key.Public} }), "sign"},
		"no list":                  {func() (string, error) { return ChangeStatusList("x", nil, good) }, "three parts"},
		"one that had no life":     {func() (string, error) { return ChangeStatusList(dead, nil, short) }, "reads back otherwise"},
		"an index past all bits":   {func() (string, error) { return ChangeStatusList(two, []StatusChange{{1 << 62, "invalid"}}, good) }, "no token"},
		"an end that is no time":   {build(listURI, 8, 1, func(in *StatusInput) { in.Expires = "soon" }), "no later time"},
		"a ttl that is past":       {build(listURI, 8, 1, func(in *StatusInput) { in.TTL = -1 }), "a ttl of -1"},
		"a word":                   {change(StatusChange{1, "gone"}, nil), "not valid, invalid or suspended"},
		"suspended in one bit":     {change(StatusChange{1, "suspended"}, nil), "cannot suspend"},
		"past the end":             {change(StatusChange{8, "invalid"}, nil), "no token 8"},
		"before the beginning":     {change(StatusChange{-1, "invalid"}, nil), "no token -1"},
		"an index without end":     {change(StatusChange{1 << 62, "invalid"}, nil), "no token"},
		"somebody else's":          {change(StatusChange{1, "invalid"}, func(in *StatusInput) { in.Key = testKey(t, "guild", "Ed25519") }), "did not sign"},
		"with a clock behind":      {change(StatusChange{1, "invalid"}, func(in *StatusInput) { in.Now = made.Add(-time.Hour) }), "later time"},
		"by a new key of the same": {change(StatusChange{1, "invalid"}, func(in *StatusInput) { in.Key, in.SignedBy = testKey(t, "new", "P-256"), good.Key.Public }), ""},
	} {
		raw, err := c.try()
		if c.want == "" {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err == nil || raw != "" || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one that says %q", name, err, c.want)
		}
	}
}
