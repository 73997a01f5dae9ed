package consentry

import (
	"fmt"
	"time"

	"github.com/consentry/consentry/fingerprint"
	"github.com/consentry/consentry/report"
	"github.com/consentry/consentry/softbinding"
	"github.com/consentry/consentry/video"
)

// mode is how much is decoded: all frames where a fingerprint is wanted, since it takes five pictures a second, and
// what the caller said otherwise.
func (r *run) mode() video.Mode {
	if r.v.Frames == video.KeyFrames && !r.v.FramesFixed && r.wantsFingerprint() {
		return video.AllFrames
	}
	return r.v.Frames
}

// wantsFingerprint reports whether the caller asks for one, resolvers are asked by it or the manifest declares one that is computed here.
func (r *run) wantsFingerprint() bool {
	if r.v.Fingerprints || len(r.v.Resolvers) > 0 && r.v.Fetch != nil {
		return true
	}
	for _, b := range r.declared {
		if b.Alg == softbinding.ISCC && b.Fault == "" {
			return true
		}
	}
	return false
}

// printLooks is the look for a fingerprint, where one is wanted and all pictures are decoded.
func (r *run) printLooks() []look {
	switch {
	case !r.wantsFingerprint():
		return nil
	case r.mode() != video.AllFrames:
		r.notChecked("fingerprint", "only key frames are decoded, and a fingerprint takes five pictures a second")
		return nil
	}
	return []look{r.lookForFingerprint()}
}

// lookForFingerprint computes the fingerprint of the clip, and of the parts of it that soft bindings speak of.
func (r *run) lookForFingerprint() look {
	v := &fingerprint.Video{Windows: r.v.Windows != nil}
	for _, b := range r.declared {
		if b.Alg == softbinding.ISCC && b.Span != nil {
			v.Spans = append(v.Spans, fingerprint.Span{Start: ms(b.Span.Start), End: ms(b.Span.End)})
		}
	}
	var tracks *video.Info
	info := func(i *video.Info) error {
		tracks = i
		return nil
	}
	frame := func(f *video.Frame) error {
		if tracks != nil {
			if t := trackOf(tracks, f.Width, f.Height); t != nil {
				v.Track(t)
			}
			tracks = nil
		}
		v.Frame(f)
		return nil
	}
	return look{
		sink: video.Sink{Info: info, Frame: frame},
		done: func(res *video.Result) error {
			v.Finish()
			r.prints = v
			r.reportFingerprint(v, res)
			return nil
		},
		failed: func(string) error { return nil }, // that pixels were not analysed is said
	}
}

func ms(n int64) time.Duration { return time.Duration(n) * time.Millisecond }

// reportFingerprint writes what was computed, or why there is nothing.
func (r *run) reportFingerprint(v *fingerprint.Video, res *video.Result) {
	got := v.Result()
	switch {
	case got == nil && v.Unreadable() > 0:
		r.notChecked("fingerprint", "pictures of less than 32 by 32 have no signature")
	case got == nil && res.Frames > 0:
		r.notChecked("fingerprint", "the clip is shorter than the tenth of a second that one picture stands for")
	case got == nil:
		r.notChecked("fingerprint", "there is no picture")
	}
	if v.Cut() {
		r.notChecked("fingerprint", fmt.Sprintf("only the first %d pictures, at five a second, went into it", fingerprint.MaxSamples))
	}
	if got == nil {
		return
	}
	r.out.Fingerprints = append(r.out.Fingerprints, report.Fingerprint{
		Kind: "iscc-video", Value: got.Code.String(), DistinctFrames: got.Distinct, SampledFrames: got.Frames,
		LowInformation: got.LowInformation(),
	})
	if got.LowInformation() {
		r.find(report.Newf("fingerprint.lowInformation", "", "%d of %d pictures are distinct, %d of %d bits rest on a tie", got.Distinct, got.Frames, got.Ties, fingerprint.Bits))
	}
	if r.v.Windows != nil {
		r.v.Windows(v)
	}
}

// trackOf is the video track that pictures of a size come from: what is known of it is how it is turned, and how fast it
// runs.
func trackOf(i *video.Info, width, height int) *video.Track {
	for n := range i.Tracks {
		if t := &i.Tracks[n]; t.Kind == "video" && t.Width == width && t.Height == height {
			return t
		}
	}
	return nil
}
