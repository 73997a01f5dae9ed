package origin

import "strings"

// IPTC digital source types that decide an origin. C2PA 2.5, 16.4.1 lists more; those decide nothing here.
const (
	trained          = "trainedAlgorithmicMedia"
	compositeTrained = "compositeWithTrainedAlgorithmicMedia"
	compositeSynth   = "compositeSynthetic"
)

// captured are the source types of a recording. Consent format 1, 8.
var captured = map[string]bool{
	"digitalCapture": true, "computationalCapture": true, "negativeFilm": true, "positiveFilm": true, "print": true,
}

// term returns the last part of an IPTC NewsCodes URI of a digital source type, or "" for anything else. The vocabulary
// is written with http and without a slash at the end; files are seen with https and with the slash, and mean the same.
func term(uri string) string {
	rest, ok := strings.CutPrefix(uri, "http://")
	if !ok {
		if rest, ok = strings.CutPrefix(uri, "https://"); !ok {
			return ""
		}
	}
	name, ok := strings.CutPrefix(rest, "cv.iptc.org/newscodes/digitalsourcetype/")
	if !ok {
		return ""
	}
	return strings.TrimSuffix(name, "/")
}

// IsGenerated says that a digital source type, or a term of one, is that of content which comes from a trained model,
// whole or in part.
func IsGenerated(digitalSourceType string) bool {
	t := term(digitalSourceType)
	if t == "" {
		t = digitalSourceType
	}
	return t == trained || t == compositeTrained
}
