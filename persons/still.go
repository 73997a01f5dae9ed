package persons

import "time"

// When a face is possibly a picture of one: on a poster, a screen, a photograph. Nothing in it moves, and it goes where
// what is around it goes. docs/accuracy.md has the measurement. A person who sits as still as a picture for as long is
// taken for one; it is a hint for people, and a depicted person is depicted on a poster, too.
const (
	stillEvery = 200 * time.Millisecond // between two looks at a face
	stillLooks = 6                      // that differ from the first by too little: a second and more
	stillLeast = 8                      // pixels of the small picture that a face has a side: fewer show no mouth
	stillWide  = 3                      // widths of the face: what is around it, without the hair and the shoulders
	stillOwn   = 1.7                    // widths that may be the person's own, and say nothing of the surroundings
	// stillDiffer is the mean difference of the luma up to which two looks are the same, of 255: grain and compression.
	stillDiffer = 3.5
	// stillProof is how much worse the surroundings fit where they were first, once the face is somewhere else: on a plain
	// wall nobody can tell whether it moved along.
	stillProof = 2
	// stillFine is how many samples a side of what is compared is enough: of a larger face every second is taken, or third.
	stillFine = 60
)

// still holds what is seen of a face against the first look at it. The zero value has seen nothing.
type still struct {
	patch      []byte // the first look, with what is around; nil: none yet, or it is settled
	x, y, w, h int    // of the patch, in the small picture
	at         Face   // of the first look
	last       time.Duration
	looks      int
	moves      bool // it is no picture, or too small to tell
}

// picture says that nothing of its own moved for long enough.
func (s *still) picture() bool { return !s.moves && s.looks >= stillLooks }

// look takes the face of a frame, in the luma of the small picture, which has w × h samples.
func (s *still) look(luma []byte, w, h int, f Face, at time.Duration) {
	switch {
	case s.moves || s.patch != nil && at-s.last < stillEvery:
		return
	case s.patch == nil:
		s.first(luma, w, h, f, at)
		return
	}
	s.last = at
	if s.same(luma, w, h, f) {
		s.looks++
		return
	}
	s.moves, s.patch = true, nil
}

func (s *still) first(luma []byte, w, h int, f Face, at time.Duration) {
	if f.W*float64(w) < stillLeast || f.H*float64(h) < stillLeast {
		s.moves = true
		return
	}
	x0, x1 := around((f.X+f.W/2)*float64(w), stillWide*f.W*float64(w)/2, w)
	y0, y1 := around((f.Y+f.H/2)*float64(h), stillWide*f.H*float64(h)/2, h)
	*s = still{x: x0, y: y0, w: x1 - x0, h: y1 - y0, at: f, last: at, patch: make([]byte, 0, (x1-x0)*(y1-y0))}
	for y := y0; y < y1; y++ {
		s.patch = append(s.patch, luma[y*w+x0:y*w+x1]...)
	}
}

// same says whether the face and its surroundings are those of the first look, moved together or not at all.
func (s *still) same(luma []byte, w, h int, f Face) bool {
	dx := nearest((f.X + f.W/2 - s.at.X - s.at.W/2) * float64(w))
	dy := nearest((f.Y + f.H/2 - s.at.Y - s.at.H/2) * float64(h))
	bestFace, bestRound := 255., 255.
	for k := range 9 { // the places of a face are good for a pixel; the middle one comes first
		face, round := s.differ(luma, w, h, dx+(k+4)%9%3-1, dy+(k+4)%9/3-1)
		if face+round < bestFace+bestRound {
			bestFace, bestRound = face, round
		}
		if bestFace <= stillDiffer && bestRound <= stillDiffer {
			break
		}
	}
	if bestFace > stillDiffer || bestRound > stillDiffer {
		return false
	}
	if max(dx, -dx, dy, -dy) <= 1 {
		return true
	}
	_, stayed := s.differ(luma, w, h, 0, 0)
	return stayed > bestRound+stillProof
}

func nearest(v float64) int {
	if v < 0 {
		return -int(-v + .5)
	}
	return int(v + .5)
}

// differ is the mean difference of the face, and of what is around it, to the first look, if that has moved by some
// pixels. Where nothing is left of one of them in the picture it is as large as can be.
func (s *still) differ(luma []byte, w, h, dx, dy int) (face, round float64) {
	cx, cy := (s.at.X+s.at.W/2)*float64(w), (s.at.Y+s.at.H/2)*float64(h)
	var sum, n [2]int
	step := max(s.w/stillFine, 1)
	for y := 0; y < s.h; y += step {
		v := s.y + y + dy
		if v < 0 || v >= h {
			continue
		}
		ry := 2 * (float64(s.y+y) + .5 - cy) / (s.at.H * float64(h))
		for x := 0; x < s.w; x += step {
			u := s.x + x + dx
			if u < 0 || u >= w {
				continue
			}
			rx := 2 * (float64(s.x+x) + .5 - cx) / (s.at.W * float64(w))
			part := 0
			switch far := max(rx, -rx, ry, -ry); {
			case far <= 1:
			case far < stillOwn:
				continue
			default:
				part = 1
			}
			d := int(luma[v*w+u]) - int(s.patch[y*s.w+x])
			sum[part] += max(d, -d)
			n[part]++
		}
	}
	mean := func(i int) float64 {
		if n[i] == 0 {
			return 255
		}
		return float64(sum[i]) / float64(n[i])
	}
	return mean(0), mean(1)
}

// stills looks at the faces of a frame that was settled.
func (a *Analysis) stills(s *slot) {
	w, h := within(s.raw.width, s.raw.height, smallSide)
	n := int32(len(a.follow.times) - 1)
	for _, t := range a.follow.live {
		if t.last().frame == n {
			t.still.look(s.pic.y, w, h, t.last().face(), s.at)
		}
	}
}
