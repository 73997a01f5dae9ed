package persons

import (
	"math/rand/v2"
	"testing"
	"time"
)

// wall is a textured ground of 320 × 180 samples with a face on it, which is a texture of its own. Both may be moved, and
// the face may change.
func wall(groundX, faceX int, plain bool, mood uint64) []byte {
	const w, h = 320, 180
	ground, face := rand.New(rand.NewPCG(1, 2)), rand.New(rand.NewPCG(3, mood))
	cells := make([]byte, 64*64)
	for i := range cells {
		cells[i] = byte(60 + ground.IntN(120))
	}
	spots := make([]byte, 20*20)
	for i := range spots {
		spots[i] = byte(60 + face.IntN(120))
	}
	grain := rand.New(rand.NewPCG(uint64(groundX), uint64(faceX)+mood<<8))
	out := make([]byte, w*h)
	for y := range h {
		for x := range w {
			v := byte(120)
			if !plain {
				v = cells[(y/6%64)*64+((x-groundX+6000)/6)%64]
			}
			if fx, fy := x-120-faceX, y-60; fx >= 0 && fx < 40 && fy >= 0 && fy < 40 {
				v = spots[fy/2*20+fx/2]
			}
			out[y*w+x] = v + byte(grain.IntN(5)) - 2
		}
	}
	return out
}

func TestStill(t *testing.T) {
	slow := func(n int) int { return 2 * n }
	rests := func(int) int { return 0 }
	for name, c := range map[string]struct {
		ground, face func(n int) int // where they are at the nth look
		plain        bool
		mood         func(n int) uint64
		looks        int
		want         bool
	}{
		"a poster":                                {rests, rests, false, nil, 8, true},
		"on a plain wall":                         {rests, rests, true, nil, 8, true},
		"a poster in a pan":                       {slow, slow, false, nil, 8, true},
		"a pan over a plain wall cannot be told":  {slow, slow, true, nil, 8, false},
		"somebody who walks":                      {rests, slow, false, nil, 8, false},
		"somebody who walks before a plain wall":  {rests, slow, true, nil, 8, false},
		"somebody who stands, and the room moves": {slow, rests, false, nil, 8, false},
		"somebody whose face moves":               {rests, rests, false, func(n int) uint64 { return uint64(n / 4) }, 8, false},
		"a poster, not for long enough":           {rests, rests, false, nil, 6, false},
		"just long enough":                        {rests, rests, false, nil, 7, true},
	} {
		s := still{}
		for n := range c.looks {
			mood := uint64(0)
			if c.mood != nil {
				mood = c.mood(n)
			}
			f := Face{X: float64(120+c.face(n)) / 320, Y: 60. / 180, W: 40. / 320, H: 40. / 180}
			s.look(wall(c.ground(n), c.face(n), c.plain, mood), 320, 180, f, time.Duration(n)*stillEvery)
		}
		if s.picture() != c.want {
			t.Errorf("%s: %v after %d looks", name, s.picture(), s.looks)
		}
	}
}

// A face of eight pixels is looked at, one of seven is not, and one at the edge of the picture is no reason to fall.
func TestStill_limits(t *testing.T) {
	luma := wall(0, 0, false, 0)
	for name, c := range map[string]struct {
		face Face
		want bool
	}{
		"eight pixels": {Face{X: .4, Y: .4, W: 8. / 320, H: 8. / 180}, true},
		"seven":        {Face{X: .4, Y: .4, W: 7. / 320, H: 8. / 180}, false},
		"at the edge":  {Face{X: 0, Y: 0, W: .1, H: .2}, true},
		"at the other": {Face{X: .9, Y: .8, W: .1, H: .2}, true},
		"all of it":    {Face{X: 0, Y: 0, W: 1, H: 1}, false}, // nothing is around it
	} {
		s := still{}
		for n := range stillLooks + 1 {
			s.look(luma, 320, 180, c.face, time.Duration(n)*stillEvery)
		}
		if s.picture() != c.want {
			t.Errorf("%s: %v", name, s.picture())
		}
	}
	s := still{}
	s.look(luma, 320, 180, Face{X: .05, Y: .4, W: .1, H: .2}, 0)
	s.look(luma, 320, 180, Face{X: .95, Y: .9, W: .05, H: .1}, time.Second)
	if s.picture() || !s.moves || s.patch != nil {
		t.Error("a face that jumped through the picture stayed where it was")
	}
}

// Looks nearer than stillEvery count once.
func TestStill_looksNowAndThen(t *testing.T) {
	luma, f, s := wall(0, 0, false, 0), Face{X: .4, Y: .4, W: .1, H: .2}, still{}
	for n := range 100 {
		s.look(luma, 320, 180, f, time.Duration(n)*stillEvery/100)
	}
	if s.looks != 0 {
		t.Errorf("%d looks", s.looks)
	}
}

// BenchmarkStill is one look at a face of a sixth of the picture's width.
func BenchmarkStill(b *testing.B) {
	luma, f, s := wall(0, 0, false, 0), Face{X: .4, Y: .3, W: .17, H: .4}, still{}
	s.first(luma, 320, 180, f, 0)
	for b.Loop() {
		s.same(luma, 320, 180, f)
	}
}
