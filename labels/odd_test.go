package labels_test

import (
	"slices"
	"testing"

	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/labels"
)

// TestLabelsInOddPlacesOfKnownOnes: where FFmpeg reads them, too.
func TestLabelsInOddPlacesOfKnownOnes(t *testing.T) {
	item := func(text string) []byte {
		return forge.Box("ilst", forge.Box("\x00\x00\x00\x01", forge.Box("data", []byte("\x00\x00\x00\x01\x00\x00\x00\x00"), []byte(text))))
	}
	keys := forge.Box("keys", []byte("\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x0cmdtaAIGC"))
	info := forge.RIFFChunk("LIST", "INFO"+string(forge.RIFFChunk("AIGC", aigc)))
	avi := func(n int) []byte {
		header := slices.Concat(slices.Repeat(forge.RIFFChunk("JUNK", "    "), n), info)
		return forge.RIFF("AVI ", forge.RIFFChunk("LIST", "hdrl"+string(header)), forge.RIFFChunk("LIST", "movi"))
	}
	for name, c := range map[string]struct {
		data  []byte
		found int
	}{
		"a second list of items":             {movie(forge.Box("udta", forge.Box("meta", make([]byte, 4), keys, forge.Box("ilst"), item(aigc)))), 1},
		"the first of two lists":             {movie(forge.Box("udta", forge.Box("meta", make([]byte, 4), keys, item(aigc), forge.Box("ilst")))), 1},
		"INFO among the streams of an AVI":   {avi(255), 1},
		"one chunk past those that are read": {avi(256), 0},
	} {
		r := read(t, c.data)
		if n := len(r.Labels); n != c.found || n > 0 && r.Labels[0].Kind != labels.TC260 {
			t.Errorf("%s: %+v", name, r.Labels)
		}
		if c.found == 0 && len(r.NotChecked) == 0 {
			t.Errorf("%s: it is not said", name)
		}
	}
}
