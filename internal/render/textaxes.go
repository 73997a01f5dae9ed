package render

import (
	"fmt"
	"strings"
	"time"

	"github.com/consentry/consentry/report"
	"github.com/consentry/consentry/signing"
)

func (t *text) provenance() string {
	p := &t.r.Provenance
	var parts []string
	switch deref(p.Store) {
	case "absent":
		if reasonFor(t.r, "store_malformed") {
			parts = append(parts, "no manifest was found in what can be read of the file")
			break
		}
		parts = append(parts, "the file carries no manifest; that says nothing about how it was made")
	case "malformed":
		parts = append(parts, "there is a manifest store, and it cannot be read")
	case "present":
		parts = append(parts, plural(len(p.Manifests), "manifest"))
		if len(p.Manifests) > 0 {
			if g := p.Manifests[0].Generator; g != "" {
				parts = append(parts, "the active one made by "+Quote(g))
			}
		}
		if where := storeWhere[deref(p.Carrier)]; where != "" {
			parts = append(parts, where)
		}
	default:
		parts = append(parts, t.reason("provenance", "manifest", "carrier", "store"))
	}
	if p.Remote != nil {
		parts = append(parts, "the file names a manifest elsewhere: "+Quote(*p.Remote))
	}
	if p.Link != nil {
		parts = append(parts, "the Link header names a manifest elsewhere: "+Quote(*p.Link))
	}
	return join(parts)
}

// storeWhere says where a manifest store was that is not in the file itself.
var storeWhere = map[string]string{
	"sidecar":  "in a file beside it",
	"detached": "in a file that was given for it",
	"remote":   "fetched from elsewhere",
}

func (t *text) integrity() string {
	i := &t.r.Provenance.Integrity
	binding := strings.TrimPrefix(Clip(i.Binding), "c2pa.hash.")
	switch i.State {
	case "intact":
		if len(i.Fragments) > 0 { // the size is that of one file of the set
			return fmt.Sprintf("the content is the one that was signed (%s)", binding)
		}
		return fmt.Sprintf("the content is the one that was signed (%s; the file has %s)", binding, Size(t.r.Asset.Size))
	case "altered":
		if len(i.Damage) == 0 {
			return fmt.Sprintf("the content is not the one that was signed (%s)", binding)
		}
		if i.Cause == nil && report.Has(t.r.Findings, "asset.truncated") {
			return fmt.Sprintf("the file ends before its container does, and is not what was signed (%s)", binding)
		}
		if i.Cause != nil {
			return Safe(i.Cause.Explanation) + "; changed: " + damage(i.Damage)
		}
		return "changed: " + damage(i.Damage)
	case "partial":
		if why := t.reason("segments", "continuity"); why != "" && len(i.Fragments) > 0 && !report.Has(t.r.Findings, "asset.partiallyBound") {
			return fmt.Sprintf("what was given is as signed (%s); %s", binding, why)
		}
		return fmt.Sprintf("what is bound is as signed, but not everything is bound (%s)", binding)
	case "not-bound":
		if store := t.r.Provenance.Store; store == nil || *store != "present" {
			return "there is no manifest to hold the content against"
		}
		return "nothing binds the manifest to this content"
	case "unknown", "":
		if why := t.reason("integrity", "binding", "content"); why != "" {
			return why
		}
		if why := t.reason("fragments"); why != "" {
			return "fragments: " + why
		}
	}
	return ""
}

func damage(list []report.Damage) string {
	var parts []string
	for _, d := range list[:min(len(list), 3)] {
		if where, all := strings.CutPrefix(d.Where, "somewhere "); all {
			parts = append(parts, "somewhere "+Clip(where)+"; one hash covers them all and cannot say where")
			continue
		}
		if d.Length == 0 {
			parts = append(parts, fmt.Sprintf("%s, missing at byte %d", Clip(d.Where), d.Offset))
			continue
		}
		parts = append(parts, fmt.Sprintf("%s, bytes %d to %d", Clip(d.Where), d.Offset, d.Offset+d.Length-1)+when(d.Shown))
	}
	if n := len(list) - len(parts); n > 0 {
		parts = append(parts, fmt.Sprintf("and %d more", n))
	}
	return strings.Join(parts, "; ")
}

// when says which tracks a damaged range is of, and when that is shown.
func when(list []report.Shown) string {
	var parts []string
	for _, s := range list[:min(len(list), 3)] {
		parts = append(parts, fmt.Sprintf("track %d, %s–%s", s.Track, clock(s.StartMs), clock(s.EndMs)))
	}
	if parts == nil {
		return ""
	}
	if n := len(list) - len(parts); n > 0 {
		parts = append(parts, plural(n, "more track"))
	}
	return " (" + strings.Join(parts, "; ") + ")"
}

func (t *text) signer() string {
	s := &t.r.Provenance.Signer
	name := ""
	if s.Subject != nil {
		name = Quote(*s.Subject)
	}
	switch s.State {
	case "trusted":
		parts := []string{name}
		if s.List != nil {
			list := "list " + Clip(*s.List)
			if s.ListDate != nil {
				list += " of " + Clip(*s.ListDate)
			}
			parts = append(parts, list)
		}
		if s.Product != nil {
			product := "product " + Quote(*s.Product)
			if status := deref(s.ProductStatus); status != "" {
				product += " (" + strings.ReplaceAll(Clip(status), "_", " ") + ")"
			}
			parts = append(parts, product)
		}
		return join(parts)
	case "untrusted":
		if t.r.Provenance.Revocation.State == "revoked" {
			return fmt.Sprintf("says it is %s; the certificate was revoked", name)
		}
		who := "says it is " + name
		if s.Issuer != nil {
			who += ", issued by " + Quote(*s.Issuer)
		}
		return who + "; " + t.distrust()
	case "invalid":
		if name != "" {
			return "says it is " + name + ", which does not hold"
		}
	}
	return ""
}

// distrust says why nobody vouches for the signer: mostly no list knows them, but a path to an anchor may have led there
// that does not count, and then more anchors help nobody.
func (t *text) distrust() string {
	for i := range t.r.Provenance.Manifests {
		m := &t.r.Provenance.Manifests[i]
		if m.Label != deref(t.r.Provenance.ActiveManifest) {
			continue
		}
		for _, f := range m.Failure {
			why := f.Explanation
			if f.Code == "signingCredential.untrusted" && why != "" && !strings.HasPrefix(why, signing.NoPath) && !strings.HasPrefix(why, "there is no ") {
				return "not trusted: " + Clip(why)
			}
		}
	}
	return "on no trust list (--trust names further anchors)"
}

func (t *text) time() string {
	a := &t.r.Provenance.Time
	var parts []string
	if a.At != nil {
		parts = append(parts, a.At.UTC().Format(time.RFC3339))
	}
	if a.Authority != nil {
		parts = append(parts, Quote(*a.Authority))
	}
	switch {
	case a.List != nil:
		parts = append(parts, "list "+Clip(*a.List))
	case a.State == "claimed":
		parts = append(parts, "only the signer says so")
	}
	return join(parts)
}

// revocationSources are the sources of an answer about revocation in words.
var revocationSources = map[string]string{
	"rVals": "stapled to the signature", "c2pa.certificate-status": "in the manifests", "online": "asked just now",
}

func (t *text) revocation() string {
	v := &t.r.Provenance.Revocation
	if v.Source == nil {
		return t.reason("revocation")
	}
	var parts []string
	if v.RevokedAt != nil {
		at := "at " + v.RevokedAt.UTC().Format(time.RFC3339)
		if v.Reason != nil {
			at += " (" + Clip(*v.Reason) + ")"
		}
		parts = append(parts, at)
	} else if v.At != nil {
		parts = append(parts, "as of "+v.At.UTC().Format(time.RFC3339))
	}
	source, ok := revocationSources[*v.Source]
	if !ok {
		source = Clip(*v.Source)
	}
	parts = append(parts, source)
	if v.Responder != nil {
		parts = append(parts, Quote(*v.Responder))
	}
	return join(parts)
}

// originState is not checked where the run ended before: unknown would be an answer.
func (t *text) originState() string {
	if o := &t.r.Origin; o.State == "unknown" && reasonFor(t.r, "incomplete_run") {
		return "not-checked"
	}
	return t.r.Origin.State
}

func (t *text) origin() string {
	o := &t.r.Origin
	var parts []string
	for _, b := range o.Because[:min(len(o.Because), 3)] {
		var s []string
		for _, v := range []string{b.Action, SourceTerm(b.DigitalSourceType), b.Label, b.Mark} {
			if v != "" {
				s = append(s, Clip(v))
			}
		}
		said := strings.Join(s, ", ")
		if n := t.manifestNumber(b.Manifest); n > 0 && len(t.r.Provenance.Manifests) > 1 {
			said += fmt.Sprintf(" (manifest %d of %d)", n, len(t.r.Provenance.Manifests))
		}
		parts = append(parts, said)
	}
	if n := len(o.Because) - len(parts); n > 0 {
		parts = append(parts, fmt.Sprintf("and %d more", n))
	}
	detail := strings.Join(parts, "; ")
	if detail != "" && !o.Verified {
		detail += " (not verified)"
	}
	if detail == "" && o.State == "unknown" {
		detail = "nothing says where the picture comes from"
		if soundOnly(t.r) {
			detail = "nothing says where the sound comes from"
		}
		if reasonFor(t.r, "incomplete_run") {
			detail = "the run ended before"
		}
	}
	return detail
}

// SourceTerm is the last part of a digital source type's URI, which is how people name it.
func SourceTerm(uri string) string {
	if i := strings.LastIndexByte(uri, '/'); i >= 0 && i+1 < len(uri) {
		return uri[i+1:]
	}
	return uri
}
