package policy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/token"

	"github.com/consentry/consentry/report"
)

// MaxFile is the limit of a policy file in bytes. Consent format 1, 2.
const MaxFile = 1 << 20

// requirable are the members of a token that `require` may ask for. Consent format 1, 3.
var requirable = []string{"licence", "compensation", "representation", "use_s256", "assurance"}

// Load returns a profile's policy with the changes of a policy file, in JSON or YAML. profile may be empty: the file's,
// or [Default]; file may be nil. The error is an [*Error] with the path of what is refused, and the policy is nil.
func Load(profile string, file []byte) (*Policy, error) {
	p := &Policy{Profile: profile}
	if len(file) > 0 {
		v, err := decode(file)
		if err != nil {
			return nil, err
		}
		if err := p.apply(v); err != nil {
			return nil, err
		}
	}
	if p.Profile == "" {
		p.Profile = Default
	}
	if _, ok := profiles[p.Profile]; !ok {
		return nil, &Error{"profile", fmt.Sprintf("unknown profile %q; known: %s", p.Profile, strings.Join(Names(), ", "))}
	}
	q := p.filled()
	return &q, nil
}

// decode reads JSON or YAML into maps, slices and scalars, without a name twice and without what can grow in memory.
func decode(file []byte) (any, error) {
	if len(file) > MaxFile {
		return nil, &Error{"", fmt.Sprintf("%d bytes; the limit is %d", len(file), MaxFile)}
	}
	if !utf8.Valid(file) {
		return nil, &Error{"", "not valid UTF-8"}
	}
	if text := bytes.TrimSpace(file); len(text) > 0 && text[0] == '{' {
		dec := json.NewDecoder(bytes.NewReader(text))
		v, err := decodeJSON(dec, "", 1)
		if err != nil {
			return nil, err
		}
		if _, err := dec.Token(); !errors.Is(err, io.EOF) {
			return nil, &Error{"", "text after the JSON object"}
		}
		return v, nil
	}
	for _, t := range lexer.Tokenize(string(file)) {
		switch t.Type {
		case token.AnchorType, token.AliasType, token.MergeKeyType, token.TagType:
			return nil, &Error{"", fmt.Sprintf("line %d: anchors, aliases and tags are not taken", t.Position.Line)}
		}
	}
	var v any
	if err := yaml.Unmarshal(file, &v); err != nil {
		first, _, _ := strings.Cut(err.Error(), "\n")
		return nil, &Error{"", "not YAML: " + first}
	}
	return v, nil
}

// maxNesting of a policy file; the deepest member is on the third level.
const maxNesting = 16

// decodeJSON reads one value; the standard decoder alone would let the last of two equal names win.
func decodeJSON(dec *json.Decoder, path string, depth int) (any, error) {
	t, err := dec.Token()
	if err != nil {
		return nil, &Error{path, "not JSON: " + err.Error()}
	}
	d, ok := t.(json.Delim)
	if !ok {
		return t, nil
	}
	if depth > maxNesting {
		return nil, &Error{path, "nested too deep"}
	}
	if d == '[' {
		list := []any{}
		for dec.More() {
			v, err := decodeJSON(dec, fmt.Sprintf("%s[%d]", path, len(list)), depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err = dec.Token()
		return list, wrap(path, err)
	}
	m := map[string]any{}
	for dec.More() {
		key, err := dec.Token()
		name, ok := key.(string)
		if err != nil || !ok {
			return nil, &Error{path, "not JSON: a name is missing"}
		}
		if _, twice := m[name]; twice {
			return nil, &Error{join(path, name), "stands twice"}
		}
		if m[name], err = decodeJSON(dec, join(path, name), depth+1); err != nil {
			return nil, err
		}
	}
	_, err = dec.Token()
	return m, wrap(path, err)
}

func wrap(path string, err error) error {
	if err == nil {
		return nil
	}
	return &Error{path, "not JSON: " + err.Error()}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// apply takes the members of a file in the order of their names, so that the first error is always the same one.
func (p *Policy) apply(v any) error {
	m, ok := v.(map[string]any)
	if !ok {
		return &Error{"", "not a map of members"}
	}
	for _, name := range sortedNames(m) {
		if err := p.member(name, m[name]); err != nil {
			return err
		}
	}
	return nil
}

func (p *Policy) member(name string, v any) (err error) {
	switch name {
	case "profile":
		var s string
		if s, err = oneOf(name, v, Names()); err == nil {
			if p.Profile != "" && p.Profile != s {
				return &Error{name, fmt.Sprintf("the file starts from %q, and %q was asked for", s, p.Profile)}
			}
			p.Profile = s
		}
	case "time_base":
		p.TimeBase, err = oneOf(name, v, []string{TimeGeneration, TimeNow, TimeBoth})
	case "min_level":
		p.MinLevel, err = oneOf(name, v, []string{"E1", "E2", "E3", "E4", "E5"})
	case "status":
		p.Status, err = oneOf(name, v, []string{"require", "cap", "ignore"})
	case "require":
		if p.Require, err = texts(name, v); err == nil {
			for i, r := range p.Require {
				if !slices.Contains(requirable, r) {
					return &Error{fmt.Sprintf("require[%d]", i), fmt.Sprintf("unknown member %q; known: %s", r, strings.Join(requirable, ", "))}
				}
			}
		}
	case "use":
		err = p.use(v)
	case "on":
		err = p.outcomes(v)
	case "network":
		var s string
		s, err = oneOf(name, v, []string{"allow", "off"})
		p.NoNetwork = s == "off"
	case "max_trust_age":
		p.MaxTrustAge, err = age(name, v)
	case "rules":
		p.Rules, err = readRules(v)
	default:
		return &Error{name, "unknown member"}
	}
	return err
}

func (p *Policy) use(v any) error {
	m, ok := v.(map[string]any)
	if !ok {
		return &Error{"use", "not a map"}
	}
	for _, name := range sortedNames(m) {
		list, err := texts("use."+name, m[name])
		if err != nil {
			return err
		}
		switch name {
		case "purpose":
			p.Use.Purpose = list
		case "territory":
			p.Use.Territory = list
		case "channel":
			p.Use.Channel = list
		case "works":
			p.Use.Works = list
		case "operation":
			for i, o := range list {
				if !slices.Contains(operations, o) {
					return &Error{fmt.Sprintf("use.operation[%d]", i), fmt.Sprintf("unknown operation %q; known: %s", o, strings.Join(operations, ", "))}
				}
			}
			p.Use.Operation = list
		default:
			return &Error{"use." + name, "unknown member; known: purpose, territory, channel, works, operation"}
		}
	}
	return nil
}

// operations that a token may permit. Consent format 1, 3.
var operations = []string{"generate", "alter", "dub", "reanimate", "train"}

func (p *Policy) outcomes(v any) error {
	m, ok := v.(map[string]any)
	if !ok {
		return &Error{"on", "not a map"}
	}
	p.On = map[string]report.Verdict{}
	for _, event := range sortedNames(m) {
		if _, known := table[event]; !known {
			return &Error{"on." + event, "unknown event; known: " + strings.Join(events(), ", ")}
		}
		s, err := oneOf("on."+event, m[event], []string{string(fail), string(indeterminate), string(warn), string(pass)})
		if err != nil {
			return err
		}
		p.On[event] = report.Verdict(s)
	}
	return nil
}

// maxAge is the longest age that a policy may name: longer ones are no bound.
const maxAge = 100 * 365 * 24 * time.Hour

// age reads an age in days, hours or minutes, such as 30d or 36h.
func age(path string, v any) (time.Duration, error) {
	s, _ := v.(string)
	d, err := time.ParseDuration(s)
	if days, ok := strings.CutSuffix(s, "d"); ok {
		var n uint64
		n, err = strconv.ParseUint(days, 10, 16)
		d = time.Duration(n) * 24 * time.Hour
	}
	if err != nil || d <= 0 || d > maxAge {
		return 0, &Error{path, fmt.Sprintf("%.40q is not an age such as 30d or 36h", fmt.Sprint(v))}
	}
	return d, nil
}

func sortedNames(m map[string]any) []string { return slices.Sorted(maps.Keys(m)) }

func oneOf(path string, v any, allowed []string) (string, error) {
	s, ok := v.(string)
	if !ok || !slices.Contains(allowed, s) {
		return "", &Error{path, fmt.Sprintf("%.40q is not one of %s", fmt.Sprint(v), strings.Join(allowed, ", "))}
	}
	return s, nil
}

func texts(path string, v any) ([]string, error) {
	list, ok := v.([]any)
	if !ok || len(list) == 0 {
		return nil, &Error{path, "not a list of texts"}
	}
	out := make([]string, len(list))
	for i, item := range list {
		if out[i], ok = item.(string); !ok || out[i] == "" {
			return nil, &Error{fmt.Sprintf("%s[%d]", path, i), "not a text"}
		}
	}
	return out, nil
}
