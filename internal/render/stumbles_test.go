package render_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/render"
	"github.com/consentry/consentry/report"
)

// TestTheTextClaimsWhatIsKnown: each line says what was found out and no more, and no two lines of a report contradict
// each other.
func TestTheTextClaimsWhatIsKnown(t *testing.T) {
	finding := func(code string) report.Finding { return report.New(code, "", "") }
	invalid := func(r *report.Report, codes ...string) {
		r.Verdict, r.Provenance.State = report.Fail, ptr("invalid")
		r.Reasons = []report.Reason{{Event: "manifest_invalid", Outcome: report.Fail, Text: "the manifest is not valid"}}
		for _, c := range codes {
			r.Provenance.Manifests[0].Failure = append(r.Provenance.Manifests[0].Failure, finding(c))
		}
	}
	altered := func(r *report.Report) {
		r.Provenance.Integrity = report.Integrity{State: "altered", Binding: "c2pa.hash.bmff.v3", Damage: []report.Damage{{Where: "somewhere in the bound bytes"}}}
		r.Findings = append(r.Findings, finding("asset.truncated"))
		r.Reasons = append([]report.Reason{{Event: "store_malformed", Outcome: report.Fail, Text: "a box ends behind the file"}}, r.Reasons...)
	}
	sound := func(r *report.Report) { r.Asset.Tracks = []report.Track{{ID: 1, Kind: "audio"}} }
	for _, c := range []struct {
		name        string
		of          *report.Report
		change      func(*report.Report)
		says, never string
	}{
		{"a stranger's file that nothing binds", signed("a.mp4"), func(r *report.Report) { invalid(r, "signingCredential.untrusted", "claim.hardBindings.missing") }, "the manifest does not hold: nothing binds the manifest to this content", "does not hold: the signer"},
		{"a file whose signer alone is amiss", signed("a.mp4"), func(r *report.Report) { invalid(r, "signingCredential.untrusted") }, "the manifest does not hold: the signer is on no trust list", ""},
		{"an expired certificate", signed("a.mp4"), func(r *report.Report) {
			r.Provenance.Time.State = "claimed"
			invalid(r, "claimSignature.outsideValidity")
		}, "the certificate has expired or is not valid yet, and no time-stamp that counts shows that it was signed in time", "--tsa-trust"},
		{"an expired certificate, and a stranger's time-stamp", signed("a.mp4"), func(r *report.Report) {
			r.Provenance.Time.State = "claimed"
			invalid(r, "claimSignature.outsideValidity")
			r.Provenance.Manifests[0].Informational = append(r.Provenance.Manifests[0].Informational, finding("timeStamp.untrusted"))
		}, "is by nobody on your lists (--tsa-trust)", "signing time lies"},
		{"a time that was attested", signed("a.mp4"), func(r *report.Report) {
			r.Provenance.Time.State = "attested"
			invalid(r, "claimSignature.outsideValidity")
		}, "a certificate was not valid at the time that counts: a trusted time-stamp's, or the time of validation", "--tsa-trust"},
		{"a manifest that lies beside another file", signed("a.mp4"), func(r *report.Report) {
			invalid(r)
			r.Provenance.Integrity = report.Integrity{State: "altered", Binding: "c2pa.hash.bmff.v3"}
			r.Provenance.Carrier = ptr("sidecar")
		}, "FAIL  a.mp4: the content is not the one that its manifest, which lies elsewhere, was signed for", "was changed after it was signed"},
		{"a manifest that lies beside the file", signed("a.mp4"), func(r *report.Report) { r.Provenance.Carrier = ptr("sidecar") }, ", in a file beside it\n", ""},
		{"a set in which a file is missing", signed("a.mp4"), func(r *report.Report) {
			invalid(r)
			r.Provenance.Integrity = report.Integrity{State: "altered", Binding: "c2pa.hash.bmff.v3", Fragments: []report.Fragment{{Name: "1.m4s", State: "intact"}, {Name: "2.m4s", State: "missing"}}}
		}, "FAIL  a.mp4: a part of what was signed is missing", "was changed after it was signed"},
		{"a stream in which a segment is played again", signed("a.mp4"), func(r *report.Report) {
			invalid(r)
			r.Provenance.Integrity = report.Integrity{State: "altered", Binding: "c2pa.hash.bmff.v3", Fragments: []report.Fragment{{Name: "1.m4s", State: "intact"}, {Name: "1.m4s", State: "altered"}}}
		}, "FAIL  a.mp4: segments are not as they were signed, or not in their place", "was changed after it was signed"},
		{"a set with a hole", signed("a.mp4"), func(r *report.Report) {
			r.Provenance.Integrity.Fragments = []report.Fragment{{Name: "1.m4s", State: "intact"}, {Name: "3.m4s", State: "altered"}, {State: "missing", Why: "missing"}}
		}, "fragments   not as signed    1 of 2 files, 1 part missing\n", ""},
		{"a set whose end is missing", signed("a.mp4"), func(r *report.Report) {
			r.Provenance.Integrity.Fragments = []report.Fragment{{Name: "1.m4s", State: "intact"}, {State: "missing", Why: "missing"}}
		}, "fragments   not as signed    1 part missing\n", ""},
		{"a recording that begins in the middle", signed("a.mp4"), func(r *report.Report) {
			r.Provenance.Integrity = report.Integrity{State: "partial", Binding: "c2pa.hash.bmff.v3", Fragments: []report.Fragment{{Name: "1.m4s", State: "intact"}}}
			r.NotChecked = append(r.NotChecked, report.NotChecked{What: "continuity", Why: "what came before the first segment is not known"})
		}, "what was given is as signed (bmff.v3); what came before the first segment is not known\n", "not everything is bound"},
		{"a recording by the word of a manifest that does not hold", signed("a.mp4"), func(r *report.Report) {
			r.Verdict = report.Indeterminate
			r.Reasons = []report.Reason{{Event: "signer_untrusted", Outcome: report.Indeterminate, Text: "declared by an earlier one"}, {Event: "history_invalid", Outcome: report.Warn, Text: "manifest 2 of 2"}}
		}, "INDETERMINATE  a.mp4: a recording by the word of an earlier manifest, which cannot be relied on", "mp4: signed, and the signer"},
		{"a history that does not hold", signed("a.mp4"), func(r *report.Report) {
			r.Verdict, r.Reasons = report.Warn, []report.Reason{{Event: "history_invalid", Outcome: report.Warn, Text: "manifest 2 of 2"}}
		}, "WARN  a.mp4: signed, and an earlier manifest that it rests on does not hold", "verified;"},
		{"a redaction", signed("a.mp4"), func(r *report.Report) {
			m := r.Provenance.Manifests
			m[0].Redactions = []report.Redaction{{Label: "cawg.identity", Manifest: m[1].Label, Reason: "c2pa.PII.present"}, {Label: "c2pa.metadata", Manifest: "elsewhere"}}
		}, "    redacts cawg.identity of manifest 2, c2pa.PII.present\n    redacts c2pa.metadata\n", ""},
		{"a set", signed("a.mp4"), func(r *report.Report) {
			r.Provenance.Integrity.Fragments = []report.Fragment{{Name: "1.m4s", State: "intact"}}
		}, "the content is the one that was signed (bmff.v3)\n", ""},
		{"a cut file", signed("a.mp4"), func(r *report.Report) { invalid(r); altered(r) }, "integrity   altered          the file ends before its container does, and is not what was signed (bmff.v3)", "one hash covers them all"},
		{"a file that somebody wrote text behind", signed("a.mp4"), func(r *report.Report) {
			invalid(r)
			altered(r)
			r.Provenance.Integrity.Cause = &report.Cause{Kind: "bytes-appended", Explanation: "11 bytes were appended"}
		}, "FAIL  a.mp4: bytes were appended behind what was signed", "altered          the file ends before"},
		{"nothing could be read", blank("a.mp4"), func(r *report.Report) {
			r.Provenance.Signer.State, r.Provenance.Time.State = "none", "none"
		}, "signer      not checked\n  time        not checked\n", "none"},
		{"there is no manifest", blank("a.mp4"), func(r *report.Report) {
			r.Provenance.State, r.Provenance.Store = ptr("absent"), ptr("absent")
			r.Provenance.Signer.State, r.Provenance.Time.State = "none", "none"
		}, "signer      none\n  time        none\n", "signer      not"},
		{"no time", blank("a.mp4"), func(r *report.Report) {
			r.Origin.State, r.Reasons = "unknown", []report.Reason{{Event: "incomplete_run", Outcome: report.Indeterminate, Text: "the time for this file was over"}}
		}, "origin      not checked      the run ended before\n", "unknown"},
		{"sound, by its tracks", blank("a.mp4"), func(r *report.Report) {
			sound(r)
			r.Decoded, r.Watermarks.State, r.Persons.Status = &report.Decoded{}, "analysed", "off"
		}, "watermark   not checked      the file has no picture\n  faces       off              the file has no picture\n", "none found"},
		{"a stream that breaks", blank("a.mp4"), func(r *report.Report) {
			r.Watermarks.State = "partial"
		}, "watermark   none found       in what could be decoded", ""},
		{"a video of which no frame came", blank("a.mp4"), func(r *report.Report) {
			r.Asset.Tracks, r.Decoded, r.Watermarks.State = []report.Track{{ID: 1, Kind: "video"}}, &report.Decoded{}, "analysed"
		}, "watermark   not checked      there is no picture to look at\n", "none found"},
		{"sound, by its container", blank("a.wav"), func(r *report.Report) { r.Asset.Format, r.Persons.Status = "wav", "off" }, "faces       off              the file has no picture", "nobody looked"},
		{"sound in which a mark was found", blank("a.wav"), func(r *report.Report) {
			sound(r)
			r.Decoded, r.Watermarks.State, r.Watermarks.Found = &report.Decoded{}, "analysed", []report.Watermark{{Algorithm: "x"}}
		}, "watermark   1 found", "the file has no picture\n  watermark"},
		{"a picture that nobody looked at", blank("a.mp4"), func(r *report.Report) { r.Persons.Status = "off" }, "nobody looked for faces", "no picture"},
		{"a finding of an ingredient", signed("a.mp4"), func(r *report.Report) {
			f := finding("consent.time.claimedOnly")
			f.Manifest = "urn:c2pa:one"
			r.Findings = append(r.Findings, f)
		}, "\n    manifest 2; ", ""},
		{"a finding whose address lies in an ingredient", signed("a.mp4"), func(r *report.Report) {
			r.People = []report.Person{person("p1", "invalid", "E0", "B0")}
			r.People[0].Findings = []report.Finding{report.New("consent.token.audienceMismatch", "self#jumbf=/c2pa/urn:c2pa:one/c2pa.assertions/x", "")}
		}, "\n    p1, manifest 2; ", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.change(c.of)
			var b bytes.Buffer
			if err := render.Text(&b, c.of, render.Options{}); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(b.String(), c.says) || c.never != "" && strings.Contains(b.String(), c.never) {
				t.Errorf("no %q, or %q, in\n%s", c.says, c.never, b.String())
			}
		})
	}
}

// TestOneIsNoPlural: a count of one takes a noun without an s.
func TestOneIsNoPlural(t *testing.T) {
	for n, want := range map[int]string{0: "0 boxes", 1: "1 box", 2: "2 boxes"} {
		if got := report.Count(n, "box"); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	var b bytes.Buffer
	if err := render.BatchText(&b, render.NewBatch([]*report.Report{blank("a.mp4")}), render.Options{}); err != nil || !strings.Contains(b.String(), "INDETERMINATE  1 file: ") {
		t.Errorf("%v: %s", err, b.String())
	}
	if got := render.Size(1); got != "1 byte" {
		t.Errorf("%q", got)
	}
}

// TestFacesThatWereCountedHaveNoPlace: who is declared without a region has none, and none of several faces is called the
// one that nobody covers.
func TestFacesThatWereCountedHaveNoPlace(t *testing.T) {
	for counted, want := range map[string][2]string{
		"p1": {`counted for "p1", which has no region`, "one more than is declared at this time"},
		"p2": {`in the region of "p1"`, "one more than is declared at this time"},
		"":   {`in the region of "p1"`, "covered by no entry"},
	} {
		p := &report.Persons{Status: "analysed", Tracks: []report.PersonTrack{{ID: 1, Person: ptr("p1")}, {ID: 2}}}
		p.Undeclared = []int{2}
		first := "a.mp4: 1 face that no entry covers; 2 face tracks"
		if counted != "" {
			first = "a.mp4: 1 face more than the declaration covers; 2 face tracks"
			p.Counted = []string{counted}
		}
		var b bytes.Buffer
		if err := render.PersonsText(&b, "a.mp4", p, nil, true); err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(b.String(), first) {
			t.Errorf("no %q first in\n%s", first, b.String())
		}
		for _, s := range want {
			if !strings.Contains(b.String(), s) {
				t.Errorf("no %q in\n%s", s, b.String())
			}
		}
	}
}
