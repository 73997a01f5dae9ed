package consent

import (
	"encoding/base64"
	"strconv"
	"strings"
	"time"
)

// Limits of form. Consent format 1, 2 and 3.1.
const (
	maxToken       = 16 << 10 // bytes of a token's text, disclosures included: a chain of three links takes 4 KiB
	maxHeader      = 2 << 10  // bytes of a decoded header: real ones take 100
	maxTokenDepth  = 8        // arrays and objects of a header or payload; the outermost is 1
	maxDisclosures = 64
	maxTokenNodes  = maxToken   // JSON values: no text of 16 KiB holds more
	maxKeyText     = 16 << 10   // bytes of a key file: a P-384 key in PEM takes 300
	minDate        = int64(0)   // 1970-01-01
	maxDate        = 4133980799 // 2100-12-31T23:59:59Z
)

var tokenJSON = jsonLimits{depth: maxTokenDepth, nodes: maxTokenNodes}

// formLimits bounds a JWS.
type formLimits struct {
	text int // bytes of the whole
	json jsonLimits
}

var tokenForm = formLimits{text: maxToken, json: tokenJSON}

// compact is a JWS in compact serialisation whose form holds. Nothing in it is verified.
type compact struct {
	header, payload value
	input           string // what was signed: the first two parts with their dot
	signature       []byte // nil where the text is no base64url of whole bytes
	disclosures     []string
	closed          bool // ends in ~: an SD-JWT
}

// parseCompact reads a compact JWS (RFC 7515, 7.1), or an SD-JWT without key binding (RFC 9901, 4), by the rules of
// form that JOSE libraries do not check. Consent format 1, 3.1.
func parseCompact(raw string, lim formLimits) (*compact, *SyntaxError) {
	if len(raw) > lim.text {
		return nil, &SyntaxError{Reason: "larger than the limit of " + strconv.Itoa(lim.text) + " bytes", Large: true}
	}
	c := &compact{}
	text := raw
	if first, rest, found := strings.Cut(raw, "~"); found {
		c.closed, text = true, first
		if !strings.HasSuffix(raw, "~") {
			return nil, &SyntaxError{Offset: int64(len(raw)), Reason: "the final ~ is missing"}
		}
		if rest != "" {
			c.disclosures = strings.Split(strings.TrimSuffix(rest, "~"), "~")
		}
		if len(c.disclosures) > maxDisclosures {
			return nil, &SyntaxError{Path: "disclosures", Reason: "more than " + strconv.Itoa(maxDisclosures), Large: true}
		}
		at := len(first) + 1
		for i, d := range c.disclosures {
			if bad := badChar(d); bad >= 0 || d == "" {
				return nil, &SyntaxError{Offset: int64(at + max(bad, 0)), Path: "disclosures[" + strconv.Itoa(i) + "]", Reason: "not base64url"}
			}
			at += len(d) + 1
		}
	}
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return nil, &SyntaxError{Reason: "no token: not three parts with dots between them, but " + strconv.Itoa(len(parts))}
	}
	at := 0
	for i, p := range parts {
		if bad := badChar(p); bad >= 0 {
			return nil, &SyntaxError{Offset: int64(at + bad), Path: [...]string{"header", "payload", "signature"}[i], Reason: "not base64url without padding"}
		}
		at += len(p) + 1
	}
	c.input = text[:len(parts[0])+1+len(parts[1])]
	c.signature, _ = decodePart(parts[2])
	var err *SyntaxError
	if c.header, err = parsePart(parts[0], "header", jsonLimits{maxTokenDepth, maxTokenNodes}, maxHeader); err != nil {
		return nil, err
	}
	if err = checkHeader(c.header); err != nil {
		return nil, err
	}
	if c.payload, err = parsePart(parts[1], "payload", lim.json, lim.text); err != nil {
		return nil, err
	}
	return c, nil
}

// head is a member of the header that is a text, such as the name of a key; empty where it is none.
func (c *compact) head(name string) string {
	if v := c.header.get(name); v.kind == jsonString {
		return v.text
	}
	return ""
}

// parsePart reads a part that is the base64url of a JSON object.
func parsePart(part, name string, lim jsonLimits, size int) (value, *SyntaxError) {
	text, ok := decodeText(part)
	if !ok {
		return value{}, &SyntaxError{Path: name, Reason: "not the base64url of whole bytes"}
	}
	if len(text) > size {
		return value{}, &SyntaxError{Path: name, Reason: "larger than the limit of " + strconv.Itoa(size) + " bytes", Large: true}
	}
	v, err := parseJSON(text, name, lim)
	if err != nil {
		return value{}, err
	}
	if v.kind != jsonObject {
		return value{}, &SyntaxError{Path: name, Reason: "not a JSON object"}
	}
	return v, nil
}

// checkHeader refuses what would change how the rest is read. Members that carry or point at keys (jwk, jku, x5c,
// x5u) are no failure: nothing here ever reads them.
func checkHeader(h value) *SyntaxError {
	if h.get("crit").kind != absent {
		return &SyntaxError{Path: "header.crit", Reason: "critical extensions are not allowed"}
	}
	if b := h.get("b64"); b.kind != absent && (b.kind != jsonBool || b.text != "true") {
		return &SyntaxError{Path: "header.b64", Reason: "an unencoded payload is not allowed"}
	}
	return nil
}

// badChar is the index of the first byte that is not of the base64url alphabet, or -1. The standard decoder skips
// line feeds, so it cannot be asked.
func badChar(s string) int {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if !(c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '_') {
			return i
		}
	}
	return -1
}

// decodePart decodes base64url without padding; unused bits must be zero, so that one content has one text. Of a text
// with a fault it gives nothing: not what stands before the fault.
func decodePart(s string) ([]byte, bool) {
	if badChar(s) >= 0 {
		return nil, false
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil {
		return nil, false
	}
	return b, true
}

// decodeText is decodePart for a text: a bundle of 32 MiB is not held twice.
func decodeText(s string) (string, bool) {
	if badChar(s) >= 0 {
		return "", false
	}
	const piece = 4096 // of whole groups of four characters, none of which has unused bits
	strict := base64.RawURLEncoding.Strict()
	var out strings.Builder
	out.Grow(strict.DecodedLen(len(s)))
	in, buf := make([]byte, min(len(s), piece)), make([]byte, piece)
	for len(s) > 0 {
		n := copy(in, s)
		s = s[n:]
		n, err := strict.Decode(buf, in[:n])
		if err != nil {
			return "", false
		}
		out.Write(buf[:n])
	}
	return out.String(), true
}

// members reads the members of an object by their type and remembers the first that breaks the rules.
type members struct {
	path string
	of   value
	err  *SyntaxError
}

func (m *members) bad(name, reason string) {
	if m.err == nil {
		m.err = &SyntaxError{Path: m.path + "." + name, Reason: reason}
	}
}

func (m *members) text(name string) string {
	v := m.of.get(name)
	if v.kind != absent && v.kind != jsonString {
		m.bad(name, "not a string")
		return ""
	}
	return v.text
}

func (m *members) list(name string) []string {
	v := m.of.get(name)
	if v.kind == absent {
		return nil
	}
	l, ok := v.strings()
	if !ok {
		m.bad(name, "not an array of strings")
	}
	return l
}

func (m *members) integer(name string) *int64 {
	v := m.of.get(name)
	if v.kind == absent {
		return nil
	}
	n, ok := v.integer()
	if !ok {
		m.bad(name, "not an integer")
	}
	return &n
}

// date reads seconds since 1970: an integer between 1970 and 2100.
func (m *members) date(name string) *int64 {
	n := m.integer(name)
	if n != nil && (*n < minDate || *n > maxDate) {
		m.bad(name, "a date outside 1970 to 2100")
	}
	return n
}

// time reads an RFC 3339 time.
func (m *members) time(name string) time.Time {
	text := m.text(name)
	if text == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		m.bad(name, "not an RFC 3339 time")
	}
	return t.UTC()
}

// object reads a member that is an object; nil where it is absent.
func (m *members) object(name string) *members {
	v := m.of.get(name)
	if v.kind == absent {
		return nil
	}
	if v.kind != jsonObject {
		m.bad(name, "not an object")
		return nil
	}
	return &members{path: m.path + "." + name, of: v}
}

// take takes over the first error of an inner object.
func (m *members) take(inner *members) {
	if m.err == nil {
		m.err = inner.err
	}
}
