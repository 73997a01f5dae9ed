// Package region reads C2PA regions of interest and answers one question about them: is this box, at this time, inside?
// C2PA 2.5, 16.9.2.
//
// Values come decoded from CBOR or JSON; the package reads no bytes and does no I/O. Where the specification is silent
// the reading is fixed here: several ranges of one type are alternatives, ranges of different types must all hold;
// coordinates are those of the displayed picture (rotated, square samples) of the primary video track unless a range
// names a track. It refuses to guess: a range that cannot be placed (wall-clock time, text, an unknown type) contains
// nothing. Start with [Parse], then ask [Region.Contains] or [Region.Share].
package region

import (
	"fmt"
	"math"
	"strconv"
)

// Limits of one region. The largest region of the specification's examples has five ranges and eight vertices.
const (
	MaxRanges   = 256
	MaxVertices = 1024
)

// Region is a part of an asset: what its ranges say, all types together.
//
//	region-map { region [1* range-map], ? name, ? identifier, ? type, ? description, ? role (deprecated) }
type Region struct {
	Identifier  string // unique within its assertion; empty: none
	Name        string
	Description string
	Type        string // IPTC image region type or a namespaced one
	Ranges      []Range
}

// Type says what a range counts in.
type Type string

// The range types.
const (
	Spatial    Type = "spatial"
	Temporal   Type = "temporal"
	Frame      Type = "frame"
	Textual    Type = "textual"
	Identified Type = "identified"
)

// Range is one condition. Exactly the member of its type is set; a Textual range has none and contains nothing.
type Range struct {
	Type  Type
	Shape *Shape
	Time  *Time
	Frame *Frames
	Item  *Item
}

// Item names a part of the asset by a property of it, e.g. {"track_id", "2"}.
type Item struct{ Identifier, Value string }

// Frames is a span of frame numbers, counted from 0, both ends included. A nil end is open.
type Frames struct{ Start, End *int64 }

// SyntaxError says where a value breaks the rules of a region.
type SyntaxError struct {
	Path string // members from the region down: region[0].shape.origin.x
	Text string
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("region: %s: %s", e.Path, e.Text) }

// Parse reads a region-map: a map[string]any as a CBOR or JSON decoder gives it, with []any for arrays. Unknown members
// are ignored. On error the region is nil and the error is a [*SyntaxError].
func Parse(v any) (*Region, error) {
	m, ok := v.(map[string]any)
	if !ok {
		return nil, &SyntaxError{"", "not a map"}
	}
	r := &Region{}
	for _, s := range []struct {
		name string
		to   *string
	}{{"identifier", &r.Identifier}, {"name", &r.Name}, {"description", &r.Description}, {"type", &r.Type}} {
		if err := text(m, s.name, s.name, s.to, false); err != nil {
			return nil, err
		}
	}
	list, ok := m["region"].([]any)
	if !ok || len(list) == 0 {
		return nil, &SyntaxError{"region", "not an array with one range at least"}
	}
	if len(list) > MaxRanges {
		return nil, &SyntaxError{"region", fmt.Sprintf("%d ranges; the limit is %d", len(list), MaxRanges)}
	}
	for i, v := range list {
		one, err := parseRange(v, "region["+strconv.Itoa(i)+"]")
		if err != nil {
			return nil, err
		}
		r.Ranges = append(r.Ranges, one)
	}
	return r, nil
}

func parseRange(v any, path string) (Range, error) {
	m, ok := v.(map[string]any)
	if !ok {
		return Range{}, &SyntaxError{path, "not a map"}
	}
	var name string
	if err := text(m, "type", path+".type", &name, true); err != nil {
		return Range{}, err
	}
	r := Range{Type: Type(name)}
	var err error
	switch r.Type {
	case Spatial:
		r.Shape, err = parseShape(m["shape"], path+".shape")
	case Temporal:
		r.Time, err = parseTime(m["time"], path+".time")
	case Frame:
		r.Frame, err = parseFrames(m["frame"], path+".frame")
	case Identified:
		r.Item, err = parseItem(m["item"], path+".item")
	case Textual:
		if _, ok := m["text"].(map[string]any); !ok {
			err = &SyntaxError{path + ".text", "not a map"}
		}
	default:
		err = &SyntaxError{path + ".type", fmt.Sprintf("%q is no range type", name)}
	}
	return r, err
}

func parseItem(v any, path string) (*Item, error) {
	m, ok := v.(map[string]any)
	if !ok {
		return nil, &SyntaxError{path, "not a map"}
	}
	i := &Item{}
	if err := text(m, "identifier", path+".identifier", &i.Identifier, true); err != nil {
		return nil, err
	}
	if err := text(m, "value", path+".value", &i.Value, true); err != nil {
		return nil, err
	}
	return i, nil
}

func parseFrames(v any, path string) (*Frames, error) {
	m, ok := v.(map[string]any)
	if !ok {
		return nil, &SyntaxError{path, "not a map"}
	}
	f := &Frames{}
	for _, s := range []struct {
		name string
		to   **int64
	}{{"start", &f.Start}, {"end", &f.End}} {
		raw, ok := m[s.name]
		if !ok {
			continue
		}
		n, ok := number(raw)
		if !ok || n != math.Trunc(n) || n < 0 || n > 1<<53 {
			return nil, &SyntaxError{path + "." + s.name, "not a frame number"}
		}
		i := int64(n)
		*s.to = &i
	}
	if f.Start != nil && f.End != nil && *f.End < *f.Start {
		return nil, &SyntaxError{path, "ends before it starts"}
	}
	return f, nil
}

// text reads a text member into to. A member that must be there and is not, or is of another kind, is an error.
func text(m map[string]any, name, path string, to *string, must bool) error {
	v, ok := m[name]
	if !ok && !must {
		return nil
	}
	s, ok := v.(string)
	if !ok {
		return &SyntaxError{path, "not text"}
	}
	*to = s
	return nil
}

// number accepts integers where the schema writes floats: encoders shorten them.
func number(v any) (float64, bool) {
	switch n := v.(type) {
	case float64:
		return n, !math.IsNaN(n) && !math.IsInf(n, 0)
	case float32:
		return number(float64(n))
	case int:
		return float64(n), true
	case int64:
		return float64(n), true
	case uint64:
		return float64(n), true
	}
	return 0, false
}
