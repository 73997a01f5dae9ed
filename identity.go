package consentry

import (
	"cmp"
	"net/url"

	"github.com/consentry/consentry/consent"
	"github.com/consentry/consentry/manifest"
	"github.com/consentry/consentry/report"
	"github.com/consentry/consentry/signing"
)

// What an identity can reference, in the words of consent format 1, 9.
const (
	refHardBinding = "hardBinding"
	refConsent     = "consent"
)

// identities are the identity assertions of a manifest as the judge of consent takes them. One that is trusted
// references the hard binding, or it would not be. It counts as referencing "the consent assertion" only if it
// references every one that the manifest has: of several, one must not vouch for another.
func identities(m *manifest.ManifestResult) []consent.Identity {
	var out []consent.Identity
	all := m.AssertionsOf(consent.Label)
	for _, i := range m.Identities {
		id := consent.Identity{Trusted: i.Trusted, Actor: actorOf(i), References: []string{}}
		if i.Trusted {
			id.References = append(id.References, refHardBinding)
		}
		covered := 0
		for _, a := range all {
			if references(i, a) {
				covered++
			}
		}
		if covered > 0 && covered == len(all) {
			id.References = append(id.References, refConsent)
		}
		out = append(out, id)
	}
	return out
}

// vouched reports whether a trusted identity references the assertion.
func vouched(m *manifest.ManifestResult, a *manifest.Assertion) bool {
	for _, i := range m.Identities {
		if i.Trusted && references(i, a) {
			return true
		}
	}
	return false
}

func references(i *manifest.Identity, a *manifest.Assertion) bool {
	for _, r := range i.References {
		if r == a {
			return true
		}
	}
	return false
}

// actorOf is the one subject that a trusted credential names in a scheme of consent format 1, 2. A common name or an
// organisation identifies nobody here, and of several subjects nobody could say which one is meant: both give nil.
func actorOf(i *manifest.Identity) *consent.Subject {
	switch {
	case !i.Trusted:
		return nil
	case i.Aggregation != nil:
		// The aggregator says which DID the actor has; names and accounts of others' identify nobody here.
		u, err := url.Parse(i.Aggregation.Subject)
		if err != nil || u.Scheme != "did" {
			return nil
		}
		return consent.SubjectAt(u.String())
	case i.Signature == nil || len(i.Signature.Chain) == 0:
		return nil
	}
	var one *consent.Subject
	for _, u := range i.Signature.Chain[0].URIs {
		s := consent.SubjectAt(u.String())
		if s == nil {
			continue
		}
		if one != nil && *one != *s {
			return nil
		}
		one = s
	}
	return one
}

// identityReports are the identity assertions of a manifest as the report shows them.
func identityReports(m *manifest.ManifestResult) []report.Identity {
	out := []report.Identity{}
	for _, i := range m.Identities {
		id := report.Identity{
			Label: i.Assertion.Label, Type: i.SigType, State: manifest.Invalid,
			Roles: append([]string{}, i.Roles...), References: []string{}, Verified: []report.Verified{},
		}
		switch {
		case i.Trusted:
			id.State = manifest.Trusted
		case i.WellFormed:
			id.State = manifest.WellFormed
		}
		for _, a := range i.References {
			id.References = append(id.References, a.URI)
		}
		var stamp *signing.Stamp
		switch s, a := i.Signature, i.Aggregation; {
		case s != nil:
			stamp = s.Stamp
			id.Subject, id.Issuer = optional(s.Subject), optional(s.Issuer)
			if s.Trusted && s.List != nil {
				id.List = optional(s.List.Name)
			}
		case a != nil:
			stamp = a.Stamp
			id.Subject, id.Issuer = optional(a.Subject), optional(a.Issuer)
			for _, v := range a.Verified {
				id.Verified = append(id.Verified, report.Verified{
					Type: v.Type, Name: v.Name, Username: v.Username, Address: v.Address, URI: v.URI, Method: v.Method,
					Provider: cmp.Or(v.ProviderName, v.ProviderID), VerifiedAt: v.VerifiedAt,
				})
			}
		}
		if stamp != nil && stamp.Trusted {
			at := stamp.Time
			id.At = &at
		}
		out = append(out, id)
	}
	return out
}
