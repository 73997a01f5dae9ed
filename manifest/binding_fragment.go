package manifest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"

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

// initHash holds an initialization segment against a tree: boxes before the first moof of a single file, or a whole
// file of a set. A tree without one binds nothing. C2PA 2.5, 14.12.2.2.
func initSum(ctx context.Context, m *matcher, r *Content, last int, end int64, t *tree, sink rowSink) ([]byte, error) {
	var p hashplan.Plan
	if err := m.plan(0, last, end, true, &p, sink); err != nil {
		return nil, err
	}
	return p.Sum(ctx, r.Data, r.Size, t.newHash())
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
	for i, t := range k.tree {
		only := sink
		if i > 0 {
			only = nil
		}
		sum, err := initSum(k.ctx, k.matcher, k.c, list[0].first, start, t, only)
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

// set checks an initialization segment and the fragment files that came with it. C2PA 2.5, 14.12.2.2 and A.5.3.1.2.
func (k *bmffCheck) set() error {
	if k.noInit() {
		return nil
	}
	var err error
	if k.sizes, err = k.file.SampleSizes(); err != nil {
		return err
	}
	parts, inits, err := k.readParts()
	if err != nil {
		return err
	}
	fits, err := k.initSegments(inits)
	if err != nil {
		return err
	}
	seq, used := newSequence(), map[int]bool{}
	bad, brokenOnly, text := 0, true, ""
	for i := range parts {
		p := &parts[i]
		if p.tree >= 0 {
			used[p.tree] = used[p.tree] || fits[p.tree]
			if !fits[p.tree] && p.why == "" {
				p.why, p.tree = "it belongs to another initialization segment than those that were given", -1
			}
		}
		if w := seq.add(p.tree, p.location, p.why == ""); w != "" && p.why == "" {
			p.why = w
		}
		r := PartBinding{Name: k.c.Parts[p.part].Name, State: BindingIntact, Why: p.why, Location: p.location, UniqueID: -1, LocalID: -1}
		if p.tree >= 0 {
			r.UniqueID, r.LocalID = k.tree[p.tree].unique, k.tree[p.tree].local
		}
		if p.why != "" {
			r.State = BindingAltered
			if bad++; bad == 1 {
				text = fmt.Sprintf("%q: %s", r.Name, p.why)
			}
			brokenOnly = brokenOnly && p.broken
			k.damage(r.Name, 0, k.c.Parts[p.part].Size)
		}
		k.b.Parts = append(k.b.Parts, r)
	}
	if bad > 0 {
		text = fmt.Sprintf("%d of %d fragments are not as signed; %s", bad, len(parts), text)
		if brokenOnly {
			k.malformed("%s", text)
		} else {
			k.mismatch("%s", text)
		}
	}
	k.setComplete(seq, used, len(parts))
	return nil
}

// setComplete says which fragments are not at hand: a hole is a mismatch, an end that has not come yet is not.
// C2PA 2.5, 14.12.2.2.
func (k *bmffCheck) setComplete(seq *sequence, used map[int]bool, parts int) {
	absent := func(what string) {
		k.partial = append(k.partial, what)
		k.b.Missing = append(k.b.Missing, notChecked("fragments", what))
	}
	if parts == 0 && !k.failed() {
		// What is bound is mostly not here. Missing bound content is a failure, though nothing is known to be altered.
		k.fail(codeBMFFMismatch, "no fragment was given: the initialization segment is as signed, and nothing of the media could be checked")
		k.b.State = BindingUnknown
		k.b.Missing = append(k.b.Missing, notChecked("fragments", "none was given"))
	}
	for i, t := range k.tree {
		if !used[i] {
			if parts > 0 {
				k.note(fmt.Sprintf("no fragment of merkle[%d] (uniqueId %d, localId %d) was given", t.index, t.unique, t.local))
			}
			continue
		}
		places, inside, behind := seq.missing(i, t.count, 5)
		if inside > 0 {
			k.mismatch("merkle[%d]: %d of %d fragments are missing before later ones, the first is %d", t.index, inside, t.count, places[0])
		}
		if behind > 0 {
			absent(fmt.Sprintf("the last %d of %d fragments were not given", behind, t.count))
		}
	}
}

// setPart is one fragment file and what was found.
type setPart struct {
	part     int // index into Content.Parts
	tree     int
	location int64
	why      string
	broken   bool
}

// initFile is an initialization segment: the asset itself, or one that came among the parts.
type initFile struct {
	name    string
	content *Content
	matcher *matcher
}

// initSegments says which trees have an initialization segment among those that were given. Each segment must belong to
// a tree.
func (k *bmffCheck) initSegments(inits []initFile) (map[int]bool, error) {
	fits := map[int]bool{}
	for n, in := range inits {
		found := false
		for i, t := range k.tree {
			var sink rowSink
			if n == 0 && i == 0 {
				sink = func(r row) {
					k.explain(r, "initialization segment")
					if r.included() {
						k.b.Bound += r.to - r.from
					} else {
						k.unbound = append(k.unbound, gap{r.from, r.to, r.entry, r.box, r.root})
					}
				}
			}
			sum, err := initSum(k.ctx, in.matcher, in.content, len(in.matcher.file.Boxes), in.content.Size, t, sink)
			if err != nil {
				return nil, err
			}
			k.digest(fmt.Sprintf("initialization segment for merkle[%d]", t.index), t.alg, sum, t.initHash)
			if bytes.Equal(sum, t.initHash) {
				fits[i], found = true, true
			}
		}
		if !found {
			k.mismatch("%s differs from every initHash", in.name)
			k.damage(in.name, 0, in.content.Size)
		}
	}
	return fits, nil
}

// readParts checks the leaf of every fragment file, and sorts out further initialization segments among the parts.
func (k *bmffCheck) readParts() ([]setPart, []initFile, error) {
	inits := []initFile{{"the initialization segment", k.c, k.matcher}}
	files := make([]*bmff.File, len(k.c.Parts))
	results := make([]*setPart, len(k.c.Parts))
	for i, p := range k.c.Parts {
		f, err := bmff.Walk(p.Data, p.Size, bmff.Limits{})
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", p.Name, err)
		}
		if f.First(bmff.Moov) != nil && f.First(bmff.Moof) == nil {
			inits = append(inits, initFile{fmt.Sprintf("%q", p.Name), &Content{Data: p.Data, Size: p.Size}, newMatcher(f, k.m.Exclusions)})
			continue
		}
		files[i] = f
		results[i] = &setPart{part: i, tree: -1, location: -1}
	}
	var wait sync.WaitGroup
	var mu sync.Mutex
	var failed error
	turn := make(chan struct{}, 2) // files at a time: each reads ahead and hashes
	for i, r := range results {
		if r == nil {
			continue
		}
		turn <- struct{}{}
		wait.Go(func() {
			defer func() { <-turn }()
			if err := k.part(r, k.c.Parts[i], files[i]); err != nil {
				mu.Lock()
				failed = errors.Join(failed, fmt.Errorf("%s: %w", k.c.Parts[i].Name, err))
				mu.Unlock()
			}
		})
	}
	wait.Wait()
	if failed != nil {
		return nil, nil, failed
	}
	var parts []setPart
	for _, r := range results {
		if r != nil {
			parts = append(parts, *r)
		}
	}
	return parts, inits, nil
}

// part checks one fragment file: exactly one moof, one mdat, and a proof box right before the moof. The leaf is the
// whole file without what is excluded. C2PA 2.5, A.5.3.1.2.
func (k *bmffCheck) part(r *setPart, p Part, f *bmff.File) error {
	moof := -1
	moofs, mdats := 0, 0
	for i, b := range f.Boxes {
		switch b.Type {
		case bmff.Moof:
			if moofs++; moofs == 1 {
				moof = i
			}
		case bmff.Mdat:
			mdats++
		}
	}
	if moofs == 0 {
		r.why, r.broken = "no fragment: it has no moof box", true
		return nil
	}
	if moof == 0 || !isC2PA(f.Boxes[moof-1]) {
		r.why, r.broken = "no proof box before its moof: nothing binds it", true
		return nil
	}
	proof, err := readProof(f, f.Boxes[moof-1])
	if err != nil {
		var bad proofError
		if !errors.As(err, &bad) {
			return err
		}
		r.why, r.broken = "the box before its moof is no proof: "+bad.text, true
		return nil
	}
	r.location = *proof.Location
	if r.tree = k.key(proof); r.tree < 0 {
		r.why = fmt.Sprintf("foreign: its proof is for a tree that the manifest does not have (uniqueId %d, localId %d)", *proof.UniqueID, *proof.LocalID)
		return nil
	}
	t := k.tree[r.tree]
	var plan hashplan.Plan
	var gaps []gap
	err = newMatcher(f, k.m.Exclusions).plan(0, len(f.Boxes), p.Size, true, &plan, func(x row) {
		if !x.included() {
			gaps = append(gaps, gap{x.from, x.to, x.entry, x.box, x.root})
		}
	})
	if err != nil {
		return err
	}
	sum, err := plan.Sum(k.ctx, p.Data, p.Size, t.newHash())
	if err != nil {
		return err
	}
	if err := t.checkLeaf(t.newHash(), sum, r.location, &proof.Hashes); err != nil {
		r.why = "its hash is not the one that was signed"
		if !errors.Is(err, errMismatch) {
			r.why, r.broken = err.Error(), true
		}
		return nil
	}
	if moofs != 1 || mdats != 1 {
		r.why = fmt.Sprintf("%d moof and %d mdat boxes, one of each is expected", moofs, mdats)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.b.Bound += plan.Bytes()
	return k.partSamples(p, f, gaps)
}
