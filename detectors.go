package consentry

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/consentry/consentry/detector"
	"github.com/consentry/consentry/manifest"
	"github.com/consentry/consentry/report"
	"github.com/consentry/consentry/softbinding"
	"github.com/consentry/consentry/video"
)

// The states of a detector of somebody else's in the report.
const (
	detectorDone    = "analysed"
	detectorPartly  = "partial"
	detectorFailure = "detector-error"
)

// detectorLooks are the looks of programs of somebody else's, as far as they could be started.
func (r *run) detectorLooks(ctx context.Context) (out []look) {
	for i, p := range r.v.Detectors {
		if i == detector.MaxPrograms {
			r.notChecked("further detectors", fmt.Sprintf("a run asks %d", detector.MaxPrograms))
			break
		}
		if l, ok := r.lookWith(ctx, p); ok {
			out = append(out, l)
		}
	}
	return out
}

// lookWith starts a program and shows it the frames.
func (r *run) lookWith(ctx context.Context, p *detector.Program) (look, bool) {
	a := detector.Asset{}
	if ms := r.out.Asset.DurationMs; ms != nil {
		a.DurationMs = *ms
	}
	for i := range r.declared {
		if b := &r.declared[i]; b.Fault == "" {
			a.Expect = append(a.Expect, detector.Expectation{Alg: b.Alg, Value: b.Value})
		}
	}
	s, err := p.Start(ctx, a)
	if err != nil {
		failure := &detector.Error{Reason: detector.ReasonUnavailable, Err: err}
		errors.As(err, &failure)
		r.tellDetector(p, detector.Outcome{Err: failure}, "")
		return look{}, false
	}
	r.sessions = append(r.sessions, s)
	want := s.Wants()
	all := want.Frames == "all" && !r.v.FramesFixed
	less := ""
	if want.Frames == "all" && !all {
		less = "only key frames are decoded, and it wants all"
	}
	return look{
		all:  all,
		sink: video.Sink{Frame: func(f *video.Frame) error { s.Frame(f); return nil }},
		done: func(res *video.Result) error {
			if b := res.Broken; b != nil {
				less = "the stream breaks near " + clock(b.Time)
			}
			r.tellDetector(p, s.End(), less)
			return nil
		},
		failed: func(why string) error {
			r.tellDetector(p, s.Abort(why), "")
			return nil
		},
	}, true
}

// closeDetectors ends those that a decode that came to no end left over.
func (r *run) closeDetectors() {
	for _, s := range r.sessions {
		s.Abort("the decode came to no end")
	}
	r.sessions = nil
}

// tellDetector writes down what a program said; less is what kept it from seeing all.
func (r *run) tellDetector(p *detector.Program, o detector.Outcome, less string) {
	row := report.Detector{
		Program: p.Name, SHA256: p.SHA256, Name: o.Hello.Name, Version: o.Hello.Version, Algs: append([]string{}, o.Hello.Algs...),
		State: detectorDone, Frames: o.Frames, Findings: []report.DetectorFinding{},
		Confinement: report.DetectorConfinement{Network: true, Files: o.Confinement.Files, Missing: append([]string{}, o.Confinement.Missing...)},
	}
	name := detectorName(&row)
	if less == "" && o.Unread > 0 {
		less = report.Count(int(o.Unread), "frame") + " without the planes that it wants"
	}
	switch {
	case o.Err != nil:
		row.State, row.Reason = detectorFailure, optional(o.Err.Error())
		r.find(report.Newf("watermark.detectorError", "", "%s: %s", name, o.Err))
		r.notChecked("marks that "+name+" looks for", o.Err.Error())
	case o.Frames == 0:
		row.State, row.Reason = detectorPartly, optional(cmp.Or(less, "there was no frame to show to it"))
		r.notChecked("marks that "+name+" looks for", *row.Reason)
	case less != "":
		row.State, row.Reason = detectorPartly, optional(less)
	}
	for i := range o.Findings {
		f := detectorFinding(&o.Findings[i])
		row.Findings = append(row.Findings, f)
		r.tellFinding(name, &f)
	}
	r.out.Watermarks.Detectors = append(r.out.Watermarks.Detectors, row)
}

// detectorName is a program as findings name it.
func detectorName(d *report.Detector) string {
	if d.Name == "" {
		return fmt.Sprintf("the detector %q", d.Program)
	}
	return fmt.Sprintf("the detector %q %s", d.Name, d.Version)
}

// detectorFinding gives a finding the class of what it claims: the bound is its vendor's, and nobody has checked it.
func detectorFinding(f *detector.Finding) report.DetectorFinding {
	out := report.DetectorFinding{
		Claim: f.Claim, Class: "F", Algorithm: f.Alg, Message: f.Message, Subject: f.Subject, Text: f.Text, Statistic: f.Statistic,
		Threshold: f.Threshold, FalsePositiveBound: f.FalsePositiveBound, Tries: f.Tries, SpansMs: append([][2]int64{}, f.SpansMs...),
	}
	if f.Counts() {
		out.Class = "C"
	}
	return out
}

func (r *run) tellFinding(name string, f *report.DetectorFinding) {
	what := cmp.Or(f.Algorithm, "no algorithm named")
	if f.Message != "" {
		what += ", message " + f.Message
	}
	if f.Subject != "" {
		what += fmt.Sprintf(", of %q", f.Subject)
	}
	if f.Text != "" {
		what += fmt.Sprintf(": %q", f.Text)
	}
	code, chance := "watermark.detectorHint", "no bound on its false alarms"
	if f.FalsePositiveBound != nil {
		chance = fmt.Sprintf("its vendor claims at most %.1g false alarms a clip", *f.FalsePositiveBound)
	}
	if f.Class == "C" {
		code = "watermark.detector"
	}
	out := report.Newf(code, "", "%s says %s: %s; %s", name, f.Claim, what, chance)
	if len(f.SpansMs) > 0 {
		var spans [][2]time.Duration
		for _, s := range f.SpansMs {
			spans = append(spans, [2]time.Duration{ms(s[0]), ms(s[1])})
		}
		out.Where = spansInWords(spans)
	}
	r.find(out)
}

// counting are the findings of all detectors that are marks that count.
func (r *run) counting() (out []*report.DetectorFinding) {
	for i := range r.out.Watermarks.Detectors {
		d := &r.out.Watermarks.Detectors[i]
		for n := range d.Findings {
			if d.Findings[n].Class == "C" {
				out = append(out, &d.Findings[n])
			}
		}
	}
	return out
}

// generatedByDetectors names the marks of which a detector says, with a bound, that they make a picture generated, and
// says for each on whose word it stands. A mark that only traces copies says nothing of that.
func (r *run) generatedByDetectors() (marks, claims []string) {
	for i := range r.out.Watermarks.Detectors {
		d := &r.out.Watermarks.Detectors[i]
		for n := range d.Findings {
			f := &d.Findings[n]
			name := strings.TrimSpace(f.Algorithm + " " + f.Message)
			if f.Class == "C" && f.Claim == detector.ClaimGenerated && !slices.Contains(marks, name) {
				marks = append(marks, name)
				claims = append(claims, fmt.Sprintf("%s (claimed by the vendor of %s)", name, detectorName(d)))
			}
		}
	}
	return marks, claims
}

// detectorsOf are those that answer for an algorithm; none: nobody who does was asked, or could say so.
func (r *run) detectorsOf(alg string) (out []*report.Detector) {
	for i := range r.out.Watermarks.Detectors {
		if d := &r.out.Watermarks.Detectors[i]; slices.Contains(d.Algs, alg) {
			out = append(out, d)
		}
	}
	return out
}

// compareDetected holds a declared value against what the programs of somebody else's that answer for its algorithm
// found. The declared message wins, whoever found it, and it is absent only where all of them looked to the end.
func (r *run) compareDetected(b *manifest.SoftBinding, row *report.SoftBinding, asked []*report.Detector) {
	want := wholeMessage(b)
	other, open, unanswered := "", "", ""
	for _, d := range asked {
		name := detectorName(d)
		switch d.State {
		case detectorFailure:
			unanswered = cmp.Or(unanswered, name+" gave no answer")
		case detectorPartly:
			unanswered = cmp.Or(unanswered, name+" did not see all frames and found nothing")
		}
		for i := range d.Findings {
			f := &d.Findings[i]
			switch {
			case f.Algorithm != b.Alg:
			case f.Class != "C":
				open = cmp.Or(open, name+" only hints at it, without a bound that counts")
			case f.Message == "":
				open = cmp.Or(open, "a mark is there, and "+name+" did not give its message")
			case f.Message == want:
				r.bindingIs(row, bindPresent, "softBinding.present", b, "message "+f.Message+", says "+name)
				return
			case trimHex(f.Message) == trimHex(want): // nobody says here whether zeros in front belong to the message
				open = cmp.Or(open, fmt.Sprintf("message %q is declared, and %s found %q, which is of another length", beginning(want), name, f.Message))
			default:
				other = cmp.Or(other, fmt.Sprintf("message %q is declared, and %q is there, says %s", beginning(want), f.Message, name))
			}
		}
	}
	for i := range r.out.Watermarks.Detectors { // one that never said what it answers for might have answered for this
		if d := &r.out.Watermarks.Detectors[i]; d.State == detectorFailure && len(d.Algs) == 0 {
			unanswered = cmp.Or(unanswered, detectorName(d)+" did not come so far as to say what it looks for")
		}
	}
	switch why := cmp.Or(open, unanswered); {
	case other != "":
		r.bindingIs(row, bindOther, "softBinding.otherMessage", b, other)
	case why != "":
		r.bindingIs(row, bindUnasked, "", b, why)
	default:
		var names []string
		for _, d := range asked {
			names = append(names, detectorName(d))
		}
		r.bindingIs(row, bindAbsent, "softBinding.absent", b, fmt.Sprintf("message %q was not found by %s", beginning(want), strings.Join(names, ", nor by ")))
	}
}

// undeclaredByDetectors lists marks that detectors found and the manifest does not name.
func (r *run) undeclaredByDetectors(m *manifest.ManifestResult, named map[string]bool) {
	for _, f := range r.counting() {
		if named[strings.ToLower(f.Algorithm)] {
			continue
		}
		why := fmt.Sprintf("message %q is in the picture and the manifest does not name it", f.Message)
		r.out.Watermarks.SoftBindings = append(r.out.Watermarks.SoftBindings, report.SoftBinding{
			Alg: f.Algorithm, Result: bindExtra, Type: softbinding.Watermark, Manifest: m.Label, Text: why,
		})
		r.find(report.Newf("softBinding.undeclared", "", "%s: %s", f.Algorithm, why))
	}
}
