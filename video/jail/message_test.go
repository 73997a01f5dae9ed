package jail

import (
	"bytes"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/consentry/consentry/video"
)

// encode is the inverse of parse.
func encode(m any) []byte {
	switch m := m.(type) {
	case hello:
		return m.append(nil)
	case read:
		return m.append(nil)
	case *video.Info:
		return appendInfo(nil, m)
	case need:
		return m.append(nil)
	case framed:
		return m.append(nil)
	case heard:
		return m.append(nil)
	case end:
		return m.append(nil)
	}
	panic(fmt.Sprintf("message %T", m))
}

var someLimits = video.Limits{Pixels: 1 << 20, Tracks: 8, MemoryBytes: 1 << 30, Channels: 16, SampleRate: 96000, BlockSamples: 1024}.WithDefaults()

// good are messages as a child sends them: the cases of the round trip and the seeds of the fuzzer.
var good = []any{
	hello{},
	hello{syscalls: true, missing: []string{"landlock: not in this kernel", ""}},
	read{offset: 0, n: 1},
	read{offset: math.MaxInt64, n: windowSize},
	need{slot: 1},
	need{slot: slotCap(someLimits)},
	framed{shape: shape{width: 1, height: 1, depth: 8, grey: true}},
	framed{slot: 3, shape: shape{width: 1024, height: 1024, depth: 12, chromaX: 2, chromaY: 2}, time: -time.Second, key: true, corrupt: true, color: video.Color{Primaries: 9, Transfer: 16, Matrix: 255, FullRange: true}},
	end{},
	end{packets: 7, broken: &video.Broken{Time: -1, Offset: -1, Why: "torn"}, samples: []video.Samples{{Count: 1, First: -1, Last: math.MaxInt64}}},
	end{failure: failure{reason: video.ReasonLimit, detail: "too much"}},
	end{sound: silence{packets: 9, broken: &video.Broken{Time: 1, Offset: 2, Why: "hoarse"}, failure: failure{reason: video.ReasonFormat, detail: "no decoder"}}},
	heard{tone: tone{rate: 1, channels: 1, samples: 1}},
	heard{slot: maxSlots - 1, track: 7, tone: tone{rate: 96000, channels: 16, samples: 64}, time: -time.Second, corrupt: true},
	&video.Info{Picture: -1},
	&video.Info{Format: "mov", Tracks: []video.Track{{Kind: "audio"}}, Tags: video.Tags{List: []video.Tag{{Track: -1, Name: "AIGC", Value: "{}\x00\xff\n"}, {Name: strings.Repeat("n", video.MaxTag), Value: strings.Repeat("v", video.MaxTag)}}, More: true}},
	&video.Info{Picture: -1, Tags: video.Tags{List: []video.Tag{{Track: -1}}}},
	&video.Info{Format: "mov", Duration: time.Hour, Tracks: []video.Track{
		{
			ID: -1, Kind: "video", Codec: "h264", Duration: 1, TimeBase: [2]int{1, 90000}, FrameCount: 2, Width: 3, Height: 4, Rotation: 270, Mirrored: true,
			SampleAspect: [2]int{4, 3}, FrameRate: [2]int{30000, 1001}, EditList: []video.Edit{{Duration: 1, MediaTime: -1, Rate: -0.5}}, Sample: video.Samples{First: -1, Last: -1},
		},
		{Index: 1, Kind: "picture", SampleRate: maxNumber, Channels: 6},
	}},
}

func TestParse_roundTrip(t *testing.T) {
	for _, m := range good {
		got, err := parse(encode(m), someLimits)
		if err != nil || !reflect.DeepEqual(got, m) {
			t.Errorf("%+v came back as %+v, %v", m, got, err)
		}
	}
}

// Every message is refused when it is cut anywhere or longer than it should be.
func TestParse_length(t *testing.T) {
	for _, m := range good {
		b := encode(m)
		for n := range b {
			if got, err := parse(b[:n], someLimits); err == nil || got != nil {
				t.Errorf("%T cut to %d of %d bytes is taken: %+v", m, n, len(b), got)
			}
		}
		if got, err := parse(append(b, 0), someLimits); err == nil || got != nil {
			t.Errorf("%T with a byte too many is taken", m)
		}
	}
}

// Numbers one past what is allowed; what is allowed is among the good ones.
func TestParse_limits(t *testing.T) {
	picture := func(change func(*framed)) framed {
		f := framed{shape: shape{width: 64, height: 64, depth: 8}}
		change(&f)
		return f
	}
	block := func(change func(*heard)) heard {
		h := heard{tone: tone{rate: 48000, channels: 2, samples: 100}}
		change(&h)
		return h
	}
	tracks := make([]video.Track, someLimits.Tracks+1)
	for i := range tracks {
		tracks[i].Kind = "data"
	}
	for name, m := range map[string]any{
		"more tracks than the limit":                         &video.Info{Tracks: tracks},
		"more tags than the limit":                           &video.Info{Picture: -1, Tags: video.Tags{List: slices.Repeat([]video.Tag{{Track: -1}}, video.MaxTags+1)}},
		"a tag of a track that is not there":                 &video.Info{Picture: -1, Tags: video.Tags{List: []video.Tag{{Track: 0}}}},
		"a tag's name that is too long":                      &video.Info{Picture: -1, Tags: video.Tags{List: []video.Tag{{Track: -1, Name: strings.Repeat("n", video.MaxTag+1)}}}},
		"a tag that is too long":                             &video.Info{Picture: -1, Tags: video.Tags{List: []video.Tag{{Track: -1, Value: strings.Repeat("v", video.MaxTag+1)}}}},
		"more edits than are kept":                           &video.Info{Tracks: []video.Track{{Kind: "data", EditList: make([]video.Edit, maxEdits+1)}}},
		"a rate that is no number":                           &video.Info{Tracks: []video.Track{{Kind: "data", EditList: []video.Edit{{Rate: math.NaN()}}}}},
		"a rotation of 360 degrees":                          &video.Info{Tracks: []video.Track{{Kind: "data", Rotation: 360}}},
		"a picture of a track that is not there":             &video.Info{Picture: 0},
		"a negative duration":                                &video.Info{Picture: -1, Duration: -1},
		"a name too long":                                    &video.Info{Picture: -1, Format: strings.Repeat("x", maxString+1)},
		"a name with a line end":                             &video.Info{Format: "a\nb"},
		"more samples than tracks":                           end{samples: make([]video.Samples, someLimits.Tracks+1)},
		"samples at minus two":                               end{samples: []video.Samples{{First: -2}}},
		"a break at minus two":                               end{broken: &video.Broken{Offset: -2}},
		"an explanation too long":                            end{failure: failure{reason: video.ReasonIO, detail: strings.Repeat("x", maxDetail+1)}},
		"an explanation of no error":                         end{failure: failure{detail: "why"}},
		"a failed sound for no reason":                       end{sound: silence{failure: failure{detail: "why"}}},
		"a break of sound before zero":                       end{sound: silence{broken: &video.Broken{Offset: -2}}},
		"less than no sound packets":                         end{sound: silence{packets: -1}},
		"sound in a slot past the last":                      block(func(h *heard) { h.slot = maxSlots }),
		"sound of a track past the limit":                    block(func(h *heard) { h.track = uint16(someLimits.Tracks) }),
		"a channel past the limit":                           block(func(h *heard) { h.tone = tone{rate: 1, channels: 17, samples: 1} }),
		"a rate past the limit":                              block(func(h *heard) { h.tone.rate = 96001 }),
		"a block one sample past the limit":                  block(func(h *heard) { h.tone = tone{rate: 1, channels: 1, samples: 1025} }),
		"a block one sample past the limit in many channels": block(func(h *heard) { h.tone = tone{rate: 1, channels: 16, samples: 65} }),
		"no channels":                                        block(func(h *heard) { h.tone.channels = 0 }),
		"no samples":                                         block(func(h *heard) { h.tone.samples = 0 }),
		"no rate":                                            block(func(h *heard) { h.tone.rate = 0 }),
		"more missing than are listed":                       hello{missing: make([]string, maxMissing+1)},
		"a slot past the last":                               picture(func(f *framed) { f.slot = maxSlots }),
		"no width":                                           picture(func(f *framed) { f.shape.width = 0 }),
		"no height":                                          picture(func(f *framed) { f.shape.height = 0 }),
		"one pixel row past the limit":                       picture(func(f *framed) { f.shape.width, f.shape.height = 1024, 1025 }),
		"a side past the limit":                              picture(func(f *framed) { f.shape.width, f.shape.height = maxSide+1, 1 }),
		"nine bits":                                          picture(func(f *framed) { f.shape.depth = 9 }),
		"a chroma shift of three":                            picture(func(f *framed) { f.shape.chromaY = maxChroma + 1 }),
		"chroma in a grey picture":                           picture(func(f *framed) { f.shape.grey, f.shape.chromaX = true, 1 }),
		"a slot past the cap":                                need{slot: slotCap(someLimits) + 1},
		"a read past the window":                             read{n: windowSize + 1},
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := parse(encode(m), someLimits); err == nil || got != nil {
				t.Errorf("taken: %+v", got)
			}
		})
	}
}

// Texts and lists at their limits are taken; TestParse_limits has what is past them.
func TestParse_atTheLimits(t *testing.T) {
	for name, m := range map[string]any{
		"a name":               &video.Info{Picture: -1, Format: strings.Repeat("x", maxString)},
		"an explanation":       end{failure: failure{reason: video.ReasonIO, detail: strings.Repeat("x", maxDetail)}},
		"what is missing":      hello{missing: make([]string, maxMissing)},
		"the edits of a track": &video.Info{Picture: -1, Tracks: []video.Track{{Kind: "data", EditList: make([]video.Edit, maxEdits)}}},
		"a side":               framed{shape: shape{width: maxSide, height: 1, depth: 8}},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := parse(encode(m), someLimits); err != nil {
				t.Error(err)
			}
		})
	}
}

// What a decoder says of a file with strange numbers is brought into range and taken.
func TestTidy(t *testing.T) {
	strange := &video.Info{Format: "\x00é" + strings.Repeat("y", 500), Duration: -5, Picture: 1 << 20}
	for range 100 {
		strange.Tracks = append(strange.Tracks, video.Track{
			Kind: "hologram", Codec: "\x1b[2J", Duration: math.MinInt64, FrameCount: -1, Width: -1, Height: math.MaxInt64, Rotation: 45,
			TimeBase: [2]int{-1, 1 << 40}, Color: video.Color{Primaries: -1, Transfer: 1000}, Channels: 1 << 40,
			EditList: make([]video.Edit, 1000), Sample: video.Samples{Count: -1, First: math.MinInt64, Last: -7},
		})
		strange.Tracks[len(strange.Tracks)-1].EditList[0] = video.Edit{Duration: -1, Rate: math.Inf(1)}
	}
	lim := someLimits
	lim.Tracks = 64
	tidied := tidy(strange, lim)
	b := appendInfo(nil, tidied)
	if len(b) > maxMessage {
		t.Errorf("a message of %d bytes, more than %d", len(b), maxMessage)
	}
	got, err := parse(b, lim)
	if err != nil || !reflect.DeepEqual(got, tidied) || len(tidied.Tracks) != 64 || tidied.Picture != -1 {
		t.Errorf("%v\n%+v\n%+v", err, got, tidied)
	}
}

func TestParseParent_roundTrip(t *testing.T) {
	for _, m := range []any{
		config{size: 5, mode: video.KeyFrames, track: -1, format: "mp4", limits: video.DefaultLimits},
		config{size: 5, audio: true, audioTrack: -1, track: 3, limits: someLimits},
		data{n: 1},
		data{status: dataFailed},
		ringSize{slot: 4096, slots: maxSlots},
		release{slot: maxSlots - 1},
	} {
		var b []byte
		switch m := m.(type) {
		case config:
			b = m.append(nil)
		case data:
			b = m.append(nil)
		case ringSize:
			b = m.append(nil)
		case release:
			b = m.append(nil)
		}
		if got, err := parseParent(b); err != nil || got != m {
			t.Errorf("%+v came back as %+v, %v", m, got, err)
		}
		for n := range b {
			if got, err := parseParent(b[:n]); err == nil || got != nil {
				t.Errorf("%T cut to %d bytes is taken", m, n)
			}
		}
	}
}

// FuzzParse holds the parser of what the child says to its promises: nothing on an error, one encoding for each
// message, numbers in range, and a picture that is taken lies inside its slot.
func FuzzParse(f *testing.F) {
	if len(good) < 5 {
		f.Fatal("too few seeds")
	}
	for _, m := range good {
		f.Add(encode(m))
	}
	f.Add([]byte{})
	f.Add([]byte{kindFrame, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := parse(b, someLimits)
		if err != nil {
			if m != nil {
				t.Fatalf("a message and an error: %+v", m)
			}
			return
		}
		if again := encode(m); !bytes.Equal(again, b) {
			t.Fatalf("%x encodes as %x", b, again)
		}
		switch m := m.(type) {
		case *video.Info:
			if tidied := tidy(m, someLimits); !reflect.DeepEqual(tidied, m) {
				t.Fatalf("not tidy: %+v", m)
			}
		case heard:
			bytes := m.tone.bytes()
			if bytes < sampleSize || bytes > slotCap(someLimits) {
				t.Fatalf("%+v takes %d bytes", m.tone, bytes)
			}
			var e ears
			if _, ok := e.take(m.tone, make([]byte, bytes-1)); ok {
				t.Fatalf("%+v fits a slot that is too small", m.tone)
			}
			planes, ok := e.take(m.tone, make([]byte, bytes))
			if !ok || len(planes) != m.tone.channels || len(planes[len(planes)-1]) != m.tone.samples {
				t.Fatalf("%+v does not fit its own slot", m.tone)
			}
		case framed:
			_, _, bytes := m.shape.planes()
			if bytes < 1 || bytes > slotCap(someLimits) {
				t.Fatalf("%+v takes %d bytes", m.shape, bytes)
			}
			slot := make([]byte, bytes)
			if _, ok := m.shape.frame(slot[:bytes-1]); ok {
				t.Fatalf("%+v fits a slot that is too small", m.shape)
			}
			fr, ok := m.shape.frame(slot)
			if !ok {
				t.Fatalf("%+v does not fit its own slot", m.shape)
			}
			for _, p := range []video.Plane{fr.Y, fr.Cb, fr.Cr} {
				if p.Height > 0 && len(p.Data) < p.Stride*(p.Height-1)+p.Width {
					t.Fatalf("%+v: plane %d × %d in %d bytes", m.shape, p.Width, p.Height, len(p.Data))
				}
			}
		}
	})
}

func TestSlotsFor(t *testing.T) {
	lim := video.Limits{Pixels: 1 << 24, MemoryBytes: 256 << 20}.WithDefaults()
	for _, c := range []struct {
		slot int64
		want int
	}{
		{0, 0}, {1, maxSlots}, {bigPicture - 1, maxSlots}, {bigPicture, 2}, {64 << 20, 2}, {64<<20 + 1, 1}, {slotCap(lim), 0}, {slotCap(lim) + 1, 0}, {math.MaxInt64, 0},
	} {
		if got := slotsFor(c.slot, lim); got != c.want {
			t.Errorf("%d bytes: %d slots, want %d", c.slot, got, c.want)
		}
	}
	if got := slotCap(video.Limits{Pixels: math.MaxInt64}); got != math.MaxInt64 {
		t.Errorf("cap of all pixels there are: %d", got)
	}
	if got := slotCap(video.Limits{Pixels: 1, BlockSamples: math.MaxInt}); got != math.MaxInt64 {
		t.Errorf("cap of all samples there are: %d", got)
	}
	if got := slotCap(video.Limits{Pixels: 1, BlockSamples: 1000}); got != 4000 {
		t.Errorf("cap of 1000 samples: %d", got)
	}
}

// TestTagsAreBounded: as many as are taken and as long as they may be, and one past each.
func TestTagsAreBounded(t *testing.T) {
	info := func(n, name, value int) *video.Info {
		tag := video.Tag{Track: -1, Name: strings.Repeat("n", name), Value: strings.Repeat("v", value)}
		return tidy(&video.Info{Picture: -1, Tags: video.Tags{List: slices.Repeat([]video.Tag{tag}, n)}}, someLimits)
	}
	if got := info(video.MaxTags, video.MaxTag, video.MaxTag).Tags; len(got.List) != video.MaxTags || got.More {
		t.Errorf("%d tags, more: %v", len(got.List), got.More)
	}
	for _, i := range []*video.Info{info(video.MaxTags+1, 1, 1), info(1, video.MaxTag+1, 1), info(1, 1, video.MaxTag+1)} {
		if !i.Tags.More || len(i.Tags.List) > video.MaxTags || len(i.Tags.List[0].Name) > video.MaxTag || len(i.Tags.List[0].Value) > video.MaxTag {
			t.Errorf("%+v", i.Tags)
		}
		if m, err := parse(encode(i), someLimits); err != nil || !reflect.DeepEqual(m, i) {
			t.Errorf("%v, %v", m, err)
		}
	}
	stray := tidy(&video.Info{Tracks: []video.Track{{Kind: "audio"}}, Tags: video.Tags{List: []video.Tag{{Track: 1}, {Track: -2}, {Track: 0}}}}, someLimits)
	if len(stray.Tags.List) != 1 || stray.Tags.List[0].Track != 0 {
		t.Errorf("%+v", stray.Tags)
	}
}
