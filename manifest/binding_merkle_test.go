package manifest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

const (
	partialOnly = "partial [assertion.bmffHash.match asset.partiallyBound]"
	bothCodes   = "altered [assertion.bmffHash.malformed assertion.bmffHash.mismatch]"
)

// leavesOf cuts media into blocks of the sizes and hashes them.
func leavesOf(media []byte, sizes ...int) [][]byte {
	var out [][]byte
	for len(media) > 0 {
		n := min(sizes[0], len(media))
		if len(sizes) > 1 {
			sizes = sizes[1:]
		}
		out = append(out, sha(media[:n]))
		media = media[n:]
	}
	return out
}

func proofBoxOf(unique, local, location int, hashes any) []byte {
	m := obj{"uniqueId", unique, "localId", local, "location", location}
	if hashes != nil {
		m = append(m, "hashes", hashes)
	}
	return mkC2PA("merkle", cb(m), make([]byte, 5))
}

// merkleFile is the flat file, its mdat bound by a tree over blocks of 64 bytes that start at the given byte of the box.
func merkleFile(start int, withHash bool) (ps []piece, leaves [][]byte, m obj) {
	ps = flatFile()
	leaves = leavesOf(ps[4].b[start:], 64)
	ex := slices.Clone(exDefault)
	if withHash {
		ex = append(ex, exMdat16)
		ps[4].cut = [][2]int{{16, len(ps[4].b)}}
	}
	tree := obj{"uniqueId", 7, "localId", 0, "count", len(leaves), "alg", "sha256", "hashes", hashArr(leaves), "fixedBlockSize", 64}
	m = obj{"exclusions", ex, "alg", "sha256", "merkle", arr{tree}}
	if withHash {
		m = m.with("hash", sha(hashed(ps, 0)))
	}
	return ps, leaves, m
}

func treeOf(m obj) obj {
	for i := 0; i < len(m); i += 2 {
		if m[i] == "merkle" {
			return m[i+1].(arr)[0].(obj)
		}
	}
	panic("no tree")
}

func withTree(m, tree obj) obj { return m.with("merkle", arr{tree}) }

func TestMerkle(t *testing.T) {
	for _, start := range []int{8, 16} {
		for _, withHash := range []bool{true, false} {
			ps, leaves, m := merkleFile(start, withHash)
			good := file(ps)
			want := intact
			switch {
			case !withHash && start == 16: // the first sample lies in the eight bytes in front
				want = "partial [assertion.bmffHash.match asset.partiallyBound asset.unboundTrack]"
			case !withHash:
				want = partialOnly
			}
			t.Run(fmt.Sprintf("payload-from-%d-hash-%v", start, withHash), func(t *testing.T) {
				merkleCases(t, ps, good, leaves, m, want)
			})
		}
	}
}

// merkleCases runs the sound forms of a tree and their corruptions.
func merkleCases(t *testing.T, ps []piece, good []byte, leaves [][]byte, m obj, want string) {
	run := func(name string, data []byte, m obj, want string) {
		t.Run(name, func(t *testing.T) {
			b := check(t, data, m, "2.4")
			if got := codes(b); got != want {
				t.Errorf("%s, expected %s: %v %v", got, want, texts(b.Findings), b.Notes)
			}
		})
	}
	tree := treeOf(m)
	sizes := arr{}
	for range len(leaves) - 1 {
		sizes = append(sizes, 64)
	}
	payload := 1008 - (len(leaves)-1)*64
	if b := check(t, good, m, "2.4"); b.Notes[0] == "the payload of /mdat[1] was taken to start behind the box header" {
		payload -= 8
	} else {
		payload -= 16
	}
	sizes = append(sizes, payload)
	variable := tree.without("fixedBlockSize").with("variableBlockSizes", sizes)
	mdat := at(good, "mdat", 0)
	run("leaf-row", good, m, want)
	run("leaf-row-of-variable-blocks", good, withTree(m, variable), want)
	run("media-bit", flip(good, mdat+500), m, altered)
	run("last-bit", flip(good, len(good)-1), m, altered)
	run("one-stored-leaf-is-another", good, withTree(m, tree.with("hashes", hashArr(append(slices.Clone(leaves[:3]), append([][]byte{sha()}, leaves[4:]...)...)))), altered)
	run("variable-sum-too-large", good, withTree(m, variable.with("variableBlockSizes", append(slices.Clone(sizes[:len(sizes)-1]), payload+1))), malformed)
	run("variable-sum-overflows", good, withTree(m, variable.with("variableBlockSizes", append(slices.Clone(sizes[:len(sizes)-1]), uint64(1<<63-1)))), malformed)
	run("no-block-sizes", good, withTree(m, tree.without("fixedBlockSize")), malformed)
	run("block-size-too-small", good, withTree(m, tree.with("fixedBlockSize", 32)), malformed)
	run("block-size-too-large", good, withTree(m, tree.with("fixedBlockSize", 1000)), malformed)
	run("another-localId", good, withTree(m, tree.with("localId", 5)), altered)
	run("initHash", good, withTree(m, tree.with("initHash", sha())), malformed)
	run("two-trees-for-one-mdat", good, m.with("merkle", arr{tree, tree.with("uniqueId", 8)}), malformed)
	if strings.HasPrefix(want, "intact") {
		run("movie-bit", flip(good, at(good, "moov", 0)+40), m, altered)
		run("bit-in-front-of-the-leaves", flip(good, mdat+7), m, altered)
		run("second-mdat", cat(good, mkbox("mdat", media(9))), m, altered)
	} else {
		run("second-mdat", cat(good, mkbox("mdat", media(9))), m, altered)
		run("last-byte-missing", good[:len(good)-1], m, altered)
		run("movie-is-not-bound", flip(good, at(good, "moov", 0)+40), m, want)
	}
	// Rows above the leaves, with a proof box for each leaf behind the media.
	all := rows(leaves)
	for level := 1; level < len(all); level++ {
		proofs := make([][]byte, len(leaves))
		for i := range leaves {
			proofs[i] = proofBoxOf(7, 0, i, proof(leaves, i, level))
		}
		data := cat(good, cat(proofs...))
		higher := withTree(m, tree.with("hashes", hashArr(all[level])))
		name := fmt.Sprintf("row-%d-", level)
		run(name+"with-proofs", data, higher, want)
		run(name+"rebuilt-without-proofs", good, higher, want)
		run(name+"rebuilt-media-bit", flip(good, len(good)-30), higher, altered)
		run(name+"media-bit", flip(data, mdat+500), higher, altered)
		run(name+"one-proof-missing", cat(good, cat(proofs[1:]...)), higher, malformed)
		run(name+"last-proof-missing", cat(good, cat(proofs[:len(proofs)-1]...)), higher, malformed)
		run(name+"two-proofs-exchanged", cat(good, proofs[1], proofs[0], cat(proofs[2:]...)), higher, malformed)
		run(name+"one-proof-twice", cat(data, proofs[len(proofs)-1]), higher, malformed)
		other := slices.Clone(proofs)
		other[2] = proofBoxOf(7, 0, 2, append(proof(leaves, 2, level), sha()))
		run(name+"one-hash-too-many", cat(good, cat(other...)), higher, altered)
		other[2] = proofBoxOf(7, 0, 2, proof(leaves, 2, level)[1:])
		run(name+"one-hash-too-few", cat(good, cat(other...)), higher, altered)
		other[2] = proofBoxOf(7, 0, 2, proof(leaves, 3, level))
		run(name+"the-proof-of-another-leaf", cat(good, cat(other...)), higher, altered)
	}
	run("unreadable-proof", cat(good, mkC2PA("merkle", []byte{0xff})), m, malformed)
	run("proof-of-another-tree", cat(good, proofBoxOf(9, 9, 0, arr{})), m, want)
}

func TestMerkleTwoMdats(t *testing.T) {
	ps := flatFile()
	ps = append(ps, kept(mkbox("mdat", media(300))))
	tree := func(local int, b []byte) obj {
		l := leavesOf(b, 100)
		return obj{"uniqueId", 1, "localId", local, "count", len(l), "hashes", hashArr(l), "fixedBlockSize", 100}
	}
	one, two := tree(0, media(1000)), tree(1, media(300))
	m := obj{"exclusions", exDefault, "alg", "sha256"}
	for name, c := range map[string]struct {
		trees arr
		want  string
	}{
		"sound":            {arr{one, two}, partialOnly},
		"any-order":        {arr{two, one}, partialOnly},
		"one-without-tree": {arr{one}, altered},
		"exchanged":        {arr{one.with("localId", 1), two.with("localId", 0)}, malformed},
	} {
		t.Run(name, func(t *testing.T) {
			b := check(t, file(ps), m.with("merkle", c.trees), "")
			if got := codes(b); got != c.want {
				t.Errorf("%s, expected %s: %v", got, c.want, texts(b.Findings))
			}
		})
	}
}

func TestMerkleDamageIsNamed(t *testing.T) {
	ps, _, m := merkleFile(16, true)
	good := file(ps)
	mdat := at(good, "mdat", 0)
	b := check(t, flip(good, mdat+16+64*3+5), m, "")
	if len(b.Damage) != 1 || b.Damage[0].Where != "/mdat[1]" || b.Damage[0].Offset != int64(mdat+16+64*3) || b.Damage[0].Length != 64 {
		t.Errorf("damage %+v", b.Damage)
	}
	b = check(t, flip(flip(good, mdat+16+64*3+5), mdat+16+64*4), m, "")
	if len(b.Damage) != 1 || b.Damage[0].Length != 128 {
		t.Errorf("neighbours are not joined: %+v", b.Damage)
	}
}

// TestLeafIsNoNode: a leaf cannot pass for an inner node, as the depth follows from count.
func TestLeafIsNoNode(t *testing.T) {
	_, leaves, _ := merkleFile(8, false)
	ps := flatFile()
	all := rows(leaves)
	// Media that are the concatenation of two nodes hash to the node above them.
	ps[4] = kept(mkbox("mdat", all[0][0], all[0][1]))
	tree := obj{"uniqueId", 1, "localId", 0, "count", 2, "hashes", arr{all[1][0]}, "fixedBlockSize", 64}
	if got := codes(check(t, file(ps), obj{"exclusions", exDefault, "alg", "sha256", "merkle", arr{tree}}, "")); got != malformed {
		t.Errorf("%s, expected %s", got, malformed)
	}
}

func TestMerkleLimits(t *testing.T) {
	ps := flatFile()
	root := func(count uint64) obj {
		return obj{"exclusions", exDefault, "alg", "sha256", "merkle", arr{obj{"uniqueId", 1, "localId", 0, "count", count, "hashes", arr{sha()}, "fixedBlockSize", 1}}}
	}
	for name, c := range map[string]struct {
		media int
		count uint64
		want  string
	}{
		"rebuilt-at-the-limit": {maxRebuild, maxRebuild, altered},
		"one-past":             {maxRebuild + 1, maxRebuild + 1, malformed},
		"absurd":               {1000, 1 << 40, malformed},
		"most-of-int64":        {1000, 1<<63 - 1, malformed},
	} {
		t.Run(name, func(t *testing.T) {
			ps := slices.Clone(ps)
			// A 64-bit header has one reading only.
			ps[4] = kept(mklarge("mdat", make([]byte, c.media)))
			if got := codes(check(t, file(ps), root(c.count), "")); got != c.want {
				t.Errorf("%s, expected %s", got, c.want)
			}
		})
	}
	t.Run("1025-trees", func(t *testing.T) {
		list := arr{}
		for i := range maxMerkleMaps + 1 {
			list = append(list, obj{"uniqueId", i, "localId", 0, "count", 1, "hashes", arr{sha()}})
		}
		m := obj{"exclusions", exDefault, "alg", "sha256", "merkle", list}
		b := check(t, file(ps), m, "")
		if got := codes(b); got != malformed || !strings.Contains(b.Findings[0].Explanation, "more than 1024") {
			t.Errorf("%s %v", got, texts(b.Findings))
		}
		b = check(t, file(ps), m.with("merkle", list[:maxMerkleMaps]), "")
		if strings.Contains(b.Findings[0].Explanation, "more than") {
			t.Error(texts(b.Findings))
		}
	})
}

func TestRowLevel(t *testing.T) {
	for _, c := range []struct {
		count, n int64
		level    int
		ok       bool
	}{
		{1, 1, 0, true},
		{2, 2, 0, true},
		{2, 1, 1, true},
		{3, 2, 1, true},
		{3, 1, 2, true},
		{5, 3, 1, true},
		{5, 2, 2, true},
		{5, 4, 0, false},
		{1 << 40, 1, 40, true},
		{1<<63 - 1, 1, 63, true},
		{7, 8, 0, false},
		{9, 0, 0, false},
	} {
		if level, ok := rowLevel(c.count, c.n); level != c.level && c.ok || ok != c.ok {
			t.Errorf("rowLevel(%d, %d) = %d, %v", c.count, c.n, level, ok)
		}
	}
}
