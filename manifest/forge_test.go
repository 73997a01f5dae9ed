package manifest_test

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/manifest"
	"github.com/consentry/consentry/report"
	"github.com/consentry/consentry/signing"
)

// forgeTrust trusts the forge's authorities as a case wants them listed.
func forgeTrust(t *testing.T, list string) *signing.Trust {
	t.Helper()
	anchors := func(a *forge.Authority) []signing.List {
		l, err := signing.ParseAnchors("forge", forge.ChainPEM(a.Root.Cert))
		if err != nil {
			t.Fatal(err)
		}
		switch list {
		case "legacy":
			l.Legacy = true
		case "stale":
			l.NextUpdate = forge.Clock.AddDate(0, 0, -1)
		case "none":
			return nil
		}
		return []signing.List{l}
	}
	dids := []signing.DIDDocument{did(t, forge.AggregatorDID, forge.Algorithms...), did(t, "did:web:empty.example")}
	return &signing.Trust{Claim: anchors(forge.CA()), TSA: anchors(forge.TSA()), Identity: anchors(forge.IdentityCA()), DIDs: dids}
}

// did is the document of a DID with the forge's keys.
func did(t *testing.T, id string, algs ...string) signing.DIDDocument {
	t.Helper()
	d, err := signing.ParseDID(forge.DIDDocument(id, nil, algs...))
	if err != nil {
		t.Fatal(err)
	}
	return *d
}

// judged is all that was found about a file: the findings of its container, of its active manifest and of the others.
type judged struct {
	state            string
	active, deeper   []report.Finding
	binding          string
	located          *manifest.Located
	unjudged         string // why the store was not validated
	ingredientStates []string
}

func judge(t *testing.T, c forge.Case) judged {
	t.Helper()
	file := forge.Make(c.Recipe)
	data := file.Data
	ctx := context.Background()
	var out judged
	loc, err := manifest.Locate(ctx, bytes.NewReader(data), int64(len(data)), manifest.Limits{})
	if err != nil {
		t.Fatalf("Locate: %v", err)
	}
	out.located = loc
	out.active = append(out.active, loc.Findings...)
	bytesOfStore := loc.Store
	if file.Detached {
		bytesOfStore = file.Store
	}
	if loc.Multiple || bytesOfStore == nil {
		out.unjudged = "no store"
		return out
	}
	store, err := manifest.Parse(bytesOfStore, loc.Update, manifest.Limits{})
	if err != nil {
		out.active = append(out.active, report.New("manifest.inaccessible.malformed", "", err.Error()))
		out.unjudged = err.Error()
		return out
	}
	content := &manifest.Content{Data: bytes.NewReader(data), Size: int64(len(data)), Located: loc, Detached: file.Detached}
	for _, p := range file.Parts {
		content.Parts = append(content.Parts, manifest.Part{Data: bytes.NewReader(p), Size: int64(len(p))})
	}
	if file.Folder != nil {
		content.Folder = folder(file.Folder)
	}
	res, err := store.Validate(ctx, content, manifest.Options{Trust: forgeTrust(t, c.List), Now: forge.Clock, Ask: c.Ask, Nonce: forge.Nonce})
	if err != nil {
		t.Fatalf("Validate: %v", err)
	}
	out.state = res.State
	if res.Binding != nil {
		out.binding = res.Binding.State
	}
	if res.Binding != nil && res.Binding.Missing != nil && file.Parts != nil {
		t.Errorf("not checked: %v", res.Binding.Missing)
	}
	for _, m := range res.Manifests {
		all := slices.Concat(m.Success, m.Informational, m.Failure, m.Notes)
		if m.Active {
			out.active = append(out.active, all...)
		} else if m.Reached {
			out.deeper = append(out.deeper, all...)
			out.ingredientStates = append(out.ingredientStates, m.State)
		}
	}
	return out
}

func TestValidateGoodFiles(t *testing.T) {
	for _, c := range forge.Good() {
		t.Run(c.Name, func(t *testing.T) {
			got := judge(t, c)
			if got.state != manifest.Trusted {
				t.Errorf("state %q, want trusted", got.state)
			}
			if got.binding != manifest.BindingIntact {
				t.Errorf("binding %q, want intact", got.binding)
			}
			for _, f := range slices.Concat(got.active, got.deeper) {
				if f.Outcome == report.Failure {
					t.Errorf("failure %s: %s (%s)", f.Code, f.Explanation, f.URL)
				}
			}
			if c.Code != "" && !report.Has(slices.Concat(got.active, got.deeper), c.Code) {
				t.Errorf("%s is not given", c.Code)
			}
		})
	}
}

func TestValidateCorruptions(t *testing.T) {
	for _, c := range forge.Corruptions() {
		t.Run(c.Name, func(t *testing.T) {
			got := judge(t, c)
			where, name := got.active, "active manifest"
			if c.Ingredient {
				where, name = got.deeper, "ingredients"
			}
			if !report.Has(where, c.Code) {
				t.Errorf("%s is not given of the %s", c.Code, name)
			}
			row, _ := report.Lookup(c.Code)
			allowed := append(c.Also, c.Code)
			for _, f := range where {
				if f.Outcome == report.Failure && !slices.Contains(allowed, f.Code) {
					t.Errorf("unexpected failure %s: %s (%s)", f.Code, f.Explanation, f.URL)
				}
			}
			if row.Outcome == report.Failure && got.state == manifest.Trusted && !c.Ingredient {
				t.Errorf("trusted all the same")
			}
		})
	}
}

// elsewhere are the families of codes that other packages give: people, labels beside C2PA, marks
// in the picture and fingerprints of it. Their tests name them.
var elsewhere = []string{"consent", "fingerprint", "label", "softBinding", "watermark"}

// unreached are codes of the tables that no file of the forge reaches, each with the reason. Other tests name them.
var unreached = map[string]string{
	"asset.changed":                      "is given by the verifier, which alone reads the file twice",
	"asset.hiddenMedia":                  "is given by the verifier, signed or not",
	"asset.trackMismatch":                "is given by the verifier, which alone has a decoder's view beside ours",
	"general.error":                      nothing,
	"trust.productContainer":             "is given by the verifier, which alone has the list of products",
	"trust.productSignal":                "is given by the verifier, which alone has the list of products",
	"trust.productUnknown":               "is given by the verifier, which alone has the list of products",
	"trust.productWithdrawn":             "is given by the verifier, which alone has the list of products",
	"manifest.inaccessible":              "is given by the verifier, which alone fetches",
	"livevideo.assertion.invalid":        "is of a stream: TestLive",
	"livevideo.continuityMethod.invalid": "is of a stream: TestLive",
	"livevideo.init.invalid":             "is of a stream: TestLive",
	"livevideo.manifest.invalid":         "is of a stream: TestLive",
	"livevideo.segment.invalid":          "is of a stream: TestLive",
	"livevideo.sessionkey.invalid":       "is of a stream: TestLive",
}

// nothing is why no test at all reaches a code.
const nothing = "is given where no other code says it; nothing known ends there"

func TestEveryStatusCodeIsReached(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range slices.Concat(forge.Good(), forge.Corruptions(), forge.Identities(), forge.Aggregations(), forge.Online(), forge.Compound()) {
		got := judge(t, c)
		for _, f := range slices.Concat(got.active, got.deeper) {
			seen[f.Code] = true
		}
	}
	for _, row := range report.Codes() {
		family, _, _ := strings.Cut(row.Code, ".")
		others := slices.Contains(elsewhere, family)
		if others || seen[row.Code] {
			if _, explained := unreached[row.Code]; explained {
				t.Errorf("%s is reached: take it out of the list of those that are not", row.Code)
			}
			continue
		}
		if unreached[row.Code] == "" {
			t.Errorf("%s is reached by no file", row.Code)
		}
	}
	named := namedByTests(t)
	for _, row := range report.Codes() {
		family, _, _ := strings.Cut(row.Code, ".")
		why, excused := unreached[row.Code]
		if (excused && why != nothing || slices.Contains(elsewhere, family)) && !strings.Contains(named, `"`+row.Code+`"`) && !strings.Contains(named, row.Code+"\n") {
			t.Errorf("%s is named by no test", row.Code)
		}
	}
}

// namedByTests is what all tests of the module but this file say, scripts among them, which name codes at the ends of
// lines or as members of JSON.
func namedByTests(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "build" || d.Name() == ".git"):
			return fs.SkipDir
		case path == filepath.Join("..", "manifest", "forge_test.go") || !strings.HasSuffix(path, "_test.go") && !strings.HasSuffix(path, ".txtar"):
			return nil
		}
		text, err := os.ReadFile(path)
		all.Write(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}
