//go:build cgo && !noffmpeg

package ffmpeg

import (
	"strings"

	"github.com/asticode/go-astiav"

	"github.com/consentry/consentry/video"
)

const (
	kindVideo   = "video"
	kindPicture = "picture"
	kindAudio   = "audio"
)

// describe fills the info from what libavformat knows of the container.
func (s *session) describe() {
	s.info.Format = s.demuxer
	if d := s.format.Duration(); d > 0 {
		s.info.Duration = ticksToTime(d, 1, 1_000_000)
	}
	for _, st := range s.format.Streams() {
		s.info.Tracks = append(s.info.Tracks, s.describeTrack(st))
	}
	addTags(&s.info.Tags, -1, s.format.Metadata())
	for n, st := range s.format.Streams() {
		addTags(&s.info.Tags, n, st.Metadata())
	}
}

// addTags adds what a dictionary of the demuxer holds, as far as there is room.
func addTags(to *video.Tags, track int, d *astiav.Dictionary) {
	if d == nil {
		return
	}
	flags := astiav.NewDictionaryFlags(astiav.DictionaryFlagIgnoreSuffix) // an empty key with it: each entry
	for e := d.Get("", nil, flags); e != nil; e = d.Get("", e, flags) {
		if len(to.List) == video.MaxTags {
			to.More = true
			return
		}
		t := video.Tag{Track: track, Name: e.Key(), Value: e.Value()}
		to.More = to.More || len(t.Name) > video.MaxTag || len(t.Value) > video.MaxTag
		t.Name, t.Value = strings.Clone(t.Name[:min(len(t.Name), video.MaxTag)]), strings.Clone(t.Value[:min(len(t.Value), video.MaxTag)])
		to.List = append(to.List, t)
	}
}

func (s *session) describeTrack(st *astiav.Stream) video.Track {
	par, tb := st.CodecParameters(), st.TimeBase()
	t := video.Track{
		Index: st.Index(), ID: int64(st.ID()), Kind: kindOf(st), Codec: par.CodecID().Name(),
		TimeBase: [2]int{tb.Num(), tb.Den()}, FrameCount: max(st.NbFrames(), 0),
		Sample: video.Samples{First: -1, Last: -1},
	}
	if d := st.Duration(); d > 0 {
		t.Duration = ticksToTime(d, tb.Num(), tb.Den())
	}
	switch t.Kind {
	case kindVideo, kindPicture:
		t.Width, t.Height = par.Width(), par.Height()
		t.SampleAspect = rational(s.format.GuessSampleAspectRatio(st, nil))
		t.FrameRate = rational(st.AvgFrameRate())
		t.Color = video.Color{
			Primaries: int(par.ColorPrimaries()), Transfer: int(par.ColorTransferCharacteristic()),
			Matrix: int(par.ColorSpace()), FullRange: par.ColorRange() == astiav.ColorRangeJpeg,
		}
		if m, ok := par.SideData().DisplayMatrix().Get(); ok {
			var signed [9]int32
			for i, v := range m {
				signed[i] = int32(v)
			}
			t.Rotation, t.Mirrored = turn(signed)
		}
	case kindAudio:
		t.SampleRate, t.Channels = par.SampleRate(), par.ChannelLayout().Channels()
	}
	if sampleIndex(s.demuxer) {
		t.Sample = indexed(st)
		if t.Sample.Count == 0 {
			t.Sample = video.Samples{First: -1, Last: -1}
		}
	}
	return t
}

func kindOf(st *astiav.Stream) string {
	switch st.CodecParameters().MediaType() {
	case astiav.MediaTypeVideo:
		if st.DispositionFlags().Has(astiav.DispositionFlagAttachedPic) {
			return kindPicture
		}
		return kindVideo
	case astiav.MediaTypeAudio:
		return kindAudio
	case astiav.MediaTypeSubtitle:
		return "text"
	}
	return "data"
}

// rational is a ratio as the container gives it, 0:0 where it is not one.
func rational(r astiav.Rational) [2]int {
	if r.Num() <= 0 || r.Den() <= 0 {
		return [2]int{}
	}
	return [2]int{r.Num(), r.Den()}
}
