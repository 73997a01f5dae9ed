package render

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/consentry/consentry/report"
)

// rule says what becomes of the texts of a member.
type rule uint8

const (
	sentence rule = iota // a text of ours: what it quotes is hidden, and so are names that are known
	keep                 // our own vocabulary, a digest, a time, what the operator named
	formal               // the same, said by the file: kept only where it has no blanks
	term                 // a word of the format: kept where it is one
	vouched              // who stands on a list, which stays: what of it is the name of somebody hidden is hidden
	place                // a URI or a label: its parts that a file may choose are hidden
	whole                // a text of the file, hidden as it is
	aPerson
	standing // a person, a blank and a state
	aName
	anIssuer
	aToken
	aSigner
	anAuthority
)

// kindOf is the word for what a rule hides.
var kindOf = map[rule]string{
	whole: "text", term: "term", aPerson: "person", aName: "name", anIssuer: "issuer", aToken: "token", aSigner: "signer", anAuthority: "authority",
}

// rules are those of one kind of object: what becomes of its members, and by which rules what is inside them goes.
type rules struct {
	other  rule // of members that are not named
	of     map[string]rule
	inside map[string]*rules // "": of all members
	names  rule              // of the names of the members; sentence: as they are, unless they are strange
	// foreign takes the place of what is inside where the label of an assertion is none of the specifications': there the
	// names of members may be anything.
	foreign map[string]*rules
}

// allRules are made when they are first asked for: few runs do.
type allRules struct{ report, cr, inspect, find, token *rules }

var hiding = sync.OnceValue(func() *allRules {
	content, foreign := contentRules(), contentRules()
	foreign.names = whole
	person := &rules{of: members(map[rule]string{
		keep:     "kind rendering state atGeneration now level binding code outcome clause",
		term:     "type operation modality",
		place:    "source url manifest",
		aPerson:  "id person",
		anIssuer: "iss",
		aToken:   "jti",
	})}
	return &allRules{
		// A member that a later version adds is a sentence until it is named here.
		report: &rules{
			of: members(map[rule]string{
				keep: "schema name version spec format sha256 kind codec profile file timeBase verdict event outcome store carrier state binding " +
					"list listDate listDigest listSource productRecord productStatus source at basis class alg algorithm scheme message status level recorded now code clause purpose " +
					"validationTime says scope result",
				vouched: "product authority issuer responder",
				formal:  "digitalSourceType when relationship action",
				place:   "url label activeManifest manifest remote link final",
				whole:   "title description value producer",
				aPerson: "id person notSeen declaredBy counted",
				aSigner: "subject signer",
			}),
			inside: map[string]*rules{
				"value": content, "tool": {other: keep}, "people": person, "works": person, "fingerprints": {other: keep},
				"lookAlikes": {of: members(map[rule]string{
					keep: "label resolver alg sha256 signature at hash", place: "manifest manifestId", formal: "digitalSourceType", whole: "title generator", aSigner: "signer",
				})},
				"detectors": {of: members(map[rule]string{keep: "program sha256 name version algs state reason claim class algorithm message missing", whole: "subject text"})},
				"sound":     {of: members(map[rule]string{keep: "kind class value"})},
				"visible":   {of: members(map[rule]string{keep: "mark vendor class"})},
				"whatIf":    {other: keep, inside: map[string]*rules{"reasons": {of: members(map[rule]string{keep: "event outcome", aPerson: "person"})}}},
				"identities": {of: members(map[rule]string{
					keep: "type state list at verifiedAt method", formal: "roles", place: "label references",
					aSigner: "subject", anIssuer: "issuer provider", aName: "name username address uri",
				})},
				"redactions": {of: members(map[rule]string{place: "label manifest", formal: "reason"})},
				"because":    {of: members(map[rule]string{place: "manifest", formal: "digitalSourceType action"})},
			},
		},
		cr: &rules{
			of: members(map[rule]string{
				keep:  "@vocab name version algorithm serialNumber notBefore notAfter timestamp code specVersion validationTime",
				place: "label url resourceUrl ingredientAssertionURI",
			}),
			inside: map[string]*rules{
				"assertions": {names: place, inside: map[string]*rules{"": content}, foreign: map[string]*rules{"": foreign}},
				"claim":      content, "claim.v2": content, "subject": {other: aSigner}, "issuer": {other: anAuthority},
			},
		},
		inspect: &rules{
			of: members(map[rule]string{
				keep: "schema name file format carrier type content list recorded algorithm time source notBefore notAfter key serial sha256 spkiSha256 " +
					"claimedTime binding state algs path rule where handler codec uuid kind says scope class digest alg computed expected",
				formal:      "relationship",
				place:       "label manifest instanceId redacts",
				whole:       "title value producer",
				aSigner:     "subject",
				anAuthority: "issuer authority",
			}),
			inside:  map[string]*rules{"value": content, "claim": content, "digests": {of: members(map[rule]string{keep: "name alg computed expected"})}},
			foreign: map[string]*rules{"value": foreign},
		},
		token: tokenRules(),
		find: &rules{
			of: members(map[rule]string{keep: "schema name code file label path changed indexed strength"}),
			inside: map[string]*rules{"manifest": {of: members(map[rule]string{
				keep: "state signedAt origin", place: "label", whole: "title", aSigner: "signer", standing: "people",
			})}},
		},
	}
})

// contentRules are for what a file says in its own structure. Members that C2PA, CAWG and the consent format give a form
// are kept; whatever else is a text may be a name.
func contentRules() *rules {
	return &rules{
		other: whole,
		of: members(map[rule]string{
			formal: "action digitalSourceType when alg alg_soft hash hashes initHash pad pad1 pad2 relationship dc:format format mediaType specVersion version " +
				"sig_type role xpath use type unit shape time start end scheme kind rendering modality replica_kind completeness basis purpose territory " +
				"channel content s256 prompt_s256 as_of validationTime code mimeType @type",
			place: "url uri instanceID instance_id documentID signature assertions created_assertions gathered_assertions redacted_assertions " +
				"activeManifest label ingredientIds",
			aName:    "id name author creator",
			anIssuer: "iss provider registry",
			aToken:   "jwt status jti",
		}),
		inside: map[string]*rules{"answers": {names: aPerson, other: formal}},
	}
}

// tokenRules are for what a token says: what it permits stays, whom it is of, from and for does not.
func tokenRules() *rules {
	return &rules{
		other: whole,
		of: members(map[rule]string{
			formal: "alg typ type modality operation purpose territory exclude permit_content training subject_status authority custody assurance " +
				"compensation representation post_revocation s256 jkt x5t#S256 spki#S256 crv kty of hash",
			aPerson: "sub", anIssuer: "iss aud id", aToken: "jti",
		}),
	}
}

// members turns the table of rules around.
func members(of map[rule]string) map[string]rule {
	out := map[string]rule{}
	for r, names := range of {
		for _, name := range strings.Fields(names) {
			out[name] = r
		}
	}
	return out
}

func (r *rules) rule(member string) rule {
	if of, ok := r.of[member]; ok {
		return of
	}
	return r.other
}

// walk hides the names in a value that stands under a member.
func (n *Names) walk(in *rules, member string, v any) any {
	switch x := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(x))
		for _, name := range slices.Sorted(maps.Keys(x)) {
			label, _ := x["label"].(string)
			if in.names == place {
				label = name
			}
			out[n.member(in, name)] = n.walk(in.under(name, label), name, x[name])
		}
		return out
	case []any:
		out := make([]any, len(x))
		for i, item := range x {
			out[i] = n.walk(in, member, item)
		}
		return out
	case string:
		return n.text(in.rule(member), x)
	}
	return v
}

// under are the rules for what is inside a member, beside which, or as which, a label stands.
func (r *rules) under(member, label string) *rules {
	inside := r.inside
	if r.foreign != nil && label != "" && !patterns().known.MatchString(label) {
		inside = r.foreign
	}
	if next := inside[member]; next != nil {
		return next
	}
	if next := inside[""]; next != nil {
		return next
	}
	if next := r.inside[member]; next != nil {
		return next
	}
	return r
}

// forms are patterns of what is kept.
type forms struct {
	formal, member *regexp.Regexp
	prefixed       *regexp.Regexp // of a vocabulary with a name, or of JSON-LD's own
	known          *regexp.Regexp // labels of the specifications, whose words no file chooses
	urn            *regexp.Regexp // a manifest's label
	version        *regexp.Regexp // of a manifest's label
	address        *regexp.Regexp
}

var patterns = sync.OnceValue(func() *forms {
	return &forms{
		formal:   regexp.MustCompile(`^([A-Za-z0-9@#/*._:+=[\]-]{0,999}|b64'[A-Za-z0-9+/]{26,86}={0,2}')$`), // or a digest of 20 to 64 bytes, as CBOR's bytes are shown
		member:   regexp.MustCompile(`^[@$]?[A-Za-z0-9*._:-]{1,80}$`),
		prefixed: regexp.MustCompile(`^(@[a-z]+|(dc|dcterms|exif|exifEX|tiff|xmp|photoshop|plus|Iptc4xmpCore|Iptc4xmpExt|crs|pdf):[A-Za-z0-9]{1,60})$`),
		known:    regexp.MustCompile(`^(jumbf|c2pa|cawg|stds|font|io\.github\.consentry)([._][A-Za-z0-9._-]*)?$`),
		urn:      regexp.MustCompile(`^(?:(.*):)?(urn:(?:c2pa|uuid):[0-9A-Fa-f-]{32,36})(?::(.*))?$`),
		version:  regexp.MustCompile(`^[0-9_]*$`),
		address:  regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*://`),
	}
})

// member is the name of a member: where it is the name of a person too, it is hidden like that.
func (n *Names) member(in *rules, name string) string {
	if w, ok := n.words[name]; ok {
		return w
	}
	switch _, known := in.of[name]; {
	case in.names == whole && known:
	case in.names == whole && patterns().prefixed.MatchString(name):
	case in.names != sentence:
		return n.text(in.names, name)
	case !patterns().member.MatchString(name):
		return n.of("member", name)
	}
	return name
}

// text hides the names in a text.
func (n *Names) text(r rule, s string) string {
	switch r {
	case keep:
		return s
	case formal:
		if patterns().formal.MatchString(s) {
			return s
		}
		return n.of("text", s)
	case term:
		if vocabulary()[s] {
			return s
		}
	case vouched:
		return n.vouched(s)
	case place:
		return n.place(s)
	case sentence:
		return n.sentence(s)
	case standing:
		if i := strings.LastIndexByte(s, ' '); i > 0 {
			return n.text(aPerson, s[:i]) + s[i:]
		}
		r = aPerson
	case aPerson:
		id, label, more := strings.Cut(s, "@")
		if more {
			return n.of("person", id) + "@" + n.place(label)
		}
	}
	return n.of(kindOf[r], s)
}

// vouched hides in the name of one on a list the names that are hidden: of a signer that issues its own certificates.
func (n *Names) vouched(s string) string {
	if w, ok := n.words[s]; ok {
		return w
	}
	for _, p := range n.phrase {
		s = strings.ReplaceAll(s, p, n.words[p])
	}
	words := strings.Split(s, " ")
	for i, w := range words {
		core := strings.Trim(w, ".,:;()")
		if hidden := n.words[core]; hidden != "" && !strings.HasPrefix(hidden, "text-") {
			words[i] = strings.Replace(w, core, hidden, 1)
		}
	}
	return strings.Join(words, " ")
}

// place hides what a file may choose of a URI or a label.
func (n *Names) place(s string) string {
	if rest, ok := strings.CutPrefix(s, "self#jumbf="); ok {
		parts := strings.Split(rest, "/")
		for i := range parts {
			parts[i] = n.label(parts[i])
		}
		return "self#jumbf=" + strings.Join(parts, "/")
	}
	if patterns().address.MatchString(s) {
		return n.of("hidden:url", s) // a URI still, for those who check the form
	}
	return n.label(s)
}

// label hides what a file may choose of a label. C2PA 2.5, 8.2 and 8.4: a manifest's may hold the name of its vendor, an
// assertion's is anybody's.
func (n *Names) label(s string) string {
	switch {
	case s == "" || patterns().known.MatchString(s):
		return s
	case patterns().urn.MatchString(s):
		m := patterns().urn.FindStringSubmatch(s)
		out := m[2]
		if m[1] != "" {
			out = n.of("vendor", m[1]) + ":" + out
		}
		for _, part := range strings.Split(m[3], ":") {
			if m[3] == "" {
				break
			}
			if !patterns().version.MatchString(part) {
				part = n.of("vendor", part)
			}
			out += ":" + part
		}
		return out
	}
	return n.of("label", s)
}

// vocabulary are the words of the formats that our texts quote, and that stay.
var vocabulary = sync.OnceValue(func() map[string]bool {
	out := map[string]bool{"authentic": true}
	for _, w := range strings.Fields("grant clearance refusal adult minor deceased undisclosed self guardian estate agency guild studio platform rightsholder " +
		"managed complete partial unknown real synthetic fictional group replica altered resemblance none face body voice motion name " +
		"generate alter dub reanimate train token not-required exempt refused created gathered") {
		out[w] = true
	}
	return out
})

// sentence hides in a text of ours what it quotes, addresses, and names that are known.
func (n *Names) sentence(s string) string {
	var b strings.Builder
	for {
		i := strings.IndexByte(s, '"')
		if i < 0 {
			break
		}
		quoted, err := strconv.QuotedPrefix(s[i:])
		if err != nil { // not a quotation: what follows may be anything
			b.WriteString(n.plain(s[:i]) + strconv.Quote(n.of("text", s[i:])))
			return b.String()
		}
		b.WriteString(n.plain(s[:i]))
		b.WriteString(n.quoted(quoted))
		s = s[i+len(quoted):]
	}
	b.WriteString(n.plain(s))
	return b.String()
}

func (n *Names) quoted(q string) string {
	text, err := strconv.Unquote(q)
	if err != nil {
		text = q
	}
	_, code := report.Lookup(text)
	switch {
	case n.words[text] != "":
		return strconv.Quote(n.words[text])
	case text == "", code, vocabulary()[text], patterns().known.MatchString(text):
		return q
	case strings.HasPrefix(text, "self#jumbf="), patterns().address.MatchString(text), patterns().urn.MatchString(text):
		return strconv.Quote(n.place(text))
	}
	return strconv.Quote(n.of("text", text))
}

// plain hides addresses and known names in a text without quotations.
func (n *Names) plain(s string) string {
	for _, p := range n.phrase {
		s = strings.ReplaceAll(s, p, n.words[p])
	}
	const ends = ".,:;()[]'…"
	var b strings.Builder
	for len(s) > 0 {
		i := strings.IndexAny(s, " \n\t")
		word, rest := s, ""
		if i >= 0 {
			word, rest = s[:i], s[i:i+1]
		}
		s = s[len(word)+len(rest):]
		core := strings.Trim(word, ends)
		if hidden := n.word(core); hidden != core {
			word = strings.Replace(word, core, hidden, 1)
		}
		b.WriteString(word + rest)
	}
	return b.String()
}

func (n *Names) word(w string) string {
	if w == "" {
		return w
	}
	if known, ok := n.words[w]; ok {
		return known
	}
	if strings.HasPrefix(w, "self#jumbf=") || patterns().address.MatchString(w) || patterns().urn.MatchString(w) {
		return n.place(w)
	}
	if id, label, ok := strings.Cut(w, "@"); ok && n.words[id] != "" {
		return n.words[id] + "@" + n.place(label)
	}
	return w
}
