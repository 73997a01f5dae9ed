package consent

import (
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/fxamacker/cbor/v2"
)

// opaque is a CBOR value that JSON has no form for (byte strings, tags, other simple values). It may stand in members
// that the format does not know, nowhere else. Its text is a JSON string for show.
const opaque kind = 0x80

// maxCBORNesting is how deep CBOR is followed at all; what lies deeper than maxAssertionDepth is not judged. It bounds
// the decoder's stack.
const maxCBORNesting = 512

// cborMode refuses what two readers could read differently: a key twice, text that is not UTF-8.
var cborMode = func() cbor.DecMode {
	mode, err := cbor.DecOptions{
		DupMapKey:        cbor.DupMapKeyEnforcedAPF,
		MaxNestedLevels:  maxCBORNesting,
		MaxArrayElements: 1 << 17, // a limit of its own is not needed: an assertion has a mebibyte at most
		MaxMapPairs:      1 << 17,
		IndefLength:      cbor.IndefLengthAllowed,
		UTF8:             cbor.UTF8RejectInvalid,
		IntDec:           cbor.IntDecConvertSignedOrBigInt,
		TimeTag:          cbor.DecTagIgnored,
	}.DecMode()
	if err != nil {
		panic(err)
	}
	return mode
}()

// parseCBOR reads a CBOR item (RFC 8949) into the same values that JSON gives. What lies deeper than depth is left out,
// and cut says so.
func parseCBOR(b []byte, path string, depth int) (v value, cut bool, bad *SyntaxError) {
	var item any
	if err := cborMode.Unmarshal(b, &item); err != nil {
		return value{}, false, cborError(err, path)
	}
	c := converter{depth: depth}
	v = c.value(item, 1)
	return v, c.cut, nil
}

func cborError(err error, path string) *SyntaxError {
	bad := &SyntaxError{Offset: -1, Path: path, Reason: "not well-formed CBOR"}
	var deep *cbor.MaxNestedLevelError
	var long *cbor.MaxArrayElementsError
	var wide *cbor.MaxMapPairsError
	var twice *cbor.DupMapKeyError
	var more *cbor.ExtraneousDataError
	switch {
	case errors.As(err, &deep):
		bad.Large, bad.Reason = true, "nested deeper than "+strconv.Itoa(maxCBORNesting)
	case errors.As(err, &long), errors.As(err, &wide):
		bad.Large, bad.Reason = true, "more values in one array or map than the limit"
	case errors.As(err, &twice):
		bad.Reason = fmt.Sprintf("the member %q stands twice", clip(fmt.Sprint(twice.Key)))
	case errors.As(err, &more):
		bad.Reason = "bytes after the CBOR item"
	}
	return bad
}

type converter struct {
	depth int
	cut   bool
}

func (c *converter) value(item any, depth int) value {
	switch x := item.(type) {
	case nil:
		return value{kind: jsonNull, text: "null"}
	case bool:
		return value{kind: jsonBool, text: strconv.FormatBool(x)}
	case int64:
		return value{kind: jsonNumber, text: strconv.FormatInt(x, 10)}
	case big.Int:
		if x.BitLen() <= 64 { // a big number of a mebibyte takes long to write, and no member holds one
			return value{kind: jsonNumber, text: x.String()}
		}
	case float64:
		if !math.IsNaN(x) && !math.IsInf(x, 0) {
			text := strconv.FormatFloat(x, 'g', -1, 64)
			if !strings.ContainsAny(text, ".e") {
				text += ".0" // a float is no integer, even where it is a whole number
			}
			return value{kind: jsonNumber, text: text}
		}
	case string:
		return value{kind: jsonString, text: x}
	case []byte:
		return value{kind: opaque, text: strconv.Quote("base64url:" + base64.RawURLEncoding.EncodeToString(x))}
	case []any:
		return c.array(x, depth)
	case map[any]any:
		return c.object(x, depth)
	}
	return value{kind: opaque, text: `"a CBOR value that JSON has no form for"`}
}

func (c *converter) array(items []any, depth int) value {
	v := value{kind: jsonArray}
	if depth > c.depth {
		c.cut = true
		return v
	}
	for _, item := range items {
		v.items = append(v.items, c.value(item, depth+1))
	}
	return v
}

// object keeps the members in the order of their names: the decoder loses theirs, and no rule depends on it.
func (c *converter) object(m map[any]any, depth int) value {
	if depth > c.depth {
		c.cut = true
		return value{kind: jsonObject}
	}
	v := value{kind: jsonObject}
	for key := range m {
		name, ok := key.(string)
		if !ok { // JSON has no such map; members that the format knows are never like that
			return value{kind: opaque, text: `"a CBOR map with keys that are no text"`}
		}
		v.names = append(v.names, name)
	}
	slices.Sort(v.names)
	for _, name := range v.names {
		v.items = append(v.items, c.value(m[name], depth+1))
	}
	return v
}

// shallow returns JSON text in which every array and object deeper than depth is null, and whether there was one. It
// runs before the scanner, in one pass without recursion, so that depth costs nothing.
func shallow(text []byte, depth int) (out []byte, cut bool) {
	level, quoted := 0, false
	for i := 0; i < len(text); i++ {
		c := text[i]
		keep := level <= depth
		switch {
		case quoted && c == '\\':
			if keep {
				out = append(out, c)
			}
			if i++; i < len(text) && keep {
				out = append(out, text[i])
			}
			continue
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if level++; level == depth+1 {
				out, cut = append(out, "null"...), true
			}
			keep = level <= depth
		case c == '}' || c == ']':
			level--
		}
		if keep {
			out = append(out, c)
		}
	}
	return out, cut
}
