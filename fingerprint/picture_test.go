package fingerprint_test

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/consentry/consentry/fingerprint"
	"github.com/consentry/consentry/video"
)

// mix is the hash of testdata/make.py.
func mix(x uint32) uint32 {
	x = (x ^ x>>16) * 0x7FEB352D
	x = (x ^ x>>15) * 0x846CA68B
	return x ^ x>>16
}

// picture is one of testdata/make.py: blocks of one grey each, with noise on them.
func picture(w, h int, seed uint32) *video.Frame {
	f := &video.Frame{Width: w, Height: h, BitDepth: 8}
	f.Y = video.Plane{Data: make([]byte, w*h), Stride: w, Width: w, Height: h}
	blocks := 3 + seed%5
	for y := range uint32(h) {
		for x := range uint32(w) {
			base := mix(seed*1000003+x*blocks/uint32(w)*7919+y*blocks/uint32(h)*104729) % 200
			f.Y.Data[int(y)*w+int(x)] = byte(base + mix(seed*31+x*65537+y)%56)
		}
	}
	return f
}

// lines are those of a file of testdata, in fields, without the comments.
func lines(t *testing.T, name string) (out [][]string) {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s := bufio.NewScanner(f)
	for s.Scan() {
		if !strings.HasPrefix(s.Text(), "#") {
			out = append(out, strings.Fields(s.Text()))
		}
	}
	if s.Err() != nil || len(out) == 0 {
		t.Fatalf("%s: %d lines, %v", name, len(out), s.Err())
	}
	return out
}

// slot is the time of a sampled picture.
func slot(n int) time.Duration { return time.Duration(n) * time.Second / fingerprint.Rate }

// code is what a video of some pictures gives, one for each slot.
func code(t testing.TB, v *fingerprint.Video, frames ...*video.Frame) *fingerprint.Result {
	t.Helper()
	for i, f := range frames {
		f.Time = slot(i)
		v.Frame(f)
	}
	v.Finish()
	r := v.Result()
	if r == nil {
		t.Fatal("no picture was sampled")
	}
	return r
}
