package visible_test

import (
	"bytes"
	"flag"
	"fmt"
	"os/exec"
	"slices"
	"strconv"
	"testing"

	"github.com/consentry/consentry/visible"
)

var (
	clips  = flag.Int("clips", 8, "clips without a mark that are looked at, of eight seconds where there are more than eight")
	marked = flag.Int("marked", 0, "ways of each mark, ground and strength that are measured; 0: a few are checked")
	from   = flag.Uint64("from", 1000, "number of the first clip")
	crf    = flag.Int("crf", 0, "encode each clip with x264 at this CRF before it is looked at (needs the program ffmpeg); 0: not")
)

var sizes = [][2]int{{854, 480}, {480, 854}, {640, 480}}

// No clip of ours without a mark looks as if it had one.
func TestClipsWithoutAMarkGiveNoHint(t *testing.T) {
	top := map[string]float64{}
	frames, hints := 0, 0
	for i := range *clips {
		if raced && i > 0 {
			break
		}
		kind, size := kinds[i%len(kinds)], sizes[i/len(kinds)%len(sizes)]
		c := newClip(kind, *from+uint64(i), size[0], size[1])
		var d visible.Detector
		n := 40
		if *clips <= 8 { // a check
			n, size = 13, [2]int{426, 240}
		}
		var pictures [][]byte
		for k := range n {
			pictures = append(pictures, c.picture(k))
		}
		if *crf > 0 {
			pictures = compressed(t, c.w, c.h, pictures)
		}
		for k, pix := range pictures {
			d.Frame(frame(c.w, c.h, k, pix))
			if k%5 == 0 {
				best, _ := d.Best()
				for m, b := range best {
					key := visible.Marks()[m] + " " + kind
					top[key] = max(top[key], b)
				}
			}
		}
		res := d.End()
		frames += res.Frames
		for _, h := range res.Hints {
			hints++
			t.Errorf("clip %d (%s): %s, %.2f in %d pictures at %v", *from+uint64(i), kind, h.Mark, h.Statistic, h.Frames, h.Box)
		}
	}
	t.Logf("%d hints in %d pictures, %.2f hours", hints, frames, float64(frames)/visible.Rate/3600)
	var keys []string
	for k := range top {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		t.Logf("%-20s %.2f", k, top[k])
	}
}

// compressed is what x264 leaves of pictures, five a second, a key frame in front.
func compressed(t *testing.T, w, h int, pictures [][]byte) [][]byte {
	t.Helper()
	raw := []string{"-f", "rawvideo", "-pix_fmt", "gray", "-s", fmt.Sprintf("%dx%d", w, h), "-r", strconv.Itoa(visible.Rate)}
	encoded := piped(t, slices.Concat(pictures...), slices.Concat(raw, []string{"-i", "-", "-c:v", "libx264", "-crf", strconv.Itoa(*crf), "-preset", "fast", "-pix_fmt", "yuv420p", "-f", "matroska", "-"})...)
	decoded := piped(t, encoded, "-i", "-", "-f", "rawvideo", "-pix_fmt", "gray", "-")
	out := slices.Collect(slices.Chunk(decoded, w*h))
	if len(out) != len(pictures) {
		t.Fatalf("%d pictures came back of %d", len(out), len(pictures))
	}
	return out
}

// piped is what the program ffmpeg makes of its input.
func piped(t *testing.T, in []byte, args ...string) []byte {
	t.Helper()
	cmd := exec.Command("ffmpeg", slices.Concat([]string{"-nostdin", "-v", "error", "-threads", "1"}, args)...)
	var out, said bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(in), &out, &said
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %s", err, said.String())
	}
	return out.Bytes()
}

// Marks of own shapes, in the proportions that are looked for and in others, over moving grounds.
func TestMarksOfOwnShapesAreFound(t *testing.T) {
	alphas, grounds, ways := []float64{0.6}, kinds[:1], 1
	if *marked > 0 {
		alphas, grounds, ways = []float64{0.3, 0.5, 0.7, 0.9}, kinds[:4], *marked
	}
	for i, mark := range visible.Marks() {
		if raced && i > 0 {
			break
		}
		for _, alpha := range alphas {
			for g, ground := range grounds {
				found := 0
				for i := range ways {
					size := sizes[i%len(sizes)]
					c := newClip(ground, *from+uint64(100*g+i)+500, size[0], size[1])
					if hinted(c, mark, i, alpha) {
						found++
					}
				}
				t.Logf("%-9s on %-7s alpha %.1f: %d of %d", mark, ground, alpha, found, ways)
				if *marked == 0 && found < ways {
					t.Errorf("%s: %d of %d", mark, found, ways)
				}
			}
		}
	}
}

// hinted says whether a mark is found that is laid over a clip.
func hinted(c *clip, mark string, variant int, alpha float64) bool {
	at, height := place(mark, variant, c.w, c.h)
	w, h, shape := visible.Shape(mark, variant/2, height)
	var pictures [4][]byte
	for k := range pictures {
		pictures[k] = c.picture(k)
		lay(pictures[k], c.w, at, w, h, shape, alpha)
	}
	var d visible.Detector
	for n := range 13 { // back and forth
		d.Frame(frame(c.w, c.h, n, pictures[[6]int{0, 1, 2, 3, 2, 1}[n%6]]))
	}
	return slices.ContainsFunc(d.End().Hints, func(h visible.Hint) bool { return h.Mark == mark })
}

func BenchmarkFrame(b *testing.B) {
	c := newClip("texture", 1, 854, 480)
	pix := c.picture(0)
	var d visible.Detector
	d.Frame(frame(c.w, c.h, 0, pix))
	n := 1
	for b.Loop() {
		d.Frame(frame(c.w, c.h, n, pix))
		n++
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "frames/s")
}
