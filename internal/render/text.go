package render

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/consentry/consentry/report"
)

// Options say how a text is written. The zero value writes it for a file.
type Options struct {
	Colour bool // ANSI colours: for a terminal
}

// The most that a text report lists of one kind. A hostile file can have thousands of each, and nobody reads on past a
// screen or two; the JSON report has them all.
const (
	maxManifests = 16
	maxActions   = 24
	maxListed    = 40
)

// Text writes a report for people: the verdict in plain words first, then one line for each axis, the people, why the
// verdict is what it is, the findings (failures first), the history, and what was not checked.
func Text(w io.Writer, r *report.Report, o Options) error {
	t := &text{r: r, o: o}
	t.headline()
	t.axes()
	t.whatIf()
	t.people("", r.People)
	t.people("works", r.Works)
	linksSection(&t.b, r.Persons.Links)
	t.why()
	t.findings()
	t.history()
	t.fetched()
	t.notChecked()
	_, err := io.WriteString(w, t.b.String())
	return err
}

// BatchText writes the reports one after the other, and a line about all.
func BatchText(w io.Writer, b *Batch, o Options) error {
	count := map[report.Verdict]int{}
	for _, r := range b.Reports {
		if err := Text(w, r, o); err != nil {
			return err
		}
		if _, err := io.WriteString(w, "\n"); err != nil {
			return err
		}
		count[r.Verdict]++
	}
	var parts []string
	for _, v := range []report.Verdict{report.Fail, report.Indeterminate, report.Warn, report.Pass, report.NotApplicable} {
		if count[v] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", count[v], v))
		}
	}
	_, err := fmt.Fprintf(w, "%s  %s: %s\n", paint(o, b.Verdict), plural(len(b.Reports), "file"), strings.Join(parts, ", "))
	return err
}

// text is a report being written.
type text struct {
	r *report.Report
	o Options
	b strings.Builder
}

// paint gives a verdict its colour.
func paint(o Options, v report.Verdict) string {
	word := string(v)
	if word == "" {
		word = string(report.Indeterminate)
	}
	if !o.Colour {
		return word
	}
	switch v {
	case report.Pass, report.NotApplicable:
		return "\x1b[1;32m" + word + "\x1b[0m"
	case report.Fail:
		return "\x1b[1;31m" + word + "\x1b[0m"
	}
	return "\x1b[1;33m" + word + "\x1b[0m"
}

func (t *text) bold(s string) string {
	if t.o.Colour {
		return "\x1b[1m" + s + "\x1b[0m"
	}
	return s
}

func (t *text) headline() {
	r := t.r
	profile := r.Policy.Profile
	if r.Policy.File != nil {
		profile += ", policy " + Clip(*r.Policy.File)
	}
	fmt.Fprintf(&t.b, "%s  %s: %s (profile %s)\n\n", paint(t.o, r.Verdict), Clip(r.Asset.Name), Headline(r), profile)
}

// axes writes one line for each question that a report answers.
func (t *text) axes() {
	p := &t.r.Provenance
	t.axis("provenance", deref(p.State), t.provenance())
	t.axis("integrity", p.Integrity.State, t.integrity())
	t.fragments()
	t.axis("signer", t.read(p.Signer.State), t.signer())
	t.axis("time", t.read(p.Time.State), t.time())
	t.axis("revocation", p.Revocation.State, t.revocation())
	t.axis("origin", t.originState(), t.origin())
	switch d := t.r.Decoded; {
	case d != nil && d.Frames == 0 && soundOnly(t.r):
		t.axis("picture", "none", "the file has sound only")
	case d != nil:
		t.axis("picture", "decoded", t.picture(d))
	}
	state, detail := t.watermarks()
	t.axis("watermark", state, detail)
	t.bindings()
	faces := facesText(&t.r.Persons)
	if t.r.Persons.Status == "off" && soundOnly(t.r) {
		faces = "the file has no picture"
	}
	t.axis("faces", t.r.Persons.Status, faces)
	if state := voicesState(&t.r.Persons); state != "" {
		t.axis("voices", state, voicesText(&t.r.Persons.Voices))
	}
	if line := notAnalysed(&t.r.Persons); line != "" {
		t.b.WriteString("\n  " + line + "\n")
	}
	t.labels(t.r.Labels)
}

// read is the state of what only a manifest can say: none where the file has no manifest, and not checked where that
// could not be found out.
func (t *text) read(state string) string {
	if state == "none" && t.r.Provenance.State == nil {
		return "not-checked"
	}
	return state
}

// labels writes a line for each label: what it says of the origin, in words, and where it stands.
func (t *text) labels(list []report.Label) {
	for i, l := range list {
		if i == maxListed {
			fmt.Fprintf(&t.b, "  %s\n", more(len(list)-i, "label"))
			return
		}
		said := Clip(l.Means)
		if s, ok := l.Value.(string); ok {
			said = Quote(s) + ": " + said
		}
		state := l.Says
		switch {
		case state == "nothing":
			state = "says nothing"
		case l.Scope == "cover":
			state = "cover only"
		}
		t.axis("label", state, fmt.Sprintf("%s (%s in %s, class %s)", said, Clip(l.Kind), Clip(l.Carrier), Clip(l.Class)))
	}
}

// whatIf says what other trust lists would have made of the file.
func (t *text) whatIf() {
	w := t.r.WhatIf
	if w == nil {
		return
	}
	lists := make([]string, len(w.Lists))
	for i, l := range w.Lists {
		lists[i] = Clip(l)
	}
	said := []string{"with " + strings.Join(lists, ", "), "signer " + words(w.Signer)}
	if w.List != nil {
		said = append(said, "list "+Clip(*w.List))
	}
	if w.State != nil {
		said = append(said, "manifest "+words(*w.State))
	}
	if !w.Changes {
		said = append(said, "the same verdict")
	}
	t.axis("what if", string(w.Verdict), join(said))
}

// picture says what was decoded, of which track, and in what the decoder was held.
func (t *text) picture(d *report.Decoded) string {
	s := plural(int(d.Frames), "frame")
	if !d.All {
		s = plural(int(d.Frames), "key frame")
	}
	for _, tr := range t.r.Asset.Tracks {
		if tr.Kind == "video" {
			s += fmt.Sprintf(" of %s %dx%d", Clip(tr.Codec), tr.Width, tr.Height)
			break
		}
	}
	if !d.Confinement.Process {
		s += "; the decoder was not confined"
	} else if len(d.Confinement.Missing) > 0 {
		s += "; the decoder was not confined in full"
	}
	return s
}

func (t *text) axis(name, state, detail string) {
	line := fmt.Sprintf("  %-11s %-16s %s", name, words(state), detail)
	t.b.WriteString(strings.TrimRight(line, " ") + "\n")
}

// words spells a state of the JSON report for reading.
func words(state string) string {
	if state == "" {
		return "not checked"
	}
	return strings.ReplaceAll(Clip(state), "-", " ")
}

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

func (t *text) integrity() string {
	i := &t.r.Provenance.Integrity
	binding := strings.TrimPrefix(Clip(i.Binding), "c2pa.hash.")
	switch i.State {
	case "intact":
		return fmt.Sprintf("the content is the one that was signed (%s, %s)", binding, Size(t.r.Asset.Size))
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
		return fmt.Sprintf("what is bound is as signed, but not everything is bound (%s)", binding)
	case "not-bound":
		if store := t.r.Provenance.Store; store == nil || *store != "present" {
			return "there is no manifest to hold the content against"
		}
		return "nothing binds the manifest to this content"
	case "unknown", "":
		return t.reason("integrity", "binding", "content")
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
		if s.Issuer != nil {
			return fmt.Sprintf("says it is %s, issued by %s; on no trust list (--trust names further anchors)", name, Quote(*s.Issuer))
		}
		return fmt.Sprintf("says it is %s; on no trust list (--trust names further anchors)", name)
	case "invalid":
		if name != "" {
			return "says it is " + name + ", which does not hold"
		}
	}
	return ""
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

func (t *text) manifestNumber(label string) int {
	for i, m := range t.r.Provenance.Manifests {
		if m.Label == label && label != "" {
			return i + 1
		}
	}
	return 0
}

// reason finds why one of the things was not checked.
func (t *text) reason(what ...string) string {
	for _, n := range t.r.NotChecked {
		for _, w := range what {
			if strings.EqualFold(n.What, w) {
				return Safe(n.Why)
			}
		}
	}
	return ""
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func join(parts []string) string {
	var out []string
	for _, p := range parts {
		if p != "" {
			out = append(out, p)
		}
	}
	return strings.Join(out, ", ")
}

// plural writes a count with its noun.
func plural(n int, noun string) string { return report.Count(n, noun) }

// more ends a list that is cut: how many there are beyond.
func more(n int, noun string) string { return "… and " + plural(n, "more "+noun) }

// Size writes a number of bytes for reading, in decimal units.
func Size(n int64) string {
	switch {
	case n < 1000:
		return report.Count(n, "byte")
	case n < 1000*1000:
		return fmt.Sprintf("%.1f kB", float64(n)/1e3)
	case n < 1000*1000*1000:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	}
	return fmt.Sprintf("%.2f GB", float64(n)/1e9)
}

// clock writes milliseconds of presentation time as hours, minutes, seconds and tenths.
func clock(ms int64) string {
	return fmt.Sprintf("%02d:%02d:%02d.%d", ms/3600000, ms/60000%60, ms/1000%60, ms/100%10)
}
