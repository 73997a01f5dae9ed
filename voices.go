package consentry

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/consentry/consentry/consent"
	"github.com/consentry/consentry/persons"
	"github.com/consentry/consentry/report"
	"github.com/consentry/consentry/video"
	"github.com/consentry/consentry/voice"
)

// maxVoiceTracks bounds the sound tracks that are listened to: the first in the pass that shows the picture, each
// further one in a pass of its own over the sound. Films come with half a dozen languages.
const maxVoiceTracks = 8

// soundTracks are the sound tracks of an asset, and why some were not listened to.
type soundTracks struct {
	asked    bool
	why      string         // nobody could listen, and why
	tracks   []video.Track  // in the container's order
	order    []int          // their indices in the decoder's list
	failed   map[int]string // by index
	listened bool
}

// info takes the tracks.
func (s *soundTracks) info(i *video.Info) error {
	for n, t := range i.Tracks {
		if t.Kind == "audio" {
			s.tracks, s.order = append(s.tracks, t), append(s.order, n)
		}
	}
	s.listened = true
	return nil
}

// ended takes how a pass over a track ended; -1: the decoder chose none, or cannot say which, and each is asked for by
// itself.
func (s *soundTracks) ended(track int, end *video.Sound, heard bool) {
	switch {
	case track < 0:
	case end.Failed != nil:
		s.failed[track] = end.Failed.Error()
	case end.Broken != nil:
		s.failed[track] = fmt.Sprintf("it breaks near %s: %s", clock(end.Broken.Time), end.Broken.Why)
	case !heard:
		s.failed[track] = "the decoder gives no sound"
	}
}

// voiceLook listens for speech, in the same cases in which people are looked for in the picture.
type voiceLook struct {
	soundTracks
	under map[int]*voice.Detector // by the track's index: listening
	heard map[int]*voice.Result
}

// lookForVoices takes the sound of one track, whichever the decoder gives.
func (r *run) lookForVoices() look {
	v := &r.voices
	*v = voiceLook{soundTracks: soundTracks{asked: true, failed: map[int]string{}}, under: map[int]*voice.Detector{}, heard: map[int]*voice.Result{}}
	return look{
		sink: video.Sink{Info: v.info, Audio: v.take},
		done: func(res *video.Result) error {
			v.finish(-1, &res.Sound)
			return nil
		},
		failed: func(why string) error {
			v.why, v.under = why, nil
			return nil
		},
	}
}

func (v *voiceLook) take(a *video.Audio) error {
	if v.under[a.Track] == nil {
		v.under[a.Track] = &voice.Detector{}
	}
	v.under[a.Track].Audio(a)
	return nil
}

// finish takes what was heard in one pass. track is the one that the pass was for; -1: whichever the decoder chose.
func (v *voiceLook) finish(track int, s *video.Sound) {
	for n, d := range v.under {
		v.heard[n] = d.Finish()
		track = n
	}
	clear(v.under)
	v.ended(track, s, v.heard[track] != nil)
}

// listener takes the sound of tracks, one after the other.
type listener interface {
	state() *soundTracks
	has(track int) bool // it has heard the track
	take(a *video.Audio) error
	finish(track int, s *video.Sound)
	drop() // forgets a pass that failed
}

func (s *soundTracks) state() *soundTracks { return s }
func (v *voiceLook) has(track int) bool    { return v.heard[track] != nil }
func (v *voiceLook) drop()                 { clear(v.under) }

// listeners are those who listen in the present pass over the asset.
func (r *run) listeners(all ...listener) (out []listener) {
	for _, l := range all {
		if s := l.state(); s.asked && s.why == "" {
			out = append(out, l)
		}
	}
	return out
}

// listenOn lets them hear the tracks that the first pass did not give, one by one.
func (r *run) listenOn(ctx context.Context, all []listener) error {
	if len(all) == 0 {
		return nil
	}
	for i, n := range all[0].state().order {
		var these []listener
		var takes []func(*video.Audio) error
		for _, l := range all {
			switch s := l.state(); {
			case l.has(n) || s.failed[n] != "":
			case i >= maxVoiceTracks:
				s.failed[n] = fmt.Sprintf("only the first %d sound tracks are listened to", maxVoiceTracks)
			default:
				these, takes = append(these, l), append(takes, l.take)
			}
		}
		if len(these) == 0 {
			continue
		}
		want := video.Want{Mode: video.InfoOnly, Track: -1, Audio: true, AudioTrack: n, Limits: r.v.Limits.Video}
		res, err := r.v.Decoder.Decode(ctx, r.source(), want, video.Sink{Audio: each(takes)}.WithDefaults())
		var failed *video.Error
		if err != nil && !errors.As(err, &failed) {
			if ctx.Err() != nil {
				return err
			}
			return fmt.Errorf("decoding: %w", err)
		}
		for _, l := range these {
			if failed != nil {
				l.drop()
				l.state().failed[n] = failed.Error()
				continue
			}
			l.finish(n, &res.Sound)
		}
	}
	return nil
}

// holdVoices writes the part of the report about voices. declared are the people that the file names.
func (r *run) holdVoices(declared []consent.Depicted) {
	v, out := &r.voices, &r.out.Persons.Voices
	*out = report.Voices{Status: "off", Tracks: []report.VoiceTrack{}, Undeclared: []int64{}}
	switch {
	case r.stillPicture(): // nobody can be heard in it
		return
	case v.why != "":
		out.Status, out.Reason = persons.StatusNotAnalysed, optional(trimWhy(v.why))
		r.notChecked("voices", "nobody could listen for speech: "+trimWhy(v.why))
		return
	case !v.listened:
		if slices.ContainsFunc(r.out.Asset.Tracks, func(t report.Track) bool { return t.Kind == "audio" }) {
			r.notChecked("voices in the sound", "nobody listened: --persons on asks for it")
		}
		return
	}
	out.Status = persons.StatusAnalysed
	for i, n := range v.order {
		t := voiceTrack(v.tracks[i].ID, v.heard[n], v.failed[n])
		for _, d := range declared {
			if d.Person.HasVoice(strconv.FormatInt(t.ID, 10)) {
				t.DeclaredBy = append(t.DeclaredBy, d.Name)
			}
		}
		if t.Reason != nil {
			out.Status = persons.StatusPartial
			r.notChecked(fmt.Sprintf("voices in sound track %d", t.ID), *t.Reason)
		}
		if t.Result == resultSpeech && len(t.DeclaredBy) == 0 {
			out.Undeclared = append(out.Undeclared, t.ID)
		}
		out.Tracks = append(out.Tracks, t)
	}
	r.unseenSound(out)
	if len(out.Tracks) > 0 && !slices.ContainsFunc(out.Tracks, func(t report.VoiceTrack) bool { return t.Result != resultNot }) {
		out.Status = persons.StatusNotAnalysed
	}
}

// stillFormats are containers of a picture, which has no sound.
var stillFormats = []string{"jpeg", "png", "webp", "gif", "heif", "avif"}

// stillPicture says that the file is a picture. One of HEIF's sequences may come with a sound track.
func (r *run) stillPicture() bool {
	return slices.Contains(stillFormats, r.out.Asset.Format) &&
		!slices.ContainsFunc(r.out.Asset.Tracks, func(t report.Track) bool { return t.Kind == "audio" })
}

// unseenSound adds the sound tracks of our own walk of the container that the decoder does not see: nobody listened.
func (r *run) unseenSound(out *report.Voices) {
	for _, t := range r.out.Asset.Tracks {
		if t.Kind != "audio" || slices.ContainsFunc(out.Tracks, func(x report.VoiceTrack) bool { return x.ID == t.ID }) {
			continue
		}
		row := voiceTrack(t.ID, nil, "the decoder does not see the track")
		out.Tracks, out.Status = append(out.Tracks, row), persons.StatusPartial
		r.notChecked(fmt.Sprintf("voices in sound track %d", t.ID), *row.Reason)
	}
}

// The results of a sound track in the report.
const (
	resultSpeech = "speech"
	resultNone   = "no-speech-found"
	resultNot    = "not-analysed"
)

// voiceTrack is the report's row of a track: what was heard of it, and why not all of it was.
func voiceTrack(id int64, heard *voice.Result, failed string) report.VoiceTrack {
	t := report.VoiceTrack{ID: id, Result: resultNot, Spans: []report.VoiceSpan{}, DeclaredBy: []string{}}
	if failed != "" {
		t.Reason = optional(trimWhy(failed))
	}
	if heard == nil {
		return t
	}
	t.Result, t.HeardMs = resultNone, heard.Heard.Milliseconds()
	if t.Reason == nil && heard.Unheard != "" {
		t.Reason = optional(heard.Unheard)
	}
	for _, s := range heard.Spans {
		t.Result = resultSpeech
		t.SpeechMs += (s.End - s.Start).Milliseconds()
		t.Spans = append(t.Spans, report.VoiceSpan{StartMs: max(s.Start, 0).Milliseconds(), EndMs: max(s.End, 0).Milliseconds()})
	}
	if heard.Heard < time.Millisecond && t.Result == resultNone {
		t.Result = resultNot
	}
	return t
}

// voiceFacts is what the judge is told of the look for voices; nil: nobody was asked to listen.
func (r *run) voiceFacts() *consent.Voices {
	v := &r.out.Persons.Voices
	if v.Status == "off" || v.Status == "" {
		return nil
	}
	f := &consent.Voices{}
	if len(v.Tracks) == 0 {
		f.Reason = text(v.Reason)
	}
	for _, t := range v.Tracks {
		row := consent.VoiceTrack{ID: strconv.FormatInt(t.ID, 10), Speech: t.Result == resultSpeech, Reason: text(t.Reason)}
		if len(t.Spans) > 0 {
			row.StartMs, row.EndMs = t.Spans[0].StartMs, t.Spans[0].EndMs
		}
		f.Tracks = append(f.Tracks, row)
	}
	return f
}

// trimWhy is a reason without what the report says already.
func trimWhy(why string) string { return strings.TrimPrefix(why, "not analysed: ") }
