package accuracy_test

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"math"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/consentry/consentry/internal/accuracy"
	"github.com/consentry/consentry/internal/imwatermark"
	"github.com/consentry/consentry/watermark"
)

var (
	encodes = flag.Int("encodes", 50, "unmarked encodes that are looked at")
	scenes  = flag.Int("scenes", 0, "scenes whose marked encodes are measured; 0: a few are checked")
)

// lab is skipped where there is no program to encode with, unless everything is required.
func lab(t *testing.T) *accuracy.Lab {
	t.Helper()
	l, err := accuracy.NewLab()
	if err != nil {
		if os.Getenv("CONSENTRY_REQUIRE_CORPUS") == "1" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	return l
}

// each looks at encodes on all cores.
func each(t *testing.T, list []accuracy.Encode, see func(accuracy.Encode, *watermark.Result)) {
	t.Helper()
	l := lab(t)
	var mu sync.Mutex
	var wg sync.WaitGroup
	next := make(chan accuracy.Encode)
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for e := range next {
				res, err := l.Look(context.Background(), e)
				mu.Lock()
				if err != nil {
					t.Error(err)
				} else {
					see(e, res)
				}
				mu.Unlock()
			}
		})
	}
	for _, e := range list {
		next <- e
	}
	close(next)
	wg.Wait()
}

// No unmarked encode may have a mark. The whole run looks at 1,000 and more.
func TestUnmarkedEncodes(t *testing.T) {
	kinds := []struct {
		codec   string
		quality int
	}{{"quick", 18}, {"quick", 23}, {"quick", 28}, {"mpeg4", 4}, {"mjpeg", 3}, {"quick", 34}, {"mpeg4", 9}, {"mjpeg", 8}}
	sizes := [][2]int{{256, 256}, {384, 256}, {320, 240}, {512, 288}, {426, 240}, {256, 384}}
	var list []accuracy.Encode
	for i := range *encodes {
		k, s := kinds[i%len(kinds)], sizes[i/len(kinds)%len(sizes)]
		list = append(list, accuracy.Encode{Scene: uint64(1000 + i/len(kinds)), Width: s[0], Height: s[1], Frames: 4, Codec: k.codec, Quality: k.quality})
	}
	found, weak := 0, 0
	each(t, list, func(e accuracy.Encode, res *watermark.Result) {
		if len(res.Found) > 0 {
			t.Errorf("FALSE mark in %+v: %+v", e, res.Found)
			found++
		}
		weak += len(res.Weak)
	})
	_, high := accuracy.Interval(found, len(list))
	t.Logf("unmarked: %d encodes, %d with a mark, %d weak; false rate at most %.2g at 95 %%", len(list), found, weak, high)
}

var marks = []accuracy.Mark{
	{Name: "dwtDct-floats", Way: imwatermark.Way{Floats: true}, Message: watermark.Known()[0]},
	{Name: "dwtDct-bytes", Way: imwatermark.Way{}, Message: watermark.Known()[0]},
	{Name: "dwtDctSvd", Way: imwatermark.Way{Svd: true}, Message: watermark.Known()[0]},
}

// setting is a row of the table.
type setting struct {
	codec   string
	quality int
}

// TestDetection measures how often marks are found, by codec and quality. The part that every test run does checks that
// lightly compressed marks are all found.
func TestDetection(t *testing.T) {
	settings, n, size, frames := []setting{{"quick", 12}}, 2, [2]int{512, 288}, 2
	if *scenes > 0 {
		n, size, frames = *scenes, [2]int{1024, 576}, 25
		settings = []setting{{"x264", 18}, {"x264", 20}, {"x264", 23}, {"x264", 28}, {"x265", 23}, {"vp9", 31}, {"mpeg4", 4}}
	}
	var list []accuracy.Encode
	for s := range n {
		for _, k := range settings {
			for i := range marks {
				list = append(list, accuracy.Encode{Scene: uint64(1 + s), Width: size[0], Height: size[1], Frames: frames, Codec: k.codec, Quality: k.quality, Mark: &marks[i]})
			}
		}
	}
	seen, misnamed := map[string]int{}, 0
	each(t, list, func(e accuracy.Encode, res *watermark.Result) {
		key := fmt.Sprintf("%s %d %s", e.Codec, e.Quality, e.Mark.Name)
		hit := 0
		for _, f := range res.Found {
			want := watermark.DwtDct
			if e.Mark.Way.Svd {
				want = watermark.DwtDctSvd
			}
			if f.Message != e.Mark.Message.Hex() {
				t.Errorf("FALSE mark in %s of scene %d: %+v", key, e.Scene, f)
				continue
			}
			if f.Algorithm != want { // what was written is read, as the other algorithm's
				misnamed++
				t.Logf("%s of scene %d is read as %s", key, e.Scene, f.Algorithm)
			}
			hit = 1
		}
		seen[key] += hit
	})
	// One in twenty is the most that the rule which tells the algorithms apart may get wrong.
	if misnamed > len(list)/20 {
		t.Errorf("%d of %d marks are read as the other algorithm's", misnamed, len(list))
	}
	if *scenes == 0 {
		for _, m := range marks {
			if got := seen["quick 12 "+m.Name]; got != n {
				t.Errorf("%s: %d of %d found", m.Name, got, n)
			}
		}
		return
	}
	keys := make([]string, 0, len(seen))
	for k := range seen {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, cmp.Compare[string])
	for _, k := range keys {
		low, high := accuracy.Interval(seen[k], n)
		t.Logf("| %s | %d of %d | %.0f–%.0f %% |", strings.ReplaceAll(k, " ", " | "), seen[k], n, 100*low, 100*high)
	}
}

// The intervals are those of published tables.
func TestInterval(t *testing.T) {
	for _, c := range []struct {
		k, n      int
		low, high float64
	}{{0, 10, 0, 0.3085}, {10, 10, 0.6915, 1}, {6, 6, 0.5407, 1}, {5, 10, 0.1871, 0.8129}, {0, 1000, 0, 0.0037}} {
		low, high := accuracy.Interval(c.k, c.n)
		if math.Abs(low-c.low) > 1e-4 || math.Abs(high-c.high) > 1e-4 {
			t.Errorf("%d of %d: %.4f–%.4f", c.k, c.n, low, high)
		}
	}
}
