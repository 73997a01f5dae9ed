package render_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/render"
	"github.com/consentry/consentry/internal/schematest"
	"github.com/consentry/consentry/report"
)

// The line about the picture says what was decoded, and where the decoder was held by less than it should be.
func TestText_picture(t *testing.T) {
	held := report.Confinement{Process: true, Network: true, Files: true, Syscalls: true, Missing: []string{}}
	for _, c := range []struct {
		decoded *report.Decoded
		want    string
	}{
		{&report.Decoded{Frames: 12, KeyFrames: 12, Confinement: held}, "  picture     decoded          12 key frames of h264 1280x720\n"},
		{&report.Decoded{Frames: 1, KeyFrames: 1, All: true, Confinement: held}, "  picture     decoded          1 frame of h264 1280x720\n"},
		{&report.Decoded{Frames: 2, Confinement: report.Confinement{Process: true, Missing: []string{"landlock: not in this kernel"}}}, "1280x720; the decoder was not confined in full\n"},
		{&report.Decoded{Frames: 2, Confinement: report.Confinement{Missing: []string{}}}, "1280x720; the decoder was not confined\n"},
		{nil, ""},
	} {
		r := blank("clip.mp4")
		r.Decoded = c.decoded
		r.Asset.Tracks = []report.Track{
			{ID: 2, Kind: "audio", Codec: "aac"},
			{ID: 1, Kind: "video", Codec: "h264", Width: 1280, Height: 720, Edits: []report.Edit{{DurationMs: 40, Rate: 1}, {MediaMs: ptr(int64(80)), Rate: -0.5}}},
		}
		var text, doc bytes.Buffer
		if err := render.Text(&text, r, render.Options{}); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(text.String(), c.want) || strings.Contains(text.String(), "  picture ") != (c.decoded != nil) {
			t.Errorf("want %q in\n%s", c.want, text.String())
		}
		if err := render.JSON(&doc, r); err != nil {
			t.Fatal(err)
		}
		if err := schematest.Check(schematest.Report, doc.Bytes()); err != nil {
			t.Error(err)
		}
	}
}

func TestInspection_tracks(t *testing.T) {
	in := render.NewInspection("clip.mp4", 0, nil, nil)
	in.Tracks = []render.InspectedTrack{{ID: 1, Handler: "vide", Codec: "avc1", Edits: []render.InspectedEdit{
		{DurationMs: 500, Rate: 1}, {DurationMs: 1000, MediaMs: ptr(int64(40)), Rate: 1}, {MediaMs: ptr(int64(0)), Rate: 1}, {DurationMs: 20, MediaMs: ptr(int64(0)), Rate: 0.5},
	}}, {ID: 2, Handler: "soun", Codec: "mp4a\x1b"}}
	var b bytes.Buffer
	if err := in.Text(&b, render.Options{}); err != nil {
		t.Fatal(err)
	}
	want := `
tracks
  track 1: vide, avc1
    edit: nothing for 0.500 s
    edit: from 0.040 s of the media for 1.000 s
    edit: from 0.000 s of the media to the end
    edit: from 0.000 s of the media for 0.020 s at 0.5 times the speed
  track 2: soun, mp4a`
	if !strings.Contains(b.String(), want) {
		t.Errorf("want %s in\n%s", want, b.String())
	}
	for _, line := range strings.Split(b.String(), "\n") {
		checkQuiet(t, line)
	}
}

// TestInspection_content: what a hash leaves out has a name only where it is a part of the file.
func TestInspection_content(t *testing.T) {
	other := "dd"
	for _, c := range []struct {
		name    string
		content render.InspectedContent
		want    []string
	}{
		{"a range without a name", render.InspectedContent{Binding: "c2pa.hash.data", State: "intact", Bound: 10, Algs: []string{"sha256"}, Excluded: []render.InspectedExclusion{{Offset: 5, Length: 3, Rule: "bytes 5+3", Expected: true}}}, []string{"c2pa.hash.data: intact, 10 bytes bound by sha256\n", "leaves out bytes 5 to 7\n"}},
		{"a box", render.InspectedContent{Binding: "c2pa.hash.bmff.v3", State: "intact", Bound: 10, Algs: []string{"sha256"}, Excluded: []render.InspectedExclusion{{Offset: 5, Length: 3, Path: "/free[1]", Rule: `"/free"`}}}, []string{"leaves out /free[1], bytes 5 to 7, by \"/free\"; the specification does not ask for it\n"}},
		{"part by part", render.InspectedContent{
			Binding: "c2pa.hash.bmff.v3", State: "altered", Bound: 30, Algs: []string{"sha256"},
			Rows: []render.InspectedRow{{0, 8, "/free[1]", false, false, `"/free"`, ""}, {8, 20, "/moov[1]", true, true, "", "file"}, {28, 10, "/mdat[1]", true, false, "", "leaves"}, {38, 2, "", true, false, "", "file"}},
			Digests: []render.InspectedDigest{
				{"leaf 0 of /mdat[1]", "sha256", "aa", nil, true},
				{"leaf 1 of /mdat[1]", "sha256", "ab", nil, false},
				{"file", "sha256", "bb", &other, false},
				{"file", "sha384", "cc", &other, true},
			},
		}, []string{
			"             0            8  /free[1]: left out by \"/free\"\n",
			"             8           20  /moov[1]: its offset, then its bytes, into: file\n",
			"            28           10  /mdat[1]: its bytes into: leaves\n",
			"            38            2  bytes: its bytes into: file\n",
			"digest of leaf 0 of /mdat[1], sha256: it leads to what the assertion has\n    aa\n",
			"digest of leaf 1 of /mdat[1], sha256: it does not lead to what the assertion has\n    ab\n",
			"digest of file, sha256: the assertion has dd\n    bb\n",
			"digest of file, sha384: as the assertion has it\n    cc\n",
		}},
		{"a hash that could not be tried", render.InspectedContent{Binding: "c2pa.hash.bmff.v3", State: "not-bound"}, []string{"c2pa.hash.bmff.v3: not bound, nothing was hashed\n"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var b strings.Builder
			if err := (&render.Inspection{Content: &c.content}).Text(&b, render.Options{}); err != nil {
				t.Fatal(err)
			}
			for _, want := range c.want {
				if !strings.Contains(b.String(), want) {
					t.Errorf("no %q in\n%s", want, b.String())
				}
			}
		})
	}
}
