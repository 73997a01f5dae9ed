package labels

import (
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"strings"

	"github.com/consentry/consentry/report"
)

// labelName is the name of a field with a label of generated content. GB 45438-2025, Appendix E.
const labelName = "AIGC"

// aigcKeys are the members of a label by their names in lower case: those of the standard, and those of a cloud
// provider that writes others. GB 45438-2025, Appendix E.
var aigcKeys = []string{
	"Label", "ContentProducer", "ProduceID", "ReservedCode1", "ContentPropagator", "PropagateID", "ReservedCode2",
	"ServiceProvider", "ServiceUser", "Time", "ContentId",
}

// canonical is the standard's spelling of a member's name; writers use lowerCamelCase too.
func canonical(key string) (string, bool) {
	for _, k := range aigcKeys {
		if strings.EqualFold(k, key) {
			return k, true
		}
	}
	return key, false
}

// tc260 takes a field that is a label of generated content: one named AIGC, or one without a name that holds one in its
// wrapper. It says whether the field is used up.
func (c *collector) tc260(f field) bool {
	switch {
	case f.role == plain && strings.EqualFold(f.name, labelName):
	case f.role == bare && wrapped(f.text):
	default:
		return false
	}
	c.declare(f, f.text)
	return true
}

// wrapped says that a text is a label in its wrapper and nothing else: {"AIGC": {…}}.
func wrapped(text string) bool {
	a, err := readAIGC(text)
	return err == nil && a.wrapped
}

// aigc is a label as it was read.
type aigc struct {
	members map[string]any
	known   int      // members of the standard, or of the cloud provider
	wrapped bool     // it stood in {"AIGC": …}
	wrong   []string // what breaks the rules, in plain words
}

// The nesting of encodings and of values that is undone: JSON in a JSON string, in a wrapper, each perhaps twice.
const (
	maxUnwrap = 4
	maxNested = 8
)

var errNoObject = errors.New("it holds no JSON object")

// readAIGC undoes what writers do to the JSON of a label: padding, HTML escapes, JSON within a JSON string, a wrapper.
func readAIGC(text string) (*aigc, error) {
	out := &aigc{}
	for range maxUnwrap {
		text = strings.Trim(text, "\x00 \t\r\n\uFEFF")
		v, twice, err := readJSON(text)
		if err != nil {
			plain := html.UnescapeString(text)
			if plain == text {
				return nil, err
			}
			text = plain
			continue
		}
		switch x := v.(type) {
		case string:
			text = x
			continue
		case map[string]any:
			if inner, ok := unwrap(x); ok {
				out.wrapped = true
				if s, ok := inner.(string); ok {
					text = s
					continue
				}
				if x, ok = inner.(map[string]any); !ok {
					return nil, errNoObject
				}
			}
			if twice != "" {
				out.wrong = append(out.wrong, fmt.Sprintf("the member %q stands twice", clip(twice)))
			}
			out.take(x)
			return out, nil
		}
		return nil, errNoObject
	}
	return nil, errNoObject
}

// unwrap gives what an object whose only member is AIGC holds.
func unwrap(x map[string]any) (any, bool) {
	if len(x) != 1 {
		return nil, false
	}
	for k, v := range x {
		if strings.EqualFold(k, labelName) {
			return v, true
		}
	}
	return nil, false
}

// take keeps the members under the standard's names, values as texts.
func (a *aigc) take(x map[string]any) {
	a.members = map[string]any{}
	for key, v := range x {
		name, known := canonical(key)
		if known {
			a.known++
		}
		if _, twice := a.members[name]; twice {
			a.wrong = append(a.wrong, fmt.Sprintf("the member %q stands twice", name))
		}
		switch t := v.(type) {
		case nil:
			a.members[clip(name)] = ""
		case string:
			a.members[clip(name)] = shown(t)
		case json.Number:
			a.members[clip(name)] = shown(t.String())
		default:
			b, err := json.Marshal(v)
			if err != nil {
				continue
			}
			a.members[clip(name)] = shown(string(b))
		}
	}
}

func (a *aigc) get(name string) string {
	s, _ := a.members[name].(string)
	return strings.TrimSpace(s)
}

// readJSON reads one JSON value and nothing behind it; twice names a member that stands twice in one object. Objects
// deeper than maxNested are refused.
func readJSON(text string) (v any, twice string, err error) { return readNested(text, maxNested) }

// readNested is [readJSON] with a depth of the caller's.
func readNested(text string, depth int) (v any, twice string, err error) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	v, err = value(d, depth, &twice)
	if err != nil {
		return nil, "", err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, "", errors.New("something follows the JSON value")
	}
	return v, twice, nil
}

// value reads a value that may nest as deep as left says.
func value(d *json.Decoder, left int, twice *string) (any, error) {
	if left < 0 {
		return nil, errors.New("it nests too deep")
	}
	t, err := d.Token()
	if errors.Is(err, io.EOF) {
		return nil, io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, err
	}
	switch t {
	case json.Delim('{'):
		out := map[string]any{}
		for d.More() {
			k, err := d.Token()
			if err != nil {
				return nil, err
			}
			key, _ := k.(string)
			if _, ok := out[key]; ok {
				*twice = key
			}
			if out[key], err = value(d, left-1, twice); err != nil {
				return nil, err
			}
		}
		_, err := d.Token()
		return out, err
	case json.Delim('['):
		out := []any{}
		for d.More() {
			x, err := value(d, left-1, twice)
			if err != nil {
				return nil, err
			}
			out = append(out, x)
		}
		_, err := d.Token()
		return out, err
	}
	return t, nil
}

func clip(s string) string {
	const most = 64
	if len(s) > most {
		s = s[:most] + "…"
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// declare makes a label of the text of a field that is one.
func (c *collector) declare(f field, text string) {
	if strings.Trim(text, "\x00 \t\r\n") == "" {
		c.malformed(f, "the label of generated content is empty: nothing is declared")
		return
	}
	l := report.Label{Kind: TC260, Class: classDeclared, Says: Possible}
	a, err := readAIGC(text)
	if err != nil {
		l.Value, l.Means = shown(strings.Trim(text, "\x00")), "a label of generated content that cannot be read: the content may be generated"
		c.label(f, l)
		c.malformed(f, fmt.Sprintf("the label of generated content cannot be read: %v", err))
		return
	}
	l.Value = a.members
	says, means, wrong := a.meaning()
	if l.Says, l.Means = says, means; wrong != "" {
		a.wrong = append(a.wrong, wrong)
	}
	for _, who := range []struct{ member, role string }{{"ContentProducer", "made"}, {"ContentPropagator", "distributed"}} {
		code := a.get(who.member)
		if why := checkCode(code); why != "" {
			a.wrong = append(a.wrong, fmt.Sprintf("%s: %s", who.member, why))
		}
		if name := serviceOf(code); name != "" {
			l.Means += fmt.Sprintf("; %s by %s", who.role, name)
		}
	}
	l.Producer = producer(a)
	if a.get("ReservedCode1") != "" || a.get("ReservedCode2") != "" {
		l.Means += "; it holds security data, which nobody can check: no keys are published"
	}
	if f.scope == Cover {
		l.Means = ofCover + l.Means
	}
	c.label(f, l)
	for _, w := range a.wrong {
		c.malformed(f, "the label of generated content breaks its rules: "+w)
	}
}

// meaning reads the member Label. GB 45438-2025, Appendix E; TC260-PG-20257A.
func (a *aigc) meaning() (says, means, wrong string) {
	_, there := a.members["Label"]
	switch l := a.get("Label"); {
	case l == "1":
		return Generated, "TC260 label 1: the content is generated", ""
	case strings.EqualFold(l, labelName):
		return Generated, "TC260 label AIGC: the content is generated", ""
	case l == "2":
		return Possible, "TC260 label 2: the content may be generated", ""
	case l == "3":
		return Possible, "TC260 label 3: the content is suspected to be generated", ""
	case there:
		return Possible, fmt.Sprintf("TC260 label %q, which nobody knows: the content may be generated", clip(l)), fmt.Sprintf("Label is %q, and not 1, 2 or 3", clip(l))
	case a.get("ServiceProvider") != "" && a.get("ContentId") != "":
		return Possible, "a provider's label without a statement: the content may be generated", ""
	case a.known > 0:
		return Possible, "a TC260 label without a statement: the content may be generated", "it has no Label"
	}
	return Possible, "a label of generated content with members that nobody knows: the content may be generated", "it has none of the standard's members"
}

// producer is the service that a label names as the maker.
func producer(a *aigc) string {
	for _, member := range []string{"ContentProducer", "ServiceProvider"} {
		code := a.get(member)
		if name := serviceOf(code); name != "" {
			return name
		}
		if code != "" && uscc(code) == "" {
			return clip(code)
		}
	}
	return ""
}
