package voice

import (
	"math"
	"time"

	"github.com/consentry/consentry/internal/resample"
)

const (
	rate        = 8000                  // Hz, after resampling
	places      = 32                    // between two samples of the input
	hop         = 10 * time.Millisecond // from one frame to the next
	hopSamples  = rate / 100
	frameLength = 320 // samples, 40 ms: three periods of the lowest voice
	transform   = 512 // frameLength and the longest lag, rounded up
	bands       = 9
	minLag      = rate / 400 // of the pitch: 400 Hz
	maxLag      = rate / 70  // 70 Hz
)

// quiet is the level below which nothing can be heard, in dB of full scale: the noise of 16 bits lies at -98, and speech
// 80 dB down is lost at any volume at which the rest can be borne.
const quiet = -80

// edges are the borders of the bands, in Hz: even steps on the mel scale.
var edges = [bands + 1]float64{100, 300, 500, 750, 1000, 1350, 1800, 2350, 3000, 3700}

// frame is what is kept of 40 ms of sound.
type frame struct {
	energy float64 // dB of full scale, between 100 and 3700 Hz
	tonal  float64 // the height of the best peak of the autocorrelation, 0 to 1
	pitch  float64 // log2 of its frequency
	high   float64 // dB, above 2 kHz over below 1 kHz
	bands  [bands]float32
}

// lane listens to one channel.
type lane struct {
	from    *resample.Stream
	samples [frameLength]float32 // the last ones
	fill    int                  // of them that are not yet in a frame
	frames  [windowFrames]frame  // a ring
	count   int                  // frames so far
	judged  int                  // of them, when the last window was judged
	only    bool                 // the sound is so short that one window is all there is
	last    Span                 // the window before, if it sounded like speech
	emit    func(l *lane, from, to int, f Features)
	work    *scratch
}

func newLane(table *resample.Kernel, work *scratch, emit func(l *lane, from, to int, f Features)) *lane {
	return &lane{from: table.Stream(), emit: emit, work: work}
}

func (l *lane) take(in []float32) { l.from.Take(in, l.sample) }

// sample takes one sample of 8 kHz. Frame n ends with sample (n+1)·80 and begins, with silence, before the first.
func (l *lane) sample(v float32) {
	l.samples[frameLength-hopSamples+l.fill] = v
	if l.fill++; l.fill < hopSamples {
		return
	}
	l.fill = 0
	l.work.analyse(&l.samples, &l.frames[l.count%windowFrames])
	copy(l.samples[:], l.samples[hopSamples:])
	l.count++
	if l.count >= windowFrames && l.count-l.judged >= windowStep {
		l.judge()
	}
}

// flush judges what no window has taken yet.
func (l *lane) flush() {
	if l.count > l.judged && l.count >= minFrames {
		l.only = l.judged == 0
		l.judge()
	}
}

func (l *lane) judge() {
	n := min(l.count, windowFrames)
	l.judged = l.count
	list := l.work.list[:0]
	for i := l.count - n; i < l.count; i++ {
		list = append(list, &l.frames[i%windowFrames])
	}
	l.emit(l, l.count-n, l.count, l.work.features(list))
}

// scratch is the memory for one frame or one window, and the tables that they need: the lanes take turns.
type scratch struct {
	re, im  [transform]float64
	cos     [transform / 2]float64
	sin     [transform / 2]float64
	shape   [frameLength]float64 // Hann
	fade    [maxLag + 2]float64  // its autocorrelation, by lag
	list    []*frame
	values  []float64
	borders [bands + 1]int // bins
}

func newScratch() *scratch {
	s := &scratch{}
	for i := range s.cos {
		s.sin[i], s.cos[i] = math.Sincos(-2 * math.Pi * float64(i) / transform)
	}
	for i := range s.shape {
		s.shape[i] = 0.5 - 0.5*math.Cos(2*math.Pi*(float64(i)+0.5)/frameLength)
	}
	for lag := range s.fade {
		for i := range frameLength - lag {
			s.fade[lag] += s.shape[i] * s.shape[i+lag]
		}
	}
	for i, e := range edges {
		s.borders[i] = int(math.Round(e * transform / rate))
	}
	return s
}

// analyse fills a frame.
func (s *scratch) analyse(in *[frameLength]float32, f *frame) {
	clear(s.re[frameLength:])
	clear(s.im[:])
	for i, v := range in {
		s.re[i] = float64(v) * s.shape[i]
	}
	s.fourier()
	// Powers, with those of the negative frequencies: the autocorrelation is their transform.
	low, high, sum := 1e-20, 1e-20, 0.0
	for b := range bands {
		part := 0.0
		for k := s.borders[b]; k < s.borders[b+1]; k++ {
			part += s.re[k]*s.re[k] + s.im[k]*s.im[k]
		}
		f.bands[b] = float32(decibel(part))
		switch sum += part; {
		case b < 4:
			low += part
		case b >= 7:
			high += part
		}
	}
	const fullScale = frameLength * transform * 3 / 16 // the power of a sine of amplitude 1 under the window, once
	f.energy = max(decibel(sum/fullScale), -120)
	f.high = min(max(10*math.Log10(high/low), -40), 40)
	const lowest, highest = 70 * transform / rate, 2000 * transform / rate
	for k := range transform/2 + 1 {
		p := s.re[k]*s.re[k] + s.im[k]*s.im[k]
		if k <= lowest || k > highest {
			p = 0
		}
		s.re[k], s.im[k] = p, 0
		if k > 0 && k < transform/2 {
			s.re[transform-k], s.im[transform-k] = p, 0
		}
	}
	s.fourier()
	f.tonal, f.pitch = s.peak()
}

// peak finds the pitch: the best peak of the autocorrelation, the shorter of two that are alike.
func (s *scratch) peak() (height, pitch float64) {
	if s.re[0] <= 1e-12 {
		return 0, 0
	}
	at := func(lag int) float64 { return s.re[lag] / s.re[0] * s.fade[0] / s.fade[lag] }
	best := 0
	for lag := minLag; lag <= maxLag; lag++ {
		v := at(lag)
		if v > height+0.03 && v >= at(lag-1) && v >= at(lag+1) {
			height, best = v, lag
		}
	}
	if best == 0 {
		return 0, 0
	}
	a, b, c := at(best-1), at(best), at(best+1)
	shift := 0.0
	if curve := a - 2*b + c; curve < 0 {
		shift = min(max((a-c)/(2*curve), -0.5), 0.5)
	}
	return min(height, 1), math.Log2(rate / (float64(best) + shift))
}

// decibel is a level, of silence too.
func decibel(power float64) float64 { return 10 * math.Log10(power+1e-15) }

// fourier transforms re and im in place.
func (s *scratch) fourier() {
	for i, j := 1, 0; i < transform; i++ {
		bit := transform >> 1
		for ; j&bit != 0; bit >>= 1 {
			j ^= bit
		}
		if j ^= bit; i < j {
			s.re[i], s.re[j] = s.re[j], s.re[i]
			s.im[i], s.im[j] = s.im[j], s.im[i]
		}
	}
	for size := 2; size <= transform; size <<= 1 {
		half, step := size/2, transform/size
		for start := 0; start < transform; start += size {
			for k := range half {
				c, d := s.cos[k*step], s.sin[k*step]
				i, j := start+k, start+k+half
				x, y := s.re[j]*c-s.im[j]*d, s.re[j]*d+s.im[j]*c
				s.re[j], s.im[j] = s.re[i]-x, s.im[i]-y
				s.re[i], s.im[i] = s.re[i]+x, s.im[i]+y
			}
		}
	}
}
