package consent

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/token"
)

// RefusedError says why something was not made: our own reader would not accept it, or it would not do what whoever
// described it must think that it does.
type RefusedError struct {
	What    string // such as token, bundle
	Reasons []string
}

// Error implements error.
func (e *RefusedError) Error() string {
	return "the " + e.What + " would not be accepted: " + strings.Join(e.Reasons, "; ")
}

func refuseToken(reasons ...string) *RefusedError { return &RefusedError{"token", reasons} }

// readDescription reads a description in JSON or YAML of at most so many bytes. path names it in errors.
func readDescription(text []byte, path string, most int, lim jsonLimits) (value, error) {
	if len(text) > most {
		return value{}, &SyntaxError{Path: path, Reason: "larger than the limit of " + strconv.Itoa(most) + " bytes", Large: true}
	}
	v := value{}
	if trimmed := bytes.TrimSpace(text); len(trimmed) > 0 && trimmed[0] == '{' {
		var bad *SyntaxError
		if v, bad = parseJSON(string(text), path, lim); bad != nil {
			return value{}, bad
		}
		return v, nil
	}
	for _, t := range lexer.Tokenize(string(text)) {
		switch t.Type {
		case token.AnchorType, token.AliasType, token.MergeKeyType, token.TagType:
			return value{}, &SyntaxError{Offset: int64(t.Position.Offset), Path: path, Reason: "anchors, aliases, merges and tags are not read: write the members out"}
		}
	}
	var read any
	if err := yaml.UnmarshalWithOptions(text, &read, yaml.UseOrderedMap()); err != nil {
		return value{}, fmt.Errorf("neither JSON nor YAML: %w", err)
	}
	v, err := fromYAML(read, path, 1, lim.depth)
	if err == nil && v.kind != jsonObject {
		err = &SyntaxError{Path: path, Reason: "not an object"}
	}
	return v, err
}

// fromYAML turns what the YAML library read into a JSON value.
func fromYAML(in any, path string, depth, most int) (value, error) {
	if depth > most+1 {
		return value{}, &SyntaxError{Path: path, Reason: "nested deeper than " + strconv.Itoa(most)}
	}
	switch x := in.(type) {
	case nil:
		return value{kind: jsonNull, text: "null"}, nil
	case string:
		return value{kind: jsonString, text: x}, nil
	case bool:
		return value{kind: jsonBool, text: strconv.FormatBool(x)}, nil
	case int, int64, uint64:
		return value{kind: jsonNumber, text: fmt.Sprint(x)}, nil
	case time.Time:
		return value{kind: jsonString, text: x.UTC().Format(time.RFC3339)}, nil
	case []any:
		v := value{kind: jsonArray}
		for i, item := range x {
			one, err := fromYAML(item, path+"["+strconv.Itoa(i)+"]", depth+1, most)
			if err != nil {
				return value{}, err
			}
			v.items = append(v.items, one)
		}
		return v, nil
	case yaml.MapSlice:
		v := value{kind: jsonObject}
		for _, m := range x {
			name, ok := m.Key.(string)
			if !ok || v.get(name).kind != absent {
				return value{}, &SyntaxError{Path: path, Reason: "a member's name is no string, or stands twice"}
			}
			one, err := fromYAML(m.Value, path+"."+name, depth+1, most)
			if err != nil {
				return value{}, err
			}
			v.names, v.items = append(v.names, name), append(v.items, one)
		}
		return v, nil
	}
	return value{}, &SyntaxError{Path: path, Reason: fmt.Sprintf("a value of a kind that JSON lacks (%T)", in)}
}

// readDate reads an RFC 3339 time, a day (its first second, UTC), or a span of hours or days from now.
func readDate(text string, now time.Time) (time.Time, bool) {
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at, true
	}
	if at, err := time.Parse(time.DateOnly, text); err == nil {
		return at, true
	}
	span, ok := strings.CutPrefix(text, "+")
	if !ok || len(span) < 2 {
		return time.Time{}, false
	}
	unit := map[byte]time.Duration{'h': time.Hour, 'd': 24 * time.Hour}[span[len(span)-1]]
	n, err := strconv.ParseUint(span[:len(span)-1], 10, 16)
	return now.Add(time.Duration(n) * unit), err == nil && unit != 0
}
