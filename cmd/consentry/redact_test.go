package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/consentry/consentry"
	"github.com/consentry/consentry/fingerprint/store"
	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/internal/render"
	"github.com/consentry/consentry/internal/schematest"
	"github.com/consentry/consentry/report"
)

// named is a file in which everything that can bear a name bears one, each with "quillmark" in it, and nothing else does.
func named() []byte { return namedAs("Quillmark") }

// namedAs is that file with another name in every text that may hold any character.
func namedAs(who string) []byte {
	text, err := json.Marshal(who)
	if err != nil {
		panic(err)
	}
	inJSON := strings.Trim(string(text), `"`)
	refusal := forge.Token("quillmark", func(p, s forge.Object) { s["type"], p["jti"] = "refusal", "refusal of "+who })
	stale := forge.Token("bquillmark", func(p, _ forge.Object) { p["exp"] = forge.Clock.Add(-time.Hour).Unix() })
	odd := forge.Token("ada", func(p, s forge.Object) {
		p["iss"], s["type"], s["authority"] = "https://rogue.quillmark.example/Ada \u202e"+who, who+"'s grant", "quillmark of "+who
	})
	person := func(id string, tokens ...int) forge.Map { return forge.Depicted(id, "10.23/quillmark-"+id, tokens...) }
	exempt := forge.Depicted("dquillmark", "")
	exempt.Set("basis", "exempt")
	exempt.Set("exemption", "satire of "+who)
	people := []forge.Map{person("ada-quillmark", 0), forge.Depicted("bquillmark", "bquillmark", 1), person("cquillmark", 2), exempt}
	declared := forge.Consent(people, refusal, stale, odd)
	declared.Set("completeness", "complete")
	declared.Set("note by "+who, "for "+who)
	declared.Set("consulted", []any{forge.Map{
		{K: "registry", V: "https://registry.quillmark.example"},
		{K: "s256", V: strings.Repeat("A", 43)},
		{K: "as_of", V: "2026-01-01T00:00:00Z"},
		{K: "answers", V: forge.Map{{K: "ada-quillmark", V: "none"}}},
	}})
	byReference := forge.Consent([]forge.Map{forge.Depicted("equillmark", "quillmark", 0)})
	byReference.Set("tokens", []any{forge.Map{{K: "uri", V: "https://quillmark.example/token"}, {K: "s256", V: strings.Repeat("A", 43)}}})
	malformed := forge.Consent([]forge.Map{{{K: "id", V: "fquillmark"}, {K: "kind", V: "the late " + who}}})
	r := generated()
	m := &r.Manifest
	m.Label = "urn:c2pa:f1b6c0de-0000-4000-8000-00000000abcd:quillmark"
	m.Signer.Name = "Jo " + who
	m.Actions[0].Edit = func(a *forge.Map) {
		a.Set("description", "made for Ada "+who)
		a.Set("softwareAgent", forge.Map{{K: "name", V: "agent"}})
	}
	m.Claim = func(c *forge.Map) { c.Set("dc:title", who+" at home") }
	m.Ingredients = []forge.Ingredient{{Title: "portrait of " + who, Relationship: "componentOf"}}
	m.Assertions = []forge.Assertion{
		{Label: forge.ConsentLabel, CBOR: declared},
		{Label: forge.ConsentLabel + "__1", CBOR: byReference, List: "gathered"},
		{Label: forge.ConsentLabel + "__2", CBOR: malformed},
		{Label: "com.quillmark.note", JSON: []byte(strings.ReplaceAll(`{"author": [{"@type": "Person", "name": "Quillmark"}], "Quillmark": 1, "quillmark@example": {"x": ["by quillmark"]}}`, "Quillmark", inJSON))},
		{Label: "cawg.metadata", JSON: []byte(strings.ReplaceAll(`{"@context": {"dc": "http://purl.org/dc/elements/1.1/", "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"}, "dc:creator": ["Jo Quillmark"], "Iptc4xmpExt:PersonInImage": ["Ada Quillmark", "B \"Bee\" Quillmark"]}`, "Quillmark", inJSON))},
		{Label: "stds.schema-org.CreativeWork", JSON: []byte(strings.ReplaceAll(`{"@type": "CreativeWork", "author": [{"@type": "Person", "name": "Jo Quillmark"}]}`, "Quillmark", inJSON))},
		{Label: "cawg.identity", CBOR: forge.Map{{K: "signer_payload", V: forge.Map{{K: "sig_type", V: "quillmark's " + who}}}, {K: "signature", V: []byte("x")}}},
	}
	r.Container.Extra = nameBox("Ada " + who)
	return forge.Make(r).Data
}

// nameBox is XMP that names somebody, and a label of who made it. XML has no place for control characters.
func nameBox(name string) []byte {
	name = strings.Map(func(r rune) rune {
		if r < ' ' {
			return -1
		}
		return r
	}, name)
	packet := `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" xmlns:t="http://www.tc260.org.cn/ns/AIGC/1.0/">` +
		`<rdf:Description rdf:about="" t:AIGC="{&quot;Label&quot;:&quot;1&quot;,&quot;ContentProducer&quot;:&quot;` + name + `&quot;,&quot;ProduceID&quot;:&quot;of ` + name + `&quot;}">` +
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

// unsigned is a compact JWS with nothing in the place of its signature that verifies.
func unsigned(t *testing.T, header, payload forge.Object) []byte {
	t.Helper()
	var parts []string
	for _, o := range []forge.Object{header, payload} {
		text, err := json.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, base64.RawURLEncoding.EncodeToString(text))
	}
	return []byte(strings.Join(append(parts, strings.Repeat("A", 86)), "."))
}

// bad holds one character of each kind that could change what a terminal shows.
const bad = "Q\x1b[2J\x07\u009b1m\u202e\u2066\u200f\u2028\U000e0041\r\nVALID  ok"

// TestNothingOfAFileReachesATerminalAsItIs shows a file whose names are full of such characters in every form, with the
// names and without, and tokens, bundles, declarations and clips that are found.
func TestNothingOfAFileReachesATerminalAsItIs(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "clip\x1b[1m\u202e.mp4")
	token, bundle := filepath.Join(dir, "token.jwt"), filepath.Join(dir, "bundle.jwt")
	declared, odd := filepath.Join(dir, "declared.json"), filepath.Join(dir, "odd\u202e.json")
	quoted, err := json.Marshal(bad)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{
		file: namedAs(bad), token: []byte(forge.Token(bad, func(p, s forge.Object) { p["iss"], s["purpose"] = "https://"+bad, []any{bad} })),
		bundle: unsigned(t, forge.Object{"alg": "EdDSA", "typ": "consent-registry+jwt", "kid": bad}, forge.Object{
			"iss": "https://" + bad, "sequence": 1, "iat": forge.Clock.Unix(), "salt": "AAAA", "revocations": []any{}, "roster": []any{forge.Object{"scheme": "hand", "id": bad, "from": "2020-01-01T00:00:00Z"}},
			"orders": []any{forge.Object{
				"order": bad, "decision": "prohibit", "override": "grant", "subjects": forge.Object{"select": "roster"}, "providers": []any{bad}, "operation": []any{bad}, "modality": []any{bad},
			}},
		}),
		declared: []byte(`{"v": 1, "completeness": ` + string(quoted) + `, "people": []}`), odd: append([]byte("{"), quoted...),
	} {
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var asks [][]string
	for _, form := range formats {
		asks = append(asks, []string{"verify", "--frames", "off", "--no-state", "--format", form, file}, []string{"verify", "--redact-names", "--frames", "off", "--no-state", "--format", form, file})
		if form != "crjson" {
			asks = append(asks, []string{"verify", "--frames", "off", "--no-state", "--format", form, file, filepath.Join(dir, "gone\x1b[1m.mp4")})
		}
	}
	for _, form := range []string{"text", "json"} {
		asks = append(asks, []string{"inspect", "--format", form, file}, []string{"inspect", "--redact-names", "--format", form, file}, []string{"registry", "show", "--format", form, bundle})
	}
	asks = append(asks, []string{"persons", "--declared", declared, file}, []string{"persons", "--declared", odd, file}, []string{"token", "show", token}, []string{"token", "verify", token},
		[]string{"token", "show", file}, []string{"token", "show", odd}, []string{"registry", "show", token}, []string{"status", "show", token}, []string{"verify", "--consent-trust", odd, file}, []string{"verify", "--policy", odd, file},
		[]string{"explain", bad}, []string{bad}, []string{"verify", "--" + bad}, []string{"verify", "--format", bad, file})
	for _, args := range asks {
		_, out, talk := asked(t, args...)
		if out+talk == "" {
			t.Errorf("%q says nothing", args)
		}
		if t.Run(strings.Join(args[:min(len(args), 4)], " "), func(t *testing.T) { checkQuiet(t, out+talk) }); strings.Contains(out+talk, "\nVALID  ok") {
			t.Errorf("%q: a name is a line of its own:\n%s", args, out+talk)
		}
	}

	who := bad
	sight := &consentry.Sight{
		Persons:    report.Persons{Status: "partial", Reason: &who, Tracks: []report.PersonTrack{{Person: &who}}, NotSeen: []string{bad}},
		NotChecked: []report.NotChecked{{What: bad, Why: bad}},
	}
	found := &findings{Clip: foundFor{Name: file, NotChecked: []string{bad}}, Hits: []hit{{Clip: store.Clip{Path: bad, Manifest: store.Manifest{
		State: "trusted", Label: bad, Title: bad, Generator: bad, Signer: bad, Origin: "generated", People: []string{bad + " verified"},
	}}}}}
	for _, form := range []string{"text", "json"} {
		for _, hide := range []bool{false, true} {
			var out bytes.Buffer
			if err := errors.Join((&personsOptions{file: file, format: form, redactNames: hide}).write(&out, sight, true), found.write(&out, form, hide)); err != nil {
				t.Fatal(err)
			}
			if checkQuiet(t, out.String()); strings.Contains(out.String(), "\nVALID  ok") {
				t.Errorf("a name is a line of its own:\n%s", &out)
			}
		}
	}
}

// TestSightsNameNobodyWhereNamesAreHidden shows a look at people, and looks at what is wrong with a declaration.
func TestSightsNameNobodyWhereNamesAreHidden(t *testing.T) {
	why, who, other := `the entry "quillmark" has no region`, "quillmark", "b-quillmark"
	sight := &consentry.Sight{
		Persons: report.Persons{
			Status: "partial", Reason: &why, Models: []report.FaceModel{{Name: "faces.onnx"}}, FramesTotal: 2, FramesAnalysed: 1,
			Tracks:  []report.PersonTrack{{ID: 7, Class: "confirmed", Person: &other}, {ID: 8, Class: "possible", Person: &who}, {ID: 9, Class: "confirmed"}},
			NotSeen: []string{"c-quillmark", "quillmark"}, Undeclared: []int{9},
		},
		NotChecked: []report.NotChecked{{What: "persons", Why: `the regions of "c-quillmark" are over the limit, and so are those of quillmark`}},
	}
	for form, want := range map[string][]string{
		"text": {"track 7", `in the region of "person-1"`, `in the region of "person-2", may be no face`, "covered by no entry", `"person-3" is declared`, `regions of "person-3" are`, "of person-2"},
		"json": {`"person": "person-1"`, `"person": "person-2"`, `"person": null`, `"person-3"`, "faces.onnx", `"id": 9`},
	} {
		o := &personsOptions{file: "clip.mp4", format: form}
		var plain, bare bytes.Buffer
		if err := o.write(&plain, sight, true); err != nil || !leak.Match(plain.Bytes()) {
			t.Fatalf("%s: %v\n%s", form, err, &plain)
		}
		o.redactNames = true
		if err := o.write(&bare, sight, true); err != nil || leak.Match(bare.Bytes()) {
			t.Errorf("%s: %v\n%s", form, err, &bare)
		}
		for _, words := range want {
			if !strings.Contains(bare.String(), words) {
				t.Errorf("%s: nothing says %s:\n%s", form, words, &bare)
			}
		}
	}
	if sight.Persons.NotSeen[0] != "c-quillmark" {
		t.Error("the sight itself was changed")
	}

	dir := t.TempDir()
	clip, declared := filepath.Join(dir, "clip.mp4"), filepath.Join(dir, "declared.json")
	for name, text := range map[string]string{clip: "x", declared: `{"v": 1, "completeness": "of Quillmark", "people": []}`} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for bare, want := range map[bool]bool{false: true, true: false} {
		_, err := readDeclared(declared, bare)
		if err == nil || leak.MatchString(err.Error()) != want || !strings.Contains(err.Error(), "completeness") {
			t.Errorf("without names %v: %v", bare, err)
		}
	}
	if _, _, talk := asked(t, "persons", "--redact-names", "--declared", declared, clip); leak.MatchString(talk) || !strings.Contains(talk, "no consent assertion") {
		t.Error(talk)
	}
}

// TestHitsNameNobodyWhereNamesAreHidden: the place of a clip in the operator's own folders stays.
func TestHitsNameNobodyWhereNamesAreHidden(t *testing.T) {
	a := &findings{Schema: "consentry.find/1", Label: lookAlike, Clip: foundFor{Name: "copy.mp4", Code: "ISCC:AAAA", NotChecked: []string{}}}
	for range 2 {
		a.Hits = append(a.Hits, hit{Strength: "match", Parts: []part{}, Clip: store.Clip{Path: "/clips/a.mp4", Code: "ISCC:BBBB", Manifest: store.Manifest{
			State: "trusted", Label: "urn:c2pa:f1b6c0de-0000-4000-8000-00000000abcd:quillmark", Title: "Quillmark at home", Generator: "forge/1",
			Signer: "CN=Jo Quillmark", SignedAt: "2026-01-01T00:00:00Z", Origin: "generated", People: []string{"quillmark verified", "b-quillmark@urn:c2pa:f1b6c0de-0000-4000-8000-00000000abcd:quillmark not-required", "quillmark"},
		}}})
	}
	for form, want := range map[string][]string{
		"text": {"match  /clips/a.mp4", "trusted, origin generated, signer signer-1, generator forge/1, label urn:c2pa:f1b6c0de-0000-4000-8000-00000000abcd:", "person person-1 verified\n", "not-required\n", "person person-1\n", lookAlike},
		"json": {`"consentry.find/1"`, "ISCC:AAAA", "ISCC:BBBB", `"person-1 verified"`, `"path": "/clips/a.mp4"`, lookAlike},
	} {
		var plain, bare bytes.Buffer
		if err := a.write(&plain, form, false); err != nil || !leak.Match(plain.Bytes()) {
			t.Fatalf("%s: %v\n%s", form, err, &plain)
		}
		if err := a.write(&bare, form, true); err != nil || leak.Match(bare.Bytes()) {
			t.Errorf("%s: %v\n%s", form, err, &bare)
		}
		for _, words := range want {
			if !strings.Contains(bare.String(), words) {
				t.Errorf("%s: nothing says %s:\n%s", form, words, &bare)
			}
		}
		if form == "json" {
			if err := schematest.Check(schematest.Find, bare.Bytes()); err != nil {
				t.Error(err)
			}
		}
	}
}

// TestTokensNameNobodyWhereNamesAreHidden: what a token permits is still said.
func TestTokensNameNobodyWhereNamesAreHidden(t *testing.T) {
	dir := t.TempDir()
	token, trust := filepath.Join(dir, "token.jwt"), filepath.Join(dir, "trust.json")
	leaf, _ := forge.Signer{}.Chain()
	for name, text := range map[string]string{
		token: forge.Token("quillmark", func(p, s forge.Object) {
			p["jti"], p["note by Quillmark"], s["works"], s["licence"] = "of quillmark", "quillmark", []any{"Quillmark at home"}, forge.Object{"uri": "https://contracts.quillmark.example/1"}
		}),
		trust: string(forge.ConsentTrust(leaf.Cert, "quillmark")),
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		args []string
		want []string
	}{
		{[]string{"token", "show", token}, []string{`"iss": "issuer-1"`, `"sub": "person-1"`, `"type": "grant"`, `"kid": "text-`, `"operation": [`, `"generate"`, `"alg": "EdDSA"`}},
		{[]string{"token", "verify", "--at", forge.Clock.Format(time.RFC3339), "--consent-trust", trust, token}, []string{"issuer   issuer-1", "subject  person-1", "grant for generate of", `the issuer "issuer-1" is on the consent`}},
		{[]string{"token", "verify", token}, []string{`the issuer "issuer-1" is on no consent trust list`}},
	} {
		if _, out, _ := asked(t, c.args...); !leak.MatchString(out) {
			t.Fatalf("%q names nobody as it is:\n%s", c.args[:2], out)
		}
		_, out, talk := asked(t, slices.Insert(slices.Clone(c.args), 2, "--redact-names")...)
		if leak.MatchString(out + talk) {
			t.Errorf("%s%s", out, talk)
		}
		for _, words := range c.want {
			if !strings.Contains(out, words) {
				t.Errorf("%q: nothing says %s:\n%s", c.args[:2], words, out)
			}
		}
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

// TestASignerIsHiddenAsItsOwnIssuer: whom a list vouches for has an issuer that stays, unless it is the signer again.
func TestASignerIsHiddenAsItsOwnIssuer(t *testing.T) {
	text := func(s string) *string { return &s }
	for _, c := range []struct{ state, subject, issuer, product, wantIssuer, wantProduct string }{
		{"trusted", "Ada Media", "Ada Media", "Cam, Ada Media", "signer-1", "Cam, signer-1"},
		{"trusted", "Ada Media", "Ada Media Root CA", "Cam", "signer-1 Root CA", "Cam"},
		{"trusted", "Ada", "CA of Ada, Ltd (Ada)", "Adapter", "CA of signer-1, Ltd (signer-1)", "Adapter"},
		{"trusted", "Ada Media", "DigiTrust CA", "Cam", "DigiTrust CA", "Cam"},
		{"untrusted", "Ada Media", "Ada Media", "Cam", "signer-1", "Cam"},
		{"untrusted", "Ada Media", "Bob's CA", "Cam", "authority-1", "Cam"},
	} {
		r := &report.Report{}
		r.Provenance.Signer = report.Signer{State: c.state, Subject: text(c.subject), Issuer: text(c.issuer), Product: text(c.product)}
		var names render.Names
		bare, err := names.Report(r)
		if err != nil {
			t.Fatal(err)
		}
		if s := bare.Provenance.Signer; *s.Subject != "signer-1" || *s.Issuer != c.wantIssuer || *s.Product != c.wantProduct {
			t.Errorf("%s %q: %q, issuer %q, product %q", c.state, c.issuer, *s.Subject, *s.Issuer, *s.Product)
		}
	}
}

// TestDigestsStayWithoutNames: who compares two documents does it by the digests, which name nobody.
func TestDigestsStayWithoutNames(t *testing.T) {
	file := filepath.Join(t.TempDir(), "clip.mp4")
	if err := os.WriteFile(file, named(), 0o600); err != nil {
		t.Fatal(err)
	}
	hash := regexp.MustCompile(`"hash": "[^"]*"`)
	args := []string{"verify", "--frames", "off", "--no-state", "--format", "crjson", file}
	_, plain, _ := asked(t, args...)
	_, bare, _ := asked(t, slices.Insert(args, 1, "--redact-names")...)
	want, got := hash.FindAllString(plain, -1), hash.FindAllString(bare, -1)
	slices.Sort(want) // members that are hidden stand in another order
	slices.Sort(got)
	if len(want) < 5 || !slices.Equal(got, want) {
		t.Errorf("%q\nwant %q", got, want)
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
