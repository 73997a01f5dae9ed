// Package policy turns states and events into a verdict. A policy is a profile (newsroom, studio, ci) and what a policy
// file changes in it. Consent format 1, 8.
//
// It refuses what it does not know: an unknown member, event or value of a file is an error that names its path, never
// ignored. Rules are expressions over the report; they can make a verdict worse and never better. Some outcomes are no matter of policy: a part that is not supported is INDETERMINATE, and a file that cannot
// be read to its end is never better. Start with [Load], then [Decide], then [Policy.Apply].
package policy

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/consentry/consentry/consent"
	"github.com/consentry/consentry/report"
)

// Policy is what a verdict is held against. The zero value is the newsroom profile.
type Policy struct {
	Profile  string // empty: newsroom
	TimeBase string // generation, now, both; empty: the profile's
	MinLevel string // E1 to E5; empty: the profile's
	Status   string // require, cap, ignore: a missing or stale status; empty: the profile's
	Use      consent.Use
	Require  []string                  // members that a token must have to count above E2
	On       map[string]report.Verdict // outcomes by event, where they differ from the profile's
	// NoNetwork forbids what needs the network, even where the user allows it for a run.
	NoNetwork bool
	// MaxTrustAge is the age at which a list of those who are trusted counts as rejected; zero: any age will do.
	MaxTrustAge time.Duration
	Rules       []Rule // from [Load], which compiles them
}

// Default is the profile without a choice.
const Default = Newsroom

// Names of the profiles, for help texts.
func Names() []string { return []string{Newsroom, Studio, CI} }

// Error says which member of a policy file is refused, and why.
type Error struct {
	Path string // such as on.origin_unkown; empty: the file as a whole
	Text string
}

// Error implements error.
func (e *Error) Error() string {
	if e.Path == "" {
		return "policy: " + e.Text
	}
	return "policy: " + e.Path + ": " + e.Text
}

// filled returns the policy with its profile's values where it has none of its own.
func (p *Policy) filled() Policy {
	q := Policy{}
	if p != nil {
		q = *p
	}
	if q.Profile == "" {
		q.Profile = Default
	}
	d := profiles[q.Profile]
	if q.TimeBase == "" {
		q.TimeBase = d.timeBase
	}
	if q.MinLevel == "" {
		q.MinLevel = d.minLevel
	}
	if q.Status == "" {
		q.Status = d.status
	}
	return q
}

// Outcome is what an event counts under the policy. It panics on a name that is no event.
func (p *Policy) Outcome(event string) report.Verdict {
	q := p.filled()
	if v, ok := q.On[event]; ok {
		return v
	}
	row, ok := table[event]
	if !ok {
		panic("policy: no event " + event)
	}
	return row[profiles[q.Profile].column]
}

// Terms is what a judgement of consent needs to know of the policy.
func (p *Policy) Terms() consent.Terms {
	q := p.filled()
	t := consent.Terms{
		TimeBase: q.TimeBase, MinLevel: q.MinLevel, Status: q.Status, Use: q.Use,
		Require: slices.Clone(q.Require), Severity: map[string]int{},
	}
	for _, s := range consent.States() {
		t.Severity[s] = rank(p.Outcome(strings.ReplaceAll(s, "-", "_")))
	}
	return t
}

// Report is the policy's part of a report; file is the name of its file, or empty.
func (p *Policy) Report(file string) report.Policy {
	q := p.filled()
	r := report.Policy{Profile: q.Profile, TimeBase: q.TimeBase}
	if file != "" {
		r.File = &file
	}
	return r
}

// ranks orders the verdicts, worst last.
var ranks = map[report.Verdict]int{pass: 0, warn: 1, indeterminate: 2, fail: 3}

func rank(v report.Verdict) int { return ranks[v] }

// worst returns the worse of two outcomes.
func worst(a, b report.Verdict) report.Verdict {
	if rank(a) >= rank(b) {
		return a
	}
	return b
}

// events returns the names that a file may use under `on`, sorted.
func events() []string { return slices.Sorted(maps.Keys(table)) }

// Facts are the states and events that a verdict is made of.
type Facts struct {
	Manifest     string             // state of the active manifest, as in consent.Manifest
	Origin       report.Origin      // what origin.Decide said
	Malformed    string             // why the file or its store could not be read to its end; empty: it could
	NotSupported []string           // what of the file is not supported yet
	PartlyBound  string             // what of the content the manifest does not bind; empty: nothing is known
	MediaUnbound string             // the same of pictures and sound
	History      string             // which manifest before the active one does not hold, and why; empty: all do
	Judgement    *consent.Judgement // nil: nothing was judged
	Now          time.Time          // the validation time
	Lists        []List             // that were used and say when they were issued
}

// broken says that there is an active manifest, and that it does not hold.
func (f Facts) broken() bool {
	switch f.Manifest {
	case "", consent.ManifestTrusted, consent.ManifestValid, consent.ManifestAbsent:
		return false
	}
	return true
}

// List is a list of those who are trusted, with its date of issue.
type List struct {
	Name   string // in words: the consent trust list, the registry bundle of …
	Issued time.Time
}

// Decide returns the verdict, and what made it: the worst first. Without reasons the verdict is PASS.
// Consent format 1, 8 (verdict).
func Decide(p *Policy, f Facts) (report.Verdict, []report.Reason) {
	d := decision{policy: p, judgement: f.Judgement, reasons: []report.Reason{}}
	if d.judgement == nil {
		d.judgement = &consent.Judgement{}
	}
	// Only a trusted word makes the question moot, and only about the media that it was given for, in a file that could
	// be read.
	if f.Malformed == "" && f.MediaUnbound == "" && len(f.NotSupported) == 0 && f.Manifest == consent.ManifestTrusted && f.Origin.State == "captured" && f.Origin.Verified {
		return report.NotApplicable, []report.Reason{{Event: captured, Outcome: report.NotApplicable, Text: "declared as a recording, by a trusted signer: nobody was generated"}}
	}
	for _, what := range f.NotSupported {
		d.add(notSupported, indeterminate, "", what)
	}
	if f.Malformed != "" {
		d.add(StoreMalformed, worst(indeterminate, p.Outcome(StoreMalformed)), "", f.Malformed)
	}
	d.provenance(f)
	d.lists(f)
	switch f.Origin.State {
	case "generated", "partly-generated", "contradicted":
		d.people(f)
	default:
		d.unlinked()
	}
	slices.SortStableFunc(d.reasons, func(a, b report.Reason) int { return rank(b.Outcome) - rank(a.Outcome) })
	verdict := pass
	if len(d.reasons) > 0 {
		verdict = d.reasons[0].Outcome
	}
	return verdict, d.reasons
}

type decision struct {
	policy    *Policy
	judgement *consent.Judgement
	reasons   []report.Reason
}

func (d *decision) add(event string, outcome report.Verdict, person, text string) {
	if outcome != pass {
		d.reasons = append(d.reasons, report.Reason{Event: event, Outcome: outcome, Person: person, Text: text})
	}
}

func (d *decision) on(event, text string) { d.add(event, d.policy.Outcome(event), "", text) }

func (d *decision) provenance(f Facts) {
	switch f.Manifest {
	case consent.ManifestTrusted, "": // empty: it could not be judged, and why stands in Malformed or NotSupported
	case consent.ManifestValid:
		d.on(SignerUntrusted, "the signer is on no trust list")
	case consent.ManifestAbsent:
		if d.judgement.Sidecar == nil && f.Malformed == "" && len(f.NotSupported) == 0 {
			d.on(NoProvenance, "no manifest, and no sidecar that verifies")
		}
	default:
		d.on(ManifestInvalid, "the manifest is not valid: content or signature")
	}
	switch {
	case f.MediaUnbound != "":
		d.on(MediaUnbound, f.MediaUnbound)
	case f.PartlyBound != "":
		d.on(PartlyBound, f.PartlyBound)
	}
	if f.History != "" && !f.broken() { // one that does not hold itself says nothing of those before it
		d.on(HistoryInvalid, f.History)
	}
	switch f.Origin.State {
	case "captured":
		if f.Manifest == consent.ManifestTrusted && f.Origin.Verified {
			return // what else is wrong with the file was said
		}
		text := "declared as a recording, but not by a trusted signer"
		switch {
		case f.broken(): // whoever signed it
			text = "declared as a recording by a manifest that does not hold"
		case f.Manifest == consent.ManifestTrusted:
			text = "declared as a recording by an earlier manifest that is not by a trusted signer, or does not hold"
		}
		d.add(SignerUntrusted, worst(indeterminate, d.policy.Outcome(SignerUntrusted)), "", text)
	case "unknown", "":
		d.on(OriginUnknown, "nothing says whether this was generated")
	}
}

// lists are the events that no answer about the origin makes moot.
func (d *decision) lists(f Facts) {
	for _, text := range d.judgement.RejectedLists {
		d.on(ListRejected, text)
	}
	if most := d.policy.filled().MaxTrustAge; most > 0 {
		for _, l := range f.Lists {
			if age := f.Now.Sub(l.Issued); age > most {
				d.on(ListRejected, fmt.Sprintf("%s is of %s, older than the policy's %s", l.Name, l.Issued.UTC().Format(time.DateOnly), days(most)))
			}
		}
	}
	for _, text := range d.judgement.Unusable {
		d.on(AssertionUnusable, text)
	}
}

// days writes an age down in days where it is a whole number of them.
func days(d time.Duration) string {
	const day = 24 * time.Hour
	if d%day == 0 {
		return fmt.Sprintf("%d days", d/day)
	}
	return d.String()
}

// unlinked is asked for by a flag of its own, wherever the picture comes from.
func (d *decision) unlinked() {
	if why := d.judgement.Unlinked; why != "" {
		d.on(NotAnalysed, "faces were to be compared with each other, and could not be, or not in full: "+why)
	}
}

func (d *decision) people(f Facts) {
	j := d.judgement
	for _, p := range slices.Concat(j.People, j.Works) {
		event := strings.ReplaceAll(p.State, "-", "_")
		d.add(event, d.policy.Outcome(event), p.ID, personText(&p, f))
	}
	if j.Missing {
		d.on(NoAssertion, "generated, and nobody declares who is depicted")
	}
	for _, text := range j.Contradicted {
		d.on(Contradicted, text)
	}
	if j.Incomplete {
		d.on(Incomplete, "declared complete, and a face is covered by nobody")
	}
	for _, track := range j.UndeclaredFaces {
		text := fmt.Sprintf("no entry covers the face of track %d", track)
		if j.FacesCounted {
			text = fmt.Sprintf("one face more than is declared at the time of track %d; without a region, which is nobody's cannot be told", track)
		}
		d.on(UndeclaredFace, text)
	}
	for _, track := range j.PossibleFaces {
		d.on(PossibleFace, fmt.Sprintf("no entry covers track %d, which may be a face", track))
	}
	if j.NotAnalysed {
		text := "faces were to be looked for, and could not be"
		if j.PartlyAnalysed {
			text = "faces were looked for in a part of the picture only"
		}
		if j.NotAnalysedWhy != "" {
			text += ": " + j.NotAnalysedWhy
		}
		d.on(NotAnalysed, text)
	}
	for _, track := range j.UndeclaredVoices {
		d.on(UndeclaredVoice, fmt.Sprintf("sound track %s sounds like speech, and no voice is declared for it", track))
	}
	for _, why := range j.Unheard {
		if !j.NotAnalysed || why != j.NotAnalysedWhy { // what failed for all is told once
			d.on(NotAnalysed, "the sound was to be listened to for speech, and could not be, or not in full: "+why)
		}
	}
	for _, person := range j.DifferentFaces {
		d.add(DifferentFaces, d.policy.Outcome(DifferentFaces), person, "covers faces that are not alike")
	}
	for _, track := range j.Drifts {
		d.on(DifferentFaces, fmt.Sprintf("track %d ends with another face than it begins with", track))
	}
	if !j.NotAnalysed || j.Unlinked != j.NotAnalysedWhy {
		d.unlinked()
	}
	if j.NotComplete {
		d.on(NotComplete, "the declaration does not say that it names everybody")
	}
}

// personText says why a person is in a state: in plain words, and for the states that rest on something, on what.
func personText(p *report.Person, f Facts) string {
	text := stateText[p.State]
	switch p.State {
	case consent.StateVerified, consent.StateNotRequired, consent.StateUndeclared:
		return text
	case consent.StateDeclared:
		if p.Manifest == "" && f.broken() {
			return "declared in a manifest that does not hold: nothing rests on it"
		}
		return text
	}
	if why := p.Failure(); why != nil && why.Explanation != "" {
		text += ": " + why.Explanation
	}
	return text
}

// stateText says the states in plain words.
var stateText = map[string]string{
	consent.StateRefused:        "refused",
	consent.StateInvalid:        "a token does not hold",
	consent.StateRevoked:        "revoked",
	consent.StateExpired:        "the token was not valid at the time that counts",
	consent.StateOutOfScope:     "the token does not cover this use",
	consent.StateUnresolved:     "cannot be told",
	consent.StateDeclared:       "declared, without a token of the strength that is asked for",
	consent.StateExemptDeclared: "an exemption is claimed; it was not judged",
	consent.StateUndeclared:     "no consent is declared",
	consent.StateVerified:       "verified",
	consent.StateNotRequired:    "nothing is needed, as the declarer says",
}
