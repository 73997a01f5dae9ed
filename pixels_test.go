package consentry_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/internal/schematest"
	"github.com/consentry/consentry/report"
	"github.com/consentry/consentry/video"
)

// seeing is a decoder that gives one frame and was held by what it says.
type seeing struct {
	tracks []video.Track
	held   video.Confinement
}

func (d seeing) Decode(_ context.Context, _ video.Source, _ video.Want, sink video.Sink) (*video.Result, error) {
	if err := sink.Info(&video.Info{Tracks: d.tracks, Confinement: d.held}); err != nil {
		return nil, err
	}
	return &video.Result{Frames: 1, Key: 1}, nil
}

// The entries of an edit list are those of our own walk, whether a decoder is there or not, and the report says in what
// the decoder was held.
func TestEditListsAndConfinement(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("video", "ffmpeg", "testdata", "h264.mp4"))
	if err != nil {
		t.Fatal(err)
	}
	for name, d := range map[string]video.Decoder{
		"no decoder": nil,
		"decoder": seeing{
			tracks: []video.Track{{ID: 1, Kind: "video", Codec: "h264", Width: 96, Height: 64}, {Index: 1, ID: 2, Kind: "audio", Codec: "aac"}},
			held:   video.Confinement{Process: true, Network: true, Syscalls: true, Missing: []string{"landlock: not in this kernel"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			v := trusting(t)
			v.Frames, v.Decoder = video.KeyFrames, d
			r := verify(t, v, asset(data))
			if len(r.Asset.Tracks) != 2 {
				t.Fatalf("%+v", r.Asset.Tracks)
			}
			// The picture begins two frames of 1/25 s into its media, where the decoder's order ends.
			if e := r.Asset.Tracks[0].Edits; len(e) != 1 || e[0].DurationMs != 800 || e[0].MediaMs == nil || *e[0].MediaMs != 80 || e[0].Rate != 1 {
				t.Errorf("picture: %+v", e)
			}
			// The sound begins behind the 1,024 samples of the encoder's delay.
			if e := r.Asset.Tracks[1].Edits; len(e) != 1 || e[0].DurationMs != 400 || e[0].MediaMs == nil || *e[0].MediaMs != 21 {
				t.Errorf("sound: %+v", e)
			}
			if (r.Decoded != nil) != (d != nil) {
				t.Errorf("decoded: %+v", r.Decoded)
			}
			if c := r.Decoded; c != nil {
				h := c.Confinement
				if !h.Process || !h.Network || h.Files || !h.Syscalls || len(h.Missing) != 1 {
					t.Errorf("confinement: %+v", h)
				}
			}
			doc, err := json.Marshal(r)
			if err != nil {
				t.Fatal(err)
			}
			if err := schematest.Check(schematest.Report, doc); err != nil {
				t.Error(err)
			}
			var back struct{ Decoded *report.Decoded }
			if err := json.Unmarshal(doc, &back); err != nil || (back.Decoded != nil && back.Decoded.Confinement.Missing == nil) {
				t.Errorf("%v, %+v", err, back.Decoded)
			}
		})
	}
}

// The decoder must see the tracks that the container's own index has, no more and no fewer: what it shows would not be
// what was bound.
func TestTracksThatOneSideAloneSees(t *testing.T) {
	picture, sound, third := video.Track{ID: 1, Kind: "video"}, video.Track{Index: 1, ID: 2, Kind: "audio"}, video.Track{Index: 2, ID: 7, Kind: "video"}
	data, err := os.ReadFile(filepath.Join("video", "ffmpeg", "testdata", "h264.mp4"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		sees []video.Track
		said []string
	}{
		{[]video.Track{picture, sound}, nil},
		{[]video.Track{picture, sound, third}, []string{"the decoder sees a track 7 (video) that the container's own index does not have"}},
		{[]video.Track{picture}, []string{"the container's index has a track 2 that the decoder does not see"}},
		{[]video.Track{picture, third}, []string{"the decoder sees a track 7 (video) that the container's own index does not have", "the container's index has a track 2 that the decoder does not see"}},
	} {
		v := trusting(t)
		v.Frames, v.Decoder = video.KeyFrames, seeing{tracks: c.sees}
		var said []string
		for _, f := range verify(t, v, asset(data)).Findings {
			if f.Code == "asset.trackMismatch" {
				said = append(said, f.Explanation)
			}
		}
		if !slices.Equal(said, c.said) {
			t.Errorf("%d tracks: said %q, want %q", len(c.sees), said, c.said)
		}
	}
}

// An edit list that hides media is told wherever it stands; where nothing binds it, the content is bound in part.
func TestEditListsThatHideMedia(t *testing.T) {
	hides := func(ms int) forge.Container { return forge.Container{LargeMdat: true, Hide: ms} }
	edts := forge.Exclusion{XPath: "/moov/trak/edts"}
	for name, c := range map[string]struct {
		recipe forge.Recipe
		told   bool
		state  string
		says   string // of what is partial
	}{
		"a delay":                     {forge.Recipe{Container: hides(200)}, false, "intact", ""},
		"signed with the media":       {forge.Recipe{Container: hides(300)}, true, "intact", ""},
		"signed beside blocks":        {forge.Recipe{Container: hides(300), Merkle: &forge.Merkle{Block: 100}}, true, "intact", ""},
		"left out of the hash":        {forge.Recipe{Container: hides(300), Exclude: append(forge.Usual(), edts)}, true, "partial", "the edit list of track 1, which hides part of the media, is not bound"},
		"a delay that is left out":    {forge.Recipe{Container: hides(200), Exclude: append(forge.Usual(), edts)}, false, "partial", "left out of the content hash: /moov[1]/trak[1]/edts[1]"},
		"blocks of the media alone":   {forge.Recipe{Container: hides(300), Merkle: &forge.Merkle{Block: 100, Only: true}}, true, "partial", "the edit list of track 1"},
		"no list, and the media only": {forge.Recipe{Container: hides(0), Merkle: &forge.Merkle{Block: 100, Only: true}}, false, "partial", "only media data are bound"},
	} {
		t.Run(name, func(t *testing.T) {
			r := verify(t, trusting(t), asset(forge.Make(c.recipe).Data))
			hidden, partial := false, ""
			for _, f := range r.Findings {
				hidden = hidden || f.Code == "asset.hiddenMedia"
				if f.Code == "asset.partiallyBound" {
					partial += f.Explanation + "; "
				}
			}
			missing := slices.ContainsFunc(r.NotChecked, func(n report.NotChecked) bool { return n.What == "hidden media" })
			if hidden != c.told || missing != c.told || r.Provenance.Integrity.State != c.state || !strings.Contains(partial, c.says) {
				t.Errorf("told %v, %v; %s; %q", hidden, missing, r.Provenance.Integrity.State, partial)
			}
		})
	}
}
