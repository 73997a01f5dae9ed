package consentry_test

import (
	"bytes"
	"compress/zlib"
	"crypto/x509"
	"slices"
	"testing"

	"github.com/consentry/consentry/consent"
	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/policy"
	"github.com/consentry/consentry/report"
)

// consentFile is a whole file with a consent assertion, and what is to be said of its people.
type consentFile struct {
	name    string
	recipe  forge.Recipe
	status  []string // status lists at hand
	nobody  bool     // no consent trust list
	profile string   // default ci
	states  []string // "id state level", sorted
	code    string   // that must be given somewhere
	verdict report.Verdict
	event   string // that has to be among the reasons
}

// with is a good file with a consent assertion.
func with(a forge.Assertion, s forge.Signer) forge.Recipe {
	if a.Label == "" {
		a.Label = forge.ConsentLabel
	}
	return forge.Recipe{Manifest: forge.Manifest{Assertions: []forge.Assertion{a}, Signer: s}}
}

func ada(edit func(payload, scope forge.Object)) forge.Assertion {
	return forge.Assertion{CBOR: forge.Consent([]forge.Map{forge.Depicted("p1", "ada", 0)}, forge.Token("ada", edit))}
}

// cnf binds a token to the key that signs by default.
func cnf(p, _ forge.Object) {
	leaf, _ := forge.Signer{}.Chain()
	p["cnf"] = forge.Object{"jkt": forge.JKT(leaf.Cert.PublicKey), "x5t#S256": forge.X5T(leaf.Cert), "spki#S256": []string{forge.SPKI(leaf.Cert)}}
}

// clearance is a token for this very content.
func clearance(binding []byte) any {
	return forge.Consent([]forge.Map{forge.Depicted("p1", "ada", 0)}, forge.Token("ada", func(p, s forge.Object) {
		cnf(p, s)
		s["type"] = "clearance"
		s["asset"] = forge.Object{"alg": "sha256", "of": "c2pa.hash.bmff.v3", "hash": forge.HardBindingDigest(binding)}
	}))
}

func consentFiles() []consentFile {
	stamped := forge.Signer{Stamps: []forge.Stamp{{}}, Stamp2: true}
	stranger := forge.Signer{Authority: forge.NewAuthority("Forge Stranger CA")}
	other := forge.Signer{Name: "Another Signer", Alg: "ES384"}
	parent := with(ada(nil), forge.Signer{}).Manifest
	parent.Label = "urn:c2pa:33333333-3333-4333-8333-333333333333"
	opened := forge.Action{Name: "c2pa.opened", Ingredient: []int{0}}
	child := func(m forge.Manifest, actions ...forge.Action) forge.Recipe {
		return forge.Recipe{Manifest: forge.Manifest{Ingredients: []forge.Ingredient{{Manifest: &m}}, Actions: append([]forge.Action{opened}, actions...)}}
	}
	uri := "self#jumbf=/c2pa/" + parent.Label + "/c2pa.assertions/" + forge.ConsentLabel
	redacted := parent
	redacted.AfterSign = func(m *forge.Node) { m.Find("c2pa.assertions").Drop(forge.ConsentLabel) }
	redacting := child(redacted, forge.Action{Name: "c2pa.redacted", Edit: func(m *forge.Map) { m.Set("parameters", forge.Map{{K: "redacted", V: uri}}) }})
	redacting.Manifest.Redacts = []string{uri}
	placed := forge.Recipe{Manifest: forge.Manifest{
		Ingredients: []forge.Ingredient{{Relationship: "componentOf", Manifest: &parent}},
		Actions:     []forge.Action{{Name: "c2pa.created", Source: "digitalCreation"}, {Name: "c2pa.placed", Ingredient: []int{0}}},
	}}
	long := func(p, _ forge.Object) {
		p["exp"] = forge.Clock.AddDate(0, 6, 0).Unix()
		p["status"] = forge.Object{"status_list": forge.Object{"idx": 0, "uri": "https://ada.example/s"}}
	}
	lists := func(bits byte) []string {
		return []string{forge.StatusList("ada", "https://ada.example/s", deflate(bits))}
	}
	gathered := ada(nil)
	gathered.List = "gathered"
	twice := with(ada(nil), forge.Signer{})
	twice.Manifest.Assertions = append(twice.Manifest.Assertions, forge.Assertion{Label: forge.ConsentLabel + "__1", CBOR: forge.Consent([]forge.Map{forge.Depicted("p1", "")})})
	tampered := with(ada(nil), forge.Signer{})
	tampered.Hash = func(b []byte) []byte { b[0] ^= 1; return b }
	changed := with(ada(nil), forge.Signer{})
	changed.Manifest.AfterSign = func(m *forge.Node) {
		box := m.Find("c2pa.assertions").Find(forge.ConsentLabel).Kids[0]
		box.Data = bytes.Replace(box.Data, []byte("replica"), []byte("altered"), 1)
	}
	// A part of a manifest that was changed before a trusted editor added an update to it, or made something new of it.
	note := forge.Assertion{Label: "com.example.note", CBOR: forge.Map{{K: "a", V: "as signed"}}}
	noted := func(edit func(*forge.Node), source string) *forge.Manifest {
		return &forge.Manifest{Label: parent.Label, Assertions: []forge.Assertion{note}, AfterSign: edit, Actions: []forge.Action{{Name: "c2pa.created", Source: source}}}
	}
	slip := func(m *forge.Node) {
		box := m.Find("c2pa.assertions").Find(note.Label).Kids[0]
		box.Data = bytes.Replace(box.Data, []byte("as signed"), []byte("as edited"), 1)
	}
	over := func(m *forge.Manifest, list ...forge.Assertion) forge.Recipe {
		return forge.Recipe{Manifest: forge.Manifest{Update: true, Ingredients: []forge.Ingredient{{Manifest: m}}, Assertions: list}}
	}
	granted := ada(nil)
	granted.Label = forge.ConsentLabel
	const generated, film = "trainedAlgorithmicMedia", "digitalCapture"
	by := func(s forge.Signer) *forge.Manifest {
		m := noted(nil, generated)
		m.Signer = s
		return m
	}
	noSigner := forge.Signer{Cert: func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyEncipherment }}
	expired := forge.Signer{Cert: func(c *x509.Certificate) {
		c.NotBefore, c.NotAfter = forge.Clock.AddDate(-1, -1, 0), forge.Clock.AddDate(0, -1, 0)
	}}
	component := forge.Recipe{Manifest: forge.Manifest{
		Ingredients: []forge.Ingredient{{Relationship: "componentOf", Manifest: noted(slip, generated)}}, Assertions: []forge.Assertion{granted},
		Actions: []forge.Action{{Name: "c2pa.created", Source: generated}, {Name: "c2pa.placed", Ingredient: []int{0}}},
	}}
	again := over(noted(slip, generated)).Manifest
	again.Label = "urn:c2pa:44444444-4444-4444-8444-444444444444"
	leavingOut := func(path string) forge.Recipe {
		r := with(ada(nil), forge.Signer{})
		r.Exclude = []forge.Exclusion{{XPath: "/uuid"}, {XPath: path}}
		return r
	}
	recorded := forge.Recipe{Exclude: leavingOut("/mdat").Exclude, Manifest: forge.Manifest{Actions: []forge.Action{{Name: "c2pa.created", Source: "digitalCapture"}}}}
	remote := with(ada(nil), forge.Signer{})
	remote.Container.External = "http://example.com/media.mp4"
	return []consentFile{
		{name: "her own grant", recipe: with(ada(nil), forge.Signer{}), states: []string{"p1 verified E3"}, code: "consent.binding.provider", verdict: report.Pass},
		{name: "a grant for the signer's key", recipe: with(ada(cnf), forge.Signer{}), states: []string{"p1 verified E3"}, code: "consent.binding.claimSigner", verdict: report.Pass},
		{name: "a grant for the signer's key, time-stamped", recipe: with(ada(cnf), stamped), profile: "studio", states: []string{"p1 verified E4"}, code: "consent.time.attested", verdict: report.Pass},
		{name: "a clearance of this content", recipe: with(forge.Assertion{Late: clearance}, stamped), profile: "studio", states: []string{"p1 verified E5"}, code: "consent.binding.asset", verdict: report.Pass},
		{name: "a clearance of other content", recipe: with(forge.Assertion{Late: func(b []byte) any { return clearance(append(b[:len(b):len(b)], 0)) }}, stamped), states: []string{"p1 invalid "}, code: "consent.binding.assetMismatch", verdict: report.Fail},
		{name: "nobody is depicted", recipe: with(forge.Assertion{CBOR: forge.Consent(nil)}, forge.Signer{}), code: "consent.assertion.valid", verdict: report.Pass},
		{name: "one of two has not consented", recipe: with(forge.Assertion{CBOR: forge.Consent([]forge.Map{forge.Depicted("p1", "ada", 0), forge.Depicted("p2", "")}, forge.Token("ada", nil))}, forge.Signer{}), states: []string{"p1 verified E3", "p2 undeclared E0"}, verdict: report.Fail},
		{name: "no consent assertion", recipe: forge.Recipe{}, code: "consent.assertion.missing", verdict: report.Fail},
		{name: "nobody is trusted", recipe: with(ada(nil), forge.Signer{}), nobody: true, code: "consent.issuer.untrusted", verdict: report.Fail},
		{name: "another signer's file", recipe: with(ada(nil), other), states: []string{"p1 invalid "}, code: "consent.token.audienceMismatch", verdict: report.Fail},
		{name: "a grant for another signer's key", recipe: with(ada(cnf), other), states: []string{"p1 invalid "}, code: "consent.binding.signerMismatch", verdict: report.Fail},
		{name: "a signer on no list", recipe: with(ada(nil), stranger), code: "signingCredential.untrusted", verdict: report.Fail},
		{name: "gathered, and nobody vouches for it", recipe: with(gathered, forge.Signer{}), code: "consent.assertion.unattributed", verdict: report.Fail},
		{name: "an assertion of an unknown version", recipe: with(forge.Assertion{CBOR: forge.Map{{K: "v", V: 2}}}, forge.Signer{}), code: "consent.assertion.malformed", verdict: report.Fail},
		{name: "an assertion that is no CBOR", recipe: with(forge.Assertion{CBOR: forge.Raw{0xa1}}, forge.Signer{}), code: "consent.assertion.malformed", verdict: report.Fail},
		{name: "one id in two assertions", recipe: twice, code: "consent.assertion.malformed", verdict: report.Fail},
		{name: "an assertion changed after it was signed", recipe: changed, code: "assertion.hashedURI.mismatch", verdict: report.Fail},
		{name: "other content than was signed", recipe: tampered, code: "assertion.bmffHash.mismatch", verdict: report.Fail},
		{name: "a content hash that leaves the media out", recipe: leavingOut("/mdat"), profile: "newsroom", states: []string{"p1 verified E3"}, code: "asset.unboundTrack", verdict: report.Indeterminate},
		{name: "a recording whose content hash leaves the media out", recipe: recorded, profile: "newsroom", code: "asset.unboundTrack", verdict: report.Indeterminate},
		{name: "media that lie in another file", recipe: remote, code: "asset.externalData", verdict: report.Fail},
		{name: "a content hash that leaves the movie box out", recipe: leavingOut("/moov"), profile: "newsroom", states: []string{"p1 verified E3"}, code: "asset.partiallyBound", verdict: report.Warn},
		{name: "an update over a manifest that holds", recipe: over(noted(nil, generated), granted), states: []string{"p1 verified E3"}, verdict: report.Pass},
		{name: "an update over a manifest that was changed", recipe: over(noted(slip, generated), granted), profile: "newsroom", states: []string{"p1 verified E3"}, code: "assertion.hashedURI.mismatch", verdict: report.Warn, event: policy.HistoryInvalid},
		{name: "an update over a manifest that was changed, to be shipped", recipe: over(noted(slip, generated), granted), states: []string{"p1 verified E3"}, verdict: report.Fail, event: policy.HistoryInvalid},
		{name: "an update over an update over a manifest that was changed", recipe: over(&again, granted), profile: "newsroom", verdict: report.Warn, event: policy.HistoryInvalid},
		{name: "a component that was changed", recipe: component, profile: "newsroom", states: []string{"p1 verified E3"}, verdict: report.Warn, event: policy.HistoryInvalid},
		{name: "an update over a manifest whose certificate may not sign", recipe: over(by(noSigner), granted), profile: "newsroom", code: "signingCredential.invalid", verdict: report.Warn, event: policy.HistoryInvalid},
		{name: "an update over a manifest whose certificate has expired", recipe: over(by(expired), granted), code: "claimSignature.outsideValidity", verdict: report.Pass},
		{name: "an update over a manifest by a stranger", recipe: over(by(stranger), granted), code: "signingCredential.untrusted", verdict: report.Pass},
		{name: "an update over a recording that was changed", recipe: over(noted(slip, film)), profile: "newsroom", verdict: report.Indeterminate, event: policy.HistoryInvalid},
		{name: "an update over a recording", recipe: over(noted(nil, film)), verdict: report.NotApplicable},
		{name: "redacted by a later editor", recipe: redacting, code: "consent.assertion.redacted", verdict: report.Fail},
		{name: "the people of a component", recipe: placed, states: []string{"p1 verified E3"}, code: "consent.issuer.trusted", verdict: report.Pass},
		{name: "a long grant and no status", recipe: with(ada(long), forge.Signer{}), states: []string{"p1 unresolved "}, code: "consent.status.skipped", verdict: report.Fail},
		{name: "a long grant in good standing", recipe: with(ada(long), forge.Signer{}), status: lists(0), states: []string{"p1 verified E3"}, code: "consent.status.good", verdict: report.Pass},
		{name: "a long grant that was revoked", recipe: with(ada(long), forge.Signer{}), status: lists(1), states: []string{"p1 revoked "}, code: "consent.token.revoked", verdict: report.Fail},
	}
}

// deflate is the list of a status token: eight tokens in one byte.
func deflate(bits byte) []byte {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	_, _ = w.Write([]byte{bits})
	_ = w.Close()
	return b.Bytes()
}

func TestConsentInFiles(t *testing.T) {
	leaf, _ := forge.Signer{}.Chain()
	list, findings := consent.LoadTrust(consent.TrustInput{Text: forge.ConsentTrust(leaf.Cert, "ada", "ben"), Now: forge.Clock})
	if list == nil {
		t.Fatalf("the trust list is not read: %v", findings)
	}
	for _, c := range slices.Concat(consentFiles(), identityFiles()) {
		t.Run(c.name, func(t *testing.T) {
			v := trusting(t)
			if !c.nobody {
				v.Consent = &consent.Trust{List: list, StatusLists: c.status}
			}
			if c.profile == "" {
				c.profile = policy.CI
			}
			v.Policy = &policy.Policy{Profile: c.profile}
			r := verify(t, v, asset(forge.Make(c.recipe).Data))
			if r.Verdict != c.verdict {
				t.Errorf("verdict %s, want %s: %v", r.Verdict, c.verdict, r.Reasons)
			}
			if c.event != "" && !slices.ContainsFunc(r.Reasons, func(x report.Reason) bool { return x.Event == c.event }) {
				t.Errorf("%s is not among the reasons: %v", c.event, r.Reasons)
			}
			all := r.Findings
			for _, m := range r.Provenance.Manifests {
				all = slices.Concat(all, m.Success, m.Informational, m.Failure)
			}
			for i, p := range r.People {
				all = append(all, p.Findings...)
				for _, tok := range p.Tokens {
					all = append(all, tok.Findings...)
				}
				if c.states == nil {
					continue
				}
				if i >= len(c.states) || !samePerson(p, c.states[i]) {
					t.Errorf("%s is %s at %s; want %v", p.ID, p.State, p.Level, c.states)
				}
			}
			if c.states != nil && len(r.People) != len(c.states) {
				t.Errorf("%d people, want %d", len(r.People), len(c.states))
			}
			if c.code != "" && !report.Has(all, c.code) {
				t.Errorf("%s is not given", c.code)
			}
		})
	}
}

// samePerson holds a person against "id state level"; the level may be left out.
func samePerson(p report.Person, want string) bool {
	got := p.ID + " " + string(p.State) + " "
	return want == got || want == got+string(p.Level)
}
