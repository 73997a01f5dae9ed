package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"sync"

	"github.com/consentry/consentry/internal/bmff"
	"github.com/consentry/consentry/internal/hashplan"
)

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
	name string
	initSegment
}

func newInitFile(name string, c *Content, m *matcher) initFile {
	return initFile{name, initSegment{content: c, matcher: m, last: len(m.file.Boxes), end: c.Size}}
}

// initSegments says which trees have an initialization segment among those that were given. Each segment must belong to
// a tree.
func (k *bmffCheck) initSegments(inits []initFile) (map[int]bool, error) {
	fits := map[int]bool{}
	inits[0].sink = func(r row) {
		k.explain(r, "initialization segment")
		if r.included() {
			k.b.Bound += r.to - r.from
		} else {
			k.unbound = append(k.unbound, gap{r.from, r.to, r.entry, r.box, r.root})
		}
	}
	for n := range inits {
		in := &inits[n]
		found := false
		for i, t := range k.tree {
			sum, err := in.sum(k.ctx, t)
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
	inits := []initFile{newInitFile("the initialization segment", k.c, k.matcher)}
	files := make([]*bmff.File, len(k.c.Parts))
	results := make([]*setPart, len(k.c.Parts))
	for i, p := range k.c.Parts {
		f, err := bmff.Walk(p.Data, p.Size, bmff.Limits{})
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", p.Name, err)
		}
		if f.First(bmff.Moov) != nil && f.First(bmff.Moof) == nil {
			inits = append(inits, newInitFile(fmt.Sprintf("%q", p.Name), &Content{Data: p.Data, Size: p.Size}, newMatcher(f, k.m.Exclusions)))
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
	if err := t.check(sum, r.location, &proof.Hashes); err != nil {
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
