package consentry

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/consentry/consentry/consent"
	"github.com/consentry/consentry/persons"
	"github.com/consentry/consentry/report"
	"github.com/consentry/consentry/video"
)

// linkPersons compares the faces of this file with each other, where that is asked for and faces were looked for. What it
// finds is reported, and can lower a verdict; no coverage rests on it.
func (r *run) linkPersons(ctx context.Context) error {
	if r.v.LinkFaces == nil {
		return nil
	}
	if r.people.answer == nil {
		switch why := r.framesOff(); {
		case r.soundOnly() || r.people.none:
			r.notChecked(linking, "the file has no picture")
		case r.v.Persons != PersonsOff && why != "":
			r.unlinked(why)
		default: // whoever switches the look off knows
			r.notChecked(linking, "nobody looked for faces")
		}
		return nil
	}
	if r.out.Persons.Status == persons.StatusNotAnalysed {
		r.unlinked(text(r.out.Persons.Reason))
		return nil
	}
	det, err := r.v.LinkFaces(ctx)
	var failed *persons.Error
	switch {
	case err != nil && ctx.Err() != nil:
		return err
	case errors.As(err, &failed):
		r.unlinked(strings.TrimPrefix(failed.Error(), "not analysed: "))
		return nil
	case err != nil:
		r.unlinked(err.Error())
		return nil
	}
	defer det.Close() // it has answered all that it was asked
	l := r.people.answer.Linker(ctx, det)
	defer l.Close()
	why, err := r.showAgain(ctx, l)
	if err != nil {
		return err
	}
	links := l.Finish(why)
	if r.out.Persons.Status == persons.StatusPartial && links.Status == persons.StatusAnalysed { // more may be seen in the rest
		links.Status, links.Reason = persons.StatusPartial, r.out.Persons.Reason
	}
	r.out.Persons.Links = links
	r.sayLinks(links, l.Unseen())
	return nil
}

// unlinked says that the faces were not compared though that was asked for.
func (r *run) unlinked(why string) {
	r.out.Persons.Links = &report.Links{
		Status: persons.StatusNotAnalysed, Reason: optional(why), NotCompared: []int{}, Alike: [][]int{},
		TokenCoversDifferentFaces: []report.DifferentFaces{}, IdentityDrift: []int{}, AlikeCovered: []report.AlikeCovered{},
	}
	r.sayLinks(r.out.Persons.Links, 0)
}

// linking is what is asked for, as it is named among what was not checked.
const linking = "faces compared with each other"

// sayLinks says what of the faces was not compared; of the tracks that did not come again nothing more is known.
func (r *run) sayLinks(l *report.Links, unseen int) {
	switch {
	case l.Status == persons.StatusNotAnalysed:
		r.notChecked(linking, "they were not compared: "+text(l.Reason))
	case l.Reason != nil:
		r.notChecked(linking, "in part only: "+*l.Reason)
	}
	if n := len(l.NotCompared); n > unseen {
		r.notChecked(linking, fmt.Sprintf("%d of %d face tracks are too small, too weak or turned too far away: each may be anybody", n-unseen, n+l.Compared))
	}
}

// showAgain decodes for the linker what was looked at the first time, and says what was not there.
func (r *run) showAgain(ctx context.Context, l *persons.Linker) (why string, err error) {
	var missing []string
	show := func(seen *persons.Seen, index int) error {
		if !l.Begin(seen) {
			return nil
		}
		why, err := r.showTrack(ctx, l, index)
		if why != "" && !slices.Contains(missing, why) {
			missing = append(missing, why)
		}
		return err
	}
	if err := show(r.people.seen, -1); err != nil {
		return "", err
	}
	for n, seen := range r.people.seen.Others { // lookAtOthers took them in this order
		if err := show(seen, r.people.others[n].Index); err != nil {
			return "", err
		}
	}
	return strings.Join(missing, "; "), nil
}

func (r *run) showTrack(ctx context.Context, l *persons.Linker, index int) (why string, err error) {
	want := video.Want{Mode: video.AllFrames, Track: index, AudioTrack: -1, Limits: r.v.Limits.Video}
	_, err = r.v.Decoder.Decode(ctx, r.source(), want, video.Sink{
		Info: l.Info,
		Frame: func(f *video.Frame) error {
			done, err := l.Frame(f)
			if err == nil && done {
				return errEnough
			}
			return err
		},
	})
	var failed *video.Error
	switch {
	case err == nil, errors.Is(err, errEnough):
		return "", nil
	case errors.As(err, &failed):
		return "the second decode failed: " + strings.TrimPrefix(failed.Error(), "not analysed: "), nil
	case ctx.Err() != nil:
		return "", err
	}
	return "", fmt.Errorf("decoding to compare faces: %w", err)
}

// linkFacts is what the judge is told of the comparison; nil: none was asked for.
func (r *run) linkFacts() *consent.Links {
	l := r.out.Persons.Links
	if l == nil {
		return nil
	}
	out := &consent.Links{Drifts: l.IdentityDrift}
	if l.Status != persons.StatusAnalysed {
		out.Missing = text(l.Reason)
	}
	for _, d := range l.TokenCoversDifferentFaces {
		out.Different = append(out.Different, consent.DifferentFaces{Person: d.Person, Tracks: d.Tracks})
	}
	return out
}
