package consentry

import (
	"net/url"
	"regexp"
	"strings"

	"github.com/consentry/consentry/consent"
	"github.com/consentry/consentry/manifest"
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
		return subjectOf(u)
	case i.Signature == nil || len(i.Signature.Chain) == 0:
		return nil
	}
	var one *consent.Subject
	for _, u := range i.Signature.Chain[0].URIs {
		s := subjectOf(u)
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

var (
	isni     = regexp.MustCompile(`^[0-9]{15}[0-9X]$`)
	wikidata = regexp.MustCompile(`^Q[1-9][0-9]*$`)
)

// subjectOf reads the address of a person as a subject: a DID, or the address under which HAND, ISNI or Wikidata keep
// one.
func subjectOf(u *url.URL) *consent.Subject {
	switch {
	case u.RawQuery != "", u.Fragment != "", u.User != nil:
		return nil // of a person's address, a part of a document, or not the address that is shown
	case u.Scheme == "did":
		return &consent.Subject{Scheme: "did", ID: u.String()}
	case u.Scheme != "https" && u.Scheme != "http":
		return nil
	}
	path := strings.TrimPrefix(u.Path, "/")
	switch strings.TrimPrefix(strings.ToLower(u.Host), "www.") {
	case "doi.org", "hdl.handle.net":
		if id, ok := strings.CutPrefix(path, "10.23/"); ok && id != "" {
			return &consent.Subject{Scheme: "hand", ID: path}
		}
	case "isni.org":
		if id, ok := strings.CutPrefix(path, "isni/"); ok && isni.MatchString(id) {
			return &consent.Subject{Scheme: "isni", ID: id}
		}
	case "wikidata.org":
		for _, at := range []string{"entity/", "wiki/"} {
			if id, ok := strings.CutPrefix(path, at); ok && wikidata.MatchString(id) {
				return &consent.Subject{Scheme: "wikidata", ID: id}
			}
		}
	}
	return nil
}
