package consent

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/consentry/consentry/report"
)

// stated is one entry, with what it names and what a policy asks.
type stated struct {
	name    string
	entry   object   // members by their paths; nil: a replica that names its tokens
	tokens  []string // of the declaration
	names   []int    // of them, those that the entry names; nil: all
	bundle  object   // of the agency, with a standing order; nil: none
	own     object   // members of the performer's own bundle; nil: none
	file    func(*Facts)
	least   string // empty: E3
	any     bool   // a token of any level is enough
	state   string // at generation
	now     string // empty: as at generation
	level   string // at generation
	code    string // must be there
	lacks   string // must not
	binding string // empty: not asked
}

func (c stated) judged(t *testing.T) *Judgement {
	t.Helper()
	a := declaring("p1", "x")
	entry := a["people"].([]any)[0].(object)
	tokens, names := []any{}, c.names
	for i, raw := range c.tokens {
		tokens = append(tokens, object{"jwt": raw})
		if c.names == nil {
			names = append(names, i)
		}
	}
	entry, a = entry.set("tokens", names), a.set("tokens", tokens)
	if len(names) == 0 {
		entry = entry.set("tokens", nil)
	}
	if len(tokens) == 0 {
		a = a.set("tokens", nil)
	}
	entry = entry.set("basis", nil)
	for path, to := range c.entry {
		entry = entry.set(path, to)
	}
	a["people"] = []any{entry}
	f := &Facts{
		Now: today, T: Time{At: made, Kind: "T2"}, ClaimSigner: &Signer{DN: map[string]string{}, SPKI: signerSPKI, X5T: signerX5T, JKT: signerJKT},
		Manifest: Manifest{Label: "active", State: ManifestTrusted, Created: true}, Assertion: &Declaration{Bytes: []byte(a.text(t))},
	}
	if c.file != nil {
		c.file(f)
	}
	trust := &Trust{List: testList(t)}
	if c.bundle != nil {
		trust.Registries = append(trust.Registries, signAs(t, "consent-registry+jwt", c.bundle, agencyKey(t)))
	}
	if c.own != nil {
		b := object{"iss": issuerURI("performer"), "sequence": 1, "iat": today.Unix()}
		for path, to := range c.own {
			b = b.set(path, to)
		}
		trust.Registries = append(trust.Registries, signAs(t, "consent-registry+jwt", b, testKey(t, "performer", "Ed25519")))
	}
	terms := Terms{MinLevel: c.least, Status: StatusIgnore, Asked: true, OwnAsked: true}
	if c.least == "" && !c.any {
		terms.MinLevel = "E3"
	}
	return Judge(f, trust, terms)
}

// TestStates walks the table of section 8: the first row that holds, and what the evidence is worth. One table, hence its
// length.
func TestStates(t *testing.T) {
	grant := func(change ...any) string { // paths and values
		o := aGrant()
		for i := 0; i < len(change); i += 2 {
			o = o.set(change[i].(string), change[i+1])
		}
		return minted(t, o)
	}
	no := func(change ...any) string {
		return grant(append([]any{"jti", "urn:test:no", "consent.type", "refusal"}, change...)...)
	}
	forged := func(raw string) string { return raw[:strings.LastIndexByte(raw, '.')+1] + b64(strings.Repeat("x", 64)) }
	good, expired := grant(), grant("jti", "urn:test:old", "exp", at(-time.Hour))
	elsewhere, weak := grant("jti", "urn:test:jp", "consent.territory", []string{"JP"}), grant("jti", "urn:test:name", "sub", "name:Pat Doe")
	wrong := grant("jti", "urn:test:aud", "aud", []string{"https://other.test"})
	named := object{"subject": object{"scheme": "name", "id": "Pat Doe"}}
	revoked := object{"revocations": []any{object{"jti": "urn:test:1", "at": made.Add(-time.Hour).Format(time.RFC3339), "effect": "revoke"}}}
	signed := func(subject Subject, of ...string) func(*Facts) {
		return func(f *Facts) { f.CAWG = []Identity{{Trusted: true, Actor: &subject, References: of}} }
	}
	who, pat := Subject{Scheme: "hand", ID: "10.23/P-1"}, Subject{Scheme: "name", ID: "Pat Doe"}
	order := testBundle()
	opened := testBundle().set("roster", []any{object{"scheme": "name", "id": "Pat Doe", "from": "2025-10-01T00:00:00Z"}})
	for _, c := range []stated{
		{name: "a grant that holds", tokens: []string{good}, state: "verified", level: "E4", code: "consent.person.verified", binding: "B2"},
		{name: "one that is worth less than is asked for", tokens: []string{good}, least: "E5", state: "declared", level: "E4", code: "consent.person.declaredOnly"},
		{name: "a weaker one beside one that fails", tokens: []string{good, wrong}, least: "E5", state: "declared", level: "E4"},
		{name: "nobody, and any level is enough", any: true, state: "undeclared", level: "E0"},
		{name: "one that fails, and any level is enough", tokens: []string{wrong}, any: true, state: "invalid", level: "E2"},
		{name: "one that has expired since", tokens: []string{grant("exp", at(time.Hour))}, state: "verified", now: "expired", level: "E4"},
		{name: "one that fails beside one that holds", tokens: []string{wrong, good}, state: "verified", level: "E4"},
		{name: "one that fails beside one that is revoked", tokens: []string{wrong, good}, own: revoked, state: "invalid", level: "E2"},
		{name: "one that is revoked beside one that has expired", tokens: []string{expired, good}, own: revoked, state: "revoked", level: "E2"},
		{name: "one that has expired", tokens: []string{expired}, state: "expired", level: "E2"},
		{name: "one that is out of scope", tokens: []string{elsewhere}, state: "out-of-scope", level: "E2"},
		{name: "one that has expired and one that is out of scope", tokens: []string{elsewhere, expired}, state: "expired", level: "E2"},
		{name: "one that is worth E2", tokens: []string{weak}, entry: named, state: "declared", level: "E2"},
		{name: "two of one name", tokens: []string{good, grant("exp", at(100*time.Hour))}, state: "invalid", level: "E2"},
		// what the declaration says by itself
		{name: "called refused", entry: object{"basis": "refused"}, state: "refused", level: "E2"},
		{name: "called refused, and a token stands", entry: object{"basis": "refused"}, tokens: []string{good}, state: "verified", level: "E4"},
		{name: "called refused, and an identity stands", entry: object{"basis": "refused"}, file: signed(who, "hardBinding"), state: "verified", level: "E3"},
		{name: "called granted by a token, and there is none", entry: object{"basis": "token"}, state: "declared", level: "E2"},
		{name: "of an unknown basis", entry: object{"basis": "unknown"}, state: "undeclared", level: "E0"},
		{name: "of an unknown basis, and opted out", entry: object{"basis": "unknown"}, bundle: order, state: "refused", level: "E0"},
		{name: "without basis, and opted out", bundle: order, state: "refused", level: "E0", code: "consent.registry.refused"},
		{name: "of an unknown basis, with a token that fails", entry: object{"basis": "unknown"}, tokens: []string{wrong}, state: "invalid", level: "E2"},
		{name: "called not required, of a replica", entry: object{"basis": "not-required"}, state: "undeclared", level: "E0"},
		{name: "called not required, of a replica that opted out", entry: object{"basis": "not-required"}, bundle: order, state: "refused", level: "E0"},
		{name: "called not required, shown as filmed", entry: object{"basis": "not-required", "rendering": "authentic"}, state: "not-required", level: "E2"},
		{name: "called exempt", entry: object{"basis": "exempt"}, state: "exempt-declared", level: "E2", code: "consent.person.exemptDeclared"},
		{name: "an exemption", entry: object{"exemption": "satire"}, state: "exempt-declared", level: "E2"},
		{name: "an exemption, and a token that is worth E2", entry: object{"exemption": "satire", "subject": named["subject"]}, tokens: []string{weak}, state: "exempt-declared", level: "E2"},
		// the person's own identity
		{name: "an identity of content and declaration", file: signed(who, "hardBinding", "consent"), least: "E4", state: "verified", level: "E5"},
		{name: "an identity of the content alone, and more is asked for", file: signed(who, "hardBinding"), least: "E4", state: "declared", level: "E3"},
		{name: "an identity of a name", entry: named, file: signed(pat, "hardBinding", "consent"), state: "declared", level: "E2"},
		// refusals
		{name: "a refusal beside a grant", tokens: []string{good, no()}, state: "refused", level: "E4", code: "consent.token.refusal", lacks: "consent.registry.refused"},
		{name: "a refusal that the entry does not name", tokens: []string{good, no()}, names: []int{0}, state: "refused", level: "E4", code: "consent.token.refusal"},
		{name: "a refusal alone", tokens: []string{no()}, state: "refused", level: "E2"},
		{name: "a refusal of another modality", tokens: []string{good, no("consent.modality", []string{"body"})}, state: "verified", level: "E4", lacks: "consent.token.refusal"},
		{name: "a refusal of another modality that the entry does not name", tokens: []string{good, no("consent.modality", []string{"body"})}, names: []int{0}, state: "verified", level: "E4", code: "consent.token.unused"},
		{name: "a refusal that had ended", tokens: []string{good, no("exp", at(-time.Hour))}, state: "verified", level: "E4"},
		{name: "a refusal that had ended, alone", tokens: []string{no("exp", at(-time.Hour))}, state: "undeclared", level: "E0"},
		{name: "a refusal of something else that the entry names, and nothing besides", tokens: []string{no("consent.modality", []string{"body"})}, state: "undeclared", level: "E0"},
		{name: "a refusal that begins since", tokens: []string{good, no("nbf", at(time.Hour))}, names: []int{0}, state: "verified", now: "refused", level: "E4"},
		{name: "a refusal that has ended since", tokens: []string{good, no("exp", at(time.Hour))}, names: []int{0}, state: "refused", now: "verified", level: "E4"},
		{name: "a refusal that a stranger signed", tokens: []string{good, forged(no())}, names: []int{0}, state: "verified", level: "E4", lacks: "consent.token.refusal"},
		{name: "a refusal that a stranger signed, and that the entry names", tokens: []string{forged(no())}, state: "invalid", level: "E2", lacks: "consent.token.refusal"},
		{name: "a refusal for somebody else that the entry names", tokens: []string{no("sub", "name:Pat Doe")}, state: "invalid", level: "E2"},
		// orders
		{name: "opted out, and granted", tokens: []string{good}, bundle: order, state: "verified", level: "E4"},
		{name: "opted out, and granted by a token that is worth E2", entry: named, tokens: []string{weak}, bundle: opened, state: "refused", level: "E2", code: "consent.registry.refused"},
		{name: "opted out, and granted by a token that fails", tokens: []string{wrong}, bundle: order, state: "refused", level: "E2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			j := c.judged(t)
			p := j.People[0]
			if c.now == "" {
				c.now = c.state
			}
			if p.AtGeneration != c.state || p.Now != c.now || p.Level != c.level || c.binding != "" && p.Binding != c.binding {
				t.Errorf("%s at %s %s, now %s: %v", p.AtGeneration, p.Level, p.Binding, p.Now, p.Findings)
			}
			all := slices.Concat(j.Findings, p.Findings)
			for _, tok := range p.Tokens {
				all = append(all, tok.Findings...)
			}
			if c.code != "" && !report.Has(all, c.code) || c.lacks != "" && report.Has(all, c.lacks) {
				t.Errorf("want %q, not %q: %v", c.code, c.lacks, all)
			}
		})
	}
}
