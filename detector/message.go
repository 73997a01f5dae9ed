package detector

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/consentry/consentry/internal/confine"
)

// Protocol is the version of the conversation.
const Protocol = "consentry.detector/1"

// Limits of what a detector may say.
const (
	MaxLine     = 64 << 10 // bytes of a line with its end; a finding with the most spans has 12 kB
	MaxOutput   = 1 << 20  // bytes of all lines
	MaxFindings = 256      // for one asset; a detector of one vendor has a handful of things to say
	MaxAlgs     = 32       // algorithms that one program answers for; the registered list has 53 of all vendors
	MaxSpans    = 256      // parts of the time line of one finding
	maxName     = 128      // bytes of a name, a version, an algorithm
	maxText     = 512      // bytes of a text
	maxPayload  = 512      // hex digits of a message: 2,048 bits, twice the longest that is registered
	maxNesting  = 4        // levels of a line; spans are on the third
	maxSide     = 1 << 14  // pixels that a detector may name as a size
	maxRate     = 1000     // frames a second that it may name
)

// The claims of a finding.
const (
	ClaimGenerated   = "ai-declared"       // the picture carries a mark that says it is generated
	ClaimMark        = "mark-present"      // it carries a mark, which says nothing of how the picture was made
	ClaimFingerprint = "fingerprint-match" // it is alike to something in the vendor's store
	ClaimHint        = "hint"
)

var claims = []string{ClaimGenerated, ClaimMark, ClaimFingerprint, ClaimHint}

// MaxBound is the largest false-positive bound with which a finding counts: that of the marks this project reads itself.
const MaxBound = 1e-6

// Hello is what a detector says of itself, in its first line.
type Hello struct {
	Protocol string   `json:"protocol"`
	Name     string   `json:"name"`
	Version  string   `json:"version"`
	Algs     []string `json:"algs"` // C2PA soft-binding algorithms that it answers for
	Wants    Wants    `json:"wants"`
	Network  bool     `json:"network"` // it cannot work without; it is refused then
	// FalsePositiveRate is the vendor's claim: unmarked clips of which something is said that counts. Nil: none is made.
	FalsePositiveRate *float64 `json:"falsePositiveRate,omitempty"`
}

// Wants is what a detector needs to see.
type Wants struct {
	Planes  []string `json:"planes"`            // y, cb, cr, in the order in which they come
	Frames  string   `json:"frames"`            // all or keys
	MaxSide int      `json:"maxSide,omitempty"` // pixels of the longer side, scaled down to; 0: as decoded
	FPS     float64  `json:"fps,omitempty"`     // frames a second at most; 0: all
}

// Finding is one thing that a detector says of a clip. What a vendor leaves out is nil or empty.
type Finding struct {
	Claim              string     `json:"claim"`
	Alg                string     `json:"alg,omitempty"`     // one of Hello.Algs
	Message            string     `json:"message,omitempty"` // lower-case hex
	Subject            string     `json:"subject,omitempty"` // vendor or model
	SpansMs            [][2]int64 `json:"spansMs,omitempty"` // start inclusive, end exclusive; none: all of the clip
	Statistic          *float64   `json:"statistic,omitempty"`
	Threshold          *float64   `json:"threshold,omitempty"`
	FalsePositiveBound *float64   `json:"falsePositiveBound,omitempty"` // for the whole clip, all tries together
	Tries              int        `json:"tries,omitempty"`
	Text               string     `json:"text,omitempty"`
}

// Counts reports whether a finding is a mark that counts: it names its algorithm, claims a mark, and gives a
// false-positive bound of [MaxBound] or less. Anything else can only hint, whatever the program calls it. The bound is
// its vendor's claim.
func (f *Finding) Counts() bool {
	return (f.Claim == ClaimMark || f.Claim == ClaimGenerated) && f.Alg != "" && f.FalsePositiveBound != nil && *f.FalsePositiveBound <= MaxBound
}

// SyntaxError says where a detector's output breaks the protocol.
type SyntaxError struct {
	Offset int64  // in bytes from the beginning of the output
	Path   string // the member, such as "wants.planes"; empty: the line
	Why    string
}

func (e *SyntaxError) Error() string {
	s := fmt.Sprintf("the detector breaks the protocol at byte %d of its output", e.Offset)
	if e.Path != "" {
		s += ", " + e.Path
	}
	return s + ": " + e.Why
}

// message is one line of a detector: exactly one member is set.
type message struct {
	hello   *Hello
	finding *Finding
	done    *int64 // frames that it saw
}

// unless is the message, or the error where there is one.
func (m message) unless(err error) (message, error) {
	if err != nil {
		return message{}, err
	}
	return m, nil
}

// parse reads a line without its end. The error is a [*SyntaxError] with the offset in the line.
func parse(line []byte) (message, error) {
	if err := strict(line); err != nil {
		return message{}, err
	}
	var kind struct {
		Type string `json:"type"`
	}
	if err := json.Unmarshal(line, &kind); err != nil {
		return message{}, &SyntaxError{Path: "type", Why: "it is no text"}
	}
	switch kind.Type {
	case "hello":
		h := struct {
			Type string `json:"type"`
			Hello
		}{}
		if err := decode(line, &h); err != nil {
			return message{}, err
		}
		return message{hello: &h.Hello}.unless(h.check())
	case "finding":
		f := struct {
			Type string `json:"type"`
			Finding
		}{}
		if err := decode(line, &f); err != nil {
			return message{}, err
		}
		return message{finding: &f.Finding}.unless(f.check())
	case "done":
		var d struct {
			Type   string `json:"type"`
			Frames *int64 `json:"frames"`
		}
		if err := decode(line, &d); err != nil {
			return message{}, err
		}
		if d.Frames == nil || *d.Frames < 0 {
			return message{}, wrong("frames", "it does not say how many it saw")
		}
		return message{done: d.Frames}, nil
	}
	return message{}, &SyntaxError{Path: "type", Why: "it is none of hello, finding and done"}
}

// decode reads a line into v, and refuses members that version 1 does not have.
func decode(line []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		var kind *json.UnmarshalTypeError
		if errors.As(err, &kind) {
			return &SyntaxError{Offset: kind.Offset, Path: kind.Field, Why: "it is not of the kind that this member has"}
		}
		return &SyntaxError{Offset: d.InputOffset(), Why: printable(strings.TrimPrefix(err.Error(), "json: "))}
	}
	return nil
}

// strict reports what encoding/json passes over: text that is no UTF-8, names given twice or in other letters, depth,
// and whatever follows the object.
func strict(line []byte) error {
	if !utf8.Valid(line) {
		return &SyntaxError{Why: "it is no UTF-8"}
	}
	d := json.NewDecoder(bytes.NewReader(line))
	d.UseNumber()
	var names []map[string]bool // of the objects under way; nil for arrays
	name := false               // the next token is the name of a member
	for first := true; ; first = false {
		at := d.InputOffset()
		t, err := d.Token()
		switch {
		case err == io.EOF && !first && len(names) == 0:
			return nil
		case err != nil:
			return &SyntaxError{Offset: at, Why: "it is not one object of JSON"}
		case first && t != json.Delim('{'), !first && len(names) == 0:
			return &SyntaxError{Offset: at, Why: "it is not one object of JSON"}
		}
		switch t {
		case json.Delim('{'), json.Delim('['):
			if len(names) == maxNesting {
				return &SyntaxError{Offset: at, Why: fmt.Sprintf("it nests more than %d levels", maxNesting)}
			}
			var of map[string]bool
			if t == json.Delim('{') {
				of = map[string]bool{}
			}
			names = append(names, of)
		case json.Delim('}'), json.Delim(']'):
			names = names[:len(names)-1]
		default:
			if s, ok := t.(string); ok && name {
				if of := names[len(names)-1]; of[strings.ToLower(s)] {
					return &SyntaxError{Offset: at, Why: "a member is there twice"}
				}
				if !known[s] {
					return &SyntaxError{Offset: at, Why: "version 1 has no such member"}
				}
				names[len(names)-1][strings.ToLower(s)] = true
				name = false
				continue
			}
		}
		name = len(names) > 0 && names[len(names)-1] != nil
	}
}

// known are the names of all members: encoding/json would take them in other letters too.
var known = map[string]bool{
	"type": true, "protocol": true, "name": true, "version": true, "algs": true, "wants": true, "network": true, "falsePositiveRate": true,
	"planes": true, "frames": true, "maxSide": true, "fps": true, "claim": true, "alg": true, "message": true, "subject": true, "spansMs": true,
	"statistic": true, "threshold": true, "falsePositiveBound": true, "tries": true, "text": true,
}

func wrong(path, format string, args ...any) error {
	return &SyntaxError{Path: path, Why: fmt.Sprintf(format, args...)}
}

func (h *Hello) check() error {
	if h.Protocol != Protocol {
		return wrong("protocol", "it is not %q", Protocol)
	}
	if !named(h.Name) || !named(h.Version) {
		return wrong("name", "name and version are 1 to %d bytes that can be printed", maxName)
	}
	if len(h.Algs) > MaxAlgs {
		return wrong("algs", "there are more than %d", MaxAlgs)
	}
	for i, a := range h.Algs {
		if !named(a) || slices.Contains(h.Algs[:i], a) {
			return wrong("algs", "each is 1 to %d bytes that can be printed, and stands there once", maxName)
		}
	}
	if r := h.FalsePositiveRate; r != nil && !(*r > 0 && *r <= 1) {
		return wrong("falsePositiveRate", "a rate is above 0 and at most 1")
	}
	w := &h.Wants
	if len(w.Planes) == 0 {
		return wrong("wants.planes", "it wants to see nothing")
	}
	for i, p := range w.Planes {
		if p != "y" && p != "cb" && p != "cr" || slices.Contains(w.Planes[:i], p) {
			return wrong("wants.planes", "there are y, cb and cr, each once")
		}
	}
	switch {
	case w.Frames != "all" && w.Frames != "keys":
		return wrong("wants.frames", "it is all or keys")
	case w.MaxSide < 0 || w.MaxSide > maxSide:
		return wrong("wants.maxSide", "it is 0 to %d", maxSide)
	case !(w.FPS >= 0 && w.FPS <= maxRate):
		return wrong("wants.fps", "it is 0 to %d", maxRate)
	}
	return nil
}

func (f *Finding) check() error {
	switch _, err := hex.DecodeString(f.Message); {
	case !slices.Contains(claims, f.Claim):
		return wrong("claim", "it is none of %s", strings.Join(claims, ", "))
	case f.Alg != "" && !named(f.Alg):
		return wrong("alg", "it is at most %d bytes that can be printed", maxName)
	case len(f.Message) > maxPayload || err != nil || f.Message != strings.ToLower(f.Message):
		return wrong("message", "it is at most %d digits of lower-case hex, two to a byte", maxPayload)
	case f.Subject != "" && !named(f.Subject):
		return wrong("subject", "it is at most %d bytes that can be printed", maxName)
	case len(f.Text) > maxText || !prints(f.Text):
		return wrong("text", "it is at most %d bytes that can be printed", maxText)
	case f.FalsePositiveBound != nil && !(*f.FalsePositiveBound > 0 && *f.FalsePositiveBound <= 1):
		return wrong("falsePositiveBound", "a bound is above 0 and at most 1: nothing is never wrong")
	case f.Tries < 0:
		return wrong("tries", "it is below zero")
	case len(f.SpansMs) > MaxSpans:
		return wrong("spansMs", "there are more than %d", MaxSpans)
	}
	for i, s := range f.SpansMs {
		if s[0] < 0 || s[1] <= s[0] || i > 0 && s[0] < f.SpansMs[i-1][1] {
			return wrong("spansMs", "each starts before it ends and not before the one in front of it ended")
		}
	}
	return nil
}

func named(s string) bool { return s != "" && len(s) <= maxName && prints(s) }

func prints(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) < 0
}

// printable is a text of the system or of a library, for a message: the beginning, in ASCII.
func printable(s string) string { return confine.Printable(s, maxText) }
