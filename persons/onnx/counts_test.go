//go:build cgo && !noonnx && !noffmpeg

package onnx_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/corpustest"
	"github.com/consentry/consentry/persons"
	"github.com/consentry/consentry/persons/network"
	"github.com/consentry/consentry/video"
	"github.com/consentry/consentry/video/ffmpeg"
)

// box is left, top, right, bottom in fractions of the displayed frame.
type box [4]float64

func (a box) overlap(b box) float64 {
	w, h := min(a[2], b[2])-max(a[0], b[0]), min(a[3], b[3])-max(a[1], b[1])
	if w <= 0 || h <= 0 {
		return 0
	}
	return w * h / ((a[2]-a[0])*(a[3]-a[1]) + (b[2]-b[0])*(b[3]-b[1]) - w*h)
}

// truth is what is in a clip.
type truth struct {
	Statue string `json:"gray"` // a face that nobody's is, and that every detector finds
	Tracks []struct {
		Level string       `json:"level"`
		Boxes [][6]float64 `json:"boxes"` // time, left, top, width, height, visible share
	} `json:"tracks"`
}

// at are the boxes of a moment: those that every detector must find, and the hard ones.
func (tr *truth) at(seconds float64) (boxes []box, clear []bool) {
	for _, track := range tr.Tracks {
		for _, b := range track.Boxes {
			if d := b[0] - seconds; d < .004 && d > -.004 {
				boxes, clear = append(boxes, box{b[1], b[2], b[1] + b[3], b[2] + b[4]}), append(clear, track.Level == "clear")
			}
		}
	}
	return boxes, clear
}

// counts is how many boxes there are and how many were found.
type counts struct{ clear, hard, foundClear, foundHard, wrong, statues int }

// add counts the detections of one frame: found is an overlap of at least .4, one detection for each box; wrong is one that
// overlaps no box by more than .15.
func (c *counts) add(tr *truth, seconds float64, found []box) {
	boxes, clear := tr.at(seconds)
	taken := make([]bool, len(boxes))
	for _, is := range clear {
		if is {
			c.clear++
		} else {
			c.hard++
		}
	}
	for _, f := range found {
		best, which, any := .4, -1, 0.
		for i, b := range boxes {
			o := f.overlap(b)
			any = max(any, o)
			if o >= best && !taken[i] {
				best, which = o, i
			}
		}
		switch {
		case which >= 0 && clear[which]:
			taken[which] = true
			c.foundClear++
		case which >= 0:
			taken[which] = true
			c.foundHard++
		case any <= .15 && tr.Statue != "":
			c.statues++
		case any <= .15:
			c.wrong++
		}
	}
}

// reference is what another program found with YuNet at moments of a clip.
type reference struct {
	Clips map[string]struct {
		Samples []struct {
			T     float64      `json:"t"`
			YuNet [][5]float64 `json:"yunet"`
		} `json:"samples"`
	} `json:"clips"`
}

func readJSON(t testing.TB, name string, to any) {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, to); err != nil {
		t.Fatal(err)
	}
}

// The faces that are found in clips with known faces are those that another program with the same networks finds in the
// same frames. CONSENTRY_COUNTS=all looks at all moments of the reference, as scripts/counts.sh does; by default every
// sixth is looked at.
func TestCounts(t *testing.T) {
	every := 6
	if os.Getenv("CONSENTRY_COUNTS") == "all" {
		every = 1
	}
	models, dir := corpustest.Models(t), filepath.Join(corpustest.Dir(t), "persons")
	var ref reference
	readJSON(t, filepath.Join(dir, "reference-detections.json"), &ref)
	lib := library(t)
	center, runCenter := session(t, lib, filepath.Join(models, "centerface.onnx"))
	yunet, runYuNet := session(t, lib, filepath.Join(models, "yunet_n_dynamic.onnx"))
	var ofCenter, ofYuNet, ofReference counts
	for id, clip := range ref.Clips {
		var tr truth
		readJSON(t, filepath.Join(dir, "truth", id+".json"), &tr)
		wanted := map[time.Duration]int{}
		for i, s := range clip.Samples {
			if i%every == 0 {
				wanted[time.Duration(s.T*1000+.5)*time.Millisecond] = i
			}
		}
		shown := 0
		eachFrame(t, filepath.Join(dir, "clips", id+".mp4"), func(at time.Duration, picture func() *persons.Picture) {
			i, ok := wanted[at.Round(time.Millisecond)]
			if !ok {
				return
			}
			shown++
			p, s := picture(), clip.Samples[i]
			ofCenter.add(&tr, s.T, found(t, center, runCenter, p, .3))
			ofYuNet.add(&tr, s.T, found(t, yunet, runYuNet, p, .7))
			var theirs []box
			for _, b := range s.YuNet {
				theirs = append(theirs, box(b[:4]))
			}
			ofReference.add(&tr, s.T, theirs)
		})
		if shown != len(wanted) {
			t.Errorf("%s: %d of %d frames were seen", id, shown, len(wanted))
		}
	}
	t.Logf("CenterFace %+v, YuNet %+v, YuNet of the reference %+v", ofCenter, ofYuNet, ofReference)
	near := func(what string, got, want int) {
		t.Helper()
		if got < want-2 || got > want+2 {
			t.Errorf("%s: %d, and the reference has %d", what, got, want)
		}
	}
	near("YuNet, clear faces", ofYuNet.foundClear, ofReference.foundClear)
	near("YuNet, hard faces", ofYuNet.foundHard, ofReference.foundHard)
	near("YuNet, no faces", ofYuNet.wrong, ofReference.wrong)
	if ofCenter.clear == 0 || ofCenter.foundClear != ofCenter.clear || ofCenter.wrong > 0 {
		t.Errorf("CenterFace finds %d of %d clear faces and %d that are none", ofCenter.foundClear, ofCenter.clear, ofCenter.wrong)
	}
	if every == 1 { // the reference's totals for CenterFace
		near("CenterFace, clear faces", ofCenter.foundClear, 376)
		near("CenterFace, hard faces", ofCenter.foundHard, 141)
		near("CenterFace, statues", ofCenter.statues, 9)
	} else if ofCenter.foundHard*100 < ofCenter.hard*85 {
		t.Errorf("CenterFace finds %d of %d hard faces", ofCenter.foundHard, ofCenter.hard)
	}
}

func found(t testing.TB, n *network.Network, r network.Runner, p *persons.Picture, score float64) (boxes []box) {
	t.Helper()
	var in network.Tensor
	faces, err := n.Detect(r, p, &in)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range faces {
		if f.Score > score {
			boxes = append(boxes, box{f.X, f.Y, f.X + f.W, f.Y + f.H})
		}
	}
	return boxes
}

// eachFrame decodes a clip. The picture is made when it is asked for.
func eachFrame(t testing.TB, file string, do func(at time.Duration, picture func() *persons.Picture)) {
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
	var track video.Track
	_, err = ffmpeg.Decoder{Threads: 2}.Decode(context.Background(), video.Source{Data: f, Size: st.Size(), Format: "mp4"},
		video.Want{Mode: video.AllFrames, Track: -1}, video.Sink{
			Info: func(i *video.Info) error {
				track = i.Tracks[slices.IndexFunc(i.Tracks, func(t video.Track) bool { return t.Kind == "video" })]
				return nil
			},
			Frame: func(v *video.Frame) error {
				do(v.Time, func() *persons.Picture { return upright(rgb(v), track.Rotation) })
				return nil
			},
		})
	if err != nil {
		t.Fatalf("%s: %v", filepath.Base(file), err)
	}
}

// rgb converts a frame of 4:2:0 with 8 bits, the matrix of BT.709 and limited range, which the clips have.
func rgb(f *video.Frame) *persons.Picture {
	p := &persons.Picture{Width: f.Width, Height: f.Height, RGB: make([]byte, 0, 3*f.Width*f.Height)}
	level := func(v float64) byte { return byte(min(max(v+.5, 0), 255)) }
	for y := range f.Height {
		for x := range f.Width {
			l := 255. / 219 * (float64(f.Y.Data[y*f.Y.Stride+x]) - 16)
			b := 255. / 224 * (float64(f.Cb.Data[y>>f.ChromaY*f.Cb.Stride+x>>f.ChromaX]) - 128)
			r := 255. / 224 * (float64(f.Cr.Data[y>>f.ChromaY*f.Cr.Stride+x>>f.ChromaX]) - 128)
			p.RGB = append(p.RGB, level(l+1.5748*r), level(l-.1873*b-.4681*r), level(l+1.8556*b))
		}
	}
	return p
}

// upright turns a picture clockwise.
func upright(p *persons.Picture, degrees int) *persons.Picture {
	for range degrees / 90 {
		q := &persons.Picture{Width: p.Height, Height: p.Width, RGB: make([]byte, len(p.RGB))}
		for y := range p.Height {
			for x := range p.Width {
				copy(q.RGB[3*(x*q.Width+q.Width-1-y):][:3], p.RGB[3*(y*p.Width+x):])
			}
		}
		p = q
	}
	return p
}
