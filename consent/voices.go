package consent

import (
	"fmt"
	"slices"
)

// HasVoice says whether the person is declared with a voice in a sound track, by the container's number of it. Who names
// no tracks speaks of all. Consent format 1, 2 (audio_tracks).
func (p *Person) HasVoice(track string) bool {
	return !p.Work && p.Rendering != "none" && slices.Contains(p.Modality, "voice") &&
		(len(p.AudioTracks) == 0 || slices.Contains(p.AudioTracks, track))
}

// voices holds the sound tracks against the entries: speech that nobody is declared for, and what could not be listened
// to though nobody is declared for it. Consent format 1, 8.
func (j *judge) voices() {
	v := j.facts.Voices
	if v == nil {
		return
	}
	if v.Reason != "" {
		// With no track known, a declared voice that names none stands for whatever there is.
		if !j.declaredVoice("") {
			j.out.Unheard = append(j.out.Unheard, v.Reason)
		}
		return
	}
	for _, t := range v.Tracks {
		switch {
		case j.declaredVoice(t.ID):
		case t.Speech:
			j.out.UndeclaredVoices = append(j.out.UndeclaredVoices, t.ID)
			f := j.find("consent.voice.unchecked", "", "sound track %s sounds like speech at %s–%s, and no voice is declared for it",
				clip(t.ID), timeCode(t.StartMs), timeCode(t.EndMs))
			f.Where = timeCode(t.StartMs)
		case t.Reason != "":
			j.out.Unheard = append(j.out.Unheard, fmt.Sprintf("sound track %s: %s", clip(t.ID), t.Reason))
		}
	}
}

// declaredVoice says whether an entry of any declaration stands for the voice of a track.
func (j *judge) declaredVoice(track string) bool {
	for _, u := range j.units {
		for _, e := range u.people {
			if e.person.HasVoice(track) {
				return true
			}
		}
	}
	return false
}
