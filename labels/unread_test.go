package labels_test

import (
	"strings"
	"testing"

	"github.com/consentry/consentry/labels"
	"github.com/consentry/consentry/report"
)

// TestTagsOfTheDecoderAreHeldAgainstWhatWasRead: only what looks like a label, and only where none of its kind was read.
func TestTagsOfTheDecoderAreHeldAgainstWhatWasRead(t *testing.T) {
	read := func(kinds ...string) *labels.Result {
		r := &labels.Result{}
		for _, k := range kinds {
			r.Labels = append(r.Labels, report.Label{Kind: k})
		}
		return r
	}
	broken := &labels.Result{Findings: []report.Finding{report.New("label.malformed", "", "")}}
	for _, c := range []struct {
		name, text string
		read       *labels.Result
		want       string
	}{
		{"AIGC", `{"Label":"1"`, read(), labels.TC260},
		{"aigc", "anything\x00\xff", read(labels.Encoder, labels.ComfyUI), labels.TC260},
		{"AIGC", `{"Label":"1"}`, read(labels.TC260), ""},
		{"AIGC", `{"Label"`, broken, ""},
		{"AIGC", " ", read(), ""},
		{"title", `AIGC {"Label":"1"}`, read(), ""},
		{"AIGC2", "x", read(), ""},
		{"prompt", `{"3": {"class_type": "KSampler"`, read(), labels.ComfyUI},
		{"prompt", "buy milk", read(), ""},
		{"workflow", `{"nodes"`, read(labels.ComfyUI), ""},
		{"comment", "a cat\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1", read(), labels.Parameters},
		{"title", "Made with Sora", read(), labels.ToolTag},
		{"encoder", "Lavf60.16.100", read(), ""},
		{"", "", read(), ""},
		{strings.Repeat("A", 128), strings.Repeat("\xff", 128), read(), ""},
	} {
		if got := c.read.Unread(c.name, c.text); got != c.want {
			t.Errorf("%q: %q: %q, want %q", c.name, c.text, got, c.want)
		}
	}
}
