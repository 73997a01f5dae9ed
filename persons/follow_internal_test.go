package persons

import (
	"testing"
	"time"
)

// The test is inside the package because the limit is reached after hours of video only.

// What is over the limit of sights is not kept, and is said.
func TestFollower_sights(t *testing.T) {
	for frames, over := range map[int]bool{10: false, 11: true} {
		f := &follower{scale: scales["yunet"], most: 10}
		for n := range frames {
			f.next(time.Duration(n)*40*time.Millisecond, n == 0, nil, &closer{faces: []Face{{X: 0.1, Y: 0.1, W: 0.2, H: 0.2, Score: 0.9}}, whole: true})
		}
		f.finish()
		if (f.over != "") != over || len(f.done) != 1 || len(f.done[0].sights) != 10 {
			t.Errorf("%d frames: %q, %d tracks", frames, f.over, len(f.done))
		}
	}
}
