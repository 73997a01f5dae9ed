package consentry_test

import (
	"crypto/x509"
	"net/url"
	"testing"

	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/internal/schematest"
	"github.com/consentry/consentry/report"
)

// signedBy is a file with a consent assertion and an identity assertion that references the labels.
func signedBy(a forge.Assertion, list string, s forge.Signer, labels ...string) forge.Recipe {
	a.List = list
	r := with(a, forge.Signer{})
	r.Manifest.Assertions = append(r.Manifest.Assertions, forge.Assertion{Label: "cawg.identity", List: list, Identity: &forge.Identity{References: labels, Signer: s}})
	return r
}

// named is an actor whose certificate has addresses of a person.
func named(addresses ...string) forge.Signer {
	return forge.Signer{Cert: func(c *x509.Certificate) {
		for _, a := range addresses {
			u, err := url.Parse(a)
			if err != nil {
				panic(err)
			}
			c.URIs = append(c.URIs, u)
		}
	}}
}

// aggregated is a file with a consent assertion and an aggregator's identity for it.
func aggregated(a forge.Assertion, issuer string) forge.Recipe {
	r := signedBy(a, "", forge.Signer{}, "c2pa.hash.bmff.v3", forge.ConsentLabel)
	r.Manifest.Assertions[1].Identity.Aggregator = &forge.Aggregator{Issuer: issuer}
	return r
}

func identityFiles() []consentFile {
	const content, declared = "c2pa.hash.bmff.v3", forge.ConsentLabel
	const unattributed = "consent.assertion.unattributed"
	stranger := forge.Signer{Authority: forge.NewAuthority("Forge Stranger CA")}
	file := func(name string, r forge.Recipe, state, code string, v report.Verdict) consentFile {
		f := consentFile{name: "identity: " + name, recipe: r, code: code, verdict: v}
		if state != "" {
			f.states = []string{"p1 " + state}
		}
		return f
	}
	person := func(scheme, id string) forge.Assertion {
		p := forge.Depicted("p1", "")
		p.Set("subject", forge.Map{{K: "scheme", V: scheme}, {K: "id", V: id}})
		return forge.Assertion{CBOR: forge.Consent([]forge.Map{p})}
	}
	hand := person("hand", "10.23/ada")
	const doi = "https://doi.org/10.23/ada"
	own := func(name string, a forge.Assertion, s forge.Signer, state string, v report.Verdict, labels ...string) consentFile {
		return file(name, signedBy(a, "", s, labels...), state, "", v)
	}
	// Of two gathered assertions the identity references the first alone.
	two := signedBy(ada(nil), "gathered", forge.Signer{}, content, declared)
	second := forge.Depicted("p2", "ben", 0)
	two.Manifest.Assertions = append(two.Manifest.Assertions, forge.Assertion{
		Label: declared + "__1", List: "gathered", CBOR: forge.Consent([]forge.Map{second}, forge.Token("ben", nil)),
	})
	below := signedBy(ada(nil), "gathered", forge.Signer{}, content, declared).Manifest
	placed := func(m forge.Manifest) forge.Recipe {
		return forge.Recipe{Manifest: forge.Manifest{
			Ingredients: []forge.Ingredient{{Relationship: "componentOf", Manifest: &m}},
			Actions:     []forge.Action{{Name: "c2pa.created", Source: "digitalCreation"}, {Name: "c2pa.placed", Ingredient: []int{0}}},
		}}
	}
	untrusted := signedBy(ada(nil), "gathered", stranger, content, declared).Manifest
	return []consentFile{
		file("a trusted one vouches for a gathered assertion", signedBy(ada(nil), "gathered", forge.Signer{}, content, declared), "verified E3", "cawg.identity.trusted", report.Pass),
		file("a trusted one that references only the content", signedBy(ada(nil), "gathered", forge.Signer{}, content), "", unattributed, report.Fail),
		file("a trusted one that references only the assertion", signedBy(ada(nil), "gathered", forge.Signer{}, declared), "", unattributed, report.Fail),
		file("one that nobody trusts", signedBy(ada(nil), "gathered", stranger, content, declared), "", unattributed, report.Fail),
		file("a trusted one whose signature is broken", signedBy(ada(nil), "gathered", forge.Signer{Signed: []byte("other")}, content, declared), "", unattributed, report.Fail),
		file("of two gathered assertions one is referenced", two, "", unattributed, report.Fail),
		file("a trusted one in a component", placed(below), "verified E3", "", report.Pass),
		file("one in a component that nobody trusts", placed(untrusted), "", unattributed, report.Fail),

		own("of the person, for content and assertion", hand, named(doi), "verified E5", report.Pass, content, declared),
		own("of the person, for the content alone", hand, named(doi), "verified E3", report.Pass, content),
		own("of the person, for the assertion alone", hand, named(doi), "undeclared E0", report.Fail, declared),
		own("of somebody else", hand, named("https://doi.org/10.23/eve"), "undeclared E0", report.Fail, content, declared),
		own("of two people", hand, named(doi, "https://doi.org/10.23/eve"), "undeclared E0", report.Fail, content, declared),
		own("of one person, twice", hand, named(doi, "https://hdl.handle.net/10.23/ada", "https://ada.example/"), "verified E5", report.Pass, content, declared),
		own("of the person, by a part of a page", hand, named(doi+"#ada"), "undeclared E0", report.Fail, content, declared),
		own("of the person, that nobody trusts", hand, forge.Signer{Authority: stranger.Authority, Cert: named(doi).Cert}, "undeclared E0", report.Fail, content, declared),
		own("of a DOI of others", person("hand", "10.24/ada"), named("https://doi.org/10.24/ada"), "undeclared E0", report.Fail, content, declared),
		own("by a DID", person("did", "did:web:ada.example"), named("did:web:ada.example"), "verified E5", report.Pass, content, declared),
		own("by an ISNI", person("isni", "000000012146438X"), named("https://isni.org/isni/000000012146438X"), "verified E5", report.Pass, content, declared),
		own("by something that is no ISNI", person("isni", "1"), named("https://isni.org/isni/1"), "undeclared E0", report.Fail, content, declared),
		own("by Wikidata", person("wikidata", "Q42"), named("https://www.wikidata.org/entity/Q42"), "verified E5", report.Pass, content, declared),
		file("of an aggregator, by a DID", aggregated(person("did", "did:web:ada.example"), ""), "verified E5", "cawg.ica.credential_valid", report.Pass),
		file("of an aggregator, of somebody else", aggregated(person("did", "did:web:eve.example"), ""), "undeclared E0", "", report.Fail),
		file("of an aggregator that nobody trusts", aggregated(person("did", "did:web:ada.example"), "did:jwk"), "undeclared E0", "cawg.ica.untrusted_issuer", report.Fail),
		own("by a common name", person("name", "Forge Actor"), forge.Signer{}, "undeclared E0", report.Fail, content, declared),
	}
}

// TestIdentitiesAreReported: each identity assertion stands in the report with its state, whoever vouches in it.
func TestIdentitiesAreReported(t *testing.T) {
	v := trusting(t)
	note := forge.Assertion{Label: "com.example.note", CBOR: forge.Map{{K: "a", V: 1}}}
	const content = "c2pa.hash.bmff.v3"
	for _, c := range []struct {
		name     string
		recipe   forge.Recipe
		state    string
		subject  string
		verified int
	}{
		{"a certificate on a list", signedBy(note, "", forge.Signer{}, content, note.Label), "trusted", "Forge Actor, Forge, for tests only", 0},
		{"a certificate on none", signedBy(note, "", forge.Signer{Authority: forge.NewAuthority("Forge Stranger CA")}, content), "well-formed", "Forge Actor, Forge, for tests only", 0},
		{"a reference to nothing that binds", signedBy(note, "", forge.Signer{}, note.Label), "invalid", "Forge Actor, Forge, for tests only", 0},
		{"an aggregator", aggregated(note, ""), "trusted", "", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			for i := range c.recipe.Manifest.Assertions {
				if id := c.recipe.Manifest.Assertions[i].Identity; id != nil && id.Aggregator != nil {
					id.References = []string{content}
				}
			}
			r := verify(t, v, asset(forge.Make(c.recipe).Data))
			if err := schematest.Check(schematest.Report, marshal(r)); err != nil {
				t.Error(err)
			}
			got := r.Provenance.Manifests[0].Identities
			if len(got) != 1 {
				t.Fatalf("%d identities", len(got))
			}
			id := got[0]
			if id.Label != "cawg.identity" || id.State != c.state || len(id.References) == 0 || len(id.Verified) < c.verified || c.subject != "" && (id.Subject == nil || *id.Subject != c.subject) {
				t.Errorf("%+v", id)
			}
			if (id.List != nil) == (c.state == "well-formed" || c.verified > 0) {
				t.Errorf("list %v", id.List)
			}
		})
	}
	t.Run("none where the manifest does not hold", func(t *testing.T) {
		r := signedBy(note, "", forge.Signer{}, content)
		r.Manifest.Signer.Sig = func(b []byte) []byte { b[0] ^= 1; return b }
		if got := verify(t, v, asset(forge.Make(r).Data)).Provenance.Manifests[0].Identities; got != nil {
			t.Errorf("%+v", got)
		}
	})
}
