package origin_test

import (
	"testing"

	"github.com/consentry/consentry/origin"
)

const iptc = "http://cv.iptc.org/newscodes/digitalsourcetype/"

func made(dst string) []origin.Action {
	return []origin.Action{{Action: "c2pa.created", DigitalSourceType: dst}}
}

func says(state string, actions []origin.Action, in ...origin.Ingredient) *origin.Manifest {
	return &origin.Manifest{Label: "m", State: state, Actions: actions, Ingredients: in}
}

func parent(m *origin.Manifest) origin.Ingredient {
	return origin.Ingredient{Relationship: "parentOf", Manifest: m}
}

func component(m *origin.Manifest) origin.Ingredient {
	return origin.Ingredient{Relationship: "componentOf", Manifest: m}
}

func TestDecide(t *testing.T) {
	opened := []origin.Action{{Action: "c2pa.opened"}, {Action: "c2pa.trimmed"}}
	camera, model := says("trusted", made(iptc+"digitalCapture")), says("trusted", made(iptc+"trainedAlgorithmicMedia"))
	for _, c := range []struct {
		name         string
		facts        origin.Facts
		state, basis string
		verified     bool
	}{
		{"nothing-at-all", origin.Facts{}, "unknown", "none", false},
		{"created-by-a-model", origin.Facts{Manifest: model}, "generated", "manifest", true},
		{"https-variant", origin.Facts{Manifest: says("trusted", made("https://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"))}, "generated", "manifest", true},
		{"slash-variant", origin.Facts{Manifest: says("trusted", made(iptc+"trainedAlgorithmicMedia/"))}, "generated", "manifest", true},
		{"another-vocabulary", origin.Facts{Manifest: says("trusted", made("http://example.com/trainedAlgorithmicMedia"))}, "unknown", "none", false},
		{"other-letters", origin.Facts{Manifest: says("trusted", made(iptc+"TrainedAlgorithmicMedia"))}, "unknown", "none", false},
		{"by-a-later-action", origin.Facts{Manifest: says("trusted", append(made(iptc+"digitalCapture"), origin.Action{Action: "c2pa.edited", DigitalSourceType: iptc + "trainedAlgorithmicMedia"}))}, "generated", "manifest", true},
		{"composite", origin.Facts{Manifest: says("trusted", made(iptc+"compositeWithTrainedAlgorithmicMedia"))}, "partly-generated", "manifest", true},
		{"composite-synthetic", origin.Facts{Manifest: says("trusted", made(iptc+"compositeSynthetic"))}, "partly-generated", "manifest", true},
		{"recorded", origin.Facts{Manifest: camera}, "captured", "manifest", true},
		{"recorded-and-edited-by-hand", origin.Facts{Manifest: says("trusted", append(made(iptc+"digitalCapture"), origin.Action{Action: "c2pa.edited", DigitalSourceType: iptc + "humanEdits"}))}, "captured", "manifest", true},
		{"an-edit-is-no-recording", origin.Facts{Manifest: says("trusted", append(made(""), origin.Action{Action: "c2pa.edited", DigitalSourceType: iptc + "digitalCapture"}))}, "unknown", "none", false},
		{"a-screen-is-no-camera", origin.Facts{Manifest: says("trusted", made(iptc+"screenCapture"))}, "unknown", "none", false},
		{"untrusted-signer", origin.Facts{Manifest: says("valid", made(iptc+"digitalCapture"))}, "captured", "manifest", false},
		{"invalid-manifest", origin.Facts{Manifest: says("invalid", made(iptc+"trainedAlgorithmicMedia"))}, "generated", "manifest", false},
		{"generated-parent", origin.Facts{Manifest: says("trusted", opened, parent(model))}, "generated", "manifest", true},
		{"generated-parent-under-a-stranger", origin.Facts{Manifest: says("valid", opened, parent(model))}, "generated", "manifest", false},
		{"recorded-parent", origin.Facts{Manifest: says("trusted", opened, parent(camera))}, "captured", "manifest", true},
		{"recorded-parent-of-a-stranger", origin.Facts{Manifest: says("trusted", opened, parent(says("valid", made(iptc+"print"))))}, "captured", "manifest", false},
		{"parent-without-manifest", origin.Facts{Manifest: says("trusted", opened, parent(nil))}, "unknown", "none", false},
		{"parent-that-states-its-type", origin.Facts{Manifest: says("trusted", opened, origin.Ingredient{Relationship: "parentOf", DigitalSourceType: iptc + "negativeFilm"})}, "captured", "manifest", true},
		{"opened-from-nowhere", origin.Facts{Manifest: says("trusted", opened)}, "unknown", "none", false},
		{"generated-component", origin.Facts{Manifest: says("trusted", made(iptc+"digitalCapture"), component(model))}, "partly-generated", "manifest", true},
		{"component-of-unknown-origin", origin.Facts{Manifest: says("trusted", made(iptc+"digitalCapture"), component(nil))}, "unknown", "none", false},
		{"a-prompt-is-no-part", origin.Facts{Manifest: says("trusted", made(iptc+"digitalCapture"), origin.Ingredient{Relationship: "inputTo", Manifest: model})}, "captured", "manifest", true},
		{"label-alone", origin.Facts{Labels: []string{"tc260"}}, "generated", "label", false},
		{"label-that-says-captured", origin.Facts{Labels: []string{"xmp:digitalCapture"}}, "unknown", "none", false},
		{"label-that-may-be", origin.Facts{Labels: []string{"xmp:compositeSynthetic", "comfyui", "encoder:Lavf"}}, "unknown", "none", false},
		{"label-with-a-uri", origin.Facts{Labels: []string{"xmp:" + iptc + "trainedAlgorithmicMedia"}}, "generated", "label", false},
		{"mark-alone", origin.Facts{Marks: []string{"dwtDct"}}, "generated", "mark", false},
		{"mark-and-label", origin.Facts{Labels: []string{"tc260"}, Marks: []string{"dwtDct"}}, "generated", "label", false},
		{"sidecar", origin.Facts{Declared: true, Labels: []string{"tc260"}}, "generated", "declaration", true},
		{"recorded-and-labelled", origin.Facts{Manifest: camera, Labels: []string{"tc260"}}, "contradicted", "label", true},
		{"recorded-and-marked", origin.Facts{Manifest: camera, Marks: []string{"dwtDct"}}, "contradicted", "mark", true},
		{"generated-and-marked", origin.Facts{Manifest: model, Marks: []string{"dwtDct"}}, "generated", "manifest", true},
		{"update-of-a-recording", origin.Facts{Manifest: says("trusted", nil, parent(camera))}, "captured", "manifest", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := origin.Decide(c.facts)
			if got.State != c.state || got.Basis != c.basis || got.Verified != c.verified {
				t.Errorf("Decide = %+v; want %s by %s, verified %v", got, c.state, c.basis, c.verified)
			}
			if (len(got.Because) > 0) != (c.state != "unknown") {
				t.Errorf("because %v", got.Because)
			}
		})
	}
}

// TestHostileHistories: cycles end, and a history in which each manifest has the same parent many times is walked once.
func TestHostileHistories(t *testing.T) {
	ring := says("trusted", []origin.Action{{Action: "c2pa.opened"}})
	ring.Ingredients = []origin.Ingredient{parent(ring), component(ring)}
	if got := origin.Decide(origin.Facts{Manifest: ring}); got.State != "unknown" {
		t.Errorf("a cycle is %s", got.State)
	}
	m := says("trusted", made(iptc+"trainedAlgorithmicMedia"))
	for range 100 {
		var in []origin.Ingredient
		for range 50 {
			in = append(in, parent(m))
		}
		m = says("trusted", nil, in...)
	}
	if got := origin.Decide(origin.Facts{Manifest: m}); got.State != "generated" || len(got.Because) > 16 {
		t.Errorf("%s with %d reasons", got.State, len(got.Because))
	}
	deep := says("trusted", made(iptc+"trainedAlgorithmicMedia"))
	for range 200 {
		deep = says("trusted", nil, parent(deep))
	}
	if got := origin.Decide(origin.Facts{Manifest: deep}); got.State != "generated" {
		t.Errorf("at the limit of depth: %s", got.State)
	}
	if got := origin.Decide(origin.Facts{Manifest: says("trusted", nil, parent(deep))}); got.State != "unknown" {
		t.Errorf("past the limit of depth: %s", got.State)
	}
}
