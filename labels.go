package consentry

import (
	"context"
	"fmt"

	"github.com/consentry/consentry/labels"
	"github.com/consentry/consentry/manifest"
	"github.com/consentry/consentry/origin"
	"github.com/consentry/consentry/report"
	"github.com/consentry/consentry/video"
)

// readLabels reads declarations outside C2PA: labels of generated content, XMP, generators' tags.
func (r *run) readLabels(ctx context.Context) error {
	l := r.located
	found, err := labels.Read(ctx, labels.Source{Data: r.asset.Data, Size: r.asset.Size, Format: l.Container, Boxes: l.File, Parts: l.Parts, Matroska: l.Matroska, Flash: l.Flash})
	if err != nil {
		return err
	}
	r.labels = found
	r.out.Labels = append(r.out.Labels, found.Labels...)
	r.out.Findings = append(r.out.Findings, found.Findings...)
	for _, n := range found.NotChecked {
		r.notChecked(n.What, n.Why)
	}
	return nil
}

// holdTags holds the decoder's tags against what our own walk of the container read: what only the decoder shows is a
// hint, and is counted nowhere. Where nobody read the labels, as for people alone, there is nothing to hold them against.
func (r *run) holdTags(tags *video.Tags) {
	if r.labels == nil {
		return
	}
	seen := map[string]bool{}
	for i := range tags.List {
		t := &tags.List[i]
		kind := r.labels.Unread(t.Name, t.Value)
		if kind == "" || seen[kind] {
			continue
		}
		seen[kind] = true
		place := "container"
		if t.Track >= 0 {
			place = fmt.Sprintf("track %d", t.Track)
		}
		r.find(report.Newf("label.decoderOnly", "", "not read by our own walk, told from FFmpeg's tags: a tag of the %s that looks like a label (%s): %q: %q", place, kind, t.Name, t.Value))
	}
}

// labelFacts are the labels that say outright that the content was generated, in the words of [origin.Facts].
func labelFacts(list []report.Label) []string {
	var out []string
	for _, l := range list {
		if l.Says != labels.Generated || l.Scope != labels.WholeAsset {
			continue
		}
		fact := l.Kind
		if l.Kind == labels.SourceType {
			fact = "xmp:" + labels.Term(l)
		}
		out = append(out, fact)
	}
	return out
}

// clashes tells where labels contradict the manifests. It is asked once the origin is known.
func (r *run) clashes(o report.Origin) []report.Finding {
	m := labels.Manifests{Captured: o.State == origin.Contradicted, Makers: makers(r.result)}
	return r.labels.Clashes(m)
}

// makers are the signers and claim generators of the manifests that say that they generated the content. Whoever only
// distributes a generated file signs too, and contradicts nobody.
func makers(res *manifest.Result) []string {
	if res == nil {
		return nil
	}
	var out []string
	for _, m := range res.Manifests {
		made := false
		for _, a := range m.Actions {
			made = made || a.Action == "c2pa.created" && origin.IsGenerated(a.DigitalSourceType)
		}
		if !made || !m.Reached {
			continue
		}
		if s := m.Signature; s != nil && len(s.Chain) > 0 {
			out = append(out, name(s.Chain[0]))
		}
		if m.Claim != nil {
			out = append(out, m.Claim.Generator)
		}
	}
	return out
}
