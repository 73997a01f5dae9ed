package jumbf

import (
	"errors"
	"strings"
)

// Prefix starts every JUMBF URI. C2PA 2.5, 9.3.
const Prefix = "self#jumbf="

// Why a JUMBF URI leads nowhere.
var (
	ErrMissing   = errors.New("there is no such box")
	ErrAmbiguous = errors.New("more than one box has this label")
	ErrURI       = errors.New("this is no JUMBF URI")
)

// URI is a JUMBF URI taken apart. C2PA 2.5, 9.3.
type URI struct {
	// Absolute says that Parts start at the store: its label, a manifest's label, and so on. Otherwise they start
	// in the manifest that holds the URI.
	Absolute bool
	Parts    []string
}

// ParseURI takes a JUMBF URI apart. It refuses other schemes, empty parts, "." and ".." and suffixes that address a
// place within a box. Files of 2021 and 2022 write absolute URIs without the leading slash; a relative URI can't start
// with the store's label, so these are read as they were meant.
func ParseURI(s string) (URI, error) {
	rest, ok := strings.CutPrefix(s, Prefix)
	if !ok || rest == "" {
		return URI{}, ErrURI
	}
	var u URI
	if rest[0] == '/' {
		u.Absolute, rest = true, rest[1:]
	} else if strings.HasPrefix(rest, "c2pa/") {
		u.Absolute = true
	}
	if !clean(rest) {
		return URI{}, ErrURI
	}
	u.Parts = strings.Split(rest, "/")
	return u, nil
}

// clean reports whether the parts of a URI name boxes and nothing else.
func clean(rest string) bool {
	if strings.ContainsAny(rest, "#?;") || strings.Contains(rest, "&cbor=") {
		return false
	}
	for more := true; more; {
		var p string
		if p, rest, more = strings.Cut(rest, "/"); p == "" || p == "." || p == ".." {
			return false
		}
	}
	return true
}

// Spelled reports whether s is an absolute JUMBF URI in the one spelling that [ParseURI] would be written back in.
func Spelled(s string) bool {
	rest, ok := strings.CutPrefix(s, Prefix+"/")
	return ok && clean(rest)
}

// Child returns the superbox of the label right below b. Of two with one label neither is returned. The error is
// [ErrMissing] or [ErrAmbiguous].
func (b *Box) Child(label string) (*Box, error) {
	if b.byLabel != nil {
		c, ok := b.byLabel[label]
		switch {
		case !ok:
			return nil, ErrMissing
		case c == nil:
			return nil, ErrAmbiguous
		}
		return c, nil
	}
	var found *Box
	for _, c := range b.Children {
		if c.Description != nil && c.Description.Label == label {
			if found != nil {
				return nil, ErrAmbiguous
			}
			found = c
		}
	}
	if found == nil || label == "" {
		return nil, ErrMissing
	}
	return found, nil
}

// Find follows labels down from b. No labels give b itself.
func (b *Box) Find(labels []string) (*Box, error) {
	for _, l := range labels {
		c, err := b.Child(l)
		if err != nil {
			return nil, err
		}
		b = c
	}
	return b, nil
}
