package consentry_test

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/internal/schematest"
	"github.com/consentry/consentry/report"
	"github.com/consentry/consentry/video"
)

// starred is a grey frame of 640 by 480 with a star where Veo has one: 48 of 720 large, 72 from both edges.
func starred() *video.Frame {
	const w, h, size, from = 640, 480, 32, 48
	pix := bytes.Repeat([]byte{100}, w*h)
	for y := range size {
		for x := range size {
			dx, dy := math.Abs(float64(2*x+1)/size-1), math.Abs(float64(2*y+1)/size-1)
			if math.Pow(dx, 0.6)+math.Pow(dy, 0.6) <= 1 { // its sides are drawn in
				pix[(h-from-size+y)*w+w-from-size+x] = 210
			}
		}
	}
	return &video.Frame{Width: w, Height: h, BitDepth: 8, Y: video.Plane{Data: pix, Stride: w, Width: w, Height: h}}
}

// What looks like a visible mark is told and decides nothing: the verdict and the origin are those without it.
func TestVisibleMarksOnlyHint(t *testing.T) {
	label := func(producer string) []byte {
		said := `{"Label":"1","ContentProducer":"` + producer + `"}`
		return append(forge.Movie(nil), forge.XMPBox(forge.XMPPacket(`t:AIGC="`+forge.Escape(said)+`"`, ""))...)
	}
	star := starred()
	for _, c := range []struct {
		name       string
		data       []byte
		mode       video.Mode
		frames     int
		marks      int
		vetoed     string
		notChecked bool
	}{
		{"a hint", forge.Movie(nil), video.AllFrames, 12, 1, "", false},
		{"too short", forge.Movie(nil), video.AllFrames, 11, 0, "", false},
		{"key frames only", forge.Movie(nil), video.KeyFrames, 3, 0, "", true},
		{"the label of another vendor", label("Kling"), video.AllFrames, 12, 1, "a label names Kuaishou", false},
		{"the label of the vendor", label("Veo"), video.AllFrames, 12, 1, "", false},
		{"a name that nobody knows", label("Somebody"), video.AllFrames, 12, 1, "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			shown := func(f *video.Frame) *report.Report {
				v := trusting(t)
				v.Frames, v.FramesFixed = c.mode, true
				d := showing{}
				for range c.frames {
					d.frames = append(d.frames, f)
				}
				v.Decoder = d
				return verify(t, v, asset(c.data))
			}
			r := shown(star)
			w := &r.Watermarks
			if len(w.Visible) != c.marks || len(w.Found) != 0 {
				t.Fatalf("%+v", w)
			}
			for _, m := range w.Visible {
				if m.Mark != "veo" || m.Vendor != "Google" || m.Class != "F" || m.Vetoed != c.vetoed || m.Statistic < m.Threshold || len(m.SpansMs) != 1 || m.Frames != c.frames {
					t.Errorf("%+v", m)
				}
				if m.Box.X < 86 || m.Box.X > 89 || m.Box.Y < 82 || m.Box.Y > 85 {
					t.Errorf("%+v", m.Box)
				}
			}
			if got, want := report.Has(r.Findings, "watermark.visible"), c.marks > 0 && c.vetoed == ""; got != want {
				t.Errorf("told: %v; %+v", got, r.Findings)
			}
			said := false
			for _, n := range r.NotChecked {
				said = said || n.What == "visible marks" && strings.Contains(n.Why, "only key frames")
			}
			if said != c.notChecked {
				t.Errorf("%+v", r.NotChecked)
			}
			without := shown(&video.Frame{Width: 640, Height: 480, BitDepth: 8, Y: video.Plane{Data: make([]byte, 640*480), Stride: 640, Width: 640, Height: 480}})
			if r.Verdict != without.Verdict || r.Origin.State != without.Origin.State || r.Origin.Basis != without.Origin.Basis || len(r.Reasons) != len(without.Reasons) {
				t.Errorf("%s %+v; without it %s %+v", r.Verdict, r.Origin, without.Verdict, without.Origin)
			}
			doc, err := json.Marshal(r)
			if err != nil {
				t.Fatal(err)
			}
			if err := schematest.Check(schematest.Report, doc); err != nil {
				t.Error(err)
			}
		})
	}
}
