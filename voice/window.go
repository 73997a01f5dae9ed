package voice

import (
	"math"
	"slices"
)

const (
	windowFrames = 200 // two seconds: some eight syllables
	windowStep   = 50  // from one window to the next, half a second
	minFrames    = 30  // less than a syllable with its borders is not judged
)

// Features are what a window is judged by. Each is kept within bounds, whatever the sound.
type Features [14]float64

// The features, in their order.
const (
	fRange     = iota // tens of dB between loud and faint frames
	fFaint            // share of frames below half of the mean energy
	fSyllables        // share of the modulation between 2.5 and 8 Hz
	fDepth            // depth of the modulation
	fBeat             // share of the modulation in one frequency: a beat rather than syllables
	fVoiced           // share of voiced frames among those with sound
	fGlide            // median step of the pitch between frames of a voiced sound, in hundredths of an octave
	fSteady           // share of such steps that are none
	fChange           // change of the spectrum in 30 ms, in tens of dB
	fHiss             // spread of the balance of high and low, in tens of dB
	fRuns             // voiced sounds a second
	fRunLength        // their median length, in tenths of a second
	Active            // share of frames with sound
	fMelody           // spread of the pitch, in octaves
)

// features are taken over at least minFrames frames, in order. A window in which nothing can be heard has none: they
// are all zero, and the score is 0.
func (s *scratch) features(list []*frame) (f Features) {
	s.list = list
	levels := s.take(func(f *frame) float64 { return f.energy })
	slices.Sort(levels)
	loud, faint := levels[len(levels)*95/100], levels[len(levels)/10]
	if loud < quiet {
		return f
	}
	f[fRange] = min((loud-max(faint, quiet))/10, 6)
	active := max(loud-30, quiet)
	s.modulation(list, &f)
	s.voicing(list, active, &f)
	s.spectrum(list, active, &f)
	return f
}

// take lists one number of each frame, in memory that the next call takes over.
func (s *scratch) take(of func(*frame) float64) []float64 {
	s.values = s.values[:0]
	for _, x := range s.list {
		s.values = append(s.values, of(x))
	}
	return s.values
}

// modulation says how the loudness rises and falls.
func (s *scratch) modulation(list []*frame, f *Features) {
	power := 0.0
	for _, x := range list {
		power += math.Pow(10, x.energy/10)
	}
	power /= float64(len(list))
	below := 0
	amplitude := s.take(func(x *frame) float64 { return math.Pow(10, x.energy/20) })
	mean := 0.0
	for _, a := range amplitude {
		mean += a / float64(len(amplitude))
		if a*a < power/2 {
			below++
		}
	}
	f[fFaint] = float64(below) / float64(len(list))
	spread := 0.0
	for i := range amplitude {
		amplitude[i] -= mean
		spread += amplitude[i] * amplitude[i] / float64(len(amplitude))
	}
	f[fDepth] = min(math.Sqrt(spread)/mean, 3)
	all, syllables, most := 1e-20, 0.0, 0.0
	for k := 1; k <= 40; k++ { // from 0.5 to 20 Hz, by Goertzel's recurrence
		hz := float64(k) / 2
		c := 2 * math.Cos(2*math.Pi*hz*hop.Seconds())
		a, b := 0.0, 0.0
		for _, v := range amplitude {
			a, b = v+c*a-b, a
		}
		p := max(a*a+b*b-c*a*b, 0)
		all += p
		most = max(most, p)
		if hz >= 2.5 && hz <= 8 {
			syllables += p
		}
	}
	f[fSyllables], f[fBeat] = syllables/all, most/all
}

// voicing says what the pitch does.
func (s *scratch) voicing(list []*frame, active float64, f *Features) {
	const voiced = 0.55
	sound, tonal, steady, runs, run := 0, 0, 0, 0, 0
	sum, squares := 0.0, 0.0
	lengths := make([]float64, 0, windowFrames/minRun)
	steps := s.values[:0]
	end := func() {
		if run >= minRun {
			runs++
			lengths = append(lengths, float64(run))
		}
		run = 0
	}
	for i, x := range list {
		if x.energy < active {
			end()
			continue
		}
		sound++
		if x.tonal < voiced {
			end()
			continue
		}
		tonal++
		sum, squares = sum+x.pitch, squares+x.pitch*x.pitch
		if run > 0 {
			step := math.Abs(x.pitch - list[i-1].pitch)
			if step > 0.25 { // another sound, or another octave of the same
				end()
			} else {
				steps = append(steps, step)
				if step < 0.001 {
					steady++
				}
			}
		}
		run++
	}
	end()
	s.values = steps
	f[Active] = float64(sound) / float64(len(list))
	if sound > 0 {
		f[fVoiced] = float64(tonal) / float64(sound)
	}
	if tonal > 0 {
		mean := sum / float64(tonal)
		f[fMelody] = min(math.Sqrt(max(squares/float64(tonal)-mean*mean, 0)), 1)
	}
	if len(steps) > 0 {
		f[fSteady] = float64(steady) / float64(len(steps))
		slices.Sort(steps)
		f[fGlide] = min(steps[len(steps)/2]*100, 10)
	}
	f[fRuns] = float64(runs) / (float64(len(list)) * hop.Seconds())
	if len(lengths) > 0 {
		slices.Sort(lengths)
		f[fRunLength] = min(lengths[len(lengths)/2]/10, 10)
	}
}

// minRun is the shortest voiced sound that counts, in frames.
const minRun = 4

// spectrum says how the sound changes its colour.
func (s *scratch) spectrum(list []*frame, active float64, f *Features) {
	const apart = 3 // frames
	n, changes := 0, 0
	sum, squares, change := 0.0, 0.0, 0.0
	for i, x := range list {
		if x.energy < active {
			continue
		}
		n++
		sum, squares = sum+x.high, squares+x.high*x.high
		if i < apart || list[i-apart].energy < active {
			continue
		}
		changes++
		shift := x.energy - list[i-apart].energy // what is louder as a whole has the same colour
		for b := range bands {
			change += math.Abs(float64(x.bands[b]-list[i-apart].bands[b])-shift) / bands
		}
	}
	if n > 0 {
		mean := sum / float64(n)
		f[fHiss] = math.Sqrt(max(squares/float64(n)-mean*mean, 0)) / 10
	}
	if changes > 0 {
		f[fChange] = min(change/float64(changes)/10, 5)
	}
}
