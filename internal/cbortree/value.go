package cbortree

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Get returns the value of a text key of a map; an item of kind None where it is not there or v is no map.
func (v Value) Get(key string) Value {
	if v.Kind != Map {
		return Value{}
	}
	for i := 0; i+1 < len(v.Items); i += 2 {
		if v.Items[i].Kind == Text && string(v.Items[i].Data) == key {
			return v.Items[i+1]
		}
	}
	return Value{}
}

// Has reports whether v is a map with the text key.
func (v Value) Has(key string) bool { return v.Get(key).Kind != None }

// Str returns the content of a text item; with a tag (of a date, of a URI) around it, the tag is looked through.
func (v Value) Str() string {
	if v.Kind == Tag && len(v.Items) == 1 {
		v = v.Items[0]
	}
	if v.Kind != Text {
		return ""
	}
	return string(v.Data)
}

// IsText reports whether [Value.Str] has something to return, be it empty.
func (v Value) IsText() bool {
	return v.Kind == Text || v.Kind == Tag && len(v.Items) == 1 && v.Items[0].Kind == Text
}

// True reports whether v is the simple value true.
func (v Value) True() bool { return v.Kind == Bool && v.N == 1 }

// Int returns an integer that fits into an int64.
func (v Value) Int() (int64, bool) {
	switch {
	case v.Kind == Uint && v.N <= math.MaxInt64:
		return int64(v.N), true
	case v.Kind == Negative && v.N <= math.MaxInt64:
		return -1 - int64(v.N), true
	}
	return 0, false
}

// Number returns an integer or a float as a float64.
func (v Value) Number() (float64, bool) {
	switch v.Kind {
	case Uint:
		return float64(v.N), true
	case Negative:
		return -1 - float64(v.N), true
	case Float:
		return math.Float64frombits(v.N), true
	}
	return 0, false
}

// List returns the elements of an array, or nil.
func (v Value) List() []Value {
	if v.Kind != Array {
		return nil
	}
	return v.Items
}

// Name writes an item in short, for messages and for keys that JSON wants as text.
func (v Value) Name() string {
	switch v.Kind {
	case Text:
		return string(v.Data)
	case Uint:
		return strconv.FormatUint(v.N, 10)
	case Negative:
		if v.N == math.MaxUint64 {
			return "-18446744073709551616"
		}
		return "-" + strconv.FormatUint(v.N+1, 10)
	case Bytes:
		return "b64'" + base64.StdEncoding.EncodeToString(v.Data) + "'"
	case Bool:
		return strconv.FormatBool(v.N == 1)
	case Float:
		return strconv.FormatFloat(math.Float64frombits(v.N), 'g', -1, 64)
	case Null, Undefined, None:
		return "null"
	case Simple:
		return fmt.Sprintf("simple(%d)", v.N)
	case Tag:
		return v.Items[0].Name()
	}
	b, _ := json.Marshal(v.JSON())
	return string(b)
}

// JSON returns what encoding/json marshals to crJSON's view of the item: byte strings as "b64'…'", dates and other
// tagged items as their content, keys that are no text as text, numbers that JSON lacks as text. C2PA 2.5, crJSON.
func (v Value) JSON() any {
	switch v.Kind {
	case Uint, Negative:
		return json.Number(v.Name())
	case Text:
		return string(v.Data)
	case Bool:
		return v.N == 1
	case Null, Undefined, None:
		return nil
	case Tag:
		return v.Items[0].JSON()
	case Float:
		f := math.Float64frombits(v.N)
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return v.Name()
		}
		return f
	case Array:
		out := make([]any, len(v.Items))
		for i := range v.Items {
			out[i] = v.Items[i].JSON()
		}
		return out
	case Map:
		out := make(map[string]any, len(v.Items)/2)
		for i := 0; i+1 < len(v.Items); i += 2 {
			k := v.Items[i].Name()
			for _, twice := out[k]; twice; _, twice = out[k] {
				k += "'" // 1 and "1" are two keys here and one in JSON
			}
			out[k] = v.Items[i+1].JSON()
		}
		return out
	}
	return strings.TrimSpace(v.Name())
}
