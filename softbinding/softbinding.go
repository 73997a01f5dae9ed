// Package softbinding knows the names of soft-binding algorithms: a snapshot of C2PA's Soft Binding Algorithm List, and
// the names that marks of well-known open libraries go by. It computes nothing and asks nobody. A name that is not in
// it is unknown and no error: the list grows each month. For the resolution API, by which a lost manifest is found, it
// makes addresses and reads answers; asking is for others. Start with [Lookup] and [ParseResolver].
package softbinding

import (
	_ "embed"
	"encoding/json"
	"slices"
	"strings"
	"sync"
)

// ISCC is the algorithm whose values are ISCC sequences. Draft IEP-0020.
const ISCC = "io.iscc.v0"

// The kinds of algorithms. C2PA Soft Binding Algorithm List.
const (
	Watermark   = "watermark"
	Fingerprint = "fingerprint"
)

// Algorithm is an entry of the list.
type Algorithm struct {
	Alg        string   `json:"alg"`
	Type       string   `json:"type"`                // Watermark or Fingerprint
	Media      []string `json:"media,omitempty"`     // "video", "audio", "image", …, or media types
	Resolvers  []string `json:"resolvers,omitempty"` // addresses of its resolution APIs
	Deprecated bool     `json:"deprecated,omitempty"`
}

// ForVideo reports whether the algorithm is registered for video, or for the sound of one.
func (a *Algorithm) ForVideo() bool {
	return slices.ContainsFunc(a.Media, func(m string) bool {
		return m == "video" || m == "audio" || strings.HasPrefix(m, "video/") || strings.HasPrefix(m, "audio/")
	})
}

// List is the snapshot with where it comes from.
type List struct {
	Source     string      `json:"source"` // repository and commit
	Date       string      `json:"date"`   // of the commit
	SHA256     string      `json:"sha256"` // of the source's file
	Algorithms []Algorithm `json:"algorithms"`
}

//go:embed list.json
var listJSON []byte

// Snapshot is the list; it is read when it is first asked for.
var Snapshot = sync.OnceValue(func() *List {
	l := &List{}
	if err := json.Unmarshal(listJSON, l); err != nil {
		panic("softbinding: the embedded list: " + err.Error()) // a test reads it
	}
	return l
})

// Lookup finds an algorithm by its whole name; nil: the list has none of that name.
func Lookup(alg string) *Algorithm {
	l := Snapshot()
	for i := range l.Algorithms {
		if l.Algorithms[i].Alg == alg {
			return &l.Algorithms[i]
		}
	}
	return nil
}

// marks are the open watermarks whose detectors have a name of their own, as it is written in a report.
var marks = []string{"dwtDctSvd", "dwtDct", "rivaGan"}

// Mark is the open watermark that an algorithm's name speaks of: the name of a library's method stands in it as a part
// of its own, as in org.example.imwatermark.dwtdct. Empty: none.
func Mark(alg string) string {
	for _, part := range strings.FieldsFunc(alg, func(r rune) bool { return strings.ContainsRune(".-_/:", r) }) {
		for _, m := range marks {
			if strings.EqualFold(part, m) {
				return m
			}
		}
	}
	return ""
}
