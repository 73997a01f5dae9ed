package consentry

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/consentry/consentry/internal/bmff"
	"github.com/consentry/consentry/manifest"
	"github.com/consentry/consentry/report"
	"github.com/consentry/consentry/video"
)

// decode looks at the pixels, after everything that needs none was judged. A decoder that fails leaves "not analysed:
// …" and never an answer. The reader is the one that was hashed.
func (r *run) decode(ctx context.Context) error {
	w := &r.out.Watermarks
	w.State = "off"
	if r.v.Frames == video.InfoOnly {
		r.notChecked("pixels", "decoding is switched off")
		return nil
	}
	if why := r.undecodable(); why != "" {
		r.pixelsFailed(why)
		return nil
	}
	if r.peopleAsked() && r.framesOff() == "" {
		if err := r.openPeople(ctx); err != nil {
			return err
		}
		defer r.closePeople()
	}
	defer r.closeDetectors()
	if err := r.openNetworks(ctx); err != nil {
		return err
	}
	defer r.closeNetworks()
	if err := r.decodeFor(ctx, r.looks(ctx)); err != nil {
		return err
	}
	if err := r.listenOn(ctx, r.listeners(&r.voices, &r.soundMarks)); err != nil {
		return err
	}
	r.tellSoundMarks()
	if w := &r.out.Watermarks; r.networkGap && w.State == "analysed" {
		w.State, w.Reason = "partial", optional(*w.Reason+"; a network that was to be asked was not, or not about everything")
	}
	return r.lookAtOthers(ctx)
}

// undecodable says why no decoder can be asked; empty: one can.
func (r *run) undecodable() string {
	if r.v.Decoder == nil {
		return "no decoder in this build: pixels cannot be analysed"
	}
	return ""
}

// decodeForPeople decodes once more, for the faces and the voices alone.
func (r *run) decodeForPeople(ctx context.Context) error {
	why := r.undecodable()
	if off := r.framesOff(); off != "" {
		why = off
	}
	if r.people.why, r.voices.why = why, why; why != "" {
		return nil
	}
	if err := r.openPeople(ctx); err != nil {
		return err
	}
	defer r.closePeople()
	looks := []look{r.lookForVoices()}
	if r.people.analysis != nil {
		looks = append(looks, r.lookForFaces())
	}
	if err := r.decodeFor(ctx, looks); err != nil {
		return err
	}
	if err := r.listenOn(ctx, r.listeners(&r.voices)); err != nil {
		return err
	}
	return r.lookAtOthers(ctx)
}

// decodeFor decodes once for all who look.
func (r *run) decodeFor(ctx context.Context, looks []look) error {
	src := r.source()
	want := video.Want{Mode: r.mode(), Track: -1, AudioTrack: -1, Limits: r.v.Limits.Video}
	var held video.Confinement
	sink := fanOut(looks, func(i *video.Info) error {
		held = i.Confinement
		if r.out.Decoded == nil {
			r.fillTracks(i)
			r.holdTags(&i.Tags)
		}
		return nil
	})
	want.Audio = sink.Audio != nil
	for _, l := range looks {
		if l.all {
			want.Mode = video.AllFrames
		}
	}
	if sink.Frame == nil { // only the sound is asked for
		want.Mode = video.InfoOnly
	}
	res, err := r.v.Decoder.Decode(ctx, src, want, sink)
	var failed *video.Error
	switch {
	case errors.As(err, &failed):
		if r.out.Decoded == nil { // else the others have looked before
			r.pixelsFailed(failed.Error())
		}
		return fail(looks, failed.Error())
	case err != nil && ctx.Err() != nil:
		return err
	case err != nil:
		return fmt.Errorf("decoding: %w", err)
	}
	if sink.Frame == nil {
		return finish(looks, res)
	}
	r.out.Decoded = &report.Decoded{Frames: res.Frames, KeyFrames: res.Key, All: want.Mode == video.AllFrames, Confinement: confinement(held)}
	if b := res.Broken; b != nil {
		at := b.Time.Milliseconds()
		r.out.Decoded.BrokenMs, r.out.Decoded.Broken = &at, optional(b.Why)
		r.notChecked("pixels", fmt.Sprintf("the stream breaks near %s: %s", clock(b.Time), b.Why))
	}
	return finish(looks, res)
}

// confinement is the report's row of what held the decoder.
func confinement(c video.Confinement) report.Confinement {
	return report.Confinement{
		Process: c.Process, Network: c.Network, Files: c.Files, Syscalls: c.Syscalls, Missing: append([]string{}, c.Missing...),
	}
}

// pixelsFailed says that nothing that needs pixels was checked.
func (r *run) pixelsFailed(why string) {
	why = strings.TrimPrefix(why, "not analysed: ") // the report says so already
	r.notChecked("pixels", why)
	r.out.Watermarks.State, r.out.Watermarks.Reason = "not-analysed", optional(why)
}

// fillTracks takes what the decoder says of the tracks and holds it against our own reading of the container: the
// bytes that are decoded must be those that were bound. C2PA 2.5, 14.12.2 (rendering rule).
func (r *run) fillTracks(i *video.Info) {
	ours := map[int64]*report.Track{}
	for n := range r.out.Asset.Tracks {
		ours[r.out.Asset.Tracks[n].ID] = &r.out.Asset.Tracks[n]
	}
	if i.Duration > 0 {
		ms := i.Duration.Milliseconds()
		r.out.Asset.DurationMs = &ms
	}
	byWalker := len(ours) > 0
	for _, t := range i.Tracks {
		if o, ok := ours[t.ID]; ok {
			o.Kind, o.Codec, o.Width, o.Height = t.Kind, t.Codec, t.Width, t.Height
			delete(ours, t.ID)
			continue
		}
		if byWalker {
			r.find(report.Newf("asset.trackMismatch", "", "the decoder sees a track %d (%s) that the container's own index does not have", t.ID, t.Kind))
		}
		r.out.Asset.Tracks = append(r.out.Asset.Tracks, report.Track{ID: t.ID, Kind: t.Kind, Codec: t.Codec, Width: t.Width, Height: t.Height})
	}
	for id := range ours {
		r.find(report.Newf("asset.trackMismatch", "", "the container's index has a track %d that the decoder does not see", id))
	}
}

// indexTracks takes the tracks of our own walk of a BMFF container, before anything is decoded.
func (r *run) indexTracks(f *bmff.File) error {
	if f == nil {
		return nil
	}
	tracks, _, err := f.Tracks() // problems of the tables are among the findings of manifest.Locate
	if err != nil {
		return fmt.Errorf("reading the tracks: %w", err)
	}
	for _, t := range tracks {
		r.out.Asset.Tracks = append(r.out.Asset.Tracks, report.Track{
			ID: int64(t.ID), Kind: trackKind(t.Handler.String()), Codec: t.Codec.String(), Width: t.Width, Height: t.Height,
			Edits: edits(&t),
		})
		r.hidden(&t)
		if ms := t.DurationMs(); ms > 0 && (r.out.Asset.DurationMs == nil || *r.out.Asset.DurationMs < ms) {
			r.out.Asset.DurationMs = &ms
		}
	}
	return nil
}

// hidden says that an edit list leaves media out. What it hides was signed like the rest, where the list is bound; but it
// is not decoded, and players that ignore edit lists show it. docs/decisions/edit-lists.md.
func (r *run) hidden(t *bmff.Track) {
	ms, at := t.HiddenMs()
	if ms < manifest.HiddenLeast {
		return
	}
	took, from := time.Duration(ms)*time.Millisecond, time.Duration(at)*time.Millisecond
	r.find(report.Newf("asset.hiddenMedia", "", "the edit list of track %d (%s) shows %s of its media nowhere, the longest piece from %s of the media on", t.ID, trackKind(t.Handler.String()), clock(took), clock(from)).At(t.Box.Path(), t.Box.Offset))
	r.notChecked("hidden media", fmt.Sprintf("%s of track %d are in the file and hidden by its edit list: nothing was looked for in them", clock(took), t.ID))
}

// edits are those of our own walk: the decoder applies an edit list and does not show it.
func edits(t *bmff.Track) (out []report.Edit) {
	for _, e := range t.Edits {
		row := report.Edit{DurationMs: t.EditDurationMs(e), Rate: e.Rate}
		if at := t.EditMediaMs(e); at >= 0 {
			row.MediaMs = &at
		}
		out = append(out, row)
	}
	return out
}

// trackKind is the kind of a track by its handler. ISO/IEC 14496-12, 8.4.3.
func trackKind(handler string) string {
	switch handler {
	case "vide", "auxv", "pict":
		return "video"
	case "soun":
		return "audio"
	case "text", "sbtl", "subt", "clcp":
		return "text"
	}
	return "data"
}

// clock is a time as people read it: hours, minutes, seconds and tenths.
func clock(d time.Duration) string {
	if d < 0 {
		d = 0
	}
	tenths := d.Milliseconds() / 100
	return fmt.Sprintf("%02d:%02d:%02d.%d", tenths/36000, tenths/600%60, tenths/10%60, tenths%10)
}
