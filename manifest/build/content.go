package build

import (
	"crypto/sha256"
	"fmt"
	"hash"

	"github.com/consentry/consentry/internal/bmff"
)

// maxLeaves bounds the blocks of a file. Each leaf takes 34 bytes of the store, and readers take stores of 4 MiB gladly;
// blocks of 1 MiB then reach to 128 GiB. The leaf row itself is stored, never a row above it: what stands above needs a
// proof box for each leaf (C2PA 2.5, A.5.3.1.1), which takes more bytes and which not all readers follow.
const maxLeaves = 1 << 17

// content is what binds the manifest to the media: the digest of the file and, where the media are bound in blocks,
// the leaf row for each mdat box in order.
type content struct {
	sum   []byte
	block int64 // bytes; 0: no trees
	trees [][]byte
}

// blankContent is a content of the size that the file's own will have.
func blankContent(f *bmff.File, block int64) (*content, error) {
	c := &content{sum: make([]byte, sha256.Size), block: block}
	if block <= 0 {
		c.block = 0
		return c, nil
	}
	all, media := int64(0), int64(0)
	for _, b := range f.Find(bmff.Mdat) {
		size := b.End() - b.Payload()
		if size <= 0 {
			return nil, refuse("an mdat box is empty: there is nothing in it to bind in blocks", "sign it without blocks")
		}
		n := (size-1)/block + 1
		if all, media = all+n, media+size; all > maxLeaves {
			return nil, refuse(fmt.Sprintf("in blocks of %d bytes the file has more than %d of them", block, maxLeaves), "take larger blocks")
		}
		c.trees = append(c.trees, make([]byte, n*sha256.Size))
	}
	if media == 0 {
		return nil, refuse("the file has no mdat box: there are no media to bind in blocks", "sign it without blocks")
	}
	return c, nil
}

// assertion is the content of c2pa.hash.bmff.v3. C2PA 2.5, 16.3.2.
func (c *content) assertion() map[string]any {
	left := []exclusion{{XPath: "/uuid", Data: []dataMatch{{8, c2paUser[:]}}}, {XPath: "/mfra"}}
	m := map[string]any{"alg": "sha256", "hash": c.sum, "name": "content of the file"}
	if c.block > 0 {
		// What the trees bind is left out of the hash, which binds the rest with the place of every mdat. C2PA 2.5, A.5.5.
		left = append(left, exclusion{XPath: "/mdat", Subset: []subset{{Offset: largeHeader}}})
		var trees []merkleTree
		for i, row := range c.trees {
			trees = append(trees, newMerkleTree(i, row, c.block))
		}
		m["merkle"] = trees
	}
	m["exclusions"] = left
	return m
}

// merkleTree is an entry of merkle. C2PA 2.5, 16.3.2.5.
type merkleTree struct {
	Unique int      `cbor:"uniqueId"`
	Local  int      `cbor:"localId"` // index of the mdat box
	Count  int      `cbor:"count"`
	Alg    string   `cbor:"alg"`
	Hashes [][]byte `cbor:"hashes"`
	Block  int64    `cbor:"fixedBlockSize"`
}

func newMerkleTree(mdat int, row []byte, block int64) merkleTree {
	t := merkleTree{Unique: mdat, Local: mdat, Count: len(row) / sha256.Size, Alg: "sha256", Block: block}
	for at := 0; at < len(row); at += sha256.Size {
		t.Hashes = append(t.Hashes, row[at:at+sha256.Size])
	}
	return t
}

// leafHash takes a payload as it streams by and hashes each block of it.
type leafHash struct {
	block, in int64 // in: bytes of the block that is under way
	sum       hash.Hash
	row       []byte
}

// Write never fails.
func (l *leafHash) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		take := min(int64(len(p)), l.block-l.in)
		l.sum.Write(p[:take])
		if l.in += take; l.in == l.block {
			l.end()
		}
		p = p[take:]
	}
	return n, nil
}

func (l *leafHash) end() {
	l.row = l.sum.Sum(l.row)
	l.sum.Reset()
	l.in = 0
}

// close gives the leaf row; the last block may be a short one.
func (l *leafHash) close() []byte {
	if l.in > 0 {
		l.end()
	}
	return l.row
}
