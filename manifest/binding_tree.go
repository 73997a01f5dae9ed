package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"hash"
	"sync"
)

// A Merkle tree has its leaves on the bottom row, row 0; a node is the hash of the two below it, and a rightmost node
// without a sibling is handed up unchanged. C2PA 2.5, 16.3.2.5.

// rowLevel gives the level whose row has n nodes in a tree of count leaves; the lowest, where several have.
func rowLevel(count, n int64) (level int, ok bool) {
	for r := count; ; r = r/2 + r&1 { // no sum that could overflow
		if r == n {
			return level, true
		}
		if r <= n || r <= 1 {
			return 0, false
		}
		level++
	}
}

// errProof says that a proof does not have as many digests as the place of its leaf asks for.
var errProof = errors.New("the proof has the wrong number of hashes")

// climb hashes a leaf and its proof up to the given level. It gives the digest and its place in that row. Every digest
// of the proof must be used, and none may be missing.
func climb(h hash.Hash, leaf []byte, location, count int64, level int, proof *hashRow) ([]byte, int64, error) {
	node := append([]byte(nil), leaf...)
	i, n, p := location, count, int64(0)
	for range level {
		switch {
		case i&1 == 1:
			if p == proof.len() {
				return nil, 0, errProof
			}
			h.Reset()
			h.Write(proof.at(p))
			h.Write(node)
			node = h.Sum(node[:0])
			p++
		case i+1 < n:
			if p == proof.len() {
				return nil, 0, errProof
			}
			h.Reset()
			h.Write(node)
			h.Write(proof.at(p))
			node = h.Sum(node[:0])
			p++
		}
		i, n = i>>1, n/2+n&1
	}
	if p != proof.len() {
		return nil, 0, errProof
	}
	return node, i, nil
}

// checkLeaf holds one leaf and its proof against the stored row.
func (t *tree) checkLeaf(h hash.Hash, leaf []byte, location int64, proof *hashRow) error {
	if location < 0 || location >= t.count {
		return fmt.Errorf("location %d, the tree has %d leaves", location, t.count)
	}
	if proof.len() > 0 && proof.size != t.row.size {
		return errProof
	}
	node, i, err := climb(h, leaf, location, t.count, t.level, proof)
	if err != nil {
		return err
	}
	if !bytes.Equal(node, t.row.at(i)) {
		return errMismatch
	}
	return nil
}

var errMismatch = errors.New("the hash is another one")

// tree is a Merkle map that was checked: its row has a level, its digests the size of the algorithm.
type tree struct {
	index    int // in the assertion
	unique   int64
	local    int64
	count    int64
	level    int
	row      *hashRow
	alg      string
	newHash  func() hash.Hash
	initHash []byte
	fixed    int64
	variable []int64
	hashes   sync.Pool // of hash.Hash: leaves are checked by several goroutines
}

// check is checkLeaf with a hash of the tree's own.
func (t *tree) check(leaf []byte, location int64, proof *hashRow) error {
	h, ok := t.hashes.Get().(hash.Hash)
	if !ok {
		h = t.newHash()
	}
	defer t.hashes.Put(h)
	return t.checkLeaf(h, leaf, location, proof)
}

// builder computes the row of a tree at a level from the leaves below it, which come in any order: it keeps one digest
// a leaf of what is not complete yet.
type builder struct {
	t     *tree
	nodes []byte
	size  int
}

// newBuilder gives a builder for all leaves of the tree. The caller has held count against the size of the file.
func newBuilder(t *tree) *builder {
	return &builder{t: t, size: t.row.size, nodes: make([]byte, t.count*int64(t.row.size))}
}

// set places a leaf; different leaves may be set at once.
func (b *builder) set(i int64, leaf []byte) { copy(b.nodes[i*int64(b.size):], leaf) }

// compare reduces the leaves to the stored row and gives the places in the row that differ, at most most of them. see is
// shown each node of the row; it may be nil.
func (b *builder) compare(most int, see func(i int64, sum []byte)) []int64 {
	h, n := b.t.newHash(), b.t.count
	at := func(i int64) []byte { return b.nodes[i*int64(b.size) : (i+1)*int64(b.size)] }
	for range b.t.level {
		for i := int64(0); i < n; i += 2 {
			if i+1 == n {
				copy(at(i/2), at(i))
				continue
			}
			h.Reset()
			h.Write(at(i))
			h.Write(at(i + 1))
			h.Sum(at(i / 2)[:0])
		}
		n = (n + 1) / 2
	}
	var bad []int64
	for i := int64(0); see != nil && i < n; i++ {
		see(i, at(i))
	}
	for i := int64(0); i < n && len(bad) < most; i++ {
		if !bytes.Equal(at(i), b.t.row.at(i)) {
			bad = append(bad, i)
		}
	}
	return bad
}
