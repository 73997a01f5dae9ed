package consentry_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/consentry/consentry"
	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/internal/imwatermark"
	"github.com/consentry/consentry/internal/schematest"
	"github.com/consentry/consentry/report"
	"github.com/consentry/consentry/video"
	"github.com/consentry/consentry/watermark"
)

// showing is a decoder that shows key frames a second apart, and ends as it is told.
type showing struct {
	frames []*video.Frame
	broken *video.Broken
	err    error
}

func (d showing) Decode(_ context.Context, _ video.Source, _ video.Want, sink video.Sink) (*video.Result, error) {
	length := time.Duration(len(d.frames)) * time.Second
	if err := sink.Info(&video.Info{Duration: length, Tracks: []video.Track{{ID: 1, Kind: "video"}}}); err != nil {
		return nil, err
	}
	for i, f := range d.frames {
		g := *f
		g.Index, g.Time, g.Key = int64(i), time.Duration(i)*time.Second, true
		if err := sink.Frame(&g); err != nil {
			return nil, err
		}
	}
	return &video.Result{Frames: int64(len(d.frames)), Key: int64(len(d.frames)), Broken: d.broken}, d.err
}

// painted is a frame of 4:2:0 with the marks of the known messages asked for, by scheme; none: without one.
func painted(schemes ...string) *video.Frame {
	const width, height = 512, 320
	p := imwatermark.Picture{Width: width, Height: height, Pix: make([]byte, 3*width*height)}
	for i := range p.Pix {
		x, y := i/3%width, i/3/width
		p.Pix[i] = byte(70 + 20*(i%3) + x/9 + y/7 + (x*7919+y*104729+i*31)%65521*48271%65521%23)
	}
	for _, m := range watermark.Known() {
		if slices.Contains(schemes, m.Scheme) {
			bits := make([]bool, m.Bits)
			for i := range bits {
				n := i + 8*len(m.Value) - m.Bits
				bits[i] = m.Value[n/8]>>(7-n%8)&1 == 1
			}
			p = imwatermark.Mark(p, imwatermark.Way{Floats: true}, bits, true)
		}
	}
	f := &video.Frame{Width: width, Height: height, BitDepth: 8, ChromaX: 1, ChromaY: 1}
	plane := func(w, h int) video.Plane {
		return video.Plane{Data: make([]byte, w*h), Stride: w, Width: w, Height: h}
	}
	f.Y, f.Cb, f.Cr = plane(width, height), plane(width/2, height/2), plane(width/2, height/2)
	for y := range height / 2 {
		for x := range width / 2 {
			var r, g, b float64
			for _, at := range []int{2*y*width + 2*x, 2*y*width + 2*x + 1, (2*y+1)*width + 2*x, (2*y+1)*width + 2*x + 1} {
				r, g, b = r+float64(p.Pix[3*at])/4, g+float64(p.Pix[3*at+1])/4, b+float64(p.Pix[3*at+2])/4
			}
			luma := 0.299*r + 0.587*g + 0.114*b
			f.Cb.Data[y*width/2+x] = byte(128.5 + 224.0/255*(b-luma)/1.772)
			f.Cr.Data[y*width/2+x] = byte(128.5 + 224.0/255*(r-luma)/1.402)
		}
	}
	for i := range f.Y.Data {
		f.Y.Data[i] = 120
	}
	return f
}

// TestMarksInTheReport is long because each case stands beside what it expects.
func TestMarksInTheReport(t *testing.T) {
	plain, err := os.ReadFile(filepath.Join("video", "ffmpeg", "testdata", "h264.mp4"))
	if err != nil {
		t.Fatal(err)
	}
	recorded := forge.Make(forge.Recipe{Manifest: forge.Manifest{Actions: []forge.Action{{Name: "c2pa.created", Source: "digitalCapture"}}}}).Data
	none, svd, flux := painted(), painted("sdxl-svd-48"), painted("flux-46")
	for _, c := range []struct {
		name            string
		data            []byte
		decoder         showing
		state, reason   string
		found           int
		origin, basis   string
		codes, notCodes []string
	}{
		{
			"no mark", plain,
			showing{frames: []*video.Frame{none, none}},
			"analysed", "dwtDct, dwtDctSvd on 2 key frames", 0, "unknown", "none", nil,
			[]string{"watermark.found"},
		},
		{
			"a mark makes a picture generated", plain,
			showing{frames: []*video.Frame{svd, svd}},
			"analysed", "dwtDct, dwtDctSvd on 2 key frames", 1, "generated", "mark",
			[]string{"watermark.found"},
			[]string{"watermark.partial", "watermark.clash"},
		},
		{
			"a mark in a part", plain,
			showing{frames: []*video.Frame{none, none, svd}},
			"analysed", "on 3 key frames", 1, "generated", "mark",
			[]string{"watermark.found", "watermark.partial"},
			[]string{"watermark.severalProducers"},
		},
		{
			"two producers", plain,
			showing{frames: []*video.Frame{flux, svd}},
			"analysed", "on 2 key frames", 2, "generated", "mark",
			[]string{"watermark.found", "watermark.severalProducers", "watermark.partial"},
			[]string{"watermark.clash"},
		},
		{
			"a declared recording", recorded,
			showing{frames: []*video.Frame{svd}},
			"analysed", "on 1 key frame", 1, "contradicted", "mark",
			[]string{"watermark.found", "watermark.clash"},
			[]string{"watermark.severalProducers"},
		},
		{
			"a broken stream", plain,
			showing{frames: []*video.Frame{none}, broken: &video.Broken{Time: 3200 * time.Millisecond, Why: "no more"}},
			"partial", "dwtDct, dwtDctSvd on 1 key frame; the stream breaks near 00:00:03.2", 0, "unknown", "none", nil,
			[]string{"watermark.found"},
		},
		{
			"a decoder that gave up before a mark", plain,
			showing{frames: []*video.Frame{none}, err: &video.Error{Reason: video.ReasonCrash}},
			"not-analysed", "crash", 0, "unknown", "none", nil,
			[]string{"watermark.found"},
		},
		{
			"a decoder that gave up after a mark", plain,
			showing{frames: []*video.Frame{svd}, err: &video.Error{Reason: video.ReasonCrash}},
			"partial", "dwtDct, dwtDctSvd on 1 key frame; not analysed: crash", 1, "generated", "mark",
			[]string{"watermark.found"},
			nil,
		},
		{
			"no picture", plain,
			showing{},
			"analysed", "dwtDct, dwtDctSvd: there is no picture to look at", 0, "unknown", "none", nil,
			[]string{"watermark.found"},
		},
		{
			"no colour", plain,
			showing{frames: []*video.Frame{{Width: 512, Height: 320, BitDepth: 8, Y: none.Y}}},
			"analysed", "dwtDct, dwtDctSvd: 1 frame without colour or too small to carry a mark", 0, "unknown", "none", nil,
			[]string{"watermark.found"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := trusting(t)
			v.Frames, v.Decoder = video.KeyFrames, c.decoder
			r := verify(t, v, asset(c.data))
			w := r.Watermarks
			if w.State != c.state || w.Reason == nil || !strings.HasSuffix(*w.Reason, c.reason) || len(w.Found) != c.found {
				t.Errorf("%s, %v, %+v", w.State, *w.Reason, w.Found)
			}
			if r.Origin.State != c.origin || r.Origin.Basis != c.basis {
				t.Errorf("origin %+v", r.Origin)
			}
			for _, m := range w.Found {
				if m.Scheme == "" || m.Statistic < m.Threshold || m.FalsePositiveBound > 1e-6 || m.Tries == 0 || len(m.SpansMs) == 0 {
					t.Errorf("%+v", m)
				}
			}
			for _, code := range c.codes {
				if !report.Has(r.Findings, code) {
					t.Errorf("no %s", code)
				}
			}
			for _, code := range c.notCodes {
				if report.Has(r.Findings, code) {
					t.Errorf("%s: %+v", code, r.Findings)
				}
			}
			doc, err := json.Marshal(r)
			if err != nil {
				t.Fatal(err)
			}
			if err := schematest.Check(schematest.Report, doc); err != nil {
				t.Error(err)
			}
		})
	}
}

// A mark in a part of a clip has its time span, in the list and in the finding.
func TestMarkSpans(t *testing.T) {
	plain, err := os.ReadFile(filepath.Join("video", "ffmpeg", "testdata", "h264.mp4"))
	if err != nil {
		t.Fatal(err)
	}
	none, svd := painted(), painted("sdxl-svd-48")
	r := verify(t, &consentry.Verifier{Frames: video.KeyFrames, Decoder: showing{frames: []*video.Frame{none, svd, svd, none}}}, asset(plain))
	if len(r.Watermarks.Found) != 1 || !slices.Equal(r.Watermarks.Found[0].SpansMs, [][2]int64{{1000, 3000}}) {
		t.Fatalf("%+v", r.Watermarks.Found)
	}
	for _, f := range r.Findings {
		if f.Code == "watermark.partial" && f.Where != "00:00:01.0–00:00:03.0" {
			t.Errorf("where %q", f.Where)
		}
	}
}

// A message of the user's own is looked for where it is named.
func TestOwnMark(t *testing.T) {
	plain, err := os.ReadFile(filepath.Join("video", "ffmpeg", "testdata", "h264.mp4"))
	if err != nil {
		t.Fatal(err)
	}
	own := watermark.Known()[1]
	f := painted(own.Scheme)
	m, err := watermark.ParseMessage("dwtDct:46:" + own.Hex())
	if err != nil {
		t.Fatal(err)
	}
	r := verify(t, &consentry.Verifier{Frames: video.KeyFrames, Decoder: showing{frames: []*video.Frame{f}}, Messages: []watermark.Message{m}}, asset(plain))
	if len(r.Watermarks.Found) != 1 || r.Watermarks.Found[0].Message != own.Hex() {
		t.Errorf("named and known: %+v", r.Watermarks.Found)
	}
}

// Without decoding nobody looks, and the report says so.
func TestFramesOff(t *testing.T) {
	plain, err := os.ReadFile(filepath.Join("video", "ffmpeg", "testdata", "h264.mp4"))
	if err != nil {
		t.Fatal(err)
	}
	r := verify(t, &consentry.Verifier{Frames: video.InfoOnly, Decoder: showing{err: errors.New("asked")}}, asset(plain))
	if r.Watermarks.State != "off" || r.Origin.State != "unknown" {
		t.Errorf("%+v", r.Watermarks)
	}
}
