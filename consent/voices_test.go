package consent_test

import (
	"slices"
	"testing"

	"github.com/consentry/consentry/consent"
)

// Speech that nobody is declared for is told with its time; a declared voice stands for the tracks that it names, or for
// all; what could not be listened to counts only where nobody is declared for it.
func TestJudge_voices(t *testing.T) {
	speech := []consent.VoiceTrack{{ID: "2", Speech: true, StartMs: 3200, EndMs: 67900}}
	mute := []consent.VoiceTrack{{ID: "2", Reason: "no decoder"}}
	for name, c := range map[string]struct {
		person     string // members after the modality
		voices     consent.Voices
		undeclared []string
		unheard    []string
	}{
		"speech, and no voice declared":          {`["face"]`, consent.Voices{Tracks: speech}, []string{"2"}, nil},
		"speech of somebody declared":            {`["face","voice"]`, consent.Voices{Tracks: speech}, nil, nil},
		"declared for this track":                {`["voice"],"audio_tracks":["1","2"]`, consent.Voices{Tracks: speech}, nil, nil},
		"declared for another track":             {`["voice"],"audio_tracks":["1"]`, consent.Voices{Tracks: speech}, []string{"2"}, nil},
		"no speech":                              {`["face"]`, consent.Voices{Tracks: []consent.VoiceTrack{{ID: "2"}}}, nil, nil},
		"not heard":                              {`["face"]`, consent.Voices{Tracks: mute}, nil, []string{"sound track 2: no decoder"}},
		"not heard, and somebody declared":       {`["voice"]`, consent.Voices{Tracks: mute}, nil, nil},
		"speech before it broke":                 {`["face"]`, consent.Voices{Tracks: []consent.VoiceTrack{{ID: "2", Speech: true, Reason: "it breaks"}}}, []string{"2"}, nil},
		"nothing heard at all":                   {`["face"]`, consent.Voices{Reason: "no decoder"}, nil, []string{"no decoder"}},
		"nothing heard, and a voice for all":     {`["voice"]`, consent.Voices{Reason: "no decoder"}, nil, nil},
		"nothing heard, and a voice for track 1": {`["voice"],"audio_tracks":["1"]`, consent.Voices{Reason: "no decoder"}, nil, []string{"no decoder"}},
	} {
		t.Run(name, func(t *testing.T) {
			person := `{"id":"p1","kind":"synthetic","rendering":"replica","modality":` + c.person + `}`
			f := &consent.Facts{
				Manifest:  consent.Manifest{Label: "active", State: consent.ManifestTrusted},
				Assertion: declaring(person), Voices: &c.voices,
			}
			j := consent.Judge(f, nil, consent.Terms{})
			if len(j.People) != 1 || !slices.Equal(j.UndeclaredVoices, c.undeclared) || !slices.Equal(j.Unheard, c.unheard) {
				t.Errorf("undeclared %v, unheard %v; findings %v", j.UndeclaredVoices, j.Unheard, j.Findings)
			}
			told := false
			for _, x := range j.Findings {
				if x.Code == "consent.voice.unchecked" {
					told = true
					if x.Where != "00:00:03.2" && c.voices.Tracks[0].StartMs != 0 {
						t.Errorf("told of %q", x.Where)
					}
				}
			}
			if told != (len(c.undeclared) > 0) {
				t.Errorf("told: %v", told)
			}
		})
	}
}
