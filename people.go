package consentry

import (
	"context"

	"github.com/consentry/consentry/consent"
	"github.com/consentry/consentry/persons"
	"github.com/consentry/consentry/region"
	"github.com/consentry/consentry/report"
)

// Sight is what a look at the people in a picture found, beside any manifest.
type Sight struct {
	Persons    report.Persons
	Asset      report.Asset
	NotChecked []report.NotChecked
	Findings   []report.Finding
	// Regions are those of the entries that were asked about, for drawing.
	Regions map[string][]*region.Region
	Views   *Views // nil: not asked for, or nobody could look
}

// LookAt finds the people in the picture of an asset and holds them against a consent assertion, without judging
// anything else: before the asset is signed, or alone. A nil assertion declares nobody. Mode Off and Auto count as On.
func (v *Verifier) LookAt(ctx context.Context, a Asset, declared *consent.Assertion) (*Sight, error) {
	own := *v
	if own.Persons != PersonsFast {
		own.Persons = PersonsOn
	}
	r := own.begin(a)
	for _, step := range []func(context.Context) error{r.locate, r.decodeForPeople} {
		if err := ctx.Err(); err != nil {
			return nil, cause(ctx, err)
		}
		if err := step(ctx); err != nil {
			return nil, cause(ctx, err)
		}
	}
	if r.people.seen == nil {
		r.people.seen = &persons.Seen{Status: persons.StatusNotAnalysed, Reason: r.people.why}
	}
	var list []consent.Depicted
	out := &Sight{Regions: map[string][]*region.Region{}}
	if declared != nil {
		for _, p := range declared.People {
			list = append(list, consent.Depicted{Name: p.ID, Person: p})
			out.Regions[p.ID] = p.Regions
		}
	}
	r.holdPeople(list)
	r.holdVoices(list)
	if err := r.linkPersons(ctx); err != nil {
		return nil, cause(ctx, err)
	}
	if err := r.viewsOf(ctx, list); err != nil {
		return nil, cause(ctx, err)
	}
	out.Views = r.views
	out.Persons, out.Asset, out.NotChecked, out.Findings = r.out.Persons, r.out.Asset, r.out.NotChecked, r.out.Findings
	return out, nil
}
