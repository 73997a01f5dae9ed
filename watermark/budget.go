package watermark

import "slices"

// bound is the probability, at most, that anything at all is found in a video that has no mark, by the model of
// chance.go: the chances of all comparisons together.
const bound = 1e-6

// The budget is spent unevenly, most of it on what writers do.
const (
	wholeShare = 0.8 // the whole time line
	partShare  = 0.1 // parts of it
	otherShare = 0.1 // other geometries
	keyShare   = 0.5 // of the first two: key frames; the rest for all frames
	ownShare   = 0.5 // of messages: the user's own, where there are any
)

// shares of the known messages.
var knownShares = map[string]float64{"sdxl-svd-48": 0.5, "flux-46": 0.2, "sd1-136": 0.1, "sd2-32": 0.2}

// home is a way in which the writers of a message are known to write it, with its share of the message's budget; the
// other ways share what is left.
type home struct {
	kind  kind
	share float64
}

var homes = map[string][]home{
	"sdxl-svd-48": {{kindOf(DwtDct, floats, bgr), 0.4}, {kindOf(DwtDct, floats, rgb), 0.1}, {kindOf(DwtDctSvd, bytes, bgr), 0.15}},
	"flux-46":     {{kindOf(DwtDct, floats, bgr), 0.6}},
	"sd1-136":     {{kindOf(DwtDct, bytes, bgr), 0.6}},
	"sd2-32":      {{kindOf(DwtDct, bytes, bgr), 0.6}},
}

// targets are the known messages and the user's own, each with its share of the budget.
func targets(o Options) []target {
	own := slices.DeleteFunc(slices.Clone(o.Messages), func(m Message) bool {
		return m.Algorithm != "" && !slices.Contains(Algorithms, m.Algorithm) // a network's
	})
	own = own[:min(len(own), MaxMessages)]
	var out []target
	left := 1.0
	if len(own) > 0 {
		left = 1 - ownShare
	}
	for _, m := range Known() {
		out = append(out, newTarget(m, left*knownShares[m.Scheme]))
	}
	for _, m := range own {
		t := newTarget(m, ownShare/float64(len(own)))
		t.own = true
		out = append(out, t)
	}
	return out
}

func newTarget(m Message, share float64) target {
	t := target{Message: m, signs: m.signs(), share: share, classes: make([]int, m.Bits), counting: m.Bits}
	t.twice = append(append(t.twice, t.signs...), t.signs...)
	if !m.text() {
		return t
	}
	// Bits at the same place of their letters are alike in any text.
	classes := make([]int, m.Bits)
	counting := 0
	for place := range 8 {
		ones := 0
		for i := place; i < m.Bits; i += 8 {
			if m.bit(i) {
				ones++
			}
		}
		for i := place; i < m.Bits; i += 8 {
			classes[i] = place
			if ones == 0 || ones == m.Bits/8 {
				classes[i] = -1
			} else {
				counting++
			}
		}
	}
	if m.Bits < shortText {
		t.strict = classes // too few bits are left to count alone
		return t
	}
	t.classes, t.counting = classes, counting
	return t
}

// shortText is the length of a text from which the bits that are left without their classes suffice for the bound.
const shortText = 64

// homes are the kinds of mark that are looked for in parts of the time line and other geometries: none of a short text.
func (t *target) homes() (out []kind) {
	switch {
	case t.strict != nil:
		return nil
	case t.own:
		k := kindOf(t.Algorithm, bytes, bgr)
		return []kind{k, k + 1, k + 2, k + 3}
	}
	for _, h := range homes[t.Scheme] {
		out = append(out, h.kind)
	}
	return out
}

// shareOf is a message's share of the budget for one kind of mark; 0: it is not looked for.
func (t *target) shareOf(k kind) float64 {
	if t.own {
		if t.Algorithm != k.algorithm() {
			return 0
		}
		return t.share / float64(kinds/2)
	}
	left := 1.0
	for _, h := range homes[t.Scheme] {
		if h.kind == k {
			return t.share * h.share
		}
		left -= h.share
	}
	return t.share * left / float64(int(kinds)-len(homes[t.Scheme]))
}
