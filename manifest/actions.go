package manifest

import (
	"errors"
	"fmt"
	"time"

	"github.com/consentry/consentry/internal/cbortree"
	"github.com/consentry/consentry/report"
)

// The actions that have rules. C2PA 2.5, 16.4 and 14.10.4.2.4.
const (
	actCreated     = "c2pa.created"
	actOpened      = "c2pa.opened"
	actPlaced      = "c2pa.placed"
	actRemoved     = "c2pa.removed" // deprecated since 2.5: deleted
	actDeleted     = "c2pa.deleted"
	actTranscoded  = "c2pa.transcoded"
	actRepackaged  = "c2pa.repackaged"
	actRedacted    = "c2pa.redacted"
	actWatermarked = "c2pa.watermarked"
	actBound       = "c2pa.watermarked.bound"
)

// actionSet is one actions assertion.
type actionSet struct {
	a         *Assertion
	templates *templates
	actions   []Action
}

// actions reads and judges the actions assertions. C2PA 2.5, 14.10.1.2 and 14.10.4.2.4.
func (v *validator) actions(w *work) {
	var sets []*actionSet
	for _, a := range w.r.Assertions {
		if isActions(a.Base) && (a.Created || a.Gathered) && a.box != nil && !a.Redacted {
			sets = append(sets, v.readActions(w, a))
		}
	}
	v.inception(w, sets)
	for _, s := range sets {
		for i := range s.actions {
			v.action(w, s, &s.actions[i])
		}
		w.r.Actions = append(w.r.Actions, s.actions...)
	}
	reasons := map[string]string{}
	for _, x := range w.r.Actions {
		if x.Action == actRedacted {
			reasons[x.Redacts] = x.Reason
		}
	}
	for i := range w.r.Redactions {
		w.r.Redactions[i].Reason = reasons[w.r.Redactions[i].URI]
	}
}

// readActions reads an actions assertion with its templates.
//
//	actions-map-v2 = { actions: [1* action-item-map-v2], ? templates: [1* action-template-map],
//	    ? softwareAgents: [1* generator-info-map], ? metadata, ? allActionsIncluded: bool }
//
// C2PA 2.5, 16.4.1.
func (v *validator) readActions(w *work, a *Assertion) *actionSet {
	s := &actionSet{a: a, templates: &templates{}}
	t, err := v.treeOf(a)
	if err != nil {
		return s // its content is said to be broken already
	}
	list := t.Get("actions")
	if list.Kind != cbortree.Array || len(list.Items) == 0 {
		w.r.add(report.New("assertion.action.malformed", a.URI, "there is no list of actions, or it is empty"))
		return s
	}
	s.templates = readTemplates(t)
	for i, item := range list.Items {
		if v.acts += 1 + len(item.Get("related").List()); v.acts > v.lim.Actions {
			v.limit("actions", int64(v.lim.Actions), a.URI)
			return s
		}
		x, faults := readAction(s.templates, item)
		x.Assertion, x.Index, x.Gathered = a.URI, i, !a.Created
		for _, f := range faults {
			w.r.add(report.Newf("assertion.action.malformed", a.URI, "action %d: %s", i, f))
		}
		s.actions = append(s.actions, x)
	}
	v.metadata(w, a, t.Get("metadata"))
	for _, g := range t.Get("softwareAgents").List() {
		v.nested(w, a.URI, "", g.Get("icon"))
	}
	for _, g := range t.Get("templates").List() {
		v.nested(w, a.URI, "", g.Get("icon"))
		v.nested(w, a.URI, "", g.Get("softwareAgent").Get("icon"))
		v.nested(w, a.URI, "", g.Get("templateIcon"))
	}
	return s
}

// readAction reads an action with what its templates add. C2PA 2.5, 16.4.1.
func readAction(set *templates, item cbortree.Value) (x Action, faults []string) {
	name := item.Get("action").Str()
	get := func(key string) cbortree.Value { return set.member(item, name, key) }
	x = Action{
		Action: name, When: item.Get("when").Str(), DigitalSourceType: get("digitalSourceType").Str(),
		Description: get("description").Str(), Reason: get("reason").Str(), Tree: item,
	}
	if x.Reason == "" {
		x.Reason = set.parameter(item, name, "reason").Str()
	}
	if name == "" {
		faults = append(faults, "it has no name")
	}
	x.SoftwareAgent = set.agent(get("softwareAgent"), get("softwareAgentIndex"))
	x.WhenStart, x.WhenEnd = timeOf(item.Get("whenStart")), timeOf(item.Get("whenEnd"))
	if x.When != "" && (x.WhenStart != "" || x.WhenEnd != "") {
		faults = append(faults, "it has a time and a span of time")
	}
	from, err1 := time.Parse(time.RFC3339, x.WhenStart)
	to, err2 := time.Parse(time.RFC3339, x.WhenEnd)
	if err1 == nil && err2 == nil && from.After(to) {
		faults = append(faults, "it ends before it starts")
	}
	x.Redacts = set.parameter(item, name, "redacted").Str()
	for _, r := range item.Get("related").List() {
		// One level is what the specification has; a related action of a related action is not read.
		related, more := readAction(set, withoutRelated(r))
		x.Related, faults = append(x.Related, related), append(faults, more...)
	}
	return x, faults
}

func withoutRelated(v cbortree.Value) cbortree.Value {
	if v.Kind != cbortree.Map {
		return v
	}
	out := v
	out.Items = nil
	for i := 0; i+1 < len(v.Items); i += 2 {
		if v.Items[i].Str() != "related" {
			out.Items = append(out.Items, v.Items[i], v.Items[i+1])
		}
	}
	return out
}

// timeOf reads a time, which since 2.5 may stand in a map with its kind.
func timeOf(v cbortree.Value) string {
	if v.Kind == cbortree.Map {
		v = v.Get("value")
	}
	return v.Str()
}

// inception checks that a manifest says how its content began. C2PA 2.5, 14.10.1.2. Claims of version 1 are older than
// the rule (2.1), and update manifests change no content.
func (v *validator) inception(w *work, sets []*actionSet) {
	if w.claim.Version < 2 || w.m.Type == Update {
		return
	}
	if len(sets) == 0 {
		if !v.hasRedacted(w, isActions) {
			w.r.add(report.New("claim.actions.missing", w.claim.URI, "the claim lists no actions assertion"))
		}
		return
	}
	begins := func(a Action) bool { return a.Action == actCreated || a.Action == actOpened }
	total := 0
	seen := map[bool]bool{} // by gathered: the first actions assertion of that list was met
	for _, s := range sets {
		firstOfList := !seen[!s.a.Created]
		seen[!s.a.Created] = true
		for i, a := range s.actions {
			if !begins(a) {
				continue
			}
			total++
			if i > 0 || !firstOfList {
				w.r.add(report.Newf("assertion.action.malformed", s.a.URI, "%q is action %d; it has to be the first of the first actions assertion", a.Action, i))
			}
		}
	}
	switch {
	case total > 1:
		w.r.add(report.Newf("assertion.action.malformed", sets[0].a.URI, "%d actions say how the content began; there can be one", total))
	case total == 0:
		w.r.add(report.Newf("assertion.action.malformed", sets[0].a.URI, "no action says how the content began (%s or %s)", actCreated, actOpened))
	}
}

// hasRedacted reports whether an assertion of a kind is there and redacted.
func (v *validator) hasRedacted(w *work, kind func(string) bool) bool {
	for _, a := range w.r.Assertions {
		if a.Redacted && kind(a.Base) {
			return true
		}
	}
	return false
}

func isSoftBinding(base string) bool { return base == labelSoftBinding }

// action judges one action. C2PA 2.5, 14.10.4.2.4.
func (v *validator) action(w *work, s *actionSet, x *Action) {
	refs, broken := v.ingredientReferences(w, s, x)
	fault := func(format string, args ...any) {
		w.r.add(report.Newf("assertion.action.ingredientMismatch", s.a.URI, "action %d (%s): %s", x.Index, x.Action, fmt.Sprintf(format, args...)))
	}
	all := func(relation string) {
		for _, r := range refs {
			switch {
			case r.redacted || r.ingredient != nil && !knownRelationship(r.ingredient): // that is said of the ingredient
			case r.elsewhere || r.ingredient == nil || r.ingredient.Relationship != relation:
				fault("%q is no %s ingredient of this manifest", r.url, relation)
			}
		}
	}
	if broken != nil {
		fault("%v", broken)
	}
	switch x.Action {
	case actOpened:
		// Under claims of version 1 (before 2.0) an opened action need not say which ingredient was opened.
		if len(refs) != 1 && !(len(refs) == 0 && w.claim.Version == 1) {
			fault("it names %d ingredients and has to name one", len(refs))
		}
		all("parentOf")
		v.location(w, s, refs)
	case actPlaced:
		if len(refs) == 0 {
			fault("it names no ingredient")
		}
		all("componentOf")
		v.location(w, s, refs)
	case actRemoved, actDeleted:
		if len(refs) == 0 && x.Action == actRemoved {
			fault("it names no ingredient")
		}
		for _, r := range refs {
			if !r.redacted && (!r.elsewhere || r.ingredient == nil || r.ingredient.Relationship != "componentOf") {
				fault("%q is no componentOf ingredient of another manifest", r.url)
			}
		}
	case actTranscoded, actRepackaged:
		all("parentOf")
	case actRedacted:
		v.redaction(w, s, x)
	case actWatermarked, actBound:
		if !w.softBound && !v.hasRedacted(w, isSoftBinding) {
			w.r.add(report.Newf("assertion.action.softBindingMissing", s.a.URI, "action %d (%s): the manifest has no soft binding", x.Index, x.Action))
		}
	}
	v.related(w, s, x, s.templates.parameter(x.Tree, x.Action, "relatedAssertions"))
	v.nested(w, s.a.URI, "", x.Tree.Get("softwareAgent").Get("icon"))
}

// ingredientReference is an ingredient that an action names.
type ingredientReference struct {
	url        string
	ingredient *Ingredient // nil: none
	elsewhere  bool        // it is one of another manifest
	redacted   bool
}

var errNoReferences = errors.New("its ingredients are no list of hashed references")

// ingredientReferences reads which ingredients an action names: parameters.ingredients, in version 1
// parameters.ingredient, and before 2.1 an instance ID. C2PA 2.5, 16.4.1.
func (v *validator) ingredientReferences(w *work, s *actionSet, x *Action) (out []ingredientReference, broken error) {
	list := s.templates.parameter(x.Tree, x.Action, "ingredients")
	items := list.List()
	if list.Kind != cbortree.None && list.Kind != cbortree.Array {
		broken = errNoReferences
	}
	if one := s.templates.parameter(x.Tree, x.Action, "ingredient"); one.Kind == cbortree.Map {
		items = append(items[:len(items):len(items)], one)
	}
	for _, item := range items {
		h, ok := hashedURI(item)
		if !ok {
			broken = errNoReferences
			continue
		}
		out = append(out, v.ingredientAt(w, h.URL))
		if r := out[len(out)-1]; r.ingredient != nil {
			x.Ingredients = append(x.Ingredients, r.ingredient.URI)
			v.nested(w, s.a.URI, "", item)
		}
	}
	if id := first(x.Tree.Get("instanceID").Str(), x.Tree.Get("parameters").Get("instanceID").Str(),
		x.Tree.Get("instanceId").Str(), x.Tree.Get("parameters").Get("instanceId").Str()); len(items) == 0 && id != "" {
		if i := w.instances[id]; i != nil {
			out = append(out, ingredientReference{url: i.URI, ingredient: i})
			x.Ingredients = append(x.Ingredients, i.URI)
		}
	}
	return out, broken
}

// ingredientAt resolves a reference to an ingredient assertion.
func (v *validator) ingredientAt(w *work, url string) ingredientReference {
	r := ingredientReference{url: url}
	owner, b, err := v.store.resolve(w.m, url)
	if owner == nil {
		return r
	}
	ow := v.works[owner]
	r.elsewhere = owner != w.m
	r.redacted = ow.redacted[pathBelow(url)] != ""
	if err != nil {
		return r
	}
	r.ingredient = ow.ingredients[b]
	return r
}

// location says where an opened or placed ingredient stands in the other list of the claim. C2PA 2.5, 14.10.4.2.4.
func (v *validator) location(w *work, s *actionSet, refs []ingredientReference) {
	for _, r := range refs {
		if i := r.ingredient; i != nil && !r.elsewhere && w.claim.Version >= 2 && i.assertion.Created != s.a.Created {
			w.r.add(report.Newf("assertion.action.ingredientLocationMismatch", s.a.URI, "%q and the actions stand in different lists of the claim", i.Label))
		}
	}
}

// redaction checks that a redaction action names what the claim redacts. The assertion itself may be gone: what it
// names resolves if it is one that its manifest's claim lists. C2PA 2.5, 14.10.4.2.4.
func (v *validator) redaction(w *work, s *actionSet, x *Action) {
	fault := func(text string) {
		w.r.add(report.Newf("assertion.action.redactionMismatch", s.a.URI, "action %d: %s", x.Index, text))
	}
	if x.Redacts == "" {
		fault("it does not name what was redacted")
		return
	}
	owner, _, err := v.store.resolve(w.m, x.Redacts)
	if owner == nil {
		fault("what it names leads nowhere")
		return
	}
	if err == nil {
		return
	}
	path := pathBelow(x.Redacts)
	if v.works[owner].redacted[path] == "" {
		fault("what it names is not there, and no claim redacts it")
		return
	}
	if !v.works[owner].listed[path] {
		fault("what it names was never an assertion of its manifest")
	}
}

// related checks an action's or an ingredient's relatedAssertions. C2PA 2.5, 14.10.4.2.4.
func (v *validator) related(w *work, s *actionSet, x *Action, list cbortree.Value) {
	if list.Kind == cbortree.None {
		return
	}
	fault := func(format string, args ...any) {
		w.r.add(report.Newf("assertion.action.malformed", s.a.URI, "action %d: %s", x.Index, fmt.Sprintf(format, args...)))
	}
	if len(list.List()) == 0 {
		fault("relatedAssertions is no list, or empty")
	}
	for _, item := range list.List() {
		url := item.Get("url").Str()
		path := pathBelow(url)
		b, err := v.store.resolveHere(w.m, url)
		if w.redacted[path] != "" {
			w.r.add(report.Newf("assertion.redacted", s.a.URI, "action %d names %q, which was redacted", x.Index, url))
			continue
		}
		if err != nil || boxType(b.Parent()) != typeAssertions {
			fault("%q is no assertion of this manifest", url)
			continue
		}
		if base := baseLabel(b.Label()); isActions(base) || isIngredient(base) {
			fault("%q is an actions or ingredient assertion", url)
			continue
		}
		x.RelatedAssertions = append(x.RelatedAssertions, w.m.URI(labelStore, b.Label()))
		v.nested(w, s.a.URI, "", item)
	}
}
