package voice

import "math"

// kernel is a windowed sinc that brings sound of one rate to 8 kHz.
type kernel struct {
	from   int
	step   float64     // input samples for each output sample
	half   int         // input samples on each side
	weight [][]float32 // by the place of an output sample between two of the input
}

const (
	rate       = 8000 // Hz, after resampling
	crossings  = 8    // zero crossings of the kernel on each side
	places     = 32   // between two input samples: the nearest is taken
	passedBand = 0.92 // share of half the lower rate that passes
)

func newKernel(from int) *kernel {
	cutoff := passedBand * min(1, rate/float64(from)) // as a share of half the input's rate
	half := int(math.Ceil(crossings / cutoff))
	k := &kernel{from: from, step: float64(from) / rate, half: half, weight: make([][]float32, places+1)}
	for p := range k.weight {
		k.weight[p] = make([]float32, 2*half)
		for i := range k.weight[p] {
			// The output lies p parts behind input sample half-1.
			x := math.Abs(float64(i-half+1) - float64(p)/places)
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

// resampler brings one channel to 8 kHz.
type resampler struct {
	*kernel
	buffer []float32 // input samples, the first of which has the number first
	first  int64
	out    int64 // number of the next output sample
}

// newResampler begins with silence before the first sample.
func newResampler(k *kernel) *resampler {
	return &resampler{kernel: k, buffer: make([]float32, k.half), first: -int64(k.half)}
}

// take gives what the samples allow to put.
func (r *resampler) take(in []float32, put func(float32)) {
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
func (r *resampler) drain(put func(float32)) {
	for {
		at := float64(r.out) * r.step
		whole := math.Floor(at)
		left := int64(whole) - int64(r.half) + 1
		if left+2*int64(r.half) > r.first+int64(len(r.buffer)) {
			break
		}
		weight := r.weight[int((at-whole)*places+0.5)]
		sum := float32(0)
		for i, v := range r.buffer[left-r.first:][:len(weight)] {
			sum += v * weight[i]
		}
		put(sum)
		r.out++
	}
	if keep := int64(math.Floor(float64(r.out)*r.step)) - int64(r.half) + 1 - r.first; keep > 0 {
		keep = min(keep, int64(len(r.buffer)))
		n := copy(r.buffer, r.buffer[keep:])
		r.buffer, r.first = r.buffer[:n], r.first+keep
	}
}
