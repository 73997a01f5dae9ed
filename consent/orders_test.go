package consent

import (
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strings"
	"testing"
	"time"
)

// opted is one entry before a registry's orders.
type opted struct {
	name    string
	issuer  string                  // of the bundle; empty: agency
	trust   func(*TrustList)        // changes to the trust list; nil: none
	order   object                  // members of the order by their paths
	bundle  object                  // members of the bundle
	none    bool                    // no bundle is at hand
	entry   object                  // members of the entry
	work    bool                    // the entry is one of a work
	tokens  []string                // the entry's, by value
	signer  *Signer                 // empty: the generator
	made    object                  // the generation; nil: the generator's
	consult func(raw string) object // what is said to have been asked; nil: nothing
	state   string                  // at generation
	now     string                  // empty: as at generation
	code    string                  // on the entry or the report; empty: not asked
	lacks   string
}

const agent = "https://agency.test"

// judged judges the entry.
func (o opted) judged(t *testing.T) *Judgement {
	t.Helper()
	list, err := ParseTrustList([]byte(testTrust(t).text(t)))
	if err != nil {
		t.Fatal(err)
	}
	if o.trust != nil {
		o.trust(list)
	}
	if o.issuer == "" {
		o.issuer = "agency"
	}
	all := func(base, with object) object {
		for path, to := range with {
			base = base.set(path, to)
		}
		return base
	}
	order := all(anOrder().set("effective_from", "2025-10-01T00:00:00Z"), o.order)
	bundle := all(object{
		"iss": issuerURI(o.issuer), "sequence": 1, "iat": made.Add(-time.Hour).Unix(), "next_update": "2027-01-01T00:00:00Z", "salt": b64("salt"),
		"roster": []any{object{"scheme": "hand", "id": "10.23/P-1", "from": "2025-10-01T00:00:00Z"}}, "orders": []any{order},
	}, o.bundle)
	raw := signAs(t, "consent-registry+jwt", bundle, testKey(t, o.issuer, curveOf(o.issuer)))
	entry := object{"id": "p1", "kind": "real", "rendering": "replica", "modality": []string{"face"}, "subject": object{"scheme": "hand", "id": "10.23/P-1"}}
	if o.work {
		entry = object{"id": "p1", "kind": "character", "rendering": "replica", "subject": object{"scheme": "eidr", "id": "10.5240/C-1"}}
	}
	entry = all(entry, o.entry)
	a := object{"v": 1, "completeness": "complete", "people": []any{entry}, "generation": object{"provider": generator, "purpose": []string{"entertainment.scripted"}, "territory": []string{"US"}}}
	if o.tokens != nil {
		var tokens []any
		var indices []int
		for i, text := range o.tokens {
			tokens, indices = append(tokens, object{"jwt": text}), append(indices, i)
		}
		a, entry = a.set("tokens", tokens), entry.set("tokens", indices)
		a["people"] = []any{entry}
	}
	if o.work {
		a = a.set("people", []any{}).set("works", []any{entry})
	}
	if o.made != nil {
		a = a.set("generation", o.made)
		if len(o.made) == 0 {
			a = a.set("generation", nil)
		}
	}
	if o.consult != nil {
		a = a.set("consulted", []any{o.consult(raw)})
	}
	f := &Facts{
		Now: today, T: Time{At: made, Kind: "T2"}, Manifest: Manifest{Label: "m", State: ManifestTrusted, Created: true},
		ClaimSigner: &Signer{DN: map[string]string{}, SPKI: signerSPKI, X5T: signerX5T, JKT: signerJKT}, Assertion: &Declaration{Bytes: []byte(a.text(t))},
	}
	if o.signer != nil {
		f.ClaimSigner = o.signer
	}
	trust := &Trust{List: list}
	if !o.none {
		trust.Registries = []string{raw}
	}
	return Judge(f, trust, Terms{MinLevel: "E3", Status: StatusIgnore, Asked: true, OwnAsked: true})
}

func (o opted) run(t *testing.T) {
	t.Run(o.name, func(t *testing.T) {
		j := o.judged(t)
		p := slices.Concat(j.People, j.Works)[0]
		said := ""
		for _, f := range slices.Concat(j.Findings, p.Findings) {
			said += f.Code + " "
		}
		if o.now == "" {
			o.now = o.state
		}
		if p.AtGeneration != o.state || p.Now != o.now || !strings.Contains(said, o.code) || o.lacks != "" && strings.Contains(said, o.lacks) {
			t.Errorf("%s, now %s: %s", p.AtGeneration, p.Now, said)
		}
	})
}

func hashed(id string) string {
	d := sha256.Sum256([]byte("salthand\x00" + id))
	return base64.RawURLEncoding.EncodeToString(d[:16])
}

// TestOrders: whom a standing order meets, and whom it does not. One table, hence its length. Consent format 1, 7.
func TestOrders(t *testing.T) {
	const refused, clear = "consent.registry.refused", "consent.registry.clear"
	ids := func(list ...string) object { return object{"select": "ids", "ids": list} }
	mode := func(name, mode string, ids ...string) func(*TrustList) {
		return func(l *TrustList) {
			i := l.Entry(issuerURI(name))
			i.Mode, i.IDs, i.ids = mode, ids, set(ids...)
		}
	}
	roles := func(name string, names ...string) func(*TrustList) {
		return func(l *TrustList) { l.Entry(issuerURI(name)).Roles = names }
	}
	salt := []byte("0123456789abcdef")
	commit := Commit(salt, "hand", "10.23/P-1")
	hidden := object{"subject": object{"commit": commit}}
	never := object{"override": "none"}
	committed := aGrant().set("sub", nil).set("sub_commit", commit).set("sub_salt", b64(string(salt)))
	stranger := &Signer{DN: map[string]string{}, SPKI: "b3RoZXI", X5T: "x", JKT: "y"}
	for _, c := range []opted{
		{name: "no bundle", none: true, state: "undeclared", lacks: clear},
		{name: "all clients", state: "refused", code: refused, lacks: clear},
		{name: "not a client", bundle: object{"roster": []any{}}, state: "undeclared", code: clear, lacks: refused},
		{name: "by name", order: object{"subjects": ids(person)}, state: "refused"},
		{name: "by another name", order: object{"subjects": ids(child)}, state: "undeclared"},
		{name: "by name, and not a client", order: object{"subjects": ids(person)}, bundle: object{"roster": []any{}}, state: "undeclared"},
		{name: "by hash", order: object{"subjects": object{"select": "hash", "hashes": []string{hashed("10.23/P-1")}}}, state: "refused"},
		{name: "by another hash", order: object{"subjects": object{"select": "hash", "hashes": []string{hashed("10.23/P-2")}}}, state: "undeclared"},
		{name: "another operation", order: object{"operation": []string{"dub", "alter"}}, state: "undeclared"},
		{name: "another modality", order: object{"modality": []string{"body"}}, state: "undeclared"},
		{name: "another provider", order: object{"providers": []string{"https://other.test"}}, state: "undeclared"},
		{name: "another provider, and nobody declares one", order: object{"providers": []string{"https://other.test"}}, made: object{}, state: "undeclared"},
		{name: "the provider that is declared", order: object{"providers": []string{generator}}, signer: stranger, state: "refused"},
		{name: "the provider that signed, and another is declared", order: object{"providers": []string{generator}}, made: object{"provider": "https://other.test"}, state: "refused"},
		{name: "the provider that signed, and none is declared", order: object{"providers": []string{generator}}, made: object{}, state: "refused"},
		{name: "begins at that second", order: object{"effective_from": made.Format(time.RFC3339)}, state: "refused"},
		{name: "begins after", order: object{"effective_from": made.Add(time.Second).Format(time.RFC3339)}, state: "undeclared", now: "refused", lacks: clear},
		{name: "ends at that second", order: object{"effective_until": made.Format(time.RFC3339)}, state: "undeclared", code: clear},
		{name: "ends after", order: object{"effective_until": made.Add(time.Second).Format(time.RFC3339)}, state: "refused", now: "undeclared"},
		{name: "shown as they were filmed", entry: object{"rendering": "authentic"}, state: "not-required", lacks: clear},
		{name: "without subject", entry: object{"subject": nil}, state: "undeclared", lacks: "consent.registry."},
		// called invented
		{name: "called synthetic", entry: object{"kind": "synthetic"}, state: "refused"},
		{name: "called fictional", entry: object{"kind": "fictional"}, state: "refused"},
		{name: "called synthetic, without subject", entry: object{"kind": "synthetic", "subject": nil}, state: "not-required", lacks: "consent.registry."},
		{name: "called synthetic, and shown as filmed", entry: object{"kind": "synthetic", "rendering": "authentic"}, state: "not-required", lacks: "consent.registry."},
		{name: "called synthetic, and not shown", entry: object{"kind": "synthetic", "rendering": "none"}, state: "not-required", lacks: "consent.registry."},
		{name: "altered, and all alteration is forbidden", entry: object{"rendering": "altered"}, order: object{"operation": []string{"alter"}}, state: "refused"},
		// commitments
		{name: "a commitment that nothing opens", entry: hidden, order: never, state: "undeclared", code: "consent.registry.noRecord", lacks: refused},
		{name: "a commitment that a token opens", entry: hidden, order: never, tokens: []string{minted(t, aGrant().set("sub_salt", b64(string(salt))))}, state: "refused", lacks: "consent.registry.noRecord"},
		{name: "a commitment that the list of a token's issuer opens", entry: hidden, order: never, tokens: []string{minted(t, committed)}, state: "refused", lacks: "consent.registry.noRecord"},
		{name: "a commitment that the second token opens", entry: hidden, order: never, trust: mode("guardian", "any"), tokens: []string{minted(t, committed.set("iss", issuerURI("guardian"))), minted(t, committed)}, state: "refused"},
		{name: "a commitment, and a token for somebody else", entry: hidden, order: never, tokens: []string{minted(t, aGrant().set("sub", "name:Pat Doe"))}, state: "invalid", code: "consent.registry.noRecord"},
		{name: "a commitment, and a token whose signature does not hold", entry: hidden, order: never, tokens: []string{minted(t, committed)[:40] + "AAAA" + minted(t, committed)[44:]}, state: "invalid", code: "consent.registry.noRecord"},
		{name: "a commitment, and a token that another key signed", entry: hidden, order: never, tokens: []string{signText(t, object{"alg": "EdDSA", "typ": "consent+jwt", "kid": "performer"}.text(t), committed.text(t), testKey(t, "else", "Ed25519"))}, state: "invalid", code: "consent.registry.noRecord"},
		// who may give orders
		{name: "a person for themselves", issuer: "performer", order: object{"subjects": ids(person)}, state: "refused"},
		{name: "a person for somebody else", issuer: "performer", trust: mode("performer", "list", child), order: object{"subjects": ids(person)}, state: "undeclared"},
		{name: "a person who speaks for nobody", issuer: "performer", trust: mode("performer", ""), order: object{"subjects": ids(person)}, state: "undeclared"},
		{name: "a guild for anybody", issuer: "guild", order: object{"subjects": ids(person)}, state: "refused"},
		{name: "a guild for its members", issuer: "guild", state: "refused"},
		{name: "a guild for its members, of whom they are none", issuer: "guild", bundle: object{"roster": []any{}}, state: "undeclared"},
		{name: "a guild that the list names no subjects of", issuer: "guild", trust: mode("guild", ""), order: object{"subjects": ids(person)}, state: "refused"},
		{name: "a registry that the list names no subjects of", issuer: "registry", trust: mode("registry", ""), order: object{"subjects": ids(person)}, state: "refused"},
		{name: "a guardian gives no orders", issuer: "guardian", trust: mode("guardian", "any"), order: object{"subjects": ids(person)}, state: "undeclared"},
		{name: "a provider gives no orders", trust: roles("agency", "provider"), state: "undeclared"},
		{name: "a rightsholder for a person", trust: roles("agency", "rightsholder"), state: "undeclared"},
		{name: "a rightsholder for a work", issuer: "rightsholder", work: true, order: object{"subjects": ids(character)}, state: "refused"},
		{name: "a guild for a work", issuer: "guild", work: true, order: object{"subjects": ids(character)}, state: "undeclared"},
		// a roster that is not at hand
		{name: "an agency's token without its bundle", none: true, tokens: []string{minted(t, by("agency"))}, state: "invalid", code: "consent.registry.offline"},
		{name: "an agency's token with its bundle", tokens: []string{minted(t, by("agency"))}, state: "verified", lacks: "consent.registry.offline"},
		{name: "a person's token without a bundle", none: true, tokens: []string{minted(t, aGrant())}, state: "verified", lacks: "consent.registry.offline"},
		{name: "a token that cannot be read, and one of an issuer in no list", none: true, tokens: []string{"a.b.c", signAs(t, "consent+jwt", aGrant().set("iss", "https://else.test"), testKey(t, "else", "Ed25519"))}, state: "invalid", lacks: "consent.registry.offline"},
	} {
		c.run(t)
	}
}

// TestConsultations: what a registry is said to have answered is recomputed with the same bundle, and with no other.
// Consent format 1, 7 (consulted).
func TestConsultations(t *testing.T) {
	const wrong = "consent.declaration.contradicted"
	said := func(answer string, change object) func(string) object {
		return func(raw string) object {
			c := object{"registry": agent, "s256": digestOf(raw), "as_of": made.Format(time.RFC3339), "answers": object{"p1": answer}}
			for path, to := range change {
				c = c.set(path, to)
			}
			return c
		}
	}
	commit := object{"subject": object{"commit": digest}}
	for _, c := range []opted{
		{name: "nothing, and the order meets", consult: said("none", nil), state: "refused", code: wrong},
		{name: "a refusal, and the order meets", consult: said("refuse", nil), state: "refused", lacks: wrong},
		{name: "nothing, before the order began", consult: said("none", object{"as_of": "2025-12-01T00:00:00Z"}), order: object{"effective_from": "2026-01-01T00:00:00Z"}, state: "refused", lacks: wrong},
		{name: "a refusal, and the order is for others", consult: said("refuse", nil), order: object{"modality": []string{"body"}}, state: "undeclared", code: wrong},
		{name: "of another bundle", consult: said("none", object{"s256": digest}), state: "refused", lacks: wrong},
		{name: "of a registry whose bundle is not at hand", consult: said("none", object{"registry": issuerURI("guild")}), state: "refused", lacks: wrong},
		{name: "of somebody else", consult: said("none", object{"answers": object{"p2": "none"}}), state: "refused", lacks: wrong},
		{name: "nothing, of somebody shown as filmed", consult: said("none", nil), entry: object{"rendering": "authentic"}, state: "not-required", lacks: wrong},
		{name: "a refusal, of somebody shown as filmed", consult: said("refuse", nil), entry: object{"rendering": "authentic"}, state: "not-required", code: wrong},
		{name: "a refusal, of somebody shown as filmed whom nothing opens", consult: said("refuse", nil), entry: commit.set("rendering", "authentic"), state: "not-required", code: wrong},
		{name: "a refusal, of somebody without subject", consult: said("refuse", nil), entry: object{"subject": nil}, state: "undeclared", code: wrong},
		{name: "nothing, of somebody without subject", consult: said("none", nil), entry: object{"subject": nil}, state: "undeclared", lacks: wrong},
		{name: "a refusal, of somebody whom nothing opens", consult: said("refuse", nil), entry: commit, state: "undeclared", lacks: wrong},
	} {
		c.run(t)
		j := c.judged(t)
		if (len(j.Contradicted) == 1) != (c.code == wrong) {
			t.Errorf("%s: contradicted %q", c.name, j.Contradicted)
		}
		for _, f := range j.Findings {
			if f.Code == wrong && (f.Person != "p1" || f.Where != "consulted[0]") {
				t.Errorf("%s: of %q at %q", c.name, f.Person, f.Where)
			}
		}
	}
}
