package store_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/consentry/consentry/fingerprint"
	"github.com/consentry/consentry/fingerprint/store"
)

const slot = time.Second / fingerprint.Rate

// random is a stream of bits that is the same in every run.
func random(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 7)) }

func randomCode(r *rand.Rand) (c fingerprint.Code) {
	for i := 0; i < len(c); i += 8 {
		binary.LittleEndian.PutUint64(c[i:], r.Uint64())
	}
	return c
}

// near is a code with some bits changed.
func near(c fingerprint.Code, bits int, r *rand.Rand) fingerprint.Code {
	for _, i := range r.Perm(fingerprint.Bits)[:bits] {
		c[i/8] ^= 1 << (i % 8)
	}
	return c
}

// clip is one of some seconds, with a window for every slot that is full.
func clip(r *rand.Rand, seconds int) store.Prints {
	p := store.Prints{Whole: randomCode(r)}
	for i := range seconds*5 - 9 {
		p.Windows = append(p.Windows, fingerprint.Window{Start: time.Duration(i) * slot, Code: randomCode(r)})
	}
	return p
}

// kept is what a store keeps of a clip: one window a second.
func kept(p store.Prints) store.Prints {
	out := store.Prints{Whole: p.Whole, Low: p.Low}
	for _, w := range p.Windows {
		if w.Start%fingerprint.StoreStep == 0 {
			out.Windows = append(out.Windows, w)
		}
	}
	return out
}

func described(i int) *store.Clip {
	return &store.Clip{
		Path: fmt.Sprintf("clip-%d.mp4", i), Size: int64(i), Changed: time.Unix(int64(i), 0).UTC(), Indexed: time.Unix(9, 0).UTC(), DurationMs: 8000,
		Manifest: store.Manifest{State: "trusted", Label: "urn:c2pa:x", People: []string{"p1 verified"}},
	}
}

func file(t testing.TB, clips ...store.Prints) []byte {
	t.Helper()
	var w store.Writer
	for i, p := range clips {
		if err := w.Add(described(i), p); err != nil {
			t.Fatal(err)
		}
	}
	var b bytes.Buffer
	if n, err := w.WriteTo(&b); err != nil || n != int64(b.Len()) {
		t.Fatal(n, err)
	}
	return b.Bytes()
}

func open(t testing.TB, data []byte) *store.Store {
	t.Helper()
	s, err := store.Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestWrittenAndRead(t *testing.T) {
	r := random(1)
	clips := []store.Prints{kept(clip(r, 8)), {Low: true}, kept(clip(r, 3))}
	s := open(t, file(t, clips...))
	if s.Len() != 3 || s.Windows() != 7+2 {
		t.Fatalf("%d clips, %d windows", s.Len(), s.Windows())
	}
	for i, want := range clips {
		if got := s.Prints(i); !reflect.DeepEqual(got, want) {
			t.Errorf("clip %d: %+v", i, got)
		}
		c, err := s.Clip(i)
		if err != nil || !reflect.DeepEqual(c, described(i)) {
			t.Errorf("clip %d: %+v, %v", i, c, err)
		}
	}
	if empty := open(t, file(t)); empty.Len() != 0 || len(empty.Find(clip(r, 8), 9).Hits) != 0 {
		t.Error("an empty store finds something")
	}
}

func TestAClipOfWhichPartIsMissingIsCounted(t *testing.T) {
	r := random(7)
	var w store.Writer
	for i, why := range [][]string{nil, {"the stream breaks near 3.0 s: no"}, nil} {
		c := described(i)
		c.NotChecked = why
		if err := w.Add(c, kept(clip(r, 3))); err != nil {
			t.Fatal(err)
		}
	}
	var b bytes.Buffer
	if _, err := w.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	s := open(t, b.Bytes())
	if c, err := s.Clip(1); s.Partly() != 1 || err != nil || len(c.NotChecked) != 1 {
		t.Errorf("%d, %+v, %v", s.Partly(), c, err)
	}
}

// TestFind is long because each case stands beside what it expects.
func TestFind(t *testing.T) {
	r := random(2)
	all := make([]store.Prints, 60)
	full := make([]store.Prints, len(all))
	for i := range all {
		full[i] = clip(r, 10)
		all[i] = kept(full[i])
	}
	low := store.Prints{Whole: full[5].Whole, Low: true}
	s := open(t, file(t, append(all, low)...))
	noisy := func(p store.Prints, bits int) store.Prints {
		out := store.Prints{Whole: near(p.Whole, bits, r), Low: p.Low}
		for _, w := range p.Windows {
			out.Windows = append(out.Windows, fingerprint.Window{Start: w.Start, Code: near(w.Code, bits, r)})
		}
		return out
	}
	// part is what a copy that was cut out has: its time begins again.
	part := func(p store.Prints, from, to int) store.Prints {
		out := store.Prints{Whole: randomCode(r)}
		for i, w := range p.Windows[from:to] {
			out.Windows = append(out.Windows, fingerprint.Window{Start: time.Duration(i) * slot, Code: w.Code})
		}
		return out
	}
	for _, c := range []struct {
		name  string
		p     store.Prints
		clip  int // -1: nothing is found
		weak  bool
		whole int // the largest distance of the whole; -1: any
		parts []store.Part
	}{
		{"the same clip", full[7], 7, false, 0, []store.Part{{End: 10 * time.Second, Windows: 9}}},
		{"thirty bits away", noisy(full[9], 30), 9, false, 30, []store.Part{{End: 10 * time.Second, Windows: 9, Distance: 30}}},
		{"sixty bits away", noisy(full[9], 60), 9, true, 60, nil},
		{"sixty-one bits away", noisy(full[9], 61), -1, false, 0, nil},
		{"another clip", clip(r, 10), -1, false, 0, nil},
		{"cut out from 3.4 seconds on", part(full[11], 17, 41), 11, false, -1, []store.Part{{Start: 600 * time.Millisecond, End: 6600 * time.Millisecond, At: 4 * time.Second, Windows: 5}}},
		{"two seconds of it", part(full[11], 25, 26), 11, true, -1, []store.Part{{End: 2 * time.Second, At: 5 * time.Second, Windows: 1}}},
		{"one that says little", store.Prints{Low: true}, -1, false, 0, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			found := s.Find(c.p, 10)
			if c.clip < 0 {
				if len(found.Hits) != 0 {
					t.Fatalf("%+v", found.Hits)
				}
				return
			}
			if len(found.Hits) != 1 || found.Cut || found.Ended {
				t.Fatalf("%+v", found)
			}
			h := found.Hits[0]
			if h.Clip != c.clip || h.Weak != c.weak || c.whole >= 0 && h.Distance != c.whole || !reflect.DeepEqual(h.Parts, c.parts) {
				t.Errorf("%+v, expected clip %d, parts %+v", h, c.clip, c.parts)
			}
		})
	}
	t.Run("two clips cut together", func(t *testing.T) {
		p := part(full[20], 0, 21)
		for i, w := range full[30].Windows[15:36] {
			p.Windows = append(p.Windows, fingerprint.Window{Start: time.Duration(i+40) * slot, Code: w.Code})
		}
		found := s.Find(p, 10)
		if len(found.Hits) != 2 || found.Hits[0].Clip+found.Hits[1].Clip != 50 {
			t.Fatalf("%+v", found)
		}
		if one := s.Find(p, 1); len(one.Hits) != 1 || !one.Cut || one.Ended {
			t.Errorf("one hit is asked for: %+v", one)
		}
	})
	t.Run("copies that are alike, by their names", func(t *testing.T) {
		var w store.Writer
		for _, name := range []string{"c.mp4", "a.mp4", "b.mp4"} {
			d := described(0)
			d.Path = name
			if err := w.Add(d, all[0]); err != nil {
				t.Fatal(err)
			}
		}
		var b bytes.Buffer
		if _, err := w.WriteTo(&b); err != nil {
			t.Fatal(err)
		}
		order := ""
		for _, h := range open(t, b.Bytes()).Find(full[0], 5).Hits {
			order += fmt.Sprint(h.Clip)
		}
		if order != "120" {
			t.Errorf("clips in the order %s", order)
		}
	})
	t.Run("a nearer copy before one that is further away", func(t *testing.T) {
		further := noisy(full[0], 20)
		further.Whole = full[0].Whole
		found := open(t, file(t, kept(further), all[0])).Find(full[0], 5)
		if len(found.Hits) != 2 || found.Hits[0].Clip != 1 {
			t.Errorf("%+v", found.Hits)
		}
	})
	t.Run("many copies of one clip", func(t *testing.T) {
		same := make([]store.Prints, 2000)
		for i := range same {
			same[i] = all[0]
		}
		found := open(t, file(t, same...)).Find(full[0], 5)
		if len(found.Hits) != 5 || !found.Cut || found.Hits[0].Clip != 0 {
			t.Errorf("%d hits, cut %v", len(found.Hits), found.Cut)
		}
	})
}

// The index finds what a walk over all codes finds.
func TestIndexFindsAll(t *testing.T) {
	r := random(3)
	centre := randomCode(r)
	var all store.Prints
	want := 0
	for i := range 4000 {
		d := i % 41
		all.Windows = append(all.Windows, fingerprint.Window{Start: time.Duration(i) * time.Second, Code: near(centre, d, r)})
		if d <= fingerprint.MaxMatch {
			want++
		}
	}
	all.Low = true
	found := open(t, file(t, all)).Find(store.Prints{Low: true, Windows: []fingerprint.Window{{Code: centre}}}, 1)
	if got := len(found.Hits[0].Parts); got != want {
		t.Errorf("%d windows found, %d are near", got, want)
	}
}

// A search ends with 2^20 windows of the store that match; one less is searched to the end.
func TestTheMatchesOfASearchAreBounded(t *testing.T) {
	for n, ended := range map[int]bool{1<<20 - 1: false, 1 << 20: true} {
		s := open(t, file(t, store.Prints{Low: true, Windows: make([]fingerprint.Window, n)}))
		found := s.Find(store.Prints{Low: true, Windows: make([]fingerprint.Window, 1)}, 1)
		if found.Ended != ended || found.Cut != ended || len(found.Hits) != 1 {
			t.Errorf("%d windows: %d hits, cut %v, ended %v", n, len(found.Hits), found.Cut, found.Ended)
		}
	}
}

// A store whose windows all look alike ends a search, and does not let it grow: 2^27 codes are compared, and no more. The
// first question meets all of them sixteen times, once by each word of a code; others share a word with all of them, and
// the last one shares a word with another.
func TestManyAlike(t *testing.T) {
	const alike, questions = 1 << 16, 1<<11 - 16
	other, far := fingerprint.Code(bytes.Repeat([]byte{0xFF}, 32)), fingerprint.Code(bytes.Repeat([]byte{0x0F}, 32))
	last := far
	copy(far[:], []byte{0, 0})
	copy(last[:], []byte{0xFF, 0xFF})
	s := open(t, file(t, store.Prints{Low: true, Windows: append(make([]fingerprint.Window, alike), fingerprint.Window{Code: other})}))
	q := store.Prints{Low: true, Windows: make([]fingerprint.Window, 1)}
	for range questions {
		q.Windows = append(q.Windows, fingerprint.Window{Start: time.Duration(len(q.Windows)) * slot, Code: far})
	}
	for _, ended := range []bool{false, true} {
		if ended {
			q.Windows = append(q.Windows, fingerprint.Window{Start: time.Duration(len(q.Windows)) * slot, Code: last})
		}
		if found := s.Find(q, 1); found.Cut != ended || found.Ended != ended || len(found.Hits) != 1 {
			t.Errorf("%d questions: %d hits, cut %v, ended %v", len(q.Windows), len(found.Hits), found.Cut, found.Ended)
		}
	}
}

// again gives a changed file its checksum.
func again(b []byte) []byte {
	b = b[:len(b)-4]
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)))
}

func TestCorruptions(t *testing.T) {
	good := file(t, kept(clip(random(4), 4)), store.Prints{Low: true})
	put := func(at int, n uint32) func([]byte) []byte {
		return func(b []byte) []byte {
			binary.LittleEndian.PutUint32(b[at:], n)
			return again(b)
		}
	}
	for name, change := range map[string]func([]byte) []byte{
		"empty":                     func([]byte) []byte { return nil },
		"cut in the header":         func(b []byte) []byte { return b[:20] },
		"cut at its end":            func(b []byte) []byte { return again(b[:len(b)-1]) },
		"a byte more":               func(b []byte) []byte { return again(append(b, 0)) },
		"another magic":             func(b []byte) []byte { b[0] ^= 1; return again(b) },
		"a changed bit":             func(b []byte) []byte { b[40] ^= 1; return b },
		"more clips":                put(16, 3),
		"too many clips":            put(16, store.MaxClips+1),
		"more windows":              put(20, 4),
		"too many windows":          put(20, store.MaxWindows+1),
		"text without end":          put(28, 0xFFFFFFFF),
		"a flag that is not known":  put(32+32, 4),
		"windows of nobody":         put(32+36, 0),
		"windows of others":         put(32+36, 9),
		"text of nobody":            put(32+40, 0),
		"text of others":            put(32+40, 1<<14),
		"a number that has to be 0": put(32+44, 1),
	} {
		t.Run(name, func(t *testing.T) {
			b := change(bytes.Clone(good))
			s, err := store.Open(bytes.NewReader(b), int64(len(b)))
			var syntax *store.SyntaxError
			var limit *store.LimitError
			if strings.HasPrefix(name, "too many") {
				if !errors.As(err, &limit) {
					t.Fatalf("%v", err)
				}
			} else if !errors.As(err, &syntax) {
				t.Fatalf("%v, %v", s, err)
			}
		})
	}
	if _, err := store.Open(bytes.NewReader(good[:100]), int64(len(good))); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a file that became shorter: %v", err)
	}
	text := bytes.Index(good, []byte(`{"path"`))
	good[text] = '['
	if _, err := open(t, again(good)).Clip(0); err == nil {
		t.Error("a description that is no JSON is read")
	}
}

func TestLimits(t *testing.T) {
	var w store.Writer
	for n, ok := range map[int]bool{store.MaxText - 400: true, store.MaxText: false} {
		err := w.Add(&store.Clip{Path: strings.Repeat("x", n)}, store.Prints{Low: true})
		var limit *store.LimitError
		if (err == nil) != ok || err != nil && !errors.As(err, &limit) {
			t.Errorf("a path of %d bytes: %v", n, err)
		}
	}
	windows := make([]fingerprint.Window, store.MaxWindows+1)
	var full store.Writer
	if err := full.Add(&store.Clip{}, store.Prints{Windows: windows}); err == nil {
		t.Error("more windows than a store has are taken")
	}
}

func FuzzOpen(f *testing.F) {
	r := random(5)
	f.Add(file(f))
	f.Add(file(f, store.Prints{Low: true}))
	f.Add(file(f, kept(clip(r, 2))))
	f.Add(file(f, kept(clip(r, 3)), kept(clip(r, 4))))
	f.Add([]byte("consentry.fp\x00\x01\r\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, b := range [][]byte{b, again(append(bytes.Clone(b), 0, 0, 0, 0))} {
			s, err := store.Open(bytes.NewReader(b), int64(len(b)))
			var syntax *store.SyntaxError
			var limit *store.LimitError
			if err != nil {
				if !errors.As(err, &syntax) && !errors.As(err, &limit) {
					t.Fatal(err)
				}
				continue
			}
			// What was read is written again as it was, where its descriptions are ours.
			var w store.Writer
			for i := range s.Len() {
				c, err := s.Clip(i)
				if err != nil {
					return
				}
				if err := w.Add(c, s.Prints(i)); err != nil && !errors.As(err, &limit) {
					t.Fatal(err)
				}
			}
			s.Find(store.Prints{Windows: []fingerprint.Window{{}}}, 3)
		}
	})
}

// library is a store of 100,000 clips of eight seconds, and a copy of one of them in a clip of some seconds.
func library(b *testing.B, seconds int) (*store.Store, store.Prints) {
	r := random(6)
	var w store.Writer
	var some store.Prints
	for i := range 100_000 {
		p := store.Prints{Whole: randomCode(r)}
		for k := range 7 {
			p.Windows = append(p.Windows, fingerprint.Window{Start: time.Duration(k) * time.Second, Code: randomCode(r)})
		}
		if err := w.Add(described(i), p); err != nil {
			b.Fatal(err)
		}
		if i == 77_777 {
			some = p
		}
	}
	var out bytes.Buffer
	if _, err := w.WriteTo(&out); err != nil {
		b.Fatal(err)
	}
	s := open(b, out.Bytes())
	q := store.Prints{Whole: near(some.Whole, 20, r)}
	for i := range seconds*5 - 9 {
		c := randomCode(r)
		if i%5 == 0 && i/5 < 7 {
			c = near(some.Windows[i/5].Code, 20, r)
		}
		q.Windows = append(q.Windows, fingerprint.Window{Start: time.Duration(i) * slot, Code: c})
	}
	return s, q
}

func BenchmarkFind100000(b *testing.B) {
	for _, seconds := range []int{8, 60} {
		b.Run(fmt.Sprintf("%ds", seconds), func(b *testing.B) {
			s, q := library(b, seconds)
			s.Find(q, 10) // makes the index
			b.ReportAllocs()
			for b.Loop() {
				if found := s.Find(q, 10); len(found.Hits) != 1 || found.Hits[0].Clip != 77_777 {
					b.Fatalf("%+v", found)
				}
			}
		})
	}
}

func BenchmarkOpenAndFirstFind100000(b *testing.B) {
	s, q := library(b, 8)
	var w store.Writer
	for i := range s.Len() {
		c, err := s.Clip(i)
		if err != nil {
			b.Fatal(err)
		}
		if err := w.Add(c, s.Prints(i)); err != nil {
			b.Fatal(err)
		}
	}
	var out bytes.Buffer
	if _, err := w.WriteTo(&out); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(out.Len()))
	for b.Loop() {
		if found := open(b, out.Bytes()).Find(q, 10); len(found.Hits) != 1 {
			b.Fatal(found)
		}
	}
}
