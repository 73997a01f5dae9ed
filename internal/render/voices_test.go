package render_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/render"
	"github.com/consentry/consentry/report"
)

// The line about voices says what sounds like speech, whether somebody is declared for it, and what was not listened to;
// never whose voice it is, and no name where names are hidden.
func TestPersonsText_voices(t *testing.T) {
	why := "format: no decoder for the codec \x1b[31mac4"
	p := &report.Persons{Status: "analysed", Voices: report.Voices{Status: "partial", Tracks: []report.VoiceTrack{
		{ID: 2, Result: "speech", SpeechMs: 3400, Spans: []report.VoiceSpan{{StartMs: 1500, EndMs: 4900}}},
		{ID: 3, Result: "speech", SpeechMs: 9000, Spans: []report.VoiceSpan{{EndMs: 9000}}, DeclaredBy: []string{"anna"}},
		{ID: 4, Result: "no-speech-found"},
		{ID: 5, Result: "not-analysed", Reason: &why},
	}}}
	p, left, err := (&render.Names{}).Persons(p, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Voices.Tracks[1].DeclaredBy[0]; strings.Contains(got, "anna") {
		t.Errorf("declared by %q", got)
	}
	var b bytes.Buffer
	if err := render.PersonsText(&b, "clip.mp4", p, left, true); err != nil {
		t.Fatal(err)
	}
	_, line, _ := strings.Cut(b.String(), "voices: ")
	line, _, _ = strings.Cut(line, "\n")
	for _, want := range []string{
		"track 2 sounds like speech for 3 s, first at 00:00:01.5, and no voice is declared for it;", "track 3 sounds like speech for 9 s, first at 00:00:00.0;",
		"track 4 no speech found;", "track 5 not listened to (format: no decoder",
	} {
		if !strings.Contains(line, want) {
			t.Errorf("no %q in %q", want, line)
		}
	}
	if strings.ContainsRune(line, '\x1b') {
		t.Errorf("a control character in %q", line)
	}
}

// Nothing is said of voices where nobody listened, where there is no sound, and where the line about faces gives the
// same reason.
func TestPersonsText_noVoices(t *testing.T) {
	why := "no decoder"
	for name, p := range map[string]report.Persons{
		"off":             {Status: "off", Voices: report.Voices{Status: "off"}},
		"no sound":        {Status: "analysed", Voices: report.Voices{Status: "analysed"}},
		"the same reason": {Status: "not-analysed", Reason: &why, Voices: report.Voices{Status: "not-analysed", Reason: &why}},
	} {
		var b bytes.Buffer
		if err := render.PersonsText(&b, "clip.mp4", &p, nil, true); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(b.String(), "voices") {
			t.Errorf("%s: %s", name, b.String())
		}
	}
}
