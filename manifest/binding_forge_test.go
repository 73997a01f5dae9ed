package manifest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"fmt"
	"math"
	"sort"
	"testing"
)

// Encoders and hashes of the binding tests. They share nothing with the code under test: boxes are built from scratch,
// and the content hash is computed over a list of boxes that is known beforehand, not parsed.

func u16(v int) []byte    { return binary.BigEndian.AppendUint16(nil, uint16(v)) }
func u32(v int) []byte    { return binary.BigEndian.AppendUint32(nil, uint32(v)) }
func u64(v uint64) []byte { return binary.BigEndian.AppendUint64(nil, v) }

func cat(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

func mkbox(typ string, parts ...[]byte) []byte {
	p := cat(parts...)
	return cat(u32(8+len(p)), []byte(typ), p)
}

func mkfull(typ string, version, flags int, parts ...[]byte) []byte {
	return mkbox(typ, u32(version<<24|flags), cat(parts...))
}

func mklarge(typ string, parts ...[]byte) []byte {
	p := cat(parts...)
	return cat(u32(1), []byte(typ), u64(uint64(16+len(p))), p)
}

const userTypeHex = "\xd8\xfe\xc3\xd6\x1b\x0e\x48\x3c\x92\x97\x58\x28\x87\x7e\xc4\x81"

// mkC2PA is a C2PA box with the given purpose; what follows the purpose is given.
func mkC2PA(purpose string, rest ...[]byte) []byte {
	return mkbox("uuid", []byte(userTypeHex), u32(0), []byte(purpose+"\x00"), cat(rest...))
}

// mkStore is a manifest box with a superbox that is none but looks like one.
func mkStore(purpose string) []byte {
	jumb := mkbox("jumb", bytes.Repeat([]byte("store "), 20))
	if purpose == "update" {
		return mkC2PA(purpose, jumb)
	}
	return mkC2PA(purpose, u64(0), jumb, make([]byte, 11))
}

// cb encodes CBOR: int, uint64, string, []byte, bool, float64, nil, arr, obj (in order), raw.
type (
	obj []any // key, value, key, value, …
	arr []any
	raw []byte
)

func head(major byte, n uint64) []byte {
	m := major << 5
	switch {
	case n < 24:
		return []byte{m | byte(n)}
	case n < 1<<8:
		return []byte{m | 24, byte(n)}
	case n < 1<<16:
		return append([]byte{m | 25}, u16(int(n))...)
	case n < 1<<32:
		return append([]byte{m | 26}, u32(int(n))...)
	}
	return append([]byte{m | 27}, u64(n)...)
}

func cb(v any) []byte {
	switch v := v.(type) {
	case nil:
		return []byte{0xf6}
	case bool:
		if v {
			return []byte{0xf5}
		}
		return []byte{0xf4}
	case int:
		if v < 0 {
			return head(1, uint64(-1-v))
		}
		return head(0, uint64(v))
	case uint64:
		return head(0, v)
	case float64:
		return append([]byte{0xfb}, u64(math.Float64bits(v))...)
	case string:
		return append(head(3, uint64(len(v))), v...)
	case []byte:
		return append(head(2, uint64(len(v))), v...)
	case raw:
		return v
	case arr:
		b := head(4, uint64(len(v)))
		for _, e := range v {
			b = append(b, cb(e)...)
		}
		return b
	case obj:
		b := head(5, uint64(len(v)/2))
		for _, e := range v {
			b = append(b, cb(e)...)
		}
		return b
	}
	panic(fmt.Sprintf("cb: %T", v))
}

func (o obj) with(key string, value any) obj {
	out := append(obj(nil), o...)
	for i := 0; i < len(out); i += 2 {
		if out[i] == key {
			out[i+1] = value
			return out
		}
	}
	return append(out, key, value)
}

func (o obj) without(key string) obj {
	var out obj
	for i := 0; i < len(o); i += 2 {
		if o[i] != key {
			out = append(out, o[i], o[i+1])
		}
	}
	return out
}

var (
	exUUID    = obj{"xpath", "/uuid", "data", arr{obj{"offset", 8, "value", []byte(userTypeHex)}}}
	exFtyp    = obj{"xpath", "/ftyp"}
	exMfra    = obj{"xpath", "/mfra"}
	exFree    = obj{"xpath", "/free"}
	exSkip    = obj{"xpath", "/skip"}
	exMdat16  = obj{"xpath", "/mdat", "subset", arr{obj{"offset", 16, "length", 0}}}
	exDefault = arr{exUUID, exFtyp, exMfra, exFree, exSkip}
)

// piece is a box of a file with what the hash leaves out of it.
type piece struct {
	b    []byte
	skip bool     // left out as a whole
	cut  [][2]int // ranges that are left out, from the start of the box
}

func skipped(b []byte) piece { return piece{b: b, skip: true} }
func kept(b []byte) piece    { return piece{b: b} }

func file(ps []piece) []byte {
	var out []byte
	for _, p := range ps {
		out = append(out, p.b...)
	}
	return out
}

// hashed gives the bytes that are hashed for pieces that start at the offset.
func hashed(ps []piece, offset int) []byte {
	var out []byte
	for _, p := range ps {
		if !p.skip {
			out = append(out, u64(uint64(offset))...)
			at := 0
			for _, c := range p.cut {
				out = append(out, p.b[at:c[0]]...)
				at = c[1]
			}
			out = append(out, p.b[at:]...)
		}
		offset += len(p.b)
	}
	return out
}

func sha(b ...[]byte) []byte {
	s := sha256.Sum256(cat(b...))
	return s[:]
}

func sha5(b []byte) []byte {
	s := sha512.Sum512(b)
	return s[:]
}

// rows computes all rows of a Merkle tree by recursion from the top, unlike the code under test.
func rows(leaves [][]byte) [][][]byte {
	out := [][][]byte{leaves}
	for len(leaves) > 1 {
		var next [][]byte
		for i := 0; i < len(leaves); i += 2 {
			if i+1 < len(leaves) {
				next = append(next, sha(leaves[i], leaves[i+1]))
			} else {
				next = append(next, leaves[i])
			}
		}
		out = append(out, next)
		leaves = next
	}
	return out
}

// proof gives the siblings of a leaf up to a level.
func proof(leaves [][]byte, i, level int) arr {
	out := arr{}
	if level == 0 {
		return out
	}
	for _, r := range rows(leaves)[:level] {
		if s := i ^ 1; s < len(r) {
			out = append(out, r[s])
		}
		i /= 2
	}
	return out
}

func hashArr(list [][]byte) arr {
	out := arr{}
	for _, h := range list {
		out = append(out, h)
	}
	return out
}

// tables is a moov box with one video track: chunks of ten bytes at the given offsets.
func moovBox(offsets ...int) []byte {
	stco := u32(len(offsets))
	for _, o := range offsets {
		stco = append(stco, u32(o)...)
	}
	return moovWith(mkfull("stco", 0, 0, stco), mkfull("url ", 0, 1))
}

func moovWith(stco, dref []byte, extra ...[]byte) []byte {
	n := (len(stco) - 16) / 4
	return mkbox("moov", mkfull("mvhd", 0, 0, make([]byte, 96)), mkbox("trak",
		mkfull("tkhd", 0, 3, u32(0), u32(0), u32(1), make([]byte, 68)), mkbox("mdia",
			mkfull("mdhd", 0, 0, u32(0), u32(0), u32(1000), u32(2000), u32(0)), mkfull("hdlr", 0, 0, u32(0), []byte("vide"), make([]byte, 13)),
			mkbox("minf", mkbox("dinf", mkfull("dref", 0, 0, u32(1), dref)),
				mkbox("stbl", mkfull("stsd", 0, 0, u32(1), mkbox("avc1", make([]byte, 78))), mkfull("stsc", 0, 0, u32(1), u32(1), u32(1), u32(1)),
					mkfull("stsz", 0, 0, u32(10), u32(n)), stco)))), cat(extra...))
}

var ftypBox = mkbox("ftyp", []byte("isom"), u32(512), []byte("isomiso2"))

func media(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i*7 + i>>8)
	}
	return b
}

// flatFile is a good file without fragments. Media of 1,000 bytes, three chunks.
func flatFile() []piece {
	ps := []piece{skipped(ftypBox), skipped(mkStore("manifest")), skipped(mkbox("free", make([]byte, 40))), {}, {}}
	at := len(file(ps[:3])) + len(moovBox(0, 0, 0)) + 8
	ps[3] = kept(moovBox(at, at+10, at+500))
	ps[4] = kept(mkbox("mdat", media(1000)))
	return ps
}

func flatMap(ps []piece) obj {
	return obj{"exclusions", exDefault, "alg", "sha256", "hash", sha(hashed(ps, 0)), "name", "test"}
}

type setFile struct {
	name      string
	data      []byte
	rendition string
	gone      bool
}

// check runs the code under test on a file and its parts.
func check(t testing.TB, data []byte, m any, spec string, parts ...setFile) *Binding {
	t.Helper()
	r := bytes.NewReader(data)
	l, err := Locate(context.Background(), r, int64(len(data)), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	c := &Content{Data: r, Size: int64(len(data)), Located: l, Explain: true}
	for _, p := range parts {
		part := Part{Name: p.name, Data: bytes.NewReader(p.data), Size: int64(len(p.data)), Rendition: p.rendition}
		if p.gone {
			part.Data, part.Size = nil, 0
		}
		c.Parts = append(c.Parts, part)
	}
	b, err := checkBMFF(context.Background(), c, "c2pa.hash.bmff.v3", "self#jumbf=test", cb(m), "", spec)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// codes gives the codes of a binding, sorted, each once.
func codes(b *Binding) string {
	set := map[string]bool{}
	for _, f := range b.Findings {
		set[f.Code] = true
	}
	var out []string
	for c := range set {
		out = append(out, c)
	}
	sort.Strings(out)
	return fmt.Sprint(b.State, " ", out)
}
