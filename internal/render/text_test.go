package render_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/consentry/consentry/internal/render"
	"github.com/consentry/consentry/internal/schematest"
	"github.com/consentry/consentry/report"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func ptr[T any](v T) *T { return &v }

// blank is a report about nothing, with every list there.
func blank(name string) *report.Report {
	return &report.Report{
		Schema: report.Schema, Tool: report.Tool{Name: "consentry", Version: "1.0.0", Spec: "C2PA 2.5"},
		Asset:          report.Asset{Name: name, Size: 14213377, Format: "mp4", Tracks: []report.Track{}},
		ValidationTime: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC),
		Policy:         report.Policy{Profile: "newsroom", TimeBase: "generation"},
		Verdict:        report.Indeterminate, Complete: true,
		Reasons:    []report.Reason{},
		Provenance: report.Provenance{Integrity: report.Integrity{Damage: []report.Damage{}}, Manifests: []report.Manifest{}},
		Origin:     report.Origin{Because: []report.Because{}}, Labels: []report.Label{},
		Watermarks: report.Watermarks{Found: []report.Watermark{}, SoftBindings: []report.SoftBinding{}},
		People:     []report.Person{}, Works: []report.Person{},
		Persons:  report.Persons{Tracks: []report.PersonTrack{}, NotSeen: []string{}, Undeclared: []int{}, Voices: report.Voices{Status: "off", Tracks: []report.VoiceTrack{}, Undeclared: []int64{}}},
		Findings: []report.Finding{}, NotChecked: []report.NotChecked{}, Fetched: []report.Fetched{},
	}
}

// signed is a generated clip of a trusted signer, with two manifests.
func signed(name string) *report.Report {
	r := blank(name)
	p := &r.Provenance
	p.Store, p.Carrier, p.State = ptr("present"), ptr("bmff-uuid"), ptr("trusted")
	p.ActiveManifest = ptr("urn:c2pa:two")
	p.Integrity = report.Integrity{State: "intact", Binding: "c2pa.hash.bmff.v3", Damage: []report.Damage{}}
	p.Signer = report.Signer{State: "trusted", Subject: ptr("Example AI Inc"), Issuer: ptr("Example Root"), List: ptr("c2pa"), ListDate: ptr("2026-08-05")}
	p.Time = report.Attested{State: "attested", At: ptr(time.Date(2026, 10, 3, 10, 12, 44, 0, time.UTC)), Source: ptr("sigTst2"), Authority: ptr("DigiCert"), List: ptr("public-tsa")}
	p.Revocation.State = "not-checked"
	p.Manifests = []report.Manifest{
		{
			Label: "urn:c2pa:two", ClaimVersion: 2, Generator: "Example Editor 4.1", State: "trusted", Signer: ptr("Example AI Inc"),
			Success: []report.Finding{
				report.New("claimSignature.validated", "self#jumbf=/c2pa/urn:c2pa:two/c2pa.signature", ""),
				report.New("assertion.bmffHash.match", "self#jumbf=/c2pa/urn:c2pa:two/c2pa.assertions/c2pa.hash.bmff.v3", ""),
			},
			Informational: []report.Finding{}, Failure: []report.Finding{},
			Actions: []report.Action{
				{Action: "c2pa.opened", When: ptr("2026-10-03T10:12:40Z"), List: "created"},
				{Action: "c2pa.color_adjustments", SoftwareAgent: "Example Editor 4.1", Description: "warmer", List: "gathered"},
			},
			Ingredients: []report.Ingredient{{Label: "c2pa.ingredient.v3", Title: "raw.mp4", Relationship: "parentOf", Manifest: ptr("urn:c2pa:one"), Recorded: "trusted", Now: "valid"}},
		},
		{
			Label: "urn:c2pa:one", ClaimVersion: 2, Generator: "Example Model 3", State: "valid", Signer: ptr("Example AI Inc"),
			Success: []report.Finding{}, Informational: []report.Finding{},
			Failure:     []report.Finding{report.New("signingCredential.untrusted", "self#jumbf=/c2pa/urn:c2pa:one/c2pa.signature", "")},
			Actions:     []report.Action{{Action: "c2pa.created", DigitalSourceType: "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia", List: "created"}},
			Ingredients: []report.Ingredient{},
		},
	}
	r.Origin = report.Origin{State: "generated", Basis: "manifest", Verified: true, Because: []report.Because{{Manifest: "urn:c2pa:one", Action: "c2pa.created", DigitalSourceType: "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"}}}
	r.Watermarks.State, r.Watermarks.Reason = "not-analysed", ptr("no detector of marks in this version")
	r.Persons.Status = "off"
	r.NotChecked = []report.NotChecked{{What: "revocation", Why: "no OCSP response in the file; network off"}}
	return r
}

func person(id, state, level, binding string) report.Person {
	return report.Person{
		ID: id, Source: "self#jumbf=/c2pa/urn:c2pa:two/c2pa.assertions/io.github.consentry.consent", Kind: "real", Rendering: "replica",
		Modality: []string{"face", "voice"}, State: state, AtGeneration: state, Now: state, Level: level, Binding: binding,
		Tokens: []report.Token{}, Seen: []report.Span{}, Findings: []report.Finding{},
	}
}

func verified(id string) report.Person {
	p := person(id, "verified", "E4", "B2")
	p.Tokens = []report.Token{{Index: 0, Iss: "https://consent.agency.example", Jti: "1", Type: "grant", State: "valid", Level: "E4", Operation: []string{"generate"}, Modality: []string{"face", "voice"}, Findings: []report.Finding{report.New("consent.token.valid", "", "")}}}
	p.Findings = []report.Finding{report.New("consent.person.verified", "", "")}
	return p
}

// samples are reports with the golden file of their text.
func samples() map[string]*report.Report {
	all := map[string]*report.Report{}

	r := signed("clip.mp4")
	r.Verdict, r.Policy = report.Fail, report.Policy{Profile: "ci", TimeBase: "now"}
	p2 := person("p2", "undeclared", "E0", "B0")
	p2.Seen = []report.Span{{StartMs: 3200, EndMs: 7900}}
	r.People = []report.Person{verified("p1"), p2}
	r.Reasons = []report.Reason{{Event: "undeclared", Outcome: report.Fail, Person: "p2", Text: "nothing is declared about p2"}}
	all["one-of-two"] = r

	r = signed("clip.mp4")
	r.Verdict = report.Pass
	r.People = []report.Person{verified("p1")}
	r.People[0].Now = "expired"
	all["pass"] = r

	r = signed("clip.mp4")
	r.Verdict, r.Complete = report.Fail, true
	r.Provenance.State = ptr("well-formed")
	r.Provenance.Signer.State = "untrusted"
	r.Provenance.Integrity = report.Integrity{State: "altered", Binding: "c2pa.hash.bmff.v3", Damage: []report.Damage{{Where: "/mdat[1]", Offset: 4096, Length: 512}}}
	m := &r.Provenance.Manifests[0]
	m.State = "well-formed"
	f := report.New("assertion.bmffHash.mismatch", "self#jumbf=/c2pa/urn:c2pa:two/c2pa.assertions/c2pa.hash.bmff.v3", "the digest of the content is another").At("/mdat[1]", 4096)
	m.Failure = []report.Finding{f}
	r.Findings = []report.Finding{f, report.New("asset.trailingBytes", "", "12 bytes behind the last box")}
	for range 3 {
		m.Failure = append(m.Failure, report.New("assertion.hashedURI.mismatch", "self#jumbf=/c2pa/urn:c2pa:two/c2pa.assertions/x"+strings.Repeat("x", len(m.Failure)), ""))
	}
	r.Origin.Verified = false
	r.Reasons = []report.Reason{{Event: "manifest_invalid", Outcome: report.Fail, Text: "the content was changed"}, {Event: "signer_untrusted", Outcome: report.Indeterminate, Text: "the signer is on no trust list"}}
	all["altered"] = r

	r = blank("no\u202egpj.mp4")
	r.Provenance.Store, r.Provenance.State = ptr("absent"), ptr("absent")
	r.Provenance.Integrity.State, r.Provenance.Signer.State, r.Provenance.Time.State = "not-bound", "none", "none"
	r.Origin = report.Origin{State: "unknown", Basis: "none", Because: []report.Because{}}
	r.Provenance.Remote = ptr("https://evil.example/\x1b[31m\u2066x")
	r.Reasons = []report.Reason{{Event: "no_provenance", Outcome: report.Indeterminate, Text: "no manifest"}}
	all["no-provenance"] = r

	r = signed("clip.mp4")
	r.Verdict = report.Fail
	bad := person("p1", "invalid", "E2", "B0")
	bad.Tokens = []report.Token{{Index: 0, Iss: "https://a.example/\u202egpj", Jti: "\a", Type: "grant", State: "invalid", Level: "E0", Findings: []report.Finding{report.New("consent.token.audienceMismatch", "", "")}}}
	work := person("w1", "refused", "E0", "B0")
	r.People, r.Works = []report.Person{bad}, []report.Person{work}
	r.Provenance.Manifests[0].Generator = "Evil \x1b[2J\u202e Generator"
	r.Reasons = []report.Reason{{Event: "invalid", Outcome: report.Fail, Person: "p1", Text: "a token does not hold"}, {Event: "refused", Outcome: report.Fail, Person: "w1", Text: "refused"}}
	all["hostile-names"] = r

	r = blank("clip.mkv")
	r.NotChecked = []report.NotChecked{{What: "embedded manifest", Why: "not supported yet: Matroska"}}
	r.Complete = false
	all["not-supported"] = r

	r = signed("clip.mp4")
	r.Verdict = report.Pass
	r.Fetched = []report.Fetched{
		{URL: "https://consent.agency.example/t/1", Purpose: "token", Status: 200, Bytes: 1480, SHA256: ptr(strings.Repeat("0", 64))},
		{URL: "https://consent.agency.example/s/\u202e1", Purpose: "status-list", Final: "https://cdn.example/s/1", Status: 200, Bytes: 90},
		{URL: "https://10.0.0.1/t", Purpose: "token", Error: ptr("an address that is not public")},
	}
	all["fetched"] = r
	return all
}

func TestText(t *testing.T) {
	for name, r := range samples() {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			if err := render.Text(&b, r, render.Options{}); err != nil {
				t.Fatal(err)
			}
			for _, line := range strings.Split(b.String(), "\n") {
				checkQuiet(t, line)
				if line != strings.TrimRight(line, " ") {
					t.Errorf("blanks at the end: %q", line)
				}
			}
			golden := filepath.Join("testdata", name+".txt")
			if *update {
				if err := os.WriteFile(golden, b.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), b.String()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestReportsKeepToTheirSchema(t *testing.T) {
	batch := render.NewBatch(nil)
	for name, r := range samples() {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			if err := render.JSON(&b, r); err != nil {
				t.Fatal(err)
			}
			if err := schematest.Check(schematest.Report, b.Bytes()); err != nil {
				t.Error(err)
			}
		})
		batch.Reports = append(batch.Reports, r)
	}
	batch = render.NewBatch(batch.Reports)
	if batch.Verdict != report.Fail {
		t.Errorf("verdict of all: %s", batch.Verdict)
	}
	var b bytes.Buffer
	if err := render.JSON(&b, batch); err != nil {
		t.Fatal(err)
	}
	if err := schematest.Check(schematest.Batch, b.Bytes()); err != nil {
		t.Error(err)
	}
}

func TestColourIsOnlyColour(t *testing.T) {
	for name, r := range samples() {
		var plain, painted bytes.Buffer
		if err := render.Text(&plain, r, render.Options{}); err != nil {
			t.Fatal(err)
		}
		if err := render.Text(&painted, r, render.Options{Colour: true}); err != nil {
			t.Fatal(err)
		}
		s := painted.String()
		if !strings.HasPrefix(s, "\x1b[1;") {
			t.Errorf("%s: the verdict has no colour", name)
		}
		for _, code := range []string{"\x1b[1;31m", "\x1b[1;32m", "\x1b[1;33m", "\x1b[1m", "\x1b[0m"} {
			s = strings.ReplaceAll(s, code, "")
		}
		if diff := cmp.Diff(plain.String(), s); diff != "" {
			t.Errorf("%s: more than colour differs: %s", name, diff)
		}
	}
}

// TestLongListsAreCut holds each bound of the text at its limit and one past it.
func TestLongListsAreCut(t *testing.T) {
	for _, c := range []struct {
		name, more string
		limit      int
		fill       func(r *report.Report, n int)
	}{
		{"findings", "… and 1 more; --format json has them all", 40, func(r *report.Report, n int) {
			for i := range n {
				r.Findings = append(r.Findings, report.Newf("general.error", "", "number %d", i))
			}
		}},
		{"manifests", "… and 1 more manifest", 16, func(r *report.Report, n int) {
			r.Provenance.Manifests = make([]report.Manifest, n)
		}},
		{"actions", "… and 1 more action", 24, func(r *report.Report, n int) {
			r.Provenance.Manifests = []report.Manifest{{Actions: make([]report.Action, n)}}
		}},
		{"ingredients", "… and 1 more ingredient", 24, func(r *report.Report, n int) {
			r.Provenance.Manifests = []report.Manifest{{Ingredients: make([]report.Ingredient, n)}}
		}},
		{"not-checked", "… and 1 more", 40, func(r *report.Report, n int) {
			r.NotChecked = make([]report.NotChecked, n)
		}},
		{"fetched", "… and 1 more", 40, func(r *report.Report, n int) {
			r.Fetched = make([]report.Fetched, n)
		}},
		{"reasons", "… and 1 more", 40, func(r *report.Report, n int) {
			r.Reasons = make([]report.Reason, n)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, past := range []int{0, 1} {
				r := blank("clip.mp4")
				c.fill(r, c.limit+past)
				var b bytes.Buffer
				if err := render.Text(&b, r, render.Options{}); err != nil {
					t.Fatal(err)
				}
				if got := strings.Contains(b.String(), c.more); got != (past == 1) {
					t.Errorf("with %d, cut: %v", c.limit+past, got)
				}
			}
		})
	}
}

// TestTheFirstColumnsCanBeExplained: whoever meets a word at the left of a report can ask what it means.
func TestTheFirstColumnsCanBeExplained(t *testing.T) {
	known := map[string]bool{}
	for _, e := range render.Glossary() {
		known[strings.ToLower(e.Name)] = true
	}
	more := samples()
	for _, state := range []string{"analysed", "partial", "not-analysed", "off"} {
		r := blank("clip.mp4")
		r.Watermarks.State, r.Persons.Status = state, state
		r.Decoded = &report.Decoded{Frames: 3}
		r.Labels = []report.Label{{Kind: "tc260", Value: "x"}}
		more[state] = r
	}
	found := blank("clip.mp4")
	found.Watermarks.State, found.Watermarks.Found = "analysed", []report.Watermark{{Algorithm: "dwtDct"}}
	more["found"] = found
	seen := map[string]bool{}
	for name, r := range more {
		var b bytes.Buffer
		if err := render.Text(&b, r, render.Options{}); err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(b.String(), "\n") {
			words := []string{}
			switch {
			case i == 0:
				words = append(words, strings.Fields(line)[0])
			case strings.HasPrefix(line, "  ") && len(line) > 14 && line[2] != ' ' && line[13] == ' ' && axisLine(line):
				state := strings.TrimSpace(line[14:min(len(line), 31)])
				words = append(words, strings.TrimSpace(line[2:13]))
				if line[2:7] != "label" {
					words = append(words, strings.TrimLeft(state, "0123456789 "))
				}
			case line != "" && line[0] != ' ':
				title, _, _ := strings.Cut(line, ",")
				words = append(words, title)
			}
			for _, w := range words {
				seen[w] = true
				if w = strings.ReplaceAll(strings.ToLower(w), " ", "-"); w != "works" && w != "asked-the-network-for" && !known[w] {
					t.Errorf("%s: %q in %q is not explained", name, w, line)
				}
			}
		}
	}
	for _, w := range []string{"PASS", "FAIL", "provenance", "faces", "not analysed", "found", "none found", "why", "history", "well formed"} {
		if !seen[w] {
			t.Errorf("no line with %q was looked at", w)
		}
	}
}

// axisLine says whether a line is one of the axes, by its first word.
func axisLine(line string) bool {
	for _, axis := range []string{"provenance", "integrity", "signer", "time", "revocation", "origin", "picture", "watermark", "faces", "label"} {
		if strings.HasPrefix(line[2:], axis+" ") {
			return true
		}
	}
	return false
}

// A look at a part of the picture is not called none, and sound not a picture.
func TestWhatWasLookedAt(t *testing.T) {
	why := "four pictures a second"
	for name, c := range map[string]struct {
		change      func(*report.Report)
		says, never string
	}{
		"a part was looked at": {func(r *report.Report) {
			r.Reasons = []report.Reason{{Outcome: report.Indeterminate, Event: "not_analysed"}}
			r.Persons.Status, r.Persons.FramesTotal, r.Persons.FramesAnalysed, r.Persons.Reason = "partial", 40, 8, &why
		}, "looked for in a part of the picture only", "and was not"},
		"all that came was looked at": {func(r *report.Report) {
			r.Persons.Status, r.Persons.FramesTotal, r.Persons.FramesAnalysed, r.Persons.Reason = "partial", 125, 125, &why
		}, "in the 125 frames that could be decoded", "125 of 125"},
		"nothing was looked at": {func(r *report.Report) {
			r.Reasons = []report.Reason{{Outcome: report.Indeterminate, Event: "not_analysed"}}
			r.Persons.Status = "not-analysed"
		}, "the picture was to be analysed, and was not", "in a part"},
		"sound": {func(r *report.Report) {
			r.Origin.State, r.Decoded, r.Asset.Tracks = "unknown", &report.Decoded{}, []report.Track{{ID: 1, Kind: "audio"}}
			r.Reasons = []report.Reason{{Outcome: report.Indeterminate, Event: "origin_unknown"}}
		}, "the file has sound only", "where the picture comes from"},
		"a picture": {func(r *report.Report) {
			r.Origin.State, r.Decoded, r.Asset.Tracks = "unknown", &report.Decoded{}, []report.Track{{ID: 1, Kind: "audio"}, {ID: 2, Kind: "video"}}
		}, "where the picture comes from", "sound only"},
	} {
		t.Run(name, func(t *testing.T) {
			r := blank("clip.mp4")
			c.change(r)
			var b bytes.Buffer
			if err := render.Text(&b, r, render.Options{}); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(b.String(), c.says) || strings.Contains(b.String(), c.never) {
				t.Errorf("%s", b.String())
			}
		})
	}
}
