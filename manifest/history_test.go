package manifest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/manifest"
	"github.com/consentry/consentry/report"
)

// result validates a file of the forge, trusting its authorities.
func result(t *testing.T, r forge.Recipe) *manifest.Result {
	t.Helper()
	ctx, data := context.Background(), forge.Make(r).Data
	in := bytes.NewReader(data)
	loc, err := manifest.Locate(ctx, in, in.Size(), manifest.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := manifest.Parse(loc.Store, loc.Update, manifest.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	out, err := s.Validate(ctx, &manifest.Content{Data: in, Size: in.Size(), Located: loc}, manifest.Options{Trust: forgeTrust(t, ""), Now: forge.Clock})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func one(m forge.Manifest) forge.Recipe { return forge.Recipe{Manifest: m} }

func TestActionsAreResolved(t *testing.T) {
	m := forge.Manifest{
		Actions: []forge.Action{
			{Name: "c2pa.created", When: "2026-05-01T10:00:00+02:00"},
			{Name: "c2pa.edited", Source: "humanEdits", Edit: func(m *forge.Map) { m.Set("softwareAgentIndex", 1) }},
			{Name: "c2pa.edited", Edit: func(m *forge.Map) {
				m.Set("description", "its own")
				m.Set("related", []any{kv("action", "c2pa.filtered", "related", []any{kv("action", "c2pa.cropped")})})
			}},
		},
		ActionsMap: func(m *forge.Map) {
			m.Set("softwareAgents", []any{kv("name", "First"), kv("name", "Second", "version", "2")})
			m.Set("templates", []any{
				kv("action", "c2pa.created", "digitalSourceType", forge.IPTC("trainedAlgorithmicMedia")),
				kv("action", "*", "description", "for all", "digitalSourceType", forge.IPTC("digitalArt")),
				kv("action", "c2pa.created", "softwareAgent", kv("name", "Templated")),
			})
		},
	}
	r := result(t, one(m))
	if r.State != manifest.Trusted {
		t.Fatalf("state %q: %v", r.State, r.Active.Failure)
	}
	type line struct{ Action, When, Source, Agent, Description string }
	var got []line
	for _, a := range r.Active.Actions {
		got = append(got, line{a.Action, a.When, a.DigitalSourceType, a.SoftwareAgent, a.Description})
	}
	want := []line{
		{"c2pa.created", "2026-05-01T10:00:00+02:00", forge.IPTC("trainedAlgorithmicMedia"), "Templated", "for all"},
		{"c2pa.edited", "", forge.IPTC("humanEdits"), "Second 2", "for all"},
		{"c2pa.edited", "", forge.IPTC("digitalArt"), "", "its own"},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if rel := r.Active.Actions[2].Related; len(rel) != 1 || rel[0].Action != "c2pa.filtered" || rel[0].Related != nil {
		t.Errorf("related: %+v", rel)
	}
}

func TestIngredientsRecordedAndNow(t *testing.T) {
	status := func(list string, codes ...string) any {
		m := kv("success", []any{}, "informational", []any{}, "failure", []any{})
		var all []any
		for _, c := range codes {
			all = append(all, kv("code", c))
		}
		m.Set(list, all)
		return kv("activeManifest", m)
	}
	broken := forge.Manifest{Signer: forge.Signer{Sig: func(b []byte) []byte {
		b = bytes.Clone(b)
		b[0] ^= 1
		return b
	}}}
	cases := []struct {
		name          string
		parent        forge.Manifest
		results       any
		recorded, now string
		news          bool // a failure that was not recorded
	}{
		{"nothing changed", forge.Manifest{}, status("success", "claimSignature.validated", "signingCredential.trusted"), manifest.Trusted, manifest.Trusted, false},
		{"nothing recorded", forge.Manifest{}, kv(), "none", manifest.Trusted, false},
		{"sound when it was taken in, broken now", broken, status("success", "claimSignature.validated", "signingCredential.trusted"), manifest.Trusted, manifest.Invalid, true},
		{"broken then and now", broken, status("failure", "claimSignature.mismatch"), manifest.Invalid, manifest.Invalid, false},
		{"untrusted then, trusted now", forge.Manifest{}, status("failure", "signingCredential.untrusted"), manifest.Valid, manifest.Trusted, false},
		{"a recorded failure does not make it invalid", forge.Manifest{}, status("failure", "assertion.bmffHash.mismatch"), manifest.Invalid, manifest.Trusted, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := result(t, one(forge.Manifest{
				Actions:     []forge.Action{{Name: "c2pa.opened", Ingredient: []int{0}}},
				Ingredients: []forge.Ingredient{{Manifest: &c.parent, Results: c.results}},
			}))
			// What is wrong inside an ingredient is no fault of the manifest that took it in as it was.
			if r.State != manifest.Trusted {
				t.Errorf("state %q: %v", r.State, r.Active.Failure)
			}
			i := r.Active.Ingredients[0]
			if i.Recorded.State != c.recorded || i.Now != c.now {
				t.Errorf("recorded %q, now %q", i.Recorded.State, i.Now)
			}
			news := false
			for _, d := range r.Active.IngredientDeltas {
				news = news || len(d.Failure) > 0
			}
			if news != c.news {
				t.Errorf("news: %v", r.Active.IngredientDeltas)
			}
			// Nothing recorded takes a finding from the ingredient's own list.
			if c.now == manifest.Invalid && !report.Has(r.Manifest(i.Manifest).Failure, "claimSignature.mismatch") {
				t.Error("the live failure is gone")
			}
		})
	}
}

func TestConsentAssertions(t *testing.T) {
	consent := func(label, list string) forge.Assertion {
		return forge.Assertion{Label: label, CBOR: kv("v", 1), List: list}
	}
	t.Run("several, created and gathered", func(t *testing.T) {
		r := result(t, one(forge.Manifest{Assertions: []forge.Assertion{consent(forge.ConsentLabel, "created"), consent(forge.ConsentLabel+"__1", "gathered")}}))
		got := r.Active.AssertionsOf(forge.ConsentLabel)
		if r.State != manifest.Trusted || len(got) != 2 || !got[0].Created || got[0].Gathered || got[1].Created || !got[1].Gathered || !got[0].Intact || !got[1].Intact {
			t.Errorf("state %q, %+v", r.State, got)
		}
		if string(got[0].Payload) != string(forge.CBOR(kv("v", 1))) {
			t.Error("the payload is not that of the file")
		}
	})
	t.Run("redacted by who took the clip over, with the reason", func(t *testing.T) {
		const label = "urn:c2pa:11111111-1111-4111-8111-111111111111"
		uri := "self#jumbf=/c2pa/" + label + "/c2pa.assertions/" + forge.ConsentLabel
		for name, after := range map[string]func(*forge.Node){
			"taken out": func(m *forge.Node) { m.Find("c2pa.assertions").Drop(forge.ConsentLabel) },
			"zeroed": func(m *forge.Node) {
				n := m.Find("c2pa.assertions").Find(forge.ConsentLabel)
				n.Kids = []*forge.Node{forge.Leaf("uuid", append([]byte("\xCA\xA9\x8E\xEE\x9D\x4D\xF8\x0E\x86\xAD\x4D\xFF\xCA\x26\x39\x73"), make([]byte, 7)...))}
			},
		} {
			t.Run(name, func(t *testing.T) {
				r := result(t, one(forge.Manifest{
					Redacts: []string{uri},
					Actions: []forge.Action{
						{Name: "c2pa.opened", Ingredient: []int{0}},
						{Name: "c2pa.redacted", Edit: func(m *forge.Map) { m.Set("reason", "c2pa.PII.present"); m.Set("parameters", kv("redacted", uri)) }},
					},
					Ingredients: []forge.Ingredient{{Manifest: &forge.Manifest{Label: label, Assertions: []forge.Assertion{consent(forge.ConsentLabel, "created")}, AfterSign: after}}},
				}))
				if r.State != manifest.Trusted {
					t.Errorf("state %q: %v", r.State, r.Active.Failure)
				}
				got := r.Manifest(label).AssertionsOf(forge.ConsentLabel)
				if len(got) != 1 || !got[0].Redacted || got[0].RedactedBy != r.Active.Label || got[0].Intact {
					t.Fatalf("%+v", got)
				}
				want := []manifest.Redaction{{URI: uri, Manifest: label, Label: forge.ConsentLabel, Reason: "c2pa.PII.present"}}
				if d := cmp.Diff(want, r.Active.Redactions); d != "" {
					t.Error(d)
				}
			})
		}
	})
}

// TestARedactionNeedsASignature: a claim that nobody signed takes nothing out of another's, so that what it names is
// judged as it stands, or is missing.
func TestARedactionNeedsASignature(t *testing.T) {
	const label = "urn:c2pa:11111111-1111-4111-8111-111111111111"
	uri := "self#jumbf=/c2pa/" + label + "/c2pa.assertions/" + forge.ConsentLabel
	takeOut := func(m *forge.Node) { m.Find("c2pa.assertions").Drop(forge.ConsentLabel) }
	for _, c := range []struct {
		name     string
		sig      func([]byte) []byte
		after    func(*forge.Node)
		redacted bool
		code     string // of the manifest that is redacted
	}{
		{"signed, and taken out", nil, takeOut, true, ""},
		{"not signed, and still there", func(b []byte) []byte { b[0] ^= 1; return b }, nil, false, ""},
		{"not signed, and taken out", func(b []byte) []byte { b[0] ^= 1; return b }, takeOut, false, "assertion.missing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			first := forge.Manifest{Label: label, Assertions: []forge.Assertion{{Label: forge.ConsentLabel, CBOR: forge.Consent([]forge.Map{forge.Depicted("p1", "ada")})}}, AfterSign: c.after}
			second := forge.Manifest{
				Redacts: []string{uri}, Signer: forge.Signer{Sig: c.sig}, Ingredients: []forge.Ingredient{{Manifest: &first}},
				Actions: []forge.Action{
					{Name: "c2pa.opened", Ingredient: []int{0}},
					{Name: "c2pa.redacted", Edit: func(m *forge.Map) { m.Set("reason", "c2pa.PII.present"); m.Set("parameters", kv("redacted", uri)) }},
				},
			}
			r := result(t, one(forge.Manifest{Actions: []forge.Action{{Name: "c2pa.opened", Ingredient: []int{0}}}, Ingredients: []forge.Ingredient{{Manifest: &second}}}))
			m := r.Manifest(label)
			got := m.AssertionsOf(forge.ConsentLabel)
			if c.code != "" {
				if !report.Has(m.Failure, c.code) {
					t.Errorf("no %s: %v", c.code, m.Failure)
				}
				return
			}
			if len(got) != 1 || got[0].Redacted != c.redacted || got[0].Intact == c.redacted || report.Has(m.Failure, "assertion.notRedacted") {
				t.Errorf("%+v, %v", got, m.Failure)
			}
		})
	}
}

func TestAssertionJSON(t *testing.T) {
	r := result(t, one(forge.Manifest{Assertions: []forge.Assertion{
		{Label: "com.example.cbor", CBOR: kv("b", []byte{1}, "when", forge.Tag{N: 0, V: "2026-05-01T10:00:00+02:00"}, 7, "seven", "n", nil)},
		{Label: "com.example.json", JSON: []byte(`{"big":12345678901234567890}`)},
		{Label: "c2pa.thumbnail.claim", File: []byte("\xff\xd8"), Media: "image/jpeg"},
	}}))
	want := map[string]string{
		"com.example.cbor":     `{"7":"seven","b":"b64'AQ=='","n":null,"when":"2026-05-01T10:00:00+02:00"}`,
		"com.example.json":     `{"big":12345678901234567890}`,
		"c2pa.thumbnail.claim": `null`,
	}
	for label, text := range want {
		a := r.Active.AssertionsOf(label)[0]
		v, err := a.JSON()
		if err != nil {
			t.Fatal(err)
		}
		if b, _ := json.Marshal(v); string(b) != text {
			t.Errorf("%s: %s", label, b)
		}
	}
	if a := r.Active.AssertionsOf("c2pa.thumbnail.claim")[0]; a.ContentType != "embedded" || a.MediaType != "image/jpeg" || string(a.Payload) != "\xff\xd8" {
		t.Errorf("%+v", a)
	}
}

func TestStates(t *testing.T) {
	data := forge.Make(forge.Recipe{}).Data
	in := bytes.NewReader(data)
	ctx := context.Background()
	loc, err := manifest.Locate(ctx, in, in.Size(), manifest.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := manifest.Parse(loc.Store, nil, manifest.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	content := &manifest.Content{Data: in, Size: in.Size(), Located: loc}
	cases := []struct {
		name    string
		content *manifest.Content
		opt     manifest.Options
		want    string
	}{
		{"trusted", content, manifest.Options{Trust: forgeTrust(t, ""), Now: forge.Clock}, manifest.Trusted},
		{"on no list", content, manifest.Options{Trust: forgeTrust(t, "none"), Now: forge.Clock}, manifest.Valid},
		{"no trust at all", content, manifest.Options{Now: forge.Clock}, manifest.Valid},
		{"years later", content, manifest.Options{Trust: forgeTrust(t, ""), Now: forge.Clock.AddDate(50, 0, 0)}, manifest.WellFormed},
		{"no clock", content, manifest.Options{Trust: forgeTrust(t, "")}, manifest.WellFormed},
		{"no content", nil, manifest.Options{Trust: forgeTrust(t, ""), Now: forge.Clock}, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r, err := s.Validate(ctx, c.content, c.opt)
			if err != nil || r.State != c.want || r.Active.State != c.want {
				t.Errorf("%q %q %v", r.State, r.Active.State, err)
			}
		})
	}
	t.Run("cancelled", func(t *testing.T) {
		ctx, cancel := context.WithCancel(ctx)
		cancel()
		r, err := s.Validate(ctx, content, cases[0].opt)
		if err == nil || r.State != "" {
			t.Errorf("%q %v", r.State, err)
		}
	})
	t.Run("a manifest that is not there", func(t *testing.T) {
		if r, err := s.Validate(ctx, content, manifest.Options{Label: "urn:c2pa:none"}); err == nil || r != nil {
			t.Errorf("%v %v", r, err)
		}
	})
}

// Where a manifest is asked for by its label, that the active one was not judged is said, and that others lead nowhere.
func TestTheActiveManifestIsToldWhereAnotherIsAskedFor(t *testing.T) {
	base := &forge.Manifest{Label: "urn:c2pa:11111111-1111-4111-8111-111111111111"}
	stray := &forge.Manifest{Label: "urn:c2pa:22222222-2222-4222-8222-222222222222"}
	active := forge.Manifest{Label: "urn:c2pa:33333333-3333-4333-8333-333333333333", Update: true, Ingredients: []forge.Ingredient{{Manifest: base}}}
	b := forge.Make(forge.Recipe{Stored: []*forge.Manifest{stray}, Manifest: active})
	s, err := manifest.Parse(b.Store, nil, manifest.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.Validate(context.Background(), nil, manifest.Options{Label: base.Label, Now: forge.Clock})
	if err != nil {
		t.Fatal(err)
	}
	said := map[string]string{}
	for _, n := range r.NotChecked {
		said[n.What] = n.Why
	}
	if !strings.Contains(said[active.Label], "another one was asked for") || !strings.Contains(said[stray.Label], "nothing leads to this manifest") || said[base.Label] != "" {
		t.Errorf("said %q", said)
	}
}

// A data box is read, and counts as named only where an assertion has its digest.
func TestDataBoxesAreRead(t *testing.T) {
	for _, c := range slices.Concat(forge.Good(), forge.Corruptions()) {
		if !strings.HasPrefix(c.Name, "a data box") {
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			list := result(t, c.Recipe).Active.DataBoxes
			if c.Name == "a data box that is not there" {
				if len(list) > 0 {
					t.Errorf("read %+v", list)
				}
				return
			}
			want := []*manifest.DataBox{{Label: "c2pa.data", Format: "text/plain", Types: []string{"c2pa.types.generator.prompt"}, Size: 17, Named: c.Name == "a data box"}}
			if diff := cmp.Diff(want, list); diff != "" {
				t.Error(diff)
			}
		})
	}
}
