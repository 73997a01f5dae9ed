package jail

import (
	"encoding/binary"
	"math"
	"time"

	"github.com/consentry/consentry/internal/confine"
	"github.com/consentry/consentry/internal/packet"
	"github.com/consentry/consentry/video"
)

var trackKinds = []string{"video", "audio", "text", "data", "picture"}

func (c *cursor) info(lim video.Limits) *video.Info {
	i := &video.Info{Format: c.Text(maxString), Duration: time.Duration(c.Natural())}
	for n := range c.count(lim.Tracks) {
		i.Tracks = append(i.Tracks, c.track(n))
	}
	for range c.count(video.MaxTags) {
		t := video.Tag{Track: int(c.U16()) - 1, Name: c.Name(video.MaxTag), Value: c.Name(video.MaxTag)}
		c.Want(t.Track < len(i.Tracks))
		i.Tags.List = append(i.Tags.List, t)
	}
	i.Tags.More = c.Bool()
	i.Picture = int(c.U16()) - 1
	c.Want(i.Picture < len(i.Tracks))
	return i
}

func (c *cursor) track(index int) video.Track {
	t := video.Track{Index: index, ID: c.I64()}
	kind := int(c.U8())
	if kind >= len(trackKinds) {
		c.Want(false)
		return t
	}
	t.Kind, t.Codec = trackKinds[kind], c.Text(maxString)
	t.Duration, t.TimeBase, t.FrameCount = time.Duration(c.Natural()), c.ratio(), c.Natural()
	t.Width, t.Height = c.number(), c.number()
	quarter := int(c.U8())
	c.Want(quarter <= 3)
	t.Rotation, t.Mirrored = quarter*90, c.Bool()
	t.SampleAspect, t.FrameRate, t.Color = c.ratio(), c.ratio(), c.color()
	t.SampleRate, t.Channels = c.number(), c.number()
	for range c.count(maxEdits) {
		e := video.Edit{Duration: time.Duration(c.Natural()), MediaTime: time.Duration(c.I64()), Rate: math.Float64frombits(uint64(c.I64()))}
		c.Want(!math.IsNaN(e.Rate) && !math.IsInf(e.Rate, 0))
		t.EditList = append(t.EditList, e)
	}
	t.Sample = c.samples()
	return t
}

func appendInfo(b []byte, i *video.Info) []byte {
	b = packet.AppendText(append(b, kindInfo), i.Format)
	b = appendCount(packet.AppendI64(b, int64(i.Duration)), len(i.Tracks))
	for _, t := range i.Tracks {
		b = appendTrack(b, t)
	}
	b = appendCount(b, len(i.Tags.List))
	for _, t := range i.Tags.List {
		b = packet.AppendText(packet.AppendText(binary.LittleEndian.AppendUint16(b, uint16(t.Track+1)), t.Name), t.Value)
	}
	return binary.LittleEndian.AppendUint16(packet.AppendBool(b, i.Tags.More), uint16(i.Picture+1))
}

func appendTrack(b []byte, t video.Track) []byte {
	kind := uint8(3) // data
	for k, name := range trackKinds {
		if name == t.Kind {
			kind = uint8(k)
		}
	}
	b = packet.AppendText(append(packet.AppendI64(b, t.ID), kind), t.Codec)
	b = packet.AppendI64(appendRatio(packet.AppendI64(b, int64(t.Duration)), t.TimeBase), t.FrameCount)
	b = appendNumber(appendNumber(b, t.Width), t.Height)
	b = packet.AppendBool(append(b, uint8(t.Rotation/90)), t.Mirrored)
	b = appendColor(appendRatio(appendRatio(b, t.SampleAspect), t.FrameRate), t.Color)
	b = appendNumber(appendNumber(b, t.SampleRate), t.Channels)
	b = appendCount(b, len(t.EditList))
	for _, e := range t.EditList {
		b = packet.AppendI64(packet.AppendI64(b, int64(e.Duration)), int64(e.MediaTime))
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(e.Rate))
	}
	return appendSamples(b, t.Sample)
}

// tidy brings what a decoder says into the ranges that the parent accepts. A file can declare anything, and a strange
// number must not look like an attack of the child.
func tidy(i *video.Info, lim video.Limits) *video.Info {
	out := &video.Info{Format: printable(i.Format, maxString), Duration: max(i.Duration, 0)}
	for n, t := range i.Tracks[:min(len(i.Tracks), lim.Tracks)] {
		t.Index = n
		if !known(t.Kind) {
			t.Kind = "data"
		}
		t.Codec = printable(t.Codec, maxString)
		t.Duration, t.FrameCount = max(t.Duration, 0), max(t.FrameCount, 0)
		t.TimeBase, t.SampleAspect, t.FrameRate = clampRatio(t.TimeBase), clampRatio(t.SampleAspect), clampRatio(t.FrameRate)
		t.Width, t.Height = clamp(t.Width), clamp(t.Height)
		t.SampleRate, t.Channels = clamp(t.SampleRate), clamp(t.Channels)
		if t.Rotation%90 != 0 || t.Rotation < 0 || t.Rotation > 270 {
			t.Rotation = 0
		}
		t.Color = clampColor(t.Color)
		t.Sample = clampSamples(t.Sample)
		var edits []video.Edit
		for _, e := range t.EditList[:min(len(t.EditList), maxEdits)] {
			e.Duration = max(e.Duration, 0)
			if math.IsNaN(e.Rate) || math.IsInf(e.Rate, 0) {
				e.Rate = 0
			}
			edits = append(edits, e)
		}
		t.EditList = edits
		out.Tracks = append(out.Tracks, t)
	}
	out.Tags = tidyTags(i.Tags, len(out.Tracks))
	if i.Picture < 0 || i.Picture >= min(len(out.Tracks), math.MaxUint16) {
		out.Picture = -1
	} else {
		out.Picture = i.Picture
	}
	return out
}

func tidyTags(tags video.Tags, tracks int) video.Tags {
	out := video.Tags{More: tags.More}
	for _, t := range tags.List {
		switch {
		case len(out.List) == video.MaxTags:
			out.More = true
			return out
		case t.Track < -1 || t.Track >= tracks:
			continue
		}
		out.More = out.More || len(t.Name) > video.MaxTag || len(t.Value) > video.MaxTag
		t.Name, t.Value = t.Name[:min(len(t.Name), video.MaxTag)], t.Value[:min(len(t.Value), video.MaxTag)]
		out.List = append(out.List, t)
	}
	return out
}

func known(kind string) bool {
	for _, k := range trackKinds {
		if k == kind {
			return true
		}
	}
	return false
}

// printable is [confine.Printable].
func printable(s string, most int) string { return confine.Printable(s, most) }

func clamp(n int) int { return min(max(n, 0), maxNumber) }

func clampRatio(r [2]int) [2]int { return [2]int{clamp(r[0]), clamp(r[1])} }

func clampSamples(s video.Samples) video.Samples {
	return video.Samples{Count: max(s.Count, 0), First: max(s.First, -1), Last: max(s.Last, -1)}
}

func clampColor(c video.Color) video.Color {
	b := func(n int) int { return min(max(n, 0), math.MaxUint8) }
	return video.Color{Primaries: b(c.Primaries), Transfer: b(c.Transfer), Matrix: b(c.Matrix), FullRange: c.FullRange}
}
