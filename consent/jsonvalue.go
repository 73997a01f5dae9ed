package consent

import "strconv"

// kind is the kind of a JSON value. The zero value is no value at all: a member that is not there.
type kind uint8

const (
	absent kind = iota
	jsonNull
	jsonBool
	jsonNumber
	jsonString
	jsonArray
	jsonObject
)

// value is a JSON value. Members keep their order; a name stands once in an object, byte by byte.
type value struct {
	kind  kind
	text  string   // of a string, decoded; of a number, as written; "true" or "false"
	items []value  // of an array, or of an object's members in their order
	names []string // of an object's members
}

// get returns a member of an object; the zero value where there is none.
func (v value) get(name string) value {
	for i, n := range v.names {
		if n == name {
			return v.items[i]
		}
	}
	return value{}
}

// integer returns a number that is written as an integer and fits.
func (v value) integer() (int64, bool) {
	if v.kind != jsonNumber {
		return 0, false
	}
	n, err := strconv.ParseInt(v.text, 10, 64)
	return n, err == nil
}

// strings returns an array that holds nothing but strings.
func (v value) strings() ([]string, bool) {
	if v.kind != jsonArray {
		return nil, false
	}
	out := make([]string, len(v.items))
	for i, item := range v.items {
		if item.kind != jsonString {
			return nil, false
		}
		out[i] = item.text
	}
	return out, true
}

// encode appends the value as compact JSON.
func (v value) encode(b []byte) []byte {
	switch v.kind {
	case jsonString:
		return appendString(b, v.text)
	case jsonArray:
		b = append(b, '[')
		for i, item := range v.items {
			if i > 0 {
				b = append(b, ',')
			}
			b = item.encode(b)
		}
		return append(b, ']')
	case jsonObject:
		b = append(b, '{')
		for i, item := range v.items {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(appendString(b, v.names[i]), ':')
			b = item.encode(b)
		}
		return append(b, '}')
	case absent:
		return append(b, "null"...)
	}
	return append(b, v.text...)
}

func appendString(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < 0x20:
			b = append(b, `\u00`...)
			b = append(b, hex[c>>4], hex[c&15])
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}
