package consentry

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/consentry/consentry/consent"
	"github.com/consentry/consentry/persons"
	"github.com/consentry/consentry/report"
	"github.com/consentry/consentry/video"
)

// The bounds of the pictures that are made for people.
const (
	// MaxViews is how many undeclared faces a picture is made of: what somebody looks through. Nothing of further ones is
	// lost in the report.
	MaxViews = 64
	viewSide = 320 // pixels: 64 pictures have 20 MB
)

// Views are the pictures of the faces that no declared person covers, with what a timeline of them shows beside the
// report.
type Views struct {
	List     []persons.View // by track, as the report numbers them
	More     int            // undeclared tracks past [MaxViews], of which there is no picture
	Lanes    []persons.Lane // when declared people may be seen
	Unlisted int            // declared people who have no lane
}

// Missing says why a picture is not there; empty: all are.
func (v *Views) Missing() string {
	for _, x := range v.List {
		if x.Picture == nil {
			return x.Why
		}
	}
	return ""
}

// errEnough ends a decode that has given all that was wanted.
var errEnough = errors.New("all that was wanted is there")

// takeViews decodes once more for the pictures of undeclared faces, where they are asked for.
func (r *run) takeViews(ctx context.Context) error {
	if !r.v.Views || r.people.answer == nil {
		return nil
	}
	return r.viewsOf(ctx, consent.People(r.facts(), r.v.Consent))
}

func (r *run) viewsOf(ctx context.Context, declared []consent.Depicted) error {
	if !r.v.Views || r.out.Persons.Status == persons.StatusNotAnalysed {
		return nil
	}
	r.views = &Views{}
	r.views.Lanes, r.views.Unlisted = persons.Lanes(entriesOf(declared))
	p := &r.out.Persons
	if err := r.viewsOfTrack(ctx, -1, p.Tracks, p.Undeclared); err != nil {
		return err
	}
	for _, t := range p.VideoTracks {
		n := slices.IndexFunc(r.people.others, func(o video.Track) bool { return o.ID == t.Track })
		if n < 0 {
			continue // no frame of it was seen, and no face
		}
		if err := r.viewsOfTrack(ctx, r.people.others[n].Index, t.Tracks, t.Undeclared); err != nil {
			return err
		}
	}
	return nil
}

// viewsOfTrack takes the pictures of one video track.
func (r *run) viewsOfTrack(ctx context.Context, index int, tracks []report.PersonTrack, undeclared []int) error {
	first := len(r.views.List)
	var boxes []report.FaceBox
	for _, t := range tracks {
		switch {
		case !slices.Contains(undeclared, t.ID):
		case len(r.views.List) == MaxViews:
			r.views.More++
		default:
			r.views.List = append(r.views.List, persons.View{Track: t.ID, AtMs: t.Best.AtMs})
			boxes = append(boxes, t.Best)
		}
	}
	if len(boxes) == 0 {
		return nil
	}
	why, err := r.decodeViews(ctx, index, r.views.List[first:], boxes)
	if err != nil {
		return err
	}
	missing := 0
	for i := range r.views.List[first:] {
		if v := &r.views.List[first+i]; v.Picture == nil {
			missing++
			if v.Why == "" {
				v.Why = why
			}
		}
	}
	if missing > 0 {
		r.notChecked("pictures of faces", fmt.Sprintf("%d of %d undeclared faces have no picture: %s", missing, len(boxes), why))
	}
	return nil
}

// decodeViews decodes until all pictures are there, and says why one may be missing.
func (r *run) decodeViews(ctx context.Context, index int, views []persons.View, boxes []report.FaceBox) (string, error) {
	var track video.Track
	left := len(views)
	want := video.Want{Mode: video.AllFrames, Track: index, AudioTrack: -1, Limits: r.v.Limits.Video}
	_, err := r.v.Decoder.Decode(ctx, r.source(), want, video.Sink{
		Info: func(i *video.Info) error {
			if i.Picture >= 0 && i.Picture < len(i.Tracks) {
				track = i.Tracks[i.Picture]
			}
			return nil
		},
		Frame: func(f *video.Frame) error {
			var still *persons.Picture
			for i := range views {
				v := &views[i]
				if v.Picture != nil || v.Why != "" || v.AtMs != f.Time.Milliseconds() {
					continue
				}
				if still == nil {
					still = persons.Still(f, &track)
				}
				if left--; still == nil {
					v.Why = "the frame is not what it says"
					continue
				}
				v.Picture = still.Cut(boxes[i], viewSide)
			}
			if left == 0 {
				return errEnough
			}
			return nil
		},
	})
	const gone = "the second decode did not give their frames"
	var failed *video.Error
	switch {
	case err == nil, errors.Is(err, errEnough):
		return gone, nil
	case errors.As(err, &failed):
		return gone + ": " + failed.Error(), nil
	case ctx.Err() != nil:
		return "", err
	}
	return "", fmt.Errorf("decoding for pictures of faces: %w", err)
}
