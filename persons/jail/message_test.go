package jail

import (
	"bytes"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/consentry/consentry/persons"
)

func aFace() persons.Face {
	f := persons.Face{X: .25, Y: .5, W: .25, H: .5, Score: .75}
	for k := range f.Landmarks {
		f.Landmarks[k] = [2]float64{-1 + float64(k)/2, 2 - float64(k)/2}
	}
	return f
}

// with changes a face.
func with(change func(*persons.Face)) faces {
	f := aFace()
	change(&f)
	return faces{f}
}

type message interface{ append([]byte) []byte }

var messages = map[string]message{
	"ready":                    ready{syscalls: true},
	"ready, with what missing": ready{missing: []string{"landlock: not in this kernel", ""}},
	"not ready":                ready{failure: failure{persons.ReasonSelfTest, "blind"}},
	"no faces":                 faces(nil),
	"one face":                 faces{aFace()},
	"as many as may be":        faces(slicesOf(aFace(), persons.MaxFaces)),
	"a face as large as the picture": with(func(f *persons.Face) {
		f.X, f.Y, f.W, f.H, f.Score = 0, 0, 1, 1, 1
	}),
	"a template":         &vector{0: 1, 127: -.5},
	"the largest number": &vector{0: maxNumber, 1: -maxNumber},
	"a failure":          failure{persons.ReasonCrash, strings.Repeat("x", maxDetail)},
}

// A template is written once and read once: no copy of it stays in memory that grew, or in the message that it came in.
func TestVector_leavesNoCopies(t *testing.T) {
	v := &vector{0: 1, 127: -.5}
	b := v.append(nil)
	var room []byte
	once := testing.AllocsPerRun(10, func() { room = slices.Grow([]byte(nil), len(b)) }) // two under the race detector
	if n := testing.AllocsPerRun(10, func() { b = v.append(nil) }); n > once || cap(b) > cap(room) {
		t.Errorf("written in %.0f pieces of memory", n)
	}
	m, err := parse(b)
	if err != nil {
		t.Fatal(err)
	}
	got := m.(*vector)
	if taken := got.take(); taken != persons.Template(*v) || *got != (vector{}) {
		t.Errorf("other numbers were taken, or they are still there")
	}
}

func slicesOf(f persons.Face, n int) []persons.Face {
	all := make([]persons.Face, n)
	for i := range all {
		all[i] = f
	}
	return all
}

var malformed = map[string][]byte{
	"nothing":                        nil,
	"an unknown kind":                {'z'},
	"a message of the parent":        picture{1, 1}.append(nil),
	"a face cut":                     faces{aFace()}.append(nil)[:30],
	"a face padded":                  append(faces{aFace()}.append(nil), 0),
	"fewer faces than told":          {kindFaces, 2, 0},
	"one face too many":              faces(slicesOf(aFace(), persons.MaxFaces+1)).append(nil),
	"a box that is no number":        with(func(f *persons.Face) { f.X = math.NaN() }).append(nil),
	"a box without end":              with(func(f *persons.Face) { f.W = math.Inf(1) }).append(nil),
	"a box left of the picture":      with(func(f *persons.Face) { f.X = -.01 }).append(nil),
	"a box past the right":           with(func(f *persons.Face) { f.X = .76 }).append(nil),
	"a box past the bottom":          with(func(f *persons.Face) { f.H = .51 }).append(nil),
	"a box of no width":              with(func(f *persons.Face) { f.W = 0 }).append(nil),
	"a box of negative height":       with(func(f *persons.Face) { f.H = -.1 }).append(nil),
	"a score of zero":                with(func(f *persons.Face) { f.Score = 0 }).append(nil),
	"a score above one":              with(func(f *persons.Face) { f.Score = 1.01 }).append(nil),
	"a score that is no number":      with(func(f *persons.Face) { f.Score = math.NaN() }).append(nil),
	"scores that rise":               append(faces{}, with(func(f *persons.Face) { f.Score = .5 })[0], aFace()).append(nil),
	"a landmark far away":            with(func(f *persons.Face) { f.Landmarks[4][1] = 2.1 }).append(nil),
	"a landmark that is no number":   with(func(f *persons.Face) { f.Landmarks[0][0] = math.NaN() }).append(nil),
	"a reason that nobody knows":     failure{"because", ""}.append(nil),
	"a template cut":                 (&vector{}).append(nil)[:512],
	"a template padded":              append((&vector{}).append(nil), 0),
	"a template that is no number":   (&vector{5: float32(math.NaN())}).append(nil),
	"a number past the largest":      (&vector{5: maxNumber + 1}).append(nil),
	"a failure without a reason":     failure{}.append(nil),
	"a detail with control codes":    failure{persons.ReasonCrash, "\x1b[31m"}.append(nil),
	"a detail too long":              failure{persons.ReasonCrash, strings.Repeat("x", maxDetail+1)}.append(nil),
	"a detail without a reason":      append([]byte{kindReady, 0, 0}, failure{"", "x"}.appendTo(nil)...),
	"too much missing":               ready{missing: make([]string, maxMissing+1)}.append(nil),
	"too much said of what misses":   ready{missing: []string{strings.Repeat("x", maxString+1)}}.append(nil),
	"ready by half":                  append([]byte{kindReady, 2, 0}, failure{}.appendTo(nil)...),
	"a message longer than any":      append([]byte{kindFaces}, make([]byte, maxMessage)...),
	"a cancellation that is not its": failure{persons.ReasonCancelled, ""}.append(nil),
}

func TestParse(t *testing.T) {
	for name, m := range messages {
		b := m.append(nil)
		got, err := parse(b)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !bytes.Equal(got.(message).append(nil), b) {
			t.Errorf("%s: %+v", name, got)
		}
	}
	for name, b := range malformed {
		if m, err := parse(b); err == nil {
			t.Errorf("%s: taken as %+v", name, m)
		}
	}
}

// The texts and lists of the child's messages at their limits; one past each is among those that are refused.
func TestMessagesAtTheirLimits(t *testing.T) {
	for name, m := range map[string]message{
		"a detail":           failure{persons.ReasonCrash, strings.Repeat("x", maxDetail)},
		"what is missing":    ready{missing: slices.Repeat([]string{"x"}, maxMissing)},
		"a thing of these":   ready{missing: []string{strings.Repeat("x", maxString)}},
		"faces of a picture": faces(slicesOf(aFace(), persons.MaxFaces)),
	} {
		if _, err := parse(m.append(nil)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for n, ok := range map[int]bool{maxOutputs: true, maxOutputs + 1: false} {
		if _, err := parseParent(config{kind: "yunet", input: "i", outputs: slices.Repeat([]string{"o"}, n), modelSize: 1, memory: 2, total: 3}.append(nil)); (err == nil) != ok {
			t.Errorf("%d outputs: %v", n, err)
		}
	}
}

func TestParseParent(t *testing.T) {
	for _, m := range []message{
		config{kind: "yunet", input: "in put", outputs: []string{"a", "b"}, modelSize: 1, memory: 2, total: 3},
		picture{1, persons.MaxSide},
	} {
		if got, err := parseParent(m.append(nil)); err != nil || !reflect.DeepEqual(got, m) {
			t.Errorf("%+v: %v", got, err)
		}
	}
	for name, b := range map[string][]byte{
		"nothing": nil, "a message of the child": faces{}.append(nil), "a picture of no height": picture{5, 0}.append(nil),
		"a picture too wide": picture{persons.MaxSide + 1, 1}.append(nil), "cut": config{}.append(nil)[:9],
	} {
		if m, err := parseParent(b); err == nil {
			t.Errorf("%s: taken as %+v", name, m)
		}
	}
}

// What is taken from a child has one encoding, and its numbers are those of faces.
func FuzzParse(f *testing.F) {
	for _, m := range messages {
		if b := m.append(nil); len(b) < 8<<10 {
			f.Add(b)
		}
	}
	for _, b := range malformed {
		if len(b) < 8<<10 {
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := parse(b)
		if err != nil {
			return
		}
		if !bytes.Equal(m.(message).append(nil), b) {
			t.Fatalf("%+v encodes to something else", m)
		}
		found, _ := m.(faces)
		for _, v := range found {
			if !(v.X >= 0 && v.W > 0 && v.X+v.W < 1.001 && v.Y >= 0 && v.H > 0 && v.Y+v.H < 1.001 && v.Score > 0 && v.Score <= 1) {
				t.Fatalf("%+v", v)
			}
		}
	})
}

func BenchmarkParse(b *testing.B) {
	m := faces(slicesOf(aFace(), 20)).append(nil)
	b.SetBytes(int64(len(m)))
	for b.Loop() {
		if _, err := parse(m); err != nil {
			b.Fatal(err)
		}
	}
}
