package consentry_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/consentry/consentry/consent"
	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/policy"
	"github.com/consentry/consentry/report"
)

// xmpBox is a uuid box with a packet about people.
func xmpBox(inside string) []byte {
	packet := `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:plus="http://ns.useplus.org/ldf/xmp/1.0/" xmlns:e="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"><rdf:Description rdf:about="">` +
		inside + `</rdf:Description></rdf:RDF></x:xmpmeta>`
	b := append([]byte("\x00\x00\x00\x00uuid\xbe\x7a\xcf\xcb\x97\xa9\x42\xe8\x9c\x71\x99\x94\x91\xe3\xaf\xac"), packet...)
	binary.BigEndian.PutUint32(b, uint32(len(b)))
	return b
}

// metadata is an assertion in JSON.
func metadata(label, text string) forge.Assertion {
	return forge.Assertion{Label: label, JSON: []byte(text)}
}

// TestOtherDeclarations is long because each case stands beside what it expects.
func TestOtherDeclarations(t *testing.T) {
	grant := forge.Token("ada", func(_, s forge.Object) {
		s["operation"], s["training"] = []string{"generate", "train"}, "allow"
	})
	declared := forge.Assertion{Label: forge.ConsentLabel, CBOR: forge.Consent([]forge.Map{forge.Depicted("p1", "ada", 0)}, grant)}
	bare := forge.Assertion{Label: forge.ConsentLabel, CBOR: forge.Consent([]forge.Map{forge.Depicted("p1", "ada")})}
	const context = `"@context": {"i": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/", "plus": "http://ns.useplus.org/ldf/xmp/1.0/"}, `
	use := func(name, use, more string) string {
		return fmt.Sprintf(`{"entries": {%q: {"use": %q%s}}}`, name, use, more)
	}
	for _, c := range []struct {
		name  string
		xmp   string
		more  []forge.Assertion // beside the consent assertion
		bare  bool              // no token stands for the person
		train bool              // the policy asks for training
		state string            // default: verified
		code  string
		lacks string
	}{
		{name: "nothing", lacks: "consent.metadata.person"},
		{name: "a name in XMP", xmp: `<e:PersonInImage><rdf:Bag><rdf:li>ada</rdf:li></rdf:Bag></e:PersonInImage>`, code: "consent.metadata.person"},
		{name: "a name raises nobody", xmp: `<e:PersonInImage><rdf:Bag><rdf:li>ada</rdf:li></rdf:Bag></e:PersonInImage>`, bare: true, state: "undeclared", code: "consent.metadata.person"},
		{name: "a voice in XMP", xmp: `<e:PersonHeard><rdf:Bag><rdf:li rdf:parseType="Resource"><e:Name>ada</e:Name></rdf:li></rdf:Bag></e:PersonHeard>`, code: "consent.metadata.person"},
		{name: "a release in XMP", xmp: `<plus:ModelReleaseStatus rdf:resource="http://ns.useplus.org/ldf/vocab/MR-UMR"/>`, bare: true, state: "undeclared", code: "consent.metadata.modelReleaseOnly"},
		{name: "no release in XMP is no refusal", xmp: `<plus:ModelReleaseStatus rdf:resource="http://ns.useplus.org/ldf/vocab/MR-NON"/>`, lacks: "consent.metadata.modelReleaseOnly"},
		{name: "a minor in XMP", xmp: `<plus:MinorModelAgeDisclosure>http://ns.useplus.org/ldf/vocab/AG-A15</plus:MinorModelAgeDisclosure>`, state: "invalid", code: "consent.metadata.minor"},
		{name: "ages in XMP", xmp: `<e:ModelAge><rdf:Bag><rdf:li>34</rdf:li><rdf:li>17</rdf:li></rdf:Bag></e:ModelAge>`, state: "invalid", code: "consent.subject.minor"},
		{name: "an adult in XMP", xmp: `<e:ModelAge><rdf:Bag><rdf:li>18</rdf:li></rdf:Bag></e:ModelAge>`, lacks: "consent.metadata.minor"},
		{name: "broken XMP", xmp: `<e:ModelAge>&x;</e:ModelAge>`, code: "consent.metadata.unreadable"},
		{name: "XMP with a document type", xmp: `<!DOCTYPE x><e:ModelAge>17</e:ModelAge>`, code: "consent.metadata.unreadable", lacks: "consent.metadata.minor"},
		{name: "a minor in an assertion", more: []forge.Assertion{metadata("cawg.metadata", `{`+context+`"i:ModelAge": [17]}`)}, state: "invalid", code: "consent.metadata.minor"},
		{name: "a minor in an assertion, in JSON-LD's words", more: []forge.Assertion{metadata("c2pa.metadata", `{`+context+`"plus:MinorModelAgeDisclosure": {"@id": "http://ns.useplus.org/ldf/vocab/AG-U14"}}`)}, state: "invalid", code: "consent.metadata.minor"},
		{name: "an adult in XMP does not hide a minor in an assertion", xmp: `<e:ModelAge>40</e:ModelAge>`, more: []forge.Assertion{metadata("cawg.metadata", `{`+context+`"i:ModelAge": 17}`)}, state: "invalid", code: "consent.metadata.minor"},
		{name: "a prefix of another namespace", more: []forge.Assertion{metadata("cawg.metadata", `{"@context": {"Iptc4xmpExt": "urn:x"}, "Iptc4xmpExt:ModelAge": 17}`)}, lacks: "consent.metadata.minor"},
		{name: "metadata that are no map", more: []forge.Assertion{metadata("cawg.metadata", `[17]`)}, code: "consent.metadata.unreadable"},
		{name: "training forbidden, and nobody asks", more: []forge.Assertion{metadata("cawg.training-mining", use("cawg.ai_generative_training", "notAllowed", ""))}, code: "consent.metadata.training"},
		{name: "training forbidden", more: []forge.Assertion{metadata("cawg.training-mining", use("cawg.ai_generative_training", "notAllowed", ""))}, train: true, state: "out-of-scope", code: "consent.scope.training"},
		{name: "training forbidden in CBOR", more: []forge.Assertion{{Label: "c2pa.training-mining", CBOR: forge.Map{{K: "entries", V: forge.Map{{K: "c2pa.ai_training", V: forge.Map{{K: "use", V: "notAllowed"}}}}}}}}, train: true, state: "out-of-scope", code: "consent.scope.training"},
		{name: "training constrained without a word", more: []forge.Assertion{metadata("cawg.training-mining", use("cawg.ai_training", "constrained", `, "constraint_info": " "`))}, train: true, state: "out-of-scope", code: "consent.scope.training"},
		{name: "training constrained in words", more: []forge.Assertion{metadata("cawg.training-mining", use("cawg.ai_training", "constrained", `, "constraint_info": "ask us"`))}, train: true},
		{name: "training in words that nobody knows", more: []forge.Assertion{metadata("cawg.training-mining", use("cawg.ai_training", "perhaps", ""))}, train: true, state: "out-of-scope"},
		{name: "training allowed raises nobody", more: []forge.Assertion{metadata("cawg.training-mining", use("cawg.ai_training", "allowed", ""))}, train: true, bare: true, state: "undeclared", code: "consent.metadata.training"},
		{name: "mining forbidden is no training", more: []forge.Assertion{metadata("cawg.training-mining", use("cawg.data_mining", "notAllowed", ""))}, train: true, lacks: "consent.metadata.training"},
		{name: "a record of another scheme raises nobody", more: []forge.Assertion{metadata("ddt.cro_binding", `{}`)}, bare: true, state: "undeclared", code: "consent.metadata.otherScheme"},
		{name: "an assertion of another scheme raises nobody", more: []forge.Assertion{metadata("pg.assertion.v1", `{}`)}, bare: true, state: "undeclared", code: "consent.metadata.otherScheme"},
	} {
		t.Run(c.name, func(t *testing.T) {
			first := declared
			if c.bare {
				first = bare
			}
			recipe := forge.Recipe{Manifest: forge.Manifest{Assertions: append([]forge.Assertion{first}, c.more...)}}
			if c.xmp != "" {
				recipe.Container.Extra = xmpBox(c.xmp)
			}
			v := consenting(t)
			text := `{"profile": "ci"}`
			if c.train {
				text = `{"profile": "ci", "use": {"operation": ["train"]}}`
			}
			var err error
			if v.Policy, err = policy.Load("", []byte(text)); err != nil {
				t.Fatal(err)
			}
			r := verify(t, v, asset(forge.Make(recipe).Data))
			if state(r) != "trusted" {
				t.Fatalf("the manifest is %s: %v", state(r), codesOf(r.Findings))
			}
			want := c.state
			if want == "" {
				want = "verified"
			}
			codes := append(codesOf(r.Findings), personCodes(r.People[0])...)
			if r.People[0].State != want {
				t.Errorf("%s, want %s: %v", r.People[0].State, want, codes)
			}
			if c.code != "" && !slices.Contains(codes, c.code) {
				t.Errorf("no %s in %v", c.code, codes)
			}
			if c.lacks != "" && slices.Contains(codes, c.lacks) {
				t.Errorf("%s in %v", c.lacks, codes)
			}
			for _, f := range r.Findings {
				if strings.HasPrefix(f.Code, "consent.metadata.") && f.Where == "" {
					t.Errorf("%s does not say where", f.Code)
				}
			}
		})
	}
}

// TestMetadataLimits: past four packets, or past sixty-four statements, the report says so; what is not shown is judged.
func TestMetadataLimits(t *testing.T) {
	adult, minor := xmpBox(`<e:ModelAge>40</e:ModelAge>`), xmpBox(`<e:ModelAge>17</e:ModelAge>`)
	named := xmpBox(`<e:PersonInImage>Ada</e:PersonInImage>`)
	for _, c := range []struct {
		name    string
		boxes   [][]byte
		minor   bool
		checked bool
	}{
		{"four packets", [][]byte{adult, adult, adult, minor}, true, true},
		{"five packets", [][]byte{adult, adult, adult, adult, minor}, false, false},
		{"one of the largest size", [][]byte{xmpBox(`<e:ModelAge>17</e:ModelAge>` + strings.Repeat(" ", 1<<20-len(minor)+24))}, true, true},
		{"one that is larger", [][]byte{xmpBox(`<e:ModelAge>17</e:ModelAge>` + strings.Repeat(" ", 1<<20-len(minor)+25))}, false, false},
		{"a name", [][]byte{named}, false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := verify(t, consenting(t), asset(forge.Make(forge.Recipe{Container: forge.Container{Extra: bytes.Join(c.boxes, nil)}}).Data))
			if got := report.Has(r.Findings, "consent.metadata.minor"); got != c.minor {
				t.Errorf("a minor: %v", got)
			}
			if got := !slices.ContainsFunc(r.NotChecked, func(n report.NotChecked) bool { return n.What == "XMP" }); got != c.checked {
				t.Errorf("all was read: %v, %v", got, r.NotChecked)
			}
		})
	}
	for n, all := range map[int]bool{64: true, 65: false} {
		var list []forge.Assertion
		for i := range n {
			label := "ddt.cro_binding"
			if i > 0 {
				label += fmt.Sprint("__", i)
			}
			list = append(list, metadata(label, `{}`))
		}
		r := verify(t, consenting(t), asset(forge.Make(forge.Recipe{Manifest: forge.Manifest{Assertions: list}}).Data))
		shown := len(slices.DeleteFunc(codesOf(r.Findings), func(c string) bool { return c != "consent.metadata.otherScheme" }))
		said := slices.ContainsFunc(r.NotChecked, func(n report.NotChecked) bool { return n.What == "metadata" })
		if shown != 64 || said == all {
			t.Errorf("%d statements: %d shown, the rest is mentioned: %v", n, shown, said)
		}
	}
}

// TestNoTrainingIsHeard: the judge takes it from facts, too.
func TestNoTrainingIsHeard(t *testing.T) {
	w := newWorld(t)
	w.policy["use"] = object{"operation": []string{"train"}}
	w.replace(w.token("ada", func(_, s object) { s["operation"], s["training"] = []string{"generate", "train"}, "allow" }))
	if got := w.judge(); got.People[0].State != "verified" {
		t.Fatalf("without a word: %s", got.People[0].State)
	}
	w.facts["metadata"] = consent.Metadata{NoTraining: true}
	if got := w.judge(); got.People[0].State != "out-of-scope" {
		t.Errorf("forbidden: %s", got.People[0].State)
	}
}

// TestWhatOtherDeclarationsAreWorth: E2 needs somebody who vouches for the very assertion.
func TestWhatOtherDeclarationsAreWorth(t *testing.T) {
	const context = `"@context": {"i": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"}, `
	names := func(label, list string) forge.Assertion {
		return forge.Assertion{Label: label, List: list, JSON: []byte(`{` + context + `"i:PersonInImage": ["Ada"]}`)}
	}
	identity := func(label string) forge.Assertion {
		return forge.Assertion{Label: "cawg.identity", Identity: &forge.Identity{References: []string{"c2pa.hash.bmff.v3", label}}}
	}
	record := func(label, list string) forge.Assertion {
		return forge.Assertion{Label: label, List: list, JSON: []byte(`{}`)}
	}
	stranger := forge.Signer{Authority: forge.NewAuthority("Forge Stranger CA")}
	for _, c := range []struct {
		name, code, worth string
		signer            forge.Signer
		assertions        []forge.Assertion
	}{
		{"names that the signer lists", "consent.metadata.person", "E1", forge.Signer{}, []forge.Assertion{names("cawg.metadata", "created")}},
		{"names that an identity references", "consent.metadata.person", "E2", forge.Signer{}, []forge.Assertion{names("cawg.metadata", "gathered"), identity("cawg.metadata")}},
		{"names in an assertion that is not CAWG's", "consent.metadata.person", "E1", forge.Signer{}, []forge.Assertion{names("c2pa.metadata", "created"), identity("c2pa.metadata")}},
		{"names beside an identity that references other things", "consent.metadata.person", "E1", forge.Signer{}, []forge.Assertion{names("cawg.metadata", "created"), record("ddt.cro_binding", "created"), identity("ddt.cro_binding")}},
		{"a record that the signer lists", "consent.metadata.otherScheme", "E2", forge.Signer{}, []forge.Assertion{record("ddt.cro_binding", "created")}},
		{"a record that was gathered", "consent.metadata.otherScheme", "E1", forge.Signer{}, []forge.Assertion{record("ddt.cro_binding", "gathered")}},
		{"a record that was gathered and an identity references", "consent.metadata.otherScheme", "E2", forge.Signer{}, []forge.Assertion{record("pg.assertion.v1", "gathered"), identity("pg.assertion.v1")}},
		{"a record of a signer that nobody trusts", "consent.metadata.otherScheme", "E1", stranger, []forge.Assertion{record("pg.assertion.v1", "created")}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := verify(t, consenting(t), asset(forge.Make(forge.Recipe{Manifest: forge.Manifest{Signer: c.signer, Assertions: c.assertions}}).Data))
			i := slices.IndexFunc(r.Findings, func(f report.Finding) bool { return f.Code == c.code })
			if i < 0 || !strings.Contains(r.Findings[i].Explanation, "worth "+c.worth) {
				t.Errorf("not worth %s: %+v", c.worth, r.Findings)
			}
			if len(r.People) > 0 || r.Verdict != report.Fail {
				t.Errorf("%s, %v", r.Verdict, r.People)
			}
		})
	}
}
