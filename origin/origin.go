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
	// "xmp:trainedAlgorithmicMedia". Only those that say "generated" outright decide anything.
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
		if kind != "tc260" && value != trained && term(value) != trained {
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

// walk judges one manifest. The strongest statement wins: generated, then partly generated; captured needs all origins.
func (w walker) walk(m *Manifest, depth int) *history {
	verified := m.State == "trusted"
	var whole, part, recorded []report.Because
	wholeOK, partOK, recordedOK := true, true, verified
	origins, recordings := 0, 0
	opened := false
	for _, a := range m.Actions {
		b := report.Because{Manifest: m.Label, Action: a.Action, DigitalSourceType: a.DigitalSourceType}
		t := term(a.DigitalSourceType)
		switch {
		case t == trained:
			whole = append(whole, b)
		case t == compositeTrained, t == compositeSynth:
			part = append(part, b)
		case captured[t] && (a.Action == "c2pa.created" || a.Action == "c2pa.opened"):
			recorded = append(recorded, b)
		}
		if a.Action == "c2pa.created" {
			origins++
			if captured[t] {
				recordings++
			}
		}
		opened = opened || a.Action == "c2pa.opened"
	}
	if len(whole) > 0 {
		wholeOK = verified
	}
	if len(part) > 0 {
		partOK = verified
	}
	parents := 0
	for _, in := range m.Ingredients {
		parent := in.Relationship == "parentOf"
		if !parent && in.Relationship != "componentOf" {
			continue // inputTo: a prompt or a model is no part of the picture
		}
		h := w.manifest(in.Manifest, depth+1)
		if in.Manifest == nil {
			h = stated(m, in)
		}
		origins++
		if parent {
			parents++
		}
		switch {
		case h.state == Generated && parent:
			whole, wholeOK = append(whole, h.because...), wholeOK && verified && h.verified
		case h.state == Generated, h.state == PartlyGenerated:
			part, partOK = append(part, h.because...), partOK && verified && h.verified
		case h.state == Captured:
			recordings++
			recorded, recordedOK = append(recorded, h.because...), recordedOK && h.verified
		}
	}
	if opened && parents == 0 {
		origins++ // opened from something that no ingredient tells of: only the action itself can say what it was
		for _, b := range recorded {
			if b.Manifest == m.Label && b.Action == "c2pa.opened" {
				recordings++
				break
			}
		}
	}
	switch {
	case len(whole) > 0:
		return &history{Generated, wholeOK, cut(whole)}
	case len(part) > 0:
		return &history{PartlyGenerated, partOK, cut(part)}
	case origins > 0 && recordings == origins:
		return &history{Captured, recordedOK, cut(recorded)}
	}
	return &history{state: Unknown}
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
