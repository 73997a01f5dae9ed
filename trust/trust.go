// Package trust holds the trust lists that the binary carries, dated.
//
// A list is a file of certificates (facts that their publishers made public) and a JSON file that says where they are
// from: repository, path, commit, date, licence, attribution and digest of the source. Both are made by
// internal/trustgen from trust/sources.json and the sources' files; see [Describe]. The lists are parsed when they are
// asked for, their certificates when a path needs them. There is no list but these and what an operator names: the
// system's roots are never used.
//
// Start with [Lists].
package trust

import (
	"crypto/sha256"
	"embed"
	"fmt"
	"slices"
	"time"

	"github.com/consentry/consentry/signing"
)

//go:embed lists
var files embed.FS

// None is the name that switches off every list.
const None = "none"

// names are the lists, in the order in which they are tried: the official ones first, so that a match on the frozen
// interim list means that no other has the signer.
var names = []string{"c2pa", "public-tsa", "c2pa-interim", "cawg"}

// Names returns the names of all lists, in the order in which they are tried.
func Names() []string { return slices.Clone(names) }

// Default returns the lists that a policy profile uses unless told otherwise: all, but in ci the frozen list only
// where it is named.
func Default(profile string) []string {
	out := Names()
	if profile == "ci" {
		out = slices.DeleteFunc(out, func(n string) bool { return n == "c2pa-interim" })
	}
	return out
}

// Source says where a list comes from.
type Source struct {
	Repository  string `json:"repository"`
	Path        string `json:"path"`
	Commit      string `json:"commit,omitempty"`
	Date        string `json:"date"` // of the last change of the file there, YYYY-MM-DD
	Licence     string `json:"licence"`
	Attribution string `json:"attribution"`
	SHA256      string `json:"sha256"` // of the source file, lower-case hex
}

// Part is what a list says for one use.
type Part struct {
	Use        string     `json:"use"` // claim, tsa, identity
	Title      string     `json:"title"`
	Legacy     bool       `json:"legacy,omitempty"` // frozen
	Sequence   int        `json:"sequence,omitempty"`
	Issued     *time.Time `json:"issued,omitempty"`
	NextUpdate *time.Time `json:"nextUpdate,omitempty"`
	EKUs       []string   `json:"ekus,omitempty"`
	Sources    []Source   `json:"sources"` // the first is the one whose digest and date the report shows
	Anchors    []Anchor   `json:"anchors,omitempty"`
	Allowed    [][]byte   `json:"allowed,omitempty"` // SHA-256 of end-entity certificates

	carried bool
}

// Carried reports whether the part of a list that was taken is the one that the binary carries.
func (p *Part) Carried() bool { return p.carried }

// Anchor is the entry of an anchor: who it is for people, and its place in the file of certificates.
type Anchor struct {
	Subject   string     `json:"subject"`
	Size      int        `json:"size"` // bytes of DER; the anchors of all parts follow each other
	NotBefore *time.Time `json:"notBefore,omitempty"`
	NotAfter  *time.Time `json:"notAfter,omitempty"`
}

// List is a list as the binary carries it, or as the operator took it.
type List struct {
	Name    string `json:"name"`
	Updated bool   `json:"updated,omitempty"` // taken by the operator; not carried by the binary
	Parts   []Part `json:"parts"`
}

// Describe returns what an embedded list is and where it comes from.
func Describe(name string) (*List, error) { return (&Set{}).Describe(name) }

// Lists is [Set.Lists] of the embedded lists.
func Lists(listed []string, profile string) (*signing.Trust, error) {
	return (&Set{}).Lists(listed, profile)
}

// add appends a list's parts to the trust.
func add(t *signing.Trust, list *List, der []byte) error {
	name, source := list.Name, Embedded
	if list.Updated {
		source = Updated
	}
	var err error
	for _, p := range list.Parts {
		l := signing.List{Name: name, Legacy: p.Legacy, Source: source}
		if len(p.Sources) > 0 {
			l.Digest = p.Sources[0].SHA256
			if l.Dated, err = time.Parse(time.DateOnly, p.Sources[0].Date); err != nil {
				return fmt.Errorf("trust list %s: %w", name, err)
			}
		}
		l.Issued, l.NextUpdate = at(p.Issued), at(p.NextUpdate)
		for _, e := range p.EKUs {
			oid, err := signing.ParseOID(e)
			if err != nil {
				return fmt.Errorf("trust list %s: %w", name, err)
			}
			l.EKUs = append(l.EKUs, oid)
		}
		for _, a := range p.Anchors {
			if a.Size <= 0 || a.Size > len(der) {
				return fmt.Errorf("trust list %s: the certificates end early", name)
			}
			l.Anchors = append(l.Anchors, signing.Anchor{DER: der[:a.Size:a.Size], NotBefore: at(a.NotBefore), NotAfter: at(a.NotAfter)})
			der = der[a.Size:]
		}
		for _, sum := range p.Allowed {
			if len(sum) != sha256.Size {
				return fmt.Errorf("trust list %s: a digest of %d bytes", name, len(sum))
			}
			l.Allowed = append(l.Allowed, [sha256.Size]byte(sum))
		}
		switch p.Use {
		case "claim":
			t.Claim = append(t.Claim, l)
		case "tsa":
			t.TSA = append(t.TSA, l)
		case "identity":
			t.Identity = append(t.Identity, l)
		default:
			return fmt.Errorf("trust list %s: use %q", name, p.Use)
		}
	}
	if len(der) != 0 {
		return fmt.Errorf("trust list %s: %d bytes of certificates without an entry", name, len(der))
	}
	return nil
}

func at(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}
