package neural_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/video"
	"github.com/consentry/consentry/watermark/neural"
)

func TestANetworkForSoundIsHeldAgainstWhatItsKindTakesAndGives(t *testing.T) {
	for _, c := range []struct {
		name, says string // empty: it is taken
		kind       neural.Kind
		in, out    []int64
	}{
		{"as made", "", neural.PerTh, []int64{1, 1025, 301}, []int64{1, 1}},
		{"any length", "", neural.PerTh, []int64{-1, 1025, -1}, []int64{}},
		{"the shortest", "", neural.PerTh, []int64{1, 1025, 101}, []int64{1}},
		{"one shorter", "rows of 101 to 3001 numbers", neural.PerTh, []int64{1, 1025, 100}, []int64{1}},
		{"the longest", "", neural.PerTh, []int64{1, 1025, 3001}, []int64{1}},
		{"one longer", "rows of 101 to 3001 numbers", neural.PerTh, []int64{1, 1025, 3002}, []int64{1}},
		{"the subband alone", "takes 1×1025×n", neural.PerTh, []int64{1, 128, 301}, []int64{1}},
		{"samples", "takes 1×1025×n", neural.PerTh, []int64{1, 1, 96000}, []int64{1}},
		{"many scores", "gives one number", neural.PerTh, []int64{1, 1025, 301}, []int64{1, 3}},
		{"as published", "", neural.AudioSeal, []int64{-1, 1, -1}, []int64{-1, 18, -1}},
		{"the longest", "", neural.AudioSeal, []int64{1, 1, 160_000}, []int64{1, 18, 160_000}},
		{"one longer", "rows of 3200 to 160000 numbers", neural.AudioSeal, []int64{1, 1, 160_001}, []int64{1, 18, 160_001}},
		{"the shortest", "", neural.AudioSeal, []int64{1, 1, 3200}, []int64{1, 18, 3200}},
		{"one shorter", "rows of 3200 to 160000 numbers", neural.AudioSeal, []int64{1, 1, 3199}, []int64{1, 18, 3199}},
		{"without bits", "1×18×n numbers", neural.AudioSeal, []int64{1, 1, 16000}, []int64{1, 2, 16000}},
		{"a message only", "1×18×n numbers", neural.AudioSeal, []int64{1, 1, 16000}, []int64{1, 16}},
		{"two channels", "takes 1×1×n", neural.AudioSeal, []int64{1, 2, 16000}, []int64{1, 18, 16000}},
	} {
		t.Run(string(c.kind)+" "+c.name, func(t *testing.T) {
			m := forge.Model{Inputs: []forge.ModelValue{value("in", c.in...)}, Outputs: []forge.ModelValue{value("out", c.out...)}}.Bytes()
			switch n, err := neural.Recognise(c.kind, m); {
			case c.says == "" && (err != nil || n.Largest() < 3200):
				t.Errorf("%v, %v", n, err)
			case c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)):
				t.Errorf("%v", err)
			}
		})
	}
}

func soundNetwork(t testing.TB, kind neural.Kind) *neural.Network {
	t.Helper()
	in, out := value("in", 1, 1025, 301), value("out", 1, 1)
	if kind == neural.AudioSeal {
		in, out = value("in", 1, 1, -1), value("out", 1, 18, -1)
	}
	n, err := neural.Recognise(kind, forge.Model{Inputs: []forge.ModelValue{in}, Outputs: []forge.ModelValue{out}}.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// goldenPiece is what testdata/perth.json was made of: three tones that glide, come and go, and noise.
func goldenPiece() []float32 {
	out := make([]float32, 96000)
	s := uint32(1)
	for n := range out {
		at, v := float64(n)/32000, 0.
		for k, f := range [][2]float64{{180, 40}, {640, -90}, {1500, 150}} {
			v += 0.2 * math.Sin(2*math.Pi*(f[0]*at+f[1]*at*at/2)) * (0.5 + 0.5*math.Sin(2*math.Pi*(1.5+float64(k))*at))
		}
		s = s*1664525 + 1013904223
		out[n] = float32(v + 0.02*(float64(s)/(1<<32)-0.5))
	}
	return out
}

// TestPerThIsShownTheSpectrogramOfItsOwnCode: places of what the published AudioProcessor makes of the same sound, in the band that its decoder looks at.
// Its samples arrive at 32 kHz, so nothing is resampled; the kernel passes the band in question as it is.
func TestPerThIsShownTheSpectrogramOfItsOwnCode(t *testing.T) {
	b, err := os.ReadFile("testdata/perth.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct{ Spectrogram [][3]float64 }
	if err := json.Unmarshal(b, &golden); err != nil {
		t.Fatal(err)
	}
	shown := 0
	d := neural.NewSound(soundNetwork(t, neural.PerTh), answers(func(in neural.Tensor) ([]float32, error) {
		shown++
		for _, p := range golden.Spectrogram {
			bin, column, want := int(p[0]), int(p[1]), p[2]
			if got := float64(in.Data[bin*301+column]); math.Abs(got-want) > 0.001 && bin < 129 {
				t.Errorf("bin %d, column %d: %.4f, want %.4f", bin, column, got, want)
			}
		}
		return []float32{0}, nil
	}))
	d.Audio(sound(32000, 0, append(goldenPiece(), make([]float32, 20)...))) // the kernel holds some back
	if r := d.End(); shown != 1 || r.Pieces != 1 || r.Marked != 0 {
		t.Errorf("%d shown, %+v", shown, r)
	}
}

func sound(rate int, at time.Duration, planes ...[]float32) *video.Audio {
	return &video.Audio{Rate: rate, Time: at, Samples: len(planes[0]), Planes: planes}
}

func tone(n int, loud float64) []float32 {
	out := make([]float32, n)
	for i := range out {
		out[i] = float32(loud * math.Sin(float64(i)/7))
	}
	return out
}

// said is what a network answers, piece by piece, the last one again and again.
func said(list ...float32) answers {
	n := 0
	return func(neural.Tensor) ([]float32, error) {
		n++
		return []float32{list[min(n, len(list))-1]}, nil
	}
}

func TestASoundTrackIsShownInPieces(t *testing.T) {
	net := soundNetwork(t, neural.PerTh)
	for _, c := range []struct {
		name    string
		says    answers
		sound   []*video.Audio
		pieces  int
		marked  int
		silent  int
		spans   [][2]time.Duration
		unheard string
	}{
		{"marked in the middle", said(0, 1, 0.91, 0.89), []*video.Audio{sound(32000, time.Second, tone(12*32000, .1))}, 4, 2, 0, [][2]time.Duration{{4 * time.Second, 10 * time.Second}}, ""},
		{"two channels at another rate", said(0.91), []*video.Audio{sound(8000, 0, tone(7*8000, .1), tone(7*8000, .1))}, 2, 2, 0, [][2]time.Duration{{0, 6 * time.Second}}, ""},
		{"the end, where it is long enough", said(1), []*video.Audio{sound(32000, 0, tone(96000+40000, .1))}, 2, 2, 0, [][2]time.Duration{{0, 6 * time.Second}}, ""},
		{"silence is not shown", said(1), []*video.Audio{sound(32000, 0, tone(96100, .0001))}, 0, 0, 1, nil, ""},
		{"a jump begins anew", said(1), []*video.Audio{sound(32000, 0, tone(97000, .1)), sound(32000, 20*time.Second, tone(97000, .1))}, 2, 2, 0, [][2]time.Duration{{0, 3 * time.Second}, {20 * time.Second, 23 * time.Second}}, ""},
		{"it jumps all the time", said(1), []*video.Audio{sound(32000, 0, tone(97000, .1)), sound(32000, 20*time.Second, tone(31000, .1)), sound(32000, 40*time.Second, tone(31000, .1))}, 1, 1, 0, [][2]time.Duration{{0, 3 * time.Second}}, "of it lie in stretches shorter than a third of 3s"},
		{"too short", said(1), []*video.Audio{sound(32000, 0, tone(20000, .1))}, 0, 0, 0, nil, "no piece of it as long as a third of 3s"},
		{"too few samples a second", said(1), []*video.Audio{sound(5999, 0, tone(60000, .1))}, 0, 0, 0, nil, "too few to carry a mark"},
		{"the fewest", said(1), []*video.Audio{sound(6000, 0, tone(6000*3+200, .1))}, 1, 1, 0, [][2]time.Duration{{0, 3 * time.Second}}, ""},
		{"a block that lies", said(1), []*video.Audio{{Rate: 32000, Samples: 10, Planes: [][]float32{{0}}}}, 0, 0, 0, nil, "cut short"},
		{"beyond the range", said(7), []*video.Audio{sound(32000, 0, tone(96100, .1))}, 1, 1, 0, [][2]time.Duration{{0, 3 * time.Second}}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := neural.NewSound(net, c.says)
			for _, a := range c.sound {
				d.Audio(a)
			}
			r := d.End()
			near := func(a, b [2]time.Duration) bool {
				return (a[0]-b[0]).Abs() < time.Millisecond && (a[1]-b[1]).Abs() < time.Millisecond
			}
			if r.Pieces != c.pieces || r.Marked != c.marked || r.Silent != c.silent || !slices.EqualFunc(r.Spans, c.spans, near) || !strings.Contains(r.Unheard, c.unheard) || c.unheard == "" && r.Unheard != "" || r.Best > 1 {
				t.Errorf("%+v", r)
			}
		})
	}
}

// TestLimitsOfSound: pieces and runs at their limits and one past them.
func TestLimitsOfSound(t *testing.T) {
	net := soundNetwork(t, neural.AudioSeal) // pieces of a second
	none := answers(func(neural.Tensor) ([]float32, error) { return make([]float32, 17), nil })
	second := tone(16000, .1)
	for n, want := range map[int]string{neural.MaxPieces: "", neural.MaxPieces + 1: "only the first 1200 pieces"} {
		d := neural.NewSound(net, none)
		d.Audio(sound(16000, 0, tone(200, .1))) // what the kernel holds back
		for i := range n {
			d.Audio(sound(16000, time.Duration(i)*time.Second, second))
		}
		if r := d.End(); r.Pieces != neural.MaxPieces || !strings.Contains(r.Unheard, want) || want == "" && r.Unheard != "" {
			t.Errorf("%d pieces: %d shown, %q", n, r.Pieces, r.Unheard)
		}
	}
	for n, want := range map[int]string{neural.MaxSoundRuns: "", neural.MaxSoundRuns + 1: "jumps or changes more than 1000 times"} {
		d := neural.NewSound(net, none)
		d.Audio(sound(16000, 0, tone(17000, .1)))
		for i := range n - 1 {
			d.Audio(sound(16000, time.Duration(i+1)*time.Hour, tone(1, .1)))
		}
		if r := d.End(); !strings.Contains(r.Unheard, want) || want == "" && r.Unheard != "" {
			t.Errorf("%d runs: %q", n, r.Unheard)
		}
	}
}

// TestBitsOfAMarkInSoundAreNoEvidence: 16 bits that all agree come by chance once in 65,536, so none can be named.
func TestBitsOfAMarkInSoundAreNoEvidence(t *testing.T) {
	for _, text := range []string{"audioseal:16:A5C3", "perth:32:A5C3A5C3"} {
		if m, err := neural.ParseMessage(text); err == nil {
			t.Errorf("%s is taken: %v", text, m)
		}
	}
	v := make([]float32, 17)
	v[0] = 0.7
	for i := range 16 {
		v[1+i] = float32(uint16(0xA5C3)>>(15-i)&1) - 0.5
	}
	d := neural.NewSound(soundNetwork(t, neural.AudioSeal), answers(func(in neural.Tensor) ([]float32, error) {
		if !slices.Equal(in.Shape, []int64{1, 1, 16000}) {
			t.Errorf("shown %v", in.Shape)
		}
		return v, nil
	}))
	d.Audio(sound(48000, 0, tone(3*48000+50, .1)))
	if r := d.End(); r.Pieces != 3 || r.Marked != 3 || !bytes.Equal(r.Value, []byte{0xA5, 0xC3}) {
		t.Errorf("%+v", r)
	}
}

// TestARestIsShownSoThatItsShareStandsFor: a score that is a share of samples is not lowered by silence behind the end.
func TestARestIsShownSoThatItsShareStandsFor(t *testing.T) {
	var shown []float32
	d := neural.NewSound(soundNetwork(t, neural.AudioSeal), answers(func(in neural.Tensor) ([]float32, error) {
		shown = slices.Clone(in.Data)
		return make([]float32, 17), nil
	}))
	d.Audio(sound(16000, 0, tone(6400, .1)))
	if r := d.End(); r.Pieces != 1 || len(shown) != 16000 {
		t.Fatalf("%d numbers, %+v", len(shown), r)
	}
	for rest := 6300; rest <= 6400; rest++ { // the kernel holds some back
		if slices.Equal(shown[rest:], shown[:16000-rest]) {
			return
		}
	}
	t.Errorf("the rest is not shown again: ends with %v", shown[15990:])
}

func TestANetworkForSoundThatFailsIsNotAskedAgain(t *testing.T) {
	for name, run := range map[string]answers{
		"an error":        func(neural.Tensor) ([]float32, error) { return nil, errors.New("gone") },
		"no number":       func(neural.Tensor) ([]float32, error) { return []float32{float32(math.NaN())}, nil },
		"too many":        func(neural.Tensor) ([]float32, error) { return make([]float32, 2), nil },
		"an empty answer": func(neural.Tensor) ([]float32, error) { return nil, nil },
	} {
		asked := 0
		d := neural.NewSound(soundNetwork(t, neural.PerTh), answers(func(in neural.Tensor) ([]float32, error) { asked++; return run(in) }))
		d.Audio(sound(32000, 0, tone(10*32000, .1)))
		if r := d.End(); r.Failed == nil || asked != 1 || r.Pieces != 0 {
			t.Errorf("%s: asked %d times, %+v", name, asked, r)
		}
	}
}

func TestLongAnswersAreMadeShort(t *testing.T) {
	got, err := neural.Fold(neural.Tensor{Data: []float32{
		0, 1, 0, 1, // without
		1, 0, 1, 1, // with: more at two of four places
		1, 2, 3, 4,
		-1, -1, -1, 0,
	}}, 4)
	if err != nil || !slices.Equal(got.Data, []float32{0.5, 2.5, -0.75}) {
		t.Errorf("%v, %v", got, err)
	}
	for _, c := range []struct{ numbers, rows int }{{0, 4}, {15, 4}, {4, 2}, {4, 0}, {3, -1}, {4, 5}, {1<<23 + 4, 4}} {
		if _, err := neural.Fold(neural.Tensor{Data: make([]float32, c.numbers)}, c.rows); err == nil {
			t.Errorf("%d numbers in %d rows are folded", c.numbers, c.rows)
		}
	}
	if _, err := neural.Fold(neural.Tensor{Data: make([]float32, 1<<23)}, 4); err != nil {
		t.Error(err)
	}
}

// TestNoRateIsToldOfTooLittleSound: fewer than MinMeasured pieces, or another file, say nothing of a rate.
func TestNoRateIsToldOfTooLittleSound(t *testing.T) {
	for n, told := range map[int]bool{neural.MinMeasured - 1: false, neural.MinMeasured: true} {
		neural.SetMeasured(t, neural.PerTh, "ab", neural.Measurement{Clean: n, Marked: 3})
		if m, ok := neural.Measured(neural.PerTh, "ab"); ok != told || ok && m.Clean != n {
			t.Errorf("%d pieces: %v", n, ok)
		}
		if _, ok := neural.Measured(neural.AudioSeal, "ab"); ok {
			t.Error("another kind's rate is told")
		}
		if _, ok := neural.Measured(neural.PerTh, "ac"); ok {
			t.Error("another file's rate is told")
		}
	}
	// Clopper and Pearson, two-sided: 0 of 10 is at most 30.85 %, 0 of 1,000 0.3682 %, 3 of 10 65.25 %.
	for _, c := range []struct {
		m    neural.Measurement
		want float64
	}{{neural.Measurement{Clean: 10}, .3085}, {neural.Measurement{Clean: 1000}, .003682}, {neural.Measurement{Clean: 10, Marked: 3}, .6525}, {neural.Measurement{Clean: 10, Marked: 10}, 1}} {
		if got := neural.AtMost(c.m); math.Abs(got-c.want) > 1e-4 {
			t.Errorf("%+v: %v, want %v", c.m, got, c.want)
		}
	}
}

func FuzzSound(f *testing.F) {
	for _, s := range []string{"", "\x10\x00\x80\x40", "\xff\xff\xff\xff\xff\xff", "\x00\x01\x02\x03\x04\x05\x06\x07", strings.Repeat("\x20\x80\x01", 60)} {
		f.Add([]byte(s))
	}
	net := soundNetwork(f, neural.PerTh)
	f.Fuzz(func(t *testing.T, b []byte) {
		asked := 0
		d := neural.NewSound(net, answers(func(neural.Tensor) ([]float32, error) { asked++; return []float32{1}, nil }))
		for ; len(b) >= 4; b = b[4:] { // a block: rate, length, time, value
			v := float32(math.Inf(int(b[3])-2)) * float32(b[3]%3)
			if b[3] > 4 {
				v = float32(b[3]) / 64
			}
			p := slices.Repeat([]float32{v}, int(b[1])*64)
			d.Audio(sound(int(b[0])*2000, time.Duration(b[2])*100*time.Millisecond, p))
		}
		r := d.End()
		if r.Failed != nil || r.Pieces != asked || r.Marked != asked || len(r.Spans) > r.Marked {
			t.Errorf("%d asked, %+v", asked, r)
		}
	})
}
