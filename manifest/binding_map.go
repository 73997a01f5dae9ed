package manifest

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"unicode/utf8"

	"github.com/fxamacker/cbor/v2"

	"github.com/consentry/consentry/internal/bmff"
)

// Limits of a BMFF hash assertion; docs/limits.md has the reasons and the tests.
const (
	maxExclusions     = 256  // entries; writers make five to ten
	maxExclusionParts = 1024 // data items or subset ranges of one entry
	maxMerkleMaps     = 1024 // one for each mdat, or for each rendition of a set
	maxXPathLevels    = 16   // as deep as boxes are read
)

// bmffMap is the map of a BMFF hash assertion:
//
//	bmff-hash-map = { exclusions: [1* exclusion], ? alg: tstr, ? hash: bstr, ? merkle: [1* merkle-map],
//	                  ? name: tstr, ? url: uri, ? sequenceNumber: uint }
//
// A member that is null counts as absent, as some writers put null there. C2PA 2.5, 16.3.2.
type bmffMap struct {
	Exclusions exclusionList `cbor:"exclusions"`
	Alg        *string       `cbor:"alg"`
	Hash       []byte        `cbor:"hash"`
	Merkle     merkleList    `cbor:"merkle"`
}

// exclusionEntry says what is left out of the hash:
//
//	{ xpath: tstr, ? length: int, ? data: [1* {offset, value}], ? subset: [1* {offset, length}],
//	  ? version: int, ? flags: bstr .size 3, ? exact: bool }
//
// C2PA 2.5, 16.3.2.3.
type exclusionEntry struct {
	XPath   *string    `cbor:"xpath"`
	Length  *int64     `cbor:"length"`
	Data    dataList   `cbor:"data"`
	Subset  subsetList `cbor:"subset"`
	Version *int64     `cbor:"version"`
	Flags   []byte     `cbor:"flags"`
	Exact   *bool      `cbor:"exact"`

	path []pathStep
}

// pathStep is one level of an xpath; index 0 stands for any.
type pathStep struct {
	typ   bmff.FourCC
	index uint32
}

type dataItem struct {
	Offset *int64 `cbor:"offset"`
	Value  []byte `cbor:"value"`
}

type subsetItem struct {
	Offset *int64 `cbor:"offset"`
	Length *int64 `cbor:"length"`
}

// merkleMap is one Merkle tree:
//
//	{ uniqueId: int, localId: int, count: int, ? alg: tstr, ? initHash: bstr, hashes: [1* bstr],
//	  ? fixedBlockSize: int, ? variableBlockSizes: [1* int] }
//
// C2PA 2.5, 16.3.2.5.
type merkleMap struct {
	UniqueID *int64   `cbor:"uniqueId"`
	LocalID  *int64   `cbor:"localId"`
	Count    *int64   `cbor:"count"`
	Alg      *string  `cbor:"alg"`
	InitHash []byte   `cbor:"initHash"`
	Hashes   hashRow  `cbor:"hashes"`
	Fixed    *int64   `cbor:"fixedBlockSize"`
	Variable sizeList `cbor:"variableBlockSizes"`
}

// proofMap is the payload of a merkle box:
//
//	bmff-merkle-map = { uniqueId: int, localId: int, location: int, ? hashes: [1* bstr] }
//
// C2PA 2.5, A.5.3.1.
type proofMap struct {
	UniqueID *int64  `cbor:"uniqueId"`
	LocalID  *int64  `cbor:"localId"`
	Location *int64  `cbor:"location"`
	Hashes   hashRow `cbor:"hashes"`
}

type (
	exclusionList []exclusionEntry
	dataList      []dataItem
	subsetList    []subsetItem
	merkleList    []merkleMap
	sizeList      []int64
	// hashRow is a row of digests, which lie one behind the other in data.
	hashRow struct {
		size int // bytes of one digest; -1: they differ
		data []byte
		n    int
	}
)

func (h *hashRow) len() int64 { return int64(h.n) }

// at gives the i-th digest. The caller knows that size is not negative and i in range.
func (h *hashRow) at(i int64) []byte { return h.data[int(i)*h.size : (int(i)+1)*h.size] }

// bindingCBOR reads hash assertions and proof boxes: duplicate keys are errors, names are matched exactly, integers
// that int64 cannot hold are errors. Lists are counted by their own decoders below before memory is set aside for them;
// the library's own bound on elements is therefore only what CBOR in a store of the largest size could hold.
var bindingCBOR = func() cbor.DecMode {
	m, err := cbor.DecOptions{
		DupMapKey:          cbor.DupMapKeyEnforcedAPF,
		MaxNestedLevels:    8,
		MaxArrayElements:   1 << 26,
		MaxMapPairs:        1 << 10,
		FieldNameMatching:  cbor.FieldNameMatchingCaseSensitive,
		ByteStringToString: cbor.ByteStringToStringForbidden,
	}.DecMode()
	if err != nil {
		panic("manifest: cbor options: " + err.Error())
	}
	return m
}()

// decodeBMFFMap reads the map strictly. It gives nil and an error that names the member, or the map and nil.
func decodeBMFFMap(payload []byte) (*bmffMap, error) {
	var m bmffMap
	if err := bindingCBOR.Unmarshal(payload, &m); err != nil {
		return nil, err
	}
	if len(m.Exclusions) == 0 {
		return nil, errors.New("exclusions are missing or empty")
	}
	for i := range m.Exclusions {
		if err := m.Exclusions[i].check(); err != nil {
			return nil, fmt.Errorf("exclusions[%d]: %w", i, err)
		}
	}
	if m.Hash != nil && len(m.Hash) == 0 {
		return nil, errors.New("hash is empty")
	}
	if m.Merkle != nil && len(m.Merkle) == 0 {
		return nil, errors.New("merkle is empty")
	}
	if m.Hash == nil && m.Merkle == nil {
		return nil, errors.New("neither hash nor merkle: nothing is bound")
	}
	for i := range m.Merkle {
		if err := m.Merkle[i].check(); err != nil {
			return nil, fmt.Errorf("merkle[%d]: %w", i, err)
		}
	}
	return &m, nil
}

// check holds the members of an exclusion against 16.3.2.3 and reads its xpath.
func (e *exclusionEntry) check() error {
	if e.XPath == nil {
		return errors.New("xpath is missing")
	}
	var err error
	if e.path, err = parseXPath(*e.XPath); err != nil {
		return err
	}
	if e.Length != nil && *e.Length < 0 {
		return errors.New("length is negative")
	}
	if e.Version != nil && (*e.Version < 0 || *e.Version > 255) {
		return fmt.Errorf("version %d is no byte", *e.Version)
	}
	if e.Flags != nil && len(e.Flags) != 3 {
		return fmt.Errorf("flags of %d bytes, expected 3", len(e.Flags))
	}
	for i, d := range e.Data {
		if d.Offset == nil || d.Value == nil || *d.Offset < 0 {
			return fmt.Errorf("data[%d]: offset or value is missing or negative", i)
		}
	}
	end := int64(0)
	for i, s := range e.Subset {
		if s.Offset == nil || s.Length == nil || *s.Offset < 0 || *s.Length < 0 {
			return fmt.Errorf("subset[%d]: offset or length is missing or negative", i)
		}
		if *s.Offset < end {
			return fmt.Errorf("subset[%d]: overlaps the range before it or comes before it", i)
		}
		if *s.Length == 0 && i != len(e.Subset)-1 {
			return fmt.Errorf("subset[%d]: length 0 stands for the rest of the box and must be the last", i)
		}
		end = satAdd(*s.Offset, *s.Length)
	}
	return nil
}

// check holds the members of a Merkle map against 16.3.2.5.
func (m *merkleMap) check() error {
	switch {
	case m.UniqueID == nil || m.LocalID == nil || m.Count == nil:
		return errors.New("uniqueId, localId or count is missing")
	case *m.Count <= 0:
		return fmt.Errorf("count is %d", *m.Count)
	case m.Hashes.len() == 0:
		return errors.New("hashes are missing or empty")
	case m.Hashes.len() > *m.Count:
		return fmt.Errorf("%d hashes for %d leaves", m.Hashes.len(), *m.Count)
	case m.Hashes.size <= 0:
		return errors.New("hashes of different lengths or empty")
	case m.Fixed != nil && m.Variable != nil:
		return errors.New("fixedBlockSize and variableBlockSizes together")
	case m.Fixed != nil && *m.Fixed <= 0:
		return fmt.Errorf("fixedBlockSize is %d", *m.Fixed)
	case m.InitHash != nil && len(m.InitHash) == 0:
		return errors.New("initHash is empty")
	}
	if _, ok := rowLevel(*m.Count, m.Hashes.len()); !ok {
		return fmt.Errorf("a tree of %d leaves has no row of %d hashes", *m.Count, m.Hashes.len())
	}
	if m.Variable != nil && int64(len(m.Variable)) != *m.Count {
		return fmt.Errorf("%d variableBlockSizes for %d leaves", len(m.Variable), *m.Count)
	}
	for i, n := range m.Variable {
		if n <= 0 {
			return fmt.Errorf("variableBlockSizes[%d] is %d", i, n)
		}
	}
	return nil
}

// decodeProof reads the payload of a merkle box; what follows the map is padding. C2PA 2.5, A.5.3.1.4.
func decodeProof(payload []byte) (*proofMap, error) {
	p := proofMaps.Get().(*proofMap)
	*p = proofMap{Hashes: hashRow{data: p.Hashes.data[:0]}}
	if _, err := bindingCBOR.UnmarshalFirst(payload, p); err != nil {
		return nil, err
	}
	if p.UniqueID == nil || p.LocalID == nil || p.Location == nil {
		return nil, errors.New("uniqueId, localId or location is missing")
	}
	if p.Hashes.len() > 0 && p.Hashes.size <= 0 {
		return nil, errors.New("hashes of different lengths or empty")
	}
	return p, nil
}

// proofMaps are for proofs that are read one after the other: a file has as many as fragments.
var proofMaps = sync.Pool{New: func() any { return new(proofMap) }}

// done gives the memory of a proof back. Whoever keeps one does not call it.
func (p *proofMap) done() { proofMaps.Put(p) }

// parseXPath reads the subset of XPath that exclusions use: "/" type [ "[" n "]" ], repeated. A type has four
// characters, each one byte of the box type. C2PA 2.5, 16.3.2.3.
func parseXPath(s string) ([]pathStep, error) {
	bad := func(why string) ([]pathStep, error) { return nil, fmt.Errorf("xpath %q: %s", s, why) }
	if s == "" {
		return bad("empty")
	}
	var out []pathStep
	for s0 := s; s0 != ""; {
		if s0[0] != '/' {
			return bad("expected \"/\"")
		}
		s0 = s0[1:]
		var t uint32
		for range 4 {
			r, n := utf8.DecodeRuneInString(s0)
			if n == 0 || r > 0xff || r == utf8.RuneError {
				return bad("expected a box type of four characters")
			}
			t = t<<8 | uint32(r)
			s0 = s0[n:]
		}
		step := pathStep{typ: bmff.FourCC(t)}
		if s0 != "" && s0[0] == '[' {
			var ok bool
			if step.index, s0, ok = parseIndex(s0[1:]); !ok {
				return bad("expected an index without leading zeros")
			}
		}
		if out = append(out, step); len(out) > maxXPathLevels {
			return bad("too many levels")
		}
	}
	return out, nil
}

// parseIndex reads "n]" and gives what follows.
func parseIndex(s string) (n uint32, rest string, ok bool) {
	for i := 0; i < len(s) && i < 10; i++ {
		switch c := s[i]; {
		case c == ']':
			return n, s[i+1:], i > 0
		case c < '0' || c > '9' || i == 0 && c == '0' || n > 1<<27:
			return 0, "", false
		default:
			n = 10*n + uint32(c-'0')
		}
	}
	return 0, "", false
}

// UnmarshalCBOR counts the entries while it reads them.
func (l *exclusionList) UnmarshalCBOR(b []byte) error {
	return decodeList(b, maxExclusions, (*[]exclusionEntry)(l))
}

// UnmarshalCBOR counts the entries while it reads them.
func (l *dataList) UnmarshalCBOR(b []byte) error {
	return decodeList(b, maxExclusionParts, (*[]dataItem)(l))
}

// UnmarshalCBOR counts the entries while it reads them.
func (l *subsetList) UnmarshalCBOR(b []byte) error {
	return decodeList(b, maxExclusionParts, (*[]subsetItem)(l))
}

// UnmarshalCBOR counts the entries while it reads them.
func (l *merkleList) UnmarshalCBOR(b []byte) error {
	return decodeList(b, maxMerkleMaps, (*[]merkleMap)(l))
}

// UnmarshalCBOR takes eight bytes of memory for at least one byte of the store.
func (l *sizeList) UnmarshalCBOR(b []byte) error { return decodeList(b, len(b), (*[]int64)(l)) }

// UnmarshalCBOR keeps the digests in one piece of memory, not larger than they are in the store.
func (h *hashRow) UnmarshalCBOR(b []byte) error {
	h.data, h.n, h.size = h.data[:0], 0, 0
	_, err := elements(b, len(b), func(rest []byte) ([]byte, error) {
		var d []byte
		var err error
		if n := int(rest[0] & 31); rest[0]>>5 == 2 && n < 24 && len(rest) > n {
			d, rest = rest[1:1+n], rest[1+n:]
		} else if rest[0] == 0x58 && len(rest) >= 2 && len(rest) >= 2+int(rest[1]) {
			d, rest = rest[2:2+int(rest[1])], rest[2+int(rest[1]):]
		} else if d, rest, err = oddHash(rest); err != nil {
			return nil, err
		}
		if h.n == 0 {
			h.size = len(d)
			h.data = slices.Grow(h.data, min(len(b), 64*len(d)))
		} else if h.size != len(d) {
			h.size = -1
		}
		h.n++
		h.data = append(h.data, d...)
		return rest, nil
	})
	return err
}

// oddHash reads a hash that is not written as hashes are. It stands apart so that those need no memory each.
func oddHash(b []byte) (d, rest []byte, err error) {
	rest, err = bindingCBOR.UnmarshalFirst(b, &d)
	if err == nil && d == nil {
		err = errors.New("a hash is null")
	}
	return d, rest, err
}

func decodeList[T any](b []byte, most int, out *[]T) error {
	null, err := elements(b, most, func(rest []byte) ([]byte, error) {
		var v T
		if rest[0] == 0xf6 || rest[0] == 0xf7 {
			return nil, errors.New("an entry is null")
		}
		rest, err := bindingCBOR.UnmarshalFirst(rest, &v)
		if err == nil {
			*out = append(*out, v)
		}
		return rest, err
	})
	if err == nil && !null && *out == nil {
		*out = []T{}
	}
	return err
}

// elements visits the elements of a CBOR array, at most most of them. visit takes the bytes from an element on and
// gives those behind it. null says that b is null and no array. RFC 8949, 3.
func elements(b []byte, most int, visit func([]byte) ([]byte, error)) (null bool, err error) {
	if len(b) == 0 {
		return false, errors.New("no bytes")
	}
	if b[0] == 0xf6 || b[0] == 0xf7 {
		return true, nil
	}
	if b[0]>>5 != 4 {
		return false, errors.New("expected an array")
	}
	info, n := b[0]&31, uint64(0)
	b = b[1:]
	switch {
	case info < 24:
		n = uint64(info)
	case info <= 27:
		width := 1 << (info - 24)
		if len(b) < width {
			return false, errors.New("array ends early")
		}
		for _, c := range b[:width] {
			n = n<<8 | uint64(c)
		}
		b = b[width:]
	case info == 31:
		n = 1<<64 - 1 // until the break
	default:
		return false, errors.New("reserved array length")
	}
	for i := uint64(0); i < n; i++ {
		if len(b) == 0 {
			return false, errors.New("array ends early")
		}
		if info == 31 && b[0] == 0xff {
			return false, nil
		}
		if i >= uint64(most) {
			return false, fmt.Errorf("more than %d entries", most)
		}
		if b, err = visit(b); err != nil {
			return false, err
		}
	}
	return false, nil
}

func satAdd(a, b int64) int64 {
	if a > 1<<62 || b > 1<<62 {
		return 1 << 62
	}
	return a + b
}
