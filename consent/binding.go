package consent

import "github.com/consentry/consentry/report"

// matches says whether a claim signer is the one that an element of `signers` describes: by the digest of its key, or
// by names where its chain is trusted. All members of the element must hold. Consent format 1, 5 (B1).
func (m SignerMatch) matches(s *Signer) bool {
	if s == nil || m.Unknown || m.SPKI == "" && len(m.DN) == 0 {
		return false
	}
	if m.SPKI != "" && m.SPKI != s.SPKI {
		return false
	}
	if len(m.DN) > 0 && !s.Trusted {
		return false
	}
	for name, text := range m.DN {
		if got, ok := s.DN[name]; !ok || got != text {
			return false
		}
	}
	return true
}

// providers are the ids of the provider entries that name the claim signer.
func (c *checker) providers() []string {
	if !c.matched {
		c.matched = true
		if c.trust != nil {
			for _, e := range c.trust.Entries {
				if !e.HasRole("provider") {
					continue
				}
				for _, s := range e.Signers {
					if s.matches(c.signer) {
						c.providerIDs = append(c.providerIDs, e.ID)
						break
					}
				}
			}
		}
	}
	return c.providerIDs
}

// confirms says whether every member of cnf is known and equal to the claim signer's key.
func (f *Confirmation) confirms(s *Signer) bool {
	if s == nil || len(f.Unknown) > 0 || f.JKT == "" && f.X5T == "" && len(f.SPKI) == 0 {
		return false
	}
	if f.JKT != "" && f.JKT != s.JKT || f.X5T != "" && f.X5T != s.X5T {
		return false
	}
	return f.SPKI == nil || s.SPKI != "" && contains(f.SPKI, s.SPKI)
}

// audience judges `aud`. Consent format 1, 3 and 5.
func (k *check) audience() {
	t := k.token
	if t.Consent.Type == "refusal" {
		return // a refusal is meant for everybody
	}
	if t.Audience == nil {
		if t.Consent.Type == "grant" {
			k.fail("consent.token.missingClaim", "a grant names no audience")
		}
		return
	}
	if k.c.standalone {
		return
	}
	for _, id := range k.c.providers() {
		if contains(t.Audience, id) {
			k.res.provider = id
			break
		}
	}
	if k.res.provider == "" && !contains(t.Audience, everything) {
		k.fail("consent.token.audienceMismatch", "the token is for %q; no provider entry of these ids names the key that signed the claim", t.Audience)
	}
}

// confirmation judges `cnf`; it says whether the token is bound to the claim signer's key.
func (k *check) confirmation() {
	f := k.token.Confirmation
	if f == nil {
		return
	}
	if k.confirmed = f.confirms(k.c.signer); !k.confirmed && k.token.Consent.Type != "refusal" {
		k.fail("consent.binding.signerMismatch", "the key that signed the claim is not the one in cnf")
	}
}

// bind judges request_id, asset and regions, and finds the binding. Consent format 1, 5.
func (k *check) bind() {
	s := k.token.Consent
	b := "B0"
	var found []string
	hold := func(to, code string) { b, found = to, append(found, code) }
	if k.res.provider != "" {
		hold("B1", "consent.binding.provider")
	}
	if k.confirmed {
		hold("B2", "consent.binding.claimSigner")
	}
	if s.RequestID != "" {
		switch g := k.c.generation; {
		case g == nil || g.RequestID == "":
			k.fail("consent.binding.assetMismatch", "the token is for request %q; the declaration names no request", clip(s.RequestID))
		case g.RequestID != s.RequestID:
			k.fail("consent.binding.assetMismatch", "the token is for request %q; the declaration names %q", clip(s.RequestID), clip(g.RequestID))
		case b != "B0":
			hold("B3", "consent.binding.generation")
		}
	}
	asset := k.asset() && s.Type == "clearance"
	if asset {
		hold("B4", "consent.binding.asset")
	}
	if s.Regions != nil && k.entry != nil {
		covered := len(k.entry.regions) > 0
		for _, id := range k.entry.regions {
			if id == "" || !contains(s.Regions, id) {
				k.fail("consent.binding.regionMismatch", "the token does not name region %q of the entry", clip(id))
				covered = false
				break
			}
		}
		if asset && covered {
			hold("B5", "consent.binding.region")
		}
	}
	k.res.binding, k.bindings = b, found
}

// asset judges `asset`: required of a clearance, and a limit of whatever else carries it.
func (k *check) asset() bool {
	s := k.token.Consent
	a := s.Asset
	if a == nil {
		if s.Type == "clearance" {
			k.fail("consent.binding.missing", "a clearance names no content")
		}
		return false
	}
	have := ""
	if a.Of == "file" {
		have = k.c.assetSHA256
	} else if h := k.c.hardBinding; h != nil && h.Label == a.Of {
		have = h.SHA256
	}
	switch {
	case a.Alg != "sha256":
		k.fail("consent.binding.assetMismatch", "the digest is called %q, not sha256", clip(a.Alg))
	case have == "":
		k.fail("consent.binding.missing", "the token is for %q, which this file does not have", clip(a.Of))
	case have != a.Hash:
		k.fail("consent.binding.assetMismatch", "the token is for other content: the digest of %q differs", clip(a.Of))
	default:
		return true
	}
	return false
}

// bound adds the success codes of the bindings that hold.
func (k *check) bound() {
	for _, code := range k.bindings {
		row, _ := report.Lookup(code)
		k.note(code, row.Title)
	}
}
