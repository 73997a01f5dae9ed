package persons_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/consentry/consentry/persons"
	"github.com/consentry/consentry/report"
	"github.com/consentry/consentry/video"
)

// describer is an eye that knows eyes, nose and mouth of the rectangles, and whose templates of red and of blue ones lie
// as far apart as it is told.
type describer struct {
	eye
	apart  float32
	turned bool // faces are seen from the side
	plain  bool // no landmarks
	least  bool // scores that no face is compared at
	closes int  // the template that fails; 0: none
	made   int
	chips  []*persons.Picture
}

func (d *describer) Detect(ctx context.Context, p *persons.Picture) ([]persons.Face, error) {
	out, err := d.eye.Detect(ctx, p)
	for i := range out {
		f := &out[i]
		if d.least {
			f.Score = 0.35
		}
		if d.plain {
			continue
		}
		for k, at := range [5][2]float64{{.3, .4}, {.7, .4}, {.5, .6}, {.32, .8}, {.68, .8}} {
			if d.turned && k == 2 {
				at[0] = .68
			}
			f.Landmarks[k] = [2]float64{f.X + at[0]*f.W, f.Y + at[1]*f.H}
		}
	}
	return out, err
}

func (d *describer) Template(_ context.Context, chip *persons.Picture) (persons.Template, error) {
	d.chips = append(d.chips, chip)
	if d.made++; d.made == d.closes {
		return persons.Template{}, &persons.Error{Reason: persons.ReasonCrash, Detail: "the hand dropped"}
	}
	if chip.Width != persons.ChipSide || !chip.Valid() {
		d.wrong.Add(1)
	}
	middle := 3 * (70*persons.ChipSide + 75)
	var t persons.Template
	t[3] = 7
	if chip.RGB[middle+2] > chip.RGB[middle] { // blue
		t[3] += d.apart
	}
	return t, nil
}

// link shows the stage twice: to an analysis, and to what compares the faces that it found.
func (s stage) link(t testing.TB, d *describer, entries ...persons.Entry) *report.Links {
	t.Helper()
	seen := s.look(t, &eye{}, persons.Options{})
	a := seen.Against(entries, false)
	before, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	l := a.Linker(context.Background(), d)
	defer l.Close()
	if l.Begin(seen) {
		s.again(t, l)
	}
	links := l.Finish("")
	if after, err := json.Marshal(a); err != nil || !bytes.Equal(before, after) { // whatever is alike, it covers nobody
		t.Errorf("the tracks are others than without the comparison: %v", err)
	}
	return links
}

// again plays the stage until nothing is wanted any more.
func (s *stage) again(t testing.TB, l *persons.Linker) {
	t.Helper()
	if s.width == 0 {
		s.width, s.height = 320, 180
	}
	if s.step == 0 {
		s.step = time.Second / second
	}
	if s.frames == 0 {
		s.frames = 2 * second
	}
	if err := l.Info(&video.Info{Tracks: []video.Track{s.track}}); err != nil {
		t.Fatal(err)
	}
	for n := range s.frames {
		done, err := l.Frame(s.frame(n))
		if err != nil {
			t.Fatal(err)
		}
		if done {
			return
		}
	}
}

func TestLinker(t *testing.T) {
	until := func(a actor, from, to int) actor { a.from, a.to = from, to; return a }
	blue := red
	blue.blue = true
	beside := actor{blue: true, x: 0.6, y: 0.2, w: 0.2, h: 0.4}
	twice := stage{actors: []actor{until(red, 0, 20), until(red, 30, 0)}}
	both := stage{actors: []actor{until(red, 0, 20), until(blue, 30, 0)}}
	turns := stage{actors: []actor{until(red, 0, 25), until(blue, 25, 0)}}
	anywhere := persons.Entry{ID: "p1"}
	early := entry(t, "p1", false, ranges(npt(0, 0.8)))
	for name, c := range map[string]struct {
		stage
		d       *describer
		entries []persons.Entry
		want    string // what matters of the report, in words
	}{
		"nobody":                        {stage{}, &describer{}, nil, "analysed, nothing was compared"},
		"one":                           {stage{actors: []actor{red}}, &describer{}, nil, "analysed 1-1 of 1"},
		"one who comes back":            {twice, &describer{}, nil, "analysed 1-1 of 2 alike [[1 2]]"},
		"another who comes":             {both, &describer{apart: .61}, nil, "analysed 2-2 of 2"},
		"as far apart as one may be":    {both, &describer{apart: .45}, nil, "analysed 1-1 of 2 alike [[1 2]]"},
		"just past that":                {both, &describer{apart: .451}, nil, "analysed 1-2 of 2"},
		"just not two":                  {both, &describer{apart: .599}, nil, "analysed 1-2 of 2"},
		"two who are alike at one time": {stage{actors: []actor{red, beside}}, &describer{}, nil, "analysed 2-2 of 2"},
		"seen from the side":            {both, &describer{turned: true}, nil, "analysed, nothing was compared not [1 2]"},
		"weak":                          {both, &describer{least: true}, nil, "analysed, nothing was compared not [1 2]"},
		"small eyes":                    {stage{actors: []actor{{x: 0.25, y: 0.25, w: 0.09, h: 0.2}}}, &describer{}, nil, "analysed, nothing was compared not [1]"},
		"large enough":                  {stage{actors: []actor{{x: 0.25, y: 0.25, w: 0.1, h: 0.2}}}, &describer{}, nil, "analysed 1-1 of 1"},
		"two under one entry":           {both, &describer{apart: .61}, []persons.Entry{anywhere}, "analysed 2-2 of 2 different p1 [1 2]"},
		"two under a group":             {both, &describer{apart: .61}, []persons.Entry{{ID: "all", Group: true}}, "analysed 2-2 of 2"},
		"two who may be one, under one": {both, &describer{apart: .59}, []persons.Entry{anywhere}, "analysed 1-2 of 2"},
		"one turns into another":        {turns, &describer{apart: .61}, nil, "analysed 1-2 of 1 drift [1]"},
		"and is under one entry":        {turns, &describer{apart: .61}, []persons.Entry{anywhere}, "analysed 1-2 of 1 different p1 [1] drift [1]"},
		"one changes a little":          {turns, &describer{apart: .59}, nil, "analysed 1-1 of 1"},
		"alike one who is declared":     {twice, &describer{}, []persons.Entry{early}, "analysed 1-1 of 2 alike [[1 2]] covered 2=1 p1"},
		"not alike enough for a hint":   {both, &describer{apart: .5}, []persons.Entry{early}, "analysed 1-2 of 2"},
		"no eyes are known":             {both, &describer{plain: true}, nil, "not-analysed, the network that finds faces says nothing of eyes, nose and mouth, by which faces are turned upright"},
		"the hand drops":                {both, &describer{closes: 3}, nil, "not-analysed, crash: the hand dropped"},
		"the eye closes":                {both, &describer{eye: eye{failAt: 2}}, nil, "not-analysed, crash: the eye closed"},
	} {
		t.Run(name, func(t *testing.T) {
			l := c.link(t, c.d, c.entries...)
			if got := inWords(l); got != c.want || c.d.wrong.Load() > 0 {
				t.Errorf("%s\nwant %s; %d pictures that are none", got, c.want, c.d.wrong.Load())
			}
			for _, chip := range c.d.chips {
				for _, v := range chip.RGB {
					if v != 0 {
						t.Fatal("a chip was kept")
					}
				}
			}
		})
	}
}

// inWords is a comparison in one line.
func inWords(l *report.Links) string {
	if l.Status == persons.StatusNotAnalysed {
		if l.PersonsMin != nil || l.PersonsMax != nil {
			return "counted though nothing was compared"
		}
		return l.Status + ", " + *l.Reason
	}
	s := l.Status + ", nothing was compared"
	switch {
	case (l.PersonsMin == nil) != (l.Compared == 0) || (l.PersonsMax == nil) != (l.Compared == 0):
		return "a range without a comparison, or the other way round"
	case l.Compared > 0:
		s = fmt.Sprintf("%s %d-%d of %d", l.Status, *l.PersonsMin, *l.PersonsMax, l.Compared)
	}
	if l.Reason != nil {
		s += ", " + *l.Reason
	}
	if len(l.NotCompared) > 0 {
		s += fmt.Sprintf(" not %v", l.NotCompared)
	}
	if len(l.Alike) > 0 {
		s += fmt.Sprintf(" alike %v", l.Alike)
	}
	for _, d := range l.TokenCoversDifferentFaces {
		s += fmt.Sprintf(" different %s %v", d.Person, d.Tracks)
	}
	if len(l.IdentityDrift) > 0 {
		s += fmt.Sprintf(" drift %v", l.IdentityDrift)
	}
	for _, a := range l.AlikeCovered {
		s += fmt.Sprintf(" covered %d=%d %s", a.Track, a.Alike, a.Person)
	}
	return s
}

// A second decode that gives other frames than the first compares nothing, and says so.
func TestLinker_otherFrames(t *testing.T) {
	s := stage{actors: []actor{red}}
	seen := s.look(t, &eye{}, persons.Options{})
	other := s
	other.step = time.Second / 24
	for name, c := range map[string]struct {
		play func(*persons.Linker)
		want string
	}{
		"other times": {func(l *persons.Linker) { other.again(t, l) }, "partial 1-1 of 1, 8 frames showed something else when decoded again"},
		"no frames":   {func(*persons.Linker) {}, "not-analysed, the second decode did not give the frames"},
	} {
		l := seen.Against(nil, false).Linker(context.Background(), &describer{})
		if !l.Begin(seen) {
			t.Fatal("nothing is wanted of a face")
		}
		c.play(l)
		if got := inWords(l.Finish("")); !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: %s", name, got)
		}
	}
	l := seen.Against(nil, false).Linker(context.Background(), &describer{})
	l.Begin(seen)
	if got := inWords(l.Finish("the child died")); got != "not-analysed, the child died" {
		t.Error(got)
	}
}

// Frames that do not come the second time are counted, and a track that was in them alone is not said to show no face that
// can be compared.
func TestLinker_framesThatDoNotCome(t *testing.T) {
	s := stage{actors: []actor{{x: 0.25, y: 0.25, w: 0.2, h: 0.4, to: 20}, {x: 0.25, y: 0.25, w: 0.2, h: 0.4, from: 30}}}
	seen := s.look(t, &eye{}, persons.Options{})
	for n, c := range map[int]struct {
		want   string
		unseen int
	}{
		0:  {"analysed 1-1 of 2 alike [[1 2]]", 0},
		25: {"partial 1-2 of 1, 9 frames with faces did not come when decoded again; nothing was seen again of 1 face track not [2]", 1},
	} {
		l := seen.Against(nil, false).Linker(context.Background(), &describer{})
		if !l.Begin(seen) {
			t.Fatal("nothing is wanted of a face")
		}
		short := s
		short.frames = n
		short.again(t, l)
		if got := inWords(l.Finish("")); got != c.want || l.Unseen() != c.unseen {
			t.Errorf("%d frames: %s, %d unseen\nwant %s", n, got, l.Unseen(), c.want)
		}
	}
}

// At most 500 tracks are compared; the answer says that there were more, and counts each of them as one more person.
func TestLinker_limit(t *testing.T) {
	for n, want := range map[int]string{
		500: "analysed 1-1 of 500 ",
		501: "partial 1-2 of 500, limit: 500 of 501 face tracks were compared ",
	} {
		// A face that is gone for six frames is another track.
		s := stage{width: 64, height: 64, frames: 7 * n}
		for i := range n {
			s.actors = append(s.actors, actor{x: 0.1, y: 0.1, w: 0.8, h: 0.8, from: 7 * i, to: 7*i + 1})
		}
		if l := s.link(t, &describer{}); !strings.HasPrefix(inWords(l)+" ", want) {
			t.Errorf("%d tracks: %.100s", n, inWords(l))
		}
	}
}

// A template shows its numbers to nobody who prints it, logs it or writes it as JSON.
func TestTemplate_isNotPrinted(t *testing.T) {
	list := persons.Template{0: 0.123, 5: 4.567}
	b, err := json.Marshal(map[string]any{"t": list, "p": &list})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{
		string(b), fmt.Sprint(list), fmt.Sprintf("%v %+v %#v %s %d %x %f", list, list, list, list, list, list, &list),
		fmt.Sprintf("%v", struct{ T persons.Template }{list}), fmt.Sprintf("%v", []persons.Template{list}),
	} {
		if strings.Contains(s, "123") || strings.Contains(s, "567") || strings.Contains(s, "1fbe76") {
			t.Errorf("printed: %s", s)
		}
	}
	list.Forget()
	if list != (persons.Template{}) {
		t.Error("numbers are left")
	}
}

// BenchmarkLinker compares as many faces as are compared at most, without a network.
func BenchmarkLinker(b *testing.B) {
	s := stage{width: 64, height: 64, frames: 7 * 500}
	for i := range 500 {
		s.actors = append(s.actors, actor{x: 0.1, y: 0.1, w: 0.8, h: 0.8, from: 7 * i, to: 7*i + 1})
	}
	seen := s.look(b, &eye{}, persons.Options{})
	for b.Loop() {
		l := seen.Against(nil, false).Linker(context.Background(), &describer{})
		l.Begin(seen)
		s.again(b, l)
		l.Finish("")
	}
}
