package build

import (
	"context"
	"fmt"
	"io"

	"github.com/consentry/consentry/manifest"
	"github.com/consentry/consentry/report"
	"github.com/consentry/consentry/signing"
)

// parent is what the file was before: with a store of its own, or without.
type parent struct {
	store  *manifest.Store
	result *manifest.Result
}

// readParent validates the store that the input came with: its state is recorded, whatever it is, and its manifests
// are kept as they are. C2PA 2.5, 16.5.
func readParent(ctx context.Context, in io.ReaderAt, size int64, loc *manifest.Located, req *Request) (*parent, error) {
	switch {
	case loc.Multiple:
		return nil, refuse("the file has more than one manifest store", "none of them can be made its history; remove them first")
	case loc.Malformed:
		return nil, refuse("the file has a manifest store that cannot be read", "it cannot be made its history; remove it first")
	case loc.Store == nil:
		return nil, nil
	}
	store, err := manifest.Parse(loc.Store, loc.Update, manifest.Limits{})
	if err != nil {
		return nil, refuse(fmt.Sprintf("the file has a manifest store that cannot be read: %v", err), "it cannot be made its history; remove it first")
	}
	res, err := store.Validate(ctx, &manifest.Content{Data: in, Size: size, Located: loc}, manifest.Options{Trust: req.Trust, Now: req.Now})
	if err != nil {
		return nil, err
	}
	return &parent{store: store, result: res}, nil
}

// boxes are the manifests of the old store, byte for byte.
func (p *parent) boxes() [][]byte {
	if p == nil {
		return nil
	}
	var out [][]byte
	for _, m := range p.store.Manifests {
		out = append(out, m.Box.Raw)
	}
	return out
}

func (p *parent) label() string {
	if p == nil {
		return ""
	}
	return p.store.Active.Label
}

// status is an entry of validationResults. C2PA 2.5, 14.2.2.
type status struct {
	Code        string `cbor:"code"`
	URL         string `cbor:"url,omitempty"`
	Explanation string `cbor:"explanation,omitempty"`
}

// ingredient is the content of the ingredient assertion, or nil where the file begins here. C2PA 2.5, 16.5.
func (d *draft) ingredient() []byte {
	if d.parent == nil {
		if d.req.Source != "" {
			return nil
		}
		return encode(map[string]any{"relationship": "parentOf", "dc:title": d.req.Parent, "dc:format": d.format})
	}
	m := d.parent.store.Active
	base := "self#jumbf=/c2pa/" + m.Label
	im := map[string]any{
		"relationship":      "parentOf",
		"dc:format":         d.format,
		"activeManifest":    hashedURI{base, contentHash(m.Box.Raw)},
		"validationResults": map[string]any{"activeManifest": recorded(d.parent.result.Active), "specVersion": specVersion},
	}
	if d.req.Parent != "" {
		im["dc:title"] = d.req.Parent
	}
	if m.Inner != nil {
		if sig, err := m.Inner.Child("c2pa.signature"); err == nil {
			im["claimSignature"] = hashedURI{base + "/c2pa.signature", contentHash(sig.Raw)}
		}
	}
	if c := d.parent.result.Active.Claim; c != nil && c.InstanceID != "" {
		im["instanceID"] = c.InstanceID
	}
	return encode(im)
}

// recorded says what was found about the parent when it was taken in, without the codes that are the project's own.
func recorded(m *manifest.ManifestResult) map[string]any {
	list := func(in []report.Finding) []status {
		out := []status{}
		for _, f := range in {
			out = append(out, status{f.Code, f.URL, f.Explanation})
		}
		return out
	}
	return map[string]any{"success": list(m.Success), "informational": list(m.Informational), "failure": list(m.Failure)}
}

// acceptable is the self check: everything but the question who trusts the signer must hold of the finished file.
func acceptable(res *manifest.Result, trust *signing.Trust) error {
	if res.Active == nil || res.Binding == nil || res.Binding.State != manifest.BindingIntact {
		return refuse("the finished file is not accepted by our own verifier: its content hash does not hold", "this is a bug; please report it with the file")
	}
	for _, f := range res.Active.Failure {
		if trust == nil && f.Code == "signingCredential.untrusted" {
			continue // nobody was named who might vouch for the signer
		}
		return refuse(fmt.Sprintf("the finished file is not accepted by our own verifier: %s (%s)", f.Code, f.Explanation), "look at the certificate chain and the key that were given")
	}
	for _, f := range res.Active.Informational {
		switch f.Code {
		case "timeStamp.malformed", "timeStamp.mismatch", "timeStamp.outsideValidity", "timeStamp.credentialInvalid":
			return refuse(fmt.Sprintf("the finished file is not accepted by our own verifier: %s (%s)", f.Code, f.Explanation), "the time-stamp authority's answer is at fault; try another one")
		}
	}
	want := manifest.Trusted
	if trust == nil {
		want = manifest.Valid
	}
	if res.State != want {
		return refuse(fmt.Sprintf("the finished file is not accepted by our own verifier: it is %s where it should be %s", res.State, want), "the chain must lead from the signer to an authority, in this order")
	}
	return nil
}
