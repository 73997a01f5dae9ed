package consent

import (
	"fmt"
	"strings"
	"testing"

	"github.com/consentry/consentry/report"
)

// carried is a file whose active manifest carries the performer's grant for p1; change may be nil.
func carried(t *testing.T, change func(*Facts)) *Judgement {
	t.Helper()
	f := &Facts{
		Now: today, T: Time{At: made, Kind: "T2"}, ClaimSigner: &Signer{DN: map[string]string{}, SPKI: signerSPKI, X5T: signerX5T, JKT: signerJKT},
		Manifest:  Manifest{Label: "active", State: ManifestTrusted, Created: true},
		Assertion: &Declaration{Bytes: []byte(declaring("p1", minted(t, aGrant())).text(t))},
	}
	if change != nil {
		change(f)
	}
	return Judge(f, &Trust{List: testList(t)}, Terms{MinLevel: "E3", Status: StatusIgnore, Asked: true, OwnAsked: true})
}

// TestWhatADeclarationIsWorth: who vouches for the assertion that a manifest carries, and what evidence that rests on
// it can reach. Consent format 1, 2 (created or gathered) and 5 (derived files).
func TestWhatADeclarationIsWorth(t *testing.T) {
	yes, no := true, false
	identity := func(trusted bool, of ...string) []Identity {
		return []Identity{{Trusted: trusted, Actor: &Subject{Scheme: "name", ID: "Somebody"}, References: of}}
	}
	gathered := func(more func(*Facts)) func(*Facts) {
		return func(f *Facts) { f.Manifest.Created = false; more(f) }
	}
	below := func(change func(*Ingredient)) func(*Facts) {
		return func(f *Facts) {
			in := Ingredient{Relationship: "parentOf", Manifest: f.Manifest, ClaimSigner: f.ClaimSigner, T: f.T, Assertion: f.Assertion}
			in.Manifest.Label = "parent"
			f.Assertion, f.Manifest.Actions = nil, []Action{{Action: "c2pa.opened", Ingredients: []string{"parent"}}}
			change(&in)
			f.Ingredients = []Ingredient{in}
		}
	}
	opened := func(from ...string) func(*Facts) {
		return func(f *Facts) {
			below(func(*Ingredient) {})(f)
			f.Manifest.Actions[0].Ingredients = from
		}
	}
	for _, c := range []struct {
		name   string
		file   func(*Facts)
		level  string
		nobody bool // vouches for it, which is said
	}{
		{"created", nil, "E4", false},
		{"gathered", gathered(func(*Facts) {}), "E1", true},
		{"gathered, and referenced", gathered(func(f *Facts) { f.Manifest.CAWGReferences = true }), "E4", false},
		{"gathered, and a trusted identity references it", gathered(func(f *Facts) { f.CAWG = identity(true, "hardBinding", "consent") }), "E4", false},
		{"gathered, and the second of two identities does", gathered(func(f *Facts) { f.CAWG = append(identity(false, "consent"), identity(true, "consent")...) }), "E4", false},
		{"gathered, and the first of two identities does", gathered(func(f *Facts) { f.CAWG = append(identity(true, "consent"), identity(true, "hardBinding")...) }), "E4", false},
		{"gathered, and an identity that nobody trusts references it", gathered(func(f *Facts) { f.CAWG = identity(false, "hardBinding", "consent") }), "E1", true},
		{"gathered, and a trusted identity references other things", gathered(func(f *Facts) { f.CAWG = identity(true, "hardBinding") }), "E1", true},
		{"gathered alone of several", func(f *Facts) { f.Assertion.Created = &no }, "E1", true},
		{"created alone of several", gathered(func(f *Facts) { f.Assertion.Created = &yes }), "E4", false},
		{"gathered, and another one is referenced", gathered(func(f *Facts) { f.Manifest.CAWGReferences, f.Assertion.Referenced = true, &no }), "E1", true},
		{"gathered, and a trusted identity references another one", gathered(func(f *Facts) { f.CAWG, f.Assertion.Referenced = identity(true, "consent"), &no }), "E1", true},
		{"gathered, and referenced alone of several", gathered(func(f *Facts) { f.Assertion.Referenced = &yes }), "E4", false},
		{"of a signer that nobody trusts", func(f *Facts) { f.Manifest.State = ManifestValid }, "E4", false},
		{"of a manifest that does not hold", func(f *Facts) { f.Manifest.State = ManifestInvalid }, "E1", false},
		{"of a manifest in a state that nobody knows", func(f *Facts) { f.Manifest.State = "perhaps" }, "E1", false},
		{"of the active manifest, which stands below an edit among its own ingredients", func(f *Facts) {
			f.Ingredients = []Ingredient{{
				Relationship: "parentOf", Manifest: Manifest{Label: "parent", State: ManifestTrusted, Actions: []Action{{Action: "c2pa.edited"}}},
				Ingredients: []Ingredient{{Relationship: "parentOf", Manifest: f.Manifest}},
			}}
		}, "E4", false},
		{"of the parent", below(func(*Ingredient) {}), "E4", false},
		{"of a parent whose signer nobody trusts", below(func(in *Ingredient) { in.Manifest.State = ManifestValid }), "E1", false},
		{"of a parent that gathered it", below(func(in *Ingredient) { in.Manifest.Created = false }), "E1", true},
		{"of a parent whose identity references it", below(func(in *Ingredient) { in.Manifest.Created, in.CAWG = false, identity(true, "consent") }), "E4", false},
		{"of a parent, below a manifest that does not hold", func(f *Facts) { below(func(*Ingredient) {})(f); f.Manifest.State = ManifestInvalid }, "E1", false},
		{"of the parent that was opened among others", opened("other", "parent"), "E4", false},
		{"of a parent, and it is not said what was opened", opened(), "E4", false},
		{"of a parent, and something else was opened", opened("other"), "E2", false},
		{"of a parent without label, and something was opened", func(f *Facts) { opened("other")(f); f.Ingredients[0].Manifest.Label = "" }, "E4", false},
		{"of a parent, and something else was published", func(f *Facts) { opened("other")(f); f.Manifest.Actions[0].Action = "c2pa.published" }, "E4", false},
		{"of a parent that was edited", func(f *Facts) { opened("parent")(f); f.Manifest.Actions[0].Action = "c2pa.edited" }, "E2", false},
	} {
		j := carried(t, c.file)
		if len(j.People) != 1 || j.People[0].Level != c.level {
			t.Errorf("%s: %+v, want level %s", c.name, j.People, c.level)
		}
		if report.Has(j.Findings, "consent.assertion.unattributed") != c.nobody {
			t.Errorf("%s: %v", c.name, j.Findings)
		}
	}
}

// TestWhereADeclarationStands: findings and names tell the assertions of several manifests apart.
func TestWhereADeclarationStands(t *testing.T) {
	token := minted(t, aGrant())
	named := func(id string) *Declaration {
		return &Declaration{Bytes: []byte(declaring(id, token).text(t))}
	}
	parent := func(label, id string) Ingredient {
		return Ingredient{Relationship: "parentOf", Manifest: Manifest{Label: label, State: ManifestTrusted, Created: true}, Assertion: named(id)}
	}
	const of = "self#jumbf=/c2pa/%s/c2pa.assertions/io.github.consentry.consent"
	active := fmt.Sprintf(of, "active")
	for _, c := range []struct {
		name  string
		file  func(*Facts)
		uris  string // of what is valid
		names string
	}{
		{"one", nil, active, "p1"},
		{"one that says where it stands", func(f *Facts) { f.Assertion.URI = "self#jumbf=here" }, "self#jumbf=here", "p1"},
		{"two of a manifest", func(f *Facts) { f.Assertions = []*Declaration{named("p2")} }, active + " " + active + "__1", "p1 p2"},
		{"one of a manifest without label", func(f *Facts) { f.Manifest.Label = "" }, "", "p1"},
		{"one of the parent too", func(f *Facts) { f.Ingredients = []Ingredient{parent("parent", "p1")} }, active + " " + fmt.Sprintf(of, "parent"), "p1@active p1@parent"},
		{"one of two parents without label", func(f *Facts) { f.Ingredients = []Ingredient{parent("", "p1"), parent("", "p1")} }, active + "  ", "p1@active p1@manifest-1 p1@manifest-2"},
	} {
		j := carried(t, c.file)
		var uris, names []string
		for _, f := range j.Findings {
			if f.Code == "consent.assertion.valid" {
				uris = append(uris, f.URL)
			}
		}
		for _, p := range j.People {
			names = append(names, p.ID)
		}
		if strings.Join(uris, " ") != c.uris || strings.Join(names, " ") != c.names {
			t.Errorf("%s: %q of %q", c.name, uris, names)
		}
	}
}

// TestSidecarsAsSources: a sidecar takes the claim signer's place where no manifest of the picture itself declares
// anybody, and vouches for what it says. Consent format 1, 2 (Without C2PA).
func TestSidecarsAsSources(t *testing.T) {
	key := testKey(t, "provider", "Ed25519")
	list := testList(t)
	list.Entry(generator).Keys = []*IssuerKey{{Kid: "provider", Key: key.Public}}
	asset := digestOf("the file")
	side := signAs(t, "consent-sidecar+jwt", object{
		"iss": generator, "iat": made.Unix(), "asset": object{"alg": "sha256", "hash": asset}, "consent": declaring("p1", minted(t, aGrant().set("cnf", nil))),
	}, key)
	component := Ingredient{Relationship: "componentOf", Manifest: Manifest{Label: "part", State: ManifestTrusted, Created: true}, Assertion: &Declaration{Bytes: []byte(declaring("p1", minted(t, aGrant())).text(t))}}
	parent := component
	parent.Relationship = "parentOf"
	for _, c := range []struct {
		name   string
		in     []Ingredient
		people string
		used   bool
	}{
		{"and nothing else", nil, "p1:E3:", true},
		{"beside a component that declares somebody", []Ingredient{component}, "p1@part:E2:self#jumbf=/c2pa/part/c2pa.assertions/io.github.consentry.consent p1@sidecar:E3:", true},
		{"beside a parent that declares somebody", []Ingredient{parent}, "p1:E2:self#jumbf=/c2pa/part/c2pa.assertions/io.github.consentry.consent", false},
	} {
		f := &Facts{Now: today, AssetSHA256: asset, Sidecar: side, Manifest: Manifest{State: ManifestAbsent}, Ingredients: c.in}
		if c.in != nil {
			f.Manifest = Manifest{Label: "active", State: ManifestTrusted}
		}
		j := Judge(f, &Trust{List: list}, Terms{MinLevel: "E3", Status: StatusIgnore, Asked: true, OwnAsked: true})
		var people []string
		for _, p := range j.People {
			people = append(people, p.ID+":"+p.Level+":"+p.Source)
		}
		if strings.Join(people, " ") != c.people || (j.Sidecar != nil) != c.used {
			t.Errorf("%s: %q, used %v, %v", c.name, people, j.Sidecar != nil, j.Findings)
		}
	}
}

// TestRedactedDeclarations: which of a manifest's redactions took a consent assertion away. Consent format 1, 5.
func TestRedactedDeclarations(t *testing.T) {
	const of = "self#jumbf=/c2pa/parent/c2pa.assertions/"
	for uri, want := range map[string]bool{
		of + "io.github.consentry.consent":          true,
		of + "io.github.consentry.consent__1":       true,
		of + "io.github.consentry.consent.v2":       true,
		of + "io.github.consentry.consent.v2__3":    true,
		"io.github.consentry.consent":               true,
		of + "io.github.consentry.consent.more":     false,
		of + "io.github.consentry.consents":         false,
		of + "c2pa.actions":                         false,
		of + "io.github.consentry.consent/c2pa.box": false,
		"": false,
	} {
		j := carried(t, func(f *Facts) { f.Manifest.Redacted = []string{of + "c2pa.thumbnail.claim", uri} })
		said := 0
		for _, f := range j.Findings {
			if f.Code == "consent.assertion.redacted" && f.URL == uri {
				said++
			}
		}
		if said != bit(want) || len(j.Unusable) != bit(want) {
			t.Errorf("%q: said %d times, unusable %q", uri, said, j.Unusable)
		}
	}
	// One that was removed is not one that was never there.
	j := carried(t, func(f *Facts) { f.Assertion, f.Manifest.Redacted = nil, []string{of + Label} })
	if j.Missing || !report.Has(j.Findings, "consent.assertion.redacted") {
		t.Errorf("missing %v, %v", j.Missing, j.Findings)
	}
}

// TestSourcesGoToTheirLimit, and one past it, which is said once.
func TestSourcesGoToTheirLimit(t *testing.T) {
	for _, n := range []int{maxSources - 1, maxSources, maxSources + 1} { // and the active one
		j := carried(t, func(f *Facts) {
			for i := range n {
				f.Ingredients = append(f.Ingredients, Ingredient{
					Relationship: "componentOf", Manifest: Manifest{Label: fmt.Sprint("m", i), State: ManifestTrusted},
					Ingredients: []Ingredient{{Relationship: "parentOf", Manifest: Manifest{Label: "m0", State: ManifestTrusted}}},
				})
			}
			f.Ingredients[0].Ingredients = []Ingredient{{Relationship: "parentOf", Manifest: Manifest{Label: fmt.Sprint("m", n-1), State: ManifestTrusted}}}
		})
		said := 0
		for _, f := range j.Findings {
			if f.Code == "consent.input.tooLarge" && f.Where == "ingredients" {
				said++
			}
		}
		if said != bit(n >= maxSources) || len(j.Unusable) != said {
			t.Errorf("%d ingredients: said %d times, %q", n, said, j.Unusable)
		}
	}
}
