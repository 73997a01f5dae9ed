// Package origin decides where a picture comes from: generated, partly generated, captured, unknown or contradicted. It
// is a pure function of what manifests say, of labels and marks outside C2PA, and of a verified sidecar.
// Consent format 1, 8 (Is the question asked at all?); C2PA 2.5, 16.4.1 (digital source types).
//
// It refuses to call anything authentic: captured means that every origin in the history is declared as a recording.
// What an untrusted or invalid manifest says is reported and not verified. The call to make is [Decide].
package origin

import (
	"strings"

	"github.com/consentry/consentry/report"
)

// The states of an origin.
const (
	Generated       = "generated"
	PartlyGenerated = "partly-generated"
	Captured        = "captured"
	Unknown         = "unknown"
	Contradicted    = "contradicted"
)

// What an origin rests on.
const (
	BasisManifest    = "manifest"
	BasisDeclaration = "declaration" // a verified sidecar
	BasisLabel       = "label"
	BasisMark        = "mark"
	BasisNone        = "none"
)

// Facts are what an origin is decided on.
type Facts struct {
	Manifest *Manifest // active manifest; nil: none
	// Labels are unsigned declarations in the file, each as its kind and what it says: "tc260" (its label 1: generated),
	// "xmp:trainedAlgorithmicMedia". Only those that say "generated" outright decide anything, be it of parts only:
	// nobody signed which parts.
	Labels []string
	Marks  []string // generators' invisible marks that were found, by algorithm
	// Declared says that a verified sidecar describes how the file was generated.
	Declared bool
}

// Manifest is what a manifest says of its origin. A manifest that is reached in several ways is one value.
type Manifest struct {
	Label       string
	State       string   // trusted, valid, invalid, …
	Actions     []Action // created and gathered ones, templates resolved
	Ingredients []Ingredient
}

// Action is an action with its digital source type. C2PA 2.5, 16.4.1.
type Action struct{ Action, DigitalSourceType string }

// Ingredient is an ingredient: its manifest, or what the ingredient assertion itself says of its origin.
type Ingredient struct {
	Relationship      string // parentOf, componentOf, inputTo
	DigitalSourceType string
	Manifest          *Manifest // nil: none
}

// history is what a manifest and all before it say.
type history struct {
	state    string
	verified bool
	because  []report.Because
}

// Decide returns the origin. It is pure and total: hostile facts (cycles, thousands of ingredients) are walked once.
func Decide(f Facts) report.Origin {
	w := walker{done: map[*Manifest]*history{}}
	h := w.manifest(f.Manifest, 0)
	o := report.Origin{State: h.state, Basis: BasisManifest, Verified: h.verified, Because: h.because}
	outside, basis := outsideC2PA(f)
	switch {
	case h.state == Captured && basis != BasisNone:
		o.State, o.Basis, o.Because = Contradicted, basis, append(o.Because, outside...)
	case h.state == Unknown && basis != BasisNone:
		o.State, o.Basis, o.Verified, o.Because = Generated, basis, basis == BasisDeclaration, outside
	case h.state == Unknown:
		o.Basis, o.Verified = BasisNone, false
	}
	if o.Because == nil {
		o.Because = []report.Because{}
	}
	return o
}

// outsideC2PA collects what says "generated" beside the manifests; the basis is the strongest of it.
func outsideC2PA(f Facts) ([]report.Because, string) {
	var list []report.Because
	basis := BasisNone
	if f.Declared {
		list, basis = append(list, report.Because{Label: "consent sidecar"}), BasisDeclaration
	}
	for _, l := range f.Labels {
		kind, value, _ := strings.Cut(l, ":")
		if kind != "tc260" && !IsGenerated(value) {
			continue
		}
		list = append(list, report.Because{Label: l})
		if basis == BasisNone {
			basis = BasisLabel
		}
	}
	for _, m := range f.Marks {
		list = append(list, report.Because{Mark: m})
		if basis == BasisNone {
			basis = BasisMark
		}
	}
	return list, basis
}

// maxDepth bounds the walk; deeper histories are unknown from there on. Two hundred is the depth to which the reference
// implementation follows ingredients.
const maxDepth = 200

type walker struct {
	done map[*Manifest]*history // nil value: being walked
}

func (w walker) manifest(m *Manifest, depth int) *history {
	if m == nil || depth > maxDepth {
		return &history{state: Unknown}
	}
	if h, ok := w.done[m]; ok {
		if h == nil { // a cycle says nothing about an origin
			return &history{state: Unknown}
		}
		return h
	}
	w.done[m] = nil
	h := w.walk(m, depth)
	w.done[m] = h
	return h
}

// tally collects what the parts of one history say.
type tally struct {
	label                string
	whole, part, film    []report.Because // generated, partly, recorded
	wholeOK, partOK      bool             // every statement of the kind is a trusted signer's
	filmOK               bool
	origins, recordings  int // where the picture comes from, and how many of these are recordings
	opened, openedAsFilm bool
}

// walk judges one manifest. The strongest statement wins: generated, then partly generated; captured needs all origins.
func (w walker) walk(m *Manifest, depth int) *history {
	ok := m.State == "trusted"
	t := tally{label: m.Label, wholeOK: ok, partOK: ok, filmOK: ok}
	for _, a := range m.Actions {
		t.action(a)
	}
	parents := 0
	for _, in := range m.Ingredients {
		if in.Relationship != "parentOf" && in.Relationship != "componentOf" {
			continue // inputTo: a prompt or a model is no part of the picture
		}
		h := w.manifest(in.Manifest, depth+1)
		if in.Manifest == nil {
			h = stated(m, in)
		}
		if in.Relationship == "parentOf" {
			parents++
		}
		t.ingredient(h, in.Relationship == "parentOf")
	}
	if t.opened && parents == 0 {
		t.origins++ // opened from something that no ingredient tells of: only the action itself can say what it was
		if t.openedAsFilm {
			t.recordings++
		}
	}
	switch {
	case len(t.whole) > 0:
		return &history{Generated, t.wholeOK, cut(t.whole)}
	case len(t.part) > 0:
		return &history{PartlyGenerated, t.partOK, cut(t.part)}
	case t.origins > 0 && t.recordings == t.origins:
		return &history{Captured, t.filmOK, cut(t.film)}
	}
	return &history{state: Unknown}
}

func (t *tally) action(a Action) {
	b := report.Because{Manifest: t.label, Action: a.Action, DigitalSourceType: a.DigitalSourceType}
	kind := term(a.DigitalSourceType)
	switch kind {
	case trained:
		t.whole = append(t.whole, b)
	case compositeTrained, compositeSynth:
		t.part = append(t.part, b)
	}
	switch a.Action {
	case "c2pa.created":
		t.origins++
		if captured[kind] {
			t.recordings++
			t.film = append(t.film, b)
		}
	case "c2pa.opened":
		t.opened = true
		if captured[kind] {
			t.openedAsFilm = true
			t.film = append(t.film, b)
		}
	}
}

func (t *tally) ingredient(h *history, parent bool) {
	t.origins++
	switch {
	case h.state == Generated && parent:
		t.whole, t.wholeOK = append(t.whole, h.because...), t.wholeOK && h.verified
	case h.state == Generated, h.state == PartlyGenerated:
		t.part, t.partOK = append(t.part, h.because...), t.partOK && h.verified
	case h.state == Captured:
		t.recordings++
		t.film, t.filmOK = append(t.film, h.because...), t.filmOK && h.verified
	}
}

// stated is what an ingredient without a manifest says of itself. C2PA 2.5, 16.5 (digitalSourceType).
func stated(m *Manifest, in Ingredient) *history {
	h := &history{state: Unknown, verified: m.State == "trusted"}
	switch t := term(in.DigitalSourceType); {
	case t == trained:
		h.state = Generated
	case t == compositeTrained, t == compositeSynth:
		h.state = PartlyGenerated
	case captured[t]:
		h.state = Captured
	default:
		return h
	}
	h.because = []report.Because{{Manifest: m.Label, Action: in.Relationship, DigitalSourceType: in.DigitalSourceType}}
	return h
}

// maxBecause bounds what is shown: a history of thousands of generated steps is told by its first ones.
const maxBecause = 16

func cut(b []report.Because) []report.Because {
	if len(b) > maxBecause {
		b = b[:maxBecause]
	}
	return b
}
