// Package cbortree reads CBOR (RFC 8949) into a tree that keeps what a generic decoder loses: the order of map
// entries, dates as they were written, and the bytes that each item came from.
//
// The library's strict mode decides first what is well formed. On top of it the package refuses maps with a key
// twice, text that is not UTF-8, and more items than its limit; it tolerates indefinite lengths and encodings that are
// not the shortest, as a C2PA validator must (C2PA 2.5, 16.1). Start with [Parse].
package cbortree

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"unicode/utf8"

	"github.com/fxamacker/cbor/v2"
)

// Kind is what an item is.
type Kind uint8

// The kinds. The zero value is no item.
const (
	None     Kind = iota
	Uint          // N is the value
	Negative      // the value is −1−N
	Bytes         // Data is the content
	Text          // Data is the content
	Array         // Items are the elements
	Map           // Items are key, value, key, value …
	Tag           // N is the tag's number, Items[0] the content
	Float         // N are the bits of a float64
	Bool          // N is 0 or 1
	Null
	Undefined
	Simple // N is the number
)

// Value is an item. Its slices point into the parsed bytes, except for strings that came in chunks.
type Value struct {
	Kind  Kind
	N     uint64
	Data  []byte
	Items []Value
	Raw   []byte // the item's own encoding
}

// SyntaxError says where bytes are not the CBOR that is wanted.
type SyntaxError struct {
	Offset int64 // -1: not known
	Path   string
	Text   string
}

func (e *SyntaxError) Error() string {
	if e.Offset < 0 {
		return "cbor: " + e.Text
	}
	return fmt.Sprintf("cbor: %s at %s (offset %d)", e.Text, e.Path, e.Offset)
}

// MaxItems bounds the items of one tree: an item takes about 90 bytes, so that a tree stays below 24 MB. The largest
// real assertions (Merkle rows, ingredient lists) have some thousand items.
const MaxItems = 1 << 18

// maxNested is how deep arrays, maps and tags may nest; C2PA's own structures need less than 16.
const maxNested = 32

var mode = must(cbor.DecOptions{
	DupMapKey: cbor.DupMapKeyEnforcedAPF, IndefLength: cbor.IndefLengthAllowed, TagsMd: cbor.TagsAllowed,
	MaxNestedLevels: maxNested, MaxArrayElements: MaxItems, MaxMapPairs: MaxItems, UTF8: cbor.UTF8RejectInvalid,
}.DecMode())

func must(m cbor.DecMode, err error) cbor.DecMode {
	if err != nil {
		panic(err)
	}
	return m
}

// ErrItems says that there are more items than the caller allows.
var ErrItems = errors.New("cbor: more items than the limit")

// Parse reads exactly one item that fills data, of at most [MaxItems] items. The error is a *[SyntaxError] or
// [ErrItems].
func Parse(data []byte) (Value, error) {
	v, _, err := ParseMax(data, MaxItems)
	return v, err
}

// ParseMax is [Parse] with a limit of the caller's, at most MaxItems. It returns how many items were read.
func ParseMax(data []byte, limit int) (Value, int, error) {
	if err := mode.Wellformed(data); err != nil {
		return Value{}, 0, &SyntaxError{Offset: -1, Text: err.Error()}
	}
	limit = min(limit, MaxItems)
	w := walker{data: data, left: limit, room: limit}
	v, err := w.item()
	if err != nil {
		return Value{}, limit - max(w.left, 0), err
	}
	return v, limit - w.left, nil
}

// walker builds the tree of bytes that are known to be well formed.
type walker struct {
	data []byte
	at   int
	left int               // items that may still be read
	room int               // items that slices may still be made for ahead
	path [maxNested][]byte // keys on the way to the item, nil for one that is no text
	deep int               // of them
}

func (w *walker) fault(at int, format string, args ...any) error {
	path := "$"
	for _, key := range w.path[:min(w.deep, len(w.path))] {
		if key != nil && len(path) < 200 {
			path += "." + string(key)
		}
	}
	return &SyntaxError{Offset: int64(at), Path: path, Text: fmt.Sprintf(format, args...)}
}

// head reads an initial byte and its argument. indefinite is true for additional information 31.
func (w *walker) head() (major byte, info byte, n uint64, indefinite bool) {
	b := w.data[w.at]
	w.at++
	major, info = b>>5, b&31
	switch {
	case info < 24:
		n = uint64(info)
	case info == 24:
		n = uint64(w.data[w.at])
		w.at++
	case info == 25:
		n = uint64(binary.BigEndian.Uint16(w.data[w.at:]))
		w.at += 2
	case info == 26:
		n = uint64(binary.BigEndian.Uint32(w.data[w.at:]))
		w.at += 4
	case info == 27:
		n = binary.BigEndian.Uint64(w.data[w.at:])
		w.at += 8
	default:
		indefinite = true
	}
	return major, info, n, indefinite
}

func (w *walker) item() (Value, error) {
	if w.left--; w.left < 0 {
		return Value{}, ErrItems
	}
	start := w.at
	major, info, n, indefinite := w.head()
	v := Value{N: n}
	var err error
	switch major {
	case 0:
		v.Kind = Uint
	case 1:
		v.Kind = Negative
	case 2, 3:
		v.Kind = Bytes
		if major == 3 {
			v.Kind = Text
		}
		v.Data = w.str(n, indefinite)
		if major == 3 && !utf8.Valid(v.Data) {
			return Value{}, w.fault(start, "text that is not UTF-8")
		}
		v.N = 0
	case 4, 5:
		v.Kind = Array
		if major == 5 {
			v.Kind = Map
		}
		v.Items, err = w.list(n, indefinite, major == 5)
		v.N = 0
	case 6:
		v.Kind = Tag
		var inner Value
		inner, err = w.item()
		v.Items = []Value{inner}
	default:
		v.Kind, v.N = w.simple(info, n)
	}
	if err != nil {
		return Value{}, err
	}
	v.Raw = w.data[start:w.at:w.at]
	return v, nil
}

func (w *walker) str(n uint64, indefinite bool) []byte {
	if !indefinite {
		s := w.data[w.at : w.at+int(n) : w.at+int(n)]
		w.at += int(n)
		return s
	}
	out := []byte{}
	for w.data[w.at] != 0xFF {
		_, _, n, _ := w.head()
		out = append(out, w.data[w.at:w.at+int(n)]...)
		w.at += int(n)
	}
	w.at++
	return out
}

// list reads the items of an array or a map. What is promised is there, since the bytes are well formed: a slice is made
// for as many items as the head says, as long as all such slices together stay within the limit.
func (w *walker) list(n uint64, indefinite, isMap bool) ([]Value, error) {
	var out []Value
	each := 1
	if isMap {
		each = 2
	}
	if !indefinite && n <= uint64(w.room/each) {
		w.room -= int(n) * each
		out = make([]Value, 0, int(n)*each)
	}
	var keys keySet
	w.deep++
	defer func() { w.deep-- }()
	for i := uint64(0); indefinite || i < n; i++ {
		if indefinite && w.data[w.at] == 0xFF {
			w.at++
			break
		}
		at := w.at
		w.key(nil)
		v, err := w.item()
		if err != nil {
			return nil, err
		}
		if !isMap {
			out = append(out, v)
			continue
		}
		if !keys.add(out, v) {
			return nil, w.fault(at, "key %s twice in one map", v.Name())
		}
		out = append(out, v)
		if v.Kind == Text {
			w.key(v.Data)
		}
		if v, err = w.item(); err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

// key notes under which key of the innermost map the walk goes on.
func (w *walker) key(k []byte) {
	if w.deep <= len(w.path) {
		w.path[w.deep-1] = k
	}
}

func (w *walker) simple(info byte, n uint64) (Kind, uint64) {
	switch info {
	case 20, 21:
		return Bool, n - 20
	case 22:
		return Null, 0
	case 23:
		return Undefined, 0
	case 25:
		return Float, math.Float64bits(half(uint16(n)))
	case 26:
		return Float, math.Float64bits(float64(math.Float32frombits(uint32(n))))
	case 27:
		return Float, n
	}
	return Simple, n
}

// half converts an IEEE 754 half-precision number. RFC 8949, Appendix D.
func half(b uint16) float64 {
	exp, mant := int(b>>10)&31, float64(b&1023)
	var f float64
	switch exp {
	case 0:
		f = math.Ldexp(mant, -24)
	case 31:
		f = math.Inf(1)
		if mant != 0 {
			f = math.NaN()
		}
	default:
		f = math.Ldexp(mant+1024, exp-25)
	}
	if b&0x8000 != 0 {
		f = -f
	}
	return f
}

// keySet finds map keys that are there twice. Keys of one value in two encodings are the same key. RFC 8949, 5.6.
type keySet struct{ seen map[string]struct{} }

// fewKeys is how many keys are held against each other one by one: almost every map has fewer, and needs no memory then.
const fewKeys = 12

// add takes a key behind the pairs that were read; false: one of them has it.
func (s *keySet) add(pairs []Value, v Value) bool {
	if len(pairs) < 2*fewKeys {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i].sameKey(v) {
				return false
			}
		}
		return true
	}
	if s.seen == nil {
		s.seen = make(map[string]struct{}, len(pairs))
		for i := 0; i < len(pairs); i += 2 {
			s.seen[pairs[i].keyText()] = struct{}{}
		}
	}
	k := v.keyText()
	if _, twice := s.seen[k]; twice {
		return false
	}
	s.seen[k] = struct{}{}
	return true
}

// sameKey reports whether two keys have the same keyText.
func (v Value) sameKey(o Value) bool {
	if v.Kind != o.Kind {
		return false
	}
	switch v.Kind {
	case Text, Bytes:
		return string(v.Data) == string(o.Data)
	case Uint, Negative, Bool, Float:
		return v.N == o.N
	}
	return string(v.Raw) == string(o.Raw)
}

// keyText is a text that two keys share if they are the same key.
func (v Value) keyText() string {
	switch v.Kind {
	case Text, Bytes:
		return string(rune('0'+v.Kind)) + string(v.Data)
	case Uint, Negative, Bool, Float:
		return fmt.Sprint(v.Kind, ":", v.N)
	}
	return "r" + string(v.Raw)
}
