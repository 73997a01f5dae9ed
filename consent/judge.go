package consent

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/consentry/consentry/report"
)

// Trust is what the operator trusts about consent. The zero value trusts nobody.
type Trust struct {
	List *TrustList
	// Findings are those of loading the list; one that failed says why the list is nil.
	Findings    []report.Finding
	StatusLists []string // status list tokens at hand
	Registries  []string // registry bundles at hand, and RSL-MEDIA documents
	// RegistryNames are what the operator calls the Registries, in the same order, for findings; there may be fewer.
	RegistryNames []string
	// Seen are the highest sequences of registry bundles that were seen before, as [Trust.Sequences] gives them. A bundle
	// of a lower one is rolled back and not used. Consent format 1, 7.
	Seen map[string]int64

	books *registries // of Registries at a time; nil: not opened yet
}

// Open returns the trust with its registry bundles read and verified, so that many files that are judged at one time
// pay for them once. It may be used by several goroutines.
func (t *Trust) Open(now time.Time) *Trust {
	opened := *t
	opened.books = openRegistries(t, now)
	return &opened
}

// Refused are the findings about bundles and documents that are not used. It is empty where [Trust.Open] was not called.
func (t *Trust) Refused() []report.Finding {
	if t.books == nil {
		return nil
	}
	return slices.Clone(t.books.findings)
}

// Sequences are the sequences of the registry bundles that are used, by issuer and the thumbprint of the key that
// signed: what is to be kept and given as Seen the next time. It is empty where [Trust.Open] was not called.
func (t *Trust) Sequences() map[string]int64 {
	out := map[string]int64{}
	if t.books != nil {
		for _, b := range t.books.byIssuer {
			out[b.issuer.ID+" "+b.key] = b.sequence
		}
	}
	return out
}

// Terms is what a judgement needs to know of the policy and of the origin. The zero value asks for a token of any
// level at generation, takes a missing status as required, and judges nothing as asked for.
type Terms struct {
	TimeBase string // generation, now, both
	MinLevel string // E1 to E5
	Status   string // StatusRequire, StatusCap, StatusIgnore
	Use      Use
	Require  []string
	// Severity orders the states for the time base both: the worse has the higher number.
	Severity map[string]int
	// Asked says that the origin makes the question of consent be asked. OwnAsked says the same of the origin without
	// the components: what they declare is theirs alone.
	Asked, OwnAsked bool
}

// Judgement is what the declarations and tokens about one file are worth. It is a pure function of facts, trust and
// terms.
type Judgement struct {
	People, Works []report.Person
	Findings      []report.Finding // about the file as a whole

	Missing         bool     // generated, and nobody declares who is depicted
	Unusable        []string // assertions that are malformed, over a limit or redacted, in plain words
	RejectedLists   []string // trust lists and bundles that are not used
	Contradicted    []string // declarations that a bundle at hand contradicts
	Incomplete      bool     // declared complete, and a face is covered by nobody
	UndeclaredFaces []int    // face tracks that no entry covers
	FacesCounted    bool     // an entry has no region: any of the faces at that time may be the one that none covers
	PossibleFaces   []int    // such tracks that may be no face
	NotAnalysed     bool     // faces were to be looked for, and could not be, or not in full
	PartlyAnalysed  bool     // of these: a part of the picture was looked at
	NotAnalysedWhy  string   // in plain words; empty: not known
	// UndeclaredVoices are sound tracks that sound like speech, and that no declared voice stands for; Unheard says of
	// those that none stands for either why nobody could listen to them.
	UndeclaredVoices []string
	Unheard          []string
	// DifferentFaces are entries for one person that cover faces which are not alike, Drifts face tracks that change into
	// another face. Unlinked says why faces were not compared, or not all; empty: they were, or nobody asked for it.
	DifferentFaces []string
	Drifts         []int
	Unlinked       string
	NotComplete    bool     // a declaration does not say that it names everybody
	Sidecar        *Sidecar // the sidecar that takes the claim signer's place; nil: none does
	Lists          []Dated  // trust lists and bundles that are used, with their dates
}

// Dated is a list that a judgement rests on, and when it was issued.
type Dated struct {
	Name   string // in words
	Issued time.Time
}

// judge is the work on one judgement.
type judge struct {
	facts *Facts
	trust *Trust
	terms Terms
	out   *Judgement
	books *registries
	units []*unit
}

// unit is one declaration with what it rests on.
type unit struct {
	source    *source
	assertion *Assertion
	uri       string
	most      level // evidence that rests on the declaration is worth this at most
	check     *checker
	people    []*subjectJudge
}

// Judge says which declarations exist for each depicted person and work, how strongly they are bound to the file, and
// what they say about the declared use. It reads no clock, no file and no network, and its result depends on the order
// of nothing but lists. nil trust trusts nobody. Consent format 1, 8.
func Judge(f *Facts, trust *Trust, terms Terms) *Judgement {
	if trust == nil {
		trust = &Trust{}
	}
	j := &judge{facts: f, trust: trust, terms: terms, out: &Judgement{People: []report.Person{}, Works: []report.Person{}, Findings: []report.Finding{}}}
	j.lists()
	sources := j.sources()
	for _, s := range sources {
		j.redactions(s)
	}
	for _, s := range sources {
		j.declarations(s)
	}
	for _, u := range j.units {
		j.entries(u)
	}
	j.name()
	j.consulted()
	j.missing(sources)
	j.faces()
	j.voices()
	j.links()
	j.metadata()
	for _, u := range j.units {
		for _, e := range u.people {
			p := j.report(u, e)
			if e.person.Work {
				j.out.Works = append(j.out.Works, p)
			} else {
				j.out.People = append(j.out.People, p)
			}
		}
	}
	return j.out
}

func (j *judge) find(code, uri, format string, args ...any) *report.Finding {
	j.out.Findings = append(j.out.Findings, report.Newf(code, uri, format, args...))
	return &j.out.Findings[len(j.out.Findings)-1]
}

// lists takes over what loading the trust list and the bundles said.
func (j *judge) lists() {
	j.out.Findings = append(j.out.Findings, j.trust.Findings...)
	if j.books = j.trust.books; j.books == nil || !j.books.now.Equal(j.facts.Now) {
		j.books = openRegistries(j.trust, j.facts.Now)
	}
	j.out.Findings = append(j.out.Findings, j.books.findings...)
	for _, f := range j.out.Findings {
		if f.Outcome == report.Failure {
			j.out.RejectedLists = append(j.out.RejectedLists, f.Explanation)
		}
	}
	if l := j.trust.List; l != nil && !l.Issued.IsZero() {
		j.out.Lists = append(j.out.Lists, Dated{"the consent trust list", l.Issued})
	}
	for _, id := range j.books.issuers {
		j.out.Lists = append(j.out.Lists, Dated{fmt.Sprintf("the registry bundle of %q", clip(id)), j.books.byIssuer[id].issued})
	}
}

// declarations reads the consent assertions of one source.
func (j *judge) declarations(s *source) {
	ids := map[string]bool{}
	for i, d := range s.declarations {
		uri := d.URI
		if uri == "" {
			uri = s.uri(i)
		}
		a, err := ParseAssertion(d.Bytes, d.CBOR)
		if err != nil {
			j.unusable(uri, err)
			continue
		}
		if twice := sameID(a, ids); twice != "" {
			j.unusable(uri, &SyntaxError{Offset: -1, Path: "id", Reason: fmt.Sprintf("%q stands in another consent assertion of the manifest", twice)})
			continue
		}
		for _, over := range a.Over {
			j.unusable(uri, over)
		}
		u := &unit{source: s, assertion: a, uri: uri, most: s.most(j, d, uri)}
		u.check = j.checker(u)
		j.units = append(j.units, u)
		if len(a.Over) == 0 {
			j.find("consent.assertion.valid", uri, "declared people: %d, works: %d, completeness %s", len(a.People), len(a.Works), a.Completeness)
		}
		if a.Completeness != "complete" {
			j.out.NotComplete = true
		}
	}
	if len(s.declarations) > 0 || s.active && s.manifest.State != "" && s.manifest.State != ManifestAbsent {
		j.time(s)
	}
}

// sameID returns an id that stands in ids already, and adds the assertion's ids to them otherwise.
func sameID(a *Assertion, ids map[string]bool) string {
	all := slices.Concat(a.People, a.Works)
	for _, p := range all {
		if ids[p.ID] {
			return p.ID
		}
	}
	for _, p := range all {
		ids[p.ID] = true
	}
	return ""
}

func (j *judge) unusable(uri string, err error) {
	code, text := "consent.assertion.malformed", err.Error()
	bad, ok := err.(*SyntaxError)
	if ok && bad.Large {
		code = "consent.input.tooLarge"
	}
	f := j.find(code, uri, "%s", text)
	if ok {
		f.Where = bad.Path
	}
	j.out.Unusable = append(j.out.Unusable, text)
}

// time says how well the time of generation is known. Consent format 1, 5.
func (j *judge) time(s *source) {
	uri := ""
	if len(s.declarations) > 0 {
		uri = s.uri(0)
	}
	if s.t.Kind == "T2" {
		j.find("consent.time.attested", uri, "a trusted time-stamp shows that the claim existed by %s", s.t.At.UTC().Format("2006-01-02T15:04:05Z"))
		return
	}
	j.find("consent.time.claimedOnly", uri, "no trusted time-stamp: when the content was made is only claimed")
}

func (j *judge) checker(u *unit) *checker {
	s := u.source
	var signer *Signer
	if s.signer != nil {
		copied := *s.signer
		copied.Trusted = s.manifest.State == ManifestTrusted
		signer = &copied
	}
	c := &checker{
		now: j.facts.Now, t: s.t, signer: signer, generation: u.assertion.Generation, use: j.terms.Use, hardBinding: s.manifest.HardBinding,
		assetSHA256: j.facts.AssetSHA256, trust: j.trust.List, status: newStatusLists(j.trust.StatusLists),
		statusPolicy: cmp.Or(j.terms.Status, StatusRequire), require: j.terms.Require,
		noTraining: j.facts.Metadata.NoTraining, roster: j.books.roster, revocation: j.books.revocation,
	}
	if s.sidecar != nil { // its issuer takes the claim signer's place
		c.matched = true
		if j.trust.List.Entry(s.sidecar.Issuer).HasRole("provider") {
			c.providerIDs = []string{s.sidecar.Issuer}
		}
	}
	if !s.active { // a digest of this file is none of an earlier one
		c.assetSHA256 = ""
	}
	return c
}

// missing says whether somebody should have declared who is depicted, and nobody did. A redacted or unusable assertion
// is not a missing one. Consent format 1, 8 (generated, no consent assertion).
func (j *judge) missing(sources []*source) {
	if !j.terms.Asked {
		return
	}
	own, component := false, false
	for _, s := range sources {
		has := len(s.declarations) > 0
		own = own || has && !s.component
		component = component || has && s.component
	}
	if own || component && !j.terms.OwnAsked {
		return
	}
	for _, f := range j.out.Findings {
		if f.Code == "consent.assertion.redacted" {
			return
		}
	}
	j.out.Missing = true
	j.find("consent.assertion.missing", "", "the content is generated, and nobody declares who is depicted")
}

// name gives each entry the name that it is reported under: its id, or id@label where the id stands in several
// manifests. Consent format 1, 5 (derived files).
func (j *judge) name() {
	count := map[string]map[*source]bool{}
	for _, u := range j.units {
		for _, e := range u.people {
			if count[e.person.ID] == nil {
				count[e.person.ID] = map[*source]bool{}
			}
			count[e.person.ID][u.source] = true
		}
	}
	for _, u := range j.units {
		for _, e := range u.people {
			e.name = e.person.ID
			if len(count[e.person.ID]) > 1 {
				e.name += "@" + u.source.name()
			}
		}
	}
}

// faces holds the face tracks against the entries. Consent format 1, 8 (undeclared, incomplete).
func (j *judge) faces() {
	f := j.facts.Faces
	if f == nil {
		return
	}
	if f.Status != "analysed" {
		j.out.NotAnalysed, j.out.NotAnalysedWhy = true, f.Reason
		j.out.PartlyAnalysed = f.Status == "partial"
	}
	j.out.FacesCounted = len(f.Counted) > 0
	seen := map[string]bool{}
	for _, t := range f.Tracks {
		if t.CoveredBy != nil {
			seen[*t.CoveredBy] = true
		}
	}
	entries := map[string]bool{}
	for _, u := range j.units {
		for _, e := range u.people {
			if e.person.Work {
				continue
			}
			entries[e.person.ID], entries[e.name] = true, true
			e.sight(f, seen)
		}
	}
	for _, t := range f.Tracks {
		if t.CoveredBy != nil && entries[*t.CoveredBy] {
			continue
		}
		if t.Possible {
			j.out.PossibleFaces = append(j.out.PossibleFaces, t.ID)
			j.find("consent.face.possible", "", "no entry covers track %d, which may be a face%s", t.ID, t.place()).Where = t.where()
			continue
		}
		j.out.UndeclaredFaces = append(j.out.UndeclaredFaces, t.ID)
		j.find("consent.face.undeclared", "", "%s", f.uncovered(t)).Where = t.where()
	}
	if len(j.out.UndeclaredFaces) == 0 {
		return
	}
	for _, u := range j.units {
		if u.assertion.Completeness == "complete" {
			j.out.Incomplete = true
			j.find("consent.declaration.incomplete", u.uri, "declared complete, and %d face tracks are covered by nobody", len(j.out.UndeclaredFaces))
		}
	}
}

// metadata reads what metadata outside C2PA say of people. A release for photographs never covers a replica.
// Consent format 1, 9.
func (j *judge) metadata() {
	for _, name := range slices.Sorted(maps.Keys(j.facts.Metadata.XMP)) {
		if release(name, j.facts.Metadata.XMP[name]) {
			j.find("consent.metadata.modelReleaseOnly", "", "the metadata name a model release: one for photographs covers no replica").Where = name
			return
		}
	}
}
