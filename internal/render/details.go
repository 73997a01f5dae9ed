package render

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/consentry/consentry/report"
)

// people writes a line for each person, with what decides the state.
func (t *text) people(title string, list []report.Person) {
	if len(list) == 0 {
		return
	}
	t.b.WriteString("\n")
	if title != "" {
		t.b.WriteString(t.bold(title) + "\n")
	}
	width := 0
	for _, p := range list {
		width = max(width, runes(Clip(p.ID)))
	}
	for _, p := range list {
		id := Clip(p.ID)
		line := fmt.Sprintf("  %s%s  %-12s %-3s %s", id, strings.Repeat(" ", width-runes(id)), words(p.State), Clip(p.Level), t.personDetail(&p))
		t.b.WriteString(strings.TrimRight(line, " ") + "\n")
		if p.AtGeneration != p.Now && p.AtGeneration != "" && p.Now != "" {
			fmt.Fprintf(&t.b, "  %s  at generation %s, now %s\n", strings.Repeat(" ", width), words(p.AtGeneration), words(p.Now))
		}
	}
}

// bindingNames say the binding levels in words. Consent format 1, 5.
var bindingNames = map[string]string{
	"B1": "provider", "B2": "claim-signer", "B3": "generation", "B4": "asset", "B5": "asset and region",
}

// broken says that the manifest does not hold, so that advice to ask for more of what it declares would mislead.
func (t *text) broken() bool {
	s := deref(t.r.Provenance.State)
	return s == "invalid" || s == "well-formed"
}

func (t *text) personDetail(p *report.Person) string {
	var parts []string
	for _, s := range p.Seen[:min(len(p.Seen), 3)] {
		parts = append(parts, "seen "+clock(s.StartMs)+"–"+clock(s.EndMs))
	}
	if p.State == "verified" {
		if tok := bestToken(p.Tokens); tok != nil {
			parts = append(parts, tokenWords(p, tok))
		}
		return join(parts)
	}
	if t.broken() && p.State == "declared" {
		return join(append(parts, "declared in a manifest that does not hold: nothing rests on it"))
	}
	if f := p.Failure(); f != nil {
		return join(append(parts, f.Code+": "+explanation(f)))
	}
	for _, e := range terms {
		if e.Kind == kindPerson && e.Name == p.State {
			short, _, _ := strings.Cut(e.Meaning, ";")
			return join(append(parts, short))
		}
	}
	return join(parts)
}

// reasonFor says whether an event weighs on a verdict.
func reasonFor(r *report.Report, event string) bool {
	return slices.ContainsFunc(r.Reasons, func(x report.Reason) bool { return x.Event == event })
}

func bestToken(tokens []report.Token) *report.Token {
	var best *report.Token
	for i := range tokens {
		if tokens[i].State == "valid" && (best == nil || tokens[i].Level > best.Level) {
			best = &tokens[i]
		}
	}
	return best
}

func tokenWords(p *report.Person, tok *report.Token) string {
	s := fmt.Sprintf("%s by %s", Clip(tok.Type), Clip(tok.Iss))
	modality := tok.Modality
	if len(modality) == 0 {
		modality = p.Modality
	}
	if len(tok.Operation) > 0 {
		s += " for " + Clip(strings.Join(tok.Operation, ",")) + "/" + Clip(strings.Join(modality, ","))
	}
	if b := bindingNames[p.Binding]; b != "" {
		s += ", binding " + b
	}
	return s
}

// explanation is what a finding says, else what its code means.
func explanation(f *report.Finding) string {
	if f.Explanation != "" {
		return Safe(f.Explanation)
	}
	row, _ := report.Lookup(f.Code)
	return row.Title
}

// why lists what made the verdict; where nothing speaks against the file, the first line says it all.
func (t *text) why() {
	if !slices.ContainsFunc(t.r.Reasons, func(r report.Reason) bool { return r.Outcome != report.Pass && r.Outcome != report.NotApplicable }) {
		return
	}
	t.b.WriteString("\n" + t.bold("why") + "\n")
	for i, r := range t.r.Reasons {
		if i == maxListed {
			fmt.Fprintf(&t.b, "  … and %d more\n", len(t.r.Reasons)-i)
			break
		}
		who := ""
		if r.Person != "" {
			who = Clip(r.Person) + ": "
		}
		writeWrapped(&t.b, fmt.Sprintf("  %-14s ", r.Outcome), fmt.Sprintf("%s%s (%s)", who, Safe(r.Text), Clip(r.Event)))
	}
}

// located is a finding with where it was found.
type located struct {
	report.Finding
	at    string // in words
	times int    // how often the same was found
}

// findings lists failures and what else is worth knowing; of what holds it names the codes.
func (t *text) findings() {
	var failures, infos []located
	passed, seen := map[string]bool{}, map[string]bool{}
	add := func(list []report.Finding, place string) {
		for _, f := range list {
			at := place
			if n := t.manifestOf(&f); n > 1 && !strings.HasPrefix(at, "manifest ") {
				at = strings.TrimPrefix(fmt.Sprintf("%s, manifest %d", at, n), ", ")
			}
			// One finding may stand in a manifest and in the report's own list.
			same := strings.Join([]string{f.Code, f.URL, f.Where, f.Person, f.Manifest, f.Explanation}, "\x00")
			if f.Offset != nil {
				same += fmt.Sprint("\x00", *f.Offset)
			}
			if f.Token != nil {
				same += fmt.Sprint("\x00token ", *f.Token)
			}
			if seen[same] {
				continue
			}
			seen[same] = true
			switch f.Outcome {
			case report.Failure:
				failures = appendOnce(failures, f, at)
			case report.Informational:
				infos = appendOnce(infos, f, at)
			default:
				if !strings.Contains(at, "manifest ") { // what holds for an ingredient holds for another file
					passed[f.Code] = true
				}
			}
		}
	}
	for i, m := range t.r.Provenance.Manifests {
		at := ""
		if i > 0 {
			at = fmt.Sprintf("manifest %d", i+1)
		}
		add(m.Failure, at)
		add(m.Informational, at)
		add(m.Success, at)
	}
	for _, p := range append(append([]report.Person(nil), t.r.People...), t.r.Works...) {
		add(p.Findings, Clip(p.ID))
		for _, tok := range p.Tokens {
			add(tok.Findings, fmt.Sprintf("%s, token %d", Clip(p.ID), tok.Index))
		}
	}
	add(t.r.Findings, "")
	t.list("failures", failures)
	t.list("to know", infos)
	if len(passed) > 0 {
		codes := make([]string, 0, len(passed))
		for c := range passed {
			codes = append(codes, c)
		}
		sort.Strings(codes)
		t.b.WriteString("\n" + t.bold("what holds") + "\n")
		writeWrapped(&t.b, "  ", strings.Join(codes, ", "))
	}
}

// manifestOf is the number of the manifest that a finding speaks of: the one that it names, or the one that its address
// lies in; 0: none.
func (t *text) manifestOf(f *report.Finding) int {
	label := f.Manifest
	if inside, ok := strings.CutPrefix(f.URL, "self#jumbf=/c2pa/"); ok && label == "" {
		label, _, _ = strings.Cut(inside, "/")
	}
	return t.manifestNumber(label)
}

// appendOnce adds a finding, or counts it where it differs from one before only in its place: a file with a thousand
// altered assertions is one line, not a thousand.
func appendOnce(list []located, f report.Finding, at string) []located {
	for i := range list {
		if list[i].Code == f.Code && list[i].at == at && list[i].Explanation == f.Explanation {
			list[i].times++
			return list
		}
	}
	return append(list, located{f, at, 1})
}

func (t *text) list(title string, list []located) {
	if len(list) == 0 {
		return
	}
	t.b.WriteString("\n" + t.bold(title) + "\n")
	for i := range list {
		if i == maxListed {
			fmt.Fprintf(&t.b, "  … and %d more; --format json has them all\n", len(list)-i)
			return
		}
		f := &list[i]
		line := "  " + f.Code
		if f.times > 1 {
			line += fmt.Sprintf(" (%d times)", f.times)
		}
		writeWrapped(&t.b, line+": ", explanation(&f.Finding))
		if place := f.place(); place != "" {
			fmt.Fprintf(&t.b, "    %s\n", place)
		}
	}
}

// place says where a finding was found and which clause it rests on, in short.
func (f *located) place() string {
	var parts []string
	if f.at != "" {
		parts = append(parts, f.at)
	}
	switch {
	case f.Where != "" && f.Offset != nil:
		parts = append(parts, fmt.Sprintf("%s at byte %d", Clip(f.Where), *f.Offset))
	case f.Where != "":
		parts = append(parts, Clip(f.Where))
	case f.Offset != nil:
		parts = append(parts, fmt.Sprintf("at byte %d", *f.Offset))
	}
	if short := ShortURI(f.URL); short != "" && f.times == 1 {
		parts = append(parts, Clip(short))
	}
	if f.Clause != "" {
		parts = append(parts, f.Clause)
	}
	return strings.Join(parts, "; ")
}

// ShortURI is the part of a JUMBF URI behind the manifest's label, which says the place inside the manifest.
func ShortURI(uri string) string {
	rest, ok := strings.CutPrefix(uri, "self#jumbf=")
	if !ok {
		return uri
	}
	if abs, ok := strings.CutPrefix(rest, "/c2pa/"); ok {
		_, inside, ok := strings.Cut(abs, "/")
		if !ok {
			return ""
		}
		return inside
	}
	return rest
}

// history tells what each manifest says was done, the newest first, with what was recorded about an ingredient when it
// was taken in beside what holds now.
func (t *text) history() {
	list := t.r.Provenance.Manifests
	if len(list) == 0 {
		return
	}
	t.b.WriteString("\n" + t.bold("history, newest first") + "\n")
	for i := range list {
		if i == maxManifests {
			fmt.Fprintf(&t.b, "  %s; --format json has them all\n", more(len(list)-i, "manifest"))
			return
		}
		t.manifest(i+1, &list[i])
	}
}

func (t *text) manifest(n int, m *report.Manifest) {
	parts := []string{words(m.State)}
	if m.Generator != "" {
		parts = append(parts, "made by "+Quote(m.Generator))
	}
	if m.Signer != nil {
		parts = append(parts, "signer "+Quote(*m.Signer))
	}
	if m.State != "trusted" && m.State != "valid" {
		parts = append(parts, "nothing of it may be relied on")
	}
	fmt.Fprintf(&t.b, "  manifest %d: %s\n", n, join(parts))
	for i, a := range m.Actions {
		if i == maxActions {
			fmt.Fprintf(&t.b, "    %s\n", more(len(m.Actions)-i, "action"))
			break
		}
		fmt.Fprintf(&t.b, "    %s\n", actionWords(&a))
	}
	for i, x := range m.Redactions {
		if i == maxActions {
			fmt.Fprintf(&t.b, "    %s\n", more(len(m.Redactions)-i, "redaction"))
			break
		}
		fmt.Fprintf(&t.b, "    %s\n", t.redactionWords(&x))
	}
	for i, g := range m.Ingredients {
		if i == maxActions {
			fmt.Fprintf(&t.b, "    %s\n", more(len(m.Ingredients)-i, "ingredient"))
			break
		}
		name := Clip(g.Label)
		if g.Title != "" {
			name = Quote(g.Title)
		}
		line := fmt.Sprintf("%s %s: recorded %s, now %s", Clip(g.Relationship), name, words(g.Recorded), words(g.Now))
		if g.Manifest != nil {
			if k := t.manifestNumber(*g.Manifest); k > 0 {
				line += fmt.Sprintf(" (manifest %d)", k)
			}
		}
		fmt.Fprintf(&t.b, "    %s\n", line)
	}
}

func (t *text) redactionWords(x *report.Redaction) string {
	line := "redacts " + Clip(x.Label)
	if k := t.manifestNumber(x.Manifest); k > 0 {
		line += fmt.Sprintf(" of manifest %d", k)
	}
	if x.Reason != "" {
		line += ", " + Clip(x.Reason)
	}
	return line
}

func actionWords(a *report.Action) string {
	parts := []string{Clip(a.Action)}
	if a.DigitalSourceType != "" {
		parts = append(parts, Clip(SourceTerm(a.DigitalSourceType)))
	}
	if a.SoftwareAgent != "" {
		parts = append(parts, "by "+Quote(a.SoftwareAgent))
	}
	if a.When != nil {
		parts = append(parts, Clip(*a.When))
	}
	if a.Description != "" {
		parts = append(parts, Quote(a.Description))
	}
	if a.List == "gathered" {
		parts = append(parts, "gathered")
	}
	return strings.Join(parts, ", ")
}

// fetched says what the network was asked for.
func (t *text) fetched() {
	if len(t.r.Fetched) == 0 {
		return
	}
	t.b.WriteString("\n" + t.bold("asked the network for") + "\n")
	for i, f := range t.r.Fetched {
		if i == maxListed {
			fmt.Fprintf(&t.b, "  … and %d more\n", len(t.r.Fetched)-i)
			return
		}
		got := fmt.Sprintf("status %d, %s", f.Status, Size(f.Bytes))
		if f.Final != "" {
			got += ", answered by " + Clip(f.Final)
		}
		if f.Error != nil {
			got = "not taken: " + Safe(*f.Error)
		}
		writeWrapped(&t.b, fmt.Sprintf("  %s: ", words(f.Purpose)), fmt.Sprintf("%s: %s", Clip(f.URL), got))
	}
}

// notChecked says what this report cannot speak about.
func (t *text) notChecked() {
	if len(t.r.NotChecked) == 0 {
		return
	}
	t.b.WriteString("\n" + t.bold("not checked") + "\n")
	for i, n := range t.r.NotChecked {
		if i == maxListed {
			fmt.Fprintf(&t.b, "  … and %d more\n", len(t.r.NotChecked)-i)
			return
		}
		writeWrapped(&t.b, fmt.Sprintf("  %s: ", Safe(n.What)), Safe(n.Why))
	}
}
