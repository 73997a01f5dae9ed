package forge

import (
	"crypto/x509"
	"encoding/asn1"
	"slices"
	"sync"
	"time"
)

// Identity is an identity assertion. The zero value is signed by an actor of [IdentityCA], with ES256 and a certificate
// for documentSigning, and references the hard binding. CAWG identity 1.3, 5.
type Identity struct {
	References []string    // labels of assertions; nil: of the hard binding. Those made later cannot be referenced
	Below      *Manifest   // whose assertions are referenced, in place of the identity's own manifest
	Own        []string    // labels of its own manifest's assertions that are referenced beside those of Below
	Roles      []string    // of the actor
	SigType    string      // default cawg.x509.cose
	Signer     Signer      // authority, name and usage have other defaults
	Aggregator *Aggregator // signs in place of Signer
	Entry      func(*Map)  // edits each entry of referenced_assertions
	Payload    func(*Map)  // edits the signer payload before it is signed
	Edit       func(*Map)  // edits the assertion after it was signed
}

var identityOnce = sync.OnceValue(func() *Authority { return NewAuthority("Forge Identity CA") })

// IdentityCA is the authority whose root the tests trust for identities.
func IdentityCA() *Authority { return identityOnce() }

// actor is the signer with the defaults of an identity.
func (id *Identity) actor() Signer {
	s := id.Signer
	if s.Authority == nil {
		s.Authority = IdentityCA()
	}
	if s.Name == "" {
		s.Name = "Forge Actor"
	}
	edit := s.Cert
	s.Cert = func(c *x509.Certificate) {
		c.UnknownExtKeyUsage = []asn1.ObjectIdentifier{DocumentSigning}
		if edit != nil {
			edit(c)
		}
	}
	return s
}

// references are the entries of the assertions that it is over: in a manifest below, as its claim lists them, and in
// its own.
func (id *Identity) references(b *builder, m *Manifest, store *Node) []any {
	refs := []any{}
	add := func(base string, store *Node, labels []string) {
		for _, l := range labels {
			e := Map{{"url", base + "c2pa.assertions/" + l}, {"hash", digest(m.Alg, store.Find(l).Content())}}
			if id.Entry != nil {
				id.Entry(&e)
			}
			refs = append(refs, e)
		}
	}
	base, of := "self#jumbf=", store
	if id.Below != nil {
		below := b.made[id.Below]
		base, of = "self#jumbf=/c2pa/"+below.Label+"/", below.Find("c2pa.assertions")
	}
	labels := id.References
	if labels == nil {
		labels = []string{of.Kids[0].Label}
	}
	add(base, of, labels)
	add("self#jumbf=", store, id.Own)
	return refs
}

// content makes the assertion's content, once what it references is in the store.
func (id *Identity) content(b *builder, m *Manifest, store *Node) Map {
	refs := id.references(b, m, store)
	sigType := id.SigType
	if sigType == "" {
		sigType = "cawg.x509.cose"
		if id.Aggregator != nil {
			sigType = "cawg.identity_claims_aggregation"
		}
	}
	payload := Map{{"referenced_assertions", refs}, {"sig_type", sigType}}
	if id.Roles != nil {
		var roles []any
		for _, r := range id.Roles {
			roles = append(roles, r)
		}
		payload.Set("role", roles)
	}
	if id.Payload != nil {
		id.Payload(&payload)
	}
	var signature []byte
	if id.Aggregator != nil {
		signature = id.Aggregator.Sign(payload)
	} else {
		signature = id.actor().Sign(CBOR(payload))
	}
	out := Map{{"signer_payload", payload}, {"signature", signature}, {"pad1", make([]byte, 16)}}
	if id.Edit != nil {
		id.Edit(&out)
	}
	return out
}

// Identities are files with an identity assertion. The file is trusted whatever the identity is; Code is what must be
// said of the identity, Also what comes with it.
func Identities() []Case {
	one := func(name, code string, id Identity, also ...string) Case {
		return Case{Name: name, Code: code, Also: also, Recipe: Recipe{Manifest: Manifest{Assertions: []Assertion{
			{Label: "com.example.note", CBOR: Map{{"a", 1}}}, {Label: "cawg.identity", Identity: &id},
		}}}}
	}
	list := []Case{one("sound", "cawg.identity.trusted", Identity{})}
	list = append(list, soundIdentities(one)...)
	list = append(list, malformedIdentities(one)...)
	list = append(list, badActors(one)...)
	list = append(list, updateIdentities()...)
	return append(list, identityStamps(one)...)
}

type makeIdentity func(name, code string, id Identity, also ...string) Case

func soundIdentities(one makeIdentity) []Case {
	const trusted = "cawg.identity.trusted"
	entry := func(url string) func(*Map) { return func(m *Map) { m.Set("url", url) } }
	list := []Case{
		one("sound: by a full address", trusted, Identity{Entry: entry("self#jumbf=/c2pa/" + defaultLabel(0) + "/c2pa.assertions/c2pa.hash.bmff.v3")}),
		one("sound: with the algorithm in the entry", trusted, Identity{Entry: func(m *Map) { m.Set("alg", "sha256") }}),
		one("sound: with another assertion and roles", trusted, Identity{References: []string{"c2pa.hash.bmff.v3", "com.example.note"}, Roles: []string{"cawg.creator", "com.example.depicted"}}),
		one("sound: with what earlier versions had", trusted, Identity{Payload: func(m *Map) { m.Set("expected_claim_generator", Map{{"alg", "sha256"}, {"hash", make([]byte, 32)}}) }}),
		one("sound: with two fillers", trusted, Identity{Edit: func(m *Map) { m.Set("pad2", make([]byte, 3)) }}),
		one("sound: a claimed time", "cawg.x509.time_of_signing.inside_validity", Identity{Signer: Signer{IAT: Clock.Unix() - 60}}),
		one("sound: signed with ML-DSA-65", trusted, Identity{Signer: Signer{Alg: "ML-DSA-65"}}),
		one("sound: a certificate that names a responder", "cawg.x509.ocsp.skipped", Identity{Signer: Signer{Cert: ocspPointer}}),
		one("sound: a certificate that was not revoked", "cawg.x509.ocsp.not_revoked", Identity{Signer: Signer{Cert: ocspPointer, OCSP: []OCSP{{}}}}),
		one("sound: a certificate unknown to the responder", "cawg.x509.ocsp.unknown", Identity{Signer: Signer{Cert: ocspPointer, OCSP: []OCSP{{Status: "unknown"}}}}),
		one("sound: a payload in no deterministic order", trusted, Identity{Edit: func(m *Map) {
			raw := indefinite(CBOR(m.Get("signer_payload")))
			m.Set("signer_payload", Raw(raw))
			m.Set("signature", (&Identity{}).actor().Sign(raw))
		}}),
	}
	gathered := one("sound: gathered", trusted, Identity{})
	gathered.Recipe.Manifest.Assertions[1].List = "gathered"
	two := one("sound: one that references another", trusted, Identity{})
	two.Recipe.Manifest.Assertions = append(two.Recipe.Manifest.Assertions,
		Assertion{Label: "cawg.identity__1", Identity: &Identity{References: []string{"c2pa.hash.bmff.v3", "cawg.identity"}}})
	return append(list, gathered, two)
}

func malformedIdentities(one makeIdentity) []Case {
	set := func(key string, v any) func(*Map) { return func(m *Map) { m.Set(key, v) } }
	del := func(key string) func(*Map) { return func(m *Map) { m.Del(key) } }
	payload := func(edit func(*Map)) Identity { return Identity{Payload: edit} }
	const invalid, mismatch = "cawg.identity.cbor.invalid", "cawg.identity.assertion.mismatch"
	const missing, incorrect = "cawg.identity.hard_binding_missing", "cawg.identity.hard_binding_incorrect"
	note := Identity{References: []string{"com.example.note"}}
	return []Case{
		one("no map", invalid, Identity{Edit: func(m *Map) { *m = nil }}),
		one("no signer payload", invalid, Identity{Edit: del("signer_payload")}),
		one("a signer payload that is text", invalid, Identity{Edit: set("signer_payload", "text")}),
		one("no signature", invalid, Identity{Edit: del("signature")}),
		one("a signature that is text", invalid, Identity{Edit: set("signature", "text")}),
		one("no sig_type", invalid, payload(del("sig_type"))),
		one("no references", invalid, payload(del("referenced_assertions"))),
		one("references that are none", invalid, payload(set("referenced_assertions", []any{"text"}))),
		one("a role that is no list", invalid, payload(set("role", "cawg.creator"))),
		one("no roles in the list", invalid, payload(set("role", []any{}))),
		one("a role that is a number", invalid, payload(set("role", []any{1}))),
		one("no filler", invalid, Identity{Edit: del("pad1")}),
		one("a filler that is text", invalid, Identity{Edit: set("pad2", "\x00")}),
		one("something in the filler", "cawg.identity.pad.invalid", Identity{Edit: set("pad1", []byte{0, 0, 1})}),
		one("something in the second filler", "cawg.identity.pad.invalid", Identity{Edit: set("pad2", []byte("x"))}),
		one("an unknown kind of signature", "cawg.identity.sig_type.unknown", Identity{SigType: "com.example.seal"}),
		one("references to nothing", missing, payload(set("referenced_assertions", []any{}))),
		one("another assertion alone", missing, note),
		one("the content hash twice", "cawg.identity.assertion.duplicate", Identity{References: []string{"c2pa.hash.bmff.v3", "c2pa.hash.bmff.v3"}}, missing),
		one("the content hash by another digest", mismatch, Identity{Entry: set("hash", make([]byte, 32))}, incorrect),
		one("another content hash", incorrect, Identity{Entry: set("url", "self#jumbf=c2pa.assertions/c2pa.hash.data")}, mismatch),
		one("the content hash by another algorithm", mismatch, Identity{Entry: set("alg", "sha384")}, incorrect),
		one("an assertion that is not there", mismatch, payload(func(m *Map) {
			m.Set("referenced_assertions", append(m.Get("referenced_assertions").([]any), Map{{"url", "self#jumbf=c2pa.assertions/com.example.other"}, {"hash", make([]byte, 32)}}))
		})),
		one("an assertion of a manifest that nothing leads to", mismatch, Identity{Entry: set("url", "self#jumbf=/c2pa/urn:c2pa:other/c2pa.assertions/com.example.note")}, missing),
	}
}

func badActors(one makeIdentity) []Case {
	const mismatch, untrusted = "cawg.x509.signature.mismatch", "cawg.x509.credential.untrusted"
	by := func(name, code string, s Signer, also ...string) Case {
		return one(name, code, Identity{Signer: s}, also...)
	}
	usage := func(oid ...asn1.ObjectIdentifier) Signer {
		return Signer{Cert: func(c *x509.Certificate) { c.UnknownExtKeyUsage = oid }}
	}
	return []Case{
		by("the signature of other bytes", mismatch, Signer{Signed: []byte("other bytes")}),
		by("a bit of the signature", mismatch, Signer{Sig: flip(3)}),
		by("an attached payload that was signed instead", mismatch, Signer{Signed: []byte("other"), Payload: []byte("other")}),
		by("a message that is no COSE", mismatch, Signer{COSE: garbage}),
		by("a payload that was changed", mismatch, Signer{Signed: []byte{0xa0}}),
		by("an algorithm outside the list", "cawg.x509.algorithm.unsupported", Signer{Protected: func(m *Map) { m.Set(1, -47) }}),
		by("no certificate", untrusted, Signer{Placement: X5None}),
		by("an authority of claim signers alone", untrusted, Signer{Authority: CA()}),
		by("a certificate for claims alone", untrusted, usage(ClaimSigning)),
		by("a certificate for any usage", untrusted, usage(DocumentSigning, AnyEKU)),
		by("an e-mail certificate without a policy", untrusted, usage(EmailProtection)),
		by("a certificate that has expired", "cawg.x509.signature.outside_validity", Signer{Cert: validity(Clock.AddDate(-2, 0, 0), Clock.AddDate(0, 0, -1))}),
		by("a certificate that was revoked", "cawg.identity.credential_revoked", Signer{Cert: ocspPointer, OCSP: []OCSP{{Status: "revoked", Revoked: Clock.AddDate(0, 0, -1)}}}),
		by("a claimed time before the certificate", "cawg.x509.time_of_signing.outside_validity", Signer{IAT: Clock.AddDate(-3, 0, 0).Unix()}),
	}
}

// smime is a signer with an e-mail certificate under a policy of the CA/Browser Forum.
func smime(policy string, stamps ...Stamp) Identity {
	return Identity{Signer: Signer{Stamps: stamps, Stamp2: true, Cert: func(c *x509.Certificate) {
		c.UnknownExtKeyUsage = []asn1.ObjectIdentifier{EmailProtection}
		c.Policies = []x509.OID{must(x509.ParseOID(policy))}
		c.NotAfter = Clock.AddDate(2, 0, 0)
	}}}
}

func identityStamps(one makeIdentity) []Case {
	const trusted, untrusted = "cawg.identity.trusted", "cawg.x509.credential.untrusted"
	stamp := func(name, code string, second bool, s ...Stamp) Case {
		return one("time-stamp: "+name, "cawg.x509.time_stamp."+code, Identity{Signer: Signer{Stamps: s, Stamp2: second}})
	}
	var list []Case
	for _, p := range []string{"2.2", "2.3", "3.2", "3.3", "4.2", "4.3"} {
		list = append(list, one("e-mail: policy "+p, trusted, smime("2.23.140.1.5."+p, Stamp{})))
	}
	for _, p := range []string{"2.23.140.1.5.1.2", "2.23.140.1.5.2.1", "2.23.140.1.5.2.4", "2.23.140.1.5.5.2", "2.23.140.1.5.2.2.1", "1.3.6.1.4.1.99999.5.2.2"} {
		list = append(list, one("e-mail: policy "+p, untrusted, smime(p, Stamp{})))
	}
	expired := Signer{Cert: validity(Clock.AddDate(-2, 0, 0), Clock.AddDate(-1, 0, 0)), Stamps: []Stamp{{Time: Clock.AddDate(-1, -6, 0)}}, Stamp2: true}
	return slices.Concat(list, []Case{
		one("e-mail: no time-stamp", untrusted, smime("2.23.140.1.5.2.2")),
		one("e-mail: a time-stamp of the rule's last second", trusted, smime("2.23.140.1.5.2.2", Stamp{Time: time.Date(2027, 3, 31, 23, 59, 59, 0, time.UTC)})),
		one("e-mail: a time-stamp after the end of the rule", untrusted, smime("2.23.140.1.5.2.2", Stamp{Time: time.Date(2027, 4, 1, 0, 0, 0, 0, time.UTC)})),
		one("time-stamp: before the certificate expired", "cawg.x509.signature.inside_validity", Identity{Signer: expired}),
		stamp("good", "trusted", true, Stamp{}),
		stamp("good and for this signature", "validated", true, Stamp{}),
		stamp("of version 1", "malformed", false, Stamp{}),
		stamp("random bytes", "malformed", true, Stamp{Token: garbage}),
		stamp("of other bytes", "mismatch", true, Stamp{Imprint: random("imprint", 32)}),
		stamp("an authority on no list", "untrusted", true, Stamp{Authority: NewAuthority("Forge Stranger Time CA")}),
		stamp("a certificate that is not for time-stamps", "credential_invalid", true, Stamp{EKU: EmailProtection}),
		stamp("before its authority's certificate", "outside_validity", true, Stamp{Time: Clock.AddDate(-4, -6, 0)}),
	})
}
