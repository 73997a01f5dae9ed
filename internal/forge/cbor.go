package forge

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"sort"
)

// Map is a CBOR map whose entries can be found again; it is written in core deterministic order.
type Map []Entry

// Entry is one member of a Map.
type Entry struct{ K, V any }

// Tag is a tagged CBOR value.
type Tag struct {
	N uint64
	V any
}

// Raw is CBOR that is already encoded.
type Raw []byte

// Get returns the value under a key, or nil.
func (m Map) Get(k any) any {
	for _, e := range m {
		if e.K == k {
			return e.V
		}
	}
	return nil
}

// Set replaces the value under a key, or adds it.
func (m *Map) Set(k, v any) {
	for i, e := range *m {
		if e.K == k {
			(*m)[i].V = v
			return
		}
	}
	*m = append(*m, Entry{k, v})
}

// Del takes a key out.
func (m *Map) Del(k any) {
	for i, e := range *m {
		if e.K == k {
			*m = append((*m)[:i:i], (*m)[i+1:]...)
			return
		}
	}
}

// CBOR encodes a value in core deterministic form. RFC 8949, 4.2.1. It panics on a type that it does not know.
func CBOR(v any) []byte { return appendCBOR(nil, v) }

func head(b []byte, major byte, n uint64) []byte {
	m := major << 5
	switch {
	case n < 24:
		return append(b, m|byte(n))
	case n <= math.MaxUint8:
		return append(b, m|24, byte(n))
	case n <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(b, m|25), uint16(n))
	case n <= math.MaxUint32:
		return binary.BigEndian.AppendUint32(append(b, m|26), uint32(n))
	}
	return binary.BigEndian.AppendUint64(append(b, m|27), n)
}

func appendCBOR(b []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(b, 0xf6)
	case Raw:
		return append(b, v...)
	case bool:
		if v {
			return append(b, 0xf5)
		}
		return append(b, 0xf4)
	case int:
		if v < 0 {
			return head(b, 1, uint64(-1-v))
		}
		return head(b, 0, uint64(v))
	case int64:
		return appendCBOR(b, int(v))
	case uint64:
		return head(b, 0, v)
	case float64:
		return binary.BigEndian.AppendUint64(append(b, 0xfb), math.Float64bits(v))
	case string:
		return append(head(b, 3, uint64(len(v))), v...)
	case []byte:
		return append(head(b, 2, uint64(len(v))), v...)
	case []any:
		b = head(b, 4, uint64(len(v)))
		for _, x := range v {
			b = appendCBOR(b, x)
		}
		return b
	case Tag:
		return appendCBOR(head(b, 6, v.N), v.V)
	case Map:
		parts := make([][]byte, len(v))
		for i, e := range v {
			k := CBOR(e.K)
			parts[i] = append(k, CBOR(e.V)...)
		}
		sort.SliceStable(parts, func(i, j int) bool { return bytes.Compare(parts[i], parts[j]) < 0 })
		b = head(b, 5, uint64(len(v)))
		for _, p := range parts {
			b = append(b, p...)
		}
		return b
	case map[string]any:
		var m Map
		for k, x := range v {
			m = append(m, Entry{k, x})
		}
		return appendCBOR(b, m)
	}
	panic(fmt.Sprintf("forge: cannot write %T as CBOR", v))
}
