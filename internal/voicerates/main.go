// Command voicerates measures how often package voice finds speech where there is some, and where there is none, over
// a folder that material.py made: speech in DIR/pos, other sound in DIR/neg, as WAV files with one channel of 16 bits.
// Speech is also mixed with music and noise, and played through changes of rate and level. With -fit it fits the
// weights of the score anew, over one half of the sources, and prints them.
package main

import (
	"encoding/binary"
	"flag"
	"fmt"
	"hash/fnv"
	"io"
	"log"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/consentry/consentry/video"
	"github.com/consentry/consentry/voice"
)

// clip is one piece of sound.
type clip struct {
	name    string
	speech  bool
	rate    int
	samples []float32
}

// kind is the source of a clip: what stands before the first _, and the language or the title.
func (c *clip) kind() string {
	kind, _, _ := strings.Cut(c.name, "_")
	return kind
}

// held says whether the clip is of the half that is not fitted to. The parts of one title or speaker are on one side.
func (c *clip) held() bool {
	parts := strings.Split(strings.TrimPrefix(strings.TrimPrefix(c.name, "between"), "dull"), "_")
	key := strings.Join(parts[:min(2, len(parts))], "_")
	if strings.HasPrefix(key, "short") || strings.HasPrefix(key, "join") || strings.HasPrefix(key, "with") {
		return slices.Contains([]string{"fr", "it"}, parts[1])
	}
	h := fnv.New32a()
	_, _ = io.WriteString(h, key) // a hash takes everything
	return h.Sum32()%2 == 1
}

func main() {
	log.SetFlags(0)
	fit := flag.Bool("fit", false, "fit the weights to one half")
	flag.Parse()
	if flag.NArg() != 1 {
		log.Fatal("voicerates: give one folder, as material.py makes it")
	}
	clips, err := load(flag.Arg(0))
	if err != nil {
		log.Fatal(err)
	}
	clips = append(clips, slices.Concat(mixtures(clips), variants(clips))...)
	if *fit {
		fitted(clips)
		return
	}
	rates(clips)
}

func load(dir string) (out []clip, err error) {
	for folder, speech := range map[string]bool{"pos": true, "neg": false} {
		files, err := filepath.Glob(filepath.Join(dir, folder, "*.wav"))
		if err != nil {
			return nil, err
		}
		for _, name := range files {
			b, err := os.ReadFile(name)
			if err != nil {
				return nil, err
			}
			c := clip{name: strings.TrimSuffix(filepath.Base(name), ".wav"), speech: speech}
			if err := c.read(b); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			out = append(out, c)
		}
	}
	slices.SortFunc(out, func(a, b clip) int { return strings.Compare(a.name, b.name) })
	return out, nil
}

// read takes the samples of a WAV file of 16 bits and one channel.
func (c *clip) read(b []byte) error {
	if len(b) < 44 || string(b[:4]) != "RIFF" || binary.LittleEndian.Uint16(b[22:]) != 1 || binary.LittleEndian.Uint16(b[34:]) != 16 {
		return fmt.Errorf("no WAV file of 16 bits and one channel")
	}
	c.rate = int(binary.LittleEndian.Uint32(b[24:]))
	for at := 12; at+8 <= len(b); {
		size := int(binary.LittleEndian.Uint32(b[at+4:]))
		if string(b[at:at+4]) == "data" {
			for data := b[at+8 : min(at+8+size, len(b))]; len(data) >= 2; data = data[2:] {
				c.samples = append(c.samples, float32(int16(binary.LittleEndian.Uint16(data)))/(1<<15))
			}
		}
		at += 8 + size + size&1
	}
	return nil
}

// mixtures are joined prompts with music and noise behind them, at some ratios of power.
func mixtures(clips []clip) (out []clip) {
	var speech, music []clip
	for _, c := range clips {
		switch {
		case c.kind() == "join":
			speech = append(speech, c)
		case c.kind() == "moh" || c.kind() == "tux":
			music = append(music, c)
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	for _, s := range speech {
		noise := clip{samples: make([]float32, len(s.samples))}
		for i := range noise.samples {
			noise.samples[i] = float32(r.NormFloat64())
		}
		for _, db := range []float64{20, 10, 5, 0} {
			out = append(out, mixed(s, noise, db, "noise"))
			if m := pick(music, s.held(), r); m != nil {
				out = append(out, mixed(s, *m, db, "music"))
			}
		}
	}
	return out
}

// variants are clips as they may also come: between silences, and through something that takes the high sounds away.
func variants(clips []clip) (out []clip) {
	for _, c := range clips {
		if c.speech && c.kind() != "short" {
			still := make([]float32, c.rate*3/2)
			v := c
			v.name, v.samples = "between"+c.name, slices.Concat(still, c.samples, still)
			out = append(out, v)
		}
		v := c
		v.name, v.samples = "dull"+c.name, slices.Clone(c.samples)
		pole := float32(1 - math.Exp(-2*math.Pi*1000/float64(c.rate)))
		a, b := float32(0), float32(0)
		for i, x := range v.samples {
			a += pole * (x - a)
			b += pole * (a - b)
			v.samples[i] = b
		}
		out = append(out, v)
	}
	return out
}

// pick takes a piece of the side that is asked for.
func pick(list []clip, held bool, r *rand.Rand) *clip {
	for range 100 {
		if len(list) == 0 {
			break
		}
		if c := &list[r.IntN(len(list))]; c.held() == held {
			return c
		}
	}
	return nil
}

func power(s []float32) (p float64) {
	for _, v := range s {
		p += float64(v) * float64(v) / float64(max(len(s), 1))
	}
	return max(p, 1e-12)
}

func mixed(s, behind clip, db float64, what string) clip {
	gain := float32(math.Sqrt(power(s.samples) / power(behind.samples) * math.Pow(10, -db/10)))
	c := clip{name: fmt.Sprintf("with%s%02.0f_%s", what, db, strings.TrimPrefix(s.name, "join_")), speech: true, rate: s.rate, samples: slices.Clone(s.samples)}
	for i := range c.samples {
		c.samples[i] += gain * behind.samples[i%len(behind.samples)]
	}
	return c
}

// listen gives the windows of a clip, and what the detector makes of them.
func listen(c *clip) (out []voice.Window, res *voice.Result) {
	d := &voice.Detector{Windows: func(w voice.Window) { out = append(out, w) }}
	for at := 0; at < len(c.samples); at += 1024 {
		part := c.samples[at:min(at+1024, len(c.samples))]
		d.Audio(&video.Audio{
			Time: time.Duration(float64(at) / float64(c.rate) * float64(time.Second)), Rate: c.rate, Samples: len(part), Planes: [][]float32{part},
		})
	}
	return out, d.Finish()
}

// rates prints, by source, in how many clips speech is found and what share of the windows sounds like it.
func rates(clips []clip) {
	type row struct{ clips, found, windows, like int }
	rows := map[string]*row{}
	add := func(name string, found bool, hits, n int) {
		r := rows[name]
		if r == nil {
			r = &row{}
			rows[name] = r
		}
		r.clips, r.windows, r.like = r.clips+1, r.windows+n, r.like+hits
		if found {
			r.found++
		}
	}
	for i := range clips {
		c := &clips[i]
		list, res := listen(c)
		hits := 0
		for _, w := range list {
			if w.Score >= voice.Threshold {
				hits++
			}
		}
		kind := map[bool]string{true: "speech", false: "other"}[c.speech]
		side := map[bool]string{true: "held out", false: "fitted to"}[c.held()]
		add(kind+" "+side, res.Speech(), hits, len(list))
		add(kind+" "+side+" "+c.kind(), res.Speech(), hits, len(list))
	}
	for _, name := range slices.Sorted(keys(rows)) {
		r := rows[name]
		fmt.Printf("%-36s %4d of %4d clips, %5d of %5d windows\n", name, r.found, r.clips, r.like, r.windows)
	}
}

func keys[V any](m map[string]V) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}
