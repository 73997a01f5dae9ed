package consent

import (
	"testing"

	"github.com/consentry/consentry/internal/schematest"
)

// TestSchemas holds the schemas of tokens, trust lists and bundles against their readers, document by document: a good
// one, and named corruptions that both must refuse.
func TestSchemas(t *testing.T) {
	token := func(text string) bool {
		w := newWorld(t)
		r := w.c.check(tokenInput{raw: signText(t, object{"alg": "EdDSA", "typ": "consent+jwt", "kid": "performer"}.text(t), text, testKey(t, "performer", "Ed25519"))})
		for _, f := range r.atGeneration.failures {
			if f == "consent.token.malformed" || f == "consent.token.missingClaim" {
				return false
			}
		}
		return true
	}
	list := func(text string) bool { _, err := ParseTrustList([]byte(text)); return err == nil }
	bundle := func(text string) bool {
		raw := signText(t, object{"alg": "EdDSA", "typ": "consent-registry+jwt", "kid": "agency"}.text(t), text, testKey(t, "agency", "Ed25519"))
		s, err := ShowBundle(raw, newWorld(t).c.trust, today)
		return err == nil && s.Verified
	}
	made, err := BuildBundle(bundleInput(t, nil))
	if err != nil {
		t.Fatal(err)
	}
	form, bad := parseCompact(made, bundleForm)
	if bad != nil {
		t.Fatal(bad)
	}
	book := objectOf(form.payload)
	order := func(path string, to any) object {
		return book.set("orders", []any{objectOf(form.payload.get("orders").items[0]).set(path, to)})
	}
	entry := func(path string, to any) object {
		return testTrust(t).set("entries", []any{testTrust(t)["entries"].([]any)[0].(object).set(path, to)})
	}
	for _, c := range []struct {
		schema string
		read   func(string) bool
		good   []object
		bad    map[string]object
	}{
		{schematest.Token, token, []object{aGrant(), aGrant().set("aud", generator).set("colour", "red"), by("guardian"), aGrant().set("consent.type", "refusal")}, map[string]object{
			"no issuer": aGrant().set("iss", nil), "no subject": aGrant().set("sub", nil), "no end": aGrant().set("exp", nil), "no consent": aGrant().set("consent", nil),
			"a date in words": aGrant().set("exp", "2027-01-01"), "a date after 2100": aGrant().set("exp", 4133980800), "an audience of numbers": aGrant().set("aud", []int{1}),
			"no type": aGrant().set("consent.type", nil), "an unknown type": aGrant().set("consent.type", "wish"), "no authority": aGrant().set("consent.authority", nil),
			"no custody": aGrant().set("consent.custody", nil), "no subject status": aGrant().set("consent.subject_status", nil), "an unknown one": aGrant().set("consent.subject_status", "child"),
			"a purpose that is no list": aGrant().set("consent.purpose", "test"), "a negative index": aGrant().set("status.status_list.idx", -1), "a list without uri": aGrant().set("status.status_list.uri", nil),
			"an empty request": aGrant().set("consent.request_id", ""), "no jti": aGrant().set("jti", nil), "uses in words": aGrant().set("consent.max_uses", "ten"),
		}},
		{schematest.ConsentList, list, []object{testTrust(t), testTrust(t).set("entries", []any{}), testTrust(t).set("next_update", nil)}, map[string]object{
			"no version": testTrust(t).set("v", nil), "version 2": testTrust(t).set("v", 2), "no sequence": testTrust(t).set("sequence", nil), "a negative sequence": testTrust(t).set("sequence", -1),
			"no entries": testTrust(t).set("entries", nil), "a date in words": testTrust(t).set("next_update", "soon"), "no id": entry("id", nil), "no roles": entry("roles", nil),
			"roles in a word": entry("roles", "agency"), "another mode": entry("subjects.mode", "all"), "a negative life": entry("max_lifetime", -1), "keys in a word": entry("keys", "k"),
			"a key without kid": entry("keys", []any{object{"jwk": object{}}}), "a key without jwk": entry("keys", []any{object{"kid": "k"}}), "a window in words": entry("keys", []any{object{"kid": "k", "jwk": object{}, "nbf": "2025"}}),
			"a signer of nothing": entry("signers", []any{object{}}), "a name of nothing": entry("signers", []any{object{"dn": object{}}}),
		}},
		{schematest.Bundle, bundle, []object{book, book.set("roster", nil), book.set("orders", []any{})}, map[string]object{
			"no issuer": book.set("iss", nil), "no sequence": book.set("sequence", nil), "no date": book.set("iat", nil), "a roster in words": book.set("roster", "all"),
			"an entry without from": book.set("roster", []any{object{"h": "x"}}), "an entry of nobody": book.set("roster", []any{object{"from": "2025-01-01T00:00:00Z"}}),
			"a day for a time": book.set("roster", []any{object{"h": "x", "from": "2025-01-01"}}), "another decision": order("decision", "permit"), "another override": order("override", "agency"),
			"no subjects": order("subjects", nil), "another selector": order("subjects.select", "some"), "operations in a word": order("operation", "generate"),
			"another effect": book.set("revocations", []any{object{"jti": "x", "at": "2025-01-01T00:00:00Z", "effect": "end"}}), "no event time": book.set("revocations", []any{object{"jti": "x", "effect": "revoke"}}),
		}},
	} {
		for i, o := range c.good {
			if err := schematest.Check(c.schema, []byte(o.text(t))); err != nil || !c.read(o.text(t)) {
				t.Errorf("%s: good document %d: read %v, %v", c.schema, i, c.read(o.text(t)), err)
			}
		}
		for name, o := range c.bad {
			if schematest.Check(c.schema, []byte(o.text(t))) == nil {
				t.Errorf("%s: %s: the schema takes it", c.schema, name)
			}
			if c.read(o.text(t)) {
				t.Errorf("%s: %s: the reader takes it", c.schema, name)
			}
		}
	}
}

// objectOf is a value as the tests build them.
func objectOf(v value) object {
	out := object{}
	for i, name := range v.names {
		if v.items[i].kind == jsonObject {
			out[name] = objectOf(v.items[i])
		} else {
			out[name] = raw(v.items[i].encode(nil))
		}
	}
	return out
}

// raw is JSON that stands in a document as it is.
type raw []byte

func (r raw) MarshalJSON() ([]byte, error) { return r, nil }
