package signing

import (
	"bytes"
	"encoding/asn1"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Bounds of the search for a path. Chains in the field have at most 4 certificates and one path.
const (
	maxPath = 8 // certificates in a path, the anchor included
	// maxPathChecks is how many signatures one search verifies; an RSA key of 16384 bits takes some milliseconds.
	maxPathChecks = 24
)

// path is a chain from a leaf to an anchor.
type path struct {
	certs  []*certificate // leaf first, anchor last
	list   *List
	serves bool // the anchor's configuration covers the time
	valid  bool // every certificate is valid at the time
}

// search looks for a path from a leaf over certificates of the message to an anchor of a list. It is time-agnostic:
// the validity of the certificates is judged by the caller, the search only prefers a path that is valid.
type search struct {
	pool    []*certificate
	lists   []List
	at      time.Time
	accepts func(*List) bool // whether the leaf's purposes suit the list
	itself  bool             // whether a leaf that is an anchor itself is a path of one
	checks  int
	best    *path
	issued  map[[2]*certificate]error
	anchors map[*Anchor]*certificate
	reasons []string // why there is no path, most telling first
	foreign []string // what could not be judged
}

// find returns the best path: one whose anchor serves and whose certificates are valid, if there is one.
func (s *search) find(leaf *certificate) *path {
	s.issued = map[[2]*certificate]error{}
	s.anchors = map[*Anchor]*certificate{}
	if leaf.critical != "" {
		s.obstacle(leaf)
		return nil
	}
	if s.itself {
		s.listed(leaf)
	}
	s.extend([]*certificate{leaf})
	return s.best
}

// listed takes a leaf that is itself an anchor: the list's operator named that very certificate.
func (s *search) listed(leaf *certificate) {
	for i := range s.lists {
		l := &s.lists[i]
		for j := range l.Anchors {
			if a := &l.Anchors[j]; bytes.Equal(a.DER, leaf.der) && s.accepts(l) {
				s.offer(&path{certs: []*certificate{leaf}, list: l, serves: a.serves(s.at)})
			}
		}
	}
}

// obstacle notes why a certificate can be in no path.
func (s *search) obstacle(c *certificate) {
	s.unsupported(fmt.Sprintf("the certificate of %q has the critical extension %s", c.name(), c.critical))
}

func (s *search) unsupported(why string) {
	for _, f := range s.foreign {
		if f == why {
			return
		}
	}
	s.foreign = append(s.foreign, why)
}

func (s *search) reason(format string, args ...any) {
	why := fmt.Sprintf(format, args...)
	for _, r := range s.reasons {
		if r == why {
			return
		}
	}
	s.reasons = append(s.reasons, why)
}

func (s *search) extend(so []*certificate) {
	if s.done() || len(so) >= maxPath {
		return
	}
	last := so[len(so)-1]
	for i := range s.lists {
		l := &s.lists[i]
		for j := range l.Anchors {
			a := &l.Anchors[j]
			if bytes.Equal(subjectOf(a.DER), last.issuer) {
				s.anchor(so, l, a)
				if s.done() {
					return
				}
			}
		}
	}
next:
	for _, c := range s.pool {
		if !bytes.Equal(c.subject, last.issuer) {
			continue
		}
		for _, used := range so {
			if bytes.Equal(used.der, c.der) {
				continue next
			}
		}
		if broken := c.profile(issuer); len(broken) > 0 {
			s.reason("the certificate of %q cannot be an issuer: %s", c.name(), broken[0])
			continue
		}
		if s.issues(so, c) {
			s.extend(append(so[:len(so):len(so)], c))
		}
	}
}

// anchor ends a path at an anchor.
func (s *search) anchor(so []*certificate, l *List, a *Anchor) {
	if !s.accepts(l) {
		s.reason("list %q accepts none of the certificate's extended key usages: %s", l.Name, so[0].usages())
		return
	}
	c, ok := s.anchors[a]
	if !ok {
		var err error
		if c, err = known.read(a.DER); err != nil {
			c = nil
		}
		s.anchors[a] = c
	}
	if c == nil || bytes.Equal(c.der, so[len(so)-1].der) {
		return // a certificate does not anchor itself
	}
	if !s.issues(so, c) {
		return
	}
	certs := append(so[:len(so):len(so)], c)
	s.offer(&path{certs: certs, list: l, serves: a.serves(s.at)})
}

// offer keeps a path that is better than the best so far.
func (s *search) offer(p *path) {
	p.valid = true
	for _, c := range p.certs {
		p.valid = p.valid && c.validAt(s.at)
	}
	if !p.serves {
		s.reason("the anchor on list %q does not serve at %s", p.list.Name, s.at.UTC().Format(time.RFC3339))
	}
	if s.best == nil || rank(p) > rank(s.best) {
		s.best = p
	}
}

func rank(p *path) int {
	n := 0
	if p.serves {
		n += 2
	}
	if p.valid {
		n++
	}
	return n
}

// done reports whether there is nothing better to find, or nothing more to spend.
func (s *search) done() bool {
	return s.best != nil && rank(s.best) == 3 || s.checks >= maxPathChecks
}

// issues reports whether the certificate issued the last of the path and may: CA, path length, key usage, signature.
// RFC 5280, 6.1.4.
func (s *search) issues(so []*certificate, c *certificate) bool {
	if c.critical != "" {
		s.obstacle(c)
		return false
	}
	if c.brokenExtensions != "" || c.duplicate != "" {
		s.reason("an extension of the certificate of %q cannot be read", c.name())
		return false
	}
	if c.names || c.policies {
		s.unsupported(fmt.Sprintf("the certificate of %q has name or policy constraints", c.name()))
		return false
	}
	if c.version == 3 && !(c.hasBasic && c.isCA) || c.hasUsage && c.usage.At(usageKeyCertSign) == 0 {
		s.reason("%q issued a certificate and is no CA", c.name())
		return false
	}
	between := 0
	for _, x := range so[1:] {
		if !x.selfIssued() {
			between++
		}
	}
	if c.pathLen >= 0 && between > c.pathLen {
		s.reason("the path below %q is longer than it allows", c.name())
		return false
	}
	last := so[len(so)-1]
	pair := [2]*certificate{last, c}
	err, known := s.issued[pair]
	if !known {
		if s.checks >= maxPathChecks {
			s.reason("the search was given up after %d signatures", maxPathChecks)
			return false
		}
		s.checks++
		err = last.issuedBy(c)
		s.issued[pair] = err
	}
	if errors.Is(err, errUnsupported) {
		s.unsupported(fmt.Sprintf("the certificate of %q: %v", last.name(), err))
	}
	return err == nil
}

// linked follows the message's own certificates from the leaf as far as names and signatures hold: the signer and
// "all its CAs", where no anchor tells. C2PA 2.5, 14.8.2.
func linked(leaf *certificate, pool []*certificate) []*certificate {
	so := []*certificate{leaf}
	checks := 0
next:
	for len(so) < maxPath {
		last := so[len(so)-1]
	candidates:
		for _, c := range pool {
			if !bytes.Equal(c.subject, last.issuer) {
				continue
			}
			for _, used := range so {
				if bytes.Equal(used.der, c.der) {
					continue candidates
				}
			}
			if checks++; checks > maxPathChecks {
				return so
			}
			if last.issuedBy(c) == nil {
				so = append(so, c)
				continue next
			}
		}
		break
	}
	return so
}

// claimPurposes reports whether a leaf has a purpose that the list accepts for claims. timeStamping and OCSPSigning
// never are: such a certificate signs nothing else. C2PA 2.5, 13.4.
func claimPurposes(leaf *certificate, l *List) bool {
	accepted := l.EKUs
	if len(accepted) == 0 {
		accepted = []asn1.ObjectIdentifier{EKUClaimSigning}
	}
	for _, e := range accepted {
		if e.Equal(ekuTimeStamping) || e.Equal(ekuOCSPSigning) || e.Equal(ekuAny) {
			continue
		}
		if leaf.has(e) {
			return true
		}
	}
	return false
}

// maxUsages is how many extended key usages of a certificate are named; the rest is counted.
const maxUsages = 4

// usages names the certificate's extended key usages.
func (c *certificate) usages() string {
	var parts []string
	for _, e := range c.ekus[:min(len(c.ekus), maxUsages)] {
		parts = append(parts, e.String())
	}
	if n := len(c.ekus) - len(parts); n > 0 {
		parts = append(parts, fmt.Sprintf("and %d more", n))
	}
	return strings.Join(parts, ", ")
}
