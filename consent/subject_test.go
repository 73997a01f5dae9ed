package consent

import (
	"encoding/base64"
	"testing"
)

// TestParseSubject: both halves have to be there.
func TestParseSubject(t *testing.T) {
	for text, want := range map[string]openSubject{
		"hand:10.23/P-1": {"hand", "10.23/P-1"}, "did:web:a.test": {"did", "web:a.test"}, "a:b": {"a", "b"},
		"": {}, ":": {}, "a": {}, "a:": {}, ":b": {},
	} {
		got, ok := parseSubject(text)
		if ok != (want != openSubject{}) || ok && (got != want || got.String() != text) {
			t.Errorf("%q: %+v, %v", text, got, ok)
		}
	}
}

// TestCommitments holds commitments against the format's own formula, and shows what commits to nobody.
// Consent format 1, 2.
func TestCommitments(t *testing.T) {
	salt := []byte("0123456789abcdef")
	ada := openSubject{"hand", "10.23/P-1"}
	good := Commit(salt, ada.scheme, ada.id)
	if want := digestOf("consentry/subject/1\x000123456789abcdefhand\x0010.23/P-1"); good != want {
		t.Errorf("%s, want %s", good, want)
	}
	for name, c := range map[string]struct {
		commitment string
		salt       []byte
		of         openSubject
		want       bool
	}{
		"its own":                 {good, salt, ada, true},
		"of another id":           {good, salt, openSubject{"hand", "10.23/P-2"}, false},
		"with another border":     {good, salt, openSubject{"han", "d\x0010.23/P-1"}, false},
		"with another salt":       {good, []byte("0123456789abcdeF"), ada, false},
		"with a short salt":       {good, salt[:15], ada, false},
		"none, with a short salt": {"", salt[:15], ada, false},
		"none, and no salt":       {"", nil, ada, false},
		"none":                    {"", salt, ada, false},
		"cut off":                 {good[:42], salt, ada, false},
	} {
		if commits(c.commitment, c.salt, c.of) != c.want {
			t.Errorf("%s: %v", name, !c.want)
		}
	}
}

// TestMatchSubject walks the ways in which a token and an entry name one subject, and those in which they seem to.
// Consent format 1, 3.2.
func TestMatchSubject(t *testing.T) {
	salt := []byte("0123456789abcdef")
	text := base64.RawURLEncoding.EncodeToString(salt)
	ada, of := openSubject{"hand", "10.23/P-1"}, func(scheme, id string) string { return Commit(salt, scheme, id) }
	adas := of(ada.scheme, ada.id)
	for _, c := range []struct {
		name      string
		token     object
		want      *Subject
		ok, opens bool
	}{
		{"nobody is asked about", object{"sub": "hand:10.23/P-1"}, nil, false, false},
		{"by name", object{"sub": "hand:10.23/P-1"}, &Subject{Scheme: "hand", ID: "10.23/P-1"}, true, true},
		{"by another name", object{"sub": "hand:10.23/P-2"}, &Subject{Scheme: "hand", ID: "10.23/P-1"}, false, false},
		{"by name and commitment", object{"sub": "hand:10.23/P-1", "sub_commit": adas, "sub_salt": text}, &Subject{Scheme: "hand", ID: "10.23/P-1"}, true, true},
		{"by name, and by the commitment to another", object{"sub": "hand:10.23/P-1", "sub_commit": of("hand", "x"), "sub_salt": text}, &Subject{Scheme: "hand", ID: "10.23/P-1"}, false, false},
		{"by commitment", object{"sub_commit": adas, "sub_salt": text}, &Subject{Scheme: "hand", ID: "10.23/P-1"}, true, true},
		{"by commitment without salt", object{"sub_commit": adas}, &Subject{Scheme: "hand", ID: "10.23/P-1"}, false, false},
		{"by commitment with a salt that is no base64url", object{"sub_commit": adas, "sub_salt": text[:21] + "!"}, &Subject{Scheme: "hand", ID: "10.23/P-1"}, false, false},
		{"by nothing", object{}, &Subject{Scheme: "hand", ID: "10.23/P-1"}, false, false},
		{"an entry by commitment, a token by name", object{"sub": "hand:10.23/P-1", "sub_salt": text}, &Subject{Commit: adas}, true, true},
		{"an entry by commitment, a token by name and commitment", object{"sub": "hand:10.23/P-1", "sub_commit": adas, "sub_salt": text}, &Subject{Commit: adas}, true, true},
		{"an entry by commitment, a token by commitment", object{"sub_commit": adas, "sub_salt": text}, &Subject{Commit: adas}, true, false},
		{"an entry by commitment, a token by another", object{"sub_commit": of("hand", "x"), "sub_salt": text}, &Subject{Commit: adas}, false, false},
		{"an entry by commitment, a token that names nobody", object{"sub_salt": text}, &Subject{Commit: adas}, false, false},
		{"an entry by commitment, a token for two", object{"sub": "hand:x", "sub_commit": adas, "sub_salt": text}, &Subject{Commit: adas}, false, false},
		{"an entry by the commitment to half a name", object{"sub": "ada", "sub_salt": text}, &Subject{Commit: of("ada", "")}, false, false},
		{"half a name, and the commitment to it", object{"sub": "ada", "sub_commit": of("ada", ""), "sub_salt": text}, &Subject{Commit: of("ada", "")}, false, false},
		{"an entry without a name, and a commitment to none", object{"sub_commit": of("", ""), "sub_salt": text}, &Subject{}, false, false},
		{"an entry without a scheme", object{"sub_commit": of("", "x"), "sub_salt": text}, &Subject{ID: "x"}, false, false},
		{"an entry without an id", object{"sub_commit": of("x", ""), "sub_salt": text}, &Subject{Scheme: "x"}, false, false},
		{"an entry without a name, and a token without one", object{}, &Subject{}, false, false},
	} {
		token, err := ReadToken(signAs(t, "consent+jwt", c.token, testKey(t, "performer", "Ed25519")))
		if err != nil {
			t.Fatal(err)
		}
		opened, ok := token.matchSubject(c.want)
		if ok != c.ok || (opened != nil) != c.opens || opened != nil && *opened != ada {
			t.Errorf("%s: %v, opened %v", c.name, ok, opened)
		}
	}
}
