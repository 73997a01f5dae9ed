package persons

// Sizes of what a frame is compared by, and from where on two neighbours are of different shots. The histogram alone
// changes where a strong compression starts anew, and misses a cut between two dark shots; the difference alone misses
// one between two that are lit alike. docs/accuracy.md has the measurement.
const (
	gridW, gridH   = 64, 36
	bins           = 64
	cutHistogram   = 0.25 // half the sum of the differences of the shares, with
	cutWith        = 10   // a mean difference of the luma of this, of 255
	cutDifference  = 25   // alone
	cutDark        = 0.4  // of the mean luma, alone
	cutDarkAtLeast = 3    // of 255: below it is noise
)

// shots finds the cuts of a video, frame by frame.
type shots struct {
	scale      scaler
	grid, last []byte
	bins, was  [bins]int
	n          int // samples of the last histogram
	begun      bool
}

// starts says whether a frame begins a shot; luma has w × h samples. The first frame does.
func (s *shots) starts(luma []byte, w, h int) bool {
	s.grid, s.last = s.last, s.grid
	s.scale.resample(&s.grid, luma, w, w, h, gridW, gridH)
	s.was, s.bins = s.bins, [bins]int{}
	for _, v := range luma[:w*h] {
		s.bins[v>>2]++
	}
	was := s.n
	s.n = w * h
	if !s.begun || was != s.n { // another size is another shot
		s.begun = true
		return true
	}
	apart := 0
	for i, n := range s.bins {
		apart += max(n-s.was[i], s.was[i]-n)
	}
	differ, bright := 0, 0
	for i, v := range s.grid {
		differ += max(int(v)-int(s.last[i]), int(s.last[i])-int(v))
		bright += max(int(v), int(s.last[i]))
	}
	const cells = gridW * gridH
	mean := float64(differ) / cells
	switch {
	case mean > cutDifference:
		return true
	case mean > cutWith:
		return float64(apart)/2 > cutHistogram*float64(s.n)
	}
	return mean > cutDarkAtLeast && mean > cutDark*float64(bright)/cells
}
