package consent

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"

	"github.com/consentry/consentry/report"
)

// subjectJudge is the work on one entry: a person or a work.
type subjectJudge struct {
	person   *Person
	name     string // that it is reported under
	entry    *entry
	tokens   []*held
	findings []report.Finding

	atGeneration, atNow verdict
	orders              []metOrder   // of the registries, at either clock
	recorded            bool         // an RSL-MEDIA record of the subject forbids this
	who                 *openSubject // the subject where it is known: named, or opened by a token that verifies
}

// held is a token held against an entry.
type held struct {
	index  int
	named  bool // the entry names it; else it is a refusal that speaks of the entry all the same
	result *tokenResult
}

// verdict is an entry's state and level at one clock.
type verdict struct {
	state string
	level level
}

// entries judges the people and works of a declaration.
func (j *judge) entries(u *unit) {
	a := u.assertion
	u.readAll(j)
	used := make([]bool, len(a.Tokens))
	var refusals []int
	for i := range a.Tokens {
		if t := u.read(j, i, nil); t.verified && t.token.Consent != nil && t.token.Consent.Type == "refusal" {
			refusals = append(refusals, i)
		}
	}
	for _, p := range slices.Concat(a.People, a.Works) {
		e := &subjectJudge{person: p, entry: j.entry(p)}
		for _, i := range unique(p.Tokens) {
			if i < len(used) {
				used[i] = true
			}
			e.tokens = append(e.tokens, &held{index: i, named: true, result: u.read(j, i, e.entry)})
		}
		// A refusal speaks of its subject, whether or not the declarer points at it.
		for _, i := range refusals {
			if slices.Contains(p.Tokens, i) {
				continue
			}
			if r := u.read(j, i, e.entry); r.atGeneration.refusal || r.atNow.refusal {
				e.tokens = append(e.tokens, &held{index: i, result: r})
			}
		}
		j.judgeEntry(u, e)
		u.people = append(u.people, e)
	}
	for i, yes := range used {
		if !yes {
			f := j.find("consent.token.unused", u.uri, "nobody in the declaration is named with this token")
			f.Token, f.Where = &i, indexed("tokens", i)
		}
	}
}

// entry is the part of a person that tokens are held against.
func (j *judge) entry(p *Person) *entry {
	e := &entry{id: p.ID, work: p.Work, kind: p.Kind, rendering: p.Rendering, modality: p.Modality, subject: p.Subject}
	if p.Work {
		e.kind = ""
	} else {
		e.minor = p.Minor || j.facts.Metadata.SaysMinor()
	}
	for _, r := range p.Regions {
		e.regions = append(e.regions, r.Identifier)
	}
	if p.cut { // a region that was not read is one that no token names
		e.regions = append(e.regions, "")
	}
	return e
}

// read holds a token against an entry, or reads it for itself where there is none.
func (u *unit) read(j *judge, i int, e *entry) *tokenResult {
	if i >= len(u.assertion.Tokens) {
		return failed("consent.input.tooLarge", "the token is past the limit of tokens and was not read")
	}
	ref := u.assertion.Tokens[i]
	text, why := ref.text(j.facts)
	if why != "" {
		return failed("consent.token.unavailable", why)
	}
	return u.check.check(tokenInput{raw: text, stapled: ref.Status, entry: e})
}

// readAll reads the tokens that are at hand, so that each knows of the others.
func (u *unit) readAll(j *judge) {
	var texts []string
	for _, ref := range u.assertion.Tokens {
		if text, why := ref.text(j.facts); why == "" {
			texts = append(texts, text)
		}
	}
	u.check.readAll(texts)
}

// text is the token's text: by value, or at hand by its digest or under its URI, with the digest that was declared. why says why not.
func (r TokenRef) text(f *Facts) (text, why string) {
	if r.URI == "" && r.S256 == "" {
		return r.JWT, ""
	}
	text, ok := f.TokensAtHand[r.S256]
	if !ok {
		text, ok = f.Files[r.URI]
	}
	if !ok {
		return "", fmt.Sprintf("the token at %q is not at hand", clip(r.URI))
	}
	sum := sha256.Sum256([]byte(text))
	if base64.RawURLEncoding.EncodeToString(sum[:]) != r.S256 {
		return "", fmt.Sprintf("the token at hand for %q is not the one that was declared: its digest differs", clip(r.URI))
	}
	return text, ""
}

// failed is the result of a token that cannot be looked at.
func failed(code, text string) *tokenResult {
	o := outcome{failures: []string{"consent.token.unavailable"}, level: "E2"}
	return &tokenResult{findings: []report.Finding{report.New(code, "", text)}, binding: "B0", atGeneration: o, atNow: o}
}

// judgeEntry finds the state of an entry at both clocks.
func (j *judge) judgeEntry(u *unit, e *subjectJudge) {
	e.who = e.opened()
	e.orders = j.met(u, e)
	e.recorded = j.recorded(e)
	e.atGeneration = j.state(u, e, false)
	e.atNow = j.state(u, e, true)
	if u.source.edited {
		e.find("consent.binding.inherited", "the declaration comes from an earlier version, and an action since may have changed who is depicted")
	}
	e.fold()
}

// maxShown is the number of an entry's tokens that are reported one by one. All are judged. A person has one token or a few; 256
// people who name 256 tokens each would otherwise make a report of a hundred megabytes.
const maxShown = 16

// fold keeps the best tokens for the report and puts the findings of the others together: each code once, on the entry.
func (e *subjectJudge) fold() {
	if len(e.tokens) <= maxShown {
		return
	}
	byWorth := slices.Clone(e.tokens)
	worth := func(h *held) level {
		return max(levelOf(h.result.atGeneration.level), levelOf(h.result.atNow.level))
	}
	slices.SortStableFunc(byWorth, func(a, b *held) int {
		return cmp.Or(cmp.Compare(classify(b.result.atGeneration), classify(a.result.atGeneration)), int(worth(b)-worth(a)), a.index-b.index)
	})
	told := map[string]bool{}
	for _, h := range byWorth[maxShown:] {
		for _, f := range h.result.findings {
			if told[f.Code] {
				continue
			}
			told[f.Code] = true
			f.Token, f.Where = &h.index, indexed("tokens", h.index)
			f.Explanation += " (this token and perhaps further ones)"
			e.findings = append(e.findings, f)
		}
	}
	e.tokens = slices.DeleteFunc(e.tokens, func(h *held) bool { return slices.Contains(byWorth[maxShown:], h) })
}

func (e *subjectJudge) find(code, format string, args ...any) {
	for _, f := range e.findings {
		if f.Code == code {
			return // once an entry, though two clocks may say it
		}
	}
	f := report.Newf(code, "", format, args...)
	f.Person = e.name
	e.findings = append(e.findings, f)
}

// sight says what a look for faces says of the entry.
func (e *subjectJudge) sight(f *Faces, seen map[string]bool) {
	if f.Status != "analysed" {
		return
	}
	partly := slices.Contains(f.Partly, e.person.ID) || slices.Contains(f.Partly, e.name)
	if !partly && slices.Contains(e.person.Modality, "face") && e.person.Rendering != "none" && !seen[e.person.ID] && !seen[e.name] {
		e.find("consent.person.notSeen", "declared with a face, and no face track lies in the entry's regions")
	}
	if slices.Contains(e.person.Modality, "voice") {
		e.find("consent.voice.unchecked", "declared with a voice: voices are not compared")
	}
}

// final picks the state that the policy's time base asks for. Consent format 1, 8 (time base).
func (j *judge) final(e *subjectJudge) verdict {
	g, n := e.atGeneration, e.atNow
	switch j.terms.TimeBase {
	case "now":
		return n
	case "both":
		if worse := j.terms.Severity[n.state] - j.terms.Severity[g.state]; worse > 0 || worse == 0 && before(n.state, g.state) {
			return verdict{n.state, g.level}
		}
	}
	return g
}

// before says whether a state other than verified stands above another in the table.
func before(a, b string) bool {
	return b == StateVerified && a != b || a != StateVerified && slices.Index(states, a) < slices.Index(states, b)
}

// declaredOnly says what an entry lacks that is declared and no more.
func (j *judge) declaredOnly(u *unit) string {
	if state := j.facts.Manifest.State; u.source.sidecar == nil && state != ManifestTrusted && state != ManifestValid {
		return "declared in a manifest that does not hold: nothing rests on it"
	}
	return "declared, without a token of the level " + j.terms.MinLevel + " that is asked for"
}

// report writes an entry down.
func (j *judge) report(u *unit, e *subjectJudge) report.Person {
	v := j.final(e)
	switch v.state {
	case StateVerified:
		e.find("consent.person.verified", "consent declared for this use was verified, at %s", v.level)
	case StateDeclared:
		e.find("consent.person.declaredOnly", "%s", j.declaredOnly(u))
	case StateExemptDeclared:
		e.find("consent.person.exemptDeclared", "an exemption is claimed (%q); it was not judged", clip(e.person.Exemption))
	}
	p := report.Person{
		ID: e.name, Source: u.uri, Kind: e.person.Kind, Rendering: e.person.Rendering, Modality: e.person.Modality,
		State: v.state, AtGeneration: e.atGeneration.state, Now: e.atNow.state, Level: v.level.String(), Binding: "B0",
		Tokens: []report.Token{}, Seen: []report.Span{}, Findings: e.findings,
	}
	if p.Modality == nil {
		p.Modality = []string{}
	}
	if !u.source.active && u.source.sidecar == nil {
		p.Manifest = u.source.manifest.Label
	}
	best := level(-1)
	for _, h := range e.tokens {
		t, l := j.reportToken(u, e, h)
		p.Tokens = append(p.Tokens, t)
		if h.named && (l > best || l == best && h.result.binding > p.Binding) {
			best, p.Binding = l, h.result.binding
		}
	}
	for i := range p.Findings {
		p.Findings[i].Person = e.name
		if p.Findings[i].URL == "" {
			p.Findings[i].URL = u.uri
		}
	}
	if p.Findings == nil {
		p.Findings = []report.Finding{}
	}
	return p
}

func (j *judge) reportToken(u *unit, e *subjectJudge, h *held) (report.Token, level) {
	o := h.result.atGeneration
	if j.terms.TimeBase == "now" {
		o = h.result.atNow
	}
	c := classify(o)
	if c == classHolds && h.result.token != nil && h.result.token.refusal() {
		c = classNone
	}
	t := report.Token{Index: h.index, State: tokenState[c], Findings: []report.Finding{}}
	if o.refusal {
		t.State = StateRefused
	}
	l := min(levelOf(o.level), u.most)
	t.Level = l.String()
	if tok := h.result.token; tok != nil {
		t.Iss, t.Jti = tok.Issuer, tok.ID
		if s := tok.Consent; s != nil {
			t.Type, t.Operation, t.Modality = s.Type, s.Operation, s.Modality
		}
	}
	for _, f := range h.result.findings {
		f.Person, f.Token = e.name, &h.index
		f.URL = u.uri
		if f.Where == "" {
			f.Where = "tokens[" + strconv.Itoa(h.index) + "]"
		}
		t.Findings = append(t.Findings, f)
	}
	if c != classHolds {
		l = 0
	}
	return t, l
}

// refusal says whether the token is a signed no.
func (t *Token) refusal() bool { return t.Consent != nil && t.Consent.Type == "refusal" }

// unique keeps the first of equal numbers.
func unique(list []int) []int {
	var out []int
	for _, n := range list {
		if !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	return out
}
