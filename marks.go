package consentry

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/consentry/consentry/origin"
	"github.com/consentry/consentry/report"
	"github.com/consentry/consentry/video"
	"github.com/consentry/consentry/watermark"
)

// lookForMarks looks for invisible marks in all frames that are decoded.
func (r *run) lookForMarks() look {
	d := watermark.New(watermark.Options{Messages: r.v.Messages, Thorough: r.v.Thorough})
	var length time.Duration
	return look{
		sink: video.Sink{
			Info:  func(i *video.Info) error { length = i.Duration; return nil },
			Frame: d.Frame,
		},
		done: func(res *video.Result) error {
			if r.mode() == video.AllFrames {
				length = 0 // the last frame says where the pictures end
			}
			r.tellMarks(d.End(length))
			if b := res.Broken; b != nil {
				w := &r.out.Watermarks
				w.State = "partial"
				w.Reason = optional(fmt.Sprintf("%s; the stream breaks near %s", *w.Reason, clock(b.Time)))
			}
			return nil
		},
		failed: func(why string) error {
			// What was not found before a decoder gave up is not absent; what was found is there.
			if res := d.End(0); len(res.Found) > 0 {
				r.tellMarks(res)
				r.out.Watermarks.State, r.out.Watermarks.Reason = "partial", optional(*r.out.Watermarks.Reason+"; "+why)
			}
			return nil
		},
	}
}

// tellMarks writes what a look found.
func (r *run) tellMarks(res *watermark.Result) {
	w := &r.out.Watermarks
	w.State, w.Reason = "analysed", optional(lookedAt(res))
	r.otherMarks()
	for _, f := range res.Found {
		m := watermarkRow(&f, res.Tries)
		w.Found = append(w.Found, m)
		name := markName(&m)
		text := fmt.Sprintf("%s: correlation %.3f, counted from %.3f; chance %.1g at most in %d comparisons", name, f.Statistic, f.Threshold, f.Bound, res.Tries)
		if f.Geometry != "" {
			text += "; the picture is " + f.Geometry
		}
		if slices.Contains(watermark.Algorithms, f.Algorithm) {
			text += "; that the message is there is what is bounded, which of " + bothAlgorithms() + " wrote it is told by a rule of thumb"
		}
		r.find(report.New("watermark.found", "", text))
		if f.Partial {
			partial := report.Newf("watermark.partial", "", "%s is in %s; other key frames, which could show it, do not", name, spansInWords(f.Spans))
			partial.Where = spansInWords(f.Spans)
			r.find(partial)
		}
	}
	for _, f := range res.Weak {
		r.find(report.Newf("watermark.weak", "", "%s %s: correlation %.3f, counted from %.3f", f.Algorithm, cmp.Or(f.Scheme, f.Message), f.Statistic, f.Threshold))
	}
}

// watermarkRow is a mark as the report lists it.
func watermarkRow(f *watermark.Found, tries int) report.Watermark {
	m := report.Watermark{
		Algorithm: string(f.Algorithm), Scheme: f.Scheme, Bits: f.Bits, Message: f.Message, Statistic: f.Statistic,
		Threshold: f.Threshold, FalsePositiveBound: f.Bound, Tries: tries, SpansMs: [][2]int64{},
	}
	for _, s := range f.Spans {
		m.SpansMs = append(m.SpansMs, [2]int64{millis(s[0]), millis(s[1])})
	}
	return m
}

// bothAlgorithms are those whose marks are read without a network.
func bothAlgorithms() string {
	names := make([]string, 0, len(watermark.Algorithms))
	for _, a := range watermark.Algorithms {
		names = append(names, string(a))
	}
	return strings.Join(names, " and ")
}

// markName is a mark as findings and the origin name it.
func markName(m *report.Watermark) string { return m.Algorithm + " " + cmp.Or(m.Scheme, m.Message) }

// lookedAt says what was looked at.
func lookedAt(res *watermark.Result) string {
	names := make([]string, 0, len(watermark.Algorithms))
	for _, a := range watermark.Algorithms {
		names = append(names, string(a))
	}
	s := strings.Join(names, ", ")
	switch {
	case res.Frames == 0 && res.Unread == 0:
		return s + ": there is no picture to look at"
	case res.Frames == 0:
		return fmt.Sprintf("%s: %s without colour or too small to carry a mark", s, report.Count(res.Unread, "frame"))
	case res.Frames == res.Keys:
		s += " on " + report.Count(res.Keys, "key frame")
	default:
		s += fmt.Sprintf(" on %s, %d of them key frames", report.Count(res.Frames, "frame"), res.Keys)
	}
	if res.Unread > 0 {
		s += fmt.Sprintf("; %s without colour or too small", report.Count(res.Unread, "frame"))
	}
	return s
}

// millis is a time in whole milliseconds, to the nearest; ticks of a container rarely are.
func millis(d time.Duration) int64 { return max(0, d.Round(time.Millisecond).Milliseconds()) }

// maxSpansInWords bounds what a sentence lists; the report has all.
const maxSpansInWords = 3

func spansInWords(spans [][2]time.Duration) string {
	var parts []string
	for i, s := range spans {
		if i == maxSpansInWords {
			parts = append(parts, fmt.Sprintf("%d more", len(spans)-i))
			break
		}
		parts = append(parts, clock(s[0])+"–"+clock(s[1]))
	}
	return strings.Join(parts, ", ")
}

// marks are those found that say how the picture was made, for the facts.
func (r *run) marks() (out []string) {
	for i := range r.out.Watermarks.Found {
		out = append(out, markName(&r.out.Watermarks.Found[i]))
	}
	_, claims := r.generatedByDetectors()
	return append(out, claims...)
}

// markClashes tells where marks contradict each other or what is declared. The origin is decided.
func (r *run) markClashes() {
	if heard := r.soundHints(); len(heard) > 0 && r.capturedSaid() {
		r.find(report.Newf("watermark.soundClash", "", "the manifest declares a recording, and the sound looks marked by %s", strings.Join(heard, ", ")))
	}
	found, all := r.out.Watermarks.Found, r.marks()
	if len(all) == 0 {
		return
	}
	names := strings.Join(all, ", ")
	if r.out.Origin.State == origin.Contradicted {
		r.find(report.Newf("watermark.clash", "", "the manifest declares a recording, and the picture carries %s", names))
	}
	schemes := map[string]bool{}
	for _, m := range found {
		schemes[cmp.Or(m.Scheme, m.Message)] = true
	}
	theirs, _ := r.generatedByDetectors()
	for _, name := range theirs {
		schemes[name] = true
	}
	if len(schemes) > 1 {
		r.find(report.Newf("watermark.severalProducers", "", "the picture carries %s", names))
	}
}
