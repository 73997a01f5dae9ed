package consentry

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/consentry/consentry/manifest"
	"github.com/consentry/consentry/report"
	"github.com/consentry/consentry/signing"
)

// The states of provenance.store.
const (
	storePresent   = "present"
	storeAbsent    = "absent"
	storeMalformed = "malformed"
)

// locate finds the store and tells the container. C2PA 2.5, 14.5.
func (r *run) locate(ctx context.Context) error {
	l, err := manifest.Locate(ctx, r.asset.Data, r.asset.Size, r.v.Limits.Manifest)
	if err != nil {
		return fmt.Errorf("reading the container: %w", err)
	}
	r.located = l
	out, p := r.out, &r.out.Provenance
	out.NotChecked = append(out.NotChecked, r.asset.Unread...)
	out.Asset.Format = l.Container
	out.Findings = append(out.Findings, l.Findings...)
	p.Carrier, p.Remote = optional(l.Carrier), optional(l.Remote)
	if report.Has(l.Findings, "asset.truncated") || report.Has(l.Findings, "asset.malformed") {
		out.Complete = false
	}
	if err := r.indexTracks(l.File); err != nil {
		return err
	}
	r.readLinkHeader()
	store, err := r.chooseStore(ctx)
	if err != nil {
		return err
	}
	switch {
	case r.detached:
		p.Store = optional(storePresent)
		if why := l.NotSupported + l.NoCarrier; why != "" && l.Container != "" {
			r.notChecked("embedded manifest", why)
		}
	case l.NotSupported != "":
		p.Store, p.Carrier = nil, nil
		r.needs("embedded manifest", l.NotSupported)
		return nil
	case l.Multiple, l.Malformed:
		p.Store, out.Complete = optional(storeMalformed), false
		return nil
	case store == nil:
		p.Store, p.State = optional(storeAbsent), optional(storeAbsent)
		if l.NoCarrier != "" {
			r.notChecked("embedded manifest", l.NoCarrier)
		}
		return nil
	default:
		p.Store = optional(storePresent)
	}
	return r.readStore(store)
}

// ownStore begins an address in the file itself, which older writers gave for the store that they put there. It names
// nothing elsewhere. C2PA 2.5, 11.8.
const ownStore = "self#jumbf="

// storeSuffix names a manifest store beside an asset. C2PA 2.5, 11.8 and 14.5.3.
const storeSuffix = ".c2pa"

// chooseStore chooses the store: the one that was given, else the one in the file, else the one that lies beside it, else
// the one at the address that the Link header names, else at the one that the file names. Whoever gives one wants that one; a file beside another takes nobody's
// embedded store away; and what lies at hand is taken before the network is asked. C2PA 2.5, 14.5.
func (r *run) chooseStore(ctx context.Context) ([]byte, error) {
	l, p := r.located, &r.out.Provenance
	if l.Store != nil && strings.HasPrefix(l.Remote, ownStore) {
		l.Remote, p.Remote = "", nil
	}
	elsewhere := func(why string) {
		if r.linked != "" {
			r.notChecked("remote manifest", "the Link header names a manifest elsewhere; "+why)
		}
		if l.Remote != "" {
			r.notChecked("remote manifest", "the file names a manifest elsewhere; "+why)
		}
	}
	if r.asset.Manifest != nil {
		r.detached, p.Carrier = true, optional("detached")
		if l.Store != nil {
			r.notChecked("embedded manifest", "a detached manifest was given instead")
		}
		elsewhere("a detached manifest was given instead")
		return r.asset.Manifest, nil
	}
	if l.Store != nil || l.Multiple || l.Malformed {
		elsewhere("the one in the file counts")
		r.passedOver()
		return l.Store, nil
	}
	if r.asset.Sidecar != nil {
		b, err := r.asset.Sidecar(storeSuffix)
		if err != nil {
			return nil, fmt.Errorf("reading the manifest store beside the file: %w", err)
		}
		if b != nil {
			r.detached, p.Carrier = true, optional("sidecar")
			elsewhere("the one beside the file counts")
			return b, nil
		}
	}
	at, who := l.Remote, theFile
	if r.linked != "" {
		if l.Remote != "" {
			r.notChecked("remote manifest", "the file names a manifest elsewhere; the one that the Link header names counts")
		}
		at, who = r.linked, theLinkHeader
	}
	if at == "" {
		return nil, nil
	}
	b, err := r.remoteStore(ctx, at, who)
	if b != nil {
		r.detached, p.Carrier = true, optional("remote")
	}
	return b, err
}

// passedOver tells of a manifest store beside a file that has one itself. What is in it, or that it cannot be read, is
// nothing to this file.
func (r *run) passedOver() {
	if r.asset.Sidecar == nil {
		return
	}
	if b, err := r.asset.Sidecar(storeSuffix); b != nil || err != nil {
		r.notChecked("manifest store beside the file", "the one in the file counts; "+cmp.Or(strings.TrimSpace(r.besideName(storeSuffix)), "the other")+" was not looked at")
	}
}

// storeWords says in words which manifest store is judged.
func (r *run) storeWords() string {
	switch text(r.out.Provenance.Carrier) {
	case "detached":
		return strings.TrimSuffix("the manifest store that was given, "+r.asset.ManifestName, ", ")
	case "sidecar":
		return "the manifest store" + r.besideName(storeSuffix) + " beside the file"
	case "remote":
		if r.linked != "" {
			return "the manifest store at the address that the Link header names"
		}
		return "the manifest store at the address that the file names"
	}
	return "the manifest store"
}

// readStore parses the store's bytes. A store that is there and cannot be read is never "no provenance".
func (r *run) readStore(store []byte) error {
	var update []byte
	at := int64(0)
	if !r.detached {
		update, at = r.located.Update, r.located.StoreRange.Offset
	}
	s, err := manifest.Parse(store, update, r.v.Limits.Manifest)
	var syntax *manifest.SyntaxError
	if errors.As(err, &syntax) {
		f := report.New("manifest.inaccessible.malformed", "", r.storeWords()+strings.TrimPrefix(err.Error(), "manifest store"))
		f = f.At(syntax.Path, at+syntax.Offset)
		r.out.Findings = append(r.out.Findings, f)
		r.out.Provenance.Store, r.out.Complete = optional(storeMalformed), false
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading the manifest store: %w", err)
	}
	r.store = s
	return nil
}

// validate runs C2PA 2.5, 14 on the store.
func (r *run) validate(ctx context.Context) error {
	if r.store == nil {
		if err := r.unsignedStream(); err != nil {
			return err
		}
		r.out.Provenance.Integrity.State = "unknown"
		if r.out.Provenance.State != nil {
			r.out.Provenance.Integrity.State = "not-bound"
		}
		return nil
	}
	content := &manifest.Content{
		Data: r.asset.Data, Size: r.asset.Size, Located: r.located, Detached: r.detached, Rendition: r.asset.Rendition, Folder: r.asset.Folder,
	}
	for _, p := range r.asset.Parts {
		content.Parts = append(content.Parts, manifest.Part(p))
	}
	ask, below := r.responder(ctx)
	res, err := r.store.Validate(ctx, content, manifest.Options{
		Trust: &r.v.Trust, Now: r.now, Limits: r.v.Limits.Manifest, Label: r.v.ManifestLabel,
		Ask: ask, AskBelow: below, Nonce: r.v.Nonce, Fetch: r.liveManifests(), Document: r.documents(ctx),
	})
	if res != nil {
		r.result = res
		r.fillProvenance(res)
	}
	if err != nil {
		return fmt.Errorf("validating the manifest: %w", err)
	}
	return nil
}

// unsignedStream says that the segments of a live stream carry signatures which no initialization segment vouches for.
// C2PA 2.5, 15.3.3.
func (r *run) unsignedStream() error {
	var parts []manifest.Part
	for _, p := range r.asset.Parts {
		parts = append(parts, manifest.Part(p))
	}
	live, err := manifest.IsLive(parts)
	if err != nil {
		return fmt.Errorf("reading the segments: %w", err)
	}
	if live {
		r.find(report.New("livevideo.init.invalid", "", "the segments are signed, and their initialization segment carries no manifest: nothing says whose they are"))
	}
	return nil
}

// fillProvenance copies what validation found into the report.
func (r *run) fillProvenance(res *manifest.Result) {
	p := &r.out.Provenance
	p.State = optional(res.State)
	for _, n := range res.NotChecked {
		if res.State == "" {
			r.needs(n.What, n.Why)
		} else {
			r.notChecked(n.What, n.Why)
		}
	}
	for _, m := range res.Manifests {
		p.Manifests = append(p.Manifests, manifestReport(m))
		r.out.Findings = append(r.out.Findings, m.Notes...)
	}
	if res.Active == nil {
		return
	}
	p.ActiveManifest = optional(res.Active.Label)
	r.fillIntegrity(res)
	if res.State == "" && len(r.unsupported) == 0 {
		r.needs("manifest", "it could not be judged")
	}
	r.fillSignature(res.Active.Signature)
	r.unsettled(res)
	if s := res.Active.Signature; s != nil {
		r.fillProduct(res.Active, s)
	}
	r.out.Findings = append(r.out.Findings, res.Active.Failure...)
	if res.Binding != nil && res.Bound != nil && res.Bound != res.Active { // what it is invalid for stands below the update
		for _, f := range res.Binding.Findings {
			if f.Outcome == report.Failure && !slices.Contains(r.out.Findings, f) {
				r.out.Findings = append(r.out.Findings, f)
			}
		}
	}
	r.out.Findings = append(r.out.Findings, res.Active.Informational...)
}

func (r *run) fillIntegrity(res *manifest.Result) {
	i := &r.out.Provenance.Integrity
	i.State = manifest.BindingUnknown
	b := res.Binding
	if b == nil {
		if m := res.Active; m != nil && report.Has(m.Failure, "claim.hardBindings.missing") {
			i.State = manifest.BindingNotBound
		}
		return
	}
	i.Binding = b.Label
	if b.State != "" {
		i.State = b.State
	}
	i.Damage = append(i.Damage, b.Damage...)
	i.Cause = b.Cause
	r.fillFragments(b.Parts)
	for _, n := range b.Missing {
		r.notChecked(n.What, n.Why)
	}
	if b.NotSupported != "" {
		r.needs("content hash", b.NotSupported)
	}
	// A hash that matches means something only if it is the one that was signed.
	if i.State == manifest.BindingIntact || i.State == manifest.BindingPartial {
		if why := unsigned(res); why != "" {
			i.State = manifest.BindingUnknown
			r.notChecked("integrity", "the content hash matches, but "+why)
		}
	}
}

// maxFragments bounds the fragments that a report lists; docs/limits.md.
const maxFragments = 10_000

// fillFragments lists the files of a set. Where there are too many, those that are not as signed come first to be kept.
func (r *run) fillFragments(parts []manifest.PartBinding) {
	room, left := maxFragments, 0
	for _, p := range parts {
		if p.State != manifest.BindingIntact {
			room--
		}
	}
	for _, p := range parts {
		intact := p.State == manifest.BindingIntact
		if intact && room <= 0 || len(r.out.Provenance.Integrity.Fragments) == maxFragments {
			left++
			continue
		}
		if intact {
			room--
		}
		f := report.Fragment{Name: p.Name, Rendition: p.Rendition, Init: p.Init, State: p.State, Why: p.Why}
		if at := p.Location; at >= 0 {
			f.Location = &at
		}
		r.out.Provenance.Integrity.Fragments = append(r.out.Provenance.Integrity.Fragments, f)
	}
	if left > 0 {
		r.notChecked("list of fragments", fmt.Sprintf("%d more were judged and are not listed", left))
	}
}

// unsigned says why the content hash is not a signer's word: of the active manifest or, below updates, of the one that
// holds the hash.
func unsigned(res *manifest.Result) string {
	for _, m := range []*manifest.ManifestResult{res.Active, res.Bound} {
		if m.Signature == nil || !m.Signature.Validated {
			return "the signature over it does not verify"
		}
	}
	if !res.Bound.HardBinding.Intact {
		return "it is not the one that was signed"
	}
	return ""
}

// fillSignature reports who signed the active manifest and when.
func (r *run) fillSignature(s *signing.Result) {
	p := &r.out.Provenance
	p.Signer.State, p.Time.State, p.Revocation.State = "none", "none", "not-checked"
	if s == nil {
		return
	}
	r.out.Findings = append(r.out.Findings, s.Notes...)
	for _, u := range s.Unsupported {
		r.notChecked("signature", u)
	}
	switch {
	case s.Trusted && s.Validated:
		p.Signer.State = "trusted"
	case s.Validated:
		p.Signer.State = "untrusted"
	default:
		p.Signer.State = "invalid"
	}
	if len(s.Chain) > 0 {
		p.Signer.Subject, p.Signer.Issuer = optional(name(s.Chain[0])), optional(issuer(s.Chain[0]))
	}
	if l := s.List; l != nil && s.Trusted {
		p.Signer.List, p.Signer.ListDigest = optional(l.Name), optional(l.Digest)
		p.Signer.ListDate, p.Signer.ListSource = day(l.Issued, l.Dated), optional(l.Source)
	}
	r.fillTime(s)
	r.fillRevocation(&s.Revocation)
}

func (r *run) fillTime(s *signing.Result) {
	t := &r.out.Provenance.Time
	switch {
	case s.Stamp != nil && s.Stamp.Trusted:
		t.State, t.At, t.Source, t.Authority = "attested", &s.Stamp.Time, optional(s.Stamp.Source), optional(s.Stamp.Authority)
		if s.Stamp.List != nil {
			t.List = optional(s.Stamp.List.Name)
		}
	case s.Claimed != nil:
		t.State, t.At, t.Source = "claimed", s.Claimed, optional("iat")
	default:
		if at, ok := claimedActionTime(r.result.Active); ok {
			t.State, t.At, t.Source = "claimed", &at, optional("action")
		}
	}
}

// claimedActionTime is the time that the inception action gives; it proves nothing. C2PA 2.5, 16.4.1.
func claimedActionTime(m *manifest.ManifestResult) (time.Time, bool) {
	if m == nil {
		return time.Time{}, false
	}
	for _, a := range m.Actions {
		if a.When == "" {
			continue
		}
		if at, err := time.Parse(time.RFC3339Nano, a.When); err == nil {
			return at.UTC(), true
		}
	}
	return time.Time{}, false
}

// manifestReport is one manifest as the report shows it.
func manifestReport(m *manifest.ManifestResult) report.Manifest {
	out := report.Manifest{
		Label: m.Label, State: m.State,
		Success: list(m.Success), Informational: list(m.Informational), Failure: list(m.Failure),
		Actions: []report.Action{}, Ingredients: []report.Ingredient{},
	}
	if c := m.Claim; c != nil {
		out.ClaimVersion, out.Generator, out.Title = c.Version, c.Generator, c.Title
	}
	if s := m.Signature; s != nil && len(s.Chain) > 0 {
		out.Signer = optional(name(s.Chain[0]))
	}
	for _, a := range m.Actions {
		which := "created"
		if a.Gathered {
			which = "gathered"
		}
		out.Actions = append(out.Actions, report.Action{
			Action: a.Action, When: optional(a.When), DigitalSourceType: a.DigitalSourceType,
			SoftwareAgent: a.SoftwareAgent, Description: a.Description, List: which,
		})
	}
	for _, i := range m.Ingredients {
		out.Ingredients = append(out.Ingredients, report.Ingredient{
			Label: i.Label, Title: i.Title, Relationship: i.Relationship, Manifest: optional(i.Manifest),
			Recorded: i.Recorded.State, Now: i.Now,
		})
	}
	for _, x := range m.Redactions {
		out.Redactions = append(out.Redactions, report.Redaction{Label: x.Label, Manifest: x.Manifest, Reason: x.Reason})
	}
	if m.Reached && m.State != manifest.Invalid {
		out.Identities = identityReports(m)
	}
	return out
}

func list(f []report.Finding) []report.Finding {
	if f == nil {
		return []report.Finding{}
	}
	return f
}

// optional is nil for the empty string, which in the report means "not known".
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// day is the first of the times that is known, as a date.
func day(times ...time.Time) *string {
	for _, t := range times {
		if !t.IsZero() {
			s := t.UTC().Format(time.DateOnly)
			return &s
		}
	}
	return nil
}

func hexDigest(sum []byte) *string {
	s := hex.EncodeToString(sum)
	return &s
}
