package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/consentry/consentry"
	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/internal/render"
	"github.com/consentry/consentry/internal/schematest"
	"github.com/consentry/consentry/report"
)

// named is a file in which everything that can bear a name bears one, each with "quillmark" in it, and nothing else does.
func named() []byte {
	refusal := forge.Token("quillmark", func(p, s forge.Object) { s["type"], p["jti"] = "refusal", "refusal of Quillmark" })
	stale := forge.Token("bquillmark", func(p, _ forge.Object) { p["exp"] = forge.Clock.Add(-time.Hour).Unix() })
	odd := forge.Token("ada", func(p, s forge.Object) {
		p["iss"], s["type"], s["authority"] = "https://rogue.quillmark.example/Ada \u202eQuillmark", "Quillmark's grant", "quillmark"
	})
	person := func(id string, tokens ...int) forge.Map { return forge.Depicted(id, "10.23/quillmark-"+id, tokens...) }
	exempt := forge.Depicted("dquillmark", "")
	exempt.Set("basis", "exempt")
	exempt.Set("exemption", "satire of Quillmark")
	people := []forge.Map{person("ada-quillmark", 0), forge.Depicted("bquillmark", "bquillmark", 1), person("cquillmark", 2), exempt}
	declared := forge.Consent(people, refusal, stale, odd)
	declared.Set("completeness", "complete")
	declared.Set("note by Quillmark", "for Quillmark")
	declared.Set("consulted", []any{forge.Map{
		{K: "registry", V: "https://registry.quillmark.example"},
		{K: "s256", V: strings.Repeat("A", 43)},
		{K: "as_of", V: "2026-01-01T00:00:00Z"},
		{K: "answers", V: forge.Map{{K: "ada-quillmark", V: "none"}}},
	}})
	byReference := forge.Consent([]forge.Map{forge.Depicted("equillmark", "quillmark", 0)})
	byReference.Set("tokens", []any{forge.Map{{K: "uri", V: "https://quillmark.example/token"}, {K: "s256", V: strings.Repeat("A", 43)}}})
	malformed := forge.Consent([]forge.Map{{{K: "id", V: "fquillmark"}, {K: "kind", V: "the late Quillmark"}}})
	r := generated()
	m := &r.Manifest
	m.Label = "urn:c2pa:f1b6c0de-0000-4000-8000-00000000abcd:quillmark"
	m.Signer.Name = "Jo Quillmark"
	m.Actions[0].Edit = func(a *forge.Map) {
		a.Set("description", "made for Ada Quillmark")
		a.Set("softwareAgent", forge.Map{{K: "name", V: "agent"}})
	}
	m.Claim = func(c *forge.Map) { c.Set("dc:title", "Quillmark at home") }
	m.Ingredients = []forge.Ingredient{{Title: "portrait of Quillmark", Relationship: "componentOf"}}
	m.Assertions = []forge.Assertion{
		{Label: forge.ConsentLabel, CBOR: declared},
		{Label: forge.ConsentLabel + "__1", CBOR: byReference, List: "gathered"},
		{Label: forge.ConsentLabel + "__2", CBOR: malformed},
		{Label: "com.quillmark.note", JSON: []byte(`{"author": [{"@type": "Person", "name": "Quillmark"}], "Quillmark": 1, "quillmark@example": {"x": ["by quillmark"]}}`)},
		{Label: "cawg.metadata", JSON: []byte(`{"@context": {"dc": "http://purl.org/dc/elements/1.1/", "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"}, "dc:creator": ["Jo Quillmark"], "Iptc4xmpExt:PersonInImage": ["Ada Quillmark", "B \"Bee\" Quillmark"]}`)},
		{Label: "stds.schema-org.CreativeWork", JSON: []byte(`{"@type": "CreativeWork", "author": [{"@type": "Person", "name": "Jo Quillmark"}]}`)},
		{Label: "cawg.identity", CBOR: forge.Map{{K: "signer_payload", V: forge.Map{{K: "sig_type", V: "quillmark's"}}}, {K: "signature", V: []byte("x")}}},
	}
	r.Container.Extra = nameBox("Ada Quillmark")
	return forge.Make(r).Data
}

// nameBox is XMP that names somebody.
func nameBox(name string) []byte {
	packet := `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"><rdf:Description rdf:about="">` +
		`<e:PersonInImage><rdf:Bag><rdf:li>` + name + `</rdf:li><rdf:li>` + strings.Repeat(name+" ", 40) + `</rdf:li></rdf:Bag></e:PersonInImage></rdf:Description></rdf:RDF></x:xmpmeta>`
	box := append([]byte("\x00\x00\x00\x00uuid\xbe\x7a\xcf\xcb\x97\xa9\x42\xe8\x9c\x71\x99\x94\x91\xe3\xaf\xac"), packet...)
	n := len(box)
	box[0], box[1], box[2], box[3] = byte(n>>24), byte(n>>16), byte(n>>8), byte(n)
	return box
}

// leak is what may stand in no answer: the name, and a part of a token, which holds names in another spelling.
var leak = regexp.MustCompile(`(?i)quillmark|eyJ[A-Za-z0-9]`)

// TestRedactedAnswersNameNobody asks for every form of every answer about a file that is full of names.
func TestRedactedAnswersNameNobody(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "clip.mp4")
	leaf, _ := forge.Signer{}.Chain()
	trust := filepath.Join(dir, "trust.json")
	for name, text := range map[string][]byte{file: named(), trust: forge.ConsentTrust(leaf.Cert, "quillmark", "bquillmark", "ada")} {
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	root := filepath.Join(dir, "root.pem")
	if err := os.WriteFile(root, forge.ChainPEM(forge.CA().Root.Cert), 0o600); err != nil {
		t.Fatal(err)
	}
	verify := []string{"verify", "--frames", "off", "--no-state", "--at", forge.Clock.Format(time.RFC3339), "--consent-trust", trust}
	var asks [][]string
	for _, form := range formats {
		asks = append(asks,
			append(verify[:len(verify):len(verify)], "--format", form, file),
			append(verify[:len(verify):len(verify)], "--format", form, "--trust", root, "--profile", "ci", file))
		if form != "crjson" { // which speaks of one file
			asks = append(asks, append(verify[:len(verify):len(verify)], "--format", form, file, file))
		}
	}
	for _, form := range []string{"text", "json"} {
		asks = append(asks, []string{"inspect", "--format", form, file}, []string{"inspect", "--hash", "--format", form, file})
	}
	for _, args := range asks {
		t.Run(strings.ReplaceAll(strings.Join(args, " "), dir, ""), func(t *testing.T) {
			if _, out, _ := asked(t, args...); !leak.MatchString(out) {
				t.Errorf("the answer names nobody as it is:\n%.2000s", out)
			}
			bare := append([]string{args[0], "--redact-names"}, args[1:]...)
			code, out, talk := asked(t, bare...)
			for _, line := range strings.Split(out+talk, "\n") {
				if leak.MatchString(line) {
					t.Errorf("%.300s", line)
				}
			}
			if plain, _, _ := asked(t, args...); plain != code {
				t.Errorf("exit %d without names, %d with them", code, plain)
			}
			if _, again, _ := asked(t, bare...); again != out {
				t.Error("the same report twice hides the names otherwise")
			}
		})
	}
}

// TestRedactedReportsSayTheSame: what is left of a report is what it said, and one name is one word.
func TestRedactedReportsSayTheSame(t *testing.T) {
	v := &consentry.Verifier{Time: forge.Clock}
	data := named()
	res, err := v.Examine(context.Background(), consentry.Asset{Name: "clip.mp4", Data: strings.NewReader(string(data)), Size: int64(len(data))})
	if err != nil {
		t.Fatal(err)
	}
	var names render.Names
	bare, err := names.Report(res.Report)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(bare)
	if err != nil {
		t.Fatal(err)
	}
	if err := schematest.Check(schematest.Report, text); err != nil {
		t.Error(err)
	}
	if bare.Verdict != res.Report.Verdict || len(bare.Findings) != len(res.Report.Findings) || len(bare.People) != len(res.Report.People) || len(bare.People) < 4 {
		t.Fatalf("%s, %d findings, %d people: %v", bare.Verdict, len(bare.Findings), len(bare.People), bare.Findings)
	}
	for i, p := range bare.People {
		was := res.Report.People[i]
		if want := fmt.Sprintf("person-%d", i+1); p.ID != want {
			t.Errorf("%s is %s, want %s", was.ID, p.ID, want)
		}
		if p.State != was.State || p.Level != was.Level || p.Kind != was.Kind || len(p.Tokens) != len(was.Tokens) {
			t.Errorf("%+v was %+v", p, was)
		}
		for _, f := range p.Findings {
			if f.Person != p.ID {
				t.Errorf("a finding of %s speaks of %s", p.ID, f.Person)
			}
		}
	}
	for i, r := range bare.Reasons {
		if was := res.Report.Reasons[i]; r.Event != was.Event || r.Outcome != was.Outcome || (r.Person == "") != (was.Person == "") {
			t.Errorf("%+v was %+v", r, was)
		}
	}
	if m := bare.Provenance.Manifests[0]; m.Label != *bare.Provenance.ActiveManifest || m.Label != "urn:c2pa:f1b6c0de-0000-4000-8000-00000000abcd:vendor-1" {
		t.Errorf("%s and %s", m.Label, *bare.Provenance.ActiveManifest)
	}
	for i, f := range bare.Findings {
		if was := res.Report.Findings[i]; f.Code != was.Code || f.Outcome != was.Outcome || f.Clause != was.Clause {
			t.Errorf("%+v was %+v", f, was)
		}
	}
}

// TestWhatIsQuotedIsHidden goes through the texts of findings as this project writes them.
func TestWhatIsQuotedIsHidden(t *testing.T) {
	r := &report.Report{
		People: []report.Person{{ID: "ada", Tokens: []report.Token{{Iss: "https://ada.example", Jti: "urn:ada"}}}},
		Findings: []report.Finding{
			report.New("consent.token.malformed", "", `the type "Ada's" is unknown, not "grant"`),
			report.New("consent.token.malformed", "", `nobody says what "Ada and ada is`),
			report.New("consent.token.malformed", "", `of ada: ada, (ada). adamant; https://ada.example, urn:ada; ada@urn:c2pa:f1b6c0de-0000-4000-8000-00000000abcd:ada; https://elsewhere.example/x`),
			report.New("consent.token.malformed", "self#jumbf=/c2pa/ada:urn:uuid:f1b6c0de-0000-4000-8000-00000000abcd/c2pa.assertions/org.ada.x__1", `"self#jumbf=c2pa.assertions/org.ada.x__1" and "c2pa.actions.v2"`),
		},
	}
	var names render.Names
	bare, err := names.Report(r)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{
		`the type "text-1" is unknown, not "grant"`,
		`nobody says what "text-2"`,
		`of person-1: person-1, (person-1). adamant; issuer-1, token-1; person-1@urn:c2pa:f1b6c0de-0000-4000-8000-00000000abcd:person-1; hidden:url-1`,
		`"self#jumbf=c2pa.assertions/label-1" and "c2pa.actions.v2"`,
	} {
		if got := bare.Findings[i].Explanation; got != want {
			t.Errorf("%s\nwant %s", got, want)
		}
	}
	if got, want := bare.Findings[3].URL, "self#jumbf=/c2pa/person-1:urn:uuid:f1b6c0de-0000-4000-8000-00000000abcd/c2pa.assertions/label-1"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
