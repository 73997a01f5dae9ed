package render

import (
	"fmt"
	"io"
	"strings"

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
