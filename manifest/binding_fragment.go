package manifest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/consentry/consentry/internal/bmff"
	"github.com/consentry/consentry/internal/hashplan"
)

// fragment is one fragment of a single file: the moof box at boxes[first] and what follows up to the next fragment.
// There may be very many.
type fragment struct {
	location int64
	first    int32 // so many boxes would not fit into memory
	tree     int16 // index into trees; -1: none
	fault    fault
}

// fault says what sort of thing is wrong with a fragment; the words for the first ones are in [fragments.why].
type fault uint8

const (
	asSigned fault = iota
	badContent
	badProof // what is wrong is the proof, not the content
)

// fragments are those of one file.
type fragments struct {
	boxes []*bmff.Box
	size  int64 // of the file
	list  []fragment

	mu  sync.Mutex
	why map[int]string // what is wrong, in words: of the first shownFragments that are not as signed

	told explainedLeaves // for those who ask
}

// shownFragments is how many fragments that are not as signed are named with what is wrong; where they are is told of
// all.
const shownFragments = 5

func newFragments(boxes []*bmff.Box, size int64) *fragments {
	n := 0
	for _, b := range boxes {
		if b.Type == bmff.Moof {
			n++
		}
	}
	l := &fragments{boxes: boxes, size: size, list: make([]fragment, 0, n), why: map[int]string{}}
	for i, b := range boxes {
		if b.Type == bmff.Moof {
			l.list = append(l.list, fragment{first: int32(i), tree: -1, location: -1})
		}
	}
	return l
}

// span gives the boxes of a fragment, boxes[first:last], and where it ends.
func (l *fragments) span(i int) (first, last int, end int64) {
	first, last, end = int(l.list[i].first), len(l.boxes), l.size
	if i+1 < len(l.list) {
		last = int(l.list[i+1].first)
		end = l.boxes[last].Offset
	}
	return first, last, end
}

// fail notes what is wrong with a fragment. Several fragments are checked at once.
func (l *fragments) fail(i int, f fault, why string) {
	l.list[i].fault = f
	l.mu.Lock()
	defer l.mu.Unlock()
	l.why[i] = why
	if last := i; len(l.why) > shownFragments {
		for n := range l.why {
			last = max(last, n)
		}
		delete(l.why, last)
	}
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
	l := newFragments(k.file.Boxes, k.c.Size)
	k.unbound = make([]gap, 0, len(l.list)+64) // the proof boxes, and what stands before the first fragment
	init := int(l.list[0].first)
	start := k.file.Boxes[init].Offset
	digest := "initialization segment"
	sink := func(r row) {
		k.explain(r, digest)
		if r.included() {
			k.b.Bound += r.to - r.from
		} else {
			k.unbound = append(k.unbound, gap{r.from, r.to, r.entry, r.box, r.root})
		}
	}
	part := initSegment{content: k.c, matcher: k.matcher, last: init, end: start, sink: sink}
	for _, t := range k.tree {
		sum, err := part.sum(k.ctx, t)
		if err != nil {
			return err
		}
		k.digest("initialization segment", t.alg, sum, t.initHash)
		if !bytes.Equal(sum, t.initHash) {
			k.mismatch("the part before the first fragment differs")
			k.damage("initialization segment", 0, start)
		}
	}
	if err := k.hashFragments(l); err != nil {
		return err
	}
	var p hashplan.Plan
	for i := range l.list {
		if k.c.Explain {
			digest = fmt.Sprintf("fragment %d", i)
		}
		p.Steps = p.Steps[:0]
		first, last, end := l.span(i)
		if err := k.matcher.plan(first, last, end, true, &p, sink); err != nil {
			return err
		}
	}
	l.told.explain(k, "fragment", "")
	return k.judgeFragments(l)
}

// hashFragments computes the leaf of each fragment and holds it against its tree.
func (k *bmffCheck) hashFragments(l *fragments) error {
	job := func(i int64, buf []hashplan.Step) ([]hashplan.Step, error) {
		p := hashplan.Plan{Steps: buf}
		first, last, end := l.span(int(i))
		err := k.matcher.plan(first, last, end, true, &p, nil)
		return p.Steps, err
	}
	// Trees may use different algorithms: each algorithm goes over the file once.
	for _, alg := range k.b.Algs {
		newHash, _ := hashAlgorithm(alg)
		err := hashplan.Each(k.ctx, k.c.Data, k.c.Size, int64(len(l.list)), newHash, 0, job, func(i int64, sum []byte) error {
			return k.fragment(l, int(i), alg, sum)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// fragment reads the proof of one fragment and checks its leaf. Several run at once, each on its own fragment.
func (k *bmffCheck) fragment(l *fragments, i int, alg string, sum []byte) error {
	f := &l.list[i]
	p, at, why, err := k.proofBefore(k.file, int(f.first))
	if err != nil {
		return err
	}
	if p == nil {
		l.fail(i, badProof, why)
		return nil
	}
	defer p.done()
	f.location = *p.Location
	if at < 0 {
		l.fail(i, badContent, "foreign: "+why)
		return nil
	}
	f.tree = int16(at) // a content hash has at most 1,024 trees
	t := k.tree[at]
	if t.alg != alg {
		return nil
	}
	kind, why := leafFault(t, sum, p)
	if kind != asSigned {
		l.fail(i, kind, why)
	}
	if k.c.Explain {
		l.mu.Lock()
		defer l.mu.Unlock()
		var want []byte
		if t.level == 0 && f.location >= 0 && f.location < t.count {
			want = t.row.at(f.location)
		}
		l.told.add(k, int64(i), t.alg, sum, want, kind == asSigned)
	}
	return nil
}

// proofBefore reads the proof that has to stand right before a moof, the box f.Boxes[moof], and finds its tree. why
// says in words what is wrong: there is no proof (p is nil), or none of a tree that the manifest has (tree is -1).
// C2PA 2.5, A.5.3.1.2.
func (k *bmffCheck) proofBefore(f *bmff.File, moof int) (p *proofMap, tree int, why string, err error) {
	if moof == 0 || !isC2PA(f.Boxes[moof-1]) {
		return nil, -1, "no proof box before its moof: nothing binds it", nil
	}
	p, err = readProof(f, f.Boxes[moof-1])
	var bad proofError
	if errors.As(err, &bad) {
		return nil, -1, "the box before its moof is no proof: " + bad.text, nil
	}
	if err != nil {
		return nil, -1, "", err
	}
	if tree = k.key(p); tree < 0 {
		why = fmt.Sprintf("its proof is for a tree that the manifest does not have (uniqueId %d, localId %d)", *p.UniqueID, *p.LocalID)
	}
	return p, tree, why, nil
}

// leafFault holds the digest of a fragment and its proof against the tree, and says in words what is wrong.
func leafFault(t *tree, sum []byte, p *proofMap) (fault, string) {
	err := t.check(sum, *p.Location, &p.Hashes)
	switch {
	case errors.Is(err, errMismatch):
		return badContent, "its hash is not the one that was signed"
	case err != nil:
		return badProof, err.Error()
	}
	return asSigned, ""
}

// sequence holds the places of the parts against 0, 1, 2, … of each tree: in order, each once. C2PA 2.5, 14.12.2.2.
type sequence struct {
	next map[int]int64    // of each tree
	seen map[int]*places  // that were there
	lost map[string]int64 // of each rendition: parts whose place is not known, since the last that is
}

func newSequence() *sequence {
	return &sequence{next: map[int]int64{}, seen: map[int]*places{}, lost: map[string]int64{}}
}

// places are numbers from 0. A sound file has them all in order, which takes no memory.
type places struct {
	below int64 // all below are there
	more  map[int64]bool
}

func (p *places) has(at int64) bool { return at >= 0 && at < p.below || p.more[at] }

func (p *places) add(at int64) {
	if at != p.below {
		if p.more == nil {
			p.more = map[int64]bool{}
		}
		if !p.has(at) {
			p.more[at] = true
		}
		return
	}
	for p.below++; p.more[p.below]; p.below++ {
		delete(p.more, p.below)
	}
}

// highest gives the greatest place that is there, at most last, and how many are up to it.
func (p *places) highest(last int64) (highest, have int64) {
	if p == nil {
		return -1, 0
	}
	highest = p.below - 1
	for at := range p.more {
		highest = max(highest, at)
	}
	highest = min(highest, last)
	have = min(p.below, highest+1)
	for at := range p.more {
		if at >= 0 && at <= highest {
			have++
		}
	}
	return highest, have
}

// add says what is wrong with the place of the next part; empty: nothing. A part whose hash or proof is wrong (sound is
// false) has the place that it claims only if that is the expected one.
func (s *sequence) add(rendition string, tree int, location int64, sound bool) string {
	want := s.next[tree]
	if !sound && (tree < 0 || location != want) {
		s.lost[rendition]++
		return ""
	}
	if s.seen[tree] == nil {
		s.seen[tree] = &places{}
	}
	lost := s.lost[rendition]
	s.lost[rendition] = 0
	repeated := s.seen[tree].has(location)
	s.seen[tree].add(location)
	if location >= want {
		s.next[tree] = location + 1
	}
	switch {
	case repeated:
		s.lost[rendition]++ // it may stand in the place of the next
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
	highest, have := s.seen[tree].highest(count - 1)
	inside, behind = highest+1-have, count-1-highest
	for at := int64(0); at <= highest && len(list) < most && int64(len(list)) < inside; at++ {
		if !s.seen[tree].has(at) {
			list = append(list, at)
		}
	}
	return list, inside, behind
}

// judgeFragments turns the fragments' results into findings. The file is whole: every place of every tree must be there.
// A fragment is bound at its offset: one that was moved differs, and only its proof can tell where it belongs.
func (k *bmffCheck) judgeFragments(l *fragments) error {
	seq, claimed := newSequence(), newSequence() // of those that are as signed; of all, as their proofs have it
	bad, brokenOnly, last := 0, true, 0
	var named []string
	for i := range l.list {
		f := &l.list[i]
		if w := seq.add("", int(f.tree), f.location, f.fault == asSigned); w != "" && f.fault == asSigned {
			l.fail(i, badContent, w)
		}
		place := claimed.add("", int(f.tree), f.location, f.tree >= 0 && f.location >= 0 && f.location < k.tree[f.tree].count)
		if f.fault == asSigned {
			continue
		}
		from := l.boxes[f.first].Offset
		_, _, end := l.span(i)
		if why, ok := l.why[i]; ok && len(named) < shownFragments {
			if place != "" && place != why {
				why += "; by its proof it is " + place
			}
			named = append(named, fmt.Sprintf("fragment %d at offset %d: %s", i, from, why))
		}
		bad, brokenOnly, last = bad+1, brokenOnly && f.fault == badProof, i
		k.damage(fmt.Sprintf("fragment %d", i), from, end-from)
	}
	if bad == 1 && len(k.b.Damage) == 1 && l.list[last].fault == badContent {
		if err := k.fragmentCause(l, last); err != nil {
			return err
		}
		if c := k.b.Cause; c != nil {
			named[0] += ": " + c.Explanation
		}
	}
	if bad > 0 {
		if more := bad - len(named); more > 0 {
			named = append(named, fmt.Sprintf("and %d more", more))
		}
		text := fmt.Sprintf("%d of %d fragments are not as signed; %s", bad, len(l.list), strings.Join(named, "; "))
		if brokenOnly {
			k.malformed("%s", text)
		} else {
			k.mismatch("%s", text)
		}
	}
	have, by := seq, ""
	if bad > 0 {
		have, by = claimed, ", by the proofs of the others"
	}
	for i, t := range k.tree {
		places, inside, behind := have.missing(i, t.count, 5)
		switch {
		case behind == t.count:
			k.mismatch("merkle[%d]: none of its %d fragments is in the file", t.index, t.count)
		case inside > 0:
			k.mismatch("merkle[%d]: %d of %d fragments are missing, the first is %d%s", t.index, inside+behind, t.count, places[0], by)
		case behind > 0:
			k.mismatch("merkle[%d]: the last %d of %d fragments are missing%s", t.index, behind, t.count, by)
		}
	}
	return nil
}
