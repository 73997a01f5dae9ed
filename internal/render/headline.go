package render

import (
	"fmt"
	"slices"
	"strings"

	"github.com/consentry/consentry/report"
)

// badStates are the states of a person that count against a verdict, worst first.
var badStates = []string{
	"refused", "invalid", "revoked", "expired", "out-of-scope", "unresolved", "undeclared", "exempt-declared", "declared",
}

// eventWords says in a few plain words what an event of the policy is about. Where a report gives a text of its own
// for an event that is not here, that is used.
var eventWords = map[string]string{
	"signer_untrusted":   "signed, and the signer is on no trust list",
	"media_unbound":      "signed, and the signature does not bind all pictures and sound",
	"partly_bound":       "signed, and the signature does not bind all of the content",
	"history_invalid":    "signed, and an earlier manifest that it rests on does not hold",
	"no_provenance":      "nothing signed speaks about this file",
	"origin_unknown":     "nothing says where the picture comes from",
	"no_assertion":       "generated, and nothing is declared about consent of the people in it",
	"assertion_unusable": "the consent declaration cannot be used",
	"list_rejected":      "a consent trust list or registry was refused",
	"contradicted":       "the declaration contradicts the registry that it names",
	"incomplete":         "declared complete, and a face is covered by nobody",
	"not_analysed":       "the picture was to be analysed, and was not",
	"not_complete":       "the declaration does not say that it lists everybody",
	"undeclared_face":    "a face that nobody is declared for",
	"possible_face":      "what may be a face, and nobody is declared for",
	"undeclared_voice":   "sound like speech, and nobody is declared with a voice",
	"different_faces":    "are faces that are not alike under one entry",
}

// Headline says the verdict's reason in one plain sentence: what weighs most, in words that can be read aloud. It never
// says that consent was given or that a video is authentic, since no file can show that.
func Headline(r *report.Report) string {
	if len(r.Reasons) == 0 {
		return noReason(r)
	}
	top := r.Reasons[0]
	if top.Outcome == report.Pass || top.Outcome == report.NotApplicable {
		return noReason(r)
	}
	switch event := top.Event; {
	case slices.Contains(badStates, strings.ReplaceAll(event, "_", "-")):
		return peopleHeadline(r, top.Outcome)
	case event == "not_analysed" && r.Persons.Status == "partial":
		return "people were looked for in a part of the picture only"
	case event == "origin_unknown" && soundOnly(r):
		return "nothing says where the sound comes from"
	case event == "signer_untrusted" && r.Provenance.Signer.State == "trusted":
		return "a recording by the word of an earlier manifest, which cannot be relied on"
	case event == "manifest_invalid":
		return invalidHeadline(r)
	case event == "store_malformed":
		return malformedHeadline(r)
	case eventWords[event] != "":
		return eventWords[event]
	case top.Text != "":
		return Safe(top.Text)
	}
	return "the policy event " + Safe(top.Event)
}

// soundFormats are containers that hold sound alone.
var soundFormats = []string{"mp3", "flac", "wav", "rf64", "m4a"}

// soundOnly says whether a file has no picture: by its tracks, or where none are known by its container.
func soundOnly(r *report.Report) bool {
	list := r.Asset.Tracks
	if len(list) == 0 {
		return slices.Contains(soundFormats, r.Asset.Format)
	}
	return len(list) > 0 && !slices.ContainsFunc(list, func(t report.Track) bool { return t.Kind != "audio" })
}

// noReason is the headline where nothing counted against the file. A PASS that rests on declarations alone says so:
// nobody has held them against the picture.
func noReason(r *report.Report) string {
	if r.Verdict == report.Pass && r.Persons.Status == "off" {
		return passed(r) + "; the picture was not looked at"
	}
	return passed(r)
}

func passed(r *report.Report) string {
	switch r.Verdict {
	case report.Pass:
		n, works := len(r.People), len(r.Works)
		switch {
		case n == 0 && works == 0:
			return "generated, and the declaration says that it depicts nobody"
		case allIn(r.People, "not-required") && works == 0:
			return fmt.Sprintf("by the signer's word no consent is needed for the %s", countPeople(n))
		case n == 1 && works == 0:
			return "the declared consent of the depicted person was verified"
		case works == 0:
			return fmt.Sprintf("the declared consent of all %d depicted people was verified", n)
		}
		return fmt.Sprintf("what is declared for %s and %s was verified", countPeople(n), plural(works, "work"))
	case report.NotApplicable:
		return "a trusted signer says that this was taken by a camera"
	case report.Warn:
		return "meets the policy, with something to look at"
	case report.Fail:
		return "does not meet the policy"
	}
	if n := r.NotChecked; len(n) > 0 {
		return fmt.Sprintf("could not be judged: %s: %s", Safe(n[0].What), Safe(n[0].Why))
	}
	return "could not be judged"
}

func allIn(people []report.Person, state string) bool {
	for _, p := range people {
		if p.State != state {
			return false
		}
	}
	return true
}

func countPeople(n int) string {
	if n == 1 {
		return "depicted person"
	}
	return fmt.Sprintf("%d depicted people", n)
}

// peopleHeadline counts the people whose state made the verdict.
func peopleHeadline(r *report.Report, outcome report.Verdict) string {
	bad := map[string]bool{}
	states := map[string]bool{}
	for _, reason := range r.Reasons {
		state := strings.ReplaceAll(reason.Event, "_", "-")
		if reason.Outcome == outcome && reason.Person != "" && slices.Contains(badStates, state) {
			bad[reason.Person] = true
			states[state] = true
		}
	}
	people, works := 0, 0
	for _, p := range r.People {
		if bad[p.ID] {
			people++
		}
	}
	for _, p := range r.Works {
		if bad[p.ID] {
			works++
		}
	}
	if people == 0 && works == 0 { // a state that no person carries: a face, for example
		return eventWord(r.Reasons[0])
	}
	total, n, noun, nouns := len(r.People), people, "depicted person", "depicted people"
	if people == 0 {
		total, n, noun, nouns = len(r.Works), works, "work", "works"
	}
	has, saying := "has", nouns
	if n > 1 {
		has = "have"
	}
	who := fmt.Sprintf("%d of %d %s", n, total, saying)
	if total == 1 {
		who = "the " + noun
	}
	if len(states) > 1 {
		return fmt.Sprintf("%s %s no verified consent", who, has)
	}
	for state := range states {
		return who + " " + stateWords(state, has)
	}
	return who
}

// stateWords ends the sentence "the depicted person …".
func stateWords(state, has string) string {
	was := map[string]string{"has": "was", "have": "were"}[has]
	switch state {
	case "refused":
		return has + " refused"
	case "invalid":
		return has + " a consent token that does not hold"
	case "revoked":
		return has + " withdrawn consent"
	case "expired":
		return has + " a consent token that had expired"
	case "out-of-scope":
		return has + " consented to something else only"
	case "unresolved":
		return has + " consent that could not be checked"
	case "exempt-declared":
		return was + " declared exempt, which nobody judged"
	case "declared":
		return has + " declared consent that no token proves"
	}
	return has + " no verified consent"
}

func eventWord(r report.Reason) string {
	if r.Text != "" {
		return Safe(r.Text)
	}
	return Safe(r.Event)
}

// causeWords says what was done to a file, by the kind of a cause that was proved.
var causeWords = map[string]string{
	"bytes-appended":   "bytes were appended behind what was signed",
	"box-inserted":     "something was put into the file after it was signed",
	"box-missing":      "a part of what was signed is missing",
	"box-moved":        "parts of the file were moved after it was signed",
	"end-missing":      "the end of the file was cut off after it was signed",
	"bytes-missing":    "bytes were taken out of the file or put in after it was signed",
	"metadata-added":   "metadata was added to the file after it was signed",
	"metadata-changed": "metadata was changed after the file was signed",
	"padding-changed":  "free space in the file was changed after it was signed",
	"moov-moved":       "the file was rearranged, as for streaming, after it was signed",
}

// invalidHeadline says why a manifest does not hold. A cause that was proved comes first: bytes behind the last box may
// look like the beginning of one that was cut off.
func invalidHeadline(r *report.Report) string {
	if i := &r.Provenance.Integrity; i.State == "altered" {
		switch {
		case i.Cause != nil && causeWords[i.Cause.Kind] != "":
			return causeWords[i.Cause.Kind]
		case report.Has(r.Findings, "asset.truncated"):
			// Whether nothing else is wrong with it nobody can tell: what is missing is not there to be hashed.
			return "the file ends before its container does, and is not what was signed"
		}
		if why := setWords(i); why != "" {
			return why
		}
		if storeWhere[deref(r.Provenance.Carrier)] != "" {
			return "the content is not the one that its manifest, which lies elsewhere, was signed for"
		}
		return "the content was changed after it was signed"
	}
	if m := r.Provenance.Manifests; len(m) > 0 {
		if why := lonelyInit(r, m[0].Failure); why != "" {
			return why
		}
		code := brokenBy(m[0].Failure)
		if code == "claimSignature.outsideValidity" && r.Provenance.Time.State != "attested" {
			return outsideValidity(m[0])
		}
		if row, ok := report.Lookup(code); ok {
			return "the manifest does not hold: " + row.Title
		}
	}
	return "the manifest does not hold"
}

// lonelyInit says that of a stream nothing but the initialization segment was given; empty: it is not so. Of all that may
// be wrong with a manifest only this leaves its content hash failed and the state of the content unknown. That the segment
// is as it was signed is said where nothing else fails.
func lonelyInit(r *report.Report, failures []report.Finding) string {
	if r.Provenance.Integrity.State != "unknown" || !report.Has(failures, "assertion.bmffHash.mismatch") {
		return ""
	}
	for _, f := range failures {
		if f.Code != "assertion.bmffHash.mismatch" && f.Code != "signingCredential.untrusted" {
			return ""
		}
	}
	return "fragments are missing: the initialization segment is as it was signed; name the playlist, or the folder with --set"
}

// setWords says what is wrong with a set of which no byte is known to have been changed; empty: it is no such set.
func setWords(i *report.Integrity) string {
	missing, other := 0, 0
	for _, f := range i.Fragments {
		switch f.State {
		case "missing":
			missing++
		case "altered":
			other++
		}
	}
	switch {
	case len(i.Damage) > 0 || missing+other == 0:
		return ""
	case other == 0:
		return "a part of what was signed is missing"
	}
	return "segments are not as they were signed, or not in their place"
}

// outsideValidity says why a certificate is held against the day of validation: nobody who counts saw the signature. Where
// a time-stamp is there that counts on no list, another list may be all that is missing. C2PA 2.5, 14.8.
func outsideValidity(m report.Manifest) string {
	stamped := report.Has(m.Informational, "timeStamp.untrusted") || report.Has(m.Failure, "timeStamp.untrusted")
	const now = "the certificate has expired or is not valid yet"
	if stamped {
		return now + ", and its time-stamp, which might show that it was signed in time, is by nobody on your lists (--tsa-trust)"
	}
	return now + ", and no time-stamp that counts shows that it was signed in time"
}

// brokenBy is the code of what makes a manifest invalid. That nobody knows the signer does not: a file by a stranger is
// no changed one, and is called so only where nothing else is said.
func brokenBy(failures []report.Finding) string {
	code := ""
	for _, f := range failures {
		if f.Code != "signingCredential.untrusted" {
			return f.Code
		}
		code = f.Code
	}
	return code
}

func malformedHeadline(r *report.Report) string {
	if c := r.Provenance.Integrity.Cause; c != nil && causeWords[c.Kind] != "" {
		return causeWords[c.Kind] // what looks like a box that was cut off is what was put there
	}
	for _, f := range r.Findings {
		if f.Outcome == report.Failure && strings.HasPrefix(f.Code, "asset.") {
			if row, ok := report.Lookup(f.Code); ok {
				return row.Title
			}
		}
	}
	return "there is a manifest store, and it cannot be read"
}
