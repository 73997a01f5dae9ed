package trust

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/consentry/consentry/signing"
)

// anchors are a PEM bundle that takes the place of the anchors of one part of a list.
type anchors struct {
	list, use string
	file      string
	dated     time.Time
	digest    string
	ders      [][]byte
}

// errPEM says what a PEM bundle lacks.
var errPEM = errors.New("a PEM bundle says neither which list it is nor of when it is: name the list whose anchors it holds")

// AddPEM reads a PEM bundle of anchors for a list, by its name, and a use of it (claim, tsa, identity); an empty use is
// the only one that the list has. dated is the day that the operator knows the bundle to be of. A bundle has no number:
// that it is older than the list in force can be told by this day alone.
func (b *Bundle) AddPEM(list, use, file string, dated time.Time, data []byte) error {
	if len(data) > MaxList {
		return fmt.Errorf("more than %d bytes", MaxList)
	}
	if b.pem != nil {
		return errors.New("a second PEM bundle: take them one after the other")
	}
	parsed, err := signing.ParseAnchors(list, data)
	if err != nil {
		return err
	}
	if len(parsed.Anchors) > maxEntries {
		return fmt.Errorf("more than %d certificates", maxEntries)
	}
	sum := sha256.Sum256(data)
	p := &anchors{list: list, use: use, file: file, dated: dated.UTC().Truncate(24 * time.Hour), digest: hex.EncodeToString(sum[:])}
	for _, a := range parsed.Anchors {
		p.ders = append(p.ders, a.DER)
	}
	b.pem = p
	return nil
}

// noNumber is what is said of every PEM bundle before it is taken.
const noNumber = "a PEM bundle has no number and no signature: nobody can tell an older one that was given a later date; its anchors have no bounds of time but those that are in force"

// pem puts the anchors of a PEM bundle into the place of those of a part. The number of the part stays, so that the next
// list of the publisher is newer; so do the bounds of anchors that are in force, since a bundle cannot lift them.
func (p *Plan) pem(s *Set, b *Bundle) error {
	in := b.pem
	present, der, err := s.read(in.list)
	if err != nil {
		return err
	}
	which := -1
	for i := range present.Parts {
		if use := present.Parts[i].Use; in.use != "" && use != in.use {
			continue
		}
		if which >= 0 {
			return fmt.Errorf("the list %s has several parts: say which one, as %s:%s", in.list, in.list, present.Parts[i].Use)
		}
		which = i
	}
	if which < 0 {
		return fmt.Errorf("the list %s has no part for %q", in.list, in.use)
	}
	next := &List{Name: present.Name}
	var ders []byte
	for i, part := range present.Parts {
		n := 0
		for _, a := range part.Anchors {
			n += a.Size
		}
		if i == which {
			if err := in.replace(&part, der[:n]); err != nil {
				return err
			}
			ders = append(ders, bytes.Join(in.ders, nil)...)
		} else {
			ders = append(ders, der[:n]...)
		}
		der = der[n:]
		next.Parts = append(next.Parts, part)
	}
	from := len(p.Changes)
	if err := p.list(s, next, ders); err != nil {
		return err
	}
	p.Changes[from+which].Warning = noNumber
	return nil
}

// replace makes a part one of the bundle's anchors; der has the certificates that it had.
func (in *anchors) replace(part *Part, der []byte) error {
	bounds := map[[sha256.Size]byte]Anchor{}
	for _, a := range part.Anchors {
		bounds[sha256.Sum256(der[:a.Size])] = a
		der = der[a.Size:]
	}
	part.Anchors = nil
	seen := map[[sha256.Size]byte]bool{}
	kept := in.ders[:0]
	for i, der := range in.ders {
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			return fmt.Errorf("certificate %d: %w", i+1, err)
		}
		sum := sha256.Sum256(der)
		if seen[sum] {
			continue
		}
		seen[sum] = true
		was := bounds[sum]
		part.Anchors = append(part.Anchors, Anchor{Subject: cert.Subject.String(), Size: len(der), NotBefore: was.NotBefore, NotAfter: was.NotAfter})
		kept = append(kept, der)
	}
	in.ders = kept
	if day(part.Issued) != day(&in.dated) { // the time of that day at which the part in force was issued is as good as any
		part.Issued = &in.dated
	}
	part.NextUpdate = nil
	part.Sources = []Source{{Repository: "a PEM bundle of the operator's", Path: in.file, Date: in.dated.Format(time.DateOnly), SHA256: in.digest}}
	return nil
}
