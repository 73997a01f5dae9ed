package consentry

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/consentry/consentry/consent"
	"github.com/consentry/consentry/origin"
	"github.com/consentry/consentry/persons"
	"github.com/consentry/consentry/region"
	"github.com/consentry/consentry/report"
	"github.com/consentry/consentry/video"
)

// PersonsMode says when people are looked for in the picture. The zero value looks for nobody.
type PersonsMode int

// The modes. Asked for and impossible, or not possible in full: the policy's event not_analysed.
const (
	PersonsOff  PersonsMode = iota
	PersonsAuto             // where the origin is generated, partly generated or contradicted, or faces are to be compared
	PersonsOn
	PersonsFast // four pictures a second: the answer is partial
)

// peopleLook is the look for people of one run.
type peopleLook struct {
	detector persons.Detector
	analysis *persons.Analysis
	seen     *persons.Seen // nil: not looked, or not at the end
	answer   *persons.Answer
	why      string // nobody could look, and why
	models   []report.FaceModel
	none     bool          // the file has no video track
	others   []video.Track // that players do not show by themselves
}

// maxOtherTracks bounds the further video tracks in which people are looked for: each is decoded for itself. Files with
// several views or languages have two or three.
const maxOtherTracks = 4

// peopleAsked says whether people are to be looked for, as far as the origin is known by now.
func (r *run) peopleAsked() bool {
	switch r.v.Persons {
	case PersonsOn, PersonsFast:
		return true
	case PersonsAuto:
		if r.framesOff() != "" {
			return false // whoever lets nothing be decoded asks for no look at the picture either; the report says so
		}
		if r.v.LinkFaces != nil && !r.soundOnly() {
			return true // faces that are to be compared must be found
		}
		f := originFacts(r.facts(), true)
		sidecar, _ := consent.ReadSidecar(r.facts(), r.v.Consent)
		f.Declared = sidecar != nil && sidecar.Generated
		return asked(origin.Decide(f).State)
	}
	return false
}

// framesOff says why not all frames may be decoded; empty: they may.
func (r *run) framesOff() string {
	switch {
	case r.v.Frames == video.InfoOnly:
		return "decoding is switched off"
	case r.v.Frames == video.KeyFrames && r.v.FramesFixed:
		return "only key frames are to be decoded"
	}
	return ""
}

// soundOnly says that the file has tracks, and none with a picture.
func (r *run) soundOnly() bool {
	list := r.out.Asset.Tracks
	return len(list) > 0 && !slices.ContainsFunc(list, func(t report.Track) bool { return t.Kind != "audio" })
}

// openPeople starts what finds faces, before anything is decoded for it.
func (r *run) openPeople(ctx context.Context) error {
	if r.v.Faces == nil {
		r.people.why = "no detector of faces in this build"
		return nil
	}
	d, err := r.v.Faces(ctx)
	if err == nil {
		r.people.detector = d
		r.people.analysis, err = persons.NewAnalysis(ctx, d, persons.Options{Fast: r.v.Persons == PersonsFast})
	}
	var failed *persons.Error
	switch {
	case err != nil && ctx.Err() != nil:
		return err
	case errors.As(err, &failed):
		r.people.why = strings.TrimPrefix(failed.Error(), "not analysed: ")
	case err != nil:
		r.people.why = err.Error()
	default:
		for _, m := range d.Models() {
			r.people.models = append(r.people.models, report.FaceModel{Name: m.Name, SHA256: m.SHA256})
		}
	}
	return nil
}

// closePeople ends what openPeople started.
func (r *run) closePeople() {
	if r.people.analysis != nil {
		r.people.analysis.Close()
	}
	if r.people.detector != nil {
		_ = r.people.detector.Close() // it has answered all that it was asked
	}
	r.people.analysis, r.people.detector = nil, nil
}

// lookForFaces takes frames for the analysis.
func (r *run) lookForFaces() look {
	p := &r.people
	return look{
		all: true,
		sink: video.Sink{
			Info: func(i *video.Info) error {
				p.none = !slices.ContainsFunc(i.Tracks, func(t video.Track) bool { return t.Kind == "video" })
				p.others = nil
				for n, t := range i.Tracks {
					if n != i.Picture && t.Kind == "video" {
						t.Index = n
						p.others = append(p.others, t)
					}
				}
				return p.analysis.Info(i)
			},
			Frame: func(f *video.Frame) error { return p.analysis.Frame(f) },
		},
		done: func(res *video.Result) (err error) {
			p.seen, err = p.analysis.Finish(res, "")
			return err
		},
		failed: func(why string) (err error) {
			p.seen, err = p.analysis.Finish(nil, why)
			return err
		},
	}
}

// lookAtOthers looks for people in the video tracks that players do not show by themselves: a viewer can choose them. Each
// is decoded for itself, after the one that is shown.
func (r *run) lookAtOthers(ctx context.Context) error {
	p := &r.people
	if p.seen == nil || p.detector == nil {
		return nil
	}
	for n, t := range p.others {
		if n == maxOtherTracks {
			p.seen.Miss(fmt.Sprintf("limit: %d of %d further video tracks were not looked at", len(p.others)-n, len(p.others)))
			break
		}
		a, err := persons.NewAnalysis(ctx, p.detector, persons.Options{Fast: r.v.Persons == PersonsFast})
		if err != nil {
			return err
		}
		seen, err := r.lookAtTrack(ctx, a, t)
		a.Close()
		if err != nil {
			return err
		}
		p.seen.Others = append(p.seen.Others, seen)
	}
	return nil
}

// lookAtTrack decodes one video track for an analysis.
func (r *run) lookAtTrack(ctx context.Context, a *persons.Analysis, t video.Track) (*persons.Seen, error) {
	want := video.Want{Mode: video.AllFrames, Track: t.Index, AudioTrack: -1, Limits: r.v.Limits.Video}
	if err := a.Info(&video.Info{Tracks: []video.Track{t}}); err != nil { // a decoder that fails may say nothing of the track
		return nil, err
	}
	res, err := r.v.Decoder.Decode(ctx, r.source(), want, video.Sink{Info: a.Info, Frame: a.Frame})
	var failed *video.Error
	switch {
	case errors.As(err, &failed):
		return a.Finish(nil, failed.Error())
	case err != nil && ctx.Err() != nil:
		return nil, err
	case err != nil:
		return nil, fmt.Errorf("decoding video track %d: %w", t.ID, err)
	}
	return a.Finish(res, "")
}

// lookForPeople holds what was seen against what is declared. Where only the marks in the picture say that it was
// generated, it is decoded once more.
func (r *run) lookForPeople(ctx context.Context) error {
	p := &r.people
	if p.seen == nil && p.why == "" {
		switch {
		case r.v.Persons == PersonsOff:
			r.notChecked("people in the picture", "looking for faces is switched off; only declared people are judged")
			return nil
		case !r.peopleAsked() && r.framesOff() != "":
			r.notChecked("people in the picture", r.framesOff()+"; only declared people are judged")
			return nil
		case !r.peopleAsked() && r.soundOnly():
			r.notChecked("people in the picture", "the file has no picture")
			return nil
		case !r.peopleAsked():
			r.notChecked("people in the picture", "nobody looked for faces: nothing says that the picture was generated; --persons on has them looked for")
			return nil
		}
		if err := r.decodeForPeople(ctx); err != nil {
			return err
		}
	}
	if p.seen == nil {
		p.seen = &persons.Seen{Status: persons.StatusNotAnalysed, Reason: p.why}
	}
	declared := consent.People(r.facts(), r.v.Consent)
	defer r.holdVoices(declared)              // behind what is written of the faces
	if p.none && r.v.Persons == PersonsAuto { // nobody can be seen in sound
		r.out.Persons.Reason = optional("the file has no picture")
		r.notChecked("people in the picture", "the file has no picture")
		return nil
	}
	r.holdPeople(declared)
	return nil
}

// holdPeople writes the part of the report about faces.
func (r *run) holdPeople(declared []consent.Depicted) {
	p := &r.people
	entries := entriesOf(declared)
	if slices.ContainsFunc(r.asset.Parts, func(x Part) bool { return x.Data == nil && x.Rendition == r.asset.Rendition }) {
		p.seen.Miss("fragments of the set are not at hand")
	}
	if p.none && p.seen.Status == persons.StatusNotAnalysed {
		p.seen.Reason = "the file has no picture"
	}
	p.answer = p.seen.Against(entries, r.v.Boxes)
	out := &r.out.Persons
	*out = p.answer.Persons
	out.Models = p.models
	if out.Status == persons.StatusNotAnalysed {
		out.NotSeen, out.Counted = []string{}, nil // nobody looked
		r.notChecked("people in the picture", "persons were not analysed: "+text(out.Reason)+"; no statement is made about who is depicted")
		return
	}
	if out.Reason != nil {
		r.notChecked("people in the picture", "in part only: "+*out.Reason)
	}
	if p.seen.Crowd > persons.CrowdFrom {
		r.find(report.Newf("consent.face.crowd", "", "%d faces at a time: entries for single people cannot tell them apart, only a group can stand for them", p.seen.Crowd))
	}
	if lost := nowhere(entries); len(lost) > 0 {
		r.notChecked("place of faces", fmt.Sprintf("%s declared in regions that contain no face: they are counted by the clock on the wall, speak of a text, or cannot be read", strings.Join(lost[:min(len(lost), 8)], ", ")))
	}
	if n := len(p.answer.Counted); n > 0 && len(out.Tracks) > 0 {
		r.notChecked("place of faces", fmt.Sprintf("%s declared without a region: faces were counted, not placed", strings.Join(p.answer.Counted[:min(n, 8)], ", ")))
	}
}

// entriesOf are the people whose faces can be in the picture: those declared with a face, and those with a place in it.
func entriesOf(list []consent.Depicted) (out []persons.Entry) {
	for _, d := range list {
		e := persons.Entry{ID: d.Name, Group: d.Person.Kind == "group"}
		if !d.Moved {
			e.Regions = d.Person.Regions
		}
		face := slices.Contains(d.Person.Modality, "face") && d.Person.Rendering != "none"
		placed := slices.ContainsFunc(e.Regions, func(x *region.Region) bool { return x.Placed() })
		if face || placed {
			out = append(out, e)
		}
	}
	return out
}

// nowhere are the entries with a region that holds nothing at any time.
func nowhere(entries []persons.Entry) (ids []string) {
	for _, e := range entries {
		if slices.ContainsFunc(e.Regions, func(x *region.Region) bool { _, _, _, never := x.Window(); return never }) {
			ids = append(ids, e.ID)
		}
	}
	return ids
}

// faceFacts is what the judge is told of the look for people; nil: nobody was asked to look.
func (r *run) faceFacts() *consent.Faces {
	p := &r.people
	if p.answer == nil {
		return nil
	}
	f := &consent.Faces{Status: r.out.Persons.Status, Reason: text(r.out.Persons.Reason), Partly: p.answer.Partly, Counted: p.answer.Counted}
	add := func(list []report.PersonTrack, of int64) {
		for _, t := range list {
			f.Tracks = append(f.Tracks, consent.FaceTrack{
				ID: t.ID, CoveredBy: t.Person, Possible: t.Class == persons.ClassPossible, StartMs: t.StartMs, EndMs: t.EndMs,
				Box: &[4]float64{t.Best.X, t.Best.Y, t.Best.Width, t.Best.Height}, VideoTrack: of,
			})
		}
	}
	add(r.out.Persons.Tracks, 0)
	for _, other := range r.out.Persons.VideoTracks {
		add(other.Tracks, other.Track)
	}
	return f
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// markSeen tells of each person when a face of theirs was seen.
func (r *run) markSeen() {
	if r.people.answer == nil {
		return
	}
	for i := range r.out.People {
		if spans := r.people.answer.Spans[r.out.People[i].ID]; spans != nil {
			r.out.People[i].Seen = spans
		}
	}
}
