//go:build cgo && !noonnx && !noffmpeg && linux

package persons_test

import (
	"context"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/consentry/consentry/internal/accuracy"
	"github.com/consentry/consentry/internal/corpustest"
	"github.com/consentry/consentry/persons"
	"github.com/consentry/consentry/persons/install"
	"github.com/consentry/consentry/persons/network"
	"github.com/consentry/consentry/persons/onnx"
	"github.com/consentry/consentry/persons/template"
	"github.com/consentry/consentry/report"
	"github.com/consentry/consentry/video"
	"github.com/consentry/consentry/video/ffmpeg"
)

// insider runs both networks in this process: a measurement needs no jail.
type insider struct {
	mu        sync.Mutex
	net       *network.Network
	run       network.Runner
	templates network.Runner
	in        network.Tensor
}

func newInsider(t *testing.T) *insider {
	t.Helper()
	item, ok := install.Library()
	if !ok {
		t.Skip("no library is pinned for this system")
	}
	path, err := item.Find([]string{corpustest.Runtime(t)})
	if err == nil {
		err = item.Check(path)
	}
	if err != nil {
		t.Fatal(err)
	}
	lib, err := onnx.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = lib.Close() })
	folders := []string{corpustest.Runtime(t), corpustest.Models(t)}
	model, err := install.ReadModel(folders)
	if err != nil {
		t.Fatal(err)
	}
	weights, list, err := install.ReadTemplates(folders)
	if err != nil {
		t.Fatal(err)
	}
	second, err := template.Model(list, weights)
	if err != nil {
		t.Fatal(err)
	}
	d := &insider{}
	var opened []byte
	if d.net, opened, err = network.Recognise(model); err != nil {
		t.Fatal(err)
	}
	if d.run, err = lib.Session(opened, d.net); err != nil {
		t.Fatal(err)
	}
	if d.templates, err = lib.Session(second, template.Graph()); err != nil {
		t.Fatal(err)
	}
	return d
}

func (d *insider) Network() string         { return d.net.Kind }
func (d *insider) Models() []persons.Model { return nil }
func (d *insider) Workers() int            { return 1 }
func (d *insider) Close() error            { return nil }

func (d *insider) Detect(_ context.Context, p *persons.Picture) ([]persons.Face, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.net.Detect(d.run, p, &d.in)
}

func (d *insider) Template(_ context.Context, chip *persons.Picture) (persons.Template, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return template.Make(d.templates, chip, &d.in)
}

// known is a track with the person whom the truth has there.
type known struct {
	clip, person string
	template     persons.Template
}

// pairs counts distances.
type pairs struct{ same, other []float64 }

// TestIdentity compares the faces of clips in which it is known who is who, clip by clip as the product does, and for the
// measurement also across the clips. With CONSENTRY_IDENTITY=all it does so for all clips and prints the table of
// docs/accuracy.md, as scripts/identity.sh does; by default for one in which somebody comes back.
func TestIdentity(t *testing.T) {
	dir := filepath.Join(corpustest.Dir(t), "persons")
	clips, err := filepath.Glob(filepath.Join(dir, "truth", "*.json"))
	if err != nil || len(clips) < 40 {
		t.Fatalf("%d clips: %v", len(clips), err)
	}
	d := newInsider(t)
	var all []known
	tracks, right, wide := 0, 0, 0
	for _, file := range clips {
		id := filepath.Base(file[:len(file)-len(".json")])
		if os.Getenv("CONSENTRY_IDENTITY") != "all" && id != "cuts" {
			continue
		}
		var truth struct {
			Tracks []struct {
				Person string
				Boxes  [][6]float64
			}
		}
		b, err := os.ReadFile(file)
		if err == nil {
			err = json.Unmarshal(b, &truth)
		}
		if err != nil {
			t.Fatal(err)
		}
		people := map[string]bool{}
		for _, x := range truth.Tracks {
			people[x.Person] = true
		}
		if len(people) == 0 {
			continue
		}
		found, links, templates := compareClip(t, d, filepath.Join(dir, "clips", id+".mp4"))
		tracks += len(found.Tracks)
		for n, boxes := range persons.SightBoxes(found) {
			who := ""
			for _, x := range truth.Tracks {
				if meets(boxes, x.Boxes) {
					who = x.Person
				}
			}
			if tmpl, ok := templates[n]; ok && who != "" {
				all = append(all, known{id, who, tmpl})
			}
		}
		in := *links.PersonsMin <= len(people) && len(people) <= *links.PersonsMax
		if in {
			right++
		}
		wide += *links.PersonsMax - *links.PersonsMin
		t.Logf("%-18s %2d people in %2d tracks: %d to %d, %d compared, alike %v, drift %v, in the range: %v", id, len(people), len(found.Tracks), *links.PersonsMin, *links.PersonsMax, links.Compared, links.Alike, links.IdentityDrift, in)
	}
	if len(all) < 4 || right == 0 {
		t.Fatalf("%d tracks were compared; the number of people is in the range of %d clips", len(all), right)
	}
	count := distances(all)
	t.Logf("%d tracks, %d compared; in the range in %d clips, which is %d wide in all", tracks, len(all), right, wide)
	for _, at := range []float64{.40, .45, .50, .55, .60, .65} {
		missed, wrong := past(count.same, at), len(count.other)-past(count.other, at)
		_, missedMost := accuracy.Interval(missed, len(count.same))
		_, wrongMost := accuracy.Interval(wrong, len(count.other))
		t.Logf("at %.2f: same person and further apart %d of %d (at most %.1f %%), two people and nearer %d of %d (at most %.1f %%)",
			at, missed, len(count.same), 100*missedMost, wrong, len(count.other), 100*wrongMost)
	}
	if os.Getenv("CONSENTRY_IDENTITY") != "all" && (past(count.same, .45) > 0 || past(count.other, .60) < len(count.other)) {
		t.Errorf("same %v, two people %v", count.same, count.other)
	}
}

func distances(all []known) (p pairs) {
	for i := range all {
		for k := range all[:i] {
			d := all[i].template.Distance(&all[k].template)
			if all[i].person == all[k].person {
				p.same = append(p.same, d)
			} else {
				p.other = append(p.other, d)
			}
		}
	}
	slices.Sort(p.same)
	slices.Sort(p.other)
	return p
}

func past(list []float64, at float64) (n int) {
	for _, d := range list {
		if d > at {
			n++
		}
	}
	return n
}

// compareClip looks at a clip and compares its faces.
func compareClip(t *testing.T, d *insider, file string) (*report.Persons, *report.Links, map[int]persons.Template) {
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
	decode := func(sink video.Sink) *video.Result {
		res, err := ffmpeg.Decoder{Threads: 1}.Decode(context.Background(), video.Source{Data: f, Size: st.Size(), Format: "mp4"},
			video.Want{Mode: video.AllFrames, Track: -1, AudioTrack: -1}, sink)
		if err != nil {
			t.Fatalf("%s: %v", filepath.Base(file), err)
		}
		return res
	}
	a, err := persons.NewAnalysis(context.Background(), d, persons.Options{Fast: true})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	seen, err := a.Finish(decode(video.Sink{Info: a.Info, Frame: a.Frame}), "")
	if err != nil {
		t.Fatal(err)
	}
	answer := seen.Against(nil, true)
	l := answer.Linker(context.Background(), d)
	defer l.Close()
	if l.Begin(seen) {
		decode(video.Sink{Info: l.Info, Frame: func(f *video.Frame) error {
			_, err := l.Frame(f)
			return err
		}})
	}
	templates := l.Templates()
	return &answer.Persons, l.Finish(""), templates
}

// meets says whether one of the boxes of a track, which are in percent, overlaps that of the truth at its time.
func meets(boxes []report.FaceBox, truth [][6]float64) bool {
	for _, b := range boxes {
		for _, x := range truth {
			if math.Abs(x[0]*1000-float64(b.AtMs)) > 21 {
				continue
			}
			w := min((b.X+b.Width)/100, x[1]+x[3]) - max(b.X/100, x[1])
			h := min((b.Y+b.Height)/100, x[2]+x[4]) - max(b.Y/100, x[2])
			if w > 0 && h > 0 && w*h/(b.Width*b.Height/1e4+x[3]*x[4]-w*h) > .4 {
				return true
			}
		}
	}
	return false
}
