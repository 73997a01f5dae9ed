package consent

import (
	"time"

	"github.com/consentry/consentry/report"
)

// Sidecar is a verified sidecar: a declaration that is bound to the whole file by its digest, for files without C2PA.
// Consent format 1, 2 (Without C2PA).
type Sidecar struct {
	Issuer    string
	Generated bool // it says how the file was generated

	t    Time
	key  *Key
	text []byte // of the consent map, as JSON
}

// sidecarForm bounds a sidecar: a consent assertion in base64url, and what is around it.
var sidecarForm = formLimits{text: 2 * MaxAssertion, json: jsonLimits{maxAssertionDepth + 1, maxNodes}}

// ReadSidecar verifies ASSET.consent.jwt. One that fails is as none; the findings say why. Both are nil where there is
// no sidecar.
func ReadSidecar(f *Facts, trust *Trust) (*Sidecar, []report.Finding) {
	if f.Sidecar == "" {
		return nil, nil
	}
	reject := func(code, format string, args ...any) (*Sidecar, []report.Finding) {
		x := report.Newf(code, "", format, args...)
		x.Where = "sidecar"
		return nil, []report.Finding{x}
	}
	var list *TrustList
	if trust != nil {
		list = trust.List
	}
	c, bad := parseCompact(f.Sidecar, sidecarForm)
	if bad != nil {
		if bad.Large {
			return reject("consent.input.tooLarge", "the sidecar is not used: %v", bad)
		}
		return reject("consent.token.malformed", "the sidecar is not used: %v", bad)
	}
	alg, typ, kid := c.head("alg"), c.head("typ"), c.head("kid")
	if _, allowed := algorithms[alg]; !allowed {
		return reject("consent.token.algUnsupported", "the sidecar's algorithm %q is not allowed", clip(alg))
	}
	if c.closed || typ != "consent-sidecar+jwt" {
		return reject("consent.token.typeMismatch", "the sidecar's typ is %q", clip(typ))
	}
	m := &members{path: "payload", of: c.payload}
	iss, iat := m.text("iss"), m.date("iat")
	issuer := list.Entry(iss)
	if issuer == nil {
		return reject("consent.issuer.untrusted", "the sidecar's issuer %q is on no consent trust list", clip(iss))
	}
	if !issuer.HasRole("provider") && !issuer.HasRole("studio") {
		return reject("consent.issuer.roleNotPermitted", "%q is neither a provider nor a studio: it may not sign a sidecar", clip(iss))
	}
	if iat == nil || m.err != nil {
		return reject("consent.token.missingClaim", "the sidecar does not say when it was signed")
	}
	t := Time{At: time.Unix(*iat, 0).UTC(), Kind: "T1"}
	key := issuer.key(kid)
	switch {
	case key == nil || !key.permits(UseToken) || !key.window(*iat):
		return reject("consent.token.keyUnknown", "%q has no key %q for tokens", clip(iss), clip(kid))
	case key.void(*iat, t):
		return reject("consent.issuer.keyRevoked", "the key of %q was revoked", clip(iss))
	case !key.Key.fits(alg):
		return reject("consent.token.algUnsupported", "the key of %q is not one for %s", clip(iss), alg)
	case !key.Key.verify(alg, c.input, c.signature):
		return reject("consent.token.signatureInvalid", "the sidecar's signature does not verify with the key of %q", clip(iss))
	case *iat > f.Now.Unix()+skew:
		return reject("consent.token.notYetValid", "the sidecar is dated in the future")
	}
	asset := m.object("asset")
	if asset == nil {
		return reject("consent.binding.missing", "the sidecar names no file")
	}
	if hash := asset.text("hash"); asset.text("alg") != "sha256" || hash == "" || hash != f.AssetSHA256 {
		return reject("consent.binding.assetMismatch", "the sidecar was made for another file")
	}
	consent := c.payload.get("consent")
	return &Sidecar{
		Issuer: iss, Generated: consent.get("generation").kind == jsonObject, t: t, key: key.Key, text: consent.encode(nil),
	}, nil
}

// sidecarSource is the sidecar as a source, where it takes the claim signer's place. Beside a manifest that has a
// consent assertion it is reported, not judged.
func (j *judge) sidecarSource(list []*source) *source {
	side, findings := ReadSidecar(j.facts, j.trust)
	j.out.Findings = append(j.out.Findings, findings...)
	if side == nil {
		return nil
	}
	for _, s := range list {
		if len(s.declarations) > 0 && !s.component {
			return nil
		}
	}
	j.out.Sidecar = side
	return &source{
		signer: &Signer{JKT: side.key.Thumbprint()}, t: side.t, sidecar: side,
		declarations: []*Declaration{{Bytes: side.text}}, active: true, index: len(list),
	}
}
