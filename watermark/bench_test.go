package watermark_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/consentry/consentry/video"
	"github.com/consentry/consentry/watermark"
)

// textured is a picture with structure and noise, as a camera sees it.
func textured(width, height int) *video.Frame {
	random := rand.New(rand.NewPCG(1, 2))
	plane := func(w, h, middle int) video.Plane {
		p := video.Plane{Data: make([]byte, w*h), Stride: w, Width: w, Height: h}
		for i := range p.Data {
			p.Data[i] = byte(middle + (i%w)/16%32 + (i/w)/8%24 + random.IntN(7))
		}
		return p
	}
	return &video.Frame{
		Width: width, Height: height, BitDepth: 8, ChromaX: 1, ChromaY: 1,
		Y: plane(width, height, 90), Cb: plane(width/2, height/2, 100), Cr: plane(width/2, height/2, 110),
	}
}

// One frame of 1080p, all algorithms, conventions, orders and known messages.
func BenchmarkFrame(b *testing.B) {
	f := textured(1920, 1080)
	d := watermark.New(watermark.Options{})
	b.ReportAllocs()
	for n := range b.N {
		f.Time = time.Duration(n) * time.Second / 25
		if err := d.Frame(f); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "frames/s")
}

// The same with dwtDct alone.
func BenchmarkFrameDwtDct(b *testing.B) {
	f := textured(1920, 1080)
	d := watermark.New(watermark.Options{Algorithms: []watermark.Algorithm{watermark.DwtDct}})
	for n := range b.N {
		f.Time = time.Duration(n) * time.Second / 25
		if err := d.Frame(f); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "frames/s")
}

// A minute of 1080p of which only key frames are decoded, one in 250 frames, other geometries included.
func BenchmarkKeyFrames(b *testing.B) {
	f := textured(1920, 1080)
	f.Key = true
	for range b.N {
		d := watermark.New(watermark.Options{})
		for n := range 6 {
			f.Time = time.Duration(n) * 10 * time.Second
			if err := d.Frame(f); err != nil {
				b.Fatal(err)
			}
		}
		d.End(time.Minute)
	}
	b.ReportMetric(1500*float64(b.N)/b.Elapsed().Seconds(), "sourceframes/s")
}
