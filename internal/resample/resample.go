// Package resample brings sound of any rate to another one, sample by sample, in bounded memory. It is made for listening
// to untrusted sound by arithmetic, not for playing it: places between two samples are rounded to a fraction of one.
// Start with [New].
package resample

import "math"

// Kernel is a windowed sinc that brings sound of one rate to another.
type Kernel struct {
	From   int     // Hz
	step   float64 // input samples for each output sample
	half   int     // input samples on each side
	places float64
	weight [][]float32 // by the place of an output sample between two of the input
}

const (
	crossings  = 8    // zero crossings of the kernel on each side
	passedBand = 0.92 // share of half the lower rate that passes
)

// New makes a kernel. Both rates are in Hz, above zero. Places are how many there are between two samples of the input,
// of which the nearest is taken: the table has as many rows.
func New(from, to, places int) *Kernel {
	cutoff := passedBand * min(1, float64(to)/float64(from)) // as a share of half the input's rate
	half := int(math.Ceil(crossings / cutoff))
	k := &Kernel{From: from, step: float64(from) / float64(to), half: half, places: float64(places), weight: make([][]float32, places+1)}
	for p := range k.weight {
		k.weight[p] = make([]float32, 2*half)
		for i := range k.weight[p] {
			// The output lies p parts behind input sample half-1.
			x := math.Abs(float64(i-half+1) - float64(p)/k.places)
			if x >= float64(half) {
				continue
			}
			v := cutoff * (0.5 + 0.5*math.Cos(math.Pi*x/float64(half)))
			if x > 0 {
				v *= math.Sin(math.Pi*cutoff*x) / (math.Pi * cutoff * x)
			}
			k.weight[p][i] = float32(v)
		}
	}
	return k
}

// Stream brings one channel to another rate. It is not safe for concurrent use.
type Stream struct {
	kernel *Kernel
	buffer []float32 // input samples, the first of which has the number first
	first  int64
	out    int64 // number of the next output sample
}

// Stream begins with silence before the first sample.
func (k *Kernel) Stream() *Stream {
	return &Stream{kernel: k, buffer: make([]float32, k.half), first: -int64(k.half)}
}

// Take gives put what the samples allow: those of the output that lie at least the kernel's reach before the last one.
func (r *Stream) Take(in []float32, put func(float32)) {
	const chunk = 8192 // of input at a time, so that the buffer stays small whatever a block holds
	for len(in) > 0 {
		n := min(len(in), chunk)
		for _, v := range in[:n] {
			r.buffer = append(r.buffer, bounded(v))
		}
		in = in[n:]
		r.drain(put)
	}
}

// bounded is a sample between -loudest and loudest: files of floating-point samples can hold anything, and what is far
// beyond full scale is cut off by every player.
func bounded(v float32) float32 {
	const loudest = 4
	if v != v {
		return 0
	}
	return min(max(v, -loudest), loudest)
}

// drain makes the output samples whose kernel lies in the buffer, and forgets what no later one needs.
func (r *Stream) drain(put func(float32)) {
	k := r.kernel
	for {
		at := float64(r.out) * k.step
		whole := math.Floor(at)
		left := int64(whole) - int64(k.half) + 1
		if left+2*int64(k.half) > r.first+int64(len(r.buffer)) {
			break
		}
		weight := k.weight[int((at-whole)*k.places+0.5)]
		sum := float32(0)
		for i, v := range r.buffer[left-r.first:][:len(weight)] {
			sum += v * weight[i]
		}
		put(sum)
		r.out++
	}
	if keep := int64(math.Floor(float64(r.out)*k.step)) - int64(k.half) + 1 - r.first; keep > 0 {
		keep = min(keep, int64(len(r.buffer)))
		n := copy(r.buffer, r.buffer[keep:])
		r.buffer, r.first = r.buffer[:n], r.first+keep
	}
}
