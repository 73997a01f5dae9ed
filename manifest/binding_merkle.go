package manifest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/consentry/consentry/internal/bmff"
	"github.com/consentry/consentry/internal/hashplan"
)

const (
	// maxRebuild is the number of leaves of a tree that is rebuilt because the file has no proofs: 32 MB of digests.
	// With stored leaves or with proofs no digest is kept, and the size of the file is the bound.
	maxRebuild = 1 << 20
	// maxProofBox is how much of a proof box is read. A proof of a tree with 2^40 leaves takes under 3 kB.
	maxProofBox = 64 << 10
	// maxDamaged bounds the list of damaged leaves; what comes after is counted.
	maxDamaged = 1 << 16
)

// merkle checks the trees of a file that is not fragmented: one for each mdat box, or, in the older form, for tracks.
// C2PA 2.5, 14.12.2.1.
func (k *bmffCheck) merkle() error {
	mdats := k.file.Find(bmff.Mdat)
	proofs, err := k.proofBoxes()
	if err != nil {
		return err
	}
	tracks, err := k.timed(len(mdats), proofs)
	if err != nil {
		return err
	}
	if tracks != nil {
		return k.tracks(tracks, proofs)
	}
	byMdat := make([]*tree, len(mdats))
	for _, t := range k.tree {
		switch {
		case t.local < 0 || t.local >= int64(len(mdats)):
			k.mismatch("merkle[%d] is for mdat %d, the file has %d", t.index, t.local, len(mdats))
		case byMdat[t.local] != nil:
			k.malformed("merkle[%d]: a second tree for mdat %d", t.index, t.local)
		default:
			byMdat[t.local] = t
		}
	}
	for i, t := range byMdat {
		if t == nil {
			k.mismatch("no tree for mdat %d: nothing binds it", i)
			k.damage(mdats[i].Path(), mdats[i].Offset, mdats[i].Size)
			continue
		}
		if err := k.mdat(t, mdats[i], proofs[[2]int64{t.unique, t.local}]); err != nil {
			return err
		}
	}
	slices.SortFunc(k.leaves, func(a, b Range) int { return int(min(1, max(-1, a.Offset-b.Offset))) })
	return nil
}

// proofBox is a merkle box without its hashes, which are read again when they are needed.
type proofBox struct {
	box      *bmff.Box
	location int64
}

// proofBoxes reads the proof boxes of the file, by tree.
func (k *bmffCheck) proofBoxes() (map[[2]int64][]proofBox, error) {
	out := map[[2]int64][]proofBox{}
	for _, b := range k.file.Boxes {
		if !isC2PA(b) {
			continue
		}
		p, err := readProof(k.file, b)
		if err != nil {
			var bad proofError
			if !errors.As(err, &bad) {
				return nil, err
			}
			if bad.purpose {
				continue // another kind of C2PA box
			}
			k.malformed("%s: %v", b.Path(), err)
			continue
		}
		key := [2]int64{*p.UniqueID, *p.LocalID}
		out[key] = append(out[key], proofBox{b, *p.Location})
	}
	return out, nil
}

func isC2PA(b *bmff.Box) bool { return b.Type == bmff.UUID && b.UserType() == c2paUserType }

// proofError says that a box is no proof, or one that cannot be read.
type proofError struct {
	purpose bool // it has another purpose
	text    string
}

func (e proofError) Error() string { return e.text }

// proofBuffers are for the boxes that are read one after the other: a file has as many as fragments.
var proofBuffers = sync.Pool{New: func() any { return new([]byte) }}

// readProof reads a merkle box. Errors other than proofError are I/O.
func readProof(f *bmff.File, b *bmff.Box) (*proofMap, error) {
	buf := proofBuffers.Get().(*[]byte)
	defer proofBuffers.Put(buf)
	raw, err := f.AppendRead((*buf)[:0], b.Payload(), int(min(b.End()-b.Payload(), maxProofBox)))
	if err != nil {
		return nil, err
	}
	*buf = raw // what is decoded is copied
	purpose, rest, ok := purposeOf(raw)
	if !ok || purpose != "merkle" {
		return nil, proofError{purpose: true, text: "no proof box"}
	}
	p, err := decodeProof(rest)
	if err != nil {
		return nil, proofError{text: "the proof cannot be read: " + err.Error()}
	}
	return p, nil
}

// purposeOf reads the header of a C2PA box behind its type: 16 bytes of user type, version and flags, and the purpose
// that ends with a zero byte. It gives what follows. C2PA 2.5, A.5.1.2.
func purposeOf(raw []byte) (purpose string, rest []byte, ok bool) {
	const head, most = 20, 64
	if len(raw) < head || binary.BigEndian.Uint32(raw[16:]) != 0 {
		return "", nil, false
	}
	raw = raw[head:]
	for i, c := range raw[:min(len(raw), most)] {
		if c == 0 {
			return string(raw[:i]), raw[i+1:], true
		}
	}
	return "", nil, false
}

// layout is how the payload of an mdat box falls into leaves.
type layout struct {
	start int64 // of the first leaf, in the file
	end   int64
	fixed int64
	ends  []int64 // of variable leaves, from start
	// ranges are the leaves where they lie anywhere; nil: they follow each other from start.
	ranges []Range
	count  int64
	what   string
}

func (l *layout) leaf(i int64) (from, to int64) {
	switch {
	case l.ranges != nil:
		return l.ranges[i].Offset, l.ranges[i].Offset + l.ranges[i].Length
	case l.ends != nil:
		if i > 0 {
			from = l.ends[i-1]
		}
		return l.start + from, l.start + l.ends[i]
	case l.fixed > 0:
		from = l.start + i*l.fixed
		return from, min(from+l.fixed, l.end)
	}
	return l.start, l.end
}

// layouts gives the readings of where the payload starts that fit the tree: behind the header, as the text says, or 16
// bytes into the box, as the reference implementation has it whatever the header. C2PA 2.5, 14.12.2.1.
func layouts(t *tree, b *bmff.Box) []layout {
	starts := []layout{{start: b.Payload(), what: "behind the box header"}}
	if b.Header == 8 && b.Size >= 16 {
		starts = append(starts, layout{start: b.Offset + 16, what: "16 bytes into the box"})
	}
	var out []layout
	for _, l := range starts {
		l.end, l.fixed, l.count = b.End(), t.fixed, t.count
		size := l.end - l.start
		switch {
		case t.variable != nil:
			sum := int64(0)
			for _, n := range t.variable {
				sum = satAdd(sum, n)
			}
			if sum != size {
				continue
			}
			l.ends = make([]int64, len(t.variable))
			sum = 0
			for i, n := range t.variable {
				sum += n
				l.ends[i] = sum
			}
		case t.fixed > 0:
			if n := size/t.fixed + min(size%t.fixed, 1); max(n, 1) != t.count {
				continue
			}
		case t.count != 1:
			continue
		}
		out = append(out, l)
	}
	return out
}

// mdat checks one tree against its box.
func (k *bmffCheck) mdat(t *tree, b *bmff.Box, proofs []proofBox) error {
	ls := layouts(t, b)
	if len(ls) == 0 {
		switch {
		case b.Clipped:
			k.mismatch("%s ends early: its blocks cannot add up", b.Path())
			k.damage(b.Path(), b.Offset, b.Size)
		default:
			k.malformed("merkle[%d]: %d blocks do not add up to the %d bytes of %s", t.index, t.count, b.End()-b.Payload(), b.Path())
		}
		return nil
	}
	if !k.proofsFit(t, b, proofs) {
		return nil
	}
	l := ls[0]
	if len(ls) > 1 {
		var err error
		if l, err = k.reading(t, ls, proofs); err != nil {
			return err
		}
	}
	k.note("the payload of " + b.Path() + " was taken to start " + l.what)
	k.leaves = append(k.leaves, Range{l.start, l.end - l.start})
	k.b.Bound += l.end - l.start
	return k.hashLeaves(t, b.Path(), l, proofs)
}

func (k *bmffCheck) note(text string) { k.b.Notes = append(k.b.Notes, text) }

// proofsFit holds the places of the proof boxes against the tree: one for each leaf, in order, or none at all. Without
// any, a row above the leaves is rebuilt from all leaves, as the reference implementation does. C2PA 2.5, A.5.3.1.1.
func (k *bmffCheck) proofsFit(t *tree, b *bmff.Box, proofs []proofBox) bool {
	if len(proofs) == 0 {
		if t.level > 0 {
			if t.count > maxRebuild {
				k.malformed("merkle[%d]: no proof boxes for a row above the leaves", t.index)
				return false
			}
			k.note(fmt.Sprintf("no proof boxes for %s: its tree was rebuilt from all %d leaves", b.Path(), t.count))
		}
		return true
	}
	for i, p := range proofs {
		if p.location != int64(i) {
			k.malformed("%s: a proof for leaf %d where that for leaf %d was expected", p.box.Path(), p.location, i)
			k.damage(p.box.Path(), p.box.Offset, p.box.Size)
			return false
		}
	}
	if int64(len(proofs)) != t.count {
		k.malformed("merkle[%d]: %d proof boxes for %d leaves", t.index, len(proofs), t.count)
		return false
	}
	return true
}

// verdictOf gives what a leaf must satisfy: its stored digest, or its proof.
func (k *bmffCheck) checkOne(t *tree, i int64, leaf []byte, proofs []proofBox) (bool, error) {
	if len(proofs) == 0 {
		return string(leaf) == string(t.row.at(i)), nil
	}
	p, err := readProof(k.file, proofs[i].box)
	if err != nil {
		var bad proofError
		if errors.As(err, &bad) {
			return false, nil
		}
		return false, err
	}
	defer p.done()
	return t.check(leaf, i, &p.Hashes) == nil, nil
}

// reading chooses between two readings that both fit: the one that more of three probed leaves agree with. Where only a
// row above the leaves is stored, each reading is tried in full.
func (k *bmffCheck) reading(t *tree, ls []layout, proofs []proofBox) (layout, error) {
	best, most := ls[0], -1
	for _, l := range ls {
		score := 0
		if len(proofs) == 0 && t.level > 0 {
			bad, err := k.rebuild(t, l, nil)
			if err != nil {
				return l, err
			}
			score = int(t.row.len()) - len(bad)
		} else {
			for _, i := range []int64{0, t.count / 2, t.count - 1} {
				from, to := l.leaf(i)
				p := hashplan.Plan{}
				p.Add(from, to-from)
				sum, err := p.Sum(k.ctx, k.c.Data, k.c.Size, t.newHash())
				if err != nil {
					return l, err
				}
				ok, err := k.checkOne(t, i, sum, proofs)
				if err != nil {
					return l, err
				}
				if ok {
					score++
				}
			}
		}
		if score > most {
			best, most = l, score
		}
	}
	return best, nil
}

func (k *bmffCheck) leafJob(l *layout) hashplan.Job {
	return func(i int64, buf []hashplan.Step) ([]hashplan.Step, error) {
		from, to := l.leaf(i)
		return append(buf, hashplan.Step{Offset: from, Length: to - from, Prefix: hashplan.None}), nil
	}
}

// rebuild computes the stored row from all leaves and gives the places that differ. see is shown each node of the row; it
// may be nil.
func (k *bmffCheck) rebuild(t *tree, l layout, see func(i int64, sum []byte)) ([]int64, error) {
	b := newBuilder(t)
	err := hashplan.Each(k.ctx, k.c.Data, k.c.Size, t.count, t.newHash, 0, k.leafJob(&l), func(i int64, sum []byte) error {
		b.set(i, sum)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return b.compare(maxDamaged, see), nil
}

// hashLeaves computes every leaf and names those that differ.
func (k *bmffCheck) hashLeaves(t *tree, where string, l layout, proofs []proofBox) error {
	var bad []int64 // leaves
	if len(proofs) == 0 && t.level > 0 {
		nodes, err := k.rebuild(t, l, k.explainNodes(t, where))
		if err != nil {
			return err
		}
		for _, n := range nodes { // a node of the row stands for all leaves below it
			for i := n << t.level; i < min((n+1)<<t.level, t.count) && len(bad) < maxDamaged; i++ {
				bad = append(bad, i)
			}
		}
	} else {
		var mu sync.Mutex
		var told explainedLeaves
		err := hashplan.Each(k.ctx, k.c.Data, k.c.Size, t.count, t.newHash, 0, k.leafJob(&l), func(i int64, sum []byte) error {
			ok, err := k.checkOne(t, i, sum, proofs)
			if err != nil || ok && !k.c.Explain {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			if !ok && len(bad) < maxDamaged {
				bad = append(bad, i)
			}
			var want []byte
			if t.level == 0 {
				want = t.row.at(i)
			}
			told.add(k, i, t.alg, sum, want, ok)
			return nil
		})
		if err != nil {
			return err
		}
		told.explain(k, "leaf", " of "+where)
	}
	if len(bad) == 0 {
		return nil
	}
	slices.Sort(bad)
	from, _ := l.leaf(bad[0])
	k.mismatch("%d of %d blocks of %s differ, the first at offset %d", len(bad), t.count, where, from)
	for _, i := range bad {
		from, to := l.leaf(i)
		k.damage(where, from, to-from)
	}
	return nil
}
