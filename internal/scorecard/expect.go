package scorecard

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// expectation is what a case wants of an answer; members that are not there are not judged.
type expectation struct {
	// provenance
	Store, State words
	StateNot     words
	Remote       string
	AI           string
	Reject       bool
	AnyOf        []expectation
	Manifests    []groups
	Ingredients  *groups
	// verdicts
	Exit                *int
	Verdict             string
	Origin, OriginBasis string
	People, Works       map[string]wantPerson
	Codes               *wantCodes
	StdoutExcludes      []string
	Error               bool
	// marks
	C2PA        json.RawMessage
	Watermarks  []wantMark
	WithMessage []wantMark
	Labels      []wantLabel
	SoftBinding *struct{ Alg, Result string }
	ISCC        *struct{ Video256 string }

	anyResult []string // of a token
}

// words is one word or several of which any is right.
type words []string

// UnmarshalJSON takes a string or a list of them.
func (w *words) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '[' {
		return json.Unmarshal(b, (*[]string)(w))
	}
	var one *string
	if err := json.Unmarshal(b, &one); err != nil || one == nil {
		return err
	}
	*w = words{*one}
	return nil
}

// wantCodes is what is wanted of a set of status codes.
type wantCodes struct{ Exactly, Contains, ContainsAny, Excludes []string }

// groups are the codes of a manifest, or of all ingredients together.
type groups struct{ Success, Informational, Failure *wantCodes }

type wantPerson struct {
	State, AtGeneration, Now, Level, Binding string
	Codes                                    *wantCodes
}

// wantMark is a watermark; Grade says how much may be asked of a reader.
type wantMark struct {
	Algorithm, Message, Grade string
	Bits                      int
}

type wantLabel struct {
	Kind  string
	Value json.RawMessage
}

// set is a set of codes.
type set map[string]bool

func (s set) add(codes ...string) {
	for _, c := range codes {
		if c != "" {
			s[c] = true
		}
	}
}

// list gives the members in ascending order, for messages.
func (s set) list() string {
	var out []string
	for c := range s {
		out = append(out, c)
	}
	slices.Sort(out)
	return "[" + strings.Join(out, " ") + "]"
}

// complaints collects what is wrong with an answer.
type complaints []string

func (c *complaints) addf(format string, args ...any) { *c = append(*c, fmt.Sprintf(format, args...)) }

// check holds codes against what is wanted of them.
func (w *wantCodes) check(bad *complaints, what string, got set) {
	if w == nil {
		return
	}
	want := set{}
	want.add(w.Exactly...)
	if w.Exactly != nil {
		missing, extra := set{}, set{}
		for c := range want {
			if !got[c] {
				missing.add(c)
			}
		}
		for c := range got {
			if !want[c] {
				extra.add(c)
			}
		}
		if len(missing)+len(extra) > 0 {
			bad.addf("%s: missing %s, extra %s", what, missing.list(), extra.list())
		}
	}
	missing := set{}
	for _, c := range w.Contains {
		if !got[c] {
			missing.add(c)
		}
	}
	if len(missing) > 0 {
		bad.addf("%s: missing %s; has %s", what, missing.list(), got.list())
	}
	if len(w.ContainsAny) > 0 && !slices.ContainsFunc(w.ContainsAny, func(c string) bool { return got[c] }) {
		bad.addf("%s: none of %v; has %s", what, w.ContainsAny, got.list())
	}
	for _, c := range w.Excludes {
		if got[c] {
			bad.addf("%s: must not have %s", what, c)
		}
	}
}
