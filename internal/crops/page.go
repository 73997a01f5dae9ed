package crops

import (
	"cmp"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/consentry/consentry/internal/render"
	"github.com/consentry/consentry/report"
)

// pageHead is how each page begins: by it an earlier run's is known.
const pageHead = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta name=\"generator\" content=\"consentry --crops 1\">\n"

// maxRows bounds the tracks of the timeline: nobody reads more. Those that nobody declared come first.
const maxRows = 256

//go:embed page.html
var pageText string

var pageTemplate = sync.OnceValue(func() *template.Template { return template.Must(template.New("page").Parse(pageText)) })

// The timeline, in units of its picture.
const (
	left      = 300 // where the time begins; names stand before it
	across    = 660 // the whole time
	rowHeight = 22
	leastBar  = 2
	maxLabel  = 46 // characters that have room before the bars
)

// pageData is what the page shows; all texts are escaped by the template, and made visible before.
type pageData struct {
	Name, Pixelated    string
	Undeclared, More   int
	Rows               []row
	Ticks              []tick
	Height, Axis       int
	HiddenRows, NoLane int
	Faces              []face
}

type row struct {
	Class        string // declared, undeclared, covered, possible
	Label, Title string // what there is room for, and all of it
	Y, TextY     int
	Bars         []bar
}

type bar struct {
	X, Width int
	Title    string
}

type tick struct {
	X    int
	Text string
}

type face struct {
	Track         int
	When, At, Why string
	Image         template.URL // empty: there is none
}

// writePage writes the page with the pictures inside.
func writePage(w io.Writer, s *Sheet, pictures [][]byte, pixelated bool) error {
	d := &pageData{Name: render.Clip(s.Name), Undeclared: len(s.Undeclared), More: s.More, NoLane: s.Unlisted}
	if pixelated {
		d.Pixelated = "The pictures are pixelated."
	}
	d.timeline(s)
	for i, v := range s.Views {
		f := face{Track: v.Track, At: clock(v.AtMs), Why: render.Clip(v.Why)}
		if n := slices.IndexFunc(s.Tracks, func(t report.PersonTrack) bool { return t.ID == v.Track }); n >= 0 {
			f.When = clock(s.Tracks[n].StartMs) + " to " + clock(s.Tracks[n].EndMs)
		}
		if pictures[i] != nil {
			f.Image = template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(pictures[i])) // of our own encoder
		}
		d.Faces = append(d.Faces, f)
	}
	if _, err := io.WriteString(w, pageHead); err != nil {
		return err
	}
	return pageTemplate().Execute(w, d)
}

// timeline lays out who is declared when, and then who was seen when.
func (d *pageData) timeline(s *Sheet) {
	end, anywhere := max(s.DurationMs, 1), map[string]bool{} // declared without a region: counted, not placed
	for _, t := range s.Tracks {
		end = max(end, t.EndMs)
	}
	for _, l := range s.Lanes {
		label := "declared: " + render.Clip(l.ID)
		spans := l.Spans
		switch {
		case l.Always:
			anywhere[l.ID] = true
			spans = []report.Span{{StartMs: 0, EndMs: end}}
			label += " (at any time)"
		case len(spans) == 0:
			label += " (at no time that can be read)"
		case l.More > 0:
			label += " (and " + report.Count(l.More, "more span") + ")"
		}
		d.row("declared", label, spans, end)
	}
	tracks := slices.Clone(s.Tracks)
	class := func(t report.PersonTrack) int {
		return slices.Index([]string{"undeclared", "possible", "covered"}, classOf(t, s.Undeclared))
	}
	slices.SortStableFunc(tracks, func(a, b report.PersonTrack) int { return cmp.Compare(class(a), class(b)) })
	for i, t := range tracks {
		if i == maxRows {
			d.HiddenRows = len(tracks) - i
			break
		}
		label := map[string]string{"undeclared": "covered by no entry", "possible": "may be no face", "covered": "in the region of"}[classOf(t, s.Undeclared)]
		if classOf(t, s.Undeclared) == "undeclared" && len(anywhere) > 0 {
			label = "one more than is declared at this time"
		}
		if t.Person != nil {
			if anywhere[*t.Person] {
				label = "counted for"
			}
			label += " " + render.Clip(*t.Person)
		}
		d.row(classOf(t, s.Undeclared), fmt.Sprintf("track %d: %s", t.ID, label), []report.Span{{StartMs: t.StartMs, EndMs: t.EndMs}}, end)
	}
	d.Axis = len(d.Rows) * rowHeight
	d.Height = d.Axis + rowHeight
	for i := range 5 {
		d.Ticks = append(d.Ticks, tick{left + i*across/4, clock(end * int64(i) / 4)})
	}
}

// classOf is how a track is drawn.
func classOf(t report.PersonTrack, undeclared []int) string {
	switch {
	case slices.Contains(undeclared, t.ID):
		return "undeclared"
	case t.Person != nil:
		return "covered"
	}
	return "possible"
}

// row adds a line of bars.
func (d *pageData) row(class, label string, spans []report.Span, end int64) {
	r := row{Class: class, Label: label, Title: label, Y: len(d.Rows)*rowHeight + 4, TextY: len(d.Rows)*rowHeight + 16}
	if runes := []rune(label); len(runes) > maxLabel {
		r.Label = string(runes[:maxLabel]) + "…"
	}
	for _, s := range spans {
		from, to := min(max(s.StartMs, 0), end), min(max(s.EndMs, 0), end)
		if s.StartMs > end || to < from {
			continue // after the last picture
		}
		x := int(float64(from) / float64(end) * across)
		r.Bars = append(r.Bars, bar{
			X: left + min(x, across-leastBar), Width: max(int(float64(to)/float64(end)*across)-x, leastBar),
			Title: strings.TrimSpace(clock(from) + " to " + clock(to)),
		})
	}
	d.Rows = append(d.Rows, r)
}

// clock is a time as the report gives it.
func clock(ms int64) string {
	return fmt.Sprintf("%02d:%02d:%02d.%d", ms/3600000, ms/60000%60, ms/1000%60, ms/100%10)
}
