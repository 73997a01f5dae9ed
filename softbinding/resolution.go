package softbinding

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of the resolution API's answers. C2PA Soft Binding Resolution API, 2.4.
const (
	MaxMatches = 10      // that are asked for, and that an answer may have
	MaxAnswer  = 1 << 20 // bytes of an answer; ten matches have some hundred bytes each
	maxID      = 512     // bytes of a manifest's identifier; a URN of C2PA has 50 to 200
	maxAddress = 2048    // bytes of an address, as the web takes them
)

// Resolver is a service that knows manifests by their soft bindings. Make one with [ParseResolver].
type Resolver struct{ base *url.URL }

// ParseResolver reads the base address of a resolution API, such as https://resolver.example/v1.
func ParseResolver(address string) (*Resolver, error) {
	u, err := url.Parse(address)
	switch {
	case err != nil || len(address) > maxAddress/2:
		return nil, errors.New("this is no web address")
	case u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("a resolver is an https address without user name, query and fragment")
	}
	u.Path, u.RawPath = strings.TrimSuffix(u.Path, "/"), strings.TrimSuffix(u.RawPath, "/")
	return &Resolver{u}, nil
}

func (r *Resolver) String() string { return r.base.String() }

// Host is the name of the host that is asked, without its port.
func (r *Resolver) Host() string { return strings.ToLower(r.base.Hostname()) }

// ByBinding is the address that asks for manifests with a value. It says no more about the file than the value does.
// C2PA Soft Binding Resolution API, GET /matches/byBinding.
func (r *Resolver) ByBinding(alg string, value []byte) string {
	q := url.Values{"alg": {alg}, "value": {base64.StdEncoding.EncodeToString(value)}, "maxResults": {strconv.Itoa(MaxMatches)}}
	return r.base.String() + "/matches/byBinding?" + q.Encode()
}

// Manifest is the address of a match's manifest store. Where the answer names another endpoint for it, that is only taken
// on the resolver's own host: whoever answers must not choose whom we ask. C2PA Soft Binding Resolution API,
// GET /manifests/{manifestId}.
func (r *Resolver) Manifest(m *Match) (string, error) {
	at := r
	if m.Endpoint != "" {
		other, err := ParseResolver(m.Endpoint)
		if err != nil || other.base.Host != r.base.Host {
			return "", errors.New("it lies at another endpoint, which only the answer names")
		}
		at = other
	}
	return at.base.String() + "/manifests/" + url.PathEscape(m.ManifestID), nil
}

// Match is a manifest that a resolver knows for a value.
type Match struct {
	ManifestID string   `json:"manifestId"`
	Endpoint   string   `json:"endpoint,omitempty"` // where it lies, if not at the resolver
	Score      *float64 `json:"similarityScore,omitempty"`
}

// SyntaxError says what is wrong with a resolver's answer, and where.
type SyntaxError struct {
	Offset int64  // bytes from its beginning
	Path   string // the member, such as matches[2].manifestId
	Why    string
}

func (e *SyntaxError) Error() string {
	s := "the answer is none of the resolution API: "
	if e.Path != "" {
		s += e.Path + ": "
	}
	return fmt.Sprintf("%s%s (byte %d)", s, e.Why, e.Offset)
}

// ParseMatches reads an answer to [Resolver.ByBinding]. Members that are not known are passed over: newer services have
// more. Nothing of an answer with a fault is taken. The error is a [*SyntaxError].
func ParseMatches(answer []byte) ([]Match, error) {
	if len(answer) > MaxAnswer {
		return nil, &SyntaxError{Why: fmt.Sprintf("it has more than %d bytes", MaxAnswer)}
	}
	if !utf8.Valid(answer) {
		return nil, &SyntaxError{Why: "it is no UTF-8"}
	}
	var doc struct {
		Matches *[]Match `json:"matches"`
	}
	if err := json.Unmarshal(answer, &doc); err != nil {
		e := &SyntaxError{Why: "it is not the JSON that it should be"}
		var syntax *json.SyntaxError
		var kind *json.UnmarshalTypeError
		switch {
		case errors.As(err, &syntax):
			e.Offset = syntax.Offset
		case errors.As(err, &kind):
			e.Offset, e.Path = kind.Offset, kind.Field
		}
		return nil, e
	}
	if doc.Matches == nil {
		return nil, &SyntaxError{Path: "matches", Why: "it is not there"}
	}
	if len(*doc.Matches) > MaxMatches {
		return nil, &SyntaxError{Path: "matches", Why: fmt.Sprintf("there are more than the %d that were asked for", MaxMatches)}
	}
	for i := range *doc.Matches {
		m := &(*doc.Matches)[i]
		at := fmt.Sprintf("matches[%d].", i)
		switch {
		case m.ManifestID == "" || len(m.ManifestID) > maxID || strings.IndexFunc(m.ManifestID, func(r rune) bool { return !unicode.IsGraphic(r) }) >= 0:
			return nil, &SyntaxError{Path: at + "manifestId", Why: fmt.Sprintf("it is no text of 1 to %d bytes", maxID)}
		case m.Score != nil && !(*m.Score >= 0 && *m.Score <= 100):
			return nil, &SyntaxError{Path: at + "similarityScore", Why: "it is not 0 to 100"}
		case len(m.Endpoint) > maxAddress:
			return nil, &SyntaxError{Path: at + "endpoint", Why: "it is too long"}
		}
	}
	return *doc.Matches, nil
}
