package render

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"

	"github.com/consentry/consentry/manifest"
)

// Assertions that say something about how the content was made, by whom, and what may be done with it, are told in words.
func TestAssertionsInWords(t *testing.T) {
	type m = map[string]any
	type l = []any
	for _, c := range []struct {
		label string
		json  bool
		value any
		want  string
	}{
		{"c2pa.actions.v2", false, m{"actions": l{m{"action": "c2pa.created", "digitalSourceType": "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia", "softwareAgent": m{"name": "Model 3"}}}}, `actions: c2pa.created (trainedAlgorithmicMedia, by "Model 3")`},
		{"c2pa.actions.v2", false, m{"actions": l{m{"action": "c2pa.edited", "changes": l{m{"name": "a face", "region": l{m{"type": "spatial"}, m{"type": "temporal"}, m{"type": "spatial"}}}, m{}, m{}}}}}, `actions: c2pa.edited (changed a region "a face" (spatial and temporal), and 2 more regions)`},
		{"c2pa.actions.v2", false, m{"actions": l{m{"action": "c2pa.redacted", "reason": "c2pa.PII.present", "parameters": m{"redacted": "self#jumbf=/c2pa/x/c2pa.assertions/cawg.identity"}}}}, "actions: c2pa.redacted (takes out cawg.identity, for c2pa.PII.present)"},
		{"c2pa.actions.v2", false, m{"actions": l{m{"action": "c2pa.edited"}}, "templates": l{m{"action": "*", "softwareAgent": m{"name": "Editor"}}}}, `actions: c2pa.edited; templates: of * (by "Editor")`},
		{"c2pa.actions", false, m{"actions": l{m{"action": "c2pa.filtered", "changed": "a;b", "softwareAgent": "Editor 1"}}}, `actions: c2pa.filtered (by "Editor 1", changed "a;b")`},
		{"c2pa.soft-binding", false, m{"alg": "com.example.unheard", "blocks": l{m{}}}, "soft binding by com.example.unheard, which is not on C2PA's list of algorithms, 1 block"},
		{"c2pa.soft-binding", false, m{"alg": "com.adobe.trustmark.Q", "blocks": l{m{}, m{}}}, "soft binding by com.adobe.trustmark.Q, a watermark, 2 blocks"},
		{"c2pa.soft-binding", false, m{}, "soft binding without an algorithm"},
		{"cawg.identity", false, m{"signer_payload": m{"sig_type": "cawg.x509.cose", "role": l{"cawg.creator"}, "referenced_assertions": l{m{"url": "self#jumbf=c2pa.assertions/c2pa.hash.bmff.v3"}}}}, `identity assertion of type "cawg.x509.cose", roles: cawg.creator, for: c2pa.hash.bmff.v3`},
		{"c2pa.ai-disclosure", false, m{"modelType": "c2pa.types.model", "modelName": "Model 3", "contentProfile": m{"humanOversightLevel": "prompt_guided"}}, `AI disclosure, model of type "c2pa.types.model", called "Model 3", human oversight prompt_guided`},
		{"cawg.training-mining", true, m{"entries": m{"cawg.ai_training": m{"use": "notAllowed"}, "cawg.data_mining": m{"use": "allowed"}}}, "cawg.ai_training notAllowed, cawg.data_mining allowed"},
		{"c2pa.training-mining", false, m{"entries": m{"c2pa.ai_inference": m{"use": "constrained"}}}, "c2pa.ai_inference constrained"},
		{"c2pa.training-mining", true, m{"c2pa.ai_training": m{"use": "notAllowed"}}, "c2pa.ai_training notAllowed"},
		{"c2pa.training-mining", true, m{"more": 1}, "members more"},
		{"c2pa.cloud-data", false, m{"label": "c2pa.metadata", "location": m{"url": "https://example.com/x", "hash": []byte{1}}}, `cloud data in place of "c2pa.metadata" at "https://example.com/x", by its digest; it is not fetched`},
		{"c2pa.external-reference", false, m{"location": m{"url": "https://example.com/x"}}, `a reference to something outside the file at "https://example.com/x", whatever that may hold; it is not fetched`},
		{"c2pa.external-reference", false, m{}, "a reference to something outside the file, and nothing says where it is"},
		{"c2pa.time-stamp", false, m{"urn:c2pa:a": []byte{1}, "urn:c2pa:b": []byte{2}}, "time-stamps of 2 manifests"},
		{"c2pa.certificate-status", false, m{"ocspVals": l{[]byte{1}}}, "states of certificates, 1 OCSP response"},
		{"c2pa.hash.multi-asset", false, m{"parts": l{m{}, m{}}}, "content hash of 2 parts"},
		{"c2pa.hash.collection.data", false, m{"uris": l{m{}}, "alg": "sha256"}, "content hash of 1 file by sha256"},
		{"com.example.note", false, m{"regionOfInterest": m{"name": "the door", "region": l{m{"type": "temporal"}}}}, `speaks of a region "the door" (temporal)`},
		{"com.example.note", false, m{"a": 1}, "members a"},
	} {
		a := &manifest.Assertion{Label: c.label, Base: c.label, ContentType: "cbor"}
		var err error
		if a.Payload, err = cbor.Marshal(c.value); c.json {
			a.ContentType = "json"
			a.Payload, err = json.Marshal(c.value)
		}
		if err != nil {
			t.Fatal(err)
		}
		if got := newBudget().words(a); got != c.want {
			t.Errorf("%s: %s\nexpected\n%s", c.label, got, c.want)
		}
	}
}

// What a file says cannot break out of its words: every text is quoted or held to the letters of a format.
func TestAssertionsInWordsAreSafe(t *testing.T) {
	const evil = "a\x1b[2J\u202e\n/b"
	for label, v := range map[string]any{
		"c2pa.actions.v2":         map[string]any{"actions": []any{map[string]any{"action": evil, "reason": evil, "changed": evil, "softwareAgent": evil, "parameters": map[string]any{"redacted": evil}, "changes": []any{map[string]any{"name": evil, "region": []any{map[string]any{"type": evil}}}}}}},
		"c2pa.soft-binding":       map[string]any{"alg": evil},
		"cawg.identity":           map[string]any{"signer_payload": map[string]any{"sig_type": evil, "role": []any{evil}, "referenced_assertions": []any{map[string]any{"url": evil}}}},
		"c2pa.ai-disclosure":      map[string]any{"modelType": evil, "contentProfile": map[string]any{"humanOversightLevel": evil}},
		"c2pa.training-mining":    map[string]any{"entries": map[string]any{evil: map[string]any{"use": evil}}},
		"c2pa.cloud-data":         map[string]any{"label": evil, "location": map[string]any{"url": evil}},
		"c2pa.external-reference": map[string]any{"location": map[string]any{"url": evil}},
	} {
		payload, err := cbor.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		got := newBudget().words(&manifest.Assertion{Label: label, Base: label, ContentType: "cbor", Payload: payload})
		if strings.ContainsAny(got, "\x1b\u202e\n") {
			t.Errorf("%s: %q", label, got)
		}
	}
}
