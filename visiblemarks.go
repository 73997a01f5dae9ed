package consentry

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/consentry/consentry/labels"
	"github.com/consentry/consentry/manifest"
	"github.com/consentry/consentry/report"
	"github.com/consentry/consentry/video"
	"github.com/consentry/consentry/visible"
)

// lookForVisible looks for visible marks, five pictures a second. What it finds is a hint: origin and verdict never see it.
func (r *run) lookForVisible() look {
	var d visible.Detector
	var tracks *video.Info
	return look{
		sink: video.Sink{
			Info: func(i *video.Info) error { tracks = i; return nil },
			Frame: func(f *video.Frame) error {
				if tracks != nil {
					if t := trackOf(tracks, f.Width, f.Height); t != nil {
						d.Track(t)
					}
					tracks = nil
				}
				d.Frame(f)
				return nil
			},
		},
		done: func(*video.Result) error {
			r.tellVisible(d.End())
			return nil
		},
		failed: func(string) error { // what was seen is there; that pixels were not analysed is said
			r.tellHints(d.End().Hints)
			return nil
		},
	}
}

// visibleNames are the visible marks that are looked for, as a sentence names them.
func visibleNames() string {
	names := visible.Marks()
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}

// tellVisible writes what a look came to, and what kept it from seeing enough.
func (r *run) tellVisible(res *visible.Result) {
	const what = "visible marks"
	switch {
	case res.Unread > 0:
		r.notChecked(what, fmt.Sprintf("%s: each is smaller than %d pixels, or longer than three times its height", report.Count(res.Unread, "frame"), visible.MinSide))
	case res.Frames > 0 && !r.out.Decoded.All:
		r.notChecked(what, "only key frames were looked at, and a mark counts when it stays for a dozen pictures of five a second (--frames all)")
	}
	r.tellHints(res.Hints)
}

func (r *run) tellHints(hints []visible.Hint) {
	for i := range hints {
		h := &hints[i]
		m := report.VisibleMark{
			Mark: h.Mark, Vendor: h.Vendor, Class: "F", Frames: h.Frames, SpansMs: [][2]int64{},
			Statistic: math.Round(h.Statistic*1000) / 1000, Threshold: h.Threshold, Vetoed: r.visibleVeto(h.Vendor),
			Box: report.VisibleBox{
				X: percent(h.Box.Min.X, h.Picture.X), Y: percent(h.Box.Min.Y, h.Picture.Y),
				Width: percent(h.Box.Dx(), h.Picture.X), Height: percent(h.Box.Dy(), h.Picture.Y),
			},
		}
		for _, s := range h.Spans {
			m.SpansMs = append(m.SpansMs, [2]int64{millis(s[0]), millis(s[1])})
		}
		r.out.Watermarks.Visible = append(r.out.Watermarks.Visible, m)
		if m.Vetoed != "" {
			continue
		}
		f := report.Newf("watermark.visible", "", "it looks like the mark %q of %s: correlation %.2f in %d frames, counted from %.2f, at %.0f %% from the left and %.0f %% from the top; no bound on false alarms",
			h.Mark, h.Vendor, h.Statistic, h.Frames, h.Threshold, m.Box.X, m.Box.Y)
		f.Where = spansInWords(h.Spans)
		r.find(f)
	}
}

// percent is a part of a whole, to a tenth.
func percent(part, whole int) float64 { return math.Round(1000*float64(part)/float64(whole)) / 10 }

// visibleVeto says what names another producer than the vendor of a mark: a manifest that holds, or a TC260 label. Where
// one names the vendor, too, none vetoes.
func (r *run) visibleVeto(vendor string) string {
	var said []string
	families := r.labels.Families()
	if len(families) > 0 {
		said = append(said, "a label names "+strings.Join(families, ", "))
	}
	if res := r.result; res != nil && (res.State == manifest.Valid || res.State == manifest.Trusted) {
		for _, name := range makers(res) {
			if f := labels.SignerFamily(name); f != "" && !slices.Contains(families, f) {
				families = append(families, f)
				said = append(said, "the manifest is of "+f)
			}
		}
	}
	if slices.Contains(families, vendor) {
		return ""
	}
	return strings.Join(said, "; ")
}
