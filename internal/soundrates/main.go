// Command soundrates measures how often a network takes sound for marked: soundrates KIND MODEL LIBRARY FILE…
//
// Each FILE is decoded and its sound is shown to the network as verify --mark-model does, but in this process. It prints
// a line for each folder that files lie in: pieces shown, pieces taken for marked, and the highest scores. Over sound
// without a mark that is how often the network is wrong; over sound that was marked, how often it is right. What is
// measured is named in docs/accuracy.md, and nothing of it is kept in the project.
package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/consentry/consentry/persons/network"
	"github.com/consentry/consentry/persons/onnx"
	"github.com/consentry/consentry/video"
	"github.com/consentry/consentry/video/ffmpeg"
	"github.com/consentry/consentry/watermark/neural"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) < 5 {
		log.Fatal("soundrates KIND MODEL LIBRARY FILE…")
	}
	model, err := os.ReadFile(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	n, err := neural.Recognise(neural.Kind(os.Args[1]), model)
	if err != nil {
		log.Fatal(err)
	}
	if !n.Kind.Sound() {
		log.Fatalf("%s: no network for sound", n.Kind)
	}
	lib, err := onnx.Open(os.Args[3])
	if err != nil {
		log.Fatal(err)
	}
	run, err := lib.Session(model, &network.Network{Input: n.Input, Outputs: []string{n.Output}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s, sha256 %x\n", n.Kind, sha256.Sum256(model))
	groups := map[string]*group{}
	var names []string
	for _, file := range os.Args[4:] {
		g := groups[filepath.Dir(file)]
		if g == nil {
			g = &group{}
			names = append(names, filepath.Dir(file))
			groups[filepath.Dir(file)] = g
		}
		if err := g.measure(neural.NewSound(n, &runner{run, n.Fold, g}), file); err != nil {
			log.Printf("%s: %v", file, err)
		}
	}
	all := &group{}
	for _, name := range names {
		g := groups[name]
		fmt.Printf("%-40s %s\n", name, g)
		all.pieces, all.marked, all.silent, all.scores = all.pieces+g.pieces, all.marked+g.marked, all.silent+g.silent, append(all.scores, g.scores...)
	}
	fmt.Printf("%-40s %s; at most %.4f %%\n", "all", all, 100*neural.AtMost(neural.Measurement{Clean: all.pieces, Marked: all.marked}))
}

// group is what the files of a folder gave.
type group struct {
	pieces, marked, silent int
	scores                 []float32
}

func (g *group) String() string {
	slices.SortFunc(g.scores, func(a, b float32) int { return int(min(max((b-a)*1e6, -1), 1)) })
	var top []string
	for _, at := range []int{0, len(g.scores) / 1000, len(g.scores) / 100, len(g.scores) / 10, len(g.scores) / 2, len(g.scores) - 1} {
		if at >= 0 && at < len(g.scores) {
			top = append(top, fmt.Sprintf("%.3f", g.scores[at]))
		}
	}
	half := 0
	for _, s := range g.scores {
		if s >= 0.5 {
			half++
		}
	}
	return fmt.Sprintf("%d pieces, %d marked (%d from 0.5), %d silent; scores: highest, 99.9, 99, 90, 50, 0 of 100: %s", g.pieces, g.marked, half, g.silent, strings.Join(top, ", "))
}

// measure shows one file's sound to the network.
func (g *group) measure(d *neural.SoundDetector, file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return err
	}
	format := map[string]string{".wav": "wav", ".ogg": "ogg", ".mp3": "mp3", ".flac": "flac", ".m4a": "mp4"}[filepath.Ext(file)]
	sink := video.Sink{Audio: func(a *video.Audio) error { d.Audio(a); return nil }}.WithDefaults()
	if _, err = (ffmpeg.Decoder{}).Decode(context.Background(), video.Source{Data: f, Size: st.Size(), Format: format}, video.Want{Track: -1, Audio: true, AudioTrack: -1}, sink); err != nil {
		return err
	}
	r := d.End()
	g.pieces, g.marked, g.silent = g.pieces+r.Pieces, g.marked+r.Marked, g.silent+r.Silent
	return r.Failed
}

// runner runs the network in this process and notes the scores.
type runner struct {
	run  network.Runner
	fold int
	g    *group
}

func (r *runner) Run(in neural.Tensor) (neural.Tensor, error) {
	out, err := r.run.Run(network.Tensor(in))
	if err != nil {
		return neural.Tensor{}, err
	}
	t := neural.Tensor(out[0])
	if r.fold > 0 {
		if t, err = neural.Fold(t, r.fold); err != nil {
			return t, err
		}
	}
	if len(t.Data) > 0 {
		r.g.scores = append(r.g.scores, t.Data[0])
	}
	return t, nil
}
