package consentry_test

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/consentry/consentry"
	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/persons"
	"github.com/consentry/consentry/report"
	"github.com/consentry/consentry/video"
)

// spokenSamples is synthetic speech at 8 kHz.
func spokenSamples(t *testing.T) (out []float32) {
	t.Helper()
	b, err := os.ReadFile("voice/testdata/talk.raw")
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(b); i += 2 {
		out = append(out, (float32(int8(b[i]))+float32(int8(b[i+1])))/256)
	}
	return out
}

// tracksOf has one video track and sound tracks with these numbers.
func tracksOf(sound ...int64) []video.Track {
	out := []video.Track{{ID: 1, Kind: "video", Codec: "h264", Width: 32, Height: 18}}
	for _, id := range sound {
		out = append(out, video.Track{ID: id, Kind: "audio", Codec: "aac"})
	}
	return out
}

// voiced is a person without a face, declared with a voice.
func voiced() forge.Map {
	return forge.Map{{K: "id", V: "p1"}, {K: "kind", V: "synthetic"}, {K: "rendering", V: "replica"}, {K: "modality", V: []any{"voice"}}}
}

// Speech that nobody is declared for can only lower a verdict; a declared voice, silence and files without sound change
// nothing.
func TestVoices(t *testing.T) {
	speech := spokenSamples(t)
	for name, c := range map[string]struct {
		people []forge.Map
		hears  []float32
		want   report.Verdict
		result string
		event  string
	}{
		"speech, and nobody declared":  {nil, speech, report.Warn, "speech", "undeclared_voice"},
		"speech of somebody declared":  {[]forge.Map{voiced()}, speech, report.Pass, "speech", ""},
		"silence, and nobody declared": {nil, nil, report.Pass, "no-speech-found", ""},
	} {
		t.Run(name, func(t *testing.T) {
			for _, profile := range []string{"newsroom", "studio", "ci"} {
				v := looking(t, profile, screening{frames: 5, hears: c.hears}, seer{}.open)
				r := verify(t, v, asset(depicts(c.people...)))
				if r.Verdict != c.want {
					t.Fatalf("%s: %s, want %s: %v", profile, r.Verdict, c.want, r.Reasons)
				}
				voices := r.Persons.Voices
				if voices.Status != persons.StatusAnalysed || len(voices.Tracks) != 1 || voices.Tracks[0].Result != c.result || voices.Tracks[0].ID != 2 {
					t.Fatalf("%+v", voices)
				}
				if got := len(voices.Undeclared) > 0; got != (c.event != "") || got != hasEvent(r, "undeclared_voice") || got != reported(r, "consent.voice.unchecked") {
					t.Errorf("%s: undeclared %v, reasons %v", profile, voices.Undeclared, r.Reasons)
				}
			}
		})
	}
}

func hasEvent(r *report.Report, event string) bool {
	return slices.ContainsFunc(r.Reasons, func(x report.Reason) bool { return x.Event == event })
}

func reported(r *report.Report, code string) bool {
	return slices.ContainsFunc(r.Findings, func(x report.Finding) bool { return x.Code == code })
}

// deaf is a decoder that shows pictures and fails at the sound.
type deaf struct {
	screening
	sound video.Sound
}

func (d deaf) Decode(ctx context.Context, src video.Source, want video.Want, sink video.Sink) (*video.Result, error) {
	asked := want.Audio
	want.Audio = false
	res, err := d.screening.Decode(ctx, src, want, sink)
	if asked && res != nil {
		res.Sound = d.sound
	}
	return res, err
}

// Each way in which the sound could not be listened to, though nobody is declared with a voice: never silence, and never
// a yes.
func TestVoicesNotHeard(t *testing.T) {
	for name, c := range map[string]struct {
		decoder video.Decoder
		reason  string
	}{
		"a codec without a decoder":    {deaf{screening{frames: 5}, video.Sound{Failed: &video.Error{Reason: video.ReasonFormat, Detail: "no decoder for the codec ac4"}}}, "no decoder for the codec ac4"},
		"a stream that breaks":         {deaf{screening{frames: 5}, video.Sound{Broken: &video.Broken{Why: "it has a hole"}}}, "it has a hole"},
		"no sound comes":               {deaf{screening: screening{frames: 5}}, "gives no sound"},
		"a track that it does not see": {screening{frames: 5, tracks: tracksOf()}, "does not see the track"},
		"the decoder dies":             {screening{err: &video.Error{Reason: video.ReasonCrash, Detail: "the child died"}}, "the child died"},
		"no decoder":                   {nil, "no decoder in this build"},
	} {
		t.Run(name, func(t *testing.T) {
			for profile, want := range map[string]report.Verdict{"newsroom": report.Indeterminate, "studio": report.Indeterminate, "ci": report.Fail} {
				v := looking(t, profile, c.decoder, seer{}.open)
				r := verify(t, v, asset(depicts()))
				if r.Verdict != want || !hasEvent(r, "not_analysed") {
					t.Errorf("%s: %s, %v", profile, r.Verdict, r.Reasons)
				}
				said := ""
				for _, n := range r.NotChecked {
					said += n.What + ": " + n.Why + "\n"
				}
				if !strings.Contains(said, c.reason) || !strings.Contains(said, "voices") {
					t.Errorf("%s: not checked:\n%s", profile, said)
				}
				if s := r.Persons.Voices.Status; s == persons.StatusAnalysed || s == "off" {
					t.Errorf("%s: %s", profile, s)
				}
			}
		})
	}
}

// All sound tracks are listened to, up to the limit; the ninth is said not to be.
func TestVoiceTracksAreBounded(t *testing.T) {
	asked := 0
	for n, want := range map[int]string{8: "", 9: "only the first 8 sound tracks"} {
		ids := []int64{}
		for id := range int64(n) {
			ids = append(ids, 2+id)
		}
		asked = 0
		v := looking(t, "newsroom", screening{frames: 5, tracks: tracksOf(ids...), asked: &asked}, seer{}.open)
		r := verify(t, v, asset(depicts()))
		if got := len(r.Persons.Voices.Tracks); got != n || asked != 8 {
			t.Fatalf("%d tracks, %d of them in the report, %d passes", n, got, asked)
		}
		last := r.Persons.Voices.Tracks[n-1]
		if why := last.Reason; (why == nil) != (want == "") || why != nil && !strings.Contains(*why, want) {
			t.Errorf("%d tracks: the last is %+v", n, last)
		}
	}
}

// Nobody listens where nobody looks.
func TestVoicesAreOffWithPersons(t *testing.T) {
	v := looking(t, "newsroom", screening{frames: 5, hears: spokenSamples(t)}, seer{}.open)
	v.Persons = consentry.PersonsOff
	r := verify(t, v, asset(depicts()))
	if r.Persons.Voices.Status != "off" || r.Verdict != report.Pass {
		t.Errorf("%+v: %s", r.Persons.Voices, r.Verdict)
	}
}

// A picture has no sound: nobody is said to have failed to listen to it, whatever the decoder makes of it.
func TestVoicesOfAStillPictureAreNotAsked(t *testing.T) {
	for _, kind := range []string{"jpeg", "png", "webp"} {
		r := forge.Recipe{Carrier: &forge.Carrier{Kind: kind}}
		r.Manifest.Assertions = []forge.Assertion{{Label: forge.ConsentLabel, CBOR: forge.Consent(nil)}}
		got := verify(t, looking(t, "newsroom", nil, seer{}.open), asset(forge.Make(r).Data))
		if s := got.Persons.Voices.Status; s != "off" {
			t.Errorf("%s: voices %s", kind, s)
		}
		for _, n := range got.NotChecked {
			if strings.HasPrefix(n.What, "voices") {
				t.Errorf("%s: %s: %s", kind, n.What, n.Why)
			}
		}
		for _, why := range got.Reasons {
			if strings.Contains(why.Text, "sound") {
				t.Errorf("%s: %s", kind, why.Text)
			}
		}
		// That nobody could look for faces in it stays said, and is no yes.
		if got.Verdict != report.Indeterminate || !hasEvent(got, "not_analysed") {
			t.Errorf("%s: %s, %v", kind, got.Verdict, got.Reasons)
		}
	}
}
