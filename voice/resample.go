package voice

import "math"

// resampler brings sound of one rate to 8 kHz, with a windowed sinc.
type resampler struct {
	step   float64   // input samples for each output sample
	table  []float32 // the right half of the kernel, tableStep entries for an input sample
	half   int       // input samples on each side of the kernel
	buffer []float32 // input samples, the first of which has the number first
	first  int64
	out    int64 // number of the next output sample
}

const (
	rate       = 8000 // Hz, after resampling
	crossings  = 8    // zero crossings of the kernel on each side
	tableStep  = 32   // entries for an input sample: the nearest is taken
	passedBand = 0.92 // share of half the lower rate that passes
)

func newResampler(from int) *resampler {
	cutoff := passedBand * min(1, rate/float64(from)) // as a share of half the input's rate
	half := int(math.Ceil(crossings / cutoff))
	r := &resampler{step: float64(from) / rate, half: half, table: make([]float32, half*tableStep+2)}
	for i := range r.table {
		x := float64(i) / tableStep
		if x >= float64(half) {
			break
		}
		v := cutoff * (0.5 + 0.5*math.Cos(math.Pi*x/float64(half)))
		if x > 0 {
			v *= math.Sin(math.Pi*cutoff*x) / (math.Pi * cutoff * x)
		}
		r.table[i] = float32(v)
	}
	r.buffer = make([]float32, half) // silence before the first sample
	r.first = -int64(half)
	return r
}

// take gives what the samples allow to put.
func (r *resampler) take(in []float32, put func(float32)) {
	const chunk = 8192 // of input at a time, so that the buffer stays small whatever a block holds
	for len(in) > 0 {
		n := min(len(in), chunk)
		r.buffer = append(r.buffer, in[:n]...)
		in = in[n:]
		r.drain(put)
	}
}

// drain makes the output samples whose kernel lies in the buffer, and forgets what no later one needs.
func (r *resampler) drain(put func(float32)) {
	for {
		at := float64(r.out) * r.step
		left := int64(math.Floor(at)) - int64(r.half) + 1
		if left+2*int64(r.half) > r.first+int64(len(r.buffer)) {
			break
		}
		window := r.buffer[left-r.first:][:2*r.half]
		sum := float32(0)
		x := (at - float64(left)) * tableStep
		for _, v := range window {
			sum += v * r.table[int(math.Abs(x)+0.5)]
			x -= tableStep
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
