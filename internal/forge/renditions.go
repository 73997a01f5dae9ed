package forge

import "encoding/binary"

// Rendition is a further rendition of a set: another way to play it, under the same manifest. C2PA 2.5, A.5.2.
type Rendition struct {
	Init  []byte
	Parts [][]byte
}

func segmentType() []byte { return box("styp", []byte("msdh"), be32(0), []byte("msdh")) }

// own are the leaves of the first rendition.
func (m *Merkle) own(alg string, sum []byte) [][]byte {
	leaves := leavesOf(alg, sum)
	if m.Further > 0 && len(leaves) > m.Fragments {
		leaves = leaves[:m.Fragments]
	}
	return leaves
}

// of gives the digest of the initialization segment of the nth further rendition, and its leaves; zeroes while nothing
// is known.
func (m *Merkle) of(alg string, sum []byte, n int) (init []byte, leaves [][]byte) {
	all := leavesOf(alg, sum)
	if at := m.Fragments + n*(m.Fragments+1); len(all) >= at+m.Fragments+1 {
		return all[at], all[at+1 : at+1+m.Fragments]
	}
	zero := make([]byte, len(digest(alg, nil)))
	for range m.Fragments {
		leaves = append(leaves, zero)
	}
	return zero, leaves
}

// further are the trees of the further renditions.
func (m *Merkle) further(alg string, sum []byte) []any {
	var out []any
	for n := range m.Further {
		init, leaves := m.of(alg, sum, n)
		mm := m.merkleMap(alg, leaves, merkleTrack)
		mm.Set("uniqueId", merkleUnique+1+n)
		mm.Set("initHash", init)
		out = append(out, mm)
	}
	return out
}

// furtherLayout writes the files of the further renditions: another movie box, and other media.
func (r *Recipe) furtherLayout(b *Built, head, tail, sum []byte, alg string) {
	m := r.Merkle
	b.Renditions = nil
	for n := range m.Further {
		_, leaves := m.of(alg, sum, n)
		tree := rows(alg, leaves)
		moov := fragmentedMoov()
		moov = append(moov, box("udta", be32(n))...)
		binary.BigEndian.PutUint32(moov, uint32(len(moov)))
		init := append(box("ftyp", []byte("iso6"), be32(0), []byte("iso6dash")), head...)
		init = append(append(append(init, r.After...), moov...), tail...)
		out := Rendition{Init: init}
		aux := *m
		aux.Aux = func(i int, v *Map) {
			v.Set("uniqueId", merkleUnique+1+n)
			if m.Aux != nil {
				m.Aux(i, v)
			}
		}
		for i := range m.Fragments {
			part := append(aux.auxBox(tree, merkleTrack, i), m.fragment(n+1, i)...)
			out.Parts = append(out.Parts, append(segmentType(), part...))
		}
		b.Renditions = append(b.Renditions, out)
	}
}
