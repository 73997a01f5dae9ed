package manifest

import (
	"math"

	"github.com/consentry/consentry/internal/cbortree"
)

// SoftBinding is one block of a soft-binding assertion. C2PA 2.5, 16.3.7.
//
//	soft-binding-map = { "alg": tstr, "blocks": [1* soft-binding-block-map], ? "alg-params": bstr, … }
//	soft-binding-block-map = { "scope": soft-binding-scope-map, "value": bstr }
//	soft-binding-scope-map = { ? "extent": tstr, ? "timespan": { "start": uint, "end": uint }, ? "region": region-map }
type SoftBinding struct {
	Assertion *Assertion
	Alg       string // of the assertion, else the claim's alg_soft; empty: none
	Params    bool   // the assertion has parameters for the algorithm
	Value     []byte // the content of a byte or text string; nil: neither
	Text      bool   // it was a text string, which some generators write
	Span      *SpanMs
	Region    bool   // only a part of the picture
	Fault     string // why the block cannot be read; empty: it can
}

// SpanMs is a span of the asset's time line in milliseconds, the end excluded.
type SpanMs struct{ Start, End int64 }

// SoftBindings returns the blocks of the manifest's soft-binding assertions that its claim lists, in their order, at
// most the first most of them, and whether there are more.
func (m *ManifestResult) SoftBindings(most int) (out []SoftBinding, more bool) {
	for _, a := range m.AssertionsOf(labelSoftBinding) {
		if !a.Created && !a.Gathered || a.Redacted {
			continue
		}
		base := SoftBinding{Assertion: a}
		if m.Claim != nil {
			base.Alg = m.Claim.AlgSoft
		}
		t, err := a.Tree()
		var blocks []cbortree.Value
		if err == nil {
			base.Alg = first(t.Get("alg").Str(), base.Alg)
			base.Params = t.Get("alg-params").Kind != cbortree.None
			blocks = t.Get("blocks").List()
		}
		switch {
		case err != nil:
			base.Fault = "the assertion cannot be read: " + err.Error()
		case !a.Intact:
			base.Fault = "the assertion is not the one that was signed"
		case len(blocks) == 0:
			base.Fault = "the assertion has no block"
		}
		if base.Fault != "" {
			blocks = []cbortree.Value{{}}
		}
		for _, b := range blocks {
			if len(out) == most {
				return out, true
			}
			one := base
			if one.Fault == "" {
				one.read(b)
			}
			out = append(out, one)
		}
	}
	return out, false
}

// read takes what a block says.
func (s *SoftBinding) read(block cbortree.Value) {
	switch v := block.Get("value"); v.Kind {
	case cbortree.Bytes:
		s.Value = v.Data
	case cbortree.Text:
		s.Value, s.Text = v.Data, true
	default:
		s.Fault = "the block has no value"
		return
	}
	scope := block.Get("scope")
	s.Region = scope.Get("region").Kind != cbortree.None || scope.Get("extent").Kind != cbortree.None
	span := scope.Get("timespan")
	if span.Kind == cbortree.None {
		return
	}
	start, end := span.Get("start"), span.Get("end")
	if start.Kind != cbortree.Uint || end.Kind != cbortree.Uint || start.N >= end.N || end.N > math.MaxInt64/1_000_000 {
		s.Fault = "the block's time span is none"
		return
	}
	s.Span = &SpanMs{int64(start.N), int64(end.N)}
}
