package consentry

import (
	"cmp"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"slices"

	"github.com/consentry/consentry/consent"
	"github.com/consentry/consentry/manifest"
	"github.com/consentry/consentry/report"
	"github.com/consentry/consentry/signing"
)

// facts is everything that the judgement of consent rests on, taken from what was validated. It is the only place
// where a manifest's words become facts: what they are worth is decided by the judge, by the manifest's state.
func (r *run) facts() *consent.Facts {
	f := &consent.Facts{
		Now:     r.now,
		T:       consent.Time{Kind: "T0"},
		Sidecar: r.sidecar,

		TokensAtHand: r.v.Tokens,
		Metadata:     r.metadata,
		Watermarks:   r.marks(),
		Labels:       labelFacts(r.out.Labels),
	}
	f.Manifest.State = consent.ManifestAbsent
	f.Faces, f.Voices, f.Links = r.faceFacts(), r.voiceFacts(), r.linkFacts()
	for _, f := range r.out.Findings {
		if f.Code == "asset.truncated" || f.Code == "asset.malformed" {
			r.malformed = f.Explanation
		}
	}
	if s := r.out.Provenance.Store; s != nil && *s == storeMalformed {
		r.malformed = "the manifest store cannot be read"
	}
	f.Malformed = r.malformed
	f.NotSupported = r.unsupported
	f.PartlyBound, f.MediaUnbound = unbound(r.out.Provenance.Integrity.State, r.result)
	if r.result == nil || r.result.Active == nil {
		return f
	}
	f.History = brokenHistory(r.result)
	active := r.result.Active
	fill := &factsOf{result: r.result, seen: map[string]bool{active.Label: true}}
	f.Manifest = fill.manifest(active)
	f.Manifest.State = stateOf(r.result.State)
	f.Assertions = declarations(active)
	f.CAWG = identities(active)
	f.ClaimSigner, f.T = signerOf(active.Signature), timeOf(active)
	f.Ingredients = fill.ingredients(active, 0)
	return f
}

// unbound says in plain words what of the content the hash of a partial binding leaves open. Fragments that are not at
// hand are none of it: what was not given is not shown either. C2PA 2.5, 16.3.2.
func unbound(state string, res *manifest.Result) (content, media string) {
	if state != manifest.BindingPartial || res == nil || res.Binding == nil {
		return "", ""
	}
	for _, f := range res.Binding.Findings {
		absent := report.NotChecked{What: "fragments", Why: f.Explanation}
		switch {
		case f.Code == "asset.unboundTrack" || f.Code == "asset.externalData":
			media = cmp.Or(media, f.Explanation)
		case f.Code == "asset.partiallyBound" && !slices.Contains(res.Binding.Missing, absent):
			content = cmp.Or(content, f.Explanation)
		}
	}
	return content, media
}

// brokenHistory says which manifest that the active one leads to does not hold: of several the newest, and how many more.
// A signer whom nobody knows, or whose certificate is not valid any more, makes none: histories come to that in time.
func brokenHistory(res *manifest.Result) string {
	text, more := "", 0
	for i, m := range res.Manifests {
		at := slices.IndexFunc(m.Failure, func(f report.Finding) bool {
			return f.Code != "signingCredential.untrusted" && f.Code != "claimSignature.outsideValidity"
		})
		switch {
		case m.Active || !m.Reached || at < 0:
		case text != "":
			more++
		default:
			text = fmt.Sprintf("manifest %d of %d, which the active one rests on, does not hold", i+1, len(res.Manifests))
			if row, ok := report.Lookup(m.Failure[at].Code); ok {
				text += ": " + row.Title
			}
		}
	}
	if more > 0 {
		text += fmt.Sprintf(", and %d more", more)
	}
	return text
}

// factsOf walks ingredients; each manifest is told once, so that a diamond of ingredients costs its size only.
type factsOf struct {
	result *manifest.Result
	seen   map[string]bool
}

// maxIngredientDepth bounds the walk as [manifest.Limits] bounds validation.
const maxIngredientDepth = 200

func (w *factsOf) manifest(m *manifest.ManifestResult) consent.Manifest {
	out := consent.Manifest{Label: m.Label, State: stateOf(m.State)}
	for _, a := range m.Actions {
		action := consent.Action{Action: a.Action, DigitalSourceType: a.DigitalSourceType}
		for _, i := range m.Ingredients {
			for _, uri := range a.Ingredients {
				if uri == i.URI && i.Manifest != "" {
					action.Ingredients = append(action.Ingredients, i.Manifest)
				}
			}
		}
		out.Actions = append(out.Actions, action)
	}
	for _, a := range m.Assertions {
		if a.Base == consent.Label && a.Created {
			out.Created = true
		}
		if a.Base == consent.Label && vouched(m, a) {
			out.CAWGReferences = true
		}
	}
	if h := m.HardBinding; h != nil && h.Intact {
		sum := sha256.Sum256(h.Payload)
		out.HardBinding = &consent.HardBinding{Label: h.Label, SHA256: base64.RawURLEncoding.EncodeToString(sum[:])}
	}
	for _, red := range m.Redactions {
		if m.Signature == nil || !m.Signature.Validated {
			break // what nobody signed took nothing out
		}
		out.Redacted = append(out.Redacted, red.URI)
	}
	return out
}

func (w *factsOf) ingredients(m *manifest.ManifestResult, depth int) []consent.Ingredient {
	var out []consent.Ingredient
	if depth == maxIngredientDepth {
		return nil
	}
	for _, i := range m.Ingredients {
		ing := consent.Ingredient{Relationship: i.Relationship, DigitalSourceType: i.DigitalSourceType}
		if sub := w.result.Manifest(i.Manifest); sub != nil {
			ing.Manifest = w.manifest(sub)
			// The state of an ingredient is what holds now, with how it was taken in: a manifest that was swapped
			// behind the reference is not the ingredient's.
			ing.Manifest.State = stateOf(i.Now)
			if !w.seen[sub.Label] { // a second way to the same manifest is told by its label alone: the judge puts them together
				w.seen[sub.Label] = true
				ing.ClaimSigner, ing.T = signerOf(sub.Signature), timeOf(sub)
				ing.Assertions = declarations(sub)
				ing.CAWG = identities(sub)
				ing.Ingredients = w.ingredients(sub, depth+1)
			}
		}
		out = append(out, ing)
	}
	return out
}

// declarations are the consent assertions of a manifest that are as the claim lists them; what was changed or taken
// out declares nothing.
func declarations(m *manifest.ManifestResult) []*consent.Declaration {
	var out []*consent.Declaration
	for _, a := range m.AssertionsOf(consent.Label) {
		if !a.Intact || a.Redacted || a.Payload == nil || a.ContentType != "cbor" && a.ContentType != "json" {
			continue
		}
		created, referenced := a.Created, vouched(m, a)
		out = append(out, &consent.Declaration{
			Bytes: a.Payload, CBOR: a.ContentType == "cbor", URI: a.URI, Created: &created, Referenced: &referenced,
		})
	}
	return out
}

// stateOf reduces the states of C2PA 2.5, 13.3 to those that consent knows.
func stateOf(state string) string {
	switch state {
	case manifest.Trusted:
		return consent.ManifestTrusted
	case manifest.Valid:
		return consent.ManifestValid
	case "", "none":
		return consent.ManifestAbsent
	}
	return consent.ManifestInvalid
}

// signerOf is the key that signed a claim. Nothing is known of one whose signature does not verify.
func signerOf(s *signing.Result) *consent.Signer {
	if s == nil || !s.Validated || len(s.Chain) == 0 {
		return nil
	}
	signer := ClaimSigner(s.Chain[0])
	signer.Trusted = s.Trusted
	return signer
}

// ClaimSigner is the key of a certificate as trust lists and tokens name the signer of a claim: for who asks whether they
// may sign before they do ([consent.Ask]). It says nothing about trust.
func ClaimSigner(c *x509.Certificate) *consent.Signer {
	x5t, spki := sha256.Sum256(c.Raw), sha256.Sum256(c.RawSubjectPublicKeyInfo)
	return &consent.Signer{
		DN:   dn(c.Subject),
		X5T:  base64.RawURLEncoding.EncodeToString(x5t[:]),
		SPKI: base64.RawURLEncoding.EncodeToString(spki[:]),
		JKT:  thumbprint(c),
	}
}

// timeOf is the time of generation that a manifest shows. Consent format 1, 5.
func timeOf(m *manifest.ManifestResult) consent.Time {
	s := m.Signature
	if s == nil {
		return consent.Time{Kind: "T0"}
	}
	if s.Stamp != nil && s.Stamp.Trusted {
		return consent.Time{At: s.Stamp.Time, Kind: "T2"}
	}
	if s.Claimed != nil && inside(s, *s.Claimed) {
		return consent.Time{At: *s.Claimed, Kind: "T1"}
	}
	if at, ok := claimedActionTime(m); ok && inside(s, at) {
		return consent.Time{At: at, Kind: "T1"}
	}
	return consent.Time{Kind: "T0"}
}
