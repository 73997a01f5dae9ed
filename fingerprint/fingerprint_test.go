package fingerprint_test

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/consentry/consentry/fingerprint"
	"github.com/consentry/consentry/video"
)

func number(t *testing.T, s string) int {
	t.Helper()
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestSignaturesAreThoseOfAnotherImplementation(t *testing.T) {
	for _, l := range lines(t, "signatures.txt") {
		f := picture(number(t, l[0]), number(t, l[1]), uint32(number(t, l[2])))
		got, ok := fingerprint.SignatureOf(f)
		if !ok {
			t.Fatalf("%s×%s is not readable", l[0], l[1])
		}
		var digits strings.Builder
		for _, e := range got {
			digits.WriteByte('0' + e)
		}
		if digits.String() != l[3] {
			t.Errorf("%s×%s, picture %s:\n%s, expected\n%s", l[0], l[1], l[2], digits.String(), l[3])
		}
	}
}

func TestCodesAreThoseOfAnotherImplementation(t *testing.T) {
	counts := map[string]int{}
	for _, l := range lines(t, "signatures.txt") {
		counts[l[0]+"×"+l[1]]++
	}
	for _, l := range lines(t, "codes.txt") {
		size := l[0] + "×" + l[1]
		var frames []*video.Frame
		for seed := range counts[size] {
			frames = append(frames, picture(number(t, l[0]), number(t, l[1]), uint32(seed)))
		}
		frames = append(frames, frames[0]) // one that was there before adds nothing
		r := code(t, &fingerprint.Video{}, frames...)
		if got := r.Code.String(); got != l[2] {
			t.Errorf("%s: %s, expected %s", size, got, l[2])
		}
		if r.Distinct != counts[size] || r.Frames != counts[size]+1 {
			t.Errorf("%s: %d of %d pictures are distinct", size, r.Distinct, r.Frames)
		}
	}
}

func TestSamplesAreThoseOfAnotherImplementation(t *testing.T) {
	for _, l := range lines(t, "samples.txt") {
		rate, per, ok := strings.Cut(l[0], "/")
		if !ok {
			per = "1"
		}
		r, err1 := strconv.ParseFloat(rate, 64)
		p, err2 := strconv.ParseFloat(per, 64)
		if err1 != nil || err2 != nil {
			t.Fatal(l)
		}
		times := make([]time.Duration, number(t, l[1]))
		for i := range times {
			times[i] = time.Duration(math.Round(float64(i) * p / r * float64(time.Second)))
		}
		var want []int
		for _, s := range l[2:] {
			want = append(want, number(t, s))
		}
		got := fingerprint.SlotsOf(times, time.Duration(p/r*float64(time.Second)))
		if !slices.Equal(got, want) {
			t.Errorf("%s/s, %s frames: %v, expected %v", l[0], l[1], got, want)
		}
	}
}

func TestTimesThatNobodyMeans(t *testing.T) {
	for name, times := range map[string][]time.Duration{
		"backwards":         {5 * time.Second, 4 * time.Second, 3 * time.Second},
		"all the same":      {0, 0, 0, 0},
		"the ends of time":  {math.MinInt64, math.MaxInt64},
		"the end, alone":    {math.MaxInt64},
		"a leap of a year":  {0, 365 * 24 * time.Hour},
		"before the start":  {-time.Second, -time.Second / 2},
		"there and back":    {0, time.Hour, 0, time.Hour},
		"to the end, twice": {0, math.MaxInt64, math.MaxInt64},
	} {
		t.Run(name, func(t *testing.T) {
			v := &fingerprint.Video{Windows: true}
			for i, at := range times {
				f := picture(32, 32, uint32(i))
				f.Time = at
				v.Frame(f)
			}
			v.Finish()
			if r := v.Result(); r != nil && r.Frames > len(times) {
				t.Errorf("%d pictures of %d", r.Frames, len(times))
			}
			if n := len(v.List()); n > 20 {
				t.Errorf("%d windows of %d pictures", n, len(times))
			}
		})
	}
}

func TestWTAVectors(t *testing.T) {
	// The vectors of iscc-core for sums that are given: ISO 24138's reference data.
	var zero, up [fingerprint.Elements]int64
	for i := range up {
		up[i] = int64(i)
	}
	zeroCode, upCode := fingerprint.ProjectSums(zero), fingerprint.ProjectSums(up)
	if zeroCode != (fingerprint.Code{}) {
		t.Errorf("all equal: %v", zeroCode)
	}
	if got := upCode.String(); got != "ISCC:EMDVFD4RIMPXYSWSNEZPYBZ2FDFMSPZBUMDRUFJPYKJFXWXNDUMQAYI" {
		t.Errorf("a range: %s", got)
	}
}

func TestPicturesThatAreTurned(t *testing.T) {
	const w, h = 97, 61
	upright := make([]*video.Frame, 5)
	for i := range upright {
		upright[i] = picture(w, h, uint32(i))
	}
	want := code(t, &fingerprint.Video{}, upright...).Code
	for _, turn := range []struct {
		degrees  int
		mirrored bool
		at       func(x, y int) (int, int) // where the coded picture has what the upright one has at x, y
		w, h     int
	}{
		{0, true, func(x, y int) (int, int) { return w - 1 - x, y }, w, h},
		{90, false, func(x, y int) (int, int) { return y, w - 1 - x }, h, w},
		{180, false, func(x, y int) (int, int) { return w - 1 - x, h - 1 - y }, w, h},
		{270, false, func(x, y int) (int, int) { return h - 1 - y, x }, h, w},
		{90, true, func(x, y int) (int, int) { return h - 1 - y, w - 1 - x }, h, w},
		{180, true, func(x, y int) (int, int) { return x, h - 1 - y }, w, h},
		{270, true, func(x, y int) (int, int) { return y, x }, h, w},
	} {
		t.Run(fmt.Sprintf("%d-%v", turn.degrees, turn.mirrored), func(t *testing.T) {
			var coded []*video.Frame
			for _, u := range upright {
				f := picture(turn.w, turn.h, 0)
				for y := range h {
					for x := range w {
						cx, cy := turn.at(x, y)
						f.Y.Data[cy*f.Y.Stride+cx] = u.Y.Data[y*w+x]
					}
				}
				coded = append(coded, f)
			}
			v := &fingerprint.Video{}
			v.Track(&video.Track{Rotation: turn.degrees, Mirrored: turn.mirrored})
			got := code(t, v, coded...).Code
			if d := got.Distance(&want); d != 0 {
				t.Errorf("%d bits differ from the upright picture's", d)
			}
		})
	}
}

func TestSamplesOfMoreBitsGiveTheSameCode(t *testing.T) {
	for _, depth := range []int{9, 10, 12, 16} {
		v8, vn := &fingerprint.Video{}, &fingerprint.Video{}
		var narrow, wide []*video.Frame
		for i := range uint32(6) {
			f := picture(101, 64, i)
			g := &video.Frame{Width: f.Width, Height: f.Height, BitDepth: depth}
			g.Y = video.Plane{Data: make([]byte, 2*len(f.Y.Data)+64*6), Stride: 2*f.Width + 6}
			for y := range f.Height {
				for x := range f.Width {
					s := int(f.Y.Data[y*f.Width+x]) << (depth - 8)
					g.Y.Data[y*g.Y.Stride+2*x], g.Y.Data[y*g.Y.Stride+2*x+1] = byte(s), byte(s>>8)
				}
			}
			narrow, wide = append(narrow, f), append(wide, g)
		}
		a, b := code(t, v8, narrow...).Code, code(t, vn, wide...).Code
		if d := a.Distance(&b); d != 0 {
			t.Errorf("%d bits a sample: %d bits of the code differ", depth, d)
		}
	}
}

func TestTheSidesOfAPictureAreBounded(t *testing.T) {
	for _, c := range []struct {
		w, h       int
		unreadable int64
	}{{1 << 15, 32, 0}, {1<<15 + 1, 32, 1}, {32, 1 << 15, 0}, {32, 1<<15 + 1, 1}} {
		v := &fingerprint.Video{}
		v.Frame(picture(c.w, c.h, 1))
		v.Finish()
		if v.Unreadable() != c.unreadable {
			t.Errorf("%d × %d: %d unreadable", c.w, c.h, v.Unreadable())
		}
	}
}

func TestFramesThatAreNotWhatTheySay(t *testing.T) {
	for name, change := range map[string]func(*video.Frame){
		"narrow":          func(f *video.Frame) { f.Width = 31 },
		"low":             func(f *video.Frame) { f.Height = 31 },
		"wider than data": func(f *video.Frame) { f.Width = 1 << 14 },
		"no data":         func(f *video.Frame) { f.Y.Data = nil },
		"a byte short":    func(f *video.Frame) { f.Y.Data = f.Y.Data[:len(f.Y.Data)-1] },
		"stride too low":  func(f *video.Frame) { f.Y.Stride = 10 },
		"stride negative": func(f *video.Frame) { f.Y.Stride = -40 },
		"stride huge":     func(f *video.Frame) { f.Y.Stride = math.MaxInt / 2 },
		"size huge":       func(f *video.Frame) { f.Width, f.Height, f.Y.Stride = math.MaxInt, math.MaxInt, math.MaxInt },
		"size negative":   func(f *video.Frame) { f.Width, f.Height = -40, -40 },
		"depth 10":        func(f *video.Frame) { f.BitDepth = 10 },
		"depth 17":        func(f *video.Frame) { f.BitDepth = 17 },
		"depth 0":         func(f *video.Frame) { f.BitDepth = 0 },
	} {
		t.Run(name, func(t *testing.T) {
			f := picture(40, 40, 1)
			change(f)
			v := &fingerprint.Video{}
			v.Frame(f)
			v.Finish()
			if v.Unreadable() != 1 || v.Result() != nil {
				t.Errorf("%d unreadable, result %+v", v.Unreadable(), v.Result())
			}
		})
	}
}

func TestSamplesAboveTheDepthAreCut(t *testing.T) {
	f := picture(64, 64, 1)
	f.BitDepth = 10
	f.Width = 32 // of two bytes each: noise up to 65535
	got, ok := fingerprint.SignatureOf(f)
	for i := range f.Y.Data {
		f.Y.Data[i] = []byte{0xFF, 0x03}[i%2]
	}
	white, _ := fingerprint.SignatureOf(f)
	if !ok || got == (fingerprint.Signature{}) || white[0] != 1 {
		t.Errorf("%v, %v, white %v", ok, got, white[:20])
	}
}

func TestLowInformation(t *testing.T) {
	same := make([]*video.Frame, 12)
	flat := make([]*video.Frame, 12)
	moving := make([]*video.Frame, 12)
	for i := range same {
		same[i], flat[i], moving[i] = picture(64, 64, 1), picture(64, 64, 1), picture(64, 64, uint32(i))
		for j := range flat[i].Y.Data {
			flat[i].Y.Data[j] = byte(i * 9)
		}
	}
	for name, c := range map[string]struct {
		frames []*video.Frame
		low    bool
	}{
		"a still":         {same, true},
		"flat colours":    {flat, true},
		"two pictures":    {moving[:2], true},
		"something moves": {moving, false},
	} {
		if r := code(t, &fingerprint.Video{}, c.frames...); r.LowInformation() != c.low {
			t.Errorf("%s: %+v: low information %v", name, r, r.LowInformation())
		}
	}
}

func TestSpans(t *testing.T) {
	var frames, second []*video.Frame
	for i := range 21 {
		frames = append(frames, picture(64, 48, uint32(i)))
		if i >= 10 && i < 15 {
			second = append(second, picture(64, 48, uint32(i)))
		}
	}
	want := code(t, &fingerprint.Video{}, append(second, second[0])...).Code
	v := &fingerprint.Video{Spans: []fingerprint.Span{
		{slot(10), slot(15)}, {slot(0), slot(2000)}, {slot(400), slot(500)}, {slot(5), slot(5)}, {slot(7), slot(3)}, {math.MinInt64, math.MaxInt64},
	}}
	whole := code(t, v, frames...).Code
	if r := v.Part(0); r == nil || r.Code != want || r.Frames != 5 {
		t.Errorf("two seconds to three: %+v", r)
	}
	for _, i := range []int{1, 5} {
		if r := v.Part(i); r == nil || r.Code != whole {
			t.Errorf("span %d has the whole video, and another code: %+v", i, r)
		}
	}
	for _, i := range []int{2, 3, 4, 6, -1} {
		if r := v.Part(i); r != nil {
			t.Errorf("span %d holds nothing: %+v", i, r)
		}
	}
}

func TestLimits(t *testing.T) {
	spans := make([]fingerprint.Span, fingerprint.MaxSpans+1)
	for i := range spans {
		spans[i].End = time.Hour
	}
	parts := &fingerprint.Video{Spans: spans}
	code(t, parts, picture(32, 32, 1), picture(32, 32, 2))
	if parts.Part(fingerprint.MaxSpans-1) == nil || parts.Part(fingerprint.MaxSpans) != nil {
		t.Error("the sixteenth span has a code, the seventeenth has none")
	}

	v, f := &fingerprint.Video{Windows: true}, picture(32, 32, 1)
	for i := range fingerprint.MaxSamples + 2 { // a picture counts when the next one comes
		if v.Cut() {
			t.Fatalf("cut after %d pictures", i)
		}
		f.Y.Data[i%len(f.Y.Data)] += 77
		f.Time = slot(i)
		v.Frame(f)
	}
	v.Finish()
	if r := v.Result(); r.Frames != fingerprint.MaxSamples || !v.Cut() {
		t.Errorf("%d pictures sampled, cut %v", r.Frames, v.Cut())
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	if m.HeapAlloc > 100<<20 {
		t.Errorf("%d MB on the heap", m.HeapAlloc>>20)
	}
}

func TestWindowsOfACopyThatBeginsLater(t *testing.T) {
	var clip []*video.Frame
	for i := range 40 {
		clip = append(clip, picture(64, 48, uint32(i)))
	}
	v, part := &fingerprint.Video{Windows: true}, &fingerprint.Video{Windows: true}
	code(t, v, clip...)
	code(t, part, clip[13:30]...)
	all, some := v.List(), part.List()
	if len(all) != 31 || len(some) != 8 {
		t.Fatalf("%d and %d windows", len(all), len(some))
	}
	for i, w := range some {
		if w.Code != all[i+13].Code || w.Start+slot(13) != all[i+13].Start {
			t.Errorf("window %d at %v is not the one at %v", i, w.Start, all[i+13].Start)
		}
	}
}

func BenchmarkFrame1080p(b *testing.B) {
	f := picture(1920, 1080, 1)
	v := &fingerprint.Video{Windows: true}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		f.Time = time.Duration(i) * time.Second / 30
		i++
		v.Frame(f)
	}
	b.ReportMetric(float64(i)/b.Elapsed().Seconds(), "frames/s")
}

func BenchmarkFrame1080p10Bit(b *testing.B) {
	f := picture(3840, 1080, 1)
	f.Width, f.BitDepth = 1920, 10
	v := &fingerprint.Video{}
	i := 0
	for b.Loop() {
		f.Time = time.Duration(i) * time.Second / 30
		i++
		v.Frame(f)
	}
	b.ReportMetric(float64(i)/b.Elapsed().Seconds(), "frames/s")
}
