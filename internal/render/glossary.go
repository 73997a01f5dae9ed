package render

import (
	"fmt"
	"io"
	"slices"
	"sort"
	"strings"

	"github.com/consentry/consentry/report"
)

// Entry is a word that a report may hold, explained.
type Entry struct {
	Name    string // as reports spell it
	Kind    string // what it is: "status code, failure", "state of a person", …
	Meaning string // plain words
	Clause  string // where that is written; empty: in the project's own pages
	Advice  string // what to do; empty: nothing
}

// Glossary returns every status code and every word of a report, sorted by name, the words before the codes. One name
// may stand there several times: a manifest and a token are both "valid".
func Glossary() []Entry {
	out := slices.Concat(terms, bindingTerms)
	sort.SliceStable(out, func(i, j int) bool { return strings.ToLower(out[i].Name) < strings.ToLower(out[j].Name) })
	for _, c := range report.Codes() {
		out = append(out, Entry{c.Code, "status code, " + string(c.Outcome), c.Title, c.Clause, c.Advice})
	}
	return out
}

// Explain writes entries for a reader.
func Explain(w io.Writer, entries []Entry) error {
	var b strings.Builder
	for i, e := range entries {
		if i > 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "%s  (%s)\n", e.Name, e.Kind)
		for _, row := range [][2]string{{"means", e.Meaning}, {"clause", e.Clause}, {"to do", e.Advice}} {
			if row[1] != "" {
				writeWrapped(&b, fmt.Sprintf("  %-7s", row[0]), row[1])
			}
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// textWidth is where lines of running text are broken.
const textWidth = 100

// writeWrapped writes text behind a prefix, broken at spaces and indented to the prefix.
func writeWrapped(b *strings.Builder, prefix, text string) {
	b.WriteString(prefix)
	width := runes(prefix)
	indent, col := strings.Repeat(" ", width), width
	for i, word := range strings.Fields(text) {
		n := runes(word)
		if i > 0 && col+1+n > textWidth {
			b.WriteString("\n" + indent)
			col = width
		} else if i > 0 {
			b.WriteString(" ")
			col++
		}
		b.WriteString(word)
		col += n
	}
	b.WriteString("\n")
}

func runes(s string) int { return len([]rune(s)) }

const (
	kindVerdict    = "verdict"
	kindManifest   = "state of a manifest"
	kindIntegrity  = "integrity of the content"
	kindSigner     = "state of the signer"
	kindTime       = "time of the signature"
	kindRevocation = "revocation of the signing certificate"
	kindOrigin     = "origin of the picture"
	kindBasis      = "what an origin rests on"
	kindLabel      = "label outside C2PA"
	kindLabelSays  = "what a label says of the origin"
	kindPerson     = "state of a person"
	kindToken      = "state of a token"
	kindLevel      = "level of evidence for a person"
	kindBinding    = "how a token is bound to the file"
	kindClock      = "time of generation"
	kindProfile    = "policy profile"
	kindEvent      = "policy event"
	kindStore      = "manifest store"
	kindList       = "trust list"
	kindRole       = "role of an issuer"
	kindLine       = "line of the text report"
	kindPicture    = "what was looked at in the picture"
	kindHash       = "content hash"
	kindMember     = "member of the JSON report"
	kindStrength   = "how near two fingerprints are"
	kindPlace      = "place of an assertion in the claim"
	kindMark       = "invisible mark"
	kindSource     = "digital source type"
	kindAction     = "action in a manifest"
	kindConsent    = "word of the consent format"
	kindClass      = "how much a finding is worth"
)

const (
	seeStates  = "C2PA 2.5, 13.3"
	seeJudge   = "consent format 1, 8"
	seeBinding = "consent format 1, 5"
	seeRoles   = "consent format 1, 4"
	seeLabels  = "GB 45438-2025, Appendix E"
)

// terms are the words of a report that are no status codes.
var terms = []Entry{
	{"PASS", kindVerdict, "the file meets the policy; exit code 0", seeJudge, ""},
	{"WARN", kindVerdict, "the file meets the policy, with something to look at; exit code 0, or 1 with --strict", seeJudge, "Read the reasons under the verdict."},
	{"FAIL", kindVerdict, "the file does not meet the policy; exit code 1", seeJudge, "Read the failures, the first is the one that weighs most."},
	{"INDETERMINATE", kindVerdict, "it could not be told whether the file meets the policy; exit code 2. This is never a yes", seeJudge, "Look at what was not checked, and give what is missing: anchors, a trust list, the original file."},
	{"NOT_APPLICABLE", kindVerdict, "a trusted signer says that a camera took this: nobody is asked for consent to a replica; exit code 0", seeJudge, ""},

	{"trusted", kindManifest, "valid, and the signer is on a trust list that you accept", seeStates, ""},
	{"valid", kindManifest, "well-formed, unchanged, and the signature holds; who signed is not vouched for by a trust list", seeStates, "Name the signer's anchors with --trust, if you know them from elsewhere."},
	{"well-formed", kindManifest, "readable and complete by the rules, but not valid: the content was changed, the signature does not hold, or its certificate was not valid at the time that counts", seeStates, "What it says is shown and must not be relied on."},
	{"invalid", kindManifest, "it breaks the rules; nothing that it says may be relied on", seeStates, "Ask for the original file."},
	{"absent", kindManifest, "the file carries no manifest, which says nothing about how it was made", "C2PA 2.5, 14.5", "Ask the publisher for the file with its Content Credentials; many sites strip them."},

	{"present", kindStore, "the file carries one", "C2PA 2.5, 14.5", ""},
	{"absent", kindStore, "the file carries none, and names none", "C2PA 2.5, 14.5", ""},
	{"malformed", kindStore, "the file carries one that cannot be read", "C2PA 2.5, 14.5", "Ask for the original file."},

	{"intact", kindIntegrity, "every byte that has to be bound is the one that was signed", "C2PA 2.5, 14.12", ""},
	{"altered", kindIntegrity, "something is not what was signed", "C2PA 2.5, 14.12", "Ask for the original file."},
	{"partial", kindIntegrity, "what is bound is as signed, but part of the content is not bound or was not at hand", "C2PA 2.5, 14.12", ""},
	{"not-bound", kindIntegrity, "nothing binds the manifest to this content: it could be anybody's", "C2PA 2.5, 14.12", "Treat the manifest as if it were not there."},
	{"added", kindIntegrity, "a file that lies beside those that were signed, and is bound by nothing", "C2PA 2.5, 14.12.5", ""},
	{"missing", kindIntegrity, "a fragment that was signed, or is listed, and is not there", "C2PA 2.5, 14.12.2", "Ask for the whole set."},
	{"unknown", kindIntegrity, "it could not be checked", "C2PA 2.5, 14.12", "See what was not checked, and why."},

	{"trusted", kindSigner, "the certificate leads to an anchor of a list that you accept, or is allowed itself", "C2PA 2.5, 13.4", ""},
	{"untrusted", kindSigner, "the signature holds, and the certificate leads to no anchor of your lists: anyone can make such a certificate", "C2PA 2.5, 13.4", "If you know the signer, name its anchors with --trust; \"inspect\" shows the certificates."},
	{"invalid", kindSigner, "the certificate breaks the profile, or the signature does not hold", "C2PA 2.5, 13.5", ""},
	{"none", kindSigner, "nobody signed", "", ""},

	{"attested", kindTime, "a trusted time-stamp authority saw the signature at that time: it existed by then", "C2PA 2.5, 14.8", ""},
	{"claimed", kindTime, "only the signer says so", "C2PA 2.5, 14.8", ""},
	{"none", kindTime, "nothing says when; the certificates are judged as of the validation time", "C2PA 2.5, 14.8", ""},

	{"good", kindRevocation, "an answer of the issuer, or of whom it named, says that the certificate stood when it signed", "C2PA 2.5, 14.9", ""},
	{"revoked", kindRevocation, "the issuer withdrew the certificate", "C2PA 2.5, 14.9", "Do not rely on the signature."},
	{"unknown", kindRevocation, "the responder does not know the certificate", "C2PA 2.5, 14.9", "Nothing vouches for the certificate; ask the publisher if it matters."},
	{"not-checked", kindRevocation, "nothing in the file says, and the network was not asked", "C2PA 2.5, 14.9", ""},

	{"generated", kindOrigin, "the whole picture comes from a trained model", seeJudge, ""},
	{"partly-generated", kindOrigin, "some of the picture comes from a trained model", seeJudge, ""},
	{"captured", kindOrigin, "everything in it was taken by a camera, by the signed word of who made it", seeJudge, ""},
	{"unknown", kindOrigin, "nothing says where the picture comes from", seeJudge, "The absence of a statement is no statement: ask where the file comes from."},
	{"contradicted", kindOrigin, "the signed word says camera, and a label or mark of a generator was found", seeJudge, "Ask the publisher; do not publish as a recording."},
	{"manifest", kindBasis, "an action in a manifest says so", seeJudge, ""},
	{"declaration", kindBasis, "a signed consent sidecar says so", seeJudge, ""},
	{"label", kindBasis, "an unsigned label in the file says so", seeJudge, ""},
	{"mark", kindBasis, "an invisible mark in the picture says so", seeJudge, ""},

	{"tc260", kindLabel, "the label of generated content that Chinese services must write: 1 is generated, 2 may be, 3 is suspected. Anybody can write or copy it; class B", seeLabels, ""},
	{"xmp-digital-source-type", kindLabel, "IPTC's digital source type in XMP, unsigned; class B", "IPTC NewsCodes, digitalsourcetype", ""},
	{"xmp-iptc-ai", kindLabel, "IPTC's properties of the AI system that was used, unsigned; class B", "IPTC Photo Metadata 2025.1", ""},
	{"comfyui", kindLabel, "a node graph of ComfyUI, with the nodes that generate and the model. It shows that the tool wrote the file, and may name a person in the name of a LoRA; class E", "consentry", ""},
	{"generation-parameters", kindLabel, "parameters as image generators write them; class E", "consentry", ""},
	{"tool-tag", kindLabel, "a tag that names a generator; class E", "consentry", ""},
	{"encoder", kindLabel, "what wrote the file; nothing follows from it; class F", "consentry", ""},
	{"possible", kindLabelSays, "the content may be generated: the origin stays unknown", seeJudge, "Ask where the file comes from."},

	{"verified", kindPerson, "a token that covers this person and use was verified, at the level that the policy asks for or above", seeJudge, ""},
	{"declared", kindPerson, "the signer declares consent, and no token proves it at the level that the policy asks for", seeJudge, "Ask the provider for a consent token from the person or who may speak for them."},
	{"undeclared", kindPerson, "no consent is declared for this person; that is neither consent nor refusal", seeJudge, "Ask the provider who is depicted, and under which consent."},
	{"refused", kindPerson, "a signed refusal or a standing order forbids this, or the declaration itself says so", seeJudge, "Do not publish."},
	{"invalid", kindPerson, "a token was shown that does not hold", seeJudge, "See which token fails and why; a copied or forged token looks like this."},
	{"revoked", kindPerson, "consent was withdrawn", "consent format 1, 6", "Do not publish; ask the person's representative."},
	{"expired", kindPerson, "the token was not valid at the time that the policy looks at", seeJudge, "Ask for a renewed token, or judge with the profile whose time base fits your case."},
	{"out-of-scope", kindPerson, "the token holds, and not for this: another purpose, territory, channel, work or modality", seeJudge, "Ask for a token that covers this use."},
	{"unresolved", kindPerson, "it cannot be told from what is at hand: an unknown issuer, a missing status, authorities that contradict each other", seeJudge, "Give the consent trust list (--consent-trust) and the status lists (--consent-status)."},
	{"not-required", kindPerson, `by the declarer's word nobody real is replicated here: a synthetic or fictional person, or one whose rendering is "authentic" or "none"`, seeJudge, ""},
	{"exempt-declared", kindPerson, "an exemption such as news or satire is claimed; nobody judged it, and it is not consent", seeJudge, "An editor must judge the exemption."},
	{"valid", kindToken, "the token holds for this person and use", "consent format 1, 3", ""},

	{"E0", kindLevel, "nothing", seeJudge, ""},
	{"E1", kindLevel, "unsigned or unattributed metadata", seeJudge, ""},
	{"E2", kindLevel, "a signed declaration, without a token that verifies", seeJudge, ""},
	{"E3", kindLevel, "a valid token of a trusted issuer, in scope, its status accepted", seeJudge, ""},
	{"E4", kindLevel, "as E3, bound to the key that signed the file, at an attested time, granted by the person or a verified representative", seeJudge, ""},
	{"E5", kindLevel, "the person's own clearance of this very file", seeJudge, ""},
	{"B0", kindBinding, "not at all", seeBinding, ""},
	{"B1", kindBinding, "the token names the provider, and the provider signed", seeBinding, ""},
	{"B2", kindBinding, "the token names the key that signed the claim", seeBinding, ""},
	{"B3", kindBinding, "the token names this generation by its request", seeBinding, ""},
	{"B4", kindBinding, "the clearance names this very content by its digest", seeBinding, ""},
	{"B5", kindBinding, "the clearance names this content and the person's regions in it", seeBinding, ""},
	{"T0", kindClock, "not known: the validation time stands in for it", seeBinding, ""},
	{"T1", kindClock, "as the signer claims it", seeBinding, ""},
	{"T2", kindClock, "attested by a trusted time-stamp: it existed by then", seeBinding, ""},

	{"newsroom", kindProfile, "asks what is declared, and how strongly; judges consent as of the generation, wants E3 and warns rather than fails", seeJudge, ""},
	{"studio", kindProfile, "asks whether our talent was used, and under which grant; judges consent at generation and now, wants E4", seeJudge, ""},
	{"ci", kindProfile, "asks whether this may ship; judges consent as of now, wants E3, and fails where it cannot tell", seeJudge, ""},

	{"store_malformed", kindEvent, "there is a manifest store that cannot be read, or the container is damaged", seeJudge, "Ask for the original file; this one was cut or damaged on its way."},
	{"manifest_invalid", kindEvent, "the content was changed, or the signature does not hold", seeJudge, "Ask for the original file; \"inspect\" shows what the manifest held."},
	{"media_unbound", kindEvent, "pictures or sound lie outside what the signature binds: they could be other ones", "C2PA 2.5, 16.3.2", "Rely on nothing that lies outside; ask the signer for a file that binds all of it."},
	{"partly_bound", kindEvent, "something that decides what is shown lies outside what the signature binds", "C2PA 2.5, 16.3.2", "See under \"failures\" and \"to know\" what is not bound, and whether it matters for your use."},
	{"history_invalid", kindEvent, "a manifest before the active one, which it rests on, was changed or does not hold", "C2PA 2.5, 14.11", "See \"history\"; ask the signer whether the change was known, or for the file as it was before."},
	{"signer_untrusted", kindEvent, "the signer is on no trust list", seeJudge, "If you know the signer, name its anchors with --trust."},
	{"no_provenance", kindEvent, "nothing signed speaks about this file", seeJudge, "Ask the publisher for the file with its Content Credentials; many sites strip them."},
	{"origin_unknown", kindEvent, "nothing says where the picture comes from", seeJudge, "Ask who made the file and how; the absence of a statement says nothing."},
	{"no_assertion", kindEvent, "generated, and nothing is declared about the depicted people", seeJudge, "Ask the provider who is depicted, and under which consent."},
	{"assertion_unusable", kindEvent, "the consent assertion is malformed, too large or was redacted", seeJudge, "Ask the provider for a declaration that can be read."},
	{"list_rejected", kindEvent, "a trust list or registry bundle was refused", seeJudge, "See which list and why; get the current one from whoever issues it."},
	{"contradicted", kindEvent, "the registry answers that the declaration names are not those of the same bundle", "consent format 1, 7", "Ask the provider for the registry bundle that it asked."},
	{"incomplete", kindEvent, "declared complete, and a face is covered by nobody", seeJudge, "Ask the provider who the uncovered face is; \"persons\" shows when and where it is seen."},
	{"not_analysed", kindEvent, "pixels were to be analysed, and were not", seeJudge, "See the reason under \"not checked\"; \"models check\" says whether what finds faces is installed."},
	{"not_complete", kindEvent, "the declaration does not say that it lists everybody", seeJudge, "Ask the provider whether everybody is listed."},
	{"undeclared_face", kindEvent, "a face that no entry covers", seeJudge, "Look at the time and place, and ask the provider who that is."},
	{"possible_face", kindEvent, "what may be a face, and no entry covers", seeJudge, "Look at the time and place; if it is nobody, write possible_face: PASS under \"on\" in a policy file."},
	{"different_faces", kindEvent, "an entry for one person covers faces that are not alike, or one face turns into another", seeJudge, "Look at the tracks: a person may look different, and a region may hold two people."},
	{"undeclared_voice", kindEvent, "a sound track that sounds like speech, and no declared voice stands for it", seeJudge, "Listen; if it is nobody's voice, write undeclared_voice: PASS under \"on\" in a policy file."},

	{"incomplete_run", kindEvent, "the run ended before everything was looked at: the time given was over, or something could not be read. Nothing else of the report weighs", "consentry", "Give more time (--timeout), or look at the error."},
	{"not_supported", kindEvent, "the file needs what this version cannot check; whatever the policy says, that is no yes", "consentry", ""},

	{"trainedAlgorithmicMedia", kindSource, "made by a trained model, from nothing but a prompt or other input", "IPTC NewsCodes, digitalsourcetype", ""},
	{"compositeWithTrainedAlgorithmicMedia", kindSource, "put together, and a part comes from a trained model", "IPTC NewsCodes, digitalsourcetype", ""},
	{"digitalCapture", kindSource, "taken by a camera", "IPTC NewsCodes, digitalsourcetype", ""},
	{"c2pa.created", kindAction, "the file was made here; its source type says by what", "C2PA 2.5, 16.4", ""},
	{"c2pa.opened", kindAction, "an existing file was opened, to be changed or published", "C2PA 2.5, 16.4", ""},

	{"token", kindConsent, "a signed statement of the person, or of who may speak for them, about one use of face, voice or another trait", "consent format 1, 3", ""},
	{"grant", kindConsent, "a token that permits", "consent format 1, 3", ""},
	{"refusal", kindConsent, "a token that forbids", "consent format 1, 3", ""},
	{"clearance", kindConsent, "a token that permits one finished file, by its digest", "consent format 1, 3", ""},
	{"replica", kindConsent, "a rendering of a real person's face, voice or other trait", "consent format 1, 2", ""},
	{"completeness", kindConsent, "whether the declaration says that it lists everybody who is depicted", "consent format 1, 2", ""},
	{"standing order", kindConsent, "what an agency or a guild says beforehand for all whom it represents, in a signed registry bundle", "consent format 1, 7", ""},
	{"anchor", kindList, "a certificate at the top of a list that you accept: signers whose certificates lead to it are trusted", "C2PA 2.5, 13.4", ""},

	{"class A", kindClass, "a statement that a trusted signer signed", "consentry", ""},
	{"class B", kindClass, "an unsigned statement in a form that a standard fixes", "consentry", ""},
	{"class C", kindClass, "a mark in the picture, with a bound on false alarms", "consentry", ""},
	{"class D", kindClass, "a visible mark of a generator, found by its shape and how it moves", "consentry", ""},
	{"class E", kindClass, "a tag that a tool leaves behind", "consentry", ""},
	{"class F", kindClass, "a hint; nothing follows from it", "consentry", ""},

	{"created", kindPlace, "in the part of the claim that the signer vouches for", "C2PA 2.5, 10.3.2.2", ""},
	{"gathered", kindPlace, "in the part of the claim that the signer took from elsewhere and does not vouch for: a declaration there counts for less", "C2PA 2.5, 10.3.2.2", ""},

	{"dwtDct", kindMark, "an invisible mark that the generators of Stable Diffusion and others write with the package invisible-watermark. Its messages are public, and anybody can copy one; class C", "consentry", ""},
	{"dwtDctSvd", kindMark, "as dwtDct, in another place of the same package; it outlives more compression; class C", "consentry", ""},

	{"provenance", kindLine, "whether the file carries a manifest of its history, and whether that holds", seeStates, ""},
	{"integrity", kindLine, "whether the content is the one that was signed", "C2PA 2.5, 14.12", ""},
	{"signer", kindLine, "who signed the active manifest, and which trust list vouches for them", "C2PA 2.5, 13.4", ""},
	{"time", kindLine, "when the signature was made, and who says so", "C2PA 2.5, 14.8", ""},
	{"revocation", kindLine, "whether the signer's certificate was withdrawn", "C2PA 2.5, 14.9", ""},
	{"what if", kindLine, "the verdict that other trust lists would give, where --what-if asks; it changes nothing", "", ""},
	{"origin", kindLine, "whether the picture was generated or recorded, and what that rests on", seeJudge, ""},
	{"picture", kindLine, "what was decoded of the picture", "", ""},
	{"watermark", kindLine, "invisible marks of generators that were found in the picture", "", ""},
	{"faces", kindLine, "whether somebody looked for faces, to hold them against the people who are declared", "", ""},
	{"voices", kindLine, "whether the sound sounds like speech; nobody says whose voice it is", "", ""},
	{"label", kindLine, "an unsigned statement in the file about how it was made", "", ""},
	{"binding", kindLine, "what ties a hash to the content, or a token to the file; see B0 to B5", seeBinding, ""},
	{"why", kindLine, "the events that made the verdict, worst first", seeJudge, ""},
	{"failures", kindLine, "what does not hold, with the place and the clause", "C2PA 2.5, 14.2.2", ""},
	{"to-know", kindLine, "what decides nothing by itself, and is worth knowing", "C2PA 2.5, 14.2.2", ""},
	{"what-holds", kindLine, "the checks that succeeded, by their codes", "C2PA 2.5, 14.2.2", ""},
	{"history", kindLine, "what each manifest says was done, the newest first", "C2PA 2.5, 16.4.1", ""},

	{"decoded", kindPicture, "frames were read out of the file", "", ""},
	{"off", kindPicture, "nobody asked for it", "", "--frames and --persons say what is looked at."},
	{"analysed", kindPicture, "looked at, in all frames that were asked for", "", ""},
	{"partial", kindPicture, "looked at, in a part of the frames", "", ""},
	{"not-analysed", kindPicture, "asked for, and it could not be done; the line says why", "", ""},
	{"none-found", kindPicture, "looked for, and nothing was there; that proves nothing", "", ""},
	{"found", kindPicture, "so many were there", "", ""},
	{"not-checked", kindPicture, "nobody looked; the end of the report says why", "", ""},

	{"complete", kindMember, "true: the container was walked to its end, the manifest store could be read, and no step was cut short. Of pixels and people watermarks.state and persons.status say how much was looked at", "", "false: see what was not checked. The verdict is never a yes then."},
	{"notChecked", kindMember, "what was not looked at or could not be, and why", "", "Give what is missing: anchors, --fetch, the original file."},
	{"notSeen", kindMember, "people who are declared with a place or a time, and of whom no face was found there", seeJudge, "A face turned away, masked or small is not found: look yourself."},
	{"identityDrift", kindMember, "tracks that end with another face than they begin with, where --link-persons compared them", "", "Look at the clip where the track ends."},
	{"alike", kindMember, "tracks whose faces are alike, where --link-persons compared them: maybe the same person, by whatever name", "", "It names nobody and covers nobody; look yourself."},
	{"match", kindStrength, "the fingerprints are so near that another clip would hardly come as near", "docs/accuracy.md", ""},
	{"weak", kindStrength, "the fingerprints are near, and another clip may come as near by chance", "docs/accuracy.md", "Compare the clips by eye."},

	{"bmff.v2", kindHash, "a hash over the boxes of an MP4 file, the way of older files", "C2PA 2.5, 16.3.2", ""},
	{"bmff.v3", kindHash, "a hash over the boxes of an MP4 file", "C2PA 2.5, 16.3.2", ""},
	{"data", kindHash, "a hash over the bytes of a file, with ranges left out", "C2PA 2.5, 16.3.1", ""},
	{"boxes", kindHash, "a hash over named parts of a file", "C2PA 2.5, 16.3.3", ""},

	{"c2pa", kindList, "the official lists of the C2PA conformance programme: claim signers and time-stamp authorities", "C2PA 2.5, 13.4", ""},
	{"c2pa-interim", kindList, "the list that came before the official one, frozen; many files of 2024 and 2025 need it", "", ""},
	{"public-tsa", kindList, "roots of commercial time-stamp authorities that real files use and the official list lacks", "", ""},
	{"cawg", kindList, "anchors and certificates for identity assertions", "", ""},

	{"performer", kindRole, "the person; speaks for themselves alone", seeRoles, ""},
	{"guardian", kindRole, "speaks for a minor", seeRoles, ""},
	{"estate", kindRole, "speaks for a dead person", seeRoles, ""},
	{"agency", kindRole, "speaks for who is on its roster, or who delegated to it", seeRoles, ""},
	{"guild", kindRole, "may forbid, never grant", seeRoles, ""},
	{"studio", kindRole, "grants only by a delegation", seeRoles, ""},
	{"platform", kindRole, "speaks for its enrolled users, towards itself alone", seeRoles, ""},
	{"rightsholder", kindRole, "speaks for works, not for people", seeRoles, ""},
	{"registry", kindRole, "publishes standing orders", seeRoles, ""},
	{"provider", kindRole, "generates and signs; its own word is E2", seeRoles, ""},
}
