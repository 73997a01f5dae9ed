package consentry

import (
	"github.com/consentry/consentry/consent"
	"github.com/consentry/consentry/origin"
	"github.com/consentry/consentry/policy"
	"github.com/consentry/consentry/report"
)

// Judged is what facts come to under a policy: everything after the reading of a file.
type Judged struct {
	Verdict   report.Verdict
	Reasons   []report.Reason // worst first
	Origin    report.Origin
	Judgement *consent.Judgement
}

// JudgeFacts decides origin, consent and verdict, in this order. It is a pure function: the verifier calls it with the
// facts of a file, and anybody can call it with facts of their own, without a video. nil trust trusts nobody, a nil
// policy is the newsroom profile.
func JudgeFacts(f *consent.Facts, trust *consent.Trust, p *policy.Policy) *Judged {
	out := judgeFacts(f, trust, p, nil)
	// Rules speak of a report; of one about bare facts only these members are known.
	r := &report.Report{
		ValidationTime: f.Now, Verdict: out.Verdict, Reasons: out.Reasons, Origin: out.Origin,
		People: out.Judgement.People, Works: out.Judgement.Works, Findings: out.Judgement.Findings,
	}
	out.Verdict, out.Reasons = p.Apply(r)
	return out
}

// judgeFacts is [JudgeFacts] without the policy's rules, which are held against the whole report; lists are those that
// the facts rest on, beside the consent trust list and the registries.
func judgeFacts(f *consent.Facts, trust *consent.Trust, p *policy.Policy, lists []policy.List) *Judged {
	sidecar, _ := consent.ReadSidecar(f, trust) // its findings are given when it is judged
	history := originFacts(f, true)
	history.Declared = sidecar != nil && sidecar.Generated
	own := originFacts(f, false)
	own.Declared = history.Declared

	terms := p.Terms()
	out := &Judged{Origin: origin.Decide(history)}
	terms.Asked = asked(out.Origin.State)
	terms.OwnAsked = asked(origin.Decide(own).State)
	out.Judgement = consent.Judge(f, trust, terms)
	for _, l := range out.Judgement.Lists {
		lists = append(lists, policy.List{Name: l.Name, Issued: l.Issued})
	}
	out.Verdict, out.Reasons = policy.Decide(p, policy.Facts{
		Manifest: f.Manifest.State, Origin: out.Origin, Malformed: f.Malformed, NotSupported: f.NotSupported,
		PartlyBound: f.PartlyBound, MediaUnbound: f.MediaUnbound, History: f.History,
		Judgement: out.Judgement, Now: f.Now, Lists: lists,
	})
	return out
}

// asked says whether an origin makes the question of consent be asked. Consent format 1, 8.
func asked(state string) bool {
	return state == origin.Generated || state == origin.PartlyGenerated || state == origin.Contradicted
}

// originFacts is what the facts say about the origin, with or without the components of the picture.
func originFacts(f *consent.Facts, components bool) origin.Facts {
	out := origin.Facts{Labels: f.Labels, Marks: f.Watermarks}
	if f.Manifest.State != "" && f.Manifest.State != consent.ManifestAbsent {
		h := histories{components: components, byLabel: map[string]*origin.Manifest{}}
		out.Manifest = h.manifest(f.Manifest, f.Ingredients)
	}
	return out
}

type histories struct {
	components bool
	byLabel    map[string]*origin.Manifest // a manifest that is reached in several ways is one
}

func (h histories) manifest(m consent.Manifest, ingredients []consent.Ingredient) *origin.Manifest {
	if known := h.byLabel[m.Label]; known != nil && m.Label != "" {
		return known
	}
	out := &origin.Manifest{Label: m.Label, State: m.State}
	h.byLabel[m.Label] = out
	for _, a := range m.Actions {
		out.Actions = append(out.Actions, origin.Action{Action: a.Action, DigitalSourceType: a.DigitalSourceType})
	}
	for _, in := range ingredients {
		if in.Relationship == "componentOf" && !h.components {
			continue
		}
		o := origin.Ingredient{Relationship: in.Relationship, DigitalSourceType: in.DigitalSourceType}
		if in.Manifest.State != "" && in.Manifest.State != consent.ManifestAbsent {
			o.Manifest = h.manifest(in.Manifest, in.Ingredients)
		}
		out.Ingredients = append(out.Ingredients, o)
	}
	return out
}
