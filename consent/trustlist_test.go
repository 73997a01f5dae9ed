package consent

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/consentry/consentry/report"
)

// TestTrustList holds one good list and its named corruptions: each is refused with the path of what is wrong.
func TestTrustList(t *testing.T) {
	entry := func(change func(object) object) object {
		l := testTrust(t)
		entries := append([]any(nil), l["entries"].([]any)...)
		entries[0] = change(entries[0].(object))
		return l.set("entries", entries)
	}
	keyed := func(name string, v any) object {
		return entry(func(e object) object {
			return e.set("keys", []any{e["keys"].([]any)[0].(object).set(name, v)})
		})
	}
	null := json.RawMessage("null")
	for _, c := range []struct {
		name string
		list object
		path string // empty: accepted
	}{
		{"good", testTrust(t), ""},
		{"an unknown member", testTrust(t).set("note", "x"), ""},
		{"another version", testTrust(t).set("v", 2), "trust.v"},
		{"version a text", testTrust(t).set("v", "1"), "trust.v"},
		{"no sequence", testTrust(t).set("sequence", nil), "trust.sequence"},
		{"a negative sequence", testTrust(t).set("sequence", -1), "trust.sequence"},
		{"issued is no time", testTrust(t).set("issued", "yesterday"), "trust.issued"},
		{"no entries", testTrust(t).set("entries", nil), "trust.entries"},
		{"entries an object", testTrust(t).set("entries", object{}), "trust.entries"},
		{"an entry that is no object", testTrust(t).set("entries", []any{1}), "trust.entries[0].id"},
		{"no id", entry(func(e object) object { return e.set("id", nil) }), "trust.entries[0].id"},
		{"an id twice", entry(func(e object) object { return e.set("id", issuerURI("guild")) }), "trust.entries[4].id"},
		{"roles a text", entry(func(e object) object { return e.set("roles", "performer") }), "trust.entries[0].roles"},
		{"no roles", entry(func(e object) object { return e.set("roles", nil) }), "trust.entries[0].roles"},
		{"a mode that nobody knows", entry(func(e object) object { return e.set("subjects.mode", "all") }), "trust.entries[0].subjects.mode"},
		{"subjects a text", entry(func(e object) object { return e.set("subjects", "any") }), "trust.entries[0].subjects"},
		{"ids a text", entry(func(e object) object { return e.set("subjects.ids", "x") }), "trust.entries[0].subjects.ids"},
		{"max_lifetime negative", entry(func(e object) object { return e.set("max_lifetime", -1) }), "trust.entries[0].max_lifetime"},
		{"max_lifetime zero", entry(func(e object) object { return e.set("max_lifetime", 0) }), ""},
		{"keys an object", entry(func(e object) object { return e.set("keys", object{}) }), "trust.entries[0].keys"},
		{"a kid twice", entry(func(e object) object { k := e["keys"].([]any)[0]; return e.set("keys", []any{k, k}) }), "trust.entries[0].keys[1].kid"},
		{"no kid", keyed("kid", nil), "trust.entries[0].keys[0].kid"},
		{"no jwk", keyed("jwk", nil), "trust.entries[0].keys[0].jwk"},
		{"a key of a type that is not allowed", keyed("jwk", object{"kty": "RSA"}), ""},
		{"nbf a text", keyed("nbf", "1"), "trust.entries[0].keys[0].nbf"},
		{"revoked_at a text", keyed("revoked_at", "never"), "trust.entries[0].keys[0].revoked_at"},
		{"exp null", keyed("exp", null), "trust.entries[0].keys[0].exp"},
		{"use a text", keyed("use", "token"), "trust.entries[0].keys[0].use"},
		{"a key that is no object", entry(func(e object) object { return e.set("keys", []any{"k"}) }), "trust.entries[0].keys[0].kid"},
		{"signers an object", entry(func(e object) object { return e.set("signers", object{}) }), "trust.entries[0].signers"},
		{"a signer that is no object", entry(func(e object) object { return e.set("signers", []any{"O=A"}) }), "trust.entries[0].signers[0].dn"},
		{"a name that is no text", entry(func(e object) object { return e.set("signers", []any{object{"dn": object{"O": 1}}}) }), "trust.entries[0].signers[0].dn.O"},
		{"signers empty", entry(func(e object) object { return e.set("signers", []any{object{}}) }), "trust.entries[0].signers[0].dn"},
		{"dn empty", entry(func(e object) object { return e.set("signers", []any{object{"dn": object{}}}) }), "trust.entries[0].signers[0].dn"},
	} {
		t.Run(c.name, func(t *testing.T) {
			list, err := ParseTrustList([]byte(c.list.text(t)))
			if (list == nil) == (err == nil) {
				t.Fatal("a list and an error, or neither")
			}
			if c.path == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			var s *SyntaxError
			if !errors.As(err, &s) || s.Path != c.path {
				t.Errorf("got %v, want the path %s", err, c.path)
			}
		})
	}
}

// TestTrustListAsText reads what is no list at all, and asks lists and entries that are not there.
func TestTrustListAsText(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want SyntaxError
	}{
		"an array":    {`[]`, SyntaxError{Path: "trust", Reason: "not a JSON object"}},
		"cut off":     {`{"v":1,`, SyntaxError{Offset: 7, Path: "trust", Reason: "a member's name is missing"}},
		"nothing":     {``, SyntaxError{Path: "trust", Reason: "the JSON text ends early"}},
		"v twice":     {`{"v":1,"v":1}`, SyntaxError{Offset: 7, Path: "trust", Reason: `the member "v" stands twice`}},
		"deeper":      {strings.Repeat("[", maxListDepth+1), SyntaxError{Offset: maxListDepth, Path: "trust" + strings.Repeat("[0]", maxListDepth), Reason: "nested deeper than 16"}},
		"many values": {manyIDs(maxListNodes + 1), SyntaxError{Large: true}},
	} {
		list, err := ParseTrustList([]byte(c.text))
		var s *SyntaxError
		if list != nil || !errors.As(err, &s) || s.Large != c.want.Large || !s.Large && *s != c.want {
			t.Errorf("%s: %v, %+v", name, list, err)
		}
	}
	var none *TrustList
	if none.Entry("x") != nil || none.Entry("x").HasRole("provider") {
		t.Error("an entry of no list has a role")
	}
	if ids := (&checker{signer: &Signer{SPKI: "k"}}).providers(); len(ids) > 0 {
		t.Errorf("providers of no list: %q", ids)
	}
	l := testTrust(t)
	list, err := ParseTrustList([]byte(l.set("entries", []any{object{"id": "x", "roles": []string{}, "signers": []any{object{"spki#S256": "k"}, object{"spki#S256": "k", "serial": "1"}}}}).text(t)))
	if err != nil || list.Entries[0].Signers[0].Unknown || !list.Entries[0].Signers[1].Unknown {
		t.Errorf("an element that asks for more than is known: %v, %+v", err, list)
	}
}

// TestLoadTrust walks what an operator may give, and what comes of it.
func TestLoadTrust(t *testing.T) {
	steward := testKey(t, "steward", "Ed25519")
	signed := signAs(t, "consent-trust+jwt", testTrust(t), steward)
	plain := testTrust(t).text(t)
	pinned := func(kid string) *Key {
		k, err := ParseKey([]byte(strings.Replace(string(steward.Public.JWK()), "{", `{"kid":"`+kid+`",`, 1)))
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	three, four := int64(3), int64(4)
	for _, c := range []struct {
		name string
		in   TrustInput
		used bool
		code string // and what it says, after a blank
	}{
		{"plain", TrustInput{Text: []byte(plain)}, true, ""},
		{"plain, without a next update", TrustInput{Text: []byte(testTrust(t).set("next_update", nil).text(t))}, true, ""},
		{"signed by the pinned steward", TrustInput{Text: []byte(signed + "\n"), Steward: steward.Public}, true, ""},
		{"signed by the pinned steward, by its kid", TrustInput{Text: []byte(signed), Steward: pinned(steward.Kid)}, true, ""},
		{"signed under another kid than the one that is pinned", TrustInput{Text: []byte(signed), Steward: pinned("2026")}, false, "consent.trust.signatureInvalid the steward's key did not sign it"},
		{"signed, with room for disclosures", TrustInput{Text: []byte(signed + "~"), Steward: steward.Public}, false, "consent.trust.signatureInvalid the typ is not"},
		{"signed, and nobody pinned", TrustInput{Text: []byte(signed)}, false, "consent.trust.signatureInvalid no steward's key is pinned"},
		{"pinned, and not signed", TrustInput{Text: []byte(plain), Steward: steward.Public}, false, "consent.trust.signatureInvalid a steward's key is pinned, and it is not signed"},
		{"signed by a stranger", TrustInput{Text: []byte(signed), Steward: testKey(t, "stranger", "Ed25519").Public}, false, "consent.trust.signatureInvalid"},
		{"of another typ", TrustInput{Text: []byte(signAs(t, "consent+jwt", testTrust(t), steward)), Steward: steward.Public}, false, "consent.trust.signatureInvalid"},
		{"changed after signing", TrustInput{Text: []byte(strings.Replace(signed, ".", ".e30", 1)), Steward: steward.Public}, false, "consent.trust.signatureInvalid"},
		{"empty", TrustInput{}, false, "consent.trust.signatureInvalid"},
		{"the same sequence again", TrustInput{Text: []byte(plain), Last: &three}, true, ""},
		{"rolled back", TrustInput{Text: []byte(plain), Last: &four}, false, "consent.trust.rollback"},
		{"past its next update", TrustInput{Text: []byte(plain), Now: today.AddDate(1, 0, 0)}, true, "consent.trust.stale"},
		{"over the limit", TrustInput{Text: append([]byte(plain), make([]byte, maxTrustList)...)}, false, "consent.input.tooLarge"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.in.Now.IsZero() {
				c.in.Now = today
			}
			if c.name == "over the limit" {
				for i := len(plain); i < len(c.in.Text); i++ {
					c.in.Text[i] = ' '
				}
				c.in.Text[len(c.in.Text)-1] = 'x'
			}
			list, findings := LoadTrust(c.in)
			if (list != nil) != c.used {
				t.Errorf("used: %v, %v", list != nil, findings)
			}
			code, words, _ := strings.Cut(c.code, " ")
			if code == "" && len(findings) > 0 || code != "" && (!report.Has(findings, code) || !strings.Contains(findings[0].Explanation, words)) {
				t.Errorf("findings %v, want %q", findings, c.code)
			}
		})
	}
	if list, err := OpenTrustList(signed, nil); list != nil || err == nil {
		t.Error("a signed list is used, and no steward is pinned")
	}
}

// TestSigners shows which claim signers an element of `signers` names.
func TestSigners(t *testing.T) {
	s := &Signer{DN: map[string]string{"O": "A", "CN": "B"}, SPKI: "k", Trusted: true}
	stranger := *s
	stranger.Trusted = false
	for _, c := range []struct {
		name   string
		match  SignerMatch
		signer *Signer
		want   bool
	}{
		{"key", SignerMatch{SPKI: "k"}, s, true},
		{"key of a signer on no list", SignerMatch{SPKI: "k"}, &stranger, true},
		{"another key", SignerMatch{SPKI: "x"}, s, false},
		{"name", SignerMatch{DN: map[string]string{"O": "A"}}, s, true},
		{"name that anyone can write", SignerMatch{DN: map[string]string{"O": "A"}}, &stranger, false},
		{"both members of a name", SignerMatch{DN: map[string]string{"O": "A", "CN": "B"}}, s, true},
		{"one member of a name differs", SignerMatch{DN: map[string]string{"O": "A", "CN": "C"}}, s, false},
		{"a member that the certificate lacks", SignerMatch{DN: map[string]string{"OU": ""}}, s, false},
		{"key right, name unproven", SignerMatch{DN: map[string]string{"O": "A"}, SPKI: "k"}, &stranger, false},
		{"key right, name wrong", SignerMatch{DN: map[string]string{"O": "X"}, SPKI: "k"}, s, false},
		{"nothing asked", SignerMatch{}, s, false},
		{"something unknown asked", SignerMatch{SPKI: "k", Unknown: true}, s, false},
		{"nobody signed", SignerMatch{SPKI: "k"}, nil, false},
	} {
		if got := c.match.matches(c.signer); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

func FuzzTrustList(f *testing.F) {
	good := testTrust(f)
	f.Add(good.text(f))
	f.Add(good.set("entries", []any{object{"id": "x", "roles": []string{"guild"}}}).text(f))
	f.Add(good.set("entries", []any{object{"id": "x", "roles": []string{}, "keys": []any{object{"kid": "k", "jwk": object{}}}}}).text(f))
	f.Add(signAs(f, "consent-trust+jwt", good, testKey(f, "steward", "Ed25519")))
	f.Add(`{"v":1,"sequence":0,"entries":[]}`)
	f.Add(`{}`)
	steward := testKey(f, "steward", "Ed25519").Public
	f.Fuzz(func(t *testing.T, text string) {
		list, err := ParseTrustList([]byte(text))
		if (list == nil) == (err == nil) {
			t.Fatal("a list and an error, or neither")
		}
		if _, ok := err.(*SyntaxError); err != nil && !ok {
			t.Fatalf("an error of another kind: %v", err)
		}
		for _, in := range []TrustInput{{Text: []byte(text), Now: time.Now()}, {Text: []byte(text), Steward: steward, Now: time.Now()}} {
			list, findings := LoadTrust(in)
			if list == nil && len(findings) == 0 {
				t.Fatal("not used, and nobody says why")
			}
			if list == nil {
				continue
			}
			for _, e := range list.Entries {
				if list.Entry(e.ID) != e || e.ID == "" {
					t.Fatal("an entry that cannot be found by its id")
				}
			}
		}
	})
}
