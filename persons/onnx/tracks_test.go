//go:build cgo && !noonnx && !noffmpeg && linux

package onnx_test

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/consentry/consentry/consent"
	"github.com/consentry/consentry/internal/accuracy"
	"github.com/consentry/consentry/internal/corpustest"
	"github.com/consentry/consentry/persons"
	"github.com/consentry/consentry/persons/jail"
	"github.com/consentry/consentry/report"
	"github.com/consentry/consentry/video"
	"github.com/consentry/consentry/video/ffmpeg"
)

// clip is a case of the corpus: who is in it, and what is declared.
type clip struct {
	ID           string `json:"id"`
	Asset, Truth string
	Declarations []struct {
		File     string
		Missable int
		Expect   struct {
			UndeclaredTracks int
			NotSeen, Covered []string
		}
	}
	Tolerance struct{ ExtraFragments, FalseTracks int }
}

// truthTrack is one appearance of a face.
type truthTrack struct {
	Person, Level string
	Why           []string
	End, First    float64
	FacePx        struct{ Width float64 }
	Boxes         [][6]float64
}

// tally counts appearances by what makes them easy or hard, and tracks where there is nobody.
type tally struct {
	found, all  map[string]int
	wrong       int
	empty, rest float64 // seconds without and with somebody
}

// TestTracks follows the faces of clips and holds them against what is declared. With CONSENTRY_TRACKS=all it does so
// for all clips and prints the tables of docs/accuracy.md, as scripts/tracks.sh does; by default for those of which
// testdata/differences.yaml knows another answer, which must still be needed, and for some others.
// CONSENTRY_FACE_MODEL names another model of the shared ones.
func TestTracks(t *testing.T) {
	dir := filepath.Join(corpustest.Dir(t), "persons")
	var all struct{ Cases []clip }
	readJSON(t, filepath.Join(dir, "cases.json"), &all)
	model, own := installed(t), os.Getenv("CONSENTRY_FACE_MODEL")
	if own != "" {
		b, err := os.ReadFile(filepath.Join(corpustest.Models(t), own))
		if err != nil {
			t.Fatal(err)
		}
		model = b
	}
	d, err := jailed(t, model, jail.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	known, count := differing(t), tally{found: map[string]int{}, all: map[string]int{}}
	for i, c := range all.Cases {
		if os.Getenv("CONSENTRY_TRACKS") != "all" && i%24 != 1 && !known[c.ID] {
			continue
		}
		seen := watch(t, d, filepath.Join(dir, c.Asset))
		var truth struct {
			Tracks   []truthTrack
			Duration float64
		}
		readJSON(t, filepath.Join(dir, c.Truth), &truth)
		wrong := held(t, dir, &c, truth.Tracks, seen)
		switch {
		case len(wrong) > 0 && !known[c.ID]:
			t.Errorf("%s:\n%s", c.ID, strings.Join(wrong, "\n"))
		case len(wrong) == 0 && known[c.ID] && own == "":
			t.Errorf("%s: as expected, and testdata/differences.yaml says otherwise", c.ID)
		}
		count.add(truth.Tracks, truth.Duration, seen)
	}
	t.Log("\n" + count.table())
}

// differing are the clips that testdata/differences.yaml names.
func differing(t *testing.T) map[string]bool {
	t.Helper()
	b, err := os.ReadFile("../../testdata/differences.yaml")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]bool{}
	for _, entry := range strings.Split(string(b), "\n- ") {
		if rest, ok := strings.CutPrefix(entry, "set: persons\n  case: "); ok {
			id, _, _ := strings.Cut(rest, "\n")
			out[id] = true
		}
	}
	return out
}

// watch looks at a clip.
func watch(t *testing.T, d persons.Detector, file string) *persons.Seen {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	a, err := persons.NewAnalysis(context.Background(), d, persons.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	res, err := ffmpeg.Decoder{Threads: 2}.Decode(context.Background(), video.Source{Data: f, Size: st.Size(), Format: "mp4"},
		video.Want{Mode: video.AllFrames, Track: -1, AudioTrack: -1}, video.Sink{Info: a.Info, Frame: a.Frame})
	if err != nil {
		t.Fatalf("%s: %v", filepath.Base(file), err)
	}
	seen, err := a.Finish(res, "")
	if err != nil {
		t.Fatal(err)
	}
	if seen.Status != persons.StatusAnalysed {
		t.Errorf("%s: %s, %s", filepath.Base(file), seen.Status, seen.Reason)
	}
	return seen
}

// held holds what was seen against each declaration of a clip, and says what is not as expected. Hard appearances may be
// missed, and so their people.
func held(t *testing.T, dir string, c *clip, truth []truthTrack, seen *persons.Seen) (wrong []string) {
	t.Helper()
	hard := map[string]bool{}
	for _, tr := range truth {
		hard[tr.Person] = true
	}
	for _, tr := range truth {
		if tr.Level == "clear" {
			delete(hard, tr.Person)
		}
	}
	for _, decl := range c.Declarations {
		b, err := os.ReadFile(filepath.Join(dir, decl.File))
		if err != nil {
			t.Fatal(err)
		}
		a, err := consent.ParseAssertion(b, false)
		if err != nil {
			t.Fatal(err)
		}
		var entries []persons.Entry
		for _, p := range a.People {
			entries = append(entries, persons.Entry{ID: p.ID, Group: p.Kind == "group", Regions: p.Regions})
		}
		got := seen.Against(entries, false).Persons
		want, low := decl.Expect.UndeclaredTracks, decl.Expect.UndeclaredTracks-decl.Missable
		high := want + c.Tolerance.FalseTracks
		if want > 0 {
			high += c.Tolerance.ExtraFragments
		}
		if n := len(got.Undeclared); n < low || n > high {
			wrong = append(wrong, fmt.Sprintf("%s: %d undeclared tracks, not %d to %d", decl.File, n, low, high))
		}
		covered := map[string]bool{}
		for _, x := range got.Tracks {
			if x.Person != nil {
				covered[*x.Person] = true
			}
		}
		for what, lists := range map[string][2][]string{
			"covered": {slices.Collect(maps.Keys(covered)), decl.Expect.Covered}, "not seen": {got.NotSeen, decl.Expect.NotSeen},
		} {
			for i, list := range lists {
				for _, id := range list {
					if !slices.Contains(lists[1-i], id) && !hard[id] {
						wrong = append(wrong, fmt.Sprintf("%s: %s: %v, not %v", decl.File, what, lists[0], lists[1]))
					}
				}
			}
		}
	}
	return wrong
}

// add counts what was followed in a clip. An appearance is found where a face that is certain lies on it at some moment
// (an overlap of .4), and a track is wrong that lies on none by .15 ever.
func (c *tally) add(truth []truthTrack, seconds float64, seen *persons.Seen) {
	tracks := seen.Against(nil, true).Persons.Tracks
	tracks = slices.DeleteFunc(tracks, func(x report.PersonTrack) bool { return x.Class != persons.ClassConfirmed })
	for _, tr := range truth {
		found := slices.ContainsFunc(tracks, func(x report.PersonTrack) bool { return nearest(x, tr) >= .4 })
		for _, what := range tr.classes() {
			c.all[what]++
			if found {
				c.found[what]++
			}
		}
	}
	if len(truth) > 0 {
		c.rest += seconds
	} else {
		c.empty += seconds
	}
	for _, x := range tracks {
		if !slices.ContainsFunc(truth, func(tr truthTrack) bool { return nearest(x, tr) > .15 }) {
			c.wrong++
		}
	}
}

// nearest is the largest overlap of a track with an appearance.
func nearest(x report.PersonTrack, tr truthTrack) (best float64) {
	for _, b := range x.Boxes {
		at := float64(b.AtMs) / 1000
		for _, want := range tr.Boxes {
			if d := want[0] - at; d < .005 && d > -.005 {
				best = max(best, box{want[1], want[2], want[1] + want[3], want[2] + want[4]}.overlap(box{b.X / 100, b.Y / 100, (b.X + b.Width) / 100, (b.Y + b.Height) / 100}))
			}
		}
	}
	return best
}

// classes are the rows in which an appearance counts: grade, width, duration, and each thing that makes it hard.
func (tr *truthTrack) classes() []string {
	bin := func(v float64, what string, edges ...float64) string {
		for i, e := range edges {
			if v < e {
				if i == 0 {
					return fmt.Sprintf("%s under %g", what, e)
				}
				return fmt.Sprintf("%s %g to under %g", what, edges[i-1], e)
			}
		}
		return fmt.Sprintf("%s %g and more", what, edges[len(edges)-1])
	}
	out := []string{"1 graded " + tr.Level, bin(tr.FacePx.Width, "2 width, pixels:", 12, 24, 48, 96), bin(tr.End-tr.First, "3 seconds in the picture:", .3, .8, 2, 4)}
	for _, w := range tr.Why {
		out = append(out, "4 hard: "+w)
	}
	return out
}

// table writes the rows, each with the interval of Clopper and Pearson.
func (c *tally) table() string {
	var b strings.Builder
	for _, what := range slices.SortedFunc(maps.Keys(c.all), func(a, b string) int { return cmp.Compare(a, b) }) {
		low, high := accuracy.Interval(c.found[what], c.all[what])
		fmt.Fprintf(&b, "| %s | %d of %d | %.0f to %.0f %% |\n", what[2:], c.found[what], c.all[what], 100*low, 100*high)
	}
	fmt.Fprintf(&b, "%d false tracks in %.0f s, %.0f s of them with nobody: %.0f an hour\n", c.wrong, c.empty+c.rest, c.empty, float64(c.wrong)/max(c.empty+c.rest, 1)*3600)
	return b.String()
}
