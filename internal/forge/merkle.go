package forge

import (
	"bytes"
	"encoding/binary"
	"strings"
)

// Merkle says that the content is bound in parts. The zero value binds a flat file by one leaf. C2PA 2.5, 16.3.2.
type Merkle struct {
	Fragments int   // of a fragmented file; 0: a flat one
	Set       bool  // the fragments are files of their own
	Media     int   // bytes of a fragment's media, a multiple of three; default 300
	Further   int   // further renditions of a set, each with as many fragments
	Block     int   // fixed block size of a flat file
	Sizes     []int // variable block sizes of a flat file
	Level     int   // of the row that is stored: 0 is the leaves
	Only      bool  // of a flat file: no hash over the whole
	Timed     bool  // of a flat file: a tree for each track, over its chunks, as before C2PA 2.2

	Map      func(*Map)                                // edits the merkle-map
	Aux      func(i int, m *Map)                       // edits the content of the ith merkle box
	DropAux  func(i int) bool                          // leaves the ith merkle box out
	Fragment func(b *Built)                            // edits the parts of a set once they are signed
	Leaves   func(file []byte, leaves []Range) []Range // other leaves of a flat file
}

// merkleIDs are the numbers under which the tree goes: the track, and one that stands for nothing else.
const (
	merkleUnique = 4711
	merkleTrack  = 1
)

// rows are all rows of the tree over the leaves: pairs hashed, a node without a sibling goes up as it is.
func rows(alg string, leaves [][]byte) [][][]byte {
	out := [][][]byte{leaves}
	for row := leaves; len(row) > 1; {
		var next [][]byte
		for i := 0; i < len(row); i += 2 {
			if i+1 == len(row) {
				next = append(next, row[i])
			} else {
				next = append(next, digest(alg, append(bytes.Clone(row[i]), row[i+1]...)))
			}
		}
		out, row = append(out, next), next
	}
	return out
}

// proof is what takes a leaf up to the stored row.
func proof(tree [][][]byte, level, i int) []any {
	var out []any
	for k := range level {
		if sibling := i ^ 1; sibling < len(tree[k]) {
			out = append(out, tree[k][sibling])
		}
		i >>= 1
	}
	return out
}

// auxBox is a merkle box: where a leaf stands, and what takes it up. C2PA 2.5, A.5.3.
func (m *Merkle) auxBox(tree [][][]byte, local, i int) []byte {
	if m.DropAux != nil && m.DropAux(i) {
		return nil
	}
	v := Map{{"uniqueId", merkleUnique}, {"localId", local}, {"location", i}}
	if p := proof(tree, m.Level, i); p != nil {
		v.Set("hashes", p)
	}
	if m.Aux != nil {
		m.Aux(i, &v)
	}
	return storeBox("merkle", CBOR(v), 0, false)
}

// merkleMap is the entry of the content hash. C2PA 2.5, 16.3.2.2.
func (m *Merkle) merkleMap(alg string, leaves [][]byte, local int) Map {
	var row []any
	for _, h := range rows(alg, leaves)[m.Level] {
		row = append(row, h)
	}
	if alg == "" {
		alg = "sha256"
	}
	out := Map{{"uniqueId", merkleUnique}, {"localId", local}, {"count", len(leaves)}, {"alg", alg}, {"hashes", row}}
	if m.Block > 0 {
		out.Set("fixedBlockSize", m.Block)
	}
	if m.Sizes != nil {
		var sizes []any
		for _, n := range m.Sizes {
			sizes = append(sizes, n)
		}
		out.Set("variableBlockSizes", sizes)
	}
	return out
}

// bind puts the tree into the content hash's assertion; sum is what contentHash gave.
func (m *Merkle) bind(bm *Map, c Container, alg string, sum []byte) {
	size := len(digest(alg, nil))
	leaves := m.own(alg, sum)
	if n := m.count(c); len(leaves) != n {
		leaves = make([][]byte, n) // the first pass knows no content yet
		for i := range leaves {
			leaves[i] = make([]byte, size)
		}
	}
	local := 0
	if m.Fragments > 0 {
		local = merkleTrack
	}
	bm.Set("hash", sum[:size])
	if m.Timed {
		bm.Set("merkle", m.trackMaps(c, alg, leaves))
		if m.Only {
			bm.Del("hash")
		}
		return
	}
	mm := m.merkleMap(alg, leaves, local)
	if m.Fragments > 0 {
		mm.Set("initHash", sum[:size])
	}
	if m.Fragments > 0 || m.Only {
		bm.Del("hash")
	}
	if m.Map != nil {
		m.Map(&mm)
	}
	bm.Set("merkle", append([]any{mm}, m.further(alg, sum)...))
}

// count is the number of leaves.
func (m *Merkle) count(c Container) int {
	switch {
	case m.Fragments > 0:
		return m.Fragments
	case m.Timed:
		return len(m.chunks(c.layout(nil, nil)))
	case m.Sizes != nil:
		return len(m.Sizes)
	case m.Block > 0:
		return (len(c.media()) + m.Block - 1) / m.Block
	}
	return 1
}

// sums is the content hash in parts: of the whole file (or of what comes before the fragments), then of every leaf.
func (r *Recipe) sums(alg string, b *Built) []byte {
	m := r.Merkle
	if m.Timed {
		out := digest(alg, r.bytesToHash(b.Data))
		for _, c := range m.chunks(b.Data) {
			out = append(out, digest(alg, b.Data[c.Offset:c.Offset+c.Length])...)
		}
		return out
	}
	if m.Fragments == 0 {
		out := digest(alg, r.bytesToHash(b.Data))
		for _, leaf := range m.blocks(b) {
			out = append(out, digest(alg, b.Data[leaf.Offset:leaf.Offset+leaf.Length])...)
		}
		return out
	}
	if m.Set {
		out := digest(alg, r.bytesToHash(b.Data))
		for _, part := range b.Parts {
			out = append(out, digest(alg, r.bytesToHash(part))...)
		}
		for _, further := range b.Renditions {
			for _, part := range append([][]byte{further.Init}, further.Parts...) {
				out = append(out, digest(alg, r.bytesToHash(part))...)
			}
		}
		return out
	}
	starts := []int64{0}
	for _, s := range b.Roots {
		if s.Type == "moof" {
			starts = append(starts, s.Offset)
		}
	}
	starts = append(starts, int64(len(b.Data)))
	var out []byte
	whole := r.cover(b.Data)
	for i := range starts[:len(starts)-1] {
		out = append(out, digest(alg, whole.part(starts[i], starts[i+1]))...)
	}
	return out
}

// blocks are the leaves of a flat file: of the media behind the header of mdat.
func (m *Merkle) blocks(b *Built) []Range {
	var s Span
	for _, root := range b.Roots {
		if root.Type == "mdat" {
			s = root
		}
	}
	at := s.Offset + headerSize(b.Data, s)
	end := s.Offset + s.Size
	var out []Range
	sizes := m.Sizes
	if sizes == nil {
		n := int64(m.Block)
		if n == 0 {
			n = end - at
		}
		for ; at < end; at += n {
			out = append(out, Range{at, min(n, end-at)})
		}
	}
	for _, n := range sizes {
		out = append(out, Range{at, int64(n)})
		at += int64(n)
	}
	if m.Leaves != nil {
		out = m.Leaves(b.Data, out)
	}
	return out
}

// leavesOf splits what sums gave.
func leavesOf(alg string, sum []byte) [][]byte {
	size := len(digest(alg, nil))
	var out [][]byte
	for at := size; at+size <= len(sum); at += size {
		out = append(out, sum[at:at+size])
	}
	return out
}

// merkleLayout writes the file (and the parts of a set) around a store's box.
func (r *Recipe) merkleLayout(b *Built, head, tail, sum []byte, alg string) {
	m := r.Merkle
	leaves := m.own(alg, sum)
	if m.Fragments == 0 {
		b.Data = r.Container.layout(append(head, r.After...), nil)
		b.Roots = roots(b.Data)
		if m.Timed {
			b.Data = append(append(b.Data, m.trackProofs(b.Data, alg, leaves)...), tail...)
			return
		}
		n := len(m.blocks(b))
		if m.Level > 0 {
			if len(leaves) != n {
				leaves = make([][]byte, n)
			}
			tree := rows(alg, leaves)
			for i := range n {
				b.Data = append(b.Data, m.auxBox(tree, 0, i)...)
			}
		}
		b.Data = append(b.Data, tail...)
		return
	}
	if len(leaves) != m.Fragments {
		leaves = make([][]byte, m.Fragments)
		for i := range leaves {
			leaves[i] = digest(alg, nil)
		}
	}
	tree := rows(alg, leaves)
	data := append(box("ftyp", []byte("iso6"), be32(0), []byte("iso6dash")), head...)
	data = append(append(data, r.After...), fragmentedMoov()...)
	b.Parts = nil
	for i := range m.Fragments {
		part := append(m.auxBox(tree, merkleTrack, i), m.fragment(0, i)...)
		if m.Set {
			b.Parts = append(b.Parts, append(segmentType(), part...))
		} else {
			data = append(data, part...)
		}
	}
	b.Data = append(data, tail...)
	r.furtherLayout(b, head, tail, sum, alg)
}

// fragmentedMoov is a movie box with one video track whose samples are all in fragments.
func fragmentedMoov() []byte {
	whole := moov(Container{Samples: 1}, 0)
	traks := find(whole, 0, int64(len(whole)), "moov/trak")
	mvhd := find(whole, 0, int64(len(whole)), "moov/mvhd")[0]
	trak := bytes.Clone(whole[traks[0].Offset : traks[0].Offset+traks[0].Size])
	// The tables become empty where they stand: a count of zero, and free boxes would only move things.
	for _, path := range []string{"stts", "stsc", "stco", "stsz"} {
		at := find(trak, 0, int64(len(trak)), "trak/mdia/minf/stbl/"+path)[0].Offset
		count := at + 12
		if path == "stsz" {
			binary.BigEndian.PutUint32(trak[at+12:], 0)
			count = at + 16
		}
		binary.BigEndian.PutUint32(trak[count:], 0)
	}
	trex := full("trex", 0, 0, be32(merkleTrack), be32(1), be32(1), be32(0), be32(0))
	return box("moov", whole[mvhd.Offset:mvhd.Offset+mvhd.Size], trak, box("mvex", trex))
}

// fragment is the ith fragment of a rendition, with as much media as is asked for.
func (m *Merkle) fragment(rendition, i int) []byte {
	return fragmentOf(rendition, i, max(m.Media, 300))
}

// fragment is the ith moof with its mdat: three samples.
func fragment(rendition, i int) []byte { return fragmentOf(rendition, i, 300) }

func fragmentOf(rendition, i, size int) []byte {
	media := random("fragment "+string(rune('a'+i))+strings.Repeat("'", rendition), size)
	write := func(offset int) []byte {
		trun := full("trun", 0, 0x201, be32(3), be32(offset), be32(size/3), be32(size/3), be32(size/3))
		traf := box("traf", full("tfhd", 0, 0x020000, be32(merkleTrack)), full("tfdt", 0, 0, be32(3*i)), trun)
		return box("moof", full("mfhd", 0, 0, be32(i+1)), traf)
	}
	moof := write(len(write(0)) + 8)
	return append(moof, box("mdat", media)...)
}

// exclusions adds what a hash beside a tree leaves out: the media, but for 16 bytes. C2PA 2.5, A.5.5.
func (m *Merkle) exclusions(list []Exclusion) []Exclusion {
	if m == nil || m.Fragments > 0 || m.Only {
		return list
	}
	for _, e := range list {
		if strings.HasPrefix(e.XPath, "/mdat") {
			return list
		}
	}
	return append(list[:len(list):len(list)], Exclusion{XPath: "/mdat", Subset: []Range{{16, 0}}})
}
