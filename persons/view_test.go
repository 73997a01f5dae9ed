package persons_test

import (
	"testing"
	"time"

	"github.com/consentry/consentry/persons"
	"github.com/consentry/consentry/region"
	"github.com/consentry/consentry/report"
	"github.com/consentry/consentry/video"
)

// lit is a dark grey frame of 320 × 180 with a bright rectangle.
func lit(x0, y0, x1, y1 int) *video.Frame {
	y := make([]byte, 320*180)
	for i := range y {
		y[i] = 16
		if x, row := i%320, i/320; x >= x0 && x < x1 && row >= y0 && row < y1 {
			y[i] = 235
		}
	}
	return &video.Frame{Width: 320, Height: 180, BitDepth: 8, Y: video.Plane{Data: y, Stride: 320, Width: 320, Height: 180}}
}

func level(p *persons.Picture, x, y int) int { return int(p.RGB[3*(y*p.Width+x)]) }

// The picture holds the box with half of it around, as displayed, wherever it lies in the frame and however the frame is
// turned.
func TestView_holdsTheFace(t *testing.T) {
	for name, tc := range map[string]struct {
		frame *video.Frame
		track video.Track
		box   report.FaceBox // in percent of the displayed picture
		w, h  int
		dark  [][2]int // places in the picture around the face
	}{
		"upright":       {lit(128, 72, 192, 108), video.Track{}, report.FaceBox{X: 40, Y: 40, Width: 20, Height: 20}, 128, 72, [][2]int{{0, 0}, {127, 71}, {64, 0}}},
		"turned by 90":  {lit(128, 0, 192, 36), video.Track{Rotation: 90}, report.FaceBox{X: 80, Y: 40, Width: 20, Height: 20}, 54, 128, [][2]int{{0, 0}, {53, 127}, {0, 64}}},
		"in the corner": {lit(0, 0, 32, 18), video.Track{}, report.FaceBox{Width: 10, Height: 10}, 48, 27, [][2]int{{47, 26}, {0, 26}, {47, 0}}},
		"wide samples":  {lit(128, 72, 192, 108), video.Track{SampleAspect: [2]int{2, 1}}, report.FaceBox{X: 40, Y: 40, Width: 20, Height: 20}, 256, 72, [][2]int{{0, 0}, {255, 71}}},
	} {
		still := persons.Still(tc.frame, &tc.track)
		if !still.Valid() {
			t.Fatalf("%s: no picture", name)
		}
		cut := still.Cut(tc.box, 320)
		if !cut.Valid() || cut.Width != tc.w || cut.Height != tc.h {
			t.Errorf("%s: %d × %d, want %d × %d", name, cut.Width, cut.Height, tc.w, tc.h)
			continue
		}
		bright := 0
		for i := 0; i < len(cut.RGB); i += 3 {
			if cut.RGB[i] > 200 {
				bright++
			}
		}
		// The face and nothing of it is lost: its area in pixels as displayed.
		if want := int(tc.box.Width / 100 * float64(still.Width) * tc.box.Height / 100 * float64(still.Height)); bright < want*95/100 || bright > want*105/100 {
			t.Errorf("%s: %d bright pixels, want %d", name, bright, want)
		}
		for _, at := range tc.dark {
			if level(cut, at[0], at[1]) > 50 {
				t.Errorf("%s: the surroundings are missing at %v", name, at)
			}
		}
	}
}

// A picture is made smaller to its limit and never larger, and no box makes an empty one or reaches out of the frame.
func TestView_sizes(t *testing.T) {
	still := persons.Still(lit(0, 0, 320, 180), &video.Track{})
	for _, tc := range []struct {
		box  report.FaceBox
		long int
		w, h int
	}{
		{report.FaceBox{Width: 100, Height: 100}, 320, 320, 180},
		{report.FaceBox{Width: 100, Height: 100}, 319, 319, 179},
		{report.FaceBox{Width: 100, Height: 100}, 32, 32, 18},
		{report.FaceBox{X: 50, Y: 50}, 320, 1, 1},
		{report.FaceBox{X: 100, Y: 100, Width: 5, Height: 5}, 320, 8, 4}, // the margin alone
		{report.FaceBox{X: 400, Y: -900, Width: 1, Height: 1}, 320, 1, 1},
		{report.FaceBox{X: 50, Y: 50, Width: 1e300, Height: -5}, 320, 320, 1},
	} {
		p := still.Cut(tc.box, tc.long)
		if !p.Valid() || p.Width != tc.w || p.Height != tc.h {
			t.Errorf("%+v to %d: %d × %d, want %d × %d", tc.box, tc.long, p.Width, p.Height, tc.w, tc.h)
			continue
		}
		if tc.long < 320 && level(p, p.Width/2, p.Height/2) != 255 {
			t.Errorf("%+v: the mean of white is %d", tc.box, level(p, p.Width/2, p.Height/2))
		}
	}
	cut := lit(0, 0, 1, 1)
	cut.Y.Data = cut.Y.Data[:100]
	if p := persons.Still(cut, &video.Track{}); p != nil {
		t.Error("a frame without its samples became a picture")
	}
}

// What is pixelated has blocks and nothing in them, also where the blocks do not fit.
func TestPixelated(t *testing.T) {
	for _, size := range [][2]int{{100, 60}, {97, 13}, {3, 2}, {1, 1}} {
		p := &persons.Picture{Width: size[0], Height: size[1], RGB: make([]byte, 3*size[0]*size[1])}
		for i := range p.RGB {
			p.RGB[i] = byte(i * 7919 >> 3)
		}
		before := string(p.RGB)
		q := p.Pixelated(10)
		if !q.Valid() || string(p.RGB) != before {
			t.Fatalf("%v: no picture, or the original was changed", size)
		}
		colours := map[string]bool{}
		block := (max(size[0], size[1]) + 9) / 10
		for y := range q.Height {
			for x := range q.Width {
				at := 3 * (y*q.Width + x)
				colours[string(q.RGB[at:at+3])] = true
				if level(q, x, y) != level(q, x/block*block, y/block*block) {
					t.Fatalf("%v: detail at %d, %d", size, x, y)
				}
			}
		}
		if len(colours) > 100 {
			t.Errorf("%v: %d colours", size, len(colours))
		}
	}
}

// A lane has the times of an entry's regions, up to a number that is said.
func TestLanes(t *testing.T) {
	timed := func(from, to time.Duration) *region.Region {
		return &region.Region{Ranges: []region.Range{{Type: region.Temporal, Time: &region.Time{Start: &from, End: &to}}}}
	}
	many := func(n int) (out []*region.Region) {
		for i := range n {
			out = append(out, timed(time.Duration(i)*time.Second, time.Duration(i+1)*time.Second))
		}
		return out
	}
	lanes, more := persons.Lanes([]persons.Entry{
		{ID: "anywhere"},
		{ID: "timed", Regions: []*region.Region{timed(time.Second, 2*time.Second), nil}},
		{ID: "unread", Regions: []*region.Region{nil}},
		{ID: "full", Regions: many(64)},
		{ID: "over", Regions: many(65)},
	})
	if more != 0 || !lanes[0].Always || lanes[1].Always || lanes[2].Always {
		t.Fatalf("%+v, %d", lanes, more)
	}
	if s := lanes[1].Spans; len(s) != 1 || s[0] != (report.Span{StartMs: 1000, EndMs: 2000}) {
		t.Errorf("spans %+v", s)
	}
	if len(lanes[2].Spans) != 0 || len(lanes[3].Spans) != 64 || lanes[3].More != 0 || len(lanes[4].Spans) != 64 || lanes[4].More != 1 {
		t.Errorf("%d, %d and %d, %d and %d", len(lanes[2].Spans), len(lanes[3].Spans), lanes[3].More, len(lanes[4].Spans), lanes[4].More)
	}
	for n, want := range map[int]int{256: 0, 257: 1} {
		if lanes, more := persons.Lanes(make([]persons.Entry, n)); more != want || len(lanes) != 256 {
			t.Errorf("%d entries: %d lanes, %d more", n, len(lanes), more)
		}
	}
}
