package consent

import (
	"fmt"
	"strings"
)

// source is a manifest, or the sidecar, with the consent assertions that it carries.
type source struct {
	manifest     Manifest
	signer       *Signer
	t            Time
	declarations []*Declaration
	identities   []Identity
	active       bool
	component    bool // every way to it leads through a componentOf ingredient
	edited       bool // an action since may have changed who is depicted
	laundered    bool // a manifest on the way is not trusted: that this one is its ingredient rests on nobody's word
	below        []Ingredient
	sidecar      *Sidecar
	index        int
}

// maxSources bounds the manifests that are looked at: the limit of ingredients that the reference implementation
// follows is a depth of 200, and real histories have tens.
const maxSources = 1000

// unchanging are the actions after which a declaration still speaks of the same people. Consent format 1, 5.
var unchanging = set("c2pa.opened", "c2pa.transcoded", "c2pa.repackaged", "c2pa.resized", "c2pa.resized.proportional",
	"c2pa.cropped", "c2pa.trimmed", "c2pa.published", "c2pa.watermarked", "c2pa.watermarked.bound")

// sources lists the active manifest, the manifests before it, and the sidecar where it counts. A manifest that is
// reached in several ways is one source, under the worst of them.
func (j *judge) sources() []*source {
	f := j.facts
	active := &source{
		manifest: f.Manifest, signer: f.ClaimSigner, t: f.T, active: true, identities: f.CAWG,
		declarations: declarations(f.Assertion, f.Assertions),
	}
	list := []*source{active}
	byLabel := map[string]*source{active.manifest.Label: active}
	type step struct {
		in     []Ingredient
		parent *source
	}
	queue := []step{{f.Ingredients, active}}
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		for _, in := range at.in {
			if in.Relationship != "parentOf" && in.Relationship != "componentOf" || in.Manifest.State == "" || in.Manifest.State == ManifestAbsent {
				continue
			}
			s := &source{
				manifest: in.Manifest, signer: in.ClaimSigner, t: in.T, identities: in.CAWG,
				declarations: declarations(in.Assertion, in.Assertions),
				component:    at.parent.component || in.Relationship == "componentOf",
				edited:       at.parent.edited || in.Relationship == "parentOf" && edits(at.parent.manifest.Actions, in.Manifest.Label),
				laundered:    at.parent.laundered || !at.parent.active && at.parent.manifest.State != ManifestTrusted,
				below:        in.Ingredients,
				index:        len(list),
			}
			if known := byLabel[s.manifest.Label]; known != nil && s.manifest.Label != "" {
				if known != active && known.also(s) {
					queue = append(queue, step{known.below, known}) // what lies below it is reached that way too
				}
				continue
			}
			if len(list) == maxSources {
				j.unusable("", &SyntaxError{Offset: -1, Path: "ingredients", Reason: fmt.Sprintf("more than %d manifests", maxSources), Large: true})
				queue = nil
				break
			}
			byLabel[s.manifest.Label] = s
			list = append(list, s)
			queue = append(queue, step{in.Ingredients, s})
		}
	}
	if s := j.sidecarSource(list); s != nil {
		list = append(list, s)
	}
	return list
}

// also takes in that a source is reached in another way, and says whether that changes what is worth what below it. A
// second way may be told by the label alone. Of each thing it can change once, so that many ways end.
func (s *source) also(other *source) bool {
	before := *s
	s.edited = s.edited || other.edited
	s.laundered = s.laundered || other.laundered
	s.component = s.component && other.component // the picture itself comes from it, whatever else was made of it
	if manifestRank[other.manifest.State] < manifestRank[s.manifest.State] {
		s.manifest.State = other.manifest.State
	}
	if len(s.declarations) == 0 {
		s.declarations, s.signer, s.t, s.identities = other.declarations, other.signer, other.t, other.identities
	}
	if len(s.below) == 0 {
		s.below = other.below
	}
	return s.edited != before.edited || s.laundered != before.laundered || s.component != before.component ||
		s.manifest.State != before.manifest.State || len(s.below) != len(before.below)
}

// manifestRank orders the states of a manifest; anything else is as an invalid one.
var manifestRank = map[string]int{ManifestValid: 1, ManifestTrusted: 2}

// edits says whether one of a manifest's actions may have changed who is depicted since its parent.
func edits(actions []Action, parent string) bool {
	for _, a := range actions {
		if !unchanging[a.Action] {
			return true
		}
		if a.Action == "c2pa.opened" && len(a.Ingredients) > 0 && parent != "" && !contains(a.Ingredients, parent) {
			return true // opened from something else
		}
	}
	return false
}

// most says what evidence on a declaration of the source can be worth, and reports why it is not more.
// Consent format 1, 2 (created or gathered) and 5 (derived files).
func (s *source) most(j *judge, d *Declaration, uri string) level {
	most := level(5)
	if s.sidecar != nil {
		return most
	}
	created, referenced := s.manifest.Created, s.manifest.CAWGReferences
	if d.Created != nil {
		created = *d.Created
	}
	if d.Referenced != nil {
		referenced = *d.Referenced // of several assertions, an identity vouches for those that it references alone
	} else {
		for _, i := range s.identities {
			referenced = referenced || i.Trusted && i.references("consent")
		}
	}
	if !created && !referenced {
		most = 1
		j.find("consent.assertion.unattributed", uri, "the assertion was gathered, and no trusted identity references it: nobody vouches for it")
	}
	switch j.facts.Manifest.State {
	case ManifestTrusted, ManifestValid:
	default:
		most = 1 // what an invalid manifest says rests on nothing
	}
	if !s.active && (s.manifest.State != ManifestTrusted || s.laundered) {
		most = 1
	}
	if s.edited {
		most = min(most, 2)
	}
	return most
}

// uri is the JUMBF URI of the source's i-th consent assertion where nobody says it; empty: it has none.
func (s *source) uri(i int) string {
	if s.manifest.Label == "" { // or the sidecar, which stands in no manifest
		return ""
	}
	label := Label
	if i > 0 {
		label = fmt.Sprintf("%s__%d", Label, i)
	}
	return "self#jumbf=/c2pa/" + s.manifest.Label + "/c2pa.assertions/" + label
}

// name is what an id is told apart by.
func (s *source) name() string {
	switch {
	case s.sidecar != nil:
		return "sidecar"
	case s.manifest.Label == "":
		return fmt.Sprintf("manifest-%d", s.index)
	}
	return s.manifest.Label
}

// redactions reports consent assertions that the source's manifest removed from an earlier one: removed is not the same
// as never there. Consent format 1, 5.
func (j *judge) redactions(s *source) {
	for _, uri := range s.manifest.Redacted {
		if redactsConsent(uri) {
			j.find("consent.assertion.redacted", uri, "a consent assertion was removed from an earlier version of the file")
			j.out.Unusable = append(j.out.Unusable, "a consent assertion was redacted")
		}
	}
}

// redactsConsent says whether a JUMBF URI ends in the consent assertion's label, of any version and instance.
func redactsConsent(uri string) bool {
	last := uri[strings.LastIndexByte(uri, '/')+1:]
	last, _, _ = strings.Cut(last, "__")
	return last == Label || strings.HasPrefix(last, Label+".v")
}
