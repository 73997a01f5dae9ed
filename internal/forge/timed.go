package forge

import "encoding/binary"

// trackChunk is a chunk of a track.
type trackChunk struct {
	Range
	track int // number of the track
}

// chunks are those of a file that the forge wrote, track by track. ISO/IEC 14496-12, 8.7.
func (m *Merkle) chunks(file []byte) []trackChunk {
	var out []trackChunk
	for i, trak := range find(file, 0, int64(len(file)), "moov/trak") {
		body := file[trak.Offset : trak.Offset+trak.Size]
		table := func(name string) []byte {
			s := find(body, 0, int64(len(body)), "trak/mdia/minf/stbl/"+name)
			if len(s) == 0 {
				return nil
			}
			return body[s[0].Offset+12 : s[0].Offset+s[0].Size]
		}
		number := func(b []byte, n int) int { return int(binary.BigEndian.Uint32(b[4*n:])) }
		stsz, stsc, stco := table("stsz"), table("stsc"), table("stco")
		sample, row := 0, 0
		for c := range number(stco, 0) {
			if row+1 < number(stsc, 0) && c+1 >= number(stsc, 1+3*(row+1)) {
				row++
			}
			r := trackChunk{track: i + 1, Range: Range{Offset: int64(number(stco, 1+c))}}
			for range number(stsc, 2+3*row) {
				size := number(stsz, 0)
				if size == 0 {
					size = number(stsz, 2+sample)
				}
				r.Length += int64(size)
				sample++
			}
			out = append(out, r)
		}
	}
	return out
}

// perTrack splits leaves by the tracks of the chunks that a movie of the forge has.
func perTrack(chunks []trackChunk, leaves [][]byte) (tracks []int, out map[int][][]byte) {
	out = map[int][][]byte{}
	for i, c := range chunks {
		if len(out[c.track]) == 0 {
			tracks = append(tracks, c.track)
		}
		out[c.track] = append(out[c.track], leaves[i])
	}
	return tracks, out
}

// trackMaps are the entries of the content hash, one for each track.
func (m *Merkle) trackMaps(c Container, alg string, leaves [][]byte) []any {
	var out []any
	tracks, of := perTrack(m.chunks(c.layout(nil, nil)), leaves)
	for _, t := range tracks {
		mm := m.merkleMap(alg, of[t], t)
		if m.Map != nil {
			m.Map(&mm)
		}
		out = append(out, mm)
	}
	return out
}

// trackProofs are the merkle boxes of all tracks.
func (m *Merkle) trackProofs(file []byte, alg string, leaves [][]byte) []byte {
	chunks := m.chunks(file)
	if len(leaves) != len(chunks) {
		leaves = make([][]byte, len(chunks))
		for i := range leaves {
			leaves[i] = digest(alg, nil)
		}
	}
	var out []byte
	tracks, of := perTrack(chunks, leaves)
	for _, t := range tracks {
		tree := rows(alg, of[t])
		for i := range of[t] {
			out = append(out, m.auxBox(tree, t, i)...)
		}
	}
	return out
}
