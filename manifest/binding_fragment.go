package manifest

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/consentry/consentry/internal/bmff"
	"github.com/consentry/consentry/internal/hashplan"
)

// fragment is one fragment of a single file: the moof box at boxes[first] and what follows up to boxes[last].
type fragment struct {
	first, last int
	end         int64
	tree        int // index into trees; -1: none
	location    int64
	why         string // empty: as signed
	broken      bool   // what is wrong is the proof, not the content
}

// key finds a tree by the names that a proof gives. C2PA 2.5, 14.12.2.2.
func (k *bmffCheck) key(p *proofMap) int {
	for i, t := range k.tree {
		if t.unique == *p.UniqueID && t.local == *p.LocalID {
			return i
		}
	}
	return -1
}

// initSegment is what an initHash is held against: the boxes before the first moof of a single file, or a whole file of
// a set. It is hashed once for each algorithm, however many trees name it. C2PA 2.5, 14.12.2.2.
type initSegment struct {
	content *Content
	matcher *matcher
	last    int     // boxes that it has
	end     int64   // of its bytes
	sink    rowSink // sees its rows once
	sums    map[string][]byte
}

func (s *initSegment) sum(ctx context.Context, t *tree) ([]byte, error) {
	if sum, ok := s.sums[t.alg]; ok {
		return sum, nil
	}
	var p hashplan.Plan
	if err := s.matcher.plan(0, s.last, s.end, true, &p, s.sink); err != nil {
		return nil, err
	}
	sum, err := p.Sum(ctx, s.content.Data, s.content.Size, t.newHash())
	if err != nil {
		return nil, err
	}
	if s.sums == nil {
		s.sums = map[string][]byte{}
	}
	s.sums[t.alg], s.sink = sum, nil
	return sum, nil
}

// noInit notes trees without initHash.
func (k *bmffCheck) noInit() bool {
	for _, t := range k.tree {
		if t.initHash == nil {
			k.malformed("merkle[%d] has no initHash: nothing binds the initialization segment", t.index)
			return true
		}
	}
	return false
}

// fragments checks a single file of fragments: the part before the first moof by initHash, and each fragment by its
// proof box, which stands right before its moof. C2PA 2.5, 14.12.2.2 and A.5.3.1.2.
func (k *bmffCheck) fragments() error {
	if k.noInit() {
		return nil
	}
	var list []fragment
	for i, b := range k.file.Boxes {
		if b.Type != bmff.Moof {
			continue
		}
		if n := len(list); n > 0 {
			list[n-1].last, list[n-1].end = i, b.Offset
		}
		list = append(list, fragment{first: i, last: len(k.file.Boxes), end: k.c.Size, tree: -1, location: -1})
	}
	start := k.file.Boxes[list[0].first].Offset
	sink := func(r row) {
		k.explain(r, "")
		if !r.included() {
			k.unbound = append(k.unbound, gap{r.from, r.to, r.entry, r.box, r.root})
		}
	}
	init := initSegment{content: k.c, matcher: k.matcher, last: list[0].first, end: start, sink: sink}
	for _, t := range k.tree {
		sum, err := init.sum(k.ctx, t)
		if err != nil {
			return err
		}
		k.digest("initialization segment", t.alg, sum, t.initHash)
		if !bytes.Equal(sum, t.initHash) {
			k.mismatch("the part before the first fragment differs")
			k.damage("initialization segment", 0, start)
		}
	}
	if err := k.hashFragments(list); err != nil {
		return err
	}
	for i := range list {
		var p hashplan.Plan
		if err := k.matcher.plan(list[i].first, list[i].last, list[i].end, true, &p, sink); err != nil {
			return err
		}
		k.b.Bound += p.Bytes()
	}
	k.judgeFragments(list)
	return nil
}

// hashFragments computes the leaf of each fragment and holds it against its tree.
func (k *bmffCheck) hashFragments(list []fragment) error {
	job := func(i int64, buf []hashplan.Step) ([]hashplan.Step, error) {
		p := hashplan.Plan{Steps: buf}
		f := &list[i]
		err := k.matcher.plan(f.first, f.last, f.end, true, &p, nil)
		return p.Steps, err
	}
	// Trees may use different algorithms: each algorithm goes over the file once.
	for _, alg := range k.b.Algs {
		newHash, _ := hashAlgorithm(alg)
		err := hashplan.Each(k.ctx, k.c.Data, k.c.Size, int64(len(list)), newHash, 0, job, func(i int64, sum []byte) error {
			return k.fragment(&list[i], alg, sum)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// fragment reads the proof of one fragment and checks its leaf. Several run at once, each on its own fragment.
func (k *bmffCheck) fragment(f *fragment, alg string, sum []byte) error {
	if f.first == 0 || !isC2PA(k.file.Boxes[f.first-1]) {
		f.why, f.broken = "no proof box before its moof", true
		return nil
	}
	p, err := readProof(k.file, k.file.Boxes[f.first-1])
	if err != nil {
		var bad proofError
		if !errors.As(err, &bad) {
			return err
		}
		f.why, f.broken = "the box before its moof is no proof: "+bad.text, true
		return nil
	}
	f.location = *p.Location
	if f.tree = k.key(p); f.tree < 0 {
		f.why = fmt.Sprintf("its proof is for a tree that the manifest does not have (uniqueId %d, localId %d)", *p.UniqueID, *p.LocalID)
		return nil
	}
	t := k.tree[f.tree]
	if t.alg != alg {
		return nil
	}
	if err := t.checkLeaf(t.newHash(), sum, f.location, &p.Hashes); err != nil {
		f.why = "its hash is not the one that was signed"
		if !errors.Is(err, errMismatch) {
			f.why, f.broken = err.Error(), true
		}
	}
	return nil
}

// sequence holds the places of the parts against 0, 1, 2, … of each tree: in order, each once. C2PA 2.5, 14.12.2.2.
type sequence struct {
	next map[int]int64          // of each tree
	seen map[int]map[int64]bool // places that were there
	lost int64                  // parts whose place is not known, since the last that is
}

func newSequence() *sequence {
	return &sequence{next: map[int]int64{}, seen: map[int]map[int64]bool{}}
}

// add says what is wrong with the place of the next part; empty: nothing. A part whose hash or proof is wrong (sound is
// false) has the place that it claims only if that is the expected one.
func (s *sequence) add(tree int, location int64, sound bool) string {
	want := s.next[tree]
	if !sound && (tree < 0 || location != want) {
		s.lost++
		return ""
	}
	if s.seen[tree] == nil {
		s.seen[tree] = map[int64]bool{}
	}
	lost := s.lost
	s.lost = 0
	repeated := s.seen[tree][location]
	s.seen[tree][location] = true
	if location >= want {
		s.next[tree] = location + 1
	}
	switch {
	case repeated:
		s.lost++ // it may stand in the place of the next
		return fmt.Sprintf("repeated: part %d of its tree stood before", location)
	case location < want:
		return fmt.Sprintf("out of order: part %d of its tree stands after part %d", location, want-1)
	case location > want+lost:
		return fmt.Sprintf("out of order: it is part %d of its tree, part %d was expected", location, want)
	}
	return ""
}

// missing gives the first places of a tree that were not there, at most most, and how many are missing below the
// highest that was there and behind it.
func (s *sequence) missing(tree int, count int64, most int) (list []int64, inside, behind int64) {
	highest := int64(-1)
	for at := range s.seen[tree] {
		highest = max(highest, at)
	}
	highest = min(highest, count-1)
	have := int64(0)
	for at := range s.seen[tree] {
		if at >= 0 && at <= highest {
			have++
		}
	}
	inside, behind = highest+1-have, count-1-highest
	for at := int64(0); at <= highest && len(list) < most && int64(len(list)) < inside; at++ {
		if !s.seen[tree][at] {
			list = append(list, at)
		}
	}
	return list, inside, behind
}

// judgeFragments turns the fragments' results into findings. The file is whole: every place of every tree must be there.
func (k *bmffCheck) judgeFragments(list []fragment) {
	seq := newSequence()
	bad, brokenOnly := 0, true
	text := ""
	for i := range list {
		f := &list[i]
		if w := seq.add(f.tree, f.location, f.why == ""); w != "" && f.why == "" {
			f.why = w
		}
		if f.why == "" {
			continue
		}
		if bad++; bad == 1 {
			text = fmt.Sprintf("fragment %d at offset %d: %s", i, k.file.Boxes[f.first].Offset, f.why)
		}
		brokenOnly = brokenOnly && f.broken
		from := k.file.Boxes[f.first].Offset
		k.damage(fmt.Sprintf("fragment %d", i), from, f.end-from)
	}
	if bad > 0 {
		text = fmt.Sprintf("%d of %d fragments are not as signed; %s", bad, len(list), text)
		if brokenOnly {
			k.malformed("%s", text)
		} else {
			k.mismatch("%s", text)
		}
	}
	for i, t := range k.tree {
		places, inside, behind := seq.missing(i, t.count, 5)
		switch {
		case behind == t.count:
			k.mismatch("merkle[%d]: none of its %d fragments is in the file", t.index, t.count)
		case inside > 0:
			k.mismatch("merkle[%d]: %d of %d fragments are missing, the first is %d", t.index, inside+behind, t.count, places[0])
		case behind > 0:
			k.mismatch("merkle[%d]: the last %d of %d fragments are missing", t.index, behind, t.count)
		}
	}
}
