package consentry

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/consentry/consentry/fingerprint"
	"github.com/consentry/consentry/manifest"
	"github.com/consentry/consentry/report"
	"github.com/consentry/consentry/softbinding"
)

// lookAlike is what every row about a manifest that a resolver knew says of it.
const lookAlike = "found by look-alike, not bound"

// Limits of looking a lost manifest up. A clip has a fingerprint and a mark or two, and an operator asks one service or
// two; each store that comes is validated, which may read the file once more.
const (
	MaxResolvers    = 4
	maxLookups      = 8        // questions for one file
	maxLookAlikes   = 4        // stores that are fetched for it
	maxLookAlikeAll = 64 << 20 // bytes of them together: as one that a file names
)

// clue is a value by which a manifest may be found.
type clue struct {
	alg   string
	value []byte
}

// lookUp asks the resolvers for manifests that this clip may have lost, where it has none that holds. What they know is
// shown and changes nothing: a soft binding finds content and never binds it, so neither a hash that differs is
// tampering nor is one that nobody asked for proof. C2PA 2.5, 16.3.7.
func (r *run) lookUp(ctx context.Context) error {
	const what = "manifests that look-alikes have"
	if len(r.v.Resolvers) == 0 {
		return nil
	}
	state := r.out.Provenance.State
	switch {
	case r.v.Fetch == nil:
		r.notChecked(what, "resolvers are not asked without leave to use the network (--fetch)")
		return nil
	case state != nil && (*state == manifest.Valid || *state == manifest.Trusted):
		r.notChecked(what, "the file's own manifest holds")
		return nil
	case len(r.asset.Parts) > 0 || r.asset.Folder != nil:
		r.notChecked(what, "the asset is a set of files, whose fingerprint is not looked up")
		return nil
	}
	clues := r.clues()
	if len(clues) == 0 {
		r.notChecked(what, "there is no fingerprint that says enough, no mark and no declared value to ask with")
		return nil
	}
	l := &lookup{run: r, left: maxLookAlikeAll, seen: map[string]bool{}}
	for _, resolver := range r.v.Resolvers[:min(len(r.v.Resolvers), MaxResolvers)] {
		for i := range clues {
			if l.asked == maxLookups {
				r.notChecked(what, fmt.Sprintf("only the first %d questions were asked", maxLookups))
				return nil
			}
			l.asked++
			if err := l.ask(ctx, resolver, &clues[i]); err != nil {
				return err
			}
		}
	}
	if len(r.out.LookAlikes) == 0 {
		r.notChecked(what, "no resolver gave one; that says nothing about how the clip was made")
	}
	return nil
}

// clues are what this clip can be found by: its fingerprint, marks that count, and the values that a manifest declares
// which no longer holds. A fingerprint that rests on hardly anything is like too many.
func (r *run) clues() (out []clue) {
	add := func(alg string, value []byte) {
		for _, c := range out {
			if c.alg == alg && bytes.Equal(c.value, value) {
				return
			}
		}
		if alg != "" && len(value) > 0 && len(value) <= maxClue {
			out = append(out, clue{alg, value})
		}
	}
	if r.prints != nil {
		if got := r.prints.Result(); got != nil && !got.LowInformation() {
			add(softbinding.ISCC, got.Code.Unit().Bytes())
		}
	}
	for _, f := range r.counting() {
		if value, err := hex.DecodeString(f.Message); err == nil {
			add(f.Algorithm, value)
		}
	}
	for i := range r.declared {
		b := &r.declared[i]
		if a := r.algorithm(b.Alg); b.Fault == "" && (a == nil || !a.Deprecated) { // C2PA 2.5, 16.3.7: not resolved
			add(b.Alg, b.Value)
		}
	}
	return out
}

// maxClue bounds a value that goes into an address; 8 units of a fingerprint have 272 bytes.
const maxClue = 512

// lookup is the asking for one file.
type lookup struct {
	*run
	asked, stores int
	left          int64           // bytes of stores
	seen          map[string]bool // digests of stores
}

// ask asks one resolver for one value. The error is the context's, or of the file.
func (l *lookup) ask(ctx context.Context, resolver *softbinding.Resolver, c *clue) error {
	what := fmt.Sprintf("what %s knows of %s", resolver, beginning(c.alg))
	body, why, err := l.get(ctx, resolver.ByBinding(c.alg, c.value), "resolver", softbinding.MaxAnswer)
	if err != nil {
		return err
	}
	if why != "" {
		l.notChecked(what, why)
		return nil
	}
	matches, err := softbinding.ParseMatches(body)
	if err != nil {
		l.notChecked(what, err.Error())
		return nil
	}
	for i := range matches {
		m := &matches[i]
		if l.stores == maxLookAlikes {
			l.notChecked(what, fmt.Sprintf("it knows more; the first %d manifests were fetched", maxLookAlikes))
			return nil
		}
		address, err := resolver.Manifest(m)
		if err != nil {
			l.notChecked(fmt.Sprintf("manifest %q of %s", m.ManifestID, resolver), err.Error())
			continue
		}
		l.stores++
		store, why, err := l.get(ctx, address, "look-alike", l.left)
		if err != nil {
			return err
		}
		if why != "" {
			l.notChecked(fmt.Sprintf("manifest %q of %s", m.ManifestID, resolver), why)
			continue
		}
		l.left -= int64(len(store))
		if err := l.show(ctx, resolver, c, m, store); err != nil {
			return err
		}
	}
	return nil
}

// show validates a store that was fetched, apart from everything that is said of the file itself, and reports it.
func (l *lookup) show(ctx context.Context, resolver *softbinding.Resolver, c *clue, m *softbinding.Match, store []byte) error {
	sum := sha256.Sum256(store)
	digest := hex.EncodeToString(sum[:])
	if l.seen[digest] {
		return nil
	}
	l.seen[digest] = true
	row := report.LookAlike{
		Label: lookAlike, Resolver: resolver.String(), Alg: beginning(c.alg), ManifestID: m.ManifestID, Score: m.Score, SHA256: digest,
		Signature: "unreadable", Hash: "not-checked",
	}
	parsed, err := manifest.Parse(store, nil, l.v.Limits.Manifest)
	if err != nil {
		var syntax *manifest.SyntaxError
		if !errors.As(err, &syntax) {
			l.notChecked(fmt.Sprintf("manifest %q of %s", m.ManifestID, resolver), err.Error())
			return nil
		}
		l.tellLookAlike(&row, "it cannot be read: "+err.Error())
		return nil
	}
	var content *manifest.Content
	if l.located.NotSupported == "" && !l.located.Malformed {
		content = &manifest.Content{Data: l.asset.Data, Size: l.asset.Size, Located: l.located, Detached: true}
	}
	res, err := parsed.Validate(ctx, content, manifest.Options{Trust: &l.v.Trust, Now: l.now, Limits: l.v.Limits.Manifest})
	var limit *manifest.LimitError
	switch {
	case errors.As(err, &limit):
		l.tellLookAlike(&row, err.Error())
		return nil
	case err != nil:
		return fmt.Errorf("validating a manifest that was found: %w", err)
	case res.Active == nil:
		l.tellLookAlike(&row, "it has no active manifest")
		return nil
	}
	l.describe(&row, res)
	why := l.consistent(&row, res, c)
	l.tellLookAlike(&row, why)
	return nil
}

// describe fills in what a manifest is and whether it holds together, content aside.
func (l *lookup) describe(row *report.LookAlike, res *manifest.Result) {
	said := manifestReport(res.Active)
	row.Manifest, row.Generator, row.Title = res.Active.Label, said.Generator, said.Title
	row.Signature = "invalid"
	if s := res.Active.Signature; s != nil {
		row.Signer = optional(s.Subject)
		if s.Stamp != nil && s.Stamp.Trusted {
			row.At = &s.Stamp.Time
		}
		switch {
		case !s.Validated || broken(res.Active):
		case s.Trusted:
			row.Signature = "trusted"
		default:
			row.Signature = "untrusted"
		}
	}
	for _, a := range res.Active.Actions {
		if a.DigitalSourceType != "" && row.DigitalSourceType == "" {
			row.DigitalSourceType = beginning(a.DigitalSourceType)
		}
	}
	if b := res.Binding; b != nil {
		switch {
		case b.State == manifest.BindingIntact && unsigned(res) == "" && row.Signature != "invalid":
			row.Hash = "match"
		case b.State == manifest.BindingAltered:
			row.Hash = "mismatch"
		}
	}
}

// contentHash are the beginnings of codes that speak of the content, which is expected to be another.
var contentHash = []string{"assertion.bmffHash.", "assertion.dataHash.", "assertion.boxesHash.", "assertion.collectionHash.", "assertion.multiAssetHash."}

// broken says whether a manifest fails for more than being about other bytes and having a signer on no list.
func broken(m *manifest.ManifestResult) bool {
failures:
	for _, f := range m.Failure {
		if f.Code == "signingCredential.untrusted" {
			continue
		}
		for _, prefix := range contentHash {
			if strings.HasPrefix(f.Code, prefix) {
				continue failures
			}
		}
		return true
	}
	return false
}

// consistent holds the soft bindings that the manifest declares against the value that it was found by: a resolver may
// say anything. C2PA 2.5, 16.3.7.5.1.
func (l *lookup) consistent(row *report.LookAlike, res *manifest.Result, c *clue) (why string) {
	m := res.Bound
	if m == nil {
		m = res.Active
	}
	list, _ := m.SoftBindings(maxSoftBindings)
	of := 0
	for i := range list {
		b := &list[i]
		if b.Alg != c.alg || b.Fault != "" || b.Region || b.Span != nil {
			continue
		}
		of++
		if c.alg != softbinding.ISCC {
			if !bytes.Equal(b.Value, c.value) {
				return "it declares another value than it was found by"
			}
			continue
		}
		d, ok := iscc(b, c.value)
		if !ok || d > fingerprint.MaxWeak {
			return "its own fingerprint is not that of this clip"
		}
		row.Distance = &d
	}
	if of == 0 {
		return "it declares no value of the kind that it was found by"
	}
	row.Consistent = true
	return ""
}

// iscc is the distance between a declared fingerprint and a value.
func iscc(b *manifest.SoftBinding, value []byte) (distance int, ok bool) {
	ours, err := fingerprint.ParseSequence(value)
	if err != nil {
		return 0, false
	}
	theirs, err := readUnits(b)
	if err != nil {
		return 0, false
	}
	for i := range ours {
		a, is := ours[i].Code()
		if !is {
			continue
		}
		for j := range theirs {
			if code, is := theirs[j].Code(); is {
				if d := code.Distance(&a); !ok || d < distance {
					distance, ok = d, true
				}
			}
		}
	}
	return distance, ok
}

// tellLookAlike writes a row and what it means; why is what speaks against it.
func (l *lookup) tellLookAlike(row *report.LookAlike, why string) {
	row.Text = why
	l.out.LookAlikes = append(l.out.LookAlikes, *row)
	text := fmt.Sprintf("%s: %s knows manifest %q", lookAlike, row.Resolver, row.ManifestID)
	if row.Generator != "" {
		text += fmt.Sprintf(" by %q", beginning(row.Generator))
	}
	if row.Signer != nil {
		text += fmt.Sprintf(", signature %s (%q)", row.Signature, beginning(*row.Signer))
	} else {
		text += ", signature " + row.Signature
	}
	if row.Distance != nil {
		text += fmt.Sprintf(", %d of %d bits of the fingerprints differ", *row.Distance, fingerprint.Bits)
	}
	if why != "" {
		l.find(report.New("softBinding.foundInconsistent", "", text+": "+why))
		return
	}
	l.find(report.New("softBinding.found", "", text))
	if row.Hash == "match" {
		l.find(report.Newf("softBinding.foundHash", "", "manifest %q", row.ManifestID))
	}
}
