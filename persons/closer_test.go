package persons_test

import (
	"context"
	"math"
	"testing"

	"github.com/consentry/consentry/persons"
	"github.com/consentry/consentry/video"
)

// Where nothing changes, the large picture, which costs most, is looked at once a second, and smaller ones in between.
func TestAnalysis_largePicturesAreFew(t *testing.T) {
	e := &eye{}
	p := stage{width: 1280, height: 720, frames: 2 * second, actors: []actor{red}}.look(t, e, persons.Options{}).Against(nil, false).Persons
	for side, want := range map[int][2]int64{1280: {2, 3}, 960: {5, 7}, 512: {7, 9}, 320: {31, 35}} {
		if n := e.sides[side].Load(); n < want[0] || n > want[1] {
			t.Errorf("%d pictures of %d pixels in two seconds, want %d to %d", n, side, want[0], want[1])
		}
	}
	if n := e.calls.Load(); n != 50 || p.FramesAnalysed != 50 || int64(p.FramesLarge) != n-e.sides[320].Load() {
		t.Errorf("%d pictures for 50 frames, %d of them looked at more closely", n, p.FramesLarge)
	}
}

// What a smaller picture shows as a trace only is looked at in the large one, at its place, and found where it is shown,
// however the frame is stored. It is there for one frame, for which no closer look is due.
func TestAnalysis_tracesAreFollowed(t *testing.T) {
	for name, c := range map[string]struct {
		track video.Track
		want  [4]float64 // percent
	}{
		"as it is":              {video.Track{}, [4]float64{20, 60, 5, 10}},
		"a quarter clockwise":   {video.Track{Rotation: 90}, [4]float64{30, 20, 10, 5}},
		"upside down":           {video.Track{Rotation: 180}, [4]float64{75, 30, 5, 10}},
		"three quarters":        {video.Track{Rotation: 270}, [4]float64{60, 75, 10, 5}},
		"mirrored":              {video.Track{Mirrored: true}, [4]float64{75, 60, 5, 10}},
		"mirrored, then turned": {video.Track{Mirrored: true, Rotation: 90}, [4]float64{30, 75, 10, 5}},
	} {
		for size, full := range map[[2]int]bool{{1280, 720}: false, {640, 360}: true, {1003, 701}: false} {
			e := &eye{clear: size[0] / 40}
			s := stage{width: size[0], height: size[1], full: full, track: c.track, frames: 6, actors: []actor{{x: 0.2, y: 0.6, w: 0.05, h: 0.1, from: 4, to: 5}}}
			p := s.look(t, e, persons.Options{}).Against(nil, true).Persons
			if len(p.Tracks) != 1 || p.Tracks[0].Class != persons.ClassConfirmed || e.wrong.Load() > 0 {
				t.Errorf("%s, %v: %+v", name, size, p.Tracks)
				continue
			}
			got := p.Tracks[0].Best
			for i, v := range [4]float64{got.X, got.Y, got.Width, got.Height} {
				if math.Abs(v-c.want[i]) > 0.5 {
					t.Errorf("%s, %v: at %+v, want %v", name, size, got, c.want)
					break
				}
			}
		}
	}
}

// Three frames of a face that the small picture does not show are enough, whenever they begin: a closer look that shows
// a trace falls into them.
func TestAnalysis_flashesThatTheSmallPictureMisses(t *testing.T) {
	for from := 6; from < 12; from++ {
		e := &eye{clear: 20, dim: 9}
		s := stage{width: 1280, height: 720, frames: 16, actors: []actor{{x: 0.7, y: 0.2, w: 24. / 1280, h: 30. / 720, from: from, to: from + 3}}}
		if p := s.look(t, e, persons.Options{}).Against(nil, false).Persons; len(p.Tracks) != 1 || p.Tracks[0].Class != persons.ClassConfirmed {
			t.Errorf("from frame %d on: %+v", from, p.Tracks)
		}
	}
}

// A face that none but the closest look shows is one track as long as it stays.
func TestAnalysis_smallFacesAreKept(t *testing.T) {
	e := &eye{clear: 12, dim: 12}
	s := stage{width: 1280, height: 720, frames: 2 * second, actors: []actor{red, {blue: true, x: 0.1, y: 0.8, w: 13. / 1280, h: 16. / 720, move: 0.002}}}
	p := s.look(t, e, persons.Options{}).Against(nil, false).Persons
	if len(p.Tracks) != 2 || p.Tracks[1].EndMs-p.Tracks[1].StartMs < 1700 {
		t.Errorf("%+v", p.Tracks)
	}
}

// doubter sees faces that are none in all pictures but those of one size.
type doubter struct {
	eye
	many int // in a raster
	only int // the longer side of these pictures
}

func (d *doubter) Detect(ctx context.Context, p *persons.Picture) ([]persons.Face, error) {
	if _, err := d.eye.Detect(ctx, p); err != nil || max(p.Width, p.Height) != d.only {
		return nil, err
	}
	var out []persons.Face
	for i := range d.many {
		out = append(out, persons.Face{X: float64(i%20)/20 + 0.01, Y: float64(i/20)/10 + 0.03, W: 0.02, H: 0.03, Score: 0.2})
	}
	return out, nil
}

// What is no face in a closer look is not looked at again in every frame; where it is everywhere, the whole picture costs
// less than its places.
func TestAnalysis_whatIsRefusedStaysSo(t *testing.T) {
	for many, sides := range map[int][2]int{1: {128, 1280}, 200: {1280, 128}} {
		d := &doubter{many: many, only: 320}
		seen := stage{width: 1280, height: 720, frames: second}.look(t, d, persons.Options{})
		n, other := d.sides[sides[0]].Load(), d.sides[sides[1]].Load()
		if sides[0] == 1280 {
			n -= 2 // that are due
		} else {
			other -= 2
		}
		if n != 1 || other > 0 || len(seen.Against(nil, false).Persons.Tracks) > 0 {
			t.Errorf("%d places: %d looks with %d pixels a side, %d with %d", many, n, sides[0], other, sides[1])
		}
	}
}
