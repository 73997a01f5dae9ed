package consent

import (
	"fmt"
	"regexp"
	"strconv"
	"sync"
	"time"

	"github.com/consentry/consentry/region"
)

// Label is the label of the consent assertion. One without a version is version 1. C2PA 2.5, 8.4.
const Label = "io.github.consentry.consent"

// Limits of a consent assertion. Consent format 1, 2.
const (
	MaxAssertion      = 1 << 20 // bytes
	MaxEntries        = 256     // people and works together
	MaxTokens         = 256
	MaxRegions        = 4096
	maxAssertionDepth = 16 // arrays and objects count, the outermost is 1
	// maxNodes bounds the values of an assertion: one of a mebibyte that is not made to fill memory has far fewer.
	maxNodes = 1 << 18
)

// Assertion is a consent assertion: who is depicted, how, and which tokens stand for whom.
//
//	consent-map = { "v": 1, "completeness": …, "people": [* person-map], ? "works": [1* work-map],
//	  ? "tokens": [1* token-map], ? "generation": generation-map, ? "consulted": [1* consult-map], * tstr => any }
type Assertion struct {
	Completeness string // complete, partial, unknown
	People       []*Person
	Works        []*Person
	Tokens       []TokenRef
	Generation   *Generation
	Consulted    []Consultation
	// Unknown holds the members that the format does not know, as JSON by name: kept, shown, never judged.
	Unknown map[string]string
	// Over says what was left out since it is over a limit; the rest is judged.
	Over []*SyntaxError
}

// Person is an entry of `people` or of `works`.
type Person struct {
	ID          string
	Work        bool
	Kind        string // real, deceased, synthetic, fictional, group, unknown; of a work: character, setting, …
	Rendering   string // replica, altered, authentic, resemblance, none
	Modality    []string
	ReplicaKind string
	Subject     *Subject
	Regions     []*region.Region // nil where one cannot be read: it covers nothing
	AudioTracks []string
	Minor       bool
	Tokens      []int  // indices into the assertion's tokens
	Basis       string // token, not-required, exempt, refused, unknown; empty: none
	Exemption   string

	cut bool // regions of it were over the limit
}

// TokenRef is a token by value, or by reference with the digest of its bytes.
type TokenRef struct {
	JWT    string
	URI    string
	S256   string // base64url
	Status string // a stapled status list token; empty: none
}

// Consultation says that a registry was asked before generating, and what its orders said. Consent format 1, 7.
type Consultation struct {
	Registry string
	S256     string // of the bundle
	AsOf     time.Time
	Answers  map[string]string // person id → none, refuse
}

// Terms of the format that an entry may hold. Consent format 1, 2.
var (
	completenesses  = set("complete", "partial", "unknown")
	personKinds     = set("real", "deceased", "synthetic", "fictional", "group", "unknown")
	entryRenderings = set("replica", "altered", "authentic", "resemblance", "none")
	replicaKinds    = set("employment", "independent", "alteration", "self")
	entryBases      = set("token", "not-required", "exempt", "refused", "unknown")
	workKinds       = set("character", "setting", "music", "dialogue", "other")
	workRenderings  = set("replica", "resemblance")
	answerTerms     = set("none", "refuse")
	entryID         = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,31}$`) })
)

// ParseAssertion reads the content of a consent assertion's CBOR or JSON box. On error the assertion is nil and the
// error is a [*SyntaxError] with the path: of a member that breaks the rules, or (Large) of a limit that leaves nothing
// to judge. Consent format 1, 2.
func ParseAssertion(b []byte, isCBOR bool) (*Assertion, error) {
	if len(b) > MaxAssertion {
		return nil, &SyntaxError{Offset: MaxAssertion, Reason: fmt.Sprintf("%d bytes; the limit is %d", len(b), MaxAssertion), Large: true}
	}
	var root value
	var cut bool
	var bad *SyntaxError
	if isCBOR {
		root, cut, bad = parseCBOR(b, "", maxAssertionDepth)
	} else {
		b, cut = shallow(b, maxAssertionDepth)
		root, bad = parseJSON(string(b), "", jsonLimits{depth: maxAssertionDepth, nodes: maxNodes})
	}
	if bad != nil {
		return nil, bad
	}
	r := &reader{}
	a := r.assertion(root)
	if r.bad != nil {
		return nil, r.bad
	}
	if cut {
		a.Over = append(a.Over, &SyntaxError{Offset: -1, Reason: fmt.Sprintf("nested deeper than %d: what is deeper was not read", maxAssertionDepth), Large: true})
	}
	return a, nil
}

// reader reads members and keeps the first thing that breaks a rule.
type reader struct {
	bad     *SyntaxError
	regions int
	over    []*SyntaxError
}

func (r *reader) fail(path, reason string) {
	if r.bad == nil {
		r.bad = &SyntaxError{Offset: -1, Path: path, Reason: reason}
	}
}

func (r *reader) limit(path string, n, most int) {
	r.over = append(r.over, &SyntaxError{Offset: -1, Path: path, Reason: fmt.Sprintf("%d; the limit is %d, the rest was not read", n, most), Large: true})
}

// known are the members of a consent-map.
var known = set("v", "completeness", "people", "works", "tokens", "generation", "consulted")

func (r *reader) assertion(m value) *Assertion {
	a := &Assertion{Unknown: map[string]string{}}
	if m.kind != jsonObject {
		r.fail("", "not a map")
		return a
	}
	if v, ok := m.get("v").integer(); !ok || v != 1 {
		r.fail("v", "not 1, the version that is known")
	}
	a.Completeness = r.term(m, "completeness", "", completenesses, true)
	tokens := r.list(m, "tokens", "", 1)
	people := r.list(m, "people", "", 0)
	if m.get("people").kind == absent {
		r.fail("people", "missing")
	}
	works := r.list(m, "works", "", 1)
	if n := len(people) + len(works); n > MaxEntries {
		r.limit("people and works", n, MaxEntries)
		people = people[:min(len(people), MaxEntries)]
		works = works[:MaxEntries-len(people)]
	}
	ids := map[string]bool{}
	for i, p := range people {
		a.People = append(a.People, r.person(p, indexed("people", i), ids, len(tokens)))
	}
	for i, w := range works {
		a.Works = append(a.Works, r.work(w, indexed("works", i), ids, len(tokens)))
	}
	if len(tokens) > MaxTokens {
		r.limit("tokens", len(tokens), MaxTokens)
		tokens = tokens[:MaxTokens]
	}
	for i, t := range tokens {
		a.Tokens = append(a.Tokens, r.token(t, indexed("tokens", i)))
	}
	if r.regions > MaxRegions {
		r.limit("regions", r.regions, MaxRegions)
	}
	if g := m.get("generation"); g.kind != absent {
		a.Generation = r.generation(g, "generation")
	}
	for i, c := range r.list(m, "consulted", "", 1) {
		a.Consulted = append(a.Consulted, r.consultation(c, indexed("consulted", i)))
	}
	for i, name := range m.names {
		if !known[name] {
			a.Unknown[name] = string(m.items[i].encode(nil))
		}
	}
	a.Over = r.over
	return a
}

func (r *reader) person(m value, path string, ids map[string]bool, tokens int) *Person {
	p := &Person{}
	if !r.isMap(m, path) {
		return p
	}
	p.Kind = r.term(m, "kind", path, personKinds, true)
	p.Rendering = r.term(m, "rendering", path, entryRenderings, true)
	p.Modality = r.texts(m, "modality", path)
	if m.get("modality").kind == absent {
		r.fail(path+".modality", "missing")
	}
	for i, term := range p.Modality {
		if !modalities[term] {
			r.fail(indexed(path+".modality", i), fmt.Sprintf("%q is not one of the format's terms", clip(term)))
		}
	}
	p.ReplicaKind = r.term(m, "replica_kind", path, replicaKinds, false)
	p.AudioTracks = r.texts(m, "audio_tracks", path)
	if v := m.get("minor"); v.kind == jsonBool {
		p.Minor = v.text == "true"
	} else if v.kind != absent {
		r.fail(path+".minor", "neither true nor false")
	}
	p.Exemption = r.text(m, "exemption", path, false)
	r.common(p, m, path, ids, tokens)
	return p
}

func (r *reader) work(m value, path string, ids map[string]bool, tokens int) *Person {
	w := &Person{Work: true}
	if !r.isMap(m, path) {
		return w
	}
	w.Kind = r.term(m, "kind", path, workKinds, true)
	w.Rendering = r.term(m, "rendering", path, workRenderings, true)
	r.common(w, m, path, ids, tokens)
	return w
}

// common reads what people and works share.
func (r *reader) common(p *Person, m value, path string, ids map[string]bool, tokens int) {
	p.ID = r.text(m, "id", path, true)
	switch {
	case r.bad != nil:
	case !entryID().MatchString(p.ID):
		r.fail(path+".id", fmt.Sprintf("%q does not have the form of an id", clip(p.ID)))
	case ids[p.ID]:
		r.fail(path+".id", fmt.Sprintf("%q stands twice", p.ID))
	}
	ids[p.ID] = true
	p.Basis = r.term(m, "basis", path, entryBases, false)
	if s := m.get("subject"); s.kind != absent {
		p.Subject = r.subject(s, path+".subject")
	}
	for i, t := range r.list(m, "tokens", path, 1) {
		n, ok := t.integer()
		if !ok || n < 0 || n >= int64(tokens) {
			r.fail(indexed(path+".tokens", i), "no index into the assertion's tokens")
			return
		}
		p.Tokens = append(p.Tokens, int(n))
	}
	for i, v := range r.list(m, "regions", path, 1) {
		if !r.isMap(v, indexed(path+".regions", i)) {
			return
		}
		if r.regions++; r.regions > MaxRegions {
			p.cut = true
			continue
		}
		one, err := region.Parse(plain(v))
		if err != nil { // it covers nothing, but its name still counts
			one = &region.Region{Identifier: v.get("identifier").text}
		}
		p.Regions = append(p.Regions, one)
	}
}

// subject reads {scheme, id} or {commit}: one of the two, and whole.
func (r *reader) subject(m value, path string) *Subject {
	if !r.isMap(m, path) {
		return nil
	}
	s := &Subject{Scheme: r.text(m, "scheme", path, false), ID: r.text(m, "id", path, false), Commit: r.text(m, "commit", path, false)}
	named := m.get("scheme").kind != absent || m.get("id").kind != absent
	committed := m.get("commit").kind != absent
	switch {
	case named == committed:
		r.fail(path, "neither scheme and id nor commit alone")
	case named && (m.get("scheme").kind == absent || m.get("id").kind == absent):
		r.fail(path, "scheme and id belong together")
	}
	return s
}

func (r *reader) token(m value, path string) TokenRef {
	if !r.isMap(m, path) {
		return TokenRef{}
	}
	t := TokenRef{JWT: r.text(m, "jwt", path, false), URI: r.text(m, "uri", path, false), S256: r.text(m, "s256", path, false), Status: r.text(m, "status", path, false)}
	byValue := m.get("jwt").kind != absent
	byReference := m.get("uri").kind != absent || m.get("s256").kind != absent
	switch {
	case byValue == byReference:
		r.fail(path, "neither a token by value nor one by reference alone")
	case byReference && (m.get("uri").kind == absent || m.get("s256").kind == absent):
		r.fail(path, "uri and s256 belong together")
	}
	return t
}

func (r *reader) generation(m value, path string) *Generation {
	if !r.isMap(m, path) {
		return nil
	}
	return &Generation{
		Provider: r.text(m, "provider", path, true), Product: r.text(m, "product", path, false), Model: r.text(m, "model", path, false),
		RequestID: r.text(m, "request_id", path, false), PromptS: r.text(m, "prompt_s256", path, false),
		Purpose: r.texts(m, "purpose", path), Territory: r.texts(m, "territory", path), Channel: r.texts(m, "channel", path),
		Works: r.texts(m, "works", path), Content: r.texts(m, "content", path),
	}
}

func (r *reader) consultation(m value, path string) Consultation {
	c := Consultation{Answers: map[string]string{}}
	if !r.isMap(m, path) {
		return c
	}
	c.Registry, c.S256 = r.text(m, "registry", path, true), r.text(m, "s256", path, true)
	when := r.text(m, "as_of", path, true)
	if t, err := time.Parse(time.RFC3339, when); err == nil {
		c.AsOf = t
	} else {
		r.fail(path+".as_of", "not an RFC 3339 time")
	}
	list := m.get("answers")
	if list.kind != jsonObject || len(list.names) == 0 {
		r.fail(path+".answers", "not a map with one answer at least")
	}
	for i, id := range list.names {
		if v := list.items[i]; v.kind != jsonString || !answerTerms[v.text] {
			r.fail(path+".answers."+clip(id), "neither none nor refuse")
		}
		c.Answers[id] = list.items[i].text
	}
	return c
}

func indexed(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func (r *reader) isMap(m value, path string) bool {
	if m.kind != jsonObject {
		r.fail(path, "not a map")
		return false
	}
	return true
}

func (r *reader) text(m value, name, path string, must bool) string {
	v := m.get(name)
	switch {
	case v.kind == jsonString:
		return v.text
	case v.kind != absent:
		r.fail(join(path, name), "not text")
	case must:
		r.fail(join(path, name), "missing")
	}
	return ""
}

func (r *reader) term(m value, name, path string, terms map[string]bool, must bool) string {
	s := r.text(m, name, path, must)
	if m.get(name).kind == jsonString && !terms[s] {
		r.fail(join(path, name), fmt.Sprintf("%q is not one of the format's terms", clip(s)))
	}
	return s
}

// list reads an array of least items at least; nil where there is none.
func (r *reader) list(m value, name, path string, least int) []value {
	v := m.get(name)
	switch {
	case v.kind == absent:
		return nil
	case v.kind != jsonArray:
		r.fail(join(path, name), "not an array")
	case len(v.items) < least:
		r.fail(join(path, name), "an empty array")
	}
	return v.items
}

func (r *reader) texts(m value, name, path string) []string {
	var out []string
	for i, v := range r.list(m, name, path, 1) {
		if v.kind != jsonString {
			r.fail(indexed(join(path, name), i), "not text")
		}
		out = append(out, v.text)
	}
	return out
}

// plain is a value as the standard library would decode it, for packages that take such values.
func plain(v value) any {
	switch v.kind {
	case jsonBool:
		return v.text == "true"
	case jsonNumber:
		f, err := strconv.ParseFloat(v.text, 64)
		if err != nil {
			return nil
		}
		return f
	case jsonString:
		return v.text
	case jsonArray:
		out := make([]any, len(v.items))
		for i, item := range v.items {
			out[i] = plain(item)
		}
		return out
	case jsonObject:
		out := make(map[string]any, len(v.names))
		for i, name := range v.names {
			out[name] = plain(v.items[i])
		}
		return out
	}
	return nil
}
