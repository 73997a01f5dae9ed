package consentry_test

import (
	"slices"
	"testing"

	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/report"
)

// What a manifest took out is in the report with the reason that its action gives, and the manifest that it was in.
func TestRedactionsAreInTheReport(t *testing.T) {
	const label = "urn:c2pa:66666666-6666-4666-8666-666666666666"
	const uri = "self#jumbf=/c2pa/" + label + "/c2pa.assertions/com.example.note"
	below := forge.Manifest{Label: label, Assertions: []forge.Assertion{{Label: "com.example.note", CBOR: forge.Map{{K: "a", V: 1}}}}}
	below.AfterSign = func(m *forge.Node) { m.Find("c2pa.assertions").Drop("com.example.note") }
	b := forge.Make(forge.Recipe{Manifest: forge.Manifest{
		Update: true, Ingredients: []forge.Ingredient{{Manifest: &below}}, Redacts: []string{uri},
		Actions: []forge.Action{{Name: "c2pa.redacted", Edit: func(a *forge.Map) {
			a.Set("reason", "c2pa.PII.present")
			a.Set("parameters", forge.Map{{K: "redacted", V: uri}})
		}}},
	}})
	r := verify(t, trusting(t), asset(b.Data))
	if state(r) != "trusted" {
		t.Errorf("state %s", state(r))
	}
	want := []report.Redaction{{Label: "com.example.note", Manifest: label, Reason: "c2pa.PII.present"}}
	if got := r.Provenance.Manifests[0].Redactions; !slices.Equal(got, want) {
		t.Errorf("got %+v", got)
	}
	if got := r.Provenance.Manifests[1].Redactions; got != nil {
		t.Errorf("the manifest below redacts %+v", got)
	}
	keepsToSchema(t, r)
}
