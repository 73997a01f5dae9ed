package consent

import "testing"

// TestWantsAssetDigest says when a file must be read to its end: for a clearance of the whole file, and for a sidecar.
func TestWantsAssetDigest(t *testing.T) {
	file := object{"alg": "sha256", "hash": digest, "of": "file"}
	apart := minted(t, aGrant().set("consent.type", "clearance").set("consent.asset", file))
	for name, c := range map[string]struct {
		token string
		want  bool
	}{
		"a clearance of the file":    {minted(t, aGrant().set("consent.type", "clearance").set("consent.asset", file)), true},
		"a clearance of the content": {minted(t, aGrant().set("consent.asset", file.set("of", "c2pa.hash.bmff.v3"))), false},
		"a grant":                    {minted(t, aGrant()), false},
		"a token that says nothing":  {minted(t, aGrant().set("consent", nil)), false},
		"no token":                   {"a.b", false},
	} {
		a := object{
			"v": 1, "completeness": "complete", "generation": object{"provider": generator}, "tokens": []any{object{"jwt": c.token}},
			"people": []any{object{"id": "p1", "kind": "real", "rendering": "replica", "modality": []string{"face"}, "tokens": []int{0}}},
		}
		if got := WantsAssetDigest(&Facts{Assertion: &Declaration{Bytes: []byte(a.text(t))}}); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	// A token by reference counts where it is at hand; an assertion that cannot be read, nowhere.
	byReference := object{
		"v": 1, "completeness": "complete", "tokens": []any{object{"uri": "https://performer.test/t", "s256": digestOf(apart)}},
		"people": []any{object{"id": "p1", "kind": "real", "rendering": "replica", "modality": []string{"face"}, "tokens": []int{0}}},
	}
	here := map[string]string{"https://performer.test/t": apart}
	for name, c := range map[string]struct {
		assertion string
		files     map[string]string
		byDigest  []string
		want      bool
	}{
		"a clearance of the file that lies apart":      {byReference.text(t), here, nil, true},
		"a clearance of the file, known by its digest": {byReference.text(t), nil, []string{apart}, true},
		"one that is not at hand":                      {byReference.text(t), nil, nil, false},
		"another one in its place":                     {byReference.text(t), map[string]string{"https://performer.test/t": apart + "x"}, nil, false},
		"an assertion that cannot be read":             {byReference.set("v", 2).text(t), here, nil, false},
		"no assertion":                                 {"", here, nil, false},
	} {
		if got := WantsAssetDigest(&Facts{Files: c.files, TokensAtHand: ByDigest(c.byDigest), Assertion: &Declaration{Bytes: []byte(c.assertion)}}); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	if !WantsAssetDigest(&Facts{Sidecar: "x"}) {
		t.Error("a sidecar is bound to the whole file")
	}
}
