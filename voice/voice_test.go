package voice_test

import (
	_ "embed"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/consentry/consentry/video"
	"github.com/consentry/consentry/voice"
)

// spoken is synthetic speech: four seconds at 16 kHz in 8 bits. testdata/make.sh made it.
//
//go:embed testdata/talk.raw
var spoken []byte

// talk is the start of it, at a rate, between two samples by a straight line.
func talk(rate int, seconds float64) []float32 {
	out := make([]float32, int(seconds*float64(rate)))
	for i := range out {
		at := float64(i) / float64(rate) * 16000
		n := int(at)
		a, b := float64(int8(spoken[n])), float64(int8(spoken[min(n+1, len(spoken)-1)]))
		out[i] = float32((a + (b-a)*(at-float64(n))) / 128)
	}
	return out
}

// hear gives sound in blocks of a size to a detector.
func hear(d *voice.Detector, rate, block int, planes ...[]float32) *voice.Result {
	n := len(planes[0])
	for at := 0; at < n; at += block {
		end := min(at+block, n)
		a := &video.Audio{Time: time.Duration(float64(at) / float64(rate) * float64(time.Second)), Rate: rate, Samples: end - at}
		for _, p := range planes {
			a.Planes = append(a.Planes, p[at:end])
		}
		d.Audio(a)
	}
	return d.Finish()
}

func silence(rate int, seconds float64) []float32 { return make([]float32, int(seconds*float64(rate))) }

func scaled(in []float32, by float32) []float32 {
	out := slices.Clone(in)
	for i := range out {
		out[i] *= by
	}
	return out
}

// wave is a sound by its formula.
func wave(rate int, seconds float64, at func(t float64) float64) []float32 {
	out := silence(rate, seconds)
	for i := range out {
		out[i] = float32(at(float64(i) / float64(rate)))
	}
	return out
}

func TestSpeechIsFound(t *testing.T) {
	for _, rate := range []int{voice.MinRate, 8000, 11025, 44100} {
		talked := talk(rate, 4)
		r := hear(&voice.Detector{}, rate, 1000, slices.Concat(silence(rate, 5), talked, silence(rate, 5)))
		if len(r.Spans) != 1 || r.Spans[0].Start < 3*time.Second || r.Spans[0].Start > 6*time.Second || r.Spans[0].End < 8*time.Second || r.Spans[0].End > 11*time.Second {
			t.Errorf("at %d Hz, speech from 5 to 9 s is found at %v", rate, r.Spans)
		}
		if r.Unheard != "" || r.Heard.Round(10*time.Millisecond) != 14*time.Second {
			t.Errorf("at %d Hz: heard %v, %q", rate, r.Heard, r.Unheard)
		}
	}
}

func TestSpeechIsFoundWhereverItHides(t *testing.T) {
	const rate = 16000
	talked, quiet := talk(rate, 4), silence(rate, 4)
	noise := rand.New(rand.NewPCG(1, 1))
	twelve := slices.Repeat([][]float32{quiet}, 12)
	twelve[11] = talked
	beside := func(n int) [][]float32 {
		out := slices.Repeat([][]float32{quiet}, 8)
		out[n] = talked
		return out
	}
	for name, planes := range map[string][][]float32{
		"in opposite phase in two channels": {talked, scaled(talked, -1)},
		"in the centre of 7.1":              beside(2),
		"in the last of 7.1":                beside(7),
		"in the twelfth channel":            twelve,
		"40 dB below full scale":            {scaled(talked, 0.01)},
		"far beyond full scale":             {scaled(talked, 10)},
		"with a tone": {wave(rate, 4, func(s float64) float64 {
			return float64(talked[int(s*rate+0.5)]) + 0.05*math.Sin(2*math.Pi*440*s)
		})},
		"in noise":            {wave(rate, 4, func(s float64) float64 { return float64(talked[int(s*rate+0.5)]) + 0.01*noise.NormFloat64() })},
		"half a second of it": {talked[:rate/2+rate/10]},
	} {
		if r := hear(&voice.Detector{}, rate, 1000, planes...); !r.Speech() {
			t.Errorf("%s: not found", name)
		}
	}
}

func TestOtherSoundIsNotSpeech(t *testing.T) {
	const rate = 8000
	noise := rand.New(rand.NewPCG(2, 2))
	tone := func(hz float64) func(float64) float64 {
		return func(s float64) float64 { return 0.3 * math.Sin(2*math.Pi*hz*s) }
	}
	beat := func(s float64) float64 { return 0.5 + 0.5*math.Sin(2*math.Pi*4*s) }
	for name, sound := range map[string]func(float64) float64{
		"silence":              func(float64) float64 { return 0 },
		"a constant":           func(float64) float64 { return 0.7 },
		"noise":                func(float64) float64 { return 0.1 * noise.NormFloat64() },
		"noise in syllables":   func(s float64) float64 { return 0.1 * beat(s) * noise.NormFloat64() },
		"the noise of 16 bits": func(float64) float64 { return noise.NormFloat64() / 65536 },
		"a tone":               tone(440),
		"a hum":                tone(50),
		"a tone in syllables":  func(s float64) float64 { return beat(s) * tone(200)(s) },
		"a chord":              func(s float64) float64 { return tone(220)(s) + tone(277.18)(s) + tone(329.63)(s) },
		"a scale":              func(s float64) float64 { return tone(220 * math.Pow(2, math.Floor(s*4)/12))(s) },
		"clicks":               func(s float64) float64 { return map[bool]float64{true: 0.9}[int(s*rate+0.5)%2000 == 0] },
	} {
		if r := hear(&voice.Detector{}, rate, 1000, wave(rate, 8, sound)); r.Speech() {
			t.Errorf("%s sounds like speech at %v", name, r.Spans)
		}
	}
}

func TestWhatIsNotListenedTo(t *testing.T) {
	plane := [][]float32{make([]float32, 100)}
	for name, c := range map[string]struct {
		block video.Audio
		heard time.Duration
		want  string
	}{
		"the lowest rate":          {video.Audio{Rate: voice.MinRate, Samples: 100, Planes: plane}, 0, ""},
		"one below the lowest":     {video.Audio{Rate: voice.MinRate - 1, Samples: 100, Planes: plane}, 0, "too few"},
		"no rate":                  {video.Audio{Samples: 100, Planes: plane}, 0, "too few"},
		"no samples":               {video.Audio{Rate: 8000, Planes: plane}, 0, "empty"},
		"no channel":               {video.Audio{Rate: 8000, Samples: 100}, 0, "empty"},
		"fewer samples than said":  {video.Audio{Rate: 8000, Samples: 101, Planes: plane}, 0, "cut short"},
		"repaired":                 {video.Audio{Rate: 8000, Samples: 100, Planes: plane, Corrupt: true}, 0, "repaired"},
		"just under the time":      {video.Audio{Rate: 8000, Samples: 100, Planes: plane}, voice.MaxTime - 1, ""},
		"at the limit of the time": {video.Audio{Rate: 8000, Samples: 100, Planes: plane}, voice.MaxTime, "only the first 24 hours"},
	} {
		d := &voice.Detector{}
		d.Heard(c.heard)
		d.Audio(&c.block)
		if r := d.Finish(); !strings.Contains(r.Unheard, c.want) || (c.want == "") != (r.Unheard == "") {
			t.Errorf("%s: %q", name, r.Unheard)
		}
	}
}

// Spans beyond the limit lengthen the last one: none is lost.
func TestSpansAreBounded(t *testing.T) {
	d := &voice.Detector{}
	for n := range time.Duration(voice.MaxSpans) {
		d.Add(voice.Span{Start: n * 10 * time.Second, End: (n*10 + 2) * time.Second})
	}
	if r := d.Finish(); len(r.Spans) != voice.MaxSpans || r.Cut {
		t.Errorf("at the limit: %d spans, cut %v", len(r.Spans), r.Cut)
	}
	d.Add(voice.Span{Start: 100_000 * time.Second, End: 100_002 * time.Second})
	if r := d.Finish(); len(r.Spans) != voice.MaxSpans || !r.Cut || r.Spans[voice.MaxSpans-1].End != 100_002*time.Second {
		t.Errorf("one past the limit: %d spans, cut %v, the last ends at %v", len(r.Spans), r.Cut, r.Spans[len(r.Spans)-1].End)
	}
}

// A track that changes its rate, its channels or its place in time goes on being heard, at the time that it gives.
func TestTracksMayChange(t *testing.T) {
	d := &voice.Detector{}
	give := func(at time.Duration, rate int, planes ...[]float32) {
		d.Audio(&video.Audio{Time: at, Rate: rate, Samples: len(planes[0]), Planes: planes})
	}
	give(0, 8000, talk(8000, 3))
	give(3*time.Second, 48000, silence(48000, 3), silence(48000, 3))
	give(6*time.Second, 16000, talk(16000, 3))
	give(60*time.Second, 16000, talk(16000, 3)) // a gap
	r := d.Finish()
	if len(r.Spans) != 3 || r.Spans[0].Start > time.Second || r.Spans[1].Start < 6*time.Second || r.Spans[2].Start < 60*time.Second || r.Spans[2].End > 64*time.Second {
		t.Errorf("spans at %v", r.Spans)
	}
}

// A track that jumps at each block costs no more than the limit allows, and what follows is said not to be heard.
func TestRunsAreBounded(t *testing.T) {
	jump := func(d *voice.Detector, n int) *voice.Result {
		plane := [][]float32{{0.5}}
		for i := range n {
			d.Audio(&video.Audio{Time: time.Duration(i+1) * time.Second, Rate: 48000, Samples: 1, Planes: plane})
		}
		return d.Finish()
	}
	if r := jump(&voice.Detector{}, voice.MaxRuns); r.Unheard != "" {
		t.Errorf("at the limit: %q", r.Unheard)
	}
	if r := jump(&voice.Detector{}, voice.MaxRuns+1); !strings.Contains(r.Unheard, "jumps or changes more than") {
		t.Errorf("one past the limit: %q", r.Unheard)
	}
}

// Speech in pieces that are too short to be judged, with jumps between, is not taken for silence: what was not judged is
// not counted as heard, and more than a second of it is told.
func TestPiecesTooShortToJudge(t *testing.T) {
	const rate = 8000
	speech := talk(rate, 4)
	jump := func(n, samples int) *voice.Result {
		d, at := &voice.Detector{}, time.Duration(0)
		for i := range n {
			part := speech[(i*samples)%(len(speech)-samples):][:samples]
			d.Audio(&video.Audio{Time: at, Rate: rate, Samples: samples, Planes: [][]float32{part}})
			at += time.Duration(samples)*time.Second/rate + []time.Duration{101, -101}[i%2]*time.Millisecond
		}
		return d.Finish()
	}
	for name, c := range map[string]struct {
		n, samples int
		heard      time.Duration
		told       bool
	}{
		"a second":                 {4, rate / 4, 0, false},
		"more than a second":       {5, rate / 4, 0, true},
		"a minute":                 {240, rate / 4, 0, true},
		"pieces that can be heard": {10, rate * 32 / 100, 3200 * time.Millisecond, false},
	} {
		t.Run(name, func(t *testing.T) {
			r := jump(c.n, c.samples)
			if r.Heard.Round(time.Millisecond) != c.heard || strings.Contains(r.Unheard, "more than 1s of it lie between jumps") != c.told || !c.told && r.Unheard != "" {
				t.Errorf("heard %v, not heard %q", r.Heard, r.Unheard)
			}
		})
	}
}

// Memory does not grow with the sound.
func TestMemoryIsBounded(t *testing.T) {
	d := &voice.Detector{}
	block := &video.Audio{Rate: 48000, Samples: 48000, Planes: [][]float32{talk(48000, 1)}}
	second := func() {
		d.Audio(block)
		block.Time += time.Second
	}
	for range 10 {
		second()
	}
	if n := testing.AllocsPerRun(20, second); n > 20 {
		t.Errorf("%v allocations for a second of sound", n)
	}
}

func BenchmarkDetector(b *testing.B) {
	block := &video.Audio{Rate: 48000, Samples: 48000, Planes: [][]float32{talk(48000, 1), talk(48000, 1)}}
	d := &voice.Detector{}
	for b.Loop() {
		d.Audio(block)
		block.Time += time.Second
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "s-of-sound/s")
}

// FuzzDetector takes any samples at any rate, as blocks of any size. The blocks make no difference, spans are in order
// and inside the time, and every score is one.
func FuzzDetector(f *testing.F) {
	for _, s := range [][]float32{talk(8000, 0.3), silence(8000, 0.3), wave(8000, 0.3, func(t float64) float64 { return math.Sin(2000 * t) })} {
		f.Add(bytesOf(s), 8000, 1, 320)
		f.Add(bytesOf(s), 44100, 2, 7777)
	}
	f.Add([]byte{0, 0, 0xc0, 0x7f, 0xff, 0xff, 0x7f, 0x7f}, 384000, 1, 1) // a NaN, and the greatest number
	f.Fuzz(func(t *testing.T, b []byte, rate, channels, block int) {
		channels, block = 1+(channels&15), 1+(block&8191)
		var planes [][]float32
		n := len(b) / 4 / channels
		for c := range channels {
			p := make([]float32, n)
			for i := range p {
				at := b[(i*channels+c)*4:]
				p[i] = math.Float32frombits(uint32(at[0]) | uint32(at[1])<<8 | uint32(at[2])<<16 | uint32(at[3])<<24)
			}
			planes = append(planes, p)
		}
		if n == 0 || rate > 384_000 || rate < 1 {
			return
		}
		d := &voice.Detector{Windows: func(w voice.Window) {
			if !(w.Score >= 0 && w.Score <= 1) || slices.ContainsFunc(w.Features[:], func(v float64) bool { return v-v != 0 }) {
				t.Fatalf("score %v of %v", w.Score, w.Features)
			}
		}}
		r := hear(d, rate, block, planes...)
		end := time.Duration(0)
		for _, s := range r.Spans {
			if s.Start < end || s.End <= s.Start || s.End > r.Heard+20*time.Millisecond {
				t.Fatalf("spans %v of %v", r.Spans, r.Heard)
			}
			end = s.End
		}
		if whole := hear(&voice.Detector{}, rate, n, planes...); !slices.Equal(whole.Spans, r.Spans) {
			t.Fatalf("in one block %v, in blocks of %d %v", whole.Spans, block, r.Spans)
		}
	})
}

func bytesOf(s []float32) (b []byte) {
	for _, v := range s {
		n := math.Float32bits(v)
		b = append(b, byte(n), byte(n>>8), byte(n>>16), byte(n>>24))
	}
	return b
}
